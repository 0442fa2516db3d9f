#include "sluice/slab.h"

#include "blocks.h"
#include "kinds.h"
#include "wait.h"

enum {
  SWEEP = 16, /* blocks of a class that an allocation looks at before it makes a new one */
  UNIT = SLUICE_ALIGN
};

/* Four classes to a doubling, in units of 128 bytes, the header included:
 * 1 2 3 4 5 6 7 8 10 12 14 16 20 24 28 32 ... What `bytes` are rounded up to; 0 for what no space
 * can hold. (Two functions rather than one with a result by pointer: see sluice_thread_enter.) */
static uint32_t units_for(uint32_t bytes) {
  uint32_t units = (uint32_t)(((uint64_t)bytes + SLUICE_BLOCK_HEADER + UNIT - 1) / UNIT);
  if (units <= 4) {
    return units;
  }
  uint32_t shift = 29 - (uint32_t)__builtin_clz(units - 1);
  units = (((units - 1) >> shift) + 1) << shift;
  return units > UINT32_MAX / UNIT ? 0 : units;
}

/* The class of `units`, as units_for gives them; 96 and above for none. */
static uint32_t class_of(uint32_t units) {
  if (units <= 4) {
    return units - 1;
  }
  uint32_t shift = 29 - (uint32_t)__builtin_clz(units - 1);
  return shift * 4 + ((units - 1) >> shift);
}

uint32_t sluice_block_room(const sluice_space *space, uint32_t offset) {
  if (offset < SLUICE_HEAP_FIRST || !sluice_in_bounds(space, offset, 0)) {
    return 0;
  }
  uint32_t units =
      atomic_load_explicit(&sluice_block_at(space, offset)->units, memory_order_relaxed);
  uint32_t reach = sluice_extent(space) - (offset - SLUICE_BLOCK_HEADER);
  return units == 0 || units > reach / UNIT ? 0 : units * UNIT - SLUICE_BLOCK_HEADER;
}

/* Stores a word that another store publishes, or that is a hint. In wasm a plain store (0.2 ns
 * against 2.7 for an atomic one of any order), which neither tears nor passes an atomic one;
 * elsewhere a relaxed one. */
static inline void put(_Atomic uint32_t *word, uint32_t value) {
#if defined(__wasm__)
  *(volatile uint32_t *)(void *)word = value;
#else
  atomic_store_explicit(word, value, memory_order_relaxed);
#endif
}

/* The one step of an allocation: from free to mine. Until the block's header tells of its new life,
 * nobody else may refer to it: not by a stale handle, not by a stale look into a table. */
static int take(sluice_space *space, uint32_t offset, uint32_t bytes) {
  sluice_block *block = sluice_block_at(space, offset);
  uint64_t mine = sluice_bit(space->participant);
  uint64_t free = 0;
  /* acquires what the last holder left; pairs with the release in sluice_block_release */
  if (atomic_load_explicit(&block->refs, memory_order_relaxed) != 0 ||
      !atomic_compare_exchange_strong_explicit(&block->refs, &free, mine | SLUICE_BLOCK_MAKING,
                                               memory_order_acquire, memory_order_relaxed)) {
    return 0;
  }
  SLUICE_STEP("slab.alloc: taken");
  uint32_t serial = atomic_load_explicit(&block->serial, memory_order_relaxed);
  put(&block->serial, serial + 1);
  put(&block->bytes, bytes);
  put(&block->home, 0);
  /* publishes the header to whoever refers to the block; pairs with sluice_block_hold */
  atomic_store_explicit(&block->refs, mine, memory_order_release);
  SLUICE_STEP("slab.alloc: made");
  return 1;
}

