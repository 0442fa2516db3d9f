#include "kinds.h"

#include "blocks.h"

int sluice_kind_is_object(const sluice_space *space, uint32_t offset) {
  const sluice_block *block = sluice_block_at(space, offset);
  return atomic_load_explicit(&block->home, memory_order_relaxed) == SLUICE_HOME_DIRECTORY &&
         sluice_block_room(space, offset) >= sizeof(sluice_object);
}

/* The object at `offset`, all of which lies in its block; NULL where its header claims more. */
static void *whole(const sluice_space *space, uint32_t offset, uint32_t *kind) {
  sluice_object *object = sluice_object_at(space, offset);
  *kind = object->kind;
  return object->bytes <= sluice_block_room(space, offset) ? object : NULL;
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
      sluice_ring_finalize(space, object);
      break;
    default:
      break;
  }
}
