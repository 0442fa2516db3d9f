// The other end of a measurement that hears and never answers.
import { attach } from 'sluice';
import { listen, parentPort } from '../../examples/shared-state/port.js';

listen(parentPort(), () => {});
await attach();
