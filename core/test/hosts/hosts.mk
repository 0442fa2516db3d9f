# The core for other toolchains and hosts than the packaged core.wasm, and their tests.

# For programs with Emscripten's runtime (-pthread), and for modules that link the core.
build/emscripten/libsluice.a: $(WASM_OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@
	@echo emar $@
	@emar rcs $@ $^

# core.wasm by LLVM 19 alone, without Emscripten and its C library: it stands for newer toolchains.
# The same imports and exports.
CLANG_WASM ?= clang-19
LLD_WASM ?= wasm-ld-19
CLANG_CORE_SOURCES := $(CORE_SOURCES) $(wildcard core/src/freestanding/*.c)

build/clang19/%.o: core/src/%.c $(CORE_HEADERS) core/src/freestanding/string.h
	@mkdir -p $(@D)
	@echo $(CLANG_WASM) $<
	@$(CLANG_WASM) --target=wasm32 -nostdlib -isystem core/src/freestanding $(WASM_CFLAGS) $(WASM_OPTIMIZE) \
	  -c $< -o $@

build/clang19/core.wasm: $(CLANG_CORE_SOURCES:core/src/%.c=build/clang19/%.o) core/exports.txt
	@echo $(LLD_WASM) $@
	@$(LLD_WASM) $(filter %.o,$^) -o $@ --no-entry --strip-all -z stack-size=0 --shared-memory \
	  --import-memory --initial-memory=65536 --max-memory=4294967296 \
	  $(addprefix --export=,__heap_base $(shell cat core/exports.txt))

# The Node tests once more, in a copy of what they need where core.wasm is that one.
.PHONY: test-clang19 test-hosts c-examples

test-clang19: build $(TEST_MODULES) build/clang19/core.wasm ## the Node tests on a core.wasm that clang-19 made
	@rm -rf build/clang19/tree
	@mkdir -p build/clang19/tree/build/test build/clang19/tree/core build/test-results
	@cp -r package.json README.md docs examples dist loader worker tests bench build/clang19/tree
	@cp core/exports.txt build/clang19/tree/core
	@cp $(TEST_MODULES) build/test/glue.wasm build/clang19/tree/build/test
	@ln -s ../../../node_modules build/clang19/tree/node_modules
	@cp -r build/second build/clang19/tree/build
	@cp build/clang19/core.wasm build/clang19/tree/dist
	@cp build/clang19/core.wasm build/clang19/tree/build/second
	@ln -s ../../../test-results build/clang19/tree/build/test-results
	SLUICE_RESULTS=clang19 node --test --test-reporter=dot build/clang19/tree/tests/node/

test-hosts: build ## the examples of docs/c-api.md: natively, in an Emscripten program, under the loader
	@core/test/hosts/run.sh

c-examples: build ## examples/c-pthread and examples/c-module, built from the packed tarball into build/packaging/
	@core/test/hosts/examples.sh

# core.wasm with the names of its functions, for scripts/objects.js.
build/size/core.wasm: $(WASM_OBJECTS) core/exports.txt
	@mkdir -p $(@D)
	@echo emcc $@
	@emcc $(WASM_OBJECTS) -o $@ $(WASM_LDFLAGS) $(CORE_LDFLAGS) --profiling-funcs \
	  $(addprefix -Wl$(comma)--export=,$(shell cat core/exports.txt))
