/* The slab from within: block headers, references by bits, the walk over the heap. Not for users.
 */
#ifndef SLUICE_BLOCKS_H
#define SLUICE_BLOCKS_H

#include "internal.h"

#define SLUICE_HEAP_FIRST ((uint32_t)sizeof(sluice_space_header) + SLUICE_BLOCK_HEADER * 2)
_Static_assert(sizeof(sluice_space_header) % SLUICE_ALIGN == 0, "blocks are aligned behind it");

/* What a block's home says: a slot's area; a message's, or a channel's reason (message.c); else the
 * table that may refer to it, plus 1. */
#define SLUICE_HOME_DIRECTORY UINT32_C(1)
#define SLUICE_HOME_AREA UINT32_C(2)
#define SLUICE_HOME_MESSAGE UINT32_C(3)

/* The header of the block at `offset`, which is in bounds. */
static inline sluice_block *sluice_block_at(const sluice_space *space, uint32_t offset) {
  return (sluice_block *)(void *)(space->base + offset - SLUICE_BLOCK_HEADER);
}

/* Is `offset` a place where a block may stand, and does all that its header claims lie in bounds?
 * Returns the bytes that it has, header left out, read once; 0 when it is none. */
uint32_t sluice_block_room(const sluice_space *space, uint32_t offset);

/* Adds `bits` to the block's references unless it is free or being made. Returns the references
 * before; 0: nothing was changed. */
uint64_t sluice_block_hold(const sluice_space *space, uint32_t offset, uint64_t bits);

/* Takes `bits` away; the last reference frees the block, and an object's is finalized before.
 * Returns the references before. */
uint64_t sluice_block_release(sluice_space *space, uint32_t offset, uint64_t bits);

/* The block after the one at `offset` in the heap, the first for 0. 0 at the end, with
 * space->status SLUICE_OK; SLUICE_E_AGAIN where the heap goes on beyond what this thread sees of
 * the space; SLUICE_E_POISONED where it makes no sense. */
uint32_t sluice_block_next(sluice_space *space, uint32_t offset);

/* The room of a block that is made for `bytes`. */
uint32_t sluice_block_room_for(uint32_t bytes);

/* Any free block of `bytes` or more whose room is less than `limit`, however much too large: for
 * what is held for a moment only. 0 with space->status as sluice_slab_alloc. */
uint32_t sluice_block_below(sluice_space *space, uint32_t bytes, uint32_t limit);

/* Takes the bit of participant `id` from every block. SLUICE_OK, or sluice_block_next's status. */
int sluice_block_forget(sluice_space *space, uint32_t id);

#endif
