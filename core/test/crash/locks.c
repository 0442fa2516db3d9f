/* Somebody dies while it locks, unlocks, waits or wakes; somebody else sleeps on the same lock
 * meanwhile, and has to get through. */
#include <pthread.h>
#include <sched.h>

#include "crash.h"
#include "sluice/barrier.h"
#include "sluice/condvar.h"
#include "sluice/event.h"
#include "sluice/mutex.h"
#include "sluice/once.h"
#include "sluice/rwlock.h"
#include "sluice/semaphore.h"

enum { PERMITS = 3, MOMENT = 1000000 };

typedef struct locks {
  sluice_mutex *mutex;
  sluice_condvar *condvar;
  sluice_rwlock *rwlock;
  sluice_semaphore *semaphore;
  sluice_barrier *barrier;
  sluice_event *event;
  sluice_once *once;
} locks;

static locks open_all(sluice_space *space) {
  locks all = {.mutex = sluice_at(space, sluice_mutex_open(space, "m", 1)),
               .condvar = sluice_at(space, sluice_condvar_open(space, "c", 1)),
               .rwlock = sluice_at(space, sluice_rwlock_open(space, "r", 1)),
               .semaphore = sluice_at(space, sluice_semaphore_open(space, "s", 1, PERMITS)),
               .barrier = sluice_at(space, sluice_barrier_open(space, "b", 1, 2)),
               .event = sluice_at(space, sluice_event_open(space, "e", 1)),
               .once = sluice_at(space, sluice_once_open(space, "o", 1))};
  return all;
}

static void clean(sluice_space *space, crash_log *log) {
  (void)log;
  for (const char *name = "mcrsbeo"; *name != 0; name++) {
    uint32_t offset = sluice_directory_find(space, name, 1);
    CRASH_TRUE(offset != 0);
    CRASH_EQUAL(sluice_object_close(space, offset), SLUICE_OK);
    CRASH_EQUAL(sluice_directory_remove(space, name, 1), SLUICE_OK);
  }
}

static int died_in(const char *object) {
  return strncmp(crash_step(), object, strlen(object)) == 0 ||
         strncmp(crash_step(), "lock.", 5) == 0;
}

/* ---- the bystander: a thread of the survivor's process, which lives, by an id that nobody else
 * has ---- */

enum { BYSTANDER = 1 << 8 | 40 };

static struct {
  locks all;
  crash_log *log;
  pthread_t thread;
  int (*call)(const locks *, uint32_t);
  int at_once;
} bystander;

static void until_begun(crash_log *log) {
  while (atomic_load(&log->begun) == 0) {
    (void)sched_yield();
  }
}

static void *stand_by(void *argument) {
  (void)argument;
  if (!bystander.at_once) {
    until_begun(bystander.log);
  }
  return (void *)(intptr_t)bystander.call(&bystander.all, BYSTANDER);
}

static void put_by(sluice_space *space, crash_log *log, int (*call)(const locks *, uint32_t),
                   int at_once) {
  bystander.log = log;
  bystander.call = call;
  bystander.at_once = at_once;
  bystander.all = open_all(space);
  CRASH_EQUAL(pthread_create(&bystander.thread, NULL, stand_by, NULL), 0);
}

static int bystander_said(crash_log *log) {
  void *result = NULL;
  atomic_store(&log->begun, 1);
  CRASH_EQUAL(pthread_join(bystander.thread, &result), 0);
  return (int)(intptr_t)result;
}

static void only_open(sluice_space *space, crash_log *log) {
  (void)log;
  (void)open_all(space);
}

/* ---- the mutex ---- */

static void use_mutex(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  uint32_t me = space->participant;
  (void)log;
  for (int i = 0; i < 2; i++) {
    int status =
        i == 0 ? sluice_mutex_lock(all.mutex, me, -1) : sluice_mutex_trylock_woken(all.mutex, me);
    CRASH_EQUAL(status, SLUICE_OK);
    log->notes[0] = 1;
    CRASH_EQUAL(sluice_mutex_unlock(all.mutex, me), SLUICE_OK);
    log->notes[0] = 0;
  }
}

