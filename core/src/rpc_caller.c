#include "rpc_words.h"

int sluice_rpc_caller_open(sluice_rpc_caller *caller, sluice_rpc *rpc, uint32_t calls,
                           uint32_t payload, uint32_t owner) {
  *caller = (sluice_rpc_caller){.status = SLUICE_OK};
  return sluice_rpc_view_open(&caller->view, rpc, calls, payload, owner);
}

static void *nothing(sluice_rpc_caller *caller, int status) {
  caller->status = status;
  return NULL;
}

/* Takes a free slot. Returns the call with *word, NULL when there is none. */
static sluice_rpc_call *take_slot(sluice_rpc_caller *caller, uint64_t *word) {
  const sluice_rpc_view *view = &caller->view;
  for (uint32_t step = 0; step < view->calls; step++) {
    uint32_t slot = caller->next;
    sluice_rpc_call *call = call_at(view, slot);
    uint64_t before = atomic_load_explicit(&call->word, memory_order_relaxed);
    uint64_t serial = serial_of(before) == UINT64_C(0xffff) ? 1 : serial_of(before) + 1;
    caller->next = slot + 1 == view->calls ? 0 : slot + 1;
    *word = moved(serial << SERIAL_SHIFT, CLAIMED, view->owner);
    if (phase_of(before) == FREE && move(call, &before, *word)) {
      SLUICE_STEP("rpc.claim: claimed");
      caller->claimed = id_of(*word, slot);
      return call;
    }
  }
  return NULL;
}

void *sluice_rpc_claim(sluice_rpc_caller *caller, uint32_t length, int32_t type) {
  int status = sluice_flags_status(&caller->view.rpc->object.state);
  uint64_t word = 0;
  if (status != SLUICE_OK) {
    return nothing(caller, status);
  }
  if (caller->claimed != 0 || type < 0) {
    return nothing(caller, caller->claimed != 0 ? SLUICE_E_BUSY : SLUICE_E_INVALID);
  }
  if (length > caller->view.payload) {
    return nothing(caller, SLUICE_E_TOO_LARGE);
  }
  sluice_rpc_call *call = take_slot(caller, &word);
  if (call == NULL) {
    return nothing(caller, SLUICE_E_FULL);
  }
  atomic_store_explicit(&call->caller, caller->view.owner, memory_order_relaxed);
  atomic_store_explicit(&call->cancelled, 0, memory_order_relaxed);
  atomic_store_explicit(&call->type, type, memory_order_relaxed);
  caller->limit = length;
  caller->status = SLUICE_OK;
  return call->request;
}

/* The open claim, with its word; NULL when it is not what this caller left. */
static sluice_rpc_call *claim_of(const sluice_rpc_caller *caller, uint64_t *word) {
  sluice_rpc_call *call = call_at(&caller->view, slot_of(caller->claimed));
  *word = atomic_load_explicit(&call->word, memory_order_relaxed);
  return stands(*word, caller->claimed, CLAIMED, caller->view.owner) ? call : NULL;
}

int sluice_rpc_submit(sluice_rpc_caller *caller, uint32_t length) {
  const sluice_rpc_view *view = &caller->view;
  uint64_t word = 0;
  if (caller->claimed == 0 || length > caller->limit) {
    return SLUICE_E_INVALID;
  }
  int status = sluice_flags_status(&view->rpc->object.state);
  if (status != SLUICE_OK) {
    return status;
  }
  sluice_rpc_call *call = claim_of(caller, &word);
  if (call == NULL) {
    return sluice_rpc_poison(view);
  }
  atomic_store_explicit(&call->request_bytes, length, memory_order_relaxed);
  uint64_t queued = moved(word, QUEUED, view->owner);
  if (!move(call, &word, queued)) {
    return sluice_rpc_poison(view);
  }
  SLUICE_STEP("rpc.submit: queued");
  status = sluice_rpc_push(view, caller->claimed);
  if (status == SLUICE_OK) {
    caller->claimed = 0;
    sluice_event_signal_all(&view->rpc->work);
  } else {
    (void)move(call, &queued, word); /* nobody has seen it */
  }
  return status;
}

int sluice_rpc_abort(sluice_rpc_caller *caller) {
  uint64_t word = 0;
  if (caller->claimed == 0) {
    return SLUICE_E_INVALID;
  }
  sluice_rpc_call *call = claim_of(caller, &word);
  caller->claimed = 0;
  return call != NULL && sluice_rpc_free(&caller->view, call, &word)
             ? SLUICE_OK
             : sluice_rpc_poison(&caller->view);
}

uint32_t sluice_rpc_start(sluice_rpc_caller *caller, const void *request, uint32_t length,
                          int32_t type) {
  void *at = sluice_rpc_claim(caller, length, type);
  if (at == NULL) {
    return 0;
  }
  uint32_t id = caller->claimed;
  if (length != 0) { /* an empty request may be NULL, which memcpy may not see */
    memcpy(at, request, length);
  }
  caller->status = sluice_rpc_submit(caller, length);
  if (caller->status != SLUICE_OK) {
    (void)sluice_rpc_abort(caller);
    return 0;
  }
  return id;
}

