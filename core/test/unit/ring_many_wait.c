/* ring_many.h, sleeping: the waits time out, and wake on commit, abort, release, close and poison;
 * one commit wakes one consumer, and no wake is lost between consumers. */
#include "ring_many_support.h"

enum { CAPACITY = 64, FULL = CAPACITY / 8 };

static void fill(many *ends) {
  for (int i = 0; i < FULL; i++) {
    assert_int_equal(sluice_ring_many_push(&ends->producers[0], NULL, 0, i), SLUICE_OK);
  }
}

/* Waits until somebody has marked the event word, that is, sleeps or is about to. */
static void until_marked(_Atomic uint32_t *event) {
  while ((atomic_load(event) & 1) == 0) {
    sleep_ms(1);
  }
}

/* Threads that wait for ever, once. They answer with what the wait answered. */

static void *wait_to_read(void *consumer) {
  return (void *)(intptr_t)sluice_ring_many_consumer_wait(consumer, -1);
}

static void *wait_to_write(void *producer) {
  return (void *)(intptr_t)sluice_ring_many_producer_wait(producer, 0, -1);
}

/* ---- time ---- */

static void waiting_for_a_record_times_out(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    int64_t begin = now_ns();
    assert_int_equal(sluice_ring_many_consumer_wait(&ends.consumers[0], 20 * NS_PER_MS),
                     SLUICE_E_TIMEOUT);
    assert_true(now_ns() - begin >= 20 * NS_PER_MS);
    assert_int_equal(figures_of(ends.ring).consumer_waits, 1);
    discard_many(&ends);
  }
}

static void waiting_for_room_times_out(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  fill(&ends);
  int64_t begin = now_ns();
  assert_int_equal(sluice_ring_many_producer_wait(&ends.producers[1], 0, 20 * NS_PER_MS),
                   SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 20 * NS_PER_MS);
  assert_int_equal(figures_of(ends.ring).producer_waits, 1);
  discard_many(&ends);
}

static void no_time_is_not_waited_and_leaves_no_mark(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  assert_int_equal(sluice_ring_many_consumer_wait(&ends.consumers[0], 0), SLUICE_E_TIMEOUT);
  fill(&ends);
  assert_int_equal(sluice_ring_many_producer_wait(&ends.producers[0], 0, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&ends.ring->filled), 0);
  assert_int_equal(atomic_load(&ends.ring->room), 0);
  assert_int_equal(figures_of(ends.ring).producer_waits, 0);
  assert_int_equal(figures_of(ends.ring).consumer_waits, 0);
  discard_many(&ends);
}

static void a_wait_that_need_not_sleep_does_not(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    assert_int_equal(sluice_ring_many_producer_wait(&ends.producers[0], 8, -1), SLUICE_OK);
    (void)sluice_ring_many_push(&ends.producers[0], NULL, 0, 0);
    assert_int_equal(sluice_ring_many_consumer_wait(&ends.consumers[0], -1), SLUICE_OK);
    assert_int_equal(figures_of(ends.ring).producer_waits, 0);
    assert_int_equal(figures_of(ends.ring).consumer_waits, 0);
    discard_many(&ends);
  }
}

static void waiting_for_more_than_can_ever_fit_is_too_large(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  assert_int_equal(sluice_ring_many_producer_wait(&ends.producers[0], 9, -1), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_ring_many_producer_wait(&ends.producers[0], UINT32_MAX, -1),
                   SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_ring_many_producer_sleep(&ends.producers[0], UINT32_MAX), 0);
  discard_many(&ends);
}

static void a_consumer_releases_what_it_drained_before_it_waits(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    fill(&ends);
    sluice_ring_record batch[FULL];
    (void)sluice_ring_many_drain(&ends.consumers[0], batch, FULL, ends.ring);
    assert_int_equal(sluice_ring_many_consumer_wait(&ends.consumers[0], 0), SLUICE_E_TIMEOUT);
    assert_int_equal(figures_of(ends.ring).used, 0);
    assert_int_equal(atomic_load(&ends.ring->side.owner), 0);
    discard_many(&ends);
  }
}

