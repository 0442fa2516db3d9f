/* Validates calls under load: callers with many calls under way, servers that run several at once
 * and end them in any order, cancellations, and callers and servers that give up in the middle.
 *
 *   rpc [calls [seed [slots [payload [servers [mode]]]]]]
 *
 * `mode`: threads; `processes`; or `deaths`: processes, of which one is killed every few
 * milliseconds, wherever it stands, buried and replaced. Prints one line; exits with 1 at the first
 * mismatch, and dies by SIGALRM when nothing moves for 30 seconds (a lost wake-up, or a call that
 * never ends).
 *
 * A request, and its reply, follow from a key: a caller knows what each of its calls must bring. It
 * keeps account of the calls under way: each ends once, and no other. A server sees no call
 * cancelled that its caller did not cancel, unless the caller is gone; one server alone sees each
 * caller's calls in their order. At the end every slot is free. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "futex.h"
#include "rpc_words.h"
#include "sluice/participant.h"
#include "sluice/rpc.h"

enum {
  WATCHDOG_SECONDS = 30,
  WATCHDOG_ROUNDS = 1 << 10,
  CALLERS = 2,
  SERVERS_MAX = 8,
  AT_ONCE = 6, /* calls that a server runs */
  SPACE_BYTES = 1 << 26,
  HEAD = 24 /* bytes: key, caller, count */
};

enum { THREADS, PROCESSES, DEATHS };

static struct {
  unsigned char *at;
  uint64_t calls;
  uint64_t seed;
  uint32_t slots;
  uint32_t payload;
  uint32_t servers;
  int mode;
} plan;

/* Beside the space, in shared memory. */
static struct figures {
  _Atomic uint64_t ended;
  _Atomic uint64_t lost;
  _Atomic uint64_t dropped; /* with a caller that gave up */
  _Atomic uint64_t cancelled;
  _Atomic uint64_t orphans; /* completed for a caller that was gone */
  _Atomic uint64_t waits;
  _Atomic uint32_t ids[CALLERS + SERVERS_MAX]; /* participants that the parent may have to bury */
} * figures;

typedef struct request {
  uint64_t key;
  uint64_t caller; /* number, and 32 bits that tell its incarnations apart */
  uint64_t count;
} request;

/* SplitMix64's mixer (Steele, Lea and Flood, 2014). */
static inline uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline uint64_t random_next(uint64_t *state) {
  return mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static _Noreturn void fail(const char *what, uint64_t detail, int64_t more) {
  (void)fprintf(stderr, "rpc: %s (%llx, %lld, seed %llu)\n", what, (unsigned long long)detail,
                (long long)more, (unsigned long long)plan.seed);
  _exit(1);
}

/* Mostly short. */
static uint32_t length_of(uint64_t key, uint32_t least) {
  uint32_t most = (key & 31) == 0 || plan.payload < 64 ? plan.payload : 64;
  return least + (uint32_t)(key >> 24) % (most - least + 1);
}

static void fill(unsigned char *at, uint64_t key, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++) {
    at[i] = (unsigned char)((key + i) * UINT64_C(0xd1342543de82ef95) >> 56);
  }
}

static int holds(const unsigned char *at, uint64_t key, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++) {
    if (at[i] != (unsigned char)((key + i) * UINT64_C(0xd1342543de82ef95) >> 56)) {
      return 0;
    }
  }
  return 1;
}

static int to_be_cancelled(uint64_t key) {
  return (key >> 8 & 7) == 0;
}

static void pause_now_and_then(uint64_t dice) {
  if (dice % 8192 == 0) {
    struct timespec time = {.tv_nsec = 20000};
    (void)nanosleep(&time, NULL);
  }
}

static sluice_rpc *join(sluice_space *space, uint32_t number) {
  if (sluice_space_attach(space, plan.at, SPACE_BYTES) != SLUICE_OK) {
    fail("no space", 0, 0);
  }
  if (sluice_participant_adopt(space, atomic_load(&figures->ids[number]), 0) != SLUICE_OK) {
    fail("not joined", number, space->status);
  }
  uint32_t offset = sluice_rpc_open(space, "rpc", 3, plan.slots, plan.payload, 0);
  if (offset == 0 && space->status != SLUICE_E_CLOSED) {
    fail("no object", 0, space->status);
  }
  return offset == 0 ? NULL : sluice_at(space, offset);
}

static void leave(sluice_space *space, uint32_t number) {
  if (sluice_participant_leave(space) != SLUICE_OK) {
    fail("not left", number, 0);
  }
}

