#!/usr/bin/env bash
# test_compare.sh GCLAB MAKE_STORE: `gclab compare` on synthetic results.
set -u
. "$(dirname "$0")/../expect.sh"
gclab=$1 make_store=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export GCLAB_STORE=$work/gclab.sqlite
"$make_store" "$GCLAB_STORE" 0x21 || fail "no store"

expect 0 "$gclab" compare marksweep refcount_cyclic cpython -m wall,max_pause
says 'A: marksweep   B: refcount_cyclic   (synthetic)' out
says 'A: marksweep   B: cpython   (synthetic)' out
says 'No A/A pair in this campaign' out
says 'Only 3 blocks: with fewer than 6 nothing can be significant' out
says 'all 3     wall' out
cp out first
expect 0 "$gclab" compare marksweep refcount_cyclic cpython -m wall,max_pause
cmp -s out first || fail "not the same bytes again"

# The ratio is exp of the mean log ratio over blocks.
expect 0 "$gclab" compare marksweep cpython -m wall -w gcbench --json
cp out compare.json
"$gclab" export --format json >trials.json || fail "no export"
python3 - <<'PYTHON' || fail "the ratio is not what the trials give"
import json, math
found = json.load(open("compare.json"))
assert found["format"] == "gclab-compare-1" and found["paired"] and len(found["comparisons"]) == 1
row = found["comparisons"][0]
walls = {}
for t in json.load(open("trials.json")):
    if t["workload"] == "gcbench" and not t["varied"]:
        walls[t["collector"], t["block"]] = t["wall_ns"]
logs = [math.log(walls["cpython", b] / walls["marksweep", b]) for b in range(3)]
assert abs(row["ratio"]["value"] - math.exp(sum(logs) / 3)) < 1e-6, row
assert row["ratio"]["n"] == 3 and row["ratio"]["low"] < row["ratio"]["value"] < row["ratio"]["high"]
assert row["p"] == 0.25 and row["verdict"] == "inconclusive", row  # 2 of 8 flips
PYTHON

expect 0 "$gclab" compare refcount/jemalloc refcount/glibc -m wall --format markdown
says '| gcbench | wall |' out
expect 0 "$gclab" compare marksweep cpython -m wall --fail-above 5% # three blocks prove nothing
"$make_store" other.sqlite 0x1 || fail "no second store"
expect 0 "$gclab" compare "$GCLAB_STORE" other.sqlite -m wall,collections
says 'gcbench, marksweep' out
says 'were run one after the other' out
expect 0 "$gclab" compare synthetic synthetic -m wall
says 'gcbench, none' out
says 'equivalent' out

# The best setting of a collector: three blocks are too few to choose by some and judge by others.
expect 4 "$gclab" compare --best marksweep
says 'four blocks' err
GCLAB_STORE=best.sqlite expect 0 "$gclab" run -c marksweep -w gcbench --small --set growth_factor=1.5,2,4 --blocks 8 --no-aa --quiet
expect 0 "$gclab" compare --best marksweep -m wall --store best.sqlite
says 'on other blocks' out
expect 0 "$gclab" compare --best marksweep -m wall --json --store best.sqlite
jq -e '.format == "gclab-best-1" and (.choices | length) == 1 and .choices[0].candidates == 3 and .choices[0].held.n == 4' \
  out >jq.out || fail "the JSON of --best: $(cat out)"
expect 2 "$gclab" compare --best 'marksweep growth_factor=2' --store best.sqlite
says 'name the collector alone' err
expect 2 "$gclab" compare --best
says 'of which collector?' err
expect 2 "$gclab" compare --best marksweep --fail-above 5%
says 'goes with neither' err

expect 2 "$gclab" compare marksweep
says 'what with what?' err
expect 2 "$gclab" compare marksweep cpython -m p98_pause
says "there is no metric 'p98_pause'; did you mean p99_pause?" err
expect 2 "$gclab" compare marksweep cpython --band lots
says "--band: 'lots' is no percentage" err
expect 2 "$gclab" compare marksweep 'cpython threshold0'
says "'threshold0' is not" err
expect 4 "$gclab" compare marksweep 'cpython threshold0=123'
says "there is no cell 'cpython threshold0=123'" err
says 'marksweep/blocks' err
expect 4 "$gclab" compare marksweep 'cpython treshold0=123'
says "cpython has no knob 'treshold0'; did you mean threshold0?" err
expect 4 "$gclab" compare marksweep cpython -w gcbensh
says "has no workload 'gcbensh'; did you mean gcbench?" err
expect 4 "$gclab" compare nothing nowhere
says "there is no campaign 'nothing'" err
expect 4 "$gclab" compare marksweep cpython --store absent.sqlite
says 'absent.sqlite' err
expect 0 "$gclab" list metrics
says 'mark_cons' out
expect 0 "$gclab" list mmu_10ms
says 'windows of 10 ms' out
expect 0 "$gclab" list p99_pause --json
says '"unit": "ns"' out
echo ok
