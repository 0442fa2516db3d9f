/* A participant dies while it sets, replaces, removes, reads and walks the entries of a store,
 * alone and with another in the middle of its moves; while it is the last to close it; while
 * another watches. What is changed is a list of changes, and what survives is the list's beginning.
 */
#include "sluice/store.h"

#include "bystander.h"

enum { KEYS = 6, MOST_CHANGES = 20, MOMENT = 1000, SCRIBBLES = 24, NOTED = 8 };

typedef enum verb {
  SET,
  REPLACE, /* what is there, by its version */
  STALE,   /* by another version, which is refused */
  INSERT,  /* where nothing is */
  REFUSED, /* the same where something is */
  REMOVE,
  NOTHING, /* the same where nothing is */
  IN_PLACE,
  ABANDON, /* the same, given up */
  FULL,    /* more than the store has entries */
  TOO_MUCH /* more than the space has memory */
} verb;

typedef struct change {
  verb verb;
  uint32_t key;
  uint32_t bytes;
  /* NULL: a move of whoever goes through the list. Else another's, made in the middle of the next
   * move, at its step `at` after `skip` others of that name. */
  const char *at;
  uint32_t skip;
} change;

static const char *const keys[KEYS] = {"a", "b", "a longer key than that", "d", "e", ""};

/* Of the survivor, from prepare to check; the victim has a copy of it. */
static const change *changes;
static uint32_t count;   /* of changes */
static uint32_t entries; /* of the store */
static sluice_store_view mine;
static sluice_space guest;
static sluice_store_view guests;
static crash_log *running;
static bystander watcher;

static uint32_t key_bytes(uint32_t key) {
  return (uint32_t)strlen(keys[key]);
}

static void fill(unsigned char *at, uint32_t index) {
  for (uint32_t i = 0; i < changes[index].bytes; i++) {
    at[i] = (unsigned char)(index * 31 + i * 7 + 1);
  }
}

static int is_value_of(const unsigned char *at, uint32_t length, uint32_t index) {
  int same = length == changes[index].bytes;
  for (uint32_t i = 0; same && i < length; i++) {
    same = at[i] == (unsigned char)(index * 31 + i * 7 + 1);
  }
  return same;
}

static sluice_store_view view_of(sluice_space *space, crash_log *log) {
  sluice_store_view view;
  uint32_t offset = sluice_store_open(space, "s", 1, entries, 0);
  CRASH_TRUE(offset != 0);
  log->notes[0] = offset;
  CRASH_EQUAL(sluice_store_attach(&view, space, offset, entries), SLUICE_OK);
  return view;
}

/* ---- changing ---- */

static void set_in_place(sluice_store_view *view, uint32_t index) {
  const change *one = &changes[index];
  sluice_store_claim claim;
  CRASH_EQUAL(
      sluice_store_claim_for(view, keys[one->key], key_bytes(one->key), one->bytes + 200, &claim),
      SLUICE_OK);
  fill(claim.value, index);
  if (one->verb == ABANDON) {
    CRASH_EQUAL(sluice_store_abandon(view, &claim), SLUICE_OK);
    return;
  }
  CRASH_EQUAL(sluice_store_publish(view, &claim, SLUICE_STORE_ANY, one->bytes), SLUICE_OK);
  running->notes[NOTED + index] = view->version;
}

static int result_of(verb verb) {
  switch (verb) {
    case STALE:
    case REFUSED:
      return SLUICE_E_MISMATCH;
    case NOTHING:
      return SLUICE_E_EMPTY;
    case FULL:
      return SLUICE_E_FULL;
    case TOO_MUCH:
      return SLUICE_E_NO_MEMORY;
    default:
      return SLUICE_OK;
  }
}

