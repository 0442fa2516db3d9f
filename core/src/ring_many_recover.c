/* What is done to an MPSC or MPMC ring after the death of a participant.
 *
 * Its batch as a consumer: what was announced in `reading` and not released is counted as lost, and
 * zeroed.
 *
 * Its claim as a producer. A line that names position P proves nothing by itself: A and B may both
 * have announced P, one has moved the tail. While the winner has not said that it won, it has
 * written nothing, so what was claimed at P is zero throughout. Then
 *
 *   P is published (its header is not zero, or consumers have passed it)  the dead one did not win
 *   another's line says that it won P                                     the dead one did not win
 *   a live one's line names P                                             ask again: it moves on
 *   only dead ones' lines name P: one of them won. Its claim's end is where the tail stood next, so
 *   it is the tail, or somebody's line names it, or its header is not zero. No end that lies before
 *   the true one is any of these, because the tail never stood there and all is zero there. So the
 *   nearest end that is attested is the true one; and of two that announced the same end either may
 *   be taken for the winner.
 *
 * Who is found to have won is marked as such before anything is written, so that the next one who
 * recovers, after the death of this one, goes on from there. One recovers a ring at a time: of two
 * that pad the same claim, the second could do so a lap later. */
#include "blocks.h"
#include "kinds.h"
#include "lock.h"
#include "ring_many_frame.h"

#define SLUICE_RING_MANY_FLAGS (SLUICE_RING_MANY_ANNOUNCED | SLUICE_RING_MANY_WON)

typedef struct recovery {
  sluice_space *space;
  sluice_ring_many *ring;
  unsigned char *data;
  uint32_t capacity;
  uint32_t id;
} recovery;

/* Takes the right to recover the ring; 0 while another live one has it. */
static int begin(const recovery *r) {
  _Atomic uint32_t *recoverer = &r->ring->ends.recoverer;
  /* 0 for who has not joined, who is alone, or has no proof of death */
  uint32_t me = r->space->participant;
  uint32_t now = atomic_load_explicit(recoverer, memory_order_acquire);
  if (now != me && sluice_participant_alive(r->space, now)) {
    return 0;
  }
  /* acquires what the last one did; pairs with the release in sluice_ring_many_recover */
  return atomic_compare_exchange_strong_explicit(recoverer, &now, me, memory_order_acq_rel,
                                                 memory_order_relaxed);
}

/* ---- the consumer's batch ---- */

/* Zeroes and counts [head, reading), which the dead consumer was handed. */
static void recover_batch(const recovery *r) {
  sluice_ring_many *ring = r->ring;
  uint64_t head = atomic_load_explicit(&ring->side.head, memory_order_acquire);
  uint64_t reading = atomic_load_explicit(&ring->side.reading, memory_order_acquire);
  uint32_t bytes = (uint32_t)reading - (uint32_t)head;
  uint64_t to = head + bytes;
  if (bytes > r->capacity || bytes % 8 != 0 || head % 8 != 0) {
    (void)sluice_ring_many_poison(ring);
    return;
  }
  if (bytes == 0) {
    return;
  }
  /* Counted once, wherever the last one who tried has died: the sum is worked out, then marked as
   * this batch's, then stored. */
  if (atomic_load_explicit(&ring->side.lost_at, memory_order_relaxed) != to) {
    uint64_t lost = atomic_load_explicit(&ring->side.lost_with_receiver, memory_order_relaxed);
    atomic_store_explicit(&ring->side.lost_next, lost + (reading >> 32), memory_order_relaxed);
    SLUICE_STEP("ring_many.recover: loss worked out");
    atomic_store_explicit(&ring->side.lost_at, to, memory_order_release);
    SLUICE_STEP("ring_many.recover: loss marked");
  }
  atomic_store_explicit(&ring->side.lost_with_receiver,
                        atomic_load_explicit(&ring->side.lost_next, memory_order_relaxed),
                        memory_order_relaxed);
  SLUICE_STEP("ring_many.recover: loss counted");
  uint32_t place = place_of(head, r->capacity);
  uint32_t to_end = r->capacity - place;
  uint32_t first = bytes < to_end ? bytes : to_end;
  sluice_message_lose(r->space, ring, place, bytes, r->capacity);
  SLUICE_STEP("ring_many.recover: blocks let go");
  memset(r->data + place, 0, first);
  SLUICE_STEP("ring_many.recover: batch zeroed up to the end");
  memset(r->data, 0, bytes - first);
  SLUICE_STEP("ring_many.recover: batch zeroed");
  /* publishes the zeroed room; pairs with the load in room_at */
  atomic_store_explicit(&ring->side.head, to, memory_order_seq_cst);
  SLUICE_STEP("ring_many.recover: head moved");
}

