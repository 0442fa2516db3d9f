# Every entry point. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

include core/core.mk
include core/test/test.mk
include core/test/hosts/hosts.mk
include core/test/wasm/wasm.mk
include core/test/mutate/mutate.mk
include core/test/bench/bench.mk
include examples/darkswap/engine/engine.mk

LOADER := $(wildcard loader/*.js loader/*/*.js worker/*.js)

.PHONY: help setup setup-build setup-test setup-lint setup-packaging build demo serve bench test test-node test-browser \
  test-packaging replay-random verify-random verify-shared-state verify-darkswap-client soak verify lint lint-js format size package clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: ## install what building, testing and linting need; nothing where nothing is missing
	@scripts/setup.sh build test lint packaging

setup-build setup-test setup-lint setup-packaging: setup-%:
	@scripts/setup.sh $*

# ---- what is published

build: setup-build ## dist/: the bundles, core.wasm and the types
	@$(MAKE) --no-print-directory dist/built

dist/built: build/core.wasm $(LOADER) scripts/build.js package.json tsconfig.types.json
	node scripts/build.js
	npx tsc -p tsconfig.types.json
	@touch $@

package: build ## the npm tarball, in build/
	npm pack --pack-destination build

size: build build/size/core.wasm ## raw and brotli sizes of files, objects, and what a bundler keeps; MODULES=1 for each source; fails above the budgets
	@node scripts/size.js

# ---- the main job

demo: build build/darkswap/engine.wasm build/darkswap/session-5000.bin.json ## places of the world through a channel, against plain postMessage; a session at an exchange
	node examples/cities/demo.js
	node examples/darkswap/demo.js

serve: build build/darkswap/engine.wasm ## the same as a page, isolated and not
	node scripts/examples.js
	node scripts/serve.js

# ---- speed

build/bench/kernel.wasm: bench/kernel.c $(WASM_OBJECTS)
	@mkdir -p $(@D)
	@echo emcc $@
	@emcc $(WASM_CFLAGS) -O3 -mmutable-globals --profiling-funcs $< $(WASM_OBJECTS) -o $@ $(WASM_LDFLAGS) \
	  -sTOTAL_STACK=65536 -sINITIAL_MEMORY=1048576 -sMAXIMUM_MEMORY=67108864 \
	  $(addprefix -Wl$(comma)--export=,$(shell cat core/exports.txt))

.PHONY: bench-quick bench-compare bench-profile bench-report

# Debian's Emscripten links a program's own runtime by its package node-acorn.
build/bench/pthread.js: bench/peers/pthread.c
	@mkdir -p $(@D)
	@echo emcc $@
	@NODE_PATH=/usr/share/nodejs emcc -std=gnu11 -Wall -Wextra -Wconversion -Werror -O2 -pthread --profiling-funcs $< -o $@ \
	  -sPROXY_TO_PTHREAD -sPTHREAD_POOL_SIZE=2 -sINITIAL_MEMORY=33554432 -sMODULARIZE -sENVIRONMENT=web,worker \
	  -sEXPORT_NAME=startPthreads -sEXPORTED_RUNTIME_METHODS=wasmMemory,PThread

build/bench/built: $(wildcard bench/*.js bench/*/*.js) dist/built
	node bench/build.js
	@touch $@

bench: setup-test build build/bench/kernel.wasm build/bench/pthread.js build/bench/built ## the SDK beside what one would use instead, as JSON lines; PART=name for some of it, ENGINES="node firefox"
	@node bench/bench.js $(PART)

bench-quick: ## the same in short, under two minutes
	@QUICK=1 $(MAKE) --no-print-directory bench

bench-compare: setup-test build build/bench/kernel.wasm build/bench/pthread.js build/bench/built ## this tree's SDK beside REV=name, built below build/, in one run; PART and ENGINES, which is node by default
	@node bench/compare.js $(PART)

# The core's functions by their names: what is shipped has none.
build/bench/core-names.wasm: build/core.wasm
	@mkdir -p $(@D)
	@echo emcc $@
	@emcc $(WASM_OBJECTS) -o $@ $(WASM_LDFLAGS) $(CORE_LDFLAGS) --profiling-funcs \
	  $(addprefix -Wl$(comma)--export=,$(shell cat core/exports.txt))

bench-profile: setup-test build build/bench/core-names.wasm build/bench/kernel.wasm build/bench/pthread.js build/bench/built ## where the time of PART=name goes, by V8's profiler in each thread; ENGINES="node chromium", node by default
	@node bench/profile.js $(PART)

bench-report: ## docs/benchmarks.md, README.md and build/bench/report.html from bench/results.jsonl, which is OUT=bench/results.jsonl make bench
	@node bench/report.js

# ---- tests

test: setup-build setup-test ## the tests: C, Node, and three browser engines
	@rm -rf build/test-results
	@$(MAKE) --no-print-directory test-core test-weak test-models test-fuzz \
	  test-mutate test-wasm test-darkswap-engine test-node test-browser
	@node scripts/summary.js core weak models fuzz mutate core-wasm core-wasm-validate darkswap-engine \
	  node-shared node-message shared-state-shared shared-state-message random-shared random-message lifetime \
	  chromium chromium-plain firefox firefox-plain webkit webkit-plain

test-node: build $(TEST_MODULES) build/darkswap/engine.wasm build/darkswap/session-5000.bin.json
	node --test --test-concurrency=2 --test-timeout=600000 --test-reporter=dot tests/node/ tests/darkswap/ tests/tools/

test-browser: build $(TEST_MODULES) build/darkswap/engine.wasm build/darkswap/session-5000.bin.json
	node scripts/examples.js
	npx playwright test -c tests/browser/playwright.config.js

replay-random: build ## one random program again: SEED=n TRANSPORT=shared|message, REPEAT=times
	node tests/random/main.js

verify-random: build ## 2,000 random programs over each transport, from a seed that it prints
	PROGRAMS=2000 node tests/random/main.js

verify-shared-state: build ## 600 workers terminated as they write a shared state, over each transport
	TERMINATIONS=600 node --test --test-reporter=spec --test-name-pattern 'terminated as they write|a writer that dies' tests/node/shared-state.test.js

soak: setup-test build ## pools and channels under load in Node and Chromium, 10 minutes or MINUTES: memory stays flat
	node --expose-gc tests/soak/main.js

test-packaging: setup-build setup-test setup-packaging build $(TEST_MODULES) ## C users' builds, a core.wasm by clang-19, and the tarball, installed and used as the README says
	@$(MAKE) --no-print-directory test-hosts test-clang19 c-examples
	node --test --test-reporter=dot tests/packaging/
	npx playwright test -c tests/packaging/playwright.config.js

verify-darkswap-client: setup-build setup-test build build/darkswap/engine.wasm ## all of what DarkSwap's client promises, in each browser
	node scripts/examples.js darkswap
	CLIENT_CASES=all npx playwright test -c tests/browser/playwright.config.js darkswap-client darkswap-page

verify: setup-build setup-test verify-core verify-models verify-mutate verify-fuzz verify-wasm verify-random verify-darkswap ## the long proofs
verify: verify-shared-state verify-darkswap-client

# ---- form

lint: setup-build setup-lint lint-core lint-darkswap-engine lint-js ## clang-format, clang-tidy, cppcheck, tsc, biome

lint-js: build
	npx tsc -p .
	npx biome ci

format: ## puts the sources into form
	clang-format -i $$(git ls-files '*.c' '*.h')
	npx biome check --write

clean: ## remove what was built
	rm -rf build dist
