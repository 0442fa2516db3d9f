/* Validates the store under load: participants that set, replace, remove, read, walk and watch, all
 * at once and all on the same few keys.
 *
 *   store [operations [seed [keys [processes]]]]
 *
 * `operations` is per participant; `processes` makes a process of each. Prints one line; exits with
 * 1 at the first mismatch, and dies by SIGALRM when nothing moves for 30 seconds (a lost wake-up).
 *
 * Three kinds of keys:
 *   shared   anybody sets, replaces and removes them
 *   counter  changed by replace only, each time to one more: a lost update shows in the sum
 *   own      changed by one participant only, which counts on: it knows what it must find, and the
 *            others see the count grow
 * A value names its key, and its length and filler follow from its first words: a torn value, or
 * another key's, shows. No participant sees the versions of a key go back. Then two participants
 * take turns by watching a key. At the end everything is removed, and the space must be empty. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "futex.h"
#include "sluice/participant.h"
#include "sluice/store.h"

enum {
  WATCHDOG_SECONDS = 30,
  WATCHDOG_ROUNDS = 1 << 10,
  PARTICIPANTS = 3,
  COUNTERS = 2,
  KEYS_MAX = 4096,
  LONGEST = 2000,
  SPACE_BYTES = 1 << 26
};

enum { THREADS, PROCESSES, DEATHS };

static struct {
  int mode;
  unsigned char *at;
  uint64_t operations;
  uint64_t seed;
  uint32_t keys; /* shared ones; then counters, then own ones, then the one to take turns by */
  uint32_t entries;
} plan;

/* Beside the space, in shared memory. */
static struct figures {
  _Atomic uint64_t increments[COUNTERS];
  _Atomic uint64_t mismatches;
  _Atomic uint64_t again;
  _Atomic uint64_t full;
  _Atomic uint64_t done[PARTICIPANTS]; /* operations */
  _Atomic uint64_t last[PARTICIPANTS]; /* the count that it is about to give its own key */
  _Atomic uint32_t ids[PARTICIPANTS];
  _Atomic uint32_t ready;
} * figures;

typedef struct value {
  uint32_t key;
  uint32_t seed; /* of length and filler */
  uint64_t count;
  unsigned char filler[LONGEST];
} value;

enum { VALUE_HEAD = offsetof(value, filler) };

typedef struct player {
  sluice_space space;
  sluice_store_view view;
  uint32_t number;
  uint64_t random;
  uint64_t seen[KEYS_MAX + 64];   /* versions */
  uint64_t counts[KEYS_MAX + 64]; /* of own and counter keys */
  uint64_t own;                   /* what this one's own key holds; 0: it is removed */
  value scratch;
} player;

