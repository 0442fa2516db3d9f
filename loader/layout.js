/**
 * Where JavaScript reads the core's structs, in bytes. core/src/wasm.c asserts the same numbers when
 * it is compiled, so that neither side can move alone.
 */

export const ALIGN = 128;
export const PAGE = 65536;
/** Of a space: its addresses are wasm's signed numbers. */
export const MOST_PAGES = 32768;
export const DEFAULT_BYTES = 4_194_304;
/** The core takes 104 bytes; the message transport adds a mark. */
export const NAME_MAX = 100;

export const SPACE_STATUS = 8;
export const SPACE_PARTICIPANT = 12;
export const SPACE_AREA = 16;

export const HEADER_BYTES = 8;
export const HEADER_STATE = 12;
export const HEADER_RECOVERED = 24;
export const HEADER_FREED = 28;

export const PARTICIPANTS = 1664;
export const SLOT_BYTES = 64;
export const SLOT_AREA = 12;

/** A thread's area: scratch for names, its bells (doorbell.js), of two words each, its stack. */
export const AREA_BELLS = 128;
export const BELLS = 16;
export const AREA_STACK = 256;

export const OBJECT_KIND = 0;
export const OBJECT_CAPACITY = 8;
export const OBJECT_CODEC = 12;
export const OBJECT_STATE = 16;

export const RING_PRODUCER_OWNER = 128;
export const RING_PRODUCER_ASLEEP = 132;
export const RING_TAIL = 144;
export const RING_SENT = 152;
export const RING_REFUSED = 160;
export const RING_SENDER_WAITS = 168;
export const RING_REASON = 176;
export const RING_CONSUMER_OWNER = 256;
export const RING_CONSUMER_ASLEEP = 260;
export const RING_HEAD = 264;
export const RING_RECEIVED = 272;
export const RING_RECEIVER_WAITS = 280;
export const RING_DATA = 384;

export const MANY_FILLED = 384;
export const MANY_ROOM = 448;
export const MANY_REASON = 532;
export const MANY_DATA = 3712;

export const BROADCAST_TAIL = 128;
export const BROADCAST_OLDEST = 136;
export const BROADCAST_RECORDS = 144;
export const BROADCAST_ARRIVALS = 256;
export const BROADCAST_REASON = 264;
export const BROADCAST_DATA = 640;

export const MUTEX_WORD = 128;
export const MUTEX_BYTES = 256;

export const RWLOCK_WAITING = 136;
export const RWLOCK_READERS = 144;
export const RWLOCK_WRITERS = 148;
export const RWLOCK_BYTES = 256;

export const SEMAPHORE_RELEASED = 128;
export const SEMAPHORE_MAX = 4096;

export const BARRIER_PASSED = 144;
export const BARRIER_BYTES = 256;

export const CELL_CHANGED = 152;
export const CELL_LOCK = 192;
export const CELL_VIEW_BYTES = 64;

export const STORE_VIEW_ASLEEP = 16;
export const STORE_VIEW_VERSION = 24;
export const STORE_VIEW_BYTES = 32;
export const STORE_ENTRY_KEY = 0;
export const STORE_ENTRY_VALUE = 4;
export const STORE_ENTRY_KEY_BYTES = 8;
export const STORE_ENTRY_VALUE_BYTES = 12;
export const STORE_ENTRY_VERSION = 16;
export const STORE_ENTRY_BYTES = 32;
export const STORE_CLAIM_BYTES = 12;

/** Flags in OBJECT_STATE. */
export const PRODUCER_CLOSED = 1;
export const CONSUMER_CLOSED = 2;
export const CONSUMER_LOST = 8;

export const PRODUCER_BYTES = 128;
export const PRODUCER_STATUS = 44;
export const MANY_PRODUCER_STATUS = 52;
export const MANY_PRODUCER_KEY = 64;

export const CONSUMER_BYTES = 128;
/** Then the type and the status, a word each. */
export const CONSUMER_LENGTH = 32;
export const CONSUMER_STATUS = 40;
export const MANY_CONSUMER_LENGTH = 40;
export const MANY_CONSUMER_KEY = 76;

export const FIGURES_BYTES = 56;

export const WRITER_BYTES = 256;
export const READER_BYTES = 128;
export const READER_LOST = 24;
export const READER_FROM = 40;
export const READER_TYPE = 48;
export const READER_KEY = 60;

/** Of a record that names a block, which has the type BLOCK; those of the user have 0. */
export const BLOCK = 1;
export const MESSAGE_BYTES = 12;

/** A batch stands behind the consumer: records of {offset, length, type}. */
export const BATCH = 64;
export const RECORD_WORDS = 3;
