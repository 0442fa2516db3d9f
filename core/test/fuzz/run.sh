#!/bin/bash
# Fuzzes each target of this folder: clang's libFuzzer with ASan and UBSan, the steps compiled in.
#
#   core/test/fuzz/run.sh short   the seed corpus and some thousand runs from it: a minute in all
#   core/test/fuzz/run.sh long    at least 10^7 runs in all: a quarter of an hour on two cores
#   core/test/fuzz/run.sh seeds   fuzzes, and reduces what was found to the seed corpus; the inputs of
#                                 bugs that were found, seeds/TARGET/bug-*, stay
set -u
cd "$(dirname "$0")/../../.." || exit 1

mapfile -t targets < <(basename -s .c core/test/fuzz/*.c | grep -v '^fuzz$')
case ${1:-short} in
  short) runs=5000 ;;
  long) runs=$((10000000 / ${#targets[@]} + 1)) ;;
  seeds) runs=300000 ;;
  *)
    echo "usage: core/test/fuzz/run.sh short|long|seeds" >&2
    exit 2
    ;;
esac

jobs=2
out=build/fuzz
mkdir -p "$out/src"
cc=${FUZZ_CC:-clang}
# Without the tracing of comparisons, most of which are UBSan's own checks: three times as many runs a
# second, which find as much each. And what ASan keeps of freed blocks is a few spaces, not 256 MB.
flags=(-std=c11 -Wall -Wextra -Wconversion -Werror -g -O1 -DSLUICE_STEPS -fno-omit-frame-pointer
  "-fsanitize=fuzzer-no-link,address,undefined" -fno-sanitize-coverage=trace-cmp
  -fno-sanitize-recover=all -Icore/include -Icore/src)
export ASAN_OPTIONS=quarantine_size_mb=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}

# build: the core once, only what has changed
build() {
  local source object
  for source in core/src/*.c core/test/fuzz/*.c; do
    object=$out/src/$(basename "$(dirname "$source")")-$(basename "$source" .c).o
    if [[ ! -e $object || -n $(find core/src core/include core/test/fuzz -not -path '*/seeds*' -newer "$object" -print -quit) ]]; then
      "$cc" "${flags[@]}" -c "$source" -o "$object" || return 1
    fi
  done
  for target in "${targets[@]}"; do
    "$cc" -fsanitize=fuzzer,address,undefined "$out"/src/src-*.o "$out/src/fuzz-fuzz.o" \
      "$out/src/fuzz-$target.o" -o "$out/$target" || return 1
  done
}

# fuzz FORM TARGET
fuzz() {
  local target=$2 limit=0 # seconds; none
  local seeds=core/test/fuzz/seeds/$target corpus=$out/corpus/$target
  if [[ $1 == short ]]; then
    # from the seeds alone, so that it takes as long each time
    corpus=$out/short/$target
    rm -rf "$corpus"
    limit=4
  fi
  mkdir -p "$corpus" "$seeds"
  if "$out/$target" -runs="$runs" -max_total_time="$limit" -timeout=20 -max_len=512 -len_control=0 \
    -seed=1 -verbosity=0 -print_final_stats=1 -artifact_prefix="$out/$target-" "$corpus" "$seeds" \
    >"$out/$target.log" 2>&1; then
    echo "fuzz: $target, $(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$target.log") runs"
  else
    echo "FAILED: fuzz $target; its input is $out/$target-*"
    tail -40 "$out/$target.log"
  fi
  if [[ $1 == seeds ]]; then
    rm -rf "$out/merged/$target" && mkdir -p "$out/merged/$target"
    "$out/$target" -merge=1 "$out/merged/$target" "$corpus" "$seeds" >/dev/null 2>&1
    # Forty of all sizes, of what together reaches all: enough to begin with.
    find "$seeds" -type f ! -name 'bug-*' -delete
    find "$out/merged/$target" -type f -printf '%s %p\n' | sort -n | cut -d' ' -f2- |
      awk '{ all[NR] = $0 } END { n = NR < 40 ? NR : 40; for (i = 1; i <= n; i++) print all[int(i * NR / n)] }' |
      xargs -I{} cp {} "$seeds/"
  fi
}

build || exit 1
passed=0
failed=0
for target in "${targets[@]}"; do
  while (($(jobs -rp | wc -l) >= jobs)); do
    wait -n
  done
  fuzz "${1:-short}" "$target" >"$out/$target.report" &
done
wait
for target in "${targets[@]}"; do
  cat "$out/$target.report"
  if [[ $(head -n 1 "$out/$target.report") == "fuzz: $target, "* ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
done
echo "fuzz: $passed passed, $failed failed"
((failed == 0))
