/* What JavaScript reads of the private descriptors: loader/layout.js has the same numbers. */
#if defined(__wasm__)
#include "sluice/ring.h"
#include "sluice/store.h"

_Static_assert(offsetof(sluice_space, status) == 8, "layout.js: SPACE_STATUS");
_Static_assert(offsetof(sluice_space, participant) == 12, "layout.js: SPACE_PARTICIPANT");
_Static_assert(offsetof(sluice_space, area) == 16, "layout.js: SPACE_AREA");

_Static_assert(offsetof(sluice_space_header, state) == 12, "layout.js: HEADER_STATE");
_Static_assert(offsetof(sluice_space_header, recovered) == 24, "layout.js: HEADER_RECOVERED");
_Static_assert(offsetof(sluice_object, capacity) == 8, "layout.js: OBJECT_CAPACITY");
_Static_assert(offsetof(sluice_object, codec) == 12, "layout.js: OBJECT_CODEC");
_Static_assert(offsetof(sluice_object, state) == 16, "layout.js: OBJECT_STATE");
_Static_assert(offsetof(sluice_ring, producer.asleep) == 132, "layout.js: RING_PRODUCER_ASLEEP");
_Static_assert(offsetof(sluice_ring, producer.tail) == 144, "layout.js: RING_TAIL");
_Static_assert(offsetof(sluice_ring, producer.records) == 152, "layout.js: RING_SENT");
_Static_assert(offsetof(sluice_ring, producer.refused) == 160, "layout.js: RING_REFUSED");
_Static_assert(offsetof(sluice_ring, producer.waits) == 168, "layout.js: RING_SENDER_WAITS");
_Static_assert(offsetof(sluice_ring, producer.reason) == 176, "layout.js: RING_REASON");
_Static_assert(offsetof(sluice_ring, producer.reason_bytes) == 180, "layout.js: RING_REASON_BYTES");
_Static_assert(offsetof(sluice_ring, consumer.asleep) == 260, "layout.js: RING_CONSUMER_ASLEEP");
_Static_assert(offsetof(sluice_ring, consumer.head) == 264, "layout.js: RING_HEAD");
_Static_assert(offsetof(sluice_ring, consumer.records) == 272, "layout.js: RING_RECEIVED");
_Static_assert(offsetof(sluice_ring, consumer.waits) == 280, "layout.js: RING_RECEIVER_WAITS");

_Static_assert(sizeof(sluice_ring_producer) <= 128, "layout.js: PRODUCER_BYTES");
_Static_assert(offsetof(sluice_ring_producer, status) == 44, "layout.js: PRODUCER_STATUS");

_Static_assert(sizeof(sluice_ring_consumer) <= 128, "layout.js: CONSUMER_BYTES");
_Static_assert(offsetof(sluice_ring_consumer, length) == 32, "layout.js: CONSUMER_LENGTH");
_Static_assert(offsetof(sluice_ring_consumer, status) == 40, "layout.js: CONSUMER_STATUS");

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

_Static_assert(sizeof(sluice_ring_record) == 12, "layout.js: RECORD_WORDS");
_Static_assert(sizeof(sluice_ring) == 384, "layout.js: RING_DATA");
#endif
