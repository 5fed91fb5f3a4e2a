# What can be had for what: settings as rings, those that nothing beats as dots, and the steps between them.
steps(p) = layer(LINES[p], 'using 1:2 with lines lw 1.6 lc rgb colour(b)')
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(steps(p) . rings(p) . dots(p))
  eval head_done
}
unset multiplot
