#!/bin/bash
# Builds and runs the core's tests in all their builds, counts them, and writes the counts to
# build/test-results/core.json, when something failed too.
#
#   core/test/run.sh short   unit tests and validators, in at most three minutes
#   core/test/run.sh long    the validators, for as long as it takes (an hour or so)
set -u
cd "$(dirname "$0")/../.." || exit 1

results=build/test-results/core.json
passed=0
failed=0

report() {
  mkdir -p "$(dirname "$results")"
  printf '{"name":"C core","passed":%d,"failed":%d}\n' "$passed" "$failed" >"$results"
}

# gcc 12's TSan does not start where the kernel randomises more bits of addresses than it knows.
steady=()
if setarch "$(uname -m)" -R true 2>/dev/null; then
  steady=(setarch "$(uname -m)" -R)
fi

# unit BUILD: each test is one; a test that a crash left out is a failed one
unit() {
  local source binary output status started ok
  for source in core/test/unit/*.c; do
    binary=build/native/$1/unit/$(basename "$source" .c)
    output=$(CMOCKA_MESSAGE_OUTPUT=stdout "${steady[@]}" "$binary" 2>&1)
    status=$?
    started=$(grep -c '^\[ RUN      \]' <<<"$output")
    ok=$(grep -c '^\[       OK \]' <<<"$output")
    if ((status != 0 && ok == started)); then
      started=$((started + 1)) # a leak or a race, found at the end
    fi
    passed=$((passed + ok))
    failed=$((failed + started - ok))
    printf '%-34s %3d of %3d\n' "${binary#build/native/}" "$ok" "$started"
    if ((status != 0 || ok == 0)); then
      printf '%s\n(exit status %d)\n' "$output" "$status"
    fi
    if ((status == 0 && started == 0)); then
      failed=$((failed + 1))
    fi
  done
}

# validate BUILD NAME ARGUMENTS...: each run is one
validate() {
  local binary=build/native/$1/validate/$2
  printf '%-6s' "$1"
  if "${steady[@]}" "$binary" "${@:3}"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $binary ${*:3}"
  fi
}

# crash: each scenario is one; a file that fails ends with the scenario that failed
crash() {
  local binary output ok status
  for binary in build/native/steps/crash/*; do
    output=$("$binary" 2>&1)
    status=$?
    ok=$(grep -c '^crash: ' <<<"$output")
    passed=$((passed + ok))
    printf '%s\n' "$output"
    if ((status != 0)); then
      failed=$((failed + 1))
      echo "FAILED: $binary (exit status $status)"
    fi
  done
}

jobs=-j2
[[ ${MAKEFLAGS:-} == *jobserver* ]] && jobs=
if ! ${MAKE:-make} $jobs --silent --no-print-directory core-test-binaries; then
  failed=1
  report
  exit 1
fi

case ${1:-short} in
  short)
    for build in plain asan tsan; do
      unit "$build"
    done
    crash
    validate plain ring_spsc 10000000 1 65536
    validate plain ring_spsc 3000000 2 1024
    validate plain ring_spsc 1000000 3 64
    validate plain ring_spsc 2000000 4 4096 processes
    validate plain ring_spsc 100000 5 64 processes
    validate plain wakeup 200000 6
    validate asan ring_spsc 1000000 7 65536
    validate asan ring_spsc 300000 8 1024
    validate asan ring_spsc 100000 9 64
    validate asan ring_spsc 300000 10 4096 processes
    validate asan wakeup 20000 11
    validate tsan ring_spsc 1000000 12 65536
    validate tsan ring_spsc 300000 13 1024
    validate tsan ring_spsc 50000 14 64
    validate tsan wakeup 20000 15
    ;;
  long)
    validate plain ring_spsc 1000000000 21 65536
    validate plain ring_spsc 1000000000 22 1048576
    validate plain ring_spsc 1000000000 23 1024
    validate plain ring_spsc 1000000000 24 64
    validate plain ring_spsc 100000000 25 4096 processes
    validate plain wakeup 20000000 26
    validate tsan ring_spsc 100000000 27 65536
    validate tsan ring_spsc 10000000 28 1024
    validate tsan wakeup 1000000 29
    ;;
  *)
    echo "usage: core/test/run.sh short|long" >&2
    exit 2
    ;;
esac

report
echo "C core: $passed passed, $failed failed"
((failed == 0))
