#!/bin/sh
# test_command.sh GCLAB CASE: `gclab characterise` on real workloads at their small size.
set -eu
gclab=$1 case=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../expect.sh"
bin=$(dirname "$gclab")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GCLAB_STORE="$dir/s.sqlite" TMPDIR="$dir"

is() { [ "$2" = "$3" ] || fail "$1 is $2, not $3"; }

case $case in
run) # runs, keeps, skips, does again; the same numbers each time
  expect 0 "$gclab" characterise --size small -w gcbench,cycles,splay
  says 'gcbench, among 3 workloads:' out
  says 'cycles: done in' err
  says '3 workloads; real programs are' out
  says 'Nearest neighbours over' out
  mv out first
  expect 0 "$gclab" characterise --size small -w gcbench,cycles,splay
  says 'splay: characterised already (--again does it again)' err
  cmp first out || fail "what is stored is printed otherwise"
  expect 0 "$gclab" characterise --size small --again -w gcbench
  expect 0 "$gclab" characterise --size small --stored -w gcbench,cycles,splay
  cmp first out || fail "the same pass has other numbers"
  expect 0 "$gclab" characterise --size small --stored --json -o all.json
  [ ! -s out ] || fail "--out and standard output"
  jq -e '.format == "gclab-characterisation-1" and (.workloads | length) == 3 and (.measures | length) >= 30' all.json >/dev/null
  jq -e '.workloads[] | select(.workload == "cycles") | .measures.cyclic.score == 10 and .measures.cyclic.rank == 1' all.json >/dev/null
  jq -e '[.components[].share] | add > 0.999 and add < 1.001' all.json >/dev/null
  expect 0 "$gclab" characterise --size small --stored --markdown
  says '| gcbench |' out
  says '| survival_100 |' out
  is "measures" "$(sqlite3 s.sqlite 'select count(distinct name) from measure')" "$(jq '.measures | length' all.json)"
  [ -z "$(ls -d gclab-* 2>/dev/null)" ] || fail "something is left in TMPDIR"
  ;;
counting) # what counting alone would keep is what refcount keeps
  for arguments in "cycles" "graph_churn" "cycles --param cyclic=37" "graph_churn --seed 5" "splay" "gcbench"; do
    # shellcheck disable=SC2086
    set -- $arguments
    word=$1
    shift
    expect 0 "$gclab" characterise --size small -w "$word" "$@" --deaths x.deaths -o /dev/null
    kept=$(python3 "$here/read_deaths.py" x.deaths | jq .kept)
    held=$("$bin/gclab-trial-refcount" run "$word" --size small "$@" | jq .held_objects)
    is "what counting keeps of $arguments" "$kept" "$held"
  done
  ;;
