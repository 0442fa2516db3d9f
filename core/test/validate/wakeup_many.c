/* Validates that no wake-up of the rings for many and of the queue is lost: wakeup.c's two games,
 * where what one does is what the other sleeps for, and nothing follows that would wake it all the
 * same. With more pairs of players than one, a wake-up that is for one only has several to choose
 * from. A lost wake-up is a standstill, which ends by SIGALRM.
 *
 *   wakeup_many [rounds [seed [ring|queue [pairs]]]]
 *
 * `ring`: an MPSC ring with one pair, an MPMC ring with more. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "futex.h"
#include "sluice/queue.h"
#include "sluice/ring_many.h"

#include "meet.h"

enum { WATCHDOG_SECONDS = 15, CAPACITY = 1024, PAYLOAD = CAPACITY / 8, PLACES = 4, PAIRS = 4 };

static const char payload[PAYLOAD]; /* as long as can be: see wakeup.c */

static struct {
  uint64_t rounds;
  uint64_t seed;
  uint32_t pairs;
  int queue;
} plan;

/* A player: what it sends to, and what it receives from. */
typedef struct player {
  sluice_ring_many_producer to_ring;
  sluice_ring_many_consumer from_ring;
  sluice_queue_end to_queue;
  sluice_queue_end from_queue;
  uint64_t random;
  uint64_t sleeps;
  int first;
  pthread_t thread;
} player;

static _Noreturn void fail(const char *what, int status) {
  (void)fprintf(stderr, "wakeup_many: %s (status %d)\n", what, status);
  _exit(1);
}

/* ---- one record ---- */

static int try_send(player *self) {
  return plan.queue ? sluice_queue_try_push(&self->to_queue, payload)
                    : sluice_ring_many_push(&self->to_ring, payload, PAYLOAD, 0);
}

static void sleep_for_room(player *self) {
  sluice_queue_end *queue = &self->to_queue;
  sluice_ring_many_producer *ring = &self->to_ring;
  if (plan.queue ? sluice_queue_push_sleep(queue)
                 : sluice_ring_many_producer_sleep(ring, PAYLOAD)) {
    self->sleeps++;
    (void)sluice_futex_wait(plan.queue ? &queue->queue->room : &ring->ring->room,
                            plan.queue ? queue->key : ring->key, -1);
  }
}

static int try_receive(player *self) {
  char element[PAYLOAD];
  if (plan.queue) {
    return sluice_queue_try_pop(&self->from_queue, element);
  }
  if (sluice_ring_many_peek(&self->from_ring) == NULL) {
    return self->from_ring.status;
  }
  (void)sluice_ring_many_release(&self->from_ring);
  return SLUICE_OK;
}

static void sleep_for_a_record(player *self) {
  sluice_queue_end *queue = &self->from_queue;
  sluice_ring_many_consumer *ring = &self->from_ring;
  if (plan.queue ? sluice_queue_pop_sleep(queue) : sluice_ring_many_consumer_sleep(ring)) {
    self->sleeps++;
    (void)sluice_futex_wait(plan.queue ? &queue->queue->items : &ring->ring->filled,
                            plan.queue ? queue->key : ring->key, -1);
  }
}

static void send(player *self) {
  int status = SLUICE_OK;
  uint32_t looks = patience(&self->random);
  while ((status = try_send(self)) == SLUICE_E_FULL || status == SLUICE_E_AGAIN) {
    if (looks != 0) {
      looks--;
    } else {
      sleep_for_room(self);
    }
  }
  if (status != SLUICE_OK) {
    fail("sending failed", status);
  }
}

static void receive(player *self) {
  int status = SLUICE_OK;
  uint32_t looks = patience(&self->random);
  while ((status = try_receive(self)) == SLUICE_E_EMPTY || status == SLUICE_E_BUSY ||
         status == SLUICE_E_AGAIN) {
    if (looks != 0) {
      looks--;
    } else {
      sleep_for_a_record(self);
    }
  }
  if (status != SLUICE_OK) {
    fail("receiving failed", status);
  }
}

/* ---- the games ---- */

/* A record goes there, and one comes back: all sleep for a record. */
static void *play_records(void *argument) {
  player *self = argument;
  for (uint64_t i = 0; i < plan.rounds; i++) {
    if (self->first) {
      send(self);
      receive(self);
    } else {
      receive(self);
      dawdle(&self->random);
      send(self);
    }
    if (i % 1024 == 0) {
      (void)alarm(WATCHDOG_SECONDS);
    }
  }
  return NULL;
}

