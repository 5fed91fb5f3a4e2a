#!/bin/sh
# test_plot.sh GCLAB MAKE_STORE CASE: `gclab plot` on synthetic stores.
set -eu
gclab=$1 make_store=$2 case=$3
. "$(dirname "$0")/../expect.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

no_pictures() {
  found=$(find "$1" -name '*.svg' -o -name '*.png' -o -name '*.pdf' 2>/dev/null | head -3)
  [ -z "$found" ] || fail "there is a picture: $found"
}

case $case in
all) # every figure: well-formed, with its labels, not too large, no picture empty; drawn again from its files alike
  "$make_store" s.sqlite 47
  expect 0 "$gclab" plot --store s.sqlite --out f
  [ ! -s err ] || fail "something on standard error: $(cat err)"
  says '| gcbench  | marksweep' out
  says 'refcount_cyclic on cycles, threshold0=50, threshold1=2: 3 of 3 trials were not ok (timed out)' out
  says '| threshold0    | cpython' out
  cmp -s f/summary.md out || head -c "$(wc -c <f/summary.md)" out | cmp - f/summary.md
  for name in overview thresholds-threshold0 thresholds-threshold1 thresholds-growth_factor \
    heatmap-refcount_cyclic-cycles percentiles heap-gcbench heap-cycles heap-splay timespace mmu forest \
    overhead-wall overhead-cpu pause_live latency noise floating pareto; do
    for ending in svg png dat gp; do [ -s "f/$name.$ending" ] || fail "$name.$ending is missing or empty"; done
    xmllint --noout "f/$name.svg"
    [ "$(wc -c <"f/$name.svg")" -lt 300000 ] || fail "$name.svg is larger than 300 kB"
    ! grep -q 'scale(0' "f/$name.svg" || fail "$name.svg has a mark without size, which not every viewer can draw"
    rsvg-convert "f/$name.svg" -o drawn.png
    colours=$(identify -format %k "f/$name.png")
    [ "$colours" -gt 40 ] || fail "$name.png has $colours colours"
    says 'gclab 0.1.0 · 2 × Intel Xeon @ 2.50GHz · jemalloc 5.3.0' "f/$name.svg"
    says 'trial' "f/$name.svg"
  done
  [ "$(ls -A f | grep -c '^\.')" = 0 ] || fail "temporary files are left: $(ls -A f)"
  for label in 'generation 0' 'generation 1' 'generation 2' refcount_cyclic 'cpython 3.11.2' 'default 700' '100 µs' \
    'gcbench · median' 'cycles · 99th percentile' 'cycles · longest'; do says "$label" f/thresholds-threshold0.svg; done
  for label in 'out' 'memory' 'timed out' 'not run' '99th-percentile pause, µs' 'longest pause, ms' 'total time, s'; do
    says "$label" f/heatmap-refcount_cyclic-cycles.svg
  done
  for label in 99.99 'floor 1 µs' refcount marksweep boehm; do says "$label" f/percentiles.svg; done
  for label in '2 (default)' '1.2' none 'peak heap' '2×'; do says "$label" f/timespace.svg; done
  for label in build work '(build, work)' 'no pauses' 'heap up to' '64 MiB' 'dashed: the memory held'; do says "$label" f/heap-cycles.svg; done
  for label in 'the default' 'longest pause against wall time' 'longest pause against peak heap'; do says "$label" f/pareto.svg; done
  for label in 'refcount / glibc' 'total time' 'longest pause'; do says "$label" f/overview.svg; done
  cp -r f g
  rm g/*.svg
  for gp in g/*.gp; do
    (cd g && gnuplot "$(basename "$gp")" 2>../err) || fail "$gp does not draw: $(cat err)"
    # gclab leaves out what nobody sees: the picture is the same, to a tenth of a pixel.
    rsvg-convert -o g/again.png "${gp%.gp}.svg" && rsvg-convert -o g/first.png "f/$(basename "${gp%.gp}").svg"
    difference=$(compare -metric RMSE g/again.png g/first.png null: 2>&1 | sed 's/.*(\(.*\))/\1/')
    awk -v d="$difference" 'BEGIN { exit !(d < 0.02) }' || fail "$gp draws another picture: $difference"
  done
  ;;
wide) # 22 workloads by eight collectors: no figure is too large to mail
  "$make_store" s.sqlite 64
  expect 0 "$gclab" plot --store s.sqlite --out f --format svg
  for name in overview percentiles mmu forest overhead-wall overhead-cpu pause_live; do
    [ -s "f/$name.svg" ] || fail "$name.svg is missing"
  done
  for svg in f/*.svg; do
    xmllint --noout "$svg"
    [ "$(wc -c <"$svg")" -lt 300000 ] || large="${large-} $svg: $(wc -c <"$svg")"
  done
  [ -z "${large-}" ] || fail "larger than 300 kB:$large"
  ;;
allocator) # held fixed, and said; where it is not, what each collector was on
  "$make_store" s.sqlite 47
  expect 0 "$gclab" plot overview percentiles --store s.sqlite --out f --format svg
  for name in overview percentiles; do
    tr -d '\n' <"f/$name.svg" | sed 's/<[^>]*>/ /g; s/  */ /g' >text
    says 'Memory: refcount' text
    says 'marksweep on blocks.' text
  done
  expect 0 "$gclab" plot overview --allocator glibc --store s.sqlite --out g --format svg
  says 'All on the allocator glibc.' g/overview.svg
  says refcount g/overview.svg
  ! grep -q 'marksweep\|refcount_cyclic\|Memory:\|/ glibc' g/overview.svg || fail "something else is in the figure"
  expect 0 "$gclab" plot -a blocks --store s.sqlite --out h --format svg
  says 'Only what ran on the allocator blocks.' h/summary.md
  ! grep -q refcount h/summary.md || fail "refcount is in the summary"
  expect 4 "$gclab" plot -a tcmalloc --store s.sqlite --out i
  says "campaign 'synthetic' has no trial on the allocator tcmalloc; it has" err
  says blocks err
  no_pictures i
  ;;
