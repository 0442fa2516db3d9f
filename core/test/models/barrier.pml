/* The barrier (core/src/barrier.c).
 *
 * Modelled: PROCESSES participants that call sluice_barrier_wait for a barrier of PARTIES, ROUNDS
 * times each: sluice_barrier_arrive (the flags, member, compare-and-swap on {phase, arrivals}, wake
 * all), poll, sluice_barrier_sleep (mark, poll), the futex, sluice_barrier_withdraw. DEATHS of them
 * may die at any step; for each a burier does sluice_barrier_recover, and may be begun anew
 * (REBURIALS). With -DGIVE_UP the first may run out of time, in its sleep or when it may not sleep.
 * Whoever is told that a party is lost comes no more; who has done its ROUNDS calls
 * sluice_barrier_leave, and may die then.
 *
 * Abstractions: sequentially consistent (all seq_cst in the C, but the first look at `arrivals`,
 * which only the compare-and-swap acts on); no spinning; phases do not wrap.
 *
 * Proven: a phase ends with all PARTIES in it, each once, and nobody is told so before; exactly one
 * is told that it was the last; of those that come in one phase, nobody is told that it is over when
 * another has been told that it will not be (by a death or its own time); nobody sleeps for ever: in
 * the end nobody waits in a phase that is over or broken.
 *
 * short: -DPROCESSES=2 -DPARTIES=2 -DROUNDS=2
 * short: -DPROCESSES=3 -DPARTIES=3 -DROUNDS=1 -DDEATHS=1
 * short: -DPROCESSES=3 -DPARTIES=2 -DROUNDS=1
 * short: -DPROCESSES=2 -DPARTIES=2 -DROUNDS=2 -DGIVE_UP
 * short: -DPROCESSES=2 -DPARTIES=2 -DROUNDS=2 -DDEATHS=1 -DREBURIALS=1
 * long: -DPROCESSES=3 -DPARTIES=3 -DROUNDS=2 -DDEATHS=1 -DREBURIALS=1
 * long: -DPROCESSES=3 -DPARTIES=3 -DROUNDS=1 -DDEATHS=2 -DREBURIALS=1
 * long: -DPROCESSES=3 -DPARTIES=3 -DROUNDS=2 -DDEATHS=1 -DGIVE_UP
 * long: -DPROCESSES=3 -DPARTIES=2 -DROUNDS=2 -DDEATHS=1
 * long: -DPROCESSES=2 -DPARTIES=2 -DROUNDS=2 -DDEATHS=2 -DREBURIALS=1 -DGIVE_UP
 * mutants: ARRIVE_BY_STORE ONE_TOO_FEW NO_WAKE WAKE_FIRST NO_LOOK_AFTER_MARK NO_WITHDRAW STAY_WHEN_LOST
 * mutants: WITHDRAW_NO_LOOK MEMBER_LATE NO_MEMBER KEEP_BITS RECOVER_NO_FLAG RECOVER_NO_WAKE
 * mutants: RECOVER_BY_SIGNAL RECOVER_WAKES_FIRST LEAVE_STAYS_MEMBER NO_FLAG_IN_POLL
 */
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef PARTIES
#define PARTIES 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef REBURIALS
#define REBURIALS 0
#endif
#define WORDS 1
#ifdef GIVE_UP
#define SAME_AS_LAST(who) ((who) > 1)
#else
#define SAME_AS_LAST(who) ((who) > 0)
#endif
#include "../../../core/test/models/wait.inc"

#define passed 0 /* the event word */
#define bit_of(who) (1 << (who))
#define PHASE_SHIFT 4
#define EVERYBODY 15
#define PHASES (PROCESSES * ROUNDS + 1)

byte arrivals; /* phase, and a bit for each that has arrived */
byte members;
bool broken; /* the object's flag SLUICE_BARRIER_BROKEN */

bool over[PROCESSES];
byte deaths, finished;

