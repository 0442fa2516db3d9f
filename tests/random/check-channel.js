// Channels: each record at most once, in its sender's order; what was committed is delivered or
// counted; the end has the right reason.
import { codeOf } from './log.js';

/** @typedef {import('./check.js').Look} Look */
/** @typedef {import('./program.js').Strand} Strand */

/**
 * @typedef {{strand: Strand, sure: Set<number>, perhaps: Set<number>, tried: number, reason: boolean}} Sent
 *   `sure`: committed, or it will be; `perhaps`: nobody knows; `tried`: so many were made
 */

/** @param {Look} look */
export function checkChannel(look) {
  const { strands, object } = look;
  const sent = new Map(
    strands
      .filter(({ role }) => role === 'send')
      .map((strand) => [strand.id, sentBy(look, strand)]),
  );
  const readers = strands.filter(({ role }) => role === 'receive');
  checkOrder(look, sent, readers);
  checkEnds(look, readers);
  if (object.kind === 'broadcast') checkGaps(look, sent, readers);
  else checkComplete(look, sent, readers);
  checkFigures(look, sent, readers);
}

/** @param {Look} look @param {Strand} strand @returns {Sent} */
function sentBy({ of, isDead, observed, problem }, strand) {
  /** @type {Set<number>} */
  const sure = new Set();
  /** @type {Set<number>} */
  const perhaps = new Set();
  let tried = 0;
  /** Over messages: up to here the creator has it, whatever becomes of the sender. */
  let committed = 0;
  for (const { word, a, b } of of(strand)) {
    for (let index = a; index < a + b; index++) {
      if (word === 'sending') perhaps.add(index);
      if (word === 'sent') sure.add(index);
      if (word === 'sent' || word === 'unsent') perhaps.delete(index);
    }
    if (word === 'sending') tried = Math.max(tried, a + b);
    if (word === 'committed') committed = tried;
    if (word === 'refused' && codeOf(a) === 'poisoned') problem('it is poisoned');
  }
  if (isDead(strand)) {
    if (observed.transport === 'message') {
      for (const index of [...sure].filter((one) => one >= committed)) {
        sure.delete(index);
        perhaps.add(index);
      }
    }
    // What it did after its last words is not known.
    if (observed.truncated) tried = Infinity;
  }
  return { strand, sure, perhaps, tried, reason: strand.reason ?? false };
}

/** @param {Look} look @param {Strand} strand */
const gotBy = ({ of }, strand) =>
  of(strand)
    .filter(({ word }) => word === 'got')
    .map(({ a, b }) => ({ strand: a, index: b }));

/** Nothing invented, nothing twice, nothing overtaken. @param {Look} look @param {Map<number, Sent>} sent @param {Strand[]} readers */
function checkOrder(look, sent, readers) {
  const { problem, object, observed } = look;
  const seen = new Set();
  // Over messages one of several receivers gives back what it did not read, to others who read on.
  const mayOvertake =
    observed.transport === 'message' && object.kind === 'mpmc' && readers.length > 1;
  const lists = [
    ...readers.map((reader) => gotBy(look, reader)),
    observed.adopted.get(object.name) ?? [],
  ];
  for (const list of lists) {
    const last = new Map();
    for (const { strand, index } of list) {
      const from = sent.get(strand);
      const what = `record ${index} of strand ${strand}`;
      const known = from && (from.sure.has(index) || from.perhaps.has(index));
      if (!known && from?.tried !== Infinity) problem(`${what} was received, and not sent`);
      if (!mayOvertake && index <= (last.get(strand) ?? -1))
        problem(`${what} came after ${last.get(strand)}`);
      last.set(strand, index);
      if (object.kind !== 'broadcast' && seen.has(`${what}`)) problem(`${what} came twice`);
      seen.add(what);
    }
  }
}

/** @param {Look} look @param {Strand[]} readers */
function checkEnds(look, readers) {
  const { strands, of, isDead, problem, observed } = look;
  const senders = strands.filter(({ role }) => role === 'send');
  for (const reader of readers) {
    const end = of(reader).find(({ word }) => word === 'over');
    if (!end) continue;
    const [code, cause] = [codeOf(end.a), end.b === 1];
    const died = senders.some(isDead);
    if (code !== 'closed' && !(code === 'peer-lost' && died)) {
      problem(`strand ${reader.id} was told "${code}" at the end, and no sender died`);
    }
    if (cause && !senders.some(({ reason }) => reason)) problem('an end has a reason of nobody');
    if (code === 'closed' && !died && !cause && senders.some(({ reason }) => reason)) {
      problem(`strand ${reader.id} did not hear the sender's reason`);
    }
  }
  for (const sender of senders) {
    const codes = of(sender)
      .filter(({ word }) => word === 'refused')
      .map(({ a }) => codeOf(a));
    const left = readers.some((reader) => of(reader).some(({ word }) => word === 'left'));
    const died = readers.some(isDead);
    if (codes.includes('closed') && !left && !died) problem('a send found it closed by nobody');
    if (codes.includes('peer-lost') && !died) problem('a send found it lost, and nobody died');
  }
  void observed;
}

