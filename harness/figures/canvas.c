/* A figure's model, and the .dat and .gp that it becomes; render.c has what runs gnuplot. */
#include "harness/figures/canvas.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "harness/figures/palette.h"
#include "harness/figures/render.h"
#include "harness/text/text.h"

static const char *const layer_names[CANVAS_LAYERS] = {
    "AREAS",    "HATCHES", "RULES", "BANDS", "DOTTED", "LINES",   "DASHES",
    "WHISKERS", "DOTS",    "RINGS", "TEXTS", "ENDS",   "CENTRES", "NOTES",
};

enum { LINE_PX = 19, TITLE_BASELINE_PX = 34, KEY_PX = 24 };

struct canvas *canvas_new(const char *name, const char *script)
{
  struct canvas *canvas = text_allocate(sizeof *canvas);
  canvas->name = text_copy(name);
  canvas->script = text_copy(script);
  canvas->width = CANVAS_WIDTH;
  canvas->dat = open_memstream(&canvas->data, &canvas->data_bytes);
  if (canvas->dat == NULL) text_allocate(SIZE_MAX / 2);
  return canvas;
}

void canvas_free(struct canvas *canvas)
{
  for (size_t p = 0; p < canvas->panel_count; p++) {
    struct canvas_panel *panel = &canvas->panels[p];
    axis_free(&panel->x);
    axis_free(&panel->y);
    free(panel->title);
    free(panel->x_title);
    free(panel->y_title);
    free(panel->side);
    for (int l = 0; l < CANVAS_LAYERS; l++) free(panel->blocks[l]);
  }
  for (size_t k = 0; k < canvas->key_count; k++) free(canvas->keys[k].text);
  fclose(canvas->dat);
  char *const strings[] = {canvas->name, canvas->script, canvas->title,         canvas->subtitle,
                           canvas->foot, canvas->data,   canvas->block_settings};
  for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) free(strings[i]);
  free(canvas->panels);
  free(canvas->keys);
  free(canvas);
}

/* The subtitle, broken into lines. */
static char *wrapped_subtitle(const struct canvas *canvas)
{
  return text_wrap(canvas->subtitle != NULL ? canvas->subtitle : "", CANVAS_SUBTITLE_POINTS, canvas->width - 60);
}

static unsigned count_lines(const char *text)
{
  unsigned lines = 1;
  for (const char *c = text; *c != '\0'; c++) lines += *c == '\n';
  return lines;
}

double canvas_head_bottom(const struct canvas *canvas)
{
  char *subtitle = wrapped_subtitle(canvas);
  const double bottom = TITLE_BASELINE_PX + 14 + LINE_PX * (double)count_lines(subtitle);
  free(subtitle);
  return bottom + (canvas->key_count > 0 ? KEY_PX + 4 : 0) + 10;
}

struct canvas_panel *canvas_add_panel(struct canvas *canvas, double left, double right, double top, double bottom)
{
  canvas->panels = text_reallocate(canvas->panels, (canvas->panel_count + 1) * sizeof *canvas->panels);
  struct canvas_panel *panel = &canvas->panels[canvas->panel_count++];
  *panel = (struct canvas_panel){
      .left = left, .right = right, .top = top, .bottom = bottom, .x = AXIS_EMPTY, .y = AXIS_EMPTY, .rule_x = NAN};
  return panel;
}

void canvas_add_key(struct canvas *canvas, const char *text, uint32_t colour, int line, int mark, double size)
{
  canvas->keys = text_reallocate(canvas->keys, (canvas->key_count + 1) * sizeof *canvas->keys);
  canvas->keys[canvas->key_count++] =
      (struct canvas_key){.text = text_copy(text), .colour = colour, .line = line, .mark = mark, .size = size};
}

void canvas_block(struct canvas *canvas, struct canvas_panel *panel, enum canvas_layer layer, uint32_t colour)
{
  const unsigned block = ++canvas->blocks;
  char **names = &panel->blocks[layer];
  text_append(names, "%sb%u", *names != NULL ? " " : "", block);
  text_append(&canvas->block_settings, "colour_b%u = 0x%06x\n", block, colour);
  fprintf(canvas->dat, "%s# b%u\n", block > 1 ? "\n\n" : "", block);
}

void canvas_row(struct canvas *canvas, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vfprintf(canvas->dat, format, arguments);
  va_end(arguments);
  fputc('\n', canvas->dat);
}

void canvas_text(struct canvas *canvas, double x, double y, const char *text, uint32_t colour)
{
  fprintf(canvas->dat, "%.9g %.9g ", x, y);
  text_put_data(canvas->dat, text);
  fprintf(canvas->dat, " %u\n", colour);
}

