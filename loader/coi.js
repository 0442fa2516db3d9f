/**
 * Cross-origin isolation where the host lets nobody set headers (GitHub Pages): a service worker that
 * adds them to the pages, frames and workers of its folder. One file is both sides of it: in the page
 * it registers itself, reloads, and says in the console what it could not do.
 *
 *     <script src="coi.js"></script>                            a copy of it, beside the page
 *     <script src="coi.js" data-coep="credentialless"></script> for pages with others' images and fonts;
 *                                                               not in WebKit
 *     <script src="coi.js" data-remove></script>                takes it away again
 *
 * A page that is isolated already it leaves alone, and a page that has another service worker too: that
 * one can isolate by `importScripts('coi.js')` at its top.
 *
 * It is a classic script, for a module can be neither imported by a service worker in all engines nor
 * name its own file there.
 */

(() => {
  /** In the tab's storage: what it was reloaded for. */
  const NOTE = 'sluice-coi';

  /** The page to a service worker: is this in you? */
  const QUESTION = 'sluice-coi?';

  if (typeof document === 'undefined') serve(/** @type {any} */ (globalThis));
  else enable();

  // ---- the service worker

  /** @param {any} scope ServiceWorkerGlobalScope */
  function serve(scope) {
    const coep = new URL(scope.location.href).searchParams.get('coep') ?? 'require-corp';
    scope.addEventListener('install', () => scope.skipWaiting());
    scope.addEventListener('activate', (/** @type {any} */ event) =>
      event.waitUntil(scope.clients.claim()),
    );
    scope.addEventListener('message', (/** @type {any} */ { data, ports }) => {
      if (data === QUESTION) ports[0]?.postMessage(coep);
    });
    scope.addEventListener('fetch', (/** @type {any} */ event) => {
      if (decides(event.request)) event.respondWith(isolated(event.request, coep));
    });
  }

  /** Do the headers of its answer decide whether something is isolated? All else goes its way.
   * @param {Request} request */
  const decides = ({ mode, destination }) =>
    mode === 'navigate' || destination === 'worker' || destination === 'sharedworker';

  /** @param {Request} request @param {string} coep */
  async function isolated(request, coep) {
    const response = await fetch(request);
    // A redirect that the browser follows itself, and what is no business of ours.
    if (response.status === 0 || response.type === 'opaque') return response;
    const headers = new Headers(response.headers);
    headers.set('Cross-Origin-Opener-Policy', 'same-origin');
    headers.set('Cross-Origin-Embedder-Policy', coep);
    const { status, statusText } = response;
    return new Response(response.body, { status, statusText, headers });
  }

  // ---- the page

  async function enable() {
    const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
    if (!script?.src) {
      // Imported, or a part of a module: a service worker could not be started from it.
      if (!globalThis.crossOriginIsolated) {
        complain(
          'coi.js cannot be imported: put a copy of it beside the page, and <script src="coi.js"></script> into that',
        );
      }
      return;
    }
    const { dataset, src } = script;
    const container = navigator.serviceWorker;
    if (dataset.remove !== undefined) {
      const ours = await container?.getRegistration(src);
      if (isOurs(ours, src)) await ours?.unregister();
      return;
    }
    if (globalThis.crossOriginIsolated) {
      forget();
      return;
    }
    if (!container) {
      // Firefox has none in private windows either.
      complain(
        isSecureContext
          ? 'this browser has no service workers here'
          : 'service workers need https:, or localhost',
      );
      return;
    }
    try {
      await register(container, dataset.coep ?? 'require-corp', src);
    } catch (error) {
      complain(`the service worker could not be registered: ${error}`);
    }
  }

  /** @param {ServiceWorkerContainer} container @param {string} coep @param {string} src of this script */
  async function register(container, coep, src) {
    const there = await container.getRegistration();
    if (there && !isOurs(there, src)) {
      // With ours in it, it did not have this page yet, or WebKit did not look at what it set.
      if (await includesThis(there.active)) reloadFor(there.active?.scriptURL);
      else complain(`it has a service worker of its own: put importScripts('${src}') at its top`);
      return;
    }
    const url = new URL(src);
    url.searchParams.set('coep', coep);
    if (!location.href.startsWith(new URL('./', src).href)) {
      complain(`${url.pathname} serves its own folder only: put a copy of it beside the page`);
      return;
    }
    await active(await container.register(url), container);
    reloadFor(url.href);
  }

  /** @param {string | undefined} worker */
  function reloadFor(worker) {
    const hindrance = whyNotReload(worker ?? '');
    if (hindrance) complain(hindrance);
    else location.reload();
  }

  /** @param {ServiceWorker | null} worker @returns {Promise<boolean>} */
  const includesThis = (worker) =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(true);
      setTimeout(resolve, 1000, false);
      worker?.postMessage(QUESTION, [port2]);
    });

  /**
   * Firefox now and then tells a page no change of the state of what it has just registered (about 1
   * of 50 times on a busy machine): that it has claimed the page tells as well.
   *
   * @param {ServiceWorkerRegistration} registration
   * @param {ServiceWorkerContainer} container
   */
  function active({ installing, waiting, active }, container) {
    const worker = installing ?? waiting;
    if (active && !worker) return;
    return new Promise((resolve, reject) => {
      const look = () => {
        const claimed = container.controller?.scriptURL === worker?.scriptURL;
        if (claimed || worker?.state === 'activated') resolve(undefined);
        else if (worker?.state === 'redundant') reject(new Error('it did not start'));
      };
      worker?.addEventListener('statechange', look);
      container.addEventListener('controllerchange', look);
      look();
    });
  }

  /** @param {ServiceWorkerRegistration | undefined} registration @param {string} src */
  function isOurs(registration, src) {
    const worker = registration?.active ?? registration?.waiting ?? registration?.installing;
    return worker ? worker.scriptURL.split('?')[0] === src.split('?')[0] : false;
  }

  /**
   * Why this page may not be reloaded for that service worker; undefined where it may. Once: the tab
   * notes it. Twice, where the browser does not say that this is a reload: the note may be an old one,
   * and in WebKit a reload that starts another process does not count as one.
   * @param {string} worker
   */
  function whyNotReload(worker) {
    const [load] = performance.getEntriesByType('navigation');
    const reloaded = /** @type {PerformanceNavigationTiming} */ (load)?.type === 'reload';
    try {
      const [noted, times] = (sessionStorage.getItem(NOTE) ?? '').split(' ');
      const before = noted === worker ? Number(times) : 0;
      if (before > (reloaded ? 0 : 1)) {
        return 'it was reloaded for that already: this browser has none of what it asks for';
      }
      sessionStorage.setItem(NOTE, `${worker} ${before + 1}`);
      return undefined;
    } catch {
      // There is nothing that would end it.
      return 'reload it once: it has no sessionStorage, without which it does not do so by itself';
    }
  }

  /** Isolated once, it may be reloaded again. */
  function forget() {
    try {
      sessionStorage.removeItem(NOTE);
    } catch {
      // There is none.
    }
  }

  /** @param {string} why */
  function complain(why) {
    console.warn(`sluice/coi: this page is not cross-origin isolated: ${why}`);
  }
})();
