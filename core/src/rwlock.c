/* Why no wake-up is lost: whatever lets somebody in is followed, in the total order of seq_cst
 * operations, by a look at the event word of those that it lets in; and they mark that word, then
 * look at what they wait for once more.
 *
 *   a reader waits for    WRITER gone and nobody in `waiting`
 *     the writer unlocks and nobody in `waiting`       it wakes all readers
 *     the last of `waiting` gives up                   it wakes all readers
 *     the last of `waiting` gets the lock              see "the writer unlocks"
 *   a writer waits for    no holders
 *     the last reader or the writer unlocks            it wakes one writer if any is in `waiting`
 *
 * A writer that was woken and finds the lock taken sleeps again or gives up without passing the
 * wake-up on: whoever has the lock now unlocks later, and wakes one then. One that dies is made
 * good by the recovery, which wakes all. */
#include "sluice/rwlock.h"

#include "kinds.h"
#include "lock.h"

#define HOLDERS ((UINT64_C(1) << SLUICE_PARTICIPANTS) - 1)

static sluice_shape shape(void) {
  return (sluice_shape){.kind = SLUICE_KIND_RWLOCK, .bytes = (uint32_t)sizeof(sluice_rwlock)};
}

uint32_t sluice_rwlock_open(sluice_space *space, const char *name, uint32_t name_bytes) {
  return sluice_object_open(space, name, name_bytes, shape());
}

int sluice_rwlock_init(void *at) {
  return sluice_object_init(at, shape());
}

static void wake_everybody(sluice_rwlock *rwlock) {
  sluice_event_wake_all(&rwlock->writers);
  sluice_event_wake_all(&rwlock->readers);
}

static int poison(sluice_rwlock *rwlock) {
  sluice_flag(&rwlock->object, SLUICE_OBJECT_POISONED);
  wake_everybody(rwlock);
  return SLUICE_E_POISONED;
}

/* seq_cst, like all on `holders` and `waiting`: a sleeper has marked its word before. Also acquires
 * what the last holders did. */
static uint64_t holders_of(const sluice_rwlock *rwlock) {
  return atomic_load_explicit(&rwlock->holders, memory_order_seq_cst);
}

static uint64_t waiting_of(const sluice_rwlock *rwlock) {
  return atomic_load_explicit(&rwlock->waiting, memory_order_seq_cst) & HOLDERS;
}

static int makes_sense(uint64_t holders) {
  uint64_t who = holders & HOLDERS;
  int one = who != 0 && (who & (who - 1)) == 0;
  return (holders & ~(HOLDERS | SLUICE_RWLOCK_WRITER | SLUICE_RWLOCK_DIED)) == 0 &&
         ((holders & SLUICE_RWLOCK_WRITER) == 0 || one);
}

/* Lets in whoever comes next. */
static void let_in(sluice_rwlock *rwlock) {
  if (waiting_of(rwlock) != 0) {
    sluice_event_signal_one(&rwlock->writers);
    SLUICE_STEP("rwlock.unlock: writer woken");
  } else {
    sluice_event_signal_all(&rwlock->readers);
    SLUICE_STEP("rwlock.unlock: readers woken");
  }
}

/* Could `writer`s, or readers, lock now? */
static int is_open(uint64_t holders, uint64_t waiting, int writer) {
  return writer ? (holders & ~SLUICE_RWLOCK_DIED) == 0
                : (holders & SLUICE_RWLOCK_WRITER) == 0 && waiting == 0;
}

/* Locks if that is possible. SLUICE_E_AGAIN: others hold it, or have to be let go before. */
static int take(sluice_rwlock *rwlock, uint32_t owner, int writer) {
  int status =
      sluice_owner_valid(owner) ? sluice_flags_status(&rwlock->object.state) : SLUICE_E_INVALID;
  if (status != SLUICE_OK) {
    return status;
  }
  uint64_t bit = sluice_bit(owner);
  uint64_t holders = holders_of(rwlock);
  for (int tries = 0; tries < SLUICE_MUTEX_TRIES; tries++) {
    if (!makes_sense(holders)) {
      return poison(rwlock);
    }
    if ((holders & bit) != 0) {
      return SLUICE_E_BUSY;
    }
    if (!is_open(holders, writer ? 0 : waiting_of(rwlock), writer)) {
      return SLUICE_E_AGAIN;
    }
    uint64_t taken = holders | bit | (writer ? SLUICE_RWLOCK_WRITER : 0);
    /* acquires what the last holders did; pairs with the releases in unlock and recover */
    if (atomic_compare_exchange_weak_explicit(&rwlock->holders, &holders, taken,
                                              memory_order_seq_cst, memory_order_seq_cst)) {
      SLUICE_STEP("rwlock.lock: taken");
      return (holders & SLUICE_RWLOCK_DIED) != 0 ? SLUICE_OWNER_DIED : SLUICE_OK;
    }
  }
  return SLUICE_E_AGAIN;
}

