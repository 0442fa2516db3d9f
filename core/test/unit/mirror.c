/* ring.h, its last part: a ring that follows another by copied bytes and returned room. */
#include "support.h"

enum { CAPACITY = 512, MAX = CAPACITY / 8 };

/* Where one copy ends and the next begins: `near` is written by its producer and taken from, `far`
 * is appended to and read. */
typedef struct pair {
  both near;
  both far;
} pair;

static pair open_pair(void) {
  return (pair){.near = open_both(CAPACITY), .far = open_both(CAPACITY)};
}

static void discard_pair(pair *copies) {
  discard(&copies->near);
  discard(&copies->far);
}

/* Carries over what was committed since the last time; returns how many bytes that were. */
static uint32_t carry(pair *copies) {
  uint32_t carried = 0;
  for (const void *from; (from = sluice_ring_take(&copies->near.consumer)) != NULL;) {
    uint32_t bytes = copies->near.consumer.length;
    void *to = sluice_ring_reserve(&copies->far.producer, bytes);
    assert_non_null(to); /* never full: room comes back through `near` */
    memcpy(to, from, bytes);
    assert_int_equal(sluice_ring_append(&copies->far.producer, bytes), SLUICE_OK);
    carried += bytes;
  }
  assert_int_equal(copies->near.consumer.status, SLUICE_E_EMPTY);
  return carried;
}

/* Returns to `near` the room that `far` has released. */
static void give_back(pair *copies) {
  uint64_t released = copies->far.consumer.head - copies->near.consumer.head;
  assert_int_equal(sluice_ring_release_bytes(&copies->near.consumer, (uint32_t)released),
                   SLUICE_OK);
}

static void a_copied_record_arrives(void **state) {
  (void)state;
  pair copies = open_pair();
  (void)sluice_ring_push(&copies.near.producer, "hello", 5, 9);
  assert_int_equal(carry(&copies), 16);
  const void *at = sluice_ring_peek(&copies.far.consumer);
  assert_non_null(at);
  assert_memory_equal(at, "hello", 5);
  assert_int_equal(copies.far.consumer.type, 9);
  discard_pair(&copies);
}

static void both_copies_stay_equal_over_many_laps(void **state) {
  (void)state;
  pair copies = open_pair();
  uint64_t seed = 8;
  uint64_t sent = 0;
  uint64_t received = 0;
  unsigned char payload[MAX];
  unsigned char wanted[MAX];
  while (received < 50000) {
    for (uint32_t n = random_below(&seed, 8); n != 0; n--) {
      uint64_t content = sent;
      uint32_t length = random_below(&content, MAX + 1);
      fill_random(&content, payload, length);
      if (sluice_ring_push(&copies.near.producer, payload, length, (int32_t)sent) == SLUICE_OK) {
        sent++;
      } else {
        assert_int_equal(copies.near.producer.status, SLUICE_E_FULL);
      }
    }
    (void)carry(&copies);
    assert_int_equal(copies.far.producer.tail, copies.near.consumer.cursor);
    sluice_ring_record batch[8];
    int count =
        sluice_ring_drain(&copies.far.consumer, batch, 1 + random_below(&seed, 8), copies.far.ring);
    for (int i = 0; i < count; i++, received++) {
      uint64_t content = received;
      uint32_t length = random_below(&content, MAX + 1);
      fill_random(&content, wanted, length);
      assert_int_equal(batch[i].length, length);
      assert_int_equal(batch[i].type, received);
      assert_memory_equal((unsigned char *)copies.far.ring + batch[i].offset, wanted, length);
    }
    (void)sluice_ring_release(&copies.far.consumer);
    give_back(&copies);
    assert_int_equal(copies.near.consumer.head, copies.far.consumer.head);
    assert_memory_equal(copies.near.ring->data, copies.far.ring->data,
                        copies.near.producer.tail == copies.far.producer.tail ? CAPACITY : 0);
    assert_int_equal(sluice_ring_used(copies.near.ring) - sluice_ring_used(copies.far.ring),
                     copies.near.producer.tail - copies.far.producer.tail);
  }
  assert_true(copies.near.producer.tail > UINT64_C(100) * CAPACITY);
  discard_pair(&copies);
}

