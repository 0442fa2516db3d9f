/* A participant dies at an end of a ring for many: while it claims, commits, reads, releases,
 * sleeps, opens or closes; others sleep at the other end, or at the same. */
#include "sluice/ring_many.h"

#include "bystander.h"
#include "futex.h"

enum { CAPACITY = 256, LONGEST = 32, MOMENT = 1000, FINAL = 1000 };

typedef struct record {
  uint32_t number;
  unsigned char fill[LONGEST - 4];
} record;

/* Of the survivor, from prepare to check. */
static sluice_ring_many *ring;
static sluice_ring_many_producer producer;
static sluice_ring_many_consumer consumer;
static bystander sleeper;
static crash_log *running;
static uint32_t committed; /* records by the survivor */

static record make(uint32_t number) {
  record made = {.number = number};
  memset(made.fill, (int)(number | 0x80), sizeof made.fill);
  return made;
}

static uint32_t expect(const void *at, uint32_t length) {
  uint32_t number = 0;
  CRASH_TRUE(length >= 4 && length <= LONGEST);
  memcpy(&number, at, 4);
  record want = make(number);
  CRASH_EQUAL(memcmp(at, &want, length), 0);
  return number;
}

static sluice_ring_many *open_ring(sluice_space *space, crash_log *log, uint32_t kind) {
  uint32_t offset = sluice_ring_many_open(space, "r", 1, kind, CAPACITY, 0);
  CRASH_TRUE(offset != 0);
  log->notes[0] = offset;
  return sluice_at(space, offset);
}

static sluice_ring_many_producer producer_of(sluice_ring_many *of, uint32_t id) {
  sluice_ring_many_producer made;
  CRASH_EQUAL(sluice_ring_many_producer_open(&made, of, CAPACITY, id), SLUICE_OK);
  return made;
}

static sluice_ring_many_consumer consumer_of(sluice_ring_many *of, uint32_t id) {
  sluice_ring_many_consumer made;
  CRASH_EQUAL(sluice_ring_many_consumer_open(&made, of, CAPACITY, id), SLUICE_OK);
  return made;
}

static int push(sluice_ring_many_producer *by, uint32_t number, uint32_t length) {
  record one = make(number);
  return sluice_ring_many_push(by, &one, length, 0);
}

/* The number of the next record, which is released; -1 with from->status when there is none. */
static int64_t take(sluice_ring_many_consumer *from) {
  const void *at = sluice_ring_many_peek(from);
  if (at == NULL) {
    return -1;
  }
  uint32_t number = expect(at, from->length);
  CRASH_EQUAL(sluice_ring_many_release(from), 1);
  return number;
}

static void remove_ring(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "r", 1), SLUICE_OK);
}

static sluice_ring_many_figures figures(void) {
  sluice_ring_many_figures sums;
  sluice_ring_many_figures_of(ring, &sums);
  return sums;
}

static int lost(const _Atomic uint64_t *side) {
  return (atomic_load(side) & SLUICE_RING_MANY_LOST) != 0;
}

static int closed(const _Atomic uint64_t *side) {
  return (atomic_load(side) & SLUICE_RING_MANY_CLOSED) != 0;
}

static void all_is_zero(void) {
  static const unsigned char zeros[CAPACITY];
  CRASH_EQUAL(atomic_load(&ring->side.head), atomic_load(&ring->tail));
  CRASH_EQUAL(memcmp(ring->data, zeros, CAPACITY), 0);
}

/* Both ends can be taken again, unless they were closed, and a lap of records goes through. */
static void goes_on(uint32_t me) {
  sluice_ring_many_producer in;
  sluice_ring_many_consumer out;
  if (closed(&ring->ends.producers) || closed(&ring->ends.consumers) ||
      atomic_load(&ring->object.state) != 0) {
    return;
  }
  in = producer.ring == ring ? producer : producer_of(ring, me);
  out = consumer.ring == ring ? consumer : consumer_of(ring, me);
  for (uint32_t n = 0; n < 2 * CAPACITY / 40; n++) {
    CRASH_EQUAL(push(&in, n, LONGEST), SLUICE_OK);
    CRASH_EQUAL(take(&out), n);
  }
  CRASH_EQUAL(take(&out), -1);
  CRASH_EQUAL(out.status, SLUICE_E_EMPTY);
  all_is_zero();
}

static void fresh(sluice_space *space, crash_log *log, uint32_t kind) {
  running = log;
  ring = open_ring(space, log, kind);
  producer = (sluice_ring_many_producer){.ring = NULL};
  consumer = (sluice_ring_many_consumer){.ring = NULL};
  committed = 0;
}

