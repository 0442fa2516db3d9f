/* MPSC and MPMC rings: core/src/ring_many_producer.c, _consumer.c, _recover.c. Positions count
 * records of one or two units; there are four units, and one word of payload each. */
#include "weak.h"

enum {
  HEADER, /* and the next three: 0, or the units of the frame that starts there, + MARK of whom */
  HEADER_3 = HEADER + 3,
  PAYLOAD, /* plain, of the first unit; the litmus programs look at no other */
  TAIL,
  HEAD,
  READING,
  LINE_A, /* lines[].claim: position * 8 + flags */
  LINE_B,
  LINE_C,
  BYTES_A, /* lines[].bytes */
  BYTES_B,
  BYTES_C,
  FILLED,
  SIDE, /* side.owner */
  OPEN  /* ends.producers: CLOSED */
};
enum { CAPACITY = 4, ANNOUNCED = 1, WON = 2, FLAGS = 3, BY_B = 16, PADDING = 32, UNITS = 15 };
enum { WAITERS = 64 };
#define PLACES                                                                                 \
  {                                                                                            \
    "header 0", "header 1", "header 2", "header 3", "payload 0", "tail", "head", "reading",    \
        "line a", "line b", "line c", "bytes a", "bytes b", "bytes c", "filled", "side.owner", \
        "ends.producers"                                                                       \
  }

static int header_at(int position) {
  return HEADER + position % CAPACITY;
}

/* take_room of `units` by the one with LINE_B; r0 is its position, -1 without room. r1 scratch, r2
 * its private head. */
#define TAKE_ROOM(units, line, bytes)                                                \
  do {                                                                               \
    for (r3 = 0;; r3++) {                                                            \
      ASSUME(r3 < 3);                                                                \
      LOAD(r0, TAIL, ACQUIRE, "take_room: tail");                                    \
      if (r0 + (units)-r2 > CAPACITY) {                                              \
        LOAD(r1, HEAD, SEQ_CST, "room_at: head");                                    \
        CHECK(r1 > r0 || r0 - r1 <= CAPACITY, "POISONED: more than the ring holds"); \
        if (r1 > r0) {                                                               \
          continue;                                                                  \
        }                                                                            \
        r2 = r1;                                                                     \
        if (r0 + (units)-r2 > CAPACITY) {                                            \
          r0 = -1;                                                                   \
          break;                                                                     \
        }                                                                            \
      }                                                                              \
      STORE(bytes, units, RELAXED, "take_room: bytes");                              \
      STORE(line, r0 * 8 | ANNOUNCED, RELEASE, "take_room: announce");               \
      CAS(r1, TAIL, r0, r0 + (units), RELEASE, RELAXED, "take_room: swap");          \
      if (r1 == r0) {                                                                \
        STORE(line, r0 * 8 | ANNOUNCED | WON, RELEASE, "take_room: won");            \
        break;                                                                       \
      }                                                                              \
    }                                                                                \
  } while (0)

/* publish */
#define PUBLISH(word, line)                                 \
  do {                                                      \
    STORE(header_at(r0), word, SEQ_CST, "publish: header"); \
    STORE(line, 0, RELEASE, "publish: line cleared");       \
  } while (0)

/* A producer pushes one record; its payload too where it is the first unit. */
THREAD(push_b) {
  BEGIN;
  TAKE_ROOM(1, LINE_B, BYTES_B);
  if (r0 >= 0) {
    if (r0 % CAPACITY == 0) {
      WRITE(PAYLOAD, 22);
    }
    PUBLISH(1 | BY_B, LINE_B);
  }
  END;
}
THREAD(push_c) {
  BEGIN;
  TAKE_ROOM(1, LINE_C, BYTES_C);
  if (r0 >= 0) {
    if (r0 % CAPACITY == 0) {
      WRITE(PAYLOAD, 33);
    }
    PUBLISH(1, LINE_C);
  }
  END;
}

