/* space.h: what makes a space, who may attach to it, and the allocator alone and under threads. */
#include "support.h"

enum { BYTES = 1 << 20 };

/* ---- init and attach ---- */

static void a_space_of_16_kib_can_be_made(void **state) {
  (void)state;
  void *at = fresh(16384);
  sluice_space space;
  assert_int_equal(sluice_space_init(&space, at, 16384), SLUICE_OK);
  assert_ptr_equal(space.base, at);
  assert_int_equal(space.bytes, 16384);
  assert_int_equal(space.participant, 0);
  assert_int_equal(space.area, 0);
  free(at);
}

static void a_space_below_16_kib_is_invalid(void **state) {
  (void)state;
  void *at = fresh(16384);
  sluice_space space;
  const uint32_t sizes[] = {0, 1, 128, 10240, 16383};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    assert_int_equal(sluice_space_init(&space, at, sizes[i]), SLUICE_E_INVALID);
  }
  free(at);
}

static void a_misaligned_address_is_invalid(void **state) {
  (void)state;
  unsigned char *at = fresh(BYTES);
  sluice_space space;
  for (uint32_t by = 1; by < SLUICE_ALIGN; by++) {
    assert_int_equal(sluice_space_init(&space, at + by, BYTES / 2), SLUICE_E_INVALID);
    assert_int_equal(sluice_space_attach(&space, at + by, BYTES / 2), SLUICE_E_INVALID);
  }
  free(at);
}

static void the_region_need_not_be_zeroed(void **state) {
  (void)state;
  unsigned char *at = fresh(BYTES);
  memset(at, 0xff, BYTES);
  sluice_space space;
  assert_int_equal(sluice_space_init(&space, at, BYTES), SLUICE_OK);
  assert_int_equal(sluice_space_state(&space), SLUICE_OK);
  uint32_t offset = sluice_space_alloc(&space, 1000);
  assert_int_not_equal(offset, 0);
  for (uint32_t i = 0; i < 1000; i++) {
    assert_int_equal(space.base[offset + i], 0);
  }
  assert_int_equal(sluice_directory_find(&space, "x", 1), 0);
  assert_int_equal(space.status, SLUICE_E_EMPTY);
  free(at);
}

static void the_layout_is_the_documented_one(void **state) {
  (void)state;
  assert_int_equal(offsetof(sluice_space_header, magic), 0);
  assert_int_equal(offsetof(sluice_space_header, version), 4);
  assert_int_equal(offsetof(sluice_space_header, bytes), 8);
  assert_int_equal(offsetof(sluice_space_header, state), 12);
  assert_int_equal(offsetof(sluice_space_header, next), 16);
  assert_int_equal(offsetof(sluice_space_header, used), 20);
  assert_int_equal(offsetof(sluice_space_header, recovered), 24);
  assert_int_equal(offsetof(sluice_space_header, free), 128);
  assert_int_equal(offsetof(sluice_space_header, participants), 1024);
  assert_int_equal(offsetof(sluice_space_header, directory), 9216);
  sluice_space space = fresh_space(BYTES);
  assert_memory_equal(space.base, "SLCE", 4);
  assert_int_equal(sluice_space_alloc(&space, 1), 10240);
  free(space.base);
}

static void another_thread_attaches_to_a_complete_space(void **state) {
  (void)state;
  sluice_space first = fresh_space(BYTES);
  sluice_space second;
  assert_int_equal(sluice_space_attach(&second, first.base, BYTES), SLUICE_OK);
  assert_ptr_equal(second.base, first.base);
  assert_int_equal(second.bytes, BYTES);
  assert_int_equal(second.participant, 0);
  free(first.base);
}

static void a_space_with_the_wrong_magic_is_refused(void **state) {
  (void)state;
  sluice_space first = fresh_space(BYTES);
  header_of(&first)->magic ^= 1;
  sluice_space second;
  assert_int_equal(sluice_space_attach(&second, first.base, BYTES), SLUICE_E_VERSION);
  free(first.base);
}

static void a_space_of_another_version_is_refused(void **state) {
  (void)state;
  sluice_space first = fresh_space(BYTES);
  atomic_store(&header_of(&first)->version, SLUICE_LAYOUT_VERSION + 1);
  sluice_space second;
  assert_int_equal(sluice_space_attach(&second, first.base, BYTES), SLUICE_E_VERSION);
  free(first.base);
}

