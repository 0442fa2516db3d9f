/**
 * The pool's side of its queue in shared memory (lane.js).
 *
 * It looks at NEWS after each call that is made, and when a worker says that there is something to see, and goes on
 * looking for as long as that pays: a worker that ends calls one after the other says so once. While it looks
 * nobody notifies it.
 *
 * @typedef {import('./task.js').Task} Task
 * @typedef {import('./crew.js').Member} Member
 * @typedef {NonNullable<ReturnType<typeof makeLanes>>} Lanes
 */

import { ringsWell, untilChanged } from '../loader/bell.js';
import { inside } from '../loader/internals.js';
import { makeLinger } from '../loader/linger.js';
import { fromPlain } from '../loader/plain-errors.js';
import { toPlain } from '../loader/to-plain.js';
import { value as codec } from '../loader/value.js';
import { follow } from './by-message.js';
import { makeCargo } from './cargo.js';
import * as lane from './lane.js';

/** So often whoever got the last result may call again before it waits to be told. */
const IDLE_LOOKS = 4;
/** Calls in the queue where those of a higher priority keep coming. */
const SHALLOW = 8;
/** So many results at once, and whoever got them may call again before a worker is woken. */
const MANY = 8;

/**
 * @param {import('../loader/space.js').Space} space
 * @param {boolean} blocking
 * @param {import('./by-message.js').On & {did(member: Member, now: number): void}} on
 */
