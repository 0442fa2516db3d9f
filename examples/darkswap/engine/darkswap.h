/* The engine's public face: what an order is as bytes, and what can be done with it. README.md beside
 * this file has every format; this header has them as numbers.
 *
 *   bytes --ds_verify--> verdict --ds_book_submit--> book --ds_book_events--> events
 *
 * Nothing here allocates, reads a clock or keeps state between calls: a book is memory that the caller
 * gives. ds_verify and what is not about a book may run in any number of threads; a book belongs to
 * one thread at a time. Every length that comes from outside is checked before it is used. */
#ifndef DARKSWAP_H
#define DARKSWAP_H

#include <stdint.h>

/* In WebAssembly: a name on space.exports. */
#ifdef __wasm__
#define DS_EXPORT(name) __attribute__((export_name(#name)))
#else
#define DS_EXPORT(name)
#endif

enum {
  DS_NEW_BYTES = 272,
  DS_CANCEL_BYTES = 144,
  DS_UPDATE_BYTES = 168,
  DS_MESSAGE_MAX = DS_NEW_BYTES,
  DS_SIGNATURE_BYTES = 64,
  DS_ID_BYTES = 32,
  DS_KEY_BYTES = 32,
  DS_ASSET_BYTES = 32,
  DS_ADDRESS_MAX = 71,
  DS_FRAME_HEAD = 24,
  DS_VERDICT_BYTES = 40,
  DS_EVENT_BYTES = 224,
  DS_LEVEL_BYTES = 24,
  DS_BEST_BYTES = 32,
  DS_STATS_BYTES = 48,
  DS_PSBT_MAX = 100000, /* bytes: the largest PSBT that is looked at */
  DS_PSBT_PAIRS = 256   /* a map: the most keys */
};

typedef enum ds_kind { DS_NEW = 1, DS_CANCEL = 2, DS_UPDATE = 3 } ds_kind;
typedef enum ds_side { DS_BUY = 0, DS_SELL = 1 } ds_side;
typedef enum ds_network { DS_MAINNET, DS_TESTNET, DS_REGTEST, DS_SIGNET } ds_network;
typedef enum ds_state { DS_OPEN, DS_FILLED, DS_CANCELLED, DS_EXPIRED } ds_state;

typedef enum ds_event_kind {
  DS_CREATED_EVENT = 1,
  DS_CANCELLED_EVENT,
  DS_EXPIRED_EVENT,
  DS_TRADE_EVENT,
  DS_UPDATED_EVENT,
  DS_REJECTED_EVENT
} ds_event_kind;

typedef enum ds_code {
  DS_OK = 0,
  DS_E_LENGTH = -1,
  DS_E_FORMAT = -2,
  DS_E_NETWORK = -3,
  DS_E_AMOUNT = -4,
  DS_E_OVERFLOW = -5,
  DS_E_EXPIRED = -6,
  DS_E_ADDRESS = -7,
  DS_E_SIGNATURE = -8,
  DS_E_REPLAY = -9,
  DS_E_UNKNOWN = -10,
  DS_E_NOT_MAKER = -11,
  DS_E_CLOSED = -12,
  DS_E_STALE = -13,
  DS_E_FULL = -14,
  DS_E_ARGUMENT = -15,
  DS_E_AGAIN = -16,
  DS_E_PSBT = -17,
  DS_SELF_TRADE = 18
} ds_code;

typedef struct ds_verdict {
  int32_t code;
  uint32_t zero;
  uint8_t id[DS_ID_BYTES];
} ds_verdict;
_Static_assert(sizeof(ds_verdict) == DS_VERDICT_BYTES, "README.md: verdict");

typedef struct ds_event {
  uint16_t kind;
  uint16_t code;
  uint8_t side;
  uint8_t network;
  uint16_t zero;
  uint64_t number;
  uint64_t receipt;
  uint64_t time;
  uint64_t amount;
  uint64_t price;
  uint64_t remaining;
  uint64_t other_remaining;
  uint8_t id[DS_ID_BYTES];
  uint8_t other[DS_ID_BYTES];
  uint8_t base[DS_ASSET_BYTES];
  uint8_t quote[DS_ASSET_BYTES];
  uint64_t timestamp;
  uint64_t expiry;
  uint64_t zeros[2];
} ds_event;
_Static_assert(sizeof(ds_event) == DS_EVENT_BYTES, "README.md: event");

typedef struct ds_level {
  uint64_t price;
  uint64_t amount;
  uint32_t orders;
  uint32_t zero;
} ds_level;
_Static_assert(sizeof(ds_level) == DS_LEVEL_BYTES, "README.md: level");

