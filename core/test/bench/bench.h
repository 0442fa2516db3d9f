/* Micro-benchmarks of the core: the same C natively and as WebAssembly.
 *
 * A case is run by one to three threads, each calling bench_run with its role until all rounds are
 * done. The functions are short and are called again and again, because V8 does not replace a
 * running loop. Each case checks what it moved. */
#ifndef SLUICE_BENCH_H
#define SLUICE_BENCH_H

#include <stdint.h>

#include "sluice/sluice.h"

/* A measurement is done in so many parts. */
enum { BENCH_THREADS_MAX = 3, BENCH_PARTS = 8 };

/* How many cases there are; what the case is called; how many threads it takes. */
uint32_t bench_cases(void);
const char *bench_name(uint32_t which);
uint32_t bench_threads(uint32_t which);

/* The limit that the case is held against: the name of the case that measures it, or NULL. */
const char *bench_limit(uint32_t which);

/* The payload's sizes in bytes that the case is run with: how many, and the nth. A case without a
 * payload has one, 0. */
uint32_t bench_sizes(uint32_t which);
uint32_t bench_size(uint32_t which, uint32_t nth);

/* Bytes of the state that each thread keeps for bench_run, zeroed before the first call. */
uint32_t bench_state_bytes(void);

/* Opens what the case needs in this thread. `round` makes the names new. 0, or a negative status.
 */
int bench_open(sluice_space *space, void *state, uint32_t which, uint32_t role, uint32_t size,
               uint32_t round);

/* Waits for the other threads, then does `count` operations, a multiple of 64. Returns 0, or a
 * negative status when something failed or arrived wrong. */
int bench_run(sluice_space *space, void *state, uint32_t count);

/* After all threads' last run: checks what they left behind. 0, or a negative status. */
int bench_check(sluice_space *space, void *state);

/* Closes and removes what bench_open made. */
void bench_close(sluice_space *space, void *state);

#endif
