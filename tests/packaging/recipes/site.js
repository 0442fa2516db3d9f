// The page that every recipe serves, with the package that was built.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @param {string} path in the repository, without a slash at its end */
const inRepository = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** @param {string} name */
export const recipe = (name) => inRepository(`examples/recipes/${name}`);

/** @param {string} path of what scripts/setup.sh installs */
export const tool = (path) => inRepository(`build/packaging/node_modules/${path}`);

/** @param {string} name in dist/ */
export const built = (name) => inRepository(`dist/${name}`);

const PAGE = fileURLToPath(new URL('./page', import.meta.url));
const MODULES = ['assets/page.js', 'assets/worker.js'];

/**
 * As somebody has it who uses no bundler: the package's files beside the page's, imported by their paths,
 * for a worker knows no import map.
 * @param {string} folder
 */
export async function makeSite(folder) {
  await cp(PAGE, folder, { recursive: true });
  for (const name of MODULES) {
    const path = join(folder, name);
    const text = await readFile(path, 'utf8');
    const beside = text
      .replace("from 'sluice'", "from './sluice/sluice.js'")
      .replace("from 'sluice/diagnose'", "from './sluice/diagnose.js'");
    await writeFile(path, beside);
  }
  const into = join(folder, 'assets/sluice');
  await mkdir(into);
  const dist = inRepository('dist');
  for (const name of await readdir(dist))
    if (/^[\w-]+\.(js|wasm)$/.test(name)) await cp(join(dist, name), join(into, name));
}

/**
 * As somebody has it who uses a bundler, which resolves to what is installed in build/packaging.
 * @returns {Promise<string>} its folder
 */
export async function makeProject() {
  const parent = inRepository('build/packaging');
  const folder = await mkdtemp(join(parent, 'recipe-'));
  await cp(PAGE, folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const installed = join(folder, 'node_modules/sluice');
  await cp(inRepository('package.json'), join(installed, 'package.json'));
  await cp(inRepository('dist'), join(installed, 'dist'), { recursive: true });
  return folder;
}

/** @param {string} folder */
export const removeFolder = (folder) => rm(folder, { recursive: true, force: true });
