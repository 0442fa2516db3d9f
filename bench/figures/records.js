/** 32-byte records from worker to worker, one by one written in place, against one postMessage each. */

import { line } from '../line.js';
import { RECORD_BYTES, sumOf } from '../roles/records.js';
import { inTurns, median, ratio } from '../stats.js';
import { withTeam } from '../team.js';

const RECORDS = 1_000_000;
const MESSAGES = 30_000;
const COUNTS = { rounds: 9, warm: 2 };
const TARGET = { at_least: 40 };

/** @param {import('../team.js').Env} env */
export const records = (env) =>
  withTeam(env, 2, {}, async (_space, source, sink) => {
    const { port1, port2 } = new MessageChannel();
    await Promise.all([
      source.post('recordsOpen', ['sender', port1], [port1]),
      sink.post('recordsOpen', ['receiver', port2], [port2]),
    ]);

    /** Records a second. @param {string} send @param {string} receive @param {number} count */
    async function rate(send, receive, count) {
      const begin = performance.now();
      const [found] = await Promise.all([sink.call(receive, count), source.call(send, count)]);
      const seconds = (performance.now() - begin) / 1000;
      if (found.count !== count || found.sum !== sumOf(count) + count / 2) {
        throw new Error(`of ${count} records ${found.count} came, and their sum is ${found.sum}`);
      }
      return count / seconds;
    }

    const rates = await inTurns(
      {
        postMessage: () => rate('plainSend', 'plainReceive', MESSAGES),
        claim: () => rate('recordsSend', 'recordsReceive', RECORDS),
        sendMany: () => rate('recordsSendMany', 'recordsReceive', RECORDS / 4),
      },
      COUNTS,
    );
    const params = { bytes: RECORD_BYTES, ...COUNTS };
    return [
      line('records.postMessage.rate', median(rates.postMessage), '1/s', params),
      line('records.claim.rate', median(rates.claim), '1/s', params),
      line('records.sendMany.rate', median(rates.sendMany), '1/s', params),
      line(
        'records.claim.of_postMessage',
        ratio(rates.claim, rates.postMessage),
        'ratio',
        params,
        TARGET,
      ),
      line(
        'records.sendMany.of_postMessage',
        ratio(rates.sendMany, rates.postMessage),
        'ratio',
        params,
      ),
    ];
  });
