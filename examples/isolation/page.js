// Shows what diagnose() finds under the headers that this page came with.
import { diagnose } from 'sluice/diagnose';
import { variantOf, variants } from './variants.js';

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} name @param {string} text @param {Node[]} [children] */
function make(name, text, children = []) {
  const made = document.createElement(name);
  made.append(text, ...children);
  return made;
}

const current = variantOf(location.pathname);

function showVariants() {
  for (const [key, { title }] of Object.entries(variants)) {
    const link = document.createElement('a');
    link.href = `../${key}/`;
    link.textContent = title;
    if (key === current) link.setAttribute('aria-current', 'page');
    element('variants').append(make('li', '', [link]));
  }
  const { title, headers, worker } = variants[current];
  element('title').textContent = title;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  if (worker) lines.push('and on worker.js only:');
  for (const [name, value] of Object.entries(worker ?? {})) lines.push(`${name}: ${value}`);
  element('headers').textContent = lines.join('\n') || '(none)';
}

/** @param {import('../../loader/diagnose/index.js').Report} report */
function showReport(report) {
  const { transport, problems, features } = report;
  element('verdict').textContent =
    transport === 'shared'
      ? 'Memory is shared between threads.'
      : 'Memory is not shared: Sluice works over messages.';
  element('verdict').className = transport;
  element('problems').replaceChildren(
    ...problems.map(({ code, severity, message, fix }) => {
      const item = make('li', '', [
        make('strong', `${severity} ${code}`),
        make('p', message),
        make('p', `→ ${fix}`),
      ]);
      item.dataset.code = code;
      return item;
    }),
  );
  element('none').hidden = problems.length > 0;
  element('features').replaceChildren(
    ...Object.entries(features).map(([name, has]) => make('li', `${has ? '✓' : '–'} ${name}`)),
  );
  element('text').textContent = String(report);
}

async function run() {
  document.documentElement.dataset.state = 'running';
  try {
    showReport(await diagnose({ worker: new URL('./worker.js', import.meta.url) }));
    document.documentElement.dataset.state = 'done';
  } catch (error) {
    element('verdict').textContent = String(error);
    document.documentElement.dataset.state = 'failed';
  }
}

showVariants();
element('again').addEventListener('click', run);
element('copy').addEventListener('click', () =>
  navigator.clipboard.writeText(element('text').textContent ?? ''),
);
await run();