static void mutex_is_free(sluice_space *space, crash_log *log, int finished) {
  locks all = open_all(space);
  uint32_t me = space->participant;
  int status = sluice_mutex_lock(all.mutex, me, 0);
  CRASH_TRUE(status == SLUICE_OK || (status == SLUICE_OWNER_DIED && !finished));
  if (log->notes[0] == 1 && strcmp(crash_step(), "mutex.unlock: about to") == 0) {
    CRASH_EQUAL(status, SLUICE_OWNER_DIED);
  }
  CRASH_EQUAL(sluice_mutex_unlock(all.mutex, me), SLUICE_OK);
  CRASH_EQUAL(sluice_mutex_lock(all.mutex, me, 0), SLUICE_OK);
  CRASH_EQUAL(sluice_mutex_unlock(all.mutex, me), SLUICE_OK);
}

static int lock_unlock(const locks *all, uint32_t me) {
  int status = sluice_mutex_lock(all->mutex, me, -1);
  CRASH_EQUAL(sluice_mutex_unlock(all->mutex, me), SLUICE_OK);
  return status;
}

static void open_with_locker(sluice_space *space, crash_log *log) {
  only_open(space, log);
  put_by(space, log, lock_unlock, 0);
}

/* Holds it until the bystander has marked it. */
static void hold_mutex(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  uint32_t me = space->participant;
  CRASH_EQUAL(sluice_mutex_lock(all.mutex, me, -1), SLUICE_OK);
  atomic_store(&log->begun, 1);
  while ((atomic_load(&all.mutex->word) & SLUICE_WAITERS_BIT) == 0) {
    (void)sched_yield();
  }
  usleep(200);
  CRASH_EQUAL(sluice_mutex_unlock(all.mutex, me), SLUICE_OK);
}

static void locker_gets_through(sluice_space *space, crash_log *log, int finished) {
  int status = bystander_said(log);
  CRASH_TRUE(status == SLUICE_OK || (status == SLUICE_OWNER_DIED && !finished));
  mutex_is_free(space, log, 1);
}

/* The survivor holds it, the bystander sleeps, the victim waits for a moment. */
static void held_by_survivor(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  CRASH_EQUAL(sluice_mutex_lock(all.mutex, space->participant, -1), SLUICE_OK);
  put_by(space, log, lock_unlock, 1);
}

static void held_and_waited_for_later(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  CRASH_EQUAL(sluice_mutex_lock(all.mutex, space->participant, -1), SLUICE_OK);
  put_by(space, log, lock_unlock, 0);
}

static void wait_for_mutex(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  (void)log;
  CRASH_EQUAL(sluice_mutex_lock(all.mutex, space->participant, MOMENT), SLUICE_E_TIMEOUT);
  CRASH_TRUE(sluice_mutex_sleep(all.mutex, space->participant) != 0);
  sluice_mutex_pass(all.mutex);
}

static void survivor_hands_it_over(sluice_space *space, crash_log *log, int finished) {
  locks all = open_all(space);
  (void)finished;
  CRASH_EQUAL(sluice_mutex_unlock(all.mutex, space->participant), SLUICE_OK);
  CRASH_EQUAL(bystander_said(log), SLUICE_OK);
  mutex_is_free(space, log, 1);
}

/* ---- the condition variable ---- */

static int wait_for_condition(const locks *all, uint32_t me) {
  CRASH_EQUAL(sluice_mutex_lock(all->mutex, me, -1), SLUICE_OK);
  int status = sluice_condvar_wait(all->condvar, all->mutex, me, -1);
  CRASH_EQUAL(sluice_mutex_unlock(all->mutex, me), SLUICE_OK);
  return status;
}

static void open_with_waiter(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  put_by(space, log, wait_for_condition, 1);
  while (atomic_load(&all.condvar->waiting) == 0) {
    (void)sched_yield();
  }
  usleep(200);
}

static void signal_and_wait(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  uint32_t me = space->participant;
  (void)log;
  CRASH_EQUAL(sluice_mutex_lock(all.mutex, me, -1), SLUICE_OK);
  CRASH_EQUAL(sluice_condvar_wait(all.condvar, all.mutex, me, MOMENT), SLUICE_E_TIMEOUT);
  CRASH_EQUAL(sluice_condvar_broadcast(all.condvar), SLUICE_OK);
  CRASH_EQUAL(sluice_mutex_unlock(all.mutex, me), SLUICE_OK);
  CRASH_EQUAL(sluice_condvar_signal(all.condvar), SLUICE_OK);
}

/* While nobody is called: then a signal is not a broadcast. */
static void only_signal(sluice_space *space, crash_log *log) {
  (void)log;
  CRASH_EQUAL(sluice_condvar_signal(open_all(space).condvar), SLUICE_OK);
}

