/* The MPMC ring's consumers, who take turns, and its sleepers (core/src/ring_many_*.c).
 *
 * Modelled: PRODUCERS that send RECORDS records each through a ring of CAP places, sleep on `room`
 * when it is full, and then stay, or with -DLEAVES close as they like; CONSUMERS that take the side,
 * read one record or what there is, zero it, return the room, give the side back, and sleep on
 * `filled`. They do so in the wait's loop, woken they look for a frame; the first OWN of them may also
 * read at any time, above all when they are woken (_sleep, and a sleep of their own). The first GIVE_UP
 * may stop: when they found nothing, when their time has run out, when they have read, and, having
 * passed it on, when they are woken. With -DABORTS the first claim may be given up, which leaves
 * padding. Each access to shared memory is one step, and a futex call. DEATHS of all (with
 * -DONLY_PRODUCERS, -DONLY_CONSUMERS of those) may die at any step; each is buried by a process of its
 * own, which may itself die, REBURIALS times in all, and is then begun anew by another.
 *
 * Abstractions: sequentially consistent (what decides who sleeps is seq_cst in the C); a frame takes
 * one place; a claim is one step (ring_claim.pml has its own); a look that a successful
 * compare-and-swap follows is one step with it; nothing is poisoned, no consumer closes.
 *
 * Proven: one at a time has the side; no record is handed out twice; who says "closed" has left
 * nothing unread. When nothing more can happen: what was committed was handed out, or is there; the
 * losses are counted exactly; the side is free, the room is zeroed; nobody sleeps who has a record to
 * read, room to fill, or the other side's end to be told.
 *
 * short: -DCONSUMERS=2 -DRECORDS=2 -DCAP=1 -DOWN=2 -DLEAVES
 * short: -DCONSUMERS=2 -DRECORDS=2 -DCAP=2 -DGIVE_UP=1 -DABORTS
 * short: -DCONSUMERS=2 -DDEATHS=1 -DONLY_CONSUMERS
 * short: -DCONSUMERS=2 -DDEATHS=1 -DONLY_PRODUCERS
 * short: -DCONSUMERS=1 -DRECORDS=2 -DDEATHS=1 -DREBURIALS=1 -DLEAVES
 * hunt: -DCONSUMERS=3 -DRECORDS=0 -DLEAVES
 * hunt: -DPRODUCERS=2 -DCONSUMERS=2 -DCAP=2 -DGIVE_UP=1
 * hunt: -DCONSUMERS=3 -DGIVE_UP=2
 * long: -DCONSUMERS=2 -DRECORDS=2 -DCAP=2 -DGIVE_UP=1 -DOWN=2 -DABORTS -DLEAVES
 * long: -DCONSUMERS=3 -DGIVE_UP=2
 * long: -DPRODUCERS=2 -DCONSUMERS=2 -DCAP=2 -DGIVE_UP=1 -DLEAVES
 * long: -DCONSUMERS=2 -DDEATHS=1 -DREBURIALS=1
 * mutants: NOT_TOLD TOLD_EARLY NO_MARK MARKED_BLINDLY TAKEN_BY_STORE NO_SECOND_LOOK NO_PASS NO_MORE
 * mutants: NO_PASS_BY_UNWILLING END_WAKES_ONE OVER_AT_ONCE SIGNAL_FIRST NO_SIGNAL_ROOM ANNOUNCED_LATE
 * mutants: FREED_FIRST LEFT_BEFORE_CLAIM NO_WAKE_AFTER_DEATH RECOVER_BY_SIGNAL
 */
#ifndef PRODUCERS
#define PRODUCERS 1
#endif
#ifndef CONSUMERS
#define CONSUMERS 2
#endif
#ifndef RECORDS
#define RECORDS 1
#endif
#ifndef CAP
#define CAP 1
#endif
#ifndef GIVE_UP
#define GIVE_UP 0
#endif
#ifndef OWN
#define OWN GIVE_UP
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef REBURIALS
#define REBURIALS 0
#endif
#define PROCESSES (PRODUCERS + CONSUMERS)
#define WORDS 2
#define FILLED 0
#define ROOM 1
#define may_give_up(who) ((who) < PRODUCERS + GIVE_UP)
#define by_own_means(who) ((who) < PRODUCERS + OWN)
#ifdef ABORTS
#define FIRST_ALIKE 1
#else
#define FIRST_ALIKE 0
#endif
#ifdef ONLY_CONSUMERS
#define mortal(who) ((who) >= PRODUCERS)
#else
#ifdef ONLY_PRODUCERS
#define mortal(who) ((who) < PRODUCERS)
#else
#define mortal(who) true
#endif
#endif
#define SAME_AS_LAST(who)                                                                          \
  ((who) > FIRST_ALIKE && (who) != PRODUCERS && (who) != PRODUCERS + GIVE_UP &&                    \
   (who) != PRODUCERS + OWN)
