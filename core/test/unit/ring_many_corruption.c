/* ring_many.h, a hostile peer: whatever stands in the shared words, no access out of bounds (ASan
 * guards the ring on both sides), no endless loop, a typed error and a poisoned ring. */
#include "ring_many_support.h"

#include "kinds.h"

enum { CAPACITY = 256, MAX = CAPACITY / 8 };

static uint64_t header(uint32_t length, int32_t type) {
  return (uint64_t)(uint32_t)type << 32 | length;
}

static void expect_poisoned(many *ends) {
  assert_int_equal(push_many(&ends->producers[0], "x", 1), SLUICE_E_POISONED);
  expect_none(&ends->consumers[0], SLUICE_E_POISONED);
  sluice_ring_record batch[4];
  assert_int_equal(sluice_ring_many_drain(&ends->consumers[0], batch, 4, NULL), SLUICE_E_POISONED);
  assert_int_equal(sluice_ring_many_producer_wait(&ends->producers[0], 8, -1), SLUICE_E_POISONED);
  assert_int_equal(sluice_ring_many_consumer_wait(&ends->consumers[0], -1), SLUICE_E_POISONED);
  assert_int_equal(sluice_ring_many_producer_sleep(&ends->producers[0], 8), 0);
  assert_int_equal(sluice_ring_many_consumer_sleep(&ends->consumers[0]), 0);
  sluice_ring_many_producer producer;
  sluice_ring_many_consumer consumer;
  assert_int_equal(sluice_ring_many_producer_open(&producer, ends->ring, CAPACITY, writer_id(40)),
                   SLUICE_E_POISONED);
  assert_int_equal(sluice_ring_many_consumer_open(&consumer, ends->ring, CAPACITY, reader_id(30)),
                   SLUICE_E_POISONED);
}

static void a_header_that_is_no_frame_poisons(void **state) {
  (void)state;
  const uint64_t headers[] = {header(1, 0),
                              header(7, 0),
                              header(0, 1),
                              header(UINT32_MAX, 0),
                              header(UINT32_C(0x80000000), 0),
                              header(MAX + 9, 0),
                              header(CAPACITY, 0),
                              header(CAPACITY, -1),
                              header(12, -1),
                              header(8, -2),
                              header(8, INT32_MIN)};
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    for (uint32_t kind = MPSC; kind <= MPMC; kind++) {
      many ends = open_many(kind, CAPACITY);
      atomic_store(header_word(ends.ring, 0), headers[i]);
      expect_none(&ends.consumers[0], SLUICE_E_POISONED);
      expect_poisoned(&ends);
      discard_many(&ends);
    }
  }
}

static void a_frame_that_passes_the_buffers_end_poisons(void **state) {
  (void)state;
  for (uint32_t length = 17; length <= 24; length++) {
    many ends = open_many(MPSC, CAPACITY);
    move_to(&ends, CAPACITY - 16);
    atomic_store(header_word(ends.ring, CAPACITY - 16), header(length, 0));
    expect_none(&ends.consumers[0], SLUICE_E_POISONED);
    expect_poisoned(&ends);
    discard_many(&ends);
  }
}

static void frames_without_end_are_read_for_one_lap(void **state) {
  (void)state;
  for (int32_t type = -1; type <= 0; type++) {
    many ends = open_many(MPSC, CAPACITY);
    for (uint32_t place = 0; place < CAPACITY; place += 8) {
      atomic_store(header_word(ends.ring, place), header(8, type));
    }
    sluice_ring_record batch[2 * CAPACITY / 8];
    assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, 2 * CAPACITY / 8, NULL),
                     type < 0 ? SLUICE_E_EMPTY : CAPACITY / 8);
    discard_many(&ends);
  }
}

/* Records that the consumer has read and not released are never read as new ones. */
static void a_frame_that_reaches_into_what_was_read_poisons(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  move_to(&ends, 8);
  for (int i = 0; i < CAPACITY / 8 - 1; i++) {
    (void)sluice_ring_many_push(&ends.producers[0], NULL, 0, i); /* all but the 8 bytes at 0 */
  }
  sluice_ring_record batch[CAPACITY];
  assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, CAPACITY, NULL),
                   CAPACITY / 8 - 1);
  atomic_store(header_word(ends.ring, 0), header(16, 0));
  assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, CAPACITY, NULL),
                   SLUICE_E_POISONED);
  assert_true(ends.consumers[0].cursor - ends.consumers[0].head <= CAPACITY);
  expect_poisoned(&ends);
  discard_many(&ends);
}