/* It is called together with the bystander, woken in its stead, and has to pass it on. */
static void wait_and_pass(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  uint32_t me = space->participant;
  (void)log;
  CRASH_EQUAL(sluice_mutex_lock(all.mutex, me, -1), SLUICE_OK);
  CRASH_TRUE(sluice_condvar_sleep(all.condvar, all.mutex, me) != 0);
  (void)atomic_fetch_or(&all.condvar->called, atomic_load(&all.condvar->waiting));
  sluice_condvar_woken(all.condvar, me);
  CRASH_EQUAL(sluice_mutex_lock(all.mutex, me, -1), SLUICE_OK);
  sluice_condvar_pass(all.condvar);
  CRASH_EQUAL(sluice_mutex_unlock(all.mutex, me), SLUICE_OK);
}

static void waiter_comes_back(sluice_space *space, crash_log *log, int finished) {
  locks all = open_all(space);
  if (!finished && !died_in("condvar") && !died_in("mutex")) {
    CRASH_EQUAL(sluice_condvar_broadcast(all.condvar), SLUICE_OK); /* it died before it began */
  }
  int status = bystander_said(log);
  CRASH_TRUE(status == SLUICE_OK || (status == SLUICE_OWNER_DIED && !finished));
  CRASH_EQUAL(atomic_load(&all.condvar->waiting), 0);
  mutex_is_free(space, log, 1);
}

/* ---- the read-write lock ---- */

static int read_unlock(const locks *all, uint32_t me) {
  int status = sluice_rwlock_read_lock(all->rwlock, me, -1);
  CRASH_EQUAL(sluice_rwlock_read_unlock(all->rwlock, me), SLUICE_OK);
  return status;
}

static void open_with_reader(sluice_space *space, crash_log *log) {
  only_open(space, log);
  put_by(space, log, read_unlock, 0);
}

static void write_and_read(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  uint32_t me = space->participant;
  CRASH_EQUAL(sluice_rwlock_read_lock(all.rwlock, me, -1), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_read_unlock(all.rwlock, me), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_write_lock(all.rwlock, me, -1), SLUICE_OK);
  atomic_store(&log->begun, 1);
  while ((atomic_load(&all.rwlock->readers) & 1) == 0) {
    (void)sched_yield();
  }
  usleep(200);
  CRASH_EQUAL(sluice_rwlock_write_unlock(all.rwlock, me), SLUICE_OK);
}

static void reader_gets_through(sluice_space *space, crash_log *log, int finished) {
  locks all = open_all(space);
  uint32_t me = space->participant;
  int status = bystander_said(log);
  CRASH_TRUE(status == SLUICE_OK || (status == SLUICE_OWNER_DIED && !finished));
  int mine = sluice_rwlock_write_lock(all.rwlock, me, 0);
  CRASH_EQUAL(mine, status);
  CRASH_EQUAL(sluice_rwlock_write_unlock(all.rwlock, me), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_read_lock(all.rwlock, me, 0), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_read_unlock(all.rwlock, me), SLUICE_OK);
}

static int write_unlock(const locks *all, uint32_t me) {
  int status = sluice_rwlock_write_lock(all->rwlock, me, -1);
  CRASH_EQUAL(sluice_rwlock_write_unlock(all->rwlock, me), SLUICE_OK);
  return status;
}

static void open_with_writer(sluice_space *space, crash_log *log) {
  only_open(space, log);
  put_by(space, log, write_unlock, 0);
}

static void read_until_a_writer_waits(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  uint32_t me = space->participant;
  CRASH_EQUAL(sluice_rwlock_read_lock(all.rwlock, me, -1), SLUICE_OK);
  atomic_store(&log->begun, 1);
  while ((atomic_load(&all.rwlock->writers) & 1) == 0) {
    (void)sched_yield();
  }
  usleep(200);
  CRASH_EQUAL(sluice_rwlock_read_unlock(all.rwlock, me), SLUICE_OK);
}

static void writer_gets_through(sluice_space *space, crash_log *log, int finished) {
  locks all = open_all(space);
  (void)finished;
  CRASH_EQUAL(bystander_said(log), SLUICE_OK); /* a reader's death leaves nothing half-written */
  CRASH_EQUAL(sluice_rwlock_write_lock(all.rwlock, space->participant, 0), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_write_unlock(all.rwlock, space->participant), SLUICE_OK);
}

