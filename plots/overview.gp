# A line a collector: bars from zero for time and share, dots for pauses and space; whiskers are the range over trials.
unset ytics
set grid noytics xtics lt 1 lc rgb '#e8eaed' lw 0.8
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(areas(p) . whiskers(p) . dots(p))
  eval head_done
}
unset multiplot
