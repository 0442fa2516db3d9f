#!/usr/bin/env bash
# Installs what the given parts need: setup.sh build|test|lint|packaging...
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
      need xz-utils "xz" has_command xz # the source of examples/darkswap/engine/fetch.sh
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
    packaging)
      # The same names and variables as in tests/packaging/recipes/programs.js. A server may stand where
      # only root's PATH leads. apache2-bin is Debian's apache2 without a service.
      need nginx "nginx" has_command "${SLUICE_NGINX:-}" nginx /usr/sbin/nginx
      need caddy "Caddy" has_command "${SLUICE_CADDY:-}" caddy
      need apache2-bin "Apache httpd 2.4" \
        has_command "${SLUICE_APACHE:-}" apache2 /usr/sbin/apache2 httpd
      need media-types "the table of MIME types /etc/mime.types" test -e /etc/mime.types
      need_tools=yes
      ;;
    *)
      fail "no part is named '$1'; the parts are build, test, lint and packaging"
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

# Debian starts a server when it installs it, and when the machine starts. The tests start their own.
readonly WITHOUT_STARTING='
  policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    trap "rm -f $policy" EXIT
    printf "#!/bin/sh\nexit 101\n" >$policy
    chmod 755 $policy
  fi
  "$@"'
readonly SERVICES=(nginx caddy)

install_packages() {
  local as_root=() service
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
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
  "${as_root[@]}" "${apt[@]}" update </dev/null
  "${as_root[@]}" bash -ec "$WITHOUT_STARTING" - \
    "${apt[@]}" install -y --no-install-recommends "${packages[@]}" </dev/null >/dev/null
  has_command systemctl || return 0
  for service in "${SERVICES[@]}"; do
    [[ " ${packages[*]} " != *" $service "* ]] || "${as_root[@]}" systemctl --quiet disable "$service"
  done
}

# npm writes this file last, so it is newer than the lock file only after a whole install of it.
install_modules() {
  [[ node_modules/.package-lock.json -nt package-lock.json ]] && return
  echo "setup: installing from npm: the development dependencies of package-lock.json"
  npm ci --no-audit --no-fund --loglevel=error </dev/null
  touch node_modules/.package-lock.json
  modules_installed=yes
}

# What the consumers of tests/packaging/consumers are built and served with. They are built beside it,
# where they find it as their own dependencies. Not by `npm ci`: it wants the programs of all platforms
# in the lock file, and not every registry has those of all.
install_tools() {
  local from=tests/packaging/consumers into=build/packaging
  [[ $into/node_modules/.package-lock.json -nt $from/package-lock.json ]] && return
  echo "setup: installing from npm: the bundlers and servers of $from/package-lock.json"
  mkdir -p $into
  cp $from/package.json $from/package-lock.json $from/.npmrc $into
  npm install --prefix $into --no-audit --no-fund --loglevel=error </dev/null
  touch $into/node_modules/.package-lock.json
  modules_installed=yes
}

(($#)) || fail "name what to set up: build, test, lint or packaging"
check_node
for part in "$@"; do need_for "$part"; done
modules_installed=
install_modules
[[ ${need_tools-} ]] && install_tools
install_packages
((${#packages[@]})) || [[ $modules_installed ]] || echo "setup: $* has all it needs"
