/* SHA-256 (FIPS 180-4), and BIP-340's tagged form of it. */
#ifndef DARKSWAP_SHA256_H
#define DARKSWAP_SHA256_H

#include <stdint.h>

typedef struct sha256 {
  uint32_t state[8];
  uint32_t filled; /* of the block */
  uint32_t zero;
  uint64_t bytes;
  uint8_t block[64];
} sha256;

void sha256_begin(sha256 *hash);
void sha256_add(sha256 *hash, const void *data, uint32_t length);
void sha256_end(sha256 *hash, uint8_t digest[32]);

/* SHA-256(SHA-256(tag) || SHA-256(tag) || data); `tag` ends with a zero. */
void sha256_tagged(const char *tag, const void *data, uint32_t length, uint8_t digest[32]);

#endif
