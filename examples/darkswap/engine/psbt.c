/* Partially signed transactions as they come from a stranger (BIP-174, version 0; the taproot fields of
 * BIP-371): whether the bytes are one, before anything else looks at them. No field is interpreted beyond
 * its form. Written once from start to end over a cursor that never passes its end. */
#include <string.h>

#include "bytes.h"
#include "darkswap.h"

enum { TX_INPUT_MIN = 41, TX_OUTPUT_MIN = 9, OUTPOINT = 36, KEY_SHORT = 33, KEY_LONG = 65 };

/* What is left to read. A read that does not fit sets `bad` and gives zeros. */
typedef struct cursor {
  const uint8_t *at;
  uint32_t left;
  int bad;
} cursor;

static const uint8_t *take(cursor *in, uint64_t length) {
  const uint8_t *at = in->at;
  if (in->bad || length > in->left) {
    in->bad = 1;
    return NULL;
  }
  in->at += length;
  in->left -= (uint32_t)length;
  return at;
}

static uint32_t take_byte(cursor *in) {
  const uint8_t *at = take(in, 1);
  return at == NULL ? 0 : *at;
}

/* Bitcoin's compact size: of several ways to write a number only the shortest. */
static uint64_t take_size(cursor *in) {
  uint32_t first = take_byte(in);
  if (first < 0xfd) {
    return first;
  }
  const uint8_t *at = take(in, (uint64_t)1 << (first - 0xfc));
  if (at == NULL) {
    return 0;
  }
  uint64_t size = first == 0xfd ? (uint64_t)at[0] | (uint64_t)at[1] << 8 : load32(at);
  uint64_t least = first == 0xfd ? 0xfd : 0x10000;
  if (first == 0xff) {
    size = load64(at);
    least = UINT64_C(0x100000000);
  }
  in->bad |= size < least;
  return size;
}

static cursor take_part(cursor *in) {
  uint64_t length = take_size(in);
  const uint8_t *at = take(in, length);
  return (cursor){.at = at, .left = at == NULL ? 0 : (uint32_t)length, .bad = in->bad};
}

/* ---- transactions */

typedef struct tx_counts {
  uint64_t inputs;
  uint64_t outputs;
} tx_counts;

static void read_inputs(cursor *in, uint64_t count, int unsigned_only) {
  in->bad |= count > in->left / TX_INPUT_MIN;
  for (uint64_t i = 0; i < count && !in->bad; i++) {
    (void)take(in, OUTPOINT);
    cursor script = take_part(in);
    in->bad |= unsigned_only && script.left != 0;
    (void)take(in, 4);
  }
}

static void read_outputs(cursor *in, uint64_t count) {
  in->bad |= count > in->left / TX_OUTPUT_MIN;
  for (uint64_t i = 0; i < count && !in->bad; i++) {
    (void)take(in, 8);
    (void)take_part(in);
  }
}

static void read_witnesses(cursor *in, uint64_t inputs) {
  for (uint64_t i = 0; i < inputs && !in->bad; i++) {
    uint64_t items = take_size(in);
    in->bad |= items > in->left;
    for (uint64_t item = 0; item < items && !in->bad; item++) {
      (void)take_part(in);
    }
  }
}

/* An unsigned transaction has neither scripts nor witnesses, and may have no inputs; a whole one has
 * some, so that a zero in their place announces witnesses. */
static int is_transaction(cursor in, int unsigned_only, tx_counts *counts) {
  (void)take(&in, 4);
  uint64_t inputs = take_size(&in);
  int witnesses = !unsigned_only && inputs == 0;
  if (witnesses) {
    in.bad |= take_byte(&in) != 1;
    inputs = take_size(&in);
  }
  read_inputs(&in, inputs, unsigned_only);
  uint64_t outputs = take_size(&in);
  read_outputs(&in, outputs);
  if (witnesses) {
    read_witnesses(&in, inputs);
  }
  (void)take(&in, 4);
  *counts = (tx_counts){.inputs = inputs, .outputs = outputs};
  return !in.bad && in.left == 0;
}

