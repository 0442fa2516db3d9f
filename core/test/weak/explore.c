/* The explorer: see weak.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weak.h"

enum { WRITES = 24, INITIAL = 255, STATES_MAX = 6000000 };

typedef struct event {
  uint64_t before; /* the events that happen before this one */
  uint64_t gives;  /* a write: the events that happen before whoever acquires it */
  int value;       /* read, or written by a write */
  uint8_t place;
  uint8_t thread;
  uint8_t reads, writes, plain;
  uint8_t order;
  uint8_t from;     /* a read: the write it reads from */
  uint8_t position; /* a write: its place in the modification order */
  int8_t edge;
} event;

/* A partial execution. Each thread has a range of events of its own, so that the same graph looks
 * the same in whatever order it grew. */
typedef struct world {
  event events[WEAK_EVENTS];
  uint64_t at[WEAK_PLACES];   /* the events of each location */
  uint64_t seq_cst;           /* the seq_cst events */
  uint64_t woke[WEAK_PLACES]; /* what happens before the wake-ups of each location's sleepers */
  weak_thread threads[WEAK_THREADS];
  uint8_t order[WEAK_PLACES][WRITES]; /* modification order; the first is INITIAL */
  uint8_t writes[WEAK_PLACES];
  uint8_t counts[WEAK_THREADS];
  uint8_t asleep[WEAK_THREADS]; /* location + 1 */
  uint8_t log[WEAK_EVENTS];     /* the events as they came, for the trace */
  uint8_t logged;
  int values[WEAK_PLACES]; /* in a program that is `strong`, in place of all events */
} world;

static struct {
  const weak_litmus *litmus;
  weak_edges *edges;
  weak_result *result;
  int threads;
  int first[WEAK_THREADS + 1]; /* each thread's first event; the last: one behind all */
  struct key {
    uint64_t a, b;
  } * seen;
  size_t room, used;
} run;

static const struct {
  const char *name;
} order_names[] = {{"relaxed"}, {"acquire"}, {"release"}, {"acq_rel"}, {"seq_cst"}};

const char *weak_order_name(weak_order order) {
  return order_names[order].name;
}

static uint64_t bit(int event_id) {
  return UINT64_C(1) << event_id;
}

static int lowest(uint64_t set) {
  return __builtin_ctzll(set);
}

static int acquires(weak_order order) {
  return order == ACQUIRE || order >= ACQ_REL;
}

static int releases(weak_order order) {
  return order >= RELEASE;
}

/* Which of its thread's events it is. */
static int index_of(const world *w, int id) {
  return id - run.first[w->events[id].thread];
}

/* ---- what was seen ---- */

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
  return hash ^ hash >> 29;
}

static struct key key_of(const world *w) {
  struct key key = {1, 2};
  for (int t = 0; t < run.threads; t++) {
    const weak_thread *thread = &w->threads[t];
    uint64_t word = (uint64_t)(unsigned)thread->pc << 32 | (uint64_t)thread->next.kind << 24 |
                    (uint64_t)w->asleep[t] << 8 | w->counts[t];
    key.a = mix(key.a, word);
    key.b = mix(key.b, word + 1);
    for (int i = 0; i < WEAK_REGISTERS; i += 2) {
      word = (uint64_t)(unsigned)thread->r[i] << 32 | (unsigned)thread->r[i + 1];
      key.a = mix(key.a, word);
      key.b = mix(key.b, ~word);
    }
    for (int i = 0; i < w->counts[t]; i++) {
      const event *e = &w->events[run.first[t] + i];
      word = (uint64_t)e->from << 8 | e->place;
      key.a = mix(key.a, word);
      key.b = mix(key.b, word ^ 0x5555);
    }
  }
  for (int p = 0; p < WEAK_PLACES; p++) {
    key.a = mix(key.a, (unsigned)w->values[p]);
    key.b = mix(key.b, ~(uint64_t)(unsigned)w->values[p]);
    if (w->writes[p] > 1 || w->woke[p] != 0) {
      key.a = mix(key.a, w->woke[p]);
      key.b = mix(key.b, w->woke[p] + (uint64_t)p);
      for (int i = 1; i < w->writes[p]; i++) {
        key.a = mix(key.a, w->order[p][i]);
        key.b = mix(key.b, (uint64_t)w->order[p][i] << 7);
      }
    }
  }
  key.a |= key.a == 0;
  return key;
}

