/* message.h: records whose payload stands in a block: whose the block is at each moment, what is
 * refused, what goes with its ring, and the wait for memory. Who may take which memory:
 * message_full.c. */
#include "sleeper.h"

#include "blocks.h"
#include "sluice/message.h"

enum { BYTES = 1 << 18, CAPACITY = 1024, LARGE = 4000, FOR_EVER = -1 };
#define PATIENCE (20000 * NS_PER_MS) /* for what has to come */

/* A ring with one end of each side, of one participant. */
typedef struct channel {
  sluice_space *space;
  uint32_t at;
  sluice_ring_many *ring;
  sluice_ring_many_producer producer;
  sluice_ring_many_consumer consumer;
} channel;

static uint32_t open_ring(sluice_space *space, const char *name, uint32_t kind) {
  uint32_t at = sluice_ring_many_open(space, name, 1, kind, CAPACITY, 0);
  assert_int_not_equal(at, 0);
  return at;
}

static channel open_channel(sluice_space *space, const char *name, uint32_t kind) {
  channel it = {.space = space, .at = open_ring(space, name, kind)};
  it.ring = sluice_at(space, it.at);
  assert_int_equal(
      sluice_ring_many_producer_open(&it.producer, it.ring, CAPACITY, space->participant),
      SLUICE_OK);
  assert_int_equal(
      sluice_ring_many_consumer_open(&it.consumer, it.ring, CAPACITY, space->participant),
      SLUICE_OK);
  return it;
}

/* Takes the name away and closes it: the ring goes. */
static void remove_channel(const channel *it, const char *name) {
  assert_int_equal(sluice_directory_remove(it->space, name, 1), SLUICE_OK);
  assert_int_equal(sluice_object_close(it->space, it->at), SLUICE_OK);
}

/* A message up to its put, without the commit. */
static uint32_t put(sluice_space *space, uint32_t ring, sluice_ring_many_producer *producer,
                    uint32_t bytes) {
  uint32_t block = sluice_message_alloc(space, ring, bytes);
  assert_int_not_equal(block, 0);
  memset(sluice_at(space, block), 7, bytes);
  void *record = sluice_ring_many_claim(producer, sizeof(sluice_message), SLUICE_MESSAGE_BLOCK);
  assert_non_null(record);
  assert_int_equal(sluice_message_put(space, ring, record, block, bytes), SLUICE_OK);
  return block;
}

static uint32_t send(channel *it, uint32_t bytes) {
  uint32_t block = put(it->space, it->at, &it->producer, bytes);
  assert_int_equal(sluice_ring_many_commit(&it->producer, sizeof(sluice_message)), SLUICE_OK);
  assert_int_equal(sluice_slab_unref(it->space, block), SLUICE_OK);
  return block;
}

/* The next record's message; the record stays. */
static sluice_message peek(channel *it) {
  sluice_message message;
  const void *record = sluice_ring_many_peek(&it->consumer);
  assert_non_null(record);
  assert_int_equal(it->consumer.type, SLUICE_MESSAGE_BLOCK);
  assert_int_equal(sluice_message_get(it->space, it->at, record, it->consumer.length, &message),
                   SLUICE_OK);
  return message;
}

static void receive(channel *it, uint32_t bytes) {
  sluice_message message = peek(it);
  assert_int_equal(message.length, bytes);
  const unsigned char *at = sluice_at(it->space, message.offset);
  for (uint32_t i = 0; i < bytes; i++) {
    assert_int_equal(at[i], 7);
  }
  sluice_message_done(it->space, it->at, &message);
  assert_int_equal(sluice_ring_many_release(&it->consumer), 1);
}

/* All memory but what is in use is taken, by blocks of no message. */
static void fill(sluice_space *space) {
  for (uint32_t bytes = BYTES; bytes != 0; bytes /= 2) {
    while (sluice_slab_alloc(space, bytes) != 0) {
    }
  }
}

/* ---- whose the block is ---- */

