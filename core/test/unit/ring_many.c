/* ring_many.h, one thread at a time: shape, claims, commits, reading, releasing. */
#include "ring_many_support.h"

enum { CAPACITY = 256, MAX = CAPACITY / 8 };

/* ---- shape ---- */

static void bytes_are_zero_unless_the_capacity_is_a_power_of_two_in_range(void **state) {
  (void)state;
  assert_int_equal(sluice_ring_many_bytes(0), 0);
  assert_int_equal(sluice_ring_many_bytes(32), 0);
  assert_int_equal(sluice_ring_many_bytes(96), 0);
  assert_int_equal(sluice_ring_many_bytes(UINT32_C(0x80000000)), 0);
  assert_int_equal(sluice_ring_many_bytes(UINT32_MAX), 0);
  assert_int_equal(sluice_ring_many_bytes(64), sizeof(sluice_ring_many) + 64);
  assert_int_equal(sluice_ring_many_bytes(SLUICE_RING_CAPACITY_MAX),
                   sizeof(sluice_ring_many) + SLUICE_RING_CAPACITY_MAX);
}

static void init_refuses_a_bad_capacity_a_bad_kind_and_a_misaligned_address(void **state) {
  (void)state;
  char *at = fresh(sluice_ring_many_bytes(64) + 128);
  assert_int_equal(sluice_ring_many_init(at, MPSC, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_init(at, MPSC, 65), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_init(at, SLUICE_KIND_RING_SPSC, 64), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_init(at, 0, 64), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_init(at + 8, MPSC, 64), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_init(at, MPMC, 64), SLUICE_OK);
  free(at);
}

static void a_ring_is_opened_by_name(void **state) {
  (void)state;
  sluice_space space = joined_space(1 << 16);
  uint32_t made = sluice_ring_many_open(&space, "r", 1, MPMC, 1024, 7);
  assert_int_not_equal(made, 0);
  assert_int_equal(sluice_ring_many_open(&space, "r", 1, MPMC, 1024, 7), made);
  assert_int_equal(sluice_ring_many_open(&space, "r", 1, MPSC, 1024, 7), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_ring_many_open(&space, "r", 1, MPMC, 2048, 7), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_ring_many_open(&space, "r", 1, MPMC, 1024, 8), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void open_refuses_bad_kinds_capacities_names_and_full_spaces(void **state) {
  (void)state;
  sluice_space space = joined_space(1 << 16);
  assert_int_equal(sluice_ring_many_open(&space, "r", 1, SLUICE_KIND_RING_SPSC, 1024, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_open(&space, "r", 1, MPSC, 0, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_open(&space, "r", 1, MPSC, 100, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_open(&space, "r", 0, MPSC, 1024, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_open(&space, "r", 1, MPSC, 1 << 16, 0), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  free(space.base);
}

/* ---- claims ---- */

static void what_is_pushed_is_read(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    assert_int_equal(push_many(&ends.producers[0], "one", 1), SLUICE_OK);
    assert_int_equal(push_many(&ends.producers[1], "two and more", INT32_MAX), SLUICE_OK);
    assert_int_equal(sluice_ring_many_push(&ends.producers[2], NULL, 0, 0), SLUICE_OK);
    expect_many(&ends.consumers[0], "one", 1);
    expect_many(&ends.consumers[0], "two and more", INT32_MAX);
    expect_many(&ends.consumers[0], "", 0);
    expect_none(&ends.consumers[0], SLUICE_E_EMPTY);
    discard_many(&ends);
  }
}

static void records_are_read_in_the_order_of_their_claims(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  char *first = sluice_ring_many_claim(&ends.producers[0], 5, 1);
  char *second = sluice_ring_many_claim(&ends.producers[1], 6, 2);
  char *third = sluice_ring_many_claim(&ends.producers[2], 5, 3);
  memcpy(third, "third", 5);
  memcpy(second, "second", 6);
  memcpy(first, "first", 5);
  assert_int_equal(sluice_ring_many_commit(&ends.producers[2], 5), SLUICE_OK);
  assert_int_equal(sluice_ring_many_commit(&ends.producers[0], 5), SLUICE_OK);
  expect_many(&ends.consumers[0], "first", 1);
  expect_none(&ends.consumers[0], SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_many_commit(&ends.producers[1], 6), SLUICE_OK);
  expect_many(&ends.consumers[0], "second", 2);
  expect_many(&ends.consumers[0], "third", 3);
  discard_many(&ends);
}

static void a_claim_is_aligned_and_zero(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  const char zeros[MAX] = {0};
  for (uint32_t n = 0; n < 1000; n++) {
    uint32_t length = n % (MAX + 1);
    unsigned char *at = sluice_ring_many_claim(&ends.producers[n % ENDS], length, 0);
    assert_non_null(at);
    assert_int_equal((uintptr_t)at % 8, 0);
    assert_memory_equal(at, zeros, length);
    memset(at, 0xff, length);
    assert_int_equal(sluice_ring_many_commit(&ends.producers[n % ENDS], length / 2), SLUICE_OK);
    assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
    assert_int_equal(ends.consumers[0].length, length / 2);
    assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 1);
  }
  expect_none(&ends.consumers[0], SLUICE_E_EMPTY);
  assert_int_equal(stale_in(ends.ring, CAPACITY), 0);
  discard_many(&ends);
}

static void a_claim_above_an_eighth_is_too_large(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  assert_null(sluice_ring_many_claim(&ends.producers[0], MAX + 1, 0));
  assert_int_equal(ends.producers[0].status, SLUICE_E_TOO_LARGE);
  assert_null(sluice_ring_many_claim(&ends.producers[0], UINT32_MAX, 0));
  assert_int_equal(ends.producers[0].status, SLUICE_E_TOO_LARGE);
  assert_non_null(sluice_ring_many_claim(&ends.producers[0], MAX, 0));
  discard_many(&ends);
}

static void a_second_claim_is_busy(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  assert_non_null(sluice_ring_many_claim(&ends.producers[0], 8, 0));
  assert_null(sluice_ring_many_claim(&ends.producers[0], 8, 0));
  assert_int_equal(ends.producers[0].status, SLUICE_E_BUSY);
  assert_int_equal(sluice_ring_many_push(&ends.producers[0], "x", 1, 0), SLUICE_E_BUSY);
  discard_many(&ends);
}

static void a_type_below_zero_is_invalid(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  assert_null(sluice_ring_many_claim(&ends.producers[0], 8, -1));
  assert_int_equal(ends.producers[0].status, SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_push(&ends.producers[0], "x", 1, INT32_MIN), SLUICE_E_INVALID);
  discard_many(&ends);
}

static void commit_and_abort_need_a_claim_and_a_length_within_it(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  assert_int_equal(sluice_ring_many_commit(&ends.producers[0], 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_abort(&ends.producers[0]), SLUICE_E_INVALID);
  assert_non_null(sluice_ring_many_claim(&ends.producers[0], 8, 0));
  assert_int_equal(sluice_ring_many_commit(&ends.producers[0], 9), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_commit(&ends.producers[0], 8), SLUICE_OK);
  assert_int_equal(sluice_ring_many_commit(&ends.producers[0], 8), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_abort(&ends.producers[0]), SLUICE_E_INVALID);
  discard_many(&ends);
}

static void a_claim_given_up_between_others_is_skipped(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  (void)push_many(&ends.producers[0], "before", 1);
  memset(sluice_ring_many_claim(&ends.producers[1], MAX, 2), 0xff, MAX);
  (void)push_many(&ends.producers[0], "behind", 3);
  expect_many(&ends.consumers[0], "before", 1);
  expect_none(&ends.consumers[0], SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_many_abort(&ends.producers[1]), SLUICE_OK);
  expect_many(&ends.consumers[0], "behind", 3);
  assert_int_equal(stale_in(ends.ring, CAPACITY), 0);
  assert_int_equal(figures_of(ends.ring).committed, 2);
  assert_int_equal(figures_of(ends.ring).used, 0);
  discard_many(&ends);
}

static void a_shortened_commit_leaves_no_trace(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  for (uint32_t used = 0; used <= MAX; used++) {
    memset(sluice_ring_many_claim(&ends.producers[0], MAX, 2), 0xee, MAX);
    (void)push_many(&ends.producers[1], "behind", 3);
    assert_int_equal(sluice_ring_many_commit(&ends.producers[0], used), SLUICE_OK);
    assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
    assert_int_equal(ends.consumers[0].length, used);
    (void)sluice_ring_many_release(&ends.consumers[0]);
    expect_many(&ends.consumers[0], "behind", 3);
    assert_int_equal(stale_in(ends.ring, CAPACITY), 0);
  }
  discard_many(&ends);
}

static void a_record_that_does_not_fit_before_the_end_starts_anew(void **state) {
  (void)state;
  for (uint32_t place = CAPACITY - MAX - 8; place < CAPACITY; place += 8) {
    many ends = open_many(MPSC, CAPACITY);
    move_to(&ends, place);
    unsigned char *at = sluice_ring_many_claim(&ends.producers[1], MAX, 5);
    assert_non_null(at);
    uint32_t starts = (uint32_t)(at - ends.ring->data) - SLUICE_RING_HEADER;
    assert_int_equal(starts, CAPACITY - place >= MAX + SLUICE_RING_HEADER ? place : 0);
    memset(at, 'x', MAX);
    (void)push_many(&ends.producers[0], "behind", 6);
    (void)sluice_ring_many_commit(&ends.producers[1], MAX);
    assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
    assert_int_equal(ends.consumers[0].length, MAX);
    (void)sluice_ring_many_release(&ends.consumers[0]);
    expect_many(&ends.consumers[0], "behind", 6);
    assert_int_equal(stale_in(ends.ring, CAPACITY), 0);
    discard_many(&ends);
  }
}

static void a_full_ring_refuses_and_counts_it(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  for (int i = 0; i < CAPACITY / 8; i++) {
    assert_int_equal(sluice_ring_many_push(&ends.producers[i % ENDS], NULL, 0, i), SLUICE_OK);
  }
  assert_int_equal(sluice_ring_many_push(&ends.producers[0], NULL, 0, 0), SLUICE_E_FULL);
  assert_null(sluice_ring_many_claim(&ends.producers[1], 8, 0));
  assert_int_equal(ends.producers[1].status, SLUICE_E_FULL);
  assert_null(sluice_ring_many_claim(&ends.producers[1], 8, -1)); /* not for want of room */
  assert_int_equal(ends.producers[1].status, SLUICE_E_INVALID);
  assert_int_equal(figures_of(ends.ring).refused, 2);
  assert_int_equal(figures_of(ends.ring).used, CAPACITY);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
  assert_int_equal(sluice_ring_many_push(&ends.producers[0], NULL, 0, 0), SLUICE_E_FULL);
  (void)sluice_ring_many_release(&ends.consumers[0]);
  assert_int_equal(sluice_ring_many_push(&ends.producers[0], NULL, 0, 99), SLUICE_OK);
  for (int i = 1; i < CAPACITY / 8; i++) {
    expect_many(&ends.consumers[0], "", i);
  }
  expect_many(&ends.consumers[0], "", 99);
  discard_many(&ends);
}

static void a_refused_claim_leaves_no_announcement(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  while (sluice_ring_many_push(&ends.producers[0], NULL, 0, 0) == SLUICE_OK) {
    assert_int_equal(atomic_load(&ends.ring->lines[0].claim), 0);
  }
  assert_int_equal(atomic_load(&ends.ring->lines[0].claim), 0);
  discard_many(&ends);
}

static void a_claim_announces_its_position_and_that_it_won(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  move_to(&ends, CAPACITY - 8);
  assert_non_null(sluice_ring_many_claim(&ends.producers[1], 16, 0));
  assert_int_equal(atomic_load(&ends.ring->lines[1].claim),
                   (CAPACITY - 8) | SLUICE_RING_MANY_ANNOUNCED | SLUICE_RING_MANY_WON);
  assert_int_equal(atomic_load(&ends.ring->lines[1].bytes), 8 + 24);
  (void)sluice_ring_many_commit(&ends.producers[1], 16);
  assert_int_equal(atomic_load(&ends.ring->lines[1].claim), 0);
  discard_many(&ends);
}

/* ---- reading ---- */

static void peek_shows_the_same_record_until_release(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    (void)push_many(&ends.producers[0], "a", 1);
    (void)push_many(&ends.producers[0], "b", 2);
    const void *at = sluice_ring_many_peek(&ends.consumers[0]);
    assert_ptr_equal(sluice_ring_many_peek(&ends.consumers[0]), at);
    assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 1);
    expect_many(&ends.consumers[0], "b", 2);
    assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 0);
    discard_many(&ends);
  }
}

static void drain_reads_a_batch_across_the_wrap_and_over_paddings(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    move_to(&ends, CAPACITY - 40);
    (void)push_many(&ends.producers[0], "12345678", 0); /* 16 */
    (void)sluice_ring_many_claim(&ends.producers[1], 0, 0);
    (void)sluice_ring_many_abort(&ends.producers[1]);    /* 8 */
    (void)push_many(&ends.producers[2], "123456789", 1); /* 24 and 16 of padding */
    (void)sluice_ring_many_claim(&ends.producers[1], 8, 2);
    (void)sluice_ring_many_commit(&ends.producers[1], 0);
    sluice_ring_record batch[8];
    assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 8, ends.ring->data), 3);
    assert_int_equal(batch[0].offset, CAPACITY - 40 + 8);
    assert_int_equal(batch[1].offset, 8);
    assert_int_equal(batch[1].length, 9);
    assert_int_equal(batch[2].length, 0);
    for (int i = 0; i < 3; i++) {
      assert_int_equal(batch[i].type, i);
    }
    assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 3);
    expect_none(&ends.consumers[0], SLUICE_E_EMPTY);
    assert_int_equal(figures_of(ends.ring).used, 0);
    assert_int_equal(stale_in(ends.ring, CAPACITY), 0);
    discard_many(&ends);
  }
}

