/* A participant dies while it pushes, pops, sleeps or closes; others sleep on the same queue. What
 * was pushed is popped once, or was lost with the dead one, which is counted. */
#include "bystander.h"
#include "internal.h"

enum { CAPACITY = 4, FIRST = 6, MOMENT = 1000, OUTSIDER = 1 << 8 | 40, SENTINEL = 1000 };

/* Of the survivor, from prepare to check. */
static sluice_queue_end mine;
static bystander sleeper;
static bystander pusher;
static crash_log *running;

static sluice_queue *queue_of(crash_log *log, sluice_space *space) {
  return sluice_at(space, (uint32_t)log->notes[0]);
}

static sluice_queue_end end_of(sluice_space *space, crash_log *log, uint32_t owner) {
  sluice_queue_end end;
  CRASH_EQUAL(sluice_queue_end_open(&end, queue_of(log, space), CAPACITY, sizeof(uint64_t), owner),
              SLUICE_OK);
  return end;
}

static sluice_queue_end open_queue(sluice_space *space, crash_log *log) {
  uint32_t offset = sluice_queue_open(space, "q", 1, CAPACITY, sizeof(uint64_t));
  CRASH_TRUE(offset != 0);
  log->notes[0] = offset;
  return end_of(space, log, space->participant);
}

/* An empty queue in its second lap. */
static void empty_queue(sluice_space *space, crash_log *log) {
  running = log;
  mine = open_queue(space, log);
  for (uint64_t n = 0; n < FIRST; n++) {
    uint64_t popped = 0;
    CRASH_EQUAL(sluice_queue_try_push(&mine, &n), SLUICE_OK);
    CRASH_EQUAL(sluice_queue_try_pop(&mine, &popped), SLUICE_OK);
    CRASH_EQUAL(popped, n);
  }
}

static void full_queue(sluice_space *space, crash_log *log) {
  empty_queue(space, log);
  for (uint64_t n = 0; n < CAPACITY; n++) {
    CRASH_EQUAL(sluice_queue_try_push(&mine, &n), SLUICE_OK);
  }
}

static void remove_queue(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "q", 1), SLUICE_OK);
}

static int closed(void) {
  return (atomic_load(&mine.queue->object.state) & SLUICE_OBJECT_CLOSED) != 0 ||
         atomic_load(&mine.queue->tail) >> 63 != 0;
}

static sluice_queue_stats figures(void) {
  sluice_queue_stats stats;
  sluice_queue_figures(&mine, &stats);
  return stats;
}

/* What the victim's pushes left: the ones that it saw succeed, and the one that it died in, if the
 * slot was turned by then. */
static uint64_t pushed(const crash_log *log) {
  uint64_t done = atomic_load(&log->done);
  int in_flight = atomic_load(&log->begun) > done;
  return done + (uint64_t)(in_flight &&
                           (crash_step_is("queue.push: slot turned") ||
                            crash_step_is("queue.push: announcement cleared") ||
                            crash_step_is("queue.push: consumer woken") || died_while_it_woke()));
}

/* Likewise its pops: an element that was read is lost until the announcement is cleared. */
static uint64_t popped(const crash_log *log) {
  uint64_t done = atomic_load(&log->done);
  int in_flight = atomic_load(&log->begun) > done;
  return done + (uint64_t)(in_flight &&
                           (crash_step_is("queue.pop: announcement cleared") ||
                            crash_step_is("queue.pop: producer woken") || died_while_it_woke()));
}

static uint64_t lost(const crash_log *log) {
  return atomic_load(&log->begun) > atomic_load(&log->done) &&
         (crash_step_is("queue.take: ticket taken") ||
          crash_step_is("queue.pop: ticket known to be taken") ||
          crash_step_is("queue.pop: element read") || crash_step_is("queue.pop: slot turned"));
}

static void takes_and_gives(void) {
  uint64_t element = 0;
  if (closed()) {
    /* Whoever died between the two halves of the close has at least stopped all pushes. */
    CRASH_EQUAL(sluice_queue_try_push(&mine, &element), SLUICE_E_CLOSED);
    CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_E_CLOSED);
    return;
  }
  for (int lap = 0; lap < 2; lap++) {
    CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_E_EMPTY);
    for (uint64_t n = 0; n < CAPACITY; n++) {
      CRASH_EQUAL(sluice_queue_try_push(&mine, &n), SLUICE_OK);
    }
    CRASH_EQUAL(sluice_queue_try_push(&mine, &element), SLUICE_E_FULL);
    for (uint64_t n = 0; n < CAPACITY; n++) {
      CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_OK);
      CRASH_EQUAL(element, n);
    }
  }
}

