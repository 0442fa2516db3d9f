#include "ring_many_frame.h"

SLUICE_COLD int sluice_ring_many_consumer_open(sluice_ring_many_consumer *consumer,
                                               sluice_ring_many *ring, uint32_t capacity,
                                               uint32_t owner) {
  int status = sluice_ring_many_may_open(ring, capacity, owner);
  if (status != SLUICE_OK) {
    return status;
  }
  uint32_t shared = ring->object.kind == SLUICE_KIND_RING_MPMC;
  /* acquires what an MPSC ring's last consumer left */
  status = sluice_ring_many_enter(&ring->ends.consumers, owner, !shared);
  SLUICE_STEP("ring_many.open: consumer entered");
  if (status != SLUICE_OK) {
    return status;
  }
  uint64_t head = atomic_load_explicit(&ring->side.head, memory_order_acquire);
  *consumer = (sluice_ring_many_consumer){.ring = ring,
                                          .data = ring->data,
                                          .capacity = capacity,
                                          .max = capacity / 8,
                                          .head = head,
                                          .cursor = head,
                                          .reading = (uint32_t)head,
                                          .owner = owner,
                                          .shared = shared,
                                          .holds = !shared};
  return head % 8 == 0 ? SLUICE_OK : sluice_ring_many_poison(ring);
}

