/* Remote calls: call slots and the queue of submitted ids (core/src/rpc*.c).
 *
 * Modelled: CALLERS that make CALLS calls each, SERVERS that take and answer what they find, SLOTS
 * call slots, PLACES places of the queue. A call's word {serial, abandoned, phase, mover} moves by
 * compare-and-swap; the queue's places {lap, id} by compare-and-swap, its counters follow; the bits
 * that tell a caller; give_up, as the recovery of a dead one does it. Each access to shared memory is
 * one step. DEATHS of them may die at any step (or of -DVICTIM only); buriers of different dead ones
 * run at once, REBURIALS times one dies too. With -DSTALE the queue is full from the start: the first
 * caller's call, then the id of one whose caller died. With -DBEHIND it is full of such an id, and
 * its head was left behind a lap before, by one who emptied the place and died.
 *
 * Abstractions: sequentially consistent; serials do not wrap; cancelling a running call is a word
 * that nobody waits for, left out; sleeping is event.pml's: here each waits for what it needs.
 *
 * Proven: a caller that lives hears of each of its calls once: the answer to that very call, or that
 * its server is lost (never while that server lives); no request is served twice; in the end all
 * slots are free but those of nobody, the queue goes on, nobody is stuck; a queue that is full of
 * what is not queued any more takes a call even where there is no server.
 *
 * short: -DCALLERS=1 -DSERVERS=1 -DCALLS=2 -DDEATHS=1 -DREBURIALS=1
 * short: -DCALLERS=1 -DSERVERS=2 -DCALLS=1 -DDEATHS=1
 * short: -DCALLERS=2 -DSERVERS=1 -DCALLS=1 -DDEATHS=1 -DSLOTS=1 -DPLACES=1
 * short: -DCALLERS=2 -DSERVERS=1 -DCALLS=1 -DSTALE
 * short: -DCALLERS=2 -DSERVERS=0 -DCALLS=1 -DDEATHS=1 -DSLOTS=1 -DPLACES=1
 * short: -DCALLERS=1 -DSERVERS=0 -DCALLS=1 -DSLOTS=1 -DPLACES=1 -DBEHIND
 * long: -DCALLERS=2 -DSERVERS=1 -DCALLS=1 -DDEATHS=1 -DSTALE
 * long: -DCALLERS=2 -DSERVERS=1 -DCALLS=1 -DDEATHS=2 -DSLOTS=1 -DPLACES=1
 * long: -DCALLERS=1 -DSERVERS=2 -DCALLS=2 -DDEATHS=1
 * long: -DCALLERS=2 -DSERVERS=1 -DCALLS=1 -DDEATHS=1 -DREBURIALS=1
 * long: -DCALLERS=1 -DSERVERS=2 -DCALLS=1 -DDEATHS=2 -DSLOTS=1 -DPLACES=1
 * mutants: QUEUE_FIRST TAKE_BY_STORE NO_ABANDON COMPLETE_BY_STORE TELL_FIRST BIT_AFTER_LOOK NO_LOSE
 * mutants: NO_FREE_IN_RECOVERY NO_TELL_IN_RECOVERY NO_HELP_HEAD NO_HELP_TAIL NO_LAP NO_SERIAL
 * mutants: NO_MAKE_ROOM LOSE_ABANDONED CALLER_LAST NO_HELP_IN_MAKE_ROOM
 * hunt: -DCALLERS=1 -DSERVERS=2 -DCALLS=1 -DDEATHS=2 -DSLOTS=1 -DPLACES=1
 * hunt: -DCALLERS=1 -DSERVERS=2 -DCALLS=2 -DDEATHS=1 -DVICTIM=1 -DSLOTS=1 -DPLACES=1
 */
#ifndef CALLERS
#define CALLERS 1
#endif
#ifndef SERVERS
#define SERVERS 1
#endif
#ifndef CALLS
#define CALLS 1
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef PLACES
#define PLACES 2
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef REBURIALS
#define REBURIALS 0
#endif
#define PROCESSES (CALLERS + SERVERS)

#define FREE 0
#define CLAIMED 1
#define QUEUED 2
#define RUNNING 3
#define DONE 4
#define LOST 5
#define ABANDONED 64
#define SERIAL_SHIFT 7
#define mover_of(word) ((word) & 7)
#define phase_of(word) ((word) >> 3 & 7)
#define serial_of(word) ((word) >> SERIAL_SHIFT)
#define moved(word, phase, mover) (serial_of(word) << SERIAL_SHIFT | (phase) << 3 | (mover))
#define id_of(word, slot) (serial_of(word) << 1 | (slot))
#define slot_of(id) ((id) & 1)

/* The queue's places: lap << 4 | id */
#define id_in(word) ((word) & 15)
#define lap_in(word) ((word) >> 4)
#define lap_of(position) ((position) / PLACES)

