# The native validators (core/test/validate) once more in WebAssembly, each of them one module that
# needs nothing but a memory and the four calls of posix.c to its host.

WASM_VALIDATORS := $(patsubst core/test/validate/%.c,build/test/wasm/%.wasm,\
  $(wildcard core/test/validate/*.c))

# Another name for what emcc takes for calls of its own runtime, when it sees it.
WASM_VALIDATE_NAMES := $(foreach name,main alarm mmap,-D$(name)=validate_$(name))
# emcc would make simpler functions of these, which have a state of their own.
WASM_VALIDATE_CFLAGS = $(WASM_CFLAGS) -O2 -Icore/src -D_DEFAULT_SOURCE $(WASM_VALIDATE_NAMES) \
  -fno-builtin-printf -fno-builtin-fprintf

build/test/wasm/posix.o: core/test/wasm/posix.c $(CORE_HEADERS)
	@mkdir -p $(@D)
	@emcc $(WASM_VALIDATE_CFLAGS) -c $< -o $@

build/test/wasm/%.o: core/test/validate/%.c $(CORE_HEADERS)
	@mkdir -p $(@D)
	@emcc $(WASM_VALIDATE_CFLAGS) -c $< -o $@

# --profiling-funcs: a failed check is told by the names of the functions around it.
build/test/wasm/%.wasm: build/test/wasm/%.o build/test/wasm/posix.o $(WASM_OBJECTS)
	@echo emcc $@
	@emcc $^ -o $@ $(WASM_LDFLAGS) -sTOTAL_STACK=1048576 -sINITIAL_MEMORY=268435456 \
	  -sMAXIMUM_MEMORY=268435456 -sERROR_ON_UNDEFINED_SYMBOLS=0 -sWARN_ON_UNDEFINED_SYMBOLS=0 \
	  --profiling-funcs -Wl,--export=sluice_stack_set

.PRECIOUS: build/test/wasm/%.o
.PHONY: test-wasm verify-wasm

test-wasm: setup-build $(WASM_VALIDATORS) ## the validators in WebAssembly under Node, by each of V8's compilers
	@core/test/suite.sh core-wasm-validate core/test/wasm/run.sh short

verify-wasm: setup-build $(WASM_VALIDATORS) ## the same at length
	@core/test/suite.sh core-wasm-validate core/test/wasm/run.sh long
