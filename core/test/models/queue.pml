/* The MPMC queue and its recovery (core/src/queue.c).
 *
 * Modelled: PUSHERS that push PUSHES elements each, POPPERS that pop what there is, FILLED elements
 * that are there already, CAP slots; find_room, find_item, take, the slots' turns, the lines in which
 * a ticket is announced before it is taken, what recover_push and recover_pop do. Each access to
 * shared memory is one step. DEATHS of them may die at any step; buriers of different dead ones run at
 * once, REBURIALS times one dies too. With -DSLEEP they sleep on the event words `items` and `room`
 * and pass wake-ups on; without, they wait for what they need to become true. With -DPOPS each popper
 * ends when it has popped so many.
 *
 * Abstractions: sequentially consistent; turns and tickets do not wrap; closing is left out.
 *
 * Proven, when nothing more can happen: each element was handed out once, or counted as lost with its
 * receiver once, or is there; each slot between head and tail is filled or to be skipped, each other
 * one is free; no live one waits for what is there. Full and empty are said only of what was so.
 *
 * short: -DPUSHERS=0 -DPOPPERS=2 -DFILLED=1 -DDEATHS=2 -DREBURIALS=0
 * short: -DPUSHERS=0 -DPOPPERS=1 -DFILLED=2 -DDEATHS=1 -DREBURIALS=2
 * short: -DPUSHERS=2 -DPOPPERS=0 -DFILLED=0 -DDEATHS=2 -DREBURIALS=0 -DCAP=1
 * short: -DPUSHERS=1 -DPOPPERS=1 -DFILLED=1 -DDEATHS=1 -DREBURIALS=0 -DCAP=1
 * short: -DPUSHERS=1 -DPOPPERS=1 -DFILLED=1 -DPUSHES=2 -DCAP=1 -DSLEEP
 * short: -DPUSHERS=1 -DPOPPERS=2 -DFILLED=0 -DDEATHS=0 -DCAP=2 -DPUSHES=2 -DSLEEP
 * short: -DPUSHERS=1 -DPOPPERS=1 -DFILLED=1 -DCAP=1 -DDEATHS=1 -DSLEEP
 * short: -DPUSHERS=2 -DPOPPERS=0 -DCAP=2
 * hunt: -DPUSHERS=1 -DPOPPERS=1 -DFILLED=1 -DCAP=1 -DDEATHS=1 -DREBURIALS=1 -DSLEEP
 * hunt: -DPUSHERS=2 -DPOPPERS=2 -DPOPS=1 -DCAP=2 -DSLEEP
 * long: -DPUSHERS=1 -DPOPPERS=1 -DFILLED=1 -DCAP=1 -DDEATHS=1 -DREBURIALS=1 -DSLEEP
 * long: -DPUSHERS=2 -DPOPPERS=1 -DFILLED=1 -DDEATHS=0 -DCAP=1 -DSLEEP
 * long: -DPUSHERS=0 -DPOPPERS=2 -DFILLED=1 -DDEATHS=2 -DREBURIALS=1
 * long: -DPUSHERS=1 -DPOPPERS=2 -DFILLED=1 -DDEATHS=1 -DREBURIALS=0 -DCAP=2
 * long: -DPUSHERS=2 -DPOPPERS=1 -DFILLED=1 -DDEATHS=2 -DREBURIALS=0 -DCAP=1
 * long: -DPUSHERS=1 -DPOPPERS=1 -DFILLED=1 -DDEATHS=2 -DREBURIALS=1 -DCAP=1 -DPUSHES=2
 * mutants: ANNOUNCE_LATE NO_LIVE_CHECK SKIP_BY_STORE TURN_BEFORE_ELEMENT NO_WON ALIVE_AFTER_LINE
 * mutants: NO_DEAD_WINNER NO_SAVED_COUNT NO_COUNT_TURN NO_TAIL_CHECK NO_HEAD_CHECK STALE_FULL
 * mutants: STALE_EMPTY NO_SKIP_IN_POP NO_PASS_ITEMS NO_SIGNAL_ROOM NO_LET_GO FREED_AT_ONCE
 * mutants: RECOVER_BY_SIGNAL
 */
