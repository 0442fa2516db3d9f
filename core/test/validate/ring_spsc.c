/* Validates the ring under load: a producer and a consumer, millions of records of random sizes,
 * each checked for content and order. Both ends mix all that the ring offers: claim and commit,
 * shortened commits, aborts and push on one side; peek, batches, rewinds and several reads to a
 * release on the other; the waits with and without a limit, and sleeping by one's own means.
 *
 *   ring_spsc [records [seed [capacity [processes]]]]
 *
 * `processes` in place of two threads makes two processes. Prints one line; exits with 1 at the
 * first mismatch, and dies by SIGALRM when nothing moves for 30 seconds (a lost wake-up).
 *
 * What record n holds follows from n and the seed alone, so the ends share nothing but the ring. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "futex.h"
#include "sluice/ring.h"

enum { WATCHDOG_SECONDS = 30, WATCHDOG_RECORDS = 1 << 14, BATCH = 64 };

static struct {
  sluice_ring *ring;
  uint64_t records;
  uint64_t seed;
  uint32_t capacity;
} plan;

/* SplitMix64's mixer (Steele, Lea and Flood, 2014). */
static inline uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline uint64_t random_next(uint64_t *state) {
  return mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

/* The word that all of record n follows from. */
static inline uint64_t key_of(uint64_t n) {
  return mix(plan.seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* The longest: an eighth of the capacity, but no more than many of which fit a large ring, for it is
 * the records that count. */
static inline uint32_t longest(void) {
  return plan.capacity / 8 < 1024 ? plan.capacity / 8 : 1024;
}

/* Mostly small; one in 32 anything up to the longest. */
static inline uint32_t length_of(uint64_t key) {
  uint32_t max = longest();
  uint32_t small = max < 40 ? max : 40;
  return (uint32_t)(key >> 8) % (((key & 31) == 0 ? max : small) + 1);
}

static inline int32_t type_of(uint64_t key) {
  return (int32_t)(key >> 33);
}

static inline uint64_t word_of(uint64_t key, uint32_t at) {
  return (key + at) * UINT64_C(0xd1342543de82ef95);
}

static void fill(unsigned char *payload, uint64_t key, uint32_t length) {
  uint32_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t word = word_of(key, at);
    memcpy(payload + at, &word, 8);
  }
  uint64_t word = word_of(key, at);
  memcpy(payload + at, &word, length - at);
}

static int holds(const unsigned char *payload, uint64_t key, uint32_t length) {
  uint32_t at = 0;
  uint64_t word = 0;
  for (; at + 8 <= length; at += 8) {
    memcpy(&word, payload + at, 8);
    if (word != word_of(key, at)) {
      return 0;
    }
  }
  word = word_of(key, at);
  return memcmp(payload + at, &word, length - at) == 0;
}

static void pause_now_and_then(uint64_t dice) {
  if (dice % 2048 == 0) {
    struct timespec time = {.tv_nsec = 20000}; /* long enough for the other end to fall asleep */
    (void)nanosleep(&time, NULL);
  }
}

static _Noreturn void fail(const char *what, uint64_t n, int status) {
  (void)fprintf(stderr, "ring_spsc: %s at record %llu (status %d, capacity %u, seed %llu)\n", what,
                (unsigned long long)n, status, plan.capacity, (unsigned long long)plan.seed);
  _exit(1);
}

/* In WebAssembly, where the core has no clock, a wait with a limit may be told to come again. */
static int is_early(int status, uint64_t dice) {
  return status == SLUICE_E_AGAIN && dice % 4 == 0;
}

/* ---- the producer ---- */

/* Waits for room, each time by one of the ways there are. */
static void wait_for_room(sluice_ring_producer *producer, uint32_t length, uint64_t dice,
                          uint64_t n) {
  int status = SLUICE_OK;
  if (dice % 4 == 0) {
    status = sluice_ring_producer_wait(producer, length, (int64_t)(dice >> 8) % 30000);
  } else if (dice % 4 == 1) {
    if (sluice_ring_producer_sleep(producer, length)) {
      (void)sluice_futex_wait(&plan.ring->producer.asleep, 1, -1);
    }
  } else {
    status = sluice_ring_producer_wait(producer, length, -1);
  }
  if (status != SLUICE_OK && status != SLUICE_E_TIMEOUT && !is_early(status, dice)) {
    fail("waiting for room failed", n, status);
  }
}

static unsigned char *claim(sluice_ring_producer *producer, uint32_t length, int32_t type,
                            uint64_t dice, uint64_t n) {
  for (;;) {
    unsigned char *at = sluice_ring_claim(producer, length, type);
    if (at != NULL) {
      return at;
    }
    if (producer->status != SLUICE_E_FULL) {
      fail("claim failed", n, producer->status);
    }
    wait_for_room(producer, length, dice = mix(dice), n);
  }
}

static void push(sluice_ring_producer *producer, const unsigned char *payload, uint32_t length,
                 int32_t type, uint64_t dice, uint64_t n) {
  for (;;) {
    int status = sluice_ring_push(producer, payload, length, type);
    if (status == SLUICE_OK) {
      return;
    }
    if (status != SLUICE_E_FULL) {
      fail("push failed", n, status);
    }
    wait_for_room(producer, length, dice = mix(dice), n);
  }
}

static void *produce(void *argument) {
  (void)argument;
  sluice_ring_producer producer;
  uint32_t max = longest();
  unsigned char *payload = malloc(max);
  uint64_t random = plan.seed ^ 0x50;
  if (payload == NULL ||
      sluice_ring_producer_open(&producer, plan.ring, plan.capacity, 1) != SLUICE_OK) {
    fail("no producer", 0, 0);
  }
  for (uint64_t n = 0; n < plan.records; n++) {
    uint64_t key = key_of(n);
    uint64_t dice = random_next(&random);
    uint32_t length = length_of(key);
    uint32_t claimed = length;
    switch (dice & 15) {
      case 0: { /* a claim given up, full of what would look like headers */
        uint32_t lost = (uint32_t)(dice >> 32) % (max + 1);
        memset(claim(&producer, lost, 0, dice, n), 0xff, lost);
        (void)sluice_ring_abort(&producer);
        fill(payload, key, length);
        push(&producer, payload, length, type_of(key), dice, n);
        break;
      }
      case 1:
      case 2:
      case 3:
      case 4:
        fill(payload, key, length);
        push(&producer, payload, length, type_of(key), dice, n);
        break;
      case 5:
      case 6: /* shortened */
        claimed += (uint32_t)(dice >> 32) % (max - length + 1);
        /* fall through */
      default: {
        unsigned char *at = claim(&producer, claimed, type_of(key), dice, n);
        memset(at + length, 0xff, claimed - length);
        fill(at, key, length);
        int status = sluice_ring_commit(&producer, length);
        if (status != SLUICE_OK) {
          fail("commit failed", n, status);
        }
        break;
      }
    }
    pause_now_and_then(dice >> 16);
  }
  (void)sluice_ring_producer_close(&producer);
  free(payload);
  return NULL;
}

/* ---- the consumer ---- */

/* Checks one record and counts its bytes. */
static uint64_t check(uint64_t n, const void *payload, uint32_t length, int32_t type) {
  uint64_t key = key_of(n);
  if (n >= plan.records) {
    fail("one record too many", n, 0);
  }
  if (length != length_of(key)) {
    fail("wrong length", n, (int)length);
  }
  if (type != type_of(key) || !holds(payload, key, length)) {
    fail("wrong content", n, 0);
  }
  if (n % WATCHDOG_RECORDS == 0) {
    (void)alarm(WATCHDOG_SECONDS);
  }
  return length;
}

static void wait_for_record(sluice_ring_consumer *consumer, uint64_t dice, uint64_t n) {
  int status = SLUICE_OK;
  if (dice % 4 == 0) {
    status = sluice_ring_consumer_wait(consumer, (int64_t)(dice >> 8) % 30000);
  } else if (dice % 4 == 1) {
    if (sluice_ring_consumer_sleep(consumer)) {
      (void)sluice_futex_wait(&plan.ring->consumer.asleep, 1, -1);
    }
  } else {
    status = sluice_ring_consumer_wait(consumer, -1);
  }
  if (status != SLUICE_OK && status != SLUICE_E_TIMEOUT && status != SLUICE_E_CLOSED &&
      !is_early(status, dice)) {
    fail("waiting for a record failed", n, status);
  }
}

static uint64_t bytes_read;

static void *consume(void *argument) {
  (void)argument;
  sluice_ring_consumer consumer;
  sluice_ring_record batch[BATCH];
  uint64_t random = plan.seed ^ 0xc0;
  uint64_t released = 0; /* what a rewind goes back to */
  if (sluice_ring_consumer_open(&consumer, plan.ring, plan.capacity, 2) != SLUICE_OK) {
    fail("no consumer", 0, 0);
  }
  for (uint64_t n = 0;;) {
    uint64_t dice = random_next(&random);
    const void *at = sluice_ring_peek(&consumer);
    if (at == NULL) {
      if (consumer.status == SLUICE_E_CLOSED) {
        if (n != plan.records) {
          fail("the last records are missing", n, 0);
        }
        break;
      }
      if (consumer.status != SLUICE_E_EMPTY) {
        fail("peek failed", n, consumer.status);
      }
      released = n;
      wait_for_record(&consumer, dice, n);
      continue;
    }
    if ((dice & 3) == 0) { /* one at a time */
      bytes_read += check(n, at, consumer.length, consumer.type);
      if (sluice_ring_peek(&consumer) != at) {
        fail("a second peek showed another record", n, consumer.status);
      }
      released = ++n;
      (void)sluice_ring_release(&consumer);
    } else { /* a batch */
      int count =
          sluice_ring_drain(&consumer, batch, 1 + (uint32_t)(dice >> 32) % BATCH, plan.ring);
      for (int i = 0; i < count; i++, n++) {
        bytes_read +=
            check(n, (unsigned char *)plan.ring + batch[i].offset, batch[i].length, batch[i].type);
      }
      if ((dice & 0xff0) == 0) {
        sluice_ring_rewind(&consumer);
        n = released;
      } else if ((dice & 12) != 0) { /* else the next batch first */
        (void)sluice_ring_release(&consumer);
        released = n;
      }
    }
    pause_now_and_then(dice >> 16);
  }
  return NULL;
}

/* ---- */

static void in_two_threads(void) {
  pthread_t producer;
  if (pthread_create(&producer, NULL, produce, NULL) != 0) {
    fail("no thread", 0, 0);
  }
  (void)consume(NULL);
  (void)pthread_join(producer, NULL);
}

static void in_two_processes(void) {
  pid_t child = fork();
  if (child == 0) {
    (void)alarm(0); /* the consumer watches; should it go, the producer goes with it */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)produce(NULL);
    _exit(0);
  }
  (void)consume(NULL);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
    fail("the producer's process failed", plan.records, status);
  }
}

