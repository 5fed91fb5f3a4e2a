/* Minimum heaps that are kept in the store: searched once, then known. */
#define _GNU_SOURCE
#include "harness/cli/minheap_search.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/campaign/identity.h"
#include "harness/cli/command.h"
#include "harness/minheap/minheap.h"
#include "harness/process/interrupt.h"
#include "harness/text/text.h"

enum { WORDS_MAX = 80 };

const struct minheap_terms minheap_terms_usual = {
    .attempts = 3, .seed = 1, .precision = 0.01, .time_limit_ns = UINT64_C(60) * 1000000000};

const char *minheap_search_word(const struct store_minheap_step *step)
{
  return step->fits ? "enough" : step->timed_out ? "takes too long" : "too small";
}

static void note_step(void *context, const struct minheap_trial *trial)
{
  struct minheap_search *search = context;
  char bytes[TEXT_NUMBER_MAX];
  const struct store_minheap_step step = {trial->limit_bytes, trial->fits, trial->timed_out};
  if (search->step_count < MINHEAP_STEPS_MAX) search->steps[search->step_count++] = step;
  if (search->quiet) return;
  fprintf(stderr, "%s: minimum heap of %s on %s: %s is %s\n", search->who, search->cell->workload->name,
          search->cell->collector->name, text_bytes((double)trial->limit_bytes, bytes), minheap_search_word(&step));
}

static char **make_words(const struct plan_cell *cell)
{
  char **words = memory_require(calloc(WORDS_MAX, sizeof *words));
  char text[SETTING_TEXT_MAX];
  size_t count = 0;
  words[count++] = text_copy("run");
  words[count++] = text_copy(cell->workload->name);
  words[count++] = text_format("--size=%s", setting_size_names[cell->size]);
  for (size_t i = 0; i < cell->collector->knob_count && count < WORDS_MAX - 1; i++) {
    const struct setting *row = &cell->collector->knobs[i];
    if ((int)i != plan_heap_knob(cell))
      words[count++] = text_format("--set=%s=%s", row->name, setting_format(row, cell->knobs[i], text));
  }
  for (size_t i = 0; i < cell->workload->parameter_count && count < WORDS_MAX - 1; i++) {
    const struct setting *row = &cell->workload->parameters[i];
    words[count++] = text_format("--param=%s=%s", row->name, setting_format(row, cell->parameters[i], text));
  }
  return words;
}

static bool keep(struct store *store, const struct minheap_search *search, const struct minheap_terms *terms)
{
  char now[IDENTITY_TIME_MAX];
  char *knobs = identity_knobs(search->cell), *parameters = identity_parameters(search->cell);
  const struct store_minheap row = {.id = search->id,
                                    .collector = search->cell->collector->name,
                                    .workload = search->cell->workload->name,
                                    .size = setting_size_names[search->cell->size],
                                    .knobs = knobs,
                                    .parameters = parameters,
                                    .build_id = search->cell->collector->build_id,
                                    .created_at = identity_time_now(now),
                                    .attempts = terms->attempts,
                                    .seed = terms->seed,
                                    .limit_bytes = search->limit_bytes,
                                    .precision = terms->precision};
  const bool kept = store_put_minheap(store, &row, search->steps, search->step_count);
  free(parameters);
  free(knobs);
  return kept;
}

static bool add_step(void *context, const struct store_minheap_step *step)
{
  struct minheap_search *search = context;
  if (search->step_count < MINHEAP_STEPS_MAX) search->steps[search->step_count++] = *step;
  return true;
}

static enum minheap_outcome run_search(struct minheap_search *search, const struct minheap_terms *terms)
{
  char error[MINHEAP_ERROR_MAX];
  struct minheap_trial found;
  char **words = make_words(search->cell);
  const struct minheap_request request = {.program = search->cell->collector->trial_path,
                                          .words = (const char *const *)words,
                                          .attempts = (unsigned)terms->attempts,
                                          .seed = terms->seed,
                                          .start_bytes = 1 << 20,
                                          .precision = terms->precision,
                                          .time_limit_ns = terms->time_limit_ns,
                                          .tell = note_step,
                                          .context = search};
  const enum minheap_outcome outcome = minheap_find(&request, &found, error);
  if (outcome == MINHEAP_FOUND) search->limit_bytes = found.limit_bytes;
  if (outcome == MINHEAP_FAILED) search->failure = text_copy(error);
  for (size_t i = 0; words[i] != NULL; i++) free(words[i]);
  free(words);
  return outcome;
}

int minheap_search_run(struct minheap_search *search, struct store *store, const struct minheap_terms *terms)
{
  char *text = text_format("gclab-minheap-1\n%s\n%" PRIu64 "\n%" PRIu64 "\n%" PRIu64 "\n%.6f\n", search->cell->id,
                           terms->attempts, terms->seed, terms->time_limit_ns, terms->precision);
  identity_hash(text, strlen(text), search->id);
  free(text);
  if (!store_find_minheap(store, search->id, &search->limit_bytes)) return EXIT_ENVIRONMENT;
  if (search->limit_bytes > 0 && !terms->again)
    return store_each_minheap_step(store, search->id, add_step, search) ? EXIT_DONE : EXIT_ENVIRONMENT;
  search->limit_bytes = 0;
  switch (run_search(search, terms)) {
  case MINHEAP_FOUND:
    return keep(store, search, terms) ? EXIT_DONE : EXIT_ENVIRONMENT;
  case MINHEAP_INTERRUPTED:
    return EXIT_INTERRUPTED;
  default:
    fprintf(stderr, "%s: minimum heap of %s on %s: %s\n", search->who, search->cell->workload->name,
            search->cell->collector->name, search->failure);
    return EXIT_TRIAL_FAILED;
  }
}

void minheap_search_free(struct minheap_search *search)
{
  free(search->failure);
  search->failure = NULL;
}

/* ---- heaps in multiples of the minimum heap --------------------------------------------------------------------- */

struct heaps {
  struct store *store;
  const char *who;
  bool quiet;
  int code; /* of the search that found nothing */
};

/* The least minimum heap of a workload over the collectors that take part. */
static uint64_t find_minimum(void *context, const struct plan_cell *bases, size_t count)
{
  struct heaps *heaps = context;
  uint64_t least = 0;
  for (size_t i = 0; i < count; i++) {
    struct minheap_search search = {.cell = &bases[i], .who = heaps->who, .quiet = heaps->quiet};
    heaps->code = minheap_search_run(&search, heaps->store, &minheap_terms_usual);
    minheap_search_free(&search);
    if (heaps->code != EXIT_DONE) return 0;
    if (least == 0 || search.limit_bytes < least) least = search.limit_bytes;
  }
  return least;
}

int minheap_resolve(struct plan_cells *cells, const char *store_path, const char *who, bool quiet)
{
  if (!plan_has_multiples(cells)) return EXIT_DONE;
  struct heaps heaps = {.store = store_open(store_path, STORE_WRITE), .who = who, .quiet = quiet, .code = EXIT_DONE};
  if (heaps.store == NULL) return EXIT_ENVIRONMENT;
  if (!interrupt_watch())
    heaps.code = EXIT_ENVIRONMENT;
  else
    plan_resolve_heaps(cells, find_minimum, &heaps);
  interrupt_release();
  store_close(heaps.store);
  return heaps.code;
}
