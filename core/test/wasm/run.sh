#!/bin/bash
# The validators in WebAssembly under Node, by each of V8's compilers: as it comes (the baseline
# compiler first, the optimizing one for what is hot), the optimizing one alone, the baseline alone.
#
#   core/test/wasm/run.sh short   in less than a minute, on two cores that are busy
#   core/test/wasm/run.sh long    in some minutes
set -u
cd "$(dirname "$0")/../../.." || exit 1
passed=0
failed=0
for compiler in '' --no-liftoff --liftoff-only; do
  echo "node $compiler"
  counts=
  while IFS= read -r line; do
    if [[ $line == 'core-wasm-validate: '* ]]; then
      counts=$line
    else
      echo "  $line"
    fi
  done < <(node ${compiler:+"$compiler"} core/test/wasm/validate.js "$1")
  if [[ $counts =~ ^core-wasm-validate:\ ([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
  else
    failed=$((failed + 1))
    echo "FAILED: node $compiler died"
  fi
done
echo "core-wasm-validate: $passed passed, $failed failed"
((failed == 0))
