// Every conformance case. Each runs on each engine and transport: what a case says about the SDK
// holds everywhere, or its `where` says where.
import { blocks } from './block.test.js';
import { calls } from './call.test.js';
import { blockingCalls } from './call-sync.test.js';
import { channels } from './channel.test.js';
import { channelBlocks } from './channel-blocks.test.js';
import { channelKinds } from './channel-kinds.test.js';
import { codecs } from './codec.test.js';
import { deaths } from './death.test.js';
import { diagnosing } from './diagnose.test.js';
import { lifetimes } from './lifetime.test.js';
import { loading } from './loader.test.js';
import { locks } from './lock.test.js';
import { hosted } from './over.test.js';
import { pools } from './pool.test.js';
import { poolLanes } from './pool-lanes.test.js';
import { parallels } from './pool-parallel.test.js';
import { randomPrograms } from './random-programs.test.js';
import { removals } from './remove.test.js';
import { smoke } from './smoke.test.js';
import { spaces } from './space.test.js';
import { spawning } from './spawn.test.js';
import { states } from './state.test.js';
import { wasmDisk } from './wasm-disk.test.js';
import { wasmLoading } from './wasm-load.test.js';
import { wasmMemories } from './wasm-memory.test.js';
import { wasmPackages } from './wasm-packages.test.js';

/** @typedef {import('./env.js').Case} Case */
/** @typedef {import('./env.js').Setting} Setting */

/**
 * @param {Case[]} cases
 * @returns {Case[]} the same, all names told apart
 */
function unique(cases) {
  const names = new Set();
  for (const { name } of cases) {
    if (names.has(name)) throw new Error(`two conformance cases are named '${name}': rename one`);
    names.add(name);
  }
  return cases;
}

/** The cases of each file; in browsers those of one run in one page. @type {Record<string, Case[]>} */
export const files = {
  smoke,
  loading,
  wasmLoading,
  wasmMemories,
  wasmDisk,
  wasmPackages,
  diagnosing,
  spaces,
  spawning,
  channels,
  channelKinds,
  channelBlocks,
  codecs,
  locks,
  states,
  removals,
  hosted,
  blocks,
  calls,
  blockingCalls,
  pools,
  poolLanes,
  parallels,
  deaths,
  randomPrograms,
  lifetimes,
};

export const suite = unique(Object.values(files).flat());

/** @type {(one: Case, setting: Setting) => boolean} */
export const runsIn = (one, setting) => one.where?.(setting) ?? true;

/** @param {string} name */
export function caseNamed(name) {
  const found = suite.find((one) => one.name === name);
  if (!found) throw new Error(`no conformance case is named '${name}'`);
  return found;
}
