/* The MPMC queue of fixed slots: core/src/queue.c. Capacity 1, so that each ticket is a lap. */
#include "event_steps.h"

enum {
  TAIL,
  HEAD,
  TURN,    /* of the only slot: 2 t free for ticket t, 2 t + 1 filled */
  ELEMENT, /* plain */
  PUSH_A,  /* lines[].push: the ticket that a participant is about, plus 1 */
  PUSH_B,
  POP_A, /* lines[].pop */
  POP_B,
  LOST,
  ITEMS,
  ROOM,
  STATE
};
enum { SKIP = 64, COUNT = 128, WON = 256, WAITER = 1, CLOSED = 512 };
#define PLACES                                                                                \
  {                                                                                           \
    "tail", "head", "turn", "element", "a.push", "b.push", "a.pop", "b.pop", "lost", "items", \
        "room", "state", "state"                                                              \
  }

static int plausible(int turn, int last) {
  int gone = last - (turn & (SKIP - 1));
  return gone >= 0 && gone <= 2;
}

/* find_room: the ticket in r0, or -1 when it is full; r1 and r2 are scratch */
#define FIND_ROOM                                       \
  do {                                                  \
    LOAD(r0, TAIL, ACQUIRE, "find_room: tail");         \
    for (;;) {                                          \
      LOAD(r1, TURN, SEQ_CST, "find_room: turn");       \
      if (r1 == 2 * r0) {                               \
        break;                                          \
      }                                                 \
      LOAD(r2, TAIL, ACQUIRE, "find_room: tail again"); \
      if (r2 == r0) {                                   \
        CHECK(plausible(r1, 2 * r0), "POISONED");       \
        r0 = -1;                                        \
        break;                                          \
      }                                                 \
      r0 = r2;                                          \
    }                                                   \
  } while (0)

/* find_item: likewise, the turn in r1 */
#define FIND_ITEM                                       \
  do {                                                  \
    LOAD(r0, HEAD, ACQUIRE, "find_item: head");         \
    for (;;) {                                          \
      LOAD(r1, TURN, SEQ_CST, "find_item: turn");       \
      if ((r1 & ~SKIP) == 2 * r0 + 1) {                 \
        break;                                          \
      }                                                 \
      LOAD(r2, HEAD, ACQUIRE, "find_item: head again"); \
      if (r2 == r0) {                                   \
        CHECK(plausible(r1, 2 * r0 + 1), "POISONED");   \
        r0 = -1;                                        \
        break;                                          \
      }                                                 \
      r0 = r2;                                          \
    }                                                   \
  } while (0)

/* sluice_queue_try_push of `what`; r3 is 1 when it was pushed */
#define TRY_PUSH(line, what)                                     \
  do {                                                           \
    r3 = 0;                                                      \
    for (r4 = 0;; r4++) {                                        \
      ASSUME(r4 < 3);                                            \
      FIND_ROOM;                                                 \
      if (r0 < 0) {                                              \
        if (r4 > 0) {                                            \
          STORE(line, 0, RELEASE, "let_go: line");               \
        }                                                        \
        break;                                                   \
      }                                                          \
      STORE(line, r0 + 1, RELEASE, "take: line");                \
      CAS(r1, TAIL, r0, r0 + 1, ACQ_REL, RELAXED, "take: tail"); \
      if (r1 == r0) {                                            \
        WRITE(ELEMENT, what);                                    \
        STORE(TURN, 2 * r0 + 1, SEQ_CST, "push: turn");          \
        STORE(line, 0, RELEASE, "let_go: line");                 \
        r3 = 1;                                                  \
        break;                                                   \
      }                                                          \
    }                                                            \
  } while (0)

