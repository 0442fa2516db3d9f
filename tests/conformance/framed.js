// What diagnose() finds in a frame, for the page around it; or what comes of loading the module load=,
// or with load=create of a space.
import { diagnose } from './diagnose-entry.js';
import { loadWasmModuleWithSharedMemory as load } from './loader-entry.js';
import { create } from './sdk.js';

const what = new URLSearchParams(location.search).get('load');
const loading = what && (what === 'create' ? create() : load(what));
const found = loading
  ? loading.then(
      () => ({ code: 'none' }),
      ({ code, message }) => ({ code, message }),
    )
  : diagnose().then((report) => ({ ...report, text: String(report) }));
found.then(
  (report) => parent.postMessage(JSON.parse(JSON.stringify(report)), '*'),
  (error) => parent.postMessage({ error: String(error) }, '*'),
);
