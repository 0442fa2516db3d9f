/* ring.h under hostile shared words: the ring is poisoned, every later call says so, and nothing
 * outside its buffer is touched (ASan guards the ring on both sides). */
#include "support.h"

enum { CAPACITY = 256 };

static void expect_poisoned(both *ends) {
  sluice_ring_record batch[64];
  assert_true(atomic_load(&ends->ring->object.state) & SLUICE_RING_POISONED);
  for (int again = 0; again < 2; again++) {
    assert_null(sluice_ring_peek(&ends->consumer));
    assert_int_equal(ends->consumer.status, SLUICE_E_POISONED);
    assert_int_equal(sluice_ring_drain(&ends->consumer, batch, 64, ends->ring), SLUICE_E_POISONED);
    assert_null(sluice_ring_take(&ends->consumer));
    assert_int_equal(ends->consumer.status, SLUICE_E_POISONED);
    assert_int_equal(sluice_ring_consumer_wait(&ends->consumer, -1), SLUICE_E_POISONED);
    assert_int_equal(sluice_ring_consumer_sleep(&ends->consumer), 0);
    (void)sluice_ring_release(&ends->consumer);

    assert_null(sluice_ring_claim(&ends->producer, 0, 0));
    assert_int_equal(ends->producer.status, SLUICE_E_POISONED);
    assert_int_equal(sluice_ring_push(&ends->producer, "a", 1, 0), SLUICE_E_POISONED);
    assert_int_equal(sluice_ring_producer_wait(&ends->producer, 0, -1), SLUICE_E_POISONED);
    assert_int_equal(sluice_ring_producer_sleep(&ends->producer, 0), 0);
    assert_null(sluice_ring_reserve(&ends->producer, 8));
    assert_int_equal(ends->producer.status, SLUICE_E_POISONED);
  }
}

/* A header that no producer writes, `place` bytes into the buffer. */
typedef struct hostile {
  int32_t length;
  int32_t type;
  uint32_t place;
} hostile;

static const hostile headers[] = {
    {1, 0, 0},                         /* shorter than itself */
    {7, 0, 64},                        /* likewise */
    {-1, 0, 0},                        /* negative */
    {INT32_MIN, 0, 0},                 /* likewise */
    {-8, SLUICE_RING_PADDING, 0},      /* likewise, a padding */
    {INT32_MAX, 0, 0},                 /* huge */
    {0x7ffffff8, 0, 128},              /* huge and aligned */
    {CAPACITY, 0, 0},                  /* all of the buffer */
    {CAPACITY / 8 + 9, 0, 0},          /* one more than the longest */
    {24, 0, CAPACITY - 16},            /* past the end */
    {17, 0, CAPACITY - 16},            /* one past the end */
    {16, -2, 0},                       /* no such type */
    {16, INT32_MIN, 0},                /* likewise */
    {8, SLUICE_RING_PADDING, 0},       /* a padding that ends too early */
    {8, SLUICE_RING_PADDING, 240},     /* likewise */
    {24, SLUICE_RING_PADDING, 240},    /* a padding past the end */
    {CAPACITY, SLUICE_RING_PADDING, 8} /* likewise */
};

enum { HEADERS = sizeof headers / sizeof *headers };

/* A ring whose next header is the hostile one. */
static both spoil(const hostile *header) {
  both ends = open_both(CAPACITY);
  advance_to(&ends, header->place);
  header_words(&ends, header->place)[0] = header->length;
  header_words(&ends, header->place)[1] = header->type;
  return ends;
}

static void peek_at_a_hostile_header_poisons(void **state) {
  (void)state;
  for (int i = 0; i < HEADERS; i++) {
    both ends = spoil(&headers[i]);
    assert_null(sluice_ring_peek(&ends.consumer));
    assert_int_equal(ends.consumer.status, SLUICE_E_POISONED);
    expect_poisoned(&ends);
    discard(&ends);
  }
}

static void drain_over_a_hostile_header_poisons(void **state) {
  (void)state;
  sluice_ring_record batch[4];
  for (int i = 0; i < HEADERS; i++) {
    both ends = spoil(&headers[i]);
    assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 4, ends.ring), SLUICE_E_POISONED);
    expect_poisoned(&ends);
    discard(&ends);
  }
}

static void take_over_a_hostile_header_poisons(void **state) {
  (void)state;
  for (int i = 0; i < HEADERS; i++) {
    both ends = spoil(&headers[i]);
    assert_null(sluice_ring_take(&ends.consumer));
    assert_int_equal(ends.consumer.status, SLUICE_E_POISONED);
    expect_poisoned(&ends);
    discard(&ends);
  }
}

