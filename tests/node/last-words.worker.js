import { attach, serve } from 'sluice';

serve({
  first: () => 1,
  last() {
    setImmediate(() => process.exit());
    return 7;
  },
});
await attach();