/* One record read and handed back: look, announce, wipe, hand_back. */
THREAD(consume) {
  BEGIN;
  LOAD(r0, HEAD, ACQUIRE, NULL); /* its own */
  LOAD(r1, header_at(r0), SEQ_CST, "look: header");
  if (r1 == 0) {
    STOP;
  }
  STORE(READING, r0 + (r1 & UNITS), RELEASE, "announce: reading");
  if (r0 % CAPACITY == 0 && (r1 & PADDING) == 0) {
    READ(r2, PAYLOAD);
    CHECK(r2 == (r1 & BY_B ? 22 : 33), "another payload");
  }
  STORE(header_at(r0), 0, RELEASE, "wipe: header");
  if (r0 % CAPACITY == 0) {
    WRITE(PAYLOAD, 0);
  }
  EXCHANGE(r2, HEAD, r0 + (r1 & UNITS), SEQ_CST, "hand_back: head");
  END;
}

/* sluice_ring_many_recover for the dead A, one at a time. B and C are alive, where they take part;
 * `dead_c`: C is dead as well, its claim is undecided. r5 is 1 when it has won, 2 for
 * SLUICE_E_AGAIN; r6 the ends that are attested; r7 what was padded. */
#define PASSED(position)                           \
  do {                                             \
    LOAD(r3, READING, ACQUIRE, "passed: reading"); \
    LOAD(r4, HEAD, ACQUIRE, "passed: head");       \
    r4 = r4 > (position) || r3 > (position);       \
  } while (0)
/* unpublished: r4 is 0 */
#define PASSED_OR_WRITTEN(position)                              \
  do {                                                           \
    PASSED(position);                                            \
    if (r4 == 0) {                                               \
      LOAD(r4, header_at(position), ACQUIRE, "is_zero: header"); \
      FETCH_OR(r3, HEAD, 0, ACQ_REL, "unpublished: head");       \
      if (r4 == 0) {                                             \
        PASSED(position);                                        \
      }                                                          \
    }                                                            \
  } while (0)
#define RECOVER_CLAIM(dead_c)                                                   \
  do {                                                                          \
    LOAD(r0, LINE_A, ACQUIRE, "claim_in: line");                                \
    LOAD(r1, BYTES_A, RELAXED, "recover_claim: bytes");                         \
    r0 /= 8;                                                                    \
    r5 = 1;                                                                     \
    LOAD(r2, TAIL, ACQUIRE, "has_won: tail");                                   \
    if (r2 <= r0) {                                                             \
      r5 = 0;                                                                   \
      break;                                                                    \
    }                                                                           \
    LOAD(r3, LINE_B, ACQUIRE, "claim_in: line");                                \
    if ((r3 & ANNOUNCED) != 0 && r3 / 8 == r0) {                                \
      r5 = (r3 & WON) != 0 ? 0 : 2;                                             \
    }                                                                           \
    if (r5 == 0) {                                                              \
      break;                                                                    \
    }                                                                           \
    PASSED_OR_WRITTEN(r0);                                                      \
    if (r4 != 0) {                                                              \
      r5 = 0;                                                                   \
      break;                                                                    \
    }                                                                           \
    if (r5 == 2) {                                                              \
      break;                                                                    \
    }                                                                           \
    if (dead_c) { /* its end is nearer: is that attested? */                    \
      LOAD(r6, BYTES_C, RELAXED, "has_won: bytes");                             \
      if (r6 < r1) {                                                            \
        r6 += r0;                                                               \
        r4 = r2 == r6;                                                          \
        if (r2 > r6) {                                                          \
          LOAD(r3, LINE_B, ACQUIRE, "claim_in: line");                          \
          r4 = (r3 & ANNOUNCED) != 0 && r3 / 8 == r6;                           \
          if (r4 == 0) {                                                        \
            LOAD(r3, header_at(r6), ACQUIRE, "is_zero: header");                \
            r4 = r3 != 0;                                                       \
          }                                                                     \
        }                                                                       \
        if (r4 != 0) {                                                          \
          r5 = 0;                                                               \
          break;                                                                \
        }                                                                       \
      }                                                                         \
    }                                                                           \
    STORE(LINE_A, r0 * 8 | ANNOUNCED | WON, RELEASE, "recover: winner marked"); \
    PASSED_OR_WRITTEN(r0);                                                      \
    if (r4 == 0) {                                                              \
      STORE(header_at(r0), r1 | PADDING, SEQ_CST, "pad: header");               \
      r7 = 1;                                                                   \
    }                                                                           \
    STORE(LINE_A, 0, RELEASE, "recover: line cleared");                         \
  } while (0)
