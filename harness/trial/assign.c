/* NAME=VALUE on a trial program's command line. */
#include <stdio.h>

#include "harness/trial/trial.h"

bool trial_assign(const char *text, const struct setting *settings, size_t count, int64_t *values, const char *owner)
{
  char error[SETTING_ERROR_MAX];
  if (setting_assign(text, settings, count, values, owner, error)) return true;
  fprintf(stderr, "gclab-trial: %s\n", error);
  return false;
}
