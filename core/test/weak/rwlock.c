/* The read-write lock: core/src/rwlock.c. */
#include "event_steps.h"

enum { HOLDERS, WAITING, READERS, WRITERS, STATE, DATA, EXIT };
enum { WRITER = 16, DIED = 32 };
#define PLACES \
  { "holders", "waiting", "readers", "writers", "state", "data", "exit" }

#define HOLDERS_OF(to) LOAD(to, HOLDERS, SEQ_CST, "holders_of: holders")
#define WAITING_OF(to) LOAD(to, WAITING, SEQ_CST, "waiting_of: waiting")
#define FLAGS(to) LOAD(to, STATE, SEQ_CST, "flags_status: state")

/* take, as a writer or a reader: r0 is 1 when it is taken; r1 the holders before */
#define TAKE(bit, writer)                                                          \
  do {                                                                             \
    r0 = 0;                                                                        \
    HOLDERS_OF(r1);                                                                \
    for (;;) {                                                                     \
      if ((writer) ? (r1 & ~DIED) != 0 : (r1 & WRITER) != 0) {                     \
        break;                                                                     \
      }                                                                            \
      if (!(writer)) {                                                             \
        WAITING_OF(r2);                                                            \
        if (r2 != 0) {                                                             \
          break;                                                                   \
        }                                                                          \
      }                                                                            \
      r2 = r1;                                                                     \
      CAS(r1, HOLDERS, r2, r2 | (bit) | ((writer) ? WRITER : 0), SEQ_CST, SEQ_CST, \
          "take: holders");                                                        \
      if (r1 == r2) {                                                              \
        r0 = 1;                                                                    \
        break;                                                                     \
      }                                                                            \
    }                                                                              \
  } while (0)

#define UNANNOUNCE(bit)                                               \
  do {                                                                \
    WAITING_OF(r2);                                                   \
    if ((r2 & (bit)) != 0) {                                          \
      FETCH_AND(r2, WAITING, ~(bit), SEQ_CST, "unannounce: waiting"); \
    }                                                                 \
  } while (0)

/* lock, for ever. r0: 1 locked, 2 closed. */
#define WRITE_LOCK(bit, turns)                                        \
  do {                                                                \
    for (r5 = 0;; r5++) {                                             \
      ASSUME(r5 < (turns));                                           \
      FLAGS(r0);                                                      \
      if (r0 != 0) {                                                  \
        r0 = 2;                                                       \
        break;                                                        \
      }                                                               \
      TAKE(bit, 1);                                                   \
      if (r0 != 0) {                                                  \
        UNANNOUNCE(bit);                                              \
        break;                                                        \
      }                                                               \
      WAITING_OF(r2);                                                 \
      if ((r2 & (bit)) == 0) {                                        \
        FETCH_OR(r2, WAITING, bit, SEQ_CST, "write_sleep: announce"); \
      }                                                               \
      EVENT_MARK(r3, WRITERS);                                        \
      FLAGS(r0);                                                      \
      HOLDERS_OF(r1);                                                 \
      if (r0 == 0 && (r1 & ~DIED) != 0) {                             \
        SLEEP(WRITERS, r3);                                           \
      }                                                               \
    }                                                                 \
  } while (0)
#define READ_LOCK(bit, turns)                           \
  do {                                                  \
    for (r5 = 0;; r5++) {                               \
      ASSUME(r5 < (turns));                             \
      FLAGS(r0);                                        \
      if (r0 != 0) {                                    \
        r0 = 2;                                         \
        break;                                          \
      }                                                 \
      TAKE(bit, 0);                                     \
      if (r0 != 0) {                                    \
        break;                                          \
      }                                                 \
      EVENT_MARK(r3, READERS);                          \
      FLAGS(r0);                                        \
      HOLDERS_OF(r1);                                   \
      WAITING_OF(r2);                                   \
      if (r0 == 0 && ((r1 & WRITER) != 0 || r2 != 0)) { \
        SLEEP(READERS, r3);                             \
      }                                                 \
    }                                                   \
  } while (0)

#define LET_IN                   \
  do {                           \
    WAITING_OF(r2);              \
    if (r2 != 0) {               \
      EVENT_SIGNAL_ONE(WRITERS); \
    } else {                     \
      EVENT_SIGNAL_ALL(READERS); \
    }                            \
  } while (0)
#define WRITE_UNLOCK                                            \
  do {                                                          \
    EXCHANGE(r1, HOLDERS, 0, SEQ_CST, "write_unlock: holders"); \
    LET_IN;                                                     \
  } while (0)
#define READ_UNLOCK(bit)                                             \
  do {                                                               \
    FETCH_AND(r1, HOLDERS, ~(bit), SEQ_CST, "read_unlock: holders"); \
    if (((r1 & ~(bit)) & ~DIED) == 0) {                              \
      LET_IN;                                                        \
    }                                                                \
  } while (0)

