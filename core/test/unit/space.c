/* space.h: what makes a space, who may attach to it, how it grows and closes. Its blocks: slab.c.
 */
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
  const uint32_t sizes[] = {0, 1, 128, 6912, 16383};
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

static void the_headers_bytes_need_not_be_zero(void **state) {
  (void)state;
  unsigned char *at = fresh(BYTES);
  memset(at, 0xff, sizeof(sluice_space_header));
  sluice_space space;
  assert_int_equal(sluice_space_init(&space, at, BYTES), SLUICE_OK);
  assert_int_equal(sluice_space_state(&space), SLUICE_OK);
  assert_int_equal(used_of(&space), 0);
  assert_int_equal(sluice_participant_count(&space), 0);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  assert_int_not_equal(sluice_space_alloc(&space, 1000), 0);
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
  assert_int_equal(offsetof(sluice_space_header, recovered), 24);
  assert_int_equal(offsetof(sluice_space_header, classes), 128);
  assert_int_equal(offsetof(sluice_space_header, participants), 1664);
  assert_int_equal(offsetof(sluice_space_header, directory_version), 4736);
  assert_int_equal(offsetof(sluice_space_header, directory), 4864);
  assert_int_equal(sizeof(sluice_space_header), 6912);
  sluice_space space = fresh_space(BYTES);
  assert_memory_equal(space.base, "SLCE", 4);
  assert_int_equal(atomic_load(&header_of(&space)->version), SLUICE_LAYOUT_VERSION);
  assert_int_equal(atomic_load(&header_of(&space)->bytes), BYTES);
  assert_int_equal(sluice_at(&space, 4864) == (void *)header_of(&space)->directory, 1);
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

static void a_refused_attach_leaves_the_callers_space_alone(void **state) {
  (void)state;
  sluice_space first = fresh_space(BYTES);
  sluice_space second = {.bytes = 77};
  header_of(&first)->magic = 0;
  assert_int_equal(sluice_space_attach(&second, first.base, BYTES), SLUICE_E_VERSION);
  assert_int_equal(sluice_space_init(&second, first.base, 0), SLUICE_E_INVALID);
  assert_null(second.base);
  assert_int_equal(second.bytes, 77);
  free(first.base);
}

static void less_than_a_header_available_is_refused_unread(void **state) {
  (void)state;
  void *at = fresh(128); /* ASan: the version lies in it, the rest does not */
  sluice_space space;
  assert_int_equal(sluice_space_attach(&space, at, 128), SLUICE_E_VERSION);
  free(at);
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

static void growth_reaches_every_thread(void **state) {
  (void)state;
  unsigned char *at = fresh(BYTES);
  sluice_space first;
  sluice_space second;
  assert_int_equal(sluice_space_init(&first, at, 16384), SLUICE_OK);
  assert_int_equal(sluice_space_attach(&first, at, BYTES), SLUICE_OK);
  assert_int_equal(sluice_space_attach(&second, at, BYTES), SLUICE_OK);
  assert_int_equal(sluice_slab_alloc(&second, 100000), 0);
  assert_int_equal(second.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_space_grow(&first, BYTES), SLUICE_OK);
  assert_int_not_equal(sluice_slab_alloc(&second, 100000), 0);
  free(at);
}

/* A process that has mapped less than the others by now: it gets no more memory, and harms nobody.
 */
static void a_thread_that_sees_less_of_the_space_does_not_poison_it(void **state) {
  (void)state;
  unsigned char *at = fresh(BYTES);
  sluice_space narrow;
  sluice_space wide;
  assert_int_equal(sluice_space_init(&narrow, at, 16384), SLUICE_OK);
  assert_int_equal(sluice_space_attach(&wide, at, BYTES), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&narrow, 0), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&wide, 0), SLUICE_OK);
  uint32_t own = sluice_slab_alloc(&narrow, 1000);
  assert_int_equal(sluice_space_grow(&wide, BYTES), SLUICE_OK);
  for (int i = 0; i < 30; i++) {
    assert_int_not_equal(sluice_slab_alloc(&wide, 1000), 0);
  }
  assert_int_equal(sluice_slab_alloc(&narrow, 1000000), 0);
  assert_int_equal(narrow.status, SLUICE_E_NO_MEMORY);
  uint32_t beyond = sluice_ring_open(&wide, "r", 1, 64, 0);
  assert_true(beyond > 16384);
  (void)used_of(&narrow);
  assert_int_equal(sluice_slab_ref(&narrow, beyond, 1), SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_open(&narrow, "r", 1, 64, 0), 0);
  assert_int_equal(narrow.status, SLUICE_E_AGAIN);
  assert_int_equal(sluice_directory_find(&narrow, "r", 1), 0);
  assert_int_equal(narrow.status, SLUICE_E_AGAIN);
  assert_int_equal(sluice_directory_remove(&narrow, "r", 1), SLUICE_E_AGAIN);
  narrow.bytes = BYTES; /* it has mapped as much */
  assert_int_equal(sluice_directory_find(&narrow, "r", 1), beyond);
  narrow.bytes = 16384;
  assert_int_equal(sluice_slab_unref(&narrow, own), SLUICE_OK);
  (void)sluice_participant_leave(&narrow);
  assert_int_equal(sluice_space_state(&wide), SLUICE_OK);
  free(at);
}

