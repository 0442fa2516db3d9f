// What is built with the package and what is served by others' servers, in the three engines.
import { defineConfig } from '@playwright/test';
import { leftOutPattern } from '../browser/projects.js';
import { projects } from './projects.js';

// Playwright wants a default export here.
export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.js',
  globalSetup: './setup.js',
  outputDir: '../../build/playwright-packaging',
  reporter: [['../browser/reporter.js', { projects }]],
  timeout: 120_000,
  globalTimeout: 20 * 60_000,
  workers: 2,
  retries: 0,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  projects: projects.map((project) => ({
    name: project.name,
    grepInvert: leftOutPattern(project),
    metadata: { title: project.title, engine: project.engineName },
    use: {
      engineName: project.engineName,
      isolated: project.isolated,
      serverURL: 'http://127.0.0.1',
    },
  })),
});
