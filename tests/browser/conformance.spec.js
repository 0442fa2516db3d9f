// Runs the conformance suite in a page of each browser, a fresh page a case.
import { browserSetting } from '../conformance/env.js';
import { runsIn, suite } from '../conformance/suite.js';
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

for (const one of suite) {
  test(one.name, { tag: leftOut(one) }, async ({ tab, engineName, isolated }) => {
    await tab.goto('/tests/conformance/page.html');
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
}
