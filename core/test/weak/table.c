/* Tables (the directory and the store): core/src/table.c, with the references of core/src/slab.c.
 */
#include "slab.h"

/* A table of two slots. Blocks are 1 and 2; both carry the same key unless a program says else. */
enum { SLOT, SLOT_1, VERSION, STATE, CONTENT, CONTENT_2, REFS, TOLD, HOME };
#define PLACES                                                                               \
  {                                                                                          \
    "slot 0", "slot 1", "version", "space.state", "block 1", "block 2", "refs of 1", "told", \
        "home"                                                                               \
  }

enum { BLOCK = 7, TENTATIVE = 8, PROPOSER = 16, TAG = 64 };  /* in a slot; a proposer is 0 to 3 */
enum { SLOT_BITS = 3, VERSION_PROPOSER = 4, SEQUENCE = 16 }; /* in the version */
enum { SPACE = 8 };

static int block_of(int word) {
  return word & BLOCK;
}

static int follow(int old, int block) {
  return (old / TAG + 1) * TAG | block;
}

static int named_by(int version, int word, int slot) {
  return (version & SLOT_BITS) == slot + 1 && version / SEQUENCE == word / TAG &&
         version / VERSION_PROPOSER % 4 == word / PROPOSER % 4;
}

/* What thread `id` proposes, and the version that makes it count. */
static int proposal(int version, int id, int block) {
  return (version / SEQUENCE + 1) * TAG | (id + 1) * PROPOSER | TENTATIVE | block;
}

static int insertion(int version, int id, int slot) {
  return (version / SEQUENCE + 1) * SEQUENCE | (id + 1) * VERSION_PROPOSER | (slot + 1);
}

/* finish; r7 is scratch */
#define FINISH(version)                                                                  \
  do {                                                                                   \
    if (((version)&SLOT_BITS) != 0) {                                                    \
      LOAD(r7, SLOT + ((version)&SLOT_BITS) - 1, ACQUIRE, "finish: look");               \
      if ((r7 & TENTATIVE) != 0 && named_by(version, r7, ((version)&SLOT_BITS) - 1)) {   \
        CAS(r7, SLOT + ((version)&SLOT_BITS) - 1, r7, r7 & ~TENTATIVE, SEQ_CST, RELAXED, \
            "finish: slot");                                                             \
      }                                                                                  \
    }                                                                                    \
  } while (0)

/* look: the word as it counts, in `to`; r6 and r7 are scratch */
#define LOOK(to, slot)                                        \
  do {                                                        \
    LOAD(to, SLOT + (slot), SEQ_CST, "look: slot");           \
    if ((to & TENTATIVE) != 0) {                              \
      LOAD(r6, VERSION, SEQ_CST, "look: version");            \
      if (named_by(r6, to, slot)) {                           \
        FINISH(r6);                                           \
        to &= ~TENTATIVE;                                     \
      } else {                                                \
        LOAD(to, SLOT + (slot), SEQ_CST, "look: slot again"); \
        to = (to & TENTATIVE) != 0 ? 0 : to;                  \
      }                                                       \
    }                                                         \
    to = block_of(to) == 0 ? 0 : to;                          \
  } while (0)

/* sluice_table_insert of `block` from slot `first` on; `same` 1: any block there has its key.
 * r0: 1 inserted, 2 BUSY, 3 no slot is empty. r1 version, r2 slot, r3 proposal. */
