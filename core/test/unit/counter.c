/* counter.h */
#include "support.h"

#include "sluice/counter.h"

enum { OWNER = 1 << 8 | 1, THREADS = 4, ADDITIONS = 20000 };

static sluice_counter *fresh_counter(void) {
  sluice_counter *counter = fresh(sizeof *counter);
  assert_int_equal(sluice_counter_init(counter), SLUICE_OK);
  return counter;
}

static void a_counter_starts_at_zero_and_sums_what_is_added(void **state) {
  (void)state;
  sluice_counter *counter = fresh_counter();
  assert_int_equal(sluice_counter_read(counter), 0);
  for (uint32_t slot = 1; slot <= SLUICE_PARTICIPANTS; slot++) {
    assert_int_equal(sluice_counter_add(counter, 1 << 8 | slot, slot), SLUICE_OK);
  }
  assert_int_equal(sluice_counter_read(counter), 47 * 48 / 2);
  free(counter);
}

static void a_counter_counts_modulo_two_to_the_64(void **state) {
  (void)state;
  sluice_counter *counter = fresh_counter();
  (void)sluice_counter_add(counter, OWNER, 5);
  (void)sluice_counter_add(counter, OWNER + 1, UINT64_MAX - 2);
  assert_int_equal(sluice_counter_read(counter), 2);
  free(counter);
}

static void only_a_participant_adds(void **state) {
  (void)state;
  sluice_counter *counter = fresh_counter();
  const uint32_t none[] = {0, 1 << 8, 1 << 8 | 48, UINT32_MAX};
  for (uint32_t i = 0; i < 4; i++) {
    assert_int_equal(sluice_counter_add(counter, none[i], 1), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_counter_read(counter), 0);
  free(counter);
}

static void init_refuses_a_misaligned_address(void **state) {
  (void)state;
  unsigned char *at = fresh(sizeof(sluice_counter) + 64);
  assert_int_equal(sluice_counter_init(at + 64), SLUICE_E_INVALID);
  free(at);
}

static void one_name_is_one_counter(void **state) {
  (void)state;
  sluice_space space = fresh_space(1 << 16);
  uint32_t offset = sluice_counter_open(&space, "c", 1);
  assert_int_not_equal(offset, 0);
  assert_int_equal(sluice_counter_open(&space, "c", 1), offset);
  assert_int_equal(sluice_counter_open(&space, "", 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_ring_open(&space, "c", 1, 64, 0), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static struct {
  sluice_counter *counter;
  _Atomic uint32_t next;
} shared;

static void *add_many(void *argument) {
  (void)argument;
  uint32_t owner = 1 << 8 | (atomic_fetch_add(&shared.next, 8) + 1); /* all in one stripe */
  for (int i = 0; i < ADDITIONS; i++) {
    (void)sluice_counter_add(shared.counter, owner, 1);
  }
  return NULL;
}

static void nothing_added_is_lost(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  shared.counter = fresh_counter();
  for (int i = 0; i < THREADS; i++) {
    threads[i] = start(add_many, NULL);
  }
  uint64_t last = 0;
  for (int i = 0; i < 1000; i++) { /* while others only add, it only grows */
    uint64_t now = sluice_counter_read(shared.counter);
    assert_true(now >= last && now <= (uint64_t)THREADS * ADDITIONS);
    last = now;
  }
  for (int i = 0; i < THREADS; i++) {
    (void)finish(threads[i]);
  }
  assert_int_equal(sluice_counter_read(shared.counter), THREADS * ADDITIONS);
  free(shared.counter);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_counter_starts_at_zero_and_sums_what_is_added),
      cmocka_unit_test(a_counter_counts_modulo_two_to_the_64),
      cmocka_unit_test(only_a_participant_adds),
      cmocka_unit_test(init_refuses_a_misaligned_address),
      cmocka_unit_test(one_name_is_one_counter),
      cmocka_unit_test(nothing_added_is_lost),
  };
  return RUN(tests);
}
