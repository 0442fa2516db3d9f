/* broadcast.h: order, overtaking and what it costs, starts, sleeping, death, corruption. */
#include "support.h"

#include "internal.h"
#include "sluice/broadcast.h"
#include "wait.h"

enum { CAPACITY = 1024, MAX = CAPACITY / 8, OWNER = 1 << 8 | 1, SPACE_BYTES = 1 << 16 };

/* One writer and one reader. */
typedef struct pair {
  sluice_broadcast *broadcast;
  sluice_broadcast_writer writer;
  sluice_broadcast_reader reader;
} pair;

static sluice_broadcast *fresh_broadcast(uint32_t capacity) {
  sluice_broadcast *broadcast = fresh(sluice_broadcast_bytes(capacity));
  assert_int_equal(sluice_broadcast_init(broadcast, capacity), SLUICE_OK);
  return broadcast;
}

static pair open_pair(uint32_t capacity, uint32_t from) {
  pair ends = {.broadcast = fresh_broadcast(capacity)};
  assert_int_equal(sluice_broadcast_writer_open(&ends.writer, ends.broadcast, capacity, OWNER),
                   SLUICE_OK);
  assert_int_equal(sluice_broadcast_reader_open(&ends.reader, ends.broadcast, capacity, from),
                   SLUICE_OK);
  return ends;
}

static void discard_pair(pair *ends) {
  free(ends->broadcast);
}

/* Record n: its number, then as many bytes as follow from it. */
static uint32_t length_of(uint64_t n, uint32_t max) {
  uint64_t state = n;
  return 8 + random_below(&state, max - 7);
}

static void send(sluice_broadcast_writer *writer, uint64_t n) {
  unsigned char payload[MAX];
  uint32_t length = length_of(n, writer->max);
  memset(payload, (int)(n & 0xff), length);
  memcpy(payload, &n, 8);
  assert_int_equal(sluice_broadcast_send(writer, payload, length, (int32_t)(n % 1000)), SLUICE_OK);
}

/* Receives a record, checks that it is whole, returns its number; UINT64_MAX for none. */
static uint64_t receive(sluice_broadcast_reader *reader) {
  unsigned char payload[MAX];
  uint64_t n = 0;
  int length = sluice_broadcast_receive(reader, payload, sizeof payload);
  if (length < 0) {
    reader->status = length;
    return UINT64_MAX;
  }
  memcpy(&n, payload, 8);
  assert_int_equal(length, length_of(n, reader->capacity / 8));
  assert_int_equal(reader->type, n % 1000);
  for (int i = 8; i < length; i++) {
    assert_int_equal(payload[i], n & 0xff);
  }
  return n;
}

static void assert_receives_nothing(sluice_broadcast_reader *reader, int status) {
  unsigned char payload[MAX];
  assert_int_equal(sluice_broadcast_receive(reader, payload, sizeof payload), status);
}

/* ---- shape ---- */

static void a_capacity_is_a_power_of_two_in_range(void **state) {
  (void)state;
  const uint32_t wrong[] = {0, 1, 64, 129, 1000, 0x40000001, 0x80000000, UINT32_MAX};
  for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_int_equal(sluice_broadcast_bytes(wrong[i]), 0);
  }
  assert_int_equal(sluice_broadcast_bytes(128), sizeof(sluice_broadcast) + 128);
  assert_int_not_equal(sluice_broadcast_bytes(SLUICE_BROADCAST_CAPACITY_MAX), 0);
}

