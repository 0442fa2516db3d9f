/* The cell, in two slots and as a seqlock: core/src/cell.c, words.h. */
#include "weak.h"

enum {
  VERSION,
  INTENT,
  LENGTH, /* of slot 0 and 1; the value of version v has length v */
  LENGTH_1,
  WORD_A, /* the first word of slot 0 and 1; each word of version v is v */
  WORD_A1,
  WORD_B,
  WORD_B1,
  LOCK, /* the writers' mutex, see mutex.c */
  CHANGED,
  STATE
};
enum { LOST = 1, WAITER = 1 };
#define PLACES                                                                         \
  {                                                                                    \
    "version", "intent", "length[0]", "length[1]", "slot 0, word 0", "slot 1, word 0", \
        "slot 0, word 1", "slot 1, word 1", "lock", "changed", "state"                 \
  }

/* try_read; two slots when `two`. r0 is the version, 0 when a writer has come round. */
#define TRY_READ(two)                                             \
  do {                                                            \
    LOAD(r0, VERSION, ACQUIRE, "try_read: version");              \
    r1 = (two) ? r0 & 1 : 0;                                      \
    LOAD(r2, LENGTH + r1, ACQUIRE, "try_read: length");           \
    LOAD(r3, WORD_A + r1, ACQUIRE, "words_load: word");           \
    LOAD(r4, WORD_B + r1, ACQUIRE, "words_load: word");           \
    LOAD(r5, INTENT, RELAXED, "try_read: intent");                \
    CHECK(r5 >= r0, "POISONED: written before it was announced"); \
    if (r5 - r0 > (two)) {                                        \
      r0 = 0;                                                     \
    } else {                                                      \
      CHECK(r2 == r0 && r3 == r0 && r4 == r0, "a torn value");    \
    }                                                             \
  } while (0)

/* write_if, with the turn taken and given back; r7 is the version */
#define WRITE_CELL(two)                                                     \
  do {                                                                      \
    for (r6 = 1; r6 != 0;) {                                                \
      AWAIT(r6, LOCK, WEAK_EQ, 0, RELAXED, NULL);                           \
      CAS(r6, LOCK, 0, 1, ACQUIRE, RELAXED, "lock: word");                  \
    }                                                                       \
    LOAD(r7, VERSION, RELAXED, "begin: version");                           \
    LOAD(r6, INTENT, RELAXED, "begin: intent");                             \
    CHECK(r6 - r7 == 0, "POISONED: version and intent do not fit");         \
    r7++;                                                                   \
    STORE(INTENT, r7, RELAXED, "announce: intent");                         \
    STORE(WORD_A + ((two) ? r7 & 1 : 0), r7, RELEASE, "words_store: word"); \
    STORE(WORD_B + ((two) ? r7 & 1 : 0), r7, RELEASE, "words_store: word"); \
    STORE(LENGTH + ((two) ? r7 & 1 : 0), r7, RELEASE, "finish: length");    \
    STORE(VERSION, r7, SEQ_CST, "finish: version");                         \
    EXCHANGE(r6, LOCK, 0, RELEASE, "unlock: word");                         \
  } while (0)

THREAD(write_twice) {
  BEGIN;
  WRITE_CELL(1);
  WRITE_CELL(1);
  END;
}
THREAD(write_once) {
  BEGIN;
  WRITE_CELL(1);
  END;
}
THREAD(read_cell) {
  BEGIN;
  TRY_READ(1);
  END;
}
THREAD(write_seqlock) {
  BEGIN;
  WRITE_CELL(0);
  END;
}
THREAD(read_seqlock) {
  BEGIN;
  TRY_READ(0);
  END;
}
static const char *both_written(const weak_end *end) {
  return end->last[VERSION] == 3 && end->last[INTENT] == 3 ? NULL : "a write is lost";
}

/* finish against sluice_cell_wait */
THREAD(publish_and_signal) {
  BEGIN;
  STORE(VERSION, 2, SEQ_CST, "finish: version");
  LOAD(r6, CHANGED, SEQ_CST, NULL); /* sluice_event_signal_all: see event.c */
  while ((r6 & WAITER) != 0) {
    r7 = r6;
    CAS(r6, CHANGED, r7, r7 + 1, SEQ_CST, SEQ_CST, NULL);
    if (r6 == r7) {
      WAKE(CHANGED);
      break;
    }
  }
  END;
}
THREAD(shut) {
  BEGIN;
  FETCH_OR(r0, STATE, 2, SEQ_CST, "flag: state");
  FETCH_ADD(r0, CHANGED, 2, SEQ_CST, "event_wake_all: value");
  WAKE(CHANGED);
  END;
}
THREAD(cell_wait) {
  BEGIN;
  for (;;) {
    FETCH_OR(r1, CHANGED, WAITER, SEQ_CST, NULL);
    r1 |= WAITER;
    LOAD(r0, VERSION, SEQ_CST, "news: version");
    LOAD(r2, STATE, SEQ_CST, "flags_status: state");
    if (r0 != 1 || r2 != 0) {
      STOP;
    }
    SLEEP(CHANGED, r1);
  }
  END;
}

