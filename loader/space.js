/**
 * Spaces: one memory, one module, named channels.
 *
 * @typedef {Readonly<Record<'bytes' | 'used' | 'peers' | 'recovered', number>> & {
 *   readonly channels: Readonly<Record<string, import('./channels/channel.js').ChannelStats>>,
 * }} SpaceStats `peers`: threads in the space, this one too (on the message transport only the
 *   creator knows them all); `recovered`: threads that died; `channels`: those this thread opened
 *
 * @typedef {{readonly __space: unique symbol}} Handle structured-cloneable
 *
 * @typedef {{
 *   readonly handle: Handle,
 *   readonly transport: 'shared' | 'message',
 *   readonly exports: WebAssembly.Exports,
 *   readonly memory: WebAssembly.Memory,
 *   stats(): SpaceStats,
 *   close(wait?: import('./wait.js').Wait): Promise<void>, [Symbol.asyncDispose](): Promise<void>,
 * }} Space `exports`: of the space's module, in this thread; after close() they must not be called.
 *   close(): leaves the space, when all that this thread sent is committed; where the creator
 *   closes, the space is closed for all, who read what is left
 *
 * @typedef {import('./wait.js').Wait & {
 *   bytes?: number, maxBytes?: number,
 *   wasm?: URL | string | Response | BufferSource | WebAssembly.Module,
 *   imports?: WebAssembly.Imports,
 *   fallback?: 'message' | 'throw',
 *   transport?: 'message',
 * }} SpaceOptions `bytes` of memory, 4 MiB by default, and fixed unless `maxBytes` is more; `wasm`:
 *   the packaged core, or a module that links it; `fallback`: what to do where memory cannot be
 *   shared; `transport: 'message'` takes the message transport even where it can
 */

import { notIsolated } from '#platform';
import { channelStats } from './channels/channel.js';
import { life } from './death.js';
import { ASYNC_DISPOSE } from './dispose.js';
import { SluiceError } from './errors.js';
import { inside, remember, spaceOf } from './internals.js';
import * as layout from './layout.js';
import { canShare, choosePages, makeMemory } from './memory.js';
import { makeEnds } from './messages/ends.js';
import { makeHub } from './messages/hub.js';
import { makeLink } from './messages/link.js';
import { makeRelay } from './messages/relay.js';
import { makeTurns } from './messages/turns.js';
import { makeValues } from './messages/values.js';
import { compile } from './module.js';
import { random } from './random.js';
import { CORE_STACK, enter, MODULE_STACK } from './thread.js';
import { within } from './wait.js';

/** Where the linker of Sluice's own modules, and of emcc's, puts the memory. */
export const USUAL_MEMORY = { module: 'env', name: 'memory' };

/**
 * Makes a space.
 *
 * @param {SpaceOptions} [options]
 * @returns {Promise<Space>}
 */
export async function create(options = {}) {
  options.signal?.throwIfAborted();
  requireChoice('fallback', options.fallback, ['message', 'throw']);
  requireChoice('transport', options.transport, ['message']);
  return within(make(options), options, 'create()');
}

/** @param {SpaceOptions} options */
async function make(options) {
  const compiled = await compile(options.wasm ?? new URL('./core.wasm', import.meta.url));
  const pages = choosePages(compiled, options);
  const memory = makeMemory(pages);
  const transport = chooseTransport(memory, options);
  /** @type {import('./protocol.js').HandleData} */
  const handle = {
    sluice: 1,
    id: random(),
    transport,
    module: compiled.module,
    memoryAt: compiled.memory
      ? { module: compiled.memory.module, name: compiled.memory.name }
      : USUAL_MEMORY,
    stack: options.wasm ? MODULE_STACK : CORE_STACK,
    pages,
  };
  const thread = await join(handle, memory, options.imports);
  if (transport === 'shared') {
    const lock = await life();
    const creator = lock && { lock, participant: thread.participant };
    Object.assign(handle, { memory, base: thread.base, creator });
  }
  return makeSpace(handle, thread, 'creator');
}

