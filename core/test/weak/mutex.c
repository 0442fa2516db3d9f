/* The robust mutex word: core/src/mutex_word.h, mutex.c. */
#include "weak.h"

enum { WORD, STATE, DATA, OWN };
#define PLACES \
  { "word", "state", "data", "dead one's data" }
/* How often a locker goes round; more turns bring nothing new but old values read again. */
enum { TURNS = 3 };
enum { WAITERS = 16, DIED = 8, OWNER = 7 };

/* sluice_mutex_lock with a timeout for ever. r0: 0 locked, 1 OWNER_DIED, 2 closed. r1 bits,
 * r2 value. The sleep after the spin; the spin is left out. */
#define LOCK(owner)                                                           \
  do {                                                                        \
    r1 = 0;                                                                   \
    CAS(r2, WORD, 0, owner, ACQUIRE, RELAXED, "try: word");                   \
    if (r2 == 0) {                                                            \
      r0 = 0;                                                                 \
      break;                                                                  \
    }                                                                         \
    for (r5 = 0;; r5++) {                                                     \
      ASSUME(r5 < TURNS);                                                     \
      /* sluice_mutex_word_take */                                            \
      LOAD(r2, WORD, RELAXED, "take: look");                                  \
      while ((r2 & OWNER) == 0) {                                             \
        r3 = r2;                                                              \
        CAS(r2, WORD, r3, r3 | (owner) | r1, ACQUIRE, RELAXED, "take: word"); \
        if (r2 == r3) {                                                       \
          break;                                                              \
        }                                                                     \
      }                                                                       \
      if ((r2 & OWNER) == 0) {                                                \
        r0 = (r2 & DIED) != 0;                                                \
        break;                                                                \
      }                                                                       \
      /* sluice_mutex_word_sleep */                                           \
      LOAD(r2, WORD, ACQUIRE, "sleep: look");                                 \
      while ((r2 & OWNER) != 0 && (r2 & WAITERS) == 0) {                      \
        r3 = r2;                                                              \
        CAS(r2, WORD, r3, r3 | WAITERS, ACQ_REL, ACQUIRE, "sleep: mark");     \
        if (r2 == r3) {                                                       \
          r2 |= WAITERS;                                                      \
          break;                                                              \
        }                                                                     \
      }                                                                       \
      LOAD(r3, STATE, SEQ_CST, "flags_status: state");                        \
      if (r3 != 0) {                                                          \
        WAKE_ALL;                                                             \
        r0 = 2;                                                               \
        break;                                                                \
      }                                                                       \
      if ((r2 & OWNER) == 0) {                                                \
        continue;                                                             \
      }                                                                       \
      SLEEP(WORD, r2);                                                        \
      r1 = WAITERS;                                                           \
    }                                                                         \
  } while (0)

/* sluice_mutex_word_unlock */
#define UNLOCK                                      \
  do {                                              \
    EXCHANGE(r2, WORD, 0, RELEASE, "unlock: word"); \
    if ((r2 & WAITERS) != 0) {                      \
      WAKE_ONE(r2, WORD);                           \
    }                                               \
  } while (0)

/* sluice_mutex_word_wake_all */
#define WAKE_ALL                                                \
  do {                                                          \
    FETCH_AND(r7, WORD, ~WAITERS, ACQ_REL, "wake_all: unmark"); \
    WAKE(WORD);                                                 \
  } while (0)

/* Takes the mutex, adds one to what it guards, gives it back. */
THREAD(lock_add_unlock) {
  BEGIN;
  LOCK(me->id + 1);
  READ(r4, DATA);
  WRITE(DATA, r4 + 1);
  UNLOCK;
  END;
}
static const char *all_added_2(const weak_end *end) {
  return end->last[DATA] == 2 && end->last[WORD] == 0 ? NULL : "not exclusive";
}
static const char *all_added_3(const weak_end *end) {
  return end->last[DATA] == 3 && end->last[WORD] == 0 ? NULL : "not exclusive";
}

