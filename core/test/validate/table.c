/* Validates tables under load: workers insert, find, replace and remove a few names in a table that
 * is too small for all of them, and open, look up, close and remove others in the directory, at
 * random.
 *
 *   table [operations [seed [threads|processes|deaths [workers]]]]
 *
 * `operations` is the sum over all workers. `processes`: each worker is a process; `deaths`: and
 * one of them is killed every few milliseconds, wherever it may be, buried, and replaced by
 * another. Prints one line; exits with 1 at the first mismatch, and dies by SIGALRM when nothing
 * moves for 30 seconds.
 *
 * Whoever inserts a name owns it until it removes it, as if by a try-lock: two that own one name at
 * once are two insertions of it. Each block carries its name, its owner and a stamp that only grows
 * for its name; what is found has to be whole, of that name, and never older than what the same
 * worker found before. At the end, when all names are removed, the space has to be as empty as at
 * the beginning. */
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

#include "sluice/sluice.h"
#include "table.h"

enum {
  WATCHDOG_SECONDS = 30,
  WATCHDOG_ROUNDS = 4096,
  WORKERS_MAX = 8,
  NAMES = 20,
  SLOTS = 16, /* less than NAMES: it is full now and then */
  OBJECTS = 6,
  BYTES = 1 << 18,
  TABLE_KIND = 99
};

/* What a block in the table holds: all of it follows from the name and the stamp. */
typedef struct content {
  uint32_t name;
  uint32_t owner;
  uint64_t stamp;
  uint64_t check[14];
} content;

typedef struct worker_count {
  _Atomic uint64_t done; /* operations; only the worker itself writes it */
  _Atomic uint64_t inserted, found, replaced, full, again, opened;
} worker_count;

/* Beside the space, in memory that all share. */
typedef struct control {
  _Atomic uint32_t owners[NAMES];
  _Atomic uint64_t stamps[NAMES]; /* only the name's owner writes it */
  _Atomic uint32_t ids[WORKERS_MAX];
  worker_count counts[WORKERS_MAX];
  sluice_table table; /* the same addresses in all processes */
} control;

static struct {
  unsigned char *memory;
  control *control;
  uint64_t operations; /* of each worker */
  uint64_t seed;
  uint32_t workers;
} plan;

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static inline uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline uint64_t random_next(uint64_t *state) {
  return mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static _Noreturn void fail(const char *what, uint64_t n, long long status) {
  (void)fprintf(stderr, "table: %s at operation %llu (status %lld, seed %llu)\n", what,
                (unsigned long long)n, status, (unsigned long long)plan.seed);
  _exit(1);
}

static void add(_Atomic uint64_t *count) {
  atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1,
                        memory_order_relaxed);
}

/* ---- a worker ---- */

typedef struct worker {
  sluice_space space;
  uint32_t owned[NAMES];  /* the block that it has in the table under this name, 0 for none */
  uint64_t newest[NAMES]; /* the newest stamp that it has seen */
  uint64_t random;
  worker_count *count;
} worker;

static sluice_key key_of(const uint32_t *name) {
  return (sluice_key){.bytes = name, .length = 4, .hash = sluice_table_hash(name, 4)};
}

static void check(worker *self, uint32_t offset, uint32_t name, uint64_t n) {
  content have;
  memcpy(&have, sluice_at(&self->space, offset), sizeof have);
  if (have.name != name) {
    fail("another name's content", n, have.name);
  }
  for (uint32_t i = 0; i < 14; i++) {
    if (have.check[i] != mix(have.stamp * 64 + name + i)) {
      fail("content that is not whole", n, i);
    }
  }
  if (have.stamp != 0 && have.stamp < self->newest[name]) {
    fail("older content than before", n, (long long)have.stamp);
  }
  if (have.stamp != 0) {
    self->newest[name] = have.stamp;
  }
}

