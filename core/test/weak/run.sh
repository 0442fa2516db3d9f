#!/bin/bash
# Looks whether each function that orders memory is mirrored or listed; then builds the weak-memory
# explorer and runs all litmus programs and the weakening of their edges.
#
#   core/test/weak/run.sh [short|long] [-v] [GROUP]
set -u
cd "$(dirname "$0")/../../.." || exit 1
node core/test/weak/edges.js || exit 1
mkdir -p build/weak
"${NATIVE_CC:-gcc}" -std=gnu11 -O2 -g -Wall -Wextra -Wconversion -Werror core/test/weak/*.c \
  -o build/weak/weak || exit 1
exec build/weak/weak "${@:-short}"