typedef struct ds_best {
  uint64_t bid;
  uint64_t bid_amount;
  uint64_t ask;
  uint64_t ask_amount;
} ds_best;
_Static_assert(sizeof(ds_best) == DS_BEST_BYTES, "README.md: best");

typedef struct ds_stats {
  uint64_t events;
  uint64_t trades;
  uint64_t messages;
  uint64_t rejected;
  uint32_t open;
  uint32_t kept;
  uint32_t orders;
  uint32_t markets;
} ds_stats;
_Static_assert(sizeof(ds_stats) == DS_STATS_BYTES, "README.md: stats");

typedef struct ds_book ds_book;

/* ---- messages: stateless, wait-free, any thread */

/* The id of a message, 32 bytes. Returns DS_OK, DS_E_LENGTH or DS_E_FORMAT (then the id is zero). */
int32_t ds_message_id(const uint8_t *message, uint32_t length, uint8_t *id);

/* All that can be said of a message without a book; `now` in ms. The verdict holds the code as well.
 * Returns the code, or DS_E_ARGUMENT. */
int32_t ds_verify(const uint8_t *message, uint32_t length, uint64_t now, uint32_t network,
                  ds_verdict *verdict);

/* The same for `bytes` of frames, by each frame's time; `room` in verdicts. Returns how many were
 * judged, or DS_E_ARGUMENT where a frame does not end inside, or there are more than `room`. */
int32_t ds_verify_batch(const uint8_t *frames, uint32_t bytes, uint32_t network,
                        ds_verdict *verdicts, uint32_t room);

/* A key's address without a terminating zero. Returns its length, or DS_E_ARGUMENT. */
int32_t ds_address(const uint8_t *key, uint32_t network, char *text, uint32_t room);

/* The key of a taproot address. Returns DS_OK or DS_E_ADDRESS. */
int32_t ds_address_key(const char *text, uint32_t length, uint32_t network, uint8_t *key);

/* Whether these bytes are a valid PSBT of version 0 (BIP-174, and the fields of BIP-371), of at most
 * DS_PSBT_MAX bytes and DS_PSBT_PAIRS keys a map. Returns DS_OK or DS_E_PSBT. */
int32_t ds_psbt_check(const uint8_t *psbt, uint32_t length);

/* ---- the book: one thread at a time */

/* Bytes that a book takes which keeps `orders` (1 to 2^20) and has `markets` (1 to 256); 0 else. */
uint32_t ds_book_bytes(uint32_t orders, uint32_t markets);

/* Makes a book of `bytes` of memory, 8-byte aligned. Returns DS_OK or DS_E_ARGUMENT. */
int32_t ds_book_init(ds_book *book, uint32_t bytes, uint32_t orders, uint32_t markets,
                     uint32_t network);

/* Takes the next message (a frame, as ds_verify judged it) or the time alone. What it does is done while
 * its events are read. Returns DS_OK, DS_E_AGAIN (events of the last are unread) or DS_E_ARGUMENT. */
int32_t ds_book_submit(ds_book *book, const uint8_t *frame, const ds_verdict *verdict);
int32_t ds_book_tick(ds_book *book, uint64_t receipt, uint64_t now);

/* As many events as fit into `room` bytes. Returns the bytes written, 0 when there are no more, or
 * DS_E_ARGUMENT where not even one fits. O(log n) an event. */
int32_t ds_book_events(ds_book *book, ds_event *events, uint32_t room);

/* The best price on each side and the amount that stands there. Returns DS_OK. */
int32_t ds_book_best(const ds_book *book, const uint8_t *base, const uint8_t *quote, ds_best *best);

/* The best `room` prices of a side. Returns how many there are of these. */
int32_t ds_book_depth(const ds_book *book, const uint8_t *base, const uint8_t *quote, uint32_t side,
                      ds_level *levels, uint32_t room);

/* One order, as a Created record. Returns its ds_state, or DS_E_UNKNOWN. */
int32_t ds_book_order(const ds_book *book, const uint8_t *id, ds_event *event);

/* A side's open orders in the order in which they would trade, without the first `skip`. Returns the
 * bytes written. */
int32_t ds_book_list(const ds_book *book, const uint8_t *base, const uint8_t *quote, uint32_t side,
                     uint32_t skip, ds_event *events, uint32_t room);

/* SHA-256 of all events so far. */
int32_t ds_book_digest(const ds_book *book, uint8_t *digest);
int32_t ds_book_stats(const ds_book *book, ds_stats *stats);

#endif
