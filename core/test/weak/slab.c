/* Blocks: core/src/slab.c. The programs run with those of table.c, which has the same edges. */
#include "slab.h"

enum {
  REFS,    /* block.refs: bit 0 and 1 of participants, 4 = the space's, 8 = a place names it */
  PAYLOAD, /* the block's content, plain */
  SERIAL,  /* block.serial */
  UNITS,   /* block.units */
  HEAP,    /* header.next: 0 = the first block is not made, 9 = being made, 1 = made */
  FIRST,   /* class.first */
  NEXT,    /* block.next */
  CURSOR,  /* class.cursor */
  HINT,    /* class.hint */
  BYTES,   /* header.bytes */
  STATE
};
enum { MAKING = 64 };
#define PLACES                                                                                     \
  {                                                                                                \
    "refs", "payload", "serial", "units", "heap.next", "first", "next", "cursor", "hint", "bytes", \
        "state"                                                                                    \
  }

/* take: to is 0 when it succeeded */
#define TAKE(to, mine)                                        \
  do {                                                        \
    LOAD(to, REFS, RELAXED, "take: look");                    \
    if (to == 0) {                                            \
      CAS(to, REFS, 0, mine, ACQUIRE, RELAXED, "take: refs"); \
    }                                                         \
  } while (0)

/* sluice_block_release, of `bits`; r6 is the references before, r7 what is left. `finalize`: what
 * the last one does before its compare-and-swap. */
#define BLOCK_RELEASE_AND(bits, finalize)                             \
  do {                                                                \
    LOAD(r6, REFS, SEQ_CST, "block_release: look");                   \
    while ((r6 & (bits)) != 0) {                                      \
      r5 = r6;                                                        \
      r7 = r5 & ~(bits);                                              \
      if (r7 == 0) {                                                  \
        finalize;                                                     \
      }                                                               \
      CAS(r6, REFS, r5, r7, SEQ_CST, ACQUIRE, "block_release: refs"); \
      if (r6 == r5) {                                                 \
        break;                                                        \
      }                                                               \
    }                                                                 \
  } while (0)
#define BLOCK_RELEASE(bits) BLOCK_RELEASE_AND(bits, (void)0)

/* Two hold the block, read and write it, let go; a third takes it. */
THREAD(write_and_release) {
  BEGIN;
  WRITE(PAYLOAD, 1);
  BLOCK_RELEASE(1);
  END;
}
THREAD(read_and_release) {
  BEGIN;
  READ(r0, SERIAL);
  BLOCK_RELEASE(2);
  END;
}
THREAD(take_and_write) {
  BEGIN;
  TAKE(r0, 4);
  if (r0 == 0) {
    WRITE(PAYLOAD, 2);
    WRITE(SERIAL, 2);
  }
  END;
}
THREAD(take_and_release) {
  BEGIN;
  TAKE(r0, 4);
  if (r0 == 0) {
    WRITE(PAYLOAD, 3);
    BLOCK_RELEASE(4);
  }
  END;
}

THREAD(take_and_write_payload) {
  BEGIN;
  TAKE(r0, 4);
  if (r0 == 0) {
    WRITE(PAYLOAD, 2);
  }
  END;
}

/* make and finish, by whoever comes; the walk of sluice_block_next */
THREAD(make) {
  BEGIN;
  LOAD(r0, HEAP, ACQUIRE, "make: next");
  if (r0 == 0) {
    CAS(r0, HEAP, 0, 9, ACQ_REL, RELAXED, "make: begin");
  }
  if (r0 == 0 || r0 == 9) { /* finish: its own or another's */
    STORE(UNITS, 3, RELAXED, "finish: units");
    CAS(r1, HEAP, 9, 1, RELEASE, RELAXED, "finish: next");
  }
  END;
}
THREAD(make_and_chain) {
  BEGIN;
  LOAD(r0, HEAP, ACQUIRE, "make: next");
  if (r0 == 0) {
    CAS(r0, HEAP, 0, 9, ACQ_REL, RELAXED, "make: begin");
    if (r0 == 0) {
      STORE(UNITS, 3, RELAXED, "finish: units");
      CAS(r1, HEAP, 9, 1, RELEASE, RELAXED, "finish: next");
      LOAD(r1, FIRST, RELAXED, "chain: look");
      STORE(NEXT, 77, RELAXED, "chain: link");
      CAS(r2, FIRST, r1, 1, RELEASE, RELAXED, "chain: first");
    }
  }
  END;
}
THREAD(walk) {
  BEGIN;
  LOAD(r0, HEAP, ACQUIRE, "block_next: next");
  if (r0 == 1) {
    LOAD(r1, UNITS, RELAXED, "block_room: units");
    CHECK(r1 == 3, "POISONED: a block without a size");
  }
  END;
}
/* find_free: by the chain; and by the cursor that another has left behind */
THREAD(sweep) {
  BEGIN;
  LOAD(r0, CURSOR, ACQUIRE, "find_free: cursor");
  if (r0 == 0) {
    LOAD(r0, FIRST, ACQUIRE, "find_free: first");
  }
  if (r0 != 0) {
    LOAD(r1, UNITS, RELAXED, "block_room: units");
    CHECK(r1 == 3, "POISONED: a block without a size");
    LOAD(r1, NEXT, RELAXED, "find_free: link");
    CHECK(r1 == 77, "an old link");
    STORE(CURSOR, 1, RELEASE, "find_free: move the cursor");
  }
  END;
}