static void a_consumer_keeps_what_it_peeked_at_while_it_waits(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    fill(&ends);
    const void *at = sluice_ring_many_peek(&ends.consumers[0]);
    assert_int_equal(sluice_ring_many_consumer_wait(&ends.consumers[0], -1), SLUICE_OK);
    assert_int_equal(ends.consumers[0].holds, 1);
    assert_int_equal(sluice_ring_many_consumer_sleep(&ends.consumers[0]), 0);
    assert_int_equal(ends.consumers[0].holds, 1);
    assert_ptr_equal(sluice_ring_many_peek(&ends.consumers[0]), at);
    assert_int_equal(figures_of(ends.ring).used, CAPACITY);
    discard_many(&ends);
  }
}

static void a_wait_leaves_an_mpmc_rings_side_free(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  fill(&ends);
  assert_int_equal(sluice_ring_many_consumer_wait(&ends.consumers[0], -1), SLUICE_OK);
  expect_many(&ends.consumers[1], "", 0);
  discard_many(&ends);
}

static void an_mpsc_consumer_keeps_the_side_while_it_waits(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  assert_int_equal(sluice_ring_many_consumer_sleep(&ends.consumers[0]), 1);
  assert_int_equal(ends.consumers[0].holds, 1);
  expect_none(&ends.consumers[0], SLUICE_E_EMPTY);
  assert_int_equal(ends.consumers[0].holds, 1);
  discard_many(&ends);
}

/* ---- waking consumers ---- */

static void a_sleeping_consumer_wakes_on_commit(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    pthread_t thread = start(wait_to_read, &ends.consumers[0]);
    until_marked(&ends.ring->filled);
    uint32_t before = atomic_load(&ends.ring->filled);
    assert_non_null(sluice_ring_many_claim(&ends.producers[0], 0, 0));
    assert_int_equal(atomic_load(&ends.ring->filled), before); /* a claim is no reason */
    (void)sluice_ring_many_commit(&ends.producers[0], 0);
    assert_int_equal(finish(thread), SLUICE_OK);
    discard_many(&ends);
  }
}

static void *wait_an_hour_to_read(void *consumer) {
  return (void *)(intptr_t)sluice_ring_many_consumer_wait(consumer, AN_HOUR);
}

static void *wait_an_hour_to_write(void *producer) {
  return (void *)(intptr_t)sluice_ring_many_producer_wait(producer, 0, AN_HOUR);
}

static void limited_waits_that_are_woken_in_time_are_told_to_try_again(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  pthread_t thread = start(wait_an_hour_to_read, &ends.consumers[0]);
  until_marked(&ends.ring->filled);
  assert_int_equal(push_many(&ends.producers[0], "x", 0), SLUICE_OK);
  assert_int_equal(finish(thread), SLUICE_OK);
  while (push_many(&ends.producers[0], "x", 0) == SLUICE_OK) {
  }
  thread = start(wait_an_hour_to_write, &ends.producers[0]);
  until_marked(&ends.ring->room);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
  assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 1);
  assert_int_equal(finish(thread), SLUICE_OK);
  discard_many(&ends);
}

static void a_sleeping_consumer_wakes_on_an_abort_before_records(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    assert_non_null(sluice_ring_many_claim(&ends.producers[0], 0, 0));
    (void)sluice_ring_many_push(&ends.producers[1], NULL, 0, 7);
    pthread_t thread = start(wait_to_read, &ends.consumers[0]);
    until_marked(&ends.ring->filled);
    (void)sluice_ring_many_abort(&ends.producers[0]);
    assert_int_equal(finish(thread), SLUICE_OK);
    expect_many(&ends.consumers[0], "", 7);
    discard_many(&ends);
  }
}

static void a_sleeping_consumer_wakes_when_the_last_producer_closes(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    pthread_t thread = start(wait_to_read, &ends.consumers[0]);
    until_marked(&ends.ring->filled);
    for (int i = 0; i < ENDS; i++) {
      (void)sluice_ring_many_producer_close(&ends.producers[i]);
    }
    assert_int_equal(finish(thread), SLUICE_E_CLOSED);
    discard_many(&ends);
  }
}

static void all_sleeping_consumers_hear_of_a_close(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  pthread_t threads[ENDS];
  (void)sluice_ring_many_push(&ends.producers[0], NULL, 0, 0);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0])); /* the others cannot look */
  for (int i = 1; i < ENDS; i++) {
    threads[i] = start(wait_to_read, &ends.consumers[i]);
  }
  while (figures_of(ends.ring).consumer_waits < ENDS - 1) {
    sleep_ms(1);
  }
  for (int i = 0; i < ENDS; i++) {
    (void)sluice_ring_many_producer_close(&ends.producers[i]);
  }
  while (figures_of(ends.ring).consumer_waits < 2 * (ENDS - 1)) {
    sleep_ms(1); /* the batch may be rewound, so they sleep again */
  }
  (void)sluice_ring_many_release(&ends.consumers[0]);
  for (int i = 1; i < ENDS; i++) {
    assert_int_equal(finish(threads[i]), SLUICE_E_CLOSED);
  }
  discard_many(&ends);
}

