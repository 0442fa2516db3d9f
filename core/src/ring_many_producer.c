#include "ring_many_frame.h"

SLUICE_COLD int sluice_ring_many_producer_open(sluice_ring_many_producer *producer,
                                               sluice_ring_many *ring, uint32_t capacity,
                                               uint32_t owner) {
  int status = sluice_ring_many_may_open(ring, capacity, owner);
  if (status != SLUICE_OK) {
    return status;
  }
  sluice_ring_many_line *line = &ring->lines[(owner & UINT32_C(0xff)) - 1];
  if ((openers_of(&ring->ends.producers) & sluice_bit(owner)) != 0) {
    return SLUICE_E_BUSY;
  }
  /* before the bit, so that whoever sees the bit, or cleans up, knows whose line it is */
  atomic_store_explicit(&line->owner, owner, memory_order_release);
  SLUICE_STEP("ring_many.open: line taken");
  status = sluice_ring_many_enter(&ring->ends.producers, owner, 0);
  SLUICE_STEP("ring_many.open: producer entered");
  if (status != SLUICE_OK) {
    atomic_store_explicit(&line->owner, 0, memory_order_release);
    return status;
  }
  *producer = (sluice_ring_many_producer){
      .ring = ring,
      .line = line,
      .data = ring->data,
      .capacity = capacity,
      .max = capacity / 8,
      /* pairs with the store in hand_back */
      .head = atomic_load_explicit(&ring->side.head, memory_order_acquire),
      .owner = owner,
      .records = atomic_load_explicit(&line->records, memory_order_relaxed),
      .refused = atomic_load_explicit(&line->refused, memory_order_relaxed),
      .waits = atomic_load_explicit(&line->waits, memory_order_relaxed)};
  return SLUICE_OK;
}