static void drain_stops_at_its_limit_and_goes_on_from_there(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    sluice_ring_record batch[4];
    for (int i = 0; i < 4; i++) {
      (void)sluice_ring_many_push(&ends.producers[0], NULL, 0, i);
    }
    assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 0, NULL), 0);
    assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 3, NULL), 3);
    assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 3, NULL), 1);
    assert_int_equal(batch[0].type, 3);
    assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 3, NULL), SLUICE_E_EMPTY);
    assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 4);
    discard_many(&ends);
  }
}

static void a_drain_of_none_is_no_failure(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  expect_none(&ends.consumers[0], SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], NULL, 0, NULL), 0);
  discard_many(&ends);
}

static void a_drained_batch_that_is_the_whole_buffer_ends_there(void **state) {
  (void)state;
  many ends = open_many(MPSC, 64);
  sluice_ring_record batch[16];
  for (int i = 0; i < 8; i++) {
    (void)sluice_ring_many_push(&ends.producers[0], NULL, 0, i);
  }
  assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 16, NULL), 8);
  assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 16, NULL), SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 8);
  discard_many(&ends);
}

static void a_buffer_full_of_paddings_is_given_back_by_a_look(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    for (int i = 0; i < CAPACITY / 8; i++) {
      assert_non_null(sluice_ring_many_claim(&ends.producers[0], 0, 0));
      (void)sluice_ring_many_abort(&ends.producers[0]);
    }
    assert_int_equal(sluice_ring_many_push(&ends.producers[0], NULL, 0, 0), SLUICE_E_FULL);
    expect_none(&ends.consumers[0], SLUICE_E_EMPTY);
    assert_int_equal(figures_of(ends.ring).used, 0);
    assert_int_equal(sluice_ring_many_push(&ends.producers[0], NULL, 0, 0), SLUICE_OK);
    discard_many(&ends);
  }
}

