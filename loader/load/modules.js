/**
 * Compiled modules in memory: one fetch and one compilation for each URL and integrity, which all who
 * ask meanwhile share. What fails is forgotten, and what nobody waits for any more is given up.
 *
 * @typedef {import('./fetch.js').Compiled} Compiled
 * @typedef {import('./fetch.js').Progress} Progress
 * @typedef {import('./request.js').Request} Request
 *
 * @typedef {import('../wait.js').Wait & {
 *   integrity?: string, cache?: 'memory' | 'disk' | 'none', onProgress?: Progress,
 * }} LoadOptions
 *
 * @typedef {{compiled: Compiled, cached: 'no' | 'memory' | 'disk'}} Found
 * @typedef {{
 *   compiled?: Compiled, found: Promise<Found>, waiting: number, progress?: Parameters<Progress>,
 *   listeners: Set<Progress>, abandon(): void,
 * }} Entry `compiled`: once it is; `waiting`: loads; `progress`: the last, for who comes later
 */

import { watch } from '../wait.js';
import { clearDisk } from './disk.js';
import { fetchModule } from './fetch.js';

/** Of modules that are kept; those used least recently go. */
const MOST = 32;

/** @type {Map<string, Entry>} the least recently used first */
const entries = new Map();

/** @param {URL} url */
const keysOf = (url) => `${url.href} `;
/** @param {Request} request */
const keyOf = ({ url, integrity = '' }) => keysOf(url) + integrity;

/** @param {Request} request @returns {Promise<Found>} */
export async function obtain(request) {
  request.signal?.throwIfAborted();
  const kept = request.cache !== 'none';
  const key = keyOf(request);
  const known = kept ? entries.get(key) : undefined;
  if (known?.compiled) {
    entries.delete(key);
    entries.set(key, known);
    return { compiled: known.compiled, cached: 'memory' };
  }
  const entry = known ?? begin(request);
  if (kept && !known) keep(key, entry);
  return wait(entry, request);
}

/** @param {Request} request */
function begin(request) {
  const abort = new AbortController();
  /** @type {Entry} */
  const entry = {
    waiting: 0,
    listeners: new Set(),
    abandon: () => abort.abort(),
    found: fetchModule(request, abort.signal, (loaded, total) => {
      entry.progress = [loaded, total];
      for (const listener of entry.listeners) listener(loaded, total);
    }),
  };
  return entry;
}

/** @param {string} key @param {Entry} entry */
function keep(key, entry) {
  entries.set(key, entry);
  const forget = () => {
    if (entries.get(key) === entry) entries.delete(key);
  };
  const { abandon } = entry;
  entry.abandon = () => {
    forget();
    abandon();
  };
  entry.found.then(({ compiled }) => {
    entry.compiled = compiled;
    const done = [...entries].filter(([, each]) => each.compiled);
    for (const [oldest] of done.slice(0, Math.max(0, done.length - MOST))) entries.delete(oldest);
  }, forget);
}

/**
 * @param {Entry} entry
 * @param {Request} request
 * @returns {Promise<Found>}
 */
function wait(entry, { url, signal, timeout, onProgress }) {
  return new Promise((resolve, reject) => {
    entry.waiting++;
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      entry.listeners.delete(listener);
      stop();
      if (--entry.waiting === 0) entry.abandon();
    };
    /** @param {unknown} reason */
    const fail = (reason) => {
      leave();
      reject(reason);
    };
    /** @type {Progress} one that throws ends its own load, and no other */
    const listener = (loaded, total) => {
      try {
        onProgress?.(loaded, total);
      } catch (error) {
        fail(error);
      }
    };
    entry.found.then((found) => {
      left = true;
      stop();
      resolve(found);
    }, fail);
    let stop = () => {};
    stop = watch({ signal, timeout }, `loading ${url.href}`, fail);
    entry.listeners.add(listener);
    if (entry.progress) listener(...entry.progress);
  });
}

/** Modules that are there. */
export const count = () => [...entries.values()].filter(({ compiled }) => compiled).length;

/** @param {URL} url with whatever integrity */
export const has = (url) =>
  [...entries].some(([key, { compiled }]) => compiled && key.startsWith(keysOf(url)));

/** @returns {Promise<void>} */
export function clear() {
  entries.clear();
  return clearDisk();
}
