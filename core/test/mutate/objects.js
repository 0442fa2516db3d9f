// Which tests belong to which object. Tests run in the order given: the cheap and plain first.

const locks = (unit) => ({
  unit,
  crash: ['closing', 'locks', 'rwlock'],
  validate: ['locks 2000 74 3', 'locks 2000 75 6'],
});

/** @type {Record<string, { sources: string[], unit: string[], crash: string[], validate: string[] }>} */
export const OBJECTS = {
  ring: {
    sources: ['ring.c', 'ring_producer.c', 'ring_consumer.c', 'ring_frame.h', 'mirror.c'],
    unit: ['ring', 'ring_ends', 'ring_wait', 'ring_corruption', 'mirror', 'burial', 'directory'],
    crash: ['closing', 'ring', 'ring_wait', 'directory'],
    validate: [
      'ring_spsc 300000 1 1024',
      'ring_spsc 20000 2 64',
      'ring_spsc 20000 5 64 processes',
      'wakeup 10000 6',
    ],
  },
  ring_many: {
    sources: [
      'ring_many.c',
      'ring_many_producer.c',
      'ring_many_consumer.c',
      'ring_many_recover.c',
      'ring_many_frame.h',
    ],
    unit: [
      'ring_many',
      'ring_many_ends',
      'ring_many_wait',
      'ring_many_corruption',
      'ring_many_recovery',
      'burial',
    ],
    crash: ['closing', 'claims', 'ring_many', 'interleavings'],
    validate: [
      'ring_many 200000 61 4096 2 1',
      'ring_many 200000 62 4096 2 2',
      'ring_many 50000 63 1024 2 2 processes',
    ],
  },
  queue: {
    sources: ['queue.c'],
    unit: ['queue', 'burial'],
    crash: ['closing', 'claims', 'queue', 'interleavings'],
    validate: ['queue 200000 64 64 2 2', 'queue 50000 65 64 2 2 processes'],
  },
  broadcast: {
    sources: ['broadcast.c'],
    unit: ['broadcast', 'burial'],
    crash: ['closing', 'broadcast'],
    validate: ['broadcast 500000 66 4096 2', 'broadcast 100000 67 4096 2 processes'],
  },
  cell: {
    sources: ['cell.c', 'words.h'],
    unit: ['words', 'cell', 'burial'],
    crash: ['closing', 'cell'],
    validate: [
      'cell 100000 68 256 0',
      'cell 100000 69 64 1',
      'cell 100000 44 256 0 deaths',
      'cell 100000 45 64 1 deaths',
    ],
  },
  store: {
    sources: ['store.c'],
    unit: ['store', 'burial'],
    crash: ['closing', 'store', 'interleavings'],
    validate: ['store 20000 70 8', 'store 20000 71 8 processes', 'store 20000 48 8 deaths'],
  },
  rpc: {
    sources: ['rpc.c', 'rpc_caller.c', 'rpc_queue.c', 'rpc_server.c', 'rpc_words.h'],
    unit: ['rpc', 'burial'],
    crash: ['closing', 'rpc', 'interleavings'],
    validate: [
      'rpc 50000 72 16 64 2',
      'rpc 20000 52 4 64 3 processes',
      'rpc 20000 73 16 64 2 deaths',
    ],
  },
  mutex: { sources: ['mutex.c', 'mutex_word.h'], ...locks(['mutex', 'condvar', 'cell', 'once']) },
  condvar: { sources: ['condvar.c'], ...locks(['condvar']) },
  rwlock: { sources: ['rwlock.c'], ...locks(['rwlock']) },
  semaphore: { sources: ['semaphore.c'], ...locks(['semaphore']) },
  barrier: { sources: ['barrier.c'], ...locks(['barrier']) },
  event: { sources: ['event.c'], ...locks(['event']) },
  once: { sources: ['once.c'], ...locks(['once']) },
  wait: {
    sources: ['wait.c', 'wait.h', 'lock.h', 'futex.c'],
    ...locks(['event', 'semaphore', 'rwlock', 'condvar', 'barrier', 'cell', 'queue']),
  },
  slab: {
    sources: ['slab.c', 'space.c', 'internal.h'],
    unit: ['slab', 'space', 'burial', 'table', 'message'],
    crash: ['slab', 'directory', 'interleavings'],
    validate: [
      'slab 300000 31 16384',
      'slab 300000 32 16384 processes',
      'slab 300000 33 16384 deaths',
      'table 200000 34',
      'store 20000 70 8',
    ],
  },
  table: {
    sources: ['table.c', 'directory.c', 'kinds.c'],
    unit: ['table', 'directory', 'store', 'burial'],
    crash: ['directory', 'interleavings', 'store'],
    validate: ['table 200000 34', 'table 200000 35 processes', 'table 200000 36 deaths'],
  },
  participant: {
    sources: ['participant.c', 'burial.c'],
    unit: ['participant', 'burial', 'space'],
    crash: ['claims', 'slab', 'histogram', 'directory', 'interleavings'],
    validate: ['slab 300000 33 16384 deaths', 'table 200000 36 deaths'],
  },
  message: {
    sources: ['message.c'],
    unit: ['message', 'message_full', 'burial'],
    crash: ['message', 'ring_many', 'directory'],
    validate: [],
  },
  figures: {
    sources: ['counter.c', 'histogram.c'],
    unit: ['counter', 'histogram'],
    crash: ['histogram'],
    validate: [],
  },
};
