/* core/src/table.h: slots without locks, one block a key, and what deaths and hostile words leave.
 */
#include "support.h"

#include "table.h"

enum { BYTES = 1 << 20, SLOTS = 16 };

#define TENTATIVE (UINT64_C(1) << 25)

/* A table of `count` slots in a block of its own, as a store has one. */
static sluice_table fresh_table(sluice_space *space, uint32_t count) {
  uint32_t offset = sluice_space_alloc(space, 64 + 8 * count);
  assert_int_not_equal(offset, 0);
  return (sluice_table){.version = sluice_at(space, offset),
                        .slots = sluice_at(space, offset + 64),
                        .count = count,
                        .home = offset};
}

static sluice_key key_of(const char *name) {
  uint32_t length = (uint32_t)strlen(name);
  return (sluice_key){.bytes = name, .length = length, .hash = sluice_table_hash(name, length)};
}

/* A block that carries the key, held by this participant. */
static uint32_t make_hashed(sluice_space *space, const char *name, uint32_t hash) {
  uint32_t length = (uint32_t)strlen(name);
  uint32_t offset = sluice_slab_alloc(space, 100);
  assert_int_not_equal(offset, 0);
  memcpy((char *)sluice_at(space, offset) + 8, name, length);
  sluice_table_key(space, offset, 8, length, hash);
  return offset;
}

static uint32_t make(sluice_space *space, const char *name) {
  return make_hashed(space, name, key_of(name).hash);
}

/* Inserts a new block and lets go of it: the table alone holds it. */
static uint32_t insert(sluice_space *space, const sluice_table *table, const char *name) {
  sluice_entry there;
  uint32_t offset = make(space, name);
  assert_int_equal(sluice_table_insert(space, table, offset, &there), SLUICE_OK);
  assert_int_equal(sluice_slab_unref(space, offset), SLUICE_OK);
  return offset;
}

/* The block that the name stands for, 0 for none; nothing stays held. */
static uint32_t find(sluice_space *space, const sluice_table *table, const char *name) {
  sluice_entry entry;
  sluice_key key = key_of(name);
  int status = sluice_table_find(space, table, &key, &entry);
  if (status != SLUICE_OK) {
    assert_int_equal(status, SLUICE_E_EMPTY);
    return 0;
  }
  sluice_table_let_go(space, &entry);
  return entry.offset;
}

static void remove_name(sluice_space *space, const sluice_table *table, const char *name) {
  sluice_entry entry;
  sluice_key key = key_of(name);
  assert_int_equal(sluice_table_find(space, table, &key, &entry), SLUICE_OK);
  assert_int_equal(sluice_table_replace(space, table, &entry, 0), SLUICE_OK);
  sluice_table_let_go(space, &entry);
}

/* The slot that refers to the block, or proposes it. */
static uint32_t slot_of(const sluice_table *table, uint32_t offset) {
  for (uint32_t slot = 0; slot < table->count; slot++) {
    if ((atomic_load(&table->slots[slot]) & 0x1ffffff) == offset / SLUICE_ALIGN) {
      return slot;
    }
  }
  return table->count;
}

/* ---- find and insert ---- */

static void the_hash_is_fnv_1a(void **state) {
  (void)state;
  assert_int_equal(sluice_table_hash("", 0), 0x811c9dc5);
  assert_int_equal(sluice_table_hash("a", 1), 0xe40c292c);
  assert_int_equal(sluice_table_hash("foobar", 6), 0xbf9cf968);
}

static void what_was_inserted_is_found_and_held(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space other = joined(&space);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry entry;
  sluice_key key = key_of("a");
  assert_int_equal(sluice_table_find(&space, &table, &key, &entry), SLUICE_E_EMPTY);
  uint32_t offset = insert(&space, &table, "a");
  assert_true(refs_of(&space, offset) == SLUICE_BIT_SPACE);
  assert_int_equal(sluice_table_find(&other, &table, &key, &entry), SLUICE_OK);
  assert_int_equal(entry.offset, offset);
  assert_int_equal(entry.held, 1);
  assert_true(refs_of(&space, offset) == (SLUICE_BIT_SPACE | bit_of(other.participant)));
  sluice_table_let_go(&other, &entry);
  assert_true(refs_of(&space, offset) == SLUICE_BIT_SPACE);
  free(space.base);
}

