// Starts each server with its recipe as it stands in examples/recipes, on a port and in a folder of its
// own: no configuration of this computer is read or changed.
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { locate } from '../../browser/programs.js';
import { freePort } from '../../free-port.js';
import { headersFile, serveHost, vercelFile } from './hosts.js';
import { startServer } from './process.js';
import { programs } from './programs.js';
import { built, makeProject, makeSite, recipe, removeFolder, tool } from './site.js';

/** @typedef {import('./process.js').Server} Server */
/** @typedef {import('./hosts.js').HeadersFor} HeadersFor */

const run = promisify(execFile);

/**
 * @param {() => Promise<string>} make a folder, which goes with the server
 * @param {(folder: string) => Promise<Server>} start
 * @returns {() => Promise<Server>}
 */
const inFolder = (make, start) => async () => {
  const folder = await make();
  try {
    const { address, close } = await start(folder);
    return { address, close: () => close().then(() => removeFolder(folder)) };
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
};

async function newFolder() {
  // Not below the repository, whose folders a server's own user may not be allowed to enter.
  const folder = await mkdtemp(join(tmpdir(), 'sluice-recipe-'));
  await chmod(folder, 0o755);
  return folder;
}

/** @param {(folder: string, site: string) => Promise<Server>} start */
const withSite = (start) =>
  inFolder(newFolder, async (folder) => {
    const site = join(folder, 'site');
    await makeSite(site);
    return start(folder, site);
  });

/** @param {(folder: string) => Promise<Server>} start */
const withProject = (start) => inFolder(makeProject, start);

/**
 * A recipe with the two things that everybody changes in it.
 * @param {string} name
 * @param {string} site
 * @param {number} port
 */
async function adapted(name, site, port) {
  let text = await readFile(recipe(name), 'utf8');
  for (const [placeholder, value] of [
    ['/srv/app', site],
    ['8080', String(port)],
  ]) {
    if (text.split(placeholder).length !== 2)
      throw new Error(`${name} should have '${placeholder}' once`);
    text = text.replace(placeholder, value);
  }
  return text;
}

export const nginx = withSite(async (folder, site) => {
  const port = await freePort();
  await mkdir(join(folder, 'snippets'));
  await cp(recipe('nginx-isolation.conf'), join(folder, 'snippets/isolation.conf'));
  await writeFile(join(folder, 'app.conf'), await adapted('nginx.conf', site, port));
  const main = `
    daemon off;
    master_process off; # as whoever starts it
    pid nginx.pid;
    error_log stderr;
    events {}
    http {
      include /etc/nginx/mime.types;
      access_log off;
      client_body_temp_path body;
      proxy_temp_path proxy;
      fastcgi_temp_path fastcgi;
      uwsgi_temp_path uwsgi;
      scgi_temp_path scgi;
      include app.conf;
    }`;
  const path = join(folder, 'nginx.conf');
  await writeFile(path, main);
  const args = ['-p', folder, '-c', path, '-e', 'stderr'];
  return startServer(locate(programs.nginx), args, {
    cwd: folder,
    address: `http://127.0.0.1:${port}`,
  });
});

export const caddy = withSite(async (folder, site) => {
  const port = await freePort();
  await writeFile(join(folder, 'app'), await adapted('Caddyfile', site, port));
  const path = join(folder, 'Caddyfile');
  await writeFile(path, '{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\nimport app\n');
  return startServer(locate(programs.caddy), ['run', '--config', path], {
    cwd: folder,
    env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    address: `http://127.0.0.1:${port}`,
  });
});

const APACHE_MODULES = ['mpm_event', 'authz_core', 'dir', 'mime', 'headers'];

export const apache = withSite(async (folder, site) => {
  const port = await freePort();
  await cp(recipe('.htaccess'), join(site, '.htaccess'));
  const modules = APACHE_MODULES.map(
    (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  const main = `
    ServerRoot ${folder}
    ServerName 127.0.0.1
    Listen 127.0.0.1:${port}
    PidFile httpd.pid
    ErrorLog /dev/stderr
    ${modules.join('\n')}
    # Started by root it takes another user; else these do nothing.
    User #65534
    Group #65534
    TypesConfig /etc/mime.types
    DocumentRoot ${site}
    <Directory ${site}>
      Require all granted
      AllowOverride FileInfo
    </Directory>`;
  const path = join(folder, 'httpd.conf');
  await writeFile(path, main);
  return startServer(locate(programs.apache), ['-f', path, '-DFOREGROUND'], {
    cwd: folder,
    address: `http://127.0.0.1:${port}`,
  });
});

export const nodeHttp = withSite((folder, site) =>
  startServer(process.execPath, [recipe('node-http.js'), site, '0'], { cwd: folder }),
);

/**
 * Express resolves in a project, but what it serves is no bundler's.
 */
export const express = withProject(async (folder) => {
  const site = join(folder, 'dist');
  await makeSite(site);
  await cp(recipe('express.js'), join(folder, 'express.js'));
  return startServer(process.execPath, ['express.js', 'dist', '0'], { cwd: folder });
});

/** @param {string} name @param {(text: string) => HeadersFor} read */
const hostOf = (name, read) =>
  withSite(async (_, site) => serveHost(site, read(await readFile(recipe(name), 'utf8'))));

export const netlify = hostOf('_headers', headersFile);
export const vercel = hostOf('vercel.json', vercelFile);

/** @param {Record<string, string>} headers of every response */
export const hostWith = (headers) => withSite((_, site) => serveHost(site, () => headers));

/** A host that sets no headers, and the page that helps itself. */
export const githubPages = withSite(async (_, site) => {
  await cp(built('coi.js'), join(site, 'coi.js'));
  const page = join(site, 'index.html');
  const text = await readFile(page, 'utf8');
  await writeFile(page, text.replace('<script ', '<script src="coi.js"></script>\n$&'));
  return serveHost(site, () => ({}));
});

const HOST = ['--host', '127.0.0.1'];

/** @param {'vite' | 'vite-7'} version */
export const viteDev = (version) =>
  withProject(async (folder) => {
    await cp(recipe('vite.config.js'), join(folder, 'vite.config.js'));
    const args = [tool(`${version}/bin/vite.js`), 'dev', ...HOST];
    return startServer(process.execPath, args, { cwd: folder });
  });

/** @param {'vite' | 'vite-7'} version */
export const vitePreview = (version) =>
  withProject(async (folder) => {
    await cp(recipe('vite.config.js'), join(folder, 'vite.config.js'));
    const program = tool(`${version}/bin/vite.js`);
    await run(process.execPath, [program, 'build'], { cwd: folder });
    return startServer(process.execPath, [program, 'preview', ...HOST], { cwd: folder });
  });

export const webpackDev = withProject(async (folder) => {
  await cp(recipe('webpack.config.js'), join(folder, 'webpack.config.js'));
  await rename(join(folder, 'assets'), join(folder, 'src'));
  await rename(join(folder, 'src/page.js'), join(folder, 'src/index.js'));
  await mkdir(join(folder, 'public'));
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  await writeFile(join(folder, 'public/index.html'), page.replace('assets/page.js', 'main.js'));
  const args = [tool('webpack-cli/bin/cli.js'), 'serve', '--mode', 'development', ...HOST];
  return startServer(process.execPath, args, { cwd: folder });
});
