/* Records in blocks, and the reasons of channels: two senders and two receivers on one ring. */
#include "fuzz.h"

#include "sluice/broadcast.h"
#include "sluice/message.h"
#include "sluice/ring_many.h"

enum { CAPACITY = 512, ENDS = 2 };

static uint32_t rings[3]; /* of many, one to one, a broadcast; any of them may be none */
static sluice_ring_many *many;
static sluice_ring_many_producer producers[ENDS];
static sluice_ring_many_consumer consumers[ENDS];
static uint32_t blocks[ENDS];
static sluice_message messages[ENDS];

void fuzz_begin(void) {
  rings[0] = sluice_ring_many_open(&fuzz_self, "m", 1, SLUICE_KIND_RING_MPMC, CAPACITY, 0);
  rings[1] = sluice_ring_open(&fuzz_self, "s", 1, CAPACITY, 0);
  rings[2] = sluice_broadcast_open(&fuzz_self, "b", 1, CAPACITY, 0);
  many = sluice_at(&fuzz_self, rings[0]);
  memset(producers, 0, sizeof producers);
  memset(consumers, 0, sizeof consumers);
  memset(messages, 0, sizeof messages);
  memset(blocks, 0, sizeof blocks);
  (void)sluice_ring_many_producer_open(&producers[0], many, CAPACITY, fuzz_self.participant);
  (void)sluice_ring_many_producer_open(&producers[1], many, CAPACITY, fuzz_peer.participant);
  (void)sluice_ring_many_consumer_open(&consumers[0], many, CAPACITY, fuzz_self.participant);
  (void)sluice_ring_many_consumer_open(&consumers[1], many, CAPACITY, fuzz_peer.participant);
  fuzz_hot(rings[0], sluice_ring_many_bytes(CAPACITY));
}

/* Mostly the ring that has ends; sometimes another, or anything. */
static uint32_t some_ring(void) {
  uint32_t choice = fuzz_byte();
  return choice < 200 ? rings[0] : choice < 250 ? rings[choice % 3] : fuzz_word();
}

static void alloc(uint32_t which, sluice_space *space) {
  uint32_t bytes = fuzz_size();
  uint32_t block = sluice_message_alloc(space, some_ring(), bytes);
  if (block == 0) {
    fuzz_status(space->status);
    return;
  }
  fuzz_bounds(block, bytes);
  memset(fuzz_self.base + block, 0x5a, bytes);
  blocks[which] = block;
  fuzz_hot(block - 32, 64); /* its header, and what it begins with */
}

static void send(uint32_t which, sluice_space *space) {
  sluice_ring_many_producer *producer = &producers[which];
  void *record = sluice_ring_many_claim(producer, sizeof(sluice_message), SLUICE_MESSAGE_BLOCK);
  if (record == NULL) {
    fuzz_status(producer->status);
    return;
  }
  fuzz_see(record, sizeof(sluice_message));
  uint32_t length = fuzz_byte() % 4 != 0 ? sluice_slab_bytes(space, blocks[which]) : fuzz_size();
  fuzz_status(sluice_message_put(space, rings[0], record, blocks[which], length));
  if (fuzz_byte() % 8 != 0) {
    fuzz_status(sluice_ring_many_commit(producer, sizeof(sluice_message)));
    fuzz_status(sluice_slab_unref(space, blocks[which]));
  }
}

static void receive(uint32_t which, sluice_space *space) {
  sluice_ring_many_consumer *consumer = &consumers[which];
  const void *record = sluice_ring_many_peek(consumer);
  if (record == NULL) {
    fuzz_status(consumer->status);
    return;
  }
  fuzz_see(record, consumer->length);
  sluice_message message;
  int status = sluice_message_get(space, some_ring(), record, consumer->length, &message);
  fuzz_status(status);
  if (status == SLUICE_OK) {
    fuzz_bounds(message.offset, message.length);
    fuzz_read(fuzz_self.base + message.offset, message.length);
    messages[which] = message;
    sluice_message_done(space, rings[0], &message);
  }
  fuzz_status(sluice_ring_many_release(consumer));
}

/* The ends: closed, opened anew, their participant buried; the ring's name taken away. */
static void change(uint32_t which, uint32_t how, sluice_space *space) {
  sluice_ring_many_producer producer;
  sluice_ring_many_consumer consumer;
  switch (how % 6) {
    case 0:
      fuzz_bury();
      return;
    case 1:
      fuzz_status(sluice_ring_many_producer_close(&producers[which]));
      return;
    case 2:
      fuzz_status(sluice_ring_many_consumer_close(&consumers[which]));
      return;
    case 3:
      if (sluice_ring_many_producer_open(&producer, many, CAPACITY, space->participant) == 0) {
        producers[which] = producer;
      }
      return;
    case 4:
      if (sluice_ring_many_consumer_open(&consumer, many, CAPACITY, space->participant) == 0) {
        consumers[which] = consumer;
      }
      return;
    default:
      /* a name goes, and with it a ring that nobody has open; this target's own stay open */
      fuzz_status(sluice_directory_remove(space, how < 128 ? "s" : "b", 1));
      fuzz_status(sluice_object_close(space, rings[how < 128 ? 1 : 2]));
      return;
  }
}

void fuzz_step(uint32_t choice) {
  uint32_t which = choice >> 7;
  sluice_space *space = which != 0 ? &fuzz_peer : &fuzz_self;
  switch (choice % 12) {
    case 0:
    case 1:
      alloc(which, space);
      break;
    case 2:
    case 3:
      send(which, space);
      break;
    case 4:
    case 5:
      receive(which, space);
      break;
    case 6: { /* what was read before, once more, or made up */
      sluice_message message = messages[which];
      if (fuzz_byte() % 4 == 0) {
        message = (sluice_message){.offset = fuzz_word(), .serial = fuzz_byte(), .length = 8};
      }
      sluice_message_done(space, some_ring(), &message);
      break;
    }
    case 7:
      sluice_message_discard(space, some_ring());
      break;
    case 8:
      (void)sluice_message_sleep(space, some_ring(), fuzz_size());
      fuzz_status(space->status);
      break;
    case 9:
      fuzz_status(sluice_message_wait(space, some_ring(), fuzz_size(), 0));
      break;
    case 10:
      fuzz_status(sluice_message_reason(space, rings[fuzz_byte() % 3], blocks[which]));
      break;
    default:
      change(which, fuzz_byte(), space);
      break;
  }
}
