// Cells and stores: there is one order of all changes, and everybody sees it.

/** @typedef {import('./check.js').Look} Look */
/** @typedef {import('./log.js').Entry} Entry */
/** @typedef {import('./program.js').Strand} Strand */

/**
 * @typedef {{
 *   value: number, key: number, begun: number, ended: number, sure: boolean, after?: number, strand: number,
 * }} Write `begun` and `ended` are stamps; `sure`: it said that it was done; `after`: it replaced this
 */

/** @param {Look} look @param {(value: number, key: number) => void} unknown */
function writesOf({ strands, of }, unknown) {
  /** @type {Map<number, Write>} */
  const writes = new Map();
  for (const strand of strands) {
    for (const { word, a, b, stamp } of of(strand)) {
      if (word === 'writing') {
        const write = {
          value: a,
          key: b,
          begun: stamp,
          ended: Infinity,
          sure: false,
          strand: strand.id,
        };
        writes.set(a, write);
      } else if (word === 'wrote' || word === 'updated') {
        const write = writes.get(word === 'wrote' ? a : b);
        if (!write) unknown(a, b);
        else {
          Object.assign(write, { ended: stamp, sure: true });
          if (word === 'updated') write.after = a;
        }
      } else if (word === 'unwritten') writes.delete(a);
    }
  }
  return writes;
}

/** @param {Look} look */
export function checkCell(look) {
  const { object, observed, problem, strands, isDead } = look;
  const writes = writesOf(look, (value) => problem(`${value} was written by nobody`));
  const sure = [...writes.values()].filter((write) => write.sure);
  checkChain(look, writes);
  checkReads(look, writes, 0);

  // A version stands for one value.
  const byVersion = new Map();
  const byValue = new Map();
  for (const strand of strands) {
    let last = 0;
    for (const { word, a, b } of look.of(strand)) {
      if (word !== 'pair') continue;
      if (a < last) problem(`strand ${strand.id} saw version ${a} after ${last}`);
      last = a;
      const [other, version] = [byVersion.get(a) ?? b, byValue.get(b) ?? a];
      if (other !== b) problem(`version ${a} was ${other} and ${b}`);
      if (version !== a) problem(`${b} had the versions ${version} and ${a}`);
      byVersion.set(a, b);
      byValue.set(b, a);
    }
  }
  // In shared memory, threads that meet a new value at once each draw a number for it, and all but
  // one of these are nobody's.
  const draws = observed.transport === 'shared' ? observed.program.threads : 1;
  for (const write of sure) {
    const [before, now] = [byValue.get(write.after), byValue.get(write.value)];
    if (before === undefined || now === undefined) continue;
    const between = [...byVersion.keys()].find((version) => version > before && version < now);
    if (now <= before || now > before + draws || between !== undefined) {
      problem(`update() made version ${now} of version ${before}`);
    }
  }
  const { first, last, value } = observed.cells.get(object.name) ?? { first: 0, last: 0, value: 0 };
  const changes = last - first;
  const most = observed.truncated && strands.some(isDead) ? Infinity : writes.size * draws;
  if (changes < sure.length || changes > most) {
    problem(`${changes} versions came of ${sure.length} changes, ${most} at most`);
  }
  if (value !== 0 && !writes.has(value) && most !== Infinity)
    problem(`it ends with ${value}, which nobody wrote`);
  if (value === 0 && sure.length > 0) problem('it has its first value again');
}

/** No value is replaced twice. @param {Look} look @param {Map<number, Write>} writes */
function checkChain({ problem }, writes) {
  const next = new Map();
  for (const { after, value, key } of writes.values()) {
    if (after === undefined) continue;
    // "Where there was none" may come again.
    if (after === 0 && key !== 0) continue;
    const known = next.get(after);
    if (known !== undefined && after !== 0)
      problem(`both ${known} and ${value} came after ${after}`);
    next.set(after, value);
  }
  for (const start of next.keys()) {
    let steps = 0;
    for (let at = start; at !== undefined && at !== 0; at = next.get(at)) {
      if (++steps > next.size + 1) {
        problem(`${start} came after itself`);
        return;
      }
    }
  }
}