static void what_one_held_before_a_find_stays_held_after_it(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry entry;
  sluice_key key = key_of("a");
  uint32_t offset = make(&space, "a");
  assert_int_equal(sluice_table_insert(&space, &table, offset, &entry), SLUICE_OK);
  assert_int_equal(sluice_table_find(&space, &table, &key, &entry), SLUICE_OK);
  assert_int_equal(entry.held, 0);
  sluice_table_let_go(&space, &entry);
  assert_true(refs_of(&space, offset) == (SLUICE_BIT_SPACE | bit_of(space.participant)));
  free(space.base);
}

static void a_key_is_compared_whole(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  (void)insert(&space, &table, "orders");
  assert_int_equal(find(&space, &table, "order"), 0);
  assert_int_equal(find(&space, &table, "orders2"), 0);
  assert_int_equal(find(&space, &table, "orderS"), 0);
  free(space.base);
}

static void keys_of_one_hash_are_told_apart(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space other = joined(&space);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry entry;
  uint32_t blocks[3];
  const char *names[] = {"one", "two", "six"};
  for (int i = 0; i < 3; i++) {
    blocks[i] = make_hashed(&space, names[i], 5);
    assert_int_equal(sluice_table_insert(&space, &table, blocks[i], &entry), SLUICE_OK);
    assert_int_equal(sluice_slab_unref(&space, blocks[i]), SLUICE_OK);
  }
  for (int i = 0; i < 3; i++) {
    sluice_key key = {.bytes = names[i], .length = 3, .hash = 5};
    assert_int_equal(sluice_table_find(&other, &table, &key, &entry), SLUICE_OK);
    assert_int_equal(entry.offset, blocks[i]);
    sluice_table_let_go(&other, &entry);
    assert_true(refs_of(&space, blocks[0]) ==
                SLUICE_BIT_SPACE); /* what was passed over is let go */
  }
  free(space.base);
}

static void a_key_that_exists_is_busy_and_given(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry there;
  uint32_t first = insert(&space, &table, "a");
  uint32_t second = make(&space, "a");
  assert_int_equal(sluice_table_insert(&space, &table, second, &there), SLUICE_E_BUSY);
  assert_int_equal(there.offset, first);
  sluice_table_let_go(&space, &there);
  assert_int_equal(find(&space, &table, "a"), first);
  assert_true(refs_of(&space, second) == bit_of(space.participant));
  assert_int_equal(sluice_table_used(&table), 1);
  free(space.base);
}

static void a_full_table_is_no_memory_until_a_key_is_removed(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry there;
  char name[16];
  for (int i = 0; i < SLOTS; i++) {
    (void)snprintf(name, sizeof name, "k%d", i);
    (void)insert(&space, &table, name);
  }
  assert_int_equal(sluice_table_used(&table), SLOTS);
  uint32_t late = make(&space, "late");
  assert_int_equal(sluice_table_insert(&space, &table, late, &there), SLUICE_E_NO_MEMORY);
  assert_int_equal(find(&space, &table, "late"), 0);
  assert_int_not_equal(find(&space, &table, "k7"), 0);
  remove_name(&space, &table, "k7");
  assert_int_equal(sluice_table_insert(&space, &table, late, &there), SLUICE_OK);
  assert_int_equal(find(&space, &table, "late"), late);
  free(space.base);
}

static void a_key_beyond_its_block_is_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry there;
  const uint32_t hostile[][2] = {{0, 1u << 20}, {1u << 20, 1},
                                 {100, 100},    {UINT32_MAX, UINT32_MAX},
                                 {193, 0},      {1, UINT32_MAX}};
  uint32_t offset = make(&space, "a");
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_table_key(&space, offset, hostile[i][0], hostile[i][1], 1);
    assert_int_equal(sluice_table_insert(&space, &table, offset, &there), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_table_used(&table), 0);
  free(space.base);
}