static void what_is_rewound_is_read_again(void **state) {
  (void)state;
  for (int kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many((uint32_t)kind, CAPACITY);
    sluice_ring_record batch[4];
    (void)push_many(&ends.producers[0], "a", 1);
    (void)push_many(&ends.producers[0], "b", 2);
    assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 4, NULL), 2);
    sluice_ring_many_rewind(&ends.consumers[0]);
    expect_many(&ends.consumers[0], "a", 1);
    assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
    sluice_ring_many_rewind(&ends.consumers[0]);
    assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 0);
    expect_many(&ends.consumers[0], "b", 2);
    discard_many(&ends);
  }
}

static void release_zeroes_what_was_read(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  char text[MAX];
  memset(text, 0xff, MAX);
  for (uint32_t n = 0; n < 500; n++) {
    assert_int_equal(sluice_ring_many_push(&ends.producers[0], text, n % (MAX + 1), 0x7fffffff),
                     SLUICE_OK);
    assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
    (void)sluice_ring_many_release(&ends.consumers[0]);
    assert_int_equal(stale_in(ends.ring, CAPACITY), 0);
  }
  discard_many(&ends);
}

static void large_records_pass_whole(void **state) {
  (void)state;
  many ends = open_many(MPMC, 65536);
  unsigned char *made = malloc(8192);
  uint64_t seed = 3;
  for (int n = 0; n < 200; n++) {
    uint32_t length = random_below(&seed, 8193);
    fill_random(&seed, made, length);
    assert_int_equal(sluice_ring_many_push(&ends.producers[n % ENDS], made, length, n), SLUICE_OK);
    const void *at = sluice_ring_many_peek(&ends.consumers[n % ENDS]);
    assert_non_null(at);
    assert_int_equal(ends.consumers[n % ENDS].length, length);
    assert_memory_equal(at, made, length);
    (void)sluice_ring_many_release(&ends.consumers[n % ENDS]);
  }
  assert_int_equal(stale_in(ends.ring, 65536), 0);
  free(made);
  discard_many(&ends);
}