/* A new block for the name. Only the name's owner may give stamps; before the insertion it is 0. */
static uint32_t make(worker *self, uint32_t name, uint64_t stamp, uint64_t n) {
  uint32_t offset = sluice_slab_alloc(&self->space, sizeof(content));
  if (offset == 0) {
    fail("alloc failed", n, self->space.status);
  }
  content made = {.name = name, .owner = self->space.participant, .stamp = stamp};
  for (uint32_t i = 0; i < 14; i++) {
    made.check[i] = mix(stamp * 64 + name + i);
  }
  memcpy(sluice_at(&self->space, offset), &made, sizeof made);
  sluice_table_key(&self->space, offset, offsetof(content, name), 4, key_of(&name).hash);
  return offset;
}

static void unref(worker *self, uint32_t offset, uint64_t n) {
  int status = sluice_slab_unref(&self->space, offset);
  if (status != SLUICE_OK) {
    fail("unref failed", n, status);
  }
}

static void insert(worker *self, uint32_t name, uint64_t n) {
  sluice_entry there;
  uint32_t offset = make(self, name, 0, n);
  int status = sluice_table_insert(&self->space, &plan.control->table, offset, &there);
  switch (status) {
    case SLUICE_OK: {
      uint32_t nobody = 0;
      if (!atomic_compare_exchange_strong(&plan.control->owners[name], &nobody,
                                          self->space.participant)) {
        fail("a name was inserted twice", n, nobody);
      }
      self->owned[name] = offset;
      add(&self->count->inserted);
      return;
    }
    case SLUICE_E_BUSY:
      if (there.offset == offset) {
        fail("a name is in its own way", n, 0);
      }
      sluice_table_let_go(&self->space, &there);
      break;
    case SLUICE_E_NO_MEMORY:
      add(&self->count->full);
      break;
    case SLUICE_E_AGAIN:
      add(&self->count->again);
      break;
    default:
      fail("insert failed", n, status);
  }
  unref(self, offset, n);
}

static void find_entry(worker *self, uint32_t name, sluice_entry *entry, uint64_t n) {
  sluice_key key = key_of(&name);
  int status = sluice_table_find(&self->space, &plan.control->table, &key, entry);
  if (status != SLUICE_OK || entry->offset != self->owned[name] || entry->held != 0) {
    fail("one's own name is not found", n, status);
  }
}

/* A newer block for a name that this worker owns, or none. */
static void replace(worker *self, uint32_t name, int removes, uint64_t n) {
  sluice_entry entry;
  find_entry(self, name, &entry, n);
  uint32_t offset = 0;
  if (removes) {
    atomic_store(&plan.control->owners[name], 0);
  } else {
    uint64_t stamp = atomic_load(&plan.control->stamps[name]) + 1;
    offset = make(self, name, stamp, n);
    atomic_store(&plan.control->stamps[name], stamp);
  }
  int status = sluice_table_replace(&self->space, &plan.control->table, &entry, offset);
  if (status != SLUICE_OK) {
    fail("another changed what is owned", n, status);
  }
  unref(self, self->owned[name], n);
  self->owned[name] = offset;
  add(&self->count->replaced);
}

static void find(worker *self, uint32_t name, uint64_t n) {
  sluice_entry entry;
  sluice_key key = key_of(&name);
  int status = sluice_table_find(&self->space, &plan.control->table, &key, &entry);
  if (status == SLUICE_OK) {
    check(self, entry.offset, name, n);
    sluice_table_let_go(&self->space, &entry);
    add(&self->count->found);
  } else if (status == SLUICE_E_AGAIN) {
    add(&self->count->again);
  } else if (status != SLUICE_E_EMPTY || self->owned[name] != 0) {
    fail("find failed", n, status);
  }
}

/* All slots: no name twice. What was read at different times proves nothing, so only the names that
 * this worker owns are counted. */
