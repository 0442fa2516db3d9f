/* What a message does to the book, one event at a time, so that no message needs more room than one event
 * has: first what has expired, then the message itself, then its trades. */
#include <string.h>

#include "book.h"
#include "bytes.h"

/* ---- events */

static void begin_event(ds_book *book, ds_event *event, uint32_t kind, uint32_t code) {
  memset(event, 0, sizeof *event);
  event->kind = (uint16_t)kind;
  event->code = (uint16_t)code;
  event->network = (uint8_t)book->network;
  event->number = ++book->events;
  event->receipt = book->receipt;
  event->time = book->now;
}

static void tell(ds_book *book, ds_event *event, uint32_t kind, uint32_t code, const order *one) {
  const market *in = market_at(book, one->market);
  begin_event(book, event, kind, code);
  event->side = one->side;
  event->amount =
      kind == DS_CREATED_EVENT || kind == DS_UPDATED_EVENT ? one->amount : one->remaining;
  event->price = one->price;
  event->remaining = one->remaining;
  memcpy(event->id, one->id, DS_ID_BYTES);
  memcpy(event->other, one->maker, DS_KEY_BYTES);
  memcpy(event->base, in->base, DS_ASSET_BYTES);
  memcpy(event->quote, in->quote, DS_ASSET_BYTES);
  event->timestamp = one->timestamp;
  event->expiry = one->expiry;
}

static void reject(ds_book *book, ds_event *event, int32_t code) {
  begin_event(book, event, DS_REJECTED_EVENT, (uint32_t)-code);
  memcpy(event->id, book->id, DS_ID_BYTES);
  book->rejected++;
}

/* ---- opening and closing orders */

static void close_order(ds_book *book, uint32_t index, ds_state state) {
  order *one = order_at(book, index);
  if (one->level != 0) {
    level_take(book, index);
  }
  one->state = (uint8_t)state;
  book->open--;
  order_due_changed(book, index);
}

/* Whether `amount` more at this price would be too much for one sum. */
static int level_overflows(const ds_book *book, uint32_t in, uint32_t side, uint64_t price,
                           uint64_t amount) {
  uint64_t sum = 0;
  if (in == 0) {
    return 0;
  }
  uint32_t where = level_find(book, market_at(book, in)->root[side], price);
  return where != 0 && __builtin_add_overflow(level_at(book, where)->amount, amount, &sum);
}

/* ---- the three messages: each gives a code, and its event when that is DS_OK */

static int32_t new_order(ds_book *book, ds_event *event) {
  const uint8_t *message = book->message;
  uint32_t side = message[AT_SIDE];
  uint64_t amount = load64(message + NEW_AMOUNT);
  uint64_t price = load64(message + NEW_PRICE);
  uint64_t expiry = load64(message + NEW_EXPIRY);
  if (expiry <= book->now) {
    return DS_E_EXPIRED;
  }
  if (order_find(book, book->id) != 0) {
    return DS_E_REPLAY;
  }
  uint32_t in = market_find(book, message + NEW_BASE, message + NEW_QUOTE);
  if (book->kept == book->order_room || (in == 0 && book->markets == book->market_room)) {
    return DS_E_FULL;
  }
  if (level_overflows(book, in, side, price, amount)) {
    return DS_E_OVERFLOW;
  }
  if (in == 0) {
    in = market_open(book, message + NEW_BASE, message + NEW_QUOTE);
    book->markets++;
  }
  market_at(book, in)->kept++;
  book->open++;
  book->taker = order_new(book, book->id);
  order *one = order_at(book, book->taker);
  memcpy(one->maker, message + NEW_MAKER, DS_KEY_BYTES);
  one->amount = one->remaining = amount;
  one->price = price;
  one->timestamp = load64(message + AT_TIMESTAMP);
  one->expiry = one->keep_until = expiry;
  one->receipt = book->receipt;
  one->time = book->now;
  one->market = in;
  one->side = (uint8_t)side;
  one->state = DS_OPEN;
  order_due_changed(book, book->taker);
  tell(book, event, DS_CREATED_EVENT, 0, one);
  book->stage = STAGE_MATCH;
  return DS_OK;
}

/* The open order that a CancelOrder or UpdateOrder names, by its maker. */
static int32_t named_order(const ds_book *book, uint32_t *found) {
  uint32_t index = order_find(book, book->message + OLD_ID);
  if (index == 0) {
    return DS_E_UNKNOWN;
  }
  const order *one = order_at(book, index);
  if (memcmp(one->maker, book->message + OLD_MAKER, DS_KEY_BYTES) != 0) {
    return DS_E_NOT_MAKER;
  }
  *found = index;
  return one->state == DS_OPEN ? DS_OK : DS_E_CLOSED;
}

static int32_t cancel_order(ds_book *book, ds_event *event) {
  uint32_t index = 0;
  int32_t code = named_order(book, &index);
  if (code == DS_OK) {
    tell(book, event, DS_CANCELLED_EVENT, 0, order_at(book, index));
    close_order(book, index, DS_CANCELLED);
  }
  return code;
}

