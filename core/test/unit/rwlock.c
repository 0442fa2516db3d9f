/* rwlock.h: many readers or one writer; a waiting writer comes before new readers; deaths hand it
 * on. */
#include "sluice/rwlock.h"

#include "sleeper.h"
#include "sluice/mutex.h"

static sluice_rwlock *fresh_rwlock(void) {
  sluice_rwlock *rwlock = fresh(sizeof *rwlock);
  assert_int_equal(sluice_rwlock_init(rwlock), SLUICE_OK);
  return rwlock;
}

static int read_for_ever(void *rwlock, uint32_t owner) {
  return sluice_rwlock_read_lock(rwlock, owner, -1);
}

static int write_for_ever(void *rwlock, uint32_t owner) {
  return sluice_rwlock_write_lock(rwlock, owner, -1);
}

static int write_and_unlock(void *rwlock, uint32_t owner) {
  int status = sluice_rwlock_write_lock(rwlock, owner, -1);
  return status == SLUICE_OK ? sluice_rwlock_write_unlock(rwlock, owner) : status;
}

/* ---- open, init ---- */

static void one_name_is_one_lock_that_is_free_at_first(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  uint32_t offset = sluice_rwlock_open(&space, "r", 1);
  assert_int_not_equal(offset, 0);
  assert_int_equal(sluice_rwlock_open(&space, "r", 1), offset);
  assert_int_equal(sluice_rwlock_write_trylock(sluice_at(&space, offset), A), SLUICE_OK);
  assert_int_equal(sluice_mutex_open(&space, "r", 1), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static void init_wants_an_aligned_place(void **state) {
  (void)state;
  unsigned char *at = fresh(sizeof(sluice_rwlock) + SLUICE_ALIGN);
  assert_int_equal(sluice_rwlock_init(at + 8), SLUICE_E_INVALID);
  free(at);
}

/* ---- lock, unlock ---- */

static void readers_share_it(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_lock(rwlock, D, -1), SLUICE_OK);
  assert_int_equal(atomic_load(&rwlock->holders), bit_of(A) | bit_of(D));
  assert_int_equal(sluice_rwlock_write_trylock(rwlock, B), SLUICE_E_BUSY);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, A), SLUICE_OK);
  assert_int_equal(sluice_rwlock_write_trylock(rwlock, B), SLUICE_E_BUSY);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, D), SLUICE_OK);
  assert_int_equal(sluice_rwlock_write_trylock(rwlock, B), SLUICE_OK);
  free(rwlock);
}

static void a_writer_is_alone(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  assert_int_equal(sluice_rwlock_write_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_trylock(rwlock, B), SLUICE_E_BUSY);
  assert_int_equal(sluice_rwlock_write_trylock(rwlock, B), SLUICE_E_BUSY);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, A), SLUICE_OK);
  assert_int_equal(atomic_load(&rwlock->holders), 0);
  assert_int_equal(sluice_rwlock_read_trylock(rwlock, B), SLUICE_OK);
  free(rwlock);
}

static void locking_ones_own_is_told_not_suffered(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_E_BUSY);
  assert_int_equal(sluice_rwlock_write_lock(rwlock, A, -1), SLUICE_E_BUSY);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, A), SLUICE_OK);
  assert_int_equal(sluice_rwlock_write_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_E_BUSY);
  assert_int_equal(sluice_rwlock_write_lock(rwlock, A, -1), SLUICE_E_BUSY);
  free(rwlock);
}

static void only_a_holder_unlocks_and_in_its_own_way(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, A), SLUICE_E_INVALID);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, A), SLUICE_E_INVALID);
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, A), SLUICE_E_INVALID);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, B), SLUICE_E_INVALID);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, A), SLUICE_OK);
  assert_int_equal(sluice_rwlock_write_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, A), SLUICE_E_INVALID);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, B), SLUICE_E_INVALID);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, A), SLUICE_OK);
  free(rwlock);
}

