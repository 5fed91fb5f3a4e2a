#!/bin/bash
# gclab tune is interrupted in its second block, and goes on: what was measured stays and is not measured again.
. "$(dirname "$0")/../campaign/common.sh"
set -m # background jobs get SIGINT as in a terminal
command -v jq >/dev/null || exit 77

# The first block runs at once; the others wait until the file is gone.
hold=$work/bin/hold
cd "$work" || exit 1
run=("$gclab" tune alpha -w work --set work_ms=1,2,4,60 --set rows=10,20 --goal wall --trials 24 --check-blocks 6
  --check-on toil --no-figure --quiet --json)
tuned=(--campaign tune-alpha-work)

touch "$hold"
"${run[@]}" >out.json 2>err.txt &
harness=$!
while [ "$(trial_ids "${tuned[@]}" 2>/dev/null | wc -l)" -lt 9 ] && kill -0 $harness 2>/dev/null; do sleep 0.05; done
kill -INT $harness
wait $harness
code=$?
[ $code = 130 ] || fail "exit code $code: $(cat err.txt)"
[ "$(trials_alive)" = 0 ] || fail "a trial is still running"
grep -q 'the same command goes on' err.txt || fail "how to go on is not told: $(cat err.txt)"
[ ! -s out.json ] || fail "half a document"
trial_ids "${tuned[@]}" >before
[ "$(wc -l <before)" = 9 ] || fail "$(wc -l <before) trials were kept"

rm "$hold"
"${run[@]}" >out.json 2>err.txt || fail "going on: exit code $?: $(cat err.txt)"
trial_ids "${tuned[@]}" >after
[ "$(comm -23 before after | wc -l)" = 0 ] || fail "trials are gone"
[ "$(jq .trials out.json)" = "$(wc -l <after)" ] || fail "$(jq .trials out.json) trials, but $(wc -l <after) in the store"
[ "$(jq '.trials <= 24' out.json)" = true ] || fail "$(jq .trials out.json) trials"
# Waiting for 60 ms is not what takes least.
[ "$(jq -r '.best as $b | [.tried[] | select(.cell == $b)][0].settings.work_ms' out.json)" != 60 ] || fail "the slowest"
[ "$(jq '[.check[].workload] | unique == ["toil", "work"] or unique == ["work"] or . == []' out.json)" = true ] ||
  fail "checked on $(jq -c '[.check[].workload] | unique' out.json)"

# A setting that fails is tried once, told, and does not spoil the others.
"$gclab" tune alpha -w work --set work_ms=1,2,4 --set mode=ok,exit --goal wall --trials 20 --check-blocks 0 --no-figure \
  --quiet --json >out.json 2>err.txt || fail "exit code $?: $(cat err.txt)"
[ "$(jq '[.tried[] | select(.settings.mode == "exit")] | length == 3 and all(.failure == "failed" and .blocks == 0)' out.json)" = true ] ||
  fail "failures: $(jq -c '[.tried[] | [.settings.mode, .failure, .blocks]]' out.json)"
[ "$(jq -r '.best as $b | [.tried[] | select(.cell == $b)][0].settings.mode' out.json)" = ok ] || fail "a failure is best"

# Where the default fails, in what all settings have in common, there is nothing to compare with.
"$gclab" tune alpha -w work --set work_ms=1,2,4 --set mode=exit --goal wall --trials 20 --no-figure --quiet >out.txt 2>err.txt
code=$?
[ $code = 3 ] || fail "exit code $code: $(cat err.txt)"
grep -q 'the default setting fails' err.txt || fail "it does not say so: $(cat err.txt)"
echo ok