static void a_frame_that_changes_before_its_release_poisons(void **state) {
  (void)state;
  for (uint32_t kind = MPSC; kind <= MPMC; kind++) {
    many ends = open_many(kind, CAPACITY);
    (void)push_many(&ends.producers[0], "record", 1);
    assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
    atomic_store(header_word(ends.ring, 0), header(MAX + 8, 0));
    assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), SLUICE_E_POISONED);
    expect_poisoned(&ends);
    (void)sluice_ring_many_consumer_close(&ends.consumers[0]);
    assert_int_equal(sluice_ring_many_consumer_close(&ends.consumers[0]), SLUICE_OK);
    discard_many(&ends);
  }
}

static void a_frame_that_grows_before_its_release_is_not_wiped_further(void **state) {
  (void)state;
  for (uint32_t length = 17; length <= MAX + 8; length++) {
    many ends = open_many(MPSC, CAPACITY);
    move_to(&ends, CAPACITY - 16);
    sluice_ring_record batch[2];
    for (int behind = 0; behind < 2; behind++) {
      (void)push_many(&ends.producers[0], "record", behind);
    }
    int limit = length < 25 ? 2 : 1; /* past the buffer's end; and past what was read */
    assert_int_equal(sluice_ring_many_drain(&ends.consumers[0], batch, (uint32_t)limit, NULL),
                     limit);
    atomic_store(header_word(ends.ring, CAPACITY - 16), header(length, 0));
    assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), SLUICE_E_POISONED);
    expect_poisoned(&ends);
    discard_many(&ends);
  }
}

static void a_frame_that_outgrows_what_was_read_poisons_at_its_release(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  (void)push_many(&ends.producers[0], "record", 1);
  (void)push_many(&ends.producers[0], "record", 2);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
  atomic_store(header_word(ends.ring, 0), header(24, 0));
  assert_int_equal(sluice_ring_many_release(&ends.consumers[0]), SLUICE_E_POISONED);
  assert_int_equal(*header_word(ends.ring, 16), header(14, 2));
  expect_poisoned(&ends);
  discard_many(&ends);
}

static void a_consumer_whose_batch_was_spoilt_hears_of_it_when_it_closes(void **state) {
  (void)state;
  many ends = open_many(MPMC, CAPACITY);
  (void)push_many(&ends.producers[0], "record", 1);
  assert_non_null(sluice_ring_many_peek(&ends.consumers[0]));
  atomic_store(header_word(ends.ring, 0), 0);
  assert_int_equal(sluice_ring_many_consumer_close(&ends.consumers[0]), SLUICE_E_POISONED);
  discard_many(&ends);
}

static void a_tail_that_is_no_position_poisons(void **state) {
  (void)state;
  const uint64_t tails[] = {1, 4, UINT64_MAX, CAPACITY + 8, UINT64_MAX - 7, UINT64_C(1) << 40};
  for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
    many ends = open_many(MPSC, CAPACITY);
    atomic_store(&ends.ring->tail, tails[i]);
    (void)push_many(&ends.producers[0], "x", 1);
    (void)sluice_ring_many_producer_sleep(&ends.producers[1], MAX);
    if (tails[i] % 8 != 0 || tails[i] == (UINT64_C(1) << 40) || tails[i] == CAPACITY + 8) {
      expect_poisoned(&ends);
    }
    discard_many(&ends);
  }
}

static void a_head_that_is_no_position_poisons(void **state) {
  (void)state;
  const uint64_t heads[] = {3, UINT64_MAX, UINT64_C(1) << 33 | 4};
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
    many ends = open_many(MPMC, CAPACITY);
    while (sluice_ring_many_push(&ends.producers[1], NULL, 0, 0) == SLUICE_OK) {
    }
    atomic_store(&ends.ring->side.head, heads[i]);
    expect_none(&ends.consumers[1], SLUICE_E_POISONED);
    expect_poisoned(&ends);
    discard_many(&ends);
  }
}

