/* ds_verify: each way in which a message can be wrong has its code, and no byte of it may change. */
#include "lines.h"

#include "making.h"

enum { NOW = 1000 };

static const wish ordinary = {
    .maker = 3, .side = DS_BUY, .amount = 500, .price = 20, .timestamp = NOW, .expiry = 2000};

static int32_t verify(const uint8_t *message, uint32_t length) {
  ds_verdict verdict;
  int32_t code = ds_verify(message, length, NOW, DS_REGTEST, &verdict);
  assert_int_equal(code, verdict.code);
  return code;
}

static int32_t verify_wish(wish of) {
  uint8_t message[DS_MESSAGE_MAX];
  uint32_t length = make_new(message, &of);
  make_signature(message, length, of.maker);
  return verify(message, length);
}

static void a_signed_message_of_each_kind_is_valid_and_its_id_is_the_tagged_hash(void **state) {
  (void)state;
  uint8_t id[DS_ID_BYTES] = {1};
  uint8_t message[DS_MESSAGE_MAX];
  wish of = ordinary;
  for (int kind = DS_NEW; kind <= DS_UPDATE; kind++) {
    uint32_t length = kind == DS_NEW      ? make_new(message, &of)
                      : kind == DS_CANCEL ? make_cancel(message, &of, id)
                                          : make_update(message, &of, id);
    make_signature(message, length, of.maker);
    ds_verdict verdict;
    assert_int_equal(ds_verify(message, length, NOW, DS_REGTEST, &verdict), DS_OK);
    uint8_t expected[DS_ID_BYTES];
    message_hash(message, length, expected);
    assert_memory_equal(verdict.id, expected, DS_ID_BYTES);
    assert_int_equal(ds_message_id(message, length, expected), DS_OK);
    assert_memory_equal(verdict.id, expected, DS_ID_BYTES);
  }
}

static void no_byte_of_a_message_can_change_and_none_can_be_missing(void **state) {
  (void)state;
  uint8_t id[DS_ID_BYTES] = {1};
  uint8_t message[DS_MESSAGE_MAX];
  wish of = ordinary;
  for (int kind = DS_NEW; kind <= DS_UPDATE; kind++) {
    uint32_t length = kind == DS_NEW      ? make_new(message, &of)
                      : kind == DS_CANCEL ? make_cancel(message, &of, id)
                                          : make_update(message, &of, id);
    make_signature(message, length, of.maker);
    for (uint32_t at = 0; at < length; at++) {
      message[at] ^= 0x41;
      assert_int_not_equal(verify(message, length), DS_OK);
      message[at] ^= 0x41;
      assert_int_equal(verify(message, at), DS_E_LENGTH);
    }
    assert_int_equal(verify(message, length), DS_OK);
  }
}

static void each_fault_has_its_code(void **state) {
  (void)state;
  wish of = ordinary;
  of.amount = 0;
  assert_int_equal(verify_wish(of), DS_E_AMOUNT);
  of = ordinary;
  of.price = 0;
  assert_int_equal(verify_wish(of), DS_E_AMOUNT);
  of.amount = UINT64_MAX;
  of.price = 1;
  assert_int_equal(verify_wish(of), DS_OK);
  of.price = 2;
  assert_int_equal(verify_wish(of), DS_E_OVERFLOW);
  of.amount = UINT64_C(1) << 32;
  of.price = UINT64_C(1) << 32;
  assert_int_equal(verify_wish(of), DS_E_OVERFLOW);
  of = ordinary;
  of.expiry = NOW;
  of.timestamp = 1;
  assert_int_equal(verify_wish(of), DS_E_EXPIRED);
  of.expiry = NOW + 1;
  assert_int_equal(verify_wish(of), DS_OK);
  of.timestamp = NOW + 1;
  assert_int_equal(verify_wish(of), DS_E_EXPIRED);
}

/* Changes one byte before signing. */
static int32_t verify_with(uint32_t at, uint8_t value) {
  uint8_t message[DS_MESSAGE_MAX];
  uint32_t length = make_new(message, &ordinary);
  message[at] = value;
  make_signature(message, length, ordinary.maker);
  return verify(message, length);
}

