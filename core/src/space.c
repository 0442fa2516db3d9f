#include "sluice/space.h"

#include "internal.h"
#include "sluice/ring.h"

int sluice_space_init(sluice_space *space, void *at, uint32_t bytes) {
  if ((uintptr_t)at % SLUICE_ALIGN != 0 || bytes < 16384) {
    return SLUICE_E_INVALID;
  }
  sluice_space_header *header = at;
  memset(header, 0, sizeof *header);
  header->magic = SLUICE_MAGIC;
  atomic_store_explicit(&header->bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&header->next, (uint32_t)sizeof *header, memory_order_relaxed);
  /* publishes the header to all that attach; pairs with the acquire in sluice_space_attach */
  atomic_store_explicit(&header->version, SLUICE_LAYOUT_VERSION, memory_order_release);
  *space = (sluice_space){.base = at, .bytes = bytes};
  return SLUICE_OK;
}

int sluice_space_attach(sluice_space *space, void *at, uint32_t available) {
  if ((uintptr_t)at % SLUICE_ALIGN != 0) {
    return SLUICE_E_INVALID;
  }
  sluice_space_header *header = at;
  if (available < sizeof *header) {
    return SLUICE_E_VERSION;
  }
  /* pairs with the release in sluice_space_init */
  uint32_t version = atomic_load_explicit(&header->version, memory_order_acquire);
  if (version != SLUICE_LAYOUT_VERSION || header->magic != SLUICE_MAGIC ||
      atomic_load_explicit(&header->bytes, memory_order_relaxed) > available) {
    return SLUICE_E_VERSION;
  }
  *space = (sluice_space){.base = at, .bytes = available};
  return SLUICE_OK;
}

/* ---- the allocator ---- */

/* Four classes to a doubling, in units of SLUICE_ALIGN: 1 2 3 4 5 6 7 8 10 12 14 16 20 24 28 32 ...
 */
static uint32_t class_of(uint32_t bytes, uint64_t *rounded) {
  uint32_t units = (uint32_t)(((uint64_t)bytes + SLUICE_ALIGN - 1) / SLUICE_ALIGN);
  if (units <= 4) {
    *rounded = (uint64_t)units * SLUICE_ALIGN;
    return units - 1;
  }
  uint32_t shift = 29 - (uint32_t)__builtin_clz(units - 1);
  uint32_t step = (units - 1) >> shift; /* 4 to 7 */
  *rounded = (uint64_t)(step + 1) * SLUICE_ALIGN << shift;
  return 4 + shift * 4 + (step - 4);
}

static uint64_t head_of(uint32_t offset, uint64_t old) {
  uint32_t tag = (uint32_t)(old >> 32) + 1;
  return (uint64_t)tag << 32 | offset;
}

static uint32_t poison(sluice_space *space) {
  /* tells every thread; pairs with the acquire in sluice_space_state */
  atomic_store_explicit(&sluice_header(space)->state, SLUICE_SPACE_POISONED, memory_order_release);
  space->status = SLUICE_E_POISONED;
  return 0;
}

/* The link in a free block. It may be read after another thread has taken the block and writes it;
 * then the tag has moved on, and the exchange that follows fails. Such a value is never used, so
 * ThreadSanitizer is told not to look. */
__attribute__((no_sanitize("thread"))) static uint32_t link_of(const sluice_space *space,
                                                               uint32_t offset) {
  return atomic_load_explicit((_Atomic uint32_t *)(void *)(space->base + offset),
                              memory_order_relaxed);
}

static uint32_t pop(sluice_space *space, uint32_t size_class, uint32_t bytes) {
  _Atomic uint64_t *list = &sluice_header(space)->free[size_class];
  /* pairs with the release in sluice_space_free: the block's link is visible */
  uint64_t head = atomic_load_explicit(list, memory_order_acquire);
  while ((uint32_t)head != 0) {
    uint32_t offset = (uint32_t)head;
    if (!sluice_in_bounds(space, offset, bytes)) {
      return poison(space);
    }
    uint32_t next = link_of(space, offset);
    if (atomic_compare_exchange_weak_explicit(list, &head, head_of(next, head),
                                              memory_order_acquire, memory_order_acquire)) {
      return offset;
    }
  }
  return 0;
}

