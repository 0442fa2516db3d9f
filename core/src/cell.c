#include "sluice/cell.h"

#include "kinds.h"
#include "lock.h"
#include "words.h"

static uint32_t kind_of(uint32_t flags) {
  return (flags & SLUICE_CELL_SEQLOCK) != 0 ? SLUICE_KIND_SEQLOCK : SLUICE_KIND_CELL;
}

static uint32_t stride_of(uint32_t capacity, uint32_t flags) {
  return (flags & SLUICE_CELL_SEQLOCK) != 0 ? 0
                                            : (capacity + SLUICE_ALIGN - 1) & ~(SLUICE_ALIGN - 1);
}

uint32_t sluice_cell_bytes(uint32_t capacity, uint32_t flags) {
  uint32_t max = flags == SLUICE_CELL_SEQLOCK ? SLUICE_CELL_SEQLOCK_MAX : SLUICE_CELL_CAPACITY_MAX;
  if (capacity == 0 || capacity > max || flags > SLUICE_CELL_SEQLOCK) {
    return 0;
  }
  uint32_t stride = stride_of(capacity, flags);
  return (uint32_t)sizeof(sluice_cell) + (stride == 0 ? sluice_words_bytes(capacity) : 2 * stride);
}

static sluice_shape shape_of(uint32_t capacity, uint32_t flags, uint32_t codec) {
  return (sluice_shape){.kind = kind_of(flags),
                        .bytes = sluice_cell_bytes(capacity, flags),
                        .capacity = capacity,
                        .codec = codec};
}

int sluice_cell_init(void *at, uint32_t capacity, uint32_t flags) {
  return sluice_object_init(at, shape_of(capacity, flags, 0));
}

uint32_t sluice_cell_open(sluice_space *space, const char *name, uint32_t name_bytes,
                          uint32_t capacity, uint32_t flags, uint32_t codec) {
  return sluice_object_open(space, name, name_bytes, shape_of(capacity, flags, codec));
}

int sluice_cell_attach(sluice_cell_view *view, sluice_cell *cell, uint32_t capacity, uint32_t flags,
                       uint32_t owner) {
  uint32_t bytes = sluice_cell_bytes(capacity, flags);
  if (bytes == 0 || (owner != 0 && !sluice_owner_valid(owner)) ||
      cell->object.kind != kind_of(flags) || cell->object.bytes != bytes ||
      cell->object.capacity != capacity) {
    return SLUICE_E_INVALID;
  }
  *view = (sluice_cell_view){
      .cell = cell, .capacity = capacity, .stride = stride_of(capacity, flags), .owner = owner};
  return SLUICE_OK;
}

/* The slot of version `version`: 0 or 1; a seqlock's is always 0. */
static uint32_t slot_of(const sluice_cell_view *view, uint64_t version) {
  return view->stride == 0 ? 0 : (uint32_t)version & 1;
}

static unsigned char *data_of(const sluice_cell_view *view, uint32_t slot) {
  return view->cell->data + (size_t)slot * view->stride;
}

/* `flag` to all, and whoever sleeps is woken to see it. */
static void tell(sluice_cell *cell, uint32_t flag) {
  sluice_flag(&cell->object, flag);
  sluice_event_wake_all(&cell->changed);
  sluice_mutex_word_wake_all(&cell->lock);
}

static int poison(const sluice_cell_view *view) {
  tell(view->cell, SLUICE_OBJECT_POISONED);
  return SLUICE_E_POISONED;
}

/* ---- reading ---- */

/* One attempt. SLUICE_E_AGAIN when a writer has come round to the slot meanwhile. */
static int try_read(const sluice_cell_view *view, void *into, uint32_t room, uint32_t *length,
                    uint64_t *version) {
  sluice_cell *cell = view->cell;
  /* pairs with the store of version in finish: the slot's bytes are visible */
  uint64_t found = atomic_load_explicit(&cell->version, memory_order_acquire);
  if (found == 0) {
    return SLUICE_E_EMPTY;
  }
  uint32_t slot = slot_of(view, found);
  /* pairs with the release in finish, as each word of the copy does with its own */
  uint32_t bytes = atomic_load_explicit(&cell->length[slot], memory_order_acquire);
  if (bytes > view->capacity) {
    return poison(view);
  }
  if (bytes <= room) {
    sluice_words_load(into, data_of(view, slot), bytes);
  }
  /* Whoever has read a byte of a later write sees here that it was announced. */
  uint64_t intent = atomic_load_explicit(&cell->intent, memory_order_relaxed);
  if (intent < found) {
    return poison(view);
  }
  if (intent - found > (view->stride == 0 ? 0 : 1)) {
    return SLUICE_E_AGAIN;
  }
  *length = bytes;
  *version = found;
  return bytes <= room ? SLUICE_OK : SLUICE_E_TOO_LARGE;
}

