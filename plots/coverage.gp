# Coverage of confidence intervals against the number of blocks, a panel a distribution.  By scripts/statistics:
# DATA is what `simulate --table N` printed, OUTPUT the file, EXPERIMENTS is N.
set encoding utf8
FONT = 'DejaVu Sans'
set terminal @TERMINAL
set output OUTPUT
INK = '#202124'; TEXT = '#3c4043'; QUIET = '#5f6368'; GREY = '#80868b'; LINE = '#9aa0a6'
set border 3 lc rgb LINE lw 0.8
set tics nomirror out scale 0.6 textcolor rgb TEXT
set grid ytics lt 1 lc rgb '#e8eaed' lw 0.8
set key off
array NAME[5] = ['normal', 'log-normal', 'heavy tails', 'exponential', 'disturbed']
set yrange [0.7:1]
set xrange [4.2:60]
set logscale x
set xtics ('5' 5, '10' 10, '20' 20, '50' 50)
set xlabel 'blocks' textcolor rgb TEXT
set label 1 'How often an interval of 95 % holds the truth' at screen 0.025, screen 0.945 font FONT.',17' textcolor rgb INK
set label 2 sprintf('Simulated experiments with a known mean, %d each. Blue: studentised bootstrap, which gclab uses. Orange: percentile bootstrap. Dashed: 95 %%.', EXPERIMENTS) at screen 0.025, screen 0.87 font FONT.',11' textcolor rgb QUIET
set label 3 'distributions of log ratios over blocks; "disturbed": one trial in ten is slowed by three standard deviations · tests/statistics/simulate.c' \
  at screen 0.985, screen 0.035 right font FONT.',9' textcolor rgb GREY
set multiplot
do for [p=0:4] {
  if (p == 1) { unset label 1; unset label 2; unset label 3 }
  set lmargin at screen 0.055 + 0.189 * p; set rmargin at screen 0.055 + 0.189 * p + 0.165
  set tmargin at screen 0.73; set bmargin at screen 0.2
  if (p == 0) { set ytics ('70 %%' 0.7, '80 %%' 0.8, '90 %%' 0.9, '100 %%' 1) } else { set ytics ('' 0.7, '' 0.8, '' 0.9, '' 1) }
  set label 4 NAME[p+1] at graph 0, screen 0.765 font FONT.',12' textcolor rgb INK
  plot 0.95 with lines lw 1.2 dt (6,4) lc rgb GREY, \
       DATA index p using 2:4 with linespoints lw 1.6 pt 7 ps 0.7 lc rgb '#e69f00', \
       DATA index p using 2:3 with linespoints lw 2.2 pt 7 ps 0.9 lc rgb '#0072b2'
}
unset multiplot
