#include "sluice/participant.h"

#include "internal.h"
#include "sluice/ring.h"

/* Takes a free slot without naming its holder yet; SLUICE_PARTICIPANTS when there is none. */
static inline uint32_t take_slot(sluice_space_header *header) {
  uint32_t index = 0;
  for (; index < SLUICE_PARTICIPANTS; index++) {
    uint32_t nobody = 0;
    /* acquires what the slot's last holder left; pairs with the release in vacate */
    if (atomic_compare_exchange_strong_explicit(&header->participants[index].id, &nobody,
                                                UINT32_C(0xff), memory_order_acquire,
                                                memory_order_relaxed)) {
      break;
    }
  }
  return index;
}

/* Gives the slot its area and its name. */
static inline int move_in(sluice_space *space, uint32_t index, uint32_t area_bytes) {
  sluice_participant_slot *slot = &sluice_header(space)->participants[index];
  if (area_bytes > slot->area_bytes || !sluice_in_bounds(space, slot->area, slot->area_bytes)) {
    uint32_t fresh = area_bytes == 0 ? 0 : sluice_space_alloc(space, area_bytes);
    if (area_bytes != 0 && fresh == 0) {
      atomic_store_explicit(&slot->id, 0, memory_order_release);
      return space->status;
    }
    if (slot->area != 0) {
      (void)sluice_space_free(space, slot->area, slot->area_bytes);
    }
    slot->area = fresh;
    slot->area_bytes = area_bytes;
  }
  slot->generation = (slot->generation + 1) & UINT32_C(0xffffff);
  space->area = area_bytes == 0 ? 0 : slot->area;
  space->participant = slot->generation << 8 | (index + 1);
  /* publishes the slot to whoever buries it; pairs with the acquire in sluice_participant_bury */
  atomic_store_explicit(&slot->id, space->participant, memory_order_release);
  return SLUICE_OK;
}

int sluice_participant_join(sluice_space *space, uint32_t area_bytes) {
  if (space->participant != 0) {
    return SLUICE_E_BUSY;
  }
  uint32_t index = take_slot(sluice_header(space));
  return index == SLUICE_PARTICIPANTS ? SLUICE_E_NO_MEMORY : move_in(space, index, area_bytes);
}

#if defined(__wasm__)
uintptr_t sluice_thread_enter(void *at, uint32_t available, uint32_t area_bytes) {
  sluice_space_header *header = at;
  if ((uintptr_t)at % SLUICE_ALIGN != 0 || available < sizeof *header ||
      atomic_load_explicit(&header->version, memory_order_acquire) != SLUICE_LAYOUT_VERSION) {
    return (uintptr_t)SLUICE_E_VERSION;
  }
  uint32_t index = take_slot(header);
  if (index == SLUICE_PARTICIPANTS) {
    return (uintptr_t)SLUICE_E_NO_MEMORY;
  }
  sluice_space *space = (sluice_space *)(void *)header->participants[index].host;
  int status = sluice_space_attach(space, at, available);
  if (status == SLUICE_OK) {
    status = move_in(space, index, area_bytes);
  } else {
    atomic_store_explicit(&header->participants[index].id, 0, memory_order_release);
  }
  return status == SLUICE_OK ? (uintptr_t)space : (uintptr_t)status;
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

/* Frees the slot that `id` names; 0 when it is not there any more. */
static int vacate(sluice_space *space, uint32_t id) {
  uint32_t index = (id & UINT32_C(0xff)) - 1;
  if (index >= SLUICE_PARTICIPANTS) {
    return 0;
  }
  sluice_participant_slot *slot = &sluice_header(space)->participants[index];
  uint32_t expected = id;
  /* hands the slot and its area to the next holder; pairs with the acquire in join */
  return atomic_compare_exchange_strong_explicit(&slot->id, &expected, 0, memory_order_release,
                                                 memory_order_relaxed);
}

int sluice_participant_leave(sluice_space *space) {
  uint32_t id = space->participant;
  space->participant = 0;
  return vacate(space, id) ? SLUICE_OK : SLUICE_E_INVALID;
}

uint32_t sluice_participant_count(const sluice_space *space) {
  uint32_t count = 0;
  for (uint32_t index = 0; index < SLUICE_PARTICIPANTS; index++) {
    count += atomic_load_explicit(&sluice_header(space)->participants[index].id,
                                  memory_order_relaxed) != 0;
  }
  return count;
}

int sluice_participant_bury(sluice_space *space, uint32_t id) {
  uint32_t index = (id & UINT32_C(0xff)) - 1;
  /* pairs with the release in join */
  if (index >= SLUICE_PARTICIPANTS ||
      atomic_load_explicit(&sluice_header(space)->participants[index].id, memory_order_acquire) !=
          id) {
    return 0;
  }
  int lost = 0;
  for (uint32_t entry = 0; entry < SLUICE_DIRECTORY_ENTRIES; entry++) {
    uint32_t offset = sluice_directory_at(space, entry);
    if (offset != 0) {
      lost += sluice_ring_bury((sluice_ring *)(void *)sluice_object_at(space, offset), id);
    }
  }
  if (vacate(space, id)) {
    atomic_fetch_add_explicit(&sluice_header(space)->recovered, 1, memory_order_relaxed);
  }
  return lost;
}
