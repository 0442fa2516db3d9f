/* A condition variable that survives the death of those who wait.
 *
 * Overview. Who waits takes a key, unlocks the mutex and sleeps until somebody signals. A signal
 * wakes one. A broadcast wakes one too, and each that was woken wakes the next after it has the
 * mutex: they come one after another, as the mutex lets them, and not all at once to fight for it
 * (Linux moves them to the mutex's queue instead, which wasm cannot).
 *
 *   byte   0  object header                                       (directory.h)
 *        128  sequence   event word: changes with each signal; bit 0: someone may sleep
 *        136  waiting    one bit for each participant that waits
 *        144  called     those of them that a broadcast has called and that have not come yet
 *        152  unused
 *        256  end
 *
 * A wait may end without a signal, as with every condition variable: look at the condition again.
 * Change the condition with the mutex held; signal with it or after. All that wait at one time use
 * the same mutex. A signal that nobody waits for is forgotten.
 *
 * Threads. All functions: any thread. signal, broadcast, sleep, woken and pass are lock-free and
 * never wait (a futex call when, and only when, someone may sleep); wait blocks. `owner` as for
 * mutex.h; a participant is in one wait at a time.
 *
 * Source: the sequence word of futex-based condition variables (Drepper 2011; musl before 1.1),
 * with the waiter bit of event counts. The chain of a broadcast, and the sets that make it
 * independent of the order in which sleepers are woken, are our own.
 */
#ifndef SLUICE_CONDVAR_H
#define SLUICE_CONDVAR_H

#include "sluice/mutex.h"

typedef struct sluice_condvar {
  sluice_object object;
  _Atomic uint32_t sequence;
  uint32_t unused;
  _Atomic uint64_t waiting;
  _Atomic uint64_t called;
  unsigned char pad[104];
} sluice_condvar;

_Static_assert(offsetof(sluice_condvar, sequence) == 128, "as drawn");
_Static_assert(offsetof(sluice_condvar, waiting) == 136, "as drawn");
_Static_assert(offsetof(sluice_condvar, called) == 144, "as drawn");
_Static_assert(sizeof(sluice_condvar) == 256, "as drawn");

/* Opens the condition variable called `name`, or creates it (see sluice_object_open for the
 * errors). Returns its offset, or 0 with space->status. Any thread; lock-free. */
uint32_t sluice_condvar_open(sluice_space *space, const char *name, uint32_t name_bytes);

/* Makes one at `at` (128-byte aligned, sizeof(sluice_condvar) bytes, zeroed), without a space.
 * SLUICE_OK or SLUICE_E_INVALID. */
int sluice_condvar_init(void *at);

/* Unlocks `mutex`, which `owner` holds, sleeps for at most `timeout_ns` nanoseconds (negative: for
 * ever; 0: not at all) and locks it again, for which it waits as long as it takes.
 *
 *   The mutex is held:
 *     SLUICE_OK          look at the condition
 *     SLUICE_OWNER_DIED  likewise, and the mutex was handed on by a death (mutex.h)
 *     SLUICE_E_TIMEOUT   the time passed and nobody signalled
 *   Nothing has changed:
 *     SLUICE_E_INVALID   `owner` does not hold the mutex, or is no participant's id
 *     SLUICE_E_BUSY      this participant is in a wait already
 *   The mutex is not held:
 *     SLUICE_E_CLOSED, SLUICE_E_POISONED  one of the two objects is */
int sluice_condvar_wait(sluice_condvar *condvar, sluice_mutex *mutex, uint32_t owner,
                        int64_t timeout_ns);

/* Wakes one that waits, if any does. SLUICE_OK, SLUICE_E_CLOSED or SLUICE_E_POISONED. */
int sluice_condvar_signal(sluice_condvar *condvar);

/* Wakes all that wait. As signal. */
int sluice_condvar_broadcast(sluice_condvar *condvar);

/* ---- for a caller that sleeps by its own means ----
 *
 *   value = sluice_condvar_sleep(condvar, mutex, id);
 *   ... sleep at &condvar->sequence while it is `value` ...
 *   sluice_condvar_woken(condvar, id);    it is awake, or has given up
 *   ... lock the mutex (mutex.h) ...
 *   sluice_condvar_pass(condvar);         wakes the next that a broadcast has called
 *
 * Each step has to follow, whatever the one before said. A sleeper that gives up and cannot be
 * taken out of its queue has to call sluice_condvar_signal when its sleep ends after all: the
 * wake-up was meant for another. */

/* Registers the wait and unlocks the mutex. Returns the value to sleep on, not 0; 0 when the wait
 * may not begin, and then nothing has changed: sluice_condvar_wait with a time of 0 says why. */
uint32_t sluice_condvar_sleep(sluice_condvar *condvar, sluice_mutex *mutex, uint32_t owner);
void sluice_condvar_woken(sluice_condvar *condvar, uint32_t owner);
void sluice_condvar_pass(sluice_condvar *condvar);

#endif
