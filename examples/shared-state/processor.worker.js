/** The worker of a pool that was given none: it runs functions of modules. */

import { serveProcessors } from './processors.js';

serveProcessors();
