/* A participant dies while it joins, opens, closes, removes and leaves. */
#include "crash.h"

enum { CAPACITY = 64 };

static uint32_t open_named(sluice_space *space, const char *name) {
  return sluice_ring_open(space, name, (uint32_t)strlen(name), CAPACITY, 0);
}

static void remove_named(sluice_space *space, const char *name) {
  int status = sluice_directory_remove(space, name, (uint32_t)strlen(name));
  CRASH_TRUE(status == SLUICE_OK || status == SLUICE_E_EMPTY);
}

static void nothing(sluice_space *space, crash_log *log) {
  (void)space;
  (void)log;
}

static void one_object(sluice_space *space, crash_log *log) {
  log->notes[0] = open_named(space, "a");
  CRASH_TRUE(log->notes[0] != 0);
}

/* ---- */

static void open_three(sluice_space *space, crash_log *log) {
  const char *names[] = {"a", "b", "c"};
  for (int i = 0; i < 3; i++) {
    atomic_store(&log->begun, (uint64_t)i + 1);
    log->notes[i] = open_named(space, names[i]);
    CRASH_TRUE(log->notes[i] != 0);
    atomic_store(&log->done, (uint64_t)i + 1);
  }
}

/* What was opened is there; and each name has one object. */
static void opened_stay(sluice_space *space, crash_log *log, int finished) {
  (void)finished;
  const char *names[] = {"a", "b", "c"};
  for (uint32_t i = 0; i < 3; i++) {
    uint32_t there = sluice_directory_find(space, names[i], 1);
    CRASH_TRUE(i >= atomic_load(&log->done) || there == log->notes[i]);
    CRASH_TRUE(i < atomic_load(&log->begun) || there == 0);
    uint32_t opened = open_named(space, names[i]);
    CRASH_TRUE(opened != 0 && (there == 0 || opened == there));
    sluice_ring_producer producer;
    CRASH_EQUAL(sluice_ring_producer_open(&producer, sluice_at(space, opened), CAPACITY,
                                          space->participant),
                SLUICE_OK);
    CRASH_EQUAL(sluice_ring_push(&producer, "x", 1, 0), SLUICE_OK);
    CRASH_EQUAL(sluice_object_close(space, opened), SLUICE_OK);
  }
}

static void remove_three(sluice_space *space, crash_log *log) {
  (void)log;
  remove_named(space, "a");
  remove_named(space, "b");
  remove_named(space, "c");
}

/* ---- */

static void open_close_remove(sluice_space *space, crash_log *log) {
  for (int i = 0; i < 2; i++) {
    uint32_t offset = open_named(space, "a");
    CRASH_TRUE(offset != 0);
    CRASH_EQUAL(sluice_object_close(space, offset), SLUICE_OK);
    CRASH_EQUAL(sluice_directory_remove(space, "a", 1), SLUICE_OK);
    atomic_fetch_add(&log->done, 1);
  }
}

static void open_close(sluice_space *space, crash_log *log) {
  uint32_t offset = open_named(space, "a");
  CRASH_EQUAL(offset, log->notes[0]);
  CRASH_EQUAL(sluice_object_close(space, offset), SLUICE_OK);
}

static void still_there(sluice_space *space, crash_log *log, int finished) {
  (void)finished;
  CRASH_EQUAL(sluice_directory_find(space, "a", 1), log->notes[0]);
}

/* Removed by the victim, the survivor's object lives until the survivor closes it. */
static void can_be_made_anew(sluice_space *space, crash_log *log, int finished) {
  (void)finished;
  uint32_t there = open_named(space, "a");
  CRASH_TRUE(there != 0);
  if (there != log->notes[0]) {
    CRASH_EQUAL(sluice_object_close(space, there), SLUICE_OK);
  }
}

static void close_and_remove(sluice_space *space, crash_log *log) {
  if (log->notes[0] != 0) {
    CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
  }
  remove_named(space, "a");
}

static void remove_a(sluice_space *space, crash_log *log) {
  (void)log;
  remove_named(space, "a");
}

static void anything(sluice_space *space, crash_log *log, int finished) {
  (void)space;
  (void)log;
  (void)finished;
}

