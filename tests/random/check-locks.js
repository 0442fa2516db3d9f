// Locks: who is alone is alone; who comes after a dead owner is told; nobody else is.
import { codeOf } from './log.js';

/** @typedef {import('./check.js').Look} Look */
/** @typedef {import('./program.js').Strand} Strand */

/**
 * @typedef {{
 *   strand: number, from: number, to: number, reads: boolean, recovered: boolean, open: boolean,
 * }} Hold from `holding` to `releasing`; `open`: its thread died in it
 */

/** @param {Look} look */
export function checkLock(look) {
  const { strands, object, observed, problem } = look;
  const holds = strands.flatMap((strand) => holdsOf(look, strand));
  checkCounter(look);
  checkRecovery(look, holds);
  if (!observed.clock) return;
  const most = object.kind === 'semaphore' ? object.permits : 1;
  const edges = holds.flatMap((hold) => [
    { at: hold.from, hold, step: 1 },
    // A dead owner's ends when the next is let in, which is told: not known when.
    ...(hold.open ? [] : [{ at: hold.to, hold, step: -1 }]),
  ]);
  edges.sort((a, b) => a.at - b.at);
  /** @type {Set<Hold>} */
  const inside = new Set();
  for (const { hold, step } of edges) {
    if (step < 0) {
      inside.delete(hold);
      continue;
    }
    for (const other of inside) {
      if (other.open) inside.delete(other);
    }
    inside.add(hold);
    const together = object.kind === 'rwlock' ? [...inside].every(({ reads }) => reads) : false;
    if (!together && inside.size > most) {
      problem(`strands ${[...inside].map(({ strand }) => strand)} held it at once (${hold.from})`);
    }
  }
}

/** @param {Look} look @param {Strand} strand @returns {Hold[]} */
function holdsOf({ of, isDead }, strand) {
  /** @type {Hold[]} */
  const holds = [];
  for (const { word, a, b, stamp } of of(strand)) {
    if (word === 'holding') {
      holds.push({
        strand: strand.id,
        from: stamp,
        to: Infinity,
        reads: a === 1,
        recovered: b === 1,
        open: isDead(strand),
      });
    } else if (word === 'releasing')
      Object.assign(/** @type {Hold} */ (holds.at(-1)), { to: stamp, open: false });
  }
  return holds;
}

/** Each addition is seen by the next. @param {Look} look */
function checkCounter({ strands, of, problem, observed, isDead }) {
  const seen = new Map();
  let count = 0;
  let highest = 0;
  for (const strand of strands) {
    for (const { word, a } of of(strand)) {
      if (word !== 'counted') continue;
      if (seen.has(a)) problem(`strands ${seen.get(a)} and ${strand.id} both counted to ${a}`);
      seen.set(a, strand.id);
      count++;
      highest = Math.max(highest, a);
    }
  }
  // A dead one may have counted, and not told.
  const untold = observed.truncated ? Infinity : strands.filter(isDead).length;
  if (strands.some(isDead) ? highest > count + untold : highest !== count) {
    problem(`it was counted ${count} times, up to ${highest}`);
  }
}

/** @param {Look} look @param {Hold[]} holds */
function checkRecovery({ strands, of, isDead, object, observed, problem }, holds) {
  const told = holds.filter(({ recovered }) => recovered);
  // Any of its strands may have been between asking and giving back, whatever it said last.
  const mayHave = strands.some((strand) => {
    if (!isDead(strand)) return false;
    const last = of(strand)
      .filter(({ word }) =>
        ['asking', 'holding', 'releasing', 'released', 'unheld', 'counted'].includes(word),
      )
      .at(-1);
    if (observed.truncated) return true;
    // Over messages what was posted last may die with who posted it.
    const over = observed.transport === 'message' ? ['unheld'] : ['released', 'unheld'];
    return last !== undefined && !over.includes(last.word);
  });
  if (object.kind === 'semaphore' && told.length > 0) problem('a semaphore knows no recovery');
  if (told.length > 0 && !mayHave)
    problem(`strand ${told[0].strand} was told of a death that was none`);
  if (!observed.clock || object.kind === 'semaphore') return;
  // Who died alone inside is told of to the next.
  for (const hold of holds.filter((one) => one.open && !one.reads && one.to === Infinity)) {
    const next = holds.filter(({ from }) => from > hold.from).sort((a, b) => a.from - b.from);
    if (next.length > 0 && !next[0].recovered) {
      problem(`strand ${next[0].strand} was not told that strand ${hold.strand} died holding it`);
    }
  }
}

/** @param {Look} look */
export function checkBarrier(look) {
  const { strands, of, object, observed, problem, isDead } = look;
  if (strands.length === 0) return; // all who were to meet there block
  const died = strands.some(isDead);
  for (let round = 0; round < object.rounds; round++) {
    const arrivals = [];
    const passes = [];
    let left = false;
    for (const strand of strands) {
      for (const { word, a, b, stamp } of of(strand)) {
        if (a !== round) continue;
        if (word === 'arriving') arrivals.push(stamp);
        if (word === 'left') left = true;
        if (word === 'passed') passes.push({ missing: b, stamp });
      }
    }
    const places = passes.map(({ missing }) => missing).sort((a, b) => a - b);
    const whole = places.length === object.parties;
    if (!died && !whole) problem(`round ${round} gave the places ${places} of ${object.parties}`);
    // Whoever comes again may find as many missing as somebody else has.
    const once = left ? places.filter((place) => place === 0) : places;
    if (new Set(once).size !== once.length || places.some((place) => place >= object.parties)) {
      problem(`round ${round} gave the places ${places} of ${object.parties}`);
    }
    if (whole && places[0] !== 0) problem(`nobody was the last of round ${round}: ${places}`);
    if (places.length > 0 && arrivals.length < object.parties && !(died && observed.truncated)) {
      problem(`round ${round} was over after ${arrivals.length} of ${object.parties} had come`);
    }
    const first = Math.min(...passes.map(({ stamp }) => stamp));
    if (observed.clock && arrivals.some((stamp) => stamp > first) && passes.length > 0) {
      problem(`somebody passed round ${round} before all had come`);
    }
  }
  for (const strand of strands) {
    for (const { word, a } of of(strand)) {
      if (word === 'over' && !died) problem(`a wait ended with "${codeOf(a)}"`);
    }
  }
}
