/* What the workers of the figure "parallel" compute: some microseconds for each number, and no memory but a word
 * of the result. */
#include <stdint.h>

enum { RESULTS = 4096, STEPS = 4000 };

static uint32_t results[RESULTS];

__attribute__((export_name("kernel"))) void kernel(int32_t begin, int32_t end) {
  for (int32_t i = begin; i < end; i++) {
    uint32_t state = (uint32_t)i + 1;
    for (int step = 0; step < STEPS; step++) {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
    }
    results[i % RESULTS] += state;
  }
}

/* The sum of all results, which are 0 again afterwards. */
__attribute__((export_name("kernel_sum"))) uint32_t kernel_sum(void) {
  uint32_t sum = 0;
  for (int i = 0; i < RESULTS; i++) {
    sum += results[i];
    results[i] = 0;
  }
  return sum;
}
