/* A participant dies while it writes a cell, waits for the writers' turn, or reads; others sleep on
 * the same cell. Readers find the last value that was published, whole; a seqlock's is lost with a
 * writer that dies in the middle of it, which is told. */
#include "sluice/cell.h"

#include "bystander.h"

enum { SMALL = 60, LARGE = 600, OUTSIDER = 1 << 8 | 40, MOMENT = 1000 };

/* Of the survivor, from prepare to check; the victim has a copy of it. */
static uint32_t capacity;
static uint32_t flags;
static sluice_cell_view mine;
static bystander sleeper;
static bystander releaser;
static crash_log *running;

static uint32_t length_of(uint64_t n) {
  return n % 5 == 4 ? 0 : capacity - (uint32_t)(n * 7 % 23);
}

static void fill(unsigned char *at, uint64_t n) {
  for (uint32_t i = 0; i < length_of(n); i++) {
    at[i] = (unsigned char)(n * 31 + i * 7);
  }
}

static void write_value(sluice_cell_view *view, uint64_t n, int64_t timeout_ns) {
  unsigned char value[LARGE];
  fill(value, n);
  CRASH_EQUAL(sluice_cell_write(view, value, length_of(n), timeout_ns), SLUICE_OK);
}

/* Value n is the one that is published as version n: none else may be seen. */
static void expect(const sluice_cell_view *view, uint64_t n) {
  unsigned char value[LARGE];
  unsigned char want[LARGE];
  uint32_t length = 0;
  uint64_t version = 0;
  CRASH_EQUAL(sluice_cell_read(view, value, sizeof value, &length, &version), SLUICE_OK);
  CRASH_EQUAL(version, n);
  CRASH_EQUAL(sluice_cell_version(view), n);
  CRASH_EQUAL(length, length_of(n));
  fill(want, n);
  CRASH_EQUAL(memcmp(value, want, length), 0);
}

static sluice_cell_view view_of(sluice_space *space, crash_log *log, uint32_t owner) {
  sluice_cell_view view;
  uint32_t offset = sluice_cell_open(space, "c", 1, capacity, flags, 0);
  CRASH_TRUE(offset != 0);
  log->notes[0] = offset;
  CRASH_EQUAL(sluice_cell_attach(&view, sluice_at(space, offset), capacity, flags, owner),
              SLUICE_OK);
  return view;
}

/* With version 1. */
static void make_cell(sluice_space *space, crash_log *log) {
  running = log;
  mine = view_of(space, log, space->participant);
  write_value(&mine, 1, 0);
}

static void two_slots(sluice_space *space, crash_log *log) {
  capacity = LARGE;
  flags = 0;
  make_cell(space, log);
}

static void one_slot(sluice_space *space, crash_log *log) {
  capacity = SMALL;
  flags = SLUICE_CELL_SEQLOCK;
  make_cell(space, log);
}

static void remove_cell(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "c", 1), SLUICE_OK);
}

/* The victim is in the middle of writing `begun`, or has nothing under way. */
static int in_flight(const crash_log *log) {
  return atomic_load(&log->begun) > atomic_load(&log->done);
}

/* The version that readers find after the victim: what it saw succeed, and what it died in, if that
 * was published. */
static uint64_t published(const crash_log *log) {
  return atomic_load(&log->done) +
         (uint64_t)(in_flight(log) && (crash_step_is("cell.write: published") ||
                                       crash_step_is("mutex.unlock: about to") ||
                                       crash_step_is("mutex.unlock: free") ||
                                       crash_step_is("mutex.unlock: one woken") ||
                                       crash_step_is("cell.write: unlocked") ||
                                       crash_step_is("event.signal: waiters' bit taken away")));
}

/* Died between the announcement and the publication. */
static int half_written(const crash_log *log) {
  return in_flight(log) &&
         (crash_step_is("cell.write: announced") || crash_step_is("a part filled") ||
          crash_step_is("cell.write: filled") || crash_step_is("cell.write: loss made good"));
}

/* Nothing is in anybody's way: the next versions can be written, in every way there is. */
static void goes_on(uint64_t version) {
  for (uint64_t n = version + 1; n < version + 4; n++) {
    write_value(&mine, n, 0);
    expect(&mine, n);
  }
  if (flags == 0) {
    CRASH_TRUE(sluice_cell_begin(&mine, 0) != NULL);
    expect(&mine, version + 3);
    CRASH_EQUAL(sluice_cell_abandon(&mine), SLUICE_OK);
  }
  expect(&mine, version + 3);
}

/* ---- a writer dies ---- */

/* What a reader finds in the middle of a write: the value before; a seqlock's reader none as yet.
 */
