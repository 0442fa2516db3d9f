#include "bech32.h"

#include <string.h>

enum { CHECKSUM = 6, PROGRAM_MAX = 40 };

static const char letters[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t checksum_step(uint32_t sum, uint32_t value) {
  static const uint32_t generator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  uint32_t top = sum >> 25;
  sum = (sum & 0x1ffffff) << 5 ^ value;
  for (int i = 0; i < 5; i++) {
    if (top >> i & 1) {
      sum ^= generator[i];
    }
  }
  return sum;
}

static uint32_t checksum_prefix(const char *prefix, uint32_t length) {
  uint32_t sum = 1;
  for (uint32_t i = 0; i < length; i++) {
    sum = checksum_step(sum, (uint32_t)prefix[i] >> 5);
  }
  sum = checksum_step(sum, 0);
  for (uint32_t i = 0; i < length; i++) {
    sum = checksum_step(sum, (uint32_t)prefix[i] & 31);
  }
  return sum;
}

static uint32_t checksum_of(bech32_form form) {
  return form == BECH32 ? 1 : 0x2bc830a3;
}

/* The text in lower case. Returns 0 where it has both cases, or a character that is no such. */
static int one_case(const char *text, uint32_t length, char *lower) {
  int has_lower = 0;
  int has_upper = 0;
  for (uint32_t i = 0; i < length; i++) {
    char c = text[i];
    if (c < 33 || c > 126) {
      return 0;
    }
    has_lower |= c >= 'a' && c <= 'z';
    has_upper |= c >= 'A' && c <= 'Z';
    lower[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  return !(has_lower && has_upper);
}

bech32_form bech32_decode(const char *text, uint32_t length, bech32_parts *parts) {
  char lower[BECH32_MAX];
  memset(parts, 0, sizeof *parts);
  if (length > BECH32_MAX || !one_case(text, length, lower)) {
    return BECH32_NONE;
  }
  uint32_t one = length;
  while (one > 0 && lower[one - 1] != '1') {
    one--;
  }
  if (one < 2 || length - one < CHECKSUM) {
    return BECH32_NONE;
  }
  uint32_t sum = checksum_prefix(lower, one - 1);
  uint8_t values[BECH32_MAX];
  for (uint32_t i = one; i < length; i++) {
    const char *letter = strchr(letters, lower[i]);
    if (letter == NULL) {
      return BECH32_NONE;
    }
    values[i - one] = (uint8_t)(letter - letters);
    sum = checksum_step(sum, values[i - one]);
  }
  if (sum != checksum_of(BECH32) && sum != checksum_of(BECH32M)) {
    return BECH32_NONE;
  }
  parts->form = sum == checksum_of(BECH32) ? BECH32 : BECH32M;
  parts->prefix_length = one - 1;
  parts->length = length - one - CHECKSUM;
  memcpy(parts->prefix, lower, parts->prefix_length);
  memcpy(parts->data, values, parts->length);
  return parts->form;
}

uint32_t bech32_encode(bech32_form form, const char *prefix, const uint8_t *data, uint32_t length,
                       char *text, uint32_t room) {
  uint32_t prefix_length = (uint32_t)strlen(prefix);
  uint32_t total = prefix_length + 1 + length + CHECKSUM;
  if (prefix_length == 0 || prefix_length > BECH32_MAX || length > BECH32_MAX ||
      total > BECH32_MAX || total > room) {
    return 0;
  }
  uint32_t sum = checksum_prefix(prefix, prefix_length);
  char *at = text;
  for (uint32_t i = 0; i < prefix_length; i++) {
    *at++ = prefix[i];
  }
  *at++ = '1';
  for (uint32_t i = 0; i < length; i++) {
    sum = checksum_step(sum, data[i] & 31);
    *at++ = letters[data[i] & 31];
  }
  for (int i = 0; i < CHECKSUM; i++) {
    sum = checksum_step(sum, 0);
  }
  sum ^= checksum_of(form);
  for (int i = 0; i < CHECKSUM; i++) {
    *at++ = letters[sum >> 5 * (CHECKSUM - 1 - i) & 31];
  }
  return total;
}

int segwit_decode(const char *text, uint32_t length, const char *prefix, uint8_t program[40],
                  uint32_t *program_length) {
  bech32_parts parts;
  if (bech32_decode(text, length, &parts) == BECH32_NONE || parts.length == 0 ||
      parts.prefix_length != strlen(prefix) ||
      memcmp(parts.prefix, prefix, parts.prefix_length) != 0) {
    return -1;
  }
  uint32_t version = parts.data[0];
  if (version > 16 || parts.form != (version == 0 ? BECH32 : BECH32M)) {
    return -1;
  }
  uint32_t bits = 0;
  uint32_t held = 0;
  uint32_t written = 0;
  for (uint32_t i = 1; i < parts.length; i++) {
    held = (held << 5 | parts.data[i]) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      if (written == PROGRAM_MAX) {
        return -1;
      }
      program[written++] = (uint8_t)(held >> bits);
    }
  }
  /* what is left is padding: less than a letter of it, and zero */
  if (bits >= 5 || (held & ((1U << bits) - 1)) != 0 || written < 2 ||
      (version == 0 && written != 20 && written != 32)) {
    return -1;
  }
  *program_length = written;
  return (int)version;
}

uint32_t segwit_encode(const char *prefix, uint32_t version, const uint8_t *program,
                       uint32_t program_length, char *text, uint32_t room) {
  uint8_t data[1 + PROGRAM_MAX * 8 / 5];
  if (version > 16 || program_length < 2 || program_length > PROGRAM_MAX) {
    return 0;
  }
  uint32_t bits = 0;
  uint32_t held = 0;
  uint32_t length = 0;
  data[length++] = (uint8_t)version;
  for (uint32_t i = 0; i < program_length; i++) {
    held = (held << 8 | program[i]) & 0xfff;
    for (bits += 8; bits >= 5;) {
      bits -= 5;
      data[length++] = held >> bits & 31;
    }
  }
  if (bits > 0) {
    data[length++] = (uint8_t)(held << (5 - bits) & 31);
  }
  return bech32_encode(version == 0 ? BECH32 : BECH32M, prefix, data, length, text, room);
}
