/* ring_many.h, death: a participant dies at any step of what it does, and whoever cleans up after
 * it at any step of that; the others go on.
 *
 * The ring's sources are compiled into this file, with their steps: sluice_step ends the call of
 * whoever is to die there by a longjmp, and all that it did up to then stands in the shared memory.
 */
#define SLUICE_STEPS
#include "ring_many_support.h"

#include "../../src/ring_many.c"
#include "../../src/ring_many_consumer.c"
#include "../../src/ring_many_producer.c"
#include "../../src/ring_many_recover.c"

enum { SPACE_BYTES = 1 << 16, CAPACITY = 256, MAX = CAPACITY / 8 };

/* ---- dying ---- */

static _Thread_local struct {
  jmp_buf at;
  const char *step; /* die at the nth step of this name; NULL: at the nth of any */
  int countdown;    /* 0: nobody is to die */
} death;

/* What happens, once, at a step of another's call. */
static _Thread_local struct {
  const char *step;
  void (*act)(void);
} meanwhile;

void sluice_step(const char *name) {
  if (meanwhile.step != NULL && strcmp(meanwhile.step, name) == 0) {
    meanwhile.step = NULL;
    meanwhile.act();
  }
  if (death.countdown != 0 && (death.step == NULL || strcmp(death.step, name) == 0) &&
      --death.countdown == 0) {
    longjmp(death.at, 1);
  }
}

/* Runs `act` up to its nth step called `step`. 1 when it got there and died. */
static int dies(void (*act)(void *), void *argument, const char *step, int nth) {
  death.step = step;
  death.countdown = nth;
  if (setjmp(death.at) == 0) {
    act(argument);
    death.countdown = 0;
    return 0;
  }
  return 1;
}

/* ---- the world: a space, a ring, participants A, B, C, a consumer R, and one who buries ---- */

enum { A, B, C, R, REAPER, SECOND, PARTICIPANTS };

typedef struct world {
  sluice_space spaces[PARTICIPANTS];
  sluice_ring_many *ring;
  sluice_ring_many_producer producers[3];
  sluice_ring_many_consumer consumer;
  sluice_ring_many_consumer other; /* REAPER's, in an MPMC ring */
} world;

static world w;

static void open_world(uint32_t kind, uint32_t place) {
  memset(&w, 0, sizeof w);
  w.spaces[REAPER] = joined_space(SPACE_BYTES);
  for (int i = 0; i < PARTICIPANTS; i++) {
    if (i != REAPER) {
      w.spaces[i] = joined(&w.spaces[REAPER]);
    }
    uint32_t at = sluice_ring_many_open(&w.spaces[i], "r", 1, kind, CAPACITY, 0);
    assert_int_not_equal(at, 0);
    w.ring = sluice_at(&w.spaces[i], at);
  }
  for (int i = A; i <= C; i++) {
    assert_int_equal(
        sluice_ring_many_producer_open(&w.producers[i], w.ring, CAPACITY, w.spaces[i].participant),
        SLUICE_OK);
  }
  assert_int_equal(
      sluice_ring_many_consumer_open(&w.consumer, w.ring, CAPACITY, w.spaces[R].participant),
      SLUICE_OK);
  if (kind == MPMC) {
    assert_int_equal(
        sluice_ring_many_consumer_open(&w.other, w.ring, CAPACITY, w.spaces[REAPER].participant),
        SLUICE_OK);
  }
  while ((atomic_load(&w.ring->tail) & (CAPACITY - 1)) != place) {
    assert_int_equal(sluice_ring_many_push(&w.producers[C], NULL, 0, 0), SLUICE_OK);
    assert_non_null(sluice_ring_many_peek(&w.consumer));
    assert_int_equal(sluice_ring_many_release(&w.consumer), 1);
  }
}

static void close_world(void) {
  free(w.spaces[REAPER].base);
}

static uint32_t id_of(int who) {
  return w.spaces[who].participant;
}

static int bury(int who) {
  return sluice_participant_bury(&w.spaces[REAPER], id_of(who));
}

static sluice_ring_many_line *line_of(int who) {
  return &w.ring->lines[(id_of(who) & 0xff) - 1];
}

/* Everybody's claims are settled: a lap and a half passes, and the buffer is zero behind it. */
static void goes_on(sluice_ring_many_consumer *consumer) {
  expect_none(consumer, SLUICE_E_EMPTY);
  assert_int_equal(figures_of(w.ring).used, 0);
  assert_int_equal(stale_in(w.ring, CAPACITY), 0);
  for (int i = 0; i < CAPACITY * 3 / 2 / 16; i++) {
    assert_int_equal(push_many(&w.producers[C], "goes on", i), SLUICE_OK);
    expect_many(consumer, "goes on", i);
  }
  expect_none(consumer, SLUICE_E_EMPTY);
  assert_int_equal(figures_of(w.ring).used, 0);
  assert_int_equal(stale_in(w.ring, CAPACITY), 0);
}

/* ---- what the victims do ---- */

static void claim_32(void *producer) {
  memset(sluice_ring_many_claim(producer, 24, 1), 0xff, 24);
}

static void claim_16(void *producer) {
  memset(sluice_ring_many_claim(producer, 8, 2), 0xff, 8);
}

static void push_32(void *producer) {
  assert_int_equal(push_many(producer, "123456789012345678901234", 3), SLUICE_OK);
}

static void push_shortened(void *producer) {
  void *at = sluice_ring_many_claim(producer, 24, 4);
  memset(at, 0xff, 24);
  memcpy(at, "ab", 2);
  assert_int_equal(sluice_ring_many_commit(producer, 2), SLUICE_OK);
}

/* ---- a producer dies: each state of a claim ---- */

static void death_before_the_swap_leaves_nothing(void **state) {
  (void)state;
  open_world(MPSC, 0);
  assert_int_equal(dies(claim_32, &w.producers[A], "ring_many.claim: announced", 1), 1);
  assert_int_equal(bury(A), SLUICE_OK);
  assert_int_equal(figures_of(w.ring).used, 0);
  goes_on(&w.consumer);
  close_world();
}