/* In WebAssembly, where the core has no clock, a wait with a limit may be told to come again. */
static int is_early(int status, uint64_t dice) {
  return status == SLUICE_E_AGAIN && dice % 4 == 1;
}

/* ---- callers ---- */

typedef struct account {
  uint32_t id; /* 0: none in this slot */
  uint64_t key;
} account;

typedef struct calling {
  sluice_rpc_caller caller;
  uint64_t random;
  uint64_t number;
  uint64_t count;
  uint32_t open;
  account accounts[SLUICE_RPC_CALLS_MAX];
} calling;

static int start_one(calling *self, uint64_t dice) {
  unsigned char at[SLUICE_RPC_PAYLOAD_MAX > 65536 ? 65536 : 1];
  uint64_t key = random_next(&self->random);
  request head = {.key = key, .caller = self->number, .count = self->count};
  uint32_t length = length_of(key, HEAD);
  uint32_t id = 0;
  int32_t type = (int32_t)(key >> 33);
  if (dice % 4 == 0) {
    unsigned char *place = sluice_rpc_claim(
        &self->caller, length + (uint32_t)(dice >> 32) % (plan.payload - length + 1), type);
    if (place == NULL) {
      return self->caller.status;
    }
    id = self->caller.claimed;
    if (dice % 64 == 0) {
      (void)sluice_rpc_abort(&self->caller);
      return SLUICE_OK;
    }
    memcpy(place, &head, HEAD);
    fill(place, key, HEAD, length);
    int status = sluice_rpc_submit(&self->caller, length);
    if (status != SLUICE_OK) {
      (void)sluice_rpc_abort(&self->caller);
      return status;
    }
  } else {
    memcpy(at, &head, HEAD);
    fill(at, key, HEAD, length);
    id = sluice_rpc_start(&self->caller, at, length, type);
    if (id == 0) {
      return self->caller.status;
    }
  }
  account *entry = &self->accounts[id & 0xffff];
  if (entry->id != 0) {
    fail("a slot given twice", id, entry->id);
  }
  *entry = (account){.id = id, .key = key};
  self->count++;
  self->open++;
  if (to_be_cancelled(key) && dice % 2 == 0) {
    (void)sluice_rpc_cancel(&self->caller, id);
  }
  return SLUICE_OK;
}

/* Takes one ended call. Returns 0 when there is none. */
static int end_one(calling *self) {
  const unsigned char *reply = sluice_rpc_poll(&self->caller);
  if (reply == NULL) {
    if (self->caller.status != SLUICE_E_EMPTY) {
      fail("poll failed", 0, self->caller.status);
    }
    return 0;
  }
  account *entry = &self->accounts[self->caller.ended & 0xffff];
  uint64_t key = entry->key;
  if (entry->id != self->caller.ended) {
    fail("a call ended twice, or another's", self->caller.ended, entry->id);
  }
  if (self->caller.outcome == SLUICE_E_PEER_LOST) {
    atomic_fetch_add(&figures->lost, 1);
  } else if (self->caller.outcome == 1) {
    if (!to_be_cancelled(key) || self->caller.length != 0) {
      fail("cancelled by nobody", key, self->caller.length);
    }
    atomic_fetch_add(&figures->cancelled, 1);
  } else if (self->caller.outcome != (int32_t)(key >> 40) + 2 ||
             self->caller.length != length_of(key >> 3, 0) ||
             !holds(reply, ~key, 0, self->caller.length)) {
    fail("another's reply, or a torn one", key, self->caller.outcome);
  }
  entry->id = 0;
  self->open--;
  if (sluice_rpc_release(&self->caller) != SLUICE_OK) {
    fail("release failed", key, 0);
  }
  if (atomic_fetch_add(&figures->ended, 1) % WATCHDOG_ROUNDS == 0) {
    (void)alarm(WATCHDOG_SECONDS);
  }
  return 1;
}

static void wait_until_possible(calling *self, int status, uint64_t dice) {
  sluice_rpc_caller *caller = &self->caller;
  atomic_fetch_add_explicit(&figures->waits, 1, memory_order_relaxed);
  if (status == SLUICE_E_FULL && self->open == 0) {
    status = dice % 2 == 0 ? sluice_rpc_room_wait(caller, -1) : SLUICE_OK;
    uint32_t value = dice % 2 == 0 ? 0 : sluice_rpc_room_sleep(caller);
    if (value != 0) {
      (void)sluice_futex_wait(&caller->view.rpc->room, value, -1);
    }
  } else if (dice % 4 == 0) {
    uint32_t value = sluice_rpc_caller_sleep(caller);
    status = SLUICE_OK;
    if (value != 0) {
      (void)sluice_futex_wait(sluice_rpc_caller_word(caller), value, -1);
    }
  } else {
    status = sluice_rpc_caller_wait(caller, dice % 4 == 1 ? (int64_t)(dice >> 40) % 30000 : -1);
  }
  if (status != SLUICE_OK && status != SLUICE_E_TIMEOUT && !is_early(status, dice)) {
    fail("a caller's wait failed", 0, status);
  }
}

