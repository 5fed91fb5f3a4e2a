#!/bin/bash
# gclab export: columns, quoting, empty fields, JSON, and its errors.
. "$(dirname "$0")/common.sh"

"$gclab" run -c alpha,beta -w work --set rows=0,3 --set beta.mode=exit --allocator glibc --blocks 2 --no-aa --name 'a,"b"' --quiet \
  >/dev/null 2>&1
[ $? = 3 ] || fail "the campaign to export"

"$gclab" export >"$work/trials.csv" || fail "CSV"
head=$(head -1 "$work/trials.csv")
for column in campaign collector workload knobs parameters allocator block seed outcome wall_ns cpu_ns gc_ns pauses \
  pause_p50_ns pause_p99_ns pause_max_ns allocations collections peak_heap_bytes vmhwm_bytes checksum; do
  case ",$head," in *",$column,"*) ;; *) fail "no column $column" ;; esac
done

# SQLite's reader of CSV is strict and knows nothing of ours.
query() { sqlite3 -batch :memory: ".import --csv $1 t" "$2"; }
is() { [ "$2" = "$3" ] || fail "$1: '$2', not '$3'"; }
is "rows" "$(query "$work/trials.csv" "select count(*) from t")" 8
is "names are quoted" "$(query "$work/trials.csv" "select distinct campaign from t")" 'a,"b"'
is "knobs" "$(query "$work/trials.csv" "select distinct knobs from t where collector = 'alpha' and pauses = 3")" \
  "mode=ok;work_ms=5;rows=3"
is "parameters" "$(query "$work/trials.csv" "select distinct parameters from t")" "amount=3"
is "varied" "$(query "$work/trials.csv" "select distinct varied from t where collector = 'beta' and pauses = 3")" \
  "mode=exit;rows=3"
is "empty where missing" "$(query "$work/trials.csv" "select count(*) from t where pause_p99_ns = '' and vmhwm_bytes = ''")" 8
is "no checksum where not ok" \
  "$(query "$work/trials.csv" "select outcome, count(*) from t where checksum = '' group by 1")" "failed|4"
is "several lines in a field" "$(query "$work/trials.csv" "select distinct message from t where outcome = 'failed'")" \
  $'exit status 5\nit is Tuesday'
is "median" "$(query "$work/trials.csv" "select distinct pause_p50_ns, pause_max_ns from t where pauses = 3")" "101|102"

"$gclab" export --pauses -o "$work/pauses.csv" || fail "pauses as CSV"
is "pauses" "$(query "$work/pauses.csv" "select count(*), sum(duration_ns), max(examined_objects), max(generation) from t")" \
  "12|1212|2|1"
is "pause columns" "$(query "$work/pauses.csv" "select distinct kind, cause, phase, heap_before_bytes, heap_after_bytes from t")" \
  'collection|explicit|waiting, "quoted"|50|40'
is "starts" "$(query "$work/pauses.csv" "select max(at - least) from
  (select start_ns + 0 as at, min(start_ns + 0) over (partition by trial) as least from t)")" 2000

"$gclab" export --format json >"$work/trials.json" || fail "JSON"
is "JSON rows" "$(jq length "$work/trials.json")" 8
is "JSON columns" "$(jq -r '.[0] | keys_unsorted | join(",")' "$work/trials.json")" "$head"
is "JSON knobs" "$(jq -cS '[.[] | select(.collector == "alpha" and .pauses == 3) | .knobs] | unique' "$work/trials.json")" \
  '[{"mode":"ok","rows":"3","work_ms":"5"}]'
is "JSON null" "$(jq '[.[] | .pause_p99_ns] | unique == [null]' "$work/trials.json")" true
"$gclab" export --pauses --format json >"$work/pauses.json" || fail "pauses as JSON"
is "JSON pauses" "$(jq '[length, (map(.duration_ns) | add)] == [12, 1212]' "$work/pauses.json")" true
is "JSON pause columns" "$(jq -r '.[0] | keys_unsorted | join(",")' "$work/pauses.json")" "$(head -1 "$work/pauses.csv")"

