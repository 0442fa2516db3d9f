/* The space's header and its participants: core/src/space.c, participant.c, burial.c. */
#include "weak.h"

enum {
  MAGIC,     /* header.magic, plain */
  BYTES,     /* header.bytes */
  VERSION,   /* header.version */
  ID,        /* slot.id: 0 = free, generation 0; 1 = held; 2 = free, generation 1; 3 = held anew */
  AREA,      /* slot.area */
  CONTENT,   /* the area's content, plain */
  DEAD,      /* slot.dead */
  BURIER,    /* slot.burier */
  REFS,      /* a block's references: bit 0 of the slot in question */
  LEFT,      /* what the dead one wrote, relaxed, before it died */
  EXIT,      /* the proof of its death: the operating system's, a worker's exit event */
  BURIERS_ID /* slot.id of a burier that may be dead itself */
};
#define PLACES                                                                              \
  {                                                                                         \
    "magic", "bytes", "version", "id", "area", "content", "dead", "burier", "refs", "left", \
        "exit", "burier's dead"                                                             \
  }

/* sluice_space_init, sluice_space_attach */
THREAD(init) {
  BEGIN;
  WRITE(MAGIC, 5);
  STORE(BYTES, 16384, RELAXED, "init: bytes");
  STORE(VERSION, 1, RELEASE, "init: version");
  END;
}
THREAD(attach) {
  BEGIN;
  LOAD(r0, VERSION, ACQUIRE, "attach: version");
  if (r0 == 1) {
    READ(r1, MAGIC);
    LOAD(r2, BYTES, RELAXED, "attach: bytes");
    CHECK(r1 == 5 && r2 == 16384, "a version without a header");
  }
  END;
}

/* free_slot, take_slot: the area goes over to the slot's next holder. */
THREAD(leave) {
  BEGIN;
  WRITE(CONTENT, 1);
  STORE(AREA, 1, RELEASE, "move_in: area");
  CAS(r0, ID, 1, 2, RELEASE, RELAXED, "free_slot: id");
  END;
}
THREAD(join) {
  BEGIN;
  LOAD(r0, ID, RELAXED, "take_slot: look");
  if (r0 == 2) {
    CAS(r0, ID, 2, 3, ACQ_REL, RELAXED, "take_slot: id");
    if (r0 == 2) {
      LOAD(r1, AREA, RELAXED, "move_in: old area");
      CHECK(r1 == 1, "the slot's area is not there");
      WRITE(CONTENT, 2);
    }
  }
  END;
}

/* sluice_participant_bury: marked by one, by whom the death is proven, buried by two at once; then
 * the slot's next holder refers to a block by the same bit. `me` is 1 or 2. */
#define BURY(me_id)                                                                    \
  do {                                                                                 \
    LOAD(r0, DEAD, ACQUIRE, "bury: dead");                                             \
    if (r0 != 1) {                                                                     \
      break;                                                                           \
    }                                                                                  \
    LOAD(r0, ID, ACQUIRE, "bury: id");                                                 \
    if (r0 != 1) {                                                                     \
      break;                                                                           \
    }                                                                                  \
    LOAD(r1, BURIER, ACQUIRE, "claim: look");                                          \
    if (r1 != 0) { /* a live one has it */                                             \
      break;                                                                           \
    }                                                                                  \
    CAS(r1, BURIER, 0, me_id, ACQ_REL, RELAXED, "claim: burier");                      \
    if (r1 != 0) {                                                                     \
      break;                                                                           \
    }                                                                                  \
    LOAD(r0, ID, ACQUIRE, "claim: id");                                                \
    if (r0 == 1) {                                                                     \
      LOAD(r2, LEFT, RELAXED, "recover: what it left");                                \
      CHECK(r2 == 1, "recovered without what the dead one did last");                  \
      LOAD(r2, REFS, ACQUIRE, "block_forget: refs");                                   \
      if ((r2 & 1) != 0) {                                                             \
        FETCH_AND(r2, REFS, ~1, SEQ_CST, NULL); /* sluice_block_release: see slab.c */ \
      }                                                                                \
      CAS(r0, ID, 1, 2, RELEASE, RELAXED, "bury: free the slot");                      \
    }                                                                                  \
    STORE(BURIER, 0, RELEASE, "bury: give the claim back");                            \
  } while (0)
