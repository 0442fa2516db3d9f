/* Tables and the references of their blocks (core/src/table.h, table.c, blocks.h, slab.c).
 *
 * Modelled: PROCESSES participants, each of which does OPS operations on one of KEYS keys of a table
 * of SLOTS slots over BLOCKS blocks: sluice_table_insert of a block that it takes from the slab
 * (take with SLUICE_BLOCK_MAKING, find, propose, the version word {sequence, proposer, slot}, finish,
 * follow_up, withdraw), or sluice_table_find and sluice_table_replace by 0, with -DREPLACE also by a
 * new block. With -DFILLED=s the first key stands in slot s from the start. The first participant may
 * die at any step (DEATHS=1), with -DANYBODY_DIES any DEATHS of them. A burier does
 * sluice_table_recover and sluice_block_forget; it may die itself (REBURIALS) and is begun anew.
 *
 * Abstractions: sequentially consistent; sluice_block_hold and _release are one step each (a
 * compare-and-swap until it succeeds); keys are numbers, each its own hash, and in the block before
 * anybody can hold it; the directory only (home is 0 or 1), whose objects have no finalizer. A
 * slot's word is tag, proposer, tentative, block; blocks are numbered. That insert itself calls
 * finish is left to its find, which looks at each slot: either alone does.
 *
 * Proven: a key never counts in two slots; no slot refers to a free block, nor to one being made;
 * find does not miss a key that stood there throughout, and what it finds is held and was inserted;
 * at the end, after the burials, a block has the reference SLUICE_BIT_SPACE if a slot refers to it
 * and else none: no block leaks; what was inserted and not removed is there.
 *
 * short: -DPROCESSES=2 -DOPS=1
 * short: -DPROCESSES=2 -DOPS=1 -DDEATHS=1 -DFILLED=1 -DBLOCKS=2
 * short: -DPROCESSES=2 -DOPS=1 -DDEATHS=1 -DFILLED=0 -DBLOCKS=2
 * long: -DPROCESSES=2 -DOPS=1 -DDEATHS=1 -DKEYS=2
 * long: -DPROCESSES=2 -DOPS=1 -DDEATHS=1 -DREPLACE -DFILLED=1
 * long: -DPROCESSES=2 -DOPS=2
 * long: -DPROCESSES=2 -DOPS=2 -DDEATHS=1 -DFILLED=1 -DBLOCKS=1
 * long: -DPROCESSES=2 -DOPS=1 -DDEATHS=2 -DANYBODY_DIES -DFILLED=1 -DBLOCKS=2
 * long: -DPROCESSES=2 -DOPS=1 -DDEATHS=1 -DREBURIALS=1 -DFILLED=1 -DBLOCKS=2
 * long: -DPROCESSES=3 -DOPS=1 -DBLOCKS=4 -DFILLED=1
 * mutants: NO_VALIDATION NO_TENTATIVE NO_HELP NO_SEQUENCE NO_WITHDRAW NO_SECOND_LOOK NO_FOLLOW_LOOK
 * mutants: LET_GO_FIRST NO_FOLLOW NO_RECOVER_WITHDRAW NO_RECOVER_FOLLOW NO_RECOVER_RELEASE
 * mutants: FORGET_FIRST NO_REREAD HOLD_FREE
 * hunt: -DPROCESSES=2 -DOPS=1 -DDEATHS=1 -DKEYS=2
 * hunt: -DPROCESSES=2 -DOPS=2 -DFILLED=1 -DBLOCKS=1
 * hunt: -DPROCESSES=2 -DOPS=2 -DKEYS=2
 */
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef OPS
#define OPS 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef REBURIALS
#define REBURIALS 0
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef BLOCKS
#define BLOCKS 3
#endif
#ifndef KEYS
#define KEYS 1
#endif

/* A slot's word */
#define OFFSET_BITS 7
#define TENTATIVE 8
#define PROPOSER_SHIFT 4
#define TAG_SHIFT 6
#define offset_of(w) ((w) & OFFSET_BITS)
#define follow(old, to) ((((old) >> TAG_SHIFT) + 1) << TAG_SHIFT | (to))
/* The version word */
#define SLOT_BITS 3
#define VERSION_PROPOSER_SHIFT 2
#define SEQUENCE_SHIFT 4

