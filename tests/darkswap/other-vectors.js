// Writes the vectors of the folder that SLUICE_VECTORS names into a folder, as files that the engine's tests read:
// node other-vectors.js FOLDER
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { otherLines } from './vectors.js';

const folder = process.argv[2];
await mkdir(folder, { recursive: true });
for (const [name, lines] of Object.entries(otherLines))
  await writeFile(join(folder, name), `${(await lines()).join('\n')}\n`);
