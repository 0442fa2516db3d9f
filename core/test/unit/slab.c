/* slab.h: blocks, who holds them, handles, and what deaths and hostile words do. */
#include "support.h"

enum { BYTES = 1 << 20, SMALLEST = 16384 };

/* Where the first block stands: the heap begins behind the header, its block behind 64 bytes. */
enum { FIRST = sizeof(sluice_space_header) + SLUICE_ALIGN };

static const uint32_t no_blocks[] = {
    0,           1,     128,         FIRST - 128, FIRST + 1,        FIRST + 8, FIRST + 127,
    BYTES - 128, BYTES, BYTES + 128, 1u << 31,    UINT32_MAX - 127, UINT32_MAX};
enum { NO_BLOCKS = sizeof no_blocks / sizeof *no_blocks };

/* ---- alloc ---- */

static void a_block_is_aligned_and_its_callers_alone(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  for (uint32_t bytes = 1; bytes <= 3000; bytes += 41) {
    uint32_t offset = sluice_slab_alloc(&space, bytes);
    assert_int_not_equal(offset, 0);
    assert_int_equal(space.status, SLUICE_OK);
    assert_int_equal(offset % SLUICE_ALIGN, 0);
    assert_true(refs_of(&space, offset) == bit_of(space.participant));
    memset(space.base + offset, 0xff, bytes);
  }
  free(space.base);
}

static void zeroed_blocks_are_zero_whatever_stood_there(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  for (uint32_t bytes = 1; bytes <= 3000; bytes += 41) {
    uint32_t dirty = sluice_slab_alloc(&space, bytes);
    memset(space.base + dirty, 0xff, bytes);
    assert_int_equal(sluice_space_free(&space, dirty), SLUICE_OK);
    uint32_t offset = sluice_space_alloc(&space, bytes);
    assert_int_equal(offset, dirty);
    for (uint32_t i = 0; i < bytes; i++) {
      assert_int_equal(space.base[offset + i], 0);
    }
    assert_int_equal(sluice_space_free(&space, offset), SLUICE_OK);
  }
  free(space.base);
}

static void who_has_not_joined_holds_in_the_spaces_name(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t offset = sluice_slab_alloc(&space, 100);
  assert_true(refs_of(&space, offset) == SLUICE_BIT_SPACE);
  assert_int_equal(sluice_slab_unref(&space, offset), SLUICE_OK);
  assert_int_equal(used_of(&space), 0);
  free(space.base);
}