THREAD(recover_a) {
  BEGIN;
  RECOVER_CLAIM(0);
  END;
}
THREAD(recover_a_and_c) {
  BEGIN;
  RECOVER_CLAIM(1);
  END;
}

/* A record of two units, whose second one lies where a header was a lap before. That is no header
 * now, and the burier that looks at it nevertheless has to throw away what it sees: by the rules a
 * race with a plain write, so this one is relaxed. */
THREAD(push_two_over_a_header) {
  BEGIN;
  TAKE_ROOM(2, LINE_C, BYTES_C);
  if (r0 >= 0) {
    STORE(header_at(r0 + 1), 0, RELAXED, NULL);
    PUBLISH(2, LINE_C);
  }
  END;
}

/* A had lost position 0 to B: nothing is padded, and B's record stays, or is read. */
static const char *not_padded(const weak_end *end) {
  return end->r[0][7] == 0 ? NULL : "a living producer's record is padded over";
}
static const char *padded(const weak_end *end) {
  return end->r[0][7] == 1 ? NULL : "a dead producer's claim is not padded";
}

/* Sleeping: an MPSC consumer against a commit, and against the last producer's leaving. */
THREAD(commit_and_signal) {
  BEGIN;
  r0 = 0;
  PUBLISH(1, LINE_C);
  LOAD(r5, FILLED, SEQ_CST, NULL); /* sluice_event_signal_one: see event.c */
  if ((r5 & 1) != 0) {
    CAS(r6, FILLED, r5, r5 + 2, SEQ_CST, SEQ_CST, NULL);
    WAKE_ONE(r6, FILLED);
  }
  END;
}
THREAD(leave_and_signal) {
  BEGIN;
  CAS(r0, OPEN, 1, 2, SEQ_CST, SEQ_CST, "leave: openers");
  LOAD(r5, FILLED, SEQ_CST, NULL);
  if ((r5 & 1) != 0) {
    CAS(r6, FILLED, r5, r5 + 1, SEQ_CST, SEQ_CST, NULL);
    WAKE(FILLED);
  }
  END;
}
THREAD(commit_and_leave) {
  BEGIN;
  r0 = 0;
  PUBLISH(1, LINE_C);
  CAS(r0, OPEN, 1, 2, SEQ_CST, SEQ_CST, "leave: openers");
  END;
}
THREAD(consumer_wait) {
  BEGIN;
  for (;;) {
    FETCH_OR(r6, FILLED, 1, SEQ_CST, NULL);
    r6 |= 1;
    LOAD(r1, HEADER, SEQ_CST, "look: header");
    LOAD(r2, OPEN, SEQ_CST, "openers_of: openers");
    if (r1 != 0 || r2 == 2) {
      STOP;
    }
    SLEEP(FILLED, r6);
  }
  END;
}
THREAD(hand_back_and_signal) {
  BEGIN;
  EXCHANGE(r0, HEAD, 1, SEQ_CST, "hand_back: head");
  LOAD(r5, FILLED, SEQ_CST, NULL); /* `room` here */
  if ((r5 & 1) != 0) {
    CAS(r6, FILLED, r5, r5 + 1, SEQ_CST, SEQ_CST, NULL);
    WAKE(FILLED);
  }
  END;
}
THREAD(producer_wait) {
  BEGIN;
  for (;;) {
    FETCH_OR(r6, FILLED, 1, SEQ_CST, NULL);
    r6 |= 1;
    LOAD(r1, HEAD, SEQ_CST, "room_at: head");
    if (r1 == 1) {
      STOP;
    }
    SLEEP(FILLED, r6);
  }
  END;
}
THREAD(look_again) {
  BEGIN;
  LOAD(r1, HEADER, SEQ_CST, "look: header");
  if (r1 == 0) {
    LOAD(r2, OPEN, SEQ_CST, "openers_of: openers");
    if (r2 == 2) {
      LOAD(r1, HEADER, SEQ_CST, "look: header");
      CHECK(r1 != 0, "closed, and the last record is lost");
    }
  }
  END;
}

