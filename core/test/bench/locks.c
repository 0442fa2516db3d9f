/* Every lock, alone and with two threads that want it all the time. What it guards is counted
 * without atomics, and the count is looked at in the end. */
#include "case.h"

enum { PERMITS = 1, PARTIES = 2 };

typedef uint32_t opener(sluice_space *space, const char *name, uint32_t name_bytes);

static uint32_t open_as(sluice_space *space, bench_state *state, int name, opener *open) {
  return open(space, state->names[name], length_of(state->names[name]));
}

static int open_only(sluice_space *space, bench_state *state, opener *open) {
  state->offset = open_as(space, state, 0, open);
  return state->offset == 0 ? space->status : 0;
}

static void count_one(bench_state *state) {
  state->meeting->guarded = state->meeting->guarded + 1;
}

static int check_count(sluice_space *space, bench_state *state) {
  (void)space;
  return state->meeting->guarded == state->done * bench_threads(state->which) ? 0
                                                                              : SLUICE_E_MISMATCH;
}

/* ---- mutex ---- */

static int open_mutex(sluice_space *space, bench_state *state) {
  return open_only(space, state, sluice_mutex_open);
}

static int run_mutex(sluice_space *space, bench_state *state, uint32_t count) {
  sluice_mutex *mutex = sluice_at(space, state->offset);
  for (uint32_t i = 0; i < count; i++) {
    if (sluice_mutex_lock(mutex, space->participant, -1) != SLUICE_OK) {
      return SLUICE_E_MISMATCH;
    }
    count_one(state);
    if (sluice_mutex_unlock(mutex, space->participant) != SLUICE_OK) {
      return SLUICE_E_MISMATCH;
    }
  }
  return 0;
}

/* ---- rwlock ---- */

static int open_rwlock(sluice_space *space, bench_state *state) {
  return open_only(space, state, sluice_rwlock_open);
}

static int run_write(sluice_space *space, bench_state *state, uint32_t count) {
  sluice_rwlock *rwlock = sluice_at(space, state->offset);
  for (uint32_t i = 0; i < count; i++) {
    if (sluice_rwlock_write_lock(rwlock, space->participant, -1) != SLUICE_OK) {
      return SLUICE_E_MISMATCH;
    }
    count_one(state);
    if (sluice_rwlock_write_unlock(rwlock, space->participant) != SLUICE_OK) {
      return SLUICE_E_MISMATCH;
    }
  }
  return 0;
}

static int run_read(sluice_space *space, bench_state *state, uint32_t count) {
  sluice_rwlock *rwlock = sluice_at(space, state->offset);
  for (uint32_t i = 0; i < count; i++) {
    if (sluice_rwlock_read_lock(rwlock, space->participant, -1) != SLUICE_OK ||
        sluice_rwlock_read_unlock(rwlock, space->participant) != SLUICE_OK) {
      return SLUICE_E_MISMATCH;
    }
  }
  return 0;
}

/* ---- semaphore ---- */

static int open_semaphore(sluice_space *space, bench_state *state) {
  state->offset =
      sluice_semaphore_open(space, state->names[0], length_of(state->names[0]), PERMITS);
  return state->offset == 0 ? space->status : 0;
}

static int run_semaphore(sluice_space *space, bench_state *state, uint32_t count) {
  sluice_semaphore *semaphore = sluice_at(space, state->offset);
  for (uint32_t i = 0; i < count; i++) {
    int permit = sluice_semaphore_acquire(semaphore, PERMITS, space->participant, -1);
    if (permit != 0) {
      return SLUICE_E_MISMATCH;
    }
    count_one(state);
    if (sluice_semaphore_release(semaphore, PERMITS, space->participant, (uint32_t)permit) !=
        SLUICE_OK) {
      return SLUICE_E_MISMATCH;
    }
  }
  return 0;
}

/* ---- once: asked again after it is done ---- */

static int open_once(sluice_space *space, bench_state *state) {
  int status = open_only(space, state, sluice_once_open);
  sluice_once *once = sluice_at(space, state->offset);
  return status == 0 && sluice_once_begin(once, space->participant, -1) == SLUICE_ONCE_RUN
             ? sluice_once_done(once, space->participant)
             : status;
}

static int run_once(sluice_space *space, bench_state *state, uint32_t count) {
  sluice_once *once = sluice_at(space, state->offset);
  for (uint32_t i = 0; i < count; i++) {
    if (sluice_once_begin(once, space->participant, -1) != SLUICE_ONCE_DONE) {
      return SLUICE_E_MISMATCH;
    }
  }
  return 0;
}

/* ---- event ---- */

static int open_event(sluice_space *space, bench_state *state) {
  return open_only(space, state, sluice_event_open);
}

