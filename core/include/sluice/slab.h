/* Blocks of memory, by size class, shared by reference: the space's allocator.
 *
 * Overview. The heap is a row of blocks that are never split and never merged. Each has a header of
 * 64 bytes in front, and one word of it says everything about its life:
 *
 *   refs, 64 bits
 *     63    62    48 47     46                                            0
 *   +------+-------+-------+-----------------------------------------------+
 *   |making|   0   | space | one bit for each participant that refers to it |
 *   +------+-------+-------+-----------------------------------------------+
 *
 * A block is free when, and only when, refs is 0. To allocate is one compare-and-swap from 0 to
 * one's own bit (with `making` until its header is written); to release is to clear that bit. So a
 * participant that dies between any two steps leaves no block in between: clearing its bit
 * everywhere (sluice_participant_bury) frees what was its alone. What helps to find a free block
 * (chains by class, cursors, hints) decides nothing.
 *
 * Large payloads are sent by handle {offset, serial}, never copied: the sender commits a record
 * with the handle and keeps its reference until the receiver has its own (it has answered, or the
 * record has been released); the receiver refers to the block before it releases the record. A
 * handle whose block is gone, because its holder died, is refused, never another's data.
 *
 *   block header, bytes before the block
 *     -64  refs      as above
 *     -56  units     of 128 bytes, header included; set once, when the block is made
 *     -52  next      block of the same class that was made before it
 *     -48  bytes     what was asked for
 *     -44  serial    how often the block was allocated: tells a handle that has gone stale
 *     -40  home      the table that may refer to the block, and the slot there   (internal)
 *     -32  hash, key_at, key_bytes: its key in that table                        (internal)
 *
 * A participant's references to one block count once: the second sluice_slab_ref changes nothing,
 * and one sluice_slab_unref ends it.
 *
 * Threads. All functions: any thread on its own sluice_space; lock-free; none waits. A thread that
 * has not joined (participant.h) holds in the space's name, which only suits set-up code.
 *
 * Source. Ownership in the word that is swapped, rather than a list of free blocks whose head is:
 * the lists of iceoryx2 and of others need an ABA tag and lose the block of a process that dies
 * between popping and owning it. Size classes as in jemalloc: four to a doubling.
 */
#ifndef SLUICE_SLAB_H
#define SLUICE_SLAB_H

#include "sluice/space.h"

#define SLUICE_BLOCK_HEADER UINT32_C(64)
#define SLUICE_BIT_SPACE (UINT64_C(1) << 47)
#define SLUICE_BLOCK_MAKING (UINT64_C(1) << 63)

typedef struct sluice_block {
  _Atomic uint64_t refs;
  _Atomic uint32_t units;
  _Atomic uint32_t next;
  _Atomic uint32_t bytes;
  _Atomic uint32_t serial;
  _Atomic uint32_t home;
  _Atomic uint32_t slot;
  _Atomic uint32_t hash;
  _Atomic uint32_t key_at; /* from the block's start */
  _Atomic uint32_t key_bytes;
  uint32_t reserved[5];
} sluice_block;

_Static_assert(sizeof(sluice_block) == 64, "a block header is one cache line");

/* Allocates `bytes` (1 or more), 128-byte aligned, with what its last holder left in it. Returns
 * its offset; 0 with space->status SLUICE_E_NO_MEMORY when the space is full, SLUICE_E_INVALID for
 * zero bytes, SLUICE_E_POISONED when the heap was found corrupted. Rounds up by at most a quarter
 * and 128 bytes. */
uint32_t sluice_slab_alloc(sluice_space *space, uint32_t bytes);

/* The same, zeroed. */
uint32_t sluice_space_alloc(sluice_space *space, uint32_t bytes);

/* The block's serial: with its offset, the handle that others may refer to it by. */
uint32_t sluice_slab_serial(const sluice_space *space, uint32_t offset);

/* Bytes that the block's holder asked for, clamped to what the block has. 0 for no block. */
uint32_t sluice_slab_bytes(const sluice_space *space, uint32_t offset);

/* Refers to the block that {offset, serial} names. SLUICE_OK; SLUICE_E_CLOSED when that block has
 * been freed, whatever stands there now; SLUICE_E_INVALID for an offset that is no block's. */
int sluice_slab_ref(sluice_space *space, uint32_t offset, uint32_t serial);

/* Ends this participant's reference; the last reference frees the block. SLUICE_OK;
 * SLUICE_E_INVALID for an offset that is no block's, or when it has no reference. */
int sluice_slab_unref(sluice_space *space, uint32_t offset);

/* The same under the name that goes with sluice_space_alloc. */
int sluice_space_free(sluice_space *space, uint32_t offset);

/* Bytes in blocks that are in use, headers included. Walks the heap; a snapshot. */
uint32_t sluice_space_used(const sluice_space *space);

#endif
