/* The MPSC ring's claims, and their recovery (core/src/ring_many_*.c).
 *
 * Modelled: N producers, each of which sends RECORDS records of 1 or 2 units through a ring of CAP
 * units, from any starting place, so that claims also wrap; one consumer, which reads batches,
 * announces in `reading` what it hands out, zeroes it, returns it. Each access to shared memory is
 * one step, the steps are those of take_room, publish, announce, wipe, hand_back. DEATHS of them
 * may die at any step; each is buried by a process of its own (the buriers of different dead ones
 * run at once, under `recoverer`), which may itself die, REBURIALS times in all, and is then begun
 * anew by another. A dead consumer is followed by a new one. With -DLATE the last of three producers
 * begins when the others have died or have ended.
 *
 * Abstractions: a unit stands for 8 bytes; what a record has beside its header is one word that
 * looks like a header (JUNK); room and records are waited for without sleeping (event.pml).
 *
 * Proven: no record is handed out twice; a header is stored only where all is zero; what recovery
 * pads is a dead one's claim, to its exact end; at the end all that was committed has been handed
 * out or was counted as lost with the consumer that was handed it, exactly; all room has come back,
 * zeroed; nobody is stuck.
 *
 * short: -DN=2 -DDEATHS=2 -DSTART=2 -DPLAIN_CONSUMER
 * short: -DN=2 -DDEATHS=2 -DSTART=3 -DPLAIN_CONSUMER
 * short: -DN=2 -DDEATHS=2 -DSTART=0 -DPLAIN_CONSUMER -DSAME_LENGTH
 * short: -DN=2 -DDEATHS=1 -DSTART=3
 * short: -DN=2 -DRECORDS=2 -DDEATHS=0 -DSTART=3 -DPLAIN_CONSUMER
 * short: -DN=1 -DRECORDS=2 -DDEATHS=1 -DREBURIALS=1 -DCONSUMER_DIES -DSTART=3
 * long: -DN=2 -DDEATHS=2 -DSTART=3
 * long: -DN=2 -DDEATHS=1 -DREBURIALS=1 -DCONSUMER_DIES
 * long: -DN=2 -DDEATHS=2 -DREBURIALS=1 -DSTART=2 -DPLAIN_CONSUMER
 * long: -DN=2 -DRECORDS=2 -DDEATHS=1 -DSTART=3
 * long: -DN=3 -DDEATHS=2 -DSTART=3 -DPLAIN_CONSUMER -DLATE
 * long: -DN=3 -DDEATHS=1 -DSTART=3 -DPLAIN_CONSUMER
 * mutants: NO_TAIL_CHECK NO_WON_CHECK NO_LIVE_CHECK ALIVE_AFTER_CLAIM NO_ATTEST FARTHEST_END
 * mutants: NO_HEADER_CHECK NO_PASSED_CHECK HEADER_AFTER_PASSED NO_RECOVERER WON_LATE ANNOUNCE_LATE
 * mutants: NO_WIPE CLEAR_BEFORE_HEADER NO_SECOND_PAD NO_READING LOST_TWICE HEAD_BEFORE_WIPE NOT_MARKED
 * hunt: -DN=3 -DDEATHS=2 -DSTART=0 -DPLAIN_CONSUMER -DLATE
 */
#ifndef N
#define N 2
#endif
#ifndef RECORDS
#define RECORDS 1
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#ifndef REBURIALS
#define REBURIALS 0
#endif
#ifdef CONSUMER_DIES
#define MORTALS (N + 1)
#else
#define MORTALS N
#endif

#define CAP 4
#define CONSUMER N
#define JUNK 255

#define place_of(position) ((position) % CAP)
#define header_of(record, length) ((record) << 2 | (length))
#define length_in(word) ((word) & 3)
#define record_in(word) ((word) >> 2) /* 0: a padding */

#define ANNOUNCED 1
#define WON 2
#define named_in(claim) ((claim) >> 2)

byte data[CAP];
byte tail;
byte head;
byte reading;         /* up to here */
byte reading_records; /* the upper half of the same word */
byte line_claim[N];
byte line_bytes[N];
byte recoverer;
byte lost_with_receiver;
byte lost_next;
byte lost_at;

bool dead[N + 1];   /* will not move any more */
bool marked[N + 1]; /* is proven dead */
bool buried[N + 1];
bool over[N + 1];   /* has nothing left to do */
byte deaths;
byte reburials;
byte burier_generation[N + 1];
byte finished;

/* What the proof knows and the program does not. */
short committed;
short delivered;
short in_hand;
short gone;
byte expected_lost;
byte owner_of[CAP]; /* whose claim begins there: producer + 1 */
byte owner_bytes[CAP];

/* 1: `length` units at `position` need padding before them, `bytes` in all */
#define needed(position, length)                                                                   \
  ((length) > CAP - place_of(position) -> (length) + CAP - place_of(position) : (length))