/* What the proof knows and the program does not. */
byte within[PHASES];  /* how many have arrived and have not withdrawn */
byte last[PHASES];    /* how many were told that they were the last */
bool told_over[PHASES];
bool told_lost[PHASES];
bool was_member[PROCESSES];
bool left[PROCESSES];
bool member_died;

#define count_of(set) (((set) & 1) + ((set) >> 1 & 1) + ((set) >> 2 & 1) + ((set) >> 3 & 1))

/* sluice_barrier_poll: two looks; `status` */
#define BUSY 1
#define LOST 2
#define OVER 3
inline poll()
{
#ifdef MUTANT_NO_FLAG_IN_POLL
  atomic { status = ((arrivals >> PHASE_SHIFT) != phase -> OVER : BUSY) }
#else
  if
  :: atomic { (arrivals >> PHASE_SHIFT) != phase -> status = OVER }
  :: atomic { (arrivals >> PHASE_SHIFT) == phase -> skip };
    atomic { status = (broken -> LOST : BUSY) }
  fi
#endif
}

/* sluice_barrier_withdraw: `status` stays as it was, or becomes what poll says */
inline withdraw()
{
  if
  :: atomic { (arrivals >> PHASE_SHIFT) == phase -> within[phase]--; arrivals = arrivals & ~bit_of(me) }
  :: atomic { (arrivals >> PHASE_SHIFT) != phase -> counted = true; arrivals = arrivals & ~bit_of(me) };
#ifndef MUTANT_WITHDRAW_NO_LOOK
    poll() /* covered */
#endif
  fi
}

proctype party(byte me)
{
  byte key, v, phase, status, rounds;
  bool missing;
  bool counted; /* the proof's: the phase ended with this one's arrival, before it could withdraw */
  WAIT_LOCALS;
  {
    skip;
  next:
    atomic {
      if
      :: rounds == ROUNDS -> rounds = 0; goto leave
      :: else -> rounds++
      fi
    };
    /* sluice_barrier_arrive */
    if
    :: atomic { broken -> rounds = 0; goto leave }
    :: atomic { !broken -> skip }
    fi;
#ifndef MUTANT_NO_MEMBER
#ifndef MUTANT_MEMBER_LATE
    /* only its owner sets or clears the bit */
    members = members | bit_of(me);
#endif
#endif
  try:
    atomic {
      v = arrivals;
      assert((v & bit_of(me)) == 0);
      phase = v >> PHASE_SHIFT;
#ifdef MUTANT_ONE_TOO_FEW
      missing = count_of(v & EVERYBODY) + 1 < PARTIES - 1
#else
      missing = count_of(v & EVERYBODY) + 1 < PARTIES
#endif
    };
#ifdef MUTANT_WAKE_FIRST
    if
    :: !missing -> event_signal_all(passed)
    :: else
    fi;
#endif
    atomic {
      if
#ifdef MUTANT_ARRIVE_BY_STORE
      :: true ->
#else
      :: arrivals == v ->
#endif
        within[phase]++;
        was_member[me] = true;
        if
        :: missing -> arrivals = v | bit_of(me); v = 0; missing = false; goto again
        :: else ->
#ifdef MUTANT_KEEP_BITS
          arrivals = (v | bit_of(me)) + (1 << PHASE_SHIFT);
#else
          arrivals = (phase + 1) << PHASE_SHIFT;
#endif
          v = 0;
          assert(within[phase] == PARTIES);
          last[phase]++;
          assert(last[phase] == 1)
        fi
#ifndef MUTANT_ARRIVE_BY_STORE
      :: else -> v = 0; phase = 0; missing = false; goto try
#endif
      fi
    };
#if !defined(MUTANT_NO_WAKE) && !defined(MUTANT_WAKE_FIRST)
    event_signal_all(passed);
#endif
    /* sluice_barrier_wait */
  again:
#ifdef MUTANT_MEMBER_LATE
    members = members | bit_of(me);
#endif
    poll();
    if
    :: atomic { status == BUSY -> status = 0 }
    :: status == LOST ->
#ifndef MUTANT_STAY_WHEN_LOST
      withdraw();
#endif
      goto told
    :: atomic { status == OVER -> goto told }
    fi;
    /* sluice_barrier_sleep */
    event_mark(passed, key);
#ifndef MUTANT_NO_LOOK_AFTER_MARK
    poll();
    if
    :: atomic { status == BUSY -> status = 0 }
    :: atomic { status != BUSY -> key = 0; status = 0; goto again }
#ifdef GIVE_UP
    :: atomic { status != BUSY && me == 0 -> key = 0; status = BUSY }; withdraw(); goto told /* covered */
#endif
    fi;
#endif
    atomic {
      if
      :: word[passed] == key -> asleep[me] = passed + 1
      :: else
      fi;
      key = 0
    };
  end_asleep:
    if
    :: atomic { asleep[me] == 0 -> goto again }
#ifdef GIVE_UP
    :: atomic { me == 0 && asleep[me] != 0 -> asleep[me] = 0; status = BUSY };
#ifndef MUTANT_NO_WITHDRAW
      withdraw();
#endif
      goto told
#endif
    fi;

  told:
    atomic {
      if
      :: status == OVER ->
        assert(within[phase] == PARTIES);
        assert(!told_lost[phase]);
        told_over[phase] = true
      :: status == LOST ->
        assert(!told_over[phase]);
        told_lost[phase] = true;
        assert(within[phase] < PARTIES);
        phase = 0;
        rounds = 0;
        counted = false;
        status = 0;
        goto leave
      :: status == BUSY -> assert((arrivals & bit_of(me)) == 0 && !counted) /* its time has run out */
      fi;
      phase = 0;
      counted = false;
      status = 0
    };
    goto next;
  leave:
    atomic {
      was_member[me] = false;
      left[me] = true;
#ifndef MUTANT_LEAVE_STAYS_MEMBER
      members = members & ~bit_of(me)
#endif
    };
    atomic { over[me] = true; finished++ } /* and until then may die */
  } unless {
    atomic {
      dead[me] -> key = 0; v = 0; phase = 0; missing = false; status = 0; rounds = 0; counted = false;
      FORGET_WAIT
    }
  }
}

