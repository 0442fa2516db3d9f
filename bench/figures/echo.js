/** From the page to a worker and back: one small record, p50. */

import { line } from '../line.js';
import { listen } from '../post.js';
import { openPair } from '../roles/echo.js';
import { inTurns, median, middle, ratio } from '../stats.js';
import { withTeam } from '../team.js';

const ECHOES = 400;
const COUNTS = { rounds: 11, warm: 3 };

/** Of postMessage's, at most. */
const BLOCKING = { chromium: 1 / 3, firefox: 0.6, webkit: 1 };
const ON_LOOP = 1.1;

/** @typedef {(n: number) => Promise<{n: number}>} Echo */

/** @param {Echo} echo @returns {Promise<number>} its p50 in milliseconds */
async function p50(echo) {
  const times = [];
  for (let i = 0; i < ECHOES; i++) {
    const begin = performance.now();
    const { n } = await echo(i);
    times.push(performance.now() - begin);
    if (n !== i) throw new Error(`the echo of ${i} was ${n}`);
  }
  return middle(times);
}

/** @param {any} worker @returns {Echo} */
function byMessage(worker) {
  /** @type {(data: any) => void} */
  let answered = () => {};
  listen(worker, (data) => answered(data));
  return (n) =>
    new Promise((resolve) => {
      answered = resolve;
      worker.postMessage({ n });
    });
}

/** @param {import('sluice').Space} space @param {string} name */
function byChannel(space, name) {
  const { there, back } = openPair(space, name);
  const [sender, receiver] = [there.sender(), back.receiver()];
  return {
    /** @type {Echo} */
    async echo(n) {
      await sender.send({ n });
      return receiver.receive();
    },
    close: () => sender.close(),
  };
}

/** @param {import('../team.js').Env} env */
export const echo = (env) =>
  withTeam(env, 3, {}, async (space, plain, blocking, onLoop) => {
    await Promise.all([
      plain.call('echoPlain'),
      blocking.call('echoBlocking', 'blocking'),
      onLoop.call('echoOnLoop', 'loop'),
    ]);
    const post = byMessage(plain.worker);
    const [toBlocking, toLoop] = ['blocking', 'loop'].map((name) => byChannel(space, name));
    const times = await inTurns(
      {
        postMessage: () => p50(post),
        blocking: () => p50(toBlocking.echo),
        loop: () => p50(toLoop.echo),
      },
      COUNTS,
    );
    toBlocking.close();
    toLoop.close();
    const params = { echoes: ECHOES, ...COUNTS };
    const most = env.engine === 'node' ? undefined : BLOCKING[env.engine];
    const us = (/** @type {number[]} */ ms) => median(ms) * 1000;
    return [
      line('echo.postMessage.p50', us(times.postMessage), 'us', params),
      line('echo.blocking.p50', us(times.blocking), 'us', params),
      line('echo.loop.p50', us(times.loop), 'us', params),
      line(
        'echo.blocking.of_postMessage',
        ratio(times.blocking, times.postMessage),
        'ratio',
        params,
        most === undefined ? undefined : { at_most: most },
      ),
      line('echo.loop.of_postMessage', ratio(times.loop, times.postMessage), 'ratio', params, {
        at_most: ON_LOOP,
      }),
    ];
  });
