/* A program with threads of its own. It hosts a space in its memory and squares the numbers that
 * JavaScript asks for: the page by `over`, its worker by `attach`. Whoever asks has a ring for the
 * answers; the questions come by one ring, in which this thread sleeps while there are none. */
#include <emscripten.h>
#include <sluice/sluice.h>
#include <stdio.h>

enum { BYTES = 1 << 20, CAPACITY = 1 << 12, ASKERS = 2 };

typedef struct {
  uint32_t asker, number;
} question;

static _Alignas(SLUICE_ALIGN) unsigned char memory[BYTES]; /* the space; a static starts as zeros */

static void answer(sluice_ring_producer *out, uint64_t square) {
  while (sluice_ring_push(out, &square, sizeof square, 0) == SLUICE_E_FULL) {
    sluice_ring_producer_wait(out, sizeof square, -1);
  }
}

int main(void) { /* in a thread of its own, by -sPROXY_TO_PTHREAD: a page may not sleep */
  static const char *const names[ASKERS] = {"answers-0", "answers-1"};
  sluice_space space;
  sluice_ring_many_consumer in;
  sluice_ring_producer out[ASKERS];
  const question *next;
  sluice_space_init(&space, memory, BYTES);
  sluice_participant_join(&space, 0);
  uint32_t me = space.participant;
  uint32_t ring = sluice_ring_many_open(&space, "questions", 9, SLUICE_KIND_RING_MPSC, CAPACITY, 0);
  sluice_ring_many_consumer_open(&in, sluice_at(&space, ring), CAPACITY, me);
  for (int i = 0; i < ASKERS; i++) {
    ring = sluice_ring_open(&space, names[i], 9, CAPACITY, 0);
    sluice_ring_producer_open(&out[i], sluice_at(&space, ring), CAPACITY, me);
  }
  MAIN_THREAD_ASYNC_EM_ASM({ Module.hosts($0); }, memory);
  while (sluice_ring_many_consumer_wait(&in, -1) == SLUICE_OK) { /* until all askers have closed */
    for (; (next = sluice_ring_many_peek(&in)) != NULL; sluice_ring_many_release(&in)) {
      answer(&out[next->asker % ASKERS], (uint64_t)next->number * next->number);
    }
  }
  for (int i = 0; i < ASKERS; i++) {
    sluice_ring_producer_close(&out[i]);
  }
  sluice_participant_leave(&space);
  return 0;
}
