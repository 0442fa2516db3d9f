/* What the unit tests share: cmocka with what it needs before it, a space and a ring to test on,
 * seeded random numbers, threads that start together, and a watchdog, because a lost wake-up shows
 * as a hang. */
#ifndef SLUICE_TEST_SUPPORT_H
#define SLUICE_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "sluice/sluice.h"

enum { WATCHDOG_SECONDS = 60 };

#define NS_PER_MS INT64_C(1000000)
#define AN_HOUR (INT64_C(3600000) * NS_PER_MS) /* a limit that no test gets to */

/* A fresh, 128-byte aligned, zeroed block that ASan guards on both sides. The caller frees it. */
static inline void *fresh(size_t bytes) {
  void *at = aligned_alloc(SLUICE_ALIGN, (bytes + SLUICE_ALIGN - 1) / SLUICE_ALIGN * SLUICE_ALIGN);
  assert_non_null(at);
  memset(at, 0, bytes);
  return at;
}

/* A space of `bytes`, to be freed by free(space.base). */
static inline sluice_space fresh_space(uint32_t bytes) {
  sluice_space space;
  assert_int_equal(sluice_space_init(&space, fresh(bytes), bytes), SLUICE_OK);
  return space;
}

static inline sluice_space_header *header_of(const sluice_space *space) {
  return (sluice_space_header *)(void *)space->base;
}

/* Bytes in use, block headers included. */
static inline uint32_t used_of(const sluice_space *space) {
  return sluice_space_used(space);
}

static inline sluice_block *block_of(const sluice_space *space, uint32_t offset) {
  return (sluice_block *)(void *)(space->base + offset - SLUICE_BLOCK_HEADER);
}

static inline uint64_t refs_of(const sluice_space *space, uint32_t offset) {
  return atomic_load(&block_of(space, offset)->refs);
}

/* The bit that participant `id` has in a block's references. */
static inline uint64_t bit_of(uint32_t id) {
  return UINT64_C(1) << ((id & 0xff) - 1);
}

/* A participant of the same space, as another thread or process would be. */
static inline sluice_space joined(const sluice_space *space) {
  sluice_space other;
  assert_int_equal(sluice_space_attach(&other, space->base, space->bytes), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&other, 0), SLUICE_OK);
  return other;
}

/* A space of `bytes` that the caller has joined. */
static inline sluice_space joined_space(uint32_t bytes) {
  sluice_space space = fresh_space(bytes);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  return space;
}

static inline sluice_ring *ring_at(const sluice_space *space, uint32_t offset) {
  return (sluice_ring *)(void *)(space->base + offset);
}

enum { OWNER_OF_PRODUCER = 1 << 8 | 1, OWNER_OF_CONSUMER = 1 << 8 | 2 };

/* A ring without a space, and both its ends. */
typedef struct both {
  sluice_ring *ring;
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
} both;

static inline sluice_ring *fresh_ring(uint32_t capacity) {
  sluice_ring *ring = fresh(sluice_ring_bytes(capacity));
  assert_int_equal(sluice_ring_init(ring, capacity), SLUICE_OK);
  return ring;
}

static inline both open_both(uint32_t capacity) {
  both ends = {.ring = fresh_ring(capacity)};
  assert_int_equal(
      sluice_ring_producer_open(&ends.producer, ends.ring, capacity, OWNER_OF_PRODUCER), SLUICE_OK);
  assert_int_equal(
      sluice_ring_consumer_open(&ends.consumer, ends.ring, capacity, OWNER_OF_CONSUMER), SLUICE_OK);
  return ends;
}

static inline void discard(both *ends) {
  free(ends->ring);
}

static inline uint32_t aligned8(uint32_t bytes) {
  return (bytes + 7) & ~UINT32_C(7);
}

/* Pushes and releases records until the next one would start `place` bytes into the buffer. */
static inline void advance_to(both *ends, uint32_t place) {
  while ((ends->producer.tail & (ends->producer.capacity - 1)) != place) {
    assert_int_equal(sluice_ring_push(&ends->producer, NULL, 0, 0), SLUICE_OK);
    assert_non_null(sluice_ring_peek(&ends->consumer));
    assert_int_equal(sluice_ring_release(&ends->consumer), 1);
  }
}

/* Bytes of the buffer that are not zero. */
static inline uint32_t stale_bytes(const sluice_ring *ring, uint32_t capacity) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < capacity; i++) {
    count += ring->data[i] != 0;
  }
  return count;
}

static inline int32_t *header_words(both *ends, uint32_t place) {
  return (int32_t *)(void *)(ends->ring->data + place);
}

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static inline uint64_t random_next(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* 0 to limit - 1. */
static inline uint32_t random_below(uint64_t *state, uint32_t limit) {
  return (uint32_t)(random_next(state) % limit);
}

static inline void fill_random(uint64_t *state, unsigned char *at, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i++) {
    at[i] = (unsigned char)random_next(state);
  }
}

static inline void sleep_ms(int ms) {
  struct timespec time = {.tv_nsec = (long)ms * NS_PER_MS};
  (void)nanosleep(&time, NULL);
}

static inline int64_t now_ns(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 * NS_PER_MS + time.tv_nsec;
}

/* Waits until `word` is set: the other thread has gone to sleep. */
static inline void until_asleep(_Atomic uint32_t *word) {
  while (atomic_load(word) == 0) {
    sleep_ms(1);
  }
}

static inline pthread_t start(void *(*run)(void *), void *argument) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, run, argument), 0);
  return thread;
}

/* What the thread returned, as a number. Assertions belong to the main thread: cmocka leaves a
 * failed test by longjmp. */
static inline intptr_t finish(pthread_t thread) {
  void *result = NULL;
  assert_int_equal(pthread_join(thread, &result), 0);
  return (intptr_t)result;
}

#define RUN(tests) \
  ((void)alarm(WATCHDOG_SECONDS), cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL))

#endif
