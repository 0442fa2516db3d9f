/** The entry "sluice", for pages, workers and Node alike. */

export { callSync } from '../worker/call-sync.js';
export { connect } from '../worker/connect.js';
export { proxy, transfer } from '../worker/marks.js';
export { pool } from '../worker/pool.js';
export { withOptions } from '../worker/remote.js';
export { serve } from '../worker/serve.js';
export { attach } from './attach.js';
export { alloc, block } from './block.js';
export {
  decodeText,
  encodeText,
  fillRandom,
  toBlob,
  toResponse,
  unshared,
} from './bridges.js';
export { channel } from './channels/channel.js';
export { bytes, json, text } from './codec.js';
export { create } from './create.js';
export { SluiceError } from './errors.js';
export { barrier } from './locks/barrier.js';
export { mutex } from './locks/mutex.js';
export { rwlock } from './locks/rwlock.js';
export { semaphore } from './locks/semaphore.js';
export { over } from './over.js';
export { remove } from './remove.js';
export { spawn } from './spawn.js';
export { cell } from './state/cell.js';
export { store } from './state/store.js';
export { struct } from './struct.js';
export { value } from './value.js';

/**
 * @typedef {import('./errors.js').Code} Code
 * @typedef {import('./wait.js').Wait} Wait
 * @typedef {import('./wait.js').WaitSync} WaitSync
 * @typedef {import('./space.js').Space} Space
 * @typedef {import('./create.js').SpaceOptions} SpaceOptions
 * @typedef {import('./space.js').SpaceStats} SpaceStats
 * @typedef {import('./space.js').Handle} Handle
 * @typedef {import('./spawn.js').AnyWorker} AnyWorker
 * @typedef {import('./block.js').Block} Block
 * @typedef {import('./locks/lock.js').Lock} Lock
 * @typedef {import('./locks/lock.js').Held} Held
 * @typedef {import('./locks/barrier.js').Barrier} Barrier
 * @typedef {import('./channels/channel.js').ChannelStats} ChannelStats
 * @typedef {import('../worker/runner.js').Api} Api
 * @typedef {import('../worker/runner.js').Call} Call
 * @typedef {import('../worker/caller.js').CallOptions} CallOptions
 * @typedef {import('../worker/pool.js').PoolOptions} PoolOptions
 * @typedef {import('../worker/pool.js').PoolStats} PoolStats
 * @typedef {import('../worker/spread.js').Spread} Spread
 * @typedef {import('./channels/sender.js').Claim} Claim
 */
/** @template {AnyWorker} [W=Worker] @typedef {import('./spawn.js').Peer<W>} Peer */
/** @template T @typedef {import('./codec.js').Codec<T>} Codec */
/** @template T @typedef {import('./state/cell.js').Cell<T>} Cell */
/** @template V @typedef {import('./state/store.js').Store<V>} Store */
/** @typedef {import('./struct.js').Scalar} Scalar */
/** @template {Record<string, import('./struct.js').Scalar>} S @typedef {import('./struct.js').Struct<S>} Struct */
/** @template T @typedef {import('./channels/channel.js').ChannelOptions<T>} ChannelOptions */
/** @template T @typedef {import('./channels/channel.js').Channel<T>} Channel */
/** @template T @typedef {import('./channels/sender.js').Sender<T>} Sender */
/** @template T @typedef {import('./channels/receiver.js').Receiver<T>} Receiver */
/** @template {import('../worker/runner.js').Api} A @typedef {import('../worker/remote.js').Remote<A>} Remote */
/** @template {import('../worker/runner.js').Api} A @typedef {import('../worker/pool.js').Pool<A>} Pool */
