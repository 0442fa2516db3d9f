/* ring.h, sleeping: the waits time out, and wake on commit, release, close, death and poison. */
#include "sleeper.h"

#include "kinds.h"

enum { CAPACITY = 64, FULL = CAPACITY / 8 };

static void fill(both *ends) {
  for (int i = 0; i < FULL; i++) {
    assert_int_equal(sluice_ring_push(&ends->producer, NULL, 0, i), SLUICE_OK);
  }
}

/* Threads that wait for ever, once. They answer with what the wait answered. */

static void *wait_to_read(void *consumer) {
  return (void *)(intptr_t)sluice_ring_consumer_wait(consumer, -1);
}

static void *wait_to_write(void *producer) {
  return (void *)(intptr_t)sluice_ring_producer_wait(producer, 0, -1);
}

/* ---- time ---- */

static void waiting_for_a_record_times_out(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  int64_t begin = now_ns();
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, 20 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 20 * NS_PER_MS);
  assert_int_equal(atomic_load(&ends.ring->consumer.asleep), 0);
  assert_int_equal(atomic_load(&ends.ring->consumer.waits), 1);
  discard(&ends);
}

static void waiting_for_room_times_out(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  fill(&ends);
  int64_t begin = now_ns();
  assert_int_equal(sluice_ring_producer_wait(&ends.producer, 0, 20 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 20 * NS_PER_MS);
  assert_int_equal(atomic_load(&ends.ring->producer.asleep), 0);
  assert_int_equal(atomic_load(&ends.ring->producer.waits), 1);
  discard(&ends);
}

static void no_time_is_not_waited_and_leaves_no_mark(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, 0), SLUICE_E_TIMEOUT);
  fill(&ends);
  assert_int_equal(sluice_ring_producer_wait(&ends.producer, 0, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&ends.ring->producer.waits), 0);
  assert_int_equal(atomic_load(&ends.ring->consumer.waits), 0);
  discard(&ends);
}

static void a_wait_that_need_not_sleep_does_not(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_producer_wait(&ends.producer, 8, -1), SLUICE_OK);
  (void)sluice_ring_push(&ends.producer, NULL, 0, 0);
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, -1), SLUICE_OK);
  assert_int_equal(atomic_load(&ends.ring->producer.waits), 0);
  assert_int_equal(atomic_load(&ends.ring->consumer.waits), 0);
  discard(&ends);
}

static void waiting_for_more_than_can_ever_fit_is_too_large(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_producer_wait(&ends.producer, 9, -1), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_ring_producer_wait(&ends.producer, UINT32_MAX, -1), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_ring_producer_sleep(&ends.producer, UINT32_MAX), 0);
  discard(&ends);
}

static void a_consumer_releases_what_it_drained_before_it_waits(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  fill(&ends);
  sluice_ring_record batch[FULL];
  (void)sluice_ring_drain(&ends.consumer, batch, FULL, ends.ring);
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_ring_used(ends.ring), 0);
  discard(&ends);
}

static void a_consumer_releases_what_it_drained_though_it_need_not_sleep(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  sluice_ring_record batch[FULL];
  fill(&ends);
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 1, ends.ring), 1);
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, -1), SLUICE_OK);
  assert_int_equal(sluice_ring_used(ends.ring), CAPACITY - 8);
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 1, ends.ring), 1);
  assert_int_equal(sluice_ring_consumer_sleep(&ends.consumer), 0);
  assert_int_equal(sluice_ring_used(ends.ring), CAPACITY - 16);
  discard(&ends);
}

static void a_consumer_keeps_what_it_peeked_at_while_it_waits(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  fill(&ends);
  const void *at = sluice_ring_peek(&ends.consumer);
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, -1), SLUICE_OK);
  assert_int_equal(sluice_ring_consumer_sleep(&ends.consumer), 0);
  assert_ptr_equal(sluice_ring_peek(&ends.consumer), at);
  assert_int_equal(sluice_ring_used(ends.ring), CAPACITY);
  discard(&ends);
}

/* A consumer has all of its ring but the end itself: what is committed still comes. */
static void a_consumer_that_was_taken_for_dead_sleeps_as_before(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_bury(ends.ring, OWNER_OF_CONSUMER);
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, NS_PER_MS), SLUICE_E_TIMEOUT);
  discard(&ends);
}

/* ---- waking the consumer ---- */

static void a_sleeping_consumer_wakes_on_commit(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  pthread_t thread = start(wait_to_read, &ends.consumer);
  until_asleep(&ends.ring->consumer.asleep);
  assert_non_null(sluice_ring_claim(&ends.producer, 0, 0));
  assert_int_equal(atomic_load(&ends.ring->consumer.asleep), 1); /* a claim is no reason */
  (void)sluice_ring_commit(&ends.producer, 0);
  assert_int_equal(finish(thread), SLUICE_OK);
  assert_int_equal(atomic_load(&ends.ring->consumer.asleep), 0);
  discard(&ends);
}

