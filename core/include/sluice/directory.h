/* Named objects: open or create, exactly one creator.
 *
 * The directory is a table of offsets, open addressing by the name's hash. An object is complete
 * before its offset is stored by one compare-and-swap, so there is no half-made entry to wait for
 * and a creator that dies before that leaves no trace in the table. Each object starts with
 *
 *   byte   0  kind        SLUICE_KIND_*
 *          4  bytes       of the whole object, this line included
 *          8  capacity    the shape: what "the same object" means
 *         12  codec       the shape: a hash of the codec's id, 0 for raw bytes
 *         16  state       the object's own flags
 *         20  name_bytes
 *         24  name        UTF-8, at most SLUICE_NAME_MAX bytes
 *        128  the object
 */
#ifndef SLUICE_DIRECTORY_H
#define SLUICE_DIRECTORY_H

#include "sluice/space.h"

#define SLUICE_NAME_MAX 104

enum { SLUICE_KIND_RING_SPSC = 1 };

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

/* Finds `name` (name_bytes of UTF-8, 1 to SLUICE_NAME_MAX). Returns the object's offset; 0 with
 * space->status SLUICE_E_EMPTY when there is none, SLUICE_E_INVALID for a bad name length,
 * SLUICE_E_POISONED for an entry out of bounds. Any thread; wait-free. */
uint32_t sluice_directory_find(sluice_space *space, const char *name, uint32_t name_bytes);

/* Enters the complete object at `offset`, whose header carries its name. Returns the offset that
 * the directory holds now: `offset` when this call entered it, another thread's object when that
 * one was first (the caller frees its own); 0 with space->status SLUICE_E_NO_MEMORY when the table
 * is full. Any thread; lock-free. */
uint32_t sluice_directory_enter(sluice_space *space, uint32_t offset);

/* The object in slot `index` (0 to SLUICE_DIRECTORY_ENTRIES - 1), its bounds checked; 0 for an
 * empty slot, or with space->status SLUICE_E_POISONED for a corrupted one. */
uint32_t sluice_directory_at(sluice_space *space, uint32_t index);

#endif
