/* What mutex, condvar, rwlock, semaphore, barrier, event and once have in common. Not for users. */
#ifndef SLUICE_LOCK_H
#define SLUICE_LOCK_H

#include "mutex_word.h"

/* What the flags that all kinds share say. A sleeper looks here after it has marked the word that
 * it will sleep on; pairs with sluice_flag, after which that word is changed and all are woken. */
static inline int sluice_flags_status(const _Atomic uint32_t *state) {
  uint32_t flags = atomic_load_explicit(state, memory_order_seq_cst);
  if ((flags & (SLUICE_OBJECT_POISONED | SLUICE_OBJECT_CLOSED)) == 0) {
    return SLUICE_OK;
  }
  return (flags & SLUICE_OBJECT_POISONED) != 0 ? SLUICE_E_POISONED : SLUICE_E_CLOSED;
}

/* The caller then wakes all that sleep. */
static inline void sluice_flag(sluice_object *object, uint32_t flag) {
  /* seq_cst: set, then wake; pairs with sluice_flags_status */
  atomic_fetch_or_explicit(&object->state, flag, memory_order_seq_cst);
  SLUICE_STEP("lock.flag: set");
}

/* Wakes all that sleep on an event word, whether or not it says that someone sleeps: a waker that
 * died may have taken that away and woken nobody. Who is about to sleep finds another value. */
static inline void sluice_event_wake_all(_Atomic uint32_t *word) {
  /* seq_cst: as sluice_event_signal_all */
  (void)atomic_fetch_add_explicit(word, 2, memory_order_seq_cst);
  SLUICE_STEP("lock.wake: value changed");
  sluice_futex_wake(word);
  SLUICE_STEP("lock.wake: all woken");
}

/* How long a blocking form spins before it sleeps, and how often it lets others overtake it before
 * it gives a limited wait up. */
typedef struct sluice_patience {
  uint32_t spins;
  uint32_t turns;
} sluice_patience;

static inline sluice_patience sluice_patience_for(const sluice_deadline *deadline) {
  return (sluice_patience){.spins = deadline->at == 0 ? 0 : SLUICE_SPINS, .turns = SLUICE_SPINS};
}

/* 1: look again; 0: it is time to sleep. */
static inline int sluice_patience_spin(sluice_patience *patience) {
  if (patience->spins == 0) {
    return 0;
  }
  patience->spins--;
  sluice_pause();
  return 1;
}

/* The caller may neither go on nor sleep, because the word keeps changing under it. SLUICE_OK: look
 * again; else what to answer. Who waits for ever goes on for ever. */
static inline int sluice_patience_turn(sluice_patience *patience, const sluice_deadline *deadline) {
  if (deadline->at <= 0) {
    return deadline->at == 0 ? SLUICE_E_TIMEOUT : SLUICE_OK;
  }
  if (patience->turns == 0) {
    return SLUICE_E_AGAIN;
  }
  patience->turns--;
  return SLUICE_OK;
}

#endif
