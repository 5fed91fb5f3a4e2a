#include "harness/cli/characterise_print.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "harness/characterise/nominal.h"
#include "harness/characterise/spread.h"
#include "harness/cli/table.h"

enum { REAL_TEXT_MAX = 3 * MEASURE_TEXT_MAX + 8 };

struct texts {
  char value[MEASURE_TEXT_MAX], minimum[MEASURE_TEXT_MAX], median[MEASURE_TEXT_MAX], maximum[MEASURE_TEXT_MAX];
};

static void format_all(enum measure measure, const struct nominal *nominal, struct texts *texts)
{
  measure_format(measure, nominal->value, texts->value);
  measure_format(measure, nominal->minimum, texts->minimum);
  measure_format(measure, nominal->median, texts->median);
  measure_format(measure, nominal->maximum, texts->maximum);
}

void characterise_print_workload(const struct suite *suite, size_t which, FILE *out)
{
  static const char *const headings[] = {"number",  ">value",   ">score", ">rank", ">minimum",
                                         ">median", ">maximum", "",       NULL};
  struct table table;
  fprintf(out, "%s, among %zu workload%s:\n", suite->list[which].workload, suite->count, suite->count == 1 ? "" : "s");
  table_init(&table, headings);
  for (int i = 0; i < MEASURES; i++) {
    const enum measure measure = (enum measure)i;
    const struct nominal nominal = nominal_of(suite->list, suite->count, which, measure);
    struct texts texts;
    char score[16] = "-";
    char rank[48] = "-";
    char what[256];
    format_all(measure, &nominal, &texts);
    if (nominal.score > 0) snprintf(score, sizeof score, "%d", nominal.score);
    if (nominal.rank > 0) snprintf(rank, sizeof rank, "%zu", nominal.rank);
    const bool has_unit = measure_rows[i].print != MEASURE_PRINT_BYTES && measure_rows[i].print != MEASURE_PRINT_COUNT;
    snprintf(what, sizeof what, "%s%s%s", has_unit ? measure_rows[i].unit : "", has_unit ? ": " : "",
             measure_rows[i].description);
    table_add(&table, (const char *const[]){measure_rows[i].name, texts.value, score, rank, texts.minimum, texts.median,
                                            texts.maximum, what});
  }
  table_print(&table, out, 2);
}

/* The workload with the largest (or smallest) value; NULL: none has one. */
static const char *extreme_of(const struct suite *suite, enum measure measure, bool largest)
{
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < suite->count; i++) {
    const double value = suite->list[i].values[measure];
    if (isnan(value)) continue;
    if (best == SIZE_MAX ||
        (largest ? value > suite->list[best].values[measure] : value < suite->list[best].values[measure]))
      best = i;
  }
  return best == SIZE_MAX ? "" : suite->list[best].workload;
}

/* "28 / 58 / 211", or nothing. */
static void format_real(enum measure measure, char *text)
{
  const struct measure_anchor *real = &measure_rows[measure].real;
  char parts[3][MEASURE_TEXT_MAX];
  text[0] = '\0';
  if (!real->used) return;
  const double values[] = {real->minimum, real->median, real->maximum};
  for (int i = 0; i < 3; i++) measure_format(measure, values[i], parts[i]);
  snprintf(text, REAL_TEXT_MAX, "%s / %s / %s", parts[0], parts[1], parts[2]);
}

static void print_ranges(const struct suite *suite, FILE *out)
{
  static const char *const headings[] = {"number",   "unit", ">minimum",      "of", ">median",
                                         ">maximum", "of",   "real programs", NULL};
  struct table table;
  table_init(&table, headings);
  for (int i = 0; i < MEASURES; i++) {
    const enum measure measure = (enum measure)i;
    const struct nominal nominal = nominal_of(suite->list, suite->count, 0, measure);
    struct texts texts;
    char real[REAL_TEXT_MAX];
    format_all(measure, &nominal, &texts);
    format_real(measure, real);
    table_add(&table, (const char *const[]){measure_rows[i].name, measure_rows[i].unit, texts.minimum,
                                            extreme_of(suite, measure, false), texts.median, texts.maximum,
                                            extreme_of(suite, measure, true), real});
  }
  table_print(&table, out, 2);
}