static uint32_t bump(sluice_space *space, uint32_t bytes) {
  sluice_space_header *header = sluice_header(space);
  uint32_t limit = atomic_load_explicit(&header->bytes, memory_order_acquire);
  uint32_t extent = sluice_extent(space);
  if (limit > extent) {
    limit = extent;
  }
  uint32_t next = atomic_load_explicit(&header->next, memory_order_relaxed);
  do {
    if (next % SLUICE_ALIGN != 0 || next < sizeof *header) {
      return poison(space);
    }
    if (next > limit || bytes > limit - next) {
      space->status = SLUICE_E_NO_MEMORY;
      return 0;
    }
  } while (!atomic_compare_exchange_weak_explicit(&header->next, &next, next + bytes,
                                                  memory_order_relaxed, memory_order_relaxed));
  return next;
}

uint32_t sluice_space_alloc(sluice_space *space, uint32_t bytes) {
  uint64_t rounded = 0;
  if (bytes == 0) {
    space->status = SLUICE_E_INVALID;
    return 0;
  }
  uint32_t size_class = class_of(bytes, &rounded);
  if (rounded > UINT32_MAX) {
    space->status = SLUICE_E_NO_MEMORY;
    return 0;
  }
  if (sluice_space_state(space) == SLUICE_E_POISONED) {
    space->status = SLUICE_E_POISONED;
    return 0;
  }
  space->status = SLUICE_OK;
  uint32_t offset = pop(space, size_class, (uint32_t)rounded);
  if (offset == 0 && space->status == SLUICE_OK) {
    offset = bump(space, (uint32_t)rounded);
  }
  if (offset != 0) {
    memset(space->base + offset, 0, (size_t)rounded);
    atomic_fetch_add_explicit(&sluice_header(space)->used, (uint32_t)rounded, memory_order_relaxed);
  }
  return offset;
}

int sluice_space_free(sluice_space *space, uint32_t offset, uint32_t bytes) {
  uint64_t rounded = 0;
  if (bytes == 0) {
    return SLUICE_E_INVALID;
  }
  uint32_t size_class = class_of(bytes, &rounded);
  if (rounded > UINT32_MAX || !sluice_in_bounds(space, offset, (uint32_t)rounded)) {
    return SLUICE_E_INVALID;
  }
  _Atomic uint64_t *list = &sluice_header(space)->free[size_class];
  _Atomic uint32_t *link = (_Atomic uint32_t *)(void *)(space->base + offset);
  uint64_t head = atomic_load_explicit(list, memory_order_relaxed);
  do {
    atomic_store_explicit(link, (uint32_t)head, memory_order_relaxed);
    /* publishes the link to the next taker; pairs with the acquire in pop */
  } while (!atomic_compare_exchange_weak_explicit(list, &head, head_of(offset, head),
                                                  memory_order_release, memory_order_relaxed));
  atomic_fetch_sub_explicit(&sluice_header(space)->used, (uint32_t)rounded, memory_order_relaxed);
  return SLUICE_OK;
}

int sluice_space_grow(sluice_space *space, uint32_t bytes) {
  if (bytes > sluice_extent(space)) {
    return SLUICE_E_INVALID;
  }
  _Atomic uint32_t *shared = &sluice_header(space)->bytes;
  uint32_t old = atomic_load_explicit(shared, memory_order_relaxed);
  /* tells the others how far the memory reaches; pairs with the acquire in bump */
  while (old < bytes && !atomic_compare_exchange_weak_explicit(
                            shared, &old, bytes, memory_order_release, memory_order_relaxed)) {
  }
  return SLUICE_OK;
}

/* ---- the space's end ---- */

int sluice_space_state(const sluice_space *space) {
  /* pairs with the release in poison and in sluice_space_close.
   * seq_cst for sluice_ring_open, which looks here after it has entered a ring */
  switch (atomic_load_explicit(&sluice_header(space)->state, memory_order_seq_cst)) {
    case SLUICE_SPACE_OPEN:
      return SLUICE_OK;
    case SLUICE_SPACE_CLOSED:
      return SLUICE_E_CLOSED;
    default:
      return SLUICE_E_POISONED;
  }
}

int sluice_space_close(sluice_space *space) {
  uint32_t open = SLUICE_SPACE_OPEN;
  /* tells every thread; pairs with the acquire in sluice_space_state.
   * seq_cst for the walk that follows (see sluice_ring_open) */
  (void)atomic_compare_exchange_strong_explicit(&sluice_header(space)->state, &open,
                                                SLUICE_SPACE_CLOSED, memory_order_seq_cst,
                                                memory_order_seq_cst);
  for (uint32_t index = 0; index < SLUICE_DIRECTORY_ENTRIES; index++) {
    uint32_t offset = sluice_directory_at(space, index);
    if (offset != 0 && sluice_object_at(space, offset)->kind == SLUICE_KIND_RING_SPSC) {
      sluice_ring_close((sluice_ring *)(void *)sluice_object_at(space, offset));
    }
  }
  return SLUICE_OK;
}