/**
 * What was read was written, by then; no thread sees a value again that it saw replaced; and with a
 * clock, each key is an atomic register: there is an order of its values in which each is read after
 * its write, and before the next.
 *
 * @param {Look} look
 * @param {Map<number, Write>} writes
 * @param {number} key
 */
function checkReads({ strands, of, isDead, observed, problem }, writes, key) {
  /** Of each value: from when on it was there for certain, and until when at least.
   * @type {Map<number, {from: number, to: number}>} */
  const spans = new Map();
  const unknownMay = observed.truncated && strands.some(isDead);
  for (const strand of strands) {
    const seen = new Set();
    let last = -1;
    let asked = 0;
    for (const { word, a, b, stamp } of of(strand)) {
      if (word === 'reading') asked = stamp;
      if (word !== 'read' || b !== key) continue;
      const write = writes.get(a);
      if (a !== 0 && !write && !unknownMay)
        problem(`strand ${strand.id} read ${a}, which nobody wrote`);
      if (write && write.key !== key)
        problem(`${a} was read under key ${key}, written under ${write.key}`);
      if (write && stamp < write.begun) problem(`${a} was read before it was written`);
      if (a !== last && a !== 0 && seen.has(a)) problem(`strand ${strand.id} saw ${a} again`);
      seen.add(a);
      last = a;
      const span = spans.get(a) ?? { from: Infinity, to: 0 };
      spans.set(a, { from: Math.min(span.from, stamp), to: Math.max(span.to, asked) });
    }
  }
  if (!observed.clock || observed.transport !== 'shared') return;
  for (const { value, key: at, sure, begun, ended, after } of writes.values()) {
    if (at !== key && !(after !== undefined)) continue;
    if (!sure || at !== key) continue;
    const span = spans.get(value) ?? { from: Infinity, to: 0 };
    spans.set(value, { from: Math.min(span.from, ended), to: Math.max(span.to, begun) });
  }
  spans.delete(0); // there may have been none more than once
  checkZones(
    [...spans].map(([value, { from, to }]) => ({ value, from, to })),
    problem,
  );
}

/**
 * Gibbons and Korach: a value whose first operation ended before its last began was there all that
 * time, and no two can have been; nor can another's whole life have been within it.
 *
 * @param {{value: number, from: number, to: number}[]} spans
 * @param {(text: string) => void} problem
 */
function checkZones(spans, problem) {
  const stood = spans.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
  for (const [i, { value, from }] of stood.entries()) {
    if (i > 0 && from < stood[i - 1].to)
      problem(`${stood[i - 1].value} and ${value} stood there at once`);
  }
  for (const one of spans) {
    if (one.from < one.to) continue;
    const around = stood.find(({ from, to }) => from < one.to && one.from < to);
    if (around) problem(`${one.value} came and went while ${around.value} stood there`);
  }
}

/** @param {Look} look */
export function checkStore(look) {
  const { problem, strands, of, object, isDead, observed } = look;
  const writes = writesOf(look, (value) => problem(`${value} was written by nobody`));
  checkChain(look, writes);
  for (let key = 0; key < object.keys; key++) {
    checkReads(look, writes, key);
    // Each removal takes a value away that somebody wrote, and each only once.
    let removed = 0;
    for (const strand of strands) {
      for (const { word, a, b } of of(strand)) if (word === 'removed' && b === key) removed += a;
    }
    const written = [...writes.values()].filter((write) => write.key === key).length;
    const unknownMay = observed.truncated && strands.some(isDead);
    if (removed > written && !unknownMay)
      problem(`key ${key} was removed ${removed} times, written ${written} times`);
  }
}
