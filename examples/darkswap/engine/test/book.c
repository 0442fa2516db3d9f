/* The book's rules, one a test. Messages are not signed here: who submits one has judged it. */
#include "lines.h"

#include "../sha256.h"
#include "making.h"

enum { ORDERS = 16, MARKETS = 2, EVENTS = 64 };

typedef struct id {
  uint8_t bytes[DS_ID_BYTES];
} id;

static ds_book *book;
static uint64_t receipt;
static uint64_t now;
static ds_event events[EVENTS];

static void fresh_book(uint32_t orders, uint32_t markets) {
  free(book);
  uint32_t bytes = ds_book_bytes(orders, markets);
  book = malloc(bytes);
  assert_int_equal(ds_book_init(book, bytes, orders, markets, DS_REGTEST), DS_OK);
  receipt = 0;
  now = 1000;
}

static int begin(void **state) {
  (void)state;
  fresh_book(ORDERS, MARKETS);
  return 0;
}

static int end(void **state) {
  (void)state;
  free(book);
  book = NULL;
  return 0;
}

/* Reads what comes of it, one event at a time. Returns how many. */
static uint32_t read_events(void) {
  uint32_t count = 0;
  for (;;) {
    int32_t bytes = ds_book_events(book, &events[count], sizeof *events);
    if (bytes == 0) {
      return count;
    }
    assert_int_equal(bytes, sizeof *events);
    assert_true(++count < EVENTS);
  }
}

static uint32_t submit(const uint8_t *message, uint32_t length, id *named) {
  uint8_t frame[FRAME_MAX];
  ds_verdict verdict = {.code = DS_OK};
  assert_int_equal(ds_message_id(message, length, verdict.id), DS_OK);
  if (named != NULL) {
    memcpy(named, verdict.id, sizeof *named);
  }
  (void)make_frame(frame, ++receipt, now, message, length);
  assert_int_equal(ds_book_submit(book, frame, &verdict), DS_OK);
  return read_events();
}

static uint32_t order_full(wish of, id *named) {
  uint8_t message[DS_MESSAGE_MAX];
  of.timestamp = of.timestamp == 0 ? now : of.timestamp;
  of.expiry = of.expiry == 0 ? 100000 : of.expiry;
  of.nonce = (uint32_t)receipt;
  return submit(message, make_new(message, &of), named);
}

static id order(uint32_t maker, uint32_t side, uint64_t amount, uint64_t price) {
  id named;
  (void)order_full((wish){.maker = maker, .side = side, .amount = amount, .price = price}, &named);
  return named;
}

static uint32_t cancel(uint32_t maker, id of) {
  uint8_t message[DS_MESSAGE_MAX];
  return submit(message, make_cancel(message, &(wish){.maker = maker}, of.bytes), NULL);
}

static uint32_t update(wish to, id of) {
  uint8_t message[DS_MESSAGE_MAX];
  to.expiry = to.expiry == 0 ? 100000 : to.expiry;
  return submit(message, make_update(message, &to, of.bytes), NULL);
}

static void is_rejected(uint32_t count, int32_t code) {
  assert_int_equal(count, 1);
  assert_int_equal(events[0].kind, DS_REJECTED_EVENT);
  assert_int_equal(-events[0].code, code);
}

static void is_trade(uint32_t index, id taker, id resting, uint64_t amount, uint64_t price) {
  assert_int_equal(events[index].kind, DS_TRADE_EVENT);
  assert_memory_equal(events[index].id, taker.bytes, DS_ID_BYTES);
  assert_memory_equal(events[index].other, resting.bytes, DS_ID_BYTES);
  assert_int_equal(events[index].amount, amount);
  assert_int_equal(events[index].price, price);
}

static int32_t state_of(id of) {
  ds_event event;
  return ds_book_order(book, of.bytes, &event);
}

static void better_prices_trade_first_and_older_orders_at_one_price(void **state) {
  (void)state;
  id dear = order(1, DS_SELL, 10, 101);
  id first = order(2, DS_SELL, 10, 100);
  id second = order(3, DS_SELL, 10, 100);
  id taker = order(4, DS_BUY, 25, 101);
  is_trade(1, taker, first, 10, 100);
  is_trade(2, taker, second, 10, 100);
  is_trade(3, taker, dear, 5, 101);
  assert_int_equal(events[3].remaining, 0);
  assert_int_equal(events[3].other_remaining, 5);
  assert_int_equal(state_of(first), DS_FILLED);
  assert_int_equal(state_of(dear), DS_OPEN);
  assert_int_equal(state_of(taker), DS_FILLED);
}

