/* The SPSC ring: core/src/ring_frame.h, ring_producer.c, ring_consumer.c. */
#include "weak.h"

enum {
  HEADER,       /* a record's first word: 0 = not written, else its lap */
  TYPE,         /* its second, plain */
  PAYLOAD,      /* plain */
  HEAD,         /* consumer.head, in records */
  STATE,        /* object.state */
  C_ASLEEP,     /* consumer.asleep */
  P_ASLEEP,     /* producer.asleep */
  WAKE_AT,      /* producer.wake_at */
  REASON,       /* producer.reason */
  REASON_BYTES, /* producer.reason_bytes, plain */
  OWNER         /* consumer.owner or producer.owner */
};
enum { PRODUCER_CLOSED = 1, CONSUMER_CLOSED = 2 };
#define PLACES                                                                                     \
  {                                                                                                \
    "header", "type", "payload", "head", "state", "consumer.asleep", "producer.asleep", "wake_at", \
        "reason", "reason_bytes", "owner"                                                          \
  }

/* ring_frame.h: wake */
#define WAKE_END(asleep)                                  \
  do {                                                    \
    LOAD(r7, asleep, SEQ_CST, "wake: asleep");            \
    if (r7 != 0) {                                        \
      EXCHANGE(r7, asleep, 0, SEQ_CST, "wake: exchange"); \
      if (r7 != 0) {                                      \
        WAKE(asleep);                                     \
      }                                                   \
    }                                                     \
  } while (0)

/* ring.c: sluice_ring_flag */
#define SET_FLAG(flag)                                 \
  do {                                                 \
    FETCH_OR(r7, STATE, flag, SEQ_CST, "flag: state"); \
    WAKE_END(P_ASLEEP);                                \
    WAKE_END(C_ASLEEP);                                \
  } while (0)

/* ring_producer.c: sluice_ring_claim, ring_consumer.c: is_quiet; what is found is looked at again */
#define GLANCE(to, place) LOAD(to, place, RELAXED, "glance")
#define FLAGS_OF(to) LOAD(to, STATE, SEQ_CST, "flags_of: state")
#define PUBLISH(length) EXCHANGE(r6, HEADER, length, SEQ_CST, "publish: header")
#define LOOK(to) LOAD(to, HEADER, SEQ_CST, "look: header")
#define ROOM(to) LOAD(to, HEAD, SEQ_CST, "room: head")

/* ring_consumer.c: sluice_ring_release_to */
#define RELEASE_TO(to)                                   \
  do {                                                   \
    WRITE(HEADER, 0);                                    \
    WRITE(TYPE, 0);                                      \
    WRITE(PAYLOAD, 0);                                   \
    STORE(HEAD, to, SEQ_CST, "release_to: head");        \
    LOAD(r7, P_ASLEEP, SEQ_CST, "release_to: asleep");   \
    if (r7 != 0) {                                       \
      LOAD(r7, WAKE_AT, RELAXED, "release_to: wake_at"); \
      if ((to) >= r7) {                                  \
        WAKE_END(P_ASLEEP);                              \
      }                                                  \
    }                                                    \
  } while (0)

/* One record, committed and read: sluice_ring_commit, sluice_ring_look. */
THREAD(commit) {
  BEGIN;
  WRITE(PAYLOAD, 11);
  WRITE(TYPE, 7);
  PUBLISH(1);
  END;
}
#define LOOK_AT_RECORD                                      \
  do {                                                      \
    LOOK(r0);                                               \
    if (r0 != 0) {                                          \
      READ(r1, TYPE);                                       \
      READ(r2, PAYLOAD);                                    \
      CHECK(r1 == 7 && r2 == 11, "an old type or payload"); \
    }                                                       \
  } while (0)
THREAD(look) {
  BEGIN;
  LOOK_AT_RECORD;
  END;
}

/* A lap later: what was released is zero for the producer, and its own for the next record. The
 * ring has room for one record, and starts with that of lap 1. */
THREAD(second_lap) {
  BEGIN;
  ROOM(r0);
  if (r0 == 1) {
    READ(r1, PAYLOAD);
    CHECK(r1 == 0, "room that is not zero");
    WRITE(PAYLOAD, 22);
    WRITE(TYPE, 8);
    PUBLISH(2);
  }
  END;
}
THREAD(release_and_look) {
  BEGIN;
  LOOK(r0);
  READ(r1, TYPE);
  READ(r2, PAYLOAD);
  CHECK(r0 == 1 && r1 == 7 && r2 == 11, "the first lap's record is not there");
  RELEASE_TO(1);
  LOOK(r0);
  CHECK(r0 != 1, "a header of an earlier lap");
  if (r0 == 2) {
    READ(r1, TYPE);
    READ(r2, PAYLOAD);
    CHECK(r1 == 8 && r2 == 22, "an old type or payload");
  }
  END;
}

