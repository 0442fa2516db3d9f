/* mutex.h: one holds it, the others wait; a death hands it on; no wake-up is lost. */
#include "sluice/mutex.h"

#include "sleeper.h"
#include "sluice/condvar.h"

static sluice_mutex *fresh_mutex(void) {
  sluice_mutex *mutex = fresh(sizeof *mutex);
  assert_int_equal(sluice_mutex_init(mutex), SLUICE_OK);
  return mutex;
}

static int lock_for_ever(void *mutex, uint32_t owner) {
  return sluice_mutex_lock(mutex, owner, -1);
}

/* ---- open, init ---- */

static void one_name_is_one_mutex_that_is_free_at_first(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  uint32_t offset = sluice_mutex_open(&space, "m", 1);
  assert_int_not_equal(offset, 0);
  assert_int_equal(sluice_mutex_open(&space, "m", 1), offset);
  assert_int_not_equal(sluice_mutex_open(&space, "n", 1), offset);
  sluice_mutex *mutex = sluice_at(&space, offset);
  assert_int_equal(sluice_mutex_lock(mutex, space.participant, 0), SLUICE_OK);
  assert_int_equal(sluice_mutex_unlock(mutex, space.participant), SLUICE_OK);
  free(space.base);
}

static void a_name_of_another_kind_is_a_mismatch(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  assert_int_not_equal(sluice_condvar_open(&space, "x", 1), 0);
  assert_int_equal(sluice_mutex_open(&space, "x", 1), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_mutex_open(&space, "", 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  free(space.base);
}

static void init_wants_an_aligned_place(void **state) {
  (void)state;
  unsigned char *at = fresh(sizeof(sluice_mutex) + SLUICE_ALIGN);
  assert_int_equal(sluice_mutex_init(at + 64), SLUICE_E_INVALID);
  assert_int_equal(sluice_mutex_init(at), SLUICE_OK);
  free(at);
}

/* ---- lock, unlock ---- */

static void the_word_holds_the_owner_and_nothing_when_free(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  assert_int_equal(sluice_mutex_lock(mutex, D, -1), SLUICE_OK);
  assert_int_equal(atomic_load(&mutex->word), D);
  assert_int_equal(sluice_mutex_unlock(mutex, D), SLUICE_OK);
  assert_int_equal(atomic_load(&mutex->word), 0);
  free(mutex);
}

static void trying_a_held_mutex_is_busy(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  assert_int_equal(sluice_mutex_trylock(mutex, A), SLUICE_OK);
  assert_int_equal(sluice_mutex_trylock(mutex, B), SLUICE_E_BUSY);
  assert_int_equal(atomic_load(&mutex->word), A); /* no mark: nobody sleeps */
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
  assert_int_equal(sluice_mutex_trylock(mutex, B), SLUICE_OK);
  free(mutex);
}

static void locking_ones_own_is_told_not_suffered(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_E_BUSY);
  assert_int_equal(sluice_mutex_trylock(mutex, A), SLUICE_E_BUSY);
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
  free(mutex);
}

static void an_id_that_no_participant_has_is_invalid(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  for (int i = 0; i < NO_IDS; i++) {
    assert_int_equal(sluice_mutex_lock(mutex, no_ids[i], -1), SLUICE_E_INVALID);
    assert_int_equal(sluice_mutex_trylock(mutex, no_ids[i]), SLUICE_E_INVALID);
    assert_int_equal(sluice_mutex_trylock_woken(mutex, no_ids[i]), SLUICE_E_INVALID);
    assert_int_equal(sluice_mutex_unlock(mutex, no_ids[i]), SLUICE_E_INVALID);
  }
  assert_int_equal(atomic_load(&mutex->word), 0);
  free(mutex);
}

static void only_the_owner_unlocks(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_E_INVALID);
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  assert_int_equal(sluice_mutex_unlock(mutex, B), SLUICE_E_INVALID);
  assert_int_equal(sluice_mutex_unlock(mutex, A + (1 << 8)),
                   SLUICE_E_INVALID); /* its slot's next */
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_E_INVALID);
  free(mutex);
}

static void a_limited_wait_times_out(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  int64_t begin = now_ns();
  assert_int_equal(sluice_mutex_lock(mutex, B, 5 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 5 * NS_PER_MS);
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
  assert_int_equal(sluice_mutex_lock(mutex, B, 5 * NS_PER_MS), SLUICE_OK);
  free(mutex);
}

static void no_time_is_not_waited_and_leaves_no_mark(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  assert_int_equal(sluice_mutex_lock(mutex, A, 0), SLUICE_OK);
  assert_int_equal(sluice_mutex_lock(mutex, B, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&mutex->word), A);
  free(mutex);
}

static void a_sleeper_wakes_when_it_is_unlocked(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  sleeper other;
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  put_to_sleep(&other, lock_for_ever, mutex, B);
  assert_int_equal(atomic_load(&mutex->word), A | SLUICE_WAITERS_BIT);
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OK);
  assert_int_equal(sluice_mutex_unlock(mutex, B), SLUICE_OK);
  free(mutex);
}