/* A writer waits no more. 1 when it did and was the last. */
static int unannounce(sluice_rwlock *rwlock, uint32_t owner) {
  uint64_t bit = sluice_bit(owner);
  if ((waiting_of(rwlock) & bit) == 0) {
    return 0;
  }
  uint64_t before = atomic_fetch_and_explicit(&rwlock->waiting, ~bit, memory_order_seq_cst);
  SLUICE_STEP("rwlock.lock: waits no more");
  return (before & HOLDERS & ~bit) == 0;
}

static int take_or_busy(sluice_rwlock *rwlock, uint32_t owner, int writer) {
  int status = take(rwlock, owner, writer);
  if (writer && status >= 0) {
    (void)unannounce(rwlock, owner);
  }
  return status == SLUICE_E_AGAIN ? SLUICE_E_BUSY : status;
}

int sluice_rwlock_read_trylock(sluice_rwlock *rwlock, uint32_t owner) {
  return take_or_busy(rwlock, owner, 0);
}

int sluice_rwlock_write_trylock(sluice_rwlock *rwlock, uint32_t owner) {
  return take_or_busy(rwlock, owner, 1);
}

uint32_t sluice_rwlock_read_sleep(sluice_rwlock *rwlock, uint32_t owner) {
  (void)owner;
  uint32_t value = sluice_event_mark(&rwlock->readers);
  SLUICE_STEP("rwlock.lock: reader marked");
  return sluice_flags_status(&rwlock->object.state) == SLUICE_OK &&
                 !is_open(holders_of(rwlock), waiting_of(rwlock), 0)
             ? value
             : 0;
}

uint32_t sluice_rwlock_write_sleep(sluice_rwlock *rwlock, uint32_t owner) {
  if (!sluice_owner_valid(owner)) {
    return 0;
  }
  if ((waiting_of(rwlock) & sluice_bit(owner)) == 0) {
    /* keeps new readers out; seq_cst: announced, then looked; see let_in */
    (void)atomic_fetch_or_explicit(&rwlock->waiting, sluice_bit(owner), memory_order_seq_cst);
    SLUICE_STEP("rwlock.lock: writer announced");
  }
  uint32_t value = sluice_event_mark(&rwlock->writers);
  SLUICE_STEP("rwlock.lock: writer marked");
  return sluice_flags_status(&rwlock->object.state) == SLUICE_OK &&
                 !is_open(holders_of(rwlock), 0, 1)
             ? value
             : 0;
}

void sluice_rwlock_write_cancel(sluice_rwlock *rwlock, uint32_t owner) {
  if (sluice_owner_valid(owner)) {
    if (unannounce(rwlock, owner)) {
      sluice_event_signal_all(&rwlock->readers);
      SLUICE_STEP("rwlock.cancel: readers woken");
    }
    sluice_event_signal_one(&rwlock->writers);
    SLUICE_STEP("rwlock.cancel: writer woken");
  }
}

/* Spins once, or sleeps. SLUICE_OK: try again; else the wait is over. */
static int wait_a_turn(sluice_rwlock *rwlock, uint32_t owner, int writer, sluice_patience *patience,
                       sluice_deadline *deadline) {
  if (sluice_patience_spin(patience)) {
    return SLUICE_OK;
  }
  if (deadline->at == 0) {
    return SLUICE_E_TIMEOUT;
  }
  uint32_t value =
      writer ? sluice_rwlock_write_sleep(rwlock, owner) : sluice_rwlock_read_sleep(rwlock, owner);
  if (value == 0) {
    return sluice_patience_turn(patience, deadline);
  }
  int status = sluice_sleep(writer ? &rwlock->writers : &rwlock->readers, value, deadline);
  SLUICE_STEP("rwlock.lock: woken");
  return status;
}

static int keep_trying(sluice_rwlock *rwlock, uint32_t owner, int64_t timeout_ns, int writer) {
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  sluice_patience patience = sluice_patience_for(&deadline);
  for (;;) {
    int status = wait_a_turn(rwlock, owner, writer, &patience, &deadline);
    if (status != SLUICE_OK) {
      return status;
    }
    status = take(rwlock, owner, writer);
    if (status != SLUICE_E_AGAIN) {
      return status;
    }
  }
}

