#!/usr/bin/env bash
# Installs what the given parts need: setup.sh build|test|lint...
# Safe to repeat: it looks before it installs, and says what it installs before doing it.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly OLDEST_NODE=20.16

fail() {
  echo "setup: $*" >&2
  exit 1
}

has_command() {
  local name
  for name in "$@"; do
    command -v "$name" >/dev/null && return 0
  done
  return 1
}

has_header() {
  local standard="-include stdarg.h -include stddef.h -include stdint.h -include setjmp.h"
  # shellcheck disable=SC2086
  echo "#include <$1>" | "${CC:-cc}" $standard -E - >/dev/null 2>&1
}

# libFuzzer, of the compiler that core/test/fuzz/run.sh takes.
has_fuzzer() {
  local target="int LLVMFuzzerTestOneInput(const void *data, long size) { return !data && size; }"
  echo "$target" | "${FUZZ_CC:-clang}" -fsanitize=fuzzer -x c - -o /dev/null >/dev/null 2>&1
}

# What emcc links a program with threads by: a newer Emscripten brings its own, Debian's does not.
has_acorn() {
  local emcc
  emcc=$(readlink -f "$(command -v emcc)") && [[ -d ${emcc%/*}/node_modules/acorn ]] ||
    NODE_PATH=/usr/share/nodejs node -e 'require("acorn")' 2>/dev/null
}

packages=() # Debian packages that are missing
names=()    # the same for a person: what to look for on another platform

# need PACKAGE "NAME" CHECK...: notes the package unless the check succeeds
need() {
  local package=$1 name=$2
  shift 2
  "$@" && return
  packages+=("$package")
  names+=("$name")
}

need_for() {
  case $1 in
    build)
      need emscripten "Emscripten 3.1.6 or newer (emcc)" has_command emcc
      ;;
    test)
      # The same names and variables as in tests/browser/programs.js.
      need chromium "Chromium" has_command "${SLUICE_CHROMIUM:-}" chromium chromium-browser google-chrome
      need firefox-esr "Firefox" has_command "${SLUICE_FIREFOX:-}" firefox-esr firefox
      need webkit2gtk-driver "WebKitGTK's WebKitWebDriver and MiniBrowser" \
        has_command "${SLUICE_WEBKIT_DRIVER:-}" WebKitWebDriver
      need xvfb "Xvfb" has_command "${SLUICE_XVFB:-}" Xvfb
      need libcmocka-dev "cmocka (cmocka.h)" has_header cmocka.h
      need clang "clang" has_command clang
      need libclang-rt-14-dev "clang's libFuzzer and sanitizers" has_fuzzer
      need spin "Spin" has_command spin
      # The same names and variables as in core/test/hosts/hosts.mk.
      need clang-19 "clang 19" has_command "${CLANG_WASM:-clang-19}"
      need lld-19 "LLVM 19's wasm-ld" has_command "${LLD_WASM:-wasm-ld-19}"
      need cmake "CMake 3.20 or newer" has_command cmake
      need pkg-config "pkg-config" has_command pkg-config
      need node-acorn "acorn for Node (npm's acorn)" has_acorn
      ;;
    lint)
      need clang-format "clang-format" has_command clang-format
      need clang-tidy "clang-tidy" has_command clang-tidy
      need cppcheck "cppcheck" has_command cppcheck
      ;;
    *)
      fail "no part is named '$1'; the parts are build, test and lint"
      ;;
  esac
}

check_node() {
  local version oldest
  has_command node npm || fail "Node.js $OLDEST_NODE or newer is needed, with npm; 'node' was not found"
  version=$(node --version)
  version=${version#v}
  oldest=$(printf '%s\n%s\n' "$OLDEST_NODE" "$version" | sort -V | head -n 1)
  [[ $oldest == "$OLDEST_NODE" ]] ||
    fail "Node.js $OLDEST_NODE or newer is needed, and 'node' is $version: install a newer one"
}

install_packages() {
  local as_root=()
  ((${#packages[@]})) || return 0
  if ! has_command apt-get || ! has_command dpkg; then
    echo "setup: this is no Debian, so these have to be installed by hand:" >&2
    printf '  %s\n' "${names[@]}" >&2
    exit 1
  fi
  if [[ $(id -u) != 0 ]]; then
    has_command sudo ||
      fail "needs root or sudo to install: ${packages[*]} (as root: apt-get install ${packages[*]})"
    as_root=(sudo)
  fi
  echo "setup: installing from Debian: ${packages[*]}"
  as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  "${as_root[@]}" update </dev/null
  "${as_root[@]}" install -y --no-install-recommends "${packages[@]}" </dev/null >/dev/null
}

# npm writes this file last, so it is newer than the lock file only after a whole install of it.
install_modules() {
  [[ node_modules/.package-lock.json -nt package-lock.json ]] && return
  echo "setup: installing from npm: the development dependencies of package-lock.json"
  npm ci --no-audit --no-fund --loglevel=error </dev/null
  touch node_modules/.package-lock.json
  modules_installed=yes
}

(($#)) || fail "name what to set up: build, test or lint"
check_node
for part in "$@"; do need_for "$part"; done
modules_installed=
install_modules
install_packages
((${#packages[@]})) || [[ $modules_installed ]] || echo "setup: $* has all it needs"
