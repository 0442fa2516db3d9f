// The reference model: what one thread alone would have seen, up to the order in which the threads
// came. Looks through all that was observed, and says what could not have been.

import { checkChannel } from './check-channel.js';
import { checkBarrier, checkLock } from './check-locks.js';
import { checkCell, checkStore } from './check-state.js';
import { codeOf, numberOf } from './log.js';

const PEER_LOST = numberOf('peer-lost');

/**
 * @typedef {import('./log.js').Entry} Entry
 * @typedef {{
 *   program: import('./program.js').Program, transport: 'shared' | 'message',
 *   dead: Set<number>, truncated: boolean, entries: Map<number, Entry[]>,
 *   stats: Map<string, import('sluice').ChannelStats>, adopted: Map<string, {strand: number, index: number}[]>,
 *   cells: Map<string, {first: number, last: number, value: number}>,
 *   clock: boolean,
 * }} Observed `entries` by strand; `dead`: threads; `truncated`: their last entries may be missing;
 *   `adopted`: what a receiver found that came after all others; `cells`: versions before and after,
 *   and the value at the end; `clock`: the entries have stamps
 *
 * @typedef {{
 *   observed: Observed, object: any, strands: import('./program.js').Strand[],
 *   of(strand: import('./program.js').Strand): Entry[],
 *   isDead(strand: import('./program.js').Strand): boolean, problem(text: string): void,
 * }} Look at one object
 */

/** @param {Observed} observed @returns {string[]} what is wrong */
export function check(observed) {
  const { program, entries, dead } = observed;
  /** @type {string[]} */
  const problems = [];
  for (const [at, object] of program.objects.entries()) {
    /** @type {Look} */
    const look = {
      observed,
      object,
      strands: program.strands.filter((strand) => strand.object === at),
      of: ({ id }) => entries.get(id) ?? [],
      isDead: ({ thread }) => dead.has(thread),
      problem: (text) => problems.push(`${object.type} ${object.name}: ${text}`),
    };
    checks[object.type](look);
  }
  for (const strand of program.strands) {
    const own = entries.get(strand.id) ?? [];
    if (!dead.has(strand.thread) && own.at(-1)?.word !== 'ended') {
      problems.push(
        `strand ${strand.id} (${strand.role}) of thread ${strand.thread} has not ended`,
      );
    }
  }
  return problems;
}

/** @type {Record<string, (look: Look) => void>} */
const checks = {
  channel: checkChannel,
  cell: checkCell,
  store: checkStore,
  lock: checkLock,
  barrier: checkBarrier,
  calls: checkCalls,
  pool: checkCalls,
};

/** A call is lost with the thread that it was made to, else it gives what it has to. @param {Look} look */
function checkCalls({ strands, of, observed, problem }) {
  for (const strand of strands) {
    for (const { word, a, b } of of(strand)) {
      if (word !== 'called' || b === 0) continue;
      const targetDied = strand.target !== undefined && observed.dead.has(strand.target);
      if (!targetDied || b !== PEER_LOST) problem(`call ${a} failed with code ${codeOf(b)}`);
    }
  }
}