/* ---- a producer dies ---- */

static void push_until_full(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  for (uint64_t n = 0; n < CAPACITY; n++) {
    atomic_fetch_add(&log->begun, 1);
    CRASH_EQUAL(sluice_queue_push(&end, &n, -1), SLUICE_OK);
    atomic_fetch_add(&log->done, 1);
  }
  uint64_t more = SENTINEL;
  CRASH_EQUAL(sluice_queue_try_push(&end, &more), SLUICE_E_FULL);
  CRASH_EQUAL(sluice_queue_push(&end, &more, MOMENT), SLUICE_E_TIMEOUT);
  CRASH_EQUAL(sluice_queue_close(&end), SLUICE_OK);
}

static void pushed_is_there(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  uint64_t there = pushed(log);
  int taken =
      !finished && atomic_load(&log->begun) > atomic_load(&log->done) &&
      (crash_step_is("queue.take: ticket taken") || crash_step_is("queue.push: element written"));
  for (uint64_t n = 0; n < there; n++) {
    uint64_t element = 0;
    CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_OK);
    CRASH_EQUAL(element, n);
  }
  takes_and_gives();
  CRASH_EQUAL(figures().skipped, taken);
  CRASH_EQUAL(figures().lost_with_receiver, 0);
}

/* ---- a consumer dies ---- */

static void pop_until_empty(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  uint64_t element = 0;
  for (uint64_t n = 0; n < CAPACITY; n++) {
    atomic_fetch_add(&log->begun, 1);
    CRASH_EQUAL(sluice_queue_pop(&end, &element, -1), SLUICE_OK);
    CRASH_EQUAL(element, n);
    atomic_fetch_add(&log->done, 1);
  }
  CRASH_EQUAL(sluice_queue_try_pop(&end, &element), SLUICE_E_EMPTY);
  CRASH_EQUAL(sluice_queue_pop(&end, &element, MOMENT), SLUICE_E_TIMEOUT);
}

static void rest_is_there(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)finished;
  uint64_t gone = popped(log) + lost(log);
  CRASH_EQUAL(figures().lost_with_receiver, lost(log));
  for (uint64_t n = gone; n < CAPACITY; n++) {
    uint64_t element = 0;
    CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_OK);
    CRASH_EQUAL(element, n);
  }
  takes_and_gives();
  CRASH_EQUAL(figures().lost_with_receiver, lost(log));
}

/* ---- somebody sleeps meanwhile ---- */

static _Atomic uint64_t received;

/* Pops until the sentinel comes or the queue is closed; all that comes counts on from 0. */
static void pop_all(bystander *who) {
  uint64_t element = 0;
  for (;;) {
    atomic_store(&who->about_to_sleep, 1);
    int status = sluice_queue_pop(&mine, &element, -1);
    if (status != SLUICE_OK || element == SENTINEL) {
      CRASH_TRUE(status == SLUICE_OK || status == SLUICE_E_CLOSED);
      return;
    }
    CRASH_EQUAL(element, atomic_load(&received));
    atomic_fetch_add(&received, 1);
  }
}

static void empty_with_consumer(sluice_space *space, crash_log *log) {
  empty_queue(space, log);
  atomic_store(&received, 0);
  bystander_start(&sleeper, pop_all, NULL);
  until_bystander_sleeps(&sleeper);
}

/* Each push finds the consumer asleep; the close too. */
static void push_to_sleeper(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  for (uint64_t n = 0; n < 2; n++) {
    atomic_fetch_add(&log->begun, 1);
    CRASH_EQUAL(sluice_queue_try_push(&end, &n), SLUICE_OK);
    atomic_fetch_add(&log->done, 1);
    until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
  }
  CRASH_EQUAL(sluice_queue_close(&end), SLUICE_OK);
}

static void await_received(uint64_t count) {
  double from = bystander_now();
  while (atomic_load(&received) != count) {
    bystander_turn(from, "what was pushed does not arrive");
  }
}

static void close_at_once(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  CRASH_EQUAL(sluice_queue_close(&end), SLUICE_OK);
}

static void sleeper_gets_all(sluice_space *space, crash_log *log, int finished) {
  uint64_t sentinel = SENTINEL;
  (void)finished;
  await_received(pushed(log));
  if (!closed()) {
    sluice_queue_end other = end_of(space, log, OUTSIDER);
    until_bystander_sleeps(&sleeper);
    CRASH_EQUAL(sluice_queue_try_push(&other, &sentinel), SLUICE_OK);
  }
  bystander_join(&sleeper);
  CRASH_EQUAL(atomic_load(&received), pushed(log));
  takes_and_gives();
}