#ifdef MUTANT_NO_SEQUENCE
#define same_sequence(v, w) true
#else
#define same_sequence(v, w) ((v) >> SEQUENCE_SHIFT == (w) >> TAG_SHIFT)
#endif
#define named_by(v, w, s)                                                                          \
  (((v) & SLOT_BITS) == (s) + 1 && same_sequence(v, w) &&                                          \
   ((v) >> VERSION_PROPOSER_SHIFT & 3) == ((w) >> PROPOSER_SHIFT & 3))

/* A block's references: a bit for each participant, and */
#define BIT_SPACE 16
#define BLOCK_MAKING 32
#define bit_of(id) (1 << (id))

short version;
short slots[SLOTS];
byte refs[BLOCKS + 1];
byte home[BLOCKS + 1];
byte slot_in[BLOCKS + 1];
byte key_in[BLOCKS + 1];

bool dead[PROCESSES];
bool over[PROCESSES];
bool burying[PROCESSES];
byte deaths, reburials, restart, finished; /* restart: whose burial is begun anew, plus 1 */

/* What the proof knows and the program does not. */
byte present[KEYS]; /* insertions minus removals */
byte changes[KEYS];
bool inserted[BLOCKS + 1]; /* since it was taken from the slab */

/* Does the slot count? */
#define counts(s)                                                                                  \
  (offset_of(slots[s]) != 0 &&                                                                     \
   ((slots[s] & TENTATIVE) == 0 || named_by(version, slots[s], s)))

#define refers_to(b) (offset_of(slots[0]) == (b) || offset_of(slots[1]) == (b))
#define sound                                                                                      \
  (!(counts(0) && counts(1) && key_in[offset_of(slots[0])] == key_in[offset_of(slots[1])]) &&      \
   (!counts(0) || (refs[offset_of(slots[0])] != 0 && refs[offset_of(slots[0])] < BLOCK_MAKING)) && \
   (!counts(1) || (refs[offset_of(slots[1])] != 0 && refs[offset_of(slots[1])] < BLOCK_MAKING)))

/* sluice_block_hold: `before` is 0 when nothing was changed */
inline hold(b, bits)
{
  atomic {
    before = refs[b];
    if
#ifdef MUTANT_HOLD_FREE
    :: true -> refs[b] = before | (bits)
#else
    :: before != 0 && before < BLOCK_MAKING -> refs[b] = before | (bits)
#endif
    :: else -> before = 0
    fi
  }
}

/* sluice_block_release */
inline release(b, bits)
{
  atomic {
    if
    :: (refs[b] & (bits)) != 0 ->
      refs[b] = refs[b] & ~(bits);
      if
      :: (refs[b] & ~BLOCK_MAKING) == 0 -> refs[b] = 0; assert(!refers_to(b))
      :: else
      fi
    :: else
    fi
  }
}

inline finish(v)
{
  if
  :: atomic {
      ((v) & SLOT_BITS) != 0 ->
        fw = slots[((v) & SLOT_BITS) - 1];
        fw = ((fw & TENTATIVE) != 0 && named_by(v, fw, ((v) & SLOT_BITS) - 1) -> fw : 0)
    };
    if
    :: atomic {
        fw != 0 ->
          if
          :: slots[((v) & SLOT_BITS) - 1] == fw ->
            slots[((v) & SLOT_BITS) - 1] = fw & ~TENTATIVE;
            assert(sound)
          :: else
          fi;
          fw = 0
      }
    :: fw == 0
    fi
  :: ((v) & SLOT_BITS) == 0
  fi
}

/* look: the slot's word as it counts, in `lw` */
inline look(s)
{
  atomic { lw = slots[s]; lw = (offset_of(lw) == 0 -> 0 : lw) };
  if
  :: atomic { (lw & TENTATIVE) != 0 -> lv = version };
    if
#ifdef MUTANT_NO_REREAD
    :: atomic { !named_by(lv, lw, s) -> lw = 0; lv = 0 }
#else
    :: atomic {
        !named_by(lv, lw, s) ->
          lw = slots[s];
          lw = (offset_of(lw) == 0 || (lw & TENTATIVE) != 0 -> 0 : lw);
          lv = 0
      }
#endif
    :: named_by(lv, lw, s) ->
#ifndef MUTANT_NO_HELP
      finish(lv);
#endif
      atomic { lw = lw & ~TENTATIVE; lv = 0 }
    fi
  :: (lw & TENTATIVE) == 0
  fi
}

