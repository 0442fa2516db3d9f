/**
 * The live picture: how fast records arrive, and how full the ring is, over the last seconds. It asks
 * the channel for its figures at each frame.
 */

const SECONDS = 15;
/** A rate needs some time to be one, and drawing should not take that of what it shows. */
const SAMPLE_MS = 50;
/** Records/s at the ends of the scale, which is logarithmic: the ways lie a factor of ten apart. */
const [SLOWEST, FASTEST] = [1e4, 1e8];

/**
 * @typedef {import('./pair.js').Way} Way
 * @typedef {{at: number, way: Way, rate: number, fill: number | undefined}} Sample
 *
 * @param {HTMLCanvasElement} canvas
 */
export function makePicture(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  /** @type {Sample[]} */
  let samples = [];
  let frame = 0;

  /** @param {Way} way @param {() => import('./pair.js').Progress} progress */
  function show(way, progress) {
    stop();
    let last = { at: performance.now(), received: progress().received };

    function sample() {
      frame = requestAnimationFrame(sample);
      const at = performance.now();
      if (at - last.at < SAMPLE_MS) return;
      const { received, used, capacity } = progress();
      const rate = (1000 * Math.max(0, received - last.received)) / (at - last.at);
      const fill = used === undefined || !capacity ? undefined : used / capacity;
      last = { at, received };
      samples.push({ at, way, rate, fill });
      samples = samples.filter((one) => one.at > at - 1000 * SECONDS);
      draw(context, samples, at);
    }
    frame = requestAnimationFrame(sample);
  }

  function stop() {
    cancelAnimationFrame(frame);
  }

  return { show, stop };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Sample[]} samples
 * @param {number} now
 */
function draw(context, samples, now) {
  const { canvas } = context;
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio;
  canvas.width = width * scale;
  canvas.height = height * scale;
  context.scale(scale, scale);

  const style = getComputedStyle(canvas);
  /** @param {string} name */
  const colour = (name) => style.getPropertyValue(`--${name}`);
  const left = 92;
  const rates = { top: 12, bottom: height * 0.6 };
  const fills = { top: height * 0.6 + 24, bottom: height - 12 };
  /** @param {number} at */
  const x = (at) => width - ((now - at) / 1000 / SECONDS) * (width - left);
  /** @param {{top: number, bottom: number}} band @param {number} share */
  const y = ({ top, bottom }, share) => bottom - share * (bottom - top);
  /** @param {number} rate */
  const onScale = (rate) => Math.max(0, Math.log(rate / SLOWEST) / Math.log(FASTEST / SLOWEST));

  context.font = '12px system-ui, sans-serif';
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  /** @param {string} label @param {number} at */
  function line(label, at) {
    context.fillStyle = colour('quiet');
    context.fillText(label, left - 8, at);
    context.fillRect(left, at, width - left, 0.5);
  }
  for (const [rate, label] of /** @type {const} */ ([
    [1e4, '10 k/s'],
    [1e5, '100 k/s'],
    [1e6, '1 M/s'],
    [1e7, '10 M/s'],
    [1e8, '100 M/s'],
  ])) {
    line(label, y(rates, onScale(rate)));
  }
  line('ring full', fills.top);
  line('ring empty', fills.bottom);

  for (let i = 1; i < samples.length; i++) {
    const [from, to] = [samples[i - 1], samples[i]];
    const [start, end] = [Math.max(left, x(from.at)), x(to.at)];
    if (from.way !== to.way || end <= left) continue;
    context.fillStyle = colour(to.way);
    context.strokeStyle = colour(to.way);
    if (to.fill !== undefined) {
      const top = y(fills, to.fill);
      context.fillRect(start, top, end - start + 0.5, fills.bottom - top);
    }
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(start, y(rates, onScale(from.rate)));
    context.lineTo(end, y(rates, onScale(to.rate)));
    context.stroke();
  }
}
