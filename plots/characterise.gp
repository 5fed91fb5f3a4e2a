# Workloads in their principal components; loadings and distances to the nearest neighbour as rows below.
set multiplot
do for [p=1:PANELS] {
  eval panel(p)
  eval draw(areas(p) . rules(p) . dots(p))
  eval head_done
}
unset multiplot