static void both_copies_are_full_at_the_same_time(void **state) {
  (void)state;
  pair copies = open_pair();
  while (sluice_ring_push(&copies.near.producer, "12345678", 8, 0) == SLUICE_OK) {
  }
  assert_int_equal(carry(&copies), CAPACITY);
  assert_null(sluice_ring_reserve(&copies.far.producer, 8));
  assert_int_equal(copies.far.producer.status, SLUICE_E_FULL);
  assert_int_equal(sluice_ring_push(&copies.near.producer, "", 0, 0), SLUICE_E_FULL);
  (void)sluice_ring_peek(&copies.far.consumer);
  (void)sluice_ring_release(&copies.far.consumer);
  give_back(&copies);
  assert_int_equal(sluice_ring_push(&copies.near.producer, "12345678", 8, 0), SLUICE_OK);
  assert_int_equal(carry(&copies), 16);
  discard_pair(&copies);
}

/* ---- take ---- */

static void take_stops_at_the_buffers_end(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  advance_to(&ends, CAPACITY - 24);
  (void)sluice_ring_push(&ends.producer, "one", 3, 0);
  (void)sluice_ring_push(&ends.producer, "record 2", 8, 0); /* 8 bytes of padding before it */
  assert_ptr_equal(sluice_ring_take(&ends.consumer), ends.ring->data + CAPACITY - 24);
  assert_int_equal(ends.consumer.length, 24);
  assert_ptr_equal(sluice_ring_take(&ends.consumer), ends.ring->data);
  assert_int_equal(ends.consumer.length, 16);
  assert_null(sluice_ring_take(&ends.consumer));
  assert_int_equal(ends.consumer.status, SLUICE_E_EMPTY);
  discard(&ends);
}

static void take_gives_a_padding_that_has_nothing_behind_it(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  advance_to(&ends, CAPACITY - 16);
  (void)sluice_ring_claim(&ends.producer, MAX, 0);
  assert_non_null(sluice_ring_take(&ends.consumer));
  assert_int_equal(ends.consumer.length, 16);
  discard(&ends);
}

/* ---- release_bytes ---- */

static void what_was_taken_can_be_released_in_parts(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  for (int i = 0; i < 4; i++) {
    (void)sluice_ring_push(&ends.producer, "12345678", 8, i);
  }
  (void)sluice_ring_take(&ends.consumer);
  assert_int_equal(sluice_ring_release_bytes(&ends.consumer, 16), SLUICE_OK);
  assert_int_equal(sluice_ring_used(ends.ring), 48);
  assert_int_equal(sluice_ring_release_bytes(&ends.consumer, 48), SLUICE_OK);
  assert_int_equal(sluice_ring_used(ends.ring), 0);
  assert_int_equal(atomic_load(&ends.ring->consumer.records), 4);
  assert_int_equal(stale_bytes(ends.ring, CAPACITY), 0);
  discard(&ends);
}

static void releasing_more_than_was_taken_is_invalid(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_release_bytes(&ends.consumer, 8), SLUICE_E_INVALID);
  (void)sluice_ring_push(&ends.producer, "12345678", 8, 0);
  assert_int_equal(sluice_ring_release_bytes(&ends.consumer, 8), SLUICE_E_INVALID);
  (void)sluice_ring_take(&ends.consumer);
  const uint32_t bad[] = {24, CAPACITY, CAPACITY + 16, UINT32_MAX - 7};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(sluice_ring_release_bytes(&ends.consumer, bad[i]), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_ring_release_bytes(&ends.consumer, 16), SLUICE_OK);
  discard(&ends);
}

static void releasing_a_number_that_no_frames_have_is_invalid(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_push(&ends.producer, "12345678", 8, 0);
  (void)sluice_ring_take(&ends.consumer);
  for (uint32_t bytes = 1; bytes < 16; bytes += bytes == 7 ? 2 : 1) {
    assert_int_equal(sluice_ring_release_bytes(&ends.consumer, bytes), SLUICE_E_INVALID);
  }
  discard(&ends);
}

/* ---- reserve ---- */

static void a_reservation_that_wraps_or_is_unaligned_is_invalid(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  advance_to(&ends, 8);
  const uint32_t bad[] = {0, 1, 4, 7, 9, CAPACITY, CAPACITY + 8, UINT32_MAX, UINT32_MAX - 7};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_null(sluice_ring_reserve(&ends.producer, bad[i]));
    assert_int_equal(ends.producer.status, SLUICE_E_INVALID);
  }
  assert_ptr_equal(sluice_ring_reserve(&ends.producer, CAPACITY - 8), ends.ring->data + 8);
  discard(&ends);
}

static void a_reservation_says_first_what_the_ring_is(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  (void)sluice_ring_claim(&ends.producer, 8, 0);
  (void)sluice_ring_consumer_close(&ends.consumer);
  const uint32_t each[] = {8, 1, CAPACITY + 8}; /* a claim is open, and two are invalid */
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
    assert_null(sluice_ring_reserve(&ends.producer, each[i]));
    assert_int_equal(ends.producer.status, SLUICE_E_CLOSED);
  }
  discard(&ends);
}

