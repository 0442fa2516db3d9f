// The six browsers that the tests run in: each engine with an isolated page and without.

/** @typedef {import('./launch.js').EngineName} EngineName */
/** @typedef {{ name: string, title: string, engineName: EngineName, isolated: boolean }} Project */

/** @type {EngineName[]} */
const engines = ['webkit', 'firefox', 'chromium']; // the slowest to open a tab first

/** @type {Project[]} */
export const projects = engines.flatMap((engineName) => [
  { name: engineName, title: `${engineName} isolated`, engineName, isolated: true },
  { name: `${engineName}-plain`, title: `${engineName} not isolated`, engineName, isolated: false },
]);

/**
 * Marks a test that a project leaves out.
 * @param {Project} project
 */
export const leftOutTag = ({ name }) => `@not-${name}`;

/**
 * Finds the mark of this project and not that of a longer name.
 * @param {Project} project
 */
export const leftOutPattern = (project) => new RegExp(`${leftOutTag(project)}(?![-\\w])`);
