/* What the workers of some figures do in C. */
#include <string.h>

#include "sluice/sluice.h"

/* ---- "parallel": some microseconds for each number, and no memory but a word of the result ---- */

enum { RESULTS = 4096, STEPS = 4000 };

static uint32_t results[RESULTS];

__attribute__((export_name("kernel"))) void kernel(int32_t begin, int32_t end) {
  for (int32_t i = begin; i < end; i++) {
    uint32_t state = (uint32_t)i + 1;
    for (int step = 0; step < STEPS; step++) {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
    }
    results[i % RESULTS] += state;
  }
}

/* The sum of all results, which are 0 again afterwards. */
__attribute__((export_name("kernel_sum"))) uint32_t kernel_sum(void) {
  uint32_t sum = 0;
  for (int i = 0; i < RESULTS; i++) {
    sum += results[i];
    results[i] = 0;
  }
  return sum;
}

/* ---- "throughput_c": one end of a channel, as JavaScript's in peers/sluice-pipe.js ---- */

enum { LINKS = 3, RECORD = 64, CAPACITY = 512 * 1024, BATCH = 256 };

/* As peers/sluice-c.js calls its links. */
static const char *const names[LINKS] = {"from C of 64", "to C of 64", "in C of 64"};

typedef struct {
  _Alignas(SLUICE_ALIGN) sluice_ring_producer ring;
} producer;

typedef struct {
  _Alignas(SLUICE_ALIGN) sluice_ring_consumer ring;
} consumer;

/* By link; each belongs to one thread. */
static producer producers[LINKS];
static consumer consumers[LINKS];

static uint32_t open_ring(sluice_space *space, uint32_t link) {
  return sluice_ring_open(space, names[link], strlen(names[link]), CAPACITY, 0);
}

/* A status, as the next ones. */
__attribute__((export_name("produce_open"))) int32_t produce_open(uint32_t link) {
  sluice_space *space = sluice_thread_space();
  uint32_t ring = open_ring(space, link);
  return ring == 0 ? space->status
                   : sluice_ring_producer_open(&producers[link].ring, sluice_at(space, ring),
                                               CAPACITY, space->participant);
}

__attribute__((export_name("consume_open"))) int32_t consume_open(uint32_t link) {
  sluice_space *space = sluice_thread_space();
  uint32_t ring = open_ring(space, link);
  return ring == 0 ? space->status
                   : sluice_ring_consumer_open(&consumers[link].ring, sluice_at(space, ring),
                                               CAPACITY, space->participant);
}

/* As payload.js stamps them: the number is at both ends. */
static void write_record(double *record, uint32_t id) {
  uint32_t end = ~id;
  for (int i = 0; i < RECORD / 8; i++) {
    record[i] = id;
  }
  memcpy(record, &id, 4);
  memcpy((unsigned char *)record + RECORD - 4, &end, 4);
}

__attribute__((export_name("produce"))) int32_t produce(uint32_t link, uint32_t count) {
  sluice_ring_producer *out = &producers[link].ring;
  for (uint32_t id = 0; id < count;) {
    double *record = sluice_ring_claim(out, RECORD, 0);
    if (record != NULL) {
      write_record(record, id++);
      (void)sluice_ring_commit(out, RECORD);
    } else {
      /* Not for each record that fits: it would wake for every batch that is read. */
      int32_t status =
          out->status == SLUICE_E_FULL ? sluice_ring_producer_wait(out, out->max, -1) : out->status;
      if (status != SLUICE_OK) {
        return status;
      }
    }
  }
  return SLUICE_OK;
}

static int is_record(const unsigned char *record, uint32_t length, uint32_t id) {
  uint32_t begin, end;
  memcpy(&begin, record, 4);
  memcpy(&end, record + RECORD - 4, 4);
  return length == RECORD && begin == id && end == ~id;
}

/* How many came as they were sent: `count`, or the number of the first that did not. */
__attribute__((export_name("consume"))) uint32_t consume(uint32_t link, uint32_t count) {
  sluice_ring_consumer *in = &consumers[link].ring;
  sluice_ring_record batch[BATCH];
  uint32_t next = 0;
  while (next < count && sluice_ring_consumer_wait(in, -1) == SLUICE_OK) {
    int records = sluice_ring_drain(in, batch, BATCH, in->data);
    for (int i = 0; i < records; i++, next++) {
      if (!is_record(in->data + batch[i].offset, batch[i].length, next)) {
        return next;
      }
    }
    (void)sluice_ring_release(in);
  }
  return next;
}