/* The consumers' side of an MPMC ring: taken, a batch read, given back; another waits for it. */
#define SIDE_BATCH                                            \
  do {                                                        \
    LOAD(r1, HEAD, ACQUIRE, "take_side: head");               \
    LOAD(r2, header_at(r1), SEQ_CST, "look: header");         \
    if (r2 != 0) {                                            \
      CHECK(r2 == r1 + 1, "not the record that is next");     \
      if (r1 == 0) {                                          \
        READ(r3, PAYLOAD);                                    \
        CHECK(r3 == 33, "another payload");                   \
      }                                                       \
      STORE(READING, r1 + 1, RELEASE, "announce: reading");   \
      STORE(header_at(r1), 0, RELEASE, "wipe: header");       \
      if (r1 == 0) {                                          \
        WRITE(PAYLOAD, 0);                                    \
      }                                                       \
      EXCHANGE(r3, HEAD, r1 + 1, SEQ_CST, "hand_back: head"); \
      r7++;                                                   \
    }                                                         \
    EXCHANGE(r4, SIDE, 0, SEQ_CST, "give_back: side");        \
  } while (0)
THREAD(take_batch) {
  BEGIN;
  CAS(r0, SIDE, 0, me->id + 1, SEQ_CST, SEQ_CST, "take_side: side");
  if (r0 == 0) {
    SIDE_BATCH;
  }
  END;
}
/* As above; who does not get it marks it and sleeps on `filled`, whoever gives it back wakes. */
THREAD(take_or_mark) {
  BEGIN;
  for (r5 = 0;; r5++) {
    ASSUME(r5 < 3);
    FETCH_OR(r6, FILLED, 1, SEQ_CST, NULL);
    r6 |= 1;
    CAS(r0, SIDE, 0, me->id + 1, SEQ_CST, SEQ_CST, "take_side: side");
    if (r0 == 0) {
      SIDE_BATCH;
      STOP;
    }
    if ((r0 & WAITERS) == 0) {
      r1 = r0;
      CAS(r0, SIDE, r1, r1 | WAITERS, SEQ_CST, RELAXED, "take_side: mark");
      if (r0 != r1) {
        continue;
      }
    }
    SLEEP(FILLED, r6);
  }
  END;
}
THREAD(batch_and_wake) {
  BEGIN;
  CAS(r0, SIDE, 0, me->id + 1, SEQ_CST, SEQ_CST, "take_side: side");
  if (r0 == 0) {
    SIDE_BATCH;
    if ((r4 & WAITERS) != 0) {
      LOAD(r5, FILLED, SEQ_CST, NULL);
      if ((r5 & 1) != 0) {
        CAS(r6, FILLED, r5, r5 + 2, SEQ_CST, SEQ_CST, NULL);
        WAKE_ONE(r6, FILLED);
      }
    }
  }
  END;
}

/* A record comes while one is at work who has looked already. Who is woken for it and only reads
 * tells that one, and gives up; the other who sleeps has to be woken then. */
