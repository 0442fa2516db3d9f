/* Whoever is woken by a close, or because an object is spoilt, finds that it is: the flag is there
 * before the wake-up. The other way round a sleeper would look, find nothing new, and sleep on for
 * ever. So at the first step of each wake-up somebody looks at the flags. */
#include "crash.h"
#include "internal.h"
#include "kinds.h"

enum { NOBODY = 0x2f /* no participant's id */, SLEEPER = 1 /* the bit of an event word */ };

static sluice_object *object;
static int looked; /* somebody has: the step was reached */

/* The word that is slept on, and what it was: who is about to sleep must find another value. */
static _Atomic uint32_t *word;
static uint32_t before;

static void somebody_looks(void) {
  looked = 1;
  CRASH_TRUE(atomic_load(&object->state) != 0);
  CRASH_TRUE(word == NULL || atomic_load(word) != before);
}

static void *opened(sluice_space *space, uint32_t offset) {
  CRASH_TRUE(offset != 0);
  object = sluice_at(space, offset);
  return object;
}

static void done(sluice_space *space) {
  uint32_t offset = (uint32_t)((unsigned char *)object - space->base);
  CRASH_TRUE(looked);
  looked = 0;
  CRASH_EQUAL(sluice_object_close(space, offset), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "x", 1), SLUICE_OK);
}

/* The object is shut, as it is when the space closes; `step` is the first of the wake-up of who sleeps
 * on `slept_on`, where `mark` says that somebody does. */
static void shut(sluice_space *space, const char *step, _Atomic uint32_t *slept_on, uint32_t mark) {
  word = slept_on;
  before = atomic_fetch_or(word, mark) | mark;
  crash_meanwhile(step, 0, somebody_looks);
  sluice_kind_shut(space, (uint32_t)((unsigned char *)object - space->base));
  word = NULL;
  done(space);
}

static void closing(sluice_space *space, crash_log *log, int finished) {
  static const char wake[] = "lock.wake: value changed";
  static const char unmark[] = "mutex.wake: waiters unmarked";
  static const char signal[] = "event.signal: waiters' bit taken away";
  static const char rouse[] = "ring.wake: mark taken away";
  (void)log;
  (void)finished;
  sluice_mutex *mutex = opened(space, sluice_mutex_open(space, "x", 1));
  shut(space, unmark, &mutex->word, SLUICE_WAITERS_BIT);
  sluice_once *once = opened(space, sluice_once_open(space, "x", 1));
  shut(space, unmark, &once->word, SLUICE_WAITERS_BIT);
  sluice_condvar *condvar = opened(space, sluice_condvar_open(space, "x", 1));
  shut(space, wake, &condvar->sequence, 0);
  sluice_rwlock *rwlock = opened(space, sluice_rwlock_open(space, "x", 1));
  shut(space, wake, &rwlock->writers, 0);
  sluice_semaphore *semaphore = opened(space, sluice_semaphore_open(space, "x", 1, 2));
  shut(space, wake, &semaphore->released, 0);
  sluice_barrier *barrier = opened(space, sluice_barrier_open(space, "x", 1, 2));
  shut(space, wake, &barrier->passed, 0);
  sluice_event *event = opened(space, sluice_event_open(space, "x", 1));
  shut(space, wake, &event->count, 0);
  sluice_store *store = opened(space, sluice_store_open(space, "x", 1, 8, 0));
  shut(space, wake, &store->changed[0], 0);
  sluice_rpc *rpc = opened(space, sluice_rpc_open(space, "x", 1, 2, 8, 0));
  shut(space, wake, &rpc->work, 0);
  sluice_cell *cell = opened(space, sluice_cell_open(space, "x", 1, 8, 0, 0));
  shut(space, wake, &cell->changed, 0);
  cell = opened(space, sluice_cell_open(space, "x", 1, 8, 0, 0));
  shut(space, unmark, &cell->lock, SLUICE_WAITERS_BIT);

  sluice_queue *queue = opened(space, sluice_queue_open(space, "x", 1, 8, 8));
  shut(space, signal, &queue->items, SLEEPER);
  queue = opened(space, sluice_queue_open(space, "x", 1, 8, 8));
  shut(space, signal, &queue->room, SLEEPER);
  sluice_broadcast *broadcast = opened(space, sluice_broadcast_open(space, "x", 1, 1024, 0));
  shut(space, signal, &broadcast->arrivals, SLEEPER);
  sluice_ring_many *many =
      opened(space, sluice_ring_many_open(space, "x", 1, SLUICE_KIND_RING_MPMC, 1024, 0));
  shut(space, signal, &many->filled, SLEEPER);
  many = opened(space, sluice_ring_many_open(space, "x", 1, SLUICE_KIND_RING_MPMC, 1024, 0));
  shut(space, signal, &many->room, SLEEPER);
  sluice_ring *ring = opened(space, sluice_ring_open(space, "x", 1, 1024, 0));
  shut(space, rouse, &ring->producer.asleep, 1);
  ring = opened(space, sluice_ring_open(space, "x", 1, 1024, 0));
  shut(space, rouse, &ring->consumer.asleep, 1);
}

