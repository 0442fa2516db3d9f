/* Places where a crash test kills the process: after each step that another participant can see.
 * Nothing in a release build. */
#ifndef SLUICE_STEP_H
#define SLUICE_STEP_H

#if defined(SLUICE_STEPS)
/* Defined by the test. `name` says what has just happened: "object.verb: what". */
void sluice_step(const char *name);
#define SLUICE_STEP(name) sluice_step(name)
#else
#define SLUICE_STEP(name) ((void)0)
#endif

#endif