proctype producer(byte me)
{
  byte t, bytes, length, sent;
  bool announced;
  {
#ifdef LATE
    me != N - 1 || (dead[0] || over[0]) && (dead[1] || over[1]);
#else
    skip;
#endif
  next:
    atomic {
      if
      :: sent == RECORDS -> goto done
#ifdef SAME_LENGTH
      :: else -> length = 1; announced = false
#else
      :: else -> length = 1 + (me + sent) % 2; announced = false
#endif
      fi
    };
  again:
    atomic { t = tail; bytes = needed(t, length) };
    atomic {
      if
      :: t + bytes - head <= CAP -> goto room
      :: tail != t -> goto again
      :: else
      fi
    };
    atomic {
      if
      :: announced -> line_claim[me] = 0; announced = false /* withdrawn; covered */
      :: else
      fi
    };
    atomic { t + bytes - head <= CAP || tail != t -> goto again };
  room:
#ifndef MUTANT_ANNOUNCE_LATE
    line_bytes[me] = bytes;
    atomic { line_claim[me] = t << 2 | ANNOUNCED; announced = true };
#endif
    atomic {
      if
      :: tail == t ->
        tail = t + bytes;
        owner_of[place_of(t)] = me + 1;
        owner_bytes[place_of(t)] = bytes
      :: else -> goto again
      fi
    };
#ifdef MUTANT_ANNOUNCE_LATE
    line_bytes[me] = bytes;
    line_claim[me] = t << 2 | ANNOUNCED;
#endif
#ifndef MUTANT_WON_LATE
    line_claim[me] = t << 2 | ANNOUNCED | WON;
#endif
    atomic {
      if
      :: bytes != length ->
        assert(data[place_of(t)] == 0);
        data[place_of(t)] = header_of(0, bytes - length);
        t = t + bytes - length
      :: else
      fi
    };
    atomic {
      if
      :: length > 1 -> assert(data[place_of(t + 1)] == 0); data[place_of(t + 1)] = JUNK
      :: else
      fi
    };
#ifdef MUTANT_WON_LATE
    line_claim[me] = (t + length - bytes) << 2 | ANNOUNCED | WON;
#endif
#ifdef MUTANT_CLEAR_BEFORE_HEADER
    line_claim[me] = 0;
#endif
    atomic {
      assert(data[place_of(t)] == 0);
      data[place_of(t)] = header_of(me * RECORDS + sent + 1, length);
      committed = committed | 1 << (me * RECORDS + sent + 1)
    };
    atomic {
#ifndef MUTANT_CLEAR_BEFORE_HEADER
      line_claim[me] = 0;
#endif
      sent++;
      t = 0;
      bytes = 0
    };
    goto next
  } unless {
    dead[me]
  }
  atomic { t = 0; bytes = 0; length = 0; sent = 0; announced = false; buried[me] };
done:
  atomic { over[me] = true; finished++ }
}

proctype consumer()
{
  byte cursor, at, word, records;
begin:
  {
    atomic { cursor = head; records = 0 };
  end:
    do
#ifdef PLAIN_CONSUMER
    :: atomic {
        data[place_of(cursor)] != 0 ->
          word = data[place_of(cursor)];
          assert(word != JUNK && length_in(word) > 0);
          assert((delivered & 1 << record_in(word)) == 0);
          delivered = delivered | (record_in(word) != 0 -> 1 << record_in(word) : 0);
          data[place_of(cursor)] = 0;
          data[place_of(cursor + length_in(word) - 1)] = 0;
          cursor = cursor + length_in(word);
          reading = cursor;
          head = cursor;
          word = 0
      }
#else
    :: atomic {
        cursor - head < CAP && data[place_of(cursor)] != 0 ->
          word = data[place_of(cursor)];
          assert(word != JUNK && length_in(word) > 0);
          assert(cursor + length_in(word) - head <= CAP);
          if
          :: record_in(word) == 0 -> cursor = cursor + length_in(word); word = 0; goto end
          :: else
          fi
      };
#ifndef MUTANT_NO_READING
      atomic {
        records++;
        reading = cursor + length_in(word);
        reading_records = records;
        in_hand = in_hand | 1 << record_in(word)
      };
#endif
      atomic {
        assert((delivered & 1 << record_in(word)) == 0);
        delivered = delivered | 1 << record_in(word);
        cursor = cursor + length_in(word);
        word = 0
      }
    :: cursor != head ->
#ifndef MUTANT_NO_READING
      atomic { reading = cursor; reading_records = records };
#endif
      at = head;
#ifdef MUTANT_HEAD_BEFORE_WIPE
      head = cursor;
#endif
      do
      :: atomic {
          at != cursor ->
            word = data[place_of(at)]; /* which nobody else changes */
#ifndef MUTANT_NO_WIPE
            data[place_of(at)] = 0
        };
        atomic {
          if
          :: length_in(word) == 2 -> data[place_of(at + 1)] = 0
          :: else
          fi;
#endif
          at = at + length_in(word);
          word = 0
        }
      :: atomic { at == cursor -> break }
      od;
      atomic { head = cursor; records = 0; in_hand = 0; at = 0 }
#endif
    od
  } unless {
    atomic { dead[CONSUMER] -> cursor = 0; at = 0; word = 0; records = 0 }
  }
  atomic { buried[CONSUMER] -> over[CONSUMER] = true; dead[CONSUMER] = false; goto begin }
}

