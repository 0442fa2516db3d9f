/* A ring of variable-length records for many producers: MPSC with one consumer, MPMC with many.
 *
 * Overview. As ring.h: claim, write in place, commit; read in place, release; the record's own
 * header says that it is committed. Here producers take their room by a compare-and-swap of the
 * shared tail, so that several claims may be open at once and be committed in any order; records
 * are read in the order of their claims. An MPSC ring's consumer has the consumers' side for as
 * long as it has the ring open; an MPMC ring's has it for one batch, from its first peek or drain
 * until the release. (The claim is agrona's ManyToOneRingBuffer's, with a tail of 64 bits.)
 *
 * A record, 8-byte aligned, is one 64-bit header word and the payload:
 *
 *   0               4               8
 *  +---------------+---------------+----------------------------+- - - - -+
 *  |    length     |     type      |  payload (length - 8 bytes)| to 8    |
 *  +---------------+---------------+----------------------------+- - - - -+
 *
 *   length  int32, the header included: 0 = not written yet, 8 or more = committed
 *   type    int32, the user's, 0 or more; SLUICE_RING_PADDING = skip, whatever the length: what is
 *           left of the buffer before a record that does not fit there, a claim that was given up,
 *           the end of one that was shortened, the claim of a producer that died
 *
 * A record never wraps. Invariant: every header word between the tail and the head, a lap on, is
 * zero, and so is all else there. The consumer zeroes what it read before it returns the room.
 *
 * Layout, in 128-byte lines:
 *
 *   byte   0  object header                                                    (directory.h)
 *        128  tail        where the next claim begins
 *        256  side        what the consumer at work changes: head, reading, owner, figures
 *        384  filled      event word (wait.h): consumers sleep on it until a record is committed
 *        448  room        event word: producers sleep on it until room is returned
 *        512  ends        who has it open, who recovers it: rarely changed
 *        640  lines       SLUICE_PARTICIPANTS lines of 64 bytes, a producer's each
 *       3712  data[capacity]
 *
 * Positions are bytes since the start in 64 bits; position & (capacity - 1) is the place.
 *
 * Death. A producer says in its own line {position, bytes} what it is about to claim, before the
 * compare-and-swap, and after it that it has won. A consumer says in `reading` up to where and how
 * many records it is about to hand out. So whoever cleans up after a dead one (participant.h)
 * knows what it held: a claim becomes padding; records that were handed out and not released are
 * lost with the receiver, and counted. What was committed otherwise is never lost, nothing is
 * handed out twice.
 *
 * The ends. A side closes for good when its last holder closes it: without producers, consumers
 * read what is there, then SLUICE_E_CLOSED; without consumers a claim says SLUICE_E_CLOSED. When
 * its last holder dies instead, the other side is told SLUICE_E_PEER_LOST, until somebody opens
 * it anew. A side that nobody has opened yet is neither.
 *
 * Threads. A sluice_ring_many_producer belongs to one thread at a time, a
 * sluice_ring_many_consumer too; one participant has at most one of each on a ring. claim is
 * lock-free, the other functions are wait-free (commit, abort and release also make a futex call
 * when, and only when, someone may sleep). The *_wait functions block.
 */
#ifndef SLUICE_RING_MANY_H
#define SLUICE_RING_MANY_H

#include "sluice/participant.h"
#include "sluice/ring.h"

/* In sluice_ring_many.ends.producers and .consumers, beside the bits of those who have it open. */
#define SLUICE_RING_MANY_CLOSED (UINT64_C(1) << 63) /* the last one closed it */
#define SLUICE_RING_MANY_LOST (UINT64_C(1) << 62)   /* the last one died */

/* In sluice_ring_many_line.claim, beside the position, which is a multiple of 8. */
#define SLUICE_RING_MANY_ANNOUNCED UINT64_C(1) /* is about to claim it, or has */
#define SLUICE_RING_MANY_WON UINT64_C(2)       /* has */

