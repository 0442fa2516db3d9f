/* What the cases share. */
#ifndef SLUICE_BENCH_CASE_H
#define SLUICE_BENCH_CASE_H

#include <stdatomic.h>
#include <string.h>

#include "bench.h"
#include "futex.h"
#include "wait.h"

enum { BATCH = 64, STORE_KEYS = 16 };

/* Shared by the threads of a case: where they meet, and words to play with, each in its own lines.
 */
typedef struct meeting {
  sluice_object object;
  _Atomic uint32_t arrived;
  unsigned char pad1[124];
  _Atomic uint32_t ping;
  unsigned char pad2[124];
  _Atomic uint32_t pong;
  unsigned char pad3[124];
  volatile uint32_t guarded; /* what a lock of the case guards */
  unsigned char pad4[124];
} meeting;

typedef struct bench_state {
  uint32_t which, role, size, runs;
  uint32_t offset, offset2; /* what bench_close lets go */
  uint32_t number;          /* of the next record */
  uint32_t done;            /* operations of all runs */
  meeting *meeting;
  uint32_t meeting_offset;
  char names[3][16]; /* two for the case, one for the meeting */
  uint32_t blocks[BATCH];
  union {
    struct {
      sluice_ring_producer producer;
      sluice_ring_consumer consumer;
    } ring;
    struct {
      sluice_ring_many_producer producer;
      sluice_ring_many_consumer consumer;
    } many;
    sluice_queue_end queue;
    struct {
      sluice_broadcast_writer writer;
      sluice_broadcast_reader reader;
    } broadcast;
    sluice_cell_view cell;
    sluice_store_view store;
    sluice_rpc_caller caller;
    sluice_rpc_server server;
  } as;
} bench_state;

enum {
  SIZE_8 = 1,
  SIZE_32 = 2,
  SIZE_64 = 4,
  SIZE_256 = 8,
  SIZE_4K = 16,
  SIZE_64K = 32,
  SIZE_1M = 64
};

typedef struct bench_case {
  const char *name;
  const char *limit;
  uint32_t threads;
  uint32_t sizes; /* SIZE_*, 0 for no payload */
  int (*open)(sluice_space *space, bench_state *state);
  int (*run)(sluice_space *space, bench_state *state, uint32_t count);
  int (*check)(sluice_space *space, bench_state *state); /* or NULL */
} bench_case;

/* A file's cases, ended by one without a name. */
extern const bench_case limit_cases[];
extern const bench_case ring_cases[];
extern const bench_case many_cases[];
extern const bench_case lock_cases[];
extern const bench_case memory_cases[];
extern const bench_case rpc_cases[];

static inline uint32_t length_of(const char *name) {
  return (uint32_t)strlen(name);
}

/* A ring's capacity for records of `size`. */
static inline uint32_t capacity_for(uint32_t size) {
  uint32_t capacity = 65536;
  while (capacity / 8 < size) {
    capacity *= 2;
  }
  return capacity;
}

/* Writes the record's number to its first and last word. Small records are written in place, word
 * by word, as a user of claim does it; large ones copied from `from`, as large as they. */
static inline void fill(void *at, const void *from, uint32_t size, uint32_t number) {
  uint64_t *words = at;
  uint32_t count = size / 8;
  if (size > 64) {
    memcpy(at, from, size);
    words[0] = number;
    words[count - 1] = number;
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    words[i] = number;
  }
}

static inline int holds(const void *at, uint32_t size, uint32_t number) {
  const uint64_t *words = at;
  return words[0] == number && words[size / 8 - 1] == number;
}

#endif
