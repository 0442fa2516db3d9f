/* What is kept rather than sent: blocks, cells, stores, counters. */
#include "case.h"

enum { BLOCK = 256, BLOCKS = 16, STORE_ENTRIES = 64, VALUE_MAX = 4096 };

/* ---- the slab ---- */

static int open_nothing(sluice_space *space, bench_state *state) {
  (void)space;
  (void)state;
  return 0;
}

/* `some` at a time. */
static int alloc_and_free(sluice_space *space, bench_state *state, uint32_t count, uint32_t some) {
  for (uint32_t i = 0; i < count; i += some) {
    for (uint32_t k = 0; k < some; k++) {
      state->blocks[k] = sluice_slab_alloc(space, BLOCK);
      if (state->blocks[k] == 0) {
        return space->status;
      }
    }
    for (uint32_t k = 0; k < some; k++) {
      if (sluice_slab_unref(space, state->blocks[k]) != SLUICE_OK) {
        return SLUICE_E_MISMATCH;
      }
    }
  }
  return 0;
}

static int run_slab(sluice_space *space, bench_state *state, uint32_t count) {
  return alloc_and_free(space, state, count, 1);
}

static int run_slab_many(sluice_space *space, bench_state *state, uint32_t count) {
  return alloc_and_free(space, state, count, BLOCKS);
}

/* ---- cells. All words of a value are the same, so that a torn one is seen. ---- */

typedef struct value {
  uint64_t words[VALUE_MAX / 8];
} value;

static int open_cell_as(sluice_space *space, bench_state *state, uint32_t flags) {
  value first = {{0}};
  state->offset =
      sluice_cell_open(space, state->names[0], length_of(state->names[0]), state->size, flags, 0);
  state->offset2 = sluice_space_alloc(space, sizeof(value));
  if (state->offset == 0 || state->offset2 == 0) {
    return space->status;
  }
  int status = sluice_cell_attach(&state->as.cell, sluice_at(space, state->offset), state->size,
                                  flags, space->participant);
  return status != SLUICE_OK ? status : sluice_cell_write(&state->as.cell, &first, state->size, -1);
}

static int open_cell(sluice_space *space, bench_state *state) {
  return open_cell_as(space, state, 0);
}

static int open_seqlock(sluice_space *space, bench_state *state) {
  return open_cell_as(space, state, SLUICE_CELL_SEQLOCK);
}

static int write_cell(sluice_space *space, bench_state *state) {
  value *mine = sluice_at(space, state->offset2);
  state->number++;
  for (uint32_t i = 0; i < state->size / 8; i++) {
    mine->words[i] = state->number;
  }
  return sluice_cell_write(&state->as.cell, mine, state->size, -1);
}

static int read_cell(sluice_space *space, bench_state *state) {
  value *mine = sluice_at(space, state->offset2);
  uint32_t length = 0;
  uint64_t version = 0;
  int status = sluice_cell_read(&state->as.cell, mine, sizeof *mine, &length, &version);
  if (status != SLUICE_OK) {
    return status == SLUICE_E_AGAIN ? SLUICE_OK : status; /* the writer was faster: it counts */
  }
  uint32_t last = state->size / 8 - 1;
  if (length != state->size || mine->words[0] != mine->words[last] ||
      mine->words[last] < state->number) {
    return SLUICE_E_MISMATCH;
  }
  state->number = (uint32_t)mine->words[last];
  return SLUICE_OK;
}

static int run_cell_write(sluice_space *space, bench_state *state, uint32_t count) {
  int status = 0;
  for (uint32_t i = 0; i < count && status == 0; i++) {
    status = write_cell(space, state);
  }
  return status;
}

static int run_cell_read(sluice_space *space, bench_state *state, uint32_t count) {
  int status = 0;
  for (uint32_t i = 0; i < count && status == 0; i++) {
    status = read_cell(space, state);
  }
  return status;
}

static int run_cell_both(sluice_space *space, bench_state *state, uint32_t count) {
  return state->role == 0 ? run_cell_write(space, state, count)
                          : run_cell_read(space, state, count);
}

/* ---- stores ---- */

