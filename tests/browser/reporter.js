// Prints each failure when it happens and one line a browser, and leaves the counts in build/.
import { stripVTControlCharacters } from 'node:util';
import { clearResult, writeResult } from '../results.js';

/** @typedef {import('@playwright/test/reporter').Reporter} Reporter */
/** @typedef {import('@playwright/test/reporter').Suite} Suite */
/** @typedef {import('@playwright/test/reporter').TestCase} TestCase */
/** @typedef {import('@playwright/test/reporter').TestResult} TestResult */

const MISSING = 'unknown';

/** @param {Suite} suite of a project @returns {{name: string, title: string, engine: string}} */
const projectOf = (suite) => {
  const project = suite.project();
  if (!project) throw new Error(`the suite '${suite.title}' belongs to no project`);
  const { title, engine } = project.metadata;
  return { name: project.name, title, engine };
};

/** @param {TestCase} test */
const version = (test) =>
  test.results.flatMap(({ annotations }) => annotations).find(({ type }) => type === 'version')
    ?.description;

/**
 * Whatever has not passed has failed: skipped, flaky, interrupted and never started tests too.
 * @param {Suite} suite of a project
 */
function count(suite) {
  const tests = suite.allTests();
  const { title, engine } = projectOf(suite);
  const passed = tests.filter(
    (test) =>
      test.outcome() === 'expected' &&
      test.results.length > 0 &&
      !test.results.some((r) => r.status === 'skipped'),
  ).length;
  return {
    name: title,
    engine,
    version: tests.map(version).find(Boolean) ?? MISSING,
    passed,
    failed: tests.length - passed,
  };
}

/** @param {import('@playwright/test/reporter').TestError} error */
const textOf = ({ stack, message, value }) =>
  stripVTControlCharacters(stack || message || value || 'an error without a text');

// After its time limit a test fails again wherever it was: its browser is closed.
/** @param {TestResult} result */
const errorTexts = ({ status, errors }) =>
  (status === 'timedOut' ? errors.slice(0, 1) : errors).map(textOf);

/** @param {string} text */
const indent = (text) => text.replace(/^/gm, '    ');

/**
 * @param {TestCase} test
 * @param {TestResult} result
 * @param {Set<string>} printed the errors of this project, for one such as a missing browser fails
 *   each test
 */
function printFailure(test, result, printed) {
  const name = test.parent.project()?.metadata.title;
  console.log(`FAILED in ${name}: ${test.title} (${result.status}, ${result.duration} ms)`);
  const texts = errorTexts(result);
  for (const text of texts) console.log(indent(printed.has(text) ? 'the same error' : text));
  for (const text of texts) printed.add(text);
}

// Playwright wants a class as the default export here.
/** @implements {Reporter} */
export default class SluiceReporter {
  /** @type {Suite[]} */
  #suites = [];
  /** @type {Map<string, { left: number, busy: number, printed: Set<string> }>} by project */
  #progress = new Map();

  /** @param {{projects: {name: string}[]}} options */
  constructor({ projects }) {
    for (const { name } of projects) clearResult(name);
  }

  /**
   * @param {import('@playwright/test').FullConfig} _
   * @param {Suite} root
   */
  onBegin(_, root) {
    this.#suites = root.suites;
    for (const suite of root.suites)
      this.#progress.set(suite.title, {
        left: suite.allTests().length,
        busy: 0,
        printed: new Set(),
      });
  }

  /**
   * @param {TestCase} test
   * @param {TestResult} result
   */
  onTestEnd(test, result) {
    const suite = this.#suites.find((each) => each.title === test.parent.project()?.name);
    const progress = this.#progress.get(test.parent.project()?.name ?? '');
    if (!suite || !progress) return;
    if (result.status !== 'passed') printFailure(test, result, progress.printed);
    progress.left--;
    progress.busy += result.duration;
    if (progress.left === 0) this.#printProject(suite, progress.busy);
  }

  /**
   * @param {Suite} suite
   * @param {number} ms
   */
  #printProject(suite, ms) {
    const { name, version, passed, failed } = count(suite);
    const seconds = (ms / 1000).toFixed(1);
    console.log(`${name} ${version}: ${passed} passed, ${failed} failed, in ${seconds} s`);
  }

  /** @param {import('@playwright/test/reporter').TestError} error */
  onError(error) {
    console.log(textOf(error));
  }

  /** @param {import('@playwright/test/reporter').FullResult} result */
  onEnd({ status }) {
    for (const suite of this.#suites) writeResult(projectOf(suite).name, count(suite));
    if (status === 'timedout') console.log('the run ended at its time limit');
  }

  printsToStdio() {
    return true;
  }
}
