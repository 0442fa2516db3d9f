/* What can be said of a message without a book: the verifying threads' work. */
#include <string.h>

#include "bytes.h"
#include "message.h"
#include "signature.h"

static int32_t check_order(uint64_t amount, uint64_t price, uint64_t timestamp, uint64_t expiry,
                           uint64_t now) {
  if (amount == 0 || price == 0) {
    return DS_E_AMOUNT;
  }
  if (beyond_u64(amount, price)) {
    return DS_E_OVERFLOW;
  }
  return expiry <= timestamp || expiry <= now ? DS_E_EXPIRED : DS_OK;
}

static int32_t check_address(const uint8_t *message, uint32_t network) {
  char address[DS_ADDRESS_MAX];
  int32_t length = ds_address(message + NEW_MAKER, network, address, sizeof address);
  return length > 0 && message[NEW_ADDRESS_LENGTH] == length &&
                 memcmp(message + NEW_ADDRESS, address, (size_t)length) == 0
             ? DS_OK
             : DS_E_ADDRESS;
}

/* Cheapest first; of a message whose shape is right. */
static int32_t check(const uint8_t *message, uint32_t length, uint64_t now, uint32_t network,
                     const uint8_t id[DS_ID_BYTES]) {
  uint32_t kind = message[AT_KIND];
  uint64_t timestamp = load64(message + AT_TIMESTAMP);
  const uint8_t *maker = message + (kind == DS_NEW ? NEW_MAKER : OLD_MAKER);
  int32_t code = message[AT_NETWORK] == network ? DS_OK : DS_E_NETWORK;
  if (code == DS_OK && kind == DS_NEW) {
    code = check_order(load64(message + NEW_AMOUNT), load64(message + NEW_PRICE), timestamp,
                       load64(message + NEW_EXPIRY), now);
    if (code == DS_OK) {
      code = check_address(message, network);
    }
  } else if (code == DS_OK && kind == DS_UPDATE) {
    code = check_order(load64(message + UPDATE_AMOUNT), load64(message + UPDATE_PRICE), timestamp,
                       load64(message + UPDATE_EXPIRY), now);
  }
  if (code == DS_OK &&
      !signature_valid(maker, id, DS_ID_BYTES, message + length - DS_SIGNATURE_BYTES)) {
    code = DS_E_SIGNATURE;
  }
  return code;
}

DS_EXPORT(ds_verify)
int32_t ds_verify(const uint8_t *message, uint32_t length, uint64_t now, uint32_t network,
                  ds_verdict *verdict) {
  if ((message == NULL && length != 0) || verdict == NULL || network > DS_SIGNET) {
    return DS_E_ARGUMENT;
  }
  /* This thread's own copy: who wrote the message may write it again meanwhile. */
  uint8_t own[DS_MESSAGE_MAX];
  memset(verdict, 0, sizeof *verdict);
  if (length == 0 || length > sizeof own) {
    return verdict->code = DS_E_LENGTH;
  }
  memcpy(own, message, length);
  int32_t code = message_shape(own, length);
  if (code == DS_OK) {
    message_hash(own, length, verdict->id);
    code = check(own, length, now, network, verdict->id);
  }
  return verdict->code = code;
}

DS_EXPORT(ds_verify_batch)
int32_t ds_verify_batch(const uint8_t *frames, uint32_t bytes, uint32_t network,
                        ds_verdict *verdicts, uint32_t room) {
  if (frames == NULL || verdicts == NULL || network > DS_SIGNET) {
    return DS_E_ARGUMENT;
  }
  uint32_t count = 0;
  for (uint32_t at = 0; at < bytes; count++) {
    if (bytes - at < DS_FRAME_HEAD || count == room) {
      return DS_E_ARGUMENT;
    }
    uint64_t now = load64(frames + at + 8);
    uint32_t length = load32(frames + at + 16);
    at += DS_FRAME_HEAD;
    if (length > bytes - at) {
      return DS_E_ARGUMENT;
    }
    (void)ds_verify(frames + at, length, now, network, &verdicts[count]);
    uint32_t padded = (length + 7) & ~UINT32_C(7);
    if (padded > bytes - at) {
      return DS_E_ARGUMENT;
    }
    at += padded;
  }
  return (int32_t)count;
}
