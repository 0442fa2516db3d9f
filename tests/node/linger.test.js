/** Looking before sleeping (loader/linger.js). */

import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { makeLinger } from '../../loader/linger.js';

/** Milliseconds: a clock that waits for nobody. */
let now = 0;
beforeEach(() => {
  now = 0;
  mock.method(performance, 'now', () => now);
});

/** How often it looks when there is nothing. @param {import('../../loader/linger.js').Linger} linger */
function looksInVain(linger) {
  let looks = 0;
  assert.equal(
    linger.until(() => {
      looks++;
      return 0;
    }),
    false,
  );
  return looks;
}

test('in vain it looks less and less, and now and then for long', () => {
  const linger = makeLinger();
  const counts = Array.from({ length: 64 }, () => looksInVain(linger));
  const least = Math.min(...counts);
  assert.ok(counts[0] > least);
  assert.deepEqual(
    counts.flatMap((count, index) => (count > counts[0] ? index : [])),
    [31, 63],
  );
  assert.equal(counts.filter((count) => count === least).length, 61);
});

/** @param {import('../../loader/linger.js').Linger} linger @param {number} after so many looks there is something */
function find(linger, after) {
  let looks = 0;
  return linger.until(() => (looks++ < after ? 0 : 1));
}

test('what is found soon makes it look longer the next time', () => {
  const linger = makeLinger();
  looksInVain(linger);
  const few = looksInVain(linger);
  for (let i = 0; i < 10; i++) assert.equal(find(linger, few - 1), true);
  assert.ok(looksInVain(linger) > 8 * few);
});

test('what is found in the end of a long look makes the next one longer', () => {
  const linger = makeLinger();
  let most = 0;
  for (let i = 0; i < 31; i++) most = looksInVain(linger);
  assert.equal(find(linger, 100 * most), true);
  assert.ok(looksInVain(linger) > 8 * most);
});

test('a long look ends by the clock', () => {
  const linger = makeLinger();
  for (let i = 0; i < 31; i++) looksInVain(linger);
  let looks = 0;
  const look = () => {
    looks++;
    now += 0.01; // for ten microseconds
    return 0;
  };
  assert.equal(linger.until(look), false);
  assert.ok(looks < 2048);
});

test('an event loop that always finds something has its turns nevertheless', async () => {
  const linger = makeLinger();
  let turns = 0;
  setImmediate(() => turns++);
  let found = linger.until(() => 1);
  while (found === true && now < 100) {
    now++;
    found = linger.until(() => 1);
  }
  assert.equal(typeof found, 'object', 'so many milliseconds without a turn');
  await found;
  assert.equal(turns, 1);
  assert.equal(
    linger.until(() => 1),
    true,
  );
});