static void what_does_not_trade_rests_at_its_price(void **state) {
  (void)state;
  uint8_t base[DS_ASSET_BYTES];
  uint8_t quote[DS_ASSET_BYTES];
  ds_best best;
  make_assets(0, base, quote);
  (void)order(1, DS_SELL, 10, 100);
  (void)order(2, DS_BUY, 15, 100);
  (void)order(3, DS_SELL, 7, 103);
  assert_int_equal(ds_book_best(book, base, quote, &best), DS_OK);
  assert_int_equal(best.bid, 100);
  assert_int_equal(best.bid_amount, 5);
  assert_int_equal(best.ask, 103);
  assert_int_equal(best.ask_amount, 7);
}

static void only_the_maker_cancels_or_updates(void **state) {
  (void)state;
  id one = order(1, DS_SELL, 10, 100);
  is_rejected(cancel(2, one), DS_E_NOT_MAKER);
  is_rejected(update((wish){.maker = 2, .amount = 1, .price = 1, .timestamp = 2000}, one),
              DS_E_NOT_MAKER);
  assert_int_equal(state_of(one), DS_OPEN);
  assert_int_equal(cancel(1, one), 1);
  assert_int_equal(events[0].kind, DS_CANCELLED_EVENT);
  assert_int_equal(events[0].amount, 10);
  assert_int_equal(state_of(one), DS_CANCELLED);
  is_rejected(cancel(1, one), DS_E_CLOSED);
  is_rejected(cancel(1, (id){{9}}), DS_E_UNKNOWN);
}

static void nobody_trades_with_himself_the_older_order_goes(void **state) {
  (void)state;
  id own = order(1, DS_SELL, 10, 100);
  id other = order(2, DS_SELL, 10, 100);
  id taker = order(1, DS_BUY, 4, 100);
  assert_int_equal(events[1].kind, DS_CANCELLED_EVENT);
  assert_int_equal(events[1].code, DS_SELF_TRADE);
  assert_memory_equal(events[1].id, own.bytes, DS_ID_BYTES);
  is_trade(2, taker, other, 4, 100);
  assert_int_equal(state_of(own), DS_CANCELLED);
}

static void an_order_ends_when_the_clock_reaches_its_expiry(void **state) {
  (void)state;
  id late;
  id early;
  (void)order_full((wish){.maker = 1, .amount = 1, .price = 1, .expiry = 5000}, &late);
  (void)order_full((wish){.maker = 1, .amount = 1, .price = 1, .expiry = 4000}, &early);
  assert_int_equal(ds_book_tick(book, ++receipt, 3999), DS_OK);
  assert_int_equal(read_events(), 0);
  assert_int_equal(ds_book_tick(book, ++receipt, 5000), DS_OK);
  assert_int_equal(read_events(), 2);
  assert_int_equal(events[0].kind, DS_EXPIRED_EVENT);
  assert_memory_equal(events[0].id, early.bytes, DS_ID_BYTES);
  assert_memory_equal(events[1].id, late.bytes, DS_ID_BYTES);
  assert_int_equal(ds_book_tick(book, ++receipt, 5000), DS_OK);
  assert_int_equal(read_events(), 0);
  assert_int_equal(state_of(early), DS_E_UNKNOWN);
}

static void the_clock_does_not_go_back(void **state) {
  (void)state;
  now = 5000;
  (void)order(1, DS_BUY, 1, 1);
  now = 3000;
  is_rejected(order_full((wish){.maker = 1, .amount = 1, .price = 1, .expiry = 4000}, NULL),
              DS_E_EXPIRED);
  assert_int_equal(events[0].time, 5000);
}

static void a_replayed_order_is_refused_open_or_closed(void **state) {
  (void)state;
  uint8_t message[DS_MESSAGE_MAX];
  id one;
  uint32_t length = make_new(
      message,
      &(wish){.maker = 1, .amount = 5, .price = 5, .timestamp = 1, .expiry = 5000, .nonce = 1});
  assert_int_equal(submit(message, length, &one), 1);
  is_rejected(submit(message, length, NULL), DS_E_REPLAY);
  assert_int_equal(cancel(1, one), 1);
  is_rejected(submit(message, length, NULL), DS_E_REPLAY);
}