static void a_table_of_one_slot_or_none_works(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, 1);
  sluice_entry there;
  uint32_t offset = insert(&space, &table, "a");
  assert_int_equal(find(&space, &table, "a"), offset);
  assert_int_equal(sluice_table_insert(&space, &table, make(&space, "b"), &there),
                   SLUICE_E_NO_MEMORY);
  table.count = 0;
  assert_int_equal(find(&space, &table, "a"), 0);
  assert_int_equal(sluice_table_insert(&space, &table, make(&space, "b"), &there),
                   SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_table_at(&space, &table, 0, &there), SLUICE_E_INVALID);
  free(space.base);
}

static void who_has_not_joined_finds_and_leaves_the_tables_reference_alone(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space guest = space;
  guest.participant = 0;
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry entry;
  sluice_key key = key_of("a");
  uint32_t offset = insert(&space, &table, "a");
  assert_int_equal(sluice_table_find(&guest, &table, &key, &entry), SLUICE_OK);
  assert_int_equal(entry.offset, offset);
  sluice_table_let_go(&guest, &entry);
  assert_true(refs_of(&space, offset) == SLUICE_BIT_SPACE);
  free(space.base);
}

/* ---- at and replace ---- */

static void the_slots_can_be_walked(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry entry;
  uint32_t a = insert(&space, &table, "a");
  uint32_t b = insert(&space, &table, "b");
  uint32_t seen = 0;
  for (uint32_t slot = 0; slot < SLOTS; slot++) {
    int status = sluice_table_at(&space, &table, slot, &entry);
    if (status == SLUICE_OK) {
      assert_true(entry.offset == a || entry.offset == b);
      assert_int_equal(entry.slot, slot);
      sluice_table_let_go(&space, &entry);
      seen++;
    } else {
      assert_int_equal(status, SLUICE_E_EMPTY);
    }
  }
  assert_int_equal(seen, 2);
  assert_int_equal(sluice_table_at(&space, &table, SLOTS, &entry), SLUICE_E_INVALID);
  assert_int_equal(sluice_table_at(&space, &table, UINT32_MAX, &entry), SLUICE_E_INVALID);
  free(space.base);
}

static void a_replaced_block_goes_when_its_last_holder_lets_go(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry entry;
  sluice_key key = key_of("a");
  uint32_t old = insert(&space, &table, "a");
  uint32_t new = make(&space, "a");
  assert_int_equal(sluice_table_find(&space, &table, &key, &entry), SLUICE_OK);
  assert_int_equal(sluice_table_replace(&space, &table, &entry, new), SLUICE_OK);
  assert_int_equal(find(&space, &table, "a"), new);
  assert_int_equal(block_of(&space, new)->home, block_of(&space, old)->home); /* for a burial */
  assert_int_equal(block_of(&space, new)->slot, entry.slot);
  assert_true(refs_of(&space, new) == (SLUICE_BIT_SPACE | bit_of(space.participant)));
  assert_true(refs_of(&space, old) == bit_of(space.participant)); /* the entry stays held */
  sluice_table_let_go(&space, &entry);
  assert_true(refs_of(&space, old) == 0);
  assert_int_equal(sluice_table_used(&table), 1);
  free(space.base);
}

static void a_removed_key_can_be_inserted_anew(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  uint32_t used = used_of(&space);
  for (int i = 0; i < 100; i++) {
    uint32_t offset = insert(&space, &table, "a");
    assert_int_equal(find(&space, &table, "a"), offset);
    remove_name(&space, &table, "a");
    assert_int_equal(find(&space, &table, "a"), 0);
    assert_int_equal(used_of(&space), used);
  }
  free(space.base);
}

static void replacing_what_has_changed_meanwhile_is_refused(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space other = joined(&space);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry entry;
  sluice_key key = key_of("a");
  uint32_t old = insert(&space, &table, "a");
  assert_int_equal(sluice_table_find(&space, &table, &key, &entry), SLUICE_OK);
  remove_name(&other, &table, "a");
  uint32_t anew = insert(&other, &table, "a");
  assert_int_not_equal(anew, old); /* it is held */
  uint32_t late = make(&space, "a");
  assert_int_equal(sluice_table_replace(&space, &table, &entry, late), SLUICE_E_AGAIN);
  assert_int_equal(sluice_table_replace(&space, &table, &entry, 0), SLUICE_E_AGAIN);
  assert_int_equal(find(&space, &table, "a"), anew);
  assert_true(refs_of(&space, late) == bit_of(space.participant));
  sluice_table_let_go(&space, &entry);
  assert_true(refs_of(&space, old) == 0);
  free(space.base);
}

