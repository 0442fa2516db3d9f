/* ring_many.h, the ends: opening, closing, and what the other side is told. */
#include "ring_many_support.h"

enum { CAPACITY = 256 };

static sluice_ring_many_producer extra_producer;
static sluice_ring_many_consumer extra_consumer;

/* ---- opening ---- */

static void an_end_needs_the_rings_capacity_and_an_id(void **state) {
  (void)state;
  sluice_ring_many *ring = fresh_many(MPSC, CAPACITY);
  const uint32_t owners[] = {0, 1 << 8, 1 << 8 | 48, 1 << 8 | 255, UINT32_C(0x40000101)};
  for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
    assert_int_equal(sluice_ring_many_producer_open(&extra_producer, ring, CAPACITY, owners[i]),
                     SLUICE_E_INVALID);
    assert_int_equal(sluice_ring_many_consumer_open(&extra_consumer, ring, CAPACITY, owners[i]),
                     SLUICE_E_INVALID);
  }
  const uint32_t capacities[] = {0, 64, 2 * CAPACITY, 100};
  for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
    assert_int_equal(
        sluice_ring_many_producer_open(&extra_producer, ring, capacities[i], writer_id(0)),
        SLUICE_E_INVALID);
    assert_int_equal(
        sluice_ring_many_consumer_open(&extra_consumer, ring, capacities[i], reader_id(0)),
        SLUICE_E_INVALID);
  }
  ring->object.kind = SLUICE_KIND_RING_SPSC;
  assert_int_equal(sluice_ring_many_producer_open(&extra_producer, ring, CAPACITY, writer_id(0)),
                   SLUICE_E_INVALID);
  free(ring);
}

static void every_participant_may_write(void **state) {
  (void)state;
  sluice_ring_many *ring = fresh_many(MPSC, CAPACITY);
  sluice_ring_many_producer producers[SLUICE_PARTICIPANTS];
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    assert_int_equal(
        sluice_ring_many_producer_open(&producers[i], ring, CAPACITY, UINT32_C(9) << 8 | (i + 1)),
        SLUICE_OK);
  }
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i += 5) {
    assert_int_equal(sluice_ring_many_push(&producers[i], NULL, 0, 0), SLUICE_OK);
  }
  free(ring);
}

static void one_participant_writes_once_and_reads_once(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  assert_int_equal(
      sluice_ring_many_producer_open(&extra_producer, ends.ring, CAPACITY, writer_id(0)),
      SLUICE_E_BUSY);
  assert_int_equal(
      sluice_ring_many_consumer_open(&extra_consumer, ends.ring, CAPACITY, reader_id(0)),
      SLUICE_E_BUSY);
  (void)sluice_ring_many_producer_close(&ends.producers[0]);
  assert_int_equal(
      sluice_ring_many_producer_open(&extra_producer, ends.ring, CAPACITY, writer_id(0)),
      SLUICE_OK);
  discard_many(&ends);
}

static void a_second_open_that_is_refused_leaves_the_first_its_line(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  assert_int_equal(
      sluice_ring_many_producer_open(&extra_producer, ends.ring, CAPACITY, writer_id(0)),
      SLUICE_E_BUSY);
  assert_int_equal(atomic_load(&ends.producers[0].line->owner), writer_id(0));
  discard_many(&ends);
}

static void an_mpsc_ring_has_one_consumer(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  assert_int_equal(
      sluice_ring_many_consumer_open(&extra_consumer, ends.ring, CAPACITY, reader_id(1)),
      SLUICE_E_BUSY);
  discard_many(&ends);
}

static void a_producer_may_write_before_any_consumer_opens(void **state) {
  (void)state;
  sluice_ring_many *ring = fresh_many(MPSC, CAPACITY);
  assert_int_equal(sluice_ring_many_producer_open(&extra_producer, ring, CAPACITY, writer_id(0)),
                   SLUICE_OK);
  assert_int_equal(push_many(&extra_producer, "early", 1), SLUICE_OK);
  assert_int_equal(sluice_ring_many_consumer_open(&extra_consumer, ring, CAPACITY, reader_id(0)),
                   SLUICE_OK);
  expect_many(&extra_consumer, "early", 1);
  free(ring);
}

