#include "harness/figures/figures.h"

#include <stdlib.h>
#include <string.h>

#include "base/setting.h"
#include "harness/figures/palette.h"

#define OF_SUITE      "it is of the workloads as they are characterised, not of a campaign; leave the option out"
#define OF_WHOLE_RUNS "it is of whole runs; leave the option out"
#define OF_MICRO      "it is of micro-benchmarks, not of a campaign; leave the option out"

const struct figure figures[] = {
    {"overview", "total time, share in the collector, longest pause and peak heap of every collector and workload",
     NULL, figure_overview, false},
    {"thresholds", "pause time against each knob that was varied: median, 99th percentile, longest; by generation",
     NULL, figure_thresholds, false},
    {"heatmap", "99th-percentile pause, longest pause and total time over two knobs", NULL, figure_heatmap, false},
    {"percentiles", "pause percentiles on a 1/(1-q) axis, as far as there are enough pauses", NULL, figure_percentiles,
     false},
    {"mmu", "minimum and bounded mutator utilisation over windows of every length", OF_WHOLE_RUNS, figure_mmu, false},
    {"latency", "percentiles of request latency, simple and metered, of workloads that serve requests", OF_WHOLE_RUNS,
     figure_latency, false},
    {"pause_live", "pauses of full and of young collections against what they leave", OF_WHOLE_RUNS, figure_pause_live,
     false},
    {"floating", "dead objects that are not yet reclaimed, over the run, of campaigns with --floating", OF_WHOLE_RUNS,
     figure_floating, false},
    {"overhead", "lower-bound overhead of every collector and setting against its peak heap, with intervals",
     OF_WHOLE_RUNS, figure_overhead, false},
    {"forest", "ratios of time to a baseline, workload by workload, with intervals and verdicts", OF_WHOLE_RUNS,
     figure_forest, false},
    {"noise", "how often pauses come, by length, beside the gaps of the machine itself", OF_WHOLE_RUNS, figure_noise,
     false},
    {"heap", "heap over time, with the phases and the pauses marked",
     "it shows a whole trial, with its phases one after the other as bands; leave the option out", figure_heap, false},
    {"timespace", "total time against peak heap over the growth factors of those that trace", NULL, figure_timespace,
     false},
    {"pareto", "every setting of a collector by pause, time and memory, and the front that nothing beats",
     OF_WHOLE_RUNS, figure_pareto, false},
    {"characterise", "how far the workloads spread: principal components, loadings, nearest neighbours", OF_SUITE,
     figure_characterise, true},
    {"survival", "how long each workload's objects live, in bytes allocated", OF_SUITE, figure_survival, true},
    {"live", "how much of each workload's memory is reachable while it runs", OF_SUITE, figure_live, true},
    {"micro", "each primitive of each collector beside the machine's limits, from 'gclab micro'", OF_MICRO,
     figure_micro, true},
    {NULL, NULL, NULL, NULL, false},
};

uint32_t figure_colour(const char *collector) { return palette_collector(collector); }

const struct figure *figure_find(const char *name)
{
  for (const struct figure *figure = figures; figure->name != NULL; figure++) {
    if (strcmp(figure->name, name) == 0) return figure;
  }
  return NULL;
}

const char *figure_nearest(const char *name)
{
  const char *names[32];
  size_t count = 0;
  for (const struct figure *figure = figures; figure->name != NULL; figure++) names[count++] = figure->name;
  return setting_nearest(name, names, count);
}

struct analysis *figure_job_analysis(struct figure_job *job)
{
  if (*job->analysis == NULL) *job->analysis = analysis_load(job->dataset);
  return *job->analysis;
}

void figure_job_free(struct figure_job *job)
{
  for (size_t i = 0; i < job->file_count; i++) free(job->files[i]);
  free(job->files);
  free(job->reason);
  *job = (struct figure_job){0};
}
