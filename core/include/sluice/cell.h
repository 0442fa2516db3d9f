/* A cell: one value that many threads read and write, of any length up to its capacity.
 *
 * Overview. Readers copy the value out and never wait for anybody; writers take turns. The value
 * lies in one of two slots: a writer fills the one that is not current, then publishes it by one
 * store. A reader copies the current one and finds out whether a writer has come round to it
 * meanwhile. So a writer that is slow, asleep or dead strands no reader: the last value stays
 * whole.
 *
 *   writer   intent = v + 1; fill slot (v + 1) % 2; version = v + 1
 *   reader   v = version; copy slot v % 2; whole if intent is still at most v + 1
 *
 * With the flag SLUICE_CELL_SEQLOCK there is one slot (a classic seqlock): half the memory, and
 * everything in two or three cache lines, for values of up to SLUICE_CELL_SEQLOCK_MAX bytes. There
 * a writer in the middle makes readers try again, and a writer that dies there takes the value with
 * it: once it is buried, reads say SLUICE_E_OWNER_DIED until the next write.
 *
 * Layout:
 *
 *   byte   0  object header                                       (directory.h)
 *        128  version   of the value that readers find; 0: none was written yet
 *        136  intent    the version that is being written, or was last
 *        144  length    of the value in slot 0, in slot 1
 *        152  changed   event word: a new version
 *        192  lock      of the writers: a mutex's word, robust
 *        256  slot 0: the capacity, rounded up to 128; then slot 1. A seqlock has slot 0 only.
 *
 * Threads. A sluice_cell_view belongs to one thread at a time. read and version are wait-free but
 * for a bounded number of retries; write, begin and replace wait for other writers for as long as
 * their timeout says, with a timeout of 0 not at all; wait blocks; the rest never waits. No
 * function needs the participant of another thread to be alive.
 *
 * Robust. A dead writer's turn ends when it is buried (sluice_participant_bury). What it had not
 * published never was.
 *
 * Source. Two slots: the "left-right" idea reduced to validation, as in the latched seqlocks of
 * Linux (seqcount_latch). Copies race-free by word: Boehm, "Can seqlocks get along with programming
 * language memory models?" (2012). */
#ifndef SLUICE_CELL_H
#define SLUICE_CELL_H

#include <stddef.h>

#include "sluice/directory.h"

#define SLUICE_CELL_CAPACITY_MAX UINT32_C(0x40000000)
#define SLUICE_CELL_SEQLOCK_MAX 64

/* Flags of sluice_cell_open. */
enum { SLUICE_CELL_SEQLOCK = 1 };

/* Flags in sluice_object.state, beside those of all kinds. */
enum { SLUICE_CELL_LOST = 1 /* a seqlock's last writer died while it wrote */ };

typedef struct sluice_cell {
  sluice_object object;
  _Atomic uint64_t version;
  _Atomic uint64_t intent;
  _Atomic uint32_t length[2];
  _Atomic uint32_t changed;
  uint32_t reserved[9];
  _Atomic uint32_t lock;
  uint32_t reserved2[15];
  unsigned char data[];
} sluice_cell;

_Static_assert(offsetof(sluice_cell, version) == 128, "as drawn");
_Static_assert(offsetof(sluice_cell, length) == 144, "as drawn");
_Static_assert(offsetof(sluice_cell, changed) == 152, "as drawn");
_Static_assert(offsetof(sluice_cell, lock) == 192, "the writers' lock has its own line");
_Static_assert(offsetof(sluice_cell, data) == 256, "as drawn");

/* What one thread knows of a cell; private to it. */
typedef struct sluice_cell_view {
  sluice_cell *cell;
  uint32_t capacity;
  uint32_t stride; /* from slot 0 to slot 1; 0: a seqlock */
  uint32_t owner;  /* 0: reads only */
  int32_t status;  /* why the last begin gave NULL */
  uint32_t woken;  /* 1 from sluice_cell_turn_sleep until the turn is taken or passed on */
  uint64_t next;   /* the version of the value in the making, 0 without begin */
} sluice_cell_view;

/* Bytes that a cell of `capacity` takes in all; 0 unless capacity is 1 to SLUICE_CELL_CAPACITY_MAX,
 * with SLUICE_CELL_SEQLOCK in `flags` to SLUICE_CELL_SEQLOCK_MAX, and for any other flag. */
uint32_t sluice_cell_bytes(uint32_t capacity, uint32_t flags);

/* Opens the cell called `name`, or creates it (see sluice_object_open for the errors; the flags are
 * part of the kind). `codec` is any number that all must agree on. Returns the cell's offset, or 0
 * with space->status. Any thread; lock-free. */
uint32_t sluice_cell_open(sluice_space *space, const char *name, uint32_t name_bytes,
                          uint32_t capacity, uint32_t flags, uint32_t codec);

/* Makes a cell at `at` (128-byte aligned, sluice_cell_bytes(capacity, flags) bytes, zeroed),
 * without a space. SLUICE_OK or SLUICE_E_INVALID. */
