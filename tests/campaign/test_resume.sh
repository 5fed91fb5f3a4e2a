#!/bin/bash
# A campaign that is killed ten times at random moments and started again has the very trials of an undisturbed one,
# and leaves no process behind.
. "$(dirname "$0")/common.sh"

run=("$gclab" run -c none,alpha,beta -w work,toil --set work_ms=25 --set rows=10,2000 --allocator glibc --blocks 5
  --name killed --quiet)
expected=$(((6 * 2 + 2) * 5)) # two workloads have an A/A pair

wait_for_trials() { # NUMBER: are there so many within a minute?
  local i
  for ((i = 0; i < 1000; i++)); do
    [ "$(trials_alive)" = "$1" ] && return 0
    sleep 0.05
  done
  return 1
}

# A trial that would run for ever dies with its harness.
"$gclab" run -c alpha -w work --set mode=hang --allocator glibc --blocks 1 --quiet --store "$work/hang.sqlite" \
  >/dev/null 2>&1 &
harness=$!
wait_for_trials 1 || fail "no trial was started"
kill -KILL $harness
wait $harness 2>/dev/null
wait_for_trials 0 || fail "a trial outlived its harness"

"${run[@]}" --store "$work/whole.sqlite" >"$work/whole.txt" || fail "the undisturbed campaign: exit code $?"
trial_ids --store "$work/whole.sqlite" >"$work/whole.ids"
[ "$(wc -l <"$work/whole.ids")" = $expected ] || fail "an undisturbed campaign has $(wc -l <"$work/whole.ids") trials"

RANDOM=${SEED:-$$}
echo "seed of the moments: ${SEED:-$$}"
killed=0
for ((round = 1; killed < 10; round++)); do
  [ $round -le 50 ] || fail "only $killed of 50 runs were there to be killed: the campaign is too short for this test"
  "${run[@]}" >"$work/round.txt" 2>&1 &
  harness=$!
  sleep "0.$(printf %03d $((RANDOM % 250)))"
  kill -KILL $harness 2>/dev/null
  wait $harness 2>/dev/null
  if [ $? = 137 ]; then
    killed=$((killed + 1))
  else # done before its moment came, on a machine that slept for longer: from the beginning
    rm -f "$GCLAB_STORE"*
  fi
  wait_for_trials 0 || fail "round $round: $(trials_alive) trial processes outlived the harness"
done

"${run[@]}" >"$work/last.txt" || fail "the last run: exit code $?"
trial_ids >"$work/pieces.ids"
cmp "$work/whole.ids" "$work/pieces.ids" || fail "the trials are not those of an undisturbed campaign"
"$gclab" export | cut -d, -f18 | tail -n +2 | sort | uniq -c | grep -qx " *$expected ok" || fail "not every trial is ok"
grep -q 'is complete' "$work/last.txt" || fail "the campaign is not complete"
"$gclab" export --pauses >"$work/pauses.csv" || fail "the series cannot be read"
[ "$(wc -l <"$work/pauses.csv")" = $((1 + 30 * 2010 + 10 * 10)) ] || fail "pauses are missing"
echo "killed $killed times; $expected trials, the same as undisturbed"
