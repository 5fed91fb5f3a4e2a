/* What figures are made of: numbers as text, label places, slices and grids of knobs, pooled pauses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "harness/figures/palette.h"
#include "harness/figures/sweep.h"
#include "harness/text/text.h"
#include "tests/figures/synthetic.h"
#include "tests/unit/cmocka_all.h"

static void durations_have_three_digits_and_a_unit(void **state)
{
  (void)state;
  static const struct {
    double ns;
    const char *text, *tick;
  } cases[] = {{0, "0 ns", "0"},
               {850, "850 ns", "850 ns"},
               {999.6, "1.00 µs", "0.9996 µs"},
               {1000, "1.00 µs", "1 µs"},
               {12345, "12.3 µs", "12.345 µs"},
               {2500000, "2.50 ms", "2.5 ms"},
               {99960000, "100 ms", "99.96 ms"},
               {1e9, "1.00 s", "1 s"},
               {1.234e12, "1234 s", "1234 s"}};
  char text[TEXT_NUMBER_MAX];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_string_equal(text_duration(cases[i].ns, text), cases[i].text);
    if (cases[i].ns != 999.6) assert_string_equal(text_duration_tick(cases[i].ns, text), cases[i].tick);
  }
}

static void sizes_and_counts(void **state)
{
  (void)state;
  char text[TEXT_NUMBER_MAX];
  assert_string_equal(text_bytes(1536, text), "1.50 KiB");
  assert_string_equal(text_bytes_tick(64 << 20, text), "64 MiB");
  assert_string_equal(text_count(1234567, text), "1,234,567");
  assert_string_equal(text_count(999, text), "999");
  assert_string_equal(text_short(50000, text), "50k");
  assert_string_equal(text_short(1500000, text), "1.5M");
}

static void wrapping_breaks_at_spaces_and_loses_nothing(void **state)
{
  (void)state;
  static const char text[] = "one two three four five six seven eight nine ten, and a_word_that_is_wider_than_any_line";
  char *wrapped = text_wrap(text, 11, 120);
  char *copy = text_copy(wrapped);
  size_t lines = 0;
  char *rest = NULL;
  for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest), lines++)
    assert_true(text_width_px(line, 11) <= 120 || strchr(line, ' ') == NULL);
  assert_true(lines >= 4);
  for (char *c = wrapped; *c != '\0'; c++) *c = *c == '\n' ? ' ' : *c;
  assert_string_equal(wrapped, text);
  free(copy);
  free(wrapped);
}

static void labels_are_spread_in_order(void **state)
{
  (void)state;
  enum { N = 12 };
  struct random random;
  random_seed(&random, 5);
  for (int round = 0; round < 500; round++) {
    double wished[N], placed[N];
    for (int i = 0; i < N; i++) wished[i] = placed[i] = 300 * random_unit(&random);
    axis_spread(placed, N, 17, 0, 300);
    for (int i = 0; i < N; i++) {
      assert_true(placed[i] >= -1e-6 && placed[i] <= 300 + 1e-6);
      for (int k = 0; k < N; k++) {
        if (i == k) continue;
        assert_true(fabs(placed[i] - placed[k]) >= 17 - 1e-6);
        if (wished[i] < wished[k]) assert_true(placed[i] < placed[k]);
      }
    }
  }
  double apart[] = {50, 10, 200};
  axis_spread(apart, 3, 17, 0, 300);
  assert_true(apart[0] == 50 && apart[1] == 10 && apart[2] == 200); /* nothing to do, nothing done */
}

static void placed_labels_do_not_overlap(void **state)
{
  (void)state;
  struct axis_label labels[8];
  for (int row = 0, i = 0; row < 2; row++) {
    for (int column = 0; column < 4; column++, i++)
      labels[i] = (struct axis_label){.x = 100 + 30 * column, .y = 100 + 25 * row, .width = 28, .height = 14};
  }
  axis_place_labels(labels, 8, 0, 400, 0, 300);
  for (int i = 0; i < 8; i++) {
    for (int k = 0; k < i; k++) {
      const bool beside =
          labels[i].at_x >= labels[k].at_x + labels[k].width || labels[k].at_x >= labels[i].at_x + labels[i].width;
      assert_true(beside || fabs(labels[i].at_y - labels[k].at_y) >= 14 - 1e-9);
    }
  }
}

