// A space in which nothing happens takes nothing: no timers in its creator's thread, and no processor
// in any. The second is one of not happening, so there is no condition to wait for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeEnv } from '../../bench/env-node.js';
import { idle } from '../../bench/figures/idle.js';

test('an idle space with workers that wait starts no timers and takes no processor', async () => {
  const lines = await idle(nodeEnv);
  assert.deepEqual(
    lines.map(({ name, met }) => [name, met]),
    [
      ['idle.timers', true],
      ['idle.cpu', true],
    ],
    JSON.stringify(lines),
  );
});
