# The core: natively as build/native/libsluice.a, for the web as build/core.wasm.

CORE_SOURCES := $(wildcard core/src/*.c)
CORE_HEADERS := $(wildcard core/include/sluice/*.h core/src/*.h)
C_WARNINGS := -std=c11 -Wall -Wextra -Wconversion -Werror

# Users' modules are linked at -O1: at -O2 and -O3 wasm-opt inlines the futex wait into loops, which
# V8 11.3 miscompiles (see core/src/futex.c). The objects are optimised by LLVM already.
WASM_OBJECTS := $(CORE_SOURCES:core/src/%.c=build/wasm/%.o)
# -fno-jump-tables: LLVM turns a switch over constants into a table, which would be a data segment.
WASM_CFLAGS := $(C_WARNINGS) -fno-jump-tables -matomics -mbulk-memory -Icore/include
# Small, but for what moves records: that is fast.
WASM_HOT := slab ring_producer ring_consumer ring_many_producer ring_many_consumer
$(WASM_HOT:%=build/wasm/%.o) $(WASM_HOT:%=build/clang19/%.o): WASM_OPTIMIZE := -O3
WASM_OPTIMIZE = -Oz
WASM_LDFLAGS := -O1 --no-entry -sSTANDALONE_WASM -sSUPPORT_ERRNO=0 -sALLOW_MEMORY_GROWTH \
  -Wl,--shared-memory,--import-memory,--export=__heap_base
# The packaged core has no stack of its own, one page at least and the largest maximum, so that it
# can attach to a space in any memory.
# Small: wasm-opt at -Oz puts equal functions together, and inlines what is no larger than 8 of its
# nodes, or has one caller and is no larger than 100: measured, brotli's figure. The futex wait has
# more nodes and more callers: it stays alone in its function, which tests/node/core-wasm.test.js
# looks after.
CORE_PASSES := --converge,--always-inline-max-function-size=8,--one-caller-inline-max-function-size=100
CORE_LDFLAGS := -sTOTAL_STACK=0 -sINITIAL_MEMORY=65536 -sMAXIMUM_MEMORY=4294967296 \
  -Oz -sBINARYEN_EXTRA_PASSES=$(CORE_PASSES)

build/wasm/%.o: core/src/%.c $(CORE_HEADERS)
	@mkdir -p $(@D)
	@echo emcc $<
	@emcc $(WASM_CFLAGS) $(WASM_OPTIMIZE) -c $< -o $@

build/core.wasm: $(WASM_OBJECTS) core/exports.txt
	@echo emcc $@
	@emcc $(WASM_OBJECTS) -o $@ $(WASM_LDFLAGS) $(CORE_LDFLAGS) \
	  $(addprefix -Wl$(comma)--export=,$(shell cat core/exports.txt))

comma := ,

# A user's module, for the tests: the core linked into a program with data of its own.
build/test/engine.wasm: tests/fixtures/engine.c $(WASM_OBJECTS)
	@mkdir -p $(@D)
	@echo emcc $@
	@emcc $(WASM_CFLAGS) -O3 -mmutable-globals $< $(WASM_OBJECTS) -o $@ $(WASM_LDFLAGS) \
	  -sTOTAL_STACK=65536 -sINITIAL_MEMORY=1048576 -sMAXIMUM_MEMORY=67108864 \
	  -Wl,--export=__wasm_init_tls,--export=__tls_size \
	  $(addprefix -Wl$(comma)--export=,$(shell cat core/exports.txt))

# A module with Emscripten's own JavaScript, which the loader hands its instance.
build/test/glue.mjs: tests/fixtures/glue.c
	@mkdir -p $(@D)
	@echo emcc $@
	@NODE_PATH=/usr/share/nodejs emcc $(C_WARNINGS) -O2 $< -o $@ --no-entry -sFILESYSTEM=0 \
	  -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=web,worker

TEST_MODULES := build/test/engine.wasm build/test/glue.mjs