static void a_claim_that_meets_such_a_head_poisons(void **state) {
  (void)state;
  const uint64_t heads[] = {0, 12}; /* goes back; is no multiple of 8 */
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
    many ends = open_many(MPSC, CAPACITY);
    move_to(&ends, 8);
    while (sluice_ring_many_push(&ends.producers[0], NULL, 0, 0) == SLUICE_OK) {
    }                                         /* has seen the head at 8 */
    atomic_store(&ends.ring->tail, CAPACITY); /* as if nothing were wrong with a head of 0 */
    atomic_store(&ends.ring->side.head, heads[i]);
    assert_int_equal(push_many(&ends.producers[0], "a record", 1), SLUICE_E_POISONED);
    expect_poisoned(&ends);
    discard_many(&ends);
  }
}

static void a_consumer_that_opens_on_such_a_head_poisons(void **state) {
  (void)state;
  for (uint32_t kind = MPSC; kind <= MPMC; kind++) {
    sluice_ring_many *ring = fresh_many(kind, CAPACITY);
    sluice_ring_many_consumer consumer;
    atomic_store(&ring->side.head, 12);
    assert_int_equal(sluice_ring_many_consumer_open(&consumer, ring, CAPACITY, reader_id(0)),
                     SLUICE_E_POISONED);
    free(ring);
  }
}

static void a_falsified_capacity_gives_no_end(void **state) {
  (void)state;
  sluice_ring_many *ring = fresh_many(MPSC, CAPACITY);
  sluice_ring_many_producer producer;
  sluice_ring_many_consumer consumer;
  ring->object.capacity = 100;
  assert_int_equal(sluice_ring_many_producer_open(&producer, ring, 100, writer_id(0)),
                   SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_many_consumer_open(&consumer, ring, 100, reader_id(0)),
                   SLUICE_E_INVALID);
  free(ring);
}

static void a_head_ahead_of_the_tail_ends_a_claim(void **state) {
  (void)state;
  many ends = open_many(MPSC, CAPACITY);
  while (sluice_ring_many_push(&ends.producers[1], NULL, 0, 0) == SLUICE_OK) {
  }
  atomic_store(&ends.ring->side.head, UINT64_C(1) << 33);
  assert_int_equal(push_many(&ends.producers[1], "x", 1), SLUICE_E_AGAIN);
  discard_many(&ends);
}

/* Every word anew, in a loop: nothing is promised but bounds. ASan and the watchdog look on. */
static void random_words_do_no_harm(void **state) {
  (void)state;
  uint64_t seed = 11;
  for (int round = 0; round < 300; round++) {
    uint32_t kind = round % 2 == 0 ? MPSC : MPMC;
    many ends = open_many(kind, CAPACITY);
    for (int step = 0; step < 60; step++) {
      sluice_ring_many *ring = ends.ring;
      uint32_t words = (uint32_t)(sizeof *ring + CAPACITY) / 8;
      /* not the kind, size and capacity, which are read once, at the start */
      uint32_t at = 3 + random_below(&seed, words - 3);
      uint64_t value = random_next(&seed);
      switch (value & 3) {
        case 0:
          value = random_below(&seed, 2 * CAPACITY);
          break;
        case 1:
          value = header(random_below(&seed, MAX + 9), (int32_t)random_below(&seed, 3) - 1);
          break;
        default:
          break;
      }
      uint32_t end = random_below(&seed, ENDS);
      sluice_ring_many_producer *producer = &ends.producers[end];
      sluice_ring_many_consumer *consumer = &ends.consumers[kind == MPMC ? end : 0];
      atomic_store((_Atomic uint64_t *)(void *)ring + at, value);
      atomic_fetch_and(&ring->object.state,
                       step % 4 == 0 ? 0 : UINT32_MAX); /* else it is poisoned soon */
      sluice_ring_record batch[8];
      switch (random_below(&seed, 9)) {
        case 0:
          (void)sluice_ring_many_claim(producer, random_below(&seed, MAX + 2), 0);
          break;
        case 1:
          (void)sluice_ring_many_commit(producer, random_below(&seed, MAX + 2));
          break;
        case 2:
          (void)sluice_ring_many_abort(producer);
          break;
        case 3:
          (void)push_many(producer, "some text", 3);
          break;
        case 4: {
          const unsigned char *text = sluice_ring_many_peek(consumer);
          if (text != NULL) { /* all of it can be read */
            uint32_t sum = 0;
            for (uint32_t i = 0; i < consumer->length; i++) {
              sum += text[i];
            }
            assert_true(sum <= 255 * MAX);
          }
          break;
        }
        case 5: {
          int count = sluice_ring_many_drain(consumer, batch, 8, ring->data);
          for (int i = 0; i < count; i++) {
            assert_true(batch[i].offset + batch[i].length <= CAPACITY);
          }
          break;
        }
        case 6:
          (void)sluice_ring_many_release(consumer);
          break;
        case 7:
          sluice_ring_many_rewind(consumer);
          break;
        default:
          (void)sluice_ring_many_producer_sleep(producer, 8);
          (void)sluice_ring_many_consumer_sleep(consumer);
          break;
      }
    }
    discard_many(&ends);
  }
}

