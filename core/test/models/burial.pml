/* The participants' slots and the burial of the dead (core/src/participant.c, burial.c).
 *
 * Modelled: PROCESSES processes over SLOTS slots. Each takes a slot (take_slot), opens an object,
 * leaves something in it that its death would leave behind, takes that back, and leaves
 * (sluice_participant_leave) whenever it likes, LIVES times; one that finds no slot waits for one.
 * DEATHS of them may die at any step. Whoever has joined may learn of a death and call
 * sluice_participant_bury, more than one at a time; called again after SLUICE_E_AGAIN. Who marks a
 * dead one and dies itself leaves that burial to whoever is called for its own death: nobody else
 * comes. The first process joins first, never dies and never leaves. The recovery of an object answers
 * SLUICE_E_AGAIN when it likes, AGAINS times. With -DASKS an observer asks
 * sluice_participant_alive about the second process at any time.
 *
 * Abstractions: sequentially consistent; one object, whose recovery is one step (mutex.pml and the
 * others model them); taking a slot is one step (a compare-and-swap on what was loaded: another
 * value means that another has it); no areas; generations do not wrap.
 *
 * Proven: a slot has one holder; its next holder finds nothing of the one before; what is alive is
 * not recovered, and who is dead is recovered by one at a time; "buried" is said of the buried only;
 * who is marked dead is never called alive any more, not even once its slot has others; when
 * nothing more can happen, every dead one is buried.
 *
 * short: -DPROCESSES=2 -DSLOTS=2 -DLIVES=2 -DDEATHS=1 -DAGAINS=1
 * short: -DPROCESSES=3 -DSLOTS=3 -DDEATHS=2 -DAGAINS=1
 * short: -DPROCESSES=3 -DSLOTS=2 -DDEATHS=2 -DASKS
 * hunt: -DPROCESSES=3 -DSLOTS=3 -DLIVES=2 -DDEATHS=1
 * hunt: -DPROCESSES=4 -DSLOTS=3 -DDEATHS=2
 * long: -DPROCESSES=3 -DSLOTS=3 -DLIVES=2 -DDEATHS=2 -DAGAINS=1
 * long: -DPROCESSES=4 -DSLOTS=3 -DDEATHS=1
 * long: -DPROCESSES=3 -DSLOTS=3 -DDEATHS=2 -DAGAINS=1 -DASKS
 * mutants: TAKE_BY_STORE MARK_BY_STORE NO_CLAIM CLAIM_BY_STORE NO_TAKEOVER NO_LOOK_AFTER_CLAIM
 * mutants: ONLY_THE_ONE FORGET_OTHERS_AGAIN FREE_FIRST CLAIM_GOES_FIRST
 * mutants: NO_FORGET NO_RECOVERY FREE_DESPITE_AGAIN ALIVE_ID_FIRST NO_MARK SAME_GENERATION
 */
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef LIVES
#define LIVES 1
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef AGAINS
#define AGAINS 0
#endif

/* An id: generation, slot + 1 */
#define slot_of(x) (((x) & 3) - 1)
#define free_of(x) ((x) & ~3)
#define bit_of(s) (1 << (s))

byte slot_id[SLOTS];
byte slot_dead[SLOTS];
byte slot_burier[SLOTS];
byte refs; /* the object's block: who has it open */
byte mess; /* what a death leaves behind in it, a bit for each slot */

/* What the proof knows and the program does not. */
bool dead[PROCESSES];
bool marked[PROCESSES];
byte id_of[PROCESSES];
bool over[PROCESSES];
byte holder[SLOTS];  /* the process that has the slot, plus 1 */
byte at_work[SLOTS]; /* the process that buries its holder, plus 1 */
byte claimer[SLOTS]; /* the process that slot_burier names */
byte deaths, agains;

/* The mark stands: who has the slot is called dead. */
inline note_mark(s)
{
  if
  :: holder[s] != 0 && slot_dead[s] == id_of[holder[s] - 1] && slot_id[s] == slot_dead[s] ->
    assert(dead[holder[s] - 1]);
    marked[holder[s] - 1] = true
  :: else
  fi
}

/* The claimed burial of `d` in slot `i`. */
#define at_burial                                                                                  \
  assert(slot_id[i] == d && holder[i] != 0 && dead[holder[i] - 1] && id_of[holder[i] - 1] == d &&   \
         at_work[i] == me + 1)

#define OK 0
#define AGAIN 1

inline forget()
{
  id = 0; i = 0; d = 0; b = 0; x = 0; q = 0; status = 0; one = 0; seen = 0; seen_at = 0; again = 0;
  was = false
}