/* Makes change number `index`; its result is as it has to be. */
static void make(sluice_store_view *view, uint32_t index) {
  static unsigned char value[1 << 20];
  const change *one = &changes[index];
  const char *key = keys[one->key];
  uint64_t version = SLUICE_STORE_ANY;
  int status = SLUICE_OK;
  if (one->verb == IN_PLACE || one->verb == ABANDON) {
    set_in_place(view, index);
    return;
  }
  if (one->verb == REMOVE || one->verb == NOTHING) {
    status = sluice_store_remove(view, key, key_bytes(one->key), version);
  } else {
    if (one->verb == REPLACE || one->verb == STALE) {
      CRASH_EQUAL(sluice_store_version(view, key, key_bytes(one->key), &version), SLUICE_OK);
      version += one->verb == STALE;
    } else if (one->verb == INSERT || one->verb == REFUSED) {
      version = 0;
    }
    if (one->verb != TOO_MUCH) { /* of which nothing is read */
      fill(value, index);
    }
    status = sluice_store_replace(view, key, key_bytes(one->key), version, value, one->bytes);
    running->notes[NOTED + index] = status == SLUICE_OK ? view->version : 0;
  }
  CRASH_EQUAL(status, result_of(one->verb));
}

/* ---- what has to be there ---- */

/* The change that gave `key` the value that it has after the first `made` changes; -1: none. */
static int last_change(uint32_t key, uint32_t made) {
  int last = -1;
  for (uint32_t i = 0; i < made; i++) {
    if (changes[i].key == key && result_of(changes[i].verb) == SLUICE_OK &&
        changes[i].verb != ABANDON) {
      last = changes[i].verb == REMOVE ? -1 : (int)i;
    }
  }
  return last;
}

/* Has `key` the value of change number `index`, or none for -1? */
static int has(sluice_store_view *view, uint32_t key, int index) {
  sluice_store_entry entry;
  int status = sluice_store_hold(view, keys[key], key_bytes(key), &entry);
  if (status != SLUICE_OK) {
    CRASH_EQUAL(status, SLUICE_E_EMPTY);
    return index < 0;
  }
  int same = index >= 0 && is_value_of(entry.value, entry.value_bytes, (uint32_t)index);
  if (same && running->notes[NOTED + index] != 0) { /* else it died before it knew */
    CRASH_EQUAL(entry.version, running->notes[NOTED + index]);
  }
  CRASH_TRUE(entry.version != 0);
  sluice_store_unhold(view, &entry);
  return same;
}

/* Is all as after the first `made` changes? */
static int is_after(sluice_store_view *view, uint32_t made) {
  int same = 1;
  for (uint32_t key = 0; key < KEYS; key++) {
    same &= has(view, key, last_change(key, made));
  }
  return same;
}

/* Each entry comes once, and those that come are all. */
static void walk(sluice_store_view *view) {
  uint32_t index = 0;
  uint32_t seen = 0;
  uint32_t met = 0;
  sluice_store_entry entry;
  while (sluice_store_next(view, &index, &entry) == SLUICE_OK) {
    for (uint32_t key = 0; key < KEYS; key++) {
      if (entry.key_bytes == key_bytes(key) && memcmp(entry.key, keys[key], entry.key_bytes) == 0) {
        CRASH_EQUAL(seen & 1U << key, 0);
        seen |= 1U << key;
        met++;
      }
    }
    sluice_store_unhold(view, &entry);
  }
  CRASH_EQUAL(met, sluice_store_size(view));
  for (uint32_t key = 0; key < KEYS; key++) {
    uint64_t version = 0;
    CRASH_EQUAL(sluice_store_version(view, keys[key], key_bytes(key), &version), SLUICE_OK);
    CRASH_EQUAL(version != 0, (seen >> key & 1) != 0);
  }
}

/* Writes over memory that was freed, or should not have been. */
static void scribble(sluice_space *space) {
  uint32_t blocks[SCRIBBLES];
  for (uint32_t i = 0; i < SCRIBBLES; i++) {
    uint32_t bytes = 40 + i % 8 * 150;
    blocks[i] = sluice_slab_alloc(space, bytes);
    CRASH_TRUE(blocks[i] != 0);
    memset(sluice_at(space, blocks[i]), 0xee, bytes);
  }
  for (uint32_t i = 0; i < SCRIBBLES; i++) {
    CRASH_EQUAL(sluice_slab_unref(space, blocks[i]), SLUICE_OK);
  }
}

