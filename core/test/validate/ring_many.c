/* Validates the MPSC and MPMC rings under load: producers and consumers, millions of records of
 * random sizes, each checked for content, for being read once, and in its producer's order. All
 * mix what the ring offers: claim and commit, shortened commits, aborts and push on one side; peek,
 * batches, rewinds and several reads to a release on the other; the waits with and without a limit,
 * and sleeping by one's own means.
 *
 *   ring_many [records [seed [capacity [producers [consumers [processes]]]]]]
 *
 * Several consumers make an MPMC ring, one an MPSC ring; 0 stands for one consumer of an MPMC ring.
 * `processes` in place of threads makes processes. Prints one line; exits with 1 at the first
 * mismatch, and dies by SIGALRM when nothing moves for 30 seconds (a lost wake-up).
 *
 * What a producer's record n holds follows from the producer, n and the seed. That each is read
 * once: consumers share a bitmap, and each checks that a producer's numbers only rise. */
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
#include "sluice/ring_many.h"

enum { WATCHDOG_SECONDS = 30, WATCHDOG_RECORDS = 1 << 14, BATCH = 64, HEAD_BYTES = 8, ENDS = 40 };

static struct {
  sluice_ring_many *ring;
  uint64_t records; /* of all producers */
  uint64_t seed;
  uint32_t capacity;
  uint32_t producers;
  uint32_t consumers;
  int processes;
} plan;

/* Shared with the other processes as well. */
static struct shared {
  _Atomic uint64_t read;
  _Atomic uint64_t bytes;
  _Atomic uint64_t *seen; /* a bit for each record, or NULL when there are too many */
} * shared;

