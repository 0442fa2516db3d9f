/* A book's memory. All references inside are indices + 1, 0 is none, so that it may lie anywhere.
 *
 *   ds_book | orders[] | levels[] | markets[] | buckets[] (orders by id) | heap[] (orders by expiry)
 *
 *   market --root[side]--> tree of levels by price (AVL) --head..tail--> orders at that price, by age
 *
 * An order is open (in a level, but for the one that is just being matched), or closed; it is kept,
 * open or closed, until the latest expiry that it ever had: a replayed NewOrder meets either the kept
 * order or its own expiry. Each kept order stands once in the heap, by `due`. */
#ifndef DARKSWAP_BOOK_H
#define DARKSWAP_BOOK_H

#include "message.h"
#include "sha256.h"

enum { BOOK_MAGIC = 0x4b425344, SIDES = 2, ORDERS_MAX = 1 << 20, MARKETS_MAX = 256 };

/* What is to be done while events are read. */
typedef enum stage { STAGE_IDLE, STAGE_EXPIRE, STAGE_DECIDE, STAGE_MATCH } stage;

typedef struct order {
  uint8_t id[DS_ID_BYTES];
  uint8_t maker[DS_KEY_BYTES];
  uint64_t amount;
  uint64_t remaining;
  uint64_t price;
  uint64_t timestamp; /* of the newest message that changed it */
  uint64_t expiry;
  uint64_t keep_until; /* the latest expiry that it had */
  uint64_t receipt;    /* of its creation, which is its age */
  uint64_t time;
  uint32_t market;
  uint32_t level; /* 0: in none */
  uint32_t older; /* neighbours in the level */
  uint32_t newer;
  uint32_t next; /* in the bucket, or in the list of free ones */
  uint32_t at;   /* its place in the heap */
  uint8_t side;
  uint8_t state;
  uint8_t zero[6];
} order;

typedef struct level {
  uint64_t price;
  uint64_t amount; /* sum of what remains of its orders */
  uint32_t orders;
  uint32_t head;
  uint32_t tail;
  uint32_t height;
  uint32_t child[2]; /* lower, higher; of a free one child[0] is the next free one */
} level;

typedef struct market {
  uint8_t base[DS_ASSET_BYTES];
  uint8_t quote[DS_ASSET_BYTES];
  uint32_t root[SIDES];
  uint32_t kept; /* orders; 0: the place is free */
  uint32_t zero;
} market;

struct ds_book {
  uint32_t magic;
  uint32_t network;
  uint32_t order_room;
  uint32_t market_room;
  uint32_t bucket_mask;
  uint32_t stage;
  uint64_t events;
  uint64_t trades;
  uint64_t messages;
  uint64_t rejected;
  uint64_t receipt;
  uint64_t now;
  uint32_t open;
  uint32_t kept;
  uint32_t markets;
  uint32_t free_order;
  uint32_t free_level;
  uint32_t taker; /* the order that is being matched */
  uint32_t has_message;
  int32_t code;
  uint8_t id[DS_ID_BYTES];
  uint8_t message[DS_MESSAGE_MAX];
  sha256 log;
};
_Static_assert(sizeof(ds_book) % 8 == 0, "what follows is 8-byte aligned");
_Static_assert(sizeof(order) % 8 == 0 && sizeof(level) % 8 == 0 && sizeof(market) % 8 == 0,
               "arrays of these are 8-byte aligned");

/* ---- places (book.c) */
order *order_at(const ds_book *book, uint32_t index);
level *level_at(const ds_book *book, uint32_t index);
market *market_at(const ds_book *book, uint32_t index);
uint32_t *buckets_of(const ds_book *book);
uint32_t *heap_of(const ds_book *book);
int is_book(const ds_book *book);

/* ---- orders by id and by expiry (orders.c) */
uint32_t order_find(const ds_book *book, const uint8_t *id);
uint32_t order_new(ds_book *book, const uint8_t *id); /* there has to be room */
void order_forget(ds_book *book, uint32_t index);
uint64_t order_due(const order *one); /* when the clock has to look at it */
void order_due_changed(ds_book *book, uint32_t index);
uint32_t order_first_due(const ds_book *book);

/* ---- levels: the tree of a market's side, and each level's queue (levels.c) */
uint32_t level_find(const ds_book *book, uint32_t root, uint64_t price);
uint32_t level_best(const ds_book *book, const market *in, uint32_t side);
/* The next level behind `price` in the order of trading, 0 at the end. */
uint32_t level_after(const ds_book *book, const market *in, uint32_t side, uint64_t price);
void level_put(ds_book *book, uint32_t index);  /* an open order into its level, as the newest */
void level_take(ds_book *book, uint32_t index); /* and out of it */

/* ---- markets: they last as long as the orders that are kept (markets.c) */
uint32_t market_find(const ds_book *book, const uint8_t *base, const uint8_t *quote);
uint32_t market_open(ds_book *book, const uint8_t *base, const uint8_t *quote); /* 0: no room */

#endif
