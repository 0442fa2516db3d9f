#!/bin/bash
# Builds the examples in C as their users would: each in a folder of its own below build/packaging, by
# its Makefile, against the packed tarball. tests/packaging/c.spec.js opens their pages. What has not
# changed since is not built again.
set -euo pipefail
cd "$(dirname "$0")/../../.."
tarball=$(npm pack --loglevel=error --pack-destination build)

for name in c-pthread c-module; do
  into=build/packaging/$name
  state=$(cat "build/$tarball" examples/$name/* | sha256sum)
  [[ -f $into/built && $(<"$into/built") == "$state" ]] && continue
  rm -rf "$into"
  mkdir -p "$into/node_modules/sluice"
  tar xzf "build/$tarball" --strip-components=1 -C "$into/node_modules/sluice"
  cp examples/$name/* "$into"
  echo '{ "private": true }' >"$into/package.json"
  echo "examples: building $name"
  timeout 300 make --no-print-directory -C "$into" -j 2 >"$into/log" 2>&1 || {
    tail -n 30 "$into/log"
    exit 1
  }
  echo "$state" >"$into/built"
done
