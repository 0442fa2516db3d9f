/* ring.h, the records: claim, commit, abort, push on one side, peek, drain, release on the other,
 * by one thread. */
#include "support.h"

enum { CAPACITY = 1024, MAX = CAPACITY / 8 };

static void push(both *ends, const char *payload) {
  assert_int_equal(
      sluice_ring_push(&ends->producer, payload, (uint32_t)strlen(payload), payload[0]), SLUICE_OK);
}

static void expect(both *ends, const char *payload) {
  const void *at = sluice_ring_peek(&ends->consumer);
  assert_non_null(at);
  assert_int_equal(ends->consumer.length, strlen(payload));
  assert_int_equal(ends->consumer.type, payload[0]);
  assert_memory_equal(at, payload, strlen(payload));
  (void)sluice_ring_release(&ends->consumer);
}

/* ---- shape ---- */

static void a_ring_takes_its_capacity_and_384_bytes(void **state) {
  (void)state;
  for (uint32_t capacity = 64; capacity != 0 && capacity <= SLUICE_RING_CAPACITY_MAX;
       capacity *= 2) {
    assert_int_equal(sluice_ring_bytes(capacity), capacity + 384);
  }
}

static void a_capacity_must_be_a_power_of_two_in_range(void **state) {
  (void)state;
  const uint32_t bad[] = {0,  1,    8,    32,          63,          65,
                          96, 1023, 1025, 0x40000001u, 0x80000000u, UINT32_MAX};
  void *at = fresh(sluice_ring_bytes(1024));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(sluice_ring_bytes(bad[i]), 0);
    assert_int_equal(sluice_ring_init(at, bad[i]), SLUICE_E_INVALID);
  }
  free(at);
}

static void a_ring_at_a_misaligned_address_is_invalid(void **state) {
  (void)state;
  unsigned char *at = fresh(4096);
  for (uint32_t by = 1; by < SLUICE_ALIGN; by++) {
    assert_int_equal(sluice_ring_init(at + by, 1024), SLUICE_E_INVALID);
  }
  free(at);
}

/* ---- one record ---- */

static void a_record_arrives_as_it_was_sent(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push(&ends, "hello");
  expect(&ends, "hello");
  discard(&ends);
}

static void records_arrive_in_order(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push(&ends, "one");
  push(&ends, "two");
  push(&ends, "three");
  expect(&ends, "one");
  expect(&ends, "two");
  expect(&ends, "three");
  discard(&ends);
}

static void an_empty_ring_is_empty(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  sluice_ring_record batch[2];
  assert_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(ends.consumer.status, SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 2, ends.ring), SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_release(&ends.consumer), 0);
  discard(&ends);
}

static void a_record_may_have_no_payload(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_push(&ends.producer, NULL, 0, 3), SLUICE_OK);
  assert_non_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(ends.consumer.length, 0);
  assert_int_equal(ends.consumer.type, 3);
  assert_int_equal(sluice_ring_release(&ends.consumer), 1);
  assert_int_equal(ends.consumer.head, 8);
  discard(&ends);
}

static void an_eighth_of_the_capacity_is_the_longest_payload(void **state) {
  (void)state;
  for (uint32_t capacity = 64; capacity <= 65536; capacity *= 2) {
    both ends = open_both(capacity);
    uint32_t max = capacity / 8;
    unsigned char *at = sluice_ring_claim(&ends.producer, max, 0);
    assert_non_null(at);
    memset(at, 0xee, max);
    assert_int_equal(sluice_ring_commit(&ends.producer, max), SLUICE_OK);
    const unsigned char *back = sluice_ring_peek(&ends.consumer);
    assert_non_null(back);
    assert_int_equal(ends.consumer.length, max);
    assert_int_equal(back[max - 1], 0xee);
    discard(&ends);
  }
}

static void one_byte_more_is_too_large(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  const uint32_t lengths[] = {MAX + 1, CAPACITY, 0x7fffffffu, 0xfffffff8u, UINT32_MAX};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    assert_null(sluice_ring_claim(&ends.producer, lengths[i], 0));
    assert_int_equal(ends.producer.status, SLUICE_E_TOO_LARGE);
    assert_int_equal(sluice_ring_push(&ends.producer, "", lengths[i], 0), SLUICE_E_TOO_LARGE);
  }
  discard(&ends);
}

