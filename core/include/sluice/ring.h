/* A ring of variable-length records for one producer and one consumer (SPSC).
 *
 * Overview. The producer claims room for a record, writes it in place and commits it; the consumer
 * reads it in place and releases it. Nothing is copied on the way, nothing is allocated. The
 * commit is in the record's own header: one atomic store publishes a record, and there is no
 * shared tail that the consumer has to poll. (The scheme is that of agrona's OneToOneRingBuffer;
 * producer and consumer keep private copies of what they know, as in rigtorp's SPSCQueue.)
 *
 * A record, 8-byte aligned:
 *
 *   0               4               8
 *  +---------------+---------------+----------------------------+- - - - -+
 *  |    length     |     type      |  payload (length - 8 bytes)| to 8    |
 *  +---------------+---------------+----------------------------+- - - - -+
 *
 *   length  int32, the header included: 0 = not written yet, 8 or more = committed
 *   type    int32, the user's, 0 or more; SLUICE_RING_PADDING = skip to the buffer's end
 *
 * A record never wraps: where it does not fit before the end, the rest is padded.
 * Invariant: every byte between the last committed record and the oldest unreleased one is zero
 * (but for the payload of the one open claim). The consumer zeroes what it read before it returns
 * the room; abort and a shortened commit zero what was claimed and not used. So a header never
 * shows bytes of an earlier lap.
 *
 * Layout, in 128-byte lines, so that producer and consumer never share one:
 *
 *   byte   0  object header                                       (directory.h)
 *        128  producer: owner, asleep, wake_at, tail*, records*, refused*, waits*, reason
 *        256  consumer: owner, asleep, head, records*, waits*
 *        384  data[capacity]
 *                                          * statistics: may be read, decide nothing
 *
 * Positions are bytes since the start in 64 bits; position & (capacity - 1) is the place.
 *
 * Threads. A sluice_ring_producer belongs to one thread at a time, a sluice_ring_consumer too.
 * claim, commit, abort, push, peek, take, drain and release are wait-free (release and commit also
 * make a futex call when, and only when, the other end may sleep). The *_wait functions block.
 */
#ifndef SLUICE_RING_H
#define SLUICE_RING_H

#include <stddef.h>

#include "sluice/directory.h"

#define SLUICE_RING_HEADER 8
#define SLUICE_RING_PADDING (-1)
#define SLUICE_RING_CAPACITY_MIN UINT32_C(64)
#define SLUICE_RING_CAPACITY_MAX UINT32_C(0x40000000)

/* Flags in sluice_object.state. */
enum {
  SLUICE_RING_PRODUCER_CLOSED = 1,
  SLUICE_RING_CONSUMER_CLOSED = 2,
  SLUICE_RING_PRODUCER_LOST = 4,
  SLUICE_RING_CONSUMER_LOST = 8,
  SLUICE_RING_POISONED = 16
};

typedef struct sluice_ring {
  sluice_object object;
  struct {
    _Atomic uint32_t owner;
    _Atomic uint32_t asleep; /* futex word: 1 = the producer sleeps until head reaches wake_at */
    _Atomic uint64_t wake_at;
    _Atomic uint64_t tail;
    _Atomic uint64_t records;
    _Atomic uint64_t refused;
    _Atomic uint64_t waits;
    _Atomic uint32_t reason; /* offset of what the producer said when it closed, 0 for nothing */
    uint32_t reason_bytes;
    unsigned char pad[72];
  } producer;
  struct {
    _Atomic uint32_t owner;
    _Atomic uint32_t asleep; /* futex word: 1 = the consumer sleeps until a record is committed */
    _Atomic uint64_t head;
    _Atomic uint64_t records;
    _Atomic uint64_t waits;
    unsigned char pad[96];
  } consumer;
  unsigned char data[];
} sluice_ring;

_Static_assert(offsetof(sluice_ring, producer) == 128, "the producer has its own line");
_Static_assert(offsetof(sluice_ring, consumer) == 256, "the consumer has its own line");
_Static_assert(offsetof(sluice_ring, data) == 384, "the data follows");

/* What the producer knows; private to its thread. */
typedef struct sluice_ring_producer {
  sluice_ring *ring;
  unsigned char *data;
  uint32_t capacity;
  uint32_t max;     /* longest payload, capacity / 8 */
  uint64_t tail;    /* where the next record goes */
  uint64_t head;    /* the consumer's head when last read */
  uint32_t claimed; /* payload bytes of the open claim */
  uint32_t open;    /* 1 while a claim is open */
  int32_t type;     /* of the open claim */
  int32_t status;   /* why the last claim or reserve gave NULL */
  uint64_t records, refused, waits;
} sluice_ring_producer;

