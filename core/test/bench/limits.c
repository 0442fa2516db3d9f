/* What the machine gives: copying, one atomic operation, a round trip between two threads. */
#include "case.h"

static int open_nothing(sluice_space *space, bench_state *state) {
  (void)space;
  (void)state;
  return 0;
}

/* From one place to one after another, as many as a ring for such records has. */
static int open_memcpy(sluice_space *space, bench_state *state) {
  state->offset = sluice_slab_alloc(space, state->size);
  state->offset2 = sluice_slab_alloc(space, capacity_for(state->size));
  return state->offset != 0 && state->offset2 != 0 ? 0 : space->status;
}

static int run_memcpy(sluice_space *space, bench_state *state, uint32_t count) {
  uint32_t size = state->size;
  uint32_t places = capacity_for(size) / size;
  unsigned char *from = sluice_at(space, state->offset);
  unsigned char *to = sluice_at(space, state->offset2);
  for (uint32_t i = 0; i < count; i++) {
    memcpy(to + i % places * size, from, size);
    __asm__ volatile("" ::: "memory");
  }
  return memcmp(to, from, size) == 0 ? 0 : SLUICE_E_MISMATCH;
}

static int run_rmw(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  for (uint32_t i = 0; i < count; i++) {
    (void)atomic_fetch_add(&state->meeting->ping, 1);
  }
  return atomic_load(&state->meeting->ping) == state->done ? 0 : SLUICE_E_MISMATCH;
}

/* Two words, one for each direction. */
static int there_and_back(bench_state *state, uint32_t count, int asleep) {
  _Atomic uint32_t *mine = state->role == 0 ? &state->meeting->ping : &state->meeting->pong;
  _Atomic uint32_t *other = state->role == 0 ? &state->meeting->pong : &state->meeting->ping;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t round = ++state->number;
    if (state->role == 0) {
      atomic_store(mine, round);
      if (asleep) {
        sluice_futex_wake(mine);
      }
    }
    while (atomic_load(other) != round) {
      if (asleep) {
        (void)sluice_futex_wait(other, round - 1, -1);
      }
    }
    if (state->role == 1) {
      atomic_store(mine, round);
      if (asleep) {
        sluice_futex_wake(mine);
      }
    }
  }
  return 0;
}

static int run_spinning(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  return there_and_back(state, count, 0);
}

static int run_futex(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  return there_and_back(state, count, 1);
}

const bench_case limit_cases[] = {
    {"limit.memcpy", NULL, 1, SIZE_4K | SIZE_64K | SIZE_1M, open_memcpy, run_memcpy, NULL},
    {"limit.rmw", NULL, 1, 0, open_nothing, run_rmw, NULL},
    {"limit.round_trip.spinning", NULL, 2, 0, open_nothing, run_spinning, NULL},
    {"limit.round_trip.futex", NULL, 2, 0, open_nothing, run_futex, NULL},
    {0},
};