static void a_half_initialised_space_is_refused(void **state) {
  (void)state;
  sluice_space first = fresh_space(BYTES);
  atomic_store(&header_of(&first)->version, 0); /* all but the last store of init */
  sluice_space second;
  assert_int_equal(sluice_space_attach(&second, first.base, BYTES), SLUICE_E_VERSION);
  free(first.base);
}

static void zeroed_memory_is_no_space(void **state) {
  (void)state;
  void *at = fresh(BYTES);
  sluice_space space;
  assert_int_equal(sluice_space_attach(&space, at, BYTES), SLUICE_E_VERSION);
  free(at);
}

static void a_space_that_claims_more_than_is_available_is_refused(void **state) {
  (void)state;
  sluice_space first = fresh_space(BYTES);
  sluice_space second;
  assert_int_equal(sluice_space_attach(&second, first.base, BYTES - 1), SLUICE_E_VERSION);
  free(first.base);
}

static void less_than_a_header_available_is_refused_unread(void **state) {
  (void)state;
  void *at = fresh(128); /* ASan: the version lies in it, the rest does not */
  sluice_space space;
  assert_int_equal(sluice_space_attach(&space, at, 128), SLUICE_E_VERSION);
  free(at);
}

/* ---- alloc and free ---- */

static void a_block_is_zeroed_and_aligned(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  for (uint32_t bytes = 1; bytes <= 3000; bytes += 41) {
    uint32_t offset = sluice_space_alloc(&space, bytes);
    assert_int_not_equal(offset, 0);
    assert_int_equal(space.status, SLUICE_OK);
    assert_int_equal(offset % SLUICE_ALIGN, 0);
    for (uint32_t i = 0; i < bytes; i++) {
      assert_int_equal(space.base[offset + i], 0);
    }
    memset(space.base + offset, 0xff, bytes);
    assert_int_equal(sluice_space_free(&space, offset, bytes), SLUICE_OK);
  }
  free(space.base);
}

static void a_freed_block_is_the_next_of_its_size_class(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t small = sluice_space_alloc(&space, 100);
  uint32_t large = sluice_space_alloc(&space, 2000);
  assert_int_equal(sluice_space_free(&space, small, 100), SLUICE_OK);
  assert_int_equal(sluice_space_free(&space, large, 2000), SLUICE_OK);
  assert_int_equal(sluice_space_alloc(&space, 1990), large);
  assert_int_equal(sluice_space_alloc(&space, 128), small);
  assert_int_not_equal(sluice_space_alloc(&space, 128), small);
  free(space.base);
}

static void freed_blocks_come_back_last_first(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t blocks[8];
  for (int i = 0; i < 8; i++) {
    blocks[i] = sluice_space_alloc(&space, 640);
  }
  for (int i = 0; i < 8; i++) {
    (void)sluice_space_free(&space, blocks[i], 640);
  }
  for (int i = 7; i >= 0; i--) {
    assert_int_equal(sluice_space_alloc(&space, 640), blocks[i]);
  }
  free(space.base);
}

static void each_change_of_a_free_list_moves_its_tag(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t offset = sluice_space_alloc(&space, 128);
  uint64_t tags[4];
  for (int i = 0; i < 4; i++) {
    if (i % 2 == 0) {
      (void)sluice_space_free(&space, offset, 128);
    } else {
      assert_int_equal(sluice_space_alloc(&space, 128), offset);
    }
    tags[i] = atomic_load(&header_of(&space)->free[0]) >> 32;
    assert_true(i == 0 || tags[i] == tags[i - 1] + 1);
  }
  free(space.base);
}

static void used_returns_to_its_base(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t base = used_of(&space);
  uint32_t blocks[40];
  for (uint32_t i = 0; i < 40; i++) {
    blocks[i] = sluice_space_alloc(&space, 1 + i * 77);
  }
  assert_true(used_of(&space) > base);
  for (uint32_t i = 0; i < 40; i++) {
    (void)sluice_space_free(&space, blocks[i], 1 + i * 77);
  }
  assert_int_equal(used_of(&space), base);
  free(space.base);
}

