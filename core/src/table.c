#include "table.h"

enum { TRIES = 1000 }; /* how often others may come in between before the caller is told so */

#define OFFSET_BITS UINT64_C(0x1ffffff)
#define TENTATIVE (UINT64_C(1) << 25)
#define PROPOSER_BITS UINT64_C(0x3f)
#define PROPOSER_SHIFT 26
#define TAG_SHIFT 32
#define SLOT_BITS UINT64_C(0xffff)
#define VERSION_PROPOSER_SHIFT 16
#define SEQUENCE_SHIFT 22

static uint32_t offset_of(uint64_t word) {
  return (uint32_t)(word & OFFSET_BITS) * SLUICE_ALIGN;
}

/* The word after `old` that refers to `offset`. */
static uint64_t follow(uint64_t old, uint32_t offset) {
  return ((old >> TAG_SHIFT) + 1) << TAG_SHIFT | offset / SLUICE_ALIGN;
}

/* Who proposes, as six bits: its slot + 1, 0 for one that has not joined. */
static uint64_t proposer(uint32_t id) {
  return id & PROPOSER_BITS;
}
_Static_assert(SLUICE_PARTICIPANTS < 63, "a participant's slot fits");

/* Does `version` make the tentative `word` in `slot` count? */
static int named_by(uint64_t version, uint64_t word, uint32_t slot) {
  return (version & SLOT_BITS) == slot + 1 &&
         (uint32_t)(version >> SEQUENCE_SHIFT) == (uint32_t)(word >> TAG_SHIFT) &&
         (version >> VERSION_PROPOSER_SHIFT & PROPOSER_BITS) ==
             (word >> PROPOSER_SHIFT & PROPOSER_BITS);
}

/* One's own bit; none for one that has not joined, which refers to nothing. */
static uint64_t own_bit(const sluice_space *space) {
  return space->participant == 0 ? 0 : sluice_bit(space->participant);
}

uint32_t sluice_table_hash(const void *bytes, uint32_t length) {
  const unsigned char *at = bytes;
  uint32_t value = UINT32_C(2166136261);
  for (uint32_t i = 0; i < length; i++) {
    value = (value ^ at[i]) * UINT32_C(16777619);
  }
  return value;
}

void sluice_table_key(const sluice_space *space, uint32_t offset, uint32_t key_at, uint32_t length,
                      uint32_t hash) {
  sluice_block *block = sluice_block_at(space, offset);
  atomic_store_explicit(&block->hash, hash, memory_order_relaxed);
  atomic_store_explicit(&block->key_at, key_at, memory_order_relaxed);
  atomic_store_explicit(&block->key_bytes, length, memory_order_relaxed);
}

/* The key of a block that is held. */
static int has_key(const sluice_space *space, uint32_t offset, const sluice_key *key) {
  const sluice_block *block = sluice_block_at(space, offset);
  uint32_t room = sluice_block_room(space, offset);
  uint32_t at = atomic_load_explicit(&block->key_at, memory_order_relaxed);
  return atomic_load_explicit(&block->key_bytes, memory_order_relaxed) == key->length &&
         at <= room && key->length <= room - at &&
         memcmp(space->base + offset + at, key->bytes, key->length) == 0;
}

/* The last insertion may still have its mark: takes it away. */
static void finish(const sluice_table *table, uint64_t version) {
  uint32_t slot = (uint32_t)(version & SLOT_BITS) - 1;
  if (slot < table->count) {
    uint64_t word = atomic_load_explicit(&table->slots[slot], memory_order_acquire);
    if ((word & TENTATIVE) != 0 && named_by(version, word, slot)) {
      (void)atomic_compare_exchange_strong_explicit(&table->slots[slot], &word, word & ~TENTATIVE,
                                                    memory_order_seq_cst, memory_order_relaxed);
      SLUICE_STEP("table.insert: finished");
    }
  }
}