static void zero_bytes_are_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  assert_int_equal(sluice_slab_alloc(&space, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_space_alloc(&space, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  free(space.base);
}

static void more_than_the_space_is_no_memory(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  const uint32_t sizes[] = {
      BYTES,           BYTES - FIRST + 64, 1u << 31, UINT32_MAX - 191, UINT32_MAX - 127,
      UINT32_MAX - 64, UINT32_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    assert_int_equal(sluice_slab_alloc(&space, sizes[i]), 0);
    assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
    assert_int_equal(sluice_space_alloc(&space, sizes[i]), 0);
    assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  }
  assert_int_equal(used_of(&space), 0);
  assert_int_equal(sluice_space_state(&space), SLUICE_OK);
  free(space.base);
}

static void a_full_space_is_no_memory_until_a_block_is_freed(void **state) {
  (void)state;
  sluice_space space = joined_space(SMALLEST);
  uint32_t last = 0;
  uint32_t count = 0;
  for (uint32_t next; (next = sluice_slab_alloc(&space, 64)) != 0; last = next) {
    count++;
  }
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(count, (SMALLEST - FIRST + 64) / 128); /* not one is lost to anything */
  assert_int_equal(sluice_slab_unref(&space, last), SLUICE_OK);
  assert_int_equal(sluice_slab_alloc(&space, 64), last);
  assert_int_equal(sluice_slab_alloc(&space, 64), 0);
  free(space.base);
}

static void the_last_block_ends_inside_the_space(void **state) {
  (void)state;
  for (uint32_t bytes = SMALLEST; bytes < SMALLEST + 256; bytes += 17) {
    sluice_space space = joined_space(bytes);
    for (uint32_t next; (next = sluice_slab_alloc(&space, 64)) != 0;) {
      assert_true(next + 64 <= bytes);
      memset(space.base + next, 0xff, 64); /* ASan */
    }
    free(space.base);
  }
}

static void a_block_is_at_most_a_quarter_larger(void **state) {
  (void)state;
  sluice_space space = joined_space(8 * BYTES); /* room for a block of each class */
  for (uint32_t bytes = 1; bytes <= 300000; bytes += bytes < 5000 ? 1 : 997) {
    uint32_t offset = sluice_slab_alloc(&space, bytes);
    uint32_t taken = used_of(&space);
    uint32_t whole = (bytes + SLUICE_BLOCK_HEADER + SLUICE_ALIGN - 1) / SLUICE_ALIGN * SLUICE_ALIGN;
    assert_true(taken >= bytes + SLUICE_BLOCK_HEADER && taken <= whole + whole / 4);
    assert_int_equal(sluice_slab_unref(&space, offset), SLUICE_OK);
    assert_int_equal(used_of(&space), 0);
  }
  free(space.base);
}

static void a_full_space_gives_a_larger_block_but_none_of_twice_the_size(void **state) {
  (void)state;
  sluice_space space = joined_space(SMALLEST);
  uint32_t large = sluice_slab_alloc(&space, 2000);
  uint32_t medium = sluice_slab_alloc(&space, 900);
  while (sluice_slab_alloc(&space, 600) != 0) {
  }
  while (sluice_slab_alloc(&space, 60) != 0) {
  }
  assert_int_equal(sluice_slab_unref(&space, large), SLUICE_OK);
  assert_int_equal(sluice_slab_alloc(&space, 600), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_slab_unref(&space, medium), SLUICE_OK);
  assert_int_equal(sluice_slab_alloc(&space, 600), medium);
  assert_int_equal(space.status, SLUICE_OK);
  assert_int_equal(sluice_slab_alloc(&space, 1500), large);
  free(space.base);
}

static void blocks_never_overlap(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint64_t seed = 1;
  uint32_t at[200] = {0};
  uint32_t size[200] = {0};
  for (int step = 0; step < 20000; step++) {
    uint32_t i = random_below(&seed, 200);
    if (at[i] == 0) {
      size[i] = 1 + random_below(&seed, 4000);
      at[i] = sluice_slab_alloc(&space, size[i]);
      if (at[i] != 0) {
        memset(space.base + at[i], (int)(i + 1), size[i]);
      }
    } else {
      for (uint32_t b = 0; b < size[i]; b += 97) {
        assert_int_equal(space.base[at[i] + b], i + 1);
      }
      assert_int_equal(space.base[at[i] + size[i] - 1], i + 1);
      assert_int_equal(sluice_slab_unref(&space, at[i]), SLUICE_OK);
      at[i] = 0;
    }
  }
  free(space.base);
}

/* ---- free, and used again ---- */

static void a_freed_block_is_used_again_by_its_size_class(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t small = sluice_slab_alloc(&space, 100);
  uint32_t large = sluice_slab_alloc(&space, 2000);
  assert_int_equal(sluice_slab_unref(&space, small), SLUICE_OK);
  assert_int_equal(sluice_slab_unref(&space, large), SLUICE_OK);
  assert_int_equal(sluice_slab_alloc(&space, 1990), large);
  assert_int_equal(sluice_slab_alloc(&space, 70), small);
  assert_int_not_equal(sluice_slab_alloc(&space, 70), small);
  free(space.base);
}

static void freed_blocks_are_all_found_again(void **state) {
  (void)state;
  enum { MANY = 500 };
  sluice_space space = joined_space(BYTES);
  uint32_t blocks[MANY];
  for (int i = 0; i < MANY; i++) {
    blocks[i] = sluice_slab_alloc(&space, 900);
  }
  uint64_t heap = atomic_load(&header_of(&space)->next);
  for (int round = 0; round < 3; round++) {
    uint32_t most = 0;
    for (int i = 0; i < MANY; i++) {
      assert_int_equal(sluice_slab_unref(&space, blocks[i]), SLUICE_OK);
    }
    for (int i = 0; i < MANY; i++) {
      blocks[i] = sluice_slab_alloc(&space, 900);
      most = blocks[i] > most ? blocks[i] : most;
    }
    assert_true(most < (uint32_t)heap);
  }
  assert_true(atomic_load(&header_of(&space)->next) == heap);
  free(space.base);
}

static void one_block_that_comes_and_goes_among_many_takes_no_more_of_the_heap(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  for (int i = 0; i < 300; i++) {
    assert_int_not_equal(sluice_slab_alloc(&space, 900), 0);
  }
  uint32_t offset = sluice_slab_alloc(&space, 900);
  uint64_t heap = atomic_load(&header_of(&space)->next);
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(sluice_slab_unref(&space, offset), SLUICE_OK);
    offset = sluice_slab_alloc(&space, 900);
  }
  assert_true(atomic_load(&header_of(&space)->next) == heap);
  free(space.base);
}

static void used_returns_to_its_base(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t base = used_of(&space);
  uint32_t blocks[40];
  for (uint32_t i = 0; i < 40; i++) {
    blocks[i] = sluice_slab_alloc(&space, 1 + i * 77);
    assert_true(used_of(&space) > base);
  }
  for (uint32_t i = 0; i < 40; i++) {
    (void)sluice_slab_unref(&space, blocks[i]);
  }
  assert_int_equal(used_of(&space), base);
  free(space.base);
}

static void a_block_keeps_what_its_holder_asked_for(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t offset = sluice_slab_alloc(&space, 1000);
  assert_int_equal(sluice_slab_bytes(&space, offset), 1000);
  (void)sluice_slab_unref(&space, offset);
  assert_int_equal(sluice_slab_alloc(&space, 990), offset);
  assert_int_equal(sluice_slab_bytes(&space, offset), 990);
  free(space.base);
}

static void each_allocation_has_its_own_serial(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t last = 0;
  for (int i = 0; i < 100; i++) {
    uint32_t offset = sluice_slab_alloc(&space, 100);
    assert_int_equal(offset, FIRST);
    uint32_t serial = sluice_slab_serial(&space, offset);
    assert_true(serial > last);
    last = serial;
    (void)sluice_slab_unref(&space, offset);
  }
  free(space.base);
}

/* ---- ref and unref ---- */

static void the_last_reference_frees_the_block(void **state) {
  (void)state;
  sluice_space one = joined_space(BYTES);
  sluice_space two = joined(&one);
  uint32_t offset = sluice_slab_alloc(&one, 100);
  uint32_t serial = sluice_slab_serial(&one, offset);
  assert_int_equal(sluice_slab_ref(&two, offset, serial), SLUICE_OK);
  assert_int_equal(sluice_slab_unref(&one, offset), SLUICE_OK);
  assert_true(refs_of(&one, offset) == bit_of(two.participant));
  assert_int_equal(sluice_slab_unref(&two, offset), SLUICE_OK);
  assert_int_equal(used_of(&one), 0);
  free(one.base);
}

static void a_participants_references_count_once(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t offset = sluice_slab_alloc(&space, 100);
  uint32_t serial = sluice_slab_serial(&space, offset);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(sluice_slab_ref(&space, offset, serial), SLUICE_OK);
  }
  assert_int_equal(sluice_slab_unref(&space, offset), SLUICE_OK);
  assert_int_equal(used_of(&space), 0);
  free(space.base);
}