/* sluice_queue_try_pop; r3 is what was popped, 0 for nothing, -1 for a skipped slot */
#define TRY_POP(line)                                            \
  do {                                                           \
    r3 = 0;                                                      \
    for (r4 = 0;; r4++) {                                        \
      ASSUME(r4 < 3);                                            \
      FIND_ITEM;                                                 \
      if (r0 < 0) {                                              \
        if (r4 > 0) {                                            \
          STORE(line, 0, RELEASE, "let_go: line");               \
        }                                                        \
        break;                                                   \
      }                                                          \
      STORE(line, r0 + 1, RELEASE, "take: line");                \
      CAS(r2, HEAD, r0, r0 + 1, ACQ_REL, RELAXED, "take: head"); \
      if (r2 == r0) {                                            \
        r3 = -1;                                                 \
        if ((r1 & SKIP) == 0) {                                  \
          STORE(line, (r0 + 1) | WON, RELEASE, "empty: line");   \
          READ(r3, ELEMENT);                                     \
        }                                                        \
        STORE(TURN, 2 * r0 + 2, SEQ_CST, "empty: turn");         \
        STORE(line, 0, RELEASE, "let_go: line");                 \
        break;                                                   \
      }                                                          \
    }                                                            \
  } while (0)

THREAD(push_a) {
  BEGIN;
  TRY_PUSH(PUSH_A, 1);
  END;
}
THREAD(push_b) {
  BEGIN;
  TRY_PUSH(PUSH_B, 2);
  END;
}
THREAD(pop_a) {
  BEGIN;
  TRY_POP(POP_A);
  r7 = r3;
  END;
}
THREAD(pop_b) {
  BEGIN;
  TRY_POP(POP_B);
  r7 = r3;
  END;
}
THREAD(push_two) {
  BEGIN;
  TRY_PUSH(PUSH_A, 1);
  r6 = r3;
  TRY_PUSH(PUSH_A, 2);
  r7 = r3;
  END;
}
THREAD(pop_two) {
  BEGIN;
  TRY_POP(POP_A);
  r6 = r3;
  TRY_POP(POP_A);
  r7 = r3;
  END;
}
static const char *in_order(const weak_end *end) {
  int first = end->r[1][6];
  int second = end->r[1][7];
  return (first == 2 && end->r[0][6] == 1) || (first == 1 && second == 1) ||
                 (first == 0 && second == 2 && end->r[0][6] == 1)
             ? "out of order, or twice"
             : NULL;
}
/* Thread 0 pushes 1, thread 1 pushes 2, thread 2 pops: no element twice or out of thin air */
static const char *pushed_is_there(const weak_end *end) {
  int pushed = end->r[0][3] + end->r[1][3];
  int popped = (end->r[2][6] > 0) + (end->r[2][7] > 0);
  if (end->r[2][6] > 0 && end->r[2][6] == end->r[2][7]) {
    return "one element twice";
  }
  return end->last[TAIL] == pushed && end->last[HEAD] == popped ? NULL : "an element is lost";
}
/* One element, two consumers */
static const char *taken_once(const weak_end *end) {
  return end->r[0][7] != 0 && end->r[1][7] != 0 ? "one element taken twice" : NULL;
}

/* ---- sleeping: sluice_queue_push against sluice_queue_pop; the event words are event.c's ---- */
THREAD(push_and_wake) {
  BEGIN;
  TRY_PUSH(PUSH_A, 1);
  EVENT_SIGNAL_ONE(ITEMS);
  END;
}
THREAD(pop_and_wake) {
  BEGIN;
  TRY_POP(POP_A);
  EVENT_SIGNAL_ONE(ROOM);
  END;
}
THREAD(pop_or_sleep) {
  BEGIN;
  for (r7 = 0;; r7++) {
    ASSUME(r7 < 3);
    TRY_POP(POP_B);
    if (r3 != 0) {
      STOP;
    }
    FETCH_OR(r6, ITEMS, WAITER, SEQ_CST, NULL);
    r6 |= WAITER;
    FIND_ITEM;
    if (r0 < 0) {
      SLEEP(ITEMS, r6);
    }
  }
  END;
}
THREAD(push_or_sleep) {
  BEGIN;
  for (r7 = 0;; r7++) {
    ASSUME(r7 < 3);
    TRY_PUSH(PUSH_B, 2);
    if (r3 != 0) {
      STOP;
    }
    FETCH_OR(r6, ROOM, WAITER, SEQ_CST, NULL);
    r6 |= WAITER;
    FIND_ROOM;
    if (r0 < 0) {
      SLEEP(ROOM, r6);
    }
  }
  END;
}
/* sluice_queue_shut against both: whoever sleeps sees CLOSED in the tail when it looks again. The
 * queue is full for the pusher (one element, which nobody takes), and empty for the popper. */
