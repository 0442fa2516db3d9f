/* store.h: keys, whole values, growing versions, watchers, and nothing left behind. */
#include "support.h"

#include "kinds.h"
#include "sluice/store.h"
#include "table.h"

enum { BYTES = 1 << 20, ENTRIES = 8 };

/* A store, and two participants that use it. */
typedef struct pair {
  sluice_space space;
  sluice_space other;
  uint32_t offset;
  sluice_store *store;
  sluice_store_view a;
  sluice_store_view b;
  uint32_t empty; /* bytes used when there is the store alone */
} pair;

/* The views refer to the spaces: `two` stays where it is. */
static void open_pair(pair *two) {
  two->space = joined_space(BYTES);
  two->other = joined(&two->space);
  two->offset = sluice_store_open(&two->space, "s", 1, ENTRIES, 0);
  assert_int_not_equal(two->offset, 0);
  assert_int_equal(sluice_store_open(&two->other, "s", 1, ENTRIES, 0), two->offset);
  two->store = sluice_at(&two->space, two->offset);
  assert_int_equal(sluice_store_attach(&two->a, &two->space, two->offset, ENTRIES), SLUICE_OK);
  assert_int_equal(sluice_store_attach(&two->b, &two->other, two->offset, ENTRIES), SLUICE_OK);
  two->empty = used_of(&two->space);
}

static void discard_pair(pair *two) {
  free(two->space.base);
}

static uint32_t length_of(const char *text) {
  return (uint32_t)strlen(text);
}

static int set(sluice_store_view *view, const char *key, const char *value) {
  return sluice_store_set(view, key, length_of(key), value, length_of(value));
}

static int replace(sluice_store_view *view, const char *key, uint64_t expected, const char *value) {
  return sluice_store_replace(view, key, length_of(key), expected, value, length_of(value));
}

static int drop(sluice_store_view *view, const char *key) {
  return sluice_store_remove(view, key, length_of(key), SLUICE_STORE_ANY);
}

static uint64_t version_of(sluice_store_view *view, const char *key) {
  uint64_t version = UINT64_MAX;
  assert_int_equal(sluice_store_version(view, key, length_of(key), &version), SLUICE_OK);
  return version;
}

/* Finds `value` under `key`, copied and in place. */
static void finds(sluice_store_view *view, const char *key, const char *value) {
  char into[64];
  uint32_t length = 0;
  uint64_t version = 0;
  assert_int_equal(sluice_store_get(view, key, length_of(key), into, 64, &length, &version),
                   SLUICE_OK);
  assert_int_equal(length, strlen(value));
  assert_memory_equal(into, value, length);
  assert_int_equal(version, version_of(view, key));
  sluice_store_entry entry;
  assert_int_equal(sluice_store_hold(view, key, length_of(key), &entry), SLUICE_OK);
  assert_int_equal(entry.value_bytes, length);
  assert_memory_equal(entry.value, value, length);
  assert_int_equal(entry.key_bytes, strlen(key));
  assert_memory_equal(entry.key, key, entry.key_bytes);
  assert_int_equal(entry.version, version);
  assert_int_equal((uintptr_t)entry.value % 16, 0);
  sluice_store_unhold(view, &entry);
}

static void finds_nothing(sluice_store_view *view, const char *key) {
  uint32_t length = 0;
  uint64_t version = 0;
  sluice_store_entry entry;
  assert_int_equal(sluice_store_get(view, key, length_of(key), NULL, 0, &length, &version),
                   SLUICE_E_EMPTY);
  assert_int_equal(sluice_store_hold(view, key, length_of(key), &entry), SLUICE_E_EMPTY);
  assert_int_equal(version_of(view, key), 0);
}

/* ---- shape ---- */

static void a_number_of_entries_out_of_range_has_no_size(void **state) {
  (void)state;
  assert_int_equal(sluice_store_bytes(0), 0);
  assert_int_equal(sluice_store_bytes(1), 384 + 8);
  assert_int_equal(sluice_store_bytes(65535), 384 + 65535 * 8);
  assert_int_equal(sluice_store_bytes(65536), 0);
  assert_int_equal(sluice_store_bytes(UINT32_MAX), 0);
}