static void unref_without_a_reference_is_invalid(void **state) {
  (void)state;
  sluice_space one = joined_space(BYTES);
  sluice_space two = joined(&one);
  uint32_t offset = sluice_slab_alloc(&one, 100);
  assert_int_equal(sluice_slab_unref(&two, offset), SLUICE_E_INVALID);
  assert_int_equal(sluice_slab_unref(&one, offset), SLUICE_OK);
  assert_int_equal(sluice_slab_unref(&one, offset), SLUICE_E_INVALID);
  assert_int_equal(sluice_space_free(&one, offset), SLUICE_E_INVALID);
  free(one.base);
}

static void a_handle_to_a_freed_block_is_closed(void **state) {
  (void)state;
  sluice_space one = joined_space(BYTES);
  sluice_space two = joined(&one);
  uint32_t offset = sluice_slab_alloc(&one, 100);
  uint32_t serial = sluice_slab_serial(&one, offset);
  (void)sluice_slab_unref(&one, offset);
  assert_int_equal(sluice_slab_ref(&two, offset, serial), SLUICE_E_CLOSED);
  assert_int_equal(used_of(&one), 0);
  free(one.base);
}

static void a_stale_handle_leaves_the_next_holder_alone(void **state) {
  (void)state;
  sluice_space one = joined_space(BYTES);
  sluice_space two = joined(&one);
  uint32_t offset = sluice_slab_alloc(&one, 100);
  uint32_t serial = sluice_slab_serial(&one, offset);
  (void)sluice_slab_unref(&one, offset);
  assert_int_equal(sluice_slab_alloc(&one, 100), offset);
  assert_int_equal(sluice_slab_ref(&two, offset, serial), SLUICE_E_CLOSED);
  assert_true(refs_of(&one, offset) == bit_of(one.participant));
  assert_int_equal(sluice_slab_ref(&one, offset, serial), SLUICE_E_CLOSED); /* its holder itself */
  assert_true(refs_of(&one, offset) == bit_of(one.participant));
  free(one.base);
}

