// The package as the conformance tests and their workers import it. This file is what Node reads;
// tests/server.js serves a browser the bundle in its place.
export * from 'sluice';
