/* Validates the allocator under load: workers allocate, fill, pass handles on, refer to what others
 * passed on, check every byte, and let go, all at random and in a space that runs dry now and then.
 *
 *   slab [operations [seed [bytes [threads|processes|deaths [workers]]]]]
 *
 * `operations` is the sum over all workers, `bytes` the size of the space. `processes`: each worker
 * is a process; `deaths`: and one of them is killed every few milliseconds, wherever it may be,
 * buried, and replaced by another. Prints one line; exits with 1 at the first mismatch, and dies by
 * SIGALRM when nothing moves for 30 seconds.
 *
 * What a block holds follows from its offset and serial alone: a handle that was taken for another
 * block's, or a block with two owners, shows as wrong content. At the end, when all have let go,
 * the space has to be as empty as at the beginning. */
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

#include "sluice/sluice.h"

enum { WATCHDOG_SECONDS = 30, WORKERS_MAX = 8, HELD = 24, MAILBOXES = 4, SPIN_ROUNDS = 4096 };

typedef struct worker_count {
  _Atomic uint64_t done; /* operations; only the worker itself writes it */
  _Atomic uint64_t allocated, referred, refused, full;
} worker_count;

/* Beside the space, in memory that all share. */
typedef struct control {
  _Atomic uint64_t mailboxes[MAILBOXES]; /* offset << 32 | serial */
  _Atomic uint32_t ids[WORKERS_MAX];
  worker_count counts[WORKERS_MAX];
} control;

static struct {
  unsigned char *memory;
  control *control;
  uint64_t operations; /* of each worker */
  uint64_t seed;
  uint32_t bytes;
  uint32_t workers;
} plan;

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static inline uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline uint64_t random_next(uint64_t *state) {
  return mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static _Noreturn void fail(const char *what, uint64_t n, int status) {
  (void)fprintf(stderr, "slab: %s at operation %llu (status %d, bytes %u, seed %llu)\n", what,
                (unsigned long long)n, status, plan.bytes, (unsigned long long)plan.seed);
  _exit(1);
}

static void add(_Atomic uint64_t *count) {
  atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1,
                        memory_order_relaxed);
}

/* ---- what a block holds ---- */

static uint64_t handle_of(uint32_t offset, uint32_t serial) {
  return (uint64_t)offset << 32 | serial;
}

static void fill(unsigned char *at, uint64_t handle, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i += 8) {
    uint64_t word = mix(handle + i);
    memcpy(at + i, &word, bytes - i < 8 ? bytes - i : 8);
  }
}

static int holds(const unsigned char *at, uint64_t handle, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i += 8) {
    uint64_t word = mix(handle + i);
    if (memcmp(at + i, &word, bytes - i < 8 ? bytes - i : 8) != 0) {
      return 0;
    }
  }
  return 1;
}

/* Mostly three classes, for contention; one in 16 anything up to 1/16 of the space. */
static uint32_t size_of(uint64_t dice) {
  uint32_t wide = (uint32_t)(dice >> 40);
  return 1 + ((dice & 15) == 0 ? wide % (plan.bytes / 16) : wide % 400);
}

/* ---- a worker ---- */

typedef struct worker {
  sluice_space space;
  uint64_t held[HELD]; /* handles of the blocks that it refers to, 0 for none */
  uint64_t random;
  worker_count *count;
} worker;

static void check_and_release(worker *self, uint64_t *handle, uint64_t n) {
  uint32_t offset = (uint32_t)(*handle >> 32);
  if (sluice_slab_serial(&self->space, offset) != (uint32_t)*handle) {
    fail("a block changed its serial while it was held", n, 0);
  }
  if (!holds(sluice_at(&self->space, offset), *handle, sluice_slab_bytes(&self->space, offset))) {
    fail("wrong content", n, 0);
  }
  int status = sluice_slab_unref(&self->space, offset);
  if (status != SLUICE_OK) {
    fail("unref failed", n, status);
  }
  *handle = 0;
}

static void allocate(worker *self, uint64_t *handle, uint64_t dice, uint64_t n) {
  uint32_t bytes = size_of(dice);
  int zeroed = (dice >> 8) % 4 == 0;
  uint32_t offset =
      zeroed ? sluice_space_alloc(&self->space, bytes) : sluice_slab_alloc(&self->space, bytes);
  if (offset == 0) {
    if (self->space.status != SLUICE_E_NO_MEMORY) {
      fail("alloc failed", n, self->space.status);
    }
    add(&self->count->full);
    return;
  }
  unsigned char *at = sluice_at(&self->space, offset);
  for (uint32_t i = 0; zeroed && i < bytes; i++) {
    if (at[i] != 0) {
      fail("not zeroed", n, 0);
    }
  }
  if (sluice_slab_bytes(&self->space, offset) != bytes) {
    fail("wrong size", n, 0);
  }
  *handle = handle_of(offset, sluice_slab_serial(&self->space, offset));
  fill(at, *handle, bytes);
  add(&self->count->allocated);
}