/* ---- recovery ---- */

typedef struct grave {
  sluice_space space;
  sluice_space dead;
  sluice_ring_many *ring;
} grave;

static grave open_grave(uint32_t kind) {
  grave g = {.space = joined_space(1 << 16)};
  g.dead = joined(&g.space);
  g.ring = sluice_at(&g.space, sluice_ring_many_open(&g.space, "r", 1, kind, CAPACITY, 0));
  (void)sluice_ring_many_open(&g.dead, "r", 1, kind, CAPACITY, 0);
  sluice_ring_many_producer producer;
  sluice_ring_many_consumer consumer;
  assert_int_equal(sluice_ring_many_producer_open(&producer, g.ring, CAPACITY, g.dead.participant),
                   SLUICE_OK);
  assert_int_equal(sluice_ring_many_consumer_open(&consumer, g.ring, CAPACITY, g.dead.participant),
                   SLUICE_OK);
  return g;
}

static int is_poisoned(const grave *g) {
  return (atomic_load(&g->ring->object.state) & SLUICE_OBJECT_POISONED) != 0;
}

static void a_dead_ones_line_that_makes_no_sense_poisons(void **state) {
  (void)state;
  const struct {
    uint64_t claim;
    uint32_t bytes;
  } lines[] = {{1, 0},  {3, 12},       {3, UINT32_MAX - 7},          {3, CAPACITY},
               {2, 16}, {3, MAX + 16}, {CAPACITY - 8 + 3, MAX + 24}, {CAPACITY - 16 + 3, 24}};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    grave g = open_grave(MPSC);
    sluice_ring_many_line *line = &g.ring->lines[(g.dead.participant & 0xff) - 1];
    atomic_store(&line->claim, lines[i].claim);
    atomic_store(&line->bytes, lines[i].bytes);
    assert_int_equal(sluice_participant_bury(&g.space, g.dead.participant), SLUICE_OK);
    assert_true(is_poisoned(&g));
    free(g.space.base);
  }
}

static void a_claim_that_nobody_can_have_won_poisons(void **state) {
  (void)state;
  grave g = open_grave(MPSC);
  sluice_ring_many_line *line = &g.ring->lines[(g.dead.participant & 0xff) - 1];
  atomic_store(&line->claim, 1);
  atomic_store(&line->bytes, 16);
  atomic_store(&g.ring->tail, 32);
  assert_int_equal(sluice_participant_bury(&g.space, g.dead.participant), SLUICE_OK);
  assert_true(is_poisoned(&g));
  free(g.space.base);
}

static void a_dead_ones_batch_that_is_too_long_poisons(void **state) {
  (void)state;
  const uint64_t readings[] = {CAPACITY + 8, UINT32_MAX, 4, UINT64_MAX};
  for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
    grave g = open_grave(MPSC);
    atomic_store(&g.ring->side.reading, readings[i]);
    assert_int_equal(sluice_participant_bury(&g.space, g.dead.participant), SLUICE_OK);
    assert_true(is_poisoned(&g));
    free(g.space.base);
  }
}