static void an_id_that_no_participant_has_is_invalid(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  for (int i = 0; i < NO_IDS; i++) {
    assert_int_equal(sluice_rwlock_read_lock(rwlock, no_ids[i], -1), SLUICE_E_INVALID);
    assert_int_equal(sluice_rwlock_write_lock(rwlock, no_ids[i], -1), SLUICE_E_INVALID);
    assert_int_equal(sluice_rwlock_read_trylock(rwlock, no_ids[i]), SLUICE_E_INVALID);
    assert_int_equal(sluice_rwlock_write_trylock(rwlock, no_ids[i]), SLUICE_E_INVALID);
    assert_int_equal(sluice_rwlock_read_unlock(rwlock, no_ids[i]), SLUICE_E_INVALID);
    assert_int_equal(sluice_rwlock_write_unlock(rwlock, no_ids[i]), SLUICE_E_INVALID);
    assert_int_equal(sluice_rwlock_write_sleep(rwlock, no_ids[i]), 0);
    sluice_rwlock_write_cancel(rwlock, no_ids[i]);
  }
  assert_int_equal(atomic_load(&rwlock->holders), 0);
  assert_int_equal(atomic_load(&rwlock->waiting), 0);
  free(rwlock);
}

static void limited_waits_time_out(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  assert_int_equal(sluice_rwlock_write_lock(rwlock, A, -1), SLUICE_OK);
  int64_t begin = now_ns();
  assert_int_equal(sluice_rwlock_read_lock(rwlock, B, 5 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_rwlock_write_lock(rwlock, B, 5 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 10 * NS_PER_MS);
  assert_int_equal(sluice_rwlock_read_lock(rwlock, B, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_rwlock_write_lock(rwlock, B, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&rwlock->waiting), 0);
  free(rwlock);
}

static void a_waiting_writer_keeps_new_readers_out(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  sleeper writer;
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_OK);
  put_to_sleep(&writer, write_for_ever, rwlock, B);
  assert_int_equal(sluice_rwlock_read_trylock(rwlock, C), SLUICE_E_BUSY);
  assert_int_equal(sluice_rwlock_read_lock(rwlock, C, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, A), SLUICE_OK);
  assert_int_equal(awake(&writer), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_trylock(rwlock, C), SLUICE_E_BUSY);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, B), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_trylock(rwlock, C), SLUICE_OK);
  assert_int_equal(atomic_load(&rwlock->waiting), 0);
  free(rwlock);
}

static void the_last_reader_lets_a_writer_in(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  sleeper writer;
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_lock(rwlock, C, -1), SLUICE_OK);
  put_to_sleep(&writer, write_for_ever, rwlock, B);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, A), SLUICE_OK);
  assert_true(sleeps(&writer));
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, C), SLUICE_OK);
  assert_int_equal(awake(&writer), SLUICE_OK);
  free(rwlock);
}

static int read_within_an_hour(void *rwlock, uint32_t owner) {
  return sluice_rwlock_read_lock(rwlock, owner, AN_HOUR);
}

static int write_within_an_hour(void *rwlock, uint32_t owner) {
  return sluice_rwlock_write_lock(rwlock, owner, AN_HOUR);
}

static void limited_waits_that_are_woken_in_time_get_the_lock(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  sleeper other;
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, AN_HOUR), SLUICE_OK);
  put_to_sleep(&other, write_within_an_hour, rwlock, B);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, A), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OK);
  put_to_sleep(&other, read_within_an_hour, rwlock, A);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, B), SLUICE_OK);
  assert_int_equal(awake(&other), SLUICE_OK);
  free(rwlock);
}

static void a_writer_lets_all_readers_in(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  sleeper readers[3];
  assert_int_equal(sluice_rwlock_write_lock(rwlock, D, -1), SLUICE_OK);
  for (uint32_t i = 0; i < 3; i++) {
    put_to_sleep(&readers[i], read_for_ever, rwlock, A + i);
  }
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, D), SLUICE_OK);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&readers[i]), SLUICE_OK);
  }
  assert_int_equal(atomic_load(&rwlock->holders), bit_of(A) | bit_of(B) | bit_of(C));
  free(rwlock);
}

static void writers_come_one_after_another_and_then_the_readers(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  sleeper others[3];
  assert_int_equal(sluice_rwlock_write_lock(rwlock, D, -1), SLUICE_OK);
  put_to_sleep(&others[0], read_for_ever, rwlock, A);
  put_to_sleep(&others[1], write_and_unlock, rwlock, B);
  put_to_sleep(&others[2], write_and_unlock, rwlock, C);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, D), SLUICE_OK);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  assert_int_equal(atomic_load(&rwlock->holders), bit_of(A));
  free(rwlock);
}

