#include "sluice/store.h"

#include "kinds.h"
#include "lock.h"
#include "table.h"

enum {
  TRIES = 1000, /* how often others may be faster before the caller is told so */
  FASTER = 2    /* among ourselves: another was */
};

uint32_t sluice_store_bytes(uint32_t entries) {
  return entries == 0 || entries > SLUICE_STORE_ENTRIES_MAX
             ? 0
             : (uint32_t)sizeof(sluice_store) + entries * (uint32_t)sizeof(uint64_t);
}

uint32_t sluice_store_open(sluice_space *space, const char *name, uint32_t name_bytes,
                           uint32_t entries, uint32_t codec) {
  return sluice_object_open(space, name, name_bytes,
                            (sluice_shape){.kind = SLUICE_KIND_STORE,
                                           .bytes = sluice_store_bytes(entries),
                                           .capacity = entries,
                                           .codec = codec});
}

int sluice_store_attach(sluice_store_view *view, sluice_space *space, uint32_t offset,
                        uint32_t entries) {
  uint32_t bytes = sluice_store_bytes(entries);
  if (bytes == 0 || space->participant == 0 || sluice_block_room(space, offset) < bytes) {
    return SLUICE_E_INVALID;
  }
  sluice_store *store = sluice_at(space, offset);
  if (store->object.kind != SLUICE_KIND_STORE || store->object.bytes != bytes ||
      store->object.capacity != entries) {
    return SLUICE_E_INVALID;
  }
  *view = (sluice_store_view){.space = space, .store = store, .entries = entries, .offset = offset};
  return SLUICE_OK;
}

static sluice_table table_of(const sluice_store_view *view) {
  return (sluice_table){.version = &view->store->table,
                        .slots = view->store->slots,
                        .count = view->entries,
                        .home = view->offset};
}

/* An empty key may be NULL, which memcmp may not see: any other address does for it. */
static sluice_key key_of(const sluice_store_view *view, const void *key, uint32_t key_bytes) {
  const void *bytes = key_bytes == 0 ? view : key;
  return (sluice_key){
      .bytes = bytes, .length = key_bytes, .hash = sluice_table_hash(bytes, key_bytes)};
}

static _Atomic uint32_t *watch_of(sluice_store *store, uint32_t hash) {
  return &store->changed[hash % SLUICE_STORE_WATCHES];
}

static void wake_all(sluice_store *store) {
  for (uint32_t i = 0; i < SLUICE_STORE_WATCHES; i++) {
    sluice_event_wake_all(&store->changed[i]);
  }
}

static int poison(const sluice_store_view *view) {
  sluice_flag(&view->store->object, SLUICE_OBJECT_POISONED);
  wake_all(view->store);
  return SLUICE_E_POISONED;
}

static int is_poisoned(const sluice_store_view *view) {
  return (atomic_load_explicit(&view->store->object.state, memory_order_relaxed) &
          SLUICE_OBJECT_POISONED) != 0;
}

/* ---- entries ---- */

static sluice_store_value *value_at(const sluice_store_view *view, uint32_t offset) {
  return sluice_at(view->space, offset);
}

/* The version of an entered value, which this participant holds: given now if it has none yet.
 *
 * A value gets its number after it was entered, and before anybody can tell its version, replace it
 * or remove it: each of these calls comes here first. So what is entered in its place, or under its
 * key later, gets a greater one. */
static uint64_t version_of(const sluice_store_view *view, uint32_t offset) {
  sluice_store_value *value = value_at(view, offset);
  uint64_t version = atomic_load_explicit(&value->version, memory_order_acquire);
  if (version == 0) {
    uint64_t next = atomic_fetch_add_explicit(&view->store->last, 1, memory_order_relaxed) + 1;
    SLUICE_STEP("store.version: drawn");
    /* The number was drawn before whatever follows on having seen it; pairs with the load above. */
    if (atomic_compare_exchange_strong_explicit(&value->version, &version, next,
                                                memory_order_acq_rel, memory_order_acquire)) {
      version = next;
    }
    SLUICE_STEP("store.version: given");
  }
  return version;
}

static void let_go(const sluice_store_view *view, const sluice_store_entry *entry) {
  sluice_entry held = {.offset = entry->offset, .held = entry->held};
  sluice_table_let_go(view->space, &held);
}