/* Moves an empty ring's ends to `position`. */
static void move_to(uint32_t position, uint32_t me) {
  sluice_ring_many_producer in = producer.ring == ring ? producer : producer_of(ring, me);
  for (uint32_t at = 0; at < position; at += 16) {
    CRASH_EQUAL(push(&in, 0, 8), SLUICE_OK);
    CRASH_EQUAL(take(&consumer), 0);
  }
  if (producer.ring == NULL) {
    /* Not closed, which would be for good. */
    atomic_fetch_and(&ring->ends.producers, ~(UINT64_C(1) << ((me & 0xff) - 1)));
    atomic_store(&in.line->owner, 0);
  } else {
    producer = in;
  }
}

/* ---- a producer dies ---- */

static void read_from(sluice_space *space, crash_log *log, uint32_t position) {
  fresh(space, log, SLUICE_KIND_RING_MPSC);
  consumer = consumer_of(ring, space->participant);
  move_to(position, space->participant);
}

/* The second record of 40 bytes ends exactly where the buffer does... */
static void exact_end(sluice_space *space, crash_log *log) {
  read_from(space, log, 176);
}

/* ...or does not fit there. */
static void padded_end(sluice_space *space, crash_log *log) {
  read_from(space, log, 160);
}

/* Every way to claim and to end a claim, up to a full ring. */
static void produce(sluice_space *space, crash_log *log) {
  sluice_ring_many_producer in =
      producer_of(open_ring(space, log, SLUICE_KIND_RING_MPSC), space->participant);
  for (uint32_t n = 0;; n++) {
    record one = make(n);
    if (n == 1) {
      void *given_up = sluice_ring_many_claim(&in, 20, 0);
      CRASH_TRUE(given_up != NULL);
      memset(given_up, 0xff, 20);
      CRASH_EQUAL(sluice_ring_many_abort(&in), SLUICE_OK);
    }
    atomic_fetch_add(&log->begun, 1);
    void *at = sluice_ring_many_claim(&in, LONGEST, 0);
    if (at == NULL) {
      CRASH_EQUAL(in.status, SLUICE_E_FULL);
      atomic_fetch_sub(&log->begun, 1);
      break;
    }
    memset(at, 0xff, LONGEST);
    memcpy(at, &one, sizeof one);
    CRASH_EQUAL(sluice_ring_many_commit(&in, n == 2 ? 8 : LONGEST), SLUICE_OK);
    atomic_fetch_add(&log->done, 1);
  }
  CRASH_EQUAL(sluice_ring_many_producer_wait(&in, LONGEST, MOMENT), SLUICE_E_TIMEOUT);
  /* What it claims and does not commit is given up by the close. */
  if (sluice_ring_many_claim(&in, 0, 0) != NULL) {
    CRASH_EQUAL(in.open, 1);
  }
  CRASH_EQUAL(sluice_ring_many_producer_close(&in), SLUICE_OK);
}

/* What the victim has committed: what it saw succeed, and what it died in, if the header stood. */
static uint32_t arrived(const crash_log *log) {
  uint64_t done = atomic_load(&log->done);
  int in_flight = atomic_load(&log->begun) > done;
  return (uint32_t)done +
         (uint32_t)(in_flight &&
                    (crash_step_is("ring_many.commit: header stored") ||
                     crash_step_is("ring_many.commit: line cleared") || died_while_it_woke()));
}

static void truth_about_producers(int finished) {
  int status = consumer.status;
  CRASH_EQUAL(status, closed(&ring->ends.producers) ? SLUICE_E_CLOSED
                      : lost(&ring->ends.producers) ? SLUICE_E_PEER_LOST
                                                    : SLUICE_E_EMPTY);
  CRASH_TRUE(!finished || status != SLUICE_E_EMPTY);
}

static void all_arrives(sluice_space *space, crash_log *log, int finished) {
  for (uint32_t n = 0; n < arrived(log); n++) {
    CRASH_EQUAL(take(&consumer), n);
  }
  CRASH_EQUAL(take(&consumer), -1);
  truth_about_producers(finished);
  all_is_zero();
  CRASH_EQUAL(figures().lost_with_receiver, 0);
  goes_on(space->participant);
}

/* ---- a producer dies, the consumer sleeps ---- */

static _Atomic uint32_t received;

/* Reads what counts on from 0 until there are no producers any more, or the final record comes. */
static void read_all(bystander *who) {
  for (;;) {
    atomic_store(&who->about_to_sleep, 1);
    int status = sluice_ring_many_consumer_wait(&consumer, -1);
    int64_t number = status == SLUICE_OK ? take(&consumer) : -1;
    if (number == FINAL ||
        (number < 0 && (status != SLUICE_OK || consumer.status != SLUICE_E_EMPTY))) {
      return;
    }
    if (number >= 0) {
      CRASH_EQUAL(number, atomic_load(&received));
      atomic_fetch_add(&received, 1);
    }
  }
}

