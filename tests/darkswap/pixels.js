// Runs in a page: is what it shows readable? By pixels of a screenshot, and by the colours of its text.
// Not against a picture of before: fonts differ from one computer to the next.

/** @typedef {{ back: number, ink: number, contrast: number }} Look `back`: luminance of the commonest
 *   colour, 0 to 1; `ink`: the share of pixels that stand out from it by 3:1; `contrast`: the strongest */

/** WCAG's relative luminance. @param {ArrayLike<number>} colour red, green, blue @param {number} [at] */
function luminance(colour, at = 0) {
  const [red, green, blue] = [0, 1, 2].map((i) => {
    const share = colour[at + i] / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param {number} a @param {number} b luminances */
const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

/** @param {Uint8ClampedArray} pixels @returns {Look} */
function lookOf(pixels) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (let i = 0; i < pixels.length; i += 4) {
    const colour = (pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const [common] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most));
  const bytes = (/** @type {number} */ colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];
  const back = luminance(bytes(common));
  let [ink, strongest] = [0, 1];
  for (const [colour, count] of counts) {
    const ratio = contrast(luminance(bytes(colour)), back);
    if (ratio >= 3) ink += count;
    strongest = Math.max(strongest, ratio);
  }
  return { back, ink: ink / (pixels.length / 4), contrast: strongest };
}

/**
 * How parts of the page look in a screenshot of it.
 *
 * @param {{ png: string, selectors: string[] }} what `png`: in base64
 * @returns {Promise<Record<string, Look>>}
 */
export async function looks({ png, selectors }) {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.width;
  canvas.height = image.height;
  const context = /** @type {CanvasRenderingContext2D} */ (
    canvas.getContext('2d', { willReadFrequently: true })
  );
  context.drawImage(image, 0, 0);
  const scale = image.width / innerWidth;
  /** @type {Record<string, Look>} */
  const found = {};
  for (const selector of selectors) {
    const element = document.querySelector(selector);
    if (!element) throw new Error(`the page has no ${selector}`);
    const box = element.getBoundingClientRect();
    const [left, top] = [Math.max(0, box.left), Math.max(0, box.top)];
    const width = Math.min(innerWidth, box.right) - left;
    const height = Math.min(innerHeight, box.bottom) - top;
    if (width < 20 || height < 10) throw new Error(`${selector} is not in the picture`);
    const [x, y, w, h] = [left, top, width, height].map((length) => Math.floor(length * scale));
    found[selector] = lookOf(context.getImageData(x, y, w, h).data);
  }
  return found;
}

/** @param {string} colour as the browser computed it @returns {number[]} red, green, blue, alpha 0 to 1 */
function channels(colour) {
  const numbers = /^rgba?\(([^)]*)\)$/
    .exec(colour)?.[1]
    .match(/[\d.]+/g)
    ?.map(Number);
  if (!numbers || numbers.length < 3) throw new Error(`a colour of another form: ${colour}`);
  const [red, green, blue, alpha = 1] = numbers;
  return [red, green, blue, alpha];
}

/** Every text of the page that has less contrast to what is behind it than WCAG's AA asks for. */
export function faintTexts() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  /** @type {string[]} */
  const faint = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent?.trim();
    if (!text || !element || element.getClientRects().length === 0) continue;
    /** @type {Element | null} */
    let behind = element;
    let back = [255, 255, 255, 0];
    while (behind && back[3] < 1) {
      back = channels(getComputedStyle(behind).backgroundColor);
      behind = behind.parentElement;
    }
    const front = channels(getComputedStyle(element).color);
    const ratio = contrast(luminance(front), luminance(back));
    if (ratio < 4.5) faint.push(`'${text.slice(0, 40)}' has ${ratio.toFixed(2)}`);
  }
  return faint;
}
