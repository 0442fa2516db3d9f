/* Making a book, and what comes in. */
#include "book.h"

#include <string.h>

#include "bytes.h"

static uint32_t buckets_for(uint32_t orders) {
  uint32_t count = 1;
  while (count < orders) {
    count *= 2;
  }
  return count;
}

order *order_at(const ds_book *book, uint32_t index) {
  return (order *)(book + 1) + (index - 1);
}

static level *levels_of(const ds_book *book) {
  return (level *)((order *)(book + 1) + book->order_room);
}

level *level_at(const ds_book *book, uint32_t index) {
  return levels_of(book) + (index - 1);
}

static market *markets_of(const ds_book *book) {
  return (market *)(levels_of(book) + book->order_room);
}

market *market_at(const ds_book *book, uint32_t index) {
  return markets_of(book) + (index - 1);
}

uint32_t *buckets_of(const ds_book *book) {
  return (uint32_t *)(markets_of(book) + book->market_room);
}

uint32_t *heap_of(const ds_book *book) {
  return buckets_of(book) + book->bucket_mask + 1;
}

int is_book(const ds_book *book) {
  return book != NULL && (uintptr_t)book % 8 == 0 && book->magic == BOOK_MAGIC;
}

DS_EXPORT(ds_book_bytes)
uint32_t ds_book_bytes(uint32_t orders, uint32_t markets) {
  if (orders == 0 || orders > ORDERS_MAX || markets == 0 || markets > MARKETS_MAX) {
    return 0;
  }
  /* at most 2^20 * 250 bytes and some: no overflow */
  uint64_t bytes = sizeof(ds_book) + (uint64_t)orders * (sizeof(order) + sizeof(level)) +
                   (uint64_t)markets * sizeof(market) +
                   (uint64_t)buckets_for(orders) * sizeof(uint32_t) +
                   ((uint64_t)orders + 1) / 2 * 2 * sizeof(uint32_t);
  return (uint32_t)(bytes + 7) & ~UINT32_C(7);
}

DS_EXPORT(ds_book_init)
int32_t ds_book_init(ds_book *book, uint32_t bytes, uint32_t orders, uint32_t markets,
                     uint32_t network) {
  uint32_t needed = ds_book_bytes(orders, markets);
  if (book == NULL || (uintptr_t)book % 8 != 0 || needed == 0 || bytes < needed ||
      network > DS_SIGNET) {
    return DS_E_ARGUMENT;
  }
  memset(book, 0, needed);
  book->magic = BOOK_MAGIC;
  book->network = network;
  book->order_room = orders;
  book->market_room = markets;
  book->bucket_mask = buckets_for(orders) - 1;
  for (uint32_t i = 1; i < orders; i++) {
    order_at(book, i)->next = i + 1;
    level_at(book, i)->child[0] = i + 1;
  }
  book->free_order = book->free_level = 1;
  sha256_begin(&book->log);
  return DS_OK;
}

static int32_t accept(ds_book *book, uint64_t receipt, uint64_t now) {
  if (!is_book(book)) {
    return DS_E_ARGUMENT;
  }
  if (book->stage != STAGE_IDLE) {
    return DS_E_AGAIN;
  }
  book->receipt = receipt;
  book->now = now > book->now ? now : book->now; /* the book's time never goes back */
  book->has_message = 0;
  book->stage = STAGE_EXPIRE;
  return DS_OK;
}

DS_EXPORT(ds_book_tick)
int32_t ds_book_tick(ds_book *book, uint64_t receipt, uint64_t now) {
  return accept(book, receipt, now);
}

DS_EXPORT(ds_book_submit)
int32_t ds_book_submit(ds_book *book, const uint8_t *frame, const ds_verdict *verdict) {
  if (frame == NULL || verdict == NULL) {
    return DS_E_ARGUMENT;
  }
  /* Copied, then checked: what was good stands for a message that the book can take apart. */
  uint8_t message[DS_MESSAGE_MAX] = {0};
  ds_verdict own = *verdict;
  uint32_t length = load32(frame + 16);
  if (length > 0 && length <= DS_MESSAGE_MAX) {
    memcpy(message, frame + DS_FRAME_HEAD, length);
  }
  if (own.code > DS_OK || own.code < DS_E_PSBT ||
      (own.code == DS_OK && message_shape(message, length) != DS_OK)) {
    return DS_E_ARGUMENT;
  }
  int32_t code = accept(book, load64(frame), load64(frame + 8));
  if (code == DS_OK) {
    book->has_message = 1;
    book->messages++;
    book->code = own.code;
    memcpy(book->id, own.id, DS_ID_BYTES);
    memcpy(book->message, message, sizeof message);
  }
  return code;
}