THREAD(shut) {
  BEGIN;
  FETCH_OR(r0, TAIL, CLOSED, SEQ_CST, "shut: tail");
  FETCH_OR(r0, STATE, 1, SEQ_CST, "set_flag: state");
  EVENT_SIGNAL_ALL(ITEMS);
  EVENT_SIGNAL_ALL(ROOM);
  END;
}
THREAD(full_or_closed) {
  BEGIN;
  for (r7 = 0;; r7++) {
    ASSUME(r7 < 3);
    FETCH_OR(r6, ROOM, WAITER, SEQ_CST, NULL);
    r6 |= WAITER;
    LOAD(r5, STATE, SEQ_CST, "flags_of: state");
    LOAD(r0, TAIL, ACQUIRE, "find_room: tail");
    if ((r0 & CLOSED) != 0) {
      STOP;
    }
    LOAD(r1, TURN, SEQ_CST, "find_room: turn");
    LOAD(r0, TAIL, ACQUIRE, "find_room: tail again");
    if ((r0 & CLOSED) != 0) {
      STOP;
    }
    SLEEP(ROOM, r6);
  }
  END;
}
THREAD(empty_or_closed) {
  BEGIN;
  for (r7 = 0;; r7++) {
    ASSUME(r7 < 3);
    FETCH_OR(r6, ITEMS, WAITER, SEQ_CST, NULL);
    r6 |= WAITER;
    LOAD(r5, STATE, SEQ_CST, "flags_of: state");
    LOAD(r0, HEAD, ACQUIRE, "find_item: head");
    LOAD(r1, TURN, SEQ_CST, "find_item: turn");
    LOAD(r0, TAIL, SEQ_CST, "find_item: tail");
    if ((r0 & CLOSED) != 0) {
      STOP;
    }
    SLEEP(ITEMS, r6);
  }
  END;
}
/* ---- recovery of a dead producer A, which had named ticket 0 and may have taken it ---- */

/* recover_push, with named_by for the living B */
#define RECOVER_PUSH                                                             \
  do {                                                                           \
    LOAD(r0, PUSH_A, ACQUIRE, "recover_push: line");                             \
    if (r0 == 0) {                                                               \
      break;                                                                     \
    }                                                                            \
    LOAD(r1, TAIL, ACQUIRE, "recover_push: tail");                               \
    if (r0 - 1 < r1) {                                                           \
      LOAD(r2, TURN, ACQUIRE, "recover_push: turn");                             \
      if (r2 == 2 * (r0 - 1)) {                                                  \
        LOAD(r3, PUSH_B, ACQUIRE, "named_by: line");                             \
        if (r3 == r0) {                                                          \
          break; /* SLUICE_E_AGAIN: a living one names it */                     \
        }                                                                        \
        CAS(r3, TURN, 2 * (r0 - 1), (2 * (r0 - 1) + 1) | SKIP, SEQ_CST, RELAXED, \
            "recover_push: skip");                                               \
        r6 = r3 == 2 * (r0 - 1);                                                 \
      }                                                                          \
    }                                                                            \
    STORE(PUSH_A, 0, RELEASE, "recover_push: line cleared");                     \
    r7 = 1;                                                                      \
  } while (0)