static void walk(worker *self, uint64_t n) {
  uint32_t seen[NAMES] = {0};
  for (uint32_t slot = 0; slot < SLOTS; slot++) {
    sluice_entry entry;
    int status = sluice_table_at(&self->space, &plan.control->table, slot, &entry);
    if (status == SLUICE_OK) {
      uint32_t name = ((const content *)sluice_at(&self->space, entry.offset))->name;
      if (name < NAMES) {
        check(self, entry.offset, name, n);
        seen[name]++;
      } else {
        fail("a block of no name in the table", n, name);
      }
      sluice_table_let_go(&self->space, &entry);
    } else if (status != SLUICE_E_EMPTY && status != SLUICE_E_AGAIN) {
      fail("at failed", n, status);
    }
  }
  for (uint32_t name = 0; name < NAMES; name++) {
    if (self->owned[name] != 0 && seen[name] != 1) {
      fail("one's own name is not in one slot", n, seen[name]);
    }
  }
}

/* ---- the directory ---- */

static void expect_object(worker *self, uint32_t offset, const char *name, uint64_t n) {
  const sluice_object *object = sluice_at(&self->space, offset);
  if (object->kind != TABLE_KIND || object->bytes != 256 || object->name_bytes != 2 ||
      memcmp(object->name, name, 2) != 0) {
    fail("another object than asked for", n, object->kind);
  }
}

/* Opens, looks, closes; one in four removes the name meanwhile, and it is still there to be looked
 * at until it is closed. */
static void use_object(worker *self, uint64_t dice, uint64_t n) {
  char name[2] = {'o', (char)('a' + (char)((dice >> 8) % OBJECTS))};
  sluice_shape shape = {.kind = TABLE_KIND, .bytes = 256, .capacity = (uint32_t)name[1]};
  uint32_t offset = (dice >> 16) % 4 == 0 ? sluice_directory_find(&self->space, name, 2)
                                          : sluice_object_open(&self->space, name, 2, shape);
  if (offset == 0) {
    if (self->space.status != SLUICE_E_EMPTY && self->space.status != SLUICE_E_AGAIN) {
      fail("open failed", n, self->space.status);
    }
    return;
  }
  expect_object(self, offset, name, n);
  if ((dice >> 18) % 4 == 0) {
    int status = sluice_directory_remove(&self->space, name, 2);
    if (status != SLUICE_OK && status != SLUICE_E_EMPTY && status != SLUICE_E_AGAIN) {
      fail("remove failed", n, status);
    }
  }
  expect_object(self, offset, name, n);
  int status = sluice_object_close(&self->space, offset);
  if (status != SLUICE_OK) {
    fail("close failed", n, status);
  }
  add(&self->count->opened);
}

static void work(uint32_t index, uint32_t id) {
  worker self = {.count = &plan.control->counts[index]};
  uint64_t n = atomic_load(&self.count->done);
  self.random = mix(plan.seed * plan.workers + index) ^ mix(n);
  if (sluice_space_attach(&self.space, plan.memory, BYTES) != SLUICE_OK ||
      sluice_participant_adopt(&self.space, id, 0) != SLUICE_OK) {
    fail("no participant", n, self.space.status);
  }
  for (; n < plan.operations; n++) {
    uint64_t dice = random_next(&self.random);
    uint32_t name = (uint32_t)(dice >> 40) % NAMES;
    switch (dice & 7) {
      case 0:
      case 1:
        use_object(&self, dice, n);
        break;
      case 2:
      case 3:
        find(&self, name, n);
        break;
      case 4:
        if ((dice & 0xf0) == 0) {
          walk(&self, n);
        } else {
          find(&self, name, n);
        }
        break;
      default:
        if (self.owned[name] == 0) {
          insert(&self, name, n);
        } else {
          replace(&self, name, (dice >> 4) % 2 == 0, n);
        }
        break;
    }
    atomic_store_explicit(&self.count->done, n + 1, memory_order_relaxed);
    if (n % WATCHDOG_ROUNDS == 0) {
      (void)alarm(WATCHDOG_SECONDS);
    }
  }
  for (uint32_t name = 0; name < NAMES; name++) {
    if (self.owned[name] != 0) {
      replace(&self, name, 1, n);
    }
  }
  (void)sluice_participant_leave(&self.space);
}

