/** What lets a page share memory: two headers, on the page and on its workers' scripts. */

/** @type {Readonly<Record<string, string>>} */
export const SECURITY_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * For Express, Connect and whoever calls the like: `app.use(securityHeaders)`, before all that answers.
 *
 * @param {unknown} _request
 * @param {{setHeader(name: string, value: string): unknown}} response
 * @param {() => void} next
 */
export function securityHeaders(_request, response, next) {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  next();
}
