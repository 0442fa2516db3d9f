// webpack and webpack-dev-server: webpack.config.js
export default {
  devServer: {
    headers: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
      'Document-Isolation-Policy': 'isolate-and-require-corp',
    },
  },
};
