/*
 * canvas: a figure on its way to files.
 *
 * C decides what is drawn: panels, axes, series as blocks of numbers, where labels stand.  How it is drawn (line
 * widths, fonts, the order of layers) is in plots/NAME.gp, after plots/style.gp.  canvas_finish writes NAME.dat with
 * the blocks and NAME.gp, which is the variables that describe the panels, the style and the figure's script in one
 * file; then gnuplot renders it, once a format, to a temporary name that becomes the figure's when all went well.
 *
 * A block belongs to a panel and a layer.  Columns of a block's rows, by layer:
 *   BANDS    x low high                 AREAS    x1 x2 y1 y2 colour        RULES  x1 y1 dx dy colour
 *   LINES    x y                        DASHES   x y                       DOTTED x y
 *   DOTS     x y colour size            RINGS    x y colour size           WHISKERS x low high y colour
 *   TEXTS    x y "text" colour          (left of it: ENDS, centred: CENTRES, small: NOTES; inside the frame only)
 */
#ifndef GCLAB_HARNESS_FIGURES_CANVAS_H
#define GCLAB_HARNESS_FIGURES_CANVAS_H

#include <stdint.h>
#include <stdio.h>

#include "harness/figures/axis.h"

enum canvas_layer {
  CANVAS_AREAS,
  CANVAS_HATCHES,
  CANVAS_RULES,
  CANVAS_BANDS,
  CANVAS_DOTTED,
  CANVAS_LINES,
  CANVAS_DASHES,
  CANVAS_WHISKERS,
  CANVAS_DOTS,
  CANVAS_RINGS,
  CANVAS_TEXTS,   /* to the right of their point */
  CANVAS_ENDS,    /* to its left */
  CANVAS_CENTRES, /* on it */
  CANVAS_NOTES,   /* to the right, small */
  CANVAS_LAYERS
};

struct canvas_panel {
  double left, right, top, bottom; /* pixels from the figure's top left corner */
  struct axis x, y;
  char *title, *x_title, *y_title;
  char *blocks[CANVAS_LAYERS]; /* names, space between */
  char *side;                  /* gnuplot's labels outside of the frame */
  unsigned side_count;
  double rule_x; /* of the default setting, NAN for none */
};

/* One sample in the key under the subtitle. */
struct canvas_key {
  char *text;
  uint32_t colour;
  int line;    /* 0 none, 1 solid, 2 dashed, 3 dotted */
  int mark;    /* 0 none, else gnuplot's point type: 7 dot, 6 ring */
  double size; /* of the mark */
};

struct canvas {
  char *name;   /* of the files, without extension */
  char *script; /* the figure's script in plots/ */
  double width, height;
  char *title, *subtitle, *foot;
  struct canvas_panel *panels;
  size_t panel_count;
  struct canvas_key *keys;
  size_t key_count;
  char *data; /* memory behind dat */
  size_t data_bytes;
  FILE *dat;
  unsigned blocks;
  char *block_settings; /* colours of blocks */
};

/* Points of the texts, the same in every figure. */
#define CANVAS_TITLE_POINTS    17.0
#define CANVAS_SUBTITLE_POINTS 11.0
#define CANVAS_TEXT_POINTS     11.0
#define CANVAS_NOTE_POINTS     9.5
#define CANVAS_WIDTH           1200.0

struct canvas *canvas_new(const char *name, const char *script);
void canvas_free(struct canvas *canvas);

/* Title, subtitle and key take the top: where the panels may begin, in pixels.  Call once the three are set. */
double canvas_head_bottom(const struct canvas *canvas);

struct canvas_panel *canvas_add_panel(struct canvas *canvas, double left, double right, double top, double bottom);
void canvas_add_key(struct canvas *canvas, const char *text, uint32_t colour, int line, int mark, double size);

/* Begins a block of the panel's layer; rows follow by canvas_row.  An empty block must not be begun. */
void canvas_block(struct canvas *canvas, struct canvas_panel *panel, enum canvas_layer layer, uint32_t colour);
void canvas_row(struct canvas *canvas, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A row with a text: x, y, "text", colour. */
void canvas_text(struct canvas *canvas, double x, double y, const char *text, uint32_t colour);

/*
 * A text anywhere, of this size; pixels from the top left corner; 'l', 'c' or 'r', or 'u': upwards, its end at the
 * place.  At most 400 a panel.
 */
void canvas_side_text(struct canvas *canvas, struct canvas_panel *panel, double x_px, double y_px, char align,
                      double points, uint32_t colour, const char *text);

/* Where a value lies in a panel, in pixels, and the reverse. */
double canvas_x_px(const struct canvas_panel *panel, double x);
double canvas_y_px(const struct canvas_panel *panel, double y);
double canvas_x_at(const struct canvas_panel *panel, double px);
double canvas_y_at(const struct canvas_panel *panel, double px);

struct canvas_output {
  bool with_points; /* write NAME.json too (canvas_write_points) */
  const char *directory;
  const char *const *formats; /* "svg", "png", "pdf" */
  size_t format_count;
};

/*
 * Writes the .dat and .gp and renders.  files (of format_count + 2) become malloc'ed paths.  False after a message on
 * standard error.
 */
bool canvas_finish(struct canvas *canvas, const struct canvas_output *output, char **files);

/*
 * What was drawn, as JSON: {width, height, panels: [{frame: [left, right, top, bottom] in pixels, x, y: the axes' units,
 * series: [{colour, points: [[x in pixels, y in pixels, x, y], ...]}]}]}.  Of a long line some points only.
 */
void canvas_write_points(const struct canvas *canvas, FILE *out);

/* Is gnuplot there?  A message that names the package where it is not. */
bool canvas_have_gnuplot(void);

#endif
