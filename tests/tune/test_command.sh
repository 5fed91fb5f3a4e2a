#!/usr/bin/env bash
# test_command.sh GCLAB CASE: `gclab tune COLLECTOR -w WORKLOAD`.  Goals are counts, which are the same on every machine.
set -u
. "$(dirname "$0")/../expect.sh"
gclab=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset GCLAB_STORE

# holds EXPRESSION FILE: jq says true.
holds() { [ "$(jq "$1" "$2")" = true ] || fail "not so of $2: $1: $(jq -c 'del(.tried)' "$2")"; }

# A heap that the default collects some thirty times.
work_of=(-w cycles --small --param live=2000 --param replaced=20000)
tune=("$gclab" tune refcount_cyclic "${work_of[@]}" --quiet --no-pin)

case $2 in
# Every point of the answer, against a run of all settings.
whole)
  grid=(--set threshold0=100..12800/8 --set threshold1=2,10)
  expect 0 "${tune[@]}" "${grid[@]}" --goal min:collections --trials 40 --check-blocks 6 --check-on gcbench --json
  cp out first.json
  holds '.format == "gclab-tune-1" and .collector == "refcount_cyclic" and .workload == "cycles" and .grid == 16' out
  holds '.trials <= 40 and .trials == ([.tried[].blocks] | add) and (.cut_short | not)' out
  holds '.goals == [{"metric": "collections", "direction": "min"}]' out
  # The default is measured in every block, and is not on this grid.
  holds '.default as $d | (.tried | length) == 17 and ([.tried[] | select(.cell == $d)][0].blocks == ([.tried[].blocks] | max))' out
  # The largest threshold collects least; nothing beats it.
  holds '.best as $b | [.tried[] | select(.cell == $b)][0].settings.threshold0 == "12800"' out
  holds '.answer == "better" or .answer == "default_is_as_good"' out
  # Another setting may have as few collections and be faster: the front is over time and memory too.
  holds '(.front | length > 0) and ([.tried[].cell] as $t | all(.front[]; . as $c | $t | index($c) != null))' out
  holds '[.check[].workload] | unique == ["cycles", "gcbench"]' out
  holds '[.check[] | select(.workload == "cycles" and .tuned_on)] | length > 4 and all(.ratio.n <= 6)' out
  holds '.files | length == 4' out
  while read -r file; do [ -s "$file" ] || fail "$file is not there"; done < <(jq -r '.files[]' out)
  # The trials are campaigns like others: what tune says of a setting is what the store has of it.
  expect 0 "$gclab" run -c refcount_cyclic "${work_of[@]}" --quiet --no-pin "${grid[@]}" --blocks 1 --no-aa --name all
  expect 0 "$gclab" export --campaign all --format json
  least=$(jq '[.[] | .collections] | min' out)
  holds '[.[] | select(.collections == '"$least"') | .knobs.threshold0] | index("12800") != null' out
  expect 0 "$gclab" export --campaign tune-refcount_cyclic-cycles --format json
  holds "length == $(jq .trials first.json)" out
  # Measured once: the same command has the same answer, to the letter, and runs nothing.
  expect 0 "${tune[@]}" "${grid[@]}" --goal min:collections --trials 40 --check-blocks 6 --check-on gcbench --json
  cmp -s out first.json || fail "another answer: $(diff out first.json | head -20)"
  # In words.
  expect 0 "${tune[@]}" "${grid[@]}" --goal min:collections --trials 40 --check-blocks 6 --check-on gcbench --no-figure
  says 'refcount_cyclic on cycles: min:collections' out
  says 'Searched 16 settings of threshold0, threshold1' out
  says 'against the default, on seeds that the search had not' out
  grep -q '^ *best  *12800 ' out || fail "no row of the best: $(cat out)"
  grep -q '^ *default  *700 ' out || fail "no row of the default: $(cat out)"
  grep -Eq '^(Recommended|Keep the default): ' out || fail "no answer: $(cat out)"
  ;;
# Limits, of every kind; and where nothing keeps to them.
limits)
  grid=(--set threshold0=100..12800/8 --no-figure --check-blocks 0 --json)
  expect 0 "${tune[@]}" "${grid[@]}" --goal min:collections --subject-to 'peak_heap<=1.2x'
  holds '.answer == "not_checked"' out
  holds '.default as $d | .best as $b | [.tried[] | select(.cell == $b)][0] | .keeps_limits and .ratios.peak_heap <= 1.2' out
  holds '[.tried[] | select(.keeps_limits | not)] | length > 0 and all(.ratios.peak_heap > 1.2)' out
  # No setting that keeps to it collects less.
  holds '.best as $b | ([.tried[] | select(.cell == $b)][0].ratios.collections) as $least
    | all(.tried[]; (.keeps_limits | not) or .ratios.collections >= $least - 1e-6)' out
  expect 0 "${tune[@]}" "${grid[@]}" --goal min:collections --subject-to 'peak_heap<=1K'
  holds '.answer == "nothing_keeps_the_limits"' out
  expect 0 "${tune[@]}" --set threshold0=100..12800/8 --no-figure --goal min:collections --subject-to 'peak_heap <= 1K' \
    --subject-to 'overhead<=0%'
  says 'No setting that was tried keeps to the limits' out
  says 'wall<=1.05x' out
  # Where the default is the best there is.
  expect 0 "${tune[@]}" --set threshold0=1,2,4,8,16 --no-figure --goal min:collections
  says 'Keep the default: no setting that was tried is better' out
  ;;