static void clearing_lets_go_of_all_blocks_and_may_be_done_again(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  uint32_t used = used_of(&space);
  (void)insert(&space, &table, "a");
  (void)insert(&space, &table, "b");
  uint32_t held = make(&space, "c");
  sluice_entry entry;
  assert_int_equal(sluice_table_insert(&space, &table, held, &entry), SLUICE_OK);
  sluice_table_clear(&space, &table);
  assert_true(refs_of(&space, held) == bit_of(space.participant));
  assert_int_equal(sluice_slab_unref(&space, held), SLUICE_OK);
  assert_int_equal(used_of(&space), used);
  uint32_t others = sluice_slab_alloc(&space, 100); /* one of the blocks, in its next life */
  sluice_table_clear(&space, &table);
  assert_true(refs_of(&space, others) == bit_of(space.participant));
  free(space.base);
}

static void clearing_again_leaves_alone_what_is_another_tables_now(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_table other = fresh_table(&space, SLOTS);
  uint32_t block = insert(&space, &table, "a");
  sluice_table_clear(&space, &table);
  assert_int_equal(insert(&space, &other, "a"), block); /* the same block, in another life */
  sluice_table_clear(&space, &table);
  assert_true(refs_of(&space, block) == SLUICE_BIT_SPACE);
  assert_int_equal(find(&space, &other, "a"), block);
  free(space.base);
}

/* ---- deaths between two steps, as their words stand ---- */

/* Puts a block of `who` into an empty slot as a proposal that was never inserted. */
static uint32_t propose(const sluice_table *table, uint32_t offset, uint32_t who) {
  uint32_t slot = 0;
  while (atomic_load(&table->slots[slot]) != 0) {
    slot++;
  }
  atomic_store(&table->slots[slot], UINT64_C(77) << 32 | (uint64_t)(who & 0x3f) << 26 | TENTATIVE |
                                        offset / SLUICE_ALIGN);
  return slot;
}

static void a_proposal_is_not_found_and_not_counted(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry entry;
  uint32_t offset = make(&dead, "a");
  uint32_t slot = propose(&table, offset, dead.participant);
  assert_int_equal(find(&space, &table, "a"), 0);
  assert_int_equal(sluice_table_at(&space, &table, slot, &entry), SLUICE_E_EMPTY);
  assert_int_equal(sluice_table_used(&table), 0);
  uint32_t own = insert(&space, &table, "a"); /* and stands in nobody's way */
  assert_int_equal(find(&space, &table, "a"), own);
  free(space.base);
}

static void a_dead_ones_proposal_is_withdrawn(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  sluice_table table = fresh_table(&space, SLOTS);
  uint32_t offset = make(&dead, "a");
  (void)propose(&table, offset, dead.participant);
  for (int i = 0; i < 2; i++) {
    sluice_table_recover(&space, &table, dead.participant);
    assert_int_equal(slot_of(&table, offset), SLOTS);
    assert_true(refs_of(&space, offset) == bit_of(dead.participant));
  }
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_true(refs_of(&space, offset) == 0);
  free(space.base);
}

static void a_live_ones_proposal_stays_though_a_dead_one_holds_its_block(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  sluice_table table = fresh_table(&space, SLOTS);
  uint32_t offset = make(&space, "a");
  uint32_t slot = propose(&table, offset, space.participant);
  uint64_t word = atomic_load(&table.slots[slot]);
  /* by a look at the block's last life that came too late */
  assert_int_equal(sluice_slab_ref(&dead, offset, sluice_slab_serial(&dead, offset)), SLUICE_OK);
  sluice_table_recover(&space, &table, dead.participant);
  assert_true(atomic_load(&table.slots[slot]) == word);
  free(space.base);
}

