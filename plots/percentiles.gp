# Pause percentiles, x = 1 / (1 - q): each decade is one more nine.
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(rules(p) . dotted(p) . lines(p) . dots(p) . notes(p))
  eval head_done
}
unset multiplot
