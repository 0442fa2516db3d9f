/**
 * Calls from a worker to the page, in which the worker blocks.
 *
 * @typedef {{twice(n: number): number, late(ms: number): Promise<number>}} PageApi
 * @typedef {{run(count: number): Promise<unknown>, wait(ms: number): Promise<unknown>, close(): Promise<void>}} OpenBlocking
 *   `run`: the worker calls `twice` so often; `wait`: it calls `late` once
 * @typedef {{name: string, note?: string, engines?: import('../team.js').EngineName[], cannot?: string, open(env: import('../team.js').Env, page: PageApi): Promise<OpenBlocking>}} Blocking
 */

import { blocking as byHand } from './blocking-by-hand.js';
import { blocking as coincident } from './coincident.js';
import { blocking as sluice } from './sluice-blocking.js';

/** @type {Blocking[]} */
export const blockings = [byHand, coincident, sluice];

/** What has nothing of the kind, and why. */
export const unable = {
  'postMessage, cloned': 'a worker that blocks hears no message',
  comlink: 'its calls give promises',
  workerpool: 'its workers do not call the page',
  'poolifier-web-worker': 'its workers do not call the page',
  'Sluice on messages': 'a worker that blocks hears no message',
};