/* The slot's word as it counts: 0 for an empty or a tentative one. */
static uint64_t look(const sluice_table *table, uint32_t slot) {
  /* pairs with the compare-and-swaps of insert and replace: the block is complete.
   * seq_cst for the second look after sluice_block_hold, and for sluice_space_close */
  uint64_t word = atomic_load_explicit(&table->slots[slot], memory_order_seq_cst);
  if ((word & TENTATIVE) != 0) {
    SLUICE_STEP("table.look: tentative");
    uint64_t version = atomic_load_explicit(table->version, memory_order_seq_cst);
    if (!named_by(version, word, slot)) {
      SLUICE_STEP("table.look: not named");
      /* Never inserted as yet; or inserted, finished and named no more since `word` was read. */
      word = atomic_load_explicit(&table->slots[slot], memory_order_seq_cst);
      return (word & TENTATIVE) != 0 || offset_of(word) == 0 ? 0 : word;
    }
    finish(table, version);
    word &= ~TENTATIVE;
  }
  return offset_of(word) == 0 ? 0 : word;
}

/* Does `slot` still refer to the block that `word` refers to? */
static int refers(const sluice_table *table, uint32_t slot, uint64_t word) {
  return look(table, slot) == word;
}

/* Holds the block that `word` refers to and looks whether the slot still refers to it. SLUICE_OK
 * with *entry; SLUICE_E_AGAIN when it does not. */
static int hold(sluice_space *space, const sluice_table *table, uint32_t slot, uint64_t word,
                sluice_entry *entry) {
  uint64_t mine = own_bit(space);
  uint32_t offset = offset_of(word);
  SLUICE_STEP("table.find: about to hold");
  uint64_t before = sluice_block_hold(space, offset, mine);
  SLUICE_STEP("table.find: held");
  *entry = (sluice_entry){
      .word = word, .slot = slot, .offset = offset, .held = mine != 0 && (before & mine) == 0};
  if (before == 0) {
    return SLUICE_E_AGAIN;
  }
  if (!refers(table, slot, word)) {
    sluice_table_let_go(space, entry);
    return SLUICE_E_AGAIN;
  }
  return SLUICE_OK;
}

/* Why the block that a slot refers to is out of bounds: corruption, or of a space that has grown
 * this thread does not see all. */
static int out_of_bounds(sluice_space *space) {
  int sees_less = atomic_load_explicit(&sluice_header(space)->bytes, memory_order_acquire) >
                  sluice_extent(space);
  if (!sees_less) {
    (void)sluice_poison(space);
  }
  return sees_less ? SLUICE_E_AGAIN : SLUICE_E_POISONED;
}

/* Looks at one slot; `key` NULL for any. As sluice_table_find. */
static int look_into(sluice_space *space, const sluice_table *table, uint32_t slot,
                     const sluice_key *key, sluice_entry *entry) {
  for (uint32_t tries = 0; tries < TRIES; tries++) {
    uint64_t word = look(table, slot);
    uint32_t offset = offset_of(word);
    if (word == 0) {
      return SLUICE_E_EMPTY;
    }
    int sound = sluice_block_room(space, offset) != 0;
    int other = sound && key != NULL &&
                atomic_load_explicit(&sluice_block_at(space, offset)->hash, memory_order_relaxed) !=
                    key->hash;
    if (sound && !other) {
      if (hold(space, table, slot, word, entry) != SLUICE_OK) {
        continue;
      }
      if (key == NULL || has_key(space, offset, key)) {
        return SLUICE_OK;
      }
      sluice_table_let_go(space, entry);
      return SLUICE_E_EMPTY;
    }
    if (refers(table, slot, word)) { /* else what was read may be another block's by now */
      return sound ? SLUICE_E_EMPTY : out_of_bounds(space);
    }
  }
  return SLUICE_E_AGAIN;
}

int sluice_table_at(sluice_space *space, const sluice_table *table, uint32_t slot,
                    sluice_entry *entry) {
  return slot < table->count ? look_into(space, table, slot, NULL, entry) : SLUICE_E_INVALID;
}

int sluice_table_find(sluice_space *space, const sluice_table *table, const sluice_key *key,
                      sluice_entry *entry) {
  for (uint32_t step = 0; step < table->count; step++) {
    uint32_t slot = (uint32_t)(((uint64_t)key->hash + step) % table->count);
    int status = look_into(space, table, slot, key, entry);
    if (status != SLUICE_E_EMPTY) {
      return status;
    }
  }
  return SLUICE_E_EMPTY;
}

void sluice_table_let_go(sluice_space *space, const sluice_entry *entry) {
  if (entry->held != 0) {
    (void)sluice_block_release(space, entry->offset, own_bit(space));
  }
}

/* `slot` refers to the block, or did a moment ago: lets the block's bit follow. The caller holds
 * the block. */