/* The survivor reads; the victim wants to write, which keeps the bystander out. */
static void read_by_survivor(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  CRASH_EQUAL(sluice_rwlock_read_lock(all.rwlock, space->participant, -1), SLUICE_OK);
  put_by(space, log, read_unlock, 0);
}

static void wait_to_write(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  uint32_t me = space->participant;
  CRASH_TRUE(sluice_rwlock_write_sleep(all.rwlock, me) != 0);
  atomic_store(&log->begun, 1);
  while ((atomic_load(&all.rwlock->readers) & 1) == 0) {
    (void)sched_yield();
  }
  usleep(200);
  CRASH_EQUAL(sluice_rwlock_write_lock(all.rwlock, me, MOMENT), SLUICE_E_TIMEOUT);
}

static void readers_read_on(sluice_space *space, crash_log *log, int finished) {
  locks all = open_all(space);
  (void)finished;
  CRASH_EQUAL(bystander_said(log), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_read_unlock(all.rwlock, space->participant), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_write_lock(all.rwlock, space->participant, 0), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_write_unlock(all.rwlock, space->participant), SLUICE_OK);
}

/* ---- the semaphore ---- */

static int acquire_release(const locks *all, uint32_t me) {
  int index = sluice_semaphore_acquire(all->semaphore, PERMITS, me, -1);
  CRASH_EQUAL(sluice_semaphore_release(all->semaphore, PERMITS, me, (uint32_t)index), SLUICE_OK);
  return SLUICE_OK;
}

static void open_with_acquirer(sluice_space *space, crash_log *log) {
  only_open(space, log);
  put_by(space, log, acquire_release, 0);
}

static void take_permits(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  uint32_t me = space->participant;
  for (int i = 0; i < PERMITS; i++) {
    CRASH_TRUE(sluice_semaphore_acquire(all.semaphore, PERMITS, me, -1) >= 0);
  }
  CRASH_EQUAL(sluice_semaphore_acquire(all.semaphore, PERMITS, me, 1000), SLUICE_E_TIMEOUT);
  atomic_store(&log->begun, 1);
  usleep(300);
  CRASH_EQUAL(sluice_semaphore_release(all.semaphore, PERMITS, me, 1), SLUICE_OK);
}

static void permits_are_back(sluice_space *space, crash_log *log, int finished) {
  (void)finished;
  locks all = open_all(space);
  uint32_t me = space->participant;
  CRASH_EQUAL(bystander_said(log), SLUICE_OK);
  int have = 0;
  while (sluice_semaphore_try(all.semaphore, PERMITS, me) >= 0) {
    have++;
  }
  CRASH_EQUAL(have, PERMITS);
}

/* ---- the barrier, the event, the once ---- */

static int at_barrier(const locks *all, uint32_t me) {
  return sluice_barrier_wait(all->barrier, me, -1);
}

static void open_with_party(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  put_by(space, log, at_barrier, 1);
  while (atomic_load(&all.barrier->arrivals) == 0) {
    (void)sched_yield();
  }
  usleep(200);
}

static void come_and_go(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  (void)log;
  CRASH_EQUAL(sluice_barrier_wait(all.barrier, space->participant, -1), 0);
  CRASH_EQUAL(sluice_barrier_wait(all.barrier, space->participant, MOMENT), SLUICE_E_TIMEOUT);
  CRASH_EQUAL(sluice_barrier_leave(all.barrier, space->participant), SLUICE_OK);
}

static void party_is_told(sluice_space *space, crash_log *log, int finished) {
  locks all = open_all(space);
  uint64_t members = atomic_load(&all.barrier->members);
  if (!finished && (members & (members - 1)) == 0 && !died_in("barrier.w") &&
      !died_in("barrier.l")) {
    (void)sluice_barrier_wait(all.barrier, space->participant, MOMENT); /* it never came */
  }
  int status = bystander_said(log);
  CRASH_TRUE(status == 1 || (status == SLUICE_E_PEER_LOST && !finished));
}

static int wait_for_event(const locks *all, uint32_t me) {
  (void)me;
  return sluice_event_wait(all->event, sluice_event_key(all->event), -1);
}

static void open_with_listener(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  put_by(space, log, wait_for_event, 1);
  while (atomic_load(&all.event->count) == 0) {
    (void)sched_yield();
  }
  usleep(200);
}

