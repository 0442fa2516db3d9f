/* participant.h, the second half: what is done after a participant that is proven dead, twice, by
 * several, and by one that dies itself. The states that a death leaves are written by hand here;
 * core/test/crash kills processes at every step. */
#include "kinds.h"
#include "support.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { BYTES = 1 << 20 };

static uint32_t open_named(sluice_space *space, const char *name) {
  return sluice_ring_open(space, name, (uint32_t)strlen(name), 64, 0);
}

static sluice_participant_slot *slot_of(const sluice_space *space, uint32_t id) {
  return &header_of(space)->participants[(id & 0xff) - 1];
}

static uint32_t recovered(const sluice_space *space) {
  return atomic_load(&header_of(space)->recovered);
}

/* ---- what burial does ---- */

static void each_end_of_the_dead_is_marked_as_lost(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  sluice_ring *in = ring_at(&space, open_named(&dead, "in"));
  sluice_ring *out = ring_at(&space, open_named(&dead, "out"));
  sluice_ring *other = ring_at(&space, open_named(&dead, "other"));
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  (void)sluice_ring_producer_open(&producer, out, 64, dead.participant);
  (void)sluice_ring_consumer_open(&consumer, in, 64, dead.participant);
  (void)sluice_ring_producer_open(&producer, other, 64, space.participant);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(atomic_load(&out->object.state), SLUICE_RING_PRODUCER_LOST);
  assert_int_equal(atomic_load(&in->object.state), SLUICE_RING_CONSUMER_LOST);
  assert_int_equal(atomic_load(&other->object.state), 0);
  free(space.base);
}

static void an_end_that_was_closed_is_not_lost(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  sluice_ring *ring = ring_at(&space, open_named(&dead, "r"));
  sluice_ring_producer producer;
  (void)sluice_ring_producer_open(&producer, ring, 64, dead.participant);
  (void)sluice_ring_producer_close(&producer);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(atomic_load(&ring->object.state), SLUICE_RING_PRODUCER_CLOSED);
  free(space.base);
}

static void what_was_committed_can_still_be_read(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  sluice_ring *ring = ring_at(&space, open_named(&space, "r"));
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  assert_int_equal(open_named(&dead, "r") != 0, 1);
  (void)sluice_ring_producer_open(&producer, ring, 64, dead.participant);
  (void)sluice_ring_consumer_open(&consumer, ring, 64, space.participant);
  (void)sluice_ring_push(&producer, "x", 1, 0);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_non_null(sluice_ring_peek(&consumer));
  assert_int_equal(sluice_ring_release(&consumer), 1);
  assert_null(sluice_ring_peek(&consumer));
  assert_int_equal(consumer.status, SLUICE_E_PEER_LOST);
  free(space.base);
}

static void *wait_for_a_record(void *consumer) {
  while (sluice_ring_peek(consumer) == NULL) {
    if (((sluice_ring_consumer *)consumer)->status != SLUICE_E_EMPTY) {
      break;
    }
    (void)sluice_ring_consumer_wait(consumer, -1);
  }
  return (void *)(intptr_t)((sluice_ring_consumer *)consumer)->status;
}

static void whoever_waits_for_the_dead_is_woken(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  sluice_ring *ring = ring_at(&space, open_named(&dead, "r"));
  sluice_ring_producer producer;
  sluice_ring_consumer consumer;
  (void)sluice_ring_producer_open(&producer, ring, 64, dead.participant);
  (void)sluice_ring_consumer_open(&consumer, ring, 64, space.participant);
  pthread_t reader = start(wait_for_a_record, &consumer);
  until_asleep(&ring->consumer.asleep);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(finish(reader), SLUICE_E_PEER_LOST);
  free(space.base);
}

