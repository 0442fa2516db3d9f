/* The standards' own vectors: each file's cases, and how many there are. */
#include "lines.h"

#include "../bech32.h"
#include "../darkswap.h"
#include "../sha256.h"
#include "../signature.h"

static void sha256_is_that_of_fips_180(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmn"
       "opqrsmnopqrstnopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t digest[32];
    uint8_t expected[BYTES_MAX];
    sha256 hash;
    sha256_begin(&hash);
    for (const char *at = cases[i][0]; *at != 0; at++) { /* a byte at a time */
      sha256_add(&hash, at, 1);
    }
    sha256_end(&hash, digest);
    assert_int_equal(unhex(cases[i][1], expected), 32);
    assert_memory_equal(digest, expected, 32);
  }
}

static void bip340_signatures_are_judged_as_the_bip_says(void **state) {
  (void)state;
  char line[LINE_MAX_LENGTH];
  FILE *file = open_vectors("bip340.csv");
  uint32_t count = 0;
  (void)next_line(file, line); /* the heading */
  while (next_line(file, line) != NULL) {
    char *rest = line;
    uint8_t key[BYTES_MAX];
    uint8_t message[BYTES_MAX];
    uint8_t signature[BYTES_MAX];
    char *index = next_field(&rest, ',');
    (void)next_field(&rest, ',');
    assert_int_equal(unhex(next_field(&rest, ','), key), 32);
    (void)next_field(&rest, ',');
    uint32_t length = unhex(next_field(&rest, ','), message);
    assert_int_equal(unhex(next_field(&rest, ','), signature), 64);
    int expected = strcmp(next_field(&rest, ','), "TRUE") == 0;
    if (signature_valid(key, message, length, signature) != expected) {
      fail_msg("vector %s: %s", index, rest);
    }
    count++;
  }
  (void)fclose(file);
  check_count(count, 19);
}

