/** The page: `make serve`. `?transport=message` takes that transport from the start. */

import { SluiceError } from 'sluice';
import { NAMES, startCounters } from './counters.js';
import { SharedMemoryMetrics } from './metrics.js';
import { showRates, showSpeeds } from './plots.js';
import { SharedMemoryWorkerPool } from './pool.js';

/** How often rates are taken, in milliseconds. */
const SAMPLE = 500;
const LIMITS = Array.from({ length: 24 }, (_, n) => (n === 7 ? 'seven' : 20_000 * (n + 1)));
/** As a module of its own, beside the page: the pool's workers know nothing of it. */
const PRIMES = new URL('primes.js', location.href);

/** @template {HTMLElement} [T=HTMLElement] @param {string} id */
const element = (id) => /** @type {T} */ (document.getElementById(id));
const root = document.documentElement;
const radios = [...document.querySelectorAll('input[name=transport]')].map(
  (radio) => /** @type {HTMLInputElement} */ (radio),
);

/** @param {string} id @param {string} text */
const say = (id, text) => {
  element(id).textContent = text;
};

/** @param {unknown} error */
const textOf = (error) =>
  error instanceof SluiceError ? `${error.code}: ${error.message}` : String(error);

/** @param {'td' | 'th'} kind @param {string | Node} content @param {string} [name] its class */
function cell(kind, content, name = '') {
  const made = document.createElement(kind);
  if (kind === 'th') /** @type {HTMLTableCellElement} */ (made).scope = 'row';
  made.className = name;
  made.append(content);
  return made;
}

/** @param {string} id of a table @param {HTMLElement[][]} rows */
function fill(id, rows) {
  const body = /** @type {HTMLElement} */ (element(id).querySelector('tbody'));
  body.replaceChildren(
    ...rows.map((cells) => {
      const row = document.createElement('tr');
      row.append(...cells);
      return row;
    }),
  );
  element(id).hidden = false;
}

/** What is not to be started twice; the button keeps the focus. @param {string} id @param {() => Promise<void>} run */
function button(id, run) {
  const button = /** @type {HTMLButtonElement} */ (element(id));
  button.addEventListener('click', async () => {
    if (button.ariaDisabled === 'true') return;
    button.ariaDisabled = 'true';
    try {
      await run();
    } finally {
      button.ariaDisabled = 'false';
    }
  });
}

const rates = showRates(element('rates'), NAMES);
const speeds = showSpeeds(element('speeds'));

/** @type {import('./counters.js').Counters | undefined} */
let counters;
/** @type {'shared' | 'message'} */
let transport =
  new URLSearchParams(location.search).get('transport') === 'message' ? 'message' : 'shared';

/** @returns {import('./state.js').StateOptions} */
const options = () => (transport === 'message' ? { transport } : { fallback: 'throw' });

/** The rows of the workers, whose cells are then written again and again. */
const rows = NAMES.map((name, i) => {
  const swatch = document.createElement('span');
  swatch.className = 'swatch';
  swatch.style.background = `var(--series-${i + 1})`;
  const heading = cell('th', swatch);
  heading.append(name);
  const end = document.createElement('button');
  end.type = 'button';
  end.textContent = 'Terminate';
  end.setAttribute('aria-label', `Terminate ${name}; another takes its place`);
  end.addEventListener('click', async () => {
    if (end.ariaDisabled === 'true') return;
    end.ariaDisabled = 'true';
    say('status', `${name} is being terminated: its browser has to prove that it is dead.`);
    await counters?.replace(name);
    end.ariaDisabled = 'false';
    say('status', `${name} was replaced, and goes on from the last count that was written.`);
  });
  return {
    name,
    cells: [
      heading,
      cell('td', '0', 'number'),
      cell('td', '', 'number'),
      cell('td', ''),
      cell('td', end),
    ],
  };
});
fill(
  'workers',
  rows.map(({ cells }) => cells),
);

const grouped = (/** @type {number} */ value) => Math.round(value).toLocaleString('en-US');

let last = { at: performance.now(), counts: NAMES.map(() => 0) };