static void an_object_half_beyond_what_a_thread_sees_is_an_error_to_it_alone(void **state) {
  (void)state;
  unsigned char *at = fresh(BYTES);
  sluice_space narrow;
  sluice_space wide;
  assert_int_equal(sluice_space_init(&narrow, at, 16384), SLUICE_OK);
  assert_int_equal(sluice_space_attach(&wide, at, BYTES), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&narrow, 0), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&wide, 0), SLUICE_OK);
  assert_int_equal(sluice_space_grow(&wide, BYTES), SLUICE_OK);
  for (uint32_t end = 0; end < 16384;) {
    end = sluice_slab_alloc(&wide, 64) + 64;
    if (end > 16384 - 1000) {
      uint32_t offset = sluice_ring_open(&wide, "r", 1, 4096, 0);
      assert_true(offset < 16384 && offset + 4096 > 16384);
      break;
    }
  }
  assert_int_equal(sluice_directory_find(&narrow, "r", 1), 0);
  assert_int_equal(narrow.status, SLUICE_E_AGAIN);
  assert_int_equal(sluice_slab_alloc(&narrow, 64), 0);
  assert_int_equal(narrow.status, SLUICE_E_NO_MEMORY);
  (void)used_of(&narrow);
  assert_int_equal(sluice_space_state(&wide), SLUICE_OK);
  free(at);
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

static void closing_passes_over_a_corrupted_slot(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_ring *ring = ring_at(&space, sluice_ring_open(&space, "good", 4, 64, 0));
  for (uint32_t i = 0; i < SLUICE_DIRECTORY_ENTRIES; i++) {
    uint64_t nothing = 0;
    (void)atomic_compare_exchange_strong(&header_of(&space)->directory[i], &nothing, 1);
  }
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_true((atomic_load(&ring->object.state) & SLUICE_RING_PRODUCER_CLOSED) != 0);
  assert_int_equal(sluice_space_state(&space), SLUICE_E_POISONED);
  free(space.base);
}

