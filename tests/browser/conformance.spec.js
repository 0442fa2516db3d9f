// Runs the conformance suite in each browser, the cases of a file in one page: a page a case would be
// most of the time that a case takes. After a failure Playwright goes on with a new browser.
import { browserSetting } from '../conformance/env.js';
import { files, runsIn } from '../conformance/suite.js';
import { test } from './engines.js';
import { leftOutTag, projects } from './projects.js';

/** @typedef {import('../conformance/suite.js').Case} Case */

/** @param {import('./projects.js').Project} project */
const settingOf = ({ engineName, isolated }) => browserSetting(engineName, isolated);

// One file serves all projects, so what a project leaves out is marked for it to filter.
/** @param {Case} one */
const leftOut = (one) =>
  projects.filter((project) => !runsIn(one, settingOf(project))).map(leftOutTag);

// The frames that matter are the page's, which the text has; those of this file would only hide it.
/** @param {{ error: string, log: string[] }} failure */
function pageError({ error, log }) {
  const text = [error, ...log.map((line) => `  in the console: ${line}`)].join('\n');
  return Object.assign(new Error(text), { name: '', stack: '' });
}

/** The file whose page the tab shows. */
let shown = '';

/** @param {import('./launch.js').Tab} tab @param {string} file */
async function show(tab, file) {
  if (shown === file) return;
  await tab.goto('/tests/conformance/page.html');
  shown = file;
}

for (const [file, cases] of Object.entries(files))
  for (const one of cases)
    test(one.name, { tag: leftOut(one) }, async ({ tab, engineName, isolated }) => {
      await show(tab, file);
      const setting = browserSetting(engineName, isolated);
      const outcome = await tab.evaluate(
        async ({ name, setting }) => {
          // A path of the server, which this file's own folder does not have.
          const address = '/tests/conformance/run.js';
          const { run } = /** @type {typeof import('../conformance/run.js')} */ (
            await import(address)
          );
          return run(name, setting);
        },
        { name: one.name, setting },
      );
      if (!outcome.ok) throw pageError(outcome);
    });