static void waiting_over_a_hostile_header_poisons(void **state) {
  (void)state;
  for (int i = 0; i < HEADERS; i++) {
    both ends = spoil(&headers[i]);
    assert_int_equal(sluice_ring_consumer_wait(&ends.consumer, -1), SLUICE_E_POISONED);
    expect_poisoned(&ends);
    discard(&ends);
  }
}

static void sleeping_over_a_hostile_header_poisons(void **state) {
  (void)state;
  for (int i = 0; i < HEADERS; i++) {
    both ends = spoil(&headers[i]);
    assert_int_equal(sluice_ring_consumer_sleep(&ends.consumer), 0);
    expect_poisoned(&ends);
    discard(&ends);
  }
}

static void what_stands_before_a_hostile_header_is_still_drained(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_push(&ends.producer, "good", 4, 1);
  header_words(&ends, 16)[0] = -1;
  sluice_ring_record batch[4];
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 4, ends.ring), 1);
  assert_int_equal(batch[0].type, 1);
  assert_int_equal(sluice_ring_release(&ends.consumer), 1);
  expect_poisoned(&ends);
  discard(&ends);
}

static void a_padding_longer_than_any_record_poisons(void **state) {
  (void)state;
  for (uint32_t place = 0; place < CAPACITY; place += 8) {
    both ends = open_both(CAPACITY);
    advance_to(&ends, place);
    header_words(&ends, place)[0] = (int32_t)(CAPACITY - place);
    header_words(&ends, place)[1] = SLUICE_RING_PADDING;
    assert_null(sluice_ring_peek(&ends.consumer));
    if (CAPACITY - place > CAPACITY / 8 + 8) {
      expect_poisoned(&ends);
    } else {
      assert_int_equal(ends.consumer.status, SLUICE_E_EMPTY);
    }
    discard(&ends);
  }
}

static void two_paddings_in_a_row_poison(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  advance_to(&ends, CAPACITY - 8);
  header_words(&ends, CAPACITY - 8)[0] = 8;
  header_words(&ends, CAPACITY - 8)[1] = SLUICE_RING_PADDING;
  header_words(&ends, 0)[0] = CAPACITY;
  header_words(&ends, 0)[1] = SLUICE_RING_PADDING;
  assert_null(sluice_ring_peek(&ends.consumer));
  expect_poisoned(&ends);
  discard(&ends);
}

/* Records that the consumer has read and not released are never read as new ones: a reader that
 * lapped itself would have more to release than the buffer holds. */
static void a_record_that_reaches_into_what_was_read_poisons(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  advance_to(&ends, 8);
  for (int i = 0; i < CAPACITY / 8 - 1; i++) {
    (void)sluice_ring_push(&ends.producer, NULL, 0, i); /* all but the 8 bytes at 0 */
  }
  sluice_ring_record batch[4 * CAPACITY];
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, CAPACITY, ends.ring), CAPACITY / 8 - 1);
  header_words(&ends, 0)[0] = 16;
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 4 * CAPACITY, ends.ring),
                   SLUICE_E_POISONED);
  assert_true(ends.consumer.cursor - ends.consumer.head <= CAPACITY);
  (void)sluice_ring_release(&ends.consumer);
  expect_poisoned(&ends);
  discard(&ends);
}

static void a_type_that_changes_later_changes_nothing(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_push(&ends.producer, "record", 6, 1);
  sluice_ring_record batch[1];
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 1, ends.ring), 1);
  header_words(&ends, 0)[0] = INT32_MAX;
  header_words(&ends, 0)[1] = SLUICE_RING_PADDING;
  assert_int_equal(sluice_ring_release(&ends.consumer), 1);
  assert_int_equal(stale_bytes(ends.ring, CAPACITY), 0);
  assert_int_equal(ends.consumer.head, 16);
  discard(&ends);
}

/* ---- the head ---- */

static void fill(both *ends) {
  while (sluice_ring_push(&ends->producer, NULL, 0, 0) == SLUICE_OK) {
  }
}

static const uint64_t heads[] = {CAPACITY + 8 * 8,  1,           12, UINT64_MAX, UINT64_MAX - 7,
                                 UINT64_C(1) << 63, CAPACITY + 1};

enum { HEADS = sizeof heads / sizeof *heads };

