// Not the Worker of node:worker_threads.
import { create, spawn } from 'sluice';

const make = () => new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' });
const space = await create();
await spawn(space, make).catch(({ message }) => console.log(message));
process.exit();
