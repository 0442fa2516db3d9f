/* Sleeping on a 32-bit word, and pausing in a spin. */
#ifndef SLUICE_FUTEX_H
#define SLUICE_FUTEX_H

#include <stdint.h>

/* Sleeps while *word is `expected`, for at most `timeout_ns` (negative: for ever).
 * SLUICE_OK when woken, when the word differs, or early; SLUICE_E_TIMEOUT when the time passed. */
int sluice_futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns);

/* Wakes all that sleep on *word: a JavaScript waiter that gave up stays in the engine's queue, and
 * waking one might wake that one. */
void sluice_futex_wake(_Atomic uint32_t *word);

/* Wakes one that sleeps on *word; returns how many that were, 0 or 1. */
uint32_t sluice_futex_wake_one(_Atomic uint32_t *word);

static inline void sluice_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
