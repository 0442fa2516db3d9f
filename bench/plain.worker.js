/** A worker of a peer: the same commands, and no space. */

import { obey } from './obey.js';
import { blockingRoles } from './roles/blocking.js';
import { pipeRoles } from './roles/pipe.js';

obey({ ...pipeRoles, ...blockingRoles }, undefined);
