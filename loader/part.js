/** Parts of Sluice that are loaded when somebody needs them. */

import { SluiceError } from './errors.js';

/**
 * @template T
 * @param {Promise<T>} loading what import() gave
 * @returns {Promise<T>}
 */
export const part = (loading) =>
  loading.catch((cause) => {
    throw new SluiceError(
      'load',
      'a file of Sluice did not load: publish all of its dist/, and let the CSP allow it',
      { cause },
    );
  });
