/* message.h, when the space is full: who may take which memory, and who waits. */
#include "support.h"

#include "sluice/message.h"
#include "sluice/ring.h"

enum { BYTES = 1 << 20, CAPACITY = 4096, LARGE = 200000, SMALL = 5000, MOST = 512 };

typedef struct ring {
  sluice_space *space;
  uint32_t offset;
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
} ring;

static ring ring_in(sluice_space *space, const char *name) {
  ring made = {.space = space};
  made.offset = sluice_ring_open(space, name, 1, CAPACITY, 0);
  assert_int_not_equal(made.offset, 0);
  sluice_ring *at = sluice_at(space, made.offset);
  assert_int_equal(sluice_ring_producer_open(&made.producer, at, CAPACITY, space->participant), 0);
  assert_int_equal(sluice_ring_consumer_open(&made.consumer, at, CAPACITY, space->participant), 0);
  return made;
}

/* One message of so many bytes; 0 where there is no memory for it now. */
static int try_send(ring *by, uint32_t bytes) {
  uint32_t block = sluice_message_alloc(by->space, by->offset, bytes);
  if (block == 0) {
    assert_int_equal(by->space->status, SLUICE_E_NO_MEMORY);
    return 0;
  }
  void *record = sluice_ring_claim(&by->producer, sizeof(sluice_message), SLUICE_MESSAGE_BLOCK);
  assert_non_null(record);
  assert_int_equal(sluice_message_put(by->space, by->offset, record, block, bytes), SLUICE_OK);
  assert_int_equal(sluice_ring_commit(&by->producer, sizeof(sluice_message)), SLUICE_OK);
  assert_int_equal(sluice_slab_unref(by->space, block), SLUICE_OK);
  return 1;
}

static void receive(ring *by, uint32_t bytes) {
  sluice_message message;
  const void *record = sluice_ring_peek(&by->consumer);
  assert_non_null(record);
  assert_int_equal(sluice_message_get(by->space, by->offset, record, by->consumer.length, &message),
                   SLUICE_OK);
  assert_int_equal(message.length, bytes);
  sluice_message_done(by->space, by->offset, &message);
  assert_int_equal(sluice_ring_release(&by->consumer), 1);
}

static int fill(ring *by, uint32_t bytes) {
  int count = 0;
  while (count < MOST && try_send(by, bytes)) {
    count++;
  }
  assert_in_range(count, 0, MOST - 1);
  return count;
}

static void the_first_message_of_a_ring_may_take_what_there_is(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  ring only = ring_in(&space, "a");
  assert_int_equal(try_send(&only, BYTES - BYTES / 4), 1);
  receive(&only, BYTES - BYTES / 4);
  assert_int_equal(try_send(&only, BYTES - BYTES / 4), 1);
  free(space.base);
}

static void what_no_memory_can_hold_is_refused_however_full_it_is(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  ring only = ring_in(&space, "a");
  for (int full = 0; full < 2; full++) {
    for (uint32_t bytes = UINT32_MAX; bytes > UINT32_MAX - 1000; bytes--) {
      assert_int_equal(try_send(&only, bytes), 0);
    }
    (void)try_send(&only, BYTES - BYTES / 4);
  }
  free(space.base);
}

static void who_passes_messages_on_finds_memory_for_the_largest(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  ring there = ring_in(&space, "a");
  ring back = ring_in(&space, "b");
  for (uint32_t round = 0; round < 3; round++) {
    assert_int_equal(try_send(&there, LARGE), 1);
    int waiting = fill(&there, SMALL);
    receive(&there, LARGE);
    waiting += fill(&there, SMALL); /* as soon as there is room for it, the sender uses it */
    assert_int_equal(try_send(&back, LARGE), 1);
    receive(&back, LARGE);
    for (int i = 0; i < waiting; i++) {
      receive(&there, SMALL);
      assert_int_equal(try_send(&back, SMALL), 1);
      receive(&back, SMALL);
    }
  }
  free(space.base);
}

/* Takes what is left of the heap, by blocks that no message of LARGE or SMALL bytes can do with. */
static void use_up(sluice_space *space) {
  for (uint32_t bytes = SMALL - 1000; bytes != 0; bytes /= 2) {
    while (sluice_slab_alloc(space, bytes) != 0) {
    }
  }
}

static void who_copies_a_message_on_before_it_is_done_finds_memory_too(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  ring there = ring_in(&space, "a");
  ring back = ring_in(&space, "b");
  assert_int_equal(try_send(&there, LARGE), 1);
  assert_true(fill(&there, SMALL) > 0);
  assert_int_equal(try_send(&back, LARGE), 1);
  receive(&there, LARGE);
  free(space.base);
}

static void what_is_in_use_and_no_message_is_not_what_has_to_be_passed_on(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  ring only = ring_in(&space, "a");
  assert_int_not_equal(sluice_slab_alloc(&space, BYTES - BYTES / 4), 0);
  assert_int_equal(try_send(&only, SMALL), 1);
  assert_int_equal(try_send(&only, SMALL), 1);
  free(space.base);
}

