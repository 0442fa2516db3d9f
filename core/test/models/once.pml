/* Once (core/src/once.c over core/src/mutex_word.h, mutex.c).
 *
 * Modelled: PROCESSES participants that call sluice_once_begin: the look whether it is done, the
 * flags, then sluice_mutex_word_lock_slow (sluice_mutex_word_take and _sleep, the futex), and the
 * look at what that answered. Who is to do it does (half of it is one step), and calls
 * sluice_once_done, or CANCELS times sluice_once_cancel and begins again. DEATHS of them may die at any
 * step; for each a burier does sluice_once_recover, and may die itself (REBURIALS) and is begun
 * anew. With -DGIVE_UP the time of the first may run out, and whoever may not sleep may give up
 * (sluice_mutex_word_pass). With -DCLOSES it is closed at any moment, while the first, if it is the
 * runner, does not end before the others are over.
 *
 * Abstractions: sequentially consistent; no spinning.
 *
 * Proven: one at a time does it, and it is done to its end exactly once; who is told that it is done
 * finds all of it; who does it after one that died doing it is told (RUN_AFTER), and nobody else is,
 * until one has cancelled; nobody sleeps for ever, not even beside a runner that never ends once it
 * is closed.
 *
 * short: -DPROCESSES=3
 * short: -DPROCESSES=3 -DCANCELS=1
 * short: -DPROCESSES=2 -DDEATHS=1 -DREBURIALS=1 -DCANCELS=1
 * short: -DPROCESSES=3 -DDEATHS=1 -DREBURIALS=1
 * short: -DPROCESSES=3 -DDEATHS=1 -DGIVE_UP -DCANCELS=1
 * short: -DPROCESSES=3 -DGIVE_UP -DCANCELS=1
 * short: -DPROCESSES=3 -DCLOSES
 * long: -DPROCESSES=3 -DDEATHS=2 -DREBURIALS=1 -DCANCELS=2
 * long: -DPROCESSES=3 -DDEATHS=2 -DREBURIALS=1 -DCANCELS=1 -DGIVE_UP
 * long: -DPROCESSES=3 -DDEATHS=2 -DREBURIALS=1 -DCLOSES
 * long: -DPROCESSES=4 -DDEATHS=1 -DCANCELS=1
 * mutants: TAKE_BY_STORE DONE_FIRST DONE_NO_WAKE DONE_WAKES_ONE DONE_IS_FREE NO_MARK MARK_BY_STORE
 * mutants: MARK_DONE CANCEL_NO_WAKE NO_WAITERS_AFTER_SLEEP_AND_CANCEL_WAKES_ONE NO_DIED
 * mutants: RECOVER_ONLY_OWNER NO_WAKE_IN_RECOVERY NO_RECOVERY
 * mutants: NO_LOOK_AFTER_MARK CLOSE_NO_WAKE CLOSED_BEFORE_DONE
 */
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef CANCELS
#define CANCELS 0
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef REBURIALS
#define REBURIALS 0
#endif
#define WORDS 1
#if defined(GIVE_UP) || defined(CLOSES)
#define SAME_AS_LAST(who) ((who) > 1)
#else
#define SAME_AS_LAST(who) ((who) > 0)
#endif
#include "../../../core/test/models/wait.inc"

#define FINISHED 7 /* SLUICE_ONCE_FINISHED: all ones, nobody's id */
#define OWNER_MASK 7
#define DIED_BIT 64
#define WAITERS_BIT 128

bool over[PROCESSES];
byte deaths, finished, cancels;
bool closed; /* the object's flag SLUICE_OBJECT_CLOSED */

/* What the proof knows and the program does not. */
byte runner;   /* who does it, plus 1 */
bool one_died; /* doing it, and none has cancelled since */
byte halves;   /* what is there of it */
byte dones;

/* Taken when the word was `before`. */
inline taken(before)
{
  assert(runner == 0 && dones == 0);
  assert(((before & DIED_BIT) != 0) == one_died);
  runner = me + 1
}

/* sluice_mutex_word_wake_all */
inline wake_all()
{
  word[0] = word[0] & ~WAITERS_BIT;
  futex_wake(0)
}

/* is_done, answered by SLUICE_ONCE_DONE */
#define answer_if_done                                                                             \
  if                                                                                               \
  :: word[0] == FINISHED -> assert(dones == 1 && halves == 2); goto done                           \
  :: else                                                                                          \
  fi

#define is_free(v) (((v) & OWNER_MASK) == 0)
#define is_finished(v) (((v) & OWNER_MASK) == FINISHED)

