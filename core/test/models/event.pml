/* Event words (core/src/wait.h, wait.c; event.c and lock.h for sluice_event_wake_all).
 *
 * Modelled: WAITERS that look at their condition, mark the word (sluice_event_mark), look again and
 * sleep on the key; SIGNALLERS that change the condition ITEMS times each and then call
 * sluice_event_signal_all, or with -DONE sluice_event_signal_one: there an item is for one waiter
 * only, who takes it. With -DGIVE_UP a sleeper's time may run out (the first participant's only,
 * else no sleep is for ever), and a woken one may have no more use for the item, and passes the
 * wake-up on. DEATHS of all may die at any step; after each of them the recovery changes the word and
 * wakes all, even if the word says that nobody sleeps.
 *
 * Abstractions: sequentially consistent (all these operations are seq_cst in the C); the count has
 * 7 bits, and does not wrap; the compare-and-swaps do not fail spuriously.
 *
 * Proven: no lost wake-up: when nothing more can happen, nobody sleeps whose condition is true.
 *
 * short: -DWAITERS=2 -DSIGNALLERS=1 -DITEMS=2
 * short: -DWAITERS=2 -DSIGNALLERS=2 -DITEMS=1
 * short: -DONE -DWAITERS=2 -DSIGNALLERS=1 -DITEMS=1 -DGIVE_UP
 * short: -DONE -DWAITERS=2 -DSIGNALLERS=2 -DITEMS=1
 * short: -DWAITERS=2 -DSIGNALLERS=1 -DITEMS=1 -DDEATHS=1
 * short: -DONE -DWAITERS=2 -DSIGNALLERS=1 -DITEMS=1 -DDEATHS=1
 * long: -DWAITERS=2 -DSIGNALLERS=2 -DITEMS=1 -DDEATHS=2
 * long: -DWAITERS=3 -DSIGNALLERS=1 -DITEMS=2 -DDEATHS=1
 * long: -DONE -DWAITERS=2 -DSIGNALLERS=2 -DITEMS=1 -DGIVE_UP -DDEATHS=1
 * long: -DONE -DWAITERS=3 -DSIGNALLERS=1 -DITEMS=2 -DGIVE_UP -DDEATHS=1
 * long: -DONE -DWAITERS=3 -DSIGNALLERS=2 -DITEMS=1
 * mutants: NO_SECOND_LOOK SIGNAL_BEFORE_CHANGE NO_MARK SAME_VALUE ONE_TAKES_THE_BIT CLEAR_ANYWAY
 * mutants: NO_WAKE_AFTER_CLEAR NO_PASS NO_RECOVERY RECOVER_BY_SIGNAL ALL_WAKES_ONE
 */
#ifndef WAITERS
#define WAITERS 2
#endif
#ifndef SIGNALLERS
#define SIGNALLERS 1
#endif
#ifndef ITEMS
#define ITEMS 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#define PROCESSES (WAITERS + SIGNALLERS)
#define WORDS 1
#ifdef GIVE_UP
#define SAME_AS_LAST(who) ((who) > 1 && (who) != WAITERS)
#else
#define SAME_AS_LAST(who) ((who) > 0 && (who) != WAITERS)
#endif
#include "../../../core/test/models/wait.inc"

byte items;
bool over[PROCESSES];
byte deaths;

/* What a waiter waits for: an item, or all of them. */
#ifdef ONE
#define condition (items > 0)
#else
#define condition (items == SIGNALLERS * ITEMS)
#endif

#if defined(ONE) || defined(MUTANT_ALL_WAKES_ONE)
#define signal event_signal_one(0)
#else
#define signal event_signal_all(0)
#endif

proctype waiter(byte me)
{
  byte key;
  WAIT_LOCALS;
  {
  again:
    do
    :: atomic {
        condition ->
#ifdef ONE
        items--;
#endif
        goto done
      }
    :: !condition ->
#ifdef MUTANT_NO_MARK
      key = word[0];
#else
      event_mark(0, key);
#endif
#ifndef MUTANT_NO_SECOND_LOOK
      if
      :: atomic { condition -> key = 0; goto again }
      :: !condition
      fi;
#endif
      atomic {
        if
        :: word[0] == key -> asleep[me] = 1
        :: else
        fi;
        key = 0
      };
    end_woken:
      if
      :: asleep[me] == 0
#if defined(GIVE_UP) && defined(ONE)
      :: asleep[me] == 0 ->
#ifndef MUTANT_NO_PASS
        event_signal_one(0);
#endif
        goto done
#endif
#ifdef GIVE_UP
      :: atomic { me == 0 && asleep[me] != 0 -> asleep[me] = 0; goto done } /* its time has run out */
#endif
      fi
    od;
  done:
    over[me] = true
  } unless {
    atomic { dead[me] -> key = 0; FORGET_WAIT }
  }
}

proctype signaller(byte me)
{
  byte made;
  WAIT_LOCALS;
  {
    do
    :: atomic { made == ITEMS -> break }
#ifdef MUTANT_SIGNAL_BEFORE_CHANGE
    :: made < ITEMS ->
      signal;
      atomic { items++; made++ }
#else
    :: atomic { made < ITEMS -> items++; made++ };
      signal
#endif
    od;
    atomic { over[me] = true; made = 0 }
  } unless {
    atomic { dead[me] -> made = 0; FORGET_WAIT }
  }
}

/* sluice_event_recover, once for each dead one */
active proctype burier()
{
  byte buried;
  WAIT_LOCALS;
end:
  do
  :: buried < deaths ->
    buried++;
#ifndef MUTANT_NO_RECOVERY
    event_wake_all(0)
#endif
  od
}

active proctype death()
{
end:
  do
  :: kill(0)
  :: kill(1)
  :: kill(2)
#if WAITERS + SIGNALLERS > 3
  :: kill(3)
#endif
  od
}

init
{
  byte i;
  atomic {
    do
    :: i < WAITERS -> run waiter(i); i++
    :: i >= WAITERS && i < PROCESSES -> run signaller(i); i++
    :: else -> break
    od;
    i = 0
  };
  /* Who sleeps for ever must have nothing to wake up for. */
  timeout;
  do
  :: i < WAITERS -> assert(asleep[i] == 0 || !condition); i++
  :: else -> break
  od
}
