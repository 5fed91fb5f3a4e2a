#include "harness/cli/micro_print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/cli/table.h"

enum { NUMBER_MAX = 32 };

/* Three significant digits, and no more than the clock can tell: "0.27", "14.2", "1,234" is "1234". */
static char *number(double value, char *text)
{
  const int digits = value < 1 ? 2 : value < 10 ? 2 : value < 100 ? 1 : 0;
  if (isnan(value))
    text[0] = '\0';
  else
    snprintf(text, NUMBER_MAX, "%.*f", digits, value);
  return text;
}

/* "n = 5", or "n = 1 to 5". */
static void print_counts(const struct micro_results *results, FILE *out)
{
  size_t least = 0, most = 0;
  for (size_t i = 0; i < results->row_count * results->column_count; i++) {
    const size_t count = results->cells[i].count;
    if (count == 0) continue;
    if (least == 0 || count < least) least = count;
    if (count > most) most = count;
  }
  fprintf(out, "n = %zu", least);
  if (most != least) fprintf(out, " to %zu", most);
}

static bool has_instructions(const struct micro_results *results)
{
  for (size_t i = 0; i < results->row_count * results->column_count; i++) {
    if (results->cells[i].operations > 0) return true;
  }
  return false;
}

static bool has_times(const struct micro_results *results)
{
  for (size_t i = 0; i < results->row_count * results->column_count; i++) {
    if (results->cells[i].count > 0) return true;
  }
  return false;
}

static bool is_empty(const struct micro_cell *cell) { return cell->count == 0 && cell->operations == 0; }

static void add_line(struct table *table, const struct micro_results *results, size_t row, size_t column, bool first)
{
  const struct micro_cell *cell = micro_results_cell(results, row, column);
  const struct stats_spread spread = micro_results_time(results, row, column);
  char median[NUMBER_MAX] = "", least[NUMBER_MAX], most[NUMBER_MAX], ratio[NUMBER_MAX] = "", own[NUMBER_MAX],
       library[NUMBER_MAX];
  char range[2 * NUMBER_MAX + 8] = "", instructions[2 * NUMBER_MAX + 8] = "";
  if (spread.n > 0) {
    number(spread.median, median);
    snprintf(range, sizeof range, "%s to %s", number(spread.minimum, least), number(spread.maximum, most));
    number(micro_results_ratio(results, row, column), ratio);
  }
  if (cell->operations > 0) {
    const double in_library = micro_results_library_instructions(cell);
    number(micro_results_instructions(cell), own);
    snprintf(instructions, sizeof instructions, "%s%s%s", own, in_library >= 0.005 ? " + " : "",
             in_library >= 0.005 ? number(in_library, library) : "");
  }
  table_add(table, (const char *const[]){first ? results->rows[row].name : "", results->columns[column].collector,
                                         median, range, ratio, instructions});
}

static int subject_length(const char *name) { return (int)strcspn(name, "/"); }

static bool has_same_subject(const char *name, const char *other)
{
  const size_t length = (size_t)subject_length(name) + 1;
  return strncmp(name, other, length) == 0;
}

/* Was the same said of the collector, for an earlier benchmark of the same subject? */
static bool was_said(const struct micro_results *results, size_t row, size_t column)
{
  const char *name = results->rows[row].name, *reason = micro_results_cell(results, row, column)->skip;
  for (size_t i = 0; i < row; i++) {
    const char *before = micro_results_cell(results, i, column)->skip;
    if (has_same_subject(results->rows[i].name, name) && before != NULL && strcmp(before, reason) == 0) return true;
  }
  return false;
}

/* What a collector cannot do, a subject at a time. */
static void print_skipped(const struct micro_results *results, FILE *out)
{
  const char *head = "Not measured:";
  for (size_t row = 0; row < results->row_count; row++) {
    for (size_t column = 0; column < results->column_count; column++) {
      const char *reason = micro_results_cell(results, row, column)->skip;
      if (reason == NULL || was_said(results, row, column)) continue;
      const char *name = results->rows[row].name;
      fprintf(out, "%s %.*s of %s (%s)", head, subject_length(name), name, results->columns[column].collector, reason);
      head = ",";
    }
  }
  if (*head == ',') fputs(".\n", out);
}

void micro_print_lines(const struct micro_results *results, FILE *out)
{
  static const char *const headings[] = {"benchmark", "collector",     ">ns", ">least to most",
                                         ">x limit",  ">instructions", NULL};
  struct table table;
  table_init(&table, headings);
  for (size_t row = 0; row < results->row_count; row++) {
    bool first = true;
    for (size_t column = 0; column < results->column_count; column++) {
      const struct micro_cell *cell = micro_results_cell(results, row, column);
      if (is_empty(cell)) continue;
      add_line(&table, results, row, column, first);
      first = false;
    }
  }
  table_print(&table, out, 0);
  fputc('\n', out);
  if (has_times(results)) {
    fputs("CPU time of one operation, or for one object: median over repetitions (", out);
    print_counts(results, out);
    fputs("), and their range. x limit: in multiples of the machine's limit, measured in the same repetition.\n", out);
  }
  print_skipped(results, out);
  if (has_instructions(results))
    fputs("Instructions: in the program itself + in shared libraries, such as malloc.\n", out);
}

