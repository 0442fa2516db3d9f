/* A participant dies while it sends or receives records that stand in blocks: what was committed is
 * received, and no block is left behind (the driver sees that the space is empty in the end). */
#include "sluice/message.h"

#include "sluice/ring_many.h"

#include "crash.h"

enum { CAPACITY = 256, LARGE = 1000, ROUNDS = 3 };

static sluice_ring_many *many;
static sluice_ring_many_consumer consumer;
static sluice_ring_many_producer producer;

static void prepare(sluice_space *space, crash_log *log, uint32_t kind) {
  uint32_t offset = sluice_ring_many_open(space, "r", 1, kind, CAPACITY, 0);
  CRASH_TRUE(offset != 0);
  log->notes[0] = offset;
  many = sluice_at(space, offset);
  log->notes[1] = sluice_space_used(space);
}

static void prepare_mpmc(sluice_space *space, crash_log *log) {
  prepare(space, log, SLUICE_KIND_RING_MPMC);
}

/* Sends one record, whose block is filled with `number`. */
static void send(sluice_space *space, uint32_t ring, sluice_ring_many_producer *by,
                 uint32_t number) {
  uint32_t block = sluice_message_alloc(space, ring, LARGE);
  CRASH_TRUE(block != 0);
  memset(sluice_at(space, block), (int)number, LARGE);
  void *record = sluice_ring_many_claim(by, sizeof(sluice_message), SLUICE_MESSAGE_BLOCK);
  CRASH_TRUE(record != NULL);
  CRASH_EQUAL(sluice_message_put(space, ring, record, block, LARGE), SLUICE_OK);
  CRASH_EQUAL(sluice_ring_many_commit(by, sizeof(sluice_message)), SLUICE_OK);
  CRASH_EQUAL(sluice_slab_unref(space, block), SLUICE_OK);
}

/* Receives one record; its number, 0 for none. */
static uint32_t receive(sluice_space *space, uint32_t ring, sluice_ring_many_consumer *by) {
  sluice_message message;
  const void *record = sluice_ring_many_peek(by);
  if (record == NULL) {
    return 0;
  }
  CRASH_EQUAL(by->type, SLUICE_MESSAGE_BLOCK);
  CRASH_EQUAL(sluice_message_get(space, ring, record, by->length, &message), SLUICE_OK);
  CRASH_EQUAL(message.length, LARGE);
  const unsigned char *at = sluice_at(space, message.offset);
  uint32_t number = at[0];
  for (uint32_t i = 0; i < LARGE; i++) {
    CRASH_EQUAL(at[i], number);
  }
  sluice_message_done(space, ring, &message);
  CRASH_EQUAL(sluice_ring_many_release(by), 1);
  return number;
}

static sluice_ring_many *victims_ring(sluice_space *space, const crash_log *log) {
  uint32_t offset = sluice_ring_many_open(space, "r", 1, SLUICE_KIND_RING_MPMC, CAPACITY, 0);
  CRASH_EQUAL(offset, log->notes[0]);
  return sluice_at(space, offset);
}

/* ---- the sender dies ---- */

static void send_some(sluice_space *space, crash_log *log) {
  sluice_ring_many_producer by;
  CRASH_EQUAL(
      sluice_ring_many_producer_open(&by, victims_ring(space, log), CAPACITY, space->participant),
      SLUICE_OK);
  for (uint32_t i = 1; i <= ROUNDS; i++) {
    atomic_store(&log->begun, i);
    send(space, (uint32_t)log->notes[0], &by, i);
    atomic_store(&log->done, i);
  }
}

static void all_is_received(sluice_space *space, crash_log *log, int finished) {
  (void)finished;
  CRASH_EQUAL(sluice_ring_many_consumer_open(&consumer, many, CAPACITY, space->participant),
              SLUICE_OK);
  uint32_t last = 0;
  for (uint32_t number = 0; (number = receive(space, (uint32_t)log->notes[0], &consumer)) != 0;
       last = number) {
    CRASH_EQUAL(number, last + 1);
  }
  CRASH_TRUE(last >= atomic_load(&log->done) && last <= atomic_load(&log->begun));
  CRASH_EQUAL(sluice_ring_many_consumer_close(&consumer), SLUICE_OK);
  CRASH_EQUAL(sluice_space_used(space), log->notes[1]); /* no block waits for the ring to go */
}

