/**
 * What differs between a browser and Node, here for browsers (and for what behaves like one).
 * platform.node.js has the same exports; package.json's `imports` choose.
 *
 * @typedef {{
 *   postMessage(message: unknown, transfer?: Transferable[]): void,
 *   listen(onMessage: (data: any) => unknown, onUnreadable?: () => void): () => void,
 * }} Parent the thread that started this one; `onMessage` is true where nobody else need see it
 *
 * @typedef {{
 *   message?: (data: any) => unknown,
 *   error?: (message: string, error?: unknown) => void,
 *   unreadable?: () => void,
 *   exit?: (code: number) => void,
 * }} WorkerEvents
 */

/** @param {URL} url @param {RequestInit} [init] @returns {Promise<Response>} */
export const read = (url, init) => fetch(url, init);

/**
 * May this thread block? Only trying tells: workers may, pages may not. Audio worklets may not either,
 * though Firefox and WebKit would let them.
 */
export function mayBlock() {
  if ('registerProcessor' in globalThis) return false;
  try {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    Atomics.wait(new Int32Array(buffer), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * WebKit 2.50 now and then wakes a waitAsync and never resolves its promise (seen once in 2,000 to
 * 15,000 waits of two busy workers): there a sleeper has to look by itself as well.
 */
export function losesWakeUps() {
  // Asked once: a worker of Firefox has to ask its page, which takes longer than a wake-up.
  agent ??= globalThis.navigator?.userAgent ?? '';
  return agent.includes('AppleWebKit') && !agent.includes('Chrom');
}

/** @type {string | undefined} */
let agent;

/** May such a sleeper be woken by a worker's own messages instead? */
export const ringsByMessage = losesWakeUps;

/** Keeps the thread alive until the function that it returns is called. Pages stay anyway. */
export const keepAlive = () => () => {};

/** Bytes that will all be written. @param {number} bytes */
export const room = (bytes) => new Uint8Array(bytes);

/** Lets a signal have many listeners, without a warning. @param {AbortSignal} _signal */
export const forMany = (_signal) => {};

/** Lets a port not keep the thread alive. @param {unknown} _port */
export const unref = (_port) => {};

/** Do ports tell that their other side is gone? */
export const portsTell = () => 'onclose' in MessagePort.prototype;

/**
 * Listeners that capture come before all others, also those from before, but in Chromium: what is not for
 * the user's, they do not see.
 *
 * @param {EventTarget} target
 * @param {(data: any) => unknown} onMessage
 * @param {() => void} onUnreadable
 * @param {AbortSignal} signal stops listening
 */
function listen(target, onMessage, onUnreadable, signal) {
  /** @param {any} event */
  const listener = (event) => {
    if (onMessage(event.data)) event.stopImmediatePropagation();
  };
  target.addEventListener('message', listener, { capture: true, signal });
  target.addEventListener('messageerror', onUnreadable, { signal });
}

/** @returns {Parent | undefined} */
export function parent() {
  const scope = /** @type {any} */ (globalThis);
  if (typeof scope.WorkerGlobalScope === 'undefined' || typeof scope.postMessage !== 'function') {
    return undefined;
  }
  return {
    postMessage: (message, transfer = []) => scope.postMessage(message, transfer),
    listen(onMessage, onUnreadable = () => {}) {
      const stop = new AbortController();
      listen(scope, onMessage, onUnreadable, stop.signal);
      return () => stop.abort();
    },
  };
}

/**
 * @param {Worker} worker
 * @param {WorkerEvents} events
 * @returns {() => void} stops listening
 */
export function watchWorker(worker, events) {
  const { message, unreadable, error } = events;
  const stop = new AbortController();
  const { signal } = stop;
  const failed = () => error?.('a message of the handshake could not be read there');
  listen(worker, (data) => message?.(data), unreadable ?? failed, signal);
  /** @param {ErrorEvent} event */
  const onError = (event) => error?.(event.message ?? '', event.error ?? undefined);
  worker.addEventListener('error', onError, { signal });
  return () => stop.abort();
}

let forbidden = false;

/** @param {any} error */
const forbid = (error) => {
  forbidden ||= error?.name === 'SecurityError';
};

/**
 * Web Locks. An insecure context has none, and where the origin is nobody's (a sandboxed frame, a worker from
 * a data: URL) they refuse. So they do where cookies are blocked, which only trying tells.
 *
 * @returns {LockManager | undefined}
 */
const locks = () =>
  forbidden || globalThis.origin === 'null' ? undefined : globalThis.navigator?.locks;

/** Is there what proves a thread's death? Only then may it have shared memory. @returns {Promise<unknown>} true, or the like */
export const provesDeath = async () => locks()?.query().catch(forbid);

/**
 * Calls back when the page comes out of the back-forward cache, in which WebKit forgets what it held and waited for.
 *
 * @param {() => void} ask
 * @returns {() => void} stops that
 */
function onReturn(ask) {
  const shown = (/** @type {any} */ { persisted }) => persisted && ask();
  globalThis.addEventListener('pageshow', shown);
  return () => globalThis.removeEventListener('pageshow', shown);
}

/**
 * Calls back when the holder of the lock `name` is gone: a Web Lock is released by the browser when
 * its thread has ended, and by nothing else that we do. Without Web Locks, here or there, nothing
 * tells, and the answer is undefined.
 *
 * @param {Worker | undefined} _worker
 * @param {string | false | undefined} name
 * @param {() => void} dead
 * @returns {(() => void) | undefined} stops watching
 */
export function watchDeath(_worker, name, dead) {
  if (!locks() || !name) return undefined;
  let asked = new AbortController();
  const ask = () => {
    asked.abort();
    asked = new AbortController();
    // Shared: all who watch hear of it at once.
    locks()
      ?.request(name, { mode: 'shared', signal: asked.signal }, told)
      .catch(() => {});
  };
  const told = () => {
    leave();
    dead();
  };
  const leave = onReturn(ask);
  ask();
  return () => {
    leave();
    asked.abort();
  };
}

/**
 * The same for a worker whose own spawner has died, and whose Worker object is nowhere any more.
 *
 * @param {string} name
 * @param {() => void} dead
 */
export const watchOrphan = (name, dead) => watchDeath(undefined, name, dead);

/**
 * Holds the lock `name` until this thread ends.
 *
 * @param {string} name
 * @returns {Promise<boolean>} true when it does; false: it may not
 */
export const proveLife = (name) =>
  new Promise((held) => {
    const ask = async () => {
      const holding = locks()?.request(name, () => {
        held(true);
        return new Promise(() => {});
      });
      await holding?.catch(forbid);
      held(false);
    };
    onReturn(ask);
    ask();
  });

/** Until a turn that a port does not give is taken by a timer, in milliseconds. */
const LATE = 8;

/**
 * A turn of the event loop, without the delay that timers have. Audio worklets have no channels; they
 * take theirs between two calls of process().
 *
 * @returns {Promise<void>}
 */
export const turn = () =>
  new Promise((resolve) => {
    if (!globalThis.MessageChannel) return resolve();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
    // In WebKit a worker's own ports wait for its page, which may be busy.
    if (losesWakeUps() && !globalThis.document) setTimeout(port1.onmessage, LATE);
  });

/** Why there is no shared memory here, for a person. */
export const notIsolated = () =>
  /** @type {any} */ (globalThis).crossOriginIsolated
    ? locks()
      ? 'this browser does not let pages share memory between threads'
      : 'Web Locks are forbidden: allow cookies, or lift the sandbox'
    : 'the page is not cross-origin isolated: send it and its workers with the headers ' +
      'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';
