/* Validates the queue under load: producers and consumers, millions of elements, each delivered
 * once and whole, and those of one producer in order. All ends mix all ways to wait: by trying
 * again, with and without a limit, and by one's own means.
 *
 *   queue [elements [seed [capacity [producers [consumers [processes]]]]]]
 *
 * `processes` in place of threads makes processes. Prints one line; exits with 1 at the first
 * mismatch, and dies by SIGALRM when nothing moves for 30 seconds (a lost wake-up).
 *
 * "Once": what the consumers took is compared with what was pushed by the number of elements and by
 * the sum of a 64-bit hash of each. */
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
#include "sluice/queue.h"

enum { WATCHDOG_SECONDS = 30, WATCHDOG_ELEMENTS = 1 << 14, ENDS = 16 };

typedef struct element {
  uint64_t number; /* of this producer's elements */
  uint32_t producer;
  uint32_t check; /* follows from the others */
  uint64_t check2;
} element;

/* Shared by all ends, in processes too. */
typedef struct totals {
  _Atomic uint32_t done;   /* producers that have pushed all of theirs */
  _Atomic uint64_t taken;  /* elements */
  _Atomic uint64_t hashes; /* the sum of their hashes */
} totals;

static struct {
  sluice_queue *queue;
  totals *totals;
  uint64_t elements; /* of each producer */
  uint64_t seed;
  uint32_t capacity;
  uint32_t producers;
  uint32_t consumers;
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

static inline uint64_t hash_of(uint32_t producer, uint64_t number) {
  return mix(plan.seed + (number * ENDS + producer + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

static _Noreturn void fail(const char *what, uint64_t n, int status) {
  (void)fprintf(stderr, "queue: %s at element %llu (status %d, capacity %u, seed %llu)\n", what,
                (unsigned long long)n, status, plan.capacity, (unsigned long long)plan.seed);
  _exit(1);
}

static void pause_now_and_then(uint64_t dice) {
  if (dice % 4096 == 0) {
    struct timespec time = {.tv_nsec = 20000}; /* long enough for others to fall asleep */
    (void)nanosleep(&time, NULL);
  }
}

static sluice_queue_end open_end(uint32_t index) {
  sluice_queue_end end;
  int status = sluice_queue_end_open(&end, plan.queue, plan.capacity, sizeof(element),
                                     UINT32_C(1) << 8 | (index + 1));
  if (status != SLUICE_OK) {
    fail("no end", index, status);
  }
  return end;
}

/* ---- producers ---- */

static int push(sluice_queue_end *end, const element *one, uint64_t dice) {
  switch (dice % 4) {
    case 0:
      return sluice_queue_push(end, one, (int64_t)(dice >> 8) % 30000);
    case 1: {
      int status = sluice_queue_try_push(end, one);
      if (status == SLUICE_E_FULL && sluice_queue_push_sleep(end)) {
        (void)sluice_futex_wait(&plan.queue->room, end->key, -1);
      }
      return status;
    }
    case 2:
      return sluice_queue_try_push(end, one);
    default:
      return sluice_queue_push(end, one, -1);
  }
}

static void *produce(void *argument) {
  uint32_t producer = (uint32_t)(uintptr_t)argument;
  sluice_queue_end end = open_end(producer);
  uint64_t random = plan.seed ^ (0x50 + producer);
  for (uint64_t n = 0; n < plan.elements; n++) {
    uint64_t hash = hash_of(producer, n);
    element one = {.number = n, .producer = producer, .check = (uint32_t)hash, .check2 = mix(hash)};
    for (;;) {
      uint64_t dice = random_next(&random);
      int status = push(&end, &one, dice);
      pause_now_and_then(dice >> 32);
      if (status == SLUICE_OK) {
        break;
      }
      if (status != SLUICE_E_FULL && status != SLUICE_E_TIMEOUT && status != SLUICE_E_AGAIN) {
        fail("push failed", n, status);
      }
    }
  }
  if (atomic_fetch_add(&plan.totals->done, 1) + 1 == plan.producers) {
    (void)sluice_queue_close(&end);
  }
  return NULL;
}

/* ---- consumers ---- */

static int pop(sluice_queue_end *end, element *one, uint64_t dice) {
  switch (dice % 4) {
    case 0:
      return sluice_queue_pop(end, one, (int64_t)(dice >> 8) % 30000);
    case 1: {
      int status = sluice_queue_try_pop(end, one);
      if (status == SLUICE_E_EMPTY && sluice_queue_pop_sleep(end)) {
        (void)sluice_futex_wait(&plan.queue->items, end->key, -1);
      }
      return status;
    }
    case 2:
      return sluice_queue_try_pop(end, one);
    default:
      return sluice_queue_pop(end, one, -1);
  }
}

static void *consume(void *argument) {
  uint32_t index = (uint32_t)(uintptr_t)argument;
  sluice_queue_end end = open_end(plan.producers + index);
  uint64_t random = plan.seed ^ (0xc0 + index);
  uint64_t next[ENDS] = {0}; /* by producer: its least number that may still come here */
  uint64_t taken = 0;
  uint64_t hashes = 0;
  for (;;) {
    uint64_t dice = random_next(&random);
    element one = {.producer = ENDS};
    int status = pop(&end, &one, dice);
    pause_now_and_then(dice >> 32);
    if (status == SLUICE_E_CLOSED) {
      break;
    }
    if (status == SLUICE_E_EMPTY || status == SLUICE_E_TIMEOUT || status == SLUICE_E_AGAIN) {
      continue;
    }
    if (status != SLUICE_OK) {
      fail("pop failed", taken, status);
    }
    if (one.producer >= plan.producers || one.number >= plan.elements) {
      fail("an element that nobody pushed", taken, 0);
    }
    uint64_t hash = hash_of(one.producer, one.number);
    if (one.check != (uint32_t)hash || one.check2 != mix(hash)) {
      fail("a torn element", taken, 0);
    }
    if (one.number < next[one.producer]) {
      fail("one producer's elements out of order", taken, 0);
    }
    next[one.producer] = one.number + 1;
    hashes += hash;
    if (++taken % WATCHDOG_ELEMENTS == 0) {
      (void)alarm(WATCHDOG_SECONDS);
    }
  }
  atomic_fetch_add(&plan.totals->taken, taken);
  atomic_fetch_add(&plan.totals->hashes, hashes);
  return NULL;
}

/* ---- */

static void in_threads(void) {
  pthread_t threads[2 * ENDS];
  uint32_t count = 0;
  for (uint32_t i = 0; i < plan.producers + plan.consumers; i++) {
    int producer = i < plan.producers;
    uint32_t index = producer ? i : i - plan.producers;
    if (pthread_create(&threads[count++], NULL, producer ? produce : consume,
                       (void *)(uintptr_t)index) != 0) {
      fail("no thread", i, 0);
    }
  }
  while (count != 0) {
    (void)pthread_join(threads[--count], NULL);
  }
}

static void in_processes(void) {
  uint32_t count = plan.producers + plan.consumers;
  for (uint32_t i = 0; i < count; i++) {
    pid_t child = fork();
    if (child == 0) {
      (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (i < plan.producers) {
        (void)alarm(0); /* the consumers watch */
        (void)produce((void *)(uintptr_t)i);
      } else {
        (void)alarm(WATCHDOG_SECONDS);
        (void)consume((void *)(uintptr_t)(i - plan.producers));
      }
      _exit(0);
    }
    if (child < 0) {
      fail("no process", i, 0);
    }
  }
  (void)alarm(0);
  while (count-- != 0) {
    int status = 0;
    if (wait(&status) < 0 || status != 0) {
      fail("a process failed", count, status);
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
  int processes = argc > 6 && strcmp(argv[6], "processes") == 0;
  uint64_t elements = number(argc, argv, 1, 10000000);
  plan.seed = number(argc, argv, 2, 1);
  plan.capacity = (uint32_t)number(argc, argv, 3, 1024);
  plan.producers = (uint32_t)number(argc, argv, 4, 2);
  plan.consumers = (uint32_t)number(argc, argv, 5, 2);
  if (plan.producers - 1 >= ENDS || plan.consumers - 1 >= ENDS) {
    fail("1 to 16 producers and consumers", 0, 0);
  }
  plan.elements = elements / plan.producers;
  uint32_t bytes = sluice_queue_bytes(plan.capacity, sizeof(element));
  plan.queue = shared(bytes == 0 ? 1 : bytes);
  plan.totals = shared(sizeof(totals));
  if (sluice_queue_init(plan.queue, plan.capacity, sizeof(element)) != SLUICE_OK) {
    fail("no queue", 0, 0);
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
  (void)alarm(10 * WATCHDOG_SECONDS);
  uint64_t hashes = 0;
  for (uint32_t producer = 0; producer < plan.producers; producer++) {
    for (uint64_t n = 0; n < plan.elements; n++) {
      hashes += hash_of(producer, n);
    }
  }
  sluice_queue_end any = open_end(0);
  sluice_queue_stats stats;
  sluice_queue_figures(&any, &stats);
  uint64_t taken = atomic_load(&plan.totals->taken);
  if (taken != plan.elements * plan.producers) {
    fail("elements lost or delivered twice", taken, 0);
  }
  if (atomic_load(&plan.totals->hashes) != hashes) {
    fail("not the elements that were pushed", taken, 0);
  }
  if (stats.pushed != taken || stats.popped != taken || stats.skipped != 0 ||
      stats.lost_with_receiver != 0 || sluice_queue_used(&any) != 0) {
    fail("wrong figures", taken, 0);
  }
  double seconds =
      (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
  (void)printf("queue: %llu elements, %.2f seconds (capacity %u, %u to %u %s, %llu sleeps)\n",
               (unsigned long long)taken, seconds, plan.capacity, plan.producers, plan.consumers,
               processes ? "processes" : "threads", (unsigned long long)stats.waits);
  return 0;
}
