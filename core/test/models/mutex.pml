/* The robust mutex in one word (core/src/mutex_word.h, mutex.c).
 *
 * Modelled: PROCESSES participants, each of which locks and unlocks ROUNDS times (the first one
 * FIRST times): the quick compare-and-swap, then sluice_mutex_word_take, sluice_mutex_word_sleep, the
 * futex, and WAITERS in the word of one that has slept; sluice_mutex_word_unlock (exchange, then wake
 * one). DEATHS of them may die at any step, holding the lock, woken, or between the exchange and the
 * wake. For each a burier does sluice_mutex_word_recover, and may die itself (REBURIALS) and is then
 * begun anew.
 * With -DGIVE_UP a sleeper's time may run out (the first participant's only, else no sleep is for
 * ever), and any caller may give up instead of sleeping, which then passes on the wake-up it may have
 * had (sluice_mutex_word_pass). With -DCLOSES the mutex is closed at any moment, while the first
 * participant keeps the lock until the others are done.
 *
 * Abstractions: each access to shared memory is one step, sequentially consistent; one who gives up
 * does not come back; no spinning.
 *
 * Proven: mutual exclusion; who locks after one that died holding the lock is told (DIED), and
 * nobody else is, until it has been unlocked; unlocking never finds another's word; nobody sleeps
 * for ever, not even beside a holder that never unlocks once the mutex is closed.
 *
 * short: -DPROCESSES=3 -DROUNDS=1
 * short: -DPROCESSES=2 -DROUNDS=2 -DDEATHS=1 -DREBURIALS=1
 * short: -DPROCESSES=3 -DROUNDS=1 -DFIRST=2 -DGIVE_UP
 * short: -DPROCESSES=3 -DROUNDS=1 -DCLOSES
 * short: -DPROCESSES=3 -DROUNDS=1 -DDEATHS=1
 * short: -DPROCESSES=3 -DROUNDS=1 -DDEATHS=1 -DGIVE_UP
 * long: -DPROCESSES=3 -DROUNDS=2 -DDEATHS=2 -DREBURIALS=1
 * long: -DPROCESSES=3 -DROUNDS=1 -DDEATHS=2 -DREBURIALS=1 -DGIVE_UP
 * long: -DPROCESSES=3 -DROUNDS=1 -DDEATHS=2 -DCLOSES
 * long: -DPROCESSES=4 -DROUNDS=1 -DDEATHS=2
 * mutants: NO_WAITERS_AFTER_SLEEP NO_DIED RECOVER_ONLY_OWNER NO_WAKE_IN_RECOVERY NO_MARK MARK_BY_STORE
 * mutants: UNLOCK_NO_WAKE UNLOCK_BY_STORE WAKE_ALL_NO_UNMARK
 * mutants: NO_LOOK_AFTER_MARK NO_PASS CLOSE_NO_WAKE TAKE_BY_STORE
 */
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef FIRST
#define FIRST ROUNDS
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef REBURIALS
#define REBURIALS 0
#endif
#define WORDS 1
#if FIRST == ROUNDS && !defined(GIVE_UP) && !defined(CLOSES)
#define SAME_AS_LAST(who) ((who) > 0)
#else
#define SAME_AS_LAST(who) ((who) > 1)
#endif
#include "../../../core/test/models/wait.inc"

#define OWNER_MASK 7
#define OWNER_DIED_BIT 64
#define WAITERS_BIT 128

bool over[PROCESSES];
byte deaths;
byte finished;
bool closed; /* the object's flag SLUICE_OBJECT_CLOSED */

/* What the proof knows and the program does not. */
byte holder;        /* who has the lock, plus 1 */
bool owner_died;    /* and has not been unlocked since */

/* The lock was taken when the word was `before`. */
inline taken(before)
{
  assert(holder == 0);
  assert(((before & OWNER_DIED_BIT) != 0) == owner_died);
  holder = me + 1
}

#define is_free(v) (((v) & OWNER_MASK) == 0)

/* sluice_mutex_word_wake_all */
inline wake_all()
{
#ifndef MUTANT_WAKE_ALL_NO_UNMARK
  word[0] = word[0] & ~WAITERS_BIT;
#endif
  futex_wake(0)
}

inline forget()
{
  v = 0;
  bits = 0;
  rounds = 0;
  finished++
}

