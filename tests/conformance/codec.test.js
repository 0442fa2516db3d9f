// Codecs and bridges: values into bytes and back, in memory that may be shared.
import { deepEqual, equal, match, notEqual, ok, rejects, throws } from './assert.js';
import { difference, randomValue } from './clones.js';
import { random } from './random.js';
import {
  channel,
  create,
  decodeText,
  encodeText,
  fillRandom,
  SluiceError,
  struct,
  text,
  toBlob,
  toResponse,
  unshared,
  value,
} from './sdk.js';

/** There on every page, isolated or not. @param {number} pages of 64 KiB */
const sharedBytes = (pages = 1) =>
  new Uint8Array(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer);

const SHARED = /* @__PURE__ */ sharedBytes(16);
const OFFSET = 13;

/** @param {unknown} one @returns {any} what comes out where it is sent */
function sent(one) {
  const size = value.size(one);
  const length = value.encode(one, SHARED, OFFSET);
  equal(length, size, 'the size said, and what was written');
  return value.decode(SHARED, OFFSET, length);
}

/**
 * WebKit clones a date, a regular expression or a boxed primitive anew for each reference to it.
 *
 * @param {import('./env.js').Setting} setting
 * @returns {(object: object) => boolean}
 */
const keepsIdentity = ({ engine }) =>
  engine === 'webkit'
    ? (object) => !/Date|RegExp|Number|Boolean|String|BigInt\]/.test(typeOf(object))
    : () => true;

/** @param {object} object */
const typeOf = (object) => Object.prototype.toString.call(object);

/**
 * @param {import('./env.js').Setting} setting
 * @param {unknown} one
 * @param {string} what
 */
function sameAsClone(setting, one, what) {
  equal(difference(sent(one), structuredClone(one), keepsIdentity(setting)), undefined, what);
}

/** @param {unknown} one @returns {Uint8Array} */
function encoded(one) {
  const bytes = new Uint8Array(value.size(one));
  value.encode(one, bytes, 0);
  return bytes;
}

/** @param {Uint8Array} bytes */
const decoded = (bytes) => value.decode(bytes, 0, bytes.length);

/**
 * Any bytes end in a value or in this error.
 *
 * @param {Uint8Array} bytes
 * @param {string} what
 */
function decodesOrRefuses(bytes, what) {
  try {
    decoded(bytes);
  } catch (error) {
    const { code } = /** @type {any} */ (error);
    ok(error instanceof SluiceError && code === 'poisoned', `${what}: ${String(error)}`);
  }
}

class Point {
  x = 1;
  get y() {
    return 2;
  }
}

const circle = () => {
  /** @type {any} */
  const one = { list: [], map: new Map(), set: new Set() };
  one.list.push(one, one.map);
  one.map.set(one.list, one.set);
  one.set.add(one);
  return one;
};

const sharedParts = () => {
  const buffer = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer;
  const part = { date: new Date(7) };
  const many = Array.from({ length: 40 }, (_, i) => ({ i }));
  const views = [
    new Uint8Array(buffer, 2, 3),
    new Uint16Array(buffer),
    buffer,
    new DataView(buffer, 1),
  ];
  return [part, part, part.date, views, many, [...many].reverse()];
};

