# The look of gclab's figures: quiet axes on two sides, light grid, direct labels, colours that colour-blind readers
# tell apart.  It comes after the variables that harness/figures/canvas.c writes: WIDTH, HEIGHT, TITLE, SUBTITLE, the
# key, and for each panel p its frame (LEFT[p] ...), axes, and the names of its blocks of data by layer.
set encoding utf8
FONT = 'DejaVu Sans'
# Sizes in points are the same in every format: the SVG terminal takes pixels for points, and PDF has inches.
if (FORMAT eq 'svg') set terminal svg noenhanced font FONT.',11' fontscale 1.3333 size WIDTH,HEIGHT background rgb 'white'
if (FORMAT eq 'png') set terminal pngcairo noenhanced font FONT.',11' size WIDTH,HEIGHT background rgb 'white'
if (FORMAT eq 'pdf') set terminal pdfcairo noenhanced font FONT.',11' size WIDTH/96.0,HEIGHT/96.0 background rgb 'white'
set output OUTPUT

INK = '#202124'; TEXT = '#3c4043'; QUIET = '#5f6368'; GREY = '#80868b'; LINE = '#9aa0a6'
font(points) = sprintf('%s,%.1f', FONT, points)
x_of(px) = 1.0 * px / WIDTH
y_of(px) = 1 - 1.0 * px / HEIGHT

set border 3 lc rgb LINE lw 0.8
set tics nomirror out scale 0.6 textcolor rgb TEXT
set grid xtics ytics lt 1 lc rgb '#e8eaed' lw 0.8, lt 1 lc rgb '#f4f5f6' lw 0.4
set key off
set style fill solid 1 noborder

# Title, subtitle, foot and key: once, on the first panel, at places of the whole figure.
set label 1 TITLE at screen x_of(30), screen y_of(28) left font font(17) textcolor rgb INK
do for [i=1:SUBTITLES] {
  set label 1+i SUBTITLE[i] at screen x_of(30), screen y_of(58 + 19 * (i - 1)) left font font(11) textcolor rgb QUIET
}
set label 10 FOOT at screen x_of(WIDTH - 16), screen y_of(HEIGHT - 14) right font font(9) textcolor rgb GREY
do for [k=1:KEYS] {
  width = KEY_LINE[k] > 0 ? 34 : 14
  if (KEY_LINE[k] > 0) {
    set arrow 20+k from screen x_of(KEY_X[k]), screen y_of(KEY_Y) to screen x_of(KEY_X[k] + width), screen y_of(KEY_Y) nohead lw 2.2 \
        dt KEY_LINE[k] lc rgb KEY_COLOUR[k] front
  }
  if (KEY_MARK[k] > 0) {
    set label 20+k '' at screen x_of(KEY_X[k] + width / 2.0), screen y_of(KEY_Y) \
        point pt KEY_MARK[k] ps KEY_SIZE[k] lw 1.6 lc rgb KEY_COLOUR[k] front
  }
  set label 40+k KEY_TEXT[k] at screen x_of(KEY_X[k] + width + 8), screen y_of(KEY_Y) left font font(11) textcolor rgb TEXT
}

# Frame, axes and titles of panel p.
panel(p) = sprintf('unset logscale; set lmargin at screen %.6f; set rmargin at screen %.6f; set tmargin at screen %.6f; ', \
                   LEFT[p], RIGHT[p], TOP[p]) \
         . sprintf('set bmargin at screen %.6f; set xrange [%.12g:%.12g]; set yrange [%.12g:%.12g]; ', \
                   BOTTOM[p], XLOW[p], XHIGH[p], YLOW[p], YHIGH[p]) \
         . (XLOG[p] ? 'set logscale x; ' : '') . (YLOG[p] ? 'set logscale y; ' : '') \
         . (XTICKS[p] eq '' ? 'unset xtics; ' : sprintf('set xtics (%s) textcolor rgb TEXT; ', XTICKS[p])) \
         . (YTICKS[p] eq '' ? 'unset ytics; ' : sprintf('set ytics (%s) textcolor rgb TEXT; ', YTICKS[p])) \
         . 'set xlabel XTITLE[p] textcolor rgb TEXT offset 0,0.3; ' \
         . 'unset ylabel; unset arrow 1; ' \
         . (RULE_X[p] == RULE_X[p] ? sprintf('set arrow 1 from %.12g, graph 0 to %.12g, graph 1 nohead dt (3,4) lc rgb GREY lw 0.9; ', RULE_X[p], RULE_X[p]) : '') \
         . 'do for [i=101:SIDES[p]] { unset label i }; ' . SIDE[p] . 'set label 90 PANEL_TITLE[p] at graph 0, screen TOP[p] + 12.0 / HEIGHT left font font(12) textcolor rgb INK; ' \
         . 'set label 91 YTITLE[p] at screen LEFT[p], screen TOP[p] + 12.0 / HEIGHT right font font(9.5) textcolor rgb QUIET offset -1,0'

# After the first panel: what belongs to the whole figure is there.
head_done = 'do for [i=1:10] { unset label i }; do for [k=1:KEYS] { unset label 20+k; unset label 40+k; unset arrow 20+k }'
colour(block) = value('colour_'.block)

# A layer of a panel: plots the blocks named in list, each by the specification; nothing where the list is empty.
layer(list, specification) = list eq '' ? '' : sprintf(", for [b in '%s'] DATA index b %s", list, specification)
draw(layers) = layers eq '' ? 'plot NaN notitle' : 'plot ' . layers[3:strlen(layers)] # texts alone make a panel too
areas(p)    = layer(AREAS[p],    'using (($1+$2)/2):(($3+$4)/2):1:2:3:4:5 with boxxyerror fs solid 1 noborder lc rgb variable')
rules(p)    = layer(RULES[p],    'using 1:2:3:4:5 with vectors nohead lw 1 lc rgb variable')
bands(p)    = layer(BANDS[p],    'using 1:2:3 with filledcurves fs transparent solid 0.14 lc rgb colour(b)')
lines(p)    = layer(LINES[p],    'using 1:2 with lines lw 2.2 lc rgb colour(b)')
dashes(p)   = layer(DASHES[p],   'using 1:2 with lines lw 2.2 dt 2 lc rgb colour(b)')
dotted(p)   = layer(DOTTED[p],   'using 1:2 with lines lw 1.6 dt 3 lc rgb colour(b)')
whiskers(p) = layer(WHISKERS[p], 'using 1:3:1:2:4 with xerrorbars pt 0 lw 1.2 lc rgb variable')
dots(p)     = layer(DOTS[p],     'using 1:2:4:3 with points pt 7 ps variable lc rgb variable')
rings(p)    = layer(RINGS[p],    'using 1:2:4:3 with points pt 6 ps variable lw 1.6 lc rgb variable')
texts(p)    = layer(TEXTS[p],    'using 1:2:3:4 with labels left font font(11) tc rgb variable')
centres(p)  = layer(CENTRES[p],  'using 1:2:3:4 with labels center font font(11) tc rgb variable')
ends(p)     = layer(ENDS[p],     'using 1:2:3:4 with labels right font font(9.5) tc rgb variable')
notes(p)    = layer(NOTES[p],    'using 1:2:3:4 with labels left font font(9.5) tc rgb variable')
