#!/bin/sh
# test_cli.sh GCLAB SOURCE: exit codes, messages, help and JSON of the command, as a user types it.
set -u
gclab=$1
source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset GCLAB_STORE GCLAB_TRIAL_PATH GCLAB_PLAN_PATH
failures=0

fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

# try CODE ARGUMENT...: runs the command; its outputs are in ./out and ./err.
try() {
  code=$1
  shift
  "$gclab" "$@" >out 2>err </dev/null
  got=$?
  [ $got -eq "$code" ] || { fail "gclab $*: exit code $got, expected $code"; cat err >&2; }
}

# says FILE TEXT: the text is in it, literally.
says() { grep -qF -e "$2" "$1" || { fail "'$2' is not in $1:"; cat "$1" >&2; }; }
silent() { [ ! -s "$1" ] || { fail "$1 is not empty:"; cat "$1" >&2; }; }
json() { jq -e . <out >/dev/null || fail "not JSON"; }

# ---- help, version, commands
try 2
says err "Usage: gclab COMMAND"
silent out
try 0 --help
says out "Exit codes: 0 done"
silent err
try 0 help
try 0 --version
says out "gclab 0."
commands=$("$gclab" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
for command in $commands; do
  [ "$command" = help ] && continue
  try 0 help "$command"
  says out "Usage: gclab $command"
  says out "Examples:"
  says out "Exit codes:"
  cp out help
  try 0 "$command" --help
  cmp -s out help || fail "gclab help $command differs from gclab $command --help"
  try 2 "$command" --no-such-option
  says err "gclab $command"
  silent out
done
for command in list run plot export; do
  echo "$commands" | grep -qx $command || fail "no command $command"
done
try 2 lsit
says err "gclab: there is no command 'lsit'; did you mean list?"
try 2 xyzzyx
says err "'gclab help' lists them"
try 2 help rnu
says err "did you mean run?"

# ---- list
try 0 list
for word in collector marksweep gcbench quick; do says out $word; done
try 0 list --json
json
for kind in collectors workloads plans figures missing; do says out "\"$kind\""; done
for kind in collectors workloads plans figures; do
  try 0 list $kind
  try 0 list $kind --json
  json
  try 0 list $kind --names
  for name in $(cat out); do
    cp out names
    try 0 list "$name"
    says out "$name"
    silent err
    try 0 list "$name" --json
    json
    says out "\"name\": \"$name\""
    cp names out
  done
done
try 0 list marksweep
says out "growth_factor"
says out "reclaims cycles"
try 2 list marksweap
says err "gclab: there is no collector, workload, plan, figure or metric 'marksweap'; did you mean marksweep?"
try 2 list one two
says err "one word too many"
GCLAB_TRIAL_PATH="$source/tests/plan/trials" try 0 list marksweep
says out "fixture marksweep"
GCLAB_TRIAL_PATH="$source/tests/plan/trials" try 0 list apart --json
json

# ---- run: usage
try 2 run
says err "gclab run: which PLAN? These ship: "
for plan in full peers quick thresholds; do says err " $plan"; done
try 2 run qiuck
says err "gclab: there is neither a file nor a plan 'qiuck'; did you mean quick?"
try 2 run ./nowhere.yaml
says err "gclab: ./nowhere.yaml: No such file or directory"
try 2 run quick peers
says err "there is one PLAN"
try 2 run -c refcuont -w gcbench
says err "gclab: --collector refcuont: there is no collector 'refcuont'; did you mean refcount?"
try 2 run -c none -w gcbench --blocks 0
says err "gclab: --blocks: blocks: 0 is out of range"
try 2 run -c none -w gcbench,cycles --blocks 600000
says err "gclab: 2 cells in 600000 blocks are more than 1000000 trials"
try 2 run -c none -w gcbench --set threshold9=1
says err "gclab: --set threshold9=1: no collector here has a knob 'threshold9'"
try 2 run -c marksweep -w gcbench --set growth_factor=1000
says err "gclab: --set growth_factor=1000: growth_factor: 1000 is out of range, 1.05 to 16"
try 2 run quick -c ''
says err "--collector is empty"
printf 'name: mine\nmatrix:\n  - collectors: [marksweep]\n    workloads: [gcbnech]\n' >mine.yaml
try 2 run mine.yaml
says err "mine.yaml:4:17: there is no workload 'gcbnech'; did you mean gcbench?"
silent out

# ---- run: dry
for plan in $("$gclab" list plans --names); do
  try 0 run "$plan" --dry-run
  says out "Plan $plan: "
  try 0 run "$plan" --dry-run --json
  json
  jq -e '.cell_count > 0 and .estimate_ns > 0 and .trial_count == .cell_count * .blocks
    and .cell_count == (.cells | length) and .cell_count == ([.cells[].id] | unique | length)' <out >/dev/null || fail "cells of $plan"
  jq -c '[.cells[].id]' <out >ids
  try 0 run "$plan" --print-plan
  cp out "canonical-$plan.yaml"
  try 0 run "canonical-$plan.yaml" --dry-run --json
  jq -c '[.cells[].id]' <out | cmp -s - ids ||
    fail "the canonical text of $plan has other cells"
done
GCLAB_PLAN_PATH="$work" try 0 list canonical-quick
says out "canonical-quick: plan"
try 0 run -c marksweep -w gcbench,cycles --set growth_factor=1.5,3 --param cycles.replaced=1000,2000 --dry-run
says out "Plan adhoc: 8 cells, 3 blocks, 24 trials." # two of them the twins of A/A pairs
says out "marksweep (A/A)"
says out "none was measured yet. By the time limit, 24 min 0 s at most."
try 0 run -c marksweep -w gcbench,cycles --set growth_factor=1.5,3 --param cycles.replaced=1000,2000 --dry-run --no-aa
says out "Plan adhoc: 6 cells, 3 blocks, 18 trials."
try 0 run -c marksweep -w gcbench --dry-run # one cell is compared with nothing
says out "Plan adhoc: 1 cell, 3 blocks, 3 trials."
[ -z "$(ls -- *.sqlite* 2>/dev/null)" ] || fail "a dry run made a store"

# ---- standard output on a full disk; a gclab without plans
if [ -c /dev/full ]; then
  for arguments in list 'list --json' 'run quick --dry-run' 'run quick --print-plan' help; do
    "$gclab" $arguments >/dev/full 2>err </dev/null
    [ $? -eq 4 ] || fail "gclab $arguments, onto a full disk: not exit code 4"
    says err "gclab: standard output: No space left on device"
  done
fi
mkdir alone
cp "$gclab" alone/gclab
GCLAB_TRIAL_PATH="$source/tests/plan/trials" alone/gclab run quick 2>err
[ $? -eq 2 ] || fail "a gclab without plans: not exit code 2"
says err "no plan was found beside this gclab: name their directory in GCLAB_PLAN_PATH"

# ---- parameters that do not fit one another are known before anything runs
try 2 run -c none -w gcbench --param stretch_depth=5,17 --dry-run
says err "gclab: gcbench: min_depth may not be above max_depth, nor max_depth above stretch_depth"
[ "$(wc -l <err)" -eq 1 ] || fail "one set of parameters is wrong, and err has $(wc -l <err) lines"
silent out
try 2 run -c none -w gcbench --param stretch_depth=5 --store never.sqlite
[ ! -e never.sqlite ] || fail "a plan that cannot run made a store"

# However narrow the intervals are on this machine, nobody stops before ten blocks, and the same command adds nothing.
try 0 run -c none,marksweep -w gcbench --small --precision 95% --no-aa --store precise.sqlite
grep -Eq 'is (precise|complete), in precise.sqlite' out || fail "a campaign with a precision: $(cat out)"
trials=$(sqlite3 precise.sqlite 'select count(*) from trial')
[ "$trials" -ge 20 ] || fail "$trials trials are less than ten blocks of two cells"
try 0 run -c none,marksweep -w gcbench --small --precision 95% --no-aa --store precise.sqlite --quiet
[ "$(sqlite3 precise.sqlite 'select count(*) from trial')" = "$trials" ] || fail "more trials than were needed"
# With a budget, what is left after ten blocks goes to the widest interval: always a pair, of one block.
try 0 run -c none,marksweep,refcount -w gcbench --small --precision 1% --blocks 14 --budget 5m --no-aa --store rest.sqlite --quiet
[ "$(sqlite3 rest.sqlite "select min(n) from (select count(*) as n from trial group by cell_id)")" -ge 10 ] ||
  fail "a cell has fewer than ten trials"
[ "$(sqlite3 rest.sqlite "select count(*) from trial t join cell c on c.id = t.cell_id where c.collector <> 'none' and
  not exists (select 1 from trial b join cell d on d.id = b.cell_id where d.collector = 'none' and b.block = t.block)")" = 0 ] ||
  fail "a trial has no partner in its block"
try 2 run -c none -w gcbench --precision 2
says err "--precision: precision: '2' is no share"

# doctor: what it finds is the machine's affair, its form is not.
"$gclab" doctor --for 20ms --json >out 2>err </dev/null
code=$?
[ $code = 0 ] || [ $code = 1 ] || fail "doctor: exit code $code"
[ "$(jq '[.checks[] | select(.verdict == "doubtful")] | length > 0' out)" = "$([ $code = 1 ] && echo true || echo false)" ] ||
  fail "doctor's exit code is not what it found"
[ "$(jq '.noise.span_ns >= 20000000 and (.noise.histogram | length) == 64 and .noise.gaps == (.noise.histogram | add)' out)" = true ] ||
  fail "doctor's noise: $(cat out)"
"$gclab" doctor --for 20ms >out 2>err </dev/null
says out "gaps of the processor"
try 2 doctor --for never
says err "--for: "

exit $((failures > 0))
