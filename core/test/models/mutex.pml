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
 * long: -DPROCESSES=3 -DROUNDS=1 -DDEATHS=1
 * long: -DPROCESSES=3 -DROUNDS=1 -DDEATHS=2 -DREBURIALS=1
 * long: -DPROCESSES=3 -DROUNDS=2 -DDEATHS=1
 * long: -DPROCESSES=3 -DROUNDS=1 -DDEATHS=1 -DGIVE_UP
 * long: -DPROCESSES=4 -DROUNDS=1
 * mutants: NO_WAITERS_AFTER_SLEEP NO_DIED RECOVER_ONLY_OWNER NO_WAKE_IN_RECOVERY NO_MARK MARK_BY_STORE
 * mutants: UNLOCK_NO_WAKE UNLOCK_BY_STORE WAKE_ALL_NO_UNMARK
 * mutants: NO_LOOK_AFTER_MARK NO_PASS CLOSE_NO_WAKE TAKE_BY_STORE
 * hunt: -DPROCESSES=3 -DROUNDS=1 -DDEATHS=1
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
#include "../../../core/test/models/wait.inc"

#define OWNER_MASK 7
#define OWNER_DIED_BIT 64
#define WAITERS_BIT 128

bool over[PROCESSES];
byte deaths;
byte reburials;
byte generation;
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

/* sluice_mutex_word_take with `bits`; `status` 0: another holds it, 1: taken */
inline take(bits)
{
  v = word[0];
  status = 2;
  do
  :: status != 2 -> break
  :: status == 2 && (v & OWNER_MASK) != 0 -> assert((v & OWNER_MASK) != me + 1); status = 0
  :: status == 2 && (v & OWNER_MASK) == 0 ->
#ifdef MUTANT_TAKE_BY_STORE
    atomic { taken(v); word[0] = v | (me + 1) | bits; status = 1 }
#else
    atomic {
      if
      :: word[0] == v -> taken(v); word[0] = v | (me + 1) | bits; status = 1
      :: else -> v = word[0]
      fi
    }
#endif
  od
}

/* sluice_mutex_word_sleep: `v` is the value to sleep on, or 0 */
inline mark()
{
  v = word[0];
  status = 2;
  do
  :: status != 2 -> break
  :: status == 2 && (v & OWNER_MASK) == 0 -> v = 0; status = 0
  :: status == 2 && (v & OWNER_MASK) != 0 && (v & WAITERS_BIT) != 0 -> status = 0
  :: status == 2 && (v & OWNER_MASK) != 0 && (v & WAITERS_BIT) == 0 ->
#ifdef MUTANT_NO_MARK
    status = 0
#else
#ifdef MUTANT_MARK_BY_STORE
    word[0] = v | WAITERS_BIT;
    v = v | WAITERS_BIT;
    status = 0
#else
    atomic {
      if
      :: word[0] == v -> word[0] = v | WAITERS_BIT; v = v | WAITERS_BIT; status = 0
      :: else -> v = word[0]
      fi
    }
#endif
#endif
  od
}

/* sluice_mutex_word_wake_all */
inline wake_all()
{
#ifndef MUTANT_WAKE_ALL_NO_UNMARK
  word[0] = word[0] & ~WAITERS_BIT;
#endif
  futex_wake(0)
}

proctype participant(byte me)
{
  byte v, status, bits, rounds;
  byte woken, i_;
  {
    skip;
  next:
    if
    :: rounds == (me == 0 -> FIRST : ROUNDS) -> goto done
    :: else -> rounds++; bits = 0
    fi;
#ifdef CLOSES
    if
    :: closed -> goto done
    :: else
    fi;
#endif
    /* sluice_mutex_word_try: the quick way */
    atomic {
      if
      :: word[0] == 0 -> taken(0); word[0] = me + 1; goto locked
      :: else
      fi
    };
  again:
    take(bits);
    if
    :: status == 1 -> goto locked
    :: else
    fi;
    mark();
#ifdef CLOSES
#ifndef MUTANT_NO_LOOK_AFTER_MARK
    if
    :: closed ->
#ifndef MUTANT_CLOSE_NO_WAKE
      wake_all();
#endif
      goto done
    :: else
    fi;
#endif
#endif
    if
    :: v == 0 ->
#ifdef GIVE_UP
      if
      :: true
      :: true ->
#ifndef MUTANT_NO_PASS
        futex_wake_one(0);
#endif
        goto done
      fi;
#endif
      goto again
    :: else
    fi;
    atomic {
      if
      :: word[0] == v -> asleep[me] = 1
      :: else
      fi
    };
    if
    :: asleep[me] == 0
#ifdef GIVE_UP
    :: atomic { me == 0 && asleep[me] != 0 -> asleep[me] = 0; goto done } /* its time has run out */
#endif
    fi;
#ifndef MUTANT_NO_WAITERS_AFTER_SLEEP
    bits = WAITERS_BIT;
#endif
    goto again;

  locked:
    assert(holder == me + 1);
#ifdef CLOSES
    /* keeps it as long as anybody else is about */
    (me != 0 || finished == PROCESSES - 1);
#endif
    /* sluice_mutex_word_unlock */
#ifdef MUTANT_UNLOCK_BY_STORE
    v = word[0];
    atomic { holder = 0; owner_died = false; word[0] = 0 };
#else
    atomic {
      v = word[0];
      holder = 0;
      owner_died = false;
      word[0] = 0
    };
#endif
    assert((v & OWNER_MASK) == me + 1);
#ifndef MUTANT_UNLOCK_NO_WAKE
    if
    :: (v & WAITERS_BIT) != 0 -> futex_wake_one(0)
    :: else
    fi;
#endif
    goto next
  } unless {
    dead[me]
  }
  if
  :: dead[me] -> goto ended
  :: else
  fi;
done:
  atomic { over[me] = true; asleep[me] = 0 };
ended:
  finished++
}

/* sluice_mutex_word_recover for `who` */
proctype burier(byte who)
{
  byte v, i_, mine;
end:
  dead[who];
again:
  {
    v = word[0];
    do
    :: (v & OWNER_MASK) != who + 1 -> break
    :: else ->
#ifdef MUTANT_RECOVER_BY_STORE
      atomic { holder = 0; owner_died = true; word[0] = (v & WAITERS_BIT) | OWNER_DIED_BIT; break }
#else
      atomic {
        if
        :: word[0] == v ->
          holder = 0;
          owner_died = true;
#ifdef MUTANT_NO_DIED
          word[0] = v & WAITERS_BIT;
#else
#ifdef MUTANT_RECOVER_CLEARS_ALL
          word[0] = OWNER_DIED_BIT;
#else
          word[0] = (v & WAITERS_BIT) | OWNER_DIED_BIT;
#endif
#endif
          break
        :: else -> v = word[0]
        fi
      }
#endif
    od;
#ifndef MUTANT_NO_WAKE_IN_RECOVERY
#ifdef MUTANT_RECOVER_ONLY_OWNER
    if
    :: (v & OWNER_MASK) == who + 1 -> wake_all()
    :: else
    fi;
#else
    wake_all();
#endif
#endif
    skip
  } unless {
    mine != generation
  }
  if
  :: mine != generation -> atomic { mine = generation; v = 0; i_ = 0 }; goto again
  :: else
  fi
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
  :: atomic { reburials < REBURIALS && deaths > 0 -> reburials++; generation++ }
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