static void call_all(uint32_t number) {
  sluice_space space;
  calling *self = calloc(1, sizeof *self);
  sluice_rpc *rpc = join(&space, number);
  if (self == NULL) {
    fail("no memory", 0, 0);
  }
  if (rpc == NULL || sluice_rpc_caller_open(&self->caller, rpc, plan.slots, plan.payload,
                                            space.participant) != SLUICE_OK) {
    fail("no caller", 0, 0);
  }
  self->random = plan.seed ^ (uint64_t)space.participant << 32;
  self->number = (uint64_t)space.participant << 32 | number;
  for (;;) {
    uint64_t dice = random_next(&self->random);
    int more = atomic_load(&figures->ended) < plan.calls;
    int status = SLUICE_E_EMPTY;
    if (!more && self->open == 0) {
      break;
    }
    if (more && self->open < 1 + (uint32_t)(dice >> 8) % plan.slots) {
      status = start_one(self, dice >> 16);
      if (status != SLUICE_OK && status != SLUICE_E_FULL) {
        fail("a call could not start", 0, status);
      }
    }
    if ((dice & 3) != 0 || status != SLUICE_OK) {
      int found = end_one(self);
      if (!found && status != SLUICE_OK && (status == SLUICE_E_FULL || self->open != 0)) {
        wait_until_possible(self, status, dice >> 16);
      }
    }
    if (dice >> 51 == 0) { /* now and then gives all up */
      if (sluice_rpc_caller_close(&self->caller) != SLUICE_OK) {
        fail("close failed", 0, 0);
      }
      atomic_fetch_add(&figures->dropped, self->open);
      atomic_fetch_add(&figures->ended, self->open);
      memset(self->accounts, 0, sizeof self->accounts);
      self->open = 0;
    }
    pause_now_and_then(dice >> 16);
  }
  if (sluice_rpc_poll(&self->caller) != NULL) {
    fail("one call too many ended", self->caller.ended, 0);
  }
  free(self);
  leave(&space, number);
}

/* ---- servers ---- */

typedef struct serving {
  sluice_rpc_server server;
  uint64_t random;
  uint32_t open;
  account running[AT_ONCE];
  struct {
    uint64_t caller;
    uint64_t count;
  } last[CALLERS];
} serving;

/* Takes one call. Returns 0 when there is none. */
static int take_one(serving *self) {
  const unsigned char *at = sluice_rpc_next(&self->server);
  request head;
  if (at == NULL) {
    if (self->server.status != SLUICE_E_EMPTY && self->server.status != SLUICE_E_CLOSED) {
      fail("next failed", 0, self->server.status);
    }
    return 0;
  }
  memcpy(&head, at, HEAD);
  if (self->server.length != length_of(head.key, HEAD) ||
      self->server.type != (int32_t)(head.key >> 33) ||
      !holds(at, head.key, HEAD, self->server.length)) {
    fail("a torn request", head.key, self->server.length);
  }
  uint32_t number = (uint32_t)head.caller % CALLERS;
  if (plan.servers == 1 && self->last[number].caller == head.caller &&
      self->last[number].count >= head.count + 1) {
    fail("calls in another order", head.caller, (int64_t)head.count);
  }
  self->last[number].caller = head.caller;
  self->last[number].count = head.count + 1;
  self->running[self->open++] = (account){.id = self->server.id, .key = head.key};
  return 1;
}

