/* The threads (or processes) that use a space, each in a slot of its own, and what happens when one
 * dies.
 *
 * A participant's id is its slot and the slot's generation, so that an id is never met twice
 * before 2^22 others held that slot. Whoever owns something in shared memory writes its id there;
 * the two upper bits are left to the words of locks (as in Linux's robust futexes).
 *
 *   31 30 29                          8 7              0
 *  +-----+-----------------------------+----------------+
 *  |  0  |         generation          |    slot + 1    |
 *  +-----+-----------------------------+----------------+
 *
 * Where only "which of them" matters, a participant is one bit of a 64-bit word (its slot's): who
 * holds, who waits. To clean up after a dead one is then to clear its bit, which may be done twice.
 *
 * Death is never guessed. Only sluice_participant_bury starts a recovery, and its caller has the
 * proof: the process ended, the worker's Web Lock was released.
 */
#ifndef SLUICE_PARTICIPANT_H
#define SLUICE_PARTICIPANT_H

#include "sluice/space.h"

#define SLUICE_OWNER_MASK UINT32_C(0x3fffffff)     /* the id in a lock's word */
#define SLUICE_OWNER_DIED_BIT UINT32_C(0x40000000) /* its last owner died holding it */
#define SLUICE_WAITERS_BIT UINT32_C(0x80000000)    /* someone may sleep on it */

/* Takes a free slot for a thread that is about to be started, so that its id is known before it
 * runs and may die. The slot is that thread's when it adopts the id; when it never does, or cannot,
 * the slot stays taken until sluice_participant_bury. Returns the id; 0 with space->status
 * SLUICE_E_NO_MEMORY when all slots are taken. Any thread; lock-free. */
uint32_t sluice_participant_reserve(sluice_space *space);

/* Makes this sluice_space the participant `id` that was reserved for it; 0: takes any free slot.
 * The slot comes with a private area of at least `area_bytes` (0: none), which the slot's next
 * holder inherits: space->area is its offset. SLUICE_OK; SLUICE_E_NO_MEMORY when all slots are
 * taken or the area does not fit; SLUICE_E_INVALID for an id that does not hold its slot;
 * SLUICE_E_BUSY when this sluice_space has joined already. Any thread; lock-free. */
int sluice_participant_adopt(sluice_space *space, uint32_t id, uint32_t area_bytes);

/* The same with any free slot. */
int sluice_participant_join(sluice_space *space, uint32_t area_bytes);

#if defined(__wasm__)
/* Attaches and joins in one call that touches no stack (a test sets the stack pointer to 0 and
 * calls it), because the instance's stack will lie in the area that it is about to get: all
 * instances start with the same stack pointer. The sluice_space stands in the thread's slot.
 * `id` as for sluice_participant_adopt. Returns its address, or a negative status as a number above
 * 0xffffff00. */
uintptr_t sluice_thread_enter(void *at, uint32_t available, uint32_t area_bytes, uint32_t id);

/* Sets this instance's stack to grow down from `top`, 16-byte aligned. */
void sluice_stack_set(uintptr_t top);

/* The calling thread's sluice_space, in a module that links the library and runs under the
 * JavaScript loader: what its other functions take. NULL in an instance that has not called
 * sluice_thread_enter, which in a program of its own nobody does. It is the same one that the
 * loader uses, so that each sees the other's last status; valid until the thread leaves the space.
 * Wait-free. */
sluice_space *sluice_thread_space(void);
#endif

/* Gives the slot back, in good order: the caller has closed its ends and released its locks. What
 * it still refers to (blocks, open objects) is let go. SLUICE_OK; SLUICE_E_INVALID when this
 * sluice_space has not joined; SLUICE_E_POISONED, SLUICE_E_AGAIN when not all of the heap could be
 * walked, and something was left behind. */
int sluice_participant_leave(sluice_space *space);

/* How many slots are taken. Any thread; a snapshot. */
uint32_t sluice_participant_count(const sluice_space *space);

/* 1 while `id` holds its slot and is not marked dead. Any thread; wait-free. */
int sluice_participant_alive(const sluice_space *space, uint32_t id);

/* Cleans up after participant `id`, which is PROVEN dead: marks it, recovers each object that it
 * had to do with (locks are handed on, half-written claims become padding, ends are marked lost,
 * waiters are woken), lets go of its blocks, frees its slot. Whoever does this may die in the
 * middle: the next call, for any id, takes it up again. Returns SLUICE_OK when `id` is buried, now
 * or before; SLUICE_E_AGAIN when a live participant stands between two steps that have to be waited
 * for, or is burying it, or this thread does not see all of a space that has grown: call again
 * soon; SLUICE_E_INVALID for an id that never was, for one's own, and for a caller that has not
 * joined; SLUICE_E_POISONED. Any participant but the dead one; lock-free, never waits. */
int sluice_participant_bury(sluice_space *space, uint32_t id);

#endif
