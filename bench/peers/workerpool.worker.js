import workerpool from 'workerpool';
import { served } from './served.js';

workerpool.worker(served);