/* Pushes on from where the full queue's elements end, up to the sentinel. */
static void push_all(bystander *who) {
  for (uint64_t n = CAPACITY; n < CAPACITY + 4; n++) {
    atomic_store(&who->about_to_sleep, 1);
    CRASH_EQUAL(sluice_queue_push(&mine, &n, -1), SLUICE_OK);
  }
}

static void full_with_producer(sluice_space *space, crash_log *log) {
  full_queue(space, log);
  bystander_start(&sleeper, push_all, NULL);
  until_bystander_sleeps(&sleeper);
}

/* Each pop finds the producer asleep. */
static void pop_from_sleeper(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  for (uint64_t n = 0; n < 2; n++) {
    uint64_t element = 0;
    atomic_fetch_add(&log->begun, 1);
    CRASH_EQUAL(sluice_queue_try_pop(&end, &element), SLUICE_OK);
    CRASH_EQUAL(element, n);
    atomic_fetch_add(&log->done, 1);
    until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
  }
}

static void sleeper_pushes_on(sluice_space *space, crash_log *log, int finished) {
  (void)finished;
  uint64_t gone = popped(log) + lost(log);
  double from = bystander_now();
  /* It has to use the room that the dead one has made, before anybody makes more. */
  while ((atomic_load(&mine.queue->tail)) != FIRST + CAPACITY + gone) {
    bystander_turn(from, "room is not used");
  }
  sluice_queue_end other = end_of(space, log, OUTSIDER);
  for (uint64_t n = gone; n < CAPACITY + 4; n++) {
    uint64_t element = 0;
    CRASH_EQUAL(sluice_queue_pop(&other, &element, -1), SLUICE_OK);
    CRASH_EQUAL(element, n);
  }
  bystander_join(&sleeper);
  takes_and_gives();
  CRASH_EQUAL(figures().lost_with_receiver, lost(log));
}

/* A push that was asleep is told of the close, too, if its author got as far as the tail. */
static void push_until_closed(bystander *who) {
  uint64_t element = 0;
  int status = SLUICE_OK;
  while (status == SLUICE_OK) {
    atomic_store(&who->about_to_sleep, 1);
    status = sluice_queue_push(&mine, &element, -1);
  }
  CRASH_EQUAL(status, SLUICE_E_CLOSED);
}

static void full_to_be_closed(sluice_space *space, crash_log *log) {
  full_queue(space, log);
  bystander_start(&sleeper, push_until_closed, NULL);
  until_bystander_sleeps(&sleeper);
}

static void sleeper_is_told(sluice_space *space, crash_log *log, int finished) {
  uint64_t element = 0;
  (void)log;
  (void)space;
  if (!closed()) {
    CRASH_EQUAL(finished, 0);
    CRASH_EQUAL(sluice_queue_close(&mine), SLUICE_OK);
  }
  bystander_join(&sleeper);
  for (uint64_t n = 0; n < CAPACITY; n++) {
    CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_OK);
    CRASH_EQUAL(element, n);
  }
  takes_and_gives();
}

/* ---- the one that was woken dies before it takes what it was woken for ---- */

static void wait_after_victim(bystander *who) {
  until_begun(running);
  if (running->notes[1] != 0) {
    until_asleep((int)running->notes[1], (int)running->notes[1]);
  }
  pop_all(who);
}

static void push_when_both_sleep(bystander *who) {
  sluice_queue_end *end = who->context;
  uint64_t zero = 0;
  until_begun(running);
  until_bystander_sleeps(&sleeper);
  CRASH_EQUAL(sluice_queue_try_push(end, &zero), SLUICE_OK);
}

static void two_will_sleep(sluice_space *space, crash_log *log) {
  static sluice_queue_end other;
  empty_queue(space, log);
  other = end_of(space, log, OUTSIDER);
  atomic_store(&received, 0);
  bystander_start(&sleeper, wait_after_victim, NULL);
  bystander_start(&pusher, push_when_both_sleep, &other);
}

static void sleep_and_take(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  uint64_t element = SENTINEL;
  log->notes[1] = (uint64_t)getpid();
  atomic_fetch_add(&log->begun, 1);
  CRASH_EQUAL(sluice_queue_pop(&end, &element, -1), SLUICE_OK);
  CRASH_EQUAL(element, 0);
  atomic_fetch_add(&log->done, 1);
}

