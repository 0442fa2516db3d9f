/* barrier.h: nobody goes on before all have come; who gives up has never come; a death breaks it.
 */
#include "sluice/barrier.h"

#include "sleeper.h"
#include "sluice/mutex.h"

static sluice_barrier *fresh_barrier(uint32_t parties) {
  sluice_barrier *barrier = fresh(sizeof *barrier);
  assert_int_equal(sluice_barrier_init(barrier, parties), SLUICE_OK);
  return barrier;
}

static int wait_for_ever(void *barrier, uint32_t owner) {
  return sluice_barrier_wait(barrier, owner, -1);
}

/* ---- open, init ---- */

static void one_name_is_one_barrier_for_one_number_of_parties(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  uint32_t offset = sluice_barrier_open(&space, "b", 1, 3);
  assert_int_not_equal(offset, 0);
  assert_int_equal(sluice_barrier_open(&space, "b", 1, 3), offset);
  assert_int_equal(sluice_barrier_open(&space, "b", 1, 4), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_mutex_open(&space, "b", 1), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void a_number_of_parties_out_of_range_is_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  const uint32_t wrong[] = {0, SLUICE_PARTICIPANTS + 1, UINT32_MAX};
  unsigned char *at = fresh(sizeof(sluice_barrier) + SLUICE_ALIGN);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(sluice_barrier_open(&space, "b", 1, wrong[i]), 0);
    assert_int_equal(space.status, SLUICE_E_INVALID);
    assert_int_equal(sluice_barrier_init(at, wrong[i]), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_barrier_init(at + 8, 1), SLUICE_E_INVALID);
  assert_int_equal(sluice_barrier_init(at, SLUICE_PARTICIPANTS), SLUICE_OK);
  free(at);
  free(space.base);
}

/* ---- phases ---- */

static void one_party_passes_at_once(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(1);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(sluice_barrier_wait(barrier, A, 0), 0);
  }
  free(barrier);
}

static void all_go_on_when_the_last_has_come(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(4);
  sleeper others[3];
  for (uint32_t i = 0; i < 3; i++) {
    put_to_sleep(&others[i], wait_for_ever, barrier, A + i);
  }
  for (int i = 0; i < 3; i++) {
    assert_true(sleeps(&others[i]));
  }
  assert_int_equal(sluice_barrier_wait(barrier, D, 0), 0);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), 3 - i); /* how many were missing */
  }
  free(barrier);
}

static void phase_follows_phase_also_when_their_number_wraps(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  for (int i = 0; i < (1 << 17) + 3; i++) {
    int ticket = sluice_barrier_arrive(barrier, A);
    assert_true(ticket >= 0);
    assert_int_equal(sluice_barrier_poll(barrier, ticket), SLUICE_E_BUSY);
    assert_int_equal(sluice_barrier_wait(barrier, B, 0), 0);
    assert_int_equal(sluice_barrier_poll(barrier, ticket), 1);
  }
  free(barrier);
}

static void any_participants_may_be_the_parties(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  for (uint32_t i = 0; i < 20; i++) {
    int ticket = sluice_barrier_arrive(barrier, A + i);
    assert_int_equal(sluice_barrier_wait(barrier, A + i + 1, 0), 0);
    assert_int_equal(sluice_barrier_poll(barrier, ticket), 1);
  }
  free(barrier);
}

static void all_participants_may_be_the_parties(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(SLUICE_PARTICIPANTS);
  for (uint32_t phase = 0; phase < 2; phase++) {
    int first = sluice_barrier_arrive(barrier, A);
    for (uint32_t i = 1; i < SLUICE_PARTICIPANTS - 1; i++) {
      assert_true(sluice_barrier_arrive(barrier, A + i) >= 0);
      assert_int_equal(sluice_barrier_poll(barrier, first), SLUICE_E_BUSY);
    }
    assert_int_equal(sluice_barrier_wait(barrier, A + SLUICE_PARTICIPANTS - 1, -1), 0);
    assert_int_equal(sluice_barrier_poll(barrier, first), SLUICE_PARTICIPANTS - 1);
  }
  free(barrier);
}

