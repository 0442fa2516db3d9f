/* ring.h, the ends: who may take one, and what each end sees when the other closes, dies or the
 * ring is poisoned. */
#include "support.h"

enum { CAPACITY = 1024 };

/* ---- taking an end ---- */

static void a_second_producer_is_busy(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  sluice_ring_producer second;
  assert_int_equal(sluice_ring_producer_open(&second, ends.ring, CAPACITY, 77), SLUICE_E_BUSY);
  assert_int_equal(sluice_ring_producer_open(&second, ends.ring, CAPACITY, OWNER_OF_PRODUCER),
                   SLUICE_E_BUSY);
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, 0), SLUICE_OK);
  discard(&ends);
}

static void a_second_consumer_is_busy(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  sluice_ring_consumer second;
  assert_int_equal(sluice_ring_consumer_open(&second, ends.ring, CAPACITY, 77), SLUICE_E_BUSY);
  discard(&ends);
}

static void an_end_that_is_refused_leaves_the_handle_as_it_was(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, 0), SLUICE_OK);
  assert_non_null(sluice_ring_peek(&ends.consumer));
  both before = ends;
  assert_int_equal(
      sluice_ring_producer_open(&ends.producer, ends.ring, CAPACITY, OWNER_OF_PRODUCER),
      SLUICE_E_BUSY);
  assert_int_equal(
      sluice_ring_consumer_open(&ends.consumer, ends.ring, CAPACITY, OWNER_OF_CONSUMER),
      SLUICE_E_BUSY);
  assert_memory_equal(&ends, &before, sizeof ends);
  discard(&ends);
}

