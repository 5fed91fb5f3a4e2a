#include "harness/figures/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/text/text.h"

/* The knob's row in the catalogue, of any collector that has it. */
static const struct setting *find_row(const struct dataset *dataset, const char *name)
{
  if (dataset->catalogue == NULL) return NULL;
  for (size_t i = 0; i < dataset->series_count; i++) {
    const struct catalogue_collector *collector = catalogue_collector(dataset->catalogue, dataset->series[i].collector);
    const int row = collector != NULL ? setting_find(collector->knobs, collector->knob_count, name) : -1;
    if (row >= 0) return &collector->knobs[row];
  }
  return NULL;
}

/* "700", "1.5", "64M"; NAN for "on". */
static double parse_number(const char *text)
{
  static const char suffixes[] = "KMGT";
  char *end = NULL;
  double value = strtod(text, &end);
  if (end == text) return NAN;
  const char *found = *end != '\0' ? strchr(suffixes, *end) : NULL;
  if (found != NULL) {
    value *= pow(1024, (double)(found - suffixes + 1));
    end++;
  }
  return *end == '\0' ? value : NAN;
}

/* Do the two cells agree in every knob but those named? */
static bool same_but(const struct dataset_cell *a, const struct dataset_cell *b, const char *knob, const char *other)
{
  if (a->knob_count != b->knob_count) return false;
  for (size_t i = 0; i < a->knob_count; i++) {
    const char *name = a->knobs[i].name;
    if (strcmp(name, knob) == 0 || (other != NULL && strcmp(name, other) == 0)) continue;
    if (strcmp(a->knobs[i].text, b->knobs[i].text) != 0) return false;
  }
  return true;
}

static bool in_group(const struct dataset_cell *cell, size_t series, size_t subject)
{
  return cell->series == series && cell->subject == subject;
}

/* How many cells of the base's group differ from it in the knob alone, itself included; each has its own value. */
static size_t count_along(const struct dataset *dataset, const struct dataset_cell *base, const char *knob)
{
  size_t count = 0;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    count += in_group(cell, base->series, base->subject) && same_but(cell, base, knob, NULL);
  }
  return count;
}

static bool others_default(const struct dataset_cell *cell, const char *knob)
{
  for (size_t i = 0; i < cell->knob_count; i++) {
    if (strcmp(cell->knobs[i].name, knob) != 0 && !cell->knobs[i].is_default) return false;
  }
  return true;
}

/* The cell whose other knobs define the slice: all at their defaults if that gives two values, else the longest. */
static const struct dataset_cell *find_base(const struct dataset *dataset, size_t series, size_t subject,
                                            const char *knob)
{
  const struct dataset_cell *best = NULL;
  size_t best_count = 1;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    if (!in_group(cell, series, subject) || dataset_knob(cell, knob) == NULL) continue;
    const size_t count = count_along(dataset, cell, knob);
    if (count >= 2 && others_default(cell, knob)) return cell;
    if (count > best_count) {
      best = cell;
      best_count = count;
    }
  }
  return best;
}

const char **sweep_find_knobs(const struct dataset *dataset, size_t *count)
{
  const char **names = NULL;
  *count = 0;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    for (size_t k = 0; k < cell->knob_count; k++) {
      const char *name = cell->knobs[k].name;
      bool known = false;
      for (size_t n = 0; n < *count; n++) known |= strcmp(names[n], name) == 0;
      if (known || count_along(dataset, cell, name) < 2) continue;
      names = text_reallocate(names, (*count + 1) * sizeof *names);
      names[(*count)++] = name;
    }
  }
  return names;
}

static int compare_values(const void *a, const void *b)
{
  const struct sweep_value *x = a, *y = b;
  if (isnan(x->number) || isnan(y->number)) return strcmp(x->text, y->text);
  return (x->number > y->number) - (x->number < y->number);
}

static void add_value(struct sweep_knob *knob, const struct dataset_setting *setting)
{
  if (setting->is_default) knob->default_text = setting->text;
  for (size_t i = 0; i < knob->value_count; i++) {
    if (strcmp(knob->values[i].text, setting->text) == 0) return;
  }
  knob->values = text_reallocate(knob->values, (knob->value_count + 1) * sizeof *knob->values);
  knob->values[knob->value_count++] = (struct sweep_value){
      .text = setting->text, .number = parse_number(setting->text), .is_default = setting->is_default};
}

