# Micro-benchmarks of the core, natively and in WebAssembly.

BENCH_SOURCES := $(wildcard core/test/bench/*.c)
BENCH_HEADERS := $(wildcard core/test/bench/*.h)
BENCH_NATIVE := $(CORE_SOURCES:core/src/%.c=build/native/bench/src/%.o) \
  $(BENCH_SOURCES:core/test/bench/%.c=build/native/bench/%.o)
BENCH_WASM := $(filter-out build/bench/native.o,$(BENCH_SOURCES:core/test/bench/%.c=build/bench/%.o))

build/native/bench/src/%.o: core/src/%.c $(CORE_HEADERS)
	@mkdir -p $(@D)
	$(NATIVE_CC) $(C_WARNINGS) -Icore/include -O3 -c $< -o $@

build/native/bench/%.o: core/test/bench/%.c $(BENCH_HEADERS) $(CORE_HEADERS)
	@mkdir -p $(@D)
	$(NATIVE_CC) $(CORE_TEST_CFLAGS) -O3 -c $< -o $@

build/native/bench/native: $(BENCH_NATIVE)
	$(NATIVE_CC) $^ -lpthread -o $@

build/bench/%.o: core/test/bench/%.c $(BENCH_HEADERS) $(CORE_HEADERS)
	@mkdir -p $(@D)
	@echo emcc $<
	@emcc $(WASM_CFLAGS) -O3 -Icore/src -c $< -o $@

build/bench/core.wasm: $(BENCH_WASM) $(WASM_OBJECTS)
	@echo emcc $@
	@emcc -mmutable-globals $^ -o $@ $(WASM_LDFLAGS) \
	  -sTOTAL_STACK=65536 -sINITIAL_MEMORY=78643200 -sMAXIMUM_MEMORY=78643200 \
	  $(addprefix -Wl$(comma)--export=,bench_cases bench_name bench_limit bench_threads \
	    bench_sizes bench_size bench_state_bytes bench_open bench_run bench_check bench_close \
	    sluice_space_init sluice_space_alloc sluice_thread_enter sluice_stack_set)

.PHONY: bench-core
bench-core: setup-build build/native/bench/native build/bench/core.wasm ## the core's speed, natively and in WebAssembly, as JSON lines; PART=name for some of it
	@node core/test/bench/bench.js $(PART)
