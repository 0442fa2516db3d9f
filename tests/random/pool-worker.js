// A worker of a program's pool.
import * as sdk from '../conformance/sdk.js';
import { api } from './calling.js';

sdk.serve(api);