static void a_message_arrives_and_its_block_is_free_again(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
  uint32_t before = used_of(&space);
  for (uint32_t i = 0; i < 100; i++) {
    uint32_t block = send(&it, LARGE + i);
    assert_true(refs_of(&space, block) == SLUICE_BIT_SPACE); /* the record's, not the sender's */
    receive(&it, LARGE + i);
    assert_int_equal(used_of(&space), before);
  }
  free(space.base);
}

static void a_message_that_is_not_sent_goes_with_one_unref(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t ring = open_ring(&space, "r", SLUICE_KIND_RING_MPSC);
  uint32_t before = used_of(&space);
  uint32_t block = sluice_message_alloc(&space, ring, LARGE);
  assert_true(refs_of(&space, block) == bit_of(space.participant));
  assert_int_equal(sluice_slab_bytes(&space, block), LARGE);
  assert_int_equal(sluice_slab_unref(&space, block), SLUICE_OK);
  assert_int_equal(used_of(&space), before);
  free(space.base);
}

static void done_ends_one_reference_once(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
  channel other = open_channel(&space, "s", SLUICE_KIND_RING_MPMC);
  uint32_t block = send(&it, LARGE);
  sluice_message message = peek(&it);
  sluice_message_done(&space, other.at, &message); /* not that ring's */
  assert_true(refs_of(&space, block) == SLUICE_BIT_SPACE);
  sluice_message_done(&space, it.at, &message);
  assert_true(refs_of(&space, block) == 0);
  assert_int_equal(sluice_ring_many_release(&it.consumer), 1);
  assert_int_equal(send(&it, LARGE), block); /* the same block, another message */
  sluice_message_done(&space, it.at, &message);
  assert_true(refs_of(&space, block) == SLUICE_BIT_SPACE);
  receive(&it, LARGE);
  const uint32_t nowhere[] = {0, 8, BYTES, UINT32_MAX - 127}; /* no block's */
  for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
    message.offset = nowhere[i];
    sluice_message_done(&space, it.at, &message);
  }
  free(space.base);
}

/* ---- what is refused ---- */

static void put_refuses_what_is_no_message_of_that_ring(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space other = joined(&space);
  channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
  uint32_t elsewhere = open_ring(&space, "s", SLUICE_KIND_RING_MPMC);
  uint32_t plain = sluice_message_alloc(&space, it.at, LARGE);
  assert_int_equal(sluice_slab_unref(&space, plain), SLUICE_OK);
  assert_int_equal(sluice_slab_alloc(&space, LARGE), plain); /* was a message's before */
  uint32_t block = sluice_message_alloc(&space, it.at, LARGE);
  uint32_t astray = sluice_message_alloc(&space, 8, LARGE);
  uint32_t theirs = sluice_message_alloc(&other, it.at, LARGE);
  unsigned char *record =
      sluice_ring_many_claim(&it.producer, sizeof(sluice_message), SLUICE_MESSAGE_BLOCK);
  uint32_t room = sluice_block_room(&space, it.at);
  const struct {
    uint32_t ring;
    void *record;
    uint32_t block;
    uint32_t length;
  } bad[] = {
      {it.at, record, plain, LARGE},
      {it.at, record, theirs, LARGE},
      {it.at, record, 0, LARGE},
      {it.at, record, block + 8, LARGE},
      {it.at, record, UINT32_MAX, LARGE},
      {it.at, record, block, LARGE + 1},
      {it.at, record, block, UINT32_MAX},
      {elsewhere, record, block, LARGE},
      {it.at, record + 4, block, LARGE},
      {it.at, space.base, block, LARGE},
      {it.at, space.base + it.at + room - 8, block, LARGE},
      {it.at, space.base + it.at + room, block, LARGE},
      {8, record, block, LARGE},
      {8, space.base + 16, astray, LARGE},
      {it.at, record, 0, 0},
      {it.at, record, block + 8, 0},
      {it.at, record, BYTES, 0},
      {it.at, record, UINT32_MAX - 127, 0},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(
        sluice_message_put(&space, bad[i].ring, bad[i].record, bad[i].block, bad[i].length),
        SLUICE_E_INVALID);
  }
  assert_true(refs_of(&space, block) == bit_of(space.participant));
  assert_int_equal(sluice_message_put(&space, it.at, record, block, LARGE), SLUICE_OK);
  free(space.base);
}