static void a_negative_type_is_invalid(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_null(sluice_ring_claim(&ends.producer, 1, SLUICE_RING_PADDING));
  assert_int_equal(ends.producer.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, INT32_MIN), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, INT32_MAX), SLUICE_OK);
  discard(&ends);
}

static void a_payload_is_8_byte_aligned(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  for (uint32_t length = 0; length < 40; length++) {
    void *at = sluice_ring_claim(&ends.producer, length, 0);
    assert_int_equal((uintptr_t)at % 8, 0);
    (void)sluice_ring_commit(&ends.producer, length);
    assert_ptr_equal(sluice_ring_peek(&ends.consumer), at); /* nothing is copied */
    (void)sluice_ring_release(&ends.consumer);
  }
  discard(&ends);
}

/* ---- claim, commit, abort ---- */

static void a_claim_is_not_seen_before_its_commit(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  memset(sluice_ring_claim(&ends.producer, 16, 5), 0xff, 16);
  assert_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(ends.consumer.status, SLUICE_E_EMPTY);
  (void)sluice_ring_commit(&ends.producer, 16);
  assert_non_null(sluice_ring_peek(&ends.consumer));
  discard(&ends);
}

static void a_second_claim_is_busy(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_non_null(sluice_ring_claim(&ends.producer, 8, 0));
  assert_null(sluice_ring_claim(&ends.producer, 8, 0));
  assert_int_equal(ends.producer.status, SLUICE_E_BUSY);
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, 0), SLUICE_E_BUSY);
  assert_null(sluice_ring_reserve(&ends.producer, 8));
  assert_int_equal(ends.producer.status, SLUICE_E_BUSY);
  assert_int_equal(sluice_ring_commit(&ends.producer, 8), SLUICE_OK);
  assert_non_null(sluice_ring_claim(&ends.producer, 8, 0));
  discard(&ends);
}

static void a_commit_without_a_claim_is_invalid(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_commit(&ends.producer, 0), SLUICE_E_INVALID);
  (void)sluice_ring_claim(&ends.producer, 8, 0);
  (void)sluice_ring_commit(&ends.producer, 8);
  assert_int_equal(sluice_ring_commit(&ends.producer, 8), SLUICE_E_INVALID);
  discard(&ends);
}

static void a_commit_of_more_than_was_claimed_is_invalid_and_keeps_the_claim(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  memcpy(sluice_ring_claim(&ends.producer, 3, 'a'), "abc", 3);
  assert_int_equal(sluice_ring_commit(&ends.producer, 4), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_commit(&ends.producer, UINT32_MAX), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_commit(&ends.producer, 3), SLUICE_OK);
  expect(&ends, "abc");
  discard(&ends);
}

static void a_commit_may_shorten_the_claim(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  memcpy(sluice_ring_claim(&ends.producer, 100, 's'), "short", 5);
  assert_int_equal(sluice_ring_commit(&ends.producer, 5), SLUICE_OK);
  push(&ends, "next");
  expect(&ends, "short");
  expect(&ends, "next");
  discard(&ends);
}

static void an_abort_publishes_nothing(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  memset(sluice_ring_claim(&ends.producer, 100, 0), 0xff, 100);
  assert_int_equal(sluice_ring_abort(&ends.producer), SLUICE_OK);
  assert_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(ends.consumer.status, SLUICE_E_EMPTY);
  push(&ends, "next");
  expect(&ends, "next");
  discard(&ends);
}

static void an_abort_without_a_claim_is_invalid(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_abort(&ends.producer), SLUICE_E_INVALID);
  (void)sluice_ring_claim(&ends.producer, 8, 0);
  (void)sluice_ring_abort(&ends.producer);
  assert_int_equal(sluice_ring_abort(&ends.producer), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_commit(&ends.producer, 0), SLUICE_E_INVALID);
  discard(&ends);
}

