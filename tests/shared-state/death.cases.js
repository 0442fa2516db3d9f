// Writers that are terminated: at any moment, and in the middle of a value.

import { listen } from '../../examples/shared-state/port.js';
import { deepEqual, equal, ok, within } from '../conformance/assert.js';
import { startAgent, withAgents } from './env.js';
import { requireWhole, wholeOf } from './values.js';

const SECONDS = 10_000;
/** Of the values that a dying writer is at: a tenth of the state, so that ten that stayed would fill it. */
const LARGE = 100_000;

/** @typedef {import('../../examples/shared-state/state.js').SharedMemoryState} State */

/**
 * A worker that goes into a write and does not come out of it.
 *
 * @param {State} state
 * @param {'stopHalfway' | 'stopBehind'} how
 * @param {string} key
 */
async function stoppedWriter(state, how, key) {
  const { peer, call } = await startAgent(state);
  const stopped = new Promise((resolve) => {
    listen(peer.worker, (data) => data?.stopped && resolve(undefined));
  });
  call[how](key, LARGE).catch(() => {}); // it never answers
  await within(stopped, SECONDS, 'the middle of the write');
  return peer;
}

/** @type {import('./env.js').Case[]} */
export const deaths = [
  {
    name: 'a writer that dies in the middle of a value leaves the one before, and all that it had comes back',
    run: (env) =>
      withAgents(env, 1, async (state, witness) => {
        const old = '1'.repeat(LARGE);
        await state.write('there', old);
        /** @type {number | undefined} */
        let usedByAll;
        for (let round = 0; round < env.terminations; round++) {
          // One key has a value, the other never had one.
          const key = round % 2 ? `new ${round}` : 'there';
          const before = state.space.stats();
          const writer = await stoppedWriter(state, 'stopHalfway', key);
          const meanwhile = state.space.stats();
          equal(meanwhile.peers, before.peers + 1);
          // Else it was not there that it stopped.
          if (env.transport === 'shared') ok(meanwhile.used >= before.used + LARGE);

          // Nothing waits for it, and of its value nothing shows.
          ok(state.read(key) === (key === 'there' ? old : undefined), key);
          await within(state.write(key, round), SECONDS, 'a write of the same key');
          await within(witness.call.write(key, -round), SECONDS, "another worker's");
          equal(await witness.call.read(key), -round);

          await within(writer.terminate(), SECONDS, 'its death');
          equal(state.read(key), -round);
          await state.write(key, old);
          ok((await within(witness.call.read(key), SECONDS, 'a read')) === old, key);
          if (key !== 'there') await state.delete(key);

          const after = state.space.stats();
          equal(after.peers, before.peers);
          // The first leaves its stack to the next.
          usedByAll ??= after.used;
          equal(after.used, usedByAll, `bytes used after ${round + 1} deaths`);
        }
        deepEqual(state.keys(), ['there']);
      }),
  },
  {
    name: 'a writer that dies before it hears that its value is committed leaves a whole one',
    run: (env) =>
      withAgents(env, 1, async (state, witness) => {
        for (let round = 0; round < env.terminations; round++) {
          await state.write('a', '1'.repeat(LARGE));
          const writer = await stoppedWriter(state, 'stopBehind', 'a');
          await within(writer.terminate(), SECONDS, 'its death');
          // Over messages it may have died with the value still in its hands.
          const [first, ...others] = new Set(state.read('a'));
          ok(first === '7' || (first === '1' && env.transport === 'message'), `it is ${first}`);
          deepEqual(others, []);
          equal(state.read('a').length, LARGE);
          equal((await witness.call.read('a'))[0], first);
          await within(witness.call.write('a', round), SECONDS, 'a write of the same key');
          equal(state.read('a'), round);
        }
      }),
  },
  {
    name: 'workers that are terminated as they write strand nobody and lose nothing committed (not: the next writer spins for ever)',
    run: (env) =>
      withAgents(env, 1, async (state, witness) => {
        const { terminations } = env;
        const AT_ONCE = 3;
        await state.write('page', -1);
        for (let round = 0; round < terminations / AT_ONCE; round++) {
          // Each its own key, and one that all write.
          const keys = ['shared', 'shared', `own ${round}`];
          const peers = await Promise.all(
            keys.map(async (key, i) => {
              const { peer, call } = await startAgent(state);
              let committed = 0;
              const begun = new Promise((resolve) => {
                listen(peer.worker, (data) => {
                  if (!data?.committed) return;
                  committed = data.committed;
                  if (committed > 3 + i) resolve(undefined);
                });
              });
              call.pourForEver(key).catch(() => {});
              await within(begun, SECONDS, 'the first writes');
              return { peer, committed: () => committed };
            }),
          );
          const dying = peers.map(({ peer }) => peer.terminate());
          // None of this waits for their death.
          requireWhole(state.read('shared'));
          const writing = state.write('page', round);
          equal(state.read('page'), round);
          await within(writing, SECONDS, 'a write');
          await within(witness.call.write('shared', wholeOf(7)), SECONDS, "another worker's write");
          await within(Promise.all(dying), SECONDS, 'their death');
          const last = requireWhole(state.read(`own ${round}`));
          const told = peers[2].committed();
          ok(last >= told, `${told} was committed, ${last} is there`);
          equal(requireWhole(await witness.call.read(`own ${round}`)), last);
          await state.delete(`own ${round}`);
          const before = state.version('shared');
          await state.write('shared', wholeOf(9));
          ok(state.version('shared') > before);
        }
        await state.delete('shared');
        // All that they had of the state has come back: the same fits as in a fresh one.
        if (env.transport === 'shared') equal(state.space.stats().peers, 2);
        const large = new Uint8Array(200_000).fill(1);
        for (let i = 0; i < 3; i++) await state.write('large', large);
        deepEqual(state.read('large'), large);
      }),
  },
];
