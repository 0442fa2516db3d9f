/** The other end of what SharedMemoryMetrics measures: answers both ways, by message and in the state. */

import { listen, parentPort } from './port.js';
import { SharedMemoryState } from './state.js';
import { answerTo, BACK, THERE } from './trip.js';

const port = parentPort();
listen(port, (data) => {
  if (data?.trip) port.postMessage({ trip: answerTo(data.trip) });
});

const state = await SharedMemoryState.attach();
for await (const bytes of state.watch(THERE)) {
  if (bytes) await state.write(BACK, answerTo(bytes));
}
