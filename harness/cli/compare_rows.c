/* The rows of a comparison, and what they come to. */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/cli/command.h"
#include "harness/cli/compare.h"
#include "harness/text/text.h"

bool compare_wants(const struct compare_request *request, const char *workload)
{
  for (size_t i = 0; i < request->workload_count; i++) {
    if (strcmp(request->workloads[i], workload) == 0) return true;
  }
  return request->workload_count == 0;
}

void compare_add_rows(struct compare_job *job, const struct analysis_cell *a, const struct analysis_cell *b,
                      const char *a_label, const char *b_label, const char *subject, size_t side, bool counts_only)
{
  struct compare_result *result = &job->result;
  for (size_t m = 0; m < job->request->metric_count; m++) {
    const struct metric *metric = job->request->metrics[m];
    if (counts_only && !metric->is_count) continue;
    const struct comparison comparison = comparison_of(a, b, metric, result->is_paired, &result->terms);
    if (isnan(comparison.median_a) && isnan(comparison.median_b) && a->ok_count > 0 && b->ok_count > 0) continue;
    if (result->row_count == job->room) {
      job->room = job->room == 0 ? 64 : 2 * job->room;
      result->rows = memory_require(reallocarray(result->rows, job->room, sizeof *result->rows));
    }
    result->rows[result->row_count++] = (struct compare_row){comparison, a_label, b_label, text_copy(subject), side};
    const size_t n = comparison.ratio.n;
    if (comparison.kind != COMPARISON_NONE && (result->least_blocks == 0 || n < result->least_blocks))
      result->least_blocks = n;
  }
}

/* The rows' comparisons are judged together. */
static void judge(struct compare_result *result)
{
  struct comparison *family = memory_allocate((result->row_count + 1) * sizeof *family);
  for (size_t i = 0; i < result->row_count; i++) family[i] = result->rows[i].comparison;
  comparison_judge(family, result->row_count, &result->terms);
  for (size_t i = 0; i < result->row_count; i++) result->rows[i].comparison = family[i];
  free(family);
}

static void add_mean(struct compare_result *result, size_t side, const struct metric *metric)
{
  const struct comparison **list =
      (const struct comparison **)memory_require(calloc(result->row_count + 1, sizeof(void *)));
  struct compare_mean mean = {.side = side, .metric = metric};
  for (size_t i = 0; i < result->row_count; i++) {
    const struct compare_row *row = &result->rows[i];
    if (row->side != side || row->comparison.metric != metric) continue;
    if (row->comparison.kind == COMPARISON_PAIRED)
      list[mean.workloads++] = &row->comparison;
    else
      text_append(&mean.left_out, "%s%s", mean.left_out != NULL ? ", " : "", row->subject);
  }
  if (mean.workloads >= 2) {
    mean.ratio = comparison_geomean(list, mean.workloads, &result->terms);
    result->means = memory_require(reallocarray(result->means, result->mean_count + 1, sizeof *result->means));
    result->means[result->mean_count++] = mean;
  } else {
    free(mean.left_out);
  }
  free((void *)list);
}

static void add_means(struct compare_job *job, size_t sides)
{
  for (size_t side = 0; side < sides && job->result.is_paired; side++) {
    for (size_t m = 0; m < job->request->metric_count; m++) add_mean(&job->result, side, job->request->metrics[m]);
  }
}

void compare_free(struct compare_result *result)
{
  for (size_t i = 0; i < result->row_count; i++) free(result->rows[i].subject);
  for (size_t i = 0; i < result->mean_count; i++) free(result->means[i].left_out);
  free(result->rows);
  free(result->means);
}

int compare_conclude(struct compare_job *job, size_t sides)
{
  const struct compare_result *result = &job->result;
  judge(&job->result);
  add_means(job, sides);
  compare_print(result, job->request->format);
  if (isnan(job->request->fail_above)) return EXIT_DONE;
  size_t regressions = 0;
  for (size_t i = 0; i < result->row_count; i++)
    regressions += comparison_is_regression(&result->rows[i].comparison, job->request->fail_above);
  if (regressions == 0) return EXIT_DONE;
  fflush(stdout);
  fprintf(stderr, "gclab compare: %zu of %zu rows are worse by more than %g %%\n", regressions, result->row_count,
          100 * job->request->fail_above);
  return EXIT_FINDING;
}
