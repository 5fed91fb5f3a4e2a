#!/bin/sh
# check_example.sh CMAKE BUILD EXAMPLE WORK COMPILER GENERATOR
# Installs BUILD into WORK/prefix, builds EXAMPLE against it, and compares the example with gclab-trial-none.
set -eu
cmake=$1 build=$2 example=$3 work=$4 compiler=$5 generator=$6
rm -rf "$work"
mkdir -p "$work"

fail() {
  echo "check_example: $*" >&2
  exit 1
}

# The value of a string in a record.
value_of() { sed -n "s/^ *\"$1\": \"\\(.*\\)\",*\$/\\1/p" "$2"; }

"$cmake" --install "$build" --prefix "$work/prefix" >"$work/install.log" || fail "the build does not install"
# A copy, so that the example depends on nothing that lies beside it in this tree.
cp -R "$example" "$work/source"
"$cmake" -G "$generator" -S "$work/source" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="-Wall -Wextra -Wshadow -Wconversion -Werror"
"$cmake" --build "$work/build"

ours=$work/build/bin/gclab-trial-naive_marksweep
none=$work/prefix/libexec/gclab/gclab-trial-none
[ -x "$none" ] || fail "the installation has no gclab-trial-none"
"$ours" describe | grep -q '"name": "growth_factor"' || fail "describe does not show the example's knob"

for workload in $("$none" describe | sed -n '/"workloads"/,/"replays"/s/^   "name": "\(.*\)",$/\1/p'); do
  for options in "" "--set stress=97" "--set growth_factor=1.1"; do
    # shellcheck disable=SC2086 # options are words
    "$none" run "$workload" --small >"$work/none.json"
    # shellcheck disable=SC2086
    "$ours" run "$workload" --small --verify $options >"$work/ours.json"
    if [ "$workload" = weak_cache ]; then # the example has no weak references
      [ "$(value_of outcome "$work/ours.json")" = not_supported ] || fail "$workload is supported"
      continue
    fi
    [ "$(value_of outcome "$work/ours.json")" = ok ] || fail "$workload $options: the outcome is not ok"
    expected=$(value_of checksum "$work/none.json")
    checksum=$(value_of checksum "$work/ours.json")
    [ -n "$checksum" ] && [ "$checksum" = "$expected" ] ||
      fail "$workload $options: checksum '$checksum', but none has '$expected'"
    echo "$workload $options: $checksum"
    seen="${seen:-} $workload"
  done
done
case ${seen:-} in
*gcbench*) ;;
*) fail "gcbench was not among the workloads" ;;
esac

# Where gclab has micro-benchmarks, the example has too.
if [ -x "$work/prefix/libexec/gclab/gclab-micro-none" ]; then
  micro=$work/build/bin/gclab-micro-naive_marksweep
  "$micro" --size small --filter '^(allocate|store|full)/' --benchmark_min_time=0 --benchmark_format=csv >"$work/micro.csv" 2>/dev/null ||
    fail "the example's micro-benchmarks do not run"
  grep -q '^"full/graph/1000/process_time",' "$work/micro.csv" || fail "the example has no micro-benchmark of a collection"
fi