static void read_meanwhile(void) {
  unsigned char value[LARGE];
  uint32_t length = 0;
  uint64_t version = 0;
  if (flags == 0) {
    expect(&mine, atomic_load(&running->done));
  } else {
    CRASH_EQUAL(sluice_cell_read(&mine, value, sizeof value, &length, &version), SLUICE_E_AGAIN);
  }
}

static void write_in_place(sluice_cell_view *view, uint64_t n) {
  unsigned char value[LARGE];
  fill(value, n);
  CRASH_TRUE(sluice_cell_begin(view, -1) != NULL);
  CRASH_EQUAL(sluice_cell_fill(view, 0, value, 160), SLUICE_OK);
  sluice_step("a part filled");
  CRASH_EQUAL(sluice_cell_fill(view, 160, value + 160, length_of(n) - 160), SLUICE_OK);
  CRASH_EQUAL(sluice_cell_publish(view, length_of(n)), SLUICE_OK);
}

static void give_up(sluice_cell_view *view) {
  uint64_t done = atomic_load(&running->done);
  if (flags == 0) {
    CRASH_TRUE(sluice_cell_begin(view, 0) != NULL);
    CRASH_EQUAL(sluice_cell_fill(view, 0, "nothing", 7), SLUICE_OK);
    CRASH_EQUAL(sluice_cell_abandon(view), SLUICE_OK);
  }
  CRASH_EQUAL(sluice_cell_replace(view, done + 1, "nothing", 7, 0), SLUICE_E_MISMATCH);
}

static void write_all(sluice_space *space, crash_log *log) {
  sluice_cell_view view = view_of(space, log, space->participant);
  unsigned char value[LARGE];
  atomic_store(&log->done, 1);
  for (uint64_t n = 2; n < 7; n++) {
    atomic_store(&log->begun, n);
    crash_meanwhile(n % 2 == 0 ? "cell.write: announced" : "cell.write: filled", 0, read_meanwhile);
    if (n == 3 || (n == 5 && flags != 0)) {
      fill(value, n);
      CRASH_EQUAL(sluice_cell_replace(&view, n - 1, value, length_of(n), 0), SLUICE_OK);
    } else if (n == 5) {
      write_in_place(&view, n);
    } else {
      write_value(&view, n, 0);
    }
    atomic_store(&log->done, n);
    if (n == 3) {
      give_up(&view);
    }
  }
}

static void last_published_is_whole(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)finished;
  if (atomic_load(&log->done) == 0) {
    atomic_store(&log->done, 1); /* the survivor's, if the victim did not get so far */
  }
  uint64_t version = published(log);
  if (flags != 0 && half_written(log)) {
    unsigned char value[LARGE];
    uint32_t length = 0;
    uint64_t found = 0;
    CRASH_EQUAL(sluice_cell_read(&mine, value, sizeof value, &length, &found), SLUICE_E_OWNER_DIED);
    CRASH_EQUAL(sluice_cell_version(&mine), version);
  } else {
    expect(&mine, version);
  }
  goes_on(version);
}

/* ---- a seqlock's next writer dies as well, on the lost value ---- */

static void lost_value(sluice_space *space, crash_log *log) {
  one_slot(space, log);
  /* As recovery leaves it after a writer that died in the middle. */
  atomic_store(&mine.cell->intent, 2);
  atomic_store(&mine.cell->object.state, SLUICE_CELL_LOST);
}

static void write_one(sluice_space *space, crash_log *log) {
  sluice_cell_view view = view_of(space, log, space->participant);
  write_value(&view, 2, 0);
  atomic_store(&log->done, 2);
}

static void lost_or_good(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)finished;
  if (sluice_cell_version(&mine) == 1) {
    unsigned char value[LARGE];
    uint32_t length = 0;
    uint64_t version = 0;
    CRASH_EQUAL(atomic_load(&log->done), 0);
    CRASH_EQUAL(sluice_cell_read(&mine, value, sizeof value, &length, &version),
                SLUICE_E_OWNER_DIED);
    goes_on(1);
  } else {
    expect(&mine, 2);
    goes_on(2);
  }
}

/* ---- a reader dies ---- */

static void read_and_wait(sluice_space *space, crash_log *log) {
  sluice_cell_view view = view_of(space, log, 0);
  expect(&view, 1);
  CRASH_TRUE(sluice_cell_sleep(&view, 1) != 0);
  sluice_step("a reader has marked");
  CRASH_EQUAL(sluice_cell_wait(&view, 1, MOMENT), SLUICE_E_TIMEOUT);
  sluice_step("a reader has given up");
}

static void writers_write(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)log;
  (void)finished;
  expect(&mine, 1);
  goes_on(1);
}