void canvas_side_text(struct canvas *canvas, struct canvas_panel *panel, double x_px, double y_px, char align,
                      double points, uint32_t colour, const char *text)
{
  const char *where = align == 'u' ? "right rotate" : align == 'r' ? "right" : align == 'c' ? "center" : "left";
  text_append(&panel->side, "set label %u \"", 101 + panel->side_count++);
  for (const char *c = text; *c != '\0'; c++)
    text_append(&panel->side, "%c", *c == '"' || *c == '\'' || *c == '\\' || *c == '`' ? ' ' : *c);
  text_append(&panel->side, "\" at screen %.6f, screen %.6f %s font font(%g) textcolor rgb %u front; ",
              x_px / canvas->width, 1 - y_px / canvas->height, where, points, colour);
}

double canvas_x_px(const struct canvas_panel *panel, double x)
{
  return panel->left + axis_fraction(&panel->x, x) * (panel->right - panel->left);
}

double canvas_y_px(const struct canvas_panel *panel, double y)
{
  return panel->bottom - axis_fraction(&panel->y, y) * (panel->bottom - panel->top);
}

double canvas_x_at(const struct canvas_panel *panel, double px)
{
  return axis_value(&panel->x, (px - panel->left) / (panel->right - panel->left));
}

double canvas_y_at(const struct canvas_panel *panel, double px)
{
  return axis_value(&panel->y, (panel->bottom - px) / (panel->bottom - panel->top));
}

static void put_text(FILE *gp, const char *name, const char *text)
{
  fprintf(gp, "%s = ", name);
  text_put_quoted(gp, text);
  fputc('\n', gp);
}

static void put_head(const struct canvas *canvas, FILE *gp)
{
  fprintf(gp,
          "# Drawn by gclab %s.  To draw it again: gnuplot %s.gp, in this directory; for another format:\n"
          "#   gnuplot -e \"FORMAT='png'\" %s.gp        (svg, png, pdf)\n\n",
          GCLAB_VERSION, canvas->name, canvas->name);
  fprintf(gp, "if (!exists('FORMAT')) FORMAT = 'svg'\nif (!exists('OUTPUT')) OUTPUT = '%s.'.FORMAT\n", canvas->name);
  fprintf(gp, "DATA = '%s.dat'\nWIDTH = %g\nHEIGHT = %g\n", canvas->name, canvas->width, canvas->height);
  put_text(gp, "TITLE", canvas->title);
  put_text(gp, "FOOT", canvas->foot);
  char *subtitle = wrapped_subtitle(canvas);
  fprintf(gp, "SUBTITLES = %u\narray SUBTITLE[%u]\n", count_lines(subtitle), count_lines(subtitle));
  unsigned line = 1;
  for (char *rest = subtitle, *next = NULL; rest != NULL; rest = next, line++) {
    next = strchr(rest, '\n');
    if (next != NULL) *next++ = '\0';
    char name[32];
    snprintf(name, sizeof name, "SUBTITLE[%u]", line);
    put_text(gp, name, rest);
  }
  free(subtitle);
}

/* The key: samples in a row under the subtitle, as wide as their texts. */
static void put_keys(const struct canvas *canvas, FILE *gp)
{
  fprintf(gp, "KEYS = %zu\n", canvas->key_count);
  if (canvas->key_count == 0) return;
  static const char *const columns[] = {"KEY_X", "KEY_TEXT", "KEY_COLOUR", "KEY_LINE", "KEY_MARK", "KEY_SIZE"};
  for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
    fprintf(gp, "array %s[%zu]\n", columns[c], canvas->key_count);
  fprintf(gp, "KEY_Y = %g\n", canvas_head_bottom(canvas) - 10 - KEY_PX / 2.0);
  double x = 30;
  for (size_t k = 0; k < canvas->key_count; k++) {
    const struct canvas_key *key = &canvas->keys[k];
    fprintf(gp,
            "KEY_X[%zu] = %.1f; KEY_COLOUR[%zu] = 0x%06x; KEY_LINE[%zu] = %d; KEY_MARK[%zu] = %d; "
            "KEY_SIZE[%zu] = %g; ",
            k + 1, x, k + 1, key->colour, k + 1, key->line, k + 1, key->mark, k + 1, key->size);
    char name[32];
    snprintf(name, sizeof name, "KEY_TEXT[%zu]", k + 1);
    put_text(gp, name, key->text);
    x += (key->line > 0 ? 34 : 14) + 8 + text_width_px(key->text, CANVAS_SUBTITLE_POINTS) + 26;
  }
}

