/* participant.h: slots, their generations and areas, reserve and adopt, leave. Burial: burial.c. */
#include "support.h"

enum { BYTES = 1 << 20 };

static sluice_space attach(const sluice_space *space) {
  sluice_space other;
  assert_int_equal(sluice_space_attach(&other, space->base, space->bytes), SLUICE_OK);
  return other;
}

/* ---- join and leave ---- */

static void an_id_is_the_slot_and_its_generation(void **state) {
  (void)state;
  sluice_space first = fresh_space(BYTES);
  sluice_space second = attach(&first);
  assert_int_equal(sluice_participant_join(&first, 0), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&second, 0), SLUICE_OK);
  assert_int_equal(first.participant, 1 << 8 | 1);
  assert_int_equal(second.participant, 1 << 8 | 2);
  free(first.base);
}

static void joining_twice_is_busy(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  uint32_t id = space.participant;
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_E_BUSY);
  assert_int_equal(space.participant, id);
  assert_int_equal(sluice_participant_count(&space), 1);
  free(space.base);
}

static void one_more_than_all_slots_is_no_memory(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  sluice_space each[SLUICE_PARTICIPANTS];
  for (int i = 0; i < SLUICE_PARTICIPANTS; i++) {
    each[i] = attach(&space);
    assert_int_equal(sluice_participant_join(&each[i], 0), SLUICE_OK);
  }
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_E_NO_MEMORY);
  assert_int_equal(space.participant, 0);
  assert_int_equal(sluice_participant_reserve(&space), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_participant_leave(&each[30]), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  assert_int_equal(space.participant, 2 << 8 | 31);
  free(space.base);
}

static void an_id_is_not_met_again_by_the_slots_next_holder(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t last = 0;
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
    assert_true(space.participant > last);
    last = space.participant;
    assert_int_equal(sluice_participant_leave(&space), SLUICE_OK);
  }
  free(space.base);
}

static void the_generation_wraps_to_an_id_that_is_not_zero(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  atomic_store(&header_of(&space)->participants[0].id, 0x3fffff << 8);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  assert_int_equal(space.participant, 1);
  assert_int_equal(sluice_participant_alive(&space, 1), 1);
  assert_int_equal(sluice_participant_leave(&space), SLUICE_OK);
  free(space.base);
}

static void the_generation_comes_round_past_the_one_whose_mark_still_stands(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  atomic_store(&header_of(&space)->participants[0].dead, 7 << 8 | 1);
  atomic_store(&header_of(&space)->participants[0].id, 6 << 8); /* 2^22 have left since */
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  assert_int_equal(space.participant, 8 << 8 | 1);
  assert_int_equal(sluice_participant_alive(&space, space.participant), 1);
  free(space.base);
}

static void an_id_leaves_the_upper_two_bits_to_the_words_of_locks(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  const uint32_t words[] = {0x3ffffe00, 0x3fffff00, 0x40000000, 0xffffff00};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    atomic_store(&header_of(&space)->participants[0].id, words[i]);
    assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
    assert_int_equal(space.participant & ~SLUICE_OWNER_MASK, 0);
    assert_int_equal(sluice_participant_leave(&space), SLUICE_OK);
  }
  free(space.base);
}

static void leaving_without_joining_is_invalid(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_participant_leave(&space), SLUICE_E_INVALID);
  (void)sluice_participant_join(&space, 0);
  assert_int_equal(sluice_participant_leave(&space), SLUICE_OK);
  assert_int_equal(sluice_participant_leave(&space), SLUICE_E_INVALID);
  free(space.base);
}

static void the_taken_slots_are_counted(void **state) {
  (void)state;
  sluice_space first = fresh_space(BYTES);
  sluice_space second = attach(&first);
  assert_int_equal(sluice_participant_count(&first), 0);
  (void)sluice_participant_join(&first, 0);
  (void)sluice_participant_join(&second, 0);
  assert_int_equal(sluice_participant_count(&first), 2);
  (void)sluice_participant_leave(&first);
  assert_int_equal(sluice_participant_count(&first), 1);
  free(first.base);
}

