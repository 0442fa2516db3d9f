/* Runs the litmus programs, then weakens each order that they name.
 *
 *   weak [short|long] [-v] [GROUP]
 *
 * For each edge, each next weaker order must make a program of the group go wrong ("caught"). One
 * that does not is listed as NOT NEEDED: the C asks for more than it needs, or the programs do not
 * look closely enough. Those that are known stand in the group's excuses, with the reason. */
#include <stdio.h>
#include <string.h>

#include "weak.h"

/* clang-format off */
#define GROUPS(each) \
  each(classic) each(ring) each(event) each(table) each(space) each(mutex) each(cell) each(queue) \
  each(ring_many) each(broadcast) \
  each(rwlock) each(semaphore) each(once) each(barrier) each(condvar) \
  each(store) each(rpc)

#define DECLARE(name) extern const weak_group name##_group;
GROUPS(DECLARE)

#define REFER(name) &name##_group,
static const weak_group *const groups[] = {GROUPS(REFER)};
/* clang-format on */

static struct { int passed, failed, is_long, verbose, needed, excused; } total;

static int counts(const weak_litmus *litmus) {
  return !litmus->long_only || total.is_long;
}

enum { PROGRAMS = 48 };

/* The group's program number `i`; NULL behind the last. */
static const weak_litmus *program(const weak_group *group, int i) {
  int count = 0;
  while (count < i && group->litmus[count].name != NULL) {
    count++;
  }
  const weak_litmus *found = &group->litmus[i];
  if (group->litmus[count].name == NULL) {
    found = group->more == NULL ? NULL : &group->more[i - count];
  }
  return found == NULL || found->name == NULL ? NULL : found;
}

static void run_litmus(const weak_group *group, const weak_litmus *litmus, weak_edges *edges,
                       uint64_t *used) {
  static weak_result result;
  weak_explore(litmus, edges, &result);
  int ok = result.error == NULL && (result.found != NULL) == (litmus->allowed != 0);
  *used = ok ? result.edges : 0; /* what goes wrong anyway catches nothing */
  if (ok) {
    total.passed++;
  } else {
    total.failed++;
  }
  printf("%-6s %-10s %-58s %8lu states %6lu ends\n", ok ? "ok" : "FAILED", group->name,
         litmus->name, result.states, result.executions);
  if (result.error != NULL) {
    printf("    %s\n", result.error);
  } else if (!ok && litmus->allowed) {
    printf("    the model does not allow it\n");
  }
  if (result.found != NULL && (!ok || total.verbose)) {
    printf("    %s\n%s", result.found, result.trace);
  }
}

/* Does a program of the group go wrong with `edge` at `order`? An exploration that grows too large
 * counts as such, and as a failure of the program unless it `may_end_early`. */
static int caught(const weak_group *group, weak_edges *edges, int edge, weak_order order,
                  const uint64_t *used, int may_end_early) {
  static weak_result result;
  int wrong = 0;
  weak_order before = edges->at[edge].now;
  edges->at[edge].now = order;
  for (int i = 0; i < PROGRAMS && !wrong; i++) {
    const weak_litmus *litmus = program(group, i);
    if (litmus == NULL) {
      break;
    }
    if (!counts(litmus) || litmus->allowed || litmus->as_is || litmus->strong ||
        (used[i] >> edge & 1) == 0) {
      continue;
    }
    weak_explore(litmus, edges, &result);
    if (result.error != NULL) {
      printf("    %s with %s %s: %s\n", litmus->name, edges->at[edge].name, weak_order_name(order),
             result.error);
      total.failed += !may_end_early;
    }
    wrong = result.found != NULL || result.error != NULL;
    if (wrong && total.verbose) {
      printf("       with %s: %s: %s: %s\n%s", weak_order_name(order), edges->at[edge].name,
             litmus->name, result.found, result.trace);
    }
  }
  edges->at[edge].now = before;
  return wrong;
}

/* The next weaker orders, in `to`; returns how many. */
static int weaker(int reads, int writes, weak_order order, weak_order to[2]) {
  switch (order) {
    case SEQ_CST:
      to[0] = reads && writes ? ACQ_REL : reads ? ACQUIRE : RELEASE;
      return 1;
    case ACQ_REL:
      to[0] = ACQUIRE;
      to[1] = RELEASE;
      return 2;
    case ACQUIRE:
    case RELEASE:
      to[0] = RELAXED;
      return 1;
    default:
      return 0;
  }
}

