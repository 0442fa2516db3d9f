// What the page and the worker do alike: ask the C program for squares, and check every answer.
import { channel, struct } from 'sluice';

// To C a record is bytes: the fields are between the two, so the codecs go by the name of `bytes`.
const question = { ...struct({ asker: 'u32', number: 'u32' }), id: 'bytes' };
const answer = { ...struct({ square: 'u64' }), id: 'bytes' };

/** The ring of all that is asked; its options are those of program.c. @param {import('sluice').Space} space */
export const questions = (space) =>
  channel(space, 'questions', { kind: 'mpsc', capacity: 4096, codec: question });

/**
 * Asks for the squares of the numbers below `count`. Ends when the program does, which is when all
 * who ask have closed.
 *
 * @param {import('sluice').Space} space
 * @param {number} asker each has a ring of its own for the answers
 * @param {number} count
 */
export async function ask(space, asker, count) {
  const sender = questions(space).sender();
  const answers = channel(space, `answers-${asker}`, {
    kind: 'spsc',
    capacity: 4096,
    codec: answer,
  });
  const receiver = answers.receiver();
  async function askAll() {
    for (let number = 0; number < count; number++) await sender.send({ asker, number });
    sender.close();
  }
  const asking = askAll();
  const report = { answers: 0, wrong: 0, sum: 0n };
  for await (const { square } of receiver) {
    if (square !== BigInt(report.answers) ** 2n) report.wrong++;
    report.answers++;
    report.sum += square;
  }
  await asking;
  return report;
}