/* ---- the side of an MPMC ring ---- */

static void a_batch_belongs_to_one_consumer_until_its_release(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  (void)push_many(&ends.producers[0], "a", 1);
  (void)push_many(&ends.producers[0], "b", 2);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
  expect_none(&ends.consumers[1], SLUICE_E_EMPTY);
  sluice_ring_record batch[2];
  assert_int_equal(sluice_ring_many_drain(&ends.consumers[1], batch, 2, NULL), SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_many_release(&ends.consumers[1]), 0);
  assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 1);
  expect_many(&ends.consumers[1], "b", 2);
  discard_many(&ends);
}

static void a_consumer_that_finds_nothing_does_not_keep_the_side(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  sluice_ring_record batch[2];
  expect_none(&ends.consumers[0], SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_many_drain(&ends.consumers[1], batch, 2, NULL), SLUICE_E_EMPTY);
  assert_int_equal(atomic_load(&ends.ring->side.owner), 0);
  (void)push_many(&ends.producers[0], "a", 1);
  expect_many(&ends.consumers[2], "a", 1);
  discard_many(&ends);
}

static void what_one_consumer_rewinds_another_may_read(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  (void)push_many(&ends.producers[0], "a", 1);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
  sluice_ring_many_rewind(&ends.consumers[0]);
  expect_none(&ends.consumers[1], SLUICE_E_EMPTY);
  assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 0);
  expect_many(&ends.consumers[1], "a", 1);
  discard_many(&ends);
}