/* SplitMix64's mixer (Steele, Lea and Flood, 2014). */
static inline uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline uint64_t random_next(uint64_t *state) {
  return mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static _Noreturn void fail(const char *what, uint64_t key, int64_t detail) {
  (void)fprintf(stderr, "store: %s at key %llu (%lld, seed %llu)\n", what, (unsigned long long)key,
                (long long)detail, (unsigned long long)plan.seed);
  _exit(1);
}

static uint32_t counter_key(uint32_t index) {
  return plan.keys + index;
}

static uint32_t own_key(uint32_t number) {
  return plan.keys + COUNTERS + number;
}

static uint32_t turn_key(void) {
  return plan.keys + COUNTERS + PARTICIPANTS;
}

/* Keys are of different lengths. */
static uint32_t name_of(uint32_t key, char *name) {
  return (uint32_t)snprintf(name, 64, "%u%.*s", key, (int)(key % 23),
                            "-abcdefghijklmnopqrstuvwxyz");
}

static uint32_t length_of(uint32_t seed) {
  return VALUE_HEAD + (seed % 16 == 0 ? (seed >> 4) % LONGEST : (seed >> 4) % 64);
}

static unsigned char filler_of(uint32_t seed, uint32_t at) {
  return (unsigned char)((seed + at) * UINT32_C(2654435761) >> 24);
}

static uint32_t fill(value *to, uint32_t key, uint32_t seed, uint64_t count) {
  uint32_t length = length_of(seed);
  *to = (value){.key = key, .seed = seed, .count = count};
  for (uint32_t at = 0; at < length - VALUE_HEAD; at++) {
    to->filler[at] = filler_of(seed, at);
  }
  return length;
}

static void check(player *self, uint32_t key, const value *found, uint32_t length,
                  uint64_t version) {
  if (length < VALUE_HEAD || found->key != key || length != length_of(found->seed)) {
    fail("another's value", key, length);
  }
  for (uint32_t at = 0; at < length - VALUE_HEAD; at++) {
    if (found->filler[at] != filler_of(found->seed, at)) {
      fail("a torn value", key, at);
    }
  }
  if (version == 0 || version < self->seen[key]) {
    fail("versions went back", key, (int64_t)version);
  }
  if (version == self->seen[key] ? found->count < self->counts[key]
                                 : key >= plan.keys && found->count <= self->counts[key]) {
    fail("a count went back", key, (int64_t)found->count);
  }
  self->seen[key] = version;
  if (key >= plan.keys) {
    self->counts[key] = found->count;
  }
  if (key == own_key(self->number) && self->own != UINT64_MAX && found->count != self->own) {
    fail("not what this one set", key, (int64_t)found->count);
  }
}

/* Anything that may be said under load; the rest is a mistake. */
static int expected(int status, uint32_t key) {
  if (status == SLUICE_E_AGAIN) {
    atomic_fetch_add(&figures->again, 1);
  } else if (status == SLUICE_E_FULL) {
    atomic_fetch_add(&figures->full, 1);
  } else if (status == SLUICE_E_MISMATCH) {
    atomic_fetch_add(&figures->mismatches, 1);
  } else if (status != SLUICE_OK && status != SLUICE_E_EMPTY && status != SLUICE_E_TIMEOUT) {
    fail("a call failed", key, status);
  }
  return status;
}

static int read_one(player *self, uint32_t key, uint64_t dice) {
  char name[64];
  uint32_t name_bytes = name_of(key, name);
  if (dice % 2 == 0) {
    uint32_t length = 0;
    uint64_t version = 0;
    int status = expected(sluice_store_get(&self->view, name, name_bytes, &self->scratch,
                                           sizeof self->scratch, &length, &version),
                          key);
    if (status == SLUICE_OK) {
      check(self, key, &self->scratch, length, version);
    }
    return status;
  }
  sluice_store_entry entry;
  int status = expected(sluice_store_hold(&self->view, name, name_bytes, &entry), key);
  if (status == SLUICE_OK) {
    check(self, key, entry.value, entry.value_bytes, entry.version);
    if (dice % 64 == 1) { /* still so after others have had time to change it */
      struct timespec time = {.tv_nsec = 20000};
      (void)nanosleep(&time, NULL);
      check(self, key, entry.value, entry.value_bytes, entry.version);
    }
    sluice_store_unhold(&self->view, &entry);
  }
  return status;
}

/* Sets or replaces, by copy or in place. */
static int try_to_write(player *self, uint32_t key, uint64_t expect, uint32_t length,
                        uint64_t dice) {
  char name[64];
  uint32_t name_bytes = name_of(key, name);
  if (dice % 4 == 1 && expect == SLUICE_STORE_ANY) {
    return sluice_store_set(&self->view, name, name_bytes, &self->scratch, length);
  }
  if (dice % 4 != 0) {
    return sluice_store_replace(&self->view, name, name_bytes, expect, &self->scratch, length);
  }
  sluice_store_claim claim;
  uint32_t room = length + (uint32_t)(dice >> 8) % 200;
  int status = sluice_store_claim_for(&self->view, name, name_bytes, room, &claim);
  if (status == SLUICE_OK) {
    memcpy(claim.value, &self->scratch, length);
    status = dice % 32 == 0 ? SLUICE_E_MISMATCH
                            : sluice_store_publish(&self->view, &claim, expect, length);
    if (status != SLUICE_OK) {
      (void)sluice_store_abandon(&self->view, &claim);
    }
  }
  return status;
}

static int write_one(player *self, uint32_t key, uint64_t expect, uint64_t count, uint64_t dice) {
  uint32_t length = fill(&self->scratch, key, (uint32_t)(dice >> 32), count);
  int status = expected(try_to_write(self, key, expect, length, dice), key);
  if (status == SLUICE_OK) {
    if (self->view.version <= self->seen[key]) {
      fail("a version that is not greater", key, (int64_t)self->view.version);
    }
    self->seen[key] = self->view.version;
    self->counts[key] = count;
  }
  return status;
}

static int remove_one(player *self, uint32_t key, uint64_t expect) {
  char name[64];
  return expected(sluice_store_remove(&self->view, name, name_of(key, name), expect), key);
}

static void change_shared(player *self, uint64_t dice) {
  uint32_t key = (uint32_t)(dice >> 16) % plan.keys;
  if (dice % 4 == 0) {
    (void)remove_one(self, key, dice % 8 == 0 ? SLUICE_STORE_ANY : self->seen[key]);
  } else {
    (void)write_one(self, key, dice % 4 == 1 ? self->seen[key] : SLUICE_STORE_ANY, 0, mix(dice));
  }
}

static void increment(player *self, uint64_t dice) {
  uint32_t index = (uint32_t)(dice >> 16) % COUNTERS;
  uint32_t key = counter_key(index);
  int status = read_one(self, key, dice);
  if (status == SLUICE_OK || status == SLUICE_E_EMPTY) {
    uint64_t version = status == SLUICE_OK ? self->seen[key] : 0;
    uint64_t count = status == SLUICE_OK ? self->counts[key] : 0;
    if (write_one(self, key, version, count + 1, mix(dice)) == SLUICE_OK) {
      atomic_fetch_add(&figures->increments[index], 1);
    }
  }
}

static void change_own(player *self, uint64_t dice) {
  uint32_t key = own_key(self->number);
  if (dice % 8 == 0) {
    int status = remove_one(self, key, SLUICE_STORE_ANY);
    if (status != SLUICE_E_AGAIN && status != (self->own == 0 ? SLUICE_E_EMPTY : SLUICE_OK)) {
      fail("a removal did not find what is there", key, status);
    }
    self->own = status == SLUICE_E_AGAIN ? self->own : 0;
  } else {
    uint64_t count = atomic_fetch_add(&figures->last[self->number], 1) + 1;
    if (write_one(self, key, SLUICE_STORE_ANY, count, mix(dice)) == SLUICE_OK) {
      self->own = count;
    }
  }
  int status = read_one(self, key, dice >> 8);
  if (status != SLUICE_E_AGAIN && status != (self->own == 0 ? SLUICE_E_EMPTY : SLUICE_OK)) {
    fail("not there, or still there", key, status);
  }
}

static void walk(player *self) {
  sluice_store_entry entry;
  uint32_t index = 0;
  int status = SLUICE_OK;
  uint32_t met = 0;
  while ((status = expected(sluice_store_next(&self->view, &index, &entry), 0)) == SLUICE_OK) {
    const value *found = entry.value;
    char name[64];
    if (entry.value_bytes < VALUE_HEAD || found->key > turn_key() ||
        entry.key_bytes != name_of(found->key, name) ||
        memcmp(entry.key, name, entry.key_bytes) != 0) {
      fail("an entry under another's key", found->key, entry.key_bytes);
    }
    check(self, found->key, found, entry.value_bytes, entry.version);
    sluice_store_unhold(&self->view, &entry);
    met++;
  }
  if (met > plan.entries) {
    fail("more entries than there are", met, 0);
  }
}

static void watch(player *self, uint64_t dice) {
  char name[64];
  uint32_t key = (uint32_t)(dice >> 16) % plan.keys;
  uint32_t name_bytes = name_of(key, name);
  if (dice % 2 == 0) {
    (void)expected(sluice_store_wait(&self->view, name, name_bytes, self->seen[key],
                                     (int64_t)(dice >> 40) % 30000),
                   key);
  } else {
    uint32_t word = sluice_store_sleep(&self->view, name, name_bytes, self->seen[key]);
    if (word != 0) {
      (void)sluice_futex_wait(self->view.asleep, word, (int64_t)(dice >> 40) % 30000);
    }
  }
}

/* The first two take turns, each asleep until the other has set the count. Nobody helps a lost
 * wake-up here. */
static void take_turns(player *self) {
  char name[64];
  uint32_t key = turn_key();
  uint32_t name_bytes = name_of(key, name);
  uint64_t rounds = plan.operations / 20;
  for (uint64_t n = 0; n < rounds;) {
    uint64_t dice = random_next(&self->random);
    int status = read_one(self, key, dice);
    n = self->counts[key];
    if (n >= rounds) {
      break;
    }
    if (n % 2 == self->number) {
      while (write_one(self, key, SLUICE_STORE_ANY, n + 1, 1) != SLUICE_OK) {
      }
    } else if (dice % 2 == 0) {
      (void)expected(sluice_store_wait(&self->view, name, name_bytes,
                                       status == SLUICE_E_EMPTY ? 0 : self->seen[key], -1),
                     key);
    } else {
      uint32_t word = sluice_store_sleep(&self->view, name, name_bytes,
                                         status == SLUICE_E_EMPTY ? 0 : self->seen[key]);
      if (word != 0) {
        (void)sluice_futex_wait(self->view.asleep, word, -1);
      }
    }
    if (n % WATCHDOG_ROUNDS == 0) {
      (void)alarm(WATCHDOG_SECONDS);
    }
  }
}

static void join(player *self) {
  uint32_t id = self->number < PARTICIPANTS ? atomic_load(&figures->ids[self->number]) : 0;
  if (sluice_space_attach(&self->space, plan.at, SPACE_BYTES) != SLUICE_OK ||
      sluice_participant_adopt(&self->space, id, 0) != SLUICE_OK) {
    fail("not joined", 0, self->space.status);
  }
  uint32_t offset = sluice_store_open(&self->space, "store", 5, plan.entries, 0);
  if (offset == 0 ||
      sluice_store_attach(&self->view, &self->space, offset, plan.entries) != SLUICE_OK) {
    fail("no store", 0, self->space.status);
  }
}

static void leave(player *self) {
  if (sluice_object_close(&self->space, self->view.offset) != SLUICE_OK ||
      sluice_participant_leave(&self->space) != SLUICE_OK) {
    fail("not left", 0, 0);
  }
  free(self);
}

static void *play(void *argument) {
  player *self = calloc(1, sizeof *self);
  if (self == NULL) {
    fail("no memory", 0, 0);
    return NULL; /* for cppcheck */
  }
  self->number = (uint32_t)(uintptr_t)argument;
  join(self);
  self->random = plan.seed ^ (uint64_t)self->space.participant << 40;
  /* What the one before it, which was killed, has left. */
  self->own = UINT64_MAX;
  self->own = read_one(self, own_key(self->number), 0) == SLUICE_OK
                  ? self->counts[own_key(self->number)]
                  : 0;
  atomic_fetch_add(&figures->ready, 1); /* all begin at once */
  while (atomic_load(&figures->ready) < PARTICIPANTS) {
    struct timespec time = {.tv_nsec = 100000};
    (void)nanosleep(&time, NULL);
  }
  for (uint64_t n = figures->done[self->number]; n < plan.operations; n++) {
    uint64_t dice = random_next(&self->random);
    switch (dice % 16) {
      case 0:
        if (dice % 256 == 0) {
          walk(self);
        } else if (dice % 256 == 16) {
          watch(self, dice >> 8);
        }
        break;
      case 1:
      case 2:
      case 3:
        increment(self, dice >> 8);
        break;
      case 4:
      case 5:
        change_own(self, dice >> 8);
        break;
      case 6:
      case 7:
      case 8:
      case 9:
        change_shared(self, dice >> 8);
        break;
      case 10:
        (void)read_one(self, own_key((uint32_t)(dice >> 32) % PARTICIPANTS), dice >> 8);
        break;
      default:
        (void)read_one(self, (uint32_t)(dice >> 32) % plan.keys, dice >> 8);
        break;
    }
    atomic_store(&figures->done[self->number], n + 1);
    if (n % WATCHDOG_ROUNDS == 0) {
      (void)alarm(WATCHDOG_SECONDS);
    }
  }
  if (self->number < 2) {
    take_turns(self);
  }
  leave(self);
  return NULL;
}

/* ---- */

static void in_threads(void) {
  pthread_t threads[PARTICIPANTS];
  for (uintptr_t i = 0; i < PARTICIPANTS; i++) {
    if (pthread_create(&threads[i], NULL, play, (void *)i) != 0) {
      fail("no thread", 0, 0);
    }
  }
  for (int i = 0; i < PARTICIPANTS; i++) {
    (void)pthread_join(threads[i], NULL);
  }
}

/* The child's id is known before it runs, and may be killed. */
static pid_t fork_one(sluice_space *space, uintptr_t number) {
  uint32_t id = sluice_participant_reserve(space);
  atomic_store(&figures->ids[number], id);
  pid_t child = id == 0 ? -1 : fork();
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)play((void *)number);
    _exit(0);
  }
  if (child < 0) {
    fail("no process", number, 0);
  }
  return child;
}