/* What the consumer knows; private to its thread. */
typedef struct sluice_ring_consumer {
  sluice_ring *ring;
  unsigned char *data;
  uint32_t capacity;
  uint32_t max;
  uint64_t head;   /* released up to here */
  uint64_t cursor; /* read up to here */
  uint32_t length; /* payload bytes of the record that peek gave */
  int32_t type;    /* of that record */
  int32_t status;  /* why the last peek or take gave NULL */
  uint32_t read;   /* records between head and cursor */
  uint32_t peeked; /* aligned bytes of the record that peek shows, 0 when it shows none */
  uint64_t records, waits;
  uint32_t dry;     /* drains that found less than they could take */
  uint32_t streams; /* 1: in the last rest many records came */
} sluice_ring_consumer;

/* One record of a batch; `offset` counts from the `base` that was given to sluice_ring_drain. */
typedef struct sluice_ring_record {
  uint32_t offset;
  uint32_t length;
  int32_t type;
} sluice_ring_record;

/* Bytes that a ring of `capacity` takes in all; 0 unless capacity is a power of two between
 * SLUICE_RING_CAPACITY_MIN and _MAX. */
uint32_t sluice_ring_bytes(uint32_t capacity);

/* Opens the ring called `name`, or creates it (see sluice_object_open for the errors). `capacity`
 * as for sluice_ring_bytes; `codec` is any number that both ends must agree on. Returns the ring's
 * offset, or 0 with space->status. Any thread; lock-free. */
uint32_t sluice_ring_open(sluice_space *space, const char *name, uint32_t name_bytes,
                          uint32_t capacity, uint32_t codec);

/* Makes a ring at `at` (128-byte aligned, sluice_ring_bytes(capacity) bytes, zeroed), without a
 * space. SLUICE_OK or SLUICE_E_INVALID. */
int sluice_ring_init(void *at, uint32_t capacity);

/* Takes the producer's end for `owner` (not 0; a participant's id). SLUICE_OK; SLUICE_E_BUSY when
 * another holds it; SLUICE_E_CLOSED when it was closed; SLUICE_E_POISONED; SLUICE_E_INVALID when
 * the ring's shape is not `capacity`; SLUICE_E_PEER_LOST when its holder died. On an error
 * *producer stays as it was. An end is taken once: what was closed or lost stays so. */
int sluice_ring_producer_open(sluice_ring_producer *producer, sluice_ring *ring, uint32_t capacity,
                              uint32_t owner);

/* Claims room for a payload of `length` bytes. Returns where to write it, 8-byte aligned; NULL with
 * producer->status SLUICE_E_FULL, _TOO_LARGE (above capacity / 8), _CLOSED, _PEER_LOST, _POISONED,
 * _INVALID (type below 0) or _BUSY (a claim is open). One claim at a time. */
void *sluice_ring_claim(sluice_ring_producer *producer, uint32_t length, int32_t type);

/* Publishes the claim, shortened to `length` payload bytes (at most what was claimed).
 * SLUICE_OK, or SLUICE_E_INVALID without a claim or for a greater length. */
int sluice_ring_commit(sluice_ring_producer *producer, uint32_t length);

/* Gives the claim up; nothing is published. SLUICE_OK, or SLUICE_E_INVALID without a claim. */
int sluice_ring_abort(sluice_ring_producer *producer);

/* Claims, copies `length` bytes from `payload`, commits. Returns SLUICE_OK or what claim says. */
int sluice_ring_push(sluice_ring_producer *producer, const void *payload, uint32_t length,
                     int32_t type);

/* Sleeps, if need be, until a payload of `length` bytes may fit, for at most `timeout_ns`
 * nanoseconds (negative: for ever; 0: not at all), after a short spin. SLUICE_OK means: try again.
 * It may be early, like any condition variable. SLUICE_E_TIMEOUT, _CLOSED, _PEER_LOST, _POISONED,
 * _TOO_LARGE. */
int sluice_ring_producer_wait(sluice_ring_producer *producer, uint32_t length, int64_t timeout_ns);

/* For a caller that sleeps by its own means: returns 1 when it should, with the word
 * ring->producer.asleep set to 1, which changes when there is room; 0 when it should try again. */
int sluice_ring_producer_sleep(sluice_ring_producer *producer, uint32_t length);

