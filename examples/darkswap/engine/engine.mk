# The DarkSwap example's engine: libsecp256k1 from Debian's source package, and the module
# build/darkswap/engine.wasm, which links the core.

DARKSWAP := examples/darkswap
DARKSWAP_OUT := build/darkswap
DARKSWAP_HEADERS := $(wildcard $(DARKSWAP)/engine/*.h)
DARKSWAP_SOURCES := $(wildcard $(DARKSWAP)/engine/*.c)

# The library as it is; only its build is ours. 32-bit products are what WebAssembly has, and its
# self-made tables are the small ones. Nothing is signed here, so nothing is allocated.
SECP256K1 := $(DARKSWAP_OUT)/libsecp256k1-0.2.0
SECP256K1_FLAGS := -DENABLE_MODULE_SCHNORRSIG -DENABLE_MODULE_EXTRAKEYS \
  -DUSE_EXTERNAL_DEFAULT_CALLBACKS -DECMULT_GEN_PREC_BITS=2 -DECMULT_WINDOW_SIZE=8 \
  -DUSE_FORCE_WIDEMUL_INT64
SECP256K1_PARTS := secp256k1 precomputed_ecmult precomputed_ecmult_gen

$(SECP256K1)/unpacked:
	@$(DARKSWAP)/engine/fetch.sh $(DARKSWAP_OUT)
	@touch $@

$(SECP256K1_PARTS:%=$(SECP256K1)/src/%.c): $(SECP256K1)/unpacked ;

DARKSWAP_WASM := $(SECP256K1_PARTS:%=$(DARKSWAP_OUT)/wasm/secp/%.o) \
  $(DARKSWAP_SOURCES:$(DARKSWAP)/engine/%.c=$(DARKSWAP_OUT)/wasm/%.o)

$(DARKSWAP_OUT)/wasm/secp/%.o: $(SECP256K1)/src/%.c
	@mkdir -p $(@D)
	@echo emcc $<
	@emcc -O3 -matomics -mbulk-memory -w $(SECP256K1_FLAGS) -I$(SECP256K1)/include -c $< -o $@

$(DARKSWAP_OUT)/wasm/%.o: $(DARKSWAP)/engine/%.c $(DARKSWAP_HEADERS) $(SECP256K1)/unpacked
	@mkdir -p $(@D)
	@echo emcc $<
	@emcc $(WASM_CFLAGS) -O3 -mmutable-globals -I$(SECP256K1)/include -c $< -o $@

$(DARKSWAP_OUT)/engine.wasm: $(DARKSWAP_WASM) $(WASM_OBJECTS) core/exports.txt
	@echo emcc $@
	@emcc $(DARKSWAP_WASM) $(WASM_OBJECTS) -o $@ $(WASM_LDFLAGS) -sWASM_BIGINT \
	  -sTOTAL_STACK=65536 -sINITIAL_MEMORY=1048576 -sMAXIMUM_MEMORY=268435456 \
	  $(addprefix -Wl$(comma)--export=,$(shell cat core/exports.txt))

# ---- natively: as users compile it, and under ASan and UBSan

DARKSWAP_NATIVE := plain asan
DARKSWAP_TESTS := $(foreach build,$(DARKSWAP_NATIVE),\
  $(foreach test,vectors messages book,$(DARKSWAP_OUT)/$(build)/test/$(test)))
DARKSWAP_TEST_HEADERS := $(wildcard $(DARKSWAP)/engine/test/*.h)
DARKSWAP_CFLAGS := $(C_WARNINGS) -g -D_DEFAULT_SOURCE -I$(SECP256K1)/include \
  -DDARKSWAP_VECTORS='"tests/darkswap/vectors"'

# $(1): the build's name
define DARKSWAP_BUILD
$(DARKSWAP_OUT)/$(1)/secp/%.o: $(SECP256K1)/src/%.c
	@mkdir -p $$(@D)
	@$$(NATIVE_CC) -w $$(CORE_FLAGS_$(1)) $(SECP256K1_FLAGS) -I$(SECP256K1)/include -c $$< -o $$@

$(DARKSWAP_OUT)/$(1)/%.o: $(DARKSWAP)/engine/%.c $(DARKSWAP_HEADERS) $(DARKSWAP_TEST_HEADERS) $(SECP256K1)/unpacked
	@mkdir -p $$(@D)
	@$$(NATIVE_CC) $(DARKSWAP_CFLAGS) $$(CORE_FLAGS_$(1)) -c $$< -o $$@

$(DARKSWAP_OUT)/$(1)/test/%: $(DARKSWAP_OUT)/$(1)/test/%.o $(DARKSWAP_OUT)/$(1)/test/making.o \
    $(DARKSWAP_SOURCES:$(DARKSWAP)/engine/%.c=$(DARKSWAP_OUT)/$(1)/%.o) \
    $(SECP256K1_PARTS:%=$(DARKSWAP_OUT)/$(1)/secp/%.o)
	@$$(NATIVE_CC) $$(CORE_FLAGS_$(1)) $$^ -lcmocka -o $$@
endef
$(foreach build,$(DARKSWAP_NATIVE),$(eval $(call DARKSWAP_BUILD,$(build))))
.PRECIOUS: $(foreach build,$(DARKSWAP_NATIVE),$(DARKSWAP_OUT)/$(build)/%.o $(DARKSWAP_OUT)/$(build)/secp/%.o)

.PHONY: bench-darkswap test-darkswap-engine verify-darkswap verify-darkswap-replay lint-darkswap-engine
test-darkswap-engine: setup-build setup-test ## DarkSwap's engine natively: the standards' vectors, every fault's code, the book's rules
	@$(MAKE) --no-print-directory -j2 $(DARKSWAP_TESTS)
	@core/test/suite.sh darkswap-engine $(DARKSWAP)/engine/test/run.sh

# A session of so many messages, and what the reference matcher makes of it.
$(DARKSWAP_OUT)/session-%.bin.json: $(wildcard $(DARKSWAP)/gossip/*.js $(DARKSWAP)/reference/*.js)
	node $(DARKSWAP)/gossip/make-session.js $(@:.json=) $*

bench-darkswap: setup-build setup-test build $(DARKSWAP_OUT)/engine.wasm $(DARKSWAP_OUT)/session-5000.bin.json ## DarkSwap's figures in Node and of its page, as JSON lines
	@node scripts/examples.js darkswap
	@node $(DARKSWAP)/bench/bench.js

verify-darkswap: setup-build setup-test build $(DARKSWAP_OUT)/engine.wasm ## DarkSwap at length: 10^6 random operations against the reference matcher, fuzzing
	OPERATIONS=1000000 SEED=1000 node --test --test-reporter=spec tests/darkswap/reference.test.js
	@$(MAKE) --no-print-directory verify-darkswap-replay
	$(DARKSWAP)/engine/fuzz/run.sh long

verify-darkswap-replay: setup-build setup-test build $(DARKSWAP_OUT)/engine.wasm $(DARKSWAP_OUT)/session-100000.bin.json ## 100,000 messages in Node and three engines, on both transports and in one thread, ten verifying workers terminated
	MESSAGES=100000 TERMINATE=10 node --test --test-reporter=spec tests/darkswap/replay.test.js
	node scripts/examples.js darkswap
	DARKSWAP_MESSAGES=100000 DARKSWAP_TERMINATE="0 10" \
	  npx playwright test -c tests/browser/playwright.config.js darkswap-replay

DARKSWAP_C_FILES := $(DARKSWAP_SOURCES) $(DARKSWAP_HEADERS) $(wildcard $(DARKSWAP)/engine/*/*.[ch])

lint-darkswap-engine: $(SECP256K1)/unpacked ## DarkSwap's engine: clang-format, clang-tidy, cppcheck
	clang-format --dry-run -Werror $(DARKSWAP_C_FILES)
	clang-tidy --quiet $(DARKSWAP_SOURCES) -- -std=c11 -I$(SECP256K1)/include
	cppcheck --quiet --enable=warning,performance,portability --error-exitcode=1 --std=c11 \
	  --inline-suppr $(DARKSWAP_SOURCES)
