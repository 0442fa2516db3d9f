/* The barrier, of two parties: core/src/barrier.c. */
#include "event_steps.h"

enum { ARRIVALS, PASSED, MEMBERS, STATE, DATA, DATA_1, DATA_2, EXIT };
enum { PHASE = 8, EVERYBODY = 7, BROKEN = 1 };
#define PLACES \
  { "arrivals", "passed", "members", "state", "a's data", "b's data", "c's data", "exit" }

/* sluice_barrier_arrive: r0 is the phase */
#define ARRIVE(bit, parties)                                                             \
  do {                                                                                   \
    LOAD(r1, MEMBERS, RELAXED, "arrive: members");                                       \
    if ((r1 & (bit)) == 0) {                                                             \
      FETCH_OR(r1, MEMBERS, bit, SEQ_CST, "arrive: member");                             \
    }                                                                                    \
    LOAD(r1, ARRIVALS, RELAXED, "arrive: look");                                         \
    for (;;) {                                                                           \
      r2 = ((r1 & EVERYBODY) | (bit)) == (1 << (parties)) - 1 ? (r1 / PHASE + 1) * PHASE \
                                                              : r1 | (bit);              \
      r3 = r1;                                                                           \
      CAS(r1, ARRIVALS, r3, r2, SEQ_CST, RELAXED, "arrive: arrivals");                   \
      if (r1 == r3) {                                                                    \
        break;                                                                           \
      }                                                                                  \
    }                                                                                    \
    r0 = r3 / PHASE;                                                                     \
    if (r2 / PHASE != r0) {                                                              \
      EVENT_SIGNAL_ALL(PASSED);                                                          \
    }                                                                                    \
  } while (0)
/* sluice_barrier_poll: r1 is 1 when the phase has ended, 2 when the barrier is broken */
#define POLL                                       \
  do {                                             \
    LOAD(r1, ARRIVALS, SEQ_CST, "poll: arrivals"); \
    if (r1 / PHASE != r0) {                        \
      r1 = 1;                                      \
    } else {                                       \
      LOAD(r1, STATE, SEQ_CST, "state_of: state"); \
      r1 = r1 != 0 ? 2 : 0;                        \
    }                                              \
  } while (0)
#define WAIT_BARRIER(bit, parties, turns) \
  do {                                    \
    ARRIVE(bit, parties);                 \
    for (r5 = 0;; r5++) {                 \
      ASSUME(r5 < (turns));               \
      POLL;                               \
      if (r1 != 0) {                      \
        break;                            \
      }                                   \
      EVENT_MARK(r3, PASSED);             \
      POLL;                               \
      if (r1 != 0) {                      \
        break;                            \
      }                                   \
      SLEEP(PASSED, r3);                  \
    }                                     \
  } while (0)

THREAD(party_of_two) {
  BEGIN;
  WRITE(DATA + me->id, 1);
  WAIT_BARRIER(1 << me->id, 2, 3);
  READ(r4, DATA + 1 - me->id);
  CHECK(r4 == 1, "passed without what the other wrote");
  END;
}
THREAD(party_of_three) {
  BEGIN;
  WRITE(DATA + me->id, 1);
  WAIT_BARRIER(1 << me->id, 3, 2);
  for (r2 = 0; r2 < 3; r2++) {
    READ(r4, DATA + r2);
    CHECK(r4 == 1, "passed without what another wrote");
  }
  END;
}

/* A member dies; whoever waits is told. */
THREAD(join_and_die) {
  BEGIN;
  FETCH_OR(r1, MEMBERS, 1, SEQ_CST, "arrive: member");
  STORE(EXIT, 1, RELEASE, NULL);
  END;
}
THREAD(recover) {
  BEGIN;
  AWAIT(r0, EXIT, WEAK_EQ, 1, ACQUIRE, NULL);
  LOAD(r0, MEMBERS, SEQ_CST, "recover: members");
  if ((r0 & 1) != 0) {
    FETCH_OR(r0, STATE, BROKEN, SEQ_CST, "flag: state");
  }
  EVENT_WAKE_ALL(PASSED);
  END;
}
THREAD(waits_for_the_dead) {
  BEGIN;
  WAIT_BARRIER(2, 2, 3);
  CHECK(r1 == 2, "passed alone");
  END;
}

static const weak_litmus litmus[] = {
    {.name = "two parties",
     .places = PLACES,
     .threads = {{"a", party_of_two}, {"b", party_of_two}}},
    {.name = "three parties (interleavings only)",
     .places = PLACES,
     .strong = 1,
     .threads = {{"a", party_of_three}, {"b", party_of_three}, {"c", party_of_three}}},
    {.name = "a member dies",
     .places = PLACES,
     .threads = {{"dead", join_and_die}, {"burier", recover}, {"b", waits_for_the_dead}}},
    {0}};

static const weak_excuse excuses[] = {
    {"arrive: member", RELAXED, "the proof of death orders"},
    {"state_of: state", RELAXED, "the mark acquires what event_wake_all published"},
    {"recover: members", RELAXED, "the proof of death orders"},
    {"flag: state", RELAXED, "event_wake_all publishes it"},
    {0}};

const weak_group barrier_group = {"barrier", litmus, NULL, excuses};