static void an_insertion_is_finished_by_whoever_looks(void **state) {
  (void)state;
  for (int how = 0; how < 4; how++) {
    sluice_space space = joined_space(BYTES);
    sluice_table table = fresh_table(&space, SLOTS);
    sluice_entry entry;
    uint32_t offset = insert(&space, &table, "a");
    uint32_t slot = slot_of(&table, offset);
    uint64_t word = atomic_load(&table.slots[slot]);
    atomic_store(&table.slots[slot], word | TENTATIVE); /* the version names it */
    switch (how) {
      case 0:
        assert_int_equal(find(&space, &table, "a"), offset);
        break;
      case 1:
        assert_int_equal(sluice_table_at(&space, &table, slot, &entry), SLUICE_OK);
        break;
      case 2:
        (void)insert(&space, &table, "b");
        break;
      default:
        sluice_table_recover(&space, &table, space.participant);
        break;
    }
    assert_true(atomic_load(&table.slots[slot]) == word);
    assert_int_equal(find(&space, &table, "a"), offset);
    free(space.base);
  }
}

static void who_dies_after_inserting_leaves_the_entry_in_place(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry there;
  uint32_t offset = make(&dead, "a");
  assert_int_equal(sluice_table_insert(&dead, &table, offset, &there), SLUICE_OK);
  atomic_store(&block_of(&space, offset)->refs, bit_of(dead.participant)); /* not followed up */
  for (int i = 0; i < 2; i++) {
    sluice_table_recover(&space, &table, dead.participant);
    assert_true(refs_of(&space, offset) == (SLUICE_BIT_SPACE | bit_of(dead.participant)));
  }
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(find(&space, &table, "a"), offset);
  free(space.base);
}

static void who_dies_after_removing_leaves_no_block(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry entry;
  sluice_key key = key_of("a");
  uint32_t used = used_of(&space);
  uint32_t offset = insert(&space, &table, "a");
  assert_int_equal(sluice_table_find(&dead, &table, &key, &entry), SLUICE_OK);
  assert_int_equal(sluice_table_replace(&dead, &table, &entry, 0), SLUICE_OK);
  atomic_fetch_or(&block_of(&space, offset)->refs, SLUICE_BIT_SPACE); /* not let go */
  for (int i = 0; i < 2; i++) {
    sluice_table_recover(&space, &table, dead.participant);
    assert_true(refs_of(&space, offset) == bit_of(dead.participant));
  }
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(used_of(&space), used);
  free(space.base);
}

static void recovery_leaves_alone_what_the_dead_one_did_not_hold(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  sluice_table table = fresh_table(&space, SLOTS);
  uint32_t kept = insert(&space, &table, "a");
  uint32_t mine = make(&space, "b");
  uint32_t slot = propose(&table, mine, space.participant);
  uint64_t word = atomic_load(&table.slots[slot]);
  sluice_table_recover(&space, &table, dead.participant);
  assert_int_equal(find(&space, &table, "a"), kept);
  assert_true(atomic_load(&table.slots[slot]) == word);
  free(space.base);
}

/* Else it would end a reference of the block's next life. */
static void recovery_leaves_to_a_living_one_what_it_has_just_taken_out(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry entry;
  sluice_key key = key_of("a");
  uint32_t offset = insert(&space, &table, "a");
  assert_int_equal(sluice_table_find(&space, &table, &key, &entry), SLUICE_OK);
  assert_int_equal(sluice_table_replace(&space, &table, &entry, 0), SLUICE_OK);
  atomic_fetch_or(&block_of(&space, offset)->refs, SLUICE_BIT_SPACE); /* about to let go */
  sluice_table_recover(&space, &table, dead.participant);
  assert_true((refs_of(&space, offset) & SLUICE_BIT_SPACE) != 0);
  free(space.base);
}

/* ---- hostile words ---- */

