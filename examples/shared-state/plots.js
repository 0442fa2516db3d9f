/** The page's two plots, by uPlot, in the colours of the page. */

import { language } from '../language.js'; // before uPlot
import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';

const HEIGHT = 220;
/** What of the last seconds is shown. */
const SECONDS = 20;

/** @param {string} name of a variable of the style sheet */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);

/** @param {string} label @param {(values: number[]) => string[]} text @returns {uPlot.Axis} */
const axis = (label, text) => ({
  label,
  labelSize: 20,
  size: 64,
  stroke: () => colour('front'),
  grid: { stroke: () => colour('line'), width: 1 },
  ticks: { stroke: () => colour('line'), width: 1 },
  values: (_plot, values) => text(values.map((value) => value ?? NaN)),
});

/** @param {string} label @param {string} name */
const series = (label, name) => ({
  label,
  stroke: () => colour(name),
  width: 2,
  points: { size: 6, fill: () => colour(name), stroke: () => colour(name) },
});

/**
 * @param {HTMLElement} element
 * @param {Omit<uPlot.Options, 'width' | 'height'>} options
 * @param {uPlot.AlignedData} data
 */
function show(element, options, data) {
  const common = { height: HEIGHT, legend: { show: false }, cursor: { show: false } };
  const plot = new uPlot({ ...common, ...options, width: element.clientWidth }, data, element);
  new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT })).observe(
    element,
  );
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw());
  return plot;
}

/** @param {number} value */
const short = (value) =>
  Number.isNaN(value)
    ? ''
    : Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(value);

/**
 * Writes a second over time, a line for each name.
 *
 * @param {HTMLElement} element
 * @param {string[]} names
 */
export function showRates(element, names) {
  /** @type {number[][]} */
  let samples = [];
  const plot = show(
    element,
    {
      scales: {
        x: { time: false },
        y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
      },
      axes: [
        axis('seconds', (values) => values.map(short)),
        axis('writes a second', (values) => values.map(short)),
      ],
      series: [{}, ...names.map((name, i) => series(name, `series-${i + 1}`))],
    },
    [[], ...names.map(() => [])],
  );
  return {
    /** @param {number} seconds @param {number[]} rates one a name */
    add(seconds, rates) {
      samples.push([seconds, ...rates]);
      samples = samples.filter(([at]) => at > seconds - SECONDS);
      plot.setData(/** @type {any} */ (columns(samples, names.length + 1)));
    },
    clear() {
      samples = [];
      plot.setData(/** @type {any} */ (columns(samples, names.length + 1)));
    },
    /** @returns {number} samples that are shown */
    get length() {
      return plot.data[0].length;
    },
  };
}

/** @param {number[][]} rows @param {number} width */
const columns = (rows, width) =>
  Array.from({ length: width }, (_, column) => rows.map((row) => row[column]));

/**
 * Speed over size, both by their logarithms.
 *
 * @param {HTMLElement} element
 */
export function showSpeeds(element) {
  const plot = show(
    element,
    {
      scales: { x: { time: false, distr: 3, log: 2 }, y: { distr: 3 } },
      axes: [
        axis('bytes of a value', (values) => values.map(short)),
        axis('MB/s there and back', (values) => values.map(short)),
      ],
      series: [{}, series('messages', 'traditional'), series('state', 'shared')],
    },
    [[], [], []],
  );
  return {
    /** @param {import('./metrics.js').Transfer[]} transfers */
    set(transfers) {
      const known = transfers.filter(({ traditional, shared }) => traditional && shared);
      plot.setData([
        known.map(({ bytes }) => bytes),
        known.map(({ traditional }) => (traditional?.bytesPerSecond ?? 0) / 1e6),
        known.map(({ shared }) => (shared?.bytesPerSecond ?? 0) / 1e6),
      ]);
    },
    get length() {
      return plot.data[0].length;
    },
  };
}
