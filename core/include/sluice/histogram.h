/* A histogram of 64-bit values in buckets that grow with the value: for times, sizes, depths.
 *
 * Overview. Values up to 31 have a bucket each; above, each doubling is divided into 16 buckets of
 * equal width. So all values that 64 bits can hold take 976 buckets, and a value that is given back
 * (the middle of its bucket) differs from the one recorded by at most 1/32 of it (3.125 %); below
 * 32 by nothing.
 *
 *   value         0 ... 31   32 33  34 35 ...   62 63   64 .. 67  ...   2^63 ...
 *   bucket        0 ... 31    32     33   ...    47       48      ...    960 ... 975
 *
 * Recording adds 1 to a bucket that all share, and keeps sum, least and greatest in the recorder's
 * own line. Who records so much that the shared buckets are felt keeps a histogram of its own and
 * merges it into the common one now and then.
 *
 *   byte    0  object header                                     (directory.h)
 *         128  lines    48 times 64 bytes, one for each participant: sum, ~least, greatest
 *        3200  buckets  976 counts of 8 bytes
 *       11008  bytes in all
 *
 * Each figure is exact by itself once nobody records; while others record, and where a participant
 * died between two steps of recording, count and sum may differ by the values that are under way.
 *
 * Threads. All functions, any thread; wait-free. No two threads may use one participant.
 *
 * Source. Log-linear buckets: Gil Tene's HdrHistogram.
 */
#ifndef SLUICE_HISTOGRAM_H
#define SLUICE_HISTOGRAM_H

#include <stddef.h>

#include "sluice/directory.h"

#define SLUICE_HISTOGRAM_BUCKETS 976

typedef struct sluice_histogram_line {
  _Atomic uint64_t sum;
  _Atomic uint64_t not_least; /* the complement of the least value, so that 0 is "none yet" */
  _Atomic uint64_t greatest;
  uint64_t reserved[5];
} sluice_histogram_line;

typedef struct sluice_histogram {
  sluice_object object;
  sluice_histogram_line lines[SLUICE_PARTICIPANTS + 1];
  _Atomic uint64_t buckets[SLUICE_HISTOGRAM_BUCKETS];
} sluice_histogram;

_Static_assert(sizeof(sluice_histogram_line) == 64, "a participant has its own line");
_Static_assert(offsetof(sluice_histogram, lines) == 128, "as drawn");
_Static_assert(offsetof(sluice_histogram, buckets) == 3200, "as drawn");
_Static_assert(sizeof(sluice_histogram) == 11008, "11008 bytes in all");

/* Opens the histogram called `name`, or creates it (see sluice_object_open for the errors). Returns
 * its offset, or 0 with space->status. Lock-free. */
uint32_t sluice_histogram_open(sluice_space *space, const char *name, uint32_t name_bytes);

/* Makes a histogram at `at` (128-byte aligned, sizeof(sluice_histogram) bytes, zeroed), without a
 * space. SLUICE_OK or SLUICE_E_INVALID. */
int sluice_histogram_init(void *at);

/* Records `value` for participant `owner`. SLUICE_OK, or SLUICE_E_INVALID for what is no
 * participant's id. Wait-free: two read-modify-writes and up to two stores. */
int sluice_histogram_record(sluice_histogram *histogram, uint32_t owner, uint64_t value);

/* Adds all of `from` to `to`, for participant `owner`. SLUICE_OK, or SLUICE_E_INVALID as above and
 * for a histogram and itself. Wait-free. */
int sluice_histogram_merge(sluice_histogram *to, const sluice_histogram *from, uint32_t owner);

/* How many values were recorded. */
uint64_t sluice_histogram_count(const sluice_histogram *histogram);

/* Their sum, modulo 2^64. */
uint64_t sluice_histogram_sum(const sluice_histogram *histogram);

/* The least and the greatest of them, exactly; 0 when there are none. */
uint64_t sluice_histogram_min(const sluice_histogram *histogram);
uint64_t sluice_histogram_max(const sluice_histogram *histogram);

/* The value that a share `p` (0 to 1) of all is not above: 0.5 the median, 0 the least, 1 the
 * greatest; to within 1/32. SLUICE_OK; SLUICE_E_EMPTY when there are none; SLUICE_E_INVALID for
 * another `p`. */
int sluice_histogram_quantile(const sluice_histogram *histogram, double p, uint64_t *value);

/* Forgets all. What others record meanwhile is forgotten or kept, possibly in one figure and not in
 * another; no more than that. */
void sluice_histogram_reset(sluice_histogram *histogram);

#endif