#include "../../../core/test/models/wait.inc"

#define PADDING 255
#define WANTED 128 /* SLUICE_WAITERS_BIT in side.owner */
#define ENDED 128  /* in the ends' words: the last one has closed it, or died */
#define place_of(position) ((position) % CAP)

mtype = { EMPTY, FOUND, OVER };  /* what a consumer found */
mtype = { FIRST, SECOND, READ }; /* why it looks: before it marks the event word, after, to read */

byte header[CAP]; /* 0, a record's number, PADDING */
byte tail, head;
byte reading;
byte reading_records; /* the upper half of the same word */
byte owner;           /* side.owner: who has it, plus 1; WANTED */
byte producers, consumers;
byte line_claim[PRODUCERS]; /* position + 1 */
byte recoverer;
byte lost_with_receiver;
byte lost_next;
byte lost_at;

byte deaths;
bool over[PROCESSES]; /* has nothing left to do */
bool marked[PROCESSES];
bool buried[PROCESSES];
byte generation_of[PROCESSES];

/* The event words of wait.inc, in fewer states. Two who find each other at work may wake each other
 * again and again, so the count is left out: word[w] is its WAITER alone, and these are those whose
 * key, or whose value of a compare-and-swap, it still is. A look and the compare-and-swap that it
 * leads to are one step, if that succeeds; if not, nothing has happened. */
byte keys[WORDS];
byte values[WORDS];
#define my_bit (1 << me)

inline change(w)
{
  keys[w] = 0;
  values[w] = 0
}

inline mark_word(w)
{
  atomic { word[w] = WAITER; keys[w] = keys[w] | my_bit }
}

inline drop_key(w)
{
  keys[w] = keys[w] & ~my_bit
}

inline futex_wait(w)
{
  asleep[me] = ((keys[w] & my_bit) != 0 -> w + 1 : 0);
  drop_key(w)
}

inline signal_all(w)
{
  if
  :: word[w] == 0
  :: atomic { word[w] != 0 -> word[w] = 0; change(w) };
    futex_wake(w)
  fi
}

inline signal_one(w)
{
  if
  :: word[w] == 0
  :: atomic { word[w] != 0 -> change(w); values[w] = my_bit };
    atomic {
      futex_wake_one(w);
      values[w] = (woken -> values[w] & ~my_bit : values[w])
    };
    if
    :: atomic { woken -> woken = 0 }
    :: atomic { !woken && (values[w] & my_bit) != 0 -> word[w] = 0; change(w) };
      futex_wake(w)
    :: !woken && (values[w] & my_bit) == 0
    fi
  fi
}

inline wake_all(w)
{
#ifdef MUTANT_RECOVER_BY_SIGNAL
  signal_all(w)
#else
  atomic { change(w) };
  futex_wake(w)
#endif
}

inline forget_wait()
{
  values[FILLED] = values[FILLED] & ~my_bit;
  values[ROOM] = values[ROOM] & ~my_bit;
  keys[FILLED] = keys[FILLED] & ~my_bit;
  keys[ROOM] = keys[ROOM] & ~my_bit;
  woken = 0;
  i_ = 0
}

/* What the proof knows and the program does not. */
byte inside; /* who is between taking the side and giving it back, plus 1 */
byte committed;
byte delivered;
byte expected_lost;

#define bit_of(record) (1 << ((record) - 1))

/* ---- ring_many_producer.c ---- */

