/** Judges batches for a pool of the SDK. */

import { attach, serve } from 'sluice';
import { makeVerifier } from '../pipeline/verifier.js';
import { judge } from './judge.js';

serve({ ...makeVerifier(await attach()), judge });
