/* Calls: two callers, two servers. */
#include "fuzz.h"

#include "sluice/rpc.h"

enum { CALLS = 5, PAYLOAD = 64 };

static sluice_rpc *rpc;
static sluice_rpc_caller callers[2];
static sluice_rpc_server servers[2];
static uint32_t ids[4]; /* of calls that some server began */

static void open_ends(uint32_t which) {
  uint32_t owner = (which != 0 ? &fuzz_peer : &fuzz_self)->participant;
  sluice_rpc_caller caller;
  sluice_rpc_server server;
  int status = sluice_rpc_caller_open(&caller, rpc, CALLS, PAYLOAD, owner);
  fuzz_status(status);
  if (status == SLUICE_OK) {
    callers[which] = caller;
  }
  status = sluice_rpc_server_open(&server, rpc, CALLS, PAYLOAD, owner);
  fuzz_status(status);
  if (status == SLUICE_OK) {
    servers[which] = server;
  }
}

void fuzz_begin(void) {
  uint32_t offset = sluice_rpc_open(&fuzz_self, "c", 1, CALLS, PAYLOAD, 0);
  rpc = sluice_at(&fuzz_self, offset);
  fuzz_hot(offset, sluice_rpc_bytes(CALLS, PAYLOAD));
  memset(ids, 0, sizeof ids);
  open_ends(0);
  open_ends(1);
}

static void call(sluice_rpc_caller *caller, uint32_t how) {
  switch (how % 10) {
    case 0: {
      uint32_t length = fuzz_size();
      void *at = sluice_rpc_claim(caller, length, (int32_t)fuzz_byte());
      fuzz_status(caller->status);
      if (at != NULL) {
        fuzz_see(at, length);
        memset(at, 0x5a, length);
      }
      break;
    }
    case 1:
      fuzz_status(sluice_rpc_submit(caller, fuzz_size()));
      break;
    case 2:
      fuzz_status(sluice_rpc_abort(caller));
      break;
    case 3:
    case 4: {
      unsigned char request[PAYLOAD] = {0};
      (void)sluice_rpc_start(caller, request, fuzz_byte() % (PAYLOAD + 1), 1);
      fuzz_status(caller->status);
      break;
    }
    case 5:
    case 6: {
      const void *at = sluice_rpc_poll(caller);
      fuzz_status(caller->status);
      if (at != NULL) {
        fuzz_see(at, caller->length);
        fuzz_status(caller->outcome);
        if (caller->length > PAYLOAD) {
          abort();
        }
      }
      break;
    }
    case 7:
      fuzz_status(sluice_rpc_release(caller));
      break;
    case 8:
      fuzz_status(sluice_rpc_caller_wait(caller, 0));
      fuzz_status(sluice_rpc_room_wait(caller, 0));
      break;
    default: {
      (void)sluice_rpc_caller_sleep(caller);
      (void)sluice_rpc_room_sleep(caller);
      fuzz_see((void *)sluice_rpc_caller_word(caller), 4);
      if (how >= 200) {
        fuzz_status(sluice_rpc_caller_close(caller));
      }
      break;
    }
  }
}

static void serve(sluice_rpc_server *server, uint32_t *id, uint32_t how) {
  switch (how % 7) {
    case 0:
    case 1: {
      const void *at = sluice_rpc_next(server);
      fuzz_status(server->status);
      if (at != NULL) {
        fuzz_see(at, server->length);
        *id = server->id;
        if (server->length > PAYLOAD) {
          abort();
        }
      }
      break;
    }
    case 2: {
      void *at = sluice_rpc_reply(server, *id);
      if (at != NULL) {
        fuzz_see(at, PAYLOAD);
        memset(at, 0x5a, PAYLOAD);
      }
      break;
    }
    case 3: {
      void *word = (void *)sluice_rpc_cancel_word(server, *id);
      if (word != NULL) {
        fuzz_see(word, 4);
      }
      (void)sluice_rpc_cancelled(server, *id);
      break;
    }
    case 4:
      fuzz_status(sluice_rpc_complete(server, *id, (int32_t)fuzz_byte(), fuzz_size()));
      break;
    case 5: {
      unsigned char reply[PAYLOAD] = {0};
      fuzz_status(
          sluice_rpc_answer(server, *id, (int32_t)fuzz_byte(), reply, fuzz_byte() % PAYLOAD));
      break;
    }
    default:
      fuzz_status(sluice_rpc_server_wait(server, 0));
      (void)sluice_rpc_server_sleep(server);
      if (how >= 200) {
        fuzz_status(sluice_rpc_server_close(server));
      }
      break;
  }
}

void fuzz_step(uint32_t choice) {
  uint32_t which = choice >> 7;
  uint32_t *id = &ids[fuzz_byte() % 4];
  uint32_t how = fuzz_byte();
  switch (choice % 16) {
    case 0:
      fuzz_bury();
      break;
    case 1:
      open_ends(which);
      break;
    case 2:
      fuzz_status(sluice_rpc_cancel(&callers[which], *id));
      break;
    case 3:
      *id = fuzz_size();
      break;
    default:
      if (choice % 2 != 0) {
        call(&callers[which], how);
      } else {
        serve(&servers[which], id, how);
      }
      break;
  }
}
