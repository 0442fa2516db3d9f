#include "sluice/broadcast.h"

#include "blocks.h"
#include "kinds.h"
#include "lock.h"
#include "words.h"

/* How often the writer may be faster before a reader is told so. */
enum { TRIES = 64, HEADER = 8, PADDING = -1 };

typedef _Atomic uint64_t header_word;

uint32_t sluice_broadcast_bytes(uint32_t capacity) {
  if (capacity < SLUICE_BROADCAST_CAPACITY_MIN || capacity > SLUICE_BROADCAST_CAPACITY_MAX ||
      (capacity & (capacity - 1)) != 0) {
    return 0;
  }
  return (uint32_t)sizeof(sluice_broadcast) + capacity;
}

static sluice_shape shape_of(uint32_t capacity, uint32_t codec) {
  return (sluice_shape){.kind = SLUICE_KIND_BROADCAST,
                        .bytes = sluice_broadcast_bytes(capacity),
                        .capacity = capacity,
                        .codec = codec};
}

int sluice_broadcast_init(void *at, uint32_t capacity) {
  return sluice_object_init(at, shape_of(capacity, 0));
}

uint32_t sluice_broadcast_open(sluice_space *space, const char *name, uint32_t name_bytes,
                               uint32_t capacity, uint32_t codec) {
  return sluice_object_open(space, name, name_bytes, shape_of(capacity, codec));
}

static uint32_t flags_of(const sluice_broadcast *broadcast) {
  /* pairs with the seq_cst in set_flag: what was written before a close is visible. seq_cst for a
   * sleeper's second look */
  return atomic_load_explicit(&broadcast->object.state, memory_order_seq_cst);
}

static void set_flag(sluice_broadcast *broadcast, uint32_t flag) {
  /* tells everyone; pairs with the load in flags_of, and with a sleeper's look after its mark */
  atomic_fetch_or_explicit(&broadcast->object.state, flag, memory_order_seq_cst);
  SLUICE_STEP("broadcast.close: flag set");
  sluice_event_signal_all(&broadcast->arrivals);
}

static int poison(sluice_broadcast *broadcast) {
  set_flag(broadcast, SLUICE_OBJECT_POISONED);
  return SLUICE_E_POISONED;
}

static int fits(const sluice_broadcast *broadcast, uint32_t capacity) {
  return sluice_broadcast_bytes(capacity) != 0 && broadcast->object.kind == SLUICE_KIND_BROADCAST &&
         broadcast->object.capacity == capacity;
}

/* ---- frames ---- */

static header_word *header_at(sluice_broadcast *broadcast, uint32_t capacity, uint64_t position) {
  return (header_word *)(void *)(broadcast->data + ((uint32_t)position & (capacity - 1)));
}

static uint64_t header_of(uint32_t length, int32_t type) {
  return (uint64_t)(uint32_t)type << 32 | length;
}

typedef struct frame {
  uint32_t bytes;  /* aligned; 0 where no frame may look so */
  uint32_t length; /* of the payload */
  int32_t type;    /* PADDING: skip it */
} frame;

/* The frame that the header word at `position` stands for, within `limit` bytes from there and
 * within the buffer. */
static frame frame_of(uint64_t word, uint64_t position, uint64_t limit, uint32_t capacity) {
  uint32_t length = (uint32_t)word;
  int32_t type = (int32_t)(uint32_t)(word >> 32);
  uint32_t to_end = capacity - ((uint32_t)position & (capacity - 1));
  uint32_t bytes = sluice_words_bytes(length);
  if (length < HEADER || length > capacity / 8 + HEADER || bytes > to_end || bytes > limit ||
      type < PADDING || (type == PADDING && length != to_end)) {
    return (frame){.bytes = 0};
  }
  return (frame){.bytes = bytes, .length = length - HEADER, .type = type};
}

/* Where a record's frame starts, and how many records were written before it. */
typedef struct place {
  uint64_t position;
  uint64_t number;
} place;

