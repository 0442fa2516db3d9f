/* cell.h: the last value whole, whoever writes, and whoever dies writing. */
#include "sleeper.h"

#include "kinds.h"
#include "sluice/cell.h"

enum { BYTES = 1 << 20, FLAVOURS = 2 };

static const uint32_t flavours[FLAVOURS] = {0, SLUICE_CELL_SEQLOCK};

/* A cell without a space, and two that use it. */
typedef struct pair {
  sluice_cell *cell;
  sluice_cell_view a;
  sluice_cell_view b;
} pair;

static pair fresh_pair(uint32_t capacity, uint32_t flags) {
  pair two = {.cell = fresh(sluice_cell_bytes(capacity, flags))};
  assert_int_equal(sluice_cell_init(two.cell, capacity, flags), SLUICE_OK);
  assert_int_equal(sluice_cell_attach(&two.a, two.cell, capacity, flags, A), SLUICE_OK);
  assert_int_equal(sluice_cell_attach(&two.b, two.cell, capacity, flags, B), SLUICE_OK);
  return two;
}

static void write_text(sluice_cell_view *view, const char *text) {
  assert_int_equal(sluice_cell_write(view, text, (uint32_t)strlen(text), 0), SLUICE_OK);
}

static void reads(const sluice_cell_view *view, const char *text, uint64_t version) {
  char into[256];
  uint32_t length = 0;
  uint64_t found = 0;
  assert_int_equal(sluice_cell_read(view, into, sizeof into, &length, &found), SLUICE_OK);
  assert_int_equal(length, strlen(text));
  assert_memory_equal(into, text, length);
  assert_int_equal(found, version);
}

static int read_status(const sluice_cell_view *view) {
  char into[256];
  uint32_t length = 0;
  uint64_t version = 0;
  return sluice_cell_read(view, into, sizeof into, &length, &version);
}

/* ---- shape ---- */

static void a_capacity_out_of_range_has_no_size(void **state) {
  (void)state;
  assert_int_equal(sluice_cell_bytes(0, 0), 0);
  assert_int_equal(sluice_cell_bytes(0, SLUICE_CELL_SEQLOCK), 0);
  assert_int_equal(sluice_cell_bytes(65, SLUICE_CELL_SEQLOCK), 0);
  assert_int_equal(sluice_cell_bytes(SLUICE_CELL_CAPACITY_MAX + 1, 0), 0);
  assert_int_equal(sluice_cell_bytes(UINT32_MAX, 0), 0);
  assert_int_equal(sluice_cell_bytes(8, 2), 0);
  assert_int_equal(sluice_cell_bytes(64, SLUICE_CELL_SEQLOCK), 256 + 64);
  assert_int_equal(sluice_cell_bytes(1, SLUICE_CELL_SEQLOCK), 256 + 8);
  assert_int_equal(sluice_cell_bytes(129, 0), 256 + 512);
  assert_int_equal(sluice_cell_bytes(SLUICE_CELL_CAPACITY_MAX, 0), UINT32_C(0x80000000) + 256);
}