/* Closes the ring for writing, for good; the consumer reads what is there. Drops an open claim.
 * `reason` is the offset of a block of `space` that says why, of `bytes` bytes, or 0; the consumer
 * finds it in the ring, which keeps it: the caller's reference goes over to the ring, and goes with
 * it. Idempotent: the first reason stays. SLUICE_OK, or SLUICE_E_INVALID for a reason that is no
 * block of so many bytes. */
int sluice_ring_producer_close_for(sluice_ring_producer *producer, sluice_space *space,
                                   uint32_t reason, uint32_t bytes);

/* The same without a reason. */
int sluice_ring_producer_close(sluice_ring_producer *producer);

/* Takes the consumer's end, as sluice_ring_producer_open. */
int sluice_ring_consumer_open(sluice_ring_consumer *consumer, sluice_ring *ring, uint32_t capacity,
                              uint32_t owner);

/* The oldest unread record: its payload, with consumer->length and ->type set. It stays the oldest
 * until sluice_ring_release. NULL with consumer->status SLUICE_E_EMPTY, _CLOSED (closed and all is
 * read), _PEER_LOST (likewise, the producer died) or _POISONED. */
const void *sluice_ring_peek(sluice_ring_consumer *consumer);

/* Reads up to `limit` records into `batch`, across the wrap. Returns how many; the records stay
 * valid until sluice_ring_release. 0 or less: as peek's status. `base` is what offsets count from.
 * Where records come faster than they are drained one by one, it waits for more of them, once, for
 * some microseconds (one or two natively, five in wasm). */
int sluice_ring_drain(sluice_ring_consumer *consumer, sluice_ring_record *batch, uint32_t limit,
                      const void *base);

/* Returns the room of all that was read since the last release: zeroes it and tells the producer.
 * One atomic store, however many records. Returns how many records that were. */
int sluice_ring_release(sluice_ring_consumer *consumer);

/* Forgets what was read since the last release: it is read again. */
void sluice_ring_rewind(sluice_ring_consumer *consumer);

/* As sluice_ring_producer_wait and _sleep, until a record is there or the producer has closed.
 * Both release what was drained first (not what peek shows). */
int sluice_ring_consumer_wait(sluice_ring_consumer *consumer, int64_t timeout_ns);
int sluice_ring_consumer_sleep(sluice_ring_consumer *consumer);

/* Closes the ring for reading, for good: the producer's next claim says SLUICE_E_CLOSED. Releases
 * what was read. SLUICE_OK. Idempotent. */
int sluice_ring_consumer_close(sluice_ring_consumer *consumer);

/* Marks the end that participant `owner` holds, if it does, as lost and wakes the other end.
 * Returns how many ends that were. */
int sluice_ring_bury(sluice_ring *ring, uint32_t owner);

/* Closes the ring for writing, whoever holds the producer's end, and wakes both ends. SLUICE_OK.
 * Idempotent. Any thread. */
int sluice_ring_close(sluice_ring *ring);

/* Bytes committed and not released, by the statistics words. Any thread. */
uint32_t sluice_ring_used(const sluice_ring *ring);

/* ---- mirroring: how a ring in one memory follows a ring in another ----
 *
 * Without shared memory each thread has its own copy of a ring of the same capacity. The bytes that
 * were committed to one are carried to the next as they stand, to the same positions; what the last
 * consumer releases is released all the way back. So both copies are full, empty and padded at the
 * same places. Only for rings whose memory no other thread can see. */

/* Reads on past all committed records up to the buffer's end. Returns where they start, with
 * consumer->length the bytes, frames and padding included; NULL with consumer->status as peek. */
const void *sluice_ring_take(sluice_ring_consumer *consumer);

/* Releases the oldest `bytes` of what was taken. SLUICE_OK, or SLUICE_E_INVALID for more than was
 * taken or for a number that no run of frames has. */
int sluice_ring_release_bytes(sluice_ring_consumer *consumer, uint32_t bytes);

/* Where to write the next `bytes` of a neighbour's frames; NULL with producer->status
 * SLUICE_E_FULL, SLUICE_E_INVALID (wraps, or is not a multiple of 8), or as claim. */
void *sluice_ring_reserve(sluice_ring_producer *producer, uint32_t bytes);

/* Publishes what was written there after checking each frame. SLUICE_OK; SLUICE_E_POISONED, and the
 * ring is poisoned, when the bytes are not a run of whole frames. */
int sluice_ring_append(sluice_ring_producer *producer, uint32_t bytes);

#endif
