import * as Comlink from 'comlink/dist/esm/comlink.mjs';
import { parentPort } from '../post.js';
import { endpoint } from './comlink-ends.js';
import { served } from './served.js';

Comlink.expose(served, endpoint(parentPort()));