static void what_the_dead_held_alone_is_free_and_what_others_hold_stays(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  uint32_t alone = sluice_slab_alloc(&dead, 1000);
  uint32_t shared = sluice_slab_alloc(&dead, 1000);
  uint32_t ring = open_named(&dead, "r");
  assert_int_equal(sluice_slab_ref(&space, shared, sluice_slab_serial(&space, shared)), SLUICE_OK);
  memset(sluice_at(&space, shared), 7, 1000);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_true(refs_of(&space, alone) == 0);
  assert_true(refs_of(&space, shared) == bit_of(space.participant));
  assert_true(refs_of(&space, ring) == SLUICE_BIT_SPACE);
  assert_int_equal(((unsigned char *)sluice_at(&space, shared))[999], 7);
  assert_int_equal(sluice_directory_find(&space, "r", 1), ring);
  free(space.base);
}

static void an_object_whose_name_was_removed_goes_with_its_last_holder(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  uint32_t used = used_of(&space);
  uint32_t offset = open_named(&dead, "r");
  sluice_ring_producer producer;
  (void)sluice_ring_producer_open(&producer, ring_at(&dead, offset), 64, dead.participant);
  uint32_t reason = sluice_slab_alloc(&dead, 40);
  assert_int_equal(sluice_ring_producer_close_for(&producer, &dead, reason, 40), SLUICE_OK);
  assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_OK);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(used_of(&space), used); /* the ring, and with it its reason */
  free(space.base);
}

static void a_reason_that_was_kept_and_not_yet_stored_goes_with_who_gave_it(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  uint32_t ring = open_named(&dead, "r");
  uint32_t reason = sluice_slab_alloc(&dead, 40);
  _Atomic uint32_t elsewhere = 0; /* its death came before it stored it in the ring */
  sluice_message_keep(&dead, &elsewhere, ring, reason);
  assert_int_equal(elsewhere, reason);
  assert_true(refs_of(&space, reason) == (bit_of(dead.participant) | SLUICE_BIT_SPACE));
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_true(refs_of(&space, reason) == 0);
  free(space.base);
}

static void a_reason_that_was_stored_is_kept(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  uint32_t offset = open_named(&dead, "r");
  uint32_t reason = sluice_slab_alloc(&dead, 40);
  /* its death came before it let go of it */
  sluice_message_keep(&dead, &ring_at(&dead, offset)->producer.reason, offset, reason);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
    assert_true(refs_of(&space, reason) == SLUICE_BIT_SPACE);
  }
  assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_OK);
  assert_true(refs_of(&space, reason) == 0);
  free(space.base);
}

static void the_slot_is_free_for_the_next(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(sluice_participant_count(&space), 1);
  assert_int_equal(recovered(&space), 1);
  sluice_space next = joined(&space);
  assert_int_equal(next.participant, dead.participant + 0x100);
  assert_int_equal(atomic_load(&slot_of(&space, next.participant)->burier), 0);
  free(space.base);
}

static void the_slots_area_stays_for_the_next(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead;
  (void)sluice_space_attach(&dead, space.base, BYTES);
  assert_int_equal(sluice_participant_join(&dead, 4096), SLUICE_OK);
  uint32_t area = dead.area;
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_true(refs_of(&space, area) == SLUICE_BIT_SPACE);
  sluice_space next;
  (void)sluice_space_attach(&next, space.base, BYTES);
  assert_int_equal(sluice_participant_join(&next, 4096), SLUICE_OK);
  assert_int_equal(next.area, area);
  free(space.base);
}

/* A larger area was being taken: the slot names the old one still, or the new one already. */
static void one_area_stays_with_the_slot_when_its_holder_died_moving(void **state) {
  (void)state;
  for (int stored = 0; stored <= 1; stored++) {
    sluice_space space = joined_space(BYTES);
    sluice_space dead;
    (void)sluice_space_attach(&dead, space.base, BYTES);
    assert_int_equal(sluice_participant_join(&dead, 1000), SLUICE_OK);
    uint32_t old = dead.area;
    uint32_t new = sluice_slab_alloc(&dead, 5000);
    atomic_store(&block_of(&space, new)->home, atomic_load(&block_of(&space, old)->home));
    atomic_fetch_or(&block_of(&space, old)->refs, bit_of(dead.participant));
    if (stored) {
      atomic_store(&slot_of(&space, dead.participant)->area, new);
    }
    assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
    assert_true(refs_of(&space, stored ? new : old) == SLUICE_BIT_SPACE);
    assert_true(refs_of(&space, stored ? old : new) == 0);
    free(space.base);
  }
}

