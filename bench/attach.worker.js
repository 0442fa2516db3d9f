/** A worker that attaches to its spawner's space. */

import { attach } from './sdk.js';

await attach();
