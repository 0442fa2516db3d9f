/** A worker of a figure: does what the page says (team.js), by its roles. */

import { obey } from './obey.js';
import { bareRoles } from './roles/bare.js';
import { blockingRoles } from './roles/blocking.js';
import { echoes } from './roles/echo.js';
import { messageRoles } from './roles/messages.js';
import { parallelRoles } from './roles/parallel.js';
import { pipeRoles } from './roles/pipe.js';
import { poolRoles } from './roles/pool.js';
import { recordRoles } from './roles/records.js';
import { attach } from './sdk.js';

obey(
  {
    ...echoes,
    ...recordRoles,
    ...messageRoles,
    ...poolRoles,
    ...bareRoles,
    ...parallelRoles,
    ...pipeRoles,
    ...blockingRoles,
  },
  attach(),
);
