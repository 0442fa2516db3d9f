/* Why no wake-up is lost: a release frees the word, then looks at the event word; a waiter marks
 * the event word, then looks at all the words once more before it sleeps. A waiter that was woken
 * and finds no permit sleeps again or gives up without passing the wake-up on: each permit that it
 * has missed is held by another now, who releases it later, and wakes one then. One that dies is
 * made good by the recovery, which wakes all. */
#include "sluice/semaphore.h"

#include "kinds.h"
#include "lock.h"

uint32_t sluice_semaphore_bytes(uint32_t permits) {
  return permits == 0 || permits > SLUICE_SEMAPHORE_MAX
             ? 0
             : (uint32_t)sizeof(sluice_semaphore) + permits * (uint32_t)sizeof(uint32_t);
}

static sluice_shape shape_of(uint32_t permits) {
  return (sluice_shape){
      .kind = SLUICE_KIND_SEMAPHORE, .bytes = sluice_semaphore_bytes(permits), .capacity = permits};
}

uint32_t sluice_semaphore_open(sluice_space *space, const char *name, uint32_t name_bytes,
                               uint32_t permits) {
  return sluice_object_open(space, name, name_bytes, shape_of(permits));
}

int sluice_semaphore_init(void *at, uint32_t permits) {
  return sluice_object_init(at, shape_of(permits));
}

static int poison(sluice_semaphore *semaphore) {
  sluice_flag(&semaphore->object, SLUICE_OBJECT_POISONED);
  sluice_event_wake_all(&semaphore->released);
  return SLUICE_E_POISONED;
}

/* Is `permits` what the semaphore was made with? Not what keeps this thread in bounds, which is the
 * caller's word, but what tells it of its mistake. */
static int fits(const sluice_semaphore *semaphore, uint32_t permits) {
  return sluice_semaphore_bytes(permits) != 0 && semaphore->object.capacity == permits;
}

int sluice_semaphore_try(sluice_semaphore *semaphore, uint32_t permits, uint32_t owner) {
  int status = sluice_owner_valid(owner) && fits(semaphore, permits)
                   ? sluice_flags_status(&semaphore->object.state)
                   : SLUICE_E_INVALID;
  if (status != SLUICE_OK) {
    return status;
  }
  uint32_t index = ((owner & UINT32_C(0xff)) - 1) % permits;
  for (uint32_t looked = 0; looked < permits; looked++) {
    /* seq_cst: a waiter has marked `released` before */
    uint32_t holder = atomic_load_explicit(&semaphore->holder[index], memory_order_seq_cst);
    if (holder != 0 && !sluice_owner_valid(holder)) {
      return poison(semaphore);
    }
    /* acquires what the permit's last holder wrote; pairs with the store in release */
    if (holder == 0 &&
        atomic_compare_exchange_strong_explicit(&semaphore->holder[index], &holder, owner,
                                                memory_order_seq_cst, memory_order_relaxed)) {
      SLUICE_STEP("semaphore.acquire: taken");
      return (int)index;
    }
    index = index + 1 == permits ? 0 : index + 1;
  }
  return SLUICE_E_BUSY;
}

uint32_t sluice_semaphore_sleep(sluice_semaphore *semaphore, uint32_t permits) {
  uint32_t value = sluice_event_mark(&semaphore->released);
  SLUICE_STEP("semaphore.acquire: marked");
  if (!fits(semaphore, permits) || sluice_flags_status(&semaphore->object.state) != SLUICE_OK) {
    return 0;
  }
  for (uint32_t index = 0; index < permits; index++) {
    if (atomic_load_explicit(&semaphore->holder[index], memory_order_seq_cst) == 0) {
      return 0;
    }
  }
  return value;
}

void sluice_semaphore_pass(sluice_semaphore *semaphore) {
  sluice_event_signal_one(&semaphore->released);
}

int sluice_semaphore_acquire(sluice_semaphore *semaphore, uint32_t permits, uint32_t owner,
                             int64_t timeout_ns) {
  int status = sluice_semaphore_try(semaphore, permits, owner);
  if (status != SLUICE_E_BUSY || timeout_ns == 0) {
    return status == SLUICE_E_BUSY ? SLUICE_E_TIMEOUT : status;
  }
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  sluice_patience patience = sluice_patience_for(&deadline);
  for (;;) {
    status = sluice_semaphore_try(semaphore, permits, owner);
    if (status != SLUICE_E_BUSY) {
      return status;
    }
    if (sluice_patience_spin(&patience)) {
      continue;
    }
    uint32_t value = sluice_semaphore_sleep(semaphore, permits);
    if (value == 0) {
      status = sluice_patience_turn(&patience, &deadline);
      if (status != SLUICE_OK) {
        sluice_semaphore_pass(semaphore); /* it left a free permit behind */
        return status;
      }
      continue;
    }
    status = sluice_sleep(&semaphore->released, value, &deadline);
    SLUICE_STEP("semaphore.acquire: woken");
    if (status != SLUICE_OK) {
      return status;
    }
  }
}

int sluice_semaphore_release(sluice_semaphore *semaphore, uint32_t permits, uint32_t owner,
                             uint32_t index) {
  if (!sluice_owner_valid(owner) || !fits(semaphore, permits) || index >= permits ||
      atomic_load_explicit(&semaphore->holder[index], memory_order_relaxed) != owner) {
    return SLUICE_E_INVALID;
  }
  SLUICE_STEP("semaphore.release: about to");
  /* publishes what this holder wrote; pairs with the acquire in try. seq_cst: then looks who waits
   */
  atomic_store_explicit(&semaphore->holder[index], 0, memory_order_seq_cst);
  SLUICE_STEP("semaphore.release: free");
  sluice_event_signal_one(&semaphore->released);
  SLUICE_STEP("semaphore.release: one woken");
  int status = sluice_flags_status(&semaphore->object.state);
  return status == SLUICE_E_POISONED ? status : SLUICE_OK;
}

int sluice_semaphore_recover(sluice_space *space, sluice_semaphore *semaphore, uint32_t id) {
  /* Its header may have been falsified: what is outside the space is left alone. */
  uint32_t permits = semaphore->object.capacity;
  uint32_t bytes = sluice_semaphore_bytes(permits);
  if (bytes != 0 &&
      sluice_in_bounds(space, (uint32_t)((unsigned char *)semaphore - space->base), bytes)) {
    for (uint32_t index = 0; index < permits; index++) {
      uint32_t holder = id;
      /* hands the permit on; pairs with the acquire in try */
      if (atomic_compare_exchange_strong_explicit(&semaphore->holder[index], &holder, 0,
                                                  memory_order_seq_cst, memory_order_relaxed)) {
        SLUICE_STEP("semaphore.recover: permit freed");
      }
    }
  }
  sluice_event_wake_all(&semaphore->released);
  return SLUICE_OK;
}

int sluice_semaphore_shut(sluice_semaphore *semaphore) {
  sluice_flag(&semaphore->object, SLUICE_OBJECT_CLOSED);
  sluice_event_wake_all(&semaphore->released);
  return SLUICE_OK;
}
