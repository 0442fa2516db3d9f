// The engine's library is the one that its hash names, or none.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../examples/darkswap/engine/fetch.sh', import.meta.url));

test('an archive with another hash is not unpacked', () => {
  const folder = mkdtempSync(join(tmpdir(), 'darkswap-'));
  try {
    writeFileSync(join(folder, 'libsecp256k1_0.2.0.orig.tar.xz'), 'not the library');
    const { status, stderr } = spawnSync('bash', [script, folder], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /is not what it should be \(SHA-256 [0-9a-f]{64}\): remove it/);
    assert.ok(!existsSync(join(folder, 'libsecp256k1-0.2.0')));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