/* A block of this class that was freed lately, or one of the next few of its chain. */
static uint32_t find_free(sluice_space *space, sluice_size_class *class, uint32_t units,
                          uint32_t bytes) {
  for (uint32_t i = 0; i < 2; i++) {
    uint32_t offset = atomic_load_explicit(&class->hint[i], memory_order_relaxed);
    if (offset != 0) {
      put(&class->hint[i], 0);
      if (sluice_block_room(space, offset) >= units * UNIT - SLUICE_BLOCK_HEADER &&
          take(space, offset, bytes)) {
        return offset;
      }
    }
  }
  /* pairs with the release stores below: who stored it had seen the block's header */
  uint32_t offset = atomic_load_explicit(&class->cursor, memory_order_acquire);
  for (uint32_t i = 0; i < SWEEP; i++) {
    if (offset == 0) {
      /* pairs with the release in chain: the block's link is visible */
      offset = atomic_load_explicit(&class->first, memory_order_acquire);
    }
    if (offset == 0) {
      return 0;
    }
    if (sluice_block_room(space, offset) < units * UNIT - SLUICE_BLOCK_HEADER) {
      return 0; /* beyond what this thread sees of a space that has grown; or nonsense */
    }
    uint32_t next =
        atomic_load_explicit(&sluice_block_at(space, offset)->next, memory_order_relaxed);
    if (take(space, offset, bytes)) {
      atomic_store_explicit(&class->cursor, next, memory_order_release);
      return offset;
    }
    offset = next;
  }
  atomic_store_explicit(&class->cursor, offset, memory_order_release);
  return 0;
}

/* Finishes the block that is being made at the heap's end, whoever began it. */
SLUICE_COLD static void finish(const sluice_space *space, uint64_t next) {
  uint32_t offset = (uint32_t)next;
  uint32_t units = (uint32_t)(next >> 32);
  sluice_block *block = sluice_block_at(space, offset);
  /* The same value whoever writes it, and however late. */
  atomic_store_explicit(&block->units, units, memory_order_relaxed);
  SLUICE_STEP("slab.make: measured");
  /* publishes units to whoever walks the heap; pairs with the acquire in sluice_block_next */
  (void)atomic_compare_exchange_strong_explicit(&sluice_header(space)->next, &next,
                                                offset + units * UNIT, memory_order_release,
                                                memory_order_relaxed);
  SLUICE_STEP("slab.make: made");
}

/* Puts a new block into its class's chain, where the sweep finds it. A death before this costs
 * speed only: the block is found when the heap is full. */
SLUICE_COLD static void chain(const sluice_space *space, sluice_size_class *class,
                              uint32_t offset) {
  sluice_block *block = sluice_block_at(space, offset);
  uint32_t first = atomic_load_explicit(&class->first, memory_order_relaxed);
  do {
    atomic_store_explicit(&block->next, first, memory_order_relaxed);
    /* publishes the link; pairs with the acquire in find_free */
  } while (!atomic_compare_exchange_weak_explicit(&class->first, &first, offset,
                                                  memory_order_release, memory_order_relaxed));
}

/* Makes a block at the heap's end; free as yet. */
SLUICE_COLD static uint32_t make(sluice_space *space, sluice_size_class *class, uint32_t units) {
  _Atomic uint64_t *shared = &sluice_header(space)->next;
  for (;;) {
    /* pairs with the release below and in finish */
    uint64_t next = atomic_load_explicit(shared, memory_order_acquire);
    uint32_t offset = (uint32_t)next;
    uint32_t limit = atomic_load_explicit(&sluice_header(space)->bytes, memory_order_acquire);
    uint32_t extent = sluice_extent(space);
    limit = (limit > extent ? extent : limit) / UNIT * UNIT;
    if (offset % UNIT != 0 || offset < SLUICE_HEAP_FIRST) {
      return sluice_poison(space);
    }
    uint32_t room = offset > limit ? 0 : (limit - (offset - SLUICE_BLOCK_HEADER)) / UNIT;
    if (next >> 32 != 0 && next >> 32 <= room) {
      finish(space, next);
      continue;
    }
    if (units > room || next >> 32 != 0) { /* also where this thread does not see so far */
      space->status = SLUICE_E_NO_MEMORY;
      return 0;
    }
    uint64_t making = (uint64_t)units << 32 | offset;
    if (atomic_compare_exchange_strong_explicit(shared, &next, making, memory_order_acq_rel,
                                                memory_order_relaxed)) {
      SLUICE_STEP("slab.make: begun");
      finish(space, making);
      chain(space, class, offset);
      SLUICE_STEP("slab.make: chained");
      return offset;
    }
  }
}

