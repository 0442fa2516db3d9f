/* Mutex, rwlock, semaphore, barrier, once, condition variable and event: each with a time of 0, or
 * by the forms for those who sleep by their own means. */
#include "fuzz.h"

#include "sluice/barrier.h"
#include "sluice/condvar.h"
#include "sluice/event.h"
#include "sluice/once.h"
#include "sluice/rwlock.h"
#include "sluice/semaphore.h"

enum { PERMITS = 4, PARTIES = 2 };

static sluice_mutex *mutex;
static sluice_rwlock *rwlock;
static sluice_semaphore *semaphore;
static sluice_barrier *barrier;
static sluice_once *once;
static sluice_condvar *condvar;
static sluice_event *event;
static int tickets[2];

void fuzz_begin(void) {
  sluice_space *space = &fuzz_self;
  uint32_t first = sluice_mutex_open(space, "m", 1);
  mutex = sluice_at(space, first);
  rwlock = sluice_at(space, sluice_rwlock_open(space, "r", 1));
  semaphore = sluice_at(space, sluice_semaphore_open(space, "s", 1, PERMITS));
  barrier = sluice_at(space, sluice_barrier_open(space, "b", 1, PARTIES));
  once = sluice_at(space, sluice_once_open(space, "o", 1));
  condvar = sluice_at(space, sluice_condvar_open(space, "c", 1));
  uint32_t last = sluice_event_open(space, "e", 1);
  event = sluice_at(space, last);
  fuzz_hot(first, last + (uint32_t)sizeof(sluice_event) - first);
  memset(tickets, 0, sizeof tickets);
}

static void use_mutex(uint32_t owner, uint32_t how) {
  switch (how % 6) {
    case 0:
      fuzz_status(sluice_mutex_lock(mutex, owner, 0));
      break;
    case 1:
      fuzz_status(sluice_mutex_trylock(mutex, owner));
      break;
    case 2:
      fuzz_status(sluice_mutex_unlock(mutex, owner));
      break;
    case 3:
      (void)sluice_mutex_sleep(mutex, owner);
      break;
    case 4:
      fuzz_status(sluice_mutex_trylock_woken(mutex, owner));
      break;
    default:
      sluice_mutex_pass(mutex);
      break;
  }
}

static void use_rwlock(uint32_t owner, uint32_t how) {
  switch (how % 9) {
    case 0:
      fuzz_status(sluice_rwlock_read_lock(rwlock, owner, 0));
      break;
    case 1:
      fuzz_status(sluice_rwlock_write_lock(rwlock, owner, 0));
      break;
    case 2:
      fuzz_status(sluice_rwlock_read_trylock(rwlock, owner));
      break;
    case 3:
      fuzz_status(sluice_rwlock_write_trylock(rwlock, owner));
      break;
    case 4:
      fuzz_status(sluice_rwlock_read_unlock(rwlock, owner));
      break;
    case 5:
      fuzz_status(sluice_rwlock_write_unlock(rwlock, owner));
      break;
    case 6:
      (void)sluice_rwlock_read_sleep(rwlock, owner);
      break;
    case 7:
      (void)sluice_rwlock_write_sleep(rwlock, owner);
      break;
    default:
      sluice_rwlock_write_cancel(rwlock, owner);
      break;
  }
}

static void use_semaphore(uint32_t owner, uint32_t how) {
  int permit = 0;
  switch (how % 5) {
    case 0:
      permit = sluice_semaphore_acquire(semaphore, PERMITS, owner, 0);
      break;
    case 1:
      permit = sluice_semaphore_try(semaphore, PERMITS, owner);
      break;
    case 2:
      fuzz_status(sluice_semaphore_release(semaphore, PERMITS, owner, fuzz_size()));
      break;
    case 3:
      fuzz_status(sluice_semaphore_release(semaphore, PERMITS, owner, fuzz_byte() % PERMITS));
      break;
    default:
      (void)sluice_semaphore_sleep(semaphore, PERMITS);
      sluice_semaphore_pass(semaphore);
      break;
  }
  fuzz_status(permit);
  if (permit >= PERMITS) {
    abort();
  }
}

static void use_barrier(uint32_t owner, uint32_t how, int *ticket) {
  switch (how % 6) {
    case 0:
      fuzz_status(sluice_barrier_wait(barrier, owner, 0));
      break;
    case 1:
      fuzz_status(sluice_barrier_leave(barrier, owner));
      break;
    case 2:
      *ticket = sluice_barrier_arrive(barrier, owner);
      fuzz_status(*ticket);
      break;
    case 3:
      fuzz_status(sluice_barrier_poll(barrier, *ticket));
      break;
    case 4:
      (void)sluice_barrier_sleep(barrier, *ticket);
      break;
    default:
      fuzz_status(sluice_barrier_withdraw(barrier, owner, *ticket));
      break;
  }
}

static void use_once(uint32_t owner, uint32_t how) {
  switch (how % 4) {
    case 0:
      fuzz_status(sluice_once_begin(once, owner, 0));
      break;
    case 1:
      fuzz_status(sluice_once_done(once, owner));
      break;
    case 2:
      fuzz_status(sluice_once_cancel(once, owner));
      break;
    default:
      (void)sluice_once_sleep(once, owner);
      break;
  }
}

/* Not sluice_condvar_wait: that waits for the mutex, whatever its time. */
static void use_condvar(uint32_t owner, uint32_t how) {
  switch (how % 5) {
    case 0:
      (void)sluice_condvar_sleep(condvar, mutex, owner);
      break;
    case 1:
      sluice_condvar_woken(condvar, owner);
      break;
    case 2:
      sluice_condvar_pass(condvar);
      break;
    case 3:
      fuzz_status(sluice_condvar_signal(condvar));
      break;
    default:
      fuzz_status(sluice_condvar_broadcast(condvar));
      break;
  }
}

static void use_event(uint32_t how) {
  switch (how % 3) {
    case 0:
      fuzz_status(sluice_event_wait(event, sluice_event_key(event), 0));
      break;
    case 1:
      fuzz_status(sluice_event_notify_one(event));
      break;
    default:
      fuzz_status(sluice_event_notify_all(event));
      break;
  }
}

void fuzz_step(uint32_t choice) {
  uint32_t which = choice >> 7;
  uint32_t owner = (which != 0 ? &fuzz_peer : &fuzz_self)->participant;
  uint32_t how = fuzz_byte();
  if (how >= 250) {
    owner = fuzz_word();
  }
  switch (choice % 8) {
    case 0:
      use_mutex(owner, how);
      break;
    case 1:
      use_rwlock(owner, how);
      break;
    case 2:
      use_semaphore(owner, how);
      break;
    case 3:
      use_barrier(owner, how, &tickets[which]);
      break;
    case 4:
      use_once(owner, how);
      break;
    case 5:
      use_condvar(owner, how);
      break;
    case 6:
      use_event(how);
      break;
    default:
      fuzz_bury();
      break;
  }
}
