/* The explorer itself: classic litmus tests with known outcomes (Boehm and Adve 2008; Alglave,
 * Maranget, Tautschnig: Herding Cats, 2014; RC11, PLDI 2017). "allowed" has to be found,
 * "forbidden" must not be. */
#include "weak.h"

enum { X, Y, Z };

/* ---- SB: store buffering (Dekker) ---- */
#define SB_SIDE(name, mine, other, w, r) \
  THREAD(name) {                         \
    BEGIN;                               \
    STORE(mine, 1, w, NULL);             \
    LOAD(r0, other, r, NULL);            \
    END;                                 \
  }
SB_SIDE(sb_sc_a, X, Y, SEQ_CST, SEQ_CST)
SB_SIDE(sb_sc_b, Y, X, SEQ_CST, SEQ_CST)
SB_SIDE(sb_ra_a, X, Y, RELEASE, ACQUIRE)
SB_SIDE(sb_ra_b, Y, X, RELEASE, ACQUIRE)
SB_SIDE(sb_weak_store_b, Y, X, RELEASE, SEQ_CST)
SB_SIDE(sb_weak_load_b, Y, X, SEQ_CST, ACQUIRE)

static const char *both_zero(const weak_end *end) {
  return end->r[0][0] == 0 && end->r[1][0] == 0 ? "both read the old value" : NULL;
}

THREAD(sb_rmw_a) { /* acquire-release updates of one location in between order as a lock does */
  BEGIN;
  STORE(X, 1, RELAXED, NULL);
  FETCH_ADD(r7, Z, 1, ACQ_REL, NULL);
  LOAD(r0, Y, RELAXED, NULL);
  END;
}
THREAD(sb_rmw_b) {
  BEGIN;
  STORE(Y, 1, RELAXED, NULL);
  FETCH_ADD(r7, Z, 1, ACQ_REL, NULL);
  LOAD(r0, X, RELAXED, NULL);
  END;
}

/* ---- MP: message passing ---- */
THREAD(mp_ra_writer) {
  BEGIN;
  WRITE(X, 1);
  STORE(Y, 1, RELEASE, NULL);
  END;
}
THREAD(mp_rlx_writer) {
  BEGIN;
  WRITE(X, 1);
  STORE(Y, 1, RELAXED, NULL);
  END;
}
THREAD(mp_ra_reader) {
  BEGIN;
  LOAD(r0, Y, ACQUIRE, NULL);
  if (r0 == 1) {
    READ(r1, X);
    CHECK(r1 == 1, "an old message");
  }
  END;
}
THREAD(mp_rlx_reader) {
  BEGIN;
  LOAD(r0, Y, RELAXED, NULL);
  if (r0 == 1) {
    READ(r1, X);
  }
  END;
}
THREAD(mp_atomic_writer) {
  BEGIN;
  STORE(X, 1, RELAXED, NULL);
  STORE(Y, 1, RELAXED, NULL);
  END;
}
THREAD(mp_atomic_reader) {
  BEGIN;
  LOAD(r0, Y, ACQUIRE, NULL);
  LOAD(r1, X, RELAXED, NULL);
  END;
}
static const char *new_then_old(const weak_end *end) {
  return end->r[1][0] == 1 && end->r[1][1] == 0 ? "the flag is new, the message old" : NULL;
}
THREAD(plain_writer) {
  BEGIN;
  WRITE(X, 1);
  END;
}
THREAD(plain_reader) {
  BEGIN;
  READ(r0, X);
  END;
}
THREAD(atomic_writer) {
  BEGIN;
  STORE(X, 1, SEQ_CST, NULL);
  END;
}
THREAD(
    read_then_tell) { /* a reader hands the location back: the write may not race with the read */
  BEGIN;
  READ(r0, X);
  STORE(Y, 1, RELEASE, NULL);
  END;
}
THREAD(read_then_tell_rlx) {
  BEGIN;
  READ(r0, X);
  STORE(Y, 1, RELAXED, NULL);
  END;
}
THREAD(write_when_told) {
  BEGIN;
  AWAIT(r0, Y, WEAK_EQ, 1, ACQUIRE, NULL);
  WRITE(X, 1);
  END;
}

