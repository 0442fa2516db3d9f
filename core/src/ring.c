#include "sluice/ring.h"

#include "blocks.h"
#include "kinds.h"
#include "ring_frame.h"

uint32_t sluice_ring_bytes(uint32_t capacity) {
  if (capacity < SLUICE_RING_CAPACITY_MIN || capacity > SLUICE_RING_CAPACITY_MAX ||
      (capacity & (capacity - 1)) != 0) {
    return 0;
  }
  return (uint32_t)sizeof(sluice_ring) + capacity;
}

static sluice_shape shape_of(uint32_t capacity, uint32_t codec) {
  return (sluice_shape){.kind = SLUICE_KIND_RING_SPSC,
                        .bytes = sluice_ring_bytes(capacity),
                        .capacity = capacity,
                        .codec = codec};
}

int sluice_ring_init(void *at, uint32_t capacity) {
  return sluice_object_init(at, shape_of(capacity, 0));
}

uint32_t sluice_ring_open(sluice_space *space, const char *name, uint32_t name_bytes,
                          uint32_t capacity, uint32_t codec) {
  return sluice_object_open(space, name, name_bytes, shape_of(capacity, codec));
}

void sluice_ring_flag(sluice_ring *ring, uint32_t flag) {
  /* tells the other end; pairs with the acquire in flags_of, and by its place in the total order
   * with the check that a sleeper makes after it has set its word */
  atomic_fetch_or_explicit(&ring->object.state, flag, memory_order_seq_cst);
  SLUICE_STEP("ring.flag: set");
  wake(&ring->producer.asleep);
  wake(&ring->consumer.asleep);
}

int sluice_ring_poison(sluice_ring *ring) {
  sluice_ring_flag(ring, SLUICE_RING_POISONED);
  return SLUICE_E_POISONED;
}

int sluice_ring_take_end(sluice_ring *ring, _Atomic uint32_t *owner, uint32_t by, uint32_t capacity,
                         uint32_t closed, uint32_t lost) {
  if (by == 0 || sluice_ring_bytes(capacity) == 0 || ring->object.capacity != capacity) {
    return SLUICE_E_INVALID;
  }
  uint32_t nobody = 0;
  int taken = atomic_compare_exchange_strong_explicit(owner, &nobody, by, memory_order_acq_rel,
                                                      memory_order_acquire);
  SLUICE_STEP("ring.open: end taken");
  uint32_t flags = flags_of(ring);
  if ((flags & SLUICE_RING_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  if ((flags & lost) != 0) {
    return SLUICE_E_PEER_LOST;
  }
  if ((flags & closed) != 0) {
    return SLUICE_E_CLOSED;
  }
  return taken ? SLUICE_OK : SLUICE_E_BUSY;
}

int sluice_ring_bury(sluice_ring *ring, uint32_t owner) {
  int lost = 0;
  uint32_t flags = flags_of(ring);
  if (atomic_load_explicit(&ring->producer.owner, memory_order_acquire) == owner &&
      (flags & (SLUICE_RING_PRODUCER_CLOSED | SLUICE_RING_PRODUCER_LOST)) == 0) {
    sluice_ring_flag(ring, SLUICE_RING_PRODUCER_LOST);
    lost++;
  }
  if (atomic_load_explicit(&ring->consumer.owner, memory_order_acquire) == owner &&
      (flags & (SLUICE_RING_CONSUMER_CLOSED | SLUICE_RING_CONSUMER_LOST)) == 0) {
    sluice_ring_flag(ring, SLUICE_RING_CONSUMER_LOST);
    lost++;
  }
  return lost;
}

int sluice_ring_recover(sluice_space *space, sluice_ring *ring, uint32_t id) {
  (void)sluice_ring_bury(ring, id);
  /* In any case: the dead one, or whoever buried it before, may have died while it woke somebody.
   */
  wake_anyhow(&ring->producer.asleep);
  wake_anyhow(&ring->consumer.asleep);
  /* an end is taken once: where the consumer has died, nobody reads on */
  sluice_message_discard(space, (uint32_t)((unsigned char *)ring - space->base));
  return SLUICE_OK;
}

int sluice_ring_close(sluice_ring *ring) {
  sluice_ring_flag(ring, SLUICE_RING_PRODUCER_CLOSED);
  return SLUICE_OK;
}

uint32_t sluice_ring_used(const sluice_ring *ring) {
  uint64_t tail = atomic_load_explicit(&ring->producer.tail, memory_order_relaxed);
  uint64_t head = atomic_load_explicit(&ring->consumer.head, memory_order_relaxed);
  return tail > head ? (uint32_t)(tail - head) : 0;
}