static void a_writer_that_gives_up_lets_the_readers_in_that_it_kept_out(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  sleeper reader;
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_not_equal(sluice_rwlock_write_sleep(rwlock, B), 0);
  put_to_sleep(&reader, read_for_ever, rwlock, C);
  assert_int_equal(sluice_rwlock_write_lock(rwlock, B, NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_int_equal(awake(&reader), SLUICE_OK);
  assert_int_equal(atomic_load(&rwlock->waiting), 0);
  free(rwlock);
}

typedef struct guarded {
  sluice_rwlock rwlock;
  uint64_t first; /* not atomic: TSan sees whether the lock orders them */
  uint64_t second;
} guarded;

static int write_and_read(void *argument, uint32_t owner) {
  guarded *shared = argument;
  int status = SLUICE_OK;
  for (int i = 0; i < 1000 && status == SLUICE_OK; i++) {
    if (i % 4 == 0) {
      status = sluice_rwlock_write_lock(&shared->rwlock, owner, -1);
      shared->first++;
      shared->second++;
      status |= sluice_rwlock_write_unlock(&shared->rwlock, owner);
    } else {
      status = sluice_rwlock_read_lock(&shared->rwlock, owner, -1);
      status |= shared->first != shared->second;
      status |= sluice_rwlock_read_unlock(&shared->rwlock, owner);
    }
  }
  return status;
}

static void what_a_writer_wrote_everybody_sees(void **state) {
  (void)state;
  guarded *shared = fresh(sizeof *shared);
  sleeper others[3] = {{.call = write_and_read, .object = shared, .owner = A},
                       {.call = write_and_read, .object = shared, .owner = B},
                       {.call = write_and_read, .object = shared, .owner = C}};
  for (int i = 0; i < 3; i++) {
    others[i].thread = start(sleeper_run, &others[i]);
  }
  for (int i = 0; i < 3; i++) {
    assert_int_equal(awake(&others[i]), SLUICE_OK);
  }
  assert_int_equal(shared->first, 750);
  free(shared);
}

/* ---- death ---- */

static void a_writers_death_is_told_until_a_writer_has_unlocked(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  assert_int_equal(sluice_rwlock_write_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_equal(sluice_rwlock_recover(NULL, rwlock, A), SLUICE_OK);
  assert_int_equal(sluice_rwlock_recover(NULL, rwlock, A), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_lock(rwlock, B, -1), SLUICE_OWNER_DIED);
  assert_int_equal(sluice_rwlock_read_trylock(rwlock, C), SLUICE_OWNER_DIED);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, B), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, C), SLUICE_OK);
  assert_int_equal(sluice_rwlock_write_lock(rwlock, B, -1), SLUICE_OWNER_DIED);
  assert_int_equal(sluice_rwlock_recover(NULL, rwlock, B), SLUICE_OK); /* dies repairing it */
  assert_int_equal(sluice_rwlock_write_trylock(rwlock, C), SLUICE_OWNER_DIED);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, C), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_OK);
  free(rwlock);
}

static void a_readers_death_frees_its_part_and_no_more(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  sleeper writer;
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_lock(rwlock, B, -1), SLUICE_OK);
  put_to_sleep(&writer, write_for_ever, rwlock, C);
  assert_int_equal(sluice_rwlock_recover(NULL, rwlock, A), SLUICE_OK);
  assert_int_equal(atomic_load(&rwlock->holders), bit_of(B));
  assert_int_equal(sluice_rwlock_recover(NULL, rwlock, B), SLUICE_OK);
  assert_int_equal(awake(&writer), SLUICE_OK); /* nothing is half-written */
  free(rwlock);
}

static void the_death_of_a_waiting_writer_lets_the_readers_in(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  sleeper reader;
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_not_equal(sluice_rwlock_write_sleep(rwlock, B), 0);
  put_to_sleep(&reader, read_for_ever, rwlock, C);
  assert_int_equal(sluice_rwlock_recover(NULL, rwlock, B), SLUICE_OK);
  assert_int_equal(awake(&reader), SLUICE_OK);
  free(rwlock);
}

static void wake_ups_that_died_are_made_good(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  sleeper writer;
  sleeper reader;
  assert_int_equal(sluice_rwlock_write_lock(rwlock, A, -1), SLUICE_OK);
  put_to_sleep(&writer, write_and_unlock, rwlock, B);
  put_to_sleep(&reader, read_for_ever, rwlock, C);
  /* A unlocked and woke D, or died before it woke anybody: free, the marks gone, and nobody is
   * awake */
  atomic_store(&rwlock->holders, 0);
  atomic_fetch_and(&rwlock->writers, ~UINT32_C(1));
  atomic_fetch_and(&rwlock->readers, ~UINT32_C(1));
  assert_true(sleeps(&writer));
  assert_true(sleeps(&reader));
  assert_int_equal(sluice_rwlock_recover(NULL, rwlock, D), SLUICE_OK);
  assert_int_equal(awake(&writer), SLUICE_OK);
  assert_int_equal(awake(&reader), SLUICE_OK);
  free(rwlock);
}

