# Micro-benchmarks of the core, natively and in WebAssembly.

build/native/bench/native: core/test/bench/bench.c core/test/bench/native.c core/test/bench/bench.h \
    $(CORE_SOURCES:core/src/%.c=build/native/bench/src/%.o)
	@mkdir -p $(@D)
	$(NATIVE_CC) $(CORE_TEST_CFLAGS) -O3 core/test/bench/bench.c core/test/bench/native.c \
	  $(CORE_SOURCES:core/src/%.c=build/native/bench/src/%.o) -lpthread -o $@

build/native/bench/src/%.o: core/src/%.c $(CORE_HEADERS)
	@mkdir -p $(@D)
	$(NATIVE_CC) $(C_WARNINGS) -Icore/include -O3 -c $< -o $@

build/bench/core.wasm: core/test/bench/bench.c core/test/bench/bench.h $(WASM_OBJECTS)
	@mkdir -p $(@D)
	@echo emcc $@
	@emcc $(WASM_CFLAGS) -O3 -Icore/src -mmutable-globals $< $(WASM_OBJECTS) -o $@ $(WASM_LDFLAGS) \
	  -sTOTAL_STACK=65536 -sINITIAL_MEMORY=78643200 -sMAXIMUM_MEMORY=78643200 \
	  $(addprefix -Wl$(comma)--export=,bench_cases bench_name bench_threads bench_sized \
	    bench_state_bytes bench_open bench_run bench_close sluice_space_init sluice_space_alloc \
	    sluice_thread_enter sluice_stack_set)

.PHONY: bench-core
bench-core: setup-build build/native/bench/native build/bench/core.wasm ## the core's speed, natively and in WebAssembly, as JSON lines
	node core/test/bench/bench.js $(PART)
