/* verify: see verify.h. */
#define _GNU_SOURCE
#include "harness/advise/verify.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "harness/process/temporary.h"
#include "harness/recording/session.h"
#include "harness/stats/stats.h"

static const double level = 0.95;

/* ---- what one run says ------------------------------------------------------------------------------------------ */

/* Pauses of one process; the automatic collections alone are counted, as predictions count them. */
static void take_pauses(struct verify_cell *cell, size_t round, const struct recording *recording)
{
  double *pauses = memory_require(calloc(recording->collection_count + 1, sizeof(double)));
  double whole = 0;
  for (int g = 0; g < 3; g++) cell->collections[g][round] = 0;
  for (size_t i = 0; i < recording->collection_count; i++) {
    const struct recording_collection *collection = &recording->collections[i];
    pauses[i] = (double)collection->pause_ns;
    whole += pauses[i];
    if (collection->is_automatic) cell->collections[collection->generation][round]++;
  }
  const size_t count = recording->collection_count;
  if (count > 0) stats_sort_double(pauses, count);
  cell->values[VERIFY_GC_NS][round] = whole;
  cell->values[VERIFY_MAX_PAUSE_NS][round] = count > 0 ? pauses[count - 1] : 0;
  cell->values[VERIFY_P99_PAUSE_NS][round] = count > 0 ? pauses[stats_rank(count, 0.99) - 1] : 0;
  free(pauses);
}

/* The process with the most collections, or where none has any, the first. */
static bool take_run(struct verify_cell *cell, size_t round, const char *directory, const struct launch_result *result,
                     char *error)
{
  struct session session;
  if (!session_open(directory, &session, error)) return false;
  const struct session_process *largest = &session.list[0];
  for (size_t i = 1; i < session.count; i++) {
    if (session.list[i].header.bytes > largest->header.bytes) largest = &session.list[i];
  }
  struct recording recording;
  const bool is_read = recording_read(largest->path, &recording, error);
  if (is_read) {
    take_pauses(cell, round, &recording);
    recording_free(&recording);
    cell->values[VERIFY_WALL_NS][round] = (double)result->wall_ns;
    cell->values[VERIFY_PEAK_KIB][round] = (double)result->peak_kib;
  }
  session_close(&session);
  return is_read;
}

static void empty_directory(const char *path)
{
  DIR *directory = opendir(path);
  if (directory == NULL) return;
  for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    char *file = memory_format("%s/%s", path, entry->d_name);
    remove(file);
    free(file);
  }
  closedir(directory);
}

/* ---- runs ------------------------------------------------------------------------------------------------------- */

static bool is_as_expected(const struct launch_result *result, const struct launch_result *expected)
{
  return result->exit_code == expected->exit_code && result->signal == expected->signal && !result->timed_out;
}

static void describe_end(const struct launch_result *result, char *text, size_t size)
{
  if (result->timed_out) {
    snprintf(text, size, "ran longer than the time limit");
  } else if (result->signal != 0) {
    snprintf(text, size, "was ended by signal %d (%s)", result->signal, strsignal(result->signal));
  } else {
    snprintf(text, size, "ended with exit code %d", result->exit_code);
  }
}

static enum verify_outcome run_once(struct verify_cell *cell, size_t round, const struct launch_request *given,
                                    const struct launch_result *expected, struct temporary *temporary, char *error)
{
  struct launch_request request = *given;
  request.directory = temporary->directory;
  request.kind = RECORDING_PAUSES;
  request.thresholds = cell->thresholds;
  request.holds_thresholds = true;
  request.hides_output = true;
  if (!cell->freezes) request.freeze_after_ns = 0;
  const struct launch_result result = launch_run(&request);
  enum verify_outcome outcome = VERIFY_FAILED;
  char end[128];
  describe_end(&result, end, sizeof end);
  if (!result.started) {
    snprintf(error, RECORDING_ERROR_MAX, "%.400s", result.error);
  } else if (result.interrupted) {
    outcome = VERIFY_INTERRUPTED;
  } else if (!is_as_expected(&result, expected)) {
    snprintf(error, RECORDING_ERROR_MAX,
             "the program %s at %ld,%ld,%ld, and not while it was recorded: its runs are not alike, so that settings "
             "cannot be compared",
             end, (long)cell->thresholds[0], (long)cell->thresholds[1], (long)cell->thresholds[2]);
  } else if (take_run(cell, round, temporary->directory, &result, error)) {
    outcome = VERIFY_DONE;
  }
  empty_directory(temporary->directory);
  return outcome;
}

static void shuffle(size_t *order, size_t count, struct random *random)
{
  for (size_t i = 0; i < count; i++) order[i] = i;
  for (size_t i = count; i > 1; i--) {
    const size_t j = random_below(random, (uint32_t)i);
    const size_t other = order[i - 1];
    order[i - 1] = order[j];
    order[j] = other;
  }
}

enum verify_outcome verify_run(struct verify *verify, size_t rounds, const struct launch_request *request,
                               const struct launch_result *expected, uint64_t seed,
                               void (*tell)(size_t run, size_t runs), char *error)
{
  struct temporary temporary = {0};
  if (!temporary_make(&temporary, "tune")) {
    snprintf(error, RECORDING_ERROR_MAX, "there is no directory for the probe's files");
    return VERIFY_FAILED;
  }
  struct random random;
  random_seed(&random, seed);
  enum verify_outcome outcome = VERIFY_DONE;
  for (size_t round = 0; outcome == VERIFY_DONE && round < rounds; round++) {
    size_t order[VERIFY_SETTINGS_MAX] = {0};
    shuffle(order, verify->cell_count, &random);
    for (size_t i = 0; outcome == VERIFY_DONE && i < verify->cell_count; i++) {
      if (tell != NULL) tell(round * verify->cell_count + i, rounds * verify->cell_count);
      outcome = run_once(&verify->cells[order[i]], round, request, expected, &temporary, error);
    }
    if (outcome == VERIFY_DONE) verify->rounds = round + 1;
  }
  temporary_remove(&temporary);
  return outcome;
}

/* ---- summaries -------------------------------------------------------------------------------------------------- */

double verify_median(const struct verify *verify, size_t cell, enum verify_measure measure)
{
  return verify->rounds == 0 ? 0 : stats_median(verify->cells[cell].values[measure], verify->rounds);
}

double verify_median_collections(const struct verify *verify, size_t cell, int generation)
{
  return verify->rounds == 0 ? 0 : stats_median(verify->cells[cell].collections[generation], verify->rounds);
}

struct stats_estimate verify_ratio(const struct verify *verify, size_t cell, enum verify_measure measure)
{
  const double *usual = verify->cells[0].values[measure], *other = verify->cells[cell].values[measure];
  for (size_t i = 0; i < verify->rounds; i++) {
    if (!(usual[i] > 0) || !(other[i] > 0)) return (struct stats_estimate){NAN, NAN, NAN, 0};
  }
  return stats_ratio_paired(other, usual, verify->rounds, level, 1);
}