static void one_name_is_one_store_of_one_shape(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t store = sluice_store_open(&space, "s", 1, 8, 1);
  assert_int_not_equal(store, 0);
  assert_int_equal(sluice_store_open(&space, "s", 1, 8, 1), store);
  assert_int_equal(sluice_store_open(&space, "s", 1, 9, 1), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_store_open(&space, "s", 1, 8, 2), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_store_open(&space, "t", 1, 0, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_store_open(&space, "t", 1, 65536, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  free(space.base);
}

static void a_view_of_what_is_no_such_store_is_invalid(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  sluice_store_view view;
  sluice_space stranger;
  (void)sluice_space_attach(&stranger, two.space.base, BYTES);
  assert_int_equal(sluice_store_attach(&view, &stranger, two.offset, ENTRIES), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_attach(&view, &two.space, two.offset, ENTRIES - 1),
                   SLUICE_E_INVALID);
  assert_int_equal(sluice_store_attach(&view, &two.space, two.offset, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_attach(&view, &two.space, 0, ENTRIES), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_attach(&view, &two.space, two.offset + 8, ENTRIES),
                   SLUICE_E_INVALID);
  assert_int_equal(sluice_store_attach(&view, &two.space, BYTES, ENTRIES), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_attach(&view, &two.space, BYTES - 128, ENTRIES), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_attach(&view, &two.space, UINT32_MAX - 127, ENTRIES),
                   SLUICE_E_INVALID);
  uint32_t ring = sluice_ring_open(&two.space, "r", 1, 1024, 0);
  assert_int_equal(sluice_store_attach(&view, &two.space, ring, ENTRIES), SLUICE_E_INVALID);
  discard_pair(&two);
}

static void a_shape_that_was_rewritten_before_is_invalid(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    pair two;
    open_pair(&two);
    sluice_object *object = &two.store->object;
    uint32_t entries = ENTRIES;
    if (i == 0) {
      object->kind++;
    } else if (i == 1) {
      object->bytes -= 8;
    } else if (i == 2) {
      object->capacity--;
    } else {
      entries = object->bytes = object->capacity = 0; /* as one of no entries would be */
    }
    assert_int_equal(sluice_store_attach(&two.a, &two.space, two.offset, entries),
                     SLUICE_E_INVALID);
    discard_pair(&two);
  }
}

/* ---- get, set, remove ---- */

static void what_one_sets_the_other_gets(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  finds_nothing(&two.b, "k");
  assert_int_equal(set(&two.a, "k", "one"), SLUICE_OK);
  finds(&two.b, "k", "one");
  assert_int_equal(set(&two.b, "k", "another, longer"), SLUICE_OK);
  finds(&two.a, "k", "another, longer");
  finds_nothing(&two.a, "K");
  finds_nothing(&two.a, "kk");
  discard_pair(&two);
}

static void keys_and_values_may_be_empty_and_hold_any_bytes(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  uint32_t length = 9;
  uint64_t version = 0;
  char into[4];
  assert_int_equal(sluice_store_set(&two.a, NULL, 0, NULL, 0), SLUICE_OK);
  assert_int_equal(sluice_store_get(&two.b, NULL, 0, NULL, 0, &length, &version), SLUICE_OK);
  assert_int_equal(length, 0);
  assert_int_equal(sluice_store_set(&two.a, "a\0b", 3, "\0\1\2", 3), SLUICE_OK);
  assert_int_equal(sluice_store_set(&two.a, "a\0c", 3, "x", 1), SLUICE_OK);
  assert_int_equal(sluice_store_get(&two.b, "a\0b", 3, into, 4, &length, &version), SLUICE_OK);
  assert_int_equal(length, 3);
  assert_memory_equal(into, "\0\1\2", 3);
  assert_int_equal(sluice_store_size(&two.b), 3);
  discard_pair(&two);
}

static void values_of_every_length_arrive_whole(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  uint64_t seed = 5;
  static unsigned char from[100000];
  static unsigned char into[100000];
  fill_random(&seed, from, sizeof from);
  for (uint32_t bytes = 0; bytes <= sizeof from; bytes = bytes * 5 / 4 + 1) {
    uint32_t length = 0;
    uint64_t version = 0;
    assert_int_equal(sluice_store_set(&two.a, "k", 1, from, bytes), SLUICE_OK);
    assert_int_equal(sluice_store_get(&two.b, "k", 1, into, sizeof into, &length, &version),
                     SLUICE_OK);
    assert_int_equal(length, bytes);
    assert_memory_equal(into, from, bytes);
  }
  discard_pair(&two);
}

static void a_pointer_to_no_bytes_may_be_null(void **state) {
  (void)state;
  pair two;
  uint32_t length = 1;
  uint64_t version = 0;
  open_pair(&two);
  assert_int_equal(sluice_store_set(&two.a, NULL, 0, NULL, 0), SLUICE_OK);
  assert_int_equal(sluice_store_get(&two.b, NULL, 0, NULL, 0, &length, &version), SLUICE_OK);
  assert_int_equal(length, 0);
  assert_int_equal(sluice_store_wait(&two.b, NULL, 0, version, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_store_remove(&two.b, NULL, 0, version), SLUICE_OK);
  discard_pair(&two);
}

static void a_room_too_small_is_told_the_length(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  char into[3] = "ab";
  uint32_t length = 0;
  uint64_t version = 0;
  (void)set(&two.a, "k", "1234");
  assert_int_equal(sluice_store_get(&two.a, "k", 1, into, 3, &length, &version),
                   SLUICE_E_TOO_LARGE);
  assert_int_equal(length, 4);
  assert_string_equal(into, "ab");
  discard_pair(&two);
}

static void a_key_above_the_longest_is_invalid_unread(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  sluice_store_entry entry;
  uint64_t version = 0;
  uint32_t over = SLUICE_STORE_KEY_MAX + 1;
  char *longest = calloc(1, SLUICE_STORE_KEY_MAX);
  assert_int_equal(sluice_store_set(&two.a, "k", over, "v", 1), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_replace(&two.a, "k", UINT32_MAX, 0, "v", 1), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_remove(&two.a, "k", over, 1), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_hold(&two.a, "k", over, &entry), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_version(&two.a, "k", over, &version), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_wait(&two.a, "k", over, 0, -1), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_sleep(&two.a, "k", over, 0), 0);
  assert_int_equal(sluice_store_set(&two.a, longest, SLUICE_STORE_KEY_MAX, "v", 1), SLUICE_OK);
  assert_int_equal(sluice_store_hold(&two.b, longest, SLUICE_STORE_KEY_MAX, &entry), SLUICE_OK);
  assert_int_equal(entry.key_bytes, SLUICE_STORE_KEY_MAX);
  sluice_store_unhold(&two.b, &entry);
  assert_int_not_equal(sluice_store_sleep(&two.a, longest, SLUICE_STORE_KEY_MAX, entry.version), 0);
  assert_int_equal(sluice_store_remove(&two.a, longest, SLUICE_STORE_KEY_MAX, entry.version),
                   SLUICE_OK);
  free(longest);
  discard_pair(&two);
}

static void what_is_removed_is_gone(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  assert_int_equal(drop(&two.a, "k"), SLUICE_E_EMPTY);
  (void)set(&two.a, "k", "v");
  (void)set(&two.a, "l", "w");
  assert_int_equal(drop(&two.b, "k"), SLUICE_OK);
  finds_nothing(&two.a, "k");
  finds(&two.a, "l", "w");
  assert_int_equal(drop(&two.b, "k"), SLUICE_E_EMPTY);
  discard_pair(&two);
}

static void no_block_is_left_behind(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  for (int i = 0; i < 100; i++) {
    assert_int_equal(set(i % 2 == 0 ? &two.a : &two.b, "k", "v"), SLUICE_OK);
    assert_int_equal(replace(&two.a, "k", 0, "x"), SLUICE_E_MISMATCH);
  }
  assert_int_equal(used_of(&two.space), two.empty + 128);
  (void)drop(&two.b, "k");
  assert_int_equal(used_of(&two.space), two.empty);
  discard_pair(&two);
}

static void a_removed_store_frees_its_values(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t before = used_of(&space);
  sluice_store_view view;
  uint32_t offset = sluice_store_open(&space, "s", 1, ENTRIES, 0);
  (void)sluice_store_attach(&view, &space, offset, ENTRIES);
  for (char key = 'a'; key < 'a' + ENTRIES; key++) {
    assert_int_equal(sluice_store_set(&view, &key, 1, "value", 5), SLUICE_OK);
  }
  sluice_store_entry entry;
  assert_int_equal(sluice_store_hold(&view, "c", 1, &entry), SLUICE_OK);
  assert_int_equal(sluice_directory_remove(&space, "s", 1), SLUICE_OK);
  finds(&view, "a", "value");
  assert_int_equal(sluice_object_close(&space, offset), SLUICE_OK);
  assert_int_equal(used_of(&space), before + 128); /* the one in hand */
  assert_memory_equal(entry.value, "value", 5);
  assert_int_equal(sluice_slab_unref(&space, entry.offset), SLUICE_OK);
  assert_int_equal(used_of(&space), before);
  free(space.base);
}

/* ---- limits ---- */

static void a_full_store_says_so_and_still_changes_what_it_has(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  for (char key = 'a'; key < 'a' + ENTRIES; key++) {
    assert_int_equal(sluice_store_set(&two.a, &key, 1, "v", 1), SLUICE_OK);
  }
  uint32_t used = used_of(&two.space);
  assert_int_equal(set(&two.a, "z", "v"), SLUICE_E_FULL);
  assert_int_equal(used_of(&two.space), used);
  assert_int_equal(set(&two.a, "c", "w"), SLUICE_OK);
  finds(&two.b, "c", "w");
  assert_int_equal(sluice_store_size(&two.a), ENTRIES);
  (void)drop(&two.b, "a");
  assert_int_equal(set(&two.a, "z", "v"), SLUICE_OK);
  discard_pair(&two);
}

static void a_full_space_is_no_memory(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  unsigned char *large = calloc(1, BYTES / 2);
  assert_int_equal(sluice_store_set(&two.a, "k", 1, large, BYTES / 2), SLUICE_OK);
  assert_int_equal(sluice_store_set(&two.a, "k", 1, large, BYTES / 2), SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_store_set(&two.a, "l", 1, large, UINT32_MAX - 40), SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_store_set(&two.a, "l", 1, large, UINT32_MAX - 32), SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_store_set(&two.a, "l", 1, large, UINT32_MAX - 31), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_store_set(&two.a, "l", 1, large, UINT32_MAX), SLUICE_E_TOO_LARGE);
  assert_int_equal(set(&two.a, "k", "small"), SLUICE_OK);
  free(large);
  discard_pair(&two);
}

/* ---- versions ---- */

static void every_value_of_the_store_gets_a_greater_version(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  uint64_t last = 0;
  for (int i = 0; i < 10; i++) {
    const char *key = i % 3 == 0 ? "k" : "l";
    sluice_store_view *view = i % 2 == 0 ? &two.a : &two.b;
    assert_int_equal(set(view, key, "v"), SLUICE_OK);
    assert_true(view->version > last);
    last = view->version;
    assert_int_equal(version_of(&two.a, key), last);
    assert_int_equal(version_of(&two.b, key), last);
  }
  (void)drop(&two.a, "k");
  (void)set(&two.a, "k", "v");
  assert_true(version_of(&two.b, "k") > last);
  discard_pair(&two);
}

static void replace_changes_the_expected_version_only(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  assert_int_equal(replace(&two.a, "k", 1, "x"), SLUICE_E_MISMATCH);
  finds_nothing(&two.a, "k");
  assert_int_equal(replace(&two.a, "k", 0, "one"), SLUICE_OK);
  uint64_t first = two.a.version;
  assert_int_equal(replace(&two.b, "k", 0, "two"), SLUICE_E_MISMATCH);
  assert_int_equal(replace(&two.b, "k", first, "two"), SLUICE_OK);
  assert_int_equal(replace(&two.a, "k", first, "three"), SLUICE_E_MISMATCH);
  finds(&two.a, "k", "two");
  discard_pair(&two);
}

static void remove_may_expect_a_version_too(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  (void)set(&two.a, "k", "one");
  uint64_t first = two.a.version;
  (void)set(&two.a, "k", "two");
  assert_int_equal(sluice_store_remove(&two.b, "k", 1, first), SLUICE_E_MISMATCH);
  assert_int_equal(sluice_store_remove(&two.b, "k", 1, 0), SLUICE_E_MISMATCH);
  assert_int_equal(sluice_store_remove(&two.b, "k", 1, two.a.version), SLUICE_OK);
  assert_int_equal(sluice_store_remove(&two.b, "k", 1, two.a.version), SLUICE_E_EMPTY);
  discard_pair(&two);
}

static void a_removal_enters_no_version_and_shows_to_those_that_spin(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  (void)set(&two.a, "k", "v");
  uint64_t entered = two.a.version;
  uint64_t last = atomic_load(&two.store->last);
  (void)drop(&two.a, "k");
  assert_int_equal(two.a.version, entered);
  assert_true(atomic_load(&two.store->last) > last);
  discard_pair(&two);
}

static void a_value_whose_setter_died_before_it_was_numbered_is_numbered_by_who_meets_it(
    void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  (void)set(&two.a, "k", "one");
  sluice_store_entry entry;
  assert_int_equal(sluice_store_hold(&two.a, "k", 1, &entry), SLUICE_OK);
  sluice_store_value *value = sluice_at(&two.space, entry.offset);
  atomic_store(&value->version, 0);
  assert_int_equal(version_of(&two.b, "k"), 2);
  assert_int_equal(version_of(&two.a, "k"), 2);
  atomic_store(&value->version, 0);
  assert_int_equal(set(&two.b, "k", "two"), SLUICE_OK);
  assert_int_equal(atomic_load(&value->version), 3); /* before it was replaced */
  assert_int_equal(two.b.version, 4);
  sluice_store_unhold(&two.a, &entry);
  discard_pair(&two);
}

/* ---- in place ---- */

static void what_is_held_stays_as_it_is(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  (void)set(&two.a, "k", "first");
  sluice_store_entry first;
  sluice_store_entry second;
  assert_int_equal(sluice_store_hold(&two.b, "k", 1, &first), SLUICE_OK);
  (void)set(&two.a, "k", "second");
  assert_int_equal(sluice_store_hold(&two.b, "k", 1, &second), SLUICE_OK);
  (void)drop(&two.a, "k");
  (void)set(&two.a, "l", "third");
  assert_memory_equal(first.value, "first", 5);
  assert_memory_equal(second.value, "second", 6);
  assert_int_equal(used_of(&two.space), two.empty + 3 * 128);
  sluice_store_unhold(&two.b, &second);
  sluice_store_unhold(&two.b, &first);
  assert_int_equal(used_of(&two.space), two.empty + 128);
  discard_pair(&two);
}

static void an_entry_held_twice_is_held_until_the_first_hold_ends(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  (void)set(&two.a, "k", "v");
  sluice_store_entry outer;
  sluice_store_entry inner;
  assert_int_equal(sluice_store_hold(&two.b, "k", 1, &outer), SLUICE_OK);
  assert_int_equal(sluice_store_hold(&two.b, "k", 1, &inner), SLUICE_OK);
  finds(&two.b, "k", "v");
  (void)drop(&two.b, "k");
  sluice_store_unhold(&two.b, &inner);
  assert_int_equal(used_of(&two.space), two.empty + 128);
  sluice_store_unhold(&two.b, &outer);
  assert_int_equal(used_of(&two.space), two.empty);
  discard_pair(&two);
}

static void what_was_written_in_place_is_found_once_published(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  sluice_store_claim claim;
  assert_int_equal(sluice_store_claim_for(&two.a, "k", 1, 40, &claim), SLUICE_OK);
  assert_int_equal((uintptr_t)claim.value % 16, 0);
  memcpy(claim.value, "0123456789", 10);
  finds_nothing(&two.b, "k");
  assert_int_equal(sluice_store_publish(&two.a, &claim, 0, 10), SLUICE_OK);
  finds(&two.b, "k", "0123456789");
  assert_int_equal(sluice_store_publish(&two.a, &claim, 0, 10), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_abandon(&two.a, &claim), SLUICE_E_INVALID);
  discard_pair(&two);
}

static void a_claim_outlives_a_publication_that_fails(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  (void)set(&two.b, "k", "first");
  sluice_store_claim claim;
  assert_int_equal(sluice_store_claim_for(&two.a, "k", 1, 2, &claim), SLUICE_OK);
  memcpy(claim.value, "ab", 2);
  assert_int_equal(sluice_store_publish(&two.a, &claim, 0, 2), SLUICE_E_MISMATCH);
  assert_int_equal(sluice_store_publish(&two.a, &claim, SLUICE_STORE_ANY, 3), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_publish(&two.a, &claim, two.b.version, 2), SLUICE_OK);
  finds(&two.b, "k", "ab");
  discard_pair(&two);
}

static void a_claim_is_refused_once_the_space_is_closed(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  sluice_store_claim claim;
  (void)sluice_space_close(&two.space);
  assert_int_equal(sluice_store_claim_for(&two.a, "k", 1, 8, &claim), SLUICE_E_CLOSED);
  assert_int_equal(used_of(&two.space), two.empty);
  discard_pair(&two);
}

static void what_was_abandoned_leaves_nothing(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  sluice_store_claim claim;
  assert_int_equal(sluice_store_claim_for(&two.a, "k", 1, 2, &claim), SLUICE_OK);
  assert_int_equal(sluice_store_abandon(&two.a, &claim), SLUICE_OK);
  assert_int_equal(sluice_store_abandon(&two.a, &claim), SLUICE_E_INVALID);
  assert_int_equal(sluice_store_publish(&two.a, &claim, SLUICE_STORE_ANY, 0), SLUICE_E_INVALID);
  finds_nothing(&two.b, "k");
  assert_int_equal(used_of(&two.space), two.empty);
  discard_pair(&two);
}

/* ---- walking ---- */

static void a_walk_meets_each_entry_once(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  char keys[] = "abcdef";
  for (int i = 0; i < 6; i++) {
    (void)sluice_store_set(&two.a, &keys[i], 1, &keys[i], 1);
  }
  (void)drop(&two.a, "c");
  sluice_store_entry entry;
  uint32_t index = 0;
  uint32_t met = 0;
  int status = SLUICE_OK;
  while ((status = sluice_store_next(&two.b, &index, &entry)) == SLUICE_OK) {
    char key = *(const char *)entry.key;
    assert_int_equal(*(const char *)entry.value, key);
    assert_int_equal(entry.version, 1 + key - 'a');
    assert_int_equal(met & 1U << (key - 'a'), 0);
    met |= 1U << (key - 'a');
    /* a change on the way moves nothing */
    assert_int_equal(sluice_store_replace(&two.a, entry.key, 1, entry.version, &key, 1), SLUICE_OK);
    sluice_store_unhold(&two.b, &entry);
  }
  assert_int_equal(status, SLUICE_E_EMPTY);
  assert_int_equal(met, 0x3b);
  assert_int_equal(sluice_store_size(&two.b), 5);
  index = UINT32_MAX;
  assert_int_equal(sluice_store_next(&two.b, &index, &entry), SLUICE_E_EMPTY);
  discard_pair(&two);
}

/* ---- watching ---- */

static void waiting_for_a_change_times_out(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  (void)set(&two.a, "k", "v");
  int64_t begin = now_ns();
  assert_int_equal(sluice_store_wait(&two.b, "k", 1, two.a.version, 20 * NS_PER_MS),
                   SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 20 * NS_PER_MS);
  assert_int_equal(sluice_store_wait(&two.b, "k", 1, two.a.version, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_store_wait(&two.b, "no", 2, 0, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_store_wait(&two.b, "k", 1, 0, -1), SLUICE_OK);
  assert_int_equal(sluice_store_wait(&two.b, "no", 2, 1, -1), SLUICE_OK);
  discard_pair(&two);
}

static void no_time_is_not_waited_and_leaves_no_mark(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  assert_int_equal(sluice_store_wait(&two.b, "no", 2, 0, 0), SLUICE_E_TIMEOUT);
  for (int i = 0; i < SLUICE_STORE_WATCHES; i++) {
    assert_int_equal(atomic_load(&two.b.store->changed[i]), 0);
  }
  discard_pair(&two);
}

/* Waits until "k" is not at version 1 any more. */
static void *wait_past_1(void *argument) {
  sluice_store_view *view = argument;
  uint64_t version = 1;
  int status = SLUICE_OK;
  while (status == SLUICE_OK && version == 1) {
    status = sluice_store_wait(view, "k", 1, 1, -1);
    (void)sluice_store_version(view, "k", 1, &version);
  }
  return (void *)(intptr_t)(status == SLUICE_OK ? (intptr_t)version : status);
}

/* The thread asleep, or as good as. */
static pthread_t start_watcher(pair *two) {
  assert_int_equal(set(&two->a, "k", "v"), SLUICE_OK);
  assert_int_equal(two->a.version, 1);
  pthread_t thread = start(wait_past_1, &two->b);
  uint32_t hash = sluice_table_hash("k", 1);
  until_asleep(&two->store->changed[hash % SLUICE_STORE_WATCHES]);
  return thread;
}

static void a_watcher_wakes_on_a_set(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  pthread_t thread = start_watcher(&two);
  for (char key = 'a'; key < 'a' + ENTRIES - 1; key++) { /* others wake it in vain, if at all */
    (void)sluice_store_set(&two.a, &key, 1, "v", 1);
  }
  (void)set(&two.a, "k", "w");
  assert_int_equal(finish(thread), (intptr_t)two.a.version);
  discard_pair(&two);
}

static void a_watcher_wakes_on_a_removal(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  pthread_t thread = start_watcher(&two);
  (void)drop(&two.a, "k");
  assert_int_equal(finish(thread), 0);
  discard_pair(&two);
}

static void a_watcher_wakes_when_the_space_closes(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  pthread_t thread = start_watcher(&two);
  (void)sluice_space_close(&two.space);
  assert_int_equal(finish(thread), SLUICE_E_CLOSED);
  assert_int_equal(set(&two.a, "k", "w"), SLUICE_E_CLOSED);
  assert_int_equal(drop(&two.a, "k"), SLUICE_E_CLOSED);
  finds(&two.b, "k", "v");
  discard_pair(&two);
}

static void a_watcher_wakes_when_a_participant_died(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  sluice_space third = joined(&two.space);
  assert_int_equal(sluice_store_open(&third, "s", 1, ENTRIES, 0), two.offset);
  pthread_t thread = start_watcher(&two);
  uint32_t hash = sluice_table_hash("k", 1) % SLUICE_STORE_WATCHES;
  uint32_t before = atomic_load(&two.store->changed[hash]);
  assert_int_equal(sluice_participant_bury(&two.space, third.participant), SLUICE_OK);
  assert_int_not_equal(atomic_load(&two.store->changed[hash]) & ~1U, before & ~1U);
  (void)set(&two.a, "k", "w");
  assert_int_equal(finish(thread), (intptr_t)two.a.version);
  discard_pair(&two);
}

static void who_sleeps_by_its_own_means_is_told_only_when_nothing_is_new(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  uint32_t key = sluice_store_sleep(&two.b, "k", 1, 0);
  assert_int_not_equal(key, 0);
  assert_int_equal(key, atomic_load(two.b.asleep));
  (void)set(&two.a, "k", "v");
  assert_int_not_equal(key, atomic_load(two.b.asleep));
  assert_int_equal(sluice_store_sleep(&two.b, "k", 1, 0), 0);
  assert_int_not_equal(sluice_store_sleep(&two.b, "k", 1, 1), 0);
  discard_pair(&two);
}

/* ---- death ---- */

static void what_the_dead_had_claimed_and_held_is_let_go(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  sluice_store_claim claim;
  sluice_store_entry entry;
  (void)set(&two.b, "k", "v");
  assert_int_equal(sluice_store_claim_for(&two.b, "l", 1, 4, &claim), SLUICE_OK);
  assert_int_equal(sluice_store_hold(&two.b, "k", 1, &entry), SLUICE_OK);
  (void)set(&two.a, "k", "w");
  assert_int_equal(used_of(&two.space), two.empty + 3 * 128);
  assert_int_equal(sluice_participant_bury(&two.space, two.other.participant), SLUICE_OK);
  assert_int_equal(used_of(&two.space), two.empty + 128);
  finds(&two.a, "k", "w");
  discard_pair(&two);
}

static void what_the_dead_had_set_stays(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  (void)set(&two.b, "k", "v");
  (void)set(&two.b, "l", "w");
  assert_int_equal(sluice_participant_bury(&two.space, two.other.participant), SLUICE_OK);
  finds(&two.a, "k", "v");
  finds(&two.a, "l", "w");
  (void)drop(&two.a, "k");
  (void)drop(&two.a, "l");
  assert_int_equal(used_of(&two.space), two.empty);
  discard_pair(&two);
}

/* ---- hostile words ---- */

static sluice_store_value *only_value(pair *two) {
  (void)set(&two->a, "k", "v");
  sluice_store_entry entry;
  assert_int_equal(sluice_store_hold(&two->a, "k", 1, &entry), SLUICE_OK);
  sluice_store_unhold(&two->a, &entry);
  return sluice_at(&two->space, entry.offset);
}

static void a_value_that_claims_more_than_its_block_poisons(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    pair two;
    open_pair(&two);
    sluice_store_value *value = only_value(&two);
    if (i == 0) {
      value->value_bytes = 64;
    } else if (i == 1) {
      value->value_at = 65;
    } else {
      value->value_at = UINT32_MAX;
      value->value_bytes = 2;
    }
    char into[64];
    uint32_t length = 0;
    uint64_t version = 0;
    sluice_store_entry entry;
    uint32_t index = 0;
    assert_int_equal(sluice_store_get(&two.b, "k", 1, into, 64, &length, &version),
                     SLUICE_E_POISONED);
    assert_int_equal(sluice_store_hold(&two.b, "k", 1, &entry), SLUICE_E_POISONED);
    assert_int_equal(sluice_store_next(&two.b, &index, &entry), SLUICE_E_POISONED);
    assert_int_equal(set(&two.a, "k", "v"), SLUICE_E_POISONED);
    assert_int_equal(drop(&two.a, "k"), SLUICE_E_POISONED);
    assert_int_equal(sluice_store_wait(&two.a, "k", 1, 1, -1), SLUICE_E_POISONED);
    discard_pair(&two);
  }
}

static void a_key_that_claims_more_than_its_block_poisons(void **state) {
  (void)state;
  const uint32_t words[][2] = {/* key_at, key_bytes */
                               {65, 0},
                               {16, 49},
                               {UINT32_MAX, 1},
                               {1, UINT32_MAX},
                               {16, UINT32_MAX - 15}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    pair two;
    open_pair(&two);
    sluice_block *block =
        block_of(&two.space, (uint32_t)((unsigned char *)only_value(&two) - two.space.base));
    atomic_store(&block->key_at, words[i][0]);
    atomic_store(&block->key_bytes, words[i][1]);
    sluice_store_entry entry;
    uint32_t index = 0;
    int status = SLUICE_OK;
    while ((status = sluice_store_next(&two.b, &index, &entry)) == SLUICE_OK) {
    }
    assert_int_equal(status, SLUICE_E_POISONED);
    discard_pair(&two);
  }
}

static void a_claim_whose_key_was_rewritten_is_not_entered(void **state) {
  (void)state;
  const uint32_t lengths[] = {UINT32_MAX, UINT32_MAX - 15, 49};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    pair two;
    open_pair(&two);
    sluice_store_claim claim;
    assert_int_equal(sluice_store_claim_for(&two.a, "k", 1, 8, &claim), SLUICE_OK);
    atomic_store(&block_of(&two.space, claim.offset)->key_bytes, lengths[i]);
    assert_int_equal(sluice_store_publish(&two.a, &claim, SLUICE_STORE_ANY, 8), SLUICE_E_POISONED);
    discard_pair(&two);
  }
}

static void a_poisoned_store_shows_nothing(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  (void)set(&two.a, "k", "v");
  atomic_fetch_or(&two.store->object.state, SLUICE_OBJECT_POISONED);
  char into[8];
  uint32_t length = 0;
  uint32_t index = 0;
  uint64_t version = 0;
  sluice_store_entry entry;
  assert_int_equal(sluice_store_get(&two.b, "k", 1, into, 8, &length, &version), SLUICE_E_POISONED);
  assert_int_equal(sluice_store_hold(&two.b, "k", 1, &entry), SLUICE_E_POISONED);
  assert_int_equal(sluice_store_version(&two.b, "k", 1, &version), SLUICE_E_POISONED);
  assert_int_equal(sluice_store_next(&two.b, &index, &entry), SLUICE_E_POISONED);
  discard_pair(&two);
}

/* A small object that says it is a store: what stands behind it is not its own. */
static void a_falsified_kind_wakes_nobody_behind_its_block(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  uint32_t at = sluice_event_open(&space, "e", 1);
  uint32_t behind = sluice_slab_alloc(&space, 4096);
  unsigned char *theirs = sluice_at(&space, behind);
  memset(theirs, 0xff, 4096);
  sluice_object *object = sluice_at(&space, at);
  object->kind = SLUICE_KIND_STORE;
  object->capacity = 1;
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  for (int i = 0; i < 4096; i++) {
    assert_int_equal(theirs[i], 0xff);
  }
  free(space.base);
}

static void a_watcher_wakes_when_the_store_is_poisoned(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  pthread_t thread = start_watcher(&two);
  (void)set(&two.a, "l", "v");
  sluice_store_entry entry;
  assert_int_equal(sluice_store_hold(&two.a, "l", 1, &entry), SLUICE_OK);
  ((sluice_store_value *)sluice_at(&two.space, entry.offset))->value_bytes = UINT32_MAX;
  assert_int_equal(sluice_store_hold(&two.a, "l", 1, &entry), SLUICE_E_POISONED);
  assert_int_equal(finish(thread), SLUICE_E_POISONED);
  discard_pair(&two);
}

static void a_slot_that_names_no_block_poisons_the_space(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  for (uint32_t i = 0; i < ENTRIES; i++) {
    atomic_store(&two.store->slots[i], UINT64_C(0x1ffffff)); /* past the end */
  }
  sluice_store_entry entry;
  uint32_t index = 0;
  assert_int_equal(sluice_store_hold(&two.b, "k", 1, &entry), SLUICE_E_POISONED);
  assert_int_equal(sluice_space_state(&two.space), SLUICE_E_POISONED);
  assert_int_equal(sluice_store_next(&two.b, &index, &entry), SLUICE_E_POISONED);
  assert_int_equal(set(&two.b, "k", "v"), SLUICE_E_POISONED);
  discard_pair(&two);
}

static void a_shape_rewritten_after_attach_changes_nothing(void **state) {
  (void)state;
  pair two;
  open_pair(&two);
  two.store->object.capacity = UINT32_MAX;
  assert_int_equal(set(&two.a, "k", "v"), SLUICE_OK);
  finds(&two.b, "k", "v");
  assert_int_equal(sluice_store_size(&two.b), 1);
  two.store->object.capacity = 65535; /* a burial, and the end of the store, look at it again */
  assert_int_equal(sluice_participant_bury(&two.space, two.other.participant), SLUICE_OK);
  assert_int_equal(sluice_directory_remove(&two.space, "s", 1), SLUICE_OK);
  assert_int_equal(sluice_object_close(&two.space, two.offset), SLUICE_OK);
  discard_pair(&two);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_number_of_entries_out_of_range_has_no_size),
      cmocka_unit_test(one_name_is_one_store_of_one_shape),
      cmocka_unit_test(a_view_of_what_is_no_such_store_is_invalid),
      cmocka_unit_test(a_shape_that_was_rewritten_before_is_invalid),
      cmocka_unit_test(what_one_sets_the_other_gets),
      cmocka_unit_test(keys_and_values_may_be_empty_and_hold_any_bytes),
      cmocka_unit_test(values_of_every_length_arrive_whole),
      cmocka_unit_test(a_pointer_to_no_bytes_may_be_null),
      cmocka_unit_test(a_room_too_small_is_told_the_length),
      cmocka_unit_test(a_key_above_the_longest_is_invalid_unread),
      cmocka_unit_test(what_is_removed_is_gone),
      cmocka_unit_test(no_block_is_left_behind),
      cmocka_unit_test(a_removed_store_frees_its_values),
      cmocka_unit_test(a_full_store_says_so_and_still_changes_what_it_has),
      cmocka_unit_test(a_full_space_is_no_memory),
      cmocka_unit_test(every_value_of_the_store_gets_a_greater_version),
      cmocka_unit_test(replace_changes_the_expected_version_only),
      cmocka_unit_test(remove_may_expect_a_version_too),
      cmocka_unit_test(a_removal_enters_no_version_and_shows_to_those_that_spin),
      cmocka_unit_test(
          a_value_whose_setter_died_before_it_was_numbered_is_numbered_by_who_meets_it),
      cmocka_unit_test(what_is_held_stays_as_it_is),
      cmocka_unit_test(an_entry_held_twice_is_held_until_the_first_hold_ends),
      cmocka_unit_test(what_was_written_in_place_is_found_once_published),
      cmocka_unit_test(a_claim_outlives_a_publication_that_fails),
      cmocka_unit_test(a_claim_is_refused_once_the_space_is_closed),
      cmocka_unit_test(what_was_abandoned_leaves_nothing),
      cmocka_unit_test(a_walk_meets_each_entry_once),
      cmocka_unit_test(waiting_for_a_change_times_out),
      cmocka_unit_test(no_time_is_not_waited_and_leaves_no_mark),
      cmocka_unit_test(a_watcher_wakes_on_a_set),
      cmocka_unit_test(a_watcher_wakes_on_a_removal),
      cmocka_unit_test(a_watcher_wakes_when_the_space_closes),
      cmocka_unit_test(a_watcher_wakes_when_a_participant_died),
      cmocka_unit_test(who_sleeps_by_its_own_means_is_told_only_when_nothing_is_new),
      cmocka_unit_test(what_the_dead_had_claimed_and_held_is_let_go),
      cmocka_unit_test(what_the_dead_had_set_stays),
      cmocka_unit_test(a_value_that_claims_more_than_its_block_poisons),
      cmocka_unit_test(a_key_that_claims_more_than_its_block_poisons),
      cmocka_unit_test(a_claim_whose_key_was_rewritten_is_not_entered),
      cmocka_unit_test(a_poisoned_store_shows_nothing),
      cmocka_unit_test(a_falsified_kind_wakes_nobody_behind_its_block),
      cmocka_unit_test(a_watcher_wakes_when_the_store_is_poisoned),
      cmocka_unit_test(a_slot_that_names_no_block_poisons_the_space),
      cmocka_unit_test(a_shape_rewritten_after_attach_changes_nothing),
  };
  return RUN(tests);
}