/* ---- append ---- */

typedef struct garbage {
  int32_t words[4]; /* two headers */
} garbage;

static void append_refuses_garbage_and_poisons(void **state) {
  (void)state;
  const garbage each[] = {
      {{0, 0, 0, 0}},                          /* no frame */
      {{4, 0, 0, 0}},                          /* shorter than its header */
      {{-16, 0, 0, 0}},                        /* negative */
      {{24, 0, 0, 0}},                         /* longer than what was appended */
      {{INT32_MAX, 0, 0, 0}},                  /* far longer */
      {{MAX + 9, 0, 0, 0}},                    /* longer than any record */
      {{16, -2, 0, 0}},                        /* no such type */
      {{16, SLUICE_RING_PADDING, 0, 0}},       /* a padding that ends too early */
      {{CAPACITY, SLUICE_RING_PADDING, 0, 0}}, /* a padding longer than what was appended */
      {{8, 0, 0, 0}},                          /* a frame, then none */
      {{8, 0, 16, 0}},                         /* a frame, then one that is too long */
  };
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
    both ends = open_both(CAPACITY);
    void *at = sluice_ring_reserve(&ends.producer, sizeof *each);
    assert_non_null(at);
    memcpy(at, &each[i], sizeof *each);
    assert_int_equal(sluice_ring_append(&ends.producer, sizeof *each), SLUICE_E_POISONED);
    assert_null(sluice_ring_reserve(&ends.producer, 8));
    assert_int_equal(ends.producer.status, SLUICE_E_POISONED);
    assert_null(sluice_ring_peek(&ends.consumer));
    assert_int_equal(ends.consumer.status, SLUICE_E_POISONED);
    discard(&ends);
  }
}

static void append_of_a_part_of_a_frame_poisons(void **state) {
  (void)state;
  for (uint32_t bytes = 1; bytes < 16; bytes++) {
    both ends = open_both(CAPACITY);
    const int32_t frame[] = {16, 0, 0, 0};
    memcpy(sluice_ring_reserve(&ends.producer, 16), frame, 16);
    assert_int_equal(sluice_ring_append(&ends.producer, bytes), SLUICE_E_POISONED);
    discard(&ends);
  }
}

static void append_past_the_end_is_invalid(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  advance_to(&ends, CAPACITY - 8);
  const int32_t last[] = {8, 0};
  memcpy(sluice_ring_reserve(&ends.producer, 8), last, 8);
  assert_int_equal(sluice_ring_append(&ends.producer, 9), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_append(&ends.producer, 16), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_append(&ends.producer, UINT32_MAX), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_append(&ends.producer, 8), SLUICE_OK);
  discard(&ends);
}

static void append_takes_a_padding_up_to_the_end(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  advance_to(&ends, CAPACITY - 16);
  const int32_t padding[] = {16, SLUICE_RING_PADDING, 0, 0};
  memcpy(sluice_ring_reserve(&ends.producer, 16), padding, 16);
  assert_int_equal(sluice_ring_append(&ends.producer, 16), SLUICE_OK);
  assert_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(ends.consumer.status, SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_used(ends.ring), 0);
  discard(&ends);
}

static void append_counts_records_without_paddings(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  const int32_t two[] = {8, 0, 8, 1};
  memcpy(sluice_ring_reserve(&ends.producer, 16), two, 16);
  (void)sluice_ring_append(&ends.producer, 16);
  assert_int_equal(atomic_load(&ends.ring->producer.records), 2);
  discard(&ends);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_copied_record_arrives),
      cmocka_unit_test(both_copies_stay_equal_over_many_laps),
      cmocka_unit_test(both_copies_are_full_at_the_same_time),
      cmocka_unit_test(take_stops_at_the_buffers_end),
      cmocka_unit_test(take_gives_a_padding_that_has_nothing_behind_it),
      cmocka_unit_test(what_was_taken_can_be_released_in_parts),
      cmocka_unit_test(releasing_more_than_was_taken_is_invalid),
      cmocka_unit_test(releasing_a_number_that_no_frames_have_is_invalid),
      cmocka_unit_test(a_reservation_that_wraps_or_is_unaligned_is_invalid),
      cmocka_unit_test(a_reservation_says_first_what_the_ring_is),
      cmocka_unit_test(append_refuses_garbage_and_poisons),
      cmocka_unit_test(append_of_a_part_of_a_frame_poisons),
      cmocka_unit_test(append_past_the_end_is_invalid),
      cmocka_unit_test(append_takes_a_padding_up_to_the_end),
      cmocka_unit_test(append_counts_records_without_paddings),
  };
  return RUN(tests);
}
