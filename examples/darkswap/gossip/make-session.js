/**
 * Writes a session to a file, and beside it what the reference matcher makes of it:
 * node make-session.js FILE COUNT [SEED]. The file is frames, one behind the other (../engine/README.md); the
 * other, FILE.json, has the SHA-256 of the event log and how often each kind and code came.
 */

import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { signSchnorr, verifySchnorr, xOnlyPointFromScalar } from 'tiny-secp256k1';
import { check } from '../reference/check.js';
import { makeReference } from '../reference/matcher.js';
import { frameBytes, writeFrame } from './message.js';
import { REGTEST, session } from './session.js';

const [file, count, seed = '1'] = process.argv.slice(2);
if (!file || !(Number(count) > 0)) {
  console.error('usage: node make-session.js FILE COUNT [SEED]');
  process.exit(1);
}

const NO_RANDOMNESS = new Uint8Array(32); // the same signature each time
const signer = {
  publicKey: xOnlyPointFromScalar,
  /** @param {Uint8Array} id @param {Uint8Array} secret */
  sign: (id, secret) => signSchnorr(id, secret, NO_RANDOMNESS),
};

/** A key that is no point is no error here. @type {import('../reference/check.js').VerifySignature} */
function verify(id, key, signature) {
  try {
    return verifySchnorr(id, key, signature);
  } catch {
    return false;
  }
}

const log = createHash('sha256');
/** @type {Record<string, number>} */
const kinds = {};
/** @type {Record<string, number>} */
const codes = {};
let events = 0;
const reference = makeReference({ network: REGTEST, orders: 16_384, markets: 64 }, (event) => {
  log.update(event);
  events++;
  kinds[event[0]] = (kinds[event[0]] ?? 0) + 1;
  if (event[2]) codes[event[2]] = (codes[event[2]] ?? 0) + 1;
});

/** @type {Uint8Array[]} */
const parts = [];
let receipt = 0n;
for (const { time, message } of session(Number(seed), Number(count), signer)) {
  receipt++;
  const frame = new Uint8Array(frameBytes(message.length));
  writeFrame(new DataView(frame.buffer), 0, { receipt, time, message });
  parts.push(frame);
  reference.submit({ receipt, time }, message, check(message, time, REGTEST, verify));
}

await mkdir(dirname(file), { recursive: true });
await writeFile(file, Buffer.concat(parts));
const result = { messages: Number(receipt), seed: Number(seed), events, digest: log.digest('hex') };
await writeFile(`${file}.json`, `${JSON.stringify({ ...result, kinds, codes }, null, 2)}\n`);
