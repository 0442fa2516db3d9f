/* Validates that no wake-up is lost. A stream of records hides a lost one: the next commit or
 * release wakes the sleeper all the same. Here there is no next one: two threads take turns, each
 * going to sleep, without a spin, at the moment when the other does what it waits for. A lost
 * wake-up is then a standstill, which ends by SIGALRM.
 *
 *   wakeup [rounds [seed]]
 *
 * Two games, each of `rounds` turns:
 *   records  a record goes there and one comes back; both sleep for a record
 *   room     a full ring: the producer sleeps for room, the consumer releases one record and then
 *            sleeps in its turn until the producer has answered in another full ring */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "futex.h"
#include "sluice/ring.h"

#include "meet.h"

enum { WATCHDOG_SECONDS = 15, CAPACITY = 1024, PAYLOAD = CAPACITY / 8 };

/* As long as can be: what is still in the store buffer when the publisher looks at the sleeper's
 * word is what makes a missing fence show. */
static const char payload[PAYLOAD];

typedef struct end {
  sluice_ring_producer to;
  sluice_ring_consumer from;
  uint64_t rounds;
  uint64_t random;
  int first;
} end;

static _Noreturn void fail(const char *what, int status) {
  (void)fprintf(stderr, "wakeup: %s (status %d)\n", what, status);
  _exit(1);
}

static void await_record(end *self) {
  uint32_t looks = patience(&self->random);
  while (sluice_ring_peek(&self->from) == NULL) {
    if (self->from.status != SLUICE_E_EMPTY) {
      fail("peek failed", self->from.status);
    }
    if (looks != 0) {
      looks--;
    } else if (sluice_ring_consumer_sleep(&self->from)) {
      (void)sluice_futex_wait(&self->from.ring->consumer.asleep, 1, -1);
    }
  }
  (void)sluice_ring_release(&self->from);
}

static void send(end *self) {
  int status = SLUICE_OK;
  uint32_t looks = patience(&self->random);
  while ((status = sluice_ring_push(&self->to, payload, PAYLOAD, 0)) == SLUICE_E_FULL) {
    if (looks != 0) {
      looks--;
    } else if (sluice_ring_producer_sleep(&self->to, PAYLOAD)) {
      (void)sluice_futex_wait(&self->to.ring->producer.asleep, 1, -1);
    }
  }
  if (status != SLUICE_OK) {
    fail("push failed", status);
  }
}

static void *play_records(void *argument) {
  end *self = argument;
  for (uint64_t i = 0; i < self->rounds; i++) {
    if (self->first) {
      send(self);
      await_record(self);
    } else {
      await_record(self);
      dawdle(&self->random);
      send(self);
    }
    if (i % 1024 == 0) {
      (void)alarm(WATCHDOG_SECONDS);
    }
  }
  return NULL;
}

/* Both rings are full, and stay so but for the record in play: a release is the only message. */
static void *play_room(void *argument) {
  end *self = argument;
  for (uint64_t i = 0; i < self->rounds; i++) {
    if (self->first) {
      await_record(self);
      send(self);
    } else {
      send(self);
      dawdle(&self->random);
      await_record(self);
    }
    if (i % 1024 == 0) {
      (void)alarm(WATCHDOG_SECONDS);
    }
  }
  return NULL;
}

static sluice_ring *make_ring(void) {
  size_t bytes = sluice_ring_bytes(CAPACITY);
  void *at = aligned_alloc(SLUICE_ALIGN, bytes);
  if (at != NULL && sluice_ring_init(memset(at, 0, bytes), CAPACITY) == SLUICE_OK) {
    return at;
  }
  fail("no ring", 0);
}

static uint64_t play(void *(*game)(void *), int full, uint64_t rounds, uint64_t seed) {
  sluice_ring *there = make_ring();
  sluice_ring *back = make_ring();
  end ends[2] = {{.rounds = rounds, .random = seed, .first = 1},
                 {.rounds = rounds, .random = seed + 1}};
  if (sluice_ring_producer_open(&ends[0].to, there, CAPACITY, 1) != SLUICE_OK ||
      sluice_ring_consumer_open(&ends[1].from, there, CAPACITY, 2) != SLUICE_OK ||
      sluice_ring_producer_open(&ends[1].to, back, CAPACITY, 2) != SLUICE_OK ||
      sluice_ring_consumer_open(&ends[0].from, back, CAPACITY, 1) != SLUICE_OK) {
    fail("no ends", 0);
  }
  while (full && sluice_ring_push(&ends[0].to, payload, PAYLOAD, 0) == SLUICE_OK &&
         sluice_ring_push(&ends[1].to, payload, PAYLOAD, 0) == SLUICE_OK) {
  }
  (void)alarm(WATCHDOG_SECONDS);
  pthread_t other;
  if (pthread_create(&other, NULL, game, &ends[1]) != 0) {
    fail("no thread", 0);
  }
  (void)game(&ends[0]);
  (void)pthread_join(other, NULL);
  uint64_t sleeps =
      there->producer.waits + there->consumer.waits + back->producer.waits + back->consumer.waits;
  free(there);
  free(back);
  return sleeps;
}

int main(int argc, char **argv) {
  uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  uint64_t records = play(play_records, 0, rounds, seed);
  uint64_t room = play(play_room, 1, rounds, seed);
  (void)printf("wakeup: %llu turns, slept %llu times for a record, %llu for room\n",
               (unsigned long long)rounds * 2, (unsigned long long)records,
               (unsigned long long)room);
  return 0;
}