static void a_consumer_may_wait_before_any_producer_opens(void **state) {
  (void)state;
  sluice_ring_many *ring = fresh_many(MPSC, CAPACITY);
  assert_int_equal(sluice_ring_many_consumer_open(&extra_consumer, ring, CAPACITY, reader_id(0)),
                   SLUICE_OK);
  expect_none(&extra_consumer, SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_many_consumer_wait(&extra_consumer, 0), SLUICE_E_TIMEOUT);
  free(ring);
}

static void a_producer_that_opens_late_sees_the_room_that_is_left(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  for (int i = 0; i < 1000; i++) {
    (void)push_many(&ends.producers[0], "abc", i);
    expect_many(&ends.consumers[0], "abc", i);
  }
  assert_int_equal(
      sluice_ring_many_producer_open(&extra_producer, ends.ring, CAPACITY, writer_id(7)),
      SLUICE_OK);
  assert_int_equal(push_many(&extra_producer, "late", 1), SLUICE_OK);
  expect_many(&ends.consumers[0], "late", 1);
  discard_many(&ends);
}

static void a_slots_figures_go_on_with_its_next_holder(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  (void)push_many(&ends.producers[0], "a", 1);
  (void)sluice_ring_many_producer_close(&ends.producers[0]);
  assert_int_equal(sluice_ring_many_producer_open(&extra_producer, ends.ring, CAPACITY,
                                                  (UINT32_C(2) << 8) | (writer_id(0) & 0xff)),
                   SLUICE_OK);
  (void)push_many(&extra_producer, "b", 2);
  assert_int_equal(figures_of(ends.ring).committed, 2);
  discard_many(&ends);
}

/* ---- the producers close ---- */

static void the_last_producer_closes_the_ring_for_good(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    for (int i = 0; i < ENDS; i++) {
      expect_none(&ends.consumers[0], SLUICE_E_EMPTY);
      assert_int_equal(sluice_ring_many_producer_close(&ends.producers[i]), SLUICE_OK);
    }
    expect_none(&ends.consumers[0], SLUICE_E_CLOSED);
    discard_many(&ends);
  }
}

static void consumers_read_what_is_there_before_they_are_told_of_the_close(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    (void)push_many(&ends.producers[2], "one", 1);
    (void)push_many(&ends.producers[2], "two", 2);
    for (int i = 0; i < ENDS; i++) {
      (void)sluice_ring_many_producer_close(&ends.producers[i]);
    }
    expect_many(&ends.consumers[0], "one", 1);
    expect_many(&ends.consumers[0], "two", 2);
    expect_none(&ends.consumers[0], SLUICE_E_CLOSED);
    sluice_ring_record batch[1];
    assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 1, NULL), SLUICE_E_CLOSED);
    assert_int_equal(sluice_ring_many_consumer_wait(&ends.consumers[0], -1), SLUICE_E_CLOSED);
    assert_int_equal(sluice_ring_many_consumer_sleep(&ends.consumers[0]), 0);
    discard_many(&ends);
  }
}

static void another_consumers_batch_keeps_the_close_back(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  (void)push_many(&ends.producers[0], "one", 1);
  for (int i = 0; i < ENDS; i++) {
    (void)sluice_ring_many_producer_close(&ends.producers[i]);
  }
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
  expect_none(&ends.consumers[1], SLUICE_E_EMPTY); /* it may yet be rewound */
  (void)sluice_ring_many_release(&ends.consumers[0]);
  expect_none(&ends.consumers[1], SLUICE_E_CLOSED);
  discard_many(&ends);
}

