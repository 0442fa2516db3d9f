/* condvar.h: waits give the mutex up and get it back; signals and broadcasts reach those that wait,
 * also past deaths. */
#include "sluice/condvar.h"

#include "sleeper.h"

typedef struct pair {
  sluice_condvar condvar;
  sluice_mutex mutex;
  _Atomic uint32_t through; /* how many waits have ended */
  uint32_t count;           /* not atomic: guarded by the mutex */
} pair;

static pair *fresh_pair(void) {
  pair *both = fresh(sizeof *both);
  assert_int_equal(sluice_condvar_init(&both->condvar), SLUICE_OK);
  assert_int_equal(sluice_mutex_init(&both->mutex), SLUICE_OK);
  return both;
}

/* Locks, waits once, counts, unlocks. Returns what the wait answered. */
static int wait_once(void *argument, uint32_t owner) {
  pair *both = argument;
  int status = sluice_mutex_lock(&both->mutex, owner, -1);
  if (status >= 0) {
    status = sluice_condvar_wait(&both->condvar, &both->mutex, owner, -1);
    atomic_fetch_add(&both->through, 1);
    if (status >= 0) {
      both->count++;
      (void)sluice_mutex_unlock(&both->mutex, owner);
    }
  }
  return status;
}

static void until_through(pair *both, uint32_t count) {
  while (atomic_load(&both->through) < count) {
    sleep_ms(1);
  }
}

/* ---- open, init ---- */

static void one_name_is_one_condition_variable(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  uint32_t offset = sluice_condvar_open(&space, "c", 1);
  assert_int_not_equal(offset, 0);
  assert_int_equal(sluice_condvar_open(&space, "c", 1), offset);
  assert_int_equal(sluice_mutex_open(&space, "c", 1), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void init_wants_an_aligned_place(void **state) {
  (void)state;
  unsigned char *at = fresh(sizeof(sluice_condvar) + SLUICE_ALIGN);
  assert_int_equal(sluice_condvar_init(at + 8), SLUICE_E_INVALID);
  free(at);
}

/* ---- wait, signal ---- */

static void a_wait_gives_the_mutex_up_and_gets_it_back(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper other;
  put_to_sleep(&other, wait_once, both, A);
  assert_int_equal(sluice_mutex_trylock(&both->mutex, B), SLUICE_OK);
  assert_int_equal(sluice_condvar_signal(&both->condvar), SLUICE_OK);
  assert_int_equal(atomic_load(&both->through), 0); /* not without the mutex */
  assert_int_equal(sluice_mutex_unlock(&both->mutex, B), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OK);
  assert_int_equal(both->count, 1);
  assert_int_equal(atomic_load(&both->condvar.waiting), 0);
  free(both);
}

static void who_does_not_hold_the_mutex_may_not_wait(void **state) {
  (void)state;
  pair *both = fresh_pair();
  assert_int_equal(sluice_condvar_wait(&both->condvar, &both->mutex, A, -1), SLUICE_E_INVALID);
  assert_int_equal(sluice_mutex_lock(&both->mutex, B, -1), SLUICE_OK);
  assert_int_equal(sluice_condvar_wait(&both->condvar, &both->mutex, A, -1), SLUICE_E_INVALID);
  for (int i = 0; i < NO_IDS; i++) {
    assert_int_equal(sluice_condvar_wait(&both->condvar, &both->mutex, no_ids[i], -1),
                     SLUICE_E_INVALID);
  }
  assert_int_equal(atomic_load(&both->condvar.waiting), 0);
  assert_int_equal(sluice_mutex_unlock(&both->mutex, B), SLUICE_OK);
  free(both);
}

static void a_wait_that_times_out_holds_the_mutex_again(void **state) {
  (void)state;
  pair *both = fresh_pair();
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, -1), SLUICE_OK);
  int64_t begin = now_ns();
  assert_int_equal(sluice_condvar_wait(&both->condvar, &both->mutex, A, 5 * NS_PER_MS),
                   SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 5 * NS_PER_MS);
  assert_int_equal(sluice_condvar_wait(&both->condvar, &both->mutex, A, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_mutex_unlock(&both->mutex, A), SLUICE_OK);
  free(both);
}

static void a_signal_that_nobody_waits_for_is_forgotten(void **state) {
  (void)state;
  pair *both = fresh_pair();
  assert_int_equal(sluice_condvar_signal(&both->condvar), SLUICE_OK);
  assert_int_equal(sluice_condvar_broadcast(&both->condvar), SLUICE_OK);
  assert_int_equal(atomic_load(&both->condvar.sequence), 0);
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, -1), SLUICE_OK);
  assert_int_equal(sluice_condvar_wait(&both->condvar, &both->mutex, A, 0), SLUICE_E_TIMEOUT);
  free(both);
}

