/**
 * What threads say to each other by postMessage.
 *
 * The handshake runs over the worker's own port, where the user's messages are too, so its messages
 * carry the key `sluice`. The worker speaks first: a message posted to it before it listens is lost.
 *
 * @typedef {{sluice: 'hello', version: number, lock: string}} Hello worker to spawner: it holds the Web Lock `lock`,
 *   if it may, from before it enters for as long as it lives
 * @typedef {{sluice: 'welcome', handle: HandleData, port: MessagePort, link?: MessagePort | 'own', participant: number, reserved?: number}} Welcome
 *   spawner to worker; `participant`: the spawner's;
 *   `reserved`: the worker's, over shared memory, which the spawner buries whatever becomes of the worker
 * @typedef {{sluice: 'own', of: string | number, data: any}} Own in both directions: what would go over a
 *   port between the two, where ports are slow (messages/own-port.js); `of`: which
 * @typedef {{sluice: 'line', of: number}} Line spawner to worker: such a one, for calls
 * @typedef {{sluice: 'failed', error: import('./plain-errors.js').PlainError}} Failed worker to spawner: attach() did
 * @typedef {{sluice: 'bell'}} Ring in both directions, at any time: see doorbell.js
 *
 * The worker answers over `port`.
 *
 * @typedef {{op: 'attached', proven: boolean}} Attached `proven`: it holds the lock
 * @typedef {{op: 'room'}} Room there is no room for its memory: the spawner collects its garbage, and
 *   answers the same
 * @typedef {{op: 'child', lock: string, participant: number}} Child it has started a worker itself,
 *   whose death its spawner has to see when it is dead too; passed on upwards
 *
 * On the message transport `link` is the thread's link to the creator ('own': over the worker's own
 * port), who decides everything: it offers services (messages/), to which the other threads send
 * requests and posts.
 *
 * @typedef {{op: 'request', id: number, service: string, body: any}} Request
 * @typedef {{op: 'reply', id: number, value: any}} Reply
 * @typedef {{op: 'fault', id: number, error: import('./plain-errors.js').PlainError}} Fault
 * @typedef {{op: 'post', service: string, body: any}} Post in both directions
 * @typedef {{op: 'adopt', link: string, port: MessagePort}} Adopt a link for a worker's own worker
 * @typedef {{op: 'disconnect', link: string}} Disconnect that worker has died
 * @typedef {{op: 'ping'} | {op: 'pong'}} Ping the creator asks before it closes: messages in one
 *   direction arrive in order, so all that the thread has opened is known with the answer
 * @typedef {{op: 'remove', name: string}} Remove takes a name away
 * @typedef {{op: 'leave'}} Leave
 * @typedef {{op: 'closed'}} Closed the creator has closed the space
 * @typedef {Attached | Room | Request | Reply | Fault | Post | Adopt | Disconnect | Remove | Ping | Leave | Closed} LinkMessage
 *
 * The posts of the service "channel". An `id` names one end of one channel in one thread.
 *
 * @typedef {{op: 'open', id: number, end: 'sender' | 'receiver', shape: import('./channels/ring.js').Shape}} Open
 * @typedef {{op: 'refused', id: number, error: import('./plain-errors.js').PlainError}} Refused
 * @typedef {{op: 'data', id: number, run: number, bytes: ArrayBuffer, records: number, blocks: ArrayBuffer[], lost: number, keep: boolean, turns: number}} Data
 *   whole frames, in order, without paddings, and the bytes of the blocks among them; to a receiver:
 *   `run`, its number; `lost`, how many it missed before; `keep`: it need not have asked;
 *   `turns`: so many Backs were heard before
 * @typedef {{op: 'got', id: number}} Got the creator has the oldest that it has not said so of
 * @typedef {{op: 'free', id: number, bytes: number, records: number, spare: ArrayBuffer[]}} Free they are released;
 *   `spare`: what blocks among them stood in
 * @typedef {{op: 'want', id: number, records: number, waiting: boolean}} Want a receiver of several asks
 *   for records; `waiting`: it sleeps until they come
 * @typedef {{op: 'yield', id: number}} Yield others wait for what it has not looked at
 * @typedef {{op: 'back', id: number, parts: import('./messages/runs.js').Part[], turns: number, records?: number, seen?: number}} Back
 *   the answer; or it does not want them any more; `records`: what it wants now; `seen`: the last run
 *   that it had got. The later ones come back each in a Back without that, so that it gets none of
 *   them before those; `turns`: the Backs with it so far
 * @typedef {{op: 'end', id: number, code: 'closed' | 'peer-lost' | 'poisoned', reason?: import('./channels/reason.js').Reason, parts: import('./messages/runs.js').Part[]}} End
 *   there will be no more data, or nobody reads it any more; `reason`: what the sender said; `parts`:
 *   what the receiver leaves unread
 * @typedef {{op: 'ended', id: number}} Ended the answer
 * @typedef {{op: 'resume', id: number}} Resume another has come in place of the last one at the other side, whose death an `end` told
 * @typedef {Open | Refused | Data | Got | Free | Want | Yield | Back | End | Ended | Resume} ChannelMessage
 *
 * @typedef {{
 *   sluice: 1, id: string, transport: 'shared' | 'message', module: WebAssembly.Module,
 *   memoryAt: {module: string, name: string}, stack: number, pages: {initial: number, maximum: number},
 *   memory?: WebAssembly.Memory, base?: number, hosted?: true,
 *   creator?: {participant: number, lock: string},
 * }} HandleData what a space's handle carries; `memory` and `base` where memory is shared; `hosted`: a
 *   program made the space in a memory of its own; `creator`: a worker, and what proves its life
 */

export const PROTOCOL = 4;

/** @param {unknown} data @param {string} kind @returns {any} */
export const handshake = (data, kind) =>
  typeof data === 'object' && data !== null && /** @type {any} */ (data).sluice === kind
    ? data
    : undefined;
