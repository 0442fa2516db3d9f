/* The writer of a broadcast dies while it takes the end, sends, wraps, closes; a reader dies;
 * others sleep. What the tail has passed is read whole, in order and counted, by readers that were
 * there before; and the next writer goes on there. */
#include "sluice/broadcast.h"

#include "bystander.h"
#include "internal.h"

enum { CAPACITY = 512, LONGEST = 32, MOMENT = 1000, BEFORE = 17, SENT = 6, AFTER = 30 };

typedef struct record {
  uint32_t number;
  unsigned char fill[LONGEST - 4];
} record;

/* Of the survivor, from prepare to check. */
static sluice_broadcast *broadcast;
static sluice_broadcast_reader reader;
static bystander sleeper;

static uint32_t length_of(uint32_t number) {
  return 4 + number * 7 % 29; /* at most 32, LONGEST */
}

static int send(sluice_broadcast_writer *writer, uint32_t number) {
  record made = {.number = number};
  memset(made.fill, (int)(number | 0x80), sizeof made.fill);
  return sluice_broadcast_send(writer, &made, length_of(number), 3);
}

/* The number of the next record: the count of those before it, whoever sent it; -1 with *status
 * when there is none. */
static int64_t next(sluice_broadcast_reader *from, int *status) {
  record got;
  record want;
  *status = sluice_broadcast_receive(from, &got, sizeof got);
  if (*status < 0) {
    return -1;
  }
  uint32_t number = got.number;
  want = (record){.number = number};
  memset(want.fill, (int)(number | 0x80), sizeof want.fill);
  CRASH_EQUAL(*status, length_of(number));
  CRASH_EQUAL(memcmp(&got, &want, (size_t)*status), 0);
  CRASH_EQUAL(from->number, number + 1);
  return number;
}

static sluice_broadcast *open_broadcast(sluice_space *space, crash_log *log) {
  uint32_t offset = sluice_broadcast_open(space, "b", 1, CAPACITY, 0);
  CRASH_TRUE(offset != 0);
  log->notes[0] = offset;
  return sluice_at(space, offset);
}

static sluice_broadcast_writer writer_of(sluice_broadcast *of, uint32_t id) {
  sluice_broadcast_writer writer;
  CRASH_EQUAL(sluice_broadcast_writer_open(&writer, of, CAPACITY, id), SLUICE_OK);
  return writer;
}

static sluice_broadcast_reader reader_of(sluice_broadcast *of, uint32_t from) {
  sluice_broadcast_reader made;
  CRASH_EQUAL(sluice_broadcast_reader_open(&made, of, CAPACITY, from), SLUICE_OK);
  return made;
}

static void remove_broadcast(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "b", 1), SLUICE_OK);
}

static int flagged(uint32_t flag) {
  return (atomic_load(&broadcast->object.state) & flag) != 0;
}

static int closed(void) {
  return flagged(SLUICE_OBJECT_CLOSED);
}

/* Records that the victim's sends have published: the tail is the only commit. */
static uint32_t sent(const crash_log *log) {
  uint64_t done = atomic_load(&log->done);
  int in_flight = atomic_load(&log->begun) > done;
  return (uint32_t)done + (uint32_t)(in_flight && (crash_step_is("broadcast.send: tail moved") ||
                                                   crash_step_is("broadcast.send: readers woken") ||
                                                   died_while_it_woke()));
}

/* ---- the writer dies ---- */

static void fresh(sluice_space *space, crash_log *log) {
  broadcast = open_broadcast(space, log);
  reader = reader_of(broadcast, SLUICE_BROADCAST_OLDEST);
}

/* An earlier writer, which died, has filled almost a lap. */
static void after_a_dead_one(sluice_space *space, crash_log *log) {
  sluice_space first;
  fresh(space, log);
  CRASH_EQUAL(sluice_space_attach(&first, space->base, space->bytes), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&first, 0), SLUICE_OK);
  CRASH_EQUAL(open_broadcast(&first, log) == broadcast, 1);
  sluice_broadcast_writer writer = writer_of(broadcast, first.participant);
  for (uint32_t n = 0; n < BEFORE; n++) {
    CRASH_EQUAL(send(&writer, n), SLUICE_OK);
  }
  CRASH_EQUAL(sluice_participant_bury(space, first.participant), SLUICE_OK);
  CRASH_TRUE(flagged(SLUICE_BROADCAST_WRITER_LOST));
}

