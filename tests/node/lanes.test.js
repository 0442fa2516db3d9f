// A pool's queue, step by step: its two sides in one thread, with workers that are stopped between any
// two steps, as a termination may stop them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '../../loader/create.js';
import { inside } from '../../loader/internals.js';
import { value as codec } from '../../loader/value.js';
import * as lane from '../../worker/lane.js';
import { makeLanes } from '../../worker/lanes.js';
import { makeTaker } from '../../worker/taker.js';
import { Task } from '../../worker/task.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** @param {() => unknown} condition */
async function until(condition) {
  while (!condition()) await turn();
}

const wasm = new URL('../../dist/core.wasm', import.meta.url);

/** @typedef {{op: string, id: number, place: import('../../worker/taker.js').Place}} Message */

async function setUp() {
  const space = await create({ wasm });
  /** @type {Task[]} */
  const ended = [];
  /** @type {[Task, unknown][]} */
  const results = [];
  /** @type {Task[][]} */
  const again = [];
  const lanes = makeLanes(space, false, {
    resolve: (task, value) => results.push([task, value]),
    reject: (task, reason) => results.push([task, reason]),
    end: (task) => ended.push(task),
    giveUp() {},
    ran() {},
    again: (tasks) => again.push(tasks),
    dispatch() {},
    did() {},
  });
  assert.ok(lanes);

  /** A worker that only says what it is told. */
  function enlist() {
    /** @type {any[]} */
    const told = [];
    const connection = {
      post: (/** @type {any} */ message) => told.push(message),
      call: () => new Promise(() => {}),
      expect: () => new Promise(() => {}),
    };
    const member = /** @type {any} */ ({ connection, number: -1 });
    lanes?.enlist(member);
    return { member, told, place: /** @type {Message} */ (told[0]).place };
  }
  const { i32 } = inside(space).thread;

  /** @param {number} at */
  const memory = (at) => ({
    /** @param {Task} task */
    phase: (task) => i32[lane.placeOf(at, task.slot) >> 2] & lane.PHASE,
    /** As the worker of that number does. @param {Task} task @param {number} phase @param {number} number */
    step(task, phase, number) {
      i32[lane.placeOf(at, task.slot) >> 2] = lane.wordOf(task.position, phase, number);
      if (phase === lane.DONE || phase === lane.RETURNED) i32[(at + lane.NEWS) >> 2]++;
    },
    /** @param {number} number */
    order: (number) => i32[((at + lane.ORDERS) >> 2) + number],
  });

  /** @param {number} count @param {unknown[]} [args] */
  function submit(count, args) {
    return Array.from({ length: count }, (_, i) => {
      const task = new Task('f', args ?? [i]);
      lanes?.submit(task);
      return task;
    });
  }

  return { space, lanes, enlist, memory, submit, ended, results, again };
}

/** A real worker's side, in this thread. @param {import('../../loader/space.js').Space} space @param {import('../../worker/taker.js').Place} place @param {(name: string, args: any[]) => unknown} run */
function taker(space, place, run) {
  const made = makeTaker(space, place, () => {}, {
    served:
      (name) =>
      (/** @type {any[]} */ ...args) =>
        run(name, args),
    context: () => /** @type {any} */ ({}),
    plain: (error) => ({ thrown: String(error) }),
    isPlain: () => true,
    codec,
    move: async () => {},
  });
  assert.ok(made);
  return made;
}

test("the queue's parts stand one after the other", () => {
  assert.equal(lane.BELLS, lane.ORDERS + 4 * lane.TAKERS);
  assert.equal(lane.NAMES_AT, lane.BELLS + 4 * lane.TAKERS);
  assert.equal(lane.SLOTS_AT, lane.NAMES_AT + lane.NAMES * lane.NAME_BYTES);
  assert.equal(lane.LANE_BYTES, lane.SLOTS_AT + lane.SLOTS * lane.SLOT_BYTES);
  assert.equal(lane.ROOM, lane.SLOT_BYTES - lane.DATA);
});

test('a dead worker loses what it had started; what it had only taken is put back, in order', async () => {
  const { space, lanes, enlist, memory, submit } = await setUp();
  const [first, second] = [enlist(), enlist()];
  const { step } = memory(first.place.at);
  const tasks = submit(6);
  const [taken, started, others, moved, queued] = tasks;
  const standIn = submit(1, [() => 1])[0];
  assert.ok(standIn.standIn && !queued.standIn);
  step(standIn, lane.MOVED, first.place.number); // asked for, and not sent yet
  step(moved, lane.MOVED, first.place.number);
  step(taken, lane.TAKEN, first.place.number);
  step(started, lane.STARTED, first.place.number);
  step(others, lane.STARTED, second.place.number);
  const { died, again } = lanes.bury(first.member);
  assert.deepEqual(died, [started, moved]);
  assert.deepEqual(again, [taken, standIn]);
  assert.deepEqual(lanes.figures(), { queued: 2, busy: 1 });
  assert.deepEqual(lanes.bury(first.member), { died: [], again: [] });
  await space.close();
});

