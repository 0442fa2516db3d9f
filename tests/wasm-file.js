// Reads what a wasm file holds: its sections, and the instructions of its functions.

const HEADER_BYTES = 8;
const CODE = 10;
const [BLOCK, LOOP, IF, END] = [0x02, 0x03, 0x04, 0x0b];
const [BR_TABLE, SELECT_TYPED, F32_CONST, F64_CONST] = [0x0e, 0x1c, 0x43, 0x44];
const [PREFIX_BULK, PREFIX_ATOMIC] = [0xfc, 0xfe];
const [WAIT32, WAIT64] = [0xfe01, 0xfe02];

/** @typedef {{ opcode: number, loops: number }} Instruction of two bytes with a prefix, as 0xfe01;
 *   `loops`: how many loops it stands in */

/** @param {Uint8Array} from @param {number} start */
export function readNumber(from, start) {
  let value = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    value |= (from[at] & 0x7f) << shift;
    if (from[at++] < 0x80) return { value: value >>> 0, at };
  }
}

/**
 * @param {Uint8Array} bytes the file
 * @param {number} wanted a section's number
 * @returns {Uint8Array | undefined} its contents
 */
export function section(bytes, wanted) {
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const size = readNumber(bytes, at + 1);
    if (bytes[at] === wanted) return bytes.subarray(size.at, size.at + size.value);
    at = size.at + size.value;
  }
  return undefined;
}

/** @param {Uint8Array} bytes the file @returns {Uint8Array[]} the bodies of all its functions */
export function functions(bytes) {
  const code = section(bytes, CODE);
  if (!code) return [];
  const bodies = [];
  let { value: left, at } = readNumber(code, 0);
  for (; left > 0; left--) {
    const size = readNumber(code, at);
    bodies.push(code.subarray(size.at, size.at + size.value));
    at = size.at + size.value;
  }
  return bodies;
}

/** @param {Uint8Array} body of a function @returns {Generator<Instruction>} */
export function* instructions(body) {
  /** @type {boolean[]} the blocks around, which of them are loops */
  const blocks = [];
  let at = skipLocals(body);
  while (at < body.length) {
    let opcode = body[at++];
    if (opcode === PREFIX_BULK || opcode === PREFIX_ATOMIC) {
      const sub = readNumber(body, at);
      opcode = (opcode << 8) | sub.value;
      at = sub.at;
    }
    if (opcode === BLOCK || opcode === LOOP || opcode === IF) blocks.push(opcode === LOOP);
    else if (opcode === END) blocks.pop();
    else yield { opcode, loops: blocks.filter(Boolean).length };
    at = skipImmediates(body, opcode, at);
  }
}

/**
 * The futex waits in all functions.
 * @param {Uint8Array} bytes the file
 * @returns {{ loops: number, size: number }[]} `size`: of the body of the function around it
 */
export const waits = (bytes) =>
  functions(bytes).flatMap((body) =>
    [...instructions(body)]
      .filter(({ opcode }) => opcode === WAIT32 || opcode === WAIT64)
      .map(({ loops }) => ({ loops, size: body.length })),
  );

/** @param {Uint8Array} body */
function skipLocals(body) {
  let { value: groups, at } = readNumber(body, 0);
  for (; groups > 0; groups--) at = readNumber(body, at).at + 1;
  return at;
}

/** @param {Uint8Array} body @param {number} opcode @param {number} start */
function skipImmediates(body, opcode, start) {
  if (opcode === F32_CONST) return start + 4;
  if (opcode === F64_CONST) return start + 8;
  let at = start;
  let numbers = numbersAfter(opcode);
  if (opcode === BR_TABLE || opcode === SELECT_TYPED) {
    const count = readNumber(body, at);
    numbers = count.value + (opcode === BR_TABLE ? 1 : 0);
    at = count.at;
  }
  for (; numbers > 0; numbers--) at = readNumber(body, at).at;
  return at;
}

/** How many numbers stand behind each opcode: [from, to, numbers]. What is not here has none. */
const IMMEDIATES = [
  [BLOCK, IF, 1], // a block's type is one number, too
  [0x0c, 0x0d, 1], // br, br_if
  [0x10, 0x10, 1], // call
  [0x11, 0x11, 2], // call_indirect
  [0x20, 0x26, 1], // locals, globals, tables
  [0x28, 0x3e, 2], // loads and stores
  [0x3f, 0x42, 1], // memory.size, memory.grow, i32.const, i64.const
  [0xfc08, 0xfc08, 2], // memory.init
  [0xfc09, 0xfc09, 1], // data.drop
  [0xfc0a, 0xfc0a, 2], // memory.copy
  [0xfc0b, 0xfc0b, 1], // memory.fill
  [0xfe00, 0xfe02, 2], // notify, wait32, wait64
  [0xfe03, 0xfe03, 1], // fence
  [0xfe10, 0xfe4e, 2], // atomic loads, stores, read-modify-writes
];

/** @param {number} opcode */
function numbersAfter(opcode) {
  const known = opcode <= 0xc4 || (opcode >= 0xfc00 && opcode <= 0xfc0b) || opcode >= 0xfe00;
  if (!known)
    throw new Error(`opcode 0x${opcode.toString(16)}: tests/wasm-file.js has to learn it`);
  const [, , numbers] = IMMEDIATES.find(([from, to]) => opcode >= from && opcode <= to) ?? [
    0, 0, 0,
  ];
  return numbers;
}
