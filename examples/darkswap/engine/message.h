/* Messages as bytes: where each field stands, and what they have to be. README.md draws them. */
#ifndef DARKSWAP_MESSAGE_H
#define DARKSWAP_MESSAGE_H

#include "darkswap.h"

/* Where the fields of all kinds stand. */
enum { AT_KIND = 0, AT_VERSION = 1, AT_NETWORK = 2, AT_SIDE = 3, AT_TIMESTAMP = 8 };
/* NewOrder */
enum {
  NEW_EXPIRY = 16,
  NEW_AMOUNT = 24,
  NEW_PRICE = 32,
  NEW_MAKER = 40,
  NEW_BASE = 72,
  NEW_QUOTE = 104,
  NEW_ADDRESS_LENGTH = 136,
  NEW_ADDRESS = 137
};
/* CancelOrder and UpdateOrder */
enum { OLD_ID = 16, OLD_MAKER = 48, UPDATE_AMOUNT = 80, UPDATE_PRICE = 88, UPDATE_EXPIRY = 96 };

/* Length and format alone. Returns DS_OK, DS_E_LENGTH or DS_E_FORMAT. */
int32_t message_shape(const uint8_t *message, uint32_t length);

/* The tagged hash of a message whose shape is right. */
void message_hash(const uint8_t *message, uint32_t length, uint8_t id[DS_ID_BYTES]);

/* Whether amount * price is beyond u64. */
int beyond_u64(uint64_t amount, uint64_t price);

#endif
