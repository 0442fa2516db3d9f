/* histogram.h */
#include <math.h>

#include "support.h"

#include "sluice/histogram.h"

enum { OWNER = 1 << 8 | 1, OTHER = 1 << 8 | SLUICE_PARTICIPANTS, THREADS = 4, VALUES = 20000 };

static sluice_histogram *fresh_histogram(void) {
  sluice_histogram *histogram = fresh(sizeof *histogram);
  assert_int_equal(sluice_histogram_init(histogram), SLUICE_OK);
  return histogram;
}

static void record(sluice_histogram *histogram, uint64_t value) {
  assert_int_equal(sluice_histogram_record(histogram, OWNER, value), SLUICE_OK);
}

static uint64_t quantile(const sluice_histogram *histogram, double p) {
  uint64_t value = 0;
  assert_int_equal(sluice_histogram_quantile(histogram, p, &value), SLUICE_OK);
  return value;
}

static void an_empty_histogram_has_no_quantiles(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  uint64_t value = 7;
  assert_int_equal(sluice_histogram_quantile(histogram, 0.5, &value), SLUICE_E_EMPTY);
  assert_int_equal(value, 7);
  assert_int_equal(sluice_histogram_count(histogram), 0);
  assert_int_equal(sluice_histogram_sum(histogram), 0);
  assert_int_equal(sluice_histogram_min(histogram), 0);
  assert_int_equal(sluice_histogram_max(histogram), 0);
  free(histogram);
}

static void count_sum_least_and_greatest_are_exact(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  record(histogram, 1000003);
  record(histogram, 77777);
  assert_int_equal(sluice_histogram_record(histogram, OTHER, 123456789), SLUICE_OK);
  assert_int_equal(sluice_histogram_count(histogram), 3);
  assert_int_equal(sluice_histogram_sum(histogram), 1000003 + 77777 + 123456789);
  assert_int_equal(sluice_histogram_min(histogram), 77777);
  assert_int_equal(sluice_histogram_max(histogram), 123456789);
  assert_int_equal(sluice_histogram_record(histogram, OTHER, 70), SLUICE_OK);
  assert_int_equal(sluice_histogram_min(histogram), 70);
  record(histogram, 0);
  record(histogram, UINT64_MAX);
  assert_int_equal(sluice_histogram_sum(histogram), 1000003 + 77777 + 123456789 + 70 - 1);
  assert_int_equal(sluice_histogram_min(histogram), 0);
  assert_true(sluice_histogram_max(histogram) == UINT64_MAX);
  free(histogram);
}

static void the_greatest_value_alone_is_the_least_too(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  record(histogram, UINT64_MAX);
  assert_true(sluice_histogram_min(histogram) == UINT64_MAX);
  assert_true(sluice_histogram_max(histogram) == UINT64_MAX);
  sluice_histogram_reset(histogram);
  record(histogram, UINT64_MAX);
  assert_true(sluice_histogram_min(histogram) == UINT64_MAX);
  free(histogram);
}

static void the_edges_of_a_bucket_are_given_back_exactly(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  const uint64_t edges[] = {64, 67};
  for (uint32_t i = 0; i < 2; i++) {
    sluice_histogram_reset(histogram);
    record(histogram, edges[i]);
    assert_int_equal(sluice_histogram_min(histogram), edges[i]);
    assert_int_equal(sluice_histogram_max(histogram), edges[i]);
  }
  free(histogram);
}

static void values_below_32_are_given_back_exactly(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  for (uint64_t value = 0; value < 32; value++) {
    record(histogram, value);
  }
  for (uint32_t i = 0; i < 32; i++) {
    assert_int_equal(quantile(histogram, (i + 0.5) / 32), i);
    assert_int_equal(quantile(histogram, (i + 1) / 32.0), i); /* so many are not above it */
  }
  free(histogram);
}

/* Each value alone between a lesser and a greater one, so that its bucket's middle is given back.
 */