/* sluice_slab_ref by {offset, serial}: the handle is of serial 5; its block is freed, and taken
 * anew. A word with MAKING counts as free for all but the taker, until the serial is stored. */
#define HOLD_BY_HANDLE                                                 \
  do {                                                                 \
    LOAD(r6, REFS, RELAXED, "block_hold: look");                       \
    while (r6 != 0 && (r6 & MAKING) == 0) {                            \
      r7 = r6;                                                         \
      CAS(r6, REFS, r7, r7 | 2, SEQ_CST, RELAXED, "block_hold: refs"); \
      if (r6 == r7) {                                                  \
        LOAD(r0, SERIAL, RELAXED, "slab_ref: serial");                 \
        if (r0 == 5) {                                                 \
          READ(r1, PAYLOAD);                                           \
          CHECK(r1 == 5, "a handle gone stale gives another's block"); \
        }                                                              \
        break;                                                         \
      }                                                                \
    }                                                                  \
  } while (0)
THREAD(ref_by_handle) {
  BEGIN;
  HOLD_BY_HANDLE;
  END;
}
THREAD(free_and_take_anew) {
  BEGIN;
  BLOCK_RELEASE(1);
  if (r6 == 0 || r7 != 0) {
    STOP;
  }
  CAS(r0, REFS, 0, MAKING | 1, ACQUIRE, RELAXED, "take: refs");
  if (r0 == 0) {
    STORE(SERIAL, 6, RELAXED, "take: serial");
    STORE(REFS, 1, RELEASE, "take: made");
    WRITE(PAYLOAD, 6);
  }
  END;
}
/* Without it, the serial comes after the step that makes the block live. */
THREAD(free_and_take_at_once) {
  BEGIN;
  BLOCK_RELEASE(1);
  if (r6 == 0 || r7 != 0) {
    STOP;
  }
  CAS(r0, REFS, 0, 1, ACQUIRE, RELAXED, NULL);
  if (r0 == 0) {
    STORE(SERIAL, 6, RELEASE, NULL);
    WRITE(PAYLOAD, 6);
  }
  END;
}

/* Whoever is the last finalizes the object, and sees what the other holders did. */
#define FINALIZE                                                 \
  do {                                                           \
    READ(r4, PAYLOAD);                                           \
    CHECK(r4 == 3, "finalized without what another holder did"); \
  } while (0)
THREAD(change_and_close) {
  BEGIN;
  WRITE(PAYLOAD, 3);
  BLOCK_RELEASE_AND(1, FINALIZE);
  END;
}
THREAD(close_object) {
  BEGIN;
  BLOCK_RELEASE_AND(2, FINALIZE);
  END;
}

const weak_litmus slab_litmus[] = {
    {.name = "the last that lets go finalizes",
     .places = PLACES,
     .start = {[REFS] = 3},
     .threads = {{"a", change_and_close}, {"b", close_object}}},
    {.name = "two let go, a third takes and writes",
     .places = PLACES,
     .start = {[REFS] = 3},
     .threads = {{"a", write_and_release}, {"b", read_and_release}, {"c", take_and_write}}},
    {.name = "let go, taken, let go, taken",
     .places = PLACES,
     .start = {[REFS] = 1},
     .threads = {{"a", write_and_release}, {"b", take_and_release}, {"c", take_and_write_payload}}},
    {.name = "make: helped, walked",
     .places = PLACES,
     .threads = {{"a", make}, {"b", make}, {"walker", walk}}},
    {.name = "make: chained, swept",
     .places = PLACES,
     .threads = {{"maker", make_and_chain}, {"a", sweep}, {"b", sweep}}},
    {.name = "slab_ref: a stale handle",
     .places = PLACES,
     .start = {[REFS] = 1, [SERIAL] = 5, [PAYLOAD] = 5},
     .threads = {{"a", free_and_take_anew}, {"b", ref_by_handle}}},
    {.name = "slab_ref without MAKING: goes wrong",
     .places = PLACES,
     .start = {[REFS] = 1, [SERIAL] = 5, [PAYLOAD] = 5},
     .allowed = 1,
     .threads = {{"a", free_and_take_at_once}, {"b", ref_by_handle}}},
    {0}};
