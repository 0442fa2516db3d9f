/* The threads (or processes) that use a space, each in a slot of its own.
 *
 * A participant's id is its slot and the slot's generation, so that an id is never met twice
 * before 2^24 others held that slot. Whoever owns something in shared memory writes its id there.
 *
 *   31                             8 7              0
 *  +--------------------------------+----------------+
 *  |           generation           |    slot + 1    |
 *  +--------------------------------+----------------+
 */
#ifndef SLUICE_PARTICIPANT_H
#define SLUICE_PARTICIPANT_H

#include "sluice/space.h"

/* Takes a free slot and sets space->participant. The slot comes with a private area of at least
 * `area_bytes` (0: none), which the slot's next holder inherits: space->area is its offset.
 * Returns SLUICE_OK; SLUICE_E_NO_MEMORY when all slots are taken or the area does not fit;
 * SLUICE_E_BUSY when this sluice_space has joined already. Any thread; lock-free. */
int sluice_participant_join(sluice_space *space, uint32_t area_bytes);

#if defined(__wasm__)
/* Attaches and joins in one call that touches no stack (a test sets the stack pointer to 0 and
 * calls it), because the instance's stack will lie in the area that it is about to get: all
 * instances start with the same stack pointer. The sluice_space stands in the thread's slot.
 * Returns its address, or a negative status as a number above 0xffffff00. */
uintptr_t sluice_thread_enter(void *at, uint32_t available, uint32_t area_bytes);

/* Sets this instance's stack to grow down from `top`, 16-byte aligned. */
void sluice_stack_set(uintptr_t top);
#endif

/* Gives the slot back, in good order: the caller has closed its ends. SLUICE_OK, or
 * SLUICE_E_INVALID when this sluice_space has not joined. */
int sluice_participant_leave(sluice_space *space);

/* How many slots are taken. Any thread; a snapshot. */
uint32_t sluice_participant_count(const sluice_space *space);

/* Cleans up after participant `id`, which is PROVEN dead (its process ended, its worker's Web Lock
 * was released): each end that it held is marked lost, the other end's waiters are woken, and its
 * slot is freed. Returns how many ends were lost; 0 for an id that is no longer there, so it may
 * be called twice. Any thread but the dead one. */
int sluice_participant_bury(sluice_space *space, uint32_t id);

#endif