static void death_before_the_swap_while_another_claims_there_leaves_that_ones(void **state) {
  (void)state;
  open_world(MPSC, 0);
  assert_int_equal(dies(claim_32, &w.producers[A], "ring_many.claim: announced", 1), 1);
  char *at = sluice_ring_many_claim(&w.producers[B], 4, 7);
  assert_int_equal(bury(A), SLUICE_OK); /* B says that it has won */
  memcpy(at, "mine", 4);
  (void)sluice_ring_many_commit(&w.producers[B], 4);
  expect_many(&w.consumer, "mine", 7);
  goes_on(&w.consumer);
  close_world();
}

static void death_before_the_swap_does_not_touch_what_was_committed_there(void **state) {
  (void)state;
  for (int read = 0; read < 3; read++) {
    open_world(MPSC, 0);
    assert_int_equal(dies(claim_32, &w.producers[A], "ring_many.claim: announced", 1), 1);
    (void)push_many(&w.producers[B], "mine", 7);
    if (read == 1) {
      assert_non_null(sluice_ring_many_peek(&w.consumer)); /* read, not released */
    }
    if (read == 2) {
      expect_many(&w.consumer, "mine", 7);
    }
    assert_int_equal(bury(A), SLUICE_OK);
    if (read != 2) {
      expect_many(&w.consumer, "mine", 7);
    }
    goes_on(&w.consumer);
    close_world();
  }
}

static const char *const claim_steps[] = {"ring_many.claim: tail moved", "ring_many.claim: won"};

static void death_after_the_swap_makes_the_claim_a_padding(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    open_world(MPSC, 0);
    assert_int_equal(dies(claim_32, &w.producers[A], claim_steps[i], 1), 1);
    (void)push_many(&w.producers[B], "behind", 7);
    expect_none(&w.consumer, SLUICE_E_EMPTY);
    assert_int_equal(bury(A), SLUICE_OK);
    expect_many(&w.consumer, "behind", 7);
    goes_on(&w.consumer);
    close_world();
  }
}

static void death_after_the_swap_at_the_end_of_the_buffer_pads_both_parts(void **state) {
  (void)state;
  const char *const steps[] = {"ring_many.claim: tail moved", "ring_many.claim: won",
                               "ring_many.claim: end padded"};
  for (int i = 0; i < 3; i++) {
    for (int looked = 0; looked < 2; looked++) {
      open_world(MPSC, CAPACITY - 16);
      assert_int_equal(dies(claim_32, &w.producers[A], steps[i], 1), 1);
      (void)push_many(&w.producers[B], "behind", 7);
      if (looked) {
        expect_none(&w.consumer, SLUICE_E_EMPTY); /* gives the padding's room back */
      }
      assert_int_equal(bury(A), SLUICE_OK);
      expect_many(&w.consumer, "behind", 7);
      goes_on(&w.consumer);
      close_world();
    }
  }
}

static void death_in_a_claim_that_ends_with_the_buffer_pads_it(void **state) {
  (void)state;
  open_world(MPSC, CAPACITY - 32);
  assert_int_equal(dies(claim_32, &w.producers[A], "ring_many.claim: tail moved", 1), 1);
  assert_int_equal(bury(A), SLUICE_OK);
  expect_none(&w.consumer, SLUICE_E_EMPTY);
  goes_on(&w.consumer);
  close_world();
}

static void death_in_the_longest_claim_pads_it_across_the_end_too(void **state) {
  (void)state;
  open_world(MPSC, CAPACITY - 16);
  memset(sluice_ring_many_claim(&w.producers[A], MAX, 1), 0xff, MAX);
  (void)push_many(&w.producers[B], "behind", 7);
  assert_int_equal(bury(A), SLUICE_OK);
  expect_many(&w.consumer, "behind", 7);
  goes_on(&w.consumer);
  close_world();
}

static void death_with_a_half_written_record_makes_it_a_padding(void **state) {
  (void)state;
  open_world(MPSC, 0);
  claim_32(&w.producers[A]);
  (void)push_many(&w.producers[B], "behind", 7);
  assert_int_equal(bury(A), SLUICE_OK);
  expect_many(&w.consumer, "behind", 7);
  goes_on(&w.consumer);
  close_world();
}

static void death_in_a_shortened_commit_makes_all_of_the_claim_a_padding(void **state) {
  (void)state;
  open_world(MPSC, 0);
  assert_int_equal(dies(push_shortened, &w.producers[A], "ring_many.commit: rest padded", 1), 1);
  (void)push_many(&w.producers[B], "behind", 7);
  assert_int_equal(bury(A), SLUICE_OK);
  expect_many(&w.consumer, "behind", 7);
  goes_on(&w.consumer);
  close_world();
}

static void death_after_the_commit_loses_nothing(void **state) {
  (void)state;
  for (int read = 0; read < 2; read++) {
    open_world(MPSC, CAPACITY - 16);
    assert_int_equal(dies(push_32, &w.producers[A], "ring_many.commit: header stored", 1), 1);
    if (read) {
      expect_many(&w.consumer, "123456789012345678901234", 3);
    }
    assert_int_equal(bury(A), SLUICE_OK);
    if (!read) {
      expect_many(&w.consumer, "123456789012345678901234", 3);
    }
    goes_on(&w.consumer);
    close_world();
  }
}

static void an_old_claim_of_a_dead_one_does_no_harm_laps_later(void **state) {
  (void)state;
  open_world(MPSC, 0);
  assert_int_equal(dies(push_32, &w.producers[A], "ring_many.commit: header stored", 1), 1);
  expect_many(&w.consumer, "123456789012345678901234", 3);
  goes_on(&w.consumer);
  while ((atomic_load(&w.ring->tail) & (CAPACITY - 1)) != 0) {
    (void)sluice_ring_many_push(&w.producers[C], NULL, 0, 0);
    expect_many(&w.consumer, "", 0);
  }
  char *at = sluice_ring_many_claim(&w.producers[B], 4, 7); /* in the same place */
  assert_ptr_equal(at, w.ring->data + SLUICE_RING_HEADER);
  assert_int_equal(bury(A), SLUICE_OK);
  memcpy(at, "mine", 4);
  (void)sluice_ring_many_commit(&w.producers[B], 4);
  expect_many(&w.consumer, "mine", 7);
  goes_on(&w.consumer);
  close_world();
}

