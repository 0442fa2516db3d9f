/* The store: core/src/store.c. Its table is table.c's; here are the versions and the watchers. */
#include "event_steps.h"

enum { LAST, VERSION_1, VERSION_2, SLOT, CHANGED };
#define PLACES \
  { "last", "version of 1", "version of 2", "slot", "changed" }

/* version_of: to gets the version of a value that stands in the slot, or stood there */
#define VERSION_OF(to, value)                                      \
  do {                                                             \
    LOAD(to, value, ACQUIRE, "version_of: look");                  \
    if (to == 0) {                                                 \
      FETCH_ADD(r7, LAST, 1, RELAXED, "version_of: draw");         \
      r7++;                                                        \
      CAS(to, value, 0, r7, ACQ_REL, ACQUIRE, "version_of: give"); \
      if (to == 0) {                                               \
        to = r7;                                                   \
      }                                                            \
    }                                                              \
  } while (0)

THREAD(tell_version) {
  BEGIN;
  LOAD(r2, SLOT, SEQ_CST, NULL); /* sluice_table_find: see table.c */
  if (r2 == 1) {
    VERSION_OF(r0, VERSION_1);
  } else {
    VERSION_OF(r1, VERSION_2);
  }
  END;
}
THREAD(replace) {
  BEGIN;
  VERSION_OF(r0, VERSION_1);
  CAS(r2, SLOT, 1, 2, SEQ_CST, RELAXED, NULL); /* sluice_table_replace */
  VERSION_OF(r1, VERSION_2);
  END;
}
static const char *grows(const weak_end *end) {
  for (int t = 1; t < 3; t++) {
    if ((end->r[t][0] != 0 && end->r[t][0] != end->last[VERSION_1]) ||
        (end->r[t][1] != 0 && end->r[t][1] != end->last[VERSION_2])) {
      return "two versions of one value";
    }
  }
  return end->last[VERSION_2] > end->last[VERSION_1] ? NULL : "a later value, an earlier version";
}
THREAD(put_and_signal) {
  BEGIN;
  CAS(r2, SLOT, 1, 2, SEQ_CST, RELAXED, "replace: slot (see table.c)");
  EVENT_SIGNAL_ALL(CHANGED);
  END;
}
THREAD(watch) {
  BEGIN;
  for (r5 = 0;; r5++) {
    ASSUME(r5 < 3);
    EVENT_MARK(r3, CHANGED);
    LOAD(r2, SLOT, SEQ_CST, "look: slot (see table.c)");
    if (r2 == 2) {
      STOP;
    }
    SLEEP(CHANGED, r3);
  }
  END;
}

static const weak_litmus litmus[] = {
    {.name = "replace: a later value has a greater version, for all",
     .places = PLACES,
     .start = {[SLOT] = 1},
     .wrong = grows,
     .threads = {{"a", replace}, {"b", tell_version}, {"c", tell_version}}},
    {.name = "put against a watcher that sleeps",
     .places = PLACES,
     .start = {[SLOT] = 1},
     .threads = {{"writer", put_and_signal}, {"watcher", watch}}},
    {0}};

static const weak_excuse excuses[] = {
    {"version_of: look", RELAXED,
     "the numbers come from updates of one word; only load buffering, which is not in the model, "
     "could turn them round"},
    {"version_of: give", RELAXED, "as above"},
    {"version_of: give (when it fails)", RELAXED, "as above"},
    {0}};

const weak_group store_group = {"store", litmus, NULL, excuses};
