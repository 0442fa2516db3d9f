/* Before each source of the core that mutate.js has rewritten: every protocol step in it asks
 * whether it is the broken one of this run. One build holds all mutants; the environment chooses.
 */
#ifndef SLUICE_MUTANT_H
#define SLUICE_MUTANT_H

/* The number of this run's mutant, 0 for none. */
extern int sluice_mutant;

/* A byte for each mutant, set when a run gets to it. */
extern unsigned char *sluice_mutant_reached;

static inline int sluice_mutant_is(int number) {
  if (sluice_mutant_reached[number] == 0) { /* a store each time would be another thread's miss */
    sluice_mutant_reached[number] = 1;
  }
  return sluice_mutant == number;
}

/* A compare-and-swap that writes nothing: it answers as it would have. */
#define SLUICE_MUTANT_COMPARE(at, expected)            \
  (__extension__({                                     \
    __auto_type mutant_now = __atomic_load_n((at), 5); \
    __auto_type mutant_expected = (expected);          \
    int mutant_same = mutant_now == *mutant_expected;  \
    if (!mutant_same) {                                \
      *mutant_expected = mutant_now;                   \
    }                                                  \
    mutant_same;                                       \
  }))

/* Now and then lets others overtake. */
void sluice_mutant_linger(void);

/* A compare-and-swap that does not compare, and that gives others the time to come between. */
#define SLUICE_MUTANT_BLIND(at, desired) (sluice_mutant_linger(), *(at) = (desired), 1)

#endif