/* The owner died; whoever has the proof recovers; the next finds its last write. */
THREAD(die_holding) {
  BEGIN;
  WRITE(OWN, 1);
  STORE(DATA, 9, RELEASE, NULL); /* the proof of its death */
  END;
}
THREAD(recover) {
  BEGIN;
  AWAIT(r0, DATA, WEAK_EQ, 9, ACQUIRE, NULL);
  LOAD(r2, WORD, ACQUIRE, "recover: look");
  while ((r2 & OWNER) == 1) {
    r3 = r2;
    CAS(r2, WORD, r3, (r3 & WAITERS) | DIED, ACQ_REL, ACQUIRE, "recover: word");
    if (r2 == r3) {
      break;
    }
  }
  WAKE_ALL;
  END;
}
THREAD(lock_after_death) {
  BEGIN;
  LOCK(3);
  CHECK(r0 == 1, "not told that the owner died");
  READ(r4, OWN);
  CHECK(r4 == 1, "not what the owner wrote");
  UNLOCK;
  END;
}
THREAD(lock_and_unlock) {
  BEGIN;
  LOCK(me->id + 2);
  UNLOCK;
  END;
}

/* sluice_mutex_shut against sleepers; owner 1 never unlocks. */
THREAD(shut) {
  BEGIN;
  FETCH_OR(r0, STATE, 1, SEQ_CST, "flag: state");
  WAKE_ALL;
  END;
}
THREAD(lock_until_closed) {
  BEGIN;
  LOCK(me->id + 2);
  CHECK(r0 == 2, "locked what another holds");
  END;
}

static const weak_litmus litmus[] = {
    {.name = "two lock, add, unlock",
     .places = PLACES,
     .wrong = all_added_2,
     .threads = {{"a", lock_add_unlock}, {"b", lock_add_unlock}}},
    {.name = "three lock, add, unlock",
     .places = PLACES,
     .wrong = all_added_3,
     .long_only = 1,
     .threads = {{"a", lock_add_unlock}, {"b", lock_add_unlock}, {"c", lock_add_unlock}}},
    {.name = "the owner dies, one recovers, the next is told",
     .places = PLACES,
     .start = {[WORD] = 1},
     .threads = {{"dead", die_holding}, {"burier", recover}, {"next", lock_after_death}}},
    {.name = "the same with WAITERS set",
     .places = PLACES,
     .start = {[WORD] = 1 | WAITERS},
     .threads = {{"dead", die_holding}, {"burier", recover}, {"next", lock_after_death}}},
    {.name = "shut against one that is to sleep",
     .places = PLACES,
     .start = {[WORD] = 1},
     .threads = {{"closer", shut}, {"a", lock_until_closed}}},
    {.name = "shut against two that are to sleep",
     .places = PLACES,
     .long_only = 1,
     .start = {[WORD] = 1},
     .threads = {{"closer", shut}, {"a", lock_until_closed}, {"b", lock_until_closed}}},
    {.name = "the owner has died, two want it",
     .places = PLACES,
     .start = {[WORD] = 1, [DATA] = 9},
     .long_only = 1,
     .as_is = 1,
     .threads = {{"burier", recover}, {"next", lock_and_unlock}, {"another", lock_and_unlock}}},
    {0}};

static const weak_excuse excuses[] = {
    {"sleep: look", RELAXED, "who sets WAITERS after wake_all sees the flag and wakes all again"},
    {"sleep: mark", ACQUIRE, "publishes nothing"},
    {"sleep: mark (when it fails)", RELAXED, "as the look"},
    {"flags_status: state", RELAXED, "the mark acquires what wake_all published"},
    {"recover: look", RELAXED, "the proof of death orders"},
    {"recover: word", RELEASE, "as above"},
    {"recover: word (when it fails)", RELAXED, "as above"},
    {"wake_all: unmark", RELEASE, "acquires nothing that is used"},
    {"flag: state", RELAXED, "wake_all publishes it"},
    {0}};

const weak_group mutex_group = {"mutex", litmus, NULL, excuses};