static int open_store(sluice_space *space, bench_state *state) {
  state->offset =
      sluice_store_open(space, state->names[0], length_of(state->names[0]), STORE_ENTRIES, 0);
  if (state->offset == 0) {
    return space->status;
  }
  int status = sluice_store_attach(&state->as.store, space, state->offset, STORE_ENTRIES);
  for (uint64_t key = 0; key < STORE_KEYS && status == SLUICE_OK; key++) {
    uint64_t words[4] = {key, key, key, key};
    status = sluice_store_set(&state->as.store, &key, sizeof key, words, sizeof words);
  }
  return status;
}

static int run_store_set(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  int status = 0;
  for (uint32_t i = 0; i < count && status == 0; i++) {
    uint64_t key = i % STORE_KEYS;
    uint64_t words[4] = {key, i, i, key};
    status = sluice_store_set(&state->as.store, &key, sizeof key, words, sizeof words);
  }
  return status;
}

static int run_store_get(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t key = i % STORE_KEYS;
    uint64_t words[4] = {0};
    uint32_t length = 0;
    uint64_t version = 0;
    int status = sluice_store_get(&state->as.store, &key, sizeof key, words, sizeof words, &length,
                                  &version);
    if (status != SLUICE_OK || length != sizeof words || words[0] != key || words[3] != key) {
      return status != SLUICE_OK ? status : SLUICE_E_MISMATCH;
    }
  }
  return 0;
}

/* ---- figures ---- */

static int open_counter(sluice_space *space, bench_state *state) {
  state->offset = sluice_counter_open(space, state->names[0], length_of(state->names[0]));
  return state->offset == 0 ? space->status : 0;
}

static int run_counter(sluice_space *space, bench_state *state, uint32_t count) {
  sluice_counter *counter = sluice_at(space, state->offset);
  for (uint32_t i = 0; i < count; i++) {
    (void)sluice_counter_add(counter, space->participant, 1);
  }
  return 0;
}

static int check_counter(sluice_space *space, bench_state *state) {
  uint64_t all = (uint64_t)state->done * bench_threads(state->which);
  return sluice_counter_read(sluice_at(space, state->offset)) == all ? 0 : SLUICE_E_MISMATCH;
}

static int open_histogram(sluice_space *space, bench_state *state) {
  state->offset = sluice_histogram_open(space, state->names[0], length_of(state->names[0]));
  return state->offset == 0 ? space->status : 0;
}

static int run_histogram(sluice_space *space, bench_state *state, uint32_t count) {
  sluice_histogram *histogram = sluice_at(space, state->offset);
  for (uint32_t i = 0; i < count; i++) {
    (void)sluice_histogram_record(histogram, space->participant, i);
  }
  return 0;
}

static int check_histogram(sluice_space *space, bench_state *state) {
  return sluice_histogram_count(sluice_at(space, state->offset)) == state->done ? 0
                                                                                : SLUICE_E_MISMATCH;
}

const bench_case memory_cases[] = {
    {"slab.alloc_free", "limit.rmw", 1, 0, open_nothing, run_slab, NULL},
    {"slab.alloc_free.16_at_a_time", NULL, 1, 0, open_nothing, run_slab_many, NULL},
    {"slab.alloc_free.contended", NULL, 2, 0, open_nothing, run_slab, NULL},
    {"cell.write", NULL, 1, SIZE_32 | SIZE_4K, open_cell, run_cell_write, NULL},
    {"cell.read", NULL, 1, SIZE_32 | SIZE_4K, open_cell, run_cell_read, NULL},
    {"cell.read.while_written", NULL, 2, SIZE_32, open_cell, run_cell_both, NULL},
    {"cell.seqlock.write", NULL, 1, SIZE_32, open_seqlock, run_cell_write, NULL},
    {"cell.seqlock.read", NULL, 1, SIZE_32, open_seqlock, run_cell_read, NULL},
    {"store.set", NULL, 1, SIZE_32, open_store, run_store_set, NULL},
    {"store.get", NULL, 1, SIZE_32, open_store, run_store_get, NULL},
    {"counter.add", "limit.rmw", 1, 0, open_counter, run_counter, check_counter},
    {"counter.add.contended", NULL, 2, 0, open_counter, run_counter, check_counter},
    {"histogram.record", "limit.rmw", 1, 0, open_histogram, run_histogram, check_histogram},
    {0},
};
