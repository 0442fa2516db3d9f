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
 * A page that others isolate it leaves alone, and a page that has another service worker too: that one
 * can isolate by `importScripts('coi.js')` at its top, and answers as before.
 *
 * It is a classic script, for a module can be neither imported by a service worker in all engines nor
 * name its own file there.
 */

(() => {
  /** In the tab's storage: what it was reloaded for, how many times, and when. */
  const NOTE = 'sluice-coi';

  /** From that to the start of the load that comes of it there is less, in milliseconds. */
  const AT_ONCE = 5000;

  /** The page to a service worker: is this in you? */
  const QUESTION = 'sluice-coi?';

  /** Did a service worker have this page when it was loaded? */
  let controlled = false;

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
      if (!decides(event.request)) return;
      const { respondWith } = event;
      event.respondWith = (/** @type {Promise<Response>} */ answer) =>
        respondWith.call(event, isolated(answer, coep));
    });
    // Behind the listeners of a worker that this is only a part of: nobody hears what one of them answers.
    queueMicrotask(() =>
      scope.addEventListener('fetch', (/** @type {any} */ event) => {
        if (decides(event.request)) event.respondWith(ask(event));
      }),
    );
  }

  /** Do the headers of its answer decide whether something is isolated? All else goes its way.
   * @param {Request} request */
  const decides = ({ mode, destination }) =>
    mode === 'navigate' || destination === 'worker' || destination === 'sharedworker';

  /** @param {any} event @returns {Promise<Response>} what the browser has asked for already, where it was told to */
  const ask = async ({ request, preloadResponse }) => (await preloadResponse) ?? fetch(request);

  /** Of these no page is made: a redirect that the browser follows itself, and "no content", of which
   * Chromium takes no copy. */
  const UNTOUCHED = [0, 204, 205];

  /** @param {Promise<Response>} answer @param {string} coep */
  async function isolated(answer, coep) {
    const response = await answer;
    if (UNTOUCHED.includes(response.status)) return response;
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
    const container = workers();
    if (dataset.remove !== undefined) {
      const ours = await container?.getRegistration(src).catch(() => undefined);
      if (isOurs(workerOf(ours), src)) await ours?.unregister();
      return;
    }
    const url = new URL(src);
    url.searchParams.set('coep', dataset.coep ?? 'require-corp');
    const controller = container?.controller;
    controlled = !!controller;
    // By ours with another data-coep than now, it gets the new one.
    const stale = isOurs(controller, src) && controller?.scriptURL !== url.href;
    if (globalThis.crossOriginIsolated && !stale) {
      forget(); // in Chromium, what the page noted before it was isolated stays
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
      await register(container, url, src);
    } catch (error) {
      complain(`the service worker could not be registered: ${error}`);
    }
  }

  /** Chromium's sandboxed frames throw. */
  function workers() {
    try {
      return navigator.serviceWorker;
    } catch {
      return undefined;
    }
  }

  /** @param {ServiceWorkerContainer} container @param {URL} url of the worker @param {string} src of this script */
  async function register(container, url, src) {
    const there = await container.getRegistration();
    const worker = workerOf(there);
    // In Firefox one that another tab makes right now has none yet.
    if (worker && !isOurs(worker, src)) {
      // With ours in it, it did not have this page yet, or WebKit did not look at what it set.
      const active = there?.active ?? null;
      if (await includesThis(active)) reloadFor(active?.scriptURL);
      else complain(`it has a service worker of its own: put importScripts('${src}') at its top`);
      return;
    }
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

  /** @param {ServiceWorkerRegistration | undefined} registration */
  function workerOf(registration) {
    return registration?.active ?? registration?.waiting ?? registration?.installing;
  }

  /** @param {ServiceWorker | null | undefined} worker @param {string} src */
  function isOurs(worker, src) {
    return worker?.scriptURL.split('?')[0] === src.split('?')[0];
  }

  /**
   * Why this page may not be reloaded for that service worker; undefined where it may. Once: the tab
   * notes it. Twice, where the browser does not say that this is a reload: the note may be an old one,
   * and in WebKit a reload that starts another process does not count as one; or where no service worker
   * had it. And anew where none was for a page that comes later, as when a person reloads past
   * the caches: then nothing was tried yet.
   * @param {string} worker
   */
  function whyNotReload(worker) {
    const [load] = performance.getEntriesByType('navigation');
    const { type, workerStart } = /** @type {Partial<PerformanceNavigationTiming>} */ (load ?? {});
    try {
      const [noted, times, when] = (sessionStorage.getItem(NOTE) ?? '').split(' ');
      const untried = !workerStart && Date.now() - performance.now() > Number(when) + AT_ONCE;
      const before = noted === worker && !untried ? Number(times) : 0;
      if (before > (type === 'reload' && controlled ? 0 : 1)) {
        return 'it was reloaded for that already: this browser has none of what it asks for';
      }
      sessionStorage.setItem(NOTE, `${worker} ${before + 1} ${Date.now()}`);
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
