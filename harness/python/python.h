/*
 * python: heap scripts on a real interpreter, through a driver in Python that perturbs nothing (driver.py).
 */
#ifndef GCLAB_HARNESS_PYTHON_PYTHON_H
#define GCLAB_HARNESS_PYTHON_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/script/observation.h"
#include "harness/script/script.h"

enum { PYTHON_ERROR_MAX = 512, PYTHON_PATH_MAX = 4096 };

struct python_interpreter {
  char path[PYTHON_PATH_MAX];
  int major, minor, micro;
};

/* Asks the interpreter for its version.  False, with what is wrong and what to do. */
bool python_find(const char *path, struct python_interpreter *python, char *error);

/* The profile of refcount_cyclic that follows this version; *is_exact: it was verified on it. */
const char *python_profile_of(const struct python_interpreter *python, bool *is_exact);

/* The three thresholds that this version starts with. */
void python_default_thresholds(const struct python_interpreter *python, int64_t *thresholds);

/* What a run shows: the rows of all operations, and what the interpreter itself has frozen. */
struct python_observations {
  struct script_observation *rows;
  size_t count;
  uint32_t foreign, immortal;
};

/* Reads a file of observations (interpret.h).  False with a message. */
bool python_read_observations(const char *path, struct python_observations *observations, char *error);
void python_free_observations(struct python_observations *observations);

/*
 * Runs the expanded script on the interpreter; print's output goes to ours unless it is kept silent.  Observations are
 * left in the file.  Returns an exit code of gclab's; messages have been printed.
 */
int python_run(const struct python_interpreter *python, const struct script *script, const char *file,
               const char *observations, bool is_silent);

/* Writes the script as the driver reads it.  False: the file cannot be written. */
bool python_flatten(const struct script *script, const char *file, const int64_t *thresholds, const char *path);

#endif
