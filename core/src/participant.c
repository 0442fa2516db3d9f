#include "sluice/participant.h"

#include "blocks.h"

#define GENERATIONS UINT32_C(0x3fffff)

static sluice_participant_slot *slot_of(const sluice_space *space, uint32_t id) {
  uint32_t index = (id & UINT32_C(0xff)) - 1;
  return index < SLUICE_PARTICIPANTS ? &sluice_header(space)->participants[index] : NULL;
}

/* Takes a free slot: its word goes from {generation, 0} to {generation + 1, slot + 1} in one step,
 * so that no slot is ever taken by nobody. 0 when there is none. */
static inline uint32_t take_slot(sluice_space_header *header) {
  for (uint32_t index = 0; index < SLUICE_PARTICIPANTS; index++) {
    _Atomic uint32_t *id = &header->participants[index].id;
    uint32_t word = atomic_load_explicit(id, memory_order_relaxed);
    uint32_t mine = (((word >> 8) + 1) & GENERATIONS) << 8 | (index + 1);
    if (mine == atomic_load_explicit(&header->participants[index].dead, memory_order_relaxed)) {
      /* The generations have come round to the one whose mark still stands: it would be dead. */
      mine = (((word >> 8) + 2) & GENERATIONS) << 8 | (index + 1);
    }
    /* acquires what the slot's last holder left; pairs with the release in free_slot */
    if ((word & UINT32_C(0xff)) == 0 &&
        atomic_compare_exchange_strong_explicit(id, &word, mine, memory_order_acq_rel,
                                                memory_order_relaxed)) {
      return mine;
    }
  }
  return 0;
}

/* Frees the slot that `id` holds; 0 when it does not any more. */
static int free_slot(sluice_participant_slot *slot, uint32_t id) {
  /* hands the slot and its area to the next holder; pairs with the acquire in take_slot */
  return atomic_compare_exchange_strong_explicit(&slot->id, &id, id & ~UINT32_C(0xff),
                                                 memory_order_release, memory_order_relaxed);
}

/* Gives the slot its area. The slot's word is what says whose the block is; the block's
 * SLUICE_BIT_SPACE follows, and the burier sets it right (see table.h for the idea). */
static int move_in(sluice_space *space, uint32_t area_bytes) {
  sluice_participant_slot *slot = slot_of(space, space->participant);
  uint32_t old = atomic_load_explicit(&slot->area, memory_order_relaxed);
  if (area_bytes == 0 || (old != 0 && sluice_block_room(space, old) >= area_bytes)) {
    space->area = area_bytes == 0 ? 0 : old;
    return SLUICE_OK;
  }
  uint32_t fresh = sluice_slab_alloc(space, area_bytes);
  if (fresh == 0) {
    return space->status;
  }
  uint64_t mine = sluice_bit(space->participant);
  atomic_store_explicit(&sluice_block_at(space, fresh)->home, SLUICE_HOME_AREA,
                        memory_order_relaxed);
  if (old != 0 && sluice_block_room(space, old) != 0) {
    (void)sluice_block_hold(space, old, mine);
    SLUICE_STEP("participant.join: old area held");
  }
  atomic_store_explicit(&slot->area, fresh, memory_order_release);
  SLUICE_STEP("participant.join: area stored");
  (void)sluice_block_hold(space, fresh, SLUICE_BIT_SPACE);
  (void)sluice_block_release(space, fresh, mine);
  if (old != 0 && sluice_block_room(space, old) != 0) {
    (void)sluice_block_release(space, old, mine | SLUICE_BIT_SPACE);
  }
  space->area = fresh;
  return SLUICE_OK;
}

uint32_t sluice_participant_reserve(sluice_space *space) {
  uint32_t id = take_slot(sluice_header(space));
  space->status = id == 0 ? SLUICE_E_NO_MEMORY : SLUICE_OK;
  return id;
}

int sluice_participant_adopt(sluice_space *space, uint32_t id, uint32_t area_bytes) {
  if (space->participant != 0) {
    return SLUICE_E_BUSY;
  }
  uint32_t mine = id == 0 ? take_slot(sluice_header(space)) : id;
  SLUICE_STEP("participant.join: slot taken");
  if (mine == 0) {
    return SLUICE_E_NO_MEMORY;
  }
  if (!sluice_participant_alive(space, mine)) {
    return SLUICE_E_INVALID;
  }
  space->participant = mine;
  int status = move_in(space, area_bytes);
  if (status != SLUICE_OK) {
    space->participant = 0;
    if (id == 0) {
      (void)free_slot(slot_of(space, mine), mine);
    }
  }
  return status;
}

