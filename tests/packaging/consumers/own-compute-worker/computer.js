export const computer = () =>
  new Worker(new URL('./compute-worker.js', import.meta.url), { type: 'module' });
