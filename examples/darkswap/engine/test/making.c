#include "making.h"

#include <secp256k1.h>
#include <secp256k1_schnorrsig.h>
#include <stdlib.h>
#include <string.h>

static secp256k1_context *signing(void) {
  static secp256k1_context *context;
  if (context == NULL) {
    context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
  }
  return context;
}

static secp256k1_keypair pair_of(uint32_t maker) {
  uint8_t secret[32] = {0};
  secp256k1_keypair pair;
  secret[31] = (uint8_t)maker;
  if (!secp256k1_keypair_create(signing(), &pair, secret)) {
    abort();
  }
  return pair;
}

void make_key(uint32_t maker, uint8_t key[DS_KEY_BYTES]) {
  secp256k1_keypair pair = pair_of(maker);
  secp256k1_xonly_pubkey xonly;
  if (!secp256k1_keypair_xonly_pub(signing(), &xonly, NULL, &pair) ||
      !secp256k1_xonly_pubkey_serialize(signing(), key, &xonly)) {
    abort();
  }
}

void make_assets(uint32_t market, uint8_t base[DS_ASSET_BYTES], uint8_t quote[DS_ASSET_BYTES]) {
  static const char rune[] = "840000:0";
  memset(base, 0, DS_ASSET_BYTES);
  memset(quote, 0, DS_ASSET_BYTES);
  quote[0] = 1;
  quote[1] = sizeof rune - 1;
  memcpy(quote + 2, rune, sizeof rune - 1);
  quote[1 + quote[1]] = (uint8_t)('0' + market);
}

static void put64(uint8_t *at, uint64_t value) {
  memcpy(at, &value, sizeof value); /* the tests run on little-endian machines */
}

uint32_t make_new(uint8_t message[DS_MESSAGE_MAX], const wish *of) {
  memset(message, 0, DS_MESSAGE_MAX);
  message[AT_KIND] = DS_NEW;
  message[AT_VERSION] = 1;
  message[AT_NETWORK] = DS_REGTEST;
  message[AT_SIDE] = (uint8_t)of->side;
  memcpy(message + 4, &of->nonce, 4);
  put64(message + AT_TIMESTAMP, of->timestamp);
  put64(message + NEW_EXPIRY, of->expiry);
  put64(message + NEW_AMOUNT, of->amount);
  put64(message + NEW_PRICE, of->price);
  make_key(of->maker, message + NEW_MAKER);
  make_assets(of->market, message + NEW_BASE, message + NEW_QUOTE);
  message[NEW_ADDRESS_LENGTH] = (uint8_t)ds_address(message + NEW_MAKER, DS_REGTEST,
                                                    (char *)message + NEW_ADDRESS, DS_ADDRESS_MAX);
  return DS_NEW_BYTES;
}

uint32_t make_cancel(uint8_t message[DS_MESSAGE_MAX], const wish *of, const uint8_t *id) {
  memset(message, 0, DS_MESSAGE_MAX);
  message[AT_KIND] = DS_CANCEL;
  message[AT_VERSION] = 1;
  message[AT_NETWORK] = DS_REGTEST;
  memcpy(message + 4, &of->nonce, 4);
  put64(message + AT_TIMESTAMP, of->timestamp);
  memcpy(message + OLD_ID, id, DS_ID_BYTES);
  make_key(of->maker, message + OLD_MAKER);
  return DS_CANCEL_BYTES;
}

uint32_t make_update(uint8_t message[DS_MESSAGE_MAX], const wish *of, const uint8_t *id) {
  (void)make_cancel(message, of, id);
  message[AT_KIND] = DS_UPDATE;
  put64(message + UPDATE_AMOUNT, of->amount);
  put64(message + UPDATE_PRICE, of->price);
  put64(message + UPDATE_EXPIRY, of->expiry);
  return DS_UPDATE_BYTES;
}

void make_signature(uint8_t *message, uint32_t length, uint32_t maker) {
  uint8_t id[DS_ID_BYTES];
  secp256k1_keypair pair = pair_of(maker);
  message_hash(message, length, id);
  (void)secp256k1_schnorrsig_sign32(signing(), message + length - DS_SIGNATURE_BYTES, id, &pair,
                                    NULL);
}

uint32_t make_frame(uint8_t frame[FRAME_MAX], uint64_t receipt, uint64_t time,
                    const uint8_t *message, uint32_t length) {
  memset(frame, 0, FRAME_MAX);
  put64(frame, receipt);
  put64(frame + 8, time);
  memcpy(frame + 16, &length, 4);
  memcpy(frame + DS_FRAME_HEAD, message, length);
  return (DS_FRAME_HEAD + length + 7) & ~7U;
}
