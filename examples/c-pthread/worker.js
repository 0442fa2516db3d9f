// A worker of the SDK, in the C program's memory: it asks as the page does.
import { attach } from 'sluice';
import { ask } from './ask.js';

const space = await attach();

globalThis.onmessage = async ({ data }) => {
  const report = ask(space, 1, data);
  postMessage('asking');
  postMessage(await report);
  await space.close();
};
