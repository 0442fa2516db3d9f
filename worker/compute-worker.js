/** The worker of a pool that was given none: it computes with the space's module. */

import { serve } from './serve.js';

serve({});
