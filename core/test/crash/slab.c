/* A participant dies while it allocates, refers to, passes on and releases blocks. */
#include "crash.h"

enum { BYTES = 1000 };

static void survivors_block(sluice_space *space, crash_log *log) {
  uint32_t offset = sluice_slab_alloc(space, BYTES);
  CRASH_TRUE(offset != 0);
  memset(sluice_at(space, offset), 7, BYTES);
  log->notes[0] = offset;
  log->notes[1] = sluice_slab_serial(space, offset);
}

static void nothing(sluice_space *space, crash_log *log) {
  (void)space;
  (void)log;
}

static void block_is_whole(sluice_space *space, crash_log *log, int finished) {
  (void)finished;
  const unsigned char *at = sluice_at(space, (uint32_t)log->notes[0]);
  for (uint32_t i = 0; i < BYTES; i++) {
    CRASH_EQUAL(at[i], 7);
  }
}

static void free_block(sluice_space *space, crash_log *log) {
  CRASH_EQUAL(sluice_slab_unref(space, (uint32_t)log->notes[0]), SLUICE_OK);
}

/* ---- */

static void allocate_and_free(sluice_space *space, crash_log *log) {
  (void)log;
  uint32_t blocks[6];
  for (uint32_t i = 0; i < 6; i++) {
    blocks[i] = sluice_slab_alloc(space, 100 + i * 300);
  }
  for (uint32_t i = 0; i < 5; i++) {
    (void)sluice_slab_unref(space, blocks[i]);
  }
  (void)sluice_slab_alloc(space, 90);
}

static void every_size_can_be_had(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  for (uint32_t bytes = 1; bytes < 20000; bytes *= 3) {
    uint32_t offset = sluice_slab_alloc(space, bytes);
    CRASH_TRUE(offset != 0);
    memset(sluice_at(space, offset), 1, bytes);
    CRASH_EQUAL(sluice_slab_unref(space, offset), SLUICE_OK);
  }
}

/* ---- */

static void refer(sluice_space *space, crash_log *log) {
  uint32_t offset = (uint32_t)log->notes[0];
  for (int i = 0; i < 2; i++) {
    CRASH_EQUAL(sluice_slab_ref(space, offset, (uint32_t)log->notes[1]), SLUICE_OK);
    CRASH_EQUAL(sluice_slab_ref(space, offset, (uint32_t)log->notes[1] + 1), SLUICE_E_CLOSED);
    CRASH_EQUAL(sluice_slab_unref(space, offset), SLUICE_OK);
  }
  CRASH_EQUAL(sluice_slab_ref(space, offset, (uint32_t)log->notes[1]), SLUICE_OK);
}

const crash_scenario crash_scenarios[] = {
    {"a participant that dies while it allocates leaves no block", nothing, allocate_and_free,
     every_size_can_be_had, nothing},
    {"a participant that dies while it refers leaves the block to others", survivors_block, refer,
     block_is_whole, free_block},
    {NULL, NULL, NULL, NULL, NULL},
};
