// What the page, the worker and the worklet have to agree on.
import { struct } from 'sluice';

/** A record is one render quantum of an audio worklet: so many samples, as 32-bit floats. */
export const FRAMES = 128;
export const RECORD_BYTES = FRAMES * 4;

/** 15 records, 40 ms: what is made ahead. */
export const CAPACITY = 8192;

/** @param {number} capacity @returns {import('sluice').ChannelOptions<Uint8Array>} */
export const samples = (capacity) => ({ kind: 'spsc', capacity });

/** `stalls`: the worker stops for a moment each time that it has grown. */
export const tone = struct({ frequency: 'f64', gain: 'f64', stalls: 'u32' });
export const INITIAL = { frequency: 440, gain: 0.5, stalls: 0 };
/** Where the gain stands, in 64-bit words. */
const GAIN = 1;

/**
 * The same for process(), which is to make no garbage: the gain alone, into an array of its own.
 *
 * @param {Float64Array} words of the space's memory
 * @returns {import('sluice').Codec<any>}
 */
export function toneWithoutGarbage(words) {
  const gain = new Float64Array(1);
  return {
    ...tone,
    decode(_memory, offset) {
      gain[0] = words[offset / 8 + GAIN];
      return gain;
    },
  };
}

/** Words of the meter, in which the worklet counts what it has played. */
export const [PLAYED, UNDERRUNS] = [0, 1];
