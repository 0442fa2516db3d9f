// For await at the top of a worker.
export default { worker: { format: 'es' } };
