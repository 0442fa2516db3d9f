/* A store: keys and values that many threads read, change and watch.
 *
 * Overview. Keys are bytes, values are bytes of any length that the space can hold. Each entry is
 * one block of the slab that never changes once it is in the store; to change an entry is to put
 * another block in its place, by one compare-and-swap. So a reader finds a value whole without
 * waiting for anybody, and may go on reading it in place for as long as it likes, whatever happens
 * to the entry meanwhile. Nobody waits, there is no lock, and who dies leaves nothing undone.
 *
 * Versions. Every value that is ever entered gets a number of its own, greater than that of every
 * value that its key had before. 0 stands for "no such key".
 *
 * Layout:
 *
 *   byte   0  object header; the capacity is the number of entries   (directory.h)
 *        128  table      the version of the table's insertions       (core/src/table.h)
 *        192  last       the last version given
 *        256  changed    16 event words; a key's is chosen by its hash
 *        384  slots[entries], 8 bytes each: the blocks               (core/src/table.h)
 *
 *   a value's block, whose header has the key's hash, place and length (slab.h)
 *
 *   byte   0  version    0: entered, but its number has not been given yet: whoever meets it does
 *          8  value_at   multiple of 16
 *         12  value_bytes
 *         16  the key, then the value
 *
 * Threads. A sluice_store_view belongs to one thread at a time, which has joined the space.
 * sluice_store_wait blocks; all the rest is lock-free and never waits. What others do at the same
 * moment may at worst lead to SLUICE_E_AGAIN, after a thousand attempts.
 *
 * Robust. A participant that dies between any two steps: its burial (sluice_participant_bury) sets
 * right what it left and wakes the watchers; what it had open in place or claimed is let go.
 *
 * Costs. To find a key takes a look at each slot from where its hash says to where it is; a key
 * that is not there, and an insertion, take a look at all. So `entries` is for as many as will be
 * used.
 *
 * Source. Our own table (core/src/table.h); immutable values behind one word as in RCU, with a bit
 * for each reader in place of grace periods. */
#ifndef SLUICE_STORE_H
#define SLUICE_STORE_H

#include <stddef.h>

#include "sluice/directory.h"

#define SLUICE_STORE_ENTRIES_MAX UINT32_C(65535)
#define SLUICE_STORE_KEY_MAX UINT32_C(65535)
#define SLUICE_STORE_WATCHES 16

/* For `expected`: whatever is there. */
#define SLUICE_STORE_ANY UINT64_MAX

typedef struct sluice_store {
  sluice_object object;
  _Atomic uint64_t table;
  uint64_t reserved[7];
  _Atomic uint64_t last;
  uint64_t reserved2[7];
  _Atomic uint32_t changed[SLUICE_STORE_WATCHES];
  uint64_t reserved3[8];
  _Atomic uint64_t slots[];
} sluice_store;

_Static_assert(offsetof(sluice_store, table) == 128, "as drawn");
_Static_assert(offsetof(sluice_store, last) == 192, "as drawn");
_Static_assert(offsetof(sluice_store, changed) == 256, "as drawn");
_Static_assert(offsetof(sluice_store, slots) == 384, "as drawn");

typedef struct sluice_store_value {
  _Atomic uint64_t version;
  _Atomic uint32_t value_at;
  _Atomic uint32_t value_bytes;
  unsigned char key[];
} sluice_store_value;

_Static_assert(offsetof(sluice_store_value, key) == 16, "as drawn");

/* What one thread knows of a store; private to it. */
typedef struct sluice_store_view {
  sluice_space *space;
  sluice_store *store;
  uint32_t entries;
  uint32_t offset;
  _Atomic uint32_t *asleep; /* the event word of the last sluice_store_sleep */
  uint64_t version;         /* of what the last set, replace or publish entered */
} sluice_store_view;

/* An entry that is being read in place. */
typedef struct sluice_store_entry {
  const void *key;
  const void *value; /* 16-byte aligned */
  uint32_t key_bytes;
  uint32_t value_bytes;
  uint64_t version;
  uint32_t offset; /* of the block, held by this participant */
  uint32_t held;   /* 1 when this call was the one that took hold of it */
} sluice_store_entry;

/* A value in the making. */
typedef struct sluice_store_claim {
  void *value;     /* where to write it, 16-byte aligned; what stands there is anything */
  uint32_t length; /* that was claimed */
  uint32_t offset; /* of the block; 0 when nothing is claimed */
} sluice_store_claim;

/* Bytes of a store of `entries`; 0 unless that is 1 to SLUICE_STORE_ENTRIES_MAX. Values not
 * included. */
uint32_t sluice_store_bytes(uint32_t entries);

/* Opens the store called `name`, or creates it (see sluice_object_open for the errors). `codec` is
 * any number that all must agree on. Returns its offset, or 0 with space->status. Any thread;
 * lock-free. */
uint32_t sluice_store_open(sluice_space *space, const char *name, uint32_t name_bytes,
                           uint32_t entries, uint32_t codec);

/* Sets `view` to the store at `offset`. SLUICE_OK; SLUICE_E_INVALID when there is no store of so
 * many entries, or the thread has not joined. Wait-free. */