/* What the table found, as its reader sees it, with all bounds checked. */
static int describe(const sluice_store_view *view, const sluice_entry *found,
                    sluice_store_entry *entry) {
  const sluice_block *block = sluice_block_at(view->space, found->offset);
  const sluice_store_value *value = value_at(view, found->offset);
  uint32_t room = sluice_block_room(view->space, found->offset);
  uint32_t key_at = atomic_load_explicit(&block->key_at, memory_order_relaxed);
  *entry = (sluice_store_entry){
      .key_bytes = atomic_load_explicit(&block->key_bytes, memory_order_relaxed),
      .offset = found->offset,
      .held = found->held};
  if (room < sizeof *value || key_at > room || entry->key_bytes > room - key_at) {
    let_go(view, entry);
    return poison(view);
  }
  uint32_t at = atomic_load_explicit(&value->value_at, memory_order_relaxed);
  entry->value_bytes = atomic_load_explicit(&value->value_bytes, memory_order_relaxed);
  if (at > room || entry->value_bytes > room - at) {
    let_go(view, entry);
    return poison(view);
  }
  entry->key = (const unsigned char *)value + key_at;
  entry->value = (const unsigned char *)value + at;
  entry->version = version_of(view, found->offset);
  return SLUICE_OK;
}

int sluice_store_hold(sluice_store_view *view, const void *key, uint32_t key_bytes,
                      sluice_store_entry *entry) {
  if (key_bytes > SLUICE_STORE_KEY_MAX) {
    return SLUICE_E_INVALID;
  }
  if (is_poisoned(view)) {
    return SLUICE_E_POISONED;
  }
  sluice_table table = table_of(view);
  sluice_key wanted = key_of(view, key, key_bytes);
  sluice_entry found;
  int status = sluice_table_find(view->space, &table, &wanted, &found);
  return status == SLUICE_OK ? describe(view, &found, entry) : status;
}

void sluice_store_unhold(sluice_store_view *view, const sluice_store_entry *entry) {
  let_go(view, entry);
}

int sluice_store_get(sluice_store_view *view, const void *key, uint32_t key_bytes, void *into,
                     uint32_t room, uint32_t *length, uint64_t *version) {
  sluice_store_entry entry;
  int status = sluice_store_hold(view, key, key_bytes, &entry);
  if (status != SLUICE_OK) {
    return status;
  }
  *length = entry.value_bytes;
  *version = entry.version;
  if (entry.value_bytes > room) {
    status = SLUICE_E_TOO_LARGE;
  } else if (entry.value_bytes != 0) {
    memcpy(into, entry.value, entry.value_bytes);
  }
  let_go(view, &entry);
  return status;
}

int sluice_store_version(sluice_store_view *view, const void *key, uint32_t key_bytes,
                         uint64_t *version) {
  sluice_store_entry entry;
  int status = sluice_store_hold(view, key, key_bytes, &entry);
  if (status == SLUICE_OK) {
    *version = entry.version;
    let_go(view, &entry);
  } else if (status == SLUICE_E_EMPTY) {
    *version = 0;
    status = SLUICE_OK;
  }
  return status;
}

int sluice_store_next(sluice_store_view *view, uint32_t *index, sluice_store_entry *entry) {
  sluice_table table = table_of(view);
  if (is_poisoned(view)) {
    return SLUICE_E_POISONED;
  }
  while (*index < view->entries) {
    sluice_entry found;
    int status = sluice_table_at(view->space, &table, *index, &found);
    if (status != SLUICE_E_AGAIN) {
      ++*index;
    }
    if (status != SLUICE_E_EMPTY) {
      return status == SLUICE_OK ? describe(view, &found, entry) : status;
    }
  }
  return SLUICE_E_EMPTY;
}

uint32_t sluice_store_size(const sluice_store_view *view) {
  sluice_table table = table_of(view);
  return sluice_table_used(&table);
}

/* ---- changing ---- */

int sluice_store_claim_for(sluice_store_view *view, const void *key, uint32_t key_bytes,
                           uint32_t length, sluice_store_claim *claim) {
  *claim = (sluice_store_claim){.length = length};
  if (key_bytes > SLUICE_STORE_KEY_MAX) {
    return SLUICE_E_INVALID;
  }
  int status = sluice_flags_status(&view->store->object.state);
  if (status != SLUICE_OK) {
    return status;
  }
  uint32_t at = ((uint32_t)sizeof(sluice_store_value) + key_bytes + 15) & ~UINT32_C(15);
  if (length > UINT32_MAX - at) {
    return SLUICE_E_TOO_LARGE;
  }
  claim->offset = sluice_slab_alloc(view->space, at + length);
  if (claim->offset == 0) {
    status = view->space->status;
    return status == SLUICE_OK ? SLUICE_E_NO_MEMORY : status; /* never OK; clang-tidy cannot see */
  }
  SLUICE_STEP("store.claim: allocated");
  sluice_key named = key_of(view, key, key_bytes);
  sluice_store_value *value = value_at(view, claim->offset);
  atomic_store_explicit(&value->version, 0, memory_order_relaxed);
  atomic_store_explicit(&value->value_at, at, memory_order_relaxed);
  memcpy(value->key, named.bytes, key_bytes);
  sluice_table_key(view->space, claim->offset, offsetof(sluice_store_value, key), key_bytes,
                   named.hash);
  claim->value = (unsigned char *)value + at;
  return SLUICE_OK;
}