static int recover_consumer(const recovery *r) {
  sluice_ring_many *ring = r->ring;
  _Atomic uint64_t *consumers = &ring->ends.consumers;
  uint32_t owner = atomic_load_explicit(&ring->side.owner, memory_order_acquire);
  if (ring->object.kind == SLUICE_KIND_RING_MPSC) {
    if ((openers_of(consumers) & sluice_bit(r->id)) != 0) {
      recover_batch(r);
    }
  } else if ((owner & SLUICE_OWNER_MASK) == r->id) {
    recover_batch(r);
    /* hands the side on; pairs with the acquire in take_side. Others only add the waiters' bit. */
    atomic_store_explicit(&ring->side.owner, 0, memory_order_seq_cst);
    SLUICE_STEP("ring_many.recover: side freed");
  }
  int status = sluice_ring_many_leave(consumers, r->id, SLUICE_RING_MANY_LOST);
  SLUICE_STEP("ring_many.recover: consumer left");
  return status;
}

/* ---- the producer's claim ---- */

static uint64_t claim_in(const sluice_ring_many_line *line) {
  /* pairs with the releases in take_room and publish */
  return atomic_load_explicit(&line->claim, memory_order_acquire);
}

static int names(uint64_t claim, uint64_t position) {
  return (claim & SLUICE_RING_MANY_ANNOUNCED) != 0 && (claim & ~SLUICE_RING_MANY_FLAGS) == position;
}

/* Have consumers read past `position`? */
static int passed(const recovery *r, uint64_t position) {
  /* pairs with the release in announce; looked at before the head, so that the difference of the
   * lower halves means something: position is not behind the head, nor a lap before it */
  uint64_t reading = atomic_load_explicit(&r->ring->side.reading, memory_order_acquire);
  uint64_t head = atomic_load_explicit(&r->ring->side.head, memory_order_acquire);
  return head > position || (int32_t)((uint32_t)reading - (uint32_t)position) > 0;
}

/* Pairs with the release in wipe: whoever finds a header zeroed finds its position passed. */
static int is_zero(const recovery *r, uint64_t position) {
  return atomic_load_explicit(word_at(r->data, place_of(position, r->capacity)),
                              memory_order_acquire) == 0;
}

/* Is what was claimed at `position` neither published nor padded? Looks at the header only where
 * consumers have not passed it: a lap later it lies within another's payload. Should they pass it
 * between the two looks, the second one throws away what was read. */
static int unpublished(const recovery *r, uint64_t position) {
  if (passed(r, position)) {
    return 0;
  }
  int zero_there = is_zero(r, position);
  /* Changes nothing, but releases this look to whoever returns the room, and so to whoever writes
   * there next; pairs with the exchange in hand_back. */
  (void)atomic_fetch_or_explicit(&r->ring->side.head, 0, memory_order_acq_rel);
  return zero_there && !passed(r, position);
}

/* Was the tail ever at `position`, which lies behind an undecided claim? */
static int attested(const recovery *r, uint64_t position, uint64_t tail) {
  if (position >= tail) {
    return position == tail;
  }
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    if (names(claim_in(&r->ring->lines[i]), position)) {
      return 1;
    }
  }
  return !is_zero(r, position);
}

/* Did the dead one, whose line says {position, bytes} and not that it won, win? 1, 0,
 * SLUICE_E_AGAIN, or SLUICE_E_POISONED when nobody can have. */
static int has_won(const recovery *r, uint64_t position, uint32_t bytes) {
  uint32_t ends[SLUICE_PARTICIPANTS];
  uint32_t count = 0;
  int live = 0;
  /* acquires the winner's announcement, if there is one; pairs with the release in take_room */
  uint64_t tail = atomic_load_explicit(&r->ring->tail, memory_order_acquire);
  if (tail <= position) {
    return 0;
  }
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    const sluice_ring_many_line *line = &r->ring->lines[i];
    /* Alive, before the claim: what a dead one claims does not change any more. The other way round
     * it could win, write and die between the two. */
    int alive = sluice_participant_alive(r->space,
                                         atomic_load_explicit(&line->owner, memory_order_acquire));
    uint64_t claim = claim_in(line);
    if (!names(claim, position)) {
      continue;
    }
    if ((claim & SLUICE_RING_MANY_WON) != 0) {
      return 0;
    }
    live |= alive;
    ends[count++] = atomic_load_explicit(&line->bytes, memory_order_relaxed);
  }
  if (!unpublished(r, position)) {
    return 0;
  }
  if (live) {
    return SLUICE_E_AGAIN;
  }
  /* The nearest that is attested; never a look behind it, where others may be writing. */
  for (uint32_t below = 0;;) {
    uint32_t next = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
      next = ends[i] > below && ends[i] < next ? ends[i] : next;
    }
    if (next == UINT32_MAX) {
      return sluice_ring_many_poison(r->ring);
    }
    if (next % 8 == 0 && attested(r, position + next, tail)) {
      return next == bytes;
    }
    below = next;
  }
}

