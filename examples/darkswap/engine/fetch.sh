#!/usr/bin/env bash
# Puts libsecp256k1's source into the given folder, where it is not yet: fetch.sh FOLDER
#
# It is that of Debian's source package, got by apt from the same place as Debian's other packages, without
# root and without changing apt's settings; or the file of that name, put into FOLDER by hand. Either way
# it is unpacked only if its SHA-256 is the one below.
set -euo pipefail

readonly PACKAGE=libsecp256k1 VERSION=0.2.0 REVISION=0.2.0-2
readonly ARCHIVE=${PACKAGE}_$VERSION.orig.tar.xz
readonly SHA256=07c1d76fc485936138c6572e94374df22ba41df06617926572b8a690fe8bc34b
readonly KEYS=/usr/share/keyrings/debian-archive-keyring.gpg RELEASE=bookworm

fail() {
  echo "darkswap: $*" >&2
  exit 1
}

fetch() {
  command -v apt-get >/dev/null ||
    fail "this is no Debian: put $ARCHIVE (from Debian's source package $PACKAGE $REVISION) into $PWD"
  local apt=$PWD/apt site
  # Where the machine has Debian's packages from.
  site=$(apt-get indextargets --no-release-info --format '$(SITE) $(RELEASE)' \
    'Identifier: Packages' 'Component: main' | awk -v release=$RELEASE '$2 == release { print $1; exit }')
  [[ $site ]] ||
    fail "apt has no Debian '$RELEASE': put $ARCHIVE (Debian's source package $PACKAGE $REVISION) into $PWD"
  mkdir -p "$apt/lists/partial" "$apt/archives/partial"
  echo "deb-src [signed-by=$KEYS] $site $RELEASE main" >"$apt/sources.list"
  local options=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt" -o APT::Sandbox::User=root)
  echo "darkswap: fetching the source of $PACKAGE $REVISION from Debian"
  apt-get "${options[@]}" update && apt-get "${options[@]}" source --download-only "$PACKAGE=$REVISION" ||
    fail "$ARCHIVE could not be fetched: put it into $PWD (Debian's source package $PACKAGE $REVISION)"
  rm -rf "$apt"
}

mkdir -p "$1"
cd "$1"
[[ -e $ARCHIVE ]] || fetch
sha256sum --quiet --check <<<"$SHA256  $ARCHIVE" ||
  fail "$PWD/$ARCHIVE is not what it should be (SHA-256 $SHA256): remove it"
rm -rf "$PACKAGE-$VERSION"
tar -xJf "$ARCHIVE"
[[ -d $PACKAGE-$VERSION/src ]] || fail "$ARCHIVE has no folder $PACKAGE-$VERSION"