int sluice_store_abandon(sluice_store_view *view, sluice_store_claim *claim) {
  if (claim->offset == 0) {
    return SLUICE_E_INVALID;
  }
  (void)sluice_slab_unref(view->space, claim->offset);
  *claim = (sluice_store_claim){0};
  return SLUICE_OK;
}

/* Puts the block at `offset`, or nothing (0), in the place of `entry`, if its version is the
 * expected one. SLUICE_E_AGAIN when the slot has changed since. */
static int put_in_place_of(const sluice_store_view *view, const sluice_table *table,
                           const sluice_entry *entry, uint32_t offset, uint64_t expected) {
  if (sluice_block_room(view->space, entry->offset) < sizeof(sluice_store_value)) {
    return poison(view);
  }
  uint64_t version = version_of(view, entry->offset);
  if (expected != SLUICE_STORE_ANY && expected != version) {
    return SLUICE_E_MISMATCH;
  }
  SLUICE_STEP("store.put: about to replace");
  int status = sluice_table_replace(view->space, table, entry, offset);
  return status == SLUICE_E_AGAIN ? FASTER : status;
}

/* Enters the block at `offset`, once; or removes what is there for 0. */
static int try_to_put(const sluice_store_view *view, const sluice_key *key, uint32_t offset,
                      uint64_t expected) {
  sluice_table table = table_of(view);
  sluice_entry entry;
  int status = sluice_table_find(view->space, &table, key, &entry);
  if (status == SLUICE_OK) {
    status = put_in_place_of(view, &table, &entry, offset, expected);
    sluice_table_let_go(view->space, &entry);
    return status;
  }
  if (status != SLUICE_E_EMPTY || offset == 0) {
    return status;
  }
  if (expected != SLUICE_STORE_ANY && expected != 0) {
    return SLUICE_E_MISMATCH;
  }
  status = sluice_table_insert(view->space, &table, offset, &entry);
  if (status == SLUICE_E_BUSY) { /* another has inserted the key meanwhile */
    sluice_table_let_go(view->space, &entry);
    return FASTER;
  }
  return status == SLUICE_E_NO_MEMORY ? SLUICE_E_FULL : status;
}

static int put(sluice_store_view *view, const sluice_key *key, uint32_t offset, uint64_t expected) {
  int status = sluice_flags_status(&view->store->object.state);
  if (status != SLUICE_OK) {
    return status;
  }
  status = FASTER;
  for (int tries = 0; tries < TRIES && status == FASTER; tries++) {
    status = try_to_put(view, key, offset, expected);
  }
  if (status != SLUICE_OK) {
    return status == FASTER ? SLUICE_E_AGAIN : status;
  }
  SLUICE_STEP("store.put: entered");
  if (offset != 0) {
    view->version = version_of(view, offset);
  } else {
    /* for those that spin */
    atomic_fetch_add_explicit(&view->store->last, 1, memory_order_relaxed);
  }
  sluice_event_signal_all(watch_of(view->store, key->hash));
  return SLUICE_OK;
}

int sluice_store_publish(sluice_store_view *view, sluice_store_claim *claim, uint64_t expected,
                         uint32_t length) {
  if (claim->offset == 0 || length > claim->length) {
    return SLUICE_E_INVALID;
  }
  sluice_store_value *value = value_at(view, claim->offset);
  const sluice_block *block = sluice_block_at(view->space, claim->offset);
  /* The key as it was claimed, were it only for the hash; its bounds are checked by what uses it.
   */
  uint32_t room = sluice_block_room(view->space, claim->offset);
  uint32_t key_bytes = atomic_load_explicit(&block->key_bytes, memory_order_relaxed);
  if (room < sizeof *value || key_bytes > room - sizeof *value) {
    return poison(view);
  }
  atomic_store_explicit(&value->value_bytes, length, memory_order_relaxed);
  sluice_key key = {.bytes = value->key,
                    .length = key_bytes,
                    .hash = atomic_load_explicit(&block->hash, memory_order_relaxed)};
  int status = put(view, &key, claim->offset, expected);
  if (status == SLUICE_OK) {
    (void)sluice_slab_unref(view->space, claim->offset);
    SLUICE_STEP("store.put: let go");
    *claim = (sluice_store_claim){0};
  }
  return status;
}

