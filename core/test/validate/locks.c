/* Validates the locks: mutex, condition variable, read-write lock, semaphore, barrier, event count,
 * once.
 *
 *   locks [count [seed [workers [processes]]]]
 *
 * For each of them a game that `workers` threads, or processes, play: `count` turns each, in every
 * way there is to lock and to wait, with random waiting times, by the library's means and by their
 * own. What is guarded is not atomic; everybody checks it in every turn. Prints one line; exits
 * with 1 at the first mismatch, and dies by SIGALRM when nothing moves for 30 seconds.
 *
 * A stream of turns hides a lost wake-up: the next unlock wakes the sleeper all the same. So a game
 * is played in matches of a few turns, and a match is over when everybody has come to its end:
 * whoever sleeps on then is woken by nobody. */
#include <pthread.h>
#include <sched.h>
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
#include "sluice/barrier.h"
#include "sluice/condvar.h"
#include "sluice/event.h"
#include "sluice/mutex.h"
#include "sluice/once.h"
#include "sluice/rwlock.h"
#include "sluice/semaphore.h"

enum { WATCHDOG_SECONDS = 30, MATCH = 16, WORKERS_MAX = 16, BUFFER = 3 };

static struct {
  uint64_t turns;
  uint64_t seed;
  uint32_t workers;
} plan;

/* In shared memory. What is not atomic is guarded by one of the locks. */
static struct shared {
  _Atomic uint64_t here; /* see meet */
  _Atomic uint64_t sleeps;

  _Alignas(SLUICE_ALIGN) sluice_mutex mutex;
  uint64_t first, second;
  _Atomic uint64_t locked;

  _Alignas(SLUICE_ALIGN) sluice_mutex buffer_mutex;
  _Alignas(SLUICE_ALIGN) sluice_condvar not_full, not_empty;
  uint64_t buffer[BUFFER];
  uint32_t filled;
  uint64_t put, put_sum, taken, taken_sum;

  _Alignas(SLUICE_ALIGN) sluice_rwlock rwlock;
  uint64_t left, right;
  _Atomic uint64_t written;
  _Atomic int32_t readers_in, writers_in;

  uint64_t things[WORKERS_MAX];
  _Atomic int32_t holders;

  _Alignas(SLUICE_ALIGN) sluice_barrier barrier;
  uint64_t cells[WORKERS_MAX];
  _Atomic uint64_t lasts;

  _Alignas(SLUICE_ALIGN) sluice_event event;
  _Atomic uint64_t tickets, collected;

  _Alignas(SLUICE_ALIGN) sluice_once once[MATCH];
  uint64_t made[MATCH];
} * shared;

static sluice_semaphore *semaphore;
static uint32_t permits;

typedef struct worker {
  uint32_t index;
  uint32_t owner;
  uint64_t random;
  uint64_t sleeps;
} worker;

static _Noreturn void fail(const char *what, long long have, long long want) {
  (void)fprintf(stderr, "locks: %s: %lld, not %lld (%u workers, seed %llu)\n", what, have, want,
                plan.workers, (unsigned long long)plan.seed);
  _exit(1);
}

static void expect(const char *what, uint64_t have, uint64_t want) {
  if (have != want) {
    fail(what, (long long)have, (long long)want);
  }
}

/* ---- chance ---- */