proctype producer(byte me)
{
  byte at, sent;
  WAIT_LOCALS;
  {
    skip;
  next:
    if
    :: atomic { sent == RECORDS -> sent = 0; goto stay }
#ifdef LEAVES
    :: atomic { sent == RECORDS -> sent = 0; goto leave }
#endif
    :: sent < RECORDS
    fi;
  again:
    if
    :: atomic { (consumers & ENDED) != 0 -> sent = 0; goto leave } /* covered */
    :: (consumers & ENDED) == 0
    fi;
    if
    :: atomic {
        tail - head < CAP ->
          at = place_of(tail);
          tail++;
          line_claim[me] = tail;
          goto write
      }
    :: tail - head == CAP
    fi;
    mark_word(ROOM);
    if
    :: atomic { (consumers & ENDED) != 0 -> drop_key(ROOM); goto again }
    :: (consumers & ENDED) == 0
    fi;
    if
    :: atomic { tail - head < CAP -> drop_key(ROOM); goto again }
    :: tail - head == CAP
    fi;
    atomic { futex_wait(ROOM) };
    atomic { asleep[me] == 0 -> goto again };
  write:
#ifdef MUTANT_SIGNAL_FIRST
    signal_one(FILLED);
#endif
    atomic {
      assert(header[at] == 0);
      if
      :: sent++; header[at] = me * RECORDS + sent; committed = committed | bit_of(header[at])
#ifdef ABORTS
      :: me == 0 && sent == 0 -> sent++; header[at] = PADDING
#endif
      fi;
      at = 0
    };
    line_claim[me] = 0;
#ifndef MUTANT_SIGNAL_FIRST
    signal_one(FILLED);
#endif
    goto next;
  leave:
    atomic {
      producers = producers & ~(1 << me);
      producers = (producers == 0 -> ENDED : producers)
    };
    signal_all(FILLED);
  stay:
    over[me] = true
  } unless {
    atomic { dead[me] -> at = 0; sent = 0; forget_wait() }
  }
}

/* ---- ring_many_consumer.c ---- */

inline pass_on()
{
  if
  :: (producers & ENDED) == 0 -> signal_one(FILLED)
#ifdef MUTANT_END_WAKES_ONE
  :: (producers & ENDED) != 0 -> signal_one(FILLED)
#else
  :: (producers & ENDED) != 0 -> signal_all(FILLED)
#endif
  fi
}

/* Does it tell who has the side? Who only reads did not at first, woken or not (NOT_TOLD). */
#ifdef MUTANT_NO_MARK
#define tells (why == READ && told)
#else
#ifdef MUTANT_NOT_TOLD
#define tells (why == SECOND)
#else
#define tells (why == SECOND || (why == READ && told))
#endif
#endif

/* There is somebody to wake when the side is given back. */
#ifdef MUTANT_NO_PASS
#define passes more
#else
#define passes (more || (owner & WANTED) != 0)
#endif

/* Goes on from what was found, without the side. */
inline go_on()
{
#ifndef MUTANT_TOLD_EARLY
  told = told || why == SECOND; /* after the look, which would forget it */
#endif
  if
  :: status == OVER -> goto done
  :: status == FOUND && why == READ -> goto next
  :: status == FOUND && why != READ -> drop_key(FILLED); why = READ; goto take
  :: status == EMPTY && why == FIRST -> goto mark
  :: status == EMPTY && why == SECOND -> goto sleep
  :: status == EMPTY && why == READ -> goto nothing
  fi
}

