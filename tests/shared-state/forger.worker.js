// The other end of a measurement that answers without having looked at what it got.
import { listen, parentPort } from '../../examples/shared-state/port.js';
import { SharedMemoryState } from '../../examples/shared-state/state.js';

const port = parentPort();
listen(port, (data) => {
  if (data?.trip) port.postMessage({ trip: new Uint8Array(data.trip.length) });
});
await SharedMemoryState.attach();