static void a_signal_wakes_one(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper others[3];
  for (uint32_t i = 0; i < 3; i++) {
    put_to_sleep(&others[i], wait_once, both, A + i);
  }
  for (uint32_t i = 1; i <= 3; i++) {
    assert_int_equal(sluice_condvar_signal(&both->condvar), SLUICE_OK);
    until_through(both, i);
    int asleep = 0;
    for (int k = 0; k < 3; k++) {
      asleep += sleeps(&others[k]);
    }
    assert_true(asleep <= (int)(3 - i));
    assert_int_equal(atomic_load(&both->through), i);
  }
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  free(both);
}

static void a_broadcast_wakes_all(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper others[5];
  for (uint32_t i = 0; i < 5; i++) {
    put_to_sleep(&others[i], wait_once, both, A + i);
  }
  assert_int_equal(sluice_mutex_lock(&both->mutex, D, -1), SLUICE_OK);
  assert_int_equal(sluice_condvar_broadcast(&both->condvar), SLUICE_OK);
  assert_int_equal(sluice_mutex_unlock(&both->mutex, D), SLUICE_OK);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  assert_int_equal(both->count, 5);
  assert_int_equal(atomic_load(&both->condvar.called), 0);
  free(both);
}

static void a_broadcast_brings_them_one_after_another(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper others[3];
  for (uint32_t i = 0; i < 3; i++) {
    put_to_sleep(&others[i], wait_once, both, A + i);
  }
  assert_int_equal(sluice_mutex_lock(&both->mutex, D, -1), SLUICE_OK);
  assert_int_equal(sluice_condvar_broadcast(&both->condvar), SLUICE_OK);
  /* One has come and waits for the mutex; the others have not been woken. */
  while (__builtin_popcountll(atomic_load(&both->condvar.waiting)) == 3) {
    sleep_ms(1);
  }
  assert_int_equal(__builtin_popcountll(atomic_load(&both->condvar.called)), 2);
  assert_int_equal(__builtin_popcountll(atomic_load(&both->condvar.waiting)), 2);
  assert_int_equal(sluice_mutex_unlock(&both->mutex, D), SLUICE_OK);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  free(both);
}

static void a_broadcast_passes_over_who_has_given_up(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper others[2];
  /* B will sleep by its own means, and gives up without having slept. */
  assert_int_equal(sluice_mutex_lock(&both->mutex, B, -1), SLUICE_OK);
  assert_int_not_equal(sluice_condvar_sleep(&both->condvar, &both->mutex, B), 0);
  put_to_sleep(&others[0], wait_once, both, A);
  put_to_sleep(&others[1], wait_once, both, C);
  sluice_condvar_woken(&both->condvar, B);
  assert_int_equal(sluice_condvar_broadcast(&both->condvar), SLUICE_OK);
  assert_int_equal(awake(&others[0]), SLUICE_OK);
  assert_int_equal(awake(&others[1]), SLUICE_OK);
  free(both);
}

static void a_late_wake_up_of_one_that_was_not_called_still_reaches_the_called(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper others[2];
  put_to_sleep(&others[0], wait_once, both, A);
  /* C is called; what wakes goes to A first, which waited before. */
  put_to_sleep(&others[1], wait_once, both, C);
  atomic_store(&both->condvar.called, bit_of(C));
  assert_int_equal(sluice_condvar_signal(&both->condvar), SLUICE_OK);
  assert_int_equal(awake(&others[0]), SLUICE_OK);
  assert_int_equal(awake(&others[1]), SLUICE_OK);
  free(both);
}

