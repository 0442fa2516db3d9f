/* Why no wake-up is lost: a phase that ends, a death and a close change a word, then signal; a
 * waiter marks the event word, then looks at all three before it sleeps. All are woken, so none has
 * to pass anything on. The one that ended the phase may die before it has woken the others: it is a
 * member, so its recovery does. */
#include "sluice/barrier.h"

#include "kinds.h"
#include "lock.h"

#define PHASE UINT64_C(0x1ffff)
#define EVERYBODY ((UINT64_C(1) << SLUICE_PARTICIPANTS) - 1)

static sluice_shape shape_of(uint32_t parties) {
  int in_range = parties != 0 && parties <= SLUICE_PARTICIPANTS;
  return (sluice_shape){.kind = SLUICE_KIND_BARRIER,
                        .bytes = in_range ? (uint32_t)sizeof(sluice_barrier) : 0,
                        .capacity = parties};
}

uint32_t sluice_barrier_open(sluice_space *space, const char *name, uint32_t name_bytes,
                             uint32_t parties) {
  return sluice_object_open(space, name, name_bytes, shape_of(parties));
}

int sluice_barrier_init(void *at, uint32_t parties) {
  return sluice_object_init(at, shape_of(parties));
}

static int poison(sluice_barrier *barrier) {
  sluice_flag(&barrier->object, SLUICE_OBJECT_POISONED);
  sluice_event_wake_all(&barrier->passed);
  return SLUICE_E_POISONED;
}

static int state_of(const sluice_barrier *barrier) {
  int status = sluice_flags_status(&barrier->object.state);
  if (status == SLUICE_OK && (atomic_load_explicit(&barrier->object.state, memory_order_seq_cst) &
                              SLUICE_BARRIER_BROKEN) != 0) {
    return SLUICE_E_PEER_LOST;
  }
  return status;
}

/* A ticket: how many were missing, and the phase. */
static int ticket_of(uint32_t missing, uint64_t phase) {
  return (int)(missing << 17 | (uint32_t)(phase & PHASE));
}

int sluice_barrier_arrive(sluice_barrier *barrier, uint32_t owner) {
  if (!sluice_owner_valid(owner)) {
    return SLUICE_E_INVALID;
  }
  int status = state_of(barrier);
  if (status != SLUICE_OK) {
    return status;
  }
  uint64_t bit = sluice_bit(owner);
  uint32_t parties = barrier->object.capacity;
  if ((atomic_load_explicit(&barrier->members, memory_order_relaxed) & bit) == 0) {
    /* Before it arrives, so that no arrival can be left by one whose death breaks nothing. */
    (void)atomic_fetch_or_explicit(&barrier->members, bit, memory_order_seq_cst);
    SLUICE_STEP("barrier.arrive: member");
  }
  uint64_t word = atomic_load_explicit(&barrier->arrivals, memory_order_relaxed);
  for (int tries = 0; tries < SLUICE_MUTEX_TRIES; tries++) {
    uint64_t arrived = (word & EVERYBODY) | bit;
    uint32_t count = (uint32_t)__builtin_popcountll(arrived);
    uint64_t phase = word >> SLUICE_PARTICIPANTS;
    if ((word & bit) != 0) {
      return SLUICE_E_BUSY;
    }
    if (count > parties || parties > SLUICE_PARTICIPANTS) {
      return poison(barrier);
    }
    uint64_t next = count == parties ? (phase + 1) << SLUICE_PARTICIPANTS : word | bit;
    /* Releases what this party wrote and, the last, acquires what all have written; the new phase
     * releases it to them: pairs with the load in poll. seq_cst: then looks who sleeps. */
    if (atomic_compare_exchange_weak_explicit(&barrier->arrivals, &word, next, memory_order_seq_cst,
                                              memory_order_relaxed)) {
      SLUICE_STEP("barrier.arrive: arrived");
      if (count == parties) {
        sluice_event_signal_all(&barrier->passed);
        SLUICE_STEP("barrier.arrive: all woken");
      }
      return ticket_of(parties - count, phase);
    }
  }
  return SLUICE_E_AGAIN;
}