/* Refers to what somebody passed on; it may be gone. */
static void refer(worker *self, uint64_t *handle, uint64_t dice, uint64_t n) {
  uint64_t got =
      atomic_load_explicit(&plan.control->mailboxes[(dice >> 8) % MAILBOXES], memory_order_acquire);
  if (got == 0) {
    return;
  }
  for (int i = 0; i < HELD; i++) {
    if (self->held[i] >> 32 == got >> 32) {
      return; /* a participant's references count once */
    }
  }
  uint32_t offset = (uint32_t)(got >> 32);
  int status = sluice_slab_ref(&self->space, offset, (uint32_t)got);
  if (status != SLUICE_OK) {
    if (status != SLUICE_E_CLOSED) {
      fail("ref failed", n, status);
    }
    add(&self->count->refused);
    return;
  }
  *handle = got;
  if (!holds(sluice_at(&self->space, offset), got, sluice_slab_bytes(&self->space, offset))) {
    fail("a handle led to another's content", n, 0);
  }
  add(&self->count->referred);
}

/* Leaves with all that it refers to, and comes again as another. */
static void come_again(worker *self, uint64_t n) {
  int status = sluice_participant_leave(&self->space);
  if (status == SLUICE_OK) {
    status = sluice_participant_join(&self->space, 0);
  }
  if (status != SLUICE_OK) {
    fail("leaving and joining failed", n, status);
  }
  memset(self->held, 0, sizeof self->held);
}

/* `id` 0: it joins by itself, and may leave and come again. */
static void work(uint32_t index, uint32_t id) {
  worker self = {.count = &plan.control->counts[index]};
  uint64_t n = atomic_load(&self.count->done);
  self.random = mix(plan.seed * plan.workers + index) ^ mix(n);
  if (sluice_space_attach(&self.space, plan.memory, plan.bytes) != SLUICE_OK ||
      sluice_participant_adopt(&self.space, id, 0) != SLUICE_OK) {
    fail("no participant", n, self.space.status);
  }
  for (; n < plan.operations; n++) {
    uint64_t dice = random_next(&self.random);
    uint64_t *handle = &self.held[(dice >> 56) % HELD];
    if (*handle == 0) {
      if ((dice >> 4 & 1) == 0) {
        refer(&self, handle, dice, n);
      } else {
        allocate(&self, handle, dice, n);
      }
    } else if ((dice >> 4 & 1) == 0) {
      atomic_store_explicit(&plan.control->mailboxes[(dice >> 8) % MAILBOXES], *handle,
                            memory_order_release);
    } else {
      check_and_release(&self, handle, n);
    }
    if (id == 0 && (dice >> 16) % 20000 == 0) {
      come_again(&self, n);
    }
    atomic_store_explicit(&self.count->done, n + 1, memory_order_relaxed);
    if (n % SPIN_ROUNDS == 0) {
      (void)alarm(WATCHDOG_SECONDS);
    }
  }
  for (int i = 0; i < HELD; i++) {
    if (self.held[i] != 0) {
      check_and_release(&self, &self.held[i], n);
    }
  }
  (void)sluice_participant_leave(&self.space);
}

/* ---- */

static void *run_thread(void *index) {
  work((uint32_t)(uintptr_t)index, 0);
  return NULL;
}

static void in_threads(void) {
  pthread_t threads[WORKERS_MAX];
  for (uintptr_t i = 0; i < plan.workers; i++) {
    if (pthread_create(&threads[i], NULL, run_thread, (void *)i) != 0) {
      fail("no thread", 0, 0);
    }
  }
  for (uint32_t i = 0; i < plan.workers; i++) {
    (void)pthread_join(threads[i], NULL);
  }
}

static pid_t start(uint32_t index, uint32_t id) {
  pid_t child = fork();
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    work(index, id);
    _exit(0);
  }
  if (child < 0) {
    fail("no process", 0, 0);
  }
  return child;
}

