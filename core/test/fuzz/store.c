/* The store, seen by two. */
#include "fuzz.h"

#include "sluice/store.h"

enum { ENTRIES = 8, MOST = 300 };

static uint32_t store;
static sluice_store_view views[2];
static sluice_store_entry entries[2];
static sluice_store_claim claims[2];

void fuzz_begin(void) {
  store = sluice_store_open(&fuzz_self, "s", 1, ENTRIES, 0);
  fuzz_hot(store, 1536);
  memset(entries, 0, sizeof entries);
  memset(claims, 0, sizeof claims);
  (void)sluice_store_attach(&views[0], &fuzz_self, store, ENTRIES);
  (void)sluice_store_attach(&views[1], &fuzz_peer, store, ENTRIES);
}

static void see(const sluice_store_entry *entry) {
  fuzz_see(entry->key, entry->key_bytes);
  fuzz_see(entry->value, entry->value_bytes);
  if ((uintptr_t)entry->value % 16 != 0) {
    abort();
  }
}

static void get(sluice_store_view *view, const char *key, uint32_t key_bytes) {
  uint32_t room = fuzz_size() % FUZZ_SPACE;
  unsigned char *into = malloc(room + 1);
  uint32_t length = 0;
  uint64_t version = 0;
  int status = sluice_store_get(view, key, key_bytes, into, room, &length, &version);
  fuzz_status(status);
  if (status == SLUICE_OK) {
    if (length > room) {
      abort();
    }
    fuzz_read(into, length);
  }
  free(into);
}

/* The end of what is held in place or claimed, and what comes in its stead. */
static void in_place(uint32_t which, const char *key, uint32_t key_bytes, uint32_t how) {
  sluice_store_view *view = &views[which];
  sluice_store_entry *entry = &entries[which];
  sluice_store_claim *claim = &claims[which];
  switch (how % 6) {
    case 0: {
      if (entry->offset != 0) {
        sluice_store_unhold(view, entry);
        entry->offset = 0;
      }
      int status = sluice_store_hold(view, key, key_bytes, entry);
      fuzz_status(status);
      if (status == SLUICE_OK) {
        see(entry);
      } else {
        entry->offset = 0;
      }
      break;
    }
    case 1:
      if (entry->offset != 0) {
        see(entry);
        sluice_store_unhold(view, entry);
        entry->offset = 0;
      }
      break;
    case 2:
    case 3:
      if (claim->offset == 0) {
        uint32_t length = fuzz_size();
        fuzz_status(sluice_store_claim_for(view, key, key_bytes, length, claim));
        if (claim->offset != 0) {
          fuzz_see(claim->value, length);
          memset(claim->value, 0x5a, length);
        }
      }
      break;
    case 4: {
      uint64_t expected = fuzz_byte() % 2 != 0 ? SLUICE_STORE_ANY : fuzz_byte();
      fuzz_status(sluice_store_publish(view, claim, expected, fuzz_size()));
      break;
    }
    default:
      fuzz_status(sluice_store_abandon(view, claim));
      break;
  }
}

static void bury(void) {
  uint32_t before = fuzz_peer.participant;
  fuzz_bury();
  if (fuzz_peer.participant != before) {
    /* what the dead one held is no one's */
    entries[1].offset = 0;
    claims[1] = (sluice_store_claim){0};
    if (fuzz_peer.participant != 0) {
      fuzz_status(sluice_store_attach(&views[1], &fuzz_peer, store, ENTRIES));
    }
  }
}

void fuzz_step(uint32_t choice) {
  static const char keys[] = "aabbccddeeffgghh";
  unsigned char from[MOST] = {0};
  uint32_t which = choice >> 7;
  sluice_store_view *view = &views[which];
  const char *key = keys + fuzz_byte() % 4;
  uint32_t key_bytes = fuzz_byte() % 8;
  switch (choice % 12) {
    case 0:
      get(view, key, key_bytes);
      break;
    case 1:
    case 2:
      in_place(which, key, key_bytes, fuzz_byte());
      break;
    case 3: {
      uint64_t version = 0;
      fuzz_status(sluice_store_version(view, key, key_bytes, &version));
      break;
    }
    case 4: {
      uint32_t index = fuzz_byte() % 4 == 0 ? fuzz_word() : 0;
      sluice_store_entry entry;
      int status = SLUICE_OK;
      for (int i = 0; i < 2 * ENTRIES && status == SLUICE_OK; i++) {
        status = sluice_store_next(view, &index, &entry);
        fuzz_status(status);
        if (status == SLUICE_OK) {
          see(&entry);
          sluice_store_unhold(view, &entry);
        }
      }
      break;
    }
    case 5:
      if (sluice_store_size(view) > ENTRIES) {
        abort();
      }
      break;
    case 6:
    case 7:
      fuzz_status(sluice_store_set(view, key, key_bytes, from, fuzz_size() % MOST));
      break;
    case 8: {
      uint32_t expected = fuzz_byte() % 8;
      fuzz_status(sluice_store_replace(view, key, key_bytes, expected, from, fuzz_size() % MOST));
      break;
    }
    case 9:
      fuzz_status(sluice_store_remove(view, key, key_bytes,
                                      fuzz_byte() % 2 != 0 ? SLUICE_STORE_ANY : fuzz_byte()));
      break;
    case 10:
      fuzz_status(sluice_store_wait(view, key, key_bytes, fuzz_byte(), 0));
      (void)sluice_store_sleep(view, key, key_bytes, fuzz_byte());
      break;
    default:
      bury();
      break;
  }
}
