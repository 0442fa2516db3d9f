/* The broadcast: a writer that never waits, readers that validate (core/src/broadcast.c).
 *
 * Modelled: a writer that sends SENDS records of 1 or 2 units through CAP units with STARTS sections:
 * make_room moves `oldest` before anything is overwritten, note_start, header, payload, then the
 * tail. With DEATHS it may die at any step; another takes its end over (take_over). A reader begins
 * at the oldest, latest or next record, copies records word by word, validates, and goes on where
 * `from` says when it was overtaken. Each access to shared memory is a step.
 *
 * Abstractions: sequentially consistent; a unit is 8 bytes; positions do not wrap; waiting is left
 * out (event.pml).
 *
 * Proven: what a reader takes for a record is that record, whole, never torn, never an uncommitted
 * one; its number is the true one, so what it counts as lost is exact; nothing of an honest writer,
 * dead or not, looks like corruption; in the end the reader has come to the tail.
 *
 * short: -DSENDS=7 -DFROM=0
 * short: -DSENDS=6 -DFROM=1
 * short: -DSENDS=6 -DFROM=2
 * short: -DSENDS=5 -DFROM=0 -DDEATHS=2
 * long: -DSENDS=9 -DFROM=0
 * long: -DSENDS=7 -DFROM=0 -DDEATHS=1
 * long: -DSENDS=6 -DFROM=1 -DDEATHS=2
 * long: -DSENDS=6 -DFROM=2 -DDEATHS=2
 * mutants: OLDEST_LATE NO_LAST_LOOK NO_LOOK_AT_HEADER TAIL_FIRST NO_FIND_CHECK NO_SECTION_END
 * mutants: NUMBER_AFTER_POSITION NO_TAKE_OVER NUMBER_BY_READER NO_PADDING START_AT_TAIL
 */
#ifndef SENDS
#define SENDS 8
#endif
#ifndef FROM
#define FROM 0
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#define CAP 8
#define STARTS 4
#define SECTION (CAP / STARTS)
#define OLDEST 0
#define LATEST 1
#define NEXT 2

#define PADDING 4
#define header_of(number, length) ((number) << 3 | (length))
#define units_in(word) ((word) & 3)
#define is_padding(word) (((word) & PADDING) != 0)
#define number_in(word) ((word) >> 3)
#define place_of(position) ((position) % CAP)
/* may a frame at `position` look so, with the tail at `t`? */
#define is_frame(word, position, t) \
  (units_in(word) != 0 && units_in(word) <= CAP - place_of(position) && \
   (position) + units_in(word) <= (t) && \
   (!is_padding(word) || units_in(word) == CAP - place_of(position)))
/* a payload that looks like a record's header */
#define payload_of(number) header_of(number, 1)

byte data[CAP];
byte tail, oldest;
byte start_number[STARTS], start_position[STARTS];
byte deaths;
bool done;

/* The proof's: where each record stands */
byte stands_at[SENDS + 1];
byte sent;

#define may_die if :: atomic { deaths < DEATHS -> deaths++; goto died } :: true fi

/* note_start(position) */
inline note_start(position)
{
  if
  :: (position) / SECTION + 1 != started ->
    atomic { started = (position) / SECTION + 1; starts[(started - 1) % STARTS] = position };
#ifdef MUTANT_NUMBER_AFTER_POSITION
    start_position[(started - 1) % STARTS] = position;
    may_die;
    start_number[(started - 1) % STARTS] = records;
#else
    start_number[(started - 1) % STARTS] = records;
    may_die;
    start_position[(started - 1) % STARTS] = position;
#endif
  :: else
  fi
}

/* walk(position): counts the records up to `t`, the last one in `last`; count 255: makes no sense */
inline walk(position)
{
  atomic { at = position; count = 0; last = t };
  do
  :: at < t ->
    atomic {
      word = data[place_of(at)];
      if
      :: !is_frame(word, at, t) ->
        count = 255;
        break
      :: else ->
        if
        :: !is_padding(word) -> count++; last = at
        :: else
        fi;
        at = at + units_in(word)
      fi
    }
  :: else -> break
  od;
  atomic { at = 0; word = 0 }
}