static void print_neighbours(const struct suite *suite, const struct spread *spread, FILE *out)
{
  static const char *const headings[] = {"workload", "nearest to", ">distance", "", NULL};
  struct table table;
  fprintf(out, "\nNearest neighbours over %zu dimensions; distance as a multiple of the median between workloads:\n",
          spread->measure_count);
  table_init(&table, headings);
  for (size_t i = 0; i < suite->count; i++) {
    char distance[MEASURE_TEXT_MAX];
    snprintf(distance, sizeof distance, "%.2f", spread->distances[i]);
    table_add(&table,
              (const char *const[]){suite->list[i].workload, suite->list[spread->neighbours[i]].workload, distance,
                                    spread->distances[i] < SPREAD_NEAR ? "adds nothing to the spread" : ""});
  }
  table_print(&table, out, 2);
}

void characterise_print_suite(const struct suite *suite, FILE *out)
{
  struct spread spread;
  fprintf(out, "%zu workload%s; real programs are 22 of DaCapo's, as minimum / median / maximum:\n", suite->count,
          suite->count == 1 ? "" : "s");
  if (suite->count == 0) return;
  print_ranges(suite, out);
  if (!spread_of(suite->list, suite->count, &spread)) {
    fprintf(out, "\nWith %d workloads and more their spread can be told.\n", SPREAD_LEAST);
    return;
  }
  print_neighbours(suite, &spread, out);
  spread_free(&spread);
}

/* ---- Markdown --------------------------------------------------------------------------------------------------- */

