/* A counter of 64 bits that many threads add to at little cost.
 *
 * Overview. Eight stripes, each in a line pair of its own; a participant adds to the stripe of its
 * slot, so that up to eight threads do not meet in one line. The counter is the sum of the stripes.
 *
 *   byte   0  object header                                      (directory.h)
 *        128  stripes  8 times: value (8 bytes), up to 128 bytes
 *
 * Arithmetic is modulo 2^64, so that to subtract n is to add 0 - n. A participant's death changes
 * nothing: an addition is one step.
 *
 * Threads. All functions, any thread; wait-free. An addition orders nothing else: a counter counts,
 * it does not publish.
 *
 * Source. Striping as in java.util.concurrent's LongAdder, by participant instead of by hash.
 */
#ifndef SLUICE_COUNTER_H
#define SLUICE_COUNTER_H

#include <stddef.h>

#include "sluice/directory.h"

#define SLUICE_COUNTER_STRIPES 8

typedef struct sluice_counter_stripe {
  _Atomic uint64_t value;
  unsigned char pad[120];
} sluice_counter_stripe;

typedef struct sluice_counter {
  sluice_object object;
  sluice_counter_stripe stripes[SLUICE_COUNTER_STRIPES];
} sluice_counter;

_Static_assert(offsetof(sluice_counter, stripes) == 128, "as drawn");
_Static_assert(sizeof(sluice_counter) == 1152, "1152 bytes in all");

/* Opens the counter called `name`, or creates it (see sluice_object_open for the errors). Returns
 * its offset, or 0 with space->status. Lock-free. */
uint32_t sluice_counter_open(sluice_space *space, const char *name, uint32_t name_bytes);

/* Makes a counter at `at` (128-byte aligned, sizeof(sluice_counter) bytes, zeroed), without a
 * space. SLUICE_OK or SLUICE_E_INVALID. */
int sluice_counter_init(void *at);

/* Adds `amount` for participant `owner`. SLUICE_OK, or SLUICE_E_INVALID for what is no
 * participant's id. Wait-free. */
int sluice_counter_add(sluice_counter *counter, uint32_t owner, uint64_t amount);

/* The sum. While others only add, it lies between what the counter was when the call began and what
 * it was when it ended; additions that happened before the call are in it. Wait-free. */
uint64_t sluice_counter_read(const sluice_counter *counter);

#endif
