/* A broadcast: one writer, any number of readers, records of variable length.
 *
 * Overview. The writer appends to a ring and never waits: it overwrites the oldest records. Readers
 * copy what they can and are told how much they missed. They leave no trace, so there may be any
 * number of them, and one that dies or stalls hinders nobody.
 *
 * Records have the ring's frame (ring.h): length and type, here in one 64-bit word, then the
 * payload, 8-byte aligned; one that does not fit before the end is preceded by padding. Every word
 * may be read while it is overwritten, so all are atomic. Three things make that safe:
 *
 *   tail      a record is there once the tail has passed it
 *   oldest    the oldest record that still stands. The writer moves it BEFORE it overwrites a byte,
 *             so a reader that copied, and then finds `oldest` at or before its record, has copied
 *             it whole
 *   starts    for each sixteenth of the ring, the first record that starts there, and its number.
 *             So `oldest` moves in steps of about a sixteenth, and who goes on at `oldest` knows
 *             how many records it missed
 *
 *      +--------+--------+-- - - - - --+--------+--------+
 *      | 0      | 1      |             | 14     | 15     |  sixteenths of the data
 *      +--------+--------+-- - - - - --+--------+--------+
 *        ^start   ^start = oldest          ^tail
 *
 * A reader may count on the newest 13/16 of the capacity less 8 bytes, frames and padding included.
 *
 * Layout:
 *
 *   byte   0  object header                                        (directory.h)
 *        128  tail, oldest, records*                                * a statistic
 *        256  arrivals  event word: readers sleep here
 *        260  owner     the writer's id, 0 for none
 *        264  reason    why it was closed, 0 for nothing
 *        384  starts    16 times number (8 bytes), position (8 bytes)
 *        640  data[capacity]
 *
 * Positions are bytes since the start in 64 bits; position & (capacity - 1) is the place.
 *
 * Death. The writer's only commit is the store of `tail`; what it had begun behind it was not
 * written. So nothing has to be repaired: readers read what is there, then learn
 * SLUICE_E_PEER_LOST, and another may take the writer's end over and go on.
 *
 * Threads. A sluice_broadcast_writer and a sluice_broadcast_reader belong to one thread each. All
 * functions but _wait are wait-free (send makes a futex call when, and only when, a reader may sleep).
 *
 * Source. Validation before and after reading as in agrona's BroadcastTransmitter and Receiver,
 * where `tail_intent` plays the part of `oldest`; there, lapped readers lose all but the newest
 * record and do not learn how many they lost.
 */
#ifndef SLUICE_BROADCAST_H
#define SLUICE_BROADCAST_H

#include <stddef.h>

#include "sluice/directory.h"

#define SLUICE_BROADCAST_CAPACITY_MIN UINT32_C(128)
#define SLUICE_BROADCAST_CAPACITY_MAX UINT32_C(0x40000000)
#define SLUICE_BROADCAST_STARTS 16

/* A flag in sluice_object.state. */
enum { SLUICE_BROADCAST_WRITER_LOST = 1 };

/* Where a reader starts, and where it goes on when it was overtaken. */
enum {
  SLUICE_BROADCAST_OLDEST = 0, /* the oldest record that stands */
  SLUICE_BROADCAST_LATEST = 1, /* the newest one */
  SLUICE_BROADCAST_NEXT = 2    /* the next one that will be written */
};

typedef struct sluice_broadcast_start {
  _Atomic uint64_t number;   /* of the record */
  _Atomic uint64_t position; /* of its frame */
} sluice_broadcast_start;

typedef struct sluice_broadcast {
  sluice_object object;
  _Atomic uint64_t tail;
  _Atomic uint64_t oldest;
  _Atomic uint64_t records;
  unsigned char pad0[104];
  _Atomic uint32_t arrivals;
  _Atomic uint32_t owner;
  _Atomic uint32_t reason; /* offset of what the writer said when it closed (message.h) */
  unsigned char pad1[116];
  sluice_broadcast_start starts[SLUICE_BROADCAST_STARTS];
  unsigned char data[];
} sluice_broadcast;

_Static_assert(SLUICE_BROADCAST_STARTS == 16, "as `shift` has it");
_Static_assert(offsetof(sluice_broadcast, tail) == 128, "the writer has its own line");
_Static_assert(offsetof(sluice_broadcast, arrivals) == 256, "readers write here");
_Static_assert(offsetof(sluice_broadcast, starts) == 384, "as drawn");
_Static_assert(offsetof(sluice_broadcast, data) == 640, "as drawn");

/* What the writer knows; private to its thread. It reads nothing back from the ring, so nobody can
 * lead it astray. */
typedef struct sluice_broadcast_writer {
  sluice_broadcast *broadcast;
  uint32_t capacity;
  uint32_t max;   /* longest payload, capacity / 8 */
  uint32_t shift; /* position >> shift counts sixteenths */
  uint32_t reserved;
  uint64_t tail;
  uint64_t oldest;
  uint64_t records; /* written since the start */
  uint64_t started; /* the sixteenth, counted on over laps, of the newest entry in starts, plus 1 */
  uint64_t starts[SLUICE_BROADCAST_STARTS]; /* positions; 0 for none that could be the oldest */
} sluice_broadcast_writer;