/* What was done is there, in full, and at most what it died in; and all goes on. */
static void changes_are_there(sluice_space *space, crash_log *log, int finished) {
  uint32_t made = (uint32_t)atomic_load(&log->done);
  int in_flight = atomic_load(&log->begun) > made && changes[made].at == NULL;
  int entered =
      in_flight && (crash_step_is("store.put: entered") || crash_step_is("store.put: let go"));
  CRASH_TRUE(!finished || made == count);
  if (entered || !is_after(&mine, made)) {
    CRASH_TRUE(in_flight);
    made++;
    CRASH_TRUE(is_after(&mine, made));
  }
  walk(&mine);
  scribble(space);
  CRASH_TRUE(is_after(&mine, made));
  for (uint32_t key = 0; key < 2; key++) {
    uint64_t before = 0;
    int had = last_change(key, made) >= 0;
    CRASH_EQUAL(sluice_store_version(&mine, keys[key], key_bytes(key), &before), SLUICE_OK);
    CRASH_EQUAL(sluice_store_remove(&mine, keys[key], key_bytes(key), SLUICE_STORE_ANY),
                had ? SLUICE_OK : SLUICE_E_EMPTY);
    if (sluice_store_size(&mine) < entries) {
      CRASH_EQUAL(sluice_store_replace(&mine, keys[key], key_bytes(key), 0, "new", 3), SLUICE_OK);
      CRASH_TRUE(mine.version > before);
    }
  }
  walk(&mine);
}

/* ---- the victim changes, alone ---- */

/* The survivor makes the first `first` changes, the victim the rest. */
static void prepare(sluice_space *space, crash_log *log, const change *list, uint32_t length,
                    uint32_t first, uint32_t of_entries) {
  CRASH_TRUE(length <= MOST_CHANGES);
  running = log;
  changes = list;
  count = length;
  entries = of_entries;
  mine = view_of(space, log);
  for (uint32_t i = 0; i < first; i++) {
    make(&mine, i);
  }
  atomic_store(&log->done, first);
}

static void remove_store(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "s", 1), SLUICE_OK);
}

#define LENGTH(list) ((uint32_t)(sizeof(list) / sizeof((list)[0])))

static void roomy(sluice_space *space, crash_log *log) {
  static const change list[] = {
      {.verb = SET, .key = 0, .bytes = 20},
      {.verb = SET, .key = 1, .bytes = 1000},
      {.verb = SET, .key = 5, .bytes = 0},
      {.verb = SET, .key = 2, .bytes = 100},
      {.verb = SET, .key = 0, .bytes = 3000},
      {.verb = REPLACE, .key = 1, .bytes = 50},
      {.verb = STALE, .key = 1, .bytes = 60},
      {.verb = INSERT, .key = 3, .bytes = 0},
      {.verb = REFUSED, .key = 3, .bytes = 10},
      {.verb = REMOVE, .key = 5},
      {.verb = NOTHING, .key = 5},
      {.verb = IN_PLACE, .key = 0, .bytes = 700},
      {.verb = ABANDON, .key = 1, .bytes = 300},
  };
  prepare(space, log, list, LENGTH(list), 3, 8);
}

static void full(sluice_space *space, crash_log *log) {
  static const change list[] = {
      {.verb = SET, .key = 0, .bytes = 20},          {.verb = SET, .key = 1, .bytes = 400},
      {.verb = FULL, .key = 2, .bytes = 30},         {.verb = REMOVE, .key = 0},
      {.verb = SET, .key = 2, .bytes = 40},          {.verb = FULL, .key = 0, .bytes = 50},
      {.verb = TOO_MUCH, .key = 2, .bytes = 990000}, {.verb = SET, .key = 1, .bytes = 60},
  };
  prepare(space, log, list, LENGTH(list), 2, 2);
}

static void guest_moves(void) {
  uint64_t made = atomic_load(&running->done);
  make(&guests, (uint32_t)made);
  atomic_store(&running->done, made + 1);
}

static void make_all(sluice_space *space, crash_log *log) {
  sluice_store_view view = view_of(space, log);
  for (uint32_t i = (uint32_t)atomic_load(&log->done); i < count; i++) {
    if (changes[i].at != NULL) {
      crash_meanwhile(changes[i].at, changes[i].skip, guest_moves);
      i++;
    }
    atomic_store(&log->begun, i + 1);
    make(&view, i);
    CRASH_EQUAL(atomic_load(&log->done), i); /* the guest has made its move */
    atomic_store(&log->done, i + 1);
  }
}

/* ---- with another in the middle of its moves ---- */

