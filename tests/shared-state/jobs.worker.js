// A pool's worker with functions of its own.
import { serveProcessors } from '../../examples/shared-state/processors.js';
import * as jobs from './jobs.js';

const { default: double, slowly, timesFactor, misbehave, whoami, untilCancelled } = jobs;
serveProcessors({ double, slowly, timesFactor, misbehave, whoami, untilCancelled });
