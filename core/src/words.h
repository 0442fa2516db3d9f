/* Copying to and from memory that others may read or write at the same moment: the one function for
 * every payload that may be read while it is being written. Not for users.
 *
 * The shared side is 8-byte aligned and has room for `bytes` rounded up to 8. What arrives may be a
 * mixture of an old and a new value; the caller's protocol finds out, by words of its own around
 * the copy:
 *
 *   writer   store "about to write"; sluice_words_store; release store "written"
 *   reader   acquire load "written"; sluice_words_load; load "about to write", and compare
 *
 * What these two promise: whoever loads any byte of what was stored sees in its next load that the
 * store was announced. Natively by release stores and acquire loads of the words, with no fence and
 * no data race. In wasm, where a race is not undefined, by words for a short value and by one bulk
 * copy and one fence for a longer one: the fence between the announcement and the copy, or between
 * the copy and the look at the announcement. (On the other side of the copy the caller's release
 * store, or acquire load, orders already.)
 *
 * Measured in wasm under Node 20 (x86, nanoseconds, the same with and without Liftoff):
 *
 *   bytes                     32   64   96  192  256  512  1024   4096
 *   store by words            10   22   31   62   86  174   330   1360
 *   store, fence and bulk     26   27   28   29   31   37    40     88
 *   load by words              5    8   11   20   34   60    98    440
 *   load, bulk and fence      26   26   27   29   31   37    39     89
 */
#ifndef SLUICE_WORDS_H
#define SLUICE_WORDS_H

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#if defined(__wasm__)
enum { SLUICE_WORDS_STORE_BULK = 96, SLUICE_WORDS_LOAD_BULK = 256 }; /* bytes; where they cross */
#endif

/* Bytes that a value of `bytes` takes on the shared side; `bytes` at most 2^32 - 8. */
static inline uint32_t sluice_words_bytes(uint32_t bytes) {
  return (bytes + 7) & ~UINT32_C(7);
}

/* Writes `bytes` from private memory, zero-filled up to 8. Wait-free. */
static inline void sluice_words_store(void *to_shared, const void *from, uint32_t bytes) {
  _Atomic uint64_t *to = to_shared;
  const unsigned char *at = from;
#if defined(__wasm__)
  if (bytes >= SLUICE_WORDS_STORE_BULK) {
    atomic_thread_fence(memory_order_seq_cst); /* between the announcement and the copy */
    memcpy(to_shared, from, bytes);
    return;
  }
#endif
  for (; bytes >= 8; bytes -= 8, at += 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    /* publishes the announcement before it; pairs with the acquire in sluice_words_load */
    atomic_store_explicit(to++, word, memory_order_release);
  }
  if (bytes != 0) {
    uint64_t word = 0;
    memcpy(&word, at, bytes);
    atomic_store_explicit(to, word, memory_order_release);
  }
}

/* Reads `bytes` into private memory. Wait-free. */
static inline void sluice_words_load(void *to, const void *from_shared, uint32_t bytes) {
  const _Atomic uint64_t *from = from_shared;
  unsigned char *at = to;
#if defined(__wasm__)
  if (bytes >= SLUICE_WORDS_LOAD_BULK) {
    memcpy(to, from_shared, bytes);
    atomic_thread_fence(memory_order_seq_cst); /* between the copy and the look that follows */
    return;
  }
#endif
  for (; bytes >= 8; bytes -= 8, at += 8) {
    /* pairs with the release in sluice_words_store: the announcement of this word is visible */
    uint64_t word = atomic_load_explicit(from++, memory_order_acquire);
    memcpy(at, &word, 8);
  }
  if (bytes != 0) {
    uint64_t word = atomic_load_explicit(from, memory_order_acquire);
    memcpy(at, &word, bytes);
  }
}

#endif
