/** A worker of the page: it counts in the state, under the name that it is given, and reads what the page wrote. */

import { listen, parentPort } from './port.js';
import { SharedMemoryState } from './state.js';

/** Between two pauses, in which a worker hears of what others do. */
const BURST = 50;
const PAUSE_MS = 20;

/** @param {SharedMemoryState} state */
async function untilGoing(state) {
  for await (const paused of state.watch('paused')) if (!paused) return;
}

/** @param {SharedMemoryState} state @param {string} name */
async function countFor(state, name) {
  // Where the last worker of that name has been terminated: nothing of it is lost.
  let count = state.read(name)?.count ?? 0;
  for (;;) {
    await untilGoing(state);
    const heard = state.read('word');
    const until = performance.now() + PAUSE_MS;
    for (let n = 0; n < BURST && performance.now() < until; n++) {
      count++;
      await state.write(name, { count, heard, negative: -count });
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

const attached = SharedMemoryState.attach();
listen(parentPort(), async ({ name }) => {
  if (name) await countFor(await attached, name);
});
await attached;
