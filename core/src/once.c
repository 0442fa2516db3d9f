#include "sluice/once.h"

#include "kinds.h"
#include "lock.h"

static sluice_shape shape(void) {
  return (sluice_shape){.kind = SLUICE_KIND_ONCE, .bytes = (uint32_t)sizeof(sluice_once)};
}

uint32_t sluice_once_open(sluice_space *space, const char *name, uint32_t name_bytes) {
  return sluice_object_open(space, name, name_bytes, shape());
}

int sluice_once_init(void *at) {
  return sluice_object_init(at, shape());
}

static int is_done(const sluice_once *once) {
  /* acquires what the runner wrote; pairs with the release in finish */
  return atomic_load_explicit(&once->word, memory_order_acquire) == SLUICE_ONCE_FINISHED;
}

static int poison(sluice_once *once) {
  sluice_flag(&once->object, SLUICE_OBJECT_POISONED);
  sluice_mutex_word_wake_all(&once->word);
  return SLUICE_E_POISONED;
}

int sluice_once_begin(sluice_once *once, uint32_t owner, int64_t timeout_ns) {
  if (!sluice_owner_valid(owner)) {
    return SLUICE_E_INVALID;
  }
  if (is_done(once)) {
    return SLUICE_ONCE_DONE;
  }
  int status = sluice_flags_status(&once->object.state);
  if (status != SLUICE_OK) {
    return status;
  }
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  status = sluice_mutex_word_lock_slow(&once->word, owner, &deadline, &once->object.state);
  if (status >= 0) {
    return status == SLUICE_OWNER_DIED ? SLUICE_ONCE_RUN_AFTER : SLUICE_ONCE_RUN;
  }
  /* To the mutex "done" is nobody's id; and whatever it answered, done is done. */
  if (status != SLUICE_E_BUSY && is_done(once)) {
    return SLUICE_ONCE_DONE;
  }
  return status == SLUICE_E_POISONED ? poison(once) : status;
}

/* The runner leaves `word` behind. */
static int finish(sluice_once *once, uint32_t owner, uint32_t word) {
  if (!sluice_owner_valid(owner) ||
      (atomic_load_explicit(&once->word, memory_order_relaxed) & SLUICE_OWNER_MASK) != owner) {
    return SLUICE_E_INVALID;
  }
  SLUICE_STEP("once.done: about to");
  /* publishes what the runner wrote; pairs with the acquires in is_done and sluice_mutex_word_take
   */
  uint32_t value = atomic_exchange_explicit(&once->word, word, memory_order_acq_rel);
  SLUICE_STEP("once.done: stored");
  if ((value & SLUICE_WAITERS_BIT) != 0) {
    sluice_futex_wake(&once->word);
    SLUICE_STEP("once.done: all woken");
  }
  return (value & SLUICE_OWNER_MASK) == owner ? SLUICE_OK : poison(once);
}

int sluice_once_done(sluice_once *once, uint32_t owner) {
  return finish(once, owner, SLUICE_ONCE_FINISHED);
}

int sluice_once_cancel(sluice_once *once, uint32_t owner) {
  return finish(once, owner, 0);
}

uint32_t sluice_once_sleep(sluice_once *once, uint32_t owner) {
  uint32_t value = sluice_mutex_word_sleep(&once->word, owner);
  if (sluice_flags_status(&once->object.state) != SLUICE_OK) {
    sluice_mutex_word_wake_all(&once->word); /* as in sluice_mutex_word_lock_slow */
    return 0;
  }
  return value;
}

int sluice_once_recover(sluice_space *space, sluice_once *once, uint32_t id) {
  (void)space;
  return sluice_mutex_word_recover(&once->word, id);
}

int sluice_once_shut(sluice_once *once) {
  sluice_flag(&once->object, SLUICE_OBJECT_CLOSED);
  sluice_mutex_word_wake_all(&once->word);
  return SLUICE_OK;
}
