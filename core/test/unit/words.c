/* words.h: what is copied, what is touched, and that a torn copy is never taken for a whole one. */
#include "support.h"

#include "words.h"

enum { LONGEST = 600, ROUNDS = 3000 };

static void every_length_arrives_whole(void **state) {
  (void)state;
  uint64_t seed = 1;
  unsigned char from[LONGEST];
  unsigned char to[LONGEST];
  unsigned char *shared = fresh(sluice_words_bytes(LONGEST));
  for (uint32_t bytes = 0; bytes <= LONGEST; bytes++) {
    fill_random(&seed, from, bytes);
    memset(to, 0, sizeof to);
    sluice_words_store(shared, from, bytes);
    sluice_words_load(to, shared, bytes);
    assert_memory_equal(to, from, bytes);
  }
  free(shared);
}

static void nothing_past_the_rounded_length_is_touched(void **state) {
  (void)state;
  unsigned char from[64];
  unsigned char to[65];
  unsigned char *shared = fresh(128);
  memset(from, 0x11, sizeof from);
  for (uint32_t bytes = 0; bytes <= 64; bytes++) {
    memset(shared, 0xee, 128);
    memset(to, 0xee, sizeof to);
    sluice_words_store(shared, from, bytes);
    sluice_words_load(to, shared, bytes);
    for (uint32_t i = sluice_words_bytes(bytes); i < 128; i++) {
      assert_int_equal(shared[i], 0xee);
    }
    for (uint32_t i = bytes; i < sizeof to; i++) {
      assert_int_equal(to[i], 0xee);
    }
  }
  free(shared);
}

static void the_private_side_may_lie_anywhere(void **state) {
  (void)state;
  uint64_t seed = 2;
  unsigned char from[64];
  unsigned char to[64];
  unsigned char *shared = fresh(64);
  fill_random(&seed, from, sizeof from);
  for (uint32_t shift = 0; shift < 8; shift++) {
    sluice_words_store(shared, from + shift, 45);
    sluice_words_load(to + 7 - shift, shared, 45);
    assert_memory_equal(to + 7 - shift, from + shift, 45);
  }
  free(shared);
}

static void an_empty_value_is_not_looked_at(void **state) {
  (void)state;
  unsigned char *shared = fresh(8);
  memset(shared, 0xee, 8);
  void *nowhere = (void *)(uintptr_t)8;
  sluice_words_store(shared, nowhere, 0);
  sluice_words_load(nowhere, shared, 0);
  assert_int_equal(shared[0], 0xee);
  free(shared);
}

static void lengths_round_up_to_words(void **state) {
  (void)state;
  assert_int_equal(sluice_words_bytes(0), 0);
  assert_int_equal(sluice_words_bytes(1), 8);
  assert_int_equal(sluice_words_bytes(8), 8);
  assert_int_equal(sluice_words_bytes(9), 16);
}

/* ---- the promise: who sees a new word sees its announcement ---- */

static struct {
  _Atomic uint64_t announced;
  _Atomic uint64_t written;
  _Atomic uint32_t begun;
  _Atomic uint64_t data[LONGEST / 8];
} shared_value;

static void *write_versions(void *argument) {
  uint64_t value[LONGEST / 8];
  (void)argument;
  while (atomic_load(&shared_value.begun) == 0) {
  }
  for (uint64_t version = 1; version <= ROUNDS; version++) {
    for (uint32_t i = 0; i < LONGEST / 8; i++) {
      value[i] = version;
    }
    atomic_store_explicit(&shared_value.announced, version, memory_order_relaxed);
    sluice_words_store(shared_value.data, value, sizeof value);
    atomic_store_explicit(&shared_value.written, version, memory_order_release);
  }
  return NULL;
}

static void whoever_sees_a_word_sees_its_announcement(void **state) {
  (void)state;
  pthread_t thread = start(write_versions, NULL);
  uint64_t value[LONGEST / 8];
  uint64_t before = 0;
  atomic_store(&shared_value.begun, 1);
  do {
    before = atomic_load_explicit(&shared_value.written, memory_order_acquire);
    sluice_words_load(value, shared_value.data, sizeof value);
    uint64_t after = atomic_load_explicit(&shared_value.announced, memory_order_relaxed);
    for (uint32_t i = 0; i < LONGEST / 8; i++) {
      assert_true(value[i] >= before && value[i] <= after);
    }
  } while (before != ROUNDS);
  (void)finish(thread);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_length_arrives_whole),
      cmocka_unit_test(nothing_past_the_rounded_length_is_touched),
      cmocka_unit_test(the_private_side_may_lie_anywhere),
      cmocka_unit_test(an_empty_value_is_not_looked_at),
      cmocka_unit_test(lengths_round_up_to_words),
      cmocka_unit_test(whoever_sees_a_word_sees_its_announcement),
  };
  return RUN(tests);
}
