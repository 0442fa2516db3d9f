/* A robust mutex in one 32-bit word, to stand alone (mutex.h) or inside another object. Not for
 * users.
 *
 *   31      30     29                                            0
 *  +-------+------+-----------------------------------------------+
 *  |WAITERS| DIED | the owner's id; 0: free                       |
 *  +-------+------+-----------------------------------------------+
 *
 *   WAITERS  someone may sleep on the word: whoever unlocks wakes one
 *   DIED     its last owner died holding it: whoever locks is told; unlocking clears it
 *
 * All zero is free. Uncontended, to lock is one compare-and-swap and to unlock is one exchange.
 *
 * Why no wake-up is lost. Unlocking clears the word, WAITERS with it, and wakes one, who therefore
 * answers for those that still sleep: it takes the word with WAITERS set, or, when another was
 * faster, sets WAITERS on that one's word, before it may give up. If it dies instead, or if a waker
 * dies between the exchange and the wake, sluice_mutex_word_recover wakes all. To wake all is to
 * clear WAITERS first: who is about to sleep finds another word, and who still wants to sleep sets
 * the bit anew. A caller that sleeps by its own means takes the word with `woken` 1, or calls
 * sluice_mutex_word_pass when it will not take it.
 *
 * Source: Drepper, "Futexes are tricky" (2011), mutex 2; the owner in the word as in Linux's robust
 * futexes. Our own: recovery by whoever has the proof of death instead of by the kernel.
 *
 * The owner of an embedded word calls sluice_mutex_word_recover from its object's own recovery. */
#ifndef SLUICE_MUTEX_WORD_H
#define SLUICE_MUTEX_WORD_H

#include "internal.h"
#include "wait.h"

/* How often an operation that may not block tries again after others changed the word under it. No
 * honest participants need as many: each changes the word a few times only. */
enum { SLUICE_MUTEX_TRIES = 64 };

/* The way that is not the quickest; mutex.c. */
int sluice_mutex_word_take(_Atomic uint32_t *word, uint32_t owner, uint32_t bits);

/* Takes the word that was not free at once: spins, then sleeps until the deadline, or until `state`,
 * the flags of the object that the word is in, says closed or poisoned. As sluice_mutex_word_try, but
 * SLUICE_E_BUSY only when `owner` itself holds it, and SLUICE_E_TIMEOUT; SLUICE_E_AGAIN only with a
 * limited deadline: woken early in wasm (see sluice_sleep), or the word changed under it too often:
 * call again with what is left. Blocking. */
int sluice_mutex_word_lock_slow(_Atomic uint32_t *word, uint32_t owner, sluice_deadline *deadline,
                                const _Atomic uint32_t *state);

/* Takes the word if it is free. `woken`: 1 for one that has slept since it first tried, else 0.
 * SLUICE_OK; SLUICE_OWNER_DIED (taken as well); SLUICE_E_BUSY when it is held, by whomever;
 * SLUICE_E_POISONED when it holds what is nobody's id; SLUICE_E_INVALID for an `owner` that is no
 * participant's id. Bounded steps. */
static inline int sluice_mutex_word_try(_Atomic uint32_t *word, uint32_t owner, int woken) {
  uint32_t bits = woken ? SLUICE_WAITERS_BIT : 0;
  uint32_t value = 0;
  if (!sluice_owner_valid(owner)) {
    return SLUICE_E_INVALID;
  }
  /* acquires what the last owner wrote; pairs with the release in sluice_mutex_word_unlock */
  if (atomic_compare_exchange_strong_explicit(word, &value, owner | bits, memory_order_acquire,
                                              memory_order_relaxed)) {
    SLUICE_STEP("mutex.lock: taken");
    return SLUICE_OK;
  }
  int status = sluice_mutex_word_take(word, owner, bits);
  return status == SLUICE_E_AGAIN ? SLUICE_E_BUSY : status;
}

/* Frees the word and wakes one that sleeps on it. SLUICE_OK; SLUICE_E_INVALID when `owner` does not
 * hold it; SLUICE_E_POISONED when it lost the word to somebody while it held it. Wait-free. */
static inline int sluice_mutex_word_unlock(_Atomic uint32_t *word, uint32_t owner) {
  if (!sluice_owner_valid(owner) ||
      (atomic_load_explicit(word, memory_order_relaxed) & SLUICE_OWNER_MASK) != owner) {
    return SLUICE_E_INVALID;
  }
  SLUICE_STEP("mutex.unlock: about to");
  /* publishes what this owner wrote to the next; pairs with the acquire in sluice_mutex_word_try and
   * _take */
  uint32_t value = atomic_exchange_explicit(word, 0, memory_order_release);
  SLUICE_STEP("mutex.unlock: free");
  if ((value & SLUICE_WAITERS_BIT) != 0) {
    (void)sluice_futex_wake_one(word);
    SLUICE_STEP("mutex.unlock: one woken");
  }
  return (value & SLUICE_OWNER_MASK) == owner ? SLUICE_OK : SLUICE_E_POISONED;
}

/* For a caller that sleeps by its own means: the value to sleep on at `word`, with WAITERS set; 0
 * when it should try again. Bounded steps. */
uint32_t sluice_mutex_word_sleep(_Atomic uint32_t *word, uint32_t owner);

/* Wakes another in the caller's stead, which was woken and will not take the word. */
static inline void sluice_mutex_word_pass(_Atomic uint32_t *word) {
  (void)sluice_futex_wake_one(word);
}

/* Wakes all that sleep on the word; they look again. */
static inline void sluice_mutex_word_wake_all(_Atomic uint32_t *word) {
  /* Who has marked the word and does not sleep yet must not: it looks again, at what the caller has
   * changed before this. Release for that; pairs with the acquire in sluice_mutex_word_sleep. */
  (void)atomic_fetch_and_explicit(word, ~SLUICE_WAITERS_BIT, memory_order_acq_rel);
  SLUICE_STEP("mutex.wake: waiters unmarked");
  sluice_futex_wake(word);
  SLUICE_STEP("mutex.wake: all woken");
}

/* After the death of `id`: the word is handed on if it was the owner, and all are woken in any
 * case, because it may have died with a wake-up in its hands. Idempotent; may be left at any step
 * and begun anew. SLUICE_OK; SLUICE_E_AGAIN when the word kept changing. Bounded steps. */
int sluice_mutex_word_recover(_Atomic uint32_t *word, uint32_t id);

#endif
