/* once.h: one does it, all others wait for it; the next does it when the first has died. */
#include "sluice/once.h"

#include "sleeper.h"
#include "sluice/mutex.h"

static sluice_once *fresh_once(void) {
  sluice_once *once = fresh(sizeof *once);
  assert_int_equal(sluice_once_init(once), SLUICE_OK);
  return once;
}

static int begin_for_ever(void *once, uint32_t owner) {
  return sluice_once_begin(once, owner, -1);
}

static void one_name_is_one_once(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  uint32_t offset = sluice_once_open(&space, "o", 1);
  assert_int_not_equal(offset, 0);
  assert_int_equal(sluice_once_open(&space, "o", 1), offset);
  assert_int_equal(sluice_mutex_open(&space, "o", 1), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void init_wants_an_aligned_place(void **state) {
  (void)state;
  unsigned char *at = fresh(sizeof(sluice_once) + SLUICE_ALIGN);
  assert_int_equal(sluice_once_init(at + 4), SLUICE_E_INVALID);
  free(at);
}

static void the_first_does_it_and_the_others_need_not(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_RUN);
  assert_int_equal(sluice_once_begin(once, B, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_once_done(once, A), SLUICE_OK);
  assert_int_equal(sluice_once_begin(once, B, 0), SLUICE_ONCE_DONE);
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_DONE);
  free(once);
}

static void beginning_what_one_is_doing_is_told_not_suffered(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_RUN);
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_E_BUSY);
  free(once);
}

static void only_who_does_it_ends_it(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  assert_int_equal(sluice_once_done(once, A), SLUICE_E_INVALID);
  assert_int_equal(sluice_once_cancel(once, A), SLUICE_E_INVALID);
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_RUN);
  assert_int_equal(sluice_once_done(once, B), SLUICE_E_INVALID);
  assert_int_equal(sluice_once_cancel(once, B), SLUICE_E_INVALID);
  assert_int_equal(sluice_once_done(once, A), SLUICE_OK);
  assert_int_equal(sluice_once_done(once, A), SLUICE_E_INVALID);
  assert_int_equal(sluice_once_cancel(once, A), SLUICE_E_INVALID);
  free(once);
}

static void an_id_that_no_participant_has_is_invalid(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  const uint32_t finished = SLUICE_ONCE_FINISHED;
  for (int i = 0; i < NO_IDS; i++) {
    assert_int_equal(sluice_once_begin(once, no_ids[i], -1), SLUICE_E_INVALID);
    assert_int_equal(sluice_once_done(once, no_ids[i]), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_once_begin(once, finished, -1), SLUICE_E_INVALID);
  atomic_store(&once->word, finished);
  assert_int_equal(sluice_once_cancel(once, finished), SLUICE_E_INVALID);
  free(once);
}

static void a_limited_wait_times_out(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_RUN);
  int64_t begin = now_ns();
  assert_int_equal(sluice_once_begin(once, B, 5 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 5 * NS_PER_MS);
  assert_int_equal(sluice_once_done(once, A), SLUICE_OK);
  assert_int_equal(atomic_load(&once->word), SLUICE_ONCE_FINISHED);
  free(once);
}

static void all_that_wait_go_on_when_it_is_done(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  sleeper others[3];
  assert_int_equal(sluice_once_begin(once, D, -1), SLUICE_ONCE_RUN);
  for (uint32_t i = 0; i < 3; i++) {
    put_to_sleep(&others[i], begin_for_ever, once, A + i);
  }
  assert_int_equal(sluice_once_done(once, D), SLUICE_OK);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_ONCE_DONE);
  }
  free(once);
}

static int begin_within_an_hour(void *once, uint32_t owner) {
  return sluice_once_begin(once, owner, AN_HOUR);
}

