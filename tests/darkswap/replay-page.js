// A session in a browser: in one thread, and through the exchange. Bundled for it by scripts/examples.js.
import { create } from 'sluice';
import { matchAlone } from '../../examples/darkswap/pipeline/alone.js';
import { REGTEST, replay } from '../../examples/darkswap/pipeline/replay.js';

const built = new URL('../../../build/darkswap/', import.meta.url);
const wasm = new URL('engine.wasm', built);

/** @param {Uint8Array} bytes */
async function sha256(bytes) {
  // subtle is missing on a page that is neither secure nor local; the tests' are local
  const digest = await crypto.subtle.digest('SHA-256', /** @type {BufferSource} */ (bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {string} url */
async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} gave ${response.status}`);
  return response;
}

/**
 * @param {{messages: number, transport: 'alone' | 'shared' | 'message', terminate?: number}} what
 * @returns {Promise<{digest: string, log?: string, expected: string, crashed: number, ms: number}>}
 *   `digest`: of the matcher's log; `log`: of what a listener heard; `expected`: the reference matcher's
 */
export async function run({ messages, transport, terminate = 0 }) {
  const session = new URL(`session-${messages}.bin`, built).href;
  const { digest: expected } = await (await fetched(`${session}.json`)).json();
  if (transport === 'alone') {
    const bytes = new Uint8Array(await (await fetched(session)).arrayBuffer());
    const space = await create({ wasm, bytes: 8 * 2 ** 20, transport: 'message' });
    const started = performance.now();
    const { digest } = matchAlone(space, bytes, { network: REGTEST });
    const ms = performance.now() - started;
    await space.close();
    return { digest, expected, crashed: 0, ms };
  }
  const { outcome, log, stats, ms } = await replay({
    ...{ wasm, session, messages, transport, terminate, workers: 2, keepLog: true },
  });
  const { crashed } = stats.workers;
  return { digest: outcome.digest, log: log && (await sha256(log)), expected, crashed, ms };
}
