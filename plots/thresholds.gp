# Pause time against a knob: a row of panels for each workload, a column for each statistic.  Solid lines and dots are
# the first collector, dashed lines and rings the second; bands are the range over trials.
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(bands(p) . lines(p) . dashes(p) . dotted(p) . dots(p) . rings(p) . notes(p) . ends(p))
  eval head_done
}
unset multiplot
