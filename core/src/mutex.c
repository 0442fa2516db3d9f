#include "sluice/mutex.h"

#include "kinds.h"
#include "lock.h"
#include "mutex_word.h"

/* ---- the word ---- */

/* Takes the word, with `bits` added, if it is free. SLUICE_E_AGAIN: another holds it. */
int sluice_mutex_word_take(_Atomic uint32_t *word, uint32_t owner, uint32_t bits) {
  uint32_t value = atomic_load_explicit(word, memory_order_relaxed);
  for (int tries = 0; tries < SLUICE_MUTEX_TRIES; tries++) {
    uint32_t holder = value & SLUICE_OWNER_MASK;
    if (holder != 0) {
      if (holder == owner) {
        return SLUICE_E_BUSY;
      }
      return sluice_owner_valid(holder) ? SLUICE_E_AGAIN : SLUICE_E_POISONED;
    }
    /* acquires what the last owner wrote, or what its recovery saw of it; pairs with the releases
     * in sluice_mutex_word_unlock and _recover */
    if (atomic_compare_exchange_weak_explicit(word, &value, value | owner | bits,
                                              memory_order_acquire, memory_order_relaxed)) {
      SLUICE_STEP("mutex.lock: taken with its marks");
      return (value & SLUICE_OWNER_DIED_BIT) != 0 ? SLUICE_OWNER_DIED : SLUICE_OK;
    }
  }
  return SLUICE_E_AGAIN;
}

uint32_t sluice_mutex_word_sleep(_Atomic uint32_t *word, uint32_t owner) {
  /* pairs with the release in sluice_mutex_word_wake_all, like the exchange below: who sees the
   * word that it left sees what it was left for */
  uint32_t value = atomic_load_explicit(word, memory_order_acquire);
  for (int tries = 0; tries < SLUICE_MUTEX_TRIES; tries++) {
    uint32_t holder = value & SLUICE_OWNER_MASK;
    if (holder == owner || !sluice_owner_valid(holder)) {
      return 0;
    }
    if ((value & SLUICE_WAITERS_BIT) != 0) {
      return value;
    }
    if (atomic_compare_exchange_weak_explicit(word, &value, value | SLUICE_WAITERS_BIT,
                                              memory_order_acq_rel, memory_order_acquire)) {
      SLUICE_STEP("mutex.lock: marked");
      return value | SLUICE_WAITERS_BIT;
    }
  }
  return 0;
}

int sluice_mutex_word_lock_slow(_Atomic uint32_t *word, uint32_t owner, sluice_deadline *deadline,
                                const _Atomic uint32_t *state) {
  sluice_patience patience = sluice_patience_for(deadline);
  uint32_t bits = 0;
  for (;;) {
    int status = sluice_mutex_word_take(word, owner, bits);
    if (status != SLUICE_E_AGAIN) {
      return status;
    }
    if (sluice_patience_spin(&patience)) {
      continue;
    }
    if (deadline->at == 0) {
      return SLUICE_E_TIMEOUT; /* it has not slept: it owes nobody anything */
    }
    uint32_t value = sluice_mutex_word_sleep(word, owner);
    int flags = sluice_flags_status(state);
    if (flags != SLUICE_OK) {
      /* Its own mark may have sent another to sleep after the close had woken all. */
      sluice_mutex_word_wake_all(word);
      return flags;
    }
    if (value == 0) {
      status = sluice_patience_turn(&patience, deadline);
      if (status != SLUICE_OK) {
        sluice_mutex_word_pass(word); /* a wake-up that it may have had */
        return status;
      }
      continue;
    }
    status = sluice_sleep(word, value, deadline);
    SLUICE_STEP("mutex.lock: woken");
    if (status != SLUICE_OK) {
      return status; /* since its last wake-up it has set WAITERS on whoever held the word */
    }
    bits = SLUICE_WAITERS_BIT;
  }
}