#ifndef PUSHERS
#define PUSHERS 1
#endif
#ifndef POPPERS
#define POPPERS 1
#endif
#ifndef PUSHES
#define PUSHES 1
#endif
#ifndef FILLED
#define FILLED 0
#endif
#ifndef CAP
#define CAP 2
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef REBURIALS
#define REBURIALS 0
#endif
#define PROCESSES (PUSHERS + POPPERS)
#define WORDS 2
#define ITEMS 0
#define ROOM 1
#define SAME_AS_LAST(who) ((who) > 0 && (who) != PUSHERS)
#include "../../../core/test/models/wait.inc"

#define TURN_SKIP 32
#define TURN_COUNT 64
#define TURN_OWNER 128 /* times the line */
#define POP_WON 64
#define POP_BASED 128
#define POP_NAME 63

#define slot_of(ticket) ((ticket) % CAP)
#define turn_of(ticket) ((ticket) / CAP * 2)
#ifdef MUTANT_NO_SKIP_IN_POP
#define filled(turn, ticket) ((turn) == turn_of(ticket) + 1)
#else
#define filled(turn, ticket) (((turn) & ~TURN_SKIP) == turn_of(ticket) + 1)
#endif

byte tail, head;
short turn[CAP];
byte element[CAP];
byte line_push[PROCESSES];
byte line_pop[PROCESSES];
byte lost[PROCESSES];
byte base[PROCESSES];
bool over[PROCESSES];
bool marked[PROCESSES];
bool buried[PROCESSES];
byte generation_of[PROCESSES];
byte deaths;

/* The proof's */
short delivered;
byte pushed, popped;
bool waiting[PROCESSES];

/* ---- the two looks: `status` is true when there is a ticket ---- */

inline find_room()
{
  t = tail;
  do
  :: atomic {
      was = tail == t;
      if
      :: turn[slot_of(t)] == turn_of(t) -> status = true; was = false; break
      :: else
      fi
    };
    atomic {
      if
#ifdef MUTANT_STALE_FULL
      :: true ->
#else
      :: tail == t ->
#endif
        status = false;
        assert(was); /* it was full, for a moment */
        t = 0;
        was = false;
        break
      :: else -> t = tail; was = false
      fi
    }
  od
}

inline find_item()
{
  t = head;
  do
  :: atomic {
      was = head == t;
      u = turn[slot_of(t)];
      if
      :: filled(u, t) -> status = true; was = false; break
      :: else
      fi
    };
    atomic {
      if
#ifdef MUTANT_STALE_EMPTY
      :: true ->
#else
      :: head == t ->
#endif
        status = false;
        assert(was); /* it was empty, for a moment */
        t = 0;
        u = 0;
        was = false;
        break
      :: else -> t = head; was = false
      fi
    }
  od
}

inline pass_room_on()
{
#ifdef SLEEP
  if
  :: (word[ROOM] & WAITER) != 0 ->
    find_room();
    if
    :: status -> event_signal_one(ROOM)
    :: else
    fi
  :: else
  fi
#else
  skip
#endif
}

inline pass_items_on()
{
#if defined(SLEEP) && !defined(MUTANT_NO_PASS_ITEMS)
  if
  :: (word[ITEMS] & WAITER) != 0 ->
    find_item();
    if
    :: status -> event_signal_one(ITEMS)
    :: else
    fi
  :: else
  fi
#else
  skip
#endif
}

