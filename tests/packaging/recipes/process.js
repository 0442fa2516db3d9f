// A server as a process of its own, which ends with the test whatever becomes of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TIMEOUT = 60_000;

/**
 * @typedef {object} Server
 * @property {string} address without a slash at its end
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} Started
 * @property {string} cwd also of its server.log, what it prints: a file, for not every server prints into pipes
 * @property {Record<string, string>} [env] beside this process's own
 * @property {string} [address] where it will answer; by default it prints that
 */

/**
 * Starts a server, and waits until it answers.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {Started} options
 * @returns {Promise<Server>}
 */
export async function startServer(program, args, { cwd, env, address }) {
  const log = join(cwd, 'server.log');
  const output = openSync(log, 'w');
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', output, output],
    detached: true, // the head of a process group, to end what it starts as well
  });
  closeSync(output);
  const exited = once(child, 'exit');
  const end = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  };
  process.once('exit', end);
  const close = async () => {
    end();
    await exited;
    process.off('exit', end);
  };
  const latest = Date.now() + START_TIMEOUT;
  for (;;) {
    const printed = readFileSync(log, 'utf8');
    const printedAddress = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(printed)?.[0];
    const found = address ?? printedAddress;
    if (found && (await answers(found))) return { address: found, close };
    if (child.exitCode !== null || Date.now() > latest) {
      await close();
      throw new Error(`${program} ${args.join(' ')} does not serve; it printed:\n${printed}`);
    }
    await sleep(20);
  }
}

/** @param {string} address */
const answers = (address) =>
  fetch(address).then(
    (response) => response.body?.cancel().then(() => true) ?? true,
    () => false,
  );
