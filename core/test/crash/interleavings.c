/* Races of the slab, of tables and of burials, each as the one interleaving that matters: at an
 * exact step of one participant's call another's is made. Where somebody dies in the middle of a
 * call, the call is left there. What each is named for went wrong once. */
#include <setjmp.h>

#include "blocks.h"
#include "crash.h"
#include "directory_table.h"
#include "sluice/store.h"

enum { CAPACITY = 64, WORD = 4 /* of a ring: its flags */ };

static sluice_space *a; /* the survivor */
static sluice_space b;
static sluice_space c;
static uint32_t before; /* a block in one life */
static uint32_t after;  /* and in the next */
static uint32_t serial;
static int status;

static void join(sluice_space *guest) {
  CRASH_EQUAL(sluice_space_attach(guest, a->base, a->bytes), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(guest, 0), SLUICE_OK);
}

static void leave(sluice_space *guest) {
  if (sluice_participant_alive(a, guest->participant)) {
    CRASH_EQUAL(sluice_participant_leave(guest), SLUICE_OK);
  }
}

static void three_join(sluice_space *space, crash_log *log) {
  a = space;
  join(&b);
  join(&c);
  log->guests = 2;
}

static void all_leave(sluice_space *space, crash_log *log) {
  (void)space;
  (void)log;
  leave(&b);
  leave(&c);
}

static uint32_t open_named(sluice_space *space, const char *name) {
  uint32_t offset = sluice_ring_open(space, name, (uint32_t)strlen(name), CAPACITY, 0);
  CRASH_TRUE(offset != 0);
  return offset;
}

static uint32_t find(sluice_space *space, const char *name) {
  return sluice_directory_find(space, name, (uint32_t)strlen(name));
}

static void close_and_remove(sluice_space *space, const char *name, uint32_t offset) {
  CRASH_EQUAL(sluice_object_close(space, offset), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, name, (uint32_t)strlen(name)), SLUICE_OK);
}

static uint64_t refs(uint32_t offset) {
  return atomic_load(&sluice_block_at(a, offset)->refs);
}

/* ---- death, without a process: the call that `die` is made in the middle of goes no further ----
 */

static jmp_buf death;

static void die(void) {
  longjmp(death, 1);
}

static void bury_b(void) {
  CRASH_EQUAL(sluice_participant_bury(&c, b.participant), SLUICE_OK);
}

/* ---- the slab ---- */

static void refer_by_stale_handle(void) {
  status = sluice_slab_ref(&b, before, serial);
}

static void stale_handle_while_allocating(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  before = sluice_slab_alloc(space, 100);
  serial = sluice_slab_serial(space, before);
  CRASH_EQUAL(sluice_slab_unref(space, before), SLUICE_OK);
  crash_meanwhile("slab.alloc: taken", 0, refer_by_stale_handle);
  after = sluice_slab_alloc(space, 100);
  CRASH_EQUAL(after, before);
  CRASH_EQUAL(status, SLUICE_E_CLOSED);
  CRASH_EQUAL(refs(after), sluice_bit(space->participant));
  CRASH_EQUAL(sluice_slab_unref(space, after), SLUICE_OK);
}

/* ---- tables ---- */

static sluice_space stranger; /* has not joined */
static sluice_entry seen;

static void stranger_looks(void) {
  sluice_table table = sluice_directory_table(&stranger);
  for (uint32_t slot = 0; slot < SLUICE_DIRECTORY_ENTRIES; slot++) {
    if (sluice_table_at(&stranger, &table, slot, &seen) == SLUICE_OK) {
      return;
    }
  }
}

static void look_by_a_stranger(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  CRASH_EQUAL(sluice_space_attach(&stranger, space->base, space->bytes), SLUICE_OK);
  crash_meanwhile("table.insert: inserted", 0, stranger_looks);
  after = open_named(space, "n");
  CRASH_EQUAL(seen.offset, after);
  sluice_table_let_go(&stranger, &seen);
  CRASH_EQUAL(refs(after), sluice_bit(space->participant) | SLUICE_BIT_SPACE);
  close_and_remove(space, "n", after);
}

/* Two names with one hash, and one that belongs in the slot after theirs. */
static const char one[] = "n512789";
static const char other[] = "n749192";
static const char next[] = "m53";
static uint32_t found_meanwhile;

static void insert_and_remove_next(void) {
  uint32_t offset = open_named(a, next);
  close_and_remove(a, next, offset);
}

static void find_other(void) {
  found_meanwhile = find(&c, other);
}

static void then_find_other(void) {
  insert_and_remove_next();
  crash_meanwhile("table.insert: proposed", 0, find_other);
}