static void an_insertion_into_the_directory_that_was_not_made_is_withdrawn(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  uint32_t used = used_of(&space);
  uint32_t offset = open_named(&dead, "r");
  _Atomic uint64_t *slot = header_of(&space)->directory;
  while (atomic_load(slot) == 0) {
    slot++;
  }
  /* as it stood before the version named it */
  atomic_store(&header_of(&space)->directory_version, 0);
  atomic_fetch_or(slot, UINT64_C(1) << 25);
  atomic_store(&block_of(&space, offset)->refs, bit_of(dead.participant));
  assert_int_equal(sluice_directory_find(&space, "r", 1), 0);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(sluice_directory_find(&space, "r", 1), 0);
  assert_int_equal(used_of(&space), used);
  for (uint32_t i = 0; i < SLUICE_DIRECTORY_ENTRIES; i++) {
    assert_int_equal(sluice_directory_at(&space, i), 0);
  }
  free(space.base);
}

/* Its header still says what the block was in its last life. */
static void a_block_that_the_dead_one_was_allocating_is_not_recovered(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  uint32_t offset = open_named(&space, "r");
  sluice_ring *ring = ring_at(&space, offset);
  sluice_ring_producer producer;
  (void)sluice_ring_producer_open(&producer, ring, 64, dead.participant);
  (void)sluice_object_close(&space, offset);
  (void)sluice_directory_remove(&space, "r", 1);
  atomic_store(&block_of(&space, offset)->refs, SLUICE_BLOCK_MAKING | bit_of(dead.participant));
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(atomic_load(&ring->object.state), 0);
  assert_true(refs_of(&space, offset) == 0);
  free(space.base);
}

/* ---- whom ---- */

static void burying_twice_does_nothing_more(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  (void)open_named(&dead, "r");
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  uint32_t used = used_of(&space);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(recovered(&space), 1);
  assert_int_equal(used_of(&space), used);
  free(space.base);
}

static void the_slots_next_holder_is_left_alone(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  sluice_space next = joined(&space);
  uint32_t block = sluice_slab_alloc(&next, 100);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(sluice_participant_alive(&space, next.participant), 1);
  assert_true(refs_of(&space, block) == bit_of(next.participant));
  free(space.base);
}

static void who_left_in_good_order_is_buried_already(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space gone = joined(&space);
  uint32_t id = gone.participant;
  (void)sluice_participant_leave(&gone);
  assert_int_equal(sluice_participant_bury(&space, id), SLUICE_OK);
  assert_int_equal(recovered(&space), 0);
  free(space.base);
}

static void an_id_that_never_was_is_invalid(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space other = joined(&space);
  const uint32_t nobody[] = {0,
                             0xff,
                             1 << 8,
                             48,
                             1 << 8 | 48,
                             1 << 8 | 3,                /* a slot that nobody has held */
                             other.participant + 0x100, /* a generation to come */
                             0x40000000 | other.participant,
                             0x80000000 | other.participant,
                             UINT32_MAX};
  for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
    assert_int_equal(sluice_participant_bury(&space, nobody[i]), SLUICE_E_INVALID);
  }
  assert_int_equal(sluice_participant_count(&space), 2);
  assert_int_equal(recovered(&space), 0);
  free(space.base);
}

static void nobody_buries_itself(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  assert_int_equal(sluice_participant_bury(&space, space.participant), SLUICE_E_INVALID);
  assert_int_equal(sluice_participant_alive(&space, space.participant), 1);
  free(space.base);
}

static void only_a_participant_buries(void **state) {
  (void)state;
  sluice_space space = fresh_space(BYTES); /* has no name to claim a burial by */
  sluice_space dead = joined(&space);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_E_INVALID);
  free(space.base);
}

