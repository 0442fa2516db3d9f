// Express: node express.js [folder] [port] [host]
import express from 'express';

const [folder = 'dist', port = '8080', host = '127.0.0.1'] = process.argv.slice(2);

const app = express();
// Before all else that answers.
app.use((_request, response, next) => {
  response.set({
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Document-Isolation-Policy': 'isolate-and-require-corp',
  });
  next();
});
app.use(express.static(folder));

const server = app.listen(Number(port), host, () => {
  console.log(`http://${host}:${server.address().port}/`);
});
