/* Pairs of assets that kept orders name. They are few, and looked through. */
#include <string.h>

#include "book.h"

uint32_t market_find(const ds_book *book, const uint8_t *base, const uint8_t *quote) {
  for (uint32_t index = 1; index <= book->market_room; index++) {
    const market *one = market_at(book, index);
    if (one->kept > 0 && memcmp(one->base, base, DS_ASSET_BYTES) == 0 &&
        memcmp(one->quote, quote, DS_ASSET_BYTES) == 0) {
      return index;
    }
  }
  return 0;
}

uint32_t market_open(ds_book *book, const uint8_t *base, const uint8_t *quote) {
  uint32_t index = 1;
  while (index <= book->market_room && market_at(book, index)->kept > 0) {
    index++;
  }
  if (index > book->market_room) {
    return 0;
  }
  market *made = market_at(book, index);
  memset(made, 0, sizeof *made);
  memcpy(made->base, base, DS_ASSET_BYTES);
  memcpy(made->quote, quote, DS_ASSET_BYTES);
  return index;
}
