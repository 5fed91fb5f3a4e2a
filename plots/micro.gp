# Micro-benchmarks: a line a primitive with the limit as a mark, or curves over the number of objects with the limit dashed.
limits(p) = layer(RULES[p], 'using 1:2:3:4:5 with vectors nohead lw 2.4 lc rgb variable')
curves(p) = layer(LINES[p], 'using 1:2 with lines lw 1.6 lc rgb colour(b)')
bounds(p) = layer(DASHES[p], 'using 1:2 with lines lw 1.8 dt 2 lc rgb colour(b)')
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  if (YTICKS[p] eq '') { set grid noytics } else { set grid ytics }
  eval draw(areas(p) . limits(p) . bounds(p) . curves(p) . dotted(p) . dots(p) . rings(p))
  eval head_done
}
unset multiplot
