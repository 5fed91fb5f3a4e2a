/* The answer, in three sentences; and what must be known before one believes it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/report/html.h"
#include "harness/report/report.h"
#include "harness/text/text.h"

enum { BLOCKS_WANTED = 10 };

static const char *name_of(const struct report *report, size_t rank)
{
  return report->dataset->series[report->ranking.series[rank]].label;
}

static void put_name(const struct report *report, size_t rank, FILE *out)
{
  fputs("<strong>", out);
  html_text(out, name_of(report, rank));
  fputs("</strong>", out);
}

/* "1.52 times as much (95 %: 1.48 to 1.57, n = 10)" */
static void put_ratio(const struct stats_estimate *ratio, const char *as_much, FILE *out)
{
  fprintf(out, "%.3g times %s", ratio->value, as_much);
  if (isnan(ratio->low))
    fputs(" (one block only, so without an interval)", out);
  else
    fprintf(out, " (95&nbsp;%%: %.3g to %.3g, n&nbsp;=&nbsp;%zu)", ratio->low, ratio->high, ratio->n);
}

/* How the sentence about a metric goes. */
struct sentence {
  const char *metric, *least, *verb, *as_much;
};

static const struct sentence sentences[] = {
    {"wall", "the least total time", "takes", "as long"},
    {"max_pause", "the shortest longest pauses", "has them", "as long"},
    {"peak_heap", "the smallest peak heaps", "needs", "as much"},
};

static void put_other(const struct report *report, size_t leader, size_t other, const struct sentence *sentence,
                      FILE *out)
{
  const struct stats_estimate ratio =
      ranking_ratio(&report->ranking, leader, other, metric_find(sentence->metric), &report->terms);
  put_name(report, other, out);
  fprintf(out, " %s ", sentence->verb);
  put_ratio(&ratio, sentence->as_much, out);
}

/* Who needs least of a metric, whether that is clear, and how much the next and the last need. */
static void put_sentence(const struct report *report, const struct sentence *sentence, FILE *out)
{
  const struct metric *metric = metric_find(sentence->metric);
  size_t *order = memory_allocate((report->ranking.series_count + 1) * sizeof *order);
  const size_t count = ranking_order(&report->ranking, metric, &report->terms, order);
  fputs("<li>", out);
  if (count < 2) {
    fprintf(out, "Who has %s cannot be said: there is no workload on which every collector has a value.</li>\n",
            sentence->least);
    free(order);
    return;
  }
  const struct stats_estimate next = ranking_ratio(&report->ranking, order[0], order[1], metric, &report->terms);
  put_name(report, order[0], out);
  if (ranking_is_clear(&next, &report->floor)) {
    fprintf(out, " has %s; the next, ", sentence->least);
  } else {
    fputs(" and ", out);
    put_name(report, order[1], out);
    fprintf(out, " have %s and cannot be told apart: ", sentence->least);
  }
  put_other(report, order[0], order[1], sentence, out);
  if (count > 2) {
    fputs("; and the last, ", out);
    put_other(report, order[0], order[count - 1], sentence, out);
  }
  const size_t workloads = ranking_workloads(&report->ranking, metric);
  if (workloads < report->ranking.subject_count)
    fprintf(out, ", over the %zu workload%s on which every collector has a value", workloads,
            workloads == 1 ? "" : "s");
  if (count < report->ranking.series_count)
    fprintf(out, ". %zu collectors are not ranked: they have no value on some workload",
            report->ranking.series_count - count);
  fputs(".</li>\n", out);
  free(order);
}

static void put_scope(const struct report *report, FILE *out)
{
  fprintf(out,
          "<p class=\"answer\">Over the %zu workload%s that all %zu collectors (without the baselines none and manual) "
          "finished",
          report->ranking.subject_count, report->ranking.subject_count == 1 ? "" : "s", report->ranking.series_count);
  if (report->ranking.subjects_left_out > 0)
    fprintf(out, " (%zu other%s not all did)", report->ranking.subjects_left_out,
            report->ranking.subjects_left_out == 1 ? "" : "s");
  fputs(":</p>\n", out);
}

size_t report_blocks(const struct report *report)
{
  int64_t last = -1;
  for (size_t i = 0; i < report->dataset->cell_count; i++) {
    const struct dataset_cell *cell = &report->dataset->cells[i];
    for (size_t t = 0; t < cell->trial_count; t++) {
      if (cell->trials[t].block > last) last = cell->trials[t].block;
    }
  }
  return (size_t)(last + 1);
}

static void put_warnings(const struct report *report, FILE *out)
{
  const size_t blocks = report_blocks(report);
  if (report->floor.excludes_one)
    fprintf(
        out,
        "<p class=\"alert\" role=\"note\"><strong>The A/A pairs differ.</strong> The same configuration under two "
        "names "
        "has a ratio of %.3g (95&nbsp;%%: %.3g to %.3g): something other than the collectors makes times differ.</p>\n",
        report->floor.ratio.value, report->floor.ratio.low, report->floor.ratio.high);
  if (blocks < BLOCKS_WANTED)
    fprintf(out,
            "<p class=\"alert\" role=\"note\"><strong>%zu block%s only.</strong> %s; 10 or more are advised.</p>\n",
            blocks, blocks == 1 ? "" : "s",
            blocks < STATS_SIGNIFICANT_MINIMUM ? "With fewer than 6 no difference can be significant"
                                               : "Intervals are wide");
  if (report->dataset->failed_count > 0)
    fprintf(out,
            "<p class=\"alert\" role=\"note\"><strong>%zu of %zu trials did not end well.</strong> They are in the "
            "table of "
            "cells with their outcome, and their workloads in no mean over workloads.</p>\n",
            report->dataset->failed_count, report->dataset->trial_count);
  if (strcmp(report->dataset->status, "complete") != 0) {
    fputs("<p class=\"alert\" role=\"note\"><strong>The campaign is not complete</strong> (", out);
    html_text(out, report->dataset->status);
    fputs("): some cells have fewer trials than others, or none.</p>\n", out);
  }
}

static void put_floor(const struct report *report, FILE *out)
{
  fputs("<p class=\"note\">", out);
  if (report->floor.pairs == 0)
    fputs("The campaign has no A/A pair, so how far apart equal configurations are is not known. ", out);
  else
    fprintf(
        out,
        "Noise floor: %zu A/A pair%s, the same configuration under two names, %s within a ratio of %.3g of each other; "
        "nothing nearer than that is called a difference. ",
        report->floor.pairs, report->floor.pairs == 1 ? "" : "s", report->floor.pairs == 1 ? "is" : "are",
        report->floor.widest);
  fputs("Ratios are geometric means over workloads, paired within blocks, at default settings; intervals are from the "
        "studentised bootstrap over blocks.</p>\n",
        out);
}

void report_answer(const struct report *report, FILE *out)
{
  fputs("<section id=\"answer\" aria-labelledby=\"answer-title\">\n<h2 id=\"answer-title\">The answer</h2>\n", out);
  put_warnings(report, out);
  if (report->ranking.series_count < 2 || report->ranking.subject_count == 0) {
    fprintf(out, "<p class=\"answer\">There is nothing to rank: %s.</p>\n",
            report->ranking.series_count < 2
                ? "fewer than two collectors that reclaim memory were run on most workloads at "
                  "their default settings"
                : "no workload was finished by every collector");
  } else {
    put_scope(report, out);
    fputs("<ul class=\"answer\">\n", out);
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) put_sentence(report, &sentences[i], out);
    fputs("</ul>\n", out);
  }
  put_floor(report, out);
  fputs("</section>\n", out);
}
