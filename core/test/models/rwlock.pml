/* The lock for many readers or one writer (core/src/rwlock.c).
 *
 * Modelled: WRITERS and READERS, each of which locks and unlocks ROUNDS times: take (load of holders,
 * a reader's look at `waiting`, compare-and-swap), sluice_rwlock_read_sleep and _write_sleep
 * (announce, mark the event word, look again), the futex, unannounce, sluice_rwlock_read_unlock and
 * _write_unlock, let_in. DEATHS of all (of the one MORTAL) may die at any step; for each a burier does
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
 * hunt: -DWRITERS=1 -DREADERS=1 -DROUNDS=2 -DDEATHS=1 -DMORTAL=0
 * long: -DWRITERS=1 -DREADERS=1 -DROUNDS=2 -DDEATHS=1 -DREBURIALS=1
 * long: -DWRITERS=2 -DREADERS=1 -DDEATHS=1 -DMORTAL=0
 * long: -DWRITERS=1 -DREADERS=2 -DDEATHS=1 -DMORTAL=0
 * long: -DWRITERS=1 -DREADERS=2 -DDEATHS=1 -DMORTAL=2
 * long: -DWRITERS=2 -DREADERS=1 -DROUNDS=2
 * long: -DWRITERS=1 -DREADERS=2 -DROUNDS=2
 * long: -DWRITERS=2 -DREADERS=1 -DCLOSES
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
byte deaths, reburials, generation, finished;

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

/* take: `taken` says whether */
inline take(writer)
{
  taken = 0;
  h = holders;
  do
  :: taken -> break
  :: !taken && writer && (h & ~DIED) != 0 -> break
  :: !taken && !writer && (h & WRITER) != 0 -> break
#ifndef MUTANT_NO_YIELD
  :: !taken && !writer && (h & WRITER) == 0 && waiting != 0 -> break
#endif
  :: !taken && ((writer && (h & ~DIED) == 0) || (!writer && (h & WRITER) == 0
#ifndef MUTANT_NO_YIELD
                                                    && waiting == 0
#endif
                                                    )) ->
    atomic {
      if
#ifdef MUTANT_TAKE_BY_STORE
      :: true ->
#else
      :: holders == h ->
#endif
        assert(((h & DIED) != 0) == died);
        assert(writing == 0 && (!writer || reading == 0));
        assert(owed[me] == 0);
        if
        :: writer -> writing = bit_of(me); holders = h | bit_of(me) | WRITER
        :: else -> reading = reading | bit_of(me); holders = h | bit_of(me)
        fi;
        taken = 1
#ifndef MUTANT_TAKE_BY_STORE
      :: else -> h = holders
#endif
      fi
    }
  od;
  h = 0
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

/* unannounce: `last` says whether it waited and was the last */
inline unannounce()
{
  last = 0;
  if
  :: (waiting & bit_of(me)) != 0 ->
    atomic { waiting = waiting & ~bit_of(me); last = waiting == 0; served(me) }
  :: else
  fi
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
#ifndef MUTANT_CANCEL_NO_WRITER
  event_signal_one(writers);
#endif
  last = 0
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
  bool taken, last;
  WAIT_LOCALS;
  {
    skip;
  next:
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
    take(true);
    if
    :: taken -> goto locked
    :: else
    fi;
  again:
    /* sluice_rwlock_write_sleep */
#if !defined(MUTANT_NO_ANNOUNCE) && !defined(MUTANT_MARK_FIRST)
    if
    :: (waiting & bit_of(me)) == 0 -> waiting = waiting | bit_of(me)
    :: else
    fi;
#endif
    event_mark(writers, key);
#ifdef CLOSES
#ifndef MUTANT_NO_FLAGS_LOOK
    if
    :: closed -> key = 0; cancel(); goto done /* covered */
    :: else
    fi;
#endif
#endif
#ifndef MUTANT_NO_WRITER_LOOK
    if
    :: (holders & ~DIED) == 0 ->
      key = 0;
#ifdef GIVE_UP
      if
      :: true
      :: cancel(); goto next /* covered */
      fi;
#endif
      goto retake /* covered */
    :: else
    fi;
#endif
#ifdef MUTANT_MARK_FIRST
    waiting = waiting | bit_of(me);
#endif
    SLEEP(writers);
    if
    :: asleep[me] == 0 ->
#ifdef GIVE_UP
      if
      :: true
      :: cancel(); goto next /* covered */
      fi
#else
      skip
#endif
#ifdef GIVE_UP
    :: atomic { me == 0 && asleep[me] != 0 -> asleep[me] = 0 }; /* its time has run out */
      cancel();
      goto next /* covered */
#endif
    fi;
  retake:
#ifdef CLOSES
    if
    :: closed -> cancel(); goto done
    :: else
    fi;
#endif
    take(true);
    if
    :: taken
    :: else -> goto again
    fi;

  locked:
    taken = 0;
#ifndef MUTANT_STILL_WAITING
    unannounce();
    last = 0;
#endif
    assert(writing == bit_of(me) && reading == 0);
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
    atomic { over[me] = true; finished++ }
  } unless {
    dead[me]
  }
}

proctype reader(byte me)
{
  byte key, h, rounds;
  bool taken;
  WAIT_LOCALS;
  {
    skip;
  next:
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
    owed[me] = waiting;
    take(false);
    if
    :: taken -> goto locked
    :: else
    fi;
  again:
    /* sluice_rwlock_read_sleep */
    event_mark(readers, key);
#ifdef CLOSES
#ifndef MUTANT_NO_FLAGS_LOOK
    if
    :: closed -> key = 0; goto done /* covered */
    :: else
    fi;
#endif
#endif
#ifndef MUTANT_NO_READER_LOOK
    if
    :: (holders & WRITER) != 0
    :: else ->
      if
      :: waiting == 0 -> key = 0; goto retake /* covered */
      :: else
      fi
    fi;
#endif
    SLEEP(readers);
    if
    :: asleep[me] == 0 ->
#ifdef GIVE_UP
      if
      :: true
      :: goto next /* covered */
      fi
#else
      skip
#endif
    fi;
  retake:
#ifdef CLOSES
    if
    :: closed -> goto done
    :: else
    fi;
#endif
    take(false);
    if
    :: taken
    :: else -> goto again
    fi;

  locked:
    taken = 0;
    assert(writing == 0 && (reading & bit_of(me)) != 0);
    /* sluice_rwlock_read_unlock */
#ifdef MUTANT_LOOK_BEFORE_UNLOCK
    let_in();
#endif
    atomic {
      assert((holders & bit_of(me)) != 0 && (holders & WRITER) == 0 && writing == 0);
#ifdef MUTANT_DIED_CLEARED_BY_READER
      holders = holders & ~(bit_of(me) | DIED);
#else
      holders = holders & ~bit_of(me);
#endif
      reading = reading & ~bit_of(me);
      h = holders
    };
#if !defined(MUTANT_UNLOCK_NO_WAKE) && !defined(MUTANT_LOOK_BEFORE_UNLOCK)
    if
    :: (h & ~DIED) == 0 -> h = 0; let_in()
    :: else -> h = 0
    fi;
#endif
    goto next;
  done:
    atomic { over[me] = true; finished++ }
  } unless {
    dead[me]
  }
}

/* sluice_rwlock_recover for `who` */
proctype burier(byte who)
{
  byte h, mine;
  WAIT_LOCALS;
end:
  dead[who];
again:
  {
    h = holders;
#ifdef MUTANT_RECOVER_WAKES_FIRST
    event_wake_all(writers);
    event_wake_all(readers);
#endif
#ifndef MUTANT_RECOVER_STILL_WAITING
    atomic { waiting = waiting & ~bit_of(who); served(who) };
#endif
    do
    :: (h & bit_of(who)) == 0 -> break
    :: else ->
      atomic {
        if
#ifdef MUTANT_RECOVER_BY_STORE
        :: true ->
#else
        :: holders == h ->
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
          break
        :: else -> h = holders /* covered */
        fi
      }
    od;
    h = 0;
#ifndef MUTANT_RECOVER_WAKES_FIRST
#ifndef MUTANT_RECOVER_NO_WRITERS
    event_wake_all(writers);
#endif
#ifndef MUTANT_RECOVER_NO_READERS
    event_wake_all(readers);
#endif
#endif
    atomic { over[who] = true; finished++; goto buried }
  } unless {
    mine != generation && !over[who]
  }
  atomic { mine = generation; h = 0; value = 0; woken = 0; hit = 0; i_ = 0 };
  goto again;
buried:
  skip
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
#ifdef MORTAL
  :: kill(MORTAL)
#else
  :: kill(0)
  :: kill(1)
#if WRITERS + READERS > 2
  :: kill(2)
#endif
#if WRITERS + READERS > 3
  :: kill(3)
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
    :: i < WRITERS -> run writer(i); run burier(i); i++
    :: i >= WRITERS && i < PROCESSES -> run reader(i); run burier(i); i++
    :: else -> break
    od
  };
  finished == PROCESSES
}
