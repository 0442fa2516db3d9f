// Draws the Mandelbrot set by a C function in all of a pool's workers; two more survey the picture, in C
// too, and send the page what they find.
import { alloc, channel, connect, create, pool, spawn, struct } from 'sluice';

const [WIDTH, HEIGHT] = [480, 360];
const LIMIT = 250;
const WORKERS = 2;

/** @param {string} text */
function say(text) {
  const line = document.createElement('li');
  line.textContent = text;
  document.getElementById('lines')?.append(line);
}

/** @param {Uint32Array} steps */
function draw(steps) {
  const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById('picture'));
  const image = new ImageData(WIDTH, HEIGHT);
  const colours = new Uint32Array(image.data.buffer);
  for (let i = 0; i < steps.length; i++) {
    const light = steps[i] === LIMIT ? 0 : 255 - Math.floor(255 / (1 + steps[i] / 8));
    colours[i] = 0xff000000 | (light << 16) | ((light >> 1) << 8) | (light >> 2);
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

const finding = struct({ participant: 'u32', row: 'u32', inside: 'u32' });

async function run() {
  const space = await create({ wasm: new URL('engine.wasm', import.meta.url), fallback: 'throw' });
  const picture = alloc(space, WIDTH * HEIGHT * 4);
  const { buffer, byteOffset } = picture.bytes;
  const steps = new Uint32Array(buffer, byteOffset, WIDTH * HEIGHT);
  const workers = pool(space, undefined, { size: WORKERS });
  await workers.parallel('render', HEIGHT, [byteOffset, WIDTH, HEIGHT]);
  await workers.close();
  draw(steps);
  say(`${WIDTH} x ${HEIGHT} points, by the C function "render" in ${WORKERS} workers.`);

  // To C a record is bytes: the fields are between the two, so the codec goes by the name of `bytes`.
  const codec = { ...finding, id: 'bytes' };
  const findings = channel(space, 'survey', { kind: 'mpsc', capacity: 4096, codec });
  const receiver = findings.receiver();
  const open = findings.sender(); // until all have begun, it has not ended
  const peers = await Promise.all(
    Array.from({ length: WORKERS }, () =>
      spawn(space, () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })),
    ),
  );
  const surveys = peers.map((peer, first) =>
    /** @type {any} */ (connect(peer)).survey(first, WORKERS, byteOffset, WIDTH, HEIGHT),
  );
  const statuses = Promise.all(surveys).finally(() => open.close());
  /** How many rows each has sent. @type {Record<string, number>} */
  const rows = {};
  let inside = 0;
  for await (const found of receiver) {
    rows[found.participant] = (rows[found.participant] ?? 0) + 1;
    inside += found.inside;
  }
  const [each, failed] = [Object.values(rows), (await statuses).filter((status) => status !== 0)];
  say(`${inside} of them are in the set, said "survey" in ${each.length} workers.`);
  const copy = Array.from(steps);
  await Promise.all(peers.map((peer) => peer.terminate()));
  await space.close();
  return { steps: copy, inside, rows: each, failed };
}

const done = run();
done.catch((error) => say(String(error)));
Object.assign(globalThis, { done }); // for a test