static void bury(sluice_space *space, uint32_t id) {
  int status = SLUICE_E_AGAIN;
  while (status == SLUICE_E_AGAIN) {
    status = sluice_participant_bury(space, id);
  }
  if (status != SLUICE_OK) {
    fail("not buried", id, status);
  }
}

static uint64_t deaths;

/* Kills one now and then, and puts another in its place; until the first has ended. */
static void in_processes(sluice_space *space) {
  pid_t children[PARTICIPANTS];
  uint32_t left = PARTICIPANTS;
  uint64_t random = plan.seed;
  uint64_t before = 0;
  for (uint32_t i = 0; i < PARTICIPANTS; i++) {
    children[i] = fork_one(space, i);
  }
  while (left != 0) {
    struct timespec time = {.tv_nsec = (long)(random_next(&random) % 2000000)};
    (void)nanosleep(&time, NULL);
    uint64_t done = atomic_load(&figures->done[0]) + atomic_load(&figures->done[1]);
    if (done != before || done == 2 * plan.operations) {
      before = done;
      (void)alarm(WATCHDOG_SECONDS); /* taking turns, each child has its own */
    }
    if (plan.mode == DEATHS && left == PARTICIPANTS) {
      (void)kill(children[random_next(&random) % PARTICIPANTS], SIGKILL);
    }
    int status = 0;
    pid_t gone = waitpid(-1, &status, WNOHANG);
    for (uint32_t i = 0; gone > 0 && i < PARTICIPANTS; i++) {
      if (children[i] != gone) {
        continue;
      }
      if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        deaths++;
        bury(space, figures->ids[i]);
        children[i] = fork_one(space, i);
      } else if (status != 0) {
        fail("a process failed", i, status);
      } else {
        left--;
      }
    }
  }
}

