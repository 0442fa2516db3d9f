/**
 * The worker of a pool that was given none: it computes with the space's module. Over messages it has
 * nothing to compute with, and only stays in touch with the creator.
 */

import { makeLink } from '../loader/messages/link.js';
import { attachToSpawner } from '../loader/spawned.js';
import { serveParent } from './serving.js';

/** @param {MessagePort} port */
const stayInTouch =
  (port) => (/** @type {import('../loader/internals.js').Internals} */ internals) => {
    const { thread } = internals;
    internals.link = makeLink(port, () => thread.exports.sluice_space_close(thread.self));
  };

serveParent({}, () => attachToSpawner({}, stayInTouch));