THREAD(recover_push) {
  BEGIN;
  RECOVER_PUSH;
  END;
}
/* A has named and lost; B pushes; whatever the burier sees, B's element is not skipped. */
static const char *b_pushed(const weak_end *end) {
  if (end->r[1][6] == 1 && end->r[0][3] == 1) {
    return "a living producer's slot is skipped";
  }
  return end->last[TURN] & SKIP ? "a living producer's slot is skipped" : NULL;
}
/* A has taken ticket 0 and died; B comes and finds the slot not free; the consumer passes on. */
static const char *slot_passes(const weak_end *end) {
  return end->r[1][7] == 1 && (end->last[TURN] == 0) ? "the dead one's slot is not turned" : NULL;
}

/* ---- recovery of a dead consumer A, which had named ticket 0 and may have taken it ---- */
THREAD(recover_pop) {
  BEGIN;
  LOAD(r0, POP_A, ACQUIRE, "recover_pop: line");
  LOAD(r1, HEAD, ACQUIRE, "recover_pop: head");
  if (r0 != 0 && (r0 & ~WON) <= r1) {
    LOAD(r2, TURN, ACQUIRE, "recover_element: turn");
    if ((r0 & WON) != 0) {
      STORE(LOST, 1, RELEASE, "count_loss: lost");
      CAS(r3, TURN, 1, 2, SEQ_CST, RELAXED, "recover_element: freed");
    } else if (r2 == 1) {
      LOAD(r3, POP_B, ACQUIRE, "named_by: line");
      if ((r3 & ~WON) == r0) {
        STOP; /* a living one names it */
      }
      CAS(r3, TURN, 1, 2 | COUNT, SEQ_CST, RELAXED, "recover_element: count");
    }
    LOAD(r3, TURN, ACQUIRE, "recover_element: turn again");
    if (r3 == (2 | COUNT)) {
      STORE(LOST, 1, RELEASE, "count_loss: lost");
      CAS(r3, TURN, 2 | COUNT, 2, SEQ_CST, RELAXED, "recover_element: freed");
    }
  }
  STORE(POP_A, 0, RELEASE, "recover_pop: line cleared");
  r7 = 1;
  END;
}
/* A named ticket 0, B may take it */
static const char *lost_or_popped(const weak_end *end) {
  if (end->r[0][7] > 0 && end->last[LOST] != 0) {
    return "popped, and counted as lost";
  }
  return NULL;
}
/* A had taken it: the element is lost, the slot free, and the next producer fills it. */
static const char *freed_and_counted(const weak_end *end) {
  return end->last[LOST] == 1 && end->last[TURN] >= 2 ? NULL : "not freed, or not counted";
}