function sample() {
  requestAnimationFrame(sample);
  if (!counters) return;
  const { read, stats } = counters;
  const values = NAMES.map(read);
  const at = performance.now();
  for (const [i, { cells }] of rows.entries()) {
    cells[1].textContent = grouped(values[i].count);
    cells[3].textContent = values[i].heard ?? 'nothing yet';
  }
  const { reads, torn, ended } = stats();
  say('reads', grouped(reads));
  say('torn', String(torn));
  say('ended', String(ended));
  if (at - last.at < SAMPLE) return;
  const perSecond = values.map(
    ({ count }, i) => (1000 * (count - last.counts[i])) / (at - last.at),
  );
  for (const [i, { cells }] of rows.entries()) cells[2].textContent = grouped(perSecond[i]);
  rates.add(at / 1000, perSecond);
  last = { at, counts: values.map(({ count }) => count) };
}

/** With a state of its own on the transport that is chosen. */
async function start() {
  root.dataset.state = 'starting';
  const before = counters;
  counters = undefined;
  await before?.close();
  try {
    counters = await startCounters(options());
    say('why', '');
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'not-isolated') throw error;
    const [shared] = radios;
    shared.disabled = true;
    say('why', `Memory cannot be shared here: ${error.message}.`);
    transport = 'message';
    counters = await startCounters(options());
  }
  for (const radio of radios) radio.checked = radio.value === transport;
  last = { at: performance.now(), counts: NAMES.map(() => 0) };
  rates.clear();
  say(
    'status',
    `Three workers write over ${transport === 'shared' ? 'shared memory' : 'messages'}.`,
  );
  root.dataset.transport = transport;
  root.dataset.state = 'running';
}

/** One start after the other. */
let starting = Promise.resolve();
function restart() {
  starting = starting.then(start).catch((error) => {
    say('status', `Failed: ${textOf(error)}`);
    root.dataset.state = 'failed';
  });
}

for (const radio of radios) {
  radio.addEventListener('change', () => {
    transport = radio.value === 'message' ? 'message' : 'shared';
    restart();
  });
}

element('say').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { value } = /** @type {HTMLInputElement} */ (element('word'));
  try {
    await counters?.state.write('word', value);
  } catch (error) {
    say('status', textOf(error));
  }
});

button('process', async () => {
  say('processed', 'Counting…');
  const pool = new SharedMemoryWorkerPool(2, options());
  try {
    const results = await pool.processInParallel(LIMITS, { module: PRIMES, export: 'countPrimes' });
    fill(
      'results',
      results.map((result, i) => [
        cell('th', String(LIMITS[i]), 'number'),
        result.status === 'fulfilled'
          ? cell('td', grouped(result.value), 'number')
          : cell('td', String(result.reason.message), 'number failed'),
      ]),
    );
    const failed = results.filter(({ status }) => status === 'rejected').length;
    say(
      'processed',
      `${results.length} items: ${results.length - failed} results, ${failed} errors.`,
    );
  } catch (error) {
    say('processed', textOf(error));
  } finally {
    await pool.close();
  }
});

button('measure', async () => {
  say('measured', 'Measuring…');
  const writers = counters;
  try {
    await writers?.state.write('paused', true);
    const transfers = await new SharedMemoryMetrics(options()).measureTransferSpeed();
    speeds.set(transfers);
    const number = (/** @type {string} */ text) => cell('td', text, 'number');
    fill(
      'transfers',
      transfers.map(({ bytes, trips, traditional, shared, improvement, refused }) => [
        cell('th', grouped(bytes), 'number'),
        number(traditional?.msPerTrip.toFixed(3) ?? ''),
        number(shared?.msPerTrip.toFixed(3) ?? ''),
        number(improvement?.toFixed(2) ?? refused ?? ''),
        number(String(trips)),
      ]),
    );
    say('measured', `Measured over ${transport === 'shared' ? 'shared memory' : 'messages'}.`);
  } catch (error) {
    say('measured', textOf(error));
  } finally {
    await writers?.state.write('paused', false).catch(() => {}); // another transport was chosen
  }
});

restart();
requestAnimationFrame(sample);
