/** Runs the kernel by hand: a module and a memory of this worker's own. */

/** @type {any} */
let exports;

export const parallelRoles = {
  /** @param {unknown} _space @param {WebAssembly.Module} module @param {{initial: number, maximum: number}} pages */
  async kernelOpen(_space, module, pages) {
    const memory = new WebAssembly.Memory({ ...pages, shared: true });
    ({ exports } = await WebAssembly.instantiate(module, { env: { memory } }));
  },

  /** @param {unknown} _space @param {number} begin @param {number} end */
  kernelRun(_space, begin, end) {
    exports.kernel(begin, end);
    return exports.kernel_sum() >>> 0;
  },
};
