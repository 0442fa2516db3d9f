/* The broadcast ring: core/src/broadcast.c, words.h. Records of one unit, two units of room; the
 * record at position p has header p + 10 and payload p + 10. Each unit is a section of `starts`. */
#include "weak.h"

enum {
  TAIL,
  OLDEST,
  HEADER,
  HEADER_1,
  WORD,
  WORD_1,
  START,
  START_1,
  NUMBER,
  NUMBER_1,
  ARRIVALS,
  STATE,
  OWNER,
  EXIT
};
#define PLACES                                                                          \
  {                                                                                     \
    "tail", "oldest", "header 0", "header 1", "word 0", "word 1", "start 0", "start 1", \
        "number 0", "number 1", "arrivals", "state", "owner", "exit"                    \
  }

/* sluice_broadcast_send of the record at `position`, which overwrites the one two before */
#define SEND(position)                                                           \
  do {                                                                           \
    STORE(OLDEST, (position)-1, RELEASE, "make_room: oldest");                   \
    STORE(NUMBER + (position) % 2, position, RELEASE, "note_start: number");     \
    STORE(START + (position) % 2, position, RELEASE, "note_start: position");    \
    STORE(HEADER + (position) % 2, (position) + 10, RELEASE, "put: header");     \
    STORE(WORD + (position) % 2, (position) + 10, RELEASE, "words_store: word"); \
    STORE(TAIL, (position) + 1, SEQ_CST, "send: tail");                          \
  } while (0)
THREAD(send_two) {
  BEGIN;
  for (r0 = 2; r0 < 4; r0++) {
    SEND(r0);
  }
  END;
}

/* look and the copy at position r0; r5 is 1 when it was read, -1 when overtaken */
#define READ_RECORD                                            \
  do {                                                         \
    r5 = 0;                                                    \
    LOAD(r1, TAIL, SEQ_CST, "arrived: tail");                  \
    if (r1 <= r0) {                                            \
      break;                                                   \
    }                                                          \
    LOAD(r2, HEADER + r0 % 2, ACQUIRE, "look: header");        \
    LOAD(r3, OLDEST, ACQUIRE, "overtaken: oldest");            \
    r5 = -1;                                                   \
    if (r3 > r0) {                                             \
      break;                                                   \
    }                                                          \
    CHECK(r2 == r0 + 10, "POISONED: another record's header"); \
    LOAD(r2, WORD + r0 % 2, ACQUIRE, "words_load: word");      \
    LOAD(r3, OLDEST, ACQUIRE, "overtaken: oldest");            \
    if (r3 > r0) {                                             \
      break;                                                   \
    }                                                          \
    CHECK(r2 == r0 + 10, "another record's payload");          \
    r5 = 1;                                                    \
  } while (0)
THREAD(read_from_0) {
  BEGIN;
  for (r0 = 0; r0 < 2; r0++) {
    READ_RECORD;
  }
  END;
}
THREAD(read_from_2) {
  BEGIN;
  for (r0 = 2; r0 < 4; r0++) {
    READ_RECORD;
    if (r5 != 1) {
      STOP;
    }
  }
  END;
}

/* find, from the oldest record on */
THREAD(find_oldest) {
  BEGIN;
  LOAD(r0, OLDEST, ACQUIRE, "find: oldest");
  LOAD(r1, TAIL, ACQUIRE, "find: tail");
  r5 = 0;
  for (r6 = 0; r6 < 2; r6++) {
    LOAD(r3, START + r6, ACQUIRE, "nearest_start: position");
    LOAD(r4, NUMBER + r6, ACQUIRE, "nearest_start: number");
    if (r3 == r0) {
      r5 = 1;
      r7 = r4;
    }
  }
  LOAD(r4, OLDEST, ACQUIRE, "find: oldest again");
  if (r4 == r0) {
    CHECK(r1 >= r0 && r1 - r0 <= 2, "POISONED: tail and oldest do not fit");
    CHECK(r5 == 1, "POISONED: no start for the oldest record");
    CHECK(r7 == r0, "another record's number");
  }
  END;
}

