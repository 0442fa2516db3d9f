/* A small explorer of weak memory: what may two to four threads see of each other, by the rules of
 * C11's atomics and not by what this machine happens to do?
 *
 * Why. ThreadSanitizer finds races of plain accesses, but lets a seq_cst operation pass for an
 * acquire-release one; x86 hides nearly all weakenings; Spin explores sequential consistency only.
 * Here every memory order counts, and a runner weakens each of them in turn (main.c) to see whether
 * it was needed.
 *
 * The model is RC11 (Lahav, Vafeiadis, Kang, Hur, Dreyer: Repairing Sequential Consistency in
 * C/C++11, PLDI 2017; that of C++20), without fences:
 *   - an execution is a graph: events in program order, reads-from, and a modification order per
 *     location. It grows by one event at a time, as the executions of a model checker such as GenMC
 *     (Kokologiannakis, Raad, Vafeiadis, PLDI 2019), so that all choices of all orders are met;
 *   - a read may see any write that is not overwritten by one that happens before the read or that
 *     a read before it has seen (coherence); a write may go anywhere into the modification order
 *     behind those; a read-modify-write stands directly behind what it read (atomicity);
 *   - acquire reads synchronise with the release that heads the release sequence they read from. A
 *     release sequence goes on through read-modify-writes only (C++20; C11's also goes on through
 *     the same thread's later stores: the weaker rule is taken here);
 *   - seq_cst operations: the relation psc of RC11 is acyclic. So store buffering (Dekker) is
 *     forbidden between seq_cst operations, but a seq_cst store still lets later relaxed ones pass;
 *   - two conflicting accesses of which one is plain, not ordered by happens-before: a race, which
 *     is an error at once.
 * Not in the model: load buffering (program order and reads-from together are acyclic), as in RC11;
 * fences; mixed sizes; consume. A dependency orders nothing.
 *
 * A futex (SLEEP, WAKE) promises least: a sleeper's look at the word and a wake-up of the same word
 * are ordered by the kernel's bucket, so that the sleeper is woken or sees the word no older than
 * the waker did. Nothing else is ordered by sleeping, waking or being woken.
 *
 * A thread is a C function that runs from one access to the next and returns in between (a
 * coroutine by Duff's device): its variables r0 to r7 live in `me`, no other survives an access.
 *
 *   THREAD(producer) {
 *     BEGIN;
 *     WRITE(PAYLOAD, 42);
 *     STORE(HEADER, 1, RELEASE, "publish: header");
 *     END;
 *   }
 *   THREAD(consumer) {
 *     BEGIN;
 *     LOAD(r0, HEADER, ACQUIRE, "look: header");
 *     if (r0 == 1) {
 *       READ(r1, PAYLOAD);
 *       CHECK(r1 == 42, "an old payload");
 *     }
 *     END;
 *   }
 *
 * The name at an access is the edge's: the same name stands for the same line of C in all litmus
 * programs of a group, and is weakened in all at once. */
#ifndef SLUICE_TEST_WEAK_H
#define SLUICE_TEST_WEAK_H

#include <stddef.h>
#include <stdint.h>

enum {
  WEAK_THREADS = 4,
  WEAK_EVENTS = 64, /* in all; each thread has its share */
  WEAK_PLACES = 20,
  WEAK_REGISTERS = 8
};

typedef enum { RELAXED, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST } weak_order;

typedef enum {
  WEAK_DONE,
  WEAK_CUT,
  WEAK_FAIL,
  WEAK_CHOOSE,
  WEAK_LOAD,
  WEAK_AWAIT,
  WEAK_STORE,
  WEAK_RMW,
  WEAK_CAS,
  WEAK_READ,
  WEAK_WRITE,
  WEAK_SLEEP,
  WEAK_WAKE,
  WEAK_WAKE_ONE
} weak_kind;

typedef enum { WEAK_EXCHANGE, WEAK_ADD, WEAK_OR, WEAK_AND, WEAK_MAX } weak_operation;
typedef enum { WEAK_EQ, WEAK_NE, WEAK_GE, WEAK_CLEAR } weak_condition;

/* What a thread does next. */
typedef struct weak_step {
  weak_kind kind;
  int place;
  int value;
  int expected;
  int operation; /* WEAK_RMW: a weak_operation; WEAK_AWAIT: a weak_condition */
  weak_order order;
  weak_order failed; /* WEAK_CAS: the order when it fails */
  const char *edge;  /* the order's name; NULL for an order that is not to be weakened */
} weak_step;

typedef struct weak_thread {
  int id;
  int pc;
  int got; /* by the last step */
  int r[WEAK_REGISTERS];
  weak_step next;
} weak_thread;

#define THREAD(name) static void name(weak_thread *me)
#define BEGIN       \
  switch (me->pc) { \
    case 0:
#define END \
  }         \
  me->next.kind = WEAK_DONE

#define WEAK_STEP_AT(label, ...)         \
  do {                                   \
    me->pc = (label);                    \
    me->next = (weak_step){__VA_ARGS__}; \
    return;                              \
    case (label):;                       \
  } while (0)
#define WEAK_STEP(...) WEAK_STEP_AT(__COUNTER__ + 1, __VA_ARGS__)

#define r0 me->r[0]
#define r1 me->r[1]
#define r2 me->r[2]
#define r3 me->r[3]
#define r4 me->r[4]
#define r5 me->r[5]
#define r6 me->r[6]
#define r7 me->r[7]

/* Atomic accesses. `to` gets what was read: of a read-modify-write the value before. */
#define LOAD(to, at, by, name)                                                  \
  do {                                                                          \
    WEAK_STEP(.kind = WEAK_LOAD, .place = (at), .order = (by), .edge = (name)); \
    to = me->got;                                                               \
  } while (0)