static const weak_litmus litmus[] = {
    {.name = "push two, pop two",
     .places = PLACES,
     .wrong = in_order,
     .threads = {{"producer", push_two}, {"consumer", pop_two}}},
    {.name = "two push, one pops two",
     .places = PLACES,
     .wrong = pushed_is_there,
     .long_only = 1,
     .threads = {{"a", push_a}, {"b", push_b}, {"consumer", pop_two}}},
    {.name = "one element, two pop",
     .places = PLACES,
     .start = {[TAIL] = 1, [TURN] = 1, [ELEMENT] = 1},
     .wrong = taken_once,
     .threads = {{"a", pop_a}, {"b", pop_b}}},
    {.name = "one element, two pop, one pushes behind it",
     .places = PLACES,
     .start = {[TAIL] = 1, [TURN] = 1, [ELEMENT] = 1},
     .long_only = 1,
     .threads = {{"a", pop_a}, {"b", pop_b}, {"c", push_b}}},
    {.name = "push two, pop one, another looks for room",
     .places = PLACES,
     .threads = {{"a", push_two}, {"consumer", pop_a}, {"b", push_b}}},
    {.name = "push two, pop two, another looks for an element",
     .places = PLACES,
     .threads = {{"a", push_two}, {"consumer", pop_two}, {"b", pop_b}}},
    {.name = "push against a consumer that sleeps",
     .places = PLACES,
     .threads = {{"a", push_and_wake}, {"b", pop_or_sleep}}},
    {.name = "pop against a producer that sleeps",
     .places = PLACES,
     .start = {[TAIL] = 1, [TURN] = 1, [ELEMENT] = 1},
     .threads = {{"a", pop_and_wake}, {"b", push_or_sleep}}},
    {.name = "shut against a producer that sleeps",
     .places = PLACES,
     .start = {[TAIL] = 1, [TURN] = 1, [ELEMENT] = 1},
     .threads = {{"closer", shut}, {"b", full_or_closed}}},
    {.name = "shut against a consumer that sleeps",
     .places = PLACES,
     .threads = {{"closer", shut}, {"b", empty_or_closed}}},
    {.name = "dead producer that had lost ticket 0: another's push stays",
     .places = PLACES,
     .start = {[PUSH_A] = 1},
     .wrong = b_pushed,
     .threads = {{"b", push_b}, {"burier", recover_push}}},
    {.name = "dead producer that had taken ticket 0: skipped, popped, pushed",
     .places = PLACES,
     .start = {[PUSH_A] = 1, [TAIL] = 1},
     .wrong = slot_passes,
     .threads = {{"b", push_b}, {"burier", recover_push}, {"consumer", pop_a}}},
    {.name = "dead consumer that had lost ticket 0",
     .places = PLACES,
     .start = {[POP_A] = 1, [TAIL] = 1, [TURN] = 1, [ELEMENT] = 1},
     .wrong = lost_or_popped,
     .threads = {{"b", pop_b}, {"burier", recover_pop}}},
    {.name = "dead consumer that had lost ticket 0, and a producer",
     .places = PLACES,
     .start = {[POP_A] = 1, [TAIL] = 1, [TURN] = 1, [ELEMENT] = 1},
     .wrong = lost_or_popped,
     .long_only = 1,
     .threads = {{"b", pop_b}, {"burier", recover_pop}, {"producer", push_b}}},
    {.name = "dead consumer that had taken ticket 0: freed, counted, pushed",
     .places = PLACES,
     .start = {[POP_A] = 1, [TAIL] = 1, [HEAD] = 1, [TURN] = 1, [ELEMENT] = 1},
     .wrong = freed_and_counted,
     .threads = {{"burier", recover_pop}, {"producer", push_b}, {"consumer", pop_b}}},
    {0}};

static const weak_excuse excuses[] = {
    {"take: line", RELAXED, "the swap behind it publishes it"},
    {"take: tail", RELEASE, "the look at the tail has acquired"},
    {"take: head", RELEASE, "the look at the head has acquired"},
    {"empty: line", RELAXED, "the turn behind it publishes it"},
    {"shut: tail", RELAXED,
     "set_flag behind it publishes it, and flags_of comes before each look at the tail"},
    {"find_item: tail", RELAXED, "as above"},
    {"recover_push: line", RELAXED, "the proof of death orders"},
    {"recover_push: line cleared", RELAXED,
     "the burial is claimed by one, and handed on by its claim"},
    {"recover_push: turn", RELAXED, "the swap fails if it was old"},
    {"recover_push: skip", RELAXED, "publishes no element, and the sleepers are woken in any case"},
    {"recover_pop: line", RELAXED, "the proof of death orders"},
    {"recover_pop: line cleared", RELAXED, "as in recover_push"},
    {"recover_element: turn", RELAXED, "the swap fails if it was old"},
    {"recover_element: count", RELAXED, "by one burier alone here; the plain element is not read"},
    {"recover_element: turn again", RELAXED,
     "its own swap, or the next burier's, who comes by the claim"},
    {"count_loss: lost", RELAXED, "a figure"},
    {"recover_element: freed", RELAXED,
     "its own reads are none: the element died unread, or was read by the dead one"},
    {0}};

const weak_group queue_group = {"queue", litmus, NULL, excuses};