static void what_is_no_block_is_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  assert_int_not_equal(sluice_space_alloc(&space, 1000), 0);
  for (int i = 0; i < NO_BLOCKS; i++) {
    assert_int_equal(sluice_slab_ref(&space, no_blocks[i], 1), SLUICE_E_INVALID);
    assert_int_equal(sluice_slab_unref(&space, no_blocks[i]), SLUICE_E_INVALID);
    assert_int_equal(sluice_space_free(&space, no_blocks[i]), SLUICE_E_INVALID);
    assert_int_equal(sluice_slab_bytes(&space, no_blocks[i]), 0);
    assert_int_equal(sluice_slab_serial(&space, no_blocks[i]), 0);
  }
  /* inside a block, and behind the last */
  assert_int_equal(sluice_slab_unref(&space, FIRST + 256), SLUICE_E_INVALID);
  assert_int_equal(sluice_slab_unref(&space, FIRST + 4096), SLUICE_E_INVALID);
  free(space.base);
}

/* ---- handles in messages ---- */

static void a_handle_is_good_while_somebody_holds_its_block(void **state) {
  (void)state;
  sluice_space from = joined_space(BYTES);
  sluice_space to = joined(&from);
  uint32_t offset = sluice_slab_alloc(&from, 100);
  uint32_t serial = sluice_slab_serial(&from, offset);
  memset(from.base + offset, 7, 100);
  assert_int_equal(sluice_slab_ref(&to, offset, serial), SLUICE_OK);
  assert_int_equal(sluice_slab_unref(&from, offset), SLUICE_OK);
  assert_int_equal(sluice_slab_alloc(&from, 100) == offset, 0);
  assert_int_equal(to.base[offset + 99], 7);
  assert_int_equal(sluice_slab_ref(&from, offset, serial), SLUICE_OK); /* and back again */
  free(from.base);
}

static void a_handle_whose_holder_left_or_died_is_closed(void **state) {
  (void)state;
  for (int dies = 0; dies <= 1; dies++) {
    sluice_space to = joined_space(BYTES);
    sluice_space from = joined(&to);
    uint32_t offset = sluice_slab_alloc(&from, 100);
    uint32_t serial = sluice_slab_serial(&from, offset);
    assert_int_equal(
        dies ? sluice_participant_bury(&to, from.participant) : sluice_participant_leave(&from),
        SLUICE_OK);
    assert_int_equal(sluice_slab_ref(&to, offset, serial), SLUICE_E_CLOSED);
    assert_int_equal(sluice_slab_alloc(&to, 100), offset);
    assert_int_equal(sluice_slab_ref(&to, offset, serial), SLUICE_E_CLOSED);
    free(to.base);
  }
}

/* ---- deaths between two steps, as their words stand ---- */

static void a_block_that_was_being_made_is_finished_by_the_next(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  atomic_store(&header_of(&space)->next, UINT64_C(3) << 32 | FIRST);
  uint32_t offset = sluice_slab_alloc(&space, 100);
  assert_int_equal(offset, FIRST + 3 * SLUICE_ALIGN);
  assert_int_equal(atomic_load(&block_of(&space, FIRST)->units), 3);
  assert_int_equal(used_of(&space), 2 * SLUICE_ALIGN); /* the other is free */
  free(space.base);
}

static void the_last_block_is_finished_by_the_next_too(void **state) {
  (void)state;
  sluice_space space = joined_space(SMALLEST);
  uint32_t units = (SMALLEST - (FIRST - SLUICE_BLOCK_HEADER)) / SLUICE_ALIGN;
  atomic_store(&header_of(&space)->next, (uint64_t)units << 32 | FIRST);
  assert_int_equal(sluice_slab_alloc(&space, units * SLUICE_ALIGN / 4 * 3), FIRST);
  assert_int_equal(atomic_load(&block_of(&space, FIRST)->units), units);
  free(space.base);
}

