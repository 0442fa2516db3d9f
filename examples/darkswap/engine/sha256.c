#include "sha256.h"

#include <stddef.h>
#include <string.h>

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t word, int by) {
  return word >> by | word << (32 - by);
}

static uint32_t load_big(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

static void store_big(uint8_t *at, uint32_t word) {
  at[0] = (uint8_t)(word >> 24);
  at[1] = (uint8_t)(word >> 16);
  at[2] = (uint8_t)(word >> 8);
  at[3] = (uint8_t)word;
}

static void compress(uint32_t state[8], const uint8_t *block) {
  uint32_t w[64];
  uint32_t s[8];
  for (size_t i = 0; i < 16; i++) {
    w[i] = load_big(block + 4 * i);
  }
  for (int i = 16; i < 64; i++) {
    uint32_t a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t e = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
    uint32_t t = s[7] + e + ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i] + w[i];
    uint32_t a = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
    uint32_t u = a + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    s[7] = s[6];
    s[6] = s[5];
    s[5] = s[4];
    s[4] = s[3] + t;
    s[3] = s[2];
    s[2] = s[1];
    s[1] = s[0];
    s[0] = t + u;
  }
  for (int i = 0; i < 8; i++) {
    state[i] += s[i];
  }
}

void sha256_begin(sha256 *hash) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memset(hash, 0, sizeof *hash);
  memcpy(hash->state, start, sizeof start);
}

void sha256_add(sha256 *hash, const void *data, uint32_t length) {
  const uint8_t *from = data;
  hash->bytes += length;
  while (length > 0) {
    if (hash->filled == 0 && length >= 64) {
      compress(hash->state, from);
      from += 64;
      length -= 64;
      continue;
    }
    uint32_t part = 64 - hash->filled < length ? 64 - hash->filled : length;
    memcpy(hash->block + hash->filled, from, part);
    hash->filled += part;
    from += part;
    length -= part;
    if (hash->filled == 64) {
      compress(hash->state, hash->block);
      hash->filled = 0;
    }
  }
}

void sha256_end(sha256 *hash, uint8_t digest[32]) {
  uint64_t bits = hash->bytes * 8;
  uint8_t pad[72] = {0x80};
  uint32_t length = (hash->filled < 56 ? 56 : 120) - hash->filled;
  store_big(pad + length, (uint32_t)(bits >> 32));
  store_big(pad + length + 4, (uint32_t)bits);
  sha256_add(hash, pad, length + 8);
  for (size_t i = 0; i < 8; i++) {
    store_big(digest + 4 * i, hash->state[i]);
  }
}

void sha256_tagged(const char *tag, const void *data, uint32_t length, uint8_t digest[32]) {
  sha256 hash;
  uint8_t of_tag[32];
  sha256_begin(&hash);
  sha256_add(&hash, tag, (uint32_t)strlen(tag));
  sha256_end(&hash, of_tag);
  sha256_begin(&hash);
  sha256_add(&hash, of_tag, sizeof of_tag);
  sha256_add(&hash, of_tag, sizeof of_tag);
  sha256_add(&hash, data, length);
  sha256_end(&hash, digest);
}