static void whoever_buries_the_writer_hands_the_lock_on(void **state) {
  (void)state;
  sluice_space mine = joined_space(65536);
  sluice_space dead = joined(&mine);
  sluice_rwlock *rwlock = sluice_at(&mine, sluice_rwlock_open(&mine, "r", 1));
  assert_ptr_equal(sluice_at(&dead, sluice_rwlock_open(&dead, "r", 1)), rwlock);
  assert_int_equal(sluice_rwlock_write_lock(rwlock, dead.participant, -1), SLUICE_OK);
  assert_int_equal(sluice_participant_bury(&mine, dead.participant), SLUICE_OK);
  assert_int_equal(sluice_rwlock_read_trylock(rwlock, mine.participant), SLUICE_OWNER_DIED);
  free(mine.base);
}

/* ---- closed, poisoned ---- */

static void closing_wakes_who_sleeps_and_refuses_the_rest(void **state) {
  (void)state;
  sluice_space space = joined_space(65536);
  sluice_rwlock *rwlock = sluice_at(&space, sluice_rwlock_open(&space, "r", 1));
  sleeper others[2];
  assert_int_equal(sluice_rwlock_write_lock(rwlock, D, -1), SLUICE_OK);
  put_to_sleep(&others[0], read_for_ever, rwlock, B);
  put_to_sleep(&others[1], write_for_ever, rwlock, C);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(awake(&others[0]), SLUICE_E_CLOSED);
  assert_int_equal(awake(&others[1]), SLUICE_E_CLOSED);
  assert_int_equal(sluice_rwlock_read_trylock(rwlock, B), SLUICE_E_CLOSED);
  assert_int_equal(sluice_rwlock_write_trylock(rwlock, B), SLUICE_E_CLOSED);
  assert_int_equal(sluice_rwlock_read_sleep(rwlock, B), 0);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, D), SLUICE_OK);
  free(space.base);
}

static void holders_that_contradict_each_other_poison_it(void **state) {
  (void)state;
  const uint64_t words[] = {SLUICE_RWLOCK_WRITER, SLUICE_RWLOCK_WRITER | 6, UINT64_C(1) << 47,
                            UINT64_C(1) << 60,    UINT64_C(1) << 63,        UINT64_MAX};
  for (int i = 0; i < 6; i++) {
    for (int call = 0; call < 4; call++) {
      sluice_rwlock *rwlock = fresh_rwlock();
      atomic_store(&rwlock->holders, words[i]);
      assert_int_equal(call == 0   ? sluice_rwlock_read_lock(rwlock, A, -1)
                       : call == 1 ? sluice_rwlock_write_lock(rwlock, A, -1)
                       : call == 2 ? sluice_rwlock_read_unlock(rwlock, D)
                                   : sluice_rwlock_write_unlock(rwlock, B),
                       SLUICE_E_POISONED);
      atomic_store(&rwlock->holders, 0);
      assert_int_equal(sluice_rwlock_read_trylock(rwlock, A), SLUICE_E_POISONED);
      assert_int_equal(sluice_rwlock_write_trylock(rwlock, A), SLUICE_E_POISONED);
      atomic_store(&rwlock->holders, bit_of(A));
      assert_int_equal(sluice_rwlock_read_unlock(rwlock, A), SLUICE_E_POISONED);
      free(rwlock);
    }
  }
}

static void poison_wakes_who_sleeps(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  sleeper others[2];
  assert_int_equal(sluice_rwlock_write_lock(rwlock, A, -1), SLUICE_OK);
  put_to_sleep(&others[0], read_for_ever, rwlock, B);
  put_to_sleep(&others[1], write_for_ever, rwlock, C);
  atomic_store(&rwlock->holders, UINT64_MAX);
  assert_int_equal(sluice_rwlock_read_trylock(rwlock, D), SLUICE_E_POISONED);
  assert_int_equal(awake(&others[0]), SLUICE_E_POISONED);
  assert_int_equal(awake(&others[1]), SLUICE_E_POISONED);
  free(rwlock);
}

