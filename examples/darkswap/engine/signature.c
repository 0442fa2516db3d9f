#include "signature.h"

#include <secp256k1.h>
#include <secp256k1_schnorrsig.h>

/* The library calls these on misuse only: a program that went on would compute nonsense. */
void secp256k1_default_illegal_callback_fn(const char *message, void *data);
void secp256k1_default_error_callback_fn(const char *message, void *data);

void secp256k1_default_illegal_callback_fn(const char *message, void *data) {
  (void)message;
  (void)data;
  __builtin_trap();
}

void secp256k1_default_error_callback_fn(const char *message, void *data) {
  (void)message;
  (void)data;
  __builtin_trap();
}

int signature_valid(const uint8_t *key, const uint8_t *message, uint32_t length,
                    const uint8_t *signature) {
  secp256k1_xonly_pubkey parsed;
  return secp256k1_xonly_pubkey_parse(secp256k1_context_static, &parsed, key) &&
         secp256k1_schnorrsig_verify(secp256k1_context_static, signature, message, length, &parsed);
}