inline follow_up(s, b)
{
  atomic { hold(b, BIT_SPACE); before = 0 };
#ifndef MUTANT_NO_FOLLOW_LOOK
  look(s);
  if
  :: atomic { offset_of(lw) != (b) -> lw = 0; release(b, BIT_SPACE) }
  :: atomic { offset_of(lw) == (b) -> lw = 0 }
  fi
#endif
}

/* sluice_table_let_go */
inline let_go()
{
  atomic {
    if
    :: held -> release(offset_of(e_word), bit_of(me)); held = false
    :: else
    fi
  }
}

/* sluice_table_find: `found` with the entry {e_word, e_slot, held} */
inline find()
{
  atomic { found = false; e_slot = 0; was = changes[key]; there = present[key] > 0 };
  do
  :: atomic { e_slot == SLOTS || found -> break }
  :: e_slot < SLOTS && !found ->
    look(e_slot);
    if
    :: atomic { lw == 0 -> e_slot++ }
#if KEYS > 1
    :: atomic { lw != 0 && key_in[offset_of(lw)] != key -> e_word = lw };
      look(e_slot);
      atomic {
        if
        :: lw == e_word -> e_slot++
        :: else /* what was read may be another block's by now */
        fi;
        lw = 0;
        e_word = 0
      }
    :: atomic {
        lw != 0 && key_in[offset_of(lw)] == key ->
#else
    :: atomic {
        lw != 0 ->
#endif
          e_word = lw;
          lw = 0
      };
      atomic {
        hold(offset_of(e_word), bit_of(me));
        held = before != 0 && (before & bit_of(me)) == 0
      };
      if
      :: atomic { before == 0 -> e_word = 0 }
#ifdef MUTANT_NO_SECOND_LOOK
      :: atomic { before != 0 -> before = 0; found = true }
#else
      :: atomic { before != 0 -> before = 0 };
        look(e_slot);
        if
        :: atomic { lw == e_word && key_in[offset_of(e_word)] == key -> found = true; lw = 0 }
        :: atomic {
            lw == e_word && key_in[offset_of(e_word)] != key ->
              let_go(); /* held another than it had looked at */
              e_slot++;
              e_word = 0;
              lw = 0
          }
        :: atomic { lw != e_word -> let_go(); e_word = 0; lw = 0 }
        fi
#endif
      fi
    fi
  od;
  atomic {
    assert(found || !there || was != changes[key]);
    assert(!found || ((refs[offset_of(e_word)] & bit_of(me)) != 0 && inserted[offset_of(e_word)]));
    was = 0;
    there = 0
  }
}

inline withdraw(s, w)
{
#ifndef MUTANT_NO_WITHDRAW
  atomic {
    if
    :: slots[s] == (w) -> slots[s] = follow(w, 0)
    :: else
    fi
  }
#else
  skip
#endif
}

/* sluice_slab_alloc, then the key: the block is `b`, 0 when there is none */
inline alloc()
{
  atomic {
    b = 1;
    do
    :: b > BLOCKS -> b = 0; break
    :: b <= BLOCKS && refs[b] == 0 ->
      assert(!refers_to(b));
      refs[b] = bit_of(me) | BLOCK_MAKING;
      inserted[b] = false;
      key_in[b] = key;
      break
    :: b <= BLOCKS && refs[b] != 0 -> b++
    od
  };
  if
  :: b != 0 ->
    home[b] = 0;
    assert((refs[b] & BLOCK_MAKING) != 0);
    refs[b] = bit_of(me)
  :: else
  fi
}

proctype participant(byte me)
{
  short v, proposal, e_word, lw, lv, fw;
  byte b, e_slot, before, ops, s, was, key;
  bool found, held, there;
  {
    skip;
  next:
    atomic {
      if
      :: ops == OPS -> goto done
      :: else -> ops++
      fi;
#if KEYS > 1
      if
      :: key = 0
      :: key = 1
      fi
#endif
    };
    if
    :: true -> /* insert */
      alloc();
      if
      :: b == 0 -> goto next
      :: else -> home[b] = 1
      fi;
    again:
      v = version;
      find();
      if
      :: found -> let_go(); release(b, bit_of(me)); goto ended /* SLUICE_E_BUSY */
      :: else
      fi;
      atomic {
        proposal =
          ((v >> SEQUENCE_SHIFT) + 1) << TAG_SHIFT | (me + 1) << PROPOSER_SHIFT | TENTATIVE | b;
#ifdef MUTANT_NO_TENTATIVE
        proposal = proposal & ~TENTATIVE;
#endif
        s = 0
      };
      do
      :: atomic { s == SLOTS -> release(b, bit_of(me)); goto ended } /* SLUICE_E_NO_MEMORY */
      :: atomic { s < SLOTS && offset_of(slots[s]) != 0 -> s++ }
      :: atomic { s < SLOTS && offset_of(slots[s]) == 0 -> lw = slots[s] };
        atomic {
          if
          :: slots[s] == lw -> slots[s] = proposal; lw = 0; assert(sound); break
          :: else -> s++; lw = 0
          fi
        }
      od;
      slot_in[b] = s;
      atomic {
        if
#ifdef MUTANT_NO_VALIDATION
        :: true ->
#else
        :: version == v ->
#endif
          version = ((v >> SEQUENCE_SHIFT) + 1) << SEQUENCE_SHIFT | (me + 1) << VERSION_PROPOSER_SHIFT | (s + 1);
          v = version;
          assert(sound);
          assert(counts(s) && offset_of(slots[s]) == b);
          inserted[b] = true;
          present[key]++;
          changes[key]++
        :: else -> v = 0
        fi
      };
      if
      :: v == 0 -> withdraw(s, proposal); atomic { proposal = 0; s = 0; goto again }
      :: atomic { v != 0 -> proposal = 0 }
      fi;
      finish(v);
      v = 0;
#ifndef MUTANT_NO_FOLLOW
      follow_up(s, b);
#endif
      release(b, bit_of(me))
    :: true -> /* remove, or replace */
      find();
      if
      :: !found -> goto ended
      :: else
      fi;
      b = 0;
#ifdef REPLACE
      if
      :: true
      :: true ->
        alloc();
        if
        :: b != 0 -> home[b] = 1; slot_in[b] = e_slot
        :: else
        fi
      fi;
#endif
#ifdef MUTANT_LET_GO_FIRST
      release(offset_of(e_word), BIT_SPACE);
#endif
      atomic {
        if
        :: slots[e_slot] == e_word ->
          slots[e_slot] = follow(e_word, b);
          present[key] = present[key] - (b == 0);
          changes[key]++;
          inserted[b] = true;
          s = 1;
          assert(sound)
        :: else -> s = 0
        fi
      };
      if
      :: s == 1 ->
        if
        :: b != 0 -> follow_up(e_slot, b)
        :: else
        fi;
#ifndef MUTANT_LET_GO_FIRST
        release(offset_of(e_word), BIT_SPACE)
#endif
      :: else
      fi;
      if
      :: b != 0 -> release(b, bit_of(me))
      :: else
      fi;
      let_go()
    fi;
  ended:
    atomic {
      v = 0; proposal = 0; e_word = 0; b = 0; e_slot = 0; s = 0; found = false; held = false;
      before = 0; lw = 0; key = 0
    };
    goto next;
  done:
    atomic { over[me] = true; finished++; ops = 0 }
  } unless {
    atomic {
      dead[me] ->
        v = 0; proposal = 0; e_word = 0; lw = 0; lv = 0; fw = 0; b = 0; e_slot = 0; before = 0; ops = 0;
        s = 0; was = 0; key = 0; found = false; held = false; there = false
    }
  }
}

/* sluice_block_forget */
inline forget()
{
  s = 1;
  do
  :: atomic { s <= BLOCKS -> release(s, bit_of(who)); s++ }
  :: atomic { s > BLOCKS -> s = 0; break }
  od
}

/* The burial of `who` */
proctype burier(byte who)
{
  short v, w, lw, lv, fw;
  byte s, before;
end:
  atomic { dead[who] -> burying[who] = true };
again:
  {
#ifdef MUTANT_FORGET_FIRST
    forget();
#endif
    /* sluice_table_recover */
    v = version;
    finish(v);
    atomic { v = 0; s = 0 };
    do
    :: atomic { s < SLOTS -> w = slots[s] };
      if
      :: offset_of(w) != 0 && (refs[offset_of(w)] & bit_of(who)) != 0 ->
        if
        :: (w & TENTATIVE) != 0 -> look(s)
        :: else -> lw = w
        fi;
        if
        :: lw == 0 ->
#ifndef MUTANT_NO_RECOVER_WITHDRAW
          if
          :: (w >> PROPOSER_SHIFT & 3) == who + 1 -> withdraw(s, w)
          :: else
          fi
#endif
        :: else ->
#ifndef MUTANT_NO_RECOVER_FOLLOW
          if
          :: home[offset_of(w)] == 1 && slot_in[offset_of(w)] == s ->
            look(s);
            if
            :: offset_of(lw) == offset_of(w) -> follow_up(s, offset_of(w))
            :: else
            fi
          :: else
          fi
#endif
        fi
      :: else
      fi;
      atomic { s++; w = 0; lw = 0 }
    :: atomic { s == SLOTS -> s = 1; break }
    od;
    do
    :: atomic { s <= BLOCKS -> before = refs[s] };
      if
      :: (before & bit_of(who)) != 0 && (before & BIT_SPACE) != 0 && home[s] == 1 ->
        look(slot_in[s]);
#ifndef MUTANT_NO_RECOVER_RELEASE
        if
        :: offset_of(lw) != s -> release(s, BIT_SPACE)
        :: else
        fi;
#endif
        lw = 0
      :: else
      fi;
      atomic { before = 0; s++ }
    :: atomic { s > BLOCKS -> s = 0; break }
    od;
    forget();
    atomic { burying[who] = false; over[who] = true; finished++ }
  } unless {
    atomic {
      restart == who + 1 ->
        restart = 0; v = 0; w = 0; lw = 0; lv = 0; fw = 0; s = 0; before = 0;
        goto again
    }
  }
}

/* All do the same: who dies is the first that lives. */
inline die(victim)
{
  atomic {
    deaths < DEATHS && !dead[victim] && !over[victim] &&
      (victim == 0 || dead[victim - (victim > 0)]) ->
      deaths++;
      dead[victim] = true
  }
}

inline die_burying(victim)
{
  atomic {
    reburials < REBURIALS && burying[victim] && restart == 0 ->
      reburials++;
      restart = victim + 1
  }
}

active proctype death()
{
end:
  do
  :: die(0)
  :: die_burying(0)
#ifdef ANYBODY_DIES
  :: die(1)
  :: die_burying(1)
#if PROCESSES > 2
  :: die(2)
  :: die_burying(2)
#endif
#endif
  od
}

init
{
  byte i;
  atomic {
#ifdef FILLED
    refs[1] = BIT_SPACE;
    home[1] = 1;
    slot_in[1] = FILLED;
    version = 1 << SEQUENCE_SHIFT | 1 << VERSION_PROPOSER_SHIFT | FILLED + 1;
    slots[FILLED] = 1 << TAG_SHIFT | 1 << PROPOSER_SHIFT | 1;
    present[0] = 1;
    inserted[1] = true;
#endif
    do
    :: i < PROCESSES ->
      run participant(i);
      if
#ifdef ANYBODY_DIES
      :: DEATHS > 0 -> run burier(i)
#else
      :: DEATHS > 0 && i == 0 -> run burier(i)
#endif
      :: else
      fi;
      i++
    :: else -> break
    od
  };
  finished == PROCESSES;
  atomic {
    i = 0;
    do
    :: i < KEYS ->
      assert(present[i] == (counts(0) && key_in[offset_of(slots[0])] == i) +
                               (counts(1) && key_in[offset_of(slots[1])] == i));
      i++
    :: else -> break
    od;
    i = 1;
    do
    :: i <= BLOCKS ->
      assert(refs[i] == (refers_to(i) -> BIT_SPACE : 0));
      i++
    :: else -> break
    od
  }
}