static int read_for_the_longest_time(void *consumer, uint32_t owner) {
  (void)owner;
  return sluice_ring_consumer_wait(consumer, INT64_MAX);
}

static int read_for_the_most_negative_time(void *consumer, uint32_t owner) {
  (void)owner;
  return sluice_ring_consumer_wait(consumer, INT64_MIN);
}

static void the_longest_and_the_most_negative_time_are_waited(void **state) {
  (void)state;
  int (*const waits[])(void *, uint32_t) = {read_for_the_longest_time,
                                            read_for_the_most_negative_time};
  for (int i = 0; i < 2; i++) {
    both ends = open_both(CAPACITY);
    sleeper other;
    put_to_sleep(&other, waits[i], &ends.consumer, 0);
    assert_int_equal(sluice_ring_push(&ends.producer, NULL, 0, 0), SLUICE_OK);
    assert_int_equal(awake(&other), SLUICE_OK);
    discard(&ends);
  }
}

static void *wait_an_hour_to_read(void *consumer) {
  return (void *)(intptr_t)sluice_ring_consumer_wait(consumer, AN_HOUR);
}

static void *wait_an_hour_to_write(void *producer) {
  return (void *)(intptr_t)sluice_ring_producer_wait(producer, 0, AN_HOUR);
}

static void limited_waits_that_are_woken_in_time_are_told_to_try_again(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  pthread_t thread = start(wait_an_hour_to_read, &ends.consumer);
  until_asleep(&ends.ring->consumer.asleep);
  assert_int_equal(sluice_ring_push(&ends.producer, NULL, 0, 0), SLUICE_OK);
  assert_int_equal(finish(thread), SLUICE_OK);
  while (sluice_ring_push(&ends.producer, NULL, 0, 0) == SLUICE_OK) {
  }
  thread = start(wait_an_hour_to_write, &ends.producer);
  until_asleep(&ends.ring->producer.asleep);
  assert_non_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(sluice_ring_release(&ends.consumer), 1);
  assert_int_equal(finish(thread), SLUICE_OK);
  discard(&ends);
}

static void a_sleeping_consumer_wakes_on_append(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  pthread_t thread = start(wait_to_read, &ends.consumer);
  until_asleep(&ends.ring->consumer.asleep);
  /* type and length as one store: the sleeper's second look may be under way */
  atomic_store((_Atomic int64_t *)sluice_ring_reserve(&ends.producer, 8), 8);
  assert_int_equal(sluice_ring_append(&ends.producer, 8), SLUICE_OK);
  assert_int_equal(finish(thread), SLUICE_OK);
  discard(&ends);
}

static void a_sleeping_consumer_wakes_when_the_producer_closes(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  pthread_t thread = start(wait_to_read, &ends.consumer);
  until_asleep(&ends.ring->consumer.asleep);
  (void)sluice_ring_producer_close(&ends.producer);
  (void)finish(thread);
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, -1), SLUICE_E_CLOSED);
  discard(&ends);
}

static void a_sleeping_consumer_wakes_when_the_producer_dies(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  pthread_t thread = start(wait_to_read, &ends.consumer);
  until_asleep(&ends.ring->consumer.asleep);
  (void)sluice_ring_bury(ends.ring, OWNER_OF_PRODUCER);
  (void)finish(thread);
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, -1), SLUICE_E_PEER_LOST);
  discard(&ends);
}

static void a_sleeping_consumer_wakes_when_the_ring_is_poisoned(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  pthread_t thread = start(wait_to_read, &ends.consumer);
  until_asleep(&ends.ring->consumer.asleep);
  atomic_store(&ends.ring->consumer.head, UINT64_MAX);
  ends.producer.tail = CAPACITY; /* so that the next claim reads the head */
  assert_null(sluice_ring_claim(&ends.producer, 0, 0));
  assert_int_equal(ends.producer.status, SLUICE_E_POISONED);
  (void)finish(thread);
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, -1), SLUICE_E_POISONED);
  discard(&ends);
}

/* ---- waking the producer ---- */

static void a_sleeping_producer_wakes_on_release(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  fill(&ends);
  pthread_t thread = start(wait_to_write, &ends.producer);
  until_asleep(&ends.ring->producer.asleep);
  (void)sluice_ring_peek(&ends.consumer);
  assert_int_equal(atomic_load(&ends.ring->producer.asleep), 1); /* a look is no reason */
  (void)sluice_ring_release(&ends.consumer);
  assert_int_equal(finish(thread), SLUICE_OK);
  assert_int_equal(sluice_ring_push(&ends.producer, NULL, 0, 0), SLUICE_OK);
  discard(&ends);
}

