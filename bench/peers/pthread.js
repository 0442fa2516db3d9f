/** A C program with threads of its own, by Emscripten: a bounded queue over a mutex and two conditions (pthread.c). */

export const pthread = {
  name: 'Emscripten pthreads',
  note: 'C to C in one program, by a mutex and conditions: no JavaScript reads or writes a message',
  cannot: 'in Node 20 the runtime of Emscripten 3.1.6 needs a flag',

  /**
   * @param {import('../team.js').Env} env
   * @param {number} size
   */
  async openStream(env, size) {
    const start = await load(env.url('build/bench/pthread.js'));
    /** @type {(came: number) => void} */
    let done = () => {};
    const program = await new Promise((resolve, reject) => {
      /** @type {any} */
      const options = {
        onReady: () => made.then(resolve),
        done: (/** @type {number} */ came) => done(came),
      };
      const made = start(options);
      made.catch(reject);
    });
    const command = new Uint32Array(program.wasmMemory.buffer, program._command_at(), 3);
    return {
      /** @param {number} count */
      work: (count) =>
        new Promise((resolve, reject) => {
          done = (came) =>
            came === count
              ? resolve(undefined)
              : reject(new Error(`message ${came} of ${count} came as another`));
          command[0] = size;
          command[1] = count;
          const asked = new Int32Array(command.buffer, command.byteOffset, 3);
          Atomics.add(asked, 2, 1);
          Atomics.notify(asked, 2);
        }),
      close: () => program.PThread?.terminateAllThreads(),
    };
  },
};

/** @type {Promise<(options: object) => Promise<any>> | undefined} */
let loading;

/** Emscripten's script is a classic one, which names a global. @param {string} url */
function load(url) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = url;
    script.onload = () => resolve(/** @type {any} */ (globalThis).startPthreads);
    script.onerror = () => reject(new Error(`${url} did not load`));
    document.head.append(script);
  });
  return loading;
}
