# Total time against peak heap: the curve of a knob with its values, other collectors as single dots.
curve(p) = layer(LINES[p], 'using 1:2 with lines lw 1.8 lc rgb colour(b)')
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(curve(p) . rules(p) . dots(p))
  eval head_done
}
unset multiplot