static void ticks_of_axes(void **state)
{
  (void)state;
  struct axis axis = {.low = 500, .high = 2e7, .log = true};
  axis_log_ticks(&axis, text_duration_tick, 10, 300, 11);
  assert_non_null(strstr(axis.ticks, "\"1 µs\" 1000"));
  assert_non_null(strstr(axis.ticks, "\"10 ms\" 10000000"));
  assert_null(strstr(axis.ticks, "\"100 ms\""));
  axis_free(&axis);
  axis = (struct axis){.low = 0, .high = 100u << 20};
  axis_linear_ticks(&axis, text_bytes_tick, true, 4);
  assert_non_null(strstr(axis.ticks, "\"0\" 0"));
  assert_non_null(strstr(axis.ticks, "\"64 MiB\" 67108864"));
  axis_free(&axis);
}

static void text_colours_contrast_with_white(void **state)
{
  (void)state;
  static const char *const names[] = {"none",      "refcount", "refcount_cyclic", "marksweep",
                                      "semispace", "boehm",    "cpython",         "other"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    for (size_t k = 0; k < i; k++) assert_int_not_equal(palette_collector(names[i]), palette_collector(names[k]));
    const uint32_t text = palette_text(palette_collector(names[i]));
    assert_true((text >> 16) + ((text >> 8) & 255) + (text & 255) < 450);
  }
  assert_int_equal(palette_contrast(palette_heat(0)), PALETTE_INK);
  assert_int_equal(palette_contrast(palette_heat(1)), 0xffffff);
}

/* ---- on a synthetic store ---------------------------------------------------------------------------------------- */

static char path[] = "/tmp/gclab-figures-XXXXXX";
static struct store *store;
static struct dataset *dataset;

static int open_store(void **state)
{
  (void)state;
  const int fd = mkstemp(path);
  if (fd < 0) return 1;
  close(fd);
  unlink(path);
  const unsigned parts =
      SYNTHETIC_DEFAULTS | SYNTHETIC_SWEEP | SYNTHETIC_GRID | SYNTHETIC_GROWTH | SYNTHETIC_ALLOCATORS;
  if (!synthetic_make(path, parts)) return 1;
  store = store_open(path, STORE_READ);
  dataset = store != NULL ? dataset_load(store, NULL, NULL, NULL) : NULL;
  return dataset == NULL;
}

static int close_store(void **state)
{
  (void)state;
  dataset_free(dataset);
  store_close(store);
  char *file = text_format("rm -f %s %s-wal %s-shm", path, path, path);
  const int status = system(file); /* NOLINT: a path of mkstemp's */
  free(file);
  return status;
}

static size_t series_called(const char *label)
{
  for (size_t i = 0; i < dataset->series_count; i++) {
    if (strcmp(dataset->series[i].label, label) == 0) return i;
  }
  fail_msg("no series %s", label);
  return 0;
}

static size_t subject_called(const char *label)
{
  for (size_t i = 0; i < dataset->subject_count; i++) {
    if (strcmp(dataset->subjects[i].label, label) == 0) return i;
  }
  fail_msg("no subject %s", label);
  return 0;
}

static void allocators_are_series_of_their_own(void **state)
{
  (void)state;
  const size_t plain = series_called("refcount");
  assert_int_equal(series_called("refcount / glibc"), plain + 1);
  assert_true(dataset->series[plain].main_allocator);
  assert_false(dataset->series[plain + 1].main_allocator);
  assert_int_equal(dataset->subject_count, 3);
}

static void varied_knobs_are_found(void **state)
{
  (void)state;
  size_t count = 0;
  const char **names = sweep_find_knobs(dataset, &count);
  assert_int_equal(count, 3);
  for (size_t i = 0; i < count; i++)
    assert_true(strcmp(names[i], "threshold0") == 0 || strcmp(names[i], "threshold1") == 0 ||
                strcmp(names[i], "growth_factor") == 0);
  free(names);
}