int sluice_store_replace(sluice_store_view *view, const void *key, uint32_t key_bytes,
                         uint64_t expected, const void *from, uint32_t length) {
  sluice_store_claim claim;
  int status = sluice_store_claim_for(view, key, key_bytes, length, &claim);
  if (status != SLUICE_OK) {
    return status;
  }
  if (length != 0) {
    memcpy(claim.value, from, length);
  }
  status = sluice_store_publish(view, &claim, expected, length);
  if (status != SLUICE_OK) {
    (void)sluice_store_abandon(view, &claim);
  }
  return status;
}

int sluice_store_set(sluice_store_view *view, const void *key, uint32_t key_bytes, const void *from,
                     uint32_t length) {
  return sluice_store_replace(view, key, key_bytes, SLUICE_STORE_ANY, from, length);
}

int sluice_store_remove(sluice_store_view *view, const void *key, uint32_t key_bytes,
                        uint64_t expected) {
  if (key_bytes > SLUICE_STORE_KEY_MAX) {
    return SLUICE_E_INVALID;
  }
  sluice_key wanted = key_of(view, key, key_bytes);
  return put(view, &wanted, 0, expected);
}

/* ---- watching ---- */

enum { NOTHING_NEW = 2 };

/* SLUICE_OK: look again; NOTHING_NEW; else what is wrong. */
static int news(sluice_store_view *view, const void *key, uint32_t key_bytes, uint64_t since) {
  uint64_t version = 0;
  int status = sluice_store_version(view, key, key_bytes, &version);
  if (status != SLUICE_OK) {
    return status == SLUICE_E_AGAIN ? SLUICE_OK : status;
  }
  if (version != since) {
    return SLUICE_OK;
  }
  status = sluice_flags_status(&view->store->object.state);
  return status == SLUICE_OK ? NOTHING_NEW : status;
}

uint32_t sluice_store_sleep(sluice_store_view *view, const void *key, uint32_t key_bytes,
                            uint64_t since) {
  if (key_bytes > SLUICE_STORE_KEY_MAX) {
    return 0;
  }
  sluice_key wanted = key_of(view, key, key_bytes);
  view->asleep = watch_of(view->store, wanted.hash);
  uint32_t value = sluice_event_mark(view->asleep);
  return news(view, key, key_bytes, since) == NOTHING_NEW ? value : 0;
}

int sluice_store_wait(sluice_store_view *view, const void *key, uint32_t key_bytes, uint64_t since,
                      int64_t timeout_ns) {
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  sluice_patience patience = sluice_patience_for(&deadline);
  for (;;) {
    uint64_t last = atomic_load_explicit(&view->store->last, memory_order_acquire);
    int status = news(view, key, key_bytes, since);
    if (status != NOTHING_NEW) {
      return status;
    }
    /* A look at all that changes costs less than a look for the key. */
    while (atomic_load_explicit(&view->store->last, memory_order_acquire) == last &&
           sluice_patience_spin(&patience)) {
    }
    if (patience.spins != 0) {
      continue;
    }
    if (timeout_ns == 0) {
      return SLUICE_E_TIMEOUT;
    }
    uint32_t value = sluice_store_sleep(view, key, key_bytes, since);
    status = value == 0 ? SLUICE_OK : sluice_sleep(view->asleep, value, &deadline);
    if (status != SLUICE_OK) {
      int now = news(view, key, key_bytes, since);
      return now == NOTHING_NEW ? status : now;
    }
  }
}

/* ---- the end of a participant, of the space, and of the store ---- */

/* The store in its own block, whose room bounds what its header claims; entries 0 where it makes no
 * sense. */
static sluice_store_view own_view(sluice_space *space, sluice_store *store) {
  sluice_store_view view = {.space = space,
                            .store = store,
                            .entries = store->object.capacity,
                            .offset = (uint32_t)((unsigned char *)store - space->base)};
  uint32_t bytes = sluice_store_bytes(view.entries);
  if (bytes == 0 || sluice_block_room(space, view.offset) < bytes) {
    view.entries = 0;
  }
  return view;
}

int sluice_store_recover(sluice_space *space, sluice_store *store, uint32_t id) {
  sluice_store_view view = own_view(space, store);
  sluice_table table = table_of(&view);
  if (view.entries != 0) {
    sluice_table_recover(space, &table, id);
    SLUICE_STEP("store.recover: table set right");
    wake_all(store);
  }
  return SLUICE_OK;
}

void sluice_store_finalize(sluice_space *space, sluice_store *store) {
  sluice_store_view view = own_view(space, store);
  sluice_table table = table_of(&view);
  sluice_table_clear(space, &table);
}

int sluice_store_shut(sluice_store *store) {
  sluice_flag(&store->object, SLUICE_OBJECT_CLOSED);
  wake_all(store);
  return SLUICE_OK;
}
