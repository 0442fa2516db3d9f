/* Takes the mutant of this run from the environment, and the file that notes which mutants the
 * run gets to: a shared mapping, because a crash test kills the processes that get to them.
 *
 *   MUTANT=NUMBER           the step that is broken
 *   MUTANT_REACHED=FILE     MUTANTS bytes long */
#include "mutant.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned char nowhere[MUTANTS];

int sluice_mutant;
unsigned char *sluice_mutant_reached = nowhere;

__attribute__((constructor)) static void choose(void) {
  const char *number = getenv("MUTANT");
  const char *file = getenv("MUTANT_REACHED");
  sluice_mutant = number == NULL ? 0 : atoi(number);
  if (file == NULL) {
    return;
  }
  int at = open(file, O_RDWR);
  void *map = mmap(NULL, MUTANTS, PROT_READ | PROT_WRITE, MAP_SHARED, at, 0);
  if (at < 0 || map == MAP_FAILED) {
    abort();
  }
  sluice_mutant_reached = map;
  (void)close(at);
}

void sluice_mutant_linger(void) {
  static _Thread_local unsigned times;
  if (++times % 16 == 0) {
    (void)usleep(1);
  }
}
