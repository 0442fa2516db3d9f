/**
 * One word there and one back, by nothing but Atomics: the limit for an echo. It carries no more than
 * that word; a ring over Atomics is ringbuf.js, and Sluice.
 */

/** @param {Int32Array} words @param {number} at @param {number} old */
function spinWhile(words, at, old) {
  while (Atomics.load(words, at) === old);
}

/** @param {Int32Array} words @param {number} at @param {number} old */
function sleepWhile(words, at, old) {
  while (Atomics.load(words, at) === old) Atomics.wait(words, at, old);
}

/** @param {Int32Array} words @param {number} at @param {number} old */
async function turnWhile(words, at, old) {
  while (Atomics.load(words, at) === old) {
    const { async, value } = Atomics.waitAsync(words, at, old);
    if (async) await value;
  }
}

const THERE = 0;
/** On a cache line of its own. */
const BACK = 32;
const END = -1;

/** Browsers' pages may not block; Node's may, and measures as they do. */
const mayBlock = () => 'WorkerGlobalScope' in globalThis || !isMainThread();

function isMainThread() {
  if (!('process' in globalThis)) return true;
  return process.getBuiltinModule('node:worker_threads').isMainThread;
}

/** @type {import('./pipe.js').Pipe} */
export const atomics = {
  name: 'Atomics',
  blocking: true,
  cannotStream: 'a word holds one message; a ring by hand would be ringbuf.js again',

  link() {
    const words = new Int32Array(new SharedArrayBuffer(512));
    return [{ end: { words } }, { end: { words } }];
  },

  client(/** @type {{words: Int32Array}} */ { words }, wait) {
    let last = 0;
    /** @param {number} n */
    const ask = (n) => {
      // No two that follow one another are alike, and none is 0.
      last = (n % 0x3fffffff) + 1;
      const before = Atomics.load(words, BACK);
      Atomics.store(words, THERE, last);
      if (wait === 'sleep') Atomics.notify(words, THERE);
      return before;
    };
    const answer = () => Atomics.load(words, BACK) - 1;
    if (wait === 'sleep' && !mayBlock()) {
      return {
        async echo(n) {
          await turnWhile(words, BACK, ask(n));
          return answer();
        },
      };
    }
    const until = wait === 'spin' ? spinWhile : sleepWhile;
    return {
      sync(n) {
        until(words, BACK, ask(n));
        return answer();
      },
    };
  },

  server(/** @type {{words: Int32Array}} */ { words }, wait) {
    const until = wait === 'spin' ? spinWhile : sleepWhile;
    for (let seen = 0; ; ) {
      until(words, THERE, seen);
      seen = Atomics.load(words, THERE);
      if (seen === END) return;
      Atomics.store(words, BACK, seen);
      if (wait === 'sleep') Atomics.notify(words, BACK);
    }
  },

  stop(/** @type {{words: Int32Array}} */ { words }) {
    Atomics.store(words, THERE, END);
    Atomics.notify(words, THERE);
  },
};