static void leaving_lets_go_of_all_that_one_referred_to(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space other = joined(&space);
  uint32_t used = used_of(&space);
  uint32_t alone = sluice_slab_alloc(&other, 1000);
  uint32_t shared = sluice_slab_alloc(&other, 2000);
  uint32_t ring = sluice_ring_open(&other, "r", 1, 64, 0);
  assert_int_equal(sluice_slab_ref(&space, shared, sluice_slab_serial(&space, shared)), SLUICE_OK);
  uint64_t bit = bit_of(other.participant);
  assert_int_equal(sluice_participant_leave(&other), SLUICE_OK);
  assert_int_equal(other.participant, 0);
  assert_true(refs_of(&space, alone) == 0);
  assert_true(refs_of(&space, shared) == bit_of(space.participant));
  assert_true((refs_of(&space, ring) & bit) == 0);
  assert_int_equal(sluice_directory_find(&space, "r", 1), ring); /* the name stays */
  assert_int_equal(sluice_object_close(&space, ring), SLUICE_OK);
  assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_OK);
  assert_int_equal(sluice_slab_unref(&space, shared), SLUICE_OK);
  assert_int_equal(used_of(&space), used);
  free(space.base);
}

static void who_was_declared_dead_cannot_leave(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  sluice_space next = joined(&space); /* the same slot */
  uint32_t block = sluice_slab_alloc(&next, 100);
  assert_int_equal(sluice_participant_leave(&dead), SLUICE_E_INVALID);
  assert_true(refs_of(&space, block) == bit_of(next.participant));
  assert_int_equal(sluice_participant_alive(&space, next.participant), 1);
  free(space.base);
}

/* ---- reserve, adopt, alive ---- */

static void a_reserved_id_is_alive_before_its_thread_runs(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t id = sluice_participant_reserve(&space);
  assert_int_equal(id, 1 << 8 | 2);
  assert_int_equal(space.status, SLUICE_OK);
  assert_int_equal(sluice_participant_alive(&space, id), 1);
  assert_int_equal(sluice_participant_count(&space), 2);
  sluice_space other = attach(&space);
  assert_int_equal(sluice_participant_adopt(&other, id, 1000), SLUICE_OK);
  assert_int_equal(other.participant, id);
  assert_int_not_equal(other.area, 0);
  assert_int_equal(sluice_participant_count(&space), 2);
  free(space.base);
}

static void a_reserved_id_whose_thread_never_ran_can_be_buried(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t id = sluice_participant_reserve(&space);
  assert_int_equal(sluice_participant_bury(&space, id), SLUICE_OK);
  assert_int_equal(sluice_participant_alive(&space, id), 0);
  assert_int_equal(sluice_participant_count(&space), 1);
  sluice_space late = attach(&space);
  assert_int_equal(sluice_participant_adopt(&late, id, 0), SLUICE_E_INVALID);
  assert_int_equal(late.participant, 0);
  free(space.base);
}

static void adopting_an_id_that_does_not_hold_its_slot_is_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space other = attach(&space);
  const uint32_t ids[] = {1,           1 << 8,     1 << 8 | 2, 2 << 8 | 1, 0xff,
                          1 << 8 | 48, 0x40000101, 0x80000101, UINT32_MAX};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    assert_int_equal(sluice_participant_adopt(&other, ids[i], 0), SLUICE_E_INVALID);
    assert_int_equal(other.participant, 0);
  }
  assert_int_equal(sluice_participant_count(&space), 1);
  free(space.base);
}

static void adopting_with_an_area_that_does_not_fit_leaves_the_id_reserved(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space other = attach(&space);
  uint32_t id = sluice_participant_reserve(&space);
  assert_int_equal(sluice_participant_adopt(&other, id, BYTES), SLUICE_E_NO_MEMORY);
  assert_int_equal(other.participant, 0);
  assert_int_equal(sluice_participant_alive(&space, id), 1);
  assert_int_equal(sluice_participant_adopt(&other, id, 1000), SLUICE_OK);
  assert_int_equal(sluice_participant_count(&space), 2);
  free(space.base);
}

