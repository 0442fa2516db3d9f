/* A lock for many readers or one writer, which survives the death of any of them.
 *
 * Overview. One word says who holds it: a bit for each reader, or the writer's bit and WRITER. A
 * waiting writer keeps new readers out, so that it gets its turn when those that read now have
 * finished; writers that come without a pause can starve readers, not the other way round.
 *
 *   byte   0  object header                                       (directory.h)
 *        128  holders   63: 0  62: WRITER  61: DIED  46..0: a bit for each holder
 *        136  waiting   46..0: a bit for each writer that waits
 *        144  readers   event word: readers sleep here
 *        148  writers   event word: writers sleep here
 *        152  unused
 *        256  end
 *
 *   WRITER  the one holder writes
 *   DIED    a writer died while it held the lock: everybody who locks is told, until a writer has
 *           unlocked
 *
 * Uncontended, to lock and to unlock, for reading or for writing, is one read-modify-write each.
 * Not recursive: who holds it in either way is answered by SLUICE_E_BUSY.
 *
 * Threads. All functions: any thread. Those that do not sleep take a bounded number of steps and
 * never wait. `owner` as for mutex.h. What a writer wrote before it unlocked is visible to whoever
 * locks next; what a reader did before it unlocked has happened before the next writer locks.
 *
 * Source: holders as a set, so that a dead one is taken out by one idempotent operation: our own.
 * The preference for waiting writers: Courtois, Heymans and Parnas, "Concurrent control with
 * readers and writers" (1971), second problem.
 */
#ifndef SLUICE_RWLOCK_H
#define SLUICE_RWLOCK_H

#include "sluice/directory.h"
#include "sluice/participant.h"

#define SLUICE_RWLOCK_WRITER (UINT64_C(1) << 62)
#define SLUICE_RWLOCK_DIED (UINT64_C(1) << 61)

typedef struct sluice_rwlock {
  sluice_object object;
  _Atomic uint64_t holders;
  _Atomic uint64_t waiting;
  _Atomic uint32_t readers;
  _Atomic uint32_t writers;
  unsigned char pad[104];
} sluice_rwlock;

_Static_assert(offsetof(sluice_rwlock, holders) == 128, "as drawn");
_Static_assert(offsetof(sluice_rwlock, waiting) == 136, "as drawn");
_Static_assert(offsetof(sluice_rwlock, readers) == 144, "as drawn");
_Static_assert(offsetof(sluice_rwlock, writers) == 148, "as drawn");
_Static_assert(sizeof(sluice_rwlock) == 256, "as drawn");

/* Opens the lock called `name`, or creates it, free (see sluice_object_open for the errors).
 * Returns its offset, or 0 with space->status. Any thread; lock-free. */
uint32_t sluice_rwlock_open(sluice_space *space, const char *name, uint32_t name_bytes);

/* Makes a lock at `at` (128-byte aligned, sizeof(sluice_rwlock) bytes, zeroed), without a space.
 * SLUICE_OK or SLUICE_E_INVALID. */
int sluice_rwlock_init(void *at);

/* Locks for reading, or for writing; sleeps, if need be, for at most `timeout_ns` nanoseconds
 * (negative: for ever; 0: not at all), after a short spin.
 *
 *   SLUICE_OK          it is yours, or shared
 *   SLUICE_OWNER_DIED  likewise, but a writer died holding it, and none has unlocked it since: what
 *                      it guards may be half-written. A writer repairs it.
 *   SLUICE_E_TIMEOUT   the time passed
 *   SLUICE_E_AGAIN     only with a limited time, as for sluice_mutex_lock: call again with what is
 *                      left
 *   SLUICE_E_BUSY      `owner` holds it already, in either way
 *   SLUICE_E_CLOSED    the space was closed
 *   SLUICE_E_POISONED  the word of holders contradicted itself
 *   SLUICE_E_INVALID   `owner` is no participant's id */
int sluice_rwlock_read_lock(sluice_rwlock *rwlock, uint32_t owner, int64_t timeout_ns);
int sluice_rwlock_write_lock(sluice_rwlock *rwlock, uint32_t owner, int64_t timeout_ns);

/* Locks if that is possible now; SLUICE_E_BUSY when it is not. A reader yields to a waiting writer
 * here too. */
int sluice_rwlock_read_trylock(sluice_rwlock *rwlock, uint32_t owner);
int sluice_rwlock_write_trylock(sluice_rwlock *rwlock, uint32_t owner);

/* Unlocks, and wakes whoever comes next. SLUICE_OK; SLUICE_E_INVALID when `owner` does not hold it
 * in this way; SLUICE_E_POISONED. Work on a closed lock too. */
int sluice_rwlock_read_unlock(sluice_rwlock *rwlock, uint32_t owner);
int sluice_rwlock_write_unlock(sluice_rwlock *rwlock, uint32_t owner);

/* ---- for a caller that sleeps by its own means ---- */

/* The value to sleep on at &rwlock->readers; 0 when the caller should try again. */
uint32_t sluice_rwlock_read_sleep(sluice_rwlock *rwlock, uint32_t owner);

/* The value to sleep on at &rwlock->writers; 0 when the caller should try again. Either way the
 * caller is a waiting writer from now on, who keeps new readers out, until it has the lock or has
 * called sluice_rwlock_write_cancel. */
uint32_t sluice_rwlock_write_sleep(sluice_rwlock *rwlock, uint32_t owner);

/* A waiting writer gives up: lets the readers in that waited for it, and wakes another writer in
 * its stead. */
void sluice_rwlock_write_cancel(sluice_rwlock *rwlock, uint32_t owner);

#endif
