#!/bin/bash
# Runs the engine's tests as users compile it and under ASan and UBSan; `make test-darkswap-engine`
# has built them. Where SLUICE_VECTORS names a folder, the standards' vectors there are judged too. The last
# line says how many passed.
set -u
cd "$(dirname "$0")/../../../.." || exit 1

passed=0
failed=0

# run NAME BINARY
run() {
  local output status started ok
  output=$(CMOCKA_MESSAGE_OUTPUT=stdout "$2" 2>&1)
  status=$?
  started=$(grep -c '^\[ RUN      \]' <<<"$output")
  ok=$(grep -c '^\[       OK \]' <<<"$output")
  if ((started == 0 || (status != 0 && ok == started))); then
    started=$((started + 1)) # it did not start, or ended with a leak
  fi
  passed=$((passed + ok))
  failed=$((failed + started - ok))
  printf '%-34s %3d of %3d\n' "$1" "$ok" "$started"
  if ((ok < started)); then
    printf '%s\n(exit status %d)\n' "$output" "$status"
  fi
}

for build in plain asan; do
  for source in examples/darkswap/engine/test/{vectors,messages,book}.c; do
    name=$build/$(basename "$source" .c)
    run "$name" "build/darkswap/${name/\//\/test\/}"
  done
done

others=build/darkswap/vectors
if [[ -n ${SLUICE_VECTORS:-} ]] && node tests/darkswap/other-vectors.js "$others"; then
  DARKSWAP_VECTORS=$others run "asan/vectors of SLUICE_VECTORS" build/darkswap/asan/test/vectors
fi
echo "darkswap-engine: $passed passed, $failed failed"
((failed == 0))
