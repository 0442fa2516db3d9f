#include "kinds.h"

#include "blocks.h"

int sluice_kind_is_object(const sluice_space *space, uint32_t offset) {
  const sluice_block *block = sluice_block_at(space, offset);
  /* pairs with the release in sluice_table_insert: the object is complete */
  return atomic_load_explicit(&block->home, memory_order_acquire) == SLUICE_HOME_DIRECTORY &&
         sluice_block_room(space, offset) >= sizeof(sluice_object);
}

/* The kinds that are not named in `least` are no longer than this. */
enum { SHORT = sizeof(sluice_mutex) };
_Static_assert(sizeof(sluice_cell) <= SHORT && sizeof(sluice_condvar) <= SHORT &&
                   sizeof(sluice_rwlock) <= SHORT && sizeof(sluice_semaphore) <= SHORT &&
                   sizeof(sluice_barrier) <= SHORT && sizeof(sluice_event) <= SHORT &&
                   sizeof(sluice_once) <= SHORT,
               "the switches below touch no more of these");

/* What the switches below touch at least of an object of this kind: nothing of a kind that is not
 * in them. */
static uint32_t least(uint32_t kind) {
  switch (kind) {
    case SLUICE_KIND_RING_SPSC:
      return sizeof(sluice_ring);
    case SLUICE_KIND_RING_MPSC:
    case SLUICE_KIND_RING_MPMC:
      return sizeof(sluice_ring_many);
    case SLUICE_KIND_BROADCAST:
      return sizeof(sluice_broadcast);
    case SLUICE_KIND_QUEUE:
      return sizeof(sluice_queue);
    case SLUICE_KIND_STORE:
      return sizeof(sluice_store);
    case SLUICE_KIND_RPC:
      return sizeof(sluice_rpc);
    default:
      return SHORT;
  }
}

/* The object at `offset`, all of which lies in its block; NULL where its header claims otherwise.
 */
static void *whole(const sluice_space *space, uint32_t offset, uint32_t *kind) {
  sluice_object *object = sluice_object_at(space, offset);
  uint32_t room = sluice_block_room(space, offset);
  *kind = object->kind;
  return object->bytes <= room && least(*kind) <= room ? object : NULL;
}

int sluice_kind_recover(sluice_space *space, uint32_t offset, uint32_t id) {
  uint32_t kind = 0;
  void *object = whole(space, offset, &kind);
  if (object == NULL) {
    return SLUICE_OK;
  }
  switch (kind) {
    case SLUICE_KIND_RING_SPSC:
      return sluice_ring_recover(space, object, id);
    case SLUICE_KIND_RING_MPSC:
    case SLUICE_KIND_RING_MPMC:
      return sluice_ring_many_recover(space, object, id);
    case SLUICE_KIND_BROADCAST:
      return sluice_broadcast_recover(space, object, id);
    case SLUICE_KIND_QUEUE:
      return sluice_queue_recover(space, object, id);
    case SLUICE_KIND_CELL:
    case SLUICE_KIND_SEQLOCK:
      return sluice_cell_recover(space, object, id);
    case SLUICE_KIND_STORE:
      return sluice_store_recover(space, object, id);
    case SLUICE_KIND_RPC:
      return sluice_rpc_recover(space, object, id);
    case SLUICE_KIND_MUTEX:
      return sluice_mutex_recover(space, object, id);
    case SLUICE_KIND_CONDVAR:
      return sluice_condvar_recover(space, object, id);
    case SLUICE_KIND_RWLOCK:
      return sluice_rwlock_recover(space, object, id);
    case SLUICE_KIND_SEMAPHORE:
      return sluice_semaphore_recover(space, object, id);
    case SLUICE_KIND_BARRIER:
      return sluice_barrier_recover(space, object, id);
    case SLUICE_KIND_EVENT:
      return sluice_event_recover(space, object, id);
    case SLUICE_KIND_ONCE:
      return sluice_once_recover(space, object, id);
    default:
      return SLUICE_OK;
  }
}

void sluice_kind_shut(sluice_space *space, uint32_t offset) {
  uint32_t kind = 0;
  void *object = whole(space, offset, &kind);
  if (object == NULL) {
    return;
  }
  switch (kind) {
    case SLUICE_KIND_RING_SPSC:
      (void)sluice_ring_close(object);
      break;
    case SLUICE_KIND_RING_MPSC:
    case SLUICE_KIND_RING_MPMC:
      (void)sluice_ring_many_close(object);
      break;
    case SLUICE_KIND_BROADCAST:
      (void)sluice_broadcast_shut(object);
      break;
    case SLUICE_KIND_QUEUE:
      (void)sluice_queue_shut(object);
      break;
    case SLUICE_KIND_CELL:
    case SLUICE_KIND_SEQLOCK:
      (void)sluice_cell_shut(object);
      break;
    case SLUICE_KIND_STORE:
      (void)sluice_store_shut(object);
      break;
    case SLUICE_KIND_RPC:
      (void)sluice_rpc_shut(space, object);
      break;
    case SLUICE_KIND_MUTEX:
      (void)sluice_mutex_shut(object);
      break;
    case SLUICE_KIND_CONDVAR:
      (void)sluice_condvar_shut(object);
      break;
    case SLUICE_KIND_RWLOCK:
      (void)sluice_rwlock_shut(object);
      break;
    case SLUICE_KIND_SEMAPHORE:
      (void)sluice_semaphore_shut(object);
      break;
    case SLUICE_KIND_BARRIER:
      (void)sluice_barrier_shut(object);
      break;
    case SLUICE_KIND_EVENT:
      (void)sluice_event_shut(object);
      break;
    case SLUICE_KIND_ONCE:
      (void)sluice_once_shut(object);
      break;
    default:
      break;
  }
}

void sluice_kind_finalize(sluice_space *space, uint32_t offset) {
  uint32_t kind = 0;
  void *object = sluice_kind_is_object(space, offset) ? whole(space, offset, &kind) : NULL;
  if (object == NULL) {
    return;
  }
  switch (kind) {
    case SLUICE_KIND_RING_SPSC:
    case SLUICE_KIND_RING_MPSC:
    case SLUICE_KIND_RING_MPMC:
    case SLUICE_KIND_BROADCAST:
      sluice_message_finalize(space, object);
      break;
    case SLUICE_KIND_STORE:
      sluice_store_finalize(space, object);
      break;
    default:
      break;
  }
}
