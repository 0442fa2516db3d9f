/* Tables: what the directory and each store are made of. Not for users.
 *
 * A table is an array of slots, 64 bits each, that refer to blocks of the slab; each block carries
 * its key (block header: hash, key_at, key_bytes). No key stands twice, nobody ever waits, and a
 * participant may die between any two steps.
 *
 *    63                  32 31      26  25        24                    0
 *   +----------------------+----------+-----------+-----------------------+
 *   |         tag          | proposer | tentative | block's offset / 128  |
 *   +----------------------+----------+-----------+-----------------------+
 *
 * To change or empty a slot is one compare-and-swap. To insert takes more, because the key must
 * not be in any other slot. The version word names the last insertion:
 *
 *    63                             22 21      16 15                      0
 *   +---------------------------------+----------+-------------------------+
 *   |            sequence             | proposer |        slot + 1         |
 *   +---------------------------------+----------+-------------------------+
 *
 *   1. read the version; finish the insertion that it names, if need be
 *   2. look at all slots: if the key is there, say so
 *   3. put the block into an empty slot, tentative, tagged with the next sequence and one's own
 *      slot among the participants
 *   4. compare-and-swap the version to {sequence + 1, oneself, slot}: this is the insertion. It
 *      fails if any other insertion came in between, and then the slot is emptied and all begins
 *      anew.
 *   5. take the mark "tentative" away: whoever comes first does it
 *
 * A tentative slot counts exactly when the version names it, its sequence and its proposer.
 *
 * The truth is in the slots. The bit SLUICE_BIT_SPACE in a block's references says "a slot refers
 * to me" and follows the truth: it is set after the block stands in its slot (and taken back if it
 * has been replaced meanwhile), and cleared after. Whoever changes a slot holds the old and the
 * new block itself until the bits are right; whoever buries it sets them right in its place.
 *
 * Source: our own; the helping is that of Harris, "A pragmatic implementation of non-blocking
 * linked-lists" (2001), the validation by a version that of optimistic concurrency control. */
#ifndef SLUICE_TABLE_H
#define SLUICE_TABLE_H

#include "blocks.h"

#define SLUICE_TABLE_SLOTS_MAX 65535

/* Where a table is. `count` is the caller's own knowledge and bounds all accesses. `home` tells
 * tables apart: the offset of the store's object, 0 for the directory. */
typedef struct sluice_table {
  _Atomic uint64_t *version;
  _Atomic uint64_t *slots;
  uint32_t count;
  uint32_t home;
} sluice_table;

typedef struct sluice_key {
  const void *bytes;
  uint32_t length;
  uint32_t hash;
} sluice_key;

/* An entry that a find or a step of an iteration gave: the block is held by this participant. */
typedef struct sluice_entry {
  uint64_t word; /* the slot's, as it was */
  uint32_t slot;
  uint32_t offset; /* the block's */
  uint32_t held;   /* 1 when it was this call that made the participant hold it */
} sluice_entry;

/* FNV-1a. */
uint32_t sluice_table_hash(const void *bytes, uint32_t length);

/* Gives the block at `offset` its key: `length` bytes from `key_at` on, written already. */
void sluice_table_key(const sluice_space *space, uint32_t offset, uint32_t key_at, uint32_t length,
                      uint32_t hash);

/* SLUICE_OK with *entry; SLUICE_E_EMPTY; SLUICE_E_AGAIN after too many changes by others;
 * SLUICE_E_POISONED for a slot that makes no sense. */
int sluice_table_find(sluice_space *space, const sluice_table *table, const sluice_key *key,
                      sluice_entry *entry);

/* The entry in slot `slot`, held; as find, without looking at the key. */
int sluice_table_at(sluice_space *space, const sluice_table *table, uint32_t slot,
                    sluice_entry *entry);

/* Ends what find or at began: lets the block go if that call was what held it. */
void sluice_table_let_go(sluice_space *space, const sluice_entry *entry);

/* Inserts the block at `offset`, which carries its key and is held by this participant, who goes on
 * holding it. SLUICE_OK; SLUICE_E_BUSY with *there when the key exists; SLUICE_E_NO_MEMORY when all
 * slots are taken; SLUICE_E_AGAIN, SLUICE_E_POISONED. */
int sluice_table_insert(sluice_space *space, const sluice_table *table, uint32_t offset,
                        sluice_entry *there);

/* Puts the block at `offset` (held, with its key) in place of the entry's, or 0: removes the entry.
 * The entry stays held. SLUICE_OK; SLUICE_E_AGAIN when the slot has changed. */
int sluice_table_replace(sluice_space *space, const sluice_table *table, const sluice_entry *entry,
                         uint32_t offset);

/* How many slots refer to a block. A snapshot. */
uint32_t sluice_table_used(const sluice_table *table);

/* Sets right what dead participant `id` left in this table: an insertion half done, and the
 * SLUICE_BIT_SPACE of the blocks that it holds. Idempotent. */
void sluice_table_recover(sluice_space *space, const sluice_table *table, uint32_t id);

/* Lets go of all blocks; for a table that nobody else can reach any more. Idempotent. */
void sluice_table_clear(sluice_space *space, const sluice_table *table);

#endif
