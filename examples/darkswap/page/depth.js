/** The depth of the market, by uPlot: how much is offered up to each price. */

import { language } from '../../language.js'; // before uPlot
import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';
import { colour } from './elements.js';

/** @typedef {import('../pipeline/wiring.js').Depth} Depth */

const HEIGHT = 230;

/** @param {HTMLElement} place */
export function makeDepthPlot(place) {
  /** @type {import('uplot') | undefined} */
  let plot;
  /** @type {import('uplot').AlignedData} */
  let data = [[], [], []];

  /** In the colours of the page as they are now. */
  function draw() {
    plot?.destroy();
    const [bid, ask, quiet, line] = ['bid', 'ask', 'quiet', 'line'].map(colour);
    const stepped = /** @type {(options: object) => import('uplot').Series.PathBuilder} */ (
      uPlot.paths.stepped
    );
    const axis = {
      values: inWords,
      stroke: quiet,
      grid: { stroke: line, width: 1 },
      ticks: { stroke: line },
    };
    plot = new uPlot(
      {
        width: place.clientWidth || 300,
        height: HEIGHT,
        scales: { x: { time: false } },
        legend: { show: false },
        cursor: { show: false },
        axes: [axis, { ...axis, size: 60 }],
        series: [
          { label: 'price' },
          { ...series(bid), label: 'bids', paths: stepped({ align: -1 }) },
          { ...series(ask), label: 'asks', paths: stepped({ align: 1 }) },
        ],
      },
      data,
      place,
    );
  }

  new ResizeObserver(() => {
    plot?.setSize({ width: place.clientWidth || 300, height: HEIGHT });
  }).observe(place);

  return {
    draw,

    /** @param {Depth} depth */
    show({ bids, asks }) {
      const [buying, selling] = [totals(bids).reverse(), totals(asks)];
      data = [
        [...buying, ...selling].map(([price]) => price),
        [...buying.map(([, total]) => total), ...selling.map(() => null)],
        [...buying.map(() => null), ...selling.map(([, total]) => total)],
      ];
      plot?.setData(data);
    },
  };
}

/** @param {Depth['bids']} levels @returns {[number, number][]} price, and what is offered up to there */
function totals(levels) {
  let total = 0;
  return levels.map(({ price, amount }) => {
    total += Number(amount);
    return [Number(price), total];
  });
}

/** @param {unknown} _ @param {number[]} ticks */
const inWords = (_, ticks) => ticks.map((tick) => tick.toLocaleString(language));

/** @param {string} stroke */
const series = (stroke) => ({ stroke, fill: faint(stroke), width: 2, points: { show: false } });

/** @param {string} colour rgb(...) */
const faint = (colour) => colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.25)');