static void an_end_needs_an_owner(void **state) {
  (void)state;
  sluice_ring *ring = fresh_ring(CAPACITY);
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  assert_int_equal(sluice_ring_producer_open(&producer, ring, CAPACITY, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_consumer_open(&consumer, ring, CAPACITY, 0), SLUICE_E_INVALID);
  free(ring);
}

static void another_capacity_than_the_rings_is_invalid_and_takes_nothing(void **state) {
  (void)state;
  sluice_ring *ring = fresh_ring(CAPACITY);
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  const uint32_t bad[] = {0, 64, CAPACITY * 2, 1000, UINT32_MAX};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(sluice_ring_producer_open(&producer, ring, bad[i], 1), SLUICE_E_INVALID);
    assert_int_equal(sluice_ring_consumer_open(&consumer, ring, bad[i], 1), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_ring_producer_open(&producer, ring, CAPACITY, 1), SLUICE_OK);
  assert_int_equal(sluice_ring_consumer_open(&consumer, ring, CAPACITY, 1), SLUICE_OK);
  free(ring);
}

static void a_falsified_capacity_is_invalid(void **state) {
  (void)state;
  sluice_ring *ring = fresh_ring(CAPACITY);
  sluice_ring_producer producer;
  ring->object.capacity = 1000;
  assert_int_equal(sluice_ring_producer_open(&producer, ring, 1000, 1), SLUICE_E_INVALID);
  free(ring);
}

static void an_end_that_was_closed_stays_closed(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_producer_close(&ends.producer);
  (void)sluice_ring_consumer_close(&ends.consumer);
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  assert_int_equal(sluice_ring_producer_open(&producer, ends.ring, CAPACITY, 9), SLUICE_E_CLOSED);
  assert_int_equal(sluice_ring_consumer_open(&consumer, ends.ring, CAPACITY, 9), SLUICE_E_CLOSED);
  discard(&ends);
}

static void an_end_whose_holder_died_stays_lost(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_bury(ends.ring, OWNER_OF_PRODUCER);
  (void)sluice_ring_bury(ends.ring, OWNER_OF_CONSUMER);
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  assert_int_equal(sluice_ring_producer_open(&producer, ends.ring, CAPACITY, 9),
                   SLUICE_E_PEER_LOST);
  assert_int_equal(sluice_ring_consumer_open(&consumer, ends.ring, CAPACITY, 9),
                   SLUICE_E_PEER_LOST);
  discard(&ends);
}

static void a_poisoned_ring_gives_no_end(void **state) {
  (void)state;
  sluice_ring *ring = fresh_ring(CAPACITY);
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  atomic_store(&ring->object.state, SLUICE_RING_POISONED);
  assert_int_equal(sluice_ring_producer_open(&producer, ring, CAPACITY, 1), SLUICE_E_POISONED);
  assert_int_equal(sluice_ring_consumer_open(&consumer, ring, CAPACITY, 2), SLUICE_E_POISONED);
  free(ring);
}

static void a_consumer_may_come_after_the_producer_has_closed(void **state) {
  (void)state;
  sluice_ring *ring = fresh_ring(CAPACITY);
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  (void)sluice_ring_producer_open(&producer, ring, CAPACITY, 1);
  (void)sluice_ring_push(&producer, "late", 4, 0);
  (void)sluice_ring_producer_close(&producer);
  assert_int_equal(sluice_ring_consumer_open(&consumer, ring, CAPACITY, 2), SLUICE_OK);
  assert_non_null(sluice_ring_peek(&consumer));
  free(ring);
}

/* ---- the producer goes ---- */

static void expect_three_then(both *ends, int status) {
  sluice_ring_record batch[8];
  assert_int_equal(sluice_ring_drain(&ends->consumer, batch, 2, ends->ring), 2);
  assert_int_equal(sluice_ring_release(&ends->consumer), 2);
  assert_non_null(sluice_ring_peek(&ends->consumer));
  assert_int_equal(sluice_ring_release(&ends->consumer), 1);
  assert_null(sluice_ring_peek(&ends->consumer));
  assert_int_equal(ends->consumer.status, status);
  assert_int_equal(sluice_ring_drain(&ends->consumer, batch, 8, ends->ring), status);
  assert_null(sluice_ring_take(&ends->consumer));
  assert_int_equal(ends->consumer.status, status);
  assert_int_equal(sluice_ring_consumer_wait(&ends->consumer, -1), status);
  assert_int_equal(sluice_ring_consumer_sleep(&ends->consumer), 0);
}

static void push_three(both *ends) {
  for (int i = 0; i < 3; i++) {
    assert_int_equal(sluice_ring_push(&ends->producer, "record", 6, i), SLUICE_OK);
  }
}

static void what_was_committed_before_the_producer_closed_is_read_then_closed(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push_three(&ends);
  assert_int_equal(sluice_ring_producer_close(&ends.producer), SLUICE_OK);
  expect_three_then(&ends, SLUICE_E_CLOSED);
  discard(&ends);
}

static void what_was_committed_before_the_producer_died_is_read_then_peer_lost(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push_three(&ends);
  memset(sluice_ring_claim(&ends.producer, 100, 0), 0xff, 100); /* its unfinished record */
  assert_int_equal(sluice_ring_bury(ends.ring, OWNER_OF_PRODUCER), 1);
  expect_three_then(&ends, SLUICE_E_PEER_LOST);
  discard(&ends);
}

static void closing_drops_an_open_claim(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  memset(sluice_ring_claim(&ends.producer, 100, 0), 0xff, 100);
  (void)sluice_ring_producer_close(&ends.producer);
  assert_int_equal(stale_bytes(ends.ring, CAPACITY), 0);
  assert_int_equal(sluice_ring_commit(&ends.producer, 1), SLUICE_E_INVALID);
  assert_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(ends.consumer.status, SLUICE_E_CLOSED);
  discard(&ends);
}

static void a_closed_producer_sends_no_more(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_producer_close(&ends.producer);
  (void)sluice_ring_producer_close(&ends.producer); /* idempotent */
  assert_null(sluice_ring_claim(&ends.producer, 1, 0));
  assert_int_equal(ends.producer.status, SLUICE_E_CLOSED);
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, 0), SLUICE_E_CLOSED);
  assert_int_equal(sluice_ring_producer_wait(&ends.producer, 1, -1), SLUICE_E_CLOSED);
  assert_int_equal(sluice_ring_producer_sleep(&ends.producer, 1), 0);
  assert_null(sluice_ring_reserve(&ends.producer, 8));
  assert_int_equal(ends.producer.status, SLUICE_E_CLOSED);
  discard(&ends);
}

