/* Validates the cell under load: writers that mix all ways of writing, readers that mix all ways of
 * reading and waiting.
 *
 *   cell [writes [seed [capacity [flavour [mode [writers [readers]]]]]]]
 *
 * `flavour`: 0 two slots, 1 a seqlock. `mode`: threads; `processes`; or `deaths`: processes, of
 * which one is killed every few milliseconds, buried and replaced. 1 or 2 writers, 1 or 2 readers.
 * Prints one line; exits with 1 at the first mismatch, and dies by SIGALRM when nothing moves for
 * 30 seconds (a lost wake-up).
 *
 * A value is {key, count, filler}: all of it, and its length, follow from the key, so that a
 * mixture of two shows. `count` is the version that the writer expects the value to get, where it
 * knows it (replace, or in place), so that a lost update shows; else 0. No reader sees versions go
 * back, and at the end the version is the number of writes. */
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
#include "kinds.h"
#include "sluice/cell.h"

enum {
  WATCHDOG_SECONDS = 30,
  WATCHDOG_ROUNDS = 1 << 12,
  WRITERS_MAX = 2,
  READERS_MAX = 2,
  LEAST = 16
};

enum { THREADS, PROCESSES, DEATHS };

static struct {
  int mode;
  sluice_cell *cell;
  uint64_t writes;
  uint64_t seed;
  uint32_t capacity;
  uint32_t flags;
  uint32_t writers;
  uint32_t readers;
} plan;

/* Beside the cell, in shared memory. */
static struct figures {
  _Atomic uint64_t reads;
  _Atomic uint64_t again;
  _Atomic uint64_t refused; /* by replace */
  _Atomic uint64_t lost;    /* reads that found the value dead with its writer */
  _Atomic uint64_t written[WRITERS_MAX];
  _Atomic uint32_t ids[WRITERS_MAX + READERS_MAX];
} * figures;

