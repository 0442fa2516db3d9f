#include "sluice/ring_many.h"

#include "ring_many_frame.h"

uint32_t sluice_ring_many_bytes(uint32_t capacity) {
  return sluice_ring_bytes(capacity) == 0 ? 0 : (uint32_t)sizeof(sluice_ring_many) + capacity;
}

static int is_kind(uint32_t kind) {
  return kind == SLUICE_KIND_RING_MPSC || kind == SLUICE_KIND_RING_MPMC;
}

static sluice_shape shape_of(uint32_t kind, uint32_t capacity, uint32_t codec) {
  return (sluice_shape){.kind = kind,
                        .bytes = is_kind(kind) ? sluice_ring_many_bytes(capacity) : 0,
                        .capacity = capacity,
                        .codec = codec};
}

int sluice_ring_many_init(void *at, uint32_t kind, uint32_t capacity) {
  return sluice_object_init(at, shape_of(kind, capacity, 0));
}

uint32_t sluice_ring_many_open(sluice_space *space, const char *name, uint32_t name_bytes,
                               uint32_t kind, uint32_t capacity, uint32_t codec) {
  return sluice_object_open(space, name, name_bytes, shape_of(kind, capacity, codec));
}

void sluice_ring_many_flag(sluice_ring_many *ring, uint32_t flag) {
  /* tells all ends; pairs with the load in state_of, and by its place in the total order with the
   * look that a sleeper takes after it has marked its event word */
  atomic_fetch_or_explicit(&ring->object.state, flag, memory_order_seq_cst);
  SLUICE_STEP("ring_many.flag: set");
  sluice_event_signal_all(&ring->filled);
  sluice_event_signal_all(&ring->room);
}

int sluice_ring_many_poison(sluice_ring_many *ring) {
  sluice_ring_many_flag(ring, SLUICE_OBJECT_POISONED);
  return SLUICE_E_POISONED;
}

int sluice_ring_many_close(sluice_ring_many *ring) {
  sluice_ring_many_flag(ring, SLUICE_OBJECT_CLOSED);
  return SLUICE_OK;
}

int sluice_ring_many_may_open(const sluice_ring_many *ring, uint32_t capacity, uint32_t owner) {
  if (sluice_ring_many_bytes(capacity) == 0 || ring->object.capacity != capacity ||
      !is_kind(ring->object.kind) || !sluice_owner_valid(owner)) {
    return SLUICE_E_INVALID;
  }
  uint32_t state = state_of(ring);
  if ((state & SLUICE_OBJECT_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  return (state & SLUICE_OBJECT_CLOSED) != 0 ? SLUICE_E_CLOSED : SLUICE_OK;
}

int sluice_ring_many_enter(_Atomic uint64_t *openers, uint32_t owner, uint32_t alone) {
  uint64_t mine = sluice_bit(owner);
  uint64_t now = openers_of(openers);
  for (int i = 0; i < SLUICE_RING_MANY_TRIES; i++) {
    if ((now & SLUICE_RING_MANY_CLOSED) != 0) {
      return SLUICE_E_CLOSED;
    }
    if ((now & (alone != 0 ? SLUICE_RING_MANY_OPENERS : mine)) != 0) {
      return SLUICE_E_BUSY;
    }
    /* acquires what the last holder of the end left; pairs with the release in leave */
    if (atomic_compare_exchange_weak_explicit(openers, &now, (now | mine) & ~SLUICE_RING_MANY_LOST,
                                              memory_order_seq_cst, memory_order_seq_cst)) {
      return SLUICE_OK;
    }
  }
  return SLUICE_E_AGAIN;
}

int sluice_ring_many_leave(_Atomic uint64_t *openers, uint32_t owner, uint64_t flag) {
  uint64_t mine = sluice_bit(owner);
  uint64_t now = openers_of(openers);
  for (int i = 0; i < SLUICE_RING_MANY_TRIES; i++) {
    if ((now & mine) == 0) {
      return SLUICE_OK;
    }
    uint64_t then = now & ~mine;
    if ((then & SLUICE_RING_MANY_OPENERS) == 0) {
      then |= flag;
    }
    /* hands on what this end did; pairs with openers_of and the acquire in enter. seq_cst: change,
     * then look at the event words */
    if (atomic_compare_exchange_weak_explicit(openers, &now, then, memory_order_seq_cst,
                                              memory_order_seq_cst)) {
      return SLUICE_OK;
    }
  }
  return SLUICE_E_AGAIN;
}

static uint64_t figure(const _Atomic uint64_t *word) {
  return atomic_load_explicit(word, memory_order_relaxed);
}

void sluice_ring_many_figures_of(const sluice_ring_many *ring, sluice_ring_many_figures *figures) {
  uint64_t head = figure(&ring->side.head);
  uint64_t tail = figure(&ring->tail);
  *figures =
      (sluice_ring_many_figures){.released = figure(&ring->side.records),
                                 .lost_with_receiver = figure(&ring->side.lost_with_receiver),
                                 .consumer_waits = figure(&ring->side.waits),
                                 .used = tail > head ? tail - head : 0};
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    const sluice_ring_many_line *line = &ring->lines[i];
    figures->committed += figure(&line->records);
    figures->refused += figure(&line->refused);
    figures->producer_waits += figure(&line->waits);
  }
}
