/** Judges batches for workerpool. */

import workerpool from 'workerpool';
import { judge } from './judge.js';

workerpool.worker({ judge });
