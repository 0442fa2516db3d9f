/* A participant dies while it records a value: the figures are off by that value at most. */
#include "sluice/histogram.h"

#include "crash.h"

enum { VALUES = 4 };

static sluice_histogram *open_it(sluice_space *space, crash_log *log) {
  log->notes[0] = sluice_histogram_open(space, "h", 1);
  CRASH_TRUE(log->notes[0] != 0);
  return sluice_at(space, (uint32_t)log->notes[0]);
}

static void one_value(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_histogram_record(open_it(space, log), space->participant, 500), SLUICE_OK);
}

static void record(sluice_space *space, crash_log *log) {
  sluice_histogram *histogram = open_it(space, log);
  for (uint32_t n = 1; n <= VALUES; n++) {
    CRASH_EQUAL(sluice_histogram_record(histogram, space->participant, n * 1000), SLUICE_OK);
    atomic_store(&log->done, n);
  }
}

static void figures_are_near(sluice_space *space, crash_log *log, int finished) {
  const sluice_histogram *histogram = sluice_at(space, (uint32_t)log->notes[0]);
  uint64_t done = atomic_load(&log->done);
  uint64_t sum = 500 + 1000 * done * (done + 1) / 2;
  uint64_t next = 1000 * (done + 1);
  int at_sum = crash_step_is("histogram.record: sum added");
  int at_extremes = crash_step_is("histogram.record: extremes raised");
  CRASH_TRUE(!finished || done == VALUES);
  CRASH_EQUAL(sluice_histogram_count(histogram), 1 + done);
  CRASH_EQUAL(sluice_histogram_sum(histogram), sum + (at_sum || at_extremes ? next : 0));
  CRASH_EQUAL(sluice_histogram_min(histogram), 500);
  /* Where the dead one's line is ahead of the buckets, the greatest is known to within 1/32. */
  uint64_t greatest = done == 0 ? 500 : 1000 * done;
  uint64_t shown = sluice_histogram_max(histogram);
  CRASH_TRUE(shown >= greatest && shown <= greatest + (at_extremes ? greatest / 32 : 0));
}

static void remove_it(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  CRASH_EQUAL(sluice_directory_remove(space, "h", 1), SLUICE_OK);
}

const crash_scenario crash_scenarios[] = {
    {"a histogram loses no more than its dead recorder's last value", one_value, record,
     figures_are_near, remove_it},
    {NULL, NULL, NULL, NULL, NULL},
};