static void a_block_that_is_being_allocated_is_nobody_elses(void **state) {
  (void)state;
  sluice_space one = joined_space(BYTES);
  sluice_space two = joined(&one);
  uint32_t offset = sluice_slab_alloc(&one, 100);
  uint32_t serial = sluice_slab_serial(&one, offset);
  (void)sluice_slab_unref(&one, offset);
  uint64_t making = SLUICE_BLOCK_MAKING | bit_of(two.participant);
  atomic_store(&block_of(&one, offset)->refs, making); /* two's first step, the serial is old yet */
  assert_int_equal(sluice_slab_ref(&one, offset, serial), SLUICE_E_CLOSED);
  assert_int_equal(sluice_slab_unref(&one, offset), SLUICE_E_INVALID);
  assert_int_not_equal(sluice_slab_alloc(&one, 100), offset);
  assert_true(refs_of(&one, offset) == making);
  free(one.base);
}

static void who_dies_while_it_allocates_leaves_the_block_free(void **state) {
  (void)state;
  sluice_space one = joined_space(BYTES);
  sluice_space two = joined(&one);
  uint32_t offset = sluice_slab_alloc(&one, 100);
  (void)sluice_slab_unref(&one, offset);
  atomic_store(&block_of(&one, offset)->refs, SLUICE_BLOCK_MAKING | bit_of(two.participant));
  assert_int_equal(sluice_participant_bury(&one, two.participant), SLUICE_OK);
  assert_true(refs_of(&one, offset) == 0);
  assert_int_equal(sluice_slab_alloc(&one, 100), offset);
  free(one.base);
}

static void a_block_that_no_chain_leads_to_is_found_when_the_heap_is_full(void **state) {
  (void)state;
  sluice_space space = joined_space(SMALLEST);
  uint32_t lost = sluice_slab_alloc(&space, 1000);
  (void)sluice_slab_unref(&space, lost);
  memset(header_of(&space)->classes, 0, sizeof header_of(&space)->classes);
  while (sluice_slab_alloc(&space, 60) != 0) {
  }
  assert_int_equal(sluice_slab_alloc(&space, 1000), lost);
  free(space.base);
}

/* ---- hostile words ---- */

static void a_corrupted_end_of_the_heap_poisons_the_space(void **state) {
  (void)state;
  const uint64_t hostile[] = {0,
                              1,
                              128,
                              FIRST - 128,
                              FIRST + 1,
                              UINT64_C(1) << 32,
                              UINT64_C(1) << 32 | (FIRST + 64),
                              UINT64_MAX};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = joined_space(BYTES);
    atomic_store(&header_of(&space)->next, hostile[i]);
    assert_int_equal(sluice_slab_alloc(&space, 128), 0);
    assert_int_equal(space.status, SLUICE_E_POISONED);
    assert_int_equal(sluice_space_state(&space), SLUICE_E_POISONED);
    free(space.base);
  }
}

static void an_end_past_the_space_gives_no_block(void **state) {
  (void)state;
  const uint64_t hostile[] = {BYTES,
                              BYTES + 128,
                              UINT64_C(0xffffff80),
                              UINT64_C(1) << 32 | BYTES,
                              UINT64_C(1) << 32 | (BYTES + 4096),
                              UINT64_C(1) << 32 | UINT64_C(0xf0000000),
                              UINT64_C(0xffffffff) << 32 | FIRST,
                              UINT64_C(0x1ffffff) << 32 | FIRST,
                              (uint64_t)(BYTES / 128) << 32 | FIRST};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = joined_space(BYTES);
    atomic_store(&header_of(&space)->next, hostile[i]);
    assert_int_equal(sluice_slab_alloc(&space, 128), 0);
    assert_true(space.status == SLUICE_E_POISONED || space.status == SLUICE_E_NO_MEMORY);
    (void)used_of(&space);
    free(space.base);
  }
}

