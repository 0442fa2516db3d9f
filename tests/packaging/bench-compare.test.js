// `make bench-compare` builds a revision beside this tree and measures both: with the one that is checked out.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { runCases } from './cases.js';
import { root } from './install.js';
import { complete } from './programs.js';

const TIMEOUT = 300_000;

async function compares() {
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root }).toString();
  try {
    const said = await complete(['make', 'bench-compare', 'REV=HEAD', 'PART=start'], root, TIMEOUT);
    const lines = said
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const times = lines.find(({ name }) => name === 'start.worker.together.of_other');
    assert.ok(times?.low > 0 && times.low <= times.value && times.value <= times.high, said);
    assert.equal(times.params.other, 'HEAD');
    assert.match(times.engine, /^Node /);
  } finally {
    const tree = join('build/compare', commit.slice(0, 12));
    execFileSync('git', ['worktree', 'remove', '--force', tree], { cwd: root });
  }
}

runCases('bench-compare', TIMEOUT, [['HEAD beside this tree, in Node', compares]]);