/* ---- somebody sleeps until there is news ---- */

static _Atomic uint64_t seen;

/* Looks at every version that it is woken for, up to the sentinel: an empty value. */
static void watch(bystander *who) {
  sluice_cell_view reader = mine;
  (void)who;
  reader.owner = 0;
  for (uint64_t version = 1; version < 4; version = atomic_load(&seen)) {
    atomic_store(&who->about_to_sleep, 1);
    CRASH_EQUAL(sluice_cell_wait(&reader, version, -1), SLUICE_OK);
    atomic_store(&seen, sluice_cell_version(&reader));
  }
}

static void with_watcher(void) {
  atomic_store(&seen, 1);
  bystander_start(&sleeper, watch, NULL);
  until_bystander_sleeps(&sleeper);
}

static void two_slots_watched(sluice_space *space, crash_log *log) {
  two_slots(space, log);
  with_watcher();
}

static void one_slot_watched(sluice_space *space, crash_log *log) {
  one_slot(space, log);
  with_watcher();
}

static void write_to_watcher(sluice_space *space, crash_log *log) {
  sluice_cell_view view = view_of(space, log, space->participant);
  atomic_store(&log->done, 1);
  for (uint64_t n = 2; n < 4; n++) {
    atomic_store(&log->begun, n);
    write_value(&view, n, 0);
    atomic_store(&log->done, n);
    until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
  }
}

static void watcher_has_seen(sluice_space *space, crash_log *log, int finished) {
  double from = bystander_now();
  if (atomic_load(&log->done) == 0) {
    atomic_store(&log->done, 1);
  }
  uint64_t version = published(log);
  while (atomic_load(&seen) < version) {
    bystander_turn(from, "a watcher is not told of what a dead writer published");
  }
  CRASH_EQUAL(atomic_load(&seen), version);
  last_published_is_whole(space, log, finished);
  bystander_join(&sleeper);
}

/* ---- somebody sleeps until it is its turn to write ---- */

static sluice_cell_view outsiders(void) {
  sluice_cell_view view = mine;
  view.owner = OUTSIDER;
  view.next = 0;
  return view;
}

static void write_when_begun(bystander *who) {
  sluice_cell_view other = outsiders();
  until_begun(running);
  atomic_store(&who->about_to_sleep, 1);
  CRASH_EQUAL(sluice_cell_write(&other, "outsider", 8, -1), SLUICE_OK);
}

static void with_second_writer(void) {
  bystander_start(&sleeper, write_when_begun, NULL);
  double from = bystander_now();
  while (atomic_load(&sleeper.number) == 0) {
    bystander_turn(from, "a bystander does not begin");
  }
}

static void two_slots_wanted(sluice_space *space, crash_log *log) {
  two_slots(space, log);
  with_second_writer();
}

static void one_slot_wanted(sluice_space *space, crash_log *log) {
  one_slot(space, log);
  with_second_writer();
}

/* In the victim, which has the turn. */
static void until_wanted(void) {
  double from = bystander_now();
  atomic_store(&running->begun, 2);
  while ((atomic_load(&mine.cell->lock) & SLUICE_WAITERS_BIT) == 0) {
    bystander_turn(from, "nobody waits for the turn");
  }
  until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
}

static void write_wanted(sluice_space *space, crash_log *log) {
  sluice_cell_view view = view_of(space, log, space->participant);
  atomic_store(&log->done, 1);
  crash_meanwhile("cell.write: announced", 0, until_wanted);
  write_value(&view, 2, -1);
  atomic_store(&log->done, 2);
}

static void second_writer_writes(sluice_space *space, crash_log *log, int finished) {
  unsigned char value[LARGE];
  uint32_t length = 0;
  uint64_t version = 0;
  (void)space;
  (void)finished;
  if (atomic_load(&log->done) == 0) {
    atomic_store(&log->done, 1);
  }
  uint64_t before = published(log);
  atomic_store(&log->begun, 2); /* should the victim not have got so far */
  bystander_join(&sleeper);
  CRASH_EQUAL(sluice_cell_read(&mine, value, sizeof value, &length, &version), SLUICE_OK);
  CRASH_EQUAL(version, before + 1);
  CRASH_EQUAL(length, 8);
  CRASH_EQUAL(memcmp(value, "outsider", 8), 0);
  goes_on(version);
}

/* ---- the one that was woken for its turn dies before it takes it ---- */

static void write_after_victim(bystander *who) {
  sluice_cell_view other = outsiders();
  until_begun(running);
  if (running->notes[1] != 0) {
    until_asleep((int)running->notes[1], (int)running->notes[1]);
  }
  atomic_store(&who->about_to_sleep, 1);
  CRASH_EQUAL(sluice_cell_write(&other, "outsider", 8, -1), SLUICE_OK);
}

