/** Why memory cannot be shared here: the page, its response, its browser. */

import { header, named, responseOf } from './responses.js';
import { embeds } from './script.js';

/** @typedef {import('./index.js').Problem} Problem */

const COOP = 'Cross-Origin-Opener-Policy';
const COEP = 'Cross-Origin-Embedder-Policy';

/** @param {string} code @param {string} message @param {string} fix @returns {Problem} */
const problem = (code, message, fix) => ({ code, severity: 'error', message, fix });

/**
 * @param {boolean} made whether a shared memory could be made
 * @returns {Promise<Problem[]>}
 */
export async function checkIsolation(made) {
  const { location, navigator, isSecureContext, crossOriginIsolated } = /** @type {any} */ (
    globalThis
  );
  const agent = navigator?.userAgent ?? '';
  if (/; wv\)/.test(agent)) {
    return [
      problem(
        'webview',
        'this is an Android WebView, which shares no memory, whatever headers it gets',
        'nothing on the server: open the page in the browser (a Custom Tab), or stay with messages',
      ),
    ];
  }
  if (isSecureContext === false) {
    return [
      problem(
        'insecure-context',
        `${location?.origin ?? 'this page'} is not a secure context`,
        'serve the page by https, or from localhost while developing',
      ),
    ];
  }
  if (crossOriginIsolated || crossOriginIsolated === undefined) {
    if (!made) return []; // the features say so
    return [
      problem(
        'no-sharing',
        'memory cannot be posted to another thread, although the page is isolated',
        'this browser does not share memory: update it; WebKitGTK needs JSC_useSharedArrayBuffer=1',
      ),
    ];
  }
  return checkResponse(agent);
}

/** @param {string} agent @returns {Promise<Problem[]>} */
async function checkResponse(agent) {
  const scope = /** @type {any} */ (globalThis);
  const href = scope.location?.href ?? '';
  if (scope.document === undefined && !/^https?:/.test(href)) return [aboutPage()];
  const response = await responseOf(href);
  const name = named(href);
  if (!response) {
    return [
      problem(
        'headers-unknown',
        `${name} is not cross-origin isolated, and its headers cannot be read`,
        `${COOP}: same-origin and ${COEP}: require-corp on this response`,
      ),
    ];
  }
  const problems = scope.document
    ? fromDocument(response, name, agent)
    : fromWorker(response, name);
  const policy = response.headers.get('permissions-policy') ?? '';
  if (/cross-origin-isolated=\(\)/.test(policy)) {
    problems.push(
      problem(
        'permissions-policy',
        `${name} forbids isolation: Permissions-Policy: cross-origin-isolated=()`,
        'take cross-origin-isolated out of Permissions-Policy on this response',
      ),
    );
  }
  if (problems.length > 0) return problems;
  if (!scope.document) return [aboutPage()];
  return [
    problem(
      'headers-late',
      `${name} is sent with the right headers now, but this page came without them: from a cache, by a service worker, or before the server was changed`,
      'reload the page past its caches; let a service worker pass the headers on',
    ),
  ];
}

const aboutPage = () =>
  problem(
    'page',
    'the page that started this worker is not cross-origin isolated',
    'call diagnose() on the page: it says what to change',
  );

/**
 * @param {Response} response
 * @param {string} name
 * @param {string} agent
 */
function fromDocument(response, name, agent) {
  /** @type {Problem[]} */
  const problems = [];
  if (globalThis.window !== globalThis.top) {
    problems.push(
      problem(
        'iframe',
        `${name} is in a frame, which is isolated only if every page around it is`,
        `${COOP}: same-origin and ${COEP}: require-corp on the page around it, allow="cross-origin-isolated" on the iframe; in Chromium, Document-Isolation-Policy: isolate-and-require-corp on the frame's own response does alone`,
      ),
    );
  } else {
    problems.push(...wrong(response, name, COOP, ['same-origin'], 'same-origin'));
  }
  const coep = header(response, COEP);
  if (coep === 'credentialless' && agent.includes('AppleWebKit') && !agent.includes('Chrom')) {
    problems.push(
      problem(
        'coep-credentialless',
        `${name} was sent with ${COEP}: credentialless, which Safari and other WebKit do not know`,
        `${COEP}: require-corp on this response (and Cross-Origin-Resource-Policy on what it embeds)`,
      ),
    );
  } else
    problems.push(
      ...wrong(response, name, COEP, ['require-corp', 'credentialless'], 'require-corp'),
    );
  return problems;
}

/**
 * @param {Response} response
 * @param {string} name
 * @param {string} key
 * @param {string[]} right
 * @param {string} best
 * @returns {Problem[]}
 */
function wrong(response, name, key, right, best) {
  const value = header(response, key);
  if (right.includes(value)) return [];
  const reported = response.headers.has(`${key}-Report-Only`)
    ? `; ${key}-Report-Only reports, and isolates nothing`
    : '';
  const how = value ? `with ${key}: ${value}` : `without ${key}`;
  const code = key === COOP ? 'coop' : 'coep';
  return [problem(code, `${name} was sent ${how}${reported}`, `${key}: ${best} on this response`)];
}

/** @param {Response} response @param {string} name */
const fromWorker = (response, name) =>
  embeds(response)
    ? []
    : [
        problem(
          'coep',
          `the worker ${name} was sent without ${COEP}`,
          `${COEP}: require-corp on this response`,
        ),
      ];