proctype writer()
{
  byte t, gone, records, started, length, padding, position, i, at, word, count, last, newest;
  byte starts[STARTS];
  bool found;
begin:
  /* take_over */
  atomic {
    t = tail;
    gone = oldest;
    found = false;
    newest = 0;
    records = 0;
    i = 0;
    do
    :: i < STARTS ->
      starts[i] = 0;
      if
#ifdef MUTANT_START_AT_TAIL
      :: start_position[i] >= gone && start_position[i] <= t ->
#else
      :: start_position[i] >= gone && start_position[i] < (t == 0 -> 1 : t) ->
#endif
        starts[i] = start_position[i];
        if
        :: !found || start_position[i] > newest ->
          newest = start_position[i];
          records = start_number[i];
          found = true
        :: else
        fi
      :: else
      fi;
      i++
    :: else -> break
    od;
    i = 0
  };
  assert(found);
  walk(newest);
  assert(count != 255);
  atomic {
    records = records + count;
    assert(records == sent);
    started = (t == 0 -> 0 : newest / SECTION + 1);
#ifdef MUTANT_NO_TAKE_OVER
    started = 0;
#endif
    found = false; count = 0; last = 0; newest = 0
  };
  do
  :: records == SENDS -> break
  :: else ->
    if
    :: length = 1
    :: length = 2
    fi;
#ifdef MUTANT_NO_PADDING
    padding = 0;
#else
    padding = (length > CAP - place_of(t) -> CAP - place_of(t) : 0);
#endif
    position = t + padding + length;
    /* make_room */
    atomic {
#ifdef MUTANT_NO_SECTION_END
      newest = position;
#else
      newest = (position + SECTION - 1) / SECTION * SECTION;
#endif
      if
      :: newest > gone + CAP ->
        newest = newest - CAP;
        gone = t;
        i = 0;
        do
        :: i < STARTS ->
          if
          :: starts[i] >= newest && starts[i] < gone -> gone = starts[i]
          :: else
          fi;
          i++
        :: else -> break
        od;
        i = 0
      :: else
      fi;
      newest = 0;
      position = t
    };
    may_die;
#ifndef MUTANT_OLDEST_LATE
    if
    :: gone != oldest -> oldest = gone; may_die
    :: else
    fi;
#endif
#ifdef MUTANT_TAIL_FIRST
    atomic { stands_at[records] = t + padding; sent++; tail = t + padding + length };
#endif
    if
    :: padding != 0 ->
      note_start(position);
      may_die;
      atomic { data[place_of(position)] = header_of(0, padding) | PADDING; position = position + padding };
      may_die
    :: else
    fi;
    note_start(position);
    may_die;
    data[place_of(position)] = header_of(records, length);
    may_die;
    if
    :: length == 2 -> data[place_of(position + 1)] = payload_of(records); may_die
    :: else
    fi;
#ifdef MUTANT_OLDEST_LATE
    if
    :: gone != oldest -> oldest = gone
    :: else
    fi;
#endif
    atomic {
      t = position + length;
#ifndef MUTANT_TAIL_FIRST
      stands_at[records] = position;
      sent++;
      tail = t;
#endif
      records++;
      length = 0; padding = 0; position = 0
    };
    may_die
  od;
  done = true;
  goto over;
died:
  atomic { length = 0; padding = 0; position = 0; started = 0; goto begin };
over:
  skip
}

/* find(): position and number of where to begin, in `p` and `n`; what moves meanwhile is looked for
 * again */
inline find()
{
  do
  :: o = oldest;
    t = tail;
    atomic { found = false; p = 0; n = 0; i = 0 };
    do
    :: i < STARTS ->
      at = start_position[i];
      atomic {
        count = start_number[i];
        if
        :: at >= o && at < (FROM == OLDEST || t <= o -> o + 1 : t) && (!found || at > p) ->
          p = at;
          n = count;
          found = true
        :: else
        fi;
        at = 0; count = 0; i++
      }
    :: else -> break
    od;
    i = 0;
    if
    :: found && FROM != OLDEST ->
      walk(p);
      if
      :: count == 255 -> found = false
      :: count != 255 && FROM == LATEST && count != 0 -> p = last; n = n + count - 1
      :: else -> p = t; n = n + count
      fi;
      count = 0; last = 0
    :: else
    fi;
#ifdef MUTANT_NO_FIND_CHECK
    found -> break
#else
    if
    :: oldest == o -> assert(found && t >= o && t - o <= CAP); break
    :: else
    fi
#endif
  od;
  atomic { o = 0; t = 0; found = false }
}

proctype reader()
{
  byte position, number, o, t, p, n, i, at, word, count, last, payload;
  bool found;
  find();
  position = p;
  number = n;
  do
  :: atomic { done && position == tail -> break }
  :: tail != position ->
    t = tail;
    assert(t > position);
    word = data[place_of(position)];
#ifndef MUTANT_NO_LOOK_AT_HEADER
    if
    :: oldest > position -> goto go_on
    :: else
    fi;
#endif
    assert(is_frame(word, position, t));
    if
    :: is_padding(word) -> atomic { position = position + units_in(word); word = 0; t = 0 }
    :: else ->
      payload = (units_in(word) == 2 -> data[place_of(position + 1)] : 0);
#ifndef MUTANT_NO_LAST_LOOK
      if
      :: oldest > position -> payload = 0; goto go_on
      :: else
      fi;
#endif
      atomic {
        assert(number < sent && stands_at[number] == position);
        assert(number_in(word) == number);
        assert(units_in(word) == 1 || payload == payload_of(number));
        position = position + units_in(word);
        number++;
        payload = 0; word = 0; t = 0
      }
    fi;
    goto next;
  go_on:
    atomic { word = 0; t = 0 };
    find();
#ifdef MUTANT_NUMBER_BY_READER
    atomic { assert(p >= position); number++; position = p };
#else
    atomic { assert(p >= position && n >= number); position = p; number = n }; /* covered */
#endif
    p = 0;
    n = 0;
  next:
    skip
  od;
  assert(number == sent)
}

init
{
  atomic { run writer(); run reader() }
}
