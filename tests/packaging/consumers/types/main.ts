// What a user's TypeScript sees, and what it has to refuse.
import { channel, connect, create, json, pool, type Receiver, serve, spawn, struct } from 'sluice';
import { diagnose } from 'sluice/diagnose';
import { loadWasmModuleWithSharedMemory } from 'sluice/loader';
import 'sluice/compute-worker';

type Point = { x: number; y: number };
const api = serve({ sum: (points: Point[]) => points.length, name: async () => 'it' });

const space = await create({ bytes: 1 << 20 });
const peer = await spawn(space, () => new Worker('worker.js', { type: 'module' }));
const receiver: Receiver<Point> = channel(space, 'points', { codec: json<Point>() }).receiver();
const at: number = (await receiver.receive({ timeout: 5 })).x;
const remote = connect<typeof api>(peer);
const count: number = await remote.sum([{ x: at, y: 0 }]);
const name: string = await pool<typeof api>(space).run('name', []);
const times = channel(space, 'times', { codec: struct({ at: 'u64' }) }).receiver();
const time: bigint | undefined = times.tryReceive()?.at;
const { problems } = await diagnose();
const { module } = await loadWasmModuleWithSharedMemory('x.wasm');
console.log(count, name, time, problems[0].fix, module);

// @ts-expect-error: no such kind
channel(space, 'wrong', { kind: 'ring' });
// @ts-expect-error: its argument is a list
remote.sum(1);