THREAD(writes) {
  BEGIN;
  WRITE_LOCK(1 << me->id, 3);
  READ(r4, DATA);
  WRITE(DATA, r4 + 1);
  WRITE_UNLOCK;
  END;
}
THREAD(reads) {
  BEGIN;
  READ_LOCK(1 << me->id, 3);
  READ(r4, DATA);
  READ_UNLOCK(1 << me->id);
  END;
}
/* Of three, two turns each. */
THREAD(writes_soon) {
  BEGIN;
  WRITE_LOCK(1 << me->id, 2);
  READ(r4, DATA);
  WRITE(DATA, r4 + 1);
  WRITE_UNLOCK;
  END;
}
THREAD(reads_soon) {
  BEGIN;
  READ_LOCK(1 << me->id, 2);
  READ(r4, DATA);
  READ_UNLOCK(1 << me->id);
  END;
}
static const char *one_write(const weak_end *end) {
  return end->last[DATA] == 1 && end->last[HOLDERS] == 0 ? NULL : "not exclusive";
}
static const char *two_writes(const weak_end *end) {
  return end->last[DATA] == 2 && end->last[HOLDERS] == 0 ? NULL : "not exclusive";
}

/* The writer died holding it. */
THREAD(die) {
  BEGIN;
  WRITE(DATA, 1);
  STORE(EXIT, 1, RELEASE, NULL);
  END;
}
THREAD(recover) {
  BEGIN;
  AWAIT(r0, EXIT, WEAK_EQ, 1, ACQUIRE, NULL);
  HOLDERS_OF(r1);
  FETCH_AND(r2, WAITING, ~1, SEQ_CST, "recover: waiting");
  while ((r1 & 1) != 0) {
    r2 = r1;
    CAS(r1, HOLDERS, r2, (r2 & ~(1 | WRITER)) | DIED, SEQ_CST, SEQ_CST, "recover: holders");
    if (r1 == r2) {
      break;
    }
  }
  EVENT_WAKE_ALL(WRITERS);
  EVENT_WAKE_ALL(READERS);
  END;
}

/* Closed while another holds it for ever. */
THREAD(shut) {
  BEGIN;
  FETCH_OR(r0, STATE, 1, SEQ_CST, "flag: state");
  EVENT_WAKE_ALL(WRITERS);
  EVENT_WAKE_ALL(READERS);
  END;
}
THREAD(wants_to_write) {
  BEGIN;
  WRITE_LOCK(1 << me->id, 3);
  CHECK(r0 == 2, "locked what another holds");
  END;
}
THREAD(wants_to_read) {
  BEGIN;
  READ_LOCK(1 << me->id, 3);
  CHECK(r0 == 2, "locked what another holds");
  END;
}

static const weak_litmus litmus[] = {
    {.name = "two write",
     .places = PLACES,
     .wrong = two_writes,
     .threads = {{"a", writes}, {"b", writes}}},
    {.name = "one writes, one reads",
     .places = PLACES,
     .wrong = one_write,
     .threads = {{"writer", writes}, {"reader", reads}}},
    {.name = "the writer dies, one reads",
     .places = PLACES,
     .start = {[HOLDERS] = WRITER | 1},
     .threads = {{"dead", die}, {"burier", recover}, {"reader", reads}},
     .events = {2, 12, 48}},
    {.name = "the writer dies, one writes",
     .places = PLACES,
     .start = {[HOLDERS] = WRITER | 1},
     .threads = {{"dead", die}, {"burier", recover}, {"writer", writes}},
     .events = {2, 12, 48}},
    {.name = "shut against one that wants to write",
     .places = PLACES,
     .start = {[HOLDERS] = WRITER | 8},
     .threads = {{"closer", shut}, {"writer", wants_to_write}}},
    {.name = "shut against one that wants to read",
     .places = PLACES,
     .start = {[HOLDERS] = WRITER | 8},
     .threads = {{"closer", shut}, {"reader", wants_to_read}}},
    {.name = "one writes, two read (interleavings only)",
     .places = PLACES,
     .wrong = one_write,
     .strong = 1,
     .threads = {{"writer", writes_soon}, {"a", reads_soon}, {"b", reads_soon}}},
    {.name = "two write, one reads (interleavings only)",
     .places = PLACES,
     .wrong = two_writes,
     .strong = 1,
     .threads = {{"a", writes_soon}, {"b", writes_soon}, {"reader", reads_soon}}},
    {0}};

static const weak_excuse excuses[] = {
    {"flags_status: state", RELAXED, "the mark acquires what event_wake_all published"},
    {"take: holders", ACQUIRE, "what counts for sleepers is the look after the mark"},
    {"take: holders (when it fails)", RELAXED, "tried again, or looked at after the mark"},
    {"unannounce: waiting", RELAXED, "whoever unlocks looks at it later"},
    {"recover: waiting", RELAXED, "all are woken in any case"},
    {"recover: holders", RELEASE, "all are woken in any case"},
    {"recover: holders (when it fails)", RELAXED, "tried again"},
    {"flag: state", RELAXED, "event_wake_all publishes it"},
    {0}};

const weak_group rwlock_group = {"rwlock", litmus, NULL, excuses};
