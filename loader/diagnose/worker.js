/** The worker that diagnose() starts, as a file: as a user's workers are started. */

import { probe } from './probe.js';

probe();
