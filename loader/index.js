/** The entry "sluice", for pages, workers and Node alike. */

export { attach } from './attach.js';
export { channel } from './channels/channel.js';
export { bytes, json, text } from './codec.js';
export { SluiceError } from './errors.js';
export { barrier } from './locks/barrier.js';
export { mutex } from './locks/mutex.js';
export { rwlock } from './locks/rwlock.js';
export { semaphore } from './locks/semaphore.js';
export { create } from './space.js';
export { spawn } from './spawn.js';

/**
 * @typedef {import('./errors.js').Code} Code
 * @typedef {import('./wait.js').Wait} Wait
 * @typedef {import('./wait.js').WaitSync} WaitSync
 * @typedef {import('./space.js').Space} Space
 * @typedef {import('./space.js').SpaceOptions} SpaceOptions
 * @typedef {import('./space.js').SpaceStats} SpaceStats
 * @typedef {import('./space.js').Handle} Handle
 * @typedef {import('./spawn.js').Peer} Peer
 * @typedef {import('./locks/lock.js').Lock} Lock
 * @typedef {import('./locks/lock.js').Held} Held
 * @typedef {import('./locks/barrier.js').Barrier} Barrier
 * @typedef {import('./channels/channel.js').ChannelStats} ChannelStats
 * @typedef {import('./channels/sender.js').Claim} Claim
 */
/** @template T @typedef {import('./codec.js').Codec<T>} Codec */
/** @template T @typedef {import('./channels/channel.js').ChannelOptions<T>} ChannelOptions */
/** @template T @typedef {import('./channels/channel.js').Channel<T>} Channel */
/** @template T @typedef {import('./channels/sender.js').Sender<T>} Sender */
/** @template T @typedef {import('./channels/receiver.js').Receiver<T>} Receiver */