static void a_slot_that_refers_to_no_block_is_poisoned(void **state) {
  (void)state;
  const uint64_t hostile[] = {1, 0x36, 0x40, BYTES / SLUICE_ALIGN - 1};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = joined_space(BYTES);
    sluice_table table = fresh_table(&space, SLOTS);
    sluice_entry entry;
    sluice_key key = key_of("a");
    uint32_t slot = slot_of(&table, insert(&space, &table, "a"));
    atomic_store(&table.slots[slot], hostile[i]);
    assert_int_equal(sluice_table_find(&space, &table, &key, &entry), SLUICE_E_POISONED);
    assert_int_equal(sluice_space_state(&space), SLUICE_E_POISONED);
    assert_int_equal(sluice_table_at(&space, &table, slot, &entry), SLUICE_E_POISONED);
    sluice_table_recover(&space, &table, space.participant);
    sluice_table_clear(&space, &table);
    free(space.base);
  }
}

/* What lies there may be a space that has grown, so that it is an error and need not be poison. */
static void a_slot_that_refers_past_the_end_is_an_error(void **state) {
  (void)state;
  const uint64_t hostile[] = {BYTES / SLUICE_ALIGN, BYTES / SLUICE_ALIGN + 1, 0x1ffffff};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = joined_space(BYTES);
    sluice_table table = fresh_table(&space, SLOTS);
    sluice_entry entry;
    sluice_key key = key_of("a");
    uint32_t slot = slot_of(&table, insert(&space, &table, "a"));
    atomic_store(&table.slots[slot], hostile[i]);
    int status = sluice_table_find(&space, &table, &key, &entry);
    assert_true(status == SLUICE_E_POISONED || status == SLUICE_E_AGAIN);
    assert_int_equal(sluice_table_at(&space, &table, slot, &entry), status);
    sluice_table_recover(&space, &table, space.participant);
    sluice_table_clear(&space, &table);
    free(space.base);
  }
}

static void a_slot_that_refers_to_a_free_block_is_answered(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  sluice_entry entry;
  sluice_key key = key_of("a");
  uint32_t offset = insert(&space, &table, "a");
  atomic_store(&block_of(&space, offset)->refs, 0);
  assert_int_equal(sluice_table_find(&space, &table, &key, &entry), SLUICE_E_AGAIN);
  free(space.base);
}

static void any_version_is_survived(void **state) {
  (void)state;
  for (int bit = 0; bit <= 65; bit++) {
    sluice_space space = joined_space(BYTES);
    sluice_table table = fresh_table(&space, SLOTS);
    sluice_entry there;
    uint32_t offset = insert(&space, &table, "a");
    uint64_t version = atomic_load(table.version);
    atomic_store(table.version, bit == 64   ? 0
                                : bit == 65 ? UINT64_MAX
                                            : version ^ UINT64_C(1) << bit);
    (void)propose(&table, make(&space, "b"), space.participant);
    assert_int_equal(find(&space, &table, "a"), offset);
    int status = sluice_table_insert(&space, &table, make(&space, "c"), &there);
    assert_true(status == SLUICE_OK || status == SLUICE_E_AGAIN);
    sluice_table_recover(&space, &table, space.participant);
    free(space.base);
  }
}

static void a_falsified_key_is_read_inside_its_block_only(void **state) {
  (void)state;
  const uint32_t hostile[] = {1, 100, 193, 1u << 20, 0x80000000, UINT32_MAX};
  sluice_space space = joined_space(16384);
  sluice_table table = fresh_table(&space, SLOTS);
  uint32_t offset = insert(&space, &table, "a");
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    atomic_store(&block_of(&space, offset)->key_at, hostile[i]);
    assert_int_equal(find(&space, &table, "a"), 0); /* ASan */
    atomic_store(&block_of(&space, offset)->key_at, 8);
    atomic_store(&block_of(&space, offset)->key_bytes, hostile[i] + 1);
    assert_int_equal(find(&space, &table, "a"), 0);
    atomic_store(&block_of(&space, offset)->key_bytes, 1);
    assert_int_equal(find(&space, &table, "a"), offset);
  }
  free(space.base);
}