static void a_misaligned_cell_is_invalid(void **state) {
  (void)state;
  unsigned char *at = fresh(1024);
  for (uint32_t by = 1; by < SLUICE_ALIGN; by++) {
    assert_int_equal(sluice_cell_init(at + by, 8, 0), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_cell_init(at, 0, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_cell_init(at, 8, 0), SLUICE_OK);
  free(at);
}

static void a_view_of_another_shape_is_invalid(void **state) {
  (void)state;
  pair two = fresh_pair(64, 0);
  sluice_cell_view view;
  assert_int_equal(sluice_cell_attach(&view, two.cell, 128, 0, A), SLUICE_E_INVALID);
  assert_int_equal(sluice_cell_attach(&view, two.cell, 63, 0, A), SLUICE_E_INVALID);
  assert_int_equal(sluice_cell_attach(&view, two.cell, 64, SLUICE_CELL_SEQLOCK, A),
                   SLUICE_E_INVALID);
  assert_int_equal(sluice_cell_attach(&view, two.cell, 0, 0, A), SLUICE_E_INVALID);
  assert_int_equal(sluice_cell_attach(&view, two.cell, 64, 0, 255), SLUICE_E_INVALID);
  assert_int_equal(sluice_cell_attach(&view, two.cell, 64, 0, UINT32_MAX), SLUICE_E_INVALID);
  free(two.cell);
}

static void only_a_seqlock_is_lost_with_its_writer(void **state) {
  (void)state;
  for (int i = 0; i < FLAVOURS; i++) {
    pair two = fresh_pair(64, flavours[i]);
    atomic_store(&two.cell->lock, A); /* in the middle of a write */
    atomic_store(&two.cell->intent, 1);
    (void)sluice_cell_recover(NULL, two.cell, B);
    assert_int_equal(atomic_load(&two.cell->object.state), 0);
    (void)sluice_cell_recover(NULL, two.cell, A);
    assert_int_equal(atomic_load(&two.cell->object.state) & SLUICE_CELL_LOST,
                     flavours[i] == SLUICE_CELL_SEQLOCK ? SLUICE_CELL_LOST : 0);
    free(two.cell);
  }
}

static void a_shape_that_was_rewritten_gives_no_view(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    pair two = fresh_pair(64, 0);
    sluice_object *object = &two.cell->object;
    uint32_t *words[] = {&object->kind, &object->bytes, &object->capacity};
    uint32_t capacity = 64;
    if (i < 3) {
      ++*words[i];
    } else {
      capacity = object->bytes = object->capacity = 0; /* as one of no bytes would be */
    }
    sluice_cell_view view;
    assert_int_equal(sluice_cell_attach(&view, two.cell, capacity, 0, A), SLUICE_E_INVALID);
    free(two.cell);
  }
}

static void one_name_is_one_cell_of_one_shape(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t cell = sluice_cell_open(&space, "c", 1, 64, 0, 7);
  assert_int_not_equal(cell, 0);
  assert_int_equal(sluice_cell_open(&space, "c", 1, 64, 0, 7), cell);
  assert_int_equal(sluice_cell_open(&space, "c", 1, 64, SLUICE_CELL_SEQLOCK, 7), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_cell_open(&space, "c", 1, 32, 0, 7), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_cell_open(&space, "c", 1, 64, 0, 8), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_cell_open(&space, "d", 1, 0, 0, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_cell_open(&space, "d", 1, BYTES, 0, 0), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  free(space.base);
}

/* ---- read and write ---- */

static void a_cell_that_was_never_written_is_empty(void **state) {
  (void)state;
  for (int i = 0; i < FLAVOURS; i++) {
    pair two = fresh_pair(16, flavours[i]);
    assert_int_equal(read_status(&two.a), SLUICE_E_EMPTY);
    assert_int_equal(sluice_cell_version(&two.a), 0);
    free(two.cell);
  }
}

static void a_read_finds_the_last_value(void **state) {
  (void)state;
  for (int i = 0; i < FLAVOURS; i++) {
    pair two = fresh_pair(16, flavours[i]);
    write_text(&two.a, "one");
    reads(&two.b, "one", 1);
    write_text(&two.b, "two and more");
    reads(&two.a, "two and more", 2);
    write_text(&two.b, "");
    reads(&two.a, "", 3);
    write_text(&two.a, "sixteen bytes...");
    reads(&two.a, "sixteen bytes...", 4);
    free(two.cell);
  }
}

static void every_length_up_to_the_capacity_arrives_whole(void **state) {
  (void)state;
  uint64_t seed = 11;
  unsigned char from[700];
  unsigned char into[700];
  fill_random(&seed, from, sizeof from);
  for (int i = 0; i < FLAVOURS; i++) {
    uint32_t capacity = flavours[i] == 0 ? 700 : 64;
    pair two = fresh_pair(capacity, flavours[i]);
    for (uint32_t bytes = 0; bytes <= capacity; bytes++) {
      uint32_t length = 0;
      uint64_t version = 0;
      assert_int_equal(sluice_cell_write(&two.a, from, bytes, 0), SLUICE_OK);
      memset(into, 0xee, sizeof into);
      assert_int_equal(sluice_cell_read(&two.b, into, bytes, &length, &version), SLUICE_OK);
      assert_int_equal(length, bytes);
      assert_int_equal(version, bytes + 1);
      assert_memory_equal(into, from, bytes);
      assert_true(bytes == sizeof into || into[bytes] == 0xee);
    }
    free(two.cell);
  }
}

static void a_pointer_to_no_bytes_may_be_null(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  uint32_t length = 1;
  uint64_t version = 0;
  assert_int_equal(sluice_cell_write(&two.a, NULL, 0, 0), SLUICE_OK);
  assert_int_equal(sluice_cell_read(&two.b, NULL, 0, &length, &version), SLUICE_OK);
  assert_int_equal(length, 0);
  assert_int_equal(version, 1);
  free(two.cell);
}

static void a_value_above_the_capacity_is_too_large(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  char much[17] = {0};
  assert_int_equal(sluice_cell_write(&two.a, much, 17, 0), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_cell_write(&two.a, much, UINT32_MAX, 0), SLUICE_E_TOO_LARGE);
  assert_int_equal(read_status(&two.a), SLUICE_E_EMPTY);
  write_text(&two.b, "the turn is free");
  free(two.cell);
}

static void a_write_stays_the_only_one_though_its_turn_was_taken_away(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  assert_non_null(sluice_cell_begin(&two.a, 0));
  atomic_store(&two.cell->lock, 0); /* as if it had been taken for dead */
  assert_null(sluice_cell_begin(&two.a, 0));
  assert_int_equal(two.a.status, SLUICE_E_BUSY);
  assert_int_equal(sluice_cell_write(&two.a, "x", 1, 0), SLUICE_E_BUSY);
  free(two.cell);
}

static void a_room_too_small_is_told_the_length(void **state) {
  (void)state;
  for (int i = 0; i < FLAVOURS; i++) {
    pair two = fresh_pair(16, flavours[i]);
    unsigned char into[4] = {1, 2, 3, 4};
    uint32_t length = 0;
    uint64_t version = 0;
    write_text(&two.a, "five5");
    assert_int_equal(sluice_cell_read(&two.b, into, 4, &length, &version), SLUICE_E_TOO_LARGE);
    assert_int_equal(length, 5);
    assert_memory_equal(into, "\1\2\3\4", 4);
    free(two.cell);
  }
}

static void a_view_without_an_owner_only_reads(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  sluice_cell_view reader;
  assert_int_equal(sluice_cell_attach(&reader, two.cell, 16, 0, 0), SLUICE_OK);
  write_text(&two.a, "x");
  reads(&reader, "x", 1);
  assert_int_equal(sluice_cell_write(&reader, "y", 1, -1), SLUICE_E_INVALID);
  assert_int_equal(sluice_cell_replace(&reader, 1, "y", 1, -1), SLUICE_E_INVALID);
  assert_null(sluice_cell_begin(&reader, -1));
  assert_int_equal(reader.status, SLUICE_E_INVALID);
  free(two.cell);
}

/* ---- replace ---- */

static void replace_writes_over_the_expected_version_only(void **state) {
  (void)state;
  for (int i = 0; i < FLAVOURS; i++) {
    pair two = fresh_pair(16, flavours[i]);
    assert_int_equal(sluice_cell_replace(&two.a, 1, "x", 1, 0), SLUICE_E_MISMATCH);
    assert_int_equal(read_status(&two.a), SLUICE_E_EMPTY);
    assert_int_equal(sluice_cell_replace(&two.a, 0, "one", 3, 0), SLUICE_OK);
    assert_int_equal(sluice_cell_replace(&two.b, 0, "two", 3, 0), SLUICE_E_MISMATCH);
    reads(&two.a, "one", 1);
    assert_int_equal(sluice_cell_replace(&two.b, 1, "two", 3, 0), SLUICE_OK);
    reads(&two.a, "two", 2);
    write_text(&two.a, "the turn is free");
    free(two.cell);
  }
}

/* ---- in place ---- */

static void what_was_written_in_place_is_read_once_published(void **state) {
  (void)state;
  pair two = fresh_pair(300, 0);
  write_text(&two.a, "old");
  void *at = sluice_cell_begin(&two.a, 0);
  assert_non_null(at);
  assert_int_equal((uintptr_t)at % 128, 0);
  assert_int_equal(sluice_cell_fill(&two.a, 0, "12345678", 8), SLUICE_OK);
  assert_int_equal(sluice_cell_fill(&two.a, 8, "abc", 3), SLUICE_OK);
  reads(&two.b, "old", 1);
  assert_int_equal(sluice_cell_publish(&two.a, 11), SLUICE_OK);
  reads(&two.b, "12345678abc", 2);
  free(two.cell);
}

static void all_of_the_capacity_can_be_written_in_place(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  assert_non_null(sluice_cell_begin(&two.a, 0));
  assert_int_equal(sluice_cell_fill(&two.a, 0, "sixteen ", 8), SLUICE_OK);
  assert_int_equal(sluice_cell_fill(&two.a, 8, "bytes...", 8), SLUICE_OK);
  assert_int_equal(sluice_cell_fill(&two.a, 16, NULL, 0), SLUICE_OK);
  assert_int_equal(sluice_cell_publish(&two.a, 17), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_cell_publish(&two.a, 16), SLUICE_OK);
  reads(&two.b, "sixteen bytes...", 1);
  free(two.cell);
}

static void what_was_abandoned_never_was(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  write_text(&two.a, "old");
  memset(sluice_cell_begin(&two.a, 0), 'x', 16);
  assert_int_equal(sluice_cell_abandon(&two.a), SLUICE_OK);
  reads(&two.b, "old", 1);
  write_text(&two.b, "new");
  reads(&two.a, "new", 2);
  free(two.cell);
}

static void nobody_writes_between_begin_and_publish(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  assert_non_null(sluice_cell_begin(&two.a, 0));
  assert_int_equal(sluice_cell_write(&two.b, "x", 1, 0), SLUICE_E_BUSY);
  assert_int_equal(sluice_cell_write(&two.b, "x", 1, 2 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_cell_write(&two.a, "x", 1, -1), SLUICE_E_BUSY);
  assert_null(sluice_cell_begin(&two.a, -1));
  assert_int_equal(two.a.status, SLUICE_E_BUSY);
  assert_int_equal(sluice_cell_publish(&two.a, 17), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_cell_publish(&two.a, 0), SLUICE_OK);
  write_text(&two.b, "x");
  free(two.cell);
}

static void in_place_calls_without_begin_are_invalid(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  assert_int_equal(sluice_cell_publish(&two.a, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_cell_abandon(&two.a), SLUICE_E_INVALID);
  assert_int_equal(sluice_cell_fill(&two.a, 0, "x", 1), SLUICE_E_INVALID);
  assert_non_null(sluice_cell_begin(&two.a, 0));
  assert_int_equal(sluice_cell_fill(&two.a, 4, "x", 1), SLUICE_E_INVALID);
  assert_int_equal(sluice_cell_fill(&two.a, 16, "x", 1), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_cell_fill(&two.a, 24, "x", 1), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_cell_fill(&two.a, 8, "x", UINT32_MAX), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_cell_publish(&two.a, 1), SLUICE_OK);
  assert_int_equal(sluice_cell_publish(&two.a, 1), SLUICE_E_INVALID);
  free(two.cell);
}

static void a_seqlock_is_not_written_in_place(void **state) {
  (void)state;
  pair two = fresh_pair(16, SLUICE_CELL_SEQLOCK);
  assert_null(sluice_cell_begin(&two.a, 0));
  assert_int_equal(two.a.status, SLUICE_E_INVALID);
  free(two.cell);
}

/* ---- readers beside a writer ---- */

static void a_reader_is_not_stopped_by_a_writer_in_the_middle(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  write_text(&two.a, "old");
  memset(sluice_cell_begin(&two.a, 0), 'x', 16);
  for (int i = 0; i < 3; i++) {
    reads(&two.b, "old", 1);
  }
  free(two.cell);
}

static void a_reader_of_a_seqlock_is_told_to_come_again(void **state) {
  (void)state;
  pair two = fresh_pair(16, SLUICE_CELL_SEQLOCK);
  write_text(&two.a, "old");
  atomic_store(&two.cell->intent, 2); /* a writer in the middle */
  assert_int_equal(read_status(&two.b), SLUICE_E_AGAIN);
  atomic_store(&two.cell->version, 2);
  reads(&two.b, "old", 2);
  free(two.cell);
}

static void a_reader_that_was_overtaken_twice_comes_again(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  write_text(&two.a, "old");
  atomic_store(&two.cell->intent, 3); /* its slot is being written while `version` was still 1 */
  assert_int_equal(read_status(&two.b), SLUICE_E_AGAIN);
  free(two.cell);
}

/* ---- waiting ---- */

static void waiting_for_a_change_times_out(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  write_text(&two.a, "x");
  int64_t start_ns = now_ns();
  assert_int_equal(sluice_cell_wait(&two.b, 1, 20 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_true(now_ns() - start_ns >= 20 * NS_PER_MS);
  assert_int_equal(sluice_cell_wait(&two.b, 1, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_cell_wait(&two.b, 0, -1), SLUICE_OK);
  free(two.cell);
}

static void no_time_is_not_waited_and_leaves_no_mark(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  write_text(&two.a, "x");
  assert_int_equal(sluice_cell_wait(&two.b, 1, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&two.cell->changed), 0);
  free(two.cell);
}

static void *wait_past_1(void *view) {
  int status = SLUICE_OK;
  while (sluice_cell_version(view) == 1 && status == SLUICE_OK) {
    status = sluice_cell_wait(view, 1, -1);
  }
  return (void *)(intptr_t)status;
}

static void a_waiter_wakes_on_a_write(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  write_text(&two.a, "x");
  pthread_t thread = start(wait_past_1, &two.b);
  until_asleep(&two.cell->changed);
  assert_non_null(sluice_cell_begin(&two.a, 0));
  assert_int_equal(atomic_load(&two.cell->changed) & 1, 1); /* no reason as yet */
  (void)sluice_cell_publish(&two.a, 0);
  assert_int_equal(finish(thread), SLUICE_OK);
  free(two.cell);
}

static void a_waiter_wakes_when_the_cell_closes(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  write_text(&two.a, "x");
  pthread_t thread = start(wait_past_1, &two.b);
  until_asleep(&two.cell->changed);
  (void)sluice_cell_shut(two.cell);
  assert_int_equal(finish(thread), SLUICE_E_CLOSED);
  assert_int_equal(sluice_cell_write(&two.a, "y", 1, -1), SLUICE_E_CLOSED);
  reads(&two.a, "x", 1);
  free(two.cell);
}

static void a_waiter_wakes_when_the_cell_is_poisoned(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  write_text(&two.a, "x");
  pthread_t thread = start(wait_past_1, &two.b);
  until_asleep(&two.cell->changed);
  atomic_store(&two.cell->intent, 99);
  assert_int_equal(sluice_cell_write(&two.a, "y", 1, 0), SLUICE_E_POISONED);
  assert_int_equal(finish(thread), SLUICE_E_POISONED);
  free(two.cell);
}

static void who_sleeps_by_its_own_means_is_told_only_when_nothing_is_new(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  assert_int_not_equal(sluice_cell_sleep(&two.b, 0), 0);
  write_text(&two.a, "x");
  assert_int_equal(sluice_cell_sleep(&two.b, 0), 0);
  uint32_t key = sluice_cell_sleep(&two.b, 1);
  assert_int_equal(key, atomic_load(&two.cell->changed));
  write_text(&two.a, "y");
  assert_int_not_equal(key, atomic_load(&two.cell->changed));
  free(two.cell);
}

static void *write_when_it_can(void *view) {
  return (void *)(intptr_t)sluice_cell_write(view, "mine", 4, -1);
}

static void a_writer_waits_for_its_turn(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  assert_non_null(sluice_cell_begin(&two.a, 0));
  pthread_t thread = start(write_when_it_can, &two.b);
  while ((atomic_load(&two.cell->lock) & SLUICE_WAITERS_BIT) == 0) {
    sleep_ms(1);
  }
  (void)sluice_cell_publish(&two.a, 0);
  assert_int_equal(finish(thread), SLUICE_OK);
  reads(&two.a, "mine", 2);
  free(two.cell);
}

static void a_waiting_writer_wakes_when_the_cell_closes(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  assert_non_null(sluice_cell_begin(&two.a, 0));
  pthread_t thread = start(write_when_it_can, &two.b);
  while ((atomic_load(&two.cell->lock) & SLUICE_WAITERS_BIT) == 0) {
    sleep_ms(1);
  }
  (void)sluice_cell_shut(two.cell);
  assert_int_equal(finish(thread), SLUICE_E_CLOSED);
  free(two.cell);
}

static void a_writer_may_sleep_for_its_turn_by_its_own_means(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  assert_int_equal(sluice_cell_turn_sleep(&two.b), 0); /* it is free */
  assert_non_null(sluice_cell_begin(&two.a, 0));
  assert_int_equal(sluice_cell_write(&two.b, "x", 1, 0), SLUICE_E_BUSY);
  uint32_t key = sluice_cell_turn_sleep(&two.b);
  assert_int_equal(key, atomic_load(&two.cell->lock));
  (void)sluice_cell_abandon(&two.a);
  assert_int_not_equal(key, atomic_load(&two.cell->lock));
  assert_int_equal(sluice_cell_write(&two.b, "x", 1, 0), SLUICE_OK);
  assert_int_equal(two.b.woken, 0);
  assert_non_null(sluice_cell_begin(&two.a, 0));
  (void)sluice_cell_shut(two.cell);
  assert_int_equal(sluice_cell_turn_sleep(&two.b), 0); /* it would sleep for ever */
  free(two.cell);
}

static int write_for_ever(void *view, uint32_t owner) {
  (void)owner;
  return sluice_cell_write(view, "mine", 4, -1);
}

static void a_writer_that_gives_up_wakes_the_next(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  sluice_cell_view third;
  sleeper other;
  (void)sluice_cell_attach(&third, two.cell, 16, 0, 1 << 8 | 3);
  assert_non_null(sluice_cell_begin(&two.a, 0));
  assert_int_not_equal(sluice_cell_turn_sleep(&third), 0);
  put_to_sleep(&other, write_for_ever, &two.b, 0);
  atomic_store(&two.cell->lock, 0); /* the first is done and woke the third */
  assert_true(sleeps(&other));
  sluice_cell_turn_pass(&third);
  assert_int_equal(third.woken, 0);
  assert_int_equal(awake(&other), SLUICE_OK);
  free(two.cell);
}

static void a_writer_that_was_woken_and_waits_again_wakes_the_next(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  sluice_cell_view third;
  sleeper other;
  (void)sluice_cell_attach(&third, two.cell, 16, 0, 1 << 8 | 3);
  assert_non_null(sluice_cell_begin(&two.a, 0));
  assert_int_not_equal(sluice_cell_turn_sleep(&third), 0);
  put_to_sleep(&other, write_for_ever, &two.b, 0);
  /* the first is done and woke the third; and it has come again before that one */
  atomic_store(&two.cell->lock, two.a.owner);
  assert_int_equal(sluice_cell_write(&third, "x", 1, 1), SLUICE_E_TIMEOUT);
  assert_int_equal(third.woken, 0);
  assert_int_equal(sluice_cell_abandon(&two.a), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OK);
  free(two.cell);
}

/* ---- death ---- */

static void a_dead_writer_strands_nobody(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  write_text(&two.a, "old");
  memset(sluice_cell_begin(&two.a, 0), 'x', 16); /* and dies */
  reads(&two.b, "old", 1);
  assert_int_equal(sluice_cell_write(&two.b, "new", 3, 0), SLUICE_E_BUSY); /* not buried as yet */
  assert_int_equal(sluice_cell_recover(NULL, two.cell, A), SLUICE_OK);
  reads(&two.b, "old", 1);
  write_text(&two.b, "new");
  reads(&two.b, "new", 2);
  assert_int_equal(atomic_load(&two.cell->lock), 0);
  free(two.cell);
}

static void recovery_leaves_a_live_writer_alone(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  assert_non_null(sluice_cell_begin(&two.a, 0));
  assert_int_equal(sluice_cell_recover(NULL, two.cell, B), SLUICE_OK);
  assert_int_equal(sluice_cell_write(&two.b, "x", 1, 0), SLUICE_E_BUSY);
  assert_int_equal(sluice_cell_publish(&two.a, 0), SLUICE_OK);
  free(two.cell);
}

static void a_seqlocks_value_dies_with_its_writer_until_the_next_write(void **state) {
  (void)state;
  pair two = fresh_pair(16, SLUICE_CELL_SEQLOCK);
  write_text(&two.a, "old");
  atomic_store(&two.cell->lock, A); /* dies in the middle */
  atomic_store(&two.cell->intent, 2);
  assert_int_equal(read_status(&two.b), SLUICE_E_AGAIN);
  for (int i = 0; i < 2; i++) { /* a recovery may be done twice */
    assert_int_equal(sluice_cell_recover(NULL, two.cell, A), SLUICE_OK);
    assert_int_equal(read_status(&two.b), SLUICE_E_OWNER_DIED);
  }
  write_text(&two.b, "new");
  reads(&two.a, "new", 2);
  assert_int_equal(atomic_load(&two.cell->object.state), 0);
  free(two.cell);
}

static void a_seqlocks_writer_that_dies_before_or_after_takes_nothing_along(void **state) {
  (void)state;
  pair two = fresh_pair(16, SLUICE_CELL_SEQLOCK);
  write_text(&two.a, "old");
  atomic_store(&two.cell->lock, A);
  assert_int_equal(sluice_cell_recover(NULL, two.cell, A), SLUICE_OK);
  reads(&two.b, "old", 1);
  /* the next dies when it has made good a loss, and published, and not unlocked */
  atomic_store(&two.cell->lock, A);
  atomic_fetch_or(&two.cell->object.state, SLUICE_CELL_LOST);
  assert_int_equal(sluice_cell_recover(NULL, two.cell, A), SLUICE_OK);
  assert_int_equal(atomic_load(&two.cell->object.state), 0);
  reads(&two.b, "old", 1);
  free(two.cell);
}

static void a_seqlock_whose_first_writer_died_is_empty(void **state) {
  (void)state;
  pair two = fresh_pair(16, SLUICE_CELL_SEQLOCK);
  atomic_store(&two.cell->lock, A);
  atomic_store(&two.cell->intent, 1);
  assert_int_equal(sluice_cell_recover(NULL, two.cell, A), SLUICE_OK);
  assert_int_equal(read_status(&two.b), SLUICE_E_EMPTY);
  write_text(&two.b, "new");
  reads(&two.b, "new", 1);
  free(two.cell);
}

static void a_waiter_wakes_when_the_writer_died_before_it_woke_it(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  write_text(&two.a, "x");
  pthread_t thread = start(wait_past_1, &two.b);
  until_asleep(&two.cell->changed);
  atomic_store(&two.cell->intent, 2);
  atomic_store(&two.cell->version, 2); /* published, and dies */
  (void)sluice_cell_recover(NULL, two.cell, A);
  assert_int_equal(finish(thread), SLUICE_OK);
  free(two.cell);
}

static void burying_a_participant_hands_its_turn_on(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  sluice_space other;
  assert_int_equal(sluice_space_attach(&other, space.base, BYTES), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&other, 0), SLUICE_OK);
  uint32_t cell = sluice_cell_open(&space, "c", 1, 64, 0, 0);
  assert_int_equal(sluice_cell_open(&other, "c", 1, 64, 0, 0), cell);
  sluice_cell_view mine;
  sluice_cell_view its;
  (void)sluice_cell_attach(&mine, sluice_at(&space, cell), 64, 0, space.participant);
  (void)sluice_cell_attach(&its, sluice_at(&other, cell), 64, 0, other.participant);
  assert_non_null(sluice_cell_begin(&its, 0));
  assert_int_equal(sluice_participant_bury(&space, other.participant), SLUICE_OK);
  write_text(&mine, "mine");
  reads(&mine, "mine", 1);
  free(space.base);
}

static void closing_the_space_closes_the_cell(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES);
  uint32_t cell = sluice_cell_open(&space, "c", 1, 64, SLUICE_CELL_SEQLOCK, 0);
  sluice_cell_view view;
  (void)sluice_cell_attach(&view, sluice_at(&space, cell), 64, SLUICE_CELL_SEQLOCK, A);
  write_text(&view, "x");
  (void)sluice_space_close(&space);
  assert_int_equal(sluice_cell_write(&view, "x", 1, 0), SLUICE_E_CLOSED);
  assert_int_equal(sluice_cell_wait(&view, 1, -1), SLUICE_E_CLOSED);
  reads(&view, "x", 1);
  free(space.base);
}

/* ---- hostile words ---- */

static void a_length_above_the_capacity_poisons(void **state) {
  (void)state;
  for (int i = 0; i < FLAVOURS; i++) {
    pair two = fresh_pair(16, flavours[i]);
    write_text(&two.a, "x");
    atomic_store(&two.cell->length[0], 17);
    atomic_store(&two.cell->length[1], UINT32_MAX);
    assert_int_equal(read_status(&two.b), SLUICE_E_POISONED);
    assert_int_equal(read_status(&two.b), SLUICE_E_POISONED);
    assert_int_equal(sluice_cell_write(&two.a, "y", 1, 0), SLUICE_E_POISONED);
    assert_int_equal(sluice_cell_wait(&two.a, 1, -1), SLUICE_E_POISONED);
    free(two.cell);
  }
}

static void an_announcement_behind_the_version_poisons(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  write_text(&two.a, "x");
  atomic_store(&two.cell->version, 5);
  assert_int_equal(read_status(&two.b), SLUICE_E_POISONED);
  free(two.cell);
}

static void a_version_at_its_end_poisons(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  atomic_store(&two.cell->version, UINT64_MAX);
  atomic_store(&two.cell->intent, UINT64_MAX);
  assert_int_equal(sluice_cell_write(&two.a, "y", 1, 0), SLUICE_E_POISONED);
  assert_int_equal(atomic_load(&two.cell->lock), 0);
  free(two.cell);
}

static void a_lock_that_nobody_can_hold_poisons(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  atomic_store(&two.cell->lock, 0xff);
  assert_int_equal(sluice_cell_write(&two.a, "y", 1, -1), SLUICE_E_POISONED);
  assert_int_equal(read_status(&two.b), SLUICE_E_POISONED);
  free(two.cell);
}

static void a_shape_rewritten_after_attach_changes_nothing(void **state) {
  (void)state;
  pair two = fresh_pair(16, 0);
  two.cell->object.capacity = UINT32_MAX;
  two.cell->object.bytes = UINT32_MAX;
  assert_int_equal(sluice_cell_write(&two.a, "y", 17, 0), SLUICE_E_TOO_LARGE);
  write_text(&two.a, "sixteen bytes...");
  reads(&two.b, "sixteen bytes...", 1);
  free(two.cell);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_capacity_out_of_range_has_no_size),
      cmocka_unit_test(a_misaligned_cell_is_invalid),
      cmocka_unit_test(a_view_of_another_shape_is_invalid),
      cmocka_unit_test(only_a_seqlock_is_lost_with_its_writer),
      cmocka_unit_test(a_shape_that_was_rewritten_gives_no_view),
      cmocka_unit_test(one_name_is_one_cell_of_one_shape),
      cmocka_unit_test(a_cell_that_was_never_written_is_empty),
      cmocka_unit_test(a_read_finds_the_last_value),
      cmocka_unit_test(every_length_up_to_the_capacity_arrives_whole),
      cmocka_unit_test(a_pointer_to_no_bytes_may_be_null),
      cmocka_unit_test(a_value_above_the_capacity_is_too_large),
      cmocka_unit_test(a_write_stays_the_only_one_though_its_turn_was_taken_away),
      cmocka_unit_test(a_room_too_small_is_told_the_length),
      cmocka_unit_test(a_view_without_an_owner_only_reads),
      cmocka_unit_test(replace_writes_over_the_expected_version_only),
      cmocka_unit_test(what_was_written_in_place_is_read_once_published),
      cmocka_unit_test(all_of_the_capacity_can_be_written_in_place),
      cmocka_unit_test(what_was_abandoned_never_was),
      cmocka_unit_test(nobody_writes_between_begin_and_publish),
      cmocka_unit_test(in_place_calls_without_begin_are_invalid),
      cmocka_unit_test(a_seqlock_is_not_written_in_place),
      cmocka_unit_test(a_reader_is_not_stopped_by_a_writer_in_the_middle),
      cmocka_unit_test(a_reader_of_a_seqlock_is_told_to_come_again),
      cmocka_unit_test(a_reader_that_was_overtaken_twice_comes_again),
      cmocka_unit_test(waiting_for_a_change_times_out),
      cmocka_unit_test(no_time_is_not_waited_and_leaves_no_mark),
      cmocka_unit_test(a_waiter_wakes_on_a_write),
      cmocka_unit_test(a_waiter_wakes_when_the_cell_closes),
      cmocka_unit_test(a_waiter_wakes_when_the_cell_is_poisoned),
      cmocka_unit_test(who_sleeps_by_its_own_means_is_told_only_when_nothing_is_new),
      cmocka_unit_test(a_writer_waits_for_its_turn),
      cmocka_unit_test(a_waiting_writer_wakes_when_the_cell_closes),
      cmocka_unit_test(a_writer_may_sleep_for_its_turn_by_its_own_means),
      cmocka_unit_test(a_writer_that_gives_up_wakes_the_next),
      cmocka_unit_test(a_writer_that_was_woken_and_waits_again_wakes_the_next),
      cmocka_unit_test(a_dead_writer_strands_nobody),
      cmocka_unit_test(recovery_leaves_a_live_writer_alone),
      cmocka_unit_test(a_seqlocks_value_dies_with_its_writer_until_the_next_write),
      cmocka_unit_test(a_seqlocks_writer_that_dies_before_or_after_takes_nothing_along),
      cmocka_unit_test(a_seqlock_whose_first_writer_died_is_empty),
      cmocka_unit_test(a_waiter_wakes_when_the_writer_died_before_it_woke_it),
      cmocka_unit_test(burying_a_participant_hands_its_turn_on),
      cmocka_unit_test(closing_the_space_closes_the_cell),
      cmocka_unit_test(a_length_above_the_capacity_poisons),
      cmocka_unit_test(an_announcement_behind_the_version_poisons),
      cmocka_unit_test(a_version_at_its_end_poisons),
      cmocka_unit_test(a_lock_that_nobody_can_hold_poisons),
      cmocka_unit_test(a_shape_rewritten_after_attach_changes_nothing),
  };
  return RUN(tests);
}
