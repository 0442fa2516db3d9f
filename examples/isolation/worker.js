// The page's own worker, whose response diagnose() looks at. It adds up what it is sent.
globalThis.onmessage = ({ data }) => {
  postMessage(
    data.reduce((/** @type {number} */ sum, /** @type {number} */ each) => sum + each, 0),
  );
};
