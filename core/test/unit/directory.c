/* directory.h and the naming half of ring.h: one object a name, whoever is first. */
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
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_directory_find(&space, "nobody", 6), 0);
  assert_int_equal(space.status, SLUICE_E_EMPTY);
  free(space.base);
}

static void a_known_name_is_found_by_every_thread(void **state) {
  (void)state;
  sluice_space first = fresh_space(BYTES);
  sluice_space second;
  (void)sluice_space_attach(&second, first.base, BYTES);
  uint32_t made = open_named(&first, "orders");
  assert_int_not_equal(made, 0);
  assert_int_equal(sluice_directory_find(&second, "orders", 6), made);
  free(first.base);
}

static void a_name_is_compared_whole(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)open_named(&space, "orders");
  assert_int_equal(sluice_directory_find(&space, "order", 5), 0);
  assert_int_equal(sluice_directory_find(&space, "orders2", 7), 0);
  assert_int_equal(sluice_directory_find(&space, "orderS", 6), 0);
  free(space.base);
}

static void a_name_may_hold_any_bytes(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
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
  sluice_space space = fresh_space(BYTES);
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
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_directory_find(&space, "", 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_open(&space, "", 0, 64, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  free(space.base);
}

static void a_name_length_of_4_gib_is_invalid_unread(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_directory_find(&space, "x", UINT32_MAX), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  free(space.base);
}

/* ---- a full table ---- */

static void every_entry_of_the_table_can_be_used(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
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
  sluice_space space = fresh_space(BYTES);
  (void)fill_directory(&space);
  uint32_t used = used_of(&space);
  assert_int_equal(open_named(&space, "one too many"), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(used_of(&space), used);
  free(space.base);
}

static void a_full_table_still_answers(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)fill_directory(&space);
  assert_int_equal(sluice_directory_find(&space, "nobody", 6), 0);
  assert_int_equal(space.status, SLUICE_E_EMPTY);
  assert_int_not_equal(open_named(&space, "r17"), 0);
  free(space.base);
}

/* ---- enter and at ---- */

/* A complete object that stands in no directory yet. */
static uint32_t make_object(sluice_space *space, const char *name) {
  uint32_t offset = sluice_space_alloc(space, sluice_ring_bytes(64));
  sluice_object *object = &ring_at(space, offset)->object;
  assert_int_equal(sluice_ring_init(object, 64), SLUICE_OK);
  object->name_bytes = (uint32_t)strlen(name);
  memcpy(object->name, name, object->name_bytes);
  return offset;
}

static void the_first_to_enter_a_name_stays(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t first = make_object(&space, "same");
  uint32_t second = make_object(&space, "same");
  assert_int_equal(sluice_directory_enter(&space, first), first);
  assert_int_equal(sluice_directory_enter(&space, second), first);
  assert_int_equal(space.status, SLUICE_OK);
  assert_int_equal(sluice_directory_find(&space, "same", 4), first);
  free(space.base);
}

static void entering_into_a_full_table_is_no_memory(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)fill_directory(&space);
  uint32_t made = make_object(&space, "late");
  assert_int_equal(sluice_directory_enter(&space, made), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  free(space.base);
}

static void the_slots_can_be_walked(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t made = open_named(&space, "one");
  uint32_t seen = 0;
  for (uint32_t i = 0; i < SLUICE_DIRECTORY_ENTRIES; i++) {
    uint32_t offset = sluice_directory_at(&space, i);
    assert_int_equal(space.status, SLUICE_OK);
    assert_true(offset == 0 || offset == made);
    seen += offset == made;
  }
  assert_int_equal(seen, 1);
  free(space.base);
}

/* ---- ring_open ---- */

static void opening_twice_gives_the_same_ring(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t first = open_named(&space, "r");
  uint32_t used = used_of(&space);
  assert_int_equal(open_named(&space, "r"), first);
  assert_int_equal(space.status, SLUICE_OK);
  assert_int_equal(used_of(&space), used);
  free(space.base);
}

static void another_capacity_is_a_mismatch(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)sluice_ring_open(&space, "r", 1, 64, 5);
  assert_int_equal(sluice_ring_open(&space, "r", 1, 128, 5), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void another_codec_is_a_mismatch(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)sluice_ring_open(&space, "r", 1, 64, 5);
  assert_int_equal(sluice_ring_open(&space, "r", 1, 64, 6), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void a_capacity_out_of_range_is_invalid(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
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
  sluice_space space = fresh_space(BYTES);
  assert_int_equal(sluice_ring_open(&space, "r", 1, BYTES, 0), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_directory_find(&space, "r", 1), 0);
  free(space.base);
}

static void a_closed_space_opens_no_ring(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)open_named(&space, "r");
  (void)sluice_space_close(&space);
  assert_int_equal(open_named(&space, "r"), 0);
  assert_int_equal(space.status, SLUICE_E_CLOSED);
  free(space.base);
}

static void a_poisoned_space_opens_no_ring(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  atomic_store(&header_of(&space)->state, SLUICE_SPACE_POISONED);
  assert_int_equal(open_named(&space, "r"), 0);
  assert_int_equal(space.status, SLUICE_E_POISONED);
  free(space.base);
}

/* ---- corruption ---- */

static uint32_t slot_of(sluice_space *space, uint32_t offset) {
  uint32_t slot = 0;
  while (atomic_load(&header_of(space)->directory[slot]) != offset) {
    slot++;
  }
  return slot;
}

static void an_entry_out_of_bounds_is_poisoned(void **state) {
  (void)state;
  const uint32_t hostile[] = {1, 128, 10112, 10241, BYTES - 128, BYTES, 0xffffff80u, UINT32_MAX};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    sluice_space space = fresh_space(BYTES);
    uint32_t slot = slot_of(&space, open_named(&space, "r"));
    atomic_store(&header_of(&space)->directory[slot], hostile[i]);
    assert_int_equal(sluice_directory_at(&space, slot), 0);
    assert_int_equal(space.status, SLUICE_E_POISONED);
    assert_int_equal(sluice_directory_find(&space, "r", 1), 0);
    assert_int_equal(space.status, SLUICE_E_POISONED);
    assert_int_equal(open_named(&space, "r"), 0);
    assert_int_equal(space.status, SLUICE_E_POISONED);
    free(space.base);
  }
}

static void entering_behind_a_corrupted_entry_is_poisoned(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t first = open_named(&space, "r");
  atomic_store(&header_of(&space)->directory[slot_of(&space, first)], 1);
  uint32_t second = make_object(&space, "r");
  assert_int_equal(sluice_directory_enter(&space, second), 0);
  assert_int_equal(space.status, SLUICE_E_POISONED);
  free(space.base);
}

static void spoil(sluice_object *object, int how) {
  switch (how) {
    case 0:
      object->kind = 99;
      break;
    case 1:
      object->bytes = UINT32_MAX;
      break;
    case 2:
      object->capacity = SLUICE_RING_CAPACITY_MAX;
      break;
    case 3: /* contradicts nothing but the end of the space */
      object->capacity = SLUICE_RING_CAPACITY_MAX;
      object->bytes = sluice_ring_bytes(SLUICE_RING_CAPACITY_MAX);
      break;
    case 4:
      object->capacity = 0;
      object->bytes = 0;
      break;
    default:
      object->name_bytes = UINT32_MAX;
      break;
  }
}

static void an_object_that_contradicts_itself_is_poisoned(void **state) {
  (void)state;
  for (int how = 0; how <= 5; how++) {
    sluice_space space = fresh_space(BYTES);
    uint32_t offset = open_named(&space, "r");
    spoil(&ring_at(&space, offset)->object, how);
    assert_int_equal(sluice_directory_find(&space, "r", 1), 0);
    assert_int_equal(space.status, SLUICE_E_POISONED);
    assert_int_equal(open_named(&space, "r"), 0);
    assert_int_equal(space.status, SLUICE_E_POISONED);
    free(space.base);
  }
}

static void closing_and_burying_pass_over_a_corrupted_entry(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  (void)sluice_participant_join(&space, 0);
  sluice_ring *good = ring_at(&space, open_named(&space, "good"));
  sluice_ring_producer producer;
  (void)sluice_ring_producer_open(&producer, good, 64, space.participant);
  for (uint32_t i = 0; i < SLUICE_DIRECTORY_ENTRIES; i++) {
    uint32_t nothing = 0;
    (void)atomic_compare_exchange_strong(&header_of(&space)->directory[i], &nothing, 1);
  }
  assert_int_equal(sluice_participant_bury(&space, space.participant), 1);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(atomic_load(&good->object.state),
                   SLUICE_RING_PRODUCER_CLOSED | SLUICE_RING_PRODUCER_LOST);
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
    sluice_space space = fresh_space(BYTES);
    opener openers[OPENERS];
    pthread_t threads[OPENERS];
    for (int i = 0; i < OPENERS; i++) {
      openers[i] = (opener){.space = space, .together = &together};
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
    assert_int_equal(used_of(&space), NAMES * (384 + 128)); /* 448 bytes each, rounded to lines */
    free(space.base);
  }
  pthread_barrier_destroy(&together);
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
      cmocka_unit_test(every_entry_of_the_table_can_be_used),
      cmocka_unit_test(a_full_table_is_no_memory_and_leaks_none),
      cmocka_unit_test(a_full_table_still_answers),
      cmocka_unit_test(the_first_to_enter_a_name_stays),
      cmocka_unit_test(entering_into_a_full_table_is_no_memory),
      cmocka_unit_test(the_slots_can_be_walked),
      cmocka_unit_test(opening_twice_gives_the_same_ring),
      cmocka_unit_test(another_capacity_is_a_mismatch),
      cmocka_unit_test(another_codec_is_a_mismatch),
      cmocka_unit_test(a_capacity_out_of_range_is_invalid),
      cmocka_unit_test(a_ring_larger_than_the_space_is_no_memory),
      cmocka_unit_test(a_closed_space_opens_no_ring),
      cmocka_unit_test(a_poisoned_space_opens_no_ring),
      cmocka_unit_test(an_entry_out_of_bounds_is_poisoned),
      cmocka_unit_test(entering_behind_a_corrupted_entry_is_poisoned),
      cmocka_unit_test(an_object_that_contradicts_itself_is_poisoned),
      cmocka_unit_test(closing_and_burying_pass_over_a_corrupted_entry),
      cmocka_unit_test(threads_that_open_a_name_at_once_get_one_object),
  };
  return RUN(tests);
}
