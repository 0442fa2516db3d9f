/* The counter and the histogram. */
#include "fuzz.h"

#include "sluice/counter.h"
#include "sluice/histogram.h"

static sluice_counter *counter;
static sluice_histogram *histograms[2];

void fuzz_begin(void) {
  uint32_t first = sluice_counter_open(&fuzz_self, "c", 1);
  counter = sluice_at(&fuzz_self, first);
  histograms[0] = sluice_at(&fuzz_self, sluice_histogram_open(&fuzz_self, "g", 1));
  histograms[1] = sluice_at(&fuzz_self, sluice_histogram_open(&fuzz_self, "h", 1));
  fuzz_hot(first, 2 * sizeof(sluice_histogram));
}

void fuzz_step(uint32_t choice) {
  uint32_t owner = (choice >> 7 != 0 ? &fuzz_peer : &fuzz_self)->participant;
  uint32_t which = fuzz_byte();
  sluice_histogram *histogram = histograms[which % 2];
  if (which >= 240) {
    owner = fuzz_word();
  }
  switch (choice % 8) {
    case 0:
      fuzz_status(sluice_counter_add(counter, owner, fuzz_size()));
      break;
    case 1:
      (void)sluice_counter_read(counter);
      break;
    case 2:
    case 3: {
      uint64_t value = (uint64_t)fuzz_word() << (fuzz_byte() % 33);
      fuzz_status(sluice_histogram_record(histogram, owner, value));
      break;
    }
    case 4:
      fuzz_status(sluice_histogram_merge(histogram, histograms[fuzz_byte() % 2], owner));
      break;
    case 5: {
      uint64_t value = 0;
      double p = fuzz_byte() / 128.0 - 0.5;
      fuzz_status(sluice_histogram_quantile(histogram, p, &value));
      fuzz_status(sluice_histogram_quantile(histogram, 1, &value));
      break;
    }
    case 6:
      (void)sluice_histogram_count(histogram);
      (void)sluice_histogram_sum(histogram);
      (void)sluice_histogram_min(histogram);
      (void)sluice_histogram_max(histogram);
      if (choice >= 200) {
        sluice_histogram_reset(histogram);
      }
      break;
    default:
      fuzz_bury();
      break;
  }
}
