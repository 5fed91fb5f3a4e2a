# Heap over time: phases behind, the line, and the longest pauses as marks where they began.
marks(p) = layer(DOTS[p], 'using 1:2:4:3 with points pt 7 ps variable lc rgb variable') \
         . layer(DOTS[p], 'using 1:2:($4 > 0.6 ? $4 : 0) with points pt 6 ps variable lw 0.8 lc rgb "white"')
thin(p)  = layer(LINES[p], 'using 1:2 with lines lw 1.4 lc rgb colour(b)')
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(areas(p) . thin(p) . marks(p))
  eval head_done
}
unset multiplot
