#!/bin/sh
# check_missing.sh CMAKE SOURCE WORK COMPILER GENERATOR
# Configures without the peers, once deliberately and once with nothing for pkg-config to find: both are recorded, with
# the package that would bring the peer.
set -eu
cmake=$1 source=$2 work=$3 compiler=$4 generator=$5
rm -rf "$work"
mkdir -p "$work/packages"

fail() {
  echo "check_missing: $*" >&2
  exit 1
}

# missing NAME OPTION...: configures, and leaves the list in $work/NAME.json
missing() {
  name=$1
  shift
  "$cmake" -G "$generator" -S "$source" -B "$work/$name" -DCMAKE_C_COMPILER="$compiler" -DGCLAB_TESTS=OFF "$@" >"$work/$name.log" 2>&1 ||
    fail "configuring $name failed: $(tail -5 "$work/$name.log")"
  jq -r 'sort_by(.name)[] | "\(.name) \(.package) \(.why)"' "$work/$name/bin/missing-collectors.json" >"$work/$name.txt" ||
    fail "$name: missing-collectors.json is no list of missing collectors"
  cat "$work/$name.txt"
}

missing off -DGCLAB_PEER_BOEHM=OFF -DGCLAB_PEER_CPYTHON=OFF
grep -q '^boehm libgc-dev switched off' "$work/off.txt" || fail "boehm is not recorded as switched off"
grep -q '^cpython libpython3.11-dev switched off' "$work/off.txt" || fail "cpython is not recorded as switched off"

# What gclab cannot do without is still found; the peers' packages are not.
for package in $(pkg-config --list-all | sed 's/ .*//'); do
  case $package in
  bdw-gc | python-3*) continue ;;
  esac
  file=$(pkg-config --variable=pcfiledir "$package")/$package.pc
  [ -f "$file" ] && ln -sf "$file" "$work/packages/"
done
PKG_CONFIG_LIBDIR=$work/packages missing absent
grep -q '^boehm libgc-dev .*not found' "$work/absent.txt" || fail "boehm is not recorded as not found"
grep -q '^cpython libpython3.11-dev .*not found' "$work/absent.txt" || fail "cpython is not recorded as not found"