static void who_does_not_see_the_whole_space_frees_no_slot(void **state) {
  (void)state;
  unsigned char *at = fresh(BYTES);
  sluice_space narrow;
  sluice_space wide;
  assert_int_equal(sluice_space_init(&narrow, at, 16384), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&narrow, 0), SLUICE_OK);
  assert_int_equal(sluice_space_attach(&wide, at, BYTES), SLUICE_OK);
  assert_int_equal(sluice_participant_join(&wide, 0), SLUICE_OK);
  assert_int_equal(sluice_space_grow(&wide, BYTES), SLUICE_OK);
  sluice_space dead = joined(&wide);
  for (int i = 0; i < 30; i++) {
    assert_int_not_equal(sluice_slab_alloc(&dead, 1000), 0);
  }
  assert_int_equal(sluice_participant_bury(&narrow, dead.participant), SLUICE_E_AGAIN);
  assert_int_equal(sluice_participant_count(&wide), 3);
  assert_int_equal(sluice_participant_bury(&wide, dead.participant), SLUICE_OK);
  assert_int_equal(used_of(&wide), 0);
  assert_int_equal(sluice_space_state(&wide), SLUICE_OK);
  free(at);
}

/* ---- several deaths ---- */

static void two_that_died_are_buried_in_any_order(void **state) {
  (void)state;
  for (int first = 0; first <= 1; first++) {
    sluice_space space = joined_space(BYTES);
    sluice_space dead[2] = {joined(&space), joined(&space)};
    uint32_t used = used_of(&space);
    uint32_t shared = sluice_slab_alloc(&dead[0], 100);
    assert_int_equal(sluice_slab_ref(&dead[1], shared, sluice_slab_serial(&dead[1], shared)),
                     SLUICE_OK);
    uint32_t ring = open_named(&dead[0], "r");
    (void)open_named(&dead[1], "r");
    sluice_ring_producer producer;
    sluice_ring_consumer consumer;
    (void)sluice_ring_producer_open(&producer, ring_at(&space, ring), 64, dead[0].participant);
    (void)sluice_ring_consumer_open(&consumer, ring_at(&space, ring), 64, dead[1].participant);
    assert_int_equal(sluice_participant_bury(&space, dead[first].participant), SLUICE_OK);
    assert_int_equal(sluice_participant_bury(&space, dead[1 - first].participant), SLUICE_OK);
    assert_int_equal(atomic_load(&ring_at(&space, ring)->object.state),
                     SLUICE_RING_PRODUCER_LOST | SLUICE_RING_CONSUMER_LOST);
    assert_int_equal(sluice_participant_count(&space), 1);
    assert_int_equal(recovered(&space), 2);
    assert_int_equal(sluice_directory_remove(&space, "r", 1), SLUICE_OK);
    assert_int_equal(used_of(&space), used);
    free(space.base);
  }
}

static void while_a_live_one_buries_it_the_others_are_told_to_come_again(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space burier = joined(&space);
  sluice_space dead = joined(&space);
  uint32_t block = sluice_slab_alloc(&dead, 100);
  atomic_store(&slot_of(&space, dead.participant)->dead, dead.participant);
  atomic_store(&slot_of(&space, dead.participant)->burier, burier.participant);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_E_AGAIN);
  assert_true(refs_of(&space, block) == bit_of(dead.participant));
  assert_int_equal(sluice_participant_bury(&burier, dead.participant), SLUICE_OK);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  assert_int_equal(recovered(&space), 1);
  free(space.base);
}

static void a_burier_that_died_is_buried_and_its_burial_taken_up(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space burier = joined(&space);
  sluice_space dead = joined(&space);
  uint32_t used = used_of(&space);
  (void)sluice_slab_alloc(&dead, 100);
  (void)sluice_slab_alloc(&burier, 100);
  atomic_store(&slot_of(&space, dead.participant)->dead, dead.participant);
  atomic_store(&slot_of(&space, dead.participant)->burier, burier.participant);
  /* only the burier's death is known here: whom it was burying is found */
  assert_int_equal(sluice_participant_bury(&space, burier.participant), SLUICE_OK);
  for (int tries = 0; tries < 2 && sluice_participant_count(&space) != 1; tries++) {
    assert_int_equal(sluice_participant_bury(&space, burier.participant), SLUICE_OK);
  }
  assert_int_equal(sluice_participant_count(&space), 1);
  assert_int_equal(used_of(&space), used);
  free(space.base);
}

