// What `make bench` prints: JSON lines as docs/benchmarks.md describes them, which make its tables. And that a job
// sees what its peers lose.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { docsText, parse } from '../../bench/docs.js';
import { makeCheck, makePayload, viewOf } from '../../bench/payload.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ALWAYS = ['name', 'value', 'unit', 'engine', 'params', 'peer'];
const SOMETIMES = ['low', 'high', 'target', 'met', 'note', 'cannot'];

/** @param {any} line */
function checkShape(line) {
  const text = JSON.stringify(line);
  for (const key of ALWAYS) assert.ok(key in line, `no ${key}: ${text}`);
  for (const key of Object.keys(line)) assert.ok([...ALWAYS, ...SOMETIMES].includes(key), text);
  for (const key of ['name', 'unit', 'engine', 'peer']) assert.equal(typeof line[key], 'string');
  assert.equal(typeof line.params, 'object', text);
  if (line.value === null) assert.equal(typeof line.cannot, 'string', text);
  else assert.ok(Number.isFinite(line.value), text);
  assert.equal('low' in line, 'high' in line, text);
  if ('low' in line) assert.ok(line.low <= line.value && line.value <= line.high, text);
  assert.equal('target' in line, 'met' in line, text);
}

test('a short run prints lines of the shape that is documented, and they make tables', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['bench/bench.js', 'clock', 'first_call'],
    { cwd: root, env: { ...process.env, QUICK: '1', ENGINES: 'node', OUT: '' } },
  );
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  lines.forEach(checkShape);
  assert.deepEqual(
    lines.slice(0, 2).map(({ name, peer }) => [name, peer]),
    [
      ['machine.processors', 'machine'],
      ['clock.step', 'engine'],
    ],
  );
  const job = lines.filter(({ name }) => name === 'start.first_call');
  const peers = job.filter(({ value }) => value !== null).map(({ peer }) => peer);
  const compared = lines
    .filter(({ name }) => name === 'start.first_call.times_better')
    .map(({ peer }) => peer);
  assert.ok(peers.includes('Sluice') && peers.includes('piscina'), peers.join());
  assert.deepEqual(
    compared.sort(),
    peers.filter((peer) => !peer.startsWith('Sluice')).sort(),
    'each peer has its ratio',
  );
  const text = docsText(parse(stdout));
  for (const peer of peers) assert.ok(text.includes(`| ${peer} |`), text);
});

const SIZE = 64;

/** @param {number[]} ids @param {(bytes: Uint8Array) => void} [spoil] the last */
function send(ids, spoil = () => {}) {
  const check = makeCheck(SIZE, 3);
  const { bytes, write } = makePayload(SIZE);
  for (const [i, id] of ids.entries()) {
    write(id);
    if (i === ids.length - 1) spoil(bytes);
    check.add(viewOf(bytes), 0, bytes.length);
  }
  return check.done();
}

test('a job sees what was lost, came twice, in another order, or torn', () => {
  assert.equal(send([0, 1, 2]), true);
  assert.equal(send([0, 1]), false);
  for (const ids of [
    [0, 2],
    [0, 1, 1],
    [1, 0],
  ]) {
    assert.throws(() => send(ids), /message \d came as \d/);
  }
  assert.throws(() => send([0, 1], (bytes) => bytes.fill(0, SIZE / 2)), /message 1 came as 1/);
  assert.throws(
    () => makeCheck(SIZE, 1).addBytes(makePayload(SIZE / 2).bytes),
    /32 bytes came, not 64/,
  );
});