/* Walks from the record at `from` to `tail`, at most a lap on. Returns how many records that were
 * and sets *last to the last of them; UINT64_MAX when it met what is no frame: broken, or
 * overwritten meanwhile. Bounded by capacity / 8 steps. */
static uint64_t walk(sluice_broadcast *broadcast, uint32_t capacity, uint64_t from, uint64_t tail,
                     uint64_t *last) {
  uint64_t count = 0;
  while (from != tail) {
    /* pairs with the release in put: an overwritten header shows that `oldest` has moved */
    uint64_t word =
        atomic_load_explicit(header_at(broadcast, capacity, from), memory_order_acquire);
    frame at = frame_of(word, from, tail - from, capacity);
    if (at.bytes == 0) {
      return UINT64_MAX;
    }
    if (at.type != PADDING) {
      *last = from;
      count++;
    }
    from += at.bytes;
  }
  return count;
}

/* ---- the writer ---- */

/* What its predecessor left: the newest start that counts, and how many records there are. */
static int take_over(sluice_broadcast_writer *writer) {
  sluice_broadcast *broadcast = writer->broadcast;
  uint64_t tail = atomic_load_explicit(&broadcast->tail, memory_order_acquire);
  uint64_t oldest = atomic_load_explicit(&broadcast->oldest, memory_order_acquire);
  place newest = {.position = 0};
  int found = 0;
  if (oldest > tail || tail - oldest > writer->capacity || (tail | oldest) % 8 != 0) {
    return poison(broadcast);
  }
  for (uint32_t i = 0; i < SLUICE_BROADCAST_STARTS; i++) {
    const sluice_broadcast_start *start = &broadcast->starts[i];
    uint64_t position = atomic_load_explicit(&start->position, memory_order_acquire);
    if (position < oldest || position > tail || position % 8 != 0) {
      continue;
    }
    writer->starts[i] = position;
    if (!found || position > newest.position) {
      newest.position = position;
      newest.number = atomic_load_explicit(&start->number, memory_order_relaxed);
      found = 1;
    }
  }
  uint64_t last = 0;
  uint64_t count =
      found ? walk(broadcast, writer->capacity, newest.position, tail, &last) : UINT64_MAX;
  if (count == UINT64_MAX) {
    return poison(broadcast);
  }
  writer->tail = tail;
  writer->oldest = oldest;
  writer->records = newest.number + count;
  /* on fresh memory too, where the zeroes happen to be right for the first record */
  writer->started = (newest.position >> writer->shift) + 1;
  return SLUICE_OK;
}

int sluice_broadcast_writer_open(sluice_broadcast_writer *writer, sluice_broadcast *broadcast,
                                 uint32_t capacity, uint32_t owner) {
  uint32_t nobody = 0;
  if (owner == 0 || !fits(broadcast, capacity)) {
    return SLUICE_E_INVALID;
  }
  uint32_t flags = flags_of(broadcast);
  if ((flags & (SLUICE_OBJECT_POISONED | SLUICE_OBJECT_CLOSED)) != 0) {
    return (flags & SLUICE_OBJECT_POISONED) != 0 ? SLUICE_E_POISONED : SLUICE_E_CLOSED;
  }
  /* pairs with the release in sluice_broadcast_recover: the last writer's stores are visible */
  if (!atomic_compare_exchange_strong_explicit(&broadcast->owner, &nobody, owner,
                                               memory_order_acq_rel, memory_order_acquire)) {
    return SLUICE_E_BUSY;
  }
  SLUICE_STEP("broadcast.open: writer's end taken");
  *writer = (sluice_broadcast_writer){.broadcast = broadcast,
                                      .capacity = capacity,
                                      .max = capacity / 8,
                                      .shift = (uint32_t)__builtin_ctz(capacity) - 4};
  int status = take_over(writer);
  if (status == SLUICE_OK) {
    atomic_fetch_and_explicit(&broadcast->object.state, ~(uint32_t)SLUICE_BROADCAST_WRITER_LOST,
                              memory_order_seq_cst);
    SLUICE_STEP("broadcast.open: writer is back");
  }
  return status;
}

