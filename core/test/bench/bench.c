#include "case.h"

static const uint32_t sizes[] = {8, 32, 64, 256, 4096, 65536, 1 << 20};
enum { SIZES = sizeof sizes / sizeof *sizes, SPINS_TO_MEET = 20000 };

/* The case with this number, in the order of files; NULL past the last. */
static const bench_case *case_of(uint32_t which) {
  const bench_case *files[] = {limit_cases, ring_cases,   many_cases,
                               rpc_cases,   memory_cases, lock_cases};
  for (uint32_t file = 0; file < sizeof files / sizeof *files; file++) {
    for (const bench_case *at = files[file]; at->name != NULL; at++) {
      if (which-- == 0) {
        return at;
      }
    }
  }
  return NULL;
}

uint32_t bench_cases(void) {
  uint32_t count = 0;
  while (case_of(count) != NULL) {
    count++;
  }
  return count;
}

const char *bench_name(uint32_t which) {
  return case_of(which)->name;
}

const char *bench_limit(uint32_t which) {
  return case_of(which)->limit;
}

uint32_t bench_threads(uint32_t which) {
  return case_of(which)->threads;
}

uint32_t bench_sizes(uint32_t which) {
  uint32_t mask = case_of(which)->sizes;
  return mask == 0 ? 1 : (uint32_t)__builtin_popcount(mask);
}

uint32_t bench_size(uint32_t which, uint32_t nth) {
  uint32_t mask = case_of(which)->sizes;
  for (uint32_t i = 0; i < SIZES; i++) {
    if ((mask & 1U << i) != 0 && nth-- == 0) {
      return sizes[i];
    }
  }
  return 0;
}

uint32_t bench_state_bytes(void) {
  return sizeof(bench_state);
}

/* A letter and the round's number. */
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
  memset(state, 0, sizeof *state);
  state->which = which;
  state->role = role;
  state->size = size;
  for (int i = 0; i < 3; i++) {
    make_name(state->names[i], (char)('x' + i), round);
  }
  state->meeting_offset = sluice_object_open(
      space, state->names[2], length_of(state->names[2]),
      (sluice_shape){.kind = SLUICE_KIND_EVENT, .bytes = sizeof(meeting), .capacity = 1});
  if (state->meeting_offset == 0) {
    return space->status;
  }
  state->meeting = sluice_at(space, state->meeting_offset);
  return case_of(which)->open(space, state);
}

/* All threads begin a run together. They spin for that, so that none begins asleep; but where there
 * are more threads than processors, not for ever. */
static void meet(bench_state *state, uint32_t threads) {
  _Atomic uint32_t *arrived = &state->meeting->arrived;
  uint32_t all = ++state->runs * threads;
  uint32_t here = atomic_fetch_add(arrived, 1) + 1;
  if (threads > 2 && here == all) {
    sluice_futex_wake(arrived);
  }
  for (uint32_t spins = 0; here < all; spins++) {
    if (threads > 2 && spins > SPINS_TO_MEET) {
      (void)sluice_futex_wait(arrived, here, -1);
    }
    sluice_pause();
    here = atomic_load(arrived);
  }
}

int bench_run(sluice_space *space, void *memory, uint32_t count) {
  bench_state *state = memory;
  const bench_case *self = case_of(state->which);
  meet(state, self->threads);
  state->done += count;
  return self->run(space, state, count);
}

int bench_check(sluice_space *space, void *memory) {
  bench_state *state = memory;
  const bench_case *self = case_of(state->which);
  return self->check == NULL ? 0 : self->check(space, state);
}

void bench_close(sluice_space *space, void *memory) {
  bench_state *state = memory;
  for (int i = 0; i < 3; i++) {
    (void)sluice_directory_remove(space, state->names[i], length_of(state->names[i]));
  }
  (void)sluice_object_close(space, state->meeting_offset);
  if (state->offset != 0) {
    (void)sluice_slab_unref(space, state->offset);
  }
  if (state->offset2 != 0) {
    (void)sluice_slab_unref(space, state->offset2);
  }
}
