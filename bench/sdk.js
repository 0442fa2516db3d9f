// The package as the benchmarks and their workers import it: as tests/conformance/sdk.js.
export * from 'sluice';