/* Gives up the records in the way of those up to `to`, and all that start in the same sixteenths:
 * the starts there are about to be replaced. */
static void make_room(sluice_broadcast_writer *writer, uint64_t to) {
  uint64_t section = UINT64_C(1) << writer->shift;
  uint64_t end = (to + section - 1) & ~(section - 1);
  if (end <= writer->oldest + writer->capacity) {
    return;
  }
  uint64_t needed = end - writer->capacity;
  uint64_t oldest = writer->tail;
  for (uint32_t i = 0; i < SLUICE_BROADCAST_STARTS; i++) {
    uint64_t start = writer->starts[i];
    oldest = start >= needed && start < oldest ? start : oldest;
  }
  writer->oldest = oldest;
  /* Announces what is overwritten from now on: published by each store that overwrites, all of
   * which release; pairs with the acquire loads of those words. Publishes itself the start that it
   * is, and the tail behind it; pairs with the acquire in find. */
  atomic_store_explicit(&writer->broadcast->oldest, oldest, memory_order_release);
  SLUICE_STEP("broadcast.send: oldest moved");
}

/* Notes that a frame starts at `position`, if it is the first in its sixteenth. */
static void note_start(sluice_broadcast_writer *writer, uint64_t position) {
  uint64_t section = position >> writer->shift;
  if (section + 1 == writer->started) {
    return;
  }
  uint32_t index = (uint32_t)section % SLUICE_BROADCAST_STARTS;
  sluice_broadcast_start *start = &writer->broadcast->starts[index];
  writer->started = section + 1;
  writer->starts[index] = position;
  /* both publish that `oldest` has moved past what stood here; pair with the acquires in find */
  atomic_store_explicit(&start->number, writer->records, memory_order_release);
  SLUICE_STEP("broadcast.send: start's number stored");
  atomic_store_explicit(&start->position, position, memory_order_release);
  SLUICE_STEP("broadcast.send: start stored");
}

/* Writes a frame at `position`; `payload` NULL: the header only. */
static void put(sluice_broadcast_writer *writer, uint64_t position, const void *payload,
                uint32_t length, int32_t type) {
  header_word *header = header_at(writer->broadcast, writer->capacity, position);
  note_start(writer, position);
  /* publishes that `oldest` has moved past what stood here; pairs with the acquire in look */
  atomic_store_explicit(header, header_of(length + HEADER, type), memory_order_release);
  SLUICE_STEP("broadcast.send: header stored");
  if (payload != NULL) {
    sluice_words_store(header + 1, payload, length);
    SLUICE_STEP("broadcast.send: payload stored");
  }
}

int sluice_broadcast_send(sluice_broadcast_writer *writer, const void *payload, uint32_t length,
                          int32_t type) {
  sluice_broadcast *broadcast = writer->broadcast;
  uint32_t flags = flags_of(broadcast);
  if ((flags & (SLUICE_OBJECT_POISONED | SLUICE_OBJECT_CLOSED)) != 0) {
    return (flags & SLUICE_OBJECT_POISONED) != 0 ? SLUICE_E_POISONED : SLUICE_E_CLOSED;
  }
  if (type < 0) {
    return SLUICE_E_INVALID;
  }
  if (length > writer->max) {
    return SLUICE_E_TOO_LARGE;
  }
  uint64_t position = writer->tail;
  uint32_t bytes = sluice_words_bytes(length + HEADER);
  uint32_t to_end = writer->capacity - ((uint32_t)position & (writer->capacity - 1));
  uint32_t padding = bytes > to_end ? to_end : 0;
  uint64_t to = position + padding + bytes;
  make_room(writer, to);
  if (padding != 0) {
    put(writer, position, NULL, padding - HEADER, PADDING);
    position += padding;
  }
  put(writer, position, length != 0 ? payload : NULL, length, type);
  writer->tail = to;
  sluice_figure(&broadcast->records, ++writer->records);
  /* publishes the record; pairs with the load in look. seq_cst for the look at `arrivals` that
   * follows */
  atomic_store_explicit(&broadcast->tail, to, memory_order_seq_cst);
  SLUICE_STEP("broadcast.send: tail moved");
  sluice_event_signal_all(&broadcast->arrivals);
  SLUICE_STEP("broadcast.send: readers woken");
  return SLUICE_OK;
}

