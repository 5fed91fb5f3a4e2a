#!/usr/bin/env bash
# test_report.sh GCLAB MAKE_STORE: the command `gclab report`; its page is tested in tests/browser.
set -u
. "$(dirname "$0")/../expect.sh"
gclab=$1 make_store=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export GCLAB_STORE=$work/gclab.sqlite TMPDIR=$work/tmp
mkdir tmp
"$make_store" "$GCLAB_STORE" 0x2f || fail "no store"

expect 0 "$gclab" report -o page.html --title "Synthetic results"
cp page.html first.html
expect 0 "$gclab" report -o page.html --title "Synthetic results"
cmp -s first.html page.html || fail "the same store does not give the same bytes"
[ "$(stat -c %s page.html)" -lt 5000000 ] || fail "the page has $(stat -c %s page.html) bytes"
expect 0 "$gclab" report --baseline marksweep -o other.html
grep -q 'Ratios to <strong>marksweep</strong>' other.html || fail "another baseline is not named"

expect 2 "$gclab" report too-much
says 'one word too many' err
expect 4 "$gclab" report --campaign absent
says "there is no campaign 'absent'" err
expect 4 "$gclab" report --baseline nobody
says "'nobody' is no collector" err
expect 4 "$gclab" report -o nowhere/page.html
says 'nowhere/page.html: No such file or directory' err
if [ -c /dev/full ]; then
  expect 4 "$gclab" report -o /dev/full
  says '/dev/full: No space left on device' err
fi
gnuplot=$(PATH=$work/none "$gclab" report -o page.html 2>&1) && fail "without gnuplot"
case $gnuplot in *gnuplot-nox*) ;; *) fail "without gnuplot: $gnuplot" ;; esac

# Ended half-way: the page of before is there, and nothing else is left.
"$gclab" report -o page.html --title "Another title" >out 2>err &
pid=$!
until [ -n "$(ls tmp)" ] || ! kill -0 $pid 2>err.kill; do sleep 0.01; done # it draws now: signals have their handler
kill -TERM $pid
wait $pid
code=$?
[ $code = 130 ] || [ $code = 0 ] || fail "ended half-way: $code, $(cat err)"
if [ $code = 130 ]; then cmp -s first.html page.html || fail "half a page"; fi
[ ! -e page.html.part ] || fail "a part of a page is left"
[ -z "$(ls tmp)" ] || fail "something is left in TMPDIR: $(ls tmp)"
echo ok
