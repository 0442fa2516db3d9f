// The page: a button that starts and stops, two sliders, and how the ring is doing.
import { play } from './player.js';
import { INITIAL } from './tone.js';

/** @template {HTMLElement} [E=HTMLElement] @param {string} id */
const element = (id) => /** @type {E} */ (document.getElementById(id));

const button = /** @type {HTMLButtonElement} */ (element('play'));
const stall = /** @type {HTMLButtonElement} */ (element('stall'));
const sliders = ['frequency', 'gain'].map((id) => /** @type {HTMLInputElement} */ (element(id)));

/** @type {{context: AudioContext, player: import('./player.js').Player} | undefined} */
let playing;
let stalls = 0;

/** @param {string} text */
const say = (text) => {
  element('status').textContent = text;
};

function setParameters() {
  const [frequency, gain] = sliders.map(({ value }) => Number(value));
  element('frequency-value').textContent = `${frequency} Hz`;
  element('gain-value').textContent = `${Math.round(gain * 100)} %`;
  playing?.player.parameters.set({ frequency, gain, stalls });
}

function show() {
  if (!playing) return;
  const { played, underruns, full } = playing.player.stats();
  element('played').textContent = String(played);
  element('underruns').textContent = String(underruns);
  /** @type {HTMLMeterElement} */ (element('full')).value = full;
  requestAnimationFrame(show);
}

async function start() {
  const context = new AudioContext();
  await context.resume();
  try {
    playing = { context, player: await play(context) };
  } catch (error) {
    await context.close();
    throw error;
  }
  setParameters();
  say('Playing.');
  show();
}

async function stop() {
  const was = playing;
  playing = undefined;
  await was?.player.stop();
  await was?.context.close();
  say('Stopped.');
}

async function toggle() {
  button.disabled = true;
  try {
    await (playing ? stop() : start());
  } catch (error) {
    const { code, message } = /** @type {any} */ (error);
    say(code ? `${code}: ${message}` : String(error));
  }
  button.textContent = playing ? 'Stop' : 'Play';
  stall.disabled = !playing;
  button.disabled = false;
}

sliders[0].value = String(INITIAL.frequency);
sliders[1].value = String(INITIAL.gain);
for (const slider of sliders) slider.addEventListener('input', setParameters);
button.addEventListener('click', toggle);
stall.addEventListener('click', () => {
  stalls++;
  setParameters();
});
setParameters();
button.disabled = false;
Object.assign(globalThis, { play }); // for a test
