/* participant.h: slots, their areas and generations, and what happens to the ends of the dead. */
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
  assert_int_equal(sluice_participant_leave(&each[77]), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  assert_int_equal(space.participant, 2 << 8 | 78);
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
  header_of(&space)->participants[0].generation = 0xffffff;
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  assert_int_equal(space.participant, 1);
  assert_int_equal(sluice_participant_leave(&space), SLUICE_OK);
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
  assert_int_equal(used_of(&space), 8192); /* the old one was freed */
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

static void a_falsified_area_is_replaced(void **state) {
  (void)state;
  const uint32_t hostile[] = {1, 128, BYTES, 0xffffff80u};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = fresh_space(BYTES);
    header_of(&space)->participants[0].area = hostile[i];
    header_of(&space)->participants[0].area_bytes = 65536;
    assert_int_equal(sluice_participant_join(&space, 4096), SLUICE_OK);
    assert_true(space.area >= sizeof(sluice_space_header) && space.area <= BYTES - 4096);
    memset(space.base + space.area, 0xff, 4096);
    free(space.base);
  }
}

/* ---- bury ---- */

static void burying_marks_each_end_of_the_dead_as_lost(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  sluice_space dead = attach(&space);
  (void)sluice_participant_join(&space, 0);
  (void)sluice_participant_join(&dead, 0);
  sluice_ring *in = ring_at(&space, sluice_ring_open(&space, "in", 2, 64, 0));
  sluice_ring *out = ring_at(&space, sluice_ring_open(&space, "out", 3, 64, 0));
  sluice_ring *other = ring_at(&space, sluice_ring_open(&space, "other", 5, 64, 0));
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  (void)sluice_ring_producer_open(&producer, out, 64, dead.participant);
  (void)sluice_ring_consumer_open(&consumer, in, 64, dead.participant);
  (void)sluice_ring_producer_open(&producer, other, 64, space.participant);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), 2);
  assert_int_equal(atomic_load(&out->object.state), SLUICE_RING_PRODUCER_LOST);
  assert_int_equal(atomic_load(&in->object.state), SLUICE_RING_CONSUMER_LOST);
  assert_int_equal(atomic_load(&other->object.state), 0);
  free(space.base);
}

static void burying_twice_does_nothing(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  sluice_space dead = attach(&space);
  (void)sluice_participant_join(&dead, 0);
  sluice_ring *ring = ring_at(&space, sluice_ring_open(&space, "r", 1, 64, 0));
  sluice_ring_producer producer;
  (void)sluice_ring_producer_open(&producer, ring, 64, dead.participant);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), 1);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), 0);
  assert_int_equal(atomic_load(&header_of(&space)->recovered), 1);
  free(space.base);
}

static void burying_frees_the_slot_but_not_its_next_holders(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  sluice_space dead = attach(&space);
  sluice_space next = attach(&space);
  (void)sluice_participant_join(&dead, 0);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), 0);
  assert_int_equal(sluice_participant_count(&space), 0);
  (void)sluice_participant_join(&next, 0);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), 0);
  assert_int_equal(sluice_participant_count(&space), 1);
  free(space.base);
}

static void burying_nobody_does_nothing(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)sluice_participant_join(&space, 0);
  const uint32_t nobody[] = {0, 0xff, 1, 129, 2 << 8 | 1, 1 << 8, 1 << 8 | 2, UINT32_MAX};
  for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
    assert_int_equal(sluice_participant_bury(&space, nobody[i]), 0);
  }
  assert_int_equal(sluice_participant_count(&space), 1);
  assert_int_equal(atomic_load(&header_of(&space)->recovered), 0);
  free(space.base);
}

static void an_end_that_was_closed_is_not_lost(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  sluice_space dead = attach(&space);
  (void)sluice_participant_join(&dead, 0);
  sluice_ring *ring = ring_at(&space, sluice_ring_open(&space, "r", 1, 64, 0));
  sluice_ring_producer producer;
  (void)sluice_ring_producer_open(&producer, ring, 64, dead.participant);
  (void)sluice_ring_producer_close(&producer);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), 0);
  assert_int_equal(atomic_load(&ring->object.state), SLUICE_RING_PRODUCER_CLOSED);
  free(space.base);
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
      cmocka_unit_test(leaving_without_joining_is_invalid),
      cmocka_unit_test(the_taken_slots_are_counted),
      cmocka_unit_test(a_participant_that_asks_for_no_area_has_none),
      cmocka_unit_test(an_area_lies_inside_the_space),
      cmocka_unit_test(the_next_holder_inherits_the_area),
      cmocka_unit_test(a_holder_that_asks_for_no_area_leaves_it_to_the_next),
      cmocka_unit_test(a_larger_area_replaces_the_old_one),
      cmocka_unit_test(an_area_that_does_not_fit_is_no_memory_and_takes_no_slot),
      cmocka_unit_test(a_falsified_area_is_replaced),
      cmocka_unit_test(burying_marks_each_end_of_the_dead_as_lost),
      cmocka_unit_test(burying_twice_does_nothing),
      cmocka_unit_test(burying_frees_the_slot_but_not_its_next_holders),
      cmocka_unit_test(burying_nobody_does_nothing),
      cmocka_unit_test(an_end_that_was_closed_is_not_lost),
      cmocka_unit_test(threads_that_join_at_once_get_a_slot_each),
  };
  return RUN(tests);
}
