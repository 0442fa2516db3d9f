/* A reader dies while it waits for a writer to be done: it is in nobody's way. */
#include "sluice/rwlock.h"

#include "crash.h"

enum { MOMENT = 1000 };

static sluice_rwlock *open_it(sluice_space *space, crash_log *log) {
  log->notes[0] = sluice_rwlock_open(space, "l", 1);
  CRASH_TRUE(log->notes[0] != 0);
  return sluice_at(space, (uint32_t)log->notes[0]);
}

static void survivor_writes(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_rwlock_write_lock(open_it(space, log), space->participant, 0), SLUICE_OK);
}

static void wait_to_read(sluice_space *space, crash_log *log) {
  sluice_rwlock *lock = open_it(space, log);
  CRASH_EQUAL(sluice_rwlock_read_lock(lock, space->participant, MOMENT), SLUICE_E_TIMEOUT);
  CRASH_TRUE(sluice_rwlock_read_sleep(lock, space->participant) != 0);
}

static void lock_goes_on(sluice_space *space, crash_log *log, int finished) {
  sluice_rwlock *lock = sluice_at(space, (uint32_t)log->notes[0]);
  uint32_t me = space->participant;
  (void)finished;
  CRASH_EQUAL(sluice_rwlock_write_unlock(lock, me), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_read_lock(lock, me, 0), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_read_unlock(lock, me), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_write_lock(lock, me, 0), SLUICE_OK);
  CRASH_EQUAL(sluice_rwlock_write_unlock(lock, me), SLUICE_OK);
}

static void remove_it(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "l", 1), SLUICE_OK);
}

const crash_scenario crash_scenarios[] = {
    {"a dead reader that waited for a writer is in nobody's way", survivor_writes, wait_to_read,
     lock_goes_on, remove_it},
    {NULL, NULL, NULL, NULL, NULL},
};