/* A producer's line. The statistics add up over all that had the slot. */
typedef struct sluice_ring_many_line {
  _Atomic uint64_t claim;   /* position | flags; 0 = none */
  _Atomic uint32_t bytes;   /* of that claim, with the padding before a wrap */
  _Atomic uint32_t owner;   /* the participant's id while it has the ring open to write */
  _Atomic uint64_t records; /* statistics: may be read, decide nothing */
  _Atomic uint64_t refused;
  _Atomic uint64_t waits;
  uint64_t pad[3];
} sluice_ring_many_line;

_Static_assert(sizeof(sluice_ring_many_line) == 64, "a line is one cache line");

typedef struct sluice_ring_many {
  sluice_object object;
  _Atomic uint64_t tail;
  unsigned char pad_tail[120];
  struct {
    _Atomic uint64_t head;
    _Atomic uint64_t reading; /* up to here, low half; how many records, high half */
    _Atomic uint32_t owner;   /* MPMC: whose batch it is; SLUICE_WAITERS_BIT: another wants it */
    uint32_t reserved;
    _Atomic uint64_t records; /* statistics: released */
    _Atomic uint64_t waits;
    _Atomic uint64_t lost_with_receiver; /* records handed out to consumers that then died */
    _Atomic uint64_t lost_next; /* what that becomes once the recovery of lost_at is done */
    _Atomic uint64_t lost_at;
    unsigned char pad[64];
  } side;
  _Atomic uint32_t filled;
  unsigned char pad_filled[60];
  _Atomic uint32_t room;
  unsigned char pad_room[60];
  struct {
    _Atomic uint64_t producers; /* the bits of who has it open to write, and flags */
    _Atomic uint64_t consumers; /* likewise to read; MPSC: one at most */
    _Atomic uint32_t recoverer; /* who recovers it at the moment, 0 for nobody */
    _Atomic uint32_t reason;    /* offset of what a producer said when it closed (message.h) */
    unsigned char pad[104];
  } ends;
  sluice_ring_many_line lines[SLUICE_PARTICIPANTS];
  unsigned char pad_lines[64];
  unsigned char data[];
} sluice_ring_many;

_Static_assert(offsetof(sluice_ring_many, tail) == 128, "as drawn");
_Static_assert(offsetof(sluice_ring_many, side) == 256, "as drawn");
_Static_assert(offsetof(sluice_ring_many, filled) == 384, "as drawn");
_Static_assert(offsetof(sluice_ring_many, room) == 448, "as drawn");
_Static_assert(offsetof(sluice_ring_many, ends) == 512, "as drawn");
_Static_assert(offsetof(sluice_ring_many, lines) == 640, "as drawn");
_Static_assert(offsetof(sluice_ring_many, data) == 3712, "as drawn");

/* What a producer knows; private to its thread. */
typedef struct sluice_ring_many_producer {
  sluice_ring_many *ring;
  sluice_ring_many_line *line;
  unsigned char *data;
  uint32_t capacity;
  uint32_t max;      /* longest payload, capacity / 8 */
  uint64_t head;     /* the consumers' head when last read */
  uint64_t position; /* of the open claim's record */
  uint32_t claimed;  /* payload bytes of the open claim */
  uint32_t open;     /* 1 while a claim is open */
  int32_t type;      /* of the open claim */
  int32_t status;    /* why the last claim gave NULL */
  uint32_t owner;
  uint32_t closed;
  uint32_t key; /* what ring->room is while this producer may sleep on it */
  uint64_t records, refused, waits;
} sluice_ring_many_producer;

