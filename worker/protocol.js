/**
 * What the two sides of a connection say to each other over its port. Either side may call: the one
 * that connected by the names of what is served, and each the callbacks that it was given.
 *
 * @typedef {import('../loader/errors.js').PlainError} PlainError
 *
 * @typedef {{op: 'hello', lock: string, memory?: WebAssembly.Memory, words: number}} Hello from who
 *   connects. The other side then holds the Web Lock `lock` for as long as it lives. `memory`: of the
 *   space, where it is shared, and `words`: where in it it is said that a call was cancelled (shared.js)
 * @typedef {{op: 'ready', participant: number}} Ready the answer; `participant`: its number in the
 *   space, 0 without one
 * @typedef {{
 *   op: 'call', id: number, name: string | number, args: unknown[], callbacks: [number, number][],
 *   mailbox?: number,
 * }} Invoke a served function, or the callback of that number; `callbacks`: which arguments stand for
 *   callbacks, and their numbers; `mailbox`: where in the space's memory a blocked caller waits
 * @typedef {{op: 'fetch', id: number, mailbox: number}} Fetch the reply was too long for its mailbox;
 *   here is a larger one
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
 * @typedef {Hello | Ready | Invoke | Fetch | Result | Failed | Cancel | Iterable | More | Item | Done | Stop | Release | Bye} Message
 * @typedef {(message: Message, transfer?: Transferable[]) => void} Post
 */

/** Values of an iterable that may be on their way. */
export const WINDOW = 16;
