/* Taproot addresses (BIP-341, BIP-350): witness version 1, the x-only output key. */
#include <string.h>

#include "bech32.h"
#include "darkswap.h"

enum { TAPROOT = 1 };

static const char *prefix_of(uint32_t network) {
  static const char *const prefixes[] = {"bc", "tb", "bcrt", "tb"};
  return network <= DS_SIGNET ? prefixes[network] : NULL;
}

DS_EXPORT(ds_address)
int32_t ds_address(const uint8_t *key, uint32_t network, char *text, uint32_t room) {
  const char *prefix = prefix_of(network);
  if (key == NULL || text == NULL || prefix == NULL) {
    return DS_E_ARGUMENT;
  }
  uint32_t length = segwit_encode(prefix, TAPROOT, key, DS_KEY_BYTES, text, room);
  return length == 0 ? DS_E_ARGUMENT : (int32_t)length;
}

DS_EXPORT(ds_address_key)
int32_t ds_address_key(const char *text, uint32_t length, uint32_t network, uint8_t *key) {
  const char *prefix = prefix_of(network);
  uint8_t program[40];
  uint32_t bytes = 0;
  if (text == NULL || key == NULL || prefix == NULL) {
    return DS_E_ARGUMENT;
  }
  if (segwit_decode(text, length, prefix, program, &bytes) != TAPROOT || bytes != DS_KEY_BYTES) {
    return DS_E_ADDRESS;
  }
  memcpy(key, program, DS_KEY_BYTES);
  return DS_OK;
}
