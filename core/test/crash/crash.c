#include "crash.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "step.h"

enum { SPACE_BYTES = 1 << 20, MOST_STEPS = 3000, BURIAL_TRIES = 100, NAMES = 400 };

typedef struct control {
  crash_log log;
  char died_at[64];     /* the victim's last step */
  char burier_at[64];   /* the burier's last step */
  char seen[NAMES][64]; /* every step at which somebody died */
  uint32_t names;
} control;

static unsigned char *memory;
static control *shared;
static const char *scenario_name = "";

/* In the process that is to die. */
static uint32_t steps_to_live; /* 0: for ever */
static char *epitaph;

void sluice_step(const char *name) {
  if (steps_to_live != 0 && --steps_to_live == 0) {
    (void)snprintf(epitaph, 64, "%s", name);
    (void)raise(SIGKILL);
  }
}

const char *crash_step(void) {
  return shared->died_at;
}

_Noreturn void crash_fail(const char *file, int line, const char *what, long long have,
                          long long want) {
  (void)fprintf(stderr, "%s: %s:%d: %s (%lld, %lld); victim died at \"%s\", burier at \"%s\"\n",
                scenario_name, file, line, what, have, want, shared->died_at, shared->burier_at);
  exit(1);
}

static void note(const char *name) {
  for (uint32_t i = 0; i < shared->names; i++) {
    if (strcmp(shared->seen[i], name) == 0) {
      return;
    }
  }
  if (shared->names < NAMES) {
    (void)snprintf(shared->seen[shared->names++], 64, "%s", name);
  }
}

static sluice_space join(void) {
  sluice_space space;
  CRASH_EQUAL(sluice_space_attach(&space, memory, SPACE_BYTES), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&space, 0), SLUICE_OK);
  return space;
}

/* Starts a process that is killed at its step number `step` (0: never); what it does is `act`, or
 * to bury `dead`. Returns 1 when it got to its end, 0 when it was killed. */
static int die_at(uint32_t step, char *where, uint32_t reserved,
                  void (*act)(sluice_space *, crash_log *), uint32_t dead) {
  where[0] = 0;
  pid_t child = fork();
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)alarm(20);
    sluice_space space;
    CRASH_EQUAL(sluice_space_attach(&space, memory, SPACE_BYTES), SLUICE_OK);
    steps_to_live = step;
    epitaph = where;
    CRASH_EQUAL(sluice_participant_adopt(&space, reserved, 0), SLUICE_OK);
    if (act != NULL) {
      act(&space, &shared->log);
    } else {
      CRASH_EQUAL(sluice_participant_bury(&space, dead), SLUICE_OK);
    }
    _exit(0);
  }
  int status = 0;
  CRASH_EQUAL(child > 0 && waitpid(child, &status, 0) == child, 1);
  if (WIFEXITED(status)) {
    CRASH_EQUAL(WEXITSTATUS(status), 0);
    return 1;
  }
  CRASH_EQUAL(WTERMSIG(status), SIGKILL);
  note(where);
  return 0;
}

static void bury(sluice_space *space, uint32_t id) {
  for (int tries = 0; tries < BURIAL_TRIES; tries++) {
    int status = sluice_participant_bury(space, id);
    if (status == SLUICE_OK) {
      CRASH_EQUAL(sluice_participant_alive(space, id), 0);
      return;
    }
    CRASH_EQUAL(status, SLUICE_E_AGAIN);
  }
  crash_fail(__FILE__, __LINE__, "the burial does not end", (long long)id, 0);
}

/* Bytes in use, but for the areas that slots keep for their next holders. */
static uint32_t used(const sluice_space *space) {
  const sluice_space_header *header = (const sluice_space_header *)(const void *)space->base;
  uint32_t bytes = sluice_space_used(space);
  for (uint32_t i = 0; i < SLUICE_PARTICIPANTS; i++) {
    uint32_t area = atomic_load(&header->participants[i].area);
    if (area != 0) {
      const sluice_block *block =
          (const sluice_block *)(const void *)(space->base + area - SLUICE_BLOCK_HEADER);
      CRASH_TRUE(atomic_load(&block->refs) == SLUICE_BIT_SPACE);
      bytes -= atomic_load(&block->units) * SLUICE_ALIGN;
    }
  }
  return bytes;
}

/* One run: the victim is killed at step `victim`, the first burier at step `burier` (0: there is
 * only the survivor). Returns bit 0: the victim finished; bit 1: the burier finished. */
static int run(const crash_scenario *scenario, uint32_t victim, uint32_t burier) {
  memset(memory, 0, SPACE_BYTES);
  memset(&shared->log, 0, sizeof shared->log);
  shared->burier_at[0] = 0;
  sluice_space made;
  CRASH_EQUAL(sluice_space_init(&made, memory, SPACE_BYTES), SLUICE_OK);
  sluice_space survivor = join();
  uint32_t nothing = used(&survivor);
  scenario->prepare(&survivor, &shared->log);
  uint32_t id = sluice_participant_reserve(&survivor);
  uint32_t helper = burier == 0 ? 0 : sluice_participant_reserve(&survivor);
  int victim_done = die_at(victim, shared->died_at, id, scenario->act, 0);
  int burier_done = 1;
  if (burier != 0) {
    burier_done = die_at(burier, shared->burier_at, helper, NULL, id);
    bury(&survivor, helper); /* and with it, what it began */
  }
  uint32_t second = (uint32_t)atomic_load(&shared->log.second);
  if (second != 0 && sluice_participant_alive(&survivor, second)) {
    bury(&survivor, second);
  }
  bury(&survivor, id);
  CRASH_EQUAL(sluice_participant_count(&survivor), 1);
  CRASH_EQUAL(sluice_space_state(&survivor), SLUICE_OK);
  scenario->check(&survivor, &shared->log, victim_done);
  scenario->clean(&survivor, &shared->log);
  CRASH_EQUAL(used(&survivor), nothing);
  return victim_done | burier_done << 1;
}

static void enumerate(const crash_scenario *scenario) {
  uint32_t deaths = 0;
  uint32_t second_deaths = 0;
  scenario_name = scenario->name;
  for (uint32_t victim = 1;; victim++) {
    CRASH_TRUE(victim < MOST_STEPS);
    int done = run(scenario, victim, 0) & 1;
    deaths += !done;
    for (uint32_t burier = 1; (run(scenario, victim, burier) & 2) == 0; burier++) {
      second_deaths++;
      CRASH_TRUE(burier < MOST_STEPS);
    }
    if (done) {
      break;
    }
  }
  CRASH_TRUE(deaths > 0);
  (void)printf("crash: %-58s %4u deaths, %5u of the burier\n", scenario->name, deaths,
               second_deaths);
}

/* With an argument: prints the names of the steps at which somebody died. */
int main(int argc, char **argv) {
  (void)setvbuf(stdout, NULL, _IOLBF, 0);
  memory = mmap(NULL, SPACE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || (void *)shared == MAP_FAILED) {
    return 2;
  }
  for (const crash_scenario *scenario = crash_scenarios; scenario->name != NULL; scenario++) {
    enumerate(scenario);
  }
  if (argc > 1) {
    (void)argv;
    for (uint32_t i = 0; i < shared->names; i++) {
      (void)printf("step: %s\n", shared->seen[i]);
    }
  }
  return 0;
}
