import { nodeResolve } from '@rollup/plugin-node-resolve';

// A worker is an entry of its own, and stays beside the page's.
export default {
  input: ['main.js', 'worker.js'],
  output: { dir: 'dist' },
  plugins: [nodeResolve({ browser: true })],
};
