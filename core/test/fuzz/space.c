/* The space: its blocks, its directory, its participants. */
#include "fuzz.h"

enum { BLOCKS = 8 };

static uint32_t blocks[BLOCKS];

void fuzz_begin(void) {
  memset(blocks, 0, sizeof blocks);
}

static void use(uint32_t offset, uint32_t bytes) {
  if (offset != 0) {
    fuzz_bounds(offset, bytes);
    memset(fuzz_self.base + offset, 0x5a, bytes);
  }
}

void fuzz_step(uint32_t choice) {
  sluice_space *space = (choice & 0x80) != 0 ? &fuzz_peer : &fuzz_self;
  uint32_t *block = &blocks[fuzz_byte() % BLOCKS];
  char name[2] = {'a', (char)('a' + (char)(fuzz_byte() % 4))};
  switch (choice % 16) {
    case 0: {
      uint32_t bytes = fuzz_size();
      *block = sluice_slab_alloc(space, bytes);
      use(*block, bytes);
      break;
    }
    case 1: {
      uint32_t bytes = fuzz_size();
      *block = sluice_space_alloc(space, bytes);
      use(*block, bytes);
      break;
    }
    case 2:
      fuzz_status(sluice_slab_unref(space, *block));
      break;
    case 3:
      fuzz_status(sluice_slab_ref(space, *block, sluice_slab_serial(space, *block)));
      break;
    case 4:
      fuzz_status(sluice_slab_ref(space, *block, fuzz_byte()));
      break;
    case 5:
      fuzz_status(sluice_space_free(space, *block));
      break;
    case 6: {
      uint32_t bytes = sluice_slab_bytes(space, *block);
      if (bytes != 0) {
        fuzz_bounds(*block, bytes);
        fuzz_read(space->base + *block, bytes);
      }
      break;
    }
    case 7:
      *block = fuzz_word();
      break;
    case 8: {
      uint32_t offset = sluice_ring_open(space, name, 2, 64U << (fuzz_byte() % 6), 0);
      fuzz_status(space->status);
      if (offset != 0) {
        fuzz_bounds(offset, 384 + 64);
      }
      break;
    }
    case 9: {
      uint32_t offset = sluice_directory_find(space, name, fuzz_byte() % 3);
      if (offset != 0) {
        fuzz_bounds(offset, sizeof(sluice_object));
        fuzz_status(sluice_object_close(space, offset));
      }
      break;
    }
    case 10:
      fuzz_status(sluice_directory_remove(space, name, 2));
      break;
    case 11:
      (void)sluice_directory_at(space, fuzz_byte());
      fuzz_status(space->status);
      break;
    case 12:
      fuzz_status(sluice_participant_bury(&fuzz_self, fuzz_peer.participant));
      fuzz_peer.participant = 0;
      fuzz_status(sluice_participant_join(&fuzz_peer, fuzz_size() % 5000));
      break;
    case 13:
      fuzz_status(sluice_participant_leave(&fuzz_peer));
      fuzz_status(sluice_participant_join(&fuzz_peer, fuzz_size() % 5000));
      if (fuzz_peer.area != 0) {
        fuzz_bounds(fuzz_peer.area, 1);
      }
      break;
    case 14:
      (void)sluice_space_used(space);
      fuzz_status(sluice_space_grow(space, fuzz_size()));
      break;
    default:
      fuzz_status(sluice_participant_bury(space, fuzz_word()));
      if ((choice & 0x70) == 0x70) {
        fuzz_status(sluice_space_close(space));
      }
      break;
  }
}