/* Why there is nothing to read. */
static int consumer_state(const sluice_ring_many_consumer *consumer) {
  uint32_t state = state_of(consumer->ring);
  uint64_t producers = openers_of(&consumer->ring->ends.producers);
  if ((state & SLUICE_OBJECT_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  if (state != 0 || (producers & SLUICE_RING_MANY_CLOSED) != 0) {
    return SLUICE_E_CLOSED;
  }
  return (producers & SLUICE_RING_MANY_LOST) != 0 ? SLUICE_E_PEER_LOST : SLUICE_E_EMPTY;
}

/* ---- the side ---- */

/* Takes the consumers' side unless this consumer has it. `mark` not 0: tells the one who has it that
 * another wants it, and is about to sleep, or may give up. SLUICE_OK, SLUICE_E_EMPTY when another
 * has it (and is told), SLUICE_E_AGAIN, _CLOSED or _POISONED. */
static int take_side(sluice_ring_many_consumer *consumer, uint32_t mark) {
  sluice_ring_many *ring = consumer->ring;
  if (consumer->closed != 0) {
    return SLUICE_E_CLOSED;
  }
  for (int i = 0; consumer->holds == 0 && i < SLUICE_RING_MANY_TRIES; i++) {
    uint32_t holder = 0;
    /* acquires what the last holder read and zeroed; pairs with the exchange in give_back. seq_cst,
     * as a sleeper's second look */
    if (atomic_compare_exchange_strong_explicit(&ring->side.owner, &holder, consumer->owner,
                                                memory_order_seq_cst, memory_order_seq_cst)) {
      consumer->holds = 1;
      consumer->key = 0; /* whatever it may have been woken for, it looks itself */
      SLUICE_STEP("ring_many.side: taken");
      uint64_t head = atomic_load_explicit(&ring->side.head, memory_order_acquire);
      consumer->head = head;
      consumer->cursor = head;
      consumer->reading = (uint32_t)head;
      if (head % 8 != 0) {
        return sluice_ring_many_poison(ring);
      }
    } else if (mark == 0 || (holder & SLUICE_WAITERS_BIT) != 0 ||
               /* seq_cst: mark, then sleep; pairs with the exchange in give_back */
               atomic_compare_exchange_strong_explicit(
                   &ring->side.owner, &holder, holder | SLUICE_WAITERS_BIT, memory_order_seq_cst,
                   memory_order_relaxed)) {
      return SLUICE_E_EMPTY;
    }
  }
  return consumer->holds != 0 ? SLUICE_OK : SLUICE_E_AGAIN;
}

/* Wakes whoever may look next: one for a record, all for the end. */
SLUICE_COLD static void pass_on(const sluice_ring_many_consumer *consumer) {
  if (consumer_state(consumer) == SLUICE_E_EMPTY) {
    sluice_event_signal_one(&consumer->ring->filled);
  } else {
    sluice_event_signal_all(&consumer->ring->filled);
  }
}

/* Gives an MPMC ring's side back. `more` 1: there are records for another. */
static void give_back(sluice_ring_many_consumer *consumer, int more) {
  if (consumer->shared == 0 || consumer->holds == 0) {
    return;
  }
  consumer->holds = 0;
  /* hands on what was read and zeroed; pairs with take_side. seq_cst: free, then look whether
   * another has marked it since */
  uint32_t was = atomic_exchange_explicit(&consumer->ring->side.owner, 0, memory_order_seq_cst);
  SLUICE_STEP("ring_many.side: given back");
  if (more != 0 || (was & SLUICE_WAITERS_BIT) != 0) {
    pass_on(consumer);
  }
}

/* ---- reading ----
 *
 * Who may have slept since it last had the side, `key` says so, may have been woken for a record. It
 * may find another at work, which has looked before that record came, and give up then; so it tells
 * that one, who passes the wake-up on. */

/* Looks at the frame under the cursor. Returns its aligned bytes; 0 when there is none, with
 * consumer->status saying why. *word is its header, read once. */
static uint32_t look(sluice_ring_many_consumer *consumer, uint64_t *word) {
  uint32_t place = place_of(consumer->cursor, consumer->capacity);
  uint32_t unread = consumer->capacity - (uint32_t)(consumer->cursor - consumer->head);
  if ((state_of(consumer->ring) & SLUICE_OBJECT_POISONED) != 0) {
    consumer->status = SLUICE_E_POISONED;
    return 0;
  }
  if (unread == 0) {
    consumer->status = SLUICE_E_EMPTY; /* all of the buffer is read and not released */
    return 0;
  }
  for (int again = 0;; again++) {
    /* pairs with the store in publish: the payload is visible. seq_cst for a sleeper, which looks
     * here after it has marked its event word */
    *word = atomic_load_explicit(word_at(consumer->data, place), memory_order_seq_cst);
    if (*word != 0) {
      break;
    }
    SLUICE_STEP("ring_many.read: nothing found");
    consumer->status = consumer_state(consumer);
    /* A producer commits, then closes: after "closed" one more look finds what came before. */
    if (consumer->status == SLUICE_E_EMPTY || again != 0) {
      return 0;
    }
  }
  uint32_t bytes = frame_in(*word, consumer->capacity - place, consumer->max);
  if (bytes == 0 || bytes > unread) { /* no frame, or one that reaches into what was read */
    consumer->status = sluice_ring_many_poison(consumer->ring);
    return 0;
  }
  consumer->status = SLUICE_OK;
  return bytes;
}

/* As look, with paddings skipped: at most capacity / 8, then the buffer is read. */
static uint32_t next_record(sluice_ring_many_consumer *consumer, uint64_t *word) {
  uint32_t bytes = look(consumer, word);
  while (bytes != 0 && type_in(*word) == SLUICE_RING_PADDING) {
    consumer->cursor += bytes;
    bytes = look(consumer, word);
  }
  return bytes;
}

/* Says, before they are handed out, that `records` up to position `to` are being read. In one word,
 * so that a death between two stores cannot miscount. */
static void announce(sluice_ring_many_consumer *consumer, uint64_t to, uint32_t records) {
  uint64_t reading = (uint64_t)records << 32 | (uint32_t)to;
  if (reading != consumer->reading) {
    consumer->reading = reading;
    /* release: whoever sees a header zeroed sees this; pairs with the acquire in passed */
    atomic_store_explicit(&consumer->ring->side.reading, reading, memory_order_release);
    SLUICE_STEP("ring_many.read: announced");
  }
}

/* Nothing to read. Room that only padding took goes back at once, as does the side: nobody will
 * release them. */
static void release_padding(sluice_ring_many_consumer *consumer) {
  int status = consumer->status;
  if (consumer->read == 0) {
    if (sluice_ring_many_release(consumer) < 0) {
      status = SLUICE_E_POISONED;
    }
  }
  consumer->status = status;
}

const void *sluice_ring_many_peek(sluice_ring_many_consumer *consumer) {
  uint64_t word = 0;
  consumer->peeked = 0;
  consumer->status = take_side(consumer, consumer->key);
  if (consumer->status == SLUICE_E_AGAIN) {
    consumer->status = SLUICE_E_EMPTY;
  }
  if (consumer->status != SLUICE_OK) {
    give_back(consumer, 0);
    return NULL;
  }
  uint32_t bytes = next_record(consumer, &word);
  if (bytes == 0) {
    release_padding(consumer);
    return NULL;
  }
  consumer->peeked = bytes;
  consumer->length = (uint32_t)length_in(word) - SLUICE_RING_HEADER;
  consumer->type = type_in(word);
  announce(consumer, consumer->cursor + bytes, consumer->read + 1);
  return consumer->data + place_of(consumer->cursor, consumer->capacity) + SLUICE_RING_HEADER;
}

int sluice_ring_many_drain(sluice_ring_many_consumer *consumer, sluice_ring_record *batch,
                           uint32_t limit, const void *base) {
  uint32_t count = 0;
  consumer->peeked = 0;
  if (limit == 0) {
    return 0;
  }
  int status = take_side(consumer, consumer->key);
  if (status != SLUICE_OK) {
    give_back(consumer, 0);
    return status == SLUICE_E_AGAIN ? SLUICE_E_EMPTY : status;
  }
  while (count < limit) {
    uint64_t word = 0;
    uint32_t bytes = next_record(consumer, &word);
    if (bytes == 0) {
      break;
    }
    uint32_t place = place_of(consumer->cursor, consumer->capacity);
    batch[count++] = (sluice_ring_record){
        .offset =
            (uint32_t)((uintptr_t)(consumer->data + place + SLUICE_RING_HEADER) - (uintptr_t)base),
        .length = (uint32_t)length_in(word) - SLUICE_RING_HEADER,
        .type = type_in(word)};
    consumer->cursor += bytes;
  }
  consumer->read += count;
  if (count == 0) {
    release_padding(consumer);
    return consumer->status;
  }
  announce(consumer, consumer->cursor, consumer->read);
  return (int)count;
}

SLUICE_COLD void sluice_ring_many_rewind(sluice_ring_many_consumer *consumer) {
  consumer->cursor = consumer->head;
  consumer->read = 0;
  consumer->peeked = 0;
  if (consumer->holds != 0) {
    announce(consumer, consumer->head, 0);
  }
}

/* ---- giving room back ---- */

/* Zeroes what was read, frame by frame: each header by an atomic store, because the recovery may
 * look at it at the same moment. */
static int wipe(sluice_ring_many_consumer *consumer) {
  for (uint64_t at = consumer->head; at != consumer->cursor;) {
    uint32_t place = place_of(at, consumer->capacity);
    _Atomic uint64_t *header = word_at(consumer->data, place);
    uint64_t word = atomic_load_explicit(header, memory_order_relaxed);
    uint32_t bytes = frame_in(word, consumer->capacity - place, consumer->max);
    if (bytes == 0 || bytes > consumer->cursor - at) { /* not what it was when it was read */
      return sluice_ring_many_poison(consumer->ring);
    }
    /* release: whoever sees it zeroed sees `reading` behind it; pairs with the acquire in is_zero
     */
    atomic_store_explicit(header, 0, memory_order_release);
    zero(consumer->data + place + SLUICE_RING_HEADER, bytes - SLUICE_RING_HEADER);
    SLUICE_STEP("ring_many.release: a frame zeroed");
    at += bytes;
  }
  return SLUICE_OK;
}

/* Zeroes and returns everything up to the cursor. */
static int hand_back(sluice_ring_many_consumer *consumer) {
  sluice_ring_many *ring = consumer->ring;
  announce(consumer, consumer->cursor, consumer->read); /* paddings behind the last record */
  int status = wipe(consumer);
  if (status != SLUICE_OK) {
    return status;
  }
  consumer->head = consumer->cursor;
  /* publishes the zeroed room to the producers; pairs with the load in room_at. seq_cst: change,
   * then look at the event word. An exchange, to acquire the recovery's looks; pairs with the
   * release in unpublished */
  (void)atomic_exchange_explicit(&ring->side.head, consumer->head, memory_order_seq_cst);
  SLUICE_STEP("ring_many.release: head moved");
  uint64_t records = atomic_load_explicit(&ring->side.records, memory_order_relaxed);
  sluice_figure(&ring->side.records, records + consumer->read);
  consumer->read = 0;
  sluice_event_signal_all(&ring->room);
  return SLUICE_OK;
}

int sluice_ring_many_release(sluice_ring_many_consumer *consumer) {
  if (consumer->holds == 0) {
    return 0;
  }
  if (consumer->peeked != 0) {
    consumer->cursor += consumer->peeked;
    consumer->peeked = 0;
    consumer->read++;
  }
  int status = (int)consumer->read;
  if (consumer->cursor != consumer->head) {
    int wiped = hand_back(consumer);
    status = wiped != SLUICE_OK ? wiped : status;
  }
  if (consumer->shared != 0) {
    /* A waiter that marks itself after this look finds the side taken, and says so. */
    int more =
        status >= 0 &&
        (atomic_load_explicit(&consumer->ring->filled, memory_order_relaxed) &
         SLUICE_EVENT_WAITER) != 0 &&
        atomic_load_explicit(word_at(consumer->data, place_of(consumer->head, consumer->capacity)),
                             memory_order_relaxed) != 0;
    give_back(consumer, more);
  }
  return status;
}

/* ---- waiting ---- */

/* Is there a frame for this consumer? SLUICE_OK, or why not; SLUICE_E_AGAIN when it cannot tell.
 * What it read is released, so that the side is given back. */
SLUICE_COLD static int look_for_frame(sluice_ring_many_consumer *consumer, uint32_t mark) {
  int status = take_side(consumer, mark);
  if (status == SLUICE_OK) {
    uint64_t word = 0;
    (void)look(consumer, &word);
    status = consumer->status;
  }
  give_back(consumer, 0);
  return status;
}

/* Marks the event word and looks again: SLUICE_E_EMPTY when the consumer has to sleep. */
SLUICE_COLD static int prepare_to_read(sluice_ring_many_consumer *consumer) {
  if (consumer->peeked != 0) {
    return SLUICE_OK;
  }
  int status = look_for_frame(consumer, 0);
  if (status == SLUICE_E_EMPTY) {
    uint32_t key = sluice_event_mark(&consumer->ring->filled);
    SLUICE_STEP("ring_many.consumer_sleep: marked");
    status = look_for_frame(consumer, 1);
    consumer->key = key;
  }
  if (status == SLUICE_E_EMPTY) {
    atomic_fetch_add_explicit(&consumer->ring->side.waits, 1, memory_order_relaxed);
  }
  return status == SLUICE_E_AGAIN ? SLUICE_OK : status;
}

/* Releases what was drained, not what peek shows. */
SLUICE_COLD static int release_drained(sluice_ring_many_consumer *consumer) {
  return consumer->peeked == 0 ? sluice_ring_many_release(consumer) : 0;
}

SLUICE_COLD int sluice_ring_many_consumer_sleep(sluice_ring_many_consumer *consumer) {
  return release_drained(consumer) >= 0 && prepare_to_read(consumer) == SLUICE_E_EMPTY;
}

/* Whether a look is worth its price: for an MPMC ring's side there is a compare-and-swap to pay. */
SLUICE_COLD static int may_have_changed(const sluice_ring_many_consumer *consumer) {
  const sluice_ring_many *ring = consumer->ring;
  return consumer->holds != 0 ||
         atomic_load_explicit(&ring->tail, memory_order_relaxed) !=
             atomic_load_explicit(&ring->side.head, memory_order_relaxed) ||
         consumer_state(consumer) != SLUICE_E_EMPTY;
}

SLUICE_COLD int sluice_ring_many_consumer_wait(sluice_ring_many_consumer *consumer,
                                               int64_t timeout_ns) {
  if (release_drained(consumer) < 0) {
    return SLUICE_E_POISONED;
  }
  if (consumer->peeked != 0) {
    return SLUICE_OK;
  }
  for (int spin = 0; spin < SLUICE_SPINS; spin++) {
    if (may_have_changed(consumer)) {
      int status = look_for_frame(consumer, 0);
      if (status != SLUICE_E_EMPTY && status != SLUICE_E_AGAIN) {
        return status;
      }
    }
    if (timeout_ns == 0) {
      return SLUICE_E_TIMEOUT;
    }
    sluice_pause();
  }
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  for (;;) {
    int status = prepare_to_read(consumer);
    if (status != SLUICE_E_EMPTY) {
      return status;
    }
    status = sluice_sleep(&consumer->ring->filled, consumer->key, &deadline);
    if (status != SLUICE_OK) {
      return status;
    }
  }
}

SLUICE_COLD void sluice_ring_many_consumer_pass(sluice_ring_many_consumer *consumer) {
  pass_on(consumer);
}

SLUICE_COLD int sluice_ring_many_consumer_close(sluice_ring_many_consumer *consumer) {
  sluice_ring_many *ring = consumer->ring;
  if (consumer->closed != 0) {
    return SLUICE_OK;
  }
  int status = sluice_ring_many_release(consumer);
  if (sluice_ring_many_leave(&ring->ends.consumers, consumer->owner, SLUICE_RING_MANY_CLOSED) !=
      SLUICE_OK) {
    return sluice_ring_many_poison(ring);
  }
  SLUICE_STEP("ring_many.close: consumer left");
  sluice_event_signal_all(&ring->room);
  pass_on(consumer); /* it may have been woken for a record that it leaves to another */
  consumer->closed = 1;
  consumer->holds = 0;
  return status < 0 ? status : SLUICE_OK;
}