static int lock_within_an_hour(void *mutex, uint32_t owner) {
  return sluice_mutex_lock(mutex, owner, AN_HOUR);
}

static void a_limited_wait_that_is_woken_in_time_gets_the_mutex(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  sleeper other;
  assert_int_equal(sluice_mutex_lock(mutex, A, AN_HOUR), SLUICE_OK);
  put_to_sleep(&other, lock_within_an_hour, mutex, B);
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OK);
  free(mutex);
}

static int lock_for_the_longest_time(void *mutex, uint32_t owner) {
  return sluice_mutex_lock(mutex, owner, INT64_MAX);
}

static int lock_for_the_most_negative_time(void *mutex, uint32_t owner) {
  return sluice_mutex_lock(mutex, owner, INT64_MIN);
}

static void the_longest_and_the_most_negative_time_are_waited(void **state) {
  (void)state;
  int (*const locks[])(void *, uint32_t) = {lock_for_the_longest_time,
                                            lock_for_the_most_negative_time};
  for (int i = 0; i < 2; i++) {
    sluice_mutex *mutex = fresh_mutex();
    sleeper other;
    assert_int_equal(sluice_mutex_lock(mutex, A, INT64_MAX), SLUICE_OK);
    put_to_sleep(&other, locks[i], mutex, B);
    assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
    assert_int_equal(awake(&other), SLUICE_OK);
    free(mutex);
  }
}

static int lock_and_unlock(void *mutex, uint32_t owner) {
  int status = sluice_mutex_lock(mutex, owner, -1);
  return status == SLUICE_OK ? sluice_mutex_unlock(mutex, owner) : status;
}

static void one_unlock_brings_all_sleepers_through_one_after_another(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  sleeper others[3];
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  for (uint32_t i = 0; i < 3; i++) {
    put_to_sleep(&others[i], lock_and_unlock, mutex, B + i);
  }
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  free(mutex);
}

static void a_barger_wakes_those_it_has_overtaken(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  sleeper others[2];
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  put_to_sleep(&others[0], lock_and_unlock, mutex, B);
  put_to_sleep(&others[1], lock_and_unlock, mutex, C);
  /* unlocks and locks at once, mostly before the woken one has come */
  for (int i = 0; i < 100; i++) {
    assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
    assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  }
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
  assert_int_equal(awake(&others[0]), SLUICE_OK);
  assert_int_equal(awake(&others[1]), SLUICE_OK);
  free(mutex);
}

typedef struct counted {
  sluice_mutex mutex;
  uint64_t count; /* not atomic: TSan sees whether the mutex orders it */
} counted;

static int count_up(void *argument, uint32_t owner) {
  counted *shared = argument;
  int status = SLUICE_OK;
  for (int i = 0; i < 2000 && status == SLUICE_OK; i++) {
    status = sluice_mutex_lock(&shared->mutex, owner, -1);
    shared->count++;
    status |= sluice_mutex_unlock(&shared->mutex, owner);
  }
  return status;
}

static void what_an_owner_wrote_the_next_sees(void **state) {
  (void)state;
  counted *shared = fresh(sizeof *shared);
  sleeper others[3] = {{.call = count_up, .object = shared, .owner = A},
                       {.call = count_up, .object = shared, .owner = B},
                       {.call = count_up, .object = shared, .owner = C}};
  for (int i = 0; i < 3; i++) {
    others[i].thread = start(sleeper_run, &others[i]);
  }
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  assert_int_equal(shared->count, 6000);
  free(shared);
}

/* ---- death ---- */

static void the_next_is_told_that_the_owner_died(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  assert_int_equal(sluice_mutex_recover(NULL, mutex, A), SLUICE_OK);
  assert_int_equal(sluice_mutex_lock(mutex, B, -1), SLUICE_OWNER_DIED);
  assert_int_equal(sluice_mutex_trylock(mutex, C), SLUICE_E_BUSY);
  assert_int_equal(sluice_mutex_unlock(mutex, B), SLUICE_OK);
  assert_int_equal(sluice_mutex_lock(mutex, C, -1), SLUICE_OK);
  free(mutex);
}