static void a_producer_sleeps_on_until_there_is_room_enough(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  fill(&ends);
  assert_int_equal(sluice_ring_producer_sleep(&ends.producer, 8), 1); /* 16 bytes */
  (void)sluice_ring_peek(&ends.consumer);
  (void)sluice_ring_release(&ends.consumer);
  assert_int_equal(atomic_load(&ends.ring->producer.asleep), 1); /* 8 are no reason */
  (void)sluice_ring_peek(&ends.consumer);
  (void)sluice_ring_release(&ends.consumer);
  assert_int_equal(atomic_load(&ends.ring->producer.asleep), 0);
  assert_int_equal(sluice_ring_push(&ends.producer, "12345678", 8, 0), SLUICE_OK);
  discard(&ends);
}

static void a_producer_sleeps_until_its_padding_fits_too(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  advance_to(&ends, 8);
  for (int i = 0; i < 6; i++) {
    (void)sluice_ring_push(&ends.producer, NULL, 0, i); /* 8 to 56 */
  }
  /* 16 bytes are free, but 8 at each end of the buffer: 8 more must come first */
  assert_int_equal(sluice_ring_producer_sleep(&ends.producer, 8), 1);
  (void)sluice_ring_peek(&ends.consumer);
  (void)sluice_ring_release(&ends.consumer);
  assert_int_equal(atomic_load(&ends.ring->producer.asleep), 0);
  assert_int_equal(sluice_ring_push(&ends.producer, "12345678", 8, 0), SLUICE_OK);
  discard(&ends);
}

static void a_sleeping_producer_wakes_when_the_consumer_closes(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  fill(&ends);
  pthread_t thread = start(wait_to_write, &ends.producer);
  until_asleep(&ends.ring->producer.asleep);
  (void)sluice_ring_consumer_close(&ends.consumer);
  assert_int_equal(finish(thread), SLUICE_E_CLOSED);
  discard(&ends);
}

static void a_sleeping_producer_wakes_when_the_consumer_dies(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  fill(&ends);
  pthread_t thread = start(wait_to_write, &ends.producer);
  until_asleep(&ends.ring->producer.asleep);
  (void)sluice_ring_bury(ends.ring, OWNER_OF_CONSUMER);
  assert_int_equal(finish(thread), SLUICE_E_PEER_LOST);
  discard(&ends);
}

/* ---- sleeping by one's own means ---- */

static void a_consumer_is_told_to_sleep_only_on_an_empty_ring(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_consumer_sleep(&ends.consumer), 1);
  assert_int_equal(atomic_load(&ends.ring->consumer.asleep), 1);
  (void)sluice_ring_push(&ends.producer, NULL, 0, 0);
  assert_int_equal(atomic_load(&ends.ring->consumer.asleep), 0);
  assert_int_equal(sluice_ring_consumer_sleep(&ends.consumer), 0);
  assert_int_equal(atomic_load(&ends.ring->consumer.asleep), 0);
  discard(&ends);
}

static void a_producer_is_told_to_sleep_only_on_a_full_ring(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_producer_sleep(&ends.producer, 8), 0);
  assert_int_equal(atomic_load(&ends.ring->producer.asleep), 0);
  fill(&ends);
  assert_int_equal(sluice_ring_producer_sleep(&ends.producer, CAPACITY / 8 + 1), 0); /* never */
  assert_int_equal(sluice_ring_producer_sleep(&ends.producer, 0), 1);
  assert_int_equal(atomic_load(&ends.ring->producer.asleep), 1);
  discard(&ends);
}

static void a_mark_set_before_a_wait_that_times_out_stays(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_consumer_sleep(&ends.consumer), 1); /* an asynchronous waiter */
  assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&ends.ring->consumer.asleep), 1);
  fill(&ends);
  assert_int_equal(sluice_ring_producer_sleep(&ends.producer, 0), 1);
  assert_int_equal(sluice_ring_producer_wait(&ends.producer, 0, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&ends.ring->producer.asleep), 1);
  discard(&ends);
}

/* ---- close against sleep, over and over ---- */

enum { ROUNDS = 2000 };

static void *read_to_the_end(void *argument) {
  sluice_ring_consumer *consumer = argument;
  intptr_t count = 0;
  for (;;) {
    if (sluice_ring_peek(consumer) != NULL) {
      count++;
      (void)sluice_ring_release(consumer);
    } else if (consumer->status != SLUICE_E_EMPTY) {
      return (void *)(consumer->status == SLUICE_E_CLOSED ? count : -1);
    } else {
      (void)sluice_ring_consumer_wait(consumer, -1);
    }
  }
}