/* What a row a workload has room for; the rest is in the ranges. */
static const struct {
  enum measure measure;
  const char *heading;
} columns[] = {
    {MEASURE_OBJECTS, "objects"},         {MEASURE_BYTES, "bytes"},
    {MEASURE_SIZE_MEAN, "mean size, B"},  {MEASURE_SIZE_P90, "p90, B"},
    {MEASURE_LIVE_MAX, "live, most"},     {MEASURE_TURNOVER, "turnover"},
    {MEASURE_SURVIVAL_1, "survival 1 %"}, {MEASURE_SURVIVAL_10, "10 %"},
    {MEASURE_SURVIVAL_100, "100 %"},      {MEASURE_CYCLIC, "cyclic, %"},
    {MEASURE_STORES, "stores/object"},    {MEASURE_OLD_TO_YOUNG, "old to young, %"},
    {MEASURE_FAN_OUT_MEAN, "fan-out"},    {MEASURE_SHARED, "shared, %"},
    {MEASURE_DEPTH_MAX, "depth"},         {MEASURE_COLLECTIONS, "collections at 2x"},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

static void markdown_workloads(const struct suite *suite, const struct spread *spread, FILE *out)
{
  fputs("| workload |", out);
  for (size_t c = 0; c < COLUMNS; c++) fprintf(out, " %s |", columns[c].heading);
  fputs(spread != NULL ? " nearest, distance |\n|---|" : "\n|---|", out);
  for (size_t c = 0; c < COLUMNS; c++) fputs("--:|", out);
  fputs(spread != NULL ? "---|\n" : "\n", out);
  for (size_t i = 0; i < suite->count; i++) {
    fprintf(out, "| %s |", suite->list[i].workload);
    for (size_t c = 0; c < COLUMNS; c++) {
      char text[MEASURE_TEXT_MAX];
      fprintf(out, " %s |", measure_format(columns[c].measure, suite->list[i].values[columns[c].measure], text));
    }
    if (spread != NULL)
      fprintf(out, " %s, %.2f%s |", suite->list[spread->neighbours[i]].workload, spread->distances[i],
              spread->distances[i] < SPREAD_NEAR ? ": adds nothing" : "");
    fputc('\n', out);
  }
}

static void markdown_measures(const struct suite *suite, FILE *out)
{
  fputs("Over the workloads; * is no dimension of the components:\n\n| number | what it is | minimum | median | "
        "maximum | real programs |\n|---|---|--:|--:|--:|--:|\n",
        out);
  for (int i = 0; i < MEASURES; i++) {
    const enum measure measure = (enum measure)i;
    const struct nominal nominal = nominal_of(suite->list, suite->count, 0, measure);
    struct texts texts;
    char real[REAL_TEXT_MAX];
    format_all(measure, &nominal, &texts);
    format_real(measure, real);
    fprintf(out, "| %s%s | %s (%s) | %s | %s | %s | %s |\n", measure_rows[i].name,
            measure_rows[i].is_component ? "" : " *", measure_rows[i].description, measure_rows[i].unit, texts.minimum,
            texts.median, texts.maximum, real);
  }
}

/* Where real programs are known: how many of ours are in their range, and which are not. */
static void markdown_real(const struct suite *suite, FILE *out)
{
  fputs("\n| number | real programs | in their range | below it | above it |\n|---|--:|--:|---|---|\n", out);
  for (int i = 0; i < MEASURES; i++) {
    const struct measure_anchor *real = &measure_rows[i].real;
    char text[REAL_TEXT_MAX];
    size_t inside = 0;
    size_t known = 0;
    format_real((enum measure)i, text);
    if (!real->used) continue;
    for (size_t k = 0; k < suite->count; k++) {
      const double value = suite->list[k].values[i];
      if (!isnan(value)) known++;
      if (value >= real->minimum && value <= real->maximum) inside++;
    }
    fprintf(out, "| %s | %s | %zu of %zu |", measure_rows[i].name, text, inside, known);
    for (int side = 0; side < 2; side++) {
      const char *gap = " ";
      for (size_t k = 0; k < suite->count; k++) {
        const double value = suite->list[k].values[i];
        if (side == 0 ? !(value < real->minimum) : !(value > real->maximum)) continue;
        fprintf(out, "%s%s", gap, suite->list[k].workload);
        gap = ", ";
      }
      fputs(" |", out);
    }
    fputc('\n', out);
  }
}

static void markdown_components(const struct spread *spread, FILE *out)
{
  const struct stats_components *components = &spread->components;
  const size_t shown = components->columns < 4 ? components->columns : 4;
  fputs("\n| component | of the variance | what weighs most in it |\n|---|--:|---|\n", out);
  for (size_t k = 0; k < shown; k++) {
    fprintf(out, "| %zu | %.0f %% |", k + 1, 100 * components->share[k]);
    bool told[MEASURES] = {false};
    for (int n = 0; n < 4; n++) { /* the four largest */
      size_t best = 0;
      double weight = -1;
      for (size_t c = 0; c < components->columns; c++) {
        const double here = fabs(components->loadings[k * components->columns + c]);
        if (told[c] || here <= weight) continue;
        best = c;
        weight = here;
      }
      told[best] = true;
      fprintf(out, "%s %s %+.2f", n == 0 ? "" : ",", measure_rows[spread->measures[best]].name,
              components->loadings[k * components->columns + best]);
    }
    fputs(" |\n", out);
  }
}

void characterise_print_markdown(const struct suite *suite, const char *command, FILE *out)
{
  struct spread spread;
  const bool has_spread = spread_of(suite->list, suite->count, &spread);
  fprintf(out, "<!-- made by: %s -->\n\n", command);
  markdown_workloads(suite, has_spread ? &spread : NULL, out);
  fputc('\n', out);
  markdown_measures(suite, out);
  markdown_real(suite, out);
  if (!has_spread) return;
  markdown_components(&spread, out);
  spread_free(&spread);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static json_t *number(double value) { return isnan(value) ? json_null() : json_real(value); }

static json_t *json_of_nominal(const struct nominal *nominal)
{
  json_t *object = json_object();
  json_object_set_new(object, "value", number(nominal->value));
  json_object_set_new(object, "rank", nominal->rank > 0 ? json_integer((json_int_t)nominal->rank) : json_null());
  json_object_set_new(object, "ranked", json_integer((json_int_t)nominal->ranked));
  json_object_set_new(object, "score", nominal->score > 0 ? json_integer(nominal->score) : json_null());
  json_object_set_new(object, "minimum", number(nominal->minimum));
  json_object_set_new(object, "median", number(nominal->median));
  json_object_set_new(object, "maximum", number(nominal->maximum));
  return object;
}

static json_t *json_of_curve(const struct curve_point *points, size_t count)
{
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) json_array_append_new(list, json_pack("[f, f]", points[i].x, points[i].y));
  return list;
}

static json_t *json_of_measures(void)
{
  json_t *list = json_array();
  for (int i = 0; i < MEASURES; i++) {
    const struct measure_row *row = &measure_rows[i];
    json_t *object = json_pack("{s:s, s:s, s:s, s:b, s:b}", "name", row->name, "unit", row->unit, "description",
                               row->description, "component", row->is_component, "logarithm", row->is_log);
    if (row->real.used)
      json_object_set_new(object, "real_programs",
                          json_pack("{s:f, s:f, s:f}", "minimum", row->real.minimum, "median", row->real.median,
                                    "maximum", row->real.maximum));
    json_array_append_new(list, object);
  }
  return list;
}

static json_t *json_of_workload(const struct suite *suite, size_t which, const struct spread *spread)
{
  const struct characterisation *one = &suite->list[which];
  json_t *object = json_object();
  json_t *measures = json_object();
  json_object_set_new(object, "workload", json_string(one->workload));
  for (int i = 0; i < MEASURES; i++) {
    const struct nominal nominal = nominal_of(suite->list, suite->count, which, (enum measure)i);
    json_object_set_new(measures, measure_rows[i].name, json_of_nominal(&nominal));
  }
  json_object_set_new(object, "measures", measures);
  if (spread != NULL) {
    const size_t columns_count = spread->components.columns;
    json_t *scores = json_array();
    for (size_t k = 0; k < columns_count; k++)
      json_array_append_new(scores, json_real(spread->components.scores[which * columns_count + k]));
    json_object_set_new(object, "components", scores);
    json_object_set_new(object, "nearest", json_string(suite->list[spread->neighbours[which]].workload));
    json_object_set_new(object, "distance", json_real(spread->distances[which]));
    json_object_set_new(object, "adds_nothing", json_boolean(spread->distances[which] < SPREAD_NEAR));
  }
  json_object_set_new(object, "live", json_of_curve(one->live, one->live_count));
  json_object_set_new(object, "survival", json_of_curve(one->survival, one->survival_count));
  return object;
}

static json_t *json_of_components(const struct spread *spread)
{
  json_t *list = json_array();
  for (size_t k = 0; k < spread->components.columns; k++) {
    json_t *loadings = json_object();
    for (size_t c = 0; c < spread->components.columns; c++)
      json_object_set_new(loadings, measure_rows[spread->measures[c]].name,
                          json_real(spread->components.loadings[k * spread->components.columns + c]));
    json_array_append_new(list, json_pack("{s:f, s:o}", "share", spread->components.share[k], "loadings", loadings));
  }
  return list;
}

void characterise_print_json(const struct suite *suite, const char *size, FILE *out)
{
  struct spread spread;
  const bool has_spread = spread_of(suite->list, suite->count, &spread);
  json_t *root = json_object();
  json_t *list = json_array();
  for (size_t i = 0; i < suite->count; i++)
    json_array_append_new(list, json_of_workload(suite, i, has_spread ? &spread : NULL));
  json_object_set_new(root, "format", json_string("gclab-characterisation-1"));
  json_object_set_new(root, "size", json_string(size));
  json_object_set_new(root, "measures", json_of_measures());
  json_object_set_new(root, "workloads", list);
  if (has_spread) json_object_set_new(root, "components", json_of_components(&spread));
  json_dumpf(root, out, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
  fputc('\n', out);
  json_decref(root);
  if (has_spread) spread_free(&spread);
}
