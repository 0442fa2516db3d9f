/**
 * Making spaces.
 *
 * @typedef {import('./wait.js').Wait & {
 *   bytes?: number, maxBytes?: number,
 *   wasm?: URL | string | Response | BufferSource | WebAssembly.Module,
 *   imports?: WebAssembly.Imports,
 *   fallback?: 'message' | 'throw',
 *   transport?: 'message',
 * }} SpaceOptions `bytes` of memory, 4 MiB by default, and fixed unless `maxBytes` is more, 2 GiB at most; `wasm`:
 *   the packaged core, or a module that links it; `fallback`: what to do where memory cannot be
 *   shared; `transport: 'message'` takes the message transport even where it can
 */

import { losesWakeUps, notIsolated, parent, provesDeath, turn } from '#platform';
import { life } from './death.js';
import { SluiceError } from './errors.js';
import { DEFAULT_BYTES, MOST_PAGES, PAGE } from './layout.js';
import { canShare, makeMemory } from './memory.js';
import { requireChoice } from './options.js';
import { packagedCore, USUAL_MEMORY } from './packaged.js';
import { part } from './part.js';
import { random } from './random.js';
import { makeSpace } from './space.js';
import { CORE_STACK, enter, MODULE_STACK } from './thread.js';
import { requireWait, within } from './wait.js';

/**
 * Makes a space.
 *
 * @param {SpaceOptions} [options]
 * @returns {Promise<import('./space.js').Space>}
 */
export async function create(options = {}) {
  requireWait(options);
  if (!globalThis.WebAssembly) {
    throw new SluiceError('load', 'WebAssembly is turned off here (Lockdown Mode?)');
  }
  const { fallback = 'message', transport = 'message' } = options;
  requireChoice('fallback', fallback, ['message', 'throw']);
  requireChoice('transport', transport, ['message']);
  return within(make(options), options, 'create()');
}

/** @param {SpaceOptions} options */
async function make(options) {
  const { compiling, pages } = await plan(options);
  compiling.catch(() => {}); // told below, unless something else fails before
  /** @type {WebAssembly.Memory} */
  let memory;
  try {
    memory = makeMemory(pages);
  } catch {
    // To V8 what was closed in this task is garbage after it.
    await turn();
    memory = makeMemory(pages);
  }
  const transport = await chooseTransport(memory, options);
  // A page's death is its workers' too.
  const proof = transport === 'shared' && parent() ? life() : undefined;
  // While the module is on its way.
  const [compiled, proven, bells, lead] = await Promise.all([
    compiling,
    proof?.held,
    transport === 'shared' && losesWakeUps() ? part(import('./doorbell.js')) : undefined,
    transport === 'message' ? part(import('./messages/lead.js')) : undefined,
  ]);
  /** @type {import('./protocol.js').HandleData} */
  const handle = {
    sluice: 1,
    id: random(),
    transport,
    module: compiled.module,
    memoryAt: compiled.memory ?? USUAL_MEMORY,
    stack: options.wasm ? MODULE_STACK : CORE_STACK,
    pages,
  };
  const thread = await enter(handle, options.imports, memory);
  thread.doorbell = bells?.makeDoorbell(thread);
  if (transport === 'shared') {
    const creator = proof && proven && { lock: proof.lock, participant: thread.participant };
    Object.assign(handle, { memory, base: thread.base, creator });
  }
  return makeSpace(handle, thread, true, lead?.leadByMessages);
}

/**
 * @param {SpaceOptions} options
 * @returns {Promise<{compiling: Promise<import('./module.js').Compiled>, pages: {initial: number, maximum: number}}>}
 */
async function plan(options) {
  const { wasm, bytes = DEFAULT_BYTES, maxBytes = bytes } = options;
  /** @param {number} size */
  const toPages = (size) => (Number.isSafeInteger(size) ? Math.ceil(size / PAGE) : 0);
  const [initial, maximum] = [toPages(bytes), toPages(maxBytes)];
  if (wasm === undefined && initial > 0 && initial <= maximum && maximum <= MOST_PAGES) {
    return { compiling: packagedCore(), pages: { initial, maximum } };
  }
  const { compile, choosePages } = await part(import('./given.js'));
  const compiled = await (wasm === undefined ? packagedCore() : compile(wasm));
  return { compiling: Promise.resolve(compiled), pages: choosePages(compiled, options) };
}

/**
 * @param {WebAssembly.Memory} memory
 * @param {SpaceOptions} options
 */
async function chooseTransport(memory, { fallback = 'message', transport }) {
  const mayShare = await provesDeath();
  if (transport === 'message') return 'message';
  if (mayShare && canShare(memory)) return 'shared';
  if (fallback === 'throw') {
    throw new SluiceError('not-isolated', `memory cannot be shared here: ${notIsolated()}`);
  }
  warnOnce(`Sluice sends by postMessage, which is slower: ${notIsolated()}`);
  return 'message';
}

let warned = false;

/** @param {string} message */
function warnOnce(message) {
  if (!warned) console.warn(message);
  warned = true;
}
