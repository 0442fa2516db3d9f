// The three engines, as tests/browser has them; each test starts the servers that it opens pages of.

/** @typedef {import('../browser/projects.js').Project} Project */

/** @type {Project[]} */
export const projects = /** @type {const} */ (['webkit', 'firefox', 'chromium']).map(
  (engineName) => ({
    name: `packaging-${engineName}`,
    title: `packaging ${engineName}`,
    engineName,
    isolated: true, // WebKitGTK with shared memory
  }),
);