static void write_on(sluice_space *space, crash_log *log) {
  sluice_broadcast_writer writer = writer_of(open_broadcast(space, log), space->participant);
  for (uint32_t n = 0; n < SENT; n++) {
    atomic_fetch_add(&log->begun, 1);
    CRASH_EQUAL(send(&writer, BEFORE + n), SLUICE_OK);
    atomic_fetch_add(&log->done, 1);
  }
}

/* Reads on to the end, which is at `total`. */
static void read_up_to(sluice_broadcast_reader *from, uint32_t total) {
  int status = 0;
  uint64_t lost_before = from->lost_records;
  uint64_t number = from->number;
  uint64_t count = 0;
  while (next(from, &status) >= 0) {
    count++;
  }
  CRASH_EQUAL(from->number, total);
  CRASH_EQUAL(number + count + (from->lost_records - lost_before), total);
  CRASH_EQUAL(status, closed()                                ? SLUICE_E_CLOSED
                      : flagged(SLUICE_BROADCAST_WRITER_LOST) ? SLUICE_E_PEER_LOST
                                                              : SLUICE_E_EMPTY);
}

static void next_writer_goes_on(sluice_space *space, crash_log *log, int finished) {
  int status = 0;
  uint32_t total = BEFORE + sent(log);
  (void)finished;
  CRASH_TRUE(flagged(SLUICE_BROADCAST_WRITER_LOST));
  CRASH_EQUAL(atomic_load(&broadcast->owner), 0);
  /* What a reader may count on: the newest 13/16 less 8 bytes. */
  sluice_broadcast_reader oldest = reader_of(broadcast, SLUICE_BROADCAST_OLDEST);
  uint64_t kept = atomic_load(&broadcast->tail) - oldest.position;
  CRASH_TRUE(kept + LONGEST + 8 >= CAPACITY / 16 * 13 - 8);
  read_up_to(&oldest, total);
  sluice_broadcast_reader latest = reader_of(broadcast, SLUICE_BROADCAST_LATEST);
  CRASH_EQUAL(next(&latest, &status), total - 1);
  sluice_broadcast_reader end = reader_of(broadcast, SLUICE_BROADCAST_NEXT);
  CRASH_EQUAL(next(&end, &status), -1);
  CRASH_EQUAL(end.number, total);
  read_up_to(&reader, total);
  sluice_broadcast_writer writer = writer_of(broadcast, space->participant);
  CRASH_EQUAL(flagged(SLUICE_BROADCAST_WRITER_LOST), 0);
  for (uint32_t n = total; n < total + AFTER; n++) {
    CRASH_EQUAL(send(&writer, n), SLUICE_OK);
    CRASH_EQUAL(next(&end, &status), n);
    if (n % 8 == 0) {
      read_up_to(&reader, n + 1);
    }
  }
  read_up_to(&oldest, total + AFTER);
  read_up_to(&latest, total + AFTER);
  CRASH_EQUAL(sluice_broadcast_writer_close(&writer), SLUICE_OK);
  read_up_to(&reader, total + AFTER);
}

/* ---- somebody sleeps meanwhile ---- */

static _Atomic uint32_t received;
static int last_status;

static void read_all(bystander *who) {
  do {
    int64_t number = next(&reader, &last_status);
    if (number >= 0) {
      CRASH_EQUAL(number, atomic_load(&received));
      atomic_fetch_add(&received, 1);
    } else if (last_status == SLUICE_E_EMPTY) {
      atomic_store(&who->about_to_sleep, 1);
      last_status = sluice_broadcast_wait(&reader, -1);
    }
  } while (last_status >= 0);
}

static void with_sleeper(sluice_space *space, crash_log *log) {
  fresh(space, log);
  atomic_store(&received, 0);
  bystander_start(&sleeper, read_all, NULL);
  until_bystander_sleeps(&sleeper);
}