static void a_block_is_at_most_a_quarter_larger(void **state) {
  (void)state;
  sluice_space space = fresh_space(8 * BYTES); /* a block of each class */
  for (uint32_t bytes = 1; bytes <= 300000; bytes += bytes < 5000 ? 1 : 997) {
    uint32_t offset = sluice_space_alloc(&space, bytes);
    uint32_t taken = used_of(&space);
    uint32_t whole = (bytes + SLUICE_ALIGN - 1) / SLUICE_ALIGN * SLUICE_ALIGN;
    assert_true(taken >= bytes && taken <= whole + whole / 4);
    (void)sluice_space_free(&space, offset, bytes);
    assert_int_equal(used_of(&space), 0);
  }
  free(space.base);
}

static void blocks_never_overlap(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint64_t seed = 1;
  uint32_t at[200] = {0};
  uint32_t size[200] = {0};
  for (int step = 0; step < 20000; step++) {
    uint32_t i = random_below(&seed, 200);
    if (at[i] == 0) {
      size[i] = 1 + random_below(&seed, 4000);
      at[i] = sluice_space_alloc(&space, size[i]);
      if (at[i] != 0) {
        memset(space.base + at[i], (int)(i + 1), size[i]);
      }
    } else {
      for (uint32_t b = 0; b < size[i]; b += 97) {
        assert_int_equal(space.base[at[i] + b], i + 1);
      }
      assert_int_equal(space.base[at[i] + size[i] - 1], i + 1);
      assert_int_equal(sluice_space_free(&space, at[i], size[i]), SLUICE_OK);
      at[i] = 0;
    }
  }
  free(space.base);
}

static void zero_bytes_are_invalid(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_space_alloc(&space, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_space_free(&space, 10240, 0), SLUICE_E_INVALID);
  free(space.base);
}

static void more_than_the_space_is_no_memory(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  const uint32_t sizes[] = {BYTES, BYTES - 10240 + 1, 1u << 31, UINT32_MAX - 127, UINT32_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    assert_int_equal(sluice_space_alloc(&space, sizes[i]), 0);
    assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  }
  assert_int_equal(used_of(&space), 0);
  free(space.base);
}

static void a_full_space_is_no_memory_until_a_block_is_freed(void **state) {
  (void)state;
  sluice_space space = fresh_space(16384);
  uint32_t last = 0;
  uint32_t count = 0;
  for (uint32_t next; (next = sluice_space_alloc(&space, 128)) != 0; last = next) {
    count++;
  }
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(count, (16384 - 10240) / 128);
  (void)sluice_space_free(&space, last, 128);
  assert_int_equal(sluice_space_alloc(&space, 128), last);
  free(space.base);
}

static void an_offset_that_cannot_be_a_blocks_is_not_freed(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  const uint32_t offsets[] = {0, 128, 10112, 10241, 10248, BYTES, BYTES + 128, UINT32_MAX - 127};
  for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
    assert_int_equal(sluice_space_free(&space, offsets[i], 128), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_space_free(&space, BYTES - 128, 256), SLUICE_E_INVALID);
  assert_int_equal(sluice_space_free(&space, 10240, UINT32_MAX), SLUICE_E_INVALID);
  free(space.base);
}

/* ---- corruption ---- */

static void a_corrupted_free_list_poisons_the_space(void **state) {
  (void)state;
  const uint32_t hostile[] = {1, 128, 10112, 10300, BYTES, BYTES + 128, 0xffffff80u, UINT32_MAX};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = fresh_space(BYTES);
    atomic_store(&header_of(&space)->free[0], hostile[i]);
    assert_int_equal(sluice_space_alloc(&space, 128), 0);
    assert_int_equal(space.status, SLUICE_E_POISONED);
    assert_int_equal(sluice_space_state(&space), SLUICE_E_POISONED);
    free(space.base);
  }
}

static void a_corrupted_link_in_a_free_block_poisons_the_space(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t offset = sluice_space_alloc(&space, 128);
  (void)sluice_space_free(&space, offset, 128);
  memset(space.base + offset, 0x77, 4);
  assert_int_equal(sluice_space_alloc(&space, 128), offset); /* the list's head was sound */
  assert_int_equal(sluice_space_alloc(&space, 128), 0);
  assert_int_equal(space.status, SLUICE_E_POISONED);
  free(space.base);
}

