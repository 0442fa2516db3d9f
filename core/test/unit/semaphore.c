/* semaphore.h: never more holders than permits; each permit has an index; a death gives permits
 * back. */
#include "sluice/semaphore.h"

#include "sleeper.h"
#include "sluice/mutex.h"

enum { PERMITS = 3 };

static sluice_semaphore *fresh_semaphore(uint32_t permits) {
  sluice_semaphore *semaphore = fresh(sluice_semaphore_bytes(permits));
  assert_int_equal(sluice_semaphore_init(semaphore, permits), SLUICE_OK);
  return semaphore;
}

static int acquire_for_ever(void *semaphore, uint32_t owner) {
  return sluice_semaphore_acquire(semaphore, PERMITS, owner, -1);
}

static int acquire_and_release(void *semaphore, uint32_t owner) {
  int index = sluice_semaphore_acquire(semaphore, PERMITS, owner, -1);
  return index < 0 ? index : sluice_semaphore_release(semaphore, PERMITS, owner, (uint32_t)index);
}

/* All permits, by A. */
static void take_all(sluice_semaphore *semaphore) {
  for (int i = 0; i < PERMITS; i++) {
    assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, A), i);
  }
  assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, A), SLUICE_E_BUSY);
}

/* ---- open, init ---- */

static void one_name_is_one_semaphore_with_one_number_of_permits(void **state) {
  (void)state;
  sluice_space space = joined_space(131072);
  uint32_t offset = sluice_semaphore_open(&space, "s", 1, 5);
  assert_int_not_equal(offset, 0);
  assert_int_equal(sluice_semaphore_open(&space, "s", 1, 5), offset);
  assert_int_equal(sluice_semaphore_open(&space, "s", 1, 6), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_mutex_open(&space, "s", 1), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_not_equal(sluice_semaphore_open(&space, "t", 1, SLUICE_SEMAPHORE_MAX), 0);
  free(space.base);
}

static void a_number_of_permits_out_of_range_is_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  const uint32_t wrong[] = {0, SLUICE_SEMAPHORE_MAX + 1, UINT32_MAX};
  void *at = fresh(4096);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(sluice_semaphore_bytes(wrong[i]), 0);
    assert_int_equal(sluice_semaphore_open(&space, "s", 1, wrong[i]), 0);
    assert_int_equal(space.status, SLUICE_E_INVALID);
    assert_int_equal(sluice_semaphore_init(at, wrong[i]), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_semaphore_init((char *)at + 4, 1), SLUICE_E_INVALID);
  free(at);
  free(space.base);
}

static void a_number_of_permits_that_is_not_its_own_is_invalid(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  const uint32_t wrong[] = {0, 2, 4, 100000, UINT32_MAX};
  assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, A), 0);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(sluice_semaphore_acquire(semaphore, wrong[i], A, -1), SLUICE_E_INVALID);
    assert_int_equal(sluice_semaphore_try(semaphore, wrong[i], A), SLUICE_E_INVALID);
    assert_int_equal(sluice_semaphore_release(semaphore, wrong[i], A, 0), SLUICE_E_INVALID);
    assert_int_equal(sluice_semaphore_sleep(semaphore, wrong[i]), 0);
  }
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, 0), SLUICE_OK);
  free(semaphore);
}

/* ---- acquire, release ---- */

static void each_permit_has_one_holder_and_an_index(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  uint32_t seen = 0;
  for (uint32_t i = 0; i < PERMITS; i++) {
    int index = sluice_semaphore_acquire(semaphore, PERMITS, A + i, -1);
    assert_true(index >= 0 && index < PERMITS);
    assert_int_equal(atomic_load(&semaphore->holder[index]), A + i);
    seen |= UINT32_C(1) << index;
  }
  assert_int_equal(seen, 7);
  assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, D), SLUICE_E_BUSY);
  free(semaphore);
}

static void one_may_hold_several(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  take_all(semaphore);
  for (uint32_t i = 0; i < PERMITS; i++) {
    assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, i), SLUICE_OK);
  }
  take_all(semaphore);
  free(semaphore);
}