/* Both ways are full, and stay so but for the records in play: all sleep for room. */
static void *play_room(void *argument) {
  player *self = argument;
  for (uint64_t i = 0; i < plan.rounds; i++) {
    if (self->first) {
      receive(self);
      send(self);
    } else {
      send(self);
      dawdle(&self->random);
      receive(self);
    }
    if (i % 1024 == 0) {
      (void)alarm(WATCHDOG_SECONDS);
    }
  }
  return NULL;
}

static void *zeroed(size_t bytes) {
  void *at = aligned_alloc(SLUICE_ALIGN, (bytes + SLUICE_ALIGN - 1) / SLUICE_ALIGN * SLUICE_ALIGN);
  if (at != NULL) {
    return memset(at, 0, bytes);
  }
  fail("no memory", 0);
}

static void *make_way(void) {
  if (plan.queue) {
    void *queue = zeroed(sluice_queue_bytes(PLACES, PAYLOAD));
    return sluice_queue_init(queue, PLACES, PAYLOAD) == SLUICE_OK ? queue : NULL;
  }
  uint32_t kind = plan.pairs == 1 ? SLUICE_KIND_RING_MPSC : SLUICE_KIND_RING_MPMC;
  void *ring = zeroed(sluice_ring_many_bytes(CAPACITY));
  return sluice_ring_many_init(ring, kind, CAPACITY) == SLUICE_OK ? ring : NULL;
}

static int open_ends(player *self, void *to, void *from, uint32_t owner) {
  if (plan.queue) {
    return sluice_queue_end_open(&self->to_queue, to, PLACES, PAYLOAD, owner) == SLUICE_OK &&
           sluice_queue_end_open(&self->from_queue, from, PLACES, PAYLOAD, owner) == SLUICE_OK;
  }
  return sluice_ring_many_producer_open(&self->to_ring, to, CAPACITY, owner) == SLUICE_OK &&
         sluice_ring_many_consumer_open(&self->from_ring, from, CAPACITY, owner) == SLUICE_OK;
}

static uint64_t play(void *(*game)(void *), int full) {
  static player players[2 * PAIRS];
  void *there = make_way();
  void *back = make_way();
  uint64_t sleeps = 0;
  for (uint32_t i = 0; i < 2 * plan.pairs; i++) {
    int first = i % 2 == 0;
    players[i] = (player){.random = plan.seed + i, .first = first};
    if (there == NULL || back == NULL ||
        !open_ends(&players[i], first ? there : back, first ? back : there,
                   UINT32_C(1) << 8 | (i + 1))) {
      fail("no ends", 0);
    }
  }
  for (uint32_t i = 0; full && i < 2; i++) {
    while (try_send(&players[i]) == SLUICE_OK) {
    }
  }
  (void)alarm(WATCHDOG_SECONDS);
  for (uint32_t i = 1; i < 2 * plan.pairs; i++) {
    if (pthread_create(&players[i].thread, NULL, game, &players[i]) != 0) {
      fail("no thread", 0);
    }
  }
  (void)game(&players[0]);
  for (uint32_t i = 0; i < 2 * plan.pairs; i++) {
    if (i != 0) {
      (void)pthread_join(players[i].thread, NULL);
    }
    sleeps += players[i].sleeps;
  }
  free(there);
  free(back);
  return sleeps;
}

int main(int argc, char **argv) {
  plan.rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
  plan.seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  plan.queue = argc > 3 && strcmp(argv[3], "queue") == 0;
  plan.pairs = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 1;
  if (plan.pairs < 1 || plan.pairs > PAIRS) {
    fail("1 to 4 pairs", 0);
  }
  uint64_t records = play(play_records, 0);
  uint64_t room = play(play_room, 1);
  (void)printf(
      "wakeup_many: %llu turns of %u pairs, %s, slept %llu times for a record, %llu for room\n",
      (unsigned long long)plan.rounds * 2, plan.pairs,
      plan.queue        ? "queue"
      : plan.pairs == 1 ? "MPSC"
                        : "MPMC",
      (unsigned long long)records, (unsigned long long)room);
  return 0;
}