/* ---- ring_many_recover.c ---- */

#define me_word (who * 4 + generation + 1)
#define burier_alive(word)                                                                         \
  (burier_generation[((word) - 1) / 4] == ((word) - 1) % 4)
#ifdef MUTANT_NOT_MARKED
#define alive(i) (!marked[i] && !dead[0])
#else
#define alive(i) (!marked[i])
#endif

/* passed(position): two loads, `reading` first */
inline look_passed(position)
{
  passed = reading > (position);
  passed = passed || head > (position);
#ifdef MUTANT_NO_PASSED_CHECK
  passed = false
#endif
}

/* pad(position, bytes) */
inline pad(position, bytes)
{
#ifdef MUTANT_HEADER_AFTER_PASSED
  look_passed(position);
  zero = data[place_of(position)] == 0;
#else
#ifdef MUTANT_NO_HEADER_CHECK
  zero = true;
#else
  zero = data[place_of(position)] == 0;
#endif
  look_passed(position);
#endif
  atomic {
    if
    :: zero && !passed ->
      assert(data[place_of(position)] == 0);
      data[place_of(position)] = header_of(0, bytes)
    :: else
    fi
  }
}

inline forget()
{
  d_step {
    t = 0; position = 0; bytes = 0; to_end = 0; i = 0; j = 0; claim = 0; count = 0; below = 0;
    next = 0; end_at = 0; moves = false; live = false; passed = false; zero = false;
    attested = false;
    do
    :: i < N -> ends[i] = 0; i++
    :: else -> break
    od;
    i = 0
  }
}

