import { join } from 'node:path';

// Nothing for the package: where the tools are, and the headers of an isolated page.
const root = join(import.meta.dirname, '..');
export default {
  turbopack: { root },
  outputFileTracingRoot: root,
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
        { key: 'Cross-Origin-Embedder-Policy', value: 'require-corp' },
      ],
    },
  ],
};