proctype pusher(byte me)
{
  byte t, sent, key;
  bool status, named, was;
  WAIT_LOCALS;
  {
    skip;
  next:
    atomic {
      t = 0;
      status = false;
      named = false;
      if
      :: sent == PUSHES -> goto done
      :: else
      fi
    };
  again:
    find_room();
    if
    :: !status ->
      if
      :: named -> atomic { line_push[me] = 0; named = false }
      :: else
      fi;
#ifdef SLEEP
      event_mark(ROOM, key);
      find_room();
      if
      :: atomic {
          !status ->
            waiting[me] = true;
            if
            :: word[ROOM] == key -> asleep[me] = ROOM + 1
            :: else
            fi;
            key = 0
        };
        atomic { asleep[me] == 0 -> waiting[me] = false }
      :: atomic { status -> key = 0 }
      fi;
#else
      waiting[me] = true;
      atomic { turn[slot_of(tail)] == turn_of(tail) -> waiting[me] = false };
#endif
      goto again
    :: else
    fi;
#ifndef MUTANT_ANNOUNCE_LATE
    atomic { line_push[me] = t + 1; named = true };
#endif
    atomic {
      if
      :: tail == t -> tail = t + 1
      :: else -> goto again
      fi
    };
#ifdef MUTANT_ANNOUNCE_LATE
    line_push[me] = t + 1;
#endif
#ifdef MUTANT_TURN_BEFORE_ELEMENT
    atomic { turn[slot_of(t)] = turn_of(t) + 1; pushed++ };
    element[slot_of(t)] = 8 + me * PUSHES + sent;
#else
    element[slot_of(t)] = 8 + me * PUSHES + sent;
    atomic {
      assert(turn[slot_of(t)] == turn_of(t));
      turn[slot_of(t)] = turn_of(t) + 1;
      pushed++
    };
#endif
    atomic { line_push[me] = 0; sent++; t = 0; status = false };
#ifdef SLEEP
    event_signal_one(ITEMS);
#endif
    pass_room_on();
    goto next
  } unless {
    dead[me]
  }
  atomic {
    t = 0; key = 0; status = false; named = false; was = false; sent = 0;
    FORGET_WAIT;
    waiting[me] = false;
    buried[me]
  };
done:
  atomic { over[me] = true; sent = 0 }
}

proctype popper(byte me)
{
  byte t, key, got;
#ifdef POPS
  byte pops;
#endif
  short u;
  bool status, named, was;
  WAIT_LOCALS;
  {
    skip;
  again:
#ifdef POPS
    if
    :: pops == POPS -> goto done
    :: else
    fi;
#endif
    find_item();
    if
    :: !status ->
      if
      :: named -> atomic { line_pop[me] = 0; named = false }
      :: else
      fi;
#ifdef SLEEP
      event_mark(ITEMS, key);
      find_item();
      if
      :: atomic {
          !status ->
            waiting[me] = true;
            if
            :: word[ITEMS] == key -> asleep[me] = ITEMS + 1
            :: else
            fi;
            key = 0
        };
        atomic { asleep[me] == 0 -> waiting[me] = false }
      :: atomic { status -> key = 0 }
      fi;
#else
      waiting[me] = true;
      atomic { filled(turn[slot_of(head)], head) -> waiting[me] = false };
#endif
      goto again
    :: else
    fi;
#ifndef MUTANT_ANNOUNCE_LATE
    atomic { line_pop[me] = t + 1; named = true };
#endif
    atomic {
      if
      :: head == t -> head = t + 1
      :: else -> goto again
      fi
    };
#ifdef MUTANT_ANNOUNCE_LATE
    line_pop[me] = t + 1;
#endif
    if
    :: (u & TURN_SKIP) == 0 ->
#ifndef MUTANT_NO_WON
      line_pop[me] = t + 1 | POP_WON;
#endif
      got = element[slot_of(t)]
    :: else -> got = 0 /* covered */
    fi;
    atomic {
      assert((turn[slot_of(t)] & ~TURN_SKIP) == turn_of(t) + 1);
      turn[slot_of(t)] = turn_of(t + CAP)
    };
    /* a death up to here loses the element, and one from here on does not */
    atomic {
#ifndef MUTANT_NO_LET_GO
      line_pop[me] = 0;
#endif
      if
      :: got != 0 ->
        assert((delivered & 1 << (got - 4)) == 0);
        delivered = delivered | 1 << (got - 4);
        popped++
      :: else
      fi;
      named = false
    };
#if defined(SLEEP) && !defined(MUTANT_NO_SIGNAL_ROOM)
    event_signal_one(ROOM);
#endif
    if
    :: got != 0 ->
#ifdef POPS
      pops++;
#endif
      pass_items_on()
    :: else
    fi;
    atomic { got = 0; t = 0; u = 0; status = false };
    goto again
  } unless {
    dead[me]
  }
  atomic {
    t = 0; u = 0; key = 0; got = 0; status = false; named = false; was = false;
    FORGET_WAIT;
    waiting[me] = false;
#ifdef POPS
    pops = 0;
#endif
    buried[me]
  };
#ifdef POPS
done:
#endif
  over[me] = true
}