static void who_rewinds_nothing_leaves_anothers_batch_alone(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  for (int i = 0; i < 2; i++) {
    (void)push_many(&ends.producers[0], "a", i);
  }
  expect_many(&ends.consumers[0], "a", 0);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[1]));
  uint64_t reading = atomic_load(&ends.ring->side.reading);
  sluice_ring_many_rewind(&ends.consumers[0]);
  assert_int_equal(atomic_load(&ends.ring->side.reading), reading);
  discard_many(&ends);
}

static void an_mpsc_consumer_keeps_what_a_second_drain_adds(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  (void)push_many(&ends.producers[0], "a", 1);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
  (void)push_many(&ends.producers[1], "b", 2);
  sluice_ring_record batch[4];
  /* peek read nothing yet: the batch begins with what it shows */
  assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 4, NULL), 2);
  assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), 2);
  discard_many(&ends);
}

/* ---- figures ---- */

static void the_figures_add_up(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  for (int i = 0; i < 9; i++) {
    (void)push_many(&ends.producers[i % ENDS], "abc", i);
  }
  for (int i = 0; i < 6; i++) {
    expect_many(&ends.consumers[i % ENDS], "abc", i);
  }
  sluice_ring_many_figures figures = figures_of(ends.ring);
  assert_int_equal(figures.committed, 9);
  assert_int_equal(figures.released, 6);
  assert_int_equal(figures.used, 3 * 16);
  assert_int_equal(figures.lost_with_receiver, 0);
  assert_int_equal(figures.refused, 0);
  discard_many(&ends);
}