static void a_producer_may_say_why_it_closes_once(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push_three(&ends);
  memset(sluice_ring_claim(&ends.producer, 8, 0), 0xff, 8);
  sluice_space space = fresh_space(65536);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  uint32_t first = sluice_slab_alloc(&space, 99);
  uint32_t second = sluice_slab_alloc(&space, 77);
  assert_int_equal(sluice_ring_producer_close_for(&ends.producer, &space, first, 99), SLUICE_OK);
  assert_int_equal(sluice_ring_producer_close_for(&ends.producer, &space, second, 77), SLUICE_OK);
  assert_int_equal(sluice_ring_producer_close(&ends.producer), SLUICE_OK);
  assert_int_equal(atomic_load(&ends.ring->producer.reason), first);
  assert_int_equal(ends.ring->producer.reason_bytes, 99);
  assert_int_equal(sluice_space_used(&space), 256); /* the first, which is the ring's now */
  expect_three_then(&ends, SLUICE_E_CLOSED);
  free(space.base);
  discard(&ends);
}

static void a_producer_that_says_nothing_leaves_no_reason(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_producer_close(&ends.producer);
  assert_int_equal(atomic_load(&ends.ring->producer.reason), 0);
  assert_int_equal(ends.ring->producer.reason_bytes, 0);
  discard(&ends);
}

static void a_reason_that_is_no_block_is_invalid_and_closes_nothing(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  sluice_space space = joined_space(65536);
  uint32_t gone = sluice_slab_alloc(&space, 99);
  (void)sluice_slab_unref(&space, gone);
  const uint32_t bad[] = {1, gone, gone + 8, 65536, UINT32_MAX};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(sluice_ring_producer_close_for(&ends.producer, &space, bad[i], 0),
                     SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, 0), SLUICE_OK);
  free(space.base);
  discard(&ends);
}

static void a_reason_that_comes_after_the_ring_was_closed_is_dropped(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_close(ends.ring);
  sluice_space space = fresh_space(65536);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  uint32_t late = sluice_slab_alloc(&space, 99);
  (void)sluice_ring_producer_close_for(&ends.producer, &space, late, 99);
  assert_int_equal(atomic_load(&ends.ring->producer.reason), 0);
  assert_int_equal(sluice_space_used(&space), 0);
  free(space.base);
  discard(&ends);
}

static void closing_a_ring_closes_it_for_writing_whoever_holds_the_end(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push_three(&ends);
  assert_int_equal(sluice_ring_close(ends.ring), SLUICE_OK);
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, 0), SLUICE_E_CLOSED);
  expect_three_then(&ends, SLUICE_E_CLOSED);
  discard(&ends);
}

/* ---- the consumer goes ---- */

static void a_producer_whose_consumer_closed_is_told_so(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_consumer_close(&ends.consumer), SLUICE_OK);
  assert_int_equal(sluice_ring_consumer_close(&ends.consumer), SLUICE_OK);
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, 0), SLUICE_E_CLOSED);
  assert_int_equal(sluice_ring_producer_wait(&ends.producer, 1, -1), SLUICE_E_CLOSED);
  discard(&ends);
}

static void a_producer_whose_consumer_died_is_told_so(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_bury(ends.ring, OWNER_OF_CONSUMER), 1);
  assert_null(sluice_ring_claim(&ends.producer, 1, 0));
  assert_int_equal(ends.producer.status, SLUICE_E_PEER_LOST);
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, 0), SLUICE_E_PEER_LOST);
  assert_int_equal(sluice_ring_producer_wait(&ends.producer, 1, -1), SLUICE_E_PEER_LOST);
  assert_int_equal(sluice_ring_producer_sleep(&ends.producer, 1), 0);
  assert_null(sluice_ring_reserve(&ends.producer, 8));
  assert_int_equal(ends.producer.status, SLUICE_E_PEER_LOST);
  discard(&ends);
}

static void a_closed_consumer_reads_no_more(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push_three(&ends);
  (void)sluice_ring_peek(&ends.consumer);
  (void)sluice_ring_consumer_close(&ends.consumer);
  sluice_ring_record batch[4];
  assert_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(ends.consumer.status, SLUICE_E_CLOSED);
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 4, ends.ring), SLUICE_E_CLOSED);
  assert_null(sluice_ring_take(&ends.consumer));
  assert_int_equal(ends.consumer.status, SLUICE_E_CLOSED);
  /* Not OK, though records are there: a loop of peek and wait would never end. */
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, -1), SLUICE_E_CLOSED);
  assert_int_equal(sluice_ring_consumer_sleep(&ends.consumer), 0);
  discard(&ends);
}