static void get_refuses_a_record_that_names_no_block_of_that_ring(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
  channel other = open_channel(&space, "s", SLUICE_KIND_RING_MPMC);
  (void)send(&it, LARGE);
  const sluice_message good = peek(&it);
  uint32_t unsent = sluice_message_alloc(&space, it.at, LARGE);
  sluice_message bad[] = {good, good, good, good, good, good};
  bad[0].offset = 0;
  bad[1].offset += 8;
  bad[2].offset = UINT32_MAX;
  bad[3].serial++;
  bad[4].length = LARGE + 1;
  bad[5] = (sluice_message){unsent, sluice_slab_serial(&space, unsent), LARGE};
  sluice_message got;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(sluice_message_get(&space, it.at, &bad[i], sizeof bad[i], &got),
                     SLUICE_E_POISONED);
  }
  assert_int_equal(sluice_message_get(&space, it.at, &good, sizeof good - 4, &got),
                   SLUICE_E_POISONED);
  assert_int_equal(sluice_message_get(&space, other.at, &good, sizeof good, &got),
                   SLUICE_E_POISONED);
  assert_int_equal(sluice_message_get(&space, it.at, &good, sizeof good, &got), SLUICE_OK);
  sluice_message_done(&space, it.at, &good);
  assert_int_equal(sluice_message_get(&space, it.at, &good, sizeof good, &got), SLUICE_E_POISONED);
  free(space.base);
}