static void sleeping_consumer(sluice_space *space, crash_log *log) {
  read_from(space, log, 224); /* 40 bytes do not fit there */
  atomic_store(&received, 0);
  bystander_start(&sleeper, read_all, NULL);
  until_bystander_sleeps(&sleeper);
}

static void produce_for_sleeper(sluice_space *space, crash_log *log) {
  sluice_ring_many_producer in =
      producer_of(open_ring(space, log, SLUICE_KIND_RING_MPSC), space->participant);
  for (uint32_t n = 0; n < 2; n++) {
    until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
    atomic_fetch_add(&log->begun, 1);
    CRASH_EQUAL(push(&in, n, LONGEST), SLUICE_OK);
    atomic_fetch_add(&log->done, 1);
  }
  until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
  CRASH_EQUAL(sluice_ring_many_producer_close(&in), SLUICE_OK);
}

static void sleeper_reads_all(sluice_space *space, crash_log *log, int finished) {
  (void)finished;
  if (!lost(&ring->ends.producers) && !closed(&ring->ends.producers)) {
    CRASH_EQUAL(arrived(log), 0); /* it died before it began */
    producer = producer_of(ring, space->participant);
    CRASH_EQUAL(push(&producer, FINAL, 8), SLUICE_OK);
  }
  bystander_join(&sleeper);
  CRASH_EQUAL(atomic_load(&received), arrived(log));
  all_is_zero();
  goes_on(space->participant);
}

/* ---- a consumer dies ---- */

/* A full ring, with a padding in the middle, and another at its end. */
static void fill(sluice_space *space, crash_log *log, uint32_t kind) {
  fresh(space, log, kind);
  uint32_t me = space->participant;
  producer = producer_of(ring, me);
  consumer = consumer_of(ring, me);
  move_to(160, me);
  /* Given up, not closed, which would be for good. */
  atomic_store(&ring->ends.consumers, 0);
  consumer.ring = NULL;
  for (; committed < 5; committed++) {
    CRASH_EQUAL(push(&producer, committed, LONGEST), SLUICE_OK);
  }
  CRASH_TRUE(sluice_ring_many_claim(&producer, LONGEST, 0) != NULL);
  CRASH_EQUAL(sluice_ring_many_abort(&producer), SLUICE_OK);
  CRASH_EQUAL(push(&producer, committed, LONGEST), SLUICE_E_FULL);
}

static void full_ring(sluice_space *space, crash_log *log) {
  fill(space, log, SLUICE_KIND_RING_MPSC);
}

static void full_shared_ring(sluice_space *space, crash_log *log) {
  fill(space, log, SLUICE_KIND_RING_MPMC);
}

/* notes[1]: how many records are in its hands. */
static void consume_from(sluice_ring_many *from, sluice_space *space, crash_log *log) {
  sluice_ring_many_consumer out = consumer_of(from, space->participant);
  sluice_ring_record batch[3];
  for (uint32_t n = 0; n < 5; n += (uint32_t)log->notes[1]) {
    atomic_fetch_add(&log->begun, 1);
    if (n == 0) {
      CRASH_EQUAL(sluice_ring_many_drain(&out, batch, 2, space->base), 2);
      sluice_ring_many_rewind(&out);
      log->notes[1] = 1;
      CRASH_TRUE(sluice_ring_many_peek(&out) != NULL);
    } else if (n == 1) {
      log->notes[1] = 3; /* across the padding */
      CRASH_EQUAL(sluice_ring_many_drain(&out, batch, 3, space->base), 3);
      CRASH_EQUAL(expect(space->base + batch[2].offset, batch[2].length), n + 2);
    } else if (from->object.kind == SLUICE_KIND_RING_MPMC) {
      log->notes[1] = 1; /* and the padding behind it */
      CRASH_EQUAL(sluice_ring_many_drain(&out, batch, 3, space->base), 1);
    } else {
      log->notes[1] = 1; /* without that padding, which goes when nothing else is found */
      CRASH_TRUE(sluice_ring_many_peek(&out) != NULL);
    }
    sluice_step("test: in its hands");
    CRASH_EQUAL(sluice_ring_many_release(&out), (long long)log->notes[1]);
    atomic_fetch_add(&log->done, log->notes[1]);
  }
  CRASH_EQUAL(take(&out), -1);
  CRASH_EQUAL(out.status, SLUICE_E_EMPTY);
  CRASH_EQUAL(sluice_ring_many_consumer_wait(&out, MOMENT), SLUICE_E_TIMEOUT);
  CRASH_EQUAL(sluice_ring_many_consumer_close(&out), SLUICE_OK);
}

static void consume(sluice_space *space, crash_log *log) {
  consume_from(open_ring(space, log, SLUICE_KIND_RING_MPSC), space, log);
}