static void a_falsified_size_gives_no_block_beyond_what_the_thread_may_touch(void **state) {
  (void)state;
  sluice_space space = joined_space(SMALLEST);
  atomic_store(&header_of(&space)->bytes, UINT32_MAX);
  assert_int_equal(sluice_slab_alloc(&space, SMALLEST), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  for (uint32_t next; (next = sluice_slab_alloc(&space, 64)) != 0;) {
    memset(space.base + next, 0xff, 64); /* ASan */
  }
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  free(space.base);
}

static void a_falsified_size_of_nothing_gives_no_block(void **state) {
  (void)state;
  sluice_space space = joined_space(SMALLEST);
  atomic_store(&header_of(&space)->bytes, 0);
  assert_int_equal(sluice_slab_alloc(&space, 1), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  free(space.base);
}

static void a_corrupted_chain_is_passed_over(void **state) {
  (void)state;
  for (int i = 1; i < NO_BLOCKS; i++) {
    for (int where = 0; where < 3; where++) {
      sluice_space space = joined_space(BYTES);
      sluice_size_class *class = &header_of(&space)->classes[0];
      uint32_t offset = sluice_slab_alloc(&space, 64); /* held, so that the chain is followed */
      atomic_store(&class->cursor, where == 1 ? no_blocks[i] : offset);
      if (where == 0) {
        atomic_store(&class->cursor, 0);
        atomic_store(&class->first, no_blocks[i]);
      } else if (where == 2) {
        atomic_store(&block_of(&space, offset)->next, no_blocks[i]);
      }
      for (int j = 0; j < 3; j++) {
        uint32_t next = sluice_slab_alloc(&space, 64);
        assert_true(next != 0 && next != offset);
        memset(space.base + next, 0xff, 64); /* ASan */
      }
      free(space.base);
    }
  }
}

static void a_corrupted_hint_is_passed_over(void **state) {
  (void)state;
  for (int i = 1; i < NO_BLOCKS; i++) {
    sluice_space space = joined_space(BYTES);
    atomic_store(&header_of(&space)->classes[0].hint[0], no_blocks[i]);
    atomic_store(&header_of(&space)->classes[0].hint[1], no_blocks[NO_BLOCKS - i]);
    assert_int_equal(sluice_slab_alloc(&space, 64), FIRST);
    free(space.base);
  }
}

static void a_chain_that_is_a_circle_ends(void **state) {
  (void)state;
  sluice_space space = joined_space(SMALLEST);
  uint32_t one = sluice_slab_alloc(&space, 64);
  uint32_t two = sluice_slab_alloc(&space, 64);
  atomic_store(&block_of(&space, one)->next, two);
  atomic_store(&block_of(&space, two)->next, one);
  uint32_t count = 2;
  while (sluice_slab_alloc(&space, 64) != 0) {
    count++;
  }
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(count, (SMALLEST - FIRST + 64) / 128);
  free(space.base);
}

static void a_hint_at_a_block_in_use_is_passed_over(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t held = sluice_slab_alloc(&space, 64);
  atomic_store(&header_of(&space)->classes[0].hint[0], held);
  assert_int_not_equal(sluice_slab_alloc(&space, 64), held);
  free(space.base);
}

static void a_hint_at_too_small_a_block_is_passed_over(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t small = sluice_slab_alloc(&space, 64);
  (void)sluice_slab_unref(&space, small);
  atomic_store(&header_of(&space)->classes[7].hint[0], small);
  assert_int_not_equal(sluice_slab_alloc(&space, 900), small);
  free(space.base);
}

static void a_block_of_falsified_units_is_none(void **state) {
  (void)state;
  const uint32_t hostile[] = {0, BYTES / 128, 1u << 25, UINT32_MAX};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = joined_space(BYTES);
    uint32_t offset = sluice_slab_alloc(&space, 1000);
    assert_int_not_equal(sluice_slab_alloc(&space, 1000), 0);
    atomic_store(&block_of(&space, offset)->units, hostile[i]);
    assert_int_equal(sluice_slab_bytes(&space, offset), 0);
    assert_int_equal(sluice_slab_unref(&space, offset), SLUICE_E_INVALID);
    (void)used_of(&space);
    assert_int_not_equal(sluice_slab_alloc(&space, 1000), offset);
    free(space.base);
  }
}

static void a_walk_over_a_falsified_heap_ends_and_is_poisoned(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t offset = sluice_slab_alloc(&space, 1000);
  assert_int_not_equal(sluice_slab_alloc(&space, 1000), 0);
  atomic_store(&block_of(&space, offset)->units, 0);
  (void)used_of(&space);
  assert_int_equal(sluice_space_state(&space), SLUICE_E_POISONED);
  free(space.base);
}

static void a_full_space_whose_heap_makes_no_sense_is_poisoned(void **state) {
  (void)state;
  sluice_space space = joined_space(SMALLEST);
  uint32_t first = sluice_slab_alloc(&space, 1000);
  while (sluice_slab_alloc(&space, 1) != 0) {
  }
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  atomic_store(&block_of(&space, first)->units, 0);
  assert_int_equal(sluice_slab_alloc(&space, 1), 0);
  assert_int_equal(space.status, SLUICE_E_POISONED);
  free(space.base);
}

static void falsified_bytes_are_clamped_to_the_block(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t offset = sluice_slab_alloc(&space, 1000);
  atomic_store(&block_of(&space, offset)->bytes, UINT32_MAX);
  uint32_t bytes = sluice_slab_bytes(&space, offset);
  assert_true(bytes >= 1000 && bytes <= 1250);
  free(space.base);
}

static void falsified_references_are_answered(void **state) {
  (void)state;
  const uint64_t hostile[] = {0,
                              1,
                              UINT64_C(1) << 46,
                              SLUICE_BIT_SPACE,
                              SLUICE_BLOCK_MAKING,
                              SLUICE_BLOCK_MAKING | 1,
                              UINT64_C(0x7fff) << 48,
                              UINT64_C(0xffff) << 48,
                              UINT64_MAX};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    for (int call = 0; call < 3; call++) {
      sluice_space space = joined_space(BYTES);
      uint32_t offset = sluice_slab_alloc(&space, 1000);
      uint32_t serial = sluice_slab_serial(&space, offset);
      atomic_store(&block_of(&space, offset)->refs, hostile[i]);
      int status = call == 0   ? sluice_slab_ref(&space, offset, serial)
                   : call == 1 ? sluice_slab_unref(&space, offset)
                               : sluice_slab_ref(&space, offset, serial + 1);
      assert_true(status == SLUICE_OK || status == SLUICE_E_INVALID || status == SLUICE_E_CLOSED);
      (void)used_of(&space);
      (void)sluice_participant_leave(&space);
      free(space.base);
    }
  }
}