static void an_abort_leaves_no_byte_behind(void **state) {
  (void)state;
  for (uint32_t length = 0; length <= MAX; length++) {
    both ends = open_both(CAPACITY);
    memset(sluice_ring_claim(&ends.producer, length, 0), 0xff, length);
    (void)sluice_ring_abort(&ends.producer);
    assert_int_equal(stale_bytes(ends.ring, CAPACITY), 0);
    discard(&ends);
  }
}

static void a_shortened_commit_leaves_no_byte_behind(void **state) {
  (void)state;
  for (uint32_t length = 0; length <= MAX; length++) {
    both ends = open_both(CAPACITY);
    memset(sluice_ring_claim(&ends.producer, MAX, 0), 0xff, MAX);
    (void)sluice_ring_commit(&ends.producer, length);
    assert_non_null(sluice_ring_peek(&ends.consumer));
    (void)sluice_ring_release(&ends.consumer);
    assert_int_equal(stale_bytes(ends.ring, CAPACITY), 0);
    discard(&ends);
  }
}

static void released_room_is_zero(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  uint64_t seed = 3;
  unsigned char payload[MAX];
  memset(payload, 0xff, sizeof payload);
  for (int i = 0; i < 2000; i++) {
    uint32_t records = 1 + random_below(&seed, 4);
    for (uint32_t r = 0; r < records; r++) {
      assert_int_equal(
          sluice_ring_push(&ends.producer, payload, random_below(&seed, MAX + 1), INT32_MAX),
          SLUICE_OK);
    }
    sluice_ring_record batch[4];
    assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 4, ends.ring), records);
    assert_int_equal(sluice_ring_release(&ends.consumer), records);
    assert_int_equal(stale_bytes(ends.ring, CAPACITY), 0);
  }
  discard(&ends);
}

/* Aborted and shortened claims full of 0xff, then shorter records over the same places: were a
 * byte left, one of the headers to come would show it. */
static void nothing_stale_is_read_over_many_laps(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  uint64_t seed = 4;
  unsigned char payload[MAX];
  for (uint32_t i = 0; i < 20000; i++) {
    uint32_t claimed = random_below(&seed, MAX + 1);
    memset(sluice_ring_claim(&ends.producer, claimed, 0), 0xff, claimed);
    assert_int_equal(sluice_ring_abort(&ends.producer), SLUICE_OK);
    assert_null(sluice_ring_peek(&ends.consumer));
    assert_int_equal(ends.consumer.status, SLUICE_E_EMPTY);

    claimed = random_below(&seed, MAX + 1);
    uint32_t length = random_below(&seed, claimed + 1);
    unsigned char *at = sluice_ring_claim(&ends.producer, claimed, (int32_t)i);
    memset(at, 0xff, claimed);
    fill_random(&seed, payload, length);
    memcpy(at, payload, length);
    assert_int_equal(sluice_ring_commit(&ends.producer, length), SLUICE_OK);

    const void *back = sluice_ring_peek(&ends.consumer);
    assert_non_null(back);
    assert_int_equal(ends.consumer.length, length);
    assert_int_equal(ends.consumer.type, i);
    assert_memory_equal(back, payload, length);
    assert_int_equal(sluice_ring_release(&ends.consumer), 1);
    assert_null(sluice_ring_peek(&ends.consumer));
    assert_int_equal(ends.consumer.status, SLUICE_E_EMPTY);
  }
  discard(&ends);
}

/* ---- the wrap ---- */

static void a_claim_that_does_not_fit_before_the_end_pads_it(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  advance_to(&ends, CAPACITY - 16);
  unsigned char *at = sluice_ring_claim(&ends.producer, 9, 0); /* 24 bytes with its header */
  assert_ptr_equal(at, ends.ring->data + SLUICE_RING_HEADER);
  assert_int_equal(header_words(&ends, CAPACITY - 16)[0], 16);
  assert_int_equal(header_words(&ends, CAPACITY - 16)[1], SLUICE_RING_PADDING);
  discard(&ends);
}

