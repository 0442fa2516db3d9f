// Finds the protocol steps in a C source, and rewrites it so that each of them can be broken at run
// time. A scanner of calls with balanced parentheses, no C parser: it relies on the core's form, a
// statement a line, braces around every branch.

/** Calls that change what others see, with what stands for them when they are dropped. A statement
 * whose value is used gives the value that it would have given to who is alone. */
const STEPS = {
  atomic_store_explicit: () => '(void)0',
  atomic_exchange_explicit: (args) => `__atomic_load_n(${args[0]}, 5)`,
  atomic_fetch_add_explicit: (args) => `__atomic_load_n(${args[0]}, 5)`,
  atomic_fetch_sub_explicit: (args) => `__atomic_load_n(${args[0]}, 5)`,
  atomic_fetch_or_explicit: (args) => `__atomic_load_n(${args[0]}, 5)`,
  atomic_fetch_and_explicit: (args) => `__atomic_load_n(${args[0]}, 5)`,
  atomic_compare_exchange_weak_explicit: (args) => `SLUICE_MUTANT_COMPARE(${args[0]}, ${args[1]})`,
  atomic_compare_exchange_strong_explicit: (args) =>
    `SLUICE_MUTANT_COMPARE(${args[0]}, ${args[1]})`,
  sluice_futex_wake: () => '(void)0',
  sluice_futex_wake_one: () => '1u', // "somebody slept, and is awake": nothing more is done for it
  sluice_event_mark: (args) => `(__atomic_load_n(${args[0]}, 5) | SLUICE_EVENT_WAITER)`,
  sluice_event_signal_all: () => '(void)0',
  sluice_event_signal_one: () => '(void)0',
  sluice_event_wake_all: () => '(void)0',
  sluice_mutex_word_wake_all: () => '(void)0',
  sluice_mutex_word_pass: () => '(void)0',
  sluice_semaphore_pass: () => '(void)0',
  sluice_condvar_pass: () => '(void)0',
  sluice_cell_turn_pass: () => '(void)0',
  sluice_flag: () => '(void)0',
  sluice_ring_flag: () => '(void)0',
  sluice_ring_many_flag: () => '(void)0',
  sluice_words_store: () => '(void)0',
  sluice_block_hold: (args) => `(${args[2]})`, // says that it holds it
  sluice_block_release: () => '(uint64_t)0',
  sluice_slab_unref: () => 'SLUICE_OK',
  memset: () => '(void *)0',
  // Functions of one source each that are one step of those who call them; none returns anything.
  wake: () => '(void)0',
  wake_anyhow: () => '(void)0',
  wake_all: () => '(void)0',
  wake_everybody: () => '(void)0',
  set_flag: () => '(void)0',
  tell: () => '(void)0',
  announce: () => '(void)0',
  let_in: () => '(void)0',
  let_go: () => '(void)0',
  pass_on: () => '(void)0',
  pass_room_on: () => '(void)0',
  pass_items_on: () => '(void)0',
  zero: () => '(void)0',
};

/** Two of these next to each other commute. */
const WAKES = /wake|event_signal|pass_/;

/** What may stand between two statements that are next to each other: crash points, figures. */
const NOTHING = /^\s*((SLUICE_STEP|sluice_figure)\([^;]*\);\s*)*$/;

const CALL = new RegExp(`\\b(${Object.keys(STEPS).join('|')})\\s*\\(`, 'g');

/** The text with comments, strings, preprocessor lines and what is for WebAssembly only blanked:
 * every character that stays is where it was. */
export function blank(text) {
  const code = text.replace(/\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"/g, (part) =>
    part.replace(/[^\n]/g, ' '),
  );
  const branches = []; // of each open #if: is what stands in it 'wasm', 'native', or 'either'?
  let directive = false;
  return code
    .split('\n')
    .map((line) => {
      const continued = directive;
      const starts = !continued && /^\s*#/.test(line);
      directive = (continued || starts) && line.endsWith('\\');
      const condition =
        starts && /^\s*#\s*(if|else|endif)\w*\s*(!?defined\(__wasm__\))?/.exec(line);
      if (condition && condition[1] === 'if') {
        branches.push({ '!': 'native', d: 'wasm' }[condition[2]?.[0]] ?? 'either');
      } else if (condition && condition[1] === 'else') {
        branches.push({ native: 'wasm', wasm: 'native', either: 'either' }[branches.pop()]);
      } else if (condition) {
        branches.pop();
      }
      const hidden = continued || starts || branches.includes('wasm');
      return hidden ? ' '.repeat(line.length) : line;
    })
    .join('\n');
}