int sluice_broadcast_shut(sluice_broadcast *broadcast) {
  set_flag(broadcast, SLUICE_OBJECT_CLOSED);
  return SLUICE_OK;
}

int sluice_broadcast_writer_close(sluice_broadcast_writer *writer) {
  return sluice_broadcast_shut(writer->broadcast);
}

int sluice_broadcast_recover(sluice_space *space, sluice_broadcast *broadcast, uint32_t id) {
  (void)space;
  if (atomic_load_explicit(&broadcast->owner, memory_order_acquire) == id) {
    set_flag(broadcast, SLUICE_BROADCAST_WRITER_LOST);
    SLUICE_STEP("broadcast.recover: writer marked lost");
    /* hands the writer's end on; pairs with the swap in sluice_broadcast_writer_open */
    (void)atomic_compare_exchange_strong_explicit(&broadcast->owner, &id, 0, memory_order_acq_rel,
                                                  memory_order_relaxed);
    SLUICE_STEP("broadcast.recover: writer's end freed");
  }
  /* It may have moved the tail and have died before it woke anybody, or while it did. */
  sluice_event_wake_all(&broadcast->arrivals);
  return SLUICE_OK;
}

/* ---- a reader ---- */

/* The start to begin at: the oldest record's, or the newest one before the tail (where nothing
 * stands there is only the oldest). Returns 0 when there is none such. */
static int nearest_start(const sluice_broadcast *broadcast, uint32_t from, uint64_t oldest,
                         uint64_t tail, place *found) {
  uint64_t limit = from == SLUICE_BROADCAST_OLDEST || tail <= oldest ? oldest + 1 : tail;
  int have = 0;
  for (uint32_t i = 0; i < SLUICE_BROADCAST_STARTS; i++) {
    const sluice_broadcast_start *start = &broadcast->starts[i];
    /* pair with the releases in note_start: of an entry that was replaced, `oldest` says so */
    uint64_t position = atomic_load_explicit(&start->position, memory_order_acquire);
    uint64_t number = atomic_load_explicit(&start->number, memory_order_acquire);
    if (position >= oldest && position < limit && (!have || position > found->position)) {
      *found = (place){.position = position, .number = number};
      have = 1;
    }
  }
  return have;
}

/* From a start to the place that `from` stands for. Returns 0 where the frames make no sense. */
static int step_on(sluice_broadcast *broadcast, uint32_t capacity, uint32_t from, uint64_t tail,
                   place *found) {
  uint64_t last = tail; /* no record at all: the next one */
  uint64_t count = 0;
  if (from == SLUICE_BROADCAST_OLDEST) {
    return 1;
  }
  count = walk(broadcast, capacity, found->position, tail, &last);
  if (count == UINT64_MAX) {
    return 0;
  }
  if (from == SLUICE_BROADCAST_LATEST && count != 0) {
    *found = (place){.position = last, .number = found->number + count - 1};
  } else {
    *found = (place){.position = tail, .number = found->number + count};
  }
  return 1;
}

/* Where to begin: finds the place that `from` stands for. SLUICE_OK, _POISONED or _AGAIN. */
static int find(sluice_broadcast *broadcast, uint32_t capacity, uint32_t from, place *found) {
  for (int tries = 0; tries < TRIES; tries++) {
    /* pairs with the release in make_room: the start that it is, and the tail behind it */
    uint64_t oldest = atomic_load_explicit(&broadcast->oldest, memory_order_acquire);
    /* pairs with the store in send: the records before it are visible, and `oldest` as it was */
    uint64_t tail = atomic_load_explicit(&broadcast->tail, memory_order_acquire);
    int sound = tail >= oldest && tail - oldest <= capacity && (tail | oldest) % 8 == 0 &&
                nearest_start(broadcast, from, oldest, tail, found) && found->position % 8 == 0 &&
                step_on(broadcast, capacity, from, tail, found);
    /* Had anything of that been replaced or overwritten, this would have moved. */
    if (atomic_load_explicit(&broadcast->oldest, memory_order_acquire) == oldest) {
      return sound ? SLUICE_OK : poison(broadcast);
    }
  }
  return SLUICE_E_AGAIN;
}

