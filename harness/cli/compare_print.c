/* The output of `gclab compare`. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/compare.h"
#include "harness/cli/table.h"
#include "harness/text/text.h"

enum { COLUMNS = 9, BLOCKS_WANTED = 10 };

static const char *const headings[COLUMNS + 1] = {"workload",  "metric", ">A", ">B",      ">B/A",
                                                  ">interval", ">n",     ">p", "verdict", NULL};

static char *ratio_text(double ratio) { return isnan(ratio) ? text_copy("-") : text_format("%.3f", ratio); }

static char *interval_text(const struct stats_estimate *ratio)
{
  return isnan(ratio->low) ? text_copy("-") : text_format("%.3f to %.3f", ratio->low, ratio->high);
}

static char *p_text(double p)
{
  if (isnan(p)) return text_copy("-");
  return p < 0.001 ? text_copy("<0.001") : text_format("%.3f", p);
}

static void free_texts(char **texts)
{
  for (size_t i = 0; i < COLUMNS; i++) free(texts[i]);
}

static void texts_of_row(const struct compare_row *row, char **texts)
{
  const struct comparison *comparison = &row->comparison;
  char a[TEXT_NUMBER_MAX], b[TEXT_NUMBER_MAX];
  texts[0] = text_copy(row->subject);
  texts[1] = text_copy(comparison->metric->name);
  texts[2] = text_copy(metric_format(comparison->metric, comparison->median_a, a));
  texts[3] = text_copy(metric_format(comparison->metric, comparison->median_b, b));
  texts[4] = ratio_text(comparison->ratio.value);
  texts[5] = interval_text(&comparison->ratio);
  texts[6] = text_format("%zu", comparison->ratio.n);
  texts[7] = p_text(comparison->adjusted_p);
  texts[8] = text_copy(comparison_words(comparison));
}

static void texts_of_mean(const struct compare_mean *mean, char **texts)
{
  texts[0] = text_format("all %zu", mean->workloads);
  texts[1] = text_copy(mean->metric->name);
  texts[2] = text_copy("");
  texts[3] = text_copy("");
  texts[4] = ratio_text(mean->ratio.value);
  texts[5] = interval_text(&mean->ratio);
  texts[6] = text_format("%zu", mean->ratio.n);
  texts[7] = text_copy("");
  texts[8] = mean->left_out != NULL ? text_format("geometric mean; not all finished %s", mean->left_out)
                                    : text_copy("geometric mean");
}

/* As rows of texts, whatever they become. */
typedef void put_texts(void *context, char *const *texts);

static void each_row(const struct compare_result *result, size_t side, put_texts *put, void *context)
{
  char *texts[COLUMNS];
  for (size_t i = 0; i < result->row_count; i++) {
    if (result->rows[i].side != side) continue;
    texts_of_row(&result->rows[i], texts);
    put(context, texts);
    free_texts(texts);
  }
  for (size_t i = 0; i < result->mean_count; i++) {
    if (result->means[i].side != side) continue;
    texts_of_mean(&result->means[i], texts);
    put(context, texts);
    free_texts(texts);
  }
}

static void put_in_table(void *context, char *const *texts) { table_add(context, (const char *const *)texts); }

static void put_as_markdown(void *context, char *const *texts)
{
  (void)context;
  putchar('|');
  for (size_t i = 0; i < COLUMNS; i++) printf(" %s |", texts[i]);
  putchar('\n');
}

static void print_floor(const struct compare_result *result)
{
  const struct noise_floor *floor = &result->floor;
  if (!result->is_paired) {
    puts("\nThe campaigns were run one after the other: what the machine did between them is in the ratios, and no A/A "
         "pair tells how much.");
    return;
  }
  if (floor->pairs == 0) {
    puts("\nNo A/A pair in this campaign: how far apart equal cells are is not known ('gclab run --aa').");
    return;
  }
  printf("\nA/A: the same configuration twice (%zu pair%s) has a ratio of wall times of %.3f", floor->pairs,
         floor->pairs == 1 ? "" : "s", floor->ratio.value);
  if (!isnan(floor->ratio.low)) printf(" (%.3f to %.3f)", floor->ratio.low, floor->ratio.high);
  printf("; no ratio of times nearer to 1 than %.3f means anything here.\n", floor->widest);
  if (floor->excludes_one)
    puts("WARNING: the interval of the A/A pair does not hold 1: something disturbs this machine ('gclab doctor').");
}

/* The median smallest detectable effect of wall time. */
static void print_detectable(const struct compare_result *result)
{
  double *values = text_allocate((result->row_count + 1) * sizeof *values);
  size_t n = 0;
  for (size_t i = 0; i < result->row_count; i++) {
    const struct comparison *comparison = &result->rows[i].comparison;
    const double value = stats_minimum_detectable(comparison->sd_log, comparison->ratio.n, result->terms.level);
    if (strcmp(comparison->metric->name, "wall") == 0 && !isnan(value)) values[n++] = value;
  }
  if (n > 0)
    printf(
        "With these blocks a difference of wall time of %.1f %% is found four times out of five (median over rows).\n",
        100 * (stats_median(values, n) - 1));
  free(values);
}

