/** Sends the places: through a channel, or with one plain postMessage each. */

import { attach } from 'sluice';
import { answer } from './calls.js';
import { openChannels, PATIENCE } from './channels.js';
import { makeDigest } from './digest.js';
import { place } from './place.js';
import { loadPlaces } from './places.js';

/** @typedef {(passes: number) => void | Promise<void>} Send */

/** @type {import('./place.js').Place[]} */
let places = [];
/** The same places, encoded. @type {Uint8Array[]} */
let records = [];
/** @type {Record<import('./channels.js').Job, Send>} */
let jobs;
const digest = makeDigest();
const scratch = new Uint8Array(2048);

answer({
  /** @param {{url: string, plain?: MessagePort}} from */
  async open({ url, plain }) {
    places = await loadPlaces(url);
    records = places.map(encode);
    jobs = plain ? byMessages(plain) : byChannels(await attach());
    const bytes = records.reduce((sum, { length }) => sum + length, 0);
    return { records: records.length, bytes };
  },

  /** @param {{job: import('./channels.js').Job, passes: number}} what */
  send: ({ job, passes }) => {
    digest.reset(0);
    return jobs[job](passes);
  },

  /** Of all bytes sent: those of records encoded beforehand are only collected now, off the clock.
   * @param {{job: import('./channels.js').Job, passes: number, bytes: number}} what */
  sha256({ job, passes, bytes }) {
    if (job === 'transport') {
      digest.reset(bytes);
      for (let pass = 0; pass < passes; pass++) {
        for (const record of records) digest.add(record, 0, record.length);
      }
    }
    return digest.sha256();
  },
});

/**
 * @param {import('sluice').Space} space
 * @returns {Record<import('./channels.js').Job, Send>}
 */
function byChannels(space) {
  const channels = openChannels(space);
  const encoded = channels.transport.sender();
  const unencoded = channels.whole.sender();

  /** As trySend() with the codec, and the bytes hashed before the sink can have them.
   * @param {import('./place.js').Place} one */
  function trySend(one) {
    const claim = unencoded.claim(place.size(one));
    if (!claim) return false;
    const { memory, offset, length } = claim;
    place.encode(one, memory, offset);
    digest.add(memory, offset, length);
    claim.commit();
    return true;
  }

  return {
    async transport(passes) {
      for (let pass = 0; pass < passes; pass++) {
        await sendAll(records, encoded, encoded.trySend, (record) => record.length);
      }
    },

    whole: () => sendAll(places, unencoded, trySend, place.size),
  };
}

/**
 * @param {MessagePort} port
 * @returns {Record<import('./channels.js').Job, Send>}
 */
function byMessages(port) {
  return {
    transport(passes) {
      for (let pass = 0; pass < passes; pass++) {
        for (const record of records) port.postMessage(record);
      }
    },

    whole() {
      for (const one of places) {
        const record = encode(one);
        digest.add(record, 0, record.length);
        port.postMessage(record);
      }
    },
  };
}

/**
 * @template T
 * @param {T[]} values
 * @param {import('sluice').Sender<T>} sender
 * @param {(value: T) => boolean} trySend
 * @param {(value: T) => number} sizeOf
 */
async function sendAll(values, sender, trySend, sizeOf) {
  let next = 0;
  while (next < values.length) {
    next = sendWhatFits(values, next, trySend);
    if (next < values.length) await sender.ready(sizeOf(values[next]), PATIENCE);
  }
}

/**
 * The hot loop, on its own: V8 runs a loop slower that has an `await` in it.
 *
 * @template T
 * @param {T[]} values @param {number} next
 * @param {(value: T) => boolean} trySend
 * @returns {number} the first that is not sent
 */
function sendWhatFits(values, next, trySend) {
  while (next < values.length && trySend(values[next])) next++;
  return next;
}

/** @param {import('./place.js').Place} one */
function encode(one) {
  return scratch.slice(0, place.encode(one, scratch, 0));
}

// Without a command it attaches all the same: spawn() waits for that.
await attach();
