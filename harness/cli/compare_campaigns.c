/* `gclab compare` of two campaigns: every configuration that both have, not paired. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/analysis/matching.h"
#include "harness/cli/command.h"
#include "harness/cli/compare.h"
#include "harness/text/text.h"

struct source {
  struct store *store; /* NULL: that of the command */
  struct dataset *dataset;
  struct analysis *analysis;
};

static bool open_source(struct source *source, struct store *store, const char *word)
{
  const bool is_file = access(word, R_OK) == 0;
  if (is_file) source->store = store_open(word, STORE_READ);
  if (is_file && source->store == NULL) return false;
  source->dataset = dataset_load(is_file ? source->store : store, is_file ? NULL : word, NULL, NULL);
  if (source->dataset != NULL) source->analysis = analysis_load(source->dataset);
  return source->analysis != NULL;
}

static void close_source(struct source *source)
{
  analysis_free(source->analysis);
  dataset_free(source->dataset);
  if (source->store != NULL) store_close(source->store);
}

static char *label_of_cell(const struct dataset *dataset, const struct dataset_cell *cell)
{
  char *text = text_format("%s, %s", dataset->subjects[cell->subject].label, dataset->series[cell->series].label);
  for (size_t i = 0; i < cell->knob_count; i++) {
    if (!cell->knobs[i].is_default) text_append(&text, " %s=%s", cell->knobs[i].name, cell->knobs[i].text);
  }
  return text;
}

static void pair_sources(struct compare_job *job, const struct source *a, const struct source *b)
{
  const bool same_machine = strcmp(a->dataset->host_id, b->dataset->host_id) == 0;
  if (!same_machine)
    fprintf(stderr, "gclab compare: the campaigns are of different machines (%s; %s): only counts are compared\n",
            a->dataset->machine, b->dataset->machine);
  for (size_t i = 0; i < a->dataset->cell_count; i++) {
    const struct dataset_cell *cell = &a->dataset->cells[i];
    if (!compare_wants(job->request, cell->workload)) continue;
    for (size_t k = 0; k < b->dataset->cell_count; k++) {
      if (!matching_same(cell, &b->dataset->cells[k])) continue;
      char *label = label_of_cell(a->dataset, cell);
      compare_add_rows(job, &a->analysis->cells[i], &b->analysis->cells[k], job->request->words[0],
                       job->request->words[1], label, 0, !same_machine);
      free(label);
    }
  }
}

int compare_campaigns(struct compare_job *job, struct store *store)
{
  struct source a = {0}, b = {0};
  int code = EXIT_ENVIRONMENT;
  if (job->request->word_count > 2) {
    fputs("gclab compare: campaigns are compared two at a time\n", stderr);
    return EXIT_USAGE;
  }
  if (open_source(&a, store, job->request->words[0]) && open_source(&b, store, job->request->words[1])) {
    job->result.campaign = "campaigns, not paired";
    pair_sources(job, &a, &b);
    if (job->result.row_count > 0) {
      code = compare_conclude(job, 1);
    } else {
      fputs("gclab compare: the two have no configuration in common\n", stderr);
    }
  }
  close_source(&a);
  close_source(&b);
  return code;
}