#define STORE(at, what, by, name) \
  WEAK_STEP(.kind = WEAK_STORE, .place = (at), .value = (what), .order = (by), .edge = (name))
#define RMW(to, op, at, what, by, name)                                                           \
  do {                                                                                            \
    WEAK_STEP(.kind = WEAK_RMW, .operation = (op), .place = (at), .value = (what), .order = (by), \
              .edge = (name));                                                                    \
    to = me->got;                                                                                 \
  } while (0)
#define EXCHANGE(to, at, what, by, name) RMW(to, WEAK_EXCHANGE, at, what, by, name)
#define FETCH_ADD(to, at, what, by, name) RMW(to, WEAK_ADD, at, what, by, name)
#define FETCH_OR(to, at, what, by, name) RMW(to, WEAK_OR, at, what, by, name)
#define FETCH_AND(to, at, what, by, name) RMW(to, WEAK_AND, at, what, by, name)
/* It succeeded if `to` is `from` afterwards. */
#define CAS(to, at, from, into, by, fail, name)                                                    \
  do {                                                                                             \
    WEAK_STEP(.kind = WEAK_CAS, .place = (at), .expected = (from), .value = (into), .order = (by), \
              .failed = (fail), .edge = (name));                                                   \
    to = me->got;                                                                                  \
  } while (0)
/* A loop of loads that ends when the value fits; its earlier turns are left out. */
#define AWAIT(to, at, fits, what, by, name)                                               \
  do {                                                                                    \
    WEAK_STEP(.kind = WEAK_AWAIT, .operation = (fits), .place = (at), .expected = (what), \
              .order = (by), .edge = (name));                                             \
    to = me->got;                                                                         \
  } while (0)

/* Plain accesses. */
#define READ(to, at)                             \
  do {                                           \
    WEAK_STEP(.kind = WEAK_READ, .place = (at)); \
    to = me->got;                                \
  } while (0)
#define WRITE(at, what) WEAK_STEP(.kind = WEAK_WRITE, .place = (at), .value = (what))

/* Sleeps while the word is `what`; wakes all, or one and says how many (0 or 1). */
#define SLEEP(at, what) WEAK_STEP(.kind = WEAK_SLEEP, .place = (at), .expected = (what))
#define WAKE(at) WEAK_STEP(.kind = WEAK_WAKE, .place = (at))
#define WAKE_ONE(to, at)                             \
  do {                                               \
    WEAK_STEP(.kind = WEAK_WAKE_ONE, .place = (at)); \
    to = me->got;                                    \
  } while (0)

/* One of 0 to count - 1: a death here or not, a spurious failure. */
#define CHOOSE(to, count)                             \
  do {                                                \
    WEAK_STEP(.kind = WEAK_CHOOSE, .value = (count)); \
    to = me->got;                                     \
  } while (0)

#define CHECK(holds, text)       \
  do {                           \
    if (!(holds)) {              \
      me->next.kind = WEAK_FAIL; \
      me->next.edge = (text);    \
      return;                    \
    }                            \
  } while (0)
/* Leaves out the executions in which this does not hold: a loop's next turn. */
#define ASSUME(holds)           \
  do {                          \
    if (!(holds)) {             \
      me->next.kind = WEAK_CUT; \
      return;                   \
    }                           \
  } while (0)
#define STOP                   \
  do {                         \
    me->next.kind = WEAK_DONE; \
    return;                    \
  } while (0)

/* An execution's end: the threads' variables, and the last value of each location. */
typedef struct weak_end {
  int r[WEAK_THREADS][WEAK_REGISTERS];
  int last[WEAK_PLACES];
} weak_end;

typedef struct weak_litmus {
  const char *name;
  const char *places[WEAK_PLACES];
  int start[WEAK_PLACES]; /* their first values */
  struct {
    const char *name;
    void (*run)(weak_thread *me);
  } threads[WEAK_THREADS];
  int events[WEAK_THREADS]; /* how many each may have; 0: an equal share of 63 */
  /* NULL, or what is wrong with this end */
  const char *(*wrong)(const weak_end *end);
  int allowed;   /* the "wrong" end has to be found: it shows what the model allows */
  int may_sleep; /* bits of the threads that may sleep for ever, or wait in AWAIT */
  int long_only;
  int as_is;  /* too large to be run with each edge weakened */
  int strong; /* as_is, and sequentially consistent, without races: too large for more */
} weak_litmus;

/* An order that is stronger than any litmus program shows to be needed. */
typedef struct weak_excuse {
  const char *edge;
  weak_order enough; /* the order that is not seen to be too weak */
  const char *why;
} weak_excuse;

typedef struct weak_group {
  const char *name;
  const weak_litmus *litmus;  /* ends with one without a name */
  const weak_litmus *more;    /* likewise, or NULL: programs with some of the same edges */
  const weak_excuse *excuses; /* likewise; may be NULL */
} weak_group;

/* ---- explore.c ---- */

enum { WEAK_EDGES = 64 };

/* The orders of a group's edges, found out while its programs run. */
typedef struct weak_edges {
  int count;
  struct {
    char name[80];
    int reads, writes;
    weak_order given;
    weak_order now;
  } at[WEAK_EDGES];
} weak_edges;

typedef struct weak_result {
  const char *found; /* what went wrong; NULL when nothing did */
  const char *error; /* the program itself is at fault, or too large */
  unsigned long states;
  unsigned long executions;
  uint64_t edges; /* those that it uses */
  char trace[6000];
} weak_result;

/* All executions of `litmus`, until one goes wrong. */
void weak_explore(const weak_litmus *litmus, weak_edges *edges, weak_result *result);

const char *weak_order_name(weak_order order);

#endif