static int32_t update_order(ds_book *book, ds_event *event) {
  const uint8_t *message = book->message;
  uint64_t amount = load64(message + UPDATE_AMOUNT);
  uint64_t price = load64(message + UPDATE_PRICE);
  uint64_t expiry = load64(message + UPDATE_EXPIRY);
  uint64_t timestamp = load64(message + AT_TIMESTAMP);
  uint32_t index = 0;
  if (expiry <= book->now) {
    return DS_E_EXPIRED;
  }
  int32_t code = named_order(book, &index);
  if (code != DS_OK) {
    return code;
  }
  order *one = order_at(book, index);
  if (timestamp <= one->timestamp) {
    return DS_E_STALE;
  }
  int stays = price == one->price && amount <= one->remaining;
  /* What it has at this price now would not be there. */
  uint64_t own = price == one->price ? one->remaining : 0;
  if (!stays && level_overflows(book, one->market, one->side, price, amount - own)) {
    return DS_E_OVERFLOW;
  }
  if (stays) {
    level_at(book, one->level)->amount -= one->remaining - amount;
  } else {
    level_take(book, index);
    book->taker = index;
    book->stage = STAGE_MATCH;
  }
  one->amount = one->remaining = amount;
  one->price = price;
  one->timestamp = timestamp;
  one->expiry = expiry;
  one->keep_until = expiry > one->keep_until ? expiry : one->keep_until;
  order_due_changed(book, index);
  tell(book, event, DS_UPDATED_EVENT, 0, one);
  return DS_OK;
}

/* ---- the stages: each makes one event (1), or is over (0) */

static int expire(ds_book *book, ds_event *event) {
  for (;;) {
    uint32_t index = order_first_due(book);
    if (index == 0 || order_due(order_at(book, index)) > book->now) {
      return 0;
    }
    if (order_at(book, index)->state != DS_OPEN) {
      order_forget(book, index);
      continue;
    }
    tell(book, event, DS_EXPIRED_EVENT, 0, order_at(book, index));
    close_order(book, index, DS_EXPIRED);
    return 1;
  }
}

static void decide(ds_book *book, ds_event *event) {
  static int32_t (*const take[])(ds_book *, ds_event *) = {
      [DS_NEW] = new_order, [DS_CANCEL] = cancel_order, [DS_UPDATE] = update_order};
  int32_t code = book->code;
  book->stage = STAGE_IDLE;
  if (code == DS_OK) {
    code = take[book->message[AT_KIND]](book, event);
  }
  if (code != DS_OK) {
    reject(book, event, code);
  }
}

static int match(ds_book *book, ds_event *event) {
  order *taker = order_at(book, book->taker);
  const market *in = market_at(book, taker->market);
  uint32_t side = 1U - taker->side;
  uint32_t best = taker->remaining == 0 ? 0 : level_best(book, in, side);
  level *at = best == 0 ? NULL : level_at(book, best);
  int crosses =
      at != NULL && (side == DS_SELL ? at->price <= taker->price : at->price >= taker->price);
  if (!crosses) {
    book->stage = STAGE_IDLE;
    if (taker->remaining == 0) {
      close_order(book, book->taker, DS_FILLED);
    } else {
      level_put(book, book->taker);
    }
    return 0;
  }
  uint32_t index = at->head;
  order *resting = order_at(book, index);
  if (memcmp(resting->maker, taker->maker, DS_KEY_BYTES) == 0) {
    tell(book, event, DS_CANCELLED_EVENT, DS_SELF_TRADE, resting);
    close_order(book, index, DS_CANCELLED);
    return 1;
  }
  uint64_t amount = taker->remaining < resting->remaining ? taker->remaining : resting->remaining;
  taker->remaining -= amount;
  resting->remaining -= amount;
  at->amount -= amount;
  tell(book, event, DS_TRADE_EVENT, 0, taker);
  event->amount = amount;
  event->price = resting->price;
  event->other_remaining = resting->remaining;
  memcpy(event->other, resting->id, DS_ID_BYTES);
  book->trades++;
  if (resting->remaining == 0) {
    close_order(book, index, DS_FILLED);
  }
  return 1;
}

/* The next event, if there is one more. */
static int step(ds_book *book, ds_event *event) {
  if (book->stage == STAGE_EXPIRE) {
    if (expire(book, event)) {
      return 1;
    }
    book->stage = book->has_message ? STAGE_DECIDE : STAGE_IDLE;
  }
  if (book->stage == STAGE_DECIDE) {
    decide(book, event);
    return 1;
  }
  return book->stage == STAGE_MATCH && match(book, event);
}

DS_EXPORT(ds_book_events)
int32_t ds_book_events(ds_book *book, ds_event *events, uint32_t room) {
  if (!is_book(book) || events == NULL || (uintptr_t)events % 8 != 0 || room < sizeof *events) {
    return DS_E_ARGUMENT;
  }
  uint32_t most = room < INT32_MAX ? room : INT32_MAX;
  uint32_t written = 0;
  while (most - written >= sizeof *events && step(book, events)) {
    sha256_add(&book->log, events, sizeof *events);
    events++;
    written += (uint32_t)sizeof *events;
  }
  return (int32_t)written;
}
