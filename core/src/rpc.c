#include "sluice/rpc.h"

#include "blocks.h"
#include "kinds.h"
#include "rpc_words.h"

enum { TRIES = 100 }; /* how often a call may be changed by others while one's move is made */

static uint32_t up(uint32_t bytes, uint32_t to) {
  return (bytes + to - 1) & ~(to - 1);
}

int sluice_rpc_view_make(sluice_rpc_view *view, sluice_rpc *rpc, uint32_t calls, uint32_t payload) {
  if (calls == 0 || calls > SLUICE_RPC_CALLS_MAX || payload == 0 ||
      payload > SLUICE_RPC_PAYLOAD_MAX) {
    return 0;
  }
  *view = (sluice_rpc_view){.rpc = rpc, .calls = calls, .payload = up(payload, 64)};
  view->line = up(8 + up(calls, 64) / 8, 64);
  view->queue_at = (uint32_t)sizeof(sluice_rpc) + SLUICE_PARTICIPANTS * view->line;
  view->queue_shift = calls == 1 ? 0 : 32 - (uint32_t)__builtin_clz(calls - 1);
  view->calls_at = up(view->queue_at + (UINT32_C(8) << view->queue_shift), SLUICE_ALIGN);
  return 1;
}

uint32_t sluice_rpc_bytes(uint32_t calls, uint32_t payload) {
  sluice_rpc_view view;
  return sluice_rpc_view_make(&view, NULL, calls, payload)
             ? view.calls_at + calls * ((uint32_t)sizeof(sluice_rpc_call) + 2 * view.payload)
             : 0;
}

/* The capacity of one out of range is any number: it has no bytes. */
static sluice_shape shape_of(uint32_t calls, uint32_t payload, uint32_t codec) {
  return (sluice_shape){.kind = SLUICE_KIND_RPC,
                        .bytes = sluice_rpc_bytes(calls, payload),
                        .capacity = calls | up(payload, 64) / 64 << 16,
                        .codec = codec};
}

uint32_t sluice_rpc_open(sluice_space *space, const char *name, uint32_t name_bytes, uint32_t calls,
                         uint32_t payload, uint32_t codec) {
  return sluice_object_open(space, name, name_bytes, shape_of(calls, payload, codec));
}

int sluice_rpc_init(void *at, uint32_t calls, uint32_t payload) {
  return sluice_object_init(at, shape_of(calls, payload, 0));
}

int sluice_rpc_view_open(sluice_rpc_view *view, sluice_rpc *rpc, uint32_t calls, uint32_t payload,
                         uint32_t owner) {
  sluice_shape shape = shape_of(calls, payload, 0);
  if (!sluice_owner_valid(owner) || !sluice_rpc_view_make(view, rpc, calls, payload) ||
      rpc->object.kind != shape.kind || rpc->object.capacity != shape.capacity ||
      rpc->object.bytes != shape.bytes) {
    return SLUICE_E_INVALID;
  }
  view->owner = owner;
  return SLUICE_OK;
}

static void wake_all(const sluice_rpc_view *view) {
  sluice_event_wake_all(&view->rpc->work);
  sluice_event_wake_all(&view->rpc->room);
  for (uint32_t slot = 0; slot < SLUICE_PARTICIPANTS; slot++) {
    sluice_event_wake_all(event_of(view, slot + 1));
  }
}

int sluice_rpc_poison(const sluice_rpc_view *view) {
  sluice_flag(&view->rpc->object, SLUICE_OBJECT_POISONED);
  wake_all(view);
  return SLUICE_E_POISONED;
}

int sluice_rpc_free(const sluice_rpc_view *view, sluice_rpc_call *call, uint64_t *word) {
  if (!move(call, word, moved(*word, FREE, 0))) {
    return 0;
  }
  SLUICE_STEP("rpc.call: freed");
  sluice_event_signal_all(&view->rpc->room);
  return 1;
}

