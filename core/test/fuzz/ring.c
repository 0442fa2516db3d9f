/* The one-to-one ring, both ends, and mirroring. */
#include "fuzz.h"

enum { CAPACITY = 1024, BATCH = 8 };

static sluice_ring *ring;
static sluice_ring_producer producer;
static sluice_ring_consumer consumer;

void fuzz_begin(void) {
  uint32_t offset = sluice_ring_open(&fuzz_self, "r", 1, CAPACITY, 0);
  ring = sluice_at(&fuzz_self, offset);
  (void)sluice_ring_producer_open(&producer, ring, CAPACITY, fuzz_self.participant);
  (void)sluice_ring_consumer_open(&consumer, ring, CAPACITY, fuzz_peer.participant);
}

static void see(const void *at, uint32_t bytes) {
  fuzz_bounds((uint32_t)((const unsigned char *)at - fuzz_self.base), bytes);
  fuzz_read(at, bytes);
}

void fuzz_step(uint32_t choice) {
  switch (choice % 14) {
    case 0: {
      uint32_t length = fuzz_size();
      void *at = sluice_ring_claim(&producer, length, (int32_t)fuzz_word());
      if (at != NULL) {
        see(at, length);
        memset(at, 0x5a, length);
      }
      break;
    }
    case 1:
      fuzz_status(sluice_ring_commit(&producer, fuzz_size()));
      break;
    case 2:
      fuzz_status(sluice_ring_abort(&producer));
      break;
    case 3: {
      unsigned char payload[CAPACITY / 8] = {0};
      fuzz_status(sluice_ring_push(&producer, payload, fuzz_byte() % (CAPACITY / 8 + 1), 1));
      break;
    }
    case 4: {
      const void *at = sluice_ring_peek(&consumer);
      if (at != NULL) {
        see(at, consumer.length);
      }
      break;
    }
    case 5: {
      sluice_ring_record batch[BATCH];
      int count = sluice_ring_drain(&consumer, batch, BATCH, fuzz_self.base);
      for (int i = 0; i < count; i++) {
        see(fuzz_self.base + batch[i].offset, batch[i].length);
      }
      fuzz_status(count);
      break;
    }
    case 6:
      fuzz_status(sluice_ring_release(&consumer));
      break;
    case 7:
      sluice_ring_rewind(&consumer);
      break;
    case 8: {
      uint32_t length = fuzz_size();
      fuzz_status(sluice_ring_producer_wait(&producer, length, 0));
      (void)sluice_ring_producer_sleep(&producer, length);
      break;
    }
    case 9:
      fuzz_status(sluice_ring_consumer_wait(&consumer, 0));
      (void)sluice_ring_consumer_sleep(&consumer);
      break;
    case 10: {
      const void *at = sluice_ring_take(&consumer);
      if (at != NULL) {
        see(at, consumer.length);
      }
      fuzz_status(sluice_ring_release_bytes(&consumer, fuzz_size()));
      break;
    }
    case 11: {
      uint32_t bytes = fuzz_byte() * 8;
      void *at = sluice_ring_reserve(&producer, bytes);
      if (at != NULL) {
        see(at, bytes);
        for (uint32_t i = 0; i < bytes; i += 4) {
          uint32_t word = fuzz_byte();
          memcpy((unsigned char *)at + i, &word, 4);
        }
        fuzz_status(sluice_ring_append(&producer, bytes));
      }
      break;
    }
    case 12:
      fuzz_status(sluice_participant_bury(&fuzz_self, fuzz_peer.participant));
      (void)sluice_ring_used(ring);
      break;
    default:
      if ((choice & 0xe0) == 0xe0) {
        fuzz_status(sluice_ring_producer_close(&producer));
        fuzz_status(sluice_ring_consumer_close(&consumer));
      }
      break;
  }
}