/* Finds the weakest orders that are not caught, in `survives` (a set). */
static void weaken(const weak_group *group, weak_edges *edges, int edge, weak_order order,
                   const uint64_t *used, unsigned *survives) {
  weak_order next[2];
  int count = weaker(edges->at[edge].reads, edges->at[edge].writes, order, next);
  unsigned below = 0;
  for (int i = 0; i < count; i++) {
    if (!caught(group, edges, edge, next[i], used, 0)) {
      below |= 1U << next[i];
      weaken(group, edges, edge, next[i], used, &below);
    }
  }
  if (below != 0) {
    *survives &= ~(1U << order);
    *survives |= below;
  }
}

static const weak_excuse *excuse_of(const weak_group *group, const char *name, weak_order order) {
  for (const weak_excuse *e = group->excuses; e != NULL && e->edge != NULL; e++) {
    if (strcmp(e->edge, name) == 0 && e->enough == order) {
      return e;
    }
  }
  return NULL;
}

static void run_edge(const weak_group *group, weak_edges *edges, int edge, const uint64_t *used,
                     weak_order *enough) {
  const char *name = edges->at[edge].name;
  weak_order given = edges->at[edge].given;
  unsigned survives = 1U << given;
  *enough = given;
  if (given == RELAXED) {
    return;
  }
  weaken(group, edges, edge, given, used, &survives);
  if (survives == 1U << given) {
    printf("caught %-10s %s (%s)\n", group->name, name, weak_order_name(given));
    total.passed++;
    total.needed++;
    return;
  }
  int known = 1;
  for (weak_order order = given; order-- > RELAXED;) {
    if ((survives >> order & 1) == 0) {
      continue;
    }
    const weak_excuse *excuse = excuse_of(group, name, order);
    *enough = order;
    printf("NOT NEEDED: %s: %s: %s given, %s is not caught%s%s\n", group->name, name,
           weak_order_name(given), weak_order_name(order),
           excuse == NULL ? "" : "; known: ", excuse == NULL ? "" : excuse->why);
    known &= excuse != NULL;
  }
  total.excused++;
  if (known) {
    total.passed++;
  } else {
    total.failed++;
  }
}

/* Two orders may each be enough for the other: which of those that are not needed alone can go
 * together? Weakens them one after the other, and keeps what is not caught. */
static void run_together(const weak_group *group, weak_edges *edges, const uint64_t *used,
                         const weak_order *enough) {
  int kept = 0;
  for (int edge = 0; edge < edges->count; edge++) {
    weak_order given = edges->at[edge].given;
    if (enough[edge] == given) {
      continue;
    }
    if (!caught(group, edges, edge, enough[edge], used, 1)) {
      edges->at[edge].now = enough[edge];
      printf("%s%s -> %s", kept++ == 0 ? "together:  " : "; ", edges->at[edge].name,
             weak_order_name(enough[edge]));
    }
  }
  printf("%s", kept == 0 ? "" : "\n");
}

/* An excuse for what is caught after all, or is no edge, is out of date. */
static void check_excuses(const weak_group *group, const weak_edges *edges) {
  for (const weak_excuse *e = group->excuses; e != NULL && e->edge != NULL; e++) {
    int there = 0;
    for (int i = 0; i < edges->count; i++) {
      there |= strcmp(edges->at[i].name, e->edge) == 0;
    }
    if (!there) {
      printf("FAILED %-10s an excuse for no edge: %s\n", group->name, e->edge);
      total.failed++;
    }
  }
}

static void run_group(const weak_group *group) {
  static uint64_t used[PROGRAMS];
  static weak_edges edges;
  edges = (weak_edges){0};
  for (int i = 0; i < PROGRAMS && program(group, i) != NULL; i++) {
    used[i] = 0;
    if (counts(program(group, i))) {
      run_litmus(group, program(group, i), &edges, &used[i]);
    }
  }
  static weak_order enough[WEAK_EDGES];
  for (int edge = 0; edge < edges.count; edge++) {
    run_edge(group, &edges, edge, used, &enough[edge]);
  }
  run_together(group, &edges, used, enough);
  check_excuses(group, &edges);
  (void)fflush(stdout);
}

int main(int count, char **arguments) {
  const char *only = NULL;
  for (int i = 1; i < count; i++) {
    if (strcmp(arguments[i], "long") == 0) {
      total.is_long = 1;
    } else if (strcmp(arguments[i], "-v") == 0) {
      total.verbose = 1;
    } else if (strcmp(arguments[i], "short") != 0) {
      only = arguments[i];
    }
  }
  for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
    if (only == NULL || strcmp(groups[i]->name, only) == 0) {
      run_group(groups[i]);
    }
  }
  printf("weak: %d edges caught, %d not needed\n", total.needed, total.excused);
  printf("weak: %d passed, %d failed\n", total.passed, total.failed);
  return total.failed != 0 || total.passed == 0;
}
