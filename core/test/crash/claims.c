/* What is claimed is claimed by one, and is given back. Two bury at once, two recover one ring at
 * once, two name one ticket of a queue: each as the one interleaving that matters. */
#include "crash.h"
#include "kinds.h"

enum { GUESTS = 3, PLACES = 2 /* of the queue */ };

static sluice_space *a; /* the survivor */
static sluice_space guests[GUESTS];
static int status;

static void all_join(sluice_space *space, crash_log *log) {
  a = space;
  for (uint32_t i = 0; i < GUESTS; i++) {
    CRASH_EQUAL(sluice_space_attach(&guests[i], space->base, space->bytes), SLUICE_OK);
    CRASH_EQUAL(sluice_participant_join(&guests[i], 0), SLUICE_OK);
  }
  log->guests = GUESTS;
}

static void all_leave(sluice_space *space, crash_log *log) {
  (void)log;
  for (uint32_t i = 0; i < GUESTS; i++) {
    if (sluice_participant_alive(space, guests[i].participant)) {
      CRASH_EQUAL(sluice_participant_leave(&guests[i]), SLUICE_OK);
    }
  }
}

static void close_and_remove(sluice_space *space, uint32_t offset) {
  CRASH_EQUAL(sluice_object_close(space, offset), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "x", 1), SLUICE_OK);
}

/* ---- burials ---- */

static void second_buries_first(void) {
  status = sluice_participant_bury(&guests[1], guests[0].participant);
}

static void two_bury_at_once(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  crash_meanwhile("burial: claimed", 0, second_buries_first);
  CRASH_EQUAL(sluice_participant_bury(space, guests[0].participant), SLUICE_OK);
  CRASH_EQUAL(status, SLUICE_E_AGAIN);
  second_buries_first();
  CRASH_EQUAL(status, SLUICE_OK);
}

/* The other has buried it before this one claims: the slot is its next holder's. */
static void one_buries_too_late(sluice_space *space, crash_log *log, int finished) {
  uint32_t before = guests[0].participant;
  (void)log;
  (void)finished;
  crash_meanwhile("burial: marked", 0, second_buries_first);
  CRASH_EQUAL(sluice_participant_bury(space, before), SLUICE_OK);
  CRASH_EQUAL(status, SLUICE_OK);
  CRASH_EQUAL(sluice_space_attach(&guests[0], space->base, space->bytes), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&guests[0], 0), SLUICE_OK);
  CRASH_EQUAL(guests[0].participant & 0xff, before & 0xff);
  second_buries_first();
  CRASH_EQUAL(status, SLUICE_OK);
}

/* ---- the recovery of a ring of many ---- */

static sluice_ring_many *ring;

static void second_recovers_third(void) {
  status = sluice_ring_many_recover(&guests[1], ring, guests[2].participant);
}

static void two_recover_a_ring(sluice_space *space, crash_log *log, int finished) {
  uint32_t offset = 0;
  (void)log;
  (void)finished;
  for (uint32_t i = 0; i < GUESTS; i++) {
    offset = sluice_ring_many_open(&guests[i], "x", 1, SLUICE_KIND_RING_MPMC, 1024, 0);
    CRASH_TRUE(offset != 0);
  }
  ring = sluice_at(space, offset);
  crash_meanwhile("ring_many.recover: begun", 0, second_recovers_third);
  CRASH_EQUAL(sluice_participant_bury(space, guests[0].participant), SLUICE_OK);
  CRASH_EQUAL(status, SLUICE_E_AGAIN);
  second_recovers_third();
  CRASH_EQUAL(status, SLUICE_OK);
  CRASH_EQUAL(sluice_participant_bury(space, guests[2].participant), SLUICE_OK);
  close_and_remove(&guests[1], offset);
}

/* ---- tickets of a queue ---- */

static sluice_queue_end mine;
static sluice_queue_end others;

static void other_pushes(void) {
  uint64_t element = 0;
  CRASH_EQUAL(sluice_queue_try_push(&others, &element), SLUICE_OK);
}

static void other_pops(void) {
  uint64_t element = 0;
  CRASH_EQUAL(sluice_queue_try_pop(&others, &element), SLUICE_OK);
}

static void other_fills(void) {
  for (int i = 0; i < PLACES; i++) {
    other_pushes();
  }
}

/* The other is faster each time. */
static void other_passes_push(void) {
  other_pushes();
  other_pops();
  crash_meanwhile("queue.take: ticket announced", 0, other_passes_push);
}

static void other_passes_pop(void) {
  other_pops();
  other_pushes();
  crash_meanwhile("queue.take: ticket announced", 0, other_passes_pop);
}

static void names_nothing(void) {
  CRASH_EQUAL(atomic_load(&mine.line->push), 0);
  CRASH_EQUAL(atomic_load(&mine.line->pop), 0);
}

static void nobody_moves(void) {}

static void two_name_a_ticket(sluice_space *space, crash_log *log, int finished) {
  static const char announced[] = "queue.take: ticket announced";
  uint64_t element = 0;
  (void)log;
  (void)finished;
  uint32_t offset = sluice_queue_open(space, "x", 1, PLACES, sizeof element);
  sluice_queue *queue = sluice_at(space, offset);
  CRASH_EQUAL(
      sluice_queue_end_open(&mine, queue, PLACES, (uint32_t)sizeof element, space->participant),
      SLUICE_OK);
  CRASH_EQUAL(sluice_queue_end_open(&others, queue, PLACES, (uint32_t)sizeof element,
                                    guests[0].participant),
              SLUICE_OK);

  crash_meanwhile(announced, 0, other_fills);
  CRASH_EQUAL(sluice_queue_try_push(&mine, &element), SLUICE_E_FULL);
  names_nothing();
  other_pops();
  crash_meanwhile(announced, 0, other_pops);
  CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_E_EMPTY);
  names_nothing();

  crash_meanwhile(announced, 0, other_passes_push);
  CRASH_EQUAL(sluice_queue_try_push(&mine, &element), SLUICE_E_AGAIN);
  crash_meanwhile(announced, 0, nobody_moves);
  names_nothing();
  other_pushes();
  crash_meanwhile(announced, 0, other_passes_pop);
  CRASH_EQUAL(sluice_queue_try_pop(&mine, &element), SLUICE_E_AGAIN);
  crash_meanwhile(announced, 0, nobody_moves);
  names_nothing();
  other_pops();
  close_and_remove(space, offset);
}

const crash_scenario crash_scenarios[] = {
    {"one at a time buries one", all_join, NULL, two_bury_at_once, all_leave},
    {"a burial that comes too late is none", all_join, NULL, one_buries_too_late, all_leave},
    {"one at a time recovers a ring", all_join, NULL, two_recover_a_ring, all_leave},
    {"who loses a ticket of a queue names it no more", all_join, NULL, two_name_a_ticket,
     all_leave},
    {NULL, NULL, NULL, NULL, NULL},
};