/* The heap is full: any free block that is large enough, and less than twice too large. */
SLUICE_COLD static uint32_t find_anywhere(sluice_space *space, uint32_t units, uint32_t bytes) {
  uint32_t least = units * UNIT - SLUICE_BLOCK_HEADER;
  for (uint32_t offset = 0; (offset = sluice_block_next(space, offset)) != 0;) {
    uint32_t room = sluice_block_room(space, offset);
    if (room >= least && room / 2 <= least && take(space, offset, bytes)) {
      return offset;
    }
  }
  return 0;
}

uint32_t sluice_block_room_for(uint32_t bytes) {
  return units_for(bytes) * UNIT - SLUICE_BLOCK_HEADER;
}

SLUICE_COLD uint32_t sluice_block_below(sluice_space *space, uint32_t bytes, uint32_t limit) {
  for (uint32_t offset = 0; (offset = sluice_block_next(space, offset)) != 0;) {
    uint32_t room = sluice_block_room(space, offset);
    if (room >= bytes && room < limit && take(space, offset, bytes)) {
      return offset;
    }
  }
  space->status = space->status == SLUICE_OK ? SLUICE_E_NO_MEMORY : space->status;
  return 0;
}

SLUICE_COLD uint32_t sluice_block_next(sluice_space *space, uint32_t offset) {
  /* pairs with the release in finish: the units of all before it are visible */
  uint32_t end = (uint32_t)atomic_load_explicit(&sluice_header(space)->next, memory_order_acquire);
  uint32_t room = offset == 0 ? 0 : sluice_block_room(space, offset);
  if (offset != 0 && room == 0) {
    return sluice_poison(space);
  }
  uint32_t next = offset == 0 ? SLUICE_HEAP_FIRST : offset + room + SLUICE_BLOCK_HEADER;
  space->status = SLUICE_OK;
  if (next >= end || next < offset) {
    return 0;
  }
  if (sluice_extent(space) < end - SLUICE_BLOCK_HEADER && sluice_block_room(space, next) == 0) {
    space->status = SLUICE_E_AGAIN; /* the space has grown past what this thread sees of it */
    return 0;
  }
  return sluice_block_room(space, next) == 0 ? sluice_poison(space) : next;
}

uint32_t sluice_slab_alloc(sluice_space *space, uint32_t bytes) {
  uint32_t units = units_for(bytes);
  uint32_t class = class_of(units);
  if (bytes == 0 || class >= SLUICE_SIZE_CLASSES) {
    space->status = bytes == 0 ? SLUICE_E_INVALID : SLUICE_E_NO_MEMORY;
    return 0;
  }
  if (sluice_space_state(space) == SLUICE_E_POISONED) {
    space->status = SLUICE_E_POISONED;
    return 0;
  }
  sluice_size_class *blocks = &sluice_header(space)->classes[class];
  space->status = SLUICE_OK;
  uint32_t offset = find_free(space, blocks, units, bytes);
  while (offset == 0 && space->status == SLUICE_OK) {
    uint32_t made = make(space, blocks, units);
    if (made != 0 && take(space, made, bytes)) { /* else another was faster */
      offset = made;
    }
  }
  if (offset == 0 && space->status == SLUICE_E_NO_MEMORY) {
    offset = find_anywhere(space, units, bytes);
    if (offset == 0 && space->status != SLUICE_E_POISONED) {
      space->status = SLUICE_E_NO_MEMORY;
    }
  }
  return offset;
}

uint32_t sluice_space_alloc(sluice_space *space, uint32_t bytes) {
  uint32_t offset = sluice_slab_alloc(space, bytes);
  if (offset != 0) {
    memset(space->base + offset, 0, bytes);
  }
  return offset;
}

SLUICE_COLD uint32_t sluice_slab_serial(const sluice_space *space, uint32_t offset) {
  return sluice_block_room(space, offset) == 0
             ? 0
             : atomic_load_explicit(&sluice_block_at(space, offset)->serial, memory_order_relaxed);
}

SLUICE_COLD uint32_t sluice_slab_bytes(const sluice_space *space, uint32_t offset) {
  uint32_t room = sluice_block_room(space, offset);
  if (room == 0) {
    return 0;
  }
  uint32_t bytes =
      atomic_load_explicit(&sluice_block_at(space, offset)->bytes, memory_order_relaxed);
  return bytes < room ? bytes : room;
}

