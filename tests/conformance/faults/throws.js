throw new Error('thrown at the start of the worker');
