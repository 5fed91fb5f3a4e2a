#define _GNU_SOURCE
#include "harness/campaign/agreement.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/campaign/identity.h"

static bool same_work(const struct plan_cell *a, const struct plan_cell *b)
{
  return a->workload == b->workload && a->size == b->size &&
         memcmp(a->parameters, b->parameters, a->workload->parameter_count * sizeof *a->parameters) == 0;
}

/* Must these two agree?  Within a campaign, the block tells the seed. */
static bool are_peers(const struct result *a, const struct result *b, const struct plan_cells *cells)
{
  return *a->checksum != '\0' && *b->checksum != '\0' && a->block == b->block &&
         same_work(&cells->cells[a->cell], &cells->cells[b->cell]);
}

static const struct catalogue_collector *collector_of(const struct result *result, const struct plan_cells *cells)
{
  return cells->cells[result->cell].collector;
}

/* Of one checksum in a group. */
struct vote {
  const char *checksum;
  const struct catalogue_collector *first; /* in the catalogue's order */
  size_t collectors;
  bool has_none;
};

static struct vote count_vote(const struct results *results, const struct result *member,
                              const struct plan_cells *cells)
{
  struct vote vote = {.checksum = member->checksum, .first = collector_of(member, cells)};
  for (size_t i = 0; i < results->count; i++) {
    const struct result *row = &results->rows[i];
    if (!are_peers(row, member, cells) || strcmp(row->checksum, member->checksum) != 0) continue;
    const struct catalogue_collector *collector = collector_of(row, cells);
    bool counted = false;
    for (size_t k = 0; k < i && !counted; k++) {
      const struct result *before = &results->rows[k];
      counted = collector_of(before, cells) == collector && are_peers(before, member, cells) &&
                strcmp(before->checksum, member->checksum) == 0;
    }
    if (counted) continue;
    vote.collectors++;
    if (collector < vote.first) vote.first = collector;
    if (strcmp(collector->name, "none") == 0) vote.has_none = true;
  }
  return vote;
}

static bool is_better(const struct vote *a, const struct vote *b)
{
  if (a->has_none != b->has_none) return a->has_none;
  if (a->collectors != b->collectors) return a->collectors > b->collectors;
  if (a->first != b->first) return a->first < b->first;
  return strcmp(a->checksum, b->checksum) < 0;
}

/* Do all that must agree with this one? */
static bool is_unanimous(const struct results *results, const struct result *member, const struct plan_cells *cells)
{
  for (size_t i = 0; i < results->count; i++) {
    if (are_peers(&results->rows[i], member, cells) && strcmp(results->rows[i].checksum, member->checksum) != 0)
      return false;
  }
  return true;
}

static struct vote elect(const struct results *results, const struct result *member, const struct plan_cells *cells)
{
  struct vote best = count_vote(results, member, cells);
  for (size_t i = 0; i < results->count; i++) {
    if (!are_peers(&results->rows[i], member, cells)) continue;
    const struct vote vote = count_vote(results, &results->rows[i], cells);
    if (is_better(&vote, &best)) best = vote;
  }
  return best;
}

static bool set_outcome(struct result *row, const struct vote *right, struct store *store)
{
  const bool differs = strcmp(row->checksum, right->checksum) != 0;
  const char *outcome = differs ? "wrong_checksum" : "ok";
  if (strcmp(outcome, row->outcome) == 0 && !differs) return true;
  char *message = differs ? memory_format("its checksum is %s; that of %s%s is %s", row->checksum, right->first->name,
                                          right->collectors > 1 ? " and others" : "", right->checksum)
                          : NULL;
  free(row->message);
  row->message = message;
  row->outcome = outcome;
  return store_set_outcome(store, row->id, outcome, message);
}

bool agreement_check(struct results *results, size_t index, const struct plan_cells *cells, struct store *store)
{
  const struct result *member = &results->rows[index];
  if (*member->checksum == '\0' || is_unanimous(results, member, cells)) return true;
  const struct vote right = elect(results, member, cells);
  bool ok = true;
  for (size_t i = 0; i < results->count; i++) {
    if (are_peers(&results->rows[i], member, cells)) ok = set_outcome(&results->rows[i], &right, store) && ok;
  }
  return ok;
}

static void report_group(const struct results *results, const struct result *member, const struct plan_cells *cells)
{
  const struct plan_cell *cell = &cells->cells[member->cell];
  fprintf(stderr, "gclab: checksums disagree: %s%s, block %" PRIu32 ":\n", cell->workload->name,
          identity_size_note(cell), member->block + 1);
  for (size_t i = 0; i < results->count; i++) {
    const struct result *row = &results->rows[i];
    if (!are_peers(row, member, cells)) continue;
    fprintf(stderr, "  %s  %-20s trial %.8s%s\n", row->checksum, collector_of(row, cells)->name, row->id,
            strcmp(row->outcome, "wrong_checksum") == 0 ? "  <- differs" : "");
  }
}

size_t agreement_report(const struct results *results, const struct plan_cells *cells)
{
  size_t groups = 0;
  for (size_t i = 0; i < results->count; i++) {
    const struct result *member = &results->rows[i];
    if (*member->checksum == '\0' || is_unanimous(results, member, cells)) continue;
    bool reported = false;
    for (size_t k = 0; k < i && !reported; k++) reported = are_peers(&results->rows[k], member, cells);
    if (reported) continue;
    report_group(results, member, cells);
    groups++;
  }
  return groups;
}