/* Nobody reads them: they go with the ring. */
static void nothing_is_received(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)log;
  (void)finished;
}

/* ---- the receiver dies ---- */

static void prepare_full(sluice_space *space, crash_log *log) {
  prepare_mpmc(space, log);
  CRASH_EQUAL(sluice_ring_many_producer_open(&producer, many, CAPACITY, space->participant),
              SLUICE_OK);
  for (uint32_t i = 1; i <= ROUNDS; i++) {
    send(space, (uint32_t)log->notes[0], &producer, i);
  }
}

static void receive_some(sluice_space *space, crash_log *log) {
  sluice_ring_many_consumer by;
  CRASH_EQUAL(
      sluice_ring_many_consumer_open(&by, victims_ring(space, log), CAPACITY, space->participant),
      SLUICE_OK);
  for (uint32_t i = 1; i < ROUNDS; i++) {
    atomic_store(&log->begun, i);
    CRASH_EQUAL(receive(space, (uint32_t)log->notes[0], &by), i);
    atomic_store(&log->done, i);
  }
}

static void the_rest_is_received(sluice_space *space, crash_log *log, int finished) {
  (void)finished;
  CRASH_EQUAL(sluice_ring_many_consumer_open(&consumer, many, CAPACITY, space->participant),
              SLUICE_OK);
  uint32_t first = receive(space, (uint32_t)log->notes[0], &consumer);
  /* the one at which it died is lost, or not */
  CRASH_TRUE(first > atomic_load(&log->done));
  CRASH_TRUE(first <= atomic_load(&log->begun) + 1);
  for (uint32_t next = first + 1; next <= ROUNDS; next++) {
    CRASH_EQUAL(receive(space, (uint32_t)log->notes[0], &consumer), next);
  }
  CRASH_EQUAL(receive(space, (uint32_t)log->notes[0], &consumer), 0);
  sluice_ring_many_figures figures;
  sluice_ring_many_figures_of(many, &figures);
  CRASH_TRUE(figures.lost_with_receiver <= 1);
  CRASH_EQUAL(sluice_ring_many_consumer_close(&consumer), SLUICE_OK);
  CRASH_EQUAL(sluice_ring_many_producer_close(&producer), SLUICE_OK);
  CRASH_EQUAL(sluice_space_used(space), log->notes[1]);
}

/* ---- who closes for a reason dies ---- */

static void close_for_a_reason(sluice_space *space, crash_log *log) {
  sluice_ring_many_producer by;
  CRASH_EQUAL(
      sluice_ring_many_producer_open(&by, victims_ring(space, log), CAPACITY, space->participant),
      SLUICE_OK);
  uint32_t reason = sluice_slab_alloc(space, 40);
  memset(sluice_at(space, reason), 9, 40);
  CRASH_EQUAL(sluice_message_reason(space, (uint32_t)log->notes[0], reason), SLUICE_OK);
  CRASH_EQUAL(sluice_ring_many_producer_close(&by), SLUICE_OK);
}

static void the_reason_stands(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  uint32_t reason = atomic_load(&many->ends.reason);
  CRASH_TRUE(!finished || reason != 0);
  uint32_t fresh = sluice_slab_alloc(space, 40); /* would be the same block if it had been freed */
  memset(sluice_at(space, fresh), 1, 40);
  if (reason != 0) {
    CRASH_EQUAL(*(const unsigned char *)sluice_at(space, reason), 9);
  }
  CRASH_EQUAL(sluice_slab_unref(space, fresh), SLUICE_OK);
}

static void remove_ring(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_directory_remove(space, "r", 1), SLUICE_OK);
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
}

const crash_scenario crash_scenarios[] = {
    {"a large record is received when its sender had committed it", prepare_mpmc, send_some,
     all_is_received, remove_ring},
    {"a large record that nobody reads goes with its ring", prepare_mpmc, send_some,
     nothing_is_received, remove_ring},
    {"a large record is lost with its receiver alone", prepare_full, receive_some,
     the_rest_is_received, remove_ring},
    {"the reason of a channel for many survives who gave it", prepare_mpmc, close_for_a_reason,
     the_reason_stands, remove_ring},
    {NULL, NULL, NULL, NULL, NULL},
};