static void put_axis(FILE *gp, char letter, size_t number, const struct axis *axis)
{
  fprintf(gp, "%cLOW[%zu] = %.12g; %cHIGH[%zu] = %.12g; %cLOG[%zu] = %d\n", letter, number, axis->low, letter, number,
          axis->high, letter, number, axis->log);
  char name[32];
  snprintf(name, sizeof name, "%cTICKS[%zu]", letter, number);
  put_text(gp, name, axis->ticks);
}

static void put_panel(FILE *gp, const struct canvas *canvas, size_t number)
{
  const struct canvas_panel *panel = &canvas->panels[number - 1];
  fprintf(gp, "LEFT[%zu] = %.6f; RIGHT[%zu] = %.6f; TOP[%zu] = %.6f; BOTTOM[%zu] = %.6f\n", number,
          panel->left / canvas->width, number, panel->right / canvas->width, number, 1 - panel->top / canvas->height,
          number, 1 - panel->bottom / canvas->height);
  put_axis(gp, 'X', number, &panel->x);
  put_axis(gp, 'Y', number, &panel->y);
  const struct {
    const char *name, *text;
  } texts[] = {
      {"PANEL_TITLE", panel->title}, {"XTITLE", panel->x_title}, {"YTITLE", panel->y_title}, {"SIDE", panel->side}};
  char name[40];
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    snprintf(name, sizeof name, "%s[%zu]", texts[i].name, number);
    put_text(gp, name, texts[i].text);
  }
  /* labels of the panel before may be more than this one's */
  unsigned sides = 0;
  for (size_t p = 0; p < canvas->panel_count; p++) {
    if (canvas->panels[p].side_count > sides) sides = canvas->panels[p].side_count;
  }
  fprintf(gp, "SIDES[%zu] = %u\n", number, 100 + sides);
  if (isnan(panel->rule_x))
    fprintf(gp, "RULE_X[%zu] = NaN\n", number);
  else
    fprintf(gp, "RULE_X[%zu] = %.12g\n", number, panel->rule_x);
  for (int l = 0; l < CANVAS_LAYERS; l++) {
    snprintf(name, sizeof name, "%s[%zu]", layer_names[l], number);
    put_text(gp, name, panel->blocks[l]);
  }
}

static void put_panels(FILE *gp, const struct canvas *canvas)
{
  static const char *const columns[] = {"LEFT",        "RIGHT",  "TOP",    "BOTTOM", "XLOW", "XHIGH",
                                        "XLOG",        "XTICKS", "YLOW",   "YHIGH",  "YLOG", "YTICKS",
                                        "PANEL_TITLE", "XTITLE", "YTITLE", "RULE_X", "SIDE", "SIDES"};
  fprintf(gp, "\nPANELS = %zu\n", canvas->panel_count);
  for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
    fprintf(gp, "array %s[%zu]\n", columns[i], canvas->panel_count);
  for (int l = 0; l < CANVAS_LAYERS; l++) fprintf(gp, "array %s[%zu]\n", layer_names[l], canvas->panel_count);
  for (size_t p = 1; p <= canvas->panel_count; p++) put_panel(gp, canvas, p);
  fprintf(gp, "\n%s\n", canvas->block_settings != NULL ? canvas->block_settings : "");
}

static bool write_points(const struct canvas *canvas, const struct canvas_output *output)
{
  if (!output->with_points) return true;
  char *text = NULL, *path = NULL;
  size_t bytes = 0;
  FILE *json = open_memstream(&text, &bytes);
  if (json == NULL) text_allocate(SIZE_MAX / 2);
  canvas_write_points(canvas, json);
  fclose(json);
  const bool ok = render_write(output->directory, canvas->name, ".json", text, bytes, &path);
  free(path);
  free(text);
  return ok;
}

bool canvas_finish(struct canvas *canvas, const struct canvas_output *output, char **files)
{
  char *script = NULL;
  size_t bytes = 0;
  FILE *gp = open_memstream(&script, &bytes);
  if (gp == NULL) text_allocate(SIZE_MAX / 2);
  put_head(canvas, gp);
  put_keys(canvas, gp);
  put_panels(gp, canvas);
  bool ok = render_append_script(gp, "style") && render_append_script(gp, canvas->script);
  fclose(gp);
  fflush(canvas->dat);
  if (ok) ok = render_write(output->directory, canvas->name, ".dat", canvas->data, canvas->data_bytes, &files[0]);
  if (ok) ok = render_write(output->directory, canvas->name, ".gp", script, bytes, &files[1]);
  free(script);
  ok = ok && write_points(canvas, output);
  return ok && render_run(output->directory, canvas->name, output->formats, output->format_count, files + 2);
}
