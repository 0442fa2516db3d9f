/* Any bytes as a batch of frames, then into a book as if they had been judged good: no length, price or id
 * that somebody chose leads out of bounds, and the book stays true to itself. */
#include <stdlib.h>
#include <string.h>

#include "../book.h"
#include "../bytes.h"

enum { ORDERS = 12, MARKETS = 2, VERDICTS = 64 };

static void require(int holds) {
  if (!holds) {
    abort();
  }
}

/* Counts what is linked, and looks whether the sums are right. */
static uint32_t check_side(const ds_book *book, const market *in, uint32_t side) {
  uint32_t orders = 0;
  uint64_t last = 0;
  for (uint32_t at = level_best(book, in, side); at != 0;) {
    const level *one = level_at(book, at);
    uint64_t sum = 0;
    uint32_t count = 0;
    require(orders == 0 || (side == DS_BUY ? one->price < last : one->price > last));
    for (uint32_t index = one->head; index != 0; index = order_at(book, index)->newer) {
      const order *each = order_at(book, index);
      require(each->state == DS_OPEN && each->price == one->price && each->side == side);
      require(each->remaining > 0 && each->level == at);
      require(!__builtin_add_overflow(sum, each->remaining, &sum));
      count++;
    }
    require(count == one->orders && sum == one->amount && count > 0);
    orders += count;
    last = one->price;
    at = level_after(book, in, side, one->price);
  }
  return orders;
}

static void check_book(const ds_book *book) {
  uint32_t open = 0;
  uint32_t kept = 0;
  uint32_t markets = 0;
  for (uint32_t index = 1; index <= book->market_room; index++) {
    const market *in = market_at(book, index);
    if (in->kept == 0) {
      continue;
    }
    markets++;
    kept += in->kept;
    open += check_side(book, in, DS_BUY) + check_side(book, in, DS_SELL);
    uint32_t bid = level_best(book, in, DS_BUY);
    uint32_t ask = level_best(book, in, DS_SELL);
    require(bid == 0 || ask == 0 || level_at(book, bid)->price < level_at(book, ask)->price);
  }
  require(open == book->open && kept == book->kept && markets == book->markets);
  for (uint32_t at = 1; at <= book->kept; at++) {
    const order *one = order_at(book, heap_of(book)[at - 1]);
    require(one->at == at && order_find(book, one->id) == heap_of(book)[at - 1]);
    require(order_due(order_at(book, heap_of(book)[(at > 1 ? at / 2 : at) - 1])) <= order_due(one));
  }
}

static void read_all(ds_book *book) {
  ds_event events[3];
  for (uint32_t round = 0;; round++) {
    int32_t bytes = ds_book_events(book, events, sizeof events);
    require(bytes >= 0 && bytes <= (int32_t)sizeof events && round < 1000);
    if (bytes == 0) {
      return;
    }
  }
}

/* One message as the input says it: a byte chooses the kind, the next the length of a copy of it. */
static void feed(ds_book *book, const uint8_t *message, uint32_t length, uint64_t receipt,
                 uint64_t now) {
  uint8_t frame[DS_FRAME_HEAD + DS_MESSAGE_MAX + 8] = {0};
  ds_verdict verdict = {.code = DS_OK};
  memcpy(frame, &receipt, 8);
  memcpy(frame + 8, &now, 8);
  memcpy(frame + 16, &length, 4);
  memcpy(frame + DS_FRAME_HEAD, message, length < DS_MESSAGE_MAX ? length : DS_MESSAGE_MAX);
  (void)ds_message_id(message, length, verdict.id);
  verdict.id[31] = 0; /* a NewOrder is found again by what follows */
  if (ds_book_submit(book, frame, &verdict) == DS_OK) {
    read_all(book);
    check_book(book);
  }
}

static uint8_t next_byte(const uint8_t **at, size_t *left) {
  if (*left == 0) {
    return 0;
  }
  (*left)--;
  return *(*at)++;
}

/* A message with a right shape and few different values, so that orders meet. */
static uint32_t compose(uint8_t message[DS_MESSAGE_MAX], uint8_t ids[4][DS_ID_BYTES],
                        const uint8_t **at, size_t *left, uint64_t now) {
  uint8_t choice = next_byte(at, left);
  uint32_t kind = 1 + choice % 3;
  uint64_t words[4] = {now + next_byte(at, left) % 8, now + next_byte(at, left) % 32,
                       1U + next_byte(at, left) % 8, 100U + next_byte(at, left) % 4};
  if (choice >= 250) {
    words[2] = UINT64_MAX - words[2];
  }
  memset(message, 0, DS_MESSAGE_MAX);
  message[AT_KIND] = (uint8_t)kind;
  message[AT_VERSION] = 1;
  memcpy(message + AT_TIMESTAMP, &words[0], 8);
  uint8_t maker = choice >> 3 & 3;
  if (kind == DS_NEW) {
    message[AT_SIDE] = choice >> 5 & 1;
    memcpy(message + NEW_EXPIRY, &words[1], 8);
    memcpy(message + NEW_AMOUNT, &words[2], 8);
    memcpy(message + NEW_PRICE, &words[3], 8);
    message[NEW_MAKER] = maker;
    message[NEW_BASE] = 1;
    message[NEW_BASE + 1] = 1;
    message[NEW_BASE + 2] = (uint8_t)('a' + (choice >> 6 & 1));
    (void)ds_message_id(message, DS_NEW_BYTES, ids[maker]);
    ids[maker][31] = 0;
    return DS_NEW_BYTES;
  }
  memcpy(message + OLD_ID, ids[choice >> 5 & 3], DS_ID_BYTES);
  message[OLD_MAKER] = maker;
  if (kind == DS_CANCEL) {
    return DS_CANCEL_BYTES;
  }
  memcpy(message + UPDATE_AMOUNT, &words[2], 8);
  memcpy(message + UPDATE_PRICE, &words[3], 8);
  memcpy(message + UPDATE_EXPIRY, &words[1], 8);
  return DS_UPDATE_BYTES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static ds_book *book;
  uint32_t bytes = ds_book_bytes(ORDERS, MARKETS);
  if (book == NULL) {
    book = malloc(bytes);
  }
  require(ds_book_init(book, bytes, ORDERS, MARKETS, DS_MAINNET) == DS_OK);
  ds_verdict verdicts[VERDICTS];
  uint8_t ids[4][DS_ID_BYTES] = {0};
  uint8_t message[DS_MESSAGE_MAX];
  (void)ds_verify_batch(data, (uint32_t)size, DS_MAINNET, verdicts, VERDICTS);
  feed(book, data, (uint32_t)size, 1, 1);
  uint64_t now = 1;
  for (uint64_t receipt = 2; size > 0 && receipt < 200; receipt++) {
    uint8_t step = next_byte(&data, &size);
    now += step % 8 == 0 ? step / 8 : 0;
    uint32_t length = compose(message, ids, &data, &size, now);
    if (step == 255) {
      length -= 1;
    }
    feed(book, message, length, receipt, now);
  }
  return 0;
}
