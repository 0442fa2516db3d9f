/* The ring of many producers, with one consumer or two. */
#include "fuzz.h"

#include "sluice/ring_many.h"

enum { CAPACITY = 1024, BATCH = 8, ENDS = 2 };

static sluice_ring_many *ring;
static sluice_ring_many_producer producers[ENDS];
static sluice_ring_many_consumer consumers[ENDS];

void fuzz_begin(void) {
  uint32_t kind = fuzz_byte() % 2 != 0 ? SLUICE_KIND_RING_MPMC : SLUICE_KIND_RING_MPSC;
  uint32_t offset = sluice_ring_many_open(&fuzz_self, "r", 1, kind, CAPACITY, 0);
  ring = sluice_at(&fuzz_self, offset);
  fuzz_hot(offset, sluice_ring_many_bytes(CAPACITY));
  memset(producers, 0, sizeof producers);
  memset(consumers, 0, sizeof consumers);
  (void)sluice_ring_many_producer_open(&producers[0], ring, CAPACITY, fuzz_self.participant);
  (void)sluice_ring_many_producer_open(&producers[1], ring, CAPACITY, fuzz_peer.participant);
  (void)sluice_ring_many_consumer_open(&consumers[0], ring, CAPACITY, fuzz_self.participant);
  /* an MPSC ring has no place for this one: it is the same as the first then */
  if (sluice_ring_many_consumer_open(&consumers[1], ring, CAPACITY, fuzz_peer.participant) != 0) {
    consumers[1] = consumers[0];
  }
}

static void write_some(sluice_ring_many_producer *producer) {
  unsigned char payload[CAPACITY / 8] = {0};
  fuzz_status(sluice_ring_many_push(producer, payload, fuzz_byte() % (CAPACITY / 8 + 1),
                                    (int32_t)fuzz_byte()));
}

static void drain(sluice_ring_many_consumer *consumer) {
  sluice_ring_record batch[BATCH];
  int count = sluice_ring_many_drain(consumer, batch, fuzz_byte() % (BATCH + 1), fuzz_self.base);
  for (int i = 0; i < count; i++) {
    fuzz_see(fuzz_self.base + batch[i].offset, batch[i].length);
  }
  fuzz_status(count);
}

/* The ends: closed, opened anew, their participant buried. */
static void change(uint32_t which, uint32_t how) {
  sluice_space *space = which != 0 ? &fuzz_peer : &fuzz_self;
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
      if (sluice_ring_many_producer_open(&producer, ring, CAPACITY, space->participant) == 0) {
        producers[which] = producer;
      }
      return;
    case 4:
      if (sluice_ring_many_consumer_open(&consumer, ring, CAPACITY, space->participant) == 0) {
        consumers[which] = consumer;
      }
      return;
    default:
      fuzz_status(sluice_ring_many_close(ring));
      return;
  }
}

void fuzz_step(uint32_t choice) {
  uint32_t which = choice >> 7;
  sluice_ring_many_producer *producer = &producers[which];
  sluice_ring_many_consumer *consumer = &consumers[which];
  switch (choice % 14) {
    case 0: {
      uint32_t length = fuzz_size();
      void *at = sluice_ring_many_claim(producer, length, (int32_t)fuzz_word());
      if (at != NULL) {
        fuzz_see(at, length);
        memset(at, 0x5a, length);
      }
      break;
    }
    case 1:
      fuzz_status(sluice_ring_many_commit(producer, fuzz_size()));
      break;
    case 2:
      fuzz_status(sluice_ring_many_abort(producer));
      break;
    case 3:
    case 4:
      write_some(producer);
      break;
    case 5: {
      const void *at = sluice_ring_many_peek(consumer);
      if (at != NULL) {
        fuzz_see(at, consumer->length);
        if (consumer->length > CAPACITY / 8) {
          abort();
        }
      }
      fuzz_status(consumer->status);
      break;
    }
    case 6:
      drain(consumer);
      break;
    case 7:
      fuzz_status(sluice_ring_many_release(consumer));
      break;
    case 8:
      sluice_ring_many_rewind(consumer);
      break;
    case 9:
      fuzz_status(sluice_ring_many_producer_wait(producer, fuzz_size(), 0));
      break;
    case 10:
      fuzz_status(sluice_ring_many_consumer_wait(consumer, 0));
      break;
    case 11:
      (void)sluice_ring_many_producer_sleep(producer, fuzz_size());
      (void)sluice_ring_many_consumer_sleep(consumer);
      sluice_ring_many_consumer_pass(consumer);
      break;
    case 12: {
      sluice_ring_many_figures figures;
      sluice_ring_many_figures_of(ring, &figures);
      break;
    }
    default:
      change(which, fuzz_byte());
      break;
  }
}
