#define _GNU_SOURCE
#include "harness/microrun/instructions.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/process/process.h"
#include "harness/process/temporary.h"

static const uint64_t program_limit_ns = UINT64_C(300000000000);

/* ---- reading dumps ---------------------------------------------------------------------------------------------- */

/* Objects are given a number with their first mention, "ob=(3) /lib/libc.so.6", and called by it later. */
struct objects {
  bool *is_program; /* by number */
  size_t count;
};

struct part {
  char benchmark[256];
  int64_t operations; /* 0: of no benchmark */
  int64_t instructions, library_instructions;
};

struct reader {
  const struct micro_program *program;
  struct objects objects;
  struct part part;
  bool in_program;     /* whose costs come */
  bool is_called_cost; /* the next line is what a call took, which stands at the callee too */
  struct micro_counts *counts;
};

static const char *file_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* Takes "(3) NAME" or "(3)"; is it the program itself? */
static bool read_object(struct reader *reader, const char *text)
{
  char *end = NULL;
  const size_t number = *text == '(' ? strtoul(text + 1, &end, 10) : 0;
  if (end == NULL || *end != ')' || number > 100000) return false;
  struct objects *objects = &reader->objects;
  if (number >= objects->count) {
    const size_t count = 2 * number + 16;
    objects->is_program = memory_require(reallocarray(objects->is_program, count, sizeof *objects->is_program));
    memset(objects->is_program + objects->count, 0, count - objects->count);
    objects->count = count;
  }
  if (end[1] == ' ') objects->is_program[number] = strcmp(file_name(end + 2), file_name(reader->program->path)) == 0;
  return objects->is_program[number];
}

static void end_part(struct reader *reader)
{
  const struct part *part = &reader->part;
  const struct micro_offer *offer = part->operations > 0 ? micro_program_offer(reader->program, part->benchmark) : NULL;
  if (offer != NULL) {
    struct micro_counts *counts = reader->counts;
    counts->rows = memory_require(reallocarray(counts->rows, counts->count + 1, sizeof *counts->rows));
    counts->rows[counts->count++] =
        (struct store_micro_instructions){.collector = reader->program->collector,
                                          .benchmark = offer->name,
                                          .operations = part->operations,
                                          .instructions = part->instructions,
                                          .library_instructions = part->library_instructions};
  }
  reader->part = (struct part){0};
}

/* "LINE COUNT", where LINE may be relative to the one before: +3, -1, *. */
static bool read_cost(struct reader *reader, const char *line)
{
  const char *count = strchr(line, ' ');
  if (count == NULL || strchr("0123456789+-*", *line) == NULL) return false;
  if (reader->is_called_cost) {
    reader->is_called_cost = false;
    return true;
  }
  const int64_t cost = strtoll(count, NULL, 10);
  if (reader->in_program)
    reader->part.instructions += cost;
  else
    reader->part.library_instructions += cost;
  return true;
}

static bool starts_with(const char *line, const char *head, const char **rest)
{
  const size_t length = strlen(head);
  *rest = line + length;
  return strncmp(line, head, length) == 0;
}

static void read_line(struct reader *reader, const char *line)
{
  const char *rest = NULL;
  if (starts_with(line, "part: ", &rest)) {
    end_part(reader);
  } else if (starts_with(line, "desc: Trigger: Client Request: ", &rest)) {
    sscanf(rest, "%255s %" SCNd64, reader->part.benchmark, &reader->part.operations);
  } else if (starts_with(line, "ob=", &rest)) {
    reader->in_program = read_object(reader, rest);
  } else if (starts_with(line, "cob=", &rest)) {
    read_object(reader, rest);
  } else if (starts_with(line, "calls=", &rest)) {
    reader->is_called_cost = true;
  } else {
    read_cost(reader, line);
  }
}

