// The entry "sluice/diagnose" as the conformance tests and their workers import it; see sdk.js.
export * from 'sluice/diagnose';