#define INSERT(block, first, same)                                                     \
  do {                                                                                 \
    for (r5 = 0;; r5++) {                                                              \
      ASSUME(r5 < 2);                                                                  \
      LOAD(r1, VERSION, SEQ_CST, "insert: version");                                   \
      FINISH(r1);                                                                      \
      r0 = 0;                                                                          \
      for (r2 = 0; r2 < 2 && r0 == 0; r2++) {                                          \
        LOOK(r3, (first + r2) % 2);                                                    \
        CHECK(block_of(r3) != (block), "its own proposal is there, and not inserted"); \
        if (r3 != 0 && (same)) {                                                       \
          r0 = 2;                                                                      \
        }                                                                              \
      }                                                                                \
      if (r0 != 0) {                                                                   \
        break;                                                                         \
      }                                                                                \
      r3 = proposal(r1, me->id, block);                                                \
      r0 = 3;                                                                          \
      for (r4 = 0; r4 < 2 && r0 == 3; r4++) {                                          \
        r2 = (first + r4) % 2;                                                         \
        LOAD(r6, SLOT + r2, RELAXED, "propose: look");                                 \
        if (block_of(r6) == 0) {                                                       \
          r7 = r6;                                                                     \
          CAS(r6, SLOT + r2, r7, r3, SEQ_CST, RELAXED, "propose: slot");               \
          r0 = r6 == r7 ? 0 : 3;                                                       \
        }                                                                              \
      }                                                                                \
      if (r0 == 3) {                                                                   \
        break;                                                                         \
      }                                                                                \
      r7 = insertion(r1, me->id, r2);                                                  \
      CAS(r6, VERSION, r1, r7, SEQ_CST, RELAXED, "insert: insert");                    \
      if (r6 == r1) {                                                                  \
        r0 = 1;                                                                        \
        r6 = insertion(r1, me->id, r2);                                                \
        FINISH(r6);                                                                    \
        break;                                                                         \
      }                                                                                \
      CAS(r6, SLOT + r2, r3, follow(r3, 0), SEQ_CST, RELAXED, "withdraw: slot");       \
    }                                                                                  \
  } while (0)

/* sluice_table_insert, beside a walk through the heap: sluice_kind_is_object */
THREAD(make_object) {
  BEGIN;
  WRITE(CONTENT, 5);
  STORE(HOME, 1, RELEASE, "insert: home");
  END;
}
THREAD(meet_in_heap) {
  BEGIN;
  LOAD(r0, HOME, ACQUIRE, "is_object: home");
  if (r0 == 1) {
    READ(r1, CONTENT);
    CHECK(r1 == 5, "an object that is not whole");
  }
  END;
}

/* Two insert the same key. */
THREAD(insert_1) {
  BEGIN;
  INSERT(1, 0, 1);
  END;
}
THREAD(insert_and_remove_1) {
  BEGIN;
  INSERT(1, 0, 1);
  if (r0 == 1) {
    LOOK(r3, r2);
    CAS(r6, SLOT + r2, r3, follow(r3, 0), SEQ_CST, RELAXED, "replace: slot");
  }
  END;
}
THREAD(insert_2) {
  BEGIN;
  INSERT(2, 0, 1);
  END;
}
static int counts(const weak_end *end, int slot) {
  int word = end->last[SLOT + slot];
  return block_of(word) != 0 &&
         ((word & TENTATIVE) == 0 || named_by(end->last[VERSION], word, slot));
}
static const char *once_in(const weak_end *end) {
  if (counts(end, 0) + counts(end, 1) != 1) {
    return "the key is there twice, or not at all";
  }
  return (end->r[0][0] == 1) + (end->r[1][0] == 1) == 1 ? NULL : "not one has inserted it";
}
static const char *second_stays(const weak_end *end) {
  return end->r[1][0] == 1 && counts(end, 0) + counts(end, 1) != 1 ? "inserted, and not there"
                                                                   : NULL;
}
static const char *at_most_one(const weak_end *end) {
  return counts(end, 0) + counts(end, 1) == 1 ? NULL : "the key is there twice, or not at all";
}

/* One writes its block, inserts it, and tells; another key goes in beside it. Who was told finds
 * it, and its content. */
THREAD(insert_and_tell) {
  BEGIN;
  WRITE(CONTENT, 11);
  INSERT(1, 0, 0);
  if (r0 == 1) {
    STORE(TOLD, 1, RELEASE, NULL);
  }
  END;
}
THREAD(insert_other) {
  BEGIN;
  INSERT(2, 1, 0);
  END;
}
THREAD(told_and_find) {
  BEGIN;
  LOAD(r0, TOLD, ACQUIRE, NULL);
  for (r2 = 0; r2 < 2; r2++) {
    LOOK(r1, r2);
    if (block_of(r1) == 1) {
      STOP;
    }
  }
  CHECK(r0 == 0, "inserted, and not found");
  END;
}
THREAD(find_and_read) {
  BEGIN;
  for (r2 = 0; r2 < 2; r2++) {
    LOOK(r1, r2);
    if (block_of(r1) == 1) {
      READ(r3, CONTENT);
      CHECK(r3 == 11, "a block without its content");
      STOP;
    }
  }
  END;
}

/* A proposal of one that died stands in the slot (block 3, never inserted); it is withdrawn, and
 * block 1 goes in: who had seen the proposal looks again, and sees another block complete. */
