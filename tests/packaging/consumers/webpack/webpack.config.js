// Nothing for the package.
export default {
  entry: './main.js',
  output: { path: `${import.meta.dirname}/dist`, filename: 'main.js' },
};
