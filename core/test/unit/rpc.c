/* rpc.h: each call ends once, with its own reply, in any order, whoever dies on the way. */
#include "support.h"

#include "kinds.h"
#include "rpc_words.h"
#include "sluice/rpc.h"

enum { CALLS = 4, PAYLOAD = 64, BYTES = 1 << 20 };

/* An object, two that call and two that serve: four participants. */
typedef struct party {
  sluice_space space;
  sluice_space each[4];
  uint32_t offset;
  sluice_rpc *rpc;
  sluice_rpc_caller a, b;
  sluice_rpc_server s, t;
} party;

static void open_party(party *all) {
  all->space = joined_space(BYTES);
  all->offset = sluice_rpc_open(&all->space, "calls", 5, CALLS, PAYLOAD, 0);
  assert_int_not_equal(all->offset, 0);
  all->rpc = sluice_at(&all->space, all->offset);
  for (int i = 0; i < 4; i++) {
    all->each[i] = joined(&all->space);
    assert_int_equal(sluice_rpc_open(&all->each[i], "calls", 5, CALLS, PAYLOAD, 0), all->offset);
  }
  assert_int_equal(
      sluice_rpc_caller_open(&all->a, all->rpc, CALLS, PAYLOAD, all->each[0].participant),
      SLUICE_OK);
  assert_int_equal(
      sluice_rpc_caller_open(&all->b, all->rpc, CALLS, PAYLOAD, all->each[1].participant),
      SLUICE_OK);
  assert_int_equal(
      sluice_rpc_server_open(&all->s, all->rpc, CALLS, PAYLOAD, all->each[2].participant),
      SLUICE_OK);
  assert_int_equal(
      sluice_rpc_server_open(&all->t, all->rpc, CALLS, PAYLOAD, all->each[3].participant),
      SLUICE_OK);
}

static void discard_party(party *all) {
  free(all->space.base);
}

static uint32_t start_call(sluice_rpc_caller *caller, const char *text, int32_t type) {
  uint32_t id = sluice_rpc_start(caller, text, (uint32_t)strlen(text), type);
  assert_int_not_equal(id, 0);
  return id;
}

static void takes(sluice_rpc_server *server, uint32_t id, const char *text, int32_t type) {
  const void *request = sluice_rpc_next(server);
  assert_non_null(request);
  assert_int_equal(server->id, id);
  assert_int_equal(server->type, type);
  assert_int_equal(server->length, strlen(text));
  assert_memory_equal(request, text, server->length);
}

static void answers(sluice_rpc_server *server, uint32_t id, int32_t outcome, const char *text) {
  assert_int_equal(sluice_rpc_answer(server, id, outcome, text, (uint32_t)strlen(text)), SLUICE_OK);
}

static void ends(sluice_rpc_caller *caller, uint32_t id, int32_t outcome, const char *text) {
  const void *reply = sluice_rpc_poll(caller);
  assert_non_null(reply);
  assert_int_equal(caller->ended, id);
  assert_int_equal(caller->outcome, outcome);
  assert_int_equal(caller->length, strlen(text));
  assert_memory_equal(reply, text, caller->length);
  assert_int_equal(sluice_rpc_release(caller), SLUICE_OK);
}

static void nothing_ends(sluice_rpc_caller *caller) {
  assert_null(sluice_rpc_poll(caller));
  assert_int_equal(caller->status, SLUICE_E_EMPTY);
}

static void nothing_to_take(sluice_rpc_server *server) {
  assert_null(sluice_rpc_next(server));
  assert_int_equal(server->status, SLUICE_E_EMPTY);
}

static uint32_t free_slots(const party *all) {
  uint32_t count = 0;
  for (uint32_t slot = 0; slot < CALLS; slot++) {
    count += phase_of(atomic_load(&call_at(&all->a.view, slot)->word)) == FREE;
  }
  return count;
}

static void bury(party *all, int index) {
  assert_int_equal(sluice_participant_bury(&all->space, all->each[index].participant), SLUICE_OK);
}

/* ---- shape ---- */

static void a_shape_out_of_range_has_no_size(void **state) {
  (void)state;
  assert_int_equal(sluice_rpc_bytes(0, 64), 0);
  assert_int_equal(sluice_rpc_bytes(1025, 64), 0);
  assert_int_equal(sluice_rpc_bytes(UINT32_MAX, 64), 0);
  assert_int_equal(sluice_rpc_bytes(1, 0), 0);
  assert_int_equal(sluice_rpc_bytes(1, SLUICE_RPC_PAYLOAD_MAX + 1), 0);
  assert_int_equal(sluice_rpc_bytes(1, UINT32_MAX), 0);
  assert_int_equal(sluice_rpc_bytes(1, 1), 384 + 47 * 64 + 64 + 64 + 2 * 64);
  assert_int_equal(sluice_rpc_bytes(2, 1), 384 + 47 * 64 + 64 + 2 * (64 + 2 * 64));
  assert_int_equal(sluice_rpc_bytes(65, 1), 384 + 47 * 64 + 64 + 128 * 8 + 65 * (64 + 2 * 64));
  assert_int_equal(sluice_rpc_bytes(448, 1), 384 + 47 * 64 + 64 + 512 * 8 + 448 * (64 + 2 * 64));
  assert_int_equal(sluice_rpc_bytes(449, 1), 384 + 47 * 128 + 512 * 8 + 449 * (64 + 2 * 64));
  assert_int_equal(sluice_rpc_bytes(1024, SLUICE_RPC_PAYLOAD_MAX),
                   384 + 47 * 192 + 8192 + 64 + 1024 * (64 + 2 * SLUICE_RPC_PAYLOAD_MAX));
}