/* sluice_barrier_recover for `who` */
proctype burier(byte who)
{
  WAIT_LOCALS;
end:
  atomic { dead[who] -> burying[who] = true };
again:
  {
#ifdef MUTANT_RECOVER_WAKES_FIRST
    event_wake_all(passed);
#endif
    atomic {
      assert(!was_member[who] || (members & bit_of(who)) != 0);
      assert(was_member[who] || (arrivals & bit_of(who)) == 0);
      assert(!left[who] || (members & bit_of(who)) == 0);
      member_died = member_died || was_member[who];
#ifndef MUTANT_RECOVER_NO_FLAG
      /* only the dead one changed its bit */
      if
      :: (members & bit_of(who)) != 0 -> broken = true
      :: else
      fi
#endif
    };
#if !defined(MUTANT_RECOVER_NO_WAKE) && !defined(MUTANT_RECOVER_WAKES_FIRST)
    event_wake_all(passed);
#endif
    atomic { burying[who] = false; over[who] = true; finished++ }
  } unless {
    atomic { restart == who + 1 -> restart = 0; FORGET_WAIT; goto again }
  }
}

active proctype death()
{
end:
  do
  :: kill(0)
  :: kill(1)
#if PROCESSES > 2
  :: kill(2)
#endif
  :: kill_burier(0)
  :: kill_burier(1)
#if PROCESSES > 2
  :: kill_burier(2)
#endif
  od
}

init
{
  byte i;
  atomic {
    do
    :: i < PROCESSES -> run party(i); run burier(i); i++
    :: else -> break
    od;
    i = 0
  };
  timeout;
  /* Who still sleeps waits for those that do not come any more. */
  do
  :: i < PROCESSES ->
    assert(over[i] || (asleep[i] != 0 && !broken && !member_died && (arrivals & bit_of(i)) != 0));
    i++
  :: else -> break
  od;
  assert(count_of(arrivals & EVERYBODY) < PARTIES)
}
