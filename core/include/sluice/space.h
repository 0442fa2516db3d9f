/* A space: one region of shared memory and its header.
 *
 * Overview. A space starts at any 128-byte aligned address and holds everything that its threads
 * share. All references inside it are offsets (uint32_t) from its base, so that it may lie at
 * another address in each process, or deep inside another program's heap. Offset 0 is the header
 * and therefore never names anything else: it stands for "none".
 *
 *   byte    0  magic     'SLCE'
 *           4  version   stored last: a space with a version is complete
 *           8  bytes     size of the space; only ever grows
 *          12  state     SLUICE_SPACE_*
 *          16  next      where the heap ends, and the block that is being made there   (slab.h)
 *          24  recovered participants that were found dead and cleaned up
 *          28  freed     event word: who needs memory sleeps here until a block is freed
 *         128  classes   96 size classes: their blocks and hints, 16 bytes each        (slab.h)
 *        1664  participants  SLUICE_PARTICIPANTS slots, 64 bytes each           (participant.h)
 *        4736  directory version                                                  (directory.h)
 *        4864  directory     SLUICE_DIRECTORY_ENTRIES slots, 8 bytes each         (directory.h)
 *        6912  the heap: blocks, each behind a header of 64 bytes                      (slab.h)
 *
 * Threads. sluice_space is private to one thread. Every function may be called by any thread on
 * its own sluice_space; all are lock-free, none waits.
 */
#ifndef SLUICE_SPACE_H
#define SLUICE_SPACE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "sluice/status.h"

#define SLUICE_MAGIC UINT32_C(0x45434c53) /* "SLCE", little-endian */
#define SLUICE_LAYOUT_VERSION UINT32_C(2)
#define SLUICE_ALIGN UINT32_C(128) /* two cache lines: adjacent-line prefetch pairs them */
#define SLUICE_SIZE_CLASSES 96
#define SLUICE_PARTICIPANTS 47 /* so that a set of them, and more, fits one 64-bit word */
#define SLUICE_DIRECTORY_ENTRIES 256

enum { SLUICE_SPACE_OPEN = 0, SLUICE_SPACE_CLOSED = 1, SLUICE_SPACE_POISONED = 2 };

typedef struct sluice_participant_slot {
  _Atomic uint32_t id;     /* generation << 8 | slot + 1; 0 in the low byte: the slot is free */
  _Atomic uint32_t dead;   /* the id that is proven dead */
  _Atomic uint32_t burier; /* the id of whoever cleans up after it, 0 for nobody */
  _Atomic uint32_t area;   /* offset of the slot's private area, kept for its next holder */
  uint64_t host[6];        /* the holder's; a wasm thread keeps its sluice_space here */
} sluice_participant_slot;

_Static_assert(sizeof(sluice_participant_slot) == 64, "a slot is one cache line");

typedef struct sluice_size_class {
  _Atomic uint32_t first;   /* the newest block of this class */
  _Atomic uint32_t cursor;  /* where the next look for a free one begins */
  _Atomic uint32_t hint[2]; /* blocks that were freed lately, or 0 */
} sluice_size_class;

typedef struct sluice_space_header {
  uint32_t magic;
  _Atomic uint32_t version;
  _Atomic uint32_t bytes;
  _Atomic uint32_t state;
  _Atomic uint64_t next; /* low half: offset; high half: units of the block being made, or 0 */
  _Atomic uint32_t recovered;
  _Atomic uint32_t freed;
  uint32_t reserved[24];
  sluice_size_class classes[SLUICE_SIZE_CLASSES];
  sluice_participant_slot participants[SLUICE_PARTICIPANTS];
  uint32_t reserved2[16];
  _Atomic uint64_t directory_version;
  uint32_t reserved3[30];
  _Atomic uint64_t directory[SLUICE_DIRECTORY_ENTRIES];
} sluice_space_header;

_Static_assert(offsetof(sluice_space_header, next) == 16, "as drawn");
_Static_assert(offsetof(sluice_space_header, classes) == 128, "as drawn");
_Static_assert(offsetof(sluice_space_header, participants) == 1664, "as drawn");
_Static_assert(offsetof(sluice_space_header, directory_version) == 4736, "as drawn");
_Static_assert(offsetof(sluice_space_header, directory) == 4864, "as drawn");
_Static_assert(sizeof(sluice_space_header) == 6912, "as drawn");

/* One thread's view of a space. The fields are its own: no other thread can change what bounds
 * this thread's accesses. */
typedef struct sluice_space {
  unsigned char *base;
  uint32_t bytes;       /* how much of the memory this thread may touch, from base */
  int32_t status;       /* why the last call that returns an offset or a pointer gave 0 */
  uint32_t participant; /* this thread's id, 0 before sluice_participant_join */
  uint32_t area;        /* offset of this thread's private area, 0 when it asked for none */
} sluice_space;

/* Makes a space at `at`, 128-byte aligned, of `bytes` bytes (at least 16 KiB), and sets `space` to
 * it. The region must be zero, as fresh memory is, but for the first
 * sizeof(sluice_space_header) bytes. One thread calls this, before any other attaches.
 * Returns SLUICE_OK, or SLUICE_E_INVALID for a misaligned address or a size too small. */
int sluice_space_init(sluice_space *space, void *at, uint32_t bytes);

/* Sets `space` to the space that stands at `at`; `available` is how many bytes this thread may
 * touch from there. Returns SLUICE_OK; SLUICE_E_INVALID for a misaligned address;
 * SLUICE_E_VERSION when no complete space of this layout version stands there, or one that
 * claims more than `available`. */
int sluice_space_attach(sluice_space *space, void *at, uint32_t available);

/* Tells all threads that the memory behind the space now reaches `bytes`. Never shrinks: fewer
 * change nothing. SLUICE_OK, or SLUICE_E_INVALID for more than this thread may touch: natively
 * space->bytes, which its owner raises once its own mapping reaches further; in wasm the memory's
 * size. A thread that may touch less goes on with what it can reach, and is told SLUICE_E_AGAIN
 * where that does not do. */
int sluice_space_grow(sluice_space *space, uint32_t bytes);

/* Closes the space for everybody: each end of each channel is closed and its waiters are woken; of
 * objects that have lost their names only where the caller has joined. What was committed can still
 * be read. SLUICE_OK. Idempotent. */
int sluice_space_close(sluice_space *space);

/* SLUICE_OK while the space is open, else SLUICE_E_CLOSED or SLUICE_E_POISONED. */
int sluice_space_state(const sluice_space *space);

/* The address of `offset` in this thread's memory; offsets come from the functions that give them
 * and are in bounds. */
static inline void *sluice_at(const sluice_space *space, uint32_t offset) {
  return space->base + offset;
}

#endif
