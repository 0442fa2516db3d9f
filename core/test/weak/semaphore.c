/* The semaphore, of one permit: core/src/semaphore.c. */
#include "event_steps.h"

enum { HOLDER, RELEASED, DATA, EXIT };
#define PLACES \
  { "holder", "released", "data", "exit" }

/* sluice_semaphore_acquire, for ever */
#define ACQUIRE_PERMIT(owner, turns)                                \
  do {                                                              \
    for (r5 = 0;; r5++) {                                           \
      ASSUME(r5 < (turns));                                         \
      LOAD(r0, HOLDER, SEQ_CST, "try: look");                       \
      if (r0 == 0) {                                                \
        CAS(r0, HOLDER, 0, owner, SEQ_CST, RELAXED, "try: holder"); \
        if (r0 == 0) {                                              \
          break;                                                    \
        }                                                           \
      }                                                             \
      EVENT_MARK(r3, RELEASED);                                     \
      LOAD(r0, HOLDER, SEQ_CST, "sleep: look");                     \
      if (r0 != 0) {                                                \
        SLEEP(RELEASED, r3);                                        \
      }                                                             \
    }                                                               \
  } while (0)
#define RELEASE_PERMIT                            \
  do {                                            \
    STORE(HOLDER, 0, SEQ_CST, "release: holder"); \
    EVENT_SIGNAL_ONE(RELEASED);                   \
  } while (0)

THREAD(acquire_and_release) {
  BEGIN;
  ACQUIRE_PERMIT(me->id + 1, 3);
  READ(r4, DATA);
  WRITE(DATA, r4 + 1);
  RELEASE_PERMIT;
  END;
}
THREAD(acquire_and_release_soon) { /* two turns: three threads have enough to do with them */
  BEGIN;
  ACQUIRE_PERMIT(me->id + 1, 2);
  READ(r4, DATA);
  WRITE(DATA, r4 + 1);
  RELEASE_PERMIT;
  END;
}
static const char *two(const weak_end *end) {
  return end->last[DATA] == 2 ? NULL : "not exclusive";
}
static const char *three(const weak_end *end) {
  return end->last[DATA] == 3 ? NULL : "not exclusive";
}
THREAD(die) {
  BEGIN;
  WRITE(DATA, 1);
  STORE(EXIT, 1, RELEASE, NULL);
  END;
}
THREAD(recover) {
  BEGIN;
  AWAIT(r0, EXIT, WEAK_EQ, 1, ACQUIRE, NULL);
  CAS(r0, HOLDER, 1, 0, SEQ_CST, RELAXED, "recover: holder");
  EVENT_WAKE_ALL(RELEASED);
  END;
}

static const weak_litmus litmus[] = {
    {.name = "two take the permit",
     .places = PLACES,
     .wrong = two,
     .threads = {{"a", acquire_and_release}, {"b", acquire_and_release}}},
    {.name = "three take the permit (interleavings only)",
     .places = PLACES,
     .wrong = three,
     .strong = 1,
     .threads = {{"a", acquire_and_release_soon},
                 {"b", acquire_and_release_soon},
                 {"c", acquire_and_release_soon}}},
    {.name = "the holder dies",
     .places = PLACES,
     .start = {[HOLDER] = 1},
     .wrong = two,
     .threads = {{"dead", die}, {"burier", recover}, {"next", acquire_and_release}}},
    {0}};

static const weak_excuse excuses[] = {
    {"try: look", RELAXED,
     "what counts for sleepers is the look after the mark; the swap acquires"},
    {"try: holder", ACQUIRE, "as above"},
    {"recover: holder", RELEASE, "all are woken in any case"},
    {0}};

const weak_group semaphore_group = {"semaphore", litmus, NULL, excuses};
