#include "message.h"

#include <string.h>

#include "bytes.h"
#include "sha256.h"

enum { FORMAT_VERSION = 1, ASSET_ALKANE = 2, ASSET_ID_MAX = 30, PRINTABLE = 0x21, DELETE = 0x7f };

static int is_asset(const uint8_t *asset) {
  uint32_t type = asset[0];
  uint32_t length = asset[1];
  if (type > ASSET_ALKANE || length > ASSET_ID_MAX || (type == 0) != (length == 0)) {
    return 0;
  }
  for (uint32_t i = 0; i < length; i++) {
    if (asset[2 + i] < PRINTABLE || asset[2 + i] >= DELETE) {
      return 0;
    }
  }
  return all_zero(asset + 2 + length, ASSET_ID_MAX - length);
}

static int is_new_order(const uint8_t *message) {
  uint32_t address = message[NEW_ADDRESS_LENGTH];
  return message[AT_SIDE] <= DS_SELL && is_asset(message + NEW_BASE) &&
         is_asset(message + NEW_QUOTE) &&
         memcmp(message + NEW_BASE, message + NEW_QUOTE, DS_ASSET_BYTES) != 0 &&
         address <= DS_ADDRESS_MAX &&
         all_zero(message + NEW_ADDRESS + address, DS_ADDRESS_MAX - address);
}

int32_t message_shape(const uint8_t *message, uint32_t length) {
  static const uint32_t lengths[] = {0, DS_NEW_BYTES, DS_CANCEL_BYTES, DS_UPDATE_BYTES};
  if (length == 0 || length > DS_MESSAGE_MAX) {
    return DS_E_LENGTH;
  }
  uint32_t kind = message[AT_KIND];
  if (kind < DS_NEW || kind > DS_UPDATE) {
    return DS_E_FORMAT;
  }
  if (length != lengths[kind]) {
    return DS_E_LENGTH;
  }
  if (message[AT_VERSION] != FORMAT_VERSION) {
    return DS_E_FORMAT;
  }
  int fits = kind == DS_NEW ? is_new_order(message) : message[AT_SIDE] == 0;
  return fits ? DS_OK : DS_E_FORMAT;
}

void message_hash(const uint8_t *message, uint32_t length, uint8_t id[DS_ID_BYTES]) {
  sha256_tagged("darkswap/message/v1", message, length - DS_SIGNATURE_BYTES, id);
}

int beyond_u64(uint64_t amount, uint64_t price) {
  uint64_t product = 0;
  return __builtin_mul_overflow(amount, price, &product);
}

DS_EXPORT(ds_message_id)
int32_t ds_message_id(const uint8_t *message, uint32_t length, uint8_t *id) {
  if (message == NULL || id == NULL) {
    return DS_E_ARGUMENT;
  }
  memset(id, 0, DS_ID_BYTES);
  int32_t code = message_shape(message, length);
  if (code == DS_OK) {
    message_hash(message, length, id);
  }
  return code;
}
