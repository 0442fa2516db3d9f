# Each protocol step of the core broken, one at a time: a test must fail.

.PHONY: test-mutate verify-mutate

test-mutate: ## every 29th protocol step broken: a test must fail
	@core/test/suite.sh mutate node core/test/mutate/mutate.js --every 29

verify-mutate: ## every protocol step broken, one at a time: a test must fail, or the step stand in survivors.txt
	@core/test/suite.sh mutate node core/test/mutate/mutate.js