/* ---- recovery ---- */

/* named_by: is another's line `name`? `live`: a living one's; `winner`: a dead one's who has won */
#define next_other(who) ((who) + ((who) == me))
inline named_by(popping, name)
{
  atomic { i = next_other(0); live = false; winner = false };
  do
  :: atomic {
      i < PROCESSES ->
#ifdef MUTANT_ALIVE_AFTER_LINE
        n = (popping -> line_pop[i] : line_push[i])
#else
        moves = !marked[i] /* before its line, which is final when it does not */
#endif
    };
    atomic {
#ifdef MUTANT_ALIVE_AFTER_LINE
      moves = !marked[i];
#else
      n = (popping -> line_pop[i] : line_push[i]);
#endif
      if
      :: (n & POP_NAME) == (name) ->
        live = live || moves;
        winner = winner || (n & POP_WON) != 0
      :: else
      fi;
      n = 0;
      moves = false;
      i = next_other(i + 1)
    }
  :: atomic { i >= PROCESSES -> i = 0; break }
  od;
#ifdef MUTANT_NO_LIVE_CHECK
  live = false
#endif
}

/* SLUICE_E_AGAIN: asked again when a living one has moved on, or is found dead */
#define moved_on(line, name)                                                                       \
  (((line[0] & POP_NAME) != (name) || marked[0])                                                   \
   && ((line[1 % PROCESSES] & POP_NAME) != (name) || marked[1 % PROCESSES])                        \
   && ((line[2 % PROCESSES] & POP_NAME) != (name) || marked[2 % PROCESSES]))

inline count_loss()
{
#ifdef MUTANT_NO_SAVED_COUNT
  lost[me] = lost[me] + 1
#else
  lost[me] = base[me] + 1
#endif
}

