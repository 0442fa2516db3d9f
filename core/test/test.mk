# The core's tests, natively: unit tests (cmocka) and validators, each in three builds, because each
# sees what the others cannot: plain as users compile it, ASan and UBSan for every access, TSan for
# every ordering.

NATIVE_CC ?= gcc
NATIVE_AR ?= ar
CORE_BUILDS := plain asan tsan
CORE_FLAGS_plain := -O2
CORE_FLAGS_asan := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
# TSan sees memset and memcpy as calls only: gcc would expand some in place, unseen.
CORE_FLAGS_tsan := -O1 -fsanitize=thread -fno-builtin-memset -fno-builtin-memcpy

CORE_NATIVE_CFLAGS := $(C_WARNINGS) -g -Icore/include
CORE_TEST_CFLAGS := $(CORE_NATIVE_CFLAGS) -Icore/src -D_DEFAULT_SOURCE
CORE_TEST_SOURCES := $(wildcard core/test/unit/*.c core/test/validate/*.c)
CORE_TEST_EXTRAS := $(wildcard core/test/crash/*.c core/test/weak/*.c core/test/wasm/*.c core/test/fuzz/*.c core/test/bench/*.c core/test/mutate/*.c)
CORE_TEST_HEADERS := $(wildcard core/test/*/*.h)
CORE_TEST_BINARIES := $(foreach build,$(CORE_BUILDS),\
  $(CORE_TEST_SOURCES:core/test/%.c=build/native/$(build)/%))

# $(1): the build's name
define CORE_BUILD
build/native/$(1)/src/%.o: core/src/%.c $$(CORE_HEADERS)
	@mkdir -p $$(@D)
	$$(NATIVE_CC) $$(CORE_NATIVE_CFLAGS) $$(CORE_FLAGS_$(1)) -c $$< -o $$@

build/native/$(1)/libsluice.a: $$(CORE_SOURCES:core/src/%.c=build/native/$(1)/src/%.o)
	@rm -f $$@
	$$(NATIVE_AR) rcs $$@ $$^

build/native/$(1)/unit/%: core/test/unit/%.c $$(CORE_TEST_HEADERS) build/native/$(1)/libsluice.a
	@mkdir -p $$(@D)
	$$(NATIVE_CC) $$(CORE_TEST_CFLAGS) $$(CORE_FLAGS_$(1)) $$< build/native/$(1)/libsluice.a \
	  -lcmocka -lpthread -o $$@

build/native/$(1)/validate/%: core/test/validate/%.c $$(CORE_TEST_HEADERS) build/native/$(1)/libsluice.a
	@mkdir -p $$(@D)
	$$(NATIVE_CC) $$(CORE_TEST_CFLAGS) $$(CORE_FLAGS_$(1)) $$< build/native/$(1)/libsluice.a \
	  -lpthread -o $$@
endef
$(foreach build,$(CORE_BUILDS),$(eval $(call CORE_BUILD,$(build))))

build/native/libsluice.a: build/native/plain/libsluice.a
	cp $< $@

# Crash injection: the core with its steps compiled in, one binary a folder entry.
CORE_CRASH := $(filter-out crash,$(basename $(notdir $(wildcard core/test/crash/*.c))))
CORE_CRASH_BINARIES := $(CORE_CRASH:%=build/native/steps/crash/%)

build/native/steps/src/%.o: core/src/%.c $(CORE_HEADERS)
	@mkdir -p $(@D)
	$(NATIVE_CC) $(CORE_NATIVE_CFLAGS) -O1 -DSLUICE_STEPS -c $< -o $@

build/native/steps/crash/%: core/test/crash/%.c core/test/crash/crash.c $(wildcard core/test/crash/*.h) \
    $(CORE_SOURCES:core/src/%.c=build/native/steps/src/%.o)
	@mkdir -p $(@D)
	$(NATIVE_CC) $(CORE_TEST_CFLAGS) -O1 -DSLUICE_STEPS core/test/crash/crash.c $< \
	  $(CORE_SOURCES:core/src/%.c=build/native/steps/src/%.o) -lpthread -o $@

.PHONY: core-test-binaries test-core test-weak test-models test-fuzz verify-core verify-models \
  verify-fuzz lint-core

core-test-binaries: $(CORE_TEST_BINARIES) $(CORE_CRASH_BINARIES)

test-core: ## the C core: unit tests and validators, plain, under ASan and UBSan, under TSan
	@MAKE="$(MAKE)" core/test/run.sh short

verify-core: ## the C core's validators at length: 10^9 records a kind of ring, 10^7 and more under sanitizers; the weak-memory explorer at length
	@MAKE="$(MAKE)" core/test/run.sh long
	core/test/weak/run.sh long

test-weak: ## every ordering edge in a weak-memory explorer, and each of them weakened
	@core/test/suite.sh weak core/test/weak/run.sh short | tail -n 12; exit $${PIPESTATUS[0]}

test-models: ## the protocols in Spin, exhaustively, with deaths
	@core/test/suite.sh models core/test/models/run.sh short

test-fuzz: ## a hostile peer rewrites any word at any time: libFuzzer, from the seed corpus
	@core/test/suite.sh fuzz core/test/fuzz/run.sh short

verify-models: ## the models with larger bounds, and their mutants
	core/test/models/run.sh long
	core/test/models/run.sh mutants

verify-fuzz: ## 10^7 runs and more
	core/test/fuzz/run.sh long

CORE_C_FILES := $(CORE_SOURCES) $(CORE_HEADERS) $(CORE_TEST_SOURCES) $(CORE_TEST_EXTRAS) \
  $(CORE_TEST_HEADERS) \
  $(wildcard core/src/freestanding/* examples/*/*.c)

lint-core: ## the C core: clang-format, clang-tidy, cppcheck
	clang-format --dry-run -Werror $(CORE_C_FILES)
	clang-tidy --quiet $(CORE_SOURCES) -- -std=c11 -Icore/include
	cppcheck --quiet --enable=warning,performance,portability --error-exitcode=1 --std=c11 \
	  --inline-suppr -Icore/include -Icore/src $(CORE_SOURCES) $(CORE_TEST_SOURCES)