/** @type {Readonly<Record<string, unknown[]>>} */
const samples = {
  'undefined, null and booleans': [undefined, null, true, false, [undefined, null]],
  numbers: [
    0,
    -0,
    1,
    -1,
    2 ** 31,
    -(2 ** 31),
    2 ** 32,
    2 ** 53,
    0.1,
    Number.NaN,
    -Infinity,
    5e-324,
  ],
  bigints: [0n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, -(3n ** 300n)],
  strings: [
    '',
    'abc',
    'é',
    '漢字'.repeat(40),
    '\ud800',
    `${'x'.repeat(60)}\udc00`,
    '\ufeff',
    'a'.repeat(5000),
  ],
  dates: [new Date(0), new Date(-1.5e12), new Date(Number.NaN)],
  arrays: [[], [1, 'a', [2]], Array.from({ length: 300 }, (_, i) => i / 2)],
  'arrays with holes': [
    Object.assign([], { 1: 1 }),
    Object.assign(new Array(3), { 0: 1, 2: undefined }),
    new Array(5),
    Object.assign([], { 200000: 1 }),
  ],
  'arrays with holes that have names': [
    Object.assign(new Array(2), { name: 'x' }),
    'abc'.match(/b/),
  ],
  'plain objects': [
    {},
    { a: 1, 2: 'b', '': [], 漢: {} },
    Object.create(null, { a: { value: 1, enumerable: true } }),
  ],
  'keys that prototypes have': [JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}')],
  'what is not enumerable, or a symbol': [
    Object.defineProperty({ [Symbol('s')]: 1 }, 'a', { value: 1 }),
  ],
  'objects of a class': [
    new Point(),
    new (class extends Map {})([[1, 2]]),
    new (class extends Array {})(3),
  ],
  'maps and sets': [
    new Map(),
    new Map([[{ a: 1 }, new Set([1, 'x', Number.NaN])]]),
    new Set([[], {}]),
  ],
  'typed arrays': [
    new Uint8Array(0),
    Float64Array.of(1.5, Number.NaN, -0),
    BigInt64Array.of(-1n),
    Uint8ClampedArray.of(255),
  ],
  'views of a part of a buffer': [
    new Uint8Array(16).fill(7).subarray(3, 9),
    new DataView(new ArrayBuffer(9), 4, 2),
  ],
  buffers: [
    new ArrayBuffer(0),
    Uint8Array.of(1, 2, 3).buffer,
    new Uint8Array(100_000).fill(9).buffer,
  ],
  'regular expressions': [/a/g, /[/\]](?<x>y)/giu, Object.assign(/b/y, { lastIndex: 3 })],
  'boxed primitives': [Object(1), Object(-0), Object('s'), Object(false), Object(10n)],
  'shared references': [sharedParts()],
  circles: [circle()],
};

/** @type {import('./env.js').Case[]} */
const likeClones = Object.entries(samples).map(([name, list]) => ({
  name: `the codec "value" carries ${name} as a structured clone does`,
  run: async (env) => {
    for (const [i, one] of list.entries()) sameAsClone(env, one, `sample ${i}`);
  },
}));