static void alloc_says_what_the_slab_says(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t ring = open_ring(&space, "r", SLUICE_KIND_RING_MPMC);
  assert_int_equal(sluice_message_alloc(&space, ring, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_message_alloc(&space, ring, BYTES), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  free(space.base);
}

/* ---- what nobody will read ---- */

static void discard_lets_go_when_no_consumer_will_come(void **state) {
  (void)state;
  const uint32_t kinds[] = {SLUICE_KIND_RING_MPSC, SLUICE_KIND_RING_MPMC};
  for (size_t i = 0; i < 2; i++) {
    sluice_space space = joined_space(BYTES);
    channel it = open_channel(&space, "r", kinds[i]);
    channel other = open_channel(&space, "s", kinds[i]);
    uint32_t before = used_of(&space);
    uint32_t first = send(&it, LARGE);
    uint32_t second = send(&it, LARGE);
    uint32_t elsewhere = send(&other, LARGE);
    uint32_t mine = put(&space, it.at, &it.producer, LARGE); /* its sender has it yet */
    sluice_message_discard(&space, it.at);
    assert_true(refs_of(&space, first) == SLUICE_BIT_SPACE);
    assert_int_equal(sluice_ring_many_consumer_close(&it.consumer), SLUICE_OK);
    assert_int_equal(sluice_ring_many_close(it.ring), SLUICE_OK);
    sluice_message_discard(&space, it.at);
    assert_true(refs_of(&space, first) == 0);
    assert_true(refs_of(&space, second) == 0);
    assert_true(refs_of(&space, mine) == bit_of(space.participant));
    assert_true(refs_of(&space, elsewhere) == SLUICE_BIT_SPACE);
    assert_int_equal(sluice_slab_unref(&space, mine), SLUICE_OK);
    receive(&other, LARGE);
    assert_int_equal(used_of(&space), before);
    sluice_message_discard(&space, 8); /* no block's: nothing */
    free(space.base);
  }
}

static void discard_knows_rings_of_one_producer_too(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t at = sluice_ring_open(&space, "r", 1, CAPACITY, 0);
  sluice_ring *ring = ring_at(&space, at);
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  assert_int_equal(sluice_ring_producer_open(&producer, ring, CAPACITY, space.participant),
                   SLUICE_OK);
  assert_int_equal(sluice_ring_consumer_open(&consumer, ring, CAPACITY, space.participant),
                   SLUICE_OK);
  uint32_t block = sluice_message_alloc(&space, at, LARGE);
  void *record = sluice_ring_claim(&producer, sizeof(sluice_message), SLUICE_MESSAGE_BLOCK);
  assert_int_equal(sluice_message_put(&space, at, record, block, LARGE), SLUICE_OK);
  assert_int_equal(sluice_ring_commit(&producer, sizeof(sluice_message)), SLUICE_OK);
  assert_int_equal(sluice_slab_unref(&space, block), SLUICE_OK);
  sluice_message_discard(&space, at);
  assert_true(refs_of(&space, block) == SLUICE_BIT_SPACE);
  assert_int_equal(sluice_ring_consumer_close(&consumer), SLUICE_OK);
  sluice_message_discard(&space, at);
  assert_true(refs_of(&space, block) == 0);
  free(space.base);
}

static void a_ring_takes_its_messages_with_it(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t before = used_of(&space);
  channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
  (void)send(&it, LARGE);
  (void)send(&it, LARGE);
  uint32_t reason = sluice_slab_alloc(&space, 40);
  assert_int_equal(sluice_message_reason(&space, it.at, reason), SLUICE_OK);
  remove_channel(&it, "r");
  assert_int_equal(used_of(&space), before);
  free(space.base);
}

/* ---- death ---- */

static void a_dead_senders_message_stays_when_it_is_committed(void **state) {
  (void)state;
  for (int committed = 0; committed < 2; committed++) {
    sluice_space space = joined_space(BYTES);
    sluice_space dead = joined(&space);
    channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
    uint32_t before = used_of(&space);
    sluice_ring_many_producer producer;
    uint32_t at = open_ring(&dead, "r", SLUICE_KIND_RING_MPMC);
    assert_int_equal(sluice_ring_many_producer_open(&producer, it.ring, CAPACITY, dead.participant),
                     SLUICE_OK);
    (void)sluice_message_alloc(&dead, at, LARGE); /* not put: goes with it */
    uint32_t block = put(&dead, at, &producer, LARGE);
    if (committed) {
      assert_int_equal(sluice_ring_many_commit(&producer, sizeof(sluice_message)), SLUICE_OK);
    }
    assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
    assert_true(refs_of(&space, block) == (committed ? SLUICE_BIT_SPACE : 0));
    if (committed) {
      receive(&it, LARGE);
    }
    assert_null(sluice_ring_many_peek(&it.consumer));
    assert_int_equal(used_of(&space), before);
    free(space.base);
  }
}

static void a_living_sender_keeps_what_it_has_not_committed_yet(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
  uint32_t block = put(&space, it.at, &it.producer, LARGE);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_true(refs_of(&space, block) == (SLUICE_BIT_SPACE | bit_of(space.participant)));
  assert_int_equal(sluice_ring_many_commit(&it.producer, sizeof(sluice_message)), SLUICE_OK);
  assert_int_equal(sluice_slab_unref(&space, block), SLUICE_OK);
  receive(&it, LARGE);
  free(space.base);
}

/* What a dead one's record says in the place that a block of its names: that block, of that serial,
 * or the block is let go. */
static void a_dead_senders_block_goes_when_its_record_names_another(void **state) {
  (void)state;
  for (int serial = 0; serial < 2; serial++) {
    sluice_space space = joined_space(BYTES);
    sluice_space dead = joined(&space);
    uint32_t at = open_ring(&dead, "r", SLUICE_KIND_RING_MPMC);
    (void)open_ring(&space, "r", SLUICE_KIND_RING_MPMC);
    sluice_ring_many_producer producer;
    assert_int_equal(
        sluice_ring_many_producer_open(&producer, sluice_at(&dead, at), CAPACITY, dead.participant),
        SLUICE_OK);
    uint32_t first = sluice_message_alloc(&dead, at, LARGE);
    uint32_t second = sluice_message_alloc(&dead, at, LARGE);
    sluice_message *record =
        sluice_ring_many_claim(&producer, sizeof *record, SLUICE_MESSAGE_BLOCK);
    assert_int_equal(sluice_message_put(&dead, at, record, first, LARGE), SLUICE_OK);
    if (serial) {
      record->serial++;
    } else {
      assert_int_equal(sluice_message_put(&dead, at, record, second, LARGE), SLUICE_OK);
    }
    assert_int_equal(sluice_ring_many_commit(&producer, sizeof *record), SLUICE_OK);
    assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
    assert_true(refs_of(&space, first) == 0);
    assert_true(refs_of(&space, second) == (serial ? 0 : SLUICE_BIT_SPACE));
    free(space.base);
  }
}

static void a_dead_receivers_batch_takes_its_blocks_with_it(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
  uint32_t first = send(&it, LARGE);
  uint32_t second = send(&it, LARGE);
  sluice_ring_many_consumer consumer;
  (void)open_ring(&dead, "r", SLUICE_KIND_RING_MPMC);
  assert_int_equal(sluice_ring_many_consumer_open(&consumer, it.ring, CAPACITY, dead.participant),
                   SLUICE_OK);
  assert_non_null(sluice_ring_many_peek(&consumer));
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_true(refs_of(&space, first) == 0);
  assert_true(refs_of(&space, second) == SLUICE_BIT_SPACE);
  receive(&it, LARGE);
  free(space.base);
}

static void the_messages_of_a_ring_of_one_producer_go_with_its_dead_consumer(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  uint32_t at = sluice_ring_open(&space, "r", 1, CAPACITY, 0);
  assert_int_equal(sluice_ring_open(&dead, "r", 1, CAPACITY, 0), at);
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  assert_int_equal(
      sluice_ring_producer_open(&producer, ring_at(&space, at), CAPACITY, space.participant),
      SLUICE_OK);
  assert_int_equal(
      sluice_ring_consumer_open(&consumer, ring_at(&dead, at), CAPACITY, dead.participant),
      SLUICE_OK);
  uint32_t block = sluice_message_alloc(&space, at, LARGE);
  void *record = sluice_ring_claim(&producer, sizeof(sluice_message), SLUICE_MESSAGE_BLOCK);
  assert_int_equal(sluice_message_put(&space, at, record, block, LARGE), SLUICE_OK);
  assert_int_equal(sluice_ring_commit(&producer, sizeof(sluice_message)), SLUICE_OK);
  assert_int_equal(sluice_slab_unref(&space, block), SLUICE_OK);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_true(refs_of(&space, block) == 0);
  free(space.base);
}

/* ---- when the space is full ---- */

static void there_is_no_sleep_where_there_is_memory(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t ring = open_ring(&space, "r", SLUICE_KIND_RING_MPMC);
  uint32_t before = used_of(&space);
  assert_int_equal(sluice_slab_alloc(&space, BYTES), 0); /* leaves another status behind */
  assert_int_equal(sluice_message_sleep(&space, ring, LARGE), 0);
  assert_int_equal(space.status, SLUICE_OK);
  assert_int_equal(sluice_message_wait(&space, ring, LARGE, FOR_EVER), SLUICE_OK);
  assert_int_equal(used_of(&space), before); /* what it found is free */
  free(space.base);
}

static void nobody_waits_where_no_message_is_on_its_way(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
  uint32_t reason = sluice_slab_alloc(&space, 40);
  assert_int_equal(sluice_message_reason(&space, it.at, reason), SLUICE_OK); /* is none */
  fill(&space);
  assert_int_equal(sluice_message_sleep(&space, it.at, LARGE), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  assert_int_equal(sluice_message_wait(&space, it.at, LARGE, FOR_EVER), SLUICE_E_NO_MEMORY);
  free(space.base);
}

static void a_message_that_is_being_written_is_on_its_way(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
  channel gone = open_channel(&space, "s", SLUICE_KIND_RING_MPMC);
  uint32_t reason = sluice_slab_alloc(&space, 40);
  assert_int_equal(sluice_message_reason(&space, gone.at, reason), SLUICE_OK);
  remove_channel(&gone, "s");
  /* in what was another channel's reason */
  assert_int_equal(sluice_message_alloc(&space, it.at, 40), reason);
  fill(&space);
  assert_int_not_equal(sluice_message_sleep(&space, it.at, LARGE), 0);
  assert_int_equal(sluice_message_wait(&space, it.at, LARGE, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_message_wait(&space, it.at, LARGE, NS_PER_MS), SLUICE_E_TIMEOUT);
  free(space.base);
}

/* The space is full, one message of `it` on its way, and somebody waits for memory. */
typedef struct waiting {
  sluice_space space;
  sluice_space other;
  channel it;
  sleeper sleeper;
} waiting;

static int wait_for_memory(void *object, uint32_t ring) {
  return sluice_message_wait(object, ring, LARGE, PATIENCE);
}

static void begin_waiting(waiting *w) {
  w->space = joined_space(BYTES);
  w->other = joined(&w->space);
  w->it = open_channel(&w->space, "r", SLUICE_KIND_RING_MPMC);
  (void)send(&w->it, LARGE);
  fill(&w->space);
  put_to_sleep(&w->sleeper, wait_for_memory, &w->other, w->it.at);
}

static void who_waits_for_memory_is_woken_by_a_block_that_is_freed(void **state) {
  (void)state;
  waiting w;
  begin_waiting(&w);
  receive(&w.it, LARGE);
  assert_int_equal(awake(&w.sleeper), SLUICE_OK);
  assert_int_not_equal(sluice_message_alloc(&w.other, w.it.at, LARGE), 0);
  free(w.space.base);
}

static void who_waits_for_memory_is_woken_when_the_space_closes(void **state) {
  (void)state;
  waiting w;
  begin_waiting(&w);
  assert_int_equal(sluice_space_close(&w.space), SLUICE_OK);
  assert_int_equal(awake(&w.sleeper), SLUICE_E_CLOSED);
  free(w.space.base);
}

static void there_is_no_wait_in_a_space_that_is_poisoned(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
  (void)send(&it, LARGE);
  fill(&space);
  atomic_store(&header_of(&space)->state, SLUICE_SPACE_POISONED);
  assert_int_equal(sluice_message_wait(&space, it.at, LARGE, FOR_EVER), SLUICE_E_POISONED);
  free(space.base);
}

/* ---- why ---- */

static _Atomic uint32_t *reason_in(sluice_space *space, uint32_t kind, uint32_t *at) {
  if (kind == SLUICE_KIND_BROADCAST) {
    *at = sluice_broadcast_open(space, "r", 1, CAPACITY, 0);
    return &((sluice_broadcast *)sluice_at(space, *at))->reason;
  }
  *at = open_ring(space, "r", kind);
  return &((sluice_ring_many *)sluice_at(space, *at))->ends.reason;
}

static void the_first_reason_stays(void **state) {
  (void)state;
  const uint32_t kinds[] = {SLUICE_KIND_RING_MPSC, SLUICE_KIND_RING_MPMC, SLUICE_KIND_BROADCAST};
  for (size_t i = 0; i < 3; i++) {
    sluice_space space = joined_space(BYTES);
    uint32_t before = used_of(&space);
    uint32_t at = 0;
    const _Atomic uint32_t *reason = reason_in(&space, kinds[i], &at);
    uint32_t first = sluice_slab_alloc(&space, 40);
    uint32_t second = sluice_slab_alloc(&space, 40);
    assert_int_equal(sluice_message_reason(&space, at, first), SLUICE_OK);
    assert_int_equal(sluice_message_reason(&space, at, second), SLUICE_OK);
    assert_int_equal(atomic_load(reason), first);
    assert_true(refs_of(&space, first) == SLUICE_BIT_SPACE); /* the channel's alone */
    assert_true(refs_of(&space, second) == 0);
    sluice_message_discard(&space, at);
    assert_true(refs_of(&space, first) == SLUICE_BIT_SPACE);
    assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_OK);
    assert_int_equal(sluice_object_close(&space, at), SLUICE_OK);
    assert_int_equal(used_of(&space), before);
    free(space.base);
  }
}

static void a_reason_is_no_message_to_discard(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  channel it = open_channel(&space, "r", SLUICE_KIND_RING_MPMC);
  uint32_t reason = sluice_slab_alloc(&space, 40);
  assert_int_equal(sluice_message_reason(&space, it.at, reason), SLUICE_OK);
  assert_int_equal(sluice_ring_many_close(it.ring), SLUICE_OK);
  assert_int_equal(sluice_ring_many_consumer_close(&it.consumer), SLUICE_OK);
  sluice_message_discard(&space, it.at);
  assert_true(refs_of(&space, reason) == SLUICE_BIT_SPACE);
  free(space.base);
}

static void a_reason_needs_a_channel_for_many_and_a_block_of_ones_own(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space other = joined(&space);
  uint32_t many = open_ring(&space, "r", SLUICE_KIND_RING_MPMC);
  uint32_t one = sluice_ring_open(&space, "s", 1, CAPACITY, 0);
  uint32_t mine = sluice_slab_alloc(&space, 40);
  uint32_t theirs = sluice_slab_alloc(&other, 40);
  assert_int_equal(sluice_message_reason(&space, one, mine), SLUICE_E_INVALID);
  assert_int_equal(sluice_message_reason(&space, 8, mine), SLUICE_E_INVALID);
  assert_int_equal(sluice_message_reason(&space, mine, mine), SLUICE_E_INVALID);
  assert_int_equal(sluice_message_reason(&space, many, theirs), SLUICE_E_INVALID);
  assert_int_equal(sluice_message_reason(&space, many, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_message_reason(&space, many, UINT32_MAX), SLUICE_E_INVALID);
  assert_true(refs_of(&space, mine) == bit_of(space.participant));
  assert_true(refs_of(&space, theirs) == bit_of(other.participant));
  sluice_ring_many *ring = sluice_at(&space, many);
  assert_int_equal(atomic_load(&ring->ends.reason), 0);
  free(space.base);
}

/* ---- corruption: a header's words, rewritten by anybody ---- */

static void a_dead_senders_block_that_names_no_place_of_a_ring_goes(void **state) {
  (void)state;
  const uint32_t places[] = {
      0, 1, 8, 127, 132, CAPACITY, 3712 + CAPACITY, UINT32_MAX, UINT32_MAX - 7};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    sluice_space space = joined_space(BYTES);
    sluice_space dead = joined(&space);
    uint32_t at = open_ring(&space, "r", SLUICE_KIND_RING_MPMC);
    uint32_t plain = sluice_slab_alloc(&space, LARGE);
    const uint32_t rings[] = {at, plain, 0, 8, BYTES - 128, BYTES, UINT32_MAX};
    for (size_t j = 0; j < sizeof rings / sizeof *rings; j++) {
      uint32_t block = sluice_message_alloc(&dead, at, LARGE);
      atomic_store(&block_of(&space, block)->slot, rings[j]);
      atomic_store(&block_of(&space, block)->hash, places[i]);
      atomic_store(&block_of(&space, block)->refs, bit_of(dead.participant) | SLUICE_BIT_SPACE);
      sluice_message_settle(&space, dead.participant);
      assert_true(refs_of(&space, block) == bit_of(dead.participant));
    }
    free(space.base);
  }
}

/* A small object that says it is a large one: what stands behind it is not its own. */
static void a_falsified_kind_is_not_followed_out_of_its_block(void **state) {
  (void)state;
  const uint32_t kinds[] = {SLUICE_KIND_RING_SPSC, SLUICE_KIND_RING_MPSC, SLUICE_KIND_RING_MPMC,
                            SLUICE_KIND_BROADCAST};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    sluice_space space = joined_space(BYTES);
    uint32_t at = sluice_event_open(&space, "e", 1);
    uint32_t behind = sluice_slab_alloc(&space, LARGE);
    memset(sluice_at(&space, behind), 0xff, LARGE);
    uint32_t block = sluice_message_alloc(&space, at, LARGE);
    uint32_t reason = sluice_slab_alloc(&space, 40);
    sluice_object *object = sluice_at(&space, at);
    assert_int_equal(sluice_message_put(&space, at, object, block, LARGE), SLUICE_OK);
    memset(object, 0, sizeof *object);
    object->kind = kinds[i];
    sluice_message_discard(&space, at);
    assert_true((refs_of(&space, block) & SLUICE_BIT_SPACE) != 0);
    assert_int_equal(sluice_message_reason(&space, at, reason), SLUICE_E_INVALID);
    assert_int_equal(sluice_slab_bytes(&space, behind), LARGE);
    free(space.base);
  }
}

static void what_only_looks_like_a_ring_is_not_discarded(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t plain = sluice_slab_alloc(&space, LARGE);
  uint32_t block = sluice_message_alloc(&space, plain, LARGE);
  sluice_object *object = sluice_at(&space, plain);
  assert_int_equal(sluice_message_put(&space, plain, object, block, LARGE), SLUICE_OK);
  memset(object, 0xff, LARGE);
  object->kind = SLUICE_KIND_RING_MPMC;
  sluice_message_discard(&space, plain);
  assert_true((refs_of(&space, block) & SLUICE_BIT_SPACE) != 0);
  assert_int_equal(sluice_message_reason(&space, plain, block), SLUICE_E_INVALID);
  free(space.base);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_message_arrives_and_its_block_is_free_again),
      cmocka_unit_test(a_message_that_is_not_sent_goes_with_one_unref),
      cmocka_unit_test(done_ends_one_reference_once),
      cmocka_unit_test(put_refuses_what_is_no_message_of_that_ring),
      cmocka_unit_test(get_refuses_a_record_that_names_no_block_of_that_ring),
      cmocka_unit_test(alloc_says_what_the_slab_says),
      cmocka_unit_test(discard_lets_go_when_no_consumer_will_come),
      cmocka_unit_test(discard_knows_rings_of_one_producer_too),
      cmocka_unit_test(a_ring_takes_its_messages_with_it),
      cmocka_unit_test(a_dead_senders_message_stays_when_it_is_committed),
      cmocka_unit_test(a_living_sender_keeps_what_it_has_not_committed_yet),
      cmocka_unit_test(a_dead_senders_block_goes_when_its_record_names_another),
      cmocka_unit_test(a_dead_receivers_batch_takes_its_blocks_with_it),
      cmocka_unit_test(the_messages_of_a_ring_of_one_producer_go_with_its_dead_consumer),
      cmocka_unit_test(there_is_no_sleep_where_there_is_memory),
      cmocka_unit_test(nobody_waits_where_no_message_is_on_its_way),
      cmocka_unit_test(a_message_that_is_being_written_is_on_its_way),
      cmocka_unit_test(who_waits_for_memory_is_woken_by_a_block_that_is_freed),
      cmocka_unit_test(who_waits_for_memory_is_woken_when_the_space_closes),
      cmocka_unit_test(there_is_no_wait_in_a_space_that_is_poisoned),
      cmocka_unit_test(the_first_reason_stays),
      cmocka_unit_test(a_reason_is_no_message_to_discard),
      cmocka_unit_test(a_reason_needs_a_channel_for_many_and_a_block_of_ones_own),
      cmocka_unit_test(a_dead_senders_block_that_names_no_place_of_a_ring_goes),
      cmocka_unit_test(a_falsified_kind_is_not_followed_out_of_its_block),
      cmocka_unit_test(what_only_looks_like_a_ring_is_not_discarded),
  };
  return RUN(tests);
}
