# What is alive over the allocation clock, filled down to zero.
curve(p) = layer(LINES[p], 'using 1:2 with lines lw 1.2 lc rgb colour(b)')
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(bands(p) . curve(p))
  eval head_done
}
unset multiplot