export function makeLanes(space, blocking, on) {
  const internals = inside(space);
  const { thread } = internals;
  let at = 0;
  try {
    at = thread.alloc(lane.LANE_BYTES); // zeroed
  } catch {
    return undefined; // such a space is small: calls go by message
  }
  const serial = thread.exports.sluice_slab_serial(thread.self, at - thread.base);
  const { u8, i32 } = thread;
  const f64 = new Float64Array(u8.buffer);
  const [tailAt, newsAt, looks, asleep, orders, bells] = [
    lane.TAIL,
    lane.NEWS,
    lane.LOOKS,
    lane.ASLEEP,
    lane.ORDERS,
    lane.BELLS,
  ].map((place) => (at + place) >> 2);
  const linger = makeLinger();
  const cargo = makeCargo(thread, at);

  /** @type {(Task | undefined)[]} */
  const slots = new Array(lane.SLOTS).fill(undefined);
  let used = 0;
  let tail = 0;
  let ids = 0;
  /** No call that is still in the queue has a lower priority. */
  let lowest = Infinity;
  let depth = lane.SLOTS;
  /** A getter of an argument may call the pool: that call waits until this one has its slot. */
  let loading = false;
  /** Those whose result, or who themselves, go by message. @type {Set<Task>} */
  const followed = new Set();
  /** @type {(Member | undefined)[]} */
  const members = [];
  const { timeOrigin } = performance;
  const byBell = ringsWell();
  let looking = false;
  let freed = false;
  /** Looks since there was nothing to wait for. */
  let idle = 0;
  let woken = true;
  /** Of NEWS, and the first slot that is used. */
  let seen = 0;
  let first = 0;

  /** @param {number} slot */
  const placeOf = (slot) => lane.placeOf(at, slot);
  /** The index of its word. @param {number} slot */
  const wordAt = (slot) => (placeOf(slot) + lane.WORD) >> 2;
  /** @param {number} slot */
  const phaseOf = (slot) => Atomics.load(i32, wordAt(slot)) & lane.PHASE;

  /** There is room for it. @param {Task} task */
  function submit(task) {
    while (slots[tail & (lane.SLOTS - 1)]) tail = (tail + 1) | 0;
    const slot = tail & (lane.SLOTS - 1);
    const place = placeOf(slot);
    const word = place >> 2;
    loading = true;
    try {
      cargo.load(task, place);
    } finally {
      loading = false;
    }
    ids = (ids & 0x3fffffff) + 1;
    i32[word + lane.ID / 4] = -ids;
    i32[word + lane.CANCELLED / 4] = 0;
    task.slot = slot;
    task.position = tail;
    task.id = -ids;
    slots[slot] = task;
    if (used++ === 0) first = slot;
    if (task.priority < lowest) lowest = task.priority;
    i32[word + lane.WORD / 4] = lane.wordOf(tail, lane.QUEUED); // nobody looks at it before the tail
    tail = (tail + 1) | 0;
    Atomics.store(i32, tailAt, tail);
    if (woken) wake();
    if (!looking) {
      looking = true;
      idle = 0;
      Atomics.store(i32, looks, 0);
      SOON.then(lookOn);
    }
  }

  /** One of those that sleep. */
  function wake() {
    for (let half = 0; 32 * half < members.length; half++) {
      for (let mask = Atomics.load(i32, asleep + half); mask !== 0; ) {
        const bit = mask & -mask;
        mask &= ~bit;
        if ((Atomics.and(i32, asleep + half, ~bit) & bit) === 0) continue;
        const member = members[32 * half + 31 - Math.clz32(bit)];
        if (!member) continue;
        ring(member);
        return;
      }
    }
  }

  /** As many as there are calls for. */
  function wakeAll() {
    woken = true;
    if (Atomics.load(i32, asleep) === 0 && Atomics.load(i32, asleep + 1) === 0) return;
    for (const task of slots) if (task && phaseOf(task.slot) === lane.QUEUED) wake();
  }

  /** @param {Member} member */
  function ring(member) {
    if (blocking || byBell) rouse(member);
    else member.connection.post({ op: 'wake' });
  }

  /** From its sleep without an event loop. @param {Member} member */
  function rouse({ number }) {
    Atomics.add(i32, bells + number, 1);
    Atomics.notify(i32, bells + number);
  }

  /** @param {Task} task */
  function free(task) {
    const { slot } = task;
    slots[slot] = undefined;
    task.slot = -1;
    cargo.drop(task);
    if (--used === 0) lowest = Infinity;
    i32[wordAt(slot)] = lane.FREE; // nobody looks at that
  }

  /** Is there something to see? */
  const news = () => Atomics.load(i32, newsAt) ^ seen;

  /** What the slots have to say. @param {number} most so many of them have something */
  function scan(most) {
    let found = 0;
    /** @type {Task[]} */
    const returned = [];
    for (let i = 0, slot = first; found < most && i < lane.SLOTS; i++, slot = following(slot)) {
      const task = slots[slot];
      if (!task) continue;
      const word = Atomics.load(i32, wordAt(slot));
      const phase = word & lane.PHASE;
      if (phase === lane.DONE) finish(task, slot, members[lane.takerOf(word)]);
      else if (phase === lane.RETURNED) {
        free(task);
        returned.push(task);
      } else continue;
      found++;
    }
    while (used > 0 && !slots[first]) first = following(first);
    if (returned.length > 0) on.again(inOrder(returned));
    if (found > 0) on.dispatch();
    return found;
  }

  /** @param {Task} task @param {number} slot @param {Member | undefined} member */
  function finish(task, slot, member) {
    const place = placeOf(slot);
    const what = i32[(place + lane.WHAT) >> 2];
    const bytes = i32[(place + lane.BYTES) >> 2];
    const began = f64[(place + lane.BEGAN) >> 3];
    const ran = f64[(place + lane.RAN) >> 3];
    on.ran(began - timeOrigin - task.queuedAt, ran);
    if (member) on.did(member, began + ran);
    if (what === lane.BY_MESSAGE) {
      // It ends with its message, which may have come before; or nobody waits for it.
      if (!task.standIn) {
        if (task.left) on.end(task);
        else if (member) expect(task, member);
      }
      free(task);
      return;
    }
    let value;
    let failed = what !== lane.VALUE;
    if (bytes !== 0 && !task.over) {
      try {
        value = codec.decode(u8, place + lane.DATA, Math.min(bytes, lane.ROOM));
        if (failed) value = fromPlain(/** @type {any} */ (value));
      } catch (error) {
        failed = true;
        value = error;
      }
    }
    free(task);
    if (failed) on.reject(task, value);
    else on.resolve(task, value);
    on.end(task);
  }

  function look() {
    if (looking || freed) return;
    looking = true;
    linger.turned();
    lookOn();
  }

  function lookOn() {
    if (internals.closed || freed) {
      looking = false;
      return;
    }
    if (!woken) wakeAll();
    if (used > 0) idle = 0;
    else if (idle++ < IDLE_LOOKS) {
      SOON.then(lookOn);
      return;
    }
    const there = used > 0 && linger.until(news);
    if (!there) wait();
    else if (there === true) {
      const now = Atomics.load(i32, newsAt);
      // What is told its result goes on before the next look, and may call again.
      woken = scan((now - seen) | 0) < MANY;
      seen = now;
      SOON.then(lookOn);
    } else there.then(lookOn);
  }

  /** To be told. */
  function wait() {
    looking = false;
    // A worker may say late what was seen already: nothing else is news where no slot is used.
    if (used === 0) seen = Atomics.load(i32, newsAt);
    Atomics.store(i32, looks, 1);
    if (news()) {
      Atomics.store(i32, looks, 0);
      looking = true;
      SOON.then(lookOn);
    } else if (byBell) untilChanged(thread, 4 * looks, 1).then(look);
  }

  /** A call that ran has a result that goes by message. @param {Task} task @param {Member} member */
  function expect(task, member) {
    if (followed.has(task)) return;
    start(task, member, (options) => member.connection.expect(task.id, task.name, options));
  }

  /**
   * @param {Task} task
   * @param {Member} member
   * @param {(options: import('./caller.js').InnerOptions) => Promise<unknown>} call
   */
  function start(task, member, call) {
    followed.add(task);
    follow(task, member, call, on, (sent) => {
      if (!sent) member.connection.post({ op: 'skip' });
      if (followed.delete(task)) on.end(task);
    });
  }

  /** The turn of a call that goes by message has come. @param {Member} member @param {Task} task */
  function send(member, task) {
    if (task.over) {
      member.connection.post({ op: 'skip' });
      on.end(task);
    } else {
      start(task, member, (options) => member.connection.call(task.name, task.args, options));
    }
  }

  /** Who has taken it. @param {Task} task */
  const takerOf = ({ slot }) => members[lane.takerOf(Atomics.load(i32, wordAt(slot)))];

  wait();

  const lanes = {
    hasRoom: () => used < depth && !loading,
    lowest: () => lowest,
    submit,

    /** No more wait for it than it takes. */
    deepen() {
      depth = lane.SLOTS;
    },

    /** How many wait in it, and how many workers run one. */
    figures() {
      let queued = 0;
      let busy = 0;
      for (const task of slots) {
        if (!task || task.left) continue;
        const phase = phaseOf(task.slot);
        if (phase === lane.QUEUED || phase === lane.RETURNED) queued++;
        else if (phase !== lane.DONE) busy++;
      }
      return { queued, busy };
    },

    /** Those in it, and those on their way by message. @returns {Set<Task>} */
    tasks() {
      const all = new Set(followed);
      for (const task of slots) if (task) all.add(task);
      return all;
    },

    /** Takes it back. @param {Task} task @returns {boolean} false: it has been taken */
    withdraw(task) {
      if (task.slot < 0) return false;
      const word = Atomics.load(i32, wordAt(task.slot));
      if ((word & lane.PHASE) !== lane.QUEUED) return false;
      if (Atomics.compareExchange(i32, wordAt(task.slot), word, lane.FREE) !== word) return false;
      free(task);
      return true;
    },

    /** Takes back what has a lower priority, and takes fewer as long as calls wait. @param {number} priority @returns {Task[]} in their order */
    yieldTo(priority) {
      const back = [];
      let left = Infinity;
      for (const task of slots) {
        if (!task) continue;
        if (task.priority < priority && lanes.withdraw(task)) back.push(task);
        else left = Math.min(left, task.priority);
      }
      lowest = left;
      depth = Math.min(depth, SHALLOW);
      return inOrder(back);
    },

    /** Tells who runs it that nobody waits for it any more. @param {Task} task @param {unknown} reason */
    cancel(task, reason) {
      if (followed.has(task)) task.rare?.abort?.abort(reason);
      if (task.slot < 0) return;
      Atomics.store(i32, (placeOf(task.slot) + lane.CANCELLED) >> 2, 1);
      const { id } = task;
      takerOf(task)?.connection.post({ op: 'cancel', id, reason: toPlain(reason) });
    },

    /**
     * Who runs it, where it is to be ended: it will not start anything else.
     *
     * @param {Task} task
     * @returns {Member | undefined} nobody where the call has just ended
     */
    stop(task) {
      const { slot } = task;
      const member = slot < 0 ? undefined : takerOf(task);
      if (!member) return undefined;
      Atomics.store(i32, orders + member.number, lane.DISMISSED);
      const phase = phaseOf(slot);
      if (phase === lane.STARTED || phase === lane.MOVED) return member;
      allow(member);
      return undefined;
    },

    /** It runs something, or may be about to. @param {Member} member */
    isBusy({ number }) {
      for (const task of slots) {
        if (!task) continue;
        const word = Atomics.load(i32, wordAt(task.slot));
        const phase = word & lane.PHASE;
        if (phase === lane.QUEUED || phase === lane.RETURNED) return true;
        if (phase !== lane.DONE && lane.takerOf(word) === number) return true;
      }
      return false;
    },

    /** It begins nothing any more. @param {Member} member @returns {boolean} false: it has just begun */
    retire(member) {
      Atomics.store(i32, orders + member.number, lane.DISMISSED);
      if (lanes.isBusy(member)) {
        allow(member);
        return false;
      }
      rouse(member); // one that sleeps without its event loop would not hear of its end
      return true;
    },

    /** @param {Member} member */
    enlist(member) {
      member.number = 0;
      while (members[member.number]) member.number++;
      const { number } = member;
      members[number] = member;
      Atomics.store(i32, orders + number, lane.MAY);
      member.connection.post({ op: 'queue', place: { at, serial, number, blocking } });
    },

    /**
     * It is dead.
     *
     * @param {Member} member
     * @returns {{died: Task[], again: Task[]}} what died with it, and what it had not started
     */
    bury(member) {
      if (freed) return { died: [], again: [] };
      scan(lane.SLOTS);
      const { number } = member;
      const died = [...followed].filter((task) => task.rare?.member === member);
      const again = [];
      for (let slot = 0; slot < lane.SLOTS; slot++) {
        const task = slots[slot];
        const word = Atomics.load(i32, wordAt(slot));
        const phase = word & lane.PHASE;
        if (!task || phase <= lane.QUEUED || lane.takerOf(word) !== number) continue;
        const unsent = task.standIn && !followed.has(task);
        if (phase === lane.TAKEN || unsent) again.push(task);
        else if (!followed.has(task)) died.push(task);
        free(task);
      }
      for (const task of died) followed.delete(task);
      Atomics.and(i32, asleep + (number >> 5), ~(1 << (number & 31)));
      members[number] = undefined;
      // It may have been the one that was woken for what is still there.
      wakeAll();
      // And its word that there is something to see may have died with it.
      look();
      return { died, again: inOrder(again) };
    },

    /** @param {Member} member @param {import('./protocol.js').Message} message */
    message(member, message) {
      if (message.op === 'look') look();
      else if ('id' in message && message.id < 0) {
        const task = slots.find((one) => one?.id === message.id);
        if (!task) return;
        if (message.op === 'want') send(member, task);
        else expect(task, member);
      }
    },

    /** Those that sleep without an event loop get one: to be ended. */
    rouse() {
      for (const member of members) {
        if (!member) continue;
        Atomics.store(i32, orders + member.number, lane.DISMISSED);
        rouse(member);
      }
    },

    /** Nobody uses it any more. */
    free() {
      if (freed) return;
      freed = true;
      Atomics.notify(i32, looks);
      if (!internals.closed) {
        for (const task of slots) if (task) cargo.drop(task);
        thread.free(at);
      }
      slots.fill(undefined);
      used = 0;
    },
  };

  /** It may take calls again. @param {Member} member */
  function allow(member) {
    Atomics.store(i32, orders + member.number, lane.MAY);
    rouse(member);
    member.connection.post({ op: 'wake' });
  }

  return lanes;
}

/** In which they came to the queue. @param {Task[]} tasks */
const inOrder = (tasks) => tasks.sort((one, other) => (one.position - other.position) | 0);

const SOON = /* @__PURE__ */ Promise.resolve();

/** @param {number} slot */
const following = (slot) => (slot + 1) & (lane.SLOTS - 1);