static void a_value_is_given_back_to_within_a_32nd(void **state) {
  (void)state;
  uint64_t seed = 1;
  sluice_histogram *histogram = fresh_histogram();
  for (int i = 0; i < 20000; i++) {
    uint64_t value = random_next(&seed) >> random_below(&seed, 60);
    if (i < 64 * 2) { /* the edges of each doubling first */
      value = (UINT64_C(1) << (i / 2)) - (uint64_t)(i & 1);
    }
    sluice_histogram_reset(histogram);
    record(histogram, 0);
    record(histogram, value);
    record(histogram, UINT64_MAX);
    uint64_t back = quantile(histogram, 0.5);
    uint64_t error = back > value ? back - value : value - back;
    assert_true(error <= value / 32);
  }
  free(histogram);
}

static void every_value_has_one_bucket(void **state) {
  (void)state;
  uint64_t seed = 2;
  sluice_histogram *histogram = fresh_histogram();
  for (int i = 0; i < 10000; i++) {
    record(histogram, random_next(&seed) >> random_below(&seed, 64));
  }
  record(histogram, UINT64_MAX);
  assert_int_equal(sluice_histogram_count(histogram), 10001);
  assert_int_equal(atomic_load(&histogram->buckets[SLUICE_HISTOGRAM_BUCKETS - 1]) != 0, 1);
  free(histogram);
}

static void quantiles_are_those_of_the_sorted_values(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  for (uint64_t value = 1; value <= 10000; value++) {
    record(histogram, value);
  }
  const double shares[] = {0.0001, 0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999};
  for (uint32_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
    uint64_t wanted = (uint64_t)(shares[i] * 10000 + 0.5); /* all are whole numbers */
    uint64_t back = quantile(histogram, shares[i]);
    assert_true((back > wanted ? back - wanted : wanted - back) <= wanted / 32 + 1);
  }
  assert_int_equal(quantile(histogram, 0), 1);
  assert_int_equal(quantile(histogram, 1), 10000);
  free(histogram);
}

static void shares_at_the_ends_are_the_least_and_the_greatest_exactly(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  record(histogram, 74000);
  record(histogram, 88888);
  record(histogram, 1000003);
  assert_int_equal(quantile(histogram, 0), 74000);
  assert_int_equal(quantile(histogram, 0.25), 74000);
  assert_in_range(quantile(histogram, 0.5), 88888 - 88888 / 32, 88888 + 88888 / 32);
  assert_int_equal(quantile(histogram, 0.75), 1000003);
  assert_int_equal(quantile(histogram, 1), 1000003);
  free(histogram);
}

/* 66 is the middle of the bucket of 64 to 67. */
static void no_quantile_is_below_the_least_or_above_the_greatest(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  record(histogram, 67);
  record(histogram, 67);
  record(histogram, 1000);
  assert_int_equal(quantile(histogram, 0.5), 67);
  sluice_histogram_reset(histogram);
  record(histogram, 10);
  record(histogram, 64);
  record(histogram, 64);
  assert_int_equal(quantile(histogram, 0.5), 64);
  free(histogram);
}

static void a_share_out_of_range_is_invalid(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  uint64_t value = 0;
  record(histogram, 1);
  const double wrong[] = {-0.001, 1.001, (double)NAN, (double)INFINITY, -(double)INFINITY};
  for (uint32_t i = 0; i < 5; i++) {
    assert_int_equal(sluice_histogram_quantile(histogram, wrong[i], &value), SLUICE_E_INVALID);
  }
  free(histogram);
}

static void merging_adds_all_figures(void **state) {
  (void)state;
  uint64_t seed = 3;
  sluice_histogram *one = fresh_histogram();
  sluice_histogram *two = fresh_histogram();
  sluice_histogram *both = fresh_histogram();
  for (int i = 0; i < 5000; i++) {
    uint64_t value = random_next(&seed) >> (16 + random_below(&seed, 40));
    assert_int_equal(sluice_histogram_record(i % 3 ? one : two, i % 2 ? OWNER : OTHER, value),
                     SLUICE_OK);
    record(both, value);
  }
  assert_int_equal(sluice_histogram_merge(one, two, OTHER), SLUICE_OK);
  assert_int_equal(sluice_histogram_count(one), 5000);
  assert_true(sluice_histogram_sum(one) == sluice_histogram_sum(both));
  assert_true(sluice_histogram_min(one) == sluice_histogram_min(both));
  assert_true(sluice_histogram_max(one) == sluice_histogram_max(both));
  for (int i = 0; i <= 100; i++) {
    assert_true(quantile(one, i / 100.0) == quantile(both, i / 100.0));
  }
  free(one);
  free(two);
  free(both);
}

