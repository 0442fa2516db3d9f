/* What the tests of the MPSC and MPMC rings share. */
#ifndef SLUICE_TEST_RING_MANY_SUPPORT_H
#define SLUICE_TEST_RING_MANY_SUPPORT_H

#include "sluice/ring_many.h"
#include "support.h"

enum { MPSC = SLUICE_KIND_RING_MPSC, MPMC = SLUICE_KIND_RING_MPMC, ENDS = 3 };

/* Participants without a space: producers 0 to 2, consumers 0 to 2. */
static inline uint32_t writer_id(uint32_t index) {
  return UINT32_C(1) << 8 | (index + 1);
}

static inline uint32_t reader_id(uint32_t index) {
  return UINT32_C(1) << 8 | (index + 11);
}

/* A ring without a space and some ends. */
typedef struct many {
  sluice_ring_many *ring;
  uint32_t capacity;
  sluice_ring_many_producer producers[ENDS];
  sluice_ring_many_consumer consumers[ENDS];
} many;

static inline sluice_ring_many *fresh_many(uint32_t kind, uint32_t capacity) {
  sluice_ring_many *ring = fresh(sluice_ring_many_bytes(capacity));
  assert_int_equal(sluice_ring_many_init(ring, kind, capacity), SLUICE_OK);
  return ring;
}

static inline many open_many(uint32_t kind, uint32_t capacity) {
  many ends = {.ring = fresh_many(kind, capacity), .capacity = capacity};
  for (uint32_t i = 0; i < ENDS; i++) {
    assert_int_equal(
        sluice_ring_many_producer_open(&ends.producers[i], ends.ring, capacity, writer_id(i)),
        SLUICE_OK);
    if (i == 0 || kind == MPMC) {
      assert_int_equal(
          sluice_ring_many_consumer_open(&ends.consumers[i], ends.ring, capacity, reader_id(i)),
          SLUICE_OK);
    }
  }
  return ends;
}

static inline void discard_many(many *ends) {
  free(ends->ring);
}

static inline int push_many(sluice_ring_many_producer *producer, const char *text, int32_t type) {
  return sluice_ring_many_push(producer, text, (uint32_t)strlen(text), type);
}

/* The next record of `consumer` is `text` of `type`; it is released. */
static inline void expect_many(sluice_ring_many_consumer *consumer, const char *text,
                               int32_t type) {
  const void *at = sluice_ring_many_peek(consumer);
  assert_non_null(at);
  assert_int_equal(consumer->status, SLUICE_OK);
  assert_int_equal(consumer->length, strlen(text));
  assert_int_equal(consumer->type, type);
  assert_memory_equal(at, text, strlen(text));
  assert_int_equal(sluice_ring_many_release(consumer), 1);
}

static inline void expect_none(sluice_ring_many_consumer *consumer, int status) {
  assert_null(sluice_ring_many_peek(consumer));
  assert_int_equal(consumer->status, status);
}

/* Pushes and releases records until the next one would start `place` bytes into the buffer. */
static inline void move_to(many *ends, uint32_t place) {
  while ((atomic_load(&ends->ring->tail) & (ends->capacity - 1)) != place) {
    assert_int_equal(sluice_ring_many_push(&ends->producers[0], NULL, 0, 0), SLUICE_OK);
    assert_non_null(sluice_ring_many_peek(&ends->consumers[0]));
    assert_int_equal(sluice_ring_many_release(&ends->consumers[0]), 1);
  }
}

/* Bytes of the buffer that are not zero. */
static inline uint32_t stale_in(const sluice_ring_many *ring, uint32_t capacity) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < capacity; i++) {
    count += ring->data[i] != 0;
  }
  return count;
}

static inline sluice_ring_many_figures figures_of(const sluice_ring_many *ring) {
  sluice_ring_many_figures figures;
  sluice_ring_many_figures_of(ring, &figures);
  return figures;
}

static inline _Atomic uint64_t *header_word(sluice_ring_many *ring, uint32_t place) {
  return (_Atomic uint64_t *)(void *)(ring->data + place);
}

#endif