bool micro_counts_read(FILE *file, const struct micro_program *program, struct micro_counts *counts)
{
  struct reader reader = {.program = program, .counts = counts};
  char *line = NULL;
  size_t room = 0;
  ssize_t length = 0;
  bool is_callgrind = false;
  while ((length = getline(&line, &room, file)) > 0) {
    if (line[length - 1] == '\n') line[length - 1] = '\0';
    is_callgrind |= strcmp(line, "# callgrind format") == 0;
    read_line(&reader, line);
  }
  end_part(&reader);
  free(reader.objects.is_program);
  free(line);
  return is_callgrind;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static bool read_dumps(const char *path, const struct micro_program *program, struct micro_counts *counts)
{
  FILE *file = memory_or_null(fopen(path, "re"));
  const bool ok = file != NULL && micro_counts_read(file, program, counts);
  if (file != NULL) fclose(file);
  if (!ok)
    fprintf(stderr, "gclab micro: valgrind left no counts of %s; is its tool callgrind installed?\n", program->path);
  return ok;
}

/* valgrind is run on malloc as the program finds it: what is preloaded is not counted, and would slow it down. */
static enum micro_run_outcome count_program(const struct micro_program *program,
                                            const struct micro_program_request *request, struct micro_counts *counts)
{
  struct temporary temporary;
  if (!temporary_make(&temporary, "micro")) return MICRO_RUN_ENVIRONMENT;
  const char *path = temporary_file(&temporary, "callgrind");
  char *out = memory_format("--callgrind-out-file=%s", path);
  const char *const front[] = {"valgrind", "--tool=callgrind", "--collect-atstart=no", "--combine-dumps=yes", out,
                               NULL};
  const char *const arguments[] = {"--count", NULL};
  struct micro_program plain = *program;
  plain.preload = NULL;
  const char **words = micro_program_words(&plain, request, front, arguments);
  struct process_result result =
      process_run(&(struct process_request){.words = words, .time_limit_ns = program_limit_ns});
  enum micro_run_outcome outcome = MICRO_RUN_DONE;
  if (result.interrupted) {
    outcome = MICRO_RUN_INTERRUPTED;
  } else if (!result.started) {
    fprintf(stderr, "gclab micro: valgrind cannot be started: %s (Debian package: valgrind)\n", result.error);
    outcome = MICRO_RUN_ENVIRONMENT;
  } else if (result.exit_code != 0) {
    fprintf(stderr, "gclab micro: valgrind on %s ended with exit code %d:\n%s", program->path, result.exit_code,
            result.error);
    outcome = MICRO_RUN_FAILED;
  } else if (!read_dumps(path, program, counts)) {
    outcome = MICRO_RUN_ENVIRONMENT;
  }
  process_free(&result);
  free((void *)words);
  free(out);
  temporary_remove(&temporary);
  return outcome;
}

static bool has_benchmark(const struct micro_selection *selection, const char *name)
{
  for (size_t i = 0; i < selection->count; i++) {
    if (strcmp(selection->benchmarks[i].name, name) == 0) return true;
  }
  return false;
}

enum micro_run_outcome micro_count(const struct micro_programs *programs, const struct micro_selection *selection,
                                   const struct micro_program_request *request, bool quiet, struct micro_counts *counts)
{
  *counts = (struct micro_counts){0};
  for (size_t p = 1; p < programs->count; p++) {
    if (!quiet)
      fprintf(stderr, "gclab: instructions of %s (%zu of %zu)\n", programs->list[p].collector, p, programs->count - 1);
    const enum micro_run_outcome outcome = count_program(&programs->list[p], request, counts);
    if (outcome != MICRO_RUN_DONE) return outcome;
  }
  size_t kept = 0;
  for (size_t i = 0; i < counts->count; i++) {
    if (has_benchmark(selection, counts->rows[i].benchmark)) counts->rows[kept++] = counts->rows[i];
  }
  counts->count = kept;
  return MICRO_RUN_DONE;
}

void micro_counts_free(struct micro_counts *counts)
{
  free(counts->rows);
  *counts = (struct micro_counts){0};
}