/* ---- sleeping by other means ---- */

static void sleep_gives_a_value_only_while_there_is_a_reason(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  assert_int_equal(sluice_rwlock_read_sleep(rwlock, A), 0);
  assert_int_equal(sluice_rwlock_write_lock(rwlock, D, -1), SLUICE_OK);
  uint32_t value = sluice_rwlock_read_sleep(rwlock, A);
  assert_int_not_equal(value, 0);
  assert_int_equal(atomic_load(&rwlock->readers), value);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, D), SLUICE_OK);
  assert_int_not_equal(atomic_load(&rwlock->readers), value);
  assert_int_equal(sluice_rwlock_read_trylock(rwlock, A), SLUICE_OK);
  value = sluice_rwlock_write_sleep(rwlock, B);
  assert_int_not_equal(value, 0);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, A), SLUICE_OK);
  assert_int_not_equal(atomic_load(&rwlock->writers), value);
  assert_int_equal(sluice_rwlock_write_sleep(rwlock, B), 0);
  assert_int_equal(sluice_rwlock_write_trylock(rwlock, B), SLUICE_OK);
  assert_int_equal(atomic_load(&rwlock->waiting), 0);
  (void)sluice_rwlock_shut(rwlock); /* who slept now would sleep for ever */
  assert_int_equal(sluice_rwlock_read_sleep(rwlock, A), 0);
  assert_int_equal(sluice_rwlock_write_sleep(rwlock, A), 0);
  free(rwlock);
}

static void a_writer_that_cancels_lets_readers_and_another_writer_go_on(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh_rwlock();
  sleeper reader;
  assert_int_equal(sluice_rwlock_read_lock(rwlock, A, -1), SLUICE_OK);
  assert_int_not_equal(sluice_rwlock_write_sleep(rwlock, B), 0);
  put_to_sleep(&reader, read_for_ever, rwlock, C);
  sluice_rwlock_write_cancel(rwlock, B);
  assert_int_equal(awake(&reader), SLUICE_OK);

  sleeper writer;
  assert_int_not_equal(sluice_rwlock_write_sleep(rwlock, B), 0);
  put_to_sleep(&writer, write_for_ever, rwlock, D);
  atomic_store(&rwlock->holders, 0); /* A and C unlocked and woke B */
  assert_true(sleeps(&writer));
  sluice_rwlock_write_cancel(rwlock, B);
  assert_int_equal(awake(&writer), SLUICE_OK);
  free(rwlock);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_name_is_one_lock_that_is_free_at_first),
      cmocka_unit_test(init_wants_an_aligned_place),
      cmocka_unit_test(readers_share_it),
      cmocka_unit_test(a_writer_is_alone),
      cmocka_unit_test(locking_ones_own_is_told_not_suffered),
      cmocka_unit_test(only_a_holder_unlocks_and_in_its_own_way),
      cmocka_unit_test(an_id_that_no_participant_has_is_invalid),
      cmocka_unit_test(limited_waits_time_out),
      cmocka_unit_test(a_waiting_writer_keeps_new_readers_out),
      cmocka_unit_test(the_last_reader_lets_a_writer_in),
      cmocka_unit_test(limited_waits_that_are_woken_in_time_get_the_lock),
      cmocka_unit_test(a_writer_lets_all_readers_in),
      cmocka_unit_test(writers_come_one_after_another_and_then_the_readers),
      cmocka_unit_test(a_writer_that_gives_up_lets_the_readers_in_that_it_kept_out),
      cmocka_unit_test(what_a_writer_wrote_everybody_sees),
      cmocka_unit_test(a_writers_death_is_told_until_a_writer_has_unlocked),
      cmocka_unit_test(a_readers_death_frees_its_part_and_no_more),
      cmocka_unit_test(the_death_of_a_waiting_writer_lets_the_readers_in),
      cmocka_unit_test(wake_ups_that_died_are_made_good),
      cmocka_unit_test(whoever_buries_the_writer_hands_the_lock_on),
      cmocka_unit_test(closing_wakes_who_sleeps_and_refuses_the_rest),
      cmocka_unit_test(holders_that_contradict_each_other_poison_it),
      cmocka_unit_test(poison_wakes_who_sleeps),
      cmocka_unit_test(sleep_gives_a_value_only_while_there_is_a_reason),
      cmocka_unit_test(a_writer_that_cancels_lets_readers_and_another_writer_go_on),
  };
  return RUN(tests);
}
