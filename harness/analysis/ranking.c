#include "harness/analysis/ranking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const struct analysis_cell *cell_of(const struct ranking *ranking, size_t series, size_t subject)
{
  const struct dataset_cell *cell = dataset_default_cell(ranking->analysis->dataset, series, subject);
  return cell != NULL ? &ranking->analysis->cells[analysis_cell_index(ranking->analysis, cell)] : NULL;
}

/* Is it a contender, and no baseline: one that reclaims nothing, or that is told what to free? */
static bool competes(const struct analysis *analysis, size_t series)
{
  const struct dataset *dataset = analysis->dataset;
  const char *collector = dataset->series[series].collector;
  return strcmp(collector, "none") != 0 && strcmp(collector, "manual") != 0;
}

static bool all_finished(const struct ranking *ranking, size_t subject)
{
  for (size_t s = 0; s < ranking->series_count; s++) {
    const struct analysis_cell *cell = cell_of(ranking, ranking->series[s], subject);
    if (cell == NULL || cell->ok_count == 0) return false;
  }
  return true;
}

/* Does the series take part in most of the campaign, so that what all finished is not for nothing? */
static bool takes_part(const struct ranking *ranking, size_t series)
{
  size_t cells = 0;
  for (size_t subject = 0; subject < ranking->analysis->dataset->subject_count; subject++)
    cells += cell_of(ranking, series, subject) != NULL;
  return 2 * cells >= ranking->analysis->dataset->subject_count && cells > 0;
}

struct ranking ranking_of(const struct analysis *analysis)
{
  const struct dataset *dataset = analysis->dataset;
  struct ranking ranking = {.analysis = analysis,
                            .series = memory_allocate((dataset->series_count + 1) * sizeof *ranking.series),
                            .subjects = memory_allocate((dataset->subject_count + 1) * sizeof *ranking.subjects)};
  for (size_t s = 0; s < dataset->series_count; s++) {
    if (dataset->series[s].main_allocator && competes(analysis, s) && takes_part(&ranking, s))
      ranking.series[ranking.series_count++] = s;
  }
  for (size_t subject = 0; subject < dataset->subject_count && ranking.series_count > 0; subject++) {
    if (all_finished(&ranking, subject))
      ranking.subjects[ranking.subject_count++] = subject;
    else
      ranking.subjects_left_out++;
  }
  return ranking;
}

void ranking_free(struct ranking *ranking)
{
  free(ranking->series);
  free(ranking->subjects);
}

/* Does every series have a value of the metric there that a ratio can be made of?  A collector may have no pauses. */
static bool all_have(const struct ranking *ranking, const struct metric *metric, size_t subject)
{
  for (size_t s = 0; s < ranking->series_count; s++) {
    if (!(analysis_median(cell_of(ranking, ranking->series[s], subject), metric) > 0)) return false;
  }
  return true;
}

size_t ranking_workloads(const struct ranking *ranking, const struct metric *metric)
{
  size_t count = 0;
  for (size_t i = 0; i < ranking->subject_count; i++) count += all_have(ranking, metric, ranking->subjects[i]);
  return count;
}

struct stats_estimate ranking_ratio(const struct ranking *ranking, size_t a, size_t b, const struct metric *metric,
                                    const struct comparison_terms *terms)
{
  struct stats_estimate none = {NAN, NAN, NAN, 0};
  const size_t room = ranking->subject_count + 1;
  struct comparison *of = memory_require(calloc(room, sizeof *of));
  const struct comparison **list = (const struct comparison **)memory_require(calloc(room, sizeof(void *)));
  size_t count = 0;
  bool whole = true;
  for (size_t i = 0; i < ranking->subject_count && whole; i++) {
    const size_t subject = ranking->subjects[i];
    if (!all_have(ranking, metric, subject)) continue;
    of[count] = comparison_of(cell_of(ranking, ranking->series[a], subject),
                              cell_of(ranking, ranking->series[b], subject), metric, true, terms);
    list[count] = &of[count];
    whole = of[count++].kind != COMPARISON_NONE;
  }
  if (whole && count > 0) none = comparison_geomean(list, count, terms);
  free((void *)list);
  free(of);
  return none;
}

size_t ranking_order(const struct ranking *ranking, const struct metric *metric, const struct comparison_terms *terms,
                     size_t *order)
{
  double *ratios = memory_allocate((ranking->series_count + 1) * sizeof *ratios);
  size_t count = 0;
  for (size_t s = 0; s < ranking->series_count; s++) {
    const double ratio = s == 0 ? 1 : ranking_ratio(ranking, 0, s, metric, terms).value;
    if (isnan(ratio)) continue;
    size_t place = count++;
    for (; place > 0 && ratios[place - 1] > ratio; place--) {
      ratios[place] = ratios[place - 1];
      order[place] = order[place - 1];
    }
    ratios[place] = ratio;
    order[place] = s;
  }
  free(ratios);
  return count;
}

bool ranking_is_clear(const struct stats_estimate *ratio, const struct noise_floor *floor)
{
  if (isnan(ratio->low) || isnan(ratio->high) || (ratio->low <= 1 && ratio->high >= 1)) return false;
  const double distance = ratio->value > 1 ? ratio->value : 1 / ratio->value;
  return floor->pairs == 0 || distance > floor->widest;
}
