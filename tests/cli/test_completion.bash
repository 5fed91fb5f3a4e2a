#!/bin/bash
# test_completion.bash GCLAB: what bash offers behind the words of a line.
set -u
gclab=$1
source "$(dirname "$0")/../../scripts/completion/gclab.bash"
failures=0

# offers LINE: one candidate a line, sorted.
offers() {
  COMP_LINE="$gclab $1" COMP_POINT=$((${#gclab} + 1 + ${#1}))
  COMP_WORDS=("$gclab")
  COMPREPLY=()
  _gclab
  printf '%s\n' "${COMPREPLY[@]:-}" | sort
}

# expect LINE WORD...: exactly these.
expect() {
  local line=$1 wanted got
  shift
  wanted=$(printf '%s\n' "$@" | sort)
  got=$(offers "$line")
  if [[ $got != "$wanted" ]]; then
    printf 'gclab %s: expected {%s} but was {%s}\n' "$line" "${wanted//$'\n'/ }" "${got//$'\n'/ }" >&2
    failures=$((failures + 1))
  fi
}

# among LINE WORD: this one among others.
among() {
  if ! offers "$1" | grep -qxF -- "$2"; then
    printf 'gclab %s: %s is not offered\n' "$1" "$2" >&2
    failures=$((failures + 1))
  fi
}

cd "$(mktemp -d)" || exit 1
trap 'rm -rf "$PWD"' EXIT
touch mine.yaml other.txt

expect "ru" run
among "" list
among "" help
among "--" --version
expect "help ru" run
expect "run -c markswe" marksweep
expect "run -c pee" peers
expect "run --collector=refcount_c" refcount_cyclic
expect "run -c none,markswe" none,marksweep
expect "run -w binary_t" binary_trees
expect "run quick --set growth_" growth_factor=
expect "run --set marksweep.growth_" marksweep.growth_factor=
expect "run --set growth_factor=" ""
expect "run --param cycles.repl" cycles.replaced=
expect "run --allocator tc" tcmalloc
expect "run --size sm" small
expect "run --mem" --memory-limit=
expect "run --dry" --dry-run
expect "run --blocks " ""
expect "run thresh" thresholds
expect "micro -c markswe" marksweep
expect "micro --size fu" full
expect "micro --format mark" markdown
among "micro --in" --instructions
expect "plot mic" micro
expect "run mi" mine.yaml
expect "run oth" ""
expect "plot heatm" heatmap
expect "list work" workloads
expect "list gcb" gcbench
expect "list --js" --json
exit $((failures > 0))