static void a_form_that_no_message_has_is_refused_though_signed(void **state) {
  (void)state;
  assert_int_equal(verify_with(AT_VERSION, 2), DS_E_FORMAT);
  assert_int_equal(verify_with(AT_SIDE, 2), DS_E_FORMAT);
  assert_int_equal(verify_with(NEW_BASE, 3), DS_E_FORMAT);
  assert_int_equal(verify_with(NEW_BASE, 1), DS_E_FORMAT);      /* a Rune without an id */
  assert_int_equal(verify_with(NEW_BASE + 31, 1), DS_E_FORMAT); /* padding */
  assert_int_equal(verify_with(NEW_QUOTE, 0), DS_E_FORMAT);     /* Bitcoin with one */
  assert_int_equal(verify_with(NEW_QUOTE + 2, ' '), DS_E_FORMAT);
  assert_int_equal(verify_with(NEW_QUOTE + 1, 31), DS_E_FORMAT);
  assert_int_equal(verify_with(NEW_ADDRESS_LENGTH, 72), DS_E_FORMAT);
  assert_int_equal(verify_with(NEW_ADDRESS + 70, 1), DS_E_FORMAT);
  assert_int_equal(verify_with(AT_NETWORK, DS_MAINNET), DS_E_NETWORK);
  assert_int_equal(verify_with(AT_KIND, 4), DS_E_FORMAT);
}

static void base_and_quote_are_not_one(void **state) {
  (void)state;
  uint8_t message[DS_MESSAGE_MAX];
  uint32_t length = make_new(message, &ordinary);
  memcpy(message + NEW_BASE, message + NEW_QUOTE, DS_ASSET_BYTES);
  make_signature(message, length, ordinary.maker);
  assert_int_equal(verify(message, length), DS_E_FORMAT);
}

static void an_address_that_is_not_the_keys_is_refused_though_signed(void **state) {
  (void)state;
  assert_int_equal(verify_with(NEW_ADDRESS + 20, 'q'), DS_E_ADDRESS);
  uint8_t message[DS_MESSAGE_MAX];
  uint8_t key[DS_KEY_BYTES];
  for (int other = 0; other < 2; other++) { /* another key's; the same key's on another network */
    uint32_t length = make_new(message, &ordinary);
    make_key(other == 0 ? 4 : 3, key);
    memset(message + NEW_ADDRESS, 0, DS_ADDRESS_MAX);
    message[NEW_ADDRESS_LENGTH] = (uint8_t)ds_address(
        key, other == 0 ? DS_REGTEST : DS_TESTNET, (char *)message + NEW_ADDRESS, DS_ADDRESS_MAX);
    make_signature(message, length, ordinary.maker);
    assert_int_equal(verify(message, length), DS_E_ADDRESS);
  }
}

static void another_makers_signature_is_refused(void **state) {
  (void)state;
  uint8_t message[DS_MESSAGE_MAX];
  uint32_t length = make_new(message, &ordinary);
  make_signature(message, length, 4);
  assert_int_equal(verify(message, length), DS_E_SIGNATURE);
}

static void a_batch_is_judged_frame_by_frame_and_never_read_beyond_its_end(void **state) {
  (void)state;
  uint8_t message[DS_MESSAGE_MAX];
  uint32_t length = make_new(message, &ordinary);
  make_signature(message, length, ordinary.maker);
  uint8_t frames[3 * FRAME_MAX];
  uint32_t bytes = make_frame(frames, 1, NOW, message, length);
  bytes += make_frame(frames + bytes, 2, 2000, message, length); /* expired by then */
  bytes += make_frame(frames + bytes, 3, NOW, message, 5);
  ds_verdict verdicts[3];
  assert_int_equal(ds_verify_batch(frames, bytes, DS_REGTEST, verdicts, 3), 3);
  assert_int_equal(verdicts[0].code, DS_OK);
  assert_int_equal(verdicts[1].code, DS_E_EXPIRED);
  assert_int_equal(verdicts[2].code, DS_E_LENGTH);
  assert_int_equal(ds_verify_batch(frames, bytes, DS_REGTEST, verdicts, 2), DS_E_ARGUMENT);
  assert_int_equal(ds_verify_batch(frames, bytes, 4, verdicts, 3), DS_E_ARGUMENT);
  for (uint32_t cut = 0; cut < bytes; cut++) {
    uint8_t *part = malloc(cut + 1);
    memcpy(part, frames, cut);
    int32_t count = ds_verify_batch(part, cut, DS_REGTEST, verdicts, 3);
    assert_true(count == DS_E_ARGUMENT || cut == 0 || cut % (DS_FRAME_HEAD + length) == 0);
    free(part);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_signed_message_of_each_kind_is_valid_and_its_id_is_the_tagged_hash),
      cmocka_unit_test(no_byte_of_a_message_can_change_and_none_can_be_missing),
      cmocka_unit_test(each_fault_has_its_code),
      cmocka_unit_test(a_form_that_no_message_has_is_refused_though_signed),
      cmocka_unit_test(base_and_quote_are_not_one),
      cmocka_unit_test(an_address_that_is_not_the_keys_is_refused_though_signed),
      cmocka_unit_test(another_makers_signature_is_refused),
      cmocka_unit_test(a_batch_is_judged_frame_by_frame_and_never_read_beyond_its_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
