/**
 * What the job finds out: how many places each country has, and the box that they all lie in.
 *
 * @typedef {{
 *   places: number, countries: Record<string, number>,
 *   south: number, west: number, north: number, east: number,
 * }} Totals `countries` in alphabetical order
 */

export function makeTally() {
  /** @type {Map<string, number>} */
  const countries = new Map();
  let places = 0;
  let [south, west, north, east] = [Infinity, Infinity, -Infinity, -Infinity];
  return {
    /** @param {import('./place.js').Place} place */
    add({ country, lat, lng }) {
      places++;
      countries.set(country, (countries.get(country) ?? 0) + 1);
      if (lat < south) south = lat;
      if (lat > north) north = lat;
      if (lng < west) west = lng;
      if (lng > east) east = lng;
    },

    /** @returns {Totals} */
    totals() {
      const sorted = Object.fromEntries([...countries].sort(([a], [b]) => (a < b ? -1 : 1)));
      return { places, countries: sorted, south, west, north, east };
    },
  };
}

/**
 * The totals in one pass of one thread, without a record or a channel.
 *
 * @param {import('./place.js').Place[]} places
 */
export function tallyAlone(places) {
  const tally = makeTally();
  for (const place of places) tally.add(place);
  return tally.totals();
}

/** @param {Totals | undefined} a @param {Totals | undefined} b */
export const sameTotals = (a, b) => JSON.stringify(a) === JSON.stringify(b);