/* The same by drain: nothing is read by what a glance found. */
THREAD(drain) {
  BEGIN;
  GLANCE(r0, HEADER);
  GLANCE(r1, STATE);
  if (r0 != 0 || r1 != 0) {
    LOOK_AT_RECORD;
  }
  END;
}

/* sluice_ring_commit against sluice_ring_consumer_wait */
THREAD(commit_and_wake) {
  BEGIN;
  PUBLISH(1);
  WAKE_END(C_ASLEEP);
  END;
}
THREAD(consumer_wait) {
  BEGIN;
  for (;;) {
    GLANCE(r0, HEADER);
    GLANCE(r2, STATE);
    if (r0 != 0 || r2 != 0) {
      LOOK(r0);
      FLAGS_OF(r2);
      if (r0 != 0 || r2 != 0) {
        STOP;
      }
    }
    EXCHANGE(r1, C_ASLEEP, 1, SEQ_CST, "consumer_sleep: asleep");
    FLAGS_OF(r2);
    LOOK(r0);
    if (r0 != 0 || r2 != 0) {
      if (r1 == 0) {
        STORE(C_ASLEEP, 0, RELAXED, "unset: asleep");
      }
      STOP;
    }
    SLEEP(C_ASLEEP, 1);
  }
  END;
}

/* sluice_ring_release_to against sluice_ring_producer_wait. It needs room up to head 2, in two
 * releases, of which the first is not enough. */
THREAD(release_and_wake) {
  BEGIN;
  for (r0 = 1; r0 <= 2; r0++) {
    STORE(HEAD, r0, SEQ_CST, "release_to: head");
    LOAD(r7, P_ASLEEP, SEQ_CST, "release_to: asleep");
    if (r7 != 0) {
      LOAD(r7, WAKE_AT, RELAXED, "release_to: wake_at");
      if (r0 >= r7) {
        WAKE_END(P_ASLEEP);
      }
    }
  }
  END;
}
THREAD(producer_wait) {
  BEGIN;
  for (;;) {
    FLAGS_OF(r2);
    ROOM(r0);
    if (r0 == 2 || r2 != 0) {
      STOP;
    }
    STORE(WAKE_AT, 2, RELAXED, "producer_sleep: wake_at");
    EXCHANGE(r1, P_ASLEEP, 1, SEQ_CST, "producer_sleep: asleep");
    FLAGS_OF(r2);
    ROOM(r0);
    if (r0 == 2 || r2 != 0) {
      if (r1 == 0) {
        STORE(P_ASLEEP, 0, RELAXED, "unset: asleep");
      }
      STOP;
    }
    SLEEP(P_ASLEEP, 1);
  }
  END;
}
/* Sleeps for head 1, then for head 2: an old wake_at may wake it early, never too late. */
THREAD(producer_waits_twice) {
  BEGIN;
  for (r3 = 1; r3 <= 2; r3++) {
    for (;;) {
      ROOM(r0);
      if (r0 >= r3) {
        break;
      }
      STORE(WAKE_AT, r3, RELAXED, "producer_sleep: wake_at");
      EXCHANGE(r1, P_ASLEEP, 1, SEQ_CST, "producer_sleep: asleep");
      ROOM(r0);
      if (r0 >= r3) {
        if (r1 == 0) {
          STORE(P_ASLEEP, 0, RELAXED, "unset: asleep");
        }
        break;
      }
      SLEEP(P_ASLEEP, 1);
    }
  }
  END;
}

/* set_flag against both sleepers */
THREAD(close_it) {
  BEGIN;
  SET_FLAG(PRODUCER_CLOSED);
  END;
}
static const char *both_told(const weak_end *end) {
  return end->r[1][2] == 0 ? "woken, and not told" : NULL;
}

/* The producer commits and closes; who sees "closed" looks once more and finds the record. */
THREAD(commit_and_close) {
  BEGIN;
  PUBLISH(1);
  WAKE_END(C_ASLEEP);
  SET_FLAG(PRODUCER_CLOSED);
  END;
}
THREAD(look_again) {
  BEGIN;
  LOOK(r0);
  if (r0 == 0) {
    FLAGS_OF(r1);
    if (r1 != 0) {
      LOOK(r0);
      CHECK(r0 == 1, "closed, and the last record is lost");
    }
  }
  END;
}

