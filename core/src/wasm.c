/* What JavaScript reads of the private descriptors: loader/layout.js has the same numbers. */
#if defined(__wasm__)
#include "sluice/broadcast.h"
#include "sluice/cell.h"
#include "sluice/message.h"
#include "sluice/ring_many.h"
#include "sluice/store.h"

_Static_assert(offsetof(sluice_space, status) == 8, "layout.js: SPACE_STATUS");
_Static_assert(offsetof(sluice_space, participant) == 12, "layout.js: SPACE_PARTICIPANT");
_Static_assert(offsetof(sluice_space, area) == 16, "layout.js: SPACE_AREA");

_Static_assert(offsetof(sluice_space_header, bytes) == 8, "layout.js: HEADER_BYTES");
_Static_assert(offsetof(sluice_space_header, state) == 12, "layout.js: HEADER_STATE");
_Static_assert(offsetof(sluice_space_header, recovered) == 24, "layout.js: HEADER_RECOVERED");
_Static_assert(offsetof(sluice_space_header, freed) == 28, "layout.js: HEADER_FREED");
_Static_assert(offsetof(sluice_space_header, participants) == 1664, "layout.js: PARTICIPANTS");
_Static_assert(sizeof(sluice_participant_slot) == 64, "layout.js: SLOT_BYTES");
_Static_assert(offsetof(sluice_participant_slot, area) == 12, "layout.js: SLOT_AREA");
_Static_assert(offsetof(sluice_object, kind) == 0, "layout.js: OBJECT_KIND");
_Static_assert(offsetof(sluice_object, capacity) == 8, "layout.js: OBJECT_CAPACITY");
_Static_assert(offsetof(sluice_object, codec) == 12, "layout.js: OBJECT_CODEC");
_Static_assert(offsetof(sluice_object, state) == 16, "layout.js: OBJECT_STATE");
_Static_assert(offsetof(sluice_ring, producer.owner) == 128, "layout.js: RING_PRODUCER_OWNER");
_Static_assert(offsetof(sluice_ring, consumer.owner) == 256, "layout.js: RING_CONSUMER_OWNER");
_Static_assert(offsetof(sluice_ring, producer.asleep) == 132, "layout.js: RING_PRODUCER_ASLEEP");
_Static_assert(offsetof(sluice_ring, producer.tail) == 144, "layout.js: RING_TAIL");
_Static_assert(offsetof(sluice_ring, producer.records) == 152, "layout.js: RING_SENT");
_Static_assert(offsetof(sluice_ring, producer.refused) == 160, "layout.js: RING_REFUSED");
_Static_assert(offsetof(sluice_ring, producer.waits) == 168, "layout.js: RING_SENDER_WAITS");
_Static_assert(offsetof(sluice_ring, producer.reason) == 176, "layout.js: RING_REASON");
_Static_assert(offsetof(sluice_ring, consumer.asleep) == 260, "layout.js: RING_CONSUMER_ASLEEP");
_Static_assert(offsetof(sluice_ring, consumer.head) == 264, "layout.js: RING_HEAD");
_Static_assert(offsetof(sluice_ring, consumer.records) == 272, "layout.js: RING_RECEIVED");
_Static_assert(offsetof(sluice_ring, consumer.waits) == 280, "layout.js: RING_RECEIVER_WAITS");

_Static_assert(sizeof(sluice_ring_producer) <= 128, "layout.js: PRODUCER_BYTES");
_Static_assert(offsetof(sluice_ring_producer, status) == 44, "layout.js: PRODUCER_STATUS");

_Static_assert(sizeof(sluice_ring_consumer) <= 128, "layout.js: CONSUMER_BYTES");
_Static_assert(offsetof(sluice_ring_consumer, length) == 32, "layout.js: CONSUMER_LENGTH");
_Static_assert(offsetof(sluice_ring_consumer, status) == 40, "layout.js: CONSUMER_STATUS");

