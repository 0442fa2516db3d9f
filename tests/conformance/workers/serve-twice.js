// Serves a second time, and serves what came of that.
import { serve } from '../sdk.js';

/** @type {unknown} */
let second;
serve({
  error() {
    throw second;
  },
});
try {
  serve({});
} catch (error) {
  second = error;
}
