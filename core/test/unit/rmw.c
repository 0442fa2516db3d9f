/* How many atomic read-modify-writes a lock costs that nobody else wants. The locks' sources are
 * compiled here once more, with the operations counted. A seq_cst store counts as well, as most
 * processors carry it out as one. */
#include "support.h"

#include <stdatomic.h>

static unsigned operations;

/* The compiler's own operations behind the standard's names. */
#if defined(__clang__)
#define STORE __c11_atomic_store
#define EXCHANGE __c11_atomic_exchange
#define FETCH(name) __c11_atomic_fetch_##name
#define COMPARE_STRONG(at, old, new, won, lost) \
  __c11_atomic_compare_exchange_strong(at, old, new, won, lost)
#define COMPARE_WEAK(at, old, new, won, lost) \
  __c11_atomic_compare_exchange_weak(at, old, new, won, lost)
#else
#define STORE __atomic_store_n
#define EXCHANGE __atomic_exchange_n
#define FETCH(name) __atomic_fetch_##name
#define COMPARE_STRONG(at, old, new, won, lost) \
  __atomic_compare_exchange_n(at, old, new, 0, won, lost)
#define COMPARE_WEAK(at, old, new, won, lost) \
  __atomic_compare_exchange_n(at, old, new, 1, won, lost)
#endif

#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit
#define atomic_store_explicit(at, value, order) \
  (operations += (order) == memory_order_seq_cst, STORE(at, value, order))
#define atomic_exchange_explicit(at, value, order) (operations++, EXCHANGE(at, value, order))
#define atomic_fetch_add_explicit(at, value, order) (operations++, FETCH(add)(at, value, order))
#define atomic_fetch_or_explicit(at, value, order) (operations++, FETCH(or)(at, value, order))
#define atomic_fetch_and_explicit(at, value, order) (operations++, FETCH(and)(at, value, order))
#define atomic_compare_exchange_strong_explicit(at, old, new, won, lost) \
  (operations++, COMPARE_STRONG(at, old, new, won, lost))
#define atomic_compare_exchange_weak_explicit(at, old, new, won, lost) \
  (operations++, COMPARE_WEAK(at, old, new, won, lost))

/* Two of them call a function of their own by the same name. */
#define take mutex_take
#define shape mutex_shape
#include "../../src/mutex.c"
#undef shape
#undef take
#include "../../src/rwlock.c"
#define poison semaphore_poison
#include "../../src/semaphore.c"
#undef poison

enum { OWNER = 1 << 8 | 1, MOST = 3 };

/* What was counted since the last call. */
static unsigned since(void) {
  unsigned all = operations;
  operations = 0;
  return all;
}

static void a_mutex_takes_one_to_lock_and_one_to_unlock(void **state) {
  (void)state;
  sluice_mutex *mutex = fresh(sizeof *mutex);
  assert_int_equal(sluice_mutex_init(mutex), SLUICE_OK);
  (void)since();
  assert_int_equal(sluice_mutex_lock(mutex, OWNER, -1), SLUICE_OK);
  assert_int_equal(since(), 1);
  assert_int_equal(sluice_mutex_unlock(mutex, OWNER), SLUICE_OK);
  assert_int_equal(since(), 1);
  free(mutex);
}

static void an_rwlock_takes_one_to_lock_and_one_to_unlock(void **state) {
  (void)state;
  sluice_rwlock *rwlock = fresh(sizeof *rwlock);
  assert_int_equal(sluice_rwlock_init(rwlock), SLUICE_OK);
  (void)since();
  assert_int_equal(sluice_rwlock_read_lock(rwlock, OWNER, -1), SLUICE_OK);
  assert_int_equal(since(), 1);
  assert_int_equal(sluice_rwlock_read_unlock(rwlock, OWNER), SLUICE_OK);
  assert_int_equal(since(), 1);
  assert_int_equal(sluice_rwlock_write_lock(rwlock, OWNER, -1), SLUICE_OK);
  assert_int_equal(since(), 1);
  assert_int_equal(sluice_rwlock_write_unlock(rwlock, OWNER), SLUICE_OK);
  assert_int_equal(since(), 1);
  free(rwlock);
}

static void a_semaphore_takes_three_at_most_to_acquire_and_release(void **state) {
  (void)state;
  enum { PERMITS = 4 };
  sluice_semaphore *semaphore = fresh(sluice_semaphore_bytes(PERMITS));
  assert_int_equal(sluice_semaphore_init(semaphore, PERMITS), SLUICE_OK);
  (void)since();
  int permit = sluice_semaphore_acquire(semaphore, PERMITS, OWNER, -1);
  assert_true(permit >= 0);
  assert_int_equal(sluice_semaphore_release(semaphore, PERMITS, OWNER, (uint32_t)permit),
                   SLUICE_OK);
  unsigned both = since();
  assert_true(both >= 2 && both <= MOST);
  free(semaphore);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_mutex_takes_one_to_lock_and_one_to_unlock),
      cmocka_unit_test(an_rwlock_takes_one_to_lock_and_one_to_unlock),
      cmocka_unit_test(a_semaphore_takes_three_at_most_to_acquire_and_release),
  };
  return RUN(tests);
}