THREAD(die) {
  BEGIN;
  STORE(LEFT, 1, RELAXED, NULL);
  STORE(EXIT, 1, RELEASE, NULL);
  END;
}
THREAD(mark_and_bury) {
  BEGIN;
  AWAIT(r0, EXIT, WEAK_EQ, 1, ACQUIRE, NULL);
  LOAD(r0, ID, ACQUIRE, "mark: id");
  if (r0 == 1) {
    STORE(DEAD, 1, SEQ_CST, "mark: dead");
  }
  BURY(1);
  END;
}
THREAD(bury_marked) {
  BEGIN;
  BURY(2);
  END;
}
THREAD(join_and_hold) {
  BEGIN;
  LOAD(r0, ID, RELAXED, "take_slot: look");
  if (r0 == 2) {
    CAS(r0, ID, 2, 3, ACQ_REL, RELAXED, "take_slot: id");
    if (r0 == 2) {
      FETCH_OR(r1, REFS, 1, SEQ_CST, NULL); /* sluice_block_hold, take */
      CHECK((r1 & 1) == 0, "the dead one's bit is still there");
      r7 = 1;
    }
  }
  END;
}
static const char *keeps_its_bit(const weak_end *end) {
  return end->r[3][7] == 1 && (end->last[REFS] & 1) == 0 ? "the next holder's bit was cleared"
                                                         : NULL;
}

/* sluice_participant_alive: who is found not to be, by a mark or by a slot that is free again, has
 * done its last; the recoveries of rings and queues rely on it. */
THREAD(look_whether_alive) {
  BEGIN;
  LOAD(r0, DEAD, SEQ_CST, "alive: dead");
  r1 = 1;
  if (r0 != 1) {
    LOAD(r1, ID, ACQUIRE, "alive: id");
  }
  if (r0 == 1 || r1 != 1) {
    LOAD(r2, LEFT, RELAXED, NULL);
    CHECK(r2 == 1, "not alive, and still writing");
  }
  END;
}

static const weak_litmus litmus[] = {
    {.name = "init, attach", .places = PLACES, .threads = {{"init", init}, {"attach", attach}}},
    {.name = "free_slot, take_slot: the area",
     .places = PLACES,
     .start = {[ID] = 1},
     .threads = {{"leaver", leave}, {"joiner", join}}},
    {.name = "bury: marked, buried by two, the slot taken anew",
     .places = PLACES,
     .start = {[ID] = 1, [REFS] = 5},
     .wrong = keeps_its_bit,
     .threads = {{"dead", die}, {"a", mark_and_bury}, {"b", bury_marked}, {"next", join_and_hold}}},
    {.name = "alive or not, beside a death and a burial",
     .places = PLACES,
     .start = {[ID] = 1, [REFS] = 5},
     .threads = {{"dead", die}, {"burier", mark_and_bury}, {"another", look_whether_alive}}},
    {0}};

static const weak_excuse excuses[] = {
    {"move_in: area", RELAXED, "free_slot publishes it, or the proof of death does"},
    {"take_slot: id", ACQUIRE, "publishes nothing"},
    {"alive: dead", ACQUIRE, "no other word is looked at by seq_cst after it"},
    {"mark: id", RELAXED, "only compared; who proved the death knows what went before"},
    {"mark: dead", RELEASE, "no other word is looked at after it"},
    {"bury: id", RELAXED, "looked at again after the claim"},
    {"claim: look", RELAXED, "only compared; the swap acquires"},
    {"claim: burier", ACQUIRE, "publishes nothing"},
    {"claim: id", RELAXED, "the claim has acquired what the last burier did"},
    {"block_forget: refs", RELAXED, "only decides whether to call block_release"},
    {0}};

const weak_group space_group = {"space", litmus, NULL, excuses};
