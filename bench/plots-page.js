/** In the page: draws what plots.js has put into it. */

import uPlot from 'uplot';

const COLOURS = ['#999', '#bb7', '#36c', '#c63', '#393', '#d22', '#e8a', '#6bd', '#a5d', '#555'];
const WIDTH = 900;
const HEIGHT = 320;

/** @type {import('./plots.js').Plot[]} */
const plots = JSON.parse(document.getElementById('plots')?.textContent ?? '[]');
const main = /** @type {HTMLElement} */ (document.querySelector('main'));

for (const { title, unit, labels, at, log, peers } of plots) {
  const measured = peers.filter(({ values }) => values.some((value) => value !== null));
  const one = at.length === 1;
  // With a single place the peers stand side by side.
  const places = one ? measured.map((_, i) => i) : at;
  const names = one ? measured.map(({ name }) => name) : labels;
  const figure = document.createElement('figure');
  main.append(figure);
  new uPlot(
    {
      title: `${title} (${unit})`,
      width: WIDTH,
      height: HEIGHT,
      scales: { x: { time: false, distr: log && !one ? 3 : 1 }, y: { distr: 3 } },
      axes: [
        {
          splits: () => places,
          values: () => names,
        },
        { size: 70 },
      ],
      series: [
        {},
        ...measured.map(({ name }, i) => ({
          label: name,
          stroke: COLOURS[i % COLOURS.length],
          width: name.startsWith('Sluice') ? 3 : 1.5,
          points: { show: true, size: 8 },
        })),
      ],
    },
    [
      places,
      ...measured.map(({ values }, i) =>
        one ? places.map((place) => (place === i ? values[0] : null)) : values,
      ),
    ],
    figure,
  );
}
