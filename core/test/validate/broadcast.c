/* Validates the broadcast under load: a writer at full speed and readers that it overtakes again
 * and again. Each record is read whole, in order and under its own number, and what was read and
 * what was lost make up what was written. Readers mix all ways there are: copying, reading in
 * place, waiting with and without a limit and by their own means, and starting anew.
 *
 *   broadcast [records [seed [capacity [readers [processes]]]]]
 *
 * `processes` in place of threads makes processes. Prints one line; exits with 1 at the first
 * mismatch, and dies by SIGALRM when nothing moves for 30 seconds (a lost wake-up).
 *
 * What record n holds follows from n and the seed alone; its first 8 bytes are n. */
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
#include "sluice/broadcast.h"
#include "words.h"

enum { WATCHDOG_SECONDS = 30, WATCHDOG_RECORDS = 1 << 14, READERS = 16 };

/* Shared by all ends, in processes too. */
typedef struct totals {
  _Atomic uint32_t ready; /* readers that have started */
  _Atomic uint64_t read;
  _Atomic uint64_t lost;
} totals;

static struct {
  sluice_broadcast *broadcast;
  totals *totals;
  uint64_t records;
  uint64_t seed;
  uint32_t capacity;
  uint32_t readers;
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

static inline uint64_t key_of(uint64_t n) {
  return mix(plan.seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* Mostly small; one in 32 anything up to the longest. */
static inline uint32_t length_of(uint64_t key) {
  uint32_t max = plan.capacity / 8;
  uint32_t small = max < 40 ? max : 40;
  return 8 + (uint32_t)(key >> 8) % (((key & 31) == 0 ? max : small) - 7);
}

static inline int32_t type_of(uint64_t key) {
  return (int32_t)(key >> 33);
}

static void fill(unsigned char *payload, uint64_t n, uint64_t key, uint32_t length) {
  memcpy(payload, &n, 8);
  for (uint32_t at = 8; at < length; at += 8) {
    uint64_t word = (key + at) * UINT64_C(0xd1342543de82ef95);
    memcpy(payload + at, &word, length - at < 8 ? length - at : 8);
  }
}

static int holds(const unsigned char *payload, uint64_t key, uint32_t length) {
  for (uint32_t at = 8; at < length; at += 8) {
    uint64_t word = (key + at) * UINT64_C(0xd1342543de82ef95);
    if (memcmp(payload + at, &word, length - at < 8 ? length - at : 8) != 0) {
      return 0;
    }
  }
  return 1;
}

static _Noreturn void fail(const char *what, uint64_t n, int status) {
  (void)fprintf(stderr, "broadcast: %s at record %llu (status %d, capacity %u, seed %llu)\n", what,
                (unsigned long long)n, status, plan.capacity, (unsigned long long)plan.seed);
  _exit(1);
}

static void pause_now_and_then(uint64_t dice, uint32_t one_in) {
  if (dice % one_in == 0) {
    struct timespec time = {.tv_nsec = 20000}; /* long enough for others to fall asleep */
    (void)nanosleep(&time, NULL);
  }
}

/* ---- the writer ---- */

static void *write_all(void *argument) {
  (void)argument;
  sluice_broadcast_writer writer;
  unsigned char *payload = malloc(plan.capacity / 8);
  uint64_t random = plan.seed ^ 0x50;
  if (payload == NULL || sluice_broadcast_writer_open(&writer, plan.broadcast, plan.capacity,
                                                      1 << 8 | 1) != SLUICE_OK) {
    fail("no writer", 0, 0);
  }
  while (atomic_load(&plan.totals->ready) != plan.readers) {
    pause_now_and_then(0, 1);
  }
  for (uint64_t n = 0; n < plan.records; n++) {
    uint64_t key = key_of(n);
    uint32_t length = length_of(key);
    fill(payload, n, key, length);
    int status = sluice_broadcast_send(&writer, payload, length, type_of(key));
    if (status != SLUICE_OK) {
      fail("send failed", n, status);
    }
    pause_now_and_then(random_next(&random), 2048);
  }
  (void)sluice_broadcast_writer_close(&writer);
  free(payload);
  return NULL;
}

/* ---- readers ---- */

/* Reads one record into `payload`, by copying or in place. Its length, or a status. */
static int read_one(sluice_broadcast_reader *reader, unsigned char *payload, uint64_t dice) {
  if (dice % 4 != 0) {
    return sluice_broadcast_receive(reader, payload, plan.capacity / 8);
  }
  const void *at = sluice_broadcast_peek(reader);
  if (at == NULL) {
    return reader->status;
  }
  uint32_t length = reader->length;
  if (length > plan.capacity / 8) {
    fail("a length out of bounds", reader->number, (int)length);
  }
  sluice_words_load(payload, at, length);
  int status = sluice_broadcast_validate(reader);
  if (status == SLUICE_OK) {
    status = sluice_broadcast_next(reader);
  }
  return status == SLUICE_OK ? (int)length : status;
}

static void wait_for_more(sluice_broadcast_reader *reader, uint64_t dice) {
  int status = SLUICE_OK;
  if (dice % 4 == 0) {
    status = sluice_broadcast_wait(reader, (int64_t)(dice >> 8) % 30000);
  } else if (dice % 4 == 1) {
    if (sluice_broadcast_sleep(reader)) {
      (void)sluice_futex_wait(&plan.broadcast->arrivals, reader->key, -1);
    }
  } else {
    status = sluice_broadcast_wait(reader, -1);
  }
  if (status != SLUICE_OK && status != SLUICE_E_TIMEOUT && status != SLUICE_E_AGAIN &&
      status != SLUICE_E_CLOSED) {
    fail("waiting failed", reader->number, status);
  }
}

static void *read_all(void *argument) {
  uint32_t index = (uint32_t)(uintptr_t)argument;
  uint64_t random = plan.seed ^ (0xc0 + index);
  sluice_broadcast_reader reader;
  unsigned char *payload = malloc(plan.capacity / 8);
  uint64_t read = 0;
  uint64_t lost = 0; /* but for reader.lost_records: by starting anew, modulo 2^64 */
  if (payload == NULL || sluice_broadcast_reader_open(&reader, plan.broadcast, plan.capacity,
                                                      index % 3) != SLUICE_OK) {
    fail("no reader", 0, 0);
  }
  atomic_fetch_add(&plan.totals->ready, 1);
  for (;;) {
    uint64_t dice = random_next(&random);
    int length = read_one(&reader, payload, dice);
    if (length == SLUICE_E_CLOSED) {
      break;
    }
    if (length == SLUICE_E_EMPTY) {
      wait_for_more(&reader, dice >> 8);
      continue;
    }
    if (length == SLUICE_E_AGAIN) {
      continue;
    }
    if (length < 0) {
      fail("reading failed", reader.number, length);
    }
    uint64_t n = 0;
    memcpy(&n, payload, 8);
    uint64_t key = key_of(n);
    if (n != read + lost + reader.lost_records || n + 1 != reader.number) {
      fail("wrong number", n, (int)index);
    }
    if ((uint32_t)length != length_of(key) || reader.type != type_of(key) ||
        !holds(payload, key, (uint32_t)length)) {
      fail("a torn record", n, length);
    }
    if (++read % WATCHDOG_RECORDS == 0) {
      (void)alarm(WATCHDOG_SECONDS);
    }
    pause_now_and_then(dice >> 16, 65536);
    if ((dice >> 40) % 4096 == 0) { /* leaves, and comes back as another */
      sluice_broadcast_reader fresh;
      int status = sluice_broadcast_reader_open(&fresh, plan.broadcast, plan.capacity,
                                                (uint32_t)(dice >> 52) % 3);
      if (status == SLUICE_OK) {
        lost += reader.lost_records + (fresh.number - reader.number);
        reader = fresh;
      } else if (status != SLUICE_E_AGAIN) {
        fail("starting anew failed", n, status);
      }
    }
  }
  if (read + lost + reader.lost_records != plan.records) {
    fail("read and lost are not what was written", read, (int)index);
  }
  atomic_fetch_add(&plan.totals->read, read);
  atomic_fetch_add(&plan.totals->lost, lost + reader.lost_records);
  free(payload);
  return NULL;
}

/* ---- */

static void in_threads(void) {
  pthread_t threads[READERS];
  for (uint32_t i = 0; i < plan.readers; i++) {
    if (pthread_create(&threads[i], NULL, read_all, (void *)(uintptr_t)i) != 0) {
      fail("no thread", i, 0);
    }
  }
  (void)write_all(NULL);
  for (uint32_t i = 0; i < plan.readers; i++) {
    (void)pthread_join(threads[i], NULL);
  }
}

static void in_processes(void) {
  for (uint32_t i = 0; i < plan.readers; i++) {
    pid_t child = fork();
    if (child == 0) {
      (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
      (void)alarm(WATCHDOG_SECONDS);
      (void)read_all((void *)(uintptr_t)i);
      _exit(0);
    }
    if (child < 0) {
      fail("no process", i, 0);
    }
  }
  (void)alarm(0); /* the readers watch */
  (void)write_all(NULL);
  for (uint32_t i = 0; i < plan.readers; i++) {
    int status = 0;
    if (wait(&status) < 0 || status != 0) {
      fail("a process failed", i, status);
    }
  }
}

static uint64_t number(int argc, char **argv, int index, uint64_t otherwise) {
  return argc > index ? strtoull(argv[index], NULL, 10) : otherwise;
}

static void *shared(size_t bytes) {
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    fail("no memory", 0, 0);
  }
  return at;
}

int main(int argc, char **argv) {
  int processes = argc > 5 && strcmp(argv[5], "processes") == 0;
  plan.records = number(argc, argv, 1, 10000000);
  plan.seed = number(argc, argv, 2, 1);
  plan.capacity = (uint32_t)number(argc, argv, 3, 65536);
  plan.readers = (uint32_t)number(argc, argv, 4, 2);
  if (plan.readers - 1 >= READERS) {
    fail("1 to 16 readers", 0, 0);
  }
  uint32_t bytes = sluice_broadcast_bytes(plan.capacity);
  plan.broadcast = shared(bytes == 0 ? 1 : bytes);
  plan.totals = shared(sizeof(totals));
  if (sluice_broadcast_init(plan.broadcast, plan.capacity) != SLUICE_OK) {
    fail("no broadcast", 0, 0);
  }
  (void)alarm(WATCHDOG_SECONDS);
  struct timespec begin;
  struct timespec end;
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  if (processes) {
    in_processes();
  } else {
    in_threads();
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  double seconds =
      (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
  (void)printf(
      "broadcast: %llu records, read %llu times, lost %llu times, %.2f seconds (capacity %u, "
      "%u %s)\n",
      (unsigned long long)plan.records, (unsigned long long)atomic_load(&plan.totals->read),
      (unsigned long long)atomic_load(&plan.totals->lost), seconds, plan.capacity, plan.readers,
      processes ? "processes" : "threads");
  return 0;
}
