/* The SPSC ring (core/src/ring_producer.c, ring_consumer.c): records, room, sleeping at both ends.
 *
 * Modelled: a producer that sends SENDS records of 1 or 2 units through CAP units, wrap padding
 * included, and closes; a consumer that reads batches of what there is, zeroes it, returns it. Either
 * sleeps when it cannot go on, on its word `asleep`; the producer only until head reaches wake_at.
 * With TIMEOUTS a sleep may run out, and is begun again. With CLOSES the consumer may close before
 * the producer has sent all. With DEATHS either may die at any step; the recovery then sets the flag
 * for the other, and may die itself at any step, REBURIALS times. Each access to shared memory is a
 * step.
 *
 * Abstractions: sequentially consistent; a unit is 8 bytes; payloads that look like headers (JUNK)
 * stand for what a stale lap would show.
 *
 * Proven: records come out in their order, each once, none that was not committed; a header is
 * stored only where all is zero; a consumer that does not close reads all that was committed before
 * it learns of the end; nobody sleeps for ever.
 *
 * short: -DSENDS=4
 * short: -DSENDS=4 -DTIMEOUTS=2
 * short: -DSENDS=3 -DCLOSES=1
 * short: -DSENDS=2 -DDEATHS=1 -DREBURIALS=1
 * long: -DSENDS=7 -DTIMEOUTS=2
 * long: -DSENDS=3 -DTIMEOUTS=1 -DDEATHS=1
 * long: -DSENDS=3 -DCLOSES=1 -DDEATHS=1 -DREBURIALS=1
 * mutants: NO_SECOND_LOOK WAKE_BEFORE_COMMIT WAKE_BEFORE_HEAD NO_ZERO HEAD_BEFORE_ZERO PAYLOAD_LATE
 * mutants: ONE_LOOK_AT_END NO_FLAG NO_SECOND_LOOK_PRODUCER
 * mutants: RECOVER_BY_WAKE PAD_AFTER_RECORD NO_RELEASE_BEFORE_SLEEP CLOSE_WITHOUT_WAKE
 */
#ifndef SENDS
#define SENDS 4
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 0
#endif
#ifndef CLOSES
#define CLOSES 0
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef REBURIALS
#define REBURIALS 0
#endif
#define CAP 4
#define PRODUCER 0
#define CONSUMER 1
#define PRODUCER_CLOSED 1
#define PRODUCER_LOST 2
#define PRODUCER_GONE (PRODUCER_CLOSED | PRODUCER_LOST)
#define CONSUMER_CLOSED 4
#define CONSUMER_LOST 8
#define CONSUMER_GONE (CONSUMER_CLOSED | CONSUMER_LOST)
#define JUNK 255
#define header_of(record, length) ((record) << 2 | (length))
#define length_in(word) ((word) & 3)
#define record_in(word) ((word) >> 2)
#define place_of(position) ((position) % CAP)

byte data[CAP];
byte head, wake_at, flags;
bit asleep[2];
bool sleeps[2]; /* in the kernel */
bool dead[2];
bool over[2];
byte deaths, reburials, burier_generation, timeouts, closes;

byte committed, received; /* the proof's: counts, as records are numbered from 1 */

inline wake(end)
{
  if
  :: asleep[end] ->
    atomic {
      if
      :: asleep[end] -> asleep[end] = 0; sleeping = true
      :: else
      fi
    };
    if
    :: sleeping -> atomic { sleeps[end] = false; sleeping = false }
    :: else
    fi
  :: else
  fi
}

/* futex_wait(asleep, 1), and what a timeout does: unset */
inline sleep(end)
{
  atomic {
    if
    :: asleep[end] -> sleeps[end] = true
    :: else
    fi
  };
  if
  :: !sleeps[end]
  :: atomic { timeouts < TIMEOUTS && sleeps[end] -> timeouts++; sleeps[end] = false };
    asleep[end] = 0
  fi
}

proctype producer()
{
  byte tail, seen, length, bytes, sent;
  bool sleeping;
  {
    do
    :: sent == SENDS -> break
    :: else ->
      if
      :: length = 1
      :: length = 2
      fi;
      bytes = (length > CAP - place_of(tail) -> length + CAP - place_of(tail) : length);
    again:
      if
      :: (flags & CONSUMER_GONE) != 0 -> goto done
      :: else
      fi;
      if
      :: tail + bytes - seen > CAP -> seen = head
      :: else
      fi;
      if
      :: tail + bytes - seen > CAP ->
        wake_at = tail + bytes - CAP; /* before or after the mark: the second look is after both */
        asleep[PRODUCER] = 1;
#ifndef MUTANT_NO_SECOND_LOOK_PRODUCER
        if
        :: (flags & CONSUMER_GONE) != 0 -> asleep[PRODUCER] = 0; goto done
        :: else
        fi;
        seen = head;
        if
        :: tail + bytes - seen <= CAP -> asleep[PRODUCER] = 0; goto again
        :: else
        fi;
#endif
        sleep(PRODUCER);
        goto again
      :: else
      fi;
      if
      :: bytes != length ->
#ifdef MUTANT_PAD_AFTER_RECORD
        atomic { data[0] = header_of(sent + 1, length); committed = sent + 1 };
        data[place_of(tail)] = header_of(0, bytes - length);
        goto committed_it;
#endif
        atomic {
          assert(data[place_of(tail)] == 0);
          data[place_of(tail)] = header_of(0, bytes - length);
          tail = tail + bytes - length
        }
      :: else
      fi;
#ifdef MUTANT_WAKE_BEFORE_COMMIT
      wake(CONSUMER);
#endif
#ifndef MUTANT_PAYLOAD_LATE
      if
      :: length == 2 -> assert(data[place_of(tail + 1)] == 0); data[place_of(tail + 1)] = JUNK
      :: else
      fi;
#endif
      atomic {
        assert(data[place_of(tail)] == 0);
        data[place_of(tail)] = header_of(sent + 1, length);
        committed = sent + 1
      };
#ifdef MUTANT_PAYLOAD_LATE
      if
      :: length == 2 -> data[place_of(tail + 1)] = JUNK
      :: else
      fi;
#endif
#ifdef MUTANT_PAD_AFTER_RECORD
    committed_it:
#endif
      atomic { tail = tail + length; sent++; length = 0; bytes = 0 };
#ifndef MUTANT_WAKE_BEFORE_COMMIT
      wake(CONSUMER)
#endif
    od;
    flags = flags | PRODUCER_CLOSED;
    wake(CONSUMER);
  done:
    over[PRODUCER] = true
  } unless {
    dead[PRODUCER]
  }
}