test('arguments too large for a slot lie in a block, until nobody reads them', async () => {
  const { space, lanes, enlist, memory, submit, results } = await setUp();
  const { place, member } = enlist();
  const large = 'x'.repeat(5000);
  const { used } = space.stats();
  const held = () => space.stats().used - used;

  const [withdrawn, died, ran] = submit(3, [large]);
  assert.ok(!ran.standIn && ran.block !== 0);
  assert.ok(held() >= 3 * 5000, `${held()} bytes`);
  assert.ok(lanes.withdraw(withdrawn));
  memory(place.at).step(died, lane.STARTED, place.number);
  assert.deepEqual(lanes.bury(member).died, [died]);
  const { place: next } = enlist();
  assert.equal(next.at, place.at);
  /** @type {any[]} */
  const seen = [];
  taker(space, next, (_name, args) => seen.push(...args)).wake();
  lanes.message(member, { op: 'look' });
  await until(() => results.length > 0);
  assert.deepEqual(seen, [large]);
  assert.deepEqual(
    results.map(([task]) => task.position),
    [ran.position],
  );
  assert.equal(held(), 0);
  await space.close();
});

test('arguments have an eighth of the space, and what is beyond goes by message', async () => {
  const { space, lanes, submit } = await setUp();
  const { used } = space.stats();
  const tasks = submit(60, ['x'.repeat(20_000)]);
  const held = tasks.filter(({ standIn }) => !standIn).length;
  assert.ok(held > 20 && held < 30, `${held} tasks have a block`);
  for (const task of tasks) assert.ok(lanes.withdraw(task));
  assert.equal(space.stats().used, used);
  const again = submit(1, ['x'.repeat(20_000)])[0];
  assert.ok(!again.standIn);
  lanes.free();
  await space.close();
});

test('a call that its worker gave back is put back', async () => {
  const { space, lanes, enlist, memory, submit, again, ended } = await setUp();
  const { place, member } = enlist();
  const tasks = submit(3);
  const { step } = memory(place.at);
  step(tasks[1], lane.RETURNED, place.number);
  step(tasks[0], lane.RETURNED, place.number);
  lanes.message(member, { op: 'look' });
  await until(() => again.length > 0);
  assert.deepEqual(again, [[tasks[0], tasks[1]]]);
  assert.deepEqual(ended, []);
  await space.close();
});

test('a result that was written is delivered, though its worker died', async () => {
  const { space, lanes, enlist, memory, submit, results } = await setUp();
  const { place, member } = enlist();
  const [task] = submit(1);
  const at = lane.placeOf(place.at, task.slot);
  const { i32, u8 } = inside(space).thread;
  i32[(at + lane.WHAT) >> 2] = lane.VALUE;
  i32[(at + lane.BYTES) >> 2] = codec.size('there');
  codec.encode('there', u8, at + lane.DATA);
  memory(place.at).step(task, lane.DONE, place.number);
  i32[(place.at + lane.NEWS) >> 2]--; // it had not said so yet
  assert.deepEqual(lanes.bury(member), { died: [], again: [] });
  assert.deepEqual(results, [[task, 'there']]);
  await space.close();
});

test('who has called looks for the result itself: its worker notifies nobody', async () => {
  const { space, enlist, submit, results } = await setUp();
  const { place } = enlist();
  const looks = (place.at + lane.LOOKS) >> 2;
  const worker = taker(space, place, (_name, [n]) => n);
  const { notify } = Atomics;
  /** @type {number[]} */
  const notified = [];
  Atomics.notify = (/** @type {any} */ ...what) => {
    notified.push(what[1]);
    return /** @type {any} */ (notify)(...what);
  };
  try {
    const tasks = submit(3);
    worker.wake();
    await until(() => results.length === 3);
    assert.deepEqual(
      results,
      tasks.map((task) => [task, task.args[0]]),
    );
    assert.ok(!notified.includes(looks));
  } finally {
    Atomics.notify = notify;
  }
  // And sleeps when there is nothing to wait for.
  await until(() => Atomics.load(inside(space).thread.i32, looks) === 1);
  await space.close();
});

test('when a worker died that had something to tell, the others are asked to tell again', async () => {
  const { space, lanes, enlist } = await setUp();
  const { place, member } = enlist();
  const { i32 } = inside(space).thread;
  const looks = (place.at + lane.LOOKS) >> 2;
  await turn();
  assert.equal(Atomics.exchange(i32, looks, 0), 1); // it was about to ring
  lanes.bury(member);
  for (let turns = 0; Atomics.load(i32, looks) === 0 && turns < 100; turns++) await turn();
  assert.equal(Atomics.load(i32, looks), 1);
  await space.close();
});

