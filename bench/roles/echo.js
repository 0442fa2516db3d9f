/** Sends back what comes. */

import { listen, parentPort } from '../post.js';
import { channel, SluiceError, struct } from '../sdk.js';

export const number = struct({ n: 'u32' });

/**
 * @param {import('sluice').Space} space
 * @param {string} name
 */
export const openPair = (space, name) => ({
  there: channel(space, `${name} there`, { kind: 'spsc', codec: number }),
  back: channel(space, `${name} back`, { kind: 'spsc', codec: number }),
});

/** @param {unknown} error */
function unlessClosed(error) {
  if (!(error instanceof SluiceError && error.code === 'closed')) throw error;
}

export const echoes = {
  echoPlain() {
    const port = parentPort();
    listen(port, (data) => {
      if (typeof data?.n === 'number') port.postMessage(data);
    });
  },

  /** Ready to answer when it answers, and blocks from then on. @param {import('sluice').Space} space @param {string} name */
  echoBlocking(space, name) {
    const { there, back } = openPair(space, name);
    const [receiver, sender] = [there.receiver(), back.sender()];
    setTimeout(() => {
      try {
        for (;;) sender.sendSync(receiver.receiveSync());
      } catch (error) {
        unlessClosed(error);
      }
    });
  },

  /** @param {import('sluice').Space} space @param {string} name */
  echoOnLoop(space, name) {
    const { there, back } = openPair(space, name);
    const [receiver, sender] = [there.receiver(), back.sender()];
    const serve = async () => {
      for (;;) await sender.send(await receiver.receive());
    };
    serve().catch(unlessClosed);
  },
};