void sluice_rpc_tell(const sluice_rpc_view *view, uint32_t caller, uint32_t slot) {
  /* After the move that ended the call; pairs with the fetch_and in sluice_rpc_poll, which then
   * looks at the call. seq_cst: then the look whether the caller sleeps */
  atomic_fetch_or_explicit(&bits_of(view, caller)[slot / 64], UINT64_C(1) << slot % 64,
                           memory_order_seq_cst);
  SLUICE_STEP("rpc.call: told");
  sluice_event_signal_all(event_of(view, caller));
}

/* ---- giving up ---- */

/* Cancels the abandoned call that stands at `word`; not the one that may have come after it. */
static void cancel_abandoned(sluice_rpc_call *call, uint64_t word, uint32_t id) {
  uint32_t before = atomic_load_explicit(&call->cancelled, memory_order_acquire);
  if (atomic_load_explicit(&call->word, memory_order_acquire) == word) {
    (void)atomic_compare_exchange_strong_explicit(&call->cancelled, &before, id,
                                                  memory_order_acq_rel, memory_order_relaxed);
    SLUICE_STEP("rpc.give up: cancelled");
  }
}

/* The running call at *word, whose caller is to go. 1: nothing is left to do. */
static int abandon(sluice_rpc_call *call, uint64_t *word, uint32_t slot) {
  uint64_t abandoned = *word | ABANDONED;
  if ((*word & ABANDONED) == 0 && !move(call, word, abandoned)) {
    return 0;
  }
  SLUICE_STEP("rpc.give up: abandoned");
  cancel_abandoned(call, abandoned, id_of(abandoned, slot));
  return 1;
}

/* The running call at *word, whose server is to go. 1: nothing is left to do. */
static int lose(const sluice_rpc_view *view, sluice_rpc_call *call, uint64_t *word, uint32_t slot,
                uint32_t caller) {
  if ((*word & ABANDONED) != 0 || !sluice_owner_valid(caller)) {
    return sluice_rpc_free(view, call, word);
  }
  if (!move(call, word, moved(*word, LOST, caller))) {
    return 0;
  }
  SLUICE_STEP("rpc.give up: lost");
  sluice_rpc_tell(view, caller, slot);
  return 1;
}

/* Makes the owner's move for the call in `slot`. 1: nothing is left to do. */
static int give_up_one(const sluice_rpc_view *view, uint32_t slot, uint32_t owner, int as_caller,
                       int as_server) {
  sluice_rpc_call *call = call_at(view, slot);
  uint64_t word = atomic_load_explicit(&call->word, memory_order_acquire);
  uint32_t mover = mover_of(word);
  uint32_t phase = phase_of(word);
  if (phase == RUNNING) {
    /* If this is not the same call's as `word`, the move will fail. */
    uint32_t caller = atomic_load_explicit(&call->caller, memory_order_acquire);
    if (as_caller && as_server && caller == owner && mover == owner) {
      return sluice_rpc_free(view, call, &word);
    }
    if (as_server && mover == owner) {
      return lose(view, call, &word, slot, caller);
    }
    return as_caller && caller == owner ? abandon(call, &word, slot) : 1;
  }
  if (phase != FREE && mover == owner && as_caller) {
    return sluice_rpc_free(view, call, &word);
  }
  if ((phase == DONE || phase == LOST) && sluice_owner_valid(mover)) {
    sluice_rpc_tell(view, mover, slot); /* its server, or a burier, may have died before it did */
  }
  return 1;
}

int sluice_rpc_give_up(const sluice_rpc_view *view, uint32_t owner, int as_caller, int as_server) {
  int status = SLUICE_OK;
  for (uint32_t slot = 0; slot < view->calls; slot++) {
    int done = 0;
    for (int tries = 0; tries < TRIES && !done; tries++) {
      done = give_up_one(view, slot, owner, as_caller, as_server);
    }
    status = done ? status : SLUICE_E_AGAIN;
  }
  return status;
}

