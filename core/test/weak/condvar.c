/* The condition variable: core/src/condvar.c. The mutex is taken as a spin lock here: see mutex.c.
 */
#include "event_steps.h"

enum { SEQUENCE_WORD, WAITING, CALLED, MUTEX, CONDITION, STATE };
#define PLACES \
  { "sequence", "waiting", "called", "mutex", "condition", "state" }

#define LOCK                                        \
  do {                                              \
    for (r6 = 1; r6 != 0;) {                        \
      AWAIT(r6, MUTEX, WEAK_EQ, 0, RELAXED, NULL);  \
      CAS(r6, MUTEX, 0, 1, ACQUIRE, RELAXED, NULL); \
    }                                               \
  } while (0)
#define UNLOCK EXCHANGE(r6, MUTEX, 0, RELEASE, NULL)

/* sluice_condvar_wait, for ever */
#define WAIT_CONDVAR(bit)                                      \
  do {                                                         \
    FETCH_AND(r6, CALLED, ~(bit), RELAXED, "begin: called");   \
    FETCH_OR(r6, WAITING, bit, SEQ_CST, "begin: waiting");     \
    EVENT_MARK(r1, SEQUENCE_WORD);                             \
    UNLOCK;                                                    \
    LOAD(r2, STATE, SEQ_CST, "flags_status: state");           \
    if (r2 == 0) {                                             \
      SLEEP(SEQUENCE_WORD, r1);                                \
    }                                                          \
    FETCH_AND(r6, WAITING, ~(bit), SEQ_CST, "woken: waiting"); \
    FETCH_AND(r6, CALLED, ~(bit), SEQ_CST, "woken: called");   \
    LOCK;                                                      \
    LOAD(r6, CALLED, SEQ_CST, "is_calling: called");           \
    LOAD(r7, WAITING, SEQ_CST, "is_calling: waiting");         \
    if ((r6 & r7) != 0) {                                      \
      WAKE_ONE(r6, SEQUENCE_WORD);                             \
    }                                                          \
  } while (0)
#define BROADCAST                                             \
  do {                                                        \
    LOAD(r0, WAITING, SEQ_CST, "broadcast: waiting");         \
    if (r0 != 0) {                                            \
      FETCH_OR(r0, CALLED, r0, SEQ_CST, "broadcast: called"); \
      EVENT_SIGNAL_ONE(SEQUENCE_WORD);                        \
    }                                                         \
  } while (0)

THREAD(wait_for_condition) {
  BEGIN;
  LOCK;
  for (r5 = 0;; r5++) {
    ASSUME(r5 < 2);
    READ(r0, CONDITION);
    if (r0 != 0) {
      break;
    }
    WAIT_CONDVAR(1 << me->id);
    LOAD(r2, STATE, SEQ_CST, "flags_status: state");
    if (r2 != 0) {
      break;
    }
  }
  UNLOCK;
  END;
}
THREAD(change_and_signal) {
  BEGIN;
  LOCK;
  WRITE(CONDITION, 1);
  UNLOCK;
  EVENT_SIGNAL_ONE(SEQUENCE_WORD);
  END;
}
THREAD(change_and_broadcast) {
  BEGIN;
  LOCK;
  WRITE(CONDITION, 1);
  UNLOCK;
  BROADCAST;
  END;
}
THREAD(shut) {
  BEGIN;
  FETCH_OR(r0, STATE, 1, SEQ_CST, "flag: state");
  EVENT_WAKE_ALL(SEQUENCE_WORD);
  END;
}

static const weak_litmus litmus[] = {
    {.name = "change, signal against wait",
     .places = PLACES,
     .threads = {{"waiter", wait_for_condition}, {"signaller", change_and_signal}}},
    {.name = "change, broadcast against wait",
     .places = PLACES,
     .threads = {{"waiter", wait_for_condition}, {"caller", change_and_broadcast}}},
    {.name = "shut against wait",
     .places = PLACES,
     .threads = {{"waiter", wait_for_condition}, {"closer", shut}}},
    {.name = "change, broadcast against two that wait",
     .places = PLACES,
     .threads = {{"a", wait_for_condition},
                 {"b", wait_for_condition},
                 {"caller", change_and_broadcast}},
     .events = {25, 25, 13},
     .long_only = 1,
     .as_is = 1},
    {.name = "change, broadcast against two that wait (interleavings only)",
     .places = PLACES,
     .strong = 1,
     .threads = {{"a", wait_for_condition},
                 {"b", wait_for_condition},
                 {"caller", change_and_broadcast}}},
    {0}};

static const weak_excuse excuses[] = {
    {"begin: waiting", RELAXED, "the mutex orders it with each change of the condition"},
    {"flags_status: state", RELAXED, "the mark acquires what event_wake_all published"},
    {"woken: waiting", RELAXED, "updates of one word; who is passed over is awake"},
    {"woken: called", RELAXED, "as above"},
    {"is_calling: called", RELAXED, "the mutex orders it"},
    {"is_calling: waiting", RELAXED, "the mutex orders it"},
    {"broadcast: waiting", RELAXED, "the mutex orders it"},
    {"broadcast: called", RELAXED, "event_signal_one publishes it"},
    {"flag: state", RELAXED, "event_wake_all publishes it"},
    {0}};

const weak_group condvar_group = {"condvar", litmus, NULL, excuses};