static void complete_one(serving *self, uint64_t dice) {
  uint32_t index = (uint32_t)(dice >> 32) % self->open;
  account call = self->running[index];
  unsigned char at[65536];
  uint32_t length = length_of(call.key >> 3, 0);
  int cancelled = sluice_rpc_cancelled(&self->server, call.id);
  int gone = cancelled && !to_be_cancelled(call.key);
  int status = SLUICE_OK;
  if (cancelled && dice % 2 == 0) {
    status = sluice_rpc_complete(&self->server, call.id, 1, 0);
  } else if (dice % 4 == 1) {
    void *reply = sluice_rpc_reply(&self->server, call.id);
    if (reply == NULL) {
      fail("a running call is not", call.id, 0);
    }
    fill(reply, ~call.key, 0, length);
    status = sluice_rpc_complete(&self->server, call.id, (int32_t)(call.key >> 40) + 2, length);
  } else {
    fill(at, ~call.key, 0, length);
    status = sluice_rpc_answer(&self->server, call.id, (int32_t)(call.key >> 40) + 2, at, length);
  }
  if (status != SLUICE_E_PEER_LOST && (gone || status != SLUICE_OK)) {
    fail(gone ? "cancelled by nobody" : "complete failed", call.id, status);
  }
  if (status == SLUICE_E_PEER_LOST) {
    atomic_fetch_add(&figures->orphans, 1);
  }
  if (sluice_rpc_complete(&self->server, call.id, 0, 0) != SLUICE_E_INVALID) {
    fail("completed twice", call.id, 0);
  }
  self->running[index] = self->running[--self->open];
}

static void wait_for_call(serving *self, uint64_t dice) {
  int status = SLUICE_OK;
  if (dice % 4 == 0) {
    uint32_t value = sluice_rpc_server_sleep(&self->server);
    if (value != 0) {
      (void)sluice_futex_wait(&self->server.view.rpc->work, value, -1);
    }
  } else {
    status =
        sluice_rpc_server_wait(&self->server, dice % 4 == 1 ? (int64_t)(dice >> 40) % 30000 : -1);
  }
  if (status != SLUICE_OK && status != SLUICE_E_TIMEOUT && status != SLUICE_E_CLOSED &&
      !is_early(status, dice)) {
    fail("a server's wait failed", 0, status);
  }
}

static void serve_all(uint32_t number) {
  sluice_space space;
  serving *self = calloc(1, sizeof *self);
  sluice_rpc *rpc = join(&space, number);
  if (self == NULL) {
    fail("no memory", 0, 0);
  }
  if (rpc != NULL && sluice_rpc_server_open(&self->server, rpc, plan.slots, plan.payload,
                                            space.participant) != SLUICE_OK) {
    fail("no server", 0, 0);
  }
  self->random = plan.seed ^ (uint64_t)space.participant << 40;
  while (rpc != NULL) {
    uint64_t dice = random_next(&self->random);
    int room = self->open < 1 + (uint32_t)(dice >> 8) % AT_ONCE;
    if ((room && take_one(self)) || (self->open != 0 && (complete_one(self, dice >> 16), 1))) {
      if (dice >> 51 == 0) {
        if (sluice_rpc_server_close(&self->server) != SLUICE_OK) {
          fail("close failed", 1, 0);
        }
        self->open = 0;
      }
    } else if (self->server.status == SLUICE_E_CLOSED) {
      break;
    } else {
      wait_for_call(self, dice >> 16);
    }
    pause_now_and_then(dice >> 16);
  }
  free(self);
  leave(&space, number);
}

/* ---- */

static void *play(void *argument) {
  uint32_t number = (uint32_t)(uintptr_t)argument;
  if (number < CALLERS) {
    call_all(number);
  } else {
    serve_all(number);
  }
  return NULL;
}

static void in_threads(sluice_space *space) {
  pthread_t threads[CALLERS + SERVERS_MAX];
  for (uintptr_t i = 0; i < CALLERS + plan.servers; i++) {
    if (pthread_create(&threads[i], NULL, play, (void *)i) != 0) {
      fail("no thread", 0, 0);
    }
  }
  for (uint32_t i = 0; i < CALLERS + plan.servers; i++) {
    if (i == CALLERS) {
      (void)sluice_space_close(space); /* sends the servers home */
    }
    (void)pthread_join(threads[i], NULL);
  }
}

/* The child's id is known before it runs, and may be killed. */
static pid_t fork_one(sluice_space *space, uintptr_t number) {
  uint32_t id = sluice_participant_reserve(space);
  atomic_store(&figures->ids[number], id);
  pid_t child = id == 0 ? -1 : fork();
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)play((void *)number);
    _exit(0);
  }
  if (child < 0) {
    fail("no process", number, 0);
  }
  return child;
}

static void bury(sluice_space *space, uint32_t number) {
  uint32_t id = atomic_load(&figures->ids[number]);
  for (;;) {
    int status = sluice_participant_bury(space, id);
    if (status == SLUICE_OK) {
      return;
    }
    if (status != SLUICE_E_AGAIN) {
      fail("not buried", id, status);
    }
  }
}

static uint64_t deaths;

