/* queue.h: order, bounds, sleeping, closing, death, corruption. */
#include "support.h"

#include "internal.h"
#include "sluice/queue.h"
#include "wait.h"

enum { CAPACITY = 4, ELEMENT = 12, SPACE_BYTES = 1 << 18 };
enum { OWNER_A = 1 << 8 | 1, OWNER_B = 1 << 8 | 2, OWNER_C = 1 << 8 | 3 };

typedef struct element {
  uint32_t words[3];
} element;

static sluice_queue *fresh_queue(void) {
  sluice_queue *queue = fresh(sluice_queue_bytes(CAPACITY, ELEMENT));
  assert_int_equal(sluice_queue_init(queue, CAPACITY, ELEMENT), SLUICE_OK);
  return queue;
}

static sluice_queue_end end_of(sluice_queue *queue, uint32_t owner) {
  sluice_queue_end end;
  assert_int_equal(sluice_queue_end_open(&end, queue, CAPACITY, ELEMENT, owner), SLUICE_OK);
  return end;
}

static sluice_queue_end fresh_end(void) {
  return end_of(fresh_queue(), OWNER_A);
}

static void discard_queue(sluice_queue_end *end) {
  free(end->queue);
}

static int push(sluice_queue_end *end, uint32_t n) {
  element one = {{n, n + 1, n + 2}};
  return sluice_queue_try_push(end, &one);
}

static int pop(sluice_queue_end *end, uint32_t *n) {
  element one = {{0}};
  int status = sluice_queue_try_pop(end, &one);
  *n = one.words[0];
  return status == SLUICE_OK && (one.words[1] != *n + 1 || one.words[2] != *n + 2) ? 77 : status;
}

static void assert_pops(sluice_queue_end *end, uint32_t wanted) {
  uint32_t n = 0;
  assert_int_equal(pop(end, &n), SLUICE_OK);
  assert_int_equal(n, wanted);
}

static void assert_pops_nothing(sluice_queue_end *end, int status) {
  uint32_t n = 0;
  assert_int_equal(pop(end, &n), status);
}

static void fill(sluice_queue_end *end) {
  for (uint32_t i = 0; i < CAPACITY; i++) {
    assert_int_equal(push(end, i), SLUICE_OK);
  }
}

static _Atomic uint64_t *turn_at(sluice_queue *queue, uint32_t index) {
  return (_Atomic uint64_t *)(void *)(queue->slots + (size_t)index * 24);
}

/* ---- shape ---- */

static void a_capacity_is_a_power_of_two_in_range(void **state) {
  (void)state;
  assert_int_equal(sluice_queue_bytes(0, 8), 0);
  assert_int_equal(sluice_queue_bytes(3, 8), 0);
  assert_int_equal(sluice_queue_bytes(SLUICE_QUEUE_CAPACITY_MAX * 2, 1), 0);
  assert_int_equal(sluice_queue_bytes(UINT32_MAX, 1), 0);
  assert_int_equal(sluice_queue_bytes(1, 8), sizeof(sluice_queue) + 16);
  assert_int_not_equal(sluice_queue_bytes(SLUICE_QUEUE_CAPACITY_MAX, 8), 0);
}

static void an_element_has_a_size_in_range(void **state) {
  (void)state;
  assert_int_equal(sluice_queue_bytes(2, 0), 0);
  assert_int_equal(sluice_queue_bytes(2, SLUICE_QUEUE_ELEMENT_MAX + 1), 0);
  assert_int_equal(sluice_queue_bytes(2, UINT32_MAX), 0);
  assert_int_not_equal(sluice_queue_bytes(2, SLUICE_QUEUE_ELEMENT_MAX), 0);
  assert_int_equal(sluice_queue_bytes(2, 9), sizeof(sluice_queue) + 48); /* rounded up to 8 */
}

static void a_queue_of_more_than_a_gibibyte_is_refused(void **state) {
  (void)state;
  assert_int_equal(sluice_queue_bytes(SLUICE_QUEUE_CAPACITY_MAX, 64), 0);
  assert_int_equal(sluice_queue_bytes(1 << 6, SLUICE_QUEUE_ELEMENT_MAX), 0);
}

