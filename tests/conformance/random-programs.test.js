// Some random programs (tests/random) in each browser; Node runs more of them by itself.
import { runProgram } from '../random/run.js';

/** The same in each run: what threads do beside each other is never the same anyway. */
const SEEDS = [
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8],
];

/** @type {import('./env.js').Case[]} */
export const randomPrograms = SEEDS.map((seeds) => ({
  name: `random programs do what a model says, seeds ${seeds.join(' and ')}`,
  where: ({ engine }) => engine !== 'node',
  run: async (env) => {
    for (const seed of seeds) await runProgram(env, seed, { mostThreads: 3, deadline: 9_000 });
  },
}));
