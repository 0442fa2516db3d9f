/** Sluice: a channel of one to one each way. Sleeping by receive() and the blocking forms, spinning by tryReceive(). */

import { isFields, makeCheck, makePayload, writeInto } from '../payload.js';
import { bytes, channel, SluiceError, struct } from '../sdk.js';

const CAPACITY = 512 * 1024;
const number = struct({ n: 'u32' });

/** Large records need their ring to hold several of them. @param {number} size */
const capacityFor = (size) => Math.max(CAPACITY, 2 ** Math.ceil(Math.log2(8 * (size + 8))));

/** @param {any} space @param {{label: string}} end @param {number} size */
const stream = (space, { label }, size) =>
  channel(space, `${label} of ${size}`, {
    kind: 'spsc',
    capacity: capacityFor(size),
    codec: bytes,
  });

/** Where large records are copied anyway, they go as blocks. @param {any} space @param {{label: string}} end @param {number} size */
const records = (space, { label }, size) =>
  channel(space, `${label} of ${size}`, {
    kind: 'spsc',
    capacity: size < 8192 ? CAPACITY : undefined,
    codec: bytes,
  });

/** @param {any} space @param {{label: string}} end */
const pair = (space, { label }) => ({
  there: channel(space, `${label} there`, { kind: 'spsc', codec: number }),
  back: channel(space, `${label} back`, { kind: 'spsc', codec: number }),
});

/** @param {unknown} error */
function unlessClosed(error) {
  if (!(error instanceof SluiceError && error.code === 'closed')) throw error;
}

/** The memory that was seen last. */
function makeView() {
  /** @type {Uint8Array | undefined} */
  let seen;
  /** @type {DataView} */
  let view;
  return (/** @type {Uint8Array} */ memory) => {
    if (memory !== seen) {
      seen = memory;
      view = new DataView(memory.buffer);
    }
    return view;
  };
}

const mayBlock = () =>
  'WorkerGlobalScope' in globalThis ||
  ('process' in globalThis && !process.getBuiltinModule('node:worker_threads').isMainThread);

/** @type {Record<string, import('sluice').Sender<any>>} */
const senders = {};

/** Written in place, read in place. @type {import('./pipe.js').Pipe} */
export const onShared = {
  name: 'Sluice',
  blocking: true,
  space: 'shared',
  link: (_size, label) => [{ end: { label } }, { end: { label } }],

  sender(end, size, space) {
    const sender = stream(space, end, size).sender();
    const template = makePayload(size).bytes;
    const look = makeView();
    /** Writes from `next` on, while there is room. @param {number} next @param {number} count */
    function sendWhatFits(next, count) {
      for (let id = next; id < count; id++) {
        const claim = sender.claim(size);
        if (!claim) return id;
        const { memory, offset } = claim;
        const view = look(memory);
        if (!isFields(size)) memory.set(template, offset);
        writeInto(view, offset, size, id);
        claim.commit();
      }
      return count;
    }
    return (count) => {
      for (let next = 0; next < count; ) {
        next = sendWhatFits(next, count);
        // Not for each record that fits: it would wake for every batch that is read.
        if (next < count) sender.readySync(Math.max(size, capacityFor(size) / 8));
      }
    };
  },

  receiver(end, size, space) {
    const receiver = stream(space, end, size).receiver();
    const look = makeView();
    return (count) => {
      const check = makeCheck(size, count);
      /** @param {Uint8Array} memory @param {number} offset @param {number} length */
      const read = (memory, offset, length) => {
        check.add(look(memory), offset, length);
      };
      while (!check.done() && receiver.readySync()) receiver.drain(read);
    };
  },

  client(end, wait, space) {
    const { there, back } = pair(space, end);
    const [sender, receiver] = [there.sender(), back.receiver()];
    senders[end.label] = sender;
    if (wait === 'spin') {
      return {
        sync(n) {
          sender.trySend({ n });
          for (;;) {
            const answer = receiver.tryReceive();
            if (answer) return answer.n;
          }
        },
      };
    }
    if (!mayBlock()) {
      return {
        async echo(n) {
          await sender.send({ n });
          return (await receiver.receive()).n;
        },
      };
    }
    return {
      sync(n) {
        sender.sendSync({ n });
        return receiver.receiveSync().n;
      },
    };
  },

  server(end, wait, space) {
    const { there, back } = pair(space, end);
    const [receiver, sender] = [there.receiver(), back.sender()];
    try {
      if (wait === 'sleep') for (;;) sender.sendSync(receiver.receiveSync());
      for (;;) {
        const asked = receiver.tryReceive();
        if (asked) sender.trySend(asked);
      }
    } catch (error) {
      unlessClosed(error);
    }
  },

  stop: (end) => senders[end.label]?.close(),
};

/** The same channels, with the calls that the message transport has. @type {import('./pipe.js').Pipe} */
export const onMessages = {
  name: 'Sluice on messages',
  space: 'message',
  link: onShared.link,

  sender(end, size, space) {
    const sender = records(space, end, size).sender();
    const payload = makePayload(size);
    /** The same one again and again: it is encoded before the next. @param {number} count */
    function* values(count) {
      for (let id = 0; id < count; id++) {
        payload.write(id);
        yield payload.bytes;
      }
    }
    return async (count) => {
      await sender.sendMany(values(count));
    };
  },

  receiver(end, size, space) {
    const receiver = records(space, end, size).receiver();
    const look = makeView();
    return async (count) => {
      const check = makeCheck(size, count);
      /** @param {Uint8Array} memory @param {number} offset @param {number} length */
      const read = (memory, offset, length) => {
        check.add(look(memory), offset, length);
      };
      while (!check.done() && (await receiver.ready())) receiver.drain(read);
    };
  },

  client(end, wait, space) {
    if (wait === 'spin') return 'a record comes by the event loop: nobody can spin for it';
    const { there, back } = pair(space, end);
    const [sender, receiver] = [there.sender(), back.receiver()];
    senders[end.label] = sender;
    return {
      async echo(n) {
        // Not send(), which waits until the creator has it: the answer says so.
        sender.trySend({ n });
        return (await receiver.receive()).n;
      },
    };
  },

  server(end, _wait, space) {
    const { there, back } = pair(space, end);
    const [receiver, sender] = [there.receiver(), back.sender()];
    const serve = async () => {
      for (;;) sender.trySend(await receiver.receive());
    };
    serve().catch(unlessClosed);
  },

  stop: onShared.stop,
};
