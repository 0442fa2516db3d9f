/* Once: exactly one participant does something that all rely on, and the others wait for it. If it
 * dies in the middle, the next one does it.
 *
 *   byte   0  object header                                       (directory.h)
 *        128  word   31: WAITERS  30: DIED  29..0: 0: not begun, the runner's id, or all ones: done
 *        132  unused
 *        256  end
 *
 * It is a mutex (mutex.h, which has the meaning of the bits) that is held for good once it is done.
 *
 *   if (sluice_once_begin(once, id, -1) > 0) {
 *     ... do it ...
 *     sluice_once_done(once, id);
 *   }
 *
 * Threads. All functions: any thread. After it is done, begin is one atomic load. begin blocks
 * while another runs; the rest takes a bounded number of steps and never waits. `owner` as for
 * mutex.h. What the runner wrote before done is visible to all for whom begin has answered 0.
 *
 * Source: the mutex's; the third state as in musl's pthread_once.
 */
#ifndef SLUICE_ONCE_H
#define SLUICE_ONCE_H

#include "sluice/directory.h"
#include "sluice/participant.h"

/* What sluice_once_begin answers. */
enum {
  SLUICE_ONCE_DONE = 0,      /* it is done */
  SLUICE_ONCE_RUN = 1,       /* do it, then call sluice_once_done */
  SLUICE_ONCE_RUN_AFTER = 2, /* likewise, but one has died doing it: half of it may be there */
};

#define SLUICE_ONCE_FINISHED SLUICE_OWNER_MASK

typedef struct sluice_once {
  sluice_object object;
  _Atomic uint32_t word;
  unsigned char pad[124];
} sluice_once;

_Static_assert(offsetof(sluice_once, word) == 128, "the word has its own line");
_Static_assert(sizeof(sluice_once) == 256, "as drawn");

/* Opens the once called `name`, or creates it, not begun (see sluice_object_open for the errors).
 * Returns its offset, or 0 with space->status. Any thread; lock-free. */
uint32_t sluice_once_open(sluice_space *space, const char *name, uint32_t name_bytes);

/* Makes one at `at` (128-byte aligned, sizeof(sluice_once) bytes, zeroed), without a space.
 * SLUICE_OK or SLUICE_E_INVALID. */
int sluice_once_init(void *at);

/* Asks whether to do it. Waits while another does it, for at most `timeout_ns` nanoseconds
 * (negative: for ever; 0: not at all), after a short spin. SLUICE_ONCE_DONE, _RUN or _RUN_AFTER;
 * SLUICE_E_TIMEOUT; SLUICE_E_AGAIN as sluice_mutex_lock; SLUICE_E_BUSY when `owner` is doing it;
 * SLUICE_E_CLOSED (unless it is done); SLUICE_E_POISONED when the word held what is nobody's id;
 * SLUICE_E_INVALID for an `owner` that is no participant's id. */
int sluice_once_begin(sluice_once *once, uint32_t owner, int64_t timeout_ns);

/* It is done, for good: all who wait go on. SLUICE_OK; SLUICE_E_INVALID when `owner` is not doing
 * it; SLUICE_E_POISONED. */
int sluice_once_done(sluice_once *once, uint32_t owner);

/* It could not be done: the next one that asks shall. As sluice_once_done. */
int sluice_once_cancel(sluice_once *once, uint32_t owner);

/* For a caller that sleeps by its own means and that sluice_once_begin, with a time of 0, has
 * answered by SLUICE_E_TIMEOUT: the value to sleep on at &once->word; 0 when it should try again.
 */
uint32_t sluice_once_sleep(sluice_once *once, uint32_t owner);

#endif