static void a_sleeping_consumer_wakes_when_the_ring_is_poisoned(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  pthread_t thread = start(wait_to_read, &ends.consumers[0]);
  until_marked(&ends.ring->filled);
  atomic_store(&ends.ring->tail, 3);
  assert_null(sluice_ring_many_claim(&ends.producers[0], 0, 0));
  assert_int_equal(ends.producers[0].status, SLUICE_E_POISONED);
  assert_int_equal(finish(thread), SLUICE_E_POISONED);
  discard_many(&ends);
}

static void a_consumer_asleep_behind_anothers_batch_gets_what_that_one_leaves(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  (void)sluice_ring_many_push(&ends.producers[0], NULL, 0, 1);
  (void)sluice_ring_many_push(&ends.producers[0], NULL, 0, 2);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
  pthread_t thread = start(wait_to_read, &ends.consumers[1]);
  while (figures_of(ends.ring).consumer_waits == 0) {
    sleep_ms(1);
  }
  assert_int_not_equal(atomic_load(&ends.ring->side.owner) & SLUICE_WAITERS_BIT, 0);
  (void)sluice_ring_many_release(&ends.consumers[0]);
  assert_int_equal(finish(thread), SLUICE_OK);
  expect_many(&ends.consumers[1], "", 2);
  discard_many(&ends);
}

static void a_release_wakes_another_for_the_records_that_remain(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  pthread_t thread = start(wait_to_read, &ends.consumers[1]);
  until_marked(&ends.ring->filled);
  /* two records by one wake, as if another consumer had got it */
  atomic_store(header_word(ends.ring, 8), 8);
  atomic_store(header_word(ends.ring, 0), 8);
  atomic_store(&ends.ring->tail, 16);
  expect_many(&ends.consumers[0], "", 0);
  assert_int_equal(finish(thread), SLUICE_OK);
  expect_many(&ends.consumers[1], "", 0);
  discard_many(&ends);
}

static void a_consumer_that_will_not_read_passes_its_wake_on(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  pthread_t thread = start(wait_to_read, &ends.consumers[1]);
  until_marked(&ends.ring->filled);
  atomic_store(header_word(ends.ring, 0), 8);
  atomic_store(&ends.ring->tail, 8);
  sluice_ring_many_consumer_pass(&ends.consumers[0]);
  assert_int_equal(finish(thread), SLUICE_OK);
  discard_many(&ends);
}

static void a_consumer_that_closes_passes_its_wake_on(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  pthread_t thread = start(wait_to_read, &ends.consumers[1]);
  until_marked(&ends.ring->filled);
  atomic_store(header_word(ends.ring, 0), 8);
  atomic_store(&ends.ring->tail, 8);
  (void)sluice_ring_many_consumer_close(&ends.consumers[0]);
  assert_int_equal(finish(thread), SLUICE_OK);
  discard_many(&ends);
}

static void nobody_is_notified_when_nobody_sleeps(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  fill(&ends);
  expect_many(&ends.consumers[0], "", 0);
  assert_int_equal(atomic_load(&ends.ring->filled), 0);
  assert_int_equal(atomic_load(&ends.ring->room), 0);
  discard_many(&ends);
}

/* ---- waking producers ---- */

static void sleeping_producers_all_wake_on_release(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  fill(&ends);
  pthread_t threads[ENDS];
  for (int i = 0; i < ENDS; i++) {
    threads[i] = start(wait_to_write, &ends.producers[i]);
  }
  while (figures_of(ends.ring).producer_waits < ENDS) {
    sleep_ms(1);
  }
  uint32_t before = atomic_load(&ends.ring->room);
  (void)sluice_ring_many_peek(&ends.consumers[0]);
  assert_int_equal(atomic_load(&ends.ring->room), before); /* a look is no reason */
  (void)sluice_ring_many_release(&ends.consumers[0]);
  for (int i = 0; i < ENDS; i++) {
    assert_int_equal(finish(threads[i]), SLUICE_OK);
  }
  discard_many(&ends);
}

