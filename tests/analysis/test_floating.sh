#!/usr/bin/env bash
# test_floating.sh GCLAB: floating garbage of real collectors, against what must hold of each.
set -u
. "$(dirname "$0")/../expect.sh"
gclab=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export GCLAB_STORE=$work/s.sqlite TMPDIR=$work/tmp
mkdir tmp

peers=$("$gclab" list --json | jq -r '[.collectors[].name] | if index("cpython") then ",cpython" else "" end')
expect 0 "$gclab" run -c "none,manual,refcount,refcount_cyclic,marksweep,semispace$peers" -w cycles,gcbench --no-aa --quiet \
  --set 'marksweep.allocation_budget=200K' --set 'semispace.allocation_budget=200K' --floating --blocks 2 \
  --param cycles.replaced=20000 --param gcbench.max_depth=10 --param gcbench.stretch_depth=10 \
  --param gcbench.long_lived_depth=8 --param gcbench.array=1000
[ -z "$(ls tmp)" ] || fail "something is left in TMPDIR: $(ls tmp)"
expect 0 "$gclab" export --floating -o floating.csv
expect 0 "$gclab" export --pauses -o pauses.csv
expect 0 "$gclab" export -o trials.csv
query() { sqlite3 -batch :memory: '.import --csv floating.csv f' '.import --csv pauses.csv p' '.import --csv trials.csv t' "$1"; }
is() { [ "$2" = "$3" ] || fail "$1: '$2', not '$3'"; }

is "never more is reachable than held" "$(query 'select count(*) from f where floating_bytes + 0 < 0')" 0
is "manual floats nothing" "$(query "select coalesce(max(floating_bytes + 0), 0) from f where collector = 'manual'")" 0
is "nor does counting where there are no cycles" \
  "$(query "select max(floating_bytes + 0) from f where collector like 'refcount%' and workload = 'gcbench'")" 0
# What a tracing collection leaves is what the program can reach, to the byte.
for collector in marksweep semispace; do
  collections=$(query "select count(*) from p where collector = '$collector'")
  [ "$collections" -gt 20 ] || fail "$collector: $collections collections are too few to say anything"
  is "$collector leaves what is reachable" "$(query "select count(*) from p join f on p.trial = f.trial and
    f.time_ns + 0 = p.start_ns + p.duration_ns where p.collector = '$collector' and f.floating_bytes + 0 = 0")" "$collections"
  [ "$(query "select max(floating_bytes + 0) > 100000 from f where collector = '$collector'")" = 1 ] ||
    fail "$collector: there was no garbage before its collections"
done
# What refcount cannot reclaim of cycles is what died and was never freed.
is "refcount keeps dead cycles" "$(query "select count(*) from (select max(floating_bytes + 0) as most, trial from f
  where collector = 'refcount' and workload = 'cycles' group by trial) where most < 100000")" 0
# CPython's collector and ours let the same float at the same places.
if [ -n "$peers" ]; then
  at() { query "select f.allocated_bytes, f.floating_bytes, f.block from f join p on p.trial = f.trial and
    f.time_ns + 0 = p.start_ns + p.duration_ns where p.kind = 'collection' and f.workload = 'cycles' and
    f.collector = '$1' order by f.block + 0, f.allocated_bytes + 0"; }
  at cpython >theirs
  at refcount_cyclic >ours
  [ "$(wc -l <ours)" -gt 20 ] || fail "refcount_cyclic: $(wc -l <ours) collections are too few to say anything"
  cmp ours theirs || fail "refcount_cyclic and cpython float differently"
fi

expect 0 "$gclab" compare none refcount_cyclic -m floating_peak,floating_mean,reclaim_delay,reclaim_distance
says reclaim_distance out
# A workload whose deaths depend on the collector has no schedule, and is run all the same.
expect 0 "$gclab" run -c marksweep,manual -w weak_cache --small --floating --no-aa --quiet --store weak.sqlite
is "weak_cache" "$(sqlite3 weak.sqlite "select group_concat(outcome) from (select distinct outcome from trial order by 1); select count(*) from series
  where kind = 'floating'" | paste -sd' ')" 'not_supported,ok 0'
# Without the instrument nothing can be replayed, and that is said.
mkdir bin
cp "$(dirname "$gclab")"/gclab-trial-manual "$(dirname "$gclab")"/gclab bin/
expect 3 env -u GCLAB_TRIAL_PATH bin/gclab run -c manual -w gcbench --small --blocks 1 --quiet --store none.sqlite
says 'no death schedule: there is no program gclab-trial-lifetimes' err
echo ok
