/* Crash injection: kills a process at each step of a protocol, and the one that cleans up after it
 * at each step of that, and looks at what the survivors find.
 *
 * The core is built with -DSLUICE_STEPS: each SLUICE_STEP in it calls sluice_step. A scenario has
 * four parts, all on the same shared memory:
 *
 *   prepare   the survivor, before: makes the objects
 *   act       the victim, a process of its own that has joined; each step in here is a place to die
 *   check     the survivor, after the victim is buried: everything works, nothing is lost, doubled
 *             or stuck. `finished` is 1 when the victim was not killed.
 *   clean     the survivor removes and closes what it made; then the space has to be empty
 *
 * The driver runs the scenario with the victim killed at its 1st, 2nd, 3rd... step until it gets to
 * its end; and for each of these, with the burier killed at its 1st, 2nd... step, and a second
 * burier that buries the first and finishes its work. Reports the steps by name.
 *
 * A burial takes some steps very often, as one on each of many words that somebody may sleep on;
 * and a victim may die at one step in each of many rounds. In short the driver looks at samples:
 * see is_place in crash.c. With the argument "all" it leaves nothing out.
 *
 * Who lives may make a move in the middle of the victim's or the survivor's call, at an exact step
 * of it: crash_meanwhile. Where `act` is NULL nobody dies; the scenario is one exact interleaving,
 * and is run once. */
#ifndef SLUICE_CRASH_H
#define SLUICE_CRASH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sluice/sluice.h"

/* What victim and survivor tell each other, in shared memory beside the space. Zeroed for each run.
 * `log` is the scenario's own: what was acknowledged, handles. */
typedef struct crash_log {
  _Atomic uint64_t begun;  /* counts what the victim is about to do */
  _Atomic uint64_t done;   /* counts what the victim has seen succeed */
  _Atomic uint64_t second; /* the id of a second participant that the victim's process was, or 0 */
  uint64_t guests;         /* participants that `prepare` has let join, and `clean` lets leave */
  uint64_t notes[32];
} crash_log;

typedef struct crash_scenario {
  const char *name; /* NULL ends the list */
  void (*prepare)(sluice_space *space, crash_log *log);
  void (*act)(sluice_space *space, crash_log *log);
  void (*check)(sluice_space *space, crash_log *log, int finished);
  void (*clean)(sluice_space *space, crash_log *log);
} crash_scenario;

/* Each file in this folder defines one list. */
extern const crash_scenario crash_scenarios[];

/* The name of the step at which the victim died, "" when it did not. */
const char *crash_step(void);
static inline int crash_step_is(const char *name) {
  return strcmp(crash_step(), name) == 0;
}

/* The calling thread is at a step, one of the scenario's own. */
void sluice_step(const char *name);

/* Calls `act`, once, when the calling thread gets to the step `step` after `skip` times that it
 * passes it; so another's moves are made in the middle of one's own. Who makes them does not die of
 * them; the victim may die before them and after. From within `act` the moves of a third may be put
 * in the middle of the other's. */
void crash_meanwhile(const char *step, uint32_t skip, void (*act)(void));

/* Calls `act` at once: what others do, who do not die of it. */
void crash_others(void (*act)(void));

_Noreturn void crash_fail(const char *file, int line, const char *what, long long have,
                          long long want);

#define CRASH_EQUAL(have, want)                                             \
  do {                                                                      \
    long long have_ = (long long)(have);                                    \
    long long want_ = (long long)(want);                                    \
    if (have_ != want_) {                                                   \
      crash_fail(__FILE__, __LINE__, #have " is not " #want, have_, want_); \
    }                                                                       \
  } while (0)

#define CRASH_TRUE(condition) CRASH_EQUAL(!!(condition), 1)

#endif