static void a_claim_that_just_fits_pads_nothing(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  advance_to(&ends, CAPACITY - 16);
  unsigned char *at = sluice_ring_claim(&ends.producer, 8, 0);
  assert_ptr_equal(at, ends.ring->data + CAPACITY - 8);
  memcpy(at, "12345678", 8);
  (void)sluice_ring_commit(&ends.producer, 8);
  assert_non_null(sluice_ring_peek(&ends.consumer));
  (void)sluice_ring_release(&ends.consumer);
  assert_int_equal(ends.consumer.head, CAPACITY);
  discard(&ends);
}

static void every_length_arrives_from_every_place(void **state) {
  (void)state;
  enum { SMALL = 128 };
  unsigned char payload[SMALL / 8];
  uint64_t seed = 5;
  for (uint32_t place = 0; place < SMALL; place += 8) {
    for (uint32_t length = 0; length <= SMALL / 8; length++) {
      both ends = open_both(SMALL);
      advance_to(&ends, place);
      for (int i = 0; i < 20; i++) {
        fill_random(&seed, payload, length);
        assert_int_equal(sluice_ring_push(&ends.producer, payload, length, i), SLUICE_OK);
        const void *back = sluice_ring_peek(&ends.consumer);
        assert_non_null(back);
        assert_int_equal(ends.consumer.length, length);
        assert_int_equal(ends.consumer.type, i);
        assert_memory_equal(back, payload, length);
        assert_int_equal(sluice_ring_release(&ends.consumer), 1);
      }
      assert_int_equal(stale_bytes(ends.ring, SMALL), 0);
      discard(&ends);
    }
  }
}

static void a_padding_before_an_aborted_claim_does_no_harm(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  advance_to(&ends, CAPACITY - 8);
  (void)sluice_ring_claim(&ends.producer, 8, 0);
  (void)sluice_ring_abort(&ends.producer);
  assert_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(ends.consumer.status, SLUICE_E_EMPTY);
  push(&ends, "next");
  expect(&ends, "next");
  assert_int_equal(stale_bytes(ends.ring, CAPACITY), 0);
  discard(&ends);
}

static void a_padding_with_nothing_behind_it_goes_back_at_once(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  sluice_ring_record batch[1];
  for (int drained = 0; drained <= 1; drained++) {
    advance_to(&ends, CAPACITY - 16);
    (void)sluice_ring_claim(&ends.producer, MAX, 0);
    assert_int_equal(sluice_ring_used(ends.ring), 16);
    if (drained) {
      assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 1, ends.ring), SLUICE_E_EMPTY);
    } else {
      assert_null(sluice_ring_peek(&ends.consumer));
    }
    assert_int_equal(sluice_ring_used(ends.ring), 0);
    (void)sluice_ring_abort(&ends.producer);
  }
  discard(&ends);
}

static void a_producer_that_dies_after_the_wrap_padding_leaves_the_ring_usable(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push(&ends, "last words");
  (void)sluice_ring_peek(&ends.consumer);
  (void)sluice_ring_release(&ends.consumer);
  advance_to(&ends, CAPACITY - 16);
  memset(sluice_ring_claim(&ends.producer, MAX, 0), 0xff, MAX);
  assert_int_equal(sluice_ring_bury(ends.ring, OWNER_OF_PRODUCER), 1);
  assert_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(ends.consumer.status, SLUICE_E_PEER_LOST);
  discard(&ends);
}

/* ---- full ---- */

static void a_full_ring_refuses_until_room_is_released(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  int pushed = 0;
  while (sluice_ring_push(&ends.producer, "12345678", 8, 0) == SLUICE_OK) {
    pushed++;
  }
  assert_int_equal(ends.producer.status, SLUICE_E_FULL);
  assert_int_equal(pushed, CAPACITY / 16); /* to the last byte */
  assert_non_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(sluice_ring_push(&ends.producer, "12345678", 8, 0), SLUICE_E_FULL);
  (void)sluice_ring_release(&ends.consumer);
  assert_int_equal(sluice_ring_push(&ends.producer, "12345678", 8, 0), SLUICE_OK);
  discard(&ends);
}

