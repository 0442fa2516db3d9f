#include "sluice/directory.h"

#include "internal.h"
#include "sluice/ring.h"

static uint32_t hash(const char *name, uint32_t bytes) { /* FNV-1a */
  uint32_t value = UINT32_C(2166136261);
  for (uint32_t i = 0; i < bytes; i++) {
    value = (value ^ (unsigned char)name[i]) * UINT32_C(16777619);
  }
  return value;
}

/* The header is written once, before the offset is published, and copied to locals here: a hostile
 * peer that rewrites it later is met again by the object's own checks. */
static int sound(const sluice_space *space, uint32_t offset) {
  if (!sluice_in_bounds(space, offset, sizeof(sluice_object))) {
    return 0;
  }
  const sluice_object *object = sluice_object_at(space, offset);
  uint32_t bytes = object->bytes;
  return object->kind == SLUICE_KIND_RING_SPSC && object->name_bytes <= SLUICE_NAME_MAX &&
         sluice_ring_bytes(object->capacity) == bytes && bytes != 0 &&
         sluice_in_bounds(space, offset, bytes);
}

static uint32_t poisoned(sluice_space *space) {
  space->status = SLUICE_E_POISONED;
  return 0;
}

static int called(const sluice_space *space, uint32_t offset, const char *name, uint32_t bytes) {
  const sluice_object *object = sluice_object_at(space, offset);
  return object->name_bytes == bytes && memcmp(object->name, name, bytes) == 0;
}

uint32_t sluice_directory_at(sluice_space *space, uint32_t index) {
  space->status = SLUICE_OK;
  /* pairs with the release in sluice_directory_enter: the object is complete.
   * seq_cst for sluice_space_close, which looks here after it has set the state */
  uint32_t offset = atomic_load_explicit(
      &sluice_header(space)->directory[index % SLUICE_DIRECTORY_ENTRIES], memory_order_seq_cst);
  return offset == 0 || sound(space, offset) ? offset : poisoned(space);
}

uint32_t sluice_directory_find(sluice_space *space, const char *name, uint32_t name_bytes) {
  if (name_bytes == 0 || name_bytes > SLUICE_NAME_MAX) {
    space->status = SLUICE_E_INVALID;
    return 0;
  }
  uint32_t first = hash(name, name_bytes);
  for (uint32_t step = 0; step < SLUICE_DIRECTORY_ENTRIES; step++) {
    uint32_t offset = sluice_directory_at(space, first + step);
    if (offset == 0) {
      if (space->status == SLUICE_OK) {
        space->status = SLUICE_E_EMPTY;
      }
      return 0;
    }
    if (called(space, offset, name, name_bytes)) {
      return offset;
    }
  }
  space->status = SLUICE_E_EMPTY;
  return 0;
}

uint32_t sluice_directory_enter(sluice_space *space, uint32_t offset) {
  const sluice_object *object = sluice_object_at(space, offset);
  uint32_t first = hash(object->name, object->name_bytes);
  for (uint32_t step = 0; step < SLUICE_DIRECTORY_ENTRIES; step++) {
    _Atomic uint32_t *slot =
        &sluice_header(space)->directory[(first + step) % SLUICE_DIRECTORY_ENTRIES];
    uint32_t there = 0;
    /* publishes the object to all that look it up; pairs with the acquire in sluice_directory_at,
     * and on failure acquires what another thread published here.
     * seq_cst for the look at the space's state that follows (see sluice_ring_open) */
    if (atomic_compare_exchange_strong_explicit(slot, &there, offset, memory_order_seq_cst,
                                                memory_order_acquire)) {
      space->status = SLUICE_OK;
      return offset;
    }
    if (!sound(space, there)) {
      return poisoned(space);
    }
    if (called(space, there, object->name, object->name_bytes)) {
      space->status = SLUICE_OK;
      return there;
    }
  }
  space->status = SLUICE_E_NO_MEMORY;
  return 0;
}
