// Who is told of a dead owner over messages, where the order of what arrives is the test's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTurns } from '../../loader/messages/turns.js';

const MUTEX = { op: 'acquire', name: 'm', kind: 'mutex', permits: 1, take: 1, object: 1 };

/** @param {import('../../loader/messages/hub.js').Service} turns @param {string} id */
const thread = (turns, id) => turns.open({ id, post() {} });

test('who gives up a lock that was just given has not heard of the death: the next one does', async () => {
  const turns = makeTurns();
  const [dying, hasty, next] = ['dying', 'hasty', 'next'].map((id) => thread(turns, id));
  await dying.receive({ ...MUTEX, id: 1, wait: true });
  const given = hasty.receive({ ...MUTEX, id: 2, wait: true });
  const waiting = next.receive({ ...MUTEX, id: 3, wait: true });
  dying.end('peer-lost');
  assert.deepEqual(await given, { recovered: true });
  hasty.receive({ op: 'cancel', id: 2 });
  assert.deepEqual(await waiting, { recovered: true });
  next.receive({ op: 'release', id: 3 });
  assert.deepEqual(await hasty.receive({ ...MUTEX, id: 4, wait: false }), { recovered: false });
});
