#define _GNU_SOURCE
#include "harness/microrun/expectation.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/memory.h"
#include "base/whole_file.h"

enum { WORD_MAX = 64 };

struct expected {
  char collector[WORD_MAX], benchmark[WORD_MAX];
  double instructions;
  bool was_counted;
};

struct expectation {
  const char *path;
  char *compiler, *machine, *build;
  struct expected *rows;
  size_t count;
};

static double of_one(const struct store_micro_instructions *row)
{
  return (double)row->instructions / (double)row->operations;
}

static const struct micro_program *program_of(const struct micro_programs *programs, const char *collector)
{
  for (size_t i = 1; i < programs->count; i++) {
    if (strcmp(programs->list[i].collector, collector) == 0) return &programs->list[i];
  }
  return NULL;
}

static bool is_kept(const struct micro_programs *programs, const struct store_micro_instructions *row)
{
  const struct micro_program *program = program_of(programs, row->collector);
  return program != NULL && !catalogue_collector_can(program->described, "external");
}

/* What the counts depend on, as this machine and these programs have it. */
static const char *machine_name(void)
{
  static struct utsname system;
  uname(&system);
  return system.machine;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static void set_word(char **word, const char *value)
{
  free(*word);
  *word = memory_require(strdup(value));
}

static bool read_row(struct expectation *expectation, char *line, unsigned number)
{
  struct expected row = {0};
  int used = 0;
  const char *rest = NULL;
  char *const words[] = {line};
  if (strncmp(words[0], "compiler ", 9) == 0) return set_word(&expectation->compiler, line + 9), true;
  if (strncmp(words[0], "machine ", 8) == 0) return set_word(&expectation->machine, line + 8), true;
  if (strncmp(words[0], "build ", 6) == 0) return set_word(&expectation->build, line + 6), true;
  if (sscanf(line, "%63s %63s %n", row.collector, row.benchmark, &used) == 2 && used > 0) {
    char *end = NULL;
    rest = line + used;
    row.instructions = strtod(rest, &end);
    if (end != rest && *end == '\0' && row.instructions >= 0) {
      expectation->rows =
          memory_require(reallocarray(expectation->rows, expectation->count + 1, sizeof *expectation->rows));
      expectation->rows[expectation->count++] = row;
      return true;
    }
  }
  fprintf(stderr, "gclab micro: %s:%u: expected COLLECTOR BENCHMARK INSTRUCTIONS, or compiler, machine or build\n",
          expectation->path, number);
  return false;
}

static bool read_file(const char *path, struct expectation *expectation)
{
  *expectation = (struct expectation){.path = path};
  FILE *file = memory_or_null(fopen(path, "re"));
  if (file == NULL) {
    fprintf(stderr, "gclab micro: %s: %s; --renew FILE makes one\n", path, strerror(errno));
    return false;
  }
  char *line = NULL;
  size_t room = 0;
  bool ok = true;
  for (unsigned number = 1; ok && getline(&line, &room, file) > 0; number++) {
    line[strcspn(line, "\n")] = '\0';
    if (*line != '\0' && *line != '#') ok = read_row(expectation, line, number);
  }
  free(line);
  fclose(file);
  if (ok && (expectation->compiler == NULL || expectation->machine == NULL || expectation->build == NULL)) {
    fprintf(stderr, "gclab micro: %s: it does not say compiler, machine and build; --renew FILE makes it anew\n", path);
    ok = false;
  }
  return ok;
}

static void release(struct expectation *expectation)
{
  free(expectation->compiler);
  free(expectation->machine);
  free(expectation->build);
  free(expectation->rows);
}

/* ---- comparing -------------------------------------------------------------------------------------------------- */

static bool is_comparable(const struct expectation *expectation, const struct micro_programs *programs)
{
  const struct catalogue_collector *collector = programs->list[0].described;
  const struct {
    const char *what, *expected, *found;
  } rows[] = {{"compiler", expectation->compiler, collector->compiler},
              {"machine", expectation->machine, machine_name()},
              {"kind of build", expectation->build, collector->build}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(rows[i].expected, rows[i].found) == 0) continue;
    fprintf(stderr, "gclab micro: %s: it is of the %s '%s', and this is '%s': not comparable\n", expectation->path,
            rows[i].what, rows[i].expected, rows[i].found);
    return false;
  }
  return true;
}

enum expectation_outcome expectation_is_comparable(const char *path, const struct micro_programs *programs)
{
  struct expectation expectation;
  enum expectation_outcome outcome = EXPECTATION_UNREADABLE;
  if (read_file(path, &expectation))
    outcome = is_comparable(&expectation, programs) ? EXPECTATION_MET : EXPECTATION_NOT_COMPARABLE;
  release(&expectation);
  return outcome;
}