int sluice_participant_join(sluice_space *space, uint32_t area_bytes) {
  return sluice_participant_adopt(space, 0, area_bytes);
}

#if defined(__wasm__)
/* This instance's sluice_space: a global of WebAssembly, of which each instance has its own, as each
 * thread has its own instance. */
__asm__(
    ".globaltype sluice_thread_own, i32\n"
    "sluice_thread_own:\n");

sluice_space *sluice_thread_space(void) {
  sluice_space *own;
  __asm__ volatile(
      ".globaltype sluice_thread_own, i32\n\t"
      "global.get sluice_thread_own\n\t"
      "local.set %0"
      : "=r"(own));
  return own;
}

static void own_is(sluice_space *space) {
  __asm__ volatile(
      ".globaltype sluice_thread_own, i32\n\t"
      "local.get %0\n\t"
      "global.set sluice_thread_own"
      :
      : "r"(space));
}

/* Everything that this calls is inlined or works in registers: see participant.h. */
uintptr_t sluice_thread_enter(void *at, uint32_t available, uint32_t area_bytes, uint32_t id) {
  sluice_space_header *header = at;
  if ((uintptr_t)at % SLUICE_ALIGN != 0 || available < sizeof *header ||
      atomic_load_explicit(&header->version, memory_order_acquire) != SLUICE_LAYOUT_VERSION) {
    return (uintptr_t)SLUICE_E_VERSION;
  }
  uint32_t mine = id == 0 ? take_slot(header) : id;
  uint32_t index = (mine & UINT32_C(0xff)) - 1;
  /* Who was buried before it came must not write into what is another's now. */
  if (index >= SLUICE_PARTICIPANTS ||
      atomic_load_explicit(&header->participants[index].id, memory_order_acquire) != mine) {
    return (uintptr_t)(id == 0 ? SLUICE_E_NO_MEMORY : SLUICE_E_INVALID);
  }
  sluice_space *space = (sluice_space *)(void *)header->participants[index].host;
  int status = sluice_space_attach(space, at, available);
  if (status == SLUICE_OK) {
    status = sluice_participant_adopt(space, mine, area_bytes);
  }
  if (status != SLUICE_OK) {
    if (id == 0) {
      (void)free_slot(&header->participants[index], mine);
    }
    return (uintptr_t)status;
  }
  own_is(space);
  return (uintptr_t)space;
}

_Static_assert(sizeof(sluice_space) <= sizeof((sluice_participant_slot){0}.host), "it fits");

void sluice_stack_set(uintptr_t top) {
  __asm__ volatile(
      ".globaltype __stack_pointer, i32\n\t"
      "local.get %0\n\t"
      "global.set __stack_pointer"
      :
      : "r"(top));
}
#endif

int sluice_participant_leave(sluice_space *space) {
  uint32_t id = space->participant;
  sluice_participant_slot *slot = slot_of(space, id);
  if (!sluice_participant_alive(space, id)) {
    space->participant = 0;
    return SLUICE_E_INVALID;
  }
  int status = sluice_block_forget(space, id);
  SLUICE_STEP("participant.leave: all let go");
  space->participant = 0;
  return free_slot(slot, id) ? status : SLUICE_E_INVALID;
}

uint32_t sluice_participant_count(const sluice_space *space) {
  uint32_t count = 0;
  for (uint32_t index = 0; index < SLUICE_PARTICIPANTS; index++) {
    count +=
        (atomic_load_explicit(&sluice_header(space)->participants[index].id, memory_order_relaxed) &
         UINT32_C(0xff)) != 0;
  }
  return count;
}

int sluice_participant_alive(const sluice_space *space, uint32_t id) {
  const sluice_participant_slot *slot = slot_of(space, id);
  /* In this order: once the slot has another holder, that one's mark stands in the place of `id`'s.
   * Who still has the slot after the look at the mark had it then. */
  return slot != NULL && atomic_load_explicit(&slot->dead, memory_order_seq_cst) != id &&
         atomic_load_explicit(&slot->id, memory_order_acquire) == id;
}
