/* Bech32 (BIP-173) and bech32m (BIP-350): text with a checksum, and segregated witness addresses. */
#ifndef DARKSWAP_BECH32_H
#define DARKSWAP_BECH32_H

#include <stdint.h>

enum { BECH32_MAX = 90 }; /* characters */

typedef enum bech32_form { BECH32_NONE, BECH32, BECH32M } bech32_form;

/* A checked string taken apart: the prefix in lower case, and the data without the checksum, five bits
 * a byte. */
typedef struct bech32_parts {
  bech32_form form; /* BECH32_NONE: not valid, and the rest is nothing */
  uint32_t prefix_length;
  uint32_t length;
  char prefix[BECH32_MAX];
  uint8_t data[BECH32_MAX];
} bech32_parts;

/* Takes `length` characters apart. Returns the form. */
bech32_form bech32_decode(const char *text, uint32_t length, bech32_parts *parts);

/* Writes prefix, "1", data and checksum, without a terminating zero. Returns the length, or 0 where it
 * would not fit into `room` or the 90 characters. */
uint32_t bech32_encode(bech32_form form, const char *prefix, const uint8_t *data, uint32_t length,
                       char *text, uint32_t room);

/* A witness program of 2 to 40 bytes. Returns its version, 0 to 16, or -1 where the text is no address
 * with this prefix. */
int segwit_decode(const char *text, uint32_t length, const char *prefix, uint8_t program[40],
                  uint32_t *program_length);

/* The address. Returns its length, or 0. */
uint32_t segwit_encode(const char *prefix, uint32_t version, const uint8_t *program,
                       uint32_t program_length, char *text, uint32_t room);

#endif
