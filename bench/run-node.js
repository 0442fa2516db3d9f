/** One figure in Node, in a process of its own, which bench.js starts: its lines go to the parent. */

import { nodeEnv } from './env-node.js';
import { figures } from './figures.js';

process.send?.(await figures[process.argv[2]](nodeEnv));
