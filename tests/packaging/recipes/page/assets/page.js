// Leaves on the page what it is served with: whether its worker shares memory, and what diagnose() says.
import { channel, create, spawn, text } from 'sluice';
import { diagnose } from 'sluice/diagnose';

async function greeting() {
  const space = await create();
  const start = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  const peer = await spawn(space, start);
  await channel(space, 'names', { codec: text }).sender().send('Ada');
  const said = await channel(space, 'greetings', { codec: text }).receiver().receive();
  await peer.terminate();
  return { transport: space.transport, said };
}

async function look() {
  const { problems } = await diagnose();
  const codes = problems.map(({ code }) => code);
  return { isolated: crossOriginIsolated, ...(await greeting()), codes };
}

/** @param {object} result */
const show = (result) => {
  document.documentElement.dataset.result = JSON.stringify(result);
};

look().then(show, (error) => show({ error: String(error) }));
