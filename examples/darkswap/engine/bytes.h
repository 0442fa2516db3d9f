/* Little-endian words in bytes that may lie anywhere. */
#ifndef DARKSWAP_BYTES_H
#define DARKSWAP_BYTES_H

#include <stdint.h>

static inline uint32_t load32(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t load64(const uint8_t *at) {
  return (uint64_t)load32(at) | (uint64_t)load32(at + 4) << 32;
}

static inline int all_zero(const uint8_t *at, uint32_t length) {
  uint32_t seen = 0;
  for (uint32_t i = 0; i < length; i++) {
    seen |= at[i];
  }
  return seen == 0;
}

#endif