/* What a consumer knows; private to its thread. */
typedef struct sluice_ring_many_consumer {
  sluice_ring_many *ring;
  unsigned char *data;
  uint32_t capacity;
  uint32_t max;
  uint64_t head;    /* released up to here */
  uint64_t cursor;  /* read up to here */
  uint64_t reading; /* what ring->side.reading says */
  uint32_t length;  /* payload bytes of the record that peek gave */
  int32_t type;     /* of that record */
  int32_t status;   /* why the last peek gave NULL */
  uint32_t read;    /* records between head and cursor */
  uint32_t peeked;  /* aligned bytes of the record that peek shows, 0 when it shows none */
  uint32_t owner;
  uint32_t shared; /* 1: MPMC */
  uint32_t holds;  /* 1 while it has the consumers' side */
  uint32_t closed;
  uint32_t key; /* what ring->filled is while this consumer may sleep on it; 0: it need not */
} sluice_ring_many_consumer;

/* Sums over the ring's statistics words: a snapshot that decides nothing. */
typedef struct sluice_ring_many_figures {
  uint64_t committed;
  uint64_t released;
  uint64_t lost_with_receiver;
  uint64_t refused; /* claims that found the ring full */
  uint64_t producer_waits;
  uint64_t consumer_waits;
  uint64_t used; /* bytes claimed and not released */
} sluice_ring_many_figures;

/* Bytes that a ring of `capacity` takes in all; 0 unless capacity is a power of two between
 * SLUICE_RING_CAPACITY_MIN and _MAX. */
uint32_t sluice_ring_many_bytes(uint32_t capacity);

/* Opens the ring called `name`, or creates it (see sluice_object_open for the errors). `kind` is
 * SLUICE_KIND_RING_MPSC or _MPMC, `capacity` as for sluice_ring_many_bytes; `codec` is any number
 * that all ends must agree on. Returns the ring's offset, or 0 with space->status. Any thread;
 * lock-free. */
uint32_t sluice_ring_many_open(sluice_space *space, const char *name, uint32_t name_bytes,
                               uint32_t kind, uint32_t capacity, uint32_t codec);

/* Makes a ring at `at` (128-byte aligned, sluice_ring_many_bytes(capacity) bytes, zeroed), without
 * a space. SLUICE_OK or SLUICE_E_INVALID. */
int sluice_ring_many_init(void *at, uint32_t kind, uint32_t capacity);

/* ---- a producer ---- */

/* Opens the ring to write for `owner`, a participant's id. SLUICE_OK; SLUICE_E_BUSY when that
 * participant writes here already; SLUICE_E_CLOSED when the last producer has closed it, or the
 * space; SLUICE_E_POISONED; SLUICE_E_INVALID when the ring's shape is not `capacity` or `owner` is
 * no id; SLUICE_E_AGAIN when others opened and closed ends thousands of times meanwhile. Lock-free.
 */
int sluice_ring_many_producer_open(sluice_ring_many_producer *producer, sluice_ring_many *ring,
                                   uint32_t capacity, uint32_t owner);

/* Claims room for a payload of `length` bytes. Returns where to write it, 8-byte aligned; NULL with
 * producer->status SLUICE_E_FULL, _TOO_LARGE (above capacity / 8), _CLOSED, _PEER_LOST (no consumer
 * is left), _POISONED, _INVALID (type below 0), _BUSY (a claim is open) or _AGAIN (others were
 * faster thousands of times). One claim at a time. Records behind an open claim are not read
 * before it is committed or given up. */
void *sluice_ring_many_claim(sluice_ring_many_producer *producer, uint32_t length, int32_t type);

/* Publishes the claim, shortened to `length` payload bytes (at most what was claimed; the rest
 * becomes padding). SLUICE_OK, or SLUICE_E_INVALID without a claim or for a greater length. */
int sluice_ring_many_commit(sluice_ring_many_producer *producer, uint32_t length);

/* Gives the claim up: it becomes padding, which takes its room until the consumers pass it.
 * SLUICE_OK, or SLUICE_E_INVALID without a claim. */
int sluice_ring_many_abort(sluice_ring_many_producer *producer);

/* Claims, copies `length` bytes from `payload`, commits. Returns SLUICE_OK or what claim says. */
int sluice_ring_many_push(sluice_ring_many_producer *producer, const void *payload, uint32_t length,
                          int32_t type);