/* ---- */

static void close_for_a_reason(sluice_space *space, crash_log *log) {
  uint32_t offset = open_named(space, "a");
  CRASH_EQUAL(offset, log->notes[0]);
  sluice_ring_producer producer;
  CRASH_EQUAL(
      sluice_ring_producer_open(&producer, sluice_at(space, offset), CAPACITY, space->participant),
      SLUICE_OK);
  uint32_t reason = sluice_slab_alloc(space, 40);
  memset(sluice_at(space, reason), 9, 40);
  CRASH_EQUAL(sluice_ring_producer_close_for(&producer, space, reason, 40), SLUICE_OK);
}

static void reason_can_be_read(sluice_space *space, crash_log *log, int finished) {
  const sluice_ring *ring = sluice_at(space, (uint32_t)log->notes[0]);
  uint32_t reason = atomic_load(&ring->producer.reason);
  CRASH_TRUE(!finished || reason != 0);
  uint32_t fresh = sluice_slab_alloc(space, 40); /* would be the same block if it had been freed */
  memset(sluice_at(space, fresh), 1, 40);
  if (reason != 0) {
    CRASH_EQUAL(*(const unsigned char *)sluice_at(space, reason), 9);
  }
  CRASH_EQUAL(sluice_slab_unref(space, fresh), SLUICE_OK);
}

/* The last one lets go of the ring, which keeps its reason. */
static void close_for_a_reason_and_remove(sluice_space *space, crash_log *log) {
  log->notes[0] = open_named(space, "a");
  close_for_a_reason(space, log);
  remove_named(space, "a");
  CRASH_EQUAL(sluice_object_close(space, (uint32_t)log->notes[0]), SLUICE_OK);
}

/* ---- */

/* A slot whose area is kept for its next holder, as a wasm thread's stack is. */
static void join_with_areas(sluice_space *space, crash_log *log) {
  for (uint32_t bytes = 500; bytes <= 5000; bytes *= 3) {
    uint32_t id = sluice_participant_reserve(space);
    atomic_store(&log->second, id);
    sluice_space second;
    CRASH_EQUAL(sluice_space_attach(&second, space->base, space->bytes), SLUICE_OK);
    CRASH_EQUAL(sluice_participant_adopt(&second, id, bytes), SLUICE_OK);
    CRASH_TRUE(sluice_slab_bytes(&second, second.area) >= bytes);
    CRASH_TRUE(sluice_slab_alloc(&second, 10) != 0);
    CRASH_EQUAL(sluice_participant_leave(&second), SLUICE_OK);
    atomic_store(&log->second, 0);
  }
}

static void slots_can_be_had(sluice_space *space, crash_log *log, int finished) {
  (void)log;
  (void)finished;
  sluice_space second;
  CRASH_EQUAL(sluice_space_attach(&second, space->base, space->bytes), SLUICE_OK);
  CRASH_EQUAL(sluice_participant_join(&second, 4500), SLUICE_OK);
  memset(sluice_at(&second, second.area), 1, 4500);
  CRASH_EQUAL(sluice_participant_leave(&second), SLUICE_OK);
}

const crash_scenario crash_scenarios[] = {
    {"who dies while it joins or leaves leaves slot and area to the next", nothing, join_with_areas,
     slots_can_be_had, nothing},
    {"a creator that dies leaves an object that is whole, or none", nothing, open_three,
     opened_stay, remove_three},
    {"who dies while it creates and removes leaves nothing", nothing, open_close_remove, anything,
     remove_a},
    {"who dies while it opens and closes leaves the object to others", one_object, open_close,
     still_there, close_and_remove},
    {"who dies while it removes leaves the name free or the object whole", one_object,
     open_close_remove, can_be_made_anew, close_and_remove},
    {"a reason to close survives who gave it", one_object, close_for_a_reason, reason_can_be_read,
     close_and_remove},
    {"a reason to close goes with its ring, though who lets go of that dies", nothing,
     close_for_a_reason_and_remove, anything, remove_a},
    {NULL, NULL, NULL, NULL, NULL},
};
