/* The cell: one value that writers replace and readers copy (core/src/cell.c).
 *
 * Modelled: WRITERS that write WRITES times each, a reader that reads READS times, each value two
 * words and a length; the version, `intent` announced before the slot is touched, the lock that
 * serialises writers (mutex.pml; here one step to take and to free, robust). SLOTS 2: the two-cell
 * form, 1: the seqlock. DEATHS of the writers may die at any step; the recovery, which may die
 * REBURIALS times, hands the lock on and, for a seqlock, says whether the value is lost.
 *
 * Abstractions: sequentially consistent; versions do not wrap; waiting for a change is event.pml's.
 *
 * Proven: what a reader accepts is one writer's value, whole, and not older than what it read before;
 * versions count the writes; no death looks like corruption; of two cells, a reader succeeds when no
 * writer moves, whoever has died; a seqlock whose writer died in the middle says so after recovery,
 * and only then, until the next write.
 *
 * short: -DSLOTS=2 -DWRITERS=2 -DWRITES=1 -DDEATHS=1 -DREBURIALS=1
 * short: -DSLOTS=1 -DWRITERS=2 -DWRITES=1 -DDEATHS=1 -DREBURIALS=1
 * short: -DSLOTS=2 -DWRITERS=1 -DWRITES=3 -DDEATHS=0
 * short: -DSLOTS=1 -DWRITERS=1 -DWRITES=3 -DDEATHS=0
 * long: -DSLOTS=2 -DWRITERS=2 -DWRITES=2 -DDEATHS=2 -DREBURIALS=1
 * long: -DSLOTS=1 -DWRITERS=2 -DWRITES=2 -DDEATHS=2 -DREBURIALS=1
 * long: -DSLOTS=1 -DWRITERS=3 -DWRITES=1 -DDEATHS=1 -DREBURIALS=1
 * long: -DSLOTS=2 -DWRITERS=3 -DWRITES=1 -DDEATHS=2
 * mutants: INTENT_LATE NO_INTENT_CHECK VERSION_FIRST SAME_SLOT CHECK_BEFORE_COPY NO_LOST
 * mutants: LOST_AFTER_UNLOCK LOST_STAYS UNLOCK_FIRST TOO_STRICT
 */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef WRITES
#define WRITES 2
#endif
#ifndef READS
#define READS 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef REBURIALS
#define REBURIALS 0
#endif

#ifdef MUTANT_SAME_SLOT
#define slot_of(version) 0
#else
#define slot_of(version) ((version) % SLOTS)
#endif

byte version, intent;
byte length[SLOTS], first[SLOTS], second[SLOTS];
byte lock; /* the owner, plus 1 */
bool flag_lost;
bool dead[WRITERS];
bool over[WRITERS];
bool burying[WRITERS];
byte deaths, reburials, restart, finished; /* restart: whose burial is begun anew, plus 1 */

/* The proof's: the value of each version */
byte value_of[WRITERS * WRITES + 2];
bool is_lost;

proctype writer(byte me)
{
  byte next, sent, value;
  {
    do
    :: sent == WRITES -> break
    :: else ->
      /* what only the owner of the lock changes is as good as its own */
      atomic {
        lock == 0 ->
          lock = me + 1;
          next = version + 1;
          assert(intent == version || intent == next);
          value = 1 + me * WRITES + sent
      };
#ifndef MUTANT_INTENT_LATE
      intent = next;
#endif
#ifdef MUTANT_VERSION_FIRST
      atomic { value_of[next] = value; version = next };
#endif
      atomic { is_lost = true; first[slot_of(next)] = value };
      second[slot_of(next)] = value;
#ifdef MUTANT_INTENT_LATE
      intent = next;
#endif
      length[slot_of(next)] = value;
#ifndef MUTANT_LOST_STAYS
      flag_lost = false;
#endif
#ifdef MUTANT_UNLOCK_FIRST
      lock = 0;
#endif
#ifndef MUTANT_VERSION_FIRST
      atomic { value_of[next] = value; version = next; is_lost = false };
#endif
      atomic {
#ifndef MUTANT_UNLOCK_FIRST
        assert(lock == me + 1);
        lock = 0;
#endif
        sent++;
        next = 0;
        value = 0
      }
    od;
    atomic { over[me] = true; sent = 0; finished++ }
  } unless {
    atomic { dead[me] -> next = 0; value = 0; sent = 0 }
  }
}

inline accept()
{
  assert(announced >= found); /* else the cell would be poisoned */
#ifdef MUTANT_NO_INTENT_CHECK
  ok = true;
#else
#ifdef MUTANT_TOO_STRICT
  ok = announced == found;
#else
  ok = announced - found <= SLOTS - 1;
#endif
#endif
  if
  :: ok ->
    assert(a == value_of[found] && b == a && l == a && found >= read);
    read = found
  :: else
  fi;
  l = 0; a = 0; b = 0; announced = 0; found = 0
}

/* One attempt; `ok`: accepted */
inline try_read()
{
  atomic { ok = false; found = version };
  if
  :: found != 0 ->
#ifdef MUTANT_CHECK_BEFORE_COPY
    announced = intent;
    l = length[slot_of(found)];
    a = first[slot_of(found)];
    atomic { b = second[slot_of(found)]; accept() }
#else
    l = length[slot_of(found)];
    a = first[slot_of(found)];
    b = second[slot_of(found)];
    atomic { announced = intent; accept() }
#endif
  :: else
  fi
}

proctype reader()
{
  byte found, l, a, b, announced, read, reads;
  bool ok;
  do
  :: atomic { reads == READS -> reads = 0; read = 0; ok = false; break }
  :: atomic { reads < READS -> reads++ }; try_read()
  od
}

proctype burier(byte me)
{
end:
  atomic { dead[me] -> burying[me] = true };
again:
  {
    if
    :: lock == me + 1 ->
#ifdef MUTANT_LOST_AFTER_UNLOCK
      lock = 0;
#endif
#if SLOTS == 1 && !defined(MUTANT_NO_LOST)
      if
      :: intent != version -> flag_lost = true
      :: else -> flag_lost = false
      fi;
#endif
#ifndef MUTANT_LOST_AFTER_UNLOCK
      lock = 0
#endif
    :: else
    fi;
    atomic { burying[me] = false; finished++ }
  } unless {
    atomic { restart == me + 1 -> restart = 0; goto again }
  }
}

/* Those that write are all alike: who dies is the first that lives. */
inline die(victim)
{
  atomic {
    deaths < DEATHS && !dead[victim] && !over[victim] &&
      (victim == 0 || dead[victim - (victim > 0)]) ->
      dead[victim] = true;
      deaths++
  }
}

inline die_burying(victim)
{
  atomic {
    reburials < REBURIALS && burying[victim] && restart == 0 ->
      restart = victim + 1;
      reburials++
  }
}

active proctype death()
{
end:
  do
  :: die(0)
  :: die_burying(0)
#if WRITERS > 1
  :: die(1)
  :: die_burying(1)
#endif
#if WRITERS > 2
  :: die(2)
  :: die_burying(2)
#endif
  od
}

init
{
  byte found, l, a, b, announced, read, i;
  bool ok;
  atomic {
    do
    :: i < WRITERS -> run writer(i); run burier(i); i++
    :: else -> break
    od;
    i = 0;
    run reader()
  };
  finished == WRITERS && lock == 0;
  try_read();
#if SLOTS == 2
  assert(ok || version == 0)
#else
  /* the flag is there when, and only when, the value is lost */
  assert(ok || version == 0 || flag_lost);
  assert(flag_lost == (intent != version));
  assert(!is_lost || flag_lost)
#endif
}
