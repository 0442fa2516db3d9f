/**
 * What threads say to each other by postMessage.
 *
 * The handshake runs over the worker's own port, where the user's messages are too, so its messages
 * carry the key `sluice`. The worker speaks first: a message posted to it before it listens is lost.
 *
 * @typedef {{sluice: 'hello', version: number}} Hello worker to spawner
 * @typedef {{sluice: 'welcome', handle: HandleData, port: MessagePort, link?: MessagePort, lock: string}} Welcome
 *   spawner to worker; it holds the Web Lock `lock` for as long as it lives
 *
 * The worker answers over `port`.
 *
 * @typedef {{op: 'attached', participant: number}} Attached
 * @typedef {{op: 'failed', error: import('./errors.js').PlainError}} Failed
 * @typedef {{op: 'child', lock: string, participant: number}} Child it has started a worker itself,
 *   whose death its spawner has to see when it is dead too; passed on upwards
 *
 * On the message transport `link` is the thread's link to the creator, who relays. An `id` names
 * one end of one channel at one link; a ring at one side of the link mirrors a ring at the other.
 *
 * @typedef {import('./ring.js').Shape} Shape
 * @typedef {{op: 'open', id: number, end: 'sender' | 'receiver', shape: Shape}} Open
 * @typedef {{op: 'refused', id: number, error: import('./errors.js').PlainError}} Refused
 * @typedef {{op: 'data', id: number, bytes: ArrayBuffer}} Data whole frames, in order
 * @typedef {{op: 'got', id: number, bytes: number}} Got the creator has them: committed
 * @typedef {{op: 'free', id: number, bytes: number}} Free their receiver has released them
 * @typedef {{op: 'end', id: number, code: 'closed' | 'peer-lost' | 'poisoned', reason?: import('./errors.js').PlainError}} End
 *   there will be no more data, or nobody reads it any more; `reason`: what the sender said
 * @typedef {{op: 'ended', id: number}} Ended the answer
 * @typedef {{op: 'adopt', link: string, port: MessagePort}} Adopt a link for a worker's own worker
 * @typedef {{op: 'disconnect', link: string}} Disconnect that worker has died
 * @typedef {{op: 'ping'} | {op: 'pong'}} Ping the creator asks before it closes: messages in one
 *   direction arrive in order, so all that the thread has opened is known with the answer
 * @typedef {{op: 'leave'}} Leave
 * @typedef {{op: 'closed'}} Closed the creator has closed the space
 *
 * @typedef {Data | Got | Free | End | Ended} PumpMessage
 * @typedef {Attached | Failed | Open | Refused | PumpMessage | Adopt | Disconnect | Ping | Leave | Closed} LinkMessage
 *
 * @typedef {{
 *   sluice: 1, transport: 'shared' | 'message', module: WebAssembly.Module,
 *   memoryAt: {module: string, name: string}, stack: number, pages: {initial: number, maximum: number},
 *   memory?: WebAssembly.Memory, base?: number,
 * }} HandleData what a space's handle carries; `memory` and `base` where memory is shared
 */

export const PROTOCOL = 1;

/** @param {unknown} data @param {string} kind @returns {any} */
export const handshake = (data, kind) =>
  typeof data === 'object' && data !== null && /** @type {any} */ (data).sluice === kind
    ? data
    : undefined;