int sluice_store_attach(sluice_store_view *view, sluice_space *space, uint32_t offset,
                        uint32_t entries);

/* ---- reading: also after the space has closed ---- */

/* Copies the value of `key` (`key_bytes`, up to SLUICE_STORE_KEY_MAX; may be empty) to `into`,
 * which has room for `room` bytes; sets *length and *version. SLUICE_OK; SLUICE_E_EMPTY when there
 * is no such key; SLUICE_E_TOO_LARGE with *length when the room does not do; SLUICE_E_INVALID for a
 * key too long; SLUICE_E_AGAIN; SLUICE_E_POISONED. Lock-free. */
int sluice_store_get(sluice_store_view *view, const void *key, uint32_t key_bytes, void *into,
                     uint32_t room, uint32_t *length, uint64_t *version);

/* The same in place: *entry stays as it is until sluice_store_unhold. Whoever holds several lets go
 * of them in the reverse order, as a participant's references to a block count once. */
int sluice_store_hold(sluice_store_view *view, const void *key, uint32_t key_bytes,
                      sluice_store_entry *entry);
void sluice_store_unhold(sluice_store_view *view, const sluice_store_entry *entry);

/* The version of the key's value, 0 without one, in *version. SLUICE_OK, or as sluice_store_get. */
int sluice_store_version(sluice_store_view *view, const void *key, uint32_t key_bytes,
                         uint64_t *version);

/* Walks the entries: begin with *index 0. SLUICE_OK with the next one in *entry, held as by
 * sluice_store_hold; SLUICE_E_EMPTY at the end; else as sluice_store_get. Each entry comes as it
 * was at one moment; one that is there all the while comes once, one that is removed and set again
 * meanwhile may come twice or not at all. */
int sluice_store_next(sluice_store_view *view, uint32_t *index, sluice_store_entry *entry);

/* How many entries there are: counted, by a look at every slot. A snapshot. */
uint32_t sluice_store_size(const sluice_store_view *view);

/* ---- changing ---- */

/* Gives `key` the value of `length` bytes at `from`; view->version becomes its version. SLUICE_OK;
 * SLUICE_E_FULL when all entries are taken; SLUICE_E_NO_MEMORY when the space is full;
 * SLUICE_E_TOO_LARGE for more than any space can hold; SLUICE_E_INVALID for a key too long;
 * SLUICE_E_AGAIN; SLUICE_E_CLOSED; SLUICE_E_POISONED. The value is in the space twice for a moment,
 * the old one and the new. Lock-free. */
int sluice_store_set(sluice_store_view *view, const void *key, uint32_t key_bytes, const void *from,
                     uint32_t length);

/* The same if the key's version is `expected` (0: if there is no such key); SLUICE_E_MISMATCH, and
 * nothing has changed, when it is not: get, and try again. */
int sluice_store_replace(sluice_store_view *view, const void *key, uint32_t key_bytes,
                         uint64_t expected, const void *from, uint32_t length);

/* Removes the entry, if its version is `expected` (or SLUICE_STORE_ANY). SLUICE_OK; SLUICE_E_EMPTY
 * when there is none; SLUICE_E_MISMATCH; else as sluice_store_set. Lock-free. */
int sluice_store_remove(sluice_store_view *view, const void *key, uint32_t key_bytes,
                        uint64_t expected);

/* To write a value in place: makes room for `length` bytes in *claim. Ends by publish or abandon.
 * SLUICE_OK, or as sluice_store_set. Lock-free. */
int sluice_store_claim_for(sluice_store_view *view, const void *key, uint32_t key_bytes,
                           uint32_t length, sluice_store_claim *claim);

/* Enters what was written in place, shortened to `length` bytes, as sluice_store_replace with
 * `expected`, or SLUICE_STORE_ANY. SLUICE_E_INVALID without a claim or for a greater length. Only
 * SLUICE_OK ends the claim. */
int sluice_store_publish(sluice_store_view *view, sluice_store_claim *claim, uint64_t expected,
                         uint32_t length);

/* Gives the claim up. SLUICE_OK, or SLUICE_E_INVALID without one. */
int sluice_store_abandon(sluice_store_view *view, sluice_store_claim *claim);

/* ---- watching ---- */

/* Sleeps, after a short spin, until the key's version is another than `since` (a removal counts:
 * version 0), for at most `timeout_ns` nanoseconds (negative: for ever; 0: not at all). SLUICE_OK
 * means look again, and may be early; SLUICE_E_TIMEOUT, SLUICE_E_AGAIN (wasm: woken early, call again with what is
 * left), SLUICE_E_CLOSED, SLUICE_E_POISONED, SLUICE_E_INVALID. */
int sluice_store_wait(sluice_store_view *view, const void *key, uint32_t key_bytes, uint64_t since,
                      int64_t timeout_ns);

/* For a caller that sleeps by its own means: the value of the word *view->asleep to sleep on, never
 * 0; 0 when it should look again at once. Never waits. */
uint32_t sluice_store_sleep(sluice_store_view *view, const void *key, uint32_t key_bytes,
                            uint64_t since);

#endif