/* Two GiB on, half of what tells the positions apart has turned round. */
static void a_claim_that_was_passed_long_ago_does_no_harm(void **state) {
  (void)state;
  open_world(MPSC, 0);
  assert_int_equal(dies(claim_32, &w.producers[A], "ring_many.claim: announced", 1), 1);
  uint64_t far = (UINT64_C(1) << 31) + CAPACITY;
  atomic_store(&w.ring->tail, far);
  atomic_store(&w.ring->side.head, far);
  atomic_store(&w.ring->side.reading, (uint32_t)far);
  assert_int_equal(bury(A), SLUICE_OK);
  assert_int_equal(atomic_load(&w.ring->object.state), 0);
  assert_int_equal(stale_in(w.ring, CAPACITY), 0);
  close_world();
}

/* ---- two name one position ---- */

/* `loser` announces the position that `winner` takes, with another length (or the same); both die,
 * neither has said that it won. `behind`: what stands behind the winner's claim. */
static void two_dead(void (*winner)(void *), void (*loser)(void *), int behind, int first,
                     uint32_t place) {
  open_world(MPSC, place);
  assert_int_equal(dies(loser, &w.producers[B], "ring_many.claim: announced", 1), 1);
  assert_int_equal(dies(winner, &w.producers[A], "ring_many.claim: tail moved", 1), 1);
  assert_int_equal(line_of(A)->claim, line_of(B)->claim);
  char *open = NULL;
  if (behind == 1) {
    (void)push_many(&w.producers[C], "behind, as long as can be", 7);
  } else if (behind == 2) { /* full of what would look like headers */
    open = sluice_ring_many_claim(&w.producers[C], MAX, 7);
    assert_non_null(open);
    for (int i = 0; i < MAX / 8; i++) {
      ((uint64_t *)(void *)open)[i] = 8;
    }
  }
  /* Both are known to be dead: one alone would have to ask again, because the other might live. */
  for (int i = A; i <= B; i++) {
    header_of(&w.spaces[REAPER])->participants[(id_of(i) & 0xff) - 1].dead = id_of(i);
  }
  assert_int_equal(sluice_ring_many_recover(&w.spaces[REAPER], w.ring, id_of(first)), SLUICE_OK);
  assert_int_equal(sluice_ring_many_recover(&w.spaces[REAPER], w.ring, id_of(1 - first)),
                   SLUICE_OK);
  if (behind == 1) {
    expect_many(&w.consumer, "behind, as long as can be", 7);
  } else if (behind == 2) {
    expect_none(&w.consumer, SLUICE_E_EMPTY);
    assert_int_equal(sluice_ring_many_commit(&w.producers[C], MAX), SLUICE_OK);
    assert_non_null(sluice_ring_many_peek(&w.consumer));
    assert_int_equal(w.consumer.length, MAX);
    assert_int_equal(sluice_ring_many_release(&w.consumer), 1);
  }
  goes_on(&w.consumer);
  close_world();
}

static void of_two_dead_claimants_the_one_that_won_is_found(void **state) {
  (void)state;
  for (uint32_t place = 0; place < CAPACITY; place += 8) {
    for (int behind = 0; behind < 3; behind++) {
      for (int first = A; first <= B; first++) {
        two_dead(claim_32, claim_16, behind, first, place);
        two_dead(claim_16, claim_32, behind, first, place);
        two_dead(claim_32, claim_32, behind, first, place);
      }
    }
  }
}

static void a_dead_claimant_waits_for_a_live_one_that_may_have_won(void **state) {
  (void)state;
  open_world(MPSC, 0);
  /* B has announced the position and is stopped there; A wins it and dies */
  assert_int_equal(dies(claim_16, &w.producers[B], "ring_many.claim: announced", 1), 1);
  assert_int_equal(dies(claim_32, &w.producers[A], "ring_many.claim: tail moved", 1), 1);
  assert_int_equal(bury(A), SLUICE_E_AGAIN);
  assert_int_equal(bury(A), SLUICE_E_AGAIN);
  assert_int_not_equal(line_of(A)->claim, 0);
  (void)push_many(&w.producers[B], "moved on", 7);
  assert_int_equal(bury(A), SLUICE_OK);
  expect_many(&w.consumer, "moved on", 7);
  goes_on(&w.consumer);
  close_world();
}

static void a_dead_claimant_waits_for_a_live_one_that_has_won_and_not_said_so(void **state) {
  (void)state;
  open_world(MPSC, 0);
  assert_int_equal(dies(claim_16, &w.producers[A], "ring_many.claim: announced", 1), 1);
  assert_int_equal(dies(claim_32, &w.producers[B], "ring_many.claim: tail moved", 1), 1);
  assert_int_equal(bury(A), SLUICE_E_AGAIN);
  /* B goes on where it stood */
  atomic_fetch_or(&line_of(B)->claim, SLUICE_RING_MANY_WON);
  assert_int_equal(bury(A), SLUICE_OK);
  expect_none(&w.consumer, SLUICE_E_EMPTY);
  assert_int_equal(atomic_load(header_word(w.ring, 0)), 0); /* nobody has padded B's claim */
  assert_int_equal(bury(B), SLUICE_OK);
  goes_on(&w.consumer);
  close_world();
}

static void fill_by_c(void) {
  while (sluice_ring_many_push(&w.producers[C], NULL, 0, 9) == SLUICE_OK) {
  }
}

static void a_live_one_that_lost_and_then_finds_no_room_withdraws(void **state) {
  (void)state;
  open_world(MPSC, 0);
  meanwhile.step = "ring_many.claim: announced";
  meanwhile.act = fill_by_c;
  assert_int_equal(push_many(&w.producers[B], "x", 1), SLUICE_E_FULL);
  assert_int_equal(line_of(B)->claim, 0);
  close_world();
}

static void push_and_close(void) {
  (void)push_many(&w.producers[C], "the last", 9);
  for (int i = A; i <= C; i++) {
    (void)sluice_ring_many_producer_close(&w.producers[i]);
  }
}

static void a_record_that_comes_just_before_the_close_is_read(void **state) {
  (void)state;
  for (uint32_t kind = MPSC; kind <= MPMC; kind++) {
    open_world(kind, 0);
    meanwhile.step = "ring_many.read: nothing found";
    meanwhile.act = push_and_close;
    expect_many(&w.consumer, "the last", 9);
    expect_none(&w.consumer, SLUICE_E_CLOSED);
    close_world();
  }
}

