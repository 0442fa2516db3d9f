/* directory.h and the naming half of ring.h: one object a name, whoever is first; it lives until
 * its name is removed and its last holder has closed it. */
#include "support.h"

enum { BYTES = 1 << 20 };

static uint32_t open_named(sluice_space *space, const char *name) {
  return sluice_ring_open(space, name, (uint32_t)strlen(name), 64, 0);
}

/* Fills the directory; returns how many rings that took. */
static int fill_directory(sluice_space *space) {
  char name[16];
  int count = 0;
  for (; count < SLUICE_DIRECTORY_ENTRIES; count++) {
    (void)snprintf(name, sizeof name, "r%d", count);
    if (open_named(space, name) == 0) {
      break;
    }
  }
  return count;
}

/* ---- find ---- */

static void an_unknown_name_is_empty(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  assert_int_equal(sluice_directory_find(&space, "nobody", 6), 0);
  assert_int_equal(space.status, SLUICE_E_EMPTY);
  free(space.base);
}

static void a_known_name_is_found_by_every_thread(void **state) {
  (void)state;
  sluice_space first = joined_space(BYTES);
  sluice_space second = joined(&first);
  uint32_t made = open_named(&first, "orders");
  assert_int_not_equal(made, 0);
  assert_int_equal(sluice_directory_find(&second, "orders", 6), made);
  free(first.base);
}

static void a_name_is_compared_whole(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  (void)open_named(&space, "orders");
  assert_int_equal(sluice_directory_find(&space, "order", 5), 0);
  assert_int_equal(sluice_directory_find(&space, "orders2", 7), 0);
  assert_int_equal(sluice_directory_find(&space, "orderS", 6), 0);
  free(space.base);
}

static void a_name_may_hold_any_bytes(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t one = sluice_ring_open(&space, "a\0b", 3, 64, 0);
  uint32_t two = sluice_ring_open(&space, "a\0c", 3, 64, 0);
  uint32_t three = sluice_ring_open(&space, "\xf0\x9f\x8c\x8a", 4, 64, 0);
  assert_true(one != 0 && two != 0 && three != 0 && one != two);
  assert_int_equal(sluice_directory_find(&space, "a\0b", 3), one);
  assert_int_equal(sluice_directory_find(&space, "a\0c", 3), two);
  assert_int_equal(sluice_directory_find(&space, "\xf0\x9f\x8c\x8a", 4), three);
  free(space.base);
}