static void only_its_holder_releases_a_permit(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, 0), SLUICE_E_INVALID);
  take_all(semaphore);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, B, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, PERMITS), SLUICE_E_INVALID);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, UINT32_MAX), SLUICE_E_INVALID);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, 1), SLUICE_OK);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, 1), SLUICE_E_INVALID);
  assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, B), 1);
  free(semaphore);
}

static void an_id_that_no_participant_has_is_invalid(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  for (int i = 0; i < NO_IDS; i++) {
    assert_int_equal(sluice_semaphore_acquire(semaphore, PERMITS, no_ids[i], -1), SLUICE_E_INVALID);
    assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, no_ids[i]), SLUICE_E_INVALID);
    assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, no_ids[i], 0), SLUICE_E_INVALID);
  }
  free(semaphore);
}

static void a_limited_wait_times_out(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  take_all(semaphore);
  int64_t begin = now_ns();
  assert_int_equal(sluice_semaphore_acquire(semaphore, PERMITS, B, 5 * NS_PER_MS),
                   SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 5 * NS_PER_MS);
  uint32_t before = atomic_load(&semaphore->released);
  assert_int_equal(sluice_semaphore_acquire(semaphore, PERMITS, B, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&semaphore->released), before);
  free(semaphore);
}

static void a_sleeper_gets_the_permit_that_is_released(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  sleeper other;
  take_all(semaphore);
  put_to_sleep(&other, acquire_for_ever, semaphore, B);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, 2), SLUICE_OK);
  assert_int_equal(awake(&other), 2);
  free(semaphore);
}

static int acquire_within_an_hour(void *semaphore, uint32_t owner) {
  return sluice_semaphore_acquire(semaphore, PERMITS, owner, AN_HOUR);
}

static void a_limited_wait_that_is_woken_in_time_gets_a_permit(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  sleeper other;
  take_all(semaphore);
  put_to_sleep(&other, acquire_within_an_hour, semaphore, B);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, 2), SLUICE_OK);
  assert_int_equal(awake(&other), 2);
  free(semaphore);
}

static void one_permit_brings_all_sleepers_through(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  sleeper others[4];
  take_all(semaphore);
  for (uint32_t i = 0; i < 4; i++) {
    put_to_sleep(&others[i], acquire_and_release, semaphore, B + i);
  }
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, 0), SLUICE_OK);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  free(semaphore);
}

static void as_many_wake_as_permits_are_released(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  sleeper others[3];
  take_all(semaphore);
  for (uint32_t i = 0; i < 3; i++) {
    put_to_sleep(&others[i], acquire_for_ever, semaphore, B + i);
  }
  for (uint32_t i = 0; i < 3; i++) {
    assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, i), SLUICE_OK);
  }
  int indices = 0;
  for (int i = 0; i < 3; i++) {
    indices |= 1 << awake(&others[i]);
  }
  assert_int_equal(indices, 7);
  free(semaphore);
}

typedef struct shelf {
  sluice_semaphore *semaphore;
  uint64_t things[PERMITS]; /* not atomic: whoever holds the permit has the thing to itself */
} shelf;

static int use_things(void *argument, uint32_t owner) {
  shelf *shared = argument;
  int status = SLUICE_OK;
  for (int i = 0; i < 1000 && status == SLUICE_OK; i++) {
    int index = sluice_semaphore_acquire(shared->semaphore, PERMITS, owner, -1);
    if (index < 0) {
      return index;
    }
    shared->things[index]++;
    status = sluice_semaphore_release(shared->semaphore, PERMITS, owner, (uint32_t)index);
  }
  return status;
}

