#define _GNU_SOURCE
#include "harness/deaths/cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "harness/deaths/deaths_file.h"
#include "harness/process/temporary.h"

enum { ENTRIES = TEMPORARY_FILES_MAX - 1 }; /* one file is for the rows of the next */

static const uint64_t bytes_max = UINT64_C(2) << 30;

struct entry {
  char *key;     /* NULL: empty */
  char *failure; /* why there is no file; NULL: there is one */
  const char *path;
  uint64_t bytes, used_at;
};

struct deaths_cache {
  struct temporary temporary;
  const char *rows_path;
  char *instrument;
  struct entry entries[ENTRIES];
  uint64_t uses, bytes;
};

struct deaths_cache *deaths_cache_make(const char *instrument)
{
  struct deaths_cache *cache = memory_require(calloc(1, sizeof *cache));
  if (!temporary_make(&cache->temporary, "deaths")) {
    free(cache);
    return NULL;
  }
  cache->instrument = memory_require(strdup(instrument));
  cache->rows_path = temporary_file(&cache->temporary, "rows");
  for (size_t i = 0; i < ENTRIES; i++) {
    char name[32];
    snprintf(name, sizeof name, "%zu.deaths", i);
    cache->entries[i].path = temporary_file(&cache->temporary, name);
  }
  return cache;
}

static void drop(struct deaths_cache *cache, struct entry *entry)
{
  if (entry->key == NULL) return;
  if (entry->failure == NULL) remove(entry->path);
  cache->bytes -= entry->bytes;
  free(entry->key);
  free(entry->failure);
  *entry = (struct entry){.path = entry->path};
}

void deaths_cache_clear(struct deaths_cache *cache)
{
  for (size_t i = 0; i < ENTRIES; i++) drop(cache, &cache->entries[i]);
}

void deaths_cache_free(struct deaths_cache *cache)
{
  if (cache == NULL) return;
  deaths_cache_clear(cache);
  temporary_remove(&cache->temporary);
  free(cache->instrument);
  free(cache);
}

static char *join(const struct instrument_words *words)
{
  char *text = NULL;
  size_t bytes = 0;
  FILE *out = memory_require(open_memstream(&text, &bytes));
  for (size_t i = 0; i < words->count; i++) fprintf(out, "%s\n", words->list[i]);
  memory_close(out);
  return text;
}

static struct entry *oldest(struct deaths_cache *cache)
{
  struct entry *found = NULL;
  for (size_t i = 0; i < ENTRIES; i++) {
    struct entry *entry = &cache->entries[i];
    if (entry->key == NULL) continue;
    if (found == NULL || entry->used_at < found->used_at) found = entry;
  }
  return found;
}

/* An empty entry, and room on the disk. */
static struct entry *make_room(struct deaths_cache *cache)
{
  while (cache->bytes > bytes_max) drop(cache, oldest(cache));
  for (size_t i = 0; i < ENTRIES; i++) {
    if (cache->entries[i].key == NULL) return &cache->entries[i];
  }
  struct entry *entry = oldest(cache);
  drop(cache, entry);
  return entry;
}

/* Makes the file; false with error, which is empty where we were asked to end. */
static bool make_file(struct deaths_cache *cache, const struct instrument_words *words, struct entry *entry,
                      char *error)
{
  json_t *record = NULL;
  *error = '\0';
  const enum instrument_outcome outcome = instrument_run(cache->instrument, words, cache->rows_path, &record, error);
  bool done = outcome == INSTRUMENT_DONE;
  if (done && !deaths_file_write(entry->path, cache->rows_path, record)) {
    snprintf(error, INSTRUMENT_ERROR_MAX, "%s: %s", entry->path, strerror(errno));
    done = false;
  }
  if (outcome == INSTRUMENT_INTERRUPTED) *error = '\0';
  json_decref(record);
  remove(cache->rows_path);
  return done;
}

static struct entry *make(struct deaths_cache *cache, const struct instrument_words *words, char *key, char *error)
{
  struct entry *entry = make_room(cache);
  struct stat status;
  entry->key = key;
  if (!make_file(cache, words, entry, error))
    entry->failure = memory_require(strdup(error));
  else if (stat(entry->path, &status) == 0)
    entry->bytes = (uint64_t)status.st_size;
  cache->bytes += entry->bytes;
  return entry;
}

const char *deaths_cache_find(struct deaths_cache *cache, const struct deaths_key *key, char *error)
{
  struct instrument_words words;
  instrument_words_make(&words, key->workload, key->parameters, key->seed);
  char *text = join(&words);
  struct entry *found = NULL;
  for (size_t i = 0; i < ENTRIES && found == NULL; i++) {
    struct entry *entry = &cache->entries[i];
    if (entry->key != NULL && strcmp(entry->key, text) == 0) found = entry;
  }
  if (found != NULL)
    free(text);
  else
    found = make(cache, &words, text, error);
  instrument_words_free(&words);
  found->used_at = ++cache->uses;
  if (found->failure == NULL) return found->path;
  snprintf(error, INSTRUMENT_ERROR_MAX, "%s", found->failure);
  return NULL;
}