proctype burier(byte who)
{
  byte generation, t, position, bytes, to_end, i, j, claim, count, below, next, end_at;
  byte ends[N];
  bool moves, live, passed, zero, attested;
end:
  dead[who];
again:
  {
    marked[who] = true;
  begin:
    /* SLUICE_E_AGAIN while another, live one recovers this ring */
#ifndef MUTANT_NO_RECOVERER
    atomic { recoverer == 0 || !burier_alive(recoverer) -> recoverer = me_word };
#endif
    atomic {
      if
      :: who == CONSUMER -> goto batch
      :: else ->
        /* recover_claim; nobody else changes the line now */
        claim = line_claim[who];
        bytes = line_bytes[who];
        position = named_in(claim);
        if
        :: claim == 0 -> goto ended
        :: (claim & WON) != 0 -> goto winner
        :: else
        fi
      fi
    };

    /* has_won */
    atomic {
      t = tail;
#ifndef MUTANT_NO_TAIL_CHECK
      if
      :: t <= position -> goto lost
      :: else
      fi
#endif
    };
    do
    :: i < N ->
#ifndef MUTANT_ALIVE_AFTER_CLAIM
      moves = alive(i); /* before its claim, which is final when it does not */
#endif
      atomic {
        claim = line_claim[i];
        if
        :: claim != 0 && named_in(claim) == position ->
#ifndef MUTANT_NO_WON_CHECK
          if
          :: (claim & WON) != 0 -> goto lost
          :: else
          fi
#endif
        :: else -> i++; goto next_line
        fi
      };
#ifdef MUTANT_ALIVE_AFTER_CLAIM
      moves = alive(i);
#endif
      atomic {
        if
        :: moves -> live = true; j = i
        :: else
        fi;
        ends[count] = line_bytes[i];
        count++;
        i++
      };
    next_line:
      skip
    :: else -> break
    od;
    zero = data[place_of(position)] == 0;
    look_passed(position);
    atomic {
      if
#ifndef MUTANT_NO_HEADER_CHECK
      :: !zero || passed -> goto lost
#endif
#ifndef MUTANT_NO_LIVE_CHECK
      :: zero && !passed && live -> goto ask_again
#endif
      :: else -> claim = 0; i = 0
      fi
    };
    do
    :: atomic {
        next = JUNK;
        i = 0;
        do
        :: i < count ->
          if
#ifdef MUTANT_FARTHEST_END
          :: (below == 0 || ends[i] < below) && (next == JUNK || ends[i] > next) -> next = ends[i]
#else
          :: ends[i] > below && ends[i] < next -> next = ends[i]
#endif
          :: else
          fi;
          i++
        :: else -> break
        od;
        i = 0;
        assert(next != JUNK); /* none is attested: the ring would be poisoned */
        end_at = position + next;
        attested = end_at == t;
#ifdef MUTANT_NO_ATTEST
        attested = true
#endif
      };
      if
      :: end_at < t ->
        do
        :: atomic {
            i < N && !attested ->
              claim = line_claim[i];
              attested = claim != 0 && named_in(claim) == end_at;
              i++
          }
        :: else -> break
        od;
        attested = attested || data[place_of(end_at)] != 0
      :: else
      fi;
      atomic {
        if
        :: !attested -> below = next /* covered */
        :: attested && next == bytes -> break
        :: else -> goto lost
        fi
      }
    od;
    line_claim[who] = position << 2 | ANNOUNCED | WON; /* covered */

  winner:
    atomic {
      to_end = CAP - place_of(position);
      /* what is padded is a dead one's, all of it */
      j = owner_of[place_of(position)];
      assert(data[place_of(position)] != 0 || head > position || reading > position ||
             (j != 0 && dead[j - 1] && owner_bytes[place_of(position)] == bytes));
      j = 0
    };
    if
    :: bytes > to_end ->
      pad(position, to_end);
#ifndef MUTANT_NO_SECOND_PAD
      pad(position + to_end, bytes - to_end) /* covered */
#endif
    :: else -> pad(position, bytes)
    fi;

  lost:
    line_claim[who] = 0;
    goto ended;

  ask_again:
    /* SLUICE_E_AGAIN: called again when that one has moved on, or is found dead */
    recoverer = 0; /* covered */
    atomic {
      (!alive(j) || line_claim[j] == 0 || named_in(line_claim[j]) != position ||
       (line_claim[j] & WON) != 0);
      forget();
      goto begin
    };

  batch:
    atomic {
      if
      :: reading <= head -> goto ended
      :: else -> position = reading
      fi
    };
#ifndef MUTANT_LOST_TWICE
    if
    :: lost_at != position ->
      lost_next = lost_with_receiver + reading_records;
      lost_at = position
    :: else
    fi;
    lost_with_receiver = lost_next;
#else
    lost_with_receiver = lost_with_receiver + reading_records;
#endif
    atomic {
      i = head;
      do
      :: i != position -> data[place_of(i)] = 0; i++
      :: else -> break
      od
    };
    head = position; /* covered */

  ended:
    recoverer = 0
  } unless {
    generation != burier_generation[who]
  }
  forget();
  if
  :: generation != burier_generation[who] -> generation = burier_generation[who]; goto again
  :: else -> buried[who] = true
  fi
}

/* Kills whomever it likes, whenever it likes; of those that do the same, the first that lives. */
#ifdef SAME_LENGTH
#define SAME_AS_LAST(who) ((who) > 0 && (who) < N)
#else
#define SAME_AS_LAST(who) false
#endif
inline die(victim)
{
  atomic {
    deaths < DEATHS && !dead[victim] && !over[victim] &&
      (!SAME_AS_LAST(victim) || dead[victim - (victim > 0)]) ->
      dead[victim] = true;
      deaths++;
      if
      :: victim == CONSUMER && reading > head ->
        expected_lost = expected_lost + reading_records;
        gone = gone | in_hand
      :: else
      fi
  }
}

inline die_burying(victim)
{
  atomic {
    reburials < REBURIALS && marked[victim] && !buried[victim] ->
      burier_generation[victim]++;
      reburials++
  }
}

active proctype death()
{
end:
  do
  :: die(0)
#if N > 1
  :: die(1)
#endif
#if N > 2
  :: die(2)
#endif
#ifdef CONSUMER_DIES
  :: die(CONSUMER)
  :: die_burying(CONSUMER)
#endif
  :: die_burying(0)
#if N > 1
  :: die_burying(1)
#endif
#if N > 2
  :: die_burying(2)
#endif
  od
}

init
{
  byte i;
  atomic {
#ifdef START
    i = START;
#else
    select(i : 0 .. CAP - 1);
#endif
    tail = i;
    head = i;
    reading = i;
    i = 0;
    do
    :: i < N -> run producer(i); run burier(i); i++
    :: else -> break
    od;
#ifdef CONSUMER_DIES
    run burier(CONSUMER);
#endif
    run consumer()
  };
  finished == N;
  /* not stuck: all that was claimed is read, padded or not, and returned */
  head == tail && (!dead[CONSUMER] || over[CONSUMER]) && recoverer == 0;
  atomic {
    assert((committed & ~(delivered | gone)) == 0);
    assert((delivered & ~committed) == 0);
    assert(lost_with_receiver == expected_lost);
    i = 0;
    do
    :: i < CAP -> assert(data[i] == 0); i++
    :: else -> break
    od
  }
}
