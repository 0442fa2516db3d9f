/* Rings and queues of many, and broadcasts. */
#include "case.h"

enum { QUEUE_CAPACITY = 1024, RECORD = 32 };

typedef struct record {
  uint32_t from, number;
  unsigned char rest[RECORD - 8];
} record;

/* ---- rings: the last role consumes, the others produce ---- */

static int is_consumer(const bench_state *state) {
  return state->role == bench_threads(state->which) - 1;
}

static int open_ring(sluice_space *space, bench_state *state, uint32_t kind) {
  uint32_t capacity = capacity_for(RECORD);
  state->offset =
      sluice_ring_many_open(space, state->names[0], length_of(state->names[0]), kind, capacity, 0);
  if (state->offset == 0) {
    return space->status;
  }
  int both = kind == SLUICE_KIND_RING_MPMC;
  sluice_ring_many *ring = sluice_at(space, state->offset);
  int status = SLUICE_OK;
  if (both || !is_consumer(state)) {
    status = sluice_ring_many_producer_open(&state->as.many.producer, ring, capacity,
                                            space->participant);
  }
  if (status == SLUICE_OK && (both || is_consumer(state))) {
    status = sluice_ring_many_consumer_open(&state->as.many.consumer, ring, capacity,
                                            space->participant);
  }
  return status;
}

static int open_mpsc(sluice_space *space, bench_state *state) {
  return open_ring(space, state, SLUICE_KIND_RING_MPSC);
}

static int open_mpmc(sluice_space *space, bench_state *state) {
  return open_ring(space, state, SLUICE_KIND_RING_MPMC);
}

static int push(bench_state *state, int asleep) {
  sluice_ring_many_producer *producer = &state->as.many.producer;
  record item = {.from = state->role, .number = state->number++};
  int status = 0;
  while ((status = sluice_ring_many_push(producer, &item, sizeof item, 1)) == SLUICE_E_FULL ||
         status == SLUICE_E_AGAIN) {
    if (asleep) {
      (void)sluice_ring_many_producer_wait(producer, sizeof item, -1);
    } else {
      sluice_pause();
    }
  }
  return status;
}

/* Of each producer all records, in order. `numbers`: the next of each. */
static int many_to_one(sluice_space *space, bench_state *state, uint32_t count, int asleep) {
  uint32_t producers = bench_threads(state->which) - 1;
  if (!is_consumer(state)) {
    int status = 0;
    for (uint32_t i = 0; i < count / producers && status == 0; i++) {
      status = push(state, asleep);
    }
    return status;
  }
  sluice_ring_many_consumer *consumer = &state->as.many.consumer;
  uint32_t *numbers = state->blocks;
  for (uint32_t left = count / producers * producers; left > 0;) {
    sluice_ring_record batch[BATCH];
    int got = sluice_ring_many_drain(consumer, batch, left < BATCH ? left : BATCH, space->base);
    if (got <= 0) {
      if (got != SLUICE_E_EMPTY && got != 0) {
        return got;
      }
      if (asleep) {
        (void)sluice_ring_many_consumer_wait(consumer, -1);
      } else {
        sluice_pause();
      }
      continue;
    }
    for (int i = 0; i < got; i++) {
      const record *item = (const void *)(space->base + batch[i].offset);
      if (batch[i].length != sizeof *item || item->from >= producers ||
          item->number != numbers[item->from]++) {
        return SLUICE_E_MISMATCH;
      }
    }
    (void)sluice_ring_many_release(consumer);
    left -= (uint32_t)got;
  }
  return 0;
}

static int run_mpsc_spinning(sluice_space *space, bench_state *state, uint32_t count) {
  return many_to_one(space, state, count, 0);
}

static int run_mpsc_sleeping(sluice_space *space, bench_state *state, uint32_t count) {
  return many_to_one(space, state, count, 1);
}

/* Two threads, each of which puts one in and takes one out: nobody has to wait for long. */
static int run_mpmc(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  sluice_ring_many_consumer *consumer = &state->as.many.consumer;
  for (uint32_t i = 0; i < count; i++) {
    int status = push(state, 0);
    const record *item = NULL;
    while (status == 0 && (item = sluice_ring_many_peek(consumer)) == NULL) {
      status = consumer->status == SLUICE_E_EMPTY ? 0 : consumer->status;
      sluice_pause();
    }
    if (status != 0) {
      return status;
    }
    /* What is left in the end is nothing: see check_sums. */
    state->blocks[0] += item->number * 2 + item->from;
    (void)sluice_ring_many_release(consumer);
  }
  return 0;
}

/* What both took is what both put in. */
static int check_sums(sluice_space *space, bench_state *state) {
  (void)space;
  uint32_t all = state->number;
  uint32_t sum = atomic_fetch_add(&state->meeting->ping, state->blocks[0]) + state->blocks[0];
  uint32_t want = 2 * (all * (all - 1)) + all; /* two threads' numbers twice, and role 1's ones */
  if (atomic_fetch_add(&state->meeting->pong, 1) == 0) {
    return 0; /* the other one has yet to add what it took */
  }
  return sum == want ? 0 : SLUICE_E_MISMATCH;
}

/* ---- queues ---- */