proctype consumer(byte me)
{
  byte cursor, read, at, batch;
  bool told; /* its key is not 0 */
  bool more, looked;
  mtype status, why;
  WAIT_LOCALS;
  {
    skip;
  next:
    atomic {
      status = 0;
      if
      :: why = FIRST
      :: by_own_means(me) -> why = READ
      :: read != 0 && may_give_up(me) -> read = 0; goto done
      fi;
      read = 0
    };

  take: /* take_side, then look */
    if
#ifdef MUTANT_TAKEN_BY_STORE
    :: owner == 0 ->
      atomic {
#else
    :: atomic {
        owner == 0 ->
#endif
          owner = me + 1;
          told = false;
          assert(inside == 0);
          inside = me + 1;
          cursor = head
      }
    :: atomic { owner != 0 && (!tells || (owner & WANTED) != 0) -> status = EMPTY; go_on() }
#ifdef MUTANT_MARKED_BLINDLY
    :: atomic { owner != 0 && tells && (owner & WANTED) == 0 -> at = owner | WANTED };
      atomic { owner = at; at = 0; status = EMPTY; go_on() }
#else
    :: atomic {
        owner != 0 && tells && (owner & WANTED) == 0 ->
          owner = owner | WANTED;
          status = EMPTY;
          go_on()
      }
#endif
    fi;
  look:
    if
    :: atomic {
        cursor - head < CAP && header[place_of(cursor)] != 0 ->
          looked = false;
          status = FOUND;
          if
          :: why != READ -> goto give_back
          :: why == READ && header[place_of(cursor)] == PADDING ->
            cursor++;
            status = EMPTY;
            goto look
          :: why == READ && header[place_of(cursor)] != PADDING ->
            batch = batch | bit_of(header[place_of(cursor)]);
            read++;
            cursor++;
            if
            :: goto look
            :: goto release
            fi
          fi
      }
    :: atomic { cursor - head == CAP -> status = (read != 0 -> FOUND : EMPTY); goto release }
    :: cursor - head < CAP && header[place_of(cursor)] == 0
    fi;
    atomic {
      if
      :: (producers & ENDED) == 0 -> status = (read != 0 -> FOUND : EMPTY)
#ifdef MUTANT_OVER_AT_ONCE
      :: (producers & ENDED) != 0 ->
#else
      :: (producers & ENDED) != 0 && !looked -> looked = true; goto look
      :: (producers & ENDED) != 0 && looked ->
#endif
        assert(cursor == tail); /* nothing is left behind */
        status = (read != 0 -> FOUND : OVER)
      fi;
      looked = false;
      if
      :: why != READ -> goto give_back
      :: why == READ && cursor == head -> goto others
      :: why == READ && cursor != head
      fi
    };

  release: /* announce, hand out, wipe, hand_back */
    atomic {
      assert(inside == me + 1);
#ifndef MUTANT_ANNOUNCED_LATE
      reading = cursor;
      reading_records = read;
#endif
      assert((delivered & batch) == 0);
      delivered = delivered | batch;
      batch = 0;
      at = head
    };
#ifdef MUTANT_ANNOUNCED_LATE
    atomic { reading = cursor; reading_records = read };
#endif
    do
    :: atomic { at != cursor -> header[place_of(at)] = 0; at++ }
    :: atomic { at == cursor -> assert(inside == me + 1); head = cursor; at = 0; break }
    od;
#ifndef MUTANT_NO_SIGNAL_ROOM
    signal_all(ROOM);
#endif

  others: /* does another wait for what is there? */
#ifndef MUTANT_NO_MORE
    if
    :: word[FILLED] != 0 -> more = header[place_of(head)] != 0
    :: word[FILLED] == 0
    fi;
#endif

  give_back:
    if
    :: atomic { passes -> owner = 0; inside = 0; more = false; cursor = 0 };
      pass_on();
      atomic { go_on() }
    :: atomic { !passes -> owner = 0; inside = 0; cursor = 0; go_on() }
    fi;

  mark:
    mark_word(FILLED);
#if defined(MUTANT_TOLD_EARLY) || defined(MUTANT_NO_SECOND_LOOK)
    told = true;
#endif
#ifdef MUTANT_NO_SECOND_LOOK
    goto sleep;
#endif
    atomic { why = SECOND; goto take };

  sleep:
    atomic {
      status = 0;
      why = 0;
      if
      :: futex_wait(FILLED)
      :: may_give_up(me) -> drop_key(FILLED); goto done
      fi
    };
    if
    :: atomic { asleep[me] == 0 -> why = FIRST; goto take }
    :: atomic { asleep[me] == 0 && by_own_means(me) -> why = READ; goto take }
    :: asleep[me] == 0 && may_give_up(me) ->
#ifndef MUTANT_NO_PASS_BY_UNWILLING
      pass_on();
#endif
      goto done
    :: atomic { asleep[me] != 0 && may_give_up(me) -> asleep[me] = 0; goto done }
    fi;

  nothing: /* to read */
    atomic {
      if
      :: why = FIRST; goto take
      :: may_give_up(me) -> goto done
      fi
    };

  done:
    atomic { over[me] = true; told = false; status = 0; why = 0 }
  } unless {
    atomic {
      dead[me] ->
        cursor = 0; read = 0; at = 0; batch = 0; told = false; more = false; looked = false;
        status = 0; why = 0;
        forget_wait()
    }
  }
}

/* ---- ring_many_recover.c ---- */

#define me_word (me * 4 + generation + 1)
#define burier_alive(word) (generation_of[((word) - 1) / 4] == ((word) - 1) % 4)

inline free_side()
{
  atomic { owner = 0; inside = 0 }
}

proctype burier(byte me)
{
  byte generation, at, i;
  bool found;
  WAIT_LOCALS;
end:
  dead[me];
again:
  {
    atomic {
      recoverer == 0 || !burier_alive(recoverer) -> /* SLUICE_E_AGAIN till then */
        recoverer = me_word;
        marked[me] = true
    };
    if
    :: me < PRODUCERS ->
#ifdef MUTANT_LEFT_BEFORE_CLAIM
      atomic {
        producers = producers & ~(1 << me);
        producers = ((producers & ~ENDED) == 0 -> ENDED : producers)
      };
#endif
      if
      :: atomic { line_claim[me] != 0 -> at = line_claim[me] - 1 };
        /* unpublished, pad */
        found = reading > at;
        found = found || head > at;
        found = found || header[place_of(at)] != 0;
        found = found || reading > at;
        found = found || head > at;
        if
        :: atomic {
            !found -> assert(header[place_of(at)] == 0); header[place_of(at)] = PADDING /* covered */
          }
        :: found
        fi;
        line_claim[me] = 0
      :: line_claim[me] == 0
      fi;
      atomic {
        at = 0;
        found = false;
        producers = producers & ~(1 << me);
        producers = ((producers & ~ENDED) == 0 -> ENDED : producers)
      }
    :: me >= PRODUCERS ->
      if
      :: (owner & ~WANTED) == me + 1 ->
#ifdef MUTANT_FREED_FIRST
        free_side();
#endif
        if
        :: atomic { reading > head -> at = reading };
          if
          :: lost_at != at ->
            lost_next = lost_with_receiver + reading_records;
            lost_at = at
          :: lost_at == at
          fi;
          lost_with_receiver = lost_next;
          atomic {
            i = head;
            do
            :: i != at -> header[place_of(i)] = 0; i++
            :: else -> i = 0; break
            od
          };
          atomic { head = at; at = 0 } /* covered */
        :: reading <= head
        fi;
        free_side()
      :: (owner & ~WANTED) != me + 1
      fi;
      atomic {
        consumers = consumers & ~(1 << me - PRODUCERS);
        consumers = ((consumers & ~ENDED) == 0 -> ENDED : consumers)
      }
    fi;
    recoverer = 0;
#ifndef MUTANT_NO_WAKE_AFTER_DEATH
    wake_all(FILLED);
    wake_all(ROOM)
#endif
  } unless {
    generation != generation_of[me]
  }
  atomic { at = 0; i = 0; found = false; forget_wait() };
  if
  :: generation != generation_of[me] -> generation = generation_of[me]; goto again
  :: else -> buried[me] = true
  fi
}

inline die(victim)
{
  atomic {
    deaths < DEATHS && mortal(victim) && !dead[victim] && !over[victim] &&
      (!SAME_AS_LAST(victim) || dead[victim - (victim > 0)]) ->
      deaths++;
      dead[victim] = true;
      asleep[victim] = 0;
      if
      :: inside == victim + 1 && reading > head -> expected_lost = expected_lost + reading_records
      :: else
      fi
  }
}

inline die_burying(victim)
{
  atomic {
    reburials < REBURIALS && marked[victim] && !buried[victim] ->
      generation_of[victim]++;
      reburials++
  }
}

proctype death()
{
end:
  do
  :: die(0)
  :: die_burying(0)
  :: die(1)
  :: die_burying(1)
#if PRODUCERS + CONSUMERS > 2
  :: die(2)
  :: die_burying(2)
#endif
#if PRODUCERS + CONSUMERS > 3
  :: die(3)
  :: die_burying(3)
#endif
#if PRODUCERS + CONSUMERS > 4
  :: die(4)
  :: die_burying(4)
#endif
  od
}

init
{
  byte i, left;
  atomic {
    producers = (1 << PRODUCERS) - 1;
    consumers = (1 << CONSUMERS) - 1;
    do
    :: i < PROCESSES ->
      if
      :: i < PRODUCERS -> run producer(i)
      :: else -> run consumer(i)
      fi;
#if DEATHS > 0
      if
      :: mortal(i) -> run burier(i)
      :: else
      fi;
#endif
      i++
    :: else -> break
    od;
#if DEATHS > 0
    run death();
#endif
    i = 0
  };
  timeout;
  atomic {
    assert(owner == 0 && recoverer == 0);
    assert(lost_with_receiver == expected_lost);
    do
    :: i < PROCESSES ->
      assert((dead[i] && buried[i]) || over[i] || asleep[i] != 0);
      assert(asleep[i] != FILLED + 1 || (header[place_of(head)] == 0 && (producers & ENDED) == 0));
      assert(asleep[i] != ROOM + 1 || (tail == head + CAP && (consumers & ENDED) == 0));
      i++
    :: else -> break
    od;
    i = head;
    do
    :: i < tail ->
      assert(header[place_of(i)] != 0);
      if
      :: header[place_of(i)] != PADDING -> left = left | bit_of(header[place_of(i)])
      :: else
      fi;
      i++
    :: i >= tail && i < head + CAP -> assert(header[place_of(i)] == 0); i++
    :: else -> break
    od;
    assert((delivered & left) == 0 && (delivered | left) == committed)
  };
  /* those that wait go on waiting: no invalid end */
  do
  :: i = 0
  od
}
