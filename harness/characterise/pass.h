/*
 * pass: characterises one workload.
 *
 * Runs it on the instrument (collectors/lifetimes), whose death schedule and counts tell nearly everything, then on
 * marksweep for the minimum heap and the collections at twice that (harness/minheap).  The death schedule lies in
 * TMPDIR meanwhile: some ten bytes an object.
 */
#ifndef GCLAB_HARNESS_CHARACTERISE_PASS_H
#define GCLAB_HARNESS_CHARACTERISE_PASS_H

#include "harness/catalogue/catalogue.h"
#include "harness/characterise/characterisation.h"

enum { PASS_ERROR_MAX = 768, PASS_CHECKSUM_MAX = 17 };

struct pass_request {
  const struct catalogue_collector *instrument;
  const struct catalogue_collector *marksweep; /* NULL: minimum heap and collections are not measured */
  const struct catalogue_workload *workload;
  const int64_t *parameters; /* one a row of the workload */
  uint64_t seed;
  const char *deaths_path;                       /* keep the death schedule in this file; NULL: do not */
  void (*tell)(void *context, const char *step); /* what is being done now; NULL: nobody listens */
  void *context;
};

enum pass_outcome { PASS_DONE, PASS_REFUSED, PASS_FAILED, PASS_NO_FILE, PASS_INTERRUPTED };

/*
 * Fills in values and curves, and the workload's checksum.  REFUSED: the parameters do not fit one another; FAILED: a
 * trial failed; NO_FILE: the death schedule could not be kept; error (PASS_ERROR_MAX) says why, without the workload's
 * name.
 */
enum pass_outcome pass_run(const struct pass_request *request, struct characterisation *into, char *checksum,
                           char *error);

#endif
