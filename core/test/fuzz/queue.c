/* The queue, two ends of it. */
#include "fuzz.h"

#include "sluice/queue.h"

enum { CAPACITY = 8, ELEMENT = 20 };

static sluice_queue *queue;
static sluice_queue_end ends[2];

void fuzz_begin(void) {
  uint32_t offset = sluice_queue_open(&fuzz_self, "q", 1, CAPACITY, ELEMENT);
  queue = sluice_at(&fuzz_self, offset);
  fuzz_hot(offset, sluice_queue_bytes(CAPACITY, ELEMENT));
  (void)sluice_queue_end_open(&ends[0], queue, CAPACITY, ELEMENT, fuzz_self.participant);
  (void)sluice_queue_end_open(&ends[1], queue, CAPACITY, ELEMENT, fuzz_peer.participant);
}

static void reopen(uint32_t which) {
  sluice_queue_end end;
  uint32_t owner = (which != 0 ? &fuzz_peer : &fuzz_self)->participant;
  int status = sluice_queue_end_open(&end, queue, CAPACITY, ELEMENT, owner);
  fuzz_status(status);
  if (status == SLUICE_OK) {
    ends[which] = end;
  }
}

void fuzz_step(uint32_t choice) {
  /* on the heap, so that ASan knows where it ends */
  unsigned char *element = calloc(1, ELEMENT);
  uint32_t which = choice >> 7;
  sluice_queue_end *end = &ends[which];
  switch (choice % 11) {
    case 0:
    case 1:
      fuzz_status(sluice_queue_try_push(end, element));
      break;
    case 2:
    case 3:
      fuzz_status(sluice_queue_try_pop(end, element));
      fuzz_read(element, ELEMENT);
      break;
    case 4:
      fuzz_status(sluice_queue_push(end, element, 0));
      break;
    case 5:
      fuzz_status(sluice_queue_pop(end, element, 0));
      fuzz_read(element, ELEMENT);
      break;
    case 6:
      (void)sluice_queue_push_sleep(end);
      (void)sluice_queue_pop_sleep(end);
      sluice_queue_pass_on(end);
      break;
    case 7: {
      sluice_queue_stats stats;
      sluice_queue_figures(end, &stats);
      if (sluice_queue_used(end) > CAPACITY) {
        abort();
      }
      break;
    }
    case 8:
      fuzz_bury();
      break;
    case 9:
      reopen(which);
      break;
    default:
      if ((choice & 0x70) == 0x70) {
        fuzz_status(sluice_queue_close(end));
      }
      break;
  }
  free(element);
}
