/* What a C program with threads does of itself: one thread hands messages to another through a bounded queue,
 * by a mutex and two conditions. The page says how large, and how many. */
#include <emscripten.h>
#include <emscripten/threading.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

enum { BYTES = 1 << 23, MOST = 4096 };

static unsigned char buffer[BYTES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static uint32_t size, places, used, first;

/* Written by the page: the size, how many, and last how often it has asked. */
static _Atomic uint32_t command[3];

EMSCRIPTEN_KEEPALIVE void *command_at(void) {
  return command;
}

static void put(const unsigned char *message) {
  pthread_mutex_lock(&lock);
  while (used == places) {
    pthread_cond_wait(&emptied, &lock);
  }
  memcpy(buffer + (size_t)((first + used) % places) * size, message, size);
  if (used++ == 0) {
    pthread_cond_signal(&filled);
  }
  pthread_mutex_unlock(&lock);
}

static void take(unsigned char *message) {
  pthread_mutex_lock(&lock);
  while (used == 0) {
    pthread_cond_wait(&filled, &lock);
  }
  memcpy(message, buffer + (size_t)first * size, size);
  first = (first + 1) % places;
  if (used-- == places) {
    pthread_cond_signal(&emptied);
  }
  pthread_mutex_unlock(&lock);
}

static unsigned char sent[1 << 20], received[1 << 20];

static void *produce(void *count) {
  for (uint32_t id = 0; id < (uint32_t)(uintptr_t)count; id++) {
    uint32_t end = ~id;
    memcpy(sent, &id, 4);
    memcpy(sent + size - 4, &end, 4);
    put(sent);
  }
  return NULL;
}

/* The number of messages that came as they were sent. */
static uint32_t consume(uint32_t count) {
  for (uint32_t next = 0; next < count; next++) {
    uint32_t id, end;
    take(received);
    memcpy(&id, received, 4);
    memcpy(&end, received + size - 4, 4);
    if (id != next || end != ~next) {
      return next;
    }
  }
  return count;
}

int main(void) { /* in a thread of its own, by -sPROXY_TO_PTHREAD: a page may not sleep */
  MAIN_THREAD_ASYNC_EM_ASM({ Module['onReady'](); });
  for (uint32_t seen = 0;; seen++) {
    while (atomic_load(&command[2]) == seen) {
      emscripten_futex_wait(&command[2], seen, 1e9);
    }
    size = command[0];
    places = BYTES / size < MOST ? BYTES / size : MOST;
    used = first = 0;
    pthread_t producer;
    pthread_create(&producer, NULL, produce, (void *)(uintptr_t)command[1]);
    uint32_t came = consume(command[1]);
    pthread_join(producer, NULL);
    MAIN_THREAD_ASYNC_EM_ASM({ Module['done']($0); }, came);
  }
}