/* ---- a consumer dies ---- */

static void read_two(void *consumer) {
  sluice_ring_record batch[2];
  (void)sluice_ring_many_drain(consumer, batch, 2, NULL);
}

static void peek_and_release(void *consumer) {
  (void)sluice_ring_many_peek(consumer);
  (void)sluice_ring_many_release(consumer);
}

static void push_four(void) {
  for (int i = 0; i < 4; i++) {
    assert_int_equal(push_many(&w.producers[A], "record", i), SLUICE_OK);
  }
}

/* The survivor's consumer: REAPER's own, or in an MPSC ring a new one. */
static sluice_ring_many_consumer *survivor(uint32_t kind) {
  if (kind == MPSC) {
    assert_int_equal(sluice_ring_many_consumer_open(&w.other, w.ring, CAPACITY, id_of(REAPER)),
                     SLUICE_OK);
  }
  return &w.other;
}

static void death_with_a_batch_loses_that_batch_and_counts_it(void **state) {
  (void)state;
  for (uint32_t kind = MPSC; kind <= MPMC; kind++) {
    open_world(kind, CAPACITY - 24);
    push_four();
    read_two(&w.consumer);
    assert_int_equal(bury(R), SLUICE_OK);
    assert_int_equal(figures_of(w.ring).lost_with_receiver, 2);
    sluice_ring_many_consumer *consumer = survivor(kind);
    expect_many(consumer, "record", 2);
    expect_many(consumer, "record", 3);
    goes_on(consumer);
    close_world();
  }
}

static void death_with_a_record_peeked_at_counts_it(void **state) {
  (void)state;
  for (uint32_t kind = MPSC; kind <= MPMC; kind++) {
    open_world(kind, 0);
    push_four();
    read_two(&w.consumer);
    assert_non_null(sluice_ring_many_peek(&w.consumer));
    assert_int_equal(bury(R), SLUICE_OK);
    assert_int_equal(figures_of(w.ring).lost_with_receiver, 3);
    expect_many(survivor(kind), "record", 3);
    close_world();
  }
}

static void a_batch_that_is_lost_across_the_end_leaves_no_byte(void **state) {
  (void)state;
  open_world(MPSC, CAPACITY - 32);
  for (int i = 0; i < 2; i++) {
    push_32(&w.producers[A]);
  }
  read_two(&w.consumer);
  assert_int_equal(bury(R), SLUICE_OK);
  assert_int_equal(stale_in(w.ring, CAPACITY), 0);
  close_world();
}

static void death_with_all_of_the_buffer_loses_all_of_it(void **state) {
  (void)state;
  for (uint32_t kind = MPSC; kind <= MPMC; kind++) {
    open_world(kind, 0);
    sluice_ring_record batch[CAPACITY / 8];
    int count = 0;
    while (push_many(&w.producers[A], "", count) == SLUICE_OK) {
      count++;
    }
    assert_int_equal(figures_of(w.ring).used, CAPACITY);
    assert_int_equal(sluice_ring_many_drain(&w.consumer, batch, CAPACITY / 8, w.ring), count);
    assert_int_equal(bury(R), SLUICE_OK);
    assert_int_equal(figures_of(w.ring).lost_with_receiver, count);
    assert_int_equal(figures_of(w.ring).used, 0);
    goes_on(survivor(kind));
    close_world();
  }
}

static void death_before_the_announcement_loses_nothing(void **state) {
  (void)state;
  open_world(MPMC, 0);
  push_four();
  assert_int_equal(dies(read_two, &w.consumer, "ring_many.side: taken", 1), 1);
  assert_int_equal(bury(R), SLUICE_OK);
  assert_int_equal(figures_of(w.ring).lost_with_receiver, 0);
  for (int i = 0; i < 4; i++) {
    expect_many(&w.other, "record", i);
  }
  goes_on(&w.other);
  close_world();
}

static void death_after_a_rewind_loses_nothing(void **state) {
  (void)state;
  for (uint32_t kind = MPSC; kind <= MPMC; kind++) {
    open_world(kind, 0);
    push_four();
    read_two(&w.consumer);
    sluice_ring_many_rewind(&w.consumer);
    assert_int_equal(bury(R), SLUICE_OK);
    sluice_ring_many_consumer *consumer = survivor(kind);
    for (int i = 0; i < 4; i++) {
      expect_many(consumer, "record", i);
    }
    close_world();
  }
}

static void a_consumer_is_told_apart_from_one_in_another_slot(void **state) {
  (void)state;
  open_world(MPMC, 0);
  push_four();
  assert_non_null(sluice_ring_many_peek(&w.other));
  assert_int_equal(bury(R), SLUICE_OK); /* which holds nothing */
  assert_int_equal(figures_of(w.ring).lost_with_receiver, 0);
  assert_int_equal(sluice_ring_many_release(&w.other), 1);
  expect_many(&w.other, "record", 1);
  close_world();
}

static void producers_are_told_of_the_loss_until_a_consumer_opens(void **state) {
  (void)state;
  open_world(MPSC, 0);
  assert_int_equal(bury(R), SLUICE_OK);
  assert_int_equal(push_many(&w.producers[A], "x", 1), SLUICE_E_PEER_LOST);
  assert_int_equal(sluice_ring_many_producer_wait(&w.producers[A], 8, -1), SLUICE_E_PEER_LOST);
  sluice_ring_many_consumer *consumer = survivor(MPSC);
  assert_int_equal(push_many(&w.producers[A], "x", 1), SLUICE_OK);
  expect_many(consumer, "x", 1);
  close_world();
}

static void the_death_of_one_who_opened_no_side_is_no_loss_to_it(void **state) {
  (void)state;
  open_world(MPSC, 0);
  (void)sluice_ring_many_open(&w.spaces[R], "s", 1, MPSC, CAPACITY, 0);
  sluice_ring_many *ring = sluice_at(
      &w.spaces[SECOND], sluice_ring_many_open(&w.spaces[SECOND], "s", 1, MPSC, CAPACITY, 0));
  assert_int_equal(bury(R), SLUICE_OK);
  assert_int_equal(atomic_load(&ring->ends.consumers), 0);
  assert_int_equal(atomic_load(&ring->ends.producers), 0);
  close_world();
}

