/** Judges batches for comlink. */

import { parentPort } from 'node:worker_threads';
import * as Comlink from 'comlink/dist/esm/comlink.mjs';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { judge } from './judge.js';

Comlink.expose({ judge }, nodeEndpoint(/** @type {any} */ (parentPort)));
