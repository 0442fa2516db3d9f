/**
 * What calls functions in workers: each of `served`, by name, with one argument.
 *
 * @typedef {import('../team.js').Env} Env
 * @typedef {import('../team.js').EngineName} EngineName
 * @typedef {{call(name: 'echo' | 'hash', argument: any): Promise<any>, close(): Promise<void>}} Open
 * @typedef {(env: Env, workers: number) => Promise<Open>} OpenCaller
 * @typedef {{name: string, note?: string, engines?: EngineName[], cannot?: string, most?: number, load(): Promise<OpenCaller>}} Caller
 *   `engines`: where it runs, all by default; `cannot`: why not elsewhere; `most`: workers; `load`: its library, where that
 *   does not load everywhere
 */

import { coincident } from './coincident.js';
import { comlink } from './comlink.js';
import { piscina, tinypool } from './node-pools.js';
import { poolifier } from './poolifier.js';
import { byHand } from './post.js';
import { connected, onMessages, onShared } from './sluice.js';
import { workerpool } from './workerpool.js';

/** @type {Caller[]} */
export const callers = [
  byHand,
  comlink,
  workerpool,
  coincident,
  poolifier,
  piscina,
  tinypool,
  onShared,
  onMessages,
  connected,
];

/** @param {Caller} caller @param {EngineName} engine @param {number} [workers] @returns {string} why it cannot, or nothing */
export function whyNot({ engines, cannot, most }, engine, workers = 1) {
  if (engines && !engines.includes(engine)) return cannot ?? `it runs in ${engines.join(', ')}`;
  if (most && workers > most) return `one connection calls one worker`;
  return '';
}

/** @param {Caller} caller @param {Env} env @param {number} workers */
export const openCaller = async (caller, env, workers) => (await caller.load())(env, workers);