/* Without a row: a log axis where the positive values span a factor of eight or more. */
static bool looks_logarithmic(const struct sweep_knob *knob)
{
  struct axis range = AXIS_EMPTY;
  for (size_t i = 0; i < knob->value_count; i++) {
    if (knob->values[i].number < 0) return false;
    if (knob->values[i].number > 0) axis_include(&range, knob->values[i].number);
  }
  return !axis_is_empty(&range) && range.high >= 8 * range.low;
}

struct sweep_knob sweep_describe(const struct dataset *dataset, const char *name)
{
  struct sweep_knob knob = {.name = name};
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    if (count_along(dataset, cell, name) < 2) continue;
    for (size_t k = 0; k < cell->knob_count; k++) {
      if (strcmp(cell->knobs[k].name, name) == 0) add_value(&knob, &cell->knobs[k]);
    }
  }
  const struct setting *row = find_row(dataset, name);
  for (size_t i = 0; i < knob.value_count; i++) knob.words |= isnan(knob.values[i].number);
  if (row != NULL) knob.words |= row->type == SETTING_BOOLEAN || row->type == SETTING_CHOICE;
  knob.log = !knob.words && (row != NULL ? row->scale == SETTING_LOG : looks_logarithmic(&knob));
  knob.unit = text_copy(row != NULL ? row->unit : "");
  if (knob.value_count > 0) qsort(knob.values, knob.value_count, sizeof *knob.values, compare_values);
  if (knob.log && knob.value_count > 1 && knob.values[0].number <= 0) { /* 0 means "no bound": last, apart */
    const struct sweep_value zero = knob.values[0];
    memmove(knob.values, knob.values + 1, (knob.value_count - 1) * sizeof *knob.values);
    knob.values[knob.value_count - 1] = zero;
  }
  return knob;
}

void sweep_knob_free(struct sweep_knob *knob)
{
  free(knob->values);
  free(knob->unit);
}

bool sweep_find_slice(const struct dataset *dataset, const struct sweep_knob *knob, size_t series, size_t subject,
                      struct sweep_slice *slice)
{
  *slice = (struct sweep_slice){0};
  const struct dataset_cell *base = find_base(dataset, series, subject, knob->name);
  if (base == NULL) return false;
  slice->cells =
      text_allocate(knob->value_count * sizeof(struct dataset_cell *)); /* NOLINT(bugprone-sizeof-expression) */
  slice->values = text_allocate(knob->value_count * sizeof *slice->values);
  for (size_t v = 0; v < knob->value_count; v++) {
    for (size_t i = 0; i < dataset->cell_count; i++) {
      struct dataset_cell *cell = &dataset->cells[i];
      if (!in_group(cell, series, subject) || !same_but(cell, base, knob->name, NULL)) continue;
      if (strcmp(dataset_knob(cell, knob->name), knob->values[v].text) != 0) continue;
      slice->cells[slice->count] = cell;
      slice->values[slice->count++] = v;
      break;
    }
  }
  for (size_t k = 0; k < base->knob_count; k++) {
    if (base->knobs[k].is_default || strcmp(base->knobs[k].name, knob->name) == 0) continue;
    text_append(&slice->base, "%s%s=%s", slice->base != NULL ? ", " : "", base->knobs[k].name, base->knobs[k].text);
  }
  return slice->count >= 2;
}

void sweep_slice_free(struct sweep_slice *slice)
{
  free(slice->cells);
  free(slice->values);
  free(slice->base);
}

/* Zero has no place on a log axis: it stands to the right of the others, at four times the largest. */
double sweep_position(const struct sweep_knob *knob, size_t value)
{
  if (knob->words) return (double)value;
  const double number = knob->values[value].number;
  if (!knob->log || number > 0) return number;
  return value > 0 ? 4 * knob->values[value - 1].number : 1;
}

struct axis sweep_axis(const struct sweep_knob *knob, double length_px, double points)
{
  struct axis axis = AXIS_EMPTY;
  axis.log = knob->log;
  for (size_t v = 0; v < knob->value_count; v++) axis_include(&axis, sweep_position(knob, v));
  axis_pad(&axis, 0.04, 0.04);
  /* A tick at each value, as far as their texts fit; the default's first. */
  double *left = text_allocate(knob->value_count * sizeof *left),
         *right = text_allocate(knob->value_count * sizeof *right);
  size_t placed = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t v = 0; v < knob->value_count; v++) {
      if (knob->values[v].is_default != (pass == 0)) continue;
      char number[TEXT_NUMBER_MAX];
      const bool zero_apart = knob->log && knob->values[v].number == 0;
      const bool shorten = !knob->words && knob->values[v].number >= 10000 && strlen(knob->values[v].text) > 4;
      const char *text = shorten ? text_short(knob->values[v].number, number) : knob->values[v].text;
      if (zero_apart) text = "0 (off)";
      const double at = axis_fraction(&axis, sweep_position(knob, v)) * length_px;
      const double half = text_width_px(text, points) / 2 + 5;
      bool fits = true;
      for (size_t i = 0; i < placed; i++) fits &= at + half <= left[i] || at - half >= right[i];
      if (!fits) {
        axis_minor_tick(&axis, sweep_position(knob, v));
        continue;
      }
      left[placed] = at - half;
      right[placed++] = at + half;
      axis_tick(&axis, sweep_position(knob, v), text);
    }
  }
  free(left);
  free(right);
  return axis;
}

