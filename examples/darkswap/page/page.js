/** The order book as a page: `make serve`. */

import { assetToBytes } from '../client/assets.js';
import { BitcoinNetwork, DarkSwapError, SharedMemoryDarkSwapClient } from '../client/index.js';
import { decodeEvent, EventKind, eventsIn } from '../engine/event.js';
import { startPeer } from '../gossip/peer.js';
import { eventChannel } from '../pipeline/wiring.js';
import { makeDepthPlot } from './depth.js';
import { element, row, write } from './elements.js';
import { showLadder } from './ladder.js';
import { showPath } from './path.js';

/** `?run=200` starts by itself and ends after so many messages; `&seed=2` are others. */
const asked = new URLSearchParams(location.search);
const ENDLESS = Number.MAX_SAFE_INTEGER;
const TRADES = 12;
/** Milliseconds between looks at what changed: often enough to be live, seldom enough to be read. */
const LOOK = 200;
const EXPIRY_SECONDS = 60;
/** The peer's bursts. */
const PACE = { burst: 20, everyMs: 50 };

/** One of the markets of a session. */
const rune = { type: 1, id: '840000:1' };
const bitcoin = { type: 0 };
/** As the book's events have it. */
const shown = assetToBytes(rune);
const root = document.documentElement;
let droppedByPeer = 0;
/** The client has failed. */
let broken = false;

const client = new SharedMemoryDarkSwapClient();
const plot = makeDepthPlot(element('depth'));
/** @type {Awaited<ReturnType<typeof startPeer>> | undefined} */
let peer;

/** @param {unknown} error */
const textOf = (error) => (error instanceof Error ? error.message : String(error));

// ---- colours

/** @param {string} scheme '' for the system's */
function setScheme(scheme) {
  if (scheme) root.dataset.scheme = scheme;
  else delete root.dataset.scheme;
  plot.draw();
}
/** @type {HTMLSelectElement} */
const schemes = element('scheme');
schemes.addEventListener('change', () => setScheme(schemes.value));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', plot.draw);

// ---- figures

let last = { at: performance.now(), matched: 0 };

function showFigures() {
  const stats = client.health();
  showPath(stats);
  const { matched, onTheirWay, gossip, workers, matcher, lost } = stats;
  const at = performance.now();
  write('rate', Math.round((1000 * (matched - last.matched)) / (at - last.at)));
  last = { at, matched };
  const fill = /** @type {HTMLMeterElement} */ (element('fill'));
  [fill.max, fill.value] = [gossip.capacity, gossip.used];
  write('queue', `${Math.round((100 * gossip.used) / gossip.capacity)} %`);
  write('batches', onTheirWay);
  const { size, busy, completed, crashed } = workers;
  write('verifiers', `${size} alive, ${busy} busy, ${completed} batches, ${crashed} crashed`);
  write('matcher', matcher);
  element('matcher').classList.toggle('failed', matcher === 'dead');
  write('dropped', client.stats().dropped + droppedByPeer);
  write('lost', lost);
}

function showMarket() {
  const depth = client.depth(rune, bitcoin);
  showLadder(depth);
  plot.show(depth);
}

/** @param {import('../engine/event.js').EngineEvent} event */
function showTrade({ price, amount, side }) {
  const list = /** @type {HTMLElement} */ (element('trades').querySelector('tbody'));
  const taker = side === 0 ? 'buys' : 'sells';
  list.prepend(row([String(price), String(amount), taker], side === 0 ? 'bid' : 'ask'));
  while (list.childElementCount > TRADES) list.lastElementChild?.remove();
}

/** The page listens to the matcher for itself, beside the client. */
async function listen() {
  const receiver = eventChannel(client.space).receiver();
  while (await receiver.ready()) {
    receiver.drain((memory, offset, length) => {
      for (const at of eventsIn(offset, length)) {
        if (memory[at] !== EventKind.Trade) continue;
        const trade = decodeEvent(memory, at);
        if (trade.base.every((byte, i) => byte === shown[i])) showTrade(trade);
      }
    });
  }
}