static void consume_shared(sluice_space *space, crash_log *log) {
  consume_from(open_ring(space, log, SLUICE_KIND_RING_MPMC), space, log);
}

/* Was the room returned, and the release only not told of? */
static int handed_back(void) {
  return crash_step_is("ring_many.release: head moved") ||
         crash_step_is("ring_many.side: given back") || died_while_it_woke();
}

static void rest_is_there(sluice_space *space, crash_log *log, int finished) {
  uint32_t me = space->participant;
  if (closed(&ring->ends.consumers)) {
    CRASH_EQUAL(push(&producer, 0, 8), SLUICE_E_CLOSED);
    return;
  }
  if (lost(&ring->ends.consumers)) {
    CRASH_EQUAL(push(&producer, 0, 8), SLUICE_E_PEER_LOST);
  } else {
    CRASH_EQUAL(atomic_load(&log->done), 0);
    CRASH_EQUAL(finished, 0);
  }
  consumer = consumer_of(ring, me);
  uint32_t gone = (uint32_t)figures().lost_with_receiver;
  uint32_t done = (uint32_t)atomic_load(&log->done);
  CRASH_TRUE(gone <= 3);
  if (crash_step_is("test: in its hands")) { /* nobody else gets it */
    CRASH_EQUAL(gone, log->notes[1]);
  }
  int64_t next = take(&consumer);
  uint32_t first = next < 0 ? committed : (uint32_t)next;
  if (handed_back()) {
    CRASH_EQUAL(gone, 0);
    CRASH_TRUE(first >= done && first <= done + 3);
  } else {
    CRASH_EQUAL(first, done + gone);
  }
  for (uint32_t n = first + 1; n < committed; n++) {
    CRASH_EQUAL(take(&consumer), n);
  }
  CRASH_EQUAL(take(&consumer), -1);
  CRASH_EQUAL(consumer.status, SLUICE_E_EMPTY);
  all_is_zero();
  goes_on(me);
}

/* ---- a consumer dies, a producer sleeps ---- */

/* Pushes on for two laps, or until there are no consumers any more. */
static void push_all(bystander *who) {
  uint32_t most = committed + 16;
  while (committed < most) {
    atomic_store(&who->about_to_sleep, 1);
    int status = push(&producer, committed, LONGEST);
    if (status == SLUICE_OK) {
      committed++;
      continue;
    }
    if (status == SLUICE_E_FULL) {
      status = sluice_ring_many_producer_wait(&producer, LONGEST, -1);
    }
    if (status != SLUICE_OK) {
      CRASH_TRUE(status == SLUICE_E_PEER_LOST || status == SLUICE_E_CLOSED);
      return;
    }
  }
}

static void sleeping_producer(sluice_space *space, crash_log *log) {
  full_ring(space, log);
  bystander_start(&sleeper, push_all, NULL);
  until_bystander_sleeps(&sleeper);
}

static void consume_before_sleeper(sluice_space *space, crash_log *log) {
  sluice_ring_many_consumer out =
      consumer_of(open_ring(space, log, SLUICE_KIND_RING_MPSC), space->participant);
  for (uint32_t n = 0; n < 2; n++) {
    CRASH_TRUE(sluice_ring_many_peek(&out) != NULL);
    CRASH_EQUAL(sluice_ring_many_release(&out), 1);
    atomic_fetch_add(&log->done, 1);
    until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
  }
  CRASH_EQUAL(sluice_ring_many_consumer_close(&out), SLUICE_OK);
}

static void sleeper_pushes_on(sluice_space *space, crash_log *log, int finished) {
  if (!lost(&ring->ends.consumers) && !closed(&ring->ends.consumers)) {
    /* it died before it began: the sleeper needs room */
    consumer = consumer_of(ring, space->participant);
    CRASH_EQUAL(take(&consumer), 0);
    atomic_fetch_add(&log->done, 1);
    uint32_t n = 1;
    for (double from = bystander_now(); n < 21;) {
      int64_t number = take(&consumer);
      CRASH_TRUE(number == -1 || number == n);
      n += number >= 0;
      bystander_turn(from, "a producer does not push on");
    }
    bystander_join(&sleeper);
    CRASH_EQUAL(n, committed);
    return;
  }
  bystander_join(&sleeper);
  rest_is_there(space, log, finished);
}

/* ---- one that has the side dies, another consumer sleeps ---- */

static uint64_t seen; /* by the bystander; the victim's are in notes[2] */

static void read_rest(bystander *who) {
  until_begun(running);
  for (;;) {
    atomic_store(&who->about_to_sleep, 1);
    int status = sluice_ring_many_consumer_wait(&consumer, -1);
    int64_t number = status == SLUICE_OK ? take(&consumer) : -1;
    if (number < 0 && (status != SLUICE_OK || consumer.status != SLUICE_E_EMPTY)) {
      return;
    }
    if (number >= 0) {
      CRASH_TRUE(number < 64 && (seen >> number) == 0); /* in order, and once */
      seen |= UINT64_C(1) << number;
    }
  }
}

