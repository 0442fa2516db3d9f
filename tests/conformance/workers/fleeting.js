// Attaches, and has nothing else to do: in Node it ends by itself then, elsewhere it ends itself.
import { attach } from '../sdk.js';

await attach();
if (typeof close === 'function') close();