static void what_a_holder_wrote_the_permits_next_holder_sees(void **state) {
  (void)state;
  shelf *shared = fresh(sizeof *shared);
  shared->semaphore = fresh_semaphore(PERMITS);
  sleeper others[5];
  for (uint32_t i = 0; i < 5; i++) {
    others[i] = (sleeper){.call = use_things, .object = shared, .owner = A + i};
    others[i].thread = start(sleeper_run, &others[i]);
  }
  for (int i = 0; i < 5; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  assert_int_equal(shared->things[0] + shared->things[1] + shared->things[2], 5000);
  free(shared->semaphore);
  free(shared);
}

/* ---- death, with a space, because the recovery checks its bounds ---- */

static sluice_semaphore *open_in(sluice_space *space) {
  uint32_t offset = sluice_semaphore_open(space, "s", 1, PERMITS);
  assert_int_not_equal(offset, 0);
  return sluice_at(space, offset);
}

static void a_death_gives_back_exactly_what_the_dead_one_held(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  sluice_semaphore *semaphore = open_in(&space);
  assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, A), 0);
  assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, B), 1);
  assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, A), 2);
  assert_int_equal(sluice_semaphore_recover(&space, semaphore, A), SLUICE_OK);
  assert_int_equal(atomic_load(&semaphore->holder[0]), 0);
  assert_int_equal(atomic_load(&semaphore->holder[1]), B);
  assert_int_equal(atomic_load(&semaphore->holder[2]), 0);
  assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, A + (1 << 8)), 0); /* its slot's next */
  assert_int_equal(sluice_semaphore_recover(&space, semaphore, A), SLUICE_OK);
  assert_int_equal(atomic_load(&semaphore->holder[0]), A + (1 << 8));
  free(space.base);
}

static void a_death_wakes_who_waits_for_the_dead_ones_permits(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  sluice_semaphore *semaphore = open_in(&space);
  sleeper others[2];
  take_all(semaphore);
  put_to_sleep(&others[0], acquire_for_ever, semaphore, B);
  put_to_sleep(&others[1], acquire_for_ever, semaphore, C);
  assert_int_equal(sluice_semaphore_recover(&space, semaphore, A), SLUICE_OK);
  assert_true(awake(&others[0]) >= 0);
  assert_true(awake(&others[1]) >= 0);
  free(space.base);
}

static void a_wake_up_that_died_is_made_good(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  sluice_semaphore *semaphore = open_in(&space);
  sleeper other;
  take_all(semaphore);
  put_to_sleep(&other, acquire_for_ever, semaphore, B);
  atomic_store(&semaphore->holder[1], 0); /* A released it and woke C, or nobody, and is dead */
  atomic_fetch_and(&semaphore->released, ~UINT32_C(1));
  assert_true(sleeps(&other));
  assert_int_equal(sluice_semaphore_recover(&space, semaphore, C), SLUICE_OK);
  assert_int_equal(awake(&other), 1);
  free(space.base);
}

static void whoever_buries_a_holder_frees_its_permits(void **state) {
  (void)state;
  sluice_space mine = joined_space(65536);
  sluice_space dead = joined(&mine);
  sluice_semaphore *semaphore = open_in(&mine);
  assert_ptr_equal(open_in(&dead), semaphore);
  assert_true(sluice_semaphore_try(semaphore, PERMITS, dead.participant) >= 0);
  assert_int_equal(sluice_participant_bury(&mine, dead.participant), SLUICE_OK);
  take_all(semaphore);
  free(mine.base);
}

static void a_falsified_header_keeps_the_recovery_in_bounds(void **state) {
  (void)state;
  sluice_space space = joined_space(16384);
  sluice_semaphore *semaphore = open_in(&space);
  const uint32_t lies[] = {0, SLUICE_SEMAPHORE_MAX, UINT32_MAX};
  for (int i = 0; i < 3; i++) {
    semaphore->object.capacity = lies[i];
    assert_int_equal(sluice_semaphore_recover(&space, semaphore, A), SLUICE_OK);
    assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, A), SLUICE_E_INVALID);
  }
  free(space.base);
}

/* ---- closed, poisoned ---- */

static void closing_wakes_who_sleeps_and_refuses_the_rest(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  sluice_semaphore *semaphore = open_in(&space);
  sleeper other;
  take_all(semaphore);
  put_to_sleep(&other, acquire_for_ever, semaphore, B);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_E_CLOSED);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, 0), SLUICE_OK);
  assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, B), SLUICE_E_CLOSED);
  assert_int_equal(sluice_semaphore_acquire(semaphore, PERMITS, B, -1), SLUICE_E_CLOSED);
  assert_int_equal(sluice_semaphore_sleep(semaphore, PERMITS), 0);
  free(space.base);
}

