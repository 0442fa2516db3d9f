/** All figures, by name: each gives its lines. */

import { calls } from './figures/calls.js';
import { clock } from './figures/clock.js';
import { disk } from './figures/disk.js';
import { echo } from './figures/echo.js';
import { fanOut } from './figures/fan-out.js';
import { firstCall } from './figures/first-call.js';
import { garbage } from './figures/garbage.js';
import { hash } from './figures/hash.js';
import { idle } from './figures/idle.js';
import { latency } from './figures/latency.js';
import { messages } from './figures/messages.js';
import { parallel } from './figures/parallel.js';
import { pool } from './figures/pool.js';
import { records } from './figures/records.js';
import { shipped } from './figures/shipped.js';
import { start } from './figures/start.js';
import { sync } from './figures/sync.js';
import { throughput } from './figures/throughput.js';
import { throughputC } from './figures/throughput-c.js';

/** @type {Record<string, (env: import('./team.js').Env) => Promise<import('./line.js').Line[]>>} */
export const figures = {
  clock,
  throughput,
  throughput_c: throughputC,
  latency,
  calls,
  sync,
  fan_out: fanOut,
  hash,
  first_call: firstCall,
  shipped,
  garbage,
  echo,
  records,
  pool,
  parallel,
  messages,
  start,
  disk,
  idle,
};
