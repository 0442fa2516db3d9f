/* Burial: what is done after a participant that is proven dead.
 *
 * One participant at a time does it for one dead one: it claims the burial by its own id in the
 * dead one's slot. A burier that dies leaves a claim that stands for a dead one, and the next takes
 * it over and begins anew: every step may be done twice. */
#include "blocks.h"
#include "directory_table.h"
#include "kinds.h"

/* Claims the burial of `id`. SLUICE_OK; SLUICE_E_AGAIN while a live one has it; SLUICE_E_EMPTY when
 * it is done. */
static int claim(const sluice_space *space, sluice_participant_slot *slot, uint32_t id) {
  uint32_t me = space->participant;
  uint32_t burier = atomic_load_explicit(&slot->burier, memory_order_acquire);
  if (burier != 0 && burier != me && sluice_participant_alive(space, burier)) {
    return SLUICE_E_AGAIN;
  }
  if (!atomic_compare_exchange_strong_explicit(&slot->burier, &burier, me, memory_order_acq_rel,
                                               memory_order_relaxed)) {
    return SLUICE_E_AGAIN;
  }
  SLUICE_STEP("burial: claimed");
  /* It may have been buried by another, and the slot taken anew, before the claim. */
  if (atomic_load_explicit(&slot->id, memory_order_acquire) != id) {
    atomic_store_explicit(&slot->burier, 0, memory_order_release);
    return SLUICE_E_EMPTY;
  }
  return SLUICE_OK;
}

/* Recovers every object that the dead one had open. */
static int recover_objects(sluice_space *space, uint32_t id) {
  uint64_t dead = sluice_bit(id);
  int status = SLUICE_OK;
  uint32_t offset = 0;
  while ((offset = sluice_block_next(space, offset)) != 0) {
    uint64_t refs =
        atomic_load_explicit(&sluice_block_at(space, offset)->refs, memory_order_acquire);
    if ((refs & dead) != 0 && (refs & SLUICE_BLOCK_MAKING) == 0 &&
        sluice_kind_is_object(space, offset) &&
        sluice_kind_recover(space, offset, id) == SLUICE_E_AGAIN) {
      status = SLUICE_E_AGAIN;
    }
  }
  return space->status != SLUICE_OK ? space->status : status;
}

int sluice_block_forget(sluice_space *space, uint32_t id) {
  uint64_t bit = sluice_bit(id);
  for (uint32_t offset = 0; (offset = sluice_block_next(space, offset)) != 0;) {
    if ((atomic_load_explicit(&sluice_block_at(space, offset)->refs, memory_order_acquire) & bit) !=
        0) {
      (void)sluice_block_release(space, offset, bit);
      SLUICE_STEP("burial: block let go");
    }
  }
  return space->status;
}

/* It may have died while it changed its area: the one that the slot names stays with the slot, and
 * another that it holds goes. */
static void settle_area(sluice_space *space, const sluice_participant_slot *slot, uint32_t id) {
  uint64_t dead = sluice_bit(id);
  uint32_t area = atomic_load_explicit(&slot->area, memory_order_acquire);
  for (uint32_t offset = 0; (offset = sluice_block_next(space, offset)) != 0;) {
    const sluice_block *block = sluice_block_at(space, offset);
    if ((atomic_load_explicit(&block->refs, memory_order_acquire) & dead) == 0 ||
        atomic_load_explicit(&block->home, memory_order_relaxed) != SLUICE_HOME_AREA) {
      continue;
    }
    if (offset == area) {
      (void)sluice_block_hold(space, offset, SLUICE_BIT_SPACE);
    } else {
      (void)sluice_block_release(space, offset, SLUICE_BIT_SPACE);
    }
    SLUICE_STEP("burial: area settled");
  }
}

static int bury(sluice_space *space, sluice_participant_slot *slot, uint32_t id) {
  int status = claim(space, slot, id);
  if (status != SLUICE_OK) {
    return status == SLUICE_E_EMPTY ? SLUICE_OK : status;
  }
  sluice_table directory = sluice_directory_table(space);
  sluice_table_recover(space, &directory, id);
  status = recover_objects(space, id);
  if (status != SLUICE_OK) {
    /* The claim is given back, for whoever calls first. */
    atomic_store_explicit(&slot->burier, 0, memory_order_release);
    return status;
  }
  sluice_message_settle(space, id);
  settle_area(space, slot, id);
  status = sluice_block_forget(space, id);
  if (status != SLUICE_OK) {
    atomic_store_explicit(&slot->burier, 0, memory_order_release);
    return status;
  }
  uint32_t expected = id;
  /* Freed while the claim still stands, so that nobody clears the bits of the slot's next holder.
   * Hands the slot on; pairs with the acquire in take_slot. */
  if (atomic_compare_exchange_strong_explicit(&slot->id, &expected, id & ~UINT32_C(0xff),
                                              memory_order_release, memory_order_relaxed)) {
    atomic_fetch_add_explicit(&sluice_header(space)->recovered, 1, memory_order_relaxed);
  }
  SLUICE_STEP("burial: slot freed");
  atomic_store_explicit(&slot->burier, 0, memory_order_release);
  return SLUICE_OK;
}

/* Does or did `id` hold the slot? Its generation is the slot's, or one of the half that came
 * before. */
static int has_been(const sluice_participant_slot *slot, uint32_t id) {
  uint32_t generation = atomic_load_explicit(&slot->id, memory_order_acquire) >> 8;
  return ((generation - (id >> 8)) & UINT32_C(0x3fffff)) < UINT32_C(0x200000);
}

/* Tells all that `id` will not move any more; pairs with sluice_participant_alive. Stored only over
 * the mark that was there before the slot was looked at: if others have buried `id` since then, the
 * slot may have a new holder, and that one's mark must stay. */
static void mark(sluice_participant_slot *slot, uint32_t id) {
  uint32_t before = atomic_load_explicit(&slot->dead, memory_order_acquire);
  /* pairs with the release in free_slot */
  if (before != id && atomic_load_explicit(&slot->id, memory_order_acquire) == id) {
    (void)atomic_compare_exchange_strong_explicit(&slot->dead, &before, id, memory_order_seq_cst,
                                                  memory_order_relaxed);
    SLUICE_STEP("burial: marked");
  }
}

int sluice_participant_bury(sluice_space *space, uint32_t id) {
  sluice_space_header *header = sluice_header(space);
  uint32_t index = (id & UINT32_C(0xff)) - 1;
  if (space->participant == 0 || index >= SLUICE_PARTICIPANTS || id == space->participant ||
      id > SLUICE_OWNER_MASK || !has_been(&header->participants[index], id)) {
    return SLUICE_E_INVALID;
  }
  mark(&header->participants[index], id);
  /* And whomever else an earlier burier has left, because it died itself. What cannot be done for
   * those now is this caller's to come back for: nobody else will. */
  int status = SLUICE_OK;
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    sluice_participant_slot *slot = &header->participants[i];
    uint32_t dead = atomic_load_explicit(&slot->dead, memory_order_acquire);
    if (dead != 0 && dead != space->participant &&
        atomic_load_explicit(&slot->id, memory_order_acquire) == dead) {
      int one = bury(space, slot, dead);
      if (one != SLUICE_OK && (dead == id || status == SLUICE_OK)) {
        status = one;
      }
    }
  }
  return status;
}