short word[SLOTS];
byte caller[SLOTS], request[SLOTS], reply[SLOTS];
byte queue[PLACES];
byte head, tail;
byte bits[CALLERS]; /* a bit a slot */
bool dead[PROCESSES], over[PROCESSES], buried[PROCESSES];
byte generation_of[PROCESSES];
byte deaths, reburials, finished;

/* The proof's */
byte served; /* a bit a request, numbered from 0 */
bool pushing[CALLERS];

/* move(call, word, to): `made` */
inline move(s, from, to)
{
  atomic {
    if
    :: word[s] == (from) -> word[s] = (to); made = true
    :: else -> made = false; from = word[s]
    fi
  }
}

inline tell(who, s)
{
  bits[(who) - 1] = bits[(who) - 1] | 1 << (s)
}

inline advance_tail(position)
{
  atomic {
    if
    :: tail == position -> tail = position + 1
    :: else
    fi
  }
}

inline advance_head(position)
{
  atomic {
    if
    :: head == position -> head = position + 1
    :: else
    fi
  }
}

/* Empties the place at the head, which was found to hold `p` at `position` */
inline drop()
{
  atomic {
    if
    :: queue[position % PLACES] == p ->
#ifdef MUTANT_NO_LAP
      queue[position % PLACES] = lap_of(position) << 4
#else
      queue[position % PLACES] = lap_of(position) + 1 << 4
#endif
    :: else
    fi
  };
  advance_head(position)
}

proctype calling(byte me)
{
  short w;
  byte slot, made_calls, position, p, number;
  bool made;
  {
#ifdef STALE
    if
    :: me == 0 -> goto polling
    :: else
    fi;
#else
    skip;
#endif
  next:
    if
    :: made_calls == CALLS -> goto done
    :: else
    fi;
    /* take_slot: waits until one is free, and looks at it */
  claiming:
    atomic {
      if
      :: phase_of(word[0]) == FREE -> slot = 0
#if SLOTS > 1
      :: phase_of(word[1]) == FREE -> slot = 1
#endif
      fi;
      w = word[slot]
    };
    atomic {
#ifdef MUTANT_NO_SERIAL
      move(slot, w, moved(w, CLAIMED, me + 1));
#else
      move(slot, w, moved(w + (1 << SERIAL_SHIFT), CLAIMED, me + 1));
#endif
      w = 0;
      if
      :: !made -> slot = 0; goto claiming
      :: else -> made = false
      fi
    };
#ifndef MUTANT_CALLER_LAST
    caller[slot] = me + 1;
#endif
    atomic { number = me * CALLS + made_calls; request[slot] = number + 1 };
  submitting:
    atomic {
      w = word[slot];
      assert(serial_of(w) <= 6) /* so that an id fits its place */
    };
#ifndef MUTANT_QUEUE_FIRST
    move(slot, w, moved(w, QUEUED, me + 1));
    assert(made);
#endif
    /* sluice_rpc_push */
    pushing[me] = true;
    do
    :: atomic { position = tail; made = false; p = 0 };
      p = queue[position % PLACES];
      if
      :: atomic {
          p == lap_of(position) << 4 ->
            if
            :: queue[position % PLACES] == p ->
              queue[position % PLACES] = p | id_of(w, slot) + 1;
              made = true
            :: else
            fi;
            p = 0
        };
        if
        :: made -> advance_tail(position); break
        :: else
        fi
      :: p != lap_of(position) << 4 && lap_in(p) >= lap_of(position) ->
#ifdef MUTANT_NO_HELP_TAIL
        tail != position
#else
        advance_tail(position) /* covered */
#endif
      :: lap_in(p) < lap_of(position) && tail == position ->
        assert(lap_in(p) + 1 == lap_of(position) && id_in(p) != 0);
#ifdef MUTANT_NO_MAKE_ROOM
        queue[position % PLACES] != p
#else
        /* make_room: drops what is not queued any more */
        position = head;
        p = queue[position % PLACES];
        if
        :: lap_in(p) == lap_of(position) && id_in(p) != 0 ->
          made = serial_of(word[slot_of(id_in(p) - 1)]) == id_in(p) - 1 >> 1 &&
                 phase_of(word[slot_of(id_in(p) - 1)]) == QUEUED;
          if
          :: made -> /* SLUICE_E_FULL: takes it back, and comes again when there is room */
#ifndef MUTANT_QUEUE_FIRST
            w = word[slot];
            move(slot, w, moved(w, CLAIMED, me + 1));
            assert(made);
#endif
            queue[position % PLACES] != p; /* covered */
            goto submitting
          :: else -> drop() /* covered */
          fi
        :: lap_in(p) == lap_of(position) + 1 -> /* emptied, perhaps by one who died then */
#ifdef MUTANT_NO_HELP_IN_MAKE_ROOM
          head != position
#else
          advance_head(position) /* covered */
#endif
        :: else
        fi
#endif
      :: else
      fi
    od;
#ifdef MUTANT_QUEUE_FIRST
    move(slot, w, moved(w, QUEUED, me + 1));
#endif
#ifdef MUTANT_CALLER_LAST
    caller[slot] = me + 1;
#endif
    atomic { position = 0; p = 0; made = false; pushing[me] = false };

    /* sluice_rpc_poll */
#ifdef STALE
  polling:
#endif
    do
    :: (bits[me] & 1 << slot) != 0 ->
#ifdef MUTANT_BIT_AFTER_LOOK
      w = word[slot];
      bits[me] = bits[me] & ~(1 << slot);
#else
      bits[me] = bits[me] & ~(1 << slot);
      w = word[slot];
#endif
      if
      :: (phase_of(w) == DONE || phase_of(w) == LOST) && mover_of(w) == me + 1 -> break
      :: else /* has been told twice, or of a call before */
      fi
    od;
    atomic {
      if
      :: phase_of(w) == DONE -> assert(reply[slot] == number + 1)
      :: else -> assert(deaths > 0)
      fi;
      assert(caller[slot] == me + 1)
    };
    move(slot, w, moved(w, FREE, 0));
    assert(made);
    atomic { made_calls++; slot = 0; w = 0; number = 0; made = false };
    goto next
  } unless {
    dead[me]
  }
  atomic {
    w = 0; slot = 0; made_calls = 0; position = 0; p = 0; number = 0; made = false;
    buried[me]
  };
done:
  atomic { over[me] = true; finished++ }
}