static void a_small_object_that_claims_to_be_a_ring_is_not_shut_beyond_its_end(void **state) {
  (void)state;
  const sluice_shape small = {.kind = 99, .bytes = sizeof(sluice_object)};
  sluice_space space = joined_space(16384);
  assert_int_not_equal(sluice_slab_alloc(&space, 64), 0);
  uint32_t last = 0;
  for (uint32_t next; (next = sluice_slab_alloc(&space, 192)) != 0;) {
    last = next > last ? next : last;
  }
  assert_int_equal(last + 192, 16384 - 64); /* nothing fits behind it */
  assert_int_equal(sluice_slab_unref(&space, last), SLUICE_OK);
  assert_int_equal(sluice_object_open(&space, "o", 1, small), last);
  ((sluice_object *)sluice_at(&space, last))->kind = SLUICE_KIND_RING_SPSC;
  assert_int_equal(sluice_space_close(&space), SLUICE_OK); /* ASan */
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

static void closing_a_space_wakes_who_waits_on_what_lost_its_name(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space other = joined(&space);
  uint32_t offset = sluice_ring_open(&other, "ring", 4, 1024, 0);
  sluice_ring *ring = ring_at(&other, offset);
  sluice_ring_consumer consumer;
  (void)sluice_ring_consumer_open(&consumer, ring, 1024, other.participant);
  assert_int_equal(sluice_directory_remove(&space, "ring", 4), SLUICE_OK);
  pthread_t reader = start(wait_for_a_record, &consumer);
  until_asleep(&ring->consumer.asleep);
  uint64_t refs = refs_of(&space, offset);
  (void)sluice_space_close(&space);
  assert_int_equal(finish(reader), SLUICE_E_CLOSED);
  assert_true(refs_of(&space, offset) == refs);
  free(space.base);
}

static void who_closes_a_space_keeps_what_it_has_open(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t named = sluice_ring_open(&space, "named", 5, 1024, 0);
  uint32_t nameless = sluice_ring_open(&space, "gone", 4, 1024, 0);
  assert_int_equal(sluice_directory_remove(&space, "gone", 4), SLUICE_OK);
  (void)sluice_space_close(&space);
  assert_true((refs_of(&space, named) & bit_of(space.participant)) != 0);
  assert_true(refs_of(&space, nameless) == bit_of(space.participant));
  assert_int_equal(sluice_ring_close(ring_at(&space, nameless)), SLUICE_OK);
  free(space.base);
}

static void who_has_not_joined_closes_the_rings_that_have_a_name(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space stranger;
  sluice_ring *ring = ring_at(&space, sluice_ring_open(&space, "ring", 4, 1024, 0));
  assert_int_equal(sluice_space_attach(&stranger, space.base, BYTES), SLUICE_OK);
  (void)sluice_space_close(&stranger);
  assert_int_equal(atomic_load(&ring->object.state), SLUICE_RING_PRODUCER_CLOSED);
  free(space.base);
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

typedef struct closer {
  sluice_space space;
  pthread_barrier_t *together;
} closer;

enum { ROUNDS = 300 };

static void *close_space(void *argument) {
  closer *self = argument;
  pthread_barrier_wait(self->together);
  return (void *)(intptr_t)sluice_space_close(&self->space);
}

static void a_ring_made_while_the_space_closes_is_closed_too(void **state) {
  (void)state;
  pthread_barrier_t together;
  pthread_barrier_init(&together, NULL, 2);
  for (int round = 0; round < ROUNDS; round++) {
    sluice_space space = joined_space(65536);
    closer other = {.space = joined(&space), .together = &together};
    pthread_t thread = start(close_space, &other);
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
      cmocka_unit_test(the_headers_bytes_need_not_be_zero),
      cmocka_unit_test(the_layout_is_the_documented_one),
      cmocka_unit_test(another_thread_attaches_to_a_complete_space),
      cmocka_unit_test(a_space_with_the_wrong_magic_is_refused),
      cmocka_unit_test(a_space_of_another_version_is_refused),
      cmocka_unit_test(a_half_initialised_space_is_refused),
      cmocka_unit_test(zeroed_memory_is_no_space),
      cmocka_unit_test(a_space_that_claims_more_than_is_available_is_refused),
      cmocka_unit_test(a_refused_attach_leaves_the_callers_space_alone),
      cmocka_unit_test(less_than_a_header_available_is_refused_unread),
      cmocka_unit_test(a_grown_space_has_room_for_more),
      cmocka_unit_test(a_space_never_shrinks),
      cmocka_unit_test(a_space_does_not_grow_past_what_the_thread_may_touch),
      cmocka_unit_test(growth_reaches_every_thread),
      cmocka_unit_test(a_thread_that_sees_less_of_the_space_does_not_poison_it),
      cmocka_unit_test(an_object_half_beyond_what_a_thread_sees_is_an_error_to_it_alone),
      cmocka_unit_test(a_closed_space_says_so_to_every_thread),
      cmocka_unit_test(close_is_idempotent),
      cmocka_unit_test(a_poisoned_space_stays_poisoned_when_closed),
      cmocka_unit_test(closing_a_space_closes_its_rings),
      cmocka_unit_test(closing_passes_over_a_corrupted_slot),
      cmocka_unit_test(a_small_object_that_claims_to_be_a_ring_is_not_shut_beyond_its_end),
      cmocka_unit_test(closing_a_space_wakes_who_waits_on_what_lost_its_name),
      cmocka_unit_test(who_closes_a_space_keeps_what_it_has_open),
      cmocka_unit_test(who_has_not_joined_closes_the_rings_that_have_a_name),
      cmocka_unit_test(closing_a_space_wakes_both_ends),
      cmocka_unit_test(a_ring_made_while_the_space_closes_is_closed_too),
  };
  return RUN(tests);
}