static void a_corrupted_next_word_poisons_the_space(void **state) {
  (void)state;
  const uint32_t hostile[] = {0, 128, 10112, 10241};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = fresh_space(BYTES);
    atomic_store(&header_of(&space)->next, hostile[i]);
    assert_int_equal(sluice_space_alloc(&space, 128), 0);
    assert_int_equal(space.status, SLUICE_E_POISONED);
    free(space.base);
  }
}

static void a_next_word_past_the_end_gives_no_block(void **state) {
  (void)state;
  const uint32_t hostile[] = {BYTES, BYTES + 128, 0xffffff80u};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = fresh_space(BYTES);
    atomic_store(&header_of(&space)->next, hostile[i]);
    assert_int_equal(sluice_space_alloc(&space, 256), 0);
    assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
    free(space.base);
  }
}

static void a_falsified_size_gives_no_block_beyond_what_the_thread_may_touch(void **state) {
  (void)state;
  sluice_space space = fresh_space(16384);
  atomic_store(&header_of(&space)->bytes, UINT32_MAX);
  assert_int_equal(sluice_space_alloc(&space, 16384), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  free(space.base);
}

static void a_poisoned_space_gives_no_more_blocks(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  atomic_store(&header_of(&space)->free[0], 1);
  assert_int_equal(sluice_space_alloc(&space, 128), 0);
  assert_int_equal(sluice_space_alloc(&space, 4096), 0); /* a sound list */
  assert_int_equal(space.status, SLUICE_E_POISONED);
  free(space.base);
}

/* ---- grow ---- */

static void a_grown_space_has_room_for_more(void **state) {
  (void)state;
  unsigned char *at = fresh(BYTES);
  sluice_space space;
  assert_int_equal(sluice_space_init(&space, at, 16384), SLUICE_OK);
  assert_int_equal(sluice_space_attach(&space, at, BYTES), SLUICE_OK);
  assert_int_equal(sluice_space_alloc(&space, 100000), 0);
  assert_int_equal(sluice_space_grow(&space, BYTES), SLUICE_OK);
  assert_int_not_equal(sluice_space_alloc(&space, 100000), 0);
  free(at);
}

static void a_space_never_shrinks(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_space_grow(&space, 16384), SLUICE_OK);
  assert_int_equal(atomic_load(&header_of(&space)->bytes), BYTES);
  free(space.base);
}

static void a_space_does_not_grow_past_what_the_thread_may_touch(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_space_grow(&space, BYTES + 1), SLUICE_E_INVALID);
  assert_int_equal(atomic_load(&header_of(&space)->bytes), BYTES);
  free(space.base);
}

/* ---- close ---- */

static void a_closed_space_says_so_to_every_thread(void **state) {
  (void)state;
  sluice_space first = fresh_space(BYTES);
  sluice_space second;
  (void)sluice_space_attach(&second, first.base, BYTES);
  assert_int_equal(sluice_space_state(&second), SLUICE_OK);
  assert_int_equal(sluice_space_close(&first), SLUICE_OK);
  assert_int_equal(sluice_space_state(&second), SLUICE_E_CLOSED);
  free(first.base);
}

static void close_is_idempotent(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(sluice_space_state(&space), SLUICE_E_CLOSED);
  free(space.base);
}

static void a_poisoned_space_stays_poisoned_when_closed(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  atomic_store(&header_of(&space)->state, SLUICE_SPACE_POISONED);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(sluice_space_state(&space), SLUICE_E_POISONED);
  free(space.base);
}

static void closing_a_space_closes_its_rings(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  sluice_ring *ring = ring_at(&space, sluice_ring_open(&space, "ring", 4, 1024, 0));
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  (void)sluice_ring_producer_open(&producer, ring, 1024, 1);
  (void)sluice_ring_consumer_open(&consumer, ring, 1024, 2);
  (void)sluice_ring_push(&producer, "a", 1, 7);
  (void)sluice_space_close(&space);
  assert_int_equal(sluice_ring_push(&producer, "b", 1, 7), SLUICE_E_CLOSED);
  assert_non_null(sluice_ring_peek(&consumer)); /* what was committed can still be read */
  (void)sluice_ring_release(&consumer);
  assert_null(sluice_ring_peek(&consumer));
  assert_int_equal(consumer.status, SLUICE_E_CLOSED);
  free(space.base);
}