"$gclab" run -c alpha -w toil --allocator glibc --blocks 1 --name second --quiet >/dev/null || fail "a second campaign"
is "the newest" "$(query <("$gclab" export) "select campaign, count(*) from t")" "second|1"
is "by name" "$(query <("$gclab" export --campaign 'a,"b"') "select count(*) from t")" 8
is "all" "$(query <("$gclab" export --all) "select count(distinct campaign), count(*) from t")" "2|9"

# What Google Benchmark's compare.py takes: names, repetitions, times with their unit; errors without times.
"$gclab" export --campaign 'a,"b"' --format gbench >"$work/g.json" || fail "Google Benchmark's JSON"
is "gbench context" "$(jq -c '[.context.campaign, .context.seed, (.context.date | length > 0)]' "$work/g.json")" \
  '["a,\"b\"",1,true]'
is "gbench names" "$(jq -c '[.benchmarks[].name] | unique' "$work/g.json")" \
  '["alpha/work/rows:0","alpha/work/rows:3","beta/work/mode:exit/rows:0","beta/work/mode:exit/rows:3"]'
is "gbench repetitions" \
  "$(jq -c '[.benchmarks[] | select(.name == "alpha/work/rows:3") | [.repetitions, .repetition_index, .family_index]]' \
    "$work/g.json")" '[[2,0,1],[2,1,1]]'
is "gbench times" "$(jq '[.benchmarks[] | select(.error_occurred | not) |
  .real_time > 0 and .cpu_time > 0 and .time_unit == "ns" and .run_type == "iteration" and .run_name == .name] | [length, all] ==
  [4, true]' "$work/g.json")" true
is "gbench times are the trials'" "$(jq -c '[.benchmarks[] | select(.real_time) | .real_time] | sort' "$work/g.json")" \
  "$(jq -c '[.[] | select(.outcome == "ok") | .wall_ns + 0.0] | sort' "$work/trials.json")"
is "gbench errors" "$(jq -c '[.benchmarks[] | select(.error_occurred) | [.error_message, has("real_time")]] | unique' \
  "$work/g.json")" '[["failed: exit status 5\nit is Tuesday",false]]'

# Windows: three pauses of 100, 101 and 102 ns in a trial of 5 ms and more are in one window of a millisecond.
"$gclab" run -c alpha -w work --set rows=3 --set work_ms=5 --allocator glibc --blocks 1 --no-aa --name windows --quiet >/dev/null ||
  fail "a campaign with windows"
"$gclab" export --campaign windows --worst 1ms -o "$work/worst.csv" || fail "worst windows"
is "worst windows" "$(query "$work/worst.csv" "select rank, window_ns, pauses, cascades, paused_ns, longest_ns, longest_kind from t")" \
  "1|1000000|3|0|303|102|collection"

refused() { # CODE WORD OPTION...
  local code=$1 word=$2 message status=0
  shift 2
  message=$("$gclab" export "$@" 2>&1 >/dev/null) || status=$?
  [ $status = "$code" ] || fail "export $*: exit code $status instead of $code"
  case $message in *"$word"*) ;; *) fail "export $*: $message" ;; esac
}
refused 2 "none of csv, json and gbench" --format xml
refused 2 "of the trials of one campaign" --format gbench --pauses
refused 2 "exclude each other" --floating --pauses
refused 2 "'0.5' is not a duration" --worst 0.5
refused 2 "exclude each other" --all --campaign second
refused 2 "one word too many" second
refused 4 "there is no campaign 'third'" --campaign third
refused 4 "no such file" --store "$work/absent"
refused 4 "No such file or directory" -o "$work/absent/file"
"$gclab" export >/dev/full 2>"$work/err.txt"
[ $? = 4 ] && grep -q 'No space left' "$work/err.txt" || fail "a full disk: $(cat "$work/err.txt")"

# What is there can be read where nothing can be written.
"$gclab" export --all >"$work/all.csv"
(trap '' XFSZ; ulimit -f 0; exec "$gclab" export --all) | cmp - "$work/all.csv" || fail "reading a store on a full disk"

cp "$GCLAB_STORE" "$work/damaged.sqlite"
sqlite3 "$work/damaged.sqlite" "update series set data = x'80' where kind = 'pauses' and rowid = (select min(rowid) from series where kind = 'pauses')"
refused 1 "is damaged" --all --pauses --store "$work/damaged.sqlite"
"$gclab" export --help | grep -q 'gclab export --campaign thresholds' || fail "no examples in the help"
echo ok