char *sweep_title(const struct sweep_knob *knob)
{
  return knob->unit[0] != '\0' ? text_format("%s (%s)", knob->name, knob->unit) : text_copy(knob->name);
}

static struct dataset_cell *find_at(const struct dataset *dataset, const struct dataset_cell *base,
                                    const struct sweep_knob *x, size_t xv, const struct sweep_knob *y, size_t yv)
{
  for (size_t i = 0; i < dataset->cell_count; i++) {
    struct dataset_cell *cell = &dataset->cells[i];
    if (!in_group(cell, base->series, base->subject) || !same_but(cell, base, x->name, y->name)) continue;
    if (strcmp(dataset_knob(cell, x->name), x->values[xv].text) == 0 &&
        strcmp(dataset_knob(cell, y->name), y->values[yv].text) == 0)
      return cell;
  }
  return NULL;
}

/* The grid through a base cell; true where it has more cells than two lines that cross. */
static bool make_grid(const struct dataset *dataset, const struct dataset_cell *base, const char *x, const char *y,
                      struct sweep_grid *grid)
{
  *grid = (struct sweep_grid){.x = {.name = x}, .y = {.name = y}};
  struct sweep_knob *const knobs[] = {&grid->x, &grid->y};
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    if (!in_group(cell, base->series, base->subject) || !same_but(cell, base, x, y)) continue;
    for (size_t k = 0; k < cell->knob_count; k++) {
      for (int j = 0; j < 2; j++) {
        if (strcmp(cell->knobs[k].name, knobs[j]->name) == 0) add_value(knobs[j], &cell->knobs[k]);
      }
    }
  }
  for (int j = 0; j < 2; j++) {
    const struct setting *row = find_row(dataset, knobs[j]->name);
    knobs[j]->unit = text_copy(row != NULL ? row->unit : "");
    if (knobs[j]->value_count > 0)
      qsort(knobs[j]->values, knobs[j]->value_count, sizeof *knobs[j]->values, compare_values);
  }
  const size_t nx = grid->x.value_count, ny = grid->y.value_count;
  grid->cells = text_allocate(nx * ny * sizeof(struct dataset_cell *));
  for (size_t j = 0; j < ny; j++) {
    for (size_t i = 0; i < nx; i++) {
      grid->cells[j * nx + i] = find_at(dataset, base, &grid->x, i, &grid->y, j);
      grid->present += grid->cells[j * nx + i] != NULL;
    }
  }
  return nx >= 2 && ny >= 2 && grid->present > nx + ny - 1;
}

static void grid_free(struct sweep_grid *grid)
{
  sweep_knob_free(&grid->x);
  sweep_knob_free(&grid->y);
  free(grid->cells);
}

struct sweep_grid *sweep_find_grids(const struct dataset *dataset, size_t series, size_t subject, size_t *count)
{
  struct sweep_grid *grids = NULL;
  *count = 0;
  const struct dataset_cell *base = NULL;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    if (!in_group(cell, series, subject)) continue;
    if (base == NULL || (cell->default_knobs && !base->default_knobs)) base = cell;
  }
  if (base == NULL) return NULL;
  for (size_t a = 0; a < base->knob_count; a++) {
    for (size_t b = a + 1; b < base->knob_count; b++) {
      struct sweep_grid grid;
      if (!make_grid(dataset, base, base->knobs[a].name, base->knobs[b].name, &grid)) {
        grid_free(&grid);
        continue;
      }
      grids = text_reallocate(grids, (*count + 1) * sizeof *grids);
      grids[(*count)++] = grid;
    }
  }
  return grids;
}

void sweep_grids_free(struct sweep_grid *grids, size_t count)
{
  for (size_t i = 0; i < count; i++) grid_free(&grids[i]);
  free(grids);
}
