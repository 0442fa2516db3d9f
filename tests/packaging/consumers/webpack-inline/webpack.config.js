// The page is as all others: here "sluice" is "sluice/inline".
export default {
  entry: './main.js',
  output: { path: `${import.meta.dirname}/dist`, filename: 'main.js' },
  resolve: { alias: { sluice$: 'sluice/inline' } },
};
