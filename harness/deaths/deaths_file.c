#include "harness/deaths/deaths_file.h"

#include <errno.h>

#include "base/memory.h"
#include "base/whole_file.h"
#include "harness/deaths/instrument.h"

enum { BUFFER_BYTES = 1 << 20 };

static bool copy(FILE *from, FILE *to)
{
  char bytes[1 << 16];
  size_t got = 0;
  while ((got = fread(bytes, 1, sizeof bytes, from)) > 0) {
    if (fwrite(bytes, 1, got, to) != got) return false;
  }
  return ferror(from) == 0;
}

static bool write_to(FILE *to, const char *rows_path, const json_t *record)
{
  json_t *head = json_pack(
      "{s:s, s:O, s:O, s:O, s:O, s:I, s:O, s:O, s:O}", "format", "gclab-deaths-1", "workload",
      json_object_get(record, "workload"), "parameters", json_object_get(record, "parameters"), "seed",
      json_object_get(record, "seed"), "checksum", json_object_get(record, "checksum"), "operations",
      (json_int_t)instrument_fact(record, "operations"), "objects", json_object_get(record, "allocated_objects"),
      "bytes", json_object_get(record, "allocated_bytes"), "gclab_version", json_object_get(record, "gclab_version"));
  bool done = head != NULL && json_dumpf(head, to, JSON_COMPACT) == 0 && fputc('\n', to) != EOF;
  json_decref(head);
  FILE *from = done ? memory_or_null(fopen(rows_path, "rbe")) : NULL;
  done = from != NULL && copy(from, to);
  if (from != NULL) fclose(from);
  return done;
}

bool deaths_file_write(const char *path, const char *rows_path, const json_t *record)
{
  struct whole_file file;
  return whole_file_open(&file, path) && whole_file_close(&file, write_to(file.stream, rows_path, record));
}

FILE *deaths_file_open_rows(const char *path)
{
  FILE *file = memory_or_null(fopen(path, "rbe"));
  if (file == NULL) return NULL;
  setvbuf(file, NULL, _IOFBF, BUFFER_BYTES);
  int byte = EOF;
  while ((byte = getc(file)) != EOF && byte != '\n') {
  }
  return file;
}
