/** A worker that says that it runs, and nothing else. */

import { parentPort } from './post.js';

parentPort().postMessage('ready');
