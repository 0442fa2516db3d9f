#include "sluice/queue.h"

#include "blocks.h"
#include "kinds.h"
#include "lock.h"

/* tail */
#define CLOSED (UINT64_C(1) << 63)

/* A slot's turn, with what recovery left in its upper bits. */
#define TURN_MASK ((UINT64_C(1) << 56) - 1)
#define TURN_OWNER (UINT64_C(1) << 56) /* times 0 to 46: whose element was lost */
#define TURN_SKIP (UINT64_C(1) << 62)  /* filled with nothing: its producer died */
#define TURN_COUNT (UINT64_C(1) << 63) /* free, once the loss is counted */

/* line.pop, beside the ticket: the element has been taken for certain, and (in recovery) `base`
 * stands. */
#define POP_WON (UINT64_C(1) << 62)
#define POP_BASED (UINT64_C(1) << 63)
#define POP_NAME (POP_WON - 1)

/* How often others may be faster before a caller is told so: with honest others never in practice.
 */
enum { TRIES = 4096 };

typedef _Atomic uint64_t turn_word;

uint32_t sluice_queue_bytes(uint32_t capacity, uint32_t element) {
  if (capacity == 0 || capacity > SLUICE_QUEUE_CAPACITY_MAX || (capacity & (capacity - 1)) != 0 ||
      element == 0 || element > SLUICE_QUEUE_ELEMENT_MAX) {
    return 0;
  }
  uint64_t stride = 8 + (((uint64_t)element + 7) & ~UINT64_C(7));
  uint64_t bytes = sizeof(sluice_queue) + capacity * stride;
  return bytes > SLUICE_QUEUE_BYTES_MAX ? 0 : (uint32_t)bytes;
}

static sluice_shape shape_of(uint32_t capacity, uint32_t element) {
  return (sluice_shape){.kind = SLUICE_KIND_QUEUE,
                        .bytes = sluice_queue_bytes(capacity, element),
                        .capacity = capacity,
                        .codec = element};
}

int sluice_queue_init(void *at, uint32_t capacity, uint32_t element) {
  return sluice_object_init(at, shape_of(capacity, element));
}

uint32_t sluice_queue_open(sluice_space *space, const char *name, uint32_t name_bytes,
                           uint32_t capacity, uint32_t element) {
  return sluice_object_open(space, name, name_bytes, shape_of(capacity, element));
}

static uint32_t flags_of(const sluice_queue *queue) {
  /* pairs with the seq_cst in set_flag; seq_cst for a sleeper's second look */
  return atomic_load_explicit(&queue->object.state, memory_order_seq_cst);
}

/* Wakes all, whatever they wait for. */
static void wake_all(sluice_queue *queue) {
  sluice_event_signal_all(&queue->items);
  sluice_event_signal_all(&queue->room);
}

static void set_flag(sluice_queue *queue, uint32_t flag) {
  /* tells everyone; pairs with the load in flags_of, and with a sleeper's look after its mark */
  atomic_fetch_or_explicit(&queue->object.state, flag, memory_order_seq_cst);
  SLUICE_STEP("queue.close: flag set");
}

static int poison(sluice_queue *queue) {
  set_flag(queue, SLUICE_OBJECT_POISONED);
  wake_all(queue);
  return SLUICE_E_POISONED;
}

static sluice_queue_end shaped(sluice_queue *queue, uint32_t capacity, uint32_t element,
                               uint32_t index) {
  return (sluice_queue_end){.queue = queue,
                            .line = &queue->lines[index],
                            .capacity = capacity,
                            .laps = (uint32_t)__builtin_ctz(capacity),
                            .stride = 8 + ((element + 7) & ~UINT32_C(7)),
                            .element = element};
}