/* sluice_ring_look: the frame's header in `word`, or 0 and why in `state` */
inline look()
{
  state = 0;
  word = data[place_of(cursor)];
  if
  :: word == 0 ->
    state = flags & PRODUCER_GONE;
#ifndef MUTANT_ONE_LOOK_AT_END
    if
    :: state != 0 -> word = data[place_of(cursor)]
    :: else
    fi
#endif
  :: else
  fi;
  if
  :: cursor - mine == CAP -> word = 0; state = 0
  :: else
  fi
}

inline release()
{
  if
  :: cursor != mine ->
#ifdef MUTANT_HEAD_BEFORE_ZERO
    head = cursor;
#endif
#ifdef MUTANT_WAKE_BEFORE_HEAD
    if
    :: asleep[PRODUCER] -> 
      if
      :: cursor >= wake_at -> wake(PRODUCER)
      :: else
      fi
    :: else
    fi;
#endif
    do
    :: mine != cursor ->
#ifdef MUTANT_NO_ZERO
      mine++
#else
      atomic { data[place_of(mine)] = 0; mine++ }
#endif
    :: else -> break
    od;
    head = cursor;
#ifndef MUTANT_WAKE_BEFORE_HEAD
    if
    :: asleep[PRODUCER] ->
      if
      :: cursor >= wake_at -> wake(PRODUCER)
      :: else
      fi
    :: else
    fi
#endif
  :: else
  fi
}

proctype consumer()
{
  byte mine, cursor, word, state;
  bool sleeping;
  {
    do
#if CLOSES > 0
    :: atomic { closes < CLOSES -> closes++ };
      release();
      flags = flags | CONSUMER_CLOSED;
#ifndef MUTANT_CLOSE_WITHOUT_WAKE
      wake(PRODUCER);
#endif
      goto closed
#endif
    :: look();
      if
      :: word != 0 ->
        atomic {
          assert(word != JUNK && length_in(word) != 0);
          assert(length_in(word) == 1 || record_in(word) == 0 || data[place_of(cursor + 1)] == JUNK);
          if
          :: record_in(word) != 0 ->
            received++;
            assert(record_in(word) == received && received <= committed)
          :: else
          fi;
          cursor = cursor + length_in(word)
        };
        if
        :: release()
        :: skip /* reads on, a batch */
        fi
      :: word == 0 && state != 0 -> break
      :: else ->
#ifdef MUTANT_NO_RELEASE_BEFORE_SLEEP
        skip;
#else
        release();
#endif
        asleep[CONSUMER] = 1;
#ifndef MUTANT_NO_SECOND_LOOK
        look();
        if
        :: word != 0 || state != 0 -> asleep[CONSUMER] = 0
        :: else -> sleep(CONSUMER)
        fi
#else
        sleep(CONSUMER)
#endif
      fi
    od;
    release();
    assert(received == committed);
#if CLOSES > 0
  closed:
#endif
    over[CONSUMER] = true
  } unless {
    dead[CONSUMER]
  }
}

/* sluice_ring_bury, until it comes to its end */
proctype burier(byte who)
{
  byte generation;
  bool sleeping;
end:
  dead[who];
again:
  {
    /* sluice_ring_bury; whoever buried it before may have set the flag */
    if
#ifndef MUTANT_NO_FLAG
    :: (flags & (who == PRODUCER -> PRODUCER_GONE : CONSUMER_GONE)) == 0 ->
      flags = flags | (who == PRODUCER -> PRODUCER_LOST : CONSUMER_LOST);
      wake(PRODUCER);
      wake(CONSUMER)
#endif
    :: else
    fi;
#ifndef MUTANT_RECOVER_BY_WAKE
    /* whatever the words say: whoever took the mark away may have died before the wake-up */
    asleep[PRODUCER] = 0;
    sleeps[PRODUCER] = false;
    asleep[CONSUMER] = 0;
    sleeps[CONSUMER] = false;
#endif
    over[who] = true
  } unless {
    generation != burier_generation
  }
  if
  :: generation != burier_generation -> generation = burier_generation; sleeping = false; goto again
  :: else
  fi
}

inline die(victim)
{
  atomic {
    deaths < DEATHS && !over[victim] && !dead[victim] ->
      deaths++;
      dead[victim] = true;
      sleeps[victim] = false
  }
}

proctype death()
{
end:
  do
  :: die(PRODUCER)
  :: die(CONSUMER)
  :: atomic {
      reburials < REBURIALS && (dead[0] && !over[0] || dead[1] && !over[1]) ->
        reburials++;
        burier_generation++
    }
  od
}

init
{
  atomic {
    run producer();
    run consumer();
#if DEATHS > 0
    run burier(PRODUCER);
    run burier(CONSUMER);
    run death()
#endif
  }
}
