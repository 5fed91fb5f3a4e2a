/*
 * report: a campaign as one page of HTML that needs nothing else: no network, no other file.
 *
 * A section is a file; each writes its part from the analysis and escapes whatever it did not write itself (html.h).
 * The page is whole without JavaScript, which adds sorting, filtering and values under the pointer.  The same store
 * gives the same bytes: no date of today, no random names.
 */
#ifndef GCLAB_HARNESS_REPORT_REPORT_H
#define GCLAB_HARNESS_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/analysis/ranking.h"
#include "harness/figures/figures.h"

struct report {
  struct store *store;
  struct dataset *dataset;
  struct analysis *analysis;
  struct ranking ranking;
  struct noise_floor floor; /* of wall time */
  struct comparison_terms terms;
  const char *title;     /* NULL: the campaign's name */
  size_t base;           /* index into ranking.series: what others are compared with */
  const char *directory; /* for the figures' files, which are the caller's to remove */
};

/* The whole page.  False after a message, or where an end was asked for (harness/process/interrupt.h). */
bool report_write(struct report *report, FILE *out);

/* Sections. */
void report_answer(const struct report *report, FILE *out);
bool report_figures(struct report *report, FILE *out);
void report_cells(const struct report *report, FILE *out);
void report_comparisons(const struct report *report, FILE *out);
bool report_workloads(const struct report *report, FILE *out);
void report_limits(const struct report *report, FILE *out);
void report_glossary(FILE *out);
void report_environment(const struct report *report, FILE *out);

/* Blocks of the campaign that have any trial. */
size_t report_blocks(const struct report *report);

#endif
