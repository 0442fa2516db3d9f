#include "sluice/message.h"

#include "blocks.h"
#include "kinds.h"
#include "ring_many_frame.h"

/* Where a block's record stands, in its header's `hash`: from the ring's start. No record stands at
 * either of these: the ring's header does. */
enum { NOWHERE = 0, REASON = 1 };

static uint32_t load(const _Atomic uint32_t *word) {
  return atomic_load_explicit(word, memory_order_relaxed);
}

static uint32_t place_in(const sluice_block *block) {
  return load(&block->hash);
}

static int is_message(const sluice_block *block, uint32_t ring) {
  return load(&block->home) == SLUICE_HOME_MESSAGE && load(&block->slot) == ring;
}

static uint64_t refs_of(const sluice_block *block) {
  return atomic_load_explicit(&block->refs, memory_order_acquire);
}

/* ---- the sender ---- */

/* What a message through this ring leaves to others.
 *
 * Whoever passes a ring's messages on through another ring has to find memory for that, or both wait
 * for ever. So a ring that has messages in it leaves one block as large as the largest that there
 * is, free or not made yet: what is passed on was no larger. A ring without messages may take what
 * there is. Worth a look only where half of the space has been made into blocks. */
typedef uint64_t spare;
#define SPARE_ENOUGH UINT64_MAX /* it need not leave any: has any number of them */

static uint32_t largest_of(spare has) {
  return (uint32_t)(has >> 32);
}
static uint32_t count_of(spare has) { /* how many of that size there are */
  return (uint32_t)has;
}

static spare survey(const sluice_space *space, uint32_t ring, uint32_t bytes) {
  uint32_t end = (uint32_t)atomic_load_explicit(&sluice_header(space)->next, memory_order_relaxed);
  uint32_t extent = sluice_extent(space);
  if (end < extent / 2) {
    return SPARE_ENOUGH;
  }
  sluice_space walker = *space;
  uint32_t largest = sluice_block_room_for(bytes);
  uint32_t count = 0;
  int carries = 0;
  for (uint32_t offset = 0; (offset = sluice_block_next(&walker, offset)) != 0;) {
    const sluice_block *block = sluice_block_at(space, offset);
    uint32_t room = sluice_block_room(space, offset);
    if (refs_of(block) != 0) {
      if (load(&block->home) != SLUICE_HOME_MESSAGE) {
        continue;
      }
      carries |= load(&block->slot) == ring && place_in(block) != REASON;
    }
    if (room > largest) {
      largest = room;
      count = 0;
    }
    count += refs_of(block) == 0 && room == largest;
  }
  uint32_t unmade = end < extent ? extent - end : 0;
  count += (uint32_t)(unmade / ((uint64_t)largest + SLUICE_BLOCK_HEADER)); /* of any bytes */
  return carries ? (uint64_t)largest << 32 | count : SPARE_ENOUGH;
}

/* Blocks are never split, and never merged: where those of the right size are all in use, one that
 * is too large will do for a message. */
static uint32_t find(sluice_space *space, uint32_t ring, uint32_t bytes) {
  spare has = survey(space, ring, bytes);
  if (count_of(has) < 2) {
    space->status = SLUICE_E_NO_MEMORY;
    return count_of(has) == 1 ? sluice_block_below(space, bytes, largest_of(has)) : 0;
  }
  uint32_t offset = sluice_slab_alloc(space, bytes);
  if (space->status == SLUICE_E_NO_MEMORY) {
    offset = sluice_block_below(space, bytes, UINT32_MAX);
  }
  if (offset != 0 && has != SPARE_ENOUGH) {
    has = survey(space, ring, sluice_block_room(space, offset));
    if (count_of(has) == 0) {
      /* others have taken one at the same time, and nobody would have left one */
      (void)sluice_slab_unref(space, offset);
      space->status = SLUICE_E_NO_MEMORY;
      return 0;
    }
  }
  return offset;
}

