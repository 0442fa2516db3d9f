// "sluice/diagnose": what it says is what holds here, and each problem names its cause and its cure.
import { deepEqual, equal, match, ok, rejects } from './assert.js';
import { diagnose } from './diagnose-entry.js';
import { inFrame } from './frame.js';
import { loadWasmModuleWithSharedMemory as load } from './loader-entry.js';
import { create } from './sdk.js';
import { replaced } from './stub.js';
import { ask, onceInNode } from './wasm-load.test.js';

/** @typedef {import('./env.js').Env} Env */
/** @typedef {import('../../loader/diagnose/index.js').Report} Report */

/** @param {import('./env.js').Setting} setting */
const onPages = ({ engine }) => engine !== 'node';
/** @param {import('./env.js').Setting} setting */
const notIsolated = ({ isolated }) => !isolated;
/** @param {import('./env.js').Setting} setting */
const isolatedPages = (setting) => onPages(setting) && setting.isolated;

/** @param {Pick<Report, 'problems'>} report @param {string} [severity] */
const codes = ({ problems }, severity) =>
  problems.filter((one) => !severity || one.severity === severity).map(({ code }) => code);

/** @param {Report} report @param {string} code */
function problemOf(report, code) {
  const found = report.problems.find((one) => one.code === code);
  ok(found, `${code} is among ${codes(report)}`);
  for (const text of [found.message, found.fix]) ok(/\w+ \w+/.test(text), `${code}: ${text}`);
  return found;
}

/** Reports what is sent with these headers in place of the page. @param {Record<string, string>} headers */
const sentWith = (headers) =>
  found('fetch', async (/** @type {string} */ _, /** @type {RequestInit} */ { cache }) => {
    equal(cache, 'no-store', 'what the server sends, and no copy');
    return new Response('', { headers });
  });

