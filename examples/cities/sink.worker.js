/** Receives the places, counts them, and keeps their bytes to hash them. */

import { attach } from 'sluice';
import { answer, tell } from './calls.js';
import { openChannels, PATIENCE } from './channels.js';
import { makeDigest } from './digest.js';
import { place } from './place.js';
import { makeTally } from './tally.js';

/** @typedef {import('./channels.js').Job} Job */
/** @typedef {(memory: Uint8Array, offset: number, length: number) => void} Use */

const TELL_EVERY = 1024;

const digest = makeDigest();
let tally = makeTally();

/** @type {Record<Job, Use>} */
const uses = {
  transport: digest.add,
  whole(memory, offset, length) {
    digest.add(memory, offset, length);
    tally.add(place.decode(memory, offset, length));
  },
};

/** @type {(job: Job, records: number) => Promise<void>} */
let receive;
/** @type {Promise<void>} */
let received;

answer({
  /** @param {{plain?: MessagePort}} from */
  async open({ plain }) {
    receive = plain ? byMessages(plain) : byChannels(await attach());
  },

  /** Makes ready for so many records, and answers when it is. @param {{job: Job, records: number, bytes: number}} what */
  expect({ job, records, bytes }) {
    digest.reset(bytes);
    tally = makeTally();
    received = receive(job, records);
    received.catch(() => {}); // the next call reports it
  },

  /** Answers when all have come. */
  received: () => received,

  result: async () => ({ sha256: await digest.sha256(), totals: tally.totals() }),
});

/** @param {import('sluice').Space} space */
function byChannels(space) {
  const { transport, whole } = openChannels(space);
  const receivers = { transport: transport.receiver(), whole: whole.receiver() };

  /** @param {Job} job @param {number} records */
  return async (job, records) => {
    const receiver = receivers[job];
    let left = records;
    while (left > 0 && (await receiver.ready(PATIENCE))) left -= receiver.drain(uses[job]);
    if (left > 0) throw new Error(`the channel ended ${left} records early`);
  };
}

/** @param {MessagePort} port */
function byMessages(port) {
  /** @param {Job} job @param {number} records */
  return (job, records) =>
    /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        const use = uses[job];
        let count = 0;
        port.onmessage = ({ data }) => {
          use(data, 0, data.length);
          count++;
          if (count % TELL_EVERY === 0) tell(count);
          if (count === records) resolve();
        };
      })
    );
}

await attach();
