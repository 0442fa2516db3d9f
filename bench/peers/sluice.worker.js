import { attach, serve } from '../sdk.js';
import { served } from './served.js';

serve(served);
await attach();
