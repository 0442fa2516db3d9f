/** The C of the figures (kernel.c), as a module that takes the packaged core's place. */

/** @param {import('./team.js').Env} env @returns {Promise<WebAssembly.Module>} */
export async function loadKernel(env) {
  const url = env.url('build/bench/kernel.wasm');
  if (!url.startsWith('file:')) return WebAssembly.compileStreaming(fetch(url));
  const { readFileSync } = process.getBuiltinModule('node:fs');
  return WebAssembly.compile(readFileSync(new URL(url)));
}
