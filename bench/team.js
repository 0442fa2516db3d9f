/**
 * The workers of a figure: on a space of their own, or without one.
 *
 * @typedef {'node' | 'chromium' | 'firefox' | 'webkit'} EngineName
 * @typedef {{engine: EngineName, quick: boolean, worker(script?: string): Worker, script(path: string): string, url(path: string): string, cpu(): Promise<number>, heaps?(): Promise<number>}} Env
 *   `worker`: of bench/, and `script` its address; `url`: of a file of the repository; `cpu`: milliseconds of all threads; `heaps`: bytes of all
 *   workers', where they cannot say it themselves but their engine does; `quick`: fewer rounds and sizes
 * @typedef {{worker: any, call(command: string, ...args: unknown[]): Promise<any>, post(command: string, args: unknown[], transfer: Transferable[]): Promise<any>}} Member
 * @typedef {{space: import('sluice').Space | undefined, members: Member[], close(): Promise<void>}} Team
 */

import { listen } from './post.js';
import { create, spawn } from './sdk.js';

/**
 * @template R
 * @param {Env} env
 * @param {number} size
 * @param {import('sluice').SpaceOptions} options
 * @param {(space: import('sluice').Space, ...members: Member[]) => Promise<R>} use
 * @returns {Promise<R>}
 */
export async function withTeam(env, size, options, use) {
  const { space, members, close } = await openTeam(env, size, options);
  try {
    return await use(space, ...members);
  } finally {
    await close();
  }
}

/** @param {Env} env @param {number} size @param {import('sluice').SpaceOptions} options */
export async function openTeam(env, size, options) {
  const space = await create({ fallback: 'throw', ...options });
  const peers = await Promise.all(
    Array.from({ length: size }, () => spawn(space, () => env.worker())),
  );
  return {
    space,
    members: peers.map(({ worker }) => member(worker)),
    async close() {
      for (const { worker } of peers) worker.terminate();
      await Promise.all(peers.map(({ lost }) => lost));
      await space.close({ timeout: 5000 });
    },
  };
}

/** Workers without a space, nor Sluice. @param {Env} env @param {number} size @returns {Team} */
export function openPlainTeam(env, size) {
  const workers = Array.from({ length: size }, () => env.worker('plain.worker.js'));
  return {
    space: undefined,
    members: workers.map(member),
    async close() {
      for (const worker of workers) await worker.terminate();
    },
  };
}

/** @param {any} worker @returns {Member} */
function member(worker) {
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  const calls = new Map();
  let ids = 0;
  listen(worker, (data) => {
    const call = calls.get(data?.id);
    if (!call) return;
    calls.delete(data.id);
    if (data.error === undefined) call.resolve(data.value);
    else call.reject(new Error(data.error));
  });
  /** @type {Member['post']} */
  const post = (command, args, transfer) =>
    new Promise((resolve, reject) => {
      const id = ids++;
      calls.set(id, { resolve, reject });
      worker.postMessage({ id, command, args }, transfer);
    });
  return { worker, post, call: (command, ...args) => post(command, args, []) };
}