static void other_takes_it(sluice_space *space, crash_log *log, int finished) {
  uint64_t sentinel = SENTINEL;
  (void)finished;
  uint64_t died_with_it = lost(log);
  uint64_t gone = popped(log) + died_with_it;
  atomic_store(&log->begun, 1); /* should the victim not have got so far */
  bystander_join(&pusher);
  if (gone == 0) {
    await_received(1);
  }
  until_bystander_sleeps(&sleeper);
  sluice_queue_end other = end_of(space, log, OUTSIDER);
  CRASH_EQUAL(sluice_queue_try_push(&other, &sentinel), SLUICE_OK);
  bystander_join(&sleeper);
  CRASH_EQUAL(atomic_load(&received), 1 - gone);
  CRASH_EQUAL(figures().lost_with_receiver, died_with_it);
  takes_and_gives();
}

/* ---- two are dead ---- */

/* One that has died before the victim, and is not buried yet. */
static sluice_space other;
static sluice_queue_end others;

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
  others = open_queue(&other, log);
}

/* As a burier leaves it that died at "burial: marked". */
static void mark_dead(const sluice_space *space) {
  sluice_space_header *header = (sluice_space_header *)(void *)space->base;
  atomic_store(&header->participants[(space->participant & 0xff) - 1].dead, space->participant);
}

/* It named the ticket that the victim then takes... */
static void rival_producer(sluice_space *space, crash_log *log) {
  empty_queue(space, log);
  add_other(space, log, 0);
  atomic_store(&others.line->push, FIRST + 1);
  mark_dead(&other);
}

static void rival_consumer(sluice_space *space, crash_log *log) {
  full_queue(space, log);
  add_other(space, log, 1);
  atomic_store(&others.line->pop, FIRST + 1);
  mark_dead(&other);
}

static void push_two(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  for (uint64_t n = 0; n < 2; n++) {
    atomic_fetch_add(&log->begun, 1);
    CRASH_EQUAL(sluice_queue_try_push(&end, &n), SLUICE_OK);
    atomic_fetch_add(&log->done, 1);
  }
}

static void pop_two(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  for (uint64_t n = 0; n < 2; n++) {
    uint64_t element = SENTINEL;
    atomic_fetch_add(&log->begun, 1);
    CRASH_EQUAL(sluice_queue_try_pop(&end, &element), SLUICE_OK);
    CRASH_EQUAL(element, n);
    atomic_fetch_add(&log->done, 1);
  }
}

/* ...or took it before the victim, which names it in vain and dies as well. These are the words
 * that a death at the steps "ticket announced" and "ticket taken" leaves. */
static void other_took_slot(sluice_space *space, crash_log *log) {
  rival_producer(space, log);
  atomic_fetch_add(&mine.queue->tail, 1);
}

static void other_took_element(sluice_space *space, crash_log *log) {
  rival_consumer(space, log);
  atomic_fetch_add(&mine.queue->head, 1);
}

/* Likewise "ticket known to be taken": bit 62 says so. */
static void other_knew_that_it_took(sluice_space *space, crash_log *log) {
  other_took_element(space, log);
  atomic_store(&others.line->pop, (FIRST + 1) | UINT64_C(1) << 62);
}

static void name_slot(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  atomic_store(&end.line->push, FIRST + 1);
}

static void name_element(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  atomic_store(&end.line->pop, FIRST + 1);
}

/* A slot to be skipped is the oldest: its producer was buried before. */
static void slot_to_be_skipped(sluice_space *space, crash_log *log) {
  sluice_space dead;
  empty_queue(space, log);
  CRASH_EQUAL(sluice_space_attach(&dead, space->base, space->bytes), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&dead, 0), SLUICE_OK);
  sluice_queue_end end = open_queue(&dead, log);
  atomic_store(&end.line->push, FIRST + 1);
  atomic_fetch_add(&mine.queue->tail, 1);
  CRASH_EQUAL(sluice_participant_bury(space, dead.participant), SLUICE_OK);
}

/* There is no element, and the place for one is left alone. */
static void pop_what_is_skipped(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  uint64_t element = SENTINEL;
  CRASH_EQUAL(sluice_queue_try_pop(&end, &element), SLUICE_E_EMPTY);
  CRASH_EQUAL(element, SENTINEL);
}

static void nothing_is_lost(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)log;
  takes_and_gives();
  CRASH_TRUE(figures().skipped == 1 || (!finished && figures().skipped == 0));
  CRASH_EQUAL(figures().lost_with_receiver, 0);
}

