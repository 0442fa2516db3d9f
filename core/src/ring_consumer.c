#include "ring_frame.h"

SLUICE_COLD int sluice_ring_consumer_open(sluice_ring_consumer *consumer, sluice_ring *ring,
                                          uint32_t capacity, uint32_t owner) {
  int status = sluice_ring_take_end(ring, &ring->consumer.owner, owner, capacity,
                                    SLUICE_RING_CONSUMER_CLOSED, SLUICE_RING_CONSUMER_LOST);
  if (status == SLUICE_OK) {
    *consumer = (sluice_ring_consumer){
        .ring = ring, .data = ring->data, .capacity = capacity, .max = capacity / 8};
  }
  return status;
}

/* Why there is nothing to read: the state of a consumer that has found no record. */
static int consumer_state(const sluice_ring *ring) {
  uint32_t flags = flags_of(ring);
  if ((flags & SLUICE_RING_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  if ((flags & (SLUICE_RING_CONSUMER_CLOSED | SLUICE_RING_PRODUCER_CLOSED)) != 0) {
    return SLUICE_E_CLOSED;
  }
  return (flags & SLUICE_RING_PRODUCER_LOST) != 0 ? SLUICE_E_PEER_LOST : SLUICE_E_EMPTY;
}

/* Looks at the frame under the cursor. Returns its aligned bytes; 0 when there is none, with
 * consumer->status saying why. *length and *type are the frame's words, each read once. */
uint32_t sluice_ring_look(sluice_ring_consumer *consumer, int32_t *length, int32_t *type) {
  uint32_t place = place_of(consumer->cursor, consumer->capacity);
  uint32_t unread = consumer->capacity - (uint32_t)(consumer->cursor - consumer->head);
  if ((sluice_glance(&consumer->ring->object.state) &
       (SLUICE_RING_POISONED | SLUICE_RING_CONSUMER_CLOSED)) != 0) {
    consumer->status = consumer_state(consumer->ring);
    return 0;
  }
  if (unread == 0) {
    consumer->status = SLUICE_E_EMPTY; /* all of the buffer is read and not released */
    return 0;
  }
  for (int again = 0;; again++) {
    /* pairs with the store in publish: payload and type are visible.
     * seq_cst for sluice_ring_consumer_sleep, which looks here after it has set its word */
    *length = atomic_load_explicit(header_at(consumer->data, place), memory_order_seq_cst);
    if (*length != 0) {
      break;
    }
    consumer->status = consumer_state(consumer->ring);
    /* A producer commits, then closes: after "closed" one more look finds what came before. */
    if (consumer->status == SLUICE_E_EMPTY || again != 0) {
      return 0;
    }
  }
  *type = *type_at(consumer->data, place);
  uint32_t bytes = frame(*length, *type, consumer->capacity - place, consumer->max);
  if (bytes == 0 || bytes > unread) { /* no frame, or one that reaches into what was read */
    consumer->status = sluice_ring_poison(consumer->ring);
    return 0;
  }
  consumer->status = SLUICE_OK;
  return bytes;
}

/* Whether there is neither a frame under the cursor nor a flag, by a glance. Who means to sleep
 * looks. */
static int is_quiet(const sluice_ring_consumer *consumer) {
  uint32_t place = place_of(consumer->cursor, consumer->capacity);
  const void *header = header_at(consumer->data, place);
  return sluice_glance(header) == 0 && sluice_glance(&consumer->ring->object.state) == 0;
}

/* As look, with paddings skipped. */
static uint32_t next_record(sluice_ring_consumer *consumer, int32_t *length, int32_t *type) {
  if (is_quiet(consumer)) {
    consumer->status = SLUICE_E_EMPTY;
    return 0;
  }
  uint32_t bytes = sluice_ring_look(consumer, length, type);
  if (bytes != 0 && *type == SLUICE_RING_PADDING) {
    consumer->cursor += bytes;
    /* now at the buffer's start, where look lets no padding pass */
    bytes = sluice_ring_look(consumer, length, type);
  }
  return bytes;
}

static unsigned char *payload_at(const sluice_ring_consumer *consumer) {
  uint32_t place = place_of(consumer->cursor, consumer->capacity);
  return consumer->data + place + SLUICE_RING_HEADER;
}

/* Nothing to read. Room that only a padding took goes back at once: nobody will release it. */
static void release_padding(sluice_ring_consumer *consumer) {
  if (consumer->read == 0) {
    (void)sluice_ring_release(consumer);
  }
}

const void *sluice_ring_peek(sluice_ring_consumer *consumer) {
  int32_t length = 0;
  int32_t type = 0;
  consumer->peeked = next_record(consumer, &length, &type);
  if (consumer->peeked == 0) {
    release_padding(consumer);
    return NULL;
  }
  consumer->length = (uint32_t)length - SLUICE_RING_HEADER;
  consumer->type = type;
  return payload_at(consumer);
}

/* A drain has found `count` records and no more: is it worth a rest? Where the last one paid, and
 * now and then to see. */
static int may_rest(sluice_ring_consumer *consumer, uint32_t count) {
  return count != 0 && (consumer->streams != 0 || ++consumer->dry % SLUICE_REST_EVERY == 0);
}

int sluice_ring_drain(sluice_ring_consumer *consumer, sluice_ring_record *batch, uint32_t limit,
                      const void *base) {
  uint32_t count = 0;
  uint32_t before = 0; /* the rest */
  consumer->peeked = 0;
  while (count < limit) {
    int32_t length = 0;
    int32_t type = 0;
    uint32_t bytes = next_record(consumer, &length, &type);
    if (bytes == 0 && before == 0 && may_rest(consumer, count)) {
      before = count;
      sluice_rest();
      continue;
    }
    if (bytes == 0) {
      break;
    }
    batch[count] = (sluice_ring_record){
        .offset = (uint32_t)((uintptr_t)payload_at(consumer) - (uintptr_t)base),
        .length = (uint32_t)length - SLUICE_RING_HEADER,
        .type = type};
    consumer->cursor += bytes;
    count++;
  }
  if (before != 0) {
    consumer->streams = count == limit || count - before >= SLUICE_REST_PAYS;
  }
  consumer->read += count;
  if (count == 0 && limit != 0) {
    int status = consumer->status;
    release_padding(consumer);
    return status;
  }
  return (int)count;
}

/* Zeroes and returns everything up to position `to`. */
void sluice_ring_release_to(sluice_ring_consumer *consumer, uint64_t to) {
  sluice_ring *ring = consumer->ring;
  uint32_t bytes = (uint32_t)(to - consumer->head);
  uint32_t place = place_of(consumer->head, consumer->capacity);
  uint32_t to_end = consumer->capacity - place;
  uint32_t first = bytes < to_end ? bytes : to_end;
  zero(consumer->data + place, first);
  SLUICE_STEP("ring.release: zeroed up to the end");
  zero(consumer->data, bytes - first);
  SLUICE_STEP("ring.release: zeroed");
  consumer->head = to;
  /* publishes the zeroed room to the producer; pairs with the load in room.
   * seq_cst for the look at `asleep` that follows (see wake) */
  atomic_store_explicit(&ring->consumer.head, to, memory_order_seq_cst);
  SLUICE_STEP("ring.release: head moved");
  if (atomic_load_explicit(&ring->producer.asleep, memory_order_seq_cst) != 0 &&
      to >= atomic_load_explicit(&ring->producer.wake_at, memory_order_relaxed)) {
    wake(&ring->producer.asleep);
  }
}

SLUICE_COLD void sluice_ring_rewind(sluice_ring_consumer *consumer) {
  consumer->cursor = consumer->head;
  consumer->read = 0;
  consumer->peeked = 0;
}

int sluice_ring_release(sluice_ring_consumer *consumer) {
  if (consumer->peeked != 0) {
    consumer->cursor += consumer->peeked;
    consumer->peeked = 0;
    consumer->read++;
  }
  uint32_t records = consumer->read;
  if (consumer->cursor != consumer->head) {
    consumer->records += records;
    consumer->read = 0;
    sluice_figure(&consumer->ring->consumer.records, consumer->records);
    sluice_ring_release_to(consumer, consumer->cursor);
  }
  return (int)records;
}

SLUICE_COLD int sluice_ring_consumer_sleep(sluice_ring_consumer *consumer) {
  sluice_ring *ring = consumer->ring;
  int32_t length = 0;
  int32_t type = 0;
  if (consumer->peeked == 0) {
    (void)sluice_ring_release(consumer);
  }
  /* seq_cst: set, then look (see wake) */
  uint32_t before = atomic_exchange_explicit(&ring->consumer.asleep, 1, memory_order_seq_cst);
  if (sluice_ring_look(consumer, &length, &type) != 0 || consumer->status != SLUICE_E_EMPTY) {
    unset(&ring->consumer.asleep, before);
    return 0;
  }
  sluice_figure(&ring->consumer.waits, ++consumer->waits);
  return 1;
}

SLUICE_COLD int sluice_ring_consumer_wait(sluice_ring_consumer *consumer, int64_t timeout_ns) {
  int32_t length = 0;
  int32_t type = 0;
  if (consumer->peeked == 0) {
    (void)sluice_ring_release(consumer);
  }
  for (int spin = 0; spin < SLUICE_SPINS; spin++) {
    if (!is_quiet(consumer)) {
      if (sluice_ring_look(consumer, &length, &type) != 0) {
        return SLUICE_OK;
      }
      if (consumer->status != SLUICE_E_EMPTY) {
        return consumer->status;
      }
    }
    if (timeout_ns == 0) {
      return SLUICE_E_TIMEOUT;
    }
    sluice_pause();
  }
  _Atomic uint32_t *asleep = &consumer->ring->consumer.asleep;
  uint32_t before = atomic_load_explicit(asleep, memory_order_relaxed);
  if (sluice_ring_consumer_sleep(consumer) &&
      sluice_futex_wait(asleep, 1, timeout_ns) != SLUICE_OK) {
    unset(asleep, before);
    return SLUICE_E_TIMEOUT;
  }
  return SLUICE_OK;
}

SLUICE_COLD int sluice_ring_consumer_close(sluice_ring_consumer *consumer) {
  (void)sluice_ring_release(consumer);
  sluice_ring_flag(consumer->ring, SLUICE_RING_CONSUMER_CLOSED);
  return SLUICE_OK;
}