static int lock(sluice_rwlock *rwlock, uint32_t owner, int64_t timeout_ns, int writer) {
  int status = take(rwlock, owner, writer);
  if (status == SLUICE_E_AGAIN) {
    status = keep_trying(rwlock, owner, timeout_ns, writer);
  }
  if (writer && status >= 0) {
    (void)unannounce(rwlock, owner);
  } else if (writer) {
    sluice_rwlock_write_cancel(rwlock, owner);
  }
  return status;
}

int sluice_rwlock_read_lock(sluice_rwlock *rwlock, uint32_t owner, int64_t timeout_ns) {
  return lock(rwlock, owner, timeout_ns, 0);
}

int sluice_rwlock_write_lock(sluice_rwlock *rwlock, uint32_t owner, int64_t timeout_ns) {
  return lock(rwlock, owner, timeout_ns, 1);
}

/* What an unlocker answers. */
static int unlocked(sluice_rwlock *rwlock) {
  int status = sluice_flags_status(&rwlock->object.state);
  return status == SLUICE_E_POISONED ? status : SLUICE_OK;
}

int sluice_rwlock_read_unlock(sluice_rwlock *rwlock, uint32_t owner) {
  uint64_t bit = sluice_owner_valid(owner) ? sluice_bit(owner) : 0;
  uint64_t holders = holders_of(rwlock);
  if ((holders & bit) == 0 || (holders & SLUICE_RWLOCK_WRITER) != 0) {
    return makes_sense(holders) ? SLUICE_E_INVALID : poison(rwlock);
  }
  SLUICE_STEP("rwlock.unlock: reader is about to");
  /* releases to the next writer; seq_cst: then looks who waits */
  holders = atomic_fetch_and_explicit(&rwlock->holders, ~bit, memory_order_seq_cst) & ~bit;
  SLUICE_STEP("rwlock.unlock: reader gone");
  if ((holders & ~SLUICE_RWLOCK_DIED) == 0) {
    let_in(rwlock);
  }
  return unlocked(rwlock);
}

int sluice_rwlock_write_unlock(sluice_rwlock *rwlock, uint32_t owner) {
  uint64_t mine = (sluice_owner_valid(owner) ? sluice_bit(owner) : 0) | SLUICE_RWLOCK_WRITER;
  uint64_t holders = holders_of(rwlock);
  if (mine == SLUICE_RWLOCK_WRITER || (holders & mine) != mine) {
    return makes_sense(holders) ? SLUICE_E_INVALID : poison(rwlock);
  }
  SLUICE_STEP("rwlock.unlock: writer is about to");
  /* publishes what this writer wrote; seq_cst: then looks who waits */
  holders = atomic_exchange_explicit(&rwlock->holders, 0, memory_order_seq_cst);
  SLUICE_STEP("rwlock.unlock: writer gone");
  if ((holders & ~SLUICE_RWLOCK_DIED) != mine) {
    return poison(rwlock);
  }
  let_in(rwlock);
  return unlocked(rwlock);
}

int sluice_rwlock_recover(sluice_space *space, sluice_rwlock *rwlock, uint32_t id) {
  (void)space;
  uint64_t bit = sluice_bit(id);
  int status = SLUICE_OK;
  uint64_t holders = holders_of(rwlock);
  (void)atomic_fetch_and_explicit(&rwlock->waiting, ~bit, memory_order_seq_cst);
  SLUICE_STEP("rwlock.recover: waits no more");
  for (int tries = 0; (holders & bit) != 0; tries++) {
    if (tries == SLUICE_MUTEX_TRIES) {
      status = SLUICE_E_AGAIN;
      break;
    }
    uint64_t without = (holders & SLUICE_RWLOCK_WRITER) != 0
                           ? (holders & ~(bit | SLUICE_RWLOCK_WRITER)) | SLUICE_RWLOCK_DIED
                           : holders & ~bit;
    /* hands the lock on; pairs with the acquire in take */
    if (atomic_compare_exchange_weak_explicit(&rwlock->holders, &holders, without,
                                              memory_order_seq_cst, memory_order_seq_cst)) {
      SLUICE_STEP("rwlock.recover: handed on");
      break;
    }
  }
  wake_everybody(rwlock);
  return status;
}

int sluice_rwlock_shut(sluice_rwlock *rwlock) {
  sluice_flag(&rwlock->object, SLUICE_OBJECT_CLOSED);
  wake_everybody(rwlock);
  return SLUICE_OK;
}
