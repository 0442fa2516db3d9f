// What most pages need. scripts/build.js makes files of the package by who needs which source, and
// counts this as one who does: so what pages of that kind keep stands apart from the rest.
export { channel } from '../loader/channels/channel.js';
export { create } from '../loader/create.js';
export { spawn } from '../loader/spawn.js';
