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
 * short: -DPROCESSES=3 -DPARTIES=3 -DROUNDS=1 -DDEATHS=1 -DMORTAL=0
 * short: -DPROCESSES=3 -DPARTIES=2 -DROUNDS=1
 * short: -DPROCESSES=2 -DPARTIES=2 -DROUNDS=2 -DGIVE_UP
 * short: -DPROCESSES=2 -DPARTIES=2 -DROUNDS=2 -DDEATHS=1 -DREBURIALS=1
 * long: -DPROCESSES=3 -DPARTIES=3 -DROUNDS=2
 * long: -DPROCESSES=3 -DPARTIES=3 -DROUNDS=1 -DDEATHS=1
 * long: -DPROCESSES=2 -DPARTIES=2 -DROUNDS=2 -DDEATHS=2 -DREBURIALS=1
 * long: -DPROCESSES=3 -DPARTIES=3 -DROUNDS=1 -DDEATHS=1 -DGIVE_UP
 * long: -DPROCESSES=3 -DPARTIES=2 -DROUNDS=2
 * long: -DPROCESSES=3 -DPARTIES=2 -DROUNDS=1 -DDEATHS=1
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
byte deaths, reburials, generation, finished;

/* What the proof knows and the program does not. */
byte within[PHASES];  /* how many have arrived and have not withdrawn */
byte last[PHASES];    /* how many were told that they were the last */
bool told_over[PHASES];
bool told_lost[PHASES];
bool was_member[PROCESSES];
bool left[PROCESSES];
bool member_died;

#define count_of(set) (((set) & 1) + ((set) >> 1 & 1) + ((set) >> 2 & 1) + ((set) >> 3 & 1))

/* sluice_barrier_poll: `status` */
#define BUSY 1
#define LOST 2
#define OVER 3
inline poll()
{
  if
  :: (arrivals >> PHASE_SHIFT) != phase -> status = OVER
  :: else ->
#ifdef MUTANT_NO_FLAG_IN_POLL
    status = BUSY
#else
    if
    :: broken -> status = LOST
    :: else -> status = BUSY
    fi
#endif
  fi
}

/* sluice_barrier_withdraw: `status` stays as it was, or becomes what poll says */
inline withdraw()
{
  atomic {
    v = arrivals;
    arrivals = arrivals & ~bit_of(me);
    if
    :: (v >> PHASE_SHIFT) == phase -> within[phase]--
    :: else -> counted = true
    fi
  };
#ifndef MUTANT_WITHDRAW_NO_LOOK
  if
  :: (v >> PHASE_SHIFT) != phase -> v = 0; poll() /* covered */
  :: else -> v = 0
  fi
#endif
}

proctype party(byte me)
{
  byte key, v, arrived, phase, missing, status, rounds;
  bool counted; /* the proof's: the phase ended with this one's arrival, before it could withdraw */
  WAIT_LOCALS;
  {
    skip;
  next:
    if
    :: rounds == ROUNDS -> goto leave
    :: else -> rounds++
    fi;
    /* sluice_barrier_arrive */
    if
    :: broken -> goto leave
    :: else
    fi;
#ifndef MUTANT_NO_MEMBER
#ifndef MUTANT_MEMBER_LATE
    if
    :: (members & bit_of(me)) == 0 -> members = members | bit_of(me)
    :: else
    fi;
#endif
#endif
    v = arrivals;
  try:
    atomic {
      assert((v & bit_of(me)) == 0);
      arrived = (v & EVERYBODY) | bit_of(me);
      phase = v >> PHASE_SHIFT;
#ifdef MUTANT_ONE_TOO_FEW
      missing = (count_of(arrived) >= PARTIES - 1 -> 0 : PARTIES - count_of(arrived));
#else
      missing = PARTIES - count_of(arrived);
#endif
      v = v | bit_of(me)
    };
#ifdef MUTANT_WAKE_FIRST
    if
    :: missing == 0 -> event_signal_all(passed)
    :: else
    fi;
#endif
    atomic {
      if
#ifdef MUTANT_ARRIVE_BY_STORE
      :: true ->
#else
      :: arrivals == (v & ~bit_of(me)) ->
#endif
        within[phase]++;
        if
        :: missing == 0 ->
#ifdef MUTANT_KEEP_BITS
          arrivals = arrivals + (1 << PHASE_SHIFT);
#else
          arrivals = (phase + 1) << PHASE_SHIFT;
#endif
          assert(within[phase] == PARTIES);
          last[phase]++;
          assert(last[phase] == 1)
        :: else -> arrivals = v
        fi;
        was_member[me] = true;
        v = 0;
        arrived = 0
#ifndef MUTANT_ARRIVE_BY_STORE
      :: else -> v = arrivals; goto try
#endif
      fi
    };
#ifdef MUTANT_MEMBER_LATE
    members = members | bit_of(me);
#endif
#if !defined(MUTANT_NO_WAKE) && !defined(MUTANT_WAKE_FIRST)
    if
    :: missing == 0 -> event_signal_all(passed)
    :: else
    fi;
#endif
    missing = 0;
    /* sluice_barrier_wait */
  again:
    poll();
    if
    :: status == BUSY
    :: status == LOST ->
#ifndef MUTANT_STAY_WHEN_LOST
      withdraw();
#endif
      goto told
    :: status == OVER -> goto told
    fi;
    /* sluice_barrier_sleep */
    event_mark(passed, key);
#ifndef MUTANT_NO_LOOK_AFTER_MARK
    poll();
    if
    :: status == BUSY
    :: else ->
      key = 0;
#ifdef GIVE_UP
      if
      :: true
      :: me == 0 -> status = BUSY; withdraw(); goto told /* covered */
      fi;
#endif
      goto again
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
    :: asleep[me] == 0
#ifdef GIVE_UP
    :: atomic { me == 0 && asleep[me] != 0 -> asleep[me] = 0 };
      status = BUSY;
#ifndef MUTANT_NO_WITHDRAW
      withdraw();
#endif
      goto told
#endif
    fi;
    goto again;

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
    (finished < PROCESSES); /* one more step to die at */
    atomic { over[me] = true; finished++ }
  } unless {
    dead[me]
  }
}

/* sluice_barrier_recover for `who` */
proctype burier(byte who)
{
  byte mine;
  WAIT_LOCALS;
end:
  dead[who];
again:
  {
#ifdef MUTANT_RECOVER_WAKES_FIRST
    event_wake_all(passed);
#endif
    atomic {
      assert(!was_member[who] || (members & bit_of(who)) != 0);
      assert(was_member[who] || (arrivals & bit_of(who)) == 0);
      assert(!left[who] || (members & bit_of(who)) == 0);
      member_died = member_died || was_member[who]
    };
#ifndef MUTANT_RECOVER_NO_FLAG
    if
    :: (members & bit_of(who)) != 0 -> broken = true
    :: else
    fi;
#endif
#if !defined(MUTANT_RECOVER_NO_WAKE) && !defined(MUTANT_RECOVER_WAKES_FIRST)
    event_wake_all(passed);
#endif
    atomic { over[who] = true; finished++; goto buried }
  } unless {
    mine != generation && !over[who]
  }
  atomic { mine = generation; value = 0; woken = 0; hit = 0; i_ = 0 };
  goto again;
buried:
  skip
}

active proctype death()
{
end:
  do
#ifdef MORTAL
  :: kill(MORTAL)
#else
  :: kill(0)
  :: kill(1)
#if PROCESSES > 2
  :: kill(2)
#endif
#endif
  :: atomic { reburials < REBURIALS && deaths > 0 -> reburials++; generation++ }
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
