#include "crash.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "step.h"

enum {
  SPACE_BYTES = 1 << 20,
  MOST_STEPS = 3000,
  BURIAL_TRIES = 100,
  NAMES = 200,
  LIMIT = 30, /* seconds that one run may take: then somebody hangs */
  /* When a burier's step is no place to die any more, in short: */
  OFTEN = 3, /* it took the step so often in this burial: then the 4th time, the 8th... */
  SAME = 4   /* so many died there after victims that died at one step, in this scenario */
};

typedef struct names {
  char at[NAMES][64];
  uint32_t count;
} names;

typedef struct control {
  crash_log log;
  char died_at[64];               /* the victim's last step */
  char burier_at[64];             /* the burier's last step */
  names victims;                  /* every step at which a victim died, "" where it did not */
  names buriers;                  /* and a burier */
  uint32_t victim;                /* this run's victim's, as it stands in the list */
  uint32_t deaths[NAMES][NAMES];  /* of buriers, by victim's and burier's step */
  uint32_t earlier[NAMES][NAMES]; /* before this victim's */
} control;

static unsigned char *memory;
static control *shared;
static const char *scenario_name = "";

/* In the process that is to die. */
static _Thread_local uint32_t steps_to_live; /* 0: for ever */
static char *epitaph;
static int is_burier;
static int everywhere; /* no place to die is left out */

static _Thread_local struct {
  const char *step;
  uint32_t skip;
  void (*act)(void); /* NULL: nobody moves */
} meanwhile;

/* Where `name` stands in the list; at its end when it does not. */
static uint32_t index_of(const names *list, const char *name) {
  uint32_t i = 0;
  while (i < list->count && strcmp(list->at[i], name) != 0) {
    i++;
  }
  return i;
}

/* Puts the name into the list. Returns where. */
static uint32_t note(names *list, const char *name) {
  uint32_t i = index_of(list, name);
  if (i == list->count) {
    CRASH_TRUE(i < NAMES);
    (void)snprintf(list->at[list->count++], sizeof list->at[i], "%s", name);
  }
  return i;
}

/* Is this step of a burier a place to die? */
static int is_place(const char *name) {
  static names taken;
  static uint32_t times[NAMES];
  if (everywhere) {
    return 1;
  }
  uint32_t now = ++times[note(&taken, name)];
  uint32_t known = index_of(&shared->buriers, name);
  return (known == shared->buriers.count || shared->earlier[shared->victim][known] < SAME) &&
         (now <= OFTEN || (now & (now - 1)) == 0);
}

static void die_if_due(const char *name) {
  if (steps_to_live != 0 && (!is_burier || is_place(name)) && --steps_to_live == 0) {
    (void)snprintf(epitaph, 64, "%s", name);
    (void)raise(SIGKILL);
  }
}

void crash_others(void (*act)(void)) {
  uint32_t left = steps_to_live;
  steps_to_live = 0;
  act();
  steps_to_live = left;
}

void crash_meanwhile(const char *step, uint32_t skip, void (*act)(void)) {
  meanwhile.step = step;
  meanwhile.skip = skip;
  meanwhile.act = act;
}