static void second_consumer(sluice_space *space, crash_log *log) {
  full_shared_ring(space, log);
  seen = 0;
  consumer = consumer_of(ring, space->participant);
  bystander_start(&sleeper, read_rest, NULL);
}

/* It keeps its batch until the other sleeps, and takes another one after that. */
static void hold_the_side(sluice_space *space, crash_log *log) {
  sluice_ring_many *of = open_ring(space, log, SLUICE_KIND_RING_MPMC);
  sluice_ring_many_consumer out = consumer_of(of, space->participant);
  const void *at = sluice_ring_many_peek(&out);
  CRASH_TRUE(at != NULL);
  uint64_t bit = UINT64_C(1) << expect(at, out.length);
  atomic_store(&log->begun, 1);
  double from = bystander_now();
  while ((atomic_load(&of->side.owner) & SLUICE_WAITERS_BIT) == 0) {
    bystander_turn(from, "the other does not want the side");
  }
  CRASH_EQUAL(sluice_ring_many_release(&out), 1);
  log->notes[2] |= bit;
  at = sluice_ring_many_peek(&out);
  if (at != NULL) {
    bit = UINT64_C(1) << expect(at, out.length);
    CRASH_EQUAL(sluice_ring_many_release(&out), 1);
    log->notes[2] |= bit;
  }
  CRASH_EQUAL(sluice_ring_many_consumer_close(&out), SLUICE_OK);
}

static void other_reads_on(sluice_space *space, crash_log *log, int finished) {
  uint64_t all = (UINT64_C(1) << committed) - 1;
  (void)space;
  (void)finished;
  atomic_store(&log->begun, 1); /* should the victim not have got so far */
  double from = bystander_now();
  while (atomic_load(&ring->side.head) != atomic_load(&ring->tail)) {
    bystander_turn(from, "the other consumer does not read on");
  }
  CRASH_EQUAL(sluice_ring_many_producer_close(&producer), SLUICE_OK);
  bystander_join(&sleeper);
  uint64_t gone = figures().lost_with_receiver;
  uint64_t missing = all & ~(seen | log->notes[2]);
  CRASH_EQUAL(seen & log->notes[2], 0);
  if (handed_back()) {
    CRASH_EQUAL(gone, 0);
    CRASH_TRUE(__builtin_popcountll(missing) <= 1);
  } else {
    CRASH_EQUAL(__builtin_popcountll(missing), gone);
  }
  all_is_zero();
}

/* ---- one that was woken dies before it reads ---- */

static bystander pusher;

static void read_after_victim(bystander *who) {
  until_begun(running);
  if (running->notes[1] != 0) {
    until_asleep((int)running->notes[1], (int)running->notes[1]);
  }
  read_rest(who);
}

static void push_when_both_sleep(bystander *who) {
  (void)who;
  until_begun(running);
  until_bystander_sleeps(&sleeper);
  CRASH_EQUAL(push(&producer, 0, 8), SLUICE_OK);
}

static void two_will_sleep(sluice_space *space, crash_log *log) {
  fresh(space, log, SLUICE_KIND_RING_MPMC);
  seen = 0;
  committed = 1;
  producer = producer_of(ring, space->participant);
  consumer = consumer_of(ring, space->participant);
  bystander_start(&sleeper, read_after_victim, NULL);
  bystander_start(&pusher, push_when_both_sleep, NULL);
}

static void sleep_and_read(sluice_space *space, crash_log *log) {
  sluice_ring_many *of = open_ring(space, log, SLUICE_KIND_RING_MPMC);
  sluice_ring_many_consumer out = consumer_of(of, space->participant);
  log->notes[1] = (uint64_t)getpid();
  atomic_store(&log->begun, 1);
  CRASH_EQUAL(sluice_ring_many_consumer_wait(&out, -1), SLUICE_OK);
  CRASH_EQUAL(take(&out), 0);
  log->notes[2] = 1;
  CRASH_EQUAL(sluice_ring_many_consumer_close(&out), SLUICE_OK);
}

static void other_reads_it(sluice_space *space, crash_log *log, int finished) {
  atomic_store(&log->begun, 1); /* should the victim not have got so far */
  bystander_join(&pusher);
  other_reads_on(space, log, finished);
}

/* ---- two sleep, of whom one does so by its own means; a third is at work, and gives up ---- */

static sluice_space guests[2];
static sluice_ring_many_consumer first;
static sluice_ring_many_consumer second;

