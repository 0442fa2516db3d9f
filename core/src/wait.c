#if !defined(__wasm__)
#define _GNU_SOURCE
#include <time.h>
#endif
#include "wait.h"

#if defined(__wasm__)

sluice_deadline sluice_deadline_in(int64_t timeout_ns) {
  return (sluice_deadline){.at = timeout_ns};
}

int sluice_sleep(_Atomic uint32_t *word, uint32_t expected, sluice_deadline *deadline) {
  if (deadline->at >= 0) {
    if (deadline->at == 0) {
      return SLUICE_E_TIMEOUT;
    }
    if (deadline->slept != 0) {
      return SLUICE_E_AGAIN;
    }
    deadline->slept = 1;
  }
  return sluice_futex_wait(word, expected, deadline->at);
}

#else

static int64_t now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

sluice_deadline sluice_deadline_in(int64_t timeout_ns) {
  if (timeout_ns <= 0) {
    return (sluice_deadline){.at = timeout_ns};
  }
  int64_t from = now();
  return (sluice_deadline){.at = timeout_ns > INT64_MAX - from ? -1 : from + timeout_ns};
}

int sluice_sleep(_Atomic uint32_t *word, uint32_t expected, sluice_deadline *deadline) {
  if (deadline->at < 0) {
    (void)sluice_futex_wait(word, expected, -1);
    return SLUICE_OK;
  }
  int64_t left = deadline->at == 0 ? 0 : deadline->at - now();
  if (left <= 0) {
    return SLUICE_E_TIMEOUT;
  }
  return sluice_futex_wait(word, expected, left);
}

#endif

void sluice_event_signal_one_slow(_Atomic uint32_t *word, uint32_t value) {
  while ((value & SLUICE_EVENT_WAITER) != 0) {
    if (!atomic_compare_exchange_weak_explicit(word, &value, value + 2, memory_order_seq_cst,
                                               memory_order_seq_cst)) {
      continue;
    }
    value += 2;
    SLUICE_STEP("event.signal_one: value changed");
    if (sluice_futex_wake_one(word) == 0) {
      /* Nobody slept. Whoever has marked the word since then finds another value and looks again;
       * whoever has even fallen asleep since then is woken. */
      if (atomic_compare_exchange_strong_explicit(word, &value, value - SLUICE_EVENT_WAITER + 2,
                                                  memory_order_seq_cst, memory_order_relaxed)) {
        SLUICE_STEP("event.signal_one: waiters' bit taken away");
        sluice_futex_wake(word);
      }
    }
    return;
  }
}

void sluice_rest(void) {
  /* Each turn needs the last one's number: no compiler, and no processor, makes them shorter. */
  uint32_t number = 1;
  for (int i = 0; i < SLUICE_REST; i++) {
    number = number * UINT32_C(1664525) + UINT32_C(1013904223);
    sluice_pause();
  }
  volatile uint32_t last = number;
  (void)last;
}