static void a_claim_that_meets_a_hostile_head_poisons(void **state) {
  (void)state;
  for (int i = 0; i < HEADS; i++) {
    both ends = open_both(CAPACITY);
    fill(&ends);
    atomic_store(&ends.ring->consumer.head, heads[i]);
    assert_int_equal(sluice_ring_push(&ends.producer, NULL, 0, 0), SLUICE_E_POISONED);
    expect_poisoned(&ends);
    discard(&ends);
  }
}

static void a_wait_that_meets_a_hostile_head_poisons(void **state) {
  (void)state;
  for (int i = 0; i < HEADS; i++) {
    both ends = open_both(CAPACITY);
    fill(&ends);
    atomic_store(&ends.ring->consumer.head, heads[i]);
    assert_int_equal(sluice_ring_producer_wait(&ends.producer, 0, -1), SLUICE_E_POISONED);
    expect_poisoned(&ends);
    discard(&ends);
  }
}

static void a_head_that_goes_back_poisons(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  fill(&ends);
  (void)sluice_ring_peek(&ends.consumer);
  (void)sluice_ring_release(&ends.consumer);
  fill(&ends); /* the producer has seen the head at 8 */
  atomic_store(&ends.ring->consumer.head, 0);
  assert_int_equal(sluice_ring_push(&ends.producer, NULL, 0, 0), SLUICE_E_POISONED);
  expect_poisoned(&ends);
  discard(&ends);
}

/* ---- everything at once ---- */

static void random_bytes_never_lead_outside_the_buffer(void **state) {
  (void)state;
  uint64_t seed = 7;
  sluice_ring_record batch[64];
  for (int round = 0; round < 3000; round++) {
    both ends = open_both(CAPACITY);
    for (int step = 0; step < 60; step++) {
      switch (random_below(&seed, 11)) {
        case 0: /* a plausible header */
          header_words(&ends, random_below(&seed, CAPACITY / 8) * 8)[0] =
              (int32_t)random_below(&seed, 48);
          break;
        case 1:
          header_words(&ends, random_below(&seed, CAPACITY / 8) * 8)[1] =
              (int32_t)random_below(&seed, 3) - 1;
          break;
        case 2:
          atomic_store(&ends.ring->consumer.head,
                       ends.producer.tail - 8 * (uint64_t)random_below(&seed, 33));
          break;
        case 3:
          ends.ring->object.capacity = (uint32_t)random_next(&seed);
          break;
        case 4: {
          int count = sluice_ring_drain(&ends.consumer, batch, 64, ends.ring->data);
          for (int i = 0; i < count; i++) {
            assert_true(batch[i].offset + batch[i].length <= CAPACITY);
          }
          break;
        }
        case 5:
          (void)sluice_ring_release(&ends.consumer);
          break;
        case 6:
          if (sluice_ring_peek(&ends.consumer) != NULL) {
            assert_true(ends.consumer.length <= CAPACITY / 8);
          }
          break;
        case 7:
          if (sluice_ring_take(&ends.consumer) != NULL) {
            assert_true(ends.consumer.length <= CAPACITY);
            (void)sluice_ring_release_bytes(&ends.consumer, 8 * random_below(&seed, 40));
          }
          break;
        default: {
          uint32_t length = random_below(&seed, CAPACITY / 8 + 1);
          unsigned char *at = sluice_ring_claim(&ends.producer, length, 0);
          if (at != NULL) {
            memset(at, 0xff, length);
            (void)sluice_ring_commit(&ends.producer, random_below(&seed, length + 1));
          }
          break;
        }
      }
      assert_true(ends.consumer.cursor - ends.consumer.head <= CAPACITY);
    }
    discard(&ends);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(peek_at_a_hostile_header_poisons),
      cmocka_unit_test(drain_over_a_hostile_header_poisons),
      cmocka_unit_test(take_over_a_hostile_header_poisons),
      cmocka_unit_test(waiting_over_a_hostile_header_poisons),
      cmocka_unit_test(sleeping_over_a_hostile_header_poisons),
      cmocka_unit_test(what_stands_before_a_hostile_header_is_still_drained),
      cmocka_unit_test(a_padding_longer_than_any_record_poisons),
      cmocka_unit_test(two_paddings_in_a_row_poison),
      cmocka_unit_test(a_record_that_reaches_into_what_was_read_poisons),
      cmocka_unit_test(a_type_that_changes_later_changes_nothing),
      cmocka_unit_test(a_claim_that_meets_a_hostile_head_poisons),
      cmocka_unit_test(a_wait_that_meets_a_hostile_head_poisons),
      cmocka_unit_test(a_head_that_goes_back_poisons),
      cmocka_unit_test(random_bytes_never_lead_outside_the_buffer),
  };
  return RUN(tests);
}