/* ---- */

static void *run_thread(void *index) {
  work((uint32_t)(uintptr_t)index, 0);
  return NULL;
}

static void in_threads(void) {
  pthread_t threads[WORKERS_MAX];
  for (uintptr_t i = 0; i < plan.workers; i++) {
    if (pthread_create(&threads[i], NULL, run_thread, (void *)i) != 0) {
      fail("no thread", 0, 0);
    }
  }
  for (uint32_t i = 0; i < plan.workers; i++) {
    (void)pthread_join(threads[i], NULL);
  }
}

static pid_t start(uint32_t index, uint32_t id) {
  pid_t child = fork();
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    work(index, id);
    _exit(0);
  }
  if (child < 0) {
    fail("no process", 0, 0);
  }
  return child;
}

static void in_processes(void) {
  pid_t children[WORKERS_MAX];
  (void)alarm(0); /* each watches itself */
  for (uint32_t i = 0; i < plan.workers; i++) {
    children[i] = start(i, 0);
  }
  for (uint32_t i = 0; i < plan.workers; i++) {
    int status = 0;
    if (waitpid(children[i], &status, 0) != children[i] || status != 0) {
      fail("a worker's process failed", 0, status);
    }
  }
}

/* Recovers the table, which no object's burial knows of, buries a worker, then takes away the names
 * that it owned, as only their owner may. */
static void bury(sluice_space *space, uint32_t id, uint64_t deaths) {
  int status = SLUICE_E_AGAIN;
  if (sluice_participant_alive(space, id)) {
    sluice_table_recover(space, &plan.control->table, id);
  }
  while (status == SLUICE_E_AGAIN) {
    status = sluice_participant_bury(space, id);
  }
  if (status != SLUICE_OK) {
    fail("bury failed", deaths, status);
  }
  for (uint32_t name = 0; name < NAMES; name++) {
    uint32_t owner = id;
    (void)atomic_compare_exchange_strong(&plan.control->owners[name], &owner, 0);
    sluice_entry entry;
    sluice_key key = key_of(&name);
    status = SLUICE_E_AGAIN;
    while (status == SLUICE_E_AGAIN) {
      status = sluice_table_find(space, &plan.control->table, &key, &entry);
    }
    if (status == SLUICE_OK) {
      if (((const content *)sluice_at(space, entry.offset))->owner == id &&
          sluice_table_replace(space, &plan.control->table, &entry, 0) != SLUICE_OK) {
        fail("another changed what a dead one owned", deaths, 0);
      }
      sluice_table_let_go(space, &entry);
    } else if (status != SLUICE_E_EMPTY) {
      fail("find failed after a burial", deaths, status);
    }
  }
}

static uint64_t with_deaths(sluice_space *space) {
  pid_t children[WORKERS_MAX];
  uint64_t deaths = 0;
  uint64_t random = plan.seed;
  uint32_t left = plan.workers;
  for (uint32_t i = 0; i < plan.workers; i++) {
    plan.control->ids[i] = sluice_participant_reserve(space);
    children[i] = start(i, plan.control->ids[i]);
  }
  while (left != 0) {
    (void)alarm(WATCHDOG_SECONDS);
    uint64_t dice = random_next(&random);
    struct timespec time = {.tv_nsec = (long)(dice >> 32) % 3000000};
    (void)nanosleep(&time, NULL);
    uint32_t i = (uint32_t)dice % plan.workers;
    if (children[i] == 0) {
      continue;
    }
    int status = 0;
    (void)kill(children[i], SIGKILL);
    if (waitpid(children[i], &status, 0) != children[i] ||
        (status != 0 && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))) {
      fail("a worker's process failed", deaths, status);
    }
    bury(space, plan.control->ids[i], deaths);
    children[i] = 0;
    if (atomic_load(&plan.control->counts[i].done) >= plan.operations) {
      left--;
    } else {
      deaths++;
      plan.control->ids[i] = sluice_participant_reserve(space);
      children[i] = start(i, plan.control->ids[i]);
    }
  }
  return deaths;
}