static void late_proposal(sluice_space *space, crash_log *log, int finished) {
  uint32_t first = open_named(space, one);
  (void)log;
  (void)finished;
  /* b has read the version and holds the first one's block, for its hash; now an insertion of that
   * version is made and undone; b proposes with the same sequence, in the same slot. */
  crash_meanwhile("table.find: held", 1, then_find_other);
  after = open_named(&b, other);
  CRASH_TRUE(found_meanwhile == 0 || found_meanwhile == after);
  CRASH_EQUAL(find(space, other), after);
  CRASH_TRUE((refs(after) & SLUICE_BIT_SPACE) != 0);
  CRASH_EQUAL(sluice_object_close(&b, after), SLUICE_OK);
  if (found_meanwhile != 0) {
    CRASH_EQUAL(sluice_object_close(&c, after), SLUICE_OK);
  }
  CRASH_TRUE((refs(after) & SLUICE_BIT_SPACE) != 0);
  close_and_remove(space, other, after);
  close_and_remove(space, one, first);
}

static void look_at_withdrawn(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  if (setjmp(death) == 0) {
    crash_meanwhile("table.insert: proposed", 0, die);
    (void)open_named(&b, "n");
  }
  crash_meanwhile("table.look: not named", 0, bury_b);
  CRASH_EQUAL(find(space, "n"), 0);
  CRASH_EQUAL(space->status, SLUICE_E_EMPTY);
  CRASH_EQUAL(sluice_participant_alive(space, b.participant), 0);
  CRASH_EQUAL(sluice_space_state(space), SLUICE_OK);
}

/* The entry is removed, and its block allocated anew, between the look at the slot and the hold. */
static void remove_and_allocate(void) {
  close_and_remove(a, "old", before);
  after = sluice_slab_alloc(a, sluice_ring_bytes(CAPACITY));
}

static void late_look(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  before = open_named(space, "old");
  crash_meanwhile("table.find: about to hold", 0, remove_and_allocate);
  CRASH_EQUAL(find(&b, "old"), 0);
  CRASH_EQUAL(b.status, SLUICE_E_EMPTY);
  CRASH_EQUAL(after, before);
  CRASH_EQUAL(refs(after), sluice_bit(space->participant));
  CRASH_EQUAL(sluice_slab_unref(space, after), SLUICE_OK);
}

/* ---- burials ---- */

static void hold_late(void) {
  (void)sluice_block_hold(&b, before, sluice_bit(b.participant));
}

static void hold_late_and_die_when_proposed(void) {
  hold_late();
  crash_meanwhile("table.insert: proposed", 0, bury_b);
}

static void burial_beside_a_proposal(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  before = open_named(space, "old");
  close_and_remove(space, "old", before);
  crash_meanwhile("slab.alloc: made", 0, hold_late_and_die_when_proposed);
  after = open_named(space, "new");
  CRASH_EQUAL(after, before);
  CRASH_EQUAL(sluice_participant_alive(space, b.participant), 0);
  CRASH_EQUAL(find(space, "new"), after);
  CRASH_EQUAL(refs(after), sluice_bit(space->participant) | SLUICE_BIT_SPACE);
  close_and_remove(space, "new", after);
}

/* A ring that b was the producer of, removed; its flags are 0, and stay so. */
static void ring_of_b_that_was(sluice_space *space) {
  sluice_ring_producer producer;
  before = open_named(space, "old");
  CRASH_EQUAL(
      sluice_ring_producer_open(&producer, sluice_at(space, before), CAPACITY, b.participant),
      SLUICE_OK);
  close_and_remove(space, "old", before);
  ((uint32_t *)sluice_at(space, before))[WORD] = 0;
}

static void hold_late_and_die(void) {
  hold_late();
  bury_b();
}

static void burial_beside_an_allocation(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  ring_of_b_that_was(space);
  crash_meanwhile("slab.alloc: taken", 0, hold_late_and_die);
  after = sluice_slab_alloc(space, sluice_ring_bytes(CAPACITY));
  CRASH_EQUAL(after, before);
  CRASH_EQUAL(((uint32_t *)sluice_at(space, after))[WORD], 0);
  CRASH_EQUAL(sluice_slab_unref(space, after), SLUICE_OK);
}

static void burial_of_one_that_allocated(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  ring_of_b_that_was(space);
  if (setjmp(death) == 0) {
    crash_meanwhile("slab.alloc: taken", 0, die);
    (void)sluice_slab_alloc(&b, sluice_ring_bytes(CAPACITY));
  }
  CRASH_TRUE(refs(before) != 0);
  bury_b();
  CRASH_EQUAL(refs(before), 0);
  CRASH_EQUAL(((uint32_t *)sluice_at(space, before))[WORD], 0);
}

/* ---- a store ---- */

static sluice_store_view mine;
static sluice_store_view theirs;
static uint32_t faster; /* how often another still is */

static void set_before_it(void) {
  CRASH_EQUAL(sluice_store_set(&theirs, "k", 1, "y", 1), SLUICE_OK);
  if (--faster != 0) {
    crash_meanwhile("store.put: about to replace", 0, set_before_it);
  }
}

/* `times` 1000 is once too often. */
static int set_beside_another(uint32_t times) {
  faster = times;
  crash_meanwhile("store.put: about to replace", 0, set_before_it);
  return sluice_store_set(&mine, "k", 1, "x", 1);
}