static void a_closed_ring_is_not_opened_again(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  for (int i = 0; i < ENDS; i++) {
    (void)sluice_ring_many_producer_close(&ends.producers[i]);
  }
  assert_int_equal(
      sluice_ring_many_producer_open(&extra_producer, ends.ring, CAPACITY, writer_id(5)),
      SLUICE_E_CLOSED);
  assert_int_equal(atomic_load(&ends.ring->lines[5].owner), 0);
  discard_many(&ends);
}

static void closing_gives_an_open_claim_up(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  assert_non_null(sluice_ring_many_claim(&ends.producers[0], 8, 0));
  (void)push_many(&ends.producers[1], "behind", 1);
  (void)sluice_ring_many_producer_close(&ends.producers[0]);
  expect_many(&ends.consumers[0], "behind", 1);
  discard_many(&ends);
}

static void a_closed_producer_claims_nothing_and_may_close_again(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  (void)sluice_ring_many_producer_close(&ends.producers[0]);
  assert_null(sluice_ring_many_claim(&ends.producers[0], 8, 0));
  assert_int_equal(ends.producers[0].status, SLUICE_E_CLOSED);
  assert_int_equal(sluice_ring_many_producer_close(&ends.producers[0]), SLUICE_OK);
  assert_int_equal(sluice_ring_many_producer_wait(&ends.producers[0], 8, -1), SLUICE_E_CLOSED);
  assert_int_equal(push_many(&ends.producers[1], "on", 1), SLUICE_OK);
  discard_many(&ends);
}

/* ---- the consumers close ---- */

static void the_last_consumer_closes_the_ring_for_the_producers(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  for (int i = 0; i < ENDS; i++) {
    assert_int_equal(push_many(&ends.producers[0], "x", 1), SLUICE_OK);
    assert_int_equal(sluice_ring_many_consumer_close(&ends.consumers[i]), SLUICE_OK);
  }
  assert_int_equal(push_many(&ends.producers[0], "x", 1), SLUICE_E_CLOSED);
  assert_int_equal(sluice_ring_many_producer_wait(&ends.producers[0], 8, -1), SLUICE_E_CLOSED);
  assert_int_equal(
      sluice_ring_many_consumer_open(&extra_consumer, ends.ring, CAPACITY, reader_id(5)),
      SLUICE_E_CLOSED);
  discard_many(&ends);
}

static void a_closed_consumer_reads_nothing_and_may_close_again(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    sluice_ring_record batch[1];
    (void)push_many(&ends.producers[0], "x", 1);
    (void)sluice_ring_many_consumer_close(&ends.consumers[0]);
    expect_none(&ends.consumers[0], SLUICE_E_CLOSED);
    assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 1, NULL), SLUICE_E_CLOSED);
    assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 0);
    assert_int_equal(sluice_ring_many_consumer_wait(&ends.consumers[0], -1), SLUICE_E_CLOSED);
    assert_int_equal(sluice_ring_many_consumer_close(&ends.consumers[0]), SLUICE_OK);
    discard_many(&ends);
  }
}

static void closing_again_does_not_close_what_was_opened_since(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  (void)sluice_ring_many_producer_close(&ends.producers[0]);
  (void)sluice_ring_many_consumer_close(&ends.consumers[0]);
  assert_int_equal(
      sluice_ring_many_producer_open(&extra_producer, ends.ring, CAPACITY, writer_id(0)),
      SLUICE_OK);
  assert_int_equal(
      sluice_ring_many_consumer_open(&extra_consumer, ends.ring, CAPACITY, reader_id(0)),
      SLUICE_OK);
  uint64_t producers = atomic_load(&ends.ring->ends.producers);
  uint64_t consumers = atomic_load(&ends.ring->ends.consumers);
  assert_int_equal(sluice_ring_many_producer_close(&ends.producers[0]), SLUICE_OK);
  assert_int_equal(sluice_ring_many_consumer_close(&ends.consumers[0]), SLUICE_OK);
  assert_int_equal(atomic_load(&ends.ring->ends.producers), producers);
  assert_int_equal(atomic_load(&ends.ring->ends.consumers), consumers);
  discard_many(&ends);
}