static struct key *slot_of(struct key *table, size_t room, struct key key) {
  size_t at = key.b & (room - 1);
  while (table[at].a != 0 && (table[at].a != key.a || table[at].b != key.b)) {
    at = (at + 1) & (room - 1);
  }
  return &table[at];
}

static void grow(void) {
  size_t room = run.room == 0 ? 1 << 14 : run.room * 2;
  struct key *table = calloc(room, sizeof *table);
  if (table == NULL) {
    abort();
  }
  for (size_t i = 0; i < run.room; i++) {
    if (run.seen[i].a != 0) {
      *slot_of(table, room, run.seen[i]) = run.seen[i];
    }
  }
  free(run.seen);
  run.seen = table;
  run.room = room;
}

/* 1 the first time that this partial execution is met */
static int is_new(const world *w) {
  struct key key = key_of(w);
  if (run.used * 2 >= run.room) {
    grow();
  }
  struct key *slot = slot_of(run.seen, run.room, key);
  if (slot->a != 0) {
    return 0;
  }
  *slot = key;
  run.used++;
  return 1;
}

/* ---- the trace of what went wrong ---- */

static size_t describe(const world *w, int id, char *to, size_t room) {
  const event *e = &w->events[id];
  const weak_litmus *litmus = run.litmus;
  char from[60] = "";
  if (e->reads) {
    if (e->from == INITIAL) {
      (void)snprintf(from, sizeof from, " from the start");
    } else {
      (void)snprintf(from, sizeof from, " from %s.%d",
                     litmus->threads[w->events[e->from].thread].name, index_of(w, e->from));
    }
  }
  int read = e->from == INITIAL ? litmus->start[e->place] : w->events[e->from].value;
  char values[40];
  if (e->reads && e->writes) {
    (void)snprintf(values, sizeof values, "%d -> %d", read, e->value);
  } else {
    (void)snprintf(values, sizeof values, "%d", e->reads ? read : e->value);
  }
  int length =
      snprintf(to, room, "    %s.%d: %s %s %s%s, %s%s%s%s\n", litmus->threads[e->thread].name,
               index_of(w, id), e->reads ? e->writes ? "updates" : "reads" : "writes",
               litmus->places[e->place], values, from,
               e->plain ? "plain" : weak_order_name((weak_order)e->order), e->edge < 0 ? "" : " [",
               e->edge < 0 ? "" : run.edges->at[e->edge].name, e->edge < 0 ? "" : "]");
  return length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

static void found(const world *w, const char *what) {
  if (run.result->found != NULL) {
    return;
  }
  run.result->found = what;
  char *to = run.result->trace;
  size_t room = sizeof run.result->trace;
  for (int i = 0; i < w->logged; i++) {
    size_t length = describe(w, w->log[i], to, room);
    to += length;
    room -= length;
  }
  for (int p = 0; p < WEAK_PLACES; p++) {
    if (w->writes[p] > 2) { /* more than one write: their order is worth telling */
      int length = snprintf(to, room, "    order of %s:", run.litmus->places[p]);
      for (int i = 1; i < w->writes[p] && length > 0 && (size_t)length < room; i++) {
        const event *e = &w->events[w->order[p][i]];
        length +=
            snprintf(to + length, room - (size_t)length, " %s.%d=%d",
                     run.litmus->threads[e->thread].name, index_of(w, w->order[p][i]), e->value);
      }
      if (length > 0 && (size_t)length + 1 < room) {
        to[length++] = '\n';
        to += length;
        room -= (size_t)length;
      }
    }
  }
  *to = 0;
}

/* ---- edges ---- */

static weak_order current(const weak_step *step, int fails, int *edge) {
  weak_order given = fails ? step->failed : step->order;
  int reads = step->kind != WEAK_STORE;
  int writes = !fails && step->kind != WEAK_LOAD && step->kind != WEAK_AWAIT;
  char name[sizeof run.edges->at[0].name];
  *edge = -1;
  if (step->edge == NULL) {
    return given;
  }
  (void)snprintf(name, sizeof name, "%s%s", step->edge, fails ? " (when it fails)" : "");
  weak_edges *edges = run.edges;
  int i = 0;
  while (i < edges->count && strcmp(edges->at[i].name, name) != 0) {
    i++;
  }
  if (i == WEAK_EDGES) {
    run.result->error = "too many edges in this group";
    return given;
  }
  if (i == edges->count) {
    (void)snprintf(edges->at[i].name, sizeof edges->at[i].name, "%s", name);
    edges->at[i].given = given;
    edges->at[i].now = given;
    edges->at[i].reads = reads;
    edges->at[i].writes = writes;
    edges->count++;
  }
  if (edges->at[i].given != given || edges->at[i].reads != reads || edges->at[i].writes != writes) {
    run.result->error = edges->at[i].name; /* one name, two orders */
  }
  run.result->edges |= UINT64_C(1) << i;
  *edge = i;
  return edges->at[i].now;
}

/* ---- the model ---- */

static uint64_t history(const world *w, int t) {
  if (w->counts[t] == 0) {
    return 0;
  }
  int last = run.first[t] + w->counts[t] - 1;
  return w->events[last].before | bit(last);
}

static int position(const world *w, int id) {
  return id == INITIAL ? 0 : w->events[id].position;
}

/* How far in the modification order of `place` whoever has `known` behind it has come. */
static int reached(const world *w, uint64_t known, int place) {
  int most = 0;
  for (uint64_t set = known & w->at[place]; set != 0; set &= set - 1) {
    const event *e = &w->events[lowest(set)];
    int p = e->writes ? e->position : position(w, e->from);
    most = p > most ? p : most;
  }
  return most;
}

static int value_of(const world *w, int place, int write) {
  return write == INITIAL ? run.litmus->start[place] : w->events[write].value;
}

static int taken(const world *w, int place, int at) { /* by a read-modify-write that stays there */
  return at < w->writes[place] && w->events[w->order[place][at]].reads;
}

/* The thread's events from index `from` up to `to`, which is left out. */
static uint64_t of_thread(int t, int from, int to) {
  return (bit(run.first[t] + to) - 1) & ~(bit(run.first[t] + from) - 1);
}

/* RC11's psc between two seq_cst events. */
static int precedes(const world *w, int a, int b) {
  const event *ea = &w->events[a];
  const event *eb = &w->events[b];
  if (ea->thread == eb->thread) {
    return a < b;
  }
  if (ea->place == eb->place) {
    if ((eb->before & bit(a)) != 0) {
      return 1;
    }
    if (eb->writes) {
      if (ea->writes && ea->position < eb->position) {
        return 1;
      }
      if (ea->reads && position(w, ea->from) < eb->position) {
        return 1;
      }
    }
  }
  /* program order to another location, happens before, program order from another location */
  uint64_t after =
      of_thread(ea->thread, index_of(w, a) + 1, w->counts[ea->thread]) & ~w->at[ea->place];
  uint64_t ends = of_thread(eb->thread, 0, index_of(w, b)) & ~w->at[eb->place];
  for (; ends != 0; ends &= ends - 1) {
    if ((w->events[lowest(ends)].before & after) != 0) {
      return 1;
    }
  }
  return 0;
}

/* Is there a cycle through the newest seq_cst event? */
static int contradicts(const world *w, int newest) {
  uint64_t reach = 0;
  uint64_t todo = bit(newest);
  while (todo != 0) {
    int a = lowest(todo);
    todo &= todo - 1;
    for (uint64_t set = w->seq_cst & ~reach; set != 0; set &= set - 1) {
      int b = lowest(set);
      if (b != a && precedes(w, a, b)) {
        if (b == newest) {
          return 1;
        }
        reach |= bit(b);
        todo |= bit(b);
      }
    }
  }
  return 0;
}

static int races(const world *w, const event *e) {
  for (uint64_t set = w->at[e->place] & ~e->before; set != 0; set &= set - 1) {
    const event *other = &w->events[lowest(set)];
    if (other->thread != e->thread && (e->plain || other->plain) && (e->writes || other->writes)) {
      return 1;
    }
  }
  return 0;
}

static void explore(const world *w);

/* Runs the thread to its next access, and goes on from there. */
static void go_on(world *w, int t, int got) {
  weak_thread *thread = &w->threads[t];
  thread->got = got;
  run.litmus->threads[t].run(thread);
  if (thread->next.kind == WEAK_FAIL) {
    found(w, thread->next.edge);
    return;
  }
  explore(w);
}

/* One more event in a copy of the world: reads `from`, writes `value` at `position`. */
static void add(const world *w, int t, const weak_step *step, weak_order order, int edge, int from,
                int at, int value, int sleeps) {
  if (run.first[t] + w->counts[t] == run.first[t + 1] ||
      (at > 0 && w->writes[step->place] == WRITES)) {
    run.result->error = "too many events";
    return;
  }
  world next = *w;
  int id = run.first[t] + next.counts[t]++;
  event *e = &next.events[id];
  int place = step->place;
  *e = (event){.place = (uint8_t)place,
               .thread = (uint8_t)t,
               .reads = from >= 0,
               .writes = at > 0,
               .plain = step->kind == WEAK_READ || step->kind == WEAK_WRITE,
               .order = (uint8_t)order,
               .from = (uint8_t)(from < 0 ? 0 : from),
               .position = (uint8_t)at,
               .value = value,
               .edge = (int8_t)edge,
               .before = history(w, t)};
  next.log[next.logged++] = (uint8_t)id;
  int got = 0;
  if (from >= 0) {
    got = value_of(w, place, from);
    if (acquires(order) && from != INITIAL) {
      e->before |= w->events[from].gives;
    }
  }
  if (at > 0) {
    e->gives = releases(order) ? e->before | bit(id) : 0;
    if (from >= 0 && from != INITIAL) {
      e->gives |= w->events[from].gives; /* the release sequence goes on */
    }
    for (int i = next.writes[place]; i > at; i--) {
      next.order[place][i] = next.order[place][i - 1];
      next.events[next.order[place][i]].position = (uint8_t)i;
    }
    next.order[place][at] = (uint8_t)id;
    next.writes[place]++;
  }
  int race = races(&next, e);
  next.at[place] |= bit(id);
  if (race) {
    found(&next, "RACE: a plain access is not ordered with another");
    return;
  }
  if (order == SEQ_CST && !e->plain) {
    next.seq_cst |= bit(id);
    if (contradicts(&next, id)) {
      return;
    }
  }
  if (sleeps) {
    next.asleep[t] = (uint8_t)(place + 1);
    explore(&next);
    return;
  }
  go_on(&next, t, got);
}

static int fits(const weak_step *step, int value) {
  switch (step->operation) {
    case WEAK_EQ:
      return value == step->expected;
    case WEAK_NE:
      return value != step->expected;
    case WEAK_GE:
      return value >= step->expected;
    default:
      return (value & step->expected) == 0;
  }
}

static int updated(const weak_step *step, int value) {
  switch (step->operation) {
    case WEAK_ADD:
      return value + step->value;
    case WEAK_OR:
      return value | step->value;
    case WEAK_AND:
      return value & step->value;
    case WEAK_MAX:
      return value > step->value ? value : step->value;
    default:
      return step->value;
  }
}

/* All that a read, or a read-modify-write, may see. Returns whether there was anything. */
static int step_reads(const world *w, int t) {
  const weak_step *step = &w->threads[t].next;
  int place = step->place;
  int edge = -1;
  int failed_edge = -1;
  weak_order order = current(step, 0, &edge);
  weak_order failed = step->kind == WEAK_CAS ? current(step, 1, &failed_edge) : order;
  uint64_t known = history(w, t);
  if (step->kind == WEAK_SLEEP) {
    known |= w->woke[place];
  }
  int any = 0;
  for (int i = reached(w, known, place); i < w->writes[place]; i++) {
    int from = w->order[place][i];
    int value = value_of(w, place, from);
    int updates = step->kind == WEAK_RMW || (step->kind == WEAK_CAS && value == step->expected);
    if ((updates && taken(w, place, i + 1)) || (step->kind == WEAK_AWAIT && !fits(step, value))) {
      continue;
    }
    any = 1;
    if (updates) {
      int made = step->kind == WEAK_CAS ? step->value : updated(step, value);
      add(w, t, step, order, edge, from, i + 1, made, 0);
    } else {
      int sleeps = step->kind == WEAK_SLEEP && value == step->expected;
      int fails = step->kind == WEAK_CAS;
      add(w, t, step, fails ? failed : order, fails ? failed_edge : edge, from, 0, 0, sleeps);
    }
  }
  return any;
}

static void step_writes(const world *w, int t) {
  const weak_step *step = &w->threads[t].next;
  int place = step->place;
  int edge = -1;
  weak_order order = current(step, 0, &edge);
  for (int i = reached(w, history(w, t), place) + 1; i <= w->writes[place]; i++) {
    if (!taken(w, place, i)) {
      add(w, t, step, order, edge, -1, i, step->value, 0);
    }
  }
}

/* A plain access: has one outcome and commutes with all that other threads do, or else races. */
static void step_plain(const world *w, int t) {
  const weak_step *step = &w->threads[t].next;
  int last = w->writes[step->place] - 1;
  if (step->kind == WEAK_READ) {
    int known = reached(w, history(w, t), step->place);
    add(w, t, step, RELAXED, -1, w->order[step->place][known], 0, 0, 0);
  } else {
    add(w, t, step, RELAXED, -1, -1, last + 1, step->value, 0);
  }
}

/* One step where all sees the newest: interleavings only, races are not looked for. */
static int step_strong(const world *w, int t) {
  const weak_step *step = &w->threads[t].next;
  world next = *w;
  int *word = &next.values[step->place];
  int got = *word;
  switch (step->kind) {
    case WEAK_STORE:
    case WEAK_WRITE:
      *word = step->value;
      break;
    case WEAK_RMW:
      *word = updated(step, got);
      break;
    case WEAK_CAS:
      *word = got == step->expected ? step->value : got;
      break;
    case WEAK_AWAIT:
      if (!fits(step, got)) {
        return 0;
      }
      break;
    case WEAK_SLEEP:
      if (got == step->expected) {
        next.asleep[t] = (uint8_t)(step->place + 1);
        explore(&next);
        return 1;
      }
      break;
    default:
      break;
  }
  go_on(&next, t, got);
  return 1;
}

static void step_wakes(const world *w, int t) {
  const weak_step *step = &w->threads[t].next;
  uint8_t word = (uint8_t)(step->place + 1);
  int woken = 0;
  for (int s = 0; s < run.threads; s++) {
    if (w->asleep[s] != word) {
      continue;
    }
    world next = *w;
    next.woke[step->place] |= history(w, t);
    for (int other = s; other < run.threads; other++) {
      if (next.asleep[other] == word && (other == s || step->kind == WEAK_WAKE)) {
        next.asleep[other] = 0;
        next.threads[other].got = 0;
        run.litmus->threads[other].run(&next.threads[other]);
        if (next.threads[other].next.kind == WEAK_FAIL) {
          found(&next, next.threads[other].next.edge);
          return;
        }
      }
    }
    woken = 1;
    go_on(&next, t, 1);
    if (step->kind == WEAK_WAKE) {
      return;
    }
  }
  if (!woken) {
    world next = *w;
    next.woke[step->place] |= history(w, t);
    go_on(&next, t, 0);
  }
}

/* Nobody can go on. */
static void ended(const world *w) {
  weak_end end = {0};
  for (int t = 0; t < run.threads; t++) {
    if (w->threads[t].next.kind == WEAK_CUT) {
      return;
    }
    for (int i = 0; i < WEAK_REGISTERS; i++) {
      end.r[t][i] = w->threads[t].r[i];
    }
  }
  run.result->executions++;
  for (int t = 0; t < run.threads; t++) {
    if (w->threads[t].next.kind != WEAK_DONE && (run.litmus->may_sleep >> t & 1) == 0) {
      found(w, w->asleep[t] != 0 ? "a thread sleeps for ever" : "a thread waits for ever");
      return;
    }
  }
  for (int p = 0; p < WEAK_PLACES; p++) {
    end.last[p] = run.litmus->strong ? w->values[p] : value_of(w, p, w->order[p][w->writes[p] - 1]);
  }
  const char *wrong = run.litmus->wrong == NULL ? NULL : run.litmus->wrong(&end);
  if (wrong != NULL) {
    found(w, wrong);
  }
}

static int over(void) {
  return run.result->found != NULL || run.result->error != NULL;
}

static void explore(const world *w) {
  if (over() || !is_new(w)) {
    return;
  }
  if (run.used > STATES_MAX) {
    run.result->error = "too many states";
    return;
  }
  for (int t = 0; t < run.threads; t++) {
    weak_kind kind = w->threads[t].next.kind;
    if (!run.litmus->strong && w->asleep[t] == 0 && (kind == WEAK_READ || kind == WEAK_WRITE)) {
      step_plain(w, t);
      return;
    }
  }
  int any = 0;
  for (int t = 0; t < run.threads && !over(); t++) {
    if (w->asleep[t] != 0) {
      continue;
    }
    const weak_step *step = &w->threads[t].next;
    switch (step->kind) {
      case WEAK_DONE:
      case WEAK_CUT:
        break;
      case WEAK_CHOOSE:
        any = 1;
        for (int i = 0; i < step->value; i++) {
          world next = *w;
          go_on(&next, t, i);
        }
        break;
      case WEAK_STORE:
        any = 1;
        if (run.litmus->strong) {
          (void)step_strong(w, t);
        } else {
          step_writes(w, t);
        }
        break;
      case WEAK_WAKE:
      case WEAK_WAKE_ONE:
        any = 1;
        step_wakes(w, t);
        break;
      default:
        any |= run.litmus->strong ? step_strong(w, t) : step_reads(w, t);
        break;
    }
  }
  if (!any && !over()) {
    ended(w);
  }
}

void weak_explore(const weak_litmus *litmus, weak_edges *edges, weak_result *result) {
  *result = (weak_result){0};
  run.litmus = litmus;
  run.edges = edges;
  run.result = result;
  run.threads = 0;
  while (run.threads < WEAK_THREADS && litmus->threads[run.threads].run != NULL) {
    run.threads++;
  }
  for (int t = 0; t < run.threads; t++) {
    int share = litmus->events[t] != 0 ? litmus->events[t] : (WEAK_EVENTS - 1) / run.threads;
    run.first[t + 1] = run.first[t] + share;
  }
  if (run.first[run.threads] > WEAK_EVENTS - 1) {
    result->error = "more events than there are";
    return;
  }
  run.used = 0;
  if (run.room > 1 << 16) { /* clearing a large one costs more than filling a small one */
    free(run.seen);
    run.seen = NULL;
    run.room = 0;
  }
  if (run.seen != NULL) {
    memset(run.seen, 0, run.room * sizeof *run.seen);
  }
  static world first;
  first = (world){0};
  for (int p = 0; p < WEAK_PLACES; p++) {
    first.order[p][0] = INITIAL;
    first.writes[p] = 1;
    first.values[p] = litmus->start[p];
  }
  for (int t = 0; t < run.threads; t++) {
    first.threads[t].id = t;
    litmus->threads[t].run(&first.threads[t]);
    if (first.threads[t].next.kind == WEAK_FAIL) {
      result->error = "fails before its first access";
      return;
    }
  }
  explore(&first);
  result->states = run.used;
}
