// "sluice/loader" as the benchmarks import it: as tests/conformance/loader-entry.js.
export * from 'sluice/loader';