/* What a reader knows; private to its thread. */
typedef struct sluice_broadcast_reader {
  sluice_broadcast *broadcast;
  uint32_t capacity;
  uint64_t position;     /* of the next record */
  uint64_t number;       /* the next record's: how many were written before it */
  uint64_t lost_records; /* overwritten before this reader had read them, in all */
  uint64_t lost_bytes;   /* what they took, frames and padding included */
  uint32_t from;         /* SLUICE_BROADCAST_* */
  uint32_t length;       /* payload bytes of the record that peek or receive found */
  int32_t type;          /* of that record */
  int32_t status;        /* why peek gave NULL */
  uint32_t peeked;       /* aligned bytes of the record that peek shows, 0 for none */
  uint32_t key;          /* what `arrivals` shows to one that is to sleep by its own means */
} sluice_broadcast_reader;

/* Bytes that a broadcast of `capacity` takes in all; 0 unless capacity is a power of two between
 * SLUICE_BROADCAST_CAPACITY_MIN and _MAX. */
uint32_t sluice_broadcast_bytes(uint32_t capacity);

/* Opens the broadcast called `name`, or creates it (see sluice_object_open for the errors). `codec`
 * is any number that all must agree on. Returns its offset, or 0 with space->status. Any thread;
 * lock-free. */
uint32_t sluice_broadcast_open(sluice_space *space, const char *name, uint32_t name_bytes,
                               uint32_t capacity, uint32_t codec);

/* Makes a broadcast at `at` (128-byte aligned, sluice_broadcast_bytes, zeroed), without a space.
 * SLUICE_OK or SLUICE_E_INVALID. */
int sluice_broadcast_init(void *at, uint32_t capacity);

/* ---- the writer ---- */

/* Takes the writer's end for `owner` (not 0; a participant's id), and goes on where a writer that
 * died left off. SLUICE_OK; SLUICE_E_BUSY when another holds it; SLUICE_E_CLOSED;
 * SLUICE_E_POISONED; SLUICE_E_INVALID when the shape is not `capacity`. Takes time by the number of
 * records in a sixteenth of the ring. */
int sluice_broadcast_writer_open(sluice_broadcast_writer *writer, sluice_broadcast *broadcast,
                                 uint32_t capacity, uint32_t owner);

/* Appends a copy of `length` bytes, whatever it overwrites. SLUICE_OK; SLUICE_E_TOO_LARGE (above
 * capacity / 8); SLUICE_E_INVALID (type below 0); SLUICE_E_CLOSED; SLUICE_E_POISONED. Wait-free. */
int sluice_broadcast_send(sluice_broadcast_writer *writer, const void *payload, uint32_t length,
                          int32_t type);

/* Closes the broadcast for good; readers read what is there. SLUICE_OK. Idempotent. */
int sluice_broadcast_writer_close(sluice_broadcast_writer *writer);

/* ---- a reader ---- */

/* Starts reading, at SLUICE_BROADCAST_OLDEST, _LATEST or _NEXT. SLUICE_OK; SLUICE_E_INVALID for
 * another shape or start; SLUICE_E_POISONED; SLUICE_E_AGAIN when the writer was faster many times.
 * _OLDEST is one look; the others take time by the number of records in a sixteenth of the ring. */
int sluice_broadcast_reader_open(sluice_broadcast_reader *reader, sluice_broadcast *broadcast,
                                 uint32_t capacity, uint32_t from);

/* Copies the next record into `buffer`. Returns its length, 0 or more, with reader->type; or
 * SLUICE_E_EMPTY; SLUICE_E_TOO_LARGE when it has more than `size` bytes: it stays the next, with
 * reader->length; SLUICE_E_CLOSED (and all is read); SLUICE_E_PEER_LOST (likewise, the writer died;
 * another may take over); SLUICE_E_POISONED; SLUICE_E_AGAIN when the writer was faster many times.
 * When the writer has overwritten what was next, the reader goes on where `from` says, and
 * reader->lost_records and ->lost_bytes have grown. Wait-free. */
int sluice_broadcast_receive(sluice_broadcast_reader *reader, void *buffer, uint32_t size);

/* The next record where it stands, with reader->length (in bounds, whatever happens) and ->type;
 * NULL with reader->status as receive has it. THE WRITER MAY OVERWRITE IT WHILE IT IS READ: read it
 * by atomic loads, trust nothing in it, then ask sluice_broadcast_validate. Wait-free. */
const void *sluice_broadcast_peek(sluice_broadcast_reader *reader);

/* Is what was read since the peek whole? SLUICE_OK; SLUICE_E_AGAIN: it was overwritten, forget it
 * and peek again; SLUICE_E_INVALID without a peek. May be asked repeatedly. Wait-free. */
int sluice_broadcast_validate(sluice_broadcast_reader *reader);

/* Goes on behind the record that peek shows. As validate, and only SLUICE_OK moves. Wait-free. */
int sluice_broadcast_next(sluice_broadcast_reader *reader);

/* Sleeps, if need be, until there is a record to read, for at most `timeout_ns` nanoseconds
 * (negative: for ever; 0: not at all): a spin, then sleep. SLUICE_OK means: try again.
 * SLUICE_E_TIMEOUT, _CLOSED, _PEER_LOST, _POISONED; SLUICE_E_AGAIN (in wasm with a limit, after a
 * wake-up in vain): call again with the time that is left. Blocking. */
int sluice_broadcast_wait(sluice_broadcast_reader *reader, int64_t timeout_ns);

/* For a caller that sleeps by its own means: returns 1 when it should, until the word
 * broadcast->arrivals is no longer reader->key; 0 when it should try again. */
int sluice_broadcast_sleep(sluice_broadcast_reader *reader);

#endif
