/* Named objects: open or create, exactly one creator; remove by name.
 *
 * The directory is a table (see the essay in core/src/table.h) of SLUICE_DIRECTORY_ENTRIES slots.
 * An object is complete before it is entered, by one compare-and-swap, so there is no half-made
 * entry to wait for. Each object is a block of the slab and starts with
 *
 *   byte   0  kind        SLUICE_KIND_*
 *          4  bytes       of the whole object, this line included
 *          8  capacity    the shape: what "the same object" means
 *         12  codec       the shape: a hash of the codec's id, an element's size; 0 for raw bytes
 *         16  state       the object's own flags
 *         20  name_bytes
 *         24  name        UTF-8, at most SLUICE_NAME_MAX bytes
 *        128  the object; all zero is the initial state of every kind
 *
 * Who has an object open holds a reference to its block, as the directory does. A name that is
 * removed can be created anew at once; the old object goes with the last that has it open.
 */
#ifndef SLUICE_DIRECTORY_H
#define SLUICE_DIRECTORY_H

#include "sluice/slab.h"

#define SLUICE_NAME_MAX 104

enum {
  SLUICE_KIND_RING_SPSC = 1,
  SLUICE_KIND_RING_MPSC = 2,
  SLUICE_KIND_RING_MPMC = 3,
  SLUICE_KIND_BROADCAST = 4,
  SLUICE_KIND_QUEUE = 5,
  SLUICE_KIND_CELL = 6,
  SLUICE_KIND_SEQLOCK = 7,
  SLUICE_KIND_STORE = 8,
  SLUICE_KIND_MUTEX = 9,
  SLUICE_KIND_CONDVAR = 10,
  SLUICE_KIND_RWLOCK = 11,
  SLUICE_KIND_SEMAPHORE = 12,
  SLUICE_KIND_BARRIER = 13,
  SLUICE_KIND_EVENT = 14,
  SLUICE_KIND_ONCE = 15,
  SLUICE_KIND_RPC = 16,
  SLUICE_KIND_COUNTER = 17,
  SLUICE_KIND_HISTOGRAM = 18
};

typedef struct sluice_object {
  uint32_t kind;
  uint32_t bytes;
  uint32_t capacity;
  uint32_t codec;
  _Atomic uint32_t state;
  uint32_t name_bytes;
  char name[SLUICE_NAME_MAX];
} sluice_object;

_Static_assert(sizeof(sluice_object) == 128, "the object header is one 128-byte line");

/* What two openers of one name have to agree on. */
typedef struct sluice_shape {
  uint32_t kind;
  uint32_t bytes; /* of the whole object; 0 stands for a capacity out of range */
  uint32_t capacity;
  uint32_t codec;
} sluice_shape;

/* Opens the object called `name` (name_bytes of UTF-8, 1 to SLUICE_NAME_MAX), or creates it.
 * Returns its offset, referred to by this participant; 0 with space->status SLUICE_E_MISMATCH when
 * the name stands for another shape, SLUICE_E_INVALID for a bad name or shape, SLUICE_E_NO_MEMORY
 * when the space or the directory is full, SLUICE_E_CLOSED (the space), SLUICE_E_AGAIN when others
 * changed the directory too often meanwhile, or where this thread does not see all of a space that
 * has grown, or SLUICE_E_POISONED. Any thread; lock-free. Each kind's own open calls this. */
uint32_t sluice_object_open(sluice_space *space, const char *name, uint32_t name_bytes,
                            sluice_shape shape);

/* Ends this participant's use of the object at `offset`, however often it was opened. SLUICE_OK or
 * SLUICE_E_INVALID. Any thread; lock-free. */
int sluice_object_close(sluice_space *space, uint32_t offset);

/* Finds `name` without creating it. Returns the object's offset, referred to by this participant; 0
 * with space->status SLUICE_E_EMPTY when there is none, else as sluice_object_open. */
uint32_t sluice_directory_find(sluice_space *space, const char *name, uint32_t name_bytes);

/* The same without a reference: a snapshot, to compare with what one has, and not to be used. */
uint32_t sluice_directory_look(sluice_space *space, const char *name, uint32_t name_bytes);

/* Takes the name away. The object lives on until the last that has it open closes it. SLUICE_OK;
 * SLUICE_E_EMPTY when there is none; SLUICE_E_INVALID, SLUICE_E_AGAIN, SLUICE_E_POISONED. Any
 * thread; lock-free. */
int sluice_directory_remove(sluice_space *space, const char *name, uint32_t name_bytes);

/* The object in slot `index` (0 to SLUICE_DIRECTORY_ENTRIES - 1), its bounds checked; 0 for an
 * empty slot, or with space->status SLUICE_E_POISONED for a corrupted one. A snapshot: the caller
 * has no reference. */
uint32_t sluice_directory_at(sluice_space *space, uint32_t index);

#endif
