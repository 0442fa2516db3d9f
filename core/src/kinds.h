/* What each kind of object does when a participant dies, when the space closes, and when its last
 * holder lets go: the one switch over kinds, and what it calls. Not for users. */
#ifndef SLUICE_KINDS_H
#define SLUICE_KINDS_H

#include "internal.h"
#include "sluice/barrier.h"
#include "sluice/broadcast.h"
#include "sluice/cell.h"
#include "sluice/condvar.h"
#include "sluice/counter.h"
#include "sluice/event.h"
#include "sluice/histogram.h"
#include "sluice/message.h"
#include "sluice/mutex.h"
#include "sluice/once.h"
#include "sluice/queue.h"
#include "sluice/ring.h"
#include "sluice/ring_many.h"
#include "sluice/rpc.h"
#include "sluice/rwlock.h"
#include "sluice/semaphore.h"
#include "sluice/store.h"

/* Recovers the object at `offset` from the death of participant `id`. SLUICE_OK or SLUICE_E_AGAIN.
 */
int sluice_kind_recover(sluice_space *space, uint32_t offset, uint32_t id);

/* The space closes: marks the object closed and wakes all that sleep on it. */
void sluice_kind_shut(sluice_space *space, uint32_t offset);

/* The last reference to the block at `offset` is about to go: if it is an object, lets go of the
 * blocks that it refers to. May run more than once, and twice at once. */
void sluice_kind_finalize(sluice_space *space, uint32_t offset);

/* Is the block at `offset` an object that has stood in the directory? */
int sluice_kind_is_object(const sluice_space *space, uint32_t offset);

/* ring.c */
int sluice_ring_recover(sluice_space *space, sluice_ring *ring, uint32_t id);

/* message.c: the block, to which the caller refers, becomes why the channel at offset `ring` ends,
 * which names it in `reason`; the caller then ends its own reference. A channel goes; a batch was
 * lost with its receiver: the records that stand in the `bytes` of data from `from` on; participant
 * `id` is dead, and its claims are undone. */
void sluice_message_keep(const sluice_space *space, _Atomic uint32_t *reason, uint32_t ring,
                         uint32_t block);
void sluice_message_finalize(const sluice_space *space, const void *ring);
void sluice_message_lose(const sluice_space *space, const sluice_ring_many *ring, uint32_t from,
                         uint32_t bytes, uint32_t capacity);
void sluice_message_settle(const sluice_space *space, uint32_t id);

/* cell.c */
int sluice_cell_recover(sluice_space *space, sluice_cell *cell, uint32_t id);
int sluice_cell_shut(sluice_cell *cell);

/* queue.c */
int sluice_queue_recover(sluice_space *space, sluice_queue *queue, uint32_t id);
int sluice_queue_shut(sluice_queue *queue);

/* broadcast.c */
int sluice_broadcast_recover(sluice_space *space, sluice_broadcast *broadcast, uint32_t id);
int sluice_broadcast_shut(sluice_broadcast *broadcast);

/* mutex.c */
int sluice_mutex_recover(sluice_space *space, sluice_mutex *mutex, uint32_t id);
int sluice_mutex_shut(sluice_mutex *mutex);

/* condvar.c */
int sluice_condvar_recover(sluice_space *space, sluice_condvar *condvar, uint32_t id);
int sluice_condvar_shut(sluice_condvar *condvar);

/* rwlock.c */
int sluice_rwlock_recover(sluice_space *space, sluice_rwlock *rwlock, uint32_t id);
int sluice_rwlock_shut(sluice_rwlock *rwlock);

/* semaphore.c */
int sluice_semaphore_recover(sluice_space *space, sluice_semaphore *semaphore, uint32_t id);
int sluice_semaphore_shut(sluice_semaphore *semaphore);

/* barrier.c */
int sluice_barrier_recover(sluice_space *space, sluice_barrier *barrier, uint32_t id);
int sluice_barrier_shut(sluice_barrier *barrier);

/* event.c */
int sluice_event_recover(sluice_space *space, sluice_event *event, uint32_t id);
int sluice_event_shut(sluice_event *event);

/* once.c */
int sluice_once_recover(sluice_space *space, sluice_once *once, uint32_t id);
int sluice_once_shut(sluice_once *once);

/* store.c */
int sluice_store_recover(sluice_space *space, sluice_store *store, uint32_t id);
void sluice_store_finalize(sluice_space *space, sluice_store *store);
int sluice_store_shut(sluice_store *store);

/* ring_many_recover.c */
int sluice_ring_many_recover(sluice_space *space, sluice_ring_many *ring, uint32_t id);

/* rpc.c */
int sluice_rpc_recover(sluice_space *space, sluice_rpc *rpc, uint32_t id);
int sluice_rpc_shut(sluice_space *space, sluice_rpc *rpc);

#endif
