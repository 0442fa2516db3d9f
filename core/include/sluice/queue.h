/* A queue of elements of one fixed size, for any number of producers and consumers (MPMC).
 *
 * Overview. A row of slots, each with a turn. A producer takes the next ticket (a compare-and-swap
 * on `tail`), fills the slot that the ticket stands for and turns it; a consumer takes the next
 * ticket at the other end (`head`), empties the slot and turns it again. Whoever has the ticket has
 * the slot to itself, so a plain copy is right there. Elements leave in the order of tickets: one
 * that is still being written holds back those behind it, for as long as its writer lives.
 *
 *   turn of slot t % capacity, where t is a ticket and L = t / capacity, its lap
 *     2 L        free for the producer with ticket t
 *     2 L + 1    filled, for the consumer with ticket t
 *     2 L + 2    free again, a lap later
 *
 * Death. A producer (or consumer) writes the ticket that it is about to take into a line of its own
 * before it takes it. A line alone proves nothing, as two may name one ticket of which one wins.
 * But when a ticket is taken, its slot not turned, and no living participant names it, then its
 * holder is dead. sluice_participant_bury then turns the slot: a dead producer's is marked to be
 * skipped; a dead consumer's is free again, and its element counted as lost with its receiver.
 *
 * Layout:
 *
 *   byte   0  object header; codec = bytes of an element               (directory.h)
 *        128  tail      next ticket to fill; bit 63: closed
 *        256  head      next ticket to empty
 *        384  items     event word: consumers sleep here
 *        388  room      event word: producers sleep here
 *        512  lines     one for each participant, 64 bytes
 *                         0 push, 8 pop: the ticket it is about, plus 1; 0 for none
 *                        16 pushed*, popped*, refused*, waits*, skipped*
 *                        56 lost, 48 base: elements that died with it
 *       3584  slots     turn (8 bytes), element, up to 8 bytes             * statistics
 *
 * Threads. A sluice_queue_end belongs to one thread, and no two threads may use one participant.
 * sluice_queue_try_push and _try_pop are lock-free: each retry means that another has succeeded (a
 * sleeper costs them a futex call). sluice_queue_push and _pop block.
 *
 * Source. Per-slot turns: Dmitry Vyukov's bounded MPMC queue; turns counted by laps as in rigtorp's
 * MPMCQueue, so that zero is the initial state. Recovery is ours.
 */
#ifndef SLUICE_QUEUE_H
#define SLUICE_QUEUE_H

#include <stddef.h>

#include "sluice/directory.h"

#define SLUICE_QUEUE_CAPACITY_MAX UINT32_C(0x1000000)
#define SLUICE_QUEUE_ELEMENT_MAX UINT32_C(0x1000000)
#define SLUICE_QUEUE_BYTES_MAX UINT32_C(0x40000000)

typedef struct sluice_queue_line {
  _Atomic uint64_t push;
  _Atomic uint64_t pop;
  _Atomic uint64_t pushed;
  _Atomic uint64_t popped;
  _Atomic uint32_t refused;
  _Atomic uint32_t waits;
  _Atomic uint64_t skipped;
  _Atomic uint64_t base; /* `lost` before the death that is being recovered */
  _Atomic uint64_t lost;
} sluice_queue_line;

typedef struct sluice_queue {
  sluice_object object;
  _Atomic uint64_t tail;
  unsigned char pad0[120];
  _Atomic uint64_t head;
  unsigned char pad1[120];
  _Atomic uint32_t items;
  _Atomic uint32_t room;
  unsigned char pad2[120];
  sluice_queue_line lines[SLUICE_PARTICIPANTS + 1]; /* the last one only fills up to 128 */
  unsigned char slots[];
} sluice_queue;

_Static_assert(sizeof(sluice_queue_line) == 64, "a participant has its own line");
_Static_assert(offsetof(sluice_queue, tail) == 128, "producers meet in a line of their own");
_Static_assert(offsetof(sluice_queue, head) == 256, "so do consumers");
_Static_assert(offsetof(sluice_queue, items) == 384, "the event words are mostly read");
_Static_assert(offsetof(sluice_queue, lines) == 512, "as drawn");
_Static_assert(offsetof(sluice_queue, slots) == 3584, "as drawn");

/* What one thread knows of a queue: it may push and pop. Private to the thread. */
typedef struct sluice_queue_end {
  sluice_queue *queue;
  sluice_queue_line *line;
  uint32_t capacity;
  uint32_t laps;    /* ticket >> laps is its lap */
  uint32_t stride;  /* bytes from slot to slot */
  uint32_t element; /* bytes of an element */
  uint32_t key;     /* what the event word shows to one that is to sleep by its own means */
} sluice_queue_end;