/* Somebody who lives, with an id of its own. */
static void let_guest_in(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_space_attach(&guest, space->base, space->bytes), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&guest, 0), SLUICE_OK);
  log->guests = 1;
  guests = view_of(&guest, log);
}

static void remove_store_and_guest(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_participant_leave(&guest), SLUICE_OK);
  remove_store(space, log);
}

static void contended(sluice_space *space, crash_log *log) {
  static const change list[] = {
      {.verb = SET, .key = 0, .bytes = 20},
      {.verb = SET, .key = 1, .bytes = 400},
      /* two insertions at once, of two keys, then of one */
      {.verb = SET, .key = 2, .bytes = 30, .at = "table.insert: proposed"},
      {.verb = SET, .key = 3, .bytes = 40},
      {.verb = SET, .key = 4, .bytes = 50, .at = "table.insert: proposed"},
      {.verb = SET, .key = 4, .bytes = 60},
      /* an insertion that another finishes, who replaces what was inserted at once */
      {.verb = SET, .key = 1, .bytes = 70, .at = "store.put: about to replace"},
      {.verb = SET, .key = 1, .bytes = 80},
      {.verb = SET, .key = 0, .bytes = 90, .at = "store.put: about to replace"},
      {.verb = REMOVE, .key = 0},
      {.verb = REMOVE, .key = 1, .at = "store.put: about to replace"},
      {.verb = SET, .key = 1, .bytes = 100},
      {.verb = SET, .key = 4, .bytes = 110, .at = "table.find: held"},
      {.verb = SET, .key = 4, .bytes = 120},
  };
  prepare(space, log, list, LENGTH(list), 2, 6);
  let_guest_in(space, log);
}

/* ---- what another enters is overtaken before its number is given ---- */

static void guest_replaces(void) {
  CRASH_EQUAL(sluice_store_set(&guests, "a", 1, "two", 3), SLUICE_OK);
  running->notes[1] = guests.version;
}

static void empty_with_guest(sluice_space *space, crash_log *log) {
  prepare(space, log, NULL, 0, 0, 4);
  let_guest_in(space, log);
}

static void set_and_be_overtaken(sluice_space *space, crash_log *log) {
  static const char *const steps[] = {"table.insert: inserted", "store.put: entered",
                                      "store.version: drawn"};
  sluice_store_view view = view_of(space, log);
  for (uint32_t i = 0; i < LENGTH(steps); i++) {
    log->notes[1] = 0;
    log->notes[2] = 0;
    atomic_store(&log->done, 1); /* with this round */
    crash_meanwhile(steps[i], 0, guest_replaces);
    CRASH_EQUAL(sluice_store_set(&view, "a", 1, "one", 3), SLUICE_OK);
    log->notes[2] = view.version;
    CRASH_TRUE(log->notes[1] > log->notes[2]);
    CRASH_EQUAL(sluice_store_remove(&view, "a", 1, log->notes[1]), SLUICE_OK);
    atomic_store(&log->done, 0);
  }
}

static void greater_number_stays(sluice_space *space, crash_log *log, int finished) {
  char value[3];
  uint32_t length = 0;
  uint64_t version = 0;
  (void)finished;
  int status = sluice_store_get(&mine, "a", 1, value, sizeof value, &length, &version);
  int own = memcmp(value, "one", 3) == 0;
  if (status == SLUICE_OK) {
    CRASH_EQUAL(own, log->notes[1] == 0);
    CRASH_TRUE(own || version == log->notes[1]);
  } else {
    CRASH_EQUAL(status, SLUICE_E_EMPTY);
  }
  scribble(space);
  CRASH_EQUAL(sluice_store_set(&mine, "a", 1, "new", 3), SLUICE_OK);
  CRASH_TRUE(mine.version > version && mine.version > log->notes[1]);
}

/* ---- a reader dies ---- */

static void guest_replaces_all(void) {
  CRASH_EQUAL(sluice_store_set(&guests, "a", 1, "new", 3), SLUICE_OK);
  CRASH_EQUAL(sluice_store_remove(&guests, "b", 1, SLUICE_STORE_ANY), SLUICE_OK);
}

