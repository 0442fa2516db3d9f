// Diagnoses its own thread.
import { diagnose } from '../diagnose-entry.js';

globalThis.onmessage = async () => {
  const report = await diagnose();
  postMessage({ report: JSON.parse(JSON.stringify(report)), text: String(report) });
};