/* Ends the survivor's turn. */
static void publish_when_both_sleep(bystander *who) {
  unsigned char value[LARGE];
  (void)who;
  fill(value, 2);
  until_begun(running);
  until_bystander_sleeps(&sleeper);
  CRASH_EQUAL(sluice_cell_fill(&mine, 0, value, length_of(2)), SLUICE_OK);
  CRASH_EQUAL(sluice_cell_publish(&mine, length_of(2)), SLUICE_OK);
}

static void survivor_writes(sluice_space *space, crash_log *log) {
  two_slots(space, log);
  CRASH_TRUE(sluice_cell_begin(&mine, 0) != NULL);
  bystander_start(&sleeper, write_after_victim, NULL);
  bystander_start(&releaser, publish_when_both_sleep, NULL);
}

static void wait_for_turn(sluice_space *space, crash_log *log) {
  sluice_cell_view view = view_of(space, log, space->participant);
  CRASH_EQUAL(sluice_cell_write(&view, "victim", 6, 0), SLUICE_E_BUSY);
  CRASH_EQUAL(sluice_cell_write(&view, "victim", 6, MOMENT), SLUICE_E_TIMEOUT);
  CRASH_TRUE(sluice_cell_turn_sleep(&view) != 0);
  sluice_step("a writer is about to sleep by its own means");
  sluice_cell_turn_pass(&view);
  sluice_step("a writer has passed its turn on");
  log->notes[1] = (uint64_t)getpid();
  atomic_store(&log->begun, 1);
  CRASH_EQUAL(sluice_cell_write(&view, "victim", 6, -1), SLUICE_OK);
}

/* Both others have written; the victim if it got to it. */
static void others_have_written(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  atomic_store(&log->begun, 1);
  bystander_join(&releaser);
  bystander_join(&sleeper);
  uint64_t version = sluice_cell_version(&mine);
  CRASH_TRUE(finished ? version == 4 : version == 3 || version == 4);
  goes_on(version);
}

/* ---- a burial beside a writer that lives ---- */

static sluice_space guest;

static void bury_guest(void) {
  unsigned char value[LARGE];
  uint32_t length = 0;
  uint64_t version = 0;
  sluice_space survivor = guest;
  survivor.participant = mine.owner;
  CRASH_EQUAL(sluice_participant_bury(&survivor, guest.participant), SLUICE_OK);
  CRASH_EQUAL(sluice_cell_read(&mine, value, sizeof value, &length, &version), SLUICE_E_AGAIN);
  CRASH_EQUAL(atomic_load(&mine.cell->lock) & SLUICE_OWNER_MASK, mine.owner);
}

static void one_slot_with_guest(sluice_space *space, crash_log *log) {
  one_slot(space, log);
  CRASH_EQUAL(sluice_space_attach(&guest, space->base, space->bytes), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&guest, 0), SLUICE_OK);
  (void)view_of(&guest, log, guest.participant);
  log->guests = 1;
}

static void write_beside_burial(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)log;
  (void)finished;
  crash_meanwhile("cell.write: filled", 0, bury_guest);
  write_value(&mine, 2, 0);
  expect(&mine, 2);
  goes_on(2);
}

const crash_scenario crash_scenarios[] = {
    {"a dead writer of a cell leaves the value before or its own", two_slots, write_all,
     last_published_is_whole, remove_cell},
    {"a dead writer of a seqlock leaves a whole value, or says it is lost", one_slot, write_all,
     last_published_is_whole, remove_cell},
    {"a lost value stays lost until a writer lives to write another", lost_value, write_one,
     lost_or_good, remove_cell},
    {"a dead reader is in no writer's way", two_slots, read_and_wait, writers_write, remove_cell},
    {"a watcher of a cell sees what a dead writer published", two_slots_watched, write_to_watcher,
     watcher_has_seen, remove_cell},
    {"a watcher of a seqlock sees what a dead writer published", one_slot_watched, write_to_watcher,
     watcher_has_seen, remove_cell},
    {"a sleeping writer gets its turn from a dead one", two_slots_wanted, write_wanted,
     second_writer_writes, remove_cell},
    {"a seqlock's sleeping writer gets its turn from a dead one", one_slot_wanted, write_wanted,
     second_writer_writes, remove_cell},
    {"a turn that a dead writer was woken for goes to the next", survivor_writes, wait_for_turn,
     others_have_written, remove_cell},
    {"another's burial takes no value from a writer that lives", one_slot_with_guest, NULL,
     write_beside_burial, remove_cell},
    {NULL, NULL, NULL, NULL, NULL},
};
