/* Looking at a book: nothing here changes it. */
#include <string.h>

#include "book.h"

static const market *market_of(const ds_book *book, const uint8_t *base, const uint8_t *quote) {
  uint32_t index = market_find(book, base, quote);
  return index == 0 ? NULL : market_at(book, index);
}

static int may_look(const ds_book *book, const void *base, const void *quote, const void *into) {
  return is_book(book) && base != NULL && quote != NULL && into != NULL && (uintptr_t)into % 8 == 0;
}

DS_EXPORT(ds_book_best)
int32_t ds_book_best(const ds_book *book, const uint8_t *base, const uint8_t *quote,
                     ds_best *best) {
  if (!may_look(book, base, quote, best)) {
    return DS_E_ARGUMENT;
  }
  memset(best, 0, sizeof *best);
  const market *in = market_of(book, base, quote);
  uint32_t bid = in == NULL ? 0 : level_best(book, in, DS_BUY);
  uint32_t ask = in == NULL ? 0 : level_best(book, in, DS_SELL);
  if (bid != 0) {
    best->bid = level_at(book, bid)->price;
    best->bid_amount = level_at(book, bid)->amount;
  }
  if (ask != 0) {
    best->ask = level_at(book, ask)->price;
    best->ask_amount = level_at(book, ask)->amount;
  }
  return DS_OK;
}

DS_EXPORT(ds_book_depth)
int32_t ds_book_depth(const ds_book *book, const uint8_t *base, const uint8_t *quote, uint32_t side,
                      ds_level *levels, uint32_t room) {
  if (!may_look(book, base, quote, levels) || side > DS_SELL) {
    return DS_E_ARGUMENT;
  }
  const market *in = market_of(book, base, quote);
  uint32_t count = 0;
  for (uint32_t index = in == NULL ? 0 : level_best(book, in, side); index != 0 && count < room;) {
    const level *one = level_at(book, index);
    levels[count++] = (ds_level){.price = one->price, .amount = one->amount, .orders = one->orders};
    index = level_after(book, in, side, one->price);
  }
  return (int32_t)count;
}

static void show(const ds_book *book, const order *one, ds_event *event) {
  const market *in = market_at(book, one->market);
  memset(event, 0, sizeof *event);
  event->kind = DS_CREATED_EVENT;
  event->side = one->side;
  event->network = (uint8_t)book->network;
  event->receipt = one->receipt;
  event->time = one->time;
  event->amount = one->amount;
  event->price = one->price;
  event->remaining = one->remaining;
  memcpy(event->id, one->id, DS_ID_BYTES);
  memcpy(event->other, one->maker, DS_KEY_BYTES);
  memcpy(event->base, in->base, DS_ASSET_BYTES);
  memcpy(event->quote, in->quote, DS_ASSET_BYTES);
  event->timestamp = one->timestamp;
  event->expiry = one->expiry;
}

DS_EXPORT(ds_book_order)
int32_t ds_book_order(const ds_book *book, const uint8_t *id, ds_event *event) {
  if (!may_look(book, id, id, event)) {
    return DS_E_ARGUMENT;
  }
  uint32_t index = order_find(book, id);
  if (index == 0) {
    return DS_E_UNKNOWN;
  }
  show(book, order_at(book, index), event);
  return order_at(book, index)->state;
}

DS_EXPORT(ds_book_list)
int32_t ds_book_list(const ds_book *book, const uint8_t *base, const uint8_t *quote, uint32_t side,
                     uint32_t skip, ds_event *events, uint32_t room) {
  if (!may_look(book, base, quote, events) || side > DS_SELL) {
    return DS_E_ARGUMENT;
  }
  const market *in = market_of(book, base, quote);
  uint32_t most = room < INT32_MAX ? room : INT32_MAX;
  uint32_t written = 0;
  uint32_t index = in == NULL ? 0 : level_best(book, in, side);
  for (; index != 0; index = level_after(book, in, side, level_at(book, index)->price)) {
    const level *one = level_at(book, index);
    if (skip >= one->orders) {
      skip -= one->orders;
      continue;
    }
    for (uint32_t at = one->head; at != 0; at = order_at(book, at)->newer) {
      if (skip > 0) {
        skip--;
        continue;
      }
      if (most - written < sizeof *events) {
        return (int32_t)written;
      }
      show(book, order_at(book, at), events++);
      written += (uint32_t)sizeof *events;
    }
  }
  return (int32_t)written;
}

DS_EXPORT(ds_book_digest)
int32_t ds_book_digest(const ds_book *book, uint8_t *digest) {
  if (!is_book(book) || digest == NULL) {
    return DS_E_ARGUMENT;
  }
  sha256 log = book->log;
  sha256_end(&log, digest);
  return DS_OK;
}

DS_EXPORT(ds_book_stats)
int32_t ds_book_stats(const ds_book *book, ds_stats *stats) {
  if (!may_look(book, book, book, stats)) {
    return DS_E_ARGUMENT;
  }
  *stats = (ds_stats){.events = book->events,
                      .trades = book->trades,
                      .messages = book->messages,
                      .rejected = book->rejected,
                      .open = book->open,
                      .kept = book->kept,
                      .orders = book->order_room,
                      .markets = book->markets};
  return DS_OK;
}
