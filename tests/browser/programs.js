// Where the browsers are on this computer. One that is missing is an error, never a skipped test.
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} Program
 * @property {string} title
 * @property {string[]} names looked for in PATH, in this order
 * @property {string} variable environment variable that names it instead
 * @property {string} package the Debian package that brings it
 * @property {string} [part] of scripts/setup.sh, that installs it; `test` by default
 */

/** @satisfies {Record<string, Program>} */
export const programs = {
  chromium: {
    title: 'Chromium',
    names: ['chromium', 'chromium-browser', 'google-chrome'],
    variable: 'SLUICE_CHROMIUM',
    package: 'chromium',
  },
  firefox: {
    title: 'Firefox',
    names: ['firefox-esr', 'firefox'],
    variable: 'SLUICE_FIREFOX',
    package: 'firefox-esr',
  },
  webkitDriver: {
    title: "WebKitGTK's driver",
    names: ['WebKitWebDriver'],
    variable: 'SLUICE_WEBKIT_DRIVER',
    package: 'webkit2gtk-driver',
  },
  miniBrowser: {
    title: "WebKitGTK's MiniBrowser",
    names: ['MiniBrowser'],
    variable: 'SLUICE_MINIBROWSER',
    package: 'webkit2gtk-driver',
  },
  xvfb: {
    title: "WebKitGTK's display, Xvfb",
    names: ['Xvfb'],
    variable: 'SLUICE_XVFB',
    package: 'xvfb',
  },
};

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} folder */
function entries(folder) {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

// MiniBrowser is in no PATH: Debian has it in /usr/lib/<architecture>/webkit2gtk-<version>.
function webkitFolders() {
  const parents = ['/usr/libexec', '/usr/lib', '/usr/lib64', ...entries('/usr/lib')];
  const isWebKit = /** @param {string} path */ (path) => /\/webkit2gtk-4\.\d$/.test(path);
  return parents.flatMap(entries).filter(isWebKit);
}

// Debian has servers where only root's PATH leads.
const searchPath = () =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].filter(Boolean);

/**
 * @param {Program} program
 * @returns {string} its path
 */
export function locate(program) {
  const chosen = process.env[program.variable];
  const folders = program === programs.miniBrowser ? webkitFolders() : searchPath();
  const candidates = chosen
    ? [chosen]
    : program.names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = candidates.find(isProgram);
  if (found) return found;
  const where = chosen ? `${program.variable} names '${chosen}'` : program.names.join(' or ');
  throw new Error(
    `${program.title} is missing (${where}): install the package ${program.package} ` +
      `(scripts/setup.sh ${program.part ?? 'test'}), or let ${program.variable} name the program`,
  );
}