/* ---- LB: load buffering; C11 allows it for relaxed accesses, RC11 and this model never ---- */
#define LB_SIDE(name, from, into)  \
  THREAD(name) {                   \
    BEGIN;                         \
    LOAD(r0, from, RELAXED, NULL); \
    STORE(into, 1, RELAXED, NULL); \
    END;                           \
  }
LB_SIDE(lb_a, X, Y)
LB_SIDE(lb_b, Y, X)
static const char *both_one(const weak_end *end) {
  return end->r[0][0] == 1 && end->r[1][0] == 1 ? "both read what comes later" : NULL;
}

/* ---- IRIW: independent reads of independent writes ---- */
#define IRIW(suffix, w, r)   \
  THREAD(iriw_x_##suffix) {  \
    BEGIN;                   \
    STORE(X, 1, w, NULL);    \
    END;                     \
  }                          \
  THREAD(iriw_y_##suffix) {  \
    BEGIN;                   \
    STORE(Y, 1, w, NULL);    \
    END;                     \
  }                          \
  THREAD(iriw_xy_##suffix) { \
    BEGIN;                   \
    LOAD(r0, X, r, NULL);    \
    LOAD(r1, Y, r, NULL);    \
    END;                     \
  }                          \
  THREAD(iriw_yx_##suffix) { \
    BEGIN;                   \
    LOAD(r0, Y, r, NULL);    \
    LOAD(r1, X, r, NULL);    \
    END;                     \
  }
IRIW(sc, SEQ_CST, SEQ_CST)
IRIW(ra, RELEASE, ACQUIRE)
static const char *two_orders(const weak_end *end) {
  return end->r[2][0] == 1 && end->r[2][1] == 0 && end->r[3][0] == 1 && end->r[3][1] == 0
             ? "the readers disagree on the order"
             : NULL;
}

/* ---- coherence ---- */
THREAD(co_writer) {
  BEGIN;
  STORE(X, 1, RELAXED, NULL);
  STORE(X, 2, RELAXED, NULL);
  END;
}
THREAD(co_reader) {
  BEGIN;
  LOAD(r0, X, RELAXED, NULL);
  LOAD(r1, X, RELAXED, NULL);
  END;
}
static const char *backwards(const weak_end *end) {
  return end->r[1][0] > end->r[1][1] ? "new, then old" : NULL;
}
THREAD(cowr) {
  BEGIN;
  STORE(X, 1, RELAXED, NULL);
  LOAD(r0, X, RELAXED, NULL);
  END;
}
static const char *own_lost(const weak_end *end) {
  return end->r[0][0] == 0 ? "its own store is not there" : NULL;
}
static const char *one_order_twice(const weak_end *end) {
  return (end->r[1][0] == 1 && end->r[1][1] == 2 && end->r[2][0] == 2 && end->r[2][1] == 1)
             ? "two orders of one location"
             : NULL;
}
THREAD(co_write_1) {
  BEGIN;
  STORE(X, 1, RELAXED, NULL);
  END;
}
THREAD(co_write_2) {
  BEGIN;
  STORE(X, 2, RELAXED, NULL);
  END;
}
static const char *one_order_of_two(const weak_end *end) {
  return (end->r[2][0] == 1 && end->r[2][1] == 2 && end->r[3][0] == 2 && end->r[3][1] == 1)
             ? "two orders of one location"
             : NULL;
}

/* ---- 2+2W ---- */
#define TWO_W(name, first, second, o) \
  THREAD(name) {                      \
    BEGIN;                            \
    STORE(first, 1, o, NULL);         \
    STORE(second, 2, o, NULL);        \
    END;                              \
  }
TWO_W(w2_a, X, Y, RELEASE)
TWO_W(w2_b, Y, X, RELEASE)
TWO_W(w2_sc_a, X, Y, SEQ_CST)
TWO_W(w2_sc_b, Y, X, SEQ_CST)
static const char *both_first(const weak_end *end) {
  return end->last[X] == 1 && end->last[Y] == 1 ? "both first stores come last" : NULL;
}