static struct expected *find(struct expectation *expectation, const struct store_micro_instructions *row)
{
  for (size_t i = 0; i < expectation->count; i++) {
    struct expected *expected = &expectation->rows[i];
    if (strcmp(expected->collector, row->collector) == 0 && strcmp(expected->benchmark, row->benchmark) == 0)
      return expected;
  }
  return NULL;
}

struct tally {
  size_t worse, better, new, missing;
};

static void compare_row(struct expectation *expectation, const struct store_micro_instructions *row, double tolerance,
                        struct tally *tally, FILE *out)
{
  struct expected *expected = find(expectation, row);
  const double found = of_one(row);
  if (expected == NULL) {
    tally->new ++;
    fprintf(out, "%-16s %-32s %10s -> %10.4f  new\n", row->collector, row->benchmark, "", found);
    return;
  }
  expected->was_counted = true;
  const double change = expected->instructions > 0 ? found / expected->instructions - 1 : found > 0 ? INFINITY : 0;
  if (fabs(change) <= tolerance) return;
  if (change > 0)
    tally->worse++;
  else
    tally->better++;
  fprintf(out, "%-16s %-32s %10.4f -> %10.4f  %+.1f %%, %s\n", row->collector, row->benchmark, expected->instructions,
          found, 100 * change, change > 0 ? "worse" : "better");
}

static void find_missing(const struct expectation *expectation, const struct micro_programs *programs,
                         const regex_t *filter, struct tally *tally, FILE *out)
{
  for (size_t i = 0; i < expectation->count; i++) {
    const struct expected *expected = &expectation->rows[i];
    if (expected->was_counted || program_of(programs, expected->collector) == NULL) continue;
    if (filter != NULL && regexec(filter, expected->benchmark, 0, NULL, 0) != 0) continue;
    tally->missing++;
    fprintf(out, "%-16s %-32s %10.4f -> %10s  not counted\n", expected->collector, expected->benchmark,
            expected->instructions, "");
  }
}

enum expectation_outcome expectation_check(const char *path, const struct micro_programs *programs,
                                           const struct micro_counts *counts, const regex_t *filter, double tolerance,
                                           FILE *out)
{
  struct expectation expectation;
  enum expectation_outcome outcome = EXPECTATION_UNREADABLE;
  if (read_file(path, &expectation)) {
    outcome = EXPECTATION_NOT_COMPARABLE;
    if (is_comparable(&expectation, programs)) {
      struct tally tally = {0};
      for (size_t i = 0; i < counts->count; i++) {
        if (is_kept(programs, &counts->rows[i])) compare_row(&expectation, &counts->rows[i], tolerance, &tally, out);
      }
      find_missing(&expectation, programs, filter, &tally, out);
      const bool met = tally.worse + tally.better + tally.new + tally.missing == 0;
      outcome = met ? EXPECTATION_MET : EXPECTATION_NOT_MET;
      fprintf(
          out,
          "Instructions of one operation, beside %s: %zu counted; more than %g %% worse: %zu, better: %zu; new: %zu; "
          "missing: %zu.\n",
          path, counts->count, 100 * tolerance, tally.worse, tally.better, tally.new, tally.missing);
      if (!met)
        fprintf(out,
                "If that is meant, renew the table and commit it: gclab micro -c own --instructions=only --renew %s\n",
                path);
    }
  }
  release(&expectation);
  return outcome;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

bool expectation_write(const char *path, const struct micro_programs *programs, const struct micro_counts *counts)
{
  const struct catalogue_collector *collector = programs->list[0].described;
  struct whole_file file;
  bool ok = whole_file_open(&file, path);
  if (ok) {
    fprintf(file.stream,
            "# Instructions that one operation takes in the program itself, libraries apart, by callgrind.\n"
            "# Made by: gclab micro -c own --instructions=only --renew FILE\n"
            "compiler %s\nmachine %s\nbuild %s\n",
            collector->compiler, machine_name(), collector->build);
    for (size_t i = 0; i < counts->count; i++) {
      const struct store_micro_instructions *row = &counts->rows[i];
      if (is_kept(programs, row)) fprintf(file.stream, "%s %s %.4f\n", row->collector, row->benchmark, of_one(row));
    }
    ok = whole_file_close(&file, true);
  }
  if (!ok) fprintf(stderr, "gclab micro: %s: %s\n", path, strerror(errno));
  return ok;
}
