// The packed package, as others install it.
import { execFile } from 'node:child_process';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const root = fileURLToPath(new URL('../../', import.meta.url));
const tarball = join(root, 'build/packaging/sluice.tgz');

/** Where the consumers are, beside the tools that they use as their own dependencies. */
export const consumers = join(root, 'build/packaging');

/** Packs the package, once for all who install it. @returns {Promise<string>} the tarball */
export async function pack() {
  const folder = join(consumers, 'packed');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: root, timeout: 60_000 });
  const [{ filename }] = JSON.parse(stdout);
  await rename(join(folder, filename), tarball);
  return tarball;
}

/**
 * A new consumer in build/packaging/, with the packed package among its dependencies. What npm would do
 * for it is no more: the package has no dependencies and no scripts.
 *
 * @param {string} name
 * @param {string[]} sources folders of tests/packaging/consumers whose files it has
 * @returns {Promise<string>} its folder
 */
export async function install(name, sources) {
  const folder = join(consumers, name);
  await rm(folder, { recursive: true, force: true });
  const installed = join(folder, 'node_modules/sluice');
  await mkdir(installed, { recursive: true });
  await run('tar', ['xzf', tarball, '-C', installed, '--strip-components=1']);
  const manifest = { name: 'consumer', private: true, type: 'module' };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'package-lock.json'), '{}'); // tools look for it to find the root
  for (const source of sources)
    await cp(join(root, 'tests/packaging/consumers', source), folder, { recursive: true });
  await mkdir(join(folder, 'public'), { recursive: true });
  await cp(join(root, 'build/test/engine.wasm'), join(folder, 'public/engine.wasm'));
  return folder;
}
