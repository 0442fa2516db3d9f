/* The ring from one to one. */
#include "case.h"

enum { PING_CAPACITY = 4096 };

static int open_ends(sluice_space *space, bench_state *state, int producer, int consumer) {
  uint32_t capacity = capacity_for(state->size);
  state->offset = sluice_ring_open(space, state->names[0], length_of(state->names[0]), capacity, 0);
  state->offset2 = sluice_space_alloc(space, state->size);
  if (state->offset == 0 || state->offset2 == 0) {
    return space->status;
  }
  sluice_ring *ring = sluice_at(space, state->offset);
  int status = SLUICE_OK;
  if (producer) {
    status =
        sluice_ring_producer_open(&state->as.ring.producer, ring, capacity, space->participant);
  }
  if (consumer && status == SLUICE_OK) {
    status =
        sluice_ring_consumer_open(&state->as.ring.consumer, ring, capacity, space->participant);
  }
  return status;
}

static int open_one_way(sluice_space *space, bench_state *state) {
  return open_ends(space, state, state->role == 0, state->role == 1);
}

static int open_alone(sluice_space *space, bench_state *state) {
  return open_ends(space, state, 1, 1);
}

/* One record. `number` is the sender's count. */
static int send(sluice_space *space, bench_state *state, uint32_t number, int asleep) {
  sluice_ring_producer *producer = &state->as.ring.producer;
  unsigned char *at = NULL;
  while ((at = sluice_ring_claim(producer, state->size, 1)) == NULL) {
    int status = producer->status;
    if (status == SLUICE_E_FULL && asleep) {
      status = sluice_ring_producer_wait(producer, state->size, -1);
    }
    if (status != SLUICE_OK && status != SLUICE_E_FULL) {
      return status;
    }
    sluice_pause();
  }
  fill(at, sluice_at(space, state->offset2), state->size, number);
  return sluice_ring_commit(producer, state->size);
}

/* Some records, `limit` at most: how many, 0 for none, or a negative status. */
static int receive(const sluice_space *space, bench_state *state, uint32_t *number,
                   uint32_t limit) {
  sluice_ring_record batch[BATCH];
  int got = sluice_ring_drain(&state->as.ring.consumer, batch, limit < BATCH ? limit : BATCH,
                              space->base);
  if (got <= 0) {
    return got == SLUICE_E_EMPTY ? 0 : got;
  }
  for (int i = 0; i < got; i++) {
    if (batch[i].length != state->size ||
        !holds(space->base + batch[i].offset, state->size, (*number)++)) {
      return SLUICE_E_MISMATCH;
    }
  }
  (void)sluice_ring_release(&state->as.ring.consumer);
  return got;
}

static int one_way(sluice_space *space, bench_state *state, uint32_t count, int asleep) {
  if (state->role == 0) {
    int status = 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
      status = send(space, state, state->number++, asleep);
    }
    return status;
  }
  for (uint32_t left = count; left > 0;) {
    int got = receive(space, state, &state->number, left);
    if (got < 0) {
      return got;
    }
    left -= (uint32_t)got;
    if (got == 0 && asleep) {
      (void)sluice_ring_consumer_wait(&state->as.ring.consumer, -1);
    } else if (got == 0) {
      sluice_pause();
    }
  }
  return 0;
}

static int run_one_way_spinning(sluice_space *space, bench_state *state, uint32_t count) {
  return one_way(space, state, count, 0);
}

static int run_one_way_sleeping(sluice_space *space, bench_state *state, uint32_t count) {
  return one_way(space, state, count, 1);
}

/* What the instructions cost when no cache line has to travel and nobody waits. */
static int run_alone(sluice_space *space, bench_state *state, uint32_t count) {
  uint32_t some = capacity_for(state->size) / (state->size + SLUICE_RING_HEADER) / 2;
  some = some > BATCH ? BATCH : some;
  for (uint32_t left = count; left > 0;) {
    uint32_t now = left < some ? left : some;
    uint32_t number = state->number;
    for (uint32_t i = 0; i < now; i++) {
      int status = send(space, state, state->number++, 0);
      if (status != 0) {
        return status;
      }
    }
    if (receive(space, state, &number, now) != (int)now) {
      return SLUICE_E_MISMATCH;
    }
    left -= now;
  }
  return 0;
}

static int open_ping(sluice_space *space, bench_state *state) {
  const char *mine = state->names[state->role];
  const char *other = state->names[1 - state->role];
  state->offset = sluice_ring_open(space, mine, length_of(mine), PING_CAPACITY, 0);
  state->offset2 = sluice_ring_open(space, other, length_of(other), PING_CAPACITY, 0);
  if (state->offset == 0 || state->offset2 == 0) {
    return space->status;
  }
  int status = sluice_ring_producer_open(&state->as.ring.producer, sluice_at(space, state->offset),
                                         PING_CAPACITY, space->participant);
  return status != SLUICE_OK
             ? status
             : sluice_ring_consumer_open(&state->as.ring.consumer, sluice_at(space, state->offset2),
                                         PING_CAPACITY, space->participant);
}

/* Spinning, or asleep at once: a sleep is what is measured, not the spin before it. */
static int receive_number(sluice_ring_consumer *consumer, uint32_t number, int asleep) {
  const void *at = NULL;
  while ((at = sluice_ring_peek(consumer)) == NULL) {
    if (asleep && sluice_ring_consumer_sleep(consumer)) {
      (void)sluice_futex_wait(&consumer->ring->consumer.asleep, 1, -1);
    }
  }
  uint32_t got = 0;
  memcpy(&got, at, 4);
  (void)sluice_ring_release(consumer);
  return got == number ? 0 : SLUICE_E_MISMATCH;
}

static int there_and_back(bench_state *state, uint32_t count, int asleep) {
  sluice_ring_producer *producer = &state->as.ring.producer;
  sluice_ring_consumer *consumer = &state->as.ring.consumer;
  int status = 0;
  for (uint32_t i = 0; i < count && status == 0; i++) {
    if (state->role == 0) {
      status = sluice_ring_push(producer, &i, 4, 1);
      status = status != 0 ? status : receive_number(consumer, i, asleep);
    } else {
      status = receive_number(consumer, i, asleep);
      status = status != 0 ? status : sluice_ring_push(producer, &i, 4, 1);
    }
  }
  return status;
}

static int run_ping_spinning(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  return there_and_back(state, count, 0);
}

static int run_ping_sleeping(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  return there_and_back(state, count, 1);
}

#define ALL_SIZES (SIZE_8 | SIZE_32 | SIZE_64 | SIZE_256 | SIZE_4K | SIZE_64K | SIZE_1M)

const bench_case ring_cases[] = {
    {"ring.spsc.one_thread", NULL, 1, SIZE_8 | SIZE_32 | SIZE_256, open_alone, run_alone, NULL},
    {"ring.spsc.one_way.spinning", "limit.memcpy", 2, ALL_SIZES, open_one_way, run_one_way_spinning,
     NULL},
    {"ring.spsc.one_way.sleeping", "limit.memcpy", 2, ALL_SIZES, open_one_way, run_one_way_sleeping,
     NULL},
    {"ring.spsc.round_trip.spinning", "limit.round_trip.spinning", 2, 0, open_ping,
     run_ping_spinning, NULL},
    {"ring.spsc.round_trip.sleeping", "limit.round_trip.futex", 2, 0, open_ping, run_ping_sleeping,
     NULL},
    {0},
};
