/* tune_python: the table and the answer. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "harness/cli/table.h"
#include "harness/cli/tune_python.h"
#include "harness/text/text.h"

/* ---- the answer ------------------------------------------------------------------------------------------------- */

static enum verify_measure goal_measure(enum grid_goal goal)
{
  return goal == GRID_MAX_PAUSE ? VERIFY_MAX_PAUSE_NS : goal == GRID_P99_PAUSE ? VERIFY_P99_PAUSE_NS : VERIFY_GC_NS;
}

/* Measured pauses have noise: a tenth is allowed for. */
static const double slack = 1.1;

static bool is_measured_better(const struct tune_python *tune, size_t cell)
{
  const struct stats_estimate goal = verify_ratio(&tune->verify, cell, goal_measure(tune->terms.goal));
  if (!(goal.high < 1)) return false;
  const double pause = verify_median(&tune->verify, cell, VERIFY_MAX_PAUSE_NS),
               usual_pause = verify_median(&tune->verify, 0, VERIFY_MAX_PAUSE_NS),
               peak = verify_median(&tune->verify, cell, VERIFY_PEAK_KIB),
               usual_peak = verify_median(&tune->verify, 0, VERIFY_PEAK_KIB);
  if (tune->terms.longest_pause > 0 && pause > usual_pause * tune->terms.longest_pause * slack) return false;
  return tune->terms.memory <= 0 || peak <= usual_peak * tune->terms.memory;
}

