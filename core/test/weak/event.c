/* Event words: core/src/wait.h, wait.c; and the event count as an object on top of them. */
#include "weak.h"

enum { CONDITION, WORD, DATA, CONDITION_B };
enum { WAITER = 1 };
#define PLACES \
  { "condition", "word", "data", "condition_b" }

/* sluice_event_mark: the value to sleep on */
#define MARK(to)                                             \
  do {                                                       \
    FETCH_OR(to, WORD, WAITER, SEQ_CST, "event_mark: word"); \
    to |= WAITER;                                            \
  } while (0)

/* sluice_event_signal_all, with the value in r6 and r7 */
#define SIGNAL_ALL                                                       \
  do {                                                                   \
    LOAD(r6, WORD, SEQ_CST, "signal_all: look");                         \
    while ((r6 & WAITER) != 0) {                                         \
      r7 = r6;                                                           \
      CAS(r6, WORD, r7, r7 + 1, SEQ_CST, SEQ_CST, "signal_all: change"); \
      if (r6 == r7) {                                                    \
        WAKE(WORD);                                                      \
        break;                                                           \
      }                                                                  \
    }                                                                    \
  } while (0)

/* sluice_event_signal_one and its slow part */
#define SIGNAL_ONE_BUT(woken_again)                                           \
  do {                                                                        \
    LOAD(r6, WORD, SEQ_CST, "signal_one: look");                              \
    while ((r6 & WAITER) != 0) {                                              \
      r7 = r6;                                                                \
      CAS(r6, WORD, r7, r7 + 2, SEQ_CST, SEQ_CST, "signal_one_slow: change"); \
      if (r6 == r7) {                                                         \
        WAKE_ONE(r6, WORD);                                                   \
        if (r6 == 0) {                                                        \
          CAS(r6, WORD, r7 + 2, r7 + 2 - WAITER + 2, SEQ_CST, RELAXED,        \
              "signal_one_slow: take the bit");                               \
          if ((woken_again) && r6 == r7 + 2) {                                \
            WAKE(WORD);                                                       \
          }                                                                   \
        }                                                                     \
        break;                                                                \
      }                                                                       \
    }                                                                         \
  } while (0)
#define SIGNAL_ONE SIGNAL_ONE_BUT(1)

THREAD(change_and_signal_all) {
  BEGIN;
  STORE(CONDITION, 1, SEQ_CST, "condition: change");
  SIGNAL_ALL;
  END;
}
THREAD(change_twice) {
  BEGIN;
  for (r0 = 1; r0 <= 2; r0++) {
    STORE(CONDITION, r0, SEQ_CST, "condition: change");
    SIGNAL_ALL;
  }
  END;
}
THREAD(change_and_signal_one) {
  BEGIN;
  FETCH_ADD(r0, CONDITION, 1, SEQ_CST, "condition: add");
  SIGNAL_ONE;
  END;
}
/* Without waking those again that went to sleep before the bit was taken. */
THREAD(change_and_signal_one_only) {
  BEGIN;
  FETCH_ADD(r0, CONDITION, 1, SEQ_CST, NULL);
  SIGNAL_ONE_BUT(0);
  END;
}
/* Waits until the condition is 1: mark, look again, sleep. */
THREAD(waits) {
  BEGIN;
  for (;;) {
    MARK(r1);
    LOAD(r0, CONDITION, SEQ_CST, "condition: look");
    if (r0 >= 1) {
      STOP;
    }
    SLEEP(WORD, r1);
  }
  END;
}
THREAD(waits_for_two) {
  BEGIN;
  for (;;) {
    MARK(r1);
    LOAD(r0, CONDITION, SEQ_CST, "condition: look");
    if (r0 == 2) {
      STOP;
    }
    SLEEP(WORD, r1);
  }
  END;
}
/* Takes one of what the condition counts; a failed exchange shows another took it. */
THREAD(takes_one) {
  BEGIN;
  for (r5 = 0;; r5++) {
    ASSUME(r5 < 3);
    MARK(r1);
    LOAD(r0, CONDITION, SEQ_CST, "condition: look");
    while (r0 > 0) {
      r2 = r0;
      CAS(r0, CONDITION, r2, r2 - 1, SEQ_CST, SEQ_CST, "condition: take");
      if (r0 == r2) {
        STOP;
      }
    }
    SLEEP(WORD, r1);
  }
  END;
}
static const char *all_taken(const weak_end *end) {
  return end->last[CONDITION] != 0 ? "something is left" : NULL;
}

static const weak_litmus litmus[] = {
    {.name = "change, signal_all against mark, look, sleep",
     .places = PLACES,
     .threads = {{"waker", change_and_signal_all}, {"waiter", waits}}},
    {.name = "two waiters, signal_all",
     .places = PLACES,
     .threads = {{"waker", change_and_signal_all}, {"a", waits}, {"b", waits}}},
    {.name = "two changes, the waiter needs the second",
     .places = PLACES,
     .threads = {{"waker", change_twice}, {"waiter", waits_for_two}}},
    {.name = "two wakers, one waiter, signal_all",
     .places = PLACES,
     .threads = {{"a", change_and_signal_all}, {"b", change_and_signal_all}, {"waiter", waits}}},
    {.name = "add, signal_one against take",
     .places = PLACES,
     .wrong = all_taken,
     .threads = {{"waker", change_and_signal_one}, {"waiter", takes_one}}},
    {.name = "signal_one by two, one waiter: one is left or two taken",
     .places = PLACES,
     .threads = {{"a", change_and_signal_one}, {"b", change_and_signal_one}, {"c", takes_one}}},
    {.name = "signal_one by two, two waiters",
     .places = PLACES,
     .wrong = all_taken,
     .long_only = 1,
     .as_is = 1,
     .threads = {{"a", change_and_signal_one},
                 {"b", change_and_signal_one},
                 {"c", takes_one},
                 {"d", takes_one}}},
    {.name = "signal_one by two, two waiters (interleavings only)",
     .places = PLACES,
     .wrong = all_taken,
     .strong = 1,
     .threads = {{"a", change_and_signal_one},
                 {"b", change_and_signal_one},
                 {"c", takes_one},
                 {"d", takes_one}}},
    {.name = "signal_one by two, two waiters, the bit just taken: goes wrong",
     .places = PLACES,
     .wrong = all_taken,
     .allowed = 1,
     .strong = 1,
     .threads = {{"a", change_and_signal_one_only},
                 {"b", change_and_signal_one_only},
                 {"c", takes_one},
                 {"d", takes_one}}},
    {0}};

static const weak_excuse excuses[] = {
    {"signal_all: change", RELAXED,
     "the look before it is the one that must be seen; this only changes the value"},
    {"signal_all: change (when it fails)", RELAXED,
     "another has changed the value meanwhile, or a waiter looks later"},
    {"signal_one_slow: change", RELAXED, "as in signal_all"},
    {"signal_one_slow: change (when it fails)", RELAXED, "as in signal_all"},
    {"signal_one_slow: take the bit", RELAXED,
     "fails when another marked or changed the word; decides nothing else"},
    {"condition: take", RELAXED,
     "the look before it is the one that must see; this condition guards no data"},
    {"condition: take (when it fails)", RELAXED,
     "another took it; then the word is looked at again"},
    {0}};

const weak_group event_group = {"event", litmus, NULL, excuses};