static void one_slot_is_skipped(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)log;
  (void)finished;
  takes_and_gives();
  CRASH_EQUAL(figures().skipped, 1);
  CRASH_EQUAL(figures().lost_with_receiver, 0);
}

static void one_element_is_lost(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)log;
  (void)finished;
  for (uint64_t n = 1; n < CAPACITY; n++) {
    uint64_t element = 0;
    CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_OK);
    CRASH_EQUAL(element, n);
  }
  takes_and_gives();
  CRASH_EQUAL(figures().lost_with_receiver, 1);
}

/* ---- a living one takes the ticket that the victim has just named ---- */

static void survivor_pushes(void) {
  uint64_t element = SENTINEL;
  CRASH_EQUAL(sluice_queue_try_push(&mine, &element), SLUICE_OK);
  running->notes[2] = 1;
}

static void survivor_pops(void) {
  uint64_t element = SENTINEL;
  CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_OK);
  CRASH_EQUAL(element, 0);
  running->notes[2] = 1;
}

static void push_behind_survivor(sluice_space *space, crash_log *log) {
  crash_meanwhile("queue.take: ticket announced", 0, survivor_pushes);
  push_two(space, log);
}

static void pop_behind_survivor(sluice_space *space, crash_log *log) {
  sluice_queue_end end = open_queue(space, log);
  uint64_t element = SENTINEL;
  crash_meanwhile("queue.take: ticket announced", 0, survivor_pops);
  atomic_fetch_add(&log->begun, 1);
  CRASH_EQUAL(sluice_queue_try_pop(&end, &element), SLUICE_OK);
  CRASH_EQUAL(element, 1);
  atomic_fetch_add(&log->done, 1);
}

static void survivors_is_there(sluice_space *space, crash_log *log, int finished) {
  if (log->notes[2] == 1) {
    uint64_t element = 0;
    CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_OK);
    CRASH_EQUAL(element, SENTINEL);
  }
  pushed_is_there(space, log, finished);
}

static void rest_of_both_is_there(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)finished;
  for (uint64_t n = log->notes[2] + popped(log) + lost(log); n < CAPACITY; n++) {
    uint64_t element = 0;
    CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_OK);
    CRASH_EQUAL(element, n);
  }
  takes_and_gives();
  CRASH_EQUAL(figures().lost_with_receiver, lost(log));
}

const crash_scenario crash_scenarios[] = {
    {"what a dead producer pushed is there, and no more", empty_queue, push_until_full,
     pushed_is_there, remove_queue},
    {"a dead consumer takes no more with it than is counted", full_queue, pop_until_empty,
     rest_is_there, remove_queue},
    {"a sleeping consumer gets what a dead one pushed", empty_with_consumer, push_to_sleeper,
     sleeper_gets_all, remove_queue},
    {"a sleeping producer gets the room that a dead one made", full_with_producer, pop_from_sleeper,
     sleeper_pushes_on, remove_queue},
    {"a dead one's wake-up goes to the next sleeper", two_will_sleep, sleep_and_take,
     other_takes_it, remove_queue},
    {"a sleeping consumer is told of a close", empty_with_consumer, close_at_once, sleeper_gets_all,
     remove_queue},
    {"a sleeping producer is told of a close", full_to_be_closed, close_at_once, sleeper_is_told,
     remove_queue},
    {"of two dead producers with one ticket, the one that took it counts", rival_producer, push_two,
     pushed_is_there, remove_queue},
    {"of two dead consumers with one ticket, the one that took it counts", rival_consumer, pop_two,
     rest_is_there, remove_queue},
    {"two dead producers skip one slot", other_took_slot, name_slot, one_slot_is_skipped,
     remove_queue},
    {"a dead consumer that skipped a slot loses nothing", slot_to_be_skipped, pop_what_is_skipped,
     nothing_is_lost, remove_queue},
    {"two dead consumers lose one element", other_took_element, name_element, one_element_is_lost,
     remove_queue},
    {"two dead consumers lose one element, also when one knew", other_knew_that_it_took,
     name_element, one_element_is_lost, remove_queue},
    {"a dead producer's ticket that a living one took is not skipped", empty_queue,
     push_behind_survivor, survivors_is_there, remove_queue},
    {"a dead consumer's ticket that a living one took is not counted", full_queue,
     pop_behind_survivor, rest_of_both_is_there, remove_queue},
    {NULL, NULL, NULL, NULL, NULL},
};
