/* The lock for many readers or one writer (core/src/rwlock.c).
 *
 * Modelled: WRITERS and READERS, each of which locks and unlocks ROUNDS times: take (load of holders,
 * a reader's look at `waiting`, compare-and-swap), sluice_rwlock_read_sleep and _write_sleep
 * (announce, mark the event word, look again), the futex, unannounce, sluice_rwlock_read_unlock and
 * _write_unlock, let_in. DEATHS of all may die at any step; for each a burier does
 * sluice_rwlock_recover, and may die itself (REBURIALS) and is then begun anew. With -DGIVE_UP the
 * time of the first, a writer, may run out in its sleep, and whoever was woken or may not sleep may
 * give up (sluice_rwlock_write_cancel). With -DCLOSES the lock is closed at any moment
 * (sluice_rwlock_shut), while the first keeps it until the others are done.
 *
 * Abstractions: sequentially consistent (all seq_cst in the C); no spinning; the compare-and-swaps
 * do not fail spuriously.
 *
 * Proven: a writer is alone; who locks after a writer that died holding the lock is told (DIED),
 * until a writer has unlocked, and nobody else is; a reader that comes while a writer waits does not
 * get in before that one has had its turn, has given up or is buried; nobody sleeps for ever.
 *
 * short: -DWRITERS=1 -DREADERS=1 -DDEATHS=1 -DREBURIALS=1
 * short: -DWRITERS=2 -DREADERS=1
 * short: -DWRITERS=1 -DREADERS=2
 * short: -DWRITERS=1 -DREADERS=1 -DCLOSES
 * short: -DWRITERS=1 -DREADERS=2 -DGIVE_UP
 * short: -DWRITERS=2 -DREADERS=1 -DGIVE_UP
 * short: -DWRITERS=2 -DREADERS=0 -DDEATHS=1
 * short: -DWRITERS=0 -DREADERS=2 -DDEATHS=1
 * hunt: -DWRITERS=2 -DREADERS=1 -DCLOSES
 * hunt: -DWRITERS=1 -DREADERS=1 -DROUNDS=2 -DDEATHS=1
 * long: -DWRITERS=1 -DREADERS=1 -DROUNDS=2 -DDEATHS=2 -DREBURIALS=1
 * long: -DWRITERS=2 -DREADERS=1 -DDEATHS=1
 * long: -DWRITERS=1 -DREADERS=2 -DDEATHS=1
 * long: -DWRITERS=2 -DREADERS=1 -DROUNDS=2
 * long: -DWRITERS=1 -DREADERS=2 -DROUNDS=2
 * long: -DWRITERS=2 -DREADERS=1 -DCLOSES
 * long: -DWRITERS=1 -DREADERS=2 -DDEATHS=1 -DREBURIALS=1
 * long: -DWRITERS=2 -DREADERS=1 -DDEATHS=1 -DREBURIALS=1
 * mutants: TAKE_BY_STORE NO_YIELD NO_READER_LOOK NO_WRITER_LOOK NO_ANNOUNCE MARK_FIRST
 * mutants: STILL_WAITING UNLOCK_NO_WAKE LET_IN_WRITERS_ONLY LET_IN_READERS_ONLY LOOK_BEFORE_UNLOCK
 * mutants: CANCEL_NO_READERS CANCEL_NO_WRITER CANCEL_STILL_WAITING
 * mutants: RECOVER_NO_DIED RECOVER_BY_STORE RECOVER_STILL_WAITING RECOVER_NO_READERS
 * mutants: RECOVER_NO_WRITERS RECOVER_BY_SIGNAL RECOVER_WAKES_FIRST DIED_CLEARED_BY_READER
 * mutants: CLOSE_NO_WAKE NO_FLAGS_LOOK
 */
#ifndef WRITERS
#define WRITERS 1
#endif
#ifndef READERS
#define READERS 1
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
#define PROCESSES (WRITERS + READERS)
#define WORDS 2
#if defined(GIVE_UP) || defined(CLOSES)
#define SAME_AS_LAST(who) ((who) > 1 && (who) != WRITERS)
#else
#define SAME_AS_LAST(who) ((who) > 0 && (who) != WRITERS)
#endif
#include "../../../core/test/models/wait.inc"

