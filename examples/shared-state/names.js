/**
 * What processors are called between threads.
 *
 * @typedef {string | {module: URL | string, export?: string}} ProcessorName that of a function that the
 *   workers' file serves, or a module's address and one of its exports, "default" by default
 */

/** The served function that runs those of modules; nobody's own is called so. */
export const OF_MODULE = 'function of a module';

/**
 * @param {ProcessorName} processor
 * @returns {[name: string, ...more: string[]]} the served function, and its arguments after the item
 */
export function nameOf(processor) {
  if (typeof processor === 'string') return [processor];
  if (typeof processor !== 'object' || processor === null || !('module' in processor)) {
    throw new TypeError(
      `a processor is the name of a served function, or {module, export}, not ${typeof processor}: a function cannot go to another thread`,
    );
  }
  const { module, export: name = 'default' } = processor;
  const base = globalThis.location?.href;
  if (!URL.canParse(String(module), base)) {
    throw new TypeError(
      `"${module}" is no address here: give an absolute one, new URL('./file.js', import.meta.url)`,
    );
  }
  return [OF_MODULE, new URL(module, base).href, name];
}