/* sleeping */
THREAD(send_and_signal) {
  BEGIN;
  STORE(TAIL, 1, SEQ_CST, "send: tail");
  LOAD(r6, ARRIVALS, SEQ_CST, NULL); /* sluice_event_signal_all: see event.c */
  if ((r6 & 1) != 0) {
    CAS(r7, ARRIVALS, r6, r6 + 1, SEQ_CST, SEQ_CST, NULL);
    WAKE(ARRIVALS);
  }
  END;
}
THREAD(close_and_signal) {
  BEGIN;
  FETCH_OR(r0, STATE, 1, SEQ_CST, "set_flag: state");
  LOAD(r6, ARRIVALS, SEQ_CST, NULL);
  if ((r6 & 1) != 0) {
    CAS(r7, ARRIVALS, r6, r6 + 1, SEQ_CST, SEQ_CST, NULL);
    WAKE(ARRIVALS);
  }
  END;
}
THREAD(reader_wait) {
  BEGIN;
  for (;;) {
    FETCH_OR(r6, ARRIVALS, 1, SEQ_CST, NULL);
    r6 |= 1;
    LOAD(r1, STATE, SEQ_CST, "flags_of: state");
    LOAD(r0, TAIL, SEQ_CST, "arrived: tail");
    if (r0 != 0 || r1 != 0) {
      STOP;
    }
    SLEEP(ARRIVALS, r6);
  }
  END;
}
THREAD(send_and_close) {
  BEGIN;
  STORE(TAIL, 1, SEQ_CST, "send: tail");
  FETCH_OR(r0, STATE, 1, SEQ_CST, "set_flag: state");
  END;
}
THREAD(flags_then_tail) {
  BEGIN;
  LOAD(r1, STATE, SEQ_CST, "flags_of: state");
  LOAD(r0, TAIL, SEQ_CST, "arrived: tail");
  CHECK(r1 == 0 || r0 == 1, "closed, and the last record is lost");
  END;
}

/* The writer died after its record; whoever takes over goes on behind it. */
THREAD(send_and_die) {
  BEGIN;
  SEND(2);
  STORE(EXIT, 1, RELEASE, NULL); /* the proof of its death */
  END;
}
THREAD(recover) {
  BEGIN;
  AWAIT(r0, EXIT, WEAK_EQ, 1, ACQUIRE, NULL);
  LOAD(r0, OWNER, ACQUIRE, "recover: look");
  if (r0 == 1) {
    FETCH_OR(r1, STATE, 4, SEQ_CST, "set_flag: state");
    CAS(r1, OWNER, 1, 0, ACQ_REL, RELAXED, "recover: owner");
  }
  END;
}
THREAD(take_over) {
  BEGIN;
  CAS(r0, OWNER, 0, 2, ACQ_REL, ACQUIRE, "writer_open: owner");
  if (r0 == 0) {
    LOAD(r1, TAIL, ACQUIRE, "take_over: tail");
    LOAD(r2, OLDEST, ACQUIRE, "take_over: oldest");
    LOAD(r3, HEADER, ACQUIRE, "walk: header");
    CHECK(r1 == 3 && r2 == 1 && r3 == 12, "not what the dead writer left");
    FETCH_AND(r1, STATE, ~4, SEQ_CST, "writer_open: state");
  }
  END;
}
static const char *is_back(const weak_end *end) {
  return end->r[2][0] == 0 && end->last[STATE] != 0 ? "a writer is there, and said to be lost"
                                                    : NULL;
}

#define TWO_RECORDS                                                                        \
  {                                                                                        \
    [TAIL] = 2, [HEADER] = 10, [HEADER_1] = 11, [WORD] = 10, [WORD_1] = 11, [START_1] = 1, \
    [NUMBER_1] = 1, [OWNER] = 1                                                            \
  }

static const weak_litmus litmus[] = {
    {.name = "a reader that is overtaken",
     .places = PLACES,
     .start = TWO_RECORDS,
     .threads = {{"writer", send_two}, {"reader", read_from_0}}},
    {.name = "a reader that keeps up",
     .places = PLACES,
     .start = TWO_RECORDS,
     .threads = {{"writer", send_two}, {"reader", read_from_2}}},
    {.name = "a reader that begins at the oldest",
     .places = PLACES,
     .start = TWO_RECORDS,
     .threads = {{"writer", send_two}, {"reader", find_oldest}}},
    {.name = "send against a reader that sleeps",
     .places = PLACES,
     .threads = {{"writer", send_and_signal}, {"reader", reader_wait}}},
    {.name = "close against a reader that sleeps",
     .places = PLACES,
     .threads = {{"closer", close_and_signal}, {"reader", reader_wait}}},
    {.name = "send, close: the last record is seen",
     .places = PLACES,
     .threads = {{"writer", send_and_close}, {"reader", flags_then_tail}}},
    {.name = "the writer dies, another takes over",
     .places = PLACES,
     .start = TWO_RECORDS,
     .wrong = is_back,
     .threads = {{"dead", send_and_die}, {"burier", recover}, {"next", take_over}}},
    {0}};

static const weak_excuse excuses[] = {
    {"overtaken: oldest", RELAXED, "the loads before it have acquired what they may"},
    {"find: oldest again", RELAXED, "as above"},
    {"recover: look", RELAXED, "the proof of death orders"},
    {"recover: owner", RELEASE, "as above"},
    {"writer_open: owner", ACQUIRE, "publishes nothing"},
    {"writer_open: owner (when it fails)", RELAXED, "nothing is done then"},
    {"take_over: tail", RELAXED, "the owner word has acquired it"},
    {"take_over: oldest", RELAXED, "as above"},
    {"walk: header", RELAXED,
     "as above (not so for readers: there look and the words stand for it)"},
    {"writer_open: state", RELAXED, "only its own flag"},
    {0}};

const weak_group broadcast_group = {"broadcast", litmus, NULL, excuses};
