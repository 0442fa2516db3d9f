// A worker of the SDK. The module's C functions are on its space's `exports`, as in every thread.
import { attach, serve } from 'sluice';

const space = await attach();
const { survey } = /** @type {Record<string, CallableFunction>} */ (
  /** @type {unknown} */ (space.exports)
);

serve({
  /** @param {...number} args */
  survey: (...args) => survey(...args),
});