/**
 * @param {WebAssembly.Memory} memory
 * @param {SpaceOptions} options
 */
function chooseTransport(memory, { fallback = 'message', transport }) {
  if (transport === 'message') return 'message';
  if (canShare(memory)) return 'shared';
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

/**
 * @param {string} option
 * @param {unknown} value
 * @param {string[]} choices
 */
function requireChoice(option, value, choices) {
  if (value !== undefined && !choices.includes(/** @type {string} */ (value))) {
    throw new TypeError(`${option} is ${choices.join(' or ')}, not ${String(value)}`);
  }
}

/**
 * Enters the space that a handle names, or on the message transport, a space of this thread's own
 * that mirrors it.
 *
 * @param {import('./protocol.js').HandleData} handle
 * @param {WebAssembly.Memory} [memory] of the space to be made
 * @param {WebAssembly.Imports} [imports]
 */
export function join(handle, memory, imports) {
  const shared = handle.memory;
  return enter({
    module: handle.module,
    memory: shared ?? memory ?? makeMemory(handle.pages),
    at: handle.memoryAt,
    stack: handle.stack,
    base: handle.base,
    create: shared === undefined,
    hosted: handle.hosted,
    imports,
  });
}

/**
 * @param {import('./protocol.js').HandleData} handle
 * @param {import('./thread.js').Thread} thread
 * @param {'creator' | MessagePort | undefined} role the creator; else the link to it, if there is one
 * @returns {Space}
 */
export function makeSpace(handle, thread, role) {
  const { exports, memory } = thread;
  /** @type {import('./internals.js').Internals} */
  const internals = {
    thread,
    transport: handle.transport,
    rings: new Map(),
    objects: new Map(),
    watchers: new Set(),
    ends: new Set(),
    handle,
    closed: false,
  };
  if (role === 'creator' && handle.transport === 'message') {
    const relay = makeRelay();
    internals.relay = relay;
    internals.hub = makeHub({ channel: relay.service, state: makeValues(), lock: makeTurns() });
  } else if (role && role !== 'creator') {
    internals.link = makeLink(role, () => {
      exports.sluice_space_close(thread.self);
      internals.pumps?.end();
      for (const watcher of [...internals.watchers]) watcher.close();
    });
  }
  const { hub, link } = internals;
  internals.client = (hub ?? link)?.client;
  if (internals.client) internals.pumps = makeEnds(internals.client);

  async function leave() {
    for (const end of [...internals.ends, ...internals.watchers]) end.close();
    internals.closed = true;
    await internals.pumps?.settled();
    if (role === 'creator') {
      exports.sluice_space_close(thread.self);
      await hub?.settled();
    }
    hub?.close();
    link?.leave();
    exports.sluice_participant_leave(thread.self);
    spaceOf(handle.id);
  }

  /** @type {Promise<void> | undefined} */
  let leaving;

  /** @type {Space} */
  const space = {
    handle: /** @type {any} */ (handle),
    transport: handle.transport,
    exports,
    memory,

    stats() {
      inside(space);
      const word = (/** @type {number} */ offset) => thread.i32[(thread.base + offset) >> 2] >>> 0;
      const names = [...internals.rings.keys()];
      return {
        bytes: memory.buffer.byteLength,
        used: exports.sluice_space_used(thread.self) >>> 0,
        peers: exports.sluice_participant_count(thread.self) + (internals.hub?.peers ?? 0),
        recovered: word(layout.HEADER_RECOVERED),
        channels: Object.fromEntries(names.map((name) => [name, channelStats(internals, name)])),
      };
    },

    async close(wait) {
      leaving ??= leave();
      return within(leaving, wait, 'close()');
    },

    [ASYNC_DISPOSE]: () => space.close(),
  };
  remember(space, internals);
  return space;
}