static void notify(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  (void)log;
  CRASH_EQUAL(sluice_event_notify_one(all.event), SLUICE_OK);
  CRASH_EQUAL(sluice_event_notify_all(all.event), SLUICE_OK);
  CRASH_EQUAL(sluice_event_wait(all.event, sluice_event_key(all.event), MOMENT), SLUICE_E_TIMEOUT);
}

static void listener_hears(sluice_space *space, crash_log *log, int finished) {
  locks all = open_all(space);
  if (!finished && !died_in("event")) {
    CRASH_EQUAL(sluice_event_notify_all(all.event), SLUICE_OK);
  }
  CRASH_EQUAL(bystander_said(log), SLUICE_OK);
}

static int begin(const locks *all, uint32_t me) {
  int status = sluice_once_begin(all->once, me, -1);
  if (status > 0) {
    CRASH_EQUAL(sluice_once_done(all->once, me), SLUICE_OK);
  }
  return status;
}

static void open_with_beginner(sluice_space *space, crash_log *log) {
  only_open(space, log);
  put_by(space, log, begin, 0);
}

static void do_it(sluice_space *space, crash_log *log) {
  locks all = open_all(space);
  uint32_t me = space->participant;
  CRASH_EQUAL(sluice_once_begin(all.once, me, -1), SLUICE_ONCE_RUN);
  CRASH_EQUAL(sluice_once_cancel(all.once, me), SLUICE_OK);
  CRASH_EQUAL(sluice_once_begin(all.once, me, -1), SLUICE_ONCE_RUN);
  atomic_store(&log->begun, 1);
  while ((atomic_load(&all.once->word) & SLUICE_WAITERS_BIT) == 0) {
    (void)sched_yield();
  }
  usleep(200);
  CRASH_EQUAL(sluice_once_done(all.once, me), SLUICE_OK);
}

static void it_is_done(sluice_space *space, crash_log *log, int finished) {
  locks all = open_all(space);
  int status = bystander_said(log);
  CRASH_TRUE(status == SLUICE_ONCE_DONE || !finished);
  CRASH_EQUAL(sluice_once_begin(all.once, space->participant, 0), SLUICE_ONCE_DONE);
}

/* ---- nobody dies: another's move at an exact step ---- */

static locks there;

static void signal_it(void) {
  CRASH_EQUAL(sluice_condvar_signal(there.condvar), SLUICE_OK);
}

/* The time passes at once: a wait that was signalled before says so. */
static void signalled_as_the_time_passes(sluice_space *space, crash_log *log, int finished) {
  uint32_t me = space->participant;
  (void)log;
  (void)finished;
  there = open_all(space);
  CRASH_EQUAL(sluice_mutex_lock(there.mutex, me, -1), SLUICE_OK);
  crash_meanwhile("condvar.wait: marked", 0, signal_it);
  CRASH_EQUAL(sluice_condvar_wait(there.condvar, there.mutex, me, 0), SLUICE_OK);
  CRASH_EQUAL(sluice_condvar_wait(there.condvar, there.mutex, me, 0), SLUICE_E_TIMEOUT);
  CRASH_EQUAL(sluice_mutex_unlock(there.mutex, me), SLUICE_OK);
}

static void notify_it(void) {
  CRASH_EQUAL(sluice_event_notify_all(there.event), SLUICE_OK);
}

static void notified_as_the_time_passes(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  there = open_all(space);
  uint32_t key = sluice_event_key(there.event);
  crash_meanwhile("event.wait: woken", 0, notify_it);
  CRASH_EQUAL(sluice_event_wait(there.event, key, 0), SLUICE_OK);
  CRASH_EQUAL(sluice_event_wait(there.event, sluice_event_key(there.event), 0), SLUICE_E_TIMEOUT);
}

static void come_as_the_last(void) {
  CRASH_EQUAL(sluice_barrier_wait(there.barrier, BYSTANDER, -1), 0);
}

static void complete_as_the_time_passes(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  there = open_all(space);
  crash_meanwhile("barrier.wait: woken", 0, come_as_the_last);
  CRASH_EQUAL(sluice_barrier_wait(there.barrier, space->participant, 0), 1);
  CRASH_EQUAL(sluice_barrier_wait(there.barrier, space->participant, 0), SLUICE_E_TIMEOUT);
}

static void take_mutex_away(void) {
  atomic_store(&there.mutex->word, BYSTANDER);
}

