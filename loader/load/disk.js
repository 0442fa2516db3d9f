/**
 * Modules on disk, by the Cache API: what is kept is the server's own response, so that the engine's
 * cache of compiled code can apply. Where there is no such storage (Node, an insecure context, a
 * private window) or it is full, nothing is kept, and loading goes on without.
 */

const NAME = 'sluice-wasm';
/** Of modules; the oldest go. */
const MOST = 32;

/** One change after the other. */
let changing = Promise.resolve();

/** @param {() => Promise<unknown>} change */
function then(change) {
  changing = changing.then(change).then(
    () => {},
    () => {},
  );
  return changing;
}

/** @typedef {NonNullable<Awaited<ReturnType<typeof openDisk>>>} Disk */

export async function openDisk() {
  try {
    // Once the cache was cleared, what is put into this one goes nowhere.
    const cache = await caches.open(NAME);
    return {
      /** @param {string} href */
      find: (href) => cache.match(href).catch(() => undefined),

      /** Nobody waits for it. @param {string} href @param {Response} response */
      keep(href, response) {
        then(async () => {
          await cache.put(href, response);
          const all = await cache.keys();
          for (const oldest of all.slice(0, Math.max(0, all.length - MOST))) {
            await cache.delete(oldest);
          }
        });
      },
    };
  } catch {
    return undefined;
  }
}

export function clearDisk() {
  return then(async () => caches.delete(NAME));
}