static void a_name_of_104_bytes_is_the_longest(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  char name[SLUICE_NAME_MAX + 1];
  memset(name, 'n', sizeof name);
  uint32_t made = sluice_ring_open(&space, name, SLUICE_NAME_MAX, 64, 0);
  assert_int_not_equal(made, 0);
  assert_int_equal(sluice_directory_find(&space, name, SLUICE_NAME_MAX), made);
  assert_int_equal(sluice_directory_find(&space, name, SLUICE_NAME_MAX + 1), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_open(&space, name, SLUICE_NAME_MAX + 1, 64, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  free(space.base);
}

static void an_empty_name_is_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  assert_int_equal(sluice_directory_find(&space, "", 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_open(&space, "", 0, 64, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  free(space.base);
}

static void a_name_length_of_4_gib_is_invalid_unread(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  assert_int_equal(sluice_directory_find(&space, "x", UINT32_MAX), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  free(space.base);
}

static void looking_finds_the_same_and_takes_no_reference(void **state) {
  (void)state;
  sluice_space first = joined_space(BYTES);
  sluice_space second = joined(&first);
  uint32_t made = open_named(&first, "one");
  uint64_t refs = refs_of(&first, made);
  assert_int_equal(sluice_directory_look(&second, "one", 3), made);
  assert_int_equal(second.status, SLUICE_OK);
  assert_true(refs_of(&first, made) == refs);
  /* Nor does it take one away. */
  assert_int_equal(sluice_directory_look(&first, "one", 3), made);
  assert_true(refs_of(&first, made) == refs);
  assert_int_equal(sluice_directory_look(&second, "two", 3), 0);
  assert_int_equal(second.status, SLUICE_E_EMPTY);
  assert_int_equal(sluice_directory_look(&second, "", 0), 0);
  assert_int_equal(second.status, SLUICE_E_INVALID);
  free(first.base);
}

/* ---- a full table ---- */

static void every_entry_of_the_table_can_be_used(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  assert_int_equal(fill_directory(&space), SLUICE_DIRECTORY_ENTRIES);
  char name[16];
  for (int i = 0; i < SLUICE_DIRECTORY_ENTRIES; i++) {
    int bytes = snprintf(name, sizeof name, "r%d", i);
    assert_int_not_equal(sluice_directory_find(&space, name, (uint32_t)bytes), 0);
  }
  free(space.base);
}

static void a_full_table_is_no_memory_and_leaks_none(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  (void)fill_directory(&space);
  uint32_t used = used_of(&space);
  assert_int_equal(open_named(&space, "one too many"), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(used_of(&space), used);
  free(space.base);
}

static void a_full_table_still_answers(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  (void)fill_directory(&space);
  assert_int_equal(sluice_directory_find(&space, "nobody", 6), 0);
  assert_int_equal(space.status, SLUICE_E_EMPTY);
  assert_int_not_equal(open_named(&space, "r17"), 0);
  free(space.base);
}

/* ---- at ---- */

static void the_slots_can_be_walked(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t made = open_named(&space, "one");
  uint32_t seen = 0;
  for (uint32_t i = 0; i < SLUICE_DIRECTORY_ENTRIES; i++) {
    assert_int_equal(sluice_directory_find(&space, "two", 3), 0); /* leaves its status behind */
    uint32_t offset = sluice_directory_at(&space, i);
    assert_int_equal(space.status, SLUICE_OK);
    assert_true(offset == 0 || offset == made);
    seen += offset == made;
  }
  assert_int_equal(seen, 1);
  assert_true(refs_of(&space, made) == (SLUICE_BIT_SPACE | bit_of(space.participant)));
  (void)sluice_directory_at(&space, UINT32_MAX); /* ASan */
  free(space.base);
}

static void a_walk_leaves_no_reference(void **state) {
  (void)state;
  sluice_space first = joined_space(BYTES);
  sluice_space second = joined(&first);
  uint32_t made = open_named(&first, "one");
  for (uint32_t i = 0; i < SLUICE_DIRECTORY_ENTRIES; i++) {
    (void)sluice_directory_at(&second, i);
  }
  assert_true(refs_of(&first, made) == (SLUICE_BIT_SPACE | bit_of(first.participant)));
  free(first.base);
}

/* ---- open ---- */

static void opening_twice_gives_the_same_ring(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t first = open_named(&space, "r");
  uint32_t used = used_of(&space);
  assert_int_equal(open_named(&space, "r"), first);
  assert_int_equal(space.status, SLUICE_OK);
  assert_int_equal(used_of(&space), used);
  free(space.base);
}

static void an_object_is_complete_and_zero_but_for_its_first_line(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t dirty = sluice_slab_alloc(&space, 1000);
  memset(sluice_at(&space, dirty), 0xff, 1000);
  assert_int_equal(sluice_slab_unref(&space, dirty), SLUICE_OK);
  uint32_t offset = sluice_object_open(
      &space, "name", 4,
      (sluice_shape){.kind = 99, .bytes = 1000, .capacity = 0xffffffff, .codec = 0x12345678});
  assert_int_equal(offset, dirty);
  const sluice_object *object = sluice_at(&space, offset);
  assert_int_equal(object->kind, 99);
  assert_int_equal(object->bytes, 1000);
  assert_int_equal(object->capacity, 0xffffffff);
  assert_int_equal(object->codec, 0x12345678);
  assert_int_equal(atomic_load(&object->state), 0);
  assert_int_equal(object->name_bytes, 4);
  assert_memory_equal(object->name, "name", 4);
  const unsigned char *at = sluice_at(&space, offset);
  for (uint32_t i = 28; i < 1000; i++) {
    assert_int_equal(at[i], 0);
  }
  free(space.base);
}

static void *made_at;

static void *room_for(uint32_t bytes) {
  made_at = fresh(bytes);
  return made_at;
}

/* What stands in the first line of an object that was made in the room, which is then freed. */
static void expect_made(int status, uint32_t kind, uint32_t bytes, uint32_t capacity,
                        uint32_t codec) {
  const sluice_object *object = made_at;
  assert_int_equal(status, SLUICE_OK);
  assert_int_equal(object->kind, kind);
  assert_int_equal(object->bytes, bytes);
  assert_int_equal(object->capacity, capacity);
  assert_int_equal(object->codec, codec);
  free(made_at);
}

static void a_ring_or_value_made_without_a_space_says_what_it_is(void **state) {
  (void)state;
  uint32_t bytes = sluice_ring_bytes(64);
  expect_made(sluice_ring_init(room_for(bytes), 64), SLUICE_KIND_RING_SPSC, bytes, 64, 0);
  bytes = sluice_ring_many_bytes(64);
  for (uint32_t kind = SLUICE_KIND_RING_MPSC; kind <= SLUICE_KIND_RING_MPMC; kind++) {
    expect_made(sluice_ring_many_init(room_for(bytes), kind, 64), kind, bytes, 64, 0);
  }
  bytes = sluice_broadcast_bytes(128);
  expect_made(sluice_broadcast_init(room_for(bytes), 128), SLUICE_KIND_BROADCAST, bytes, 128, 0);
  bytes = sluice_queue_bytes(4, 24);
  expect_made(sluice_queue_init(room_for(bytes), 4, 24), SLUICE_KIND_QUEUE, bytes, 4, 24);
  bytes = sluice_cell_bytes(40, 0);
  expect_made(sluice_cell_init(room_for(bytes), 40, 0), SLUICE_KIND_CELL, bytes, 40, 0);
  bytes = sluice_cell_bytes(40, SLUICE_CELL_SEQLOCK);
  expect_made(sluice_cell_init(room_for(bytes), 40, SLUICE_CELL_SEQLOCK), SLUICE_KIND_SEQLOCK,
              bytes, 40, 0);
  bytes = sluice_rpc_bytes(3, 128);
  expect_made(sluice_rpc_init(room_for(bytes), 3, 128), SLUICE_KIND_RPC, bytes, 3 | 2 << 16, 0);
  bytes = sizeof(sluice_counter);
  expect_made(sluice_counter_init(room_for(bytes)), SLUICE_KIND_COUNTER, bytes,
              SLUICE_COUNTER_STRIPES, 0);
  bytes = sizeof(sluice_histogram);
  expect_made(sluice_histogram_init(room_for(bytes)), SLUICE_KIND_HISTOGRAM, bytes,
              SLUICE_HISTOGRAM_BUCKETS, 0);
}

static void a_lock_made_without_a_space_says_what_it_is(void **state) {
  (void)state;
  uint32_t bytes = sizeof(sluice_mutex);
  expect_made(sluice_mutex_init(room_for(bytes)), SLUICE_KIND_MUTEX, bytes, 0, 0);
  bytes = sizeof(sluice_condvar);
  expect_made(sluice_condvar_init(room_for(bytes)), SLUICE_KIND_CONDVAR, bytes, 0, 0);
  bytes = sizeof(sluice_rwlock);
  expect_made(sluice_rwlock_init(room_for(bytes)), SLUICE_KIND_RWLOCK, bytes, 0, 0);
  bytes = sluice_semaphore_bytes(5);
  expect_made(sluice_semaphore_init(room_for(bytes), 5), SLUICE_KIND_SEMAPHORE, bytes, 5, 0);
  bytes = sizeof(sluice_barrier);
  expect_made(sluice_barrier_init(room_for(bytes), 2), SLUICE_KIND_BARRIER, bytes, 2, 0);
  bytes = sizeof(sluice_event);
  expect_made(sluice_event_init(room_for(bytes)), SLUICE_KIND_EVENT, bytes, 0, 0);
  bytes = sizeof(sluice_once);
  expect_made(sluice_once_init(room_for(bytes)), SLUICE_KIND_ONCE, bytes, 0, 0);
}

static void the_opener_and_the_directory_hold_the_object(void **state) {
  (void)state;
  sluice_space first = joined_space(BYTES);
  sluice_space second = joined(&first);
  uint32_t offset = open_named(&first, "r");
  assert_true(refs_of(&first, offset) == (SLUICE_BIT_SPACE | bit_of(first.participant)));
  assert_int_equal(open_named(&second, "r"), offset);
  assert_true(refs_of(&first, offset) ==
              (SLUICE_BIT_SPACE | bit_of(first.participant) | bit_of(second.participant)));
  free(first.base);
}

static void another_kind_is_a_mismatch(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  (void)open_named(&space, "r");
  sluice_shape shape = {
      .kind = SLUICE_KIND_EVENT, .bytes = sluice_ring_bytes(64), .capacity = 64, .codec = 0};
  assert_int_equal(sluice_object_open(&space, "r", 1, shape), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  shape.kind = SLUICE_KIND_RING_SPSC;
  shape.bytes++;
  assert_int_equal(sluice_object_open(&space, "r", 1, shape), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void a_mismatch_leaves_no_reference_and_takes_none_away(void **state) {
  (void)state;
  sluice_space first = joined_space(BYTES);
  sluice_space second = joined(&first);
  uint32_t offset = open_named(&first, "r");
  uint64_t refs = refs_of(&first, offset);
  assert_int_equal(sluice_ring_open(&second, "r", 1, 128, 0), 0);
  assert_int_equal(sluice_ring_open(&first, "r", 1, 128, 0), 0);
  assert_true(refs_of(&first, offset) == refs);
  free(first.base);
}

static void an_object_smaller_than_its_first_line_is_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  for (uint32_t bytes = 0; bytes < sizeof(sluice_object); bytes += 127) {
    assert_int_equal(sluice_object_open(&space, "o", 1, (sluice_shape){.kind = 1, .bytes = bytes}),
                     0);
    assert_int_equal(space.status, SLUICE_E_INVALID);
  }
  assert_int_equal(used_of(&space), 0);
  free(space.base);
}

static void another_capacity_is_a_mismatch(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  (void)sluice_ring_open(&space, "r", 1, 64, 5);
  assert_int_equal(sluice_ring_open(&space, "r", 1, 128, 5), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void another_capacity_of_as_many_bytes_is_a_mismatch(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_shape shape = {.kind = 99, .bytes = 1000, .capacity = 5};
  assert_int_not_equal(sluice_object_open(&space, "o", 1, shape), 0);
  shape.capacity = 6;
  assert_int_equal(sluice_object_open(&space, "o", 1, shape), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void another_codec_is_a_mismatch(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  (void)sluice_ring_open(&space, "r", 1, 64, 5);
  assert_int_equal(sluice_ring_open(&space, "r", 1, 64, 6), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void a_capacity_out_of_range_is_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  const uint32_t capacities[] = {0, 1, 32, 63, 65, 100, 1000, 0x40000001u, 0x80000000u, UINT32_MAX};
  for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
    assert_int_equal(sluice_ring_open(&space, "r", 1, capacities[i], 0), 0);
    assert_int_equal(space.status, SLUICE_E_INVALID);
  }
  assert_int_equal(used_of(&space), 0);
  free(space.base);
}

static void a_ring_larger_than_the_space_is_no_memory(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  assert_int_equal(sluice_ring_open(&space, "r", 1, BYTES, 0), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_object_open(&space, "r", 1, (sluice_shape){.bytes = UINT32_MAX}), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_directory_find(&space, "r", 1), 0);
  free(space.base);
}

static void a_closed_space_opens_no_ring(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  (void)open_named(&space, "r");
  (void)sluice_space_close(&space);
  assert_int_equal(open_named(&space, "r"), 0);
  assert_int_equal(space.status, SLUICE_E_CLOSED);
  free(space.base);
}

static void a_poisoned_space_opens_no_ring(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  atomic_store(&header_of(&space)->state, SLUICE_SPACE_POISONED);
  assert_int_equal(open_named(&space, "r"), 0);
  assert_int_equal(space.status, SLUICE_E_POISONED);
  free(space.base);
}

/* ---- close and remove ---- */

static void closing_ends_the_participants_use_however_often_it_opened(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t offset = open_named(&space, "r");
  (void)open_named(&space, "r");
  (void)sluice_directory_find(&space, "r", 1);
  assert_int_equal(sluice_object_close(&space, offset), SLUICE_OK);
  assert_true(refs_of(&space, offset) == SLUICE_BIT_SPACE);
  assert_int_equal(sluice_object_close(&space, offset), SLUICE_E_INVALID);
  assert_int_equal(sluice_directory_find(&space, "r", 1), offset); /* it stays in the directory */
  free(space.base);
}

static void who_has_not_joined_closes_nothing(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t offset = open_named(&space, "r");
  assert_int_equal(sluice_object_close(&space, offset), SLUICE_OK);
  assert_true(refs_of(&space, offset) == SLUICE_BIT_SPACE); /* the directory's */
  assert_int_equal(sluice_directory_find(&space, "r", 1), offset);
  free(space.base);
}

static void closing_what_is_no_block_is_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  (void)open_named(&space, "r");
  const uint32_t offsets[] = {0, 1, 128, 7041, BYTES - 128, BYTES, UINT32_MAX - 127, UINT32_MAX};
  for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
    assert_int_equal(sluice_object_close(&space, offsets[i]), SLUICE_E_INVALID);
  }
  free(space.base);
}

static void a_removed_name_is_empty_and_the_object_lives_until_it_is_closed(void **state) {
  (void)state;
  sluice_space first = joined_space(BYTES);
  sluice_space second = joined(&first);
  uint32_t used = used_of(&first);
  uint32_t offset = open_named(&first, "r");
  assert_int_equal(open_named(&second, "r"), offset);
  assert_int_equal(sluice_directory_remove(&first, "r", 1), SLUICE_OK);
  assert_int_equal(sluice_directory_find(&second, "r", 1), 0);
  assert_int_equal(second.status, SLUICE_E_EMPTY);
  assert_int_equal(sluice_object_close(&first, offset), SLUICE_OK);
  sluice_ring_producer producer;
  assert_int_equal(
      sluice_ring_producer_open(&producer, ring_at(&second, offset), 64, second.participant),
      SLUICE_OK);
  assert_int_equal(sluice_ring_push(&producer, "x", 1, 0), SLUICE_OK);
  assert_int_equal(sluice_object_close(&second, offset), SLUICE_OK);
  assert_int_equal(used_of(&first), used);
  free(first.base);
}

static void a_removed_name_can_be_created_anew_at_once(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t old = open_named(&space, "r");
  assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_OK);
  uint32_t anew = sluice_ring_open(&space, "r", 1, 128, 7); /* of another shape, too */
  assert_true(anew != 0 && anew != old);
  assert_int_equal(sluice_directory_find(&space, "r", 1), anew);
  assert_int_equal(sluice_object_close(&space, old), SLUICE_OK);
  assert_int_equal(sluice_directory_find(&space, "r", 1), anew);
  free(space.base);
}

static void removing_what_nobody_has_open_frees_it(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t used = used_of(&space);
  uint32_t offset = open_named(&space, "r");
  (void)sluice_object_close(&space, offset);
  assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_OK);
  assert_int_equal(used_of(&space), used);
  free(space.base);
}

static void removing_an_unknown_name_is_empty(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_E_EMPTY);
  (void)open_named(&space, "r");
  assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_OK);
  assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_E_EMPTY);
  free(space.base);
}

static void removing_a_bad_name_is_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  assert_int_equal(sluice_directory_remove(&space, "", 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_directory_remove(&space, "r", SLUICE_NAME_MAX + 1), SLUICE_E_INVALID);
  assert_int_equal(sluice_directory_remove(&space, "r", UINT32_MAX), SLUICE_E_INVALID);
  free(space.base);
}

static void every_name_of_a_full_directory_can_be_removed_and_replaced(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t used = used_of(&space);
  for (int round = 0; round < 3; round++) {
    char name[16];
    assert_int_equal(fill_directory(&space), SLUICE_DIRECTORY_ENTRIES);
    for (int i = 0; i < SLUICE_DIRECTORY_ENTRIES; i++) {
      uint32_t bytes = (uint32_t)snprintf(name, sizeof name, "r%d", i);
      uint32_t offset = sluice_directory_find(&space, name, bytes);
      assert_int_equal(sluice_object_close(&space, offset), SLUICE_OK);
      assert_int_equal(sluice_directory_remove(&space, name, bytes), SLUICE_OK);
    }
    assert_int_equal(used_of(&space), used);
  }
  free(space.base);
}

/* ---- finalizers: what an object refers to goes with it ---- */

typedef struct reasoned {
  uint32_t ring;
  uint32_t reason;
} reasoned;

/* A ring that `space` has closed for a reason of its own. */
static reasoned close_for_a_reason(sluice_space *space) {
  sluice_ring_producer producer;
  reasoned made = {.ring = open_named(space, "r"), .reason = sluice_slab_alloc(space, 40)};
  memset(sluice_at(space, made.reason), 9, 40);
  assert_int_equal(
      sluice_ring_producer_open(&producer, ring_at(space, made.ring), 64, space->participant),
      SLUICE_OK);
  assert_int_equal(sluice_ring_producer_close_for(&producer, space, made.reason, 40), SLUICE_OK);
  return made;
}

static void a_rings_reason_to_close_lives_as_long_as_the_ring(void **state) {
  (void)state;
  sluice_space first = joined_space(BYTES);
  sluice_space second = joined(&first);
  uint32_t used = used_of(&first);
  reasoned made = close_for_a_reason(&first);
  assert_int_equal(open_named(&second, "r"), made.ring);
  assert_int_equal(sluice_participant_leave(&first), SLUICE_OK); /* who gave it is gone */
  assert_int_equal(atomic_load(&ring_at(&second, made.ring)->producer.reason), made.reason);
  assert_int_equal(ring_at(&second, made.ring)->producer.reason_bytes, 40);
  assert_int_equal(*(unsigned char *)sluice_at(&second, made.reason), 9);
  assert_int_equal(sluice_directory_remove(&second, "r", 1), SLUICE_OK);
  assert_true(refs_of(&second, made.reason) != 0);
  assert_int_equal(sluice_object_close(&second, made.ring), SLUICE_OK);
  assert_int_equal(used_of(&second), used);
  free(first.base);
}

static void the_first_reason_stays_and_the_second_is_let_go(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_ring_producer producer;
  uint32_t offset = open_named(&space, "r");
  (void)sluice_ring_producer_open(&producer, ring_at(&space, offset), 64, space.participant);
  uint32_t one = sluice_slab_alloc(&space, 40);
  uint32_t two = sluice_slab_alloc(&space, 40);
  assert_int_equal(sluice_ring_producer_close_for(&producer, &space, one, 40), SLUICE_OK);
  assert_int_equal(sluice_ring_producer_close_for(&producer, &space, two, 30), SLUICE_OK);
  assert_int_equal(atomic_load(&ring_at(&space, offset)->producer.reason), one);
  assert_int_equal(ring_at(&space, offset)->producer.reason_bytes, 40);
  assert_true(refs_of(&space, two) == 0);
  free(space.base);
}

static void a_reason_that_is_no_block_is_not_kept(void **state) {
  (void)state;
  const uint32_t reasons[] = {1, 128, 7041, BYTES - 128, BYTES, UINT32_MAX - 127, UINT32_MAX};
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
    sluice_space space = joined_space(BYTES);
    sluice_ring_producer producer;
    uint32_t offset = open_named(&space, "r");
    (void)sluice_ring_producer_open(&producer, ring_at(&space, offset), 64, space.participant);
    int status = sluice_ring_producer_close_for(&producer, &space, reasons[i], 40); /* ASan */
    assert_true(status == SLUICE_OK || status == SLUICE_E_INVALID);
    assert_int_equal(atomic_load(&ring_at(&space, offset)->producer.reason), 0);
    free(space.base);
  }
}

static void a_falsified_reason_is_let_go_of_inside_the_space_only(void **state) {
  (void)state;
  const uint32_t hostile[] = {1, 128, 7041, BYTES - 128, BYTES, UINT32_MAX - 127, UINT32_MAX};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = joined_space(BYTES);
    reasoned made = close_for_a_reason(&space);
    atomic_store(&ring_at(&space, made.ring)->producer.reason, hostile[i]);
    assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_OK);
    assert_int_equal(sluice_object_close(&space, made.ring), SLUICE_OK); /* ASan */
    free(space.base);
  }
}

/* ---- hostile words ---- */

static uint32_t slot_of(sluice_space *space, uint32_t offset) {
  uint32_t slot = 0;
  while ((atomic_load(&header_of(space)->directory[slot]) & 0x1ffffff) != offset / SLUICE_ALIGN) {
    slot++;
  }
  return slot;
}

static void an_entry_that_is_no_block_is_an_error_everywhere(void **state) {
  (void)state;
  const uint64_t hostile[] = {
      1, 54, BYTES / 128 - 1, UINT64_C(7) << 32 | 1, BYTES / 128, BYTES / 128 + 1, 0x1ffffff};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = joined_space(BYTES);
    uint32_t slot = slot_of(&space, open_named(&space, "r"));
    atomic_store(&header_of(&space)->directory[slot], hostile[i]);
    /* poison; or, past the end, where a space that has grown might go on, only an error */
    int error = i < 4 ? SLUICE_E_POISONED : SLUICE_E_AGAIN;
    assert_int_equal(sluice_directory_at(&space, slot), 0);
    assert_true(space.status == SLUICE_E_POISONED || space.status == error);
    error = space.status;
    assert_int_equal(sluice_directory_find(&space, "r", 1), 0);
    assert_int_equal(space.status, error);
    assert_int_equal(sluice_directory_remove(&space, "r", 1), error);
    assert_int_equal(open_named(&space, "r"), 0);
    assert_int_equal(space.status, error);
    free(space.base);
  }
}

static void an_object_that_claims_more_than_its_block_is_not_opened(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_object *object = sluice_at(&space, open_named(&space, "r"));
  object->capacity = SLUICE_RING_CAPACITY_MAX;
  object->bytes = sluice_ring_bytes(SLUICE_RING_CAPACITY_MAX);
  assert_int_equal(sluice_ring_open(&space, "r", 1, SLUICE_RING_CAPACITY_MAX, 0), 0);
  assert_int_equal(space.status, SLUICE_E_POISONED);
  assert_int_equal(open_named(&space, "r"), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void a_falsified_first_line_is_survived(void **state) {
  (void)state;
  const uint32_t hostile[] = {0, 1, 2, 9, 127, 0x7fffffff, 0x80000000, UINT32_MAX};
  for (uint32_t word = 0; word < 6; word++) {
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
      sluice_space space = joined_space(BYTES);
      sluice_space peer = joined(&space);
      uint32_t offset = open_named(&space, "r");
      (void)open_named(&peer, "r");
      ((uint32_t *)sluice_at(&space, offset))[word] = hostile[i];
      (void)open_named(&space, "r");
      (void)sluice_participant_bury(&space, peer.participant);
      (void)sluice_space_close(&space);
      (void)sluice_directory_remove(&space, "r", 1);
      (void)sluice_object_close(&space, offset);
      free(space.base);
    }
  }
}

static void a_block_that_forgot_its_holders_is_answered(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t offset = open_named(&space, "r");
  atomic_store(&block_of(&space, offset)->refs, 0);
  assert_int_equal(sluice_directory_find(&space, "r", 1), 0);
  assert_int_equal(space.status, SLUICE_E_AGAIN);
  assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_E_AGAIN);
  assert_int_equal(open_named(&space, "r"), 0);
  assert_int_equal(space.status, SLUICE_E_AGAIN);
  free(space.base);
}

/* ---- threads ---- */

enum { OPENERS = 6, NAMES = 40 };

typedef struct opener {
  sluice_space space;
  pthread_barrier_t *together;
  uint32_t offsets[NAMES];
} opener;

static void *open_all(void *argument) {
  opener *self = argument;
  char name[16];
  pthread_barrier_wait(self->together);
  for (int i = 0; i < NAMES; i++) {
    int bytes = snprintf(name, sizeof name, "n%d", i);
    self->offsets[i] = sluice_ring_open(&self->space, name, (uint32_t)bytes, 64, 0);
  }
  return NULL;
}

static void threads_that_open_a_name_at_once_get_one_object(void **state) {
  (void)state;
  pthread_barrier_t together;
  pthread_barrier_init(&together, NULL, OPENERS);
  for (int round = 0; round < 50; round++) {
    sluice_space space = joined_space(BYTES);
    opener openers[OPENERS];
    pthread_t threads[OPENERS];
    for (int i = 0; i < OPENERS; i++) {
      openers[i] = (opener){.space = joined(&space), .together = &together};
      threads[i] = start(open_all, &openers[i]);
    }
    for (int i = 0; i < OPENERS; i++) {
      (void)finish(threads[i]);
    }
    for (int n = 0; n < NAMES; n++) {
      assert_int_not_equal(openers[0].offsets[n], 0);
      for (int i = 1; i < OPENERS; i++) {
        assert_int_equal(openers[i].offsets[n], openers[0].offsets[n]);
      }
    }
    assert_int_equal(used_of(&space), NAMES * 512); /* 448 bytes and 64 of header each */
    free(space.base);
  }
  pthread_barrier_destroy(&together);
}

/* Each opens, looks into what it got, closes and removes, all the same few names. */
static void *open_and_remove(void *argument) {
  opener *self = argument;
  intptr_t wrong = 0;
  pthread_barrier_wait(self->together);
  for (uint32_t i = 0; i < 4000; i++) {
    char name[2] = {'n', (char)('0' + (i * 7 + self->space.participant) % 3)};
    uint32_t offset = sluice_ring_open(&self->space, name, 2, 64, 0);
    if (offset == 0) {
      wrong += self->space.status != SLUICE_E_AGAIN;
      continue;
    }
    const sluice_object *object = sluice_at(&self->space, offset);
    wrong += object->kind != SLUICE_KIND_RING_SPSC || memcmp(object->name, name, 2) != 0;
    if (i % 2 == 0) {
      int status = sluice_directory_remove(&self->space, name, 2);
      wrong += status != SLUICE_OK && status != SLUICE_E_EMPTY && status != SLUICE_E_AGAIN;
    }
    wrong += memcmp(object->name, name, 2) != 0; /* it is still open */
    wrong += sluice_object_close(&self->space, offset) != SLUICE_OK;
  }
  return (void *)wrong;
}

static void threads_that_open_and_remove_at_once_see_whole_objects_and_leak_none(void **state) {
  (void)state;
  pthread_barrier_t together;
  pthread_barrier_init(&together, NULL, OPENERS);
  sluice_space space = joined_space(BYTES);
  uint32_t used = used_of(&space);
  opener openers[OPENERS];
  pthread_t threads[OPENERS];
  for (int i = 0; i < OPENERS; i++) {
    openers[i] = (opener){.space = joined(&space), .together = &together};
    threads[i] = start(open_and_remove, &openers[i]);
  }
  for (int i = 0; i < OPENERS; i++) {
    assert_int_equal(finish(threads[i]), 0);
  }
  for (char c = '0'; c < '3'; c++) {
    char name[2] = {'n', c};
    int status = sluice_directory_remove(&space, name, 2);
    assert_true(status == SLUICE_OK || status == SLUICE_E_EMPTY);
  }
  assert_int_equal(used_of(&space), used);
  assert_int_equal(sluice_space_state(&space), SLUICE_OK);
  pthread_barrier_destroy(&together);
  free(space.base);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_unknown_name_is_empty),
      cmocka_unit_test(a_known_name_is_found_by_every_thread),
      cmocka_unit_test(a_name_is_compared_whole),
      cmocka_unit_test(a_name_may_hold_any_bytes),
      cmocka_unit_test(a_name_of_104_bytes_is_the_longest),
      cmocka_unit_test(an_empty_name_is_invalid),
      cmocka_unit_test(a_name_length_of_4_gib_is_invalid_unread),
      cmocka_unit_test(looking_finds_the_same_and_takes_no_reference),
      cmocka_unit_test(every_entry_of_the_table_can_be_used),
      cmocka_unit_test(a_full_table_is_no_memory_and_leaks_none),
      cmocka_unit_test(a_full_table_still_answers),
      cmocka_unit_test(the_slots_can_be_walked),
      cmocka_unit_test(a_walk_leaves_no_reference),
      cmocka_unit_test(opening_twice_gives_the_same_ring),
      cmocka_unit_test(an_object_is_complete_and_zero_but_for_its_first_line),
      cmocka_unit_test(a_ring_or_value_made_without_a_space_says_what_it_is),
      cmocka_unit_test(a_lock_made_without_a_space_says_what_it_is),
      cmocka_unit_test(the_opener_and_the_directory_hold_the_object),
      cmocka_unit_test(another_kind_is_a_mismatch),
      cmocka_unit_test(a_mismatch_leaves_no_reference_and_takes_none_away),
      cmocka_unit_test(an_object_smaller_than_its_first_line_is_invalid),
      cmocka_unit_test(another_capacity_is_a_mismatch),
      cmocka_unit_test(another_capacity_of_as_many_bytes_is_a_mismatch),
      cmocka_unit_test(another_codec_is_a_mismatch),
      cmocka_unit_test(a_capacity_out_of_range_is_invalid),
      cmocka_unit_test(a_ring_larger_than_the_space_is_no_memory),
      cmocka_unit_test(a_closed_space_opens_no_ring),
      cmocka_unit_test(a_poisoned_space_opens_no_ring),
      cmocka_unit_test(closing_ends_the_participants_use_however_often_it_opened),
      cmocka_unit_test(who_has_not_joined_closes_nothing),
      cmocka_unit_test(closing_what_is_no_block_is_invalid),
      cmocka_unit_test(a_removed_name_is_empty_and_the_object_lives_until_it_is_closed),
      cmocka_unit_test(a_removed_name_can_be_created_anew_at_once),
      cmocka_unit_test(removing_what_nobody_has_open_frees_it),
      cmocka_unit_test(removing_an_unknown_name_is_empty),
      cmocka_unit_test(removing_a_bad_name_is_invalid),
      cmocka_unit_test(every_name_of_a_full_directory_can_be_removed_and_replaced),
      cmocka_unit_test(a_rings_reason_to_close_lives_as_long_as_the_ring),
      cmocka_unit_test(the_first_reason_stays_and_the_second_is_let_go),
      cmocka_unit_test(a_reason_that_is_no_block_is_not_kept),
      cmocka_unit_test(a_falsified_reason_is_let_go_of_inside_the_space_only),
      cmocka_unit_test(an_entry_that_is_no_block_is_an_error_everywhere),
      cmocka_unit_test(an_object_that_claims_more_than_its_block_is_not_opened),
      cmocka_unit_test(a_falsified_first_line_is_survived),
      cmocka_unit_test(a_block_that_forgot_its_holders_is_answered),
      cmocka_unit_test(threads_that_open_a_name_at_once_get_one_object),
      cmocka_unit_test(threads_that_open_and_remove_at_once_see_whole_objects_and_leak_none),
  };
  return RUN(tests);
}
