/* The condition variable (core/src/condvar.c).
 *
 * Modelled: what uses it as POSIX allows. CONSUMERS wait, with the mutex held, for an item or for the
 * end of the epoch in which they came; who sees the epoch over goes and takes no item. One ends the
 * epoch and calls sluice_condvar_broadcast, then brings ITEMS items one by one, a
 * sluice_condvar_signal each; with -DTWO another brings them. All these calls come after the mutex
 * has been given back. A wait is begin (not called, announced, marked, unlocked), the futex,
 * sluice_condvar_woken, the mutex, sluice_condvar_pass. DEATHS of the consumers may die at any step,
 * with -DANYBODY of all; the burier gives the mutex back, does sluice_condvar_recover, and may be begun anew (REBURIALS).
 * With -DGIVE_UP the time of the first consumer may run out. With -DASLEEP the first two sleep when
 * all begins.
 *
 * Abstractions: sequentially consistent (all seq_cst in the C, or under the mutex); the mutex is one
 * step to take and one to give back (mutex.pml), robust; what happens under it that nobody else looks
 * at goes with one of those.
 *
 * Proven: nobody sleeps for ever who could go on: a broadcast wakes all that wait when it is called,
 * and a signal one that no broadcast has called before; nobody that does not wait stays in
 * `waiting`.
 *
 * short: -DCONSUMERS=2 -DITEMS=2
 * short: -DCONSUMERS=3 -DITEMS=0
 * short: -DCONSUMERS=3 -DITEMS=1 -DASLEEP
 * short: -DCONSUMERS=2 -DITEMS=1 -DGIVE_UP
 * short: -DCONSUMERS=2 -DITEMS=1 -DDEATHS=1 -DASLEEP
 * long: -DCONSUMERS=3 -DITEMS=1
 * long: -DCONSUMERS=3 -DITEMS=1 -DTWO -DASLEEP
 * long: -DCONSUMERS=3 -DITEMS=2 -DASLEEP
 * long: -DCONSUMERS=3 -DITEMS=1 -DGIVE_UP -DASLEEP
 * long: -DCONSUMERS=2 -DITEMS=2 -DDEATHS=1 -DREBURIALS=1
 * long: -DCONSUMERS=2 -DITEMS=1 -DDEATHS=1 -DANYBODY
 * long: -DCONSUMERS=2 -DITEMS=1 -DDEATHS=1 -DGIVE_UP -DASLEEP
 * long: -DCONSUMERS=2 -DITEMS=1 -DTWO -DDEATHS=1 -DANYBODY -DASLEEP
 * long: -DCONSUMERS=3 -DITEMS=1 -DDEATHS=1 -DASLEEP
 * hunt: -DCONSUMERS=3 -DITEMS=1 -DTWO -DASLEEP
 * hunt: -DCONSUMERS=2 -DITEMS=0 -DDEATHS=1 -DREBURIALS=1 -DASLEEP
 * mutants: SIGNAL_HITS_CALLED CALL_SNAPSHOT UNLOCK_FIRST MARK_LATE NO_PASS PASS_ONLY_CALLED
 * mutants: BROADCAST_NO_CALL BROADCAST_NO_WAKE CALL_AFTER_WAKE SIGNAL_NO_WAKE
 * mutants: RECOVER_NO_WAKE RECOVER_BY_SIGNAL RECOVER_STILL_WAITING NOT_WOKEN
 */
#ifndef CONSUMERS
#define CONSUMERS 2
#endif
#ifndef ITEMS
#define ITEMS 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef REBURIALS
#define REBURIALS 0
#endif
#ifdef TWO
#define PROCESSES (CONSUMERS + 2)
#else
#define PROCESSES (CONSUMERS + 1)
#endif
#ifdef ANYBODY
#define MORTALS PROCESSES
#else
#define MORTALS CONSUMERS
#endif
#define WORDS 1
#if defined(GIVE_UP)
#define SAME_AS_LAST(who) ((who) > 2 && (who) < CONSUMERS)
#elif defined(ASLEEP)
#define SAME_AS_LAST(who) ((who) == 1 || ((who) > 2 && (who) < CONSUMERS))
#else
#define SAME_AS_LAST(who) ((who) > 0 && (who) < CONSUMERS)
#endif
#include "../../../core/test/models/wait.inc"

#define sequence 0
#define bit_of(who) (1 << (who))

byte waiting, called;
byte mutex; /* its owner, plus 1 */
byte items, brought;
byte epoch;

bool over[PROCESSES];
byte deaths, finished;

byte came[CONSUMERS]; /* in which epoch */

#define lock() atomic { mutex == 0 -> mutex = me + 1 }
#define unlock() assert(mutex == me + 1); mutex = 0

#define call(who) atomic { called = called | (who) }

inline condvar_broadcast()
{
  if
  :: atomic { waiting != 0 -> set = waiting };
#if !defined(MUTANT_BROADCAST_NO_CALL) && !defined(MUTANT_CALL_AFTER_WAKE)
    call(set);
#ifndef MUTANT_CALL_SNAPSHOT
    atomic { set = waiting & ~set };
    if
    :: atomic { set != 0 -> call(set); set = 0 } /* covered */
    :: set == 0
    fi;
#endif
#endif
#ifndef MUTANT_BROADCAST_NO_WAKE
    event_signal_one(sequence);
#endif
#ifdef MUTANT_CALL_AFTER_WAKE
    call(set);
#endif
    set = 0
  :: waiting == 0
  fi
}

/* is_calling: `set` is not empty. The C does not say which of the two it looks at first. */
inline is_calling()
{
  if
  :: set = called; set = set & waiting
  :: set = waiting; set = set & called
  fi
}