static void poisoning(sluice_space *space, crash_log *log, int finished) {
  static const char wake[] = "lock.wake: value changed";
  static const char unmark[] = "mutex.wake: waiters unmarked";
  uint32_t me = space->participant;
  (void)log;
  (void)finished;

  sluice_mutex *mutex = opened(space, sluice_mutex_open(space, "x", 1));
  atomic_store(&mutex->word, NOBODY << 8);
  crash_meanwhile(unmark, 0, somebody_looks);
  CRASH_EQUAL(sluice_mutex_trylock(mutex, me), SLUICE_E_POISONED);
  done(space);

  sluice_once *once = opened(space, sluice_once_open(space, "x", 1));
  atomic_store(&once->word, NOBODY << 8);
  crash_meanwhile(unmark, 0, somebody_looks);
  CRASH_EQUAL(sluice_once_begin(once, me, 0), SLUICE_E_POISONED);
  done(space);

  sluice_rwlock *rwlock = opened(space, sluice_rwlock_open(space, "x", 1));
  atomic_store(&rwlock->holders, SLUICE_RWLOCK_WRITER); /* a writer who is nobody */
  crash_meanwhile(wake, 0, somebody_looks);
  CRASH_EQUAL(sluice_rwlock_read_lock(rwlock, me, 0), SLUICE_E_POISONED);
  done(space);

  sluice_semaphore *semaphore = opened(space, sluice_semaphore_open(space, "x", 1, 1));
  atomic_store(&semaphore->holder[0], NOBODY << 8);
  crash_meanwhile(wake, 0, somebody_looks);
  CRASH_EQUAL(sluice_semaphore_try(semaphore, 1, me), SLUICE_E_POISONED);
  done(space);

  sluice_barrier *barrier = opened(space, sluice_barrier_open(space, "x", 1, 2));
  atomic_store(&barrier->arrivals, sluice_bit(me) << 1 | sluice_bit(me) << 2); /* both are there */
  crash_meanwhile(wake, 0, somebody_looks);
  CRASH_EQUAL(sluice_barrier_wait(barrier, me, 0), SLUICE_E_POISONED);
  done(space);

  sluice_rpc *rpc = opened(space, sluice_rpc_open(space, "x", 1, 2, 8, 0));
  sluice_rpc_caller caller;
  CRASH_EQUAL(sluice_rpc_caller_open(&caller, rpc, 2, 8, me), SLUICE_OK);
  CRASH_TRUE(sluice_rpc_claim(&caller, 8, 1) != NULL);
  caller.claimed += 2 * 2; /* its call is another's by now */
  crash_meanwhile(wake, 0, somebody_looks);
  CRASH_EQUAL(sluice_rpc_submit(&caller, 8), SLUICE_E_POISONED);
  done(space);

  sluice_queue *queue = opened(space, sluice_queue_open(space, "x", 1, 8, 8));
  uint64_t element = 0;
  sluice_queue_end end;
  CRASH_EQUAL(sluice_queue_end_open(&end, queue, 8, 8, me), SLUICE_OK);
  CRASH_TRUE(sluice_queue_pop_sleep(&end));
  atomic_store(&queue->tail, UINT64_C(1) << 50);
  crash_meanwhile("event.signal: waiters' bit taken away", 0, somebody_looks);
  CRASH_EQUAL(sluice_queue_try_push(&end, &element), SLUICE_E_POISONED);
  done(space);
}

