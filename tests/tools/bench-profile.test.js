// What `make bench-profile` prints: each thread of a figure, and where its time went.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileInNode } from '../../bench/profile/in-node.js';
import { selfTimes } from '../../bench/profile/self-times.js';

test('a figure in Node gives a profile of the main thread and of its workers', async () => {
  process.env.QUICK = '1';
  const profiles = await profileInNode('records');
  const threads = profiles.map(({ thread }) => thread.split('/').at(-1));
  assert.deepEqual(threads, ['main', 'worker.js', 'worker.js']);
  for (const { profile } of profiles) assert.ok(selfTimes(profile).functions.length > 0);
});

test("a function's own time is that of its samples, without what was idle", () => {
  const frame = (/** @type {string} */ functionName) => ({
    functionName,
    url: functionName.startsWith('(') ? '' : 'file:///a/b/c.js',
    lineNumber: 8,
  });
  const nodes = ['(root)', '(idle)', 'read', 'write', 'read'].map((name, i) => ({
    id: i + 1,
    callFrame: frame(name),
  }));
  const samples = [1, 2, 3, 4, 5, 2];
  const timeDeltas = [0, 500, 100, 300, 600, 500];
  assert.deepEqual(selfTimes({ nodes, samples, timeDeltas }), {
    ms: 2,
    idle: 0.5,
    functions: [
      { name: 'read', where: 'b/c.js:9', part: 0.7 },
      { name: 'write', where: 'b/c.js:9', part: 0.3 },
      { name: '(root)', where: '', part: 0 },
    ],
  });
});
