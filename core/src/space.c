#include "sluice/space.h"

#include "directory_table.h"
#include "kinds.h"
#include "lock.h"

int sluice_space_init(sluice_space *space, void *at, uint32_t bytes) {
  if ((uintptr_t)at % SLUICE_ALIGN != 0 || bytes < 16384) {
    return SLUICE_E_INVALID;
  }
  sluice_space_header *header = at;
  memset(header, 0, sizeof *header);
  header->magic = SLUICE_MAGIC;
  atomic_store_explicit(&header->bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&header->next, SLUICE_HEAP_FIRST, memory_order_relaxed);
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

int sluice_space_grow(sluice_space *space, uint32_t bytes) {
  if (bytes > sluice_extent(space)) {
    return SLUICE_E_INVALID;
  }
  _Atomic uint32_t *shared = &sluice_header(space)->bytes;
  uint32_t old = atomic_load_explicit(shared, memory_order_relaxed);
  /* tells the others how far the memory reaches; pairs with the acquire in slab.c */
  while (old < bytes && !atomic_compare_exchange_weak_explicit(
                            shared, &old, bytes, memory_order_release, memory_order_relaxed)) {
  }
  return SLUICE_OK;
}

/* ---- the space's end ---- */

int sluice_space_state(const sluice_space *space) {
  /* pairs with the release in sluice_poison and in sluice_space_close.
   * seq_cst for sluice_object_open, which looks here after it has entered a ring */
  switch (atomic_load_explicit(&sluice_header(space)->state, memory_order_seq_cst)) {
    case SLUICE_SPACE_OPEN:
      return SLUICE_OK;
    case SLUICE_SPACE_CLOSED:
      return SLUICE_E_CLOSED;
    default:
      return SLUICE_E_POISONED;
  }
}

/* An object that has lost its name is in no slot: whoever has joined looks for it in the heap. (The
 * bit that says whether it has a name follows the truth, and may be late.) */
static void shut_nameless(sluice_space *space) {
  uint64_t mine = sluice_bit(space->participant);
  uint32_t offset = 0;
  while ((offset = sluice_block_next(space, offset)) != 0) {
    if (!sluice_kind_is_object(space, offset)) {
      continue;
    }
    uint64_t old = sluice_block_hold(space, offset, mine);
    if (old != 0 && sluice_kind_is_object(space, offset)) {
      sluice_kind_shut(space, offset);
    }
    if (old != 0 && (old & mine) == 0) {
      (void)sluice_block_release(space, offset, mine);
    }
  }
}

int sluice_space_close(sluice_space *space) {
  uint32_t open = SLUICE_SPACE_OPEN;
  /* tells every thread; pairs with the acquire in sluice_space_state.
   * seq_cst for the walk that follows (see sluice_object_open) */
  (void)atomic_compare_exchange_strong_explicit(&sluice_header(space)->state, &open,
                                                SLUICE_SPACE_CLOSED, memory_order_seq_cst,
                                                memory_order_seq_cst);
  sluice_table directory = sluice_directory_table(space);
  for (uint32_t slot = 0; slot < SLUICE_DIRECTORY_ENTRIES; slot++) {
    sluice_entry entry;
    if (sluice_table_at(space, &directory, slot, &entry) == SLUICE_OK) {
      sluice_kind_shut(space, entry.offset);
      sluice_table_let_go(space, &entry);
    }
  }
  if (space->participant != 0) {
    shut_nameless(space);
  }
  sluice_event_wake_all(&sluice_header(space)->freed);
  return SLUICE_OK;
}
