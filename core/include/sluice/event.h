/* An event count: waits for a condition that the user's own words hold, and loses no wake-up.
 *
 * Overview. Whoever waits takes a key, looks at its condition, and then waits with the key. Whoever
 * has changed the condition notifies. If the change came after the look, the key is old by then and
 * the wait returns at once; so no lock is needed. Nobody is notified when nobody waits.
 *
 *   byte   0  object header                                       (directory.h)
 *        128  count  event word: changes with each notification that somebody waits for;
 *                    bit 0: someone may sleep
 *        132  unused
 *        256  end
 *
 *   waiter                                     notifier
 *   for (;;) {                                 change the condition
 *     key = sluice_event_key(event);           sluice_event_notify_all(event);
 *     if (condition) break;
 *     sluice_event_wait(event, key, -1);
 *   }
 *
 * The condition is changed, and looked at, by seq_cst operations on atomic words (in JavaScript:
 * Atomics); then of the look at the condition and the notification one sees the other.
 *
 * Threads. All functions: any thread. key, notify_one and notify_all are lock-free and never wait
 * (a futex call when, and only when, someone may sleep); wait blocks. When a participant that has
 * the event open dies, all who wait are woken, because it may have died between its change and its
 * notification.
 *
 * Source: Reed and Kanodia, "Synchronization with eventcounts and sequencers" (1979); the waiter's
 * bit as in Concurrency Kit's ck_ec.
 */
#ifndef SLUICE_EVENT_H
#define SLUICE_EVENT_H

#include "sluice/directory.h"
#include "sluice/participant.h"

typedef struct sluice_event {
  sluice_object object;
  _Atomic uint32_t count;
  unsigned char pad[124];
} sluice_event;

_Static_assert(offsetof(sluice_event, count) == 128, "the word has its own line");
_Static_assert(sizeof(sluice_event) == 256, "as drawn");

/* Opens the event called `name`, or creates it (see sluice_object_open for the errors). Returns its
 * offset, or 0 with space->status. Any thread; lock-free. */
uint32_t sluice_event_open(sluice_space *space, const char *name, uint32_t name_bytes);

/* Makes one at `at` (128-byte aligned, sizeof(sluice_event) bytes, zeroed), without a space.
 * SLUICE_OK or SLUICE_E_INVALID. */
int sluice_event_init(void *at);

/* The key to wait with; not 0. Also the value to sleep on at &event->count, for a caller that
 * sleeps by its own means. Whoever takes a key has somebody notified: take it only when the
 * condition was false before. */
uint32_t sluice_event_key(sluice_event *event);

/* Sleeps for at most `timeout_ns` nanoseconds (negative: for ever; 0: not at all), after a short
 * spin, unless somebody has notified since the key was taken. SLUICE_OK: look at the condition
 * again; SLUICE_E_TIMEOUT; SLUICE_E_AGAIN as sluice_mutex_lock; SLUICE_E_CLOSED; SLUICE_E_POISONED.
 */
int sluice_event_wait(sluice_event *event, uint32_t key, int64_t timeout_ns);

/* Wakes one, or all, that wait. After the change of the condition. One: only where each change is
 * for one waiter, and a waiter that was woken and cannot use it, or gives up, calls
 * sluice_event_notify_one itself. SLUICE_OK, SLUICE_E_CLOSED or SLUICE_E_POISONED. */
int sluice_event_notify_one(sluice_event *event);
int sluice_event_notify_all(sluice_event *event);

#endif
