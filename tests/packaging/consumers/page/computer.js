// The package's own.
export const computer = undefined;
