/** Calls one after the other, each of which blocks, and checks what they give. @param {(n: number) => number} twice @param {number} count */
export function callMany(twice, count) {
  for (let n = 0; n < count; n++) {
    const got = twice(n);
    if (got !== 2 * n) throw new Error(`twice(${n}) gave ${got}`);
  }
  return count;
}