static void three_readers(sluice_space *space, crash_log *log) {
  fresh(space, log, SLUICE_KIND_RING_MPMC);
  log->guests = 2;
  for (uint32_t i = 0; i < 2; i++) {
    CRASH_EQUAL(sluice_space_attach(&guests[i], space->base, space->bytes), SLUICE_OK);
    CRASH_EQUAL(sluice_participant_join(&guests[i], 0), SLUICE_OK);
  }
  producer = producer_of(ring, space->participant);
  consumer = consumer_of(ring, space->participant);
  first = consumer_of(ring, guests[0].participant);
  second = consumer_of(ring, guests[1].participant);
}

static void look_once_when_woken(bystander *who) {
  CRASH_EQUAL(sluice_ring_many_consumer_sleep(&first), 1);
  atomic_store(&who->about_to_sleep, 1);
  (void)sluice_futex_wait(&ring->filled, first.key, -1);
  CRASH_EQUAL(take(&first), -1);
  CRASH_EQUAL(first.status, SLUICE_E_EMPTY);
}

static void read_when_woken(bystander *who) {
  atomic_store(&who->about_to_sleep, 1);
  CRASH_EQUAL(sluice_ring_many_consumer_wait(&second, -1), SLUICE_OK);
  CRASH_EQUAL(take(&second), 0);
}

static void commit_for_the_first(void) {
  CRASH_EQUAL(push(&producer, 0, 8), SLUICE_OK);
  bystander_join(&sleeper);
}

static void the_second_reads_it(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)log;
  (void)finished;
  bystander_start(&sleeper, look_once_when_woken, NULL);
  until_bystander_sleeps(&sleeper);
  bystander_start(&pusher, read_when_woken, NULL);
  until_bystander_sleeps(&pusher);
  /* its last look before it would sleep, which holds the side */
  crash_meanwhile("ring_many.read: nothing found", 1, commit_for_the_first);
  CRASH_EQUAL(sluice_ring_many_consumer_sleep(&consumer), 1);
  bystander_join(&pusher);
}

static void readers_leave(sluice_space *space, crash_log *log) {
  for (uint32_t i = 0; i < 2; i++) {
    CRASH_EQUAL(sluice_participant_leave(&guests[i]), SLUICE_OK);
  }
  remove_ring(space, log);
}

/* ---- the ring is closed ---- */

static void close_ring(sluice_space *space, crash_log *log) {
  sluice_ring_many *of = open_ring(space, log, SLUICE_KIND_RING_MPSC);
  CRASH_EQUAL(sluice_ring_many_close(of), SLUICE_OK);
}

static void close_if_not_closed(int finished) {
  if (atomic_load(&ring->object.state) == 0) {
    CRASH_EQUAL(finished, 0);
    CRASH_EQUAL(sluice_ring_many_close(ring), SLUICE_OK);
  }
  bystander_join(&sleeper);
}

static void consumer_is_told(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)log;
  close_if_not_closed(finished);
  CRASH_EQUAL(take(&consumer), -1);
  CRASH_EQUAL(consumer.status, SLUICE_E_CLOSED);
}

static void producer_is_told(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)log;
  close_if_not_closed(finished);
  CRASH_EQUAL(push(&producer, 0, 8), SLUICE_E_CLOSED);
}

/* ---- two are dead ---- */

/* One that has died before the victim, and is not buried yet. */
static sluice_space other;
static sluice_ring_many_producer others;

/* Which slot it has matters: of two dead ones, that with the lower is looked at first. */
static void add_other(const sluice_space *space, crash_log *log, int above_the_victim) {
  sluice_space gap;
  CRASH_EQUAL(sluice_space_attach(&gap, space->base, space->bytes), SLUICE_OK);
  CRASH_EQUAL(sluice_space_attach(&other, space->base, space->bytes), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&gap, 0), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&other, 0), SLUICE_OK);
  if (!above_the_victim) {
    sluice_space swap = gap;
    gap = other;
    other = swap;
  }
  CRASH_EQUAL(sluice_participant_leave(&gap), SLUICE_OK);
  CRASH_TRUE(open_ring(&other, log, SLUICE_KIND_RING_MPSC) == ring);
  others = producer_of(ring, other.participant);
}

/* As a burier leaves it that died at "burial: marked". */
static void mark_dead(const sluice_space *space) {
  sluice_space_header *header = (sluice_space_header *)(void *)space->base;
  atomic_store(&header->participants[(space->participant & 0xff) - 1].dead, space->participant);
}

/* What a producer's line says when it dies right after it has announced a claim: the step
 * "ring_many.claim: announced", after which another may win. */
static void announce(sluice_ring_many_line *line, uint64_t position, uint32_t bytes) {
  atomic_store(&line->bytes, bytes);
  atomic_store(&line->claim, position | SLUICE_RING_MANY_ANNOUNCED);
}

