/** What is called for each record is an object that V8 keeps its properties fast in, getters or not. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const SCRIPT = `
  const { create, channel, cell, store, pool, struct, alloc } = await import('sluice');
  const space = await create(process.argv[1] === 'message' ? { transport: 'message' } : {});
  const made = channel(space, 'c', { codec: struct({ n: 'u32' }) });
  const objects = {
    sender: made.sender(), receiver: made.receiver(),
    another: channel(space, 'd').sender(),
    cell: cell(space, 'cell', struct({ n: 'u32' }), { n: 1 }), store: store(space, 'store'),
    block: alloc(space, 8),
    pool: pool(space, () => { throw new Error('nobody calls it'); }),
  };
  const slow = Object.keys(objects).filter((name) => !%HasFastProperties(objects[name]));
  console.log(JSON.stringify({ slow, lost: objects.receiver.lost, size: objects.store.size }));
  process.exit();
`;

for (const transport of ['shared', 'message']) {
  test(`no object that is called often is a dictionary: ${transport}`, () => {
    const run = spawnSync(
      process.execPath,
      ['--allow-natives-syntax', '--input-type=module', '-e', SCRIPT, transport],
      { encoding: 'utf8' },
    );
    assert.equal(run.stdout.trim(), '{"slow":[],"lost":0,"size":0}', run.stderr);
  });
}