#define readers 0 /* the event words */
#define writers 1
#define WRITER 16
#define DIED 32
#define bit_of(who) (1 << (who))

byte holders;
byte waiting;
bool closed; /* the object's flag SLUICE_OBJECT_CLOSED */

bool over[PROCESSES];
byte deaths, finished;

/* What the proof knows and the program does not. */
byte reading;         /* who believes to hold it for reading */
byte writing;         /* likewise for writing */
bool died;            /* a writer has, and none has unlocked since */
byte owed[PROCESSES]; /* the writers whose turn is before this reader's */

/* A writer waits no more. */
inline served(who)
{
  i_ = 0;
  do
  :: i_ < PROCESSES -> owed[i_] = owed[i_] & ~bit_of(who); i_++
  :: else -> break
  od;
  i_ = 0
}

/* take: goes to `locked`, or on when it may not. The look and the compare-and-swap */
inline taken(writer, as)
{
  assert(((h & DIED) != 0) == died);
  assert(writing == 0 && (!writer || reading == 0));
  assert(owed[me] == 0);
  as = as | bit_of(me);
  holders = h | bit_of(me);
  h = 0
}

#ifdef MUTANT_TAKE_BY_STORE
#define holders_still true
#else
#define holders_still (holders == h)
#endif

inline take_to_write()
{
  do
  :: atomic { (holders & ~DIED) != 0 -> break }
  :: atomic { (holders & ~DIED) == 0 -> h = holders };
    if
    :: atomic { holders_still -> taken(true, writing); holders = holders | WRITER; goto locked }
    :: atomic { holders != h -> h = 0 }
    fi
  od
}

inline take_to_read()
{
  do
  :: atomic { (holders & WRITER) != 0 -> break }
  :: atomic { (holders & WRITER) == 0 -> h = holders };
#ifndef MUTANT_NO_YIELD
    if
    :: atomic { waiting != 0 -> h = 0; break }
    :: waiting == 0
    fi;
#endif
    if
    :: atomic { holders_still -> taken(false, reading); goto locked }
    :: atomic { holders != h -> h = 0 }
    fi
  od
}

inline let_in()
{
  if
#ifndef MUTANT_LET_IN_READERS_ONLY
  :: waiting != 0 -> event_signal_one(writers)
#endif
#ifdef MUTANT_LET_IN_WRITERS_ONLY
  :: else
#else
  :: else -> event_signal_all(readers)
#endif
  fi
}

/* unannounce: `last` says whether it waited and was the last. Nobody else changes its bit */
inline unannounce()
{
  atomic {
    if
    :: (waiting & bit_of(me)) != 0 ->
      waiting = waiting & ~bit_of(me);
      last = waiting == 0;
      served(me)
    :: else
    fi
  }
}

inline cancel()
{
#ifndef MUTANT_CANCEL_STILL_WAITING
  unannounce();
#endif
#ifndef MUTANT_CANCEL_NO_READERS
  if
  :: last -> event_signal_all(readers)
  :: else
  fi;
#endif
  last = false;
#ifndef MUTANT_CANCEL_NO_WRITER
  event_signal_one(writers)
#endif
}

/* Sleeps on the word with the key, until woken. */
#define SLEEP(w)                                                                                   \
  atomic {                                                                                         \
    if                                                                                             \
    :: word[w] == key -> asleep[me] = (w) + 1                                                      \
    :: else                                                                                        \
    fi;                                                                                            \
    key = 0                                                                                        \
  }

