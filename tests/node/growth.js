// What is left in a thread's memory.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
/** @type {() => void} */
const collect = runInNewContext('gc');

/** Bytes of this thread that are in use when all is collected that can be. */
export async function inUse() {
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What keeps this process; an Immediate is gone by itself with the event loop's next turn. */
export const resources = () =>
  process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'Immediate')
    .sort()
    .join();

/**
 * What `act` leaves in memory each time, at the least: an engine's own memory comes and goes, and what
 * is leaked grows in every round.
 * @param {() => Promise<void>} act
 * @param {number} rounds
 * @param {number} times in each
 * @param {() => Promise<number>} [used] bytes
 */
export async function growth(act, rounds, times, used = inUse) {
  let least = Number.POSITIVE_INFINITY;
  let base = 0;
  for (let round = 0; round <= rounds; round++) {
    for (let i = 0; i < times; i++) await act();
    const now = await used();
    if (round > 0) least = Math.min(least, (now - base) / times);
    base = now;
  }
  return least;
}
