#!/bin/bash
# Fuzzes each target of this folder: clang's libFuzzer with ASan and UBSan. libsecp256k1's own source has
# been unpacked by make.
#
#   run.sh short   the seeds and some thousand runs from them: a few seconds
#   run.sh long    four minutes of each
#   run.sh seeds   fuzzes, and reduces what was found to the seeds
set -u
cd "$(dirname "$0")/../../../.." || exit 1

case ${1:-short} in
  short) runs=5000 limit=5 ;;
  long) runs=-1 limit=240 ;;
  seeds) runs=1000000 limit=60 ;;
  *)
    echo "usage: run.sh short|long|seeds" >&2
    exit 2
    ;;
esac

engine=examples/darkswap/engine
library=build/darkswap/libsecp256k1-0.2.0
out=build/darkswap/fuzz
mkdir -p "$out"
cc=${FUZZ_CC:-clang}
flags=(-std=c11 -g -O2 -fno-omit-frame-pointer -fno-sanitize-recover=all "-I$library/include")
warnings=(-Wall -Wextra -Wconversion -Werror)
secp=(-DENABLE_MODULE_SCHNORRSIG -DENABLE_MODULE_EXTRAKEYS -DUSE_EXTERNAL_DEFAULT_CALLBACKS
  -DECMULT_GEN_PREC_BITS=2 -DECMULT_WINDOW_SIZE=8)

# The library and SHA-256 are not what is fuzzed: instrumented they would take most of the time.
for part in secp256k1 precomputed_ecmult precomputed_ecmult_gen; do
  [[ $out/$part.o -nt $library/src/$part.c ]] ||
    "$cc" -w "${flags[@]}" -O2 "${secp[@]}" -c "$library/src/$part.c" -o "$out/$part.o" || exit 1
done

"$cc" "${warnings[@]}" "${flags[@]}" -c "$engine/sha256.c" -o "$out/sha256.o" || exit 1
mapfile -t sources < <(ls "$engine"/*.c | grep -v /sha256.c)

# fuzz TARGET
fuzz() {
  local target=$1 seeds=$engine/fuzz/seeds/$1 corpus=$out/corpus/$1
  mkdir -p "$seeds"
  rm -rf "$corpus" && mkdir -p "$corpus"
  if ! "$cc" "${flags[@]}" "${warnings[@]}" -fsanitize=fuzzer,address,undefined "${sources[@]}" \
    "$engine/fuzz/$target.c" "$out"/*.o -o "$out/$target" ||
    ! "$out/$target" -runs=$runs -max_total_time=$limit -timeout=20 -max_len=400 -len_control=0 -seed=1 \
      -verbosity=0 -print_final_stats=1 -artifact_prefix="$out/$target-" "$corpus" "$seeds" \
      >"$out/$target.log" 2>&1; then
    echo "FAILED: fuzz $target; its input is $out/$target-*"
    tail -40 "$out/$target.log"
    return 1
  fi
  echo "fuzz: $target, $(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$target.log") runs"
}

# reduce TARGET: forty of all sizes, of what together reaches all
reduce() {
  local seeds=$engine/fuzz/seeds/$1 merged=$out/merged/$1
  rm -rf "$merged" && mkdir -p "$merged"
  "$out/$1" -merge=1 "$merged" "$out/corpus/$1" "$seeds" >/dev/null 2>&1
  find "$seeds" -type f ! -name 'bug-*' -delete
  find "$merged" -type f -printf '%s %p\n' | sort -n | cut -d' ' -f2- |
    awk '{ all[NR] = $0 } END { n = NR < 40 ? NR : 40; for (i = 1; i <= n; i++) print all[int(i * NR / n)] }' |
    xargs -I{} cp {} "$seeds/"
}

passed=0
failed=0
for target in messages psbt; do
  if fuzz "$target"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  [[ ${1:-short} != seeds ]] || reduce "$target"
done
echo "darkswap-fuzz: $passed passed, $failed failed"
((failed == 0))