static void init_refuses_a_misaligned_address_and_a_bad_capacity(void **state) {
  (void)state;
  unsigned char *at = fresh(sluice_broadcast_bytes(CAPACITY) + 64);
  for (uint32_t by = 1; by < SLUICE_ALIGN; by++) {
    assert_int_equal(sluice_broadcast_init(at + by, CAPACITY), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_broadcast_init(at, 1000), SLUICE_E_INVALID);
  free(at);
}

static void ends_open_only_on_the_broadcasts_shape(void **state) {
  (void)state;
  sluice_broadcast *broadcast = fresh_broadcast(CAPACITY);
  sluice_broadcast_writer writer;
  sluice_broadcast_reader reader;
  const uint32_t wrong[] = {0, 512, 2048, 1000};
  for (uint32_t i = 0; i < 4; i++) {
    assert_int_equal(sluice_broadcast_writer_open(&writer, broadcast, wrong[i], OWNER),
                     SLUICE_E_INVALID);
    assert_int_equal(sluice_broadcast_reader_open(&reader, broadcast, wrong[i], 0),
                     SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_broadcast_writer_open(&writer, broadcast, CAPACITY, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_broadcast_reader_open(&reader, broadcast, CAPACITY, 3), SLUICE_E_INVALID);
  broadcast->object.kind = SLUICE_KIND_RING_SPSC;
  assert_int_equal(sluice_broadcast_reader_open(&reader, broadcast, CAPACITY, 0), SLUICE_E_INVALID);
  free(broadcast);
}

static void one_name_and_shape_is_one_broadcast(void **state) {
  (void)state;
  sluice_space space = fresh_space(SPACE_BYTES);
  uint32_t offset = sluice_broadcast_open(&space, "b", 1, CAPACITY, 5);
  assert_int_not_equal(offset, 0);
  assert_int_equal(sluice_broadcast_open(&space, "b", 1, CAPACITY, 5), offset);
  assert_int_equal(sluice_broadcast_open(&space, "b", 1, CAPACITY, 6), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_broadcast_open(&space, "c", 1, 1000, 5), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_broadcast_open(&space, "c", 1, 1 << 20, 5), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  free(space.base);
}

static void there_is_one_writer(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  sluice_broadcast_writer second;
  assert_int_equal(sluice_broadcast_writer_open(&second, ends.broadcast, CAPACITY, OWNER + 1),
                   SLUICE_E_BUSY);
  discard_pair(&ends);
}

/* ---- reading ---- */

static void a_reader_that_keeps_up_reads_all_in_order(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  for (uint64_t n = 0; n < 2000; n++) {
    send(&ends.writer, n);
    assert_int_equal(receive(&ends.reader), n);
    assert_receives_nothing(&ends.reader, SLUICE_E_EMPTY);
  }
  assert_int_equal(ends.reader.lost_records, 0);
  assert_int_equal(ends.reader.lost_bytes, 0);
  assert_int_equal(atomic_load(&ends.broadcast->records), 2000);
  discard_pair(&ends);
}

static void every_reader_reads_all(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  sluice_broadcast_reader other = ends.reader;
  for (uint64_t n = 0; n < 3; n++) {
    send(&ends.writer, n);
  }
  for (uint64_t n = 0; n < 3; n++) {
    assert_int_equal(receive(&ends.reader), n);
    assert_int_equal(receive(&other), n);
  }
  discard_pair(&ends);
}

static void empty_records_are_records(void **state) {
  (void)state;
  pair ends = open_pair(128, SLUICE_BROADCAST_OLDEST);
  for (int i = 0; i < 100; i++) {
    assert_int_equal(sluice_broadcast_send(&ends.writer, NULL, 0, i), SLUICE_OK);
    assert_int_equal(sluice_broadcast_receive(&ends.reader, NULL, 0), 0);
    assert_int_equal(ends.reader.type, i);
  }
  discard_pair(&ends);
}

static void the_longest_record_is_an_eighth(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  unsigned char payload[MAX + 1] = {0};
  assert_int_equal(sluice_broadcast_send(&ends.writer, payload, MAX, 0), SLUICE_OK);
  assert_int_equal(sluice_broadcast_send(&ends.writer, payload, MAX + 1, 0), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_broadcast_send(&ends.writer, payload, UINT32_MAX, 0), SLUICE_E_TOO_LARGE);
  assert_int_equal(sluice_broadcast_send(&ends.writer, payload, 1, -1), SLUICE_E_INVALID);
  assert_int_equal(sluice_broadcast_receive(&ends.reader, payload, MAX), MAX);
  assert_receives_nothing(&ends.reader, SLUICE_E_EMPTY);
  discard_pair(&ends);
}

static void a_record_that_is_too_long_for_the_buffer_stays_the_next(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  char buffer[16] = "untouched";
  assert_int_equal(sluice_broadcast_send(&ends.writer, "eleven char", 11, 4), SLUICE_OK);
  assert_int_equal(sluice_broadcast_receive(&ends.reader, buffer, 10), SLUICE_E_TOO_LARGE);
  assert_int_equal(ends.reader.length, 11);
  assert_string_equal(buffer, "untouched");
  assert_int_equal(sluice_broadcast_receive(&ends.reader, buffer, 11), 11);
  assert_memory_equal(buffer, "eleven char", 11);
  discard_pair(&ends);
}

static void a_record_that_just_fits_before_the_end_stands_there(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  for (int i = 0; i < CAPACITY / 16; i++) {
    assert_int_equal(sluice_broadcast_send(&ends.writer, "12345678", 8, 0), SLUICE_OK);
  }
  assert_int_equal(ends.writer.tail, CAPACITY);
  discard_pair(&ends);
}

/* ---- overtaking ---- */

/* However far the writer runs ahead: what is read plus what is lost is what was written. */
static void an_overtaken_reader_learns_exactly_what_it_lost(void **state) {
  (void)state;
  const uint32_t capacities[] = {128, 256, CAPACITY};
  uint64_t seed = 7;
  for (uint32_t i = 0; i < 9; i++) {
    uint32_t from = i % 3;
    pair ends = open_pair(capacities[i / 3], from);
    uint64_t sent = 0;
    uint64_t read = 0;
    for (int round = 0; round < 3000; round++) {
      for (uint32_t count = random_below(&seed, round % 10 == 0 ? 300 : 12); count != 0; count--) {
        send(&ends.writer, sent++);
      }
      for (uint32_t count = random_below(&seed, 12); count != 0; count--) {
        uint64_t n = receive(&ends.reader);
        if (n == UINT64_MAX) {
          assert_int_equal(ends.reader.status, SLUICE_E_EMPTY);
          assert_int_equal(read + ends.reader.lost_records, sent);
          break;
        }
        assert_int_equal(n, read + ends.reader.lost_records);
        read++;
      }
    }
    while (receive(&ends.reader) != UINT64_MAX) {
      read++;
    }
    assert_int_equal(read + ends.reader.lost_records, sent);
    assert_true(ends.reader.lost_records > 1000);
    assert_true(ends.reader.lost_bytes >= ends.reader.lost_records * 16);
    discard_pair(&ends);
  }
}

static void lost_bytes_are_those_between(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  uint64_t n = 0;
  while (ends.writer.oldest == 0) {
    send(&ends.writer, n++);
  }
  assert_int_not_equal(receive(&ends.reader), UINT64_MAX);
  assert_int_equal(ends.reader.lost_bytes, ends.writer.oldest);
  discard_pair(&ends);
}

static void the_newest_thirteen_sixteenths_stand(void **state) {
  (void)state;
  const uint32_t capacities[] = {128, 256, CAPACITY};
  for (uint32_t i = 0; i < 3; i++) {
    uint32_t capacity = capacities[i];
    pair ends = open_pair(capacity, SLUICE_BROADCAST_OLDEST);
    for (uint64_t n = 0; n < 20000; n++) {
      send(&ends.writer, n);
      uint64_t stands = ends.writer.tail - ends.writer.oldest;
      assert_true(stands <= capacity);
      assert_true(ends.writer.oldest == 0 || stands >= capacity / 16 * 13 - 8);
      uint64_t sixteenth = ends.writer.oldest / (capacity / 16) % 16;
      assert_int_equal(atomic_load(&ends.broadcast->starts[sixteenth].position),
                       ends.writer.oldest);
    }
    discard_pair(&ends);
  }
}

static void an_overtaken_reader_goes_on_where_it_was_told(void **state) {
  (void)state;
  for (uint32_t from = 0; from < 3; from++) {
    pair ends = open_pair(CAPACITY, from);
    for (uint64_t n = 0; n < 100; n++) {
      send(&ends.writer, n);
    }
    if (from == SLUICE_BROADCAST_NEXT) {
      assert_receives_nothing(&ends.reader, SLUICE_E_EMPTY);
      assert_int_equal(ends.reader.lost_records, 100);
    } else {
      uint64_t n = receive(&ends.reader);
      assert_int_equal(ends.reader.lost_records, n);
      assert_true(from == SLUICE_BROADCAST_LATEST ? n == 99 : n < 95);
    }
    discard_pair(&ends);
  }
}

/* ---- starting late ---- */

static void a_late_reader_starts_where_it_was_told(void **state) {
  (void)state;
  const uint32_t capacities[] = {128, 256, CAPACITY};
  for (uint32_t i = 0; i < 3; i++) {
    pair ends = open_pair(capacities[i], SLUICE_BROADCAST_OLDEST);
    sluice_broadcast_reader reader;
    for (uint64_t n = 0; n < 1000; n++) {
      send(&ends.writer, n);
      for (uint32_t from = 0; from < 3; from++) {
        assert_int_equal(sluice_broadcast_reader_open(&reader, ends.broadcast, capacities[i], from),
                         SLUICE_OK);
        if (from == SLUICE_BROADCAST_OLDEST) {
          assert_int_equal(reader.position, ends.writer.oldest);
        }
        uint64_t starts_at = reader.number;
        uint64_t found = receive(&reader);
        if (from == SLUICE_BROADCAST_NEXT) {
          assert_int_equal(found, UINT64_MAX);
          assert_int_equal(starts_at, n + 1);
        } else {
          assert_int_equal(found, starts_at);
          assert_true(from == SLUICE_BROADCAST_OLDEST || starts_at == n);
        }
        assert_int_equal(reader.lost_records, 0);
      }
    }
    discard_pair(&ends);
  }
}

static void on_an_empty_broadcast_all_starts_are_the_first_record(void **state) {
  (void)state;
  for (uint32_t from = 0; from < 3; from++) {
    pair ends = open_pair(CAPACITY, from);
    assert_receives_nothing(&ends.reader, SLUICE_E_EMPTY);
    send(&ends.writer, 0);
    assert_int_equal(receive(&ends.reader), 0);
    discard_pair(&ends);
  }
}

/* ---- in place ---- */

static void a_peek_shows_the_record_until_next(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  assert_null(sluice_broadcast_peek(&ends.reader));
  assert_int_equal(ends.reader.status, SLUICE_E_EMPTY);
  assert_int_equal(sluice_broadcast_validate(&ends.reader), SLUICE_E_INVALID);
  assert_int_equal(sluice_broadcast_next(&ends.reader), SLUICE_E_INVALID);
  (void)sluice_broadcast_send(&ends.writer, "one", 3, 1);
  (void)sluice_broadcast_send(&ends.writer, "three", 5, 3);
  const void *at = sluice_broadcast_peek(&ends.reader);
  assert_non_null(at);
  assert_memory_equal(at, "one", 3);
  assert_ptr_equal(sluice_broadcast_peek(&ends.reader), at);
  assert_int_equal(sluice_broadcast_validate(&ends.reader), SLUICE_OK);
  assert_int_equal(sluice_broadcast_next(&ends.reader), SLUICE_OK);
  assert_int_equal(sluice_broadcast_next(&ends.reader), SLUICE_E_INVALID);
  assert_memory_equal(sluice_broadcast_peek(&ends.reader), "three", 5);
  assert_int_equal(ends.reader.length, 5);
  assert_int_equal(ends.reader.type, 3);
  discard_pair(&ends);
}

static void a_reader_that_peeks_learns_exactly_what_it_lost(void **state) {
  (void)state;
  pair ends = open_pair(128, SLUICE_BROADCAST_OLDEST);
  uint64_t sent = 0;
  uint64_t read = 0;
  uint64_t seed = 11;
  for (int round = 0; round < 1000; round++) {
    for (uint32_t count = random_below(&seed, 12); count != 0; count--) {
      send(&ends.writer, sent++);
    }
    for (uint32_t count = random_below(&seed, 6); count != 0; count--) {
      const void *at = sluice_broadcast_peek(&ends.reader);
      if (at == NULL) {
        assert_int_equal(ends.reader.status, SLUICE_E_EMPTY);
        assert_int_equal(read + ends.reader.lost_records, sent);
        break;
      }
      uint64_t n = 0;
      memcpy(&n, at, 8);
      assert_int_equal(n, read + ends.reader.lost_records);
      assert_int_equal(sluice_broadcast_next(&ends.reader), SLUICE_OK);
      read++;
    }
  }
  assert_true(ends.reader.lost_records > 1000);
  discard_pair(&ends);
}

static void a_peek_is_over_when_another_record_was_received(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  send(&ends.writer, 0);
  send(&ends.writer, 1);
  assert_non_null(sluice_broadcast_peek(&ends.reader));
  assert_int_equal(receive(&ends.reader), 0);
  assert_int_equal(sluice_broadcast_validate(&ends.reader), SLUICE_E_INVALID);
  assert_int_equal(sluice_broadcast_next(&ends.reader), SLUICE_E_INVALID);
  assert_int_equal(receive(&ends.reader), 1);
  discard_pair(&ends);
}

static void a_peek_that_was_overwritten_does_not_validate(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  uint64_t n = 0;
  send(&ends.writer, n++);
  assert_non_null(sluice_broadcast_peek(&ends.reader));
  while (ends.writer.oldest == 0) {
    assert_int_equal(sluice_broadcast_validate(&ends.reader), SLUICE_OK);
    send(&ends.writer, n++);
  }
  assert_int_equal(sluice_broadcast_validate(&ends.reader), SLUICE_E_AGAIN);
  assert_int_equal(sluice_broadcast_next(&ends.reader), SLUICE_E_AGAIN);
  n = receive(&ends.reader);
  assert_int_equal(n, ends.reader.lost_records);
  discard_pair(&ends);
}

/* ---- closing and waiting ---- */

static void a_closed_broadcast_is_read_to_its_end(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  send(&ends.writer, 0);
  assert_int_equal(sluice_broadcast_writer_close(&ends.writer), SLUICE_OK);
  assert_int_equal(sluice_broadcast_writer_close(&ends.writer), SLUICE_OK);
  assert_int_equal(sluice_broadcast_send(&ends.writer, "x", 1, 0), SLUICE_E_CLOSED);
  assert_int_equal(receive(&ends.reader), 0);
  assert_receives_nothing(&ends.reader, SLUICE_E_CLOSED);
  assert_int_equal(sluice_broadcast_wait(&ends.reader, -1), SLUICE_E_CLOSED);
  sluice_broadcast_writer writer;
  assert_int_equal(sluice_broadcast_writer_open(&writer, ends.broadcast, CAPACITY, OWNER),
                   SLUICE_E_CLOSED);
  discard_pair(&ends);
}

static void closing_the_space_closes_the_broadcast(void **state) {
  (void)state;
  sluice_space space = fresh_space(SPACE_BYTES);
  uint32_t offset = sluice_broadcast_open(&space, "b", 1, CAPACITY, 0);
  sluice_broadcast_writer writer;
  assert_int_equal(
      sluice_broadcast_writer_open(&writer, sluice_at(&space, offset), CAPACITY, OWNER), SLUICE_OK);
  (void)sluice_space_close(&space);
  assert_int_equal(sluice_broadcast_send(&writer, "x", 1, 0), SLUICE_E_CLOSED);
  free(space.base);
}

static void a_wait_times_out(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  int64_t begin = now_ns();
  assert_int_equal(sluice_broadcast_wait(&ends.reader, 20 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 20 * NS_PER_MS);
  assert_int_equal(sluice_broadcast_wait(&ends.reader, 0), SLUICE_E_TIMEOUT);
  send(&ends.writer, 0);
  assert_int_equal(sluice_broadcast_wait(&ends.reader, 0), SLUICE_OK);
  discard_pair(&ends);
}

static void no_time_is_not_waited_and_leaves_no_mark(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  assert_int_equal(sluice_broadcast_wait(&ends.reader, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&ends.broadcast->arrivals), 0);
  discard_pair(&ends);
}

static void nobody_is_notified_when_nobody_sleeps(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  send(&ends.writer, 0);
  assert_int_equal(sluice_broadcast_wait(&ends.reader, -1), SLUICE_OK);
  assert_int_equal(sluice_broadcast_sleep(&ends.reader), 0);
  assert_int_equal(atomic_load(&ends.broadcast->arrivals), 0);
  discard_pair(&ends);
}

static void a_sleeper_by_its_own_means_is_told_when_to_sleep(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  assert_int_equal(sluice_broadcast_sleep(&ends.reader), 1);
  assert_int_equal(atomic_load(&ends.broadcast->arrivals), ends.reader.key);
  send(&ends.writer, 0);
  assert_int_not_equal(atomic_load(&ends.broadcast->arrivals), ends.reader.key);
  assert_int_equal(sluice_broadcast_sleep(&ends.reader), 0);
  discard_pair(&ends);
}

static void *wait_for_ever(void *reader) {
  return (void *)(intptr_t)sluice_broadcast_wait(reader, -1);
}

static void until_marked(sluice_broadcast *broadcast) {
  while ((atomic_load(&broadcast->arrivals) & SLUICE_EVENT_WAITER) == 0) {
    sleep_ms(1);
  }
}

static void all_sleeping_readers_wake_on_a_record(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  sluice_broadcast_reader other = ends.reader;
  pthread_t first = start(wait_for_ever, &ends.reader);
  pthread_t second = start(wait_for_ever, &other);
  until_marked(ends.broadcast);
  send(&ends.writer, 0);
  assert_int_equal(finish(first), SLUICE_OK);
  assert_int_equal(finish(second), SLUICE_OK);
  discard_pair(&ends);
}

static void a_sleeping_reader_wakes_on_a_close(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  pthread_t thread = start(wait_for_ever, &ends.reader);
  until_marked(ends.broadcast);
  (void)sluice_broadcast_writer_close(&ends.writer);
  assert_int_equal(finish(thread), SLUICE_E_CLOSED);
  discard_pair(&ends);
}

/* ---- death ---- */

/* A writer in one participant of a space, a reader and the next writer in another. */
typedef struct two {
  sluice_space a, b;
  sluice_broadcast *broadcast;
  sluice_broadcast_writer writer; /* b's */
  sluice_broadcast_reader reader; /* a's */
} two;

static two fresh_two(uint32_t capacity) {
  two all = {.a = fresh_space(SPACE_BYTES)};
  all.b = all.a;
  assert_int_equal(sluice_participant_join(&all.a, 0), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&all.b, 0), SLUICE_OK);
  (void)sluice_broadcast_open(&all.a, "b", 1, capacity, 0);
  all.broadcast = sluice_at(&all.b, sluice_broadcast_open(&all.b, "b", 1, capacity, 0));
  assert_int_equal(
      sluice_broadcast_writer_open(&all.writer, all.broadcast, capacity, all.b.participant),
      SLUICE_OK);
  assert_int_equal(sluice_broadcast_reader_open(&all.reader, all.broadcast, capacity, 0),
                   SLUICE_OK);
  return all;
}

static void readers_of_a_dead_writer_read_what_is_there_first(void **state) {
  (void)state;
  two all = fresh_two(CAPACITY);
  send(&all.writer, 0);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_int_equal(receive(&all.reader), 0);
  assert_receives_nothing(&all.reader, SLUICE_E_PEER_LOST);
  assert_int_equal(sluice_broadcast_wait(&all.reader, -1), SLUICE_E_PEER_LOST);
  free(all.a.base);
}

static void a_sleeping_reader_wakes_when_the_writer_dies(void **state) {
  (void)state;
  two all = fresh_two(CAPACITY);
  pthread_t thread = start(wait_for_ever, &all.reader);
  until_marked(all.broadcast);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_int_equal(finish(thread), SLUICE_E_PEER_LOST);
  free(all.a.base);
}

static void another_writer_goes_on_where_the_dead_one_left_off(void **state) {
  (void)state;
  const uint32_t capacities[] = {128, CAPACITY};
  for (uint64_t records = 0; records < 200; records++) {
    two all = fresh_two(capacities[records & 1]);
    uint32_t capacity = capacities[records & 1];
    uint64_t n = 0;
    while (n < records) {
      send(&all.writer, n++);
    }
    if (records % 3 == 0) { /* dies in the middle of one more: it is not there */
      uint64_t tail = all.writer.tail;
      send(&all.writer, n);
      atomic_store(&all.broadcast->tail, tail);
    }
    assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
    sluice_broadcast_writer writer;
    assert_int_equal(
        sluice_broadcast_writer_open(&writer, all.broadcast, capacity, all.a.participant),
        SLUICE_OK);
    assert_int_equal(writer.records, n);
    uint64_t read = 0;
    for (uint64_t more = 0; more < 300; more++) {
      send(&writer, n++);
      while (more % 40 < 5 && read + all.reader.lost_records < n) {
        uint64_t next = receive(&all.reader);
        assert_int_equal(next, read + all.reader.lost_records);
        read++;
      }
    }
    while (receive(&all.reader) != UINT64_MAX) {
      read++;
    }
    assert_int_equal(all.reader.status, SLUICE_E_EMPTY); /* no longer lost */
    assert_int_equal(read + all.reader.lost_records, n);
    free(all.a.base);
  }
}

/* What stands, and where it starts, is the same as if there had been one writer all the while. */
static void a_successor_keeps_as_much_as_its_predecessor_would_have(void **state) {
  (void)state;
  for (uint64_t before = 0; before < 60; before++) {
    pair one = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
    pair two = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
    for (uint64_t n = 0; n < before + 60; n++) {
      if (n == before) {
        atomic_store(&two.broadcast->owner, 0);
        assert_int_equal(sluice_broadcast_writer_open(&two.writer, two.broadcast, CAPACITY, OWNER),
                         SLUICE_OK);
      }
      assert_int_equal(sluice_broadcast_send(&one.writer, "123456789", 9, 0), SLUICE_OK);
      assert_int_equal(sluice_broadcast_send(&two.writer, "123456789", 9, 0), SLUICE_OK);
      assert_int_equal(one.writer.oldest, two.writer.oldest);
      assert_memory_equal(one.broadcast->starts, two.broadcast->starts,
                          sizeof one.broadcast->starts);
    }
    discard_pair(&one);
    discard_pair(&two);
  }
}

static void the_death_of_a_reader_changes_nothing(void **state) {
  (void)state;
  two all = fresh_two(CAPACITY);
  assert_int_equal(sluice_participant_bury(&all.b, all.a.participant), SLUICE_OK);
  send(&all.writer, 0);
  assert_int_equal(receive(&all.reader), 0);
  assert_receives_nothing(&all.reader, SLUICE_E_EMPTY);
  free(all.a.base);
}

/* ---- corruption ---- */

static _Atomic uint64_t *word_at(sluice_broadcast *broadcast, uint32_t place) {
  return (_Atomic uint64_t *)(void *)(broadcast->data + place);
}

static void a_header_that_cannot_be_poisons_the_broadcast(void **state) {
  (void)state;
  const uint64_t wrong[] = {
      0,          4,
      7,          25, /* reaches past the tail */
      MAX + 9,    CAPACITY,
      UINT32_MAX, 0x80000008,
      0x7fffffff, UINT64_C(0xffffffff00000010), /* padding that does not reach the end */
      UINT64_MAX, UINT64_C(0x8000000000000010)};
  for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    for (uint32_t from = 0; from < 3; from++) {
      pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
      sluice_broadcast_reader late;
      assert_int_equal(sluice_broadcast_send(&ends.writer, "12345678", 8, 0), SLUICE_OK);
      atomic_store(word_at(ends.broadcast, 0), wrong[i]);
      if (from == 0) {
        assert_receives_nothing(&ends.reader, SLUICE_E_POISONED);
        assert_null(sluice_broadcast_peek(&ends.reader));
        assert_int_equal(sluice_broadcast_wait(&ends.reader, -1), SLUICE_E_POISONED);
      }
      assert_int_equal(sluice_broadcast_reader_open(&late, ends.broadcast, CAPACITY, from),
                       SLUICE_E_POISONED);
      assert_int_equal(sluice_broadcast_send(&ends.writer, "x", 1, 0), SLUICE_E_POISONED);
      discard_pair(&ends);
    }
  }
}

static void a_frame_longer_than_any_or_past_the_end_poisons_the_broadcast(void **state) {
  (void)state;
  const uint32_t lengths[] = {MAX + 9, MAX + 16, 512, 17, 24, 64};
  for (uint32_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
    unsigned char payload[8];
    uint32_t place = lengths[i] > MAX ? 0 : CAPACITY - 16;
    for (uint32_t sent = 0; sent < place; sent += 16) {
      assert_int_equal(sluice_broadcast_send(&ends.writer, "12345678", 8, 0), SLUICE_OK);
      assert_int_equal(sluice_broadcast_receive(&ends.reader, payload, sizeof payload), 8);
    }
    for (int behind = 0; behind < 45; behind++) { /* what it claims was all written */
      assert_int_equal(sluice_broadcast_send(&ends.writer, "12345678", 8, 0), SLUICE_OK);
    }
    atomic_store(word_at(ends.broadcast, place), lengths[i]);
    assert_receives_nothing(&ends.reader, SLUICE_E_POISONED);
    discard_pair(&ends);
  }
}

static void a_falsified_capacity_gives_no_end(void **state) {
  (void)state;
  sluice_broadcast *broadcast = fresh_broadcast(CAPACITY);
  sluice_broadcast_writer writer;
  sluice_broadcast_reader reader;
  const uint32_t wrong[] = {0, 1000, 64};
  for (uint32_t i = 0; i < 3; i++) {
    broadcast->object.capacity = wrong[i];
    assert_int_equal(sluice_broadcast_writer_open(&writer, broadcast, wrong[i], OWNER),
                     SLUICE_E_INVALID);
    assert_int_equal(sluice_broadcast_reader_open(&reader, broadcast, wrong[i], 0),
                     SLUICE_E_INVALID);
  }
  free(broadcast);
}

static void a_poisoned_broadcast_gives_no_end(void **state) {
  (void)state;
  sluice_broadcast *broadcast = fresh_broadcast(CAPACITY);
  sluice_broadcast_writer writer;
  sluice_broadcast_reader reader;
  atomic_store(&broadcast->object.state, SLUICE_OBJECT_POISONED | SLUICE_OBJECT_CLOSED);
  assert_int_equal(sluice_broadcast_writer_open(&writer, broadcast, CAPACITY, OWNER),
                   SLUICE_E_POISONED);
  assert_int_equal(
      sluice_broadcast_reader_open(&reader, broadcast, CAPACITY, SLUICE_BROADCAST_OLDEST),
      SLUICE_E_POISONED);
  assert_int_equal(atomic_load(&broadcast->owner), 0);
  free(broadcast);
}

static void positions_that_cannot_be_poison_the_broadcast(void **state) {
  (void)state;
  const struct {
    uint64_t oldest, tail;
  } wrong[] = {{48, 32},      {UINT64_MAX, 16}, {1, 16},          {0, 3},
               {24, 1 << 20}, {8, 16},          {16, UINT64_MAX}, {UINT64_MAX - 7, UINT64_MAX - 7}};
  for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
    assert_int_equal(sluice_broadcast_send(&ends.writer, "12345678", 8, 0), SLUICE_OK);
    atomic_store(&ends.broadcast->oldest, wrong[i].oldest);
    atomic_store(&ends.broadcast->tail, wrong[i].tail);
    assert_receives_nothing(&ends.reader, SLUICE_E_POISONED);
    discard_pair(&ends);
  }
}

static void such_positions_give_no_end(void **state) {
  (void)state;
  const struct {
    uint64_t oldest, tail;
  } wrong[] = {{48, 32},           {UINT64_MAX, 16}, {1, 16},          {0, 3},
               {0, CAPACITY + 16}, {8, 16},          {16, UINT64_MAX}, {0, 20}};
  for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    for (uint32_t from = 0; from <= 3; from++) {
      pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
      sluice_broadcast_reader late;
      for (uint64_t n = 0; n < 2 * CAPACITY / 16; n++) { /* what stands everywhere is a frame */
        assert_int_equal(sluice_broadcast_send(&ends.writer, "12345678", 8, 0), SLUICE_OK);
      }
      for (int j = 0; j < SLUICE_BROADCAST_STARTS; j++) {
        atomic_store(&ends.broadcast->starts[j].position, (uint64_t)j * CAPACITY / 16);
      }
      atomic_store(&ends.broadcast->oldest, wrong[i].oldest);
      atomic_store(&ends.broadcast->tail, wrong[i].tail);
      atomic_store(&ends.broadcast->owner, 0);
      assert_int_equal(
          from < 3 ? sluice_broadcast_reader_open(&late, ends.broadcast, CAPACITY, from)
                   : sluice_broadcast_writer_open(&ends.writer, ends.broadcast, CAPACITY, OWNER),
          SLUICE_E_POISONED);
      discard_pair(&ends);
    }
  }
}

static void a_tail_that_goes_back_poisons_the_broadcast(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  send(&ends.writer, 0);
  assert_int_equal(receive(&ends.reader), 0);
  atomic_store(&ends.broadcast->tail, 0);
  assert_receives_nothing(&ends.reader, SLUICE_E_POISONED);
  discard_pair(&ends);
}

static void a_tail_that_shows_what_was_read_a_lap_ago_poisons_the_broadcast(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  unsigned char payload[8];
  for (uint64_t n = 0; n < 2 * CAPACITY / 16; n++) {
    assert_int_equal(sluice_broadcast_send(&ends.writer, "12345678", 8, 0), SLUICE_OK);
    assert_int_equal(sluice_broadcast_receive(&ends.reader, payload, sizeof payload), 8);
  }
  atomic_store(&ends.broadcast->tail, ends.reader.position - 16);
  assert_receives_nothing(&ends.reader, SLUICE_E_POISONED);
  discard_pair(&ends);
}

static void a_tail_between_positions_poisons_the_broadcast(void **state) {
  (void)state;
  pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
  assert_int_equal(sluice_broadcast_send(&ends.writer, "12345678", 8, 0), SLUICE_OK);
  atomic_store(&ends.broadcast->tail, 20);
  assert_receives_nothing(&ends.reader, SLUICE_E_POISONED);
  discard_pair(&ends);
}

static void a_start_that_cannot_be_poisons_the_broadcast(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
    for (uint64_t n = 0; n < 100; n++) {
      send(&ends.writer, n);
    }
    assert_int_not_equal(receive(&ends.reader), UINT64_MAX);
    for (uint64_t n = 100; n < 200; n++) {
      send(&ends.writer, n);
    }
    for (int j = 0; j < SLUICE_BROADCAST_STARTS; j++) {
      if (i == 0) {
        atomic_store(&ends.broadcast->starts[j].position, 0);
      } else {
        atomic_store(&ends.broadcast->starts[j].number, 0);
      }
    }
    assert_receives_nothing(&ends.reader, SLUICE_E_POISONED);
    discard_pair(&ends);
  }
}