test('a worker that goes to sleep as another takes a call does not look beyond the tail', async () => {
  const { space, lanes, enlist, submit } = await setUp();
  const [one, other] = [enlist().place, enlist().place];
  /** @type {number[]} */
  const ran = [];
  const run = (/** @type {string} */ _name, /** @type {number[]} */ [n]) => ran.push(n);
  const sleeper = taker(space, one, run);
  const busy = taker(space, other, run);
  busy.wake();
  const { load, or } = Atomics;
  const ends = [lane.HEAD, lane.TAIL].map((place) => (one.at + place) >> 2);
  const asleep = (one.at + lane.ASLEEP) >> 2;
  let [armed, loads] = [false, 0];
  Atomics.or = /** @type {any} */ (
    (/** @type {Int32Array} */ words, /** @type {number} */ at, /** @type {number} */ bits) => {
      if (at === asleep && loads === 0) armed = true;
      return or(words, at, bits);
    }
  );
  Atomics.load = /** @type {any} */ (
    (/** @type {Int32Array} */ words, /** @type {number} */ at) => {
      const got = load(words, at);
      if (loads > 0 && ++loads > 10_000) throw new Error('it looks on and on');
      if (armed && ends.includes(at)) {
        armed = false;
        loads = 1;
        submit(1); // between its two looks
        busy.wake();
      }
      return got;
    }
  );
  try {
    sleeper.wake();
  } finally {
    Object.assign(Atomics, { load, or });
  }
  assert.ok(loads > 0);
  await until(() => ran.length === 1);
  assert.equal(lanes.figures().queued, 0);
  await space.close();
});

test('what lies in a slot may be anything: the call fails, and nothing else', async () => {
  const { space, lanes, enlist, memory, submit, results } = await setUp();
  const { place, member } = enlist();
  const [task] = submit(1);
  const at = lane.placeOf(place.at, task.slot);
  const { i32, u8 } = inside(space).thread;
  i32[(at + lane.WHAT) >> 2] = lane.VALUE;
  i32[(at + lane.BYTES) >> 2] = 2 ** 30;
  u8.fill(0xff, at + lane.DATA, at + lane.SLOT_BYTES);
  memory(place.at).step(task, lane.DONE, place.number);
  lanes.message(member, { op: 'look' });
  await until(() => results.length > 0);
  assert.equal(/** @type {any} */ (results[0][1]).code, 'poisoned');
  await space.close();
});

test('who is to be ended for a call is not ended for another', async () => {
  const { space, lanes, enlist, memory, submit } = await setUp();
  const { place, member, told } = enlist();
  const { step, order } = memory(place.at);
  const [task, next] = submit(2);
  step(task, lane.DONE, place.number);
  step(next, lane.STARTED, place.number);
  assert.equal(lanes.stop(task), undefined);
  assert.equal(order(place.number), lane.MAY);
  assert.equal(/** @type {any} */ (told.at(-1)).op, 'wake');
  assert.equal(lanes.stop(next), member);
  assert.equal(order(place.number), lane.DISMISSED);
  await space.close();
});

test('a worker retires only where it has nothing to do and nothing waits', async () => {
  const { space, lanes, enlist, memory, submit } = await setUp();
  const { place, member } = enlist();
  const { step, order } = memory(place.at);
  const [task] = submit(1);
  for (const phase of [lane.QUEUED, lane.TAKEN, lane.STARTED, lane.MOVED, lane.RETURNED]) {
    step(task, phase, phase === lane.QUEUED ? 0 : place.number);
    assert.equal(lanes.retire(member), false, `in phase ${phase}`);
    assert.equal(order(place.number), lane.MAY);
  }
  step(task, lane.DONE, place.number);
  assert.equal(lanes.retire(member), true);
  assert.equal(order(place.number), lane.DISMISSED);
  await space.close();
});

test('who may not begin anything takes nothing', async () => {
  const { space, lanes, enlist, submit, memory } = await setUp();
  const { place, member } = enlist();
  assert.equal(lanes.retire(member), true);
  /** @type {unknown[]} */
  const ran = [];
  const worker = taker(space, place, (_name, args) => ran.push(...args));
  const [task] = submit(1);
  worker.wake();
  assert.deepEqual(ran, []);
  assert.equal(memory(place.at).phase(task), lane.QUEUED);
  await space.close();
});