proctype writer(byte me)
{
  byte key, h, rounds;
  bool last;
  WAIT_LOCALS;
  {
    skip;
  next:
    atomic {
      if
      :: rounds == ROUNDS -> goto done
      :: else -> rounds++
      fi;
#ifdef CLOSES
      if
      :: closed -> goto done
      :: else
      fi
#endif
    };
    take_to_write();
  again:
    /* sluice_rwlock_write_sleep */
#if !defined(MUTANT_NO_ANNOUNCE) && !defined(MUTANT_MARK_FIRST)
    waiting = waiting | bit_of(me);
#endif
    event_mark(writers, key);
#ifdef CLOSES
#ifndef MUTANT_NO_FLAGS_LOOK
    if
    :: atomic { closed -> key = 0 }; cancel(); goto done /* covered */
    :: !closed
    fi;
#endif
#endif
#ifndef MUTANT_NO_WRITER_LOOK
    if
    :: atomic { (holders & ~DIED) == 0 -> key = 0; goto retake } /* covered */
#ifdef GIVE_UP
    :: atomic { (holders & ~DIED) == 0 -> key = 0 }; cancel(); goto next /* covered */
#endif
    :: (holders & ~DIED) != 0
    fi;
#endif
#ifdef MUTANT_MARK_FIRST
    waiting = waiting | bit_of(me);
#endif
    SLEEP(writers);
    if
    :: atomic { asleep[me] == 0 -> goto retake }
#ifdef GIVE_UP
    :: asleep[me] == 0 -> cancel(); goto next /* covered */
    :: atomic { me == 0 && asleep[me] != 0 -> asleep[me] = 0 }; cancel(); goto next /* covered */
#endif
    fi;
  retake:
#ifdef CLOSES
    if
    :: closed -> cancel(); goto done
    :: !closed
    fi;
#endif
    take_to_write();
    goto again;

  locked:
#ifndef MUTANT_STILL_WAITING
    atomic { unannounce(); last = false };
#endif
#ifdef CLOSES
    /* keeps it as long as anybody else is about */
    (me != 0 || finished == PROCESSES - 1);
#endif
    /* sluice_rwlock_write_unlock */
#ifdef MUTANT_LOOK_BEFORE_UNLOCK
    let_in();
#endif
    atomic {
      assert((holders & ~DIED) == (bit_of(me) | WRITER));
      assert(writing == bit_of(me) && reading == 0);
      holders = 0;
      writing = 0;
      died = false
    };
#if !defined(MUTANT_UNLOCK_NO_WAKE) && !defined(MUTANT_LOOK_BEFORE_UNLOCK)
    let_in();
#endif
    goto next;
  done:
    atomic { over[me] = true; finished++; rounds = 0 }
  } unless {
    atomic { dead[me] -> key = 0; h = 0; rounds = 0; last = false; FORGET_WAIT }
  }
}

proctype reader(byte me)
{
  byte key, h, rounds;
  WAIT_LOCALS;
  {
    skip;
  next:
    atomic {
      if
      :: rounds == ROUNDS -> goto done
      :: else -> rounds++
      fi;
#ifdef CLOSES
      if
      :: closed -> goto done
      :: else
      fi;
#endif
      owed[me] = waiting
    };
    take_to_read();
  again:
    /* sluice_rwlock_read_sleep */
    event_mark(readers, key);
#ifdef CLOSES
#ifndef MUTANT_NO_FLAGS_LOOK
    if
    :: atomic { closed -> key = 0; goto done } /* covered */
    :: !closed
    fi;
#endif
#endif
#ifndef MUTANT_NO_READER_LOOK
    /* The C does not say which of the two it looks at first. */
    if
    :: (holders & WRITER) != 0
    :: (holders & WRITER) == 0 ->
      if
      :: atomic { waiting == 0 -> key = 0; goto retake } /* covered */
      :: waiting != 0
      fi
    :: waiting != 0
    :: waiting == 0 ->
      if
      :: atomic { (holders & WRITER) == 0 -> key = 0; goto retake } /* covered */
      :: (holders & WRITER) != 0
      fi
    fi;
#endif
    SLEEP(readers);
    if
    :: atomic { asleep[me] == 0 -> goto retake }
#ifdef GIVE_UP
    :: atomic { asleep[me] == 0 -> goto next } /* covered */
#endif
    fi;
  retake:
#ifdef CLOSES
    if
    :: atomic { closed -> goto done }
    :: !closed
    fi;
#endif
    take_to_read();
    goto again;

  locked:
    /* sluice_rwlock_read_unlock */
#ifdef MUTANT_LOOK_BEFORE_UNLOCK
    let_in();
#endif
    atomic {
      assert(writing == 0 && (reading & bit_of(me)) != 0);
      assert((holders & bit_of(me)) != 0 && (holders & WRITER) == 0);
#ifdef MUTANT_DIED_CLEARED_BY_READER
      holders = holders & ~(bit_of(me) | DIED);
#else
      holders = holders & ~bit_of(me);
#endif
      reading = reading & ~bit_of(me);
#if !defined(MUTANT_UNLOCK_NO_WAKE) && !defined(MUTANT_LOOK_BEFORE_UNLOCK)
      if
      :: (holders & ~DIED) == 0
      :: else -> goto next
      fi
    };
    let_in();
#else
    };
#endif
    goto next;
  done:
    atomic { over[me] = true; finished++; rounds = 0; owed[me] = 0 }
  } unless {
    atomic { dead[me] -> key = 0; h = 0; rounds = 0; owed[me] = 0; FORGET_WAIT }
  }
}