static void a_party_arrives_once_in_a_phase(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  assert_true(sluice_barrier_arrive(barrier, A) >= 0);
  assert_int_equal(sluice_barrier_arrive(barrier, A), SLUICE_E_BUSY);
  assert_int_equal(sluice_barrier_wait(barrier, A, -1), SLUICE_E_BUSY);
  free(barrier);
}

static void an_id_that_no_participant_has_is_invalid(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  for (int i = 0; i < NO_IDS; i++) {
    assert_int_equal(sluice_barrier_wait(barrier, no_ids[i], -1), SLUICE_E_INVALID);
    assert_int_equal(sluice_barrier_arrive(barrier, no_ids[i]), SLUICE_E_INVALID);
    assert_int_equal(sluice_barrier_leave(barrier, no_ids[i]), SLUICE_E_INVALID);
    assert_int_equal(sluice_barrier_withdraw(barrier, no_ids[i], 0), SLUICE_E_INVALID);
  }
  assert_int_equal(atomic_load(&barrier->arrivals), 0);
  assert_int_equal(atomic_load(&barrier->members), 0);
  free(barrier);
}

static void who_gives_up_has_never_arrived(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  int64_t begin = now_ns();
  assert_int_equal(sluice_barrier_wait(barrier, A, 5 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 5 * NS_PER_MS);
  assert_int_equal(sluice_barrier_wait(barrier, A, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_barrier_wait(barrier, B, 0), SLUICE_E_TIMEOUT);
  sleeper other;
  put_to_sleep(&other, wait_for_ever, barrier, B);
  assert_int_equal(sluice_barrier_wait(barrier, A, 0), 0);
  assert_int_equal(awake(&other), 1);
  free(barrier);
}

static void no_time_is_not_waited_and_leaves_no_mark(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  assert_int_equal(sluice_barrier_wait(barrier, A, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&barrier->passed), 0);
  free(barrier);
}

typedef struct rounds {
  sluice_barrier *barrier;
  uint64_t cells[3]; /* not atomic: TSan sees whether the barrier orders them */
} rounds;

static int take_rounds(void *argument, uint32_t owner) {
  rounds *shared = argument;
  for (uint64_t round = 1; round <= 500; round++) {
    shared->cells[owner - A] = round;
    int status = sluice_barrier_wait(shared->barrier, owner, -1);
    if (status < 0 || shared->cells[0] != round || shared->cells[1] != round ||
        shared->cells[2] != round) {
      return -100;
    }
    status = sluice_barrier_wait(shared->barrier, owner, -1);
    if (status < 0) {
      return status;
    }
  }
  return SLUICE_OK;
}

static void what_a_party_wrote_before_all_see_after(void **state) {
  (void)state;
  rounds *shared = fresh(sizeof *shared);
  shared->barrier = fresh_barrier(3);
  sleeper others[3];
  for (uint32_t i = 0; i < 3; i++) {
    others[i] = (sleeper){.call = take_rounds, .object = shared, .owner = A + i};
    others[i].thread = start(sleeper_run, &others[i]);
  }
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  free(shared->barrier);
  free(shared);
}

/* ---- death ---- */

static void a_members_death_breaks_it_for_good(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(3);
  sleeper other;
  put_to_sleep(&other, wait_for_ever, barrier, A);
  assert_int_equal(sluice_barrier_wait(barrier, B, 0),
                   SLUICE_E_TIMEOUT); /* once here is a member */
  assert_int_equal(sluice_barrier_recover(NULL, barrier, B), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_E_PEER_LOST);
  assert_int_equal(sluice_barrier_wait(barrier, C, -1), SLUICE_E_PEER_LOST);
  assert_int_equal(sluice_barrier_recover(NULL, barrier, B), SLUICE_OK);
  free(barrier);
}

static void the_death_of_one_that_never_came_breaks_nothing(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  sleeper other;
  put_to_sleep(&other, wait_for_ever, barrier, A);
  assert_int_equal(sluice_barrier_recover(NULL, barrier, B), SLUICE_OK);
  assert_int_equal(sluice_barrier_wait(barrier, C, 0), 0);
  assert_int_equal(awake(&other), 1);
  free(barrier);
}

static void one_that_has_left_may_die(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  int ticket = sluice_barrier_arrive(barrier, A);
  assert_int_equal(sluice_barrier_wait(barrier, B, 0), 0);
  assert_int_equal(sluice_barrier_poll(barrier, ticket), 1);
  assert_int_equal(sluice_barrier_leave(barrier, B), SLUICE_OK);
  assert_int_equal(sluice_barrier_recover(NULL, barrier, B), SLUICE_OK);
  ticket = sluice_barrier_arrive(barrier, A);
  assert_int_equal(sluice_barrier_wait(barrier, C, 0), 0);
  free(barrier);
}

static void who_was_told_of_a_death_does_not_complete_the_phase(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  sleeper other;
  put_to_sleep(&other, wait_for_ever, barrier, A);
  atomic_fetch_or(&barrier->members, 2); /* B, which died before it arrived */
  assert_int_equal(sluice_barrier_recover(NULL, barrier, B), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_E_PEER_LOST);
  /* C has looked at the flags before the death was known, and arrives now. */
  atomic_store(&barrier->object.state, 0);
  int ticket = sluice_barrier_arrive(barrier, C);
  assert_int_equal(sluice_barrier_poll(barrier, ticket), SLUICE_E_BUSY);
  free(barrier);
}

static void a_phase_that_was_complete_stays_complete(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  int ticket = sluice_barrier_arrive(barrier, A);
  assert_int_equal(sluice_barrier_wait(barrier, B, 0), 0);
  assert_int_equal(sluice_barrier_recover(NULL, barrier, B), SLUICE_OK);
  assert_int_equal(sluice_barrier_poll(barrier, ticket), 1);
  assert_int_equal(sluice_barrier_arrive(barrier, A), SLUICE_E_PEER_LOST);
  free(barrier);
}

static void a_last_party_that_dies_before_it_wakes_the_others_is_made_good(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  sleeper other;
  put_to_sleep(&other, wait_for_ever, barrier, A);
  atomic_fetch_or(&barrier->members, bit_of(B));
  atomic_store(&barrier->arrivals, UINT64_C(1) << 47); /* the next phase, and dead */
  assert_true(sleeps(&other));
  assert_int_equal(sluice_barrier_recover(NULL, barrier, B), SLUICE_OK);
  assert_int_equal(awake(&other), 1);
  free(barrier);
}

static void whoever_buries_a_member_breaks_the_barrier(void **state) {
  (void)state;
  sluice_space mine = joined_space(65536);
  sluice_space dead = joined(&mine);
  sluice_barrier *barrier = sluice_at(&mine, sluice_barrier_open(&mine, "b", 1, 2));
  assert_ptr_equal(sluice_at(&dead, sluice_barrier_open(&dead, "b", 1, 2)), barrier);
  assert_true(sluice_barrier_arrive(barrier, dead.participant) >= 0);
  assert_int_equal(sluice_participant_bury(&mine, dead.participant), SLUICE_OK);
  assert_int_equal(sluice_barrier_wait(barrier, mine.participant, -1), SLUICE_E_PEER_LOST);
  free(mine.base);
}

/* ---- closed, poisoned ---- */

static void closing_wakes_who_sleeps_and_refuses_the_rest(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  sluice_barrier *barrier = sluice_at(&space, sluice_barrier_open(&space, "b", 1, 2));
  sleeper other;
  put_to_sleep(&other, wait_for_ever, barrier, A);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_E_CLOSED);
  assert_int_equal(sluice_barrier_wait(barrier, B, -1), SLUICE_E_CLOSED);
  free(space.base);
}

static void more_arrivals_than_parties_poison_it_and_wake_who_sleeps(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  sleeper other;
  put_to_sleep(&other, wait_for_ever, barrier, A);
  atomic_fetch_or(&barrier->arrivals, 0x30);
  assert_int_equal(sluice_barrier_wait(barrier, B, -1), SLUICE_E_POISONED);
  assert_int_equal(awake(&other), SLUICE_E_POISONED);
  assert_int_equal(sluice_barrier_arrive(barrier, B), SLUICE_E_POISONED);
  free(barrier);
}

static void a_falsified_number_of_parties_poisons_it(void **state) {
  (void)state;
  const uint32_t lies[] = {0, SLUICE_PARTICIPANTS + 1, UINT32_MAX};
  for (int i = 0; i < 3; i++) {
    sluice_barrier *barrier = fresh_barrier(2);
    barrier->object.capacity = lies[i];
    assert_int_equal(sluice_barrier_wait(barrier, B, -1), SLUICE_E_POISONED);
    free(barrier);
  }
}

/* ---- sleeping by other means ---- */

static void sleep_gives_a_value_only_until_the_phase_is_over(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  int ticket = sluice_barrier_arrive(barrier, A);
  uint32_t value = sluice_barrier_sleep(barrier, ticket);
  assert_int_not_equal(value, 0);
  assert_int_equal(atomic_load(&barrier->passed), value);
  assert_int_equal(sluice_barrier_wait(barrier, B, 0), 0);
  assert_int_not_equal(atomic_load(&barrier->passed), value);
  assert_int_equal(sluice_barrier_sleep(barrier, ticket), 0);
  free(barrier);
}

static void an_arrival_can_be_taken_back_until_the_phase_is_over(void **state) {
  (void)state;
  sluice_barrier *barrier = fresh_barrier(2);
  int ticket = sluice_barrier_arrive(barrier, A);
  assert_int_equal(sluice_barrier_withdraw(barrier, A, ticket), SLUICE_OK);
  assert_int_equal(sluice_barrier_withdraw(barrier, A, ticket), SLUICE_E_INVALID);
  assert_int_equal(sluice_barrier_wait(barrier, B, 0), SLUICE_E_TIMEOUT);
  ticket = sluice_barrier_arrive(barrier, A);
  assert_int_equal(sluice_barrier_wait(barrier, B, 0), 0);
  assert_int_equal(sluice_barrier_withdraw(barrier, A, ticket), 1);
  free(barrier);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_name_is_one_barrier_for_one_number_of_parties),
      cmocka_unit_test(a_number_of_parties_out_of_range_is_invalid),
      cmocka_unit_test(one_party_passes_at_once),
      cmocka_unit_test(all_go_on_when_the_last_has_come),
      cmocka_unit_test(phase_follows_phase_also_when_their_number_wraps),
      cmocka_unit_test(any_participants_may_be_the_parties),
      cmocka_unit_test(all_participants_may_be_the_parties),
      cmocka_unit_test(a_party_arrives_once_in_a_phase),
      cmocka_unit_test(an_id_that_no_participant_has_is_invalid),
      cmocka_unit_test(who_gives_up_has_never_arrived),
      cmocka_unit_test(no_time_is_not_waited_and_leaves_no_mark),
      cmocka_unit_test(what_a_party_wrote_before_all_see_after),
      cmocka_unit_test(a_members_death_breaks_it_for_good),
      cmocka_unit_test(the_death_of_one_that_never_came_breaks_nothing),
      cmocka_unit_test(one_that_has_left_may_die),
      cmocka_unit_test(who_was_told_of_a_death_does_not_complete_the_phase),
      cmocka_unit_test(a_phase_that_was_complete_stays_complete),
      cmocka_unit_test(a_last_party_that_dies_before_it_wakes_the_others_is_made_good),
      cmocka_unit_test(whoever_buries_a_member_breaks_the_barrier),
      cmocka_unit_test(closing_wakes_who_sleeps_and_refuses_the_rest),
      cmocka_unit_test(more_arrivals_than_parties_poison_it_and_wake_who_sleeps),
      cmocka_unit_test(a_falsified_number_of_parties_poisons_it),
      cmocka_unit_test(sleep_gives_a_value_only_until_the_phase_is_over),
      cmocka_unit_test(an_arrival_can_be_taken_back_until_the_phase_is_over),
  };
  return RUN(tests);
}