static void any_word_in_a_slot_is_survived(void **state) {
  (void)state;
  uint64_t seed = 1;
  sluice_space space = joined_space(65536);
  sluice_space peer = joined(&space);
  sluice_table table = fresh_table(&space, SLOTS);
  (void)insert(&space, &table, "a");
  for (uint32_t i = 0; i < 50; i++) {
    (void)sluice_slab_alloc(&space, 300);
  }
  unsigned char *copy = malloc(65536);
  memcpy(copy, space.base, 65536);
  for (int round = 0; round < 20000; round++) {
    sluice_entry entry;
    sluice_key key = key_of("a");
    memcpy(space.base, copy, 65536);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
      uint64_t word = random_next(&seed);
      /* half of them refer to what might be a block */
      if (word % 2 == 0) {
        word = (word & ~UINT64_C(0x1ffffff)) | (word >> 40) % (65536 / SLUICE_ALIGN);
      }
      atomic_store(&table.slots[slot], word);
    }
    if (sluice_table_find(&space, &table, &key, &entry) == SLUICE_OK) {
      sluice_table_let_go(&space, &entry);
    }
    uint32_t offset = sluice_slab_alloc(&space, 100);
    if (offset != 0) {
      memset(sluice_at(&space, offset), 'b', 1);
      sluice_table_key(&space, offset, 0, 1, key_of("b").hash);
      if (sluice_table_insert(&space, &table, offset, &entry) == SLUICE_E_BUSY) {
        sluice_table_let_go(&space, &entry);
      }
    }
    (void)sluice_table_used(&table);
    sluice_table_recover(&space, &table, peer.participant);
    sluice_table_clear(&space, &table);
  }
  free(copy);
  free(space.base);
}

/* ---- threads ---- */

enum { WORKERS = 4, ROUNDS = 3000 };

typedef struct worker {
  sluice_space space;
  sluice_table table;
  pthread_barrier_t *together;
  uint64_t seed;
  uint32_t winners[ROUNDS];
} worker;

/* In each round all insert the same key at once; the next begins when all are done. */
static void *insert_at_once(void *argument) {
  worker *self = argument;
  for (int round = 0; round < ROUNDS; round++) {
    sluice_entry there = {0};
    uint32_t offset = sluice_slab_alloc(&self->space, 100);
    memcpy(sluice_at(&self->space, offset), &round, 4);
    sluice_table_key(&self->space, offset, 0, 4, sluice_table_hash(&round, 4));
    pthread_barrier_wait(self->together);
    int status = sluice_table_insert(&self->space, &self->table, offset, &there);
    self->winners[round] = status == SLUICE_OK ? offset : there.offset;
    pthread_barrier_wait(self->together);
    if (status == SLUICE_OK) {
      sluice_key key = {.bytes = &round, .length = 4, .hash = sluice_table_hash(&round, 4)};
      if (sluice_table_find(&self->space, &self->table, &key, &there) != SLUICE_OK ||
          sluice_table_replace(&self->space, &self->table, &there, 0) != SLUICE_OK) {
        self->winners[round] = 0;
      }
    } else if (status == SLUICE_E_BUSY) {
      sluice_table_let_go(&self->space, &there);
    } else {
      self->winners[round] = 0;
    }
    (void)sluice_slab_unref(&self->space, offset);
  }
  return NULL;
}

static void of_all_that_insert_a_key_at_once_one_succeeds_and_all_know_which(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_table table = fresh_table(&space, SLOTS);
  uint32_t used = used_of(&space);
  pthread_barrier_t together;
  pthread_barrier_init(&together, NULL, WORKERS);
  worker *workers = calloc(WORKERS, sizeof *workers);
  pthread_t threads[WORKERS];
  for (int i = 0; i < WORKERS; i++) {
    workers[i].space = joined(&space);
    workers[i].table = table;
    workers[i].together = &together;
    threads[i] = start(insert_at_once, &workers[i]);
  }
  for (int i = 0; i < WORKERS; i++) {
    (void)finish(threads[i]);
  }
  for (int round = 0; round < ROUNDS; round++) {
    assert_int_not_equal(workers[0].winners[round], 0);
    for (int i = 1; i < WORKERS; i++) {
      assert_int_equal(workers[i].winners[round], workers[0].winners[round]);
    }
  }
  assert_int_equal(sluice_table_used(&table), 0);
  assert_int_equal(used_of(&space), used);
  assert_int_equal(sluice_space_state(&space), SLUICE_OK);
  pthread_barrier_destroy(&together);
  free(workers);
  free(space.base);
}

