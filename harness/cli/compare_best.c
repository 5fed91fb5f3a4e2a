/* `gclab compare --best`: the best setting of a collector, chosen on one half of the blocks and judged on the other. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/analysis/heldout.h"
#include "harness/analysis/matching.h"
#include "harness/cli/command.h"
#include "harness/cli/compare.h"
#include "harness/cli/table.h"
#include "harness/text/text.h"

/* One choice, and what it is of. */
struct best_row {
  struct heldout heldout;
  const struct metric *metric;
  const char *subject;
  double adjusted_p;
};

struct best_rows {
  struct best_row *list;
  size_t count;
};

/* "growth_factor=4", "the default". */
static char *setting_of(const struct dataset_cell *cell)
{
  char *text = NULL;
  for (size_t i = 0; i < cell->knob_count; i++) {
    if (!cell->knobs[i].is_default)
      text_append(&text, "%s%s=%s", text != NULL ? " " : "", cell->knobs[i].name, cell->knobs[i].text);
  }
  return text != NULL ? text : text_copy("the default");
}

static size_t gather(const struct analysis *analysis, const struct analysis_cell *usual,
                     const struct analysis_cell **candidates)
{
  size_t count = 0;
  for (size_t i = 0; i < analysis->cell_count; i++) {
    const struct dataset_cell *cell = analysis->cells[i].cell;
    if (cell->subject == usual->cell->subject && cell->series == usual->cell->series)
      candidates[count++] = &analysis->cells[i];
  }
  return count;
}

static void add_rows(const struct compare_request *request, const struct analysis *analysis,
                     const struct analysis_cell *usual, struct best_rows *rows)
{
  const struct analysis_cell **candidates =
      (const struct analysis_cell **)memory_require(calloc(analysis->cell_count + 1, sizeof(void *)));
  const size_t count = gather(analysis, usual, candidates);
  for (size_t m = 0; m < request->metric_count && count > 1; m++) {
    struct best_row row = {.metric = request->metrics[m],
                           .subject = analysis->dataset->subjects[usual->cell->subject].label};
    if (!heldout_choose(usual, candidates, count, row.metric, &request->terms, &row.heldout)) continue;
    rows->list = memory_require(reallocarray(rows->list, rows->count + 1, sizeof *rows->list));
    rows->list[rows->count++] = row;
  }
  free((void *)candidates);
}

/* The verdicts, with p adjusted over all choices that are other than the default. */
static void judge(const struct compare_request *request, struct best_rows *rows)
{
  double *p = memory_allocate((rows->count + 1) * sizeof *p);
  double *adjusted = memory_allocate((rows->count + 1) * sizeof *adjusted);
  for (size_t i = 0; i < rows->count; i++) {
    const struct heldout *heldout = &rows->list[i].heldout;
    p[i] = heldout->best == heldout->usual ? NAN : heldout->p;
  }
  stats_benjamini_hochberg(p, rows->count, adjusted);
  for (size_t i = 0; i < rows->count; i++) {
    struct heldout *heldout = &rows->list[i].heldout;
    rows->list[i].adjusted_p = adjusted[i];
    heldout->verdict = stats_verdict_of(&heldout->held, request->terms.band, adjusted[i] < 1 - request->terms.level);
  }
  free(p);
  free(adjusted);
}

static const char *words_of(const struct best_row *row)
{
  if (row->heldout.best == row->heldout.usual) return "the default is as good as any";
  const struct comparison comparison = {
      .metric = row->metric, .kind = COMPARISON_PAIRED, .verdict = row->heldout.verdict};
  return comparison_words(&comparison);
}

static char *ratio_of(const struct stats_estimate *ratio)
{
  if (isnan(ratio->value)) return text_copy("-");
  return isnan(ratio->low) ? text_format("%.3f", ratio->value)
                           : text_format("%.3f (%.3f to %.3f)", ratio->value, ratio->low, ratio->high);
}

