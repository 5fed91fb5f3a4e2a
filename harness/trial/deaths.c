#include "harness/trial/deaths.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>

enum { HEAD_BYTES_MAX = 1 << 16, BUFFER_BYTES = 1 << 20 };

static bool complain(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool complain(const char *path, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "gclab-trial: %s: ", path);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return false;
}

/* The JSON up to the first end of a line; the file is behind it then.  No memory is asked for that might be refused. */
static json_t *read_head(FILE *file)
{
  static char text[HEAD_BYTES_MAX];
  size_t length = 0;
  int byte = EOF;
  while (length < sizeof text && (byte = getc(file)) != EOF && byte != '\n') text[length++] = (char)byte;
  return byte == '\n' ? json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text != NULL ? text : "";
}

static bool has_parameters(const struct trial *trial, const json_t *head, const char *path)
{
  const json_t *parameters = json_object_get(head, "parameters");
  for (size_t i = 0; i < trial->workload->parameter_count; i++) {
    const struct setting *row = &trial->workload->parameters[i];
    char wanted[SETTING_TEXT_MAX];
    setting_format(row, trial->parameters[i], wanted);
    const char *found = text_of(parameters, row->name);
    if (strcmp(found, wanted) != 0)
      return complain(path, "the schedule was made with %s=%s, but %s=%s is to be run: make one for it", row->name,
                      found, row->name, wanted);
  }
  return true;
}

static bool is_of_trial(const struct trial *trial, const json_t *head, const char *path)
{
  if (strcmp(text_of(head, "format"), "gclab-deaths-1") != 0)
    return complain(path, "is no death schedule: `gclab characterise --deaths FILE` makes one");
  if (strcmp(text_of(head, "workload"), trial->workload->name) != 0)
    return complain(path, "is the schedule of %s, but %s is to be run: make one for it", text_of(head, "workload"),
                    trial->workload->name);
  const json_int_t seed = json_integer_value(json_object_get(head, "seed"));
  if (seed != (json_int_t)trial->seed)
    return complain(path,
                    "the schedule was made with the seed %" JSON_INTEGER_FORMAT ", but %" PRIu64
                    " is to be run: make one for it",
                    seed, trial->seed);
  return has_parameters(trial, head, path);
}

FILE *deaths_open(const struct trial *trial, const char *path)
{
  FILE *file = fopen(path, "rbe");
  if (file == NULL) {
    complain(path, "%s", strerror(errno));
    return NULL;
  }
  setvbuf(file, NULL, _IOFBF, BUFFER_BYTES);
  json_t *head = read_head(file);
  const bool is_right = is_of_trial(trial, head, path);
  json_decref(head);
  if (is_right) return file;
  fclose(file);
  return NULL;
}