static void a_closing_consumer_releases_what_it_read(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push_three(&ends);
  sluice_ring_record batch[2];
  (void)sluice_ring_drain(&ends.consumer, batch, 2, ends.ring);
  (void)sluice_ring_consumer_close(&ends.consumer);
  assert_int_equal(sluice_ring_used(ends.ring), 16);
  assert_int_equal(atomic_load(&ends.ring->consumer.records), 2);
  discard(&ends);
}

/* ---- bury ---- */

static void burying_a_stranger_does_nothing(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_bury(ends.ring, 12345), 0);
  assert_int_equal(atomic_load(&ends.ring->object.state), 0);
  discard(&ends);
}

static void burying_who_held_both_ends_loses_two(void **state) {
  (void)state;
  sluice_ring *ring = fresh_ring(CAPACITY);
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  (void)sluice_ring_producer_open(&producer, ring, CAPACITY, 5);
  (void)sluice_ring_consumer_open(&consumer, ring, CAPACITY, 5);
  assert_int_equal(sluice_ring_bury(ring, 5), 2);
  assert_int_equal(sluice_ring_bury(ring, 5), 0);
  free(ring);
}

static void burying_does_not_lose_a_closed_end(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_producer_close(&ends.producer);
  (void)sluice_ring_consumer_close(&ends.consumer);
  assert_int_equal(sluice_ring_bury(ends.ring, OWNER_OF_PRODUCER), 0);
  assert_int_equal(sluice_ring_bury(ends.ring, OWNER_OF_CONSUMER), 0);
  assert_int_equal(atomic_load(&ends.ring->object.state),
                   SLUICE_RING_PRODUCER_CLOSED | SLUICE_RING_CONSUMER_CLOSED);
  discard(&ends);
}

static void closed_comes_before_lost(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_bury(ends.ring, OWNER_OF_CONSUMER);
  (void)sluice_ring_close(ends.ring);
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, 0), SLUICE_E_CLOSED);
  discard(&ends);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_second_producer_is_busy),
      cmocka_unit_test(a_second_consumer_is_busy),
      cmocka_unit_test(an_end_that_is_refused_leaves_the_handle_as_it_was),
      cmocka_unit_test(an_end_needs_an_owner),
      cmocka_unit_test(another_capacity_than_the_rings_is_invalid_and_takes_nothing),
      cmocka_unit_test(a_falsified_capacity_is_invalid),
      cmocka_unit_test(an_end_that_was_closed_stays_closed),
      cmocka_unit_test(an_end_whose_holder_died_stays_lost),
      cmocka_unit_test(a_poisoned_ring_gives_no_end),
      cmocka_unit_test(a_consumer_may_come_after_the_producer_has_closed),
      cmocka_unit_test(what_was_committed_before_the_producer_closed_is_read_then_closed),
      cmocka_unit_test(what_was_committed_before_the_producer_died_is_read_then_peer_lost),
      cmocka_unit_test(closing_drops_an_open_claim),
      cmocka_unit_test(a_closed_producer_sends_no_more),
      cmocka_unit_test(a_producer_may_say_why_it_closes_once),
      cmocka_unit_test(a_producer_that_says_nothing_leaves_no_reason),
      cmocka_unit_test(a_reason_that_is_no_block_is_invalid_and_closes_nothing),
      cmocka_unit_test(a_reason_that_comes_after_the_ring_was_closed_is_dropped),
      cmocka_unit_test(closing_a_ring_closes_it_for_writing_whoever_holds_the_end),
      cmocka_unit_test(a_producer_whose_consumer_closed_is_told_so),
      cmocka_unit_test(a_producer_whose_consumer_died_is_told_so),
      cmocka_unit_test(a_closed_consumer_reads_no_more),
      cmocka_unit_test(a_closing_consumer_releases_what_it_read),
      cmocka_unit_test(burying_a_stranger_does_nothing),
      cmocka_unit_test(burying_who_held_both_ends_loses_two),
      cmocka_unit_test(burying_does_not_lose_a_closed_end),
      cmocka_unit_test(closed_comes_before_lost),
  };
  return RUN(tests);
}
