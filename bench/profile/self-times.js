/** Where a thread's time went: by function, without what it called. */

/** Not code: nothing ran, or the engine itself. */
const IDLE = '(idle)';

/**
 * @param {import('./profiles.js').Profile} profile
 * @returns {{ms: number, idle: number, functions: {name: string, where: string, part: number}[]}} `idle`: of the time;
 *   `part`: of what was not idle, the largest first
 */
export function selfTimes({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  /** @type {Map<string, {name: string, where: string, us: number}>} */
  const functions = new Map();
  for (const [i, id] of samples.entries()) {
    const { functionName, url, lineNumber } = /** @type {import('./profiles.js').CallFrame} */ (
      frames.get(id)
    );
    const where = url && `${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
    const name = functionName || '(anonymous)';
    const key = `${name} ${where}`;
    const found = functions.get(key) ?? { name, where, us: 0 };
    functions.set(key, found);
    found.us += Math.max(0, timeDeltas[i]);
  }
  const all = [...functions.values()];
  const sum = (/** @type {typeof all} */ some) => some.reduce((us, each) => us + each.us, 0);
  const busy = all.filter(({ name }) => name !== IDLE);
  const [total, worked] = [sum(all), sum(busy)];
  return {
    ms: total / 1000,
    idle: 1 - worked / (total || 1),
    functions: busy
      .sort((one, other) => other.us - one.us)
      .map(({ name, where, us }) => ({ name, where, part: us / (worked || 1) })),
  };
}