static void one_of_several_consumers_may_die_unnoticed(void **state) {
  (void)state;
  open_world(MPMC, 0);
  assert_int_equal(bury(R), SLUICE_OK);
  assert_int_equal(push_many(&w.producers[A], "x", 1), SLUICE_OK);
  expect_many(&w.other, "x", 1);
  close_world();
}

/* ---- what the consumers are told of the producers ---- */

static void consumers_are_told_once_the_last_producer_is_dead_and_all_is_read(void **state) {
  (void)state;
  open_world(MPSC, 0);
  (void)push_many(&w.producers[A], "left", 1);
  claim_16(&w.producers[B]);
  (void)push_many(&w.producers[A], "behind", 2);
  assert_int_equal(bury(A), SLUICE_OK);
  assert_int_equal(bury(C), SLUICE_OK);
  expect_many(&w.consumer, "left", 1);
  expect_none(&w.consumer, SLUICE_E_EMPTY);
  assert_int_equal(bury(B), SLUICE_OK);
  expect_many(&w.consumer, "behind", 2);
  expect_none(&w.consumer, SLUICE_E_PEER_LOST);
  assert_int_equal(sluice_ring_many_consumer_wait(&w.consumer, -1), SLUICE_E_PEER_LOST);
  close_world();
}

static void a_new_producer_ends_the_loss(void **state) {
  (void)state;
  open_world(MPSC, 0);
  for (int i = A; i <= C; i++) {
    assert_int_equal(bury(i), SLUICE_OK);
  }
  expect_none(&w.consumer, SLUICE_E_PEER_LOST);
  assert_int_equal(sluice_ring_many_producer_open(&w.producers[C], w.ring, CAPACITY, id_of(REAPER)),
                   SLUICE_OK);
  expect_none(&w.consumer, SLUICE_E_EMPTY);
  goes_on(&w.consumer);
  assert_int_equal(sluice_ring_many_producer_close(&w.producers[C]), SLUICE_OK);
  expect_none(&w.consumer, SLUICE_E_CLOSED);
  close_world();
}

static void the_last_to_close_closes_though_others_died(void **state) {
  (void)state;
  open_world(MPSC, 0);
  assert_int_equal(bury(A), SLUICE_OK);
  assert_int_equal(bury(B), SLUICE_OK);
  (void)sluice_ring_many_producer_close(&w.producers[C]);
  expect_none(&w.consumer, SLUICE_E_CLOSED);
  close_world();
}

static void close_it(void *producer) {
  (void)sluice_ring_many_producer_close(producer);
}

static void death_in_the_last_close_leaves_the_ring_closed_or_lost(void **state) {
  (void)state;
  for (int nth = 1;; nth++) {
    open_world(MPSC, 0);
    (void)sluice_ring_many_producer_close(&w.producers[B]);
    (void)sluice_ring_many_producer_close(&w.producers[C]);
    claim_16(&w.producers[A]);
    int died = dies(close_it, &w.producers[A], NULL, nth);
    assert_int_equal(bury(A), SLUICE_OK);
    assert_null(sluice_ring_many_peek(&w.consumer));
    assert_true(w.consumer.status == SLUICE_E_CLOSED || w.consumer.status == SLUICE_E_PEER_LOST);
    assert_int_equal(figures_of(w.ring).used, 0);
    close_world();
    if (!died) {
      assert_true(nth > 3);
      break;
    }
  }
}

static void open_it(void *producer) {
  (void)sluice_ring_many_producer_open(producer, w.ring, CAPACITY, id_of(SECOND));
}

static void death_in_opening_leaves_no_trace(void **state) {
  (void)state;
  for (int nth = 1; nth <= 2; nth++) {
    open_world(MPSC, 0);
    uint64_t before = atomic_load(&w.ring->ends.producers);
    sluice_ring_many_producer producer;
    assert_int_equal(dies(open_it, &producer, NULL, nth), 1);
    assert_int_equal(bury(SECOND), SLUICE_OK);
    assert_int_equal(atomic_load(&w.ring->ends.producers), before);
    assert_int_equal(line_of(SECOND)->owner, 0);
    goes_on(&w.consumer);
    close_world();
  }
}

/* ---- whoever sleeps is woken ---- */

static void *wait_to_read(void *consumer) {
  return (void *)(intptr_t)sluice_ring_many_consumer_wait(consumer, -1);
}

static void *wait_to_write(void *producer) {
  return (void *)(intptr_t)sluice_ring_many_producer_wait(producer, 0, -1);
}

static void a_sleeping_consumer_wakes_when_a_claim_before_records_is_recovered(void **state) {
  (void)state;
  open_world(MPSC, 0);
  claim_16(&w.producers[A]);
  (void)push_many(&w.producers[B], "behind", 7);
  pthread_t thread = start(wait_to_read, &w.consumer);
  while (figures_of(w.ring).consumer_waits == 0) {
    sleep_ms(1);
  }
  assert_int_equal(bury(A), SLUICE_OK);
  assert_int_equal(finish(thread), SLUICE_OK);
  expect_many(&w.consumer, "behind", 7);
  close_world();
}

static void a_sleeping_consumer_wakes_when_the_side_is_freed(void **state) {
  (void)state;
  open_world(MPMC, 0);
  push_four();
  read_two(&w.consumer);
  pthread_t thread = start(wait_to_read, &w.other);
  while (figures_of(w.ring).consumer_waits == 0) {
    sleep_ms(1);
  }
  assert_int_equal(bury(R), SLUICE_OK);
  assert_int_equal(finish(thread), SLUICE_OK);
  expect_many(&w.other, "record", 2);
  close_world();
}

static void a_sleeping_producer_wakes_when_the_consumer_dies(void **state) {
  (void)state;
  open_world(MPSC, 0);
  while (sluice_ring_many_push(&w.producers[A], NULL, 0, 0) == SLUICE_OK) {
  }
  pthread_t thread = start(wait_to_write, &w.producers[B]);
  while (figures_of(w.ring).producer_waits == 0) {
    sleep_ms(1);
  }
  assert_int_equal(bury(R), SLUICE_OK);
  assert_int_equal(finish(thread), SLUICE_E_PEER_LOST);
  close_world();
}

/* Takes the waiters' bit away, as a waker does that dies before it wakes them. */
static void half_a_wake(_Atomic uint32_t *event) {
  assert_int_equal(atomic_fetch_add(event, 1) & 1, 1);
}