static void follow_up(sluice_space *space, const sluice_table *table, uint32_t slot,
                      uint32_t offset) {
  (void)sluice_block_hold(space, offset, SLUICE_BIT_SPACE);
  SLUICE_STEP("table.follow: set");
  if (offset_of(look(table, slot)) != offset) {
    (void)sluice_block_release(space, offset, SLUICE_BIT_SPACE);
  }
}

/* Puts the block into an empty slot, tentative. Returns the slot, or `count` when none is empty. */
static uint32_t propose(const sluice_table *table, uint32_t first, uint64_t proposal) {
  for (uint32_t step = 0; step < table->count; step++) {
    uint32_t slot = (uint32_t)(((uint64_t)first + step) % table->count);
    uint64_t word = atomic_load_explicit(&table->slots[slot], memory_order_relaxed);
    /* publishes the block to whoever finds it here; pairs with the load in look */
    if (offset_of(word) == 0 &&
        atomic_compare_exchange_strong_explicit(&table->slots[slot], &word, proposal,
                                                memory_order_seq_cst, memory_order_relaxed)) {
      return slot;
    }
  }
  return table->count;
}

/* Empties the slot if it still holds the proposal, which was never inserted. */
static void withdraw(const sluice_table *table, uint32_t slot, uint64_t proposal) {
  uint64_t word = proposal;
  (void)atomic_compare_exchange_strong_explicit(&table->slots[slot], &word, follow(proposal, 0),
                                                memory_order_seq_cst, memory_order_relaxed);
  SLUICE_STEP("table.insert: withdrawn");
}

int sluice_table_insert(sluice_space *space, const sluice_table *table, uint32_t offset,
                        sluice_entry *there) {
  sluice_block *block = sluice_block_at(space, offset);
  uint32_t room = sluice_block_room(space, offset);
  uint32_t at = atomic_load_explicit(&block->key_at, memory_order_relaxed);
  sluice_key key = {.bytes = space->base + offset + at,
                    .length = atomic_load_explicit(&block->key_bytes, memory_order_relaxed),
                    .hash = atomic_load_explicit(&block->hash, memory_order_relaxed)};
  if (at > room || key.length > room - at) {
    return SLUICE_E_INVALID;
  }
  /* publishes the block to who finds it in the heap; pairs with the acquire in
   * sluice_kind_is_object */
  atomic_store_explicit(&block->home, table->home + 1, memory_order_release);
  for (uint32_t tries = 0; tries < TRIES; tries++) {
    uint64_t version = atomic_load_explicit(table->version, memory_order_seq_cst);
    finish(table, version);
    int status = sluice_table_find(space, table, &key, there);
    if (status != SLUICE_E_EMPTY) {
      return status == SLUICE_OK ? SLUICE_E_BUSY : status;
    }
    uint64_t sequence = (version >> SEQUENCE_SHIFT) + 1;
    uint64_t me = proposer(space->participant);
    uint64_t proposal = (uint64_t)(uint32_t)sequence << TAG_SHIFT | me << PROPOSER_SHIFT |
                        TENTATIVE | offset / SLUICE_ALIGN;
    uint32_t slot = propose(table, key.hash, proposal);
    SLUICE_STEP("table.insert: proposed");
    if (slot == table->count) {
      return SLUICE_E_NO_MEMORY;
    }
    atomic_store_explicit(&block->slot, slot, memory_order_relaxed);
    uint64_t inserted = sequence << SEQUENCE_SHIFT | me << VERSION_PROPOSER_SHIFT | (slot + 1);
    /* seq_cst: inserted, then sluice_object_open looks at the space's state; sluice_space_close
     * sets the state, then looks here */
    if (atomic_compare_exchange_strong_explicit(table->version, &version, inserted,
                                                memory_order_seq_cst, memory_order_relaxed)) {
      SLUICE_STEP("table.insert: inserted");
      finish(table, inserted);
      follow_up(space, table, slot, offset);
      return SLUICE_OK;
    }
    withdraw(table, slot, proposal);
  }
  return SLUICE_E_AGAIN;
}