int sluice_mutex_word_recover(_Atomic uint32_t *word, uint32_t id) {
  int status = SLUICE_OK;
  uint32_t value = atomic_load_explicit(word, memory_order_acquire);
  for (int tries = 0; (value & SLUICE_OWNER_MASK) == id; tries++) {
    if (tries == SLUICE_MUTEX_TRIES) {
      status = SLUICE_E_AGAIN;
      break;
    }
    /* hands the word on; pairs with the acquire in sluice_mutex_word_take */
    if (atomic_compare_exchange_weak_explicit(word, &value,
                                              (value & SLUICE_WAITERS_BIT) | SLUICE_OWNER_DIED_BIT,
                                              memory_order_acq_rel, memory_order_acquire)) {
      SLUICE_STEP("mutex.recover: handed on");
      break;
    }
  }
  sluice_mutex_word_wake_all(word);
  return status;
}

/* ---- the object ---- */

static sluice_shape shape(void) {
  return (sluice_shape){.kind = SLUICE_KIND_MUTEX, .bytes = (uint32_t)sizeof(sluice_mutex)};
}

uint32_t sluice_mutex_open(sluice_space *space, const char *name, uint32_t name_bytes) {
  return sluice_object_open(space, name, name_bytes, shape());
}

int sluice_mutex_init(void *at) {
  return sluice_object_init(at, shape());
}

/* What the word said, to the object: what is wrong with it is wrong for all. */
static int settle(sluice_mutex *mutex, int status) {
  if (status == SLUICE_E_POISONED) {
    sluice_flag(&mutex->object, SLUICE_OBJECT_POISONED);
    sluice_mutex_word_wake_all(&mutex->word);
  }
  return status;
}

static int take(sluice_mutex *mutex, uint32_t owner, int woken) {
  int status = sluice_flags_status(&mutex->object.state);
  if (status != SLUICE_OK) {
    return status;
  }
  return settle(mutex, sluice_mutex_word_try(&mutex->word, owner, woken));
}

int sluice_mutex_trylock(sluice_mutex *mutex, uint32_t owner) {
  return take(mutex, owner, 0);
}

int sluice_mutex_trylock_woken(sluice_mutex *mutex, uint32_t owner) {
  return take(mutex, owner, 1);
}

int sluice_mutex_lock(sluice_mutex *mutex, uint32_t owner, int64_t timeout_ns) {
  int status = take(mutex, owner, 0);
  if (status != SLUICE_E_BUSY) {
    return status;
  }
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  return settle(mutex,
                sluice_mutex_word_lock_slow(&mutex->word, owner, &deadline, &mutex->object.state));
}

int sluice_mutex_unlock(sluice_mutex *mutex, uint32_t owner) {
  int status = settle(mutex, sluice_mutex_word_unlock(&mutex->word, owner));
  int flags = sluice_flags_status(&mutex->object.state);
  return status == SLUICE_OK && flags == SLUICE_E_POISONED ? flags : status;
}

uint32_t sluice_mutex_sleep(sluice_mutex *mutex, uint32_t owner) {
  uint32_t value = sluice_mutex_word_sleep(&mutex->word, owner);
  if (sluice_flags_status(&mutex->object.state) != SLUICE_OK) {
    sluice_mutex_word_wake_all(&mutex->word); /* as in sluice_mutex_word_lock_slow */
    return 0;
  }
  return value;
}

void sluice_mutex_pass(sluice_mutex *mutex) {
  sluice_mutex_word_pass(&mutex->word);
}

int sluice_mutex_recover(sluice_space *space, sluice_mutex *mutex, uint32_t id) {
  (void)space;
  return sluice_mutex_word_recover(&mutex->word, id);
}

int sluice_mutex_shut(sluice_mutex *mutex) {
  sluice_flag(&mutex->object, SLUICE_OBJECT_CLOSED);
  sluice_mutex_word_wake_all(&mutex->word);
  return SLUICE_OK;
}