static void slices_are_at_the_defaults_of_the_other_knobs(void **state)
{
  (void)state;
  struct sweep_knob knob = sweep_describe(dataset, "threshold0");
  assert_int_equal(knob.value_count, 10);
  assert_true(knob.log);
  assert_string_equal(knob.default_text, "700");
  for (size_t i = 1; i < knob.value_count; i++) assert_true(knob.values[i].number > knob.values[i - 1].number);
  struct sweep_slice slice;
  assert_true(sweep_find_slice(dataset, &knob, series_called("refcount_cyclic"), subject_called("cycles"), &slice));
  assert_int_equal(slice.count, 10);
  assert_null(slice.base);
  for (size_t i = 0; i < slice.count; i++) assert_string_equal(dataset_knob(slice.cells[i], "threshold1"), "10");
  sweep_slice_free(&slice);
  assert_false(sweep_find_slice(dataset, &knob, series_called("marksweep"), subject_called("cycles"), &slice));
  sweep_slice_free(&slice);
  sweep_knob_free(&knob);
}

static void grids_are_found_where_both_knobs_vary(void **state)
{
  (void)state;
  size_t count = 0;
  struct sweep_grid *grids =
      sweep_find_grids(dataset, series_called("refcount_cyclic"), subject_called("cycles"), &count);
  assert_int_equal(count, 1);
  assert_string_equal(grids[0].x.name, "threshold0");
  assert_int_equal(grids[0].x.value_count * grids[0].y.value_count, 50);
  assert_int_equal(grids[0].present, 49); /* one was not run */
  sweep_grids_free(grids, count);
  grids = sweep_find_grids(dataset, series_called("refcount_cyclic"), subject_called("gcbench"), &count);
  assert_int_equal(count, 0);
  sweep_grids_free(grids, count);
}

