/* A thread that sleeps in a call on some object, for the tests of locks: the test goes on when the
 * thread sleeps indeed, in the kernel, and not only when it is about to. */
#ifndef SLUICE_TEST_SLEEPER_H
#define SLUICE_TEST_SLEEPER_H

#include <stdatomic.h>
#include <sys/syscall.h>

#include "kinds.h"
#include "support.h"

/* Participants without a space. */
enum { A = 1 << 8 | 1, B = 1 << 8 | 2, C = 1 << 8 | 3, D = 7 << 8 | 47 };

/* No participant's id: nobody, slot 0, a slot too many, more bits than an id has. */
static const uint32_t no_ids[] = {0, 1 << 8, 1 << 8 | 48, 1 << 8 | 255, UINT32_C(0x40000001)};
enum { NO_IDS = sizeof no_ids / sizeof *no_ids };

typedef struct sleeper {
  int (*call)(void *object, uint32_t owner);
  void *object;
  uint32_t owner;
  pthread_t thread;
  _Atomic int task;
} sleeper;

static inline void *sleeper_run(void *argument) {
  sleeper *self = argument;
  atomic_store(&self->task, (int)syscall(SYS_gettid));
  return (void *)(intptr_t)self->call(self->object, self->owner);
}

/* Does it sleep in the kernel? */
static inline int sleeps(const sleeper *self) {
  char path[64];
  char text[256] = {0};
  int task = atomic_load(&self->task);
  (void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", task);
  FILE *file = task == 0 ? NULL : fopen(path, "r");
  if (file == NULL) {
    return 0;
  }
  (void)fgets(text, sizeof text, file);
  (void)fclose(file);
  const char *state = strrchr(text, ')');
  return state != NULL && state[1] == ' ' && state[2] == 'S';
}

/* Starts a thread that calls `call`, and waits until it sleeps there. */
static inline void put_to_sleep(sleeper *self, int (*call)(void *, uint32_t), void *object,
                                uint32_t owner) {
  *self = (sleeper){.call = call, .object = object, .owner = owner};
  self->thread = start(sleeper_run, self);
  while (!sleeps(self)) {
    sleep_ms(1);
  }
}

/* What its call answered, once it has. */
static inline int awake(sleeper *self) {
  return (int)finish(self->thread);
}

#endif