/* SplitMix64's mixer (Steele, Lea and Flood, 2014). */
static inline uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline uint64_t random_next(uint64_t *state) {
  return mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static inline uint64_t records_of(uint32_t producer) {
  return plan.records / plan.producers + (producer < plan.records % plan.producers);
}

/* The word that all of a record follows from. The record begins with its number and its producer.
 */
static inline uint64_t key_of(uint32_t producer, uint64_t n) {
  return mix(plan.seed + (n * ENDS + producer + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* The longest: an eighth of the capacity, but no more than many of which fit a large ring, for it is
 * the records that count. */
static inline uint32_t longest(void) {
  return plan.capacity / 8 < 1024 ? plan.capacity / 8 : 1024;
}

/* Mostly small; one in 32 anything up to the longest. */
static inline uint32_t length_of(uint64_t key) {
  uint32_t max = longest() - HEAD_BYTES;
  uint32_t small = max < 40 ? max : 40;
  return HEAD_BYTES + (uint32_t)(key >> 8) % (((key & 31) == 0 ? max : small) + 1);
}

static inline int32_t type_of(uint64_t key) {
  return (int32_t)(key >> 33);
}

static inline uint64_t word_of(uint64_t key, uint32_t at) {
  return (key + at) * UINT64_C(0xd1342543de82ef95);
}

static void fill(unsigned char *payload, uint32_t producer, uint64_t n, uint32_t length) {
  uint64_t key = key_of(producer, n);
  uint64_t word = n << 8 | producer;
  memcpy(payload, &word, HEAD_BYTES);
  uint32_t at = HEAD_BYTES;
  for (; at + 8 <= length; at += 8) {
    word = word_of(key, at);
    memcpy(payload + at, &word, 8);
  }
  word = word_of(key, at);
  memcpy(payload + at, &word, length - at);
}

static int holds(const unsigned char *payload, uint64_t key, uint32_t length) {
  uint32_t at = HEAD_BYTES;
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
    struct timespec time = {.tv_nsec = 20000}; /* long enough for the others to fall asleep */
    (void)nanosleep(&time, NULL);
  }
}

static _Noreturn void fail(const char *what, uint32_t producer, uint64_t n, int status) {
  (void)fprintf(
      stderr, "ring_many: %s at producer %u's record %llu (status %d, capacity %u, seed %llu)\n",
      what, producer, (unsigned long long)n, status, plan.capacity, (unsigned long long)plan.seed);
  _exit(1);
}

/* In WebAssembly, where the core has no clock, a wait with a limit may be told to come again. */
static int is_early(int status, uint64_t dice) {
  return status == SLUICE_E_AGAIN && dice % 4 == 0;
}

/* ---- a producer ---- */

/* Waits for room, each time by one of the ways there are. */
static void wait_for_room(sluice_ring_many_producer *producer, uint32_t length, uint64_t dice,
                          uint32_t who, uint64_t n) {
  int status = SLUICE_OK;
  if (dice % 4 == 0) {
    status = sluice_ring_many_producer_wait(producer, length, (int64_t)(dice >> 8) % 30000);
  } else if (dice % 4 == 1) {
    if (sluice_ring_many_producer_sleep(producer, length)) {
      (void)sluice_futex_wait(&plan.ring->room, producer->key, -1);
    }
  } else {
    status = sluice_ring_many_producer_wait(producer, length, -1);
  }
  if (status != SLUICE_OK && status != SLUICE_E_TIMEOUT && !is_early(status, dice)) {
    fail("waiting for room failed", who, n, status);
  }
}

static unsigned char *claim(sluice_ring_many_producer *producer, uint32_t length, int32_t type,
                            uint64_t dice, uint32_t who, uint64_t n) {
  for (;;) {
    unsigned char *at = sluice_ring_many_claim(producer, length, type);
    if (at != NULL) {
      return at;
    }
    if (producer->status != SLUICE_E_FULL) {
      fail("claim failed", who, n, producer->status);
    }
    wait_for_room(producer, length, dice = mix(dice), who, n);
  }
}

static void push(sluice_ring_many_producer *producer, const unsigned char *payload, uint32_t length,
                 int32_t type, uint64_t dice, uint32_t who, uint64_t n) {
  for (;;) {
    int status = sluice_ring_many_push(producer, payload, length, type);
    if (status == SLUICE_OK) {
      return;
    }
    if (status != SLUICE_E_FULL) {
      fail("push failed", who, n, status);
    }
    wait_for_room(producer, length, dice = mix(dice), who, n);
  }
}

static uint32_t id_of(uint32_t index) {
  return UINT32_C(1) << 8 | (index + 1);
}

/* All ends open before any closes: the last to close closes for good. */
static sluice_ring_many_producer producers[ENDS];
static sluice_ring_many_consumer consumers[ENDS];

static void *produce(void *argument) {
  uint32_t who = (uint32_t)(uintptr_t)argument;
  sluice_ring_many_producer *producer = &producers[who];
  uint32_t max = longest();
  unsigned char *payload = malloc(max);
  uint64_t random = mix(plan.seed ^ (0x50 + who));
  uint64_t records = records_of(who);
  if (payload == NULL) {
    fail("no memory", who, 0, 0);
  }
  for (uint64_t n = 0; n < records; n++) {
    uint64_t key = key_of(who, n);
    uint64_t dice = random_next(&random);
    uint32_t length = length_of(key);
    uint32_t claimed = length;
    switch (dice & 15) {
      case 0: { /* a claim given up, full of what would look like headers */
        uint32_t lost = (uint32_t)(dice >> 32) % (max + 1);
        memset(claim(producer, lost, 0, dice, who, n), 0xff, lost);
        (void)sluice_ring_many_abort(producer);
        fill(payload, who, n, length);
        push(producer, payload, length, type_of(key), dice, who, n);
        break;
      }
      case 1:
      case 2:
      case 3:
      case 4:
        fill(payload, who, n, length);
        push(producer, payload, length, type_of(key), dice, who, n);
        break;
      case 5:
      case 6: /* shortened */
        claimed += (uint32_t)(dice >> 32) % (max - length + 1);
        /* fall through */
      default: {
        unsigned char *at = claim(producer, claimed, type_of(key), dice, who, n);
        memset(at + length, 0xff, claimed - length);
        fill(at, who, n, length);
        pause_now_and_then(dice >> 40); /* others commit meanwhile */
        int status = sluice_ring_many_commit(producer, length);
        if (status != SLUICE_OK) {
          fail("commit failed", who, n, status);
        }
        break;
      }
    }
    pause_now_and_then(dice >> 16);
  }
  (void)sluice_ring_many_producer_close(producer);
  free(payload);
  return NULL;
}

/* ---- a consumer ---- */

typedef struct reader {
  sluice_ring_many_consumer *consumer;
  uint64_t next[ENDS];     /* no less than this is the next number of each producer */
  uint64_t released[ENDS]; /* what a rewind goes back to */
  uint64_t count;
  uint64_t counted; /* released */
  uint64_t bytes;
  uint64_t bytes_counted;
} reader;

/* Checks one record and counts its bytes. */
static void check(reader *r, const unsigned char *payload, uint32_t length, int32_t type) {
  uint64_t word = 0;
  if (length < HEAD_BYTES) {
    fail("a record too short", 0, r->count, (int)length);
  }
  memcpy(&word, payload, HEAD_BYTES);
  uint32_t who = (uint32_t)word & 0xff;
  uint64_t n = word >> 8;
  if (who >= plan.producers || n >= records_of(who)) {
    fail("a record that nobody wrote", who, n, 0);
  }
  uint64_t key = key_of(who, n);
  if (n < r->next[who]) {
    fail("out of order, or twice", who, n, 0);
  }
  if (plan.consumers == 1 && n != r->next[who]) {
    fail("a record is missing before it", who, n, 0);
  }
  r->next[who] = n + 1;
  if (length != length_of(key)) {
    fail("wrong length", who, n, (int)length);
  }
  if (type != type_of(key) || !holds(payload, key, length)) {
    fail("wrong content", who, n, 0);
  }
  if (r->count++ % WATCHDOG_RECORDS == 0) {
    (void)alarm(WATCHDOG_SECONDS);
  }
  r->bytes += length;
}

/* Marks a record as read, for good. */
static void mark_seen(const unsigned char *payload) {
  uint64_t word = 0;
  if (shared->seen == NULL) {
    return;
  }
  memcpy(&word, payload, HEAD_BYTES);
  uint64_t bit = (word >> 8) * plan.producers + (word & 0xff);
  uint64_t was = atomic_fetch_or_explicit(&shared->seen[bit / 64], UINT64_C(1) << bit % 64,
                                          memory_order_relaxed);
  if ((was >> bit % 64 & 1) != 0) {
    fail("read twice", (uint32_t)word & 0xff, word >> 8, 0);
  }
}

static void wait_for_record(sluice_ring_many_consumer *consumer, uint64_t dice) {
  int status = SLUICE_OK;
  if (dice % 4 == 0) {
    status = sluice_ring_many_consumer_wait(consumer, (int64_t)(dice >> 8) % 30000);
  } else if (dice % 4 == 1) {
    if (sluice_ring_many_consumer_sleep(consumer)) {
      (void)sluice_futex_wait(&plan.ring->filled, consumer->key, -1);
    }
  } else {
    status = sluice_ring_many_consumer_wait(consumer, -1);
  }
  if (status != SLUICE_OK && status != SLUICE_E_TIMEOUT && status != SLUICE_E_CLOSED &&
      !is_early(status, dice)) {
    fail("waiting for a record failed", 0, 0, status);
  }
}

static void released(reader *r) {
  memcpy(r->released, r->next, sizeof r->next);
  r->counted = r->count;
  r->bytes_counted = r->bytes;
}

static void *consume(void *argument) {
  uint32_t who = (uint32_t)(uintptr_t)argument;
  static reader readers[ENDS];
  reader *r = &readers[who];
  r->consumer = &consumers[who];
  sluice_ring_many_consumer *consumer = r->consumer;
  sluice_ring_record batch[BATCH];
  const unsigned char *base = (unsigned char *)plan.ring;
  uint64_t random = mix(plan.seed ^ (0xc000 + who));
  for (;;) {
    uint64_t dice = random_next(&random);
    const unsigned char *at = sluice_ring_many_peek(consumer);
    if (at == NULL) {
      if (consumer->status == SLUICE_E_CLOSED) {
        break;
      }
      if (consumer->status != SLUICE_E_EMPTY) {
        fail("peek failed", 0, 0, consumer->status);
      }
      (void)sluice_ring_many_release(consumer);
      released(r);
      wait_for_record(consumer, dice);
      continue;
    }
    if ((dice & 3) == 0) { /* one at a time */
      check(r, at, consumer->length, consumer->type);
      if (sluice_ring_many_peek(consumer) != at) {
        fail("a second peek showed another record", 0, 0, consumer->status);
      }
      mark_seen(at);
      released(r);
      (void)sluice_ring_many_release(consumer);
    } else { /* a batch */
      uint32_t limit = 1 + (uint32_t)(dice >> 32) % BATCH;
      int count = sluice_ring_many_drain(consumer, batch, limit, plan.ring);
      int more = sluice_ring_many_drain(consumer, batch + count, BATCH - limit, plan.ring);
      count += more > 0 ? more : 0;
      for (int i = 0; i < count; i++) {
        check(r, base + batch[i].offset, batch[i].length, batch[i].type);
      }
      if ((dice & 0xff0) == 0) {
        sluice_ring_many_rewind(consumer);
        memcpy(r->next, r->released, sizeof r->next);
        r->count = r->counted;
        r->bytes = r->bytes_counted;
        if ((dice & 0x1000) == 0) {
          (void)sluice_ring_many_release(consumer); /* for any consumer to read */
        }
      } else {
        for (int i = 0; i < count; i++) {
          mark_seen(base + batch[i].offset);
        }
        released(r); /* a rewind goes back to here: what follows is released first */
        if (sluice_ring_many_release(consumer) < count) {
          fail("released too few", 0, 0, count);
        }
      }
    }
    pause_now_and_then(dice >> 16);
  }
  (void)sluice_ring_many_consumer_close(consumer);
  atomic_fetch_add(&shared->read, r->count);
  atomic_fetch_add(&shared->bytes, r->bytes);
  return NULL;
}

/* ---- */

static void in_threads(void) {
  pthread_t threads[2 * ENDS];
  uint32_t count = 0;
  int failed = 0;
  for (uint32_t i = 0; i < plan.producers; i++) {
    failed |= pthread_create(&threads[count++], NULL, produce, (void *)(uintptr_t)i);
  }
  for (uint32_t i = 1; i < plan.consumers; i++) {
    failed |= pthread_create(&threads[count++], NULL, consume, (void *)(uintptr_t)i);
  }
  if (failed) {
    fail("no thread", 0, 0, 0);
  }
  (void)consume(NULL);
  for (uint32_t i = 0; i < count; i++) {
    (void)pthread_join(threads[i], NULL);
  }
}

static void in_processes(void) {
  uint32_t children = plan.producers + plan.consumers - 1;
  for (uint32_t i = 0; i < children; i++) {
    pid_t child = fork();
    if (child < 0) {
      fail("no process", 0, 0, 0);
    }
    if (child == 0) {
      (void)alarm(0); /* the first consumer watches; should it go, all go with it */
      (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
      (void)(i < plan.producers ? produce((void *)(uintptr_t)i)
                                : consume((void *)(uintptr_t)(i - plan.producers + 1)));
      _exit(0);
    }
  }
  (void)consume(NULL);
  (void)alarm(WATCHDOG_SECONDS);
  for (uint32_t i = 0; i < children; i++) {
    int status = 0;
    if (wait(&status) < 0 || status != 0) {
      fail("a process failed", 0, 0, status);
    }
  }
}

static uint64_t number(int argc, char **argv, int index, uint64_t otherwise) {
  return argc > index ? strtoull(argv[index], NULL, 10) : otherwise;
}

static void *map(size_t bytes) {
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    fail("no memory", 0, 0, 0);
  }
  return at;
}

int main(int argc, char **argv) {
  plan.processes = argc > 6 && strcmp(argv[6], "processes") == 0;
  plan.records = number(argc, argv, 1, 10000000);
  plan.seed = number(argc, argv, 2, 1);
  plan.capacity = (uint32_t)number(argc, argv, 3, 65536);
  plan.producers = (uint32_t)number(argc, argv, 4, 2) % ENDS;
  uint32_t readers = (uint32_t)number(argc, argv, 5, 1) % ENDS;
  plan.consumers = readers == 0 ? 1 : readers;
  uint32_t kind = readers == 1 ? SLUICE_KIND_RING_MPSC : SLUICE_KIND_RING_MPMC;
  uint32_t bytes = sluice_ring_many_bytes(plan.capacity);
  plan.ring = map(bytes == 0 ? 1 : bytes);
  if (plan.producers == 0 || sluice_ring_many_init(plan.ring, kind, plan.capacity) != SLUICE_OK) {
    fail("no ring", 0, 0, 0);
  }
  shared = map(sizeof *shared);
  if (plan.records <= UINT64_C(100000000)) {
    shared->seen = map((size_t)((plan.records + plan.producers) / 8 + 64));
  }
  for (uint32_t i = 0; i < plan.producers; i++) {
    int status = sluice_ring_many_producer_open(&producers[i], plan.ring, plan.capacity, id_of(i));
    if (status != SLUICE_OK) {
      fail("no producer", i, 0, status);
    }
  }
  for (uint32_t i = 0; i < plan.consumers; i++) { /* a participant may do both */
    int status = sluice_ring_many_consumer_open(&consumers[i], plan.ring, plan.capacity, id_of(i));
    if (status != SLUICE_OK) {
      fail("no consumer", i, 0, status);
    }
  }
  (void)alarm(WATCHDOG_SECONDS);
  struct timespec begin;
  struct timespec end;
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  if (plan.processes) {
    in_processes();
  } else {
    in_threads();
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  if (shared->read != plan.records) {
    fail("records are missing in all", 0, shared->read, 0);
  }
  sluice_ring_many_figures figures;
  sluice_ring_many_figures_of(plan.ring, &figures);
  if (figures.released != plan.records || figures.committed != plan.records ||
      figures.lost_with_receiver != 0 || figures.used != 0) {
    fail("the figures are wrong", 0, figures.released, 0);
  }
  for (uint32_t i = 0; i < plan.capacity; i++) {
    if (plan.ring->data[i] != 0) {
      fail("the buffer is not zero", 0, i, 0);
    }
  }
  double seconds =
      (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
  (void)printf(
      "ring_many: %llu records, %llu bytes, %.2f seconds (capacity %u, %s, %u to %u %s, sleeps "
      "%llu and %llu)\n",
      (unsigned long long)plan.records, (unsigned long long)shared->bytes, seconds, plan.capacity,
      kind == SLUICE_KIND_RING_MPSC ? "MPSC" : "MPMC", plan.producers, plan.consumers,
      plan.processes ? "processes" : "threads", (unsigned long long)figures.producer_waits,
      (unsigned long long)figures.consumer_waits);
  return 0;
}