test('who learns that it may not begin anything when it has just taken a call gives it back', async () => {
  const { space, lanes, enlist, submit, memory, again } = await setUp();
  const { place, member } = enlist();
  /** @type {unknown[]} */
  const ran = [];
  const worker = taker(space, place, (_name, args) => ran.push(...args));
  const [task] = submit(1);
  const { compareExchange } = Atomics;
  let retired = true;
  // Between the step that takes it and the next.
  Atomics.compareExchange = (/** @type {any} */ ...step) => {
    const before = /** @type {any} */ (compareExchange)(...step);
    Atomics.compareExchange = compareExchange;
    const { i32 } = inside(space).thread;
    i32[((place.at + lane.ORDERS) >> 2) + place.number] = lane.DISMISSED;
    retired = lanes.isBusy(member) === false;
    return before;
  };
  worker.wake();
  assert.equal(retired, false, 'the pool sees that it has taken one');
  assert.deepEqual(ran, []);
  assert.equal(memory(place.at).phase(task), lane.RETURNED);
  lanes.message(member, { op: 'look' });
  await until(() => again.length > 0);
  assert.deepEqual(again, [[task]]);
  await space.close();
});

test('calls are taken in order, over slots that long ones hold and calls that were withdrawn', async () => {
  const { space, lanes, enlist, memory, submit, results } = await setUp();
  const { place, member } = enlist();
  const { place: other } = enlist();
  /** @type {unknown[]} */
  const ran = [];
  const worker = taker(space, place, (_name, [n]) => ran.push(n));
  const { step } = memory(place.at);
  const long = submit(10);
  for (const task of long) step(task, lane.STARTED, other.number);
  /** @type {number[]} */
  const expected = [];
  for (let round = 0; round < 50; round++) {
    const tasks = submit(lane.SLOTS - 10, [round]);
    assert.equal(lanes.hasRoom(), false);
    assert.ok(lanes.withdraw(tasks[3]) && lanes.withdraw(tasks[50]));
    submit(2, [round + 0.5]);
    expected.push(...tasks.slice(2).map(() => round), round + 0.5, round + 0.5);
    worker.wake();
    // It may give the event loop a turn.
    while (ran.length < expected.length) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(lanes.withdraw(tasks[5]), false);
    lanes.message(member, { op: 'look' });
    while (results.length < expected.length) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(ran, expected);
  assert.equal(results.length, expected.length);
  await space.close();
});

test('lower priorities are taken back in their order', async () => {
  const { space, lanes, enlist, submit, memory } = await setUp();
  const { place } = enlist();
  const long = submit(lane.SLOTS);
  const { step } = memory(place.at);
  for (const task of long) step(task, lane.STARTED, place.number);
  const worker = enlist();
  // Free slots here and there, so that places and positions differ.
  for (const slot of [40, 3, 17, 60]) step(long[slot], lane.DONE, place.number);
  lanes.message(worker.member, { op: 'look' });
  await until(() => lanes.hasRoom());
  const tasks = submit(4);
  assert.deepEqual(
    tasks.map(({ slot }) => slot),
    [3, 17, 40, 60],
  );
  step(long[1], lane.DONE, place.number);
  lanes.message(worker.member, { op: 'look' });
  while (!lanes.hasRoom()) await new Promise((resolve) => setImmediate(resolve));
  const [last] = submit(1);
  assert.equal(last.slot, 1);
  assert.deepEqual(lanes.yieldTo(1), [...tasks, last]);
  assert.equal(lanes.lowest(), 0);
  await space.close();
});

test('names that are many, long or no text go by message', async () => {
  const { space, lanes, enlist } = await setUp();
  enlist();
  /** @param {string} name */
  const isStandIn = (name) => {
    const task = new Task(name, []);
    lanes.submit(task);
    assert.ok(lanes.withdraw(task));
    return task.standIn;
  };
  assert.equal(isStandIn('é'.repeat(31)), false);
  assert.equal(isStandIn('é'.repeat(32)), true);
  assert.equal(isStandIn('\ud800'), true);
  assert.equal(isStandIn(''), false);
  for (let i = 2; i < lane.NAMES; i++) assert.equal(isStandIn(`f${i}`), false);
  assert.equal(isStandIn('one more'), true);
  assert.equal(isStandIn('f5'), false);
  await space.close();
});

test('news of what was seen already ends the look: the event loop gets its turns', async () => {
  const { space, lanes, enlist } = await setUp();
  const { member, place } = enlist();
  const { i32 } = inside(space).thread;
  const { store } = Atomics;
  let looks = 0;
  // A look for ever would keep this thread in its microtasks, where no deadline ends it.
  Atomics.store = /** @type {any} */ (
    (/** @type {Int32Array} */ words, /** @type {number} */ at, /** @type {number} */ value) => {
      if (++looks > 1000) throw new Error('it looks again and again');
      return store(words, at, value);
    }
  );
  try {
    Atomics.add(i32, (place.at + lane.NEWS) >> 2, 1);
    lanes.message(member, { op: 'look' });
    await turn();
  } finally {
    Atomics.store = store;
  }
  assert.ok(looks < 1000);
  await space.close();
});