static void a_record_fits_a_ring_that_has_just_its_room_before_the_end(void **state) {
  (void)state;
  both ends = open_both(64); /* four records of 16 bytes */
  for (int i = 0; i < 7; i++) {
    if (i >= 4) {
      assert_non_null(sluice_ring_peek(&ends.consumer));
      (void)sluice_ring_release(&ends.consumer);
    }
    assert_int_equal(sluice_ring_push(&ends.producer, "12345678", 8, i), SLUICE_OK);
  }
  assert_int_equal(sluice_ring_push(&ends.producer, "12345678", 8, 7), SLUICE_E_FULL);
  assert_non_null(sluice_ring_peek(&ends.consumer));
  (void)sluice_ring_release(&ends.consumer); /* 48 to 64 are free */
  assert_int_equal(sluice_ring_push(&ends.producer, "12345678", 8, 7), SLUICE_OK);
  discard(&ends);
}

static void a_refused_claim_leaves_no_padding(void **state) {
  (void)state;
  both ends = open_both(64); /* 56 bytes taken, 8 left: a record of 16 would need the padding */
  for (int i = 0; i < 7; i++) {
    (void)sluice_ring_push(&ends.producer, NULL, 0, i);
  }
  assert_int_equal(sluice_ring_push(&ends.producer, "a", 1, 0), SLUICE_E_FULL);
  assert_int_equal(header_words(&ends, 56)[0], 0);
  assert_int_equal(sluice_ring_push(&ends.producer, NULL, 0, 7), SLUICE_OK);
  discard(&ends);
}

static void the_largest_record_always_fits_an_empty_ring(void **state) {
  (void)state;
  for (uint32_t capacity = 64; capacity <= 1024; capacity *= 2) {
    both ends = open_both(capacity);
    for (uint32_t place = 0; place < capacity; place += 8) {
      advance_to(&ends, place);
      assert_non_null(sluice_ring_claim(&ends.producer, capacity / 8, 0));
      (void)sluice_ring_abort(&ends.producer);
      (void)sluice_ring_peek(&ends.consumer);
    }
    discard(&ends);
  }
}

/* ---- peek and drain ---- */

static void peek_is_idempotent_until_release(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push(&ends, "one");
  push(&ends, "two");
  const void *at = sluice_ring_peek(&ends.consumer);
  assert_ptr_equal(sluice_ring_peek(&ends.consumer), at);
  assert_ptr_equal(sluice_ring_peek(&ends.consumer), at);
  assert_int_equal(sluice_ring_release(&ends.consumer), 1);
  expect(&ends, "two");
  discard(&ends);
}

static void peek_then_drain_gives_the_peeked_record_first(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push(&ends, "one");
  push(&ends, "two");
  sluice_ring_record batch[4];
  const unsigned char *at = sluice_ring_peek(&ends.consumer);
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 4, ends.ring), 2);
  assert_ptr_equal((unsigned char *)ends.ring + batch[0].offset, at);
  assert_int_equal(sluice_ring_release(&ends.consumer), 2);
  discard(&ends);
}

static void drain_then_peek_gives_the_next_and_both_are_released(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push(&ends, "one");
  push(&ends, "two");
  sluice_ring_record batch[1];
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 1, ends.ring), 1);
  assert_int_equal(batch[0].type, 'o');
  assert_non_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(ends.consumer.type, 't');
  assert_int_equal(sluice_ring_release(&ends.consumer), 2);
  assert_int_equal(sluice_ring_used(ends.ring), 0);
  discard(&ends);
}

static void drain_stops_at_its_limit(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  for (int i = 0; i < 5; i++) {
    (void)sluice_ring_push(&ends.producer, NULL, 0, i);
  }
  sluice_ring_record batch[3] = {{0}, {0}, {.type = 99}};
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 0, ends.ring), 0);
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 2, ends.ring), 2);
  assert_int_equal(batch[2].type, 99);
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 2, ends.ring), 2);
  assert_int_equal(batch[0].type, 2);
  assert_int_equal(sluice_ring_release(&ends.consumer), 4);
  discard(&ends);
}

static void a_drain_of_none_is_no_failure(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_null(sluice_ring_peek(&ends.consumer));
  assert_int_equal(ends.consumer.status, SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_drain(&ends.consumer, NULL, 0, ends.ring), 0);
  discard(&ends);
}

