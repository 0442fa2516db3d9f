/* The cell, with two slots or as a seqlock; two writers, who read too. */
#include "fuzz.h"

#include "sluice/cell.h"

enum { CAPACITY = 60 };

static sluice_cell *cell;
static sluice_cell_view views[2];
static uint32_t flags;

void fuzz_begin(void) {
  flags = fuzz_byte() % 2 != 0 ? SLUICE_CELL_SEQLOCK : 0;
  uint32_t offset = sluice_cell_open(&fuzz_self, "c", 1, CAPACITY, flags, 0);
  cell = sluice_at(&fuzz_self, offset);
  fuzz_hot(offset, sluice_cell_bytes(CAPACITY, flags));
  (void)sluice_cell_attach(&views[0], cell, CAPACITY, flags, fuzz_self.participant);
  (void)sluice_cell_attach(&views[1], cell, CAPACITY, flags, fuzz_peer.participant);
}

static void look(const sluice_cell_view *view, uint32_t room) {
  unsigned char *into = malloc(room + 1);
  uint32_t length = 0;
  uint64_t version = 0;
  int status = sluice_cell_read(view, into, room, &length, &version);
  fuzz_status(status);
  if (status == SLUICE_OK) {
    if (length > room || length > CAPACITY) {
      abort();
    }
    fuzz_read(into, length);
  }
  free(into);
}

void fuzz_step(uint32_t choice) {
  uint32_t which = choice >> 7;
  sluice_cell_view *view = &views[which];
  unsigned char from[CAPACITY + 8] = {1};
  switch (choice % 12) {
    case 0:
    case 1:
      look(view, fuzz_size() % FUZZ_SPACE);
      break;
    case 2:
      fuzz_status(sluice_cell_write(view, from, fuzz_byte() % (CAPACITY + 2), 0));
      break;
    case 3: {
      uint64_t expected = sluice_cell_version(view) + fuzz_byte() % 4 / 3;
      fuzz_status(sluice_cell_replace(view, expected, from, fuzz_byte() % (CAPACITY + 2), 0));
      break;
    }
    case 4: {
      void *at = sluice_cell_begin(view, 0);
      fuzz_status(view->status);
      if (at != NULL) {
        fuzz_see(at, CAPACITY);
        memset(at, 0x5a, CAPACITY);
      }
      break;
    }
    case 5: {
      uint32_t at = fuzz_size();
      fuzz_status(sluice_cell_fill(view, at, from, fuzz_byte() % (CAPACITY + 8)));
      break;
    }
    case 6:
      fuzz_status(sluice_cell_publish(view, fuzz_size()));
      break;
    case 7:
      fuzz_status(sluice_cell_abandon(view));
      break;
    case 8:
      fuzz_status(sluice_cell_wait(view, sluice_cell_version(view), 0));
      (void)sluice_cell_sleep(view, fuzz_byte());
      break;
    case 9:
      (void)sluice_cell_turn_sleep(view);
      sluice_cell_turn_pass(view);
      break;
    case 10:
      fuzz_bury();
      break;
    default: {
      sluice_cell_view opened;
      uint32_t owner = (which != 0 ? &fuzz_peer : &fuzz_self)->participant;
      int status = sluice_cell_attach(&opened, cell, CAPACITY, flags, owner);
      fuzz_status(status);
      if (status == SLUICE_OK) {
        *view = opened;
      }
      break;
    }
  }
}
