// Other people's programs: run to their end, or as servers until they are not needed any more.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../free-port.js';
import { startServer } from './recipes/process.js';

const env = { NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1', CI: '1' };

/**
 * @param {string[]} command
 * @param {string} folder
 * @param {number} [timeout] ms
 * @returns {Promise<string>} what it said
 */
export async function complete([program, ...args], folder, timeout = 180_000) {
  // As the head of a process group: some start others.
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: 'pipe',
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text;
    });
  }
  const end = () => {
    if (child.exitCode === null && child.signalCode === null)
      process.kill(-Number(child.pid), 'SIGKILL');
  };
  process.once('exit', end);
  const timer = setTimeout(end, timeout);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  process.off('exit', end);
  if (code === 0) return said;
  throw new Error(`${program} ${args.join(' ')} ended by ${signal ?? code}:\n${said}`);
}

/**
 * @param {string[]} command to which the port is added
 * @param {string} folder
 * @returns {Promise<import('./recipes/process.js').Server>} when it answers
 */
export async function serveBy([program, ...args], folder) {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  return startServer(program, [...args, `${port}`], { cwd: folder, env, address });
}
