/* What the native validators (core/test/validate) ask of POSIX, for WebAssembly under Node, so that
 * the very same sources run there: each is one module, whose main runs in one worker, and
 * pthread_create calls in others. worker.js starts them all before main: they sleep here until they
 * are wanted. There are no processes: fork fails.
 *
 * The C library is the one for a single thread. Nothing of it is used but what keeps no state
 * (strings, numbers, snprintf); what keeps some stands here: memory, output, leaving. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "futex.h"
#include "sluice/space.h"

#define HOST(name) __attribute__((import_module("host"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

/* THREADS beside the main one; worker.js has the same numbers. */
enum { THREADS = 4, STACK_BYTES = 1 << 20, LINE_BYTES = 1024 };

HOST(tell) void host_tell(const char *line, int length);
HOST(leave) _Noreturn void host_leave(int status);
HOST(watch) void host_watch(unsigned seconds);
HOST(now) double host_now(void); /* milliseconds */

/* ---- threads ---- */

enum { IDLE, CLAIMED, RUNNING, ENDED, DISMISSED };

static struct thread {
  _Atomic uint32_t state;
  void *(*start)(void *);
  void *argument;
} threads[THREADS];

/* The main thread's is where the linker put it. */
_Alignas(16) static unsigned char stacks[THREADS][STACK_BYTES];

static void set_state(struct thread *thread, uint32_t state) {
  atomic_store(&thread->state, state);
  sluice_futex_wake(&thread->state);
}

/* Where worker `index`'s stack begins: at its upper end. */
EXPORT(thread_stack) void *thread_stack(uint32_t index) {
  return stacks[index] + STACK_BYTES;
}

/* Worker `index`'s life, from main's beginning to main's end. */
EXPORT(thread_run) void thread_run(uint32_t index) {
  struct thread *thread = &threads[index];
  for (;;) {
    uint32_t state = atomic_load(&thread->state);
    if (state == DISMISSED) {
      return;
    }
    if (state == RUNNING) {
      (void)thread->start(thread->argument);
      set_state(thread, ENDED);
    } else {
      (void)sluice_futex_wait(&thread->state, state, -1);
    }
  }
}

int pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument) {
  (void)attributes;
  for (uint32_t i = 0; i < THREADS; i++) {
    uint32_t idle = IDLE;
    if (atomic_compare_exchange_strong(&threads[i].state, &idle, CLAIMED)) {
      threads[i].start = start;
      threads[i].argument = argument;
      *id = (pthread_t)&threads[i];
      set_state(&threads[i], RUNNING);
      return 0;
    }
  }
  return 1;
}

int pthread_join(pthread_t id, void **result) {
  struct thread *thread = (struct thread *)id;
  (void)result;
  for (uint32_t state = 0; (state = atomic_load(&thread->state)) != ENDED;) {
    (void)sluice_futex_wait(&thread->state, state, -1);
  }
  atomic_store(&thread->state, IDLE);
  return 0;
}

int validate_main(int argc, char **argv); /* the validator's main */

EXPORT(main_run) int main_run(int argc, char **argv) {
  int status = validate_main(argc, argv);
  for (uint32_t i = 0; i < THREADS; i++) {
    set_state(&threads[i], DISMISSED);
  }
  return status;
}

/* ---- memory: never given back, so always zero ---- */

extern unsigned char __heap_base;
static _Atomic uint32_t taken;

static void *take(size_t bytes) {
  uintptr_t from = ((uintptr_t)&__heap_base + SLUICE_ALIGN - 1) & ~(uintptr_t)(SLUICE_ALIGN - 1);
  uintptr_t end = __builtin_wasm_memory_size(0) * 65536;
  if (bytes > end) {
    return NULL;
  }
  bytes = (bytes + SLUICE_ALIGN - 1) & ~(size_t)(SLUICE_ALIGN - 1);
  from += atomic_fetch_add(&taken, bytes);
  return from < end && bytes <= end - from ? (void *)from : NULL;
}

EXPORT(malloc) void *malloc(size_t bytes) {
  return take(bytes);
}

void *calloc(size_t count, size_t bytes) {
  return take(count * bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
  return alignment <= SLUICE_ALIGN ? take(bytes) : NULL;
}

void free(void *at) {
  (void)at;
}

void *mmap(void *at, size_t bytes, int protection, int flags, int file, off_t offset) {
  (void)at, (void)protection, (void)flags, (void)file, (void)offset;
  void *taken_at = take(bytes);
  return taken_at == NULL ? MAP_FAILED : taken_at;
}

/* ---- time ---- */

int clock_gettime(clockid_t clock, struct timespec *time) {
  (void)clock;
  double now = host_now();
  time->tv_sec = (time_t)(now / 1e3);
  time->tv_nsec = (long)((now - (double)time->tv_sec * 1e3) * 1e6);
  return 0;
}

int nanosleep(const struct timespec *time, struct timespec *rest) {
  static _Atomic uint32_t never;
  (void)rest;
  (void)sluice_futex_wait(&never, 0, (int64_t)time->tv_sec * 1000000000 + time->tv_nsec);
  return 0;
}

/* As short a sleep as there is: nothing in wasm gives way to others. */
int sched_yield(void) {
  return nanosleep(&(struct timespec){.tv_nsec = 1}, NULL);
}

/* ---- the watchdog, output, leaving ---- */

unsigned alarm(unsigned seconds) {
  host_watch(seconds);
  return 0;
}

FILE *const stderr = NULL;

static int tell(const char *format, va_list values) {
  char line[LINE_BYTES];
  int length = vsnprintf(line, sizeof line, format, values);
  host_tell(line, length < LINE_BYTES ? length : LINE_BYTES - 1);
  return length;
}

int fprintf(FILE *file, const char *format, ...) {
  (void)file;
  va_list values;
  va_start(values, format);
  int length = tell(format, values);
  va_end(values);
  return length;
}

int printf(const char *format, ...) {
  va_list values;
  va_start(values, format);
  int length = tell(format, values);
  va_end(values);
  return length;
}

void _exit(int status) {
  host_leave(status);
}

/* ---- no processes ---- */

pid_t fork(void) {
  return -1;
}

pid_t wait(int *status) {
  (void)status;
  return -1;
}

pid_t waitpid(pid_t process, int *status, int options) {
  (void)process, (void)status, (void)options;
  return -1;
}

int kill(pid_t process, int signal) {
  (void)process, (void)signal;
  return -1;
}

int prctl(int option, ...) {
  (void)option;
  return -1;
}
