// Somebody's own service worker, of the same folder.
const scope = /** @type {any} */ (globalThis); // ServiceWorkerGlobalScope
scope.addEventListener('install', () => scope.skipWaiting());
scope.addEventListener('activate', (/** @type {any} */ event) =>
  event.waitUntil(scope.clients.claim()),
);
scope.addEventListener('fetch', (/** @type {any} */ event) => {
  if (event.request.url.endsWith('/greeting')) event.respondWith(new Response('hello'));
});