static void others_are_faster(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  uint32_t offset = sluice_store_open(space, "s", 1, 4, 0);
  CRASH_EQUAL(sluice_store_open(&b, "s", 1, 4, 0), offset);
  CRASH_EQUAL(sluice_store_attach(&mine, space, offset, 4), SLUICE_OK);
  CRASH_EQUAL(sluice_store_attach(&theirs, &b, offset, 4), SLUICE_OK);
  CRASH_EQUAL(sluice_store_set(&mine, "k", 1, "x", 1), SLUICE_OK);
  CRASH_EQUAL(set_beside_another(999), SLUICE_OK);
  CRASH_EQUAL(set_beside_another(1000), SLUICE_E_AGAIN);
  CRASH_EQUAL(sluice_object_close(&b, offset), SLUICE_OK);
  close_and_remove(space, "s", offset);
}

static void insert_before_it(void) {
  CRASH_EQUAL(sluice_store_set(&theirs, "k", 1, "y", 1), SLUICE_OK);
}

static void inserted_by_another_meanwhile(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  uint32_t offset = sluice_store_open(space, "s", 1, 4, 0);
  CRASH_EQUAL(sluice_store_open(&b, "s", 1, 4, 0), offset);
  CRASH_EQUAL(sluice_store_attach(&mine, space, offset, 4), SLUICE_OK);
  CRASH_EQUAL(sluice_store_attach(&theirs, &b, offset, 4), SLUICE_OK);
  uint32_t used = sluice_space_used(space);
  crash_meanwhile("table.insert: proposed", 0, insert_before_it);
  CRASH_EQUAL(sluice_store_set(&mine, "k", 1, "x", 1), SLUICE_OK);
  CRASH_EQUAL(sluice_store_remove(&mine, "k", 1, SLUICE_STORE_ANY), SLUICE_OK);
  CRASH_EQUAL(sluice_space_used(space), used);
  CRASH_EQUAL(sluice_object_close(&b, offset), SLUICE_OK);
  close_and_remove(space, "s", offset);
}

/* ---- the end of the space ---- */

static void remove_and_write(void) {
  CRASH_EQUAL(sluice_directory_remove(a, "old", 3), SLUICE_OK);
  after = sluice_slab_alloc(a, sluice_ring_bytes(CAPACITY));
  ((uint32_t *)sluice_at(a, after))[WORD] = 0;
}

static void closing_beside_a_removal(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  before = open_named(space, "old");
  CRASH_EQUAL(sluice_object_close(space, before), SLUICE_OK);
  crash_meanwhile("slab.release: let go", 0, remove_and_write);
  CRASH_EQUAL(sluice_space_close(&b), SLUICE_OK);
  CRASH_EQUAL(after, before);
  CRASH_EQUAL(((uint32_t *)sluice_at(space, after))[WORD], 0);
  CRASH_EQUAL(sluice_slab_unref(space, after), SLUICE_OK);
}

static void close_space(void) {
  CRASH_EQUAL(sluice_space_close(&b), SLUICE_OK);
}

static void opening_beside_the_close(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  crash_meanwhile("table.insert: proposed", 0, close_space);
  CRASH_EQUAL(sluice_ring_open(space, "n", 1, CAPACITY, 0), 0);
  CRASH_EQUAL(space->status, SLUICE_E_CLOSED);
  CRASH_EQUAL(sluice_directory_remove(space, "n", 1), SLUICE_OK);
}

const crash_scenario crash_scenarios[] = {
    {"a stale handle is refused while its block is allocated anew", three_join, NULL,
     stale_handle_while_allocating, all_leave},
    {"who has not joined takes no reference away by looking", three_join, NULL, look_by_a_stranger,
     all_leave},
    {"a proposal of a sequence that was used is no insertion", three_join, NULL, late_proposal,
     all_leave},
    {"a proposal that is withdrawn while one looks poisons nothing", three_join, NULL,
     look_at_withdrawn, all_leave},
    {"a look that comes too late leaves the block to its next holder", three_join, NULL, late_look,
     all_leave},
    {"a burial does not withdraw a live one's proposal", three_join, NULL, burial_beside_a_proposal,
     all_leave},
    {"a burial does not write into a block that is being allocated", three_join, NULL,
     burial_beside_an_allocation, all_leave},
    {"a burial recovers no object that the dead one was to overwrite", three_join, NULL,
     burial_of_one_that_allocated, all_leave},
    {"who is overtaken a thousand times in a row is told to come again", three_join, NULL,
     others_are_faster, all_leave},
    {"who finds its key inserted by another meanwhile holds nothing of it", three_join, NULL,
     inserted_by_another_meanwhile, all_leave},
    {"closing a space does not write into what is no object any more", three_join, NULL,
     closing_beside_a_removal, all_leave},
    {"what is opened while the space closes is closed and let go", three_join, NULL,
     opening_beside_the_close, all_leave},
    {NULL, NULL, NULL, NULL, NULL},
};