static void a_ring_with_messages_takes_a_smaller_block_and_leaves_the_last_large_one(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  ring only = ring_in(&space, "a");
  assert_int_equal(try_send(&only, SMALL), 1);
  uint32_t large = sluice_slab_alloc(&space, LARGE);
  uint32_t small = sluice_slab_alloc(&space, SMALL);
  uint32_t other = sluice_slab_alloc(&space, SMALL);
  while (sluice_slab_alloc(&space, SMALL) != 0) {
  }
  use_up(&space);
  (void)sluice_slab_unref(&space, small);
  assert_int_equal(try_send(&only, SMALL), 0); /* it would be the last one as large as any */
  (void)sluice_slab_unref(&space, large);
  assert_int_equal(try_send(&only, SMALL), 1);
  assert_true(refs_of(&space, small) != 0);
  assert_int_equal(try_send(&only, SMALL), 0);
  assert_true(refs_of(&space, large) == 0);
  receive(&only, SMALL);
  receive(&only, SMALL);
  (void)sluice_slab_unref(&space, other);
  assert_int_equal(try_send(&only, LARGE), 1); /* the first message of a ring */
  assert_int_equal(try_send(&only, SMALL), 0); /* nothing as large is left: not even a small one */
  free(space.base);
}

static void a_block_that_is_a_little_too_large_is_the_only_one_taken(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  ring only = ring_in(&space, "a");
  uint32_t blocks[2] = {sluice_slab_alloc(&space, SMALL + 2000),
                        sluice_slab_alloc(&space, SMALL + 2000)};
  while (sluice_slab_alloc(&space, SMALL) != 0) {
  }
  use_up(&space);
  (void)sluice_slab_unref(&space, blocks[0]);
  (void)sluice_slab_unref(&space, blocks[1]);
  assert_int_equal(try_send(&only, SMALL), 1);
  assert_true((refs_of(&space, blocks[0]) == 0) != (refs_of(&space, blocks[1]) == 0));
  free(space.base);
}

static void a_block_that_is_too_large_will_do(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  ring only = ring_in(&space, "a");
  int large = fill(&only, LARGE);
  for (int i = 0; i < large; i++) {
    receive(&only, LARGE);
  }
  while (sluice_slab_alloc(&space, SMALL) != 0) {
  }
  use_up(&space);
  uint32_t used = sluice_space_used(&space);
  int small = fill(&only, SMALL);
  assert_int_equal(small, large - 1); /* the last one is left for what is passed on */
  for (int i = 0; i < small; i++) {
    receive(&only, SMALL);
  }
  assert_int_equal(sluice_space_used(&space), used);
  free(space.base);
}

static void a_sender_waits_while_a_message_is_on_its_way(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  ring only = ring_in(&space, "a");
  (void)fill(&only, LARGE);
  uint32_t key = sluice_message_sleep(&space, only.offset, LARGE);
  assert_int_not_equal(key, 0);
  assert_int_equal(sluice_message_wait(&space, only.offset, LARGE, 1000), SLUICE_E_TIMEOUT);
  receive(&only, LARGE);
  assert_int_not_equal(atomic_load(&header_of(&space)->freed), key);
  assert_int_equal(sluice_message_sleep(&space, only.offset, LARGE), 0);
  assert_int_equal(space.status, SLUICE_OK);
  assert_int_equal(sluice_message_wait(&space, only.offset, LARGE, -1), SLUICE_OK);
  free(space.base);
}

static void where_none_is_on_its_way_there_is_no_memory(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  ring only = ring_in(&space, "a");
  assert_int_equal(try_send(&only, SMALL), 1);
  receive(&only, SMALL); /* its block says yet that it is a message's */
  assert_int_equal(sluice_message_alloc(&space, only.offset, 2 * BYTES), 0);
  assert_int_equal(sluice_message_sleep(&space, only.offset, 2 * BYTES), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_message_wait(&space, only.offset, 2 * BYTES, -1), SLUICE_E_NO_MEMORY);
  free(space.base);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_message_of_a_ring_may_take_what_there_is),
      cmocka_unit_test(what_no_memory_can_hold_is_refused_however_full_it_is),
      cmocka_unit_test(who_passes_messages_on_finds_memory_for_the_largest),
      cmocka_unit_test(who_copies_a_message_on_before_it_is_done_finds_memory_too),
      cmocka_unit_test(what_is_in_use_and_no_message_is_not_what_has_to_be_passed_on),
      cmocka_unit_test(a_ring_with_messages_takes_a_smaller_block_and_leaves_the_last_large_one),
      cmocka_unit_test(a_block_that_is_a_little_too_large_is_the_only_one_taken),
      cmocka_unit_test(a_block_that_is_too_large_will_do),
      cmocka_unit_test(a_sender_waits_while_a_message_is_on_its_way),
      cmocka_unit_test(where_none_is_on_its_way_there_is_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