static void a_writer_does_not_go_on_from_nonsense(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    pair ends = open_pair(CAPACITY, SLUICE_BROADCAST_OLDEST);
    send(&ends.writer, 0);
    atomic_store(&ends.broadcast->owner, 0);
    if (i == 0) {
      atomic_store(&ends.broadcast->tail, 1 << 20);
    } else if (i == 1) {
      atomic_store(&ends.broadcast->oldest, UINT64_MAX - 7);
    } else if (i == 2) {
      atomic_store(word_at(ends.broadcast, 0), 4);
    } else {
      for (int j = 0; j < SLUICE_BROADCAST_STARTS; j++) {
        atomic_store(&ends.broadcast->starts[j].position, UINT64_MAX);
      }
    }
    assert_int_equal(sluice_broadcast_writer_open(&ends.writer, ends.broadcast, CAPACITY, OWNER),
                     SLUICE_E_POISONED);
    discard_pair(&ends);
  }
}

/* ---- torn reads: a writer at full speed, and a reader that is always too slow ---- */

static void *write_on(void *argument) {
  sluice_broadcast_writer *writer = argument;
  unsigned char payload[MAX];
  for (uint64_t n = 0; n < 100000; n++) {
    uint32_t length = length_of(n, writer->max);
    memset(payload, (int)(n & 0xff), length);
    memcpy(payload, &n, 8);
    (void)sluice_broadcast_send(writer, payload, length, (int32_t)(n % 1000));
  }
  (void)sluice_broadcast_writer_close(writer);
  return NULL;
}