proctype participant(byte me)
{
  byte v, bits, rounds;
  byte woken, i_;
  {
    skip;
  next:
    atomic {
      if
      :: rounds == (me == 0 -> FIRST : ROUNDS) -> goto done
      :: else -> rounds++
      fi;
#ifdef CLOSES
      if
      :: closed -> goto done
      :: else
      fi
    };
    atomic {
#endif
      /* sluice_mutex_word_try: the quick way */
      if
      :: word[0] == 0 -> taken(0); word[0] = me + 1; goto locked
      :: else
      fi
    };
  again:
    /* woken, or it has not slept; sluice_mutex_word_take with `bits` */
    if
    :: atomic {
        asleep[me] == 0 ->
          v = word[0];
          if
          :: is_free(v)
          :: else -> assert((v & OWNER_MASK) != me + 1); v = 0; goto mark
          fi
      }
#ifdef GIVE_UP
    :: atomic { me == 0 && asleep[me] != 0 -> asleep[me] = 0; goto done } /* its time has run out */
#endif
    fi;
  take:
    atomic {
      if
#ifdef MUTANT_TAKE_BY_STORE
      :: true ->
#else
      :: word[0] == v ->
#endif
        taken(v);
        word[0] = v | (me + 1) | bits;
        v = 0;
        bits = 0;
        goto locked
#ifndef MUTANT_TAKE_BY_STORE
      :: else ->
        v = word[0];
        if
        :: is_free(v) -> goto take
        :: else -> v = 0
        fi
#endif
      fi
    };
  mark:
    /* sluice_mutex_word_sleep: `v` is the value to sleep on, or 0 */
    atomic {
      v = word[0];
      if
      :: is_free(v) -> v = 0; goto marked
      :: else
      fi;
#ifdef MUTANT_NO_MARK
      goto marked
#endif
      if
      :: (v & WAITERS_BIT) != 0 -> goto marked
      :: else
      fi
    };
  set_bit:
    atomic {
      if
#ifdef MUTANT_MARK_BY_STORE
      :: true ->
#else
      :: word[0] == v ->
#endif
        word[0] = v | WAITERS_BIT;
        v = v | WAITERS_BIT
#ifndef MUTANT_MARK_BY_STORE
      :: else ->
        v = word[0];
        if
        :: is_free(v) -> v = 0
        :: !is_free(v) && (v & WAITERS_BIT) != 0
        :: else -> goto set_bit
        fi
#endif
      fi
    };
  marked:
#ifdef CLOSES
#ifndef MUTANT_NO_LOOK_AFTER_MARK
    if
    :: atomic { closed -> v = 0 };
#ifndef MUTANT_CLOSE_NO_WAKE
      wake_all();
#endif
      goto done
    :: atomic { !closed && v == 0 -> goto again }
    :: atomic { !closed && v != 0 -> skip }
    fi;
#endif
#endif
    if
    :: atomic { v == 0 -> goto again }
#if defined(GIVE_UP) && !defined(MUTANT_NO_PASS)
    :: atomic { v == 0 -> futex_wake_one(0); woken = 0; goto done } /* covered */
#endif
#if defined(GIVE_UP) && defined(MUTANT_NO_PASS)
    :: atomic { v == 0 -> goto done }
#endif
    :: atomic {
        v != 0 ->
          if
          :: word[0] == v -> asleep[me] = 1
          :: else
          fi;
          v = 0;
#ifndef MUTANT_NO_WAITERS_AFTER_SLEEP
          bits = WAITERS_BIT;
#endif
          goto again
      }
    fi;

  locked:
    /* sluice_mutex_word_unlock */
    atomic {
#ifdef CLOSES
      /* keeps it as long as anybody else is about */
      (me != 0 || finished == PROCESSES - 1);
#endif
      assert(holder == me + 1);
      v = word[0];
#ifdef MUTANT_UNLOCK_BY_STORE
    };
    atomic {
#endif
      holder = 0;
      owner_died = false;
      word[0] = 0;
      assert((v & OWNER_MASK) == me + 1);
      if
      :: (v & WAITERS_BIT) == 0 -> v = 0; goto next
      :: else -> v = 0
      fi
    };
#ifndef MUTANT_UNLOCK_NO_WAKE
    atomic { futex_wake_one(0); woken = 0 };
#endif
    goto next;
  done:
    atomic { over[me] = true; forget() }
  } unless {
    atomic { dead[me] -> forget() }
  }
}

/* sluice_mutex_word_recover for `who` */
proctype burier(byte who)
{
  byte v, i_;
end:
  atomic { dead[who] -> burying[who] = true };
again:
  {
    atomic {
      v = word[0];
      if
      :: (v & OWNER_MASK) == who + 1
      :: else -> v = 0; goto not_owner
      fi
    };
  hand_on:
    atomic {
      if
      :: word[0] == v ->
        holder = 0;
        owner_died = true;
#ifdef MUTANT_NO_DIED
        word[0] = v & WAITERS_BIT;
#else
        word[0] = (v & WAITERS_BIT) | OWNER_DIED_BIT;
#endif
        v = 0
      :: else -> v = word[0]; goto hand_on /* nobody else writes its id there */
      fi
    };
#ifdef MUTANT_RECOVER_ONLY_OWNER
    wake_all();
#endif
  not_owner:
#if !defined(MUTANT_NO_WAKE_IN_RECOVERY) && !defined(MUTANT_RECOVER_ONLY_OWNER)
    wake_all();
#endif
    burying[who] = false
  } unless {
    atomic { restart == who + 1 -> restart = 0; v = 0; goto again }
  }
}

#ifdef CLOSES
active proctype closer()
{
  byte i_;
  closed = true; /* sluice_mutex_shut */
  wake_all()
}
#endif

active proctype death()
{
end:
  do
  :: kill(0)
  :: kill(1)
#if PROCESSES > 2
  :: kill(2)
#endif
#if PROCESSES > 3
  :: kill(3)
#endif
  :: kill_burier(0)
  :: kill_burier(1)
#if PROCESSES > 2
  :: kill_burier(2)
#endif
#if PROCESSES > 3
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
