#!/usr/bin/env bash
# test_replay.sh GCLAB CASE: `gclab replay` of small programs that are recorded here, and of what is no recording.
set -u
. "$(dirname "$0")/../expect.sh"
gclab=$1
programs=$(cd "$(dirname "$0")/programs" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export GCLAB_STORE=$work/store.sqlite

python=/usr/bin/python3.11
[ -x "$python" ] || { echo "there is no $python"; exit 77; }
compgen -G "$(dirname "$gclab")/recorder/_gclab_recorder.*.so" >/dev/null || { echo "the recorder was not built"; exit 77; }

case $2 in
collectors)
  "$gclab" record -o recorded -- "$python" "$programs/cyclic.py" 20 >/dev/null 2>&1 || fail "the program fails"
  expect 0 "$gclab" replay recorded -c refcount,refcount_cyclic,marksweep,semispace --blocks 1 -q --json
  cp out replay.json
  row() { sqlite3 "$GCLAB_STORE" "select $1 from trial join cell on cell.id = cell_id $2"; }
  [ "$(row 'count(distinct checksum)' '')" = 1 ] || fail "checksums differ: $(row 'collector, checksum' '')"
  # Counting alone keeps exactly the cyclic garbage.
  held=$(row 'distinct held_objects' "where collector = 'refcount'")
  [ "$held" = "$(jq .replay.cyclic replay.json)" ] || fail "refcount holds $held objects: $(cat replay.json)"
  [ "$held" -gt 1000 ] || fail "there is hardly any cyclic garbage: $held"
  # What was recorded is what is allocated, but for the table's arrays.
  allocated=$(row 'distinct allocations' "where collector = 'marksweep'")
  objects=$(jq .replay.objects replay.json) slots=$(jq .replay.most_at_once replay.json)
  [ "$allocated" = $((objects + (slots + 511) / 512 + 1)) ] || fail "$allocated objects are allocated, not $objects"
  # Of the same recording, the same campaign: nothing is left to run.
  expect 0 "$gclab" replay recorded -c refcount,refcount_cyclic,marksweep,semispace --blocks 1 -q --json
  [ "$(jq .run out)" = 0 ] || fail "it is run again: $(cat out)"
  expect 0 "$gclab" replay recorded -c marksweep --set growth_factor=1.5 --blocks 1 -q
  says 'exact: ' out
  says 'approximate: ' out
  ;;
refused)
  expect 4 "$gclab" replay nowhere
  says nowhere err
  mkdir empty
  expect 4 "$gclab" replay empty
  says 'no recording in it' err
  echo text >text.gcrec
  expect 4 "$gclab" replay text.gcrec
  says 'text.gcrec is no recording' err
  expect 2 "$gclab" replay
  says 'gclab record --' err
  "$gclab" record --pauses -o pauses -- "$python" -c '' >/dev/null 2>&1
  expect 4 "$gclab" replay pauses
  says 'no objects' err
  expect 4 "$gclab" replay pauses --process 1
  says 'no objects' err
  "$gclab" record -o recorded -- "$python" -c '' >/dev/null 2>&1
  file=$(echo recorded/*.gcrec)
  head -c $(($(stat -c %s "$file") / 2)) "$file" >short.gcrec
  expect 4 "$gclab" replay short.gcrec
  says 'shorter than its header says' err
  expect 2 "$gclab" replay recorded --process 2
  says 'out of range' err
  expect 2 "$gclab" replay recorded -c nothing
  says "no collector 'nothing'" err
  expect 2 "$gclab" replay recorded -c manual
  says 'leave it out' err
  expect 2 "$gclab" run -c marksweep -w replay
  says 'gclab replay RECORDING' err
  trial=$(dirname "$gclab")/gclab-trial-marksweep
  expect 2 "$trial" run replay
  says 'no file to replay' err
  expect 4 "$trial" run replay --replay text.gcrec
  says 'nothing to replay' err
  expect 2 "$trial" run cycles --small --replay text.gcrec
  says 'replays no file' err
  ;;
*) echo "unknown case $2"; exit 2 ;;
esac