proctype serving(byte me)
{
  short w;
  byte slot, position, p, who;
  bool made;
  {
    skip;
  next:
    atomic { w = 0; slot = 0; position = 0; p = 0; who = 0; made = false };
    /* sluice_rpc_take; waits until there is any */
    atomic { queue[head % PLACES] != lap_of(head) << 4 -> position = head };
    p = queue[position % PLACES];
    if
    :: lap_in(p) == lap_of(position) && id_in(p) != 0 ->
      slot = slot_of(id_in(p) - 1);
      w = word[slot];
      made = false;
      if
      :: serial_of(w) == id_in(p) - 1 >> 1 && phase_of(w) == QUEUED ->
#ifdef MUTANT_TAKE_BY_STORE
        atomic { word[slot] = moved(w, RUNNING, me + 1); made = true }
#else
        move(slot, w, moved(w, RUNNING, me + 1))
#endif
      :: else
      fi;
      atomic {
        if
        :: made -> w = moved(w, RUNNING, me + 1)
        :: else
        fi;
        /* drop() */
        if
        :: queue[position % PLACES] == p ->
#ifdef MUTANT_NO_LAP
          queue[position % PLACES] = lap_of(position) << 4
#else
          queue[position % PLACES] = lap_of(position) + 1 << 4
#endif
        :: else
        fi;
        p = 0
      };
      atomic {
        advance_head(position);
        position = 0;
        if
        :: !made -> goto next
        :: else
        fi
      }
    :: lap_in(p) != lap_of(position) ->
      atomic { assert(lap_in(p) == lap_of(position) + 1 || head != position) };
#ifdef MUTANT_NO_HELP_HEAD
      head != position;
#else
      advance_head(position); /* covered */
#endif
      goto next
    :: else -> goto next
    fi;
    atomic {
      assert((served & 1 << request[slot]) == 0);
      served = served | 1 << request[slot]
    };
    /* sluice_rpc_complete */
    atomic { assert((word[slot] & ~ABANDONED) == w); w = word[slot] };
    who = caller[slot];
    reply[slot] = request[slot];
#ifdef MUTANT_TELL_FIRST
    tell(who, slot);
#endif
    if
    :: (w & ABANDONED) == 0 ->
#ifdef MUTANT_COMPLETE_BY_STORE
      atomic { word[slot] = moved(w, DONE, who); made = true };
#else
      move(slot, w, moved(w, DONE, who));
#endif
      if
      :: made ->
#ifndef MUTANT_TELL_FIRST
        tell(who, slot);
#endif
        goto next
      :: else
      fi
    :: else
    fi;
    assert((w & ABANDONED) != 0 && phase_of(w) == RUNNING);
    move(slot, w, moved(w, FREE, 0)); /* covered */
    assert(made);
    goto next
  } unless {
    dead[me]
  }
  atomic {
    w = 0; slot = 0; position = 0; p = 0; who = 0; made = false;
    buried[me]
  };
  over[me] = true
}