static void a_signal_is_not_spent_on_one_that_a_broadcast_has_called(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper others[2];
  /* The chain of a broadcast has not reached A yet; C has come since. The signal wakes A first. */
  put_to_sleep(&others[0], wait_once, both, A);
  put_to_sleep(&others[1], wait_once, both, C);
  atomic_store(&both->condvar.called, bit_of(A));
  assert_int_equal(sluice_condvar_signal(&both->condvar), SLUICE_OK);
  assert_int_equal(awake(&others[0]), SLUICE_OK);
  assert_int_equal(awake(&others[1]), SLUICE_OK);
  free(both);
}

static void what_a_broadcast_was_late_to_say_does_not_keep_the_chain_going(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper other;
  atomic_store(&both->condvar.called, bit_of(B)); /* gone before the broadcast called it */
  put_to_sleep(&other, wait_once, both, C);
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, -1), SLUICE_OK);
  assert_int_equal(sluice_condvar_wait(&both->condvar, &both->mutex, A, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_mutex_unlock(&both->mutex, A), SLUICE_OK);
  assert_true(sleeps(&other)); /* A passed nothing on */
  assert_int_equal(sluice_condvar_signal(&both->condvar), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OK);
  free(both);
}

static void a_participant_is_in_one_wait_at_a_time(void **state) {
  (void)state;
  pair *both = fresh_pair();
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, -1), SLUICE_OK);
  assert_int_not_equal(sluice_condvar_sleep(&both->condvar, &both->mutex, A), 0);
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, -1), SLUICE_OK);
  assert_int_equal(sluice_condvar_wait(&both->condvar, &both->mutex, A, -1), SLUICE_E_BUSY);
  assert_int_equal(sluice_condvar_sleep(&both->condvar, &both->mutex, A), 0);
  assert_int_equal(sluice_mutex_unlock(&both->mutex, A), SLUICE_OK); /* still held */
  free(both);
}

/* Two threads hand a token to and fro, always waiting. */
typedef struct game {
  pair both;
  uint32_t turn;
} game;

static int play(void *argument, uint32_t owner) {
  game *shared = argument;
  int status = sluice_mutex_lock(&shared->both.mutex, owner, -1);
  for (int i = 0; i < 500 && status == SLUICE_OK; i++) {
    while (shared->turn != owner && status == SLUICE_OK) {
      status = sluice_condvar_wait(&shared->both.condvar, &shared->both.mutex, owner, -1);
    }
    shared->turn = owner == A ? B : A;
    (void)sluice_condvar_signal(&shared->both.condvar);
  }
  return status | sluice_mutex_unlock(&shared->both.mutex, owner);
}

static void a_condition_goes_to_and_fro(void **state) {
  (void)state;
  game *shared = fresh(sizeof *shared);
  shared->turn = A;
  sleeper others[2] = {{.call = play, .object = shared, .owner = A},
                       {.call = play, .object = shared, .owner = B}};
  others[0].thread = start(sleeper_run, &others[0]);
  others[1].thread = start(sleeper_run, &others[1]);
  assert_int_equal(awake(&others[0]), SLUICE_OK);
  assert_int_equal(awake(&others[1]), SLUICE_OK);
  free(shared);
}

/* ---- by other means ---- */

static void a_sleeper_by_its_own_means_sees_the_sequence_change(void **state) {
  (void)state;
  pair *both = fresh_pair();
  assert_int_equal(sluice_condvar_sleep(&both->condvar, &both->mutex, A), 0); /* holds nothing */
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, -1), SLUICE_OK);
  uint32_t value = sluice_condvar_sleep(&both->condvar, &both->mutex, A);
  assert_int_not_equal(value, 0);
  assert_int_equal(atomic_load(&both->condvar.sequence), value);
  assert_int_equal(sluice_mutex_trylock(&both->mutex, B), SLUICE_OK);
  assert_int_equal(sluice_condvar_signal(&both->condvar), SLUICE_OK);
  assert_int_not_equal(atomic_load(&both->condvar.sequence), value);
  sluice_condvar_woken(&both->condvar, A);
  assert_int_equal(atomic_load(&both->condvar.waiting), 0);
  free(both);
}

