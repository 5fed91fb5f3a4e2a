/* `gclab compare` of cells of one campaign: paired within blocks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/setting.h"
#include "harness/analysis/matching.h"
#include "harness/cli/command.h"
#include "harness/cli/compare.h"
#include "harness/text/text.h"

/* Other cells of the same word and subject stand on other allocators; then these are named. */
static char *subject_label(const struct dataset *dataset, const struct dataset_cell *a, const struct dataset_cell *b,
                           const struct matching_word *words_a, const struct matching_word *words_b)
{
  const char *subject = dataset->subjects[a->subject].label;
  bool several = false;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    several |= cell != a && cell->subject == a->subject && matching_has(words_a, cell);
    several |= cell != b && cell->subject == b->subject && matching_has(words_b, cell);
  }
  return several ? text_format("%s (%s, %s)", subject, a->allocator, b->allocator) : text_copy(subject);
}

static void compare_words(struct compare_job *job, const struct analysis *analysis, const struct matching_word *words,
                          size_t side)
{
  const struct dataset *dataset = analysis->dataset;
  const struct matching_word *of_b = &words[side + 1];
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *a = &dataset->cells[i];
    if (!matching_has(&words[0], a) || !compare_wants(job->request, a->workload)) continue;
    for (size_t k = 0; k < dataset->cell_count; k++) {
      const struct dataset_cell *b = &dataset->cells[k];
      if (b->subject != a->subject || a == b || !matching_has(of_b, b)) continue;
      char *subject = subject_label(dataset, a, b, &words[0], of_b);
      compare_add_rows(job, &analysis->cells[i], &analysis->cells[k], job->request->words[0],
                       job->request->words[side + 1], subject, side, false);
      free(subject);
    }
  }
}

/* What collectors and settings there are, where a word matches nothing. */
static void list_cells(const struct dataset *dataset)
{
  fprintf(stderr, "gclab compare: campaign '%s' has", dataset->campaign_name);
  for (size_t s = 0; s < dataset->series_count; s++)
    fprintf(stderr, "%s %s/%s", s > 0 ? "," : "", dataset->series[s].collector, dataset->series[s].allocator);
  fputs("; 'gclab export' lists every setting\n", stderr);
}

/* A knob that the collector does not have is a slip; false after a message that names the nearest one. */
static bool check_knobs(const struct dataset *dataset, const struct matching_word *word)
{
  const struct dataset_cell *cell = NULL;
  for (size_t i = 0; i < dataset->cell_count && cell == NULL; i++) {
    if (strcmp(dataset->cells[i].collector, word->collector) == 0) cell = &dataset->cells[i];
  }
  for (size_t k = 0; k < word->knob_count && cell != NULL; k++) {
    if (dataset_knob(cell, word->knobs[k].name) != NULL) continue;
    const char **names = (const char **)memory_require(calloc(cell->knob_count + 1, sizeof(void *)));
    for (size_t i = 0; i < cell->knob_count; i++) names[i] = cell->knobs[i].name;
    const char *nearest = setting_nearest(word->knobs[k].name, names, cell->knob_count);
    fprintf(stderr, "gclab compare: %s has no knob '%s'%s%s%s\n", cell->collector, word->knobs[k].name,
            nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    free((void *)names);
    return false;
  }
  return true;
}

/* The workloads that were named are the campaign's; false after a message. */
static bool check_workloads(const struct dataset *dataset, const struct compare_request *request)
{
  const char **names = (const char **)memory_require(calloc(dataset->subject_count + 1, sizeof(void *)));
  bool all = true;
  for (size_t i = 0; i < dataset->subject_count; i++) names[i] = dataset->subjects[i].workload;
  for (size_t w = 0; w < request->workload_count && all; w++) {
    for (size_t i = 0; i < dataset->subject_count; i++) {
      all = strcmp(names[i], request->workloads[w]) == 0;
      if (all) break;
    }
    if (all) continue;
    const char *nearest = setting_nearest(request->workloads[w], names, dataset->subject_count);
    fprintf(stderr, "gclab compare: campaign '%s' has no workload '%s'", dataset->campaign_name, request->workloads[w]);
    if (nearest != NULL)
      fprintf(stderr, "; did you mean %s?\n", nearest);
    else
      fputs("; 'gclab export' lists what it has\n", stderr);
  }
  free((void *)names);
  return all;
}

static bool check_words(const struct dataset *dataset, const struct compare_request *request,
                        const struct matching_word *words)
{
  if (!check_workloads(dataset, request)) return false;
  for (size_t w = 0; w < request->word_count; w++) {
    bool any = false;
    for (size_t i = 0; i < dataset->cell_count; i++) any |= matching_has(&words[w], &dataset->cells[i]);
    if (any) continue;
    fprintf(stderr, "gclab compare: there is no cell '%s'\n", request->words[w]);
    if (check_knobs(dataset, &words[w])) list_cells(dataset);
    return false;
  }
  return true;
}

int compare_cells(struct compare_job *job, struct dataset *dataset)
{
  struct matching_word words[COMPARE_SIDES_MAX] = {0};
  const struct compare_request *request = job->request;
  char error[MATCHING_ERROR_MAX];
  int code = EXIT_USAGE;
  bool good = true;
  for (size_t w = 0; w < request->word_count && good; w++) {
    good = matching_parse(request->words[w], &words[w], error);
    if (!good) fprintf(stderr, "gclab compare: %s\n", error);
  }
  struct analysis *analysis = NULL;
  if (good) {
    code = EXIT_ENVIRONMENT;
    analysis = check_words(dataset, request, words) ? analysis_load(dataset) : NULL;
  }
  if (analysis != NULL) {
    job->result.is_paired = true;
    job->result.campaign = dataset->campaign_name;
    for (size_t side = 0; side + 1 < request->word_count; side++) compare_words(job, analysis, words, side);
    job->result.floor = comparison_noise_floor(analysis, metric_find("wall"), &job->result.terms);
    if (job->result.row_count > 0) {
      code = compare_conclude(job, request->word_count - 1);
    } else {
      fputs("gclab compare: no workload has both A and B and a value of these metrics\n", stderr);
    }
  }
  analysis_free(analysis);
  for (size_t w = 0; w < request->word_count; w++) matching_free(&words[w]);
  return code;
}
