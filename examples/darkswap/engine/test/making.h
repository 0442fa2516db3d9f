/* Messages for the tests: made, signed and put into frames. */
#ifndef DARKSWAP_MAKING_H
#define DARKSWAP_MAKING_H

#include "../message.h"

enum { FRAME_MAX = DS_FRAME_HEAD + DS_MESSAGE_MAX };

typedef struct wish {
  uint32_t maker; /* 1 to 255: its secret key */
  uint32_t side;
  uint64_t amount;
  uint64_t price;
  uint64_t timestamp;
  uint64_t expiry;
  uint32_t nonce;
  uint32_t market; /* 0 to 9 */
} wish;

void make_key(uint32_t maker, uint8_t key[DS_KEY_BYTES]);
void make_assets(uint32_t market, uint8_t base[DS_ASSET_BYTES], uint8_t quote[DS_ASSET_BYTES]);

/* On regtest; each returns the length. They are not signed. */
uint32_t make_new(uint8_t message[DS_MESSAGE_MAX], const wish *of);
uint32_t make_cancel(uint8_t message[DS_MESSAGE_MAX], const wish *of, const uint8_t *id);
uint32_t make_update(uint8_t message[DS_MESSAGE_MAX], const wish *of, const uint8_t *id);
void make_signature(uint8_t *message, uint32_t length, uint32_t maker);
uint32_t make_frame(uint8_t frame[FRAME_MAX], uint64_t receipt, uint64_t time,
                    const uint8_t *message, uint32_t length);

#endif