static void print_notes(const struct compare_result *result)
{
  print_floor(result);
  print_detectable(result);
  printf("B/A: below 1, B needs less. Interval: %.0f %%, studentised bootstrap over %s. p: adjusted over all %zu rows "
         "(Benjamini-Hochberg). equivalent: within %.1f %%.\n",
         100 * result->terms.level, result->is_paired ? "blocks" : "trials", result->row_count,
         100 * result->terms.band);
  if (result->least_blocks > 0 && result->least_blocks < BLOCKS_WANTED)
    printf("Only %zu block%s: %s. --blocks %d when the campaign is run again adds to it.\n", result->least_blocks,
           result->least_blocks == 1 ? "" : "s",
           result->least_blocks < STATS_SIGNIFICANT_MINIMUM ? "with fewer than 6 nothing can be significant"
                                                            : "10 or more are advised",
           BLOCKS_WANTED);
}

static size_t count_sides(const struct compare_result *result)
{
  size_t sides = 0;
  for (size_t i = 0; i < result->row_count; i++) {
    if (result->rows[i].side >= sides) sides = result->rows[i].side + 1;
  }
  return sides;
}

static const struct compare_row *first_of_side(const struct compare_result *result, size_t side)
{
  for (size_t i = 0; i < result->row_count; i++) {
    if (result->rows[i].side == side) return &result->rows[i];
  }
  return NULL;
}

static void print_tables(const struct compare_result *result, enum compare_format format)
{
  const size_t sides = count_sides(result);
  for (size_t side = 0; side < sides; side++) {
    const struct compare_row *first = first_of_side(result, side);
    if (first == NULL) continue;
    printf("%sA: %s   B: %s   (%s)\n\n", side > 0 ? "\n" : "", first->a_label, first->b_label, result->campaign);
    if (format == COMPARE_MARKDOWN) {
      puts("| workload | metric | A | B | B/A | interval | n | p | verdict |\n"
           "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
      each_row(result, side, put_as_markdown, NULL);
      continue;
    }
    struct table table;
    table_init(&table, headings);
    each_row(result, side, put_in_table, &table);
    table_print(&table, stdout, 0);
  }
  print_notes(result);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static json_t *real_or_null(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *json_of_estimate(const struct stats_estimate *ratio)
{
  return json_pack("{s:o, s:o, s:o, s:I}", "value", real_or_null(ratio->value), "low", real_or_null(ratio->low), "high",
                   real_or_null(ratio->high), "n", (json_int_t)ratio->n);
}

static json_t *json_of_row(const struct compare_row *row)
{
  const struct comparison *comparison = &row->comparison;
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s?}", "a", row->a_label, "b",
                   row->b_label, "subject", row->subject, "metric", comparison->metric->name, "unit",
                   metric_unit_name(comparison->metric->unit), "median_a", real_or_null(comparison->median_a),
                   "median_b", real_or_null(comparison->median_b), "ratio", json_of_estimate(&comparison->ratio), "p",
                   real_or_null(comparison->p), "adjusted_p", real_or_null(comparison->adjusted_p), "verdict",
                   stats_verdict_names[comparison->verdict], "reason", comparison->reason);
}

static void print_json(const struct compare_result *result)
{
  json_t *rows = json_array(), *means = json_array();
  for (size_t i = 0; i < result->row_count; i++) json_array_append_new(rows, json_of_row(&result->rows[i]));
  for (size_t i = 0; i < result->mean_count; i++) {
    const struct compare_mean *mean = &result->means[i];
    const struct compare_row *first = first_of_side(result, mean->side);
    json_array_append_new(means, json_pack("{s:s, s:s, s:s, s:o, s:I, s:s?}", "a", first->a_label, "b", first->b_label,
                                           "metric", mean->metric->name, "ratio", json_of_estimate(&mean->ratio),
                                           "workloads", (json_int_t)mean->workloads, "left_out", mean->left_out));
  }
  json_t *aa = result->floor.pairs > 0
                   ? json_pack("{s:I, s:o, s:o, s:b}", "pairs", (json_int_t)result->floor.pairs, "ratio",
                               json_of_estimate(&result->floor.ratio), "widest", real_or_null(result->floor.widest),
                               "excludes_one", result->floor.excludes_one)
                   : json_null();
  json_t *root =
      json_pack("{s:s, s:s, s:b, s:f, s:f, s:I, s:o, s:o, s:o}", "format", "gclab-compare-1", "campaign",
                result->campaign, "paired", result->is_paired, "level", result->terms.level, "band", result->terms.band,
                "seed", (json_int_t)result->terms.seed, "comparisons", rows, "geometric_means", means, "aa", aa);
  json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
  putchar('\n');
  json_decref(root);
}

void compare_print(const struct compare_result *result, enum compare_format format)
{
  if (format == COMPARE_JSON)
    print_json(result);
  else
    print_tables(result, format);
}
