// The creator's side of the links over messages, where the order of what arrives is the test's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeHub } from '../../loader/messages/hub.js';
import { makeTurns } from '../../loader/messages/turns.js';

const ACQUIRE = { name: 'm', kind: 'mutex', permits: 1, take: 1, object: 1, wait: true };

test('what a thread had posted, and comes when its death is known, gets it nothing', async () => {
  const hub = makeHub({ lock: makeTurns() });
  const { port1 } = new MessageChannel();
  hub.adopt('dead', port1);
  const deliver = /** @type {any} */ (port1.onmessage);
  hub.disconnect('dead');
  const body = { op: 'acquire', id: 1, ...ACQUIRE };
  deliver({ data: { op: 'request', id: 1, service: 'lock', body } });
  const mine = await hub.client.request('lock', { ...body, wait: false });
  assert.deepEqual(mine, { recovered: false });
});