inline condvar_signal()
{
#ifdef MUTANT_SIGNAL_HITS_CALLED
  event_signal_one(sequence)
#else
  is_calling();
  if
  :: atomic { set != 0 -> set = 0 }; condvar_broadcast() /* covered */
  :: set == 0 ->
#ifndef MUTANT_SIGNAL_NO_WAKE
    event_signal_one(sequence)
#else
    skip
#endif
  fi
#endif
}

inline condvar_pass()
{
#ifndef MUTANT_NO_PASS
  is_calling();
  if
#ifdef MUTANT_PASS_ONLY_CALLED
  :: atomic { set != 0 && !was_called -> set = 0 }
  :: atomic { set != 0 && was_called -> futex_wake_one(sequence); set = 0; woken = 0 }
#else
  :: atomic { set != 0 -> futex_wake_one(sequence); set = 0; woken = 0 } /* covered */
#endif
  :: set == 0
  fi
#else
  skip
#endif
}

proctype consumer(byte me)
{
  byte key, set;
  bool gave_up;
#ifdef MUTANT_PASS_ONLY_CALLED
  bool was_called;
#endif
  WAIT_LOCALS;
  {
#ifdef ASLEEP
    if
    :: me < 2 -> goto end_asleep
    :: else
    fi;
#endif
    atomic { mutex == 0 -> mutex = me + 1; came[me] = epoch };
    do
    :: atomic { epoch != came[me] || gave_up -> unlock(); break }
    :: atomic { epoch == came[me] && !gave_up && items > 0 -> items--; unlock(); break }
    :: atomic {
        epoch == came[me] && !gave_up && items == 0 ->
          /* sluice_condvar_wait */
#ifdef MUTANT_UNLOCK_FIRST
          unlock();
#endif
          called = called & ~bit_of(me)
      };
      waiting = waiting | bit_of(me);
#ifndef MUTANT_MARK_LATE
      event_mark(sequence, key);
#endif
#ifndef MUTANT_UNLOCK_FIRST
      atomic { unlock() };
#endif
#ifdef MUTANT_MARK_LATE
      event_mark(sequence, key);
#endif
      atomic {
        if
        :: word[sequence] == key -> asleep[me] = sequence + 1
        :: else
        fi;
        key = 0
      };
    end_asleep:
      /* sluice_condvar_woken */
      if
      :: atomic {
          asleep[me] == 0 ->
#ifdef MUTANT_PASS_ONLY_CALLED
            was_called = (called & bit_of(me)) != 0;
#endif
#ifndef MUTANT_NOT_WOKEN
            waiting = waiting & ~bit_of(me)
#endif
        }
#ifdef GIVE_UP
      :: atomic {
          me == 0 && asleep[me] != 0 -> asleep[me] = 0; gave_up = true /* covered */
        };
#ifndef MUTANT_NOT_WOKEN
        waiting = waiting & ~bit_of(me)
#endif
#endif
      fi;
#ifndef MUTANT_NOT_WOKEN
      called = called & ~bit_of(me);
#endif
      lock();
      condvar_pass()
    od;
    assert((waiting & bit_of(me)) == 0);
    atomic { over[me] = true; finished++; gave_up = false }
  } unless {
    atomic { dead[me] -> key = 0; set = 0; gave_up = false; FORGET_WAIT }
  }
}

proctype director(byte me)
{
  byte set;
  WAIT_LOCALS;
  {
#ifdef TWO
    if
    :: me == CONSUMERS + 1 -> goto bring
    :: else
    fi;
#endif
    atomic { mutex == 0 -> epoch++ };
    condvar_broadcast();
#ifdef TWO
    goto done;
#endif
  bring:
    do
    :: brought == ITEMS -> break
    :: atomic { brought < ITEMS && mutex == 0 -> items++; brought++ };
      condvar_signal()
    od;
  done:
    atomic { over[me] = true; finished++ }
  } unless {
    atomic { dead[me] -> set = 0; FORGET_WAIT }
  }
}

/* sluice_condvar_recover for `who`, after the mutex has been given back */
proctype burier(byte who)
{
  WAIT_LOCALS;
end:
  atomic { dead[who] -> burying[who] = true };
again:
  {
    atomic {
      if
      :: mutex == who + 1 -> mutex = 0
      :: else
      fi
    };
#ifndef MUTANT_RECOVER_STILL_WAITING
    waiting = waiting & ~bit_of(who);
    called = called & ~bit_of(who);
#endif
#ifndef MUTANT_RECOVER_NO_WAKE
    event_wake_all(sequence);
#endif
    atomic {
      assert((waiting & bit_of(who)) == 0);
      burying[who] = false;
      over[who] = true;
      finished++
    }
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
  :: kill_burier(0)
  :: kill_burier(1)
#if MORTALS > 2
  :: kill(2)
  :: kill_burier(2)
#endif
#if MORTALS > 3
  :: kill(3)
  :: kill_burier(3)
#endif
#if MORTALS > 4
  :: kill(4)
  :: kill_burier(4)
#endif
  od
}

init
{
  byte i;
  atomic {
#ifdef ASLEEP
    asleep[0] = sequence + 1;
    asleep[1] = sequence + 1;
    waiting = 3;
    word[sequence] = WAITER;
#endif
    do
    :: i < CONSUMERS -> run consumer(i); run burier(i); i++
    :: i >= CONSUMERS && i < PROCESSES -> run director(i); run burier(i); i++
    :: else -> break
    od;
    i = 0
  };
  timeout;
  assert(mutex == 0);
  do
  :: i < CONSUMERS -> assert(asleep[i] == 0 || (items == 0 && came[i] == epoch)); i++
  :: else -> break
  od
}