/* ---- release sequences ---- */
THREAD(rs_rmw) {
  BEGIN;
  FETCH_ADD(r0, Y, 1, RELAXED, NULL);
  END;
}
THREAD(rs_store) {
  BEGIN;
  AWAIT(r0, Y, WEAK_EQ, 1, RELAXED, NULL);
  STORE(Y, 2, RELAXED, NULL);
  END;
}
THREAD(rs_reader) {
  BEGIN;
  LOAD(r0, Y, ACQUIRE, NULL);
  if (r0 == 2) {
    READ(r1, X);
    CHECK(r1 == 1, "an old message");
  }
  END;
}
THREAD(rs_own_writer) {
  BEGIN;
  WRITE(X, 1);
  STORE(Y, 1, RELEASE, NULL);
  STORE(Y, 2, RELAXED, NULL);
  END;
}

/* ---- read-modify-writes ---- */
THREAD(increment) {
  BEGIN;
  FETCH_ADD(r0, X, 1, RELAXED, NULL);
  END;
}
static const char *lost_increment(const weak_end *end) {
  return end->last[X] != 3 ? "an increment is lost" : NULL;
}
THREAD(cas_once) {
  BEGIN;
  CAS(r0, X, 0, me->id + 1, RELAXED, RELAXED, NULL);
  END;
}
static const char *two_winners(const weak_end *end) {
  return end->r[0][0] == 0 && end->r[1][0] == 0 ? "two compare-and-swaps won" : NULL;
}
static const char *no_winner(const weak_end *end) {
  return end->r[0][0] != 0 && end->r[1][0] != 0 ? "nobody won" : NULL;
}
THREAD(overwrite) {
  BEGIN;
  STORE(X, 10, RELAXED, NULL);
  END;
}
static const char *torn_update(const weak_end *end) { /* 10 came between the read and the write */
  return end->r[0][0] == 0 && end->last[X] == 1 && end->r[1][0] == 10 ? "not atomic" : NULL;
}
THREAD(read_ten) {
  BEGIN;
  LOAD(r1, X, RELAXED, NULL);
  LOAD(r0, X, RELAXED, NULL);
  END;
}
static const char *ten_between(const weak_end *end) {
  return end->r[0][0] == 0 && end->r[2][1] == 10 && end->r[2][0] == 1 ? "not atomic" : NULL;
}

/* ---- seq_cst beside weaker accesses ---- */
THREAD(sc_then_relaxed) { /* on ARMv8 the later relaxed store may pass the stlr */
  BEGIN;
  STORE(X, 1, SEQ_CST, NULL);
  STORE(Y, 1, RELAXED, NULL);
  END;
}
THREAD(relaxed_then_sc) {
  BEGIN;
  LOAD(r0, Y, RELAXED, NULL);
  LOAD(r1, X, SEQ_CST, NULL);
  END;
}
/* Z6.U of the RC11 paper, which C11's first wording forbids and compilers to Power allow */
THREAD(z6_a) {
  BEGIN;
  STORE(X, 1, SEQ_CST, NULL);
  STORE(Y, 1, RELEASE, NULL);
  END;
}
THREAD(z6_b) {
  BEGIN;
  FETCH_ADD(r0, Y, 1, SEQ_CST, NULL);
  LOAD(r1, Y, RELAXED, NULL);
  END;
}
THREAD(z6_c) {
  BEGIN;
  STORE(Y, 3, SEQ_CST, NULL);
  LOAD(r0, X, SEQ_CST, NULL);
  END;
}
static const char *z6(const weak_end *end) {
  return end->r[1][0] == 1 && end->r[1][1] == 3 && end->r[2][0] == 0 ? "Z6.U" : NULL;
}
/* happens-before between seq_cst events of two locations orders: an acquire chain in the middle */
THREAD(chain_a) {
  BEGIN;
  STORE(X, 1, SEQ_CST, NULL);
  STORE(Z, 1, RELEASE, NULL);
  END;
}
THREAD(chain_b) {
  BEGIN;
  LOAD(r0, Z, ACQUIRE, NULL);
  LOAD(r1, Y, SEQ_CST, NULL);
  END;
}
THREAD(chain_c) {
  BEGIN;
  STORE(Y, 1, SEQ_CST, NULL);
  LOAD(r0, X, SEQ_CST, NULL);
  END;
}
static const char *chain(const weak_end *end) {
  return end->r[1][0] == 1 && end->r[1][1] == 0 && end->r[2][0] == 0 ? "a cycle" : NULL;
}