/* ---- fields: what each key's data and its value have to be */

typedef enum map_kind { GLOBAL, INPUT, OUTPUT } map_kind;

/* What a value has to be, beside its length; LEAF says something of the key. */
typedef enum form { ANY, TRANSACTION, UNSIGNED, TX_OUT, PATH, TAP_PATH, LEAF, VERSION } form;

enum { FREE = 0xffffffff };

typedef struct field {
  map_kind map;
  uint32_t type;
  form form;
  uint32_t key[2];   /* bytes of the key's data: either of these */
  uint32_t value[2]; /* bytes of the value: from, to */
} field;

static const field fields[] = {
    {GLOBAL, 0x00, UNSIGNED, {0, 0}, {10, FREE}},           /* the transaction */
    {GLOBAL, 0x01, PATH, {78, 78}, {4, FREE}},              /* extended public key */
    {GLOBAL, 0xfb, VERSION, {0, 0}, {4, 4}},                /* version */
    {INPUT, 0x00, TRANSACTION, {0, 0}, {10, FREE}},         /* non-witness UTXO */
    {INPUT, 0x01, TX_OUT, {0, 0}, {9, FREE}},               /* witness UTXO */
    {INPUT, 0x02, ANY, {KEY_SHORT, KEY_LONG}, {1, FREE}},   /* partial signature */
    {INPUT, 0x03, ANY, {0, 0}, {4, 4}},                     /* sighash type */
    {INPUT, 0x04, ANY, {0, 0}, {0, FREE}},                  /* redeem script */
    {INPUT, 0x05, ANY, {0, 0}, {0, FREE}},                  /* witness script */
    {INPUT, 0x06, PATH, {KEY_SHORT, KEY_LONG}, {4, FREE}},  /* BIP-32 derivation */
    {INPUT, 0x07, ANY, {0, 0}, {0, FREE}},                  /* final scriptSig */
    {INPUT, 0x08, ANY, {0, 0}, {0, FREE}},                  /* final witness */
    {INPUT, 0x09, ANY, {0, 0}, {0, FREE}},                  /* proof of reserves */
    {INPUT, 0x0a, ANY, {20, 20}, {0, FREE}},                /* preimage of a RIPEMD-160 */
    {INPUT, 0x0b, ANY, {32, 32}, {0, FREE}},                /* SHA-256 */
    {INPUT, 0x0c, ANY, {20, 20}, {0, FREE}},                /* HASH160 */
    {INPUT, 0x0d, ANY, {32, 32}, {0, FREE}},                /* HASH256 */
    {INPUT, 0x13, ANY, {0, 0}, {64, 65}},                   /* taproot: key signature */
    {INPUT, 0x14, ANY, {64, 64}, {64, 65}},                 /* script signature */
    {INPUT, 0x15, LEAF, {FREE, FREE}, {1, FREE}},           /* leaf script */
    {INPUT, 0x16, TAP_PATH, {32, 32}, {5, FREE}},           /* derivation */
    {INPUT, 0x17, ANY, {0, 0}, {32, 32}},                   /* internal key */
    {INPUT, 0x18, ANY, {0, 0}, {32, 32}},                   /* merkle root */
    {OUTPUT, 0x00, ANY, {0, 0}, {0, FREE}},                 /* redeem script */
    {OUTPUT, 0x01, ANY, {0, 0}, {0, FREE}},                 /* witness script */
    {OUTPUT, 0x02, PATH, {KEY_SHORT, KEY_LONG}, {4, FREE}}, /* BIP-32 derivation */
    {OUTPUT, 0x05, ANY, {0, 0}, {32, 32}},                  /* taproot: internal key */
    {OUTPUT, 0x06, ANY, {0, 0}, {1, FREE}},                 /* tree */
    {OUTPUT, 0x07, TAP_PATH, {32, 32}, {5, FREE}},          /* derivation */
};

/* An unknown key is left to whoever knows it. */
static const field *field_of(map_kind map, uint32_t type) {
  for (uint32_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    if (fields[i].map == map && fields[i].type == type) {
      return &fields[i];
    }
  }
  return NULL;
}

