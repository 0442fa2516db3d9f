/** The message transport, from a worker to the page, against one postMessage a record. */

import { line } from '../line.js';
import { listen } from '../post.js';
import { openMessages } from '../roles/messages.js';
import { RECORD_BYTES, record, sumOf } from '../roles/records.js';
import { inTurns, median, ratio } from '../stats.js';
import { withTeam } from '../team.js';

const COUNTS = { rounds: 11, warm: 4 };
/** Of small records, which 0 stands for, and of large ones, by their bytes. */
const SIZES = [
  { size: 0, count: 20_000, target: { at_least: 3 } },
  { size: 65_536, count: 2000, target: { at_least: 0.9 } },
  { size: 1_048_576, count: 160, target: { at_least: 0.9 } },
];

/** Checks what comes. @param {number} size @param {number} count */
function makeCheck(size, count) {
  let came = 0;
  let sum = 0;
  return {
    /** @param {number} id @param {number} again */
    add(id, again) {
      if (size > 0 && (id !== (came & 255) || again !== id)) throw new Error(`${id} at ${came}`);
      came++;
      sum += id;
      return came === count;
    },
    end() {
      if (size === 0 && sum !== sumOf(count)) throw new Error(`the records' sum is ${sum}`);
    },
  };
}

/** @param {import('../team.js').Env} env */
export const messages = (env) =>
  withTeam(env, 1, { transport: 'message', bytes: 2 ** 24 }, async (space, worker) => {
    const lines = [];
    for (const { size, count, target } of SIZES) {
      const receiver = openMessages(space, size).receiver();
      const { id } = record.at;

      /** Records a second. @param {string} command @param {(check: ReturnType<typeof makeCheck>) => Promise<unknown>} receive */
      async function rate(command, receive) {
        const check = makeCheck(size, count);
        const begin = performance.now();
        await Promise.all([receive(check), worker.call(command, size, count)]);
        const seconds = (performance.now() - begin) / 1000;
        check.end();
        return count / seconds;
      }

      const rates = await inTurns(
        {
          postMessage: () =>
            rate('messagesPost', (check) => {
              return new Promise((resolve) => {
                const stop = listen(worker.worker, (data) => {
                  if (size > 0 ? data.length !== size : data.kind !== 7) return;
                  if (!check.add(size > 0 ? data[0] : data.id, data[size - 1])) return;
                  stop();
                  resolve(undefined);
                });
              });
            }),
          channel: () =>
            rate('messagesSend', async (check) => {
              let done = false;
              while (!done && (await receiver.ready())) {
                receiver.drain((memory, offset, length) => {
                  if (size > 0) {
                    if (length !== size) throw new Error(`${length} bytes, not ${size}`);
                    done = check.add(memory[offset], memory[offset + length - 1]);
                  } else done = check.add(id(new DataView(memory.buffer, offset), 0), 0);
                });
              }
            }),
        },
        COUNTS,
      );
      const params = { bytes: size || RECORD_BYTES, records: count, ...COUNTS };
      lines.push(
        line('messages.postMessage.rate', median(rates.postMessage), '1/s', params),
        line('messages.channel.rate', median(rates.channel), '1/s', params),
        line(
          'messages.channel.of_postMessage',
          ratio(rates.channel, rates.postMessage),
          'ratio',
          params,
          target,
        ),
      );
    }
    return lines;
  });