/* A seqlock's writer died in the middle: sluice_cell_recover, then the next writer makes it good.
 */
THREAD(recover) {
  BEGIN;
  LOAD(r0, LOCK, ACQUIRE, "recover: lock");
  LOAD(r1, INTENT, RELAXED, "recover: intent");
  LOAD(r2, VERSION, RELAXED, "recover: version");
  if (r0 == 1 && r1 != r2) {
    FETCH_OR(r3, STATE, LOST, RELAXED, "recover: state");
  }
  CAS(r0, LOCK, 1, 0, ACQ_REL, ACQUIRE, "mutex recover: word");
  END;
}
THREAD(write_after_death) {
  BEGIN;
  AWAIT(r6, LOCK, WEAK_EQ, 0, RELAXED, NULL);
  CAS(r6, LOCK, 0, 2, ACQUIRE, RELAXED, "lock: word");
  LOAD(r0, STATE, RELAXED, "finish: look at the loss");
  if ((r0 & LOST) != 0) {
    FETCH_AND(r0, STATE, ~LOST, RELAXED, "finish: loss made good");
  }
  END;
}
static const char *made_good(const weak_end *end) {
  return (end->last[STATE] & LOST) == 0 ? NULL : "a good value is said to be lost";
}

static const weak_litmus litmus[] = {
    {.name = "two slots: two writes, one read",
     .places = PLACES,
     .start = {[VERSION] = 1, [INTENT] = 1, [LENGTH_1] = 1, [WORD_A1] = 1, [WORD_B1] = 1},
     .threads = {{"writer", write_twice}, {"reader", read_cell}}},
    {.name = "two slots: two writers",
     .places = PLACES,
     .start = {[VERSION] = 1, [INTENT] = 1, [LENGTH_1] = 1, [WORD_A1] = 1, [WORD_B1] = 1},
     .wrong = both_written,
     .threads = {{"a", write_once}, {"b", write_once}}},
    {.name = "two slots: two writers, one reader",
     .places = PLACES,
     .start = {[VERSION] = 1, [INTENT] = 1, [LENGTH_1] = 1, [WORD_A1] = 1, [WORD_B1] = 1},
     .wrong = both_written,
     .long_only = 1,
     .threads = {{"a", write_once}, {"b", write_once}, {"reader", read_cell}}},
    {.name = "seqlock: one write, one read",
     .places = PLACES,
     .start = {[VERSION] = 1, [INTENT] = 1, [LENGTH] = 1, [WORD_A] = 1, [WORD_B] = 1},
     .threads = {{"writer", write_seqlock}, {"reader", read_seqlock}}},
    {.name = "finish against cell_wait",
     .places = PLACES,
     .start = {[VERSION] = 1},
     .threads = {{"writer", publish_and_signal}, {"waiter", cell_wait}}},
    {.name = "shut against cell_wait",
     .places = PLACES,
     .start = {[VERSION] = 1},
     .threads = {{"closer", shut}, {"waiter", cell_wait}}},
    {.name = "seqlock: a dead writer's loss is made good",
     .places = PLACES,
     .start = {[VERSION] = 1, [INTENT] = 2, [LOCK] = 1},
     .wrong = made_good,
     .threads = {{"burier", recover}, {"writer", write_after_death}}},
    {0}};

static const weak_excuse excuses[] = {
    {"flags_status: state", RELAXED, "the mark acquires what event_wake_all published"},
    {"flag: state", RELAXED, "event_wake_all publishes it"},
    {"event_wake_all: value", RELEASE, "an update of the word that sleepers update too"},
    {"recover: lock", RELAXED, "the proof of death orders"},
    {"mutex recover: word", RELEASE, "as above"},
    {"mutex recover: word (when it fails)", RELAXED, "as above"},
    {0}};

const weak_group cell_group = {"cell", litmus, NULL, excuses};