deterministic) # the same data, the same bytes
  "$make_store" s.sqlite 15
  "$make_store" t.sqlite 15
  expect 0 "$gclab" plot --store s.sqlite --out a --format svg
  expect 0 "$gclab" plot --store t.sqlite --out b --format svg
  expect 0 "$gclab" plot --store s.sqlite --out b --format svg
  diff -r a b
  ;;
formats)
  "$make_store" s.sqlite 1
  expect 0 "$gclab" plot percentiles --store s.sqlite --out deep/er/f --format pdf,png,png
  [ "$(head -c 4 deep/er/f/percentiles.pdf)" = %PDF ] || fail "not a PDF"
  [ ! -e deep/er/f/percentiles.svg ] || fail "an SVG that nobody asked for"
  expect 2 "$gclab" plot --store s.sqlite --format gif
  says "'gif' is none of svg, png and pdf" err
  expect 0 "$gclab" plot --store s.sqlite --out f --json
  jq -e '.campaign == "synthetic" and (.files | length) > 10 and (.not_drawn | map(.figure) | index("heatmap")) != null' out >/dev/null
  ;;
missing) # what cannot be drawn is said, with what to do; no empty picture
  "$make_store" s.sqlite 1
  expect 0 "$gclab" plot --store s.sqlite --out f
  says 'not drawn: thresholds: no knob was varied' out
  says 'gclab run' out
  for figure in thresholds heatmap timespace; do
    expect 4 "$gclab" plot "$figure" --store s.sqlite --out g
    says "$figure was not drawn" err
    says 'gclab run' err
    no_pictures g
  done
  expect 2 "$gclab" plot treshholds --store s.sqlite --out g
  says 'did you mean thresholds?' err
  expect 2 "$gclab" plot zzzzzzzz --store s.sqlite --out g
  says 'gclab list figures' err
  expect 4 "$gclab" plot --store s.sqlite --campaign other --out g
  [ -s err ] || fail "no message"
  expect 4 "$gclab" plot --store nowhere.sqlite --out g
  says nowhere.sqlite err
  # A panel in which nothing can be drawn, and a table without rows.
  expect 0 "$gclab" run -c none -w gcbench --small --blocks 1 --quiet --store still.sqlite
  expect 0 "$gclab" plot overview --store still.sqlite --out s
  says 'no pauses' s/overview.svg
  [ ! -s err ] || fail "something on standard error: $(cat err)"
  expect 0 "$gclab" run -c refcount_cyclic -w cycles --small --blocks 1 --quiet --store still.sqlite --set threshold0=5,50
  expect 0 "$gclab" plot --store still.sqlite --out s
  ! grep -q 'at their default knobs' out || fail "a table without rows: $(cat out)"
  "$make_store" empty.sqlite 0
  expect 4 "$gclab" plot --store empty.sqlite --out g
  says 'gclab run quick' err
  no_pictures g
  ;;
