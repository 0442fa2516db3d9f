/* An end of a one-to-one ring dies while the other sleeps: what it did before is found, and its
 * death is told. */
#include "bystander.h"

enum { CAPACITY = 256, RECORDS = 3, LENGTH = 32 /* eight records fill the ring: a header each */ };

/* Of the survivor, from prepare to check. */
static sluice_ring_consumer consumer;
static sluice_ring_producer producer;
static bystander sleeper;
static _Atomic uint32_t passed; /* records that the sleeper has read, or written */
static _Atomic int told;

static void open_ring(sluice_space *space, crash_log *log) {
  log->notes[0] = sluice_ring_open(space, "r", 1, CAPACITY, 0);
  CRASH_TRUE(log->notes[0] != 0);
}

static sluice_ring *ring_of(sluice_space *space, crash_log *log) {
  return sluice_at(space, (uint32_t)log->notes[0]);
}

static void remove_ring(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "r", 1), SLUICE_OK);
}

static void start(void (*act)(bystander *)) {
  atomic_store(&passed, 0);
  atomic_store(&told, 0);
  bystander_start(&sleeper, act, NULL);
  until_bystander_sleeps(&sleeper);
}

/* What the victim saw succeed, or one more, has reached the sleeper, which goes by no other sign
 * than that it was woken. */
static void await_passed(crash_log *log, uint32_t before) {
  double from = bystander_now();
  uint32_t done = before + (uint32_t)atomic_load(&log->done);
  while (atomic_load(&passed) < done) {
    bystander_turn(from, "a sleeper is not woken");
  }
}

/* ---- the consumer sleeps ---- */

static void read_all(bystander *who) {
  for (;;) {
    const unsigned char *at = sluice_ring_peek(&consumer);
    if (at != NULL) {
      CRASH_EQUAL(consumer.length, LENGTH);
      for (uint32_t i = 0; i < LENGTH; i++) {
        CRASH_EQUAL(at[i], atomic_load(&passed));
      }
      CRASH_EQUAL(sluice_ring_release(&consumer), 1);
      atomic_fetch_add(&passed, 1);
    } else if (consumer.status != SLUICE_E_EMPTY) {
      atomic_store(&told, consumer.status);
      return;
    } else {
      atomic_store(&who->about_to_sleep, 1);
      (void)sluice_ring_consumer_wait(&consumer, -1);
    }
  }
}

static void with_consumer(sluice_space *space, crash_log *log) {
  open_ring(space, log);
  CRASH_EQUAL(
      sluice_ring_consumer_open(&consumer, ring_of(space, log), CAPACITY, space->participant),
      SLUICE_OK);
  start(read_all);
}

static void write_to_sleeper(sluice_space *space, crash_log *log) {
  open_ring(space, log);
  CRASH_EQUAL(
      sluice_ring_producer_open(&producer, ring_of(space, log), CAPACITY, space->participant),
      SLUICE_OK);
  for (uint32_t n = 0; n < RECORDS; n++) {
    unsigned char value[LENGTH];
    memset(value, (int)n, sizeof value);
    CRASH_EQUAL(sluice_ring_push(&producer, value, LENGTH, 0), SLUICE_OK);
    atomic_fetch_add(&log->done, 1);
    until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
  }
  CRASH_EQUAL(sluice_ring_producer_close(&producer), SLUICE_OK);
}

static void consumer_has_all(sluice_space *space, crash_log *log, int finished) {
  sluice_ring *ring = ring_of(space, log);
  await_passed(log, 0);
  if (atomic_load(&ring->producer.owner) == 0) { /* it had not begun */
    CRASH_EQUAL(sluice_ring_producer_open(&producer, ring, CAPACITY, space->participant),
                SLUICE_OK);
    CRASH_EQUAL(sluice_ring_producer_close(&producer), SLUICE_OK);
  }
  bystander_join(&sleeper);
  CRASH_TRUE(atomic_load(&told) == SLUICE_E_CLOSED ||
             (!finished && atomic_load(&told) == SLUICE_E_PEER_LOST));
  CRASH_TRUE(atomic_load(&passed) == atomic_load(&log->done) ||
             (!finished && atomic_load(&passed) == atomic_load(&log->done) + 1));
}

/* ---- the producer sleeps ---- */

static void write_all(bystander *who) {
  for (;;) {
    unsigned char value[LENGTH];
    memset(value, (int)atomic_load(&passed), sizeof value);
    int status = sluice_ring_push(&producer, value, LENGTH, 0);
    if (status == SLUICE_OK) {
      atomic_fetch_add(&passed, 1);
    } else if (status != SLUICE_E_FULL) {
      atomic_store(&told, status);
      return;
    } else {
      atomic_store(&who->about_to_sleep, 1);
      (void)sluice_ring_producer_wait(&producer, LENGTH, -1);
    }
  }
}

static void with_producer(sluice_space *space, crash_log *log) {
  open_ring(space, log);
  CRASH_EQUAL(
      sluice_ring_producer_open(&producer, ring_of(space, log), CAPACITY, space->participant),
      SLUICE_OK);
  start(write_all);
  log->notes[1] = atomic_load(&passed); /* as many as fit */
}

static void read_from_sleeper(sluice_space *space, crash_log *log) {
  open_ring(space, log);
  CRASH_EQUAL(
      sluice_ring_consumer_open(&consumer, ring_of(space, log), CAPACITY, space->participant),
      SLUICE_OK);
  for (uint32_t n = 0; n < RECORDS; n++) {
    const unsigned char *at = sluice_ring_peek(&consumer);
    CRASH_TRUE(at != NULL);
    CRASH_EQUAL(at[0], n);
    CRASH_EQUAL(sluice_ring_release(&consumer), 1);
    if (consumer.status == SLUICE_OK) {
      atomic_fetch_add(&log->done, 1);
    }
    until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
  }
  CRASH_EQUAL(sluice_ring_consumer_close(&consumer), SLUICE_OK);
}

/* The sleeper was told that nobody reads any more. */
static void producer_is_told(sluice_space *space, crash_log *log, int finished) {
  sluice_ring *ring = ring_of(space, log);
  if (atomic_load(&ring->consumer.owner) == 0) {
    CRASH_EQUAL(sluice_ring_consumer_open(&consumer, ring, CAPACITY, space->participant),
                SLUICE_OK);
    CRASH_EQUAL(sluice_ring_consumer_close(&consumer), SLUICE_OK);
  }
  bystander_join(&sleeper);
  CRASH_TRUE(atomic_load(&told) == SLUICE_E_CLOSED ||
             (!finished && atomic_load(&told) == SLUICE_E_PEER_LOST));
  CRASH_TRUE(atomic_load(&passed) >= log->notes[1]);
}

const crash_scenario crash_scenarios[] = {
    {"a sleeping consumer reads what a dead producer wrote, and is told", with_consumer,
     write_to_sleeper, consumer_has_all, remove_ring},
    {"a sleeping producer is told that its consumer died", with_producer, read_from_sleeper,
     producer_is_told, remove_ring},
    {NULL, NULL, NULL, NULL, NULL},
};