/* The prefix of an address, in lower case. */
static void prefix_of(const char *text, char prefix[BECH32_MAX + 1]) {
  const char *one = strrchr(text, '1');
  size_t length = one == NULL ? 0 : (size_t)(one - text);
  for (size_t i = 0; i < length; i++) {
    prefix[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
  }
  prefix[length] = 0;
}

static void check_encodes_again(const bech32_parts *parts, const char *text, uint32_t length) {
  char again[BECH32_MAX];
  char prefix[BECH32_MAX + 1] = {0};
  memcpy(prefix, parts->prefix, parts->prefix_length);
  assert_int_equal(
      bech32_encode(parts->form, prefix, parts->data, parts->length, again, sizeof again), length);
  for (uint32_t i = 0; i < length; i++) {
    assert_int_equal(again[i], text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
  }
}

static void check_string(const char *what, const char *text, uint32_t length) {
  bech32_parts parts;
  bech32_form form = bech32_decode(text, length, &parts);
  bech32_form named = strstr(what, "bech32m") == NULL ? BECH32 : BECH32M;
  if ((form == named) != (strncmp(what, "valid", 5) == 0)) {
    fail_msg("%s %.*s", what, (int)length, text);
  }
  if (form == named) {
    check_encodes_again(&parts, text, length);
  }
}

/* BIP-350 took back BIP-173's addresses of version 1 and above: there they are not valid any more. */
static void check_segwit(int valid, const char *text, uint32_t length, const uint8_t *script,
                         uint32_t script_length, int old) {
  static const char *const prefixes[] = {"bc", "tb"};
  uint8_t program[40];
  uint32_t bytes = 0;
  char prefix[BECH32_MAX + 1];
  int version = -1;
  for (int i = 0; i < 2 && version < 0; i++) {
    version = segwit_decode(text, length, prefixes[i], program, &bytes);
  }
  if (valid && old && script[0] != 0) {
    valid = 0;
  }
  if ((version >= 0) != valid) {
    fail_msg("%s %.*s", valid ? "valid" : "invalid", (int)length, text);
  }
  if (!valid) {
    return;
  }
  assert_int_equal(script_length, bytes + 2);
  assert_int_equal(script[0], version == 0 ? 0 : 0x50 + version);
  assert_int_equal(script[1], bytes);
  assert_memory_equal(script + 2, program, bytes);
  char again[BECH32_MAX];
  prefix_of(text, prefix);
  assert_int_equal(segwit_encode(prefix, (uint32_t)version, program, bytes, again, sizeof again),
                   length);
  assert_int_equal(strncasecmp(again, text, length), 0);
}

static void check_bech32_file(const char *name, uint32_t expected) {
  char line[LINE_MAX_LENGTH];
  FILE *file = open_vectors(name);
  uint32_t count = 0;
  for (; next_line(file, line) != NULL; count++) {
    char *rest = line;
    uint8_t text[BYTES_MAX] = {0};
    uint8_t script[BYTES_MAX] = {0};
    char *what = next_field(&rest, ' ');
    uint32_t length = unhex(next_field(&rest, ' '), text);
    text[length] = 0;
    if (strstr(what, "segwit") == NULL) {
      check_string(what, (const char *)text, length);
      continue;
    }
    int valid = strcmp(what, "valid_segwit") == 0;
    uint32_t script_length = valid ? unhex(rest, script) : 0;
    check_segwit(valid, (const char *)text, length, script, script_length,
                 strcmp(name, "bip173.txt") == 0);
  }
  (void)fclose(file);
  check_count(count, expected);
}

static void bip173_strings_and_addresses_are_judged_as_the_bip_says(void **state) {
  (void)state;
  check_bech32_file("bip173.txt", 7 + 12 + 6 + 10);
}

static void bip350_strings_and_addresses_are_judged_as_the_bip_says(void **state) {
  (void)state;
  check_bech32_file("bip350.txt", 7 + 14 + 8 + 15);
}

static void a_key_has_an_address_on_each_network_and_it_leads_back(void **state) {
  (void)state;
  static const char *const prefixes[] = {"bc1p", "tb1p", "bcrt1p", "tb1p"};
  uint8_t key[DS_KEY_BYTES];
  uint8_t back[DS_KEY_BYTES];
  char text[DS_ADDRESS_MAX];
  for (int i = 0; i < DS_KEY_BYTES; i++) {
    key[i] = (uint8_t)(7 * i + 1);
  }
  for (uint32_t network = DS_MAINNET; network <= DS_SIGNET; network++) {
    int32_t length = ds_address(key, network, text, sizeof text);
    assert_int_equal(length, strlen(prefixes[network]) + 58);
    assert_memory_equal(text, prefixes[network], strlen(prefixes[network]));
    assert_int_equal(ds_address_key(text, (uint32_t)length, network, back), DS_OK);
    assert_memory_equal(key, back, sizeof key);
    uint32_t other = network == DS_MAINNET ? DS_REGTEST : DS_MAINNET;
    assert_int_equal(ds_address_key(text, (uint32_t)length, other, back), DS_E_ADDRESS);
    assert_int_equal(ds_address(key, network, text, (uint32_t)length - 1), DS_E_ARGUMENT);
  }
}

static void bip174_transactions_are_judged_as_the_bip_says(void **state) {
  (void)state;
  char line[LINE_MAX_LENGTH];
  FILE *file = open_vectors("bip174.txt");
  uint32_t count = 0;
  for (; next_line(file, line) != NULL; count++) {
    char *rest = line;
    uint8_t bytes[BYTES_MAX];
    int valid = strcmp(next_field(&rest, ' '), "invalid") != 0;
    uint32_t length = unhex(next_field(&rest, ' '), bytes);
    if ((ds_psbt_check(bytes, length) == DS_OK) != valid) {
      fail_msg("%s: %s", valid ? "valid" : "invalid", rest);
    }
    /* Cut anywhere it is none, on memory of exactly that size. */
    for (uint32_t cut = 0; cut < length; cut++) {
      uint8_t *part = malloc(cut + 1);
      memcpy(part, bytes, cut);
      assert_int_equal(ds_psbt_check(part, cut), DS_E_PSBT);
      free(part);
    }
  }
  (void)fclose(file);
  check_count(count, 20 + 10 + 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sha256_is_that_of_fips_180),
      cmocka_unit_test(bip340_signatures_are_judged_as_the_bip_says),
      cmocka_unit_test(bip173_strings_and_addresses_are_judged_as_the_bip_says),
      cmocka_unit_test(bip350_strings_and_addresses_are_judged_as_the_bip_says),
      cmocka_unit_test(a_key_has_an_address_on_each_network_and_it_leads_back),
      cmocka_unit_test(bip174_transactions_are_judged_as_the_bip_says),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
