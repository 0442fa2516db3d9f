// Strands that change cells and stores. Each value is written once in a program.
import { random } from '../conformance/random.js';
import { codeNumber, someWait, turn } from './world.js';

/** @typedef {import('./program.js').Strand} Strand */

/** @param {Strand} strand @returns {() => number} values that only this strand writes */
function ownValues({ id }) {
  let count = 0;
  return () => (id + 1) * 4096 + ++count;
}

/** What the values look like: of different sizes. @param {number} value */
export const dress = (value) => ({ value, pad: 'p'.repeat(value % 97) });

/** @param {{value: number, pad: string} | undefined} there @returns {number} 0 for none */
export function undress(there) {
  if (there === undefined) return 0;
  if (there.pad !== 'p'.repeat(there.value % 97)) throw new Error(`${there.value} is not whole`);
  return there.value;
}

/**
 * @param {import('./world.js').World} world
 * @param {Strand} strand
 * @param {import('sluice').Cell<any>} cell
 * @param {{pending: number}} own this thread's changes of the cell that are under way
 */
export async function changeCell(world, strand, cell, own) {
  const { log, tick } = world;
  const { id } = strand;
  const value = ownValues(strand);
  let number = random(strand.seed);

  /** @param {(made: number) => Promise<void> | void} change */
  async function write(change) {
    const made = value();
    log(id, 'writing', made);
    own.pending++;
    await change(made);
    own.pending--;
    log(id, 'wrote', made);
  }

  /** What the cell was when there was no change between. */
  function look() {
    if (own.pending > 0) return;
    log(id, 'reading');
    const before = cell.version;
    const seen = undress(cell.get());
    log(id, 'read', seen);
    if (cell.version === before) log(id, 'pair', before, seen);
  }

  /** @type {Record<string, () => void | Promise<void>>} */
  const ways = {
    set: () => write((made) => cell.set(dress(made))),
    setSync: () => write((made) => cell.setSync(dress(made))),
    async update() {
      const made = value();
      let old = 0;
      log(id, 'writing', made);
      await cell.update((there) => {
        old = undress(there);
        return dress(made);
      });
      log(id, 'updated', old, made);
    },
    updateSync() {
      const made = value();
      let old = 0;
      log(id, 'writing', made);
      cell.updateSync((there) => {
        old = undress(there);
        return dress(made);
      });
      log(id, 'updated', old, made);
    },
    async changed() {
      const { version } = cell;
      try {
        const now = await cell.changed(version, { timeout: 1 + number(3) });
        if (now === version) throw new Error('changed() gave the version that it was to leave');
      } catch (error) {
        codeNumber(error);
      }
    },
    async watch() {
      let left = 1 + number(4);
      const { wait, reason, stop } = someWait(() => 0); // an abort ends it
      try {
        for await (const _ of cell.watch(wait)) {
          look();
          if (--left === 0) break;
        }
      } catch (error) {
        codeNumber(error, reason);
      } finally {
        stop();
      }
    },
    look,
    turn: async () => void (await turn()),
  };

  log(id, 'begun');
  const names = Object.keys(ways).filter((name) => !name.endsWith('Sync') || world.mayBlock);
  for (let step = 0; step < strand.steps; step++) {
    number = random(strand.seed + step * 7919);
    await tick();
    await ways[names[number(names.length)]]();
    look();
  }
  log(id, 'ended');
}

/**
 * @param {import('./world.js').World} world
 * @param {Strand} strand
 * @param {import('./program.js').StoreObject} object
 * @param {import('sluice').Store<any>} store
 */
export async function changeStore(world, strand, object, store) {
  const { log, tick } = world;
  const { id } = strand;
  const value = ownValues(strand);
  let number = random(strand.seed);
  const some = () => number(object.keys);

  /** @param {number} key */
  function look(key) {
    log(id, 'reading', 0, key);
    const seen = undress(store.get(`k${key}`));
    log(id, 'read', seen, key);
    return seen;
  }

  /** @param {number} key @param {(name: string, made: any) => Promise<void> | void} set */
  async function write(key, set) {
    const made = value();
    log(id, 'writing', made, key);
    await set(`k${key}`, dress(made));
    log(id, 'wrote', made, key);
  }

  /** @param {number} key @param {(name: string, old: any, made: any) => Promise<boolean> | boolean} change */
  async function replace(key, change) {
    const old = look(key);
    const made = value();
    log(id, 'writing', made, key);
    const done = await change(`k${key}`, old === 0 ? undefined : dress(old), dress(made));
    log(id, done ? 'updated' : 'unwritten', done ? old : made, done ? made : key);
  }

  /** @param {number} key @param {(name: string) => Promise<boolean> | boolean} act */
  async function remove(key, act) {
    log(id, 'removing', 0, key);
    log(id, 'removed', (await act(`k${key}`)) ? 1 : 0, key);
  }

  /** @type {Record<string, () => any>} */
  const ways = {
    set: () => write(some(), (name, made) => store.set(name, made)),
    setSync: () => write(some(), (name, made) => store.setSync(name, made)),
    delete: () => remove(some(), (name) => store.delete(name)),
    deleteSync: () => remove(some(), (name) => store.deleteSync(name)),
    replace: () => replace(some(), (name, old, made) => store.replace(name, old, made)),
    replaceSync: () => replace(some(), (name, old, made) => store.replaceSync(name, old, made)),
    look: () => look(some()),
    keys() {
      for (const name of store.keys()) {
        if (!/^k[0-3]$/.test(name)) throw new Error(`nobody made the key "${name}"`);
      }
      if (store.size > object.keys) throw new Error(`${store.size} of ${object.keys} keys`);
    },
    async watch() {
      const key = some();
      const { wait, reason, stop } = someWait(() => 0);
      let left = 1 + number(4);
      try {
        for await (const there of store.watch(`k${key}`, wait)) {
          undress(there);
          if (--left === 0) break;
        }
      } catch (error) {
        codeNumber(error, reason);
      } finally {
        stop();
      }
    },
    turn: async () => void (await turn()),
  };

  log(id, 'begun');
  const names = Object.keys(ways).filter((name) => !name.endsWith('Sync') || world.mayBlock);
  for (let step = 0; step < strand.steps; step++) {
    number = random(strand.seed + step * 7919);
    await tick();
    await ways[names[number(names.length)]]();
  }
  log(id, 'ended');
}