/* What stands in a producer's way, SLUICE_OK if nothing. */
static int producer_state(const sluice_ring_many_producer *producer) {
  uint32_t state = state_of(producer->ring);
  uint64_t consumers = openers_of(&producer->ring->ends.consumers);
  if ((state & SLUICE_OBJECT_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  if (producer->closed != 0 || state != 0 || (consumers & SLUICE_RING_MANY_CLOSED) != 0) {
    return SLUICE_E_CLOSED;
  }
  return (consumers & SLUICE_RING_MANY_LOST) != 0 ? SLUICE_E_PEER_LOST : SLUICE_OK;
}

/* Is there room for `bytes` at `tail`, as it was read? SLUICE_OK, _FULL, _POISONED, or _AGAIN when
 * the tail has moved on since. */
static int room_at(sluice_ring_many_producer *producer, uint64_t tail, uint32_t bytes) {
  if (tail % 8 != 0) {
    return sluice_ring_many_poison(producer->ring);
  }
  if (tail + bytes - producer->head <= producer->capacity) {
    return SLUICE_OK;
  }
  /* pairs with the store in hand_back: the consumer has zeroed what it returned. seq_cst for
   * sluice_ring_many_producer_sleep, which looks here after it has marked the event word */
  uint64_t head = atomic_load_explicit(&producer->ring->side.head, memory_order_seq_cst);
  if (head < producer->head || head % 8 != 0 ||
      (head <= tail && tail - head > producer->capacity)) {
    return sluice_ring_many_poison(producer->ring);
  }
  if (head > tail) {
    return SLUICE_E_AGAIN;
  }
  producer->head = head;
  return tail + bytes - head <= producer->capacity ? SLUICE_OK : SLUICE_E_FULL;
}

/* Bytes that a record of `record` bytes takes at `tail`, with the padding before it where it does
 * not fit. */
static uint32_t needed(const sluice_ring_many_producer *producer, uint64_t tail, uint32_t record) {
  uint32_t to_end = producer->capacity - place_of(tail, producer->capacity);
  return record > to_end ? record + to_end : record;
}

/* Takes room for a record of `record` bytes, which then stands at producer->position. */
static int take_room(sluice_ring_many_producer *producer, uint32_t record) {
  sluice_ring_many *ring = producer->ring;
  sluice_ring_many_line *line = producer->line;
  int status = SLUICE_OK;
  for (int i = 0; i < SLUICE_RING_MANY_TRIES; i++) {
    /* acquire: who moved the tail had seen a head that makes room for it, and so do we then */
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    uint32_t bytes = needed(producer, tail, record);
    status = room_at(producer, tail, bytes);
    if (status == SLUICE_E_AGAIN) {
      continue;
    }
    if (status != SLUICE_OK) {
      break;
    }
    atomic_store_explicit(&line->bytes, bytes, memory_order_relaxed);
    /* publishes bytes to the recovery; pairs with the acquire in claim_in */
    atomic_store_explicit(&line->claim, tail | SLUICE_RING_MANY_ANNOUNCED, memory_order_release);
    SLUICE_STEP("ring_many.claim: announced");
    /* publishes the announcement to whoever sees the tail behind it: the recovery */
    if (!atomic_compare_exchange_strong_explicit(&ring->tail, &tail, tail + bytes,
                                                 memory_order_release, memory_order_relaxed)) {
      continue;
    }
    SLUICE_STEP("ring_many.claim: tail moved");
    /* before anything is written there: the recovery relies on an undecided claim being zero */
    atomic_store_explicit(&line->claim, tail | SLUICE_RING_MANY_ANNOUNCED | SLUICE_RING_MANY_WON,
                          memory_order_release);
    SLUICE_STEP("ring_many.claim: won");
    if (bytes != record) {
      /* publishes the padding to the consumer; pairs with the load in look */
      atomic_store_explicit(word_at(producer->data, place_of(tail, producer->capacity)),
                            padding_of(bytes - record), memory_order_release);
      SLUICE_STEP("ring_many.claim: end padded");
    }
    producer->position = tail + bytes - record;
    return SLUICE_OK;
  }
  /* it may name a claim that another has won; the recovery waits for this */
  atomic_store_explicit(&line->claim, 0, memory_order_release);
  SLUICE_STEP("ring_many.claim: withdrawn");
  return status == SLUICE_OK ? SLUICE_E_AGAIN : status;
}

static void *refuse_claim(sluice_ring_many_producer *producer, int status) {
  producer->status = status;
  if (status == SLUICE_E_FULL) {
    sluice_figure(&producer->line->refused, ++producer->refused);
  }
  return NULL;
}

void *sluice_ring_many_claim(sluice_ring_many_producer *producer, uint32_t length, int32_t type) {
  int status = producer_state(producer);
  if (status != SLUICE_OK) {
    return refuse_claim(producer, status);
  }
  if (producer->open != 0 || type < 0) {
    return refuse_claim(producer, producer->open != 0 ? SLUICE_E_BUSY : SLUICE_E_INVALID);
  }
  if (length > producer->max) {
    return refuse_claim(producer, SLUICE_E_TOO_LARGE);
  }
  status = take_room(producer, aligned(length + SLUICE_RING_HEADER));
  if (status != SLUICE_OK) {
    return refuse_claim(producer, status);
  }
  producer->claimed = length;
  producer->type = type;
  producer->open = 1;
  producer->status = SLUICE_OK;
  return producer->data + place_of(producer->position, producer->capacity) + SLUICE_RING_HEADER;
}

/* Publishes the claim as the frame `word`. */
static void publish(sluice_ring_many_producer *producer, uint64_t word) {
  uint32_t place = place_of(producer->position, producer->capacity);
  producer->open = 0;
  /* publishes the record to the consumer; pairs with the load in look. seq_cst: change, then look
   * at the event word (wait.h) */
  atomic_store_explicit(word_at(producer->data, place), word, memory_order_seq_cst);
  SLUICE_STEP("ring_many.commit: header stored");
  /* release: whoever sees the line without the claim sees the header; pairs with claim_in */
  atomic_store_explicit(&producer->line->claim, 0, memory_order_release);
  SLUICE_STEP("ring_many.commit: line cleared");
  sluice_event_signal_one(&producer->ring->filled);
}

int sluice_ring_many_commit(sluice_ring_many_producer *producer, uint32_t length) {
  if (producer->open == 0 || length > producer->claimed) {
    return SLUICE_E_INVALID;
  }
  uint32_t all = aligned(producer->claimed + SLUICE_RING_HEADER);
  uint32_t used = aligned(length + SLUICE_RING_HEADER);
  if (used < all) {
    uint32_t place = place_of(producer->position, producer->capacity) + used;
    /* published with the record before it */
    atomic_store_explicit(word_at(producer->data, place), padding_of(all - used),
                          memory_order_relaxed);
    SLUICE_STEP("ring_many.commit: rest padded");
  }
  sluice_figure(&producer->line->records, ++producer->records);
  publish(producer, word_of(length + SLUICE_RING_HEADER, producer->type));
  return SLUICE_OK;
}

SLUICE_COLD int sluice_ring_many_abort(sluice_ring_many_producer *producer) {
  if (producer->open == 0) {
    return SLUICE_E_INVALID;
  }
  /* wakes as a commit does: records behind it can be read now */
  publish(producer, padding_of(aligned(producer->claimed + SLUICE_RING_HEADER)));
  return SLUICE_OK;
}

int sluice_ring_many_push(sluice_ring_many_producer *producer, const void *payload, uint32_t length,
                          int32_t type) {
  void *at = sluice_ring_many_claim(producer, length, type);
  if (at == NULL) {
    return producer->status;
  }
  if (length != 0) { /* an empty payload may be NULL, which memcpy may not see */
    memcpy(at, payload, length);
  }
  return sluice_ring_many_commit(producer, length);
}

/* SLUICE_E_FULL while a producer would have to sleep; SLUICE_OK, or what stands in its way. */
SLUICE_COLD static int look_for_room(sluice_ring_many_producer *producer, uint32_t length) {
  int status = producer_state(producer);
  if (status != SLUICE_OK) {
    return status;
  }
  uint64_t tail = atomic_load_explicit(&producer->ring->tail, memory_order_acquire);
  status = room_at(producer, tail, needed(producer, tail, aligned(length + SLUICE_RING_HEADER)));
  return status == SLUICE_E_AGAIN ? SLUICE_OK : status;
}

/* Marks the event word and looks again: SLUICE_E_FULL when the producer has to sleep. */
SLUICE_COLD static int prepare_to_write(sluice_ring_many_producer *producer, uint32_t length) {
  int status = look_for_room(producer, length);
  if (status == SLUICE_E_FULL) {
    producer->key = sluice_event_mark(&producer->ring->room);
    SLUICE_STEP("ring_many.producer_sleep: marked");
    status = look_for_room(producer, length);
  }
  if (status == SLUICE_E_FULL) {
    sluice_figure(&producer->line->waits, ++producer->waits);
  }
  return status;
}

SLUICE_COLD int sluice_ring_many_producer_sleep(sluice_ring_many_producer *producer,
                                                uint32_t length) {
  return length <= producer->max && prepare_to_write(producer, length) == SLUICE_E_FULL;
}

SLUICE_COLD int sluice_ring_many_producer_wait(sluice_ring_many_producer *producer, uint32_t length,
                                               int64_t timeout_ns) {
  if (length > producer->max) {
    return SLUICE_E_TOO_LARGE;
  }
  for (int spin = 0; spin < SLUICE_SPINS; spin++) {
    int status = look_for_room(producer, length);
    if (status != SLUICE_E_FULL || timeout_ns == 0) {
      return status == SLUICE_E_FULL ? SLUICE_E_TIMEOUT : status;
    }
    sluice_pause();
  }
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  for (;;) {
    int status = prepare_to_write(producer, length);
    if (status != SLUICE_E_FULL) {
      return status;
    }
    status = sluice_sleep(&producer->ring->room, producer->key, &deadline);
    if (status != SLUICE_OK) {
      return status;
    }
  }
}

SLUICE_COLD int sluice_ring_many_producer_close(sluice_ring_many_producer *producer) {
  sluice_ring_many *ring = producer->ring;
  if (producer->closed != 0) {
    return SLUICE_OK;
  }
  (void)sluice_ring_many_abort(producer);
  if (sluice_ring_many_leave(&ring->ends.producers, producer->owner, SLUICE_RING_MANY_CLOSED) !=
      SLUICE_OK) {
    return sluice_ring_many_poison(ring);
  }
  producer->closed = 1;
  SLUICE_STEP("ring_many.close: producer left");
  atomic_store_explicit(&producer->line->owner, 0, memory_order_release);
  SLUICE_STEP("ring_many.close: line given back");
  sluice_event_signal_all(&ring->filled);
  return SLUICE_OK;
}
