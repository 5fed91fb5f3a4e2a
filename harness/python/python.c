#define _GNU_SOURCE
#include "harness/python/python.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "harness/process/interrupt.h"
#include "harness/process/process.h"
#include "harness/process/temporary.h"

enum { HEADER_BYTES = 64, EXIT_NO_ENVIRONMENT = 4, EXIT_RUN_FAILED = 3, OLDEST_MINOR = 11, NEWEST_VERIFIED = 13 };

#define RUN_LIMIT_NS (UINT64_C(600) * 1000000000)

extern const char python_driver_text[] __attribute__((visibility("hidden")));

__asm__(".pushsection .rodata\n"
        ".global python_driver_text\n"
        "python_driver_text:\n"
        ".incbin \"" GCLAB_PYTHON_DRIVER "\"\n"
        ".byte 0\n"
        ".popsection\n");

bool python_find(const char *path, struct python_interpreter *python, char *error)
{
  const char *const words[] = {
      path, "-I", "-S", "-c", "import sys\nprint(sys.implementation.name, *sys.version_info[:3])", NULL};
  const struct process_request request = {.words = words, .time_limit_ns = UINT64_C(20000000000)};
  struct process_result result = process_run(&request);
  char name[16] = "";
  snprintf(python->path, sizeof python->path, "%s", path);
  const bool answered =
      result.started && result.exit_code == 0 &&
      sscanf(result.output, "%15s %d %d %d", name, &python->major, &python->minor, &python->micro) == 4;
  if (!answered) {
    result.error[strcspn(result.error, "\n")] = '\0';
    snprintf(error, PYTHON_ERROR_MAX, "%s is no Python interpreter that runs here%s%.300s", path,
             *result.error != '\0' ? ": " : "", result.error);
  } else if (strcmp(name, "cpython") != 0 || python->major != 3 || python->minor < OLDEST_MINOR) {
    snprintf(error, PYTHON_ERROR_MAX, "%s is %s %d.%d.%d; heap scripts run on CPython 3.11 and later", path, name,
             python->major, python->minor, python->micro);
  }
  process_free(&result);
  return answered && strcmp(name, "cpython") == 0 && python->major == 3 && python->minor >= OLDEST_MINOR;
}

const char *python_profile_of(const struct python_interpreter *python, bool *is_exact)
{
  static const char *const profiles[] = {"python3.11", "python3.12", "python3.13", "python3.14", "python3.15"};
  enum { PROFILES = sizeof profiles / sizeof profiles[0] };
  const int row = python->minor - OLDEST_MINOR;
  *is_exact = python->minor <= NEWEST_VERIFIED;
  return profiles[row < PROFILES ? row : PROFILES - 1];
}

void python_default_thresholds(const struct python_interpreter *python, int64_t *thresholds)
{
  thresholds[0] = python->minor >= 13 ? 2000 : 700;
  thresholds[1] = 10;
  thresholds[2] = 10;
}

bool python_read_observations(const char *path, struct python_observations *observations, char *error)
{
  *observations = (struct python_observations){0};
  struct stat status;
  unsigned char header[HEADER_BYTES];
  FILE *file = memory_or_null(fopen(path, "rb"));
  if (file == NULL || fstat(fileno(file), &status) != 0 || fread(header, 1, sizeof header, file) != sizeof header ||
      memcmp(header, "gclabobs", 8) != 0) {
    snprintf(error, PYTHON_ERROR_MAX, "%s: these are no observations", path);
    if (file != NULL) fclose(file);
    return false;
  }
  memcpy(&observations->foreign, header + 12, sizeof(uint32_t));
  memcpy(&observations->immortal, header + 16, sizeof(uint32_t));
  observations->count = ((size_t)status.st_size - HEADER_BYTES) / sizeof *observations->rows;
  observations->rows = memory_require(calloc(observations->count + 1, sizeof *observations->rows));
  const bool read = observations->rows != NULL && fread(observations->rows, sizeof *observations->rows,
                                                        observations->count, file) == observations->count;
  fclose(file);
  if (!read) snprintf(error, PYTHON_ERROR_MAX, "%s: cannot be read", path);
  return read;
}

void python_free_observations(struct python_observations *observations)
{
  free(observations->rows);
  *observations = (struct python_observations){0};
}

/* The driver as a file, since the interpreter gives better messages then. */
static bool write_driver(const char *path)
{
  FILE *file = memory_or_null(fopen(path, "w"));
  if (file == NULL) return false;
  const bool written = fputs(python_driver_text, file) >= 0;
  return fclose(file) == 0 && written;
}

static int run_driver(const struct python_interpreter *python, const char *driver, const char *program,
                      const char *observations, bool is_silent)
{
  const char *const words[] = {python->path, "-I", "-S", driver, program, observations, NULL};
  const struct process_request request = {
      .words = words, .inherits_output = !is_silent, .inherits_error = !is_silent, .time_limit_ns = RUN_LIMIT_NS};
  fflush(stdout);
  struct process_result result = process_run(&request);
  int code = result.exit_code;
  if (result.interrupted) {
    code = INTERRUPT_EXIT_CODE;
  } else if (!result.started || result.timed_out || code < 0) {
    fprintf(stderr, "gclab: %s %s%s\n", python->path,
            result.timed_out ? "did not end within ten minutes" : "ended in the middle of the script: ", result.error);
    code = EXIT_RUN_FAILED;
  } else if (is_silent && code != 0) {
    fputs(result.error, stderr);
  }
  process_free(&result);
  return code;
}

int python_run(const struct python_interpreter *python, const struct script *script, const char *file,
               const char *observations, bool is_silent)
{
  struct temporary temporary;
  int64_t thresholds[3];
  if (!temporary_make(&temporary, "python")) return EXIT_NO_ENVIRONMENT;
  const char *driver = temporary_file(&temporary, "driver.py");
  const char *program = temporary_file(&temporary, "program");
  if (observations == NULL) observations = temporary_file(&temporary, "observations");
  python_default_thresholds(python, thresholds);
  int code;
  if (!write_driver(driver) || !python_flatten(script, file, thresholds, program)) {
    fprintf(stderr, "gclab: %s: cannot be written: %s\n", temporary.directory, strerror(errno));
    code = EXIT_NO_ENVIRONMENT;
  } else {
    code = run_driver(python, driver, program, observations, is_silent);
  }
  temporary_remove(&temporary);
  return code;
}