/* SplitMix64's mixer (Steele, Lea and Flood, 2014). */
static inline uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline uint64_t random_next(uint64_t *state) {
  return mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static uint32_t length_of(uint64_t key) {
  return LEAST + (uint32_t)(key >> 8) % (plan.capacity - LEAST + 1);
}

static uint64_t word_of(uint64_t key, uint32_t at) {
  return (key + at) * UINT64_C(0xd1342543de82ef95);
}

/* Returns the value's length. */
static uint32_t fill(unsigned char *value, uint64_t key, uint64_t count) {
  uint32_t length = length_of(key);
  memcpy(value, &key, 8);
  memcpy(value + 8, &count, 8);
  for (uint32_t at = 16; at < length; at += 8) {
    uint64_t word = word_of(key, at);
    memcpy(value + at, &word, length - at < 8 ? length - at : 8);
  }
  return length;
}

static _Noreturn void fail(const char *what, uint64_t n, int status) {
  (void)fprintf(
      stderr, "cell: %s at version %llu (status %d, capacity %u, flavour %u, seed %llu)\n", what,
      (unsigned long long)n, status, plan.capacity, plan.flags, (unsigned long long)plan.seed);
  _exit(1);
}

static void check(const unsigned char *value, uint32_t length, uint64_t version) {
  uint64_t key = 0;
  uint64_t count = 0;
  memcpy(&key, value, 8);
  memcpy(&count, value + 8, 8);
  if (length != length_of(key)) {
    fail("a length of another value", version, (int)length);
  }
  for (uint32_t at = 16; at < length; at += 8) {
    uint64_t word = word_of(key, at);
    if (memcmp(value + at, &word, length - at < 8 ? length - at : 8) != 0) {
      fail("a torn value", version, (int)at);
    }
  }
  if (count != 0 && count != version) {
    fail("a lost update", version, (int)count);
  }
}

static void pause_now_and_then(uint64_t dice) {
  if (dice % 4096 == 0) {
    struct timespec time = {.tv_nsec = 20000};
    (void)nanosleep(&time, NULL);
  }
}

static void attach(sluice_cell_view *view, uint32_t owner) {
  if (sluice_cell_attach(view, plan.cell, plan.capacity, plan.flags, owner) != SLUICE_OK) {
    fail("no view", 0, 0);
  }
}

/* ---- the writers ---- */

/* Waits for the turn to write, each time by one of the ways there are. */
static int64_t patience(sluice_cell_view *view, uint64_t dice, int status) {
  if (status != SLUICE_E_BUSY) {
    return -1;
  }
  if (dice % 2 == 0) {
    uint32_t key = sluice_cell_turn_sleep(view);
    if (key != 0) {
      (void)sluice_futex_wait(&plan.cell->lock, key, (int64_t)(dice >> 40) % 30000);
    }
    if (dice % 4 == 0) {
      sluice_cell_turn_pass(view);
    }
  }
  return dice % 8 < 4 ? 0 : (int64_t)(dice >> 40) % 30000;
}

/* One write, by one of the ways there are. */
static int write_once(sluice_cell_view *view, unsigned char *value, uint64_t dice,
                      int64_t timeout) {
  uint64_t key = mix(dice);
  uint32_t length = 0;
  uint64_t version = sluice_cell_version(view);
  switch (dice % 4) {
    case 0:
      length = fill(value, key, 0);
      return sluice_cell_write(view, value, length, timeout);
    case 1: /* in place, or given up */
      if (plan.flags == 0 && sluice_cell_begin(view, timeout) != NULL) {
        version = sluice_cell_version(view);
        length = fill(value, key, version + 1);
        uint32_t half = length / 2 & ~UINT32_C(7);
        if (sluice_cell_fill(view, half, value + half, length - half) != SLUICE_OK ||
            sluice_cell_fill(view, 0, value, half) != SLUICE_OK) {
          fail("fill failed", version, 0);
        }
        if (dice >> 60 == 0) {
          (void)sluice_cell_abandon(view);
          return SLUICE_E_MISMATCH;
        }
        return sluice_cell_publish(view, length);
      }
      return plan.flags == 0 ? view->status : SLUICE_E_MISMATCH;
    default:
      length = fill(value, key, version + 1);
      return sluice_cell_replace(view, version, value, length, timeout);
  }
}

static void *write_all(void *argument) {
  sluice_cell_view view;
  uintptr_t number = (uintptr_t)argument;
  uint32_t id = atomic_load(&figures->ids[number]);
  uint64_t random = plan.seed ^ (uint64_t)id << 32;
  unsigned char *value = malloc(plan.capacity + 8);
  uint64_t refused = 0;
  attach(&view, id);
  for (uint64_t n = figures->written[number]; value != NULL && n < plan.writes / plan.writers;) {
    uint64_t dice = random_next(&random);
    int64_t timeout = 0;
    int status = SLUICE_E_BUSY;
    while ((status = write_once(&view, value, dice, timeout)) == SLUICE_E_BUSY ||
           status == SLUICE_E_TIMEOUT || (status == SLUICE_E_AGAIN && timeout > 0)) {
      dice = random_next(&random);
      timeout = patience(&view, dice, status);
    }
    if (status == SLUICE_OK) {
      atomic_store(&figures->written[number], ++n);
      if (n % WATCHDOG_ROUNDS == 0) {
        (void)alarm(WATCHDOG_SECONDS);
      }
    } else if (status == SLUICE_E_MISMATCH) {
      refused++;
    } else {
      fail("write failed", n, status);
    }
    pause_now_and_then(dice >> 16);
  }
  sluice_cell_turn_pass(&view);
  atomic_fetch_add(&figures->refused, refused);
  free(value);
  return NULL;
}

/* ---- the readers ---- */

/* SLUICE_E_CLOSED when the writers have ended. */
static int wait_for_change(const sluice_cell_view *view, uint64_t since, uint64_t dice) {
  int status = SLUICE_OK;
  if (dice % 4 == 0) {
    status = sluice_cell_wait(view, since, (int64_t)(dice >> 8) % 30000);
  } else if (dice % 4 == 1) {
    uint32_t key = sluice_cell_sleep(view, since);
    if (key != 0) {
      (void)sluice_futex_wait(&plan.cell->changed, key, -1);
    }
  } else {
    status = sluice_cell_wait(view, since, -1);
    if (status == SLUICE_OK && sluice_cell_version(view) == since) {
      fail("woken for nothing new", since, 0);
    }
  }
  int early = status == SLUICE_E_AGAIN && dice % 4 == 0; /* in WebAssembly: there is no clock */
  if (status != SLUICE_OK && status != SLUICE_E_TIMEOUT && status != SLUICE_E_CLOSED && !early) {
    fail("waiting failed", since, status);
  }
  return status;
}

static void *read_all(void *argument) {
  sluice_cell_view view;
  uint64_t random = plan.seed ^ (uint64_t)atomic_load(&figures->ids[(uintptr_t)argument]) << 40;
  unsigned char *value = malloc(plan.capacity);
  uint64_t reads = 0;
  uint64_t again = 0;
  uint64_t last = 0;
  attach(&view, 0);
  int closed = 0;
  while (value != NULL &&
         (plan.mode == DEATHS ? !closed : last != plan.writes / plan.writers * plan.writers)) {
    uint64_t dice = random_next(&random);
    uint32_t length = 0;
    uint64_t version = 0;
    if (dice % 2 == 0) {
      closed = wait_for_change(&view, last, dice >> 1) == SLUICE_E_CLOSED;
    }
    int status = sluice_cell_read(&view, value, plan.capacity, &length, &version);
    if (status == SLUICE_OK) {
      check(value, length, version);
      if (version < last) {
        fail("versions went back", version, (int)last);
      }
      last = version;
      reads++;
    } else if (status == SLUICE_E_AGAIN) {
      again++;
    } else if (status == SLUICE_E_OWNER_DIED && plan.flags != 0 && plan.mode == DEATHS) {
      atomic_fetch_add(&figures->lost, 1);
    } else if (status != SLUICE_E_EMPTY || last != 0) {
      fail("read failed", last, status);
    }
    pause_now_and_then(dice >> 16);
  }
  atomic_fetch_add(&figures->reads, reads);
  atomic_fetch_add(&figures->again, again);
  free(value);
  return NULL;
}

/* ---- */

static void *play(void *argument) {
  return (uintptr_t)argument < plan.writers ? write_all(argument) : read_all(argument);
}

static void in_threads(void) {
  pthread_t threads[WRITERS_MAX + READERS_MAX];
  for (uintptr_t i = 0; i < plan.writers + plan.readers; i++) {
    figures->ids[i] = 1 << 8 | (uint32_t)(i + 1);
    if (pthread_create(&threads[i], NULL, play, (void *)i) != 0) {
      fail("no thread", 0, 0);
    }
  }
  for (uint32_t i = 0; i < plan.writers + plan.readers; i++) {
    (void)pthread_join(threads[i], NULL);
  }
}

/* Each incarnation has an id of its own. */
static pid_t fork_one(uintptr_t index) {
  uint32_t generation = figures->ids[index] >> 8;
  figures->ids[index] = (generation + 1) << 8 | (uint32_t)(index + 1);
  pid_t child = fork();
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)play((void *)index);
    _exit(0);
  }
  if (child < 0) {
    fail("no process", index, 0);
  }
  return child;
}