proctype burier(byte me)
{
  byte generation, line, t, i, n;
  short u, count;
  bool live, winner, moves;
  WAIT_LOCALS;
end:
  dead[me];
again:
  {
    marked[me] = true;

    /* recover_push */
  pushing:
    line = line_push[me];
    if
    :: line != 0 ->
      atomic { t = line - 1; count = tail };
      if
#ifdef MUTANT_NO_TAIL_CHECK
      :: turn[slot_of(t)] == turn_of(t) ->
#else
      :: t < count && turn[slot_of(t)] == turn_of(t) ->
#endif
        named_by(0, line);
        if
        :: live -> atomic { moved_on(line_push, line) -> live = false; goto pushing }
        :: else
        fi;
        atomic {
          if
#ifdef MUTANT_SKIP_BY_STORE
          :: true
#else
          :: turn[slot_of(t)] == turn_of(t)
#endif
            -> turn[slot_of(t)] = turn_of(t) + 1 | TURN_SKIP /* covered */
          :: else
          fi
        }
      :: else
      fi;
      line_push[me] = 0
    :: else
    fi;
    atomic { line = 0; t = 0; count = 0 };

    /* recover_pop */
  popping:
    line = line_pop[me];
    if
#ifdef MUTANT_NO_HEAD_CHECK
    :: line != 0 ->
#else
    :: line != 0 && (line & POP_NAME) <= head ->
#endif
      t = (line & POP_NAME) - 1;
      if
      :: (line & POP_BASED) == 0 -> base[me] = lost[me]; line_pop[me] = line | POP_BASED
      :: else
      fi;
      atomic { count = turn_of(t + CAP) | TURN_COUNT | me * TURN_OWNER; u = turn[slot_of(t)] };
      if
      :: (line & POP_WON) != 0 ->
        count_loss();
        count = turn_of(t) + 1
      :: (line & POP_WON) == 0 && (u & ~TURN_SKIP) == turn_of(t) + 1 ->
        named_by(1, line & POP_NAME);
        if
        :: live -> atomic { moved_on(line_pop, line & POP_NAME) -> live = false; goto popping }
        :: else
        fi;
#ifndef MUTANT_NO_DEAD_WINNER
        if
        :: winner -> goto cleared
        :: else
        fi;
#endif
        atomic {
          if
          :: turn[slot_of(t)] == u ->
#ifdef MUTANT_FREED_AT_ONCE
            turn[slot_of(t)] = turn_of(t + CAP)
#else
            turn[slot_of(t)] = ((u & TURN_SKIP) != 0 -> turn_of(t + CAP) : count)
#endif
          :: else
          fi
        }
      :: else
      fi;
      if
#ifdef MUTANT_NO_COUNT_TURN
      :: turn[slot_of(t)] != 999 ->
#else
      :: turn[slot_of(t)] == count ->
#endif
        if
        :: (line & POP_WON) == 0 -> count_loss() /* covered */
        :: else
        fi;
        atomic {
          if
          :: turn[slot_of(t)] == count -> turn[slot_of(t)] = turn_of(t + CAP)
          :: else
          fi
        }
      :: else
      fi
    :: else
    fi;
  cleared:
    line_pop[me] = 0;
#ifdef SLEEP
    event_wake_all(ITEMS);
    event_wake_all(ROOM)
#endif
  } unless {
    generation != generation_of[me]
  }
  atomic {
    line = 0; t = 0; i = 0; n = 0; u = 0; count = 0; live = false; winner = false; moves = false;
    FORGET_WAIT
  };
  if
  :: generation != generation_of[me] -> generation = generation_of[me]; goto again
  :: else -> buried[me] = true
  fi
}

inline die_burying(victim)
{
  atomic {
    reburials < REBURIALS && marked[victim] && !buried[victim] ->
      generation_of[victim]++;
      reburials++
  }
}

proctype death()
{
end:
  do
  :: kill(0)
  :: die_burying(0)
#if PROCESSES > 1
  :: kill(1)
  :: die_burying(1)
#endif
#if PROCESSES > 2
  :: kill(2)
  :: die_burying(2)
#endif
#if PROCESSES > 3
  :: kill(3)
  :: die_burying(3)
#endif
  od
}

init
{
  byte i, remaining, all_lost;
  atomic {
    do
    :: i < FILLED -> turn[i] = 1; element[i] = 4 + i; pushed++; tail++; i++
    :: else -> break
    od;
    i = 0;
    do
    :: i < PROCESSES ->
      if
      :: i < PUSHERS -> run pusher(i)
      :: else -> run popper(i)
      fi;
#if DEATHS > 0
      run burier(i);
#endif
      i++
    :: else -> break
    od;
#if DEATHS > 0
    run death();
#endif
    i = 0
  };
  timeout;
  atomic {
    do
    :: i < PROCESSES ->
      assert(!dead[i] || buried[i]);
      assert(!dead[i] || (line_push[i] == 0 && line_pop[i] == 0));
      assert(over[i] || waiting[i]);
      assert(!waiting[i] || (i < PUSHERS -> tail == head + CAP : tail == head));
      all_lost = all_lost + lost[i];
      i++
    :: else -> break
    od;
    i = head;
    do
    :: i < tail ->
      assert((turn[slot_of(i)] & ~TURN_SKIP) == turn_of(i) + 1);
      remaining = remaining + (turn[slot_of(i)] == turn_of(i) + 1);
      i++
    :: i >= tail && i < head + CAP -> assert(turn[slot_of(i)] == turn_of(i)); i++
    :: else -> break
    od;
    assert(pushed == popped + all_lost + remaining)
  };
  /* those that wait go on waiting: no invalid end */
  do
  :: i = 0
  od
}
