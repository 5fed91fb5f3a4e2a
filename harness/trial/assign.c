/* NAME=VALUE on a trial program's command line. */
#include <stdio.h>
#include <string.h>

#include "harness/trial/trial.h"

bool trial_assign(const char *text, const struct setting *settings, size_t count, int64_t *values, const char *owner)
{
  const char *equals = strchr(text, '=');
  char name[64];
  if (equals == NULL || (size_t)(equals - text) >= sizeof name) {
    fprintf(stderr, "gclab-trial: '%s' is not of the form NAME=VALUE\n", text);
    return false;
  }
  memcpy(name, text, (size_t)(equals - text));
  name[equals - text] = '\0';
  const int row = setting_find(settings, count, name);
  char error[SETTING_ERROR_MAX];
  if (row < 0) {
    const char *names[TRIAL_SETTINGS_MAX];
    for (size_t i = 0; i < count; i++) names[i] = settings[i].name;
    const char *nearest = setting_nearest(name, names, count);
    fprintf(stderr, "gclab-trial: %s has nothing called '%s'%s%s\n", owner, name,
            nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "");
    return false;
  }
  if (setting_parse(&settings[row], equals + 1, &values[row], error)) return true;
  fprintf(stderr, "gclab-trial: %s: %s\n", owner, error);
  return false;
}