static void merging_with_an_empty_histogram_changes_no_figure(void **state) {
  (void)state;
  sluice_histogram *one = fresh_histogram();
  sluice_histogram *none = fresh_histogram();
  record(one, 5);
  assert_int_equal(sluice_histogram_merge(one, none, OTHER), SLUICE_OK);
  assert_int_equal(sluice_histogram_count(one), 1);
  assert_int_equal(sluice_histogram_min(one), 5);
  assert_int_equal(sluice_histogram_max(one), 5);
  record(one, 0); /* and the values at both ends are added as any other */
  record(one, UINT64_MAX);
  assert_int_equal(sluice_histogram_merge(none, one, OTHER), SLUICE_OK);
  assert_int_equal(sluice_histogram_count(none), 3);
  assert_int_equal(sluice_histogram_min(none), 0);
  assert_true(sluice_histogram_max(none) == UINT64_MAX);
  free(one);
  free(none);
}

static void a_histogram_does_not_merge_with_itself(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  assert_int_equal(sluice_histogram_merge(histogram, histogram, OWNER), SLUICE_E_INVALID);
  free(histogram);
}

static void only_a_participant_records_and_merges(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  sluice_histogram *other = fresh_histogram();
  const uint32_t none[] = {0, 1 << 8, 1 << 8 | 48, SLUICE_OWNER_DIED_BIT | OWNER, UINT32_MAX};
  for (uint32_t i = 0; i < 5; i++) {
    assert_int_equal(sluice_histogram_record(histogram, none[i], 1), SLUICE_E_INVALID);
    assert_int_equal(sluice_histogram_merge(histogram, other, none[i]), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_histogram_count(histogram), 0);
  assert_int_equal(
      sluice_histogram_record(histogram, SLUICE_OWNER_MASK - 0xff + SLUICE_PARTICIPANTS, 1),
      SLUICE_OK);
  free(histogram);
  free(other);
}

static void a_reset_forgets_all(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  record(histogram, 1 << 20);
  record(histogram, UINT64_MAX);
  assert_int_equal(sluice_histogram_record(histogram, OTHER, 1 << 20), SLUICE_OK);
  sluice_histogram_reset(histogram);
  assert_int_equal(sluice_histogram_count(histogram), 0);
  assert_int_equal(sluice_histogram_sum(histogram), 0);
  assert_int_equal(sluice_histogram_max(histogram), 0);
  record(histogram, 9);
  assert_int_equal(sluice_histogram_min(histogram), 9);
  assert_int_equal(sluice_histogram_max(histogram), 9);
  sluice_histogram_reset(histogram);
  record(histogram, 64); /* of one bucket, which would not hide what is left of these */
  record(histogram, 67);
  sluice_histogram_reset(histogram);
  record(histogram, 65);
  assert_int_equal(sluice_histogram_min(histogram), 65);
  assert_int_equal(sluice_histogram_max(histogram), 65);
  free(histogram);
}

/* A participant that died, or a reset that came, between the two steps of recording. */
static void a_count_without_its_extremes_stays_within_its_bucket(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  atomic_store(&histogram->buckets[48], 1); /* 64 to 67 */
  assert_int_equal(sluice_histogram_min(histogram), 64);
  assert_int_equal(sluice_histogram_max(histogram), 67);
  assert_in_range(quantile(histogram, 0.5), 64, 67);
  atomic_store(&histogram->lines[0].greatest, 68);
  assert_int_equal(sluice_histogram_max(histogram), 67);
  free(histogram);
}

/* The same between the other two. */
static void extremes_without_a_count_are_none(void **state) {
  (void)state;
  sluice_histogram *histogram = fresh_histogram();
  atomic_store(&histogram->lines[0].greatest, 500);
  atomic_store(&histogram->lines[0].not_least, ~UINT64_C(500));
  assert_int_equal(sluice_histogram_min(histogram), 0);
  assert_int_equal(sluice_histogram_max(histogram), 0);
  free(histogram);
}

static void init_refuses_a_misaligned_address(void **state) {
  (void)state;
  unsigned char *at = fresh(sizeof(sluice_histogram) + 64);
  assert_int_equal(sluice_histogram_init(at + 64), SLUICE_E_INVALID);
  free(at);
}

static void one_name_is_one_histogram(void **state) {
  (void)state;
  sluice_space space = fresh_space(1 << 16);
  uint32_t offset = sluice_histogram_open(&space, "h", 1);
  const sluice_object *object = sluice_at(&space, offset);
  assert_int_equal(object->bytes, sizeof(sluice_histogram));
  assert_int_equal(object->capacity, SLUICE_HISTOGRAM_BUCKETS);
  assert_int_not_equal(offset, 0);
  assert_int_equal(sluice_histogram_open(&space, "h", 1), offset);
  assert_int_equal(sluice_ring_open(&space, "h", 1, 64, 0), 0);
  assert_int_equal(space.status, SLUICE_E_MISMATCH);
  free(space.base);
}

static struct {
  sluice_histogram *histogram;
  _Atomic uint32_t next;
} shared;

static void *record_many(void *argument) {
  (void)argument;
  uint32_t owner = 1 << 8 | (atomic_fetch_add(&shared.next, 1) + 1);
  for (uint64_t i = 1; i <= VALUES; i++) {
    (void)sluice_histogram_record(shared.histogram, owner, i * owner);
  }
  return NULL;
}

static void nothing_recorded_is_lost(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  shared.histogram = fresh_histogram();
  for (int i = 0; i < THREADS; i++) {
    threads[i] = start(record_many, NULL);
  }
  uint64_t value = 0;
  for (int i = 0; i < 200; i++) { /* any look meanwhile is in range */
    if (sluice_histogram_quantile(shared.histogram, 0.9, &value) == SLUICE_OK) {
      assert_true(value >= 1 << 8 && value <= VALUES * (UINT64_C(1) << 8 | THREADS));
    }
  }
  uint64_t sum = 0;
  for (int i = 0; i < THREADS; i++) {
    (void)finish(threads[i]);
    sum += (uint64_t)VALUES * (VALUES + 1) / 2 * (1U << 8 | ((uint32_t)i + 1));
  }
  assert_int_equal(sluice_histogram_count(shared.histogram), THREADS * VALUES);
  assert_true(sluice_histogram_sum(shared.histogram) == sum);
  assert_int_equal(sluice_histogram_min(shared.histogram), 1 << 8 | 1);
  assert_int_equal(sluice_histogram_max(shared.histogram), VALUES * (1 << 8 | THREADS));
  free(shared.histogram);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_histogram_has_no_quantiles),
      cmocka_unit_test(count_sum_least_and_greatest_are_exact),
      cmocka_unit_test(the_greatest_value_alone_is_the_least_too),
      cmocka_unit_test(the_edges_of_a_bucket_are_given_back_exactly),
      cmocka_unit_test(values_below_32_are_given_back_exactly),
      cmocka_unit_test(a_value_is_given_back_to_within_a_32nd),
      cmocka_unit_test(every_value_has_one_bucket),
      cmocka_unit_test(quantiles_are_those_of_the_sorted_values),
      cmocka_unit_test(shares_at_the_ends_are_the_least_and_the_greatest_exactly),
      cmocka_unit_test(no_quantile_is_below_the_least_or_above_the_greatest),
      cmocka_unit_test(a_share_out_of_range_is_invalid),
      cmocka_unit_test(merging_adds_all_figures),
      cmocka_unit_test(merging_with_an_empty_histogram_changes_no_figure),
      cmocka_unit_test(a_histogram_does_not_merge_with_itself),
      cmocka_unit_test(only_a_participant_records_and_merges),
      cmocka_unit_test(a_reset_forgets_all),
      cmocka_unit_test(a_count_without_its_extremes_stays_within_its_bucket),
      cmocka_unit_test(extremes_without_a_count_are_none),
      cmocka_unit_test(init_refuses_a_misaligned_address),
      cmocka_unit_test(one_name_is_one_histogram),
      cmocka_unit_test(nothing_recorded_is_lost),
  };
  return RUN(tests);
}