int sluice_cell_read(const sluice_cell_view *view, void *into, uint32_t room, uint32_t *length,
                     uint64_t *version) {
  const _Atomic uint32_t *state = &view->cell->object.state;
  if ((atomic_load_explicit(state, memory_order_relaxed) & SLUICE_OBJECT_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  for (int tries = 0; tries < SLUICE_CELL_TRIES; tries++) {
    int status = try_read(view, into, room, length, version);
    if (status != SLUICE_E_AGAIN) {
      return status;
    }
    sluice_pause();
  }
  return (atomic_load_explicit(state, memory_order_relaxed) & SLUICE_CELL_LOST) != 0
             ? SLUICE_E_OWNER_DIED
             : SLUICE_E_AGAIN;
}

uint64_t sluice_cell_version(const sluice_cell_view *view) {
  return atomic_load_explicit(&view->cell->version, memory_order_acquire);
}

/* ---- writing ---- */

/* Takes the writers' turn. A dead writer has left nothing to repair: SLUICE_OWNER_DIED is as good
 * as SLUICE_OK. */
static int take_turn(sluice_cell_view *view, int64_t timeout_ns) {
  sluice_cell *cell = view->cell;
  int status = sluice_flags_status(&cell->object.state);
  if (status != SLUICE_OK) {
    return status;
  }
  status = sluice_mutex_word_try(&cell->lock, view->owner, (int)view->woken);
  if (status == SLUICE_E_BUSY && timeout_ns != 0) {
    sluice_cell_turn_pass(view); /* it goes to the end of those that wait */
    sluice_deadline deadline = sluice_deadline_in(timeout_ns);
    status = sluice_mutex_word_lock_slow(&cell->lock, view->owner, &deadline, &cell->object.state);
  }
  if (status == SLUICE_E_POISONED) {
    return poison(view);
  }
  if (status >= 0) {
    view->woken = 0;
  }
  return status < 0 ? status : SLUICE_OK;
}

/* Takes the turn, and finds which version comes next. */
static int begin(sluice_cell_view *view, int64_t timeout_ns, uint64_t *next) {
  sluice_cell *cell = view->cell;
  if (view->owner == 0 || view->next != 0) {
    return view->owner == 0 ? SLUICE_E_INVALID : SLUICE_E_BUSY;
  }
  int status = take_turn(view, timeout_ns);
  if (status != SLUICE_OK) {
    return status;
  }
  uint64_t version = atomic_load_explicit(&cell->version, memory_order_relaxed);
  uint64_t intent = atomic_load_explicit(&cell->intent, memory_order_relaxed);
  if (intent < version || intent - version > 1 || version + 1 == 0) {
    (void)sluice_mutex_word_unlock(&cell->lock, view->owner);
    return poison(view);
  }
  *next = version + 1;
  return SLUICE_OK;
}

static void announce(const sluice_cell_view *view, uint64_t next) {
  /* Before any byte of the slot changes: the release of each word publishes this to a late reader,
   * and pairs with the acquire in its copy. */
  atomic_store_explicit(&view->cell->intent, next, memory_order_relaxed);
  SLUICE_STEP("cell.write: announced");
}

static void end_turn(sluice_cell_view *view) {
  view->next = 0;
  (void)sluice_mutex_word_unlock(&view->cell->lock, view->owner);
  SLUICE_STEP("cell.write: unlocked");
}

/* The slot is filled: publishes it, and ends the turn. */
static void finish(sluice_cell_view *view, uint64_t next, uint32_t length) {
  sluice_cell *cell = view->cell;
  SLUICE_STEP("cell.write: filled");
  /* publishes the announcement, as the words of the value do; pairs with the acquire in try_read */
  atomic_store_explicit(&cell->length[slot_of(view, next)], length, memory_order_release);
  if ((atomic_load_explicit(&cell->object.state, memory_order_relaxed) & SLUICE_CELL_LOST) != 0) {
    atomic_fetch_and_explicit(&cell->object.state, ~(uint32_t)SLUICE_CELL_LOST,
                              memory_order_relaxed);
    SLUICE_STEP("cell.write: loss made good");
  }
  /* publishes the value; pairs with the acquire in try_read. seq_cst for the look at
   * the sleepers */
  atomic_store_explicit(&cell->version, next, memory_order_seq_cst);
  SLUICE_STEP("cell.write: published");
  end_turn(view);
  sluice_event_signal_all(&cell->changed);
}

static int write_if(sluice_cell_view *view, const uint64_t *expected, const void *from,
                    uint32_t length, int64_t timeout_ns) {
  uint64_t next = 0;
  if (length > view->capacity) {
    return SLUICE_E_TOO_LARGE;
  }
  int status = begin(view, timeout_ns, &next);
  if (status != SLUICE_OK) {
    return status;
  }
  if (expected != NULL && next - 1 != *expected) {
    end_turn(view);
    return SLUICE_E_MISMATCH;
  }
  announce(view, next);
  sluice_words_store(data_of(view, slot_of(view, next)), from, length);
  finish(view, next, length);
  return SLUICE_OK;
}

int sluice_cell_write(sluice_cell_view *view, const void *from, uint32_t length,
                      int64_t timeout_ns) {
  return write_if(view, NULL, from, length, timeout_ns);
}

int sluice_cell_replace(sluice_cell_view *view, uint64_t expected, const void *from,
                        uint32_t length, int64_t timeout_ns) {
  return write_if(view, &expected, from, length, timeout_ns);
}

/* ---- writing in place ---- */

void *sluice_cell_begin(sluice_cell_view *view, int64_t timeout_ns) {
  uint64_t next = 0;
  view->status = view->stride == 0 ? SLUICE_E_INVALID : begin(view, timeout_ns, &next);
  if (view->status != SLUICE_OK) {
    return NULL;
  }
  announce(view, next);
#if defined(__wasm__)
  atomic_thread_fence(memory_order_seq_cst); /* between the announcement and plain stores */
#endif
  view->next = next;
  return data_of(view, slot_of(view, next));
}

int sluice_cell_fill(const sluice_cell_view *view, uint32_t at, const void *from, uint32_t length) {
  if (view->next == 0 || at % 8 != 0) {
    return SLUICE_E_INVALID;
  }
  if (at > view->capacity || length > view->capacity - at) {
    return SLUICE_E_TOO_LARGE;
  }
  sluice_words_store(data_of(view, slot_of(view, view->next)) + at, from, length);
  return SLUICE_OK;
}

int sluice_cell_publish(sluice_cell_view *view, uint32_t length) {
  if (view->next == 0) {
    return SLUICE_E_INVALID;
  }
  if (length > view->capacity) {
    return SLUICE_E_TOO_LARGE;
  }
  finish(view, view->next, length);
  return SLUICE_OK;
}

int sluice_cell_abandon(sluice_cell_view *view) {
  if (view->next == 0) {
    return SLUICE_E_INVALID;
  }
  end_turn(view);
  return SLUICE_OK;
}

/* ---- waiting ---- */

/* SLUICE_E_AGAIN while there is nothing new. */
static int news(const sluice_cell_view *view, uint64_t since) {
  /* seq_cst: a sleeper marks its word, then looks here; finish stores, then looks at the mark */
  if (atomic_load_explicit(&view->cell->version, memory_order_seq_cst) != since) {
    return SLUICE_OK;
  }
  int status = sluice_flags_status(&view->cell->object.state);
  return status == SLUICE_OK ? SLUICE_E_AGAIN : status;
}

uint32_t sluice_cell_sleep(const sluice_cell_view *view, uint64_t since) {
  if (news(view, since) != SLUICE_E_AGAIN) {
    return 0;
  }
  uint32_t key = sluice_event_mark(&view->cell->changed);
  return news(view, since) != SLUICE_E_AGAIN ? 0 : key;
}

int sluice_cell_wait(const sluice_cell_view *view, uint64_t since, int64_t timeout_ns) {
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  sluice_patience patience = sluice_patience_for(&deadline);
  for (;;) {
    int status = news(view, since);
    if (status != SLUICE_E_AGAIN) {
      return status;
    }
    if (sluice_patience_spin(&patience)) {
      continue;
    }
    if (timeout_ns == 0) {
      return SLUICE_E_TIMEOUT;
    }
    uint32_t key = sluice_cell_sleep(view, since);
    status = key == 0 ? SLUICE_OK : sluice_sleep(&view->cell->changed, key, &deadline);
    if (status != SLUICE_OK) {
      int now = news(view, since);
      return now == SLUICE_E_AGAIN ? status : now;
    }
  }
}

uint32_t sluice_cell_turn_sleep(sluice_cell_view *view) {
  uint32_t key = sluice_mutex_word_sleep(&view->cell->lock, view->owner);
  if (sluice_flags_status(&view->cell->object.state) != SLUICE_OK) {
    sluice_mutex_word_wake_all(&view->cell->lock); /* the mark may have come after a close */
    return 0;
  }
  view->woken = key != 0;
  return key;
}

void sluice_cell_turn_pass(sluice_cell_view *view) {
  if (view->woken != 0) {
    view->woken = 0;
    sluice_mutex_word_pass(&view->cell->lock);
  }
}

/* ---- the end of a writer, and of the space ---- */

int sluice_cell_recover(sluice_space *space, sluice_cell *cell, uint32_t id) {
  (void)space;
  uint32_t lock = atomic_load_explicit(&cell->lock, memory_order_acquire);
  if ((lock & SLUICE_OWNER_MASK) == id && cell->object.kind == SLUICE_KIND_SEQLOCK) {
    /* It had the turn, and nobody else writes until the lock is free. */
    if (atomic_load_explicit(&cell->intent, memory_order_relaxed) !=
        atomic_load_explicit(&cell->version, memory_order_relaxed)) {
      atomic_fetch_or_explicit(&cell->object.state, SLUICE_CELL_LOST, memory_order_relaxed);
    } else {
      atomic_fetch_and_explicit(&cell->object.state, ~(uint32_t)SLUICE_CELL_LOST,
                                memory_order_relaxed);
    }
    SLUICE_STEP("cell.recover: loss told");
  }
  int status = sluice_mutex_word_recover(&cell->lock, id);
  /* It may have died between the publication and the wake-up. */
  sluice_event_wake_all(&cell->changed);
  return status;
}

int sluice_cell_shut(sluice_cell *cell) {
  tell(cell, SLUICE_OBJECT_CLOSED);
  return SLUICE_OK;
}
