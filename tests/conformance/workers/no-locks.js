// workers/serve.js where Web Locks are forbidden, as by a browser that blocks cookies.
const forbidden = async () => {
  throw new DOMException('not here', 'SecurityError');
};
Object.assign(LockManager.prototype, { request: forbidden, query: forbidden });
import('./serve.js');

export {};
