// A page in a frame of the page that the tests run in: what framed.js does there.

/**
 * What a page in a frame finds, which the server sends with this policy.
 *
 * @param {import('./env.js').Env} env
 * @param {string} policy
 * @param {string} [load] a module to be loaded there, or what else framed.js knows, in place of diagnose()
 * @returns {Promise<any>} the report, or the code and the message of the error
 */
export async function inFrame(env, policy, load = '') {
  const frame = document.createElement('iframe');
  const answer = new Promise((resolve, reject) => {
    addEventListener('message', function listen({ source, data }) {
      if (source !== frame.contentWindow) return;
      removeEventListener('message', listen);
      if (data.error) reject(new Error(data.error));
      else resolve(data);
    });
  });
  frame.src = env.fault(`framed.html?${new URLSearchParams({ policy, load })}`);
  document.body.append(frame);
  try {
    return await answer;
  } finally {
    frame.remove();
  }
}
