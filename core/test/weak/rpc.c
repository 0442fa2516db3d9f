/* Calls: core/src/rpc_caller.c, rpc_server.c, rpc_queue.c. One call slot, one place in the queue.
 */
#include "event_steps.h"

enum { WORD, REQUEST, REPLY, PLACE, BITS, WORK, ARRIVED, CANCELLED, BEFORE };
enum { CLAIMED = 1, QUEUED = 2, RUNNING = 3, DONE = 4, FREE_AGAIN = 5, CLAIMED_AGAIN = 6 };
#define PLACES                                                                                 \
  {                                                                                            \
    "call.word", "request", "reply", "queue place", "caller's bits", "work", "caller's event", \
        "call.cancelled", "what was done before"                                               \
  }

#define MOVE(from, into) CAS(r0, WORD, from, into, SEQ_CST, ACQUIRE, "move: word")

THREAD(caller) {
  BEGIN;
  WRITE(REQUEST, 7);
  MOVE(CLAIMED, QUEUED);
  CAS(r1, PLACE, 0, 1, SEQ_CST, RELAXED, "push: place");
  EVENT_SIGNAL_ALL(WORK);
  for (r5 = 0;; r5++) {
    ASSUME(r5 < 3);
    LOAD(r1, BITS, RELAXED, "find_bit: bits");
    if (r1 != 0) {
      FETCH_AND(r1, BITS, 0, SEQ_CST, "poll: bits");
      LOAD(r0, WORD, ACQUIRE, "poll: word");
      CHECK(r0 == DONE, "told, and not done");
      READ(r2, REPLY);
      CHECK(r2 == 8, "another reply");
      MOVE(DONE, FREE_AGAIN);
      STOP;
    }
    EVENT_MARK(r3, ARRIVED);
    LOAD(r1, BITS, SEQ_CST, "is_there: bits");
    if (r1 == 0) {
      SLEEP(ARRIVED, r3);
    }
  }
  END;
}
THREAD(server) {
  BEGIN;
  for (r5 = 0;; r5++) {
    ASSUME(r5 < 3);
    LOAD(r1, PLACE, SEQ_CST, "look: place");
    if (r1 == 1) {
      break;
    }
    EVENT_MARK(r3, WORK);
    LOAD(r1, PLACE, SEQ_CST, "look: place");
    if (r1 == 0) {
      SLEEP(WORK, r3);
    }
  }
  LOAD(r0, WORD, ACQUIRE, "is_queued: word");
  CHECK(r0 == QUEUED, "passed over");
  MOVE(QUEUED, RUNNING);
  CAS(r1, PLACE, 1, 2, SEQ_CST, RELAXED, "drop: place");
  READ(r2, REQUEST);
  CHECK(r2 == 7, "another request");
  WRITE(REPLY, 8);
  MOVE(RUNNING, DONE);
  FETCH_OR(r1, BITS, 1, SEQ_CST, "tell: bits");
  EVENT_SIGNAL_ALL(ARRIVED);
  END;
}
/* Takes the slot for the next call. */
THREAD(next_caller) {
  BEGIN;
  LOAD(r0, WORD, RELAXED, "take_slot: word");
  if (r0 == FREE_AGAIN) {
    MOVE(FREE_AGAIN, CLAIMED_AGAIN);
    if (r0 == FREE_AGAIN) {
      WRITE(REQUEST, 9);
      WRITE(REPLY, 0);
    }
  }
  END;
}

/* sluice_rpc_cancel, sluice_rpc_cancelled */
THREAD(cancel) {
  BEGIN;
  WRITE(BEFORE, 5);
  STORE(CANCELLED, 1, RELEASE, "cancel: cancelled");
  END;
}
THREAD(heed) {
  BEGIN;
  LOAD(r0, CANCELLED, ACQUIRE, "cancelled: cancelled");
  if (r0 == 1) {
    READ(r1, BEFORE);
    CHECK(r1 == 5, "cancelled, and not what was done before");
  }
  END;
}

static const weak_litmus litmus[] = {
    {.name = "submit, serve, reply",
     .places = PLACES,
     .start = {[WORD] = CLAIMED},
     .threads = {{"caller", caller}, {"server", server}}},
    {.name = "submit, serve, reply, the slot taken anew",
     .places = PLACES,
     .start = {[WORD] = CLAIMED},
     .threads = {{"caller", caller}, {"server", server}, {"next", next_caller}}},
    {.name = "cancel, cancelled",
     .places = PLACES,
     .threads = {{"caller", cancel}, {"server", heed}}},
    {0}};

static const weak_excuse excuses[] = {
    {"move: word", ACQ_REL,
     "sleepers look at the place and the bits; a caller that waits for a free slot is not in these "
     "programs"},
    {"move: word (when it fails)", RELAXED, "nothing is done then"},
    {"is_queued: word", RELAXED, "the place has acquired it, and move does"},
    {"drop: place", RELAXED, "a caller that waits for room is not in these programs"},
    {"poll: bits", ACQUIRE, "publishes nothing"},
    {"poll: word", RELAXED, "the bits have acquired it"},
    {0}};

const weak_group rpc_group = {"rpc", litmus, NULL, excuses};