static void two_with_guest(sluice_space *space, crash_log *log) {
  static const change list[] = {{.verb = SET, .key = 0, .bytes = 200},
                                {.verb = SET, .key = 1, .bytes = 400}};
  prepare(space, log, list, LENGTH(list), 2, 4);
  let_guest_in(space, log);
}

static void read_on(sluice_space *space, crash_log *log) {
  unsigned char value[400];
  uint32_t length = 0;
  uint64_t version = 0;
  sluice_store_entry one;
  sluice_store_entry other;
  sluice_store_entry next;
  uint32_t index = 0;
  sluice_store_view view = view_of(space, log);
  CRASH_EQUAL(sluice_store_get(&view, "a", 1, value, sizeof value, &length, &version), SLUICE_OK);
  CRASH_TRUE(is_value_of(value, length, 0));
  CRASH_EQUAL(sluice_store_hold(&view, "a", 1, &one), SLUICE_OK);
  CRASH_EQUAL(sluice_store_hold(&view, "b", 1, &other), SLUICE_OK);
  CRASH_EQUAL(sluice_store_wait(&view, "a", 1, version, MOMENT), SLUICE_E_TIMEOUT);
  sluice_step("entries are held");
  crash_others(guest_replaces_all);
  atomic_store(&log->begun, 1);
  sluice_step("entries are held that are no more in the store");
  while (sluice_store_next(&view, &index, &next) == SLUICE_OK) {
    CRASH_EQUAL(memcmp(next.value, "new", 3), 0);
    sluice_step("an entry is held on a walk");
    sluice_store_unhold(&view, &next);
  }
  CRASH_TRUE(is_value_of(one.value, one.value_bytes, 0));
  CRASH_TRUE(is_value_of(other.value, other.value_bytes, 1));
  sluice_store_unhold(&view, &other);
  sluice_store_unhold(&view, &one);
}

static void reader_left_nothing(sluice_space *space, crash_log *log, int finished) {
  char value[400];
  uint32_t length = 0;
  uint64_t version = 0;
  (void)finished;
  if (atomic_load(&log->begun) == 0) {
    CRASH_TRUE(is_after(&mine, 2));
    return;
  }
  scribble(space);
  CRASH_EQUAL(sluice_store_get(&mine, "a", 1, value, sizeof value, &length, &version), SLUICE_OK);
  CRASH_EQUAL(memcmp(value, "new", 3), 0);
  CRASH_EQUAL(sluice_store_size(&mine), 1);
  walk(&mine);
}

/* ---- somebody watches a key ---- */

static _Atomic uint64_t seen; /* the version that the watcher saw last */
static _Atomic int over;

/* By the guest's id, in a thread of its own. */
static void watch(bystander *who) {
  do {
    uint64_t version = 0;
    CRASH_EQUAL(sluice_store_version(&guests, "a", 1, &version), SLUICE_OK);
    atomic_store(&seen, version);
    atomic_store(&who->about_to_sleep, 1);
    CRASH_EQUAL(sluice_store_wait(&guests, "a", 1, version, -1), SLUICE_OK);
  } while (atomic_load(&over) == 0);
}

static void watched(sluice_space *space, crash_log *log) {
  two_with_guest(space, log);
  atomic_store(&seen, UINT64_MAX);
  atomic_store(&over, 0);
  bystander_start(&watcher, watch, NULL);
  until_bystander_sleeps(&watcher);
}

static void change_watched(sluice_space *space, crash_log *log) {
  sluice_store_view view = view_of(space, log);
  CRASH_EQUAL(sluice_store_set(&view, "a", 1, "other", 5), SLUICE_OK);
  until_asleep((int)watcher.process, atomic_load(&watcher.number));
  CRASH_EQUAL(sluice_store_remove(&view, "a", 1, SLUICE_STORE_ANY), SLUICE_OK);
  until_asleep((int)watcher.process, atomic_load(&watcher.number));
  CRASH_EQUAL(sluice_store_set(&view, "a", 1, "third", 5), SLUICE_OK);
}

static void watcher_has_seen(sluice_space *space, crash_log *log, int finished) {
  double from = bystander_now();
  uint64_t version = 0;
  (void)space;
  (void)log;
  (void)finished;
  CRASH_EQUAL(sluice_store_version(&mine, "a", 1, &version), SLUICE_OK);
  while (atomic_load(&seen) != version) {
    bystander_turn(from, "a watcher is not told of what a dead one changed");
  }
  atomic_store(&over, 1);
  CRASH_EQUAL(sluice_store_set(&mine, "a", 1, "end", 3), SLUICE_OK);
  bystander_join(&watcher);
}

