/**
 * What a pool's slots carry to its workers (lane.js): the number of a name, and arguments, in the slot or in a block of
 * the space. What they cannot carry has a stand-in there, and goes by message.
 *
 * @typedef {import('./task.js').Task} Task
 */

import { values } from '../loader/value.js';
import * as lane from './lane.js';
import { transfersOf } from './marks.js';

/** @param {import('../loader/thread.js').Thread} thread @param {number} at the queue */
export function makeCargo(thread, at) {
  const { u8, i32 } = thread;
  /** @type {Map<string, number>} */
  const names = new Map();
  /** @type {string | undefined} */
  let lastName;
  let lastNumber = lane.BY_MESSAGE;
  /** Bytes of arguments in blocks of their own, and how many there may be. */
  let held = 0;
  const mostHeld = u8.length / lane.HELD_PART;

  /** @param {string} name its number, or BY_MESSAGE where there is no place for it */
  function numberOf(name) {
    if (name !== lastName) {
      lastNumber = names.get(name) ?? numbered(name);
      lastName = name;
    }
    return lastNumber;
  }

  /** @param {string} name */
  function numbered(name) {
    const number = names.size;
    if (number === lane.NAMES) return lane.BY_MESSAGE;
    const bytes = new TextEncoder().encode(name);
    // Lone surrogates would not come back.
    if (bytes.length >= lane.NAME_BYTES || new TextDecoder().decode(bytes) !== name) {
      return lane.BY_MESSAGE;
    }
    const place = at + lane.NAMES_AT + number * lane.NAME_BYTES;
    u8[place] = bytes.length;
    u8.set(bytes, place + 1);
    names.set(name, number);
    return number;
  }

  /** Writes the arguments. @param {Task} task @param {number} place @returns {number} bytes, or -1 */
  function write(task, place) {
    const { args, options } = task;
    if (args.length === 0) return 0;
    if (options.transfer && options.transfer.length > 0) return -1;
    for (const arg of args) {
      if (typeof arg === 'object' && transfersOf(arg).length > 0) return -1;
    }
    try {
      const bytes = values.write(args);
      if (bytes > lane.ROOM) return writeBlock(task, bytes, place);
      values.copy(u8, place + lane.DATA, bytes);
      return bytes;
    } catch {
      values.drop();
      return -1; // whoever copies the message says why
    }
  }

  /** To a block, for which the slot has its address. @param {Task} task @param {number} bytes @param {number} place */
  function writeBlock(task, bytes, place) {
    if (held + bytes > mostHeld) {
      values.drop();
      return -1;
    }
    task.block = thread.alloc(bytes);
    task.blockBytes = bytes;
    held += bytes;
    values.copy(thread.u8, task.block, bytes);
    i32[(place + lane.DATA) >> 2] = task.block;
    return bytes;
  }

  /** @param {Task} task */
  function drop(task) {
    if (task.block === 0) return;
    thread.free(task.block);
    task.block = 0;
    held -= task.blockBytes;
  }

  return {
    /** Writes a call to the slot at `place`. @param {Task} task @param {number} place */
    load(task, place) {
      const what = numberOf(task.name);
      const bytes = what === lane.BY_MESSAGE ? -1 : write(task, place);
      task.standIn = bytes < 0;
      if (task.standIn) drop(task); // it could not be written after all
      i32[(place + lane.WHAT) >> 2] = task.standIn ? lane.BY_MESSAGE : what;
      i32[(place + lane.BYTES) >> 2] = bytes;
    },

    /** Nobody reads its arguments any more. */
    drop,
  };
}