static void one_name_is_one_object_of_one_shape(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  uint32_t offset = sluice_rpc_open(&space, "r", 1, 4, 100, 0);
  assert_int_not_equal(offset, 0);
  assert_int_equal(sluice_rpc_open(&space, "r", 1, 4, 128, 0), offset);
  assert_int_equal(sluice_rpc_open(&space, "r", 1, 4, 129, 0), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_rpc_open(&space, "r", 1, 5, 100, 0), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_rpc_open(&space, "r", 1, 4, 100, 1), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  assert_int_equal(sluice_rpc_open(&space, "q", 1, 0, 100, 0), 0);
  assert_int_equal(space.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_open(&space, "q", 1, 1024, 4096, 0), 0);
  assert_int_equal(space.status, SLUICE_E_NO_MEMORY);
  free(space.base);
}

static void it_needs_no_space(void **state) {
  (void)state;
  unsigned char *at = fresh(sluice_rpc_bytes(1, 8) + 64);
  sluice_rpc_caller caller;
  sluice_rpc_server server;
  for (uint32_t by = 1; by < SLUICE_ALIGN; by++) {
    assert_int_equal(sluice_rpc_init(at + by, 1, 8), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_rpc_init(at, 0, 8), SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_init(at, 1, 8), SLUICE_OK);
  assert_int_equal(sluice_rpc_caller_open(&caller, (void *)at, 1, 8, 1 << 8 | 1), SLUICE_OK);
  assert_int_equal(sluice_rpc_server_open(&server, (void *)at, 1, 8, 1 << 8 | 1), SLUICE_OK);
  for (int i = 0; i < 3; i++) { /* oneself, in laps of one place */
    uint32_t id = start_call(&caller, "ask", i);
    takes(&server, id, "ask", i);
    answers(&server, id, i, "say");
    ends(&caller, id, i, "say");
  }
  free(at);
}

static void a_view_of_another_shape_or_of_nobody_is_invalid(void **state) {
  (void)state;
  party all;
  open_party(&all);
  sluice_rpc_caller caller;
  sluice_rpc_server server;
  assert_int_equal(sluice_rpc_caller_open(&caller, all.rpc, CALLS + 1, PAYLOAD, 257),
                   SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_caller_open(&caller, all.rpc, CALLS, PAYLOAD + 1, 257),
                   SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_caller_open(&caller, all.rpc, CALLS, PAYLOAD, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_server_open(&server, all.rpc, CALLS, PAYLOAD, 255), SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_server_open(&server, all.rpc, 0, PAYLOAD, 257), SLUICE_E_INVALID);
  discard_party(&all);
}

static void a_shape_that_was_rewritten_gives_no_end(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    party all;
    open_party(&all);
    sluice_rpc_caller caller;
    sluice_rpc_server server;
    uint32_t *words[] = {&all.rpc->object.kind, &all.rpc->object.bytes, &all.rpc->object.capacity};
    ++*words[i];
    assert_int_equal(
        sluice_rpc_caller_open(&caller, all.rpc, CALLS, PAYLOAD, all.each[0].participant),
        SLUICE_E_INVALID);
    assert_int_equal(
        sluice_rpc_server_open(&server, all.rpc, CALLS, PAYLOAD, all.each[0].participant),
        SLUICE_E_INVALID);
    discard_party(&all);
  }
}

/* ---- a call ---- */

static void a_call_goes_there_and_comes_back(void **state) {
  (void)state;
  party all;
  open_party(&all);
  nothing_to_take(&all.s);
  uint32_t id = start_call(&all.a, "what?", 7);
  nothing_ends(&all.a);
  takes(&all.s, id, "what?", 7);
  nothing_to_take(&all.s);
  answers(&all.s, id, 3, "that");
  nothing_ends(&all.b);
  ends(&all.a, id, 3, "that");
  nothing_ends(&all.a);
  assert_int_equal(free_slots(&all), CALLS);
  discard_party(&all);
}

static void requests_and_replies_may_be_empty_and_as_long_as_the_payload(void **state) {
  (void)state;
  party all;
  open_party(&all);
  char full[PAYLOAD + 1];
  memset(full, 'x', PAYLOAD);
  full[PAYLOAD] = 0;
  assert_int_not_equal(sluice_rpc_start(&all.a, NULL, 0, 0), 0);
  takes(&all.s, all.s.id == 0 ? 1U << 16 : 0, "", 0);
  assert_int_equal(sluice_rpc_answer(&all.s, all.s.id, 0, NULL, 0), SLUICE_OK);
  ends(&all.a, all.s.id, 0, "");
  uint32_t id = start_call(&all.a, full, INT32_MAX);
  takes(&all.s, id, full, INT32_MAX);
  assert_int_equal(sluice_rpc_answer(&all.s, id, 0, full, PAYLOAD + 1), SLUICE_E_TOO_LARGE);
  answers(&all.s, id, INT32_MAX, full);
  ends(&all.a, id, INT32_MAX, full);
  discard_party(&all);
}

static void a_pointer_to_no_bytes_may_be_null(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = sluice_rpc_start(&all.a, NULL, 0, 5);
  takes(&all.s, id, "", 5);
  assert_int_equal(sluice_rpc_answer(&all.s, id, 6, NULL, 0), SLUICE_OK);
  ends(&all.a, id, 6, "");
  discard_party(&all);
}

static void what_was_written_in_place_arrives(void **state) {
  (void)state;
  party all;
  open_party(&all);
  void *request = sluice_rpc_claim(&all.a, 40, 1);
  uint32_t id = all.a.claimed;
  assert_non_null(request);
  assert_int_equal((uintptr_t)request % 64, 0);
  memcpy(request, "ask", 3);
  nothing_to_take(&all.s);
  assert_int_equal(sluice_rpc_submit(&all.a, 3), SLUICE_OK);
  takes(&all.s, id, "ask", 1);
  void *reply = sluice_rpc_reply(&all.s, id);
  assert_int_equal((uintptr_t)reply % 64, 0);
  memcpy(reply, "say", 3);
  assert_memory_equal(request, "ask", 3); /* still there beside the reply */
  assert_int_equal(sluice_rpc_complete(&all.s, id, 0, 3), SLUICE_OK);
  ends(&all.a, id, 0, "say");
  discard_party(&all);
}

static void calls_start_in_the_order_of_their_submission(void **state) {
  (void)state;
  party all;
  open_party(&all);
  for (int round = 0; round < 10; round++) {
    uint32_t first = start_call(&all.a, "1", 0);
    uint32_t second = start_call(&all.b, "2", 0);
    uint32_t third = start_call(&all.a, "3", 0);
    takes(&all.s, first, "1", 0);
    takes(&all.t, second, "2", 0);
    takes(&all.s, third, "3", 0);
    answers(&all.s, third, 0, "c");
    answers(&all.t, second, 0, "b");
    ends(&all.a, third, 0, "c"); /* and end in any */
    answers(&all.s, first, 0, "a");
    ends(&all.a, first, 0, "a");
    ends(&all.b, second, 0, "b");
  }
  discard_party(&all);
}

static void an_ended_call_stays_until_it_is_released(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  uint32_t other = start_call(&all.a, "y", 0);
  takes(&all.s, id, "x", 0);
  takes(&all.s, other, "y", 0);
  answers(&all.s, id, 0, "first");
  const void *reply = sluice_rpc_poll(&all.a);
  answers(&all.s, other, 0, "second");
  assert_ptr_equal(sluice_rpc_poll(&all.a), reply);
  assert_memory_equal(reply, "first", 5);
  assert_int_equal(all.a.ended, id);
  assert_int_equal(sluice_rpc_release(&all.a), SLUICE_OK);
  assert_int_equal(sluice_rpc_release(&all.a), SLUICE_E_INVALID);
  ends(&all.a, other, 0, "second");
  discard_party(&all);
}

static void an_id_is_not_met_again_soon_and_is_never_0(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t last[CALLS] = {0};
  for (uint32_t i = 0; i < 65600 * CALLS; i++) {
    assert_non_null(sluice_rpc_claim(&all.a, 0, 0));
    uint32_t slot = all.a.claimed & 0xffff;
    uint32_t serial = all.a.claimed >> 16;
    assert_int_equal(serial, last[slot] == 65535 ? 1 : last[slot] + 1);
    last[slot] = serial;
    assert_int_equal(sluice_rpc_abort(&all.a), SLUICE_OK);
  }
  discard_party(&all);
}

static void no_ended_call_waits_for_ever_behind_others(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t ids[CALLS];
  for (int i = 0; i < CALLS; i++) {
    ids[i] = start_call(&all.a, "x", 0);
    takes(&all.s, ids[i], "x", 0);
    answers(&all.s, ids[i], 0, "y");
  }
  int met_last = 0;
  for (int i = 0; i < CALLS && !met_last; i++) { /* the first is always there again */
    assert_non_null(sluice_rpc_poll(&all.a));
    met_last = all.a.ended == ids[CALLS - 1];
    assert_int_equal(sluice_rpc_release(&all.a), SLUICE_OK);
    all.a.next = 0;
    uint32_t again = start_call(&all.a, "x", 0);
    takes(&all.s, again, "x", 0);
    answers(&all.s, again, 0, "y");
  }
  assert_int_equal(met_last, 1);
  discard_party(&all);
}

static void calls_of_every_slot_end_and_show_to_who_waits(void **state) {
  (void)state;
  enum { MANY = 200 };
  sluice_rpc *rpc = fresh(sluice_rpc_bytes(MANY, PAYLOAD));
  sluice_rpc_caller caller;
  sluice_rpc_server server;
  assert_int_equal(sluice_rpc_init(rpc, MANY, PAYLOAD), SLUICE_OK);
  assert_int_equal(sluice_rpc_caller_open(&caller, rpc, MANY, PAYLOAD, 1 << 8 | 1), SLUICE_OK);
  assert_int_equal(sluice_rpc_server_open(&server, rpc, MANY, PAYLOAD, 1 << 8 | 2), SLUICE_OK);
  uint32_t ids[MANY];
  for (int i = 0; i < MANY; i++) {
    ids[i] = start_call(&caller, "ask", i);
    takes(&server, ids[i], "ask", i);
  }
  assert_int_not_equal(sluice_rpc_caller_sleep(&caller), 0);
  for (int i = MANY - 1; i >= 0; i--) { /* one at a time, so that its bit is the only one */
    answers(&server, ids[i], i, "say");
    assert_int_equal(sluice_rpc_caller_sleep(&caller), 0);
    ends(&caller, ids[i], i, "say");
  }
  for (int round = 0; round < 2; round++) { /* all at once: each comes once */
    int seen[MANY] = {0};
    for (int i = 0; i < MANY; i++) {
      uint32_t id = start_call(&caller, "ask", i);
      takes(&server, id, "ask", i);
      answers(&server, id, i, "say");
    }
    for (int i = 0; i < MANY; i++) {
      assert_non_null(sluice_rpc_poll(&caller));
      seen[caller.outcome]++;
      assert_int_equal(sluice_rpc_release(&caller), SLUICE_OK);
    }
    nothing_ends(&caller);
    for (int i = 0; i < MANY; i++) {
      assert_int_equal(seen[i], 1);
    }
  }
  free(rpc);
}

/* ---- refusals ---- */

static void more_calls_than_slots_are_full(void **state) {
  (void)state;
  party all;
  open_party(&all);
  for (int i = 0; i < CALLS; i++) {
    (void)start_call(i % 2 == 0 ? &all.a : &all.b, "x", 0);
  }
  assert_int_equal(sluice_rpc_start(&all.a, "x", 1, 0), 0);
  assert_int_equal(all.a.status, SLUICE_E_FULL);
  assert_non_null(sluice_rpc_next(&all.s));
  uint32_t id = all.s.id;
  assert_int_equal(sluice_rpc_start(&all.a, "x", 1, 0), 0);
  answers(&all.s, id, 0, "y");
  assert_int_equal(sluice_rpc_start(&all.a, "x", 1, 0), 0); /* its reply is still there */
  ends(&all.a, id, 0, "y");
  (void)start_call(&all.a, "x", 0);
  discard_party(&all);
}

static void a_claim_out_of_range_says_why(void **state) {
  (void)state;
  party all;
  open_party(&all);
  assert_null(sluice_rpc_claim(&all.a, PAYLOAD + 1, 0));
  assert_int_equal(all.a.status, SLUICE_E_TOO_LARGE);
  assert_null(sluice_rpc_claim(&all.a, UINT32_MAX, 0));
  assert_int_equal(all.a.status, SLUICE_E_TOO_LARGE);
  assert_null(sluice_rpc_claim(&all.a, 1, -1));
  assert_int_equal(all.a.status, SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_submit(&all.a, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_abort(&all.a), SLUICE_E_INVALID);
  assert_non_null(sluice_rpc_claim(&all.a, 1, 0));
  assert_null(sluice_rpc_claim(&all.a, 1, 0));
  assert_int_equal(all.a.status, SLUICE_E_BUSY);
  assert_int_equal(sluice_rpc_submit(&all.a, 2), SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_submit(&all.a, 1), SLUICE_OK);
  discard_party(&all);
}

static void an_aborted_claim_is_no_call(void **state) {
  (void)state;
  party all;
  open_party(&all);
  assert_non_null(sluice_rpc_claim(&all.a, 1, 0));
  assert_int_equal(sluice_rpc_abort(&all.a), SLUICE_OK);
  nothing_to_take(&all.s);
  assert_int_equal(free_slots(&all), CALLS);
  discard_party(&all);
}

static void only_its_server_completes_a_call_and_only_once(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  assert_int_equal(sluice_rpc_complete(&all.s, id, 0, 0), SLUICE_E_INVALID); /* not begun */
  takes(&all.s, id, "x", 0);
  assert_int_equal(sluice_rpc_complete(&all.t, id, 0, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_complete(&all.s, id ^ 0x10000, 0, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_complete(&all.s, id | 0xffff, 0, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_complete(&all.s, id, -1, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_complete(&all.s, id, 0, PAYLOAD + 1), SLUICE_E_TOO_LARGE);
  assert_null(sluice_rpc_reply(&all.t, id));
  assert_null(sluice_rpc_cancel_word(&all.t, id));
  answers(&all.s, id, 0, "y");
  assert_int_equal(sluice_rpc_complete(&all.s, id, 0, 0), SLUICE_E_INVALID);
  ends(&all.a, id, 0, "y");
  assert_int_equal(sluice_rpc_complete(&all.s, id, 0, 0), SLUICE_E_INVALID);
  discard_party(&all);
}

static void a_reply_above_the_payload_is_too_large_and_not_written(void **state) {
  (void)state;
  party all;
  open_party(&all);
  unsigned char long_reply[3 * PAYLOAD + 64];
  memset(long_reply, 0xee, sizeof long_reply);
  uint32_t id = start_call(&all.a, "x", 0);
  uint32_t next = start_call(&all.a, "next", 0);
  takes(&all.s, id, "x", 0);
  for (uint32_t length = PAYLOAD + 1; length <= sizeof long_reply; length++) {
    assert_int_equal(sluice_rpc_answer(&all.s, id, 0, long_reply, length), SLUICE_E_TOO_LARGE);
  }
  assert_int_equal(sluice_rpc_answer(&all.s, next, 0, "y", 1), SLUICE_E_INVALID); /* not begun */
  assert_int_equal(sluice_rpc_answer(&all.s, 0xffff, 0, "y", 1), SLUICE_E_INVALID);
  answers(&all.s, id, 0, "y");
  ends(&all.a, id, 0, "y");
  takes(&all.s, next, "next", 0);
  discard_party(&all);
}

/* ---- cancellation ---- */

static void a_server_sees_that_a_call_is_cancelled(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  uint32_t other = start_call(&all.a, "y", 0);
  takes(&all.s, id, "x", 0);
  takes(&all.s, other, "y", 0);
  const _Atomic uint32_t *word = sluice_rpc_cancel_word(&all.s, id);
  assert_int_equal(sluice_rpc_cancelled(&all.s, id), 0);
  assert_int_equal(sluice_rpc_cancel(&all.a, id), SLUICE_OK);
  assert_int_equal(atomic_load(word), id);
  assert_int_equal(sluice_rpc_cancelled(&all.s, id), 1);
  assert_int_equal(sluice_rpc_cancelled(&all.s, other), 0);
  nothing_ends(&all.a); /* it ends when its server ends it */
  answers(&all.s, id, 1, "given up");
  ends(&all.a, id, 1, "given up");
  discard_party(&all);
}

static void a_call_may_be_cancelled_before_anybody_has_begun(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  assert_int_equal(sluice_rpc_cancel(&all.a, id), SLUICE_OK);
  takes(&all.s, id, "x", 0);
  assert_int_equal(sluice_rpc_cancelled(&all.s, id), 1);
  discard_party(&all);
}

static void a_cancellation_does_not_reach_the_next_call_of_the_slot(void **state) {
  (void)state;
  party all;
  open_party(&all);
  for (int i = 0; i < 3 * CALLS; i++) {
    uint32_t id = start_call(&all.a, "x", 0);
    takes(&all.s, id, "x", 0);
    assert_int_equal(sluice_rpc_cancelled(&all.s, id), 0);
    assert_int_equal(sluice_rpc_cancel(&all.a, id), SLUICE_OK);
    answers(&all.s, id, 0, "");
    ends(&all.a, id, 0, "");
  }
  discard_party(&all);
}

static void what_is_not_under_way_is_not_cancelled(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  assert_int_equal(sluice_rpc_cancel(&all.b, id), SLUICE_E_EMPTY); /* another's */
  assert_int_equal(sluice_rpc_cancel(&all.a, id + 0x10000), SLUICE_E_EMPTY);
  assert_int_equal(sluice_rpc_cancel(&all.a, id | 0xffff), SLUICE_E_EMPTY);
  assert_int_equal(sluice_rpc_cancel(&all.a, 0), SLUICE_E_EMPTY);
  takes(&all.s, id, "x", 0);
  answers(&all.s, id, 0, "");
  assert_int_equal(sluice_rpc_cancel(&all.a, id), SLUICE_E_EMPTY);
  ends(&all.a, id, 0, "");
  assert_int_equal(sluice_rpc_cancel(&all.a, id), SLUICE_E_EMPTY);
  discard_party(&all);
}

/* ---- waiting ---- */

static void waits_time_out(void **state) {
  (void)state;
  party all;
  open_party(&all);
  int64_t begin = now_ns();
  assert_int_equal(sluice_rpc_server_wait(&all.s, 10 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_rpc_caller_wait(&all.a, 10 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_rpc_room_wait(&all.a, 0), SLUICE_OK);
  for (int i = 0; i < CALLS; i++) {
    (void)start_call(&all.a, "x", 0);
  }
  assert_int_equal(sluice_rpc_room_wait(&all.a, 10 * NS_PER_MS), SLUICE_E_TIMEOUT);
  assert_true(now_ns() - begin >= 30 * NS_PER_MS);
  assert_int_equal(sluice_rpc_server_wait(&all.s, 0), SLUICE_OK);
  assert_int_equal(sluice_rpc_caller_wait(&all.a, 0), SLUICE_E_TIMEOUT);
  discard_party(&all);
}

static void no_time_is_not_waited_and_leaves_no_mark(void **state) {
  (void)state;
  party all;
  open_party(&all);
  assert_int_equal(sluice_rpc_server_wait(&all.s, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(sluice_rpc_caller_wait(&all.a, 0), SLUICE_E_TIMEOUT);
  for (int i = 0; i < CALLS; i++) {
    (void)start_call(&all.a, "x", 0);
  }
  assert_int_equal(sluice_rpc_room_wait(&all.a, 0), SLUICE_E_TIMEOUT);
  assert_int_equal(atomic_load(&all.s.view.rpc->work), 0);
  assert_int_equal(atomic_load(&all.s.view.rpc->room), 0);
  assert_int_equal(atomic_load(sluice_rpc_caller_word(&all.a)), 0);
  discard_party(&all);
}

static void *wait_for_work(void *server) {
  return (void *)(intptr_t)sluice_rpc_server_wait(server, -1);
}

static void *wait_for_reply(void *caller) {
  return (void *)(intptr_t)sluice_rpc_caller_wait(caller, -1);
}

static void *wait_for_room(void *caller) {
  return (void *)(intptr_t)sluice_rpc_room_wait(caller, -1);
}

static void a_server_wakes_on_a_call(void **state) {
  (void)state;
  party all;
  open_party(&all);
  pthread_t thread = start(wait_for_work, &all.s);
  until_asleep(&all.rpc->work);
  assert_non_null(sluice_rpc_claim(&all.a, 0, 0));
  assert_int_equal(atomic_load(&all.rpc->work) & 1, 1); /* a claim is no reason */
  (void)sluice_rpc_submit(&all.a, 0);
  assert_int_equal(finish(thread), SLUICE_OK);
  discard_party(&all);
}

static void a_caller_wakes_when_its_call_ends(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t other = start_call(&all.b, "x", 0);
  uint32_t id = start_call(&all.a, "x", 0);
  pthread_t thread = start(wait_for_reply, &all.a);
  until_asleep(sluice_rpc_caller_word(&all.a));
  takes(&all.s, other, "x", 0);
  answers(&all.s, other, 0, "");
  takes(&all.s, id, "x", 0);
  assert_int_equal(atomic_load(sluice_rpc_caller_word(&all.a)) & 1, 1); /* another's is no reason */
  answers(&all.s, id, 0, "");
  assert_int_equal(finish(thread), SLUICE_OK);
  ends(&all.a, id, 0, "");
  discard_party(&all);
}

static void a_caller_wakes_when_there_is_room(void **state) {
  (void)state;
  party all;
  open_party(&all);
  for (int i = 0; i < CALLS; i++) {
    (void)start_call(&all.a, "x", 0);
  }
  pthread_t thread = start(wait_for_room, &all.b);
  until_asleep(&all.rpc->room);
  assert_non_null(sluice_rpc_next(&all.s));
  answers(&all.s, all.s.id, 0, "");
  ends(&all.a, all.s.id, 0, "");
  assert_int_equal(finish(thread), SLUICE_OK);
  (void)start_call(&all.b, "x", 0);
  discard_party(&all);
}

static void who_sleeps_by_its_own_means_is_told_only_when_there_is_nothing(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t work = sluice_rpc_server_sleep(&all.s);
  uint32_t reply = sluice_rpc_caller_sleep(&all.a);
  assert_int_equal(work, atomic_load(&all.rpc->work));
  assert_int_equal(reply, atomic_load(sluice_rpc_caller_word(&all.a)));
  assert_true(work != 0 && reply != 0);
  assert_int_equal(sluice_rpc_room_sleep(&all.a), 0);
  uint32_t id = start_call(&all.a, "x", 0);
  assert_int_not_equal(work, atomic_load(&all.rpc->work));
  assert_int_equal(sluice_rpc_server_sleep(&all.s), 0);
  takes(&all.s, id, "x", 0);
  answers(&all.s, id, 0, "");
  assert_int_not_equal(reply, atomic_load(sluice_rpc_caller_word(&all.a)));
  assert_int_equal(sluice_rpc_caller_sleep(&all.a), 0);
  for (int i = 0; i < CALLS - 1; i++) {
    (void)start_call(&all.b, "x", 0);
  }
  uint32_t room = sluice_rpc_room_sleep(&all.b);
  assert_int_equal(room, atomic_load(&all.rpc->room));
  ends(&all.a, id, 0, "");
  assert_int_not_equal(room, atomic_load(&all.rpc->room));
  discard_party(&all);
}

static void closing_the_space_wakes_all_and_lets_them_finish(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  takes(&all.s, id, "x", 0);
  pthread_t server = start(wait_for_work, &all.t);
  pthread_t caller = start(wait_for_reply, &all.a);
  until_asleep(&all.rpc->work);
  until_asleep(sluice_rpc_caller_word(&all.a));
  (void)sluice_space_close(&all.space);
  assert_int_equal(finish(server), SLUICE_E_CLOSED);
  assert_int_equal(finish(caller), SLUICE_E_CLOSED);
  assert_null(sluice_rpc_claim(&all.a, 0, 0));
  assert_int_equal(all.a.status, SLUICE_E_CLOSED);
  assert_null(sluice_rpc_next(&all.s));
  assert_int_equal(all.s.status, SLUICE_E_CLOSED);
  answers(&all.s, id, 0, "still");
  ends(&all.a, id, 0, "still");
  assert_null(sluice_rpc_poll(&all.a));
  assert_int_equal(all.a.status, SLUICE_E_CLOSED);
  discard_party(&all);
}

static void a_reply_that_is_there_is_worth_a_look_though_the_space_is_closed(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  takes(&all.s, id, "x", 0);
  answers(&all.s, id, 0, "y");
  assert_int_equal(sluice_space_close(&all.space), SLUICE_OK);
  assert_int_equal(sluice_rpc_caller_wait(&all.a, -1), SLUICE_OK);
  ends(&all.a, id, 0, "y");
  assert_int_equal(sluice_rpc_caller_wait(&all.a, -1), SLUICE_E_CLOSED);
  discard_party(&all);
}

/* ---- death ---- */

static void the_calls_of_a_dead_server_end_as_lost(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  uint32_t other = start_call(&all.b, "y", 0);
  uint32_t kept = start_call(&all.a, "z", 0);
  takes(&all.s, id, "x", 0);
  takes(&all.s, other, "y", 0);
  takes(&all.t, kept, "z", 0);
  pthread_t thread = start(wait_for_reply, &all.a);
  until_asleep(sluice_rpc_caller_word(&all.a));
  bury(&all, 2);
  assert_int_equal(finish(thread), SLUICE_OK);
  ends(&all.a, id, SLUICE_E_PEER_LOST, "");
  nothing_ends(&all.a);
  ends(&all.b, other, SLUICE_E_PEER_LOST, "");
  answers(&all.t, kept, 0, "whole");
  ends(&all.a, kept, 0, "whole");
  assert_int_equal(free_slots(&all), CALLS);
  discard_party(&all);
}

static void a_lost_call_has_no_reply_of_an_earlier_one(void **state) {
  (void)state;
  party all;
  open_party(&all);
  for (int i = 0; i < CALLS; i++) {
    uint32_t id = start_call(&all.a, "x", 0);
    takes(&all.s, id, "x", 0);
    answers(&all.s, id, 5, "earlier");
    ends(&all.a, id, 5, "earlier");
  }
  uint32_t id = start_call(&all.a, "x", 0);
  takes(&all.s, id, "x", 0);
  bury(&all, 2);
  ends(&all.a, id, SLUICE_E_PEER_LOST, "");
  discard_party(&all);
}

static void what_a_dead_server_had_completed_is_not_lost(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  uint32_t untold = start_call(&all.a, "y", 0);
  takes(&all.s, id, "x", 0);
  answers(&all.s, id, 5, "done");
  takes(&all.s, untold, "y", 0);
  answers(&all.s, untold, 6, "done too");
  atomic_fetch_and(bits_of(&all.a.view, all.a.view.owner), ~UINT64_C(2)); /* died before it told */
  bury(&all, 2);
  ends(&all.a, id, 5, "done");
  ends(&all.a, untold, 6, "done too");
  nothing_ends(&all.a);
  discard_party(&all);
}

static void a_call_that_nobody_has_begun_waits_for_the_next_server(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  bury(&all, 2);
  bury(&all, 3);
  nothing_ends(&all.a);
  sluice_rpc_server server;
  assert_int_equal(sluice_rpc_server_open(&server, all.rpc, CALLS, PAYLOAD, all.space.participant),
                   SLUICE_OK);
  takes(&server, id, "x", 0);
  discard_party(&all);
}

static void the_calls_of_a_dead_caller_are_cancelled_and_freed(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t ended = start_call(&all.a, "ended", 0);
  uint32_t run = start_call(&all.a, "run", 0);
  uint32_t queued = start_call(&all.a, "queued", 0);
  takes(&all.s, ended, "ended", 0);
  answers(&all.s, ended, 0, "");
  takes(&all.s, run, "run", 0);
  assert_non_null(sluice_rpc_claim(&all.a, 1, 0));
  assert_int_equal(free_slots(&all), 0);
  bury(&all, 0);
  assert_int_equal(free_slots(&all), CALLS - 1); /* all but the one that runs */
  assert_int_equal(sluice_rpc_cancelled(&all.s, run), 1);
  nothing_to_take(&all.t); /* not the one that was queued */
  assert_int_equal(sluice_rpc_complete(&all.s, queued, 0, 0), SLUICE_E_INVALID);
  assert_int_equal(sluice_rpc_complete(&all.s, run, 0, 0), SLUICE_E_PEER_LOST);
  assert_int_equal(free_slots(&all), CALLS);
  nothing_ends(&all.b);
  discard_party(&all);
}

static void the_queue_is_not_stuck_with_calls_of_the_dead(void **state) {
  (void)state;
  party all;
  open_party(&all);
  for (int round = 0; round < 3; round++) {
    sluice_space mortal = joined(&all.space);
    (void)sluice_rpc_open(&mortal, "calls", 5, CALLS, PAYLOAD, 0);
    sluice_rpc_caller caller;
    (void)sluice_rpc_caller_open(&caller, all.rpc, CALLS, PAYLOAD, mortal.participant);
    for (int i = 0; i < CALLS; i++) {
      (void)start_call(&caller, "x", 0);
    }
    assert_int_equal(sluice_participant_bury(&all.space, mortal.participant), SLUICE_OK);
    assert_int_equal(free_slots(&all), CALLS);
    if (round == 1) {
      nothing_to_take(&all.s);
    }
    uint32_t id = start_call(&all.a, "mine", 0); /* drops one of theirs to make room */
    takes(&all.s, id, "mine", 0);
    answers(&all.s, id, 0, "");
    ends(&all.a, id, 0, "");
  }
  discard_party(&all);
}

static void a_call_that_its_caller_took_into_the_grave_is_not_served(void **state) {
  (void)state;
  party all;
  open_party(&all);
  (void)start_call(&all.a, "x", 0);
  bury(&all, 0);
  nothing_to_take(&all.s);
  assert_int_equal(free_slots(&all), CALLS);
  discard_party(&all);
}

/* Whoever emptied the place at the head died before it had moved the counter on. */
static void a_head_that_the_dead_left_behind_is_moved_on_by_a_server(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t first = start_call(&all.a, "first", 0);
  uint32_t second = start_call(&all.a, "second", 0);
  takes(&all.s, first, "first", 0);
  atomic_store(&all.rpc->head, 0);
  assert_int_equal(sluice_rpc_server_sleep(&all.t), 0);
  assert_int_equal(sluice_rpc_server_wait(&all.t, 0), SLUICE_OK);
  takes(&all.t, second, "second", 0);
  discard_party(&all);
}

static void a_head_left_behind_a_lap_is_not_the_newer_calls(void **state) {
  (void)state;
  sluice_rpc *rpc = fresh(sluice_rpc_bytes(1, PAYLOAD)); /* one place */
  sluice_rpc_caller caller;
  sluice_rpc_server server;
  assert_int_equal(sluice_rpc_init(rpc, 1, PAYLOAD), SLUICE_OK);
  assert_int_equal(sluice_rpc_caller_open(&caller, rpc, 1, PAYLOAD, 1 << 8 | 1), SLUICE_OK);
  assert_int_equal(sluice_rpc_server_open(&server, rpc, 1, PAYLOAD, 1 << 8 | 2), SLUICE_OK);
  for (int i = 0; i < 3; i++) {
    uint32_t id = start_call(&caller, "x", 0);
    if (i == 1) {
      atomic_store(&rpc->head, 0);
    }
    takes(&server, id, "x", 0);
    answers(&server, id, 0, "");
    ends(&caller, id, 0, "");
  }
  free(rpc);
}

static void a_head_that_the_dead_left_behind_is_moved_on_by_a_caller(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.b, "first", 0);
  for (int i = 0; i < CALLS - 1; i++) {
    (void)start_call(&all.a, "x", 0);
  }
  takes(&all.s, id, "first", 0);
  atomic_store(&all.rpc->head, 0);
  answers(&all.s, id, 0, "");
  ends(&all.b, id, 0, "");
  (void)start_call(&all.b, "second", 0); /* in the place of the first */
  bury(&all, 0);
  (void)start_call(&all.b, "third", 0); /* in the place of one of the dead, with no server's help */
  discard_party(&all);
}

static void a_queue_full_of_the_dead_behind_a_live_call_is_full_until_that_is_taken(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.b, "live", 0);
  for (int i = 0; i < CALLS - 1; i++) {
    (void)start_call(&all.a, "x", 0);
  }
  bury(&all, 0);
  assert_int_equal(free_slots(&all), CALLS - 1);
  assert_int_equal(sluice_rpc_start(&all.b, "x", 1, 0), 0);
  assert_int_equal(all.b.status, SLUICE_E_FULL);
  assert_int_equal(free_slots(&all), CALLS - 1); /* start keeps no claim */
  assert_non_null(sluice_rpc_claim(&all.b, 0, 0));
  assert_int_equal(sluice_rpc_submit(&all.b, 0), SLUICE_E_FULL);
  assert_int_equal(sluice_rpc_room_wait(&all.b, 0), SLUICE_E_TIMEOUT);
  uint32_t key = sluice_rpc_room_sleep(&all.b);
  assert_int_equal(atomic_load(&all.rpc->room), key);
  takes(&all.s, id, "live", 0);
  assert_int_not_equal(atomic_load(&all.rpc->room), key);
  assert_int_equal(sluice_rpc_submit(&all.b, 0), SLUICE_OK);
  assert_non_null(sluice_rpc_next(&all.s));
  discard_party(&all);
}

static void caller_and_server_may_both_die(void **state) {
  (void)state;
  for (int first = 0; first < 2; first++) {
    party all;
    open_party(&all);
    uint32_t id = start_call(&all.a, "x", 0);
    takes(&all.s, id, "x", 0);
    bury(&all, first == 0 ? 0 : 2);
    bury(&all, first == 0 ? 2 : 0);
    assert_int_equal(free_slots(&all), CALLS);
    discard_party(&all);
  }
}

static void a_participant_that_called_itself_may_die(void **state) {
  (void)state;
  party all;
  open_party(&all);
  sluice_rpc_server self;
  (void)sluice_rpc_server_open(&self, all.rpc, CALLS, PAYLOAD, all.a.view.owner);
  uint32_t id = start_call(&all.a, "x", 0);
  takes(&self, id, "x", 0);
  bury(&all, 0);
  assert_int_equal(free_slots(&all), CALLS);
  discard_party(&all);
}

static void recovery_may_be_done_twice(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t lost = start_call(&all.a, "x", 0);
  uint32_t run = start_call(&all.b, "y", 0);
  takes(&all.s, lost, "x", 0);
  takes(&all.t, run, "y", 0);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(sluice_rpc_recover(&all.space, all.rpc, all.s.view.owner), SLUICE_OK);
    assert_int_equal(sluice_rpc_recover(&all.space, all.rpc, all.b.view.owner), SLUICE_OK);
  }
  ends(&all.a, lost, SLUICE_E_PEER_LOST, "");
  assert_int_equal(sluice_rpc_recover(&all.space, all.rpc, all.s.view.owner), SLUICE_OK);
  nothing_ends(&all.a);
  assert_int_equal(sluice_rpc_complete(&all.t, run, 0, 0), SLUICE_E_PEER_LOST);
  assert_int_equal(free_slots(&all), CALLS);
  discard_party(&all);
}

static void the_next_holder_of_a_slot_gets_none_of_the_deads_calls(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  takes(&all.s, id, "x", 0);
  answers(&all.s, id, 0, "");
  bury(&all, 0);
  sluice_space heir = joined(&all.space);
  assert_int_equal(heir.participant & 0xff, all.a.view.owner & 0xff);
  sluice_rpc_caller caller;
  (void)sluice_rpc_caller_open(&caller, all.rpc, CALLS, PAYLOAD, heir.participant);
  nothing_ends(&caller);
  discard_party(&all);
}

/* ---- leaving in good order ---- */

static void a_caller_that_closes_leaves_no_calls(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t run = start_call(&all.a, "x", 0);
  takes(&all.s, run, "x", 0);
  (void)start_call(&all.a, "y", 0);
  assert_non_null(sluice_rpc_claim(&all.a, 1, 0));
  assert_int_equal(sluice_rpc_caller_close(&all.a), SLUICE_OK);
  assert_int_equal(free_slots(&all), CALLS - 1);
  assert_int_equal(sluice_rpc_cancelled(&all.s, run), 1);
  assert_int_equal(sluice_rpc_complete(&all.s, run, 0, 0), SLUICE_E_PEER_LOST);
  assert_int_equal(free_slots(&all), CALLS);
  uint32_t id = start_call(&all.a, "again", 0);
  takes(&all.s, id, "again", 0);
  discard_party(&all);
}

static void a_server_that_closes_tells_its_callers(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  uint32_t kept = start_call(&all.a, "y", 0);
  takes(&all.s, id, "x", 0);
  assert_int_equal(sluice_rpc_server_close(&all.s), SLUICE_OK);
  ends(&all.a, id, SLUICE_E_PEER_LOST, "");
  takes(&all.t, kept, "y", 0);
  discard_party(&all);
}

/* One participant on both sides: each side closes alone. */
static void a_caller_that_closes_goes_on_serving(void **state) {
  (void)state;
  party all;
  open_party(&all);
  sluice_rpc_server both;
  assert_int_equal(sluice_rpc_server_open(&both, all.rpc, CALLS, PAYLOAD, all.each[0].participant),
                   SLUICE_OK);
  uint32_t theirs = start_call(&all.b, "theirs", 0);
  takes(&both, theirs, "theirs", 0);
  uint32_t own = start_call(&all.a, "own", 0);
  takes(&both, own, "own", 0);
  assert_int_equal(sluice_rpc_caller_close(&all.a), SLUICE_OK);
  assert_int_equal(sluice_rpc_cancelled(&both, own), 1);
  assert_int_equal(sluice_rpc_complete(&both, own, 0, 0), SLUICE_E_PEER_LOST);
  answers(&both, theirs, 3, "reply");
  ends(&all.b, theirs, 3, "reply");
  assert_int_equal(free_slots(&all), CALLS);
  discard_party(&all);
}

static void a_server_that_closes_goes_on_calling(void **state) {
  (void)state;
  party all;
  open_party(&all);
  sluice_rpc_server both;
  assert_int_equal(sluice_rpc_server_open(&both, all.rpc, CALLS, PAYLOAD, all.each[0].participant),
                   SLUICE_OK);
  uint32_t done = start_call(&all.a, "done", 0);
  takes(&all.s, done, "done", 0);
  answers(&all.s, done, 1, "one");
  uint32_t run = start_call(&all.a, "run", 0);
  takes(&all.s, run, "run", 0);
  uint32_t own = start_call(&all.a, "own", 0);
  takes(&both, own, "own", 0);
  uint32_t queued = start_call(&all.a, "queued", 0);
  assert_int_equal(sluice_rpc_server_close(&both), SLUICE_OK);
  assert_int_equal(sluice_rpc_cancelled(&all.s, run), 0);
  ends(&all.a, done, 1, "one");
  ends(&all.a, own, SLUICE_E_PEER_LOST, "");
  answers(&all.s, run, 2, "two");
  ends(&all.a, run, 2, "two");
  takes(&all.s, queued, "queued", 0);
  discard_party(&all);
}

/* ---- hostile words ---- */

static _Atomic uint64_t *queue_of(const party *all) {
  return (void *)((unsigned char *)all->rpc + all->a.view.queue_at);
}

static void a_queued_id_of_no_slot_poisons(void **state) {
  (void)state;
  party all;
  open_party(&all);
  (void)start_call(&all.a, "x", 0);
  atomic_store(queue_of(&all), 1 << 16 | CALLS);
  assert_null(sluice_rpc_next(&all.s));
  assert_int_equal(all.s.status, SLUICE_E_POISONED);
  assert_null(sluice_rpc_next(&all.t));
  assert_int_equal(all.t.status, SLUICE_E_POISONED);
  assert_null(sluice_rpc_claim(&all.a, 0, 0));
  assert_int_equal(all.a.status, SLUICE_E_POISONED);
  assert_null(sluice_rpc_poll(&all.a));
  assert_int_equal(all.a.status, SLUICE_E_POISONED);
  assert_int_equal(sluice_rpc_server_wait(&all.s, -1), SLUICE_E_POISONED);
  discard_party(&all);
}

static void a_queued_id_of_no_slot_in_a_full_queue_poisons(void **state) {
  (void)state;
  party all;
  open_party(&all);
  for (int i = 0; i < CALLS; i++) {
    (void)start_call(&all.a, "x", 0);
  }
  bury(&all, 0);
  atomic_store(queue_of(&all), 1 << 16 | CALLS);
  assert_int_equal(sluice_rpc_start(&all.b, "x", 1, 0), 0);
  assert_int_equal(all.b.status, SLUICE_E_POISONED);
  discard_party(&all);
}

static void places_that_contradict_the_queues_counters_poison(void **state) {
  (void)state;
  const uint64_t id = 1 << 16 | 1;
  const uint64_t at_the_head[] = {UINT64_C(2) << 32, UINT64_C(2) << 32 | id, UINT64_MAX << 32,
                                  UINT64_MAX << 32 | id};
  const uint64_t at_the_tail[] = {UINT64_C(2) << 32, UINT64_C(2) << 32 | id, UINT64_MAX << 32,
                                  (UINT64_MAX - 1) << 32 | id};
  for (int i = 0; i < 4; i++) {
    party all;
    open_party(&all);
    atomic_store(queue_of(&all), at_the_head[i]);
    assert_null(sluice_rpc_next(&all.s));
    assert_int_equal(all.s.status, SLUICE_E_POISONED);
    discard_party(&all);
    open_party(&all);
    atomic_store(queue_of(&all), at_the_tail[i]);
    assert_int_equal(sluice_rpc_start(&all.a, "x", 1, 0), 0);
    assert_int_equal(all.a.status, SLUICE_E_POISONED);
    discard_party(&all);
  }
}

static void counters_that_contradict_the_queue_poison(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    party all;
    open_party(&all);
    atomic_store(i == 0 ? &all.rpc->head : &all.rpc->tail, 1000);
    if (i == 0) {
      assert_null(sluice_rpc_next(&all.s));
      assert_int_equal(all.s.status, SLUICE_E_POISONED);
    } else {
      assert_int_equal(sluice_rpc_start(&all.a, "x", 1, 0), 0);
      assert_int_equal(all.a.status, SLUICE_E_POISONED);
    }
    discard_party(&all);
  }
}

static void lengths_above_the_payload_poison(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  atomic_store(&call_at(&all.a.view, 0)->request_bytes, PAYLOAD + 1);
  assert_null(sluice_rpc_next(&all.s));
  assert_int_equal(all.s.status, SLUICE_E_POISONED);
  discard_party(&all);
  open_party(&all);
  id = start_call(&all.a, "x", 0);
  takes(&all.s, id, "x", 0);
  answers(&all.s, id, 0, "");
  atomic_store(&call_at(&all.a.view, 0)->reply_bytes, UINT32_MAX);
  assert_null(sluice_rpc_poll(&all.a));
  assert_int_equal(all.a.status, SLUICE_E_POISONED);
  discard_party(&all);
}

static void outcomes_and_types_below_zero_poison(void **state) {
  (void)state;
  party all;
  open_party(&all);
  (void)start_call(&all.a, "x", 0);
  atomic_store(&call_at(&all.a.view, 0)->type, -1);
  assert_null(sluice_rpc_next(&all.s));
  assert_int_equal(all.s.status, SLUICE_E_POISONED);
  discard_party(&all);
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  takes(&all.s, id, "x", 0);
  answers(&all.s, id, 0, "");
  atomic_store(&call_at(&all.a.view, 0)->outcome, SLUICE_E_PEER_LOST);
  assert_null(sluice_rpc_poll(&all.a));
  assert_int_equal(all.a.status, SLUICE_E_POISONED);
  discard_party(&all);
}

static void a_call_taken_from_its_mover_poisons(void **state) {
  (void)state;
  party all;
  open_party(&all);
  assert_non_null(sluice_rpc_claim(&all.a, 0, 0));
  atomic_store(&call_at(&all.a.view, 0)->word, 0);
  assert_int_equal(sluice_rpc_submit(&all.a, 0), SLUICE_E_POISONED);
  discard_party(&all);
  open_party(&all);
  uint32_t id = start_call(&all.a, "x", 0);
  takes(&all.s, id, "x", 0);
  atomic_store(&call_at(&all.a.view, 0)->caller, 0xff);
  assert_int_equal(sluice_rpc_complete(&all.s, id, 0, 0), SLUICE_E_POISONED);
  discard_party(&all);
}

static void a_poisoned_object_says_so_to_all(void **state) {
  (void)state;
  party all;
  open_party(&all);
  uint32_t ended = start_call(&all.a, "x", 0);
  takes(&all.s, ended, "x", 0);
  answers(&all.s, ended, 0, "");
  (void)start_call(&all.a, "y", 0);
  assert_non_null(sluice_rpc_claim(&all.b, 0, 0));
  atomic_fetch_or(&all.rpc->object.state, SLUICE_OBJECT_POISONED);
  /* though there is a call to take, and one that has ended, and room */
  assert_null(sluice_rpc_next(&all.s));
  assert_int_equal(all.s.status, SLUICE_E_POISONED);
  assert_null(sluice_rpc_poll(&all.a));
  assert_int_equal(all.a.status, SLUICE_E_POISONED);
  assert_int_equal(sluice_rpc_server_wait(&all.s, -1), SLUICE_E_POISONED);
  assert_int_equal(sluice_rpc_caller_wait(&all.a, -1), SLUICE_E_POISONED);
  assert_int_equal(sluice_rpc_room_wait(&all.a, -1), SLUICE_E_POISONED);
  assert_null(sluice_rpc_claim(&all.a, 0, 0));
  assert_int_equal(all.a.status, SLUICE_E_POISONED);
  assert_int_equal(sluice_rpc_submit(&all.b, 0), SLUICE_E_POISONED);
  discard_party(&all);
}

static void a_shape_rewritten_after_opening_changes_nothing(void **state) {
  (void)state;
  party all;
  open_party(&all);
  all.rpc->object.capacity = UINT32_MAX;
  uint32_t id = start_call(&all.a, "x", 0);
  takes(&all.s, id, "x", 0);
  all.rpc->object.capacity = 1024 | 0x1000 << 16; /* a burial looks at it again */
  assert_int_equal(sluice_rpc_recover(&all.space, all.rpc, all.s.view.owner), SLUICE_OK);
  answers(&all.s, id, 0, "y");
  ends(&all.a, id, 0, "y");
  discard_party(&all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_shape_out_of_range_has_no_size),
      cmocka_unit_test(one_name_is_one_object_of_one_shape),
      cmocka_unit_test(it_needs_no_space),
      cmocka_unit_test(a_view_of_another_shape_or_of_nobody_is_invalid),
      cmocka_unit_test(a_shape_that_was_rewritten_gives_no_end),
      cmocka_unit_test(a_call_goes_there_and_comes_back),
      cmocka_unit_test(requests_and_replies_may_be_empty_and_as_long_as_the_payload),
      cmocka_unit_test(a_pointer_to_no_bytes_may_be_null),
      cmocka_unit_test(what_was_written_in_place_arrives),
      cmocka_unit_test(calls_start_in_the_order_of_their_submission),
      cmocka_unit_test(an_ended_call_stays_until_it_is_released),
      cmocka_unit_test(an_id_is_not_met_again_soon_and_is_never_0),
      cmocka_unit_test(no_ended_call_waits_for_ever_behind_others),
      cmocka_unit_test(calls_of_every_slot_end_and_show_to_who_waits),
      cmocka_unit_test(more_calls_than_slots_are_full),
      cmocka_unit_test(a_claim_out_of_range_says_why),
      cmocka_unit_test(an_aborted_claim_is_no_call),
      cmocka_unit_test(only_its_server_completes_a_call_and_only_once),
      cmocka_unit_test(a_reply_above_the_payload_is_too_large_and_not_written),
      cmocka_unit_test(a_server_sees_that_a_call_is_cancelled),
      cmocka_unit_test(a_call_may_be_cancelled_before_anybody_has_begun),
      cmocka_unit_test(a_cancellation_does_not_reach_the_next_call_of_the_slot),
      cmocka_unit_test(what_is_not_under_way_is_not_cancelled),
      cmocka_unit_test(waits_time_out),
      cmocka_unit_test(no_time_is_not_waited_and_leaves_no_mark),
      cmocka_unit_test(a_server_wakes_on_a_call),
      cmocka_unit_test(a_caller_wakes_when_its_call_ends),
      cmocka_unit_test(a_caller_wakes_when_there_is_room),
      cmocka_unit_test(who_sleeps_by_its_own_means_is_told_only_when_there_is_nothing),
      cmocka_unit_test(closing_the_space_wakes_all_and_lets_them_finish),
      cmocka_unit_test(a_reply_that_is_there_is_worth_a_look_though_the_space_is_closed),
      cmocka_unit_test(the_calls_of_a_dead_server_end_as_lost),
      cmocka_unit_test(a_lost_call_has_no_reply_of_an_earlier_one),
      cmocka_unit_test(what_a_dead_server_had_completed_is_not_lost),
      cmocka_unit_test(a_call_that_nobody_has_begun_waits_for_the_next_server),
      cmocka_unit_test(the_calls_of_a_dead_caller_are_cancelled_and_freed),
      cmocka_unit_test(the_queue_is_not_stuck_with_calls_of_the_dead),
      cmocka_unit_test(a_call_that_its_caller_took_into_the_grave_is_not_served),
      cmocka_unit_test(a_head_that_the_dead_left_behind_is_moved_on_by_a_server),
      cmocka_unit_test(a_head_left_behind_a_lap_is_not_the_newer_calls),
      cmocka_unit_test(a_head_that_the_dead_left_behind_is_moved_on_by_a_caller),
      cmocka_unit_test(a_queue_full_of_the_dead_behind_a_live_call_is_full_until_that_is_taken),
      cmocka_unit_test(caller_and_server_may_both_die),
      cmocka_unit_test(a_participant_that_called_itself_may_die),
      cmocka_unit_test(recovery_may_be_done_twice),
      cmocka_unit_test(the_next_holder_of_a_slot_gets_none_of_the_deads_calls),
      cmocka_unit_test(a_caller_that_closes_leaves_no_calls),
      cmocka_unit_test(a_server_that_closes_tells_its_callers),
      cmocka_unit_test(a_caller_that_closes_goes_on_serving),
      cmocka_unit_test(a_server_that_closes_goes_on_calling),
      cmocka_unit_test(a_queued_id_of_no_slot_poisons),
      cmocka_unit_test(a_queued_id_of_no_slot_in_a_full_queue_poisons),
      cmocka_unit_test(places_that_contradict_the_queues_counters_poison),
      cmocka_unit_test(counters_that_contradict_the_queue_poison),
      cmocka_unit_test(lengths_above_the_payload_poison),
      cmocka_unit_test(outcomes_and_types_below_zero_poison),
      cmocka_unit_test(a_call_taken_from_its_mover_poisons),
      cmocka_unit_test(a_poisoned_object_says_so_to_all),
      cmocka_unit_test(a_shape_rewritten_after_opening_changes_nothing),
  };
  return RUN(tests);
}
