// Before all tests of this folder: they use the package as it is published.
import { pack } from './install.js';

// Playwright wants a default export here.
export default async function setup() {
  await pack();
}