static void each_is_told_until_one_has_unlocked(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  assert_int_equal(sluice_mutex_recover(NULL, mutex, A), SLUICE_OK);
  assert_int_equal(sluice_mutex_trylock(mutex, B), SLUICE_OWNER_DIED);
  assert_int_equal(sluice_mutex_recover(NULL, mutex, B), SLUICE_OK);
  assert_int_equal(sluice_mutex_trylock_woken(mutex, C), SLUICE_OWNER_DIED);
  assert_int_equal(sluice_mutex_unlock(mutex, C), SLUICE_OK);
  assert_int_equal(sluice_mutex_trylock(mutex, A), SLUICE_OK);
  free(mutex);
}

static void a_death_wakes_who_sleeps_on_the_dead_ones_lock(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  sleeper other;
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  put_to_sleep(&other, lock_for_ever, mutex, B);
  assert_int_equal(sluice_mutex_recover(NULL, mutex, A), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OWNER_DIED);
  free(mutex);
}

static void a_wake_up_that_died_with_the_woken_one_is_made_good(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  sleeper other;
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  put_to_sleep(&other, lock_for_ever, mutex, B);
  /* A unlocked and woke C, who died: free, no mark, and B sleeps on */
  atomic_store(&mutex->word, 0);
  assert_true(sleeps(&other));
  assert_int_equal(sluice_mutex_recover(NULL, mutex, C), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OK);
  free(mutex);
}

static void a_dead_waiters_mark_does_no_harm(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  assert_int_equal(sluice_mutex_sleep(mutex, B), A | SLUICE_WAITERS_BIT);
  assert_int_equal(sluice_mutex_recover(NULL, mutex, B), SLUICE_OK);
  assert_int_equal(atomic_load(&mutex->word), A);
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
  assert_int_equal(sluice_mutex_lock(mutex, C, -1), SLUICE_OK);
  free(mutex);
}

static void to_recover_twice_is_to_recover_once(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  assert_int_equal(sluice_mutex_recover(NULL, mutex, A), SLUICE_OK);
  assert_int_equal(sluice_mutex_recover(NULL, mutex, A), SLUICE_OK);
  assert_int_equal(sluice_mutex_lock(mutex, B, -1), SLUICE_OWNER_DIED);
  assert_int_equal(sluice_mutex_recover(NULL, mutex, A), SLUICE_OK);
  assert_int_equal(sluice_mutex_unlock(mutex, B), SLUICE_OK);
  free(mutex);
}

static void whoever_buries_the_owner_hands_the_mutex_on(void **state) {
  (void)state;
  sluice_space mine = joined_space(65536);
  sluice_space dead = joined(&mine);
  sluice_mutex *mutex = sluice_at(&mine, sluice_mutex_open(&mine, "m", 1));
  assert_ptr_equal(sluice_at(&dead, sluice_mutex_open(&dead, "m", 1)), mutex);
  assert_int_equal(sluice_mutex_lock(mutex, dead.participant, -1), SLUICE_OK);
  assert_int_equal(sluice_mutex_lock(mutex, mine.participant, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_participant_bury(&mine, dead.participant), SLUICE_OK);
  assert_int_equal(sluice_mutex_lock(mutex, mine.participant, 0), SLUICE_OWNER_DIED);
  free(mine.base);
}

/* ---- closed, poisoned ---- */

static void closing_wakes_who_sleeps_and_refuses_the_rest(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  sluice_mutex *mutex = sluice_at(&space, sluice_mutex_open(&space, "m", 1));
  sleeper other;
  assert_int_equal(sluice_mutex_lock(mutex, D, -1), SLUICE_OK);
  put_to_sleep(&other, lock_for_ever, mutex, C);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_E_CLOSED);
  assert_int_equal(sluice_mutex_lock(mutex, C, -1), SLUICE_E_CLOSED);
  assert_int_equal(sluice_mutex_trylock(mutex, C), SLUICE_E_CLOSED);
  assert_int_equal(sluice_mutex_sleep(mutex, C), 0);
  assert_int_equal(sluice_mutex_unlock(mutex, D), SLUICE_OK);
  free(space.base);
}

static void nobodys_id_in_the_word_poisons_the_mutex(void **state) {
  (void)state;
  const uint32_t words[] = {1 << 8, 1 << 8 | 48, SLUICE_OWNER_MASK, UINT32_MAX};
  for (int i = 0; i < 4; i++) {
    sluice_mutex *mutex = fresh_mutex();
    atomic_store(&mutex->word, words[i]);
    assert_int_equal(sluice_mutex_sleep(mutex, A), 0);
    assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_E_POISONED);
    atomic_store(&mutex->word, 0);
    assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_E_POISONED);
    assert_int_equal(sluice_mutex_trylock(mutex, A), SLUICE_E_POISONED);
    atomic_store(&mutex->word, A);
    assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_E_POISONED);
    free(mutex);
  }
}

