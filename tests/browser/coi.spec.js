// The service worker that isolates pages whose server sends no headers.
import { expect } from '@playwright/test';
import { test } from './engines.js';
import { leftOutTag, projects } from './projects.js';

/** @typedef {import('./launch.js').Tab} Tab */

/** @param {boolean} isolated */
const only = (isolated) => ({
  tag: projects.filter((project) => project.isolated !== isolated).map(leftOutTag),
});

/** Of this test: tests/server.js has the same in each. */
let folder = '';

/** @param {string} [query] */
const page = (query = '') => `${folder}/page.html${query && `?${query}`}`;

// Runs in the page.
async function look() {
  const registrations = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  return {
    isolated: crossOriginIsolated,
    path: location.pathname,
    loads: Number(sessionStorage[`loads of ${location.pathname}`]),
    said: /** @type {any} */ (globalThis).said?.join(),
    workers: registrations
      .map(({ active, waiting, installing }) => active ?? waiting ?? installing)
      .map((worker) => worker?.scriptURL.replace(/^.*\//, ''))
      .join(),
    activated: registrations.every(({ active }) => active?.state === 'activated'),
  };
}

/** The page reloads itself meanwhile: what is asked then has no answer.
 * @param {Tab} tab @param {Partial<Awaited<ReturnType<typeof look>>>} expected */
async function shows(tab, expected) {
  const state = () => tab.evaluate(look).catch(() => undefined);
  await expect.poll(state, { timeout: 15_000 }).toMatchObject(expected);
}

// Outside of the folder, until the last test's service worker is gone.
test.beforeEach(async ({ tab }) => {
  folder = `/tests/isolation-${Date.now()}`;
  await tab.goto('/tests/conformance/page.html');
  await shows(tab, { workers: '' });
});

/** @param {Tab} tab @param {string} script */
async function install(tab, script) {
  await tab.evaluate(
    async (script) => void (await navigator.serviceWorker.register(script)),
    `${folder}/${script}`,
  );
  await shows(tab, { workers: script, activated: true });
}

test(
  'coi.js isolates a page and its workers, by one reload',
  only(false),
  async ({ tab, engineName }) => {
    await tab.goto(page());
    await shows(tab, { isolated: true, loads: 2, said: '', workers: 'coi.js?coep=require-corp' });
    const transport = await tab.evaluate(async (agent) => {
      const sdk = '/dist/sluice.js';
      const { create, spawn } = /** @type {typeof import('sluice')} */ (await import(sdk));
      const space = await create();
      const peer = await spawn(space, () => new Worker(agent, { type: 'module' }));
      await peer.terminate();
      return space.transport;
    }, `${folder}/agent.js`);
    // WebKitGTK without the flag has no shared memory, isolated or not.
    expect(transport).toBe(engineName === 'webkit' ? 'message' : 'shared');
    const fetched = await tab.evaluate(async () => {
      const { headers } = await fetch(location.href, { cache: 'no-store' });
      return headers.get('cross-origin-embedder-policy');
    });
    expect(fetched, 'what is only fetched goes its own way').toBeNull();
    const note = await tab.evaluate(() => sessionStorage.getItem('sluice-coi'));
    expect(note, 'of what it was reloaded for').toBeNull();
    await tab.goto(`${folder}/moved.html`);
    await shows(tab, { isolated: true, path: `${folder}/page.html` });
    await tab.goto(`${folder}/missing.html`);
    const status = await tab.evaluate(() => {
      const [load] = performance.getEntriesByType('navigation');
      return /** @type {PerformanceNavigationTiming} */ (load).responseStatus;
    });
    // WebKit does not tell.
    if (engineName !== 'webkit') expect(status, 'an error stays one').toBe(404);
    await tab.goto(page());
    await tab.reload();
    await shows(tab, { isolated: true, loads: 5, said: '' });
  },
);

test('coi.js asks for nothing where the page is isolated', only(true), async ({ tab }) => {
  await tab.goto(page());
  await shows(tab, { isolated: true, loads: 1, said: '', workers: '' });
});

test(
  'coi.js ends reloading where the browser cannot do what it asks',
  only(false),
  async ({ tab, engineName }) => {
    await tab.goto(page('coep=credentialless'));
    if (engineName !== 'webkit') {
      await shows(tab, { isolated: true, loads: 2, said: '' });
      return;
    }
    await shows(tab, { isolated: false, said: expect.stringMatching(/this browser/) });
    expect((await tab.evaluate(look)).loads).toBeLessThanOrEqual(3);
  },
);

test('coi.js ends reloading where that is of no use', only(false), async ({ tab, engineName }) => {
  await tab.goto(page('coep=unsafe-none'));
  await shows(tab, { isolated: false, said: expect.stringMatching(/reloaded for that already/) });
  expect((await tab.evaluate(look)).loads).toBeLessThanOrEqual(engineName === 'webkit' ? 3 : 2);
});

test('coi.js goes when it is asked to', only(false), async ({ tab }) => {
  await tab.goto(page());
  await shows(tab, { isolated: true });
  await tab.goto(page('remove'));
  await shows(tab, { workers: '' });
});

test("coi.js that is asked to go leaves others' service workers", only(false), async ({ tab }) => {
  await install(tab, 'other-worker.js');
  await tab.goto(page('remove'));
  // It asks before it takes away, and so do we, after it.
  for (let i = 0; i < 3; i++) expect((await tab.evaluate(look)).workers).toBe('other-worker.js');
});

/** What it says, and does nothing. @type {[what: string, query: string, says: RegExp][]} */
const hindrances = [
  ['has no service workers', 'without=workers', /no service workers here/],
  ['has no storage to note a reload in', 'without=storage', /reload it once/],
  ['forbids its service worker', "policy=worker-src 'none'", /could not be registered/],
  ['imports it', 'imported', /cannot be imported: put a copy of it beside the page/],
];
for (const [what, query, says] of hindrances)
  test(
    `coi.js on a page that ${what} says so and does not reload`,
    only(false),
    async ({ tab }) => {
      await tab.goto(page(query));
      await shows(tab, { isolated: false, loads: 1, said: expect.stringMatching(says) });
    },
  );

test('coi.js leaves a page alone that has another service worker', only(false), async ({ tab }) => {
  await install(tab, 'other-worker.js');
  await tab.goto(page());
  await shows(tab, {
    isolated: false,
    loads: 1,
    said: expect.stringMatching(/importScripts\('.*coi.js'\)/),
    workers: 'other-worker.js',
  });
  const greeting = await tab.evaluate(async () => (await fetch('greeting')).text());
  expect(greeting).toBe('hello');
});

test('coi.js isolates in another service worker', only(false), async ({ tab }) => {
  await install(tab, 'both-worker.js');
  await tab.goto(page());
  await shows(tab, { isolated: true, said: '', workers: 'both-worker.js' });
  const greeting = await tab.evaluate(async () => (await fetch('greeting')).text());
  expect(greeting).toBe('hello');
  await tab.goto(`${folder}/own.html`);
  await shows(tab, { isolated: true });
  expect(await tab.title(), 'a page that this worker answers by itself').toBe('own');
});

test('coi.js isolates as the page says now', only(false), async ({ tab, engineName }) => {
  /** It knows no other policy. */
  const knowsOne = engineName === 'webkit';
  await tab.goto(page());
  await shows(tab, { isolated: true, loads: 2 });
  await tab.goto(page('coep=credentialless'));
  const workers = 'coi.js?coep=credentialless';
  if (knowsOne) await shows(tab, { isolated: false, said: expect.stringMatching(/this browser/) });
  else await shows(tab, { isolated: true, loads: 4, workers });
  await tab.goto(page());
  const again = { isolated: true, workers: 'coi.js?coep=require-corp' };
  await shows(tab, knowsOne ? again : { ...again, loads: 6 });
});

test('coi.js isolates where another tab is about to', only(false), async ({ tab }) => {
  await tab.goto(page('without=state'));
  await shows(tab, { isolated: true, loads: 2, said: '' });
});

test('coi.js reloads a page that was loaded past it', only(false), async ({ tab }) => {
  await tab.evaluate((src) => {
    const worker = new URL(`${src}?coep=require-corp`, location.href);
    sessionStorage.setItem('sluice-coi', `${worker} 2 ${Date.now() - 60_000}`);
  }, `${folder}/coi.js`);
  await tab.goto(page());
  await shows(tab, { isolated: true, loads: 2, said: '' });
});

test(
  'coi.js leaves a page where it is, when nothing comes of a link',
  only(false),
  async ({ tab }) => {
    await tab.goto(page());
    await shows(tab, { isolated: true });
    const stays = await tab.evaluate(async () => {
      /** @param {string} src */
      const frame = async (src) => {
        const frame = document.createElement('iframe');
        frame.src = src;
        document.body.append(frame);
        await new Promise((resolve) => frame.addEventListener('load', resolve));
        return frame;
      };
      const first = await frame('page.html');
      /** @type {any} */ (first.contentWindow).location = 'nothing.html';
      await frame('page.html'); // as long as that takes
      return first.contentDocument?.title;
    });
    expect(stays).toBe('a page with coi.js');
  },
);

test('coi.js in a sandboxed frame says that it cannot', only(false), async ({ tab }) => {
  await tab.goto('/tests/conformance/page.html');
  const said = await tab.evaluate(
    (src) =>
      new Promise((resolve) => {
        addEventListener('message', ({ data }) => resolve(data), { once: true });
        const frame = document.createElement('iframe');
        frame.sandbox.add('allow-scripts');
        frame.srcdoc = `<script>console.warn = (text) => parent.postMessage(text, '*')</script>
          <script src="${src}"></script>`;
        document.body.append(frame);
      }),
    `${folder}/coi.js`,
  );
  expect(said).toMatch(/no service workers here|could not be registered/);
});

test('coi.js in another folder says so and stays out', only(false), async ({ tab }) => {
  await tab.goto(page('src=elsewhere/coi.js'));
  await shows(tab, {
    isolated: false,
    loads: 1,
    said: expect.stringMatching(/beside the page/),
    workers: '',
  });
});