static int open_queue(sluice_space *space, bench_state *state) {
  state->offset = sluice_queue_open(space, state->names[0], length_of(state->names[0]),
                                    QUEUE_CAPACITY, sizeof(record));
  return state->offset == 0
             ? space->status
             : sluice_queue_end_open(&state->as.queue, sluice_at(space, state->offset),
                                     QUEUE_CAPACITY, sizeof(record), space->participant);
}

static int put(bench_state *state) {
  record item = {.from = state->role, .number = state->number++};
  int status = 0;
  while ((status = sluice_queue_try_push(&state->as.queue, &item)) == SLUICE_E_FULL ||
         status == SLUICE_E_AGAIN) {
    sluice_pause();
  }
  return status;
}

static int take(bench_state *state, record *item) {
  int status = 0;
  while ((status = sluice_queue_try_pop(&state->as.queue, item)) == SLUICE_E_EMPTY ||
         status == SLUICE_E_AGAIN) {
    sluice_pause();
  }
  return status;
}

static int run_queue_one_way(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  int status = 0;
  for (uint32_t i = 0; i < count && status == 0; i++) {
    if (state->role == 0) {
      status = put(state);
    } else {
      record item;
      status = take(state, &item);
      if (status == 0 && item.number != state->number++) {
        return SLUICE_E_MISMATCH;
      }
    }
  }
  return status;
}

static int run_queue_both(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  for (uint32_t i = 0; i < count; i++) {
    record item;
    int status = put(state);
    status = status != 0 ? status : take(state, &item);
    if (status != 0) {
      return status;
    }
    state->blocks[0] += item.number * 2 + item.from;
  }
  return 0;
}

/* ---- broadcasts: the writer waits for its readers after each batch, so that none loses any ----
 */

static int open_broadcast(sluice_space *space, bench_state *state) {
  uint32_t capacity = capacity_for(RECORD);
  state->offset =
      sluice_broadcast_open(space, state->names[0], length_of(state->names[0]), capacity, 0);
  if (state->offset == 0) {
    return space->status;
  }
  sluice_broadcast *broadcast = sluice_at(space, state->offset);
  return state->role == 0 ? sluice_broadcast_writer_open(&state->as.broadcast.writer, broadcast,
                                                         capacity, space->participant)
                          : sluice_broadcast_reader_open(&state->as.broadcast.reader, broadcast,
                                                         capacity, SLUICE_BROADCAST_OLDEST);
}

static int broadcast_batch(bench_state *state, uint32_t readers) {
  int status = 0;
  for (uint32_t i = 0; i < BATCH && status == 0; i++) {
    record item = {.number = state->number++};
    status = sluice_broadcast_send(&state->as.broadcast.writer, &item, sizeof item, 1);
  }
  uint32_t all = state->number / BATCH * readers;
  _Atomic uint32_t *seen = &state->meeting->ping;
  for (uint32_t now = 0; (now = atomic_load(seen)) != all;) {
    if (readers > 1) {
      (void)sluice_futex_wait(seen, now, -1);
    }
    sluice_pause();
  }
  return status;
}

static int receive_batch(bench_state *state, uint32_t readers) {
  sluice_broadcast_reader *reader = &state->as.broadcast.reader;
  for (uint32_t i = 0; i < BATCH;) {
    record item;
    int got = sluice_broadcast_receive(reader, &item, sizeof item);
    if (got == SLUICE_E_EMPTY) {
      if (readers > 1) {
        (void)sluice_broadcast_wait(reader, -1);
      }
      sluice_pause();
      continue;
    }
    if (got != (int)sizeof item || item.number != state->number++ || reader->lost_records != 0) {
      return got < 0 ? got : SLUICE_E_MISMATCH;
    }
    i++;
  }
  (void)atomic_fetch_add(&state->meeting->ping, 1);
  if (readers > 1) {
    sluice_futex_wake(&state->meeting->ping);
  }
  return 0;
}

static int run_broadcast(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  uint32_t readers = bench_threads(state->which) - 1;
  int status = 0;
  for (uint32_t i = 0; i < count / BATCH && status == 0; i++) {
    status = state->role == 0 ? broadcast_batch(state, readers) : receive_batch(state, readers);
  }
  return status;
}

const bench_case many_cases[] = {
    {"ring.mpsc.1_producer.spinning", NULL, 2, SIZE_32, open_mpsc, run_mpsc_spinning, NULL},
    {"ring.mpsc.2_producers.sleeping", NULL, 3, SIZE_32, open_mpsc, run_mpsc_sleeping, NULL},
    {"ring.mpmc.2_push_and_read", NULL, 2, SIZE_32, open_mpmc, run_mpmc, check_sums},
    {"queue.1_to_1.spinning", NULL, 2, SIZE_32, open_queue, run_queue_one_way, NULL},
    {"queue.2_push_and_pop", NULL, 2, SIZE_32, open_queue, run_queue_both, check_sums},
    {"broadcast.1_reader.spinning", NULL, 2, SIZE_32, open_broadcast, run_broadcast, NULL},
    {"broadcast.2_readers.sleeping", NULL, 3, SIZE_32, open_broadcast, run_broadcast, NULL},
    {0},
};
