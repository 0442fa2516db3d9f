/* An end of a one-to-one ring dies: while it writes, while it reads, while it closes. */
#include "crash.h"

enum { CAPACITY = 256, RECORDS = 60 };

typedef struct record {
  uint32_t number;
  unsigned char fill[28];
} record;

static uint32_t length_of(uint32_t number) {
  return 4 + number * 7 % 29; /* at most 32, a capacity's eighth */
}

static record make(uint32_t number) {
  record made = {.number = number};
  memset(made.fill, (int)number, sizeof made.fill);
  return made;
}

static void expect(const void *at, uint32_t length, uint32_t number) {
  record want = make(number);
  CRASH_EQUAL(length, length_of(number));
  CRASH_EQUAL(memcmp(at, &want, length), 0);
}

static sluice_ring *ring_of(sluice_space *space, crash_log *log) {
  return sluice_at(space, (uint32_t)log->notes[0]);
}

static void one_ring(sluice_space *space, crash_log *log) {
  log->notes[0] = sluice_ring_open(space, "r", 1, CAPACITY, 0);
  CRASH_TRUE(log->notes[0] != 0);
}

static void remove_ring(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "r", 1), SLUICE_OK);
}

static void open_it(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_ring_open(space, "r", 1, CAPACITY, 0), log->notes[0]);
}

/* ---- the producer dies ---- */

/* As many as fit, in every way there is. */
static void produce(sluice_space *space, crash_log *log) {
  sluice_ring_producer producer;
  open_it(space, log);
  CRASH_EQUAL(
      sluice_ring_producer_open(&producer, ring_of(space, log), CAPACITY, space->participant),
      SLUICE_OK);
  for (uint32_t n = 0; n < RECORDS; n++) {
    record one = make(n);
    if (n % 3 == 1) {
      void *lost = sluice_ring_claim(&producer, 20, 0);
      if (lost != NULL) {
        memset(lost, 0xff, 20);
        CRASH_EQUAL(sluice_ring_abort(&producer), SLUICE_OK);
      }
    }
    unsigned char *at = sluice_ring_claim(&producer, 32, 0);
    if (at == NULL) {
      CRASH_EQUAL(producer.status, SLUICE_E_FULL);
      break;
    }
    memset(at, 0xff, 32);
    memcpy(at, &one, length_of(n));
    CRASH_EQUAL(sluice_ring_commit(&producer, length_of(n)), SLUICE_OK);
    atomic_fetch_add(&log->done, 1);
  }
  CRASH_EQUAL(sluice_ring_producer_close(&producer), SLUICE_OK);
}

/* All that was acknowledged, in order, at most one more, and then the truth about the producer. */
static void all_arrives(sluice_space *space, crash_log *log, int finished) {
  sluice_ring_consumer consumer;
  uint32_t read = 0;
  CRASH_EQUAL(
      sluice_ring_consumer_open(&consumer, ring_of(space, log), CAPACITY, space->participant),
      SLUICE_OK);
  for (const void *at; (at = sluice_ring_peek(&consumer)) != NULL; read++) {
    expect(at, consumer.length, read);
    CRASH_EQUAL(sluice_ring_release(&consumer), 1);
  }
  uint64_t done = atomic_load(&log->done);
  CRASH_TRUE(read == done || read == done + 1);
  int opened = atomic_load(&ring_of(space, log)->producer.owner) != 0;
  if (opened) {
    CRASH_TRUE(consumer.status == SLUICE_E_CLOSED ||
               (!finished && consumer.status == SLUICE_E_PEER_LOST));
  } else {
    CRASH_EQUAL(consumer.status, SLUICE_E_EMPTY);
  }
}

/* ---- the consumer dies ---- */

static void full_ring(sluice_space *space, crash_log *log) {
  sluice_ring_producer producer;
  one_ring(space, log);
  CRASH_EQUAL(
      sluice_ring_producer_open(&producer, ring_of(space, log), CAPACITY, space->participant),
      SLUICE_OK);
  for (uint32_t n = 0; n < 4; n++) {
    record one = make(n);
    CRASH_EQUAL(sluice_ring_push(&producer, &one, length_of(n), 0), SLUICE_OK);
  }
  memcpy(&log->notes[4], &producer, sizeof producer); /* goes on after the victim's death */
}

static void consume(sluice_space *space, crash_log *log) {
  sluice_ring_consumer consumer;
  open_it(space, log);
  CRASH_EQUAL(
      sluice_ring_consumer_open(&consumer, ring_of(space, log), CAPACITY, space->participant),
      SLUICE_OK);
  for (uint32_t n = 0; n < 4; n += 2) {
    sluice_ring_record batch[2];
    CRASH_EQUAL(sluice_ring_drain(&consumer, batch, 2, space->base), 2);
    expect(space->base + batch[0].offset, batch[0].length, n);
    expect(space->base + batch[1].offset, batch[1].length, n + 1);
    CRASH_EQUAL(sluice_ring_release(&consumer), 2);
  }
  CRASH_EQUAL(sluice_ring_consumer_close(&consumer), SLUICE_OK);
}

static void producer_is_told(sluice_space *space, crash_log *log, int finished) {
  sluice_ring_producer producer;
  (void)finished;
  memcpy(&producer, &log->notes[4], sizeof producer);
  int opened = atomic_load(&ring_of(space, log)->consumer.owner) != 0;
  int status = sluice_ring_push(&producer, "x", 1, 0);
  CRASH_TRUE(opened ? status == SLUICE_E_CLOSED || (!finished && status == SLUICE_E_PEER_LOST)
                    : status == SLUICE_OK);
}

const crash_scenario crash_scenarios[] = {
    {"nothing committed dies with its producer", one_ring, produce, all_arrives, remove_ring},
    {"a producer is told that its consumer died", full_ring, consume, producer_is_told,
     remove_ring},
    {NULL, NULL, NULL, NULL, NULL},
};
_Static_assert(sizeof(sluice_ring_producer) <= 28 * 8, "it fits the notes");
