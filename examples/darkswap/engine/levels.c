/* The prices of a market's side as an AVL tree: whoever chooses the prices, its height is at most 1.44
 * log2 of their number (30 for 2^20 of them), so recursion is bounded. Each level's orders queue by age. */
#include "book.h"

static uint32_t height_of(const ds_book *book, uint32_t index) {
  return index == 0 ? 0 : level_at(book, index)->height;
}

static void measure(const ds_book *book, uint32_t index) {
  level *one = level_at(book, index);
  uint32_t low = height_of(book, one->child[0]);
  uint32_t high = height_of(book, one->child[1]);
  one->height = 1 + (low > high ? low : high);
}

/* Lifts the child on `side` above its parent. Returns the child, now the root. */
static uint32_t rotate(const ds_book *book, uint32_t index, uint32_t side) {
  level *parent = level_at(book, index);
  uint32_t up = parent->child[side];
  level *child = level_at(book, up);
  parent->child[side] = child->child[1 - side];
  child->child[1 - side] = index;
  measure(book, index);
  measure(book, up);
  return up;
}

static uint32_t balance(const ds_book *book, uint32_t index) {
  level *one = level_at(book, index);
  measure(book, index);
  for (uint32_t side = 0; side < 2; side++) {
    uint32_t heavy = one->child[side];
    if (height_of(book, heavy) > height_of(book, one->child[1 - side]) + 1) {
      const level *child = level_at(book, heavy);
      if (height_of(book, child->child[1 - side]) > height_of(book, child->child[side])) {
        one->child[side] = rotate(book, heavy, 1 - side);
      }
      return rotate(book, index, side);
    }
  }
  return index;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tree is high */
static uint32_t insert(const ds_book *book, uint32_t root, uint32_t added) {
  if (root == 0) {
    return added;
  }
  level *one = level_at(book, root);
  uint32_t side = level_at(book, added)->price > one->price;
  one->child[side] = insert(book, one->child[side], added);
  return balance(book, root);
}

/* Cuts the lowest level off. NOLINTNEXTLINE(misc-no-recursion) */
static uint32_t cut_lowest(const ds_book *book, uint32_t root, uint32_t *lowest) {
  level *one = level_at(book, root);
  if (one->child[0] == 0) {
    *lowest = root;
    return one->child[1];
  }
  one->child[0] = cut_lowest(book, one->child[0], lowest);
  return balance(book, root);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static uint32_t cut(const ds_book *book, uint32_t root, uint64_t price) {
  level *one = level_at(book, root);
  if (one->price != price) {
    uint32_t side = price > one->price;
    one->child[side] = cut(book, one->child[side], price);
    return balance(book, root);
  }
  if (one->child[0] == 0 || one->child[1] == 0) {
    return one->child[one->child[0] == 0];
  }
  uint32_t heir = 0;
  uint32_t high = cut_lowest(book, one->child[1], &heir);
  level *above = level_at(book, heir);
  above->child[0] = one->child[0];
  above->child[1] = high;
  return balance(book, heir);
}

uint32_t level_find(const ds_book *book, uint32_t root, uint64_t price) {
  while (root != 0 && level_at(book, root)->price != price) {
    root = level_at(book, root)->child[price > level_at(book, root)->price];
  }
  return root;
}

/* Who buys pays the highest price first, who sells asks the lowest. */
static uint32_t best_end(uint32_t side) {
  return side == DS_BUY ? 1 : 0;
}

uint32_t level_best(const ds_book *book, const market *in, uint32_t side) {
  uint32_t index = in->root[side];
  while (index != 0 && level_at(book, index)->child[best_end(side)] != 0) {
    index = level_at(book, index)->child[best_end(side)];
  }
  return index;
}

uint32_t level_after(const ds_book *book, const market *in, uint32_t side, uint64_t price) {
  uint32_t found = 0;
  for (uint32_t index = in->root[side]; index != 0;) {
    const level *one = level_at(book, index);
    int behind = side == DS_BUY ? one->price < price : one->price > price;
    if (behind) {
      found = index;
    }
    index = one->child[behind ? best_end(side) : 1 - best_end(side)];
  }
  return found;
}

static uint32_t level_new(ds_book *book, uint64_t price) {
  uint32_t index = book->free_level; /* as many as orders: there is one */
  level *made = level_at(book, index);
  book->free_level = made->child[0];
  *made = (level){.price = price, .height = 1};
  return index;
}

void level_put(ds_book *book, uint32_t index) {
  order *one = order_at(book, index);
  market *in = market_at(book, one->market);
  uint32_t *root = &in->root[one->side];
  uint32_t where = level_find(book, *root, one->price);
  if (where == 0) {
    where = level_new(book, one->price);
    *root = insert(book, *root, where);
  }
  level *to = level_at(book, where);
  one->level = where;
  one->older = to->tail;
  one->newer = 0;
  if (to->tail != 0) {
    order_at(book, to->tail)->newer = index;
  } else {
    to->head = index;
  }
  to->tail = index;
  to->orders++;
  to->amount += one->remaining;
}

void level_take(ds_book *book, uint32_t index) {
  order *one = order_at(book, index);
  level *from = level_at(book, one->level);
  if (one->older != 0) {
    order_at(book, one->older)->newer = one->newer;
  } else {
    from->head = one->newer;
  }
  if (one->newer != 0) {
    order_at(book, one->newer)->older = one->older;
  } else {
    from->tail = one->older;
  }
  from->amount -= one->remaining;
  from->orders--;
  if (from->orders == 0) {
    uint32_t *root = &market_at(book, one->market)->root[one->side];
    *root = cut(book, *root, from->price);
    from->child[0] = book->free_level;
    book->free_level = one->level;
  }
  one->level = 0;
}
