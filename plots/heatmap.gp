# Two knobs against each other: each cell has its value's colour and the value; hatched cells say why they have none.
unset grid
set border 0
set tics scale 0
hatches(p) = layer(HATCHES[p], 'using (($1+$2)/2):(($3+$4)/2):1:2:3:4 with boxxyerror fs pattern 4 noborder lc rgb colour(b)')
frames(p)  = layer(RULES[p], 'using 1:2:3:4:5 with vectors nohead lw 2.4 lc rgb variable')
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(hatches(p) . areas(p) . frames(p) . centres(p))
  eval head_done
}
unset multiplot
