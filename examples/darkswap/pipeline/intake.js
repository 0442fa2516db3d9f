/**
 * Takes messages in, numbers them, lets a pool verify them, hands them on in the order of receipt, and hears
 * what the matcher made of each.
 *
 * At most `ahead` batches of gossip are on their way: then it reads no more, the gossip channel fills, and
 * those who send wait, or drop (submit.js). A batch whose worker died is verified again by another: verdicts
 * depend on the message and the time of its receipt alone, so nobody can tell.
 */

import { alloc, pool } from 'sluice';
import { dispose } from '../engine/dispose.js';
import { frameBytes, KEPT_BYTES, writeFrame } from '../gossip/message.js';
import { readAnswer, writeBatch } from './batch.js';
import { clock } from './latency.js';
import { makePath } from './path.js';
import { answerChannel, gossipChannel, verifiedChannel } from './wiring.js';

/** So that a batch's verdicts fit into a slot of the pool's queue. */
export const BATCH = 20;
const GOSSIP_HEAD = 8;
const RETRIES = 100;
const NOTHING = new Uint8Array();

/**
 * @param {import('sluice').Space} space
 * @param {{
 *   spawn: () => Worker, network: number, workers?: number, ahead?: number, now?: () => number,
 * }} options `workers`: that verify, one less than there are cores by default; `ahead`: batches on their
 *   way, four a worker by default
 */
export function startIntake(space, { spawn, network, workers, ahead, now = Date.now }) {
  /** @type {import('sluice').Pool<import('./verifier.js').Verifier>} */
  const verifiers = pool(space, spawn, {
    ...(workers === undefined ? {} : { size: workers, minSize: workers }),
    blocking: true,
  });
  const receiver = gossipChannel(space).receiver();
  const sender = verifiedChannel(space).sender();
  const answers = answerChannel(space).receiver();
  const most = ahead ?? 4 * (workers ?? 4);
  const path = makePath();
  let receipt = 0n;
  let time = 0n;
  let onTheirWay = 0;
  let stopped = false;
  /** @type {Error | undefined} */
  let failure;
  /** @type {() => void} */
  let wake = () => {};
  /** What is handed on, one after the other. */
  let handingOn = Promise.resolve();
  /** Those whose batch the matcher has not answered, in its order.
   * @type {{resolve: (codes: Uint8Array) => void, reject: (error: Error) => void}[]} */
  const waiting = [];

  const scratch = new Uint8Array(BATCH * frameBytes(KEPT_BYTES));
  const view = new DataView(scratch.buffer);
  let [used, count] = [0, 0];

  /** @param {bigint} arrived nobody turns the clock back */
  function setClock(arrived) {
    if (arrived > time) time = arrived;
  }

  /** @param {Uint8Array} message @param {bigint} arrived */
  function put(message, arrived) {
    setClock(arrived);
    used = writeFrame(view, used, { receipt: ++receipt, time, message });
    count++;
  }

  /** @param {Uint8Array} memory @param {number} offset @param {number} length */
  function takeIn(memory, offset, length) {
    const here = BigInt(now());
    if (length < GOSSIP_HEAD) return put(NOTHING, here); // refused as too short
    const head = new DataView(memory.buffer, memory.byteOffset + offset, GOSSIP_HEAD);
    const told = head.getBigUint64(0, true);
    const from = offset + GOSSIP_HEAD;
    const kept = Math.min(length - GOSSIP_HEAD, KEPT_BYTES);
    // No peer turns the clock on: all orders would expire.
    put(memory.subarray(from, from + kept), told > 0n && told < here ? told : here);
  }

  /** @returns {Promise<Uint8Array>} the code of each message since the last one */
  function sendOff() {
    /** @type {Promise<Uint8Array>} */
    const answer = new Promise((resolve, reject) => {
      if (failure) reject(failure);
      else waiting.push({ resolve, reject });
    });
    answer.catch(() => {}); // of gossip nobody waits for it
    if (failure) [used, count] = [0, 0];
    else verifyAndHandOn();
    return answer;
  }

  function verifyAndHandOn() {
    const batch = { taken: clock(), time, count };
    path.received(count);
    const block = count > 0 ? alloc(space, used) : undefined;
    block?.bytes.set(scratch.subarray(0, used));
    const verdicts = block
      ? verifiers.run('verify', [block.handle, used, count, network], { retry: RETRIES })
      : Promise.resolve(NOTHING);
    verdicts.catch(() => {}); // told when its turn comes
    const bytes = used;
    [used, count] = [0, 0];
    onTheirWay++;
    handingOn = handingOn.then(async () => {
      try {
        const judged = await verdicts;
        path.verified(judged, clock() - batch.taken);
        const frames = block?.bytes.subarray(0, bytes) ?? NOTHING;
        const record = writeBatch({ ...batch, verdicts: judged, frames });
        if (!sender.trySend(record)) await sender.send(record);
      } finally {
        if (block) dispose(block);
        onTheirWay--;
        wake();
      }
    });
    handingOn.catch(fail);
  }

  /** @param {Uint8Array} memory @param {number} offset @param {number} length */
  function answered(memory, offset, length) {
    const { ms, codes } = readAnswer(memory, offset, length);
    path.matched(codes, ms);
    waiting.shift()?.resolve(codes);
  }

  async function hearAnswers() {
    while (await answers.ready()) answers.drain(answered);
  }

  function stop() {
    stopped = true;
    receiver.close();
    wake();
  }

  /** @param {Error} error */
  function fail(error) {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
    answers.close();
    stop();
  }

  /** Waits for gossip. @returns {Promise<boolean>} false: there will be none */
  async function more() {
    try {
      return (await receiver.ready()) && !stopped;
    } catch (error) {
      if (stopped) return false;
      throw error;
    }
  }

  async function run() {
    const heard = hearAnswers();
    heard.catch(() => {}); // closed by fail()
    try {
      while (await more()) {
        receiver.drain(takeIn, BATCH);
        if (count > 0) sendOff();
        while (onTheirWay >= most && !stopped) {
          await new Promise((resolve) => {
            wake = () => resolve(undefined);
          });
        }
      }
      await handingOn;
      sender.close();
      if (failure) throw failure;
      await heard;
    } finally {
      receiver.close();
      sender.close();
      answers.close();
      await verifiers.close({ timeout: 0 }).catch(() => {});
    }
  }

  return {
    /** When every peer has closed and all is matched; rejects with what went wrong. */
    done: run(),

    /**
     * Messages that arrive in this thread.
     *
     * @param {Uint8Array[]} messages
     * @returns {Promise<number[]>} each one's code, once all can see what it did: 0 where the book took it
     */
    async submit(messages) {
      const parts = [];
      for (const message of messages) {
        put(message.subarray(0, KEPT_BYTES), BigInt(now()));
        if (count === BATCH) parts.push(sendOff());
      }
      if (count > 0) parts.push(sendOff());
      return (await Promise.all(parts)).flatMap((codes) => [...codes]);
    },

    /** Lets the book look at the clock; when it has, all that was received before is matched. */
    async tick() {
      setClock(BigInt(now()));
      await sendOff();
    },

    /** Takes no more in; what it has goes on. */
    stop,

    /** What it has comes to nothing. */
    fail,

    /** How far messages have come, and the workers' health. */
    stats: () => ({
      ...path.stats(),
      onTheirWay,
      gossip: gossipChannel(space).stats(),
      workers: verifiers.stats(),
    }),
  };
}

/** @typedef {ReturnType<typeof startIntake>} Intake */
