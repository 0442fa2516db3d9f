#include "sluice/histogram.h"

#include "internal.h"

static sluice_shape shape(void) {
  return (sluice_shape){.kind = SLUICE_KIND_HISTOGRAM,
                        .bytes = sizeof(sluice_histogram),
                        .capacity = SLUICE_HISTOGRAM_BUCKETS};
}

int sluice_histogram_init(void *at) {
  return sluice_object_init(at, shape());
}

uint32_t sluice_histogram_open(sluice_space *space, const char *name, uint32_t name_bytes) {
  return sluice_object_open(space, name, name_bytes, shape());
}

/* 16 to a doubling: the exponent, and the four bits below the first one. */
static uint32_t bucket_of(uint64_t value) {
  if (value < 16) {
    return (uint32_t)value;
  }
  uint32_t exponent = 63 - (uint32_t)__builtin_clzll(value);
  return (exponent - 3) * 16 + (uint32_t)(value >> (exponent - 4) & 15);
}

/* The least value of a bucket, and how many there are. */
static uint64_t least_of(uint32_t bucket) {
  return bucket < 16 ? bucket : (UINT64_C(16) + bucket % 16) << (bucket / 16 - 1);
}

static uint64_t width_of(uint32_t bucket) {
  return bucket < 16 ? 1 : UINT64_C(1) << (bucket / 16 - 1);
}

static uint64_t load(const _Atomic uint64_t *figure) {
  return atomic_load_explicit(figure, memory_order_relaxed);
}

static sluice_histogram_line *line_of(sluice_histogram *histogram, uint32_t owner) {
  return sluice_owner_valid(owner) ? &histogram->lines[(owner & UINT32_C(0xff)) - 1] : NULL;
}

static void raise_to(_Atomic uint64_t *figure, uint64_t value) {
  if (value > load(figure)) {
    atomic_store_explicit(figure, value, memory_order_relaxed);
  }
}

/* The line is its owner's alone, but for a reset. Nothing that was before a reset comes back by
 * this: what is stored is the new value only, what is added is added to what is there. */
static void raise(sluice_histogram_line *line, uint64_t sum, uint64_t not_least,
                  uint64_t greatest) {
  atomic_fetch_add_explicit(&line->sum, sum, memory_order_relaxed);
  SLUICE_STEP("histogram.record: sum added");
  raise_to(&line->not_least, not_least);
  raise_to(&line->greatest, greatest);
  SLUICE_STEP("histogram.record: extremes raised");
}

int sluice_histogram_record(sluice_histogram *histogram, uint32_t owner, uint64_t value) {
  sluice_histogram_line *line = line_of(histogram, owner);
  if (line == NULL) {
    return SLUICE_E_INVALID;
  }
  raise(line, value, ~value, value);
  atomic_fetch_add_explicit(&histogram->buckets[bucket_of(value)], 1, memory_order_relaxed);
  return SLUICE_OK;
}

int sluice_histogram_merge(sluice_histogram *to, const sluice_histogram *from, uint32_t owner) {
  sluice_histogram_line *line = line_of(to, owner);
  if (line == NULL || to == from) {
    return SLUICE_E_INVALID;
  }
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    const sluice_histogram_line *other = &from->lines[i];
    raise(line, load(&other->sum), load(&other->not_least), load(&other->greatest));
  }
  for (uint32_t i = 0; i < SLUICE_HISTOGRAM_BUCKETS; i++) {
    uint64_t count = load(&from->buckets[i]);
    if (count != 0) {
      atomic_fetch_add_explicit(&to->buckets[i], count, memory_order_relaxed);
    }
  }
  return SLUICE_OK;
}

uint64_t sluice_histogram_count(const sluice_histogram *histogram) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < SLUICE_HISTOGRAM_BUCKETS; i++) {
    count += load(&histogram->buckets[i]);
  }
  return count;
}

uint64_t sluice_histogram_sum(const sluice_histogram *histogram) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    sum += load(&histogram->lines[i].sum);
  }
  return sum;
}

/* Does the value lie in the bucket? (From a lesser one the difference wraps.) The lines may lag
 * behind the buckets. */
static int within(uint32_t bucket, uint64_t value) {
  return value - least_of(bucket) < width_of(bucket);
}

uint64_t sluice_histogram_min(const sluice_histogram *histogram) {
  uint32_t bucket = 0;
  while (bucket < SLUICE_HISTOGRAM_BUCKETS && load(&histogram->buckets[bucket]) == 0) {
    bucket++;
  }
  if (bucket == SLUICE_HISTOGRAM_BUCKETS) {
    return 0;
  }
  uint64_t not_least = 0;
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    uint64_t own = load(&histogram->lines[i].not_least);
    not_least = own > not_least ? own : not_least;
  }
  return within(bucket, ~not_least) ? ~not_least : least_of(bucket);
}

uint64_t sluice_histogram_max(const sluice_histogram *histogram) {
  uint32_t bucket = SLUICE_HISTOGRAM_BUCKETS - 1;
  while (bucket != 0 && load(&histogram->buckets[bucket]) == 0) {
    bucket--;
  }
  uint64_t greatest = 0;
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    uint64_t own = load(&histogram->lines[i].greatest);
    greatest = own > greatest ? own : greatest;
  }
  return within(bucket, greatest) ? greatest : least_of(bucket) + (width_of(bucket) - 1);
}

/* The value at `rank`, 1 to count, of all in order. */
static uint64_t value_at(const sluice_histogram *histogram, uint64_t rank) {
  uint32_t bucket = 0;
  uint64_t passed = load(&histogram->buckets[0]);
  while (passed < rank && bucket < SLUICE_HISTOGRAM_BUCKETS - 1) { /* a reset may come */
    bucket++;
    passed += load(&histogram->buckets[bucket]);
  }
  return least_of(bucket) + width_of(bucket) / 2;
}

int sluice_histogram_quantile(const sluice_histogram *histogram, double p, uint64_t *value) {
  if (!(p >= 0 && p <= 1)) { /* NaN too */
    return SLUICE_E_INVALID;
  }
  uint64_t count = sluice_histogram_count(histogram);
  if (count == 0) {
    return SLUICE_E_EMPTY;
  }
  double exact = p * (double)count;
  uint64_t rank = exact >= (double)count ? count : (uint64_t)exact;
  rank += (double)rank < exact ? 1 : 0;
  uint64_t least = sluice_histogram_min(histogram);
  uint64_t greatest = sluice_histogram_max(histogram);
  if (rank <= 1 || rank == count) {
    *value = rank <= 1 ? least : greatest;
    return SLUICE_OK;
  }
  uint64_t middle = value_at(histogram, rank);
  middle = middle < least ? least : middle;
  *value = middle > greatest ? greatest : middle;
  return SLUICE_OK;
}

void sluice_histogram_reset(sluice_histogram *histogram) {
  for (uint32_t i = 0; i < SLUICE_HISTOGRAM_BUCKETS; i++) {
    if (load(&histogram->buckets[i]) != 0) {
      atomic_store_explicit(&histogram->buckets[i], 0, memory_order_relaxed);
    }
  }
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    sluice_histogram_line *line = &histogram->lines[i];
    atomic_store_explicit(&line->sum, 0, memory_order_relaxed);
    atomic_store_explicit(&line->not_least, 0, memory_order_relaxed);
    atomic_store_explicit(&line->greatest, 0, memory_order_relaxed);
  }
}
