/* Calls. Each request is a number, and its reply the next one. */
#include "case.h"

enum { CALLS = 64, PAYLOAD = 64, IN_FLIGHT = 16 };

static int open_rpc(sluice_space *space, bench_state *state) {
  state->offset =
      sluice_rpc_open(space, state->names[0], length_of(state->names[0]), CALLS, PAYLOAD, 0);
  if (state->offset == 0) {
    return space->status;
  }
  sluice_rpc *rpc = sluice_at(space, state->offset);
  return state->role == 0
             ? sluice_rpc_caller_open(&state->as.caller, rpc, CALLS, PAYLOAD, space->participant)
             : sluice_rpc_server_open(&state->as.server, rpc, CALLS, PAYLOAD, space->participant);
}

static void wait_for_reply(sluice_rpc_caller *caller, int asleep) {
  if (!asleep) {
    sluice_pause();
    return;
  }
  uint32_t value = sluice_rpc_caller_sleep(caller);
  if (value != 0) {
    (void)sluice_futex_wait(sluice_rpc_caller_word(caller), value, -1);
  }
}

static void wait_for_call(sluice_rpc_server *server, int asleep) {
  if (!asleep) {
    sluice_pause();
    return;
  }
  uint32_t value = sluice_rpc_server_sleep(server);
  if (value != 0) {
    (void)sluice_futex_wait(&server->view.rpc->work, value, -1);
  }
}

/* Keeps `most` calls under way. Their numbers add up to those of the replies. */
static int call(bench_state *state, uint32_t count, uint32_t most, int asleep) {
  sluice_rpc_caller *caller = &state->as.caller;
  uint32_t started = 0;
  uint32_t ended = 0;
  uint32_t sum = 0;
  while (ended < count) {
    while (started < count && started - ended < most) {
      uint32_t number = started++;
      if (sluice_rpc_start(caller, &number, sizeof number, 1) == 0) {
        return caller->status;
      }
      sum += number + 1;
    }
    const void *reply = sluice_rpc_poll(caller);
    if (reply == NULL) {
      if (caller->status != SLUICE_E_EMPTY) {
        return caller->status;
      }
      wait_for_reply(caller, asleep);
      continue;
    }
    uint32_t number = 0;
    memcpy(&number, reply, sizeof number);
    if (caller->outcome != 0 || caller->length != sizeof number) {
      return SLUICE_E_MISMATCH;
    }
    sum -= number;
    (void)sluice_rpc_release(caller);
    ended++;
  }
  return sum == 0 ? 0 : SLUICE_E_MISMATCH;
}

static int serve(bench_state *state, uint32_t count, int asleep) {
  sluice_rpc_server *server = &state->as.server;
  for (uint32_t served = 0; served < count;) {
    const void *request = sluice_rpc_next(server);
    if (request == NULL) {
      if (server->status != SLUICE_E_EMPTY && server->status != SLUICE_E_AGAIN) {
        return server->status;
      }
      wait_for_call(server, asleep);
      continue;
    }
    uint32_t number = 0;
    memcpy(&number, request, sizeof number);
    number++;
    int status = sluice_rpc_answer(server, server->id, 0, &number, sizeof number);
    if (status != SLUICE_OK) {
      return status;
    }
    served++;
  }
  return 0;
}

static int run(bench_state *state, uint32_t count, uint32_t most, int asleep) {
  return state->role == 0 ? call(state, count, most, asleep) : serve(state, count, asleep);
}

static int run_spinning(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  return run(state, count, 1, 0);
}

static int run_sleeping(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  return run(state, count, 1, 1);
}

static int run_in_flight(sluice_space *space, bench_state *state, uint32_t count) {
  (void)space;
  return run(state, count, IN_FLIGHT, 0);
}

const bench_case rpc_cases[] = {
    {"rpc.round_trip.spinning", "limit.round_trip.spinning", 2, 0, open_rpc, run_spinning, NULL},
    {"rpc.round_trip.sleeping", "limit.round_trip.futex", 2, 0, open_rpc, run_sleeping, NULL},
    {"rpc.16_in_flight.spinning", NULL, 2, 0, open_rpc, run_in_flight, NULL},
    {0},
};
