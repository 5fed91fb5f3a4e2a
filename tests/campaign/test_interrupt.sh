#!/bin/bash
# Ctrl-C: what is done is kept, the summary tells how to go on, and no trial stays behind.  Progress on a terminal.
. "$(dirname "$0")/common.sh"
set -m # background jobs get SIGINT as in a terminal

# The first block runs at once; the others wait until the file is gone, so that no machine is too slow to be interrupted.
hold=$work/bin/hold
run=("$gclab" run -c alpha,beta -w work --set work_ms=20 --allocator glibc --blocks 4 --no-aa)

interrupt() { # SIGNAL TIMES
  rm -f "$work"/store.sqlite*
  touch "$hold"
  "${run[@]}" >"$work/out.txt" 2>"$work/err.txt" &
  local harness=$! i
  while [ "$(trial_ids 2>/dev/null | wc -l)" -lt 2 ] && kill -0 $harness 2>/dev/null; do sleep 0.05; done
  for ((i = 0; i < $2; i++)); do kill -"$1" $harness; done
  wait $harness
  local code=$?
  [ $code = 130 ] || fail "$1: exit code $code"
  [ "$(trials_alive)" = 0 ] || fail "$1: a trial is still running"
  grep -q 'is interrupted' "$work/out.txt" || fail "$1: the summary does not say so: $(cat "$work/out.txt")"
  grep -q "missing; to go on: gclab run -c alpha,beta -w work --set work_ms=20" "$work/out.txt" ||
    fail "$1: how to go on is not told"
  grep -q '^alpha  *work' "$work/out.txt" || fail "$1: no table of what is done"
  local done_now
  done_now=$(trial_ids | wc -l)
  [ "$done_now" = 2 ] || fail "$1: $done_now trials were kept"
  rm "$hold"
}

interrupt INT 1
interrupt INT 3
interrupt TERM 1
interrupt HUP 1

"${run[@]}" >"$work/out.txt" 2>"$work/err.txt" || fail "going on: exit code $?"
[ "$(trial_ids | wc -l)" = 8 ] || fail "going on: $(trial_ids | wc -l) trials"
[ "$(wc -l <"$work/err.txt")" -le 6 ] || fail "too many lines where there is no terminal"
grep -q $'\r' "$work/err.txt" && fail "control characters where there is no terminal"

if command -v script >/dev/null; then
  draw() { # VARIABLE=VALUE...
    rm -f "$work"/store.sqlite*
    env "$@" script -qec "$gclab run -c alpha,beta -w work --set work_ms=300 --set beta.mode=exit --allocator glibc --blocks 1 --no-aa" \
      "$work/typescript" >/dev/null </dev/null
    tr '\r' '\n' <"$work/typescript" >"$work/lines.txt"
  }
  draw TERM=xterm
  grep -Eq '^\[=*>? *\] [01]/2  block 1/1  (alpha|beta) work.*ETA [0-9]+s' "$work/lines.txt" || fail "no bar on a terminal"
  grep -q $'\e\[31m' "$work/lines.txt" || fail "a failure is not red on a terminal"
  draw TERM=xterm NO_COLOR=1
  grep -q $'\e\[31m' "$work/lines.txt" && fail "colour in spite of NO_COLOR"
  draw TERM=dumb
  grep -q $'\e' "$work/lines.txt" && fail "escape sequences on a dumb terminal"
fi
echo ok