static void a_poisoned_space_gives_no_more_blocks(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  atomic_store(&header_of(&space)->state, SLUICE_SPACE_POISONED);
  assert_int_equal(sluice_slab_alloc(&space, 128), 0);
  assert_int_equal(space.status, SLUICE_E_POISONED);
  assert_int_equal(sluice_space_alloc(&space, 128), 0);
  assert_int_equal(space.status, SLUICE_E_POISONED);
  free(space.base);
}

/* Every word of the header and of the first blocks' headers in turn, each with what is worth
 * trying: whatever is called then ends, answers, and stays inside the space (ASan). */
static void any_single_word_may_be_rewritten(void **state) {
  (void)state;
  const uint32_t hostile[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffff80, UINT32_MAX, FIRST, 129};
  sluice_space fresh_one = joined_space(SMALLEST);
  sluice_space peer = joined(&fresh_one);
  uint32_t blocks[4];
  for (uint32_t i = 0; i < 4; i++) {
    blocks[i] = sluice_slab_alloc(&fresh_one, 100 + i * 300);
  }
  (void)sluice_slab_unref(&fresh_one, blocks[1]);
  unsigned char *copy = malloc(SMALLEST);
  memcpy(copy, fresh_one.base, SMALLEST);
  for (uint32_t word = 8; word < FIRST + 2048; word += 4) {
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
      sluice_space space = fresh_one;
      memcpy(space.base, copy, SMALLEST);
      memcpy(space.base + word, &hostile[i], 4);
      for (uint32_t bytes = 50; bytes < 1000; bytes += 300) {
        uint32_t offset = sluice_space_alloc(&space, bytes);
        if (offset != 0) {
          memset(space.base + offset, 0, bytes);
          (void)sluice_slab_unref(&space, offset);
        }
      }
      for (uint32_t b = 0; b < 4; b++) {
        uint32_t bytes = sluice_slab_bytes(&space, blocks[b]);
        memset(space.base + blocks[b], 0, bytes > 64 ? 64 : bytes);
        (void)sluice_slab_ref(&space, blocks[b], sluice_slab_serial(&space, blocks[b]));
        (void)sluice_slab_unref(&space, blocks[b]);
      }
      (void)used_of(&space);
      (void)sluice_participant_bury(&space, peer.participant);
    }
  }
  free(copy);
  free(fresh_one.base);
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
      spoilt += sluice_slab_unref(&self->space, at[i]) != SLUICE_OK;
      at[i] = 0;
    }
  }
  for (uint32_t i = 0; i < HELD; i++) {
    if (at[i] != 0) {
      (void)sluice_slab_unref(&self->space, at[i]);
    }
  }
  return (void *)spoilt;
}

