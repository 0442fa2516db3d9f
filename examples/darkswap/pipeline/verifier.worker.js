/** A verifying worker. */

import { attach, serve } from 'sluice';
import { makeVerifier } from './verifier.js';

serve({ ...makeVerifier(await attach()) });