/* Sleeps, if need be, until a payload of `length` bytes may fit, for at most `timeout_ns`
 * nanoseconds (negative: for ever; 0: not at all), after a short spin. SLUICE_OK means: try again;
 * another may have been faster. SLUICE_E_TIMEOUT, _CLOSED, _PEER_LOST, _POISONED, _TOO_LARGE; in wasm, with a
 * limit, SLUICE_E_AGAIN: woken in vain, call again with what is left of the time. */
int sluice_ring_many_producer_wait(sluice_ring_many_producer *producer, uint32_t length,
                                   int64_t timeout_ns);

/* For a caller that sleeps by its own means: returns 1 when it should, while ring->room is
 * producer->key; 0 when it should try again. */
int sluice_ring_many_producer_sleep(sluice_ring_many_producer *producer, uint32_t length);

/* Closes this producer, giving an open claim up. The last one closes the ring for writing, for
 * good. SLUICE_OK, again for a second time; SLUICE_E_POISONED. */
int sluice_ring_many_producer_close(sluice_ring_many_producer *producer);

/* ---- a consumer ---- */

/* Opens the ring to read for `owner`, as sluice_ring_many_producer_open. SLUICE_E_BUSY: the MPSC
 * ring has a consumer, or this participant reads here already. */
int sluice_ring_many_consumer_open(sluice_ring_many_consumer *consumer, sluice_ring_many *ring,
                                   uint32_t capacity, uint32_t owner);

/* The oldest unread record: its payload, with consumer->length and ->type set. It stays the oldest
 * until sluice_ring_many_release. NULL with consumer->status SLUICE_E_EMPTY (nothing for this
 * consumer: another MPMC consumer may be at work), _CLOSED (closed and all is read), _PEER_LOST
 * (likewise, the last producer died) or _POISONED. */
const void *sluice_ring_many_peek(sluice_ring_many_consumer *consumer);

/* Reads up to `limit` records into `batch`, across the wrap. Returns how many; the records stay
 * valid until sluice_ring_many_release. 0 or less: as peek's status. `base` is what offsets count
 * from. */
int sluice_ring_many_drain(sluice_ring_many_consumer *consumer, sluice_ring_record *batch,
                           uint32_t limit, const void *base);

/* Returns the room of all that was read since the last release: zeroes it and tells the producers;
 * in an MPMC ring gives the side to the next consumer. Returns how many records that were, or
 * SLUICE_E_POISONED. */
int sluice_ring_many_release(sluice_ring_many_consumer *consumer);

/* Forgets what was read since the last release: it is read again, by this consumer, or after
 * sluice_ring_many_release by any. */
void sluice_ring_many_rewind(sluice_ring_many_consumer *consumer);

/* As sluice_ring_many_producer_wait and _sleep (while ring->filled is consumer->key), until there
 * may be a record, or the producers have closed. Both release what was drained first (not what
 * peek shows). One commit wakes one consumer, so whoever is woken reads (peek or drain), passes it
 * on (_pass) or closes. */
int sluice_ring_many_consumer_wait(sluice_ring_many_consumer *consumer, int64_t timeout_ns);
int sluice_ring_many_consumer_sleep(sluice_ring_many_consumer *consumer);

/* Wakes another consumer in place of this one, which was woken and will not read. */
void sluice_ring_many_consumer_pass(sluice_ring_many_consumer *consumer);

/* Closes this consumer, releasing what it read. The last one closes the ring for reading, for good.
 * SLUICE_OK, again for a second time; SLUICE_E_POISONED. */
int sluice_ring_many_consumer_close(sluice_ring_many_consumer *consumer);

/* ---- the ring ---- */

/* Closes the ring for writing, whoever has it open, and wakes all. SLUICE_OK. Idempotent. Any
 * thread. */
int sluice_ring_many_close(sluice_ring_many *ring);

/* Sets *figures. Any thread. */
void sluice_ring_many_figures_of(const sluice_ring_many *ring, sluice_ring_many_figures *figures);

#endif