static void who_has_come_by_its_own_means_passes_the_broadcast_on(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper other;
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, -1), SLUICE_OK);
  assert_int_not_equal(sluice_condvar_sleep(&both->condvar, &both->mutex, A), 0);
  put_to_sleep(&other, wait_once, both, B);
  /* a broadcast that woke A */
  atomic_store(&both->condvar.called, bit_of(A) | bit_of(B));
  sluice_condvar_woken(&both->condvar, A);
  assert_true(sleeps(&other));
  sluice_condvar_pass(&both->condvar);
  assert_int_equal(awake(&other), SLUICE_OK);
  free(both);
}

/* ---- death, close ---- */

static void a_wake_up_that_died_with_the_woken_one_is_made_good(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper others[2];
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, -1), SLUICE_OK);
  assert_int_not_equal(sluice_condvar_sleep(&both->condvar, &both->mutex, A), 0);
  put_to_sleep(&others[0], wait_once, both, B);
  put_to_sleep(&others[1], wait_once, both, C);
  /* A broadcast woke A, which died before it passed it on. */
  atomic_store(&both->condvar.called, bit_of(A) | bit_of(B) | bit_of(C));
  assert_int_equal(sluice_condvar_recover(NULL, &both->condvar, A), SLUICE_OK);
  assert_int_equal(awake(&others[0]), SLUICE_OK);
  assert_int_equal(awake(&others[1]), SLUICE_OK);
  assert_int_equal(atomic_load(&both->condvar.waiting), 0);
  assert_int_equal(sluice_condvar_recover(NULL, &both->condvar, A), SLUICE_OK);
  free(both);
}

static void a_signaller_that_died_before_it_woke_is_made_good(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper other;
  put_to_sleep(&other, wait_once, both, B);
  atomic_fetch_add(&both->condvar.sequence, 1); /* the mark taken away, and dead */
  assert_true(sleeps(&other));
  assert_int_equal(sluice_condvar_recover(NULL, &both->condvar, A), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OK);
  free(both);
}

static void a_waiter_is_told_when_the_mutex_was_handed_on_by_a_death(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper other;
  put_to_sleep(&other, wait_once, both, B);
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, -1), SLUICE_OK);
  assert_int_equal(sluice_mutex_recover(NULL, &both->mutex, A), SLUICE_OK);
  assert_int_equal(sluice_condvar_recover(NULL, &both->condvar, A), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OWNER_DIED);
  free(both);
}

static void whoever_buries_a_waiter_clears_it_away(void **state) {
  (void)state;
  sluice_space mine = joined_space(65536);
  sluice_space dead = joined(&mine);
  sluice_condvar *condvar = sluice_at(&mine, sluice_condvar_open(&mine, "c", 1));
  sluice_mutex *mutex = sluice_at(&mine, sluice_mutex_open(&mine, "m", 1));
  (void)sluice_condvar_open(&dead, "c", 1);
  (void)sluice_mutex_open(&dead, "m", 1);
  assert_int_equal(sluice_mutex_lock(mutex, dead.participant, -1), SLUICE_OK);
  assert_int_not_equal(sluice_condvar_sleep(condvar, mutex, dead.participant), 0);
  assert_int_equal(atomic_load(&condvar->waiting), bit_of(dead.participant));
  assert_int_equal(sluice_participant_bury(&mine, dead.participant), SLUICE_OK);
  assert_int_equal(atomic_load(&condvar->waiting), 0);
  free(mine.base);
}

