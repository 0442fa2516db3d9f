/* Runs one case natively, once to warm up and then BENCH_PARTS times:
 *
 *   native CASE SIZE COUNT     prints for each part nanoseconds per operation, of its slowest
 * thread (COUNT: of all parts, a multiple of 64 * BENCH_PARTS) */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { SPACE_BYTES = 1 << 26, STEP = 64 * BENCH_PARTS };

static struct {
  void *memory;
  uint32_t which, size, count;
} plan;

typedef struct role {
  uint32_t number;
  double each[BENCH_PARTS];
  sluice_space space;
  void *state;
} role;

static double now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* At once: the other threads may wait for this one for ever. */
static void expect_ok(int status, const char *what) {
  if (status != 0) {
    (void)fprintf(stderr, "%s: %s gave status %d\n", bench_name(plan.which), what, status);
    _exit(1);
  }
}

static int open_role(role *self) {
  size_t bytes = (bench_state_bytes() + SLUICE_ALIGN - 1) / SLUICE_ALIGN * SLUICE_ALIGN;
  self->state = aligned_alloc(SLUICE_ALIGN, bytes);
  if (self->state == NULL) {
    return SLUICE_E_NO_MEMORY;
  }
  int status = sluice_space_attach(&self->space, plan.memory, SPACE_BYTES);
  if (status == 0) {
    status = sluice_participant_join(&self->space, 0);
  }
  return status != 0
             ? status
             : bench_open(&self->space, self->state, plan.which, self->number, plan.size, 0);
}

static void *play(void *argument) {
  role *self = argument;
  uint32_t count = plan.count / BENCH_PARTS;
  expect_ok(bench_run(&self->space, self->state, count), "run");
  for (uint32_t part = 0; part < BENCH_PARTS; part++) {
    double begin = now();
    expect_ok(bench_run(&self->space, self->state, count), "run");
    self->each[part] = (now() - begin) / count;
  }
  return NULL;
}

/* The slowest role's nanoseconds, of each part. */
static void measure(uint32_t threads, double each[BENCH_PARTS]) {
  role roles[BENCH_THREADS_MAX] = {{.number = 0}, {.number = 1}, {.number = 2}};
  pthread_t others[BENCH_THREADS_MAX];
  for (uint32_t i = 0; i < threads; i++) {
    expect_ok(open_role(&roles[i]), "open");
  }
  for (uint32_t i = 1; i < threads; i++) {
    expect_ok(pthread_create(&others[i], NULL, play, &roles[i]), "thread");
  }
  (void)play(&roles[0]);
  for (uint32_t i = 1; i < threads; i++) {
    (void)pthread_join(others[i], NULL);
  }
  for (uint32_t i = 0; i < threads; i++) {
    expect_ok(bench_check(&roles[i].space, roles[i].state), "check");
    for (uint32_t part = 0; part < BENCH_PARTS; part++) {
      each[part] = roles[i].each[part] > each[part] ? roles[i].each[part] : each[part];
    }
    free(roles[i].state);
  }
}

int main(int argc, char **argv) {
  if (argc != 4) {
    for (uint32_t i = 0; i < bench_cases(); i++) {
      (void)printf("%s\n", bench_name(i));
    }
    return 0;
  }
  while (plan.which < bench_cases() && strcmp(bench_name(plan.which), argv[1]) != 0) {
    plan.which++;
  }
  plan.size = (uint32_t)strtoul(argv[2], NULL, 10);
  plan.count = (uint32_t)strtoul(argv[3], NULL, 10);
  plan.memory = mmap(NULL, SPACE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  sluice_space space;
  if (plan.which == bench_cases() || plan.count == 0 || plan.count % STEP != 0 ||
      plan.memory == MAP_FAILED ||
      sluice_space_init(&space, plan.memory, SPACE_BYTES) != SLUICE_OK) {
    (void)fprintf(stderr, "usage: native CASE SIZE COUNT, a multiple of %d\n", STEP);
    return 2;
  }
  double each[BENCH_PARTS] = {0};
  measure(bench_threads(plan.which), each);
  for (uint32_t part = 0; part < BENCH_PARTS; part++) {
    (void)printf("%.3f\n", each[part]);
  }
  return 0;
}