static _Atomic int stop;

/* Does to a slot what an insertion does that comes too late, again and again. */
static void *propose_and_withdraw(void *argument) {
  worker *self = argument;
  uint64_t proposal =
      UINT64_C(77) << 32 | UINT64_C(40) << 26 | TENTATIVE | self->winners[0] / SLUICE_ALIGN;
  while (atomic_load(&stop) == 0) {
    atomic_store(&self->table.slots[5], proposal);
    atomic_store(&self->table.slots[5], UINT64_C(78) << 32);
  }
  return NULL;
}

static void a_look_at_a_proposal_that_is_being_withdrawn_finds_nothing(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  worker other = {.space = joined(&space), .table = fresh_table(&space, SLOTS)};
  other.winners[0] = make(&space, "b");
  atomic_store(&stop, 0);
  pthread_t thread = start(propose_and_withdraw, &other);
  int found = 0;
  for (int i = 0; i < 200000 && found == 0; i++) {
    sluice_entry entry;
    sluice_key key = key_of("a");
    found = sluice_table_find(&space, &other.table, &key, &entry) != SLUICE_E_EMPTY;
  }
  atomic_store(&stop, 1);
  (void)finish(thread);
  assert_int_equal(found, 0);
  assert_int_equal(sluice_space_state(&space), SLUICE_OK);
  free(space.base);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_hash_is_fnv_1a),
      cmocka_unit_test(what_was_inserted_is_found_and_held),
      cmocka_unit_test(what_one_held_before_a_find_stays_held_after_it),
      cmocka_unit_test(a_key_is_compared_whole),
      cmocka_unit_test(keys_of_one_hash_are_told_apart),
      cmocka_unit_test(a_key_that_exists_is_busy_and_given),
      cmocka_unit_test(a_full_table_is_no_memory_until_a_key_is_removed),
      cmocka_unit_test(a_key_beyond_its_block_is_invalid),
      cmocka_unit_test(a_table_of_one_slot_or_none_works),
      cmocka_unit_test(who_has_not_joined_finds_and_leaves_the_tables_reference_alone),
      cmocka_unit_test(the_slots_can_be_walked),
      cmocka_unit_test(a_replaced_block_goes_when_its_last_holder_lets_go),
      cmocka_unit_test(a_removed_key_can_be_inserted_anew),
      cmocka_unit_test(replacing_what_has_changed_meanwhile_is_refused),
      cmocka_unit_test(clearing_lets_go_of_all_blocks_and_may_be_done_again),
      cmocka_unit_test(clearing_again_leaves_alone_what_is_another_tables_now),
      cmocka_unit_test(a_proposal_is_not_found_and_not_counted),
      cmocka_unit_test(a_dead_ones_proposal_is_withdrawn),
      cmocka_unit_test(a_live_ones_proposal_stays_though_a_dead_one_holds_its_block),
      cmocka_unit_test(an_insertion_is_finished_by_whoever_looks),
      cmocka_unit_test(who_dies_after_inserting_leaves_the_entry_in_place),
      cmocka_unit_test(who_dies_after_removing_leaves_no_block),
      cmocka_unit_test(recovery_leaves_alone_what_the_dead_one_did_not_hold),
      cmocka_unit_test(recovery_leaves_to_a_living_one_what_it_has_just_taken_out),
      cmocka_unit_test(a_slot_that_refers_to_no_block_is_poisoned),
      cmocka_unit_test(a_slot_that_refers_past_the_end_is_an_error),
      cmocka_unit_test(a_slot_that_refers_to_a_free_block_is_answered),
      cmocka_unit_test(any_version_is_survived),
      cmocka_unit_test(a_falsified_key_is_read_inside_its_block_only),
      cmocka_unit_test(any_word_in_a_slot_is_survived),
      cmocka_unit_test(of_all_that_insert_a_key_at_once_one_succeeds_and_all_know_which),
      cmocka_unit_test(a_look_at_a_proposal_that_is_being_withdrawn_finds_nothing),
  };
  return RUN(tests);
}