/* ---- the futex ---- */
THREAD(sleeper) {
  BEGIN;
  SLEEP(X, 0);
  END;
}
THREAD(store_and_wake) {
  BEGIN;
  STORE(X, 1, RELAXED, NULL);
  WAKE(X);
  END;
}
THREAD(wake_then_store) {
  BEGIN;
  WAKE(X);
  STORE(X, 1, RELAXED, NULL);
  END;
}
THREAD(wake_one) {
  BEGIN;
  STORE(X, 1, RELAXED, NULL);
  WAKE_ONE(r0, X);
  END;
}
THREAD(sleeper_reads) {
  BEGIN;
  SLEEP(X, 0);
  LOAD(r0, Y, ACQUIRE, NULL);
  END;
}
THREAD(tell_and_wake) {
  BEGIN;
  STORE(Y, 1, RELEASE, NULL);
  STORE(X, 1, RELAXED, NULL);
  WAKE(X);
  END;
}
static const char *woken_sees_nothing(const weak_end *end) {
  return end->r[0][0] == 0 ? "woken, and sees nothing" : NULL;
}

#define FORBIDDEN(title, is, ...)                                                     \
  {                                                                                   \
    .name = title, .places = {"x", "y", "z"}, .wrong = is, .threads = { __VA_ARGS__ } \
  }
#define ALLOWED(title, is, ...)                                                       \
  {                                                                                   \
    .name = title, .places = {"x", "y", "z"}, .wrong = is, .allowed = 1, .threads = { \
      __VA_ARGS__                                                                     \
    }                                                                                 \
  }