/* The dead one has announced a shorter claim where the victim's first one will be... */
static void rival_below(sluice_space *space, crash_log *log) {
  read_from(space, log, 160);
  add_other(space, log, 0);
  announce(others.line, 160, 16);
  mark_dead(&other);
}

/* ...or a claim of the same length. */
static void rival_above(sluice_space *space, crash_log *log) {
  read_from(space, log, 160);
  add_other(space, log, 1);
  announce(others.line, 160, 40);
  mark_dead(&other);
}

/* The dead one has won the place before the victim's, and died before it said so... */
static void undecided(sluice_space *space, crash_log *log) {
  read_from(space, log, 224);
  add_other(space, log, 1);
  CRASH_TRUE(sluice_ring_many_claim(&others, 8, 0) != NULL);
  announce(others.line, 224, 16);
  mark_dead(&other);
}

/* ...or while it wrote. */
static void half_written(sluice_space *space, crash_log *log) {
  read_from(space, log, 224);
  add_other(space, log, 0);
  void *at = sluice_ring_many_claim(&others, 8, 0);
  CRASH_TRUE(at != NULL);
  memset(at, 0xff, 8);
  mark_dead(&other);
}

static void produce_two(sluice_space *space, crash_log *log) {
  sluice_ring_many_producer in =
      producer_of(open_ring(space, log, SLUICE_KIND_RING_MPSC), space->participant);
  for (uint32_t n = 0; n < 2; n++) {
    atomic_fetch_add(&log->begun, 1);
    CRASH_EQUAL(push(&in, n, LONGEST), SLUICE_OK);
    atomic_fetch_add(&log->done, 1);
  }
}

/* The victim has announced what the other has won. */
static void announce_in_vain(sluice_space *space, crash_log *log) {
  sluice_ring_many_producer in =
      producer_of(open_ring(space, log, SLUICE_KIND_RING_MPSC), space->participant);
  announce(in.line, 224, 72); /* with the end of the buffer, and 40 more */
}

/* ---- a living one moves in the middle of the victim's claim ---- */

static void rival_pushes(void) {
  running->notes[1] = 1;
  CRASH_EQUAL(push(&producer, committed, LONGEST), SLUICE_OK);
}

/* There is room for one record more. */
static void almost_full(sluice_space *space, crash_log *log) {
  read_from(space, log, 160);
  producer = producer_of(ring, space->participant);
  for (; committed < 5; committed++) {
    CRASH_EQUAL(push(&producer, committed, LONGEST), SLUICE_OK);
  }
}

static void come_too_late(sluice_space *space, crash_log *log) {
  sluice_ring_many_producer in =
      producer_of(open_ring(space, log, SLUICE_KIND_RING_MPSC), space->participant);
  crash_meanwhile("ring_many.claim: announced", 0, rival_pushes);
  CRASH_EQUAL(push(&in, FINAL, LONGEST), SLUICE_E_FULL);
}

static void rival_is_read(sluice_space *space, crash_log *log, int finished) {
  CRASH_TRUE(!finished || log->notes[1] == 1);
  for (uint32_t n = 0; n < committed + log->notes[1]; n++) {
    CRASH_EQUAL(take(&consumer), n);
  }
  CRASH_EQUAL(take(&consumer), -1);
  CRASH_EQUAL(consumer.status, SLUICE_E_EMPTY);
  all_is_zero();
  goes_on(space->participant);
}

/* The rival's claim stays open; the survivor goes on with it. */
static void rival_claims(void) {
  CRASH_TRUE(sluice_ring_many_claim(&producer, LONGEST, 0) != NULL);
  memcpy(&running->notes[4], &producer, sizeof producer);
}

static void with_rival(sluice_space *space, crash_log *log) {
  read_from(space, log, 160);
  producer = producer_of(ring, space->participant);
  memcpy(&log->notes[4], &producer, sizeof producer);
}

static void claim_behind_rival(sluice_space *space, crash_log *log) {
  crash_meanwhile("ring_many.claim: announced", 0, rival_claims);
  produce_two(space, log);
}

static void rival_goes_on(sluice_space *space, crash_log *log, int finished) {
  (void)finished;
  memcpy(&producer, &log->notes[4], sizeof producer);
  if (producer.open == 1) {
    record one = make(FINAL);
    CRASH_EQUAL(take(&consumer), -1); /* all else is behind it */
    memcpy(ring->data + (producer.position & (CAPACITY - 1)) + SLUICE_RING_HEADER, &one,
           sizeof one);
    CRASH_EQUAL(sluice_ring_many_commit(&producer, LONGEST), SLUICE_OK);
    CRASH_EQUAL(take(&consumer), FINAL);
  }
  for (uint32_t n = 0; n < arrived(log); n++) {
    CRASH_EQUAL(take(&consumer), n);
  }
  CRASH_EQUAL(take(&consumer), -1);
  CRASH_EQUAL(consumer.status, SLUICE_E_EMPTY);
  all_is_zero();
  goes_on(space->participant);
}

