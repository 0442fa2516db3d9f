/* Threads of the survivor's process that live through the scenario, above all those that sleep on
 * the object while the victim dies, and have to be woken. Nothing here waits for time to pass: it
 * waits for conditions, and fails after BYSTANDER_LIMIT seconds. */
#ifndef SLUICE_CRASH_BYSTANDER_H
#define SLUICE_CRASH_BYSTANDER_H

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "crash.h"

enum { BYSTANDER_LIMIT = 10 };

typedef struct bystander {
  void (*act)(struct bystander *);
  void *context;
  pthread_t thread;
  pid_t process;
  _Atomic int number; /* the thread's, for the system */
  _Atomic int about_to_sleep;
  _Atomic int done;
} bystander;

/* How the system names the calling thread: the link says "<process>/task/<thread>". */
static inline int bystander_number(void) {
  char link[64] = "";
  CRASH_TRUE(readlink("/proc/thread-self", link, sizeof link - 1) > 0);
  return atoi(strrchr(link, '/') + 1);
}

/* The thread's state as the system has it: 'S' asleep, 'R' running; 0 when it is gone. */
static inline int bystander_state(int process, int thread) {
  char path[64];
  char text[256];
  (void)snprintf(path, sizeof path, "/proc/%d/task/%d/stat", process, thread);
  int file = open(path, O_RDONLY);
  if (file < 0) {
    return 0;
  }
  ssize_t length = read(file, text, sizeof text - 1);
  (void)close(file);
  text[length < 0 ? 0 : length] = 0;
  const char *name_end = strrchr(text, ')');
  return name_end == NULL || name_end[1] == 0 || name_end[2] == 'Z' ? 0 : name_end[2];
}

static inline double bystander_now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* One turn of a loop that waits for a condition, begun at `from`. */
static inline void bystander_turn(double from, const char *what) {
  if (bystander_now() - from > BYSTANDER_LIMIT) {
    crash_fail(__FILE__, __LINE__, what, 0, 1);
  }
  (void)sched_yield();
}

/* Until a thread sleeps, or is gone. */
static inline void until_asleep(int process, int thread) {
  double from = bystander_now();
  for (int state = 'R'; state != 'S' && state != 0; state = bystander_state(process, thread)) {
    bystander_turn(from, "a thread does not fall asleep");
  }
}

/* Until the bystander sleeps in the call that it has said it is about to make, or is through with
 * it. The victim may ask too. */
static inline void until_bystander_sleeps(bystander *who) {
  double from = bystander_now();
  while (atomic_load(&who->about_to_sleep) == 0 && atomic_load(&who->done) == 0) {
    bystander_turn(from, "a bystander does not get to its sleep");
  }
  until_asleep((int)who->process, atomic_load(&who->number));
}

static inline void until_begun(crash_log *log) {
  double from = bystander_now();
  while (atomic_load(&log->begun) == 0) {
    bystander_turn(from, "the victim does not begin");
  }
}

/* Did the victim die in the middle of waking somebody? */
static inline int died_while_it_woke(void) {
  return strncmp(crash_step(), "event.signal", strlen("event.signal")) == 0;
}

static inline void *bystander_run(void *argument) {
  bystander *who = argument;
  atomic_store(&who->number, bystander_number());
  who->act(who);
  atomic_store(&who->done, 1);
  return NULL;
}

static inline void bystander_start(bystander *who, void (*act)(bystander *), void *context) {
  *who = (bystander){.act = act, .context = context, .process = getpid()};
  CRASH_EQUAL(pthread_create(&who->thread, NULL, bystander_run, who), 0);
}

/* Until it is through: it was woken when it had to be. */
static inline void bystander_join(bystander *who) {
  double from = bystander_now();
  while (atomic_load(&who->done) == 0) {
    bystander_turn(from, "a bystander sleeps for ever");
  }
  CRASH_EQUAL(pthread_join(who->thread, NULL), 0);
}

#endif
