// What waits for its turn at an end of a channel, alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeQueue, NOT_YET } from '../../loader/channels/queue.js';

/** A queue that is asleep until `wake` is called. */
function asleep() {
  const stage = { wake: () => {}, passed: 0 };
  const bell = {
    sleep: () =>
      /** @type {Promise<void>} */ (
        new Promise((resolve) => {
          stage.wake = resolve;
        })
      ),
    pass: () => {
      stage.passed++;
    },
  };
  return { stage, queue: makeQueue(bell, 'a receive') };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a wake-up is passed on where who waited gives up between it and the next look', async () => {
  const { stage, queue } = asleep();
  const abort = new AbortController();
  const waiting = queue.add(() => NOT_YET, { signal: abort.signal });
  stage.wake();
  abort.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  await turn();
  assert.equal(stage.passed, 1);
});

test('a wake-up is not passed on by who looks, in vain or not', async () => {
  const { stage, queue } = asleep();
  const answers = [NOT_YET, 'a record'];
  const waiting = queue.add(() => answers.shift());
  stage.wake();
  await turn();
  stage.wake();
  assert.equal(await waiting, 'a record');
  await turn();
  assert.equal(stage.passed, 0);
});
