// A worker that serves, and whose Web Locks are not granted before it hears "grant".
/** @type {any} */
const scope = globalThis;
const { locks } = navigator;
const request = locks.request.bind(locks);
/** @type {Promise<void>} */
const granted = new Promise((resolve) => {
  scope.addEventListener('message', (/** @type {MessageEvent} */ { data }) => {
    if (data === 'grant') resolve();
    if (data === 'ping') scope.postMessage('pong');
  });
});
locks.request = (/** @type {any[]} */ ...args) =>
  granted.then(() => request(.../** @type {[any, any]} */ (args)));
await import('./serve.js');
