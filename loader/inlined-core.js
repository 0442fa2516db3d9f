/** core.wasm inside of a script, for where its file is not beside the package's: dist/inlined-core.js. */

import base64 from 'inlined:core.wasm';

export const bytes = () => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