/* Nobody waits. */
static int run_notify(sluice_space *space, bench_state *state, uint32_t count) {
  sluice_event *event = sluice_at(space, state->offset);
  for (uint32_t i = 0; i < count; i++) {
    (void)sluice_event_notify_all(event);
  }
  return atomic_load(&event->count) == 0 ? 0 : SLUICE_E_MISMATCH; /* nobody was to be woken */
}

/* There and back by two words and one event. */
static int run_event(sluice_space *space, bench_state *state, uint32_t count) {
  sluice_event *event = sluice_at(space, state->offset);
  _Atomic uint32_t *mine = state->role == 0 ? &state->meeting->ping : &state->meeting->pong;
  _Atomic uint32_t *other = state->role == 0 ? &state->meeting->pong : &state->meeting->ping;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t round = ++state->number;
    if (state->role == 0) {
      atomic_store(mine, round);
      (void)sluice_event_notify_all(event);
    }
    while (atomic_load(other) != round) {
      uint32_t key = sluice_event_key(event);
      if (atomic_load(other) != round) {
        (void)sluice_event_wait(event, key, -1);
      }
    }
    if (state->role == 1) {
      atomic_store(mine, round);
      (void)sluice_event_notify_all(event);
    }
  }
  return 0;
}

/* ---- barrier ---- */

static int open_barrier(sluice_space *space, bench_state *state) {
  state->offset = sluice_barrier_open(space, state->names[0], length_of(state->names[0]), PARTIES);
  return state->offset == 0 ? space->status : 0;
}

/* Before each phase one of the two, in turns, counts: neither may be a phase ahead. */
static int run_barrier(sluice_space *space, bench_state *state, uint32_t count) {
  sluice_barrier *barrier = sluice_at(space, state->offset);
  for (uint32_t i = 0; i < count; i++) {
    if ((i & 1) == state->role) {
      count_one(state);
      count_one(state);
    }
    int missing = sluice_barrier_wait(barrier, space->participant, -1);
    if (missing < 0) {
      return missing;
    }
  }
  return 0;
}

/* ---- condvar: there and back, with one mutex ---- */

static int open_condvar(sluice_space *space, bench_state *state) {
  state->offset = open_as(space, state, 0, sluice_condvar_open);
  state->offset2 = open_as(space, state, 1, sluice_mutex_open);
  return state->offset == 0 || state->offset2 == 0 ? space->status : 0;
}

/* The guarded count is even: role 0's turn. */
static int run_condvar(sluice_space *space, bench_state *state, uint32_t count) {
  sluice_condvar *condvar = sluice_at(space, state->offset);
  sluice_mutex *mutex = sluice_at(space, state->offset2);
  int status = 0;
  for (uint32_t i = 0; i < count && status == 0; i++) {
    status = sluice_mutex_lock(mutex, space->participant, -1);
    while (status == 0 && (state->meeting->guarded & 1) != state->role) {
      status = sluice_condvar_wait(condvar, mutex, space->participant, -1);
    }
    if (status == 0) {
      count_one(state);
      (void)sluice_condvar_signal(condvar);
      status = sluice_mutex_unlock(mutex, space->participant);
    }
  }
  return status;
}

const bench_case lock_cases[] = {
    {"mutex.uncontended", "limit.rmw", 1, 0, open_mutex, run_mutex, check_count},
    {"mutex.contended", NULL, 2, 0, open_mutex, run_mutex, check_count},
    {"rwlock.read.uncontended", "limit.rmw", 1, 0, open_rwlock, run_read, NULL},
    {"rwlock.read.contended", NULL, 2, 0, open_rwlock, run_read, NULL},
    {"rwlock.write.uncontended", "limit.rmw", 1, 0, open_rwlock, run_write, check_count},
    {"rwlock.write.contended", NULL, 2, 0, open_rwlock, run_write, check_count},
    {"semaphore.uncontended", "limit.rmw", 1, 0, open_semaphore, run_semaphore, check_count},
    {"semaphore.contended", NULL, 2, 0, open_semaphore, run_semaphore, check_count},
    {"once.done", "limit.rmw", 1, 0, open_once, run_once, NULL},
    {"once.done.contended", NULL, 2, 0, open_once, run_once, NULL},
    {"event.notify_nobody", "limit.rmw", 1, 0, open_event, run_notify, NULL},
    {"event.round_trip", "limit.round_trip.spinning", 2, 0, open_event, run_event, NULL},
    {"barrier.2_parties", "limit.round_trip.spinning", 2, 0, open_barrier, run_barrier,
     check_count},
    {"condvar.round_trip", "limit.round_trip.futex", 2, 0, open_condvar, run_condvar, check_count},
    {0},
};
