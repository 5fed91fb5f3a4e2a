# Heap over time: phases behind, the memory held, the heap's line, and the longest pauses as marks where they began.
rims(p)  = layer(RINGS[p], 'using 1:2:4 with points pt 6 ps variable lw 0.8 lc rgb "white"')
thin(p)  = layer(LINES[p], 'using 1:2 with lines lw 1.4 lc rgb colour(b)')
held(p)  = layer(DASHES[p], 'using 1:2 with lines lw 1.1 dt (12,7) lc rgb colour(b)')
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(areas(p) . rules(p) . held(p) . thin(p) . dots(p) . rims(p))
  eval head_done
}
unset multiplot
