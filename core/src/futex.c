#if !defined(__wasm__)
#define _GNU_SOURCE
#endif
#include "futex.h"

#include "sluice/status.h"

#if defined(__wasm__)

/* Alone in a function that is never inlined: V8 11.3's baseline compiler spoils the locals of a
 * loop that contains a wait. */
__attribute__((noinline)) int sluice_futex_wait(_Atomic uint32_t *word, uint32_t expected,
                                                int64_t timeout_ns) {
  return __builtin_wasm_memory_atomic_wait32((int *)word, (int)expected, timeout_ns) == 2
             ? SLUICE_E_TIMEOUT
             : SLUICE_OK;
}

void sluice_futex_wake(_Atomic uint32_t *word) {
  (void)__builtin_wasm_memory_atomic_notify((int *)word, UINT32_MAX);
}

uint32_t sluice_futex_wake_one(_Atomic uint32_t *word) {
  return (uint32_t)__builtin_wasm_memory_atomic_notify((int *)word, 1);
}

#else

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int sluice_futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns) {
  struct timespec limit = {.tv_sec = (time_t)(timeout_ns / 1000000000),
                           .tv_nsec = (long)(timeout_ns % 1000000000)};
  /* Not FUTEX_PRIVATE: the word may be shared between processes. */
  long result =
      syscall(SYS_futex, word, FUTEX_WAIT, expected, timeout_ns < 0 ? NULL : &limit, NULL, 0);
  return result == -1 && errno == ETIMEDOUT ? SLUICE_E_TIMEOUT : SLUICE_OK;
}

void sluice_futex_wake(_Atomic uint32_t *word) {
  (void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

uint32_t sluice_futex_wake_one(_Atomic uint32_t *word) {
  return (uint32_t)syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

#endif