static uint64_t deaths;

/* Kills one now and then, and puts another in its place; until the writers have ended. */
static void in_processes(void) {
  pid_t children[WRITERS_MAX + READERS_MAX];
  uint32_t writers = plan.writers;
  uint32_t left = plan.writers + plan.readers;
  uint64_t random = plan.seed;
  uint64_t before = 0;
  for (uint32_t i = 0; i < plan.writers + plan.readers; i++) {
    children[i] = fork_one(i);
  }
  while (left != 0) {
    struct timespec time = {.tv_nsec = (long)(random_next(&random) % 2000000)};
    (void)nanosleep(&time, NULL);
    if (atomic_load(&plan.cell->version) != before) {
      before = atomic_load(&plan.cell->version);
      (void)alarm(WATCHDOG_SECONDS);
    }
    if (plan.mode == DEATHS && writers == plan.writers) {
      (void)kill(children[random_next(&random) % (plan.writers + plan.readers)], SIGKILL);
    }
    int status = 0;
    pid_t gone = waitpid(-1, &status, writers == 0 ? 0 : WNOHANG);
    for (uint32_t i = 0; gone > 0 && i < plan.writers + plan.readers; i++) {
      if (children[i] != gone) {
        continue;
      }
      if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        deaths++;
        while (sluice_cell_recover(NULL, plan.cell, figures->ids[i]) == SLUICE_E_AGAIN) {
        }
        children[i] = fork_one(i);
      } else if (status != 0) {
        fail("a process failed", i, status);
      } else {
        left--;
        writers -= i < plan.writers;
        if (writers == 0 && plan.mode == DEATHS) {
          (void)sluice_cell_shut(plan.cell); /* sends the readers home */
        }
      }
    }
  }
}