static void only_who_holds_its_slot_and_is_not_marked_dead_is_alive(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space other = joined(&space);
  uint32_t id = other.participant;
  const uint32_t ids[] = {0,           0xff,       1 << 8,          id + 1,
                          id + 0x100,  id - 0x100, id | 0x40000000, id | 0x80000000,
                          1 << 8 | 48, UINT32_MAX};
  assert_int_equal(sluice_participant_alive(&space, id), 1);
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    assert_int_equal(sluice_participant_alive(&space, ids[i]), 0);
  }
  atomic_store(&header_of(&space)->participants[1].dead, id); /* marked, not buried as yet */
  assert_int_equal(sluice_participant_alive(&space, id), 0);
  atomic_store(&header_of(&space)->participants[1].dead, 0);
  (void)sluice_participant_leave(&other);
  assert_int_equal(sluice_participant_alive(&space, id), 0);
  free(space.base);
}

/* ---- areas ---- */

static void a_participant_that_asks_for_no_area_has_none(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  assert_int_equal(space.area, 0);
  assert_int_equal(used_of(&space), 0);
  free(space.base);
}

static void an_area_lies_inside_the_space(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_participant_join(&space, 65536), SLUICE_OK);
  assert_true(space.area >= sizeof(sluice_space_header));
  assert_int_equal(space.area % SLUICE_ALIGN, 0);
  memset(space.base + space.area, 0xff, 65536);
  free(space.base);
}

static void the_next_holder_inherits_the_area(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)sluice_participant_join(&space, 65536);
  uint32_t area = space.area;
  uint32_t used = used_of(&space);
  (void)sluice_participant_leave(&space);
  assert_int_equal(sluice_participant_join(&space, 1000), SLUICE_OK);
  assert_int_equal(space.area, area);
  assert_int_equal(used_of(&space), used);
  free(space.base);
}

static void a_holder_that_asks_for_no_area_leaves_it_to_the_next(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)sluice_participant_join(&space, 4096);
  uint32_t area = space.area;
  (void)sluice_participant_leave(&space);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  assert_int_equal(space.area, 0);
  (void)sluice_participant_leave(&space);
  assert_int_equal(sluice_participant_join(&space, 4096), SLUICE_OK);
  assert_int_equal(space.area, area);
  free(space.base);
}

static void a_larger_area_replaces_the_old_one(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)sluice_participant_join(&space, 1024);
  (void)sluice_participant_leave(&space);
  assert_int_equal(sluice_participant_join(&space, 8192), SLUICE_OK);
  uint32_t used = used_of(&space); /* the old one was freed */
  assert_true(used >= 8192 + 64 && used <= 8192 + 8192 / 4);
  assert_true(sluice_slab_bytes(&space, space.area) >= 8192);
  free(space.base);
}

static void an_area_that_does_not_fit_is_no_memory_and_takes_no_slot(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_participant_join(&space, BYTES), SLUICE_E_NO_MEMORY);
  assert_int_equal(space.participant, 0);
  assert_int_equal(sluice_participant_count(&space), 0);
  assert_int_equal(sluice_participant_join(&space, 128), SLUICE_OK);
  free(space.base);
}

static void an_area_belongs_to_its_slot_not_to_its_holder(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)sluice_participant_join(&space, 1000);
  assert_true(refs_of(&space, space.area) == SLUICE_BIT_SPACE);
  uint32_t area = space.area;
  (void)sluice_participant_leave(&space);
  assert_true(refs_of(&space, area) == SLUICE_BIT_SPACE);
  free(space.base);
}

static void a_falsified_area_is_replaced(void **state) {
  (void)state;
  const uint32_t hostile[] = {1, 128, 7041, BYTES - 128, BYTES, 0xffffff80u, UINT32_MAX};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = fresh_space(BYTES);
    atomic_store(&header_of(&space)->participants[0].area, hostile[i]);
    assert_int_equal(sluice_participant_join(&space, 4096), SLUICE_OK);
    assert_true(space.area >= sizeof(sluice_space_header) && space.area <= BYTES - 4096);
    memset(space.base + space.area, 0xff, 4096);
    free(space.base);
  }
}

