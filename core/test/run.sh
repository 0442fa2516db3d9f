#!/bin/bash
# Builds and runs the core's tests in all their builds, counts them, and writes the counts to
# build/test-results/core.json, when something failed too.
#
#   core/test/run.sh short   unit tests and validators, in at most three minutes
#   core/test/run.sh long    the crash tests with all deaths, and the validators: half an hour on two cores
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

# crash [all]: each scenario is one; a file that fails ends with the scenario that failed. That
# somebody has died at every step is one more.
crash() {
  local binary output ok status reached
  reached=$(mktemp)
  for binary in build/native/steps/crash/*; do
    [[ -f core/test/crash/$(basename "$binary").c ]] || continue # of a file that is gone
    output=$("$binary" steps "$@" 2>&1)
    status=$?
    grep '^step: ' <<<"$output" >>"$reached"
    output=$(grep -v '^step: ' <<<"$output")
    ok=$(grep -c '^crash: ' <<<"$output")
    passed=$((passed + ok))
    printf '%s\n' "$output"
    if ((status != 0)); then
      failed=$((failed + 1))
      echo "FAILED: $binary (exit status $status)"
    fi
  done
  if core/test/crash/steps.sh "$reached"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
  rm -f "$reached"
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
    validate plain wakeup_many 100000 16 ring
    validate plain wakeup_many 100000 17 ring 2
    validate plain wakeup_many 100000 18 queue
    validate plain wakeup_many 100000 19 queue 2
    validate plain ring_many 10000000 61 65536 2 1
    validate plain ring_many 2000000 62 4096 2 2
    validate plain ring_many 500000 63 1024 2 2 processes
    validate plain queue 10000000 64 1024 2 2
    validate plain queue 1000000 65 64 2 2 processes
    validate plain broadcast 10000000 66 65536 2
    validate plain broadcast 1000000 67 4096 2 processes
    validate plain cell 1000000 68 256 0
    validate plain cell 1000000 69 64 1
    validate plain store 300000 70 8
    validate plain store 100000 71 8 processes
    validate plain rpc 500000 72 16 64 2
    validate plain rpc 200000 73 16 64 2 deaths
    validate plain locks 20000 74 3
    validate plain locks 10000 75 6
    validate plain locks 10000 76 3 processes
    validate plain cell 3000000 44 256 0 deaths
    validate plain cell 5000000 45 64 1 deaths
    validate plain store 300000 48 8 deaths
    validate plain store 30000 49 200 deaths
    validate plain rpc 100000 51 1 64 1
    validate plain rpc 300000 52 4 64 3 processes
    validate plain slab 8000000 31 65536
    validate plain slab 4000000 32 16384 processes
    validate plain slab 8000000 33 16384 deaths
    validate plain table 4000000 34
    validate plain table 2000000 35 processes
    validate plain table 4000000 36 deaths
    validate asan ring_spsc 1000000 7 65536
    validate asan ring_spsc 300000 8 1024
    validate asan ring_spsc 100000 9 64
    validate asan ring_spsc 300000 10 4096 processes
    validate asan wakeup 20000 11
    validate asan ring_many 500000 76 4096 2 2
    validate asan queue 500000 77 256 2 2
    validate asan broadcast 500000 78 4096 2
    validate asan cell 100000 79 256 0
    validate asan store 50000 80 8
    validate asan rpc 50000 81 16 64 2
    validate asan locks 5000 82 3
    validate asan cell 300000 55 64 1 deaths
    validate asan store 50000 57 8 deaths
    validate asan rpc 100000 59 16 256 2 deaths
    validate asan slab 1000000 37 16384
    validate asan slab 1000000 38 16384 deaths
    validate asan table 500000 39
    validate asan table 500000 40 deaths
    validate tsan ring_spsc 1000000 12 65536
    validate tsan ring_spsc 300000 13 1024
    validate tsan ring_spsc 50000 14 64
    validate tsan wakeup 20000 15
    validate tsan wakeup_many 10000 16 ring 2
    validate tsan wakeup_many 10000 17 queue 2
    validate tsan ring_many 200000 83 4096 2 2
    validate tsan queue 200000 84 256 2 2
    validate tsan broadcast 200000 85 4096 2
    validate tsan cell 50000 86 256 0
    validate tsan cell 50000 87 64 1
    validate tsan store 20000 88 8
    validate tsan rpc 20000 89 16 64 2
    validate tsan locks 5000 90 3
    validate tsan locks 3000 91 5
    validate tsan slab 500000 41 16384
    validate tsan table 300000 42
    ;;
  long)
    crash all
    validate plain ring_spsc 1000000000 21 1048576
    validate plain ring_spsc 100000000 22 65536
    validate plain ring_spsc 5000000 23 1024
    validate plain ring_spsc 1000000 24 64
    validate plain ring_spsc 20000000 25 4096 processes
    validate plain wakeup 1000000 26
    validate plain wakeup_many 500000 122 ring
    validate plain wakeup_many 500000 123 ring 2
    validate plain wakeup_many 500000 124 queue
    validate plain wakeup_many 500000 125 queue 2
    validate plain ring_many 1000000000 101 1048576 2 1
    validate plain ring_many 1000000000 102 1048576 2 2
    validate plain ring_many 20000000 103 4096 2 2
    validate plain ring_many 10000000 104 4096 2 2 processes
    validate plain queue 200000000 105 1024 2 2
    validate plain broadcast 200000000 106 65536 2
    validate plain cell 100000000 107 256 0
    validate plain cell 100000000 108 64 1
    validate plain cell 100000000 109 256 0 deaths
    validate plain store 5000000 110 8
    validate plain store 5000000 111 8 deaths
    validate plain rpc 5000000 112 16 64 2
    validate plain rpc 5000000 113 16 64 2 deaths
    validate plain rpc 5000000 114 64 1024 3 deaths
    validate plain locks 200000 115 3
    validate plain locks 200000 116 2
    validate plain locks 50000 117 8
    validate plain locks 100000 118 4 processes
    validate plain slab 100000000 51 65536
    validate plain slab 50000000 52 16384 processes
    validate plain slab 50000000 53 16384 deaths
    validate plain table 50000000 54
    validate plain table 50000000 55 processes
    validate plain table 50000000 56 deaths
    validate asan ring_spsc 20000000 134 1048576
    validate asan ring_spsc 1000000 147 1024
    validate asan ring_many 20000000 135 1048576 2 1
    validate asan ring_many 20000000 136 1048576 2 2
    validate asan queue 20000000 137 1024 2 2
    validate asan broadcast 20000000 138 65536 2
    validate asan cell 5000000 139 256 0
    validate asan cell 5000000 140 64 1 deaths
    validate asan store 500000 141 8 deaths
    validate asan rpc 300000 142 16 64 2 deaths
    validate asan wakeup 100000 144
    validate asan locks 20000 143 3
    validate asan slab 2000000 145 16384 deaths
    validate asan table 2000000 146 deaths
    validate tsan ring_spsc 20000000 57 1048576
    validate tsan ring_spsc 2000000 58 1024
    validate tsan ring_many 10000000 126 1048576 2 1
    validate tsan ring_many 10000000 119 1048576 2 2
    validate tsan queue 10000000 120 1024 2 2
    validate tsan broadcast 5000000 127 65536 2
    validate tsan cell 1000000 128 256 0
    validate tsan cell 1000000 129 64 1
    validate tsan store 200000 130 8
    validate tsan rpc 200000 131 16 64 2
    validate tsan wakeup 200000 59
    validate tsan wakeup_many 50000 132 ring 2
    validate tsan wakeup_many 50000 133 queue 2
    validate tsan locks 20000 121 3
    validate tsan slab 5000000 60 65536
    validate tsan table 1000000 61
    ;;
  *)
    echo "usage: core/test/run.sh short|long" >&2
    exit 2
    ;;
esac

report
echo "C core: $passed passed, $failed failed"
((failed == 0))
