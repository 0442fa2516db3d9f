/* ring.h, sluice_ring_drain: the rest of one that runs dry where records stream. The consumer's source
 * is compiled into this file, with a rest in which the test does what the producer would. */
#include "support.h"

#define sluice_rest the_rest
#include "../../src/ring_consumer.c"

enum { CAPACITY = 4096, LIMIT = 64 };

static both ends;
static int rests;
static int come; /* so many records in a rest */

static void push(int records) {
  for (int i = 0; i < records; i++) {
    assert_int_equal(sluice_ring_push(&ends.producer, "record", 6, 0), SLUICE_OK);
  }
}

void the_rest(void) {
  rests++;
  push(come);
}

static int drain(void) {
  sluice_ring_record batch[LIMIT];
  int records = sluice_ring_drain(&ends.consumer, batch, LIMIT, ends.consumer.data);
  (void)sluice_ring_release(&ends.consumer);
  return records;
}

/* Drains of one record each, until one has rested: how many that were. */
static int drains_to_a_rest(void) {
  int drains = 0;
  for (int before = rests; rests == before; drains++) {
    push(1);
    assert_true(drain() > 0);
    assert_true(drains <= SLUICE_REST_EVERY);
  }
  return drains;
}

static int open_ends(void **state) {
  (void)state;
  ends = open_both(CAPACITY);
  rests = 0;
  come = 0;
  return 0;
}

static int close_ends(void **state) {
  (void)state;
  discard(&ends);
  return 0;
}

static void a_drain_that_finds_nothing_does_not_rest(void **state) {
  (void)state;
  for (int i = 0; i < 2 * SLUICE_REST_EVERY; i++) {
    assert_int_equal(drain(), SLUICE_E_EMPTY);
  }
  assert_int_equal(rests, 0);
}

static void a_drain_that_is_full_does_not_rest(void **state) {
  (void)state;
  for (int i = 0; i < 2 * SLUICE_REST_EVERY; i++) {
    push(LIMIT);
    assert_int_equal(drain(), LIMIT);
  }
  assert_int_equal(rests, 0);
}

static void where_records_do_not_stream_a_drain_rests_now_and_then(void **state) {
  (void)state;
  assert_int_equal(drains_to_a_rest(), SLUICE_REST_EVERY);
  assert_int_equal(drains_to_a_rest(), SLUICE_REST_EVERY);
}

static void what_comes_in_a_rest_is_in_the_same_batch(void **state) {
  (void)state;
  come = 3;
  (void)drains_to_a_rest();
  push(1); /* and nothing is left of the last batch */
  come = 0;
  assert_int_equal(drain(), 1);
}

static void while_rests_pay_each_drain_rests_once(void **state) {
  (void)state;
  come = SLUICE_REST_PAYS;
  (void)drains_to_a_rest();
  for (int i = 0; i < 10; i++) {
    rests = 0;
    push(2);
    assert_int_equal(drain(), 2 + come);
    assert_int_equal(rests, 1);
  }
  come = SLUICE_REST_PAYS - 1;
  push(1);
  assert_int_equal(drain(), 1 + come);
  rests = 0;
  push(1);
  assert_int_equal(drain(), 1);
  assert_int_equal(rests, 0);
}

static void a_rest_that_fills_the_batch_has_paid(void **state) {
  (void)state;
  for (int i = 1; i < SLUICE_REST_EVERY; i++) {
    push(1);
    (void)drain();
  }
  come = 1;
  push(LIMIT - 1);
  assert_int_equal(drain(), LIMIT);
  push(1);
  assert_int_equal(drain(), 2);
  assert_int_equal(rests, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_ends, close_ends)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_drain_that_finds_nothing_does_not_rest),
      TEST(a_drain_that_is_full_does_not_rest),
      TEST(where_records_do_not_stream_a_drain_rests_now_and_then),
      TEST(what_comes_in_a_rest_is_in_the_same_batch),
      TEST(while_rests_pay_each_drain_rests_once),
      TEST(a_rest_that_fills_the_batch_has_paid),
  };
  return RUN(tests);
}
