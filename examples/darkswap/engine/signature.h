/* BIP-340 signatures, by libsecp256k1. */
#ifndef DARKSWAP_SIGNATURE_H
#define DARKSWAP_SIGNATURE_H

#include <stdint.h>

/* Whether the 64 bytes are the x-only key's signature of the message. Any thread, no allocation. */
int signature_valid(const uint8_t *key, const uint8_t *message, uint32_t length,
                    const uint8_t *signature);

#endif
