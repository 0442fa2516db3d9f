/* What the ring's two ends share: the frame, the flags, the wake-up. Not for users. */
#ifndef SLUICE_RING_FRAME_H
#define SLUICE_RING_FRAME_H

#include <string.h>

#include "internal.h"
#include "sluice/ring.h"
#include "wait.h"

/* A record's first word: shared, so atomic. */
static inline _Atomic int32_t *header_at(unsigned char *data, uint32_t place) {
  return (_Atomic int32_t *)(void *)(data + place);
}

static inline int32_t *type_at(unsigned char *data, uint32_t place) {
  return (int32_t *)(void *)(data + place + 4);
}

static inline uint32_t aligned(uint32_t bytes) {
  return (bytes + 7) & ~UINT32_C(7);
}

/* The frame that `length` (a record's first word) stands for: its aligned bytes, or 0 when no frame
 * may look so. `to_end` is what is left of the buffer. A padding goes to the end and is no longer
 * than the longest record: one that long would have fitted. */
static inline uint32_t frame(int32_t length, int32_t type, uint32_t to_end, uint32_t max) {
  if (length < SLUICE_RING_HEADER || (uint32_t)length > to_end ||
      (uint32_t)length > max + SLUICE_RING_HEADER) {
    return 0;
  }
  if (type == SLUICE_RING_PADDING) {
    return (uint32_t)length == to_end ? to_end : 0;
  }
  return type < 0 ? 0 : aligned((uint32_t)length);
}

static inline uint32_t flags_of(const sluice_ring *ring) {
  /* pairs with the change in sluice_ring_flag: what the other end did before it closed is visible.
   * seq_cst for a sleeper, which looks here after it has set its word (see there) */
  return atomic_load_explicit(&ring->object.state, memory_order_seq_cst);
}

static inline void wake(_Atomic uint32_t *asleep) {
  /* seq_cst: the sleeper sets the word, then looks; the waker publishes, then looks here. One of
   * the two sees the other. */
  if (atomic_load_explicit(asleep, memory_order_seq_cst) != 0 &&
      atomic_exchange_explicit(asleep, 0, memory_order_seq_cst) != 0) {
    SLUICE_STEP("ring.wake: mark taken away");
    sluice_futex_wake(asleep);
  }
}

/* Wakes an end whether or not it says that it sleeps: a waker that died may have taken the mark
 * away and not have woken it. */
static inline void wake_anyhow(_Atomic uint32_t *asleep) {
  /* seq_cst: as wake */
  atomic_store_explicit(asleep, 0, memory_order_seq_cst);
  SLUICE_STEP("ring.recover: mark taken away");
  sluice_futex_wake(asleep);
}

/* Undoes a sleeper's mark when it did not sleep after all; not where an asynchronous waiter of the
 * same thread had set it before, which still has to be woken. */
static inline void unset(_Atomic uint32_t *asleep, uint32_t before) {
  if (before == 0) {
    atomic_store_explicit(asleep, 0, memory_order_relaxed);
  }
}

/* Zeroes `bytes`, a multiple of 8. Short ones in place: a call costs more, in wasm above all. The
 * compiler turns the loop into that call unless it is volatile. */
static inline void zero(unsigned char *at, uint32_t bytes) {
  if (bytes > 128) {
    memset(at, 0, bytes);
    return;
  }
  for (uint32_t i = 0; i < bytes; i += 8) {
    *(volatile uint64_t *)(void *)(at + i) = 0;
  }
}

static inline uint32_t place_of(uint64_t position, uint32_t capacity) {
  return (uint32_t)position & (capacity - 1);
}

/* ring.c */

/* Sets a flag in the object's state and wakes both ends. */
void sluice_ring_flag(sluice_ring *ring, uint32_t flag);

/* Poisons the ring. Returns SLUICE_E_POISONED. */
int sluice_ring_poison(sluice_ring *ring);

/* Takes the end whose owner word is `owner` for `by`; `closed` and `lost` are the end's flags.
 * SLUICE_OK or the error. */
int sluice_ring_take_end(sluice_ring *ring, _Atomic uint32_t *owner, uint32_t by, uint32_t capacity,
                         uint32_t closed, uint32_t lost);

/* ring_producer.c: what stands in a producer's way, and whether there is room for `bytes`. */
int sluice_ring_producer_state(const sluice_ring *ring);
int sluice_ring_room(sluice_ring_producer *producer, uint32_t bytes);

/* ring_consumer.c: the frame under the cursor, and the way to give room back. */
uint32_t sluice_ring_look(sluice_ring_consumer *consumer, int32_t *length, int32_t *type);
void sluice_ring_release_to(sluice_ring_consumer *consumer, uint64_t to);

#endif
