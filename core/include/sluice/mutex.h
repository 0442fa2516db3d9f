/* A mutex that survives its owner's death.
 *
 * Overview. One word holds the owner's id. A thread that finds the mutex held spins for a moment,
 * then sleeps; nobody is notified when nobody sleeps. When the owner dies, whoever buries it
 * (participant.h) hands the mutex on, and the next to lock it is told so: SLUICE_OWNER_DIED.
 *
 *   byte   0  object header                                       (directory.h)
 *        128  word   31: WAITERS  30: DIED  29..0: owner's id, 0: free
 *        132  unused, so that no neighbour shares the word's line
 *        256  end
 *
 *   WAITERS  someone may sleep on the word; DIED  its last owner died holding it
 *
 * Uncontended, lock and unlock are one read-modify-write each. The mutex is not fair: a thread that
 * comes by may take it before one that was woken. It is not recursive: to lock one's own is
 * answered by SLUICE_E_BUSY, not by a standstill.
 *
 * Threads. All functions: any thread. trylock, unlock, sleep and pass take a bounded number of
 * steps and never wait (unlock and pass may make one futex call); lock blocks. `owner` is the
 * caller's participant id (space->participant), and one participant is one thread of control. What
 * an owner wrote before it unlocked is visible to whoever locks next.
 *
 * Source: Drepper, "Futexes are tricky" (2011), mutex 2; the owner in the word as in Linux's robust
 * futexes. Why no wake-up is lost: core/src/mutex_word.h.
 */
#ifndef SLUICE_MUTEX_H
#define SLUICE_MUTEX_H

#include "sluice/directory.h"
#include "sluice/participant.h"

typedef struct sluice_mutex {
  sluice_object object;
  _Atomic uint32_t word;
  unsigned char pad[124];
} sluice_mutex;

_Static_assert(offsetof(sluice_mutex, word) == 128, "the word has its own line");
_Static_assert(sizeof(sluice_mutex) == 256, "as drawn");

/* Opens the mutex called `name`, or creates it, free (see sluice_object_open for the errors).
 * Returns its offset, or 0 with space->status. Any thread; lock-free. */
uint32_t sluice_mutex_open(sluice_space *space, const char *name, uint32_t name_bytes);

/* Makes a mutex at `at` (128-byte aligned, sizeof(sluice_mutex) bytes, zeroed), without a space.
 * SLUICE_OK or SLUICE_E_INVALID. */
int sluice_mutex_init(void *at);

/* Locks for `owner`; sleeps, if need be, for at most `timeout_ns` nanoseconds (negative: for ever;
 * 0: not at all), after a short spin.
 *
 *   SLUICE_OK          it is yours
 *   SLUICE_OWNER_DIED  it is yours, but its last owner died holding it: repair what it guards. Each
 *                      locker is told until one has unlocked.
 *   SLUICE_E_TIMEOUT   the time passed
 *   SLUICE_E_AGAIN     only with a limited time: in wasm, which has no clock, when it was woken
 *                      before the time passed and found the mutex taken again; anywhere when the
 *                      word changed under it too often. Call again with what is left of the time.
 *   SLUICE_E_BUSY      `owner` holds it already
 *   SLUICE_E_CLOSED    the space was closed
 *   SLUICE_E_POISONED  the word held what is nobody's id
 *   SLUICE_E_INVALID   `owner` is no participant's id */
int sluice_mutex_lock(sluice_mutex *mutex, uint32_t owner, int64_t timeout_ns);

/* Locks if it is free. As sluice_mutex_lock; SLUICE_E_BUSY when it is held, by whomever. */
int sluice_mutex_trylock(sluice_mutex *mutex, uint32_t owner);

/* Unlocks, and wakes one that sleeps. SLUICE_OK; SLUICE_E_INVALID when `owner` does not hold it;
 * SLUICE_E_POISONED. Works on a closed mutex too. */
int sluice_mutex_unlock(sluice_mutex *mutex, uint32_t owner);

/* ---- for a caller that sleeps by its own means, such as a page's main thread with waitAsync ----
 *
 *   while ((status = first ? sluice_mutex_trylock(mutex, id)
 *                          : sluice_mutex_trylock_woken(mutex, id)) == SLUICE_E_BUSY) {
 *     uint32_t value = sluice_mutex_sleep(mutex, id);
 *     if (value != 0) { ... sleep at &mutex->word while it is `value` ...; first = 0; }
 *   } */

/* The value to sleep on at &mutex->word, marked so that unlocking wakes; 0 when the caller should
 * try again. */
uint32_t sluice_mutex_sleep(sluice_mutex *mutex, uint32_t owner);

/* As sluice_mutex_trylock, for one that has slept since it first tried: others may sleep still, and
 * its unlocking will wake the next. */
int sluice_mutex_trylock_woken(sluice_mutex *mutex, uint32_t owner);

/* Wakes the next one. A wake-up goes to one sleeper only: who was woken, or may have been, and
 * gives up has to call this, whether or not it has tried again, else the others sleep on.
 * (sluice_mutex_lock does the like by itself when its time passes.) */
void sluice_mutex_pass(sluice_mutex *mutex);

#endif