static void a_dead_ones_batch_between_positions_poisons(void **state) {
  (void)state;
  grave g = open_grave(MPSC);
  atomic_store(&g.ring->side.head, 4);
  atomic_store(&g.ring->side.reading, 12);
  assert_int_equal(sluice_participant_bury(&g.space, g.dead.participant), SLUICE_OK);
  assert_true(is_poisoned(&g));
  free(g.space.base);
}

static void a_capacity_that_does_not_fit_its_block_is_not_followed(void **state) {
  (void)state;
  const uint32_t capacities[] = {0, 100, 1 << 20, SLUICE_RING_CAPACITY_MAX};
  for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
    grave g = open_grave(MPSC);
    g.ring->object.capacity = capacities[i];
    assert_int_equal(sluice_participant_bury(&g.space, g.dead.participant), SLUICE_OK);
    assert_true(is_poisoned(&g));
    free(g.space.base);
  }
}

static void random_words_do_not_lead_a_recovery_astray(void **state) {
  (void)state;
  uint64_t seed = 12;
  for (int round = 0; round < 2000; round++) {
    grave g = open_grave(round % 2 == 0 ? MPSC : MPMC);
    sluice_ring_many *ring = g.ring;
    uint32_t words = (uint32_t)(sizeof *ring + CAPACITY) / 8;
    sluice_ring_many_line *line = &ring->lines[(g.dead.participant & 0xff) - 1];
    atomic_store(&line->claim, random_below(&seed, CAPACITY / 8) * 8 + random_below(&seed, 4));
    atomic_store(&line->bytes, random_below(&seed, 10) * 8);
    atomic_store(&ring->tail, random_below(&seed, CAPACITY / 8) * 8);
    atomic_store(&ring->side.owner, g.dead.participant);
    atomic_store(&ring->side.reading, random_below(&seed, CAPACITY / 8) * 8);
    for (int i = 0; i < round % 40; i++) {
      uint64_t value = random_next(&seed);
      atomic_store((_Atomic uint64_t *)(void *)ring + 3 + random_below(&seed, words - 3),
                   (value & 1) != 0 ? value : random_below(&seed, 3 * CAPACITY));
    }
    int status = sluice_ring_many_recover(&g.space, ring, g.dead.participant);
    assert_true(status == SLUICE_OK || status == SLUICE_E_AGAIN);
    free(g.space.base);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_header_that_is_no_frame_poisons),
      cmocka_unit_test(a_frame_that_passes_the_buffers_end_poisons),
      cmocka_unit_test(frames_without_end_are_read_for_one_lap),
      cmocka_unit_test(a_frame_that_reaches_into_what_was_read_poisons),
      cmocka_unit_test(a_frame_that_changes_before_its_release_poisons),
      cmocka_unit_test(a_frame_that_grows_before_its_release_is_not_wiped_further),
      cmocka_unit_test(a_frame_that_outgrows_what_was_read_poisons_at_its_release),
      cmocka_unit_test(a_consumer_whose_batch_was_spoilt_hears_of_it_when_it_closes),
      cmocka_unit_test(a_tail_that_is_no_position_poisons),
      cmocka_unit_test(a_head_that_is_no_position_poisons),
      cmocka_unit_test(a_claim_that_meets_such_a_head_poisons),
      cmocka_unit_test(a_consumer_that_opens_on_such_a_head_poisons),
      cmocka_unit_test(a_falsified_capacity_gives_no_end),
      cmocka_unit_test(a_head_ahead_of_the_tail_ends_a_claim),
      cmocka_unit_test(random_words_do_no_harm),
      cmocka_unit_test(a_dead_ones_line_that_makes_no_sense_poisons),
      cmocka_unit_test(a_claim_that_nobody_can_have_won_poisons),
      cmocka_unit_test(a_dead_ones_batch_that_is_too_long_poisons),
      cmocka_unit_test(a_dead_ones_batch_between_positions_poisons),
      cmocka_unit_test(a_capacity_that_does_not_fit_its_block_is_not_followed),
      cmocka_unit_test(random_words_do_not_lead_a_recovery_astray),
  };
  return RUN(tests);
}
