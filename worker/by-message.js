/**
 * How a pool's calls go to workers by messages: one at a time to each, on the message transport all of
 * them.
 *
 * @typedef {import('./task.js').Task} Task
 * @typedef {import('./crew.js').Member} Member
 * @typedef {{
 *   resolve(task: Task, value: unknown): void, reject(task: Task, reason: unknown): void,
 *   end(task: Task): void, giveUp(task: Task): void, ran(waited: number, ran: number): void,
 *   again(tasks: Task[]): void, dispatch(): void,
 * }} On what a pool does as its calls go on. `end`: nobody does it any more; `giveUp`: nobody waits for
 *   it any more; `again`: they have not been started
 */

/**
 * Follows a call whose result comes by message.
 *
 * @param {Task} task
 * @param {Member} member
 * @param {(options: import('./caller.js').InnerOptions) => Promise<unknown>} call
 * @param {On} on
 * @param {(sent: boolean) => void} over the worker has done with it; not `sent`: it never got it
 */
export function follow(task, member, call, on, over) {
  task.rarely().member = member;
  let ended = false;
  /** @param {boolean} sent */
  const end = (sent) => {
    if (ended) return;
    ended = true;
    over(sent);
  };
  /** @type {AbortSignal | undefined} */
  let signal;
  if (!task.over) {
    const abort = new AbortController();
    task.rarely().abort = abort;
    signal = abort.signal;
  }
  const { transfer } = task.options;
  call({
    transfer,
    signal,
    queued: task.standIn,
    onSettled: () => end(true),
    onGivenUp: () => on.giveUp(task),
  }).then(
    (value) => on.resolve(task, value),
    (error) => {
      if (member.connection.ended()) return; // the crew tells, when the worker is dead
      const unsent = !task.over;
      on.reject(task, error);
      if (unsent) end(false);
    },
  );
}

/**
 * @param {ReturnType<typeof import('./crew.js').makeCrew>} crew
 * @param {On} on
 */
export function makeDirect(crew, on) {
  return {
    /** @param {Task} task @param {Member} member that has nothing to do */
    begin(task, member) {
      const began = performance.now();
      member.task = task;
      const { connection } = member;
      follow(
        task,
        member,
        (options) => connection.call(task.name, task.args, options),
        on,
        () => {
          if (member.task !== task) return;
          on.ran(began - task.queuedAt, performance.now() - began);
          crew.giveBack(member);
          on.end(task);
          on.dispatch();
        },
      );
    },
  };
}
