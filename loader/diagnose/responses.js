/** Reading the headers that a server sends. */

/** An address as it is told: without what it may carry of a user. @param {string} href */
export const named = (href) => href.split(/[?#]/)[0];

/**
 * @param {string} href
 * @returns {Promise<Response | undefined>} without its body; undefined where it cannot be fetched
 */
export async function responseOf(href) {
  try {
    const response = await fetch(href, { cache: 'no-store' });
    response.body?.cancel().catch(() => {});
    return response;
  } catch {
    return undefined;
  }
}

/** A header's value without its parameters, '' without the header. @param {Response} response @param {string} name */
export const header = (response, name) =>
  (response.headers.get(name) ?? '').split(';')[0].trim().toLowerCase();
