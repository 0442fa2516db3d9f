/** A team for each kind of peer: without a space, on shared memory, on messages. All stand through a job, and wait for their turn. */

import { openPlainTeam, openTeam } from './team.js';

/** Rings for the largest messages. */
const BYTES = 40 * 2 ** 20;

/**
 * @param {import('./team.js').Env} env
 * @param {number} size
 * @param {{space?: 'shared' | 'message'}[]} peers
 */
export async function openTeams(env, size, peers) {
  const wanted = new Set(peers.map(({ space }) => space));
  /** @type {Map<string | undefined, import('./team.js').Team>} */
  const teams = new Map();
  for (const kind of wanted) {
    const options = { bytes: BYTES, ...(kind === 'message' && { transport: kind }) };
    teams.set(kind, kind ? await openTeam(env, size, options) : openPlainTeam(env, size));
  }
  return {
    /** @param {{space?: 'shared' | 'message'}} peer */
    of: (peer) => /** @type {import('./team.js').Team} */ (teams.get(peer.space)),
    async close() {
      for (const team of teams.values()) await team.close();
    },
  };
}