/* Kills one now and then, and puts another in its place; until the callers have ended. */
static void in_processes(sluice_space *space) {
  pid_t children[CALLERS + SERVERS_MAX];
  uint32_t all = CALLERS + plan.servers;
  uint32_t callers = CALLERS;
  uint32_t left = all;
  uint64_t random = plan.seed;
  uint64_t before = 0;
  for (uint32_t i = 0; i < all; i++) {
    children[i] = fork_one(space, i);
  }
  while (left != 0) {
    struct timespec time = {.tv_nsec = (long)(random_next(&random) % 2000000)};
    (void)nanosleep(&time, NULL);
    if (atomic_load(&figures->ended) != before || callers == 0) {
      before = atomic_load(&figures->ended);
      (void)alarm(WATCHDOG_SECONDS);
    }
    if (plan.mode == DEATHS && callers == CALLERS && before < plan.calls) {
      (void)kill(children[random_next(&random) % all], SIGKILL);
    }
    int status = 0;
    pid_t gone = waitpid(-1, &status, callers == 0 ? 0 : WNOHANG);
    for (uint32_t i = 0; gone > 0 && i < all; i++) {
      if (children[i] != gone) {
        continue;
      }
      if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        deaths++;
        bury(space, i);
        children[i] = fork_one(space, i);
      } else if (status != 0) {
        fail("a process failed", i, status);
      } else {
        left--;
        callers -= i < CALLERS;
        if (callers == 0) {
          (void)sluice_space_close(space);
        }
      }
    }
  }
}

static uint64_t number(int argc, char **argv, int index, uint64_t otherwise) {
  return argc > index ? strtoull(argv[index], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
  const char *mode = argc > 6 ? argv[6] : "threads";
  plan.mode = strcmp(mode, "deaths") == 0      ? DEATHS
              : strcmp(mode, "processes") == 0 ? PROCESSES
                                               : THREADS;
  plan.calls = number(argc, argv, 1, 1000000);
  plan.seed = number(argc, argv, 2, 1);
  plan.slots = (uint32_t)number(argc, argv, 3, 16);
  plan.payload = (uint32_t)number(argc, argv, 4, 256);
  plan.servers = (uint32_t)number(argc, argv, 5, 2);
  if (sluice_rpc_bytes(plan.slots, plan.payload) == 0 || plan.payload < 32 ||
      plan.payload > 65536 || plan.servers == 0 || plan.servers > SERVERS_MAX) {
    fail("no such shape", plan.slots, plan.payload);
  }
  void *at = mmap(NULL, SPACE_BYTES + sizeof *figures, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  sluice_space space;
  plan.at = at;
  if (at == MAP_FAILED || sluice_space_init(&space, at, SPACE_BYTES) != SLUICE_OK ||
      sluice_participant_join(&space, 0) != SLUICE_OK) {
    fail("no space", 0, 0);
  }
  figures = (void *)(plan.at + SPACE_BYTES);
  uint32_t empty = sluice_space_used(&space);
  uint32_t offset = sluice_rpc_open(&space, "rpc", 3, plan.slots, plan.payload, 0);
  if (offset == 0) {
    fail("no object", 0, space.status);
  }
  sluice_rpc_view view;
  (void)sluice_rpc_view_make(&view, sluice_at(&space, offset), plan.slots, plan.payload);
  (void)alarm(WATCHDOG_SECONDS);
  struct timespec begin;
  struct timespec end;
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  if (plan.mode == THREADS) {
    in_threads(&space);
  } else {
    in_processes(&space);
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  for (uint32_t slot = 0; slot < plan.slots; slot++) {
    if (phase_of(atomic_load(&call_at(&view, slot)->word)) != FREE) {
      fail("a slot was left behind", slot, (int64_t)call_at(&view, slot)->word);
    }
  }
  if (sluice_directory_remove(&space, "rpc", 3) != SLUICE_OK ||
      sluice_object_close(&space, offset) != SLUICE_OK || sluice_space_used(&space) != empty ||
      sluice_participant_count(&space) != 1) {
    fail("something was left behind", sluice_space_used(&space), empty);
  }
  double seconds =
      (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
  (void)printf(
      "rpc: %llu calls, %.2f seconds (%u slots of %u, %u servers, %s, lost %llu, cancelled %llu, "
      "dropped %llu, for nobody %llu, waits %llu, deaths %llu)\n",
      (unsigned long long)figures->ended, seconds, plan.slots, plan.payload, plan.servers, mode,
      (unsigned long long)figures->lost, (unsigned long long)figures->cancelled,
      (unsigned long long)figures->dropped, (unsigned long long)figures->orphans,
      (unsigned long long)figures->waits, (unsigned long long)deaths);
  return 0;
}
