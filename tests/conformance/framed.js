// What diagnose() finds in a frame, for the page around it.
import { diagnose } from './diagnose-entry.js';

diagnose().then(
  (report) => parent.postMessage(JSON.parse(JSON.stringify(report)), '*'),
  (error) => parent.postMessage({ error: String(error) }, '*'),
);