# Without a goal: the front of pause, time and memory.  Without ranges: those of the knobs' rows.
front)
  expect 0 "${tune[@]}" --json --trials 40 --check-blocks 6 --check-on none
  holds '[.goals[].metric] | . == ["p99_pause", "wall", "peak_heap"] or . == ["max_pause", "wall", "peak_heap"]' out
  holds '.grid > 100 and ([.tried[].settings | keys] | unique == [["threshold0", "threshold1", "threshold2"]])' out
  # Nothing on the front is beaten by another that was tried as often.
  holds '(.goals | map(.metric)) as $m | [.tried[] | select(.blocks >= 2 and .failure == null)] as $t | .front as $f
    | [$t[] | select(.cell as $c | $f | index($c))] as $front
    | ($front | length > 0) and all($front[]; . as $a | all($t[]; . as $b | all($m[]; $b.ratios[.] < 0.999 * $a.ratios[.]) | not))' out
  expect 0 "$gclab" tune marksweep -w gcbench --small --quiet --no-pin --knob growth_factor --trials 20 --check-blocks 0 \
    --no-figure --json --goal wall
  holds '[.tried[].settings | keys] | unique == [["growth_factor"]]' out
  holds '.trials <= 20' out
  # On another allocator another program runs, with knobs of its own.
  expect 0 "$gclab" tune marksweep -a jemalloc -w gcbench --small --quiet --no-pin --trials 12 --check-blocks 2 \
    --check-on none --no-figure --json --goal wall
  holds '[.tried[].settings | keys] | unique == [["growth_factor", "min_heap"]]' out
  # Heaps in multiples of the minimum heap; one that is too small for the other seeds is a result.
  expect 0 "$gclab" tune marksweep -w gcbench --small --quiet --no-pin --set heap_limit=1.5x,2x,3x,4x --trials 20 \
    --check-blocks 0 --no-figure --json --goal wall
  holds '.grid == 4 and (.tried | length) == 5' out
  ;;
# What is wrong, and what to do about it.
wrong)
  expect 2 "$gclab" tune
  says 'which COLLECTOR?' err
  says 'gclab tune -- python3 app.py' err
  expect 2 "$gclab" tune marksweep
  says 'for which workload?' err
  expect 2 "$gclab" tune marksweeep -w gcbench
  says 'did you mean marksweep' err
  expect 2 "$gclab" tune marksweep -w gcbenhc
  says 'gcbench' err
  expect 2 "$gclab" tune marksweep -w gcbench -w cycles
  says 'one workload at a time' err
  expect 2 "$gclab" tune marksweep -w gcbench,cycles
  says "no workload 'gcbench,cycles'" err
  expect 2 "$gclab" tune python3 app.py
  says 'write -- before it' err
  expect 2 "$gclab" tune marksweep -w gcbench --goal p99pause
  says 'did you mean p99_pause' err
  expect 2 "$gclab" tune marksweep -w gcbench --goal collections
  says 'min:collections' err
  expect 2 "$gclab" tune marksweep -w gcbench --goal wall --goal wall
  says 'twice' err
  for limit in 'wall' 'wall<5ms' 'wall<=5' 'wall<=x' 'peak_heap<=5ms' 'peak_heap<=-1x' 'overhead<=5' 'overhead>=5%' '<=5%'; do
    expect 2 "$gclab" tune marksweep -w gcbench --subject-to "$limit"
    says '--subject-to: ' err
  done
  expect 2 "$gclab" tune marksweep -w gcbench --knob growth
  says "has no knob 'growth'" err
  expect 2 "$gclab" tune marksweep -w gcbench --knob stress
  says '--set stress=FROM..TO/10' err
  expect 2 "$gclab" tune marksweep -w gcbench --knob growth_factor --set growth_factor=2,3
  says 'in --knob and in --set' err
  expect 2 "$gclab" tune none -w gcbench
  says 'has nothing to search' err
  expect 2 "$gclab" tune marksweep -w gcbench --set growth_factor=nine,ten
  says 'nine' err
  expect 2 "$gclab" tune marksweep -w gcbench --small --check-on gcbenhc
  says 'did you mean gcbench' err
  for others in gcbench cycles,cycles cycles,gcbench; do
    expect 2 "$gclab" tune marksweep -w gcbench --small --check-on $others
    says 'is checked already' err
  done
  expect 2 "$gclab" tune marksweep -w gcbench --trials 3
  says '--trials' err
  # A metric that the default setting does not have.
  expect 3 "${tune[@]}" --goal latency_p99
  says 'latency_p99 is not known of the default setting' err
  # No time at all.
  expect 3 "${tune[@]}" --budget 1ms --store fresh.sqlite
  says 'the budget is used up before the default setting was measured' err
  expect 0 "$gclab" tune --help
  says 'For a Python program: gclab tune' out
  expect 0 "$gclab" tune --help -- python3
  says 'gc.set_threshold' out
  ;;
*)
  fail "there is no case $2"
  ;;
esac