static void *wait_for_a_record(void *consumer) {
  while (sluice_ring_peek(consumer) == NULL) {
    if (((sluice_ring_consumer *)consumer)->status != SLUICE_E_EMPTY) {
      break;
    }
    (void)sluice_ring_consumer_wait(consumer, -1);
  }
  return (void *)(intptr_t)((sluice_ring_consumer *)consumer)->status;
}

static void *wait_for_room(void *producer) {
  int status = SLUICE_OK;
  while (status == SLUICE_OK) {
    status = sluice_ring_push(producer, NULL, 0, 0);
    if (status == SLUICE_E_FULL) {
      status = sluice_ring_producer_wait(producer, 0, -1);
    }
  }
  return (void *)(intptr_t)status;
}

static void closing_a_space_wakes_both_ends(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  sluice_ring *empty = ring_at(&space, sluice_ring_open(&space, "empty", 5, 1024, 0));
  sluice_ring *full = ring_at(&space, sluice_ring_open(&space, "full", 4, 1024, 0));
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  (void)sluice_ring_producer_open(&producer, full, 1024, 1);
  (void)sluice_ring_consumer_open(&consumer, empty, 1024, 2);
  pthread_t reader = start(wait_for_a_record, &consumer);
  pthread_t writer = start(wait_for_room, &producer);
  until_asleep(&empty->consumer.asleep);
  until_asleep(&full->producer.asleep);
  (void)sluice_space_close(&space);
  assert_int_equal(finish(reader), SLUICE_E_CLOSED);
  assert_int_equal(finish(writer), SLUICE_E_CLOSED);
  free(space.base);
}

/* ---- threads ---- */

enum { HAMMERS = 4, HAMMER_STEPS = 20000, HELD = 6 };

typedef struct hammer {
  sluice_space space;
  uint64_t seed;
  pthread_barrier_t *together;
} hammer;

/* Holds a few blocks at a time, each stamped all over with this thread's id. Returns how many
 * stamps another thread has touched. */
static void *allocate_and_free(void *argument) {
  hammer *self = argument;
  uint32_t at[HELD] = {0};
  uint32_t size[HELD] = {0};
  intptr_t spoilt = 0;
  unsigned char stamp = (unsigned char)(self->seed + 1);
  pthread_barrier_wait(self->together);
  for (int step = 0; step < HAMMER_STEPS; step++) {
    uint32_t i = random_below(&self->seed, HELD);
    if (at[i] == 0) {
      size[i] = 1 + random_below(&self->seed, 300); /* three classes: much contention */
      at[i] = sluice_space_alloc(&self->space, size[i]);
      for (uint32_t b = 0; at[i] != 0 && b < size[i]; b++) {
        spoilt += self->space.base[at[i] + b] != 0;
      }
      memset(self->space.base + at[i], stamp, at[i] == 0 ? 0 : size[i]);
    } else {
      for (uint32_t b = 0; b < size[i]; b++) {
        spoilt += self->space.base[at[i] + b] != stamp;
      }
      spoilt += sluice_space_free(&self->space, at[i], size[i]) != SLUICE_OK;
      at[i] = 0;
    }
  }
  for (uint32_t i = 0; i < HELD; i++) {
    if (at[i] != 0) {
      (void)sluice_space_free(&self->space, at[i], size[i]);
    }
  }
  return (void *)spoilt;
}

static void threads_hold_each_block_exclusively(void **state) {
  (void)state;
  sluice_space space = fresh_space(16384); /* small: it runs dry now and then */
  pthread_barrier_t together;
  pthread_barrier_init(&together, NULL, HAMMERS);
  hammer hammers[HAMMERS];
  pthread_t threads[HAMMERS];
  for (uint32_t i = 0; i < HAMMERS; i++) {
    hammers[i] = (hammer){.space = space, .seed = i, .together = &together};
    threads[i] = start(allocate_and_free, &hammers[i]);
  }
  for (uint32_t i = 0; i < HAMMERS; i++) {
    assert_int_equal(finish(threads[i]), 0);
  }
  assert_int_equal(used_of(&space), 0);
  assert_int_equal(sluice_space_state(&space), SLUICE_OK);
  pthread_barrier_destroy(&together);
  free(space.base);
}

enum { ROUNDS = 300 };

