/* A semaphore that gets its permits back when their holders die.
 *
 * Overview. There is no count: each permit is a word that holds its holder's id, so that after a
 * death exactly the dead one's permits are free again. Who acquires gets the index of its permit,
 * which may say at once which of `permits` equal things (buffers, connections) is now its own.
 *
 *   byte   0  object header; capacity = permits                   (directory.h)
 *        128  released  event word: who waits for a permit sleeps here
 *        132  unused
 *        256  holder[permits]   29..0: the holder's id; 0: free
 *
 * A participant may hold any number of permits, and only it releases them. To acquire is a look at
 * the words, from one that depends on the participant on, and one read-modify-write; `permits` is
 * therefore best small. Not fair.
 *
 * Threads. All functions: any thread. try, release and sleep take a bounded number of steps and
 * never wait (a futex call when, and only when, someone may sleep); acquire blocks. `owner` as for
 * mutex.h. What a holder wrote before it released a permit is visible to the next that gets the
 * same one. `permits` is what the semaphore was opened with, from the caller's own memory: nobody
 * else can change how far this thread reaches.
 *
 * Source: our own, for the sake of exact recovery; waiting as in event counts (core/src/wait.h).
 */
#ifndef SLUICE_SEMAPHORE_H
#define SLUICE_SEMAPHORE_H

#include "sluice/directory.h"
#include "sluice/participant.h"

#define SLUICE_SEMAPHORE_MAX 4096

typedef struct sluice_semaphore {
  sluice_object object;
  _Atomic uint32_t released;
  unsigned char pad[124];
  _Atomic uint32_t holder[];
} sluice_semaphore;

_Static_assert(offsetof(sluice_semaphore, released) == 128, "as drawn");
_Static_assert(offsetof(sluice_semaphore, holder) == 256, "as drawn");

/* Bytes that a semaphore of `permits` takes in all; 0 unless that is 1 to SLUICE_SEMAPHORE_MAX. */
uint32_t sluice_semaphore_bytes(uint32_t permits);

/* Opens the semaphore called `name`, or creates it with all its permits free (see
 * sluice_object_open for the errors; SLUICE_E_INVALID also for `permits` out of range). Returns its
 * offset, or 0 with space->status. Any thread; lock-free. */
uint32_t sluice_semaphore_open(sluice_space *space, const char *name, uint32_t name_bytes,
                               uint32_t permits);

/* Makes one at `at` (128-byte aligned, sluice_semaphore_bytes(permits) bytes, zeroed), without a
 * space. SLUICE_OK or SLUICE_E_INVALID. */
int sluice_semaphore_init(void *at, uint32_t permits);

/* Takes a permit; sleeps, if need be, for at most `timeout_ns` nanoseconds (negative: for ever; 0:
 * not at all), after a short spin. Returns the permit's index, 0 to permits - 1; SLUICE_E_TIMEOUT;
 * SLUICE_E_AGAIN as sluice_mutex_lock; SLUICE_E_CLOSED; SLUICE_E_POISONED when a word held what is
 * nobody's id; SLUICE_E_INVALID for an `owner` that is no participant's id, or `permits` that are
 * not the semaphore's. */
int sluice_semaphore_acquire(sluice_semaphore *semaphore, uint32_t permits, uint32_t owner,
                             int64_t timeout_ns);

/* The same if a permit is free, else SLUICE_E_BUSY. */
int sluice_semaphore_try(sluice_semaphore *semaphore, uint32_t permits, uint32_t owner);

/* Gives permit `index` back and wakes one that waits. SLUICE_OK; SLUICE_E_INVALID when `owner` does
 * not hold it; SLUICE_E_POISONED. Works on a closed semaphore too. */
int sluice_semaphore_release(sluice_semaphore *semaphore, uint32_t permits, uint32_t owner,
                             uint32_t index);

/* ---- for a caller that sleeps by its own means ---- */

/* The value to sleep on at &semaphore->released; 0 when the caller should try again. */
uint32_t sluice_semaphore_sleep(sluice_semaphore *semaphore, uint32_t permits);

/* Wakes the next one: for a caller that was woken, or may have been, and gives up without trying
 * again. */
void sluice_semaphore_pass(sluice_semaphore *semaphore);

#endif