static void a_producer_sleeps_until_its_padding_fits_too(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  move_to(&ends, 8);
  for (int i = 0; i < 6; i++) {
    (void)sluice_ring_many_push(&ends.producers[0], NULL, 0, i); /* 8 to 56 */
  }
  /* 16 bytes are free, but 8 at each end of the buffer: 8 more must come first */
  assert_int_equal(sluice_ring_many_producer_sleep(&ends.producers[1], 8), 1);
  assert_int_equal(atomic_load(&ends.ring->room), ends.producers[1].key);
  (void)sluice_ring_many_peek(&ends.consumers[0]);
  (void)sluice_ring_many_release(&ends.consumers[0]);
  assert_int_not_equal(atomic_load(&ends.ring->room), ends.producers[1].key);
  assert_int_equal(sluice_ring_many_push(&ends.producers[1], "12345678", 8, 0), SLUICE_OK);
  discard_many(&ends);
}

static void a_sleeping_producer_wakes_when_the_last_consumer_closes(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  fill(&ends);
  pthread_t thread = start(wait_to_write, &ends.producers[1]);
  until_marked(&ends.ring->room);
  for (int i = 0; i < ENDS; i++) {
    (void)sluice_ring_many_consumer_close(&ends.consumers[i]);
  }
  assert_int_equal(finish(thread), SLUICE_E_CLOSED);
  discard_many(&ends);
}

static void a_sleeping_producer_wakes_when_the_ring_closes(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  fill(&ends);
  pthread_t thread = start(wait_to_write, &ends.producers[1]);
  until_marked(&ends.ring->room);
  (void)sluice_ring_many_close(ends.ring);
  assert_int_equal(finish(thread), SLUICE_E_CLOSED);
  discard_many(&ends);
}

/* ---- sleeping by one's own means ---- */

static void a_consumer_is_told_to_sleep_only_when_there_is_nothing_for_it(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    assert_int_equal(sluice_ring_many_consumer_sleep(&ends.consumers[0]), 1);
    assert_int_equal(atomic_load(&ends.ring->filled), ends.consumers[0].key);
    (void)sluice_ring_many_push(&ends.producers[0], NULL, 0, 0);
    assert_int_not_equal(atomic_load(&ends.ring->filled), ends.consumers[0].key);
    assert_int_equal(sluice_ring_many_consumer_sleep(&ends.consumers[0]), 0);
    discard_many(&ends);
  }
}

static void a_consumer_is_told_to_sleep_while_another_is_at_work(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  fill(&ends);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
  assert_int_equal(sluice_ring_many_consumer_sleep(&ends.consumers[1]), 1);
  (void)sluice_ring_many_release(&ends.consumers[0]);
  assert_int_not_equal(atomic_load(&ends.ring->filled), ends.consumers[1].key);
  assert_int_equal(sluice_ring_many_consumer_sleep(&ends.consumers[1]), 0);
  discard_many(&ends);
}

static void a_producer_is_told_to_sleep_only_on_a_full_ring(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  assert_int_equal(sluice_ring_many_producer_sleep(&ends.producers[0], 8), 0);
  fill(&ends);
  assert_int_equal(sluice_ring_many_producer_sleep(&ends.producers[0], CAPACITY / 8 + 1),
                   0); /* never */
  assert_int_equal(sluice_ring_many_producer_sleep(&ends.producers[0], 0), 1);
  assert_int_equal(atomic_load(&ends.ring->room), ends.producers[0].key);
  discard_many(&ends);
}

static void a_producer_is_told_to_sleep_for_a_byte_too_few(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  for (int i = 0; i < CAPACITY / 8 - 1; i++) {
    assert_int_equal(sluice_ring_many_push(&ends.producers[0], NULL, 0, i), SLUICE_OK);
  }
  assert_int_equal(sluice_ring_many_producer_sleep(&ends.producers[0], 0), 0);
  assert_int_equal(sluice_ring_many_producer_sleep(&ends.producers[0], 1), 1);
  discard_many(&ends);
}

static void only_who_has_to_sleep_counts_as_waiting(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  assert_int_equal(sluice_ring_many_producer_sleep(&ends.producers[0], 8), 0);
  assert_int_equal(figures_of(ends.ring).producer_waits, 0);
  assert_int_equal(sluice_ring_many_consumer_sleep(&ends.consumers[0]), 1);
  assert_int_equal(figures_of(ends.ring).consumer_waits, 1);
  fill(&ends);
  assert_int_equal(sluice_ring_many_consumer_sleep(&ends.consumers[0]), 0);
  assert_int_equal(figures_of(ends.ring).consumer_waits, 1);
  assert_int_equal(sluice_ring_many_producer_sleep(&ends.producers[0], 8), 1);
  assert_int_equal(figures_of(ends.ring).producer_waits, 1);
  discard_many(&ends);
}