static void an_order_whose_expiry_was_lowered_cannot_be_replayed_after_it(void **state) {
  (void)state;
  uint8_t message[DS_MESSAGE_MAX];
  id one;
  uint32_t length = make_new(
      message,
      &(wish){.maker = 1, .amount = 5, .price = 5, .timestamp = 1, .expiry = 9000, .nonce = 1});
  assert_int_equal(submit(message, length, &one), 1);
  wish sooner = {.maker = 1, .amount = 5, .price = 5, .timestamp = 2, .expiry = 2000};
  assert_int_equal(update(sooner, one), 1);
  now = 3000;
  assert_int_equal(submit(message, length, NULL), 2); /* Expired, then Rejected */
  assert_int_equal(-events[1].code, DS_E_REPLAY);
  assert_int_equal(state_of(one), DS_EXPIRED);
}

static void an_update_that_asks_for_no_more_keeps_its_place(void **state) {
  (void)state;
  id first = order(1, DS_SELL, 10, 100);
  id second = order(2, DS_SELL, 10, 100);
  assert_int_equal(update((wish){.maker = 1, .amount = 6, .price = 100, .timestamp = 2000}, first),
                   1);
  assert_int_equal(events[0].kind, DS_UPDATED_EVENT);
  id taker = order(3, DS_BUY, 7, 100);
  is_trade(1, taker, first, 6, 100);
  is_trade(2, taker, second, 1, 100);
}

static void an_update_that_asks_for_more_goes_to_the_end(void **state) {
  (void)state;
  id first = order(1, DS_SELL, 10, 100);
  id second = order(2, DS_SELL, 10, 100);
  assert_int_equal(update((wish){.maker = 1, .amount = 11, .price = 100, .timestamp = 2000}, first),
                   1);
  id taker = order(3, DS_BUY, 12, 100);
  is_trade(1, taker, second, 10, 100);
  is_trade(2, taker, first, 2, 100);
}

static void an_update_to_a_price_that_crosses_trades(void **state) {
  (void)state;
  id bid = order(1, DS_BUY, 10, 90);
  id ask = order(2, DS_SELL, 10, 100);
  assert_int_equal(update((wish){.maker = 1, .amount = 4, .price = 100, .timestamp = 2000}, bid),
                   2);
  is_trade(1, bid, ask, 4, 100);
  assert_int_equal(state_of(bid), DS_FILLED);
}

static void a_replayed_update_changes_nothing(void **state) {
  (void)state;
  id one = order(1, DS_SELL, 10, 100);
  wish down = {.maker = 1, .amount = 6, .price = 100, .timestamp = 2000};
  wish up = {.maker = 1, .amount = 9, .price = 100, .timestamp = 2001};
  assert_int_equal(update(down, one), 1);
  assert_int_equal(update(up, one), 1);
  is_rejected(update(down, one), DS_E_STALE);
  is_rejected(update(up, one), DS_E_STALE);
}

static void a_sum_at_one_price_beyond_u64_is_refused(void **state) {
  (void)state;
  id one = order(1, DS_SELL, UINT64_MAX - 1, 1);
  is_rejected(order_full((wish){.maker = 2, .side = DS_SELL, .amount = 2, .price = 1}, NULL),
              DS_E_OVERFLOW);
  assert_int_equal(order_full((wish){.maker = 2, .side = DS_SELL, .amount = 1, .price = 1}, NULL),
                   1);
  is_rejected(update((wish){.maker = 1, .amount = UINT64_MAX, .price = 1, .timestamp = 2000}, one),
              DS_E_OVERFLOW);
}

static void a_full_book_refuses_and_has_room_again_after_expiry(void **state) {
  (void)state;
  fresh_book(2, 1);
  wish any = {.maker = 1, .amount = 1, .price = 1, .expiry = 5000};
  assert_int_equal(order_full(any, NULL), 1);
  wish elsewhere = any;
  elsewhere.market = 1;
  is_rejected(order_full(elsewhere, NULL), DS_E_FULL);
  assert_int_equal(order_full(any, NULL), 1);
  is_rejected(order_full(any, NULL), DS_E_FULL);
  now = 5000;
  elsewhere.expiry = 6000;
  assert_int_equal(order_full(elsewhere, NULL), 3);
  assert_int_equal(events[2].kind, DS_CREATED_EVENT);
}

static void events_that_are_not_read_hold_the_next_message_back(void **state) {
  (void)state;
  (void)order(1, DS_SELL, 10, 100);
  uint8_t frame[FRAME_MAX];
  uint8_t message[DS_MESSAGE_MAX];
  ds_verdict verdict = {.code = DS_OK, .id = {1}};
  wish buy = {.maker = 2, .amount = 3, .price = 100, .timestamp = 1, .expiry = 9000};
  (void)make_frame(frame, 2, now, message, make_new(message, &buy));
  assert_int_equal(ds_book_submit(book, frame, &verdict), DS_OK);
  assert_int_equal(ds_book_submit(book, frame, &verdict), DS_E_AGAIN);
  assert_int_equal(ds_book_events(book, events, sizeof *events), sizeof *events);
  assert_int_equal(ds_book_submit(book, frame, &verdict), DS_E_AGAIN);
  assert_int_equal(ds_book_tick(book, 3, now), DS_E_AGAIN);
  assert_int_equal(ds_book_events(book, events, 10 * sizeof *events), sizeof *events);
  assert_int_equal(ds_book_tick(book, 3, now), DS_OK);
}