/* What is there when all have ended; then all of it is removed. */
static void settle(uint32_t before) {
  player *last = calloc(1, sizeof *last);
  if (last == NULL) {
    fail("no memory", 0, 0);
    return;
  }
  last->number = PARTICIPANTS; /* has no own key; the next is the one for turns */
  join(last);
  uint32_t size = 0;
  for (uint32_t key = 0; key <= turn_key(); key++) {
    last->own = plan.operations / 20;
    int status = read_one(last, key, key);
    size += status == SLUICE_OK;
    if (key >= plan.keys && key < plan.keys + COUNTERS &&
        (last->counts[key] < figures->increments[key - plan.keys] ||
         last->counts[key] > figures->increments[key - plan.keys] + deaths)) {
      fail("a lost update", key, (int64_t)last->counts[key]);
    }
  }
  if (sluice_store_size(&last->view) != size) {
    fail("another size", size, sluice_store_size(&last->view));
  }
  sluice_space space = last->space;
  for (uint32_t key = 0; key < plan.keys; key++) { /* the rest goes with the store */
    (void)remove_one(last, key, SLUICE_STORE_ANY);
  }
  if (sluice_directory_remove(&space, "store", 5) != SLUICE_OK) {
    fail("not removed", 0, 0);
  }
  leave(last);
  if (sluice_space_used(&space) != before) {
    fail("a block was left behind", 0, (int64_t)sluice_space_used(&space) - before);
  }
}