static void in_processes(void) {
  pid_t children[WORKERS_MAX];
  (void)alarm(0); /* each watches itself */
  for (uint32_t i = 0; i < plan.workers; i++) {
    children[i] = start(i, 0);
  }
  for (uint32_t i = 0; i < plan.workers; i++) {
    int status = 0;
    if (waitpid(children[i], &status, 0) != children[i] || status != 0) {
      fail("a worker's process failed", 0, status);
    }
  }
}

static void bury(sluice_space *space, uint32_t id) {
  int status = SLUICE_E_AGAIN;
  while (status == SLUICE_E_AGAIN) {
    status = sluice_participant_bury(space, id);
  }
  if (status != SLUICE_OK) {
    fail("bury failed", id, status);
  }
}

static uint64_t with_deaths(sluice_space *space) {
  pid_t children[WORKERS_MAX];
  uint64_t deaths = 0;
  uint64_t random = plan.seed;
  uint32_t left = plan.workers;
  for (uint32_t i = 0; i < plan.workers; i++) {
    plan.control->ids[i] = sluice_participant_reserve(space);
    children[i] = start(i, plan.control->ids[i]);
  }
  while (left != 0) {
    (void)alarm(WATCHDOG_SECONDS);
    uint64_t dice = random_next(&random);
    struct timespec time = {.tv_nsec = (long)(dice >> 32) % 3000000};
    (void)nanosleep(&time, NULL);
    uint32_t i = (uint32_t)dice % plan.workers;
    if (children[i] == 0) {
      continue;
    }
    int status = 0;
    (void)kill(children[i], SIGKILL);
    if (waitpid(children[i], &status, 0) != children[i] ||
        (status != 0 && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))) {
      fail("a worker's process failed", deaths, status);
    }
    bury(space, plan.control->ids[i]); /* does nothing if it had left */
    children[i] = 0;
    if (atomic_load(&plan.control->counts[i].done) >= plan.operations) {
      left--;
    } else {
      deaths++;
      plan.control->ids[i] = sluice_participant_reserve(space);
      children[i] = start(i, plan.control->ids[i]);
    }
  }
  return deaths;
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

static uint64_t sum_of(size_t member) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < plan.workers; i++) {
    sum += atomic_load((_Atomic uint64_t *)(void *)((char *)&plan.control->counts[i] + member));
  }
  return sum;
}

int main(int argc, char **argv) {
  const char *how = argc > 4 ? argv[4] : "threads";
  uint64_t deaths = 0;
  plan.workers = (uint32_t)number(argc, argv, 5, 4);
  if (plan.workers - 1 >= WORKERS_MAX) {
    fail("no such number of workers", plan.workers, 0);
  }
  plan.operations = number(argc, argv, 1, 4000000) / plan.workers;
  plan.seed = number(argc, argv, 2, 1);
  plan.bytes = (uint32_t)number(argc, argv, 3, 65536);
  plan.memory = shared(plan.bytes);
  plan.control = shared(sizeof *plan.control);
  sluice_space space;
  if (sluice_space_init(&space, plan.memory, plan.bytes) != SLUICE_OK ||
      sluice_participant_join(&space, 0) != SLUICE_OK) {
    fail("no space", 0, 0);
  }
  uint32_t base = sluice_space_used(&space);
  (void)alarm(WATCHDOG_SECONDS);
  struct timespec begin;
  struct timespec end;
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  if (strcmp(how, "deaths") == 0) {
    deaths = with_deaths(&space);
  } else if (strcmp(how, "processes") == 0) {
    in_processes();
  } else {
    in_threads();
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  if (sluice_space_used(&space) != base) {
    fail("blocks were leaked", sluice_space_used(&space), 0);
  }
  if (sluice_space_state(&space) != SLUICE_OK || sluice_participant_count(&space) != 1) {
    fail("the space is not as it was", 0, sluice_space_state(&space));
  }
  double seconds =
      (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
  (void)printf(
      "slab: %llu operations, %.2f seconds (%s, %u bytes; %llu blocks, %llu handles good, %llu "
      "stale,"
      " full %llu times, %llu deaths)\n",
      (unsigned long long)plan.operations * plan.workers, seconds, how, plan.bytes,
      (unsigned long long)sum_of(offsetof(worker_count, allocated)),
      (unsigned long long)sum_of(offsetof(worker_count, referred)),
      (unsigned long long)sum_of(offsetof(worker_count, refused)),
      (unsigned long long)sum_of(offsetof(worker_count, full)), (unsigned long long)deaths);
  return 0;
}