uint32_t sluice_message_alloc(sluice_space *space, uint32_t ring, uint32_t bytes) {
  uint32_t offset = find(space, ring, bytes);
  if (offset != 0) {
    sluice_block *block = sluice_block_at(space, offset);
    atomic_store_explicit(&block->slot, ring, memory_order_relaxed);
    atomic_store_explicit(&block->hash, NOWHERE, memory_order_relaxed);
    atomic_store_explicit(&block->home, SLUICE_HOME_MESSAGE, memory_order_relaxed);
    SLUICE_STEP("message.alloc: home stored");
  }
  return offset;
}

int sluice_message_put(sluice_space *space, uint32_t ring, void *record, uint32_t block,
                       uint32_t length) {
  uint64_t mine = sluice_bit(space->participant);
  uintptr_t place = (uintptr_t)record - (uintptr_t)(space->base + ring);
  uint32_t room = sluice_block_room(space, ring);
  if (sluice_block_room(space, block) == 0 || length > sluice_slab_bytes(space, block) ||
      room < sizeof(sluice_message) || place > room - sizeof(sluice_message) || place % 8 != 0 ||
      !is_message(sluice_block_at(space, block), ring) ||
      (refs_of(sluice_block_at(space, block)) & mine) == 0) {
    return SLUICE_E_INVALID;
  }
  sluice_message *message = record;
  *message = (sluice_message){
      .offset = block, .serial = sluice_slab_serial(space, block), .length = length};
  atomic_store_explicit(&sluice_block_at(space, block)->hash, (uint32_t)place,
                        memory_order_relaxed);
  SLUICE_STEP("message.put: place stored");
  /* publishes the place to whoever finds the bit */
  (void)sluice_block_hold(space, block, SLUICE_BIT_SPACE);
  SLUICE_STEP("message.put: held for the record");
  return SLUICE_OK;
}

/* ---- the receiver ---- */

int sluice_message_get(sluice_space *space, uint32_t ring, const void *record, uint32_t bytes,
                       sluice_message *message) {
  if (bytes != sizeof *message) {
    return SLUICE_E_POISONED;
  }
  memcpy(message, record, sizeof *message);
  if (sluice_block_room(space, message->offset) == 0) {
    return SLUICE_E_POISONED;
  }
  const sluice_block *block = sluice_block_at(space, message->offset);
  return (refs_of(block) & SLUICE_BIT_SPACE) != 0 && is_message(block, ring) &&
                 sluice_slab_serial(space, message->offset) == message->serial &&
                 message->length <= sluice_slab_bytes(space, message->offset)
             ? SLUICE_OK
             : SLUICE_E_POISONED;
}

void sluice_message_done(sluice_space *space, uint32_t ring, const sluice_message *message) {
  if (sluice_block_room(space, message->offset) != 0 &&
      is_message(sluice_block_at(space, message->offset), ring) &&
      sluice_slab_serial(space, message->offset) == message->serial) {
    (void)sluice_block_release(space, message->offset, SLUICE_BIT_SPACE);
    SLUICE_STEP("message.done: let go for the record");
  }
}

/* ---- what nobody will read ---- */

typedef struct range {
  uint32_t from; /* of the ring's data */
  uint32_t bytes;
  uint32_t data; /* where the data starts in the ring */
  uint32_t mask; /* its capacity less 1 */
} range;

/* Is it a block of the record that stands in `within`, of any record for NULL? */
static int stands_in(const sluice_block *block, const range *within) {
  uint32_t place = place_in(block);
  if (within == NULL || place < within->data + SLUICE_RING_HEADER) {
    return within == NULL;
  }
  return ((place - SLUICE_RING_HEADER - within->data - within->from) & within->mask) <
         within->bytes;
}

static int is_to_go(const sluice_block *block, uint32_t ring, const range *within, int reasons) {
  return is_message(block, ring) && (reasons || place_in(block) != REASON) &&
         stands_in(block, within);
}

