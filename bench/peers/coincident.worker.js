import coincident from 'coincident/worker';
import { callMany } from './blocking-run.js';
import { served } from './served.js';

const { proxy } = await coincident();
Object.assign(proxy, served);
proxy.run = (/** @type {number} */ count) => callMany((n) => proxy.twice(n), count);
proxy.wait = (/** @type {number} */ ms) => proxy.late(ms);