/* ---- marks that come after the close has woken all ---- */

static uint32_t offset_of_object(const sluice_space *space) {
  return (uint32_t)((unsigned char *)object - space->base);
}

static sluice_space *closer;

static void close_it(void) {
  looked = 1;
  sluice_kind_shut(closer, offset_of_object(closer));
  /* and another, which has not looked yet, marks the word, and sleeps on it */
  atomic_fetch_or(word, SLUICE_WAITERS_BIT);
}

/* Whoever sees the close takes the marks away, its own too, and wakes: it may have sent another to
 * sleep. */
static void unmarked(sluice_space *space) {
  CRASH_TRUE((atomic_load(word) & SLUICE_WAITERS_BIT) == 0);
  done(space);
}

static void marking(sluice_space *space, crash_log *log, int finished) {
  static const char marked[] = "mutex.lock: marked";
  const uint32_t other = space->participant + 1;
  (void)log;
  (void)finished;
  closer = space;

  sluice_mutex *mutex = opened(space, sluice_mutex_open(space, "x", 1));
  word = &mutex->word;
  CRASH_EQUAL(sluice_mutex_trylock(mutex, space->participant), SLUICE_OK);
  crash_meanwhile(marked, 0, close_it);
  CRASH_EQUAL(sluice_mutex_lock(mutex, other, -1), SLUICE_E_CLOSED);
  unmarked(space);

  mutex = opened(space, sluice_mutex_open(space, "x", 1));
  word = &mutex->word;
  CRASH_EQUAL(sluice_mutex_trylock(mutex, space->participant), SLUICE_OK);
  crash_meanwhile(marked, 0, close_it);
  CRASH_EQUAL(sluice_mutex_sleep(mutex, other), 0);
  unmarked(space);

  sluice_once *once = opened(space, sluice_once_open(space, "x", 1));
  word = &once->word;
  CRASH_EQUAL(sluice_once_begin(once, space->participant, 0), SLUICE_ONCE_RUN);
  crash_meanwhile(marked, 0, close_it);
  CRASH_EQUAL(sluice_once_sleep(once, other), 0);
  unmarked(space);

  sluice_cell *cell = opened(space, sluice_cell_open(space, "x", 1, 8, 0, 0));
  sluice_cell_view view;
  CRASH_EQUAL(sluice_cell_attach(&view, cell, 8, 0, other), SLUICE_OK);
  word = &cell->lock;
  atomic_store(word, space->participant);
  crash_meanwhile(marked, 0, close_it);
  CRASH_EQUAL(sluice_cell_turn_sleep(&view), 0);
  unmarked(space);
}

static void nothing(sluice_space *space, crash_log *log) {
  (void)space;
  (void)log;
}

const crash_scenario crash_scenarios[] = {
    {"whoever a close wakes finds the object closed", nothing, NULL, closing, nothing},
    {"whoever is woken from a spoilt object finds it poisoned", nothing, NULL, poisoning, nothing},
    {"a mark that comes after a close sends nobody to sleep", nothing, NULL, marking, nothing},
    {NULL, NULL, NULL, NULL, NULL},
};
