/* Calls: many callers, many servers, answers in any order.
 *
 * Overview. A fixed number of call slots, each with room for a request and a reply. A caller claims
 * a slot, writes its request in place and submits it. Servers take calls in the order of
 * submission, as many at once as they like, and complete them in any order. A caller finds the
 * completed ones and releases them. A call is named by its correlation id, which is not met again
 * before its slot has been used 65535 times:
 *
 *    31           16 15            0
 *   +---------------+---------------+
 *   |    serial     |     slot      |      serial 1 to 65535, so that no id is 0
 *   +---------------+---------------+
 *
 * One word of the slot says where the call stands and whose move it is, and every step is one
 * compare-and-swap of that word:
 *
 *   free -> claimed -> queued -> running -> done -> free      whose: caller, caller, server, caller
 *                                   |
 *                                   +-> lost -> free          its server died: the caller is told
 *
 *    63           48 47      41     40     39     32 31                  0
 *   +---------------+----------+-----------+--------+---------------------+
 *   |    serial     |          | abandoned | phase  | id of whose move    |
 *   +---------------+----------+-----------+--------+---------------------+
 *
 * So no call completes twice, and none is lost with who died: the survivor's recovery makes the
 * dead one's move. `abandoned` is set when the caller of a running call died: its server then frees
 * it.
 *
 * Submission is a queue of ids, completion one bit a slot and caller. Neither needs a recovery: a
 * position of the queue is filled, and emptied, by one compare-and-swap, and whoever comes next
 * moves the counters on; a bit may be set twice. Both are hints: what counts is the slot's word.
 *
 * Layout (all places follow from the shape):
 *
 *   byte   0  object header; the capacity is calls | payload / 64 << 16   (directory.h)
 *        128  head   of the queue
 *        136  work   event word: a call was submitted
 *        256  tail   of the queue
 *        264  room   event word: a slot is free, or a place in the queue
 *        384  for each participant: event word "a call of mine has ended"; from byte 8 on the bits
 *             that say which, one a slot; rounded up to 64 bytes
 *             queue: {lap, id} a place, 8 bytes; a power of two of places, at least one a slot
 *             calls: 64 bytes (sluice_rpc_call), the request, the reply
 *
 * Threads. A sluice_rpc_caller and a sluice_rpc_server belong to one thread at a time; a
 * participant has one of each at most. The *_wait functions block; all the rest is lock-free and
 * never waits.
 *
 * Robust. When a participant is buried, the calls that it served end with SLUICE_E_PEER_LOST; the
 * calls that it made are cancelled and freed, at once where nobody has begun, else when their
 * server has done. A call that nobody serves waits until somebody does.
 *
 * Source. The queue: Tsigas and Zhang, "A simple, fast and scalable non-blocking concurrent FIFO
 * queue" (2001), with laps in place of two kinds of empty. Slots and ids in the manner of io_uring.
 */
#ifndef SLUICE_RPC_H
#define SLUICE_RPC_H

#include <stddef.h>

#include "sluice/directory.h"

#define SLUICE_RPC_CALLS_MAX UINT32_C(1024)
#define SLUICE_RPC_PAYLOAD_MAX UINT32_C(0x100000)

typedef struct sluice_rpc {
  sluice_object object;
  _Atomic uint64_t head;
  _Atomic uint32_t work;
  uint32_t reserved[29];
  _Atomic uint64_t tail;
  _Atomic uint32_t room;
  uint32_t reserved2[29];
  unsigned char rest[];
} sluice_rpc;

_Static_assert(offsetof(sluice_rpc, head) == 128, "the servers have their own line");
_Static_assert(offsetof(sluice_rpc, tail) == 256, "the callers have their own line");
_Static_assert(offsetof(sluice_rpc, rest) == 384, "as drawn");

typedef struct sluice_rpc_call {
  _Atomic uint64_t word;
  _Atomic uint32_t caller;
  _Atomic uint32_t cancelled; /* the call's id once it is cancelled, else something else */
  _Atomic int32_t type;
  _Atomic uint32_t request_bytes;
  _Atomic int32_t outcome;
  _Atomic uint32_t reply_bytes;
  uint32_t reserved[8];
  unsigned char request[];
} sluice_rpc_call;

_Static_assert(offsetof(sluice_rpc_call, cancelled) == 12, "as users poll it");
_Static_assert(sizeof(sluice_rpc_call) == 64, "as drawn");

