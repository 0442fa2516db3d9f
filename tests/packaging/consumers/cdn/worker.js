// A worker has no import map; and WebKit wants Cross-Origin-Embedder-Policy on what a worker of an isolated
// page imports from another origin, but for import().
const { attach, channel, text } = await import('https://cdn.example/sluice/dist/sluice.js');

const space = await attach();
const names = channel(space, 'names', { kind: 'spsc', codec: text }).receiver();
const greetings = channel(space, 'greetings', { kind: 'spsc', codec: text }).sender();
for await (const name of names) await greetings.send(`Hello, ${name}`);
greetings.close();