uint64_t sluice_block_hold(const sluice_space *space, uint32_t offset, uint64_t bits) {
  _Atomic uint64_t *refs = &sluice_block_at(space, offset)->refs;
  uint64_t old = atomic_load_explicit(refs, memory_order_relaxed);
  /* seq_cst: held, then the place that named the block is looked at again; who takes the name away
   * does that first, then lets go. One of the two sees the other. */
  while (old != 0 && (old & SLUICE_BLOCK_MAKING) == 0) {
    if (atomic_compare_exchange_weak_explicit(refs, &old, old | bits, memory_order_seq_cst,
                                              memory_order_relaxed)) {
      return old;
    }
  }
  return 0;
}

/* Says where a free block is. */
static void hint(const sluice_space *space, uint32_t offset) {
  uint32_t class = class_of((sluice_block_room(space, offset) + SLUICE_BLOCK_HEADER) / UNIT);
  if (class < SLUICE_SIZE_CLASSES) {
    sluice_size_class *blocks = &sluice_header(space)->classes[class];
    uint32_t first = atomic_load_explicit(&blocks->hint[0], memory_order_relaxed);
    put(&blocks->hint[first == 0 ? 0 : 1], offset);
  }
}

uint64_t sluice_block_release(sluice_space *space, uint32_t offset, uint64_t bits) {
  sluice_block *block = sluice_block_at(space, offset);
  /* acquire, here and where the exchange fails: the last one finalizes what the others wrote.
   * seq_cst: a slot that referred to the block has been emptied before; who sets the block's bit
   * looks at the slot again (follow_up in table.c) */
  uint64_t old = atomic_load_explicit(&block->refs, memory_order_seq_cst);
  uint64_t left = 0;
  do {
    if ((old & bits) == 0) {
      return old;
    }
    left = old & ~bits;
    if ((left & ~SLUICE_BLOCK_MAKING) == 0) {
      left = 0;
      if ((old & SLUICE_BLOCK_MAKING) == 0 &&
          atomic_load_explicit(&block->home, memory_order_relaxed) == SLUICE_HOME_DIRECTORY) {
        sluice_kind_finalize(space, offset); /* no other block is an object */
      }
    }
    /* hands the block to its next holder; pairs with the acquire in take.
     * seq_cst for sluice_block_hold */
  } while (!atomic_compare_exchange_weak_explicit(&block->refs, &old, left, memory_order_seq_cst,
                                                  memory_order_acquire));
  SLUICE_STEP("slab.release: let go");
  if (left == 0) {
    hint(space, offset);
    sluice_event_signal_all(&sluice_header(space)->freed);
  }
  return old;
}

SLUICE_COLD int sluice_slab_ref(sluice_space *space, uint32_t offset, uint32_t serial) {
  uint64_t mine = sluice_bit(space->participant);
  if (sluice_block_room(space, offset) == 0) {
    return SLUICE_E_INVALID;
  }
  uint64_t before = sluice_block_hold(space, offset, mine);
  SLUICE_STEP("slab.ref: held");
  if (before != 0 && sluice_slab_serial(space, offset) == serial) {
    return SLUICE_OK;
  }
  if (before != 0 && (before & mine) == 0) {
    (void)sluice_block_release(space, offset, mine);
  }
  return SLUICE_E_CLOSED;
}

int sluice_slab_unref(sluice_space *space, uint32_t offset) {
  uint64_t mine = sluice_bit(space->participant);
  if (sluice_block_room(space, offset) == 0 ||
      (atomic_load_explicit(&sluice_block_at(space, offset)->refs, memory_order_relaxed) & mine) ==
          0) {
    return SLUICE_E_INVALID;
  }
  (void)sluice_block_release(space, offset, mine);
  return SLUICE_OK;
}

int sluice_space_free(sluice_space *space, uint32_t offset) {
  return sluice_slab_unref(space, offset);
}

SLUICE_COLD uint32_t sluice_space_used(const sluice_space *space) {
  sluice_space walker = *space;
  uint64_t used = 0;
  for (uint32_t offset = 0; (offset = sluice_block_next(&walker, offset)) != 0;) {
    if (atomic_load_explicit(&sluice_block_at(space, offset)->refs, memory_order_relaxed) != 0) {
      used += sluice_block_room(space, offset) + SLUICE_BLOCK_HEADER;
    }
  }
  return (uint32_t)used;
}