static void init_refuses_a_misaligned_address_and_a_bad_shape(void **state) {
  (void)state;
  unsigned char *at = fresh(sluice_queue_bytes(CAPACITY, ELEMENT) + 64);
  for (uint32_t by = 1; by < SLUICE_ALIGN; by++) {
    assert_int_equal(sluice_queue_init(at + by, CAPACITY, ELEMENT), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_queue_init(at, 3, ELEMENT), SLUICE_E_INVALID);
  assert_int_equal(sluice_queue_init(at, CAPACITY, 0), SLUICE_E_INVALID);
  free(at);
}

static void an_end_opens_only_on_the_queues_shape(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end end;
  assert_int_equal(sluice_queue_end_open(&end, queue, 8, ELEMENT, OWNER_A), SLUICE_E_INVALID);
  assert_int_equal(sluice_queue_end_open(&end, queue, CAPACITY, 8, OWNER_A), SLUICE_E_INVALID);
  assert_int_equal(sluice_queue_end_open(&end, queue, 0, ELEMENT, OWNER_A), SLUICE_E_INVALID);
  queue->object.kind = SLUICE_KIND_RING_SPSC;
  assert_int_equal(sluice_queue_end_open(&end, queue, CAPACITY, ELEMENT, OWNER_A),
                   SLUICE_E_INVALID);
  free(queue);
}

static void a_shape_that_was_rewritten_gives_no_end(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end end;
  queue->object.capacity = 3;
  assert_int_equal(sluice_queue_end_open(&end, queue, 3, ELEMENT, OWNER_A), SLUICE_E_INVALID);
  queue->object.capacity = CAPACITY;
  queue->object.codec = 0;
  assert_int_equal(sluice_queue_end_open(&end, queue, CAPACITY, 0, OWNER_A), SLUICE_E_INVALID);
  free(queue);
}

/* Its words are read one after the other, and may be anybody's. */
static void used_is_between_none_and_all(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end end;
  assert_int_equal(sluice_queue_end_open(&end, queue, CAPACITY, ELEMENT, OWNER_A), SLUICE_OK);
  atomic_store(&queue->head, 5);
  assert_int_equal(sluice_queue_used(&end), 0);
  atomic_store(&queue->tail, 7);
  assert_int_equal(sluice_queue_used(&end), 2);
  atomic_store(&queue->tail, 5 + CAPACITY + 1);
  assert_int_equal(sluice_queue_used(&end), CAPACITY);
  free(queue);
}

static void an_end_opens_only_for_a_participant(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end end;
  const uint32_t none[] = {0, 1 << 8, 1 << 8 | 48, SLUICE_OWNER_DIED_BIT | OWNER_A, UINT32_MAX};
  for (uint32_t i = 0; i < sizeof none / sizeof none[0]; i++) {
    assert_int_equal(sluice_queue_end_open(&end, queue, CAPACITY, ELEMENT, none[i]),
                     SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_queue_end_open(&end, queue, CAPACITY, ELEMENT, 1 << 8 | 47), SLUICE_OK);
  free(queue);
}

static void one_name_and_shape_is_one_queue(void **state) {
  (void)state;
  sluice_space space = fresh_space(SPACE_BYTES);
  uint32_t first = sluice_queue_open(&space, "q", 1, CAPACITY, ELEMENT);
  assert_int_not_equal(first, 0);
  assert_int_equal(sluice_queue_open(&space, "q", 1, CAPACITY, ELEMENT), first);
  assert_int_equal(sluice_queue_open(&space, "q", 1, CAPACITY, ELEMENT + 1), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_queue_open(&space, "q", 1, CAPACITY * 2, ELEMENT), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_queue_open(&space, "r", 1, 3, ELEMENT), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_queue_open(&space, "r", 1, 1 << 20, ELEMENT), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  free(space.base);
}

/* ---- push and pop ---- */

static void elements_leave_in_the_order_they_came(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  for (uint32_t round = 0; round < 10; round++) {
    for (uint32_t i = 0; i < 3; i++) {
      assert_int_equal(push(&end, round * 3 + i), SLUICE_OK);
    }
    for (uint32_t i = 0; i < 3; i++) {
      assert_pops(&end, round * 3 + i);
    }
  }
  discard_queue(&end);
}

static void a_full_queue_refuses_and_goes_on_after_a_pop(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  fill(&end);
  assert_int_equal(push(&end, 9), SLUICE_E_FULL);
  assert_int_equal(sluice_queue_used(&end), CAPACITY);
  assert_pops(&end, 0);
  assert_int_equal(push(&end, CAPACITY), SLUICE_OK);
  for (uint32_t i = 1; i <= CAPACITY; i++) {
    assert_pops(&end, i);
  }
  discard_queue(&end);
}

static void an_empty_queue_says_so(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  assert_pops_nothing(&end, SLUICE_E_EMPTY);
  fill(&end);
  for (uint32_t i = 0; i < CAPACITY; i++) {
    assert_pops(&end, i);
  }
  assert_pops_nothing(&end, SLUICE_E_EMPTY);
  assert_int_equal(sluice_queue_used(&end), 0);
  discard_queue(&end);
}

static void a_queue_of_one_works(void **state) {
  (void)state;
  sluice_queue *queue = fresh(sluice_queue_bytes(1, 1));
  sluice_queue_end end;
  assert_int_equal(sluice_queue_init(queue, 1, 1), SLUICE_OK);
  assert_int_equal(sluice_queue_end_open(&end, queue, 1, 1, OWNER_A), SLUICE_OK);
  for (int i = 0; i < 300; i++) {
    unsigned char one = (unsigned char)i;
    unsigned char back = 0;
    assert_int_equal(sluice_queue_try_pop(&end, &back), SLUICE_E_EMPTY);
    assert_int_equal(sluice_queue_try_push(&end, &one), SLUICE_OK);
    assert_int_equal(sluice_queue_try_push(&end, &one), SLUICE_E_FULL);
    assert_int_equal(sluice_queue_try_pop(&end, &back), SLUICE_OK);
    assert_int_equal(back, one);
  }
  free(queue);
}

static void a_pop_writes_no_more_than_an_element(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  unsigned char *guarded = malloc(ELEMENT); /* which ASan watches */
  assert_non_null(guarded);
  assert_int_equal(push(&end, 5), SLUICE_OK);
  assert_int_equal(sluice_queue_try_pop(&end, guarded), SLUICE_OK);
  free(guarded);
  discard_queue(&end);
}

static void an_element_that_is_being_written_holds_back_those_behind_it(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end a = end_of(queue, OWNER_A);
  atomic_store(&queue->lines[1].push, 1); /* B has ticket 0 and is writing */
  atomic_store(&queue->tail, 1);
  assert_int_equal(push(&a, 7), SLUICE_OK);
  assert_pops_nothing(&a, SLUICE_E_EMPTY);
  atomic_store(turn_at(queue, 0), 1); /* done */
  element one;
  assert_int_equal(sluice_queue_try_pop(&a, &one), SLUICE_OK);
  assert_pops(&a, 7);
  free(queue);
}

static void figures_count_what_happened(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end a = end_of(queue, OWNER_A);
  sluice_queue_end b = end_of(queue, OWNER_B);
  fill(&a);
  assert_int_equal(push(&b, 0), SLUICE_E_FULL);
  assert_pops(&b, 0);
  assert_int_equal(push(&b, 4), SLUICE_OK);
  sluice_queue_stats stats;
  sluice_queue_figures(&a, &stats);
  assert_int_equal(stats.pushed, CAPACITY + 1);
  assert_int_equal(stats.popped, 1);
  assert_int_equal(stats.refused, 1);
  assert_int_equal(stats.waits + stats.skipped + stats.lost_with_receiver, 0);
  assert_int_equal(sluice_queue_push(&b, &stats, 1), SLUICE_E_TIMEOUT);
  sluice_queue_figures(&a, &stats);
  assert_int_equal(stats.waits, 1);
  free(queue);
}

/* ---- closing ---- */

static void a_closed_queue_takes_nothing_and_gives_what_it_has(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  assert_int_equal(push(&end, 1), SLUICE_OK);
  assert_int_equal(sluice_queue_close(&end), SLUICE_OK);
  assert_int_equal(sluice_queue_close(&end), SLUICE_OK);
  assert_int_equal(push(&end, 2), SLUICE_E_CLOSED);
  assert_pops(&end, 1);
  assert_pops_nothing(&end, SLUICE_E_CLOSED);
  assert_int_equal(sluice_queue_used(&end), 0);
  discard_queue(&end);
}

static void a_close_waits_for_what_is_being_written(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end end = end_of(queue, OWNER_A);
  atomic_store(&queue->lines[1].push, 1);
  atomic_store(&queue->tail, 1);
  (void)sluice_queue_close(&end);
  assert_pops_nothing(&end, SLUICE_E_EMPTY);
  atomic_store(turn_at(queue, 0), 1);
  element one;
  assert_int_equal(sluice_queue_try_pop(&end, &one), SLUICE_OK);
  assert_pops_nothing(&end, SLUICE_E_CLOSED);
  free(queue);
}

static void closing_the_space_closes_the_queue(void **state) {
  (void)state;
  sluice_space space = fresh_space(SPACE_BYTES);
  assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
  uint32_t offset = sluice_queue_open(&space, "q", 1, CAPACITY, ELEMENT);
  sluice_queue_end end = end_of(sluice_at(&space, offset), space.participant);
  assert_int_equal(sluice_space_close(&space), SLUICE_OK);
  assert_int_equal(push(&end, 2), SLUICE_E_CLOSED);
  assert_int_not_equal(atomic_load(&end.queue->object.state) & SLUICE_OBJECT_CLOSED, 0);
  free(space.base);
}

/* ---- waiting ---- */

static void waits_time_out(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  element one = {{0}};
  int64_t begin = now_ns();
  assert_int_equal(sluice_queue_pop(&end, &one, 20 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 20 * NS_PER_MS);
  fill(&end);
  begin = now_ns();
  assert_int_equal(sluice_queue_push(&end, &one, 20 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 20 * NS_PER_MS);
  discard_queue(&end);
}

static void no_time_is_one_try(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  element one = {{3, 4, 5}};
  assert_int_equal(sluice_queue_pop(&end, &one, 0), SLUICE_E_TIMEOUT);
  for (int i = 0; i < CAPACITY; i++) {
    assert_int_equal(sluice_queue_push(&end, &one, 0), SLUICE_OK);
  }
  assert_int_equal(sluice_queue_push(&end, &one, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_queue_pop(&end, &one, 0), SLUICE_OK);
  sluice_queue_stats stats;
  sluice_queue_figures(&end, &stats);
  assert_int_equal(stats.pushed, CAPACITY);
  discard_queue(&end);
}

static void no_time_is_not_waited_and_leaves_no_mark(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  element one = {{0}};
  sluice_queue_stats stats;
  assert_int_equal(sluice_queue_pop(&end, &one, 0), SLUICE_E_TIMEOUT);
  fill(&end);
  assert_int_equal(sluice_queue_push(&end, &one, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&end.queue->items), 0);
  assert_int_equal(atomic_load(&end.queue->room), 0);
  sluice_queue_figures(&end, &stats);
  assert_int_equal(stats.waits, 0);
  discard_queue(&end);
}

static void *pop_for_ever(void *argument) {
  element one = {{0}};
  int status = sluice_queue_pop(argument, &one, -1);
  return (void *)(intptr_t)(status == SLUICE_OK ? (int)one.words[0] : status);
}

static void *push_for_ever(void *argument) {
  element one = {{99, 100, 101}};
  return (void *)(intptr_t)sluice_queue_push(argument, &one, -1);
}

static uint64_t waits_of(const sluice_queue_end *end) {
  return atomic_load(&end->line->waits);
}

static void until_waiting(const sluice_queue_end *end) {
  while (waits_of(end) == 0) {
    sleep_ms(1);
  }
}

static void a_sleeping_consumer_wakes_on_a_push(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end a = end_of(queue, OWNER_A);
  sluice_queue_end b = end_of(queue, OWNER_B);
  pthread_t thread = start(pop_for_ever, &b);
  until_waiting(&b);
  assert_int_equal(push(&a, 42), SLUICE_OK);
  assert_int_equal(finish(thread), 42);
  free(queue);
}

static void a_sleeping_producer_wakes_on_a_pop(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end a = end_of(queue, OWNER_A);
  sluice_queue_end b = end_of(queue, OWNER_B);
  fill(&a);
  pthread_t thread = start(push_for_ever, &b);
  until_waiting(&b);
  assert_pops(&a, 0);
  assert_int_equal(finish(thread), SLUICE_OK);
  free(queue);
}

static void sleepers_on_both_sides_wake_when_the_queue_closes(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end a = end_of(queue, OWNER_A);
  sluice_queue_end b = end_of(queue, OWNER_B);
  pthread_t thread = start(pop_for_ever, &b);
  until_waiting(&b);
  (void)sluice_queue_close(&a);
  assert_int_equal(finish(thread), SLUICE_E_CLOSED);
  free(queue);
  queue = fresh_queue();
  a = end_of(queue, OWNER_A);
  b = end_of(queue, OWNER_B);
  fill(&a);
  thread = start(push_for_ever, &b);
  until_waiting(&b);
  (void)sluice_queue_close(&a);
  assert_int_equal(finish(thread), SLUICE_E_CLOSED);
  free(queue);
}

/* Two sleep; ticket 1 is written first, which wakes one in vain. */
static void a_wake_up_that_came_too_early_is_passed_on(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end a = end_of(queue, OWNER_A);
  sluice_queue_end b = end_of(queue, OWNER_B);
  sluice_queue_end c = end_of(queue, OWNER_C);
  atomic_store(&queue->lines[9].push, 1); /* another has ticket 0 and is writing */
  atomic_store(&queue->tail, 1);
  pthread_t first = start(pop_for_ever, &b);
  pthread_t second = start(pop_for_ever, &c);
  until_waiting(&b);
  until_waiting(&c);
  assert_int_equal(push(&a, 7), SLUICE_OK);
  uint64_t waits = 0;
  while ((waits = waits_of(&b) + waits_of(&c)) < 3) { /* one woke in vain and sleeps again */
    sleep_ms(1);
  }
  atomic_store(turn_at(queue, 0), 1); /* now ticket 0: wakes one, which wakes the other */
  sluice_queue_pass_on(&a);
  assert_int_equal(finish(first) + finish(second), 7);
  free(queue);
}

/* Likewise two producers; ticket 1 is emptied first. */
static void a_wake_up_for_room_that_came_too_early_is_passed_on(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end a = end_of(queue, OWNER_A);
  sluice_queue_end b = end_of(queue, OWNER_B);
  sluice_queue_end c = end_of(queue, OWNER_C);
  fill(&a);
  atomic_store(&queue->lines[9].pop, 1); /* another has ticket 0 and is reading */
  atomic_store(&queue->head, 1);
  pthread_t first = start(push_for_ever, &b);
  pthread_t second = start(push_for_ever, &c);
  until_waiting(&b);
  until_waiting(&c);
  assert_pops(&a, 1);
  while (waits_of(&b) + waits_of(&c) < 3) { /* one woke in vain and sleeps again */
    sleep_ms(1);
  }
  atomic_store(turn_at(queue, 0), 2); /* now ticket 0: wakes one, which wakes the other */
  sluice_queue_pass_on(&a);
  assert_int_equal(finish(first), SLUICE_OK);
  assert_int_equal(finish(second), SLUICE_OK);
  free(queue);
}

static void a_sleeper_by_its_own_means_is_told_when_to_sleep(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  assert_int_equal(sluice_queue_push_sleep(&end), 0);
  assert_int_equal(sluice_queue_pop_sleep(&end), 1);
  assert_int_equal(atomic_load(&end.queue->items), end.key);
  assert_int_equal(push(&end, 1), SLUICE_OK);
  assert_int_not_equal(atomic_load(&end.queue->items), end.key);
  assert_int_equal(sluice_queue_pop_sleep(&end), 0);
  for (uint32_t i = 1; i < CAPACITY; i++) {
    assert_int_equal(push(&end, i), SLUICE_OK);
  }
  assert_int_equal(sluice_queue_push_sleep(&end), 1);
  assert_int_equal(atomic_load(&end.queue->room), end.key);
  assert_pops(&end, 1);
  assert_int_not_equal(atomic_load(&end.queue->room), end.key);
  discard_queue(&end);
}

static void whoever_does_not_want_its_wake_up_passes_it_on(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  fill(&end);
  uint32_t items = sluice_event_mark(&end.queue->items);
  uint32_t room = sluice_event_mark(&end.queue->room);
  sluice_queue_pass_on(&end);
  assert_int_not_equal(atomic_load(&end.queue->items), items);
  assert_int_equal(atomic_load(&end.queue->room), room); /* full: nothing to wake a producer for */
  discard_queue(&end);
}

static void nobody_is_notified_when_nobody_sleeps(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  fill(&end);
  assert_pops(&end, 0);
  assert_int_equal(atomic_load(&end.queue->items), 0);
  assert_int_equal(atomic_load(&end.queue->room), 0);
  discard_queue(&end);
}

/* ---- death ----
 *
 * Three participants in one space; what the dead one had done is set by hand, step by step. */

typedef struct three {
  sluice_space a, b, c;
  sluice_queue *queue;
  sluice_queue_end end; /* a's */
} three;

static three fresh_three(void) {
  three all = {.a = fresh_space(SPACE_BYTES)};
  all.b = all.a;
  all.c = all.a;
  sluice_space *each[] = {&all.a, &all.b, &all.c};
  uint32_t offset = 0;
  for (int i = 0; i < 3; i++) {
    assert_int_equal(sluice_participant_join(each[i], 0), SLUICE_OK);
    offset = sluice_queue_open(each[i], "q", 1, CAPACITY, ELEMENT);
    assert_int_not_equal(offset, 0);
  }
  all.queue = sluice_at(&all.a, offset);
  all.end = end_of(all.queue, all.a.participant);
  return all;
}

static sluice_queue_line *line_of(const three *all, const sluice_space *space) {
  return &all->queue->lines[(space->participant & 0xff) - 1];
}

static sluice_queue_stats figures_of(const three *all) {
  sluice_queue_stats stats;
  sluice_queue_figures(&all->end, &stats);
  return stats;
}

static void a_dead_producers_slot_is_skipped(void **state) {
  (void)state;
  three all = fresh_three();
  atomic_store(&line_of(&all, &all.b)->push, 1);
  atomic_store(&all.queue->tail, 1);
  assert_int_equal(push(&all.end, 5), SLUICE_OK);
  assert_pops_nothing(&all.end, SLUICE_E_EMPTY);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_pops(&all.end, 5);
  assert_pops_nothing(&all.end, SLUICE_E_EMPTY);
  assert_int_equal(figures_of(&all).skipped, 1);
  assert_int_equal(figures_of(&all).lost_with_receiver, 0);
  assert_int_equal(atomic_load(&line_of(&all, &all.b)->push), 0);
  fill(&all.end); /* all slots are there again */
  free(all.a.base);
}

static void nothing_is_announced_between_calls(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  for (uint32_t i = 0; i < 2 * CAPACITY; i++) {
    assert_int_equal(push(&end, i), i < CAPACITY ? SLUICE_OK : SLUICE_E_FULL);
    assert_int_equal(atomic_load(&end.line->push), 0);
  }
  for (uint32_t i = 0, n = 0; i < 2 * CAPACITY; i++) {
    assert_int_equal(pop(&end, &n), i < CAPACITY ? SLUICE_OK : SLUICE_E_EMPTY);
    assert_int_equal(atomic_load(&end.line->pop), 0);
  }
  discard_queue(&end);
}

static void a_producer_that_died_before_it_took_its_ticket_leaves_nothing(void **state) {
  (void)state;
  three all = fresh_three();
  atomic_store(&line_of(&all, &all.b)->push, 1);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_int_equal(push(&all.end, 5), SLUICE_OK);
  assert_pops(&all.end, 5);
  assert_int_equal(figures_of(&all).skipped, 0);
  free(all.a.base);
}

static void what_a_producer_had_written_before_it_died_is_kept(void **state) {
  (void)state;
  three all = fresh_three();
  assert_int_equal(push(&all.end, 5), SLUICE_OK);
  atomic_store(&line_of(&all, &all.b)->push, 1); /* as if b had done that, but for the last step */
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_pops(&all.end, 5);
  free(all.a.base);
}

static void recovery_waits_for_a_living_participant_that_names_the_ticket(void **state) {
  (void)state;
  three all = fresh_three();
  atomic_store(&line_of(&all, &all.b)->push, 1); /* dead, lost the ticket */
  atomic_store(&line_of(&all, &all.c)->push, 1); /* alive, has it */
  atomic_store(&all.queue->tail, 1);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_E_AGAIN);
  assert_int_equal(atomic_load(turn_at(all.queue, 0)), 0);
  atomic_store(turn_at(all.queue, 0), 1);
  atomic_store(&line_of(&all, &all.c)->push, 0);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_int_equal(atomic_load(turn_at(all.queue, 0)), 1); /* not skipped */
  free(all.a.base);
}

static void of_two_dead_producers_of_one_ticket_one_slot_is_skipped(void **state) {
  (void)state;
  three all = fresh_three();
  atomic_store(&line_of(&all, &all.b)->push, 1);
  atomic_store(&line_of(&all, &all.c)->push, 1);
  atomic_store(&all.queue->tail, 1);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_E_AGAIN);
  assert_int_equal(sluice_participant_bury(&all.a, all.c.participant), SLUICE_OK);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_pops_nothing(&all.end, SLUICE_E_EMPTY);
  assert_int_equal(figures_of(&all).skipped, 1);
  free(all.a.base);
}

/* b has taken ticket 0 to pop. */
static three with_a_dead_consumer(uint64_t word) {
  three all = fresh_three();
  fill(&all.end);
  atomic_store(&line_of(&all, &all.b)->pop, word);
  atomic_store(&all.queue->head, 1);
  return all;
}

#define WON (UINT64_C(1) << 62)
#define BASED (UINT64_C(1) << 63)

static void a_dead_consumers_element_is_counted_as_lost(void **state) {
  (void)state;
  const uint64_t words[] = {1, 1 | WON};
  for (int i = 0; i < 2; i++) {
    three all = with_a_dead_consumer(words[i]);
    assert_int_equal(push(&all.end, 4), SLUICE_E_FULL);
    assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
    assert_int_equal(figures_of(&all).lost_with_receiver, 1);
    assert_int_equal(push(&all.end, 4), SLUICE_OK);
    for (uint32_t n = 1; n <= 4; n++) {
      assert_pops(&all.end, n);
    }
    assert_int_equal(atomic_load(&line_of(&all, &all.b)->pop), 0);
    free(all.a.base);
  }
}

static void a_consumer_that_died_after_it_turned_the_slot_has_lost_the_element(void **state) {
  (void)state;
  three all = with_a_dead_consumer(1 | WON);
  atomic_store(turn_at(all.queue, 0), 2);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_int_equal(figures_of(&all).lost_with_receiver, 1);
  assert_int_equal(push(&all.end, 4), SLUICE_OK);
  free(all.a.base);
}

static void a_consumer_that_died_before_it_took_its_ticket_has_lost_nothing(void **state) {
  (void)state;
  three all = fresh_three();
  fill(&all.end);
  atomic_store(&line_of(&all, &all.b)->pop, 1);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_int_equal(figures_of(&all).lost_with_receiver, 0);
  assert_pops(&all.end, 0);
  free(all.a.base);
}

static void a_dead_consumer_of_a_skipped_slot_has_lost_nothing(void **state) {
  (void)state;
  three all = with_a_dead_consumer(1);
  atomic_store(turn_at(all.queue, 0), UINT64_C(1) | WON /* the same bit says skip, in a turn */);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_int_equal(figures_of(&all).lost_with_receiver, 0);
  assert_int_equal(push(&all.end, 4), SLUICE_OK);
  free(all.a.base);
}

static void recovery_waits_for_a_living_consumer_that_names_the_ticket(void **state) {
  (void)state;
  three all = with_a_dead_consumer(1);
  atomic_store(&line_of(&all, &all.c)->pop, 1 | WON);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_E_AGAIN);
  atomic_store(turn_at(all.queue, 0), 2);
  atomic_store(&line_of(&all, &all.c)->pop, 0);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_int_equal(figures_of(&all).lost_with_receiver, 0);
  free(all.a.base);
}

static void of_two_dead_consumers_of_one_ticket_one_has_lost_the_element(void **state) {
  (void)state;
  const uint64_t words[] = {1, 1 | WON};
  for (int i = 0; i < 3; i++) { /* neither is known to have won, b is, c is */
    three all = with_a_dead_consumer(words[i & 1]);
    atomic_store(&line_of(&all, &all.c)->pop, words[i >> 1]);
    assert_int_equal(sluice_participant_bury(&all.a, all.b.participant),
                     i == 1 ? SLUICE_OK : SLUICE_E_AGAIN);
    assert_int_equal(sluice_participant_bury(&all.a, all.c.participant), SLUICE_OK);
    assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
    assert_int_equal(figures_of(&all).lost_with_receiver, 1);
    assert_int_equal(atomic_load(turn_at(all.queue, 0)), 2);
    free(all.a.base);
  }
}

/* Every place at which the one that recovers may die: the next does it again. */
static void a_loss_is_counted_once_though_the_recovery_dies(void **state) {
  (void)state;
  const uint64_t count = UINT64_C(1) << 63 | UINT64_C(1) << 56; /* b's slot is 1 */
  const struct {
    uint64_t pop, base, lost, turn;
  } left[] = {
      {1, 7, 7, 1},                 /* count saved */
      {1 | BASED, 7, 7, 1},         /* and marked as saved */
      {1 | BASED, 7, 7, count | 2}, /* slot turned to be counted */
      {1 | BASED, 7, 8, count | 2}, /* counted */
      {1 | BASED, 7, 8, 2},         /* slot freed */
      {1 | WON, 7, 7, 1},
      {1 | WON | BASED, 7, 7, 1},
      {1 | WON | BASED, 7, 8, 1},
      {1 | WON | BASED, 7, 8, 2},
      {0, 7, 8, 2},
  };
  for (uint32_t i = 0; i < sizeof left / sizeof left[0]; i++) {
    three all = with_a_dead_consumer(left[i].pop);
    atomic_store(&line_of(&all, &all.b)->base, left[i].base);
    atomic_store(&line_of(&all, &all.b)->lost, left[i].lost);
    atomic_store(turn_at(all.queue, 0), left[i].turn);
    assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
    assert_int_equal(figures_of(&all).lost_with_receiver, 8);
    assert_int_equal(atomic_load(turn_at(all.queue, 0)), 2);
    free(all.a.base);
  }
}

static void a_death_wakes_all_sleepers(void **state) {
  (void)state;
  three all = fresh_three();
  sluice_queue_end c = end_of(all.queue, all.c.participant);
  uint32_t room = sluice_event_mark(&all.queue->room);
  pthread_t thread = start(pop_for_ever, &c);
  until_waiting(&c);
  /* b was woken in c's place and died: a push whose wake-up is lost */
  element one = {{6, 7, 8}};
  memcpy(all.queue->slots + 8, &one, sizeof one);
  atomic_store(&all.queue->tail, 1);
  atomic_store(turn_at(all.queue, 0), 1);
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_int_equal(finish(thread), 6);
  assert_int_not_equal(atomic_load(&all.queue->room), room);
  free(all.a.base);
}

/* ---- corruption ---- */

static void a_turn_that_cannot_be_poisons_the_queue(void **state) {
  (void)state;
  const uint64_t wrong[] = {3, 4, 77, UINT64_C(1) << 40};
  for (uint32_t i = 0; i < 4; i++) {
    sluice_queue_end end = fresh_end();
    atomic_store(turn_at(end.queue, 0), wrong[i]);
    assert_int_equal(push(&end, 1), SLUICE_E_POISONED);
    assert_pops_nothing(&end, SLUICE_E_POISONED);
    sluice_queue_end other;
    assert_int_equal(sluice_queue_end_open(&other, end.queue, CAPACITY, ELEMENT, OWNER_B),
                     SLUICE_E_POISONED);
    discard_queue(&end);
  }
}

static void a_counter_that_jumps_poisons_the_queue(void **state) {
  (void)state;
  sluice_queue_end end = fresh_end();
  atomic_store(&end.queue->head, UINT64_C(1) << 50);
  assert_pops_nothing(&end, SLUICE_E_POISONED);
  discard_queue(&end);
  end = fresh_end();
  atomic_store(&end.queue->tail, UINT64_C(1) << 50);
  assert_int_equal(push(&end, 0), SLUICE_E_POISONED);
  discard_queue(&end);
}

static void sleepers_wake_when_the_queue_is_poisoned(void **state) {
  (void)state;
  sluice_queue *queue = fresh_queue();
  sluice_queue_end a = end_of(queue, OWNER_A);
  sluice_queue_end b = end_of(queue, OWNER_B);
  pthread_t thread = start(pop_for_ever, &b);
  until_waiting(&b);
  atomic_store(&queue->tail, UINT64_C(1) << 50);
  assert_int_equal(push(&a, 0), SLUICE_E_POISONED);
  assert_int_equal(finish(thread), SLUICE_E_POISONED);
  free(queue);
}

static void recovery_of_a_queue_with_a_wrong_shape_poisons_it(void **state) {
  (void)state;
  three all = fresh_three();
  atomic_store(&line_of(&all, &all.b)->push, 1);
  all.queue->object.capacity = SLUICE_QUEUE_CAPACITY_MAX;
  assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
  assert_int_equal(push(&all.end, 1), SLUICE_E_POISONED);
  free(all.a.base);
}

static void a_line_that_names_nonsense_is_cleared(void **state) {
  (void)state;
  const uint64_t words[] = {UINT64_MAX, BASED, WON, UINT64_C(1) << 40, WON | BASED | 3, BASED | 2};
  for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    three all = fresh_three();
    atomic_store(&line_of(&all, &all.b)->push, words[i]);
    atomic_store(&line_of(&all, &all.b)->pop, words[i]);
    assert_int_equal(sluice_participant_bury(&all.a, all.b.participant), SLUICE_OK);
    assert_int_equal(atomic_load(&line_of(&all, &all.b)->push), 0);
    assert_int_equal(atomic_load(&line_of(&all, &all.b)->pop), 0);
    assert_int_equal(push(&all.end, 1), SLUICE_OK);
    assert_pops(&all.end, 1);
    free(all.a.base);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_capacity_is_a_power_of_two_in_range),
      cmocka_unit_test(an_element_has_a_size_in_range),
      cmocka_unit_test(a_queue_of_more_than_a_gibibyte_is_refused),
      cmocka_unit_test(init_refuses_a_misaligned_address_and_a_bad_shape),
      cmocka_unit_test(an_end_opens_only_on_the_queues_shape),
      cmocka_unit_test(a_shape_that_was_rewritten_gives_no_end),
      cmocka_unit_test(used_is_between_none_and_all),
      cmocka_unit_test(an_end_opens_only_for_a_participant),
      cmocka_unit_test(one_name_and_shape_is_one_queue),
      cmocka_unit_test(elements_leave_in_the_order_they_came),
      cmocka_unit_test(a_full_queue_refuses_and_goes_on_after_a_pop),
      cmocka_unit_test(an_empty_queue_says_so),
      cmocka_unit_test(a_queue_of_one_works),
      cmocka_unit_test(a_pop_writes_no_more_than_an_element),
      cmocka_unit_test(an_element_that_is_being_written_holds_back_those_behind_it),
      cmocka_unit_test(figures_count_what_happened),
      cmocka_unit_test(a_closed_queue_takes_nothing_and_gives_what_it_has),
      cmocka_unit_test(a_close_waits_for_what_is_being_written),
      cmocka_unit_test(closing_the_space_closes_the_queue),
      cmocka_unit_test(waits_time_out),
      cmocka_unit_test(no_time_is_one_try),
      cmocka_unit_test(no_time_is_not_waited_and_leaves_no_mark),
      cmocka_unit_test(a_sleeping_consumer_wakes_on_a_push),
      cmocka_unit_test(a_sleeping_producer_wakes_on_a_pop),
      cmocka_unit_test(sleepers_on_both_sides_wake_when_the_queue_closes),
      cmocka_unit_test(a_wake_up_that_came_too_early_is_passed_on),
      cmocka_unit_test(a_wake_up_for_room_that_came_too_early_is_passed_on),
      cmocka_unit_test(a_sleeper_by_its_own_means_is_told_when_to_sleep),
      cmocka_unit_test(whoever_does_not_want_its_wake_up_passes_it_on),
      cmocka_unit_test(nobody_is_notified_when_nobody_sleeps),
      cmocka_unit_test(a_dead_producers_slot_is_skipped),
      cmocka_unit_test(nothing_is_announced_between_calls),
      cmocka_unit_test(a_producer_that_died_before_it_took_its_ticket_leaves_nothing),
      cmocka_unit_test(what_a_producer_had_written_before_it_died_is_kept),
      cmocka_unit_test(recovery_waits_for_a_living_participant_that_names_the_ticket),
      cmocka_unit_test(of_two_dead_producers_of_one_ticket_one_slot_is_skipped),
      cmocka_unit_test(a_dead_consumers_element_is_counted_as_lost),
      cmocka_unit_test(a_consumer_that_died_after_it_turned_the_slot_has_lost_the_element),
      cmocka_unit_test(a_consumer_that_died_before_it_took_its_ticket_has_lost_nothing),
      cmocka_unit_test(a_dead_consumer_of_a_skipped_slot_has_lost_nothing),
      cmocka_unit_test(recovery_waits_for_a_living_consumer_that_names_the_ticket),
      cmocka_unit_test(of_two_dead_consumers_of_one_ticket_one_has_lost_the_element),
      cmocka_unit_test(a_loss_is_counted_once_though_the_recovery_dies),
      cmocka_unit_test(a_death_wakes_all_sleepers),
      cmocka_unit_test(a_turn_that_cannot_be_poisons_the_queue),
      cmocka_unit_test(a_counter_that_jumps_poisons_the_queue),
      cmocka_unit_test(sleepers_wake_when_the_queue_is_poisoned),
      cmocka_unit_test(recovery_of_a_queue_with_a_wrong_shape_poisons_it),
      cmocka_unit_test(a_line_that_names_nonsense_is_cleared),
  };
  return RUN(tests);
}