static void a_burial_taken_up_that_has_to_wait_is_the_callers_to_come_back_for(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space live = joined(&space);
  sluice_space dead = joined(&space);
  sluice_space burier = joined(&space);
  uint32_t offset = sluice_queue_open(&space, "q", 1, 4, 8);
  assert_int_equal(sluice_queue_open(&live, "q", 1, 4, 8), offset);
  assert_int_equal(sluice_queue_open(&dead, "q", 1, 4, 8), offset);
  sluice_queue *queue = sluice_at(&space, offset);
  sluice_queue_line *lines = queue->lines;
  atomic_store(&lines[(live.participant & 0xff) - 1].push, 1); /* it has the ticket */
  atomic_store(&lines[(dead.participant & 0xff) - 1].push, 1); /* and this one lost it */
  atomic_store(&queue->tail, 1);
  /* Whoever buried it has died. */
  atomic_store(&slot_of(&space, dead.participant)->dead, dead.participant);
  atomic_store(&slot_of(&space, dead.participant)->burier, burier.participant);
  assert_int_equal(sluice_participant_bury(&space, burier.participant), SLUICE_E_AGAIN);
  atomic_store(&lines[(live.participant & 0xff) - 1].push, 0);
  assert_int_equal(sluice_participant_bury(&space, burier.participant), SLUICE_OK);
  assert_int_equal(sluice_participant_count(&space), 2);
  free(space.base);
}

static void a_chain_of_dead_buriers_is_taken_up(void **state) {
  (void)state;
  enum { CHAIN = 20 };
  sluice_space space = joined_space(BYTES);
  sluice_space chain[CHAIN];
  uint32_t used = used_of(&space);
  for (int i = 0; i < CHAIN; i++) {
    chain[i] = joined(&space);
    (void)sluice_slab_alloc(&chain[i], 100);
  }
  for (int i = 0; i < CHAIN - 1; i++) { /* each died while it buried the one before */
    atomic_store(&slot_of(&space, chain[i].participant)->dead, chain[i].participant);
    atomic_store(&slot_of(&space, chain[i].participant)->burier, chain[i + 1].participant);
  }
  int status = SLUICE_E_AGAIN;
  for (int tries = 0; tries < CHAIN && sluice_participant_count(&space) != 1; tries++) {
    status = sluice_participant_bury(&space, chain[CHAIN - 1].participant);
    assert_true(status == SLUICE_OK || status == SLUICE_E_AGAIN);
  }
  assert_int_equal(status, SLUICE_OK);
  assert_int_equal(sluice_participant_count(&space), 1);
  assert_int_equal(used_of(&space), used);
  free(space.base);
}

/* The last step of all was missing: the claim stands in a slot that is free, then another's. */
static void a_claim_that_was_left_behind_hinders_nobody(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space burier = joined(&space);
  sluice_space dead = joined(&space);
  assert_int_equal(sluice_participant_bury(&space, dead.participant), SLUICE_OK);
  atomic_store(&slot_of(&space, dead.participant)->burier, burier.participant);
  assert_int_equal(sluice_participant_bury(&space, burier.participant), SLUICE_OK);
  sluice_space one = joined(&space);
  sluice_space two = joined(&space);
  assert_int_equal(sluice_participant_bury(&space, one.participant), SLUICE_OK);
  assert_int_equal(sluice_participant_bury(&space, two.participant), SLUICE_OK);
  assert_int_equal(sluice_participant_count(&space), 1);
  free(space.base);
}

/* ---- hostile words ---- */

static void a_falsified_slot_is_survived(void **state) {
  (void)state;
  const uint32_t hostile[] = {0,    1,           0xff,       1 << 8,     1 << 8 | 1, 1 << 8 | 3,
                              7041, BYTES - 128, 0x3fffffff, 0x80000000, 0xffffff80, UINT32_MAX};
  for (uint32_t word = 0; word < 4; word++) {
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
      sluice_space space = joined_space(BYTES);
      sluice_space dead = joined(&space);
      (void)open_named(&dead, "r");
      ((uint32_t *)(void *)slot_of(&space, dead.participant))[word] = hostile[i];
      int status = sluice_participant_bury(&space, dead.participant);
      assert_true(status == SLUICE_OK || status == SLUICE_E_AGAIN || status == SLUICE_E_INVALID);
      (void)sluice_participant_count(&space);
      free(space.base);
    }
  }
}