static void poison_wakes_who_sleeps(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  sleeper other;
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  put_to_sleep(&other, lock_for_ever, mutex, B);
  atomic_store(&mutex->word, SLUICE_OWNER_MASK);
  assert_int_equal(sluice_mutex_trylock(mutex, C), SLUICE_E_POISONED);
  assert_int_equal(awake(&other), SLUICE_E_POISONED);
  free(mutex);
}

static void marks_on_a_free_word_do_no_harm(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  atomic_store(&mutex->word, SLUICE_WAITERS_BIT);
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  assert_int_equal(atomic_load(&mutex->word), A | SLUICE_WAITERS_BIT);
  assert_int_equal(sluice_mutex_unlock(mutex, A), SLUICE_OK);
  assert_int_equal(atomic_load(&mutex->word), 0);
  free(mutex);
}

/* ---- sleeping by other means ---- */

static void sleep_gives_a_value_only_while_another_holds_it(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  assert_int_equal(sluice_mutex_sleep(mutex, A), 0);
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  assert_int_equal(sluice_mutex_sleep(mutex, A), 0);
  assert_int_equal(sluice_mutex_sleep(mutex, B), A | SLUICE_WAITERS_BIT);
  assert_int_equal(sluice_mutex_sleep(mutex, C), A | SLUICE_WAITERS_BIT);
  assert_int_equal(atomic_load(&mutex->word), A | SLUICE_WAITERS_BIT);
  free(mutex);
}

static void who_was_woken_takes_it_with_the_mark_of_those_that_sleep(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  sleeper other;
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  put_to_sleep(&other, lock_for_ever, mutex, C);
  atomic_store(&mutex->word, 0); /* A unlocked and woke B */
  assert_int_equal(sluice_mutex_trylock_woken(mutex, B), SLUICE_OK);
  assert_true(sleeps(&other));
  assert_int_equal(sluice_mutex_unlock(mutex, B), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OK);
  free(mutex);
}

static void who_was_woken_and_gives_up_passes_it_on(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh_mutex();
  sleeper other;
  assert_int_equal(sluice_mutex_lock(mutex, A, -1), SLUICE_OK);
  put_to_sleep(&other, lock_for_ever, mutex, C);
  atomic_store(&mutex->word, 0); /* A unlocked and woke B */
  assert_true(sleeps(&other));
  sluice_mutex_pass(mutex);
  assert_int_equal(awake(&other), SLUICE_OK);
  free(mutex);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_name_is_one_mutex_that_is_free_at_first),
      cmocka_unit_test(a_name_of_another_kind_is_a_mismatch),
      cmocka_unit_test(init_wants_an_aligned_place),
      cmocka_unit_test(the_word_holds_the_owner_and_nothing_when_free),
      cmocka_unit_test(trying_a_held_mutex_is_busy),
      cmocka_unit_test(locking_ones_own_is_told_not_suffered),
      cmocka_unit_test(an_id_that_no_participant_has_is_invalid),
      cmocka_unit_test(only_the_owner_unlocks),
      cmocka_unit_test(a_limited_wait_times_out),
      cmocka_unit_test(no_time_is_not_waited_and_leaves_no_mark),
      cmocka_unit_test(a_sleeper_wakes_when_it_is_unlocked),
      cmocka_unit_test(a_limited_wait_that_is_woken_in_time_gets_the_mutex),
      cmocka_unit_test(the_longest_and_the_most_negative_time_are_waited),
      cmocka_unit_test(one_unlock_brings_all_sleepers_through_one_after_another),
      cmocka_unit_test(a_barger_wakes_those_it_has_overtaken),
      cmocka_unit_test(what_an_owner_wrote_the_next_sees),
      cmocka_unit_test(the_next_is_told_that_the_owner_died),
      cmocka_unit_test(each_is_told_until_one_has_unlocked),
      cmocka_unit_test(a_death_wakes_who_sleeps_on_the_dead_ones_lock),
      cmocka_unit_test(a_wake_up_that_died_with_the_woken_one_is_made_good),
      cmocka_unit_test(a_dead_waiters_mark_does_no_harm),
      cmocka_unit_test(to_recover_twice_is_to_recover_once),
      cmocka_unit_test(whoever_buries_the_owner_hands_the_mutex_on),
      cmocka_unit_test(closing_wakes_who_sleeps_and_refuses_the_rest),
      cmocka_unit_test(nobodys_id_in_the_word_poisons_the_mutex),
      cmocka_unit_test(poison_wakes_who_sleeps),
      cmocka_unit_test(marks_on_a_free_word_do_no_harm),
      cmocka_unit_test(sleep_gives_a_value_only_while_another_holds_it),
      cmocka_unit_test(who_was_woken_takes_it_with_the_mark_of_those_that_sleep),
      cmocka_unit_test(who_was_woken_and_gives_up_passes_it_on),
  };
  return RUN(tests);
}