/* Ends the references of the ring's records to their blocks. */
static void let_go(const sluice_space *space, uint32_t ring, const range *within, int reasons) {
  sluice_space walker = *space; /* its status is not the caller's */
  uint64_t mine = sluice_bit(space->participant);
  for (uint32_t offset = 0; (offset = sluice_block_next(&walker, offset)) != 0;) {
    const sluice_block *block = sluice_block_at(space, offset);
    if ((refs_of(block) & SLUICE_BIT_SPACE) == 0 || !is_to_go(block, ring, within, reasons)) {
      continue;
    }
    /* Held, so that it stays what it is; looked at again, because it may have been freed before,
     * and be another's now. */
    uint64_t before = sluice_block_hold(space, offset, mine);
    if (before != 0) {
      uint64_t bits = (before & mine) != 0 ? 0 : mine;
      if ((before & SLUICE_BIT_SPACE) != 0 && is_to_go(block, ring, within, reasons)) {
        bits |= SLUICE_BIT_SPACE;
      }
      (void)sluice_block_release(&walker, offset, bits);
      SLUICE_STEP("message.let_go: one let go");
    }
  }
}

void sluice_message_discard(sluice_space *space, uint32_t ring) {
  const sluice_object *object = sluice_object_at(space, ring);
  uint32_t room = sluice_block_room(space, ring);
  int unread = 0;
  if (room == 0 || !sluice_kind_is_object(space, ring)) {
    return;
  }
  if (object->kind == SLUICE_KIND_RING_SPSC && room >= sizeof(sluice_ring)) {
    unread = (flags_of((const sluice_ring *)(const void *)object) &
              (SLUICE_RING_CONSUMER_CLOSED | SLUICE_RING_CONSUMER_LOST)) != 0;
  } else if ((object->kind == SLUICE_KIND_RING_MPSC || object->kind == SLUICE_KIND_RING_MPMC) &&
             room >= sizeof(sluice_ring_many)) {
    unread = (openers_of(&((const sluice_ring_many *)(const void *)object)->ends.consumers) &
              SLUICE_RING_MANY_CLOSED) != 0;
  }
  if (unread) {
    let_go(space, ring, NULL, 0);
  }
}

void sluice_message_finalize(const sluice_space *space, const void *ring) {
  let_go(space, (uint32_t)((const unsigned char *)ring - space->base), NULL, 1);
}

void sluice_message_lose(const sluice_space *space, const sluice_ring_many *ring, uint32_t from,
                         uint32_t bytes, uint32_t capacity) {
  range lost = {
      .from = from, .bytes = bytes, .data = offsetof(sluice_ring_many, data), .mask = capacity - 1};
  let_go(space, (uint32_t)((const unsigned char *)ring - space->base), &lost, 0);
}

/* ---- after the death of a sender ---- */

static _Atomic uint32_t *reason_of(const sluice_space *space, uint32_t ring) {
  void *at = space->base + ring;
  uint32_t room = sluice_block_room(space, ring);
  if (room == 0 || !sluice_kind_is_object(space, ring)) {
    return NULL;
  }
  switch (((sluice_object *)at)->kind) {
    case SLUICE_KIND_RING_SPSC:
      return room < sizeof(sluice_ring) ? NULL : &((sluice_ring *)at)->producer.reason;
    case SLUICE_KIND_RING_MPSC:
    case SLUICE_KIND_RING_MPMC:
      return room < sizeof(sluice_ring_many) ? NULL : &((sluice_ring_many *)at)->ends.reason;
    case SLUICE_KIND_BROADCAST:
      return room < sizeof(sluice_broadcast) ? NULL : &((sluice_broadcast *)at)->reason;
    default:
      return NULL;
  }
}

/* Does what the block says is its record name it? The claims of the dead are undone by now. */
static int is_named(const sluice_space *space, uint32_t offset) {
  const sluice_block *block = sluice_block_at(space, offset);
  uint32_t ring = load(&block->slot);
  uint32_t place = place_in(block);
  uint32_t room = sluice_block_room(space, ring);
  if (place == REASON) {
    const _Atomic uint32_t *reason = reason_of(space, ring);
    return reason != NULL && load(reason) == offset;
  }
  if (place < sizeof(sluice_object) || place % 8 != 0 || room < sizeof(sluice_message) ||
      place > room - sizeof(sluice_message)) {
    return 0;
  }
  unsigned char *at = space->base + ring + place;
  /* Zero, a padding, or a record: of this block; of another only a lap later, when its receiver
   * has ended this block's reference and it does not matter what is said here. */
  uint64_t header = atomic_load_explicit((_Atomic uint64_t *)(void *)(at - SLUICE_RING_HEADER),
                                         memory_order_acquire);
  const sluice_message *message = (const sluice_message *)(const void *)at;
  return header == word_of(sizeof *message + SLUICE_RING_HEADER, SLUICE_MESSAGE_BLOCK) &&
         message->offset == offset && message->serial == sluice_slab_serial(space, offset);
}

