/* session: see session.h. */
#define _GNU_SOURCE
#include "harness/recording/session.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

static bool read_header(const char *path, struct recording_header *header, char *error)
{
  FILE *file = fopen(path, "rbe");
  const size_t read = file == NULL ? 0 : fread(header, 1, sizeof *header, file);
  if (file != NULL) fclose(file);
  if (read == sizeof *header && memcmp(header->magic, RECORDING_MAGIC, sizeof header->magic) == 0 &&
      header->argument_bytes <= RECORDING_ARGUMENTS_MAX)
    return true;
  snprintf(error, RECORDING_ERROR_MAX, "%.400s is no recording of 'gclab record'", path);
  return false;
}

static bool add_file(struct session *session, char *path, char *error)
{
  struct recording_header header;
  if (!read_header(path, &header, error)) {
    free(path);
    return false;
  }
  session->list = memory_require(reallocarray(session->list, session->count + 1, sizeof *session->list));
  session->list[session->count++] = (struct session_process){path, header};
  return true;
}

static bool is_recording_name(const char *name)
{
  const size_t length = strlen(name);
  return length > 6 && strcmp(name + length - 6, ".gcrec") == 0;
}

static size_t count_started(const char *path)
{
  struct stat status;
  char *file = memory_format("%s/" RECORDING_PROCESSES_FILE, path);
  const bool is_there = stat(file, &status) == 0;
  free(file);
  return is_there ? (size_t)status.st_size : 0;
}

static bool add_directory(struct session *session, const char *path, char *error)
{
  DIR *directory = opendir(path);
  if (directory == NULL) {
    snprintf(error, RECORDING_ERROR_MAX, "%.300s: %s", path, strerror(errno));
    return false;
  }
  for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    if (!is_recording_name(entry->d_name)) continue;
    if (!add_file(session, memory_format("%s/%s", path, entry->d_name), error)) session->skipped++;
  }
  closedir(directory);
  session->started = count_started(path);
  return session->count > 0 || session->skipped == 0;
}

static int compare_start(const void *a, const void *b)
{
  const struct session_process *left = a, *right = b;
  if (left->header.start_ns != right->header.start_ns) return left->header.start_ns < right->header.start_ns ? -1 : 1;
  return strcmp(left->path, right->path);
}

bool session_open(const char *path, struct session *session, char *error)
{
  *session = (struct session){0};
  struct stat status;
  if (stat(path, &status) != 0) {
    snprintf(error, RECORDING_ERROR_MAX, "%.300s: %s", path, strerror(errno));
    return false;
  }
  const bool is_good = S_ISDIR(status.st_mode) ? add_directory(session, path, error)
                                               : add_file(session, memory_format("%s", path), error);
  if (is_good && session->count > 0) {
    qsort(session->list, session->count, sizeof *session->list, compare_start);
    return true;
  }
  if (is_good) snprintf(error, RECORDING_ERROR_MAX, "%.300s: there is no recording in it", path);
  session_close(session);
  return false;
}

void session_close(struct session *session)
{
  for (size_t i = 0; i < session->count; i++) free(session->list[i].path);
  free(session->list);
  *session = (struct session){0};
}

const struct session_process *session_largest(const struct session *session)
{
  const struct session_process *largest = NULL;
  for (size_t i = 0; i < session->count; i++) {
    const struct session_process *process = &session->list[i];
    if (process->header.kind != RECORDING_OBJECTS) continue;
    if (largest == NULL || process->header.bytes > largest->header.bytes) largest = process;
  }
  return largest;
}
