/**
 * What the two sides of a connection say to each other over its port. Either side may call: the one
 * that connected by the names of what is served, and each the callbacks that it was given.
 *
 * @typedef {import('../loader/plain-errors.js').PlainError} PlainError
 *
 * @typedef {{op: 'hello', space?: string, board?: {at: number, serial: number, participant: number}}} Hello
 *   from who connects. `space`: that both may be in; `board`: where in its shared memory (shared.js)
 * @typedef {{op: 'alive', lock?: string | false, origin?: string}} Alive from both: this thread holds that Web Lock as long as it
 *   lives, if it can hold any. That of who serves is the answer to `hello`
 * @typedef {{
 *   op: 'call', id: number, name: string | number, args: unknown[], callbacks: [number, number][],
 *   word: number, blocked?: boolean, queued?: boolean,
 * }} Invoke a served function, or the callback of that number; `callbacks`: which arguments stand for
 *   callbacks, and their numbers; `word`: where it is said that the call was cancelled, 0 nowhere;
 *   `blocked`: the caller waits for the reply on the board (shared.js);
 *   `queued`: it is the answer to `want`
 * @typedef {{op: 'fetch', id: number, at: number, serial: number}} Fetch the reply to a blocked caller was too
 *   long for the board; here is a block for it
 * @typedef {{op: 'result', id: number, value: unknown, callback?: number}} Result
 * @typedef {{op: 'failed', id: number, error: PlainError}} Failed
 * @typedef {{op: 'cancel', id: number, reason: PlainError}} Cancel
 * @typedef {{op: 'iterable', id: number}} Iterable the result is an async iterable; what it gives comes
 *   as it is asked for
 * @typedef {{op: 'more', id: number, count: number}} More asks for so many values
 * @typedef {{op: 'item', id: number, value: unknown}} Item
 * @typedef {{op: 'done', id: number}} Done the iterable has ended
 * @typedef {{op: 'stop', id: number}} Stop nobody wants more of it
 * @typedef {{op: 'release', callback: number}} Release the callback will not be called any more
 * @typedef {{op: 'bye'}} Bye the connection is closed
 *
 * Between a pool and its workers, for calls in shared memory (lane.js). Their ids are negative:
 * @typedef {{op: 'queue', place: import('./taker.js').Place}} Queue take calls from there
 * @typedef {{op: 'wake'}} Wake there are calls to take
 * @typedef {{op: 'look'}} Look there are results
 * @typedef {{op: 'want', id: number}} Want this call's turn has come, and it goes by message
 * @typedef {{op: 'skip'}} Skip the answer to `want` where nobody wants it any more
 *
 * @typedef {Hello | Alive | Invoke | Fetch | Result | Failed | Cancel | Iterable | More | Item | Done | Stop | Release | Bye
 *   | Queue | Wake | Look | Want | Skip} Message
 *   each call ends with one of result, failed and done, also when it was cancelled or stopped
 * @typedef {(message: Message, transfer?: Transferable[]) => void} Post
 */

/** Values of an iterable that may be on their way. */
export const WINDOW = 16;
