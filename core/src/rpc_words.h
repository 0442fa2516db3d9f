/* What the two sides of a call share: the places of its words, the moves, the queue. Not for users.
 */
#ifndef SLUICE_RPC_WORDS_H
#define SLUICE_RPC_WORDS_H

#include "lock.h"
#include "sluice/rpc.h"

/* Where a call stands. */
enum { FREE = 0, CLAIMED = 1, QUEUED = 2, RUNNING = 3, DONE = 4, LOST = 5 };

#define PHASE_SHIFT 32
#define PHASE_BITS UINT64_C(0xff)
#define ABANDONED (UINT64_C(1) << 40)
#define SERIAL_SHIFT 48

static inline uint32_t phase_of(uint64_t word) {
  return (uint32_t)(word >> PHASE_SHIFT & PHASE_BITS);
}

static inline uint32_t mover_of(uint64_t word) {
  return (uint32_t)word;
}

static inline uint64_t serial_of(uint64_t word) {
  return word >> SERIAL_SHIFT;
}

/* The same call, in another phase; it is `mover`'s move. */
static inline uint64_t moved(uint64_t word, uint32_t phase, uint32_t mover) {
  return serial_of(word) << SERIAL_SHIFT | (uint64_t)phase << PHASE_SHIFT | mover;
}

static inline uint32_t slot_of(uint32_t id) {
  return id & UINT32_C(0xffff);
}

static inline uint32_t id_of(uint64_t word, uint32_t slot) {
  return (uint32_t)serial_of(word) << 16 | slot;
}

/* Is `word` that of the call `id`, in this phase, at this one's move? */
static inline int stands(uint64_t word, uint32_t id, uint32_t phase, uint32_t mover) {
  return (word & ~ABANDONED) ==
         ((uint64_t)(id >> 16) << SERIAL_SHIFT | (uint64_t)phase << PHASE_SHIFT | mover);
}

static inline sluice_rpc_call *call_at(const sluice_rpc_view *view, uint32_t slot) {
  uint32_t stride = (uint32_t)sizeof(sluice_rpc_call) + 2 * view->payload;
  return (sluice_rpc_call *)(void *)((unsigned char *)view->rpc + view->calls_at +
                                     (size_t)slot * stride);
}

static inline unsigned char *reply_of(const sluice_rpc_view *view, sluice_rpc_call *call) {
  return call->request + view->payload;
}

/* What each participant has: an event word, and from byte 8 on its bits. */
static inline _Atomic uint32_t *event_of(const sluice_rpc_view *view, uint32_t owner) {
  return (_Atomic uint32_t *)(void *)(view->rpc->rest +
                                      ((owner & UINT32_C(0xff)) - 1) * (size_t)view->line);
}

static inline _Atomic uint64_t *bits_of(const sluice_rpc_view *view, uint32_t owner) {
  return (_Atomic uint64_t *)(void *)((unsigned char *)event_of(view, owner) + 8);
}

/* A word of the call, and everything that was done before, at this step. Returns 1 when it was
 * made; 0, with *word as it is now, when another was faster. */
static inline int move(sluice_rpc_call *call, uint64_t *word, uint64_t to) {
  uint64_t found = *word;
  /* acquires what the last mover left, and publishes to the next what this one did; pairs with
   * itself. seq_cst: then the mover looks whether anybody sleeps (sluice_event_signal_all) */
  int made = atomic_compare_exchange_strong_explicit(&call->word, &found, to, memory_order_seq_cst,
                                                     memory_order_acquire);
  *word = found;
  return made;
}

/* rpc.c */

/* Sets `view` up for a shape; 0 for one out of range. Touches no shared memory. */
int sluice_rpc_view_make(sluice_rpc_view *view, sluice_rpc *rpc, uint32_t calls, uint32_t payload);
int sluice_rpc_view_open(sluice_rpc_view *view, sluice_rpc *rpc, uint32_t calls, uint32_t payload,
                         uint32_t owner);
int sluice_rpc_poison(const sluice_rpc_view *view);

/* Frees the call, from `*word`. Returns 1 when it was done; as move. */
int sluice_rpc_free(const sluice_rpc_view *view, sluice_rpc_call *call, uint64_t *word);

/* The call in `slot` has ended: tells its caller. */
void sluice_rpc_tell(const sluice_rpc_view *view, uint32_t caller, uint32_t slot);

/* Makes the moves of `owner` as a caller, as a server. SLUICE_OK or SLUICE_E_AGAIN. */
int sluice_rpc_give_up(const sluice_rpc_view *view, uint32_t owner, int as_caller, int as_server);

/* What one may wait for. */
enum { FOR_REPLY, FOR_ROOM, FOR_WORK };
int sluice_rpc_wait(const sluice_rpc_view *view, int what, int64_t timeout_ns);
uint32_t sluice_rpc_sleep(const sluice_rpc_view *view, int what);

/* rpc_queue.c */

/* Puts `id` at the end. SLUICE_OK, _FULL, _AGAIN, _POISONED. */
int sluice_rpc_push(const sluice_rpc_view *view, uint32_t id);

/* Takes the oldest call that is queued: makes the view's owner its server. Returns the call with
 * *id; NULL with *status SLUICE_E_EMPTY, _AGAIN or _POISONED. */
sluice_rpc_call *sluice_rpc_take(const sluice_rpc_view *view, uint32_t *id, int *status);

/* Is there anything in it? Is it full? */
int sluice_rpc_any(const sluice_rpc_view *view);
int sluice_rpc_full(const sluice_rpc_view *view);

#endif
