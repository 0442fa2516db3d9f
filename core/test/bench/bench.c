#include "bench.h"

#include <stdio.h>
#include <string.h>

#include "futex.h"
#include "wait.h"

enum { BATCH = 64, PING_CAPACITY = 4096, MEMCPY_BYTES = 1 << 22, BLOCKS = 16 };

/* Shared by the two threads of a case: where they meet, and words to play with. */
typedef struct meeting {
  sluice_object object;
  _Atomic uint32_t arrived;
  unsigned char pad1[124];
  _Atomic uint32_t ping;
  unsigned char pad2[124];
  _Atomic uint32_t pong;
  unsigned char pad3[124];
} meeting;

typedef struct bench_state {
  uint32_t which, role, size, rounds, offset, offset2;
  meeting *meeting;
  uint32_t meeting_offset, number;
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  char names[3][16];
  uint32_t blocks[BLOCKS];
} bench_state;

typedef struct bench_case {
  const char *name;
  uint32_t threads;
  uint32_t sized;
  int (*open)(sluice_space *space, bench_state *state);
  int (*run)(sluice_space *space, bench_state *state, uint32_t count);
} bench_case;

static const bench_case cases[];

static uint32_t capacity_for(uint32_t size) {
  uint32_t capacity = 65536;
  while (capacity / 8 < size) {
    capacity *= 2;
  }
  return capacity;
}

/* ---- rings: one way ---- */

static int open_spsc(sluice_space *space, bench_state *state) {
  uint32_t capacity = capacity_for(state->size);
  state->offset =
      sluice_ring_open(space, state->names[0], (uint32_t)strlen(state->names[0]), capacity, 0);
  if (state->offset == 0) {
    return space->status;
  }
  sluice_ring *ring = sluice_at(space, state->offset);
  return state->role == 0
             ? sluice_ring_producer_open(&state->producer, ring, capacity, space->participant)
             : sluice_ring_consumer_open(&state->consumer, ring, capacity, space->participant);
}

static int run_spsc(sluice_space *space, bench_state *state, uint32_t count) {
  uint32_t size = state->size;
  if (state->role == 0) {
    for (uint32_t i = 0; i < count; i++) {
      unsigned char *at = NULL;
      while ((at = sluice_ring_claim(&state->producer, size, 1)) == NULL) {
        int status = sluice_ring_producer_wait(&state->producer, size, -1);
        if (status != SLUICE_OK) {
          return status;
        }
      }
      memset(at, (int)(state->number & 0xff), size);
      state->number++;
      (void)sluice_ring_commit(&state->producer, size);
    }
    return 0;
  }
  for (uint32_t i = 0; i < count;) {
    sluice_ring_record batch[BATCH];
    uint32_t limit = count - i < BATCH ? count - i : BATCH;
    int got = sluice_ring_drain(&state->consumer, batch, limit, space->base);
    if (got == SLUICE_E_EMPTY) {
      (void)sluice_ring_consumer_wait(&state->consumer, -1);
      continue;
    }
    if (got < 0) {
      return got;
    }
    for (int k = 0; k < got; k++, i++) {
      const unsigned char *at = space->base + batch[k].offset;
      unsigned char want = (unsigned char)state->number++;
      if (batch[k].length != size || at[0] != want || at[size - 1] != want) {
        return SLUICE_E_MISMATCH;
      }
    }
    (void)sluice_ring_release(&state->consumer);
  }
  return 0;
}

/* ---- rings: there and back ---- */

static int open_ping(sluice_space *space, bench_state *state) {
  const char *mine = state->names[state->role];
  const char *other = state->names[1 - state->role];
  uint32_t out = sluice_ring_open(space, mine, (uint32_t)strlen(mine), PING_CAPACITY, 0);
  uint32_t in = sluice_ring_open(space, other, (uint32_t)strlen(other), PING_CAPACITY, 0);
  if (out == 0 || in == 0) {
    return space->status;
  }
  state->offset = out;
  state->offset2 = in;
  int status = sluice_ring_producer_open(&state->producer, sluice_at(space, out), PING_CAPACITY,
                                         space->participant);
  return status != SLUICE_OK ? status
                             : sluice_ring_consumer_open(&state->consumer, sluice_at(space, in),
                                                         PING_CAPACITY, space->participant);
}

static int send_number(bench_state *state, uint32_t number) {
  return sluice_ring_push(&state->producer, &number, 4, 1);
}

/* Spinning, or asleep at once: a sleep is what is measured, not the spin before it. */
static int receive_number(bench_state *state, int asleep, uint32_t number) {
  const void *at = NULL;
  while ((at = sluice_ring_peek(&state->consumer)) == NULL) {
    if (asleep && sluice_ring_consumer_sleep(&state->consumer)) {
      (void)sluice_futex_wait(&state->consumer.ring->consumer.asleep, 1, -1);
    }
  }
  uint32_t got = 0;
  memcpy(&got, at, 4);
  (void)sluice_ring_release(&state->consumer);
  return got == number ? 0 : SLUICE_E_MISMATCH;
}

