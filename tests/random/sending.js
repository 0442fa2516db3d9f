// A strand that sends: records numbered from 0 on, by every way that there is.
import { random } from '../conformance/random.js';
import { codecOf, makeValue } from './values.js';
import { codeNumber, someWait, turn } from './world.js';

/** @typedef {import('./program.js').Strand} Strand */
/** @typedef {import('./program.js').ChannelObject} ChannelObject */

/** How long a blocking send of a thread that also has other things to do may take, in milliseconds. */
const SHORT = 2;

/**
 * @param {import('./world.js').World} world
 * @param {Strand} strand
 * @param {ChannelObject} object
 * @param {import('sluice').Sender<any>} sender
 */
export async function send(world, strand, object, sender) {
  const { log, tick } = world;
  const { id } = strand;
  const codec = codecOf(object.codec);
  const longest = object.capacity / 8;
  const fails = object.overflow === 'fail';
  let index = 0;
  let number = random(strand.seed);

  function next() {
    const roll = number(100);
    const size = object.large > 0 && roll < 15 ? number(object.large) : number(longest);
    let value = makeValue(object.codec, id, index, size);
    // A broadcast's has to fit.
    if (object.kind === 'broadcast' && codec.size(value) > longest) {
      value = makeValue(object.codec, id, index, 0);
    }
    index++;
    return value;
  }

  /** @type {Record<string, () => Promise<boolean>>} each: may it go on */
  const ways = {
    async send() {
      const { wait, reason, stop } = someWait(number);
      const at = index;
      const value = next();
      log(id, 'sending', at, 1);
      try {
        await sender.send(value, wait);
      } catch (error) {
        return failed(error, at, 1, reason);
      } finally {
        stop();
      }
      log(id, 'sent', at, 1);
      log(id, 'committed');
      return true;
    },
    async try() {
      const at = index;
      const value = next();
      log(id, 'sending', at, 1);
      try {
        for (;;) {
          if (sender.trySend(value)) break;
          await waitForRoom(codec.size(value));
        }
      } catch (error) {
        return failed(error, at, 1);
      }
      log(id, 'sent', at, 1);
      return true;
    },
    async many() {
      const { wait, reason, stop } = someWait(number);
      const at = index;
      const values = Array.from({ length: number(8) }, next);
      log(id, 'sending', at, values.length);
      try {
        await sender.sendMany(values, wait);
      } catch (error) {
        // Some of the first have left, and nobody says how many.
        return failed(error, at, values.length, reason, 'perhaps');
      } finally {
        stop();
      }
      log(id, 'sent', at, values.length);
      log(id, 'committed');
      return true;
    },
    async claim() {
      const at = index;
      const value = next();
      const size = codec.size(value);
      if (size > longest) {
        index--;
        return ways.send();
      }
      log(id, 'sending', at, 1);
      try {
        for (;;) {
          const claim = sender.claim(size);
          if (claim) {
            const length = codec.encode(value, claim.memory, claim.offset);
            // One claim at a time in a thread: nothing else may come between.
            const dying = tick();
            if (dying) await dying;
            if (number(5) === 0) {
              claim.abort();
              log(id, 'unsent', at, 1);
              return true;
            }
            claim.commit(length);
            break;
          }
          await waitForRoom(size);
        }
      } catch (error) {
        return failed(error, at, 1);
      }
      log(id, 'sent', at, 1);
      return true;
    },
    async stream() {
      const at = index;
      const value = next();
      const writer = sender.writable.getWriter();
      log(id, 'sending', at, 1);
      try {
        await writer.write(value);
      } catch (error) {
        writer.closed.catch(() => {});
        writer.ready.catch(() => {});
        // It has failed for good, with its stream.
        failed(error, at, 1);
        return false;
      } finally {
        writer.releaseLock();
      }
      log(id, 'sent', at, 1);
      log(id, 'committed');
      return true;
    },
    async sync() {
      const at = index;
      const value = next();
      log(id, 'sending', at, 1);
      try {
        sender.sendSync(value, world.blocking ? undefined : { timeout: SHORT });
      } catch (error) {
        return failed(error, at, 1);
      }
      log(id, 'sent', at, 1);
      return true;
    },
    async turn() {
      await turn();
      return true;
    },
  };

  /** @param {number} size */
  async function waitForRoom(size) {
    const least = Math.min(size, longest);
    if (world.blocking) sender.readySync(least);
    else await sender.ready(least);
    // A large record waits for memory as well, of which ready() does not know.
    if (size > longest) await turn();
  }

  /** @param {unknown} error @param {number} at @param {number} count @param {unknown} [reason] @param {'perhaps' | 'unsent'} [what] */
  function failed(error, at, count, reason, what) {
    const code = codeNumber(error, reason);
    // Over messages, what was not acknowledged may be on its way all the same.
    log(id, what ?? (world.space.transport === 'message' ? 'perhaps' : 'unsent'), at, count);
    log(id, 'refused', code);
    return ['timeout', 'aborted', 'full'].includes(/** @type {any} */ (error).code ?? 'aborted');
  }

  const names = Object.keys(ways).filter((name) => {
    if (name === 'sync') return world.mayBlock;
    // The stream of a channel whose overflow is "fail" ends with the first record that is too many.
    return name !== 'stream' || !fails;
  });
  const blocking = ['sync', 'sync', 'claim', 'try'];
  log(id, 'begun');
  for (let step = 0; step < strand.steps; step++) {
    number = random(strand.seed + step * 7919);
    await tick();
    const list = world.blocking ? blocking : names;
    if (!(await ways[list[number(list.length)]]())) break;
  }
  if (strand.reason) sender.close(new Error('the source ran dry'));
  else sender.close();
  log(id, 'ended');
}
