/** What scripts/build.js puts into a script: text, or the base64 of what is not text. */
declare module 'inlined:*' {
  const text: string;
  export default text;
}