static int there_and_back(bench_state *state, uint32_t count, int asleep) {
  int status = 0;
  for (uint32_t i = 0; i < count && status == 0; i++) {
    if (state->role == 0) {
      status = send_number(state, i);
      status = status != 0 ? status : receive_number(state, asleep, i);
    } else {
      status = receive_number(state, asleep, i);
      status = status != 0 ? status : send_number(state, i);
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

/* ---- the limits: what the machine gives ---- */

static int open_nothing(sluice_space *space, bench_state *state) {
  (void)space;
  (void)state;
  return 0;
}

static int open_memcpy(sluice_space *space, bench_state *state) {
  state->offset = sluice_slab_alloc(space, MEMCPY_BYTES);
  state->offset2 = sluice_slab_alloc(space, MEMCPY_BYTES);
  return state->offset != 0 && state->offset2 != 0 ? 0 : space->status;
}

static int run_memcpy(sluice_space *space, bench_state *state, uint32_t count) {
  uint32_t size = state->size;
  unsigned char *from = sluice_at(space, state->offset);
  unsigned char *to = sluice_at(space, state->offset2);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t at = i * size % MEMCPY_BYTES;
    at = at + size > MEMCPY_BYTES ? 0 : at;
    memcpy(to + at, from + at, size);
    __asm__ volatile("" ::: "memory");
  }
  return 0;
}

/* Two words, wait and notify, nothing else. */
static int run_futex(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  _Atomic uint32_t *mine = state->role == 0 ? &state->meeting->ping : &state->meeting->pong;
  _Atomic uint32_t *other = state->role == 0 ? &state->meeting->pong : &state->meeting->ping;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t round = ++state->number;
    if (state->role == 0) {
      atomic_store(mine, round);
      sluice_futex_wake(mine);
    }
    while (atomic_load(other) != round) {
      (void)sluice_futex_wait(other, round - 1, -1);
    }
    if (state->role == 1) {
      atomic_store(mine, round);
      sluice_futex_wake(mine);
    }
  }
  return 0;
}

/* ---- the slab ---- */

static int run_slab(sluice_space *space, bench_state *state, uint32_t count) {
  (void)state;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t offset = sluice_slab_alloc(space, 256);
    if (offset == 0) {
      return space->status;
    }
    (void)sluice_slab_unref(space, offset);
  }
  return 0;
}

static int run_slab_many(sluice_space *space, bench_state *state, uint32_t count) {
  for (uint32_t i = 0; i < count; i += BLOCKS) {
    for (uint32_t k = 0; k < BLOCKS; k++) {
      state->blocks[k] = sluice_slab_alloc(space, 256);
      if (state->blocks[k] == 0) {
        return space->status;
      }
    }
    for (uint32_t k = 0; k < BLOCKS; k++) {
      (void)sluice_slab_unref(space, state->blocks[k]);
    }
  }
  return 0;
}

static const bench_case cases[] = {
    {"limit.memcpy", 1, 1, open_memcpy, run_memcpy},
    {"limit.futex.round_trip", 2, 0, open_nothing, run_futex},
    {"ring.spsc.one_way", 2, 1, open_spsc, run_spsc},
    {"ring.spsc.round_trip.spinning", 2, 0, open_ping, run_ping_spinning},
    {"ring.spsc.round_trip.sleeping", 2, 0, open_ping, run_ping_sleeping},
    {"slab.alloc_free", 1, 0, open_nothing, run_slab},
    {"slab.alloc_free.batches_of_16", 1, 0, open_nothing, run_slab_many},
};

/* ---- */

uint32_t bench_cases(void) {
  return sizeof cases / sizeof *cases;
}

const char *bench_name(uint32_t which) {
  return cases[which].name;
}

uint32_t bench_threads(uint32_t which) {
  return cases[which].threads;
}

uint32_t bench_sized(uint32_t which) {
  return cases[which].sized;
}

uint32_t bench_state_bytes(void) {
  return sizeof(bench_state);
}

/* "x" and the round's number. */
static void make_name(char *name, char letter, uint32_t round) {
  *name++ = letter;
  for (int digit = 0; digit < 8; digit++, round >>= 4) {
    *name++ = (char)('a' + (char)(round & 15));
  }
  *name = 0;
}

int bench_open(sluice_space *space, void *memory, uint32_t which, uint32_t role, uint32_t size,
               uint32_t round) {
  bench_state *state = memory;
  *state = (bench_state){.which = which, .role = role, .size = size};
  for (int i = 0; i < 3; i++) {
    make_name(state->names[i], (char)('x' + i), round);
  }
  state->meeting_offset = sluice_object_open(
      space, state->names[2], (uint32_t)strlen(state->names[2]),
      (sluice_shape){.kind = SLUICE_KIND_EVENT, .bytes = sizeof(meeting), .capacity = 1});
  if (state->meeting_offset == 0) {
    return space->status;
  }
  state->meeting = sluice_at(space, state->meeting_offset);
  return cases[which].open(space, state);
}

int bench_run(sluice_space *space, void *memory, uint32_t count) {
  bench_state *state = memory;
  uint32_t threads = cases[state->which].threads;
  uint32_t all = ++state->rounds * threads;
  atomic_fetch_add(&state->meeting->arrived, 1);
  while (atomic_load(&state->meeting->arrived) < all) {
    sluice_pause();
  }
  return cases[state->which].run(space, state, count);
}

void bench_close(sluice_space *space, void *memory) {
  bench_state *state = memory;
  for (int i = 0; i < 3; i++) {
    (void)sluice_directory_remove(space, state->names[i], (uint32_t)strlen(state->names[i]));
  }
  (void)sluice_object_close(space, state->meeting_offset);
  if (state->offset != 0) {
    (void)sluice_slab_unref(space, state->offset);
  }
  if (state->offset2 != 0) {
    (void)sluice_slab_unref(space, state->offset2);
  }
}