proctype participant(byte me)
{
  byte id, lives, i, d, b, x, q, status, one, seen, seen_at, again;
  bool was;
  {
    skip;
  join:
    atomic {
      if
      :: lives == LIVES -> goto done
      :: else -> lives++
      fi
    };
    /* take_slot */
  end_join:
#ifdef MUTANT_TAKE_BY_STORE
    atomic {
      if
      :: (slot_id[0] & 3) == 0 -> i = 0
      :: (slot_id[0] & 3) != 0 && (slot_id[1] & 3) == 0 -> i = 1
      fi
    };
    atomic {
#else
    atomic {
      if
      :: (slot_id[0] & 3) == 0 -> i = 0
      :: (slot_id[0] & 3) != 0 && (slot_id[1] & 3) == 0 -> i = 1
#if SLOTS > 2
      :: (slot_id[0] & 3) != 0 && (slot_id[1] & 3) != 0 && (slot_id[2] & 3) == 0 -> i = 2
#endif
      fi;
#endif
      assert(holder[i] == 0);
#ifdef MUTANT_SAME_GENERATION
      id = 4 + i + 1;
#else
      id = slot_id[i] + 4 + i + 1;
#endif
      slot_id[i] = id;
      holder[i] = me + 1;
      id_of[me] = id;
      assert((refs & bit_of(i)) == 0 && (mess & bit_of(i)) == 0);
      i = 0
    };
    assert(slot_dead[slot_of(id)] != id);
    refs = refs | bit_of(slot_of(id));
    mess = mess | bit_of(slot_of(id));
    mess = mess & ~bit_of(slot_of(id));

  idle:
    atomic { one = 0; d = 0; b = 0; x = 0; i = 0; status = 0 };
  end_idle:
    atomic {
      if
      :: q != 0 && (seen == 0 || slot_burier[seen_at] != seen || marked[claimer[seen_at]]) ->
        again = 0; goto bury
      :: q == 0 && dead[0] && !marked[0] && me != 0 -> q = 1; goto bury
      :: (q == 0 || again) && PROCESSES > 1 && me != 1 && dead[1] && !marked[1] && q != 2 -> q = 2; goto bury
#if PROCESSES > 2
      :: (q == 0 || again) && me != 2 && dead[2] && !marked[2] && q != 3 -> q = 3; goto bury
#endif
#if PROCESSES > 3
      :: (q == 0 || again) && me != 3 && dead[3] && !marked[3] && q != 4 -> q = 4; goto bury
#endif
      :: q == 0 && me != 0 -> goto leave
      fi
    };

  bury:
    /* sluice_participant_bury of process q - 1 */
    atomic { x = id_of[q - 1]; seen = 0; seen_at = 0 };
#ifndef MUTANT_NO_MARK
#ifdef MUTANT_MARK_BY_STORE
    if
    :: slot_id[slot_of(x)] == x -> atomic { slot_dead[slot_of(x)] = x; note_mark(slot_of(x)) }
    :: else
    fi;
#else
    d = slot_dead[slot_of(x)];
    if
    :: d != x && slot_id[slot_of(x)] == x ->
      atomic {
        if
        :: slot_dead[slot_of(x)] == d -> slot_dead[slot_of(x)] = x; note_mark(slot_of(x))
        :: else /* covered */
        fi;
        d = 0
      }
    :: else -> d = 0
    fi;
#endif
#endif
    atomic { i = 0; d = 0; status = OK };
    do
    :: atomic { i == SLOTS -> i = 0; break }
    :: i < SLOTS ->
      atomic {
        d = slot_dead[i];
        if
#ifdef MUTANT_ONLY_THE_ONE
        :: d == 0 || d != x -> goto next_slot
#else
        :: d == 0 || d == id -> goto next_slot
#endif
        :: else
        fi
      };
      if
      :: slot_id[i] == d
      :: else -> goto next_slot
      fi;
      /* claim */
      one = OK;
#ifndef MUTANT_NO_CLAIM
      atomic { b = slot_burier[i]; was = b != 0 && marked[claimer[i]] };
      if
      :: b != 0 && b != id ->
        /* sluice_participant_alive */
#ifdef MUTANT_NO_TAKEOVER
        if
        :: atomic { assert(!was); one = AGAIN; seen = b; seen_at = i; goto slot_done }
        fi;
#endif
#ifdef MUTANT_ALIVE_ID_FIRST
        if
        :: slot_id[slot_of(b)] != b -> goto claimable
        :: else
        fi;
        if
        :: slot_dead[slot_of(b)] == b -> goto claimable
        :: else
        fi;
#else
        if
        :: slot_dead[slot_of(b)] == b -> goto claimable /* covered */
        :: else
        fi;
        if
        :: slot_id[slot_of(b)] != b -> goto claimable /* covered */
        :: else
        fi;
#endif
        atomic { assert(!was); one = AGAIN; seen = b; seen_at = i; goto slot_done } /* covered */
      :: else
      fi;
    claimable:
      was = false;
      atomic {
        if
#ifdef MUTANT_CLAIM_BY_STORE
        :: true ->
#else
        :: slot_burier[i] == b ->
#endif
          slot_burier[i] = id;
          claimer[i] = me
#ifndef MUTANT_CLAIM_BY_STORE
        :: else -> one = AGAIN; goto slot_done /* covered */
#endif
        fi
      };
#endif
#ifndef MUTANT_NO_LOOK_AFTER_CLAIM
      atomic {
        if
        :: slot_id[i] != d -> goto give_back /* covered */
        :: else
        fi
      };
#endif
      atomic {
        assert(at_work[i] == 0 || dead[at_work[i] - 1]);
        at_work[i] = me + 1
      };
      /* recover_objects */
      if
      :: (refs & bit_of(i)) != 0 ->
        if
        :: atomic { agains < AGAINS -> agains++; one = AGAIN };
#ifdef MUTANT_FREE_DESPITE_AGAIN
          skip
#else
          atomic { at_work[i] = 0; goto give_back }
#endif
#ifndef MUTANT_NO_RECOVERY
        :: atomic { at_burial; mess = mess & ~bit_of(i) }
#else
        :: true
#endif
        fi
      :: else
      fi;
#ifdef MUTANT_FREE_FIRST
      atomic { slot_id[i] = free_of(d); holder[i] = 0 };
#endif
      /* sluice_block_forget */
#ifndef MUTANT_NO_FORGET
      if
      :: (refs & bit_of(i)) != 0 -> atomic { refs = refs & ~bit_of(i) }
      :: else
      fi;
#endif
#ifdef MUTANT_CLAIM_GOES_FIRST
      slot_burier[i] = 0;
#endif
#ifndef MUTANT_FREE_FIRST
      atomic {
        if
        :: slot_id[i] == d ->
          at_burial;
          assert((refs & bit_of(i)) == 0 && (mess & bit_of(i)) == 0);
          slot_id[i] = free_of(d);
          holder[i] = 0
        :: else
        fi
      };
#endif
      at_work[i] = 0;
    give_back:
#if !defined(MUTANT_NO_CLAIM) && !defined(MUTANT_CLAIM_GOES_FIRST)
      slot_burier[i] = 0;
#endif
    slot_done:
#ifdef MUTANT_FORGET_OTHERS_AGAIN
      if
      :: d == x -> status = one
      :: else
      fi;
#else
      if
      :: one != OK && d != x -> status = one /* covered */
      :: one != OK && d == x -> status = one
      :: else
      fi;
#endif
    next_slot:
      atomic { i++; d = 0; b = 0; one = 0; was = 0 }
    od;
    atomic {
      i = 0;
      if
      :: status == OK -> assert(slot_id[slot_of(x)] != x); q = 0; again = 0
      :: else -> again = 1 /* covered */
      fi;
      status = 0;
      x = 0
    };
    goto idle;

  leave:
    if
    :: (refs & bit_of(slot_of(id))) != 0 -> atomic { refs = refs & ~bit_of(slot_of(id)) }
    :: else
    fi;
    atomic {
      assert(slot_id[slot_of(id)] == id);
      slot_id[slot_of(id)] = free_of(id);
      holder[slot_of(id)] = 0;
      id_of[me] = 0;
      id = 0
    };
    goto join;
  done:
    atomic { over[me] = true; lives = 0; forget() }
  } unless {
    atomic { dead[me] -> lives = 0; forget() }
  }
}

#ifdef ASKS
active proctype observer()
{
  byte x;
  bool was;
end:
  atomic { id_of[1] != 0 -> x = id_of[1] };
  was = marked[1];
#ifdef MUTANT_ALIVE_ID_FIRST
  if
  :: slot_id[slot_of(x)] != x -> goto done
  :: else
  fi;
  if
  :: slot_dead[slot_of(x)] == x -> goto done
  :: else
  fi;
#else
  if
  :: slot_dead[slot_of(x)] == x -> goto done
  :: else
  fi;
  if
  :: slot_id[slot_of(x)] != x -> goto done
  :: else
  fi;
#endif
  assert(!was);
done:
  skip
}
#endif

/* Only who has a slot: the others cannot be buried, and need not. All but the first, and the one that
 * is asked for, do the same: it is no matter which of them dies, the first that lives does. */
#ifdef ASKS
#define FIRST_ALIKE 2
#else
#define FIRST_ALIKE 1
#endif
inline kill(victim)
{
  atomic {
    deaths < DEATHS && !dead[victim] && id_of[victim] != 0 &&
      (victim <= FIRST_ALIKE || dead[victim - 1]) ->
      deaths++;
      dead[victim] = true
  }
}

active proctype death()
{
end:
  do
  :: kill(1)
#if PROCESSES > 2
  :: kill(2)
#endif
#if PROCESSES > 3
  :: kill(3)
#endif
  od
}

init
{
  byte i = 1;
  run participant(0);
  atomic {
    id_of[0] != 0;
    do
    :: i < PROCESSES -> run participant(i); i++
    :: else -> break
    od
  };
  timeout;
  i = 0;
  do
  :: i < SLOTS -> assert(holder[i] == 0 || !dead[holder[i] - 1]); i++
  :: else -> break
  od
}