proctype participant(byte me)
{
  byte v, bits;
  bool cancelled;
  byte woken, i_;
  {
    skip;
  begin:
    answer_if_done;
#ifdef CLOSES
    if
    :: closed -> goto done
    :: else
    fi;
#endif
  again:
    /* woken, or it has not slept; sluice_mutex_word_take with `bits` */
    if
    :: atomic {
        asleep[me] == 0 ->
          v = word[0];
          if
          :: is_free(v)
          :: is_finished(v) -> v = 0; goto ended
          :: else -> assert((v & OWNER_MASK) != me + 1); v = 0; goto mark
          fi
      }
#ifdef GIVE_UP
    :: atomic { me == 0 && asleep[me] != 0 -> asleep[me] = 0; goto ended } /* its time has run out */
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
        goto do_it
#ifndef MUTANT_TAKE_BY_STORE
      :: else ->
        v = word[0];
        if
        :: is_free(v) -> goto take
        :: is_finished(v) -> v = 0; goto ended
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
#ifdef MUTANT_MARK_DONE
      :: is_free(v) -> v = 0; goto marked
#else
      :: is_free(v) || is_finished(v) -> v = 0; goto marked
#endif
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
        :: is_free(v) || is_finished(v) -> v = 0
        :: else ->
          if
          :: (v & WAITERS_BIT) != 0
          :: else -> goto set_bit
          fi
        fi
#endif
      fi
    };
  marked:
#ifdef CLOSES
#ifndef MUTANT_NO_LOOK_AFTER_MARK
    if
    :: atomic { closed -> v = 0 }; wake_all(); goto ended /* covered */
    :: atomic { !closed && v == 0 -> goto again }
    :: atomic { !closed && v != 0 -> skip }
    fi;
#endif
#endif
    if
    :: atomic { v == 0 -> goto again } /* covered */
#ifdef GIVE_UP
    :: atomic { v == 0 -> futex_wake_one(0); woken = 0; goto ended } /* covered */
#endif
    :: atomic {
        v != 0 ->
          if
          :: word[0] == v -> asleep[me] = 1
          :: else
          fi;
          v = 0;
#ifndef MUTANT_NO_WAITERS_AFTER_SLEEP_AND_CANCEL_WAKES_ONE
          bits = WAITERS_BIT;
#endif
          goto again
      }
    fi;

  ended: /* sluice_once_begin, after the mutex has said no */
#ifdef MUTANT_CLOSED_BEFORE_DONE
    assert(word[0] != FINISHED);
#else
    answer_if_done;
#endif
    goto done; /* timed out, or closed */

  do_it:
    atomic { assert(runner == me + 1); halves = 1 };
#ifdef CLOSES
    (me != 0 || finished == PROCESSES - 1);
#endif
    if
    :: true ->
#ifndef MUTANT_DONE_FIRST
      atomic { assert(halves == 1 && runner == me + 1); halves = 2 };
#endif
      /* sluice_once_done */
      atomic {
        v = word[0];
        runner = 0;
        dones++;
        assert(dones == 1);
#ifdef MUTANT_DONE_IS_FREE
        word[0] = 0
#else
        word[0] = FINISHED
#endif
        assert((v & OWNER_MASK) == me + 1);
        v = v & WAITERS_BIT
      };
#ifdef MUTANT_DONE_FIRST
      halves = 2;
#endif
      skip
    :: atomic { cancels < CANCELS -> cancels++; halves = 0 };
      /* sluice_once_cancel */
      atomic {
        v = word[0];
        runner = 0;
        one_died = false;
        word[0] = 0;
        assert((v & OWNER_MASK) == me + 1);
        v = v & WAITERS_BIT;
        cancelled = true
      }
    fi;
    if
    :: atomic {
        v != 0 ->
          v = 0;
#ifdef MUTANT_DONE_WAKES_ONE
          futex_wake_one(0)
#else
#ifdef MUTANT_NO_WAITERS_AFTER_SLEEP_AND_CANCEL_WAKES_ONE
          if
          :: !cancelled -> futex_wake(0)
          :: else -> futex_wake_one(0)
          fi
#else
#ifdef MUTANT_DONE_NO_WAKE
          if
          :: !cancelled
          :: else -> futex_wake(0)
          fi
#else
#ifdef MUTANT_CANCEL_NO_WAKE
          if
          :: !cancelled -> futex_wake(0)
          :: else
          fi
#else
          futex_wake(0)
#endif
#endif
#endif
#endif
          woken = 0
      }
    :: v == 0
    fi;
    if
    :: atomic { cancelled -> cancelled = false; goto begin }
    :: !cancelled
    fi;
  done:
    atomic { over[me] = true; finished++; v = 0; bits = 0 }
  } unless {
    atomic { dead[me] -> v = 0; bits = 0; cancelled = false }
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
#ifdef MUTANT_NO_RECOVERY
    goto not_owner;
#endif
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
        assert(runner == who + 1);
        runner = 0;
        one_died = true;
#ifdef MUTANT_NO_DIED
        word[0] = v & WAITERS_BIT;
#else
        word[0] = (v & WAITERS_BIT) | DIED_BIT; /* covered */
#endif
        v = 0
      :: else -> v = word[0]; goto hand_on /* nobody else takes its id away */
      fi
    };
#ifdef MUTANT_RECOVER_ONLY_OWNER
    wake_all();
#endif
  not_owner:
#if !defined(MUTANT_NO_WAKE_IN_RECOVERY) && !defined(MUTANT_RECOVER_ONLY_OWNER)
    wake_all();
#endif
    atomic { burying[who] = false; finished++ }
  } unless {
    atomic { restart == who + 1 -> restart = 0; v = 0; goto again }
  }
}

#ifdef CLOSES
/* sluice_once_shut */
active proctype closer()
{
  byte i_;
  closed = true;
#ifndef MUTANT_CLOSE_NO_WAKE
  wake_all()
#endif
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
    :: i < PROCESSES -> run participant(i); run burier(i); i++
    :: else -> break
    od
  };
  finished == PROCESSES
}