/* ---- close against sleep, over and over ---- */

enum { ROUNDS = 1000 };

static void *read_to_the_end(void *argument) {
  sluice_ring_many_consumer *consumer = argument;
  intptr_t count = 0;
  for (;;) {
    if (sluice_ring_many_peek(consumer) != NULL) {
      count++;
      (void)sluice_ring_many_release(consumer);
    } else if (consumer->status != SLUICE_E_EMPTY) {
      return (void *)(consumer->status == SLUICE_E_CLOSED ? count : -1000);
    } else {
      (void)sluice_ring_many_consumer_wait(consumer, -1);
    }
  }
}

static void the_last_record_before_a_close_is_never_missed(void **state) {
  (void)state;
  uint64_t seed = 6;
  for (int round = 0; round < ROUNDS; round++) {
    uint32_t kind = round % 2 == 0 ? MPSC : MPMC;
    many ends = open_many(kind, CAPACITY);
    pthread_t one = start(read_to_the_end, &ends.consumers[0]);
    pthread_t two = one;
    if (kind == MPMC) {
      two = start(read_to_the_end, &ends.consumers[1]);
    }
    intptr_t records = random_below(&seed, FULL + 1);
    for (uint32_t spin = random_below(&seed, 20000); spin != 0; spin--) {
      __asm__ volatile("");
    }
    for (intptr_t i = 0; i < records; i++) {
      assert_int_equal(sluice_ring_many_push(&ends.producers[i % ENDS], NULL, 0, 0), SLUICE_OK);
    }
    for (int i = 0; i < ENDS; i++) {
      (void)sluice_ring_many_producer_close(&ends.producers[i]);
    }
    intptr_t read = finish(one);
    read += kind == MPMC ? finish(two) : 0;
    assert_int_equal(read, records);
    discard_many(&ends);
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
      cmocka_unit_test(a_consumer_keeps_what_it_peeked_at_while_it_waits),
      cmocka_unit_test(a_wait_leaves_an_mpmc_rings_side_free),
      cmocka_unit_test(an_mpsc_consumer_keeps_the_side_while_it_waits),
      cmocka_unit_test(a_sleeping_consumer_wakes_on_commit),
      cmocka_unit_test(limited_waits_that_are_woken_in_time_are_told_to_try_again),
      cmocka_unit_test(a_sleeping_consumer_wakes_on_an_abort_before_records),
      cmocka_unit_test(a_sleeping_consumer_wakes_when_the_last_producer_closes),
      cmocka_unit_test(all_sleeping_consumers_hear_of_a_close),
      cmocka_unit_test(a_sleeping_consumer_wakes_when_the_ring_is_poisoned),
      cmocka_unit_test(a_consumer_asleep_behind_anothers_batch_gets_what_that_one_leaves),
      cmocka_unit_test(a_release_wakes_another_for_the_records_that_remain),
      cmocka_unit_test(a_consumer_that_will_not_read_passes_its_wake_on),
      cmocka_unit_test(a_consumer_that_closes_passes_its_wake_on),
      cmocka_unit_test(nobody_is_notified_when_nobody_sleeps),
      cmocka_unit_test(sleeping_producers_all_wake_on_release),
      cmocka_unit_test(a_producer_sleeps_until_its_padding_fits_too),
      cmocka_unit_test(a_sleeping_producer_wakes_when_the_last_consumer_closes),
      cmocka_unit_test(a_sleeping_producer_wakes_when_the_ring_closes),
      cmocka_unit_test(a_consumer_is_told_to_sleep_only_when_there_is_nothing_for_it),
      cmocka_unit_test(a_consumer_is_told_to_sleep_while_another_is_at_work),
      cmocka_unit_test(a_producer_is_told_to_sleep_only_on_a_full_ring),
      cmocka_unit_test(a_producer_is_told_to_sleep_for_a_byte_too_few),
      cmocka_unit_test(only_who_has_to_sleep_counts_as_waiting),
      cmocka_unit_test(the_last_record_before_a_close_is_never_missed),
  };
  return RUN(tests);
}
