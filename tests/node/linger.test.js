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

test('what is found soon makes it look longer the next time, and what comes late does not', () => {
  const linger = makeLinger();
  /** @param {number} after so many looks */
  const find = (after) => {
    let looks = 0;
    return linger.until(() => (looks++ < after ? 0 : 1));
  };
  looksInVain(linger);
  const few = looksInVain(linger);
  for (let i = 0; i < 10; i++) assert.equal(find(few - 1), true);
  assert.ok(looksInVain(linger) > 8 * few);

  const other = makeLinger();
  while (looksInVain(other) <= 1024); // the next 31 are short
  assert.equal(find(1), true);
  assert.equal(looksInVain(other), few);
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