static void print_table(const struct best_rows *rows)
{
  static const char *const headings[] = {
      "workload",         "collector", "metric",  ">of", "best setting", ">where it was chosen",
      ">on other blocks", ">n",        "verdict", NULL};
  struct table table;
  table_init(&table, headings);
  for (size_t i = 0; i < rows->count; i++) {
    const struct best_row *row = &rows->list[i];
    char *setting = setting_of(row->heldout.best->cell);
    char *chosen = text_format("%.3f", row->heldout.chosen.value);
    char *held = ratio_of(&row->heldout.held);
    char *of = text_format("%zu", row->heldout.candidates);
    char *n = text_format("%zu", row->heldout.held.n);
    table_add(&table, (const char *const[]){row->subject, row->heldout.best->cell->collector, row->metric->name, of,
                                            setting, chosen, held, n, words_of(row)});
    free(n);
    free(of);
    free(held);
    free(chosen);
    free(setting);
  }
  table_print(&table, stdout, 0);
  puts("\nRatios to the default. The setting was chosen on every second block, from the first on, which makes its "
       "ratio there "
       "too good;\nthe verdict is of the other blocks, whose seeds are others (p adjusted over all rows). Campaigns of "
       "20 "
       "blocks and more have 10 to judge by.");
}

static json_t *json_of(const struct stats_estimate *ratio)
{
  return json_pack("{s:o, s:o, s:o, s:I}", "value", isnan(ratio->value) ? json_null() : json_real(ratio->value), "low",
                   isnan(ratio->low) ? json_null() : json_real(ratio->low), "high",
                   isnan(ratio->high) ? json_null() : json_real(ratio->high), "n", (json_int_t)ratio->n);
}

static void print_json(const struct compare_request *request, const struct best_rows *rows)
{
  json_t *list = json_array();
  for (size_t i = 0; i < rows->count; i++) {
    const struct best_row *row = &rows->list[i];
    const struct heldout *heldout = &row->heldout;
    json_t *settings = json_object();
    for (size_t k = 0; k < heldout->best->cell->knob_count; k++) {
      if (!heldout->best->cell->knobs[k].is_default)
        json_object_set_new(settings, heldout->best->cell->knobs[k].name,
                            json_string(heldout->best->cell->knobs[k].text));
    }
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:s}", "collector", heldout->best->cell->collector,
                        "subject", row->subject, "metric", row->metric->name, "candidates",
                        (json_int_t)heldout->candidates, "settings", settings, "chosen", json_of(&heldout->chosen),
                        "held", json_of(&heldout->held), "adjusted_p",
                        isnan(row->adjusted_p) ? json_null() : json_real(row->adjusted_p), "verdict", words_of(row)));
  }
  json_t *root = json_pack("{s:s, s:f, s:f, s:I, s:o}", "format", "gclab-best-1", "level", request->terms.level, "band",
                           request->terms.band, "seed", (json_int_t)request->terms.seed, "choices", list);
  json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
  putchar('\n');
  json_decref(root);
}

/* The word's cells at their defaults, each with the other settings of its collector. */
static void choose_of_word(const struct compare_request *request, const struct analysis *analysis,
                           const struct matching_word *word, struct best_rows *rows)
{
  for (size_t i = 0; i < analysis->cell_count; i++) {
    const struct dataset_cell *cell = analysis->cells[i].cell;
    if (matching_has(word, cell) && compare_wants(request, cell->workload))
      add_rows(request, analysis, &analysis->cells[i], rows);
  }
}

static bool read_word(const char *text, struct matching_word *word)
{
  char error[MATCHING_ERROR_MAX];
  const bool is_read = matching_parse(text, word, error);
  if (!is_read) fprintf(stderr, "gclab compare: %s\n", error);
  if (!is_read || word->knob_count == 0) return is_read;
  fprintf(stderr, "gclab compare: --best looks at every setting that was run: name the collector alone, not '%s'\n",
          text);
  return false;
}

int compare_best(const struct compare_request *request, struct dataset *dataset)
{
  struct best_rows rows = {0};
  struct analysis *analysis = analysis_load(dataset);
  int code = analysis != NULL ? EXIT_DONE : EXIT_ENVIRONMENT;
  for (size_t w = 0; w < request->word_count && code == EXIT_DONE; w++) {
    struct matching_word word = {0};
    if (!read_word(request->words[w], &word))
      code = EXIT_USAGE;
    else
      choose_of_word(request, analysis, &word, &rows);
    matching_free(&word);
  }
  if (code == EXIT_DONE && rows.count == 0) {
    fprintf(stderr,
            "gclab compare: campaign '%s' has no collector of these with its default, another setting, and four "
            "blocks: sweep one with 'gclab run --set KNOB=V,V --blocks 20'\n",
            dataset->campaign_name);
    code = EXIT_ENVIRONMENT;
  }
  if (code == EXIT_DONE) {
    judge(request, &rows);
    if (request->format == COMPARE_JSON)
      print_json(request, &rows);
    else
      print_table(&rows);
  }
  free(rows.list);
  analysis_free(analysis);
  return code;
}
