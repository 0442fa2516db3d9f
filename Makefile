# Every entry point. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

include core/core.mk
include core/test/test.mk
include core/test/hosts/hosts.mk
include core/test/wasm/wasm.mk
include core/test/mutate/mutate.mk
include core/test/bench/bench.mk

LOADER := $(wildcard loader/*.js loader/*/*.js worker/*.js)

.PHONY: help setup setup-build setup-test setup-lint build demo serve bench test test-node test-browser \
  test-packaging replay-random verify-random soak verify lint lint-js format size package clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: ## install what building, testing and linting need; nothing where nothing is missing
	@scripts/setup.sh build test lint

setup-build setup-test setup-lint: setup-%:
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

demo: build ## places of the world through a channel, against plain postMessage
	node examples/cities/demo.js

serve: build ## the same as a page, isolated and not
	node examples/cities/build.js
	node scripts/serve.js

# ---- speed

build/bench/kernel.wasm: bench/kernel.c $(WASM_OBJECTS)
	@mkdir -p $(@D)
	@echo emcc $@
	@emcc $(WASM_CFLAGS) -O3 -mmutable-globals $< $(WASM_OBJECTS) -o $@ $(WASM_LDFLAGS) \
	  -sTOTAL_STACK=65536 -sINITIAL_MEMORY=1048576 -sMAXIMUM_MEMORY=67108864 \
	  $(addprefix -Wl$(comma)--export=,$(shell cat core/exports.txt))

bench: build build/bench/kernel.wasm ## the SDK's speed beside plain postMessage, as JSON lines; PART=name for some of it, ENGINES="node firefox"
	@node bench/bench.js $(PART)

# ---- tests

test: setup-build setup-test ## the tests: C, Node, and three browser engines
	@rm -rf build/test-results
	@$(MAKE) --no-print-directory test-core test-weak test-models test-fuzz \
	  test-mutate test-wasm test-node test-browser
	@node scripts/summary.js core weak models fuzz mutate core-wasm core-wasm-validate \
	  node-shared node-message random-shared random-message lifetime \
	  chromium chromium-plain firefox firefox-plain webkit webkit-plain

test-node: build $(TEST_MODULES)
	node --test --test-reporter=dot tests/node/

test-browser: build $(TEST_MODULES)
	node examples/cities/build.js
	npx playwright test -c tests/browser/playwright.config.js

replay-random: build ## one random program again: SEED=n TRANSPORT=shared|message, REPEAT=times
	node tests/random/main.js

verify-random: build ## 2,000 random programs over each transport, from a seed that it prints
	PROGRAMS=2000 node tests/random/main.js

soak: setup-test build ## pools and channels under load in Node and Chromium, 10 minutes or MINUTES: memory stays flat
	node --expose-gc tests/soak/main.js

test-packaging: setup-build setup-test build ## C users' builds, a core.wasm by clang-19, and the tarball, installed and used as the README says
	@$(MAKE) --no-print-directory test-hosts test-clang19
	node --test --test-reporter=dot tests/packaging/

verify: setup-build setup-test verify-core verify-models verify-mutate verify-fuzz verify-wasm verify-random ## the long proofs

# ---- form

lint: setup-build setup-lint lint-core lint-js ## clang-format, clang-tidy, cppcheck, tsc, biome

lint-js: build
	npx tsc -p .
	npx biome ci

format: ## puts the sources into form
	clang-format -i $$(git ls-files '*.c' '*.h')
	npx biome check --write

clean: ## remove what was built
	rm -rf build dist