static void closing_releases_what_was_read_and_leaves_the_rest_to_others(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  (void)push_many(&ends.producers[0], "read", 1);
  (void)push_many(&ends.producers[0], "left", 2);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
  assert_int_equal(sluice_ring_many_consumer_close(&ends.consumers[0]), SLUICE_OK);
  expect_many(&ends.consumers[1], "left", 2);
  assert_int_equal(figures_of(ends.ring).released, 2);
  discard_many(&ends);
}

/* ---- the ring closes ---- */

static void closing_the_ring_ends_it_for_all(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  (void)push_many(&ends.producers[0], "left", 1);
  assert_int_equal(sluice_ring_many_close(ends.ring), SLUICE_OK);
  assert_int_equal(push_many(&ends.producers[1], "x", 1), SLUICE_E_CLOSED);
  expect_many(&ends.consumers[1], "left", 1);
  expect_none(&ends.consumers[1], SLUICE_E_CLOSED);
  assert_int_equal(
      sluice_ring_many_producer_open(&extra_producer, ends.ring, CAPACITY, writer_id(5)),
      SLUICE_E_CLOSED);
  assert_int_equal(
      sluice_ring_many_consumer_open(&extra_consumer, ends.ring, CAPACITY, reader_id(5)),
      SLUICE_E_CLOSED);
  discard_many(&ends);
}

static void closing_the_space_closes_its_rings(void **state) {
  (void)state;
  sluice_space space = joined_space(1 << 16);
  sluice_ring_many *ring =
      sluice_at(&space, sluice_ring_many_open(&space, "r", 1, MPSC, CAPACITY, 0));
  assert_int_equal(
      sluice_ring_many_producer_open(&extra_producer, ring, CAPACITY, space.participant),
      SLUICE_OK);
  (void)sluice_space_close(&space);
  assert_int_equal(push_many(&extra_producer, "x", 1), SLUICE_E_CLOSED);
  free(space.base);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_end_needs_the_rings_capacity_and_an_id),
      cmocka_unit_test(every_participant_may_write),
      cmocka_unit_test(one_participant_writes_once_and_reads_once),
      cmocka_unit_test(a_second_open_that_is_refused_leaves_the_first_its_line),
      cmocka_unit_test(an_mpsc_ring_has_one_consumer),
      cmocka_unit_test(a_producer_may_write_before_any_consumer_opens),
      cmocka_unit_test(a_consumer_may_wait_before_any_producer_opens),
      cmocka_unit_test(a_producer_that_opens_late_sees_the_room_that_is_left),
      cmocka_unit_test(a_slots_figures_go_on_with_its_next_holder),
      cmocka_unit_test(the_last_producer_closes_the_ring_for_good),
      cmocka_unit_test(consumers_read_what_is_there_before_they_are_told_of_the_close),
      cmocka_unit_test(another_consumers_batch_keeps_the_close_back),
      cmocka_unit_test(a_closed_ring_is_not_opened_again),
      cmocka_unit_test(closing_gives_an_open_claim_up),
      cmocka_unit_test(a_closed_producer_claims_nothing_and_may_close_again),
      cmocka_unit_test(the_last_consumer_closes_the_ring_for_the_producers),
      cmocka_unit_test(a_closed_consumer_reads_nothing_and_may_close_again),
      cmocka_unit_test(closing_again_does_not_close_what_was_opened_since),
      cmocka_unit_test(closing_releases_what_was_read_and_leaves_the_rest_to_others),
      cmocka_unit_test(closing_the_ring_ends_it_for_all),
      cmocka_unit_test(closing_the_space_closes_its_rings),
  };
  return RUN(tests);
}