size_t tune_python_advised(const struct tune_python *tune)
{
  if (tune->rounds == 0) return tune->best_count > 0 ? 1 : 0;
  const enum verify_measure measure = goal_measure(tune->terms.goal);
  size_t best = 0;
  for (size_t i = 1; i < tune->chosen_count; i++) {
    if (!is_measured_better(tune, i)) continue;
    if (best == 0 || verify_median(&tune->verify, i, measure) < verify_median(&tune->verify, best, measure)) best = i;
  }
  return best;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static void format_setting(const struct predict_setting *setting, char *text, size_t size)
{
  const int64_t *thresholds = setting->thresholds;
  snprintf(text, size, "%" PRId64 ",%" PRId64 ",%" PRId64 "%s", thresholds[0], thresholds[1], thresholds[2],
           setting->freezes ? " frozen" : "");
}

static void add_predicted(struct table *table, const struct prediction *prediction, const char *note)
{
  char setting[64], counts[96], time[TEXT_NUMBER_MAX], longest[TEXT_NUMBER_MAX], p99[TEXT_NUMBER_MAX];
  format_setting(&prediction->setting, setting, sizeof setting);
  snprintf(counts, sizeof counts, "%" PRIu64 " %" PRIu64 " %" PRIu64, prediction->collections[0],
           prediction->collections[1], prediction->collections[2]);
  table_add(table, (const char *const[]){setting, "predicted", counts, text_duration(prediction->gc_ns, time),
                                         text_duration(prediction->max_pause_ns, longest),
                                         text_duration(prediction->p99_pause_ns, p99), NULL, NULL, note});
}

static void add_measured(struct table *table, const struct verify *verify, size_t cell)
{
  char counts[96], time[TEXT_NUMBER_MAX], longest[TEXT_NUMBER_MAX], p99[TEXT_NUMBER_MAX], wall[TEXT_NUMBER_MAX],
      peak[TEXT_NUMBER_MAX];
  snprintf(counts, sizeof counts, "%g %g %g", verify_median_collections(verify, cell, 0),
           verify_median_collections(verify, cell, 1), verify_median_collections(verify, cell, 2));
  table_add(table, (const char *const[]){NULL, "measured", counts,
                                         text_duration(verify_median(verify, cell, VERIFY_GC_NS), time),
                                         text_duration(verify_median(verify, cell, VERIFY_MAX_PAUSE_NS), longest),
                                         text_duration(verify_median(verify, cell, VERIFY_P99_PAUSE_NS), p99),
                                         text_duration(verify_median(verify, cell, VERIFY_WALL_NS), wall),
                                         text_bytes(verify_median(verify, cell, VERIFY_PEAK_KIB) * 1024, peak), NULL});
}

static void print_table(const struct tune_python *tune, FILE *out)
{
  struct table table;
  table_init(&table, (const char *const[]){"thresholds", "", ">gen 0 1 2", ">GC time", ">longest", ">99th", ">wall",
                                           ">peak", "", NULL});
  for (size_t i = 0; i < tune->chosen_count; i++) {
    const char *note = i == 0 ? "the default" : i <= tune->best_count ? "proposed" : "asked for";
    add_predicted(&table, &tune->predictions[tune->chosen[i]], note);
    if (tune->verify.rounds > 0) add_measured(&table, &tune->verify, i);
  }
  table_print(&table, out, 2);
}

/* ---- sentences -------------------------------------------------------------------------------------------------- */

static void print_ratio(const struct tune_python *tune, size_t cell, enum verify_measure measure, const char *what,
                        FILE *out)
{
  const struct stats_estimate ratio = verify_ratio(&tune->verify, cell, measure);
  if (isnan(ratio.value)) return;
  fprintf(out, "  %-26s %.3f of the default's", what, ratio.value);
  if (!isnan(ratio.low)) fprintf(out, " (%.3f to %.3f)", ratio.low, ratio.high);
  fputc('\n', out);
}

static void print_effect(const struct tune_python *tune, size_t cell, FILE *out)
{
  if (tune->verify.rounds == 0) {
    const struct prediction *usual = &tune->predictions[0], *advised = &tune->predictions[tune->chosen[cell]];
    fprintf(out, "  predicted: %.2f of the default's time in collections, %.2f of its longest pause; not verified\n",
            advised->gc_ns / usual->gc_ns, advised->max_pause_ns / usual->max_pause_ns);
    return;
  }
  print_ratio(tune, cell, VERIFY_WALL_NS, "wall time", out);
  print_ratio(tune, cell, VERIFY_GC_NS, "time in collections", out);
  print_ratio(tune, cell, VERIFY_MAX_PAUSE_NS, "longest pause", out);
  print_ratio(tune, cell, VERIFY_P99_PAUSE_NS, "99th percentile of pauses", out);
  print_ratio(tune, cell, VERIFY_PEAK_KIB, "peak memory", out);
  fprintf(out, "  over %zu rounds, with intervals of 95 %%\n", tune->verify.rounds);
}

static const char caveat[] =
    "Another input, another number of workers or another version of Python can make it wrong: then tune again.";

static void print_answer(const struct tune_python *tune, FILE *out)
{
  const size_t advised = tune_python_advised(tune);
  const int64_t *thresholds = tune->verify.cells[advised].thresholds;
  if (advised == 0 && tune->verify.rounds == 1) {
    fprintf(out, "\nOne round does not show what runs differ by themselves, so there is no advice: take --rounds 6.\n");
    return;
  }
  if (advised == 0) {
    fprintf(out, "\nNothing beats the default by the %s within the terms%s: keep it.\n",
            grid_goal_words[tune->terms.goal], tune->rounds > 0 ? ", beyond what runs differ by themselves" : "");
    return;
  }
  fprintf(out, "\nAdvice: gc.set_threshold(%" PRId64 ", %" PRId64 ", %" PRId64 ")\n", thresholds[0], thresholds[1],
          thresholds[2]);
  if (tune->verify.cells[advised].freezes)
    fprintf(out, "        gc.freeze()    when start-up is over; best right after gc.collect()\n");
  print_effect(tune, advised, out);
  fprintf(out, "%s\n", caveat);
}

/* Does the program do the same each time?  Then the default is predicted from its own recording almost exactly. */
static bool is_repeatable(const struct tune_python *tune)
{
  const double predicted = (double)tune->predictions[0].collections[0],
               measured = verify_median_collections(&tune->verify, 0, 0);
  return fabs(predicted - measured) <= fmax(5, 0.1 * measured);
}

static void print_recorder(const struct tune_python *tune, FILE *out)
{
  char time[TEXT_NUMBER_MAX], objects[TEXT_NUMBER_MAX], settings[TEXT_NUMBER_MAX];
  fprintf(out, "Recorded %s counted objects and %zu collections in %s; %s settings predicted in %s.\n",
          text_count(tune->object_count, objects), tune->collection_count, tune->path,
          text_count(tune->prediction_count, settings), text_duration((double)tune->predict_ns, time));
  fprintf(out, "The model is off by %.0f %% of the recording's own pauses.", tune->costs.relative_error * 100);
  if (tune->was_recorded && tune->verify.rounds > 0) {
    fprintf(out, "  With the recorder the program took %.2f times as long.",
            (double)tune->recorded.wall_ns / verify_median(&tune->verify, 0, VERIFY_WALL_NS));
  }
  fputc('\n', out);
  if (tune->process_count > 1)
    fprintf(out, "Of %zu processes this is the one that allocates most; 'gclab record --show' has the others.\n",
            tune->process_count);
  if (tune->sets_thresholds)
    fprintf(out, "It calls gc.set_threshold, gc.disable or gc.enable itself; thresholds were held against it.\n");
  fputc('\n', out);
}

void tune_python_print(const struct tune_python *tune, FILE *out)
{
  print_recorder(tune, out);
  print_table(tune, out);
  if (tune->verify.rounds > 0 && !is_repeatable(tune)) {
    fprintf(
        out,
        "\nThe recorded run allocated otherwise than the later ones at the same thresholds (a cache that was filled, "
        "other\n"
        "input?), so predictions are of another run; what was measured holds.  Record again, now that it has run.\n");
  }
  print_answer(tune, out);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static json_t *thresholds_json(const int64_t *thresholds)
{
  return json_pack("[I,I,I]", (json_int_t)thresholds[0], (json_int_t)thresholds[1], (json_int_t)thresholds[2]);
}

static json_t *predicted_json(const struct prediction *prediction)
{
  return json_pack("{s:[I,I,I],s:I,s:f,s:f,s:f,s:I}", "collections", (json_int_t)prediction->collections[0],
                   (json_int_t)prediction->collections[1], (json_int_t)prediction->collections[2], "collected",
                   (json_int_t)prediction->collected, "gc_ns", prediction->gc_ns, "max_pause_ns",
                   prediction->max_pause_ns, "p99_pause_ns", prediction->p99_pause_ns, "peak_garbage",
                   (json_int_t)prediction->peak_garbage);
}

static json_t *measured_json(const struct tune_python *tune, size_t cell)
{
  static const char *const names[VERIFY_MEASURES] = {"gc_ns", "max_pause_ns", "p99_pause_ns", "wall_ns", "peak_kib"};
  json_t *object = json_object(), *counts = json_array();
  for (int g = 0; g < 3; g++)
    json_array_append_new(counts, json_real(verify_median_collections(&tune->verify, cell, g)));
  json_object_set_new(object, "collections", counts);
  for (int measure = 0; measure < VERIFY_MEASURES; measure++) {
    json_t *values = json_array();
    for (size_t round = 0; round < tune->verify.rounds; round++)
      json_array_append_new(values, json_real(tune->verify.cells[cell].values[measure][round]));
    const struct stats_estimate ratio = verify_ratio(&tune->verify, cell, (enum verify_measure)measure);
    json_t *row = json_pack("{s:o}", "values", values);
    if (!isnan(ratio.low)) json_object_set_new(row, "ratio", json_pack("[f,f,f]", ratio.value, ratio.low, ratio.high));
    json_object_set_new(object, names[measure], row);
  }
  return object;
}

void tune_python_print_json(const struct tune_python *tune, FILE *out)
{
  const size_t advised = tune_python_advised(tune);
  json_t *settings = json_array();
  for (size_t i = 0; i < tune->chosen_count; i++) {
    json_t *setting =
        json_pack("{s:o,s:b,s:o}", "thresholds", thresholds_json(tune->verify.cells[i].thresholds), "freezes",
                  tune->verify.cells[i].freezes, "predicted", predicted_json(&tune->predictions[tune->chosen[i]]));
    if (tune->verify.rounds > 0) json_object_set_new(setting, "measured", measured_json(tune, i));
    json_array_append_new(settings, setting);
  }
  json_t *root =
      json_pack("{s:s,s:I,s:I,s:I,s:f,s:b,s:o,s:b,s:o}", "recording", tune->path, "objects",
                (json_int_t)tune->object_count, "settings_predicted", (json_int_t)tune->prediction_count, "rounds",
                (json_int_t)tune->verify.rounds, "calibration_error", tune->costs.relative_error, "keeps_default",
                advised == 0, "advice", thresholds_json(tune->verify.cells[advised].thresholds), "advice_freezes",
                tune->verify.cells[advised].freezes, "settings", settings);
  memory_require(root);
  json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
  fputc('\n', out);
  json_decref(root);
}