void sluice_message_settle(const sluice_space *space, uint32_t id) {
  sluice_space walker = *space;
  uint64_t dead = sluice_bit(id);
  for (uint32_t offset = 0; (offset = sluice_block_next(&walker, offset)) != 0;) {
    const sluice_block *block = sluice_block_at(space, offset);
    uint64_t refs = refs_of(block);
    if ((refs & dead) != 0 && load(&block->home) == SLUICE_HOME_MESSAGE &&
        !is_named(space, offset)) {
      (void)sluice_block_release(&walker, offset, SLUICE_BIT_SPACE);
      SLUICE_STEP("message.settle: one let go");
    }
  }
}

/* ---- when the space is full ---- */

/* Is any message being written, or on its way? */
static int on_the_way(const sluice_space *space) {
  sluice_space walker = *space;
  for (uint32_t offset = 0; (offset = sluice_block_next(&walker, offset)) != 0;) {
    const sluice_block *block = sluice_block_at(space, offset);
    if (refs_of(block) != 0 && load(&block->home) == SLUICE_HOME_MESSAGE &&
        place_in(block) != REASON) {
      return 1;
    }
  }
  return 0;
}

uint32_t sluice_message_sleep(sluice_space *space, uint32_t ring, uint32_t bytes) {
  int more = on_the_way(space);
  /* then look again: pairs with the signal in sluice_block_release */
  uint32_t key = sluice_event_mark(&sluice_header(space)->freed);
  uint32_t offset = find(space, ring, bytes);
  if (offset != 0) {
    (void)sluice_slab_unref(space, offset);
    space->status = SLUICE_OK;
    return 0;
  }
  int state = sluice_space_state(space);
  if (state != SLUICE_OK) {
    space->status = state; /* nobody frees anything any more */
  }
  return more && space->status == SLUICE_E_NO_MEMORY ? key : 0;
}

int sluice_message_wait(sluice_space *space, uint32_t ring, uint32_t bytes, int64_t timeout_ns) {
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  for (;;) {
    uint32_t key = sluice_message_sleep(space, ring, bytes);
    if (key == 0) {
      return space->status;
    }
    int status = sluice_sleep(&sluice_header(space)->freed, key, &deadline);
    if (status != SLUICE_OK) {
      return status;
    }
  }
}

/* ---- why ---- */

void sluice_message_keep(const sluice_space *space, _Atomic uint32_t *reason, uint32_t ring,
                         uint32_t block) {
  sluice_space walker = *space;
  uint32_t none = 0;
  sluice_block *header = sluice_block_at(space, block);
  atomic_store_explicit(&header->slot, ring, memory_order_relaxed);
  atomic_store_explicit(&header->hash, REASON, memory_order_relaxed);
  atomic_store_explicit(&header->home, SLUICE_HOME_MESSAGE, memory_order_relaxed);
  SLUICE_STEP("message.reason: home stored");
  (void)sluice_block_hold(space, block, SLUICE_BIT_SPACE);
  SLUICE_STEP("message.reason: held");
  /* publishes what the block says to whoever reads it */
  if (!atomic_compare_exchange_strong_explicit(reason, &none, block, memory_order_acq_rel,
                                               memory_order_relaxed)) {
    (void)sluice_block_release(&walker, block, SLUICE_BIT_SPACE);
  }
  SLUICE_STEP("message.reason: stored");
}

int sluice_message_reason(sluice_space *space, uint32_t ring, uint32_t block) {
  _Atomic uint32_t *reason = reason_of(space, ring);
  if (reason == NULL || sluice_object_at(space, ring)->kind == SLUICE_KIND_RING_SPSC ||
      sluice_block_room(space, block) == 0 ||
      (refs_of(sluice_block_at(space, block)) & sluice_bit(space->participant)) == 0) {
    return SLUICE_E_INVALID;
  }
  sluice_message_keep(space, reason, ring, block);
  return sluice_slab_unref(space, block);
}
