// Strands that take locks, and those that meet at barriers.
import { random } from '../conformance/random.js';
import { codeNumber, someWait, turn } from './world.js';

/** @typedef {import('./program.js').Strand} Strand */

/**
 * What a lock guards is a counter that nothing else protects: who is alone adds one in two steps.
 *
 * @param {import('./world.js').World} world
 * @param {Strand} strand
 * @param {import('./program.js').LockObject} object
 * @param {{read?: import('sluice').Lock, write: import('sluice').Lock}} locks
 * @param {import('sluice').Cell<number>} guarded
 */
export async function lock(world, strand, object, locks, guarded) {
  const { log, tick } = world;
  const { id } = strand;
  let number = random(strand.seed);
  const shares = object.kind === 'semaphore';

  /** @param {1 | 0} reads */
  async function inside(reads) {
    if (shares) {
      if (number(2)) await turn();
      return;
    }
    const count = guarded.get();
    await tick();
    if (!world.blocking && number(2)) await turn();
    if (reads) {
      const now = guarded.get();
      if (now !== count) throw new Error(`${object.name}: written while it was being read`);
      return;
    }
    if (world.blocking) guarded.setSync(count + 1);
    else await guarded.set(count + 1);
    log(id, 'counted', count + 1);
    await tick();
  }

  log(id, 'begun');
  for (let step = 0; step < strand.steps; step++) {
    number = random(strand.seed + step * 7919);
    await tick();
    const reads = locks.read && number(3) > 0 ? 1 : 0;
    const which = locks.read && reads ? locks.read : locks.write;
    const way = number(4);
    const { wait, reason, stop } = someWait(number);
    log(id, 'asking', reads);
    /** @type {import('sluice').Held | undefined} */
    let held;
    try {
      if (world.blocking) held = way === 0 ? which.tryLockSync() : which.lockSync();
      else if (world.mayBlock && way === 1) held = which.tryLockSync();
      else held = way === 0 ? await which.tryLock() : await which.lock(wait);
    } catch (error) {
      codeNumber(error, reason);
    }
    stop();
    if (!held) {
      log(id, 'unheld', reads);
      continue;
    }
    log(id, 'holding', reads, held.recovered ? 1 : 0);
    await inside(reads);
    log(id, 'releasing', reads);
    held.release();
    log(id, 'released', reads);
  }
  log(id, 'ended');
}

/**
 * @param {import('./world.js').World} world
 * @param {Strand} strand
 * @param {import('./program.js').BarrierObject} object
 * @param {import('sluice').Barrier} barrier
 */
export async function meet(world, strand, object, barrier) {
  const { log, tick } = world;
  const { id } = strand;
  const reason = new Error('another has died');
  const abort = new AbortController();
  const giveUp = () => abort.abort(reason);
  // Only who has come once is missed: else those who wait, wait for ever.
  if (endsEarly(world.program, strand.object)) {
    if (world.dead.aborted) giveUp();
    else world.dead.addEventListener('abort', giveUp);
  }
  log(id, 'begun');
  for (let round = 0; round < object.rounds; ) {
    const number = random(strand.seed + round * 7919);
    await tick();
    if (number(3) === 0) await turn();
    const hasty = !world.blocking && number(6) === 0;
    log(id, 'arriving', round);
    try {
      let missing;
      if (world.blocking) missing = barrier.waitSync();
      else if (hasty)
        missing = await patiently(barrier, abort.signal, () => log(id, 'left', round));
      else missing = await barrier.wait({ signal: abort.signal });
      log(id, 'passed', round, missing);
      round++;
    } catch (error) {
      log(id, 'over', codeNumber(error, reason));
      break;
    }
  }
  world.dead.removeEventListener('abort', giveUp);
  log(id, 'ended');
}

/**
 * Who gives up has not come, and comes again.
 *
 * @param {import('sluice').Barrier} barrier
 * @param {AbortSignal} signal
 * @param {() => void} onLeft
 */
async function patiently(barrier, signal, onLeft) {
  for (let timeout = 0; timeout < 3; timeout++) {
    try {
      return await barrier.wait({ timeout, signal });
    } catch (error) {
      if (/** @type {any} */ (error).code !== 'timeout') throw error;
      onLeft();
    }
  }
  return barrier.wait({ signal });
}

/** May one of those who meet die? @param {import('./program.js').Program} program @param {number} object */
export const endsEarly = ({ kill, strands }, object) =>
  strands.some((one) => one.object === object && one.thread === kill?.thread);