/* What one thread knows of the object; private to it. */
typedef struct sluice_rpc_view {
  sluice_rpc *rpc;
  uint32_t owner;
  uint32_t calls;
  uint32_t payload;     /* longest request, and reply: rounded up to 64 */
  uint32_t line;        /* bytes that each participant has */
  uint32_t queue_at;    /* from the object's start */
  uint32_t queue_shift; /* its places: 1 << queue_shift */
  uint32_t calls_at;
} sluice_rpc_view;

typedef struct sluice_rpc_caller {
  sluice_rpc_view view;
  int32_t status;   /* why the last call gave nothing */
  uint32_t claimed; /* id of the open claim, or 0 */
  uint32_t limit;   /* bytes that it claimed */
  uint32_t ended;   /* id of the call that poll shows, or 0 */
  int32_t outcome;  /* its server's word, or SLUICE_E_PEER_LOST */
  uint32_t length;  /* bytes of its reply */
  uint32_t next;    /* slot where the next look for a free one begins */
  uint32_t turn;    /* slot where the next look for an ended one begins */
} sluice_rpc_caller;

typedef struct sluice_rpc_server {
  sluice_rpc_view view;
  int32_t status;  /* why the last call gave nothing */
  uint32_t id;     /* of the request that next gave */
  int32_t type;    /* the caller's */
  uint32_t length; /* bytes of that request */
} sluice_rpc_server;

/* Bytes of an object for so many `calls` under way at once (1 to SLUICE_RPC_CALLS_MAX), requests
 * and replies of up to `payload` bytes each (1 to SLUICE_RPC_PAYLOAD_MAX; rounded up to 64): 0 for
 * others. Longer ones travel as blocks of the slab, by handle. */
uint32_t sluice_rpc_bytes(uint32_t calls, uint32_t payload);

/* Opens the object called `name`, or creates it (see sluice_object_open for the errors). `codec` is
 * any number that all must agree on. Returns its offset, or 0 with space->status. Any thread;
 * lock-free. */
uint32_t sluice_rpc_open(sluice_space *space, const char *name, uint32_t name_bytes, uint32_t calls,
                         uint32_t payload, uint32_t codec);

/* Makes one at `at` (128-byte aligned, sluice_rpc_bytes(calls, payload) bytes, zeroed), without a
 * space. SLUICE_OK or SLUICE_E_INVALID. */
int sluice_rpc_init(void *at, uint32_t calls, uint32_t payload);

/* ---- the caller ---- */

/* Makes participant `owner` a caller. SLUICE_OK; SLUICE_E_INVALID when the object is not of this
 * shape, or `owner` is nobody's id. Wait-free. */
int sluice_rpc_caller_open(sluice_rpc_caller *caller, sluice_rpc *rpc, uint32_t calls,
                           uint32_t payload, uint32_t owner);

/* Claims a call with room for a request of `length` bytes. Returns where to write it, 64-byte
 * aligned, with caller->claimed the call's id; NULL with caller->status SLUICE_E_FULL when all
 * slots are taken, SLUICE_E_TOO_LARGE above the payload, SLUICE_E_BUSY while a claim is open,
 * SLUICE_E_INVALID for a type below 0, SLUICE_E_CLOSED, SLUICE_E_POISONED. `type` is the user's
 * own. Lock-free. */
void *sluice_rpc_claim(sluice_rpc_caller *caller, uint32_t length, int32_t type);

/* Submits the claim, shortened to `length` bytes. SLUICE_OK; SLUICE_E_FULL, and the claim stays
 * open, when calls of dead callers, not yet passed over, fill the queue; SLUICE_E_INVALID without a
 * claim or for a greater length; SLUICE_E_AGAIN, SLUICE_E_CLOSED, SLUICE_E_POISONED. Lock-free. */
int sluice_rpc_submit(sluice_rpc_caller *caller, uint32_t length);

/* Gives the claim up. SLUICE_OK; SLUICE_E_INVALID without one; SLUICE_E_POISONED. */
int sluice_rpc_abort(sluice_rpc_caller *caller);

/* Claims, copies `length` bytes from `request`, submits. Returns the call's id; 0 with
 * caller->status as claim and submit. */
uint32_t sluice_rpc_start(sluice_rpc_caller *caller, const void *request, uint32_t length,
                          int32_t type);

/* Cancels the call: tells its server, who may heed it or not; the call ends like any other.
 * SLUICE_OK; SLUICE_E_EMPTY when no such call of this caller is under way. Wait-free. */
int sluice_rpc_cancel(sluice_rpc_caller *caller, uint32_t id);