static int ascending(const void *a, const void *b)
{
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* Against the rows themselves, sorted here: the longest, and the median of generation 0 by its rank. */
static void pauses_of_a_cell_are_pooled(void **state)
{
  (void)state;
  struct dataset_cell *cell = dataset_default_cell(dataset, series_called("refcount_cyclic"), subject_called("cycles"));
  const struct cell_pauses *pauses = dataset_pauses(dataset, cell);
  assert_non_null(pauses);
  uint64_t *young = NULL, longest = 0, rows = 0;
  size_t n = 0;
  for (size_t t = 0; t < cell->trial_count; t++) {
    struct store_series series;
    assert_true(store_load_series(store, cell->trials[t].id, &series));
    young = realloc(young, (n + series.pause_count) * sizeof *young);
    for (size_t i = 0; i < series.pause_count; i++) {
      const struct journal_row *row = &series.pauses[i];
      if (row->duration_ns > longest) longest = row->duration_ns;
      if (row->kind == JOURNAL_COLLECTION && row->generation == 0) young[n++] = row->duration_ns;
    }
    rows += series.pause_count;
    store_series_free(&series);
  }
  assert_non_null(young);
  qsort(young, n, sizeof *young, ascending);                  /* NOLINT(clang-analyzer-core.NonNullParamChecker) */
  assert_int_equal(pauses->of[PAUSE_ALL].n, rows + 3 * 8000); /* the short ones count */
  assert_int_equal(pauses->of[PAUSE_ALL].pooled[PAUSE_MAX].value, longest);
  assert_true(pauses->of[PAUSE_ALL].pooled[PAUSE_MEDIAN].below_floor);
  assert_int_equal(pauses->of[PAUSE_GENERATION0].n, n);
  assert_int_equal(pauses->of[PAUSE_GENERATION0].pooled[PAUSE_MEDIAN].value, young[(n + 1) / 2 - 1]);
  for (int s = 0; s < PAUSE_STATISTICS; s++) { /* the pooled quantile lies between those of the trials */
    assert_true(pauses->of[PAUSE_GENERATION0].lowest[s] <= pauses->of[PAUSE_GENERATION0].pooled[s].value);
    assert_true(pauses->of[PAUSE_GENERATION0].highest[s] >= pauses->of[PAUSE_GENERATION0].pooled[s].value);
  }
  free(young);
}

static struct dataset *load_split(const char *phase)
{
  struct dataset *split = dataset_load(store, NULL, NULL, NULL);
  assert_non_null(split);
  assert_true(phase != NULL ? dataset_split_by_one(split, phase)
                            : dataset_split_by_each(split, subject_called("cycles")));
  return split;
}

/* Phase by phase, times and pauses come to what they are in all; those below the floor alone are missing. */
static void phases_add_up_to_the_trial(void **state)
{
  (void)state;
  struct dataset *split = load_split(NULL);
  const size_t series = series_called("refcount_cyclic");
  assert_int_equal(split->subject_count, 2);
  assert_string_equal(split->subjects[0].label, "build");
  assert_string_equal(split->subjects[1].label, "work");
  struct dataset_cell *whole = dataset_default_cell(dataset, series, subject_called("cycles"));
  struct dataset_cell *build = dataset_default_cell(split, series, 0), *work = dataset_default_cell(split, series, 1);
  const struct cell_pauses *of_whole = dataset_pauses(dataset, whole), *of_build = dataset_pauses(split, build),
                           *of_work = dataset_pauses(split, work);
  for (size_t t = 0; t < whole->trial_count; t++) {
    const struct dataset_trial *all = &whole->trials[t], *first = &build->trials[t], *second = &work->trials[t];
    assert_string_equal(all->id, first->id);
    assert_int_equal(first->wall_ns, 250000000);
    assert_int_equal(first->wall_ns + second->wall_ns, all->wall_ns);
    assert_int_equal(first->gc_ns + second->gc_ns, all->gc_ns);
    assert_int_equal(first->pauses + second->pauses + 8000, all->pauses);
    assert_int_equal(first->pause_max_ns > second->pause_max_ns ? first->pause_max_ns : second->pause_max_ns,
                     all->pause_max_ns);
    assert_true(first->peak_heap_bytes > 0 && first->peak_heap_bytes <= all->peak_heap_bytes);
  }
  for (int c = 0; c < PAUSE_CLASSES; c++) {
    const size_t missing = c == PAUSE_CASCADE || c == PAUSE_ALL ? whole->trial_count * 8000 : 0;
    assert_int_equal(of_build->of[c].n + of_work->of[c].n + missing, of_whole->of[c].n);
  }
  assert_true(of_build->of[PAUSE_GENERATION0].n > 0 && of_work->of[PAUSE_GENERATION0].n > 0);
  dataset_free(split);
}

static void one_phase_leaves_the_workloads_that_have_it(void **state)
{
  (void)state;
  struct dataset *split = load_split("work");
  assert_int_equal(split->subject_count, 1);
  assert_string_equal(split->subjects[0].label, "cycles");
  for (size_t i = 0; i < split->cell_count; i++) assert_string_equal(split->cells[i].workload, "cycles");
  struct sweep_knob knob = sweep_describe(split, "threshold0");
  struct sweep_slice slice;
  assert_true(sweep_find_slice(split, &knob, series_called("cpython"), 0, &slice));
  assert_int_equal(slice.count, 10);
  sweep_slice_free(&slice);
  sweep_knob_free(&knob);
  dataset_free(split);
}

static void phases_are_listed_in_their_order(void **state)
{
  (void)state;
  size_t count = 0;
  char **phases = dataset_phases(dataset, subject_called("cycles"), &count);
  assert_int_equal(count, 2);
  assert_string_equal(phases[0], "build");
  assert_string_equal(phases[1], "work");
  dataset_phases_free(phases, count);
  phases = dataset_phases(dataset, subject_called("gcbench"), &count);
  assert_int_equal(count, 0);
  dataset_phases_free(phases, count);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(durations_have_three_digits_and_a_unit),
      cmocka_unit_test(sizes_and_counts),
      cmocka_unit_test(wrapping_breaks_at_spaces_and_loses_nothing),
      cmocka_unit_test(labels_are_spread_in_order),
      cmocka_unit_test(placed_labels_do_not_overlap),
      cmocka_unit_test(ticks_of_axes),
      cmocka_unit_test(text_colours_contrast_with_white),
      cmocka_unit_test(allocators_are_series_of_their_own),
      cmocka_unit_test(varied_knobs_are_found),
      cmocka_unit_test(slices_are_at_the_defaults_of_the_other_knobs),
      cmocka_unit_test(grids_are_found_where_both_knobs_vary),
      cmocka_unit_test(pauses_of_a_cell_are_pooled),
      cmocka_unit_test(phases_add_up_to_the_trial),
      cmocka_unit_test(one_phase_leaves_the_workloads_that_have_it),
      cmocka_unit_test(phases_are_listed_in_their_order),
  };
  return cmocka_run_group_tests(tests, open_store, close_store);
}
