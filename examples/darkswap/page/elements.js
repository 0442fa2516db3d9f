/** The page's elements, by id. */

/** @template {HTMLElement} T @param {string} id */
export const element = (id) => /** @type {T} */ (document.getElementById(id));

/** @param {string} id @param {unknown} text */
export function write(id, text) {
  const node = element(id);
  const value = String(text);
  if (node.textContent !== value) node.textContent = value;
}

/** @param {(string | Node)[]} cells @param {string} [kind] the first has its colour @returns {HTMLTableRowElement} */
export function row(cells, kind) {
  const line = document.createElement('tr');
  for (const [i, cell] of cells.entries()) {
    const place = document.createElement('td');
    place.append(cell);
    if (kind && (i === 0 || typeof cell !== 'string')) place.className = kind;
    line.append(place);
  }
  return line;
}

/** A colour of the page as the canvas takes it. @param {string} name */
export function colour(name) {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
