/** The creator's part of the message transport, which only a page that cannot share memory loads. */

import { PAGE } from '../layout.js';
import { makeEnds } from './ends.js';
import { makeHub } from './hub.js';
import { makeRelay } from './relay.js';
import { makeTurns } from './turns.js';
import { makeValues } from './values.js';

/** @param {import('../internals.js').Internals} internals */
export function leadByMessages(internals) {
  const relay = makeRelay();
  const values = makeValues(internals.handle.pages.maximum * PAGE);
  const hub = makeHub({ channel: relay.service, state: values, lock: makeTurns() });
  const { client } = hub;
  Object.assign(internals, { relay, hub, client, pumps: makeEnds(client) });
}