static void a_wake_that_the_dead_one_did_not_finish_is_made_up_for(void **state) {
  (void)state;
  open_world(MPSC, 0);
  while (sluice_ring_many_push(&w.producers[A], NULL, 0, 0) == SLUICE_OK) {
  }
  pthread_t writer = start(wait_to_write, &w.producers[B]);
  while (figures_of(w.ring).producer_waits == 0) {
    sleep_ms(1);
  }
  /* the consumer has moved the head, and dies while it wakes the producers */
  assert_int_equal(dies(peek_and_release, &w.consumer, "ring_many.release: head moved", 1), 1);
  half_a_wake(&w.ring->room);
  assert_int_equal(bury(R), SLUICE_OK);
  (void)finish(writer);
  close_world();

  open_world(MPSC, 0);
  pthread_t reader = start(wait_to_read, &w.consumer);
  while (figures_of(w.ring).consumer_waits == 0) {
    sleep_ms(1);
  }
  assert_int_equal(dies(push_32, &w.producers[A], "ring_many.commit: line cleared", 1), 1);
  half_a_wake(&w.ring->filled);
  assert_int_equal(bury(A), SLUICE_OK);
  assert_int_equal(finish(reader), SLUICE_OK);
  expect_many(&w.consumer, "123456789012345678901234", 3);
  close_world();
}

/* ---- recovery itself ---- */

static void recovery_may_be_done_again(void **state) {
  (void)state;
  open_world(MPMC, 0);
  push_four();
  claim_16(&w.producers[A]);
  read_two(&w.consumer);
  assert_int_equal(bury(A), SLUICE_OK);
  assert_int_equal(bury(R), SLUICE_OK);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(sluice_ring_many_recover(&w.spaces[REAPER], w.ring, id_of(A)), SLUICE_OK);
    assert_int_equal(sluice_ring_many_recover(&w.spaces[REAPER], w.ring, id_of(R)), SLUICE_OK);
  }
  assert_int_equal(figures_of(w.ring).lost_with_receiver, 2);
  expect_many(&w.other, "record", 2);
  expect_many(&w.other, "record", 3);
  goes_on(&w.other);
  close_world();
}

static void one_recovers_at_a_time_and_a_dead_one_is_relieved(void **state) {
  (void)state;
  open_world(MPSC, 0);
  claim_16(&w.producers[A]);
  atomic_store(&w.ring->ends.recoverer, id_of(SECOND));
  assert_int_equal(bury(A), SLUICE_E_AGAIN);
  assert_int_equal(bury(SECOND), SLUICE_OK);
  assert_int_equal(bury(A), SLUICE_OK);
  goes_on(&w.consumer);
  close_world();
}

/* Whose call was cut short, by a trap say, and who lives on. */
static void who_was_recovering_may_begin_again(void **state) {
  (void)state;
  open_world(MPSC, 0);
  claim_16(&w.producers[A]);
  atomic_store(&w.ring->ends.recoverer, id_of(REAPER));
  assert_int_equal(bury(A), SLUICE_OK);
  goes_on(&w.consumer);
  close_world();
}

static int met; /* what another hears that comes to recover at the same time */

static void recover_too(void) {
  met = sluice_ring_many_recover(&w.spaces[SECOND], w.ring, id_of(A));
}

static void whoever_comes_while_another_recovers_is_told_to_ask_again(void **state) {
  (void)state;
  open_world(MPSC, 0);
  claim_16(&w.producers[A]);
  meanwhile.step = "ring_many.recover: begun";
  meanwhile.act = recover_too;
  assert_int_equal(bury(A), SLUICE_OK);
  assert_int_equal(met, SLUICE_E_AGAIN);
  goes_on(&w.consumer);
  close_world();
}

/* ---- every step ---- */

/* A victim that writes in every way, across the end of the buffer, as long as there is room. It
 * counts what it has been told is committed. */
static uint32_t told;
static uint32_t tried;

static void write_all(void *producer) {
  for (uint32_t n = 0; n < 7; n++) {
    uint32_t length = 4 + n * 5 % 20;
    unsigned char *at = sluice_ring_many_claim(producer, n % 3 == 1 ? MAX : length, (int32_t)n);
    if (at == NULL) {
      return;
    }
    memset(at, 0xff, n % 3 == 1 ? MAX : length);
    if (n % 3 == 2) {
      (void)sluice_ring_many_abort(producer);
      continue;
    }
    memcpy(at, &n, 4);
    tried = n + 1;
    (void)sluice_ring_many_commit(producer, length);
    told = n + 1;
  }
}

static void read_all_but_gently(void *consumer) {
  sluice_ring_record batch[2];
  for (int i = 0; i < 3; i++) {
    (void)sluice_ring_many_peek(consumer);
    (void)sluice_ring_many_release(consumer);
    (void)sluice_ring_many_drain(consumer, batch, 2, NULL);
    (void)sluice_ring_many_release(consumer);
  }
  (void)sluice_ring_many_consumer_close(consumer);
}

static int burying;

static void bury_it(void *argument) {
  (void)argument;
  (void)sluice_participant_bury(&w.spaces[SECOND], id_of(burying));
}

/* Buries `who`; the first who does dies at its nth step and is buried as well. 1 when it died. */
static int bury_with_a_death(int who, int nth) {
  burying = who;
  int died = dies(bury_it, NULL, NULL, nth);
  if (died) {
    assert_int_equal(bury(SECOND), SLUICE_OK);
  }
  assert_int_equal(bury(who), SLUICE_OK);
  return died;
}

static void a_producer_may_die_at_any_step_and_its_burier_too(void **state) {
  (void)state;
  int steps = 0;
  for (int victim = 1, died = 1; died; victim++) {
    for (int burier = 1, burier_died = 1; burier_died; burier++) {
      open_world(MPSC, CAPACITY - 72);
      told = 0;
      tried = 0;
      died = dies(write_all, &w.producers[A], NULL, victim);
      (void)push_many(&w.producers[B], "behind", 100);
      burier_died = bury_with_a_death(A, burier);
      uint32_t read = 0;
      const unsigned char *at = NULL;
      while ((at = sluice_ring_many_peek(&w.consumer)) != NULL && w.consumer.type != 100) {
        uint32_t n = 0;
        memcpy(&n, at, 4);
        assert_int_equal(w.consumer.type, n);
        assert_int_equal(w.consumer.length, 4 + n * 5 % 20);
        assert_true(n >= read && n < tried);
        read = n + 1;
        (void)sluice_ring_many_release(&w.consumer);
      }
      assert_true(read == told || read == tried);
      if (at != NULL) { /* else it did not fit */
        (void)sluice_ring_many_release(&w.consumer);
      }
      goes_on(&w.consumer);
      close_world();
      steps++;
    }
  }
  assert_true(steps > 100);
}