static uint64_t number(int argc, char **argv, int index, uint64_t otherwise) {
  return argc > index ? strtoull(argv[index], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
  int processes = argc > 4 && strcmp(argv[4], "processes") == 0;
  plan.records = number(argc, argv, 1, 10000000);
  plan.seed = number(argc, argv, 2, 1);
  plan.capacity = (uint32_t)number(argc, argv, 3, 65536);
  uint32_t bytes = sluice_ring_bytes(plan.capacity);
  void *at =
      mmap(NULL, bytes == 0 ? 1 : bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  plan.ring = at;
  if (at == MAP_FAILED || sluice_ring_init(at, plan.capacity) != SLUICE_OK) {
    fail("no ring", 0, 0);
  }
  (void)alarm(WATCHDOG_SECONDS);
  struct timespec begin;
  struct timespec end;
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  if (processes) {
    in_two_processes();
  } else {
    in_two_threads();
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  double seconds =
      (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
  (void)printf(
      "ring_spsc: %llu records, %llu bytes, %.2f seconds (capacity %u, %s, sleeps %llu and %llu)\n",
      (unsigned long long)plan.records, (unsigned long long)bytes_read, seconds, plan.capacity,
      processes ? "processes" : "threads", (unsigned long long)plan.ring->producer.waits,
      (unsigned long long)plan.ring->consumer.waits);
  return 0;
}
