#include "sluice/ring.h"

#include "ring_frame.h"

uint32_t sluice_ring_bytes(uint32_t capacity) {
  if (capacity < SLUICE_RING_CAPACITY_MIN || capacity > SLUICE_RING_CAPACITY_MAX ||
      (capacity & (capacity - 1)) != 0) {
    return 0;
  }
  return (uint32_t)sizeof(sluice_ring) + capacity;
}

int sluice_ring_init(void *at, uint32_t capacity) {
  uint32_t bytes = sluice_ring_bytes(capacity);
  if (bytes == 0 || (uintptr_t)at % SLUICE_ALIGN != 0) {
    return SLUICE_E_INVALID;
  }
  sluice_object *object = at;
  object->kind = SLUICE_KIND_RING_SPSC;
  object->bytes = bytes;
  object->capacity = capacity;
  return SLUICE_OK;
}

static uint32_t same_shape(sluice_space *space, uint32_t offset, uint32_t capacity,
                           uint32_t codec) {
  const sluice_object *object = sluice_object_at(space, offset);
  if (object->kind != SLUICE_KIND_RING_SPSC || object->capacity != capacity ||
      object->codec != codec) {
    space->status = SLUICE_E_MISMATCH;
    return 0;
  }
  /* `capacity` is the caller's own: it, not what the object says by now, bounds what follows. */
  if (!sluice_in_bounds(space, offset, sluice_ring_bytes(capacity))) {
    space->status = SLUICE_E_POISONED;
    return 0;
  }
  space->status = SLUICE_OK;
  return offset;
}

uint32_t sluice_ring_open(sluice_space *space, const char *name, uint32_t name_bytes,
                          uint32_t capacity, uint32_t codec) {
  uint32_t bytes = sluice_ring_bytes(capacity);
  int state = sluice_space_state(space);
  if (bytes == 0 || state != SLUICE_OK) {
    space->status = bytes == 0 ? SLUICE_E_INVALID : state;
    return 0;
  }
  uint32_t found = sluice_directory_find(space, name, name_bytes);
  if (found != 0) {
    return same_shape(space, found, capacity, codec);
  }
  if (space->status != SLUICE_E_EMPTY) {
    return 0;
  }
  uint32_t made = sluice_space_alloc(space, bytes);
  if (made == 0) {
    return 0;
  }
  sluice_object *object = sluice_object_at(space, made);
  (void)sluice_ring_init(object, capacity);
  object->codec = codec;
  object->name_bytes = name_bytes;
  memcpy(object->name, name, name_bytes);
  uint32_t entered = sluice_directory_enter(space, made);
  if (entered == made) {
    /* Entered, then looked: sluice_space_close sets the state, then walks the directory. One of
     * the two sees the other. */
    state = sluice_space_state(space);
    if (state != SLUICE_OK) {
      (void)sluice_ring_close((sluice_ring *)(void *)object);
      space->status = state;
      return 0;
    }
    return made;
  }
  int status = space->status;
  (void)sluice_space_free(space, made, bytes);
  space->status = status;
  return entered == 0 ? 0 : same_shape(space, entered, capacity, codec);
}

int sluice_ring_bury(sluice_ring *ring, uint32_t owner) {
  int lost = 0;
  uint32_t flags = flags_of(ring);
  if (atomic_load_explicit(&ring->producer.owner, memory_order_acquire) == owner &&
      (flags & (SLUICE_RING_PRODUCER_CLOSED | SLUICE_RING_PRODUCER_LOST)) == 0) {
    set_flag(ring, SLUICE_RING_PRODUCER_LOST);
    lost++;
  }
  if (atomic_load_explicit(&ring->consumer.owner, memory_order_acquire) == owner &&
      (flags & (SLUICE_RING_CONSUMER_CLOSED | SLUICE_RING_CONSUMER_LOST)) == 0) {
    set_flag(ring, SLUICE_RING_CONSUMER_LOST);
    lost++;
  }
  return lost;
}

int sluice_ring_close(sluice_ring *ring) {
  set_flag(ring, SLUICE_RING_PRODUCER_CLOSED);
  return SLUICE_OK;
}

uint32_t sluice_ring_used(const sluice_ring *ring) {
  uint64_t tail = atomic_load_explicit(&ring->producer.tail, memory_order_relaxed);
  uint64_t head = atomic_load_explicit(&ring->consumer.head, memory_order_relaxed);
  return tail > head ? (uint32_t)(tail - head) : 0;
}
