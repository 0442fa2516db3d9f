#!/bin/bash
# Runs the examples of docs/c-api.md as a C user would: each is cut out of the page, built against an
# installed tree by the commands that stand below it there, and has to print what they say. Natively
# with gcc and with clang, by pkg-config and by CMake; in WebAssembly with emcc, under Node.
# The counts go to build/test-results/hosts.json.
set -u
root=$(cd "$(dirname "$0")/../../.." && pwd)
page=$root/docs/c-api.md
results=$root/build/test-results/hosts.json
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# check NAME COMMAND...: one test; shows what the command wrote when it fails
check() {
  local name=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $name"
  else
    failed=$((failed + 1))
    echo "FAILED  $name"
    cut -c 1-300 "$work/log" | tail -n 20
  fi
}

# cut_examples INTO: each fenced block whose first line is a comment with a file's name
cut_examples() {
  awk -v into="$1" '
    /^```/ { fenced = !fenced; first = fenced; file = ""; next }
    first {
      first = 0
      if (NF >= 2 && $1 ~ /^(\/\*|\/\/|#)$/ && $2 ~ /^[A-Za-z]+\.[a-z]+$/) file = into "/" $2
    }
    file != "" { print > file }
  ' "$page"
}

# install_with NAME CMAKE...: builds the library and installs it into $work/NAME
install_with() {
  local name=$1
  shift
  timeout 60 "$@" -S "$root" -B "$work/$name-build" &&
    timeout 200 cmake --build "$work/$name-build" -j 2 &&
    cmake --install "$work/$name-build" --prefix "$work/$name"
}

# prints SCRIPT OUTPUT: whether OUTPUT is what SCRIPT says after "# prints: "
prints() {
  local wanted
  wanted=$(sed -n 's/.*# prints: //p' "$1")
  [[ -n $wanted && $2 == "$wanted" ]] || {
    printf 'wanted: %s\nfound:  %s\n' "$wanted" "$2"
    return 1
  }
}

# by_pkg_config EXAMPLE: builds and runs it by the page's own commands
by_pkg_config() {
  local output
  output=$(cd "$examples" && timeout 60 bash -eu -o pipefail "$1.sh") && prints "$examples/$1.sh" "$output"
}

# by_cmake EXAMPLE: runs what find_package(sluice) has built
by_cmake() {
  local output
  output=$(timeout 60 "$examples/build/$1") && prints "$examples/$1.sh" "$output"
}

build_by_cmake() {
  timeout 60 cmake -S "$examples" -B "$examples/build" -DCMAKE_C_COMPILER="$1" -DCMAKE_PREFIX_PATH="$installed" \
    -DCMAKE_C_FLAGS="-Wall -Wextra -Werror" &&
    timeout 60 cmake --build "$examples/build"
}

# use NAME: the installed tree $work/NAME and a fresh copy of the examples
use() {
  installed=$work/$1
  examples=$work/$1-examples
  mkdir -p "$examples"
  cut_examples "$examples"
  export PKG_CONFIG_PATH=$installed/lib/pkgconfig:$installed/lib/$(uname -m)-linux-gnu/pkgconfig
}

natively() {
  local compiler=$1 example
  check "$compiler: cmake builds and installs" \
    install_with "$compiler" cmake -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="-Wall -Wextra -Werror"
  use "$compiler"
  mkdir -p "$work/$compiler-bin" # the page says cc
  ln -sf "$(command -v "$compiler")" "$work/$compiler-bin/cc"
  for example in threads processes; do
    PATH=$work/$compiler-bin:$PATH check "$compiler: $example, by pkg-config" by_pkg_config $example
  done
  check "$compiler: find_package(sluice)" build_by_cmake "$compiler"
  for example in threads processes; do
    check "$compiler: $example, by CMake" by_cmake $example
  done
}

# module_by_cmake: the module of the page once more, linked by the target sluice::module
module_by_cmake() {
  local into=$examples/cmake output
  mkdir -p "$into" && cp "$examples"/*.mjs "$examples/engine.c" "$into" && cat >"$into/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.20)
project(engine C)
find_package(sluice REQUIRED)
add_executable(engine engine.c)
set_target_properties(engine PROPERTIES SUFFIX .wasm RUNTIME_OUTPUT_DIRECTORY ${CMAKE_SOURCE_DIR})
target_link_libraries(engine PRIVATE sluice::module)
END
  timeout 60 emcmake cmake -S "$into" -B "$into/build" -DCMAKE_BUILD_TYPE=Release \
    -Dsluice_DIR="$installed/lib/cmake/sluice" &&
    timeout 60 cmake --build "$into/build" &&
    output=$(timeout 60 node "$into/main.mjs") && prints "$examples/module.sh" "$output"
}

# no_loop_waits WASM...: V8 11.3 miscompiles a futex wait in a loop (core/src/futex.c)
no_loop_waits() {
  node --input-type=module - "$@" <<END
    import { readFileSync } from 'node:fs';
    import { waits } from '$root/tests/wasm-file.js';
    for (const file of process.argv.slice(2)) {
      const loops = waits(readFileSync(file)).map((wait) => wait.loops);
      console.log(file, loops);
      if (loops.length === 0 || loops.some((depth) => depth > 0)) process.exitCode = 1;
    }
END
}

# Emscripten 3.1.6 needs these two (the page says so); a newer one does not mind.
in_emscripten() {
  export NODE_PATH=/usr/share/nodejs NODE_OPTIONS=--no-experimental-fetch
  check "emcc: cmake builds and installs" install_with emcc emcmake cmake
  use emcc
  check "emcc: a program with its own runtime" by_pkg_config program
  unset NODE_OPTIONS
  mkdir -p "$examples/node_modules"
  ln -s "$root" "$examples/node_modules/sluice"
  check "emcc: a module under the loader, by pkg-config" by_pkg_config module
  check "emcc: a module under the loader, by CMake" module_by_cmake
  check "emcc: no loop of a user's module or program holds a wait" \
    no_loop_waits "$examples/engine.wasm" "$examples/cmake/engine.wasm" "$examples/program.wasm"
}

every_header_has_its_line() {
  local header missing=0
  for header in "$root"/core/include/sluice/*.h; do
    grep -qF "(../core/include/sluice/$(basename "$header"))" "$page" || {
      echo "docs/c-api.md does not link $(basename "$header")"
      missing=1
    }
  done
  return $missing
}

natively gcc
natively clang
in_emscripten
check "the page links every header" every_header_has_its_line

mkdir -p "$(dirname "$results")"
printf '{"name":"hosts","passed":%d,"failed":%d}\n' "$passed" "$failed" >"$results"
echo "hosts: $passed passed, $failed failed"
((failed == 0))