static uint64_t number(int argc, char **argv, int index, uint64_t otherwise) {
  return argc > index ? strtoull(argv[index], NULL, 10) : otherwise;
}

static void *shared(size_t bytes) {
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    fail("no memory", 0, 0);
  }
  return at;
}

static uint64_t sum_of(size_t member) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < plan.workers; i++) {
    sum += atomic_load((_Atomic uint64_t *)(void *)((char *)&plan.control->counts[i] + member));
  }
  return sum;
}

/* All are done: the table is empty, and so is the space once the objects' names are removed. */
static void check_the_end(sluice_space *space, uint32_t base) {
  if (sluice_table_used(&plan.control->table) != 0) {
    fail("names were left in the table", sluice_table_used(&plan.control->table), 0);
  }
  for (uint32_t i = 0; i < OBJECTS; i++) {
    char name[2] = {'o', (char)('a' + (char)i)};
    int status = sluice_directory_remove(space, name, 2);
    if (status != SLUICE_OK && status != SLUICE_E_EMPTY) {
      fail("remove failed at the end", i, status);
    }
  }
  for (uint32_t i = 0; i < SLUICE_DIRECTORY_ENTRIES; i++) {
    if (sluice_directory_at(space, i) != 0) {
      fail("a name was in the directory twice", i, 0);
    }
  }
  if (sluice_space_used(space) != base) {
    fail("blocks were leaked", sluice_space_used(space) - base, 0);
  }
  if (sluice_space_state(space) != SLUICE_OK || sluice_participant_count(space) != 1) {
    fail("the space is not as it was", 0, sluice_space_state(space));
  }
}

int main(int argc, char **argv) {
  const char *how = argc > 3 ? argv[3] : "threads";
  uint64_t deaths = 0;
  plan.workers = (uint32_t)number(argc, argv, 4, 4);
  if (plan.workers - 1 >= WORKERS_MAX) {
    fail("no such number of workers", plan.workers, 0);
  }
  plan.operations = number(argc, argv, 1, 2000000) / plan.workers;
  plan.seed = number(argc, argv, 2, 1);
  plan.memory = shared(BYTES);
  plan.control = shared(sizeof *plan.control);
  sluice_space space;
  if (sluice_space_init(&space, plan.memory, BYTES) != SLUICE_OK ||
      sluice_participant_join(&space, 0) != SLUICE_OK) {
    fail("no space", 0, 0);
  }
  uint32_t offset = sluice_space_alloc(&space, 64 + 8 * SLOTS);
  plan.control->table = (sluice_table){.version = sluice_at(&space, offset),
                                       .slots = sluice_at(&space, offset + 64),
                                       .count = SLOTS,
                                       .home = offset};
  uint32_t base = sluice_space_used(&space);
  (void)alarm(WATCHDOG_SECONDS);
  struct timespec begin;
  struct timespec end;
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  if (strcmp(how, "deaths") == 0) {
    deaths = with_deaths(&space);
  } else if (strcmp(how, "processes") == 0) {
    in_processes();
  } else {
    in_threads();
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  check_the_end(&space, base);
  double seconds =
      (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
  (void)printf(
      "table: %llu operations, %.2f seconds (%s; %llu inserted, %llu found, %llu replaced, %llu"
      " objects, full %llu times, again %llu times, %llu deaths)\n",
      (unsigned long long)plan.operations * plan.workers, seconds, how,
      (unsigned long long)sum_of(offsetof(worker_count, inserted)),
      (unsigned long long)sum_of(offsetof(worker_count, found)),
      (unsigned long long)sum_of(offsetof(worker_count, replaced)),
      (unsigned long long)sum_of(offsetof(worker_count, opened)),
      (unsigned long long)sum_of(offsetof(worker_count, full)),
      (unsigned long long)sum_of(offsetof(worker_count, again)), (unsigned long long)deaths);
  return 0;
}
