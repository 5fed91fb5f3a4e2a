/* gclab report */
#define _GNU_SOURCE
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/whole_file.h"
#include "harness/catalogue/catalogue.h"
#include "harness/cli/command.h"
#include "harness/process/interrupt.h"
#include "harness/process/temporary.h"
#include "harness/report/report.h"

enum { OPTION_STORE = 256, OPTION_CAMPAIGN, OPTION_TITLE, OPTION_BASELINE };

static const struct argp_option options[] = {
    {"out", 'o', "FILE", 0, "the page (default: report.html)", 1},
    {"campaign", OPTION_CAMPAIGN, "NAME|ID", 0,
     "of this campaign: a name, an id or its beginning (default: the newest)", 1},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 1},
    {"title", OPTION_TITLE, "TEXT", 0, "of the page (default: the campaign's name)", 2},
    {"baseline", OPTION_BASELINE, "COLLECTOR", 0,
     "that others are compared with (default: the first of the plan that reclaims memory)", 2},
    {0},
};

static const char doc[] =
    "Writes a campaign as one page of HTML: the answer, the figures, every cell, comparisons with verdicts, what "
    "stands "
    "against it, and how to repeat it."
    "\vThe file needs nothing else: it opens from disk, without a network, and prints. What 'gclab characterise' has "
    "stored of the workloads is in it, too. The same store gives the same bytes.\n\n"
    "Examples:\n"
    "  gclab run full && gclab report\n"
    "  gclab report --campaign thresholds -o thresholds.html\n"
    "  gclab report --baseline marksweep --title 'marksweep against the rest'\n\n"
    "Exit codes: 0 done; 2 wrong usage; 4 there is no such store, campaign or collector, no gnuplot, or the page could "
    "not be written; 130 interrupted, with what was there before left as it was.";

struct arguments {
  const char *store, *campaign, *title, *baseline, *out;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  switch (key) {
  case 'o':
    if (*value == '\0') argp_error(state, "--out is empty; it takes a file");
    arguments->out = value;
    return 0;
  case OPTION_STORE:
    arguments->store = value;
    return 0;
  case OPTION_CAMPAIGN:
    arguments->campaign = value;
    return 0;
  case OPTION_TITLE:
    arguments->title = value;
    return 0;
  case OPTION_BASELINE:
    arguments->baseline = value;
    return 0;
  case ARGP_KEY_ARG:
    argp_error(state, "'%s' is one word too many: --out names the page", value);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* The figures' files, whatever they are called. */
static void empty_directory(const char *directory)
{
  DIR *entries = opendir(directory);
  if (entries == NULL) return;
  for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
    if (*entry->d_name == '.') continue;
    char *path = memory_format("%s/%s", directory, entry->d_name);
    unlink(path);
    free(path);
  }
  closedir(entries);
}

static bool choose_baseline(struct report *report, const char *name)
{
  if (name == NULL) return true;
  for (size_t s = 0; s < report->ranking.series_count; s++) {
    if (strcmp(report->dataset->series[report->ranking.series[s]].collector, name) != 0) continue;
    report->base = s;
    return true;
  }
  fprintf(stderr,
          "gclab report: --baseline: '%s' is no collector that reclaims memory and was run on most workloads; there "
          "are",
          name);
  for (size_t s = 0; s < report->ranking.series_count; s++)
    fprintf(stderr, "%s %s", s > 0 ? "," : "", report->dataset->series[report->ranking.series[s]].collector);
  fputc('\n', stderr);
  return false;
}

static int write_page(struct report *report, const char *path)
{
  static struct temporary temporary;
  struct whole_file file;
  if (!interrupt_watch() || !temporary_make(&temporary, "report")) return EXIT_ENVIRONMENT;
  report->directory = temporary.directory;
  bool ok = whole_file_open(&file, path);
  if (ok) {
    const bool whole = report_write(report, file.stream);
    errno = 0;
    ok = whole_file_close(&file, whole) && whole;
  }
  const int reason = errno;
  const bool is_interrupted = interrupt_is_asked();
  empty_directory(temporary.directory);
  temporary_remove(&temporary);
  interrupt_release();
  if (is_interrupted) return EXIT_INTERRUPTED;
  if (!ok && reason != 0) fprintf(stderr, "gclab report: %s: %s\n", path, strerror(reason));
  if (!ok) return EXIT_ENVIRONMENT;
  printf("%s\n", path);
  return EXIT_DONE;
}

static int make_report(const struct arguments *arguments, struct report *report)
{
  report->analysis = analysis_load(report->dataset);
  if (report->analysis == NULL) return EXIT_ENVIRONMENT;
  report->ranking = ranking_of(report->analysis);
  report->floor = comparison_noise_floor(report->analysis, metric_find("wall"), &report->terms);
  const int code = choose_baseline(report, arguments->baseline) ? write_page(report, arguments->out) : EXIT_ENVIRONMENT;
  ranking_free(&report->ranking);
  analysis_free(report->analysis);
  return code;
}

int command_report(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, NULL, doc, NULL, NULL, NULL};
  struct arguments arguments = {.out = "report.html"};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct store *store = store_open(command_store_path(arguments.store), STORE_READ);
  if (store == NULL) return EXIT_ENVIRONMENT;
  struct catalogue *catalogue = catalogue_load_quietly();
  struct report report = {.store = store, .title = arguments.title, .terms = comparison_default_terms};
  report.dataset = dataset_load(store, arguments.campaign, NULL, catalogue);
  const int code =
      report.dataset != NULL && canvas_have_gnuplot() ? make_report(&arguments, &report) : EXIT_ENVIRONMENT;
  dataset_free(report.dataset);
  catalogue_free(catalogue);
  store_close(store);
  return code;
}