static void a_limited_wait_that_is_woken_in_time_goes_on(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  sleeper other;
  assert_int_equal(sluice_once_begin(once, D, AN_HOUR), SLUICE_ONCE_RUN);
  put_to_sleep(&other, begin_within_an_hour, once, A);
  assert_int_equal(sluice_once_cancel(once, D), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_ONCE_RUN);
  put_to_sleep(&other, begin_within_an_hour, once, B);
  assert_int_equal(sluice_once_done(once, A), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_ONCE_DONE);
  free(once);
}

static void what_could_not_be_done_the_next_one_does(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  sleeper other;
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_RUN);
  put_to_sleep(&other, begin_for_ever, once, B);
  assert_int_equal(sluice_once_cancel(once, A), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_ONCE_RUN);
  assert_int_equal(sluice_once_done(once, B), SLUICE_OK);
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_DONE);
  free(once);
}

typedef struct made {
  sluice_once once;
  uint32_t value; /* not atomic: TSan sees whether the once orders it */
  _Atomic uint32_t times;
} made;

static int make(void *argument, uint32_t owner) {
  made *shared = argument;
  int status = sluice_once_begin(&shared->once, owner, -1);
  if (status > 0) {
    shared->value = 42;
    atomic_fetch_add(&shared->times, 1);
    status = sluice_once_done(&shared->once, owner);
  }
  return status == SLUICE_OK ? (int)shared->value : status;
}

static void what_the_runner_wrote_all_see(void **state) {
  (void)state;
  for (int round = 0; round < 50; round++) {
    made *shared = fresh(sizeof *shared);
    sleeper others[3];
    for (uint32_t i = 0; i < 3; i++) {
      others[i] = (sleeper){.call = make, .object = shared, .owner = A + i};
      others[i].thread = start(sleeper_run, &others[i]);
    }
    for (int i = 0; i < 3; i++) {
      assert_int_equal(awake(&others[i]), 42);
    }
    assert_int_equal(atomic_load(&shared->times), 1);
    free(shared);
  }
}

/* ---- death ---- */

static void the_next_does_it_and_is_told_when_the_first_has_died(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  sleeper other;
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_RUN);
  put_to_sleep(&other, begin_for_ever, once, B);
  assert_int_equal(sluice_once_recover(NULL, once, A), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_ONCE_RUN_AFTER);
  assert_int_equal(sluice_once_recover(NULL, once, A), SLUICE_OK);
  assert_int_equal(sluice_once_recover(NULL, once, B), SLUICE_OK);
  assert_int_equal(sluice_once_begin(once, C, -1), SLUICE_ONCE_RUN_AFTER);
  assert_int_equal(sluice_once_done(once, C), SLUICE_OK);
  assert_int_equal(sluice_once_begin(once, D, -1), SLUICE_ONCE_DONE);
  free(once);
}

static void a_death_after_it_is_done_changes_nothing(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_RUN);
  assert_int_equal(sluice_once_done(once, A), SLUICE_OK);
  assert_int_equal(sluice_once_recover(NULL, once, A), SLUICE_OK);
  assert_int_equal(sluice_once_begin(once, B, -1), SLUICE_ONCE_DONE);
  free(once);
}

static void a_runner_that_died_before_it_woke_the_others_is_made_good(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  sleeper others[2];
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_RUN);
  put_to_sleep(&others[0], begin_for_ever, once, B);
  put_to_sleep(&others[1], begin_for_ever, once, C);
  atomic_store(&once->word, SLUICE_ONCE_FINISHED);
  assert_true(sleeps(&others[0]));
  assert_int_equal(sluice_once_recover(NULL, once, A), SLUICE_OK);
  assert_int_equal(awake(&others[0]), SLUICE_ONCE_DONE);
  assert_int_equal(awake(&others[1]), SLUICE_ONCE_DONE);
  free(once);
}

static void whoever_buries_the_runner_hands_it_on(void **state) {
  (void)state;
  sluice_space mine = joined_space(65536);
  sluice_space dead = joined(&mine);
  sluice_once *once = sluice_at(&mine, sluice_once_open(&mine, "o", 1));
  assert_ptr_equal(sluice_at(&dead, sluice_once_open(&dead, "o", 1)), once);
  assert_int_equal(sluice_once_begin(once, dead.participant, -1), SLUICE_ONCE_RUN);
  assert_int_equal(sluice_participant_bury(&mine, dead.participant), SLUICE_OK);
  assert_int_equal(sluice_once_begin(once, mine.participant, -1), SLUICE_ONCE_RUN_AFTER);
  free(mine.base);
}

