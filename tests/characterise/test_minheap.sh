#!/usr/bin/env bash
# test_minheap.sh GCLAB: `gclab minheap` on real collectors at small sizes.
set -u
. "$(dirname "$0")/../expect.sh"
gclab=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export GCLAB_STORE=$work/gclab.sqlite

expect 0 "$gclab" minheap -c marksweep,semispace -w splay --small --attempts 2 --precision 5% --json
says 'gclab minheap: minimum heap of splay on marksweep:' err
cp out first.json
python3 - <<'PYTHON' || fail "the search is not a bisection"
import json
found = json.load(open("first.json"))
assert found["format"] == "gclab-minheap-1" and found["attempts"] == 2 and len(found["minimum_heaps"]) == 2
for heap in found["minimum_heaps"]:
    small = [s["limit_bytes"] for s in heap["steps"] if not s["fits"]]
    enough = [s["limit_bytes"] for s in heap["steps"] if s["fits"]]
    assert heap["limit_bytes"] == min(enough), heap
    assert max(small) < min(enough) and (max(small) >= 0.95 * min(enough) or min(enough) - max(small) <= 4096), heap
PYTHON

# A trial at the limit ends well; one at four fifths of it does not.
limit=$(jq '.minimum_heaps[0].limit_bytes' first.json)
expect 0 "$gclab" run -c marksweep -w splay --small --set heap_limit="$limit" --blocks 1 --quiet
expect 3 "$gclab" run -c marksweep -w splay --small --set heap_limit=$((limit / 5 * 4)) --blocks 1 --quiet
says 'out_of_memory' out

# What the store has is not searched again, and says the same.
expect 0 "$gclab" minheap -c marksweep,semispace -w splay --small --attempts 2 --precision 5% --json
[ ! -s err ] || fail "it was searched again: $(cat err)"
cmp -s out first.json || fail "the store says something else than the search"
expect 0 "$gclab" minheap -c marksweep,none -w splay --small --attempts 2 --precision 5% --log
says 'none has no knob heap_limit' err
says 'too small' out
expect 2 "$gclab" minheap -c none -w splay
expect 2 "$gclab" minheap
says 'of which workload?' err
expect 2 "$gclab" minheap -w splay --attempts 0
says 'attempts' err
expect 2 "$gclab" minheap -w splay --precision 5
says "--precision: '5' is no share" err
# A sweep in multiples: the unit is the least of the collectors, found as above and kept; who needs more is out of memory,
# as foreseen.
expect 0 "$gclab" run -c marksweep,semispace -w splay --small --set heap_limit=1x,2x,4x --blocks 1 --no-aa --store m.sqlite
says 'gclab run: minimum heap of splay on marksweep' err
least=$(sqlite3 m.sqlite "select min(limit_bytes) from minheap")
is() { [ "$2" = "$3" ] || fail "$1: '$2', not '$3'"; }
is limits "$(sqlite3 m.sqlite "select group_concat(distinct json_extract(varied, '$.heap_limit')) from cell
  where collector = 'marksweep'" | tr ',' '\n' | numfmt --from=iec | sort -n | paste -sd,)" "$least,$((2 * least)),$((4 * least))"
is "outcomes of the one with the least" "$(sqlite3 m.sqlite "select group_concat(distinct outcome) from trial t join cell c
  on c.id = t.cell_id where collector = (select collector from minheap order by limit_bytes limit 1)")" ok
expect 0 "$gclab" run -c marksweep,semispace -w splay --small --set heap_limit=1x,2x,4x --blocks 1 --no-aa --store m.sqlite
! grep -q 'minimum heap' err || fail "it was searched again: $(cat err)"
says 'every trial is there already' err
expect 0 "$gclab" plot overhead --store m.sqlite --out f --format svg
says 'in multiples of the minimum heap' f/overhead-wall.svg
expect 0 "$gclab" run -c marksweep -w splay --small --set heap_limit=1x,3x --dry-run --store absent.sqlite
says 'heap_limit=3x' out
[ ! -e absent.sqlite ] || fail "a dry run makes a store"
echo ok
