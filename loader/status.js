/** core/include/sluice/status.h. */

export const OK = 0;
export const FULL = -1;
export const EMPTY = -2;
export const CLOSED = -3;
export const TIMEOUT = -4;
export const TOO_LARGE = -5;
export const NO_MEMORY = -6;
export const MISMATCH = -7;
export const VERSION = -8;
export const POISONED = -9;
export const INVALID = -10;
export const BUSY = -11;
export const PEER_LOST = -12;
export const AGAIN = -13;
export const OWNER_DIED = -14;