/* ---- waiting ---- */

static _Atomic uint32_t *word_of(const sluice_rpc_view *view, int what) {
  if (what == FOR_REPLY) {
    return event_of(view, view->owner);
  }
  return what == FOR_ROOM ? &view->rpc->room : &view->rpc->work;
}

/* A sleeper marks its word, then looks here, at words that change by seq_cst operations. */
static int is_there(const sluice_rpc_view *view, int what) {
  if (what == FOR_WORK) {
    return sluice_rpc_any(view);
  }
  if (what == FOR_REPLY) {
    const _Atomic uint64_t *bits = bits_of(view, view->owner);
    uint64_t any = 0;
    for (uint32_t i = 0; i < view->calls; i += 64) {
      any |= atomic_load_explicit(&bits[i / 64], memory_order_seq_cst);
    }
    return any != 0;
  }
  int found = 0;
  for (uint32_t slot = 0; slot < view->calls && !found; slot++) {
    found =
        phase_of(atomic_load_explicit(&call_at(view, slot)->word, memory_order_seq_cst)) == FREE;
  }
  return found && !sluice_rpc_full(view);
}

uint32_t sluice_rpc_sleep(const sluice_rpc_view *view, int what) {
  uint32_t value = sluice_event_mark(word_of(view, what));
  if (is_there(view, what) || sluice_flags_status(&view->rpc->object.state) != SLUICE_OK) {
    return 0;
  }
  return value;
}

int sluice_rpc_wait(const sluice_rpc_view *view, int what, int64_t timeout_ns) {
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  sluice_patience patience = sluice_patience_for(&deadline);
  for (;;) {
    int status = sluice_flags_status(&view->rpc->object.state);
    if (status == SLUICE_E_POISONED || is_there(view, what)) {
      return status == SLUICE_E_POISONED ? status : SLUICE_OK;
    }
    if (status != SLUICE_OK) {
      return status;
    }
    if (sluice_patience_spin(&patience)) {
      continue;
    }
    if (timeout_ns == 0) {
      return SLUICE_E_TIMEOUT;
    }
    uint32_t value = sluice_rpc_sleep(view, what);
    status = value == 0 ? SLUICE_OK : sluice_sleep(word_of(view, what), value, &deadline);
    if (status != SLUICE_OK) {
      return is_there(view, what) ? SLUICE_OK : status;
    }
  }
}

/* ---- the end of a participant, and of the space ---- */

/* Sets `view` to the object in its own block, whose room bounds what its header claims. 0 where
 * that makes no sense. */
static int own_view(sluice_rpc_view *view, const sluice_space *space, sluice_rpc *rpc) {
  uint32_t shape = rpc->object.capacity;
  uint32_t calls = shape & UINT32_C(0xffff);
  uint32_t payload = (shape >> 16) * 64;
  uint32_t bytes = sluice_rpc_bytes(calls, payload);
  uint32_t offset = (uint32_t)((unsigned char *)rpc - space->base);
  return bytes <= sluice_block_room(space, offset) &&
         sluice_rpc_view_make(view, rpc, calls, payload);
}

int sluice_rpc_recover(sluice_space *space, sluice_rpc *rpc, uint32_t id) {
  sluice_rpc_view view;
  if (!own_view(&view, space, rpc)) {
    return SLUICE_OK;
  }
  int status = sluice_rpc_give_up(&view, id, 1, 1);
  SLUICE_STEP("rpc.recover: given up");
  wake_all(&view);
  return status;
}

int sluice_rpc_shut(sluice_space *space, sluice_rpc *rpc) {
  sluice_rpc_view view;
  sluice_flag(&rpc->object, SLUICE_OBJECT_CLOSED);
  if (own_view(&view, space, rpc)) {
    wake_all(&view);
  }
  return SLUICE_OK;
}