static uint64_t number(int argc, char **argv, int index, uint64_t otherwise) {
  return argc > index ? strtoull(argv[index], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
  const char *mode = argc > 4 ? argv[4] : "threads";
  plan.mode = strcmp(mode, "deaths") == 0      ? DEATHS
              : strcmp(mode, "processes") == 0 ? PROCESSES
                                               : THREADS;
  plan.operations = number(argc, argv, 1, 1000000);
  plan.seed = number(argc, argv, 2, 1);
  plan.keys = (uint32_t)number(argc, argv, 3, 8);
  if (plan.keys == 0 || plan.keys > KEYS_MAX) {
    fail("no such number of keys", plan.keys, 0);
  }
  plan.entries = turn_key() + 1 + PARTICIPANTS; /* and one for each that is just being entered */
  void *at = mmap(NULL, SPACE_BYTES + sizeof *figures, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  sluice_space space;
  plan.at = at;
  if (at == MAP_FAILED || sluice_space_init(&space, at, SPACE_BYTES) != SLUICE_OK ||
      sluice_participant_join(&space, 0) != SLUICE_OK) {
    fail("no space", 0, 0);
  }
  figures = (void *)(plan.at + SPACE_BYTES);
  uint32_t before = sluice_space_used(&space);
  (void)alarm(WATCHDOG_SECONDS);
  struct timespec begin;
  struct timespec end;
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  if (plan.mode != THREADS) {
    in_processes(&space);
  } else {
    in_threads();
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  settle(before);
  double seconds =
      (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
  (void)printf(
      "store: %llu operations by each of %d, %.2f seconds (%u keys, %s, increments %llu, "
      "mismatches "
      "%llu, again %llu, full %llu, deaths %llu)\n",
      (unsigned long long)plan.operations, PARTICIPANTS, seconds, plan.keys, mode,
      (unsigned long long)(figures->increments[0] + figures->increments[1]),
      (unsigned long long)figures->mismatches, (unsigned long long)figures->again,
      (unsigned long long)figures->full, (unsigned long long)deaths);
  return 0;
}
