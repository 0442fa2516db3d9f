/* A space: one region of shared memory, its header, and the allocator that carves it up.
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
 *          16  next      first byte that was never allocated
 *          20  used      bytes in allocated blocks (for statistics)
 *          24  recovered participants that were found dead and cleaned up
 *          28  reserved
 *         128  free      96 lists of freed blocks, {offset, tag} in 64 bits each
 *         896  reserved
 *        1024  participants  SLUICE_PARTICIPANTS slots, 64 bytes each    (participant.h)
 *        9216  directory     SLUICE_DIRECTORY_ENTRIES offsets, 4 bytes each (directory.h)
 *       10240  first block
 *
 * Threads. sluice_space is private to one thread. Every function may be called by any thread on
 * its own sluice_space; all are lock-free, none waits.
 */
#ifndef SLUICE_SPACE_H
#define SLUICE_SPACE_H

#include <stdatomic.h>
#include <stdint.h>

#include "sluice/status.h"

#define SLUICE_MAGIC UINT32_C(0x45434c53) /* "SLCE", little-endian */
#define SLUICE_LAYOUT_VERSION UINT32_C(1)
#define SLUICE_ALIGN UINT32_C(128) /* two cache lines: adjacent-line prefetch pairs them */
#define SLUICE_SIZE_CLASSES 96
#define SLUICE_PARTICIPANTS 128
#define SLUICE_DIRECTORY_ENTRIES 256

enum { SLUICE_SPACE_OPEN = 0, SLUICE_SPACE_CLOSED = 1, SLUICE_SPACE_POISONED = 2 };

typedef struct sluice_participant_slot {
  _Atomic uint32_t id; /* 0 = free; else generation << 8 | slot + 1 */
  uint32_t generation; /* of the last holder; changed only by whoever holds or frees the slot */
  uint32_t area;       /* offset of the slot's private area, kept for its next holder */
  uint32_t area_bytes;
  uint64_t host[6]; /* the holder's; a wasm thread keeps its sluice_space here */
} sluice_participant_slot;

_Static_assert(sizeof(sluice_participant_slot) == 64, "a slot is one cache line");

typedef struct sluice_space_header {
  uint32_t magic;
  _Atomic uint32_t version;
  _Atomic uint32_t bytes;
  _Atomic uint32_t state;
  _Atomic uint32_t next;
  _Atomic uint32_t used;
  _Atomic uint32_t recovered;
  uint32_t reserved[25];
  _Atomic uint64_t free[SLUICE_SIZE_CLASSES];
  uint32_t reserved2[32];
  sluice_participant_slot participants[SLUICE_PARTICIPANTS];
  _Atomic uint32_t directory[SLUICE_DIRECTORY_ENTRIES];
} sluice_space_header;

_Static_assert(sizeof(sluice_space_header) == 10240, "the header is 10 KiB");

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
 * it. The region need not be zeroed. One thread calls this, before any other attaches.
 * Returns SLUICE_OK, or SLUICE_E_INVALID for a misaligned address or a size too small. */
int sluice_space_init(sluice_space *space, void *at, uint32_t bytes);

/* Sets `space` to the space that stands at `at`; `available` is how many bytes this thread may
 * touch from there. Returns SLUICE_OK; SLUICE_E_INVALID for a misaligned address;
 * SLUICE_E_VERSION when no complete space of this layout version stands there, or one that
 * claims more than `available`. */
int sluice_space_attach(sluice_space *space, void *at, uint32_t available);

/* Allocates `bytes` (1 or more), zeroed, 128-byte aligned. Returns its offset; 0 with
 * space->status SLUICE_E_NO_MEMORY when the space is full, SLUICE_E_INVALID for zero bytes,
 * SLUICE_E_POISONED when a free list was found corrupted. Rounds up by at most a quarter.
 * Freed blocks are reused first: a list per size class, Treiber's stack (IBM RJ 5118, 1986), the
 * head an offset and a 32-bit tag in one word against ABA. */
uint32_t sluice_space_alloc(sluice_space *space, uint32_t bytes);

/* Gives back the block at `offset`; `bytes` is what was asked for. Returns SLUICE_OK or
 * SLUICE_E_INVALID for an offset that cannot be a block's. */
int sluice_space_free(sluice_space *space, uint32_t offset, uint32_t bytes);

/* Tells all threads that the memory behind the space now reaches `bytes`. Never shrinks. */
int sluice_space_grow(sluice_space *space, uint32_t bytes);

/* Closes the space for everybody: each end of each channel is closed and its waiters are woken.
 * What was committed can still be read. Idempotent. */
int sluice_space_close(sluice_space *space);

/* SLUICE_OK while the space is open, else SLUICE_E_CLOSED or SLUICE_E_POISONED. */
int sluice_space_state(const sluice_space *space);

#endif