typedef struct sluice_queue_stats {
  uint64_t pushed;             /* elements that were pushed */
  uint64_t popped;             /* elements that were handed out */
  uint64_t refused;            /* pushes that found the queue full; modulo 2^32 per participant */
  uint64_t waits;              /* sleeps; likewise */
  uint64_t skipped;            /* slots whose producer died before it had filled them */
  uint64_t lost_with_receiver; /* elements whose consumer died while it took them: exact */
} sluice_queue_stats;

/* Bytes that a queue takes in all, for `capacity` elements (a power of two, 1 to
 * SLUICE_QUEUE_CAPACITY_MAX) of `element` bytes (1 to SLUICE_QUEUE_ELEMENT_MAX); 0 for others, and
 * where it would take more than SLUICE_QUEUE_BYTES_MAX. */
uint32_t sluice_queue_bytes(uint32_t capacity, uint32_t element);

/* Opens the queue called `name`, or creates it (see sluice_object_open for the errors); the shape
 * as for sluice_queue_bytes. Returns its offset, or 0 with space->status. Any thread; lock-free. */
uint32_t sluice_queue_open(sluice_space *space, const char *name, uint32_t name_bytes,
                           uint32_t capacity, uint32_t element);

/* Makes a queue at `at` (128-byte aligned, sluice_queue_bytes, zeroed), without a space. SLUICE_OK
 * or SLUICE_E_INVALID. */
int sluice_queue_init(void *at, uint32_t capacity, uint32_t element);

/* Sets `end` up for participant `owner` (not 0; one that runs in no other thread). SLUICE_OK;
 * SLUICE_E_INVALID when the queue's shape is another or `owner` is no participant's id;
 * SLUICE_E_POISONED. A closed queue can still be emptied. Wait-free. */
int sluice_queue_end_open(sluice_queue_end *end, sluice_queue *queue, uint32_t capacity,
                          uint32_t element, uint32_t owner);

/* Adds a copy of the element at `element`. SLUICE_OK; SLUICE_E_FULL; SLUICE_E_CLOSED;
 * SLUICE_E_POISONED; SLUICE_E_AGAIN when others were faster too many times. Lock-free. */
int sluice_queue_try_push(sluice_queue_end *end, const void *element);

/* Copies the oldest element to `element` and takes it away. SLUICE_OK; SLUICE_E_EMPTY (nothing is
 * there, or the oldest is still being written); SLUICE_E_CLOSED (closed, and all that was pushed
 * has been taken); SLUICE_E_POISONED; SLUICE_E_AGAIN as above. Lock-free. */
int sluice_queue_try_pop(sluice_queue_end *end, void *element);

/* The same, waiting for room or for an element for at most `timeout_ns` nanoseconds (negative: for
 * ever; 0: not at all): a spin, then sleep. SLUICE_E_TIMEOUT in place of _FULL and _EMPTY, else as
 * above; SLUICE_E_AGAIN also, in wasm with a limit, after a wake-up in vain: call again with the
 * time that is left. Blocking. */
int sluice_queue_push(sluice_queue_end *end, const void *element, int64_t timeout_ns);
int sluice_queue_pop(sluice_queue_end *end, void *element, int64_t timeout_ns);

/* For a caller that sleeps by its own means: returns 1 when it should, until the word queue->room
 * (or queue->items, to pop) is no longer end->key; 0 when it should try again. Whoever has been
 * woken tries again, or calls sluice_queue_pass_on: the wake-up was for one only. Lock-free. */
int sluice_queue_push_sleep(sluice_queue_end *end);
int sluice_queue_pop_sleep(sluice_queue_end *end);

/* Wakes another sleeper on each side that has something to do. For a caller that was woken and does
 * not want it. Lock-free. */
void sluice_queue_pass_on(sluice_queue_end *end);

/* Closes the queue for good: no push succeeds after this, what was pushed before can be taken, and
 * all sleepers are woken. SLUICE_OK. Idempotent; wait-free. */
int sluice_queue_close(sluice_queue_end *end);

/* Elements that are in the queue or on their way in or out. Wait-free; a snapshot. */
uint32_t sluice_queue_used(const sluice_queue_end *end);

/* Sums the figures of all participants. Wait-free; no snapshot: each figure by itself. */
void sluice_queue_figures(const sluice_queue_end *end, sluice_queue_stats *stats);

#endif
