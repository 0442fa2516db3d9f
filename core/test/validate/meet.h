/* What two threads do in a validator of wake-ups so that they meet at ever new moments. */
#ifndef SLUICE_TEST_MEET_H
#define SLUICE_TEST_MEET_H

#include <stdint.h>

static inline uint32_t below(uint64_t *random, uint32_t limit) {
  *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return (uint32_t)(*random >> 33) % limit;
}

/* Some hundred nanoseconds at most. */
static inline void dawdle(uint64_t *random) {
  for (uint32_t i = below(random, 512); i != 0; i--) {
    __asm__ volatile("");
  }
}

/* How often to look before going to sleep: mostly about as often as the other dawdles; now and then
 * for as long as a sleeper takes to wake, else both would sleep in every turn and never meet. */
static inline uint32_t patience(uint64_t *random) {
  return below(random, UINT32_C(1) << below(random, 14));
}

#endif