/* Each send finds the reader asleep, the close too. */
static void write_to_sleeper(sluice_space *space, crash_log *log) {
  sluice_broadcast_writer writer = writer_of(open_broadcast(space, log), space->participant);
  for (uint32_t n = 0; n < 2; n++) {
    atomic_fetch_add(&log->begun, 1);
    CRASH_EQUAL(send(&writer, n), SLUICE_OK);
    atomic_fetch_add(&log->done, 1);
    until_asleep((int)sleeper.process, atomic_load(&sleeper.number));
  }
  CRASH_EQUAL(sluice_broadcast_writer_close(&writer), SLUICE_OK);
}

static void sleeper_reads_all(sluice_space *space, crash_log *log, int finished) {
  int told = closed() || flagged(SLUICE_BROADCAST_WRITER_LOST);
  CRASH_TRUE(told || !finished);
  if (!told) { /* it died before it had the end */
    sluice_broadcast_writer writer = writer_of(broadcast, space->participant);
    CRASH_EQUAL(sluice_broadcast_writer_close(&writer), SLUICE_OK);
  }
  bystander_join(&sleeper);
  CRASH_EQUAL(atomic_load(&received), sent(log));
  CRASH_EQUAL(last_status, closed() ? SLUICE_E_CLOSED : SLUICE_E_PEER_LOST);
  if (!closed()) { /* the next one's first record may start in the sixteenth of the last one's */
    sluice_broadcast_writer writer = writer_of(broadcast, space->participant);
    CRASH_EQUAL(send(&writer, sent(log)), SLUICE_OK);
  }
  sluice_broadcast_reader late = reader_of(broadcast, SLUICE_BROADCAST_OLDEST);
  CRASH_EQUAL(late.number, 0);
  read_up_to(&late, sent(log) + !closed());
}

/* ---- a reader dies ---- */

/* The writer is the survivor; the other reader, which sleeps, is there before the victim. */
static void written_by_survivor(sluice_space *space, crash_log *log) {
  static sluice_broadcast_writer writer;
  with_sleeper(space, log);
  writer = writer_of(broadcast, space->participant);
  CRASH_EQUAL(send(&writer, 0), SLUICE_OK);
  CRASH_EQUAL(send(&writer, 1), SLUICE_OK);
  sleeper.context = &writer;
  until_bystander_sleeps(&sleeper);
}

static void read_and_wait(sluice_space *space, crash_log *log) {
  int status = 0;
  sluice_broadcast_reader mine = reader_of(open_broadcast(space, log), SLUICE_BROADCAST_OLDEST);
  CRASH_EQUAL(next(&mine, &status), 0);
  CRASH_TRUE(sluice_broadcast_peek(&mine) != NULL);
  CRASH_EQUAL(sluice_broadcast_next(&mine), SLUICE_OK);
  CRASH_TRUE(sluice_broadcast_peek(&mine) == NULL);
  CRASH_EQUAL(sluice_broadcast_wait(&mine, MOMENT), SLUICE_E_TIMEOUT);
}

static void others_read_on(sluice_space *space, crash_log *log, int finished) {
  sluice_broadcast_writer *writer = sleeper.context;
  (void)space;
  (void)log;
  (void)finished;
  CRASH_EQUAL(atomic_load(&broadcast->object.state), 0);
  for (uint32_t n = 2; n < 8; n++) {
    CRASH_EQUAL(send(writer, n), SLUICE_OK);
    double from = bystander_now();
    while (atomic_load(&received) != n + 1) {
      bystander_turn(from, "a reader does not read on");
    }
  }
  CRASH_EQUAL(sluice_broadcast_writer_close(writer), SLUICE_OK);
  bystander_join(&sleeper);
  CRASH_EQUAL(last_status, SLUICE_E_CLOSED);
}

const crash_scenario crash_scenarios[] = {
    {"the next writer goes on where a dead one left off", after_a_dead_one, write_on,
     next_writer_goes_on, remove_broadcast},
    {"a sleeping reader gets what a dead writer sent", with_sleeper, write_to_sleeper,
     sleeper_reads_all, remove_broadcast},
    {"a dead reader hinders nobody", written_by_survivor, read_and_wait, others_read_on,
     remove_broadcast},
    {NULL, NULL, NULL, NULL, NULL},
};