/* ---- threads ---- */

enum { JOINERS = 6, JOINS = 3000 };

static _Atomic uint32_t holders[SLUICE_PARTICIPANTS];
static pthread_barrier_t together;

/* Joins and leaves; returns how often the slot had another holder meanwhile. The count is relaxed:
 * what orders one holder after the other is to be the slot alone. */
static void *join_and_leave(void *argument) {
  sluice_space space = *(sluice_space *)argument;
  intptr_t shared = 0;
  pthread_barrier_wait(&together);
  for (int i = 0; i < JOINS; i++) {
    if (sluice_participant_join(&space, 256) != SLUICE_OK) {
      return (void *)-1;
    }
    uint32_t slot = (space.participant & 0xff) - 1;
    shared += atomic_fetch_add_explicit(&holders[slot], 1, memory_order_relaxed) != 0;
    memset(space.base + space.area, i, 256); /* TSan: the area has one holder */
    (void)atomic_fetch_sub_explicit(&holders[slot], 1, memory_order_relaxed);
    shared += sluice_participant_leave(&space) != SLUICE_OK;
  }
  return (void *)shared;
}

static void threads_that_join_at_once_get_a_slot_each(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  pthread_t threads[JOINERS];
  pthread_barrier_init(&together, NULL, JOINERS);
  for (int i = 0; i < JOINERS; i++) {
    threads[i] = start(join_and_leave, &space);
  }
  for (int i = 0; i < JOINERS; i++) {
    assert_int_equal(finish(threads[i]), 0);
  }
  assert_int_equal(sluice_participant_count(&space), 0);
  pthread_barrier_destroy(&together);
  free(space.base);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_id_is_the_slot_and_its_generation),
      cmocka_unit_test(joining_twice_is_busy),
      cmocka_unit_test(one_more_than_all_slots_is_no_memory),
      cmocka_unit_test(an_id_is_not_met_again_by_the_slots_next_holder),
      cmocka_unit_test(the_generation_wraps_to_an_id_that_is_not_zero),
      cmocka_unit_test(the_generation_comes_round_past_the_one_whose_mark_still_stands),
      cmocka_unit_test(an_id_leaves_the_upper_two_bits_to_the_words_of_locks),
      cmocka_unit_test(leaving_without_joining_is_invalid),
      cmocka_unit_test(the_taken_slots_are_counted),
      cmocka_unit_test(leaving_lets_go_of_all_that_one_referred_to),
      cmocka_unit_test(who_was_declared_dead_cannot_leave),
      cmocka_unit_test(a_reserved_id_is_alive_before_its_thread_runs),
      cmocka_unit_test(a_reserved_id_whose_thread_never_ran_can_be_buried),
      cmocka_unit_test(adopting_an_id_that_does_not_hold_its_slot_is_invalid),
      cmocka_unit_test(adopting_with_an_area_that_does_not_fit_leaves_the_id_reserved),
      cmocka_unit_test(only_who_holds_its_slot_and_is_not_marked_dead_is_alive),
      cmocka_unit_test(a_participant_that_asks_for_no_area_has_none),
      cmocka_unit_test(an_area_lies_inside_the_space),
      cmocka_unit_test(the_next_holder_inherits_the_area),
      cmocka_unit_test(a_holder_that_asks_for_no_area_leaves_it_to_the_next),
      cmocka_unit_test(a_larger_area_replaces_the_old_one),
      cmocka_unit_test(an_area_that_does_not_fit_is_no_memory_and_takes_no_slot),
      cmocka_unit_test(an_area_belongs_to_its_slot_not_to_its_holder),
      cmocka_unit_test(a_falsified_area_is_replaced),
      cmocka_unit_test(threads_that_join_at_once_get_a_slot_each),
  };
  return RUN(tests);
}
