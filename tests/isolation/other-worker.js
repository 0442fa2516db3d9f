// Somebody's own service worker, of the same folder.
const scope = /** @type {any} */ (globalThis); // ServiceWorkerGlobalScope
scope.addEventListener('install', () => scope.skipWaiting());
scope.addEventListener('activate', (/** @type {any} */ event) =>
  event.waitUntil(scope.clients.claim()),
);
/** What it answers by itself: no server has these. @type {Record<string, string>} */
const own = { '/greeting': 'hello', '/own.html': '<!doctype html><title>own</title>' };
scope.addEventListener('fetch', (/** @type {any} */ event) => {
  const body = own[new URL(event.request.url).pathname.replace(/^.*(?=\/)/, '')];
  if (body) event.respondWith(new Response(body, { headers: { 'content-type': 'text/html' } }));
});