/** How many entries at the end of a dead receiver's log may be missing. @param {Look} look @param {Strand[]} readers */
function unlogged(look, readers) {
  const dead = readers.filter(look.isDead);
  if (dead.length === 0) return 0;
  // A record is taken, and then it is told.
  return look.observed.truncated ? Infinity : dead.length;
}

/** What was committed is delivered, or counted as lost. @param {Look} look @param {Map<number, Sent>} sent @param {Strand[]} readers */
function checkComplete(look, sent, readers) {
  const { of, problem, observed, object } = look;
  const adopted = observed.adopted.get(object.name);
  const all = [...readers.flatMap((reader) => gotBy(look, reader)), ...(adopted ?? [])];
  const got = new Set(all.map(({ strand, index }) => `${strand} ${index}`));
  // Who closes early, and is the last, leaves the rest to nobody.
  const toTheEnd =
    adopted !== undefined ||
    readers.some((reader) => of(reader).some(({ word }) => word === 'over'));
  if (!toTheEnd) return;
  const missing = [];
  for (const { strand, sure } of sent.values()) {
    for (const index of sure)
      if (!got.has(`${strand.id} ${index}`)) missing.push([strand.id, index]);
  }
  const { lostWithReceiver = 0 } = observed.stats.get(object.name) ?? {};
  const may = lostWithReceiver + unlogged(look, readers);
  if (missing.length > may) {
    const some = missing.slice(0, 5).map(([id, index]) => `${index} of strand ${id}`);
    problem(`${missing.length} committed records never came (${some}), ${may} are accounted for`);
  }
  const died = readers.some(look.isDead);
  if (lostWithReceiver > 0 && !died) problem(`${lostWithReceiver} lost with nobody`);
}

/** A broadcast's reader sees what it did not lose. @param {Look} look @param {Map<number, Sent>} sent @param {Strand[]} readers */
function checkGaps(look, sent, readers) {
  const { of, problem } = look;
  const [from] = sent.values();
  for (const reader of readers) {
    const own = of(reader);
    const lost = own.find(({ word }) => word === 'lost');
    if (!lost) continue;
    const count = gotBy(look, reader).length;
    const all = count + lost.a;
    if (all < from.sure.size || all > from.sure.size + from.perhaps.size) {
      // A reader of a dead thread's broadcast may have seen more than it could tell.
      if (from.tried === Infinity) continue;
      problem(
        `strand ${reader.id} got ${count} and lost ${lost.a} of ${from.sure.size} records (and perhaps ${from.perhaps.size})`,
      );
    }
  }
}

/** @param {Look} look @param {Map<number, Sent>} sent @param {Strand[]} readers */
function checkFigures(look, sent, readers) {
  const { observed, object, strands, isDead, problem } = look;
  const stats = observed.stats.get(object.name);
  if (!stats || strands.some(isDead)) return;
  const sure = [...sent.values()].reduce((sum, one) => sum + one.sure.size, 0);
  const perhaps = [...sent.values()].reduce((sum, one) => sum + one.perhaps.size, 0);
  if (stats.sent < sure || stats.sent > sure + perhaps) {
    // Over messages, what comes for receivers that are all gone is not counted.
    const left = readers.every((reader) => look.of(reader).some(({ word }) => word === 'left'));
    if (!left) problem(`stats().sent is ${stats.sent}, of ${sure} and perhaps ${perhaps}`);
  }
  if (object.kind === 'broadcast') return;
  const got = readers.reduce((sum, reader) => sum + gotBy(look, reader).length, 0);
  if (stats.received !== got) problem(`stats().received is ${stats.received}, not ${got}`);
  if (
    stats.used !== 0 &&
    readers.every((reader) => look.of(reader).some(({ word }) => word === 'over'))
  ) {
    problem(`stats().used is ${stats.used} at the end`);
  }
}