/* ---- the last that has it open dies while it closes it ---- */

static sluice_store_entry held;
static sluice_store_view second; /* the guest's view of another store */

static void close_but_for_one(sluice_space *space, crash_log *log) {
  static const change list[] = {{.verb = SET, .key = 0, .bytes = 200},
                                {.verb = SET, .key = 1, .bytes = 400},
                                {.verb = SET, .key = 2, .bytes = 1000}};
  prepare(space, log, list, LENGTH(list), 3, 4);
  CRASH_EQUAL(sluice_store_hold(&mine, keys[1], 1, &held), SLUICE_OK);
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(sluice_space_attach(&guest, space->base, space->bytes), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&guest, 0), SLUICE_OK);
  log->guests = 1;
  log->notes[1] = sluice_store_open(&guest, "t", 1, 16, 0);
  CRASH_EQUAL(sluice_store_attach(&second, &guest, (uint32_t)log->notes[1], 16), SLUICE_OK);
}

/* Memory that the first store has let go becomes the second's. */
static void guest_stores(void) {
  unsigned char value[1000];
  for (uint32_t i = 0; i < count; i++) {
    unsigned char key = (unsigned char)(running->notes[2] * count + i);
    fill(value, i);
    CRASH_EQUAL(sluice_store_set(&second, &key, 1, value, changes[i].bytes), SLUICE_OK);
  }
  running->notes[2]++;
  crash_meanwhile("table.clear: let go", 0, guest_stores);
}

static void close_last(sluice_space *space, crash_log *log) {
  sluice_store_view view = view_of(space, log);
  CRASH_TRUE(is_after(&view, 3));
  CRASH_EQUAL(sluice_directory_remove(space, "s", 1), SLUICE_OK);
  crash_meanwhile("table.clear: let go", 0, guest_stores);
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(log->notes[2], count);
}

/* What the survivor still holds outlives the store; what has become another's is that one's. */
static void held_is_whole(sluice_space *space, crash_log *log, int finished) {
  unsigned char value[1000];
  uint32_t length = 0;
  uint64_t version = 0;
  (void)finished;
  scribble(space);
  CRASH_TRUE(is_value_of(held.value, held.value_bytes, 1));
  sluice_store_unhold(&mine, &held);
  for (unsigned char key = 0; key < log->notes[2] * count; key++) {
    CRASH_EQUAL(sluice_store_get(&second, &key, 1, value, sizeof value, &length, &version),
                SLUICE_OK);
    CRASH_TRUE(is_value_of(value, length, key % count));
  }
}

static void remove_both_if_there(sluice_space *space, crash_log *log) {
  int status = sluice_directory_remove(space, "s", 1);
  CRASH_TRUE(status == SLUICE_OK || status == SLUICE_E_EMPTY);
  CRASH_EQUAL(sluice_object_close(&guest, (uint32_t)log->notes[1]), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_leave(&guest), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "t", 1), SLUICE_OK);
}

const crash_scenario crash_scenarios[] = {
    {"a dead one's changes to a store are there or were never begun", roomy, make_all,
     changes_are_there, remove_store},
    {"a dead one leaves a full store full and no fuller", full, make_all, changes_are_there,
     remove_store},
    {"one that dies in the middle of others' changes undoes none", contended, make_all,
     changes_are_there, remove_store_and_guest},
    {"a value that a dead one entered never gets too great a number", empty_with_guest,
     set_and_be_overtaken, greater_number_stays, remove_store_and_guest},
    {"a dead reader holds nothing for ever", two_with_guest, read_on, reader_left_nothing,
     remove_store_and_guest},
    {"a watcher sees what a dead one changed", watched, change_watched, watcher_has_seen,
     remove_store_and_guest},
    {"a store whose last holder dies closing it is gone, all but what is held", close_but_for_one,
     close_last, held_is_whole, remove_both_if_there},
    {NULL, NULL, NULL, NULL, NULL},
};
_Static_assert(NOTED + MOST_CHANGES <= 32, "the versions fit the notes");
