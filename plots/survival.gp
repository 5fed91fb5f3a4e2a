# Survival: the share that reaches an age, filled down to zero.
curve(p) = layer(LINES[p], 'using 1:2 with lines lw 1.8 lc rgb colour(b)')
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(bands(p) . curve(p))
  eval head_done
}
unset multiplot