gnuplot) # no gnuplot, and ones that fail in each way
  "$make_store" s.sqlite 1
  expect 4 env PATH=/nowhere "$gclab" plot --store s.sqlite --out g
  says gnuplot-nox err
  [ "$(wc -l <err)" = 1 ] || fail "more than one line: $(cat err)"
  for body in 'exit 1' 'echo "warning: something" >&2; : >"$output"; echo x >"$output"' ': >"$output"' 'kill -9 $$'; do
    mkdir -p fake
    printf '#!/bin/sh\noutput=$(echo "$3" | sed "s/.*OUTPUT=.\\(.*\\)./\\1/")\n%s\n' "$body" >fake/gnuplot
    chmod +x fake/gnuplot
    expect 4 env PATH="$PWD/fake:$PATH" "$gclab" plot percentiles --store s.sqlite --out g
    says 'percentiles' err
    no_pictures g
  done
  expect 4 env GCLAB_PLOT_PATH="$PWD/fake" "$gclab" plot percentiles --store s.sqlite --out g
  says GCLAB_PLOT_PATH err
  ;;
unwritable)
  "$make_store" s.sqlite 1
  : >file
  expect 4 "$gclab" plot --store s.sqlite --out file/below
  says 'file/below' err
  says '--out' err
  expect 4 "$gclab" plot --store s.sqlite --out file
  says '--out' err
  if [ "$(id -u)" != 0 ]; then
    mkdir -m 500 closed
    expect 4 "$gclab" plot --store s.sqlite --out closed
    says 'closed' err
  fi
  ;;
large) # three million pauses in three trials
  "$make_store" s.sqlite 16
  expect 0 timeout 60 "$gclab" plot --store s.sqlite --out f
  says '| 3,024,000 |' out
  for svg in f/*.svg; do [ "$(wc -c <"$svg")" -lt 300000 ] || fail "$svg is larger than 300 kB"; done
  ;;
phases) # one file a workload with a panel a phase, or one phase of the workloads that have it
  "$make_store" s.sqlite 15
  expect 0 "$gclab" plot --store s.sqlite --out by --by-phase
  [ ! -s err ] || fail "something on standard error: $(cat err)"
  says 'not drawn: heap: it shows a whole trial' out
  says '| phase | collector' by/summary-by-phase-cycles.md
  says 'without cascades' by/overview-by-phase-cycles.svg
  ! grep -q gcbench out || fail "gcbench, which has no phases here: $(cat out)"
  for name in overview thresholds-threshold0 percentiles timespace heatmap-refcount_cyclic-build heatmap-refcount_cyclic-work; do
    [ -s "by/$name-by-phase-cycles.png" ] || fail "$name-by-phase-cycles.png is missing or empty"
    xmllint --noout "by/$name-by-phase-cycles.svg"
    says 'cycles by phase' "by/$name-by-phase-cycles.svg"
  done
  for label in 'build · total time' 'work · total time'; do says "$label" by/overview-by-phase-cycles.svg; done
  for label in 'build · median' 'work · longest'; do says "$label" by/thresholds-threshold0-by-phase-cycles.svg; done
  for label in '>build<' '>work<'; do says "$label" by/percentiles-by-phase-cycles.svg; done
  says 'phase work' by/heatmap-refcount_cyclic-work-by-phase-cycles.svg
  expect 0 "$gclab" plot overview percentiles heatmap --store s.sqlite --out one --phase work --format svg
  says '· phase work' one/overview-in-work.svg
  says 'cycles · total time' one/overview-in-work.svg
  ! grep -q gcbench one/overview-in-work.svg || fail "gcbench has no phase work"
  says 'workload cycles' one/heatmap-refcount_cyclic-cycles-in-work.svg
  [ ! -e one/overview.svg ] || fail "the figure of whole trials"
  # What cannot be split says so, and so does a phase that is not there.
  expect 4 "$gclab" plot heap --store s.sqlite --out none --by-phase
  says 'heap was not drawn: it shows a whole trial, with its phases' err
  expect 4 "$gclab" plot --store s.sqlite --out none --phase wrok
  says "no workload of campaign 'synthetic' has a phase 'wrok'" err
  says 'cycles: build, work' err
  "$make_store" still.sqlite 16 # graph_churn has no phases here
  expect 4 "$gclab" plot --store still.sqlite --out none --by-phase
  says 'has phases' err
  no_pictures none
  expect 2 "$gclab" plot --store s.sqlite --phase work --by-phase
  says 'do not go together' err
  expect 0 "$gclab" plot --store s.sqlite --out json --by-phase --format svg --json
  jq -e '(.files | index("json/percentiles-by-phase-cycles.svg")) != null and
         (.not_drawn | map(.figure) | index("heap")) != null and
         (.not_drawn | map(.figure) | index("percentiles")) == null' out >/dev/null || fail "not as it should be: $(cat out)"
  ;;
*) fail "no case $case" ;;
esac