static void a_consumer_may_die_at_any_step_and_its_burier_too(void **state) {
  (void)state;
  enum { RECORDS = 7 };
  int steps = 0;
  for (uint32_t kind = MPSC; kind <= MPMC; kind++) {
    for (int victim = 1, died = 1; died; victim++) {
      for (int burier = 1, burier_died = 1; burier_died; burier++) {
        open_world(kind, CAPACITY - 72);
        for (int i = 0; i < RECORDS; i++) {
          assert_int_equal(push_many(&w.producers[i % 3], "record", i), SLUICE_OK);
        }
        for (int i = 0; i < 2; i++) { /* in the end the victim meets nothing but paddings */
          assert_non_null(sluice_ring_many_claim(&w.producers[A], 8, 0));
          (void)sluice_ring_many_abort(&w.producers[A]);
        }
        died = dies(read_all_but_gently, &w.consumer, NULL, victim);
        burier_died = bury_with_a_death(R, burier);
        sluice_ring_many_figures figures = figures_of(w.ring);
        uint64_t gone = figures.released + figures.lost_with_receiver -
                        (CAPACITY - 72) / 8; /* which moved the ring to where it starts */
        if (kind == MPSC && sluice_ring_many_consumer_open(&w.other, w.ring, CAPACITY,
                                                           id_of(REAPER)) == SLUICE_E_CLOSED) {
          close_world(); /* the victim closed it before it died */
          steps++;
          continue;
        }
        const unsigned char *at = sluice_ring_many_peek(&w.other);
        int first = at == NULL ? RECORDS : w.other.type;
        /* The figure of released records may lag behind by the batch of a death; none is counted
         * as lost that was not. */
        assert_true(gone <= (uint64_t)first && (uint64_t)first <= gone + 2);
        for (int i = first; i < RECORDS; i++) {
          expect_many(&w.other, "record", i);
        }
        goes_on(&w.other);
        close_world();
        steps++;
      }
    }
  }
  assert_true(steps > 100);
}

/* ---- death beside the living: in threads, over and over ---- */

enum { VICTIMS = 150, NUMBERS = 1 << 20 };

static struct {
  _Atomic uint32_t stop;
  _Atomic uint32_t wrong;
  _Atomic unsigned char *seen; /* what the producers that live have written, once it is read */
  _Atomic uint32_t written[2];
} stage;

static void *write_on(void *argument) {
  uint32_t who = (uint32_t)(uintptr_t)argument;
  sluice_ring_many_producer *producer = &w.producers[B + who];
  while (atomic_load(&stage.stop) == 0 && stage.written[who] < NUMBERS) {
    uint32_t n = stage.written[who];
    int status = sluice_ring_many_push(producer, &n, 4, (int32_t)who);
    if (status == SLUICE_OK) {
      atomic_store(&stage.written[who], n + 1);
    } else if (status == SLUICE_E_FULL) {
      (void)sluice_ring_many_producer_wait(producer, 4, NS_PER_MS);
    } else if (status != SLUICE_E_PEER_LOST) {
      atomic_store(&stage.wrong, 1);
      break;
    }
  }
  return NULL;
}

static void write_till_death(void *producer) {
  for (uint32_t n = 0;; n++) {
    unsigned char *at = sluice_ring_many_claim(producer, n * 11 % (MAX + 1), 2);
    if (at != NULL) {
      memset(at, 0xff, n * 11 % (MAX + 1));
      if (n % 4 == 0) {
        (void)sluice_ring_many_abort(producer);
      } else {
        (void)sluice_ring_many_commit(producer, n % 4 == 1 ? 0 : n * 11 % (MAX + 1));
      }
    } else {
      (void)sluice_ring_many_producer_wait(producer, MAX, NS_PER_MS / 10);
    }
  }
}

/* A record is marked when it is read; nothing is read twice. */
static void see(const unsigned char *at, uint32_t length, int32_t type) {
  uint32_t n = 0;
  if (type == 2) {
    return;
  }
  memcpy(&n, at, 4);
  if (length != 4 || (uint32_t)type > 1 || n >= NUMBERS ||
      atomic_exchange(&stage.seen[(uint32_t)type * NUMBERS + n], 1) != 0) {
    atomic_store(&stage.wrong, 1);
  }
}

static int read_some(sluice_ring_many_consumer *consumer) {
  sluice_ring_record batch[4];
  int count = sluice_ring_many_drain(consumer, batch, 4, w.ring->data);
  for (int i = 0; i < count; i++) {
    see(w.ring->data + batch[i].offset, batch[i].length, batch[i].type);
  }
  (void)sluice_ring_many_release(consumer);
  return count;
}

static void read_till_death(void *consumer) {
  for (;;) {
    if (read_some(consumer) < 0) {
      (void)sluice_ring_many_consumer_wait(consumer, NS_PER_MS / 10);
    }
  }
}

static void *read_on(void *consumer) {
  while (atomic_load(&stage.stop) == 0) {
    if (read_some(consumer) == SLUICE_E_EMPTY) {
      (void)sluice_ring_many_consumer_wait(consumer, NS_PER_MS);
    }
  }
  return NULL;
}

typedef struct victim {
  sluice_space space;
  int reads;
  int nth;
} victim;

static void *live_and_die(void *argument) {
  victim *v = argument;
  uint32_t id = v->space.participant;
  if (v->reads) {
    sluice_ring_many_consumer consumer;
    if (sluice_ring_many_consumer_open(&consumer, w.ring, CAPACITY, id) == SLUICE_OK) {
      (void)dies(read_till_death, &consumer, NULL, v->nth);
    } else {
      atomic_store(&stage.wrong, 1);
    }
  } else {
    sluice_ring_many_producer producer;
    if (sluice_ring_many_producer_open(&producer, w.ring, CAPACITY, id) == SLUICE_OK) {
      (void)dies(write_till_death, &producer, NULL, v->nth);
    } else {
      atomic_store(&stage.wrong, 1);
    }
  }
  return NULL;
}

