/* grid: see grid.h. */
#include "harness/advise/grid.h"

#include <stdlib.h>

#include "base/memory.h"

const char *const grid_goal_names[GRID_GOALS] = {"gc-time", "max-pause", "p99-pause"};
const char *const grid_goal_words[GRID_GOALS] = {"time in collections", "longest pause", "99th percentile of pauses"};

static const int64_t thresholds0[] = {200,   400,   700,   1000,  1500,  2000,   3000,   5000,   7000,   10000,
                                      15000, 20000, 30000, 50000, 70000, 100000, 150000, 200000, 300000, 500000};
static const int64_t thresholds1[] = {1, 2, 5, 10, 20, 30, 50, 100};
static const int64_t thresholds2[] = {1, 2, 5, 10, 20, 30, 50, 100};

enum {
  VALUES0 = sizeof thresholds0 / sizeof thresholds0[0],
  VALUES1 = sizeof thresholds1 / sizeof thresholds1[0],
  VALUES2 = sizeof thresholds2 / sizeof thresholds2[0]
};

/* A promise of less is none. */
static const double least_gain = 0.01;
/* Settings whose goal is within so much of each other are equal, and the one that keeps less garbage wins. */
static const double same_share = 0.01;
/* With and without gc.freeze() are two settings only where they differ by more. */
static const double alike_share = 0.1;

static void add_all(struct predict_setting *settings, size_t *count, bool freezes)
{
  for (size_t i = 0; i < VALUES0; i++) {
    for (size_t j = 0; j < VALUES1; j++) {
      for (size_t k = 0; k < VALUES2; k++)
        settings[(*count)++] =
            (struct predict_setting){{thresholds0[i], thresholds1[j], thresholds2[k]}, .freezes = freezes};
    }
  }
}

struct predict_setting *grid_make(const int64_t *usual, bool with_freezes, size_t *count)
{
  struct predict_setting *settings = memory_require(calloc(2 * VALUES0 * VALUES1 * VALUES2 + 2, sizeof *settings));
  for (size_t i = 0; i < 2; i++) {
    for (int g = 0; g < 3; g++) settings[i].thresholds[g] = usual[g];
  }
  settings[1].freezes = true;
  *count = with_freezes ? 2 : 1;
  add_all(settings, count, false);
  if (with_freezes) add_all(settings, count, true);
  return settings;
}

double grid_goal_of(enum grid_goal goal, const struct prediction *prediction)
{
  switch (goal) {
  case GRID_MAX_PAUSE:
    return prediction->max_pause_ns;
  case GRID_P99_PAUSE:
    return prediction->p99_pause_ns;
  case GRID_GC_TIME:
  case GRID_GOALS:
    break;
  }
  return prediction->gc_ns;
}

bool grid_allows(const struct grid_terms *terms, const struct prediction *usual, const struct prediction *prediction)
{
  if (terms->longest_pause > 0 && prediction->max_pause_ns > usual->max_pause_ns * terms->longest_pause) return false;
  if (terms->goal != GRID_GC_TIME && prediction->gc_ns > usual->gc_ns) return false;
  if (terms->memory <= 0 || terms->peak_bytes <= 0) return true;
  const double more = (double)prediction->peak_garbage - (double)usual->peak_garbage;
  return terms->peak_bytes + more * terms->object_bytes <= terms->peak_bytes * terms->memory;
}

static double ratio_of(int64_t a, int64_t b)
{
  if (a < 1 || b < 1) return 1;
  return a > b ? (double)a / (double)b : (double)b / (double)a;
}

static bool is_near(double a, double b) { return a <= b * (1 + alike_share) && b <= a * (1 + alike_share); }

/* Freezing changes nothing where no full collection comes after it anyway. */
static bool are_alike(const struct prediction *a, const struct prediction *b)
{
  return is_near(a->gc_ns, b->gc_ns) && is_near(a->max_pause_ns, b->max_pause_ns);
}

static bool is_neighbour(const struct prediction *a, const struct prediction *b)
{
  if (a->setting.freezes != b->setting.freezes) return are_alike(a, b);
  if (ratio_of(a->setting.thresholds[0], b->setting.thresholds[0]) >= 1.5) return false;
  return b->max_pause_ns * 2 > a->max_pause_ns;
}

/* Better by the goal; where that is the same, by what is collected earlier. */
static bool is_better(enum grid_goal goal, const struct prediction *a, const struct prediction *b)
{
  const double left = grid_goal_of(goal, a), right = grid_goal_of(goal, b);
  if (left < right * (1 - same_share)) return true;
  if (right < left * (1 - same_share)) return false;
  return a->peak_garbage < b->peak_garbage;
}

static bool is_candidate(const struct grid_terms *terms, const struct prediction *predictions, size_t i,
                         const size_t *chosen, size_t chosen_count)
{
  const struct prediction *usual = &predictions[0], *prediction = &predictions[i];
  if (!grid_allows(terms, usual, prediction)) return false;
  if (grid_goal_of(terms->goal, prediction) > grid_goal_of(terms->goal, usual) * (1 - least_gain)) return false;
  for (size_t j = 0; j < chosen_count; j++) {
    if (is_neighbour(&predictions[chosen[j]], prediction)) return false;
  }
  return true;
}

size_t grid_choose(const struct grid_terms *terms, const struct prediction *predictions, size_t count, size_t wanted,
                   size_t *chosen)
{
  size_t chosen_count = 0;
  while (chosen_count < wanted) {
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
      if (!is_candidate(terms, predictions, i, chosen, chosen_count)) continue;
      if (best == 0 || is_better(terms->goal, &predictions[i], &predictions[best])) best = i;
    }
    if (best == 0) break;
    chosen[chosen_count++] = best;
  }
  return chosen_count;
}
