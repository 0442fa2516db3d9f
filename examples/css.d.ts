/** Style sheets that esbuild puts beside a page's bundle. */
declare module '*.css';
