#!/bin/bash
# Runs a suite whose last line is "NAME: N passed, M failed" and writes the counts to
# build/test-results/NAME.json, when it failed or ended early too.
#
#   core/test/suite.sh NAME COMMAND...
set -u
name=$1
shift
result=build/test-results/$name.json
mkdir -p build/test-results
echo "{\"name\":\"$name\",\"passed\":0,\"failed\":1}" >"$result"
"$@" | tee "build/$name.log"
status=${PIPESTATUS[0]}
if [[ $(tail -n 1 "build/$name.log") =~ ^$name:\ ([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
  failed=${BASH_REMATCH[2]}
  ((status != 0 && failed == 0)) && failed=1
  echo "{\"name\":\"$name\",\"passed\":${BASH_REMATCH[1]},\"failed\":$failed}" >"$result"
fi
exit "$status"