static void drain_reads_across_the_wrap(void **state) {
  (void)state;
  for (uint32_t place = CAPACITY - 64; place < CAPACITY; place += 8) {
    both ends = open_both(CAPACITY);
    advance_to(&ends, place);
    push(&ends, "a record of 26 bytes, one");
    push(&ends, "b record of 26 bytes, two");
    push(&ends, "c record of 26 bytes, too");
    sluice_ring_record batch[8];
    assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 8, ends.ring), 3);
    for (int i = 0; i < 3; i++) {
      assert_int_equal(batch[i].type, 'a' + i);
      assert_int_equal(batch[i].length, 25);
      assert_int_equal(((char *)ends.ring + batch[i].offset)[0], 'a' + i);
    }
    assert_int_equal(sluice_ring_release(&ends.consumer), 3);
    assert_int_equal(stale_bytes(ends.ring, CAPACITY), 0);
    discard(&ends);
  }
}

static void drained_records_stay_until_release(void **state) {
  (void)state;
  both ends = open_both(64);
  for (int i = 0; i < 8; i++) {
    (void)sluice_ring_push(&ends.producer, NULL, 0, i);
  }
  sluice_ring_record batch[9];
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 9, ends.ring), 8);
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 9, ends.ring), SLUICE_E_EMPTY);
  assert_null(sluice_ring_peek(&ends.consumer)); /* not the first one again */
  assert_int_equal(sluice_ring_push(&ends.producer, NULL, 0, 0), SLUICE_E_FULL);
  assert_int_equal(sluice_ring_release(&ends.consumer), 8);
  assert_int_equal(sluice_ring_push(&ends.producer, NULL, 0, 0), SLUICE_OK);
  discard(&ends);
}

static void a_second_release_releases_nothing(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push(&ends, "one");
  push(&ends, "two");
  (void)sluice_ring_peek(&ends.consumer);
  assert_int_equal(sluice_ring_release(&ends.consumer), 1);
  assert_int_equal(sluice_ring_release(&ends.consumer), 0);
  expect(&ends, "two");
  discard(&ends);
}

static void what_was_rewound_is_read_again(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push(&ends, "one");
  push(&ends, "two");
  push(&ends, "three");
  expect(&ends, "one");
  sluice_ring_record batch[1];
  assert_int_equal(sluice_ring_drain(&ends.consumer, batch, 1, ends.ring), 1);
  assert_non_null(sluice_ring_peek(&ends.consumer));
  sluice_ring_rewind(&ends.consumer);
  assert_int_equal(sluice_ring_release(&ends.consumer), 0);
  expect(&ends, "two");
  expect(&ends, "three");
  discard(&ends);
}

/* ---- figures ---- */

static void the_figures_count_records_and_refusals(void **state) {
  (void)state;
  both ends = open_both(64);
  for (int i = 0; i < 10; i++) {
    (void)sluice_ring_push(&ends.producer, NULL, 0, i); /* two too many */
  }
  (void)sluice_ring_push(&ends.producer, NULL, 1000, 0); /* not refused for want of room */
  sluice_ring_record batch[3];
  (void)sluice_ring_drain(&ends.consumer, batch, 3, ends.ring);
  assert_int_equal(atomic_load(&ends.ring->consumer.records), 0);
  (void)sluice_ring_release(&ends.consumer);
  assert_int_equal(atomic_load(&ends.ring->producer.records), 8);
  assert_int_equal(atomic_load(&ends.ring->producer.refused), 2);
  assert_int_equal(atomic_load(&ends.ring->producer.waits), 0);
  assert_int_equal(atomic_load(&ends.ring->consumer.records), 3);
  assert_int_equal(atomic_load(&ends.ring->consumer.waits), 0);
  discard(&ends);
}

static void used_counts_bytes_committed_and_not_released(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  assert_int_equal(sluice_ring_used(ends.ring), 0);
  push(&ends, "one");
  push(&ends, "123456789");
  assert_int_equal(sluice_ring_used(ends.ring), 16 + 24);
  (void)sluice_ring_peek(&ends.consumer);
  assert_int_equal(sluice_ring_used(ends.ring), 16 + 24);
  (void)sluice_ring_release(&ends.consumer);
  assert_int_equal(sluice_ring_used(ends.ring), 24);
  discard(&ends);
}

