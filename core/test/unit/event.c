/* event.h: who took a key before a notification does not sleep through it. */
#include "sluice/event.h"

#include "sleeper.h"
#include "sluice/mutex.h"

static sluice_event *fresh_event(void) {
  sluice_event *event = fresh(sizeof *event);
  assert_int_equal(sluice_event_init(event), SLUICE_OK);
  return event;
}

static int wait_for_ever(void *event, uint32_t owner) {
  (void)owner;
  return sluice_event_wait(event, sluice_event_key(event), -1);
}

static void one_name_is_one_event(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  uint32_t offset = sluice_event_open(&space, "e", 1);
  assert_int_not_equal(offset, 0);
  assert_int_equal(sluice_event_open(&space, "e", 1), offset);
  assert_int_equal(sluice_mutex_open(&space, "e", 1), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void init_wants_an_aligned_place(void **state) {
  (void)state;
  unsigned char *at = fresh(sizeof(sluice_event) + SLUICE_ALIGN);
  assert_int_equal(sluice_event_init(at + 4), SLUICE_E_INVALID);
  free(at);
}

static void a_key_is_never_zero(void **state) {
  (void)state;
  sluice_event *event = fresh_event();
  assert_int_not_equal(sluice_event_key(event), 0);
  atomic_store(&event->count, UINT32_MAX);
  assert_int_equal(sluice_event_notify_all(event), SLUICE_OK); /* wraps */
  assert_int_not_equal(sluice_event_key(event), 0);
  free(event);
}

static void a_notification_after_the_key_ends_the_wait_at_once(void **state) {
  (void)state;
  sluice_event *event = fresh_event();
  uint32_t key = sluice_event_key(event);
  assert_int_equal(sluice_event_notify_all(event), SLUICE_OK);
  assert_int_equal(sluice_event_wait(event, key, -1), SLUICE_OK);
  key = sluice_event_key(event);
  assert_int_equal(sluice_event_notify_one(event), SLUICE_OK);
  assert_int_equal(sluice_event_wait(event, key, -1), SLUICE_OK);
  free(event);
}

static void a_notification_before_the_key_is_forgotten(void **state) {
  (void)state;
  sluice_event *event = fresh_event();
  assert_int_equal(sluice_event_notify_all(event), SLUICE_OK);
  assert_int_equal(sluice_event_notify_one(event), SLUICE_OK);
  uint32_t key = sluice_event_key(event);
  assert_int_equal(sluice_event_wait(event, key, 0), SLUICE_E_TIMEOUT);
  free(event);
}

static void nothing_changes_when_nobody_waits(void **state) {
  (void)state;
  sluice_event *event = fresh_event();
  assert_int_equal(sluice_event_notify_all(event), SLUICE_OK);
  assert_int_equal(sluice_event_notify_one(event), SLUICE_OK);
  assert_int_equal(atomic_load(&event->count), 0);
  free(event);
}

static void a_limited_wait_times_out(void **state) {
  (void)state;
  sluice_event *event = fresh_event();
  int64_t begin = now_ns();
  assert_int_equal(sluice_event_wait(event, sluice_event_key(event), 5 * NS_PER_MS),
                   SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 5 * NS_PER_MS);
  free(event);
}

static void notify_all_wakes_all(void **state) {
  (void)state;
  sluice_event *event = fresh_event();
  sleeper others[3];
  for (uint32_t i = 0; i < 3; i++) {
    put_to_sleep(&others[i], wait_for_ever, event, A + i);
  }
  assert_int_equal(sluice_event_notify_all(event), SLUICE_OK);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  free(event);
}

static _Atomic int woken;

static int wait_and_count(void *event, uint32_t owner) {
  int status = wait_for_ever(event, owner);
  atomic_fetch_add(&woken, 1);
  return status;
}

static void notify_one_wakes_one(void **state) {
  (void)state;
  sluice_event *event = fresh_event();
  sleeper others[3];
  atomic_store(&woken, 0);
  for (uint32_t i = 0; i < 3; i++) {
    put_to_sleep(&others[i], wait_and_count, event, A + i);
  }
  for (int i = 1; i <= 3; i++) {
    assert_int_equal(sluice_event_notify_one(event), SLUICE_OK);
    while (atomic_load(&woken) < i) {
      sleep_ms(1);
    }
    assert_int_equal(atomic_load(&woken), i);
  }
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  free(event);
}

typedef struct box {
  sluice_event event;
  _Atomic uint32_t full;
  uint32_t content; /* not atomic: TSan sees whether `full` orders it */
} box;

static int fill_boxes(void *argument, uint32_t owner) {
  box *shared = argument;
  (void)owner;
  for (uint32_t n = 1; n <= 1000; n++) {
    while (atomic_load(&shared->full) != 0) {
      uint32_t key = sluice_event_key(&shared->event);
      if (atomic_load(&shared->full) != 0) {
        (void)sluice_event_wait(&shared->event, key, -1);
      }
    }
    shared->content = n;
    atomic_store(&shared->full, 1);
    (void)sluice_event_notify_all(&shared->event);
  }
  return SLUICE_OK;
}

static void a_condition_of_the_users_goes_to_and_fro(void **state) {
  (void)state;
  box *shared = fresh(sizeof *shared);
  sleeper other = {.call = fill_boxes, .object = shared, .owner = A};
  other.thread = start(sleeper_run, &other);
  for (uint32_t n = 1; n <= 1000; n++) {
    while (atomic_load(&shared->full) == 0) {
      uint32_t key = sluice_event_key(&shared->event);
      if (atomic_load(&shared->full) == 0) {
        assert_int_equal(sluice_event_wait(&shared->event, key, -1), SLUICE_OK);
      }
    }
    assert_int_equal(shared->content, n);
    atomic_store(&shared->full, 0);
    assert_int_equal(sluice_event_notify_all(&shared->event), SLUICE_OK);
  }
  assert_int_equal(awake(&other), SLUICE_OK);
  free(shared);
}

static void a_death_wakes_all_whatever_the_word_says(void **state) {
  (void)state;
  sluice_event *event = fresh_event();
  sleeper others[2];
  put_to_sleep(&others[0], wait_for_ever, event, A);
  put_to_sleep(&others[1], wait_for_ever, event, B);
  atomic_fetch_add(&event->count, 1); /* notified all, took the mark away, and died */
  assert_true(sleeps(&others[0]));
  assert_int_equal(sluice_event_recover(NULL, event, C), SLUICE_OK);
  assert_int_equal(awake(&others[0]), SLUICE_OK);
  assert_int_equal(awake(&others[1]), SLUICE_OK);
  free(event);
}

static void whoever_buries_wakes_those_that_wait(void **state) {
  (void)state;
  sluice_space mine = joined_space(65536);
  sluice_space dead = joined(&mine);
  sluice_event *event = sluice_at(&mine, sluice_event_open(&mine, "e", 1));
  assert_ptr_equal(sluice_at(&dead, sluice_event_open(&dead, "e", 1)), event);
  uint32_t key = sluice_event_key(event);
  assert_int_equal(sluice_participant_bury(&mine, dead.participant), SLUICE_OK);
  assert_int_equal(sluice_event_wait(event, key, -1), SLUICE_OK);
  free(mine.base);
}

static void closing_wakes_who_sleeps_and_refuses_the_rest(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  sluice_event *event = sluice_at(&space, sluice_event_open(&space, "e", 1));
  sleeper other;
  put_to_sleep(&other, wait_for_ever, event, A);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_E_CLOSED);
  assert_int_equal(sluice_event_wait(event, sluice_event_key(event), -1), SLUICE_E_CLOSED);
  assert_int_equal(sluice_event_notify_all(event), SLUICE_E_CLOSED);
  assert_int_equal(sluice_event_notify_one(event), SLUICE_E_CLOSED);
  free(space.base);
}

static void a_poisoned_event_says_so(void **state) {
  (void)state;
  sluice_event *event = fresh_event();
  atomic_store(&event->object.state, SLUICE_OBJECT_POISONED | SLUICE_OBJECT_CLOSED);
  assert_int_equal(sluice_event_wait(event, sluice_event_key(event), -1), SLUICE_E_POISONED);
  assert_int_equal(sluice_event_notify_all(event), SLUICE_E_POISONED);
  free(event);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_name_is_one_event),
      cmocka_unit_test(init_wants_an_aligned_place),
      cmocka_unit_test(a_key_is_never_zero),
      cmocka_unit_test(a_notification_after_the_key_ends_the_wait_at_once),
      cmocka_unit_test(a_notification_before_the_key_is_forgotten),
      cmocka_unit_test(nothing_changes_when_nobody_waits),
      cmocka_unit_test(a_limited_wait_times_out),
      cmocka_unit_test(notify_all_wakes_all),
      cmocka_unit_test(notify_one_wakes_one),
      cmocka_unit_test(a_condition_of_the_users_goes_to_and_fro),
      cmocka_unit_test(a_death_wakes_all_whatever_the_word_says),
      cmocka_unit_test(whoever_buries_wakes_those_that_wait),
      cmocka_unit_test(closing_wakes_who_sleeps_and_refuses_the_rest),
      cmocka_unit_test(a_poisoned_event_says_so),
  };
  return RUN(tests);
}