int sluice_rpc_cancel(sluice_rpc_caller *caller, uint32_t id) {
  const sluice_rpc_view *view = &caller->view;
  if (slot_of(id) >= view->calls) {
    return SLUICE_E_EMPTY;
  }
  sluice_rpc_call *call = call_at(view, slot_of(id));
  uint64_t word = atomic_load_explicit(&call->word, memory_order_acquire);
  uint32_t phase = phase_of(word);
  if (id_of(word, slot_of(id)) != id || (phase != QUEUED && phase != RUNNING) ||
      atomic_load_explicit(&call->caller, memory_order_relaxed) != view->owner) {
    return SLUICE_E_EMPTY;
  }
  /* What was done before is visible to a server that sees it; pairs with the acquire in
   * sluice_rpc_cancelled. The slot stays this caller's until it releases it. */
  atomic_store_explicit(&call->cancelled, id, memory_order_release);
  SLUICE_STEP("rpc.cancel: told");
  return SLUICE_OK;
}

/* ---- completions ---- */

/* The lowest slot from `from` on whose bit is set; `calls` when there is none. */
static uint32_t find_bit(const sluice_rpc_view *view, uint32_t from) {
  const _Atomic uint64_t *bits = bits_of(view, view->owner);
  for (uint32_t i = from; i < view->calls; i = (i | 63) + 1) {
    uint64_t left = atomic_load_explicit(&bits[i / 64], memory_order_relaxed) >> i % 64;
    if (left != 0) {
      return i + (uint32_t)__builtin_ctzll(left);
    }
  }
  return view->calls;
}

/* What poll shows of a call that has ended. */
static const void *show(sluice_rpc_caller *caller, sluice_rpc_call *call, uint64_t word,
                        uint32_t slot) {
  const sluice_rpc_view *view = &caller->view;
  int lost = phase_of(word) == LOST;
  caller->length = lost ? 0 : atomic_load_explicit(&call->reply_bytes, memory_order_relaxed);
  caller->outcome =
      lost ? SLUICE_E_PEER_LOST : atomic_load_explicit(&call->outcome, memory_order_relaxed);
  if (caller->length > view->payload || (!lost && caller->outcome < 0)) {
    return nothing(caller, sluice_rpc_poison(view));
  }
  caller->ended = id_of(word, slot);
  caller->status = SLUICE_OK;
  return reply_of(view, call);
}

const void *sluice_rpc_poll(sluice_rpc_caller *caller) {
  const sluice_rpc_view *view = &caller->view;
  int status = sluice_flags_status(&view->rpc->object.state);
  if (status == SLUICE_E_POISONED) {
    return nothing(caller, status);
  }
  if (caller->ended != 0) {
    return reply_of(view, call_at(view, slot_of(caller->ended)));
  }
  /* From where the last look ended, so that no slot is always the last; then from the start. */
  for (uint32_t step = 0; step <= view->calls; step++) {
    uint32_t slot = find_bit(view, caller->turn);
    if (slot >= view->calls && caller->turn != 0) {
      caller->turn = 0;
      slot = find_bit(view, 0);
    }
    if (slot >= view->calls) {
      break;
    }
    caller->turn = slot + 1;
    /* The bit first, then the call, which sluice_rpc_tell does the other way round. */
    atomic_fetch_and_explicit(&bits_of(view, view->owner)[slot / 64], ~(UINT64_C(1) << slot % 64),
                              memory_order_seq_cst);
    sluice_rpc_call *call = call_at(view, slot);
    uint64_t word = atomic_load_explicit(&call->word, memory_order_acquire);
    uint32_t phase = phase_of(word);
    if ((phase == DONE || phase == LOST) && mover_of(word) == view->owner) {
      return show(caller, call, word, slot);
    }
    /* else it has been told twice */
  }
  return nothing(caller, status == SLUICE_OK ? SLUICE_E_EMPTY : status);
}

int sluice_rpc_release(sluice_rpc_caller *caller) {
  uint32_t id = caller->ended;
  if (id == 0) {
    return SLUICE_E_INVALID;
  }
  sluice_rpc_call *call = call_at(&caller->view, slot_of(id));
  uint64_t word = atomic_load_explicit(&call->word, memory_order_relaxed);
  caller->ended = 0;
  return (stands(word, id, DONE, caller->view.owner) ||
          stands(word, id, LOST, caller->view.owner)) &&
                 sluice_rpc_free(&caller->view, call, &word)
             ? SLUICE_OK
             : sluice_rpc_poison(&caller->view);
}

int sluice_rpc_caller_close(sluice_rpc_caller *caller) {
  caller->claimed = 0;
  caller->ended = 0;
  return sluice_rpc_give_up(&caller->view, caller->view.owner, 1, 0);
}

/* ---- waiting ---- */

int sluice_rpc_caller_wait(sluice_rpc_caller *caller, int64_t timeout_ns) {
  return sluice_rpc_wait(&caller->view, FOR_REPLY, timeout_ns);
}

int sluice_rpc_room_wait(sluice_rpc_caller *caller, int64_t timeout_ns) {
  return sluice_rpc_wait(&caller->view, FOR_ROOM, timeout_ns);
}

uint32_t sluice_rpc_caller_sleep(sluice_rpc_caller *caller) {
  return sluice_rpc_sleep(&caller->view, FOR_REPLY);
}

uint32_t sluice_rpc_room_sleep(sluice_rpc_caller *caller) {
  return sluice_rpc_sleep(&caller->view, FOR_ROOM);
}

_Atomic uint32_t *sluice_rpc_caller_word(sluice_rpc_caller *caller) {
  return event_of(&caller->view, caller->view.owner);
}