/** @type {import('./env.js').Case[]} */
const cases = [
  {
    name: 'diagnose() finds the transport that create() takes, and what this thread may do',
    where: onceInNode,
    run: async (env) => {
      const report = await diagnose();
      const space = await create();
      equal(report.transport, space.transport);
      await space.close();
      equal(report.isolated, env.isolated);
      equal(report.features.sharedMemory, env.isolated);
      equal(report.mayBlock, env.engine === 'node');
      ok(report.cores >= 1 && report.cores <= 64, `${report.cores} cores`);
      equal(report.features.wasmThreads, true);
      equal(report.features.simd, true);
      equal(report.features.webLocks, env.engine !== 'node');
      if (env.isolated) deepEqual(report.problems, []);
    },
  },
  {
    name: 'the report as text has all that it says, and nothing of the query of the address',
    where: onceInNode,
    run: async (env) => {
      const report = await diagnose();
      const text = String(report);
      match(
        text,
        new RegExp(`transport ${env.transport}; isolated ${env.isolated ? 'yes' : 'no'}`),
      );
      for (const [name, has] of Object.entries(report.features))
        ok(text.includes(`${name} ${has ? 'yes' : 'no'}`), name);
      for (const { code, message, fix } of report.problems)
        for (const part of [code, message, `fix: ${fix}`]) ok(text.includes(part), part);
      match(text, env.engine === 'node' ? /Node v\d/ : /Mozilla/);
      ok(!/[?#]/.test(text.split('\n')[1]), text);
    },
  },
  {
    name: 'the number of cores is 1 to 64, whatever the browser says',
    where: onPages,
    run: async () => {
      for (const [said, cores] of [
        [0, 1],
        [undefined, 1],
        [6, 6],
        [1000, 64],
      ])
        await replaced(navigator, 'hardwareConcurrency', said, async () => {
          equal((await diagnose()).cores, cores);
        });
    },
  },
  {
    name: 'on a page that is not isolated diagnose() names the headers that its response lacks',
    where: notIsolated,
    run: async () => {
      const report = await diagnose();
      deepEqual(codes(report), ['coop', 'coep']);
      const page = location.origin + location.pathname;
      equal(
        problemOf(report, 'coop').message,
        `${page} was sent without Cross-Origin-Opener-Policy`,
      );
      equal(
        problemOf(report, 'coop').fix,
        'Cross-Origin-Opener-Policy: same-origin on this response',
      );
      equal(
        problemOf(report, 'coep').fix,
        'Cross-Origin-Embedder-Policy: require-corp on this response',
      );
    },
  },
  {
    name: 'diagnose() names headers that are there and do not isolate',
    where: notIsolated,
    run: async () => {
      const coop = 'cross-origin-opener-policy';
      const coep = 'cross-origin-embedder-policy';
      const wrong = await sentWith({
        [coop]: 'same-origin-allow-popups',
        [`${coep}-report-only`]: 'require-corp',
      });
      deepEqual(codes(wrong), ['coop', 'coep']);
      match(problemOf(wrong, 'coop').message, /with .*Opener-Policy: same-origin-allow-popups$/);
      match(problemOf(wrong, 'coep').message, /Report-Only reports, and isolates nothing/);
      const right = { [coop]: 'same-origin; report-to="x"', [coep]: 'require-corp' };
      deepEqual(codes(await sentWith(right)), ['headers-late']);
      const forbidden = { ...right, 'permissions-policy': 'camera=(), cross-origin-isolated=()' };
      deepEqual(codes(await sentWith(forbidden)), ['permissions-policy']);
      const safari = 'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15';
      await replaced(navigator, 'userAgent', safari, async () => {
        const report = await sentWith({ ...right, [coep]: 'credentialless' });
        deepEqual(codes(report), ['coep-credentialless']);
        match(problemOf(report, 'coep-credentialless').fix, /require-corp/);
      });
      const chrome =
        'Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36';
      await replaced(navigator, 'userAgent', chrome, async () => {
        const report = await sentWith({ ...right, [coep]: 'credentialless' });
        deepEqual(codes(report), ['headers-late'], 'it knows that one');
      });
    },
  },
  {
    name: 'diagnose() says so where the headers of the page cannot be read',
    where: notIsolated,
    run: async () => {
      const offline = () => Promise.reject(new TypeError('Failed to fetch'));
      await replaced(globalThis, 'fetch', offline, async () => {
        deepEqual(codes(await diagnose()), ['headers-unknown']);
      });
    },
  },
  {
    name: 'diagnose() knows a WebView and an insecure context, which no header helps',
    where: notIsolated,
    run: async () => {
      const agent = 'Mozilla/5.0 (Linux; Android 16; wv) AppleWebKit/537.36 Chrome/150 Mobile';
      await replaced(navigator, 'userAgent', agent, async () => {
        deepEqual(codes(await diagnose()), ['webview']);
      });
      await replaced(globalThis, 'isSecureContext', false, async () => {
        const report = await diagnose();
        deepEqual(codes(report), ['insecure-context']);
        match(problemOf(report, 'insecure-context').fix, /https/);
      });
    },
  },
  {
    name: 'an isolated page whose browser shares no memory all the same is told so',
    where: isolatedPages,
    run: async () => {
      const refuse = () => {
        throw new DOMException('cannot be cloned', 'DataCloneError');
      };
      await replaced(MessagePort.prototype, 'postMessage', refuse, async () => {
        const report = await diagnose();
        equal(report.transport, 'message');
        equal(report.isolated, true);
        deepEqual(codes(report), ['no-sharing']);
      });
    },
  },
  {
    name: 'diagnose() names what is wrong with the response of a worker script',
    where: onPages,
    run: async (env) => {
      const before = codes(await diagnose());
      /** @type {[string, string, RegExp][]} */
      const wrong = [
        [env.fault('404.js'), 'worker-missing', /answers 404/],
        [env.fault('wrong-type.js'), 'worker-type', /comes as text\/plain/],
        [
          env.fault('wrong-type.js').replace('127.0.0.1', 'localhost'),
          'worker-cross-origin',
          /origin/,
        ],
      ];
      if (env.isolated)
        wrong.push([
          env.fault('no-coep.js'),
          'worker-coep',
          /without Cross-Origin-Embedder-Policy/,
        ]);
      for (const [worker, code, message] of wrong) {
        const report = await diagnose({ worker });
        deepEqual(codes(report), [...before, code]);
        const { message: text, fix } = problemOf(report, code);
        match(text, message);
        ok(text.includes(new URL(worker).pathname), text);
        ok(fix.length > 10, fix);
      }
      deepEqual(
        codes(await diagnose({ worker: new URL('workers/echo.js', import.meta.url) })),
        before,
      );
      await rejects(diagnose({ worker: 'http://' }), (error) => error instanceof TypeError);
    },
  },
  {
    name: 'in a worker diagnose() blames the response that is at fault',
    where: onPages,
    run: async (env) => {
      const worker = env.worker('diagnose.js');
      const { report, text } = await ask(worker, 'go');
      worker.terminate();
      equal(report.transport, env.transport);
      equal(report.mayBlock, true);
      deepEqual(codes(report, 'error'), env.isolated ? [] : ['coep']);
      if (!env.isolated) match(text, /the worker http.*diagnose\.js was sent without/);
    },
  },
  {
    name: 'diagnose() in a frame says what the pages around it need',
    where: notIsolated,
    run: async (env) => {
      const report = await inFrame(env, '');
      deepEqual(codes(report), ['iframe', 'coep']);
      match(problemOf(report, 'coep').message, /framed\.html was sent without/);
      match(problemOf(report, 'iframe').fix, /allow="cross-origin-isolated"/);
    },
  },
  {
    name: 'diagnose() names the directive of a Content-Security-Policy that forbids workers',
    where: onPages,
    run: async (env) => {
      const report = await inFrame(env, "worker-src 'none'");
      equal(problemOf(report, 'csp-worker').severity, 'error');
      // The address of the frame has a query.
      ok(!report.text.includes('policy='), report.text);
      match(report.text, /framed\.html\n/);
      match(problemOf(report, 'csp-worker').message, /forbids the worker .* by worker-src/);
      equal(report.transport, env.transport);
    },
  },
  {
    name: "diagnose() says that a Content-Security-Policy lacks 'wasm-unsafe-eval'",
    where: onPages,
    run: async (env) => {
      const report = await inFrame(env, "script-src 'self'");
      match(problemOf(report, 'csp-wasm').fix, /'wasm-unsafe-eval' to script-src/);
      const allowed = await inFrame(env, "script-src 'self' 'wasm-unsafe-eval'");
      equal(codes(allowed).includes('csp-wasm'), false);
      equal(allowed.transport, env.transport);
    },
  },
  {
    name: 'in a worker made from a blob diagnose() sends to the page',
    where: notIsolated,
    run: async (env) => {
      const { codes } = await fromBlob(
        `import(${JSON.stringify(env.url('dist/diagnose.js'))})
          .then(({ diagnose }) => diagnose())
          .then(({ problems }) => postMessage({ codes: problems.map(({ code }) => code) }));`,
        (worker) => ask(worker, 'go'),
      );
      deepEqual(codes, ['page']);
    },
  },
  {
    name: 'diagnose() says so where a worker does not start, or does not do what it has to',
    where: isolatedPages,
    run: async () => {
      const Original = Worker;
      /** @param {string} source of the worker in place of the one that is started */
      async function under(source) {
        const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
        try {
          return await found('Worker', function Instead() {
            return new Original(url); // not before somebody listens to it
          });
        } finally {
          URL.revokeObjectURL(url);
        }
      }
      const refused = await found('Worker', function Refusing() {
        throw new RangeError('too many workers');
      });
      deepEqual(codes(refused), ['worker-failed']);
      match(problemOf(refused, 'worker-failed').message, /too many workers/);
      const start = "postMessage({ at: 'start' }); onmessage = ({ data }) =>";
      const lost = await under(`${start} postMessage({ at: 'unreadable' })`);
      deepEqual(codes(lost), ['memory-lost']);
      equal(lost.transport, 'message');
      const elsewhere = await under(`${start} postMessage({ at: 'added', was: 0 })`);
      deepEqual(codes(elsewhere), ['memory-lost']);
      const asleep = await under(`${start} {
        postMessage({ at: 'added', was: Atomics.add(new Int32Array(data), 0, 1) });
        postMessage({ at: 'woken', how: 'timed-out' });
      }`);
      deepEqual(
        asleep.problems.map((/** @type {any} */ { code, severity }) => [code, severity]),
        [['no-wait', 'warning']],
      );
      equal(asleep.transport, 'shared');
    },
  },
  {
    name: 'diagnose() tells a browser whose WebAssembly is turned off, and the loader and create(), too',
    where: onPages, // Node's fetch is WebAssembly itself
    run: async (env) => {
      const before = codes(await diagnose());
      const url = env.fault('core-octet-stream.wasm');
      await replaced(globalThis, 'WebAssembly', undefined, async () => {
        const report = await diagnose();
        deepEqual(codes(report), [...before, 'no-wasm']);
        equal(report.transport, 'message');
        match(problemOf(report, 'no-wasm').message, /Lockdown Mode/);
        for (const address of [url, env.fault('counted.wasm?key=off')])
          match((await rejects(load(address), 'load')).message, /needs WebAssembly/);
        match((await rejects(create(env.options), 'load')).message, /turned off here/);
      });
    },
  },
  {
    name: 'where Web Locks are forbidden spaces are on messages, all works there, and diagnose() tells',
    where: onPages,
    run: async (env) => {
      const { report, ...found } = await inFrame(env, '', 'no-locks');
      deepEqual(found, {
        transport: 'message',
        sum: 3,
        code: 'peer-lost',
        hosted: 'not-isolated',
        unhandled: [],
      });
      equal(report.transport, 'message');
      if (env.isolated) match(problemOf(report, 'no-locks').fix, /cookies/);
    },
  },
  {
    name: 'diagnose() tells an engine without shared memory, and a script that cannot be fetched',
    where: onPages,
    run: async (env) => {
      const before = codes(await diagnose());
      const offline = () => Promise.reject(new TypeError('Failed to fetch'));
      const worker = new URL('workers/echo.js', import.meta.url);
      const unreachable = await found('fetch', offline, { worker });
      equal(codes(unreachable).at(-1), 'worker-unreachable');
      const { Memory } = WebAssembly;
      const none = function None() {
        throw new RangeError('no shared memory');
      };
      await replaced(WebAssembly, 'Memory', none, async () => {
        const report = await diagnose();
        deepEqual(codes(report), [...before, 'no-shared-memory']);
        equal(report.transport, 'message');
      });
      equal(WebAssembly.Memory, Memory);
      equal(env.isolated, before.length === 0);
    },
  },
];

/**
 * @param {string} source
 * @param {(worker: Worker) => Promise<any>} use
 */
async function fromBlob(source, use) {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(url);
  try {
    return await use(worker);
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
}

/** @param {string} name of a global @param {any} value in its place @param {object} [options] @returns {Promise<Report>} */
async function found(name, value, options) {
  /** @type {any} */
  let report;
  await replaced(globalThis, name, value, async () => {
    report = await diagnose(options);
  });
  return report;
}

export const diagnosing = cases;