/* sluice_ring_producer_close_for, while another thread closes the ring */
THREAD(close_for) {
  BEGIN;
  FLAGS_OF(r0);
  if ((r0 & PRODUCER_CLOSED) == 0) {
    WRITE(REASON_BYTES, 5);
    STORE(REASON, 4096, RELEASE, "close_for: reason");
  }
  SET_FLAG(PRODUCER_CLOSED);
  END;
}
THREAD(read_reason) { /* loader: after SLUICE_E_CLOSED */
  BEGIN;
  FLAGS_OF(r0);
  if (r0 != 0) {
    LOAD(r1, REASON, ACQUIRE, "read_reason: reason (loader)");
    if (r1 != 0) {
      READ(r2, REASON_BYTES);
      CHECK(r2 == 5, "a reason without its bytes");
    }
  }
  END;
}

/* take_end against take_end and bury: one taker wins, and what it does is behind nothing. */
THREAD(take_end) {
  BEGIN;
  CAS(r0, OWNER, 0, me->id + 1, ACQ_REL, ACQUIRE, "take_end: owner");
  FLAGS_OF(r1);
  END;
}
THREAD(bury_end) {
  BEGIN;
  FLAGS_OF(r0);
  LOAD(r1, OWNER, ACQUIRE, "bury: owner");
  if (r1 == 1 && r0 == 0) {
    SET_FLAG(4);
  }
  END;
}
static const char *one_owner(const weak_end *end) {
  int first = end->r[0][0] == 0;
  int second = end->r[1][0] == 0;
  return first + second == 1 ? NULL : "not one owner";
}

static const weak_litmus litmus[] = {
    {.name = "commit, look: type and payload are the record's",
     .places = PLACES,
     .threads = {{"producer", commit}, {"consumer", look}}},
    {.name = "commit, drain: type and payload are the record's",
     .places = PLACES,
     .threads = {{"producer", commit}, {"consumer", drain}}},
    {.name = "release, room: the room is zero, the lap is new",
     .places = PLACES,
     .start = {[HEADER] = 1, [TYPE] = 7, [PAYLOAD] = 11},
     .threads = {{"producer", second_lap}, {"consumer", release_and_look}}},
    {.name = "commit against consumer_wait",
     .places = PLACES,
     .threads = {{"producer", commit_and_wake}, {"consumer", consumer_wait}}},
    {.name = "release against producer_wait",
     .places = PLACES,
     .threads = {{"consumer", release_and_wake}, {"producer", producer_wait}}},
    {.name = "release against producer_wait, two sleeps",
     .places = PLACES,
     .threads = {{"consumer", release_and_wake}, {"producer", producer_waits_twice}}},
    {.name = "close against consumer_wait",
     .places = PLACES,
     .wrong = both_told,
     .threads = {{"closer", close_it}, {"consumer", consumer_wait}}},
    {.name = "close against producer_wait",
     .places = PLACES,
     .wrong = both_told,
     .threads = {{"closer", close_it}, {"producer", producer_wait}}},
    {.name = "commit, close against consumer_wait and a closer",
     .places = PLACES,
     .long_only = 1,
     .threads = {{"producer", commit_and_wake}, {"closer", close_it}, {"consumer", consumer_wait}}},
    {.name = "commit, close; closed, look once more",
     .places = PLACES,
     .threads = {{"producer", commit_and_close}, {"consumer", look_again}}},
    {.name = "close_for: reason and bytes, while another closes",
     .places = PLACES,
     .threads = {{"producer", close_for}, {"closer", close_it}, {"reader", read_reason}}},
    {.name = "take_end: one owner, beside a burial",
     .places = PLACES,
     .wrong = one_owner,
     .threads = {{"a", take_end}, {"b", take_end}, {"burier", bury_end}}},
    {0}};

static const weak_excuse excuses[] = {
    {"wake: exchange", RELAXED,
     "the look before it is the one that must be seen; this says only who calls the futex"},
    {"take_end: owner", RELAXED, "an end is taken once: nothing is handed over with it"},
    {"take_end: owner (when it fails)", RELAXED,
     "an end is taken once: nothing is handed over with it"},
    {"bury: owner", RELAXED, "what the dead one did is ordered by the proof of its death"},
    {0}};

const weak_group ring_group = {"ring", litmus, NULL, excuses};