/* ---- closed, poisoned ---- */

static void closing_wakes_who_sleeps_and_what_is_done_stays_done(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  sluice_once *once = sluice_at(&space, sluice_once_open(&space, "o", 1));
  sleeper other;
  assert_int_equal(sluice_once_begin(once, D, -1), SLUICE_ONCE_RUN);
  put_to_sleep(&other, begin_for_ever, once, B);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_E_CLOSED);
  assert_int_equal(sluice_once_begin(once, B, -1), SLUICE_E_CLOSED);
  assert_int_equal(sluice_once_sleep(once, B), 0);
  assert_int_equal(sluice_once_done(once, D), SLUICE_OK);
  assert_int_equal(sluice_once_begin(once, B, -1), SLUICE_ONCE_DONE);
  free(space.base);
}

static void nobodys_id_in_the_word_poisons_it_and_wakes_who_sleeps(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  sleeper other;
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_RUN);
  put_to_sleep(&other, begin_for_ever, once, B);
  atomic_store(&once->word, 1 << 8 | 60);
  assert_int_equal(sluice_once_begin(once, C, -1), SLUICE_E_POISONED);
  assert_int_equal(awake(&other), SLUICE_E_POISONED);
  atomic_store(&once->word, 0);
  assert_int_equal(sluice_once_begin(once, C, -1), SLUICE_E_POISONED);
  free(once);
}

/* ---- sleeping by other means ---- */

static void sleep_gives_a_value_only_while_another_does_it(void **state) {
  (void)state;
  sluice_once *once = fresh_once();
  assert_int_equal(sluice_once_sleep(once, B), 0);
  assert_int_equal(sluice_once_begin(once, A, -1), SLUICE_ONCE_RUN);
  assert_int_equal(sluice_once_sleep(once, A), 0);
  uint32_t value = sluice_once_sleep(once, B);
  assert_int_equal(value, A | SLUICE_WAITERS_BIT);
  assert_int_equal(atomic_load(&once->word), value);
  assert_int_equal(sluice_once_done(once, A), SLUICE_OK);
  assert_int_not_equal(atomic_load(&once->word), value);
  assert_int_equal(sluice_once_sleep(once, B), 0);
  free(once);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_name_is_one_once),
      cmocka_unit_test(init_wants_an_aligned_place),
      cmocka_unit_test(the_first_does_it_and_the_others_need_not),
      cmocka_unit_test(beginning_what_one_is_doing_is_told_not_suffered),
      cmocka_unit_test(only_who_does_it_ends_it),
      cmocka_unit_test(an_id_that_no_participant_has_is_invalid),
      cmocka_unit_test(a_limited_wait_times_out),
      cmocka_unit_test(all_that_wait_go_on_when_it_is_done),
      cmocka_unit_test(a_limited_wait_that_is_woken_in_time_goes_on),
      cmocka_unit_test(what_could_not_be_done_the_next_one_does),
      cmocka_unit_test(what_the_runner_wrote_all_see),
      cmocka_unit_test(the_next_does_it_and_is_told_when_the_first_has_died),
      cmocka_unit_test(a_death_after_it_is_done_changes_nothing),
      cmocka_unit_test(a_runner_that_died_before_it_woke_the_others_is_made_good),
      cmocka_unit_test(whoever_buries_the_runner_hands_it_on),
      cmocka_unit_test(closing_wakes_who_sleeps_and_what_is_done_stays_done),
      cmocka_unit_test(nobodys_id_in_the_word_poisons_it_and_wakes_who_sleeps),
      cmocka_unit_test(sleep_gives_a_value_only_while_another_does_it),
  };
  return RUN(tests);
}