schedule) # the file is what the documentation says, and agrees with the numbers
  mkdir d
  expect 0 "$gclab" characterise --size small -w cycles,graph_churn --keep-deaths d --json
  cp out all.json
  for word in cycles graph_churn; do
    python3 "$here/read_deaths.py" "d/$word.deaths" >read.json
    of() { jq ".workloads[] | select(.workload == \"$word\") | .measures.$1.value" all.json; }
    "$bin/gclab-trial-none" run $word --size small >none.json
    is "$word: rows" "$(jq .rows read.json)" "$(jq .allocated_objects none.json)"
    is "$word: bytes" "$(jq .bytes read.json)" "$(jq .allocated_bytes none.json)"
    is "$word: checksum" "$(jq .head.checksum read.json)" "$(jq .checksum none.json)"
    jq -e ".live_max == $(of live_max)" read.json >/dev/null || fail "$word: live_max"
    jq -e "(100 * .kept / .rows - $(of cyclic) | fabs) < 1e-6" read.json >/dev/null || fail "$word: cyclic"
    jq -e "(100 * .cyclic / .rows - $(of in_cycle) | fabs) < 1e-6" read.json >/dev/null || fail "$word: in_cycle"
    is "$word: alive at the end" "$(jq .at_end read.json)" 0
  done
  for part in d/*.part; do [ ! -e "$part" ] || fail "a part of a file is left"; done
  expect 4 "$gclab" characterise --size small -w cycles --keep-deaths nowhere
  says 'nowhere/cycles.deaths: No such file or directory' err
  if [ -c /dev/full ]; then
    expect 4 "$gclab" characterise --size small -w cycles --again --deaths /dev/full
    says 'could not be kept in /dev/full: No space left on device' err
    [ -c /dev/full ] || fail "/dev/full is a file now"
    expect 4 "$gclab" characterise --size small -w cycles -o /dev/full
    says '/dev/full: No space left on device' err
  fi
  ;;
arguments)
  expect 2 "$gclab" characterise -w gcbensh
  says 'did you mean gcbench' err
  expect 2 "$gclab" characterise --size huge
  expect 2 "$gclab" characterise --param depth=3
  says '--param wants one workload' err
  expect 2 "$gclab" characterise -w gcbench --param deepness=3
  says "gcbench has no parameter 'deepness'" err
  expect 2 "$gclab" characterise --json --markdown
  expect 2 "$gclab" characterise --stored --again
  expect 2 "$gclab" characterise gcbench
  expect 4 "$gclab" characterise --stored
  says 'there is no such file' err
  expect 2 "$gclab" characterise --size small -w gcbench --param max_depth=20
  says 'nor max_depth above stretch_depth' err
  expect 0 "$gclab" characterise --help
  says 'Exit codes:' out
  # Instruments are in no group.
  expect 0 "$gclab" run --dry-run -c all -w gcbench
  ! grep -q lifetimes out || fail "lifetimes is among all collectors"
  expect 0 "$gclab" list collectors
  says 'instrument' out
  expect 2 "$bin/gclab-trial-none" run gcbench --size small --report x
  says 'none is no instrument' err
  ;;
plot)
  expect 4 "$gclab" plot characterise --out f
  expect 0 "$gclab" characterise --size small -w cycles -o /dev/null
  expect 4 "$gclab" plot characterise survival --out f
  says '0 workloads are characterised at size default' err
  expect 4 "$gclab" plot characterise --size small --out f
  says '1 workload is characterised at size small, and it takes 3' err
  expect 0 "$gclab" characterise --size small -o /dev/null
  expect 2 "$gclab" plot survival --size huge --out f
  for option in --by-phase --phase=check --allocator=blocks; do # which would be passed over
    expect 4 "$gclab" plot survival --size small "$option" --out f
    says 'leave the option out' err
  done
  expect 0 "$gclab" plot characterise survival live --size small --out f
  for name in characterise survival live; do
    xmllint --noout "f/$name.svg"
    [ "$(wc -c <"f/$name.svg")" -lt 300000 ] || fail "$name.svg is larger than 300 kB"
    for word in gcbench splay cycles 'workloads at size small'; do says "$word" "f/$name.svg"; done
    colours=$(identify -format %k "f/$name.png")
    [ "$colours" -gt 40 ] || fail "$name.png has $colours colours"
  done
  # In a store without a campaign they are all that there is.
  expect 0 "$gclab" plot --size small --out alone
  says 'alone/survival.svg' out
  says 'not drawn: micro' out
  expect 4 "$gclab" plot --size large --out none
  says "the store has nothing to draw; 'gclab run quick'" err
  expect 4 "$gclab" plot --by-phase --out none
  says 'there is no campaign in it yet' err
  # A slow bend stays one: that of the first workload, big_array.
  sqlite3 s.sqlite "update curve set y = (1 - (399.0 - position) * (399 - position) / 399 / 399) *
    (select value from measure m where m.characterisation_id = curve.characterisation_id and m.name = 'live_max')
    where name = 'live' and characterisation_id = (select id from characterisation where workload = 'big_array')"
  expect 0 "$gclab" plot live --size small --out bent
  python3 "$here/check_live.py" bent/live.dat 0 || fail "the curve is not drawn as it is"
  says 'How far the workloads spread' f/characterise.svg
  says 'components 1 (' f/characterise.svg
  says 'root_assignments' f/characterise.svg
  ;;
migrate) # a store of version 1 is read as it is, and has the new tables once it is written to
  expect 0 "$gclab" run -c none -w gcbench --size small --blocks 1
  sqlite3 s.sqlite "drop table curve; drop table measure; drop table characterisation; drop table twin;
    drop table noise; drop table minheap_step; drop table minheap; pragma user_version = 1"
  expect 0 "$gclab" export
  expect 4 "$gclab" characterise --stored
  says 'nothing was characterised at size default yet' err
  is version "$(sqlite3 s.sqlite 'pragma user_version')" 1
  expect 0 "$gclab" characterise --size small -w gcbench -o /dev/null
  is version "$(sqlite3 s.sqlite 'pragma user_version')" 3
  is trials "$(sqlite3 s.sqlite 'select count(*) from trial')" 1
  is characterisations "$(sqlite3 s.sqlite 'select count(*) from characterisation')" 1
  ;;
interrupt) # what was characterised is kept, and nothing is left
  "$gclab" characterise >out 2>err & # its SIGINT is ignored, as the shell has it in the background
  pid=$!
  # Its directory is made when a workload is looked at: signals are waited for since before that.
  until ls -d gclab-* >/dev/null 2>&1 || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
  kill -TERM $pid
  status=0
  wait $pid || status=$?
  is status "$status" 130
  says 'interrupted; what was characterised is kept' err
  [ -z "$(ls -d gclab-* 2>/dev/null)" ] || fail "something is left in TMPDIR: $(ls)"
  is check "$(sqlite3 s.sqlite 'pragma integrity_check')" ok
  ;;
esac