static void *close_space(void *argument) {
  hammer *self = argument;
  pthread_barrier_wait(self->together);
  return (void *)(intptr_t)sluice_space_close(&self->space);
}

static void a_ring_made_while_the_space_closes_is_closed_too(void **state) {
  (void)state;
  pthread_barrier_t together;
  pthread_barrier_init(&together, NULL, 2);
  for (int round = 0; round < ROUNDS; round++) {
    sluice_space space = fresh_space(65536);
    hammer closer = {.space = space, .together = &together};
    pthread_t thread = start(close_space, &closer);
    pthread_barrier_wait(&together);
    char name[2] = "aa";
    for (int i = 0; i < 100; i++) {
      name[0] = (char)('a' + i % 26);
      name[1] = (char)('a' + i / 26);
      if (sluice_ring_open(&space, name, 2, 64, 0) == 0) {
        assert_int_equal(space.status, SLUICE_E_CLOSED);
        break;
      }
    }
    assert_int_equal(finish(thread), SLUICE_OK);
    for (uint32_t slot = 0; slot < SLUICE_DIRECTORY_ENTRIES; slot++) {
      uint32_t offset = sluice_directory_at(&space, slot);
      assert_true(offset == 0 || (atomic_load(&ring_at(&space, offset)->object.state) &
                                  SLUICE_RING_PRODUCER_CLOSED) != 0);
    }
    free(space.base);
  }
  pthread_barrier_destroy(&together);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_space_of_16_kib_can_be_made),
      cmocka_unit_test(a_space_below_16_kib_is_invalid),
      cmocka_unit_test(a_misaligned_address_is_invalid),
      cmocka_unit_test(the_region_need_not_be_zeroed),
      cmocka_unit_test(the_layout_is_the_documented_one),
      cmocka_unit_test(another_thread_attaches_to_a_complete_space),
      cmocka_unit_test(a_space_with_the_wrong_magic_is_refused),
      cmocka_unit_test(a_space_of_another_version_is_refused),
      cmocka_unit_test(a_half_initialised_space_is_refused),
      cmocka_unit_test(zeroed_memory_is_no_space),
      cmocka_unit_test(a_space_that_claims_more_than_is_available_is_refused),
      cmocka_unit_test(less_than_a_header_available_is_refused_unread),
      cmocka_unit_test(a_block_is_zeroed_and_aligned),
      cmocka_unit_test(a_freed_block_is_the_next_of_its_size_class),
      cmocka_unit_test(freed_blocks_come_back_last_first),
      cmocka_unit_test(each_change_of_a_free_list_moves_its_tag),
      cmocka_unit_test(used_returns_to_its_base),
      cmocka_unit_test(a_block_is_at_most_a_quarter_larger),
      cmocka_unit_test(blocks_never_overlap),
      cmocka_unit_test(zero_bytes_are_invalid),
      cmocka_unit_test(more_than_the_space_is_no_memory),
      cmocka_unit_test(a_full_space_is_no_memory_until_a_block_is_freed),
      cmocka_unit_test(an_offset_that_cannot_be_a_blocks_is_not_freed),
      cmocka_unit_test(a_corrupted_free_list_poisons_the_space),
      cmocka_unit_test(a_corrupted_link_in_a_free_block_poisons_the_space),
      cmocka_unit_test(a_corrupted_next_word_poisons_the_space),
      cmocka_unit_test(a_next_word_past_the_end_gives_no_block),
      cmocka_unit_test(a_falsified_size_gives_no_block_beyond_what_the_thread_may_touch),
      cmocka_unit_test(a_poisoned_space_gives_no_more_blocks),
      cmocka_unit_test(a_grown_space_has_room_for_more),
      cmocka_unit_test(a_space_never_shrinks),
      cmocka_unit_test(a_space_does_not_grow_past_what_the_thread_may_touch),
      cmocka_unit_test(a_closed_space_says_so_to_every_thread),
      cmocka_unit_test(close_is_idempotent),
      cmocka_unit_test(a_poisoned_space_stays_poisoned_when_closed),
      cmocka_unit_test(closing_a_space_closes_its_rings),
      cmocka_unit_test(closing_a_space_wakes_both_ends),
      cmocka_unit_test(threads_hold_each_block_exclusively),
      cmocka_unit_test(a_ring_made_while_the_space_closes_is_closed_too),
  };
  return RUN(tests);
}