/* sluice_rwlock_recover for `who` */
proctype burier(byte who)
{
  byte h;
  WAIT_LOCALS;
end:
  atomic { dead[who] -> burying[who] = true };
again:
  {
    atomic { h = holders };
#ifdef MUTANT_RECOVER_WAKES_FIRST
    event_wake_all(writers);
    event_wake_all(readers);
#endif
#ifndef MUTANT_RECOVER_STILL_WAITING
    atomic { waiting = waiting & ~bit_of(who); served(who) };
#endif
    do
    :: atomic { (h & bit_of(who)) == 0 -> h = 0; break }
#ifdef MUTANT_RECOVER_BY_STORE
    :: atomic {
        (h & bit_of(who)) != 0 ->
#else
    :: atomic { (h & bit_of(who)) != 0 && holders != h -> h = holders } /* covered */
    :: atomic {
        (h & bit_of(who)) != 0 && holders == h ->
#endif
          if
          :: (h & WRITER) != 0 ->
#ifdef MUTANT_RECOVER_NO_DIED
            holders = h & ~(bit_of(who) | WRITER);
#else
            holders = (h & ~(bit_of(who) | WRITER)) | DIED; /* covered */
#endif
            assert(writing == bit_of(who));
            writing = 0;
            died = true
          :: else ->
            holders = h & ~bit_of(who);
            reading = reading & ~bit_of(who)
          fi;
          h = 0;
          break
      }
    od;
#ifndef MUTANT_RECOVER_WAKES_FIRST
#ifndef MUTANT_RECOVER_NO_WRITERS
    event_wake_all(writers);
#endif
#ifndef MUTANT_RECOVER_NO_READERS
    event_wake_all(readers);
#endif
#endif
    atomic { burying[who] = false; over[who] = true; finished++ }
  } unless {
    atomic { restart == who + 1 -> restart = 0; h = 0; FORGET_WAIT; goto again }
  }
}

#ifdef CLOSES
/* sluice_rwlock_shut */
active proctype closer()
{
  WAIT_LOCALS;
  closed = true;
#ifndef MUTANT_CLOSE_NO_WAKE
  event_wake_all(writers);
  event_wake_all(readers)
#endif
}
#endif

active proctype death()
{
end:
  do
  :: kill(0)
  :: kill_burier(0)
  :: kill(1)
  :: kill_burier(1)
#if WRITERS + READERS > 2
  :: kill(2)
  :: kill_burier(2)
#endif
#if WRITERS + READERS > 3
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
    :: i < WRITERS -> run writer(i); run burier(i); i++
    :: i >= WRITERS && i < PROCESSES -> run reader(i); run burier(i); i++
    :: else -> break
    od
  };
  finished == PROCESSES
}