THREAD(at_work) {
  BEGIN;
  LOAD(r1, HEADER, SEQ_CST, "look: header");
  r7 = r1 != 0;
  EXCHANGE(r4, SIDE, 0, SEQ_CST, "give_back: side");
  if ((r4 & WAITERS) != 0) {
    LOAD(r5, FILLED, SEQ_CST, NULL);
    if ((r5 & 1) != 0) {
      CAS(r6, FILLED, r5, r5 + 2, SEQ_CST, SEQ_CST, NULL);
      WAKE_ONE(r6, FILLED);
    }
  }
  END;
}
THREAD(read_when_woken) {
  BEGIN;
  SLEEP(FILLED, 1);
  /* Being woken orders, in a kernel and in an engine; the explorer's SLEEP does not, but this does. */
  FETCH_OR(r2, FILLED, 0, SEQ_CST, NULL);
  CAS(r0, SIDE, 0, me->id + 1, SEQ_CST, SEQ_CST, "take_side: side");
  ASSUME(r0 != 0); /* it gives up, and does not read */
  if ((r0 & WAITERS) == 0) {
    CAS(r1, SIDE, r0, r0 | WAITERS, SEQ_CST, RELAXED, "take_side: mark");
    ASSUME(r1 == r0);
  }
  END;
}
THREAD(wait_on) {
  BEGIN;
  r6 = 1;
  for (r5 = 0;; r5++) {
    ASSUME(r5 < 3);
    SLEEP(FILLED, r6);
    FETCH_OR(r6, FILLED, 1, SEQ_CST, NULL);
    r6 |= 1;
    CAS(r0, SIDE, 0, me->id + 1, SEQ_CST, SEQ_CST, "take_side: side");
    if (r0 == 0) {
      LOAD(r1, HEADER, SEQ_CST, "look: header");
      r7 = r1 != 0;
      EXCHANGE(r4, SIDE, 0, SEQ_CST, "give_back: side");
      if (r7 != 0) {
        STOP;
      }
    } else if ((r0 & WAITERS) == 0) {
      CAS(r1, SIDE, r0, r0 | WAITERS, SEQ_CST, RELAXED, "take_side: mark");
      ASSUME(r1 == r0);
    }
  }
  END;
}
static const char *found_by_one(const weak_end *end) {
  return end->r[1][7] != 0 || end->r[3][7] != 0 ? NULL : "a record is there, and nobody reads it";
}