static void the_last_record_before_a_close_is_never_missed(void **state) {
  (void)state;
  uint64_t seed = 6;
  for (int round = 0; round < ROUNDS; round++) {
    both ends = open_both(CAPACITY);
    pthread_t thread = start(read_to_the_end, &ends.consumer);
    intptr_t records = random_below(&seed, FULL + 1);
    for (uint32_t spin = random_below(&seed, 20000); spin != 0; spin--) {
      __asm__ volatile("");
    }
    for (intptr_t i = 0; i < records; i++) {
      assert_int_equal(sluice_ring_push(&ends.producer, NULL, 0, 0), SLUICE_OK);
    }
    (void)sluice_ring_producer_close(&ends.producer);
    assert_int_equal(finish(thread), records);
    discard(&ends);
  }
}

/* As a waker leaves it that dies between the two halves of a wake: the mark is gone, the end
 * sleeps. */
static void a_sleeper_whom_the_dead_one_did_not_wake_is_woken_by_the_recovery(void **state) {
  (void)state;
  for (int burier_died = 0; burier_died < 2; burier_died++) {
    sluice_space space = joined_space(64 << 10);
    both ends = {.ring = ring_at(&space, sluice_ring_open(&space, "r", 1, CAPACITY, 0))};
    assert_int_equal(
        sluice_ring_producer_open(&ends.producer, ends.ring, CAPACITY, OWNER_OF_PRODUCER),
        SLUICE_OK);
    assert_int_equal(
        sluice_ring_consumer_open(&ends.consumer, ends.ring, CAPACITY, OWNER_OF_CONSUMER),
        SLUICE_OK);
    pthread_t reader = start(wait_to_read, &ends.consumer);
    until_asleep(&ends.ring->consumer.asleep);
    atomic_store(&ends.ring->consumer.asleep, 0);
    if (burier_died) {
      /* after it set the flag */
      (void)sluice_ring_bury(ends.ring, OWNER_OF_PRODUCER);
    }
    assert_int_equal(sluice_ring_recover(&space, ends.ring, OWNER_OF_PRODUCER), SLUICE_OK);
    (void)finish(reader);
    assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, -1), SLUICE_E_PEER_LOST);
    free(space.base);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(waiting_for_a_record_times_out),
      cmocka_unit_test(waiting_for_room_times_out),
      cmocka_unit_test(no_time_is_not_waited_and_leaves_no_mark),
      cmocka_unit_test(a_wait_that_need_not_sleep_does_not),
      cmocka_unit_test(waiting_for_more_than_can_ever_fit_is_too_large),
      cmocka_unit_test(a_consumer_releases_what_it_drained_before_it_waits),
      cmocka_unit_test(a_consumer_releases_what_it_drained_though_it_need_not_sleep),
      cmocka_unit_test(a_consumer_keeps_what_it_peeked_at_while_it_waits),
      cmocka_unit_test(a_consumer_that_was_taken_for_dead_sleeps_as_before),
      cmocka_unit_test(a_sleeping_consumer_wakes_on_commit),
      cmocka_unit_test(the_longest_and_the_most_negative_time_are_waited),
      cmocka_unit_test(limited_waits_that_are_woken_in_time_are_told_to_try_again),
      cmocka_unit_test(a_sleeping_consumer_wakes_on_append),
      cmocka_unit_test(a_sleeping_consumer_wakes_when_the_producer_closes),
      cmocka_unit_test(a_sleeping_consumer_wakes_when_the_producer_dies),
      cmocka_unit_test(a_sleeping_consumer_wakes_when_the_ring_is_poisoned),
      cmocka_unit_test(a_sleeping_producer_wakes_on_release),
      cmocka_unit_test(a_producer_sleeps_on_until_there_is_room_enough),
      cmocka_unit_test(a_producer_sleeps_until_its_padding_fits_too),
      cmocka_unit_test(a_sleeping_producer_wakes_when_the_consumer_closes),
      cmocka_unit_test(a_sleeping_producer_wakes_when_the_consumer_dies),
      cmocka_unit_test(a_consumer_is_told_to_sleep_only_on_an_empty_ring),
      cmocka_unit_test(a_producer_is_told_to_sleep_only_on_a_full_ring),
      cmocka_unit_test(a_mark_set_before_a_wait_that_times_out_stays),
      cmocka_unit_test(a_sleeper_whom_the_dead_one_did_not_wake_is_woken_by_the_recovery),
      cmocka_unit_test(the_last_record_before_a_close_is_never_missed),
  };
  return RUN(tests);
}
