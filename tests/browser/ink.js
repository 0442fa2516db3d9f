// What a plot shows is pixels of a canvas.

/**
 * How many pixels have which of the page's colours. Its axes are of others, so a plot of nothing has none.
 * Runs in the page.
 *
 * @param {{ canvas: string, colours: string[] }} what a selector, and names of the style sheet's variables
 */
export function inkOf({ canvas: selector, colours }) {
  const canvas = document.querySelector(selector);
  if (!(canvas instanceof HTMLCanvasElement) || canvas.width === 0) return colours.map(() => 0);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const probe = document.createElement('span');
  document.body.append(probe);
  const counts = colours.map((colour) => {
    probe.style.color = `var(--${colour})`;
    const [red, green, blue] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map(Number);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      const off =
        Math.abs(data[i] - red) + Math.abs(data[i + 1] - green) + Math.abs(data[i + 2] - blue);
      if (off < 12 && data[i + 3] > 250) count++;
    }
    return count;
  });
  probe.remove();
  return counts;
}