static int is_tx_out(cursor in) {
  (void)take(&in, 8);
  (void)take_part(&in);
  return !in.bad && in.left == 0;
}

/* Leaf hashes, then a fingerprint and a path. */
static int is_tap_path(cursor in) {
  uint64_t hashes = take_size(&in);
  in.bad |= hashes > in.left / 32;
  (void)take(&in, in.bad ? 0 : hashes * 32);
  return !in.bad && in.left >= 4 && in.left % 4 == 0;
}

/* A control block: a leaf version, a key, a path of hashes. */
static int is_control(uint32_t length) {
  return length >= KEY_SHORT && (length - KEY_SHORT) % 32 == 0 && (length - KEY_SHORT) / 32 <= 128;
}

static int fits(const field *is, uint32_t key, cursor value, tx_counts *counts) {
  tx_counts ignored;
  if ((is->form == LEAF ? !is_control(key) : key != is->key[0] && key != is->key[1]) ||
      value.left < is->value[0] || value.left > is->value[1]) {
    return 0;
  }
  switch (is->form) {
    case UNSIGNED:
      return is_transaction(value, 1, counts);
    case TRANSACTION:
      return is_transaction(value, 0, &ignored);
    case TX_OUT:
      return is_tx_out(value);
    case PATH:
      return value.left % 4 == 0;
    case TAP_PATH:
      return is_tap_path(value);
    case VERSION:
      return load32(value.at) == 0;
    default:
      return 1;
  }
}

/* ---- maps */

/* The keys of a map so far: none may come twice. */
typedef struct keys {
  uint32_t count;
  cursor key[DS_PSBT_PAIRS];
} keys;

static int add_key(keys *seen, cursor key) {
  for (uint32_t i = 0; i < seen->count; i++) {
    if (seen->key[i].left == key.left && memcmp(seen->key[i].at, key.at, key.left) == 0) {
      return 0;
    }
  }
  if (seen->count == DS_PSBT_PAIRS) {
    return 0;
  }
  seen->key[seen->count++] = key;
  return 1;
}

/* One map to its end. `has_tx` is set when it names the transaction. */
static int read_map(cursor *in, map_kind map, tx_counts *counts, int *has_tx) {
  keys seen = {0};
  for (;;) {
    cursor key = take_part(in);
    if (in->bad || key.left == 0) {
      return !in->bad;
    }
    if (!add_key(&seen, key)) {
      return 0;
    }
    uint64_t type = take_size(&key);
    cursor value = take_part(in);
    if (key.bad || in->bad) {
      return 0;
    }
    const field *is = type > 0xff ? NULL : field_of(map, (uint32_t)type);
    if (is != NULL && !fits(is, key.left, value, counts)) {
      return 0;
    }
    *has_tx |= is != NULL && is->form == UNSIGNED;
  }
}

DS_EXPORT(ds_psbt_check)
int32_t ds_psbt_check(const uint8_t *psbt, uint32_t length) {
  static const uint8_t magic[5] = {'p', 's', 'b', 't', 0xff};
  if (psbt == NULL || length < sizeof magic || length > DS_PSBT_MAX ||
      memcmp(psbt, magic, sizeof magic) != 0) {
    return DS_E_PSBT;
  }
  cursor in = {.at = psbt + sizeof magic, .left = length - (uint32_t)sizeof magic};
  tx_counts counts = {0};
  int has_tx = 0;
  if (!read_map(&in, GLOBAL, &counts, &has_tx) || !has_tx) {
    return DS_E_PSBT;
  }
  /* Each map is a byte at least, so that what is left bounds both loops. */
  for (uint64_t i = 0; i < counts.inputs; i++) {
    if (!read_map(&in, INPUT, &counts, &has_tx)) {
      return DS_E_PSBT;
    }
  }
  for (uint64_t i = 0; i < counts.outputs; i++) {
    if (!read_map(&in, OUTPUT, &counts, &has_tx)) {
      return DS_E_PSBT;
    }
  }
  return in.left == 0 ? DS_OK : DS_E_PSBT;
}
