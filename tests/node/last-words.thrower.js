import { attach } from 'sluice';

await attach();
throw new Error('mine');
