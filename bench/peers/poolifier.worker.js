import './poolifier-window.js';
import { ThreadWorker } from 'poolifier-web-worker';
import { served } from './served.js';

export default new ThreadWorker(/** @type {any} */ (served));
