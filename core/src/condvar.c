/* The two sets of a condition variable.
 *
 * Nothing is lost in the chain of a broadcast, because while a called one sleeps there is always
 * one awake that will pass the wake-up on: the broadcaster wakes one; whoever wakes, called or not,
 * by a broadcast or a signal or its deadline, wakes the next after it has the mutex as long as
 * `called` and `waiting` have a bit in common; if nobody slept, then nobody called sleeps. Who dies
 * in between is made good by the recovery, which wakes all. The chain ends, because each clears its
 * own bits as soon as it is awake, and one that comes back to wait is not called any more. A signal
 * that comes while called ones wait might wake one of them, who would have woken without it, and be
 * lost for those that began to wait after the broadcast: so it calls all. */
#include "sluice/condvar.h"

#include "kinds.h"
#include "lock.h"

static sluice_shape shape(void) {
  return (sluice_shape){.kind = SLUICE_KIND_CONDVAR, .bytes = (uint32_t)sizeof(sluice_condvar)};
}

uint32_t sluice_condvar_open(sluice_space *space, const char *name, uint32_t name_bytes) {
  return sluice_object_open(space, name, name_bytes, shape());
}

int sluice_condvar_init(void *at) {
  return sluice_object_init(at, shape());
}

/* Begins a wait: SLUICE_OK with the mutex unlocked and *key set; else nothing has changed. */
static int begin(sluice_condvar *condvar, sluice_mutex *mutex, uint32_t owner, uint32_t *key) {
  int status = sluice_flags_status(&condvar->object.state);
  if (status != SLUICE_OK) {
    return status;
  }
  if (!sluice_owner_valid(owner) ||
      (atomic_load_explicit(&mutex->word, memory_order_relaxed) & SLUICE_OWNER_MASK) != owner) {
    return SLUICE_E_INVALID;
  }
  uint64_t bit = sluice_bit(owner);
  if ((atomic_load_explicit(&condvar->waiting, memory_order_relaxed) & bit) != 0) {
    return SLUICE_E_BUSY;
  }
  /* What an earlier broadcast was late to say is not meant for this wait. */
  (void)atomic_fetch_and_explicit(&condvar->called, ~bit, memory_order_relaxed);
  SLUICE_STEP("condvar.wait: not called");
  /* seq_cst, like all on `waiting` and `called`: announced, then the key taken; a broadcast looks
   * at the set, then changes the sequence. Who is not in its set has a newer key or wakes by
   * itself. */
  (void)atomic_fetch_or_explicit(&condvar->waiting, bit, memory_order_seq_cst);
  SLUICE_STEP("condvar.wait: announced");
  *key = sluice_event_mark(&condvar->sequence);
  SLUICE_STEP("condvar.wait: marked");
  /* The mutex orders the key before every change of the condition that this waiter has not seen. */
  (void)sluice_mutex_unlock(mutex, owner);
  return SLUICE_OK;
}

void sluice_condvar_woken(sluice_condvar *condvar, uint32_t owner) {
  uint64_t bit = sluice_bit(owner);
  (void)atomic_fetch_and_explicit(&condvar->waiting, ~bit, memory_order_seq_cst);
  SLUICE_STEP("condvar.wait: waits no more");
  (void)atomic_fetch_and_explicit(&condvar->called, ~bit, memory_order_seq_cst);
  SLUICE_STEP("condvar.wait: has come");
}

/* Does one that a broadcast has called still wait? */
static int is_calling(const sluice_condvar *condvar) {
  return (atomic_load_explicit(&condvar->called, memory_order_seq_cst) &
          atomic_load_explicit(&condvar->waiting, memory_order_seq_cst)) != 0;
}

void sluice_condvar_pass(sluice_condvar *condvar) {
  if (is_calling(condvar)) {
    (void)sluice_futex_wake_one(&condvar->sequence);
    SLUICE_STEP("condvar.wait: next woken");
  }
}

int sluice_condvar_wait(sluice_condvar *condvar, sluice_mutex *mutex, uint32_t owner,
                        int64_t timeout_ns) {
  uint32_t key = 0;
  int status = begin(condvar, mutex, owner, &key);
  if (status == SLUICE_E_CLOSED || status == SLUICE_E_POISONED) {
    (void)sluice_mutex_unlock(mutex, owner);
  }
  if (status != SLUICE_OK) {
    return status;
  }
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  int slept = sluice_flags_status(&condvar->object.state);
  if (slept == SLUICE_OK) {
    slept = sluice_sleep(&condvar->sequence, key, &deadline);
  }
  SLUICE_STEP("condvar.wait: woken");
  if (slept == SLUICE_E_TIMEOUT &&
      atomic_load_explicit(&condvar->sequence, memory_order_relaxed) != key) {
    slept = SLUICE_OK; /* somebody has signalled, perhaps this one */
  }
  sluice_condvar_woken(condvar, owner);
  int locked = sluice_mutex_lock(mutex, owner, -1);
  sluice_condvar_pass(condvar);
  status = sluice_flags_status(&condvar->object.state);
  if (locked >= 0 && status != SLUICE_OK) {
    (void)sluice_mutex_unlock(mutex, owner);
    return status;
  }
  return locked == SLUICE_OK && slept == SLUICE_E_TIMEOUT ? SLUICE_E_TIMEOUT : locked;
}

uint32_t sluice_condvar_sleep(sluice_condvar *condvar, sluice_mutex *mutex, uint32_t owner) {
  uint32_t key = 0;
  return begin(condvar, mutex, owner, &key) == SLUICE_OK ? key : 0;
}

int sluice_condvar_signal(sluice_condvar *condvar) {
  if (is_calling(condvar)) {
    /* The one woken might be one that is called, whom the chain would have woken; the signal is
     * for the others. */
    return sluice_condvar_broadcast(condvar);
  }
  int status = sluice_flags_status(&condvar->object.state);
  if (status == SLUICE_OK) {
    sluice_event_signal_one(&condvar->sequence);
    SLUICE_STEP("condvar.signal: one woken");
  }
  return status;
}

int sluice_condvar_broadcast(sluice_condvar *condvar) {
  int status = sluice_flags_status(&condvar->object.state);
  if (status != SLUICE_OK) {
    return status;
  }
  uint64_t waiting = atomic_load_explicit(&condvar->waiting, memory_order_seq_cst);
  if (waiting != 0) {
    (void)atomic_fetch_or_explicit(&condvar->called, waiting, memory_order_seq_cst);
    SLUICE_STEP("condvar.broadcast: first called");
    /* And who has come in between: a signal that was meant for that one, and did not see yet that
     * others are called, may have woken one of those. */
    uint64_t since = atomic_load_explicit(&condvar->waiting, memory_order_seq_cst) & ~waiting;
    if (since != 0) {
      (void)atomic_fetch_or_explicit(&condvar->called, since, memory_order_seq_cst);
    }
    SLUICE_STEP("condvar.broadcast: called");
    sluice_event_signal_one(&condvar->sequence);
    SLUICE_STEP("condvar.broadcast: one woken");
  }
  return SLUICE_OK;
}

int sluice_condvar_recover(sluice_space *space, sluice_condvar *condvar, uint32_t id) {
  (void)space;
  sluice_condvar_woken(condvar, id);
  sluice_event_wake_all(&condvar->sequence);
  return SLUICE_OK;
}

int sluice_condvar_shut(sluice_condvar *condvar) {
  sluice_flag(&condvar->object, SLUICE_OBJECT_CLOSED);
  sluice_event_wake_all(&condvar->sequence);
  return SLUICE_OK;
}