static void no_record_is_read_torn_or_out_of_order(void **state) {
  (void)state;
  pair ends = open_pair(256, SLUICE_BROADCAST_OLDEST);
  pthread_t thread = start(write_on, &ends.writer);
  uint64_t read = 0;
  for (;;) {
    uint64_t n = receive(&ends.reader);
    if (n != UINT64_MAX) {
      assert_int_equal(n, read + ends.reader.lost_records);
      read++;
    } else if (ends.reader.status == SLUICE_E_CLOSED) {
      break;
    } else {
      assert_true(ends.reader.status == SLUICE_E_EMPTY || ends.reader.status == SLUICE_E_AGAIN);
      (void)sluice_broadcast_wait(&ends.reader, -1);
    }
  }
  (void)finish(thread);
  assert_int_equal(read + ends.reader.lost_records, 100000);
  discard_pair(&ends);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_capacity_is_a_power_of_two_in_range),
      cmocka_unit_test(init_refuses_a_misaligned_address_and_a_bad_capacity),
      cmocka_unit_test(ends_open_only_on_the_broadcasts_shape),
      cmocka_unit_test(one_name_and_shape_is_one_broadcast),
      cmocka_unit_test(there_is_one_writer),
      cmocka_unit_test(a_reader_that_keeps_up_reads_all_in_order),
      cmocka_unit_test(every_reader_reads_all),
      cmocka_unit_test(empty_records_are_records),
      cmocka_unit_test(the_longest_record_is_an_eighth),
      cmocka_unit_test(a_record_that_is_too_long_for_the_buffer_stays_the_next),
      cmocka_unit_test(a_record_that_just_fits_before_the_end_stands_there),
      cmocka_unit_test(an_overtaken_reader_learns_exactly_what_it_lost),
      cmocka_unit_test(lost_bytes_are_those_between),
      cmocka_unit_test(the_newest_thirteen_sixteenths_stand),
      cmocka_unit_test(an_overtaken_reader_goes_on_where_it_was_told),
      cmocka_unit_test(a_late_reader_starts_where_it_was_told),
      cmocka_unit_test(on_an_empty_broadcast_all_starts_are_the_first_record),
      cmocka_unit_test(a_peek_shows_the_record_until_next),
      cmocka_unit_test(a_reader_that_peeks_learns_exactly_what_it_lost),
      cmocka_unit_test(a_peek_is_over_when_another_record_was_received),
      cmocka_unit_test(a_peek_that_was_overwritten_does_not_validate),
      cmocka_unit_test(a_closed_broadcast_is_read_to_its_end),
      cmocka_unit_test(closing_the_space_closes_the_broadcast),
      cmocka_unit_test(a_wait_times_out),
      cmocka_unit_test(no_time_is_not_waited_and_leaves_no_mark),
      cmocka_unit_test(nobody_is_notified_when_nobody_sleeps),
      cmocka_unit_test(a_sleeper_by_its_own_means_is_told_when_to_sleep),
      cmocka_unit_test(all_sleeping_readers_wake_on_a_record),
      cmocka_unit_test(a_sleeping_reader_wakes_on_a_close),
      cmocka_unit_test(readers_of_a_dead_writer_read_what_is_there_first),
      cmocka_unit_test(a_sleeping_reader_wakes_when_the_writer_dies),
      cmocka_unit_test(another_writer_goes_on_where_the_dead_one_left_off),
      cmocka_unit_test(a_successor_keeps_as_much_as_its_predecessor_would_have),
      cmocka_unit_test(the_death_of_a_reader_changes_nothing),
      cmocka_unit_test(a_header_that_cannot_be_poisons_the_broadcast),
      cmocka_unit_test(a_frame_longer_than_any_or_past_the_end_poisons_the_broadcast),
      cmocka_unit_test(a_falsified_capacity_gives_no_end),
      cmocka_unit_test(a_poisoned_broadcast_gives_no_end),
      cmocka_unit_test(positions_that_cannot_be_poison_the_broadcast),
      cmocka_unit_test(such_positions_give_no_end),
      cmocka_unit_test(a_tail_that_goes_back_poisons_the_broadcast),
      cmocka_unit_test(a_tail_that_shows_what_was_read_a_lap_ago_poisons_the_broadcast),
      cmocka_unit_test(a_tail_between_positions_poisons_the_broadcast),
      cmocka_unit_test(a_start_that_cannot_be_poisons_the_broadcast),
      cmocka_unit_test(a_writer_does_not_go_on_from_nonsense),
      cmocka_unit_test(no_record_is_read_torn_or_out_of_order),
  };
  return RUN(tests);
}
