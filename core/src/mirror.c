/* How a ring in one memory follows a ring in another: the last part of ring.h. */
#include "ring_frame.h"

const void *sluice_ring_take(sluice_ring_consumer *consumer) {
  uint32_t start = place_of(consumer->cursor, consumer->capacity);
  uint32_t bytes = 0;
  while (start + bytes < consumer->capacity) {
    int32_t length = 0;
    int32_t type = 0;
    uint32_t one = sluice_ring_look(consumer, &length, &type);
    if (one == 0) {
      break;
    }
    consumer->cursor += one;
    consumer->read += type != SLUICE_RING_PADDING;
    bytes += one;
  }
  consumer->length = bytes;
  return bytes == 0 ? NULL : consumer->data + start;
}

int sluice_ring_release_bytes(sluice_ring_consumer *consumer, uint32_t bytes) {
  if (bytes % 8 != 0 || bytes > consumer->cursor - consumer->head) {
    return SLUICE_E_INVALID;
  }
  consumer->records += consumer->read;
  consumer->read = 0;
  sluice_figure(&consumer->ring->consumer.records, consumer->records);
  sluice_ring_release_to(consumer, consumer->head + bytes);
  return SLUICE_OK;
}

void *sluice_ring_reserve(sluice_ring_producer *producer, uint32_t bytes) {
  uint32_t place = place_of(producer->tail, producer->capacity);
  int status = sluice_ring_producer_state(producer->ring);
  if (status == SLUICE_OK && producer->open != 0) {
    status = SLUICE_E_BUSY;
  }
  if (status == SLUICE_OK && (bytes == 0 || bytes % 8 != 0 || bytes > producer->capacity - place)) {
    status = SLUICE_E_INVALID;
  }
  if (status == SLUICE_OK) {
    status = sluice_ring_room(producer, bytes);
  }
  producer->status = status;
  return status == SLUICE_OK ? producer->data + place : NULL;
}

int sluice_ring_append(sluice_ring_producer *producer, uint32_t bytes) {
  uint32_t place = place_of(producer->tail, producer->capacity);
  uint32_t checked = 0;
  uint64_t records = 0;
  if (bytes > producer->capacity - place) {
    return SLUICE_E_INVALID;
  }
  while (checked < bytes) {
    int32_t length =
        atomic_load_explicit(header_at(producer->data, place + checked), memory_order_relaxed);
    int32_t type = *type_at(producer->data, place + checked);
    uint32_t to_end = producer->capacity - place - checked;
    uint32_t one = frame(length, type, to_end, producer->max);
    if (one == 0 || one > bytes - checked) {
      return sluice_ring_poison(producer->ring);
    }
    records += type != SLUICE_RING_PADDING;
    checked += one;
  }
  producer->tail += bytes;
  producer->records += records;
  sluice_figure(&producer->ring->producer.tail, producer->tail);
  sluice_figure(&producer->ring->producer.records, producer->records);
  wake(&producer->ring->consumer.asleep);
  return SLUICE_OK;
}
