# A panel a workload, a line a collector: bands are ranges over trials, bars intervals.
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(bands(p) . rules(p) . dotted(p) . dashes(p) . lines(p) . dots(p) . rings(p) . notes(p))
  eval head_done
}
unset multiplot
