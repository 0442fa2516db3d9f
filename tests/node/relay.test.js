// The creator's side of channels over messages, where the order of what arrives is the test's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRelay } from '../../loader/messages/relay.js';

/** One frame without a payload, as a ring has it. */
const frame = () => new Int32Array([8, 0]).buffer;

/** @param {import('node:test').TestContext} t @param {'spsc' | 'mpsc' | 'mpmc'} kind */
function open(t, kind) {
  const { service, stats } = makeRelay();
  const shape = { name: 'c', kind, capacity: 4096, codec: 'text' };
  /** @param {string} id */
  const thread = (id) => {
    /** @type {any[]} */
    const heard = [];
    const session = service.open({ id, post: (message) => heard.push(message) });
    t.after(() => session.end('closed')); // it would wait for what this one has to acknowledge
    return { heard, session };
  };
  /** @param {ReturnType<typeof thread>} thread @param {'sender' | 'receiver'} end */
  const enter = ({ session }, end) => session.receive({ op: 'open', id: 1, end, shape });
  return { thread, enter, stats: () => stats('c') };
}

for (const kind of /** @type {const} */ (['mpsc', 'mpmc']))
  test(`${kind}: what was on its way when the last receiver died is there for the next`, (t) => {
    const { thread, enter, stats } = open(t, kind);
    const [sender, first, next] = ['sender', 'first', 'next'].map(thread);
    enter(sender, 'sender');
    enter(first, 'receiver');
    first.session.end('peer-lost');
    sender.session.receive({ op: 'data', id: 1, bytes: frame(), records: 1, blocks: [] });
    assert.ok(sender.heard.some(({ op }) => op === 'got'));
    enter(next, 'receiver');
    next.session.receive({ op: 'want', id: 1, records: 4, waiting: true });
    assert.equal(next.heard.find(({ op }) => op === 'data')?.records, 1);
    assert.equal(stats()?.sent, 1);
  });

test('what was on its way when the receiver closed is nobody’s', (t) => {
  const { thread, enter, stats } = open(t, 'mpsc');
  const [sender, receiver] = ['sender', 'receiver'].map(thread);
  enter(sender, 'sender');
  enter(receiver, 'receiver');
  receiver.session.receive({ op: 'end', id: 1, parts: [] });
  sender.session.receive({ op: 'data', id: 1, bytes: frame(), records: 1, blocks: [] });
  assert.equal(stats()?.used, 0);
});
