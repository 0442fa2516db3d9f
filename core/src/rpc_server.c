#include "rpc_words.h"

int sluice_rpc_server_open(sluice_rpc_server *server, sluice_rpc *rpc, uint32_t calls,
                           uint32_t payload, uint32_t owner) {
  *server = (sluice_rpc_server){.status = SLUICE_OK};
  return sluice_rpc_view_open(&server->view, rpc, calls, payload, owner);
}

const void *sluice_rpc_next(sluice_rpc_server *server) {
  const sluice_rpc_view *view = &server->view;
  int flags = sluice_flags_status(&view->rpc->object.state);
  server->status = flags;
  if (flags == SLUICE_E_POISONED) {
    return NULL;
  }
  sluice_rpc_call *call = sluice_rpc_take(view, &server->id, &server->status);
  if (call == NULL) {
    server->status =
        server->status == SLUICE_E_EMPTY && flags != SLUICE_OK ? flags : server->status;
    return NULL;
  }
  server->type = atomic_load_explicit(&call->type, memory_order_relaxed);
  server->length = atomic_load_explicit(&call->request_bytes, memory_order_relaxed);
  if (server->length > view->payload || server->type < 0) {
    server->status = sluice_rpc_poison(view);
    return NULL;
  }
  server->status = SLUICE_OK;
  return call->request;
}

/* The call `id` with its word, if this server runs it; else NULL. */
static sluice_rpc_call *running(const sluice_rpc_server *server, uint32_t id, uint64_t *word) {
  if (slot_of(id) >= server->view.calls) {
    return NULL;
  }
  sluice_rpc_call *call = call_at(&server->view, slot_of(id));
  *word = atomic_load_explicit(&call->word, memory_order_acquire);
  return stands(*word, id, RUNNING, server->view.owner) ? call : NULL;
}

void *sluice_rpc_reply(sluice_rpc_server *server, uint32_t id) {
  uint64_t word = 0;
  sluice_rpc_call *call = running(server, id, &word);
  return call == NULL ? NULL : reply_of(&server->view, call);
}

_Atomic uint32_t *sluice_rpc_cancel_word(sluice_rpc_server *server, uint32_t id) {
  uint64_t word = 0;
  sluice_rpc_call *call = running(server, id, &word);
  return call == NULL ? NULL : &call->cancelled;
}

int sluice_rpc_cancelled(sluice_rpc_server *server, uint32_t id) {
  const _Atomic uint32_t *cancelled = sluice_rpc_cancel_word(server, id);
  /* pairs with the release in sluice_rpc_cancel */
  return cancelled != NULL && atomic_load_explicit(cancelled, memory_order_acquire) == id;
}

int sluice_rpc_complete(sluice_rpc_server *server, uint32_t id, int32_t outcome, uint32_t length) {
  const sluice_rpc_view *view = &server->view;
  uint64_t word = 0;
  sluice_rpc_call *call = running(server, id, &word);
  if (call == NULL || outcome < 0) {
    return SLUICE_E_INVALID;
  }
  if (length > view->payload) {
    return SLUICE_E_TOO_LARGE;
  }
  uint32_t caller = atomic_load_explicit(&call->caller, memory_order_relaxed);
  if (!sluice_owner_valid(caller)) {
    return sluice_rpc_poison(view);
  }
  atomic_store_explicit(&call->outcome, outcome, memory_order_relaxed);
  atomic_store_explicit(&call->reply_bytes, length, memory_order_relaxed);
  SLUICE_STEP("rpc.complete: written");
  if ((word & ABANDONED) == 0 && move(call, &word, moved(word, DONE, caller))) {
    SLUICE_STEP("rpc.complete: done");
    sluice_rpc_tell(view, caller, slot_of(id));
    return SLUICE_OK;
  }
  /* Abandoned, before or just now; nobody else has a move. */
  return (word & ABANDONED) != 0 && stands(word, id, RUNNING, view->owner) &&
                 sluice_rpc_free(view, call, &word)
             ? SLUICE_E_PEER_LOST
             : sluice_rpc_poison(view);
}

int sluice_rpc_answer(sluice_rpc_server *server, uint32_t id, int32_t outcome, const void *from,
                      uint32_t length) {
  void *reply = sluice_rpc_reply(server, id);
  if (reply != NULL && length != 0 && length <= server->view.payload) {
    memcpy(reply, from, length);
  }
  return sluice_rpc_complete(server, id, outcome, length);
}

int sluice_rpc_server_wait(sluice_rpc_server *server, int64_t timeout_ns) {
  return sluice_rpc_wait(&server->view, FOR_WORK, timeout_ns);
}

uint32_t sluice_rpc_server_sleep(sluice_rpc_server *server) {
  return sluice_rpc_sleep(&server->view, FOR_WORK);
}

int sluice_rpc_server_close(sluice_rpc_server *server) {
  return sluice_rpc_give_up(&server->view, server->view.owner, 0, 1);
}
