/* Rows of fields, as CSV or JSON. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/cli/export.h"

static void begin_field(struct export_writer *writer, const char *name)
{
  if (writer->in_row) fputs(writer->json ? ", " : ",", writer->out);
  if (writer->json) fprintf(writer->out, "\"%s\": ", name);
  writer->in_row = true;
}

static void write_quoted_csv(FILE *out, const char *text)
{
  if (strpbrk(text, ",\"\r\n") == NULL) {
    fputs(text, out);
    return;
  }
  fputc('"', out);
  for (; *text != '\0'; text++) {
    if (*text == '"') fputc('"', out);
    fputc(*text, out);
  }
  fputc('"', out);
}

static void write_json(FILE *out, json_t *value)
{
  if (value == NULL || json_dumpf(value, out, JSON_ENCODE_ANY | JSON_COMPACT) != 0) fputs("null", out);
  json_decref(value);
}

void export_text(struct export_writer *writer, const char *name, const char *text)
{
  begin_field(writer, name);
  if (writer->json)
    write_json(writer->out, text != NULL ? json_string(text) : NULL);
  else if (text != NULL)
    write_quoted_csv(writer->out, text);
}

void export_number(struct export_writer *writer, const char *name, int64_t value)
{
  begin_field(writer, name);
  if (value != STORE_NONE)
    fprintf(writer->out, "%" PRId64, value);
  else if (writer->json)
    fputs("null", writer->out);
}

void export_count(struct export_writer *writer, const char *name, uint64_t value)
{
  begin_field(writer, name);
  fprintf(writer->out, "%" PRIu64, value);
}

void export_real(struct export_writer *writer, const char *name, double value)
{
  begin_field(writer, name);
  fprintf(writer->out, "%.6f", value);
}

/* {"a":"1","b":"2"} -> a=1;b=2 */
static char *join_settings(const json_t *object)
{
  char *text = NULL;
  size_t bytes = 0;
  FILE *out = memory_require(open_memstream(&text, &bytes));
  const char *gap = "";
  for (void *at = json_object_iter((json_t *)object); at != NULL; at = json_object_iter_next((json_t *)object, at)) {
    const char *value = json_string_value(json_object_iter_value(at));
    fprintf(out, "%s%s=%s", gap, json_object_iter_key(at), value != NULL ? value : "");
    gap = ";";
  }
  memory_close(out);
  return text;
}

void export_settings(struct export_writer *writer, const char *name, const char *text)
{
  json_t *object = json_loads(text, 0, NULL);
  begin_field(writer, name);
  if (writer->json) {
    write_json(writer->out, object);
    return;
  }
  char *joined = join_settings(object);
  if (joined != NULL) write_quoted_csv(writer->out, joined);
  free(joined);
  json_decref(object);
}

void export_begin_row(struct export_writer *writer)
{
  if (writer->json) fputs(writer->rows == 0 ? "{" : ",\n{", writer->out);
  writer->in_row = false;
  writer->rows++;
}

void export_end_row(struct export_writer *writer) { fputs(writer->json ? "}" : "\n", writer->out); }