int sluice_barrier_poll(sluice_barrier *barrier, int ticket) {
  /* acquires what all parties wrote; pairs with the operation in arrive. seq_cst: a waiter has
   * marked `passed` before */
  uint64_t word = atomic_load_explicit(&barrier->arrivals, memory_order_seq_cst);
  if (((word >> SLUICE_PARTICIPANTS) & PHASE) != ((uint64_t)ticket & PHASE)) {
    return (int)((uint32_t)ticket >> 17);
  }
  int status = state_of(barrier);
  return status == SLUICE_OK ? SLUICE_E_BUSY : status;
}

uint32_t sluice_barrier_sleep(sluice_barrier *barrier, int ticket) {
  uint32_t value = sluice_event_mark(&barrier->passed);
  SLUICE_STEP("barrier.wait: marked");
  return sluice_barrier_poll(barrier, ticket) == SLUICE_E_BUSY ? value : 0;
}

int sluice_barrier_withdraw(sluice_barrier *barrier, uint32_t owner, int ticket) {
  uint64_t bit = sluice_owner_valid(owner) ? sluice_bit(owner) : 0;
  /* In a later phase the bit is not set: only its owner sets it. seq_cst: as in poll */
  uint64_t word = atomic_fetch_and_explicit(&barrier->arrivals, ~bit, memory_order_seq_cst);
  SLUICE_STEP("barrier.withdraw: gone");
  if (((word >> SLUICE_PARTICIPANTS) & PHASE) != ((uint64_t)ticket & PHASE)) {
    return sluice_barrier_poll(barrier, ticket);
  }
  return (word & bit) != 0 ? SLUICE_OK : SLUICE_E_INVALID;
}

int sluice_barrier_wait(sluice_barrier *barrier, uint32_t owner, int64_t timeout_ns) {
  int ticket = 0;
  do {
    ticket = sluice_barrier_arrive(barrier, owner);
  } while (ticket == SLUICE_E_AGAIN && timeout_ns < 0);
  if (ticket < 0) {
    return ticket;
  }
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  sluice_patience patience = sluice_patience_for(&deadline);
  for (;;) {
    int status = sluice_barrier_poll(barrier, ticket);
    if (status >= 0) {
      return status;
    }
    if (status == SLUICE_E_BUSY) {
      if (sluice_patience_spin(&patience)) {
        continue;
      }
      uint32_t value = timeout_ns == 0 ? 0 : sluice_barrier_sleep(barrier, ticket);
      status = value == 0 ? sluice_patience_turn(&patience, &deadline)
                          : sluice_sleep(&barrier->passed, value, &deadline);
      SLUICE_STEP("barrier.wait: woken");
    }
    if (status != SLUICE_OK) {
      /* A lost party too: one that looked at the flags before may yet complete the phase, and tell
       * its caller that all have come. */
      int withdrawn = sluice_barrier_withdraw(barrier, owner, ticket);
      return withdrawn == SLUICE_OK ? status : withdrawn;
    }
  }
}

int sluice_barrier_leave(sluice_barrier *barrier, uint32_t owner) {
  if (!sluice_owner_valid(owner)) {
    return SLUICE_E_INVALID;
  }
  (void)atomic_fetch_and_explicit(&barrier->members, ~sluice_bit(owner), memory_order_seq_cst);
  SLUICE_STEP("barrier.leave: no member");
  return SLUICE_OK;
}

int sluice_barrier_recover(sluice_space *space, sluice_barrier *barrier, uint32_t id) {
  (void)space;
  if ((atomic_load_explicit(&barrier->members, memory_order_seq_cst) & sluice_bit(id)) != 0) {
    sluice_flag(&barrier->object, SLUICE_BARRIER_BROKEN);
  }
  sluice_event_wake_all(&barrier->passed);
  return SLUICE_OK;
}

int sluice_barrier_shut(sluice_barrier *barrier) {
  sluice_flag(&barrier->object, SLUICE_OBJECT_CLOSED);
  sluice_event_wake_all(&barrier->passed);
  return SLUICE_OK;
}
