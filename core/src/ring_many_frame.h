/* What the ends of the MPSC and MPMC rings share: the frame, the words that say who has them open,
 * the state. Not for users. */
#ifndef SLUICE_RING_MANY_FRAME_H
#define SLUICE_RING_MANY_FRAME_H

#include "ring_frame.h"
#include "sluice/ring_many.h"

/* How often a compare-and-swap is tried: far more often than 46 others can win in a row, but not
 * for ever, because a hostile peer might. */
enum { SLUICE_RING_MANY_TRIES = 4096 };

#define SLUICE_RING_MANY_OPENERS (SLUICE_BIT_SPACE - 1)

/* A frame's header word: length below, type above. */
static inline _Atomic uint64_t *word_at(unsigned char *data, uint32_t place) {
  return (_Atomic uint64_t *)(void *)(data + place);
}

static inline uint64_t word_of(uint32_t length, int32_t type) {
  return (uint64_t)(uint32_t)type << 32 | length;
}

static inline uint64_t padding_of(uint32_t bytes) {
  return word_of(bytes, SLUICE_RING_PADDING);
}

static inline int32_t length_in(uint64_t word) {
  return (int32_t)(uint32_t)word;
}

static inline int32_t type_in(uint64_t word) {
  return (int32_t)(uint32_t)(word >> 32);
}

/* The aligned bytes of the frame that `word` stands for, or 0 when no frame may look so. `to_end`
 * is what is left of the buffer. A padding is no longer than the longest claim and, as every claim,
 * a multiple of 8. */
static inline uint32_t frame_in(uint64_t word, uint32_t to_end, uint32_t max) {
  int32_t length = length_in(word);
  int32_t type = type_in(word);
  if (length < SLUICE_RING_HEADER || (uint32_t)length > to_end ||
      (uint32_t)length > max + SLUICE_RING_HEADER) {
    return 0;
  }
  if (type == SLUICE_RING_PADDING) {
    return length % 8 == 0 ? (uint32_t)length : 0;
  }
  return type < 0 ? 0 : aligned((uint32_t)length);
}

static inline uint32_t state_of(const sluice_ring_many *ring) {
  /* pairs with the change in sluice_ring_many_flag. seq_cst for a sleeper, which looks here after
   * it has marked its event word */
  return atomic_load_explicit(&ring->object.state, memory_order_seq_cst);
}

/* The word of one side's openers. */
static inline uint64_t openers_of(const _Atomic uint64_t *openers) {
  /* pairs with the change in sluice_ring_many_leave: what the last one did before it left is
   * visible. seq_cst for a sleeper, as above */
  return atomic_load_explicit(openers, memory_order_seq_cst);
}

/* ring_many.c */

/* Sets a flag in the object's state and wakes all. */
void sluice_ring_many_flag(sluice_ring_many *ring, uint32_t flag);

/* Poisons the ring. Returns SLUICE_E_POISONED. */
int sluice_ring_many_poison(sluice_ring_many *ring);

/* Is it a ring of `capacity` that `owner` may open? SLUICE_OK or the error. */
int sluice_ring_many_may_open(const sluice_ring_many *ring, uint32_t capacity, uint32_t owner);

/* Adds `owner` to the openers of one side. `alone` 1: only when there is no other. SLUICE_OK,
 * SLUICE_E_CLOSED, _BUSY or _AGAIN. */
int sluice_ring_many_enter(_Atomic uint64_t *openers, uint32_t owner, uint32_t alone);

/* Takes `owner` away; `flag` is set when it was the last, in the same step. SLUICE_OK or
 * SLUICE_E_AGAIN. */
int sluice_ring_many_leave(_Atomic uint64_t *openers, uint32_t owner, uint64_t flag);

#endif