/* The median and the ratio to the limit; where nothing was timed, the instructions. */
static void print_markdown_cell(const struct micro_results *results, size_t row, size_t column, bool timed, FILE *out)
{
  char text[NUMBER_MAX];
  const struct stats_spread spread = micro_results_time(results, row, column);
  const double ratio = micro_results_ratio(results, row, column);
  if (!timed) fputs(number(micro_results_instructions(micro_results_cell(results, row, column)), text), out);
  if (spread.n == 0) return;
  fprintf(out, "%s", number(spread.median, text));
  if (!isnan(ratio)) fprintf(out, " (%s)", number(ratio, text));
}

static void print_markdown_row(const struct micro_results *results, size_t row, bool timed, FILE *out)
{
  char text[NUMBER_MAX];
  const double limit_ns = micro_results_limit_ns(results, row);
  fprintf(out, "| `%s`", results->rows[row].name);
  if (timed) fprintf(out, " | %s", number(limit_ns, text));
  for (size_t column = 0; column < results->column_count; column++) {
    if (strcmp(results->columns[column].collector, STORE_MICRO_MACHINE) == 0) continue;
    fputs(" | ", out);
    print_markdown_cell(results, row, column, timed, out);
  }
  fputs(" |\n", out);
}

static bool has_numbers(const struct micro_results *results, size_t row)
{
  bool any = false;
  for (size_t column = 0; column < results->column_count; column++)
    any |= !is_empty(micro_results_cell(results, row, column));
  return any;
}

void micro_print_markdown(const struct micro_results *results, FILE *out)
{
  const bool timed = has_times(results);
  fputs(timed ? "| benchmark | limit" : "| benchmark", out);
  for (size_t i = 0; i < results->column_count; i++) {
    if (strcmp(results->columns[i].collector, STORE_MICRO_MACHINE) != 0)
      fprintf(out, " | %s", results->columns[i].collector);
  }
  fputs(" |\n| ---", out);
  for (size_t i = timed ? 0 : 1; i < results->column_count; i++) fputs(" | ---", out);
  fputs(" |\n", out);
  for (size_t row = 0; row < results->row_count; row++) {
    if (micro_results_is_limit(&results->rows[row]) || (!timed && !has_numbers(results, row))) continue;
    print_markdown_row(results, row, timed, out);
  }
  if (!timed) {
    fputs("\nInstructions of one operation in the program itself, libraries apart.\n", out);
    return;
  }
  fputs("\nCPU time in ns of one operation, or for one object: median (", out);
  print_counts(results, out);
  fprintf(out, "), and in brackets the ratio to the limit. %s.\n", results->host);
}

/* Does the program offer an earlier benchmark of the same subject that it leaves out for the same reason? */
static bool was_listed(const struct micro_program *program, const struct micro_selection *selection, size_t which,
                       const char *reason)
{
  for (size_t i = 0; i < which; i++) {
    const char *name = selection->benchmarks[i].name;
    const struct micro_offer *offer = micro_program_offer(program, name);
    if (has_same_subject(name, selection->benchmarks[which].name) && offer != NULL && offer->skip != NULL &&
        strcmp(offer->skip, reason) == 0)
      return true;
  }
  return false;
}

/* What collectors cannot do, a subject at a time. */
static void print_left_out(const struct micro_programs *programs, const struct micro_selection *selection, FILE *out)
{
  static const char *const headings[] = {"left out", "of", "because", NULL};
  struct table table;
  bool any = false;
  for (size_t i = 0; i < selection->count; i++) {
    for (size_t p = 1; p < programs->count; p++) {
      const char *name = selection->benchmarks[i].name;
      const struct micro_offer *offer = micro_program_offer(&programs->list[p], name);
      if (offer == NULL || offer->skip == NULL || was_listed(&programs->list[p], selection, i, offer->skip)) continue;
      char *subject = memory_format("%.*s", subject_length(name), name);
      if (!any) table_init(&table, headings);
      table_add(&table, (const char *const[]){subject, programs->list[p].collector, offer->skip});
      free(subject);
      any = true;
    }
  }
  if (!any) return;
  fputc('\n', out);
  table_print(&table, out, 0);
}

void micro_print_list(const struct micro_programs *programs, const struct micro_selection *selection, FILE *out)
{
  static const char *const headings[] = {"benchmark", "held against", NULL};
  struct table table;
  table_init(&table, headings);
  for (size_t i = 0; i < selection->count; i++)
    table_add(&table, (const char *const[]){selection->benchmarks[i].name, selection->benchmarks[i].limit_name});
  table_print(&table, out, 0);
  print_left_out(programs, selection, out);
}
