/* A barrier: nobody goes on before all parties have come. The death of a member breaks it.
 *
 * Overview. One word holds the phase and a bit for each party that has arrived in it. The last to
 * arrive begins the next phase with no bits, in the same operation, and wakes the others. Who gives
 * up takes its bit back: its arrival never happened.
 *
 *   byte   0  object header; capacity = parties                   (directory.h)
 *        128  arrivals  63..47: phase, 46..0: a bit for each party that has arrived
 *        136  members   46..0: a bit for each participant that ever arrived
 *        144  passed    event word: who has arrived sleeps here
 *        148  unused
 *        256  end
 *
 * When a member dies, the barrier is broken for good: every wait, also one that is under way,
 * returns SLUICE_E_PEER_LOST. A phase that was complete before stays complete. A participant that
 * leaves in good order calls sluice_barrier_leave first; one that never arrived is no member.
 *
 * Threads. All functions: any thread. arrive, poll, sleep, withdraw and leave take a bounded number
 * of steps and never wait; wait blocks. `owner` as for mutex.h. What a party wrote before it
 * arrived is visible to all when the phase is over.
 *
 * Source: the central barrier with a phase (sense) of Hensgen, Finkel and Manber (1988), with a set
 * in place of a count, so that an arrival can be taken back and a dead party is known.
 */
#ifndef SLUICE_BARRIER_H
#define SLUICE_BARRIER_H

#include "sluice/directory.h"
#include "sluice/participant.h"

/* A flag in sluice_object.state: a member has died. */
enum { SLUICE_BARRIER_BROKEN = 1 };

typedef struct sluice_barrier {
  sluice_object object;
  _Atomic uint64_t arrivals;
  _Atomic uint64_t members;
  _Atomic uint32_t passed;
  unsigned char pad[108];
} sluice_barrier;

_Static_assert(offsetof(sluice_barrier, arrivals) == 128, "as drawn");
_Static_assert(offsetof(sluice_barrier, members) == 136, "as drawn");
_Static_assert(offsetof(sluice_barrier, passed) == 144, "as drawn");
_Static_assert(sizeof(sluice_barrier) == 256, "as drawn");

/* Opens the barrier called `name` for `parties` (1 to SLUICE_PARTICIPANTS), or creates it (see
 * sluice_object_open for the errors; SLUICE_E_INVALID also for `parties` out of range). Returns its
 * offset, or 0 with space->status. Any thread; lock-free. */
uint32_t sluice_barrier_open(sluice_space *space, const char *name, uint32_t name_bytes,
                             uint32_t parties);

/* Makes one at `at` (128-byte aligned, sizeof(sluice_barrier) bytes, zeroed), without a space.
 * SLUICE_OK or SLUICE_E_INVALID. */
int sluice_barrier_init(void *at, uint32_t parties);

/* Arrives and waits until all have, for at most `timeout_ns` nanoseconds (negative: for ever; 0:
 * not at all), after a short spin. Returns how many parties were still missing when this one had
 * arrived: 0 for exactly one, the last; for the first, parties - 1. (Between those two the numbers
 * differ unless somebody gave up in this phase.) Or
 *
 *   SLUICE_E_TIMEOUT    the time passed; this arrival never happened
 *   SLUICE_E_AGAIN      only with a limited time, as for sluice_mutex_lock: likewise; call again
 *                       with what is left
 *   SLUICE_E_PEER_LOST  a member died
 *   SLUICE_E_BUSY       `owner` has arrived already
 *   SLUICE_E_CLOSED, SLUICE_E_POISONED (more had arrived than there are parties),
 *   SLUICE_E_INVALID (`owner` is no participant's id) */
int sluice_barrier_wait(sluice_barrier *barrier, uint32_t owner, int64_t timeout_ns);

/* `owner` will not come any more, and may die without breaking the barrier. It must not stand in a
 * wait. SLUICE_OK or SLUICE_E_INVALID. */
int sluice_barrier_leave(sluice_barrier *barrier, uint32_t owner);

/* ---- for a caller that sleeps by its own means ---- */

/* Arrives. Returns a ticket, 0 or more, or an error as sluice_barrier_wait (but not
 * SLUICE_E_TIMEOUT). */
int sluice_barrier_arrive(sluice_barrier *barrier, uint32_t owner);

/* Is the ticket's phase over? Returns what sluice_barrier_wait would; SLUICE_E_BUSY when it is not.
 */
int sluice_barrier_poll(sluice_barrier *barrier, int ticket);

/* The value to sleep on at &barrier->passed; 0 when the caller should poll again. */
uint32_t sluice_barrier_sleep(sluice_barrier *barrier, int ticket);

/* Takes the arrival back. SLUICE_OK for that; SLUICE_E_INVALID without an arrival; when the phase
 * was over already, what sluice_barrier_poll says. (0 after all: the caller was the last, and did
 * not wait.) */
int sluice_barrier_withdraw(sluice_barrier *barrier, uint32_t owner, int ticket);

#endif