static uint64_t number(int argc, char **argv, int index, uint64_t otherwise) {
  return argc > index ? strtoull(argv[index], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
  const char *mode = argc > 5 ? argv[5] : "threads";
  plan.mode = strcmp(mode, "deaths") == 0      ? DEATHS
              : strcmp(mode, "processes") == 0 ? PROCESSES
                                               : THREADS;
  plan.writes = number(argc, argv, 1, 1000000);
  plan.seed = number(argc, argv, 2, 1);
  plan.capacity = (uint32_t)number(argc, argv, 3, 256);
  plan.flags = (uint32_t)number(argc, argv, 4, 0);
  plan.writers = (uint32_t)number(argc, argv, 6, WRITERS_MAX);
  plan.readers = (uint32_t)number(argc, argv, 7, READERS_MAX);
  if (plan.writers - 1 >= WRITERS_MAX || plan.readers - 1 >= READERS_MAX) {
    fail("1 or 2 writers and readers", 0, 0);
  }
  uint32_t bytes = sluice_cell_bytes(plan.capacity, plan.flags);
  if (bytes == 0 || plan.capacity < LEAST) {
    fail("no such cell", 0, 0);
  }
  void *at = mmap(NULL, bytes + sizeof *figures + 8, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  plan.cell = at;
  if (at == MAP_FAILED || sluice_cell_init(at, plan.capacity, plan.flags) != SLUICE_OK) {
    fail("no cell", 0, 0);
  }
  figures = (void *)((unsigned char *)at + bytes);
  (void)alarm(WATCHDOG_SECONDS);
  struct timespec begin;
  struct timespec end;
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  if (plan.mode != THREADS) {
    in_processes();
  } else {
    in_threads();
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  sluice_cell_view view;
  attach(&view, 0);
  uint64_t version = sluice_cell_version(&view);
  if (version < plan.writes / plan.writers * plan.writers ||
      version > plan.writes / plan.writers * plan.writers + deaths) {
    fail("a write was lost, or one too many", version, 0);
  }
  double seconds =
      (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
  (void)printf(
      "cell: %llu writes, %llu reads, %.2f seconds (capacity %u, %s, %s, refused %llu, again %llu, "
      "lost "
      "%llu, deaths %llu)\n",
      (unsigned long long)plan.writes, (unsigned long long)figures->reads, seconds, plan.capacity,
      plan.flags == 0 ? "two slots" : "seqlock", mode, (unsigned long long)figures->refused,
      (unsigned long long)figures->again, (unsigned long long)figures->lost,
      (unsigned long long)deaths);
  return 0;
}