static void the_digest_is_that_of_the_events(void **state) {
  (void)state;
  sha256 all;
  uint8_t expected[32];
  uint8_t digest[32];
  sha256_begin(&all);
  for (uint32_t i = 0; i < 10; i++) {
    wish of = {.maker = 1 + i % 3, .side = i % 2, .amount = 5 + i, .price = 100};
    uint32_t count = order_full(of, NULL);
    sha256_add(&all, events, count * (uint32_t)sizeof *events);
  }
  sha256_end(&all, expected);
  assert_int_equal(ds_book_digest(book, digest), DS_OK);
  assert_memory_equal(digest, expected, 32);
}

static void orders_are_listed_as_they_would_trade(void **state) {
  (void)state;
  uint8_t base[DS_ASSET_BYTES];
  uint8_t quote[DS_ASSET_BYTES];
  make_assets(0, base, quote);
  id low = order(1, DS_BUY, 1, 10);
  id high = order(1, DS_BUY, 2, 30);
  id later = order(2, DS_BUY, 3, 30);
  const id expected[] = {high, later, low};
  for (uint32_t skip = 0; skip < 4; skip++) {
    int32_t bytes = ds_book_list(book, base, quote, DS_BUY, skip, events, sizeof events);
    assert_int_equal(bytes, (3 - skip) * sizeof *events);
    for (uint32_t i = skip; i < 3; i++) {
      assert_memory_equal(events[i - skip].id, expected[i].bytes, DS_ID_BYTES);
    }
  }
  ds_level levels[3];
  assert_int_equal(ds_book_depth(book, base, quote, DS_BUY, levels, 3), 2);
  assert_int_equal(levels[0].price, 30);
  assert_int_equal(levels[0].amount, 5);
  assert_int_equal(levels[0].orders, 2);
  assert_int_equal(levels[1].price, 10);
}

static void memory_that_is_no_book_is_refused(void **state) {
  (void)state;
  static uint64_t zeros[64];
  ds_verdict verdict = {.code = DS_OK};
  uint8_t frame[FRAME_MAX] = {0};
  ds_stats stats;
  assert_int_equal(ds_book_tick((ds_book *)zeros, 1, 1), DS_E_ARGUMENT);
  assert_int_equal(ds_book_stats((const ds_book *)zeros, &stats), DS_E_ARGUMENT);
  assert_int_equal(ds_book_init((ds_book *)zeros, sizeof zeros, 16, 2, DS_REGTEST), DS_E_ARGUMENT);
  assert_int_equal(ds_book_bytes(0, 1), 0);
  assert_int_equal(ds_book_bytes(1, 257), 0);
  /* a frame that is no message, though somebody says that it is good */
  assert_int_equal(ds_book_submit(book, frame, &verdict), DS_E_ARGUMENT);
  assert_int_equal(ds_book_events(book, events, 100), DS_E_ARGUMENT);
}

#define RULE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      RULE(better_prices_trade_first_and_older_orders_at_one_price),
      RULE(what_does_not_trade_rests_at_its_price),
      RULE(only_the_maker_cancels_or_updates),
      RULE(nobody_trades_with_himself_the_older_order_goes),
      RULE(an_order_ends_when_the_clock_reaches_its_expiry),
      RULE(the_clock_does_not_go_back),
      RULE(a_replayed_order_is_refused_open_or_closed),
      RULE(an_order_whose_expiry_was_lowered_cannot_be_replayed_after_it),
      RULE(an_update_that_asks_for_no_more_keeps_its_place),
      RULE(an_update_that_asks_for_more_goes_to_the_end),
      RULE(an_update_to_a_price_that_crosses_trades),
      RULE(a_replayed_update_changes_nothing),
      RULE(a_sum_at_one_price_beyond_u64_is_refused),
      RULE(a_full_book_refuses_and_has_room_again_after_expiry),
      RULE(events_that_are_not_read_hold_the_next_message_back),
      RULE(the_digest_is_that_of_the_events),
      RULE(orders_are_listed_as_they_would_trade),
      RULE(memory_that_is_no_book_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