int sluice_table_replace(sluice_space *space, const sluice_table *table, const sluice_entry *entry,
                         uint32_t offset) {
  uint64_t word = entry->word;
  if (offset != 0) {
    sluice_block *block = sluice_block_at(space, offset);
    atomic_store_explicit(&block->home, table->home + 1, memory_order_relaxed);
    atomic_store_explicit(&block->slot, entry->slot, memory_order_relaxed);
  }
  /* publishes the new block; pairs with the load in look. seq_cst: then the old one is let go
   * (see sluice_block_hold) */
  if (!atomic_compare_exchange_strong_explicit(&table->slots[entry->slot], &word,
                                               follow(word, offset), memory_order_seq_cst,
                                               memory_order_relaxed)) {
    return SLUICE_E_AGAIN;
  }
  SLUICE_STEP("table.replace: replaced");
  if (offset != 0) {
    follow_up(space, table, entry->slot, offset);
  }
  (void)sluice_block_release(space, entry->offset, SLUICE_BIT_SPACE);
  SLUICE_STEP("table.replace: let go");
  return SLUICE_OK;
}

uint32_t sluice_table_used(const sluice_table *table) {
  uint32_t used = 0;
  for (uint32_t slot = 0; slot < table->count; slot++) {
    used += look(table, slot) != 0;
  }
  return used;
}

/* Does the block say too that it stands in this slot? If not, the slot is a finalized table's. */
static int stands_in(const sluice_space *space, const sluice_table *table, uint32_t slot,
                     uint32_t offset) {
  const sluice_block *block = sluice_block_at(space, offset);
  return atomic_load_explicit(&block->home, memory_order_relaxed) == table->home + 1 &&
         atomic_load_explicit(&block->slot, memory_order_relaxed) == slot;
}

void sluice_table_recover(sluice_space *space, const sluice_table *table, uint32_t id) {
  uint64_t dead = sluice_bit(id);
  uint64_t version = atomic_load_explicit(table->version, memory_order_seq_cst);
  finish(table, version);
  for (uint32_t slot = 0; slot < table->count; slot++) {
    uint64_t word = atomic_load_explicit(&table->slots[slot], memory_order_seq_cst);
    uint32_t offset = offset_of(word);
    if (sluice_block_room(space, offset) == 0 || /* an empty one too */
        (atomic_load_explicit(&sluice_block_at(space, offset)->refs, memory_order_seq_cst) &
         dead) == 0) {
      continue;
    }
    if ((word & TENTATIVE) != 0 && look(table, slot) == 0) {
      /* The dead one may hold a block that another proposes, by a look that came too late. */
      if ((word >> PROPOSER_SHIFT & PROPOSER_BITS) == proposer(id)) {
        withdraw(table, slot, word);
      }
    } else if (stands_in(space, table, slot, offset) && offset_of(look(table, slot)) == offset) {
      follow_up(space, table, slot, offset);
    }
    SLUICE_STEP("table.recover: slot set right");
  }
  /* Blocks that it took out of the table and did not let go. */
  for (uint32_t offset = 0; (offset = sluice_block_next(space, offset)) != 0;) {
    const sluice_block *block = sluice_block_at(space, offset);
    uint64_t refs = atomic_load_explicit(&block->refs, memory_order_seq_cst);
    uint32_t slot = atomic_load_explicit(&block->slot, memory_order_relaxed);
    if ((refs & dead) != 0 && (refs & SLUICE_BIT_SPACE) != 0 &&
        atomic_load_explicit(&block->home, memory_order_relaxed) == table->home + 1 &&
        (slot >= table->count || offset_of(look(table, slot)) != offset)) {
      (void)sluice_block_release(space, offset, SLUICE_BIT_SPACE);
      SLUICE_STEP("table.recover: block let go");
    }
  }
}

void sluice_table_clear(sluice_space *space, const sluice_table *table) {
  uint64_t mine = own_bit(space);
  for (uint32_t slot = 0; slot < table->count; slot++) {
    uint64_t word = atomic_load_explicit(&table->slots[slot], memory_order_seq_cst);
    uint32_t offset = offset_of(word);
    if (sluice_block_room(space, offset) == 0) { /* an empty one too */
      continue;
    }
    /* The slot goes on naming the block, so that whoever takes this up again finds it; by then the
     * block may have become another's. */
    uint64_t before = sluice_block_hold(space, offset, mine);
    SLUICE_STEP("table.clear: held");
    int still = stands_in(space, table, slot, offset);
    uint64_t bits = ((before & mine) == 0 ? mine : 0) | (still ? SLUICE_BIT_SPACE : 0);
    if (before != 0) {
      (void)sluice_block_release(space, offset, bits);
    }
    SLUICE_STEP("table.clear: let go");
  }
}