int sluice_cell_init(void *at, uint32_t capacity, uint32_t flags);

/* Sets `view` to the cell; `owner` is the participant's id that writes under it, 0 for a view that
 * only reads. SLUICE_OK; SLUICE_E_INVALID when the cell is not of this capacity and these flags, or
 * for a number that is no id. Wait-free. */
int sluice_cell_attach(sluice_cell_view *view, sluice_cell *cell, uint32_t capacity, uint32_t flags,
                       uint32_t owner);

/* Copies the value to `into`, which has room for `room` bytes, and sets *length and *version.
 * SLUICE_OK; SLUICE_E_EMPTY when none was written yet; SLUICE_E_TOO_LARGE with *length when the
 * room does not do; SLUICE_E_AGAIN when writers were faster SLUICE_CELL_TRIES times in a row;
 * SLUICE_E_OWNER_DIED (a seqlock only: the value is lost); SLUICE_E_POISONED. Also after the space
 * has closed. Never waits. */
int sluice_cell_read(const sluice_cell_view *view, void *into, uint32_t room, uint32_t *length,
                     uint64_t *version);

#define SLUICE_CELL_TRIES 100

/* The version of the value that a read would find; 0: none. Versions of a cell only grow, by one a
 * write. Wait-free. */
uint64_t sluice_cell_version(const sluice_cell_view *view);

/* Writes `length` bytes from `from` when the other writers are done, within `timeout_ns`
 * nanoseconds (negative: for ever; 0: does not wait at all). SLUICE_OK; SLUICE_E_BUSY when another
 * writes and the timeout is 0, or between begin and publish; SLUICE_E_TIMEOUT, or SLUICE_E_AGAIN in
 * wasm: woken early, call again with what is left; SLUICE_E_TOO_LARGE above the capacity;
 * SLUICE_E_INVALID for a view that only reads; SLUICE_E_CLOSED; SLUICE_E_POISONED. */
int sluice_cell_write(sluice_cell_view *view, const void *from, uint32_t length,
                      int64_t timeout_ns);

/* The same if the version is still `expected` (0: none was written yet); SLUICE_E_MISMATCH, and
 * nothing is written, when it is not: read, and try again. */
int sluice_cell_replace(sluice_cell_view *view, uint64_t expected, const void *from,
                        uint32_t length, int64_t timeout_ns);

/* Takes the writers' turn, to write in place: returns where, 128-byte aligned, the capacity's
 * worth; what stands there is no value. NULL with view->status as sluice_cell_write, and
 * SLUICE_E_INVALID for a seqlock. Ends by publish or abandon; until then no other writes.
 *
 * A reader who is late may still be reading there; it will throw away what it has. In wasm write as
 * you like; natively, where a data race is undefined, by sluice_cell_fill. */
void *sluice_cell_begin(sluice_cell_view *view, int64_t timeout_ns);

/* Copies `length` bytes from `from` to the value in the making, from its byte `at` on, a multiple
 * of 8; the bytes up to the next multiple of 8 behind become zero. SLUICE_OK; SLUICE_E_INVALID
 * without begin or for another `at`; SLUICE_E_TOO_LARGE past the capacity. Wait-free. */
int sluice_cell_fill(const sluice_cell_view *view, uint32_t at, const void *from, uint32_t length);

/* Publishes `length` bytes of what was written in place, and ends the turn. SLUICE_OK;
 * SLUICE_E_INVALID without begin; SLUICE_E_TOO_LARGE, and the turn goes on. Never waits. */
int sluice_cell_publish(sluice_cell_view *view, uint32_t length);

/* Ends the turn; the value stays as it is. SLUICE_OK, or SLUICE_E_INVALID without begin. */
int sluice_cell_abandon(sluice_cell_view *view);

/* Sleeps, after a short spin, until the version is another than `since`, for at most `timeout_ns`
 * nanoseconds (negative: for ever; 0: not at all). SLUICE_OK; SLUICE_E_TIMEOUT, SLUICE_E_AGAIN (wasm), SLUICE_E_CLOSED, SLUICE_E_POISONED. */
int sluice_cell_wait(const sluice_cell_view *view, uint64_t since, int64_t timeout_ns);

/* For a caller that sleeps by its own means: the value of the word cell->changed to sleep on, which
 * is never 0; 0 when it should look again at once. Never waits. */
uint32_t sluice_cell_sleep(const sluice_cell_view *view, uint64_t since);

/* For a writer that sleeps by its own means, after SLUICE_E_BUSY: the value of the word cell->lock
 * to sleep on, never 0; 0 when it should try again at once. When it was woken it tries again; and
 * when it gives up, whether or not it has tried again, it calls sluice_cell_turn_pass, so that the
 * next is woken in its stead. Never waits. */
uint32_t sluice_cell_turn_sleep(sluice_cell_view *view);
void sluice_cell_turn_pass(sluice_cell_view *view);

#endif
