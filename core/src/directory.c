#include "sluice/directory.h"

#include "directory_table.h"
#include "kinds.h"

sluice_table sluice_directory_table(const sluice_space *space) {
  sluice_space_header *header = sluice_header(space);
  return (sluice_table){.version = &header->directory_version,
                        .slots = header->directory,
                        .count = SLUICE_DIRECTORY_ENTRIES};
}

static uint32_t none(sluice_space *space, int status) {
  space->status = status;
  return 0;
}

static int find(sluice_space *space, const char *name, uint32_t name_bytes, sluice_entry *entry) {
  if (name_bytes == 0 || name_bytes > SLUICE_NAME_MAX) {
    return SLUICE_E_INVALID;
  }
  sluice_table table = sluice_directory_table(space);
  sluice_key key = {
      .bytes = name, .length = name_bytes, .hash = sluice_table_hash(name, name_bytes)};
  return sluice_table_find(space, &table, &key, entry);
}

uint32_t sluice_directory_find(sluice_space *space, const char *name, uint32_t name_bytes) {
  sluice_entry entry;
  int status = find(space, name, name_bytes, &entry);
  space->status = status;
  return status == SLUICE_OK ? entry.offset : 0;
}

uint32_t sluice_directory_look(sluice_space *space, const char *name, uint32_t name_bytes) {
  sluice_entry entry;
  int status = find(space, name, name_bytes, &entry);
  if (status == SLUICE_OK) {
    sluice_table_let_go(space, &entry);
  }
  space->status = status;
  return status == SLUICE_OK ? entry.offset : 0;
}

/* The entry's object if it has this shape, still held; else it is let go. `bytes`, the caller's
 * own, bounds what the caller will touch. */
static uint32_t same_shape(sluice_space *space, const sluice_entry *entry, sluice_shape shape) {
  const sluice_object *object = sluice_object_at(space, entry->offset);
  int status = SLUICE_OK;
  if (object->kind != shape.kind || object->bytes != shape.bytes ||
      object->capacity != shape.capacity || object->codec != shape.codec) {
    status = SLUICE_E_MISMATCH;
  } else if (sluice_block_room(space, entry->offset) < shape.bytes) {
    status = SLUICE_E_POISONED;
  }
  if (status != SLUICE_OK) {
    sluice_table_let_go(space, entry);
    return none(space, status);
  }
  space->status = SLUICE_OK;
  return entry->offset;
}

/* A new object, complete, not entered as yet. */
static uint32_t make(sluice_space *space, const char *name, uint32_t name_bytes,
                     sluice_shape shape) {
  uint32_t offset = sluice_space_alloc(space, shape.bytes);
  if (offset != 0) {
    sluice_object *object = sluice_object_at(space, offset);
    object->kind = shape.kind;
    object->bytes = shape.bytes;
    object->capacity = shape.capacity;
    object->codec = shape.codec;
    object->name_bytes = name_bytes;
    memcpy(object->name, name, name_bytes);
    sluice_table_key(space, offset, offsetof(sluice_object, name), name_bytes,
                     sluice_table_hash(name, name_bytes));
  }
  return offset;
}

uint32_t sluice_object_open(sluice_space *space, const char *name, uint32_t name_bytes,
                            sluice_shape shape) {
  int state = sluice_space_state(space);
  if (shape.bytes < sizeof(sluice_object)) {
    return none(space, SLUICE_E_INVALID);
  }
  if (state != SLUICE_OK) {
    return none(space, state);
  }
  sluice_entry entry;
  int status = find(space, name, name_bytes, &entry);
  if (status == SLUICE_OK) {
    return same_shape(space, &entry, shape);
  }
  if (status != SLUICE_E_EMPTY) {
    return none(space, status);
  }
  uint32_t made = make(space, name, name_bytes, shape);
  if (made == 0) {
    return 0;
  }
  sluice_table table = sluice_directory_table(space);
  status = sluice_table_insert(space, &table, made, &entry);
  if (status == SLUICE_OK) {
    /* Entered, then looked: sluice_space_close sets the state, then walks the directory. One of
     * the two sees the other. */
    state = sluice_space_state(space);
    if (state != SLUICE_OK) {
      sluice_kind_shut(space, made);
      (void)sluice_object_close(space, made);
      return none(space, state);
    }
    space->status = SLUICE_OK;
    return made;
  }
  (void)sluice_slab_unref(space, made);
  return status == SLUICE_E_BUSY ? same_shape(space, &entry, shape) : none(space, status);
}

int sluice_object_close(sluice_space *space, uint32_t offset) {
  /* Who has not joined holds in the directory's name. */
  return space->participant == 0 ? SLUICE_OK : sluice_slab_unref(space, offset);
}

int sluice_directory_remove(sluice_space *space, const char *name, uint32_t name_bytes) {
  sluice_entry entry;
  for (;;) {
    int status = find(space, name, name_bytes, &entry);
    if (status != SLUICE_OK) {
      return status;
    }
    sluice_table table = sluice_directory_table(space);
    status = sluice_table_replace(space, &table, &entry, 0);
    sluice_table_let_go(space, &entry);
    if (status == SLUICE_OK) {
      return SLUICE_OK;
    }
  }
}

uint32_t sluice_directory_at(sluice_space *space, uint32_t index) {
  sluice_table table = sluice_directory_table(space);
  sluice_entry entry;
  int status = sluice_table_at(space, &table, index % SLUICE_DIRECTORY_ENTRIES, &entry);
  space->status = status == SLUICE_E_EMPTY ? SLUICE_OK : status;
  if (status != SLUICE_OK) {
    return 0;
  }
  sluice_table_let_go(space, &entry);
  return entry.offset;
}
