/** A worker of the figure "pool". */

import { serveNoop } from './roles/pool.js';

serveNoop();
