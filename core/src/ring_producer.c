#include "blocks.h"
#include "kinds.h"
#include "ring_frame.h"

SLUICE_COLD int sluice_ring_producer_open(sluice_ring_producer *producer, sluice_ring *ring,
                                          uint32_t capacity, uint32_t owner) {
  int status = sluice_ring_take_end(ring, &ring->producer.owner, owner, capacity,
                                    SLUICE_RING_PRODUCER_CLOSED, SLUICE_RING_PRODUCER_LOST);
  if (status == SLUICE_OK) {
    *producer = (sluice_ring_producer){
        .ring = ring, .data = ring->data, .capacity = capacity, .max = capacity / 8};
  }
  return status;
}

/* What stands in a producer's way, SLUICE_OK if nothing. */
int sluice_ring_producer_state(const sluice_ring *ring) {
  uint32_t flags = flags_of(ring);
  if (flags == 0) {
    return SLUICE_OK;
  }
  if ((flags & SLUICE_RING_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  if ((flags & (SLUICE_RING_PRODUCER_CLOSED | SLUICE_RING_CONSUMER_CLOSED)) != 0) {
    return SLUICE_E_CLOSED;
  }
  return SLUICE_E_PEER_LOST;
}

/* Is there room for `bytes` from the tail on? SLUICE_OK, _FULL or _POISONED. */
int sluice_ring_room(sluice_ring_producer *producer, uint32_t bytes) {
  if (producer->tail + bytes - producer->head <= producer->capacity) {
    return SLUICE_OK;
  }
  /* pairs with the store in release_to: the consumer has zeroed what it returned.
   * seq_cst for sluice_ring_producer_sleep, which looks here after it has set its word */
  uint64_t head = atomic_load_explicit(&producer->ring->consumer.head, memory_order_seq_cst);
  if (head < producer->head || head > producer->tail || head % 8 != 0) {
    return sluice_ring_poison(producer->ring);
  }
  producer->head = head;
  return producer->tail + bytes - head <= producer->capacity ? SLUICE_OK : SLUICE_E_FULL;
}

/* Bytes that a payload of `length` takes here, with the padding before it where it does not fit. */
static uint32_t needed(const sluice_ring_producer *producer, uint32_t length) {
  uint32_t bytes = aligned(length + SLUICE_RING_HEADER);
  uint32_t to_end = producer->capacity - place_of(producer->tail, producer->capacity);
  return bytes > to_end ? bytes + to_end : bytes;
}

static void *refuse(sluice_ring_producer *producer, int status) {
  producer->status = status;
  if (status == SLUICE_E_FULL) {
    sluice_figure(&producer->ring->producer.refused, ++producer->refused);
  }
  return NULL;
}

/* Publishes the frame at the tail and moves on behind it. */
static void publish(sluice_ring_producer *producer, int32_t length, int32_t type) {
  uint32_t place = place_of(producer->tail, producer->capacity);
  *type_at(producer->data, place) = type;
  /* publishes the record to the consumer; pairs with the acquire in look.
   * seq_cst for the look at `asleep` that follows (see wake). An exchange where a store would do:
   * behind an atomic store SpiderMonkey puts a barrier, which takes longer; V8 and C compilers make
   * the same instruction of both (docs/engines.md). */
  (void)atomic_exchange_explicit(header_at(producer->data, place), length, memory_order_seq_cst);
  SLUICE_STEP("ring.commit: header stored");
  producer->tail += aligned((uint32_t)length);
  sluice_figure(&producer->ring->producer.tail, producer->tail);
}

/* Opens a claim at the tail, where there is room for it. */
static inline void *open_claim(sluice_ring_producer *producer, uint32_t length, int32_t type) {
  producer->claimed = length;
  producer->type = type;
  producer->open = 1;
  producer->status = SLUICE_OK;
  return producer->data + place_of(producer->tail, producer->capacity) + SLUICE_RING_HEADER;
}

/* When a claim is not at once where the tail is: refuses it, or makes room, and claims. */
static __attribute__((noinline)) void *make_room(sluice_ring_producer *producer, uint32_t length,
                                                 int32_t type) {
  int status = sluice_ring_producer_state(producer->ring);
  if (status != SLUICE_OK) {
    return refuse(producer, status);
  }
  if (producer->open != 0 || type < 0) {
    return refuse(producer, producer->open != 0 ? SLUICE_E_BUSY : SLUICE_E_INVALID);
  }
  if (length > producer->max) {
    return refuse(producer, SLUICE_E_TOO_LARGE);
  }
  uint32_t bytes = needed(producer, length);
  status = sluice_ring_room(producer, bytes);
  if (status != SLUICE_OK) {
    return refuse(producer, status);
  }
  uint32_t place = place_of(producer->tail, producer->capacity);
  if (bytes > producer->capacity - place) {
    publish(producer, (int32_t)(producer->capacity - place), SLUICE_RING_PADDING);
  }
  return open_claim(producer, length, type);
}

/* This and the commit call nothing but at their end: V8 would save for a call what it has in
 * registers, also where it is not made. */
void *sluice_ring_claim(sluice_ring_producer *producer, uint32_t length, int32_t type) {
  uint32_t bytes = aligned(length + SLUICE_RING_HEADER);
  if (sluice_glance(&producer->ring->object.state) != 0 || producer->open != 0 || type < 0 ||
      length > producer->max ||
      bytes > producer->capacity - place_of(producer->tail, producer->capacity) ||
      producer->tail + bytes - producer->head > producer->capacity) {
    return make_room(producer, length, type);
  }
  return open_claim(producer, length, type);
}

/* Wipes the claim from payload byte `from` on, so that the next header's place is zero. */
static void wipe(const sluice_ring_producer *producer, uint32_t from) {
  uint32_t place = place_of(producer->tail, producer->capacity);
  memset(producer->data + place + SLUICE_RING_HEADER + from, 0, producer->claimed - from);
  SLUICE_STEP("ring.claim: rest wiped");
}

static inline int commit(sluice_ring_producer *producer, uint32_t length) {
  sluice_ring *ring = producer->ring;
  producer->open = 0;
  sluice_figure(&ring->producer.records, ++producer->records);
  publish(producer, (int32_t)(length + SLUICE_RING_HEADER), producer->type);
  wake(&ring->consumer.asleep);
  return SLUICE_OK;
}

/* A record that is shorter than its claim. */
static SLUICE_COLD __attribute__((noinline)) int commit_some(sluice_ring_producer *producer,
                                                             uint32_t length) {
  if (producer->open == 0 || length > producer->claimed) {
    return SLUICE_E_INVALID;
  }
  wipe(producer, length);
  return commit(producer, length);
}

int sluice_ring_commit(sluice_ring_producer *producer, uint32_t length) {
  return producer->open != 0 && length == producer->claimed ? commit(producer, length)
                                                            : commit_some(producer, length);
}

SLUICE_COLD int sluice_ring_abort(sluice_ring_producer *producer) {
  if (producer->open == 0) {
    return SLUICE_E_INVALID;
  }
  wipe(producer, 0);
  producer->open = 0;
  return SLUICE_OK;
}

int sluice_ring_push(sluice_ring_producer *producer, const void *payload, uint32_t length,
                     int32_t type) {
  void *at = sluice_ring_claim(producer, length, type);
  if (at == NULL) {
    return producer->status;
  }
  if (length != 0) { /* an empty payload may be NULL, which memcpy may not see */
    memcpy(at, payload, length);
  }
  return sluice_ring_commit(producer, length);
}

SLUICE_COLD int sluice_ring_producer_sleep(sluice_ring_producer *producer, uint32_t length) {
  sluice_ring *ring = producer->ring;
  if (length > producer->max) {
    return 0;
  }
  uint32_t bytes = needed(producer, length);
  if (sluice_ring_producer_state(ring) != SLUICE_OK ||
      sluice_ring_room(producer, bytes) != SLUICE_E_FULL) {
    return 0;
  }
  atomic_store_explicit(&ring->producer.wake_at, producer->tail + bytes - producer->capacity,
                        memory_order_relaxed);
  /* publishes wake_at to release_to; seq_cst: set, then look again (see wake) */
  uint32_t before = atomic_exchange_explicit(&ring->producer.asleep, 1, memory_order_seq_cst);
  if (sluice_ring_producer_state(ring) != SLUICE_OK ||
      sluice_ring_room(producer, bytes) != SLUICE_E_FULL) {
    unset(&ring->producer.asleep, before);
    return 0;
  }
  sluice_figure(&ring->producer.waits, ++producer->waits);
  return 1;
}

/* Whether nothing has changed since the last look, by a glance. */
static int is_quiet(const sluice_ring_producer *producer) {
  return sluice_glance_64(&producer->ring->consumer.head) == producer->head &&
         sluice_glance(&producer->ring->object.state) == 0;
}

SLUICE_COLD int sluice_ring_producer_wait(sluice_ring_producer *producer, uint32_t length,
                                          int64_t timeout_ns) {
  if (length > producer->max) {
    return SLUICE_E_TOO_LARGE;
  }
  for (int spin = 0; spin < SLUICE_SPINS; spin++) {
    if (spin != 0 && is_quiet(producer)) {
      sluice_pause();
      continue;
    }
    int status = sluice_ring_producer_state(producer->ring);
    if (status != SLUICE_OK) {
      return status;
    }
    status = sluice_ring_room(producer, needed(producer, length));
    if (status != SLUICE_E_FULL || timeout_ns == 0) {
      return status == SLUICE_E_FULL ? SLUICE_E_TIMEOUT : status;
    }
    sluice_pause();
  }
  _Atomic uint32_t *asleep = &producer->ring->producer.asleep;
  uint32_t before = atomic_load_explicit(asleep, memory_order_relaxed);
  if (sluice_ring_producer_sleep(producer, length) &&
      sluice_futex_wait(asleep, 1, timeout_ns) != SLUICE_OK) {
    unset(asleep, before);
    return SLUICE_E_TIMEOUT;
  }
  return sluice_ring_producer_state(producer->ring);
}

SLUICE_COLD int sluice_ring_producer_close_for(sluice_ring_producer *producer, sluice_space *space,
                                               uint32_t reason, uint32_t bytes) {
  sluice_ring *ring = producer->ring;
  if (reason != 0 && (sluice_block_room(space, reason) == 0 || /* the hold relies on it */
                      bytes > sluice_slab_bytes(space, reason) ||
                      sluice_block_hold(space, reason, sluice_bit(space->participant)) == 0)) {
    return SLUICE_E_INVALID;
  }
  (void)sluice_ring_abort(producer);
  if (reason != 0 && (flags_of(ring) & SLUICE_RING_PRODUCER_CLOSED) == 0) {
    ring->producer.reason_bytes = bytes;
    /* Publishes reason_bytes to whoever reads a reason. The flag alone would not: sluice_ring_close
     * may set it between the look above and this. */
    uintptr_t at = (uintptr_t)ring - (uintptr_t)space->base;
    sluice_message_keep(space, &ring->producer.reason, at < sluice_extent(space) ? (uint32_t)at : 0,
                        reason);
  }
  if (reason != 0) {
    (void)sluice_slab_unref(space, reason);
  }
  sluice_ring_flag(ring, SLUICE_RING_PRODUCER_CLOSED);
  return SLUICE_OK;
}

SLUICE_COLD int sluice_ring_producer_close(sluice_ring_producer *producer) {
  return sluice_ring_producer_close_for(producer, NULL, 0, 0);
}
