/* The semaphore (core/src/semaphore.c): a word for each permit, which names its holder, and the event
 * word `released`.
 *
 * Modelled: PROCESSES participants that acquire and release one of PERMITS permits, ROUNDS times each:
 * sluice_semaphore_try (compare-and-swap, beginning with one's own index), sluice_semaphore_sleep
 * (mark, then look at all permits), sluice_semaphore_release (store, then wake one). The first may
 * die at any step (DEATHS=1); sluice_semaphore_recover, which may be begun anew (REBURIALS), frees
 * its permits and wakes all. With -DGIVE_UP a sleeper's time may run out (the first participant's only, else no sleep is for ever), and one that may not sleep
 * may give up, which then passes on (sluice_semaphore_pass).
 *
 * Abstractions: sequentially consistent (all seq_cst in the C); no spinning, no close.
 *
 * Proven: a permit has one holder; nobody sleeps for ever.
 *
 * short: -DPROCESSES=2 -DPERMITS=1 -DROUNDS=2
 * short: -DPROCESSES=3 -DPERMITS=1 -DROUNDS=1
 * short: -DPROCESSES=3 -DPERMITS=2 -DROUNDS=1 -DGIVE_UP
 * short: -DPROCESSES=2 -DPERMITS=1 -DROUNDS=1 -DDEATHS=1 -DREBURIALS=1
 * long: -DPROCESSES=3 -DPERMITS=1 -DROUNDS=1 -DDEATHS=1 -DREBURIALS=1
 * long: -DPROCESSES=3 -DPERMITS=2 -DROUNDS=2
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
#include "../../../core/test/models/wait.inc"

#define released 0 /* the event word */

byte holder[PERMITS]; /* plus 1 */
byte user[PERMITS];   /* the proof's: who believes to hold it, plus 1 */
bool over[PROCESSES];
byte deaths, reburials, generation, finished;

proctype participant(byte me)
{
  byte key, index, looked, rounds;
  WAIT_LOCALS;
  {
    skip;
  next:
    if
    :: rounds == ROUNDS -> goto done
    :: else -> rounds++
    fi;
  again:
    /* sluice_semaphore_try */
    atomic { index = me % PERMITS; looked = 0 };
    do
    :: looked == PERMITS -> break
    :: looked < PERMITS && holder[index] == 0 ->
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
        :: else
        fi
      };
      atomic { index = (index + 1) % PERMITS; looked++ }
    :: looked < PERMITS && holder[index] != 0 -> index = (index + 1) % PERMITS; looked++
    od;
    /* sluice_semaphore_sleep */
    event_mark(released, key);
#ifndef MUTANT_NO_SECOND_LOOK
    index = 0;
    do
    :: index == PERMITS -> break
    :: index < PERMITS && holder[index] != 0 -> index++
    :: index < PERMITS && holder[index] == 0 ->
#ifdef GIVE_UP
      if
      :: true
      :: event_signal_one(released); goto done
      fi;
#endif
      goto again
    od;
#endif
    atomic {
      looked = 0;
      index = 0;
      if
      :: word[released] == key -> asleep[me] = released + 1
      :: else
      fi;
      key = 0
    };
    if
    :: asleep[me] == 0
#ifdef GIVE_UP
    :: atomic { me == 0 && asleep[me] != 0 -> asleep[me] = 0; goto done } /* its time has run out */
#endif
    fi;
    goto again;

  taken:
    assert(holder[index] == me + 1);
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
    atomic { over[me] = true; finished++ }
  } unless {
    dead[me]
  }
}

/* sluice_semaphore_recover for `who` */
proctype burier(byte who)
{
  byte index, mine;
  WAIT_LOCALS;
end:
  dead[who];
again:
  {
    index = 0;
    do
    :: index < PERMITS ->
#ifndef MUTANT_NO_RECOVERY
      atomic {
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
        index++
      }
#else
      index++
#endif
    :: else -> break
    od;
#ifndef MUTANT_NO_WAKE_IN_RECOVERY
    event_wake_all(released);
#endif
    atomic { over[who] = true; finished++; goto buried }
  } unless {
    mine != generation && !over[who]
  }
  atomic { mine = generation; index = 0; value = 0; woken = 0; hit = 0; i_ = 0 };
  goto again;
buried:
  skip
}

active proctype death()
{
end:
  do
  :: kill(0)
  :: atomic { reburials < REBURIALS && deaths > 0 && !over[0] -> reburials++; generation++ }
  od
}

init
{
  byte i;
  atomic {
    do
    :: i < PROCESSES -> run participant(i); i++
    :: else -> break
    od;
    run burier(0)
  };
  finished == PROCESSES
}
