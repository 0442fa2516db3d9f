/**
 * Functions among arguments and results: those of this side by number, and stand-ins for those of the
 * other.
 *
 * @typedef {{
 *   send(args: unknown[]): {args: unknown[], callbacks: [number, number][]},
 *   keep(callback: Function): number,
 *   get(number: number): Function | undefined, forget(number: number): void,
 *   receive(number: number): Function,
 *   bind(call: (number: number, args: unknown[]) => Promise<unknown>): void,
 * }} Callbacks `bind`: how to call the other side's
 */

import { isProxy, standIn } from './marks.js';

/** @param {import('./protocol.js').Post} post @returns {Callbacks} */
export function makeCallbacks(post) {
  /** @type {Map<number, Function>} */
  const own = new Map();
  let numbers = 1;
  /** @type {(number: number, args: unknown[]) => Promise<unknown>} */
  let call;

  /** @type {Callbacks} */
  const callbacks = {
    send(args) {
      /** @type {[number, number][]} */
      const places = [];
      if (!args.some(isProxy)) return { args, callbacks: places };
      const sent = args.map((arg, index) => {
        if (!isProxy(arg)) return arg;
        places.push([index, callbacks.keep(arg)]);
        return undefined;
      });
      return { args: sent, callbacks: places };
    },
    keep(callback) {
      own.set(numbers, callback);
      return numbers++;
    },
    get: (number) => own.get(number),
    forget: (number) => {
      own.delete(number);
    },
    receive: (number) =>
      standIn(
        (args) => call(number, args),
        () => post({ op: 'release', callback: number }),
      ),
    bind(to) {
      call = to;
    },
  };
  return callbacks;
}