static void threads_hold_each_block_exclusively(void **state) {
  (void)state;
  sluice_space space = fresh_space(SMALLEST); /* small: it runs dry now and then */
  pthread_barrier_t together;
  pthread_barrier_init(&together, NULL, HAMMERS);
  hammer hammers[HAMMERS];
  pthread_t threads[HAMMERS];
  for (uint32_t i = 0; i < HAMMERS; i++) {
    hammers[i] = (hammer){.space = joined(&space), .seed = i, .together = &together};
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_block_is_aligned_and_its_callers_alone),
      cmocka_unit_test(zeroed_blocks_are_zero_whatever_stood_there),
      cmocka_unit_test(who_has_not_joined_holds_in_the_spaces_name),
      cmocka_unit_test(zero_bytes_are_invalid),
      cmocka_unit_test(more_than_the_space_is_no_memory),
      cmocka_unit_test(a_full_space_is_no_memory_until_a_block_is_freed),
      cmocka_unit_test(the_last_block_ends_inside_the_space),
      cmocka_unit_test(a_block_is_at_most_a_quarter_larger),
      cmocka_unit_test(a_full_space_gives_a_larger_block_but_none_of_twice_the_size),
      cmocka_unit_test(blocks_never_overlap),
      cmocka_unit_test(a_freed_block_is_used_again_by_its_size_class),
      cmocka_unit_test(freed_blocks_are_all_found_again),
      cmocka_unit_test(one_block_that_comes_and_goes_among_many_takes_no_more_of_the_heap),
      cmocka_unit_test(used_returns_to_its_base),
      cmocka_unit_test(a_block_keeps_what_its_holder_asked_for),
      cmocka_unit_test(each_allocation_has_its_own_serial),
      cmocka_unit_test(the_last_reference_frees_the_block),
      cmocka_unit_test(a_participants_references_count_once),
      cmocka_unit_test(unref_without_a_reference_is_invalid),
      cmocka_unit_test(a_handle_to_a_freed_block_is_closed),
      cmocka_unit_test(a_stale_handle_leaves_the_next_holder_alone),
      cmocka_unit_test(what_is_no_block_is_invalid),
      cmocka_unit_test(a_handle_is_good_while_somebody_holds_its_block),
      cmocka_unit_test(a_handle_whose_holder_left_or_died_is_closed),
      cmocka_unit_test(a_block_that_was_being_made_is_finished_by_the_next),
      cmocka_unit_test(the_last_block_is_finished_by_the_next_too),
      cmocka_unit_test(a_block_that_is_being_allocated_is_nobody_elses),
      cmocka_unit_test(who_dies_while_it_allocates_leaves_the_block_free),
      cmocka_unit_test(a_block_that_no_chain_leads_to_is_found_when_the_heap_is_full),
      cmocka_unit_test(a_corrupted_end_of_the_heap_poisons_the_space),
      cmocka_unit_test(an_end_past_the_space_gives_no_block),
      cmocka_unit_test(a_falsified_size_gives_no_block_beyond_what_the_thread_may_touch),
      cmocka_unit_test(a_falsified_size_of_nothing_gives_no_block),
      cmocka_unit_test(a_corrupted_chain_is_passed_over),
      cmocka_unit_test(a_corrupted_hint_is_passed_over),
      cmocka_unit_test(a_chain_that_is_a_circle_ends),
      cmocka_unit_test(a_hint_at_a_block_in_use_is_passed_over),
      cmocka_unit_test(a_hint_at_too_small_a_block_is_passed_over),
      cmocka_unit_test(a_block_of_falsified_units_is_none),
      cmocka_unit_test(a_walk_over_a_falsified_heap_ends_and_is_poisoned),
      cmocka_unit_test(a_full_space_whose_heap_makes_no_sense_is_poisoned),
      cmocka_unit_test(falsified_bytes_are_clamped_to_the_block),
      cmocka_unit_test(falsified_references_are_answered),
      cmocka_unit_test(a_poisoned_space_gives_no_more_blocks),
      cmocka_unit_test(any_single_word_may_be_rewritten),
      cmocka_unit_test(threads_hold_each_block_exclusively),
  };
  return RUN(tests);
}