static void nobodys_id_in_a_word_poisons_it_and_wakes_who_sleeps(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  sleeper other;
  take_all(semaphore);
  put_to_sleep(&other, acquire_for_ever, semaphore, B);
  atomic_store(&semaphore->holder[2], UINT32_MAX);
  assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, C), SLUICE_E_POISONED);
  assert_int_equal(awake(&other), SLUICE_E_POISONED);
  atomic_store(&semaphore->holder[2], 0);
  assert_int_equal(sluice_semaphore_acquire(semaphore, PERMITS, C, -1), SLUICE_E_POISONED);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, 0), SLUICE_E_POISONED);
  free(semaphore);
}

/* ---- sleeping by other means ---- */

static void sleep_gives_a_value_only_while_no_permit_is_free(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  assert_int_equal(sluice_semaphore_sleep(semaphore, PERMITS), 0);
  take_all(semaphore);
  uint32_t value = sluice_semaphore_sleep(semaphore, PERMITS);
  assert_int_not_equal(value, 0);
  assert_int_equal(atomic_load(&semaphore->released), value);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, A, 1), SLUICE_OK);
  assert_int_not_equal(atomic_load(&semaphore->released), value);
  assert_int_equal(sluice_semaphore_try(semaphore, PERMITS, A), 1);
  (void)sluice_semaphore_shut(semaphore);
  assert_int_equal(sluice_semaphore_sleep(semaphore, PERMITS), 0); /* it would sleep for ever */
  free(semaphore);
}

static void who_was_woken_and_gives_up_passes_it_on(void **state) {
  (void)state;
  sluice_semaphore *semaphore = fresh_semaphore(PERMITS);
  sleeper other;
  take_all(semaphore);
  put_to_sleep(&other, acquire_for_ever, semaphore, B);
  atomic_store(&semaphore->holder[0], 0); /* A released it and woke C */
  assert_true(sleeps(&other));
  sluice_semaphore_pass(semaphore);
  assert_int_equal(awake(&other), 0);
  free(semaphore);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_name_is_one_semaphore_with_one_number_of_permits),
      cmocka_unit_test(a_number_of_permits_out_of_range_is_invalid),
      cmocka_unit_test(a_number_of_permits_that_is_not_its_own_is_invalid),
      cmocka_unit_test(each_permit_has_one_holder_and_an_index),
      cmocka_unit_test(one_may_hold_several),
      cmocka_unit_test(only_its_holder_releases_a_permit),
      cmocka_unit_test(an_id_that_no_participant_has_is_invalid),
      cmocka_unit_test(a_limited_wait_times_out),
      cmocka_unit_test(a_sleeper_gets_the_permit_that_is_released),
      cmocka_unit_test(a_limited_wait_that_is_woken_in_time_gets_a_permit),
      cmocka_unit_test(one_permit_brings_all_sleepers_through),
      cmocka_unit_test(as_many_wake_as_permits_are_released),
      cmocka_unit_test(what_a_holder_wrote_the_permits_next_holder_sees),
      cmocka_unit_test(a_death_gives_back_exactly_what_the_dead_one_held),
      cmocka_unit_test(a_death_wakes_who_waits_for_the_dead_ones_permits),
      cmocka_unit_test(a_wake_up_that_died_is_made_good),
      cmocka_unit_test(whoever_buries_a_holder_frees_its_permits),
      cmocka_unit_test(a_falsified_header_keeps_the_recovery_in_bounds),
      cmocka_unit_test(closing_wakes_who_sleeps_and_refuses_the_rest),
      cmocka_unit_test(nobodys_id_in_a_word_poisons_it_and_wakes_who_sleeps),
      cmocka_unit_test(sleep_gives_a_value_only_while_no_permit_is_free),
      cmocka_unit_test(who_was_woken_and_gives_up_passes_it_on),
  };
  return RUN(tests);
}