int sluice_queue_end_open(sluice_queue_end *end, sluice_queue *queue, uint32_t capacity,
                          uint32_t element, uint32_t owner) {
  uint32_t index = (owner & UINT32_C(0xff)) - 1;
  if (sluice_queue_bytes(capacity, element) == 0 || queue->object.kind != SLUICE_KIND_QUEUE ||
      queue->object.capacity != capacity || queue->object.codec != element ||
      !sluice_owner_valid(owner)) {
    return SLUICE_E_INVALID;
  }
  if ((flags_of(queue) & SLUICE_OBJECT_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  *end = shaped(queue, capacity, element, index);
  return SLUICE_OK;
}

/* The slot of `ticket`, wherever that points: never past the last one. */
static turn_word *slot_of(const sluice_queue_end *end, uint64_t ticket) {
  uint32_t index = (uint32_t)ticket & (end->capacity - 1);
  return (turn_word *)(void *)(end->queue->slots + (size_t)index * end->stride);
}

/* The turn at which the slot is free for `ticket`. */
static uint64_t turn_of(const sluice_queue_end *end, uint64_t ticket) {
  return (ticket >> end->laps) * 2 & TURN_MASK;
}

/* Is `turn` one of `last - 2`, `last - 1`, `last`? Anything else contradicts the ticket. */
static int plausible(uint64_t turn, uint64_t last) {
  return ((last - turn) & TURN_MASK) <= 2;
}

static void bump(_Atomic uint64_t *figure) {
  sluice_figure(figure, atomic_load_explicit(figure, memory_order_relaxed) + 1);
}

static void bump32(_Atomic uint32_t *figure) {
  uint32_t value = atomic_load_explicit(figure, memory_order_relaxed);
  atomic_store_explicit(figure, value + 1, memory_order_relaxed);
}

/* ---- the two looks ---- */

/* The ticket that could be filled now. SLUICE_OK, _FULL, _CLOSED, _POISONED or _AGAIN. */
static int find_room(const sluice_queue_end *end, uint64_t *ticket) {
  sluice_queue *queue = end->queue;
  if ((flags_of(queue) & SLUICE_OBJECT_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  /* pairs with the swap in try_push: the turns that older tickets' holders saw are visible */
  uint64_t tail = atomic_load_explicit(&queue->tail, memory_order_acquire);
  for (int tries = 0; tries < TRIES; tries++) {
    if ((tail & CLOSED) != 0) {
      return SLUICE_E_CLOSED;
    }
    uint64_t free = turn_of(end, tail);
    /* pairs with the store in try_pop: the slot has been emptied.
     * seq_cst for a sleeper, which looks here after its mark */
    uint64_t turn = atomic_load_explicit(slot_of(end, tail), memory_order_seq_cst);
    if (turn == free) {
      *ticket = tail;
      return SLUICE_OK;
    }
    /* Full only if that is still the ticket: another may have taken it in between. */
    uint64_t now = atomic_load_explicit(&queue->tail, memory_order_acquire);
    if (now == tail) {
      return plausible(turn, free) ? SLUICE_E_FULL : poison(queue);
    }
    tail = now;
  }
  return SLUICE_E_AGAIN;
}

/* The ticket that could be emptied now, and its slot's turn. SLUICE_OK, _EMPTY, _CLOSED, _POISONED
 * or _AGAIN. */
static int find_item(const sluice_queue_end *end, uint64_t *ticket, uint64_t *turn) {
  sluice_queue *queue = end->queue;
  if ((flags_of(queue) & SLUICE_OBJECT_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  /* pairs with the swap in try_pop, as above */
  uint64_t head = atomic_load_explicit(&queue->head, memory_order_acquire);
  for (int tries = 0; tries < TRIES; tries++) {
    uint64_t filled = turn_of(end, head) + 1;
    /* pairs with the store in try_push: the element is visible. seq_cst as above */
    *turn = atomic_load_explicit(slot_of(end, head), memory_order_seq_cst);
    if ((*turn & ~TURN_SKIP) == filled) {
      *ticket = head;
      return SLUICE_OK;
    }
    /* seq_cst for a sleeper, which has to see that the queue was closed before its mark */
    uint64_t tail = atomic_load_explicit(&queue->tail, memory_order_seq_cst);
    uint64_t now = atomic_load_explicit(&queue->head, memory_order_acquire);
    if (now == head) {
      if (!plausible(*turn, filled)) {
        return poison(queue);
      }
      return tail == (head | CLOSED) ? SLUICE_E_CLOSED : SLUICE_E_EMPTY;
    }
    head = now;
  }
  return SLUICE_E_AGAIN;
}

/* ---- passing wake-ups on ----
 *
 * A wake-up goes to one. What it was for may be gone, or may not be at the front yet, so whoever
 * gets on wakes the next if there is more: else an element could lie there while a consumer sleeps.
 */

static void pass_room_on(const sluice_queue_end *end) {
  uint64_t ticket = 0;
  _Atomic uint32_t *room = &end->queue->room;
  if ((atomic_load_explicit(room, memory_order_seq_cst) & SLUICE_EVENT_WAITER) != 0) {
    int status = find_room(end, &ticket);
    if (status == SLUICE_OK || status == SLUICE_E_AGAIN) {
      sluice_event_signal_one(room);
    } else if (status != SLUICE_E_FULL) {
      sluice_event_signal_all(room);
    }
  }
}

static void pass_items_on(const sluice_queue_end *end) {
  uint64_t ticket = 0;
  uint64_t turn = 0;
  _Atomic uint32_t *items = &end->queue->items;
  if ((atomic_load_explicit(items, memory_order_seq_cst) & SLUICE_EVENT_WAITER) != 0) {
    int status = find_item(end, &ticket, &turn);
    if (status == SLUICE_OK || status == SLUICE_E_AGAIN) {
      sluice_event_signal_one(items);
    } else if (status != SLUICE_E_EMPTY) {
      sluice_event_signal_all(items);
    }
  }
}

void sluice_queue_pass_on(sluice_queue_end *end) {
  pass_room_on(end);
  pass_items_on(end);
}

/* ---- push and pop ---- */

/* Names `ticket` in one's own line, then takes it. */
static int take(_Atomic uint64_t *counter, _Atomic uint64_t *line, uint64_t ticket) {
  /* publishes, to a recovery that reads the line, that the ticket named before is done with; pairs
   * with the acquire in named_by */
  atomic_store_explicit(line, ticket + 1, memory_order_release);
  SLUICE_STEP("queue.take: ticket announced");
  /* publishes the line to a recovery that sees the counter past the ticket */
  if (!atomic_compare_exchange_strong_explicit(counter, &ticket, ticket + 1, memory_order_acq_rel,
                                               memory_order_relaxed)) {
    return 0;
  }
  SLUICE_STEP("queue.take: ticket taken");
  return 1;
}

/* One's line names nothing any more. */
static void let_go(_Atomic uint64_t *line) {
  /* publishes the turn before it to a recovery; pairs with the acquire in named_by */
  atomic_store_explicit(line, 0, memory_order_release);
}

int sluice_queue_try_push(sluice_queue_end *end, const void *element) {
  sluice_queue *queue = end->queue;
  sluice_queue_line *line = end->line;
  uint64_t ticket = 0;
  int named = 0;
  for (int tries = 0; tries < TRIES; tries++) {
    int status = find_room(end, &ticket);
    if (status != SLUICE_OK) {
      if (named) {
        let_go(&line->push);
      }
      if (status == SLUICE_E_FULL) {
        bump32(&line->refused);
      }
      return status;
    }
    named = 1;
    if (take(&queue->tail, &line->push, ticket)) {
      turn_word *slot = slot_of(end, ticket);
      memcpy((unsigned char *)(void *)slot + 8, element, end->element);
      SLUICE_STEP("queue.push: element written");
      /* publishes the element; pairs with the load in find_item.
       * seq_cst for the look at `items` that follows */
      atomic_store_explicit(slot, turn_of(end, ticket) + 1, memory_order_seq_cst);
      SLUICE_STEP("queue.push: slot turned");
      let_go(&line->push);
      bump(&line->pushed);
      SLUICE_STEP("queue.push: announcement cleared");
      sluice_event_signal_one(&queue->items);
      SLUICE_STEP("queue.push: consumer woken");
      pass_room_on(end);
      return SLUICE_OK;
    }
  }
  let_go(&line->push);
  return SLUICE_E_AGAIN;
}

/* Empties the slot of `ticket`, which this end has taken. 1 when there was an element. */
static int empty(sluice_queue_end *end, uint64_t ticket, uint64_t turn, void *element) {
  sluice_queue *queue = end->queue;
  sluice_queue_line *line = end->line;
  turn_word *slot = slot_of(end, ticket);
  int skip = (turn & TURN_SKIP) != 0;
  if (!skip) {
    /* publishes, to a recovery that finds the slot turned, that it was this end that turned it */
    atomic_store_explicit(&line->pop, (ticket + 1) | POP_WON, memory_order_release);
    SLUICE_STEP("queue.pop: ticket known to be taken");
    memcpy(element, (unsigned char *)(void *)slot + 8, end->element);
    SLUICE_STEP("queue.pop: element read");
  }
  /* publishes the emptied slot; pairs with the load in find_room.
   * seq_cst for the look at `room` that follows */
  atomic_store_explicit(slot, turn_of(end, ticket + end->capacity), memory_order_seq_cst);
  SLUICE_STEP("queue.pop: slot turned");
  /* A death up to here loses the element, and one from here on does not. */
  let_go(&line->pop);
  bump(skip ? &line->skipped : &line->popped);
  SLUICE_STEP("queue.pop: announcement cleared");
  sluice_event_signal_one(&queue->room);
  SLUICE_STEP("queue.pop: producer woken");
  return !skip;
}

int sluice_queue_try_pop(sluice_queue_end *end, void *element) {
  uint64_t ticket = 0;
  uint64_t turn = 0;
  int named = 0;
  for (int tries = 0; tries < TRIES; tries++) {
    int status = find_item(end, &ticket, &turn);
    if (status != SLUICE_OK) {
      if (named) {
        let_go(&end->line->pop);
      }
      return status;
    }
    named = 1;
    if (take(&end->queue->head, &end->line->pop, ticket) && empty(end, ticket, turn, element)) {
      pass_items_on(end);
      return SLUICE_OK;
    }
  }
  let_go(&end->line->pop);
  return SLUICE_E_AGAIN;
}

/* ---- waiting ---- */

int sluice_queue_push_sleep(sluice_queue_end *end) {
  uint64_t ticket = 0;
  if (find_room(end, &ticket) != SLUICE_E_FULL) {
    return 0;
  }
  end->key = sluice_event_mark(&end->queue->room);
  SLUICE_STEP("queue.push: asleep marked");
  if (find_room(end, &ticket) != SLUICE_E_FULL) {
    return 0;
  }
  bump32(&end->line->waits);
  return 1;
}

int sluice_queue_pop_sleep(sluice_queue_end *end) {
  uint64_t ticket = 0;
  uint64_t turn = 0;
  if (find_item(end, &ticket, &turn) != SLUICE_E_EMPTY) {
    return 0;
  }
  end->key = sluice_event_mark(&end->queue->items);
  SLUICE_STEP("queue.pop: asleep marked");
  if (find_item(end, &ticket, &turn) != SLUICE_E_EMPTY) {
    return 0;
  }
  bump32(&end->line->waits);
  return 1;
}

/* Is that an answer, or worth another try? */
static int settled(int status) {
  return status != SLUICE_E_FULL && status != SLUICE_E_EMPTY && status != SLUICE_E_AGAIN;
}

/* After a sleep that ended with `slept`, or for no time to sleep: the last try counts, as a wake-up
 * may have come as well. */
static int last_answer(int status, int slept) {
  return settled(status) ? status : slept;
}

int sluice_queue_push(sluice_queue_end *end, const void *element, int64_t timeout_ns) {
  int status = sluice_queue_try_push(end, element);
  for (int spin = 0; !settled(status) && timeout_ns != 0 && spin < SLUICE_SPINS; spin++) {
    uint64_t ticket = 0;
    sluice_pause();
    status = find_room(end, &ticket);
    status = status == SLUICE_OK ? sluice_queue_try_push(end, element) : status;
  }
  if (timeout_ns == 0) {
    return last_answer(status, SLUICE_E_TIMEOUT);
  }
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  while (!settled(status)) {
    if (sluice_queue_push_sleep(end)) {
      int slept = sluice_sleep(&end->queue->room, end->key, &deadline);
      if (slept != SLUICE_OK) {
        return last_answer(sluice_queue_try_push(end, element), slept);
      }
    }
    status = sluice_queue_try_push(end, element);
  }
  return status;
}

int sluice_queue_pop(sluice_queue_end *end, void *element, int64_t timeout_ns) {
  int status = sluice_queue_try_pop(end, element);
  for (int spin = 0; !settled(status) && timeout_ns != 0 && spin < SLUICE_SPINS; spin++) {
    sluice_pause();
    status = sluice_queue_try_pop(end, element);
  }
  if (timeout_ns == 0) {
    return last_answer(status, SLUICE_E_TIMEOUT);
  }
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  while (!settled(status)) {
    if (sluice_queue_pop_sleep(end)) {
      int slept = sluice_sleep(&end->queue->items, end->key, &deadline);
      if (slept != SLUICE_OK) {
        return last_answer(sluice_queue_try_pop(end, element), slept);
      }
    }
    status = sluice_queue_try_pop(end, element);
  }
  return status;
}

/* ---- closing, figures ---- */

int sluice_queue_shut(sluice_queue *queue) {
  /* In the tail itself: a ticket is taken before it or not at all.
   * seq_cst for a sleeper, which looks at the tail after its mark */
  atomic_fetch_or_explicit(&queue->tail, CLOSED, memory_order_seq_cst);
  SLUICE_STEP("queue.close: tail closed");
  set_flag(queue, SLUICE_OBJECT_CLOSED);
  wake_all(queue);
  return SLUICE_OK;
}

int sluice_queue_close(sluice_queue_end *end) {
  return sluice_queue_shut(end->queue);
}

uint32_t sluice_queue_used(const sluice_queue_end *end) {
  uint64_t head = atomic_load_explicit(&end->queue->head, memory_order_acquire);
  uint64_t tail = atomic_load_explicit(&end->queue->tail, memory_order_relaxed) & ~CLOSED;
  uint64_t used = tail > head ? tail - head : 0;
  return used < end->capacity ? (uint32_t)used : end->capacity;
}

void sluice_queue_figures(const sluice_queue_end *end, sluice_queue_stats *stats) {
  *stats = (sluice_queue_stats){.pushed = 0};
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    const sluice_queue_line *line = &end->queue->lines[i];
    stats->pushed += atomic_load_explicit(&line->pushed, memory_order_relaxed);
    stats->popped += atomic_load_explicit(&line->popped, memory_order_relaxed);
    stats->refused += atomic_load_explicit(&line->refused, memory_order_relaxed);
    stats->waits += atomic_load_explicit(&line->waits, memory_order_relaxed);
    stats->skipped += atomic_load_explicit(&line->skipped, memory_order_relaxed);
    stats->lost_with_receiver += atomic_load_explicit(&line->lost, memory_order_acquire);
  }
}

/* ---- recovery ---- */

enum { NOBODY, LIVING, DEAD_WINNER };

/* Who else names this ticket? A living one may hold it, or may have lost it and not have noticed
 * yet. (One that names it only after this look finds the counter past it.) Of the dead only one
 * that is known to have taken it counts. */
static int named_by(const sluice_space *space, const sluice_queue *queue, uint32_t self,
                    int popping, uint64_t name) {
  int by = NOBODY;
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    const sluice_queue_line *line = &queue->lines[i];
    /* Before the line: who is dead by now does not change it any more. */
    int alive = sluice_participant_alive(
        space,
        atomic_load_explicit(&sluice_header(space)->participants[i].id, memory_order_acquire));
    SLUICE_STEP("queue.recover: another was asked for");
    /* pairs with the releases in take, empty and let_go */
    uint64_t named = atomic_load_explicit(popping ? &line->pop : &line->push, memory_order_acquire);
    if (i == self || (named & POP_NAME) != name) {
      continue;
    }
    if (alive) {
      return LIVING;
    }
    by = (named & POP_WON) != 0 ? DEAD_WINNER : by;
  }
  return by;
}

/* A slot that the dead one may have had to fill. */
static int recover_push(const sluice_space *space, const sluice_queue_end *end, uint32_t self) {
  uint64_t name = atomic_load_explicit(&end->line->push, memory_order_acquire);
  uint64_t ticket = name - 1;
  if (name == 0) {
    return SLUICE_OK;
  }
  /* pairs with the swap in take: who took the ticket had named it */
  uint64_t tail = atomic_load_explicit(&end->queue->tail, memory_order_acquire) & ~CLOSED;
  turn_word *slot = slot_of(end, ticket);
  uint64_t free = turn_of(end, ticket);
  if (ticket < tail && atomic_load_explicit(slot, memory_order_acquire) == free) {
    if (named_by(space, end->queue, self, 0, name) == LIVING) {
      return SLUICE_E_AGAIN;
    }
    /* Fails if the slot was turned after all, before its holder let go of the ticket. */
    (void)atomic_compare_exchange_strong_explicit(slot, &free, (free + 1) | TURN_SKIP,
                                                  memory_order_seq_cst, memory_order_relaxed);
    SLUICE_STEP("queue.recover: slot turned to be skipped");
  }
  atomic_store_explicit(&end->line->push, 0, memory_order_release);
  SLUICE_STEP("queue.recover: producer's line cleared");
  return SLUICE_OK;
}

/* One more element was lost. May be done again: what the count was before stands in the line. */
static void count_loss(sluice_queue_line *line) {
  uint64_t base = atomic_load_explicit(&line->base, memory_order_relaxed);
  atomic_store_explicit(&line->lost, base + 1, memory_order_release);
  SLUICE_STEP("queue.recover: loss counted");
}

static void save_count(sluice_queue_line *line, uint64_t word) {
  if ((word & POP_BASED) == 0) {
    atomic_store_explicit(&line->base, atomic_load_explicit(&line->lost, memory_order_relaxed),
                          memory_order_relaxed);
    SLUICE_STEP("queue.recover: count saved");
    atomic_store_explicit(&line->pop, word | POP_BASED, memory_order_release);
    SLUICE_STEP("queue.recover: count marked as saved");
  }
}

/* Turns the slot that the dead one is known to have taken, or may have: two dead ones that name one
 * ticket may be recovered at once, so the turn that frees it says for a moment whose loss it is. */
static int recover_element(const sluice_space *space, const sluice_queue_end *end, uint32_t self,
                           uint64_t word) {
  uint64_t ticket = (word & POP_NAME) - 1;
  turn_word *slot = slot_of(end, ticket);
  uint64_t filled = turn_of(end, ticket) + 1;
  uint64_t freed = turn_of(end, ticket + end->capacity);
  uint64_t count = freed | TURN_COUNT | self * TURN_OWNER;
  uint64_t turn = atomic_load_explicit(slot, memory_order_acquire);
  if ((word & POP_WON) != 0) {
    count_loss(end->line);
    count = filled; /* turned by the dead one itself, or now */
  } else if ((turn & ~TURN_SKIP) == filled) {
    int by = named_by(space, end->queue, self, 1, word & POP_NAME);
    if (by != NOBODY) {
      return by == LIVING ? SLUICE_E_AGAIN : SLUICE_OK;
    }
    (void)atomic_compare_exchange_strong_explicit(slot, &turn,
                                                  (turn & TURN_SKIP) != 0 ? freed : count,
                                                  memory_order_seq_cst, memory_order_relaxed);
    SLUICE_STEP("queue.recover: slot turned to be counted");
  }
  if (atomic_load_explicit(slot, memory_order_acquire) == count) {
    if ((word & POP_WON) == 0) {
      count_loss(end->line);
    }
    (void)atomic_compare_exchange_strong_explicit(slot, &count, freed, memory_order_seq_cst,
                                                  memory_order_relaxed);
    SLUICE_STEP("queue.recover: slot freed");
  }
  return SLUICE_OK;
}

/* A slot that the dead one may have had to empty. */
static int recover_pop(const sluice_space *space, const sluice_queue_end *end, uint32_t self) {
  uint64_t word = atomic_load_explicit(&end->line->pop, memory_order_acquire);
  if (word != 0 &&
      (word & POP_NAME) <= atomic_load_explicit(&end->queue->head, memory_order_acquire)) {
    save_count(end->line, word);
    int status = recover_element(space, end, self, word);
    if (status != SLUICE_OK) {
      return status;
    }
  }
  atomic_store_explicit(&end->line->pop, 0, memory_order_release);
  SLUICE_STEP("queue.recover: consumer's line cleared");
  return SLUICE_OK;
}

int sluice_queue_recover(sluice_space *space, sluice_queue *queue, uint32_t id) {
  uint32_t index = (id & UINT32_C(0xff)) - 1;
  uint32_t capacity = queue->object.capacity;
  uint32_t element = queue->object.codec;
  uint32_t bytes = sluice_queue_bytes(capacity, element);
  uint32_t offset = (uint32_t)((unsigned char *)queue - space->base);
  if (index >= SLUICE_PARTICIPANTS) {
    return SLUICE_OK;
  }
  if (bytes == 0 || bytes > sluice_block_room(space, offset)) {
    (void)poison(queue);
    return SLUICE_OK;
  }
  sluice_queue_end end = shaped(queue, capacity, element, index);
  int pushing = recover_push(space, &end, index);
  int popping = recover_pop(space, &end, index);
  /* It may have been woken to do something and have died before; it may have turned a slot and have
   * died before it woke anybody, or while it did. */
  sluice_event_wake_all(&queue->items);
  sluice_event_wake_all(&queue->room);
  return pushing != SLUICE_OK ? pushing : popping;
}
