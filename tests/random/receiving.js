// A strand that receives, by every way that there is, until the end or until it has enough.
import { random } from '../conformance/random.js';
import { numberOf } from './log.js';
import { codecOf, readValue } from './values.js';
import { codeNumber, someWait, turn } from './world.js';

/** @typedef {import('./program.js').Strand} Strand */
/** @typedef {import('./program.js').ChannelObject} ChannelObject */

const SHORT = 2;

/**
 * @param {import('./world.js').World} world
 * @param {Strand} strand
 * @param {ChannelObject} object
 * @param {import('sluice').Receiver<any>} receiver
 */
export async function receive(world, strand, object, receiver) {
  const { log, tick } = world;
  const { id } = strand;
  const codec = codecOf(object.codec);
  let number = random(strand.seed);
  let over = false;

  /** @param {any} value */
  function got(value) {
    const { strand: from, index } = readValue(object.codec, value);
    log(id, 'got', from, index);
  }

  /** @type {() => void | Promise<void>} */
  const ready = () =>
    world.blocking ? void receiver.readySync() : receiver.ready().then(() => {});

  /** @type {Record<string, () => void | Promise<void>>} */
  const ways = {
    async receive() {
      const { wait, reason, stop } = someWait(number);
      try {
        got(await receiver.receive(wait));
      } catch (error) {
        if (reason === undefined || error !== reason) throw error;
      } finally {
        stop();
      }
    },
    async try() {
      const value = receiver.tryReceive();
      if (value === undefined) await ready();
      else got(value);
    },
    async drain() {
      const limit = 1 + number(20);
      const count = receiver.drain((memory, offset, length) => {
        tick();
        got(codec.decode(memory, offset, length));
      }, limit);
      if (count === 0) await ready();
    },
    async iterate() {
      let left = 1 + number(10);
      for await (const value of receiver) {
        got(value);
        if (--left === 0) return;
      }
      // It ends without a word, and says why when it is asked again.
      await ready();
      await receiver.receive();
    },
    async stream() {
      const reader = receiver.readable.getReader();
      try {
        for (let left = 1 + number(5); left > 0; left--) {
          const { done, value } = await reader.read();
          if (done) throw new Ended();
          got(value);
        }
      } finally {
        reader.closed.catch(() => {});
        reader.releaseLock();
      }
    },
    sync() {
      got(receiver.receiveSync(world.blocking ? undefined : { timeout: SHORT }));
    },
    turn: async () => void (await turn()),
  };

  class Ended extends Error {
    code = 'closed';
  }

  const names = Object.keys(ways).filter((name) => name !== 'sync' || world.mayBlock);
  const blocking = ['sync', 'sync', 'drain', 'try'];
  log(id, 'begun');
  for (let step = 0; !over; step++) {
    if (strand.early && step === strand.steps) break;
    number = random(strand.seed + step * 7919);
    await tick();
    const list = world.blocking ? blocking : names;
    try {
      await ways[list[number(list.length)]]();
    } catch (error) {
      const code = codeNumber(error);
      if (code === numberOf('timeout')) continue;
      const cause = /** @type {any} */ (error).cause === undefined ? 0 : 1;
      if (object.kind === 'broadcast') log(id, 'lost', receiver.lost);
      log(id, 'over', code, cause);
      over = true;
    }
  }
  if (!over) log(id, 'left');
  receiver.close();
  log(id, 'ended');
}
