// One thread of a program: opens what its strands need, runs them, closes.
import * as sdk from '../conformance/sdk.js';
import { call, usePool } from './calling.js';
import { changeCell, changeStore, dress } from './changing.js';
import { lock, meet } from './locking.js';
import { receive } from './receiving.js';
import { send } from './sending.js';
import { codecOf } from './values.js';

/**
 * @typedef {import('./program.js').Program} Program
 * @typedef {import('./world.js').World} World
 * @typedef {ReturnType<typeof openObjects>} Objects
 */

/**
 * What every thread opens by name, with the same options.
 *
 * @param {import('sluice').Space} space
 * @param {Program} program
 */
export function openObjects(space, program) {
  /** @type {{[type: string]: (object: any) => any}} */
  const openers = {
    channel: ({ name, kind, capacity, codec, overflow }) =>
      sdk.channel(space, name, { kind, capacity, overflow, codec: codecOf(codec) }),
    cell: ({ name }) => ({
      cell: sdk.cell(space, name, sdk.json(), dress(0)),
      own: { pending: 0 },
    }),
    store: ({ name, keys }) => sdk.store(space, name, { codec: sdk.json(), entries: 2 * keys }),
    lock({ name, kind, permits }) {
      const guarded = sdk.cell(space, `${name} guards`, sdk.json(), 0);
      if (kind === 'rwlock') return { locks: sdk.rwlock(space, name), guarded };
      const write = kind === 'mutex' ? sdk.mutex(space, name) : sdk.semaphore(space, name, permits);
      return { locks: { write }, guarded };
    },
    barrier: ({ name, parties }) => sdk.barrier(space, name, parties),
    calls: () => undefined,
    pool: () => undefined,
  };
  return program.objects.map((object) => openers[object.type](object));
}

/**
 * @param {World} world
 * @param {any[]} objects
 * @returns {() => Promise<unknown>} runs all; the ends of channels are open already
 */
export function openStrands(world, objects) {
  const { program, thread } = world;
  const strands = program.strands.filter((strand) => strand.thread === thread);
  const runs = strands.map((strand) => {
    const object = /** @type {any} */ (program.objects[strand.object]);
    const opened = objects[strand.object];
    /** @type {Record<string, () => () => Promise<void>>} */
    const roles = {
      send() {
        const sender = opened.sender();
        return () => send(world, strand, object, sender);
      },
      receive() {
        const receiver = opened.receiver();
        return () => receive(world, strand, object, receiver);
      },
      cell: () => () => changeCell(world, strand, opened.cell, opened.own),
      store: () => () => changeStore(world, strand, object, opened),
      lock: () => () => lock(world, strand, object, opened.locks, opened.guarded),
      barrier: () => () => meet(world, strand, object, opened),
      call: () => () => call(world, strand),
      pool: () => () => usePool(world, strand, object),
    };
    return { strand, run: roles[strand.role]() };
  });
  return async () => {
    // All know now who is there.
    if (world.blocking) {
      runs.sort((a, b) => a.strand.object - b.strand.object);
      for (const { run } of runs) await run();
    } else await Promise.all(runs.map(({ run }) => run()));
  };
}

let knowns = 0;

/**
 * Over messages: the creator has heard of all that this thread has opened.
 *
 * @param {import('sluice').Space} space
 * @param {any[]} objects
 */
export async function known(space, objects) {
  if (space.transport === 'shared') return;
  await sdk.store(space, `known ${knowns++}`).ready;
  for (const object of objects) {
    await object?.ready;
    await object?.cell?.ready;
    await object?.guarded?.ready;
  }
}