/* Its words are read one after the other, and may be anybody's. */
static void used_is_never_below_0(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  atomic_store(&ends.ring->side.head, 8);
  assert_int_equal(figures_of(ends.ring).used, 0);
  discard_many(&ends);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_are_zero_unless_the_capacity_is_a_power_of_two_in_range),
      cmocka_unit_test(init_refuses_a_bad_capacity_a_bad_kind_and_a_misaligned_address),
      cmocka_unit_test(a_ring_is_opened_by_name),
      cmocka_unit_test(open_refuses_bad_kinds_capacities_names_and_full_spaces),
      cmocka_unit_test(what_is_pushed_is_read),
      cmocka_unit_test(records_are_read_in_the_order_of_their_claims),
      cmocka_unit_test(a_claim_is_aligned_and_zero),
      cmocka_unit_test(a_claim_above_an_eighth_is_too_large),
      cmocka_unit_test(a_second_claim_is_busy),
      cmocka_unit_test(a_type_below_zero_is_invalid),
      cmocka_unit_test(commit_and_abort_need_a_claim_and_a_length_within_it),
      cmocka_unit_test(a_claim_given_up_between_others_is_skipped),
      cmocka_unit_test(a_shortened_commit_leaves_no_trace),
      cmocka_unit_test(a_record_that_does_not_fit_before_the_end_starts_anew),
      cmocka_unit_test(a_full_ring_refuses_and_counts_it),
      cmocka_unit_test(a_refused_claim_leaves_no_announcement),
      cmocka_unit_test(a_claim_announces_its_position_and_that_it_won),
      cmocka_unit_test(peek_shows_the_same_record_until_release),
      cmocka_unit_test(drain_reads_a_batch_across_the_wrap_and_over_paddings),
      cmocka_unit_test(drain_stops_at_its_limit_and_goes_on_from_there),
      cmocka_unit_test(a_drain_of_none_is_no_failure),
      cmocka_unit_test(a_drained_batch_that_is_the_whole_buffer_ends_there),
      cmocka_unit_test(a_buffer_full_of_paddings_is_given_back_by_a_look),
      cmocka_unit_test(what_is_rewound_is_read_again),
      cmocka_unit_test(release_zeroes_what_was_read),
      cmocka_unit_test(large_records_pass_whole),
      cmocka_unit_test(a_batch_belongs_to_one_consumer_until_its_release),
      cmocka_unit_test(a_consumer_that_finds_nothing_does_not_keep_the_side),
      cmocka_unit_test(what_one_consumer_rewinds_another_may_read),
      cmocka_unit_test(who_rewinds_nothing_leaves_anothers_batch_alone),
      cmocka_unit_test(an_mpsc_consumer_keeps_what_a_second_drain_adds),
      cmocka_unit_test(the_figures_add_up),
      cmocka_unit_test(used_is_never_below_0),
  };
  return RUN(tests);
}