THREAD(withdraw_and_insert) {
  BEGIN;
  CAS(r6, SLOT, TENTATIVE | 3, follow(TENTATIVE | 3, 0), SEQ_CST, RELAXED, "withdraw: slot");
  WRITE(CONTENT, 11);
  INSERT(1, 0, 0);
  END;
}
/* sluice_table_replace by a new block, which another finds. */
THREAD(replace_by_2) {
  BEGIN;
  WRITE(CONTENT_2, 22);
  CAS(r6, SLOT, TAG | 1, follow(TAG | 1, 2), SEQ_CST, RELAXED, "replace: slot");
  END;
}
THREAD(find_and_read_2) {
  BEGIN;
  LOOK(r1, 0);
  if (block_of(r1) == 2) {
    READ(r3, CONTENT_2);
    CHECK(r3 == 22, "a block without its content");
  }
  END;
}

/* look_into against sluice_table_replace: held, looked again; taken out of the table, let go; then
 * taken by somebody else, who writes. */
#define HOLD(bits)                                                          \
  do {                                                                      \
    LOAD(r6, REFS, RELAXED, "block_hold: look");                            \
    while (r6 != 0) {                                                       \
      r7 = r6;                                                              \
      CAS(r6, REFS, r7, r7 | (bits), SEQ_CST, RELAXED, "block_hold: refs"); \
      if (r6 == r7) {                                                       \
        break;                                                              \
      }                                                                     \
    }                                                                       \
  } while (0)
#define RELEASE_BLOCK(bits)                                                     \
  do {                                                                          \
    LOAD(r6, REFS, SEQ_CST, "block_release: look");                             \
    while ((r6 & (bits)) != 0) {                                                \
      r7 = r6;                                                                  \
      CAS(r6, REFS, r7, r7 & ~(bits), SEQ_CST, ACQUIRE, "block_release: refs"); \
      if (r6 == r7) {                                                           \
        break;                                                                  \
      }                                                                         \
    }                                                                           \
  } while (0)
THREAD(hold_and_read) {
  BEGIN;
  LOOK(r0, 0);
  if (r0 == 0) {
    STOP;
  }
  HOLD(1);
  if (r6 != 0) {
    LOOK(r1, 0);
    if (r1 == r0) {
      READ(r3, CONTENT);
      CHECK(r3 == 0, "another's content");
    }
    RELEASE_BLOCK(1);
  }
  END;
}
THREAD(remove_it) { /* which it holds by bit 2, as a find gave it */
  BEGIN;
  CAS(r0, SLOT, TAG | 1, follow(TAG | 1, 0), SEQ_CST, RELAXED, "replace: slot");
  RELEASE_BLOCK(SPACE);
  RELEASE_BLOCK(2);
  END;
}
THREAD(take_and_write) {
  BEGIN;
  LOAD(r0, REFS, RELAXED, "take: look");
  if (r0 == 0) {
    CAS(r0, REFS, 0, 4, ACQUIRE, RELAXED, "take: refs");
    if (r0 == 0) {
      WRITE(CONTENT, 22);
      RELEASE_BLOCK(4);
    }
  }
  END;
}

/* follow_up of whoever inserted, against the removal: SPACE is set exactly while a slot refers. The
 * one who inserts holds the block by bit 1, who removes by bit 2. */
THREAD(follow_up) {
  BEGIN;
  CAS(r0, SLOT, 0, TAG | 1, SEQ_CST, RELAXED, "replace: slot"); /* the insertion, in one step */
  HOLD(SPACE);
  LOOK(r1, 0);
  if (block_of(r1) != 1) {
    RELEASE_BLOCK(SPACE);
  }
  RELEASE_BLOCK(1);
  END;
}
THREAD(find_and_remove) {
  BEGIN;
  LOOK(r0, 0);
  if (r0 != 0) {
    HOLD(2);
    r3 = r6;
    if (r3 == 0) {
      STOP;
    }
    LOOK(r1, 0);
    if (r1 == r0) {
      CAS(r2, SLOT, r1, follow(r1, 0), SEQ_CST, RELAXED, "replace: slot");
      RELEASE_BLOCK(SPACE);
    }
    RELEASE_BLOCK(2);
  }
  END;
}
static const char *space_follows(const weak_end *end) {
  int refers = block_of(end->last[SLOT]) == 1;
  return (end->last[REFS] != 0) == refers && (end->last[REFS] & ~SPACE) == 0
             ? NULL
             : "the block's SPACE bit does not follow the slot";
}

