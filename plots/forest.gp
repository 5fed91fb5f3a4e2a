# Ratios to a baseline: a row a workload, dots with intervals; the band is the noise floor.
unset ytics
set grid noytics xtics lt 1 lc rgb '#e8eaed' lw 0.8
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(areas(p) . rules(p) . whiskers(p) . dots(p) . rings(p) . notes(p))
  eval head_done
}
unset multiplot