static const weak_litmus litmus[] = {
    {.name = "two push, one reads",
     .places = PLACES,
     .threads = {{"b", push_b}, {"c", push_c}, {"consumer", consume}}},
    {.name = "room a lap later, by two",
     .places = PLACES,
     .start = {[TAIL] = 4, [HEADER] = 1, [PAYLOAD] = 33},
     .threads = {{"b", push_b}, {"c", push_c}, {"consumer", consume}}},
    {.name = "dead A had lost position 0 to living B",
     .places = PLACES,
     .start = {[LINE_A] = ANNOUNCED, [BYTES_A] = 2},
     .wrong = not_padded,
     .threads = {{"burier", recover_a}, {"b", push_b}, {"consumer", consume}}},
    {.name = "dead A had won position 0, B is behind it",
     .places = PLACES,
     .start = {[LINE_A] = ANNOUNCED, [BYTES_A] = 1, [TAIL] = 1},
     .wrong = padded,
     .threads = {{"burier", recover_a}, {"b", push_b}, {"consumer", consume}}},
    {.name = "dead A and C name position 0, C had won it with less, B behind",
     .places = PLACES,
     .start =
         {[LINE_A] = ANNOUNCED, [BYTES_A] = 2, [LINE_C] = ANNOUNCED, [BYTES_C] = 1, [TAIL] = 1},
     .wrong = not_padded,
     .threads = {{"burier", recover_a_and_c}, {"b", push_b}}},
    {.name = "dead A and C name position 0, A had won it with more, B behind",
     .places = PLACES,
     .start =
         {[LINE_A] = ANNOUNCED, [BYTES_A] = 2, [LINE_C] = ANNOUNCED, [BYTES_C] = 1, [TAIL] = 2},
     .wrong = padded,
     .threads = {{"burier", recover_a_and_c}, {"b", push_b}}},
    {.name = "dead A had lost position 1 to B, which was read, and C is there a lap later",
     .places = PLACES,
     .start = {[LINE_A] = 1 * 8 | ANNOUNCED,
               [BYTES_A] = 2,
               [TAIL] = 4,
               [HEAD] = 1,
               [READING] = 1,
               [HEADER + 1] = 1 | BY_B},
     .wrong = not_padded,
     .threads = {{"burier", recover_a}, {"c", push_two_over_a_header}, {"consumer", consume}}},
    {.name = "commit against a consumer that sleeps",
     .places = PLACES,
     .threads = {{"producer", commit_and_signal}, {"consumer", consumer_wait}}},
    {.name = "hand_back against a producer that sleeps",
     .places = PLACES,
     .threads = {{"consumer", hand_back_and_signal}, {"producer", producer_wait}}},
    {.name = "leave against a consumer that sleeps",
     .places = PLACES,
     .start = {[OPEN] = 1},
     .threads = {{"producer", leave_and_signal}, {"consumer", consumer_wait}}},
    {.name = "commit, leave; closed, look once more",
     .places = PLACES,
     .start = {[OPEN] = 1},
     .threads = {{"producer", commit_and_leave}, {"consumer", look_again}}},
    {.name = "side: two batches",
     .places = PLACES,
     .start = {[HEADER] = 1, [HEADER + 1] = 2, [PAYLOAD] = 33, [TAIL] = 2},
     .threads = {{"a", take_batch}, {"b", take_batch}}},
    {.name = "side: taken, wanted, given back",
     .places = PLACES,
     .start = {[HEADER] = 1, [HEADER + 1] = 2, [PAYLOAD] = 33, [TAIL] = 2},
     .threads = {{"a", batch_and_wake}, {"b", take_or_mark}}},
    {.name = "side: who was woken tells the one at work, and gives up",
     .places = PLACES,
     .start = {[FILLED] = 1, [SIDE] = 2},
     .may_sleep = 1 << 2 | 1 << 3,
     .wrong = found_by_one,
     .events = {8, 10, 8, 32},
     .threads = {{"producer", commit_and_signal},
                 {"at work", at_work},
                 {"woken", read_when_woken},
                 {"waiting", wait_on}}},
    {0}};

static const weak_excuse excuses[] = {
    {"take_room: announce", RELAXED, "the swap behind it publishes it"},
    {"take_room: won", RELAXED, "if it is not seen, the burier only waits"},
    {"announce: reading", RELAXED, "wipe publishes it"},
    {"passed: reading", RELAXED,
     "a yes is true at any time, and before a no that counts the header, or the head's update, has "
     "acquired"},
    {"passed: head", RELAXED, "as above"},
    {"unpublished: head", RELAXED,
     "an update of the word that hand_back updates: one comes first; load buffering, which would "
     "let the look come after it all the same, the explorer has not"},
    {"recover: winner marked", RELAXED, "one burier at a time; the next comes by the claim"},
    {"pad: header", RELAXED, "a padding has no payload, and the sleepers are woken in any case"},
    {"recover: line cleared", RELAXED, "as winner marked"},
    {"leave: openers (when it fails)", RELAXED, "tried again"},
    {"take_side: side", ACQUIRE, "publishes nothing"},
    {"take_side: side (when it fails)", RELAXED, "what counts is the mark"},
    {"take_side: head", RELAXED, "the side has acquired it"},
    {"take_side: mark", RELAXED,
     "an update of the word that give_back updates: one sees the other"},
    {"give_back: side", ACQ_REL, "an update of the word that is marked"},
    {0}};

const weak_group ring_many_group = {"ring_many", litmus, NULL, excuses};