/* sluice_object_open against sluice_space_close: entered, then the state; the state, then the walk.
 */
THREAD(open_object) {
  BEGIN;
  INSERT(1, 0, 1);
  LOAD(r7, STATE, SEQ_CST, "space_state: state");
  END;
}
THREAD(close_space) {
  BEGIN;
  CAS(r0, STATE, 0, 1, SEQ_CST, SEQ_CST, "space_close: state");
  for (r2 = 0; r2 < 2; r2++) {
    LOOK(r1, r2);
    if (block_of(r1) == 1) {
      r3 = 1; /* sluice_kind_shut */
    }
  }
  END;
}
static const char *closed_or_seen(const weak_end *end) {
  return end->r[0][0] == 1 && end->r[0][7] == 0 && end->r[1][3] == 0
             ? "entered into a closed space, and not closed"
             : NULL;
}
static const weak_litmus litmus[] = {
    {.name = "insert, met in the heap",
     .places = PLACES,
     .threads = {{"maker", make_object}, {"walker", meet_in_heap}}},
    {.name = "insert: the same key by two",
     .places = PLACES,
     .wrong = once_in,
     .threads = {{"a", insert_1}, {"b", insert_2}}},
    {.name = "insert: the same key by two, after an unfinished insertion",
     .places = PLACES,
     .start = {[SLOT] = TAG | 3 * PROPOSER | TENTATIVE | 3,
               [VERSION] = SEQUENCE | 3 * VERSION_PROPOSER | 1},
     .wrong = at_most_one,
     .threads = {{"a", insert_1}, {"b", insert_2}}},
    {.name = "insert: the same key, inserted and removed meanwhile",
     .places = PLACES,
     .wrong = second_stays,
     .threads = {{"a", insert_and_remove_1}, {"b", insert_2}}},
    {.name = "insert beside another key: told, found",
     .places = PLACES,
     .threads = {{"a", insert_and_tell}, {"b", insert_other}, {"reader", told_and_find}}},
    {.name = "insert: found, read",
     .places = PLACES,
     .threads = {{"a", insert_and_tell}, {"reader", find_and_read}}},
    {.name = "insert after a withdrawal: looked again, read",
     .places = PLACES,
     .start = {[SLOT] = TENTATIVE | 3},
     .threads = {{"a", withdraw_and_insert}, {"reader", find_and_read}}},
    {.name = "replace: found, read",
     .places = PLACES,
     .start = {[SLOT] = TAG | 1},
     .threads = {{"a", replace_by_2}, {"reader", find_and_read_2}}},
    {.name = "find: held, looked again, read; removed, taken by another",
     .places = PLACES,
     .start = {[SLOT] = TAG | 1, [REFS] = SPACE | 2},
     .threads = {{"finder", hold_and_read}, {"remover", remove_it}, {"taker", take_and_write}}},
    {.name = "follow_up against remove",
     .places = PLACES,
     .start = {[REFS] = 1},
     .wrong = space_follows,
     .threads = {{"a", follow_up}, {"b", find_and_remove}}},
    {.name = "open against space_close",
     .places = PLACES,
     .wrong = closed_or_seen,
     .threads = {{"opener", open_object}, {"closer", close_space}}},
    {.name = "open against space_close, another key beside it",
     .places = PLACES,
     .wrong = closed_or_seen,
     .threads = {{"opener", open_object}, {"closer", close_space}, {"other", insert_other}}},
    {0}};

static const weak_excuse excuses[] = {
    {"block_release: refs", RELEASE,
     "the look before it has acquired, and is the one that must see"},
    {"make: next", RELAXED, "the word says all there is to know; finish publishes"},
    {"make: begin", RELAXED, "as above; the update goes on with the release sequence"},
    {"insert: version", ACQUIRE, "what counts is the swap of the version"},
    {"finish: look", RELAXED, "the word is only compared"},
    {"finish: slot", RELAXED,
     "the proposal has published the block; the update goes on with its release sequence"},
    {"withdraw: slot", RELAXED, "publishes nothing"},
    {"look: slot again", ACQUIRE, "space_close has met the inserter at the version already"},
    {"space_close: state (when it fails)", RELAXED,
     "somebody else closes, or the space is poisoned"},
    {0}};

const weak_group table_group = {"table", litmus, slab_litmus, excuses};