/* Its words are read one after the other, and may be anybody's. */
static void used_is_never_below_0(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  push(&ends, "one");
  atomic_store(&ends.ring->consumer.head, 24);
  assert_int_equal(sluice_ring_used(ends.ring), 0);
  discard(&ends);
}

static void nobody_is_woken_when_nobody_sleeps(void **state) {
  (void)state;
  both ends = open_both(CAPACITY);
  for (int i = 0; i < 1000; i++) {
    push(&ends, "record");
    assert_int_equal(atomic_load(&ends.ring->consumer.asleep), 0);
    expect(&ends, "record");
    assert_int_equal(atomic_load(&ends.ring->producer.asleep), 0);
  }
  discard(&ends);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_ring_takes_its_capacity_and_384_bytes),
      cmocka_unit_test(a_capacity_must_be_a_power_of_two_in_range),
      cmocka_unit_test(a_ring_at_a_misaligned_address_is_invalid),
      cmocka_unit_test(a_record_arrives_as_it_was_sent),
      cmocka_unit_test(records_arrive_in_order),
      cmocka_unit_test(an_empty_ring_is_empty),
      cmocka_unit_test(a_record_may_have_no_payload),
      cmocka_unit_test(an_eighth_of_the_capacity_is_the_longest_payload),
      cmocka_unit_test(one_byte_more_is_too_large),
      cmocka_unit_test(a_negative_type_is_invalid),
      cmocka_unit_test(a_payload_is_8_byte_aligned),
      cmocka_unit_test(a_claim_is_not_seen_before_its_commit),
      cmocka_unit_test(a_second_claim_is_busy),
      cmocka_unit_test(a_commit_without_a_claim_is_invalid),
      cmocka_unit_test(a_commit_of_more_than_was_claimed_is_invalid_and_keeps_the_claim),
      cmocka_unit_test(a_commit_may_shorten_the_claim),
      cmocka_unit_test(an_abort_publishes_nothing),
      cmocka_unit_test(an_abort_without_a_claim_is_invalid),
      cmocka_unit_test(an_abort_leaves_no_byte_behind),
      cmocka_unit_test(a_shortened_commit_leaves_no_byte_behind),
      cmocka_unit_test(released_room_is_zero),
      cmocka_unit_test(nothing_stale_is_read_over_many_laps),
      cmocka_unit_test(a_claim_that_does_not_fit_before_the_end_pads_it),
      cmocka_unit_test(a_claim_that_just_fits_pads_nothing),
      cmocka_unit_test(every_length_arrives_from_every_place),
      cmocka_unit_test(a_padding_before_an_aborted_claim_does_no_harm),
      cmocka_unit_test(a_padding_with_nothing_behind_it_goes_back_at_once),
      cmocka_unit_test(a_producer_that_dies_after_the_wrap_padding_leaves_the_ring_usable),
      cmocka_unit_test(a_full_ring_refuses_until_room_is_released),
      cmocka_unit_test(a_record_fits_a_ring_that_has_just_its_room_before_the_end),
      cmocka_unit_test(a_refused_claim_leaves_no_padding),
      cmocka_unit_test(the_largest_record_always_fits_an_empty_ring),
      cmocka_unit_test(peek_is_idempotent_until_release),
      cmocka_unit_test(peek_then_drain_gives_the_peeked_record_first),
      cmocka_unit_test(drain_then_peek_gives_the_next_and_both_are_released),
      cmocka_unit_test(drain_stops_at_its_limit),
      cmocka_unit_test(a_drain_of_none_is_no_failure),
      cmocka_unit_test(drain_reads_across_the_wrap),
      cmocka_unit_test(drained_records_stay_until_release),
      cmocka_unit_test(a_second_release_releases_nothing),
      cmocka_unit_test(what_was_rewound_is_read_again),
      cmocka_unit_test(the_figures_count_records_and_refusals),
      cmocka_unit_test(used_counts_bytes_committed_and_not_released),
      cmocka_unit_test(used_is_never_below_0),
      cmocka_unit_test(nobody_is_woken_when_nobody_sleeps),
  };
  return RUN(tests);
}