static void a_heap_that_cannot_be_walked_is_not_called_buried(void **state) {
  (void)state;
  sluice_space space = joined_space(BYTES);
  sluice_space dead = joined(&space);
  uint32_t first = sluice_slab_alloc(&space, 100);
  (void)sluice_slab_alloc(&dead, 100);
  atomic_store(&block_of(&space, first)->units, 0);
  int status = sluice_participant_bury(&space, dead.participant);
  assert_int_equal(status, SLUICE_E_POISONED);
  assert_int_equal(sluice_space_state(&space), SLUICE_E_POISONED);
  free(space.base);
}

/* ---- processes and threads ---- */

static void a_process_that_was_killed_leaves_nothing(void **state) {
  (void)state;
  void *at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(at != MAP_FAILED);
  for (uint32_t pause = 0; pause < 40; pause++) {
    memset(at, 0, BYTES);
    sluice_space space;
    assert_int_equal(sluice_space_init(&space, at, BYTES), SLUICE_OK);
    assert_int_equal(sluice_participant_join(&space, 0), SLUICE_OK);
    uint32_t used = used_of(&space);
    uint32_t id = sluice_participant_reserve(&space);
    _Atomic uint32_t *going = (_Atomic uint32_t *)sluice_at(&space, sluice_space_alloc(&space, 4));
    pid_t child = fork();
    if (child == 0) {
      sluice_space own;
      (void)sluice_space_attach(&own, at, BYTES);
      (void)sluice_participant_adopt(&own, id, 0);
      uint32_t kept[8] = {0};
      for (uint32_t i = 0;; i++) {
        uint32_t offset = open_named(&own, "r");
        (void)sluice_directory_remove(&own, "r", 1);
        (void)sluice_object_close(&own, offset);
        (void)sluice_slab_unref(&own, kept[i % 8]);
        kept[i % 8] = sluice_slab_alloc(&own, 100 + i % 5 * 100);
        atomic_store(going, 1);
      }
    }
    while (atomic_load(going) == 0) {
      sleep_ms(1);
    }
    struct timespec time = {.tv_nsec = (long)pause * 7919};
    (void)nanosleep(&time, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(sluice_participant_bury(&space, id), SLUICE_OK);
    (void)sluice_slab_unref(&space, (uint32_t)((unsigned char *)going - space.base));
    int status = sluice_directory_remove(&space, "r", 1);
    assert_true(status == SLUICE_OK || status == SLUICE_E_EMPTY);
    assert_int_equal(used_of(&space), used);
    assert_int_equal(sluice_space_state(&space), SLUICE_OK);
  }
  (void)munmap(at, BYTES);
}

enum { BURIERS = 4, DEAD = 20, ROUNDS = 200 };

typedef struct burier {
  sluice_space space;
  const uint32_t *ids;
  pthread_barrier_t *together;
} burier;

static void *bury_all(void *argument) {
  burier *self = argument;
  intptr_t wrong = 0;
  pthread_barrier_wait(self->together);
  for (int i = 0; i < DEAD; i++) {
    int status = SLUICE_E_AGAIN;
    while ((status = sluice_participant_bury(&self->space, self->ids[i])) == SLUICE_E_AGAIN) {
    }
    wrong += status != SLUICE_OK || sluice_participant_alive(&self->space, self->ids[i]);
    /* and the slot's next holder works at once, under the other buriers' eyes */
    sluice_space next = self->space;
    next.participant = 0;
    if (sluice_participant_join(&next, 0) == SLUICE_OK) {
      uint32_t block = sluice_slab_alloc(&next, 100);
      memset(sluice_at(&next, block), (int)next.participant, 100);
      wrong += (refs_of(&next, block) & bit_of(next.participant)) == 0;
      wrong += sluice_participant_leave(&next) != SLUICE_OK;
    }
  }
  return (void *)wrong;
}

static void several_buriers_at_once_bury_each_once(void **state) {
  (void)state;
  pthread_barrier_t together;
  pthread_barrier_init(&together, NULL, BURIERS);
  for (int round = 0; round < ROUNDS; round++) {
    sluice_space space = joined_space(BYTES);
    uint32_t used = used_of(&space);
    uint32_t ids[DEAD];
    for (int i = 0; i < DEAD; i++) {
      sluice_space dead = joined(&space);
      ids[i] = dead.participant;
      (void)open_named(&dead, i % 2 == 0 ? "a" : "b");
      (void)sluice_slab_alloc(&dead, 100);
    }
    burier buriers[BURIERS];
    pthread_t threads[BURIERS];
    for (int i = 0; i < BURIERS; i++) {
      buriers[i] = (burier){.space = joined(&space), .ids = ids, .together = &together};
    }
    for (int i = 0; i < BURIERS; i++) {
      threads[i] = start(bury_all, &buriers[i]);
    }
    for (int i = 0; i < BURIERS; i++) {
      assert_int_equal(finish(threads[i]), 0);
    }
    assert_int_equal(recovered(&space), DEAD);
    assert_int_equal(sluice_participant_count(&space), 1 + BURIERS);
    assert_int_equal(sluice_directory_remove(&space, "a", 1), SLUICE_OK);
    assert_int_equal(sluice_directory_remove(&space, "b", 1), SLUICE_OK);
    assert_int_equal(used_of(&space), used);
    free(space.base);
  }
  pthread_barrier_destroy(&together);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_end_of_the_dead_is_marked_as_lost),
      cmocka_unit_test(an_end_that_was_closed_is_not_lost),
      cmocka_unit_test(what_was_committed_can_still_be_read),
      cmocka_unit_test(whoever_waits_for_the_dead_is_woken),
      cmocka_unit_test(what_the_dead_held_alone_is_free_and_what_others_hold_stays),
      cmocka_unit_test(an_object_whose_name_was_removed_goes_with_its_last_holder),
      cmocka_unit_test(a_reason_that_was_kept_and_not_yet_stored_goes_with_who_gave_it),
      cmocka_unit_test(a_reason_that_was_stored_is_kept),
      cmocka_unit_test(the_slot_is_free_for_the_next),
      cmocka_unit_test(the_slots_area_stays_for_the_next),
      cmocka_unit_test(one_area_stays_with_the_slot_when_its_holder_died_moving),
      cmocka_unit_test(an_insertion_into_the_directory_that_was_not_made_is_withdrawn),
      cmocka_unit_test(a_block_that_the_dead_one_was_allocating_is_not_recovered),
      cmocka_unit_test(burying_twice_does_nothing_more),
      cmocka_unit_test(the_slots_next_holder_is_left_alone),
      cmocka_unit_test(who_left_in_good_order_is_buried_already),
      cmocka_unit_test(an_id_that_never_was_is_invalid),
      cmocka_unit_test(nobody_buries_itself),
      cmocka_unit_test(only_a_participant_buries),
      cmocka_unit_test(who_does_not_see_the_whole_space_frees_no_slot),
      cmocka_unit_test(two_that_died_are_buried_in_any_order),
      cmocka_unit_test(while_a_live_one_buries_it_the_others_are_told_to_come_again),
      cmocka_unit_test(a_burier_that_died_is_buried_and_its_burial_taken_up),
      cmocka_unit_test(a_burial_taken_up_that_has_to_wait_is_the_callers_to_come_back_for),
      cmocka_unit_test(a_chain_of_dead_buriers_is_taken_up),
      cmocka_unit_test(a_claim_that_was_left_behind_hinders_nobody),
      cmocka_unit_test(a_falsified_slot_is_survived),
      cmocka_unit_test(a_heap_that_cannot_be_walked_is_not_called_buried),
      cmocka_unit_test(a_process_that_was_killed_leaves_nothing),
      cmocka_unit_test(several_buriers_at_once_bury_each_once),
  };
  return RUN(tests);
}