/** @type {import('./env.js').Case[]} */
const values = [
  ...likeClones,
  {
    name: 'random values come out of the codec "value" as out of a structured clone',
    run: async (env) => {
      for (let seed = 1; seed <= 3000; seed++) sameAsClone(env, randomValue(seed), `seed ${seed}`);
    },
  },
  {
    name: 'every object stays one, however often it is in a value',
    run: async () => {
      for (const list of Object.values(samples)) {
        for (const one of list.filter((each) => each === Object(each))) {
          const [first, second, inner] = sent([one, one, { one }]);
          ok(first === second && first === inner.one);
        }
      }
    },
  },
  {
    name: 'values go through a channel',
    run: async (env) => {
      const space = await create(env.options);
      const both = channel(space, 'values', { codec: value });
      const [sender, receiver] = [both.sender(), both.receiver()];
      const one = { list: new Array(3), map: new Map([[1n, new Date(3)]]), circle: circle() };
      await sender.send(one);
      equal(difference(await receiver.receive(), structuredClone(one)), undefined);
      await rejects(sender.send({ bad: [() => {}] }), /value\.bad\[0\], a function/);
      await sender.send('after');
      equal(await receiver.receive(), 'after');
      await space.close();
    },
  },
  {
    name: 'errors keep class, name, message, stack, cause and own fields',
    run: async () => {
      const cause = new RangeError('below');
      const error = Object.assign(new TypeError('above', { cause }), { code: 3, path: ['a'] });
      const copy = sent({ error, cause }).error;
      ok(copy instanceof TypeError);
      equal(copy.message, 'above');
      equal(copy.stack, error.stack);
      deepEqual(Object.entries(copy), Object.entries({ code: 3, path: ['a'] }));
      ok(copy.cause instanceof RangeError);
      equal(copy.cause.message, 'below');
      ok(!('cause' in sent(new Error('no cause'))));
      const named = sent(Object.assign(new Error('m'), { name: 'MyError' }));
      equal(`${named}`, 'MyError: m');
    },
  },
  {
    name: 'a SluiceError comes out as one',
    run: async () => {
      const copy = sent(new SluiceError('full', 'no room', { cause: 1 }));
      ok(copy instanceof SluiceError);
      deepEqual(
        [copy.code, copy.message, copy.cause, copy.name],
        ['full', 'no room', 1, 'SluiceError'],
      );
    },
  },
  {
    name: 'a DOMException keeps its name and message',
    run: async () => {
      const copy = sent([new DOMException('stop', 'AbortError')])[0];
      ok(copy instanceof DOMException);
      deepEqual([copy.name, copy.message], ['AbortError', 'stop']);
    },
  },
  {
    name: 'an error goes without those of its fields that cannot go, and with its circles',
    run: async () => {
      /** @type {any} */
      const error = new Error('m', { cause: { deep: { socket: () => {} } } });
      const part = {};
      error.bad = { part, work: Promise.resolve() };
      error.good = [part, part];
      error.self = error;
      const copy = sent([error, ...Array.from({ length: 30 }, () => ({})), error])[31];
      deepEqual(Object.keys(copy), ['good', 'self']);
      equal(copy.self, copy);
      equal(copy.good[0], copy.good[1]);
      equal(copy.message, 'm');
      ok(!('cause' in copy));
    },
  },
  {
    name: 'what the codec "value" does not carry is a "clone" error that says where it is',
    run: async () => {
      /** @type {[unknown, RegExp][]} */
      const refused = [
        [() => {}, /carry value, a function/],
        [{ a: [0, { b: Symbol('s') }] }, /carry value\.a\[1\]\.b, a symbol/],
        [{ 'a key': new Map([[1, new WeakMap()]]) }, /carry value\["a key"\]\[0\], a WeakMap/],
        [new Set([Promise.resolve()]), /carry value\[0\], a Promise/],
        [[new MessageChannel().port1], /carry value\[0\], a (MessagePort|EventTarget)/],
        [{ s: new ReadableStream() }, /carry value\.s, a ReadableStream/],
        [new Blob([]), /carry value, a Blob/],
        [new WeakRef({}), /a WeakRef/],
        [Object(Symbol('s')), /a (S|s)ymbol/],
        [{ shared: SHARED.subarray(0, 1) }, /carry value\.shared, a SharedArrayBuffer.*unshared/],
      ];
      const detached = new ArrayBuffer(8);
      structuredClone(detached, { transfer: [detached] });
      refused.push([{ detached }, /carry value\.detached, a detached ArrayBuffer/]);
      for (const [one, pattern] of refused) {
        match(throws(() => value.size(one), 'clone').message, pattern);
        equal(sent('after'), 'after');
      }
    },
  },
  {
    name: 'a resizable buffer is a "clone" error, as its copy could not grow with it',
    where: ({ engine }) => engine !== 'firefox' || 'resize' in ArrayBuffer.prototype,
    run: async () => {
      const Resizable = /** @type {any} */ (ArrayBuffer);
      throws(() => value.size([new Resizable(8, { maxByteLength: 16 })]), /resizable ArrayBuffer/);
    },
  },
  {
    name: 'what a getter throws comes through, and the codec goes on',
    run: async (env) => {
      const bad = {
        get a() {
          throw new Error('mine');
        },
      };
      throws(() => value.size([1, { bad }]), /^mine$/);
      throws(
        () =>
          value.size({
            get a() {
              return value.size(1);
            },
          }),
        'clone',
        'a value sent by a getter',
      );
      sameAsClone(env, sharedParts(), 'afterwards');
    },
  },
  {
    name: 'a getter is asked once',
    run: async () => {
      let asked = 0;
      equal(
        sent({
          get a() {
            return ++asked;
          },
        }).a,
        1,
      );
    },
  },
  {
    name: 'encode writes where it is told and nowhere else, also without size()',
    run: async () => {
      for (const one of [1, 'x'.repeat(200), randomValue(5)]) {
        const length = encoded(one).length;
        const bytes = new Uint8Array(length + 20).fill(0xee);
        value.size('another');
        equal(value.encode(one, bytes, 10), length);
        deepEqual(bytes.subarray(10, 10 + length), encoded(one));
        ok([...bytes.subarray(0, 10), ...bytes.subarray(10 + length)].every((b) => b === 0xee));
      }
    },
  },
  {
    name: 'values nest a thousand levels deep, more is an error of either side',
    run: async () => {
      /** @type {(levels: number) => unknown} */
      const nested = (levels) => {
        let one = /** @type {unknown[]} */ ([]);
        for (let i = 1; i < levels; i++) one = [one];
        return one;
      };
      equal(JSON.stringify(sent(nested(1000))).length, 2000);
      match(throws(() => value.size(nested(1001)), 'clone').message, /value\[0\].*1000 levels/);
      const level = encoded([[]]).subarray(0, 2);
      for (const levels of [1001, 500_000]) {
        const bytes = new Uint8Array(levels * 2).map((_, i) => level[i % 2]);
        bytes[bytes.length - 1] = 0;
        throws(() => decoded(bytes), 'poisoned', `${levels} levels`);
      }
    },
  },
  {
    name: 'a record that lost its end is "poisoned", wherever it lost it',
    run: async () => {
      for (let seed = 1; seed <= 20; seed++) {
        const bytes = encoded([randomValue(seed), /a/g, new Map([[1n, 0.5]])]);
        for (let length = 0; length < bytes.length; length++)
          throws(
            () => decoded(bytes.slice(0, length)),
            'poisoned',
            `seed ${seed}, ${length} bytes`,
          );
        throws(
          () => decoded(Uint8Array.of(...bytes, 0)),
          'poisoned',
          `seed ${seed}, one byte more`,
        );
      }
    },
  },
  {
    name: 'a record with a part of another kind than it needs is "poisoned"',
    run: async () => {
      const [view] = encoded(new Uint8Array(0));
      const [integer] = encoded(1);
      const twice = {};
      const reference = encoded([twice, twice]).at(-2) ?? 0;
      const box = encoded(Object(1))[0];
      throws(() => decoded(Uint8Array.of(view, 0, integer, 100, 0, 0)), 'poisoned', 'no buffer');
      throws(() => decoded(Uint8Array.of(view, 0, reference, 0, 0, 0)), 'poisoned', 'its own');
      throws(() => decoded(Uint8Array.of(reference, 0)), 'poisoned', 'a reference to nothing');
      throws(() => decoded(Uint8Array.of(box, ...encoded({}))), 'poisoned', 'an object in a box');
    },
  },
  {
    name: 'a thousand keys of one length stay apart',
    run: async (env) => {
      const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${1000 + i}`, i]));
      sameAsClone(env, [many, many, { ...many }], 'keys');
    },
  },
  {
    name: 'what a getter adds to a map meanwhile is not part of it',
    run: async () => {
      const map = new Map();
      const adds = {
        get a() {
          map.set({}, 1).set(adds, 2);
          return 1;
        },
      };
      map.set(adds, 0);
      deepEqual([...sent(map)], [[{ a: 1 }, 0]]);
    },
  },
  {
    name: 'a record never takes what follows it for its own',
    run: async () => {
      const bytes = encoded('text');
      throws(() => value.decode(bytes, 0, bytes.length - 1), 'poisoned');
    },
  },
  {
    name: 'random bytes, and mutated records, are values or "poisoned"',
    run: async () => {
      const below = random(7);
      for (let i = 0; i < 10_000; i++) {
        const bytes = new Uint8Array(below(40)).map(() => below(below(2) ? 256 : 24));
        decodesOrRefuses(bytes, `random bytes ${bytes}`);
      }
      for (let seed = 1; seed <= 300; seed++) {
        const whole = encoded([randomValue(seed), new TypeError('e')]);
        for (let i = 0; i < 20; i++) {
          const bytes = whole.slice();
          for (let n = below(4); n >= 0; n--) bytes[below(bytes.length)] = below(256);
          decodesOrRefuses(bytes, `seed ${seed}, ${bytes}`);
        }
      }
    },
  },
  {
    name: 'a record that claims to be huge allocates nothing',
    run: async () => {
      const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
      for (let tag = 0; tag < 40; tag++) {
        decodesOrRefuses(Uint8Array.of(tag, ...huge), `tag ${tag}`);
        decodesOrRefuses(Uint8Array.of(tag, 0, ...huge), `tag ${tag}`);
        decodesOrRefuses(Uint8Array.of(tag, 0, 5, ...huge), `tag ${tag}`);
      }
      // Arrays of thirty million holes: where they are allocated, each takes 240 MB.
      const holes = Array.from({ length: 100 }, () => {
        /** @type {(number | undefined)[]} */
        const one = [];
        one[29_999_999] = 0;
        delete one[29_999_999];
        return one;
      });
      equal(sent(holes)[99].length, 30_000_000);
    },
  },
];

/** @type {import('./env.js').Case[]} */
const structs = [
  {
    name: 'a struct lies in memory as in C',
    run: async () => {
      const shape = /** @type {const} */ ({ a: 'u8', b: 'f64', c: 'i16', d: 'u32', e: 'u8' });
      const layout = struct(shape);
      const one = { a: 255, b: -0.5, c: -2, d: 2 ** 32 - 1, e: 1 };
      equal(layout.size(one), 32);
      SHARED.fill(0xee, 0, 64);
      equal(layout.encode(one, SHARED, 5), 32);
      const view = new DataView(SHARED.buffer, 5, 32);
      equal(view.getUint8(0), 255);
      equal(view.getFloat64(8, true), -0.5);
      equal(view.getInt16(16, true), -2);
      equal(view.getUint32(20, true), 2 ** 32 - 1);
      equal(view.getUint8(24), 1);
      for (const padding of [1, 7, 18, 19, 25, 31]) equal(view.getUint8(padding), 0, 'padding');
      deepEqual([SHARED[4], SHARED[37]], [0xee, 0xee]);
      deepEqual(layout.decode(SHARED, 5, 32), one);
      equal(layout.at.d(new DataView(SHARED.buffer), 5), 2 ** 32 - 1);
    },
  },
  {
    name: 'every scalar of a struct holds its whole range and refuses the next',
    run: async () => {
      /** @type {[import('sluice').Scalar, any[], any[]][]} */
      const ranges = [
        ['u8', [0, 255], [-1, 256, 0.5, 1n]],
        ['i8', [-128, 127], [-129, 128]],
        ['u16', [0, 65_535], [-1, 65_536]],
        ['i16', [-32_768, 32_767], [-32_769, 32_768]],
        ['u32', [0, 2 ** 32 - 1], [-1, 2 ** 32]],
        ['i32', [-(2 ** 31), 2 ** 31 - 1], [-(2 ** 31) - 1, 2 ** 31, Number.NaN]],
        ['f32', [0, -0, 1.5, Infinity, Number.NaN], ['1', 1n, undefined]],
        ['f64', [0.1, -0, -Infinity, Number.NaN], [null, 1n]],
        ['u64', [0n, 2n ** 64n - 1n], [-1n, 2n ** 64n, 1]],
        ['i64', [-(2n ** 63n), 2n ** 63n - 1n], [-(2n ** 63n) - 1n, 2n ** 63n, 1]],
      ];
      for (const [type, fits, fitsNot] of ranges) {
        const layout = /** @type {import('sluice').Struct<any>} */ (
          struct({ first: 'u8', x: type })
        );
        const size = layout.size({});
        for (const x of fits) {
          layout.encode({ first: 1, x }, SHARED, 0);
          equal(layout.decode(SHARED, 0, size).x, x, type);
          equal(layout.at.x(new DataView(SHARED.buffer), 0), x, type);
        }
        for (const x of fitsNot)
          match(
            throws(
              () => layout.encode({ first: 1, x }, SHARED, 0),
              (e) => e instanceof TypeError,
            ).message,
            new RegExp(`"x" of a struct is ${type}`),
          );
      }
    },
  },
  {
    name: 'random structs come back whole',
    run: async () => {
      const below = random(3);
      for (let i = 0; i < 300; i++) {
        /** @type {Record<string, import('sluice').Scalar>} */
        const shape = {};
        /** @type {Record<string, any>} */
        const one = {};
        for (let n = 0; n <= below(8); n++) {
          const type = /** @type {const} */ (['u8', 'i16', 'u32', 'f64', 'i64', 'f32'])[below(6)];
          shape[`field ${n}`] = type;
          one[`field ${n}`] = type === 'i64' ? -BigInt(below(2 ** 32)) : below(128);
        }
        const layout = /** @type {import('sluice').Struct<any>} */ (struct(shape));
        const size = layout.encode(one, SHARED, i);
        deepEqual(layout.decode(SHARED, i, size), one, JSON.stringify(shape));
      }
    },
  },
  {
    name: 'the id of a struct tells layouts apart',
    run: async () => {
      const id = struct({ a: 'u8', b: 'f64' }).id;
      equal(struct({ a: 'u8', b: 'f64' }).id, id);
      for (const other of [
        struct({ b: 'f64', a: 'u8' }),
        struct({ a: 'u8', c: 'f64' }),
        struct({ a: 'i8', b: 'f64' }),
      ])
        notEqual(other.id, id);
    },
  },
  {
    name: 'a struct says what is wrong with a shape, a value and a record',
    run: async () => {
      const make = /** @type {any} */ (struct);
      /** @param {any} error */
      const typeError = (error) => error instanceof TypeError;
      for (const shape of [
        undefined,
        null,
        {},
        'u8',
        { a: 'u9' },
        { a: 'toString' },
        { a: 8 },
        JSON.parse('{"__proto__":"u8"}'),
      ])
        throws(() => make(shape), typeError, JSON.stringify(shape));
      match(throws(() => make({ a: 'u8', b: 'int' }), typeError).message, /"b".*u8.*not "int"/);
      const layout = make({ a: 'u8', b: 'u64' });
      match(
        throws(() => layout.encode({ a: 1 }, SHARED, 0), typeError).message,
        /"b".*u64.*undefined/,
      );
      throws(() => layout.encode(undefined, SHARED, 0), typeError);
      throws(() => layout.decode(SHARED, 0, 15), 'poisoned');
      throws(() => layout.decode(SHARED, 0, 17), 'poisoned');
    },
  },
];

/** @type {[string, (bytes: number) => Uint8Array][]} */
const memories = [
  ['shared', () => sharedBytes()],
  ['private', (bytes) => new Uint8Array(bytes)],
  // Most of the platform refuses it as it does shared memory.
  [
    'resizable',
    (bytes) =>
      new Uint8Array(new /** @type {any} */ (ArrayBuffer)(bytes, { maxByteLength: 2 * bytes })),
  ],
];

/** @type {import('./env.js').Case[]} */
const bridges = memories.flatMap(([memory, make]) => [
  {
    name: `text goes in and out of ${memory} memory`,
    run: async () => {
      const view = make(1000).subarray(3, 50);
      const long = `é漢😀${'x'.repeat(100)}`;
      deepEqual(encodeText(long, view), { read: 4 + 38, written: 47 });
      equal(decodeText(view), long.slice(0, 42));
      view.fill(0xee);
      deepEqual(encodeText('é漢😀', view.subarray(0, 8)), { read: 2, written: 5 });
      equal(view[5], 0xee, 'half a character is not written');
      view.set([0xe9, 0x41]);
      equal(decodeText(view.subarray(0, 2), 'latin1'), 'éA');
      throws(
        () => decodeText(view.subarray(0, 2), 'utf-8', { fatal: true }),
        () => true,
      );
      equal(text.decode(view, 1, 1), 'A');
    },
  },
  {
    name: `a Blob and a Response get the bytes of ${memory} memory`,
    run: async () => {
      const view = make(100).subarray(10, 14);
      view.set([49, 50, 255, 0]);
      const blob = toBlob(view, { type: 'text/x' });
      equal(blob.type, 'text/x');
      deepEqual(new Uint8Array(await blob.arrayBuffer()), Uint8Array.of(49, 50, 255, 0));
      const response = toResponse(view, { status: 201 });
      equal(response.status, 201);
      deepEqual(new Uint8Array(await response.arrayBuffer()), Uint8Array.of(49, 50, 255, 0));
      const words = new DataView(view.buffer, view.byteOffset, 2);
      equal(await toResponse(words).text(), '12');
    },
  },
  {
    name: `random bytes fill ${memory} memory, more than crypto gives at once`,
    run: async () => {
      const view = memory === 'shared' ? sharedBytes(3) : make(3 * 65_536);
      equal(fillRandom(view.subarray(1, 140_001)).length, 140_000);
      equal(view[0], 0);
      ok(
        view.subarray(140_001).every((byte) => byte === 0),
        'what lies behind',
      );
      for (let at = 1; at < 140_001; at += 10_000)
        ok(new Set(view.subarray(at, at + 10_000)).size > 200, `bytes from ${at} on`);
      const floats = new Float32Array(view.buffer, 180_000, 4);
      equal(fillRandom(floats), floats);
      ok(floats.some((one) => one !== 0));
      fillRandom(view.subarray(0, 0));
    },
  },
  {
    name: `bytes of ${memory} memory can be digested`,
    run: async () => {
      const view = make(100).subarray(0, 3);
      view.set([97, 98, 99]);
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', unshared(view)));
      deepEqual(digest.subarray(0, 4), Uint8Array.of(0xba, 0x78, 0x16, 0xbf));
    },
  },
]);

/** @type {import('./env.js').Case[]} */
export const codecs = [
  ...values,
  ...structs,
  ...bridges,
  {
    name: 'unshared() copies shared memory, keeps the type, and leaves private memory alone',
    run: async () => {
      const shared = new Int16Array(sharedBytes().buffer, 4, 3).fill(-7);
      const copy = unshared(shared);
      ok(copy instanceof Int16Array && copy.buffer instanceof ArrayBuffer);
      deepEqual(copy, Int16Array.of(-7, -7, -7));
      shared[0] = 1;
      equal(copy[0], -7);
      const view = unshared(new DataView(shared.buffer, 4, 2));
      equal(view.getInt16(0, true), 1);
      equal(view.byteLength, 2);
      const own = new Uint8Array(3);
      equal(unshared(own), own);
    },
  },
];
