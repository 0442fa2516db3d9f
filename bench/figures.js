/** All figures, by name: each gives its lines. */

import { echo } from './figures/echo.js';
import { idle } from './figures/idle.js';
import { messages } from './figures/messages.js';
import { parallel } from './figures/parallel.js';
import { pool } from './figures/pool.js';
import { records } from './figures/records.js';

/** @type {Record<string, (env: import('./team.js').Env) => Promise<import('./line.js').Line[]>>} */
export const figures = { echo, records, pool, parallel, messages, idle };