/* Makes a padding of `bytes` at `position`, unless a frame stands there, or stood there. */
static void pad(const recovery *r, uint64_t position, uint32_t bytes) {
  if (unpublished(r, position)) {
    /* publishes it to the consumers; pairs with the load in look */
    atomic_store_explicit(word_at(r->data, place_of(position, r->capacity)), padding_of(bytes),
                          memory_order_seq_cst);
    SLUICE_STEP("ring_many.recover: claim padded");
  }
}

static int recover_claim(const recovery *r, sluice_ring_many_line *line) {
  uint64_t claim = claim_in(line);
  uint64_t position = claim & ~UINT64_C(7);
  uint32_t bytes = atomic_load_explicit(&line->bytes, memory_order_relaxed);
  uint32_t to_end = r->capacity - place_of(position, r->capacity);
  if (claim == 0) {
    return SLUICE_OK;
  }
  uint32_t record = bytes > to_end ? bytes - to_end : bytes;
  if ((claim & SLUICE_RING_MANY_ANNOUNCED) == 0 || bytes == 0 || bytes % 8 != 0 ||
      record > r->capacity / 8 + SLUICE_RING_HEADER || (bytes > to_end && record <= to_end)) {
    return sluice_ring_many_poison(r->ring);
  }
  if ((claim & SLUICE_RING_MANY_WON) == 0) {
    int won = has_won(r, position, bytes);
    if (won <= 0) {
      if (won != SLUICE_E_AGAIN) {
        atomic_store_explicit(&line->claim, 0, memory_order_release);
        SLUICE_STEP("ring_many.recover: lost claim withdrawn");
      }
      return won;
    }
    atomic_store_explicit(&line->claim, claim | SLUICE_RING_MANY_WON, memory_order_release);
    SLUICE_STEP("ring_many.recover: winner marked");
  }
  if (bytes > to_end) {
    pad(r, position, to_end);
    pad(r, position + to_end, bytes - to_end);
  } else {
    pad(r, position, bytes);
  }
  atomic_store_explicit(&line->claim, 0, memory_order_release);
  SLUICE_STEP("ring_many.recover: line cleared");
  return SLUICE_OK;
}

static int recover_producer(const recovery *r) {
  sluice_ring_many_line *line = &r->ring->lines[(r->id & UINT32_C(0xff)) - 1];
  if (atomic_load_explicit(&line->owner, memory_order_acquire) != r->id) {
    return SLUICE_OK;
  }
  if (recover_claim(r, line) == SLUICE_E_AGAIN) {
    return SLUICE_E_AGAIN;
  }
  /* After the claim: behind it there may be records, and the flag would say that there are none. */
  int status = sluice_ring_many_leave(&r->ring->ends.producers, r->id, SLUICE_RING_MANY_LOST);
  SLUICE_STEP("ring_many.recover: producer left");
  if (status == SLUICE_OK) {
    atomic_store_explicit(&line->owner, 0, memory_order_release);
    SLUICE_STEP("ring_many.recover: line given back");
  }
  return status;
}

int sluice_ring_many_recover(sluice_space *space, sluice_ring_many *ring, uint32_t id) {
  recovery r = {.space = space,
                .ring = ring,
                .data = ring->data,
                .capacity = ring->object.capacity,
                .id = id};
  uint32_t bytes = sluice_ring_many_bytes(r.capacity);
  uint32_t offset = (uint32_t)((unsigned char *)ring - space->base);
  if ((id & UINT32_C(0xff)) - 1 >= SLUICE_PARTICIPANTS) {
    return SLUICE_OK;
  }
  if (bytes == 0 || bytes > sluice_block_room(space, offset)) {
    /* no more than its header is known to be there */
    atomic_fetch_or_explicit(&ring->object.state, SLUICE_OBJECT_POISONED, memory_order_seq_cst);
    return SLUICE_OK;
  }
  if (!begin(&r)) {
    return SLUICE_E_AGAIN;
  }
  SLUICE_STEP("ring_many.recover: begun");
  int consumer = recover_consumer(&r);
  int producer = recover_producer(&r);
  /* pairs with the acquire in begin */
  atomic_store_explicit(&ring->ends.recoverer, 0, memory_order_release);
  SLUICE_STEP("ring_many.recover: ended");
  /* In any case, and whatever the words say: the dead one may have been woken and have had to wake
   * the next, or have taken the waiters' bit away and not woken them any more. */
  sluice_event_wake_all(&ring->filled);
  sluice_event_wake_all(&ring->room);
  return consumer == SLUICE_E_AGAIN || producer == SLUICE_E_AGAIN ? SLUICE_E_AGAIN : SLUICE_OK;
}