static const weak_litmus litmus[] = {
    FORBIDDEN("SB, seq_cst: forbidden", both_zero, {"a", sb_sc_a}, {"b", sb_sc_b}),
    ALLOWED("SB, release and acquire: allowed", both_zero, {"a", sb_ra_a}, {"b", sb_ra_b}),
    ALLOWED("SB, one store only release: allowed", both_zero, {"a", sb_sc_a},
            {"b", sb_weak_store_b}),
    ALLOWED("SB, one load only acquire: allowed", both_zero, {"a", sb_sc_a}, {"b", sb_weak_load_b}),
    FORBIDDEN("SB, updates of one location between: forbidden", both_zero, {"a", sb_rmw_a},
              {"b", sb_rmw_b}),
    FORBIDDEN("MP, release and acquire: no race, no old message", NULL, {"writer", mp_ra_writer},
              {"reader", mp_ra_reader}),
    ALLOWED("MP, relaxed store: a race", NULL, {"writer", mp_rlx_writer}, {"reader", mp_ra_reader}),
    ALLOWED("MP, relaxed load: a race", NULL, {"writer", mp_ra_writer}, {"reader", mp_rlx_reader}),
    ALLOWED("MP, relaxed atomics: new flag, old message: allowed", new_then_old,
            {"writer", mp_atomic_writer}, {"reader", mp_atomic_reader}),
    ALLOWED("plain write against plain read: a race", NULL, {"writer", plain_writer},
            {"reader", plain_reader}),
    ALLOWED("plain read against seq_cst store: a race", NULL, {"reader", plain_reader},
            {"writer", atomic_writer}),
    FORBIDDEN("read, release; acquire, write: no race", NULL, {"reader", read_then_tell},
              {"writer", write_when_told}),
    ALLOWED("read, relaxed store; acquire, write: a race", NULL, {"reader", read_then_tell_rlx},
            {"writer", write_when_told}),
    FORBIDDEN("LB: forbidden by this model (C11 would allow it)", both_one, {"a", lb_a},
              {"b", lb_b}),
    FORBIDDEN("IRIW, seq_cst: forbidden", two_orders, {"x", iriw_x_sc}, {"y", iriw_y_sc},
              {"xy", iriw_xy_sc}, {"yx", iriw_yx_sc}),
    ALLOWED("IRIW, release and acquire: allowed", two_orders, {"x", iriw_x_ra}, {"y", iriw_y_ra},
            {"xy", iriw_xy_ra}, {"yx", iriw_yx_ra}),
    FORBIDDEN("CoRR: new, then old: forbidden", backwards, {"writer", co_writer},
              {"reader", co_reader}),
    FORBIDDEN("CoRR, two readers of two relaxed stores of one thread", one_order_twice,
              {"writer", co_writer}, {"a", co_reader}, {"b", co_reader}),
    FORBIDDEN("CoRR, two readers agree on the order of two writers", one_order_of_two,
              {"one", co_write_1}, {"two", co_write_2}, {"a", co_reader}, {"b", co_reader}),
    FORBIDDEN("CoWR: a thread sees its own store", own_lost, {"a", cowr}),
    ALLOWED("2+2W, release: allowed", both_first, {"a", w2_a}, {"b", w2_b}),
    FORBIDDEN("2+2W, seq_cst: forbidden", both_first, {"a", w2_sc_a}, {"b", w2_sc_b}),
    FORBIDDEN("release sequence: goes on through a relaxed update", NULL, {"writer", mp_ra_writer},
              {"update", rs_rmw}, {"reader", rs_reader}),
    ALLOWED("release sequence: ends at another thread's store", NULL, {"writer", mp_ra_writer},
            {"store", rs_store}, {"reader", rs_reader}),
    ALLOWED("release sequence: ends at the thread's own relaxed store (C++20)", NULL,
            {"writer", rs_own_writer}, {"reader", rs_reader}),
    FORBIDDEN("RMW: three relaxed increments make three", lost_increment, {"a", increment},
              {"b", increment}, {"c", increment}),
    FORBIDDEN("RMW: of two compare-and-swaps one wins", two_winners, {"a", cas_once},
              {"b", cas_once}),
    FORBIDDEN("RMW: of two compare-and-swaps one wins indeed", no_winner, {"a", cas_once},
              {"b", cas_once}),
    FORBIDDEN("RMW: a store does not come between", ten_between, {"update", increment},
              {"store", overwrite}, {"reader", read_ten}),
    FORBIDDEN("RMW: nor is it lost under it", torn_update, {"update", increment},
              {"store", overwrite}),
    ALLOWED("a relaxed store may pass the seq_cst store before it: allowed", new_then_old,
            {"writer", sc_then_relaxed}, {"reader", relaxed_then_sc}),
    ALLOWED("Z6.U: seq_cst mixed with release, allowed as repaired", z6, {"a", z6_a}, {"b", z6_b},
            {"c", z6_c}),
    FORBIDDEN("seq_cst through an acquire chain: forbidden", chain, {"a", chain_a}, {"b", chain_b},
              {"c", chain_c}),
    FORBIDDEN("futex: store, wake: nobody sleeps for ever", NULL, {"sleeper", sleeper},
              {"waker", store_and_wake}),
    ALLOWED("futex: wake, store: may sleep for ever", NULL, {"sleeper", sleeper},
            {"waker", wake_then_store}),
    ALLOWED("futex: wake one, two sleep: one is left", NULL, {"a", sleeper}, {"b", sleeper},
            {"waker", wake_one}),
    ALLOWED("futex: being woken orders nothing: allowed", woken_sees_nothing,
            {"sleeper", sleeper_reads}, {"waker", tell_and_wake}),
    {0}};

const weak_group classic_group = {"classic", litmus, NULL, NULL};
