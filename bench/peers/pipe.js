/**
 * What carries messages one way, or there and back, between any two threads. The page makes a link, and
 * each of its ends is opened in the thread that it was sent to. Without a `sender`, or an `echo`, there is the reason
 * why a peer cannot do that.
 *
 * @typedef {'spin' | 'sleep'} WaitBy
 * @typedef {{end: any, transfer?: Transferable[]}} End
 * @typedef {import('sluice').Space | undefined} MaybeSpace
 * @typedef {{echo(n: number): Promise<number>, sync?: undefined} | {sync(n: number): number, echo?: undefined}} Client
 * @typedef {{
 *   name: string,
 *   note?: string,
 *   space?: 'shared' | 'message',
 *   blocking?: boolean,
 *   link(size: number, label: string): [End, End],
 *   sender?(end: any, size: number, space: MaybeSpace): (count: number) => void | Promise<void>,
 *   receiver?(end: any, size: number, space: MaybeSpace): (count: number) => void | Promise<void>,
 *   client(end: any, wait: WaitBy, space: MaybeSpace): Client | string,
 *   server(end: any, wait: WaitBy, space: MaybeSpace): void,
 *   stop?(end: any): void,
 *   cannotStream?: string,
 * }} Pipe `client`: in the thread that asks. `server`: answers from then on; where that is `blocking` it
 *   returns when the asker has stopped
 * @typedef {Pick<Pipe, 'name' | 'space' | 'link' | 'sender' | 'receiver'>} Stream a pipe that only goes one way
 */

import { atomics } from './atomics.js';
import { pipe as comlink } from './comlink-pipe.js';
import { cloned, transferred } from './post.js';
import { ringbuf } from './ringbuf.js';
import { fromC, inC, toC } from './sluice-c.js';
import { onMessages, onShared } from './sluice-pipe.js';

/** The first is what the others are compared with. @type {Pipe[]} */
export const pipes = [cloned, transferred, atomics, ringbuf, comlink, onShared, onMessages];

/** @param {string} name */
export function pipeOf(name) {
  const pipe = pipes.find((each) => each.name === name);
  if (!pipe) throw new Error(`no pipe is called ${name}`);
  return pipe;
}

/** @param {string} name @returns {Stream} */
export const streamOf = (name) =>
  [fromC, toC, inC].find((each) => each.name === name) ?? pipeOf(name);
