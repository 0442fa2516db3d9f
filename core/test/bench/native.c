/* Runs one case natively: native CASE SIZE COUNT ROUNDS. Prints nanoseconds per operation, the best
 * of the rounds (the machine is shared: what disturbs only ever adds), after one to warm up. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "bench.h"

enum { SPACE_BYTES = 1 << 26 };

static struct {
  void *memory;
  uint32_t which, size, count, rounds;
} plan;

typedef struct role {
  uint32_t number;
  int status;
  double best;
} role;

static double now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void *play(void *argument) {
  role *self = argument;
  sluice_space space;
  void *state = calloc(1, bench_state_bytes());
  self->status = sluice_space_attach(&space, plan.memory, SPACE_BYTES);
  if (self->status == 0) {
    self->status = sluice_participant_join(&space, 0);
  }
  if (self->status == 0) {
    self->status = bench_open(&space, state, plan.which, self->number, plan.size, 0);
  }
  for (uint32_t round = 0; round <= plan.rounds && self->status == 0; round++) {
    double begin = now();
    self->status = bench_run(&space, state, plan.count);
    double each = (now() - begin) / plan.count;
    if (round > 0 && (self->best == 0 || each < self->best)) {
      self->best = each;
    }
  }
  free(state);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 5) {
    for (uint32_t i = 0; i < bench_cases(); i++) {
      (void)printf("%s %u\n", bench_name(i), bench_threads(i));
    }
    return 0;
  }
  while (plan.which < bench_cases() && strcmp(bench_name(plan.which), argv[1]) != 0) {
    plan.which++;
  }
  plan.size = (uint32_t)strtoul(argv[2], NULL, 10);
  plan.count = (uint32_t)strtoul(argv[3], NULL, 10);
  plan.rounds = (uint32_t)strtoul(argv[4], NULL, 10);
  plan.memory = mmap(NULL, SPACE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  sluice_space space;
  if (plan.which == bench_cases() || plan.memory == MAP_FAILED ||
      sluice_space_init(&space, plan.memory, SPACE_BYTES) != SLUICE_OK) {
    return 2;
  }
  role roles[2] = {{.number = 0}, {.number = 1}};
  uint32_t threads = bench_threads(plan.which);
  pthread_t other;
  if (threads == 2 && pthread_create(&other, NULL, play, &roles[1]) != 0) {
    return 2;
  }
  (void)play(&roles[0]);
  if (threads == 2) {
    (void)pthread_join(other, NULL);
  }
  if (roles[0].status != 0 || roles[1].status != 0) {
    (void)fprintf(stderr, "%s: status %d and %d\n", argv[1], roles[0].status, roles[1].status);
    return 1;
  }
  (void)printf("%.3f\n", roles[threads - 1].best);
  return 0;
}