/* Looks all the time, so that it sees what is true between two steps of the burial. */
static void look_on(bystander *who) {
  (void)who;
  do {
    int64_t number = take(&consumer);
    if (number >= 0) {
      CRASH_EQUAL(number, atomic_load(&received));
      atomic_fetch_add(&received, 1);
    }
    (void)sched_yield();
  } while (consumer.status == SLUICE_OK || consumer.status == SLUICE_E_EMPTY);
}

/* Within a burial. */
static void nobody_is_told_yet(void) {
  CRASH_EQUAL(lost(&ring->ends.producers), 0);
}

static void watched(sluice_space *space, crash_log *log) {
  crash_meanwhile("ring_many.recover: claim padded", 0, nobody_is_told_yet);
  read_from(space, log, 160);
  add_other(space, log, 1);
  log->guests = 1;
  atomic_store(&received, 0);
  bystander_start(&sleeper, look_on, NULL);
}

static void other_comes_and_goes(void) {
  CRASH_EQUAL(push(&others, 0, LONGEST), SLUICE_OK);
  running->notes[1] = 1;
  CRASH_EQUAL(sluice_ring_many_producer_close(&others), SLUICE_OK);
}

static void claim_before_other(sluice_space *space, crash_log *log) {
  sluice_ring_many_producer in =
      producer_of(open_ring(space, log, SLUICE_KIND_RING_MPSC), space->participant);
  crash_meanwhile("ring_many.claim: won", 0, other_comes_and_goes);
  CRASH_TRUE(sluice_ring_many_claim(&in, LONGEST, 0) != NULL);
}

static void other_was_read(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)finished;
  crash_meanwhile("", 0, NULL); /* not every death leaves a claim to be padded */
  if (log->notes[1] == 0) {
    CRASH_EQUAL(sluice_ring_many_producer_close(&others), SLUICE_OK);
  }
  bystander_join(&sleeper);
  CRASH_EQUAL(atomic_load(&received), log->notes[1]);
  CRASH_EQUAL(consumer.status, log->notes[1] == 1 ? SLUICE_E_PEER_LOST : SLUICE_E_CLOSED);
  all_is_zero();
}

static void remove_ring_and_other(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_participant_leave(&other), SLUICE_OK);
  remove_ring(space, log);
}

const crash_scenario crash_scenarios[] = {
    {"what a dead producer committed is read, and no more", padded_end, produce, all_arrives,
     remove_ring},
    {"also up to the very end of the buffer", exact_end, produce_two, all_arrives, remove_ring},
    {"a sleeping consumer gets what a dead one committed", sleeping_consumer, produce_for_sleeper,
     sleeper_reads_all, remove_ring},
    {"a dead consumer takes no more with it than is counted", full_ring, consume, rest_is_there,
     remove_ring},
    {"nor does one of several", full_shared_ring, consume_shared, rest_is_there, remove_ring},
    {"a sleeping producer is told that the consumer died", sleeping_producer,
     consume_before_sleeper, sleeper_pushes_on, remove_ring},
    {"the next consumer gets the side of a dead one", second_consumer, hold_the_side,
     other_reads_on, remove_ring},
    {"a dead one's wake-up goes to the next sleeper", two_will_sleep, sleep_and_read,
     other_reads_it, remove_ring},
    {"a consumer is told of a close that its author did not survive", sleeping_consumer, close_ring,
     consumer_is_told, remove_ring},
    {"a producer is told of a close that its author did not survive", sleeping_producer, close_ring,
     producer_is_told, remove_ring},
    {"of two dead claimants of one place, the one that won counts", rival_below, produce_two,
     all_arrives, remove_ring},
    {"also when they claimed the same length", rival_above, produce_two, all_arrives, remove_ring},
    {"a dead one's undecided claim does not hide what is behind it", undecided, produce_two,
     all_arrives, remove_ring},
    {"nor does one that was half written", half_written, produce_two, all_arrives, remove_ring},
    {"a dead loser's claim hides nothing", undecided, announce_in_vain, all_arrives, remove_ring},
    {"a claim that came too late is withdrawn", almost_full, come_too_late, rival_is_read,
     remove_ring},
    {"a living one's open claim outlives a dead rival", with_rival, claim_behind_rival,
     rival_goes_on, remove_ring},
    {"what is behind a dead one's claim is read before its death is told", watched,
     claim_before_other, other_was_read, remove_ring_and_other},
    {"who was woken and finds another at work, which gives up, has not kept its wake-up",
     three_readers, NULL, the_second_reads_it, readers_leave},
    {NULL, NULL, NULL, NULL, NULL},
};
_Static_assert(sizeof(sluice_ring_many_producer) <= 28 * 8, "it fits the notes");