static void the_living_go_on_beside_deaths_and_burials(void **state) {
  (void)state;
  uint64_t seed = 21;
  for (uint32_t kind = MPSC; kind <= MPMC; kind++) {
    open_world(kind, 0);
    assert_int_equal(bury(R), SLUICE_OK); /* the victims take its place */
    memset(&stage, 0, sizeof stage);
    stage.seen = fresh(2 * NUMBERS);
    pthread_t writers[2] = {start(write_on, (void *)0), start(write_on, (void *)1)};
    pthread_t reader = writers[0];
    if (kind == MPMC) {
      reader = start(read_on, &w.other);
    }
    for (int i = 0; i < VICTIMS; i++) {
      victim pair[2];
      pthread_t threads[2];
      for (int k = 0; k < 2; k++) {
        pair[k] = (victim){.space = joined(&w.spaces[REAPER]),
                           .reads = k,
                           .nth = 1 + (int)random_below(&seed, k ? 2000 : 200)};
        assert_int_not_equal(sluice_ring_many_open(&pair[k].space, "r", 1, kind, CAPACITY, 0), 0);
        threads[k] = start(live_and_die, &pair[k]);
      }
      for (int k = 0; k < 2; k++) {
        (void)finish(threads[k]);
        while (sluice_participant_bury(&w.spaces[REAPER], pair[k].space.participant) ==
               SLUICE_E_AGAIN) {
          sleep_ms(0);
        }
      }
    }
    atomic_store(&stage.stop, 1);
    (void)finish(writers[0]);
    (void)finish(writers[1]);
    if (kind == MPMC) {
      (void)finish(reader);
    }
    sluice_ring_many_consumer *consumer = survivor(kind);
    while (read_some(consumer) > 0) {
    }
    assert_int_equal(stage.wrong, 0);
    uint64_t missing = 0;
    for (uint32_t who = 0; who < 2; who++) {
      for (uint32_t n = 0; n < stage.written[who]; n++) {
        missing += stage.seen[who * NUMBERS + n] == 0;
      }
    }
    assert_true(missing <= figures_of(w.ring).lost_with_receiver);
    goes_on(consumer);
    free((void *)stage.seen);
    close_world();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(death_before_the_swap_leaves_nothing),
      cmocka_unit_test(death_before_the_swap_while_another_claims_there_leaves_that_ones),
      cmocka_unit_test(death_before_the_swap_does_not_touch_what_was_committed_there),
      cmocka_unit_test(death_after_the_swap_makes_the_claim_a_padding),
      cmocka_unit_test(death_after_the_swap_at_the_end_of_the_buffer_pads_both_parts),
      cmocka_unit_test(death_in_a_claim_that_ends_with_the_buffer_pads_it),
      cmocka_unit_test(death_in_the_longest_claim_pads_it_across_the_end_too),
      cmocka_unit_test(death_with_a_half_written_record_makes_it_a_padding),
      cmocka_unit_test(death_in_a_shortened_commit_makes_all_of_the_claim_a_padding),
      cmocka_unit_test(death_after_the_commit_loses_nothing),
      cmocka_unit_test(an_old_claim_of_a_dead_one_does_no_harm_laps_later),
      cmocka_unit_test(a_claim_that_was_passed_long_ago_does_no_harm),
      cmocka_unit_test(of_two_dead_claimants_the_one_that_won_is_found),
      cmocka_unit_test(a_dead_claimant_waits_for_a_live_one_that_may_have_won),
      cmocka_unit_test(a_dead_claimant_waits_for_a_live_one_that_has_won_and_not_said_so),
      cmocka_unit_test(a_live_one_that_lost_and_then_finds_no_room_withdraws),
      cmocka_unit_test(a_record_that_comes_just_before_the_close_is_read),
      cmocka_unit_test(death_with_a_batch_loses_that_batch_and_counts_it),
      cmocka_unit_test(death_with_a_record_peeked_at_counts_it),
      cmocka_unit_test(a_batch_that_is_lost_across_the_end_leaves_no_byte),
      cmocka_unit_test(death_with_all_of_the_buffer_loses_all_of_it),
      cmocka_unit_test(death_before_the_announcement_loses_nothing),
      cmocka_unit_test(death_after_a_rewind_loses_nothing),
      cmocka_unit_test(a_consumer_is_told_apart_from_one_in_another_slot),
      cmocka_unit_test(producers_are_told_of_the_loss_until_a_consumer_opens),
      cmocka_unit_test(the_death_of_one_who_opened_no_side_is_no_loss_to_it),
      cmocka_unit_test(one_of_several_consumers_may_die_unnoticed),
      cmocka_unit_test(consumers_are_told_once_the_last_producer_is_dead_and_all_is_read),
      cmocka_unit_test(a_new_producer_ends_the_loss),
      cmocka_unit_test(the_last_to_close_closes_though_others_died),
      cmocka_unit_test(death_in_the_last_close_leaves_the_ring_closed_or_lost),
      cmocka_unit_test(death_in_opening_leaves_no_trace),
      cmocka_unit_test(a_sleeping_consumer_wakes_when_a_claim_before_records_is_recovered),
      cmocka_unit_test(a_sleeping_consumer_wakes_when_the_side_is_freed),
      cmocka_unit_test(a_sleeping_producer_wakes_when_the_consumer_dies),
      cmocka_unit_test(a_wake_that_the_dead_one_did_not_finish_is_made_up_for),
      cmocka_unit_test(recovery_may_be_done_again),
      cmocka_unit_test(one_recovers_at_a_time_and_a_dead_one_is_relieved),
      cmocka_unit_test(who_was_recovering_may_begin_again),
      cmocka_unit_test(whoever_comes_while_another_recovers_is_told_to_ask_again),
      cmocka_unit_test(a_producer_may_die_at_any_step_and_its_burier_too),
      cmocka_unit_test(a_consumer_may_die_at_any_step_and_its_burier_too),
      cmocka_unit_test(the_living_go_on_beside_deaths_and_burials),
  };
  return RUN(tests);
}