static uint64_t dice(worker *self) {
  uint64_t z = self->random += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static uint32_t below(worker *self, uint32_t limit) {
  return (uint32_t)(dice(self) >> 32) % limit;
}

/* Mostly some hundred nanoseconds; now and then others get to run, or to sleep. */
static void dawdle(worker *self) {
  uint32_t luck = below(self, 256);
  if (luck == 0) {
    struct timespec time = {.tv_nsec = 100000};
    (void)nanosleep(&time, NULL);
  } else if (luck < 8) {
    (void)sched_yield();
  }
  for (uint32_t i = below(self, 1 << below(self, 9)); i != 0; i--) {
    __asm__ volatile("");
  }
}

/* For ever, not at all, or a moment. */
static int64_t some_time(worker *self) {
  uint32_t luck = below(self, 8);
  return luck < 4 ? -1 : luck == 4 ? 0 : (int64_t)below(self, UINT32_C(1) << below(self, 18));
}

static void doze(worker *self, _Atomic uint32_t *word, uint32_t value) {
  self->sleeps++;
  (void)sluice_futex_wait(word, value, below(self, 4) == 0 ? (int64_t)below(self, 60000) : -1);
}

/* Everybody waits here for everybody, by no means of the library's. */
static void meet(worker *self) {
  uint64_t mine = atomic_fetch_add(&shared->here, 1);
  uint64_t all = (mine / plan.workers + 1) * plan.workers;
  while (atomic_load(&shared->here) < all) {
    (void)sched_yield();
  }
  if (self->index == 0) {
    (void)alarm(WATCHDOG_SECONDS);
  }
}

/* What a wait with a limit may answer besides. */
static int gave_up(const char *what, int status) {
  if (status != SLUICE_E_TIMEOUT && status != SLUICE_E_AGAIN && status != SLUICE_E_BUSY) {
    fail(what, status, SLUICE_OK);
  }
  return 0;
}

/* ---- the mutex: never two in it, and what one wrote the next sees ---- */

static int lock_by_own_means(worker *self, sluice_mutex *mutex) {
  int woken = 0;
  for (;;) {
    int status = woken ? sluice_mutex_trylock_woken(mutex, self->owner)
                       : sluice_mutex_trylock(mutex, self->owner);
    if (status != SLUICE_E_BUSY) {
      return status;
    }
    uint32_t value = sluice_mutex_sleep(mutex, self->owner);
    if (value != 0) {
      doze(self, &mutex->word, value);
      woken = 1;
      if (below(self, 16) == 0) { /* does not want it any more */
        sluice_mutex_pass(mutex);
        return SLUICE_E_TIMEOUT;
      }
    }
  }
}

static int lock_somehow(worker *self, sluice_mutex *mutex) {
  switch (below(self, 4)) {
    case 0:
      return lock_by_own_means(self, mutex);
    case 1:
      return sluice_mutex_trylock(mutex, self->owner);
    default:
      return sluice_mutex_lock(mutex, self->owner, some_time(self));
  }
}

static void lock_surely(worker *self, sluice_mutex *mutex) {
  int status = lock_somehow(self, mutex);
  while (status != SLUICE_OK) {
    (void)gave_up("locking", status);
    status = below(self, 2) != 0 ? sluice_mutex_lock(mutex, self->owner, -1)
                                 : lock_by_own_means(self, mutex);
  }
}

static void play_mutex(worker *self, uint64_t match) {
  (void)match;
  for (int turn = 0; turn < MATCH; turn++) {
    int status = lock_somehow(self, &shared->mutex);
    if (status == SLUICE_OK) {
      uint64_t count = shared->first++;
      dawdle(self);
      expect("what the mutex guards", shared->second++, count);
      atomic_fetch_add(&shared->locked, 1);
      expect("unlocking", (uint64_t)sluice_mutex_unlock(&shared->mutex, self->owner), SLUICE_OK);
    } else {
      (void)gave_up("locking", status);
    }
    dawdle(self);
  }
  meet(self);
  expect("turns with the mutex", shared->first, atomic_load(&shared->locked));
  meet(self);
}

/* ---- condition variables: a buffer of few places, everything put is taken once ---- */

static void wait_somehow(worker *self, sluice_condvar *condvar, sluice_mutex *mutex) {
  if (below(self, 3) == 0) {
    uint32_t value = sluice_condvar_sleep(condvar, mutex, self->owner);
    if (value == 0) {
      fail("no value to sleep on", 0, 1);
    }
    doze(self, &condvar->sequence, value);
    sluice_condvar_woken(condvar, self->owner);
    lock_surely(self, mutex);
    sluice_condvar_pass(condvar);
    return;
  }
  int status = sluice_condvar_wait(condvar, mutex, self->owner, some_time(self));
  if (status != SLUICE_OK) {
    (void)gave_up("waiting for a condition", status);
  }
}

static void signal_somehow(worker *self, sluice_condvar *condvar) {
  expect("signalling",
         (uint64_t)(below(self, 8) == 0 ? sluice_condvar_broadcast(condvar)
                                        : sluice_condvar_signal(condvar)),
         SLUICE_OK);
}

/* The even ones put MATCH values each, the odd ones take until all are taken. */
static void play_condvar(worker *self, uint64_t match) {
  uint64_t putters = (plan.workers + 1) / 2;
  uint64_t all = (match + 1) * putters * MATCH;
  if (plan.workers == 1) {
    return;
  }
  for (uint64_t turn = 0; self->index % 2 == 1 || turn < MATCH; turn++) {
    lock_surely(self, &shared->buffer_mutex);
    if (self->index % 2 == 0) {
      while (shared->filled == BUFFER) {
        wait_somehow(self, &shared->not_full, &shared->buffer_mutex);
      }
      uint64_t value = dice(self);
      shared->buffer[shared->filled++] = value;
      shared->put_sum += value;
      shared->put++;
    } else {
      while (shared->filled == 0 && shared->taken != all) {
        wait_somehow(self, &shared->not_empty, &shared->buffer_mutex);
      }
      if (shared->taken == all) {
        (void)sluice_mutex_unlock(&shared->buffer_mutex, self->owner);
        break;
      }
      shared->taken_sum += shared->buffer[--shared->filled];
      if (++shared->taken == all) {
        (void)sluice_condvar_broadcast(&shared->not_empty);
      }
    }
    sluice_condvar *other = self->index % 2 == 0 ? &shared->not_empty : &shared->not_full;
    int early = below(self, 2) != 0;
    if (early) {
      signal_somehow(self, other);
    }
    dawdle(self);
    expect("unlocking", (uint64_t)sluice_mutex_unlock(&shared->buffer_mutex, self->owner),
           SLUICE_OK);
    if (!early) {
      signal_somehow(self, other);
    }
    dawdle(self);
  }
  meet(self);
  expect("values taken", shared->taken, all);
  expect("values put", shared->put, all);
  expect("sum of the values taken", shared->taken_sum, shared->put_sum);
  meet(self);
}

/* ---- the read-write lock: writers alone, readers never see half of a write ---- */

static int lock_rw_by_own_means(worker *self, int writer) {
  sluice_rwlock *rwlock = &shared->rwlock;
  for (;;) {
    int status = writer ? sluice_rwlock_write_trylock(rwlock, self->owner)
                        : sluice_rwlock_read_trylock(rwlock, self->owner);
    if (status != SLUICE_E_BUSY) {
      return status;
    }
    uint32_t value = writer ? sluice_rwlock_write_sleep(rwlock, self->owner)
                            : sluice_rwlock_read_sleep(rwlock, self->owner);
    if (value != 0) {
      doze(self, writer ? &rwlock->writers : &rwlock->readers, value);
    }
    if (below(self, 16) == 0) {
      if (writer) {
        sluice_rwlock_write_cancel(rwlock, self->owner);
      }
      return SLUICE_E_TIMEOUT;
    }
  }
}

static int lock_rw_somehow(worker *self, int writer) {
  sluice_rwlock *rwlock = &shared->rwlock;
  switch (below(self, 4)) {
    case 0:
      return lock_rw_by_own_means(self, writer);
    case 1:
      return writer ? sluice_rwlock_write_trylock(rwlock, self->owner)
                    : sluice_rwlock_read_trylock(rwlock, self->owner);
    default:
      return writer ? sluice_rwlock_write_lock(rwlock, self->owner, some_time(self))
                    : sluice_rwlock_read_lock(rwlock, self->owner, some_time(self));
  }
}

static void play_rwlock(worker *self, uint64_t match) {
  (void)match;
  for (int turn = 0; turn < MATCH; turn++) {
    int writer = below(self, 4) == 0;
    int status = lock_rw_somehow(self, writer);
    if (status != SLUICE_OK) {
      (void)gave_up("locking for reading or writing", status);
    } else if (writer) {
      expect("writers", (uint64_t)atomic_fetch_add(&shared->writers_in, 1), 0);
      expect("readers beside a writer", (uint64_t)atomic_load(&shared->readers_in), 0);
      uint64_t count = shared->left++;
      dawdle(self);
      expect("what the lock guards", shared->right++, count);
      atomic_fetch_add(&shared->written, 1);
      expect("readers beside a writer", (uint64_t)atomic_load(&shared->readers_in), 0);
      atomic_fetch_sub(&shared->writers_in, 1);
      expect("unlocking", (uint64_t)sluice_rwlock_write_unlock(&shared->rwlock, self->owner),
             SLUICE_OK);
    } else {
      atomic_fetch_add(&shared->readers_in, 1);
      uint64_t count = shared->left;
      dawdle(self);
      expect("what a reader sees", shared->right, count);
      expect("writers beside a reader", (uint64_t)atomic_load(&shared->writers_in), 0);
      atomic_fetch_sub(&shared->readers_in, 1);
      expect("unlocking", (uint64_t)sluice_rwlock_read_unlock(&shared->rwlock, self->owner),
             SLUICE_OK);
    }
    dawdle(self);
  }
  meet(self);
  expect("turns of writers", shared->left, atomic_load(&shared->written));
  meet(self);
}

/* ---- the semaphore: each permit has one holder, and there are never too many ---- */

static int acquire_somehow(worker *self) {
  switch (below(self, 4)) {
    case 0:
      for (;;) {
        int index = sluice_semaphore_try(semaphore, permits, self->owner);
        uint32_t value =
            index == SLUICE_E_BUSY ? sluice_semaphore_sleep(semaphore, permits) : UINT32_C(0);
        if (value != 0) {
          doze(self, &semaphore->released, value);
          if (below(self, 16) == 0) {
            sluice_semaphore_pass(semaphore);
            return SLUICE_E_TIMEOUT;
          }
        }
        if (index != SLUICE_E_BUSY) {
          return index;
        }
      }
    case 1:
      return sluice_semaphore_try(semaphore, permits, self->owner);
    default:
      return sluice_semaphore_acquire(semaphore, permits, self->owner, some_time(self));
  }
}

static void play_semaphore(worker *self, uint64_t match) {
  (void)match;
  for (int turn = 0; turn < MATCH; turn++) {
    int index = acquire_somehow(self);
    if (index < 0) {
      (void)gave_up("acquiring", index);
    } else {
      if ((uint32_t)index >= permits || atomic_fetch_add(&shared->holders, 1) >= (int32_t)permits) {
        fail("too many permits", index, permits);
      }
      expect("a permit's holder before", shared->things[index], 0);
      shared->things[index] = self->owner;
      dawdle(self);
      expect("a permit's holder", shared->things[index], self->owner);
      shared->things[index] = 0;
      atomic_fetch_sub(&shared->holders, 1);
      expect("releasing",
             (uint64_t)sluice_semaphore_release(semaphore, permits, self->owner, (uint32_t)index),
             SLUICE_OK);
    }
    dawdle(self);
  }
  meet(self);
}

/* ---- the barrier: nobody is ahead, nobody is behind, one was the last ---- */

static int pass_barrier(worker *self) {
  for (;;) {
    int status = 0;
    if (below(self, 3) == 0) {
      int ticket = sluice_barrier_arrive(&shared->barrier, self->owner);
      while (ticket >= 0 &&
             (status = sluice_barrier_poll(&shared->barrier, ticket)) == SLUICE_E_BUSY) {
        uint32_t value = sluice_barrier_sleep(&shared->barrier, ticket);
        if (value != 0) {
          doze(self, &shared->barrier.passed, value);
        }
        if (below(self, 8) == 0) {
          status = sluice_barrier_withdraw(&shared->barrier, self->owner, ticket);
          if (status == SLUICE_OK) {
            status = SLUICE_E_TIMEOUT;
            break;
          }
        }
      }
      status = ticket < 0 ? ticket : status;
    } else {
      status = sluice_barrier_wait(&shared->barrier, self->owner, some_time(self));
    }
    if (status >= 0) {
      return status;
    }
    (void)gave_up("waiting at the barrier", status == SLUICE_E_BUSY ? -100 : status);
    dawdle(self);
  }
}

static void play_barrier(worker *self, uint64_t match) {
  for (uint64_t turn = match * MATCH / 4 + 1; turn <= (match + 1) * MATCH / 4; turn++) {
    shared->cells[self->index] = turn;
    dawdle(self);
    if (pass_barrier(self) == 0) {
      atomic_fetch_add(&shared->lasts, 1);
    }
    for (uint32_t i = 0; i < plan.workers; i++) {
      expect("another's phase", shared->cells[i], turn);
    }
    (void)pass_barrier(self);
    expect("how many were the last", atomic_load(&shared->lasts), turn);
  }
  meet(self);
}

/* ---- the event count: as many tickets are collected as were given out ---- */

static int collect(void) {
  uint64_t tickets = atomic_load(&shared->tickets);
  while (tickets != 0) {
    if (atomic_compare_exchange_weak(&shared->tickets, &tickets, tickets - 1)) {
      return 1;
    }
  }
  return 0;
}

static void play_event(worker *self, uint64_t match) {
  uint64_t givers = (plan.workers + 1) / 2;
  uint64_t all = (match + 1) * givers * MATCH;
  sluice_event *event = &shared->event;
  if (plan.workers == 1) {
    return;
  }
  for (int turn = 0; self->index % 2 == 0 && turn < MATCH; turn++) {
    atomic_fetch_add(&shared->tickets, 1);
    expect("notifying",
           (uint64_t)(below(self, 8) == 0 ? sluice_event_notify_all(event)
                                          : sluice_event_notify_one(event)),
           SLUICE_OK);
    dawdle(self);
  }
  while (self->index % 2 == 1 && atomic_load(&shared->collected) != all) {
    if (collect()) {
      if (atomic_fetch_add(&shared->collected, 1) + 1 == all) {
        (void)sluice_event_notify_all(event);
      }
      dawdle(self);
      continue;
    }
    uint32_t key = sluice_event_key(event);
    if (atomic_load(&shared->tickets) == 0 && atomic_load(&shared->collected) != all) {
      if (below(self, 2) == 0) {
        doze(self, &event->count, key);
      } else {
        int status = sluice_event_wait(event, key, some_time(self));
        if (status != SLUICE_OK) {
          (void)gave_up("waiting for an event", status);
        }
      }
    }
  }
  meet(self);
  expect("tickets collected", atomic_load(&shared->collected), all);
  expect("tickets left", atomic_load(&shared->tickets), 0);
  meet(self);
}

/* ---- once: done exactly once, and seen by all ---- */

static void play_once(worker *self, uint64_t match) {
  (void)match;
  for (int turn = 0; turn < MATCH; turn++) {
    sluice_once *once = &shared->once[turn];
    int status = 0;
    while ((status = sluice_once_begin(once, self->owner, some_time(self))) != SLUICE_ONCE_DONE) {
      if (status < 0) {
        (void)gave_up("beginning", status == SLUICE_E_BUSY ? -100 : status);
        uint32_t value = sluice_once_sleep(once, self->owner);
        if (value != 0) {
          doze(self, &once->word, value);
        }
        continue;
      }
      expect("how to begin", (uint64_t)status, SLUICE_ONCE_RUN);
      dawdle(self);
      if (below(self, 4) == 0) {
        expect("cancelling", (uint64_t)sluice_once_cancel(once, self->owner), SLUICE_OK);
      } else {
        shared->made[turn]++;
        expect("ending", (uint64_t)sluice_once_done(once, self->owner), SLUICE_OK);
      }
    }
    expect("how often it was done", shared->made[turn], 1);
  }
  meet(self);
  for (int turn = 0; self->index == 0 && turn < MATCH; turn++) {
    atomic_store(&shared->once[turn].word, 0);
    shared->made[turn] = 0;
  }
  meet(self);
}

/* ---- */

static void *play(void *argument) {
  worker *self = argument;
  for (uint64_t match = 0; match < (plan.turns + MATCH - 1) / MATCH; match++) {
    play_mutex(self, match);
    play_condvar(self, match);
    play_rwlock(self, match);
    play_semaphore(self, match);
    play_barrier(self, match);
    play_event(self, match);
    play_once(self, match);
  }
  atomic_fetch_add(&shared->sleeps, self->sleeps);
  return NULL;
}

static worker workers[WORKERS_MAX];

static void in_threads(void) {
  pthread_t threads[WORKERS_MAX];
  for (uint32_t i = 1; i < plan.workers; i++) {
    if (pthread_create(&threads[i], NULL, play, &workers[i]) != 0) {
      fail("no thread", i, 0);
    }
  }
  (void)play(&workers[0]);
  for (uint32_t i = 1; i < plan.workers; i++) {
    (void)pthread_join(threads[i], NULL);
  }
}

static void in_processes(void) {
  for (uint32_t i = 1; i < plan.workers; i++) {
    pid_t child = fork();
    if (child < 0) {
      fail("no process", i, 0);
    }
    if (child == 0) {
      (void)alarm(0); /* the first one watches; should it go, all go with it */
      (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
      (void)play(&workers[i]);
      _exit(0);
    }
  }
  (void)play(&workers[0]);
  for (uint32_t i = 1; i < plan.workers; i++) {
    int status = 0;
    if (wait(&status) < 0 || status != 0) {
      fail("a process failed", status, 0);
    }
  }
}

static uint64_t number(int argc, char **argv, int index, uint64_t otherwise) {
  return argc > index ? strtoull(argv[index], NULL, 10) : otherwise;
}

static void make(void) {
  int status = sluice_mutex_init(&shared->mutex) | sluice_mutex_init(&shared->buffer_mutex) |
               sluice_condvar_init(&shared->not_full) | sluice_condvar_init(&shared->not_empty) |
               sluice_rwlock_init(&shared->rwlock) | sluice_event_init(&shared->event) |
               sluice_barrier_init(&shared->barrier, plan.workers) |
               sluice_semaphore_init(semaphore, permits);
  for (int i = 0; i < MATCH; i++) {
    status |= sluice_once_init(&shared->once[i]);
  }
  expect("initializing", (uint64_t)status, SLUICE_OK);
}

int main(int argc, char **argv) {
  int processes = argc > 4 && strcmp(argv[4], "processes") == 0;
  plan.turns = number(argc, argv, 1, 10000);
  plan.seed = number(argc, argv, 2, 1);
  plan.workers = (uint32_t)number(argc, argv, 3, 3);
  if (plan.workers == 0 || plan.workers > WORKERS_MAX) {
    fail("workers", plan.workers, WORKERS_MAX);
  }
  permits = 1 + plan.workers / 4;
  size_t bytes = (sizeof *shared + SLUICE_ALIGN - 1) / SLUICE_ALIGN * SLUICE_ALIGN;
  void *at = mmap(NULL, bytes + sluice_semaphore_bytes(permits), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    fail("no memory", 0, 0);
  }
  shared = at;
  semaphore = (sluice_semaphore *)(void *)((char *)at + bytes);
  make();
  for (uint32_t i = 0; i < plan.workers; i++) {
    workers[i] =
        (worker){.index = i, .owner = 1 << 8 | (i + 1), .random = plan.seed * 1000003 + i * 7919};
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
  (void)printf("locks: %llu turns of %u at each of 7, %.2f seconds (%s, slept %llu times)\n",
               (unsigned long long)plan.turns, plan.workers, seconds,
               processes ? "processes" : "threads",
               (unsigned long long)atomic_load(&shared->sleeps));
  return 0;
}