/* sluice_rpc_recover */
proctype burier(byte me)
{
  short w;
  byte s, who, generation;
  bool made;
end:
  dead[me];
again:
  {
    do
    :: s == SLOTS -> break
    :: else ->
      w = word[s];
    one:
      made = true;
      if
      :: phase_of(w) == RUNNING ->
        who = caller[s];
        if
        :: mover_of(w) == me + 1 ->
#ifndef MUTANT_NO_LOSE
#ifdef MUTANT_LOSE_ABANDONED
          if
          :: false
#else
          if
          :: (w & ABANDONED) != 0 -> move(s, w, moved(w, FREE, 0)) /* covered */
#endif
          :: else ->
            move(s, w, moved(w, LOST, who));
            if
            :: made -> tell(who, s)
            :: else
            fi
          fi
#else
          skip
#endif
        :: mover_of(w) != me + 1 && who == me + 1 && (w & ABANDONED) == 0 ->
#ifndef MUTANT_NO_ABANDON
          move(s, w, w | ABANDONED)
#else
          skip
#endif
        :: else
        fi
      :: phase_of(w) != RUNNING && phase_of(w) != FREE && mover_of(w) == me + 1 ->
#ifndef MUTANT_NO_FREE_IN_RECOVERY
        move(s, w, moved(w, FREE, 0))
#else
        skip
#endif
      :: (phase_of(w) == DONE || phase_of(w) == LOST) && mover_of(w) != me + 1 ->
#ifndef MUTANT_NO_TELL_IN_RECOVERY
        tell(mover_of(w), s)
#else
        skip
#endif
      :: else
      fi;
      if
      :: !made -> goto one
      :: else -> atomic { s++; w = 0; who = 0; made = false }
      fi
    od
  } unless {
    generation != generation_of[me]
  }
  atomic { s = 0; w = 0; who = 0; made = false };
  if
  :: generation != generation_of[me] -> generation = generation_of[me]; goto again
  :: else -> buried[me] = true
  fi
}

/* Callers are all alike, and so are servers: who dies is the first that lives. */
#if defined(STALE) || defined(VICTIM)
#define SAME_AS_LAST(who) ((who) > CALLERS)
#else
#define SAME_AS_LAST(who) ((who) > 0 && (who) != CALLERS)
#endif
inline die(victim)
{
  atomic {
    deaths < DEATHS && !dead[victim] && !over[victim] &&
      (!SAME_AS_LAST(victim) || dead[victim - (victim > 0)]) ->
      dead[victim] = true;
      deaths++
  }
}

inline die_burying(victim)
{
  atomic {
    reburials < REBURIALS && dead[victim] && !buried[victim] ->
      generation_of[victim]++;
      reburials++
  }
}

proctype death()
{
end:
  do
#ifdef VICTIM
  :: die(VICTIM)
#else
  :: die(0)
  :: die(1)
#if CALLERS + SERVERS > 2
  :: die(2)
#endif
#endif
  :: die_burying(0)
  :: die_burying(1)
#if CALLERS + SERVERS > 2
  :: die_burying(2)
#endif
  od
}

init
{
  byte i;
  atomic {
#ifdef STALE
    word[0] = 1 << SERIAL_SHIFT | QUEUED << 3 | 1;
    word[1] = 1 << SERIAL_SHIFT;
    caller[0] = 1;
    request[0] = 1;
    queue[0] = id_of(word[0], 0) + 1;
    queue[1] = id_of(word[1], 1) + 1;
    tail = 2;
#endif
#ifdef BEHIND
    word[0] = 1 << SERIAL_SHIFT;
    queue[0] = 1 << 4 | id_of(word[0], 0) + 1;
    tail = 2;
#endif
    do
    :: i < PROCESSES ->
      if
      :: i < CALLERS -> run calling(i)
      :: else -> run serving(i)
      fi;
#if DEATHS > 0
      run burier(i);
#endif
      i++
    :: else -> break
    od;
#if DEATHS > 0
    run death()
#endif
  };
  timeout;
  atomic {
    i = 0;
    do
    :: i < PROCESSES -> assert(!dead[i] || buried[i]); i++
    :: else -> break
    od;
#if PLACES == 1
    /* what fills the queue is a dead one's */
    i = 0;
    do
    :: i < CALLERS -> assert(dead[i] || !pushing[i]); i++
    :: else -> break
    od;
#endif
    /* all callers are through, unless all servers are dead: then what is left waits for one */
    i = CALLERS;
    do
    :: i < PROCESSES && dead[i] -> i++
    :: else -> break
    od;
    if
    :: i < PROCESSES ->
      assert(finished >= CALLERS);
      assert(queue[head % PLACES] == lap_of(head) << 4);
      i = 0;
      do
      :: i < SLOTS -> assert(phase_of(word[i]) == FREE); i++
      :: else -> break
      od
    :: else
    fi
  };
  do
  :: i = 0
  od
}