static void mutex_lost_while_held(sluice_space *space, crash_log *log, int finished) {
  uint32_t me = space->participant;
  (void)log;
  (void)finished;
  there = open_all(space);
  CRASH_EQUAL(sluice_mutex_lock(there.mutex, me, -1), SLUICE_OK);
  crash_meanwhile("mutex.unlock: about to", 0, take_mutex_away);
  CRASH_EQUAL(sluice_mutex_unlock(there.mutex, me), SLUICE_E_POISONED);
  CRASH_EQUAL(sluice_mutex_lock(there.mutex, me, -1), SLUICE_E_POISONED);
  CRASH_EQUAL(sluice_mutex_trylock(there.mutex, me), SLUICE_E_POISONED);
}

static void take_rwlock_away(void) {
  atomic_store(&there.rwlock->holders, SLUICE_RWLOCK_WRITER | 1 << 7);
}

static void rwlock_lost_while_held(sluice_space *space, crash_log *log, int finished) {
  uint32_t me = space->participant;
  (void)log;
  (void)finished;
  there = open_all(space);
  CRASH_EQUAL(sluice_rwlock_write_lock(there.rwlock, me, -1), SLUICE_OK);
  crash_meanwhile("rwlock.unlock: writer is about to", 0, take_rwlock_away);
  CRASH_EQUAL(sluice_rwlock_write_unlock(there.rwlock, me), SLUICE_E_POISONED);
  CRASH_EQUAL(sluice_rwlock_read_lock(there.rwlock, me, -1), SLUICE_E_POISONED);
}

static void take_once_away(void) {
  atomic_store(&there.once->word, BYSTANDER);
}

static void once_lost_while_done(sluice_space *space, crash_log *log, int finished) {
  uint32_t me = space->participant;
  (void)log;
  (void)finished;
  there = open_all(space);
  CRASH_EQUAL(sluice_once_begin(there.once, me, -1), SLUICE_ONCE_RUN);
  crash_meanwhile("once.done: about to", 0, take_once_away);
  CRASH_EQUAL(sluice_once_cancel(there.once, me), SLUICE_E_POISONED);
  CRASH_EQUAL(sluice_once_begin(there.once, me, -1), SLUICE_E_POISONED);
}

const crash_scenario crash_scenarios[] = {
    {"a mutex outlives its owner", only_open, use_mutex, mutex_is_free, clean},
    {"a sleeper gets the mutex of a dead owner", open_with_locker, hold_mutex, locker_gets_through,
     clean},
    {"a dead waiter takes no wake-up with it", held_by_survivor, wait_for_mutex,
     survivor_hands_it_over, clean},
    {"a dead waiter's mark does no harm", held_and_waited_for_later, wait_for_mutex,
     survivor_hands_it_over, clean},
    {"a dead link of a broadcast's chain is replaced", open_with_waiter, wait_and_pass,
     waiter_comes_back, clean},
    {"a read-write lock outlives its reader", open_with_writer, read_until_a_writer_waits,
     writer_gets_through, clean},
    {"a condition variable loses no waiter", open_with_waiter, signal_and_wait, waiter_comes_back,
     clean},
    {"a condition variable loses no signal", open_with_waiter, only_signal, waiter_comes_back,
     clean},
    {"a read-write lock outlives its writer", open_with_reader, write_and_read, reader_gets_through,
     clean},
    {"a dead waiting writer lets readers in", read_by_survivor, wait_to_write, readers_read_on,
     clean},
    {"a semaphore gets its permits back", open_with_acquirer, take_permits, permits_are_back,
     clean},
    {"a barrier tells of a death", open_with_party, come_and_go, party_is_told, clean},
    {"a notification is not lost with its sender", open_with_listener, notify, listener_hears,
     clean},
    {"what a dead one began is done", open_with_beginner, do_it, it_is_done, clean},
    {"a wait that was signalled as its time passed was not in vain", only_open, NULL,
     signalled_as_the_time_passes, clean},
    {"a notification as the time of a wait passes is heard", only_open, NULL,
     notified_as_the_time_passes, clean},
    {"a phase that is complete as the time of a wait passes is complete", only_open, NULL,
     complete_as_the_time_passes, clean},
    {"a mutex that another takes from its owner is poisoned", only_open, NULL,
     mutex_lost_while_held, clean},
    {"a read-write lock that another takes from its writer is poisoned", only_open, NULL,
     rwlock_lost_while_held, clean},
    {"what another takes from who does it is poisoned", only_open, NULL, once_lost_while_done,
     clean},
    {NULL, NULL, NULL, NULL, NULL},
};