// ---- the peer that gossips

/** @type {HTMLButtonElement} */
const button = element('run');

/** @param {number} messages */
async function run(messages) {
  root.dataset.state = 'running';
  button.textContent = 'Stop the peer';
  element('status').className = '';
  write('status', 'The peer makes its keys…');
  /** @type {typeof peer} */
  let own;
  try {
    const before = client.health().matched;
    own = await startPeer(client.space);
    peer = own;
    write('status', 'The peer gossips.');
    const { offered, dropped } = await own.live(Number(asked.get('seed') ?? 1), messages, PACE);
    droppedByPeer += dropped;
    while (client.health().matched < before + offered - dropped) await look();
    write('status', `${offered} messages came.`);
    stop();
  } catch (error) {
    if (own !== peer) return; // it was told to stop
    stop();
    fail(error);
  }
}

/** The next look at what changed. */
const look = () => new Promise((resolve) => setTimeout(resolve, LOOK));

function stop() {
  peer?.terminate();
  peer = undefined;
  button.textContent = 'Start the peer';
  showMarket();
  showFigures();
  root.dataset.state = 'done';
}

/** @param {unknown} error */
function fail(error) {
  root.dataset.state = 'failed';
  if (broken) return; // it fails because the client did, which has said why
  write('status', `Failed: ${textOf(error)}`);
  element('status').className = 'failed';
}

/** Of the client. @param {unknown} error */
function giveUp(error) {
  fail(error);
  broken = true;
  button.disabled = true;
}

// ---- one's own orders

/** @param {SubmitEvent} event */
async function place(event) {
  event.preventDefault();
  const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
  const text = (/** @type {string} */ name) => String(given.get(name));
  try {
    const address = await client.getAddress();
    const side = Number(text('side'));
    const terms = /** @type {const} */ ([side, text('amount'), text('price')]);
    const order = await client.createOrder(rune, bitcoin, ...terms, address, EXPIRY_SECONDS);
    write('answer', `Placed: ${order.remaining} of ${order.amount} are open.`);
    showOwn(order);
  } catch (error) {
    const code = error instanceof DarkSwapError ? `${error.code}: ` : '';
    write('answer', `${code}${textOf(error)}`);
  }
}

/** @param {import('../client/types.js').Order} order */
function showOwn({ id, side, amount, price, remaining }) {
  if (remaining === '0') return;
  const cancel = document.createElement('button');
  cancel.type = 'button';
  cancel.textContent = 'Cancel';
  cancel.setAttribute('aria-label', `Cancel the order of ${amount} at ${price}`);
  const line = row([side === 0 ? 'buy' : 'sell', amount, price, cancel]);
  cancel.addEventListener('click', async () => {
    try {
      await client.cancelOrder(id);
      write('answer', 'Cancelled.');
    } catch (error) {
      write('answer', textOf(error)); // it may have traded or expired meanwhile
    }
    line.remove();
    element('order').querySelector('button')?.focus();
  });
  element('own').querySelector('tbody')?.prepend(line);
}

// ---- start

async function start() {
  plot.draw();
  element('order').addEventListener('submit', place);
  try {
    await client.initialize();
    await client.create({ network: BitcoinNetwork.Regtest });
    await client.start();
  } catch (error) {
    giveUp(error);
    return;
  }
  write(
    'transport',
    client.transport === 'shared'
      ? 'Shared memory: this page is cross-origin isolated.'
      : 'Messages: this page is not cross-origin isolated, so its workers have no memory in common.',
  );
  listen().catch(fail);
  client.addEventListener((event) => {
    if (event.type === 'error') giveUp(event.error);
  });
  showFigures();
  setInterval(() => {
    showMarket();
    showFigures();
  }, LOOK);
  button.addEventListener('click', () => {
    if (peer) stop();
    else if (root.dataset.state !== 'running') run(ENDLESS);
  });
  root.dataset.state = 'ready';
  if (Number(asked.get('run')) > 0) await run(Number(asked.get('run')));
}

start();
