/* Shared by the sources, not by users. */
#ifndef SLUICE_INTERNAL_H
#define SLUICE_INTERNAL_H

#include <stddef.h>
#include <string.h>

#include "sluice/directory.h"
#include "sluice/participant.h"
#include "sluice/slab.h"
#include "step.h"

/* Flags in sluice_object.state that all kinds share; each kind has its own from bit 0 on. */
#define SLUICE_OBJECT_CLOSED UINT32_C(0x80000000)
#define SLUICE_OBJECT_POISONED UINT32_C(0x40000000)

/* For a function off the path of records, in a source that is compiled for speed: small instead. */
#if defined(__clang__)
#define SLUICE_COLD __attribute__((cold, minsize))
#else
#define SLUICE_COLD __attribute__((cold))
#endif

/* How far this thread may reach from the base. In wasm the memory says so itself, which no other
 * thread can falsify and which follows growth. */
static inline uint32_t sluice_extent(const sluice_space *space) {
#if defined(__wasm__)
  size_t pages = __builtin_wasm_memory_size(0);
  uint64_t bytes = (uint64_t)pages * 65536 - (uintptr_t)space->base;
  return bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
#else
  return space->bytes;
#endif
}

static inline sluice_space_header *sluice_header(const sluice_space *space) {
  return (sluice_space_header *)(void *)space->base;
}

static inline int sluice_in_bounds(const sluice_space *space, uint32_t offset, uint32_t bytes) {
  uint32_t extent = sluice_extent(space);
  return offset >= sizeof(sluice_space_header) && offset % SLUICE_ALIGN == 0 && bytes <= extent &&
         offset <= extent - bytes;
}

static inline sluice_object *sluice_object_at(const sluice_space *space, uint32_t offset) {
  return (sluice_object *)(void *)(space->base + offset);
}

/* Makes an object of this shape without a space. SLUICE_OK; SLUICE_E_INVALID for a misaligned place,
 * and for a shape out of range, which has no bytes. */
static inline int sluice_object_init(void *at, sluice_shape shape) {
  sluice_object *object = at;
  if (shape.bytes == 0 || (uintptr_t)at % SLUICE_ALIGN != 0) {
    return SLUICE_E_INVALID;
  }
  object->kind = shape.kind;
  object->bytes = shape.bytes;
  object->capacity = shape.capacity;
  object->codec = shape.codec;
  return SLUICE_OK;
}

/* An id that a participant can have. */
static inline int sluice_owner_valid(uint32_t owner) {
  return (owner & UINT32_C(0xff)) - 1 < SLUICE_PARTICIPANTS && owner <= SLUICE_OWNER_MASK;
}

/* The bit of participant `id`; the space's own for nobody in particular. */
static inline uint64_t sluice_bit(uint32_t id) {
  uint32_t slot = (id & UINT32_C(0xff)) - 1;
  return slot < SLUICE_PARTICIPANTS ? UINT64_C(1) << slot : SLUICE_BIT_SPACE;
}

/* The whole space is unusable. Returns 0 with space->status set. */
static inline uint32_t sluice_poison(sluice_space *space) {
  /* tells every thread; pairs with the acquire in sluice_space_state */
  atomic_store_explicit(&sluice_header(space)->state, SLUICE_SPACE_POISONED, memory_order_release);
  space->status = SLUICE_E_POISONED;
  return 0;
}

/* A figure that decides nothing. In wasm a plain store (0.14 ns against 2.2 for an atomic one; an
 * aligned 64-bit store does not tear in any engine met so far), elsewhere a relaxed one. */
static inline void sluice_figure(_Atomic uint64_t *figure, uint64_t value) {
#if defined(__wasm__)
  *(volatile uint64_t *)(void *)figure = value;
#else
  atomic_store_explicit(figure, value, memory_order_relaxed);
#endif
}

/* What a shared word was a moment ago: a hint, for who looks properly before it relies on it. In wasm
 * a plain load (an aligned one does not tear in any engine met so far), elsewhere a relaxed one.
 * JavaScriptCore compiles an atomic load to an exchange-and-add of 0, which takes the cache line away
 * from everyone else who looks at it: two ends that look at one word for each record did 9 million
 * records a second there, and do 50 by glances. */
static inline uint32_t sluice_glance(const _Atomic uint32_t *word) {
#if defined(__wasm__)
  return *(const volatile uint32_t *)(const volatile void *)word;
#else
  return atomic_load_explicit(word, memory_order_relaxed);
#endif
}

static inline uint64_t sluice_glance_64(const _Atomic uint64_t *word) {
#if defined(__wasm__)
  return *(const volatile uint64_t *)(const volatile void *)word;
#else
  return atomic_load_explicit(word, memory_order_relaxed);
#endif
}

#endif
