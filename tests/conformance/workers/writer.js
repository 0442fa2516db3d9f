// A spawned worker that writes numbered records for as long as it lives, without a turn of its event
// loop: terminate() alone does not stop it at once.
import { attach, channel, struct } from '../sdk.js';

const space = await attach();
const record = struct({ number: 'u32', check: 'u32', fill: 'f64' });
const sender = channel(space, 'c', { kind: 'mpmc', capacity: 4096, codec: record }).sender();
const second = channel(space, 'd', { kind: 'spsc', capacity: 4096, codec: record }).sender();
for (let number = 0; ; ) {
  const check = Math.imul(number, 2654435761) >>> 0;
  const value = { number, check, fill: number };
  if (sender.trySend(value)) {
    while (!second.trySend(value));
    number++;
  }
}