static void closing_wakes_all_and_leaves_the_mutex_free(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper others[3];
  for (uint32_t i = 0; i < 3; i++) {
    put_to_sleep(&others[i], wait_once, both, A + i);
  }
  assert_int_equal(sluice_condvar_shut(&both->condvar), SLUICE_OK);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_E_CLOSED);
  }
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, 0), SLUICE_OK);
  assert_int_equal(sluice_condvar_wait(&both->condvar, &both->mutex, A, -1), SLUICE_E_CLOSED);
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, 0), SLUICE_OK);
  assert_int_equal(sluice_condvar_sleep(&both->condvar, &both->mutex, A), 0);
  assert_int_equal(atomic_load(&both->mutex.word), A); /* nothing has changed */
  assert_int_equal(atomic_load(&both->condvar.waiting), 0);
  assert_int_equal(sluice_condvar_signal(&both->condvar), SLUICE_E_CLOSED);
  assert_int_equal(sluice_condvar_broadcast(&both->condvar), SLUICE_E_CLOSED);
  free(both);
}

static void closing_the_space_closes_it(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  sluice_condvar *condvar = sluice_at(&space, sluice_condvar_open(&space, "c", 1));
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(sluice_condvar_signal(condvar), SLUICE_E_CLOSED);
  free(space.base);
}

static void a_poisoned_mutex_ends_a_wait_without_it(void **state) {
  (void)state;
  pair *both = fresh_pair();
  sleeper other;
  put_to_sleep(&other, wait_once, both, A);
  atomic_store(&both->mutex.word, SLUICE_OWNER_MASK);
  assert_int_equal(sluice_condvar_signal(&both->condvar), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_E_POISONED);
  free(both);
}

static void a_poisoned_condition_variable_gives_the_mutex_up(void **state) {
  (void)state;
  pair *both = fresh_pair();
  assert_int_equal(sluice_mutex_lock(&both->mutex, A, -1), SLUICE_OK);
  atomic_fetch_or(&both->condvar.object.state, SLUICE_OBJECT_POISONED);
  assert_int_equal(sluice_condvar_wait(&both->condvar, &both->mutex, A, -1), SLUICE_E_POISONED);
  assert_int_equal(atomic_load(&both->mutex.word), 0);
  assert_int_equal(sluice_condvar_signal(&both->condvar), SLUICE_E_POISONED);
  assert_int_equal(sluice_condvar_broadcast(&both->condvar), SLUICE_E_POISONED);
  free(both);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_name_is_one_condition_variable),
      cmocka_unit_test(init_wants_an_aligned_place),
      cmocka_unit_test(a_wait_gives_the_mutex_up_and_gets_it_back),
      cmocka_unit_test(who_does_not_hold_the_mutex_may_not_wait),
      cmocka_unit_test(a_wait_that_times_out_holds_the_mutex_again),
      cmocka_unit_test(a_signal_that_nobody_waits_for_is_forgotten),
      cmocka_unit_test(a_signal_wakes_one),
      cmocka_unit_test(a_broadcast_wakes_all),
      cmocka_unit_test(a_broadcast_brings_them_one_after_another),
      cmocka_unit_test(a_broadcast_passes_over_who_has_given_up),
      cmocka_unit_test(a_late_wake_up_of_one_that_was_not_called_still_reaches_the_called),
      cmocka_unit_test(a_signal_is_not_spent_on_one_that_a_broadcast_has_called),
      cmocka_unit_test(what_a_broadcast_was_late_to_say_does_not_keep_the_chain_going),
      cmocka_unit_test(a_participant_is_in_one_wait_at_a_time),
      cmocka_unit_test(a_condition_goes_to_and_fro),
      cmocka_unit_test(a_sleeper_by_its_own_means_sees_the_sequence_change),
      cmocka_unit_test(who_has_come_by_its_own_means_passes_the_broadcast_on),
      cmocka_unit_test(a_wake_up_that_died_with_the_woken_one_is_made_good),
      cmocka_unit_test(a_signaller_that_died_before_it_woke_is_made_good),
      cmocka_unit_test(a_waiter_is_told_when_the_mutex_was_handed_on_by_a_death),
      cmocka_unit_test(whoever_buries_a_waiter_clears_it_away),
      cmocka_unit_test(closing_wakes_all_and_leaves_the_mutex_free),
      cmocka_unit_test(closing_the_space_closes_it),
      cmocka_unit_test(a_poisoned_mutex_ends_a_wait_without_it),
      cmocka_unit_test(a_poisoned_condition_variable_gives_the_mutex_up),
  };
  return RUN(tests);
}