int sluice_broadcast_reader_open(sluice_broadcast_reader *reader, sluice_broadcast *broadcast,
                                 uint32_t capacity, uint32_t from) {
  place start = {.position = 0};
  if (!fits(broadcast, capacity) || from > SLUICE_BROADCAST_NEXT) {
    return SLUICE_E_INVALID;
  }
  if ((flags_of(broadcast) & SLUICE_OBJECT_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  int status = find(broadcast, capacity, from, &start);
  if (status == SLUICE_OK) {
    *reader = (sluice_broadcast_reader){.broadcast = broadcast,
                                        .capacity = capacity,
                                        .position = start.position,
                                        .number = start.number,
                                        .from = from};
  }
  return status;
}

/* Has the writer given up what stands at the reader's position? */
static int overtaken(const sluice_broadcast_reader *reader) {
  /* after the loads of what stood there, each of which acquired it if it was overwritten */
  return atomic_load_explicit(&reader->broadcast->oldest, memory_order_acquire) > reader->position;
}

/* Goes on where `from` says, and counts what was missed. */
static int go_on(sluice_broadcast_reader *reader) {
  place start = {.position = 0};
  reader->peeked = 0;
  int status = find(reader->broadcast, reader->capacity, reader->from, &start);
  if (status != SLUICE_OK) {
    return status;
  }
  if (start.position < reader->position || start.number < reader->number) {
    return poison(reader->broadcast);
  }
  reader->lost_records += start.number - reader->number;
  reader->lost_bytes += start.position - reader->position;
  reader->position = start.position;
  reader->number = start.number;
  return SLUICE_OK;
}

/* Why there is nothing to read. */
static int reader_state(const sluice_broadcast *broadcast) {
  uint32_t flags = flags_of(broadcast);
  if ((flags & SLUICE_OBJECT_POISONED) != 0) {
    return SLUICE_E_POISONED;
  }
  if ((flags & SLUICE_OBJECT_CLOSED) != 0) {
    return SLUICE_E_CLOSED;
  }
  return (flags & SLUICE_BROADCAST_WRITER_LOST) != 0 ? SLUICE_E_PEER_LOST : SLUICE_E_EMPTY;
}

/* Has the tail passed the reader? SLUICE_OK with *limit the bytes in between; or as reader_state.
 */
static int arrived(sluice_broadcast_reader *reader, uint64_t *limit) {
  sluice_broadcast *broadcast = reader->broadcast;
  int status = reader_state(broadcast);
  if (status == SLUICE_E_POISONED) {
    return status;
  }
  /* After the flags: a writer commits, then closes. Pairs with the store in send: the record is
   * visible. seq_cst for a sleeper, which looks here after its mark. */
  uint64_t tail = atomic_load_explicit(&broadcast->tail, memory_order_seq_cst);
  if (tail < reader->position || tail % 8 != 0) {
    return poison(broadcast);
  }
  *limit = tail - reader->position;
  return *limit == 0 ? status : SLUICE_OK;
}

/* Finds the next record. Its frame, or one of no bytes with reader->status. */
static frame look(sluice_broadcast_reader *reader) {
  sluice_broadcast *broadcast = reader->broadcast;
  for (int tries = 0; tries < TRIES; tries++) {
    uint64_t limit = 0;
    reader->status = arrived(reader, &limit);
    if (reader->status != SLUICE_OK) {
      return (frame){.bytes = 0};
    }
    /* pairs with the release in put: of a header that was overwritten, `oldest` says so */
    uint64_t word = atomic_load_explicit(header_at(broadcast, reader->capacity, reader->position),
                                         memory_order_acquire);
    if (overtaken(reader)) {
      reader->status = go_on(reader);
      if (reader->status != SLUICE_OK) {
        return (frame){.bytes = 0};
      }
      continue;
    }
    frame at = frame_of(word, reader->position, limit, reader->capacity);
    if (at.bytes == 0) {
      reader->status = poison(broadcast);
      return at;
    }
    if (at.type != PADDING) {
      reader->length = at.length;
      reader->type = at.type;
      return at;
    }
    reader->position += at.bytes;
  }
  reader->status = SLUICE_E_AGAIN;
  return (frame){.bytes = 0};
}

static const unsigned char *payload_at(const sluice_broadcast_reader *reader) {
  return (const unsigned char *)(void *)header_at(reader->broadcast, reader->capacity,
                                                  reader->position) +
         HEADER;
}

int sluice_broadcast_receive(sluice_broadcast_reader *reader, void *buffer, uint32_t size) {
  reader->peeked = 0;
  for (int tries = 0; tries < TRIES; tries++) {
    frame at = look(reader);
    if (at.bytes == 0) {
      return reader->status;
    }
    if (at.length > size) {
      return SLUICE_E_TOO_LARGE;
    }
    sluice_words_load(buffer, payload_at(reader), at.length);
    if (!overtaken(reader)) {
      reader->position += at.bytes;
      reader->number++;
      return (int)at.length;
    }
  }
  return SLUICE_E_AGAIN;
}

const void *sluice_broadcast_peek(sluice_broadcast_reader *reader) {
  reader->peeked = look(reader).bytes;
  return reader->peeked != 0 ? payload_at(reader) : NULL;
}

int sluice_broadcast_validate(sluice_broadcast_reader *reader) {
  if (reader->peeked == 0) {
    return SLUICE_E_INVALID;
  }
#if !defined(__SANITIZE_THREAD__) /* which knows no fences, and has to see atomic loads */
  /* the caller's own loads, of whatever kind, before the look at `oldest` */
  atomic_thread_fence(memory_order_acquire);
#endif
  return overtaken(reader) ? SLUICE_E_AGAIN : SLUICE_OK;
}

int sluice_broadcast_next(sluice_broadcast_reader *reader) {
  int status = sluice_broadcast_validate(reader);
  if (status == SLUICE_OK) {
    reader->position += reader->peeked;
    reader->number++;
    reader->peeked = 0;
  }
  return status;
}

int sluice_broadcast_sleep(sluice_broadcast_reader *reader) {
  uint64_t limit = 0;
  if (arrived(reader, &limit) != SLUICE_E_EMPTY) {
    return 0;
  }
  reader->key = sluice_event_mark(&reader->broadcast->arrivals);
  SLUICE_STEP("broadcast.wait: asleep marked");
  return arrived(reader, &limit) == SLUICE_E_EMPTY;
}

int sluice_broadcast_wait(sluice_broadcast_reader *reader, int64_t timeout_ns) {
  uint64_t limit = 0;
  int status = arrived(reader, &limit);
  for (int spin = 0; status == SLUICE_E_EMPTY && timeout_ns != 0 && spin < SLUICE_SPINS; spin++) {
    sluice_pause();
    status = arrived(reader, &limit);
  }
  if (status != SLUICE_E_EMPTY || timeout_ns == 0) {
    return status == SLUICE_E_EMPTY ? SLUICE_E_TIMEOUT : status;
  }
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  do {
    if (sluice_broadcast_sleep(reader)) {
      int slept = sluice_sleep(&reader->broadcast->arrivals, reader->key, &deadline);
      if (slept != SLUICE_OK) {
        status = arrived(reader, &limit);
        return status == SLUICE_E_EMPTY ? slept : status;
      }
    }
    status = arrived(reader, &limit);
  } while (status == SLUICE_E_EMPTY);
  return status;
}
