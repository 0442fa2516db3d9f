/* The semaphore (core/src/semaphore.c): a word for each permit, which names its holder, and the event
 * word `released`.
 *
 * Modelled: PROCESSES participants that acquire and release one of PERMITS permits, ROUNDS times each:
 * sluice_semaphore_try (compare-and-swap, beginning with one's own index), sluice_semaphore_sleep
 * (mark, then look at all permits), sluice_semaphore_release (store, then wake one). DEATHS of
 * them may die at any step; sluice_semaphore_recover, which may be begun anew (REBURIALS), frees
 * their permits and wakes all. With -DGIVE_UP a sleeper's time may run out (the first participant's
 * only, else no sleep is for ever), and one that may not sleep may give up, which then passes on
 * (sluice_semaphore_pass).
 *
 * Abstractions: sequentially consistent (all seq_cst in the C); no spinning, no close.
 *
 * Proven: a permit has one holder; nobody sleeps for ever.
 *
 * short: -DPROCESSES=2 -DPERMITS=1 -DROUNDS=2
 * short: -DPROCESSES=3 -DPERMITS=1 -DROUNDS=1
 * short: -DPROCESSES=3 -DPERMITS=2 -DROUNDS=1 -DGIVE_UP
 * short: -DPROCESSES=2 -DPERMITS=1 -DROUNDS=1 -DDEATHS=1 -DREBURIALS=1
 * short: -DPROCESSES=3 -DPERMITS=2 -DROUNDS=1 -DDEATHS=1
 * long: -DPROCESSES=3 -DPERMITS=1 -DROUNDS=1 -DDEATHS=2 -DREBURIALS=1
 * long: -DPROCESSES=3 -DPERMITS=2 -DROUNDS=2 -DDEATHS=1
 * long: -DPROCESSES=3 -DPERMITS=2 -DROUNDS=1 -DDEATHS=1 -DREBURIALS=1 -DGIVE_UP
 * long: -DPROCESSES=4 -DPERMITS=2 -DROUNDS=1
 * mutants: NO_SECOND_LOOK SIGNAL_FIRST TAKE_BY_STORE NO_RECOVERY NO_WAKE_IN_RECOVERY RECOVER_ANYBODYS
 */
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef PERMITS
#define PERMITS 1
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
#define SAME_AS_LAST(who) (PERMITS == 1 && (who) > 1)
#else
#define SAME_AS_LAST(who) (PERMITS == 1 && (who) > 0)
#endif
#include "../../../core/test/models/wait.inc"

#define released 0 /* the event word */

byte holder[PERMITS]; /* plus 1 */
byte user[PERMITS];   /* the proof's: who believes to hold it, plus 1 */
bool over[PROCESSES];
byte deaths, finished;

proctype participant(byte me)
{
  byte key, index, looked, rounds;
  WAIT_LOCALS;
  {
    skip;
  next:
    atomic {
      if
      :: rounds == ROUNDS -> goto done
      :: else -> rounds++; index = me % PERMITS
      fi
    };
  again:
    /* woken, or it has not slept; sluice_semaphore_try */
    do
    :: atomic {
        asleep[me] == 0 && holder[index] != 0 ->
          index = (index + 1) % PERMITS;
          looked++;
          if
          :: looked == PERMITS -> looked = 0; break
          :: else
          fi
      }
    :: atomic { asleep[me] == 0 && holder[index] == 0 -> skip };
      atomic {
        if
#ifdef MUTANT_TAKE_BY_STORE
        :: true ->
#else
        :: holder[index] == 0 ->
#endif
          holder[index] = me + 1;
          assert(user[index] == 0);
          user[index] = me + 1;
          looked = 0;
          goto taken
#ifndef MUTANT_TAKE_BY_STORE
        :: else ->
          index = (index + 1) % PERMITS;
          looked++;
          if
          :: looked == PERMITS -> looked = 0; break
          :: else
          fi
#endif
        fi
      }
#ifdef GIVE_UP
    :: atomic { me == 0 && asleep[me] != 0 -> asleep[me] = 0; goto done } /* its time has run out */
#endif
    od;
    /* sluice_semaphore_sleep */
    atomic { event_mark(released, key); index = 0 };
#ifndef MUTANT_NO_SECOND_LOOK
    do
    :: atomic {
        holder[index] != 0 ->
          index++;
          if
          :: index == PERMITS -> index = 0; break
          :: else
          fi
      }
    :: atomic { holder[index] == 0 -> key = 0; index = me % PERMITS; goto again }
#ifdef GIVE_UP
    :: atomic { holder[index] == 0 -> key = 0; index = 0 }; event_signal_one(released); goto done
#endif
    od;
#endif
    atomic {
      if
      :: word[released] == key -> asleep[me] = released + 1
      :: else
      fi;
      key = 0;
      index = me % PERMITS
    };
    goto again;

  taken:
    assert(holder[index] == me + 1 && user[index] == me + 1);
    /* sluice_semaphore_release */
#ifdef MUTANT_SIGNAL_FIRST
    event_signal_one(released);
#endif
    atomic { user[index] = 0; holder[index] = 0; index = 0 };
#ifndef MUTANT_SIGNAL_FIRST
    event_signal_one(released);
#endif
    goto next;
  done:
    atomic { over[me] = true; finished++; index = 0; looked = 0; rounds = 0 }
  } unless {
    atomic { dead[me] -> key = 0; index = 0; looked = 0; rounds = 0; FORGET_WAIT }
  }
}

/* sluice_semaphore_recover for `who` */
proctype burier(byte who)
{
  byte index;
  WAIT_LOCALS;
end:
  atomic { dead[who] -> burying[who] = true };
again:
  {
#ifndef MUTANT_NO_RECOVERY
    do
    :: atomic {
        index < PERMITS ->
        if
#ifdef MUTANT_RECOVER_ANYBODYS
        :: true ->
#else
        :: holder[index] == who + 1 ->
#endif
          holder[index] = 0;
          if
          :: user[index] == who + 1 -> user[index] = 0
          :: else
          fi
        :: else
        fi;
        index++;
        if
        :: index == PERMITS -> index = 0; break
        :: else
        fi
      }
    od;
#endif
#ifndef MUTANT_NO_WAKE_IN_RECOVERY
    event_wake_all(released);
#endif
    atomic { burying[who] = false; finished++ }
  } unless {
    atomic { restart == who + 1 -> restart = 0; index = 0; FORGET_WAIT; goto again }
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
#if PROCESSES > 2
  :: kill(2)
  :: kill_burier(2)
#endif
#if PROCESSES > 3
  :: kill(3)
  :: kill_burier(3)
#endif
  od
}

init
{
  byte i;
  atomic {
    do
    :: i < PROCESSES -> run participant(i); run burier(i); i++
    :: else -> break
    od
  };
  finished == PROCESSES
}
