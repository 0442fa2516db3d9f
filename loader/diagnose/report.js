/** The report as an object, and as a block of text to paste. */

/**
 * @param {Omit<import('./index.js').Report, 'toString'> & {where: string}} found
 * @returns {import('./index.js').Report}
 */
export function makeReport({ where, ...found }) {
  const { transport, isolated, mayBlock, cores, features, problems } = found;
  /** @param {boolean} flag */
  const answer = (flag) => (flag ? 'yes' : 'no');
  const known = Object.entries(features).map(([name, has]) => `${name} ${answer(has)}`);
  const lines = [
    'Sluice diagnosis',
    ...where.split('\n'),
    `transport ${transport}; isolated ${answer(isolated)}; this thread may block ${answer(mayBlock)}; cores ${cores}`,
    known.join(', '),
    problems.length > 0 ? `problems: ${problems.length}` : 'no problems',
    ...problems.flatMap(({ code, severity, message, fix }) => [
      `- ${severity} ${code}: ${message}`,
      `  fix: ${fix}`,
    ]),
  ];
  return { ...found, toString: () => lines.join('\n') };
}
