/* The queue of submitted calls: ids in an array, {lap, id} a place, id 0 for empty.
 *
 * Position p lies at place p % places, in lap p / places. Its word goes from {lap, 0} to {lap, id}
 * when it is filled and to {lap + 1, 0} when it is emptied, each by one compare-and-swap. The
 * counters head and tail follow: whoever finds one behind what the places say moves it on. So
 * nobody holds anything that he could die with. An id whose call is not queued any more (taken, or
 * its caller died) is passed over by whoever finds it at the head. */
#include "rpc_words.h"

enum { TRIES = 1000 }; /* how often others may be faster before the caller is told so */

#define LAP_SHIFT 32

typedef struct place {
  _Atomic uint64_t *at;
  uint64_t position;
  uint64_t word; /* as it was found */
  uint32_t lap;  /* of the position */
} place;

static place look(const sluice_rpc_view *view, const _Atomic uint64_t *counter) {
  _Atomic uint64_t *queue =
      (_Atomic uint64_t *)(void *)((unsigned char *)view->rpc + view->queue_at);
  uint64_t position = atomic_load_explicit(counter, memory_order_seq_cst);
  _Atomic uint64_t *at = &queue[position & ((UINT64_C(1) << view->queue_shift) - 1)];
  return (place){.at = at,
                 .position = position,
                 .lap = (uint32_t)(position >> view->queue_shift),
                 /* pairs with the compare-and-swap in sluice_rpc_push.
                  * seq_cst for a sleeper, which looks here after it has marked its word */
                 .word = atomic_load_explicit(at, memory_order_seq_cst)};
}

static uint32_t id_in(const place *found) {
  return (uint32_t)found->word;
}

/* Laps from the position's to the place's: 0 or 1 when all is well, -1 at the tail of a full queue.
 */
static int32_t ahead(const place *found) {
  return (int32_t)((uint32_t)(found->word >> LAP_SHIFT) - found->lap);
}

static int is_filled(const place *found) {
  return ahead(found) == 0 && id_in(found) != 0;
}

static void advance(_Atomic uint64_t *counter, uint64_t position) {
  (void)atomic_compare_exchange_strong_explicit(counter, &position, position + 1,
                                                memory_order_seq_cst, memory_order_relaxed);
  SLUICE_STEP("rpc.queue: advanced");
}

/* Empties the place at the head. */
static void drop(const sluice_rpc_view *view, const place *head) {
  uint64_t word = head->word;
  /* seq_cst: then the look whether a caller sleeps for room */
  (void)atomic_compare_exchange_strong_explicit(head->at, &word,
                                                (uint64_t)(head->lap + 1) << LAP_SHIFT,
                                                memory_order_seq_cst, memory_order_relaxed);
  SLUICE_STEP("rpc.queue: emptied");
  advance(&view->rpc->head, head->position);
  sluice_event_signal_all(&view->rpc->room);
}

/* Is the call at the head still queued? With its word. 1, 0, or SLUICE_E_POISONED. */
static int is_queued(const sluice_rpc_view *view, uint32_t id, uint64_t *word) {
  if (slot_of(id) >= view->calls) {
    return sluice_rpc_poison(view);
  }
  *word = atomic_load_explicit(&call_at(view, slot_of(id))->word, memory_order_acquire);
  return id_of(*word, slot_of(id)) == id && phase_of(*word) == QUEUED;
}

/* The queue is full: drops what is not queued any more from its head. SLUICE_OK: there is room now.
 */
static int make_room(const sluice_rpc_view *view) {
  place head = look(view, &view->rpc->head);
  uint64_t word = 0;
  if (ahead(&head) == 1) {
    advance(&view->rpc->head, head.position); /* who emptied it may have died before that */
  }
  if (!is_filled(&head)) {
    return SLUICE_OK;
  }
  int queued = is_queued(view, id_in(&head), &word);
  if (queued != 0) {
    return queued < 0 ? queued : SLUICE_E_FULL;
  }
  drop(view, &head);
  return SLUICE_OK;
}

int sluice_rpc_push(const sluice_rpc_view *view, uint32_t id) {
  _Atomic uint64_t *counter = &view->rpc->tail;
  for (int tries = 0; tries < TRIES; tries++) {
    place tail = look(view, counter);
    uint64_t word = tail.word;
    if (ahead(&tail) == 0 && id_in(&tail) == 0) {
      /* publishes the call; pairs with the load in look. seq_cst: then the look whether a server
       * sleeps */
      if (atomic_compare_exchange_strong_explicit(tail.at, &word, tail.word | id,
                                                  memory_order_seq_cst, memory_order_relaxed)) {
        SLUICE_STEP("rpc.queue: filled");
        advance(counter, tail.position);
        return SLUICE_OK;
      }
    } else if (ahead(&tail) == 1 || is_filled(&tail)) {
      advance(counter, tail.position);
    } else if (atomic_load_explicit(counter, memory_order_seq_cst) == tail.position) {
      if (ahead(&tail) != -1 || id_in(&tail) == 0) {
        return sluice_rpc_poison(view);
      }
      int status = make_room(view);
      if (status != SLUICE_OK) {
        return status;
      }
    }
  }
  return SLUICE_E_AGAIN;
}

sluice_rpc_call *sluice_rpc_take(const sluice_rpc_view *view, uint32_t *id, int *status) {
  for (int tries = 0; tries < TRIES; tries++) {
    place head = look(view, &view->rpc->head);
    if (is_filled(&head)) {
      uint64_t word = 0;
      *id = id_in(&head);
      int queued = is_queued(view, *id, &word);
      if (queued < 0) {
        *status = queued;
        return NULL;
      }
      sluice_rpc_call *call = call_at(view, slot_of(*id));
      int mine = queued != 0 && move(call, &word, moved(word, RUNNING, view->owner));
      SLUICE_STEP("rpc.next: taken");
      drop(view, &head);
      if (mine) {
        return call;
      }
    } else if (ahead(&head) == 1) {
      advance(&view->rpc->head, head.position);
    } else if (atomic_load_explicit(&view->rpc->head, memory_order_seq_cst) == head.position) {
      *status = ahead(&head) == 0 ? SLUICE_E_EMPTY : sluice_rpc_poison(view);
      return NULL;
    }
  }
  *status = SLUICE_E_AGAIN;
  return NULL;
}

int sluice_rpc_any(const sluice_rpc_view *view) {
  place head = look(view, &view->rpc->head);
  return ahead(&head) != 0 || id_in(&head) != 0;
}

int sluice_rpc_full(const sluice_rpc_view *view) {
  place tail = look(view, &view->rpc->tail);
  return ahead(&tail) == -1;
}
