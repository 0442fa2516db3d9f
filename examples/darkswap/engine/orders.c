/* Kept orders by id (chained buckets: an id is a hash already) and by the time at which the clock has to
 * look at them (a binary heap; each order knows its place in it). */
#include <string.h>

#include "book.h"
#include "bytes.h"

static uint32_t *bucket_of(const ds_book *book, const uint8_t *id) {
  return &buckets_of(book)[load32(id) & book->bucket_mask];
}

uint32_t order_find(const ds_book *book, const uint8_t *id) {
  uint32_t index = *bucket_of(book, id);
  while (index != 0 && memcmp(order_at(book, index)->id, id, DS_ID_BYTES) != 0) {
    index = order_at(book, index)->next;
  }
  return index;
}

/* ---- the heap: places from 1 to kept */

uint64_t order_due(const order *one) {
  return one->state == DS_OPEN ? one->expiry : one->keep_until;
}

/* Of what is due at one time the older comes first. */
static int before(const ds_book *book, uint32_t a, uint32_t b) {
  const order *left = order_at(book, a);
  const order *right = order_at(book, b);
  uint64_t one = order_due(left);
  uint64_t other = order_due(right);
  return one != other ? one < other : left->receipt < right->receipt;
}

static void place(ds_book *book, uint32_t at, uint32_t index) {
  heap_of(book)[at - 1] = index;
  order_at(book, index)->at = at;
}

static void settle(ds_book *book, uint32_t at) {
  uint32_t *heap = heap_of(book);
  uint32_t index = heap[at - 1];
  while (at > 1 && before(book, index, heap[at / 2 - 1])) {
    place(book, at, heap[at / 2 - 1]);
    at /= 2;
  }
  for (uint32_t child = 2 * at; child <= book->kept; child = 2 * at) {
    if (child < book->kept && before(book, heap[child], heap[child - 1])) {
      child++;
    }
    if (!before(book, heap[child - 1], index)) {
      break;
    }
    place(book, at, heap[child - 1]);
    at = child;
  }
  place(book, at, index);
}

void order_due_changed(ds_book *book, uint32_t index) {
  settle(book, order_at(book, index)->at);
}

uint32_t order_first_due(const ds_book *book) {
  return book->kept == 0 ? 0 : heap_of(book)[0];
}

/* ---- coming and going */

uint32_t order_new(ds_book *book, const uint8_t *id) {
  uint32_t index = book->free_order;
  order *made = order_at(book, index);
  uint32_t *bucket = bucket_of(book, id);
  book->free_order = made->next;
  memset(made, 0, sizeof *made);
  memcpy(made->id, id, DS_ID_BYTES);
  made->next = *bucket;
  *bucket = index;
  book->kept++;
  /* Not due at any time until order_due_changed() says otherwise: at the end, where it may stay. */
  made->expiry = made->keep_until = UINT64_MAX;
  made->receipt = UINT64_MAX;
  place(book, book->kept, index);
  return index;
}

void order_forget(ds_book *book, uint32_t index) {
  order *gone = order_at(book, index);
  uint32_t *link = bucket_of(book, gone->id);
  while (*link != index) {
    link = &order_at(book, *link)->next;
  }
  *link = gone->next;
  uint32_t last = heap_of(book)[book->kept - 1];
  uint32_t at = gone->at;
  book->kept--;
  if (--market_at(book, gone->market)->kept == 0) {
    book->markets--;
  }
  if (last != index) {
    place(book, at, last);
    settle(book, at);
  }
  gone->next = book->free_order;
  book->free_order = index;
}
