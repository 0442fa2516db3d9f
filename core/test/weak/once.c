/* The once: core/src/once.c, on the mutex word (whose own orders are weakened in mutex.c). */
#include "weak.h"

enum { WORD, DATA };
enum { WAITERS = 16, FINISHED = 8, OWNER = 15 };
#define PLACES \
  { "word", "data" }

/* sluice_once_begin, for ever: r0 is 1 for "run it", 0 for "done" */
#define BEGIN_ONCE(owner)                                                      \
  do {                                                                         \
    LOAD(r0, WORD, ACQUIRE, "is_done: word");                                  \
    if (r0 == FINISHED) {                                                      \
      r0 = 0;                                                                  \
      break;                                                                   \
    }                                                                          \
    for (r5 = 0;; r5++) {                                                      \
      ASSUME(r5 < 3);                                                          \
      LOAD(r1, WORD, RELAXED, NULL); /* sluice_mutex_word_lock_slow */         \
      if ((r1 & OWNER) == 0) {                                                 \
        CAS(r2, WORD, r1, r1 | (owner), ACQUIRE, RELAXED, NULL);               \
        if (r2 == r1) {                                                        \
          r0 = 1;                                                              \
          break;                                                               \
        }                                                                      \
        r1 = r2;                                                               \
      }                                                                        \
      if ((r1 & OWNER) == FINISHED) { /* nobody's id: POISONED to the mutex */ \
        LOAD(r0, WORD, ACQUIRE, "is_done: word");                              \
        CHECK(r0 == FINISHED, "POISONED");                                     \
        r0 = 0;                                                                \
        break;                                                                 \
      }                                                                        \
      if ((r1 & WAITERS) == 0) {                                               \
        CAS(r2, WORD, r1, r1 | WAITERS, ACQ_REL, ACQUIRE, NULL);               \
        if (r2 != r1) {                                                        \
          continue;                                                            \
        }                                                                      \
        r1 |= WAITERS;                                                         \
      }                                                                        \
      SLEEP(WORD, r1);                                                         \
    }                                                                          \
  } while (0)

THREAD(run_once) {
  BEGIN;
  BEGIN_ONCE(me->id + 1);
  if (r0 == 1) {
    READ(r3, DATA);
    CHECK(r3 == 0, "run twice");
    WRITE(DATA, 1);
    EXCHANGE(r1, WORD, FINISHED, ACQ_REL, "finish: word");
    if ((r1 & WAITERS) != 0) {
      WAKE(WORD);
    }
  }
  READ(r3, DATA);
  CHECK(r3 == 1, "done, and nothing to see");
  END;
}

static const weak_litmus litmus[] = {
    {.name = "two begin", .places = PLACES, .threads = {{"a", run_once}, {"b", run_once}}},
    {.name = "three begin",
     .places = PLACES,
     .long_only = 1,
     .threads = {{"a", run_once}, {"b", run_once}, {"c", run_once}}},
    {0}};

static const weak_excuse excuses[] = {{"finish: word", RELEASE, "the runner acquires nothing more"},
                                      {0}};

const weak_group once_group = {"once", litmus, NULL, excuses};