/** Where the bracket that opens at `open` closes, and the places of the commas in it. */
function brackets(code, open) {
  const commas = [];
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if ('([{'.includes(code[at])) {
      depth++;
    } else if (')]}'.includes(code[at])) {
      depth--;
      if (depth === 0) {
        return { close: at, commas };
      }
    } else if (code[at] === ',' && depth === 1) {
      commas.push(at);
    }
  }
  throw new Error('a bracket that does not close');
}

/** The functions of a source: [name, where its body starts, where it ends]. */
export function functions(code) {
  const found = [];
  for (let at = code.indexOf('{'); at >= 0; at = code.indexOf('{', at + 1)) {
    const end = brackets(code, at).close;
    const head = /(\w+)\s*\([^;{}]*\)\s*$/.exec(code.slice(0, at));
    if (head !== null) {
      found.push([head[1], at, end]);
    }
    at = end;
  }
  return found;
}

/** The statement that consists of nothing but the call at `start`..`end`, as [from, to]; null when
 * the call is part of something larger. */
function statement(code, start, end) {
  const before = /[;{}:]\s*(?:\(void\))?$/.exec(code.slice(0, start));
  const after = /^\s*;/.exec(code.slice(end));
  if (before === null || after === null) {
    return null;
  }
  return [before.index + before[0].search(/\S(?<![;{}:])|$/), end + after[0].length];
}

/** The steps of a source, in order: { function, n, line, text, call, from, to, args, whole }. */
export function steps(text) {
  const code = blank(text);
  const found = [];
  for (const [name, start, end] of functions(code)) {
    let n = 0;
    CALL.lastIndex = start;
    for (let call = CALL.exec(code); call !== null && call.index < end; call = CALL.exec(code)) {
      const open = call.index + call[0].length - 1;
      const { close, commas } = brackets(code, open);
      const cuts = [open, ...commas, close];
      found.push({
        function: name,
        n: ++n,
        line: code.slice(0, call.index).split('\n').length,
        text: text.slice(call.index, close + 1).replace(/\s+/g, ' '),
        call: call[1],
        from: call.index,
        to: close + 1,
        args: cuts.slice(1).map((cut, i) => text.slice(cuts[i] + 1, cut).trim()),
        whole: statement(code, call.index, close + 1),
      });
      CALL.lastIndex = close;
    }
  }
  return found;
}

/** Rewrites a source. Returns its text and its mutants, numbered from `first` on:
 * { number, name, line, text }. */
export function mutate(file, text, first) {
  const mutants = [];
  const all = steps(text);
  const code = blank(text);
  const add = (step, kind) => {
    const number = first + mutants.length;
    const name = `${file}:${step.function}:${step.n}:${kind}`;
    mutants.push({ number, name, line: step.line, text: step.text });
    return number;
  };

  // The text from `from` to `to`, every step in it with its own mutants.
  for (const step of all) {
    const call = text.slice(step.from, step.to);
    const dropped = STEPS[step.call](step.args);
    const cast = dropped === '(void *)0' ? '(void *)' : '';
    step.with = `(sluice_mutant_is(${add(step, 'drop')}) ? ${dropped} : ${cast}${call})`;
    if (step.call.startsWith('atomic_compare')) {
      const blind = `SLUICE_MUTANT_BLIND(${step.args[0]}, ${step.args[2]})`;
      step.with = `(sluice_mutant_is(${add(step, 'blind')}) ? ${blind} : ${step.with})`;
    }
  }

  // Runs of statements that are steps, with nothing but figures and crash points between them.
  const runs = [];
  for (const step of all) {
    const last = runs.at(-1)?.at(-1);
    const next = last?.whole && step.whole && !(WAKES.test(last.call) && WAKES.test(step.call));
    if (next && NOTHING.test(code.slice(last.whole[1], step.whole[0]))) {
      runs.at(-1).push(step);
    } else {
      runs.push([step]);
    }
  }

  let out = '';
  let at = 0;
  for (const run of runs) {
    const [from] = run[0].whole ?? [run[0].from];
    const to = run.at(-1).whole?.[1] ?? run[0].to;
    out += text.slice(at, from);
    at = to;
    const statements = run.map((step) => {
      const [start, end] = step.whole ?? [step.from, step.to];
      return text.slice(start, step.from) + step.with + text.slice(step.to, end);
    });
    const gaps = run.slice(1).map((step, i) => text.slice(run[i].whole[1], step.whole[0]));
    const joined = (order) => order.map((i, k) => statements[i] + (gaps[k] ?? '')).join('');
    const order = [...run.keys()];
    const swaps = run.slice(1).map((step, i) => {
      const swapped = [...order];
      [swapped[i], swapped[i + 1]] = [i + 1, i];
      return `if (sluice_mutant_is(${add(step, 'swap')})) {\n${joined(swapped)}\n} else `;
    });
    out += swaps.length === 0 ? joined(order) : `${swaps.join('')}{\n${joined(order)}\n}`;
  }
  return { text: out + text.slice(at), mutants };
}
