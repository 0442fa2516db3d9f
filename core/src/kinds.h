/* What each kind of object does when a participant dies, when the space closes, and when its last
 * holder lets go: the one switch over kinds, and what it calls. Not for users. */
#ifndef SLUICE_KINDS_H
#define SLUICE_KINDS_H

#include "internal.h"
#include "sluice/ring.h"

/* Recovers the object at `offset` from the death of participant `id`. SLUICE_OK or SLUICE_E_AGAIN. */
int sluice_kind_recover(sluice_space *space, uint32_t offset, uint32_t id);

/* The space closes: marks the object closed and wakes all that sleep on it. */
void sluice_kind_shut(sluice_space *space, uint32_t offset);

/* The last reference to the block at `offset` is about to go: if it is an object, lets go of the
 * blocks that it refers to. May run more than once, and twice at once. */
void sluice_kind_finalize(sluice_space *space, uint32_t offset);

/* Is the block at `offset` an object that has stood in the directory? */
int sluice_kind_is_object(const sluice_space *space, uint32_t offset);

/* ring.c */
int sluice_ring_recover(sluice_space *space, sluice_ring *ring, uint32_t id);
void sluice_ring_finalize(sluice_space *space, sluice_ring *ring);

#endif
