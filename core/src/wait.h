/* Waiting: deadlines, and event words (an event count in one word). Not for users.
 *
 * An event word is a value in its upper 31 bits and, in bit 0, "someone may sleep". A waiter asks
 * for a key, which sets the bit, looks at its condition once more, and sleeps on the key. A waker
 * changes the condition, then looks at the bit: both in the total order of seq_cst operations, so
 * one of the two sees the other (Dekker). Nobody pays for a wake-up when nobody sleeps. A waiter
 * that gives up, or dies, leaves the bit behind: that costs one notify more, and loses nothing.
 * (Event counts: Reed and Kanodia, 1979; the waiter bit as in Concurrency Kit's ck_ec.) */
#ifndef SLUICE_WAIT_H
#define SLUICE_WAIT_H

#include <stdatomic.h>
#include <stdint.h>

#include "futex.h"
#include "sluice/status.h"
#include "step.h"

#if defined(SLUICE_STEPS)
enum { SLUICE_SPINS = 4 }; /* a test that takes every step need not take it a thousand times */
enum { SLUICE_REST = 4 };
#else
/* A microsecond in wasm, some tens natively with the pauses: less than a sleep costs. */
enum { SLUICE_SPINS = 1000 };
/* Turns of a loop that take some five microseconds in wasm, natively one or two. */
#if defined(__wasm__)
enum { SLUICE_REST = 4000 };
#else
enum { SLUICE_REST = 20 };
#endif
#endif

/* Between a rest that did not pay and the next, so many drains; a rest pays when so many records
 * came in it. */
enum { SLUICE_REST_EVERY = 32, SLUICE_REST_PAYS = 8 };

/* Lets a producer get ahead. A consumer that reads each record as soon as it is there takes from the
 * producer the cache line that it writes next, each time, and both do nothing but wait for it. */
void sluice_rest(void);

/* When a wait ends. Natively a point in time. In wasm, where a module without imports has no clock,
 * the length of one sleep: a waiter that was woken in vain is told SLUICE_E_AGAIN, and its caller,
 * who has a clock, comes back with what is left. */
typedef struct sluice_deadline {
  int64_t at;     /* negative: never; natively nanoseconds of the monotonic clock */
  uint32_t slept; /* wasm: one limited sleep is over */
} sluice_deadline;

/* `timeout_ns` from now on; negative: never. */
sluice_deadline sluice_deadline_in(int64_t timeout_ns);

/* Sleeps while *word is `expected`. SLUICE_OK: look again; SLUICE_E_TIMEOUT; SLUICE_E_AGAIN. */
int sluice_sleep(_Atomic uint32_t *word, uint32_t expected, sluice_deadline *deadline);

#define SLUICE_EVENT_WAITER UINT32_C(1)

static inline uint32_t sluice_event_mark(_Atomic uint32_t *word) {
  /* seq_cst: set, then look at the condition again; pairs with sluice_event_signal */
  return atomic_fetch_or_explicit(word, SLUICE_EVENT_WAITER, memory_order_seq_cst) |
         SLUICE_EVENT_WAITER;
}

/* Call after the condition has changed by a seq_cst operation. */
static inline void sluice_event_signal_all(_Atomic uint32_t *word) {
  /* seq_cst: change, then look; pairs with sluice_event_mark */
  uint32_t value = atomic_load_explicit(word, memory_order_seq_cst);
  while ((value & SLUICE_EVENT_WAITER) != 0) {
    if (atomic_compare_exchange_weak_explicit(word, &value, value + 1, memory_order_seq_cst,
                                              memory_order_seq_cst)) {
      SLUICE_STEP("event.signal: waiters' bit taken away");
      sluice_futex_wake(word);
      return;
    }
  }
}

/* Wakes one waiter and leaves the bit to the others; takes the bit away when nobody slept. Only
 * where a waiter that was woken passes the wake on when it cannot use it. */
void sluice_event_signal_one_slow(_Atomic uint32_t *word, uint32_t value);

static inline void sluice_event_signal_one(_Atomic uint32_t *word) {
  uint32_t value = atomic_load_explicit(word, memory_order_seq_cst);
  if ((value & SLUICE_EVENT_WAITER) != 0) {
    sluice_event_signal_one_slow(word, value);
  }
}

#endif