void sluice_step(const char *name) {
  die_if_due(name);
  if (meanwhile.act != NULL && strcmp(name, meanwhile.step) == 0 && meanwhile.skip-- == 0) {
    void (*act)(void) = meanwhile.act;
    meanwhile.act = NULL;
    crash_others(act);
    die_if_due(name);
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

static void hangs(int number) {
  static const char what[] = ": somebody hangs; the victim died at \"";
  (void)number;
  (void)!write(2, scenario_name, strlen(scenario_name));
  (void)!write(2, what, sizeof what - 1);
  (void)!write(2, shared->died_at, strlen(shared->died_at));
  (void)!write(2, "\"\n", 2);
  _exit(1);
}

static void print(const names *list, const char *who) {
  for (uint32_t i = 0; i < list->count; i++) {
    if (list->at[i][0] != 0) {
      (void)printf("step: %s: %s\n", who, list->at[i]);
    }
  }
}

static sluice_space join(void) {
  sluice_space space;
  CRASH_EQUAL(sluice_space_attach(&space, memory, SPACE_BYTES), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&space, 0), SLUICE_OK);
  return space;
}

/* Buries up to three; 0 stands for nobody. The burial of one may have to wait until it is known
 * that another is dead, too. */
static void bury(sluice_space *space, const uint32_t ids[3]) {
  for (int tries = 0; tries < BURIAL_TRIES; tries++) {
    int done = 1;
    for (uint32_t i = 0; i < 3; i++) {
      int status = ids[i] == 0 ? SLUICE_OK : sluice_participant_bury(space, ids[i]);
      CRASH_TRUE(status == SLUICE_OK || status == SLUICE_E_AGAIN);
      done &= status == SLUICE_OK;
    }
    if (done) {
      for (uint32_t i = 0; i < 3; i++) {
        CRASH_TRUE(ids[i] == 0 || !sluice_participant_alive(space, ids[i]));
      }
      return;
    }
  }
  crash_fail(__FILE__, __LINE__, "the burial does not end", (long long)ids[0], 0);
}

/* Starts a process that is killed at its step number `step` (0: never); what it does is `act`, or
 * to bury `dead`. Returns 1 when it got to its end, 0 when it was killed. */
static int die_at(uint32_t step, char *where, uint32_t reserved,
                  void (*act)(sluice_space *, crash_log *), uint32_t dead) {
  where[0] = 0;
  pid_t child = fork();
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)alarm(LIMIT * 2 / 3);
    sluice_space space;
    CRASH_EQUAL(sluice_space_attach(&space, memory, SPACE_BYTES), SLUICE_OK);
    is_burier = act == NULL;
    steps_to_live = step;
    epitaph = where;
    CRASH_EQUAL(sluice_participant_adopt(&space, reserved, 0), SLUICE_OK);
    if (act != NULL) {
      act(&space, &shared->log);
    } else {
      bury(&space, (uint32_t[3]){dead, (uint32_t)atomic_load(&shared->log.second)});
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
  return 0;
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

/* An empty space, in memory that was wiped as far as the last run may have used it. */
static void init(void) {
  sluice_space space;
  const sluice_space_header *header = (const sluice_space_header *)(const void *)memory;
  uint32_t end = (uint32_t)atomic_load(&header->next);
  memset(memory, 0, end == 0 || end > SPACE_BYTES ? SPACE_BYTES : end);
  memset(&shared->log, 0, sizeof shared->log);
  shared->died_at[0] = 0;
  shared->burier_at[0] = 0;
  meanwhile.act = NULL;
  CRASH_EQUAL(sluice_space_init(&space, memory, SPACE_BYTES), SLUICE_OK);
}

/* One run: the victim is killed at step `victim`, the first burier at step `burier` (0: there is
 * only the survivor). Returns bit 0: the victim finished; bit 1: the burier finished. */
static int run(const crash_scenario *scenario, uint32_t victim, uint32_t burier) {
  int victim_done = 1;
  int burier_done = 1;
  (void)alarm(LIMIT);
  init();
  sluice_space survivor = join();
  uint32_t nothing = used(&survivor);
  scenario->prepare(&survivor, &shared->log);
  if (scenario->act != NULL) {
    uint32_t id = sluice_participant_reserve(&survivor);
    uint32_t helper = burier == 0 ? 0 : sluice_participant_reserve(&survivor);
    victim_done = die_at(victim, shared->died_at, id, scenario->act, 0);
    shared->victim = note(&shared->victims, shared->died_at);
    if (burier != 0) {
      burier_done = die_at(burier, shared->burier_at, helper, NULL, id);
      if (!burier_done) {
        shared->deaths[shared->victim][note(&shared->buriers, shared->burier_at)]++;
      }
    }
    /* The burier first, and with it what it began. */
    bury(&survivor, (uint32_t[3]){helper, (uint32_t)atomic_load(&shared->log.second), id});
  }
  CRASH_EQUAL(sluice_participant_count(&survivor), 1 + shared->log.guests);
  CRASH_EQUAL(sluice_space_state(&survivor), SLUICE_OK);
  scenario->check(&survivor, &shared->log, victim_done);
  CRASH_TRUE(meanwhile.act == NULL); /* the step was reached */
  scenario->clean(&survivor, &shared->log);
  CRASH_EQUAL(sluice_participant_count(&survivor), 1);
  CRASH_EQUAL(used(&survivor), nothing);
  (void)alarm(0);
  return victim_done | burier_done << 1;
}

static void enumerate(const crash_scenario *scenario) {
  uint32_t deaths = 0;
  uint32_t second_deaths = 0;
  scenario_name = scenario->name;
  if (scenario->act == NULL) {
    (void)run(scenario, 0, 0);
    (void)printf("crash: %-58s an exact interleaving\n", scenario->name);
    return;
  }
  memset(shared->deaths, 0, sizeof shared->deaths);
  for (uint32_t victim = 1;; victim++) {
    CRASH_TRUE(victim < MOST_STEPS);
    memcpy(shared->earlier, shared->deaths, sizeof shared->deaths);
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

/* With the argument "steps": prints the names of the steps at which somebody died, for steps.sh;
 * with "all": leaves no place to die out. */
int main(int argc, char **argv) {
  (void)setvbuf(stdout, NULL, _IOLBF, 0);
  memory = mmap(NULL, SPACE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || (void *)shared == MAP_FAILED) {
    return 2;
  }
  int tells = 0;
  for (int i = 1; i < argc; i++) {
    everywhere |= strcmp(argv[i], "all") == 0;
    tells |= strcmp(argv[i], "steps") == 0;
  }
  (void)signal(SIGALRM, hangs);
  for (const crash_scenario *scenario = crash_scenarios; scenario->name != NULL; scenario++) {
    enumerate(scenario);
  }
  if (tells) {
    print(&shared->victims, "victim");
    print(&shared->buriers, "burier");
  }
  return 0;
}
