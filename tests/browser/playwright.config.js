// One browser at a time in each of two workers: a project's tests run one after another, and two
// projects beside each other, so that a test of waiting has a core for its page and one to spare.
import { defineConfig } from '@playwright/test';
import { freePort } from '../free-port.js';
import { leftOutPattern, projects } from './projects.js';

// Playwright reads this file in its workers again; they inherit the ports.
process.env.PORT_ISOLATED ??= String(await freePort());
process.env.PORT_PLAIN ??= String(await freePort());
const { PORT_ISOLATED, PORT_PLAIN } = process.env;

// Playwright wants a default export here.
export default defineConfig({
  testDir: '.',
  outputDir: '../../build/playwright',
  reporter: [['./reporter.js', { projects }]],
  timeout: 30_000,
  globalTimeout: 20 * 60_000,
  workers: 2,
  retries: 0,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  webServer: {
    command: 'node ../server.js',
    url: `http://127.0.0.1:${PORT_PLAIN}/package.json`,
    env: { PORT_ISOLATED, PORT_PLAIN },
    reuseExistingServer: false,
  },
  projects: projects.map((project) => ({
    name: project.name,
    grepInvert: leftOutPattern(project),
    metadata: { title: project.title, engine: project.engineName },
    use: {
      engineName: project.engineName,
      isolated: project.isolated,
      serverURL: `http://127.0.0.1:${project.isolated ? PORT_ISOLATED : PORT_PLAIN}`,
    },
  })),
});