_Static_assert(offsetof(sluice_cell, changed) == 152, "layout.js: CELL_CHANGED");
_Static_assert(offsetof(sluice_cell, lock) == 192, "layout.js: CELL_LOCK");
_Static_assert(sizeof(sluice_cell_view) <= 64, "layout.js: CELL_VIEW_BYTES");
_Static_assert(offsetof(sluice_store_view, asleep) == 16, "layout.js: STORE_VIEW_ASLEEP");
_Static_assert(offsetof(sluice_store_view, version) == 24, "layout.js: STORE_VIEW_VERSION");
_Static_assert(sizeof(sluice_store_view) == 32, "layout.js: STORE_VIEW_BYTES");
_Static_assert(offsetof(sluice_store_entry, key) == 0, "layout.js: STORE_ENTRY_KEY");
_Static_assert(offsetof(sluice_store_entry, value) == 4, "layout.js: STORE_ENTRY_VALUE");
_Static_assert(offsetof(sluice_store_entry, key_bytes) == 8, "layout.js: STORE_ENTRY_KEY_BYTES");
_Static_assert(offsetof(sluice_store_entry, value_bytes) == 12,
               "layout.js: STORE_ENTRY_VALUE_BYTES");
_Static_assert(offsetof(sluice_store_entry, version) == 16, "layout.js: STORE_ENTRY_VERSION");
_Static_assert(sizeof(sluice_store_entry) == 32, "layout.js: STORE_ENTRY_BYTES");
_Static_assert(sizeof(sluice_store_claim) == 12, "layout.js: STORE_CLAIM_BYTES");

_Static_assert(offsetof(sluice_ring_many, filled) == 384, "layout.js: MANY_FILLED");
_Static_assert(offsetof(sluice_ring_many, room) == 448, "layout.js: MANY_ROOM");
_Static_assert(offsetof(sluice_ring_many, ends.reason) == 532, "layout.js: MANY_REASON");
_Static_assert(sizeof(sluice_ring_many) == 3712, "layout.js: MANY_DATA");
_Static_assert(sizeof(sluice_ring_many_producer) <= 128, "layout.js: PRODUCER_BYTES");
_Static_assert(offsetof(sluice_ring_many_producer, status) == 52,
               "layout.js: MANY_PRODUCER_STATUS");
_Static_assert(offsetof(sluice_ring_many_producer, key) == 64, "layout.js: MANY_PRODUCER_KEY");
_Static_assert(sizeof(sluice_ring_many_consumer) <= 128, "layout.js: CONSUMER_BYTES");
_Static_assert(offsetof(sluice_ring_many_consumer, length) == 40,
               "layout.js: MANY_CONSUMER_LENGTH");
_Static_assert(offsetof(sluice_ring_many_consumer, type) == 44, "layout.js: MANY_CONSUMER_LENGTH");
_Static_assert(offsetof(sluice_ring_many_consumer, status) == 48,
               "layout.js: MANY_CONSUMER_LENGTH");
_Static_assert(offsetof(sluice_ring_many_consumer, key) == 76, "layout.js: MANY_CONSUMER_KEY");
_Static_assert(sizeof(sluice_ring_many_figures) == 56, "layout.js: FIGURES_BYTES");

_Static_assert(offsetof(sluice_broadcast, tail) == 128, "layout.js: BROADCAST_TAIL");
_Static_assert(offsetof(sluice_broadcast, oldest) == 136, "layout.js: BROADCAST_OLDEST");
_Static_assert(offsetof(sluice_broadcast, records) == 144, "layout.js: BROADCAST_RECORDS");
_Static_assert(offsetof(sluice_broadcast, arrivals) == 256, "layout.js: BROADCAST_ARRIVALS");
_Static_assert(offsetof(sluice_broadcast, reason) == 264, "layout.js: BROADCAST_REASON");
_Static_assert(sizeof(sluice_broadcast) == 640, "layout.js: BROADCAST_DATA");
_Static_assert(sizeof(sluice_broadcast_writer) <= 256, "layout.js: WRITER_BYTES");
_Static_assert(sizeof(sluice_broadcast_reader) <= 128, "layout.js: READER_BYTES");
_Static_assert(offsetof(sluice_broadcast_reader, lost_records) == 24, "layout.js: READER_LOST");
_Static_assert(offsetof(sluice_broadcast_reader, from) == 40, "layout.js: READER_FROM");
_Static_assert(offsetof(sluice_broadcast_reader, type) == 48, "layout.js: READER_TYPE");
_Static_assert(offsetof(sluice_broadcast_reader, key) == 60, "layout.js: READER_KEY");

_Static_assert(sizeof(sluice_message) == 12, "layout.js: MESSAGE_BYTES");
_Static_assert(sizeof(sluice_ring_record) == 12, "layout.js: RECORD_WORDS");
_Static_assert(sizeof(sluice_ring) == 384, "layout.js: RING_DATA");
#endif