/* A call that has ended: its reply, with caller->ended its id, ->outcome what its server said (0 or
 * more), or SLUICE_E_PEER_LOST, and ->length. It stays until sluice_rpc_release. NULL with
 * caller->status SLUICE_E_EMPTY, SLUICE_E_CLOSED, SLUICE_E_POISONED. Each call ends once.
 * Wait-free. */
const void *sluice_rpc_poll(sluice_rpc_caller *caller);

/* Frees the slot of the call that poll showed. SLUICE_OK; SLUICE_E_INVALID without one;
 * SLUICE_E_POISONED. */
int sluice_rpc_release(sluice_rpc_caller *caller);

/* Sleeps, after a short spin, until a call may have ended, for at most `timeout_ns` nanoseconds
 * (negative: for ever; 0: not at all). SLUICE_OK means look again, and may be early; SLUICE_E_TIMEOUT,
 * SLUICE_E_AGAIN (wasm: woken early, call again with what is left), SLUICE_E_CLOSED,
 * SLUICE_E_POISONED. */
int sluice_rpc_caller_wait(sluice_rpc_caller *caller, int64_t timeout_ns);

/* The same until there may be a free slot, and a place in the queue. */
int sluice_rpc_room_wait(sluice_rpc_caller *caller, int64_t timeout_ns);

/* For a caller that sleeps by its own means: the value to sleep on, never 0, at
 * sluice_rpc_caller_word, or at rpc->room; 0 when it should look again at once. Never wait. */
uint32_t sluice_rpc_caller_sleep(sluice_rpc_caller *caller);
uint32_t sluice_rpc_room_sleep(sluice_rpc_caller *caller);
_Atomic uint32_t *sluice_rpc_caller_word(sluice_rpc_caller *caller);

/* Gives up all calls of this caller, in good order, as its death would: SLUICE_OK; SLUICE_E_AGAIN
 * when others kept changing them: call again. */
int sluice_rpc_caller_close(sluice_rpc_caller *caller);

/* ---- the server ---- */

/* Makes participant `owner` a server. As sluice_rpc_caller_open. */
int sluice_rpc_server_open(sluice_rpc_server *server, sluice_rpc *rpc, uint32_t calls,
                           uint32_t payload, uint32_t owner);

/* Takes the oldest call that nobody has taken: its request, with server->id, ->type and ->length.
 * It stays until the call is completed. NULL with server->status SLUICE_E_EMPTY, SLUICE_E_CLOSED
 * (and nothing is left), SLUICE_E_AGAIN, SLUICE_E_POISONED. Lock-free. */
const void *sluice_rpc_next(sluice_rpc_server *server);

/* Where to write the reply to the call `id`, 64-byte aligned, the payload's worth; NULL when this
 * server does not run it. */
void *sluice_rpc_reply(sluice_rpc_server *server, uint32_t id);

/* The word to poll in a long computation: it is `id` once the call is cancelled. NULL when this
 * server does not run it. Wait-free, as is 1: cancelled, 0: not. */
_Atomic uint32_t *sluice_rpc_cancel_word(sluice_rpc_server *server, uint32_t id);
int sluice_rpc_cancelled(sluice_rpc_server *server, uint32_t id);

/* Ends the call with `outcome`, 0 or more, and the first `length` bytes of what was written to its
 * reply. SLUICE_OK; SLUICE_E_PEER_LOST when its caller had gone (it has ended all the same);
 * SLUICE_E_TOO_LARGE; SLUICE_E_INVALID for another outcome, or when this server does not run it
 * (any more); SLUICE_E_POISONED. Lock-free. */
int sluice_rpc_complete(sluice_rpc_server *server, uint32_t id, int32_t outcome, uint32_t length);

/* Copies `length` bytes from `from` to the reply, and completes the call. */
int sluice_rpc_answer(sluice_rpc_server *server, uint32_t id, int32_t outcome, const void *from,
                      uint32_t length);

/* As sluice_rpc_caller_wait and _sleep, until there may be a call to take; the word is rpc->work.
 */
int sluice_rpc_server_wait(sluice_rpc_server *server, int64_t timeout_ns);
uint32_t sluice_rpc_server_sleep(sluice_rpc_server *server);

/* Gives up all calls that this server runs, in good order, as its death would: their callers are
 * told SLUICE_E_PEER_LOST. As sluice_rpc_caller_close. */
int sluice_rpc_server_close(sluice_rpc_server *server);

#endif
